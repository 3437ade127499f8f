/* When a channel is told what waits for the review budget. */
#include "src/base/clock.h"
#include "src/daemon/budget_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOON_MS ((int64_t)1795262400000) /* 2026-11-21 12:00 UTC */

static struct budget_facts facts;

static int begin(void **state)
{
    (void)state;
    memset(&facts, 0, sizeof facts);
    facts.row.since_ms = NOON_MS;
    return 0;
}

static int64_t told(int64_t told_ms, int64_t gone)
{
    const struct channel_facts channel = { .budget_told_ms = told_ms, .budget_gone = gone };

    return budget_tell_ms(&facts, &channel, NOON_MS + MINUTE_MS);
}

static void where_nothing_waits_nothing_is_told(void **state)
{
    (void)state;
    assert_int_equal(told(0, 0), INT64_MAX);
    assert_int_equal(told(NOON_MS - DAY_MS, 0), INT64_MAX);
}

static void the_first_digest_gathers_for_a_moment(void **state)
{
    (void)state;
    facts.n_queued = 1;
    assert_int_equal(told(0, 0), NOON_MS + 10 * SECOND_MS);
    assert_int_equal(told(NOON_MS - HOUR_MS, 0), NOON_MS + 10 * SECOND_MS);
}

static void the_next_one_comes_an_hour_after_it(void **state)
{
    (void)state;
    facts.n_queued = 1;
    assert_int_equal(told(NOON_MS + 10 * SECOND_MS, 0), NOON_MS + 10 * SECOND_MS + HOUR_MS);
    /* Another queue does not come sooner. */
    assert_int_equal(told(NOON_MS - MINUTE_MS, 0), NOON_MS - MINUTE_MS + HOUR_MS);
}

static void what_came_and_went_is_told_once_although_nothing_waits_any_more(void **state)
{
    (void)state;
    facts.row.n_gone = 7;
    facts.row.n_gone_before = 5;
    assert_int_equal(told(NOON_MS - DAY_MS, 5), NOON_MS + 10 * SECOND_MS);
    assert_int_equal(told(NOON_MS, 7), INT64_MAX);
    assert_int_equal(told(0, 0), NOON_MS + 10 * SECOND_MS); /* a channel that is new */
}

static void a_new_channel_is_not_told_what_came_and_went_a_day_ago(void **state)
{
    const struct channel_facts channel = { 0 };

    (void)state;
    facts.row.n_gone = 2;
    assert_int_equal(budget_untold(&facts, &channel, NOON_MS + DAY_MS - 1), 2);
    assert_int_equal(budget_untold(&facts, &channel, NOON_MS + DAY_MS), 0);
}

static void what_waits_is_counted_by_severity_the_worst_first(void **state)
{
    struct buffer words;

    (void)state;
    facts.queued[SEVERITY_LOW] = 10;
    facts.queued[SEVERITY_CRITICAL] = 2;
    buffer_init(&words, 0);
    budget_facts_count(&facts, &words);
    assert_true(slice_eq(buffer_slice(&words), SLICE("2 critical, 10 low")));
    buffer_free(&words);
}

int main(void)
{
#define ALONE(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        ALONE(where_nothing_waits_nothing_is_told),
        ALONE(the_first_digest_gathers_for_a_moment),
        ALONE(the_next_one_comes_an_hour_after_it),
        ALONE(what_came_and_went_is_told_once_although_nothing_waits_any_more),
        ALONE(a_new_channel_is_not_told_what_came_and_went_a_day_ago),
        ALONE(what_waits_is_counted_by_severity_the_worst_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
