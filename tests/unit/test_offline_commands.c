/* The commands that need no daemon: init, check, test, replay, fields, explain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "captured.h"
#include "src/base/file.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>

#define RULE                                                                                       \
    "rules:\n"                                                                                     \
    "  - id: red\n"                                                                                \
    "    on: ci.run\n"                                                                             \
    "    where: {level: run, state: failing, branch: main}\n"                                      \
    "    key: [repo]\n"                                                                            \
    "    when: {count: 2, within: 1h}\n"
#define DELIVERY(minute, id, run)                                                                  \
    "{\"time\":\"2026-11-21T08:" minute ":00Z\",\"headers\":{\"X-GitHub-Event\":\"workflow_run\"," \
    "\"X-GitHub-Delivery\":\"" id "\"},\"body\":{\"action\":\"completed\",\"repository\":{"        \
    "\"full_name\":\"acme/shop\"},\"workflow_run\":{\"id\":" run ",\"name\":\"test\","             \
    "\"head_branch\":\"main\",\"status\":\"completed\",\"conclusion\":\"failure\"}}}\n"

static char directory[] = "/tmp/vedette-offline-XXXXXX";

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(directory + strlen(directory) - 6, "XXXXXX");
    return !mkdtemp(directory) || chdir(directory);
}

static int tear_down(void **state)
{
    (void)state;
    return chdir("/") || nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void write_text(const char *name, const char *text)
{
    assert_int_equal(file_write(name, slice_of(text), 0600), RC_OK);
}

static void assert_run(const struct captured *captured, int code, const char *out)
{
    if (captured->code != code || !strstr(captured->out.ptr, out))
        print_message("# %d: %s%s\n", captured->code, captured->out.ptr, captured->err.ptr);
    assert_int_equal(captured->code, code);
    assert_non_null(strstr(captured->out.ptr, out));
}

static void run(int code, const char *out, const char *const *arguments)
{
    struct captured captured = captured_run(arguments);

    assert_run(&captured, code, out);
    captured_free(&captured);
}
#define RUN(code, out, ...) run(code, out, (const char *const[]){ __VA_ARGS__, NULL })

static void what_init_writes_is_valid_and_passes_its_tests(void **state)
{
    struct stat stat_of;

    (void)state;
    RUN(0, "Next, in watch", "init", "watch");
    RUN(0, "valid", "check", "-c", "watch/vedette.yaml", "--strict");
    RUN(0, " passed, 0 failed\n", "test", "-c", "watch/vedette.yaml");
    assert_int_equal(stat("watch/github.secret", &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0600);
}

static void init_overwrites_nothing(void **state)
{
    struct captured captured;

    (void)state;
    assert_int_equal(directory_make("rules.d", 0700), RC_OK);
    write_text("rules.d/ci.yaml", "mine");
    captured = CAPTURED("init");
    assert_run(&captured, 1, "");
    assert_non_null(strstr(captured.err.ptr, "rules.d/ci.yaml is there already"));
    assert_int_not_equal(access("vedette.yaml", F_OK), 0);
    captured_free(&captured);
}

static void check_says_how_lines_find_their_rules_and_what_it_costs(void **state)
{
    struct captured captured;

    (void)state;
    write_text("lines.yaml", "rules:\n"
                             "  - {id: word, on: log, match: '/disk full/'}\n"
                             "  - {id: ticket, on: log, match: '/[A-F]\\d[g-k]\\d/'}\n"
                             "  - {id: number, on: log, match: '/\\d\\d/'}\n"
                             "  - {id: member, on: log, where: {data.level: error}}\n"
                             "  - {id: field, on: log, where: {severity: {ge: high}}}\n"
                             "  - {id: other, on: ci.run, match: '/x/'}\n");
    captured = CAPTURED("check", "lines.yaml", "--verbose");
    assert_run(&captured, 0,
               "found by a literal: 2, by classes of bytes: 1, tried on every line: 2\n");
    assert_run(&captured, 0,
               "lines.yaml:3:5: rule `ticket` is found by the classes of its bytes\n");
    assert_run(&captured, 0, "lines.yaml:4:5: rule `number` is tried on every line: ");
    assert_run(&captured, 0, "lines.yaml:6:5: rule `field` has no pattern that has to match");
    assert_null(strstr(captured.out.ptr, "`word`"));
    assert_null(strstr(captured.out.ptr, "`other`"));
    captured_free(&captured);
    captured = CAPTURED("check", "lines.yaml", "--verbose", "--json");
    assert_run(
        &captured, 0,
        "{\"rule\":\"word\",\"file\":\"lines.yaml\",\"line\":2,\"lines_found_by\":\"literal\"}");
    assert_run(&captured, 0, "\"line\":4,\"lines_found_by\":\"every line\",\"ns_per_line\":");
    captured_free(&captured);
}

static void check_knows_the_lines_of_the_journal_and_of_kinds_of_ones_own(void **state)
{
    struct captured captured;

    (void)state;
    write_text("lines.yaml",
               "rules:\n"
               "  - {id: unit, on: journal.entry, match: '/\\d\\d/'}\n"
               "  - {id: shop, on: shop.line, match: '/disk full/'}\n"
               "  - {id: level, on: [log, journal.entry], where: {data.level: error}}\n"
               "  - {id: other, on: ci.run, match: '/x/'}\n");
    write_text("vedette.yaml",
               "rules: lines.yaml\n"
               "watchers: [{log: a.log}, {log: b.log, name: shop, type: shop.line}, "
               "{log: c.log, name: more, type: shop.line}, {journal: {}}]\n");
    captured = CAPTURED("check", "--config", "vedette.yaml", "--verbose");
    assert_run(&captured, 0,
               "found by a literal: 1, by classes of bytes: 0, tried on every line: 2\n");
    assert_run(&captured, 0, "lines.yaml:2:5: rule `unit` is tried on every line: ");
    assert_run(&captured, 0, "lines.yaml:4:5: rule `level` has no pattern that has to match");
    assert_null(strstr(captured.out.ptr, "is not told"));
    captured_free(&captured);
    captured = CAPTURED("check", "--config", "vedette.yaml", "--verbose", "--json");
    assert_run(
        &captured, 0,
        "{\"rule\":\"shop\",\"file\":\"./lines.yaml\",\"line\":3,\"lines_found_by\":\"literal\"}");
    assert_null(strstr(captured.out.ptr, "\"other\""));
    captured_free(&captured);
}

/* Each takes 2 ms to measure. */
static void check_measures_for_half_a_second_at_most(void **state)
{
    struct captured captured;
    struct buffer rules;

    (void)state;
    buffer_init(&rules, 0);
    buffer_add_text(&rules, "rules:\n");
    for (int i = 0; i < 260; i++)
        buffer_format(&rules, "  - {id: number-%d, on: log, match: '/\\d\\d/'}\n", i);
    assert_int_equal(file_write("lines.yaml", buffer_slice(&rules), 0600), RC_OK);
    captured = CAPTURED("check", "lines.yaml", "--verbose");
    assert_run(&captured, 0, "rule `number-0` is tried on every line: ");
    assert_run(&captured, 0, "rule `number-259` is tried on every line; a few characters");
    assert_run(&captured, 0, "of them: measuring the others took 500 ms\n");
    captured_free(&captured);
    buffer_free(&rules);
}

