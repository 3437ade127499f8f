#include "watchers/log_stream.h"

#include "watchers/line_cut.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)256 << 10)

struct log_stream {
    int fd;
    char *buffer; /* BUFFER_BYTES */
    size_t n_bytes;
    int64_t offset; /* of the first byte of the buffer */
    enum cut_state state;
    bool has_ended;
    bool may_go_on; /* the last read gave something: the next may, too */
    int64_t grown_mono_ms;
    int64_t due_mono_ms;
};

enum rc log_stream_new(int fd, struct log_stream **stream)
{
    struct log_stream *made = calloc(1, sizeof *made);
    int flags = fcntl(fd, F_GETFL);
    enum rc rc = RC_OK;

    if (!made)
        return RC_NO_MEMORY;
    made->fd = fd;
    made->due_mono_ms = INT64_MAX;
    made->buffer = malloc(BUFFER_BYTES);
    if (!made->buffer)
        rc = RC_NO_MEMORY;
    else if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
        rc = RC_IO;
    if (rc)
        log_stream_free(made);
    else
        *stream = made;
    return rc;
}

void log_stream_free(struct log_stream *stream)
{
    if (!stream)
        return;
    free(stream->buffer);
    free(stream);
}

int64_t log_stream_due_mono_ms(const struct log_stream *stream)
{
    return stream->due_mono_ms;
}

static void fill(struct log_stream *stream, int64_t now_mono_ms)
{
    ssize_t n_read;

    stream->may_go_on = false;
    if (stream->n_bytes == BUFFER_BYTES || stream->has_ended)
        return;
    n_read = read(stream->fd, stream->buffer + stream->n_bytes, BUFFER_BYTES - stream->n_bytes);
    if (n_read > 0) {
        stream->n_bytes += (size_t)n_read;
        stream->grown_mono_ms = now_mono_ms;
        stream->may_go_on = true;
    } else if (n_read == 0 || (errno != EAGAIN && errno != EINTR)) {
        stream->has_ended = true;
    }
}

static enum cut_end end_of(const struct log_stream *stream, const struct log_watch *watch,
                           int64_t now_mono_ms)
{
    int64_t waited_ms = now_mono_ms - stream->grown_mono_ms;

    if (stream->has_ended || waited_ms >= watch->last_line_ms)
        return CUT_OVER;
    return waited_ms >= watch->multiline.wait_ms ? CUT_EVENT_OVER : CUT_GOES_ON;
}

/* False: nobody had room. */
static bool hand_on(const struct log_stream *stream, const struct log_stream_use *use,
                    const struct line_cut *cut)
{
    const struct log_batch batch = { .watch = use->watch,
                                     .bytes = cut->bytes,
                                     .lines = cut->lines,
                                     .n_lines = cut->n_lines,
                                     .n_bytes = cut->n_consumed };
    bool stored = false;

    (void)stream;
    return !cut->n_lines || !use->sink->take(use->sink->context, &batch, &stored);
}

static void consume(struct log_stream *stream, size_t n_bytes)
{
    stream->n_bytes -= n_bytes;
    stream->offset += (int64_t)n_bytes;
    memmove(stream->buffer, stream->buffer + n_bytes, stream->n_bytes);
}

static void plan(struct log_stream *stream, const struct log_watch *watch, size_t n_last_line)
{
    bool has_whole = stream->n_bytes > n_last_line;

    stream->due_mono_ms = INT64_MAX;
    if (stream->may_go_on)
        stream->due_mono_ms = stream->grown_mono_ms; /* a file is never told to be readable */
    else if (stream->n_bytes)
        stream->due_mono_ms =
            stream->grown_mono_ms + (has_whole ? watch->multiline.wait_ms : watch->last_line_ms);
}

static void hand_on_what_is_whole(struct log_stream *stream, const struct log_stream_use *use,
                                  int64_t now_mono_ms, struct log_stream_result *result)
{
    struct line_cut cut = {
        .watch = use->watch, .scratch = use->scratch, .lines = use->lines, .n_max = use->n_lines
    };

    do {
        cut.bytes = (struct slice){ stream->buffer, stream->n_bytes };
        cut.offset = stream->offset;
        cut.state = stream->state;
        cut.end = end_of(stream, use->watch, now_mono_ms);
        line_cut(&cut);
        if (!hand_on(stream, use, &cut)) {
            result->is_blocked = true;
            return;
        }
        stream->state = cut.state;
        result->n_lines += cut.n_lines;
        result->n_bytes += cut.n_consumed;
        result->n_cut += cut.n_cut;
        consume(stream, cut.n_consumed);
    } while (cut.n_consumed && stream->n_bytes);
    plan(stream, use->watch, cut.n_last_line);
    result->is_over = stream->has_ended && !stream->n_bytes;
}

void log_stream_read(struct log_stream *stream, const struct log_stream_use *use,
                     int64_t now_mono_ms, struct log_stream_result *result)
{
    fill(stream, now_mono_ms);
    hand_on_what_is_whole(stream, use, now_mono_ms, result);
}

void log_stream_end(struct log_stream *stream, const struct log_stream_use *use,
                    struct log_stream_result *result)
{
    stream->has_ended = true;
    hand_on_what_is_whole(stream, use, stream->grown_mono_ms, result);
}

size_t log_stream_n_waiting(const struct log_stream *stream)
{
    return stream->n_bytes;
}
