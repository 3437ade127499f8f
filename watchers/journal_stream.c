#include "watchers/journal_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES (2 * JOURNAL_LINE_BYTES)
/* Of what is passed over, so much stays: a cursor that stands across two reads is found. */
#define OVERLAP_BYTES ((size_t)1024)

struct journal_stream {
    int fd;
    char *buffer; /* BUFFER_BYTES */
    size_t begin, end;
    bool has_ended;
    bool is_skipping;   /* the rest of a line that is too long */
    struct buffer head; /* of it, mended */
    char cursor[JOURNAL_CURSOR_BYTES];
    size_t n_cursor;
};

enum rc journal_stream_new(int fd, struct journal_stream **stream)
{
    struct journal_stream *made = calloc(1, sizeof *made);

    if (!made)
        return RC_NO_MEMORY;
    made->fd = fd;
    buffer_init(&made->head, 0);
    made->buffer = malloc(BUFFER_BYTES);
    if (!made->buffer) {
        journal_stream_free(made);
        return RC_NO_MEMORY;
    }
    *stream = made;
    return RC_OK;
}

void journal_stream_free(struct journal_stream *stream)
{
    if (!stream)
        return;
    buffer_free(&stream->head);
    free(stream->buffer);
    free(stream);
}

bool journal_stream_has_ended(const struct journal_stream *stream)
{
    return stream->has_ended;
}

static void make_room(struct journal_stream *stream)
{
    if (!stream->begin)
        return;
    memmove(stream->buffer, stream->buffer + stream->begin, stream->end - stream->begin);
    stream->end -= stream->begin;
    stream->begin = 0;
}

bool journal_stream_fill(struct journal_stream *stream)
{
    ssize_t n_read;

    make_room(stream);
    if (stream->has_ended || stream->end == BUFFER_BYTES)
        return false;
    n_read = read(stream->fd, stream->buffer + stream->end, BUFFER_BYTES - stream->end);
    if (n_read > 0)
        stream->end += (size_t)n_read;
    else if (n_read == 0 || (errno != EAGAIN && errno != EINTR))
        stream->has_ended = true;
    return n_read > 0;
}

static void find_cursor(struct journal_stream *stream, struct slice bytes)
{
    struct slice cursor;

    if (stream->n_cursor || journal_line_cursor(bytes, &cursor))
        return;
    memcpy(stream->cursor, cursor.ptr, cursor.len);
    stream->n_cursor = cursor.len;
}

/* Up to the line's end, or to the end of what is there. */
static struct slice line_at(const struct journal_stream *stream, size_t at, bool *is_whole)
{
    const char *start = stream->buffer + stream->begin + at;
    size_t n_bytes = stream->end - stream->begin - at;
    const char *lf = n_bytes ? memchr(start, '\n', n_bytes) : NULL;

    *is_whole = lf;
    return (struct slice){ start, lf ? (size_t)(lf - start) : n_bytes };
}

static void keep_head(struct journal_stream *stream, struct slice line)
{
    stream->n_cursor = 0;
    find_cursor(stream, line);
    journal_line_mend((struct slice){ line.ptr, JOURNAL_LINE_BYTES }, &stream->head);
}

/* All but the last bytes: the cursor may begin there. */
static void skip(struct journal_stream *stream)
{
    if (stream->end - stream->begin > OVERLAP_BYTES)
        stream->begin = stream->end - OVERLAP_BYTES;
}

static void tell_head(const struct journal_stream *stream, struct journal_piece *piece)
{
    *piece = (struct journal_piece){ .line = buffer_slice(&stream->head), .is_truncated = true };
    if (stream->n_cursor)
        piece->cursor = (struct slice){ stream->cursor, stream->n_cursor };
}

static bool end_skipping(struct journal_stream *stream, size_t *at, struct journal_piece *piece)
{
    bool is_whole;
    struct slice rest = line_at(stream, 0, &is_whole);

    find_cursor(stream, rest);
    if (!is_whole) {
        skip(stream);
        return false;
    }
    tell_head(stream, piece);
    *at = rest.len + 1;
    return true;
}

bool journal_stream_next(struct journal_stream *stream, size_t *at, struct journal_piece *piece)
{
    struct slice line;
    bool is_whole;

    if (stream->is_skipping)
        return *at == 0 && end_skipping(stream, at, piece);
    line = line_at(stream, *at, &is_whole);
    if (!is_whole && line.len == BUFFER_BYTES) {
        keep_head(stream, line);
        stream->is_skipping = true;
        skip(stream);
    }
    if (!is_whole || (line.len > JOURNAL_LINE_BYTES && *at))
        return false;
    *piece = (struct journal_piece){ .line = line };
    if (line.len > JOURNAL_LINE_BYTES) {
        keep_head(stream, line);
        tell_head(stream, piece);
    } else if (journal_line_cursor(line, &piece->cursor)) {
        piece->cursor = (struct slice){ 0 };
    }
    *at += line.len + 1;
    return true;
}

void journal_stream_consume(struct journal_stream *stream, size_t n_bytes)
{
    if (!n_bytes)
        return;
    stream->begin += n_bytes;
    stream->is_skipping = false;
}
