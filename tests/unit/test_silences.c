#include "src/store/silences.h"

#include "tests/unit/store_fixture.h"

#define NOON_MS ((int64_t)1795262400000) /* 2026-11-21 12:00 UTC */

/* One of the clauses that the tests below name; "field=value, field=value". */
static struct silence silencing(struct fixture *fixture, uint8_t number, const char *where,
                                int64_t until_ms)
{
    struct silence_clause *clauses =
        arena_alloc(fixture->arena, SILENCE_MAX_CLAUSES + 1, sizeof *clauses);
    struct silence silence = { .id = ulid_number(number),
                               .where = { clauses, 0 },
                               .reason = SLICE("the database is moved"),
                               .by = SLICE("jane"),
                               .via = SLICE("socket"),
                               .created_ms = NOON_MS,
                               .until_ms = until_ms };
    struct slice rest = slice_of(where);

    assert_non_null(clauses);
    while (rest.len) {
        struct slice value = slice_trim(slice_cut(&rest, ','));
        struct slice field = slice_cut(&value, '=');

        clauses[silence.where.n_items++] = (struct silence_clause){ field, value };
    }
    return silence;
}

static void put(struct fixture *fixture, uint8_t number, int64_t until_ms)
{
    const struct silence silence = silencing(fixture, number, "rule=red", until_ms);

    assert_int_equal(silence_put(fixture->txn, &silence), RC_OK);
}

static void assert_ends(struct fixture *fixture, size_t n_expected)
{
    uint64_t n_rows;

    assert_int_equal(store_count(fixture->txn, TABLE_SILENCE_ENDS, &n_rows), RC_OK);
    assert_int_equal(n_rows, n_expected);
}

/* --- rows --- */

static void a_silence_is_found_as_it_was_made(void **state)
{
    struct fixture *fixture = *state;
    struct silence silence = silencing(fixture, 7, "rule=ci-*, service=shop", NOON_MS + HOUR_MS);
    struct silence found;
    const struct silence_clause *clauses;

    assert_int_equal(silence_put(fixture->txn, &silence), RC_OK);
    fixture_commit(fixture);
    assert_int_equal(silence_get(fixture->txn, silence.id, fixture->arena, &found), RC_OK);
    clauses = found.where.items;
    assert_int_equal(found.where.n_items, 2);
    assert_slice(clauses[1].field, "service");
    assert_slice(clauses[1].value, "shop");
    assert_slice(found.reason, "the database is moved");
    assert_true(found.state == SILENCE_ACTIVE && found.until_ms == NOON_MS + HOUR_MS);
    assert_int_equal(silence_get(fixture->txn, ulid_number(8), fixture->arena, &found),
                     RC_NOT_FOUND);
}

static void those_that_are_active_come_in_the_order_of_their_ends(void **state)
{
    struct fixture *fixture = *state;
    struct silence_list list;

    put(fixture, 1, NOON_MS + 3 * HOUR_MS);
    put(fixture, 2, NOON_MS + 1 * HOUR_MS);
    put(fixture, 3, NOON_MS + 2 * HOUR_MS);
    assert_int_equal(silence_list_active(fixture->txn, NOON_MS, fixture->arena, &list), RC_OK);
    assert_int_equal(list.n_items, 3);
    assert_int_equal(ulid_compare(list.items[0].id, ulid_number(2)), 0);
    assert_int_equal(ulid_compare(list.items[2].id, ulid_number(1)), 0);
}

static void a_silence_is_over_at_its_very_end(void **state)
{
    struct fixture *fixture = *state;
    struct silence_list list;

    put(fixture, 1, NOON_MS);
    assert_int_equal(silence_list_active(fixture->txn, NOON_MS - 1, fixture->arena, &list), RC_OK);
    assert_int_equal(list.n_items, 1);
    assert_int_equal(silence_list_active(fixture->txn, NOON_MS, fixture->arena, &list), RC_OK);
    assert_int_equal(list.n_items, 0);
}

static void one_that_is_ended_early_takes_its_place_among_the_ends_along(void **state)
{
    struct fixture *fixture = *state;
    struct silence silence = silencing(fixture, 1, "rule=red", NOON_MS + HOUR_MS);
    struct silence_place place = { .end_ms = NOON_MS + 5 };
    struct silence_list list;

    assert_int_equal(silence_put(fixture->txn, &silence), RC_OK);
    silence.state = SILENCE_OVER;
    silence.ended_ms = NOON_MS + 5;
    assert_int_equal(silence_put(fixture->txn, &silence), RC_OK);
    assert_ends(fixture, 1);
    assert_int_equal(silence_list_active(fixture->txn, NOON_MS + 5, fixture->arena, &list), RC_OK);
    assert_int_equal(list.n_items, 0);
    assert_int_equal(silence_next(fixture->txn, &place, fixture->arena, &silence), RC_OK);
    assert_int_equal(silence_next(fixture->txn, &place, fixture->arena, &silence), RC_NOT_FOUND);
}

