#include "src/store/deliveries.h"

#include "tests/unit/store_fixture.h"

#define WATCHER SLICE("github")
#define NOON (100 * DAY_MS + 12 * HOUR_MS)

static struct delivery_digest digest_of(struct slice watcher, struct slice delivery_id)
{
    struct delivery_digest digest;

    assert_int_equal(delivery_digest_of(watcher, delivery_id, &digest), RC_OK);
    return digest;
}

static void receive(struct fixture *fixture, struct slice delivery_id, int64_t now_ms,
                    uint8_t event)
{
    const struct delivery delivery = { .digest = digest_of(WATCHER, delivery_id),
                                       .event = ulid_number(event),
                                       .received_ms = now_ms };

    assert_int_equal(delivery_put(fixture->txn, &delivery), RC_OK);
}

static void is_seen(struct fixture *fixture, struct slice delivery_id, int64_t now_ms,
                    int64_t window_ms, uint8_t expected)
{
    const struct delivery_digest digest = digest_of(WATCHER, delivery_id);
    struct ulid event;
    enum rc rc = delivery_find(fixture->txn, DELIVERY_ALL_DAYS, &digest, now_ms, window_ms, &event);

    assert_int_equal(rc, expected ? RC_OK : RC_NOT_FOUND);
    if (expected)
        assert_int_equal(ulid_compare(event, ulid_number(expected)), 0);
}

static uint64_t kept_rows(struct fixture *fixture)
{
    uint64_t n_rows;

    assert_int_equal(store_count(fixture->txn, TABLE_DELIVERIES, &n_rows), RC_OK);
    return n_rows;
}

static void a_redelivery_is_told_the_first_event(void **state)
{
    struct fixture *fixture = *state;
    const struct delivery_digest others[] = { digest_of(SLICE("gitlab"), SLICE("a")),
                                              digest_of(SLICE("githuba"), SLICE("")) };
    struct ulid event;

    is_seen(fixture, SLICE("a"), NOON, HOUR_MS, 0);
    receive(fixture, SLICE("a"), NOON, 1);
    is_seen(fixture, SLICE("a"), NOON, HOUR_MS, 1);
    is_seen(fixture, SLICE("b"), NOON, HOUR_MS, 0);
    /* Another watcher's ids are its own; and no id runs into the watcher's name. */
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(
            delivery_find(fixture->txn, DELIVERY_ALL_DAYS, &others[i], NOON, HOUR_MS, &event),
            RC_NOT_FOUND);
}

static void the_window_ends_exactly_when_it_says(void **state)
{
    struct fixture *fixture = *state;

    receive(fixture, SLICE("a"), NOON, 1);
    is_seen(fixture, SLICE("a"), NOON + 5 * MINUTE_MS - 1, 5 * MINUTE_MS, 1);
    is_seen(fixture, SLICE("a"), NOON + 5 * MINUTE_MS, 5 * MINUTE_MS, 0);
    is_seen(fixture, SLICE("a"), NOON + DELIVERY_KEEP_MS - 1, 100 * DAY_MS, 1);
    is_seen(fixture, SLICE("a"), NOON + DELIVERY_KEEP_MS, 100 * DAY_MS, 0);
}

static void midnight_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    const int64_t midnight = 101 * DAY_MS;

    receive(fixture, SLICE("before"), midnight - 1, 1);
    receive(fixture, SLICE("at"), midnight, 2);
    is_seen(fixture, SLICE("before"), midnight, 2, 1);
    is_seen(fixture, SLICE("before"), midnight + 1, 2, 0);
    is_seen(fixture, SLICE("before"), midnight + 6 * DAY_MS, DELIVERY_KEEP_MS, 1);
    is_seen(fixture, SLICE("at"), midnight, 1, 2);
}

