#include "src/daemon/auth.h"

#include "src/base/digest.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#define PASSWD_BYTES 16384

bool auth_is_open(const struct config *config)
{
    return !config->n_people && !config->proxy_secrets.n_items;
}

const struct person *auth_person_of_token(const struct config *config, struct slice token)
{
    return config_person_of_token(config, token);
}

static void be_person(struct caller *caller, struct slice name, struct slice via)
{
    caller->is_known = true;
    caller->is_person = true;
    caller->name = name;
    caller->via = via;
}

/* --- each way of being known --- */

static enum rc by_token(const struct config *config, struct slice authorization,
                        struct caller *caller)
{
    struct slice rest = authorization;
    const struct person *person;

    if (!slice_eq_nocase(slice_cut(&rest, ' '), SLICE("Bearer")))
        return RC_OK;
    person = config_person_of_token(config, slice_trim(rest));
    if (person)
        be_person(caller, person->name, SLICE("token"));
    return RC_OK;
}

static bool is_the_proxy(const struct config *config, struct slice secret)
{
    bool is_right = false;

    for (size_t i = 0; i < config->proxy_secrets.n_items; i++)
        is_right |= digest_eq(config->proxy_secrets.items[i], secret);
    return is_right;
}

static enum rc by_proxy(const struct config *config, const struct asking *asking,
                        struct caller *caller)
{
    const struct person *person;

    if (!is_the_proxy(config, asking->proxy_secret))
        return RC_OK;
    /* A proxy that adds one, rather than replace it, leaves beside it what the client wrote. */
    if (asking->n_forwarded_users > 1) {
        caller->by_cookie = true;
        caller->why_not = SLICE("X-Forwarded-User stands there more than once: let the proxy take "
                                "out what its client sends of it");
        return RC_OK;
    }
    if (!asking->forwarded_user.len)
        return RC_OK;
    person = config_person_by_name(config, asking->forwarded_user);
    if (!person)
        person = config_person_of_user(config, asking->forwarded_user);
    if (person)
        be_person(caller, person->name, SLICE("page"));
    /* A proxy adds the header to whatever the browser sends: as with a cookie, the origin must be proven. */
    caller->by_cookie = true;
    return RC_OK;
}

static enum rc by_session(const struct config *config, struct sessions *sessions,
                          struct slice session, int64_t now_ms, struct arena *arena,
                          struct caller *caller)
{
    struct slice name;
    enum rc rc = sessions_find(sessions, session, now_ms, arena, &name);

    caller->by_cookie = true;
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    if (config->is_default ? slice_eq(name, SLICE(CONFIG_LOCAL_PERSON))
                           : config_person_by_name(config, name) != NULL)
        be_person(caller, name, SLICE("page"));
    return RC_OK;
}

static enum rc user_name(int64_t uid, struct arena *arena, struct slice *name)
{
    char *bytes = arena_alloc(arena, PASSWD_BYTES, 1);
    struct passwd entry, *found = NULL;

    *name = (struct slice){ 0 };
    if (!bytes)
        return RC_NO_MEMORY;
    if (uid < 0 || getpwuid_r((uid_t)uid, &entry, bytes, PASSWD_BYTES, &found) || !found)
        return RC_OK;
    *name = slice_of(entry.pw_name);
    return RC_OK;
}

/* The socket's mode let them in. Who is no person may read, if they are the daemon's own user or the superuser. */
static enum rc by_unix_user(const struct config *config, int64_t uid, struct arena *arena,
                            struct caller *caller)
{
    bool is_own = uid >= 0 && uid == (int64_t)geteuid();
    const struct person *person;
    struct slice user;
    enum rc rc;

    if (config->is_default) {
        if (is_own)
            be_person(caller, SLICE(CONFIG_LOCAL_PERSON), SLICE("socket"));
        return RC_OK;
    }
    rc = user_name(uid, arena, &user);
    if (rc)
        return rc;
    caller->is_own_user = is_own;
    person = config_person_of_user(config, user);
    if (person) {
        be_person(caller, person->name, SLICE("socket"));
        return RC_OK;
    }
    caller->is_known = is_own || uid == 0;
    caller->via = SLICE("socket");
    if (slice_is_absent(user))
        return arena_format(arena, &caller->name, "unix:%lld", (long long)uid);
    return arena_format(arena, &caller->name, "unix:%.*s", SLICE_ARG(user));
}

/* --- */

enum rc auth_identify(const struct config *config, struct sessions *sessions,
                      const struct asking *asking, int64_t now_ms, struct arena *arena,
                      struct caller *caller)
{
    struct slice session = sessions_cookie(asking->cookie);

    *caller = (struct caller){ 0 };
    if (!slice_is_absent(asking->authorization))
        return by_token(config, asking->authorization, caller);
    if (!slice_is_absent(asking->proxy_secret))
        return by_proxy(config, asking, caller);
    if (!slice_is_absent(session))
        return by_session(config, sessions, session, now_ms, arena, caller);
    if (asking->peer.is_unix)
        return by_unix_user(config, asking->peer.uid, arena, caller);
    return RC_OK;
}
