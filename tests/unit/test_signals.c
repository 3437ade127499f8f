#include "src/store/signals.h"

#include "src/store/store_key.h"
#include "tests/unit/store_fixture.h"

#define FINGERPRINT "000102030405060708090a0b0c0d0e0f"

static struct fingerprint fingerprint_0_to_15(void)
{
    struct fingerprint fingerprint;

    for (uint8_t i = 0; i < FINGERPRINT_BYTES; i++)
        fingerprint.bytes[i] = i;
    return fingerprint;
}

static struct signal example(void)
{
    static struct slice key[] = { { .ptr = "acme/shop", .len = 9 }, { .ptr = "main", .len = 4 } };
    static struct ulid samples[2];

    samples[0] = ulid_number(21);
    samples[1] = ulid_number(22);
    return (struct signal){
        .id = ulid_number(1),
        .rule = SLICE("ci-main-red"),
        .key = { .items = key, .n_items = 2 },
        .fingerprint = SLICE(FINGERPRINT),
        .state = SIGNAL_FIRING,
        .severity = SEVERITY_HIGH,
        .title = SLICE("test is red"),
        .episode = 3,
        .count = 7,
        .newest_ms = 99,
        .fields = SLICE("{\"repo\":\"acme/shop\"}"),
        .samples = { .items = samples, .n_items = 2 },
        .window = SLICE("\0\1\2"),
        .attention = ATTENTION_VERIFYING,
        .quiet_due_ms = 5000,
    };
}

static void a_signal_is_found_by_its_fingerprint_and_by_its_id(void **state)
{
    const struct signal signal = example();
    struct fixture *fixture = *state;
    struct signal found;

    assert_int_equal(signal_find(fixture->txn, fingerprint_0_to_15(), fixture->arena, &found),
                     RC_NOT_FOUND);
    assert_int_equal(signal_put(fixture->txn, &signal), RC_OK);
    fixture_commit(fixture);
    assert_int_equal(signal_find(fixture->txn, fingerprint_0_to_15(), fixture->arena, &found),
                     RC_OK);
    assert_int_equal(ulid_compare(found.id, signal.id), 0);
    assert_true(found.state == SIGNAL_FIRING && found.severity == SEVERITY_HIGH);
    assert_true(found.episode == 3 && found.count == 7 && found.newest_ms == 99 &&
                found.quiet_due_ms == 5000);
    assert_true(found.key.n_items == 2 && found.samples.n_items == 2);
    assert_slice(found.key.items[1], "main");
    assert_true(slice_eq(found.window, signal.window));
    assert_int_equal(found.attention, ATTENTION_VERIFYING);
    assert_int_equal(signal_get(fixture->txn, signal.id, fixture->arena, &found), RC_OK);
    assert_slice(found.fingerprint, FINGERPRINT);
}

static void a_signal_keeps_its_place_over_its_episodes(void **state)
{
    struct fixture *fixture = *state;
    struct signal signal = example();
    struct signal found;
    uint64_t n_rows;

    assert_int_equal(signal_put(fixture->txn, &signal), RC_OK);
    signal.episode = 4;
    signal.window = (struct slice){ 0 };
    assert_int_equal(signal_put(fixture->txn, &signal), RC_OK);
    assert_int_equal(store_count(fixture->txn, TABLE_SIGNALS, &n_rows), RC_OK);
    assert_int_equal(n_rows, 1);
    assert_int_equal(signal_find(fixture->txn, fingerprint_0_to_15(), fixture->arena, &found),
                     RC_OK);
    assert_int_equal(found.episode, 4);
    assert_true(slice_is_absent(found.window));
}

static void a_signal_that_was_found_is_put_without_another_look_at_its_fingerprint(void **state)
{
    struct signal signal = example();
    struct fixture *fixture = *state;
    struct signal found;

    assert_int_equal(signal_put(fixture->txn, &signal), RC_OK);
    assert_int_equal(signal_find(fixture->txn, fingerprint_0_to_15(), fixture->arena, &found),
                     RC_OK);
    found.count = 8;
    found.fingerprint = SLICE("not looked at");
    assert_int_equal(signal_put(fixture->txn, &found), RC_OK);
    assert_int_equal(signal_find(fixture->txn, fingerprint_0_to_15(), fixture->arena, &found),
                     RC_OK);
    assert_int_equal(found.count, 8);
    assert_int_equal(signal_get(fixture->txn, signal.id, fixture->arena, &found), RC_OK);
    assert_false(found.was_found);
}

static void a_deleted_signal_leaves_nothing(void **state)
{
    const struct signal signal = example();
    struct fixture *fixture = *state;
    struct signal found;
    uint64_t n_rows;

    assert_int_equal(signal_put(fixture->txn, &signal), RC_OK);
    assert_int_equal(signal_delete(fixture->txn, &signal), RC_OK);
    assert_int_equal(signal_find(fixture->txn, fingerprint_0_to_15(), fixture->arena, &found),
                     RC_NOT_FOUND);
    assert_int_equal(signal_get(fixture->txn, signal.id, fixture->arena, &found), RC_NOT_FOUND);
    assert_int_equal(store_count(fixture->txn, TABLE_SIGNAL_KEYS, &n_rows), RC_OK);
    assert_int_equal(n_rows, 0);
    assert_int_equal(signal_delete(fixture->txn, &signal), RC_NOT_FOUND);
}

static void a_fingerprint_that_is_none_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct signal signal = example();

    signal.fingerprint = SLICE("0001");
    assert_int_equal(signal_put(fixture->txn, &signal), RC_INVALID);
    signal.fingerprint = (struct slice){ 0 };
    assert_int_equal(signal_put(fixture->txn, &signal), RC_INVALID);
}

static void s07_a_damaged_signal_is_never_acted_on(void **state)
{
    const struct signal signal = example();
    const struct store_key key = key_of_ulid(signal.id);
    struct fixture *fixture = *state;
    struct signal found;

    assert_int_equal(signal_put(fixture->txn, &signal), RC_OK);
    assert_int_equal(store_put(fixture->txn, TABLE_SIGNALS, key_slice(&key), SLICE("damaged")),
                     RC_OK);
    assert_int_equal(signal_find(fixture->txn, fingerprint_0_to_15(), fixture->arena, &found),
                     RC_CORRUPT);
}

static void a_fingerprint_is_shown_as_hex(void **state)
{
    char text[2 * FINGERPRINT_BYTES + 1];

    (void)state;
    assert_string_equal(fingerprint_format(fingerprint_0_to_15(), text), FINGERPRINT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(a_signal_is_found_by_its_fingerprint_and_by_its_id),
        TWICE(a_signal_keeps_its_place_over_its_episodes),
        TWICE(a_signal_that_was_found_is_put_without_another_look_at_its_fingerprint),
        TWICE(a_deleted_signal_leaves_nothing),
        TWICE(a_fingerprint_that_is_none_is_refused),
        TWICE(s07_a_damaged_signal_is_never_acted_on),
        cmocka_unit_test(a_fingerprint_is_shown_as_hex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
