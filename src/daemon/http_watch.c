#include "src/daemon/http_private.h"

#include "src/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADERS_MS (5 * SECOND_MS)
#define IDLE_MS (60 * SECOND_MS)
#define LINGER_MS (2 * SECOND_MS) /* for a refused sender to read why */
#define LEAST_SLEEP_MS                                                                             \
    100 /* deadlines are not exact, and a busy server is not swept all the time */
#define BELL_ID 0

/* libmicrohttpd's own timeout starts again with every byte, so that a slow sender is never cut. These deadlines
 * count from the beginning. */
static int64_t deadline_of(const struct http_connection *connection, int64_t now_mono_ms)
{
    int64_t request_ms = connection->server->request_ms;
    int64_t headers_ms = request_ms < HEADERS_MS ? request_ms : HEADERS_MS;

    switch (connection->phase) {
    case HTTP_OPENED:
    case HTTP_HEADERS:
        return connection->since_mono_ms + headers_ms;
    case HTTP_BODY:
        return connection->since_mono_ms + request_ms;
    case HTTP_ANSWERING:
        return now_mono_ms + request_ms;
    case HTTP_REFUSED:
        return now_mono_ms + LINGER_MS;
    case HTTP_IDLE:
        return now_mono_ms + IDLE_MS;
    case HTTP_WORKING:
    case HTTP_STREAMING:
    case HTTP_CUT:
        break;
    }
    return 0;
}

static bool is_unfinished(const struct http_connection *connection)
{
    static const bool unfinished[] = {
        [HTTP_OPENED] = true, [HTTP_IDLE] = true,    [HTTP_HEADERS] = true,
        [HTTP_BODY] = true,   [HTTP_REFUSED] = true, [HTTP_CUT] = false
    };

    return unfinished[connection->phase];
}

static bool is_busy(const struct http_connection *connection)
{
    return connection->phase == HTTP_WORKING || connection->phase == HTTP_ANSWERING ||
           connection->phase == HTTP_STREAMING;
}

static void ring(struct http_watch *watch)
{
    (void)eventfd_write(watch->bell_fd, 1);
}

