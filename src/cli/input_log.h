/* input_log.h - recorded lines of a log, as its watcher would read them, one event at a time.
 *
 * A line without a time of its own has that of the last one before it that has one; the first of all: when the file was written. But once 10,000 lines in a row have said no time, and
 * until one says it again, only the 100 lines before it are looked at: what lies further back would have to be read line by line, in logs that say no times at all. Packed files (gzip) are
 * unpacked. */
#pragma once

#include "watchers/log_tail.h"

struct log_input;

/* Asked for each piece of the file; tells which of its lines are wanted, with their times found (engine/screen.h). */
struct log_input_screen {
    void *context;
    /* Gives the items of `wanted`, which are freed. */
    enum rc (*screen)(void *context, const struct log_batch *batch, int64_t reference_ms,
                      struct record_list *wanted);
    bool
        has_threads; /* it may be asked from several threads, and not from that which asks for the lines */
};

/* Reads `fd`, which is taken also when it fails. `watch` is kept; `path` names the file in its events (absent: it has no name); `written_ms` is the time near which lines are whose times are not whole.
 * `screen` NULL: every line is wanted. */
enum rc log_input_new(int fd, const struct log_watch *watch, struct slice path, int64_t written_ms,
                      const struct log_input_screen *screen, struct log_input **input) MUST_CHECK;
/* Accepts NULL. */
void log_input_free(struct log_input *input);
/* What comes next, unread: some bytes, or at the end of the file none. */
enum rc log_input_peek(struct log_input *input, struct slice *bytes) MUST_CHECK;
/* The next wanted line; its time is set, and its text lives until the next call. RC_NOT_FOUND at the end; RC_IO, RC_CORRUPT. */
enum rc log_input_next(struct log_input *input, struct log_line *line) MUST_CHECK;

struct log_input_totals {
    uint64_t n_lines, n_bytes;
    uint64_t n_passed; /* lines that nobody wanted */
    int64_t last_ms;   /* of the last line; INT64_MIN: none yet */
};
struct log_input_totals log_input_totals(const struct log_input *input);
