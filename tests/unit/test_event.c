#include "src/base/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct arena *arena;
    struct json *data;
    struct event event;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct json_fault fault;

    if (arena_new(1 << 20, &fixture.arena) != RC_OK ||
        json_parse(SLICE("{\"run\":{\"id\":9007199254740993},\"jobs\":[{\"name\":\"lint\"},"
                         "{\"name\":\"test\"}],\"odd key\":true,\"none\":null}"),
                   JSON_LIMITS_DEFAULT, &fixture.data, &fault) != RC_OK)
        return -1;
    fixture.event = (struct event){ .time_ms = 1000, .received_ms = 2500, .data = fixture.data };
    fixture.event.fields[FIELD_KIND] = SLICE("ci.run");
    fixture.event.fields[FIELD_SOURCE] = SLICE("https://github.com/acme/shop");
    fixture.event.fields[FIELD_STATE] = SLICE("failing");
    fixture.event.fields[FIELD_TITLE] = SLICE("");
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    json_free(fixture->data);
    arena_free(fixture->arena);
    return 0;
}

static void what_is_no_event_is_told_by_its_member(void **state)
{
    static const struct {
        const char *json, *said; /* "": it is one */
    } cases[] = {
        { "[]", "an event is a map of its fields, not a list" },
        { "{'host':['a']}", "`host`: a text is expected, not a list" },
        { "{'kind':'alert','hosst':'a'}", "unknown member `hosst`; did you mean `host`?" },
        { "{'foo':'a'}",
          "unknown member `foo`: its members are fields of an event, and what else a "
          "sender says stands below `data`" },
        { "{'time':'2026-01-31T08:00:00'}",
          "`time` has no zone: a time with its zone is expected, as 2026-01-31T08:00:00Z, not "
          "`2026-01-31T08:00:00`" },
        { "{'time':'soon'}", "`time`: a time with its zone is expected, as 2026-01-31T08:00:00Z, "
                             "not `soon`" },
        { "{'received':{}}",
          "`received`: a time with its zone is expected, as 2026-01-31T08:00:00Z, not a map" },
        { "{'offset':'x'}", "`offset`: a whole number is expected, not `x`" },
        { "{'id':5}", "`id`: a text is expected, not `5`" },
        { "{'host':null,'run':7}", "" },
        /* attributes of CloudEvents, and what is none */
        { "{'specversion':'1.0','traceparent':'00-a','partitionkey':5,'sampled':true,'cause':null}",
          "" },
        { "{'specversion':'1.0','data_base64':'aGk='}",
          "`data_base64`: what it holds is expected in `data`, as JSON, not `aGk=`" },
        { "{'traceparent':'00-a'}", "unknown member `traceparent`: its members are fields of an "
                                    "event, and what else a sender "
                                    "says stands below `data`" },
        { "{'specversion':'1.0','extra':{'a':1}}",
          "unknown member `extra`: its members are fields of an event, and what else a sender says "
          "stands below `data`" },
        { "{'specversion':'1.0','Hosst':'a'}", "unknown member `Hosst`; did you mean `host`?" },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct event event = { 0 };
        struct json_fault fault;
        struct json *json;
        struct buffer told;
        char text[256];
        enum rc rc;

        (void)snprintf(text, sizeof text, "%s", cases[i].json);
        for (char *quote = text; (quote = strchr(quote, '\''));)
            *quote = '"';
        assert_int_equal(json_parse(slice_of(text), JSON_LIMITS_DEFAULT, &json, &fault), RC_OK);
        buffer_init(&told, 0);
        rc = event_read_json(json, fixture->arena, &event);
        event_tell_fault(json, fixture->arena, &told);
        buffer_add_byte(&told, '\0');
        print_message("# %s\n", cases[i].json);
        assert_int_equal(rc, *cases[i].said ? RC_INVALID : RC_OK);
        assert_string_equal(told.ptr, cases[i].said);
        buffer_free(&told);
        json_free(json);
    }
}

