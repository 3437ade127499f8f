#include "tests/unit/configured.h"

#include "src/base/clock.h"
#include "watchers/senders/cloudevents_binary.h"
#include "watchers/webhook.h"

#include <stdio.h>

#define NOW_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */
#define MAX_HEADERS 12

static const char doors[] =
    "- webhook: cloudevents\n"
    "  name: events\n"
    "  token: ours\n"
    "  map: {kind: alert, state: data.status, service: data.app.name, severity: level}\n"
    "  states: {failing: [broken], ok: [mended]}\n"
    "  handshake: {origins: [events.example.com]}\n"
    "- {webhook: cloudevents, name: bare, token: ours}\n"
    "- {webhook: cloudevents, name: open, token: ours, handshake: {origins: ['*']}}\n";

#define ATTRIBUTES                                                                                 \
    "\"specversion\":\"1.0\",\"id\":\"e-7\",\"source\":\"/plants/north\",\"type\":\"plant.pump\"," \
    "\"subject\":\"pump-3\",\"time\":\"2026-11-21T08:04:00Z\",\"level\":\"page\""
#define DATA "{\"status\":\"broken\",\"app\":{\"name\":\"pumps\"}}"

static const char structured[] = "{" ATTRIBUTES ",\"data\":" DATA "}";

/* "Name: value"; ended by NULL. */
static const char *const binary[] = { "CE-SpecVersion: 1.0",      "ce-id: e-7",
                                      "ce-source: /plants/north", "ce-type: plant.pump",
                                      "ce-subject: pump-3",       "ce-time: 2026-11-21T08:04:00Z",
                                      "ce-level: page",           NULL };

static int set_up(void **state)
{
    (void)configured_set_up(state);
    assert_int_equal(configured_load(*state, doors), RC_OK);
    return 0;
}

static const struct webhook *door(struct configured *configured, const char *name)
{
    return watchers_find_webhook(configured->watchers, slice_of(name));
}

static struct webhook_answer receive(struct configured *configured, const char *const *lines,
                                     const char *type, const char *body)
{
    struct header headers[MAX_HEADERS] = { { SLICE("Authorization"), SLICE("Bearer ours") } };
    struct webhook_request request = { .headers = headers,
                                       .n_headers = 1,
                                       .content_type = slice_of(type),
                                       .body = slice_of(body),
                                       .received_ms = NOW_MS,
                                       .real_ms = NOW_MS };
    struct webhook_answer answer;

    for (; lines && *lines; lines++) {
        struct slice value = slice_of(*lines);

        headers[request.n_headers].name = slice_cut(&value, ':');
        headers[request.n_headers++].value = slice_trim(value);
    }
    assert_int_equal(
        webhook_receive(door(configured, "events"), &request, configured->arena, &answer), RC_OK);
    return answer;
}

static void read_events(struct configured *configured, const struct webhook_answer *answer,
                        struct event_list *events)
{
    assert_int_equal(answer->status, 0);
    assert_int_equal(
        watchers_events(configured->watchers, &answer->entry, configured->arena, events), RC_OK);
}

static void assert_text(const struct event *event, enum event_field field, const char *expected)
{
    if (!slice_eq(event->fields[field], slice_of(expected)))
        fail_msg("%s is %.*s, not %s", event_field_names[field], SLICE_ARG(event->fields[field]),
                 expected ? expected : "absent");
}

static void assert_data(struct configured *configured, const struct event *event, const char *path,
                        const char *expected)
{
    struct slice value = event_get(event, slice_of(path), configured->arena);

    if (!slice_eq(value, slice_of(expected)))
        fail_msg("%s is %.*s, not %s", path, SLICE_ARG(value), expected);
}

static void assert_is_the_pump(struct configured *configured, const struct event *event)
{
    assert_text(event, FIELD_SOURCE, "cloudevents");
    assert_text(event, FIELD_TYPE, "cloudevents.plant.pump");
    assert_text(event, FIELD_KIND, "alert");
    assert_text(event, FIELD_STATE, "failing");
    assert_text(event, FIELD_SERVICE, "pumps");
    assert_text(event, FIELD_SEVERITY, "critical");
    assert_text(event, FIELD_SUBJECT,
                "source=/plants/north subject=pump-3 kind=alert service=pumps");
    assert_int_equal(event->time_ms, NOW_MS - MINUTE_MS);
    assert_data(configured, event, "data.id", "e-7");
    assert_data(configured, event, "data.data.app.name", "pumps");
}