static void without_a_configuration_the_shipped_rules_are_checked_and_tested(void **state)
{
    (void)state;
    RUN(0, "(embedded default)", "check");
    RUN(0, " passed, 0 failed\n", "test");
}

static void p12_a_broken_file_is_told_by_line_and_column(void **state)
{
    struct captured captured;

    (void)state;
    write_text("bad.yaml", "rules: [{id: x, on: ci.run, wen: {count: 2}}]\n");
    captured = CAPTURED("check", "bad.yaml");
    assert_run(&captured, 1, "");
    assert_non_null(strstr(captured.err.ptr, "bad.yaml:1:29: error: "));
    assert_non_null(strstr(captured.err.ptr, "did you mean `when`?"));
    captured_free(&captured);
    RUN(1, "{\"severity\":\"error\",\"file\":\"bad.yaml\",\"line\":1,\"column\":29,", "check",
        "--json", "bad.yaml");
}

static void a_failed_test_says_what_was_expected_and_what_came(void **state)
{
    (void)state;
    write_text("red.yaml",
               RULE "tests:\n"
                    "  - name: one is not enough\n"
                    "    with: {kind: ci.run, level: run, repo: acme/shop, branch: main}\n"
                    "    events: [{at: 0m, state: failing}]\n"
                    "    expect: [{rule: red, state: firing}]\n");
    RUN(1,
        "    expected  {rule: red, state: firing}\n"
        "    got       {at: 0m, rule: red, key: [acme/shop], state: pending, count: 1}\n"
        "    differs   state: firing expected, pending came\n",
        "test", "red.yaml");
}

