/* The table of what is held back. */
#include "src/store/held.h"

#include "tests/unit/store_fixture.h"

static struct hold hold_of(enum hold_reason reason, enum severity severity, int64_t since_ms)
{
    return (struct hold){ .reason = reason, .severity = severity, .since_ms = since_ms };
}

static void hold(struct fixture *fixture, uint8_t signal, struct hold hold)
{
    assert_int_equal(held_put(fixture->txn, ulid_number(signal), &hold), RC_OK);
}

static void next_is(struct fixture *fixture, struct held_place *place, uint8_t signal)
{
    assert_int_equal(held_next(fixture->txn, place), RC_OK);
    assert_int_equal(ulid_compare(place->signal, ulid_number(signal)), 0);
}

static void the_most_severe_comes_first_then_what_waits_longest(void **state)
{
    struct fixture *fixture = *state;
    struct held_place place = { .reason = HOLD_BUDGET };

    hold(fixture, 1, hold_of(HOLD_BUDGET, SEVERITY_LOW, 10));
    hold(fixture, 2, hold_of(HOLD_BUDGET, SEVERITY_CRITICAL, 256));
    hold(fixture, 3, hold_of(HOLD_BUDGET, SEVERITY_CRITICAL, 255));
    hold(fixture, 4, hold_of(HOLD_BUDGET, SEVERITY_HIGH, 0));
    hold(fixture, 5, hold_of(HOLD_BUDGET, SEVERITY_HIGH, 0));
    next_is(fixture, &place, 3);
    next_is(fixture, &place, 2);
    next_is(fixture, &place, 4);
    next_is(fixture, &place, 5);
    next_is(fixture, &place, 1);
    assert_int_equal(place.severity, SEVERITY_LOW);
    assert_int_equal(place.since_ms, 10);
    assert_int_equal(held_next(fixture->txn, &place), RC_NOT_FOUND);
}

static void a_walk_sees_its_own_reason_alone(void **state)
{
    struct fixture *fixture = *state;
    struct held_place place = { .reason = HOLD_SILENCE };

    hold(fixture, 1, hold_of(HOLD_COOLDOWN, SEVERITY_LOW, 1));
    hold(fixture, 2, hold_of(HOLD_SILENCE, SEVERITY_LOW, 1));
    hold(fixture, 3, hold_of(HOLD_MAINTENANCE, SEVERITY_CRITICAL, 1));
    next_is(fixture, &place, 2);
    assert_int_equal(held_next(fixture->txn, &place), RC_NOT_FOUND);
    place = (struct held_place){ .reason = HOLD_GROUP };
    assert_int_equal(held_next(fixture->txn, &place), RC_NOT_FOUND);
}

static void what_is_removed_on_the_way_is_passed_over(void **state)
{
    struct fixture *fixture = *state;
    const struct hold first = hold_of(HOLD_SILENCE, SEVERITY_LOW, 1);
    struct held_place place = { .reason = HOLD_SILENCE };

    hold(fixture, 1, first);
    hold(fixture, 2, hold_of(HOLD_SILENCE, SEVERITY_LOW, 2));
    next_is(fixture, &place, 1);
    assert_int_equal(held_remove(fixture->txn, ulid_number(1), &first), RC_OK);
    assert_int_equal(held_remove(fixture->txn, ulid_number(1), &first), RC_OK); /* is content */
    next_is(fixture, &place, 2);
}

static void a_walk_is_found_again_where_it_stood(void **state)
{
    struct fixture *fixture = *state;
    struct held_place place = { .reason = HOLD_SILENCE }, kept;

    assert_int_equal(held_walk_get(fixture->txn, HOLD_SILENCE, &kept), RC_NOT_FOUND);
    hold(fixture, 1, hold_of(HOLD_SILENCE, SEVERITY_HIGH, 7));
    next_is(fixture, &place, 1);
    assert_int_equal(held_walk_put(fixture->txn, &place), RC_OK);
    fixture_commit(fixture);
    assert_int_equal(held_walk_get(fixture->txn, HOLD_SILENCE, &kept), RC_OK);
    assert_memory_equal(&kept, &place, sizeof kept);
    assert_int_equal(held_walk_get(fixture->txn, HOLD_BUDGET, &kept), RC_NOT_FOUND);
    assert_int_equal(held_walk_end(fixture->txn, HOLD_SILENCE), RC_OK);
    assert_int_equal(held_walk_get(fixture->txn, HOLD_SILENCE, &kept), RC_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(the_most_severe_comes_first_then_what_waits_longest),
        TWICE(a_walk_sees_its_own_reason_alone),
        TWICE(what_is_removed_on_the_way_is_passed_over),
        TWICE(a_walk_is_found_again_where_it_stood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
