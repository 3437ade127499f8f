#include "src/daemon/hook_calls.h"

#include "src/base/clock.h"
#include "tests/unit/loopback.h"
#include "tests/unit/sns_messages.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HOOK SLICE("alarms")
#define LAST_URL "https://sns.eu-north-1.amazonaws.com/last/"

/* The outside as a test wants it: asked for what begins with LAST_URL, it says so, and everything before is over. */
static struct outside {
    struct http_answer answer;
    enum rc rc;
    _Atomic int n_asked;
    sem_t last;
    sem_t asked, go; /* where is_slow: one is under way; it may go on */
    bool is_slow;
} outside;

struct story {
    struct arena *arena;
    struct certificates *certificates;
    struct hook_facts *facts;
    struct hook_calls *calls;
};

static enum rc get(struct slice url, const _Atomic bool *give_up, struct arena *arena,
                   struct http_answer *answer)
{
    (void)give_up;
    (void)arena;
    if (slice_starts(url, SLICE(LAST_URL))) {
        sem_post(&outside.last);
        return RC_IO;
    }
    outside.n_asked++;
    if (outside.is_slow) {
        sem_post(&outside.asked);
        sem_wait(&outside.go);
    }
    *answer = outside.answer;
    return outside.rc;
}

static int set_up_with(void **state, hook_calls_get *how)
{
    static struct story story;

    memset(&outside, 0, sizeof outside);
    sem_init(&outside.last, 0, 0);
    sem_init(&outside.asked, 0, 0);
    sem_init(&outside.go, 0, 0);
    assert_int_equal(arena_new((size_t)1 << 20, &story.arena), RC_OK);
    assert_int_equal(certificates_new(&story.certificates), RC_OK);
    assert_int_equal(hook_facts_new(&story.facts), RC_OK);
    assert_int_equal(hook_calls_new(story.certificates, story.facts, how, &story.calls), RC_OK);
    *state = &story;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, get);
}

static int set_up_with_http(void **state)
{
    assert_int_equal(http_client_init(), RC_OK);
    return set_up_with(state, NULL);
}

static int tear_down(void **state)
{
    struct story *story = *state;

    for (int i = 0; i < HOOK_CALLS_MAX + 2; i++) /* whatever a test that failed has left there */
        sem_post(&outside.go);
    hook_calls_free(story->calls);
    hook_facts_free(story->facts);
    certificates_free(story->certificates);
    arena_free(story->arena);
    sem_destroy(&outside.last);
    sem_destroy(&outside.asked);
    sem_destroy(&outside.go);
    return 0;
}

static void wait_for_all(struct story *story)
{
    static int n_waited; /* the same would not be asked for again while it is asked for */
    struct slice url;

    assert_int_equal(arena_format(story->arena, &url, LAST_URL "%d", n_waited++), RC_OK);
    hook_calls_confirm(story->calls, SLICE("other"), url);
    sem_wait(&outside.last);
}

static enum rc find(struct story *story, struct slice url)
{
    struct slice pem;

    return certificates_find(story->certificates, url, clock_wall_ms(), story->arena, &pem);
}

static const char *subscription(struct story *story)
{
    static struct hook_fact fact;

    fact = hook_facts_of(story->facts, HOOK);
    return fact.subscription;
}

static void a_certificate_that_was_fetched_is_kept_and_not_asked_for_again(void **state)
{
    const struct slice url = SLICE("https://sns.eu-north-1.amazonaws.com/a.pem");

    outside.answer = (struct http_answer){ .status = 200, .body = slice_of(sns_certificate) };
    hook_calls_fetch(((struct story *)*state)->calls, url);
    hook_calls_fetch(((struct story *)*state)->calls, url);
    wait_for_all(*state);
    assert_int_equal(outside.n_asked, 1);
    assert_int_equal(find(*state, url), RC_OK);
}

