#include "src/daemon/http_private.h"

#include <assert.h>
#include <string.h>

static const struct http_refusal too_large = { .status = 413,
                                               .title = "Content too large",
                                               .detail =
                                                   "the body is larger than what is taken here",
                                               .reason = "size" };
static const struct http_refusal too_many_bodies = { .status = 503,
                                                     .title = "Busy",
                                                     .detail =
                                                         "too many bodies are on their way at once",
                                                     .may_retry = true,
                                                     .reason = "bodies" };
static const struct http_refusal no_memory = {
    .status = 503, .title = "Busy", .detail = "out of memory", .may_retry = true, .reason = "memory"
};
static const struct http_refusal stopping = { .status = 503,
                                              .title = "Stopping",
                                              .detail = "the server stops",
                                              .may_retry = true,
                                              .reason = "stopping" };

/* --- taking it in --- */

static enum MHD_Result add_header(void *context, enum MHD_ValueKind kind, const char *name,
                                  size_t name_len, const char *value, size_t value_len)
{
    struct http_exchange *exchange = context;

    (void)kind;
    exchange->headers[exchange->n_headers++] =
        (struct header){ .name = { .ptr = name, .len = name_len },
                         .value = { .ptr = value ? value : "", .len = value_len } };
    return MHD_YES;
}

static enum rc take_headers(struct http_exchange *exchange)
{
    int n_headers = MHD_get_connection_values_n(exchange->mhd, MHD_HEADER_KIND, NULL, NULL);

    if (n_headers <= 0)
        return RC_OK;
    exchange->headers = arena_alloc(exchange->arena, (size_t)n_headers, sizeof(*exchange->headers));
    if (!exchange->headers)
        return RC_NO_MEMORY;
    (void)MHD_get_connection_values_n(exchange->mhd, MHD_HEADER_KIND, add_header, exchange);
    return RC_OK;
}

static void split_target(struct http_exchange *exchange)
{
    struct slice rest = exchange->target;

    exchange->path = slice_cut(&rest, '?');
    exchange->query = rest;
}

/* What is said of the body before its first byte came; both headers were checked. */
static int64_t announced_bytes(struct http_exchange *exchange)
{
    struct slice length = http_header(exchange, "Content-Length");
    int64_t n_bytes = 0;

    if (!slice_is_absent(length) && slice_to_int(length, &n_bytes))
        return INT64_MAX;
    exchange->has_body =
        n_bytes > 0 || !slice_is_absent(http_header(exchange, "Transfer-Encoding"));
    return n_bytes;
}

static const struct http_refusal *refuses_bytes(const struct http_exchange *exchange,
                                                int64_t more_bytes)
{
    const struct http_server *server = exchange->server;

    if (more_bytes > exchange->max_body_bytes - (int64_t)exchange->body.len)
        return &too_large;
    if (more_bytes > server->bodies_bytes - server->in_flight_bytes)
        return &too_many_bodies;
    return NULL;
}

/* NULL: go on reading. Else, or where the handler answered at once, nothing of the body is wanted. */
static const struct http_refusal *look_at_headers(struct http_exchange *exchange,
                                                  const char *version)
{
    const struct http_routes *routes = &exchange->server->routes;
    const struct http_refusal *refusal;
    int64_t announced;

    if (take_headers(exchange))
        return &no_memory;
    refusal = http_strict_check(exchange, version);
    if (refusal)
        return refusal;
    if (atomic_load(&exchange->server->is_draining))
        return &stopping;
    split_target(exchange);
    announced = announced_bytes(exchange);
    if (routes->on_headers(routes->context, exchange, &exchange->max_body_bytes))
        return NULL;
    return refuses_bytes(exchange, announced);
}

enum MHD_Result http_request_begin(struct http_exchange *exchange, const char *version)
{
    const struct http_refusal *refusal = look_at_headers(exchange, version);

    exchange->is_begun = true;
    if (refusal)
        http_refuse(exchange, refusal);
    else if (exchange->is_answered && exchange->has_body)
        http_answer_early(exchange);
    else if (exchange->has_body)
        return http_watch_enter(exchange->connection, HTTP_BODY) ? MHD_YES : MHD_NO;
    return MHD_YES;
}

