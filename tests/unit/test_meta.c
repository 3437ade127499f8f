#include "src/store/meta.h"

#include "src/store/rulesets.h"
#include "tests/unit/store_fixture.h"

static void a_new_store_has_its_schema_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    uint64_t value;

    for (enum meta_item item = META_SCHEMA; item < META_N_ITEMS; item++) {
        assert_int_equal(meta_get(fixture->txn, item, &value), RC_OK);
        assert_int_equal(value, item == META_SCHEMA ? STORE_SCHEMA_VERSION : 0);
    }
}

static void values_are_kept_apart_and_counted_up(void **state)
{
    struct fixture *fixture = *state;
    uint64_t value;

    assert_int_equal(meta_set(fixture->txn, META_CURSOR, UINT64_MAX), RC_OK);
    assert_int_equal(meta_next(fixture->txn, META_SEQUENCE, &value), RC_OK);
    assert_int_equal(value, 1);
    assert_int_equal(meta_next(fixture->txn, META_SEQUENCE, &value), RC_OK);
    assert_int_equal(value, 2);
    fixture_commit(fixture);
    assert_int_equal(meta_get(fixture->txn, META_CURSOR, &value), RC_OK);
    assert_true(value == UINT64_MAX);
    assert_int_equal(meta_get(fixture->txn, META_SEQUENCE, &value), RC_OK);
    assert_int_equal(value, 2);
}

static void a_value_of_the_wrong_length_is_damage(void **state)
{
    struct fixture *fixture = *state;
    uint64_t value;

    assert_int_equal(store_put(fixture->txn, TABLE_META, SLICE("cursor"), SLICE("1234567")), RC_OK);
    assert_int_equal(meta_get(fixture->txn, META_CURSOR, &value), RC_CORRUPT);
    assert_int_equal(store_put(fixture->txn, TABLE_META, SLICE("cursor"), SLICE("123456789")),
                     RC_OK);
    assert_int_equal(meta_get(fixture->txn, META_CURSOR, &value), RC_CORRUPT);
    assert_int_equal(meta_next(fixture->txn, META_CURSOR, &value), RC_CORRUPT);
}

static void the_last_good_rule_files_come_back_to_the_byte(void **state)
{
    struct fixture *fixture = *state;
    struct saved_file files[] = { { .name = SLICE("rules.d/a.yaml"), .text = SLICE("rules: []\n") },
                                  { .name = SLICE("rules.d/b.yaml"), .text = SLICE("") } };
    struct saved_ruleset saved = { .saved_ms = 5, .files = { .items = files, .n_items = 2 } };
    const struct saved_file *found_files;
    struct saved_ruleset found;

    assert_int_equal(ruleset_load_saved(fixture->txn, fixture->arena, &found), RC_NOT_FOUND);
    assert_int_equal(ruleset_save(fixture->txn, &saved), RC_OK);
    saved.saved_ms = 6;
    assert_int_equal(ruleset_save(fixture->txn, &saved), RC_OK);
    fixture_commit(fixture);
    assert_int_equal(ruleset_load_saved(fixture->txn, fixture->arena, &found), RC_OK);
    assert_true(found.saved_ms == 6 && found.files.n_items == 2);
    found_files = found.files.items;
    assert_slice(found_files[0].text, "rules: []\n");
    assert_slice(found_files[1].name, "rules.d/b.yaml");
    assert_slice(found_files[1].text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(a_new_store_has_its_schema_and_nothing_else),
        TWICE(values_are_kept_apart_and_counted_up),
        TWICE(a_value_of_the_wrong_length_is_damage),
        TWICE(the_last_good_rule_files_come_back_to_the_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
