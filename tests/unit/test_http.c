#include "src/daemon/http.h"

#include "src/base/buffer.h"
#include "src/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 20000 /* what never comes fails the test then */
#define MAX_BODY 1000
#define BIG_BYTES ((size_t)16 << 20)

#define HOST "Host: x\r\n"
#define LONG_LINE_8 "xxxxxxxx"
#define LONG_LINE_64                                                                               \
    LONG_LINE_8 LONG_LINE_8 LONG_LINE_8 LONG_LINE_8 LONG_LINE_8 LONG_LINE_8 LONG_LINE_8 LONG_LINE_8

/* --- the server under test --- */

struct fixture {
    struct http_server *server;
    char directory[64];
    char unix_address[96];
    atomic_int n_requests; /* that reached their handler */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct http_exchange *kept[64];
    size_t n_kept;
    bool is_over;
    struct http_peer peer;
    /* A stream's source. */
    struct http_stream *stream;
    int n_written; /* by the test, "1\n2\n…" */
    int n_read;    /* by the server */
    int n_closed;
    bool ends;
    bool wakes_itself; /* once, while it says that there is nothing */
};

static void answer_text(struct http_exchange *exchange, struct slice text)
{
    http_answer(exchange, 200, "text/plain", text, NULL, 0);
}

static enum rc on_headers(void *context, struct http_exchange *exchange, int64_t *max_body_bytes)
{
    static const struct http_answer_header allow = { .name = "Allow", .value = { "POST", 4 } };
    struct slice path = http_path(exchange);

    (void)context;
    *max_body_bytes = MAX_BODY;
    if (slice_eq(path, SLICE("/denied"))) {
        http_answer_problem(exchange, 401, "Not known", SLICE("who are you?"));
        return RC_DENIED;
    }
    if (slice_eq(path, SLICE("/only-post")) && !slice_eq(http_method(exchange), SLICE("POST"))) {
        http_answer_problem_with(exchange, 405, "Method not allowed", SLICE("POST it"), &allow, 1);
        return RC_INVALID;
    }
    if (!slice_starts(path, SLICE("/ok/"))) {
        if (slice_eq(path, SLICE("/only-post")))
            return RC_OK;
        http_answer_problem(exchange, 404, "Not found", SLICE("no such path"));
        return RC_NOT_FOUND;
    }
    return RC_OK;
}

static bool read_numbers(void *context, struct buffer *out)
{
    struct fixture *fixture = context;
    bool goes_on;

    pthread_mutex_lock(&fixture->lock);
    if (fixture->wakes_itself) {
        fixture->wakes_itself = false;
        fixture->n_written++;
        http_stream_wake(fixture->stream);
        pthread_mutex_unlock(&fixture->lock);
        return true;
    }
    while (fixture->n_read < fixture->n_written)
        buffer_format(out, "%d\n", ++fixture->n_read);
    goes_on = !fixture->ends;
    pthread_mutex_unlock(&fixture->lock);
    return goes_on;
}

static void stream_closed(void *context)
{
    struct fixture *fixture = context;

    pthread_mutex_lock(&fixture->lock);
    fixture->stream = NULL;
    fixture->n_closed++;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->lock);
}

static void answer_stream(struct fixture *fixture, struct http_exchange *exchange)
{
    const struct http_stream_source source = { .context = fixture,
                                               .read = read_numbers,
                                               .closed = stream_closed };

    pthread_mutex_lock(&fixture->lock);
    assert_int_equal(http_answer_stream(exchange, "text/event-stream", &source, &fixture->stream),
                     RC_OK);
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->lock);
}

static void keep(struct fixture *fixture, struct http_exchange *exchange)
{
    http_keep(exchange);
    pthread_mutex_lock(&fixture->lock);
    fixture->kept[fixture->n_kept++] = exchange;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->lock);
}

static void answer_headers(struct http_exchange *exchange)
{
    const struct http_answer_header headers[] = {
        { .name = "Cache-Control", .value = SLICE("max-age=60") },
        { .name = "X-Bad", .value = SLICE("a\r\nX-Injected: b") },
        { .name = "X-Good", .value = SLICE("c") },
    };

    http_answer(exchange, 200, "text/plain", SLICE("x"), headers, 3);
}

static void answer_query(struct http_exchange *exchange)
{
    struct buffer out;
    struct slice a = http_query(exchange, "a");

    buffer_init(&out, 0);
    buffer_format(&out, "%zu:", a.len);
    buffer_add(&out, a);
    buffer_format(&out, " %s", slice_is_absent(http_query(exchange, "none")) ? "absent" : "there");
    answer_text(exchange, buffer_slice(&out));
    buffer_free(&out);
}

static void answer_big(struct http_exchange *exchange)
{
    char *bytes = calloc(1, BIG_BYTES);

    assert_non_null(bytes);
    answer_text(exchange, (struct slice){ .ptr = bytes, .len = BIG_BYTES });
    free(bytes);
}

static void on_request(void *context, struct http_exchange *exchange)
{
    struct fixture *fixture = context;
    struct slice path = http_path(exchange);

    fixture->n_requests++;
    if (slice_eq(path, SLICE("/ok/keep"))) {
        keep(fixture, exchange);
    } else if (slice_eq(path, SLICE("/ok/keep-no-longer"))) {
        http_keep(exchange);
        answer_text(exchange, SLICE("at once"));
    } else if (slice_eq(path, SLICE("/ok/stream"))) {
        answer_stream(fixture, exchange);
    } else if (slice_eq(path, SLICE("/ok/headers"))) {
        answer_headers(exchange);
    } else if (slice_eq(path, SLICE("/ok/query"))) {
        answer_query(exchange);
    } else if (slice_eq(path, SLICE("/ok/big"))) {
        answer_big(exchange);
    } else if (slice_eq(path, SLICE("/ok/peer"))) {
        fixture->peer = http_peer_of(exchange);
        answer_text(exchange, fixture->peer.address);
    } else {
        answer_text(exchange, http_body(exchange));
    }
}

static void start_with(struct fixture *fixture, struct http_options options)
{
    const struct http_routes routes = { .context = fixture,
                                        .on_headers = on_headers,
                                        .on_request = on_request };
    struct problems *problems;

    if (!options.address.ptr)
        options.address = SLICE("127.0.0.1:0");
    options.name = "test";
    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_equal(http_server_start(&options, &routes, problems, &fixture->server), RC_OK);
    problems_free(problems);
}

