#include "src/store/store.h"

#include "tests/unit/store_fixture.h"

static void put(struct fixture *fixture, const char *key, const char *value)
{
    assert_int_equal(store_put(fixture->txn, TABLE_FEED, slice_of(key), slice_of(value)), RC_OK);
}

static void value_is(struct fixture *fixture, const char *key, const char *expected)
{
    struct slice value;
    enum rc rc = store_get(fixture->txn, TABLE_FEED, slice_of(key), &value);

    if (!expected) {
        assert_int_equal(rc, RC_NOT_FOUND);
        return;
    }
    assert_int_equal(rc, RC_OK);
    assert_slice(value, expected);
}

static void what_is_put_is_there_for_this_transaction_and_the_next(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, "a", "1");
    put(fixture, "a", "2");
    value_is(fixture, "a", "2");
    fixture_commit(fixture);
    value_is(fixture, "a", "2");
    value_is(fixture, "b", NULL);
}

static void values_may_be_empty_and_large(void **state)
{
    struct fixture *fixture = *state;
    size_t len = 3 << 20;
    char *large = calloc(1, len);
    struct slice value;

    assert_non_null(large);
    memset(large, 'x', len);
    put(fixture, "empty", "");
    value_is(fixture, "empty", "");
    assert_int_equal(store_put(fixture->txn, TABLE_FEED, SLICE("large"),
                               (struct slice){ .ptr = large, .len = len }),
                     RC_OK);
    fixture_commit(fixture);
    assert_int_equal(store_get(fixture->txn, TABLE_FEED, SLICE("large"), &value), RC_OK);
    assert_int_equal(value.len, len);
    assert_memory_equal(value.ptr, large, len);
    free(large);
}

static void an_abort_leaves_everything_as_it_was(void **state)
{
    struct fixture *fixture = *state;
    uint64_t n_rows;

    put(fixture, "changed", "before");
    put(fixture, "deleted", "before");
    fixture_commit(fixture);

    put(fixture, "changed", "after");
    put(fixture, "changed", "again");
    put(fixture, "added", "after");
    assert_int_equal(store_delete(fixture->txn, TABLE_FEED, SLICE("deleted")), RC_OK);
    put(fixture, "deleted", "back");
    assert_int_equal(store_delete(fixture->txn, TABLE_FEED, SLICE("deleted")), RC_OK);
    store_abort(&fixture->txn);
    assert_null(fixture->txn);

    assert_int_equal(store_begin(fixture->store, &fixture->txn), RC_OK);
    value_is(fixture, "changed", "before");
    value_is(fixture, "deleted", "before");
    value_is(fixture, "added", NULL);
    assert_int_equal(store_count(fixture->txn, TABLE_FEED, &n_rows), RC_OK);
    assert_int_equal(n_rows, 2);
}

static void a_new_row_conflicts_with_one_that_is_there_and_changes_nothing(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(store_put_new(fixture->txn, TABLE_FEED, SLICE("a"), SLICE("1")), RC_OK);
    assert_int_equal(store_put_new(fixture->txn, TABLE_FEED, SLICE("a"), SLICE("2")), RC_CONFLICT);
    value_is(fixture, "a", "1");
    fixture_commit(fixture); /* a conflict is an answer, not a failure of the transaction */
    value_is(fixture, "a", "1");
}

static void an_appended_row_need_not_be_the_last(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(store_append(fixture->txn, TABLE_FEED, SLICE("b"), SLICE("1")), RC_OK);
    assert_int_equal(store_append(fixture->txn, TABLE_FEED, SLICE("c"), SLICE("1")), RC_OK);
    assert_int_equal(store_append(fixture->txn, TABLE_FEED, SLICE("a"), SLICE("1")), RC_OK);
    assert_int_equal(store_append(fixture->txn, TABLE_FEED, SLICE("c"), SLICE("2")), RC_OK);
    fixture_commit(fixture);
    value_is(fixture, "a", "1");
    value_is(fixture, "b", "1");
    value_is(fixture, "c", "2");
}

static void what_is_not_there_cannot_be_deleted(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, "a", "1");
    assert_int_equal(store_delete(fixture->txn, TABLE_FEED, SLICE("b")), RC_NOT_FOUND);
    assert_int_equal(store_delete(fixture->txn, TABLE_FEED, SLICE("a")), RC_OK);
    assert_int_equal(store_delete(fixture->txn, TABLE_FEED, SLICE("a")), RC_NOT_FOUND);
    fixture_commit(fixture);
}