/* Only a request that was begun has an answer to wait for; and what is encrypted is written by the server's thread alone. */
static void answer_too_slow(const struct http_connection *connection)
{
    static const char body[] =
        "{\"title\":\"The request came too slow\",\"status\":408,\"detail\":\"it was not whole in "
        "the time there is for it: send it again, at once\"}";
    char answer[384];
    int len;

    if (connection->server->tls ||
        (connection->phase != HTTP_HEADERS && connection->phase != HTTP_BODY))
        return;
    len = snprintf(answer, sizeof(answer),
                   "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/problem+json\r\n"
                   "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                   sizeof(body) - 1, body);
    (void)send(connection->peer.fd, answer, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* libmicrohttpd notices and closes. The descriptor is open as long as the connection is in the list. */
static void cut(struct http_connection *connection)
{
    (void)shutdown(connection->peer.fd, SHUT_RDWR);
    connection->phase = HTTP_CUT;
    connection->deadline_mono_ms = 0;
}

static void cut_slow(struct http_connection *connection)
{
    static struct log_limit limit;
    static const char *const doing[] = { [HTTP_OPENED] = "opening",
                                         [HTTP_HEADERS] = "headers",
                                         [HTTP_BODY] = "body",
                                         [HTTP_ANSWERING] = "answer" };
    bool is_slow = connection->phase < sizeof(doing) / sizeof(doing[0]) && doing[connection->phase];

    if (is_slow)
        log_limited(&limit, LOG_WARN, "connection cut: too slow server=%s phase=%s peer=%s",
                    connection->server->name, doing[connection->phase], connection->peer_text);
    if (is_slow)
        http_count_refusal(connection->server, doing[connection->phase]);
    answer_too_slow(connection);
    cut(connection);
}

static void make_room(struct http_server *server)
{
    static struct log_limit limit;
    struct http_connection *oldest = NULL;

    /* The newest stand first. */
    for (struct http_connection *one = server->watch.connections; one; one = one->next) {
        if (is_unfinished(one) && (!oldest || one->since_mono_ms <= oldest->since_mono_ms))
            oldest = one;
    }
    log_limited(&limit, LOG_WARN,
                "connections at their limit: the oldest unfinished one is cut server=%s n=%zu",
                server->name, server->watch.n_connections);
    http_count_refusal(server, "connections");
    if (oldest)
        cut(oldest);
}

static size_t count_of_peer(const struct http_watch *watch, const struct in6_addr *number)
{
    size_t n = 0;

    for (const struct http_connection *one = watch->connections; one; one = one->next)
        n += one->is_counted && IN6_ARE_ADDR_EQUAL(&one->number, number);
    return n;
}

/* One peer must not take the places of all. */
static void refuse_crowd(struct http_connection *connection)
{
    static struct log_limit limit;
    const struct http_server *server = connection->server;

    if (!server->n_per_peer || !connection->is_counted ||
        count_of_peer(&server->watch, &connection->number) <= server->n_per_peer)
        return;
    log_limited(&limit, LOG_WARN,
                "connection refused: its peer has as many as one may have server=%s peer=%s n=%u",
                server->name, connection->peer_text, server->n_per_peer);
    http_count_refusal(server, "peer");
    cut(connection);
}

void http_watch_add(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    struct http_watch *watch = &server->watch;

    pthread_mutex_lock(&watch->lock);
    connection->id = ++watch->last_id;
    connection->since_mono_ms = clock_mono_ms(); /* or it would be the oldest itself */
    connection->next = watch->connections;
    if (watch->connections)
        watch->connections->previous = connection;
    watch->connections = connection;
    if (++watch->n_connections >= server->n_connections)
        make_room(server);
    refuse_crowd(connection);
    pthread_mutex_unlock(&watch->lock);
    (void)http_watch_enter(connection, HTTP_OPENED);
}

void http_watch_remove(struct http_connection *connection)
{
    struct http_watch *watch = &connection->server->watch;

    pthread_mutex_lock(&watch->lock);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        watch->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    watch->n_connections--;
    pthread_cond_signal(&watch->quiet);
    pthread_mutex_unlock(&watch->lock);
}

/* A first request began when its connection did: who is slow to send a request line is slow. */
static bool begins(const struct http_connection *connection, enum http_phase phase)
{
    return phase == HTTP_OPENED || phase == HTTP_IDLE ||
           (phase == HTTP_HEADERS && connection->phase == HTTP_IDLE);
}

bool http_watch_enter(struct http_connection *connection, enum http_phase phase)
{
    struct http_watch *watch = &connection->server->watch;
    int64_t now_mono_ms = clock_mono_ms();
    bool was_cut;

    pthread_mutex_lock(&watch->lock);
    was_cut = connection->phase == HTTP_CUT;
    if (!was_cut) {
        if (begins(connection, phase))
            connection->since_mono_ms = now_mono_ms;
        connection->phase = phase;
        connection->deadline_mono_ms = deadline_of(connection, now_mono_ms);
        if (connection->deadline_mono_ms && connection->deadline_mono_ms < watch->next_mono_ms)
            ring(watch);
        if (phase == HTTP_IDLE)
            pthread_cond_signal(&watch->quiet);
    }
    pthread_mutex_unlock(&watch->lock);
    return !was_cut;
}

/* --- streams --- */

void http_watch_stream(struct http_connection *connection, struct http_stream *stream)
{
    struct http_watch *watch = &connection->server->watch;
    struct epoll_event event = { .events = EPOLLRDHUP | EPOLLONESHOT, .data.u64 = connection->id };

    pthread_mutex_lock(&watch->lock);
    connection->stream = stream;
    /* Without it the stream ends at the next write that fails. */
    (void)epoll_ctl(watch->epoll_fd, stream ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, connection->peer.fd,
                    &event);
    pthread_mutex_unlock(&watch->lock);
}

/* libmicrohttpd does not look at a sleeping connection, so that a peer who left would hold its place. */
static void end_stream_of(struct http_watch *watch, uint64_t id)
{
    pthread_mutex_lock(&watch->lock);
    for (struct http_connection *one = watch->connections; one; one = one->next) {
        if (one->id == id && one->stream)
            http_stream_end(one->stream);
    }
    pthread_mutex_unlock(&watch->lock);
}

void http_watch_end_streams(struct http_server *server)
{
    struct http_watch *watch = &server->watch;

    pthread_mutex_lock(&watch->lock);
    for (struct http_connection *one = watch->connections; one; one = one->next) {
        if (one->stream)
            http_stream_end(one->stream);
    }
    pthread_mutex_unlock(&watch->lock);
}

/* --- the thread --- */

/* Cuts what is past its deadline and gives how long the watch may sleep: -1 without an end. */
static int sweep(struct http_watch *watch)
{
    int64_t now_mono_ms = clock_mono_ms();
    int64_t next_mono_ms = INT64_MAX;

    for (struct http_connection *one = watch->connections; one; one = one->next) {
        if (one->deadline_mono_ms && one->deadline_mono_ms <= now_mono_ms)
            cut_slow(one);
        if (one->deadline_mono_ms && one->deadline_mono_ms < next_mono_ms)
            next_mono_ms = one->deadline_mono_ms;
    }
    if (next_mono_ms != INT64_MAX && next_mono_ms < now_mono_ms + LEAST_SLEEP_MS)
        next_mono_ms = now_mono_ms + LEAST_SLEEP_MS;
    watch->next_mono_ms = next_mono_ms;
    return next_mono_ms == INT64_MAX ? -1 : (int)(next_mono_ms - now_mono_ms);
}

static void *run_watch(void *argument)
{
    struct http_watch *watch = argument;

    for (;;) {
        struct epoll_event event;
        eventfd_t ignored;
        bool is_stopping;
        int sleep_ms;

        pthread_mutex_lock(&watch->lock);
        is_stopping = watch->is_stopping;
        sleep_ms = sweep(watch);
        pthread_mutex_unlock(&watch->lock);
        if (is_stopping)
            return NULL;
        if (epoll_wait(watch->epoll_fd, &event, 1, sleep_ms) != 1)
            continue;
        if (event.data.u64 == BELL_ID)
            (void)eventfd_read(watch->bell_fd, &ignored);
        else
            end_stream_of(watch, event.data.u64);
    }
}

static bool init_watch(struct http_watch *watch)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = BELL_ID };

    watch->next_mono_ms = INT64_MAX;
    watch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    watch->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return watch->epoll_fd >= 0 && watch->bell_fd >= 0 &&
           epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, watch->bell_fd, &event) == 0;
}

