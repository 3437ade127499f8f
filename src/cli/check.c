#include "src/cli/check_lines.h"
#include "src/cli/commands_all.h"
#include "src/cli/offline.h"

#include "rules/lint.h"
#include "src/engine/rule_test.h"

#include <stdio.h>

#define SEEN_AT_A_GLANCE 10 /* findings that nobody has to count */

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
    if (problem->name)
        json_member_text(&writer, "name", slice_of(problem->name));
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

/* Of a few it is seen that they are all. */
static void print_blame(const struct invocation *invocation, size_t n_errors, size_t n_warnings)
{
    if (invocation->options.json || n_errors + n_warnings <= SEEN_AT_A_GLANCE)
        return;
    print_count(n_errors, "error", ", ");
    print_count(n_warnings, "warning", ": not valid\n");
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

/* Fields that maintenance asks signals for: a rule may capture them for that alone. */
static enum rc list_used(const struct offline *offline, struct slice_list *used)
{
    const struct config *config = offline->config;

    for (size_t i = 0; config && i < config->n_maintenance; i++) {
        const struct silence_clause *clauses = config->maintenance[i].silence.where.items;

        for (size_t j = 0; j < config->maintenance[i].silence.where.n_items; j++) {
            struct slice *items =
                arena_grow(offline->arena, used->items, used->n_items, sizeof(*items));

            if (!items)
                return RC_NO_MEMORY;
            used->items = items;
            used->items[used->n_items++] = clauses[j].field;
        }
    }
    return RC_OK;
}

static enum rc lint(const struct offline *offline)
{
    struct lint_with with = { .files = &offline->files };
    enum rc rc = list_used(offline, &with.used);

    return rc ? rc : ruleset_lint(offline->ruleset, &with, offline->problems);
}

/* What a load of the set does not tell. */
static enum rc look_closer(const struct offline *offline, enum rc load_rc)
{
    enum rc rc = lint(offline);

    if (!rc)
        rc = rule_tests_check(offline->config, offline->ruleset, offline->problems);
    return rc ? rc : load_rc;
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
    if (offline.ruleset && (!rc || rc == RC_INVALID))
        rc = look_closer(&offline, rc);
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
    else if (!rc)
        print_blame(invocation, n_errors, n_warnings);
    if (!rc && is_valid && options->verbose)
        rc = print_lines(&offline, options->json);
    offline_close(&offline);
    return is_valid && !rc && !fflush(stdout) ? EXIT_DONE : EXIT_REFUSED;
}
