#include "src/daemon/auth.h"

#include "src/base/digest.h"

#include <pwd.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS ((int64_t)1700000000000)
#define NOBODY 4294967294

static struct slice jane_tokens[] = { { "jane-token", 10 }, { "jane-next", 9 } };
static struct slice proxy_secrets[] = { { "proxy-secret", 12 } };
static struct person people[] = {
    { .name = { "jane", 4 }, .user = { "jdoe", 4 }, .tokens = { jane_tokens, 2 } },
    { .name = { "joe", 3 } },
};

static const struct config configured = { .people = people,
                                          .n_people = 2,
                                          .proxy_secrets = { proxy_secrets, 1 } };
static const struct config embedded = { .is_default = true };

struct fixture {
    struct sessions *sessions;
    struct arena *arena;
};

static int set_up(void **state)
{
    static struct fixture fixture;

    assert_int_equal(digest_init(), RC_OK);
    assert_int_equal(sessions_new(&fixture.sessions), RC_OK);
    assert_int_equal(arena_new(1 << 20, &fixture.arena), RC_OK);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    sessions_free(fixture->sessions);
    arena_free(fixture->arena);
    return 0;
}

static struct caller ask(void **state, const struct config *config, const struct asking *asking)
{
    struct fixture *fixture = *state;
    struct caller caller;

    assert_int_equal(
        auth_identify(config, fixture->sessions, asking, NOW_MS, fixture->arena, &caller), RC_OK);
    return caller;
}

static bool is_person(struct caller caller, const char *name, const char *via)
{
    return caller.is_known && caller.is_person && slice_eq(caller.name, slice_of(name)) &&
           slice_eq(caller.via, slice_of(via));
}

static const struct http_peer loopback = { .is_loopback = true, .pid = -1, .uid = -1, .fd = -1 };

static struct http_peer unix_peer(int64_t uid)
{
    return (struct http_peer){ .is_unix = true, .pid = 1, .uid = uid, .fd = -1 };
}

