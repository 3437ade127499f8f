#include "watchers/line_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    return arena_new(4 << 20, &arena) == RC_OK ? 0 : -1;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* A line as it was read: what its format makes of it. */
struct read_line {
    struct event event;
    struct json *tree;
    bool is_of_format;
};

static struct read_line read_line(enum line_format format, struct slice line)
{
    struct read_line read = { .event = { .fields = { [FIELD_TEXT] = line } } };

    print_message("# %s: %.*s\n", line_format_names[format], SLICE_ARG(line));
    assert_int_equal(line_format_read(format, arena, &read.event, &read.tree, &read.is_of_format),
                     RC_OK);
    assert_true(slice_eq(read.event.fields[FIELD_TEXT], line));
    assert_true(read.event.data == read.tree);
    return read;
}

/* Data as JSON; "" when there is none. */
static void assert_data(const struct read_line *read, const char *expected)
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

static void assert_field(const struct read_line *read, enum event_field field, const char *expected)
{
    struct slice value = read->event.fields[field];

    print_message("#   %s: %.*s\n", event_field_names[field], SLICE_ARG(value));
    assert_true(slice_eq(value, slice_of(expected)));
}

struct data_case {
    const char *line;
    const char *data; /* NULL: the line is not of the format */
};

static void claim_all(enum line_format format, const struct data_case *cases, size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++) {
        struct read_line read = read_line(format, slice_of(cases[i].line));

        assert_int_equal(read.is_of_format, cases[i].data != NULL);
        assert_data(&read, cases[i].data ? cases[i].data : "");
        json_free(read.tree);
    }
}

static void a_text_line_is_its_text_and_its_first_line_the_title(void **state)
{
    struct read_line read = read_line(LINE_TEXT, SLICE(" {\"a\":1} failed \n  at x.c:1\n"));

    (void)state;
    assert_true(read.is_of_format);
    assert_null(read.tree);
    assert_field(&read, FIELD_TITLE, "{\"a\":1} failed");
    assert_field(&read, FIELD_SEVERITY, NULL);
    read = read_line(LINE_TEXT, SLICE(""));
    assert_field(&read, FIELD_TITLE, NULL);
}

/* clang-format off */
static void a_json_line_is_an_object(void **state)
{
    static const struct data_case cases[] = {
        { "{}", "{}" },
        { " {\"a\":{\"b\":[1,2.50]}} \r", "{\"a\":{\"b\":[1,2.50]}}" },
        { "[1]", NULL },
        { "7", NULL },
        { "\"text\"", NULL },
        { "null", NULL },
        { "", NULL },
        { "{\"a\":1", NULL },
        { "{\"a\":1} x", NULL },
        { "{\"a\":1,\"a\":2}", NULL },
        { "{\"a\":\"\\u0000\"}", NULL },
        { "{'a':1}", NULL },
        { "{\"a\":\"\xff\"}", "{\"a\":\"\xef\xbf\xbd\"}" },
    };

    (void)state;
    claim_all(LINE_JSON, cases, sizeof cases / sizeof *cases);
}

static void a_logfmt_line_is_an_object_of_texts(void **state)
{
    static const struct data_case cases[] = {
        { "a=1 b=x", "{\"a\":\"1\",\"b\":\"x\"}" },
        { "  a=1\tb=x \r\n", "{\"a\":\"1\",\"b\":\"x\"}" },
        { "a=\"b c\" d=\"\"", "{\"a\":\"b c\",\"d\":\"\"}" },
        { "a= b=", "{\"a\":\"\",\"b\":\"\"}" },
        { "a=\"\\\"q\\\" \\\\ \\n \\t \\x\"", "{\"a\":\"\\\"q\\\" \\\\ \\n \\t \\\\x\"}" },
        { "a=\"ends in \\\\\" b=1", "{\"a\":\"ends in \\\\\",\"b\":\"1\"}" },
        { "debug a=1", "{\"debug\":true,\"a\":\"1\"}" },
        { "a=1 a=2 b=3 a=4", "{\"b\":\"3\",\"a\":\"4\"}" }, /* the last counts */
        { "a=1 a", "{\"a\":true}" },
        { "u=/x?y=1&z=\"2\"", "{\"u\":\"/x?y=1&z=\\\"2\\\"\"}" },
        { "@a.b-c[0]/\xc3\xa4=1", "{\"@a.b-c[0]/\xc3\xa4\":\"1\"}" },
        { "2026-11-29T10:00:00Z a=1", "{\"2026-11-29T10:00:00Z\":true,\"a\":\"1\"}" },
        { "a=\xff\xfe", "{\"a\":\"\xef\xbf\xbd\xef\xbf\xbd\"}" },
        { "", NULL },
        { "only words here", NULL },
        { "=1", NULL },
        { "a=1 =2", NULL },
        { "a=\"no end", NULL },
        { "a=\"no end \\\"", NULL },
        { "a=\"b\"c", NULL },
        { "a=1 \"b\"", NULL },
        { "a\"b=1", NULL },
    };

    (void)state;
    claim_all(LINE_LOGFMT, cases, sizeof cases / sizeof *cases);
}