static void an_event_is_the_same_in_binary_and_in_structured_mode(void **state)
{
    struct configured *configured = *state;
    struct webhook_answer answers[2];

    answers[0] = receive(configured, binary, "application/json", DATA);
    answers[1] =
        receive(configured, NULL, "application/cloudevents+json; charset=UTF-8", structured);
    for (size_t i = 0; i < 2; i++) {
        struct event_list events;

        read_events(configured, &answers[i], &events);
        assert_int_equal(events.n_items, 1);
        assert_is_the_pump(configured, events.items);
        assert_true(slice_eq(answers[i].entry.delivery_id, SLICE("/plants/north e-7")));
        assert_int_equal(answers[i].dedup_ms, 7 * DAY_MS);
        event_list_free(&events);
    }
}

static void a_batch_is_an_event_for_each_and_is_named_by_all_of_them(void **state)
{
    static const char two[] =
        "[" /* */ "{" ATTRIBUTES ",\"data\":" DATA "},"
        "{\"specversion\":\"1.0\",\"id\":\"e-8\",\"source\":\"/plants/south\","
        "\"type\":\"plant.fan\",\"data\":{\"status\":\"mended\"}}]";
    static const char spaced[] =
        " [{" ATTRIBUTES ",\"data\":" DATA "}, "
        "{\"specversion\":\"1.0\",\"id\":\"e-8\",\"source\":\"/plants/south\""
        ",\"type\":\"plant.fan\",\"data\":{\"status\":\"mended\"}}]";
    const char *type = "application/cloudevents-batch+json";
    struct configured *configured = *state;
    struct webhook_answer answer = receive(configured, NULL, type, two);
    struct event_list events;

    read_events(configured, &answer, &events);
    assert_int_equal(events.n_items, 2);
    assert_is_the_pump(configured, &events.items[0]);
    assert_text(&events.items[1], FIELD_TYPE, "cloudevents.plant.fan");
    assert_text(&events.items[1], FIELD_STATE, "ok");
    assert_text(&events.items[1], FIELD_SUBJECT, "source=/plants/south kind=alert");
    event_list_free(&events);
    assert_true(slice_eq(answer.entry.delivery_id,
                         receive(configured, NULL, type, spaced).entry.delivery_id));
    assert_false(slice_eq(answer.entry.delivery_id, SLICE("/plants/north e-7")));

    answer = receive(configured, NULL, type, "[]");
    read_events(configured, &answer, &events);
    assert_int_equal(events.n_items, 1);
    assert_text(events.items, FIELD_STATE, "info");
    event_list_free(&events);
}

static void a_long_source_and_id_are_named_by_their_digest(void **state)
{
    static char body[1024];
    struct configured *configured = *state;
    struct webhook_answer answer;

    snprintf(body, sizeof body,
             "{\"specversion\":\"1.0\",\"id\":\"%0300d\",\"source\":\"s\",\"type\":\"t\"}", 7);
    answer = receive(configured, NULL, "application/cloudevents+json", body);
    assert_int_equal(answer.status, 0);
    assert_true(slice_starts(answer.entry.delivery_id, SLICE("events:")));
}

