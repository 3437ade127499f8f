/* watchers.h - the configured watchers: what turns the outside into events.
 *
 * To add a kind of watcher: a file of its own, a row in watchers.c. To add a webhook sender: senders/ (sender.h says how). */
#pragma once

#include "src/base/document.h"
#include "src/base/event.h"
#include "src/base/shape.h"
#include "src/store/journal.h"

/* What may stand in `watchers:`. */
extern const struct shape shape_watchers;

struct watchers;
struct webhook;       /* webhook.h */
struct log_watch;     /* log_config.h */
struct journal_watch; /* journal_config.h */

/* Reads the `watchers:` list of the configuration (NULL: none). `base_dir` is where relative paths of secrets start; with `resolve_secrets` false no secret is read.
 * Gives a set that lives in `arena`, to be ended with watchers_free before it. RC_INVALID after adding to `problems`. */
enum rc watchers_load(const struct node *list, struct slice base_dir, bool resolve_secrets,
                      struct arena *arena, struct problems *problems,
                      struct watchers **watchers) MUST_CHECK;
/* Adds the watcher that a channel of this name brings, once: what people say there (`sender`: "slack"), which comes in by the channel's door. `name` is copied; a problem is
 * added at `at`. RC_INVALID when another watcher has the name. */
enum rc watchers_add_channel(struct watchers *watchers, struct slice name, const char *sender,
                             const struct node *at, struct arena *arena,
                             struct problems *problems) MUST_CHECK;
/* One webhook for each sender, named as the sender: they read recorded deliveries (replay, tests of rules), and no request gets in. Gives a set in `arena`. */
enum rc watchers_of_senders(struct arena *arena, struct watchers **watchers) MUST_CHECK;
/* Those of `configured`, and beside them one webhook for each sender whose name none of them has: what tests of rules are sent by. Gives a set in `arena` that borrows the watchers
 * of `configured`: it is never freed by itself. */
enum rc watchers_with_senders(const struct watchers *configured, struct arena *arena,
                              struct watchers **watchers) MUST_CHECK;
/* Frees what is not the arena's; accepts NULL. */
void watchers_free(struct watchers *watchers);
size_t watchers_count(const struct watchers *watchers);
/* By name; NULL when there is none, or when it is not a webhook. */
const struct webhook *watchers_find_webhook(const struct watchers *watchers, struct slice name);
const struct webhook *watchers_webhook_at(const struct watchers *watchers,
                                          size_t i); /* NULL past the end */
/* By name; NULL when there is none, or when it is not a log. */
const struct log_watch *watchers_find_log(const struct watchers *watchers, struct slice name);
const struct log_watch *watchers_log_at(const struct watchers *watchers,
                                        size_t i); /* NULL past the end */
/* By name; NULL when there is none, or when it is not a journal. */
const struct journal_watch *watchers_find_journal(const struct watchers *watchers,
                                                  struct slice name);
const struct journal_watch *watchers_journal_at(const struct watchers *watchers,
                                                size_t i); /* NULL past the end */
/* Does some watcher read lines, of files or of a journal, among which our own may be? */
bool watchers_read_lines(const struct watchers *watchers);
/* True when some watcher, or Vedette itself, can yield `kind_or_type` (a kind, a type or a glob), so that a rule on it is not in vain. */
bool watchers_may_yield(const struct watchers *watchers, struct slice kind_or_type);
/* How late an event of this watcher may come and still count, ms. */
int64_t watchers_lateness_ms(const struct watchers *watchers, struct slice name);
/* The longest of those that can yield `kind_or_type` (a kind, a type or a glob), ms; at least the default. What Vedette says itself may be about what came by any of them. */
int64_t watchers_longest_lateness_ms(const struct watchers *watchers, struct slice kind_or_type);

/* A stored delivery -> its events, normalised, through the watcher it came by (none any more: one event with the raw payload and no kind). Pure. The events live until
 * event_list_free; `entry` and `arena` must live as long. Never none: a batch without elements is one event about nothing. A payload that lost a field yields an event with
 * what is there; a time in the future is the time of receipt; at most SENDER_MAX_EVENTS. The body is what a webhook's door let in, or lines: it is not scanned again
 * (json_parse_again). RC_INVALID or RC_LIMIT when it cannot be read all the same. */
enum rc watchers_events(const struct watchers *watchers, const struct journal_entry *entry,
                        struct arena *arena, struct event_list *events) MUST_CHECK;