static int set_up(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){ 0 };
    pthread_mutex_init(&fixture.lock, NULL);
    pthread_cond_init(&fixture.changed, NULL);
    snprintf(fixture.directory, sizeof(fixture.directory), "/tmp/vedette-http-XXXXXX");
    if (!mkdtemp(fixture.directory))
        return -1;
    snprintf(fixture.unix_address, sizeof(fixture.unix_address), "unix:%s/socket",
             fixture.directory);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char path[128];

    http_server_free(fixture->server);
    snprintf(path, sizeof(path), "%s/socket", fixture->directory);
    (void)unlink(path);
    return rmdir(fixture->directory);
}

static struct http_exchange *wait_for_kept(struct fixture *fixture)
{
    struct http_exchange *exchange = NULL;

    pthread_mutex_lock(&fixture->lock);
    while (!fixture->n_kept && !fixture->is_over)
        pthread_cond_wait(&fixture->changed, &fixture->lock);
    if (fixture->n_kept)
        exchange = fixture->kept[--fixture->n_kept];
    pthread_mutex_unlock(&fixture->lock);
    return exchange;
}

/* --- a client that sends exactly these bytes --- */

struct reply {
    int status;
    size_t n_head, n_body;
    char head[4096];
    char body[4096];
};

static int connect_unix(const char *path)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
    assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    return fd;
}

static struct sockaddr_in tcp_address(const struct fixture *fixture)
{
    struct slice text = http_server_address(fixture->server);
    const char *colon = memrchr(text.ptr, ':', text.len);

    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)atoi(colon + 1)),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int try_connect(const struct sockaddr_in *name)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (connect(fd, (const struct sockaddr *)name, sizeof(*name)) == 0)
        return fd;
    close(fd);
    return -1;
}

static int connect_to(const struct fixture *fixture)
{
    struct slice text = http_server_address(fixture->server);
    struct sockaddr_in name;
    int fd;

    if (slice_starts(text, SLICE("unix:")))
        return connect_unix(text.ptr + 5);
    name = tcp_address(fixture);
    fd = try_connect(&name);
    assert_true(fd >= 0);
    return fd;
}

static void send_bytes(int fd, struct slice bytes)
{
    while (bytes.len) {
        ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

        if (n <= 0) /* closed on us: the answer tells why */
            return;
        bytes.ptr += n;
        bytes.len -= (size_t)n;
    }
}

/* One byte; false at the end. */
static bool read_byte(int fd, char *byte)
{
    struct pollfd waiting = { .fd = fd, .events = POLLIN };

    assert_int_equal(poll(&waiting, 1, PATIENCE_MS), 1);
    return read(fd, byte, 1) == 1;
}

static size_t read_head(int fd, char *head, size_t n_bytes)
{
    size_t len = 0;

    while (len + 1 < n_bytes && read_byte(fd, &head[len])) {
        head[++len] = '\0';
        if (len >= 4 && memcmp(head + len - 4, "\r\n\r\n", 4) == 0)
            return len;
    }
    return 0;
}

/* Status 0: the connection ended instead. */
static struct reply read_reply(int fd)
{
    struct reply reply = { 0 };
    const char *length;
    size_t n_body;

    reply.n_head = read_head(fd, reply.head, sizeof(reply.head));
    if (!reply.n_head)
        return reply;
    assert_int_equal(sscanf(reply.head, "HTTP/1.1 %d ", &reply.status), 1);
    length = strcasestr(reply.head, "\r\nContent-Length:");
    n_body = length ? (size_t)atol(length + strlen("\r\nContent-Length:")) : 0;
    assert_true(n_body < sizeof(reply.body));
    while (reply.n_body < n_body && read_byte(fd, &reply.body[reply.n_body]))
        reply.n_body++;
    return reply;
}

static bool has_header(const struct reply *reply, const char *line)
{
    char wanted[256];

    snprintf(wanted, sizeof(wanted), "\r\n%s\r\n", line);
    return strcasestr(reply->head, wanted) != NULL;
}

static void assert_body(const struct reply *reply, const char *text)
{
    assert_int_equal(reply->n_body, strlen(text));
    assert_memory_equal(reply->body, text, reply->n_body);
}

static void assert_closed(int fd)
{
    char byte;

    assert_false(read_byte(fd, &byte));
}

/* libmicrohttpd 0.9.75 says the head of some of its own refusals twice. */
static void read_to_end(int fd)
{
    char byte;

    while (read_byte(fd, &byte))
        ;
}

static void assert_open(int fd)
{
    struct reply reply;

    send_bytes(fd, SLICE("GET /ok/ HTTP/1.1\r\n" HOST "\r\n"));
    reply = read_reply(fd);
    assert_int_equal(reply.status, 200);
}

static struct reply ask_and_close(const struct fixture *fixture, struct slice request)
{
    int fd = connect_to(fixture);
    struct reply reply;

    send_bytes(fd, request);
    reply = read_reply(fd);
    close(fd);
    return reply;
}

static struct reply ask(const struct fixture *fixture, const char *request)
{
    return ask_and_close(fixture, slice_of(request));
}

/* --- requests that are refused --- */

/* clang-format off */

struct refused {
    const char *what;
    struct slice bytes;
    int status;
};

#define REFUSED(what_, status_, text)                                                              \
    {                                                                                              \
        .what = (what_), .bytes = { .ptr = (text), .len = sizeof(text) - 1 }, .status = (status_)  \
    }

/* clang-format on */

static void assert_refused(struct fixture *fixture, const struct refused *cases, size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++) {
        int fd = connect_to(fixture);
        struct reply reply;

        print_message("%s\n", cases[i].what);
        send_bytes(fd, cases[i].bytes);
        reply = read_reply(fd);
        assert_int_equal(reply.status, cases[i].status);
        read_to_end(fd);
        close(fd);
    }
    assert_int_equal(fixture->n_requests, 0);
}

