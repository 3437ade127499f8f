#include "src/store/timers.h"

#include "tests/unit/store_fixture.h"

static struct timer timer_of(int64_t due_ms, enum timer_kind kind, uint8_t object)
{
    return (struct timer){ .due_ms = due_ms, .kind = kind, .object = ulid_number(object) };
}

static void set(struct fixture *fixture, struct timer timer)
{
    assert_int_equal(timer_put(fixture->txn, &timer), RC_OK);
}

/* Takes the first timer, as the engine does. */
static void next_is(struct fixture *fixture, struct timer expected)
{
    struct timer timer;

    assert_int_equal(timer_first(fixture->txn, &timer), RC_OK);
    assert_int_equal(timer.due_ms, expected.due_ms);
    assert_int_equal(timer.kind, expected.kind);
    assert_int_equal(ulid_compare(timer.object, expected.object), 0);
    assert_int_equal(timer_remove(fixture->txn, &timer), RC_OK);
}

static void timers_come_in_the_order_of_their_due_time(void **state)
{
    struct fixture *fixture = *state;
    struct timer none;

    assert_int_equal(timer_first(fixture->txn, &none), RC_NOT_FOUND);
    set(fixture, timer_of(300, TIMER_SIGNAL_QUIET, 1));
    set(fixture, timer_of(255, TIMER_PROPOSAL_EXPIRY, 2));
    set(fixture, timer_of(256, TIMER_TASK_DEADLINE, 3));
    set(fixture, timer_of(INT64_MAX, TIMER_PROPOSAL_VERIFY, 4));
    set(fixture, timer_of(0, TIMER_PROPOSAL_HOLD, 5));
    fixture_commit(fixture);
    next_is(fixture, timer_of(0, TIMER_PROPOSAL_HOLD, 5));
    next_is(fixture, timer_of(255, TIMER_PROPOSAL_EXPIRY, 2));
    next_is(fixture, timer_of(256, TIMER_TASK_DEADLINE, 3));
    next_is(fixture, timer_of(300, TIMER_SIGNAL_QUIET, 1));
    next_is(fixture, timer_of(INT64_MAX, TIMER_PROPOSAL_VERIFY, 4));
    assert_int_equal(timer_first(fixture->txn, &none), RC_NOT_FOUND);
}

static void timers_due_together_are_all_kept_and_the_same_one_once(void **state)
{
    struct fixture *fixture = *state;
    uint64_t n_rows;

    set(fixture, timer_of(5, TIMER_SIGNAL_COOLDOWN, 2));
    set(fixture, timer_of(5, TIMER_SIGNAL_COOLDOWN, 1));
    set(fixture, timer_of(5, TIMER_SIGNAL_QUIET, 2));
    set(fixture, timer_of(5, TIMER_SIGNAL_QUIET, 2));
    assert_int_equal(store_count(fixture->txn, TABLE_TIMERS, &n_rows), RC_OK);
    assert_int_equal(n_rows, 3);
    next_is(fixture, timer_of(5, TIMER_SIGNAL_QUIET, 2));
    next_is(fixture, timer_of(5, TIMER_SIGNAL_COOLDOWN, 1));
    next_is(fixture, timer_of(5, TIMER_SIGNAL_COOLDOWN, 2));
}

static void removing_one_that_is_not_there_does_no_harm(void **state)
{
    struct fixture *fixture = *state;
    struct timer timer = timer_of(5, TIMER_SIGNAL_QUIET, 1);

    assert_int_equal(timer_remove(fixture->txn, &timer), RC_OK);
    set(fixture, timer);
    timer.due_ms = 6;
    assert_int_equal(timer_remove(fixture->txn, &timer), RC_OK);
    next_is(fixture, timer_of(5, TIMER_SIGNAL_QUIET, 1));
}

static void what_was_due_before_1970_is_due_first(void **state)
{
    struct fixture *fixture = *state;
    const struct timer early = timer_of(-7, TIMER_SIGNAL_QUIET, 1);

    set(fixture, timer_of(5, TIMER_SIGNAL_QUIET, 2));
    set(fixture, early);
    next_is(fixture, timer_of(0, TIMER_SIGNAL_QUIET, 1));
    set(fixture, early);
    assert_int_equal(timer_remove(fixture->txn, &early), RC_OK);
    next_is(fixture, timer_of(5, TIMER_SIGNAL_QUIET, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(timers_come_in_the_order_of_their_due_time),
        TWICE(timers_due_together_are_all_kept_and_the_same_one_once),
        TWICE(removing_one_that_is_not_there_does_no_harm),
        TWICE(what_was_due_before_1970_is_due_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
