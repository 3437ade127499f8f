#include "src/base/url.h"

#include <string.h>

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

static bool is_port(struct slice port)
{
    int64_t number;

    return !slice_to_int(port, &number) && number >= 1 && number <= 65535;
}

/* A name, an IPv4 address or an IPv6 address in brackets, and a port if it likes; never user:password@. */
static bool is_authority(struct slice authority)
{
    struct slice rest = authority;
    struct slice host;
    bool has_port;

    if (slice_starts(authority, SLICE("["))) {
        host = slice_cut(&rest, ']');
        if (host.len < 3 || host.len == authority.len)
            return false;
        for (size_t i = 1; i < host.len; i++)
            if (!strchr("0123456789abcdefABCDEF:.", host.ptr[i]))
                return false;
        return !rest.len || (rest.ptr[0] == ':' &&
                             is_port((struct slice){ .ptr = rest.ptr + 1, .len = rest.len - 1 }));
    }
    has_port = memchr(authority.ptr, ':', authority.len) != NULL;
    host = slice_cut(&rest, ':');
    for (size_t i = 0; i < host.len; i++)
        if (!is_host_byte(host.ptr[i]))
            return false;
    return host.len && (!has_port || is_port(rest));
}

size_t url_start_bytes(struct slice text)
{
    static const char *const schemes[] = { "http://", "https://" };

    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
        struct slice scheme = slice_of(schemes[i]);
        size_t end = scheme.len;

        if (!slice_starts(text, scheme))
            continue;
        while (end < text.len && text.ptr[end] != '/' && text.ptr[end] != '?')
            end++;
        return is_authority((struct slice){ .ptr = text.ptr + scheme.len, .len = end - scheme.len })
                   ? end
                   : 0;
    }
    return 0;
}

bool url_is_literal(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || strchr("\"#<>\\^`{|}", text.ptr[i]))
            return false;
    return true;
}

/* -- where requests of ours go -- */

/* The host as it stands in the URL, whose scheme is `scheme`. */
static bool is_this_machine(struct slice url, struct slice scheme)
{
    static const char *const hosts[] = { "localhost", "127.0.0.1", "[::1]" };

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct slice host = slice_of(hosts[i]);
        struct slice rest = { .ptr = url.ptr + scheme.len, .len = url.len - scheme.len };

        if (!slice_starts(rest, host))
            continue;
        rest.ptr += host.len;
        rest.len -= host.len;
        if (!rest.len || rest.ptr[0] == ':' || rest.ptr[0] == '/')
            return true;
    }
    return false;
}

const char *url_fault(struct slice url, bool may_have_query)
{
    struct slice plain = SLICE("http://");

    if (!url_start_bytes(url))
        return "begins with https://, a host and perhaps a port, without a user name";
    if (!may_have_query && memchr(url.ptr, '?', url.len))
        return "has no query, fragment, blank or other special character";
    if (!url_is_literal(url))
        return may_have_query ? "has no fragment, blank or other special character"
                              : "has no query, fragment, blank or other special character";
    if (slice_starts(url, plain) && !is_this_machine(url, plain))
        return "is https, but for an address of this machine: a token goes there";
    return NULL;
}

enum rc url_read(const struct node *map, const char *name, struct problems *problems,
                 struct slice *url)
{
    const struct node *node = node_find(map, name);
    const char *fault;

    if (!node || node->is_null)
        return RC_OK;
    fault = node->type == NODE_SCALAR ? url_fault(node->text, false) : "is text";
    if (fault) {
        node_problem(problems, node, "`%s` %s", name, fault);
        return RC_INVALID;
    }
    *url = node->text;
    while (slice_ends(*url, SLICE("/")))
        url->len--;
    return RC_OK;
}
