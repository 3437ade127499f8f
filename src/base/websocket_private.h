/* websocket_private.h - the two ways to speak the protocol; for websocket*.c alone. */
#pragma once

#include "src/base/websocket.h"
#include "src/base/websocket_frame.h"
#include "src/base/websocket_handshake.h"

#include <curl/curl.h>

#define WEBSOCKET_IS_NOT_THERE "the server does not open a WebSocket there"

struct websocket;

/* Each is as its namesake in websocket.h says. */
struct websocket_way {
    /* The connection is made; the handshake is this one's. */
    enum rc (*open)(struct websocket *websocket, const struct websocket_url *url,
                    const char **error);
    enum rc (*receive)(struct websocket *websocket, enum websocket_opcode *opcode,
                       struct slice *payload, const char **error);
    enum rc (*send)(struct websocket *websocket, enum websocket_opcode opcode,
                    struct slice payload);
};
extern const struct websocket_way websocket_own, websocket_libcurl;
/* Does this libcurl have a WebSocket that is worth using? */
bool websocket_libcurl_can(void);

struct websocket {
    const struct websocket_way *way;
    CURL *easy;
    curl_socket_t fd;
    struct websocket_reader reader;
    int64_t heard_mono_ms;
    const _Atomic bool *give_up; /* while it is opened */
    bool is_over;
};

/* Waits until the socket is readable or writable; RC_TIMEOUT, RC_IO. */
enum rc websocket_await(const struct websocket *websocket, short events,
                        int64_t until_mono_ms) MUST_CHECK;