static void what_is_no_certificate_valid_now_is_not_kept(void **state)
{
    static const struct {
        struct http_answer answer;
        enum rc rc;
    } cases[] = {
        { .answer = { .status = 404 } },
        { .answer = { .status = 302 } },
        { .answer = { .status = 200, .body = { "<html>", 6 } } },
        { .answer = { .status = 200,
                      .body = { sns_expired_certificate, sizeof sns_expired_certificate - 1 } } },
        { .answer = { .status = 200,
                      .truncated = true,
                      .body = { sns_certificate, sizeof sns_certificate - 1 } } },
        { .answer = { .error = "could not connect" }, .rc = RC_IO },
    };
    struct story *story = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice url;

        assert_int_equal(arena_format(story->arena, &url, "https://x/%zu.pem", i), RC_OK);
        outside.answer = cases[i].answer;
        outside.rc = cases[i].rc;
        hook_calls_fetch(story->calls, url);
        wait_for_all(story);
        assert_int_equal(outside.n_asked, i + 1);
        assert_int_equal(find(story, url), RC_NOT_FOUND);
    }
}

static void what_confirming_came_to_is_told(void **state)
{
    struct story *story = *state;

    assert_string_equal(subscription(story), "");
    outside.answer = (struct http_answer){ .status = 200 };
    hook_calls_confirm(story->calls, HOOK, SLICE("https://x/?Token=1"));
    wait_for_all(story);
    assert_int_equal(outside.n_asked, 1);
    assert_string_equal(subscription(story), "confirmed");
}

static void a_confirmation_that_was_refused_is_told_with_its_status(void **state)
{
    struct story *story = *state;

    outside.answer = (struct http_answer){ .status = 403 };
    hook_calls_confirm(story->calls, HOOK, SLICE("https://x/?Token=1"));
    wait_for_all(story);
    assert_int_equal(outside.n_asked, 1);
    assert_string_equal(subscription(story), "not confirmed: the answer is HTTP 403");
}

static void what_comes_again_is_confirmed_again_until_it_succeeded(void **state)
{
    const struct slice url = SLICE("https://x/?Token=1");
    struct story *story = *state;

    outside.answer = (struct http_answer){ .status = 500 };
    hook_calls_confirm(story->calls, HOOK, url);
    wait_for_all(story);
    outside.answer = (struct http_answer){ .status = 200 };
    hook_calls_confirm(story->calls, HOOK, url);
    wait_for_all(story);
    assert_int_equal(outside.n_asked, 2);
    assert_string_equal(subscription(story), "confirmed");
    hook_calls_confirm(story->calls, HOOK, url);
    wait_for_all(story);
    assert_int_equal(outside.n_asked, 2);
    assert_string_equal(subscription(story), "confirmed");
    /* another subscription of the same hook, and the same of another hook */
    hook_calls_confirm(story->calls, HOOK, SLICE("https://x/?Token=2"));
    hook_calls_confirm(story->calls, SLICE("others"), url);
    wait_for_all(story);
    assert_int_equal(outside.n_asked, 4);
}

static void what_is_being_confirmed_is_not_asked_twice(void **state)
{
    struct story *story = *state;

    outside.is_slow = true;
    outside.answer = (struct http_answer){ .status = 200 };
    hook_calls_confirm(story->calls, HOOK, SLICE("https://x/?Token=1"));
    assert_string_equal(subscription(story), "being confirmed");
    while (!outside.n_asked)
        sched_yield();
    hook_calls_confirm(story->calls, HOOK, SLICE("https://x/?Token=1"));
    hook_calls_confirm(story->calls, HOOK, SLICE("https://x/?Token=2"));
    hook_calls_confirm(story->calls, HOOK, SLICE("https://x/?Token=2"));
    sem_post(&outside.go);
    sem_post(&outside.go);
    wait_for_all(story);
    assert_int_equal(outside.n_asked, 2);
}

static void the_last_sixteen_that_were_confirmed_are_known(void **state)
{
    struct story *story = *state;

    outside.answer = (struct http_answer){ .status = 200 };
    for (int i = 0; i < 17; i++) {
        struct slice url;

        assert_int_equal(arena_format(story->arena, &url, "https://x/?Token=%d", i), RC_OK);
        hook_calls_confirm(story->calls, HOOK, url);
        wait_for_all(story);
    }
    hook_calls_confirm(story->calls, HOOK, SLICE("https://x/?Token=1"));
    wait_for_all(story);
    assert_int_equal(outside.n_asked, 17);
    hook_calls_confirm(story->calls, HOOK, SLICE("https://x/?Token=0"));
    wait_for_all(story);
    assert_int_equal(outside.n_asked, 18);
}

