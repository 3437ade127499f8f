#include "tests/unit/configured.h"

#include "src/base/clock.h"
#include "watchers/journal_line.h"

#define RECEIVED_MS ((int64_t)1700000100000)

/* One entry, and the event that it is. */
struct read_entry {
    struct event event;
    struct json *tree;
};

static const struct journal_watch *watch_of(struct configured *configured, const char *list)
{
    assert_int_equal(configured_load(configured, list), RC_OK);
    return watchers_journal_at(configured->watchers, 0);
}

static struct read_entry read_entry(struct configured *configured, struct slice line)
{
    const struct log_line entry = { .text = line };
    const struct journal_watch *watch = watch_of(configured, "- {journal: {}, name: nginx}");
    struct read_entry read;

    assert_int_equal(
        journal_line_event(watch, &entry, RECEIVED_MS, configured->arena, &read.event, &read.tree),
        RC_OK);
    assert_true(read.event.data == read.tree);
    return read;
}

static void assert_text(struct slice actual, const char *expected)
{
    if (!slice_eq(actual, slice_of(expected)))
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(actual), expected ? expected : "(absent)");
}

static void assert_data(const struct read_entry *read, const char *expected)
{
    struct buffer out;
    struct json_writer writer;

    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    if (read->tree)
        json_write_node(&writer, read->tree);
    buffer_add_byte(&out, '\0');
    assert_string_equal(out.ptr, expected);
    buffer_free(&out);
}

static void an_entry_fills_the_fields_of_a_log(void **state)
{
    struct read_entry read = read_entry(
        *state,
        SLICE("{\"__CURSOR\":\"s=1\",\"_HOSTNAME\":\"web1\",\"MESSAGE\":\"it broke\\nand more\","
              "\"__REALTIME_TIMESTAMP\":\"1700000001234567\",\"PRIORITY\":\"3\","
              "\"_SYSTEMD_UNIT\":\"nginx.service\",\"SYSLOG_IDENTIFIER\":\"nginx\"}"));
    const struct slice *fields = read.event.fields;

    assert_text(fields[FIELD_KIND], "log");
    assert_text(fields[FIELD_TYPE], "journal.entry");
    assert_text(fields[FIELD_WATCHER], "nginx");
    assert_text(fields[FIELD_SUBJECT], "nginx");
    assert_text(fields[FIELD_TEXT], "it broke\nand more");
    assert_text(fields[FIELD_TITLE], "it broke");
    assert_text(fields[FIELD_HOST], "web1");
    assert_text(fields[FIELD_SERVICE], "nginx");
    assert_text(fields[FIELD_SEVERITY], "high");
    assert_int_equal(read.event.time_ms, 1700000001234);
    assert_int_equal(read.event.received_ms, RECEIVED_MS);
    assert_true(read.event.is_line);
    assert_false(read.event.is_truncated);
    assert_int_equal(read.event.door, DOOR_DATA);
    assert_data(&read, "{\"_HOSTNAME\":\"web1\",\"MESSAGE\":\"it broke\\nand more\","
                       "\"PRIORITY\":\"3\",\"_SYSTEMD_UNIT\":\"nginx.service\","
                       "\"SYSLOG_IDENTIFIER\":\"nginx\"}");
    json_free(read.tree);
}