static void a_redelivery_is_replayed_once_as_the_door_would_take_it(void **state)
{
    (void)state;
    write_text("red.yaml", RULE);
    write_text("d.jsonl", DELIVERY("00", "a", "1") DELIVERY("01", "a", "1"));
    RUN(0, "{\"events\":1,\"matches\":1,\"signals\":1,\"proposals\":0,", "replay", "--rules",
        "red.yaml", "--deliveries", "github=d.jsonl", "--quiet");
}

static void the_same_input_and_rules_print_the_same_bytes(void **state)
{
    struct captured first, second;

    (void)state;
    write_text("red.yaml", RULE);
    write_text("d.jsonl", DELIVERY("00", "a", "1") DELIVERY("10", "b", "2"));
    first = CAPTURED("replay", "--rules", "red.yaml", "--deliveries", "github=d.jsonl");
    second = CAPTURED("replay", "--rules", "red.yaml", "--deliveries", "github=d.jsonl");
    assert_run(&first, 0,
               "{\"time\":\"2026-11-21T08:10:00.000Z\",\"rule\":\"red\",\"key\":[\"acme/"
               "shop\"],\"transition\":\"firing\",\"count\":2,");
    assert_string_equal(first.out.ptr, second.out.ptr);
    captured_free(&first);
    captured_free(&second);
}

static void what_fields_prints_replays_alike(void **state)
{
    struct captured events, replayed;

    (void)state;
    write_text("red.yaml", RULE);
    write_text("d.jsonl", DELIVERY("00", "a", "1") DELIVERY("10", "b", "2"));
    events = CAPTURED("fields", "--json", "--deliveries", "github=d.jsonl");
    assert_run(&events, 0, "\"branch\":\"main\"");
    write_text("e.jsonl", events.out.ptr);
    replayed = CAPTURED("replay", "--rules", "red.yaml", "--events", "e.jsonl");
    assert_run(&replayed, 0, "\"transition\":\"firing\",\"count\":2,");
    captured_free(&events);
    captured_free(&replayed);
}

static void an_event_is_received_when_its_record_says_else_when_it_happened(void **state)
{
    (void)state;
    write_text("red.yaml", "rules: [{id: red, on: alert, key: [service]}]\n");
    write_text("e.jsonl", "{\"kind\":\"alert\",\"state\":\"failing\",\"service\":\"a\",\"time\":"
                          "\"2026-11-21T08:00:00Z\"}\n"
                          "{\"kind\":\"alert\",\"state\":\"failing\",\"service\":\"b\",\"time\":"
                          "\"2026-11-21T08:01:00Z\","
                          "\"received\":\"2026-11-21T08:01:07Z\"}\n");
    RUN(0,
        "{\"time\":\"2026-11-21T08:00:00.000Z\",\"rule\":\"red\",\"key\":[\"a\"],\"transition\":"
        "\"firing\",\"count\":1,"
        "\"first_seen\":\"2026-11-21T08:00:00.000Z\"",
        "replay", "--rules", "red.yaml", "--events", "e.jsonl");
    RUN(0,
        "{\"time\":\"2026-11-21T08:01:07.000Z\",\"rule\":\"red\",\"key\":[\"b\"],\"transition\":"
        "\"firing\",\"count\":1,"
        "\"first_seen\":\"2026-11-21T08:01:00.000Z\"",
        "replay", "--rules", "red.yaml", "--events", "e.jsonl");
}

static void events_of_somebody_else_may_have_any_id(void **state)
{
    (void)state;
    write_text("red.yaml", "rules: [{id: red, on: alert, key: [service]}]\n");
    write_text("e.jsonl", "{\"specversion\":\"1.0\",\"id\":\"A234-1234-1234\",\"source\":\"/x\","
                          "\"dataschema\":\"https://example.com/s\",\"kind\":\"alert\","
                          "\"state\":\"failing\",\"service\":\"a\",\"time\":"
                          "\"2026-11-21T08:00:00Z\"}\n");
    RUN(0, "\"transition\":\"firing\"", "replay", "--rules", "red.yaml", "--events", "e.jsonl");
    RUN(0, "\"id\":\"evt_", "fields", "--json", "--events", "e.jsonl");
    write_text("e.jsonl", "{\"id\":7,\"kind\":\"alert\"}\n");
    RUN(1, "", "replay", "--rules", "red.yaml", "--events", "e.jsonl");
}

