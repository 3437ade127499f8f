#include "tests/unit/configured.h"

#include "src/base/clock.h"
#include "watchers/senders/sender.h"

#define RECEIVED_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */

/* `members` of the watcher; the events of `body` live until the next call or the end of the test. */
static const struct event_list *read_mapped(struct configured *configured, const char *members,
                                            const char *body)
{
    static struct event_list events;
    const struct journal_entry entry = {
        .door = DOOR_DATA, .watcher = SLICE("x"), .received_ms = RECEIVED_MS, .body = slice_of(body)
    };
    struct slice yaml;

    event_list_free(&events);
    if (!members)
        return NULL;
    print_message("%s: %s\n", members, body);
    assert_int_equal(arena_format(configured->arena, &yaml,
                                  "- {webhook: generic, name: x, token: t, %s}\n", members),
                     RC_OK);
    watchers_free(configured->watchers);
    configured->watchers = NULL;
    assert_int_equal(configured_load(configured, yaml.ptr), RC_OK);
    assert_int_equal(watchers_events(configured->watchers, &entry, configured->arena, &events),
                     RC_OK);
    return &events;
}

static int tear_down(void **state)
{
    (void)read_mapped(*state, NULL, NULL);
    return configured_tear_down(state);
}

static void assert_text(const struct event *event, enum event_field field, const char *expected)
{
    if (!slice_eq(event->fields[field], slice_of(expected)))
        fail_msg("%s is %.*s, not %s", event_field_names[field], SLICE_ARG(event->fields[field]),
                 expected ? expected : "absent");
}

