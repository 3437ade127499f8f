#include "src/base/websocket.h"

#include "src/base/clock.h"
#include "src/base/websocket_private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#define CONNECT_MS 5000L
#define GIVE_UP_MS 1000
#define CLOSE_NORMAL SLICE("\x03\xe8") /* status 1000 */
#define CONNECT_ONLY_BARE 1L
#define CONNECT_ONLY_WEBSOCKET 2L

enum rc websocket_await(const struct websocket *websocket, short events, int64_t until_mono_ms)
{
    struct pollfd fd = { .fd = websocket->fd, .events = events };
    int64_t left_ms = until_mono_ms - clock_mono_ms();
    int n_ready;

    if (left_ms <= 0)
        return RC_TIMEOUT;
    if (websocket->give_up && *websocket->give_up)
        return RC_BUSY;
    n_ready = poll(&fd, 1, (int)(left_ms < GIVE_UP_MS ? left_ms : GIVE_UP_MS));
    if (n_ready < 0 && errno != EINTR)
        return RC_IO;
    return RC_OK;
}

#define SET(easy, option, value) (curl_easy_setopt((easy), (option), (value)) == CURLE_OK)

/* Not 0 ends the attempt. */
static int on_progress(void *context, curl_off_t to_get, curl_off_t got, curl_off_t to_send,
                       curl_off_t sent)
{
    const struct websocket *websocket = context;

    (void)to_get;
    (void)got;
    (void)to_send;
    (void)sent;
    return websocket->give_up && *websocket->give_up;
}

static bool configure(struct websocket *websocket, const struct websocket_url *url,
                      const char *ws_url)
{
    CURL *easy = websocket->easy;
    bool is_own = websocket->way == &websocket_own;

    return SET(easy, CURLOPT_URL, is_own ? url->http_url.ptr : ws_url) &&
           SET(easy, CURLOPT_PROTOCOLS_STR, is_own ? "http,https" : "ws,wss") &&
           SET(easy, CURLOPT_CONNECT_ONLY, is_own ? CONNECT_ONLY_BARE : CONNECT_ONLY_WEBSOCKET) &&
           SET(easy, CURLOPT_SSL_VERIFYPEER, 1L) && SET(easy, CURLOPT_SSL_VERIFYHOST, 2L) &&
           SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
           SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           SET(easy, CURLOPT_NOSIGNAL, 1L) && SET(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) &&
           SET(easy, CURLOPT_TIMEOUT_MS, 2 * CONNECT_MS) && SET(easy, CURLOPT_TCP_KEEPALIVE, 1L) &&
           SET(easy, CURLOPT_QUICK_EXIT, 1L) && SET(easy, CURLOPT_NOPROGRESS, 0L) &&
           SET(easy, CURLOPT_XFERINFODATA, websocket) &&
           SET(easy, CURLOPT_XFERINFOFUNCTION, on_progress) &&
           /* An ALPN of h2 would leave us with a protocol that is not asked for. */
           SET(easy, CURLOPT_SSL_ENABLE_ALPN, 0L) && (url->is_tls || SET(easy, CURLOPT_PROXY, ""));
}

static enum rc connect_to(struct websocket *websocket, const char **error)
{
    CURLcode code = curl_easy_perform(websocket->easy);

    *error = code == CURLE_OPERATION_TIMEDOUT ? "no answer in time" : "could not connect";
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        *error = "the certificate is not valid";
    if (code == CURLE_ABORTED_BY_CALLBACK)
        *error = "given up";
    /* Where libcurl shakes hands: any answer but 101. */
    if (code == CURLE_HTTP_RETURNED_ERROR) {
        *error = WEBSOCKET_IS_NOT_THERE;
        return RC_INVALID;
    }
    if (code != CURLE_OK)
        return code == CURLE_OPERATION_TIMEDOUT ? RC_TIMEOUT : RC_IO;
    code = curl_easy_getinfo(websocket->easy, CURLINFO_ACTIVESOCKET, &websocket->fd);
    return code == CURLE_OK && websocket->fd != CURL_SOCKET_BAD ? RC_OK : RC_IO;
}

