#include "src/cli/screen.h"

#include "src/cli/value.h"
#include "src/cli/views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a title, an output or a note may hold: it opens links, writes the clipboard, moves the cursor, turns the text round, ends the line. */
#define HOSTILE                                                                                    \
    "a\x1b]8;;https://"                                                                            \
    "evil.example\x07link\x1b[2J\x1b]52;c;aGk=\x07\r\n\xe2\x80\xaeverified\xc2\x9b"                \
    "31m"
#define HOSTILE_JSON                                                                               \
    "a\\u001b]8;;https://"                                                                         \
    "evil.example\\u0007link\\u001b[2J\\u001b]52;c;aGk=\\u0007\\r\\n\\u202everified\\u009b31m"

static const struct screen plain = { .now_ms = 1763715600000 };
static const struct screen colourful = {
    .is_terminal = true, .has_colours = true, .width = 40, .now_ms = 1763715600000
};

static int set_up(void **state)
{
    static struct buffer out;

    buffer_init(&out, 0);
    *state = &out;
    return 0;
}

static int tear_down(void **state)
{
    buffer_free(*state);
    return 0;
}

static const char *text_of(struct buffer *out)
{
    buffer_add_byte(out, '\0');
    out->len--;
    return out->ptr;
}

/* Nothing that a terminal would act on but what we put there: newlines, and our own colours. */
static void assert_harmless(struct buffer *out)
{
    const char *text = text_of(out);

    assert_null(strchr(text, '\r'));
    assert_null(strchr(text, '\x07'));
    assert_null(strstr(text, "\x1b]"));
    assert_null(strstr(text, "\x1b[2J"));
    assert_null(strstr(text, "\xe2\x80\xae"));
    assert_null(strstr(text, "\xc2\x9b"));
}

static struct json *parse(const char *text)
{
    struct json_fault fault;
    struct json *json = NULL;

    assert_int_equal(json_parse(slice_of(text), JSON_LIMITS_DEFAULT, &json, &fault), RC_OK);
    return json;
}

static void i03_a_line_of_foreign_text_stays_one_line(void **state)
{
    struct buffer *out = *state;

    show_text(out, SLICE(HOSTILE));
    assert_harmless(out);
    assert_null(strchr(text_of(out), '\n'));
    assert_non_null(strstr(text_of(out), "\\xe2\\x80\\xaeverified"));
}

static void i03_a_block_keeps_its_lines_and_nothing_else(void **state)
{
    struct buffer *out = *state;

    show_block(out, "| ", SLICE("one\r\n\x1b[31mtwo\nthree\n"), 2);
    assert_string_equal(text_of(out), "| one\n| \\x1b[31mtwo\n| … 1 more lines\n");
}

static void i03_an_argument_is_read_as_a_shell_would_take_it(void **state)
{
    static const struct {
        const char *argument, *shown;
    } cases[] = {
        { "run", "run" },
        { "--repo=acme/shop", "--repo=acme/shop" },
        { "", "''" },
        { "two words", "'two words'" },
        { "it's", "'it'\\''s'" },
        { "$(reboot)", "'$(reboot)'" },
        { "a\nb", "$'a\\x0ab'" },
        { "\x1b[2J it's", "$'\\x1b[2J it\\'s'" },
        { "\xe2\x80\xae", "$'\\xe2\\x80\\xae'" },
    };
    struct buffer *out = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buffer_clear(out);
        show_argument(out, slice_of(cases[i].argument));
        print_message("# %s\n", cases[i].shown);
        assert_string_equal(text_of(out), cases[i].shown);
    }
}

