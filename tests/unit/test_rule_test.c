#include "src/engine/rule_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "src/base/digest.h"

struct bench {
    struct arena *arena;
    struct problems *problems;
    struct config *config;
};

static int set_up(void **state)
{
    struct config_options options = { .state = "/nowhere" };
    struct bench *bench = calloc(1, sizeof *bench);

    unsetenv("VEDETTE_CONFIG");
    assert_int_equal(digest_init(), RC_OK);
    assert_int_equal(arena_new((size_t)1 << 30, &bench->arena), RC_OK);
    assert_int_equal(problems_new(&bench->problems), RC_OK);
    assert_int_equal(config_load(&options, bench->problems, &bench->config), RC_OK);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    config_free(bench->config);
    problems_free(bench->problems);
    arena_free(bench->arena);
    free(bench);
    return 0;
}

static void show(const struct problems *problems)
{
    struct buffer text;

    buffer_init(&text, 0);
    problems_format(problems, &text);
    if (text.len)
        print_message("%.*s", SLICE_ARG(buffer_slice(&text)));
    buffer_free(&text);
}

static void keep_failure(struct bench *bench, const struct rule_test_report *report,
                         struct slice *failure)
{
    struct buffer text;

    buffer_init(&text, 0);
    for (size_t i = 0; i < report->n_failures; i++) {
        const struct rule_test_failure *one = &report->failures[i];

        buffer_format(&text, "%u:%u", one->mark.line, one->mark.column);
        buffer_format(&text, "|%.*s", SLICE_ARG(one->text));
        buffer_format(&text, "|%.*s", SLICE_ARG(one->expected));
        buffer_format(&text, "|%.*s", SLICE_ARG(one->got));
        buffer_format(&text, "|%.*s\n", SLICE_ARG(one->differs));
    }
    buffer_add(&text, report->came);
    assert_int_equal(arena_copy(bench->arena, buffer_slice(&text), failure), RC_OK);
    buffer_free(&text);
    print_message("%.*s:%u: %.*s\n%.*s", SLICE_ARG(report->mark.file), report->mark.line,
                  SLICE_ARG(report->name), SLICE_ARG(*failure));
}

static bool run_one(struct bench *bench, const struct rule_files *files,
                    const struct ruleset *ruleset, const struct rule_test *test,
                    struct slice *failure)
{
    struct rule_test_suite *suite = NULL;
    struct rule_test_report report;

    assert_int_equal(rule_test_suite_new(bench->config, files, ruleset, test->file, false, &suite),
                     RC_OK);
    assert_int_equal(rule_test_run(suite, test, bench->arena, &report), RC_OK);
    if (!report.passed)
        keep_failure(bench, &report, failure);
    rule_test_suite_free(suite);
    return report.passed;
}

/* Runs the tests of files; how many failed, and what the last of them says: a line for each failure (line:column|text|expected|got|differs), then what came. */
static size_t run(struct bench *bench, const struct rule_files *files, size_t *n_tests,
                  struct slice *failure)
{
    struct ruleset *ruleset = NULL;
    size_t n_failed = 0;

    if (ruleset_parse_to_show(files, bench->problems, &ruleset))
        show(bench->problems);
    assert_non_null(ruleset);
    *n_tests = ruleset->n_tests;
    for (size_t i = 0; i < ruleset->n_tests; i++)
        n_failed += !run_one(bench, files, ruleset, &ruleset->tests[i], failure);
    ruleset_free(ruleset);
    return n_failed;
}

static size_t run_text(struct bench *bench, const char *text, struct slice *failure)
{
    struct rule_file file = { .name = SLICE("t.yaml"), .text = slice_of(text) };
    struct rule_files files = { &file, 1 };
    size_t n_tests;

    return run(bench, &files, &n_tests, failure);
}

static void the_shipped_rules_pass_their_own_tests(void **state)
{
    struct bench *bench = *state;
    struct rule_files files = { 0 };
    struct ruleset *ruleset = NULL;
    struct slice failure = { 0 };
    size_t n_tests = 0;

    assert_int_equal(
        config_load_rules(bench->config, bench->problems, &files, bench->arena, &ruleset), RC_OK);
    ruleset_free(ruleset);
    assert_int_equal(run(bench, &files, &n_tests, &failure), 0);
    assert_true(n_tests >= 6);
}

#define RULE                                                                                       \
    "rules:\n"                                                                                     \
    "  - id: red\n"                                                                                \
    "    on: ci.run\n"                                                                             \
    "    key: [repo]\n"                                                                            \
    "    when: {count: 2, within: 1h}\n"                                                           \
    "    propose: {plan: [{do: note, with: {text: \"{{repo}} is red\"}}], cooldown: 30m}\n"        \
    "    verify: {quiet: 10m}\n"                                                                   \
    "tests:\n"                                                                                     \
    "  - name: x\n"                                                                                \
    "    with: {kind: ci.run, repo: a/b}\n"

