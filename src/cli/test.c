#include "src/base/clock.h"
#include "src/base/file.h"
#include "src/cli/commands_all.h"
#include "src/cli/junit.h"
#include "src/cli/offline.h"
#include "src/cli/test_coverage.h"
#include "src/cli/test_filter.h"
#include "src/cli/test_report.h"

#include <errno.h>
#include <string.h>

#define TEST_BYTES ((size_t)256 << 20) /* of one test, its fixtures too */
#define REPORT_MODE 0644

struct testing {
    const struct invocation *invocation;
    const struct options *options;
    struct offline offline;
    struct test_filter *filter; /* NULL: all of them */
    struct arena *arena;        /* of the test at hand */
    struct junit junit;
    struct test_coverage coverage;
    size_t n_passed, n_failed;
    struct buffer out;
    struct buffer missing; /* of the coverage */
};

/* A document on standard output stands alone there. */
static bool is_document(const struct testing *testing)
{
    return testing->options->junit && !strcmp(testing->options->junit, "-");
}

/* Writes what was gathered, or forgets it. */
static enum rc tell(struct testing *testing)
{
    if (!is_document(testing))
        return screen_write(&testing->out);
    buffer_clear(&testing->out);
    return RC_OK;
}

static bool is_taken(const struct testing *testing, const struct rule_test *test)
{
    return !testing->filter || test_filter_takes(testing->filter, test);
}

/* -- one test -- */

static void add_to_junit(struct testing *testing, const struct rule_test_report *report,
                         int64_t took_us)
{
    struct junit_case result = { .file = report->mark.file,
                                 .name = report->name,
                                 .line = report->mark.line,
                                 .took_us = took_us,
                                 .passed = report->passed };
    struct buffer text;
    struct slice rest;

    buffer_init(&text, 0);
    test_report_text(report, &text);
    result.text = rest = buffer_slice(&text);
    result.message = slice_trim(slice_cut(&rest, '\n'));
    junit_add_case(&testing->junit, &result);
    buffer_free(&text);
}

static enum rc run_one(struct testing *testing, struct rule_test_suite *suite,
                       const struct rule_test *test)
{
    int64_t started_us = clock_mono_us();
    struct rule_test_report report;
    int64_t took_us;
    enum rc rc;

    arena_reset(testing->arena);
    rc = rule_test_run(suite, test, testing->arena, &report);
    took_us = clock_mono_us() - started_us;
    if (rc)
        return rc;
    testing->n_passed += report.passed;
    testing->n_failed += !report.passed;
    if (testing->options->junit)
        add_to_junit(testing, &report, took_us);
    if (testing->options->json)
        test_report_as_json(&report, took_us, &testing->out);
    else
        test_report_for_people(&testing->invocation->screen, &report, &testing->out);
    return tell(testing);
}

/* -- one file -- */

static size_t count_tests(const struct testing *testing, struct slice file, bool only_taken)
{
    const struct ruleset *ruleset = testing->offline.ruleset;
    size_t n_tests = 0;

    for (size_t i = 0; i < ruleset->n_tests; i++)
        n_tests += slice_eq(ruleset->tests[i].file, file) &&
                   (!only_taken || is_taken(testing, &ruleset->tests[i]));
    return n_tests;
}

static enum rc say_no_tests(struct testing *testing, struct slice file)
{
    struct json_writer writer = json_writer_to(&testing->out);

    if (testing->options->json) {
        json_object_begin(&writer);
        json_member_text(&writer, "file", file);
        json_member_int(&writer, "tests", 0);
        json_object_end(&writer);
        buffer_add_text(&testing->out, "\n");
    } else {
        show_text(&testing->out, file);
        buffer_add_text(&testing->out, ": no tests\n");
    }
    return tell(testing);
}

static enum rc run_tests(struct testing *testing, struct rule_test_suite *suite, struct slice file)
{
    const struct ruleset *ruleset = testing->offline.ruleset;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < ruleset->n_tests && !rc; i++)
        if (slice_eq(ruleset->tests[i].file, file) && is_taken(testing, &ruleset->tests[i]))
            rc = run_one(testing, suite, &ruleset->tests[i]);
    return rc;
}

static enum rc run_file(struct testing *testing, struct slice file)
{
    bool is_covered = testing->options->coverage;
    size_t n_tests = count_tests(testing, file, true);
    struct rule_test_suite *suite = NULL;
    enum rc rc = RC_OK;