void http_request_take(struct http_exchange *exchange, struct slice piece)
{
    const struct http_refusal *refusal;
    size_t had_bytes = exchange->body.len;

    if (exchange->is_refused)
        return;
    refusal = refuses_bytes(exchange, (int64_t)piece.len);
    if (!refusal) {
        buffer_add(&exchange->body, piece);
        exchange->server->in_flight_bytes += (int64_t)(exchange->body.len - had_bytes);
        if (buffer_rc(&exchange->body))
            refusal = &no_memory;
    }
    if (refusal)
        http_refuse(exchange, refusal);
}

enum MHD_Result http_request_end(struct http_exchange *exchange)
{
    const struct http_routes *routes = &exchange->server->routes;

    if (exchange->is_refused)
        return MHD_NO;
    if (!exchange->is_whole) {
        exchange->is_whole = true;
        if (!http_watch_enter(exchange->connection, HTTP_WORKING))
            return MHD_NO;
        if (!exchange->is_answered)
            routes->on_request(routes->context, exchange);
        if (exchange->is_kept) /* we are called again once it is answered */
            return MHD_YES;
    }
    assert(exchange->is_answered);
    return http_answer_queue(exchange);
}

void http_keep(struct http_exchange *exchange)
{
    assert(exchange->is_whole && !exchange->is_answered);
    exchange->is_kept = true;
    MHD_suspend_connection(exchange->mhd);
}

/* --- asking about it --- */

struct slice http_method(const struct http_exchange *exchange)
{
    return exchange->method;
}

struct slice http_path(const struct http_exchange *exchange)
{
    return exchange->path;
}

void http_drop_prefix(struct http_exchange *exchange, struct slice prefix)
{
    struct slice path = exchange->path;

    if (!prefix.len || !slice_starts(path, prefix) || path.len <= prefix.len ||
        path.ptr[prefix.len] != '/')
        return;
    exchange->path = (struct slice){ path.ptr + prefix.len, path.len - prefix.len };
}

struct slice http_header(const struct http_exchange *exchange, const char *name)
{
    struct slice wanted = slice_of(name);

    for (size_t i = 0; i < exchange->n_headers; i++) {
        if (slice_eq_nocase(exchange->headers[i].name, wanted))
            return exchange->headers[i].value;
    }
    return (struct slice){ 0 };
}

const struct header *http_headers(const struct http_exchange *exchange, size_t *n_headers)
{
    *n_headers = exchange->n_headers;
    return exchange->headers;
}

struct slice http_body(const struct http_exchange *exchange)
{
    return buffer_slice(&exchange->body);
}

struct arena *http_arena(struct http_exchange *exchange)
{
    return exchange->arena;
}

struct http_peer http_peer_of(struct http_exchange *exchange)
{
    return exchange->connection->peer;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Takes one decoded byte off `rest`; a percent sign that starts no byte stands for itself. */
static char cut_decoded(struct slice *rest)
{
    char byte = rest->ptr[0];
    size_t len = 1;

    if (byte == '%' && rest->len >= 3 && hex_digit(rest->ptr[1]) >= 0 &&
        hex_digit(rest->ptr[2]) >= 0) {
        byte = (char)(hex_digit(rest->ptr[1]) * 16 + hex_digit(rest->ptr[2]));
        len = 3;
    } else if (byte == '+') {
        byte = ' ';
    }
    rest->ptr += len;
    rest->len -= len;
    return byte;
}

static struct slice decode(struct arena *arena, struct slice text)
{
    char *bytes = arena_alloc(arena, text.len + 1, 1);
    size_t len = 0;

    if (!bytes)
        return (struct slice){ 0 };
    while (text.len)
        bytes[len++] = cut_decoded(&text);
    return (struct slice){ .ptr = bytes, .len = len };
}

struct slice http_query(struct http_exchange *exchange, const char *name)
{
    struct slice rest = exchange->query;

    while (rest.len) {
        struct slice value = slice_cut(&rest, '&');
        struct slice key = slice_cut(&value, '=');

        if (slice_eq(decode(exchange->arena, key), slice_of(name)))
            return decode(exchange->arena, value);
    }
    return (struct slice){ 0 };
}
