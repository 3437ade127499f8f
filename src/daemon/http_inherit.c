#include "src/daemon/http_inherit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#define MAX_INHERITED 16

/* As the environment that says of them, they are the process's. */
static struct {
    bool was_asked;
    int n_sockets;
    bool is_taken[MAX_INHERITED];
} inherited;

static int count_inherited(void)
{
    if (!inherited.was_asked) {
        /* Children are not to take them for theirs. */
        inherited.n_sockets = sd_listen_fds(1);
        inherited.was_asked = true;
    }
    return inherited.n_sockets < MAX_INHERITED ? inherited.n_sockets : MAX_INHERITED;
}

static bool is_same_v4(const struct sockaddr *one, const struct sockaddr_storage *other)
{
    struct sockaddr_in a, b;

    memcpy(&a, one, sizeof a);
    memcpy(&b, other, sizeof b);
    return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
}

static bool is_same_v6(const struct sockaddr *one, const struct sockaddr_storage *other)
{
    struct sockaddr_in6 a, b;

    memcpy(&a, one, sizeof a);
    memcpy(&b, other, sizeof b);
    return a.sin6_port == b.sin6_port && IN6_ARE_ADDR_EQUAL(&a.sin6_addr, &b.sin6_addr);
}

static bool is_same_unix(const struct sockaddr *one, const struct sockaddr_storage *other)
{
    struct sockaddr_un a, b;

    memcpy(&a, one, sizeof a);
    memcpy(&b, other, sizeof b);
    return strncmp(a.sun_path, b.sun_path, sizeof a.sun_path) == 0;
}

static bool listens_at(int fd, const struct sockaddr *address)
{
    struct sockaddr_storage found = { 0 };
    socklen_t n_bytes = sizeof found;

    if (getsockname(fd, (struct sockaddr *)&found, &n_bytes) != 0 ||
        found.ss_family != address->sa_family)
        return false;
    if (found.ss_family == AF_UNIX)
        return is_same_unix(address, &found);
    return found.ss_family == AF_INET6 ? is_same_v6(address, &found) : is_same_v4(address, &found);
}

int http_inherit(const struct sockaddr *address)
{
    int n_sockets = count_inherited();

    for (int i = 0; i < n_sockets; i++) {
        int fd = SD_LISTEN_FDS_START + i;

        if (inherited.is_taken[i] || sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0 ||
            !listens_at(fd, address))
            continue;
        inherited.is_taken[i] = true;
        (void)fcntl(fd, F_SETFL, O_NONBLOCK);
        return fd;
    }
    return -1;
}

void http_inherit_warn(struct problems *problems)
{
    int n_sockets = count_inherited();

    for (int i = 0; i < n_sockets; i++) {
        if (!inherited.is_taken[i])
            problems_add(
                problems, PROBLEM_WARNING, (struct slice){ 0 }, 0, 0,
                "systemd handed over socket %d, and no address of `listen` or `control` is "
                "its: who connects there gets no answer",
                SD_LISTEN_FDS_START + i);
    }
}
