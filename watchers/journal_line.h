/* journal_line.h - an entry of the systemd journal, as `journalctl --output=json` prints it, and the event that it is.
 *
 *   kind, type   log, journal.entry
 *   subject      the watcher's name
 *   text         MESSAGE: an array of numbers is bytes; null or none is empty; at most LOG_MAX_LINE_BYTES, what is longer is cut and marked. Of several the first
 *   title        its first line
 *   time         _SOURCE_REALTIME_TIMESTAMP (when it was sent, as the kernel saw it), else __REALTIME_TIMESTAMP (when journald took it)
 *   host         _HOSTNAME
 *   service      the unit, without `.service`: of what systemd says of a unit, that one; else _SYSTEMD_UNIT; else SYSLOG_IDENTIFIER
 *   severity     PRIORITY: 0 to 2 critical, 3 high, 4 and 5 medium, 6 and 7 low
 *   data         its fields, but those of journalctl itself (__CURSOR and its like) and binary ones of more than 1 KiB
 *
 * A line that is no JSON object after all is an event with its text alone. */
#pragma once

#include "watchers/journal_config.h"
#include "watchers/log_lines.h"

#define JOURNAL_LINE_BYTES ((size_t)256 << 10) /* of an entry as it is stored */
#define JOURNAL_CURSOR_BYTES 512

/* As log_line_event. Pure. */
enum rc journal_line_event(const struct journal_watch *watch, const struct log_line *line,
                           int64_t received_ms, struct arena *arena, struct event *event,
                           struct json **tree) MUST_CHECK;

/* What whoever reads it needs to know at once; absent where it does not say. */
struct journal_glance {
    struct slice text; /* the event's; never absent */
    struct slice pid, boot, invocation;
};
enum rc journal_line_glance(struct slice line, struct arena *arena,
                            struct journal_glance *glance) MUST_CHECK;
/* Its cursor, wherever it stands; also in a part of a line. Borrowed. RC_NOT_FOUND. */
enum rc journal_line_cursor(struct slice bytes, struct slice *cursor) MUST_CHECK;
/* The beginning of a line that is too long, as an object again: its whole members, and what is there of MESSAGE. */
void journal_line_mend(struct slice beginning, struct buffer *mended);