static void a_header_is_unquoted_and_decoded_once(void **state)
{
    static const struct {
        const char *value, *text; /* NULL: refused */
    } cases[] = {
        { "plain", "plain" },
        { "Gr%C3%BC%C3%9Fe%20%F0%9F%9A%80", "Gr\xc3\xbc\xc3\x9f"
                                            "e \xf0\x9f\x9a\x80" },
        { "%e2%9c%93", "\xe2\x9c\x93" },
        { "Gr\xc3\xbc\xc3\x9f"
          "e",
          "Gr\xc3\xbc\xc3\x9f"
          "e" },
        { "50%2525", "50%25" },
        { "50%", "50%" },
        { "50%2", "50%2" },
        { "50%zz", "50%zz" },
        { "\"he \\\"said\\\" so\"", "he \"said\" so" },
        { "\"back\\\\slash\"", "back\\slash" },
        { "\"a%20b\"", "a b" },
        { "\"", "\"" },
        { "\"\"", "" },
        { "", "" },
        { "%C0%A0", NULL },
        { "%ED%A0%80", NULL },
        { "%FF", NULL },
        { "\xff", NULL },
        { "a%00b", NULL },
        { "a%0Ab", NULL },
    };
    struct configured *configured = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice text;
        enum rc rc = cloudevents_header_text(slice_of(cases[i].value), configured->arena, &text);

        print_message("%s\n", cases[i].value);
        assert_int_equal(rc, cases[i].text ? RC_OK : RC_INVALID);
        if (cases[i].text)
            assert_true(text.len == strlen(cases[i].text) &&
                        memcmp(text.ptr, cases[i].text, text.len) == 0);
    }
}

static void data_of_any_json_comes_whole_in_binary_mode(void **state)
{
    static const struct {
        const char *type, *body, *data;
    } cases[] = {
        { "application/json", "[{\"a\":1},2]", "2" },
        { "application/json", "\"text\"", NULL },
        { "application/vnd.acme+json; charset=utf-8", "{\"a\":1}", NULL },
        { NULL, "", NULL },
    };
    struct configured *configured = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct webhook_answer answer = receive(configured, binary, cases[i].type, cases[i].body);
        struct event_list events;

        print_message("%s\n", cases[i].body);
        read_events(configured, &answer, &events);
        assert_int_equal(events.n_items, 1);
        assert_text(events.items, FIELD_TYPE, "cloudevents.plant.pump");
        if (cases[i].data)
            assert_data(configured, events.items, "data.data[1]", cases[i].data);
        event_list_free(&events);
    }
}

static void what_is_no_cloudevent_is_400_and_told_why(void **state)
{
    static const char *const overlong[] = { "ce-specversion: 1.0", "ce-id: %C0%A0", "ce-source: s",
                                            "ce-type: t", NULL };
    static const char *const twice[] = { "ce-specversion: 1.0", "ce-id: a",   "CE-ID: b",
                                         "ce-source: s",        "ce-type: t", NULL };
    static const char *const unnamed[] = { "ce-specversion: 1.0", "ce-source: s", "ce-type: t",
                                           NULL };
    static const char *const older[] = { "ce-specversion: 0.3", "ce-id: a", "ce-source: s",
                                         "ce-type: t", NULL };
    static const struct {
        const char *const *headers;
        const char *type, *body, *says;
    } cases[] = {
        { overlong, "application/json", "{}", "the header ce-id is not UTF-8" },
        { twice, "application/json", "{}", "byte" },
        { unnamed, "application/json", "{}", "a CloudEvent without `id`" },
        { older, "application/json", "{}", "`specversion` 1.0 is understood" },
        { binary, "application/json", "{} x", "the data is not JSON" },
        { binary, "application/json", "1,\"data2\":2", "the data is not JSON" },
        { NULL, "application/json", DATA, "a CloudEvent without `specversion`" },
        { NULL, "application/cloudevents+json",
          "{\"specversion\":\"1.0\",\"id\":\"a\",\"source\":\"s\",\"type\":7}", "without `type`" },
        { NULL, "application/cloudevents+json",
          "{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"s\",\"type\":\"t\"}", "without `id`" },
        { binary, "application/cloudevents+json", DATA, "without `specversion`" },
        { NULL, "application/cloudevents-batch+json", "[{" ATTRIBUTES "},7]",
          "without `specversion`" },
    };
    struct configured *configured = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct webhook_answer answer =
            receive(configured, cases[i].headers, cases[i].type, cases[i].body);
        size_t offset;

        print_message("%s -> %.*s\n", cases[i].body, SLICE_ARG(answer.detail));
        assert_int_equal(answer.status, 400);
        assert_int_equal(slice_find(answer.detail, slice_of(cases[i].says), &offset), RC_OK);
    }
}

