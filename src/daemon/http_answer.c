#include "src/daemon/http_private.h"

#include "src/base/json.h"
#include "src/base/log.h"
#include "src/base/metrics.h"
#include "src/daemon/http_tls_private.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

struct fixed_header {
    const char *name;
    const char *value;
};

/* Every answer has these, unless its handler says otherwise. */
static const struct fixed_header fixed_headers[] = {
    { "X-Content-Type-Options", "nosniff" },
    { "Cache-Control", "no-store" },
    { "Referrer-Policy", "no-referrer" },
};
#define N_FIXED_HEADERS (sizeof(fixed_headers) / sizeof(fixed_headers[0]))

/* --- keeping it --- */

/* A value with a line end in it would be a second header, or a second answer. */
static bool is_sendable(const struct http_answer_header *header)
{
    bool is_plain = !slice_is_absent(header->value) && !slice_has_control(header->value);

    if (!is_plain)
        log_error("answer's header left out: it has control characters name=%s", header->name);
    return is_plain;
}

static enum rc copy_headers(struct http_exchange *exchange,
                            const struct http_answer_header *headers, size_t n_headers)
{
    struct http_answer_fields *answer = &exchange->answer;
    enum rc rc;

    answer->headers = arena_alloc(exchange->arena, n_headers, sizeof(*headers));
    if (!answer->headers)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < n_headers; i++) {
        struct http_answer_header *copy = &answer->headers[answer->n_headers];
        struct slice name;

        if (!is_sendable(&headers[i]))
            continue;
        rc = arena_copy(exchange->arena, slice_of(headers[i].name), &name);
        if (!rc)
            rc = arena_copy(exchange->arena, headers[i].value, &copy->value);
        if (rc)
            return rc;
        copy->name = name.ptr;
        answer->n_headers++;
    }
    return RC_OK;
}

static enum rc copy_answer(struct http_exchange *exchange, const char *content_type,
                           struct slice body, const struct http_answer_header *headers,
                           size_t n_headers)
{
    struct slice type;
    enum rc rc = arena_copy(exchange->arena, slice_of(content_type), &type);

    exchange->answer.content_type = type.ptr;
    if (!rc && n_headers)
        rc = copy_headers(exchange, headers, n_headers);
    if (rc)
        return rc;
    buffer_add(&exchange->answer.body, body);
    return buffer_rc(&exchange->answer.body);
}

void http_answer_done(struct http_exchange *exchange)
{
    bool is_kept = exchange->is_kept;

    exchange->is_answered = true;
    /* Its lock hands everything above over to the server's thread. */
    if (is_kept)
        MHD_resume_connection(exchange->mhd);
}

void http_answer(struct http_exchange *exchange, int status, const char *content_type,
                 struct slice body, const struct http_answer_header *headers, size_t n_headers)
{
    enum rc rc;

    assert(!exchange->is_answered);
    exchange->answer.status = status;
    rc = copy_answer(exchange, content_type, body, headers, n_headers);
    if (rc) {
        log_error("answer dropped: %s server=%s bytes=%zu", rc_text(rc), exchange->server->name,
                  body.len);
        buffer_clear(&exchange->answer.body);
        exchange->answer.n_headers = 0;
        exchange->answer.content_type = NULL;
        exchange->answer.status = 503;
    }
    http_answer_done(exchange);
}

void http_answer_problem_with(struct http_exchange *exchange, int status, const char *title,
                              struct slice detail, const struct http_answer_header *headers,
                              size_t n_headers)
{
    struct buffer body;
    struct json_writer writer;

    buffer_init(&body, 0);
    writer = json_writer_to(&body);
    json_object_begin(&writer);
    json_member_text(&writer, "title", slice_of(title));
    json_member_int(&writer, "status", status);
    json_member_text(&writer, "detail", detail);
    json_object_end(&writer);
    http_answer(exchange, status, "application/problem+json", buffer_slice(&body), headers,
                n_headers);
    buffer_free(&body);
}

void http_answer_problem(struct http_exchange *exchange, int status, const char *title,
                         struct slice detail)
{
    http_answer_problem_with(exchange, status, title, detail, NULL, 0);
}

/* --- sending it --- */

static bool has_own(const struct http_answer_fields *answer, const char *name)
{
    for (size_t i = 0; i < answer->n_headers; i++) {
        if (slice_eq_nocase(slice_of(answer->headers[i].name), slice_of(name)))
            return true;
    }
    return false;
}

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES)
        log_error("answer's header left out: refused name=%s", name);
}

