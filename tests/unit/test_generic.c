#include "tests/unit/configured.h"

#include "src/base/clock.h"

#define RECEIVED_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */

static const char deploys[] =
    "- webhook: generic\n"
    "  name: deploys\n"
    "  token: t\n"
    "  map: {kind: deploy, service: app.name, state: status, environment: env, title: message,\n"
    "        id: delivery, time: at, severity: level, branch: ref, run: \"builds[0].id\"}\n"
    "  states: {failing: [failed, error], ok: [succeeded]}\n";

static const struct event *read_events(struct configured *configured, const char *watcher,
                                       const char *body, struct event_list *events)
{
    const struct journal_entry entry = { .door = DOOR_DATA,
                                         .watcher = slice_of(watcher),
                                         .received_ms = RECEIVED_MS,
                                         .body = slice_of(body) };

    assert_int_equal(watchers_events(configured->watchers, &entry, configured->arena, events),
                     RC_OK);
    assert_true(events->n_items > 0);
    return events->items;
}

static void assert_text(const struct event *event, enum event_field field, const char *expected)
{
    if (!slice_eq(event->fields[field], slice_of(expected)))
        fail_msg("%s is %.*s, not %s", event_field_names[field], SLICE_ARG(event->fields[field]),
                 expected ? expected : "absent");
}

static void mapped_paths_become_fields(void **state)
{
    struct event_list events;
    const struct event *event;

    assert_int_equal(configured_load(*state, deploys), RC_OK);
    event = read_events(
        *state, "deploys",
        "{\"app\":{\"name\":\"shop\"},\"status\":\"FAILED\",\"env\":\"production\",\"message\":"
        "\"timed out\",\"delivery\":\"d-1\",\"at\":\"2026-11-21T08:04:00Z\",\"level\":\"page\","
        "\"ref\":\"refs/heads/main\",\"builds\":[{\"id\":9007199254740993}]}",
        &events);
    assert_text(event, FIELD_SOURCE, "generic");
    assert_text(event, FIELD_TYPE, "generic.deploys");
    assert_text(event, FIELD_KIND, "deploy");
    assert_text(event, FIELD_SERVICE, "shop");
    assert_text(event, FIELD_STATE, "failing");
    assert_text(event, FIELD_ENVIRONMENT, "production");
    assert_text(event, FIELD_TITLE, "timed out");
    assert_text(event, FIELD_SEVERITY, "critical");
    assert_text(event, FIELD_BRANCH, "main");
    assert_text(event, FIELD_RUN, "9007199254740993");
    assert_text(event, FIELD_SUBJECT,
                "kind=deploy service=shop environment=production branch=main");
    assert_int_equal(event->time_ms, RECEIVED_MS - MINUTE_MS);
    event_list_free(&events);
}

static void words_mean_what_the_configuration_says_else_what_is_usual(void **state)
{
    static const struct {
        const char *states;
        const char *word; /* JSON */
        const char *expected;
    } cases[] = {
        { "states: {failing: [red], ok: [green]}", "\"red\"", "failing" },
        { "states: {failing: [red], ok: [green]}", "\"Green\"", "ok" },
        { "states: {failing: [red], ok: [green]}", "\"amber\"", "info" },
        { "states: {failing: [red], ok: [green]}", "\"failed\"", "info" },
        { "states: {failing: [\"false\", \"1\"]}", "false", "failing" },
        { "states: {failing: [\"false\", \"1\"]}", "1", "failing" },
        { "states: {failing: [red]}", "null", NULL },
        { "states: {failing: [red]}", "{}", NULL },
        { "dedup: 5m", "\"failed\"", "failing" },
        { "dedup: 5m", "\"success\"", "ok" },
        { "dedup: 5m", "\"started\"", "info" },
    };
    struct configured *configured = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice yaml, body;
        struct event_list events;

        print_message("%s: %s\n", cases[i].states, cases[i].word);
        assert_int_equal(arena_format(configured->arena, &yaml,
                                      "- {webhook: generic, token: t, map: {state: s}, %s}",
                                      cases[i].states),
                         RC_OK);
        assert_int_equal(arena_format(configured->arena, &body, "{\"s\": %s}", cases[i].word),
                         RC_OK);
        assert_int_equal(configured_load(configured, yaml.ptr), RC_OK);
        assert_text(read_events(configured, "generic", body.ptr, &events), FIELD_STATE,
                    cases[i].expected);
        event_list_free(&events);
    }
}

