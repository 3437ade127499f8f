#include "src/base/websocket_handshake.h"

#include "src/base/digest.h"

#include <string.h>

/* RFC 6455, section 1.3. */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static bool is_this_machine(struct slice authority)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i]);

        if (slice_starts(authority, slice_of(names[i])) &&
            (authority.len == len || authority.ptr[len] == ':'))
            return true;
    }
    return false;
}

static size_t authority_len(struct slice rest)
{
    size_t len = 0;

    while (len < rest.len && !memchr("/?#", rest.ptr[len], 3))
        len++;
    return len;
}

enum rc websocket_url_parse(struct slice url, struct arena *arena, struct websocket_url *parts)
{
    const struct slice secure = SLICE("wss://"), plain = SLICE("ws://");
    struct slice rest;

    *parts = (struct websocket_url){ .is_tls = slice_starts(url, secure) };
    if (!parts->is_tls && !slice_starts(url, plain))
        return RC_INVALID;
    rest = (struct slice){ url.ptr + (parts->is_tls ? secure.len : plain.len),
                           url.len - (parts->is_tls ? secure.len : plain.len) };
    parts->authority = (struct slice){ rest.ptr, authority_len(rest) };
    parts->target =
        (struct slice){ rest.ptr + parts->authority.len, rest.len - parts->authority.len };
    /* A user name has no place here, a fragment is not sent, and a blank would end the line. */
    if (!parts->authority.len || slice_has_control(url) || memchr(url.ptr, ' ', url.len) ||
        memchr(url.ptr, '#', url.len) || memchr(parts->authority.ptr, '@', parts->authority.len))
        return RC_INVALID;
    if (!parts->is_tls && !is_this_machine(parts->authority))
        return RC_INVALID;
    if (!parts->target.len || parts->target.ptr[0] != '/') {
        enum rc rc = arena_format(arena, &parts->target, "/%.*s", SLICE_ARG(parts->target));

        if (rc)
            return rc;
    }
    return arena_format(arena, &parts->http_url, "%s://%.*s/", parts->is_tls ? "https" : "http",
                        SLICE_ARG(parts->authority));
}

enum rc websocket_handshake_request(const struct websocket_url *url,
                                    const uint8_t nonce[WEBSOCKET_NONCE_BYTES], struct arena *arena,
                                    struct slice *request, struct slice *key)
{
    enum rc rc =
        base64_encode((struct slice){ (const char *)nonce, WEBSOCKET_NONCE_BYTES }, arena, key);

    if (rc)
        return rc;
    return arena_format(arena, request,
                        "GET %.*s HTTP/1.1\r\nHost: %.*s\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\nSec-WebSocket-Key: %.*s\r\n"
                        "Sec-WebSocket-Version: 13\r\nUser-Agent: vedette/" VEDETTE_VERSION
                        "\r\n\r\n",
                        SLICE_ARG(url->target), SLICE_ARG(url->authority), SLICE_ARG(*key));
}

static struct slice next_line(struct slice *head)
{
    const char *end = memmem(head->ptr, head->len, "\r\n", 2);
    struct slice line = { head->ptr, end ? (size_t)(end - head->ptr) : head->len };
    size_t taken = end ? line.len + 2 : line.len;

    head->ptr += taken;
    head->len -= taken;
    return line;
}

/* The value of the one header of this name; absent when there is none, or more. */
static struct slice header_of(struct slice head, const char *name)
{
    struct slice found = { 0 };
    bool is_there = false;

    next_line(&head); /* the status */
    while (head.len) {
        struct slice value = next_line(&head);
        struct slice here = slice_cut(&value, ':');

        if (!slice_eq_nocase(here, slice_of(name)))
            continue;
        if (is_there)
            return (struct slice){ 0 };
        is_there = true;
        found = slice_trim(value);
    }
    return found;
}

static bool has_token(struct slice list, struct slice token)
{
    while (list.len)
        if (slice_eq_nocase(slice_trim(slice_cut(&list, ',')), token))
            return true;
    return false;
}

static enum rc accept_of(struct slice key, struct arena *arena, struct slice *text)
{
    struct sha1 digest;
    struct slice joined;
    enum rc rc = arena_format(arena, &joined, "%.*s" GUID, SLICE_ARG(key));

    if (!rc)
        rc = sha1_of(joined, &digest);
    return rc ? rc
              : base64_encode((struct slice){ (const char *)digest.bytes, sizeof digest.bytes },
                              arena, text);
}

enum rc websocket_handshake_check(struct slice bytes, struct slice key, struct arena *arena,
                                  size_t *head_bytes)
{
    const char *end = memmem(bytes.ptr, bytes.len, "\r\n\r\n", 4);
    struct slice head, accept;
    enum rc rc;

    if (!end)
        return bytes.len > WEBSOCKET_HANDSHAKE_LIMIT_BYTES ? RC_INVALID : RC_NOT_FOUND;
    head = (struct slice){ bytes.ptr, (size_t)(end - bytes.ptr) };
    *head_bytes = head.len + 4;
    rc = accept_of(key, arena, &accept);
    if (rc)
        return rc;
    /* We ask for no extension and no subprotocol: one that is there was not asked for. */
    if (!slice_starts(head, SLICE("HTTP/1.1 101")) ||
        !slice_eq_nocase(header_of(head, "Upgrade"), SLICE("websocket")) ||
        !has_token(header_of(head, "Connection"), SLICE("upgrade")) ||
        !slice_eq(header_of(head, "Sec-WebSocket-Accept"), accept) ||
        header_of(head, "Sec-WebSocket-Extensions").len ||
        header_of(head, "Sec-WebSocket-Protocol").len)
        return RC_INVALID;
    return RC_OK;
}
