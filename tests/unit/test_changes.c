#include "src/store/changes.h"

#include "src/store/store_key.h"
#include "tests/unit/store_fixture.h"

struct visits {
    char titles[16];
    size_t n_visits;
    size_t n_wanted;
};

static bool visit(void *context, const struct change *change)
{
    struct visits *visits = context;

    visits->titles[visits->n_visits++] = change->title.ptr[0];
    visits->titles[visits->n_visits] = '\0';
    return visits->n_visits < visits->n_wanted;
}

static void put(struct fixture *fixture, int64_t time_ms, uint8_t event, const char *title)
{
    const struct change change = { .event = ulid_number(event),
                                   .time_ms = time_ms,
                                   .title = slice_of(title),
                                   .repo = SLICE("acme/shop") };

    assert_int_equal(change_put(fixture->txn, &change), RC_OK);
}

static void changes_are(struct fixture *fixture, int64_t from_ms, int64_t to_ms, size_t n_wanted,
                        const char *expected)
{
    struct visits visits = { .n_wanted = n_wanted };

    assert_int_equal(change_each(fixture->txn, from_ms, to_ms, fixture->arena, visit, &visits),
                     RC_OK);
    assert_string_equal(visits.titles, expected);
}

static void changes_of_a_stretch_of_time_come_newest_first(void **state)
{
    struct fixture *fixture = *state;

    changes_are(fixture, 0, INT64_MAX, 8, "");
    put(fixture, 200, 1, "b");
    put(fixture, 100, 2, "a");
    put(fixture, 300, 3, "d");
    put(fixture, 200, 4, "c");
    changes_are(fixture, 0, INT64_MAX, 8, "dcba");
    changes_are(fixture, 100, 300, 8,
                "dcb"); /* what is as old as the start is out, the end is in */
    changes_are(fixture, 99, 299, 8, "cba");
    changes_are(fixture, -500, 100, 8, "a");
    changes_are(fixture, 300, 400, 8, "");
    changes_are(fixture, 0, INT64_MAX, 2, "dc");
}

static void the_same_event_is_one_change(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, 100, 1, "a");
    put(fixture, 100, 1, "b");
    changes_are(fixture, 0, 1000, 8, "b");
}

static void a_damaged_change_costs_only_itself(void **state)
{
    struct fixture *fixture = *state;
    struct store_key key = key_of_u64(150);

    put(fixture, 100, 1, "a");
    put(fixture, 200, 2, "b");
    key_add_ulid(&key, ulid_number(9));
    assert_int_equal(store_put(fixture->txn, TABLE_CHANGES, key_slice(&key), SLICE("?")), RC_OK);
    changes_are(fixture, 0, 1000, 8, "ba");
}

static void old_changes_go_a_bounded_number_at_a_time(void **state)
{
    struct fixture *fixture = *state;

    for (uint8_t i = 1; i <= 4; i++)
        put(fixture, i * 100, i, (const char[]){ (char)('a' + i - 1), '\0' });
    assert_int_equal(change_expire(fixture->txn, 300, 1), RC_OK);
    changes_are(fixture, 0, 1000, 8, "dcb");
    assert_int_equal(change_expire(fixture->txn, 300, 10), RC_OK);
    changes_are(fixture, 0, 1000, 8, "dc");
    assert_int_equal(change_expire(fixture->txn, 301, 10), RC_OK);
    changes_are(fixture, 0, 1000, 8, "d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(changes_of_a_stretch_of_time_come_newest_first),
        TWICE(the_same_event_is_one_change),
        TWICE(a_damaged_change_costs_only_itself),
        TWICE(old_changes_go_a_bounded_number_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
