/* websocket_handshake.h - the HTTP request that opens a WebSocket, and whether its answer does (RFC 6455, section 4). Pure. */
#pragma once

#include "src/base/arena.h"

#define WEBSOCKET_NONCE_BYTES 16
#define WEBSOCKET_HANDSHAKE_LIMIT_BYTES 16384 /* of the answer's head */

/* "ws"/"wss" taken apart: `target` is path and query; `authority` host and port as Host wants them. RC_INVALID when it is no such URL, or ws to another machine. */
struct websocket_url {
    struct slice authority, target;
    bool is_tls;
    struct slice http_url; /* the same host by http or https, for libcurl */
};
enum rc websocket_url_parse(struct slice url, struct arena *arena,
                            struct websocket_url *parts) MUST_CHECK;

/* `key` is the nonce in base64. */
enum rc websocket_handshake_request(const struct websocket_url *url,
                                    const uint8_t nonce[WEBSOCKET_NONCE_BYTES], struct arena *arena,
                                    struct slice *request, struct slice *key) MUST_CHECK;
/* `bytes` are what has arrived. RC_OK: open, and the frames begin at `*head_bytes`. RC_NOT_FOUND: the head is not whole yet. RC_INVALID: no WebSocket there. */
enum rc websocket_handshake_check(struct slice bytes, struct slice key, struct arena *arena,
                                  size_t *head_bytes) MUST_CHECK;
