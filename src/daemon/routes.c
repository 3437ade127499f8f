#include "src/daemon/routes.h"

#include "src/daemon/handlers.h"
#include "src/daemon/origin.h"
#include "src/daemon/peer.h"
#include "src/daemon/routes_page.h"
#include "src/daemon/routes_slack.h"
#include "src/daemon/routes_stream.h"

#include "src/base/metrics.h"

#include <stdlib.h>

#define BODY_BYTES ((int64_t)64 << 10) /* of a decision with the longest note */

/* Who may use a route. */
enum access {
    ACCESS_ANYONE, /* also from elsewhere: metrics, health, the page's own files, signing in */
    ACCESS_READ,   /* who is known; anybody on loopback while nobody is configured */
    ACCESS_MANAGE, /* who is known, and no descendant of ours: stops or reloads */
    ACCESS_DECIDE, /* a person, and neither a descendant of ours nor, with a configuration, our own user */
    ACCESS_JUDGED, /* like DECIDE, but the engine refuses and records it: the handler looks for itself */
};

struct route {
    const char *method;
    const char *path; /* raw; `*` is one segment of letters, digits, `.`, `_` and `-` */
    enum access access;
    void (*handle)(struct request *request);
    bool (*has)(struct slice part); /* is there something of that name? NULL: the handler tells */
};

/* clang-format off */
static const struct route table[] = {
    { "GET",  "/api/v1/proposals",            ACCESS_READ,   list_proposals },
    { "GET",  "/api/v1/proposals/*",          ACCESS_READ,   get_proposal },
    { "POST", "/api/v1/proposals/*/decision", ACCESS_JUDGED, post_decision },
    { "GET",  "/api/v1/signals",              ACCESS_READ,   list_signals },
    { "GET",  "/api/v1/signals/*",            ACCESS_READ,   get_signal },
    { "POST", "/api/v1/signals/*/resolve",    ACCESS_DECIDE, post_resolve },
    { "GET",  "/api/v1/tasks",                ACCESS_READ,   list_tasks },
    { "GET",  "/api/v1/tasks/*",              ACCESS_READ,   get_task },
    { "GET",  "/api/v1/events",               ACCESS_READ,   list_events },
    { "GET",  "/api/v1/events/*",             ACCESS_READ,   get_event },
    { "GET",  "/api/v1/rules",                ACCESS_READ,   list_rules },
    { "GET",  "/api/v1/rules/*",              ACCESS_READ,   get_rule },
    { "GET",  "/api/v1/ruleset",              ACCESS_READ,   get_ruleset },
    { "GET",  "/api/v1/silences",             ACCESS_READ,   list_silences },
    { "POST", "/api/v1/events/*/replay",      ACCESS_DECIDE, post_event_replay },
    { "POST", "/api/v1/silences",             ACCESS_DECIDE, post_silence },
    { "GET",  "/api/v1/silences/*",           ACCESS_READ,   get_silence },
    { "DELETE", "/api/v1/silences/*",         ACCESS_DECIDE, delete_silence },
    { "GET",  "/api/v1/audit",                ACCESS_READ,   list_audit },
    { "GET",  "/api/v1/status",               ACCESS_READ,   get_status },
    { "GET",  "/api/v1/explain/events/*",     ACCESS_READ,   explain_event },
    { "GET",  "/api/v1/explain/signals/*",    ACCESS_READ,   explain_signal },
    { "GET",  "/api/v1/stream",               ACCESS_READ,   get_stream },
    { "POST", "/api/v1/pause",                ACCESS_MANAGE, post_pause },
    { "POST", "/api/v1/resume",               ACCESS_DECIDE, post_resume },
    { "POST", "/api/v1/reload",               ACCESS_MANAGE, post_reload },
    { "GET",  "/api/v1/me",                   ACCESS_READ,   get_me },
    { "POST", "/api/v1/sign-in",              ACCESS_ANYONE, post_sign_in },
    { "POST", "/api/v1/sign-out",             ACCESS_ANYONE, post_sign_out },
    { "GET",  "/api/v1/openapi.json",         ACCESS_ANYONE, get_openapi },
    { "GET",  "/metrics",                     ACCESS_ANYONE, get_metrics },
    { "GET",  "/healthz",                     ACCESS_ANYONE, get_healthz },
    { "GET",  "/readyz",                      ACCESS_ANYONE, get_readyz },
    { "GET",  "/sign-in",                     ACCESS_ANYONE, get_sign_in },
    { "GET",  "/",                            ACCESS_ANYONE, get_page },
    { "GET",  "/*",                           ACCESS_ANYONE, get_page, page_has },
};
/* clang-format on */
#define N_ROUTES (sizeof table / sizeof *table)