static enum rc open_with(struct websocket *websocket, struct slice text, struct arena *arena,
                         const char **error)
{
    struct websocket_url url;
    struct slice ws_url;
    enum rc rc = websocket_url_parse(text, arena, &url);

    *error = "not the URL of a WebSocket";
    if (!rc)
        rc = arena_copy(arena, text, &ws_url);
    if (rc)
        return rc;
    *error = "out of memory";
    websocket->easy = curl_easy_init();
    if (!websocket->easy || !configure(websocket, &url, ws_url.ptr))
        return RC_NO_MEMORY;
    rc = connect_to(websocket, error);
    return rc ? rc : websocket->way->open(websocket, &url, error);
}

enum rc websocket_open(const struct websocket_options *options, struct websocket **websocket,
                       const char **error)
{
    struct websocket *made = calloc(1, sizeof *made);
    struct arena *arena = NULL;
    enum rc rc;

    *error = "out of memory";
    if (!made)
        return RC_NO_MEMORY;
    made->fd = CURL_SOCKET_BAD;
    made->is_over = true;
    made->give_up = options->give_up;
    made->way =
        !options->own_framing && websocket_libcurl_can() ? &websocket_libcurl : &websocket_own;
    websocket_reader_init(&made->reader, options->message_limit_bytes);
    rc = arena_new((size_t)256 << 10, &arena);
    if (!rc)
        rc = open_with(made, options->url, arena, error);
    arena_free(arena);
    if (rc) {
        websocket_free(made);
        return rc;
    }
    made->is_over = false;
    made->give_up = NULL;
    made->heard_mono_ms = clock_mono_ms();
    *websocket = made;
    return RC_OK;
}

void websocket_free(struct websocket *websocket)
{
    if (!websocket)
        return;
    /* Whether it arrives is no longer our business. */
    if (!websocket->is_over && websocket->way->send(websocket, WEBSOCKET_CLOSE, CLOSE_NORMAL))
        websocket->is_over = true;
    curl_easy_cleanup(websocket->easy);
    websocket_reader_free(&websocket->reader);
    free(websocket);
}

int websocket_fd(const struct websocket *websocket)
{
    return websocket->fd;
}

int64_t websocket_heard_mono_ms(const struct websocket *websocket)
{
    return websocket->heard_mono_ms;
}

static enum rc send_frame(struct websocket *websocket, enum websocket_opcode opcode,
                          struct slice payload)
{
    enum rc rc;

    if (websocket->is_over)
        return RC_IO;
    rc = websocket->way->send(websocket, opcode, payload);
    websocket->is_over = rc != RC_OK;
    return rc;
}

enum rc websocket_send(struct websocket *websocket, struct slice text)
{
    return send_frame(websocket, WEBSOCKET_TEXT, text);
}

enum rc websocket_ping(struct websocket *websocket)
{
    return send_frame(websocket, WEBSOCKET_PING, SLICE("vedette"));
}

/* What is not a text message is answered here. RC_BUSY: go on. */
static enum rc take_control(struct websocket *websocket, enum websocket_opcode opcode,
                            struct slice payload, const char **error)
{
    switch ((int)opcode) {
    case WEBSOCKET_PING:
        *error = "the connection broke";
        return send_frame(websocket, WEBSOCKET_PONG, payload) ? RC_IO : RC_BUSY;
    case WEBSOCKET_CLOSE:
        *error = "closed by the server";
        if (!send_frame(websocket, WEBSOCKET_CLOSE, payload.len >= 2 ? payload : CLOSE_NORMAL))
            websocket->is_over = true;
        return RC_IO;
    case WEBSOCKET_BINARY:
        *error = "a message that is not text";
        return RC_INVALID;
    default:
        return RC_BUSY;
    }
}

enum rc websocket_receive(struct websocket *websocket, struct slice *text, const char **error)
{
    enum websocket_opcode opcode;
    enum rc rc;

    *error = "it is over";
    if (websocket->is_over)
        return RC_IO;
    do {
        rc = websocket->way->receive(websocket, &opcode, text, error);
        if (!rc && opcode != WEBSOCKET_TEXT)
            rc = take_control(websocket, opcode, *text, error);
    } while (rc == RC_BUSY);
    if (rc && rc != RC_NOT_FOUND)
        websocket->is_over = true;
    return rc;
}
