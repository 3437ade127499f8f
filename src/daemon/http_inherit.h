/* http_inherit.h - listening sockets that were open before us: systemd's socket activation (sd_listen_fds(3)).
 *
 * The kernel keeps taking connections while the daemon is stopped and starts anew, so that a sender which never sends twice loses nothing by a restart. A socket is found by the
 * address that `listen` names; it is never shut down by us, and its file never removed. */
#pragma once

#include "src/base/problem.h"

#include <sys/socket.h>

/* A descriptor of ours from now on, listening at exactly `address`; -1 when none was handed over. From the main thread. */
int http_inherit(const struct sockaddr *address);
/* After the last http_inherit: adds a warning for every socket that no address asked for. */
void http_inherit_warn(struct problems *problems);
