#include "watchers/certificates.h"

#include "src/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795248300000)
#define URL SLICE("https://sns.eu-north-1.amazonaws.com/a.pem")
#define PEM SLICE("-----BEGIN CERTIFICATE-----")
#define NONE ((struct slice){ 0 })

static struct arena *arena;
static struct certificates *certificates;

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(arena_new((size_t)1 << 20, &arena), RC_OK);
    assert_int_equal(certificates_new(&certificates), RC_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    certificates_free(certificates);
    arena_free(arena);
    return 0;
}

static enum rc find(struct slice url, int64_t now_ms)
{
    struct slice pem;
    enum rc rc = certificates_find(certificates, url, now_ms, arena, &pem);

    if (!rc)
        assert_true(slice_eq(pem, PEM));
    return rc;
}

static struct slice url_of(int number)
{
    struct slice url;

    assert_int_equal(
        arena_format(arena, &url, "https://sns.eu-north-1.amazonaws.com/%d.pem", number), RC_OK);
    return url;
}

static void fetch(struct slice url, struct slice pem, int64_t now_ms)
{
    assert_true(certificates_begin(certificates, url, now_ms));
    if (slice_is_absent(pem))
        certificates_fail(certificates, url, now_ms);
    else
        assert_int_equal(certificates_keep(certificates, url, pem, now_ms), RC_OK);
}

static void what_was_fetched_is_fetched_again_after_a_day_and_serves_meanwhile(void **state)
{
    (void)state;
    assert_int_equal(find(URL, NOW_MS), RC_NOT_FOUND);
    fetch(URL, PEM, NOW_MS);
    assert_int_equal(find(URL, NOW_MS), RC_OK);
    assert_int_equal(find(URL, NOW_MS + DAY_MS - 1), RC_OK);
    assert_false(certificates_begin(certificates, URL, NOW_MS + DAY_MS - 1));
    assert_int_equal(find(URL, NOW_MS + DAY_MS), RC_OK);
    assert_true(certificates_begin(certificates, URL, NOW_MS + DAY_MS));
    assert_false(certificates_begin(certificates, URL, NOW_MS + DAY_MS));
    assert_int_equal(find(URL, NOW_MS + DAY_MS), RC_OK);
    assert_int_equal(certificates_keep(certificates, URL, PEM, NOW_MS + DAY_MS), RC_OK);
    assert_int_equal(find(URL, NOW_MS + DAY_MS), RC_OK);
    assert_false(certificates_begin(certificates, URL, NOW_MS + 2 * DAY_MS - 1));
    assert_true(certificates_begin(certificates, URL, NOW_MS + 2 * DAY_MS));
}

static void what_cannot_be_fetched_again_stays_and_is_tried_each_minute(void **state)
{
    static char text[CERTIFICATE_MAX_BYTES + 1];
    const int64_t later_ms = NOW_MS + DAY_MS;

    (void)state;
    fetch(URL, PEM, NOW_MS);
    fetch(URL, NONE, later_ms);
    assert_int_equal(find(URL, later_ms), RC_OK);
    assert_false(certificates_begin(certificates, URL, later_ms + MINUTE_MS - 1));
    assert_true(certificates_begin(certificates, URL, later_ms + MINUTE_MS));
    assert_int_equal(certificates_keep(certificates, URL, (struct slice){ text, sizeof text },
                                       later_ms + MINUTE_MS),
                     RC_LIMIT);
    assert_int_equal(find(URL, later_ms + MINUTE_MS), RC_OK);
}

static void what_is_over_is_gone_and_may_be_fetched_at_once(void **state)
{
    (void)state;
    fetch(URL, PEM, NOW_MS);
    certificates_drop(certificates, URL);
    assert_int_equal(find(URL, NOW_MS), RC_NOT_FOUND);
    fetch(URL, NONE, NOW_MS);
    certificates_drop(certificates, URL); /* there is nothing to be over: the minute stands */
    assert_false(certificates_begin(certificates, URL, NOW_MS));
    certificates_drop(certificates, url_of(1));
}

