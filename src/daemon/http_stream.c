#include "src/daemon/http_private.h"

#include "src/base/log.h"

#include <stdlib.h>
#include <string.h>

#define PENDING_BYTES ((size_t)4 << 20) /* that a source may hand over at once */
#define BLOCK_BYTES 4096

struct http_stream {
    struct http_exchange *exchange;
    struct http_stream_source source;
    /* Of the server's thread: */
    struct buffer out; /* what the source gave */
    size_t n_sent;     /* of it */
    bool source_ended;
    /* A wake between "there is nothing" and the suspension must not be lost: */
    pthread_mutex_t lock;
    bool is_asleep;
    bool is_woken;
    bool must_end;
};

enum rc http_answer_stream(struct http_exchange *exchange, const char *content_type,
                           const struct http_stream_source *source, struct http_stream **stream)
{
    struct slice type;
    enum rc rc = arena_copy(exchange->arena, slice_of(content_type), &type);

    if (rc)
        return rc;
    *stream = calloc(1, sizeof(**stream));
    if (!*stream)
        return RC_NO_MEMORY;
    (*stream)->exchange = exchange;
    (*stream)->source = *source;
    pthread_mutex_init(&(*stream)->lock, NULL);
    buffer_init(&(*stream)->out, PENDING_BYTES);
    exchange->stream = *stream;
    exchange->answer.status = 200;
    exchange->answer.content_type = type.ptr;
    http_answer_done(exchange);
    return RC_OK;
}

/* With the stream's lock held. */
static void wake(struct http_stream *stream)
{
    stream->is_woken = true;
    if (!stream->is_asleep)
        return;
    stream->is_asleep = false;
    MHD_resume_connection(stream->exchange->mhd);
}

void http_stream_wake(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    wake(stream);
    pthread_mutex_unlock(&stream->lock);
}

void http_stream_end(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->must_end = true;
    wake(stream);
    pthread_mutex_unlock(&stream->lock);
}

void http_stream_free(struct http_stream *stream)
{
    if (!stream)
        return;
    http_watch_stream(stream->exchange->connection, NULL);
    stream->source.closed(stream->source.context);
    buffer_free(&stream->out);
    pthread_mutex_destroy(&stream->lock);
    free(stream);
}

/* False when it is over. What was woken for before the source is asked needs no second look. */
static bool ask_source(struct http_stream *stream)
{
    bool must_end;

    pthread_mutex_lock(&stream->lock);
    stream->is_woken = false;
    must_end = stream->must_end;
    pthread_mutex_unlock(&stream->lock);
    if (must_end || stream->source_ended)
        return false;
    buffer_clear(&stream->out);
    stream->n_sent = 0;
    stream->source_ended = !stream->source.read(stream->source.context, &stream->out);
    if (stream->out.failed) {
        log_warn("stream ended: its source gave too much at once server=%s",
                 stream->exchange->server->name);
        return false;
    }
    return stream->out.len || !stream->source_ended;
}

/* True when the connection sleeps now; false when there was a wake since the source was asked. */
static bool fall_asleep(struct http_stream *stream)
{
    bool sleeps;

    pthread_mutex_lock(&stream->lock);
    sleeps = !stream->is_woken;
    if (sleeps) {
        stream->is_asleep = true;
        MHD_suspend_connection(stream->exchange->mhd);
    }
    pthread_mutex_unlock(&stream->lock);
    return sleeps;
}

static ssize_t read_stream(void *context, uint64_t position, char *bytes, size_t n_bytes)
{
    struct http_stream *stream = context;
    size_t n_left = stream->out.len - stream->n_sent;

    (void)position;
    while (!n_left) {
        if (!ask_source(stream))
            return MHD_CONTENT_READER_END_OF_STREAM;
        n_left = stream->out.len;
        if (!n_left && fall_asleep(stream))
            return 0;
    }
    if (n_left > n_bytes)
        n_left = n_bytes;
    memcpy(bytes, stream->out.ptr + stream->n_sent, n_left);
    stream->n_sent += n_left;
    return (ssize_t)n_left;
}

struct MHD_Response *http_stream_response(struct http_stream *stream)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, stream, NULL);

    http_watch_stream(stream->exchange->connection, stream);
    /* Who stops the server may have looked for streams before this one was to be seen. */
    if (atomic_load(&stream->exchange->server->is_stopping))
        http_stream_end(stream);
    return response;
}
