#include "src/cli/commands_all.h"
#include "src/cli/offline.h"
#include "src/engine/rule_test.h"

#define TEST_BYTES ((size_t)256 << 20) /* of one test, its fixtures too */

struct tally {
    size_t n_passed, n_failed;
};

static void report_for_people(const struct invocation *invocation,
                              const struct rule_test_report *report, struct buffer *out)
{
    if (report->passed)
        return;
    show_colour(&invocation->screen, out, COLOUR_BAD);
    buffer_add_text(out, "FAILED ");
    show_colour(&invocation->screen, out, COLOUR_NONE);
    show_text(out, report->file);
    buffer_format(out, ":%u: ", report->line);
    show_text(out, report->name);
    buffer_add_text(out, "\n");
    show_block(out, "", report->failure, 0);
}

static void report_as_json(const struct rule_test_report *report, struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    json_object_begin(&writer);
    json_member_text(&writer, "file", report->file);
    json_member_int(&writer, "line", report->line);
    json_member_text(&writer, "name", report->name);
    json_member_bool(&writer, "passed", report->passed);
    json_member_text(&writer, "failure", report->failure);
    json_object_end(&writer);
    buffer_add_text(out, "\n");
}

static enum rc run_one(const struct invocation *invocation, struct offline *offline,
                       const struct rule_test *test, struct tally *tally)
{
    struct rule_test_report report = { 0 };
    struct arena *arena = NULL;
    struct buffer out;
    enum rc rc = arena_new(TEST_BYTES, &arena);

    buffer_init(&out, 0);
    if (!rc)
        rc = rule_test_run(offline->config, &offline->files, test, arena, offline->problems,
                           &report);
    if (rc)
        goto out;
    offline_tell(offline);
    tally->n_passed += report.passed;
    tally->n_failed += !report.passed;
    if (invocation->options.json)
        report_as_json(&report, &out);
    else
        report_for_people(invocation, &report, &out);
    rc = screen_write(&out);
out:
    buffer_free(&out);
    arena_free(arena);
    return rc;
}

static enum rc report_tally(const struct invocation *invocation, const struct tally *tally)
{
    struct buffer out;
    enum rc rc;

    buffer_init(&out, 0);
    buffer_format(&out,
                  invocation->options.json ? "{\"passed\":%zu,\"failed\":%zu}\n"
                                           : "%zu passed, %zu failed\n",
                  tally->n_passed, tally->n_failed);
    rc = screen_write(&out);
    buffer_free(&out);
    return rc;
}

enum exit_code test_command(const struct invocation *invocation)
{
    struct tally tally = { 0 };
    struct offline offline;
    enum rc rc = RC_OK;
    enum exit_code code = offline_need(invocation, OFFLINE_RULES_TO_TEST, invocation->operands,
                                       invocation->n_operands, &offline);

    if (code)
        goto out;
    problems_clear(offline.problems); /* warnings are `vedette check`'s */
    for (size_t i = 0; i < offline.ruleset->n_tests && !rc; i++)
        rc = run_one(invocation, &offline, &offline.ruleset->tests[i], &tally);
    if (!rc)
        rc = report_tally(invocation, &tally);
    if (rc)
        complain(invocation->command, "%s", rc_text(rc));
    code = rc || tally.n_failed ? EXIT_REFUSED : EXIT_DONE;
out:
    offline_close(&offline);
    return code;
}
