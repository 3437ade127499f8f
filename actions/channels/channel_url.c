#include "actions/channels/channel_url.h"

#include "actions/request_url.h"

#include <string.h>

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

const char *channel_url_fault(struct slice url, bool may_have_query)
{
    struct slice plain = SLICE("http://");

    if (!request_url_has_host(url))
        return "begins with https://, a host and perhaps a port, without a user name";
    if (!may_have_query && memchr(url.ptr, '?', url.len))
        return "has no query, fragment, blank or other special character";
    if (!request_url_is_literal(url))
        return may_have_query ? "has no fragment, blank or other special character"
                              : "has no query, fragment, blank or other special character";
    if (slice_starts(url, plain) && !is_this_machine(url, plain))
        return "is https, but for an address of this machine: a token goes there";
    return NULL;
}

enum rc channel_url_read(const struct node *map, const char *name, struct problems *problems,
                         struct slice *url)
{
    const struct node *node = node_find(map, name);
    const char *fault;

    if (!node || node->is_null)
        return RC_OK;
    fault = node->type == NODE_SCALAR ? channel_url_fault(node->text, false) : "is text";
    if (fault) {
        node_problem(problems, node, "`%s` %s", name, fault);
        return RC_INVALID;
    }
    *url = node->text;
    while (slice_ends(*url, SLICE("/")))
        url->len--;
    return RC_OK;
}
