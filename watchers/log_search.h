/* log_search.h - lines of a watcher's files around a time, as a text that a tired engineer can read. Looks only: nothing is changed or remembered.
 *
 * Searched are the watcher's files and those they were rotated to, the newest first; a file that was last written before that time is passed over, compressed ones are too, and that is
 * said. Times are those that the lines say; a line without one has that of the line before it. Where a file's lines have ascending times the stretch is found by halving, whatever the
 * file's size; else, and where they say no time at all, the newest part of the file is looked at. Several lines that are one event stay together.
 *
 * The text: what it is, in one line that ends in a colon (a whole sentence where nothing was found); the lines as they are, but what is not UTF-8 as U+FFFD; then, in brackets, what
 * could not be looked at. Two groups of lines that do not touch have "--" between them, and where more than one file contributes, "==> PATH <==" stands before its lines.
 *
 * Where more was found than may be shown:
 *   with `match` or `samples`   the first quarter of `n_lines`, as the first error is the cause more often than the last one, and the newest ones for the rest
 *   without                     three quarters just before the signal's last match, a quarter behind it
 * and where lines are left out the text says how many. Lines around a match are at most so many that the first match stays among the first quarter.
 *
 * Limits: LOG_SEARCH_* below. Each that is reached is in the text. */
#pragma once

#include "watchers/log_config.h"

#define LOG_SEARCH_BYTES ((int64_t)16 << 20) /* read and looked through; shared by the files */
#define LOG_SEARCH_LINES ((size_t)500000)    /* looked through */
#define LOG_SEARCH_FILES 256                 /* the newest ones */
#define LOG_SEARCH_TEXT_BYTES ((size_t)128 << 10)
#define LOG_SEARCH_EVENT_BYTES ((size_t)8 << 10) /* of one line, or of several that are one event */

struct log_search {
    const struct log_watch *watch;
    int64_t first_ms, last_ms, around_ms; /* from `first` - `around` to `last` + `around` */
    const struct pattern *match;          /* NULL: none */
    struct slice_list
        samples; /* without `match`: texts of lines that are looked for; none: all lines are */
    size_t sample_bytes;            /* a sample of so many bytes is the beginning of its line */
    size_t n_lines;                 /* at most; those around a match count */
    bool (*is_over)(void *context); /* asked between reads: nobody wants it any more. NULL: never */
    void *context;
};

struct log_found {
    struct slice text; /* valid UTF-8 */
    struct slice
        finding; /* the first line that was looked for; absent without `match` and `samples`, and where there is none */
    bool is_truncated; /* some of what was found is not in the text */
    struct slice why;  /* RC_NOT_FOUND, RC_DENIED: for people */
};

/* Everything that is set lives in `arena`. RC_NOT_FOUND: no file is there; RC_DENIED: none could be read, or the watcher is none that can be searched; RC_TIMEOUT: `is_over` said so. */
enum rc log_search(const struct log_search *search, struct arena *arena,
                   struct log_found *found) MUST_CHECK;