static void close_watch(struct http_watch *watch)
{
    if (watch->bell_fd >= 0)
        close(watch->bell_fd);
    if (watch->epoll_fd >= 0)
        close(watch->epoll_fd);
    pthread_cond_destroy(&watch->quiet);
    pthread_mutex_destroy(&watch->lock);
}

enum rc http_watch_start(struct http_server *server)
{
    struct http_watch *watch = &server->watch;
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&watch->lock, NULL);
    pthread_cond_init(&watch->quiet, &attributes);
    pthread_condattr_destroy(&attributes);
    if (init_watch(watch))
        watch->is_running = pthread_create(&watch->thread, NULL, run_watch, watch) == 0;
    if (watch->is_running)
        return RC_OK;
    close_watch(watch);
    return RC_IO;
}

void http_watch_stop(struct http_server *server)
{
    struct http_watch *watch = &server->watch;

    if (!watch->is_running)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->is_stopping = true;
    ring(watch);
    pthread_mutex_unlock(&watch->lock);
    pthread_join(watch->thread, NULL);
    close_watch(watch);
}

static bool is_quiet(const struct http_watch *watch)
{
    for (const struct http_connection *one = watch->connections; one; one = one->next) {
        if (is_busy(one))
            return false;
    }
    return true;
}

bool http_watch_wait_quiet(struct http_server *server, int64_t within_ms)
{
    struct http_watch *watch = &server->watch;
    int64_t until_mono_ms = clock_mono_ms() + within_ms;
    const struct timespec until = { .tv_sec = until_mono_ms / SECOND_MS,
                                    .tv_nsec = until_mono_ms % SECOND_MS * 1000000 };
    bool found;

    pthread_mutex_lock(&watch->lock);
    while (!(found = is_quiet(watch))) {
        if (pthread_cond_timedwait(&watch->quiet, &watch->lock, &until) == ETIMEDOUT)
            break;
    }
    pthread_mutex_unlock(&watch->lock);
    return found;
}