/* --- finding the route --- */

static bool is_segment(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '_' || c == '-'))
            return false;
    }
    return text.len && text.ptr[0] != '.';
}

/* Segment by segment on the raw path: an escape, a doubled slash or a dot segment is no path of ours. */
static bool path_fits(struct slice path, struct slice pattern, struct slice *part)
{
    while (pattern.len && path.len) {
        struct slice wanted = slice_cut(&pattern, '/');
        struct slice segment = slice_cut(&path, '/');

        if (slice_eq(wanted, SLICE("*"))) {
            if (!is_segment(segment))
                return false;
            *part = segment;
        } else if (!slice_eq(wanted, segment)) {
            return false;
        }
    }
    return !pattern.len && !path.len;
}

struct found {
    const struct route *route; /* NULL: none with this method */
    struct slice part;
    struct buffer allow; /* the methods that the path has; empty: there is no such path */
};

static bool ends_in_slash(struct slice path)
{
    return path.len > 1 && path.ptr[path.len - 1] == '/';
}

static void allow_method(struct buffer *allow, struct slice method)
{
    size_t offset;

    if (!slice_find(buffer_slice(allow), method, &offset))
        return;
    if (allow->len)
        buffer_add_text(allow, ", ");
    buffer_add(allow, method);
}

/* Answered as GET; the server sends the head of the answer alone. */
static bool is_head(struct slice method)
{
    return slice_eq(method, SLICE("HEAD"));
}

static void find_route(struct slice method, struct slice path, struct found *found)
{
    *found = (struct found){ 0 };
    buffer_init(&found->allow, 256);
    for (size_t i = 0; i < N_ROUTES && !found->route; i++) {
        struct slice part = { 0 };

        if (ends_in_slash(path) || !path_fits(path, slice_of(table[i].path), &part) ||
            (table[i].has && !table[i].has(part)))
            continue;
        allow_method(&found->allow, slice_of(table[i].method));
        if (slice_eq(slice_of(table[i].method), SLICE("GET")))
            allow_method(&found->allow, SLICE("HEAD"));
        if (!slice_eq(is_head(method) ? SLICE("GET") : method, slice_of(table[i].method)))
            continue;
        found->route = &table[i];
        found->part = part;
    }
}

/* --- may they? --- */

static void refuse(struct http_exchange *exchange, int status, const char *title,
                   const char *detail)
{
    http_answer_problem(exchange, status, title, slice_of(detail));
}

static bool is_change(struct slice method)
{
    return !slice_eq(method, SLICE("GET")) && !is_head(method);
}

/* Only HTTP/1.0 may leave the Host out, and no browser does: there is no page of another site behind it that could be meant. */
static bool has_no_host(const struct http_exchange *exchange)
{
    return slice_is_absent(http_header(exchange, "Host"));
}

/* True when the request is for us. Else it was answered. A proxy that serves us below a path may leave the path as it came. */
static bool check_host(const struct config *config, struct http_exchange *exchange)
{
    const struct http_peer peer = http_peer_of(exchange);
    struct slice local;

    if (peer.is_unix)
        return true;
    if (!peer_local_address(peer.fd, http_arena(exchange), &local) &&
        (has_no_host(exchange) ||
         origin_host_is_ours(config, http_header(exchange, "Host"), local))) {
        http_drop_prefix(exchange, origin_path_prefix(config));
        return true;
    }
    refuse(exchange, 421, "Misdirected request",
           "this name is not one of ours; `public_url` and `hosts` say which are");
    return false;
}