static void i03_a_hostile_proposal_is_harmless_in_every_view(void **state)
{
    static const char text[] =
        "{\"id\":\"prp_x\",\"short\":\"abcde\",\"state\":\"open\",\"title\":\"" HOSTILE_JSON
        "\",\"severity\":\"high\","
        "\"rule\":\"r\",\"key\":[\"" HOSTILE_JSON
        "\"],\"count\":2,\"expires\":\"2026-11-21T12:00:00Z\","
        "\"first_seen\":\"2026-11-21T08:00:00Z\",\"last_seen\":\"2026-11-21T08:00:00Z\",\"earlier_"
        "outcome\":\"" HOSTILE_JSON "\","
        "\"diagnosis\":{\"status\":\"unresolved\",\"by\":\"" HOSTILE_JSON
        "\",\"summary\":\"" HOSTILE_JSON "\","
        "\"facts\":[{\"text\":\"" HOSTILE_JSON "\",\"evidence\":[\"" HOSTILE_JSON "\"]}],"
        "\"hypotheses\":[{\"text\":\"" HOSTILE_JSON
        "\",\"for\":[\"e1\"],\"against\":[\"" HOSTILE_JSON "\"],\"result\":\"open\"}],"
        "\"conclusion\":{\"text\":\"" HOSTILE_JSON "\",\"boundary\":\"" HOSTILE_JSON
        "\",\"confidence\":0.5},"
        "\"proof_gaps\":[\"" HOSTILE_JSON "\"],\"next_evidence\":\"" HOSTILE_JSON "\"},"
        "\"plan\":[{\"action\":\"" HOSTILE_JSON "\",\"argv\":[\"/bin/x\",\"" HOSTILE_JSON
        "\"],\"why\":\"" HOSTILE_JSON "\","
        "\"effect\":\"write\",\"state\":\"failed\",\"output\":\"" HOSTILE_JSON
        "\",\"error\":\"" HOSTILE_JSON "\",\"exit_code\":1,"
        "\"check\":[\"" HOSTILE_JSON "\"]},"
        "{\"action\":\"b\",\"request\":{\"method\":\"POST\",\"url\":\"" HOSTILE_JSON
        "\",\"headers\":{\"" HOSTILE_JSON "\":\"" HOSTILE_JSON "\"},"
        "\"json\":{\"" HOSTILE_JSON "\":\"" HOSTILE_JSON "\"}}}],\"plan_digest\":\"" HOSTILE_JSON
        "\",\"refused\":\"" HOSTILE_JSON "\","
        "\"approvers\":{\"from\":[\"" HOSTILE_JSON
        "\"],\"need\":2},\"acknowledged_by\":\"" HOSTILE_JSON "\",\"outcome\":\"" HOSTILE_JSON "\","
        "\"decisions\":[{\"verdict\":\"ack\",\"by\":\"" HOSTILE_JSON
        "\",\"via\":\"token\",\"note\":\"" HOSTILE_JSON "\"}]}";
    static const char task_text[] =
        "{\"question\":\"" HOSTILE_JSON "\",\"state\":\"done\",\"reason\":\"" HOSTILE_JSON
        "\",\"constraints\":[\"" HOSTILE_JSON "\"],"
        "\"evidence\":[{\"id\":\"e1\",\"kind\":\"action\",\"source\":\"" HOSTILE_JSON
        "\",\"state\":\"held\",\"text\":\"" HOSTILE_JSON "\"}]}";
    struct json *proposal = parse(text), *task = parse(task_text);
    struct buffer *out = *state;

    view_proposal(&colourful, proposal, task, out);
    view_task(&colourful, task, out);
    view_signal(&colourful, proposal, (struct slice){ 0 }, out);
    view_event(&colourful, proposal, out);
    view_explanation(&colourful, proposal, out);
    value_show_paths(proposal, out);
    assert_harmless(out);
    json_free(proposal);
    json_free(task);
}

