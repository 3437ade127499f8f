#include "src/cli/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "captured.h"

#include <stdlib.h>

struct line {
    const char *arguments[9];
    int code;
    const char *says; /* on either output */
};

static const struct line lines[] = {
    { { NULL }, 2, "which command?" },
    { { "help" }, 0, "approve" },
    { { "help" }, 0, "\n  replay-event  fold a delivery" }, /* the longest name */
    { { "help", "tail" }, 0, "`vedette events` lists what was received" },
    { { "help", "signals" }, 0, "--state idle" },
    { { "approve", "--help" }, 0, "asks nothing and approves" },
    { { "--help" }, 0, "Exit codes" },
    { { "-h" }, 0, "Exit codes" },
    { { "help", "replay" }, 0, "--deliveries SENDER=FILE" },
    { { "replay", "--help" }, 0, "--deliveries SENDER=FILE" },
    { { "help", "aprove" }, 2, "did you mean `approve`?" },
    { { "version" }, 0, "vedette " VEDETTE_VERSION },
    { { "--version" }, 0, "vedette " VEDETTE_VERSION },
    { { "version", "--json" }, 0, "{\"version\":\"" VEDETTE_VERSION "\"}" },
    { { "helo" }, 2, "did you mean `help`?" },
    { { "rejekt" }, 2, "did you mean `reject`?" },
    { { "frobnicate" }, 2, "unknown command `frobnicate`" },
    /* what is to come is not taken for a typing error */
    { { "backtest" }, 2, "give the rules to try: --rules PATH…" },
    { { "backtest", "--rules", "r.yaml", "--since", "soon" }, 2, "--since is a time" },
    { { "shapes" }, 2, "does not have `shapes` yet" },
    { { "silence" }, 2, "add | list | remove ID is missing" },
    { { "export" }, 2, "does not have `export` yet" },
    { { "restore" }, 2, "does not have `restore` yet" },
    /* operands */
    { { "approve" }, 2, "ID is missing" },
    { { "approve", "qkskz", "qkskz" }, 2, "too many arguments" },
    { { "approve", "nothing" }, 2, "five letters" },
    { { "show", "nothing" }, 2, "an ID is" },
    { { "resolve", "qkskz" }, 2, "sig_" },
    { { "explain" }, 2, "give one ID" },
    { { "explain", "prp_01M7YQ8SJBDS2K98Q49JAX0000" }, 2, "begins with evt_ or sig_" },
    { { "status", "now" }, 2, "too many arguments" },
    /* options */
    { { "approve", "--nowait", "qkskz" }, 2, "did you mean `--no-wait`?" },
    { { "approve", "-x", "qkskz" }, 2, "unknown option `-x`" },
    { { "approve", "--yes=1", "qkskz" }, 2, "takes no value" },
    { { "approve", "qkskz", "--note" }, 2, "--note needs a value" },
    { { "test", "--print" }, 2, "unknown option `--print`" },
    { { "test", "--strict" }, 2, "--strict goes with --coverage" },
    { { "proposals", "--limit", "0" }, 2, "a number from 1 to" },
    { { "proposals", "--limit", "many" }, 2, "a number from 1 to" },
    { { "proposals", "--since", "foo" }, 2, "--since is a time" },
    { { "audit", "--since", "" }, 2, "--since is a time" },
    { { "proposals", "--since", "1h" }, 3, "cannot be reached" },
    { { "proposals", "--state", "nope" }, 2, "--state is one of open approved" },
    { { "proposals", "--state", "opn" }, 2, "did you mean `open`?" },
    { { "signals", "--state", "firing,open" }, 2, "one of pending firing resolved idle" },
    { { "events", "--state", "firing" }, 2, "one of failing ok info dead" },
    { { "tasks", "--state", "running,done" }, 3, "cannot be reached" },
    { { "silence", "list", "--state", "active,gone" }, 2, "one of active over" },
    /* decisions say all that is needed, before anybody is asked */
    { { "reject", "qkskz" }, 2, "--reason" },
    { { "edit", "nothing", "--set", "1.run=8" }, 2, "five letters" },
    { { "edit", "qkskz" }, 2, "--set STEP.NAME=VALUE" },
    { { "edit", "qkskz", "--set", "run=8" }, 2, "not `run=8`" },
    { { "edit", "qkskz", "--set", "1.=8" }, 2, "not `1.=8`" },
    { { "edit", "qkskz", "--set", "-1.run=8" }, 2, "not `-1.run=8`" },
    { { "edit", "qkskz", "--set", "1.run=8", "--set=1.run=9" }, 2, "twice for one parameter" },
    { { "reject", "qkskz", "--reason", "knwon" }, 2, "did you mean `known`?" },
    { { "snooze", "qkskz" }, 2, "--for" },
    { { "snooze", "qkskz", "--for", "5" }, 2, "with its unit" },
    { { "snooze", "qkskz", "--for", "59s" }, 2, "from 1m to 7d" },
    { { "snooze", "qkskz", "--for", "8d" }, 2, "from 1m to 7d" },
    { { "silence", "add", "--where", "rule=a", "--for", "1s", "--reason", "x" }, 2, "30 days" },
    { { "silence", "add", "--where", "rule=a", "--for", "31d", "--reason", "x" }, 2, "30 days" },
    { { "silence", "add", "--where", "rule=a", "--where", "rule=b" }, 2, "`rule` is given twice" },
    { { "settle", "qkskz" }, 2, "--ran or --not-ran" },
    { { "settle", "qkskz", "--ran", "--not-ran" }, 2, "--ran or --not-ran" },
    /* inputs */
    { { "replay" }, 2, "INPUT is missing" },
    { { "replay", "--log", "app.log" }, 2, "--log takes NAME=FILE" },
    { { "replay", "--hook", "payload.json" }, 2, "--hook takes SENDER=FILE" },
    { { "replay", "--hook", "github=" }, 2, "--hook takes SENDER=FILE" },
    { { "replay", "-H", "A: b", "--events", "-" }, 2, "-H belongs to a --hook" },
    { { "replay", "-H", "no colon", "--hook", "github=-" }, 2, "-H takes 'Name: value'" },
    { { "replay", "rules.d", "--events", "-" }, 2, "behind --rules" },
    { { "fields" }, 2, "INPUT is missing" },
    { { "replay", "--events", "/nonexistent" }, 1, "cannot be opened" },
    { { "replay", "--log", "app=/nonexistent" }, 1, "cannot be opened" },
    { { "replay", "--log", "app=/dev/null", "--time-format", "%Q" }, 1, "strptime" },
    { { "replay", "--log", "app=/dev/null", "--time-format", "%Y-%m-%d" }, 1, "and an hour (%H" },
    { { "replay", "--hook", "nosuch=/dev/null" }, 1, "and no sender" },
    { { "send" }, 2, "HOOK FILE" },
    { { "send", "--sample", "nothing" }, 2, "--samples lists them" },
    { { "send", "--samples" }, 0, "ci-red" },
    { { "hooks", "--senders" }, 0, "github" },
    { { "schema" }, 2, "rules|config is missing" },
    { { "schema", "rule" }, 2, "of `rules` or of `config`" },
    { { "completion", "tcsh" }, 2, "bash, zsh or fish" },
    { { "completion" }, 2, "is missing" },
    /* nobody is there */
    { { "status", "--url", "http://127.0.0.1:1" }, 3, "cannot be reached" },
    { { "status" }, 3, "cannot be reached" },
    { { "tail", "--url", "http://127.0.0.1:1" }, 3, "cannot be reached" },
    { { "check", "-c", "/nonexistent/vedette.yaml" }, 1, "/nonexistent/vedette.yaml" },
};