static void a_silence_is_deleted_with_its_place_among_the_ends(void **state)
{
    struct fixture *fixture = *state;
    struct silence silence = silencing(fixture, 1, "rule=red", NOON_MS);

    assert_int_equal(silence_put(fixture->txn, &silence), RC_OK);
    assert_int_equal(silence_delete(fixture->txn, &silence), RC_OK);
    assert_ends(fixture, 0);
    assert_int_equal(silence_get(fixture->txn, silence.id, fixture->arena, &silence), RC_NOT_FOUND);
}

static void a_damaged_silence_hides_no_other(void **state)
{
    struct fixture *fixture = *state;
    const struct ulid damaged = ulid_number(1);
    struct silence_list list;

    put(fixture, 1, NOON_MS + 1);
    put(fixture, 2, NOON_MS + 2);
    assert_int_equal(store_put(fixture->txn, TABLE_SILENCES,
                               (struct slice){ (const char *)damaged.bytes, sizeof damaged.bytes },
                               SLICE("no record")),
                     RC_OK);
    assert_int_equal(silence_list_active(fixture->txn, NOON_MS, fixture->arena, &list), RC_OK);
    assert_int_equal(list.n_items, 1);
    assert_int_equal(ulid_compare(list.items[0].id, ulid_number(2)), 0);
}

static void the_api_shows_where_as_an_object(void **state)
{
    struct fixture *fixture = *state;
    struct silence silence =
        silencing(fixture, 1, "rule=ci-*, service=shop", NOON_MS + 2 * HOUR_MS);
    struct json_writer writer;
    struct buffer json;
    size_t offset;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    silence_write_json(&silence, &writer);
    assert_int_equal(slice_find(buffer_slice(&json),
                                SLICE("\"where\":{\"rule\":\"ci-*\",\"service\":\"shop\"}"),
                                &offset),
                     RC_OK);
    assert_int_equal(slice_find(buffer_slice(&json), SLICE("\"state\":\"active\""), &offset),
                     RC_OK);
    assert_int_equal(
        slice_find(buffer_slice(&json), SLICE("\"until\":\"2026-11-21T14:00:00.000Z\""), &offset),
        RC_OK);
    buffer_free(&json);
}

/* --- what one may be --- */