static void a_message_is_text_whatever_journalctl_makes_of_it(void **state)
{
    static const struct {
        const char *line;
        const char *text, *title;
    } cases[] = {
        { "{\"MESSAGE\":\"plain\"}", "plain", "plain" },
        { "{\"MESSAGE\":\"\"}", "", NULL },
        { "{\"MESSAGE\":null}", "", NULL },
        { "{\"PRIORITY\":\"6\"}", "", NULL },
        { "{}", "", NULL },
        { "{\"MESSAGE\":[104,105]}", "hi", "hi" },
        { "{\"MESSAGE\":[255,254,98]}",
          "\xff\xfe"
          "b",
          "\xff\xfe"
          "b" },
        { "{\"MESSAGE\":[27,91,48,109,120]}", "\x1b[0mx", "\x1b[0mx" },
        { "{\"MESSAGE\":[]}", "", NULL },
        { "{\"MESSAGE\":[104,256,-1,1.5,105]}", "hi", "hi" },
        { "{\"MESSAGE\":[\"first\",\"second\"]}", "first", "first" },
        { "{\"MESSAGE\":[[104,105],\"second\"]}", "hi", "hi" },
        { "{\"MESSAGE\":[null]}", "", NULL },
        { "{\"MESSAGE\":{\"a\":1}}", "", NULL },
        { "{\"MESSAGE\":\"uml\\u00e4ut\"}", "uml\xc3\xa4ut", "uml\xc3\xa4ut" },
        { "not JSON", "not JSON", "not JSON" },
        { "{\"MESSAGE\":\"no end", "{\"MESSAGE\":\"no end", "{\"MESSAGE\":\"no end" },
        { "[1]", "[1]", "[1]" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct read_entry read;

        print_message("# %s\n", cases[i].line);
        read = read_entry(*state, slice_of(cases[i].line));
        assert_text(read.event.fields[FIELD_TEXT], cases[i].text);
        assert_text(read.event.fields[FIELD_TITLE], cases[i].title);
        json_free(read.tree);
    }
}

static void the_service_is_the_unit_that_it_is_about(void **state)
{
    static const struct {
        const char *line;
        const char *service;
    } cases[] = {
        { "{\"_SYSTEMD_UNIT\":\"nginx.service\",\"SYSLOG_IDENTIFIER\":\"x\"}", "nginx" },
        { "{\"_SYSTEMD_UNIT\":\"session-1.scope\"}", "session-1.scope" },
        { "{\"SYSLOG_IDENTIFIER\":\"kernel\"}", "kernel" },
        { "{\"_SYSTEMD_UNIT\":\"init.scope\",\"_PID\":\"1\",\"UNIT\":\"shop.service\"}", "shop" },
        { "{\"_SYSTEMD_UNIT\":\"evil.service\",\"_PID\":\"7\",\"UNIT\":\"shop.service\"}", "evil" },
        { "{\"_SYSTEMD_UNIT\":\"systemd-coredump@1.service\",\"_UID\":\"0\","
          "\"COREDUMP_UNIT\":\"shop.service\"}",
          "shop" },
        { "{\"_SYSTEMD_UNIT\":\"evil.service\",\"_UID\":\"7\",\"COREDUMP_UNIT\":\"shop.service\"}",
          "evil" },
        { "{\"_SYSTEMD_UNIT\":\"\",\"SYSLOG_IDENTIFIER\":\"\"}", NULL },
        { "{}", NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct read_entry read;

        print_message("# %s\n", cases[i].line);
        read = read_entry(*state, slice_of(cases[i].line));
        assert_text(read.event.fields[FIELD_SERVICE], cases[i].service);
        json_free(read.tree);
    }
}

static void priorities_are_severities(void **state)
{
    static const struct {
        const char *line;
        const char *severity;
    } cases[] = {
        { "{\"PRIORITY\":\"0\"}", "critical" }, { "{\"PRIORITY\":\"1\"}", "critical" },
        { "{\"PRIORITY\":\"2\"}", "critical" }, { "{\"PRIORITY\":\"3\"}", "high" },
        { "{\"PRIORITY\":\"4\"}", "medium" },   { "{\"PRIORITY\":\"5\"}", "medium" },
        { "{\"PRIORITY\":\"6\"}", "low" },      { "{\"PRIORITY\":\"7\"}", "low" },
        { "{\"PRIORITY\":\"8\"}", NULL },       { "{\"PRIORITY\":\"-1\"}", NULL },
        { "{\"PRIORITY\":\"x\"}", NULL },       { "{\"PRIORITY\":[\"3\",\"6\"]}", "high" },
        { "{\"PRIORITY\":3}", "high" },         { "{}", NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct read_entry read;

        print_message("# %s\n", cases[i].line);
        read = read_entry(*state, slice_of(cases[i].line));
        assert_text(read.event.fields[FIELD_SEVERITY], cases[i].severity);
        json_free(read.tree);
    }
}

static void an_entry_happened_when_it_was_sent(void **state)
{
    static const struct {
        const char *line;
        int64_t time_ms;
    } cases[] = {
        { "{\"_SOURCE_REALTIME_TIMESTAMP\":\"1700000001000999\","
          "\"__REALTIME_TIMESTAMP\":\"1700000002000000\"}",
          1700000001000 },
        { "{\"__REALTIME_TIMESTAMP\":\"1700000002000000\"}", 1700000002000 },
        { "{\"_SOURCE_REALTIME_TIMESTAMP\":\"soon\","
          "\"__REALTIME_TIMESTAMP\":\"1700000002000000\"}",
          1700000002000 },
        { "{\"__REALTIME_TIMESTAMP\":\"-5\"}", RECEIVED_MS },
        { "{\"__REALTIME_TIMESTAMP\":\"0\"}", RECEIVED_MS },
        { "{}", RECEIVED_MS },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct read_entry read;

        print_message("# %s\n", cases[i].line);
        read = read_entry(*state, slice_of(cases[i].line));
        assert_int_equal(read.event.time_ms, cases[i].time_ms);
        json_free(read.tree);
    }
}

/* {"A":"b","NAME":[1,1,…]} */
static void write_binary(struct buffer *out, const char *name, size_t n_bytes)
{
    buffer_clear(out);
    buffer_format(out, "{\"A\":\"b\",\"%s\":[", name);
    for (size_t i = 0; i < n_bytes; i++)
        buffer_add_text(out, i ? ",49" : "49");
    buffer_add_text(out, "]}");
}

static void long_binary_fields_are_no_data(void **state)
{
    struct read_entry read;
    struct buffer line;

    buffer_init(&line, 0);
    write_binary(&line, "BLOB", 1024);
    read = read_entry(*state, buffer_slice(&line));
    assert_non_null(json_get_text(read.tree, "BLOB"));
    json_free(read.tree);
    write_binary(&line, "BLOB", 1025);
    read = read_entry(*state, buffer_slice(&line));
    assert_data(&read, "{\"A\":\"b\"}");
    json_free(read.tree);
    write_binary(&line, "MESSAGE", 1025);
    read = read_entry(*state, buffer_slice(&line));
    assert_data(&read, "{\"A\":\"b\"}");
    assert_int_equal(read.event.fields[FIELD_TEXT].len, 1025);
    json_free(read.tree);
    buffer_free(&line);
}

static void a_long_message_is_cut_and_marked(void **state)
{
    struct read_entry read;
    struct buffer line;

    buffer_init(&line, 0);
    buffer_add_text(&line, "{\"MESSAGE\":\"");
    for (int i = 0; i < 65535; i++)
        buffer_add_byte(&line, 'x');
    buffer_add_text(&line, "\xc3\xa4\"}"); /* its border stands within a character */
    read = read_entry(*state, buffer_slice(&line));
    assert_int_equal(read.event.fields[FIELD_TEXT].len, 65535);
    assert_true(read.event.is_truncated);
    json_free(read.tree);
    buffer_free(&line);
}

static void a_long_line_that_is_no_entry_is_cut_and_marked(void **state)
{
    struct configured *configured = *state;
    struct journal_glance glance;
    struct read_entry read;
    struct buffer line;

    buffer_init(&line, 0);
    for (int i = 0; i < 65537; i++)
        buffer_add_byte(&line, 'x');
    read = read_entry(configured, buffer_slice(&line));
    assert_int_equal(read.event.fields[FIELD_TEXT].len, 65536);
    assert_true(read.event.is_truncated);
    assert_int_equal(journal_line_glance(buffer_slice(&line), configured->arena, &glance), RC_OK);
    assert_int_equal(glance.text.len, 65536);
    buffer_free(&line);
}

static void constants_stand_for_whatever_an_entry_says(void **state)
{
    struct configured *configured = *state;
    const struct journal_watch *watch = watch_of(
        configured, "- {journal: {}, name: n, service: shop, kind: alert, state: failing}");
    const struct log_line line = { .text = SLICE("{\"_SYSTEMD_UNIT\":\"a.service\"}") };
    struct event event;
    struct json *tree;

    assert_int_equal(
        journal_line_event(watch, &line, RECEIVED_MS, configured->arena, &event, &tree), RC_OK);
    assert_text(event.fields[FIELD_SERVICE], "shop");
    assert_text(event.fields[FIELD_KIND], "alert");
    assert_text(event.fields[FIELD_STATE], "failing");
    json_free(tree);
}

/* -- stored lines -- */

static void stored_lines_of_a_journal_are_its_events(void **state)
{
    struct configured *configured = *state;
    struct log_line items[] = { { .text = SLICE("{\"MESSAGE\":\"a\",\"PRIORITY\":\"3\"}") },
                                { .text = SLICE("{\"MESSAGE\":\"b\"}"), .is_truncated = true } };
    const struct log_lines lines = { .lines = { .items = items, .n_items = 2 } };
    struct journal_entry entry = { .watcher = SLICE("n"),
                                   .type = SLICE(LOG_ENTRY_TYPE),
                                   .received_ms = RECEIVED_MS };
    struct event_list events;
    struct buffer body;

    buffer_init(&body, 0);
    assert_int_equal(log_lines_encode(&lines, &body), RC_OK);
    entry.body = buffer_slice(&body);
    assert_int_equal(configured_load(configured, "- {journal: {}, name: n}"), RC_OK);
    assert_int_equal(watchers_events(configured->watchers, &entry, configured->arena, &events),
                     RC_OK);
    assert_int_equal(events.n_items, 2);
    assert_text(events.items[0].fields[FIELD_TEXT], "a");
    assert_text(events.items[0].fields[FIELD_SEVERITY], "high");
    assert_text(events.items[1].fields[FIELD_TYPE], "journal.entry");
    assert_true(events.items[1].is_truncated);
    assert_int_equal(ulid_compare(events.items[0].id, events.items[1].id) < 0, true);
    event_list_free(&events);
    buffer_free(&body);
}

/* -- at a glance -- */

static void a_glance_tells_the_text_of_the_event_and_who_wrote_it(void **state)
{
    struct configured *configured = *state;
    struct journal_glance glance;

    assert_int_equal(
        journal_line_glance(SLICE("{\"MESSAGE\":[104,34],\"_PID\":\"12\",\"_BOOT_ID\":\"b\","
                                  "\"_SYSTEMD_INVOCATION_ID\":\"i\"}"),
                            configured->arena, &glance),
        RC_OK);
    assert_text(glance.text, "h\"");
    assert_text(glance.pid, "12");
    assert_text(glance.boot, "b");
    assert_text(glance.invocation, "i");
    assert_int_equal(journal_line_glance(SLICE("no"), configured->arena, &glance), RC_OK);
    assert_text(glance.text, "no");
    assert_text(glance.pid, NULL);
}

static void a_cursor_is_found_wherever_it_stands(void **state)
{
    static const struct {
        const char *bytes;
        const char *cursor;
    } cases[] = {
        { "{\"__CURSOR\":\"s=1;i=2\"}", "s=1;i=2" },
        { "99,100],\"__CURSOR\":\"s=1\",\"A\":[1", "s=1" },
        { "{\"MESSAGE\":\"\\\"__CURSOR\\\":\\\"s=2\\\"\",\"__CURSOR\":\"s=1\"}", "s=1" },
        { "{\"A\":\"__CURSOR\"}", NULL },
        { "{\"__CURSOR\":\"s=1", NULL },
        { "{\"__CURSOR\":\"\"}", NULL },
        { "{\"__CURSOR\":", NULL },
        { "", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice cursor = { 0 };
        enum rc rc = journal_line_cursor(slice_of(cases[i].bytes), &cursor);

        print_message("# %s\n", cases[i].bytes);
        assert_int_equal(rc, cases[i].cursor ? RC_OK : RC_NOT_FOUND);
        if (!rc)
            assert_text(cursor, cases[i].cursor);
    }
}

static void the_beginning_of_a_line_is_an_object_again(void **state)
{
    static const struct {
        const char *beginning;
        const char *mended;
    } cases[] = {
        { "{\"A\":\"b\",\"C\":\"d", "{\"A\":\"b\"}" },
        { "{\"A\":\"b\",\"C\":\"d\"", "{\"A\":\"b\",\"C\":\"d\"}" },
        { "{\"A\":\"b\",\"C\":\"d\"}", "{\"A\":\"b\",\"C\":\"d\"}" },
        { "{\"A\":\"b\",\"C\":\"d\",", "{\"A\":\"b\",\"C\":\"d\"}" },
        { "{\"A\":\"b\",\"C\":", "{\"A\":\"b\"}" },
        { "{\"A\":\"b\",\"C\"", "{\"A\":\"b\"}" },
        { "{\"A\":\"b\",\"C", "{\"A\":\"b\"}" },
        { "{\"A\":null,\"B\":nul", "{\"A\":null}" },
        { "{\"A\":[1,2],\"B\":[1,2", "{\"A\":[1,2]}" },
        { "{\"A\":[[1,\"]\"],\"x\"],\"B\":1", "{\"A\":[[1,\"]\"],\"x\"]}" },
        { "{\"A\":\"\\\\\",\"B\":\"\\\"", "{\"A\":\"\\\\\"}" },
        { "{\"A\":1,\"MESSAGE\":\"as far as", "{\"A\":1,\"MESSAGE\":\"as far a\"}" },
        { "{\"A\":1,\"MESSAGE\":\"as\\", "{\"A\":1,\"MESSAGE\":\"as\"}" },
        { "{\"A\":1,\"MESSAGE\":\"as\\u00", "{\"A\":1,\"MESSAGE\":\"as\"}" },
        { "{\"A\":1,\"MESSAGE\":\"as\xe2\x82", "{\"A\":1,\"MESSAGE\":\"as\"}" },
        { "{\"A\":1,\"MESSAGE\":[104,105,10", "{\"A\":1,\"MESSAGE\":[104,105]}" },
        { "{\"A\":1,\"MESSAGE\":[104", "{\"A\":1}" },
        { "{\"A\":1,\"MESSAGE\":\"", "{\"A\":1}" },
        { "{\"A", "{}" },
        { "{", "{}" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_fault fault;
        struct buffer mended;

        print_message("# %s\n", cases[i].beginning);
        buffer_init(&mended, 0);
        journal_line_mend(slice_of(cases[i].beginning), &mended);
        assert_text(buffer_slice(&mended), cases[i].mended);
        assert_int_equal(json_scan(buffer_slice(&mended), JSON_LIMITS_DEFAULT, &fault), RC_OK);
        buffer_free(&mended);
    }
}

#define JOURNAL_TEST(name)                                                                         \
    cmocka_unit_test_setup_teardown(name, configured_set_up, configured_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOURNAL_TEST(an_entry_fills_the_fields_of_a_log),
        JOURNAL_TEST(a_message_is_text_whatever_journalctl_makes_of_it),
        JOURNAL_TEST(the_service_is_the_unit_that_it_is_about),
        JOURNAL_TEST(priorities_are_severities),
        JOURNAL_TEST(an_entry_happened_when_it_was_sent),
        JOURNAL_TEST(long_binary_fields_are_no_data),
        JOURNAL_TEST(a_long_message_is_cut_and_marked),
        JOURNAL_TEST(a_long_line_that_is_no_entry_is_cut_and_marked),
        JOURNAL_TEST(constants_stand_for_whatever_an_entry_says),
        JOURNAL_TEST(stored_lines_of_a_journal_are_its_events),
        JOURNAL_TEST(a_glance_tells_the_text_of_the_event_and_who_wrote_it),
        JOURNAL_TEST(a_cursor_is_found_wherever_it_stands),
        JOURNAL_TEST(the_beginning_of_a_line_is_an_object_again),
    };

    return cmocka_run_group_tests_name("journal_line", tests, NULL, NULL);
}
