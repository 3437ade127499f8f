/* slack_text.h - text made fit for Slack: escaped once, cut where a reader can see it.
 *
 * docs.slack.dev "Formatting message text": in mrkdwn and in every top-level `text`, & < > are entities, and so nothing from outside is a mention, a link or
 * <!channel>. Nothing else can be escaped there: * _ ~ ` of foreign text stand only where text is literal (plain_text, rich_text). */
#pragma once

#include "src/base/arena.h"

/* Valid UTF-8 without C0 controls (newline and tab stay), bidi controls and zero-width characters, each shown as \x1b or \u202e; at most `max_characters` UTF-16 units, cut
 * with "…" as the last one. */
enum rc slack_clean(struct slice text, size_t max_characters, struct arena *arena,
                    struct slice *clean) MUST_CHECK;
/* The same, and & < > escaped; the limit counts what is written, and no entity is cut. */
enum rc slack_escape(struct slice text, size_t max_characters, struct arena *arena,
                     struct slice *escaped) MUST_CHECK;
/* UTF-16 units of valid UTF-8. */
size_t slack_count(struct slice text);

#define SLACK_MAX_ADDRESS 2000 /* bytes; a longer one is no link */
#define SLACK_MAX_LABEL 200
/* An http or https address with a host. */
bool slack_is_address(struct slice url);
/* `url` with | < > " \\ ^ ` { }, blanks, controls and all that is not ASCII percent-encoded; absent when it is no address, or too long. */
enum rc slack_address(struct slice url, struct arena *arena, struct slice *address) MUST_CHECK;
/* <URL|label> with | < > and blanks of the URL percent-encoded; only http and https; absent for anything else. */
enum rc slack_link(struct slice url, struct slice label, struct arena *arena,
                   struct slice *link) MUST_CHECK;
