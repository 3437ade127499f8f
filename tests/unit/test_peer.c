#include "src/daemon/peer.h"

#include "src/base/process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* As the kernel of a little-endian machine writes it. */
#define TABLE                                                                                      \
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "  \
    "inode\n"                                                                                      \
    "   0: 0100007F:20E5 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "  \
    "11 1 0\n"                                                                                     \
    "   1: 0100007F:9C42 0100007F:20E5 01 00000000:00000000 00:00000000 00000000     0        0 "  \
    "4711 1 0\n"                                                                                   \
    "   2: 0100007F:20E5 0100007F:9C42 01 00000000:00000000 00:00000000 00000000     0        0 "  \
    "4712 1 0\n"                                                                                   \
    "   3: 0100007F:9C44 0100007F:20E5 06 00000000:00000000 03:00000e10 00000000     0        0 "  \
    "0 3 0\n"                                                                                      \
    "   4: short\n"

static void the_other_end_of_a_connection_is_found_by_both_addresses(void **state)
{
    uint64_t inode = 1;

    (void)state;
    assert_int_equal(
        peer_inode_in(SLICE(TABLE), SLICE("0100007F:9C42"), SLICE("0100007F:20E5"), &inode), RC_OK);
    assert_int_equal(inode, 4711);
    assert_int_equal(
        peer_inode_in(SLICE(TABLE), SLICE("0100007F:9C44"), SLICE("0100007F:20E5"), &inode), RC_OK);
    assert_int_equal(inode, 0); /* closed: nobody holds it */
    assert_int_equal(
        peer_inode_in(SLICE(TABLE), SLICE("0100007F:9C43"), SLICE("0100007F:20E5"), &inode),
        RC_NOT_FOUND);
    assert_int_equal(
        peer_inode_in(SLICE(""), SLICE("0100007F:9C42"), SLICE("0100007F:20E5"), &inode),
        RC_NOT_FOUND);
}

/* A connection over loopback, to a listener of the given family. */
struct connection {
    int listener, client, accepted;
    struct sockaddr_storage address;
    socklen_t n_address;
};

static void listen_at(struct connection *connection, int family)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&connection->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&connection->address;

    memset(connection, 0, sizeof *connection);
    connection->n_address = family == AF_INET ? sizeof *v4 : sizeof *v6;
    if (family == AF_INET)
        *v4 = (struct sockaddr_in){ .sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    else
        *v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT };
    connection->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(connection->listener >= 0);
    assert_int_equal(
        bind(connection->listener, (struct sockaddr *)&connection->address, connection->n_address),
        0);
    assert_int_equal(listen(connection->listener, 4), 0);
    assert_int_equal(getsockname(connection->listener, (struct sockaddr *)&connection->address,
                                 &connection->n_address),
                     0);
}

static int connect_v4(const struct connection *connection)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    /* The port is at the same place in both. */
    address.sin_port = ((const struct sockaddr_in *)&connection->address)->sin_port;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
        return -1;
    return fd;
}

static bool is_descendant_over(int accepted)
{
    const struct http_peer peer = { .is_loopback = true, .pid = -1, .uid = -1, .fd = accepted };

    return peer_is_descendant(&peer);
}

/* A child of ours connects, waits for a byte, and ends. */
static pid_t start_child(const struct connection *connection)
{
    pid_t child = fork();
    char byte;

    if (child)
        return child;
    close(connection->listener);
    _exit(read(connect_v4(connection), &byte, 1) == 1 ? 0 : 1);
}

static void what_we_started_is_known_on_loopback(void **state)
{
    struct connection connection;
    pid_t child;

    (void)state;
    listen_at(&connection, AF_INET);
    child = start_child(&connection);
    connection.accepted = accept(connection.listener, NULL, NULL);
    assert_true(is_descendant_over(connection.accepted));
    assert_int_equal(write(connection.accepted, "x", 1), 1);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(connection.accepted);
    close(connection.listener);
}

static void what_connects_over_ipv4_to_a_socket_of_both_is_known_too(void **state)
{
    struct connection connection;
    pid_t child;

    (void)state;
    listen_at(&connection, AF_INET6);
    child = start_child(&connection);
    connection.accepted = accept(connection.listener, NULL, NULL);
    assert_true(is_descendant_over(connection.accepted));
    assert_int_equal(write(connection.accepted, "x", 1), 1);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(connection.accepted);
    close(connection.listener);
}

static void who_is_no_child_of_ours_is_none(void **state)
{
    static const int families[] = { AF_INET, AF_INET6 };
    struct connection connection;

    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        listen_at(&connection, families[i]);
        connection.client = connect_v4(&connection); /* ourselves */
        connection.accepted = accept(connection.listener, NULL, NULL);
        assert_false(is_descendant_over(connection.accepted));
        close(connection.client);
        close(connection.accepted);
        close(connection.listener);
    }
}

static void who_has_gone_is_trusted_with_nothing(void **state)
{
    struct connection connection;

    (void)state;
    listen_at(&connection, AF_INET);
    connection.client = connect_v4(&connection);
    connection.accepted = accept(connection.listener, NULL, NULL);
    close(connection.client);
    assert_true(is_descendant_over(connection.accepted));
    assert_true(is_descendant_over(-1));
    close(connection.accepted);
    close(connection.listener);
}

static void the_kernel_says_who_is_on_the_socket(void **state)
{
    struct http_peer peer = { .is_unix = true, .fd = -1 };
    int ends[2];
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (!child) {
        char byte;

        close(ends[1]);
        _exit((int)read(ends[0], &byte, 1));
    }
    close(ends[0]);
    peer.pid = child;
    assert_true(peer_is_descendant(&peer));
    peer.pid = getpid();
    assert_false(peer_is_descendant(&peer));
    close(ends[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    peer.pid = child;
    assert_true(peer_is_descendant(&peer)); /* gone */
}

static void the_address_that_a_connection_came_in_on(void **state)
{
    struct connection connection;
    struct arena *arena;
    struct slice address;

    (void)state;
    assert_int_equal(arena_new(4096, &arena), RC_OK);
    listen_at(&connection, AF_INET6);
    connection.client = connect_v4(&connection);
    connection.accepted = accept(connection.listener, NULL, NULL);
    assert_int_equal(peer_local_address(connection.accepted, arena, &address), RC_OK);
    assert_true(slice_eq(address, SLICE("127.0.0.1")));
    assert_int_equal(peer_local_address(-1, arena, &address), RC_OK);
    assert_true(slice_is_absent(address));
    close(connection.client);
    close(connection.accepted);
    close(connection.listener);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_other_end_of_a_connection_is_found_by_both_addresses),
        cmocka_unit_test(what_we_started_is_known_on_loopback),
        cmocka_unit_test(what_connects_over_ipv4_to_a_socket_of_both_is_known_too),
        cmocka_unit_test(who_is_no_child_of_ours_is_none),
        cmocka_unit_test(who_has_gone_is_trusted_with_nothing),
        cmocka_unit_test(the_kernel_says_who_is_on_the_socket),
        cmocka_unit_test(the_address_that_a_connection_came_in_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
