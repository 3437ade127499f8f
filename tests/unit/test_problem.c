#include "src/base/problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static int open_problems(void **state)
{
    struct problems *problems;

    if (problems_new(&problems))
        return -1;
    *state = problems;
    return 0;
}

static int close_problems(void **state)
{
    problems_free(*state);
    return 0;
}

/* What a person gets to read; borrowed until the next call. */
static const char *shown(const struct problems *problems)
{
    static char text[64 * 1024];
    struct buffer buffer;

    buffer_init(&buffer, sizeof(text) - 1);
    problems_format(problems, &buffer);
    assert_int_equal(buffer_rc(&buffer), RC_OK);
    memcpy(text, buffer_slice(&buffer).ptr, buffer.len);
    text[buffer.len] = '\0';
    buffer_free(&buffer);
    return text;
}

static void a_problem_names_its_place_as_far_as_it_has_one(void **state)
{
    problems_add(*state, PROBLEM_ERROR, SLICE("rules.d/ci.yaml"), 12, 5, "unknown member `%s`",
                 "whn");
    problems_add(*state, PROBLEM_WARNING, SLICE("vedette.yaml"), 0, 0, "others can read it");
    problems_add(*state, PROBLEM_ERROR, (struct slice){ 0 }, 0, 0, "no rules");
    assert_string_equal(shown(*state), "rules.d/ci.yaml:12:5: error: unknown member `whn`\n"
                                       "vedette.yaml: warning: others can read it\n"
                                       "error: no rules\n");
    assert_int_equal(problems_count(*state, PROBLEM_ERROR), 2);
    assert_int_equal(problems_count(*state, PROBLEM_WARNING), 1);
}

static void no_problem_shows_as_nothing(void **state)
{
    assert_string_equal(shown(*state), "");
    assert_null(problems_at(*state, 0));
}

static void a_problem_keeps_its_own_texts(void **state)
{
    char file[] = "a.yaml";

    problems_add(*state, PROBLEM_ERROR, slice_of(file), 1, 2, "no key");
    memset(file, 'x', sizeof(file) - 1);
    assert_true(slice_eq(problems_at(*state, 0)->file, SLICE("a.yaml")));
    assert_true(slice_eq(problems_at(*state, 0)->text, SLICE("no key")));
    assert_int_equal(problems_at(*state, 0)->line, 1);
    assert_int_equal(problems_at(*state, 0)->column, 2);
}

static void past_200_problems_are_only_counted(void **state)
{
    const char *text;

    for (int i = 1; i <= 200; i++)
        problems_add(*state, PROBLEM_ERROR, SLICE("a.yaml"), (uint32_t)i, 1, "wrong");
    assert_null(strstr(shown(*state), "more"));
    problems_add(*state, PROBLEM_ERROR, SLICE("a.yaml"), 201, 1, "wrong");
    problems_add(*state, PROBLEM_WARNING, SLICE("a.yaml"), 202, 1, "odd");
    text = shown(*state);
    assert_non_null(strstr(text, "a.yaml:200:1: error: wrong\nand 2 more\n"));
    assert_non_null(problems_at(*state, 199));
    assert_null(problems_at(*state, 200));
    assert_int_equal(problems_count(*state, PROBLEM_ERROR), 201);
    assert_int_equal(problems_count(*state, PROBLEM_WARNING), 1);
}

static void i03_a_problem_stays_one_line_that_terminals_can_show(void **state)
{
    problems_add(*state, PROBLEM_ERROR, SLICE("a\x1b.yaml"), 1, 1, "bad value `%s`",
                 "x\n\x1b]52;c;aGk=\x07");
    assert_string_equal(shown(*state),
                        "a\\x1b.yaml:1:1: error: bad value `x\\x0a\\x1b]52;c;aGk=\\x07`\n");
}

static void a_long_text_is_cut_between_characters(void **state)
{
    char text[3001];
    struct slice held;

    for (size_t i = 0; i < 3000; i += 3)
        memcpy(text + i, "€", 3);
    text[3000] = '\0';
    problems_add(*state, PROBLEM_ERROR, (struct slice){ 0 }, 0, 0, "%s", text);
    held = problems_at(*state, 0)->text;
    assert_in_range(held.len, 1000, 1024);
    assert_true(slice_is_utf8(held));
    assert_true(slice_ends(held, SLICE("€…")));
}

static void a_misspelt_name_is_answered_with_the_nearest_one(void **state)
{
    static const char *const names[] = { "id", "on", "where", "when", "key", "cooldown", NULL };
    static const struct {
        const char *word, *meant;
    } cases[] = {
        { .word = "whn", .meant = "when" },
        { .word = "wheen", .meant = "when" },
        { .word = "wehn", .meant = "when" },
        { .word = "wher", .meant = "where" }, /* one away from both: the first */
        { .word = "Key", .meant = "key" },
        { .word = "cool_down", .meant = "cooldown" },
        { .word = "coldwn", .meant = "cooldown" },
        { .word = "cldwn", .meant = NULL }, /* three away */
        { .word = "KEYS", .meant = "key" },
        { .word = "WHERE", .meant = "where" },
        { .word = "kye", .meant = "key" }, /* swapped neighbours are one mistake */
        { .word = "kee", .meant = "key" }, /* one of three */
        { .word = "of", .meant = NULL },   /* one of two letters is another word */
        { .word = "off", .meant = NULL },
        { .word = "hwne", .meant = "when" }, /* all its letters */
        { .word = "no", .meant = NULL },
        { .word = "thin", .meant = NULL },      /* two of four */
        { .word = "whence", .meant = "where" }, /* two of six */
        { .word = "xy", .meant = NULL },
        { .word = "verification", .meant = NULL },
        { .word = "", .meant = NULL },
        { .word = NULL, .meant = NULL },
    };
    char long_word[200];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *meant = problem_did_you_mean(slice_of(cases[i].word), names);

        print_message("# %s\n", cases[i].word ? cases[i].word : "absent");
        if (cases[i].meant)
            assert_string_equal(meant, cases[i].meant);
        else
            assert_null(meant);
    }
    memset(long_word, 'w', sizeof(long_word));
    assert_null(
        problem_did_you_mean((struct slice){ .ptr = long_word, .len = sizeof(long_word) }, names));
}

#define problem_test(test) cmocka_unit_test_setup_teardown(test, open_problems, close_problems)

int main(void)
{
    const struct CMUnitTest tests[] = {
        problem_test(a_problem_names_its_place_as_far_as_it_has_one),
        problem_test(no_problem_shows_as_nothing),
        problem_test(a_problem_keeps_its_own_texts),
        problem_test(past_200_problems_are_only_counted),
        problem_test(i03_a_problem_stays_one_line_that_terminals_can_show),
        problem_test(a_long_text_is_cut_between_characters),
        cmocka_unit_test(a_misspelt_name_is_answered_with_the_nearest_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
