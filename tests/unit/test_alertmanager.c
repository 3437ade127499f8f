#include "tests/unit/recorded.h"
#include "tests/unit/sender_door.h"

static const struct event_list *read_alerts(struct recorded *recorded, struct slice body)
{
    return recorded_read(recorded, "alertmanager", NULL, NULL, body);
}

static const struct event *read_one(struct recorded *recorded, const char *body)
{
    const struct event_list *events = read_alerts(recorded, slice_of(body));

    assert_int_equal(events->n_items, 1);
    return &events->items[0];
}

static void every_alert_of_a_group_is_an_event(void **state)
{
    const struct event_list *events = read_alerts(*state, recorded_fixture("group.mixed.json"));
    const struct event *firing = &events->items[0], *resolved = &events->items[1];

    assert_int_equal(events->n_items, 3);
    assert_field(firing, FIELD_TYPE, "alertmanager.alert");
    assert_field(firing, FIELD_KIND, "alert");
    assert_field(firing, FIELD_STATE, "failing");
    assert_field(firing, FIELD_SEVERITY, "critical");
    assert_field(firing, FIELD_TITLE, "The disk of db-1 is full");
    assert_field(firing, FIELD_TEXT, "98 % used");
    assert_field(firing, FIELD_SERVICE, "shop");
    assert_field(firing, FIELD_HOST, "db-1:9100");
    assert_field(firing, FIELD_ENVIRONMENT, "production");
    assert_field(firing, FIELD_URL, "https://prometheus.acme.example/graph?g0=1");
    assert_field(firing, FIELD_SUBJECT, "alertname=DiskFull fingerprint=aa00bb11cc22dd33");
    assert_field(resolved, FIELD_STATE, "ok");
    assert_field(resolved, FIELD_SEVERITY, "medium");
    assert_field(resolved, FIELD_TITLE, "Slow");
    assert_field(resolved, FIELD_URL, NULL);
    assert_field(&events->items[2], FIELD_SERVICE, "batch");
    assert_field(&events->items[2], FIELD_SEVERITY, NULL);
    assert_int_equal(ulid_compare(ulid_plus(firing->id, 1), resolved->id), 0);
}

static void data_is_the_alert_and_what_stood_around_it(void **state)
{
    struct recorded *recorded = *state;
    const struct event_list *events = read_alerts(recorded, recorded_fixture("group.mixed.json"));
    const struct event *event = &events->items[1];

    assert_true(
        slice_eq(event_get(event, SLICE("data.labels.alertname"), recorded->arena), SLICE("Slow")));
    assert_true(slice_eq(event_get(event, SLICE("data.batch.receiver"), recorded->arena),
                         SLICE("vedette")));
    assert_true(
        slice_is_absent(event_get(event, SLICE("data.batch.alerts[0].status"), recorded->arena)));
}

/* Firing since 07:00 and said at 08:05: a repeat. What began or ended within the minute is news. */
static void a_state_said_long_after_it_began_is_a_repeat(void **state)
{
    static const struct {
        const char *body;
        int64_t time_ms;
        bool is_repeat;
    } alerts[] = {
        { "{\"alerts\":[{\"status\":\"firing\",\"startsAt\":\"2026-11-21T08:04:30Z\"}]}",
          RECEIVED_MS - 30 * SECOND_MS, false },
        { "{\"alerts\":[{\"status\":\"firing\",\"startsAt\":\"2026-11-21T08:04:00Z\"}]}",
          RECEIVED_MS - MINUTE_MS, false },
        { "{\"alerts\":[{\"status\":\"firing\",\"startsAt\":\"2026-11-21T07:05:00Z\"}]}",
          RECEIVED_MS - HOUR_MS, true },
        /* when it is over, its end counts; while it fires, endsAt is a time-out */
        { "{\"alerts\":[{\"status\":\"resolved\",\"startsAt\":\"2026-11-21T07:05:00Z\",\"endsAt\":"
          "\"2026-11-21T08:04:59Z\"}]}",
          RECEIVED_MS - SECOND_MS, false },
        { "{\"alerts\":[{\"status\":\"firing\",\"startsAt\":\"2026-11-21T08:05:00Z\",\"endsAt\":"
          "\"2026-11-21T08:09:00Z\"}]}",
          RECEIVED_MS, false },
        { "{\"alerts\":[{\"status\":\"resolved\",\"endsAt\":\"0001-01-01T00:00:00Z\"}]}",
          RECEIVED_MS, false },
    };

    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++) {
        const struct event *event = read_one(*state, alerts[i].body);

        print_message("%s\n", alerts[i].body);
        assert_int_equal(event->time_ms, alerts[i].time_ms);
        assert_int_equal(event->is_repeat, alerts[i].is_repeat);
    }
}

static void without_a_fingerprint_the_labels_name_the_alert(void **state)
{
    const char *expected = "alertname=Down env=\"a b\" instance=x";

    assert_field(read_one(*state,
                          "{\"version\":\"3\",\"groupKey\":5615590933959184469,\"alerts\":[{"
                          "\"status\":\"firing\",\"labels\":{\"instance\":\"x\","
                          "\"alertname\":\"Down\",\"env\":\"a b\"}}]}"),
                 FIELD_SUBJECT, expected);
    assert_field(read_one(*state,
                          "{\"version\":\"4\",\"alerts\":[{\"status\":\"resolved\",\"labels\":{"
                          "\"env\":\"a b\",\"alertname\":\"Down\",\"instance\":\"x\"}}]}"),
                 FIELD_SUBJECT, expected);
}