static void what_is_being_fetched_is_not_fetched_twice(void **state)
{
    (void)state;
    assert_true(certificates_begin(certificates, URL, NOW_MS));
    assert_false(certificates_begin(certificates, URL, NOW_MS + DAY_MS));
    assert_int_equal(find(URL, NOW_MS), RC_NOT_FOUND);
}

static void what_failed_is_asked_for_again_after_a_minute(void **state)
{
    (void)state;
    fetch(URL, NONE, NOW_MS);
    assert_int_equal(find(URL, NOW_MS), RC_NOT_FOUND);
    assert_false(certificates_begin(certificates, URL, NOW_MS + MINUTE_MS - 1));
    assert_true(certificates_begin(certificates, URL, NOW_MS + MINUTE_MS));
}

static void no_more_than_four_are_fetched_at_a_time(void **state)
{
    (void)state;
    for (int i = 0; i < CERTIFICATES_MAX_PENDING; i++)
        assert_true(certificates_begin(certificates, url_of(i), NOW_MS));
    assert_false(certificates_begin(certificates, URL, NOW_MS));
    certificates_fail(certificates, url_of(0), NOW_MS);
    assert_true(certificates_begin(certificates, URL, NOW_MS));
}

static void urls_that_give_nothing_never_push_out_a_certificate(void **state)
{
    (void)state;
    for (int i = 0; i < CERTIFICATES_MAX - 1; i++)
        fetch(url_of(i), PEM, NOW_MS);
    for (int i = 0; i < 100; i++)
        fetch(url_of(1000 + i), NONE, NOW_MS + i);
    for (int i = 0; i < CERTIFICATES_MAX - 1; i++)
        assert_int_equal(find(url_of(i), NOW_MS), RC_OK);
}

static void the_certificate_that_was_longest_unused_gives_way(void **state)
{
    (void)state;
    for (int i = 0; i < CERTIFICATES_MAX; i++)
        fetch(url_of(i), PEM, NOW_MS + i);
    assert_int_equal(find(url_of(0), NOW_MS + MINUTE_MS), RC_OK);
    fetch(URL, PEM, NOW_MS + MINUTE_MS);
    assert_int_equal(find(url_of(0), NOW_MS + MINUTE_MS), RC_OK);
    assert_int_equal(find(url_of(1), NOW_MS + MINUTE_MS), RC_NOT_FOUND);
    assert_int_equal(find(url_of(2), NOW_MS + MINUTE_MS), RC_OK);
}

static void what_is_too_long_is_not_kept(void **state)
{
    static char text[CERTIFICATE_MAX_BYTES + 1];

    (void)state;
    memset(text, 'u', sizeof text);
    assert_true(certificates_begin(certificates, (struct slice){ text, CERTIFICATE_URL_MAX_BYTES },
                                   NOW_MS));
    assert_false(certificates_begin(certificates,
                                    (struct slice){ text, CERTIFICATE_URL_MAX_BYTES + 1 }, NOW_MS));
    assert_false(certificates_begin(certificates, NONE, NOW_MS));
    assert_true(certificates_begin(certificates, URL, NOW_MS));
    assert_int_equal(
        certificates_keep(certificates, URL, (struct slice){ text, sizeof text }, NOW_MS),
        RC_LIMIT);
    assert_int_equal(find(URL, NOW_MS), RC_NOT_FOUND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_fetched_is_fetched_again_after_a_day_and_serves_meanwhile),
        TEST(what_cannot_be_fetched_again_stays_and_is_tried_each_minute),
        TEST(what_is_over_is_gone_and_may_be_fetched_at_once),
        TEST(what_is_being_fetched_is_not_fetched_twice),
        TEST(what_failed_is_asked_for_again_after_a_minute),
        TEST(no_more_than_four_are_fetched_at_a_time),
        TEST(urls_that_give_nothing_never_push_out_a_certificate),
        TEST(the_certificate_that_was_longest_unused_gives_way),
        TEST(what_is_too_long_is_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