static void tables_do_not_see_each_others_rows(void **state)
{
    struct fixture *fixture = *state;
    struct slice value;

    for (enum store_table table = TABLE_JOURNAL; table < STORE_N_TABLES; table++) {
        const struct slice name = slice_of(store_table_names[table]);

        assert_int_equal(store_put(fixture->txn, table, SLICE("key"), name), RC_OK);
    }
    fixture_commit(fixture);
    for (enum store_table table = TABLE_JOURNAL; table < STORE_N_TABLES; table++) {
        assert_int_equal(store_get(fixture->txn, table, SLICE("key"), &value), RC_OK);
        assert_slice(value, store_table_names[table]);
    }
}

static void s13_a_key_that_is_empty_or_too_long_is_refused_before_the_store_sees_it(void **state)
{
    static const char bytes[STORE_KEY_BYTES + 1];
    const struct slice longest = { .ptr = bytes, .len = STORE_KEY_BYTES };
    const struct slice bad[] = { SLICE(""), { 0 }, { .ptr = bytes, .len = STORE_KEY_BYTES + 1 } };
    struct fixture *fixture = *state;
    struct store_cursor *cursor;
    struct slice value;

    assert_int_equal(store_put(fixture->txn, TABLE_FEED, longest, SLICE("1")), RC_OK);
    assert_int_equal(store_get(fixture->txn, TABLE_FEED, longest, &value), RC_OK);
    assert_int_equal(store_cursor_open(fixture->txn, TABLE_FEED, &cursor), RC_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct slice key = bad[i];

        assert_int_equal(store_put(fixture->txn, TABLE_FEED, key, SLICE("1")), RC_LIMIT);
        assert_int_equal(store_put_new(fixture->txn, TABLE_FEED, key, SLICE("1")), RC_LIMIT);
        assert_int_equal(store_append(fixture->txn, TABLE_FEED, key, SLICE("1")), RC_LIMIT);
        assert_int_equal(store_get(fixture->txn, TABLE_FEED, key, &value), RC_LIMIT);
        assert_int_equal(store_delete(fixture->txn, TABLE_FEED, key), RC_LIMIT);
        assert_int_equal(store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, &value), RC_LIMIT);
        assert_int_equal(store_cursor_move(cursor, STORE_BEFORE, &key, &value), RC_LIMIT);
    }
    store_cursor_close(cursor);
    fixture_commit(fixture); /* the transaction is as good as before */
}

/* Moves and expects a key; NULL: the end. `key` is where to, for the moves that need one. */
static void cursor_reaches(struct store_cursor *cursor, enum store_move move, const char *to,
                           const char *expected)
{
    struct slice key = slice_of(to), value;
    enum rc rc = store_cursor_move(cursor, move, &key, &value);

    assert_int_equal(rc, expected ? RC_OK : RC_NOT_FOUND);
    if (expected) {
        assert_slice(key, expected);
        assert_slice(value, expected);
    }
}

static void a_cursor_walks_in_the_order_of_the_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct store_cursor *cursor;

    assert_int_equal(store_cursor_open(fixture->txn, TABLE_FEED, &cursor), RC_OK);
    cursor_reaches(cursor, STORE_FIRST, NULL, NULL);
    cursor_reaches(cursor, STORE_LAST, NULL, NULL);
    cursor_reaches(cursor, STORE_AT_OR_AFTER, "b", NULL);
    cursor_reaches(cursor, STORE_BEFORE, "b", NULL);
    store_cursor_close(cursor);

    put(fixture, "f", "f");
    put(fixture, "b", "b");
    put(fixture, "bb", "bb");
    put(fixture, "d", "d");
    assert_int_equal(store_cursor_open(fixture->txn, TABLE_FEED, &cursor), RC_OK);
    cursor_reaches(cursor, STORE_FIRST, NULL, "b");
    cursor_reaches(cursor, STORE_NEXT, NULL, "bb");
    cursor_reaches(cursor, STORE_NEXT, NULL, "d");
    cursor_reaches(cursor, STORE_PREVIOUS, NULL, "bb");
    cursor_reaches(cursor, STORE_LAST, NULL, "f");
    cursor_reaches(cursor, STORE_NEXT, NULL, NULL);
    cursor_reaches(cursor, STORE_FIRST, NULL, "b");
    cursor_reaches(cursor, STORE_PREVIOUS, NULL, NULL);
    cursor_reaches(cursor, STORE_AT_OR_AFTER, "a", "b");
    cursor_reaches(cursor, STORE_AT_OR_AFTER, "bb", "bb");
    cursor_reaches(cursor, STORE_AT_OR_AFTER, "c", "d");
    cursor_reaches(cursor, STORE_NEXT, NULL, "f");
    cursor_reaches(cursor, STORE_AT_OR_AFTER, "g", NULL);
    cursor_reaches(cursor, STORE_BEFORE, "b", NULL);
    cursor_reaches(cursor, STORE_BEFORE, "bb", "b");
    cursor_reaches(cursor, STORE_BEFORE, "e", "d");
    cursor_reaches(cursor, STORE_PREVIOUS, NULL, "bb");
    cursor_reaches(cursor, STORE_BEFORE, "z", "f");
    store_cursor_close(cursor);
}

