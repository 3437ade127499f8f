/* loopback.h - a server for tests of what we ask of others: a thread, a port that the kernel chooses, one request after
 * the other. What it answers is chosen by the path: see `answers`. */
#pragma once

#include "src/base/slice.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LOOPBACK_REQUEST_BYTES 65536

struct loopback {
    int fd;
    int port;
    pthread_t thread;
    _Atomic int n_requests;
    char request[LOOPBACK_REQUEST_BYTES]; /* the last one; read it once its answer is there */
    size_t request_bytes;
};

struct loopback_answer {
    const char *path;
    const char *bytes;
    bool is_endless; /* the bytes again and again, until the client has had enough */
    bool waits;      /* then nothing more, until the client goes away */
};

static const struct loopback_answer loopback_answers[] = {
    { "/ok", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n"
             "{\"ok\":true}" },
    { "/html", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n"
               "<h1>Hi</h1>\r\n" },
    { "/created", "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n" },
    { "/missing", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope" },
    { "/redirect", "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n" },
    { "/too-fast", "HTTP/1.1 103 Early Hints\r\nRetry-After: 1\r\n\r\n"
                   "HTTP/1.1 429 Too Many Requests\r\nX-Empty:\r\nretry-after:  17 \r\n"
                   "Retry-After: 18\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "0\r\nX-Trailer: late\r\n\r\n" },
    { "/endless-head",
      "HTTP/1.1 200 OK: a header, too\r\nX-More: and more and more and more and more\r\n", true,
      false },
    { "/endless", "HTTP/1.1 200 OK\r\n\r\nmore and more and more and more and more", true, false },
    { "/cut", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this" },
    { "/half-head", "HTTP/1.1 200 OK\r\nContent-Le" },
    { "/not-http", "220 mail.example.com ESMTP\r\n" },
    { "/lost", "" },
    { "/hang", "", false, true },
    { "/hang-in-body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", false, true },
};

static inline size_t loopback_body_bytes(struct slice head)
{
    size_t offset;
    int64_t n_bytes;

    if (slice_find(head, SLICE("Content-Length: "), &offset))
        return 0;
    head.ptr += offset + strlen("Content-Length: ");
    head.len -= offset + strlen("Content-Length: ");
    if (slice_to_int(slice_trim(slice_cut(&head, '\n')), &n_bytes))
        return 0;
    return (size_t)n_bytes;
}

/* Until the head and the body that it announces are there. */
static inline bool loopback_read(struct loopback *server, int fd)
{
    server->request_bytes = 0;
    for (;;) {
        struct slice text = { .ptr = server->request, .len = server->request_bytes };
        size_t head_bytes;
        ssize_t n_read;

        if (slice_find(text, SLICE("\r\n\r\n"), &head_bytes) == RC_OK) {
            text.len = head_bytes + 4;
            if (server->request_bytes >= text.len + loopback_body_bytes(text))
                return true;
        }
        n_read = recv(fd, server->request + server->request_bytes,
                      LOOPBACK_REQUEST_BYTES - server->request_bytes, 0);
        if (n_read <= 0)
            return false;
        server->request_bytes += (size_t)n_read;
    }
}

static inline void loopback_answer(const struct loopback *server, int fd)
{
    struct slice line = { .ptr = server->request, .len = server->request_bytes };
    struct slice path;
    char ignored;

    slice_cut(&line, ' ');
    path = slice_cut(&line, ' ');
    for (size_t i = 0; i < sizeof(loopback_answers) / sizeof(loopback_answers[0]); i++) {
        const struct loopback_answer *answer = &loopback_answers[i];

        if (!slice_eq(path, slice_of(answer->path)))
            continue;
        while (send(fd, answer->bytes, strlen(answer->bytes), MSG_NOSIGNAL) > 0 &&
               answer->is_endless)
            continue;
        if (answer->waits)
            (void)!recv(fd, &ignored, 1, 0);
    }
}

static inline void *loopback_main(void *context)
{
    struct loopback *server = context;
    int fd;

    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        if (loopback_read(server, fd)) {
            atomic_fetch_add(&server->n_requests, 1);
            loopback_answer(server, fd);
        }
        close(fd);
    }
    return NULL;
}

/* At 127.0.0.1 and a free port, or at a path. */
static inline bool loopback_start(struct loopback *server, const char *path)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    socklen_t address_bytes = sizeof(address);

    memset(server, 0, sizeof(*server));
    server->fd = socket(path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (path)
        snprintf(local.sun_path, sizeof(local.sun_path), "%s", path);
    if (server->fd < 0 ||
        (path ? bind(server->fd, (struct sockaddr *)&local, sizeof(local))
              : bind(server->fd, (struct sockaddr *)&address, sizeof(address))) ||
        listen(server->fd, 16) ||
        (!path && getsockname(server->fd, (struct sockaddr *)&address, &address_bytes)))
        return false;
    server->port = ntohs(address.sin_port);
    return pthread_create(&server->thread, NULL, loopback_main, server) == 0;
}

static inline void loopback_stop(struct loopback *server)
{
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->fd);
}

static inline bool loopback_was_sent(const struct loopback *server, const char *part)
{
    struct slice request = { .ptr = server->request, .len = server->request_bytes };
    size_t offset;

    return slice_find(request, slice_of(part), &offset) == RC_OK;
}