static void h05_what_two_readers_may_take_differently_is_refused(void **state)
{
#define TAIL "\r\nGET /ok/smuggled HTTP/1.1\r\n" HOST "\r\n"
    static const struct refused cases[] = {
        REFUSED("length and coding", 400,
                "POST /ok/ HTTP/1.1\r\n" HOST
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" TAIL),
        REFUSED("coding and length", 400,
                "POST /ok/ HTTP/1.1\r\n" HOST
                "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n" TAIL),
        REFUSED("two lengths", 400,
                "POST /ok/ HTTP/1.1\r\n" HOST
                "Content-Length: 0\r\nContent-Length: 42\r\n\r\n" TAIL),
        REFUSED("the same length twice", 400,
                "POST /ok/ HTTP/1.1\r\n" HOST
                "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
        REFUSED("a list of lengths", 400,
                "POST /ok/ HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\nhello"),
        REFUSED("a signed length", 400,
                "POST /ok/ HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\nhello"),
        REFUSED("a length in hex", 400,
                "POST /ok/ HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\nhello"),
        REFUSED("two codings", 400,
                "POST /ok/ HTTP/1.1\r\n" HOST
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        REFUSED("a coding in HTTP/1.0", 400,
                "POST /ok/ HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        REFUSED("a blank before the colon", 400,
                "POST /ok/ HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\nhello"),
        REFUSED("a tab before the colon", 400,
                "POST /ok/ HTTP/1.1\r\n" HOST "Content-Length\t: 5\r\n\r\nhello"),
        REFUSED("a blank before the name", 400, "GET /ok/ HTTP/1.1\r\n Accept: x\r\n" HOST "\r\n"),
        REFUSED("no name", 400, "GET /ok/ HTTP/1.1\r\n" HOST ": x\r\n\r\n"),
        REFUSED("no colon", 400, "GET /ok/ HTTP/1.1\r\n" HOST "Accept\r\n\r\n"),
        REFUSED("a name that is no token", 400, "GET /ok/ HTTP/1.1\r\n" HOST "X(Y): x\r\n\r\n"),
        REFUSED("bare LF after the request line", 400,
                "GET /ok/ HTTP/1.1\n" HOST "Accept: x\r\n\r\n"),
        REFUSED("bare LF after a header", 400, "GET /ok/ HTTP/1.1\r\nHost: x\nAccept: x\r\n\r\n"),
        REFUSED("bare LF after the last header", 400,
                "GET /ok/ HTTP/1.1\r\n" HOST "Accept: x\n\r\n"),
        REFUSED("bare LF as the blank line", 400, "GET /ok/ HTTP/1.1\r\n" HOST "Accept: x\r\n\n"),
        REFUSED("bare LF everywhere", 400, "GET /ok/ HTTP/1.1\nHost: x\n\n"),
        REFUSED("bare LF, no header", 400, "GET /ok/ HTTP/1.0\n\r\n"),
        REFUSED("bare CR in a value", 400, "GET /ok/ HTTP/1.1\r\n" HOST "Accept: x\rY: z\r\n\r\n"),
        REFUSED("NUL in a value", 400, "GET /ok/ HTTP/1.1\r\n" HOST "Accept: x\0y\r\n\r\n"),
        REFUSED("NUL at the end of a value", 400,
                "GET /ok/ HTTP/1.1\r\nHost: x\0\r\nAccept: x\r\n\r\n"),
        REFUSED("NUL in a name", 400, "GET /ok/ HTTP/1.1\r\n" HOST "Acc\0ept: x\r\n\r\n"),
        REFUSED("NUL in the target", 400, "GET /ok/\0x HTTP/1.1\r\n" HOST "\r\n"),
        REFUSED("a control character in a value", 400,
                "GET /ok/ HTTP/1.1\r\n" HOST "Accept: \x01\r\n\r\n"),
        REFUSED("a folded header", 400,
                "GET /ok/ HTTP/1.1\r\n" HOST "Accept: x\r\n y\r\nA: b\r\n\r\n"),
        REFUSED("a folded last header", 400,
                "GET /ok/ HTTP/1.1\r\n" HOST "Accept: x\r\n y\r\n\r\n"),
        REFUSED("a folded header of a blank", 400,
                "GET /ok/ HTTP/1.1\r\n" HOST "Accept: x\r\n \r\nA: b\r\n\r\n"),
        REFUSED("no Host", 400, "GET /ok/ HTTP/1.1\r\n\r\n"),
        REFUSED("no Host but others", 400, "GET /ok/ HTTP/1.1\r\nAccept: x\r\n\r\n"),
        REFUSED("two Hosts", 400, "GET /ok/ HTTP/1.1\r\n" HOST "Host: y\r\n\r\n"),
        REFUSED("two blanks before the target", 400, "GET  /ok/ HTTP/1.1\r\n" HOST "\r\n"),
        REFUSED("two blanks before the version", 400, "GET /ok/  HTTP/1.1\r\n" HOST "\r\n"),
        REFUSED("a blank after the version", 400, "GET /ok/ HTTP/1.1 \r\n" HOST "\r\n"),
        REFUSED("a blank in the target", 400, "GET /ok/ x HTTP/1.1\r\n" HOST "\r\n"),
        REFUSED("a method that is no token", 400, "G(T /ok/ HTTP/1.1\r\n" HOST "\r\n"),
        REFUSED("no version", 400, "GET /ok/\r\n" HOST "\r\n"),
        REFUSED("a second request behind the refused", 400, "GET /ok/ HTTP/1.1\n" HOST "\r\n" TAIL),
    };

    start_with(*state, (struct http_options){ 0 });
    assert_refused(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

static void h05_the_same_holds_for_later_requests_of_a_connection(void **state)
{
    struct fixture *fixture = *state;
    struct reply reply;
    int fd;

    start_with(fixture, (struct http_options){ 0 });
    fd = connect_to(fixture);
    assert_open(fd);
    assert_open(fd);
    send_bytes(fd, SLICE("GET /ok/ HTTP/1.1\r\nHost: x\nAccept: y\r\n\r\n"));
    reply = read_reply(fd);
    assert_int_equal(reply.status, 400);
    assert_closed(fd);
    close(fd);
}

static void h05_what_is_plain_is_taken_however_it_is_cut(void **state)
{
    static const char *const cases[] = {
        "GET /ok/ HTTP/1.1\r\n" HOST "\r\n",
        "GET /ok/ HTTP/1.1\r\nhost:x\r\nEmpty:\r\nBlank: \r\nTab:\tx\r\nTrailing: x \t\r\n\r\n",
        "GET /ok/ HTTP/1.0\r\n\r\n",
        "\r\nGET /ok/ HTTP/1.1\r\n" HOST "\r\n", /* RFC 9112 2.2 */
        "GET /ok/?a=b&c=%00 HTTP/1.1\r\n" HOST "Cookie: a=b; c=d\r\n\r\n",
        "POST /ok/ HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello",
        "POST /ok/ HTTP/1.1\r\n" HOST
        "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
        "POST /ok/ HTTP/1.1\r\n" HOST
        "Transfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
        "GET /ok/ HTTP/1.1\r\n" HOST "Latin: \xe9\r\nUtf: \xc3\xa9\r\n\r\n",
    };

    start_with(*state, (struct http_options){ 0 });
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t len = strlen(cases[i]);
        struct reply reply;
        int fd = connect_to(*state);

        print_message("%s\n", cases[i]);
        reply = ask(*state, cases[i]);
        assert_int_equal(reply.status, 200);
        for (size_t at = 0; at < len; at++)
            send_bytes(fd, (struct slice){ .ptr = cases[i] + at, .len = 1 });
        reply = read_reply(fd);
        assert_int_equal(reply.status, 200);
        close(fd);
    }
}

static void h06_codings_chunks_and_headers_beyond_measure_are_answered_and_closed(void **state)
{
#define CHUNKED "POST /ok/ HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
    static const struct refused cases[] = {
        REFUSED("unknown coding", 501,
                "POST /ok/ HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\nhello"),
        REFUSED("two codings in one line", 501,
                "POST /ok/ HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        REFUSED("huge chunk", 413, CHUNKED "fffffffffffffffff\r\nhello"),
        REFUSED("negative chunk", 400, CHUNKED "-5\r\nhello"),
        REFUSED("no chunk size", 400, CHUNKED "\r\nhello"),
        REFUSED("version 2", 505, "GET /ok/ HTTP/2.0\r\n" HOST "\r\n"),
    };
    struct fixture *fixture = *state;
    struct reply reply;
    int fd;

    start_with(fixture, (struct http_options){ 0 });
    assert_refused(fixture, cases, sizeof(cases) / sizeof(cases[0]));

    fd = connect_to(fixture);
    send_bytes(fd, SLICE("GET /ok/ HTTP/1.1\r\n" HOST));
    for (int i = 0; i < 40 * 16; i++)
        send_bytes(fd, SLICE(LONG_LINE_64));
    reply = read_reply(fd);
    assert_int_equal(reply.status, 431);
    close(fd);
}

static void h06_who_asks_first_is_told_to_go_on(void **state)
{
    struct reply reply;
    int fd;

    start_with(*state, (struct http_options){ 0 });
    fd = connect_to(*state);
    send_bytes(fd, SLICE("POST /ok/ HTTP/1.1\r\n" HOST
                         "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
    reply = read_reply(fd);
    assert_int_equal(reply.status, 100);
    send_bytes(fd, SLICE("hello"));
    reply = read_reply(fd);
    assert_int_equal(reply.status, 200);
    assert_body(&reply, "hello");
    close(fd);
}

static void h06_who_asks_first_for_too_much_is_told_so(void **state)
{
    struct reply reply;

    start_with(*state, (struct http_options){ 0 });
    reply = ask(*state, "POST /ok/ HTTP/1.1\r\n" HOST
                        "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
    assert_int_equal(reply.status, 413);
}

/* --- bodies --- */

static void h04_a_length_over_the_limit_is_refused_before_the_body_comes(void **state)
{
    struct reply reply;
    int fd;

    start_with(*state, (struct http_options){ 0 });
    fd = connect_to(*state);
    send_bytes(fd, SLICE("POST /ok/ HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n\r\n"));
    reply = read_reply(fd);
    assert_int_equal(reply.status, 413);
    assert_true(has_header(&reply, "Connection: close"));
    assert_true(has_header(&reply, "Content-Type: application/problem+json"));
    assert_closed(fd);
    close(fd);
}

static void post_bytes(int fd, size_t n_bytes)
{
    while (n_bytes--)
        send_bytes(fd, SLICE("x"));
}

static void h04_a_body_of_exactly_the_limit_is_taken(void **state)
{
    struct reply reply;
    int fd;

    start_with(*state, (struct http_options){ 0 });
    fd = connect_to(*state);
    send_bytes(fd, SLICE("POST /ok/ HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\n"));
    post_bytes(fd, MAX_BODY);
    reply = read_reply(fd);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.n_body, MAX_BODY);
    assert_open(fd);
    close(fd);
}

static void h04_chunks_without_end_are_refused_at_the_first_byte_too_many(void **state)
{
    struct reply reply;
    int fd;

    start_with(*state, (struct http_options){ 0 });
    fd = connect_to(*state);
    send_bytes(fd, SLICE(CHUNKED));
    for (int i = 0; i < MAX_BODY / 100; i++) {
        send_bytes(fd, SLICE("64\r\n"));
        post_bytes(fd, 100);
        send_bytes(fd, SLICE("\r\n"));
    }
    send_bytes(fd, SLICE("1\r\nx"));
    reply = read_reply(fd);
    assert_int_equal(reply.status, 413);
    assert_closed(fd);
    close(fd);
}

static void h04_who_sends_it_all_first_can_still_read_why(void **state)
{
    char *bytes = calloc(1, BIG_BYTES);
    struct reply reply;
    int fd;

    assert_non_null(bytes);
    start_with(*state, (struct http_options){ 0 });
    fd = connect_to(*state);
    send_bytes(fd, SLICE("POST /ok/ HTTP/1.1\r\n" HOST "Content-Length: 16777216\r\n\r\n"));
    send_bytes(fd, (struct slice){ .ptr = bytes, .len = BIG_BYTES });
    reply = read_reply(fd);
    assert_int_equal(reply.status, 413);
    close(fd);
    free(bytes);
}

static void h04_all_bodies_in_flight_together_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    struct reply reply;
    struct http_exchange *kept;
    int fd;

    start_with(fixture, (struct http_options){ .bodies_bytes = 100 });
    fd = connect_to(fixture);
    send_bytes(fd, SLICE("POST /ok/keep HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n0123456789"));
    kept = wait_for_kept(fixture);
    reply = ask(fixture, "POST /ok/ HTTP/1.1\r\n" HOST "Content-Length: 91\r\n\r\n");
    assert_int_equal(reply.status, 503);
    assert_true(has_header(&reply, "Retry-After: 1"));
    answer_text(kept, SLICE("done"));
    reply = read_reply(fd);
    assert_int_equal(reply.status, 200);
    close(fd);

    fd = connect_to(fixture);
    send_bytes(fd, SLICE("POST /ok/ HTTP/1.1\r\n" HOST "Content-Length: 91\r\n\r\n"));
    post_bytes(fd, 91);
    reply = read_reply(fd);
    assert_int_equal(reply.status, 200);
    close(fd);
}

/* --- paths, methods --- */

static void h07_only_the_exact_path_is_served(void **state)
{
    static const char *const targets[] = {
        "/only-post%00",
        "/only-post/",
        "//only-post",
        "/./only-post",
        "/x/../only-post",
        "/%6fnly-post",
        "/only-post%2f",
        "/only%2dpost",
        "/ONLY-POST",
        "only-post",
        "/only-post\xff",
        "/only-post;a=b",
        "http://x/only-post",
        "*",
        "/ok%2f",
        "/",
        "/only-post%00.x",
        "/only-post#x",
    };
    struct fixture *fixture = *state;
    struct reply reply;
    char request[256];

    start_with(fixture, (struct http_options){ 0 });
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        print_message("%s\n", targets[i]);
        snprintf(request, sizeof(request), "POST %s HTTP/1.1\r\n" HOST "\r\n", targets[i]);
        reply = ask(fixture, request);
        assert_int_equal(reply.status, 404);
    }
    assert_int_equal(fixture->n_requests, 0);
    reply = ask(fixture, "POST /only-post?x HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(reply.status, 200);
}

static void h08_a_wrong_method_is_told_the_right_one(void **state)
{
    struct reply reply;

    start_with(*state, (struct http_options){ 0 });
    reply = ask(*state, "DELETE /only-post HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(reply.status, 405);
    assert_true(has_header(&reply, "Allow: POST"));
    assert_body(&reply, "{\"title\":\"Method not allowed\",\"status\":405,\"detail\":\"POST it\"}");
}

static void an_error_closes_only_where_a_body_was_not_read(void **state)
{
    struct reply reply;
    int fd;

    start_with(*state, (struct http_options){ 0 });
    fd = connect_to(*state);
    send_bytes(fd, SLICE("GET /denied HTTP/1.1\r\n" HOST "\r\n"));
    reply = read_reply(fd);
    assert_int_equal(reply.status, 401);
    assert_open(fd);
    send_bytes(fd, SLICE("POST /denied HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"));
    reply = read_reply(fd);
    assert_int_equal(reply.status, 401);
    assert_true(has_header(&reply, "X-Content-Type-Options: nosniff"));
    assert_closed(fd);
    close(fd);
}

static void a_query_is_decoded_once(void **state)
{
    static const struct {
        const char *query;
        const char *body;
    } cases[] = {
        { "", "0: absent" },
        { "?a=b", "1:b absent" },
        { "?x=y&a=b+c", "3:b c absent" },
        { "?a=%41%2b%26", "3:A+& absent" },
        { "?a=%2541", "3:%41 absent" },
        { "?a=%4&b", "2:%4 absent" },
        { "?a=%zz", "3:%zz absent" },
        { "?%61=b", "1:b absent" },
        { "?a=1&a=2", "1:1 absent" },
        { "?a", "0: absent" },
        { "?none", "0: there" },
        { "?a=b=c?d", "5:b=c?d absent" },
    };
    char request[256];

    start_with(*state, (struct http_options){ 0 });
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reply reply;

        print_message("%s\n", cases[i].query);
        snprintf(request, sizeof(request), "GET /ok/query%s HTTP/1.1\r\n" HOST "\r\n",
                 cases[i].query);
        reply = ask(*state, request);
        assert_body(&reply, cases[i].body);
    }
}

static void answers_have_safe_headers_unless_the_handler_says_otherwise(void **state)
{
    struct reply reply;

    start_with(*state, (struct http_options){ 0 });
    reply = ask(*state, "GET /ok/ HTTP/1.1\r\n" HOST "\r\n");
    assert_true(has_header(&reply, "X-Content-Type-Options: nosniff"));
    assert_true(has_header(&reply, "Referrer-Policy: no-referrer"));
    assert_true(has_header(&reply, "Cache-Control: no-store"));
    reply = ask(*state, "GET /ok/headers HTTP/1.1\r\n" HOST "\r\n");
    assert_true(has_header(&reply, "Cache-Control: max-age=60"));
    assert_false(has_header(&reply, "Cache-Control: no-store"));
    assert_true(has_header(&reply, "X-Good: c"));
    assert_null(strcasestr(reply.head, "x-injected"));
}

static void head_has_no_body(void **state)
{
    struct reply reply;
    int fd;

    start_with(*state, (struct http_options){ 0 });
    fd = connect_to(*state);
    send_bytes(fd, SLICE("HEAD /ok/headers HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"));
    assert_true(read_head(fd, reply.head, sizeof(reply.head)) > 0);
    assert_true(has_header(&reply, "Content-Length: 1"));
    assert_closed(fd);
    close(fd);
}

/* --- the slow and the many --- */

static struct reply drip_until_cut(int fd)
{
    struct pollfd waiting = { .fd = fd, .events = POLLIN };

    while (poll(&waiting, 1, 20) == 0)
        send_bytes(fd, SLICE("x"));
    return read_reply(fd);
}

static void h01_a_dripping_body_is_cut_at_the_deadline(void **state)
{
    struct fixture *fixture = *state;
    struct reply reply;
    int fd;

    start_with(fixture, (struct http_options){ .request_ms = 300 });
    fd = connect_to(fixture);
    send_bytes(fd, SLICE("POST /ok/ HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\n"));
    reply = drip_until_cut(fd);
    assert_int_equal(reply.status, 408);
    assert_body(&reply,
                "{\"title\":\"The request came too slow\",\"status\":408,\"detail\":\"it was "
                "not whole in the time there is for it: send it again, at once\"}");
    assert_closed(fd);
    close(fd);
    assert_int_equal(fixture->n_requests, 0);
}

static void h01_dripping_headers_are_cut_at_the_deadline(void **state)
{
    struct reply reply;
    int fd;

    start_with(*state, (struct http_options){ .request_ms = 300 });
    fd = connect_to(*state);
    send_bytes(fd, SLICE("GET /ok/ HTTP/1.1\r\n" HOST "X: "));
    reply = drip_until_cut(fd);
    assert_int_equal(reply.status, 408);
    close(fd);
}

static void h01_a_connection_that_asks_nothing_is_cut(void **state)
{
    int fd;

    start_with(*state, (struct http_options){ .request_ms = 300 });
    fd = connect_to(*state);
    assert_closed(fd);
    close(fd);
    fd = connect_to(*state);
    send_bytes(fd, SLICE("GET /o"));
    assert_closed(fd);
    close(fd);
}

static void h01_who_reads_an_answer_by_drips_is_cut(void **state)
{
    static char bytes[65536];
    int64_t until_mono_ms = clock_mono_ms() + 1000;
    size_t n_read = 0;
    ssize_t n;
    int fd;

    start_with(*state, (struct http_options){ .request_ms = 300 });
    fd = connect_to(*state);
    send_bytes(fd, SLICE("GET /ok/big HTTP/1.1\r\n" HOST "\r\n"));
    while (clock_mono_ms() < until_mono_ms) {
        n_read += read_byte(fd, bytes);
        (void)poll(NULL, 0, 20);
    }
    while ((n = read(fd, bytes, sizeof(bytes))) > 0)
        n_read += (size_t)n;
    assert_true(n_read < BIG_BYTES); /* what the sockets held, no more */
    close(fd);
}

static void h01_a_kept_request_may_take_longer_than_a_slow_one(void **state)
{
    struct fixture *fixture = *state;
    struct http_exchange *kept;
    struct reply reply;
    int fd, slow;

    start_with(fixture, (struct http_options){ .request_ms = 300 });
    fd = connect_to(fixture);
    send_bytes(fd, SLICE("GET /ok/keep HTTP/1.1\r\n" HOST "\r\n"));
    kept = wait_for_kept(fixture);
    slow = connect_to(fixture); /* later, and cut before */
    assert_closed(slow);
    close(slow);
    answer_text(kept, SLICE("late"));
    reply = read_reply(fd);
    assert_body(&reply, "late");
    close(fd);
}

static void h02_half_requests_do_not_lock_the_others_out(void **state)
{
    struct fixture *fixture = *state;
    int fds[64];

    start_with(fixture, (struct http_options){ .n_connections = 8 });
    for (size_t i = 0; i < 64; i++) {
        fds[i] = connect_to(fixture);
        send_bytes(fds[i], SLICE("GET /ok/ HTTP/1.1\r\nHo"));
    }
    for (int i = 0; i < 20; i++) {
        struct reply reply = ask(fixture, "GET /ok/ HTTP/1.1\r\n" HOST "\r\n");

        assert_int_equal(reply.status, 200);
    }
    assert_closed(fds[0]); /* the oldest went first */
    for (size_t i = 0; i < 64; i++)
        close(fds[i]);
}

static void h02_what_is_being_answered_is_never_cut_for_room(void **state)
{
    struct fixture *fixture = *state;
    struct http_exchange *kept;
    struct reply reply;
    int fds[16];
    int fd;

    start_with(fixture, (struct http_options){ .n_connections = 4 });
    fd = connect_to(fixture);
    send_bytes(fd, SLICE("GET /ok/keep HTTP/1.1\r\n" HOST "\r\n"));
    kept = wait_for_kept(fixture);
    for (size_t i = 0; i < 16; i++)
        fds[i] = connect_to(fixture);
    for (size_t i = 0; i < 12; i++)
        assert_closed(fds[i]);
    answer_text(kept, SLICE("still here"));
    reply = read_reply(fd);
    assert_body(&reply, "still here");
    close(fd);
    for (size_t i = 0; i < 16; i++)
        close(fds[i]);
}

/* --- kept requests --- */

static void *answer_kept(void *context)
{
    struct http_exchange *exchange;

    while ((exchange = wait_for_kept(context)))
        answer_text(exchange, http_body(exchange));
    return NULL;
}

static void *ask_many(void *context)
{
    static const char request[] = "POST /ok/keep HTTP/1.1\r\n" HOST "Content-Length: 6\r\n\r\n%06d";
    int fd = connect_to(context);
    char text[128];

    for (int i = 0; i < 200; i++) {
        struct reply reply;

        snprintf(text, sizeof(text), request, i);
        send_bytes(fd, slice_of(text));
        reply = read_reply(fd);
        snprintf(text, sizeof(text), "%06d", i);
        assert_body(&reply, text);
    }
    close(fd);
    return NULL;
}

static void p11_kept_requests_are_answered_by_other_threads(void **state)
{
    struct fixture *fixture = *state;
    pthread_t keepers[2], clients[8];

    start_with(fixture, (struct http_options){ 0 });
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&keepers[i], NULL, answer_kept, fixture), 0);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&clients[i], NULL, ask_many, fixture), 0);
    for (size_t i = 0; i < 8; i++)
        pthread_join(clients[i], NULL);
    pthread_mutex_lock(&fixture->lock);
    fixture->is_over = true;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->lock);
    for (size_t i = 0; i < 2; i++)
        pthread_join(keepers[i], NULL);
    assert_int_equal(fixture->n_requests, 8 * 200);
}

static void a_kept_request_may_be_answered_at_once(void **state)
{
    struct reply reply;

    start_with(*state, (struct http_options){ 0 });
    reply = ask(*state, "GET /ok/keep-no-longer HTTP/1.1\r\n" HOST "\r\n");
    assert_body(&reply, "at once");
}

static void h26_requests_behind_each_other_are_answered_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct reply reply;
    int fd;

    start_with(fixture, (struct http_options){ 0 });
    fd = connect_to(fixture);
    send_bytes(fd, SLICE("POST /ok/keep HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\none"
                         "POST /ok/ HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\ntwo"));
    answer_text(wait_for_kept(fixture), SLICE("first"));
    reply = read_reply(fd);
    assert_body(&reply, "first");
    reply = read_reply(fd);
    assert_body(&reply, "two");
    close(fd);
}

