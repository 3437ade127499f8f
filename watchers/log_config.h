/* log_config.h - one log watcher as vedette.yaml describes it.
 *
 *   - log: [/var/log/app/web-*.log]    paths and globs; "-" is standard input
 *     name: app
 *     exclude: ["*.gz"]                globs: of the name, or of the whole path where they hold a slash
 *     rotated: ["*.log.*"]             names under which rotated files live on beside the file (they begin as its name does, at least up to its ending); default: those that logrotate gives
 *     start: end                       for files that are there at the first start; what appears later is read from its beginning
 *     format: text                     text | json | logfmt | syslog
 *     time: auto                       line_time.h
 *     multiline: {first: '/^\d{4}-/', lines: 200, bytes: 64KB, wait: 1s}     or continuation: '/^\s/'
 *     max_line: 64KB
 *     last_line: 10s                   how long a line without its end is waited for
 *     context: 5                       lines shown around a match in evidence
 *     scan: 1s                         look so often instead of being told by the kernel (done by itself on file systems of other hosts)
 *     silent: 1h                       no line for so long: vedette.watcher.silent
 */
#pragma once

#include "src/base/pattern.h"
#include "watchers/line_format.h"
#include "watchers/line_time.h"
#include "watchers/watcher_config.h"

#define LOG_KIND "log"
#define LOG_TYPE "log.line"
#define LOG_MAX_LINE_BYTES ((int64_t)65536) /* of an event too: patterns search no more */

/* Which lines are one event. Neither pattern: every line is one. */
struct multiline {
    struct pattern *first;        /* a line that matches begins an event */
    struct pattern *continuation; /* a line that matches goes on with the one before */
    int64_t max_lines;
    int64_t max_bytes;
    int64_t wait_ms; /* for the next line */
};

struct log_watch {
    struct slice name;
    struct slice_list paths; /* absolute; absent for standard input */
    bool is_stdin;
    struct slice_list exclude;
    struct slice_list rotated; /* none: the usual names */
    bool from_beginning;
    enum line_format format;
    struct line_time *time;
    struct multiline multiline;
    bool is_borrowed; /* the patterns of `multiline` are another one's */
    int64_t max_line_bytes;
    int64_t last_line_ms;
    int64_t context;
    int64_t scan_ms;   /* 0: inotify */
    int64_t silent_ms; /* 0: silence is nothing to tell */
    int64_t lateness_ms;
    struct slice constants[EVENT_N_FIELDS]; /* stand for whatever a line says; absent: none */
};

/* What may stand in it: a map. RC_NO_MEMORY. */
enum rc log_watch_shape(struct arena *arena, struct shape *shape) MUST_CHECK;
/* Reads one element of `watchers:` that has `log` (or `stdin: true`). RC_INVALID after adding to `problems`. Holds patterns: log_watch_free. */
enum rc log_watch_load(const struct node *map, const struct watcher_place *place,
                       struct arena *arena, struct problems *problems,
                       struct log_watch *watch) MUST_CHECK;
/* What reads a file that no configuration knows (replay): text, times by `auto`. */
enum rc log_watch_of_name(struct slice name, struct arena *arena,
                          struct log_watch *watch) MUST_CHECK;
/* Frees what is not the arena's. */
void log_watch_free(struct log_watch *watch);
/* The kind and type that its events have. */
struct slice log_watch_kind(const struct log_watch *watch);
struct slice log_watch_type(const struct log_watch *watch);