static void a_test_that_expects_what_happens_passes(void **state)
{
    struct slice failure = { 0 };

    assert_int_equal(run_text(*state,
                              RULE
                              "    events:\n"
                              "      - {at: 0m, state: failing}\n"
                              "      - {at: 59m, state: failing}\n"
                              "      - {at: 60m, decide: approve, by: jane}\n"
                              "      - {at: 61m, step: ok}\n"
                              "    until: 2h\n"
                              "    expect:\n"
                              "      - {at: 0m, rule: red, state: pending}\n"
                              "      - {at: 59m, rule: red, key: [a/b], state: firing, count: 2}\n"
                              "      - {at: 59m, proposal: {plan: [note]}}\n"
                              "      - {at: 71m, proposal: {state: verified}}\n"
                              "      - {at: 71m, rule: red, state: resolved}\n",
                              &failure),
                     0);
}

static void an_expectation_is_missed_when_it_is_off_by_anything(void **state)
{
    static const char *const expectations[] = {
        "{at: 58m, rule: red, state: firing}",
        "{at: 59m, rule: red, state: firing, count: 3}",
        "{at: 59m, rule: red, state: firing, key: [a/c]}",
        "{at: 59m, rule: red, state: resolved}",
        "{at: 59m, rule: blue, state: firing}",
        "{at: 59m, proposal: {plan: [other]}}",
        "{at: 59m, proposal: {title: something else}}",
        "{at: 59m, proposal: {state: verified}}",
        "{proposals: 0}",
        "{proposals: 2}",
    };

    for (size_t i = 0; i < sizeof expectations / sizeof *expectations; i++) {
        struct slice failure = { 0 };
        char text[2048];

        print_message("%s\n", expectations[i]);
        snprintf(text, sizeof text,
                 RULE "    events: [{at: 0m, state: failing}, {at: 59m, state: failing}]\n"
                      "    expect: [%s]\n",
                 expectations[i]);
        assert_int_equal(run_text(*state, text, &failure), 1);
        assert_true(failure.len > 0);
    }
}

static void a_transition_that_nobody_expects_fails_the_test(void **state)
{
    struct slice failure = { 0 };

    assert_int_equal(run_text(*state,
                              RULE "    events: [{at: 0m, state: failing}, {at: 1m, state: "
                                   "failing}, {at: 2m, state: ok}]\n"
                                   "    expect: [{at: 1m, rule: red, state: firing}]\n",
                              &failure),
                     1);
}

static void a_window_that_is_just_missed_fires_nothing(void **state)
{
    struct slice failure = { 0 };

    assert_int_equal(run_text(*state,
                              RULE
                              "    events: [{at: 0m, state: failing}, {at: 60m, state: failing}]\n"
                              "    expect: [{proposals: 0}]\n",
                              &failure),
                     0);
}

static void a_rejected_proposal_asks_again_after_the_cooldown_and_without_the_plan(void **state)
{
    struct slice failure = { 0 };

    assert_int_equal(run_text(*state,
                              RULE
                              "    events:\n"
                              "      - {at: 0m, state: failing}\n"
                              "      - {at: 1m, state: failing}\n"
                              "      - {at: 2m, decide: reject, by: jane, reason: wrong_action}\n"
                              "    until: 1h\n"
                              "    expect:\n"
                              "      - {at: 1m, proposal: {plan: [note]}}\n"
                              "      - {at: 2m, proposal: {state: rejected}}\n"
                              "      - {at: 32m, proposal: {plan: []}}\n"
                              "      - {proposals: 2}\n",
                              &failure),
                     0);
}

static void proposals_that_are_expected_are_found_in_any_order_and_each_once(void **state)
{
#define ASKED_TWICE(expected)                                                                      \
    RULE "    events:\n"                                                                           \
         "      - {at: 0m, state: failing}\n"                                                      \
         "      - {at: 1m, state: failing}\n"                                                      \
         "      - {at: 2m, decide: reject, by: jane, reason: wrong_action}\n"                      \
         "    until: 1h\n"                                                                         \
         "    expect:\n"                                                                           \
         "      - {proposal: {}}\n"                                                                \
         "      - {at: 1m, proposal: {plan: [note]}}\n" expected
    struct slice failure = { 0 };

    assert_int_equal(run_text(*state, ASKED_TWICE(""), &failure), 0);
    assert_int_equal(run_text(*state, ASKED_TWICE("      - {proposal: {}}\n"), &failure), 1);
}