static void h26_who_leaves_before_the_answer_harms_nobody(void **state)
{
    struct fixture *fixture = *state;
    struct http_exchange *kept;
    int fd;

    start_with(fixture, (struct http_options){ 0 });
    fd = connect_to(fixture);
    send_bytes(fd, SLICE("GET /ok/keep HTTP/1.1\r\n" HOST "\r\n"));
    kept = wait_for_kept(fixture);
    close(fd);
    answer_text(kept, SLICE("nobody reads this"));
    fd = connect_to(fixture);
    send_bytes(fd, SLICE("POST /ok/ HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhe"));
    close(fd);
    fd = connect_to(fixture);
    assert_open(fd);
    close(fd);
    assert_int_equal(fixture->n_requests, 2);
}

static void h26_while_draining_what_is_kept_is_answered_and_the_rest_refused(void **state)
{
    struct fixture *fixture = *state;
    struct http_exchange *kept;
    struct sockaddr_in name;
    struct reply reply;
    int fd, other;

    start_with(fixture, (struct http_options){ 0 });
    name = tcp_address(fixture);
    fd = connect_to(fixture);
    other = connect_to(fixture);
    assert_open(other);
    send_bytes(fd, SLICE("GET /ok/keep HTTP/1.1\r\n" HOST "\r\n"));
    kept = wait_for_kept(fixture);
    http_server_drain(fixture->server);
    assert_int_equal(try_connect(&name), -1);
    send_bytes(other, SLICE("POST /ok/ HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi"));
    reply = read_reply(other);
    assert_int_equal(reply.status, 503);
    assert_true(has_header(&reply, "Retry-After: 1"));
    assert_closed(other);
    answer_text(kept, SLICE("done"));
    reply = read_reply(fd);
    assert_body(&reply, "done");
    assert_true(has_header(&reply, "Connection: close"));
    assert_closed(fd);
    close(fd);
    close(other);
}