static void h13_a_group_key_keeps_its_digits(void **state)
{
    struct recorded *recorded = *state;
    const struct event *event =
        read_one(recorded, "{\"groupKey\":5615590933959184469,\"alerts\":[{}]}");

    assert_true(slice_eq(event_get(event, SLICE("data.batch.groupKey"), recorded->arena),
                         SLICE("5615590933959184469")));
}

static void an_alert_of_the_wrong_shape_is_still_an_event(void **state)
{
    static const char *const bodies[] = {
        "{\"alerts\":[null]}",
        "{\"alerts\":[[1,2]]}",
        "{\"alerts\":[\"firing\"]}",
        ("{\"alerts\":[{\"status\":{},\"labels\":[],\"annotations\":7,\"startsAt\":[],"
         "\"fingerprint\":{}}]}"),
        "{\"alerts\":[{\"labels\":{\"alertname\":null,\"severity\":1}}],\"status\":true}",
        "{\"alerts\":[{\"batch\":1}]}",
    };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const struct event *event = read_one(*state, bodies[i]);

        print_message("%s\n", bodies[i]);
        assert_field(event, FIELD_KIND, "alert");
        assert_field(event, FIELD_STATE, "info");
        assert_non_null(json_get_text(event->data, "batch"));
    }
}

static void what_an_alert_lacks_is_told_as_drift(void **state)
{
    static const struct {
        const char *body, *drift;
    } cases[] = {
        { "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"Down\"}}]}", NULL },
        { "{\"alerts\":[{\"status\":\"firing\",\"fingerprint\":\"f1\"}]}", NULL },
        { "{\"status\":\"resolved\",\"alerts\":[{\"fingerprint\":\"f1\"}]}", NULL },
        { "{\"alerts\":[{\"status\":\"firing\"}]}", "no `labels`" },
        { "{\"alerts\":[{\"status\":\"firing\",\"labels\":{}}]}", "no `labels`" },
        { "{\"alerts\":[{\"status\":\"melting\",\"fingerprint\":\"f1\"}]}",
          "unknown state `melting`" },
        { "{\"alerts\":[{}]}", "no `status`, no `labels`" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].body);
        assert_true(slice_eq(read_one(*state, cases[i].body)->drift, slice_of(cases[i].drift)));
    }
}

static void a_delivery_without_alerts_is_one_event_about_none(void **state)
{
    static const char *const bodies[] = { "{}", "{\"alerts\":[]}", "{\"alerts\":{\"a\":1}}" };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const struct event *event = read_one(*state, bodies[i]);

        assert_field(event, FIELD_TYPE, "alertmanager.notification");
        assert_field(event, FIELD_KIND, NULL);
    }
}

/* Ten thousand alerts with a megabyte around them would be ten gigabytes. */
static void copies_of_the_batch_are_bounded(void **state)
{
    struct recorded *recorded = *state;
    struct buffer body;
    const struct event_list *events;

    buffer_init(&body, 0);
    buffer_add_text(&body, "{\"receiver\":\"");
    for (size_t i = 0; i < 100000; i++)
        buffer_add_text(&body, "0123456789");
    buffer_add_text(&body, "\",\"alerts\":[{}");
    for (size_t i = 1; i < 9999; i++)
        buffer_add_text(&body, ",{}");
    buffer_add_text(&body, "]}");
    events = read_alerts(recorded, buffer_slice(&body));
    assert_int_equal(events->n_items, 9999);
    assert_true(
        slice_eq(event_get(&events->items[9998], SLICE("data.batch.omitted"), recorded->arena),
                 SLICE("true")));
    buffer_free(&body);
}

/* `http_headers` of its http_config. */
static void h14_a_header_of_the_receiver_carries_the_token(void **state)
{
    static const struct door_attempt attempts[] = {
        { "a token", "alertmanager", { { "X-Key", "t0ken" } }, "{}" },
        { "another token", "alertmanager", { { "X-Key", "t0kem" } }, "{}", .status = 401 },
        { "as usual",
          "alertmanager",
          { { "Authorization", "Bearer t0ken" } },
          "{}",
          .status = 401 },
    };

    assert_doors(*state, "- {webhook: alertmanager, token: t0ken, token_header: X-Key}\n", attempts,
                 sizeof attempts / sizeof *attempts);
}

#define RECORDED_TEST(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, recorded_set_up, recorded_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDED_TEST(every_alert_of_a_group_is_an_event),
        RECORDED_TEST(data_is_the_alert_and_what_stood_around_it),
        RECORDED_TEST(a_state_said_long_after_it_began_is_a_repeat),
        RECORDED_TEST(without_a_fingerprint_the_labels_name_the_alert),
        RECORDED_TEST(h13_a_group_key_keeps_its_digits),
        RECORDED_TEST(an_alert_of_the_wrong_shape_is_still_an_event),
        RECORDED_TEST(what_an_alert_lacks_is_told_as_drift),
        RECORDED_TEST(a_delivery_without_alerts_is_one_event_about_none),
        RECORDED_TEST(copies_of_the_batch_are_bounded),
        DOOR_TEST(h14_a_header_of_the_receiver_carries_the_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
