/* Frames of our own over a bare connection that libcurl made (CURLOPT_CONNECT_ONLY). */
#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/websocket_private.h"

#include <poll.h>

#define HANDSHAKE_MS 10000
#define SEND_MS 5000
#define PIECE_BYTES 16384

static enum rc send_all(struct websocket *websocket, struct slice bytes)
{
    int64_t until_mono_ms = clock_mono_ms() + SEND_MS;

    while (bytes.len) {
        size_t n_sent = 0;
        CURLcode code = curl_easy_send(websocket->easy, bytes.ptr, bytes.len, &n_sent);
        enum rc rc = RC_OK;

        bytes.ptr += n_sent;
        bytes.len -= n_sent;
        if (code == CURLE_AGAIN)
            rc = websocket_await(websocket, POLLOUT, until_mono_ms);
        else if (code != CURLE_OK)
            rc = RC_IO;
        if (rc)
            return rc;
    }
    return RC_OK;
}

/* What has arrived goes to the reader. RC_NOT_FOUND: nothing has. */
static enum rc read_some(struct websocket *websocket)
{
    char piece[PIECE_BYTES];
    size_t n_read = 0;
    CURLcode code = curl_easy_recv(websocket->easy, piece, sizeof piece, &n_read);

    if (code == CURLE_AGAIN)
        return RC_NOT_FOUND;
    if (code != CURLE_OK || !n_read)
        return RC_IO;
    websocket->heard_mono_ms = clock_mono_ms();
    return websocket_reader_add(&websocket->reader, (struct slice){ piece, n_read });
}

/* The frames that came with the answer's head stay in the reader. */
static enum rc await_answer(struct websocket *websocket, struct slice key, struct arena *arena)
{
    int64_t until_mono_ms = clock_mono_ms() + HANDSHAKE_MS;
    struct buffer *bytes = &websocket->reader.bytes;
    size_t head_bytes = 0;
    enum rc rc;

    do {
        rc = read_some(websocket);
        if (rc == RC_NOT_FOUND)
            rc = websocket_await(websocket, POLLIN, until_mono_ms);
        if (rc)
            return rc;
        rc = websocket_handshake_check(buffer_slice(bytes), key, arena, &head_bytes);
    } while (rc == RC_NOT_FOUND);
    if (!rc)
        buffer_drop(bytes, head_bytes);
    return rc;
}

static enum rc shake_hands(struct websocket *websocket, const struct websocket_url *url,
                           struct arena *arena)
{
    uint8_t nonce[WEBSOCKET_NONCE_BYTES];
    struct slice request, key;
    enum rc rc = random_bytes(nonce, sizeof nonce);

    if (!rc)
        rc = websocket_handshake_request(url, nonce, arena, &request, &key);
    if (!rc)
        rc = send_all(websocket, request);
    return rc ? rc : await_answer(websocket, key, arena);
}

static enum rc open_own(struct websocket *websocket, const struct websocket_url *url,
                        const char **error)
{
    struct arena *arena = NULL;
    enum rc rc = arena_new((size_t)256 << 10, &arena);

    if (!rc)
        rc = shake_hands(websocket, url, arena);
    arena_free(arena);
    if (rc == RC_INVALID)
        *error = WEBSOCKET_IS_NOT_THERE;
    else if (rc == RC_TIMEOUT)
        *error = "no answer in time";
    else if (rc)
        *error = "the connection broke before the WebSocket was open";
    return rc;
}

static enum rc receive_own(struct websocket *websocket, enum websocket_opcode *opcode,
                           struct slice *payload, const char **error)
{
    for (;;) {
        enum rc rc = websocket_reader_next(&websocket->reader, opcode, payload);

        if (rc == RC_INVALID || rc == RC_LIMIT)
            *error = websocket->reader.error;
        if (rc != RC_NOT_FOUND)
            return rc;
        rc = read_some(websocket);
        if (rc) {
            *error = "the connection broke";
            return rc;
        }
    }
}

static enum rc send_own(struct websocket *websocket, enum websocket_opcode opcode,
                        struct slice payload)
{
    uint8_t mask[WEBSOCKET_MASK_BYTES];
    struct buffer frame;
    enum rc rc = random_bytes(mask, sizeof mask);

    if (rc)
        return rc;
    buffer_init(&frame, 0);
    websocket_frame_write(opcode, payload, mask, &frame);
    rc = buffer_rc(&frame);
    if (!rc)
        rc = send_all(websocket, buffer_slice(&frame));
    buffer_free(&frame);
    return rc;
}

const struct websocket_way websocket_own = { .open = open_own,
                                             .receive = receive_own,
                                             .send = send_own };
