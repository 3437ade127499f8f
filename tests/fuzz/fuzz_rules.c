/* Any text as a rule file: a set or problems; the set with every default printed is the same set again. Whoever checks gets what could be read of it, with warnings. */
#include "rules/lint.h"
#include "rules/load.h"
#include "tests/fuzz/fuzz.h"

static struct ruleset *load(struct slice text, struct problems *problems)
{
    struct rule_file all[] = {
        { .name = SLICE("fuzz.yaml"), .text = text },
        { .name = SLICE("a.txt"), .text = SLICE("a\nb\r\n# c\n"), .is_list = true },
        { .name = SLICE("b.txt"), .is_list = true, .fault = SLICE("gone") },
    };
    struct rule_files files = { .files = all, .n_files = 3, .n_lists = 2 };
    struct ruleset *set = NULL;
    enum rc rc = ruleset_parse_to_show(&files, problems, &set);

    CLAIM((rc == RC_OK) == (problems_count(problems, PROBLEM_ERROR) == 0));
    return rc ? NULL : set;
}

static void claim_prints_itself(const struct ruleset *set, struct problems *problems)
{
    struct buffer out;
    struct ruleset *again;

    buffer_init(&out, 0);
    ruleset_print(set, &out);
    CLAIM(buffer_rc(&out) == RC_OK);
    problems_clear(problems);
    again = load(buffer_slice(&out), problems);
    if (!again) {
        fprintf(stderr, "%.*s", SLICE_ARG(buffer_slice(&out)));
        buffer_clear(&out);
        problems_format(problems, &out);
        fprintf(stderr, "%.*s", SLICE_ARG(buffer_slice(&out)));
    }
    CLAIM(again && slice_eq(again->version, set->version));
    ruleset_free(again);
    buffer_free(&out);
}

/* What is broken is looked at as far as it goes, and is as broken as it is to everybody. */
static void claim_checks(struct slice text, bool is_right)
{
    struct rule_file all[] = {
        { .name = SLICE("fuzz.yaml"), .text = text },
        { .name = SLICE("a.txt"), .text = SLICE("a\nb\r\n# c\n"), .is_list = true },
        { .name = SLICE("b.txt"), .is_list = true, .fault = SLICE("gone") },
    };
    struct rule_files files = { .files = all, .n_files = 3, .n_lists = 2 };
    const struct lint_with with = { .files = &files };
    struct problems *problems = NULL;
    struct ruleset *set = NULL;
    enum rc rc;

    CLAIM(problems_new(&problems) == RC_OK);
    rc = ruleset_parse_to_check(&files, problems, &set);
    CLAIM(set && rc == (is_right ? RC_OK : RC_INVALID));
    CLAIM(ruleset_lint(set, &with, problems) == RC_OK);
    CLAIM((problems_count(problems, PROBLEM_ERROR) == 0) == is_right);
    problems_sort(problems);
    ruleset_free(set);
    problems_free(problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problems *problems = NULL;
    struct ruleset *set;

    CLAIM(problems_new(&problems) == RC_OK);
    set = load(fuzz_input(data, size), problems);
    claim_checks(fuzz_input(data, size), set != NULL);
    if (set)
        claim_prints_itself(set, problems);
    ruleset_free(set);
    problems_free(problems);
    return 0;
}