    if (!count_tests(testing, file, false))
        rc = say_no_tests(testing, file);
    if (rc || (!n_tests && (!is_covered || testing->filter)))
        return rc;
    junit_begin_suite(&testing->junit, file);
    rc = rule_test_suite_new(testing->offline.config, &testing->offline.files,
                             testing->offline.ruleset, file, is_covered, &suite);
    if (!rc)
        rc = run_tests(testing, suite, file);
    if (!rc && is_covered)
        test_coverage_add(suite, testing->options->json, &testing->coverage, &testing->missing);
    rule_test_suite_free(suite);
    return rc;
}

/* -- all of them -- */

static enum rc write_junit(struct testing *testing)
{
    const char *path = testing->options->junit;
    struct buffer xml;
    enum rc rc;

    buffer_init(&xml, 0);
    rc = junit_write(&testing->junit, &xml);
    if (!rc)
        rc = is_document(testing) ? screen_write(&xml)
                                  : file_write(path, buffer_slice(&xml), REPORT_MODE);
    if (rc)
        complain(testing->invocation->command, "cannot write %s: %s", path,
                 rc == RC_IO ? strerror(errno) : rc_text(rc));
    buffer_free(&xml);
    return rc;
}

static enum rc report_sums(struct testing *testing)
{
    bool as_json = testing->options->json;

    if (testing->options->coverage) {
        buffer_add(&testing->out, buffer_slice(&testing->missing));
        test_coverage_sum(&testing->coverage, as_json, &testing->out);
    }
    buffer_format(&testing->out,
                  as_json ? "{\"passed\":%zu,\"failed\":%zu}\n" : "%zu passed, %zu failed\n",
                  testing->n_passed, testing->n_failed);
    return tell(testing);
}

static enum rc run_all(struct testing *testing)
{
    const struct rule_files *files = &testing->offline.files;
    enum rc rc = arena_new(TEST_BYTES, &testing->arena);

    for (size_t i = 0; i < files->n_files && !rc; i++)
        if (!files->files[i].is_list)
            rc = run_file(testing, files->files[i].name);
    if (!rc)
        rc = report_sums(testing);
    if (rc) {
        complain(testing->invocation->command, "%s", rc_text(rc));
        return rc;
    }
    return testing->options->junit ? write_junit(testing) : RC_OK;
}

static enum exit_code take_filter(struct testing *testing)
{
    const char *text = testing->options->filter;
    struct json_fault fault = { 0 };
    enum rc rc;

    if (!text)
        return EXIT_DONE;
    rc = test_filter_new(text, testing->offline.arena, &testing->filter, &fault);
    if (rc == RC_INVALID)
        return usage_error(testing->invocation->command, "--filter %s: bad pattern: %s", text,
                           fault.text);
    for (size_t i = 0; !rc && i < testing->offline.ruleset->n_tests; i++)
        if (is_taken(testing, &testing->offline.ruleset->tests[i]))
            return EXIT_DONE;
    /* A misspelt filter must not look like tests that pass. */
    return usage_error(testing->invocation->command,
                       "--filter %s: no test, file or rule that a test names holds it", text);
}

static enum exit_code check_call(const struct invocation *invocation)
{
    if (invocation->options.strict && !invocation->options.coverage)
        return usage_error(invocation->command, "--strict goes with --coverage");
    if (invocation->options.json && invocation->options.junit &&
        !strcmp(invocation->options.junit, "-"))
        return usage_error(invocation->command,
                           "--json and --junit - cannot both be on standard output");
    return EXIT_DONE;
}

static enum exit_code run(struct testing *testing)
{
    bool is_whole;
    enum exit_code code;

    problems_clear(testing->offline.problems); /* warnings are `vedette check`'s */
    code = take_filter(testing);
    if (code)
        return code;
    if (run_all(testing))
        return EXIT_REFUSED;
    is_whole = !testing->options->strict || test_coverage_is_whole(&testing->coverage);
    return testing->n_failed || !is_whole ? EXIT_REFUSED : EXIT_DONE;
}

enum exit_code test_command(const struct invocation *invocation)
{
    struct testing testing = { .invocation = invocation, .options = &invocation->options };
    enum exit_code code = check_call(invocation);

    if (code)
        return code;
    junit_init(&testing.junit);
    buffer_init(&testing.out, 0);
    buffer_init(&testing.missing, 0);
    code = offline_need(invocation, OFFLINE_RULES_TO_TEST, invocation->operands,
                        invocation->n_operands, &testing.offline);
    if (!code)
        code = run(&testing);
    test_filter_free(testing.filter);
    junit_free(&testing.junit);
    buffer_free(&testing.missing);
    buffer_free(&testing.out);
    arena_free(testing.arena);
    offline_close(&testing.offline);
    return code;
}
