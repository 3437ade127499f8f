/* libcurl's own WebSocket, from 8.14 on: the first with CURLWS_NOAUTOPONG. It refuses masked frames, reserved bits, unknown opcodes and fragments that belong to
 * nothing; that a text is UTF-8 is checked here. It does not compare Sec-WebSocket-Accept. */
#include "src/base/clock.h"
#include "src/base/utf8.h"
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

/* libcurl shook hands when it connected. A ping that it answered by itself would never be seen here, and the peer be thought silent. */
static enum rc open_libcurl(struct websocket *websocket, const struct websocket_url *url,
                            const char **error)
{
    CURLcode code = curl_easy_setopt(websocket->easy, CURLOPT_WS_OPTIONS, (long)CURLWS_NOAUTOPONG);

    (void)url;
    *error = "this libcurl answers pings by itself";
    return code == CURLE_OK ? RC_OK : RC_IO;
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

static enum rc add_piece(struct websocket_reader *reader, const struct curl_ws_frame *meta,
                         bool is_message, struct slice piece)
{
    struct buffer *to = is_message ? &reader->message : &reader->control;

    if (is_message ? reader->opcode == WEBSOCKET_CONTINUATION : meta->offset == 0)
        buffer_clear(to);
    buffer_add(to, piece);
    return buffer_rc(to);
}

/* A frame may come in pieces, and a control frame between the fragments of a message. RC_BUSY: it is not whole. */
static enum rc take_piece(struct websocket_reader *reader, const struct curl_ws_frame *meta,
                          struct slice piece, enum websocket_opcode *opcode, struct slice *payload)
{
    bool is_message;
    enum rc rc;

    *opcode = opcode_of(meta->flags);
    is_message = *opcode == WEBSOCKET_TEXT || *opcode == WEBSOCKET_BINARY;
    rc = add_piece(reader, meta, is_message, piece);
    if (rc)
        return rc;
    if (is_message)
        reader->opcode = *opcode;
    if (meta->bytesleft || (is_message && meta->flags & CURLWS_CONT))
        return RC_BUSY;
    *payload = buffer_slice(is_message ? &reader->message : &reader->control);
    if (is_message)
        reader->opcode = WEBSOCKET_CONTINUATION;
    if (*opcode == WEBSOCKET_TEXT && !utf8_is_valid(payload->ptr, payload->len))
        return RC_INVALID;
    return RC_OK;
}

static enum rc receive_libcurl(struct websocket *websocket, enum websocket_opcode *opcode,
                               struct slice *payload, const char **error)
{
    enum rc rc = RC_BUSY;

    while (rc == RC_BUSY) {
        char bytes[PIECE_BYTES];
        struct slice piece = { bytes, 0 };
        const struct curl_ws_frame *meta = NULL;
        CURLcode code = curl_ws_recv(websocket->easy, bytes, sizeof bytes, &piece.len, &meta);

        if (code == CURLE_AGAIN)
            return RC_NOT_FOUND;
        *error = "the connection broke";
        if (code != CURLE_OK || !meta)
            return RC_IO;
        websocket->heard_mono_ms = clock_mono_ms();
        rc = take_piece(&websocket->reader, meta, piece, opcode, payload);
        *error = rc == RC_INVALID ? "a text that is not UTF-8" : "a message that is too long";
    }
    return rc;
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
    CURLcode code;

    if (!payload.len)
        payload = SLICE("");
    /* What is empty has a head, which may have to wait as well. */
    do {
        size_t n_sent = 0;

        code = curl_ws_send(websocket->easy, payload.ptr, payload.len, &n_sent, 0, flags[opcode]);
        if (code != CURLE_OK && code != CURLE_AGAIN)
            return RC_IO;
        payload.ptr += n_sent;
        payload.len -= n_sent;
        if (code == CURLE_AGAIN) {
            enum rc rc = websocket_await(websocket, POLLOUT, until_mono_ms);

            if (rc)
                return rc;
        }
    } while (code == CURLE_AGAIN || payload.len);
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
