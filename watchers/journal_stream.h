/* journal_stream.h - the lines of what journalctl prints, however long they are.
 *
 * Bytes wait in a buffer until their line is whole and somebody took it; while nobody does they are not read, and the writer waits. Of a line that is longer than
 * JOURNAL_LINE_BYTES its beginning is kept, mended to an object (journal_line.h), and its cursor, wherever in it that stands. */
#pragma once

#include "watchers/journal_line.h"

struct journal_stream;

/* Reads from `fd`, which does not block and stays the caller's. */
enum rc journal_stream_new(int fd, struct journal_stream **stream) MUST_CHECK;
/* Accepts NULL. */
void journal_stream_free(struct journal_stream *stream);
/* Reads once; false: nothing is there, or there is no room. */
bool journal_stream_fill(struct journal_stream *stream);
/* Nothing more will come. */
bool journal_stream_has_ended(const struct journal_stream *stream);

struct journal_piece {
    struct slice line;   /* without its end; borrowed until bytes are read or consumed */
    struct slice cursor; /* absent: it has none */
    bool is_truncated;
};
/* The whole line that begins `*at` bytes behind those that were consumed; `*at` moves behind it. One that was too long stands alone, with `*at` 0. */
bool journal_stream_next(struct journal_stream *stream, size_t *at, struct journal_piece *piece);
void journal_stream_consume(struct journal_stream *stream, size_t n_bytes);
