#include "rule_fixture.h"

/* What everybody gets who says nothing loads without a word, has tests, and names only the actions of the embedded configuration. */
static void shipped_rules_load_without_a_warning(void **state)
{
    struct slice path = slice_of(VEDETTE_RULES_D);
    struct slice_list paths = { .items = &path, .n_items = 1 };
    struct problems *problems = NULL;
    struct arena *arena = NULL;
    struct ruleset *set = NULL;
    struct rule_files files;
    struct buffer said;
    enum rc rc;

    (void)state;
    assert_int_equal(arena_new((size_t)64 << 20, &arena), RC_OK);
    assert_int_equal(problems_new(&problems), RC_OK);
    rc = rule_files_read(paths, arena, problems, &files);
    if (!rc)
        rc = ruleset_parse(&files, problems, &set);
    buffer_init(&said, 0);
    problems_format(problems, &said);
    buffer_add_byte(&said, '\0');
    assert_string_equal(said.ptr, "");
    assert_int_equal(rc, RC_OK);
    assert_int_equal(files.n_files, 8);
    assert_non_null(ruleset_find(set, SLICE("ci-main-red")));
    assert_non_null(ruleset_find(set, SLICE("alert-firing")));
    assert_non_null(ruleset_find(set, SLICE("deploy-failed")));
    assert_non_null(ruleset_find(set, SLICE("failure-after-deploy")));
    assert_true(set->n_tests >= 2 * files.n_files);
    buffer_free(&said);
    ruleset_free(set);
    problems_free(problems);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(shipped_rules_load_without_a_warning) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