static void i03_a_table_cell_cannot_leave_its_row(void **state)
{
    static const struct table_column columns[] = { { "ID" }, { "STATE", true }, { "TITLE" } };
    struct buffer *out = *state;
    struct table *table = NULL;
    size_t n_lines = 0;

    assert_int_equal(table_new(columns, 3, &table), RC_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(table_add(table, SLICE(HOSTILE)), RC_OK);
    table_show(table, &plain, out);
    table_free(table);
    assert_harmless(out);
    for (const char *at = text_of(out); *at; at++)
        n_lines += *at == '\n';
    assert_int_equal(n_lines, 2);
}

static void a_terminal_cuts_the_last_column_and_a_pipe_cuts_nothing(void **state)
{
    static const struct table_column columns[] = { { "ID" }, { "TITLE" } };
    const struct screen narrow = { .is_terminal = true, .width = 20 };
    struct buffer *out = *state;
    struct table *table = NULL;

    assert_int_equal(table_new(columns, 2, &table), RC_OK);
    assert_int_equal(table_add(table, SLICE("abcde")), RC_OK);
    assert_int_equal(table_add(table, SLICE("a title of many words")), RC_OK);
    table_show(table, &narrow, out);
    assert_string_equal(text_of(out), "ID     TITLE\nabcde  a title of m…\n");
    buffer_clear(out);
    table_show(table, &plain, out);
    assert_string_equal(text_of(out), "ID     TITLE\nabcde  a title of many words\n");
    table_free(table);
}

static void wide_characters_count_twice(void **state)
{
    (void)state;
    assert_int_equal(text_columns(SLICE("abc")), 3);
    assert_int_equal(text_columns(SLICE("äöü")), 3);
    assert_int_equal(text_columns(SLICE("監視")), 4);
}

static void colours_are_for_terminals_without_no_color(void **state)
{
    struct buffer *out = *state;

    show_word(&plain, out, SLICE("firing"));
    assert_string_equal(text_of(out), "firing");
    buffer_clear(out);
    show_word(&colourful, out, SLICE("firing"));
    assert_string_equal(text_of(out), "\x1b[31mfiring\x1b[0m");
    assert_false(screen_of_stdout().has_colours && getenv("NO_COLOR"));
}

static void times_are_relative_to_the_nearest_unit(void **state)
{
    static const struct {
        int64_t from_now_ms;
        const char *shown;
    } cases[] = {
        { 0, "now" },
        { -999, "now" },
        { -3 * SECOND_MS, "3 s ago" },
        { -5 * MINUTE_MS, "5 min ago" },
        { 4 * HOUR_MS - 2 * SECOND_MS, "in 4 h" },
        { HOUR_MS, "in 1 h" },
        { DAY_MS - 12 * SECOND_MS, "in 24 h" },
        { 47 * HOUR_MS, "in 47 h" },
        { -2 * DAY_MS, "2 days ago" },
    };
    struct buffer *out = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buffer_clear(out);
        show_time(&plain, out, plain.now_ms + cases[i].from_now_ms, false);
        print_message("# %s\n", cases[i].shown);
        assert_string_equal(text_of(out), cases[i].shown);
    }
}

static void the_view_of_a_proposal_says_what_would_run_and_how_to_decide(void **state)
{
    struct json *proposal = parse(
        "{\"id\":\"prp_x\",\"short\":\"abcde\",\"state\":\"open\",\"title\":\"test is "
        "red\",\"severity\":\"high\",\"rule\":\"ci\","
        "\"key\":[\"shop\",\"main\"],\"count\":1,\"plan\":[{\"action\":\"rerun\",\"argv\":[\"/usr/"
        "bin/gh\",\"run\",\"rerun\",\"7\"],"
        "\"effect\":\"external\",\"timeout_ms\":60000,\"why\":\"cheap\",\"state\":\"planned\"}],"
        "\"plan_digest\":\"0123456789abcdef0123\",\"revision\":3,\"approvers\":{\"from\":["
        "\"oncall\"],\"need\":1}}");
    static const char *const said[] = { "test is red\n",
                                        "abcde  open  severity high",
                                        "ci: shop · main",
                                        "/usr/bin/gh run rerun 7",
                                        "effect external, cannot be undone, at most 1m",
                                        "digest 0123456789ab, revision 3",
                                        "vedette approve abcde",
                                        "vedette reject abcde --reason" };
    struct buffer *out = *state;

    view_proposal(&plain, proposal, NULL, out);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        assert_non_null(strstr(text_of(out), said[i]));
    json_free(proposal);
}

static void a_proposal_without_a_plan_offers_no_approval(void **state)
{
    struct json *proposal =
        parse("{\"short\":\"abcde\",\"state\":\"open\",\"title\":\"t\",\"plan\":[]}");
    struct buffer *out = *state;

    view_proposal(&plain, proposal, NULL, out);
    assert_null(strstr(text_of(out), "vedette approve"));
    assert_non_null(strstr(text_of(out), "vedette reject abcde"));
    json_free(proposal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(i03_a_line_of_foreign_text_stays_one_line, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(i03_a_block_keeps_its_lines_and_nothing_else, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(i03_an_argument_is_read_as_a_shell_would_take_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(i03_a_hostile_proposal_is_harmless_in_every_view, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(i03_a_table_cell_cannot_leave_its_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_terminal_cuts_the_last_column_and_a_pipe_cuts_nothing,
                                        set_up, tear_down),
        cmocka_unit_test(wide_characters_count_twice),
        cmocka_unit_test_setup_teardown(colours_are_for_terminals_without_no_color, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(times_are_relative_to_the_nearest_unit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            the_view_of_a_proposal_says_what_would_run_and_how_to_decide, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_proposal_without_a_plan_offers_no_approval, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
