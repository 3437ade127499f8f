#include "src/daemon/http_private.h"

#include "src/base/log.h"
#include "src/daemon/http_tls_private.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CONNECTION_BYTES ((size_t)32 * 1024) /* of headers, and of a body on its way to us */
#define STALL_SECONDS                                                                              \
    60U /* a stream whose peer takes nothing; everything else has a deadline of its own */
#define QUIET_MS (5 * SECOND_MS)

static const struct http_options defaults = { .n_connections = 1000,
                                              .request_ms = 10 * SECOND_MS,
                                              .bodies_bytes = (int64_t)64 << 20 };

/* --- what libmicrohttpd calls --- */

__attribute__((format(printf, 2, 0))) static void on_log(void *context, const char *format,
                                                         va_list args)
{
    const struct http_server *server = context;
    char text[512];

    (void)vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\n")] = '\0';
    log_debug("libmicrohttpd: %s server=%s", text, server->name);
}

/* Targets stay as they came: a path is compared raw, a query is decoded by us. */
static size_t keep_raw(void *context, struct MHD_Connection *mhd, char *text)
{
    (void)context;
    (void)mhd;
    return strlen(text);
}

static bool is_loopback(const struct sockaddr_storage *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->ss_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
    }
    memcpy(&v6, address, sizeof(v6));
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
        return v6.sin6_addr.s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

static void name_peer(struct http_connection *connection, const struct sockaddr_storage *address)
{
    char host[INET6_ADDRSTRLEN] = "?";
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->ss_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        (void)inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
        snprintf(connection->peer_text, sizeof(connection->peer_text), "%s:%u", host,
                 ntohs(v4.sin_port));
        return;
    }
    memcpy(&v6, address, sizeof(v6));
    (void)inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
    snprintf(connection->peer_text, sizeof(connection->peer_text), "[%s]:%u", host,
             ntohs(v6.sin6_port));
}

/* The kernel's word for who connected, not the peer's. */
static void find_credentials(struct http_peer *peer)
{
    struct ucred credentials;
    socklen_t n_bytes = sizeof(credentials);

    peer->is_unix = true;
    if (getsockopt(peer->fd, SOL_SOCKET, SO_PEERCRED, &credentials, &n_bytes) != 0)
        return;
    peer->pid = credentials.pid;
    peer->uid = credentials.uid;
}

/* Whose connections are counted: everybody's but this machine's, where proxies are. IPv4 as IPv6 maps it. */
static void number_peer(struct http_connection *connection, const struct sockaddr_storage *address)
{
    struct sockaddr_in6 v6;
    struct sockaddr_in v4;

    connection->is_counted = !connection->peer.is_loopback;
    if (address->ss_family == AF_INET6) {
        memcpy(&v6, address, sizeof(v6));
        connection->number = v6.sin6_addr;
        /* Whoever has one address of a network of 64 bits has all of them (RFC 6177). */
        if (!IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
            memset(&connection->number.s6_addr[8], 0, 8);
        return;
    }
    memcpy(&v4, address, sizeof(v4));
    connection->number.s6_addr[10] = connection->number.s6_addr[11] = 0xff;
    memcpy(&connection->number.s6_addr[12], &v4.sin_addr, sizeof(v4.sin_addr));
}

static void find_peer(struct http_connection *connection, int fd)
{
    struct http_peer *peer = &connection->peer;
    struct sockaddr_storage address = { 0 };
    socklen_t n_bytes = sizeof(address);

    *peer = (struct http_peer){ .pid = -1, .uid = -1, .fd = fd };
    snprintf(connection->peer_text, sizeof(connection->peer_text), "?");
    if (getpeername(fd, (struct sockaddr *)&address, &n_bytes) == 0) {
        if (address.ss_family == AF_UNIX) {
            find_credentials(peer);
            snprintf(connection->peer_text, sizeof(connection->peer_text), "unix");
        } else {
            peer->is_loopback = is_loopback(&address);
            name_peer(connection, &address);
            number_peer(connection, &address);
        }
    }
    peer->address = slice_of(connection->peer_text);
}

static struct http_connection *open_connection(struct http_server *server,
                                               struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct http_connection *connection = info ? calloc(1, sizeof(*connection)) : NULL;

    /* First of all: its handshake goes on, whatever comes of us. */
    if (server->tls)
        http_tls_begin(server->tls, mhd);
    if (!connection)
        return NULL; /* its requests are refused */
    connection->server = server;
    find_peer(connection, info->connect_fd);
    http_watch_add(connection);
    return connection;
}

static void on_connection(void *context, struct MHD_Connection *mhd, void **connection,
                          enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *connection = open_connection(context, mhd);
    } else if (*connection) {
        http_watch_remove(*connection);
        free(*connection);
        *connection = NULL;
    }
}

/* The request line was read. What this gives is the `state` of the calls that follow. */
static void *on_target(void *context, const char *target, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_connection *connection = info ? info->socket_context : NULL;

    (void)context;
    if (!connection || !http_watch_enter(connection, HTTP_HEADERS))
        return NULL;
    return http_exchange_new(connection, mhd, target);
}

