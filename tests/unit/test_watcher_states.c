/* What is known of the watchers, and who waits for them. */
#include "src/store/watcher_states.h"

#include "tests/unit/store_fixture.h"

static void what_was_put_is_found_by_its_name(void **state)
{
    struct fixture *fixture = *state;
    const struct known_watcher app = { .name = SLICE("app"),
                                       .away = SLICE("is silent"),
                                       .heard_since_ms = 7,
                                       .reads_on = true,
                                       .catches_up = true };
    struct known_watcher found;

    assert_int_equal(watcher_state_put(fixture->txn, &app), RC_OK);
    assert_int_equal(watcher_state_get(fixture->txn, SLICE("ap"), fixture->arena, &found),
                     RC_NOT_FOUND);
    assert_int_equal(watcher_state_get(fixture->txn, app.name, fixture->arena, &found), RC_OK);
    assert_true(slice_eq(found.name, app.name));
    assert_true(slice_eq(found.away, app.away));
    assert_int_equal(found.heard_since_ms, 7);
    assert_true(found.reads_on);
    assert_true(found.catches_up);
    assert_int_equal(watcher_state_remove(fixture->txn, app.name), RC_OK);
    assert_int_equal(watcher_state_remove(fixture->txn, app.name), RC_OK);
    assert_int_equal(watcher_state_get(fixture->txn, app.name, fixture->arena, &found),
                     RC_NOT_FOUND);
}

static void all_of_them_are_listed(void **state)
{
    struct fixture *fixture = *state;
    const struct known_watcher app = { .name = SLICE("app") };
    const struct known_watcher other = { .name = SLICE("other"), .away = SLICE("is silent") };
    struct record_list all = { 0 };
    const struct known_watcher *found;

    assert_int_equal(watcher_states_list(fixture->txn, fixture->arena, &all), RC_OK);
    assert_int_equal(all.n_items, 0);
    assert_int_equal(watcher_state_put(fixture->txn, &app), RC_OK);
    assert_int_equal(watcher_state_put(fixture->txn, &other), RC_OK);
    assert_int_equal(watcher_states_list(fixture->txn, fixture->arena, &all), RC_OK);
    assert_int_equal(all.n_items, 2);
    found = all.items;
    assert_true(slice_eq(found[0].name, app.name) != slice_eq(found[1].name, app.name));
}

static enum rc waiting_take(struct fixture *fixture, const char *watcher, struct ulid *signal)
{
    struct ulid object;

    assert_int_equal(watcher_object(slice_of(watcher), &object), RC_OK);
    return watcher_waiting_take(fixture->txn, object, signal);
}

static void who_waits_is_given_once_and_only_by_its_own_watcher(void **state)
{
    struct fixture *fixture = *state;
    struct ulid signal;

    for (uint8_t i = 1; i <= 3; i++)
        assert_int_equal(watcher_waiting_put(fixture->txn, SLICE("app"), ulid_number(i)), RC_OK);
    assert_int_equal(watcher_waiting_put(fixture->txn, SLICE("app"), ulid_number(1)), RC_OK);
    assert_int_equal(watcher_waiting_put(fixture->txn, SLICE("other"), ulid_number(9)), RC_OK);
    for (uint8_t i = 1; i <= 3; i++) {
        assert_int_equal(waiting_take(fixture, "app", &signal), RC_OK);
        assert_int_equal(ulid_compare(signal, ulid_number(i)), 0);
    }
    assert_int_equal(waiting_take(fixture, "app", &signal), RC_NOT_FOUND);
    assert_int_equal(waiting_take(fixture, "none", &signal), RC_NOT_FOUND);
    assert_int_equal(waiting_take(fixture, "other", &signal), RC_OK);
    assert_int_equal(ulid_compare(signal, ulid_number(9)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(what_was_put_is_found_by_its_name),
        TWICE(all_of_them_are_listed),
        TWICE(who_waits_is_given_once_and_only_by_its_own_watcher),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
