/* http.h - the HTTP server: strict requests in, answers now or later.
 *
 * libmicrohttpd stops in http*.c: one thread with epoll for each server, and one that watches deadlines and sleeps
 * while there are none. Its lenient reading is tightened: Content-Length beside Transfer-Encoding, either twice,
 * blanks in a header's name, bare LF, NUL, folded lines, no Host or two are 400; an unknown transfer coding is 501; a
 * body over its limit is 413 at the first byte too many. Targets are never decoded: a path is known exactly or not at
 * all. Every answer that is given before the body was read closes the connection.
 *
 * A request must be whole within its deadline, counted from its beginning (408), and so must its answer be taken. Where
 * connections reach their number, the oldest that is unfinished is cut. Bodies in flight together are bounded (503).
 *
 * A handler may keep a request and answer it later from another thread: its connection is suspended meanwhile. A peer
 * who leaves in that time is not noticed; the answer then goes nowhere.
 *
 * Not seen: a NUL right before a bare LF in the headers, and bare LF between chunks (libmicrohttpd before 0.9.77).
 */
#pragma once

#include "src/base/arena.h"
#include "src/base/event.h"
#include "src/base/problem.h"
#include "src/daemon/http_tls.h"
#include "src/store/journal.h"

struct http_server;
struct http_exchange; /* one request and its answer */

struct http_routes {
    void *context;
    /* When the headers are complete. Sets how many bytes of body it takes (0: none) or answers at once. RC_OK to go on; any other when http_answer was called. */
    enum rc (*on_headers)(void *context, struct http_exchange *exchange, int64_t *max_body_bytes);
    /* When the request is whole. It answers, or calls http_keep and answers later. */
    void (*on_request)(void *context, struct http_exchange *exchange);
};

struct http_options {
    const char *name;       /* for the log: "public", "control", "socket" */
    struct slice address;   /* "127.0.0.1:8420", "[::1]:8420", "unix:/run/…", port 0: any */
    unsigned socket_mode;   /* of a unix socket */
    uint32_t n_connections; /* at most; 0: 1000 */
    int64_t request_ms;     /* a request must be whole within, its answer taken within; 0: 10 s */
    int64_t bodies_bytes;   /* all bodies in flight together; 0: 64 MB */
    uint32_t n_per_peer;    /* connections of one address, but for this machine's; 0: no limit */
    struct http_tls
        *tls; /* the certificate it shows, kept until http_server_free; NULL: plain HTTP */
};

/* Starts its thread. Adds a problem when the address cannot be had. `routes` is copied,
 * its context kept until http_server_free. */
enum rc http_server_start(const struct http_options *options, const struct http_routes *routes,
                          struct problems *problems, struct http_server **server) MUST_CHECK;
/* The address it listens on, with the port that was found. Borrowed. */
struct slice http_server_address(const struct http_server *server);
/* Takes no new connections; those in flight get their answers (kept ones must be answered by their keepers). */
void http_server_drain(struct http_server *server);
/* Stops the thread; accepts NULL. No exchange may be kept any more. */
void http_server_free(struct http_server *server);

/* The request. Everything is borrowed until it is answered. */
struct slice http_method(const struct http_exchange *exchange);
struct slice http_path(const struct http_exchange *exchange); /* raw, without the query */
/* Inside on_headers: where the path stands below `prefix` ("/base"), which a proxy left there, the rest is the path. */
void http_drop_prefix(struct http_exchange *exchange, struct slice prefix);
struct slice http_query(struct http_exchange *exchange,
                        const char *name); /* decoded; absent when not there */
struct slice http_header(const struct http_exchange *exchange,
                         const char *name); /* absent when not there */
const struct header *http_headers(const struct http_exchange *exchange, size_t *n_headers);
struct slice http_body(const struct http_exchange *exchange);
struct arena *http_arena(struct http_exchange *exchange); /* freed with the exchange */
/* Peer: its address as text, whether it is loopback; for a unix socket its credentials. */
struct http_peer {
    struct slice address; /* "127.0.0.1:40312", "unix" */
    bool is_loopback;
    bool is_unix;
    int64_t pid, uid; /* of a unix peer; -1 otherwise */
    int fd;           /* the connection */
};
struct http_peer http_peer_of(struct http_exchange *exchange);

struct http_answer_header {
    const char *name;
    struct slice value;
};
/* Answers, from any thread; once. `body` is copied. Headers every answer has (nosniff and the like) are added here. */
void http_answer(struct http_exchange *exchange, int status, const char *content_type,
                 struct slice body, const struct http_answer_header *headers, size_t n_headers);
/* RFC 9457: {"title","status","detail"}. */
void http_answer_problem(struct http_exchange *exchange, int status, const char *title,
                         struct slice detail);
/* The same with headers of its own: 405 says what is allowed, 503 when to come again. */
void http_answer_problem_with(struct http_exchange *exchange, int status, const char *title,
                              struct slice detail, const struct http_answer_header *headers,
                              size_t n_headers);
/* Suspends the connection until http_answer. Only inside on_request, and before another thread gets to know the exchange. */
void http_keep(struct http_exchange *exchange);

/* An answer without end (server-sent events). `read` is called on the server's thread: it appends what there is to `out` (nothing: the connection sleeps until http_stream_wake)
 * and returns false to end. `closed` is called once, when the peer is gone or the server stops. */
struct http_stream;
struct http_stream_source {
    void *context;
    bool (*read)(void *context, struct buffer *out);
    void (*closed)(void *context);
};
enum rc http_answer_stream(struct http_exchange *exchange, const char *content_type,
                           const struct http_stream_source *source,
                           struct http_stream **stream) MUST_CHECK;
/* From any thread, until `closed` was called. */
void http_stream_wake(struct http_stream *stream);
