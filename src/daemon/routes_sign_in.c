/* Signing a browser in and out. A link only shows the page: what signs in is the POST that its script sends. */
#include "src/daemon/handlers.h"
#include "src/daemon/origin.h"

#include <stdio.h>

/* Same name, same attributes, whether it begins or ends. */
#define COOKIE SESSION_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s"
#define COOKIE_BYTES 256

/* A cookie marked Secure is only kept by a browser that came by https: it asked for the name of public_url then, while one on this machine asks for loopback. */
static bool is_behind_tls(const struct request *request)
{
    struct slice url = request->config->public_url;
    struct slice name = origin_host_name(http_header(request->exchange, "Host"));

    if (!slice_starts(url, SLICE("https://")))
        return false;
    url.ptr += sizeof "https://" - 1;
    url.len -= sizeof "https://" - 1;
    return slice_eq_nocase(origin_host_name(slice_cut(&url, '/')), name);
}

static struct slice format_cookie(const struct request *request, const char *session,
                                  int64_t age_ms, char text[COOKIE_BYTES])
{
    int len = snprintf(text, COOKIE_BYTES, COOKIE, session, (long long)(age_ms / SECOND_MS),
                       is_behind_tls(request) ? "; Secure" : "");

    return (struct slice){ text, (size_t)len };
}

static void answer_person(struct request *request, struct slice person,
                          const struct http_answer_header *header)
{
    struct json_writer writer;
    struct buffer json;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    json_object_begin(&writer);
    json_member_text(&writer, "person", person);
    json_object_end(&writer);
    request_answer(request, 200, "application/json", buffer_slice(&json), header, header ? 1 : 0);
    buffer_free(&json);
}

/* Whom `body` signs in; absent when nobody. */
static struct slice judge(struct request *request, const struct json *body)
{
    struct slice token = json_string(json_get_text(body, "token"));
    struct slice code = json_string(json_get_text(body, "code"));
    const struct person *person;

    /* A link is for the one local user; with people configured it would be for nobody. */
    if (code.len && request->config->is_default &&
        sessions_spend_code(request->routes->sessions, code, clock_wall_ms()))
        return SLICE(CONFIG_LOCAL_PERSON);
    if (!token.len)
        return (struct slice){ 0 };
    person = auth_person_of_token(request->config, token);
    return person ? person->name : (struct slice){ 0 };
}

static void refuse(struct request *request, struct slice address)
{
    static struct log_limit limit;

    sessions_failed(request->routes->sessions, address, clock_wall_ms());
    log_limited(&limit, LOG_WARN, "sign-in refused peer=%.*s", SLICE_ARG(address));
    request_problem(request, 401, "Not signed in",
                    SLICE("the token or the link is not good (any more)"));
}

void post_sign_in(struct request *request)
{
    struct slice address = origin_host_name(http_peer_of(request->exchange).address);
    struct http_answer_header header = { .name = "Set-Cookie" };
    char session[SESSION_TEXT_BYTES];
    char cookie[COOKIE_BYTES];
    struct slice person;
    struct json *body = NULL;
    enum rc rc;

    if (!sessions_may_try(request->routes->sessions, address, clock_wall_ms())) {
        request_problem(request, 429, "Too many attempts", SLICE("wait a minute"));
        return;
    }
    if (request_parse_body(request, &body))
        return;
    person = judge(request, body);
    json_free(body);
    if (slice_is_absent(person)) {
        refuse(request, address);
        return;
    }
    rc = sessions_begin(request->routes->sessions, person, clock_wall_ms(), session);
    if (rc) {
        request_fail(request, rc);
        return;
    }
    log_info("signed in person=%.*s peer=%.*s", SLICE_ARG(person), SLICE_ARG(address));
    header.value = format_cookie(request, session, SESSION_MS, cookie);
    answer_person(request, person, &header);
}

void post_sign_out(struct request *request)
{
    struct slice session = sessions_cookie(http_header(request->exchange, "Cookie"));
    char cookie[COOKIE_BYTES];
    const struct http_answer_header header = { "Set-Cookie",
                                               format_cookie(request, "", 0, cookie) };

    if (!slice_is_absent(session))
        sessions_end(request->routes->sessions, session);
    answer_person(request, (struct slice){ 0 }, &header);
}

/* Who is asking, for the page: no person means that reading is all it can do. */
void get_me(struct request *request)
{
    bool may_decide = request->caller.is_person && !request->caller.is_own_user;

    answer_person(request, may_decide ? request->caller.name : (struct slice){ 0 }, NULL);
}