static void *count_bytes(void *context)
{
    static char bytes[65536];
    static size_t n_read;
    const int *fd = context;
    ssize_t n;

    n_read = 0;
    while ((n = read(*fd, bytes, sizeof(bytes))) > 0)
        n_read += (size_t)n;
    return &n_read;
}

static void h26_a_server_stops_after_its_last_answer_was_sent(void **state)
{
    struct fixture *fixture = *state;
    struct http_exchange *kept;
    pthread_t reader;
    void *n_read;
    int fd;

    start_with(fixture, (struct http_options){ 0 });
    fd = connect_to(fixture);
    send_bytes(fd, SLICE("GET /ok/keep HTTP/1.1\r\n" HOST "\r\n"));
    kept = wait_for_kept(fixture);
    assert_int_equal(pthread_create(&reader, NULL, count_bytes, &fd), 0);
    answer_big(kept);
    http_server_free(fixture->server);
    fixture->server = NULL;
    pthread_join(reader, &n_read);
    assert_true(*(size_t *)n_read > BIG_BYTES);
    close(fd);
}

/* --- streams --- */

static int open_stream(struct fixture *fixture)
{
    int fd = connect_to(fixture);
    struct reply reply;

    send_bytes(fd, SLICE("GET /ok/stream HTTP/1.0\r\n" HOST "\r\n")); /* 1.0: not chunked */
    reply = read_reply(fd);
    assert_int_equal(reply.status, 200);
    assert_true(has_header(&reply, "Content-Type: text/event-stream"));
    return fd;
}

