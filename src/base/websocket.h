/* websocket.h - one WebSocket to a server, opened by us: text messages in and out; pings are answered.
 *
 * RFC 6455. libcurl opens the connection (certificates checked, the environment's proxy honoured). From 8.14 on it also speaks the protocol, where it was built to;
 * before that its WebSocket is missing from Debian's build or not yet stable, and we frame ourselves (websocket_frame.h) over a bare connection. wss only; ws to
 * this machine. The URL may be a secret: it is never logged here, nor part of an error. Belongs to one thread. */
#pragma once

#include "src/base/arena.h"
#include "src/base/buffer.h"

struct websocket;

struct websocket_options {
    struct slice url;
    size_t message_limit_bytes; /* of one that is received */
    const _Atomic bool *
        give_up; /* looked at about once a second while it is opened: true ends that. NULL: nobody gives up */
    bool own_framing; /* also where libcurl could: for tests */
};

/* Waits for the handshake, at most 10 s. RC_INVALID, RC_IO, RC_TIMEOUT, RC_NO_MEMORY: `*error` says why (static). */
enum rc websocket_open(const struct websocket_options *options, struct websocket **websocket,
                       const char **error) MUST_CHECK;
/* Says good-bye where it still can. Accepts NULL. */
void websocket_free(struct websocket *websocket);
/* Readable when something has arrived; call websocket_receive until it finds nothing. */
int websocket_fd(const struct websocket *websocket);
/* The next text message; borrowed until the next call. RC_NOT_FOUND: none at present. Any other: it is over, and `*error` says why (static). */
enum rc websocket_receive(struct websocket *websocket, struct slice *text,
                          const char **error) MUST_CHECK;
/* Waits until it has left, at most 5 s. RC_IO, RC_TIMEOUT: it is over. */
enum rc websocket_send(struct websocket *websocket, struct slice text) MUST_CHECK;
/* Asks whether the peer is there; the pong counts as heard. */
enum rc websocket_ping(struct websocket *websocket) MUST_CHECK;
/* When anything came last, on the monotonic clock. */
int64_t websocket_heard_mono_ms(const struct websocket *websocket);