static void a_bearer_token_says_who_it_is(void **state)
{
    static const struct {
        const char *header;
        bool is_jane;
    } cases[] = {
        { "Bearer jane-token", true },
        { "bearer jane-next", true },
        { "Bearer  jane-token", true },
        { "Bearer jane-toke", false },
        { "Bearer jane-token2", false },
        { "Bearer ", false },
        { "Bearer", false },
        { "Basic jane-token", false },
        { "jane-token", false },
        { "", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct asking asking = { .peer = loopback,
                                       .authorization = slice_of(cases[i].header) };

        print_message("%s\n", cases[i].header);
        assert_int_equal(is_person(ask(state, &configured, &asking), "jane", "token"),
                         cases[i].is_jane);
    }
}

static void a_wrong_token_is_not_made_up_for_by_the_socket(void **state)
{
    const struct asking asking = { .peer = unix_peer((int64_t)geteuid()),
                                   .authorization = SLICE("Bearer wrong") };

    assert_false(ask(state, &configured, &asking).is_known);
    assert_false(ask(state, &embedded, &asking).is_known);
}

static void a_forwarded_user_counts_only_with_the_proxys_secret(void **state)
{
    struct asking asking = { .peer = loopback, .forwarded_user = SLICE("jane") };

    assert_false(ask(state, &configured, &asking).is_known);
    asking.proxy_secret = SLICE("proxy-secre");
    assert_false(ask(state, &configured, &asking).is_known);
    asking.proxy_secret = SLICE("");
    assert_false(ask(state, &configured, &asking).is_known);
    asking.proxy_secret = SLICE("proxy-secret");
    assert_true(is_person(ask(state, &configured, &asking), "jane", "page"));
    assert_true(ask(state, &configured, &asking).by_cookie); /* so the origin must be proven */
    asking.forwarded_user = SLICE("jdoe");
    assert_true(is_person(ask(state, &configured, &asking), "jane", "page"));
    /* Which of two is the proxy's cannot be told. */
    asking.n_forwarded_users = 2;
    assert_false(ask(state, &configured, &asking).is_known);
    assert_non_null(ask(state, &configured, &asking).why_not.ptr);
    asking.proxy_secret = SLICE("guessed"); /* a stranger is told nothing of it */
    assert_null(ask(state, &configured, &asking).why_not.ptr);
    asking.proxy_secret = SLICE("proxy-secret");
    asking.n_forwarded_users = 1;
    asking.forwarded_user = SLICE("mallory");
    assert_false(ask(state, &configured, &asking).is_known);
    assert_false(ask(state, &embedded, &asking).is_known);
}

static void a_session_is_its_person_while_the_configuration_knows_them(void **state)
{
    struct fixture *fixture = *state;
    char text[SESSION_TEXT_BYTES];
    struct asking asking = { .peer = loopback };
    struct slice cookie;

    assert_int_equal(sessions_begin(fixture->sessions, SLICE("joe"), NOW_MS, text), RC_OK);
    assert_int_equal(arena_format(fixture->arena, &cookie, "vedette_session=%s", text), RC_OK);
    asking.cookie = cookie;
    assert_true(is_person(ask(state, &configured, &asking), "joe", "page"));
    assert_true(ask(state, &configured, &asking).by_cookie);
    assert_false(ask(state, &embedded, &asking).is_known);
    asking.cookie = SLICE("vedette_session=0000");
    assert_false(ask(state, &configured, &asking).is_known);
}

static void without_a_configuration_the_user_who_started_it_is_you(void **state)
{
    struct asking asking = { .peer = unix_peer((int64_t)geteuid()) };

    assert_true(is_person(ask(state, &embedded, &asking), CONFIG_LOCAL_PERSON, "socket"));
    assert_false(ask(state, &embedded, &asking).is_own_user);
    asking.peer = unix_peer((int64_t)geteuid() + 1);
    assert_false(ask(state, &embedded, &asking).is_known);
    asking.peer = unix_peer(-1);
    assert_false(ask(state, &embedded, &asking).is_known);
}

static void with_one_the_daemons_own_user_reads_and_is_nobody(void **state)
{
    const struct asking asking = { .peer = unix_peer((int64_t)geteuid()) };
    struct caller caller = ask(state, &configured, &asking);

    assert_true(caller.is_known);
    assert_true(caller.is_own_user);
    assert_false(caller.is_person);
    assert_true(slice_starts(caller.name, SLICE("unix:")));
}

static void the_daemons_own_user_stays_that_as_a_person_too(void **state)
{
    const struct passwd *user = getpwuid(geteuid());
    struct person self = { .name = SLICE("self") };
    const struct config config = { .people = &self, .n_people = 1 };
    const struct asking asking = { .peer = unix_peer((int64_t)geteuid()) };
    struct caller caller;

    if (!user)
        skip();
    self.user = slice_of(user->pw_name);
    caller = ask(state, &config, &asking);
    assert_true(is_person(caller, "self", "socket"));
    assert_true(caller.is_own_user); /* refused as a decider all the same */
}

static void a16_another_local_user_is_who_people_say(void **state)
{
    const struct asking asking = { .peer = unix_peer(NOBODY) };

    assert_false(ask(state, &configured, &asking).is_known);
}

static void nobody_at_all_is_nobody(void **state)
{
    const struct asking asking = { .peer = loopback };

    assert_false(ask(state, &configured, &asking).is_known);
    assert_false(ask(state, &embedded, &asking).is_known);
}

static void it_is_open_only_while_nobody_is_configured(void **state)
{
    const struct config only_proxy = { .proxy_secrets = { proxy_secrets, 1 } };
    const struct config only_people = { .people = people, .n_people = 1 };
    const struct config nobody = { 0 };

    (void)state;
    assert_true(auth_is_open(&embedded));
    assert_true(auth_is_open(&nobody));
    assert_false(auth_is_open(&only_proxy));
    assert_false(auth_is_open(&only_people));
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_bearer_token_says_who_it_is),
        STORY(a_wrong_token_is_not_made_up_for_by_the_socket),
        STORY(a_forwarded_user_counts_only_with_the_proxys_secret),
        STORY(a_session_is_its_person_while_the_configuration_knows_them),
        STORY(without_a_configuration_the_user_who_started_it_is_you),
        STORY(with_one_the_daemons_own_user_reads_and_is_nobody),
        STORY(the_daemons_own_user_stays_that_as_a_person_too),
        STORY(a16_another_local_user_is_who_people_say),
        STORY(nobody_at_all_is_nobody),
        STORY(it_is_open_only_while_nobody_is_configured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