static void what_is_known_of_a_subscription_is_told_before_anything_is_confirmed(void **state)
{
    struct story *story = *state;
    struct hook_fact fact = hook_facts_of(story->facts, HOOK);

    assert_memory_equal(hook_fact_subscription(&fact), "not known: ", 11);
    hook_facts_accepted(story->facts, HOOK, false, 1);
    fact = hook_facts_of(story->facts, HOOK);
    assert_string_equal(hook_fact_subscription(&fact),
                        "confirmed before the start: its messages come");
    hook_facts_subscription(story->facts, HOOK, "confirmed");
    fact = hook_facts_of(story->facts, HOOK);
    assert_string_equal(hook_fact_subscription(&fact), "confirmed");
}

static void no_more_than_sixteen_wait(void **state)
{
    struct story *story = *state;

    outside.is_slow = true;
    outside.answer = (struct http_answer){ .status = 200 };
    for (int i = 0; i < HOOK_CALLS_MAX + 2; i++) {
        struct slice url;

        assert_int_equal(arena_format(story->arena, &url, "https://x/?Token=%d", i), RC_OK);
        hook_calls_confirm(story->calls, HOOK, url);
        if (i == 0)
            sem_wait(&outside.asked); /* it waits no longer, but is under way */
    }
    assert_string_equal(subscription(story), "not confirmed: too much is waiting");
}

static void after_the_end_nothing_is_asked(void **state)
{
    struct story *story = *state;

    hook_calls_stop(story->calls);
    hook_calls_confirm(story->calls, HOOK, SLICE("https://x/?Token=1"));
    hook_calls_fetch(story->calls, SLICE("https://x/a.pem"));
    assert_int_equal(outside.n_asked, 0);
}

/* Against a server: a redirect is an answer as any other, and is not followed. */
static void a_redirect_is_not_followed(void **state)
{
    struct story *story = *state;
    struct loopback loopback;
    struct slice url;

    assert_true(loopback_start(&loopback, NULL));
    assert_int_equal(
        arena_format(story->arena, &url, "http://127.0.0.1:%d/redirect", loopback.port), RC_OK);
    hook_calls_confirm(story->calls, HOOK, url);
    while (!strcmp(subscription(story), "being confirmed"))
        sched_yield();
    assert_string_equal(subscription(story), "not confirmed: the answer is HTTP 302");
    assert_int_equal(loopback.n_requests, 1);
    loopback_stop(&loopback);
}

static void stopping_gives_up_an_answer_that_does_not_come(void **state)
{
    struct story *story = *state;
    struct loopback loopback;
    struct slice url;

    assert_true(loopback_start(&loopback, NULL));
    assert_int_equal(arena_format(story->arena, &url, "http://127.0.0.1:%d/hang", loopback.port),
                     RC_OK);
    hook_calls_confirm(story->calls, HOOK, url);
    while (!loopback.n_requests)
        sched_yield();
    hook_calls_stop(story->calls);
    assert_string_equal(subscription(story), "not confirmed: given up");
    loopback_stop(&loopback);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_WITH_HTTP(name) cmocka_unit_test_setup_teardown(name, set_up_with_http, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_certificate_that_was_fetched_is_kept_and_not_asked_for_again),
        TEST(what_is_no_certificate_valid_now_is_not_kept),
        TEST(what_confirming_came_to_is_told),
        TEST(a_confirmation_that_was_refused_is_told_with_its_status),
        TEST(what_comes_again_is_confirmed_again_until_it_succeeded),
        TEST(what_is_being_confirmed_is_not_asked_twice),
        TEST(the_last_sixteen_that_were_confirmed_are_known),
        TEST(what_is_known_of_a_subscription_is_told_before_anything_is_confirmed),
        TEST(no_more_than_sixteen_wait),
        TEST(after_the_end_nothing_is_asked),
        TEST_WITH_HTTP(a_redirect_is_not_followed),
        TEST_WITH_HTTP(stopping_gives_up_an_answer_that_does_not_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
