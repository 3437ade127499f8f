/* How much of the review budget is used, and when time makes a place. */
#include "src/base/clock.h"
#include "src/engine/budget_use.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOON_MS ((int64_t)1795262400000) /* 2026-11-21 12:00 UTC */

static const struct review_budget budget = {
    .is_there = true, .open = 2, .per_hour = 3, .per_day = 5, .critical = 1
};

static struct budget_row row;

static void opened(size_t n, int64_t at_ms)
{
    for (size_t i = 0; i < n; i++)
        budget_add(&row, at_ms + (int64_t)i);
}

static struct budget_use use_at(int64_t n_waiting, int64_t n_tasks, bool borrows, int64_t now_ms)
{
    const struct budget_load load = { .n_waiting = n_waiting, .n_tasks = n_tasks, .row = &row };

    return budget_measure(&budget, borrows, &load, now_ms);
}

static bool is_full(int64_t n_waiting, int64_t n_tasks, bool borrows, int64_t now_ms)
{
    const struct budget_use use = use_at(n_waiting, n_tasks, borrows, now_ms);

    return budget_is_full(&use);
}

static int64_t next_ms(int64_t n_waiting, int64_t n_tasks, int64_t now_ms)
{
    const struct budget_use use = use_at(n_waiting, n_tasks, false, now_ms);

    return budget_next_ms(&use);
}

static int empty(void **state)
{
    (void)state;
    memset(&row, 0, sizeof row);
    return 0;
}

static void what_waits_is_full_at_the_limit(void **state)
{
    (void)state;
    assert_false(is_full(0, 0, false, NOON_MS));
    assert_false(is_full(1, 0, false, NOON_MS));
    assert_true(is_full(2, 0, false, NOON_MS));
    assert_true(is_full(3, 0, false, NOON_MS));
}

static void a_task_that_runs_has_its_place_already(void **state)
{
    (void)state;
    assert_false(is_full(0, 1, false, NOON_MS));
    assert_true(is_full(1, 1, false, NOON_MS));
    opened(2, NOON_MS - MINUTE_MS); /* of three in the hour */
    assert_false(is_full(0, 0, false, NOON_MS));
    assert_true(is_full(0, 1, false, NOON_MS));
    assert_int_equal(next_ms(0, 1, NOON_MS), NOON_MS - MINUTE_MS + HOUR_MS);
}

static void what_was_opened_exactly_an_hour_ago_is_out(void **state)
{
    (void)state;
    opened(2, NOON_MS);
    assert_false(is_full(0, 0, false, NOON_MS + 1));
    opened(1, NOON_MS + MINUTE_MS);
    assert_true(is_full(0, 0, false, NOON_MS + MINUTE_MS));
    assert_true(is_full(0, 0, false, NOON_MS + HOUR_MS - 1));
    assert_int_equal(next_ms(0, 0, NOON_MS + HOUR_MS - 1), NOON_MS + HOUR_MS);
    assert_false(is_full(0, 0, false, NOON_MS + HOUR_MS));
}

static void what_was_opened_exactly_a_day_ago_is_out(void **state)
{
    (void)state;
    opened(2, NOON_MS);
    opened(2, NOON_MS + 2 * HOUR_MS);
    assert_false(is_full(0, 0, false, NOON_MS + 4 * HOUR_MS));
    opened(1, NOON_MS + 4 * HOUR_MS);
    assert_true(is_full(0, 0, false, NOON_MS + 6 * HOUR_MS));
    assert_int_equal(next_ms(0, 0, NOON_MS + 6 * HOUR_MS), NOON_MS + DAY_MS);
    assert_true(is_full(0, 0, false, NOON_MS + DAY_MS - 1));
    assert_false(is_full(0, 0, false, NOON_MS + DAY_MS));
}

static void where_more_were_opened_than_may_be_as_many_must_leave_first(void **state)
{
    (void)state;
    opened(5, NOON_MS); /* of three in the hour, each a millisecond after the other */
    assert_int_equal(next_ms(0, 0, NOON_MS + 10), NOON_MS + DAY_MS); /* and of five in the day */
    empty(NULL);
    opened(4, NOON_MS);
    assert_int_equal(next_ms(0, 0, NOON_MS + 10), NOON_MS + 1 + HOUR_MS);
}

static void time_alone_makes_no_place_where_somebody_must_decide(void **state)
{
    (void)state;
    opened(3, NOON_MS);
    assert_int_equal(next_ms(1, 0, NOON_MS + 5), NOON_MS + HOUR_MS);
    assert_int_equal(next_ms(2, 0, NOON_MS + 5), 0);
    assert_int_equal(next_ms(0, 4, NOON_MS + 5), 0); /* nor where tasks alone are too many */
}

