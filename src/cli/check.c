#include "src/cli/check_lines.h"
#include "src/cli/commands_all.h"
#include "src/cli/offline.h"

#include <stdio.h>

static void write_problem(const struct problem *problem, struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    json_object_begin(&writer);
    json_member_text(&writer, "severity",
                     problem->severity == PROBLEM_ERROR ? SLICE("error") : SLICE("warning"));
    json_member_text(&writer, "file", problem->file);
    if (problem->line)
        json_member_int(&writer, "line", problem->line);
    if (problem->line)
        json_member_int(&writer, "column", problem->column);
    json_member_text(&writer, "text", problem->text);
    json_object_end(&writer);
    buffer_add_text(out, "\n");
}

/* Findings for people go to standard error, as a compiler's do; for programs to standard output. */
static enum rc tell(const struct problems *problems, bool as_json)
{
    const struct problem *problem;
    struct buffer text;
    enum rc rc = RC_OK;

    buffer_init(&text, 0);
    if (as_json) {
        for (size_t i = 0; (problem = problems_at(problems, i)); i++)
            write_problem(problem, &text);
        rc = screen_write(&text);
    } else {
        problems_format(problems, &text);
        fprintf(stderr, "%.*s", SLICE_ARG(buffer_slice(&text)));
    }
    buffer_free(&text);
    return rc;
}

static enum rc print_effective(const struct offline *offline)
{
    struct buffer text;
    enum rc rc;

    buffer_init(&text, 0);
    config_print(offline->config, &text);
    buffer_add_text(&text, "\n");
    ruleset_print(offline->ruleset, &text);
    rc = screen_write(&text);
    buffer_free(&text);
    return rc;
}

static void print_count(size_t n, const char *what, const char *after)
{
    printf("%zu %s%s%s", n, what, n == 1 ? "" : "s", after);
}

static void print_praise(const struct invocation *invocation, const struct offline *offline,
                         size_t n_warnings)
{
    if (invocation->options.json || invocation->options.print)
        return;
    printf("%.*s: ", SLICE_ARG(offline->config->path));
    print_count(offline->ruleset->n_rules, "rule", " in ");
    print_count(offline->files.n_files - offline->files.n_lists, "file", ", ");
    print_count(offline->ruleset->n_tests, "test", " (`vedette test` runs them): valid");
    if (n_warnings)
        printf(", but with warnings");
    printf("\n");
}

static enum rc print_lines(const struct offline *offline, bool as_json)
{
    struct buffer text;
    enum rc rc;

    buffer_init(&text, 0);
    rc = check_write_lines(offline->ruleset, offline->config->watchers, as_json, &text);
    if (!rc)
        rc = screen_write(&text);
    buffer_free(&text);
    return rc;
}

enum exit_code check_command(const struct invocation *invocation)
{
    const struct options *options = &invocation->options;
    struct offline offline;
    size_t n_errors = 0, n_warnings = 0;
    bool is_loaded, is_valid;
    enum rc rc = offline_open(invocation, OFFLINE_RULES_CHECKED, invocation->operands,
                              invocation->n_operands, &offline);

    is_loaded = !rc;
    if (offline.problems) {
        problems_sort(offline.problems);
        n_errors = problems_count(offline.problems, PROBLEM_ERROR);
        n_warnings = problems_count(offline.problems, PROBLEM_WARNING);
    }
    is_valid = !rc && !n_errors && !(options->strict && n_warnings);
    if (rc && rc != RC_INVALID)
        complain(invocation->command, "%s", rc_text(rc));
    rc = offline.problems ? tell(offline.problems, options->json) : RC_OK;
    if (!rc && is_loaded && options->print)
        rc = print_effective(&offline);
    if (!rc && is_valid)
        print_praise(invocation, &offline, n_warnings);
    if (!rc && is_valid && options->verbose)
        rc = print_lines(&offline, options->json);
    offline_close(&offline);
    return is_valid && !rc && !fflush(stdout) ? EXIT_DONE : EXIT_REFUSED;
}