static void write_number(struct fixture *fixture)
{
    pthread_mutex_lock(&fixture->lock);
    fixture->n_written++;
    if (fixture->stream)
        http_stream_wake(fixture->stream);
    pthread_mutex_unlock(&fixture->lock);
}

static int read_number(int fd)
{
    char text[16] = "";
    size_t len = 0;

    while (len + 1 < sizeof(text) && read_byte(fd, &text[len]) && text[len] != '\n')
        len++;
    return atoi(text);
}

static void wait_for_closed(struct fixture *fixture)
{
    pthread_mutex_lock(&fixture->lock);
    while (!fixture->n_closed)
        pthread_cond_wait(&fixture->changed, &fixture->lock);
    pthread_mutex_unlock(&fixture->lock);
}

static void a_stream_says_what_there_is_and_sleeps_between(void **state)
{
    struct fixture *fixture = *state;
    int fd;

    start_with(fixture, (struct http_options){ 0 });
    fd = open_stream(fixture);
    for (int i = 1; i <= 5; i++) {
        write_number(fixture);
        assert_int_equal(read_number(fd), i);
    }
    close(fd);
    wait_for_closed(fixture);
}

static void a_wake_while_the_source_finds_nothing_is_not_lost(void **state)
{
    struct fixture *fixture = *state;
    int fd;

    start_with(fixture, (struct http_options){ 0 });
    fixture->wakes_itself = true;
    fd = open_stream(fixture);
    assert_int_equal(read_number(fd), 1);
    close(fd);
    wait_for_closed(fixture);
}

