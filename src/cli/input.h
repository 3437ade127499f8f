/* input.h - recorded input as journal entries, in the order in which they are received.
 *
 * Several inputs are put in order of time; within one, the order is that of its lines, whatever times they carry. An entry is received when its
 * recording says ("time" of a delivery, "received" of an event, so that a replay of what the daemon received is what the daemon did), else when its
 * event happened, else when the one before it in its input was; the first of all without any time: when its file was written.
 * Ids are made from the input's name and the offset in it, so that the same input always has the same. */
#pragma once

#include "src/cli/command.h"
#include "src/config/config.h"

#include <stdio.h>

struct inputs;

struct input_entry {
    struct journal_entry entry; /* id and received_ms are set */
    int64_t dedup_ms;           /* how far back its delivery id is looked for; 0: not at all */
};

struct log_input_screen; /* input_log.h */

/* Opens all inputs of the invocation. `screen` (NULL: none) tells which lines of logs are wanted. Where they name senders that the configuration has no webhook for, `config->watchers` becomes one webhook for each
 * sender. Adds a problem for what cannot be opened or is unknown. Gives a set; free with inputs_close. */
enum rc inputs_open(const struct options *options, struct config *config,
                    const struct log_input_screen *screen, struct problems *problems,
                    struct inputs **inputs) MUST_CHECK;
/* Adds one more --events, which is read from `file` (taken) and called `name` (kept) in messages. Once, before the first entry is asked for. */
enum rc inputs_add_events(struct inputs *inputs, FILE *file, const char *name) MUST_CHECK;
/* Accepts NULL. */
void inputs_close(struct inputs *inputs);
/* The next entry; lives until the next call. RC_NOT_FOUND at the end. RC_INVALID after adding a problem with file and line. */
enum rc inputs_next(struct inputs *inputs, struct input_entry *entry) MUST_CHECK;
/* Shows the beginning of each log to `learn`: before the first entry is asked for. */
enum rc inputs_learn(struct inputs *inputs,
                     enum rc (*learn)(void *context, const struct log_watch *watch,
                                      struct slice bytes),
                     void *context) MUST_CHECK;
/* Read so far, in all. */
uint64_t inputs_bytes(const struct inputs *inputs);
/* Lines of logs that nobody wanted. */
uint64_t inputs_n_passed(const struct inputs *inputs);
/* Up to where the lines of logs go, wanted or not; INT64_MIN: there are none. */
int64_t inputs_last_ms(const struct inputs *inputs);
/* What is wrong with the call; EXIT_DONE when there is an input. */
enum exit_code inputs_check_call(const struct invocation *invocation) MUST_CHECK;
