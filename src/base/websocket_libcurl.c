/* libcurl's own WebSocket, from 8.14 on. */
#include "src/base/clock.h"
#include "src/base/websocket_private.h"

#include <poll.h>
#include <string.h>

#define SINCE_VERSION 0x080e00

#if LIBCURL_VERSION_NUM >= SINCE_VERSION

#define SEND_MS 5000
#define PIECE_BYTES 16384

bool websocket_libcurl_can(void)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    if (info->version_num < SINCE_VERSION)
        return false;
    for (const char *const *name = info->protocols; *name; name++)
        if (!strcmp(*name, "wss"))
            return true;
    return false;
}

/* libcurl shook hands when it connected. */
static enum rc open_libcurl(struct websocket *websocket, const struct websocket_url *url,
                            const char **error)
{
    (void)websocket;
    (void)url;
    (void)error;
    return RC_OK;
}

static enum websocket_opcode opcode_of(int flags)
{
    if (flags & CURLWS_CLOSE)
        return WEBSOCKET_CLOSE;
    if (flags & CURLWS_PING)
        return WEBSOCKET_PING;
    if (flags & CURLWS_PONG)
        return WEBSOCKET_PONG;
    return flags & CURLWS_BINARY ? WEBSOCKET_BINARY : WEBSOCKET_TEXT;
}

/* A control frame may come between the fragments of a message, whole: it is handed out by itself. */
static enum rc receive_libcurl(struct websocket *websocket, enum websocket_opcode *opcode,
                               struct slice *payload, const char **error)
{
    struct websocket_reader *reader = &websocket->reader;
    char piece[PIECE_BYTES];

    if (reader->opcode == WEBSOCKET_CONTINUATION)
        buffer_clear(&reader->message);
    buffer_clear(&reader->control);
    for (;;) {
        const struct curl_ws_frame *meta = NULL;
        size_t n_read = 0;
        CURLcode code = curl_ws_recv(websocket->easy, piece, sizeof piece, &n_read, &meta);
        enum websocket_opcode here;
        bool is_message;
        struct buffer *to;

        if (code == CURLE_AGAIN)
            return RC_NOT_FOUND;
        *error = "the connection broke";
        if (code != CURLE_OK || !meta)
            return RC_IO;
        websocket->heard_mono_ms = clock_mono_ms();
        here = opcode_of(meta->flags);
        is_message = here == WEBSOCKET_TEXT || here == WEBSOCKET_BINARY;
        to = is_message ? &reader->message : &reader->control;
        buffer_add(to, (struct slice){ piece, n_read });
        *error = "a message that is too long";
        if (buffer_rc(to))
            return RC_LIMIT;
        if (is_message)
            reader->opcode = here;
        if (meta->bytesleft || (is_message && meta->flags & CURLWS_CONT))
            continue;
        if (is_message)
            reader->opcode = WEBSOCKET_CONTINUATION;
        *opcode = here;
        *payload = buffer_slice(to);
        return RC_OK;
    }
}

static enum rc send_libcurl(struct websocket *websocket, enum websocket_opcode opcode,
                            struct slice payload)
{
    static const unsigned flags[] = { [WEBSOCKET_TEXT] = CURLWS_TEXT,
                                      [WEBSOCKET_BINARY] = CURLWS_BINARY,
                                      [WEBSOCKET_CLOSE] = CURLWS_CLOSE,
                                      [WEBSOCKET_PING] = CURLWS_PING,
                                      [WEBSOCKET_PONG] = CURLWS_PONG };
    int64_t until_mono_ms = clock_mono_ms() + SEND_MS;

    do {
        size_t n_sent = 0;
        CURLcode code = curl_ws_send(websocket->easy, payload.ptr ? payload.ptr : "", payload.len,
                                     &n_sent, 0, flags[opcode]);
        enum rc rc = RC_OK;

        payload.ptr += n_sent;
        payload.len -= n_sent;
        if (code == CURLE_AGAIN)
            rc = websocket_await(websocket, POLLOUT, until_mono_ms);
        else if (code != CURLE_OK)
            rc = RC_IO;
        if (rc)
            return rc;
    } while (payload.len);
    return RC_OK;
}

const struct websocket_way websocket_libcurl = { .open = open_libcurl,
                                                 .receive = receive_libcurl,
                                                 .send = send_libcurl };

#else

bool websocket_libcurl_can(void)
{
    return false;
}

const struct websocket_way websocket_libcurl = { 0 };

#endif
