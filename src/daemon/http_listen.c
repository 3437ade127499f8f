#include "src/daemon/http_listen.h"

#include "src/daemon/http_inherit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define HOST_BYTES 64

static const struct slice no_file;

static enum rc report(struct problems *problems, struct slice address, enum rc rc, const char *why)
{
    problems_add(problems, PROBLEM_ERROR, no_file, 0, 0, "cannot listen on %.*s: %s",
                 SLICE_ARG(address), why);
    return rc;
}

static enum rc rc_of_errno(void)
{
    return errno == EADDRINUSE ? RC_CONFLICT : RC_IO;
}

/* What systemd holds stays open when we go. */
static bool take_inherited(struct http_listener *listener, const struct sockaddr *address)
{
    listener->fd = http_inherit(address);
    listener->is_inherited = listener->fd >= 0;
    return listener->is_inherited;
}

/* --- unix sockets --- */

/* True when nobody serves the socket at `name`. Else `pid` is who does; 0 where that is not told: its queue is full, or
 * we may not connect. */
static bool is_dead(const struct sockaddr_un *name, pid_t *pid)
{
    struct ucred peer = { 0 };
    socklen_t n_bytes = sizeof(peer);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool refused = false;

    *pid = 0;
    if (fd < 0)
        return false;
    if (connect(fd, (const struct sockaddr *)name, sizeof(*name)) != 0)
        refused = errno == ECONNREFUSED;
    else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n_bytes) == 0)
        *pid = peer.pid;
    close(fd);
    return refused;
}

/* Makes way for our socket, unless what is there is alive or no socket at all. */
static enum rc remove_stale(struct slice address, const struct sockaddr_un *name,
                            struct problems *problems)
{
    struct stat file;
    pid_t pid;
    char why[96] = "another process listens there already";

    if (lstat(name->sun_path, &file) != 0)
        return RC_OK;
    if (!S_ISSOCK(file.st_mode))
        return report(problems, address, RC_CONFLICT, "there is a file of that name");
    if (!is_dead(name, &pid)) {
        if (pid)
            snprintf(why, sizeof(why), "process %ld listens there already", (long)pid);
        return report(problems, address, RC_CONFLICT, why);
    }
    (void)unlink(name->sun_path);
    return RC_OK;
}

/* The mode is set on the socket before its file exists, so that there is no instant in which others may connect. */
static enum rc bind_unix(struct http_listener *listener, const struct sockaddr_un *name,
                         unsigned mode)
{
    struct stat file;

    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0 || fchmod(listener->fd, mode) != 0 ||
        bind(listener->fd, (const struct sockaddr *)name, sizeof(*name)) != 0)
        return rc_of_errno();
    /* The umask may have taken more than was asked for. */
    if (chmod(name->sun_path, mode) != 0 || lstat(name->sun_path, &file) != 0)
        return RC_IO;
    listener->device = file.st_dev;
    listener->inode = file.st_ino;
    return RC_OK;
}

static enum rc open_unix(struct slice address, unsigned mode, struct problems *problems,
                         struct http_listener *listener)
{
    struct slice path = { .ptr = address.ptr + strlen("unix:"),
                          .len = address.len - strlen("unix:") };
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    enum rc rc;

    if (!path.len || path.len >= sizeof(name.sun_path))
        return report(problems, address, RC_INVALID, "a socket's path has 1 to 107 bytes");
    memcpy(name.sun_path, path.ptr, path.len);
    snprintf(listener->address, sizeof(listener->address), "unix:%s", name.sun_path);
    if (take_inherited(listener, (const struct sockaddr *)&name))
        return RC_OK;
    rc = remove_stale(address, &name, problems);
    if (rc)
        return rc;
    rc = bind_unix(listener, &name, mode);
    if (rc)
        return report(problems, address, rc, strerrordesc_np(errno));
    listener->unix_path = listener->address + strlen("unix:");
    return RC_OK;
}

/* --- TCP --- */

/* "host:port", with brackets around a host that holds colons. */
static bool split_address(struct slice address, char *host, char *port)
{
    const char *colon = memrchr(address.ptr, ':', address.len);
    struct slice name, number;

    if (!colon)
        return false;
    name = (struct slice){ .ptr = address.ptr, .len = (size_t)(colon - address.ptr) };
    number = (struct slice){ .ptr = colon + 1, .len = address.len - name.len - 1 };
    if (name.len >= 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']') {
        name.ptr++;
        name.len -= 2;
    }
    if (name.len >= HOST_BYTES || !number.len || number.len > 5)
        return false;
    snprintf(host, HOST_BYTES, "%.*s", SLICE_ARG(name));
    snprintf(port, 6, "%.*s", SLICE_ARG(number));
    return true;
}

static enum rc bind_tcp(struct http_listener *listener, const struct addrinfo *where)
{
    int on = 1;

    listener->fd = socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0 ||
        setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(listener->fd, where->ai_addr, where->ai_addrlen) != 0)
        return rc_of_errno();
    return RC_OK;
}

static enum rc find_address(struct http_listener *listener)
{
    struct sockaddr_storage found = { 0 };
    socklen_t n_bytes = sizeof(found);
    char host[INET6_ADDRSTRLEN];
    char port[6];

    if (getsockname(listener->fd, (struct sockaddr *)&found, &n_bytes) != 0)
        return RC_IO;
    if (getnameinfo((struct sockaddr *)&found, n_bytes, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return RC_IO;
    snprintf(listener->address, sizeof(listener->address),
             found.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return RC_OK;
}

static enum rc open_tcp(struct slice address, struct problems *problems,
                        struct http_listener *listener)
{
    const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                                    .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    char host[HOST_BYTES];
    char port[6];
    int error;
    enum rc rc;

    if (!split_address(address, host, port))
        return report(problems, address, RC_INVALID,
                      "expected HOST:PORT, [IPv6]:PORT or unix:PATH");
    error = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (error)
        return report(problems, address, RC_INVALID, gai_strerror(error));
    rc = take_inherited(listener, found->ai_addr) ? RC_OK : bind_tcp(listener, found);
    if (!rc)
        rc = find_address(listener);
    freeaddrinfo(found);
    return rc ? report(problems, address, rc, strerrordesc_np(errno)) : RC_OK;
}

/* --- both --- */

enum rc http_listener_open(struct slice address, unsigned socket_mode, struct problems *problems,
                           struct http_listener *listener)
{
    enum rc rc;

    *listener = (struct http_listener){ .fd = -1 };
    if (slice_has_control(address))
        return report(problems, SLICE("an address"), RC_INVALID, "it holds control characters");
    rc = slice_starts(address, SLICE("unix:")) ? open_unix(address, socket_mode, problems, listener)
                                               : open_tcp(address, problems, listener);
    if (!rc && !listener->is_inherited && listen(listener->fd, SOMAXCONN) != 0)
        rc = report(problems, address, rc_of_errno(), strerrordesc_np(errno));
    if (rc)
        http_listener_close(listener);
    return rc;
}

void http_listener_stop(struct http_listener *listener)
{
    struct stat file;

    if (listener->fd >= 0 && !listener->is_inherited)
        (void)shutdown(listener->fd, SHUT_RDWR);
    if (listener->unix_path && lstat(listener->unix_path, &file) == 0 &&
        file.st_dev == listener->device && file.st_ino == listener->inode)
        (void)unlink(listener->unix_path);
    listener->unix_path = NULL;
}

void http_listener_close(struct http_listener *listener)
{
    http_listener_stop(listener);
    if (listener->fd >= 0)
        close(listener->fd);
    listener->fd = -1;
}
