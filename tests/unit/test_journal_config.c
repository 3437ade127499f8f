#include "tests/unit/configured.h"

#include "src/base/clock.h"
#include "watchers/journal_command.h"

static const struct journal_watch *load(struct configured *configured, const char *list)
{
    print_message("# %s\n", list);
    problems_clear(configured->problems);
    assert_int_equal(configured_load(configured, list), RC_OK);
    assert_non_null(watchers_journal_at(configured->watchers, 0));
    return watchers_journal_at(configured->watchers, 0);
}

static void a_journal_is_read_with_its_defaults(void **state)
{
    struct configured *configured = *state;
    const struct journal_watch *watch = load(configured, "- {journal: {}}");

    assert_true(slice_eq(watch->name, SLICE("journal")));
    assert_true(slice_eq(watch->program, SLICE("/usr/bin/journalctl")));
    assert_int_equal(watch->priority, -1);
    assert_false(watch->from_beginning);
    assert_int_equal(watch->lateness_ms, 5 * MINUTE_MS);
    assert_int_equal(watch->silent_ms, 0);
    assert_true(slice_is_absent(watch->directory));
}

static void a_journal_is_a_watcher_like_others(void **state)
{
    struct configured *configured = *state;
    const struct journal_watch *watch =
        load(configured, "- {journal: {units: a.service}, name: a, lateness: 1h, silent: 2h}\n"
                         "- {journal: {}, name: b, kind: alert, service: shop}");

    assert_int_equal(watchers_count(configured->watchers), 2);
    assert_ptr_equal(watchers_find_journal(configured->watchers, SLICE("a")), watch);
    assert_null(watchers_find_journal(configured->watchers, SLICE("c")));
    assert_null(watchers_find_log(configured->watchers, SLICE("a")));
    assert_null(watchers_journal_at(configured->watchers, 2));
    assert_int_equal(watchers_lateness_ms(configured->watchers, SLICE("a")), HOUR_MS);
    assert_int_equal(watch->silent_ms, 2 * HOUR_MS);
    assert_true(watchers_may_yield(configured->watchers, SLICE("log")));
    assert_true(watchers_may_yield(configured->watchers, SLICE("journal.*")));
    assert_true(watchers_may_yield(configured->watchers, SLICE("alert")));
    assert_false(watchers_may_yield(configured->watchers, SLICE("log.line")));
}

static void two_watchers_have_two_names(void **state)
{
    assert_int_equal(configured_load(*state, "- {journal: {}, name: x}\n- {journal: {}, name: x}"),
                     RC_INVALID);
    assert_int_equal(
        configured_load(*state,
                        "- {webhook: github, secret: s, name: x}\n- {journal: {}, name: x}"),
        RC_INVALID);
}

static void what_is_wrong_is_told_with_what_is_allowed(void **state)
{
    static const struct {
        const char *list;
        const char *says;
    } cases[] = {
        { "- {journal: nginx.service}", "`journal` says what is read" },
        { "- {journal: [nginx.service]}", "`journal` says what is read" },
        { "- journal:", "`journal` is empty" },
        { "- {journal: {unit: x}}", "did you mean `units`?" },
        { "- {journal: {}, nmae: x}", "did you mean `name`?" },
        { "- {journal: {}, name: X}", "`name` must be lower-case letters" },
        { "- {journal: {}, start: now}", "`start` must be one of" },
        { "- {journal: {}, text: x}", "unknown member `text`" },
        { "- {journal: {}, severity: bad}", "`severity` must be low, medium" },
        { "- {journal: {}, kind: vedette.x}", "`vedette.` is what Vedette says" },
        { "- {journal: {units: [--root=/]}}", "`units` must be the name of a unit" },
        { "- {journal: {units: ['']}}", "`units` must be the name of a unit" },
        { "- {journal: {units: [\"a\\nb\"]}}", "not `a\\x0ab`" },
        { "- {journal: {identifiers: [-x]}}", "`identifiers` must be a syslog identifier" },
        { "- {journal: {priority: loud}}", "`priority` must be one of" },
        { "- {journal: {priority: warnin}}", "did you mean `warning`?" },
        { "- {journal: {priority: 8}}", "`priority` must be one of" },
        { "- {journal: {matches: [--all]}}", "`matches` must be FIELD=value" },
        { "- {journal: {matches: [kernel]}}", "`matches` must be FIELD=value" },
        { "- {journal: {matches: [=x]}}", "`matches` must be FIELD=value" },
        { "- {journal: {matches: ['+']}}", "`matches` must be FIELD=value" },
        { "- {journal: {matches: [/usr/bin/x]}}", "`matches` must be FIELD=value" },
        { "- {journal: {matches: [message=x]}}", "`matches` must be FIELD=value" },
        { "- {journal: {matches: [1A=x]}}", "`matches` must be FIELD=value" },
        { "- {journal: {matches: [\"A=x\\n\"]}}", "`matches` must be FIELD=value" },
        { "- {journal: {namespace: a/b}}", "`namespace` must be a namespace" },
        { "- {journal: {namespace: -a}}", "`namespace` must be a namespace" },
        { "- {journal: {directory: ''}}", "`directory` must be a directory" },
        { "- {journal: {directory: /a, namespace: b}}", "two places to read from" },
        { "- {journal: {program: \"\"}}", "`program` must be the path of journalctl" },
    };
    struct configured *configured = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer text;
        size_t offset;

        print_message("# %s\n", cases[i].list);
        problems_clear(configured->problems);
        assert_int_equal(configured_load(configured, cases[i].list), RC_INVALID);
        buffer_init(&text, 0);
        problems_format(configured->problems, &text);
        if (slice_find(buffer_slice(&text), slice_of(cases[i].says), &offset) != RC_OK)
            fail_msg("said: %.*s", SLICE_ARG(buffer_slice(&text)));
        buffer_free(&text);
    }
}