static void formats_that_are_not_understood_are_415(void **state)
{
    static const char *const types[] = {
        "application/cloudevents+avro",
        "application/cloudevents-batch+avro",
        "application/cloudevents",
        "application/cloudevents-batch",
        "application/cloudeventsx+json",
        "application/xml",
        "text/plain",
    };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        print_message("%s\n", types[i]);
        assert_int_equal(receive(*state, binary, types[i], structured).status, 415);
    }
}

static int status_with(struct configured *configured, const char *name, const char *authorization,
                       const char *access_token)
{
    const struct header header = { SLICE("Authorization"), slice_of(authorization) };
    const struct webhook_request request = { .headers = &header,
                                             .n_headers = authorization ? 1 : 0,
                                             .content_type = SLICE("application/cloudevents+json"),
                                             .access_token = slice_of(access_token),
                                             .body = slice_of(structured),
                                             .received_ms = NOW_MS,
                                             .real_ms = NOW_MS };
    struct webhook_answer answer;

    assert_int_equal(webhook_receive(door(configured, name), &request, configured->arena, &answer),
                     RC_OK);
    return answer.status;
}

static void h14_the_token_stands_in_the_header_or_in_the_query_and_not_in_both(void **state)
{
    assert_int_equal(status_with(*state, "events", "Bearer ours", NULL), 0);
    assert_int_equal(status_with(*state, "events", NULL, "ours"), 0);
    assert_int_equal(status_with(*state, "events", NULL, "others"), 401);
    assert_int_equal(status_with(*state, "events", NULL, ""), 401);
    assert_int_equal(status_with(*state, "events", NULL, NULL), 401);
    assert_int_equal(status_with(*state, "events", "Bearer ours", "ours"), 401);
    /* of senders that do not say so, no token in the query is looked at */
    assert_int_equal(configured_load(*state, "- {webhook: generic, token: ours}"), RC_OK);
    assert_int_equal(status_with(*state, "generic", NULL, "ours"), 401);
    assert_int_equal(status_with(*state, "generic", "Bearer ours", "others"), 0);
}

static void consent_is_given_to_the_origins_that_were_configured(void **state)
{
    static const struct {
        const char *door, *origin;
        bool expected;
    } cases[] = {
        { "events", "events.example.com", true },
        { "events", "Events.Example.com", true },
        { "events", "other.example.com", false },
        { "events", "", false },
        { "events", NULL, false },
        { "bare", "events.example.com", false },
        { "open", "other.example.com", true },
        { "open", NULL, false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(webhook_consents(door(*state, cases[i].door), slice_of(cases[i].origin)),
                         cases[i].expected);
}

static void a_handshake_without_origins_is_no_configuration(void **state)
{
    assert_int_equal(configured_load(*state, "- {webhook: cloudevents, token: t, handshake: {}}"),
                     RC_INVALID);
    assert_int_equal(
        configured_load(*state, "- {webhook: cloudevents, token: t, handshake: {origin: a}}"),
        RC_INVALID);
    assert_int_equal(configured_load(*state, "- {webhook: cloudevents, token: t, map: [a]}"),
                     RC_INVALID);
}

static void what_is_made_to_be_sent_is_taken(void **state)
{
    struct configured *configured = *state;
    struct header *headers;
    size_t n_headers;

    assert_int_equal(webhook_sign(door(configured, "events"), (struct slice){ 0 },
                                  (struct slice){ 0 }, slice_of(structured), NOW_MS,
                                  configured->arena, &headers, &n_headers),
                     RC_OK);
    assert_int_equal(n_headers, 2);
    assert_true(slice_eq(headers[1].value, SLICE("application/cloudevents+json")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, configured_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_event_is_the_same_in_binary_and_in_structured_mode),
        TEST(a_batch_is_an_event_for_each_and_is_named_by_all_of_them),
        TEST(a_long_source_and_id_are_named_by_their_digest),
        TEST(a_header_is_unquoted_and_decoded_once),
        TEST(data_of_any_json_comes_whole_in_binary_mode),
        TEST(what_is_no_cloudevent_is_400_and_told_why),
        TEST(formats_that_are_not_understood_are_415),
        TEST(h14_the_token_stands_in_the_header_or_in_the_query_and_not_in_both),
        TEST(consent_is_given_to_the_origins_that_were_configured),
        TEST(a_handshake_without_origins_is_no_configuration),
        TEST(what_is_made_to_be_sent_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