static void a_syslog_line_is_its_program_and_its_message(void **state)
{
    static const struct data_case cases[] = {
        { "<34>Nov 29 10:00:00 web1 su[7]: failed",
          "{\"program\":\"su\",\"pid\":\"7\",\"message\":\"failed\",\"facility\":\"auth\",\"severity\":\"crit\"}" },
        { "Nov  9 10:00:00 web1 kernel: [1.5] up", "{\"program\":\"kernel\",\"message\":\"[1.5] up\"}" },
        { "2026-11-29T10:00:00.123456+01:00 web1 postfix/smtpd[7]: x", "{\"program\":\"postfix/smtpd\",\"pid\":\"7\",\"message\":\"x\"}" },
        { "Nov 29 10:00:00 web1 com.x.launchd[1] (com.x.agent): exited",
          "{\"program\":\"com.x.launchd\",\"pid\":\"1\",\"message\":\"(com.x.agent): exited\"}" },
        { "Nov 29 10:00:00 web1 last message repeated 3 times", "{\"message\":\"last message repeated 3 times\"}" },
        { "Nov 29 10:00:00 web1 http://x.example is down", "{\"message\":\"http://x.example is down\"}" },
        { "<13>Nov 29 10:00:00 root: by logger", "{\"program\":\"root\",\"message\":\"by logger\",\"facility\":\"user\",\"severity\":\"notice\"}" },
        { "<189>Nov 29 2026 10:00:00: %ASA-5-111008: done",
          "{\"program\":\"%ASA-5-111008\",\"message\":\"done\",\"facility\":\"local7\",\"severity\":\"notice\"}" },
        { "<0>no header", "{\"message\":\"no header\",\"facility\":\"kern\",\"severity\":\"emerg\"}" },
        { "<191>x", "{\"message\":\"x\",\"facility\":\"local7\",\"severity\":\"debug\"}" },
        { "<192>x", NULL },
        { "<>x", NULL },
        { "<34", NULL },
        { "<-1>x", NULL },
        { "<0034>x", NULL },
        { "hello", NULL },
        { "2026-11-29 10:00:00 INFO x", NULL },
        { "Nov 31x", NULL },
        { "", NULL },
    };

    (void)state;
    claim_all(LINE_SYSLOG, cases, sizeof cases / sizeof *cases);
}

static void an_rfc_5424_line_has_its_structured_data_by_id_and_name(void **state)
{
    static const struct data_case cases[] = {
        { "<165>1 2026-11-29T10:00:00.003Z web1 app 7 ID47 [id@1 name=\"x\" b=\"\\]\\\"\\\\\\n\"][other] \xef\xbb\xbfhello",
          "{\"program\":\"app\",\"pid\":\"7\",\"message\":\"hello\",\"facility\":\"local4\",\"severity\":\"notice\",\"msgid\":\"ID47\","
          "\"structured\":{\"id@1\":{\"name\":\"x\",\"b\":\"]\\\"\\\\\\\\n\"},\"other\":{}}}" },
        { "<165>1 - - - - - -", "{\"facility\":\"local4\",\"severity\":\"notice\"}" },
        { "<165>1 - - app - - - text [x]", "{\"program\":\"app\",\"message\":\"text [x]\",\"facility\":\"local4\",\"severity\":\"notice\"}" },
        { "1 2026-11-29T10:00:00Z web1 app - - - x", "{\"program\":\"app\",\"message\":\"x\"}" },
        { "1 2026-11-29T10:00:00Z web1 app - - [a k=\"1\" k=\"2\"][b][a l=\"3\"] x",
          "{\"program\":\"app\",\"message\":\"x\",\"structured\":{\"a\":{\"k\":\"2\",\"l\":\"3\"},\"b\":{}}}" },
        { "1 - web1 app - - - x", NULL },
        { "<165>1 yesterday web1 app - - - x", NULL },
        { "<165>1 2026-11-29T10:00:00Zx web1 app - - - x", NULL },
        { "<165>1 2026-11-29T10:00:00Z web1 app - -", NULL },
        { "<165>1 2026-11-29T10:00:00Z web1 app - - x", NULL },
        { "<165>1 2026-11-29T10:00:00Z web1 app - - -x", NULL },
        { "<165>1 2026-11-29T10:00:00Z web1 app - - [] x", NULL },
        { "<165>1 2026-11-29T10:00:00Z web1 app - - [a", NULL },
        { "<165>1 2026-11-29T10:00:00Z web1 app - - [a b] x", NULL },
        { "<165>1 2026-11-29T10:00:00Z web1 app - - [a b=\"] x", NULL },
        { "<165>1 2026-11-29T10:00:00Z web1 app - - [a b=c] x", NULL },
    };

    (void)state;
    claim_all(LINE_SYSLOG, cases, sizeof cases / sizeof *cases);
}

