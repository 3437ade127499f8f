#include "src/store/outbox.h"

#include "tests/unit/store_fixture.h"

static uint64_t push(struct fixture *fixture, const char *action)
{
    struct slice argv[] = { SLICE("/usr/bin/gh"), SLICE("run"), SLICE("") };
    struct outbox_item item = {
        .channel = OUTBOX_STEP,
        .object = ulid_number(1),
        .part = 2,
        .revision = 3,
        .action = slice_of(action),
        .argv = { .items = argv, .n_items = 3 },
        .timeout_ms = MINUTE_MS,
    };

    assert_int_equal(outbox_push(fixture->txn, &item), RC_OK);
    return item.id;
}

static void an_item_is_kept_until_it_is_removed(void **state)
{
    struct fixture *fixture = *state;
    uint64_t id = push(fixture, "rerun");
    struct outbox_item item;

    fixture_commit(fixture);
    assert_int_equal(outbox_get(fixture->txn, id, fixture->arena, &item), RC_OK);
    assert_true(item.id == id && item.channel == OUTBOX_STEP && item.part == 2 &&
                item.revision == 3);
    assert_slice(item.action, "rerun");
    assert_int_equal(item.argv.n_items, 3);
    assert_slice(item.argv.items[2], "");
    assert_int_equal(item.timeout_ms, MINUTE_MS);
    assert_int_equal(outbox_remove(fixture->txn, id), RC_OK);
    assert_int_equal(outbox_get(fixture->txn, id, fixture->arena, &item), RC_NOT_FOUND);
    assert_int_equal(outbox_remove(fixture->txn, id), RC_NOT_FOUND);
}

static void items_are_walked_in_the_order_in_which_they_were_pushed(void **state)
{
    struct fixture *fixture = *state;
    uint64_t first = push(fixture, "a"), second = push(fixture, "b"), third = push(fixture, "c");
    struct outbox_item item;

    assert_int_equal(outbox_remove(fixture->txn, second), RC_OK);
    assert_int_equal(outbox_next(fixture->txn, 0, fixture->arena, &item), RC_OK);
    assert_int_equal(item.id, first);
    assert_int_equal(outbox_next(fixture->txn, first, fixture->arena, &item), RC_OK);
    assert_int_equal(item.id, third);
    assert_slice(item.action, "c");
    assert_int_equal(outbox_next(fixture->txn, third, fixture->arena, &item), RC_NOT_FOUND);
}

static void an_id_is_never_used_twice_restarts_included(void **state)
{
    struct fixture *fixture = *state;
    uint64_t id = push(fixture, "a");

    assert_int_equal(outbox_remove(fixture->txn, id), RC_OK);
    fixture_commit(fixture);
    store_abort(&fixture->txn);
    store_close(fixture->store);
    fixture->store = NULL;
    assert_int_equal(fixture_open_store(fixture, FIXTURE_MAP_BYTES), RC_OK);
    assert_int_equal(store_begin(fixture->store, &fixture->txn), RC_OK);
    assert_true(push(fixture, "b") > id);
}

static void a_result_says_what_the_effect_came_to(void **state)
{
    struct fixture *fixture = *state;
    const struct effect_result result = {
        .item = UINT64_MAX,
        .channel = OUTBOX_UNDO,
        .state = EFFECT_UNKNOWN,
        .exit_code = -1,
        .output = SLICE("a\0b"),
        .truncated = true,
    };
    struct effect_result back;
    struct buffer record;

    buffer_init(&record, 0);
    assert_int_equal(record_encode(&effect_result_shape, &result, &record), RC_OK);
    assert_int_equal(
        record_decode(&effect_result_shape, buffer_slice(&record), fixture->arena, &back), RC_OK);
    assert_true(back.item == UINT64_MAX && back.channel == OUTBOX_UNDO &&
                back.state == EFFECT_UNKNOWN);
    assert_true(back.exit_code == -1 && back.truncated && slice_eq(back.output, result.output));
    buffer_free(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(an_item_is_kept_until_it_is_removed),
        TWICE(items_are_walked_in_the_order_in_which_they_were_pushed),
        cmocka_unit_test_setup_teardown(an_id_is_never_used_twice_restarts_included,
                                        fixture_open_disk, fixture_close),
        TWICE(a_result_says_what_the_effect_came_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
