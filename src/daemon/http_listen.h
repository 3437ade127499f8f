/* http_listen.h - an address as text becomes a listening socket.
 *
 * "127.0.0.1:8420", "[::1]:8420", "localhost:0", ":8420" (every address), "unix:/run/…". A unix socket that nobody
 * serves any more is replaced; one that is served is refused, and the problem names the process. A socket that systemd
 * handed over for the address is taken instead of a new one. */
#pragma once

#include "src/base/problem.h"

#define LISTEN_ADDRESS_BYTES 128

struct http_listener {
    int fd;                             /* non-blocking; -1 when closed */
    char address[LISTEN_ADDRESS_BYTES]; /* with the port that was found */
    const char *unix_path;              /* inside `address`; NULL for TCP */
    bool is_inherited;                  /* systemd's (http_inherit.h): it outlives us */
    uint64_t device, inode; /* of the unix socket's file, so that only our own is removed */
};

/* RC_INVALID, RC_CONFLICT or RC_IO after adding a problem. */
enum rc http_listener_open(struct slice address, unsigned socket_mode, struct problems *problems,
                           struct http_listener *listener) MUST_CHECK;
/* New connections are refused from now on; the descriptor stays open for those who still look at it. */
void http_listener_stop(struct http_listener *listener);
void http_listener_close(struct http_listener *listener);