static void the_newest_receipt_counts_where_an_id_comes_again_after_its_window(void **state)
{
    struct fixture *fixture = *state;

    receive(fixture, SLICE("a"), NOON, 1);
    receive(fixture, SLICE("a"), NOON + 2 * DAY_MS, 2);
    is_seen(fixture, SLICE("a"), NOON + 2 * DAY_MS, DELIVERY_KEEP_MS, 2);
    receive(fixture, SLICE("a"), NOON + 2 * DAY_MS + 1, 3);
    is_seen(fixture, SLICE("a"), NOON + 2 * DAY_MS + 1, DELIVERY_KEEP_MS, 3);
}

static void what_came_before_the_clock_was_set_back_was_received_all_the_same(void **state)
{
    struct fixture *fixture = *state;

    receive(fixture, SLICE("a"), NOON, 1);
    is_seen(fixture, SLICE("a"), NOON - 13 * HOUR_MS, MINUTE_MS, 1); /* yesterday */
}

static void only_days_that_have_ids_are_asked(void **state)
{
    struct fixture *fixture = *state;
    const struct delivery_digest digest = digest_of(WATCHER, SLICE("a"));
    struct delivery_days days;
    struct ulid event;

    assert_int_equal(delivery_days_read(fixture->txn, &days), RC_OK);
    assert_true(days.first > days.last);
    receive(fixture, SLICE("a"), NOON, 1);
    assert_int_equal(delivery_find(fixture->txn, days, &digest, NOON, HOUR_MS, &event),
                     RC_NOT_FOUND);
    receive(fixture, SLICE("b"), NOON + 3 * DAY_MS, 2);
    assert_int_equal(delivery_days_read(fixture->txn, &days), RC_OK);
    assert_int_equal(days.first, NOON / DAY_MS);
    assert_int_equal(days.last, NOON / DAY_MS + 3);
    assert_int_equal(delivery_find(fixture->txn, days, &digest, NOON, HOUR_MS, &event), RC_OK);
}

static void deliveries_lie_in_the_order_of_their_rows(void **state)
{
    struct fixture *fixture = *state;
    struct delivery early = { .digest = { { 2 } }, .received_ms = NOON };
    struct delivery late = { .digest = { { 1 } }, .received_ms = NOON + 1 };
    struct delivery next = { .digest = { { 0 } }, .received_ms = NOON + DAY_MS };

    (void)fixture;
    assert_true(delivery_compare(&late, &early) < 0); /* one day: by their digests */
    assert_true(delivery_compare(&early, &next) < 0);
    assert_true(delivery_compare(&next, &late) > 0);
    assert_int_equal(delivery_compare(&early, &early), 0);
}

static void days_are_forgotten_whole_and_a_bounded_number_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    const int64_t now = 108 * DAY_MS;

    receive(fixture, SLICE("a"), 100 * DAY_MS, 1);
    receive(fixture, SLICE("b"), 101 * DAY_MS - 1, 2);
    receive(fixture, SLICE("c"), 101 * DAY_MS, 3);
    assert_int_equal(delivery_expire(fixture->txn, now - 1, 10), RC_OK);
    assert_int_equal(kept_rows(fixture), 3);
    assert_int_equal(delivery_expire(fixture->txn, now, 1), RC_OK);
    assert_int_equal(kept_rows(fixture), 2);
    assert_int_equal(delivery_expire(fixture->txn, now, 10), RC_OK);
    assert_int_equal(kept_rows(fixture), 1);
    assert_int_equal(delivery_expire(fixture->txn, now + DAY_MS, 10), RC_OK);
    assert_int_equal(delivery_expire(fixture->txn, now + DAY_MS, 10), RC_OK);
    assert_int_equal(kept_rows(fixture), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(a_redelivery_is_told_the_first_event),
        TWICE(the_window_ends_exactly_when_it_says),
        TWICE(midnight_changes_nothing),
        TWICE(the_newest_receipt_counts_where_an_id_comes_again_after_its_window),
        TWICE(what_came_before_the_clock_was_set_back_was_received_all_the_same),
        TWICE(only_days_that_have_ids_are_asked),
        TWICE(deliveries_lie_in_the_order_of_their_rows),
        TWICE(days_are_forgotten_whole_and_a_bounded_number_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
