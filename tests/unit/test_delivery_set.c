#include "src/store/delivery_set.h"

#include "tests/unit/store_fixture.h"

#define NOON (100 * DAY_MS + 12 * HOUR_MS)

static struct delivery delivery_of(uint32_t number, int64_t received_ms, uint8_t event)
{
    struct delivery delivery = { .event = ulid_number(event), .received_ms = received_ms };

    memcpy(delivery.digest.bytes, &number, sizeof number);
    return delivery;
}

static void add(struct delivery_set *set, uint32_t number, int64_t received_ms, uint8_t event)
{
    const struct delivery delivery = delivery_of(number, received_ms, event);

    assert_int_equal(delivery_set_add(set, &delivery), RC_OK);
}

/* 0: none is found. */
static void finds(const struct delivery_set *set, uint32_t number, int64_t now_ms,
                  int64_t window_ms, uint8_t expected)
{
    const struct delivery delivery = delivery_of(number, 0, 0);
    const struct delivery *found = delivery_set_find(set, &delivery.digest, now_ms, window_ms);

    assert_int_equal(found != NULL, expected != 0);
    if (found)
        assert_int_equal(ulid_compare(found->event, ulid_number(expected)), 0);
}

static void an_empty_set_has_none(void **state)
{
    struct delivery_set set = { 0 };

    (void)state;
    finds(&set, 1, NOON, HOUR_MS, 0);
    delivery_set_cut(&set, 0);
    delivery_set_clear(&set);
}

static void each_is_found_however_many_there_are(void **state)
{
    struct delivery_set set = { 0 };

    (void)state;
    for (uint32_t i = 0; i < 10000; i++) /* 250 at a time have one head at first */
        add(&set, i << 8, NOON, (uint8_t)(i % 200 + 1));
    for (uint32_t i = 0; i < 10000; i++)
        finds(&set, i << 8, NOON, HOUR_MS, (uint8_t)(i % 200 + 1));
    finds(&set, 1, NOON, HOUR_MS, 0);
    delivery_set_clear(&set);
    finds(&set, 0, NOON, HOUR_MS, 0);
}

static void the_last_receipt_within_the_window_counts(void **state)
{
    struct delivery_set set = { 0 };

    (void)state;
    add(&set, 7, NOON, 1);
    add(&set, 7, NOON + HOUR_MS, 2);
    finds(&set, 7, NOON + HOUR_MS, 2 * HOUR_MS, 2);
    finds(&set, 7, NOON + 2 * HOUR_MS - 1, HOUR_MS, 2);
    finds(&set, 7, NOON + 2 * HOUR_MS, HOUR_MS, 0);
    /* Clocks are set back: by a day it was received all the same, by two it is not known. */
    finds(&set, 7, NOON - 13 * HOUR_MS, HOUR_MS, 2);
    finds(&set, 7, NOON - 2 * DAY_MS, HOUR_MS, 0);
    delivery_set_clear(&set);
}

static void what_is_taken_back_was_never_there(void **state)
{
    struct delivery_set set = { 0 };

    (void)state;
    add(&set, 7, NOON, 1);
    for (uint32_t i = 0; i < 1000; i++) {
        add(&set, i, NOON + 1, 2);
        add(&set, i, NOON + 2, 3);
    }
    finds(&set, 7, NOON + 2, HOUR_MS, 3);
    delivery_set_cut(&set, 1);
    assert_int_equal(set.n_items, 1);
    finds(&set, 7, NOON + 2, HOUR_MS, 1);
    finds(&set, 8, NOON + 2, HOUR_MS, 0);
    add(&set, 8, NOON, 4);
    finds(&set, 8, NOON, HOUR_MS, 4);
    delivery_set_clear(&set);
}

static void equal_ones_are_sorted_as_they_came(void **state)
{
    struct delivery_set set = { 0 };
    const struct delivery **sorted;
    const uint8_t expected[] = { 2, 1, 4, 3 };

    (void)state;
    add(&set, 9, NOON, 1);
    add(&set, 5, NOON, 2);
    add(&set, 1, NOON + DAY_MS, 3);
    add(&set, 9, NOON + 1, 4);
    sorted = delivery_set_sort(&set);
    assert_non_null(sorted);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(ulid_compare(sorted[i]->event, ulid_number(expected[i])), 0);
    free(sorted);
    delivery_set_clear(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_set_has_none),
        cmocka_unit_test(each_is_found_however_many_there_are),
        cmocka_unit_test(the_last_receipt_within_the_window_counts),
        cmocka_unit_test(what_is_taken_back_was_never_there),
        cmocka_unit_test(equal_ones_are_sorted_as_they_came),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