static void what_is_no_event_is_told_at_its_line_by_its_member(void **state)
{
    static const struct {
        const char *event, *said;
    } cases[] = {
        { "{\"kind\":\"alert\",\"time\":\"2026-11-21T08:00:00\"}",
          "e.jsonl:2:1: error: this is no event: `time` has no zone: a time with its zone is "
          "expected, as 2026-01-31T08:00:00Z, not `2026-11-21T08:00:00`\n" },
        { "{\"kind\":\"alert\",\"hosst\":\"a\"}",
          "e.jsonl:2:1: error: this is no event: unknown member `hosst`; did you mean `host`?\n" },
        { "[1]", "e.jsonl:2:1: error: this is no event: an event is a map of its fields, not a "
                 "list\n" },
    };

    (void)state;
    write_text("red.yaml", "rules: [{id: red, on: alert, key: [service]}]\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct captured captured;
        char text[256];

        snprintf(text, sizeof text, "{\"kind\":\"alert\"}\n%s\n", cases[i].event);
        write_text("e.jsonl", text);
        captured = CAPTURED("replay", "--rules", "red.yaml", "--events", "e.jsonl");
        assert_int_equal(captured.code, 1);
        assert_non_null(strstr(captured.err.ptr, cases[i].said));
        captured_free(&captured);
        captured = CAPTURED("explain", "--rules", "red.yaml", "--events", "e.jsonl");
        assert_non_null(strstr(captured.err.ptr, cases[i].said));
        captured_free(&captured);
    }
}

static void an_event_that_clears_is_no_match(void **state)
{
    (void)state;
    write_text("red.yaml", "rules: [{id: red, on: alert, key: [service]}]\n");
    write_text("e.jsonl", "{\"kind\":\"alert\",\"state\":\"failing\",\"service\":\"a\",\"time\":"
                          "\"2026-11-21T08:00:00Z\"}\n"
                          "{\"kind\":\"alert\",\"state\":\"ok\",\"service\":\"a\",\"time\":"
                          "\"2026-11-21T08:01:00Z\"}\n");
    RUN(0, "{\"events\":2,\"matches\":1,\"signals\":1,\"proposals\":1,", "replay", "--rules",
        "red.yaml", "--events", "e.jsonl", "--quiet");
}

static void inputs_are_put_in_order_of_their_time(void **state)
{
    (void)state;
    write_text("red.yaml", RULE);
    write_text("late.jsonl", DELIVERY("30", "b", "2"));
    write_text("early.jsonl", DELIVERY("10", "a", "1"));
    RUN(0,
        "{\"time\":\"2026-11-21T08:30:00.000Z\",\"rule\":\"red\",\"key\":[\"acme/"
        "shop\"],\"transition\":\"firing\"",
        "replay", "--rules", "red.yaml", "--deliveries", "github=late.jsonl", "--deliveries",
        "github=early.jsonl");
}

static void a_broken_line_is_told_by_its_number(void **state)
{
    struct captured captured;

    (void)state;
    write_text("red.yaml", RULE);
    write_text("d.jsonl", DELIVERY("00", "a", "1") "\n{\"body\"\n");
    captured = CAPTURED("replay", "--rules", "red.yaml", "--deliveries", "github=d.jsonl");
    assert_run(&captured, 1, "");
    assert_non_null(strstr(captured.err.ptr, "d.jsonl:3:1: error: not a line of JSON"));
    captured_free(&captured);
}

static void explain_names_the_first_gate_that_failed_and_the_value_it_saw(void **state)
{
    (void)state;
    write_text("red.yaml", RULE);
    write_text("e.jsonl", "{\"kind\":\"ci.run\",\"level\":\"run\",\"state\":\"failing\",\"branch\":"
                          "\"feature/x\",\"repo\":\"r\"}\n");
    RUN(0, "red: not matched", "explain", "--rules", "red.yaml", "--events", "e.jsonl");
    RUN(0, "failed  where.branch: wanted main, saw feature/x\n", "explain", "--rules", "red.yaml",
        "--events", "e.jsonl");
}

static void i03_fields_of_a_hostile_payload_are_shown_escaped(void **state)
{
    struct captured captured;

    (void)state;
    write_text("e.jsonl", "{\"kind\":\"alert\",\"title\":\"\\u001b]0;x\\u0007\\u202e\",\"data\":{"
                          "\"a\\u001bb\":\"\\r\\n\"}}\n");
    captured = CAPTURED("fields", "--events", "e.jsonl");
    assert_run(&captured, 0, "title: \\x1b]0;x\\x07\\xe2\\x80\\xae\n");
    assert_null(strchr(captured.out.ptr, '\x1b'));
    captured_free(&captured);
}

/* -- what rules cost -- */

#define LINES "n=1 error\nn=2\nn=3 error\nn=4 done\n"
#define LINE_RULES                                                                                 \
    "rules:\n"                                                                                     \
    "  - {id: errors, on: log, match: '/error$/', key: [watcher]}\n"                               \
    "  - {id: numbers, on: log, match: '/n=\\d/', ignore: '/error/', key: [watcher], clear: "      \
    "{match: '/done/'}}\n"                                                                         \
    "  - {id: alerts, on: alert}\n"