static void *write_thousand(void *context)
{
    for (int i = 0; i < 1000; i++)
        write_number(context);
    return NULL;
}

static void p11_no_wake_of_a_stream_is_lost(void **state)
{
    struct fixture *fixture = *state;
    pthread_t writers[2];
    int fd;

    start_with(fixture, (struct http_options){ 0 });
    fd = open_stream(fixture);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, write_thousand, fixture), 0);
    for (int i = 1; i <= 2000; i++)
        assert_int_equal(read_number(fd), i);
    for (size_t i = 0; i < 2; i++)
        pthread_join(writers[i], NULL);
    close(fd);
    wait_for_closed(fixture);
}

static void a_stream_ends_when_its_source_does(void **state)
{
    struct fixture *fixture = *state;
    int fd;

    start_with(fixture, (struct http_options){ 0 });
    fd = open_stream(fixture);
    pthread_mutex_lock(&fixture->lock);
    fixture->ends = true;
    pthread_mutex_unlock(&fixture->lock);
    write_number(fixture);
    assert_int_equal(read_number(fd), 1); /* the last word is still said */
    assert_closed(fd);
    close(fd);
    wait_for_closed(fixture);
}

static void h02_a_sleeping_stream_whose_reader_left_gives_its_place_back(void **state)
{
    struct fixture *fixture = *state;

    start_with(fixture, (struct http_options){ 0 });
    close(open_stream(fixture));
    wait_for_closed(fixture); /* without anything to say */
    assert_int_equal(fixture->n_closed, 1);
}

static void a_stream_ends_when_the_server_stops(void **state)
{
    struct fixture *fixture = *state;
    int fd;

    start_with(fixture, (struct http_options){ 0 });
    fd = open_stream(fixture);
    http_server_free(fixture->server);
    fixture->server = NULL;
    assert_int_equal(fixture->n_closed, 1);
    assert_closed(fd);
    close(fd);
}

/* --- where it listens --- */

static void the_peer_of_a_tcp_connection_is_an_address(void **state)
{
    struct fixture *fixture = *state;
    struct reply reply;

    start_with(fixture, (struct http_options){ 0 });
    reply = ask(fixture, "GET /ok/peer HTTP/1.1\r\n" HOST "\r\n");
    assert_memory_equal(reply.body, "127.0.0.1:", 10);
    assert_true(fixture->peer.is_loopback);
    assert_false(fixture->peer.is_unix);
    assert_int_equal(fixture->peer.uid, -1);
}

