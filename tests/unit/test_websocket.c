#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/http_client.h"
#include "src/base/websocket.h"
#include "src/base/websocket_frame.h"
#include "src/base/websocket_handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT_BYTES 4096
#define assert_slice(slice, text) assert_true(slice_eq((slice), slice_of(text)))
#define BYTES(text) ((struct slice){ (text), sizeof(text) - 1 })

/* --- frames: RFC 6455, section 5.7, and what it forbids --- */

static void a_text_is_written_masked_in_one_frame(void **state)
{
    static const uint8_t mask[WEBSOCKET_MASK_BYTES] = { 0x37, 0xfa, 0x21, 0x3d };
    struct buffer out;

    (void)state;
    buffer_init(&out, 0);
    websocket_frame_write(WEBSOCKET_TEXT, SLICE("Hello"), mask, &out);
    assert_true(
        slice_eq(buffer_slice(&out), BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")));
    buffer_free(&out);
}

static void lengths_are_written_in_their_shortest_form(void **state)
{
    static const uint8_t mask[WEBSOCKET_MASK_BYTES] = { 0 };
    static const struct {
        size_t len, head;
        const char *bytes;
    } cases[] = {
        { 125, 2, "\x81\xfd" },
        { 126, 4, "\x81\xfe\x00\x7e" },
        { 65535, 4, "\x81\xfe\xff\xff" },
        { 65536, 10, "\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00" },
    };
    static char payload[65536];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;

        buffer_init(&out, 0);
        websocket_frame_write(WEBSOCKET_TEXT, (struct slice){ payload, cases[i].len }, mask, &out);
        assert_int_equal(out.len, cases[i].head + WEBSOCKET_MASK_BYTES + cases[i].len);
        assert_memory_equal(out.ptr, cases[i].bytes, cases[i].head);
        buffer_free(&out);
    }
}

/* Feeds `bytes` in pieces of every size, and expects the same messages each time. */
static void expect_messages(struct slice bytes, const char *const *messages)
{
    for (size_t piece = 1; piece <= bytes.len; piece++) {
        struct websocket_reader reader;
        size_t n_seen = 0;

        websocket_reader_init(&reader, LIMIT_BYTES);
        for (size_t at = 0; at < bytes.len; at += piece) {
            size_t len = bytes.len - at < piece ? bytes.len - at : piece;
            enum websocket_opcode opcode;
            struct slice payload;
            enum rc rc;

            assert_int_equal(websocket_reader_add(&reader, (struct slice){ bytes.ptr + at, len }),
                             RC_OK);
            while (!(rc = websocket_reader_next(&reader, &opcode, &payload)))
                assert_slice(payload, messages[n_seen++]);
            assert_int_equal(rc, RC_NOT_FOUND);
        }
        assert_null(messages[n_seen]);
        websocket_reader_free(&reader);
    }
}

static void messages_are_read_whole_however_they_arrive(void **state)
{
    (void)state;
    expect_messages(BYTES("\x81\x05Hello"), (const char *const[]){ "Hello", NULL });
    expect_messages(BYTES("\x01\x03Hel\x80\x02lo"), (const char *const[]){ "Hello", NULL });
    expect_messages(BYTES("\x01\x03Hel\x89\x04ping\x80\x02lo\x81\x01!"),
                    (const char *const[]){ "ping", "Hello", "!", NULL });
    expect_messages(BYTES("\x01\x02\xe2\x82\x80\x01\xac"),
                    (const char *const[]){ "\xe2\x82\xac", NULL });
    expect_messages(BYTES("\x81\x00\x81\x01x"), (const char *const[]){ "", "x", NULL });
}

static void what_the_protocol_forbids_ends_the_reading(void **state)
{
    const struct {
        struct slice bytes;
        const char *error;
    } cases[] = {
        { BYTES("\xc1\x05Hello"), "a frame with reserved bits" },
        { BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "a masked frame from a server" },
        { BYTES("\x83\x01x"), "a frame of an unknown kind" },
        { BYTES("\x8b\x01x"), "a control frame that is unknown, long or in pieces" },
        { BYTES("\x09\x01x"), "a control frame that is unknown, long or in pieces" },
        { BYTES("\x89\x7e\x00\x7e"), "a control frame that is unknown, long or in pieces" },
        { BYTES("\x80\x01x"), "a fragment that belongs to nothing" },
        { BYTES("\x01\x01x\x01\x01y"), "a fragment that belongs to nothing" },
        { BYTES("\x81\x7e\x00\x7d"), "a length that is not in its shortest form" },
        { BYTES("\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff"),
          "a length that is not in its shortest form" },
        { BYTES("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), "a message that is too long" },
        { BYTES("\x81\x7e\x10\x01"), "a message that is too long" },
        { BYTES("\x81\x02\xc3\x28"), "a text that is not UTF-8" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct websocket_reader reader;
        enum websocket_opcode opcode;
        struct slice payload;

        websocket_reader_init(&reader, LIMIT_BYTES);
        assert_int_equal(websocket_reader_add(&reader, cases[i].bytes), RC_OK);
        assert_int_not_equal(websocket_reader_next(&reader, &opcode, &payload), RC_OK);
        assert_non_null(reader.error);
        assert_string_equal(reader.error, cases[i].error);
        /* and stays ended */
        assert_int_equal(websocket_reader_next(&reader, &opcode, &payload), RC_INVALID);
        websocket_reader_free(&reader);
    }
}

static void fragments_together_may_not_pass_the_limit(void **state)
{
    static const char piece[] = "\x00\x7d"
                                "12345678901234567890123456789012345678901234567890123456789012"
                                "345678901234567890123456789012345678901234567890123456789012345";
    struct websocket_reader reader;
    enum websocket_opcode opcode;
    struct slice payload;
    enum rc rc = RC_NOT_FOUND;

    (void)state;
    websocket_reader_init(&reader, LIMIT_BYTES);
    assert_int_equal(websocket_reader_add(&reader, BYTES("\x01\x01x")), RC_OK);
    for (size_t i = 0; i < 100 && rc == RC_NOT_FOUND; i++) {
        assert_int_equal(websocket_reader_add(&reader, BYTES(piece)), RC_OK);
        rc = websocket_reader_next(&reader, &opcode, &payload);
    }
    assert_int_equal(rc, RC_LIMIT);
    websocket_reader_free(&reader);
}

/* --- the handshake --- */

static struct arena *new_arena(void)
{
    struct arena *arena;

    assert_int_equal(arena_new((size_t)1 << 20, &arena), RC_OK);
    return arena;
}

static void only_wss_and_this_machine_are_gone_to(void **state)
{
    static const struct {
        const char *url;
        enum rc rc;
        const char *authority, *target;
    } cases[] = {
        { "wss://wss.example.com/link/?ticket=1&app=2", RC_OK, "wss.example.com",
          "/link/?ticket=1&app=2" },
        { "wss://wss.example.com:8443", RC_OK, "wss.example.com:8443", "/" },
        { "wss://wss.example.com?ticket=1", RC_OK, "wss.example.com", "/?ticket=1" },
        { "ws://127.0.0.1:4000/x", RC_OK, "127.0.0.1:4000", "/x" },
        { "ws://[::1]:4000/x", RC_OK, "[::1]:4000", "/x" },
        { "ws://wss.example.com/x", RC_INVALID, NULL, NULL },
        { "ws://localhost.example.com/x", RC_INVALID, NULL, NULL },
        { "https://wss.example.com/", RC_INVALID, NULL, NULL },
        { "wss://", RC_INVALID, NULL, NULL },
        { "wss://user@wss.example.com/", RC_INVALID, NULL, NULL },
        { "wss://wss.example.com/a b", RC_INVALID, NULL, NULL },
        { "wss://wss.example.com/a\r\nX: y", RC_INVALID, NULL, NULL },
        { "wss://wss.example.com/#x", RC_INVALID, NULL, NULL },
    };
    struct arena *arena = new_arena();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct websocket_url url;

        assert_int_equal(websocket_url_parse(slice_of(cases[i].url), arena, &url), cases[i].rc);
        if (cases[i].rc)
            continue;
        assert_slice(url.authority, cases[i].authority);
        assert_slice(url.target, cases[i].target);
    }
    arena_free(arena);
}

#define KEY "dGhlIHNhbXBsZSBub25jZQ==" /* RFC 6455, section 1.3 */

static void the_answer_must_open_a_websocket(void **state)
{
    static const struct {
        const char *answer;
        enum rc rc;
    } cases[] = {
        { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
          RC_OK },
        { "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: keep-alive, "
          "upgrade\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x01x",
          RC_OK },
        { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
          RC_NOT_FOUND },
        { "HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
          RC_INVALID },
        { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
          RC_INVALID },
        { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
          RC_INVALID },
        { "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Extensions: permessage-deflate\r\n"
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
          RC_INVALID },
    };
    struct arena *arena = new_arena();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t head_bytes;

        assert_int_equal(
            websocket_handshake_check(slice_of(cases[i].answer), SLICE(KEY), arena, &head_bytes),
            cases[i].rc);
    }
    arena_free(arena);
}

/* --- a connection --- */

struct server {
    int fd, port;
    pthread_t thread;
    const char *refusal; /* instead of opening a WebSocket */
    const char *after;   /* what it sends once the connection is open */
    size_t after_len;
    const char *echo; /* what it sends when something has come, so many times */
    int n_echoes;
    bool is_forgetful; /* of what it heard */
    char heard[512];
    size_t heard_len;
};

static void answer_handshake(int fd, const struct server *server)
{
    char request[4096] = { 0 };
    size_t len = 0;
    struct arena *arena = new_arena();
    struct slice joined, accept;
    struct sha1 digest;
    const char *key;
    char head[512 + LIMIT_BYTES];
    int head_len;

    while (!strstr(request, "\r\n\r\n")) {
        ssize_t n = recv(fd, request + len, sizeof request - 1 - len, 0);

        assert_true(n > 0);
        len += (size_t)n;
    }
    if (server->refusal) {
        assert_true(send(fd, server->refusal, strlen(server->refusal), MSG_NOSIGNAL) > 0);
        arena_free(arena);
        return;
    }
    key = strstr(request, "Sec-WebSocket-Key: ") + strlen("Sec-WebSocket-Key: ");
    assert_int_equal(arena_format(arena, &joined, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key),
                     RC_OK);
    assert_int_equal(sha1_of(joined, &digest), RC_OK);
    assert_int_equal(
        base64_encode((struct slice){ (const char *)digest.bytes, SHA1_BYTES }, arena, &accept),
        RC_OK);
    head_len = snprintf(head, sizeof head,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Accept: %.28s\r\n\r\n",
                        accept.ptr);
    assert_true(head_len > 0 && (size_t)head_len + server->after_len < sizeof head);
    /* In one piece: the first frames may come with the head. */
    memcpy(head + head_len, server->after, server->after_len);
    assert_int_equal(send(fd, head, (size_t)head_len + server->after_len, MSG_NOSIGNAL),
                     (ssize_t)((size_t)head_len + server->after_len));
    arena_free(arena);
}

static void *serve(void *context)
{
    struct server *server = context;
    int fd = accept(server->fd, NULL, NULL);

    answer_handshake(fd, server);
    while (!server->refusal) {
        ssize_t n = recv(fd, server->heard + server->heard_len,
                         sizeof server->heard - server->heard_len, 0);

        if (n <= 0)
            break;
        server->heard_len = server->is_forgetful ? 0 : server->heard_len + (size_t)n;
        if (server->n_echoes-- > 0)
            (void)!send(fd, server->echo, strlen(server->echo), MSG_NOSIGNAL);
    }
    close(fd);
    return NULL;
}

static void start_server(struct server *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;

    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server->fd, 1), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &len), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void start(struct server *server, struct slice after)
{
    *server = (struct server){ .after = after.ptr, .after_len = after.len };
    start_server(server);
}

static void stop(struct server *server)
{
    pthread_join(server->thread, NULL);
    close(server->fd);
}

/* The two ways of websocket_private.h; where this libcurl has none of its own, the second is the first again. */
static const bool by_us = true, by_libcurl = false;

static enum rc open_to(const struct server *server, void **state, struct websocket **websocket,
                       const char **error)
{
    char url[64];

    snprintf(url, sizeof url, "ws://127.0.0.1:%d/link", server->port);
    return websocket_open(&(struct websocket_options){ .url = slice_of(url),
                                                       .message_limit_bytes = LIMIT_BYTES,
                                                       .own_framing = *(const bool *)*state },
                          websocket, error);
}

static struct websocket *connect_to(const struct server *server, void **state)
{
    struct websocket *websocket = NULL;
    const char *error = NULL;

    assert_int_equal(open_to(server, state, &websocket, &error), RC_OK);
    return websocket;
}

static enum rc await_text(struct websocket *websocket, struct slice *text, const char **error)
{
    enum rc rc;

    while ((rc = websocket_receive(websocket, text, error)) == RC_NOT_FOUND) {
        struct pollfd fd = { .fd = websocket_fd(websocket), .events = POLLIN };

        assert_int_equal(poll(&fd, 1, 10000), 1);
    }
    return rc;
}

static void texts_that_come_with_the_handshake_are_not_lost(void **state)
{
    struct server server;
    struct websocket *websocket;
    const char *error;
    struct slice text;

    start(&server, BYTES("\x81\x05Hello\x89\x02hi\x81\x03you"));
    websocket = connect_to(&server, state);
    assert_int_equal(await_text(websocket, &text, &error), RC_OK);
    assert_slice(text, "Hello");
    assert_int_equal(await_text(websocket, &text, &error), RC_OK);
    assert_slice(text, "you");
    assert_int_equal(websocket_send(websocket, SLICE("thanks")), RC_OK);
    websocket_free(websocket);
    stop(&server);
    /* a pong of 2 bytes, a text of 6, a close of 2, each with its mask */
    assert_int_equal(server.heard_len, (6 + 2) + (6 + 6) + (6 + 2));
    assert_int_equal((uint8_t)server.heard[0], 0x8a);
    assert_int_equal((uint8_t)server.heard[8], 0x81);
    assert_int_equal((uint8_t)server.heard[20], 0x88);
}

static void a_close_is_answered_and_ends_it(void **state)
{
    struct server server;
    struct websocket *websocket;
    const char *error;
    struct slice text;

    start(&server, BYTES("\x88\x02\x03\xe9"));
    websocket = connect_to(&server, state);
    assert_int_equal(await_text(websocket, &text, &error), RC_IO);
    assert_string_equal(error, "closed by the server");
    assert_int_equal(websocket_send(websocket, SLICE("too late")), RC_IO);
    websocket_free(websocket);
    stop(&server);
    assert_int_equal(server.heard_len, 6 + 2); /* one close, no more */
}

/* What we wrote: frames of less than 126 bytes, without their masks. */
static void expect_heard(const struct server *server, const char *const *frames)
{
    size_t at = 0;

    for (size_t i = 0; frames[i]; i++) {
        size_t len = strlen(frames[i] + 1);

        assert_true(at + 6 + len <= server->heard_len);
        assert_int_equal((uint8_t)server->heard[at], (uint8_t)frames[i][0]);
        assert_int_equal((uint8_t)server->heard[at + 1], 0x80 | len);
        for (size_t j = 0; j < len; j++)
            assert_int_equal(server->heard[at + 6 + j] ^ server->heard[at + 2 + j % 4],
                             frames[i][1 + j]);
        at += 6 + len;
    }
    assert_int_equal(at, server->heard_len);
}

static void pings_between_fragments_are_answered_with_what_they_brought(void **state)
{
    struct server server;
    struct websocket *websocket;
    const char *error;
    struct slice text;

    start(&server, BYTES("\x01\x03Hel\x89\x00\x00\x01l\x89\x04ping\x80\x01o\x81\x01!"));
    websocket = connect_to(&server, state);
    assert_int_equal(await_text(websocket, &text, &error), RC_OK);
    assert_slice(text, "Hello");
    assert_int_equal(await_text(websocket, &text, &error), RC_OK);
    assert_slice(text, "!");
    websocket_free(websocket);
    stop(&server);
    expect_heard(&server, (const char *const[]){ "\x8a", "\x8aping", "\x88\x03\xe8", NULL });
}

static void a_ping_in_two_pieces_is_one(void **state)
{
    const struct slice after = BYTES("\x81\x01x\x89\x04pi");
    struct server server = {
        .after = after.ptr, .after_len = after.len, .echo = "ng\x81\x01y", .n_echoes = 1
    };
    struct websocket *websocket;
    const char *error;
    struct slice text;

    start_server(&server);
    websocket = connect_to(&server, state);
    assert_int_equal(await_text(websocket, &text, &error), RC_OK);
    assert_slice(text, "x");
    assert_int_equal(websocket_receive(websocket, &text, &error), RC_NOT_FOUND);
    assert_int_equal(websocket_send(websocket, SLICE("go on")), RC_OK);
    assert_int_equal(await_text(websocket, &text, &error), RC_OK);
    assert_slice(text, "y");
    websocket_free(websocket);
    stop(&server);
    expect_heard(&server, (const char *const[]){ "\x81go on", "\x8aping", "\x88\x03\xe8", NULL });
}

static void what_may_not_be_taken_ends_it(void **state)
{
    static char too_long[LIMIT_BYTES + 5] = "\x81\x7e\x10\x01";
    const struct {
        struct slice bytes;
        const char *error;
        enum rc rc;
    } cases[] = {
        { { too_long, sizeof too_long }, "a message that is too long", RC_LIMIT },
        { BYTES("\x81\x02\xc3\x28"), "a text that is not UTF-8", RC_INVALID },
        { BYTES("\x82\x01x"), "a message that is not text", RC_INVALID },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct server server;
        struct websocket *websocket;
        const char *error;
        struct slice text;

        start(&server, cases[i].bytes);
        websocket = connect_to(&server, state);
        assert_int_equal(await_text(websocket, &text, &error), cases[i].rc);
        assert_string_equal(error, cases[i].error);
        assert_int_equal(websocket_send(websocket, SLICE("too late")), RC_IO);
        websocket_free(websocket);
        stop(&server);
    }
}

/* Ping and pong, to and fro, until the clock has moved. */
static void a_ping_counts_as_heard(void **state)
{
    struct server server = { .after = "\x89\x01x",
                             .after_len = 3,
                             .echo = "\x89\x01x",
                             .n_echoes = INT_MAX,
                             .is_forgetful = true };
    int64_t until_mono_ms = clock_mono_ms() + 10000, opened_mono_ms;
    struct websocket *websocket;
    const char *error;
    struct slice text;

    start_server(&server);
    websocket = connect_to(&server, state);
    opened_mono_ms = websocket_heard_mono_ms(websocket);
    while (websocket_heard_mono_ms(websocket) == opened_mono_ms && clock_mono_ms() < until_mono_ms)
        assert_int_equal(websocket_receive(websocket, &text, &error), RC_NOT_FOUND);
    assert_true(websocket_heard_mono_ms(websocket) > opened_mono_ms);
    websocket_free(websocket);
    stop(&server);
}

static void a_server_that_opens_no_websocket_is_told_from_one_that_is_not_there(void **state)
{
    struct server server = { .refusal = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" };
    struct websocket *websocket = NULL;
    const char *error = NULL;

    start_server(&server);
    assert_int_equal(open_to(&server, state, &websocket, &error), RC_INVALID);
    assert_string_equal(error, "the server does not open a WebSocket there");
    assert_null(websocket);
    stop(&server);
}

static void nobody_there_is_said(void **state)
{
    struct websocket *websocket = NULL;
    const char *error = NULL;

    assert_int_equal(open_to(&(struct server){ .port = 1 }, state, &websocket, &error), RC_IO);
    assert_string_equal(error, "could not connect");
    assert_null(websocket);
}

#define BOTH_WAYS(story)                                                                           \
    { #story, story, NULL, NULL, (void *)(uintptr_t)&by_us },                                      \
    {                                                                                              \
#story "_by_libcurl", story, NULL, NULL, (void *)(uintptr_t)&by_libcurl                    \
    }

static int begin(void **state)
{
    (void)state;
    return http_client_init() || digest_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_written_masked_in_one_frame),
        cmocka_unit_test(lengths_are_written_in_their_shortest_form),
        cmocka_unit_test(messages_are_read_whole_however_they_arrive),
        cmocka_unit_test(what_the_protocol_forbids_ends_the_reading),
        cmocka_unit_test(fragments_together_may_not_pass_the_limit),
        cmocka_unit_test(only_wss_and_this_machine_are_gone_to),
        cmocka_unit_test(the_answer_must_open_a_websocket),
        BOTH_WAYS(texts_that_come_with_the_handshake_are_not_lost),
        BOTH_WAYS(a_close_is_answered_and_ends_it),
        BOTH_WAYS(pings_between_fragments_are_answered_with_what_they_brought),
        BOTH_WAYS(a_ping_in_two_pieces_is_one),
        BOTH_WAYS(what_may_not_be_taken_ends_it),
        BOTH_WAYS(a_ping_counts_as_heard),
        BOTH_WAYS(a_server_that_opens_no_websocket_is_told_from_one_that_is_not_there),
        BOTH_WAYS(nobody_there_is_said),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