static void the_first_path_that_leads_to_something_counts(void **state)
{
    static const struct {
        const char *members, *body, *title;
    } cases[] = {
        { "map: {title: 'a|b.c'}", "{\"a\":\"one\",\"b\":{\"c\":\"two\"}}", "one" },
        { "map: {title: 'a | b.c'}", "{\"a\":\"\",\"b\":{\"c\":\"two\"}}", "two" },
        { "map: {title: 'a|b.c'}", "{\"a\":null,\"b\":{\"c\":2}}", "2" },
        { "map: {title: 'a|b.c'}", "{\"a\":{},\"b\":[]}", NULL },
        { "map: {title: 'a|b|c'}", "{\"c\":\"three\"}", "three" },
        /* within quotes a bar is a name's */
        { "map: {title: '[\"x|y\"]|b'}", "{\"x|y\":\"quoted\",\"b\":\"two\"}", "quoted" },
        { "map: {title: '[\"x\\\"|y\"]|b'}", "{\"x\\\"|y\":\"quoted\",\"b\":\"two\"}", "quoted" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_text(read_mapped(*state, cases[i].members, cases[i].body)->items, FIELD_TITLE,
                    cases[i].title);
}

static void the_first_time_that_is_one_counts(void **state)
{
    const char *members = "map: {time: 'ended|started'}";

    assert_int_equal(
        read_mapped(*state, members, "{\"ended\":0,\"started\":1795248240}")->items->time_ms,
        RECEIVED_MS - MINUTE_MS);
    assert_int_equal(read_mapped(*state, members, "{\"ended\":1795248270,\"started\":1795248240}")
                         ->items->time_ms,
                     RECEIVED_MS - 30 * SECOND_MS);
    assert_int_equal(read_mapped(*state, members, "{\"ended\":\"soon\"}")->items->time_ms,
                     RECEIVED_MS);
}

static void a_list_of_paths_is_a_subject_of_those_that_are_there(void **state)
{
    const char *members = "map: {service: s, subject: [site, 'check.id|check.name']}";

    assert_text(read_mapped(*state, members, "{\"site\":\"a b\",\"check\":{\"id\":7}}")->items,
                FIELD_SUBJECT, "site=\"a b\" check.id=7");
    assert_text(read_mapped(*state, members, "{\"check\":{\"name\":\"n\"}}")->items, FIELD_SUBJECT,
                "check.id=n");
    /* none is there: as without */
    assert_text(read_mapped(*state, members, "{\"s\":\"shop\"}")->items, FIELD_SUBJECT,
                "service=shop");
}

static void severities_of_its_own_stand_beside_the_usual_ones(void **state)
{
    static const struct {
        const char *body, *severity;
    } cases[] = {
        { "{\"s\":\"S1\"}", "critical" }, { "{\"s\":\"s3\"}", "medium" }, { "{\"s\":4}", "medium" },
        { "{\"s\":\"major\"}", "high" },  { "{\"s\":\"S9\"}", NULL },
    };
    const char *members = "map: {severity: s}, severities: {critical: S1, medium: [S3, '4']}";

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_text(read_mapped(*state, members, cases[i].body)->items, FIELD_SEVERITY,
                    cases[i].severity);
}

static void each_element_of_the_items_is_an_event(void **state)
{
    const char *members = "map: {title: t}, items: data.alerts";
    const struct event_list *events =
        read_mapped(*state, members, "{\"data\":{\"alerts\":[{\"t\":\"a\"},{\"t\":\"b\"}]}}");

    assert_int_equal(events->n_items, 2);
    assert_text(&events->items[0], FIELD_TITLE, "a");
    assert_text(&events->items[1], FIELD_TITLE, "b");
    /* without the array the body is one event */
    events = read_mapped(*state, members, "{\"t\":\"a\",\"data\":{\"alerts\":{}}}");
    assert_int_equal(events->n_items, 1);
    assert_text(&events->items[0], FIELD_TITLE, "a");
    events = read_mapped(*state, members, "{\"data\":{\"alerts\":[]}}");
    assert_int_equal(events->n_items, 1);
    assert_text(&events->items[0], FIELD_TITLE, NULL);
}

static const struct problem *first_error(const struct problems *problems)
{
    const struct problem *problem = problems_at(problems, 0);

    for (size_t i = 1; problem && problem->severity != PROBLEM_ERROR; i++)
        problem = problems_at(problems, i);
    assert_non_null(problem);
    return problem;
}

static void what_is_no_mapping_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *members, *says;
    } cases[] = {
        { "map: {title: 'a||b'}", "`` is no path: " },
        { "map: {title: 'a|'}", "`` is no path: " },
        { "map: {title: 'a|b..c'}", "`b..c` is no path: " },
        { "map: {title: [a, b]}", "`title` must be the path of a member" },
        { "map: {id: 'a|b'}", "`a|b` is no path: " },
        { "map: {subject: []}", "`subject` must be a path, or a list of up to 8 of them" },
        { "map: {subject: [a, b, c, d, e, f, g, h, i]}", "a list of up to 8 of them" },
        { "map: {subject: [a, {b: c}]}", "`subject` must be the path of a member" },
        { "severities: {huge: [a]}", "unknown member `huge`" },
        { "items: 'a..b'", "`a..b` is no path: " },
        { "items: [a]", "`items` must be the path of a member" },
    };
    struct configured *configured = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct problem *problem;
        struct slice yaml;

        print_message("%s\n", cases[i].members);
        problems_clear(configured->problems);
        assert_int_equal(arena_format(configured->arena, &yaml,
                                      "- {webhook: generic, name: x, token: t, %s}\n",
                                      cases[i].members),
                         RC_OK);
        assert_int_equal(configured_load(configured, yaml.ptr), RC_INVALID);
        problem = first_error(configured->problems);
        if (!problem)
            fail_msg("nothing is said of %s", cases[i].members);
        else if (!memmem(problem->text.ptr, problem->text.len, cases[i].says,
                         strlen(cases[i].says)))
            fail_msg("says %.*s", SLICE_ARG(problem->text));
    }
}

#define MAPPING_TEST(name) cmocka_unit_test_setup_teardown(name, configured_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAPPING_TEST(the_first_path_that_leads_to_something_counts),
        MAPPING_TEST(the_first_time_that_is_one_counts),
        MAPPING_TEST(a_list_of_paths_is_a_subject_of_those_that_are_there),
        MAPPING_TEST(severities_of_its_own_stand_beside_the_usual_ones),
        MAPPING_TEST(each_element_of_the_items_is_an_event),
        MAPPING_TEST(what_is_no_mapping_is_refused_with_the_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
