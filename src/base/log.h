/* log.h - the daemon's own log: one fact a line on standard error.
 *
 *   2026-11-21T08:01:20.123Z warn hook refused: bad signature hook=github peer=192.0.2.7
 *   {"time":"…","level":"warn","text":"hook refused: bad signature","hook":"github","peer":"192.0.2.7"}
 *
 * A line is a fact, then key=value words, as one printf format: values that hold
 * blanks are passed with %s between double quotes ("reason=\"%s\""). Control bytes are
 * escaped here, and what goes past 4 KiB is cut. The keys time, level and text are taken; of a key
 * given twice the first counts in JSON. Secrets and whole bodies are never logged. Safe from any thread. */
#pragma once

#include "src/base/slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

extern const char *const log_level_names[];  /* NULL-ended, in the order of the enum */
extern const char *const log_format_names[]; /* likewise */

/* Before any thread starts, and again at reload. */
void log_configure(enum log_level level, enum log_format format);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__) /* someone must act */
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)   /* degraded, going on */
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)   /* life of a task or proposal */
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__) /* the rest */

/* What is written for people, a problem of a file a line: as it stands, or an object of the log for each line. */
void log_lines(enum log_level level, struct slice text);

/* Lets one line a minute through for each `limit`; the line that passes tells how many did not:
 *     static struct log_limit limit;
 *     log_limited(&limit, LOG_WARN, "hook refused: %s hook=%s", why, name);
 */
struct log_limit {
    int64_t next_mono_ms;
    uint64_t n_held;
};
void log_limited(struct log_limit *limit, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