static void what_fails_again_while_it_is_verified_recurred_and_is_proposed_anew(void **state)
{
    struct slice failure = { 0 };

    assert_int_equal(run_text(*state,
                              RULE "    events:\n"
                                   "      - {at: 0m, state: failing}\n"
                                   "      - {at: 1m, state: failing}\n"
                                   "      - {at: 2m, decide: approve, by: jane}\n"
                                   "      - {at: 3m, step: ok}\n"
                                   "      - {at: 4m, state: failing}\n"
                                   "    expect:\n"
                                   "      - {at: 3m, proposal: {state: verifying}}\n"
                                   "      - {at: 4m, proposal: {state: recurred}}\n"
                                   "      - {at: 4m, proposal: {state: open, plan: [note]}}\n"
                                   "      - {proposals: 2}\n",
                              &failure),
                     0);
}

static void nobody_decides_and_it_expires(void **state)
{
    struct slice failure = { 0 };

    assert_int_equal(run_text(*state,
                              RULE
                              "    events: [{at: 0m, state: failing}, {at: 1m, state: failing}]\n"
                              "    until: 5h\n"
                              "    expect: [{at: 241m, proposal: {state: expired}}]\n",
                              &failure),
                     0);
}

static void a_step_that_fails_or_is_lost_ends_the_plan(void **state)
{
    struct slice failure = { 0 };

    assert_int_equal(
        run_text(*state,
                 RULE "    events:\n"
                      "      - {at: 0m, state: failing}\n"
                      "      - {at: 1m, state: failing}\n"
                      "      - {at: 2m, decide: approve, by: jane}\n"
                      "      - {at: 3m, step: failed}\n"
                      "    expect: [{at: 3m, proposal: {state: failed}}]\n"
                      "  - name: lost\n"
                      "    with: {kind: ci.run, repo: a/b}\n"
                      "    events:\n"
                      "      - {at: 0m, state: failing}\n"
                      "      - {at: 1m, state: failing}\n"
                      "      - {at: 2m, decide: approve, by: jane}\n"
                      "      - {at: 3m, step: unknown}\n"
                      "      - {at: 4h, state: failing}\n"
                      "    expect: [{at: 3m, proposal: {state: unknown}}, {proposals: 1}]\n",
                 &failure),
        0);
}

/* A test begins on a Thursday at midnight UTC. */
#define GATES                                                                                      \
    "rules:\n"                                                                                     \
    "  - {id: slow, on: ci.run, key: [repo], unless: [down], same: [service],\n"                   \
    "     propose: {plan: [{do: note, with: {text: x}}]}}\n"                                       \
    "  - {id: down, on: alert, key: [host], mode: observe}\n"                                      \
    "  - {id: office, on: deploy, key: [repo], propose: {plan: [{do: note, with: {text: x}}]},\n"  \
    "     active: {days: mon-fri, from: '08:00', to: '18:00', tz: Europe/Berlin}}\n"               \
    "tests:\n"                                                                                     \
    "  - name: x\n"                                                                                \
    "    with: {repo: a/b, service: shop, host: h}\n"

static void in_a_test_gates_hold_back_as_they_do_live(void **state)
{
    struct slice failure = { 0 };

    assert_int_equal(run_text(*state,
                              GATES "    events:\n"
                                    "      - {at: 0m, kind: alert, state: failing}\n"
                                    "      - {at: 5m, kind: ci.run, state: failing}\n"
                                    "      - {at: 10m, kind: alert, state: ok}\n"
                                    "      - {at: 20m, kind: alert, state: failing}\n"
                                    "    expect:\n"
                                    "      - {proposals: 1}\n"
                                    "      - {at: 10m, proposal: {state: open}}\n"
                                    "      - {at: 20m, proposal: {state: withdrawn}}\n",
                              &failure),
                     0);
    assert_int_equal(run_text(*state,
                              GATES "    events:\n"
                                    "      - {at: 1h, kind: deploy, state: failing}\n"
                                    "    until: 8h\n"
                                    "    expect:\n"
                                    "      - {at: 7h, rule: office, proposal: {state: open}}\n",
                              &failure),
                     0);
    assert_int_equal(run_text(*state,
                              GATES "    events:\n"
                                    "      - {at: 17h, kind: deploy, state: failing}\n"
                                    "    until: 31h\n" /* up to Friday, 08:00 in Berlin */
                                    "    expect:\n"
                                    "      - {at: 31h, rule: office, proposal: {state: open}}\n",
                              &failure),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_shipped_rules_pass_their_own_tests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_test_that_expects_what_happens_passes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_expectation_is_missed_when_it_is_off_by_anything, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_transition_that_nobody_expects_fails_the_test, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_window_that_is_just_missed_fires_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_rejected_proposal_asks_again_after_the_cooldown_and_without_the_plan, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            proposals_that_are_expected_are_found_in_any_order_and_each_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_fails_again_while_it_is_verified_recurred_and_is_proposed_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_decides_and_it_expires, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_step_that_fails_or_is_lost_ends_the_plan, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(in_a_test_gates_hold_back_as_they_do_live, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
