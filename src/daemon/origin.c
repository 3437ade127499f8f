#include "src/daemon/origin.h"

static struct slice skip(struct slice text, size_t n_bytes)
{
    return (struct slice){ text.ptr + n_bytes, text.len - n_bytes };
}

struct slice origin_host_name(struct slice host)
{
    if (host.len && host.ptr[0] == '[') {
        host = skip(host, 1);
        return slice_cut(&host, ']');
    }
    return slice_cut(&host, ':');
}

/* "https://a.example/base" -> "https" and "a.example" */
static struct slice cut_scheme(struct slice *url)
{
    struct slice scheme = { 0 };
    size_t offset;

    if (slice_find(*url, SLICE("://"), &offset))
        return scheme;
    scheme = (struct slice){ url->ptr, offset };
    *url = skip(*url, offset + 3);
    return scheme;
}

static struct slice authority_of(struct slice url)
{
    (void)cut_scheme(&url);
    return slice_cut(&url, '/');
}

struct slice origin_path_prefix(const struct config *config)
{
    struct slice path = config->public_url;

    if (slice_is_absent(cut_scheme(&path)))
        return (struct slice){ 0 };
    (void)slice_cut(&path, '/');
    if (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    if (!path.len)
        return (struct slice){ 0 };
    return (struct slice){ path.ptr - 1, path.len + 1 }; /* with its slash */
}

/* A port, or nothing: what follows the name in a Host header. */
static bool is_well_formed(struct slice host)
{
    struct slice name = origin_host_name(host);
    struct slice rest;
    int64_t port;

    if (!name.len)
        return false;
    rest = skip(host, (size_t)(name.ptr + name.len - host.ptr));
    if (host.ptr[0] == '[') {
        if (!rest.len)
            return false;
        rest = skip(rest, 1);
    }
    if (!rest.len)
        return true;
    return rest.ptr[0] == ':' && !slice_to_int(skip(rest, 1), &port) && port > 0 && port < 65536;
}

/* 127.0.0.0/8, and only as four numbers: "127.evil.example" is a name. */
static bool is_loopback_v4(struct slice name)
{
    size_t n_parts = 0;

    if (!slice_starts(name, SLICE("127.")))
        return false;
    while (name.len) {
        struct slice part = slice_cut(&name, '.');
        int64_t number;

        if (slice_to_int(part, &number) || number < 0 || number > 255)
            return false;
        n_parts++;
    }
    return n_parts == 4;
}

static bool is_loopback(struct slice name)
{
    return slice_eq_nocase(name, SLICE("localhost")) || slice_eq(name, SLICE("::1")) ||
           is_loopback_v4(name);
}

bool origin_host_is_ours(const struct config *config, struct slice host, struct slice local_address)
{
    struct slice name = origin_host_name(host);

    if (!is_well_formed(host))
        return false;
    if (is_loopback(name) || slice_eq_nocase(name, local_address))
        return true;
    if (config->public_url.len &&
        slice_eq_nocase(name, origin_host_name(authority_of(config->public_url))))
        return true;
    for (size_t i = 0; i < config->hosts.n_items; i++)
        if (slice_eq_nocase(name, origin_host_name(config->hosts.items[i])))
            return true;
    return false;
}

/* Behind a proxy the Host that we see may be another name; then the public one counts. */
static bool is_own_origin(const struct config *config, const struct origin_headers *headers)
{
    struct slice authority = authority_of(headers->origin);

    if (slice_eq(headers->origin, SLICE("null")) || !authority.len)
        return false;
    if (slice_eq_nocase(authority, headers->host))
        return true;
    return config->public_url.len && slice_eq_nocase(authority, authority_of(config->public_url));
}

bool origin_is_ours(const struct config *config, const struct origin_headers *headers,
                    bool must_prove)
{
    struct slice site = headers->fetch_site;

    if (!slice_is_absent(site) && !slice_eq(site, SLICE("same-origin")) &&
        !slice_eq(site, SLICE("none")))
        return false;
    if (!slice_is_absent(headers->origin))
        return is_own_origin(config, headers);
    return !must_prove || slice_eq(site, SLICE("same-origin"));
}
