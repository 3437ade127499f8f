#include "tests/unit/configured.h"

#include "src/base/clock.h"

#define RECEIVED_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */

static const struct event *read_event(struct configured *configured, const char *body,
                                      struct event_list *events)
{
    const struct journal_entry entry = { .door = DOOR_DATA,
                                         .watcher = SLICE("slack"),
                                         .received_ms = RECEIVED_MS,
                                         .body = slice_of(body) };

    assert_int_equal(configured_load(configured, "[]"), RC_OK);
    assert_int_equal(watchers_add_channel(configured->watchers, SLICE("slack"), "slack", NULL,
                                          configured->arena, configured->problems),
                     RC_OK);
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

static void a_mention_is_a_message_of_who_wrote_it(void **state)
{
    struct event_list events;
    const struct event *event = read_event(
        *state,
        "{\"type\":\"event_callback\",\"event_id\":\"Ev1\",\"event_time\":1795248290,\"event\":{"
        "\"type\":\"app_mention\",\"user\":\"U0JANE\",\"text\":\"<@U0VEDETTE> the shop is "
        "slow\\nsince noon\",\"ts\":\"1795248290.000247\",\"channel\":\"C0OPS\"}}",
        &events);

    assert_text(event, FIELD_TYPE, "slack.app_mention");
    assert_text(event, FIELD_KIND, "message");
    assert_text(event, FIELD_ACTOR, "U0JANE");
    assert_text(event, FIELD_TITLE, "the shop is slow");
    assert_text(event, FIELD_TEXT, "the shop is slow\nsince noon");
    assert_text(event, FIELD_SUBJECT, "channel=C0OPS thread=1795248290.000247");
    assert_text(event, FIELD_STATE, "info");
    assert_int_equal(event->time_ms, RECEIVED_MS - 10 * SECOND_MS);
    event_list_free(&events);
}

static void replies_in_one_thread_are_about_the_same(void **state)
{
    struct event_list events;
    const struct event *event =
        read_event(*state,
                   "{\"event\":{\"type\":\"message\",\"user\":\"U0JOHN\",\"text\":\"on it\","
                   "\"ts\":\"1795248295.000300\",\"thread_ts\":\"1795248290.000247\","
                   "\"channel\":\"C0OPS\"}}",
                   &events);

    assert_text(event, FIELD_TYPE, "slack.message");
    assert_text(event, FIELD_SUBJECT, "channel=C0OPS thread=1795248290.000247");
    assert_text(event, FIELD_TITLE, "on it");
    event_list_free(&events);
}

static void what_lost_its_members_is_still_an_event(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"event\":null}",
        "{\"event\":[1,2]}",
        "{\"event\":{\"type\":{},\"text\":7,\"ts\":\"soon\",\"user\":[]}}",
    };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct event_list events;
        const struct event *event = read_event(*state, bodies[i], &events);

        print_message("%s\n", bodies[i]);
        assert_text(event, FIELD_KIND, "message");
        assert_text(event, FIELD_TYPE, "slack.unknown");
        assert_int_equal(event->time_ms, RECEIVED_MS);
        event_list_free(&events);
    }
}

#define CONFIGURED_TEST(name)                                                                      \
    cmocka_unit_test_setup_teardown(name, configured_set_up, configured_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIGURED_TEST(a_mention_is_a_message_of_who_wrote_it),
        CONFIGURED_TEST(replies_in_one_thread_are_about_the_same),
        CONFIGURED_TEST(what_lost_its_members_is_still_an_event),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
