/* log_lines.h - lines that some rule wants, as they are stored in the journal, and the events that they are.
 *
 * The body of the journal's entry is the record of struct log_lines: the lines of one file, in order, that were stored together. The i-th is the entry's i-th event. What a
 * line says when it happened was found out when it was read; the rest follows from its bytes and its watcher. */
#pragma once

#include "src/base/event.h"
#include "src/store/journal.h"
#include "watchers/log_config.h"

struct log_line {
    int64_t offset;    /* in its file, of its first byte */
    int64_t time_ms;   /* when it says that it happened; 0: it does not say */
    bool is_truncated; /* it was longer than may be */
    bool is_partial;   /* its end, or its beginning, was given up on */
    struct slice
        text; /* raw, without the end of line; an event of several lines holds those between */
};

struct log_lines {
    struct slice path;        /* absent for standard input and journals */
    struct record_list lines; /* struct log_line */
};
/* The type of an entry whose body this is. */
#define LOG_ENTRY_TYPE "vedette.lines"

enum rc log_lines_encode(const struct log_lines *lines, struct buffer *body) MUST_CHECK;
enum rc log_lines_decode(struct slice body, struct arena *arena,
                         struct log_lines *lines) MUST_CHECK;
/* What one line says to rules; the i-th of its entry. `event` is filled but for id and seq; its tree (or NULL) is given, to be freed with json_free. Pure. */
enum rc log_line_event(const struct log_watch *watch, struct slice path,
                       const struct log_line *line, int64_t received_ms, struct arena *arena,
                       struct event *event, struct json **tree) MUST_CHECK;