#define REPLAY "replay", "--rules", "lines.yaml", "--log", "app=app.log"

static void a_profile_stands_behind_what_a_replay_prints_and_changes_none_of_it(void **state)
{
    struct captured plain, profiled;

    (void)state;
    write_text("lines.yaml", LINE_RULES);
    write_text("app.log", LINES);
    plain = CAPTURED(REPLAY);
    profiled = CAPTURED(REPLAY, "--profile");
    assert_true(plain.out.len > 0);
    assert_true(slice_starts(buffer_slice(&profiled.out), buffer_slice(&plain.out)));
    assert_true(slice_starts(
        (struct slice){ profiled.out.ptr + plain.out.len, profiled.out.len - plain.out.len },
        SLICE("\n  SHARE     SECONDS   MAX MS    TRIED  MATCHED  RULE     AT            COSTLIEST "
              "PATTERN\n")));
    assert_non_null(strstr(profiled.out.ptr, "2 rules tried "));
    assert_null(strstr(profiled.out.ptr + plain.out.len, "alerts"));
    captured_free(&plain);
    captured_free(&profiled);

    /* With --quiet the totals are all that stands before it. */
    profiled = CAPTURED(REPLAY, "--quiet", "--profile");
    assert_run(&profiled, 0, "\n\n  SHARE ");
    assert_true(slice_starts(buffer_slice(&profiled.out), SLICE("{\"events\":4,\"matches\":3,")));
    captured_free(&profiled);

    /* Where no rule was asked there is no table. */
    write_text("app.log", "");
    RUN(0, "\n0 rules tried 0 times, 0.000000 s in all\n", REPLAY, "--profile");
}

static void a_profile_for_programs_has_an_object_for_each_rule(void **state)
{
    struct captured captured;

    (void)state;
    write_text("lines.yaml", LINE_RULES);
    write_text("app.log", LINES);
    captured = CAPTURED(REPLAY, "--quiet", "--profile", "--json");
    /* A line that matches is tried by its text, as an event, and once more where it is folded. */
    assert_run(&captured, 0,
               "{\"profile\":{\"rule\":\"errors\",\"file\":\"lines.yaml\",\"line\":2,\"tried\":");
    assert_run(&captured, 0, ",\"matched\":2,\"seconds\":0.0");
    assert_run(&captured, 0, ",\"pattern\":\"/error$/\"}}\n");
    assert_run(&captured, 0, "{\"profile\":{\"rule\":\"numbers\",");
    assert_run(&captured, 0, ",\"matched\":1,\"seconds\":0.0");
    assert_run(&captured, 0, ",\"max_seconds\":0.0");
    assert_run(&captured, 0, ",\"share\":0.");
    assert_null(strstr(captured.out.ptr, "SHARE"));
    captured_free(&captured);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_init_writes_is_valid_and_passes_its_tests),
        TEST(init_overwrites_nothing),
        TEST(check_says_how_lines_find_their_rules_and_what_it_costs),
        TEST(check_knows_the_lines_of_the_journal_and_of_kinds_of_ones_own),
        TEST(check_measures_for_half_a_second_at_most),
        TEST(without_a_configuration_the_shipped_rules_are_checked_and_tested),
        TEST(p12_a_broken_file_is_told_by_line_and_column),
        TEST(a_failed_test_says_what_was_expected_and_what_came),
        TEST(a_redelivery_is_replayed_once_as_the_door_would_take_it),
        TEST(the_same_input_and_rules_print_the_same_bytes),
        TEST(what_fields_prints_replays_alike),
        TEST(an_event_is_received_when_its_record_says_else_when_it_happened),
        TEST(events_of_somebody_else_may_have_any_id),
        TEST(what_is_no_event_is_told_at_its_line_by_its_member),
        TEST(an_event_that_clears_is_no_match),
        TEST(inputs_are_put_in_order_of_their_time),
        TEST(a_broken_line_is_told_by_its_number),
        TEST(explain_names_the_first_gate_that_failed_and_the_value_it_saw),
        TEST(a_profile_stands_behind_what_a_replay_prints_and_changes_none_of_it),
        TEST(a_profile_for_programs_has_an_object_for_each_rule),
        TEST(i03_fields_of_a_hostile_payload_are_shown_escaped),
    };

    unsetenv("VEDETTE_CONFIG");
    setenv("XDG_STATE_HOME", "/nonexistent", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
