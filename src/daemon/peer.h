/* peer.h - is the process at the other end one of ours?
 *
 * What we started (actions, agents) decides nothing, whatever user it runs as and whatever it knows. On the Unix socket the kernel says who connected; on
 * loopback the connection's other end is looked up in /proc/net and searched for among our descendants. What cannot be told is ours. */
#pragma once

#include "src/daemon/http.h"

bool peer_is_descendant(const struct http_peer *peer);
/* The address that the connection came in on, without its port, as text in `arena`; absent for a Unix socket. */
enum rc peer_local_address(int fd, struct arena *arena, struct slice *address) MUST_CHECK;

/* For peer.c and its tests: the inode of the socket whose own end is `own` and whose other end is `other`, in the text of
 * /proc/net/tcp or tcp6. RC_NOT_FOUND; 0: the socket is there, its process is not. */
enum rc peer_inode_in(struct slice table, struct slice own, struct slice other,
                      uint64_t *inode) MUST_CHECK;