static bool says(const struct captured *captured, const char *text)
{
    size_t at;

    return !slice_find(buffer_slice(&captured->out), slice_of(text), &at) ||
           !slice_find(buffer_slice(&captured->err), slice_of(text), &at);
}

static void every_call_ends_with_the_exit_code_that_scripts_rely_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct captured captured = captured_run(lines[i].arguments);

        print_message("# %s: %d %s\n", lines[i].arguments[0] ? lines[i].arguments[0] : "(nothing)",
                      captured.code, lines[i].says);
        assert_int_equal(captured.code, lines[i].code);
        assert_true(says(&captured, lines[i].says));
        captured_free(&captured);
    }
}

static void wrong_usage_prints_nothing_on_standard_output(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct captured captured;

        if (lines[i].code != 2)
            continue;
        captured = captured_run(lines[i].arguments);
        assert_int_equal(captured.out.len, 0);
        assert_true(captured.err.len > 0);
        captured_free(&captured);
    }
}

static void help_names_every_option_that_a_command_takes(void **state)
{
    (void)state;
    for (const struct command *command = commands; command->name; command++) {
        struct captured captured = CAPTURED("help", command->name);

        assert_int_equal(captured.code, 0);
        for (size_t i = 0; command->options[i]; i++) {
            char name[64];

            snprintf(name, sizeof name, "--%s", option_row(command->options[i])->name);
            assert_non_null(strstr(captured.out.ptr, name));
        }
        captured_free(&captured);
    }
}