static void a_kind_is_a_constant_when_it_is_one_and_else_a_path(void **state)
{
    struct event_list events;

    assert_int_equal(
        configured_load(*state, "- {webhook: generic, token: t, map: {kind: what.kind}}"), RC_OK);
    assert_text(read_events(*state, "generic", "{\"what\":{\"kind\":\"alert\"}}", &events),
                FIELD_KIND, "alert");
    event_list_free(&events);
    /* no kind of ours, or one that only Vedette may use */
    assert_text(read_events(*state, "generic", "{\"what\":{\"kind\":\"party\"}}", &events),
                FIELD_KIND, NULL);
    event_list_free(&events);
    assert_text(read_events(*state, "generic", "{\"what\":{\"kind\":\"vedette.signal\"}}", &events),
                FIELD_KIND, NULL);
    event_list_free(&events);
}

static void a_type_of_vedettes_own_is_dropped(void **state)
{
    struct event_list events;

    assert_int_equal(configured_load(*state, "- {webhook: generic, token: t, map: {type: t}}"),
                     RC_OK);
    assert_text(read_events(*state, "generic", "{\"t\":\"vedette.decision\"}", &events), FIELD_TYPE,
                NULL);
    assert_int_equal(events.items[0].door, DOOR_DATA);
    event_list_free(&events);
    assert_text(read_events(*state, "generic", "{\"t\":\"shop.order\"}", &events), FIELD_TYPE,
                "shop.order");
    event_list_free(&events);
}

static void an_array_is_an_event_for_each_element(void **state)
{
    struct configured *configured = *state;
    struct event_list events;

    assert_int_equal(configured_load(configured, deploys), RC_OK);
    (void)read_events(configured, "deploys",
                      "[{\"app\":{\"name\":\"a\"}},{\"app\":{\"name\":\"b\"}},7,null]", &events);
    assert_int_equal(events.n_items, 4);
    assert_text(&events.items[0], FIELD_SERVICE, "a");
    assert_text(&events.items[1], FIELD_SERVICE, "b");
    assert_text(&events.items[2], FIELD_SERVICE, NULL);
    assert_true(slice_eq(event_get(&events.items[1], SLICE("data.app.name"), configured->arena),
                         SLICE("b")));
    event_list_free(&events);
    (void)read_events(configured, "deploys", "[]", &events);
    assert_int_equal(events.n_items, 1);
    event_list_free(&events);
}

static void a_constant_stands_for_whatever_the_sender_says(void **state)
{
    struct event_list events;
    const struct event *event;

    assert_int_equal(configured_load(*state, "- {webhook: generic, token: t, service: shop, kind: "
                                             "alert, map: {service: s}}"),
                     RC_OK);
    event = read_events(*state, "generic", "{\"s\":\"other\"}", &events);
    assert_text(event, FIELD_SERVICE, "shop");
    assert_text(event, FIELD_KIND, "alert");
    event_list_free(&events);
}

static void without_a_map_the_payload_is_all_there_is(void **state)
{
    struct event_list events;
    const struct event *event;

    assert_int_equal(configured_load(*state, "- {webhook: generic, name: raw, token: t}"), RC_OK);
    event = read_events(*state, "raw", "{\"kind\":\"alert\"}", &events);
    assert_text(event, FIELD_KIND, NULL);
    assert_text(event, FIELD_STATE, NULL);
    assert_text(event, FIELD_TYPE, "generic.raw");
    assert_text(event, FIELD_SUBJECT, "watcher=raw");
    assert_int_equal(event->time_ms, RECEIVED_MS);
    event_list_free(&events);
}

#define CONFIGURED_TEST(name)                                                                      \
    cmocka_unit_test_setup_teardown(name, configured_set_up, configured_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIGURED_TEST(mapped_paths_become_fields),
        CONFIGURED_TEST(words_mean_what_the_configuration_says_else_what_is_usual),
        CONFIGURED_TEST(a_kind_is_a_constant_when_it_is_one_and_else_a_path),
        CONFIGURED_TEST(a_type_of_vedettes_own_is_dropped),
        CONFIGURED_TEST(an_array_is_an_event_for_each_element),
        CONFIGURED_TEST(a_constant_stands_for_whatever_the_sender_says),
        CONFIGURED_TEST(without_a_map_the_payload_is_all_there_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
