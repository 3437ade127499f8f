#include "tests/unit/configured.h"

#include "src/base/clock.h"
#include "watchers/webhook.h"

#define NOW_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */

static const char doors[] =
    "- webhook: standard-webhooks\n"
    "  name: billing\n"
    "  secret: whsec_c2VjcmV0IG9mIG91cnM=\n"
    "  map: {kind: alert, state: type, service: data.plan, title: data.note}\n"
    "  states: {failing: [charge.declined], ok: [charge.settled]}\n"
    "- webhook: standard-webhooks\n"
    "  name: plain\n"
    "  public_key: whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n";

static const char declined[] =
    "{\"type\":\"charge.declined\",\"timestamp\":\"2026-11-21T08:04:00Z\","
    "\"data\":{\"plan\":\"gold\",\"note\":\"card 7 refused\"}}";

static int set_up(void **state)
{
    (void)configured_set_up(state);
    assert_int_equal(configured_load(*state, doors), RC_OK);
    return 0;
}

static const struct event *read_event(struct configured *configured, const char *watcher,
                                      const char *body, struct event_list *events)
{
    const struct journal_entry entry = { .door = DOOR_DATA,
                                         .watcher = slice_of(watcher),
                                         .received_ms = NOW_MS,
                                         .body = slice_of(body) };

    assert_int_equal(watchers_events(configured->watchers, &entry, configured->arena, events),
                     RC_OK);
    assert_int_equal(events->n_items, 1);
    return events->items;
}

static void assert_text(const struct event *event, enum event_field field, const char *expected)
{
    if (!slice_eq(event->fields[field], slice_of(expected)))
        fail_msg("%s is %.*s, not %s", event_field_names[field], SLICE_ARG(event->fields[field]),
                 expected ? expected : "absent");
}

static void the_envelope_says_type_and_time_and_the_map_what_stands_in_data(void **state)
{
    struct event_list events;
    const struct event *event = read_event(*state, "billing", declined, &events);

    assert_text(event, FIELD_SOURCE, "standard-webhooks");
    assert_text(event, FIELD_TYPE, "standard-webhooks.charge.declined");
    assert_text(event, FIELD_KIND, "alert");
    assert_text(event, FIELD_STATE, "failing");
    assert_text(event, FIELD_SERVICE, "gold");
    assert_text(event, FIELD_TITLE, "card 7 refused");
    assert_text(event, FIELD_SUBJECT, "kind=alert service=gold");
    assert_int_equal(event->time_ms, NOW_MS - MINUTE_MS);
    assert_true(slice_is_absent(event->drift));
    event_list_free(&events);
}

static void what_ends_a_condition_has_its_subject_though_its_type_is_another(void **state)
{
    struct event_list events;
    const struct event *event = read_event(
        *state, "billing", "{\"type\":\"charge.settled\",\"data\":{\"plan\":\"gold\"}}", &events);

    assert_text(event, FIELD_STATE, "ok");
    assert_text(event, FIELD_SUBJECT, "kind=alert service=gold");
    assert_int_equal(event->time_ms, NOW_MS);
    event_list_free(&events);
}

static void without_a_map_an_event_is_information_about_its_watcher(void **state)
{
    struct event_list events;
    const struct event *event = read_event(*state, "plain", declined, &events);

    assert_text(event, FIELD_TYPE, "standard-webhooks.charge.declined");
    assert_text(event, FIELD_KIND, NULL);
    assert_text(event, FIELD_STATE, "info");
    assert_text(event, FIELD_SUBJECT, "watcher=plain");
    event_list_free(&events);
}

static void a_payload_without_a_type_is_an_event_that_drifted(void **state)
{
    struct event_list events;

    assert_text(read_event(*state, "plain", "{\"data\":[]}", &events), FIELD_TYPE,
                "standard-webhooks.unknown");
    assert_true(slice_eq(events.items[0].drift, SLICE("no `type`")));
    event_list_free(&events);
    assert_text(read_event(*state, "plain", "{\"type\":\"a b\"}", &events), FIELD_TYPE,
                "standard-webhooks.unknown");
    event_list_free(&events);
}

static struct webhook_answer receive(struct configured *configured, const struct header *headers,
                                     size_t n_headers)
{
    const struct webhook_request request = { .headers = headers,
                                             .n_headers = n_headers,
                                             .content_type = SLICE("application/json"),
                                             .body = slice_of(declined),
                                             .received_ms = NOW_MS,
                                             .real_ms = NOW_MS };
    struct webhook_answer answer;

    assert_int_equal(webhook_receive(watchers_find_webhook(configured->watchers, SLICE("billing")),
                                     &request, configured->arena, &answer),
                     RC_OK);
    return answer;
}

static void h14_a_delivery_is_signed_with_its_id_which_is_its_name(void **state)
{
    struct configured *configured = *state;
    struct webhook_answer answer;
    struct header *headers;
    size_t n_headers;

    assert_int_equal(webhook_sign(watchers_find_webhook(configured->watchers, SLICE("billing")),
                                  (struct slice){ 0 }, SLICE("msg_own"), slice_of(declined), NOW_MS,
                                  configured->arena, &headers, &n_headers),
                     RC_OK);
    answer = receive(configured, headers, n_headers);
    assert_int_equal(answer.status, 0);
    assert_true(slice_eq(answer.entry.delivery_id, SLICE("msg_own")));
    for (size_t i = 0; i < n_headers; i++) {
        if (slice_eq(headers[i].name, SLICE("webhook-id")))
            headers[i].value = SLICE("msg_other");
    }
    assert_int_equal(receive(configured, headers, n_headers).status, 401);
}

static void h14_a_key_of_one_scheme_is_refused_for_the_other(void **state)
{
    struct configured *configured = *state;

    watchers_free(configured->watchers);
    assert_int_equal(
        configured_load(configured, "- {webhook: standard-webhooks, secret: 'no base64'}"),
        RC_INVALID);
    assert_int_equal(
        configured_load(configured, "- {webhook: standard-webhooks, public_key: whpk_c2hvcnQ=}"),
        RC_INVALID);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, configured_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_envelope_says_type_and_time_and_the_map_what_stands_in_data),
        TEST(what_ends_a_condition_has_its_subject_though_its_type_is_another),
        TEST(without_a_map_an_event_is_information_about_its_watcher),
        TEST(a_payload_without_a_type_is_an_event_that_drifted),
        TEST(h14_a_delivery_is_signed_with_its_id_which_is_its_name),
        TEST(h14_a_key_of_one_scheme_is_refused_for_the_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