static void a_silence_has_a_reason_clauses_and_an_end_within_bounds(void **state)
{
    static const struct {
        const char *where;
        const char *reason;
        int64_t lasts_ms;
        bool is_right;
    } cases[] = {
        { "rule=red", "why", SILENCE_MIN_MS, true },
        { "rule=red", "why", SILENCE_MIN_MS - 1, false },
        { "rule=red", "why", SILENCE_MAX_MS, true },
        { "rule=red", "why", SILENCE_MAX_MS + 1, false },
        { "rule=red", "why", -HOUR_MS, false },
        { "rule=red", " ", HOUR_MS, false },
        { "rule=red", "", HOUR_MS, false },
        { "", "why", HOUR_MS, false },
        { "rule=", "why", HOUR_MS, false },
        { "=red", "why", HOUR_MS, false },
        { "service=a\033b", "why", HOUR_MS, false },
        { "a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,k=1,l=1,m=1,n=1,o=1,p=1", "why", HOUR_MS, true },
        { "a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,k=1,l=1,m=1,n=1,o=1,p=1,q=1", "why", HOUR_MS,
          false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct silence silence = silencing(*state, 1, cases[i].where, NOON_MS + cases[i].lasts_ms);
        const char *fault;

        silence.reason = slice_of(cases[i].reason);
        fault = silence_fault(&silence, NOON_MS);
        print_message("%s (%s): %s\n", cases[i].where, cases[i].reason, fault ? fault : "right");
        assert_int_equal(fault == NULL, cases[i].is_right);
    }
}

/* --- what they hold --- */

static struct signal checkout_is_red(void)
{
    static struct slice key[] = { { .ptr = "acme/shop", .len = 9 }, { .ptr = "main", .len = 4 } };

    return (struct signal){
        .id = ulid_number(1),
        .rule = SLICE("ci-main-red"),
        .key = { .items = key, .n_items = 2 },
        .severity = SEVERITY_HIGH,
        .fields = SLICE("{\"repo\":\"acme/shop\",\"branch\":\"main\",\"test\":\"checkout\"}"),
        .last_event = SLICE("{\"kind\":\"ci.run\",\"service\":\"shop\",\"branch\":\"main\","
                            "\"data.run\":\"77\"}"),
    };
}

static void a_silence_matches_where_every_clause_does(void **state)
{
    static const struct {
        const char *where;
        bool matches;
    } cases[] = {
        { "rule=ci-main-red", true },
        { "rule=ci-*", true },
        { "rule=*red", true },
        { "rule=ci", false },
        { "rule=db-*", false },
        { "severity=high", true },
        { "severity=low", false },
        { "signal.key[0]=acme/shop", true },
        { "signal.key[1]=main", true },
        { "signal.key[2]=main", false },
        { "signal.key[-1]=main", false },
        { "signal.key[]=main", false },
        { "signal.key[0]=main", false },
        { "service=shop", true },
        { "service=sho*", false }, /* a glob is for rules alone */
        { "service=web", false },
        { "test=checkout", true }, /* a capture */
        { "repo=acme/shop", true },
        { "data.run=77", true },
        { "environment=prod", false }, /* it has none */
        { "rule=ci-*, service=shop, branch=main", true },
        { "rule=ci-*, service=shop, branch=dev", false },
    };
    const struct signal signal = checkout_is_red();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct silence silence = silencing(*state, 1, cases[i].where, NOON_MS);
        bool matches;

        print_message("%s\n", cases[i].where);
        assert_int_equal(silence_matches(&silence, &signal, &matches), RC_OK);
        assert_int_equal(matches, cases[i].matches);
    }
}

static void a_silence_without_a_clause_holds_nothing(void **state)
{
    const struct silence silence = silencing(*state, 1, "", NOON_MS);
    const struct signal signal = checkout_is_red();
    bool matches = true;

    assert_int_equal(silence_matches(&silence, &signal, &matches), RC_OK);
    assert_false(matches);
}

static void a_signal_that_kept_nothing_is_told_by_its_rule_and_key(void **state)
{
    const struct silence by_rule = silencing(*state, 1, "rule=ci-*", NOON_MS);
    const struct silence by_field = silencing(*state, 2, "service=shop", NOON_MS);
    const struct signal signal = { .rule = SLICE("ci-main-red") };
    bool matches;

    assert_int_equal(silence_matches(&by_rule, &signal, &matches), RC_OK);
    assert_true(matches);
    assert_int_equal(silence_matches(&by_field, &signal, &matches), RC_OK);
    assert_false(matches);
}

static void of_two_that_hold_a_signal_the_one_that_ends_last_is_named(void **state)
{
    struct silence silences[] = {
        silencing(*state, 1, "rule=ci-*", NOON_MS + 1),
        silencing(*state, 2, "service=shop", NOON_MS + 2),
        silencing(*state, 3, "service=web", NOON_MS + 3),
    };
    const struct silence_list list = { silences, 3 };
    const struct signal signal = checkout_is_red();
    const struct silence *found;

    assert_int_equal(silence_list_find(&list, &signal, NOON_MS, &found), RC_OK);
    assert_ptr_equal(found, &silences[1]);
    assert_int_equal(silence_list_find(&list, &signal, NOON_MS + 1, &found), RC_OK);
    assert_ptr_equal(found, &silences[1]);
    assert_int_equal(silence_list_find(&list, &signal, NOON_MS + 2, &found), RC_OK);
    assert_null(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(a_silence_is_found_as_it_was_made),
        TWICE(those_that_are_active_come_in_the_order_of_their_ends),
        TWICE(a_silence_is_over_at_its_very_end),
        TWICE(one_that_is_ended_early_takes_its_place_among_the_ends_along),
        TWICE(a_silence_is_deleted_with_its_place_among_the_ends),
        TWICE(a_damaged_silence_hides_no_other),
        TWICE(the_api_shows_where_as_an_object),
        TWICE(a_silence_has_a_reason_clauses_and_an_end_within_bounds),
        TWICE(a_silence_matches_where_every_clause_does),
        TWICE(a_silence_without_a_clause_holds_nothing),
        TWICE(a_signal_that_kept_nothing_is_told_by_its_rule_and_key),
        TWICE(of_two_that_hold_a_signal_the_one_that_ends_last_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
