/* slack_socket.h - Socket Mode: what Slack would send to our doors comes over a WebSocket that we open, for those without a public door.
 *
 * docs.slack.dev "Using Socket Mode". With an app token in `channels: slack:` a thread asks for a URL (apps.connections.open), connects, and hands every
 * envelope to the same code as the HTTP doors (slack_door.h); it is acknowledged after the commit. When Slack announces the end of a connection the next one is
 * opened, in a thread of its own, and the old one is read until Slack ends it: no envelope falls between. A connection from which nothing came for 30 s is asked (ping), and left 15 s
 * later. Opening again waits from 1 s on, doubling to 5 min, with jitter; where Slack says that the token or the app is the reason, until the configuration is
 * read again. The URL is a secret: it is not logged. */
#pragma once

#include "src/daemon/service.h"

struct slack_socket;

/* Also without an app token: a reload may bring one. */
enum rc slack_socket_start(struct service *service, struct slack_socket **socket) MUST_CHECK;
/* Takes no more envelopes; those under way are acknowledged, up to 3 s. The inlet still works. */
void slack_socket_stop(struct slack_socket *socket);
void slack_socket_free(struct slack_socket *socket); /* accepts NULL */
struct slack_socket_facts {
    bool is_wanted;       /* there is an app token */
    size_t n_connections; /* open */
    int64_t connected_ms; /* wall clock, of the newest; 0: none yet */
    int64_t n_envelopes;  /* since the start */
    const char *error;    /* static; why there is none; NULL: well */
};
struct slack_socket_facts slack_socket_facts(struct slack_socket *socket);
