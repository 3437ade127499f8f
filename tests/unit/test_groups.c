#include "src/store/groups.h"

#include "tests/unit/store_fixture.h"

static struct ulid id_of(struct fixture *fixture, const char *name, bool is_shared,
                         const struct group_field *fields, size_t n_fields)
{
    struct ulid id = { 0 };

    assert_int_equal(group_id(slice_of(name), is_shared, fields, n_fields, fixture->arena, &id),
                     RC_OK);
    assert_false(ulid_is_absent(id));
    return id;
}

static void assert_same(struct ulid a, struct ulid b, bool same)
{
    assert_int_equal(ulid_compare(a, b) == 0, same);
}

static void signals_with_equal_values_are_of_one_group_and_no_others(void **state)
{
    struct fixture *fixture = *state;
    const struct group_field shop[] = { { SLICE("service"), SLICE("shop") } };
    const struct group_field till[] = { { SLICE("service"), SLICE("till") } };
    const struct group_field host[] = { { SLICE("host"), SLICE("shop") } };
    const struct group_field split[] = { { SLICE("service"), SLICE("sh") },
                                         { SLICE("op"), SLICE("") } };
    struct ulid id = id_of(fixture, "storm", true, shop, 1);

    assert_same(id, id_of(fixture, "storm", true, shop, 1), true);
    assert_same(id, id_of(fixture, "storm", true, till, 1), false);
    assert_same(id, id_of(fixture, "storm", true, host, 1), false);
    assert_same(id, id_of(fixture, "storm", true, split, 2), false);
    assert_same(id, id_of(fixture, "calm", true, shop, 1), false);
    assert_same(id, id_of(fixture, "storm", true, NULL, 0), false);
    /* A rule may have an id that is the name of a group. */
    assert_same(id, id_of(fixture, "storm", false, shop, 1), false);
}

static void a_group_is_found_as_it_was_stored_until_it_is_deleted(void **state)
{
    struct fixture *fixture = *state;
    const struct signal_group group = { .id = ulid_number(7),
                                        .name = SLICE("storm"),
                                        .wait_ms = 30000,
                                        .asked_ms = 5,
                                        .due_ms = 6,
                                        .n_waiting = 3,
                                        .leader = ulid_number(1),
                                        .task = ulid_number(2),
                                        .proposal = ulid_number(3) };
    struct signal_group found = { 0 };

    assert_int_equal(group_put(fixture->txn, &group), RC_OK);
    fixture_commit(fixture);
    assert_int_equal(group_get(fixture->txn, group.id, fixture->arena, &found), RC_OK);
    assert_true(slice_eq(found.name, SLICE("storm")));
    assert_int_equal(found.wait_ms, 30000);
    assert_int_equal(found.asked_ms, 5);
    assert_int_equal(found.due_ms, 6);
    assert_int_equal(found.n_waiting, 3);
    assert_same(found.leader, ulid_number(1), true);
    assert_same(found.task, ulid_number(2), true);
    assert_same(found.proposal, ulid_number(3), true);
    assert_int_equal(group_delete(fixture->txn, group.id), RC_OK);
    assert_int_equal(group_get(fixture->txn, group.id, fixture->arena, &found), RC_NOT_FOUND);
}

static struct group_place place(uint8_t number, int64_t fired_ms)
{
    const struct signal signal = { .id = ulid_number(number), .fired_ms = fired_ms };

    return group_place_of(&signal);
}

static void add(struct fixture *fixture, uint8_t number, uint8_t group, int64_t fired_ms)
{
    assert_int_equal(group_add_waiting(fixture->txn, ulid_number(group), place(number, fired_ms)),
                     RC_OK);
}

/* "3 1 2": who waits. */
static void assert_waiting(struct fixture *fixture, uint8_t group, const char *expected)
{
    struct group_place at = { 0 };
    char got[64] = "";
    enum rc rc;

    while (!(rc = group_next_waiting(fixture->txn, ulid_number(group), &at)))
        for (uint8_t number = 1; number < 10; number++)
            if (!ulid_compare(at.signal, ulid_number(number)))
                (void)snprintf(got + strlen(got), sizeof(got) - strlen(got), *got ? " %u" : "%u",
                               number);
    assert_int_equal(rc, RC_NOT_FOUND);
    assert_string_equal(got, expected);
}

static void who_waits_is_listed_in_the_order_of_firing(void **state)
{
    struct fixture *fixture = *state;
    struct ulid group = ulid_number(7);

    add(fixture, 1, 7, 10);
    add(fixture, 2, 7, 10);
    add(fixture, 3, 7, 5);
    add(fixture, 4, 8, 1);
    add(fixture, 5, 6, 1);
    fixture_commit(fixture);
    assert_waiting(fixture, 7, "3 1 2");
    assert_waiting(fixture, 9, "");
    assert_int_equal(group_remove_waiting(fixture->txn, group, place(3, 4)), RC_NOT_FOUND);
    assert_int_equal(group_remove_waiting(fixture->txn, group, place(3, 5)), RC_OK);
    assert_int_equal(group_remove_waiting(fixture->txn, group, place(3, 5)), RC_NOT_FOUND);
    assert_waiting(fixture, 7, "1 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(signals_with_equal_values_are_of_one_group_and_no_others),
        TWICE(a_group_is_found_as_it_was_stored_until_it_is_deleted),
        TWICE(who_waits_is_listed_in_the_order_of_firing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
