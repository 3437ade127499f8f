#include "src/daemon/session.h"

#include "src/base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS ((int64_t)1700000000000)

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

static bool is_session_of(struct fixture *fixture, const char *text, int64_t now_ms,
                          const char *person)
{
    struct slice found;
    enum rc rc = sessions_find(fixture->sessions, slice_of(text), now_ms, fixture->arena, &found);

    return !rc && slice_eq(found, slice_of(person));
}

static void a_session_lasts_twelve_hours(void **state)
{
    struct fixture *fixture = *state;
    char text[SESSION_TEXT_BYTES];

    assert_int_equal(sessions_begin(fixture->sessions, SLICE("jane"), NOW_MS, text), RC_OK);
    assert_true(is_session_of(fixture, text, NOW_MS, "jane"));
    assert_true(is_session_of(fixture, text, NOW_MS + SESSION_MS - 1, "jane"));
    assert_false(is_session_of(fixture, text, NOW_MS + SESSION_MS, "jane"));
}

static void what_was_never_given_out_is_no_session(void **state)
{
    struct fixture *fixture = *state;
    char text[SESSION_TEXT_BYTES];

    assert_int_equal(sessions_begin(fixture->sessions, SLICE("jane"), NOW_MS, text), RC_OK);
    text[0] = text[0] == '0' ? '1' : '0';
    assert_false(is_session_of(fixture, text, NOW_MS, "jane"));
    assert_false(is_session_of(fixture, "", NOW_MS, "jane"));
}

static void signing_out_ends_it_at_once(void **state)
{
    struct fixture *fixture = *state;
    char text[SESSION_TEXT_BYTES];

    assert_int_equal(sessions_begin(fixture->sessions, SLICE("jane"), NOW_MS, text), RC_OK);
    sessions_end(fixture->sessions, slice_of(text));
    assert_false(is_session_of(fixture, text, NOW_MS, "jane"));
}

static void too_many_sessions_end_the_oldest(void **state)
{
    struct fixture *fixture = *state;
    char first[SESSION_TEXT_BYTES], text[SESSION_TEXT_BYTES];

    assert_int_equal(sessions_begin(fixture->sessions, SLICE("jane"), NOW_MS, first), RC_OK);
    for (int i = 1; i <= 256; i++)
        assert_int_equal(sessions_begin(fixture->sessions, SLICE("joe"), NOW_MS + i, text), RC_OK);
    assert_false(is_session_of(fixture, first, NOW_MS + 300, "jane"));
    assert_true(is_session_of(fixture, text, NOW_MS + 300, "joe"));
}

static void a_link_signs_in_once_and_within_ten_minutes(void **state)
{
    struct fixture *fixture = *state;
    char text[SESSION_TEXT_BYTES];

    assert_int_equal(sessions_make_code(fixture->sessions, NOW_MS, text), RC_OK);
    assert_true(
        sessions_spend_code(fixture->sessions, slice_of(text), NOW_MS + SESSION_CODE_MS - 1));
    assert_false(
        sessions_spend_code(fixture->sessions, slice_of(text), NOW_MS + SESSION_CODE_MS - 1));
    assert_int_equal(sessions_make_code(fixture->sessions, NOW_MS, text), RC_OK);
    assert_false(sessions_spend_code(fixture->sessions, slice_of(text), NOW_MS + SESSION_CODE_MS));
    assert_false(sessions_spend_code(fixture->sessions, SLICE(""), NOW_MS));
}

static void a11_ten_failures_make_an_address_wait_and_nobody_else(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < SESSION_MAX_FAILURES; i++) {
        assert_true(sessions_may_try(fixture->sessions, SLICE("192.0.2.7"), NOW_MS + i));
        sessions_failed(fixture->sessions, SLICE("192.0.2.7"), NOW_MS + i);
    }
    assert_false(sessions_may_try(fixture->sessions, SLICE("192.0.2.7"), NOW_MS + MINUTE_MS - 1));
    assert_true(sessions_may_try(fixture->sessions, SLICE("192.0.2.8"), NOW_MS + 10));
    assert_true(sessions_may_try(fixture->sessions, SLICE("192.0.2.7"), NOW_MS + MINUTE_MS));
}

static void the_cookie_is_found_among_others(void **state)
{
    static const struct {
        const char *header, *value;
    } cases[] = {
        { "vedette_session=abc", "abc" },
        { "a=b; vedette_session=abc; c=d", "abc" },
        { "a=b;vedette_session=abc", "abc" },
        { "a=b", NULL },
        { "", NULL },
        { "xvedette_session=abc", NULL },
        { "vedette_session=abc; vedette_session=def", NULL }, /* one of them is not ours */
        { "vedette_session", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].header);
        assert_true(slice_eq(sessions_cookie(slice_of(cases[i].header)), slice_of(cases[i].value)));
    }
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_session_lasts_twelve_hours),
        STORY(what_was_never_given_out_is_no_session),
        STORY(signing_out_ends_it_at_once),
        STORY(too_many_sessions_end_the_oldest),
        STORY(a_link_signs_in_once_and_within_ten_minutes),
        STORY(a11_ten_failures_make_an_address_wait_and_nobody_else),
        cmocka_unit_test(the_cookie_is_found_among_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
