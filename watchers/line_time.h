/* line_time.h - when a log line says that it happened.
 *
 *   time: auto                                         what is usual: RFC 3339, syslog, common log format, epoch seconds or milliseconds
 *   time: received                                     the time of receipt, whatever the line says
 *   time: {format: "%d.%m.%Y %H:%M:%S", zone: Europe/Berlin}
 *   time: {format: "%b %d %T", match: '/^<\d+>(?<time>\w+ +\d+ [\d:]+)/'}     where it stands in the text
 *   time: {field: ctx.ts, format: "%s"}                                       where it stands in a JSON or logfmt line
 *
 *   time: {zone: UTC}                                                         what is usual, but not in this machine's zone
 *
 * A format is that of strptime(3), with %L for a fraction of a second (after a point or a comma) and %z for an offset (+0200, +02:00, Z, UTC). A format without a
 * `match` is tried where the line begins and behind an opening bracket. What has no offset is in `zone` (default: this machine's). A year that is not there is the one that
 * brings the time nearest to the reference, at most a day after it.
 * What the forms may hold is in line_moment.h, what is usual in line_moment_usual.c. A spec is read-only: any thread may use it, with a scratch of its own.
 *
 * Without `match` and `field`, the usual members of data are asked first (time, timestamp, @timestamp, ts, t, date, datetime, eventTime, __REALTIME_TIMESTAMP), then the
 * first 128 bytes of the text, unless that is a JSON object. */
#pragma once

#include "src/base/document.h"
#include "src/base/pattern.h"
#include "src/base/shape.h"

/* What may stand in `time` of a log. */
extern const struct shape shape_line_time;

struct line_time;

/* Reads the `time:` member (NULL: auto). Gives a spec in `arena`; patterns that it holds are freed with line_time_free. RC_INVALID after adding to `problems`: an
 * unknown zone or conversion, a `match` without a group `time`. */
enum rc line_time_read(const struct node *node, struct arena *arena, struct problems *problems,
                       struct line_time **spec) MUST_CHECK;
/* `auto`, or a strptime form as a command's option gives it ("%d/%b/%Y:%H:%M:%S %z"). RC_INVALID: it names no time, and `why` says what is
 * missing (static). */
enum rc line_time_of_option(struct slice text, struct arena *arena, struct line_time **spec,
                            const char **why) MUST_CHECK;
/* Accepts NULL. */
void line_time_free(struct line_time *spec);
/* May it be in a line's data? If not, that need not be read. */
bool line_time_may_be_data(const struct line_time *spec);
/* The time of one line: `text` is the whole line, `data` what it holds where it is JSON or logfmt (NULL: nothing). `reference_ms` is a time near it: that of receipt, or of
 * the file. RC_NOT_FOUND when it says none that is understood; `received` is always `reference_ms`. Never earlier than 1970 nor later than 9999. */
enum rc line_time_find(const struct line_time *spec, struct slice text, const struct json *data,
                       int64_t reference_ms, struct pattern_scratch *scratch,
                       int64_t *time_ms) MUST_CHECK;