static void members_that_are_usual_become_fields(void **state)
{
    static const struct {
        enum line_format format;
        const char *line;
        const char *host, *service, *environment, *title, *severity;
    } cases[] = {
        { LINE_JSON, "{\"host\":\"web1\",\"service\":\"shop\",\"env\":\"prod\",\"message\":\"Failed\\n at x\",\"level\":\"ERROR\"}",
          "web1", "shop", "prod", "Failed", "high" },
        { LINE_JSON, "{\"hostname\":\"web1\",\"app\":\"shop\",\"environment\":\"prod\",\"msg\":\"Failed\",\"lvl\":\"warn\"}",
          "web1", "shop", "prod", "Failed", "medium" },
        { LINE_JSON, "{\"host\":{\"name\":\"x\"},\"hostname\":\"web1\",\"application\":7,\"env\":\"\",\"event\":true,\"severity\":\"Fatal\"}",
          "web1", "7", NULL, "true", "critical" },
        { LINE_JSON, "{\"error\":\"x\",\"level\":50}", NULL, NULL, NULL, "x", "high" },
        { LINE_JSON, "{\"level\":30}", NULL, NULL, NULL, "{\"level\":30}", "low" },
        { LINE_JSON, "{\"level\":null,\"loglevel\":\"trace\"}", NULL, NULL, NULL, "{\"level\":null,\"loglevel\":\"trace\"}", "low" },
        { LINE_JSON, "[\"level\"]", NULL, NULL, NULL, "[\"level\"]", NULL },
        { LINE_LOGFMT, "level=warning service=shop msg=\"it failed\"", NULL, "shop", NULL, "it failed", "medium" },
        { LINE_LOGFMT, "lvl=eror a=1", NULL, NULL, NULL, "lvl=eror a=1", "high" },
        { LINE_SYSLOG, "<34>Nov 29 10:00:00 web1 su: failed", "web1", NULL, NULL, "failed", "critical" },
        { LINE_SYSLOG, "<11>1 - web1 su - - - failed", "web1", NULL, NULL, "failed", "high" },
        { LINE_SYSLOG, "<14>1 - - su - - -", NULL, NULL, NULL, "<14>1 - - su - - -", "low" },
        { LINE_SYSLOG, "Nov 29 10:00:00 web1 su: failed", "web1", NULL, NULL, "failed", NULL },
        { LINE_SYSLOG, "Nov 29 10:00:00 su[7]: failed", NULL, NULL, NULL, "failed", NULL },
        { LINE_SYSLOG, "failed", NULL, NULL, NULL, "failed", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct read_line read = read_line(cases[i].format, slice_of(cases[i].line));

        assert_field(&read, FIELD_HOST, cases[i].host);
        assert_field(&read, FIELD_SERVICE, cases[i].service);
        assert_field(&read, FIELD_ENVIRONMENT, cases[i].environment);
        assert_field(&read, FIELD_TITLE, cases[i].title);
        assert_field(&read, FIELD_SEVERITY, cases[i].severity);
        json_free(read.tree);
    }
}

static void every_word_of_a_level_has_its_severity(void **state)
{
    static const struct {
        const char *words, *severity;
    } cases[] = {
        { "fatal critical crit alert emerg panic FATAL 0 1 2 60", "critical" },
        { "error err Error severe 3 50", "high" },
        { "warn warning notice WARN 4 5 40", "medium" },
        { "info debug trace verbose ok 6 7 30 10", "low" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice rest = slice_of(cases[i].words);

        while (rest.len) {
            struct slice word = slice_cut(&rest, ' ');
            struct read_line read;
            struct slice line;

            assert_int_equal(arena_format(arena, &line, "level=%.*s", SLICE_ARG(word)), RC_OK);
            read = read_line(LINE_LOGFMT, line);
            assert_field(&read, FIELD_SEVERITY, cases[i].severity);
            json_free(read.tree);
        }
    }
}
/* clang-format on */

static void what_the_watcher_said_itself_stays(void **state)
{
    struct read_line read = { .event = { .fields = { [FIELD_TEXT] = SLICE("level=error host=web1"),
                                                     [FIELD_SEVERITY] = SLICE("low"),
                                                     [FIELD_HOST] = SLICE("declared") } } };

    (void)state;
    assert_int_equal(
        line_format_read(LINE_LOGFMT, arena, &read.event, &read.tree, &read.is_of_format), RC_OK);
    assert_field(&read, FIELD_SEVERITY, "low");
    assert_field(&read, FIELD_HOST, "declared");
    json_free(read.tree);
}

static void bytes_that_are_no_text_are_replaced_beside_the_text(void **state)
{
    static const struct {
        enum line_format format;
        struct slice line;
    } cases[] = {
        { LINE_TEXT, { "a\0b\xff", 4 } },
        { LINE_JSON, { "{\"msg\":\"a\0b\xff\"}", 14 } },
        { LINE_LOGFMT, { "msg=a\0b\xff", 8 } },
        { LINE_SYSLOG, { "<1>su: a\0b\xff", 11 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct read_line read = read_line(cases[i].format, cases[i].line);

        assert_true(read.is_of_format);
        if (cases[i].format == LINE_TEXT)
            assert_true(slice_eq(read.event.fields[FIELD_TITLE], cases[i].line));
        else
            assert_field(&read, FIELD_TITLE,
                         "a\xef\xbf\xbd"
                         "b\xef\xbf\xbd");
        json_free(read.tree);
    }
}

static void a_line_of_too_many_names_is_not_of_its_format(void **state)
{
    static const char text[] = "a=1 ";
    char line[4 * 257];
    struct read_line read;

    (void)state;
    for (size_t i = 0; i < 257; i++)
        memcpy(line + 4 * i, text, 4);
    read = read_line(LINE_LOGFMT, (struct slice){ line, (size_t)4 * 256 });
    assert_true(read.is_of_format);
    json_free(read.tree);
    read = read_line(LINE_LOGFMT, (struct slice){ line, (size_t)4 * 257 });
    assert_false(read.is_of_format);
    assert_null(read.tree);
}

static void a_field_is_cut_as_every_field_from_outside(void **state)
{
    char line[3000];
    struct read_line read;

    (void)state;
    memset(line, 'x', sizeof line);
    memcpy(line, "msg=", 4);
    read = read_line(LINE_LOGFMT, (struct slice){ line, sizeof line });
    assert_int_equal(read.event.fields[FIELD_TITLE].len, 1024);
    assert_int_equal(json_text(json_get_text(read.tree, "msg")).len, sizeof line - 4);
    json_free(read.tree);
}

static void a_line_for_which_there_is_no_room_is_refused_whole(void **state)
{
    struct read_line read = { .event = { .fields = { [FIELD_TEXT] = SLICE("a=\"\\n\xff\"") } } };
    struct arena *small = NULL;

    (void)state;
    assert_int_equal(arena_new(1, &small), RC_OK);
    assert_int_equal(
        line_format_read(LINE_LOGFMT, small, &read.event, &read.tree, &read.is_of_format),
        RC_NO_MEMORY);
    assert_null(read.tree);
    assert_null(read.event.data);
    arena_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_line_is_its_text_and_its_first_line_the_title),
        cmocka_unit_test(a_json_line_is_an_object),
        cmocka_unit_test(a_logfmt_line_is_an_object_of_texts),
        cmocka_unit_test(a_syslog_line_is_its_program_and_its_message),
        cmocka_unit_test(an_rfc_5424_line_has_its_structured_data_by_id_and_name),
        cmocka_unit_test(members_that_are_usual_become_fields),
        cmocka_unit_test(every_word_of_a_level_has_its_severity),
        cmocka_unit_test(what_the_watcher_said_itself_stays),
        cmocka_unit_test(bytes_that_are_no_text_are_replaced_beside_the_text),
        cmocka_unit_test(a_line_of_too_many_names_is_not_of_its_format),
        cmocka_unit_test(a_field_is_cut_as_every_field_from_outside),
        cmocka_unit_test(a_line_for_which_there_is_no_room_is_refused_whole),
    };

    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