static void critical_borrows_above_each_limit(void **state)
{
    (void)state;
    assert_false(is_full(2, 0, true, NOON_MS));
    assert_true(is_full(3, 0, true, NOON_MS));
    opened(3, NOON_MS);
    assert_true(is_full(0, 0, false, NOON_MS + 5));
    assert_false(is_full(0, 0, true, NOON_MS + 5));
    opened(1, NOON_MS + 5);
    assert_true(is_full(0, 0, true, NOON_MS + 10));
}

static void without_a_budget_nothing_is_full(void **state)
{
    const struct review_budget none = { .open = 1, .per_hour = 1, .per_day = 1 };
    const struct budget_load load = { .n_waiting = 1000000, .n_tasks = 1000000, .row = &row };
    struct budget_use use = budget_measure(&none, false, &load, NOON_MS);

    (void)state;
    assert_false(budget_is_full(&use));
}

static void it_says_what_is_full_and_when_the_next_place_comes(void **state)
{
    struct budget_use use;
    struct buffer words;

    (void)state;
    buffer_init(&words, 0);
    opened(3, NOON_MS + 3 * MINUTE_MS);
    use = use_at(2, 0, false, NOON_MS + 10 * MINUTE_MS);
    budget_describe(&use, &words);
    assert_true(slice_eq(buffer_slice(&words),
                         SLICE("2 of 2 open; 3 of 3 in the last hour, the next at 13:03:00 UTC")));
    buffer_clear(&words);
    use = use_at(1, 0, false, NOON_MS + DAY_MS);
    budget_describe(&use, &words);
    assert_int_equal(buffer_slice(&words).len, 0);
    buffer_free(&words);
}

/* --- remembered --- */

static void only_the_last_day_is_remembered(void **state)
{
    (void)state;
    opened(1, NOON_MS);
    opened(1, NOON_MS + 1);
    opened(1, NOON_MS + DAY_MS);
    assert_int_equal(row.n_opened, 2);
    assert_int_equal(row.opened_ms[0], NOON_MS + 1);
}

static void more_than_any_limit_asks_for_is_not_remembered(void **state)
{
    (void)state;
    opened(BUDGET_MAX_TIMES + 1, NOON_MS);
    assert_int_equal(row.n_opened, BUDGET_MAX_TIMES);
    assert_int_equal(row.opened_ms[0], NOON_MS + 1);
    assert_int_equal(row.opened_ms[BUDGET_MAX_TIMES - 1], NOON_MS + BUDGET_MAX_TIMES);
}

static void what_is_remembered_is_read_as_it_was_written(void **state)
{
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    struct budget_row read;

    (void)state;
    opened(BUDGET_MAX_TIMES, NOON_MS);
    row.due_ms = 1;
    row.since_ms = 2;
    row.n_gone_before = 3;
    row.n_gone = 4;
    assert_int_equal(store_open_memory(&store), RC_OK);
    assert_int_equal(store_begin(store, &txn), RC_OK);
    assert_int_equal(budget_get(txn, &read), RC_OK);
    assert_int_equal(read.n_opened, 0);
    assert_int_equal(budget_put(txn, &row), RC_OK);
    assert_int_equal(budget_get(txn, &read), RC_OK);
    assert_memory_equal(&read, &row, sizeof row);
    store_abort(&txn);
    store_close(store);
}

static void a_damaged_row_is_told_and_read_as_an_empty_one(void **state)
{
    static const char *const rows[] = { "", "short", "12345678123456781234567812345678odd" };
    struct store *store = NULL;
    struct store_txn *txn = NULL;
    struct budget_row read;

    (void)state;
    assert_int_equal(store_open_memory(&store), RC_OK);
    assert_int_equal(store_begin(store, &txn), RC_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        read.n_opened = 7;
        assert_int_equal(store_put(txn, TABLE_BUDGET, (struct slice){ "", 1 }, slice_of(rows[i])),
                         RC_OK);
        assert_int_equal(budget_get(txn, &read), RC_CORRUPT);
        assert_int_equal(read.n_opened, 0);
    }
    store_abort(&txn);
    store_close(store);
}

int main(void)
{
#define ALONE(name) cmocka_unit_test_setup(name, empty)
    const struct CMUnitTest tests[] = {
        ALONE(what_waits_is_full_at_the_limit),
        ALONE(a_task_that_runs_has_its_place_already),
        ALONE(what_was_opened_exactly_an_hour_ago_is_out),
        ALONE(what_was_opened_exactly_a_day_ago_is_out),
        ALONE(where_more_were_opened_than_may_be_as_many_must_leave_first),
        ALONE(time_alone_makes_no_place_where_somebody_must_decide),
        ALONE(critical_borrows_above_each_limit),
        ALONE(without_a_budget_nothing_is_full),
        ALONE(it_says_what_is_full_and_when_the_next_place_comes),
        ALONE(only_the_last_day_is_remembered),
        ALONE(more_than_any_limit_asks_for_is_not_remembered),
        ALONE(what_is_remembered_is_read_as_it_was_written),
        ALONE(a_damaged_row_is_told_and_read_as_an_empty_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