static void a_field_is_had_by_the_name_rules_use(void **state)
{
    static const struct {
        const char *name, *value; /* NULL: absent */
    } cases[] = {
        { "kind", "ci.run" },
        { "state", "failing" },
        { "title", "" },
        { "repo", NULL },
        { "time", "1970-01-01T00:00:01.000Z" },
        { "received", "1970-01-01T00:00:02.500Z" },
        { "data.run.id", "9007199254740993" }, /* h13 */
        { "data.jobs[1].name", "test" },
        { "data.jobs[*].name", "lint" },
        { "data[\"odd key\"]", "true" },
        { "data.none", NULL },
        { "data.run", NULL },
        { "data.nowhere", NULL },
        { "data", NULL },
        { "data.", NULL },
        { "data..run", NULL },
        { "Kind", NULL },
        { "nonsense", NULL },
        { "", NULL },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("# %s\n", cases[i].name);
        assert_true(slice_eq(event_get(&fixture->event, slice_of(cases[i].name), fixture->arena),
                             slice_of(cases[i].value)));
    }
    fixture->event.data = NULL;
    assert_true(slice_is_absent(event_get(&fixture->event, SLICE("data.run.id"), fixture->arena)));
}

static void names_that_no_event_can_have_are_known(void **state)
{
    static const char *const fields[] = { "kind",     "text",   "url",       "watcher",      "time",
                                          "received", "data.a", "data[0].b", "data[\"x y\"]" };
    static const char *const others[] = { "kinds", "",       "data",       "data.",   "data[",
                                          "datax", "Data.a", "first.kind", "data.a b" };

    (void)state;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        assert_true(event_is_field(slice_of(fields[i])));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        print_message("# %s\n", others[i]);
        assert_false(event_is_field(slice_of(others[i])));
    }
}

static void assert_written(const struct event *event, const char *expected)
{
    struct json_writer writer;
    struct buffer out;

    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    event_write_json(event, &writer);
    buffer_add_byte(&out, '\0');
    assert_int_equal(buffer_rc(&out), RC_OK);
    assert_string_equal(out.ptr, expected);
    buffer_free(&out);
}

static void an_event_is_written_with_what_it_has(void **state)
{
    struct fixture *fixture = *state;
    struct event *event = &fixture->event;
    char text[ULID_TEXT_BYTES];
    char expected[512];

    event->id = ulid_from_seed(1000, SLICE("seed"));
    event->delivery_id = SLICE("d-1");
    (void)snprintf(
        expected, sizeof expected,
        "{\"id\":\"evt_%s\",\"source\":\"https://github.com/acme/shop\",\"kind\":\"ci.run\","
        "\"time\":\"1970-01-01T00:00:01.000Z\",\"received\":\"1970-01-01T00:00:02.500Z\","
        "\"title\":\"\",\"state\":\"failing\",\"data\":{\"run\":{\"id\":9007199254740993},"
        "\"jobs\":[{\"name\":\"lint\"},{\"name\":\"test\"}],\"odd key\":true,\"none\":null},"
        "\"delivery_id\":\"d-1\"}",
        ulid_format(event->id, text));
    assert_written(event, expected);
}

static void a_line_has_text_and_no_data(void **state)
{
    struct event line = { .received_ms = 1 };

    (void)state;
    line.fields[FIELD_KIND] = SLICE("log");
    line.fields[FIELD_TEXT] = SLICE("boom\x1b[m");
    line.fields[FIELD_HOST] = SLICE("web1");
    assert_written(&line, "{\"kind\":\"log\",\"received\":\"1970-01-01T00:00:00.001Z\",\"host\":"
                          "\"web1\",\"text\":\"boom\\u001b[m\"}");
}

static void a_field_is_cut_between_characters(void **state)
{
    char text[2000];

    (void)state;
    memset(text, 'a', sizeof text);
    assert_int_equal(event_field_cut((struct slice){ text, 1024 }).len, 1024);
    assert_int_equal(event_field_cut((struct slice){ text, 1025 }).len, 1024);
    memcpy(text + 1022, "\xe2\x82\xac", 3);
    assert_int_equal(event_field_cut((struct slice){ text, 2000 }).len, 1022);
    memset(text, 'a', sizeof text);
    memcpy(text + 1021, "\xe2\x82\xac", 3);
    assert_int_equal(event_field_cut((struct slice){ text, 2000 }).len, 1024);
    assert_true(slice_is_absent(event_field_cut((struct slice){ 0 })));
}

static void every_field_and_kind_has_a_name(void **state)
{
    size_t n_kinds = 0;

    (void)state;
    for (int field = 0; field < EVENT_N_FIELDS; field++)
        assert_non_null(event_field_names[field]);
    assert_null(event_field_names[EVENT_N_FIELDS]);
    while (event_kinds[n_kinds])
        n_kinds++;
    assert_int_equal(n_kinds, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_field_is_had_by_the_name_rules_use, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_event_is_told_by_its_member, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_that_no_event_can_have_are_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_event_is_written_with_what_it_has, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_has_text_and_no_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_field_is_cut_between_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_field_and_kind_has_a_name, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