static void add_headers(struct MHD_Response *response, const struct http_exchange *exchange)
{
    const struct http_answer_fields *answer = &exchange->answer;

    if (answer->content_type)
        add(response, "Content-Type", answer->content_type);
    for (size_t i = 0; i < answer->n_headers; i++)
        add(response, answer->headers[i].name, answer->headers[i].value.ptr);
    for (size_t i = 0; i < N_FIXED_HEADERS; i++) {
        if (!has_own(answer, fixed_headers[i].name))
            add(response, fixed_headers[i].name, fixed_headers[i].value);
    }
    if (atomic_load(&exchange->server->is_draining))
        add(response, "Connection", "close");
}

enum MHD_Result http_answer_queue(struct http_exchange *exchange)
{
    struct buffer *body = &exchange->answer.body;
    struct MHD_Response *response =
        exchange->stream
            ? http_stream_response(exchange->stream)
            /* The body lives as long as the exchange, which outlives its sending. */
            : MHD_create_response_from_buffer(body->len, body->ptr, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    add_headers(response, exchange);
    if (http_watch_enter(exchange->connection, exchange->stream ? HTTP_STREAMING : HTTP_ANSWERING))
        result = MHD_queue_response(exchange->mhd, (unsigned)exchange->answer.status, response);
    else
        result = MHD_NO;
    MHD_destroy_response(response);
    return result;
}

/* --- past libmicrohttpd --- */

static void write_date(struct buffer *head)
{
    time_t now = time(NULL);
    struct tm utc;
    char text[64];

    if (gmtime_r(&now, &utc) && strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &utc))
        buffer_format(head, "Date: %s\r\n", text);
}

static void write_answer(struct buffer *out, const struct http_exchange *exchange)
{
    const struct http_answer_fields *answer = &exchange->answer;

    buffer_format(out, "HTTP/1.1 %d %s\r\n", answer->status,
                  MHD_get_reason_phrase_for((unsigned)answer->status));
    write_date(out);
    if (answer->content_type)
        buffer_format(out, "Content-Type: %s\r\n", answer->content_type);
    buffer_format(out, "Content-Length: %zu\r\nConnection: close\r\n", answer->body.len);
    for (size_t i = 0; i < answer->n_headers; i++)
        buffer_format(out, "%s: %.*s\r\n", answer->headers[i].name,
                      SLICE_ARG(answer->headers[i].value));
    for (size_t i = 0; i < N_FIXED_HEADERS; i++) {
        if (!has_own(answer, fixed_headers[i].name))
            buffer_format(out, "%s: %s\r\n", fixed_headers[i].name, fixed_headers[i].value);
    }
    buffer_add_text(out, "\r\n");
    if (!slice_eq(exchange->method, SLICE("HEAD")))
        buffer_add(out, buffer_slice(&answer->body));
}

static void forget_body(struct http_exchange *exchange)
{
    exchange->server->in_flight_bytes -= (int64_t)exchange->body.len;
    buffer_free(&exchange->body);
}

/* What a socket does not take at once is lost: such an answer is short, and the connection ends with it. Only our
 * half is closed, and what still comes is read for a while, because a reset could overtake the answer. */
void http_answer_early(struct http_exchange *exchange)
{
    int fd = exchange->connection->peer.fd;
    struct buffer out;

    exchange->is_refused = true;
    forget_body(exchange);
    if (!http_watch_enter(exchange->connection, HTTP_REFUSED))
        return;
    buffer_init(&out, 0);
    write_answer(&out, exchange);
    if (!buffer_rc(&out) && exchange->server->tls)
        http_tls_send_last(exchange->mhd, buffer_slice(&out));
    else if (!buffer_rc(&out))
        (void)send(fd, out.ptr, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)shutdown(fd, SHUT_WR);
    buffer_free(&out);
}

void http_count_refusal(const struct http_server *server, const char *reason)
{
    metric_add(METRIC_HTTP_REFUSED, slice_of(server->name), slice_of(reason), 1);
}

void http_refuse(struct http_exchange *exchange, const struct http_refusal *refusal)
{
    static const struct http_answer_header retry = { .name = "Retry-After",
                                                     .value = { .ptr = "1", .len = 1 } };

    http_count_refusal(exchange->server, refusal->reason ? refusal->reason : "malformed");
    log_debug("request refused: %s server=%s status=%d peer=%s", refusal->detail,
              exchange->server->name, refusal->status, exchange->connection->peer_text);
    http_answer_problem_with(exchange, refusal->status, refusal->title, slice_of(refusal->detail),
                             &retry, refusal->may_retry ? 1 : 0);
    http_answer_early(exchange);
}
