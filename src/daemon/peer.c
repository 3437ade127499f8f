#include "src/daemon/peer.h"

#include "src/base/file.h"
#include "src/base/process.h"
#include "src/base/process_tree.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TABLE_BYTES ((size_t)16 << 20) /* 100,000 connections */
#define END_BYTES 64
#define MAX_PROCESSES 65536
#define MAX_FDS 65536

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage storage;
};

/* A connection over IPv4 to a socket of both families: its other end is in the table of IPv4. */
static void unmap(union address *end)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = end->v6.sin6_port };

    if (end->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&end->v6.sin6_addr))
        return;
    memcpy(&v4.sin_addr, &end->v6.sin6_addr.s6_addr[12], sizeof v4.sin_addr);
    end->v4 = v4;
}

enum rc peer_local_address(int fd, struct arena *arena, struct slice *address)
{
    union address local = { 0 };
    socklen_t n_bytes = sizeof local;
    char text[INET6_ADDRSTRLEN] = "";

    *address = (struct slice){ 0 };
    if (fd < 0 || getsockname(fd, &local.any, &n_bytes))
        return RC_OK;
    unmap(&local);
    if (local.any.sa_family == AF_INET)
        inet_ntop(AF_INET, &local.v4.sin_addr, text, sizeof text);
    else if (local.any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &local.v6.sin6_addr, text, sizeof text);
    else
        return RC_OK;
    return arena_copy(arena, slice_of(text), address);
}

/* --- which process holds the other end --- */

/* As /proc/net/tcp writes it: each 32-bit word in the machine's order, in hex. */
static struct slice format_end(const union address *end, char text[END_BYTES])
{
    const uint32_t *words = &end->v4.sin_addr.s_addr;
    size_t n_words = 1;
    uint16_t port = ntohs(end->v4.sin_port);
    int len = 0;

    if (end->any.sa_family == AF_INET6) {
        words = (const uint32_t *)(const void *)&end->v6.sin6_addr;
        n_words = 4;
        port = ntohs(end->v6.sin6_port);
    }
    for (size_t i = 0; i < n_words; i++)
        len += snprintf(text + len, END_BYTES - (size_t)len, "%08X", words[i]);
    len += snprintf(text + len, END_BYTES - (size_t)len, ":%04X", port);
    return (struct slice){ text, (size_t)len };
}

static struct slice cut_word(struct slice *line)
{
    struct slice word = { 0 };

    while (line->len && !word.len)
        word = slice_cut(line, ' ');
    return word;
}

enum rc peer_inode_in(struct slice table, struct slice own, struct slice other, uint64_t *inode)
{
    enum { WORD_OWN = 1, WORD_OTHER = 2, WORD_INODE = 9, N_WORDS };

    while (table.len) {
        struct slice line = slice_cut(&table, '\n');
        struct slice words[N_WORDS];
        int64_t number;

        for (size_t i = 0; i < N_WORDS; i++)
            words[i] = cut_word(&line);
        if (!slice_eq(words[WORD_OWN], own) || !slice_eq(words[WORD_OTHER], other))
            continue;
        if (slice_to_int(words[WORD_INODE], &number) || number < 0)
            return RC_NOT_FOUND;
        *inode = (uint64_t)number;
        return RC_OK;
    }
    return RC_NOT_FOUND;
}

static enum rc find_inode(int fd, uint64_t *inode)
{
    union address ours = { 0 }, theirs = { 0 };
    socklen_t n_ours = sizeof ours, n_theirs = sizeof theirs;
    char own[END_BYTES], other[END_BYTES];
    struct arena *arena = NULL;
    struct slice table;
    enum rc rc;

    if (getsockname(fd, &ours.any, &n_ours) || getpeername(fd, &theirs.any, &n_theirs))
        return RC_NOT_FOUND;
    unmap(&ours);
    unmap(&theirs);
    rc = arena_new(2 * TABLE_BYTES, &arena);
    if (!rc)
        rc = file_read(theirs.any.sa_family == AF_INET6 ? "/proc/net/tcp6" : "/proc/net/tcp",
                       TABLE_BYTES, arena, &table);
    if (!rc)
        rc = peer_inode_in(table, format_end(&theirs, own), format_end(&ours, other), inode);
    arena_free(arena);
    return rc;
}

/* True also when its descriptors may not be read: a descendant that hides them is trusted with nothing. */
static bool holds_socket(pid_t pid, uint64_t inode)
{
    char path[64], wanted[64], link[64];
    struct dirent *entry;
    bool holds = false;
    DIR *directory;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    snprintf(wanted, sizeof wanted, "socket:[%llu]", (unsigned long long)inode);
    directory = opendir(path);
    if (!directory)
        return access(path, F_OK) == 0;
    for (size_t i = 0; i < MAX_FDS && !holds; i++) {
        ssize_t len;

        entry = readdir(directory); // NOLINT(concurrency-mt-unsafe): our own DIR
        if (!entry)
            break;
        len = readlinkat(dirfd(directory), entry->d_name, link, sizeof link - 1);
        holds = len > 0 && slice_eq((struct slice){ link, (size_t)len }, slice_of(wanted));
    }
    closedir(directory);
    return holds;
}

struct search {
    uint64_t inode;
    size_t n_processes;
    bool found;
};

static void look_at(void *context, const struct process_stat *stat)
{
    struct search *search = context;

    if (search->found || stat->is_dead || ++search->n_processes > MAX_PROCESSES)
        return;
    if (process_is_descendant(stat->pid))
        search->found = holds_socket(stat->pid, search->inode);
}

static bool loopback_peer_is_descendant(int fd)
{
    struct search search = { 0 };

    /* Without a row, or without an owner, the other end has closed: nobody is there whose decision it could be. */
    if (find_inode(fd, &search.inode) || !search.inode)
        return true;
    if (process_stat_each(look_at, &search))
        return true;
    return search.found || search.n_processes > MAX_PROCESSES;
}

bool peer_is_descendant(const struct http_peer *peer)
{
    if (peer->is_unix)
        return process_is_descendant(peer->pid);
    return peer->is_loopback && loopback_peer_is_descendant(peer->fd);
}