static bool check_origin(struct request *request)
{
    struct http_exchange *exchange = request->exchange;
    const struct origin_headers headers = { .host = http_header(exchange, "Host"),
                                            .origin = http_header(exchange, "Origin"),
                                            .fetch_site = http_header(exchange, "Sec-Fetch-Site") };

    if (!is_change(http_method(exchange)) ||
        origin_is_ours(request->config, &headers, request->caller.by_cookie))
        return true;
    request_problem(request, 403, "Wrong origin", SLICE("this was sent by a page of another site"));
    return false;
}

/* Nobody is configured: who is not on this machine is not served at all. */
static bool check_reach(struct request *request)
{
    const struct http_peer peer = http_peer_of(request->exchange);

    if (!auth_is_open(request->config) || peer.is_unix || peer.is_loopback)
        return true;
    request_problem(request, 403, "Not served",
                    SLICE("nobody is configured: only this machine is served; see `people`"));
    return false;
}

#define HOW_TO_BE_KNOWN                                                                            \
    SLICE("nobody is known to ask here: send the header `Authorization: Bearer TOKEN` with a "     \
          "token of `people`, sign in on the page, or ask by the Unix socket")

static bool check_access(struct request *request, enum access access)
{
    const struct http_peer peer = http_peer_of(request->exchange);
    const struct caller *caller = &request->caller;

    if (access == ACCESS_ANYONE)
        return true;
    if (access == ACCESS_READ && auth_is_open(request->config) && peer.is_loopback)
        return true;
    if (!caller->is_known) {
        request_problem(request, 401, "Not signed in",
                        caller->why_not.len ? caller->why_not : HOW_TO_BE_KNOWN);
        return false;
    }
    if (access == ACCESS_READ || access == ACCESS_JUDGED)
        return true;
    if (peer_is_descendant(&peer)) {
        request_problem(request, 403, "Not allowed", SLICE("what Vedette started decides nothing"));
        return false;
    }
    if (access == ACCESS_MANAGE || (caller->is_person && !caller->is_own_user))
        return true;
    request_problem(request, 403, "Not allowed",
                    SLICE("only people of the configuration may do this"));
    return false;
}

/* --- handling --- */

static size_t count_headers(const struct http_exchange *exchange, const char *name)
{
    size_t n_headers, n_found = 0;
    const struct header *headers = http_headers(exchange, &n_headers);

    for (size_t i = 0; i < n_headers; i++)
        n_found += slice_eq_nocase(headers[i].name, slice_of(name));
    return n_found;
}

static enum rc identify(struct request *request)
{
    struct http_exchange *exchange = request->exchange;
    const struct asking asking = { .peer = http_peer_of(exchange),
                                   .authorization = http_header(exchange, "Authorization"),
                                   .proxy_secret = http_header(exchange, "X-Proxy-Secret"),
                                   .forwarded_user = http_header(exchange, "X-Forwarded-User"),
                                   .n_forwarded_users = count_headers(exchange, "X-Forwarded-User"),
                                   .cookie = http_header(exchange, "Cookie") };

    return auth_identify(request->config, request->routes->sessions, &asking, clock_wall_ms(),
                         request->arena, &request->caller);
}

static void handle(struct routes *routes, struct http_exchange *exchange, const struct found *found)
{
    struct arena *arena = http_arena(exchange);
    struct request *request = arena_alloc(arena, 1, sizeof *request);
    enum rc rc;

    if (!request) {
        refuse(exchange, 503, "Busy", rc_text(RC_NO_MEMORY));
        return;
    }
    *request = (struct request){ .routes = routes,
                                 .service = routes->service,
                                 .config = service_hold_config(routes->service),
                                 .exchange = exchange,
                                 .arena = arena,
                                 .part = found->part };
    rc = identify(request);
    if (rc) {
        request_fail(request, rc);
        return;
    }
    if (check_reach(request) && check_origin(request) &&
        check_access(request, found->route->access))
        found->route->handle(request);
}

static void answer_wrong_method(struct http_exchange *exchange, const struct found *found)
{
    const struct http_answer_header allow = { "Allow", buffer_slice(&found->allow) };
    struct slice detail;

    if (arena_format(http_arena(exchange), &detail, "this path is asked with %.*s",
                     SLICE_ARG(allow.value)))
        detail = (struct slice){ 0 };
    http_answer_problem_with(exchange, 405, "Method not allowed", detail, &allow, 1);
}

