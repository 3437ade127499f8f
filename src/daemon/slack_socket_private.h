/* slack_socket_private.h - what the files of Socket Mode share; for slack_socket*.c alone.
 *
 * slack_socket.c          the thread: links, when to open the next, silence
 * slack_socket_open.c     asks for a URL and connects, in a thread of its own
 * slack_socket_envelope.c an envelope on its way through the door and back */
#pragma once

#include "src/base/websocket.h"
#include "src/daemon/slack_door.h"
#include "src/daemon/slack_socket.h"

#include <pthread.h>

#define LINKS_MAX 4       /* one that lasts, and those that Slack is about to end; it allows ten */
#define ENVELOPES_MAX 256 /* under way; what comes then waits in the connection */
#define ENVELOPE_LIMIT_BYTES ((size_t)2 << 20)

struct opening {
    pthread_t thread;
    bool is_running;
    bool is_done; /* under the lock */
    _Atomic bool give_up;
    struct slice url, token; /* of apps.connections.open, and what it takes; owned */
    struct arena *arena;
    enum rc rc;
    bool is_final; /* until the configuration is read again */
    const char *error;
    struct websocket *websocket;
};

struct link {
    struct websocket *websocket; /* NULL: none */
    uint64_t number;
    bool said_hello;
    bool is_leaving;
    int64_t leave_mono_ms; /* at the latest */
    int64_t pinged_mono_ms;
    size_t n_under_way;
};

struct envelope {
    struct slack_door_request request; /* first: `answer` gets it back */
    struct slack_socket *socket;
    uint64_t link;
    struct slice id;
    bool takes_payload;
    int status;
    struct buffer json;
    struct envelope *next;
};

struct slack_socket {
    struct service *service;
    pthread_t thread;
    int wake_fd;
    struct link links[LINKS_MAX];
    uint64_t n_links; /* made so far */
    struct opening opening;
    int64_t next_try_mono_ms;
    int64_t backoff_ms;
    bool
        wants_anew; /* the configuration is another one: the links that are there go when a new one is */
    bool is_held; /* nothing is tried until the configuration is read again */
    size_t n_under_way;

    pthread_mutex_t lock; /* of what follows */
    bool is_stopping;
    bool config_changed;
    struct envelope *answered;
    struct slack_socket_facts facts;
};

void slack_socket_wake(struct slack_socket *socket);
void slack_socket_say(struct slack_socket *socket, const char *error);

/* Begins; `is_done` is set, and the socket woken, when it is over. */
enum rc opening_begin(struct slack_socket *socket, const struct channel *channel) MUST_CHECK;
/* Once it is done: its thread is gone, and the WebSocket, if any, the caller's. */
void opening_end(struct slack_socket *socket);

/* Hands an envelope to its door; it comes back in `answered`. RC_INVALID: it is none. */
enum rc envelope_take(struct slack_socket *socket, const struct link *link,
                      const struct json *root) MUST_CHECK;
/* What Slack is told: {"envelope_id", "payload"}. RC_NOT_FOUND: nothing, as it could not be taken. */
enum rc envelope_write_answer(struct envelope *envelope, struct buffer *out) MUST_CHECK;
void envelope_free(struct envelope *envelope);
