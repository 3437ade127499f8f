#include "src/engine/rule_test_private.h"

#include "src/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>

#define FAILURES_MAX 200

/* -- failures -- */

static enum rc copy_all(struct arena *arena, struct rule_test_failure *failure)
{
    struct slice *texts[] = { &failure->text, &failure->expected, &failure->got,
                              &failure->differs };
    enum rc rc = RC_OK;

    for (size_t i = 0; i < COUNT(texts) && !rc; i++)
        if (!slice_is_absent(*texts[i]))
            rc = arena_copy(arena, *texts[i], texts[i]);
    return rc;
}

enum rc rule_test_fail(struct test_run *run, const struct rule_test_failure *failure)
{
    struct rule_test_failure *failures;

    if (run->n_failures == FAILURES_MAX)
        return RC_OK;
    failures = arena_grow(run->arena, run->failures, run->n_failures, sizeof *failures);
    if (!failures)
        return RC_NO_MEMORY;
    run->failures = failures;
    failures[run->n_failures] = *failure;
    return copy_all(run->arena, &failures[run->n_failures++]);
}

enum rc rule_test_fail_at(struct test_run *run, const struct node *node, const char *format, ...)
{
    struct rule_test_failure failure = { .mark = node->mark };
    va_list args;
    enum rc rc;

    va_start(args, format);
    rc = arena_vformat(run->arena, &failure.text, format, args);
    va_end(args);
    return rc ? rc : rule_test_fail(run, &failure);
}

/* What is wrong with the test as it is written. */
static enum rc fail_by_problems(struct test_run *run)
{
    const struct problem *problem;
    enum rc rc = RC_OK;

    for (size_t i = 0; (problem = problems_at(run->problems, i)) && !rc; i++) {
        const struct rule_test_failure failure = {
            .mark = { .file = run->test->node->mark.file,
                      .line = problem->line,
                      .column = problem->column },
            .text = problem->text,
        };

        rc = rule_test_fail(run, &failure);
    }
    return rc;
}

/* An event that no engine can read, or more than it holds: the other tests go on. */
static enum rc fail_by_rc(struct test_run *run, enum rc rc)
{
    const struct node *node = run->current ? run->current->node : run->test->node;

    if (rc == RC_LIMIT && run->n_seen == RULE_TEST_MAX_CHANGES)
        return rule_test_fail_at(run, run->test->node,
                                 "more than %d changes in one test: it cannot be said what came",
                                 RULE_TEST_MAX_CHANGES);
    return rule_test_fail_at(run, node, "this cannot be read: %s", rc_text(rc));
}

/* -- one test -- */

static void on_change(void *context)
{
    struct test_run *run = context;

    if (!run->seen_rc)
        run->seen_rc = rule_test_look(run);
}

static enum rc begin(struct test_run *run)
{
    struct rule_test_suite *suite = run->suite;
    enum rc rc;

    ruleset_hold(suite->ruleset);
    rc = simulation_new(&suite->senders, suite->ruleset, &run->simulation);
    if (!rc)
        simulation_listen(run->simulation, on_change, run);
    return rc;
}

static enum rc read_and_play(struct test_run *run)
{
    const struct rule_test_reading reading = { .test = run->test,
                                               .ruleset = run->suite->all,
                                               .watchers = run->suite->senders.watchers,
                                               .arena = run->arena,
                                               .problems = run->problems };
    enum rc rc = rule_test_read(&reading, &run->text);

    if (!rc)
        rc = begin(run);
    if (!rc)
        rc = rule_test_play(run);
    return rc ? rc : rule_test_compare(run);
}

static enum rc report_failure(struct test_run *run, struct rule_test_report *report)
{
    if (!run->n_failures)
        return RC_OK;
    report->failures = run->failures;
    report->n_failures = run->n_failures;
    return run->simulation ? rule_test_tell(run, &report->came) : RC_OK;
}

enum rc rule_test_run(struct rule_test_suite *suite, const struct rule_test *test,
                      struct arena *arena, struct rule_test_report *report)
{
    struct test_run run = { .suite = suite, .test = test, .arena = arena };
    enum rc rc = problems_new(&run.problems);

    *report = (struct rule_test_report){ .mark = test->node->mark, .name = rule_test_name(test) };
    if (!rc)
        rc = read_and_play(&run);
    if (rc == RC_INVALID && problems_count(run.problems, PROBLEM_ERROR))
        rc = fail_by_problems(&run);
    else if (rc == RC_INVALID || rc == RC_LIMIT)
        rc = fail_by_rc(&run, rc);
    if (!rc)
        rc = report_failure(&run, report);
    report->passed = !rc && !report->n_failures;
    simulation_free(run.simulation);
    for (size_t i = 0; i < run.n_trees; i++)
        json_free(run.trees[i]);
    problems_free(run.problems);
    return rc;
}
