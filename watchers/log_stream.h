/* log_stream.h - lines of a pipe: standard input, or what a child prints. What was read cannot be read again.
 *
 * Its bytes wait in a buffer until they are whole; while nobody takes them it is not read, and the writer waits. */
#pragma once

#include "watchers/log_tail.h"

struct log_stream;

/* Reads from `fd` from now on, without blocking; the descriptor stays the caller's. */
enum rc log_stream_new(int fd, struct log_stream **stream) MUST_CHECK;
/* Accepts NULL. */
void log_stream_free(struct log_stream *stream);

struct log_stream_use {
    const struct log_watch *watch;
    const struct log_sink *sink;
    struct pattern_scratch *scratch;
    struct log_line *lines; /* room for n_lines */
    size_t n_lines;
};
struct log_stream_result {
    size_t n_lines, n_bytes, n_cut;
    bool is_blocked; /* the sink had no room */
    bool is_over;    /* it has ended, and all of it was taken */
};
/* Reads what is there, a bounded part, and hands it on. */
void log_stream_read(struct log_stream *stream, const struct log_stream_use *use,
                     int64_t now_mono_ms, struct log_stream_result *result);
/* Nobody reads on: hands on what waits, as at the end of the stream. */
void log_stream_end(struct log_stream *stream, const struct log_stream_use *use,
                    struct log_stream_result *result);
/* Bytes that were read and not taken yet. */
size_t log_stream_n_waiting(const struct log_stream *stream);
/* When what is not whole has been waited for long enough; INT64_MAX: never. */
int64_t log_stream_due_mono_ms(const struct log_stream *stream);