static void answer_no_route(struct http_exchange *exchange, const struct found *found)
{
    if (found->allow.len)
        answer_wrong_method(exchange, found);
    else
        refuse(exchange, 404, "Not found", "there is no such path");
}

/* RC_OK when there is a route; else it was answered. */
static enum rc look_up(struct routes *routes, struct http_exchange *exchange, struct found *found)
{
    const struct config *config = service_hold_config(routes->service);
    bool is_for_us = check_host(config, exchange);

    service_release_config(routes->service, config);
    if (!is_for_us)
        return RC_DENIED;
    find_route(http_method(exchange), http_path(exchange), found);
    if (!found->route)
        answer_no_route(exchange, found);
    buffer_free(&found->allow);
    return found->route ? RC_OK : RC_NOT_FOUND;
}

static enum rc control_on_headers(void *context, struct http_exchange *exchange,
                                  int64_t *max_body_bytes)
{
    struct found found;
    enum rc rc = look_up(context, exchange, &found);

    if (rc)
        return rc;
    *max_body_bytes = is_change(http_method(exchange)) ? BODY_BYTES : 0;
    return RC_OK;
}

static void control_on_request(void *context, struct http_exchange *exchange)
{
    struct found found;

    find_route(http_method(exchange), http_path(exchange), &found);
    buffer_free(&found.allow);
    if (found.route)
        handle(context, exchange, &found);
    else
        refuse(exchange, 404, "Not found", "there is no such path");
}

static bool is_for_slack(const struct routes *routes, const struct http_exchange *exchange)
{
    return routes->use == ROUTES_SLACK || slack_is_path(http_path(exchange));
}

static enum rc public_on_headers(void *context, struct http_exchange *exchange,
                                 int64_t *max_body_bytes)
{
    struct routes *routes = context;
    const struct config *config = service_hold_config(routes->service);
    bool is_for_us = check_host(config, exchange);

    service_release_config(routes->service, config);
    if (!is_for_us)
        return RC_DENIED;
    if (is_for_slack(routes, exchange))
        return slack_on_headers(routes, exchange, max_body_bytes);
    return hooks_on_headers(routes, exchange, max_body_bytes);
}

static void public_on_request(void *context, struct http_exchange *exchange)
{
    struct routes *routes = context;

    if (is_for_slack(routes, exchange))
        slack_on_request(routes, exchange);
    else
        hooks_on_request(routes, exchange);
}

/* --- life --- */

enum rc routes_new(struct service *service, enum routes_use use, struct routes **routes)
{
    struct routes *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->service = service;
    made->use = use;
    rc = sessions_new(&made->sessions);
    if (!rc && use == ROUTES_CONTROL)
        rc = streams_new(service, &made->streams);
    if (rc) {
        routes_free(made);
        return rc;
    }
    metric_set(METRIC_BUILD_INFO, SLICE(VEDETTE_VERSION), (struct slice){ 0 }, 1);
    *routes = made;
    return RC_OK;
}

void routes_free(struct routes *routes)
{
    if (!routes)
        return;
    streams_free(routes->streams);
    sessions_free(routes->sessions);
    free(routes);
}

struct http_routes routes_handlers(struct routes *routes)
{
    struct http_routes handlers = { .context = routes,
                                    .on_headers = control_on_headers,
                                    .on_request = control_on_request };

    if (routes->use != ROUTES_CONTROL) {
        handlers.on_headers = public_on_headers;
        handlers.on_request = public_on_request;
    }
    return handlers;
}

enum rc routes_sign_in_link(struct routes *routes, struct arena *arena, struct slice *link)
{
    char code[SESSION_TEXT_BYTES];
    enum rc rc = sessions_make_code(routes->sessions, clock_wall_ms(), code);

    if (rc)
        return rc;
    return arena_format(arena, link, "http://%.*s/sign-in?code=%s",
                        SLICE_ARG(service_control_address(routes->service)), code);
}
