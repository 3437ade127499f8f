/* auth.h - who is asking: the Unix socket's peer, a bearer token, a trusted proxy's header, or the page's session.
 *
 * The first that a request brings counts, and a wrong one is not made up for by another. A name is looked up in the configuration at every request: who
 * was taken out of it is nobody at once. Being known is not being allowed: what somebody may decide is src/config's answer.
 */
#pragma once

#include "src/config/config.h"
#include "src/daemon/http.h"
#include "src/daemon/session.h"

/* What a request says about its sender. */
struct asking {
    struct http_peer peer;
    struct slice authorization;  /* of these, absent where the header is not there */
    struct slice proxy_secret;   /* X-Proxy-Secret */
    struct slice forwarded_user; /* X-Forwarded-User */
    size_t n_forwarded_users;    /* such headers: more than one is nobody's */
    struct slice cookie;
};

struct caller {
    bool is_known;
    bool
        is_person; /* of the configuration, or the one local user; else a Unix user whom the socket's mode lets in */
    bool
        is_own_user; /* the daemon's own, where a configuration says who people are: reads, reloads, decides nothing */
    bool by_cookie;       /* the browser sent it by itself: the request's origin must be proven */
    struct slice name;    /* as the configuration names them; "unix:NAME" for who is no person */
    struct slice via;     /* socket | token | page */
    struct slice why_not; /* of who is not known: what to mend; static, mostly absent */
};

/* Fills `caller`; not being known is no error. Texts live in `arena` or in `config`. */
enum rc auth_identify(const struct config *config, struct sessions *sessions,
                      const struct asking *asking, int64_t now_ms, struct arena *arena,
                      struct caller *caller) MUST_CHECK;
/* Nobody is configured: loopback and the socket are served, reading asks for no sign-in, and nobody else is served at all. */
bool auth_is_open(const struct config *config);
/* Whom `token` signs in; NULL when nobody. */
const struct person *auth_person_of_token(const struct config *config, struct slice token);
