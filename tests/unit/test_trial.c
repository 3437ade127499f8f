#include "rules/trial.h"
#include "rules/trial_units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct trial_finding try_it(const char *source)
{
    struct trial *trial = NULL;
    struct arena *arena = NULL;
    struct pattern *pattern = NULL;
    struct trial_finding finding;
    struct json_fault fault;

    print_message("# %s\n", source);
    assert_int_equal(arena_new((size_t)1 << 16, &arena), RC_OK);
    assert_int_equal(pattern_parse(slice_of(source), arena, &pattern, &fault), RC_OK);
    assert_int_equal(trial_new(&trial), RC_OK);
    assert_true(trial_run(trial, pattern, &finding));
    trial_free(trial);
    pattern_free(pattern);
    arena_free(arena);
    return finding;
}

/* Those that are only slow are cubic here, so that they are slow on every machine. */
static const struct {
    const char *source;
    const char *unit;
    char needed;
} slow[] = {
    { .source = "/(a+)+$/", .unit = "a" },
    { .source = "/^(\\w+\\s?)*$/", .unit = "a" },
    { .source = "/(a|aa)+$/", .unit = "a" },
    { .source = "/^(([a-z])+.)+[A-Z]([a-z])+$/", .unit = "a" },
    /* Without an x in the text PCRE2 would not even begin. */
    { .source = "/(.*)*x/", .unit = "a", .needed = 'x' },
    { .source = "/.*.*.*=.*/", .unit = "a", .needed = '=' },
    /* Only their own bytes hurt them. */
    { .source = "/^(x+x+)+y/", .unit = "x", .needed = 'y' },
    { .source = "/(foo|foofoo)*bar/", .unit = "foo", .needed = 'r' },
    { .source = "/^(?:[QZ]+Q*)+$/", .unit = "Q" },
};

static void r02_what_hurts_a_pattern_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(slow) / sizeof(*slow); i++) {
        struct trial_finding finding = try_it(slow[i].source);

        assert_true(finding.is_slow);
        assert_string_equal(finding.unit, slow[i].unit);
        assert_int_equal(finding.needed, slow[i].needed);
        assert_true(finding.n_bytes >= 1024);
        if (finding.result == PATTERN_ERROR)
            assert_non_null(finding.why);
        else
            assert_true(finding.took_us > 20000);
    }
}

static const char *const harmless[] = {
    "/connection refused/",
    "/billing-api\\[(\\d+)\\]: error: disk full \\(code (\\d+)\\)/",
    "/^\\w{3} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\S+ search-api\\[\\d+\\]: stale read/",
    "/\"level\":\"(?:error|fatal)\".*\"service\":\"(?<service>[^\"]+)\"/",
    "/\\bcatalog-api: image pull backoff\\b/i",
    "/\"([^\"\\\\]|\\\\.)*\"/",
    "/(?:FATAL|ERROR) .*Exception: (timeout|refused) after (\\d+)ms/",
};

static void a_pattern_as_people_write_them_is_left_in_peace(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
        assert_false(try_it(harmless[i]).is_slow);
}

static const struct {
    const char *source;
    const char *units[TRIAL_UNITS + 1];
} made_of[] = {
    { .source = "/abc/" },
    { .source = "/x+/", .units = { "x" } },
    { .source = "/(foo|bar)*/i", .units = { "foo" } },
    { .source = "/(?:x+y)+z/", .units = { "x", "xy" } },
    { .source = "/(?<name>[k-m]+)\\d*/", .units = { "k", "1" } },
    { .source = "/[^\"]*\"/", .units = { "a" } },
    { .source = "/(\\d{1,3}\\.)+/", .units = { "1", "1." } },
    { .source = "/\\++/", .units = { "+" } },
    { .source = "/a+b+c+d+e+f+/", .units = { "a", "b", "c", "d" } },
    { .source = "/(0123456789abcdefghij)+/", .units = { "0123456789abcdef" } },
    /* Not understood, and no harm done. */
    { .source = "/(((/" },
    { .source = "/[/" },
    { .source = "/\\/" },
    { .source = "/*)+{/" },
};

static void a_text_is_made_of_what_repetitions_take(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(made_of) / sizeof(*made_of); i++) {
        struct trial_units units;
        size_t n_units = 0;

        print_message("# %s\n", made_of[i].source);
        trial_units_of(slice_of(made_of[i].source), &units);
        for (; made_of[i].units[n_units]; n_units++) {
            assert_true(n_units < units.n_texts);
            assert_string_equal(units.texts[n_units], made_of[i].units[n_units]);
        }
        assert_int_equal(units.n_texts, n_units);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r02_what_hurts_a_pattern_is_found),
        cmocka_unit_test(a_pattern_as_people_write_them_is_left_in_peace),
        cmocka_unit_test(a_text_is_made_of_what_repetitions_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