static void rows_can_be_removed_while_a_cursor_is_open(void **state)
{
    struct fixture *fixture = *state;
    struct store_cursor *cursor;
    uint64_t n_rows;

    put(fixture, "a", "a");
    put(fixture, "b", "b");
    put(fixture, "c", "c");
    assert_int_equal(store_cursor_open(fixture->txn, TABLE_FEED, &cursor), RC_OK);
    cursor_reaches(cursor, STORE_FIRST, NULL, "a");
    assert_int_equal(store_delete(fixture->txn, TABLE_FEED, SLICE("a")), RC_OK);
    cursor_reaches(cursor, STORE_FIRST, NULL, "b");
    put(fixture, "bb", "bb");
    cursor_reaches(cursor, STORE_NEXT, NULL, "bb");
    assert_int_equal(store_delete(fixture->txn, TABLE_FEED, SLICE("bb")),
                     RC_OK); /* where it stands */
    cursor_reaches(cursor, STORE_NEXT, NULL, "c");
    store_cursor_close(cursor);
    assert_int_equal(store_count(fixture->txn, TABLE_FEED, &n_rows), RC_OK);
    assert_int_equal(n_rows, 2);
}

static void usage_grows_with_what_is_put_and_falls_with_what_is_removed(void **state)
{
    static const char bytes[8192];
    struct fixture *fixture = *state;
    int64_t empty_bytes, full_bytes, freed_bytes, max_bytes;

    assert_int_equal(store_usage(fixture->txn, &empty_bytes, &max_bytes), RC_OK);
    assert_true(empty_bytes >= 0 && empty_bytes < max_bytes);
    for (uint32_t i = 0; i < 1000; i++) {
        const struct slice key = { .ptr = (const char *)&i, .len = sizeof(i) };

        assert_int_equal(store_put(fixture->txn, TABLE_JOURNAL, key,
                                   (struct slice){ .ptr = bytes, .len = sizeof(bytes) }),
                         RC_OK);
    }
    fixture_commit(fixture);
    assert_int_equal(store_usage(fixture->txn, &full_bytes, &max_bytes), RC_OK);
    assert_true(full_bytes >= empty_bytes + 1000 * (int64_t)sizeof(bytes));
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(store_delete(fixture->txn, TABLE_JOURNAL,
                                      (struct slice){ .ptr = (const char *)&i, .len = sizeof(i) }),
                         RC_OK);
    for (size_t i = 0; i < 20; i++) /* it is counted anew now and then */
        fixture_commit(fixture);
    assert_int_equal(store_usage(fixture->txn, &freed_bytes, &max_bytes), RC_OK);
    assert_true(freed_bytes < empty_bytes + 1000 * (int64_t)sizeof(bytes) / 2);
}

static void commits_fail_as_often_as_a_test_asks_for(void **state)
{
    struct fixture *fixture = *state;

    store_fail_commits(fixture->store, 2, RC_FULL);
    for (size_t i = 0; i < 2; i++) {
        put(fixture, "a", "lost");
        assert_int_equal(store_commit(&fixture->txn), RC_FULL);
        assert_null(fixture->txn);
        assert_int_equal(store_begin(fixture->store, &fixture->txn), RC_OK);
        value_is(fixture, "a", NULL);
    }
    put(fixture, "a", "kept");
    fixture_commit(fixture);
    value_is(fixture, "a", "kept");
}

static void a_transaction_knows_its_store_and_none_can_be_aborted(void **state)
{
    struct fixture *fixture = *state;
    struct store_txn *none = NULL;

    assert_ptr_equal(store_of(fixture->txn), fixture->store);
    store_abort(&none);
    store_close(NULL);
    store_cursor_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(what_is_put_is_there_for_this_transaction_and_the_next),
        TWICE(values_may_be_empty_and_large),
        TWICE(an_abort_leaves_everything_as_it_was),
        TWICE(a_new_row_conflicts_with_one_that_is_there_and_changes_nothing),
        TWICE(an_appended_row_need_not_be_the_last),
        TWICE(what_is_not_there_cannot_be_deleted),
        TWICE(tables_do_not_see_each_others_rows),
        TWICE(s13_a_key_that_is_empty_or_too_long_is_refused_before_the_store_sees_it),
        TWICE(a_cursor_walks_in_the_order_of_the_bytes),
        TWICE(rows_can_be_removed_while_a_cursor_is_open),
        TWICE(usage_grows_with_what_is_put_and_falls_with_what_is_removed),
        TWICE(commits_fail_as_often_as_a_test_asks_for),
        TWICE(a_transaction_knows_its_store_and_none_can_be_aborted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
