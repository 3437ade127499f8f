/* rule_test.h - the `tests:` of rule files, run in virtual time through the engine (RULES.md says how they are written).
 *
 * A test runs over the rules of its own file, those that they need (named in `unless` and `while`, in a shared group; all of them where one asks for what rules say) and those that the
 * tests of the file name. What other rules of these files do is not looked at. So a test says the same whatever files lie beside its own. */
#pragma once

#include "src/base/shape.h"
#include "src/engine/simulation.h"

/* What may stand in one of `tests:`; its name is "test". */
extern const struct shape shape_rule_test;

/* The rules that the tests of one file run over, loaded once. */
struct rule_test_suite;

/* What tests exercised of one rule of the file (rules/coverage.h). */
struct rule_coverage {
    const struct rule *rule;
    struct coverage *coverage;
    bool fired, ended, was_held;
};

/* `config`, `files` and `ruleset` (all rules, to show) are kept; `file` is the name of one of the files. With `is_covered` it is noted what the tests exercise, which costs time.
 * Gives a suite; free with rule_test_suite_free. */
enum rc rule_test_suite_new(const struct config *config, const struct rule_files *files,
                            const struct ruleset *ruleset, struct slice file, bool is_covered,
                            struct rule_test_suite **suite) MUST_CHECK;
/* Accepts NULL. */
void rule_test_suite_free(struct rule_test_suite *suite);
/* The rules of the file itself, in its order; NULL past the end, and where nothing is noted. */
const struct rule_coverage *rule_test_suite_coverage(const struct rule_test_suite *suite, size_t i);

/* One thing that is wrong, and where: an expectation, an event, or the test itself. */
struct rule_test_failure {
    struct mark mark;
    struct slice text;          /* in words; absent where `expected` and `got` say it all */
    struct slice expected, got; /* as a rule file would have them; absent: nothing */
    struct slice differs;       /* "count: 3 expected, 2 came" */
};
struct rule_test_report {
    struct mark mark; /* of the test */
    struct slice name;
    bool passed;
    const struct rule_test_failure
        *failures; /* of events, of signals, then of proposals and numbers; at most 200 */
    size_t n_failures;
    struct slice
        came; /* lines: what did come, and why what was expected did not; absent when it passed */
};

/* Runs one test of the suite's file. What is wrong with the test itself (an unknown member) fails it. The report lives in `arena`. */
enum rc rule_test_run(struct rule_test_suite *suite, const struct rule_test *test,
                      struct arena *arena, struct rule_test_report *report) MUST_CHECK;
/* Adds what is wrong with the tests of a set to check as they are written, which is all that rule_test_run tells before anything happens. Not of tests that name a broken rule.
 * `config` NULL, or without its watchers: whom it knows is not asked. RC_INVALID after adding. */
enum rc rule_tests_check(const struct config *config, const struct ruleset *ruleset,
                         struct problems *problems) MUST_CHECK;
/* Its name, or what stands for one. */
struct slice rule_test_name(const struct rule_test *test);
/* Calls `visit` for every rule that its events and expectations name, until it returns false. */
void rule_test_each_rule(const struct rule_test *test,
                         bool (*visit)(void *context, const struct node *name), void *context);
