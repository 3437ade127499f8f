#include "src/daemon/http_private.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES ((size_t)32 << 20)
#define ANSWER_BYTES ((size_t)64 << 20)
#define MAX_SPARE 64 /* exchanges kept with their memory: enough for a busy sender's connections */
#define SPARE_BYTES ((size_t)64 * 1024)

static struct http_exchange *make(void)
{
    struct http_exchange *exchange = calloc(1, sizeof(*exchange));

    if (!exchange)
        return NULL;
    if (arena_new(ARENA_BYTES, &exchange->arena)) {
        free(exchange);
        return NULL;
    }
    buffer_init(&exchange->answer.body, ANSWER_BYTES);
    return exchange;
}

static void destroy(struct http_exchange *exchange)
{
    buffer_free(&exchange->body);
    buffer_free(&exchange->answer.body);
    arena_free(exchange->arena);
    free(exchange);
}

static struct http_exchange *take_spare(struct http_server *server)
{
    struct http_exchange *exchange = server->spare;

    if (!exchange)
        return make();
    server->spare = exchange->next_spare;
    server->n_spare--;
    return exchange;
}

struct http_exchange *http_exchange_new(struct http_connection *connection,
                                        struct MHD_Connection *mhd, const char *target)
{
    struct http_exchange *exchange = take_spare(connection->server);

    if (!exchange)
        return NULL;
    exchange->server = connection->server;
    exchange->connection = connection;
    exchange->mhd = mhd;
    exchange->target_start = target;
    /* libmicrohttpd is about to cut its own copy to pieces. */
    if (arena_copy(exchange->arena, slice_of(target), &exchange->target)) {
        destroy(exchange);
        return NULL;
    }
    return exchange;
}

static void clear_buffer(struct buffer *buffer)
{
    if (buffer->cap > SPARE_BYTES)
        buffer_free(buffer);
    buffer_clear(buffer);
}

/* Only the memory outlives the request. */
static void clear(struct http_exchange *exchange)
{
    struct arena *arena = exchange->arena;
    struct buffer body, answer;

    clear_buffer(&exchange->body);
    clear_buffer(&exchange->answer.body);
    arena_reset(arena);
    body = exchange->body;
    answer = exchange->answer.body;
    *exchange =
        (struct http_exchange){ .arena = arena, .body = body, .answer = { .body = answer } };
}

void http_exchange_free(struct http_exchange *exchange)
{
    struct http_server *server;

    if (!exchange)
        return;
    server = exchange->server;
    http_stream_free(exchange->stream);
    server->in_flight_bytes -= (int64_t)exchange->body.len;
    if (server->n_spare >= MAX_SPARE) {
        destroy(exchange);
        return;
    }
    clear(exchange);
    exchange->next_spare = server->spare;
    server->spare = exchange;
    server->n_spare++;
}

void http_exchanges_free(struct http_server *server)
{
    while (server->spare) {
        struct http_exchange *next = server->spare->next_spare;

        destroy(server->spare);
        server->spare = next;
    }
    server->n_spare = 0;
}