static void no_command_takes_two_options_of_one_name(void **state)
{
    (void)state;
    for (const struct command *command = commands; command->name; command++)
        for (size_t i = 0; command->options[i]; i++)
            for (size_t j = 0; j < i; j++)
                assert_string_not_equal(option_row(command->options[i])->name,
                                        option_row(command->options[j])->name);
}

static void completions_offer_every_command_and_option(void **state)
{
    static const char *const shells[] = { "bash", "zsh", "fish" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct captured captured = CAPTURED("completion", shells[i]);

        assert_int_equal(captured.code, 0);
        for (const struct command *command = commands; command->name; command++) {
            assert_non_null(strstr(captured.out.ptr, command->name));
            for (size_t j = 0; command->options[j]; j++)
                assert_non_null(strstr(captured.out.ptr, option_row(command->options[j])->name));
        }
        captured_free(&captured);
    }
}

static void headers_belong_to_the_hook_before_them(void **state)
{
    static const enum option_id allowed[] = { OPTION_HOOK, OPTION_HEADER, OPTION_RULES,
                                              OPTION_END };
    char words[][24] = { "replay",    "-H",      "First: 0", "--hook",    "github=a", "--header",
                         "Second: 0", "rules.d", "--hook",   "generic=b", "-H",       "Third:1" };
    char *argv[13] = { NULL };
    struct options options;
    struct buffer why;
    int first_operand = 0;

    (void)state;
    for (size_t i = 0; i < 12; i++)
        argv[i] = words[i];
    buffer_init(&why, 0);
    assert_int_equal(options_parse(allowed, 12, argv, &options, &first_operand, &why), RC_OK);
    assert_int_equal(options.n_inputs, 2);
    assert_true(slice_eq(options.inputs[1].name, SLICE("generic")));
    assert_string_equal(options.inputs[1].path, "b");
    assert_int_equal(options.n_headers, 3);
    assert_int_equal(options.headers[0].hook, 0);
    assert_int_equal(options.headers[1].hook, 0);
    assert_int_equal(options.headers[2].hook, 1);
    assert_true(slice_eq(options.headers[2].value, SLICE("1")));
    assert_int_equal(first_operand, 11);
    assert_string_equal(argv[first_operand], "rules.d");
    buffer_free(&why);
}

static void what_the_daemon_answers_becomes_an_exit_code(void **state)
{
    static const struct {
        int status;
        enum exit_code code;
    } cases[] = {
        { 200, EXIT_DONE },        { 202, EXIT_DONE },        { 400, EXIT_REFUSED },
        { 401, EXIT_NOT_ALLOWED }, { 403, EXIT_NOT_ALLOWED }, { 404, EXIT_REFUSED },
        { 409, EXIT_CONFLICT },    { 412, EXIT_CONFLICT },    { 422, EXIT_REFUSED },
        { 428, EXIT_REFUSED },     { 500, EXIT_REFUSED },     { 503, EXIT_REFUSED },
        { 301, EXIT_REFUSED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(exit_code_of_status(cases[i].status), cases[i].code);
}

static void i03_what_was_typed_is_shown_escaped(void **state)
{
    struct captured captured = CAPTURED("\x1b]52;c;aGk=\x07");

    (void)state;
    assert_int_equal(captured.code, 2);
    assert_null(strchr(captured.err.ptr, '\x1b'));
    assert_non_null(strstr(captured.err.ptr, "\\x1b]52"));
    captured_free(&captured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_ends_with_the_exit_code_that_scripts_rely_on),
        cmocka_unit_test(wrong_usage_prints_nothing_on_standard_output),
        cmocka_unit_test(help_names_every_option_that_a_command_takes),
        cmocka_unit_test(no_command_takes_two_options_of_one_name),
        cmocka_unit_test(completions_offer_every_command_and_option),
        cmocka_unit_test(headers_belong_to_the_hook_before_them),
        cmocka_unit_test(what_the_daemon_answers_becomes_an_exit_code),
        cmocka_unit_test(i03_what_was_typed_is_shown_escaped),
    };

    /* The machine's own configuration and daemon are none of ours. */
    unsetenv("VEDETTE_URL");
    unsetenv("VEDETTE_TOKEN");
    unsetenv("VEDETTE_CONFIG");
    unsetenv("XDG_RUNTIME_DIR");
    setenv("XDG_STATE_HOME", "/nonexistent", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
