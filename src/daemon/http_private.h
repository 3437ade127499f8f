/* http_private.h - what the files of the HTTP server share; nobody else includes it.
 *
 *   http.c           the server's life, and the callbacks of libmicrohttpd
 *   http_watch.c     every connection with its phase and deadline; cuts the slow ones
 *   http_exchange.c  one request and its answer: made, used again
 *   http_strict.c    what libmicrohttpd lets pass and we do not
 *   http_request.c   headers and body are taken in; what handlers ask about them
 *   http_answer.c    answers
 *   http_stream.c    answers without end
 *   http_tls.c       the certificate, and its renewal
 *
 * Three threads meet here: the server's own (libmicrohttpd's), on which all callbacks and handlers run; the watch; and
 * whoever answers a kept exchange. An exchange belongs to one of them at a time: to its keeper between http_keep and
 * http_answer, else to the server's thread. Connections and their phases are under the watch's lock. Locks are taken
 * in this order: a stream source's own, the watch's, a stream's, libmicrohttpd's. */
#pragma once

#include "src/base/buffer.h"
#include "src/base/clock.h"
#include "src/daemon/http.h"
#include "src/daemon/http_listen.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

/* --- connections --- */

enum http_phase {
    HTTP_OPENED,    /* nothing of its first request is known yet */
    HTTP_IDLE,      /* between two requests */
    HTTP_HEADERS,   /* the request line was read */
    HTTP_BODY,      /* the headers were taken */
    HTTP_WORKING,   /* the request is whole: the handler or a keeper has it */
    HTTP_ANSWERING, /* the answer is on its way out */
    HTTP_STREAMING, /* an answer without end */
    HTTP_REFUSED,   /* answered before the request was whole: what still comes is thrown away */
    HTTP_CUT,       /* shut down by the watch; libmicrohttpd is about to notice */
};

struct http_connection {
    struct http_connection *next;
    struct http_connection *previous;
    struct http_server *server;
    uint64_t id; /* never used twice: a descriptor is */
    struct http_peer peer;
    char peer_text[INET6_ADDRSTRLEN + 16];
    struct in6_addr number; /* of the peer, where its connections are counted */
    bool is_counted;
    /* Under the watch's lock: */
    enum http_phase phase;
    int64_t
        since_mono_ms; /* when what is not finished began: the connection, its rest, its request */
    int64_t deadline_mono_ms; /* 0: none */
    struct http_stream *stream;
};

struct http_watch {
    pthread_mutex_t lock;
    pthread_cond_t quiet; /* something left the phases that http_watch_wait_quiet waits for */
    pthread_t thread;
    bool is_running;
    bool is_stopping;
    int epoll_fd;         /* the bell, and streams whose peer may go */
    int bell_fd;          /* an eventfd: look at the deadlines again */
    int64_t next_mono_ms; /* when the watch will look by itself */
    struct http_connection *connections;
    size_t n_connections;
    uint64_t last_id;
};

enum rc http_watch_start(struct http_server *server) MUST_CHECK;
/* Accepts one that never started. */
void http_watch_stop(struct http_server *server);
/* From the server's thread. When this one fills the last place, the oldest unfinished one is cut. */
void http_watch_add(struct http_connection *connection);
void http_watch_remove(struct http_connection *connection);
/* The connection enters a phase, with its deadline. False when it was cut before: nothing may be sent any more. */
bool http_watch_enter(struct http_connection *connection, enum http_phase phase);
/* From now on the stream ends when its peer goes, or when the server stops; NULL: no longer. */
void http_watch_stream(struct http_connection *connection, struct http_stream *stream);
void http_watch_end_streams(struct http_server *server);
/* Waits until no connection is working, answering or streaming. */
bool http_watch_wait_quiet(struct http_server *server, int64_t within_ms);

/* --- server --- */

struct http_server {
    char *name;
    struct http_routes routes;
    uint32_t n_connections;
    int64_t request_ms;
    int64_t bodies_bytes;
    uint32_t n_per_peer;
    struct http_tls *tls; /* NULL: plain */
    struct http_listener listener;
    struct MHD_Daemon *daemon;
    struct http_watch watch;
    atomic_bool is_draining;
    atomic_bool is_stopping;
    /* Of the server's thread: */
    int64_t in_flight_bytes; /* of all bodies */
    struct http_exchange *spare;
    size_t n_spare;
};

/* In vedette_http_refused_total; `reason` is one of few words. */
void http_count_refusal(const struct http_server *server, const char *reason);

/* --- exchanges --- */

struct http_refusal {
    int status;
    const char *title;
    const char *detail;
    bool may_retry;     /* says Retry-After: 1 */
    const char *reason; /* one word, for the metric; NULL: malformed */
};

struct http_answer_fields {
    int status;
    const char *content_type; /* NULL: none */
    struct buffer body;
    struct http_answer_header *headers; /* copies, NUL behind each value */
    size_t n_headers;
};

struct http_exchange {
    struct http_server *server;
    struct http_connection *connection;
    struct MHD_Connection *mhd;
    struct http_exchange *next_spare;
    struct arena *arena;

    const char *target_start; /* where libmicrohttpd has the target: for http_strict.c only */
    struct slice method, target, path, query;
    struct header *headers;
    size_t n_headers;
    bool is_begun; /* the headers were taken */
    bool is_whole;
    bool has_body;
    int64_t max_body_bytes;
    struct buffer body;

    bool is_kept;
    bool is_answered;
    bool is_refused; /* its answer went out before the request was whole */
    struct http_answer_fields answer;
    struct http_stream *stream;
};

/* Gives an exchange for the request whose line was just read; NULL: memory is out. */
struct http_exchange *http_exchange_new(struct http_connection *connection,
                                        struct MHD_Connection *mhd, const char *target);
/* Accepts NULL. Keeps it for the next request where that is cheap. */
void http_exchange_free(struct http_exchange *exchange);
void http_exchanges_free(struct http_server *server);

/* NULL when the request is one that everybody reads alike. */
const struct http_refusal *http_strict_check(const struct http_exchange *exchange,
                                             const char *version);
/* True when this libmicrohttpd is strict by itself, once asked to. */
bool http_strict_is_inherent(void);

/* The headers are complete; a piece of the body; the end. MHD_NO ends the connection. */
enum MHD_Result http_request_begin(struct http_exchange *exchange, const char *version);
void http_request_take(struct http_exchange *exchange, struct slice piece);
enum MHD_Result http_request_end(struct http_exchange *exchange);

/* Answers before the request was read, past libmicrohttpd, which can answer only before or after a body; then closes. */
void http_answer_early(struct http_exchange *exchange);
void http_refuse(struct http_exchange *exchange, const struct http_refusal *refusal);
/* Hands the answer to libmicrohttpd. */
enum MHD_Result http_answer_queue(struct http_exchange *exchange);
/* Marks the exchange answered and wakes a kept one. It may be gone when this returns. */
void http_answer_done(struct http_exchange *exchange);

struct MHD_Response *http_stream_response(struct http_stream *stream);
/* The source is to be asked no more: the stream ends at once. */
void http_stream_end(struct http_stream *stream);
/* Accepts NULL. Tells the source. */
void http_stream_free(struct http_stream *stream);