/* The options that every journal has stand between the program and its own. */
#define USUAL " --follow --output=json --all --no-pager --no-tail"

static void the_command_says_what_is_watched_and_from_where(void **state)
{
    static const struct {
        const char *list;
        const char *cursor;
        bool is_inclusive;
        int64_t since_ms;
        const char *command;
    } cases[] = {
        { .list = "- {journal: {}}", .command = "/usr/bin/journalctl" USUAL " --" },
        { .list = "- {journal: {}}",
          .since_ms = 1700000000005,
          .command = "/usr/bin/journalctl" USUAL " --since=@1700000000.005 --" },
        { .list = "- {journal: {}}",
          .cursor = "s=1;i=2",
          .since_ms = 5,
          .command = "/usr/bin/journalctl" USUAL " --after-cursor=s=1;i=2 --" },
        { .list = "- {journal: {}}",
          .cursor = "s=1;i=2",
          .is_inclusive = true,
          .command = "/usr/bin/journalctl" USUAL " --cursor=s=1;i=2 --" },
        { .list = "- {journal: {priority: warning}}",
          .command = "/usr/bin/journalctl" USUAL " --priority=4 --" },
        { .list = "- {journal: {priority: 0}}",
          .command = "/usr/bin/journalctl" USUAL " --priority=0 --" },
        { .list = "- {journal: {units: [a.service, b*], identifiers: kernel, "
                  "matches: [_TRANSPORT=kernel, A=b c]}}",
          .command = "/usr/bin/journalctl" USUAL " --unit=a.service --unit=b* --identifier=kernel "
                     "-- _TRANSPORT=kernel A=b c" },
        { .list = "- {journal: {directory: logs, program: bin/x}}",
          .command = "/nowhere/bin/x" USUAL " --directory=/nowhere/logs --" },
        { .list = "- {journal: {namespace: x}}",
          .command = "/usr/bin/journalctl" USUAL " --namespace=x --" },
    };
    struct configured *configured = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct journal_watch *watch = load(configured, cases[i].list);
        const struct journal_place place = { .cursor = slice_of(cases[i].cursor),
                                             .is_inclusive = cases[i].is_inclusive,
                                             .since_ms = cases[i].since_ms };
        struct slice_list argv;
        struct buffer text;

        assert_int_equal(journal_command(watch, &place, configured->arena, &argv), RC_OK);
        buffer_init(&text, 0);
        for (size_t j = 0; j < argv.n_items; j++)
            buffer_format(&text, "%s%.*s", j ? " " : "", SLICE_ARG(argv.items[j]));
        buffer_add_byte(&text, '\0');
        assert_string_equal(text.ptr, cases[i].command);
        buffer_free(&text);
    }
}

static void a_cursor_is_of_its_entry_whatever_file_it_is_in(void **state)
{
    (void)state;
    assert_true(
        journal_cursor_eq(SLICE("s=1;i=2;b=3;m=4;t=5;x=6"), SLICE("s=1;i=2;b=3;m=4;t=5;x=6")));
    assert_true(
        journal_cursor_eq(SLICE("s=1;i=2;b=3;m=4;t=5;x=6"), SLICE("s=7;i=9;b=3;m=4;t=5;x=6")));
    assert_false(
        journal_cursor_eq(SLICE("s=1;i=2;b=3;m=4;t=5;x=6"), SLICE("s=1;i=2;b=3;m=4;t=5;x=7")));
    assert_true(journal_cursor_eq(SLICE("c1"), SLICE("c1")));
    assert_false(journal_cursor_eq(SLICE("c1"), SLICE("c2")));
}

#define JOURNAL_TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, configured_set_up, configured_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOURNAL_TEST(a_journal_is_read_with_its_defaults),
        JOURNAL_TEST(a_journal_is_a_watcher_like_others),
        JOURNAL_TEST(two_watchers_have_two_names),
        JOURNAL_TEST(what_is_wrong_is_told_with_what_is_allowed),
        JOURNAL_TEST(the_command_says_what_is_watched_and_from_where),
        JOURNAL_TEST(a_cursor_is_of_its_entry_whatever_file_it_is_in),
    };

    return cmocka_run_group_tests_name("journal_config", tests, NULL, NULL);
}