/* Once when the headers are complete, once for each piece of the body, once at its end, and again when a kept one is
 * answered. */
static enum MHD_Result on_access(void *context, struct MHD_Connection *mhd, const char *url,
                                 const char *method, const char *version, const char *piece,
                                 size_t *n_piece, void **state)
{
    struct http_exchange *exchange = *state;

    (void)context;
    (void)mhd;
    (void)url;
    if (!exchange)
        return MHD_NO;
    if (!exchange->is_begun) {
        exchange->method = slice_of(method);
        return http_request_begin(exchange, version);
    }
    if (!*n_piece)
        return http_request_end(exchange);
    http_request_take(exchange, (struct slice){ .ptr = piece, .len = *n_piece });
    *n_piece = 0;
    return MHD_YES;
}

/* However it ended. */
static void on_completed(void *context, struct MHD_Connection *mhd, void **state,
                         enum MHD_RequestTerminationCode how)
{
    struct http_exchange *exchange = *state;

    (void)context;
    (void)mhd;
    (void)how;
    *state = NULL;
    if (!exchange)
        return;
    (void)http_watch_enter(exchange->connection, HTTP_IDLE);
    http_exchange_free(exchange);
}

/* --- life --- */

static bool start_daemon(struct http_server *server)
{
    unsigned flags = MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC |
                     MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    const struct MHD_OptionItem secure[] = {
        { MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)http_tls_choose },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)HTTP_TLS_PRIORITIES },
        { MHD_OPTION_END, 0, NULL },
    };
    const struct MHD_OptionItem *more = &secure[server->tls ? 0 : 2];

    if (server->tls)
        flags |= MHD_USE_TLS;

    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_access, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, server,
        MHD_OPTION_LISTEN_SOCKET, server->listener.fd, MHD_OPTION_CONNECTION_LIMIT,
        server->n_connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, STALL_SECONDS, MHD_OPTION_URI_LOG_CALLBACK, on_target,
        server, MHD_OPTION_UNESCAPE_CALLBACK, keep_raw, server, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_STRICT_FOR_CLIENT, http_strict_is_inherent() ? 1 : 0, MHD_OPTION_ARRAY, more,
        MHD_OPTION_END);
    return server->daemon != NULL;
}

/* Unix signals are for the main thread. */
static enum rc start_threads(struct http_server *server)
{
    sigset_t every, before;
    enum rc rc;

    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    rc = http_watch_start(server);
    if (!rc && !start_daemon(server))
        rc = RC_IO;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static struct http_server *make_server(const struct http_options *options,
                                       const struct http_routes *routes)
{
    struct http_server *server = calloc(1, sizeof(*server));

    if (!server)
        return NULL;
    server->listener.fd = -1;
    server->routes = *routes;
    server->n_connections =
        options->n_connections ? options->n_connections : defaults.n_connections;
    server->request_ms = options->request_ms ? options->request_ms : defaults.request_ms;
    server->bodies_bytes = options->bodies_bytes ? options->bodies_bytes : defaults.bodies_bytes;
    server->n_per_peer = options->n_per_peer;
    server->tls = options->tls;
    server->name = strdup(options->name);
    if (!server->name) {
        free(server);
        return NULL;
    }
    return server;
}

enum rc http_server_start(const struct http_options *options, const struct http_routes *routes,
                          struct problems *problems, struct http_server **server)
{
    enum rc rc;

    *server = make_server(options, routes);
    if (!*server)
        return RC_NO_MEMORY;
    rc = http_listener_open(options->address, options->socket_mode, problems, &(*server)->listener);
    if (rc)
        goto fail;
    rc = start_threads(*server);
    if (rc) {
        problems_add(problems, PROBLEM_ERROR, (struct slice){ 0 }, 0, 0,
                     "cannot serve on %s: no threads or descriptors are left",
                     (*server)->listener.address);
        goto fail;
    }
    return RC_OK;

fail:
    http_server_free(*server);
    *server = NULL;
    return rc;
}

struct slice http_server_address(const struct http_server *server)
{
    return slice_of(server->listener.address);
}

void http_server_drain(struct http_server *server)
{
    if (atomic_exchange(&server->is_draining, true))
        return;
    /* The descriptor is ours again, but its thread may still look at it: it is closed with the server. */
    (void)MHD_quiesce_daemon(server->daemon);
    http_listener_stop(&server->listener);
}

static void stop_daemon(struct http_server *server)
{
    http_server_drain(server);
    atomic_store(&server->is_stopping, true);
    http_watch_end_streams(server);
    if (!http_watch_wait_quiet(server, QUIET_MS))
        log_warn("server stops before all answers were sent server=%s", server->name);
    MHD_stop_daemon(server->daemon);
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    if (server->daemon)
        stop_daemon(server);
    http_watch_stop(server);
    http_listener_close(&server->listener);
    http_exchanges_free(server);
    free(server->name);
    free(server);
}