static void the_peer_of_a_unix_socket_is_a_process(void **state)
{
    struct fixture *fixture = *state;
    struct reply reply;
    struct stat file;

    start_with(fixture, (struct http_options){ .address = slice_of(fixture->unix_address),
                                               .socket_mode = 0600 });
    reply = ask(fixture, "GET /ok/peer HTTP/1.1\r\n" HOST "\r\n");
    assert_body(&reply, "unix");
    assert_true(fixture->peer.is_unix);
    assert_false(fixture->peer.is_loopback);
    assert_int_equal(fixture->peer.uid, getuid());
    assert_int_equal(fixture->peer.pid, getpid());
    assert_int_equal(stat(fixture->unix_address + 5, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    reply = ask(fixture, "POST /ok/ HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n\r\n");
    assert_int_equal(reply.status, 413);
    http_server_free(fixture->server);
    fixture->server = NULL;
    assert_int_equal(stat(fixture->unix_address + 5, &file), -1);
}

static void h26_a_unix_socket_closes_its_door_while_draining(void **state)
{
    struct fixture *fixture = *state;
    struct stat file;

    start_with(fixture, (struct http_options){ .address = slice_of(fixture->unix_address),
                                               .socket_mode = 0600 });
    http_server_drain(fixture->server);
    assert_int_equal(stat(fixture->unix_address + 5, &file), -1);
}

static void assert_not_started(const char *address, const char *why)
{
    const struct http_routes routes = { .on_headers = on_headers, .on_request = on_request };
    const struct http_options options = { .name = "test", .address = slice_of(address) };
    struct http_server *server;
    struct problems *problems;
    struct buffer text;
    size_t offset;

    buffer_init(&text, 0);
    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_not_equal(http_server_start(&options, &routes, problems, &server), RC_OK);
    assert_null(server);
    problems_format(problems, &text);
    print_message("%s: %.*s", address, SLICE_ARG(buffer_slice(&text)));
    assert_int_equal(slice_find(buffer_slice(&text), slice_of(why), &offset), RC_OK);
    problems_free(problems);
    buffer_free(&text);
}

static void an_address_that_cannot_be_had_is_a_problem(void **state)
{
    struct fixture *fixture = *state;

    assert_not_started("127.0.0.1", "expected HOST:PORT");
    assert_not_started("", "expected HOST:PORT");
    assert_not_started("127.0.0.1:", "expected HOST:PORT");
    assert_not_started("127.0.0.1:http", "cannot listen on 127.0.0.1:http");
    assert_not_started("127.0.0.1:123456", "expected HOST:PORT");
    assert_not_started("192.0.2.1:0", "assign requested address");
    assert_not_started("unix:", "1 to 107 bytes");
    assert_not_started("unix:/nowhere/at/all", "No such file");
    start_with(fixture, (struct http_options){ 0 });
    assert_not_started(http_server_address(fixture->server).ptr, "in use");
}

static void a_live_unix_socket_is_left_alone_and_its_process_named(void **state)
{
    struct fixture *fixture = *state;
    char why[64];
    int fd;

    start_with(fixture, (struct http_options){ .address = slice_of(fixture->unix_address),
                                               .socket_mode = 0600 });
    snprintf(why, sizeof(why), "process %ld listens there already", (long)getpid());
    assert_not_started(fixture->unix_address, why);
    fd = connect_to(fixture);
    assert_open(fd);
    close(fd);
}

static void a_unix_socket_that_is_too_busy_to_answer_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int busy = socket(AF_UNIX, SOCK_STREAM, 0);
    int waiting;

    snprintf(name.sun_path, sizeof(name.sun_path), "%s", fixture->unix_address + 5);
    assert_int_equal(bind(busy, (struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(busy, 0), 0);
    waiting = connect_unix(name.sun_path); /* fills its queue */
    assert_not_started(fixture->unix_address, "another process listens there already");
    close(waiting);
    close(busy);
}

static void a_dead_unix_socket_is_replaced(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(name.sun_path, sizeof(name.sun_path), "%s", fixture->unix_address + 5);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    close(fd); /* the file stays, as after a crash */
    start_with(fixture, (struct http_options){ .address = slice_of(fixture->unix_address),
                                               .socket_mode = 0600 });
    fd = connect_to(fixture);
    assert_open(fd);
    close(fd);
}

static void a_file_in_the_place_of_a_unix_socket_is_never_removed(void **state)
{
    struct fixture *fixture = *state;
    struct stat file;
    int fd = open(fixture->unix_address + 5, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    close(fd);
    assert_not_started(fixture->unix_address, "there is a file of that name");
    assert_int_equal(stat(fixture->unix_address + 5, &file), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(h05_what_two_readers_may_take_differently_is_refused),
        TEST(h05_the_same_holds_for_later_requests_of_a_connection),
        TEST(h05_what_is_plain_is_taken_however_it_is_cut),
        TEST(h06_codings_chunks_and_headers_beyond_measure_are_answered_and_closed),
        TEST(h06_who_asks_first_is_told_to_go_on),
        TEST(h06_who_asks_first_for_too_much_is_told_so),
        TEST(h04_a_length_over_the_limit_is_refused_before_the_body_comes),
        TEST(h04_a_body_of_exactly_the_limit_is_taken),
        TEST(h04_chunks_without_end_are_refused_at_the_first_byte_too_many),
        TEST(h04_who_sends_it_all_first_can_still_read_why),
        TEST(h04_all_bodies_in_flight_together_are_bounded),
        TEST(h07_only_the_exact_path_is_served),
        TEST(h08_a_wrong_method_is_told_the_right_one),
        TEST(an_error_closes_only_where_a_body_was_not_read),
        TEST(a_query_is_decoded_once),
        TEST(answers_have_safe_headers_unless_the_handler_says_otherwise),
        TEST(head_has_no_body),
        TEST(h01_a_dripping_body_is_cut_at_the_deadline),
        TEST(h01_dripping_headers_are_cut_at_the_deadline),
        TEST(h01_a_connection_that_asks_nothing_is_cut),
        TEST(h01_who_reads_an_answer_by_drips_is_cut),
        TEST(h01_a_kept_request_may_take_longer_than_a_slow_one),
        TEST(h02_half_requests_do_not_lock_the_others_out),
        TEST(h02_what_is_being_answered_is_never_cut_for_room),
        TEST(p11_kept_requests_are_answered_by_other_threads),
        TEST(a_kept_request_may_be_answered_at_once),
        TEST(h26_requests_behind_each_other_are_answered_in_order),
        TEST(h26_who_leaves_before_the_answer_harms_nobody),
        TEST(h26_while_draining_what_is_kept_is_answered_and_the_rest_refused),
        TEST(h26_a_server_stops_after_its_last_answer_was_sent),
        TEST(a_stream_says_what_there_is_and_sleeps_between),
        TEST(a_wake_while_the_source_finds_nothing_is_not_lost),
        TEST(p11_no_wake_of_a_stream_is_lost),
        TEST(a_stream_ends_when_its_source_does),
        TEST(h02_a_sleeping_stream_whose_reader_left_gives_its_place_back),
        TEST(a_stream_ends_when_the_server_stops),
        TEST(the_peer_of_a_tcp_connection_is_an_address),
        TEST(the_peer_of_a_unix_socket_is_a_process),
        TEST(h26_a_unix_socket_closes_its_door_while_draining),
        TEST(an_address_that_cannot_be_had_is_a_problem),
        TEST(a_live_unix_socket_is_left_alone_and_its_process_named),
        TEST(a_unix_socket_that_is_too_busy_to_answer_is_left_alone),
        TEST(a_dead_unix_socket_is_replaced),
        TEST(a_file_in_the_place_of_a_unix_socket_is_never_removed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
