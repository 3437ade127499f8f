#include "tests/unit/configured.h"

#include "src/base/clock.h"
#include "watchers/senders/sender.h"
#include "watchers/webhook.h"

static void a_list_of_webhooks_is_read_with_its_defaults(void **state)
{
    struct configured *configured = *state;
    const struct webhook *hook;

    assert_int_equal(
        configured_load(configured,
                        "- {webhook: github, secret: s}\n"
                        "- {webhook: generic, name: deploys, token: t, lateness: 1h}\n"),
        RC_OK);
    assert_int_equal(watchers_count(configured->watchers), 2);
    hook = watchers_find_webhook(configured->watchers, SLICE("deploys"));
    assert_non_null(hook);
    assert_ptr_equal(hook, watchers_webhook_at(configured->watchers, 1));
    assert_true(slice_eq(webhook_name(hook), SLICE("deploys")));
    assert_true(slice_eq(webhook_sender(hook), SLICE("generic")));
    assert_null(watchers_find_webhook(configured->watchers, SLICE("generic")));
    assert_null(watchers_webhook_at(configured->watchers, 2));
    assert_int_equal(watchers_lateness_ms(configured->watchers, SLICE("deploys")), HOUR_MS);
    assert_int_equal(watchers_lateness_ms(configured->watchers, SLICE("github")), 5 * MINUTE_MS);
    assert_int_equal(watchers_lateness_ms(configured->watchers, SLICE("gone")), 5 * MINUTE_MS);
}

static void no_list_is_no_watchers(void **state)
{
    struct configured *configured = *state;

    assert_int_equal(watchers_load(NULL, SLICE("/"), true, configured->arena, configured->problems,
                                   &configured->watchers),
                     RC_OK);
    assert_int_equal(watchers_count(configured->watchers), 0);
    assert_false(watchers_may_yield(configured->watchers, SLICE("ci.run")));
}

static void h14_a_door_that_anybody_could_use_is_refused(void **state)
{
    static const char *const lists[] = {
        "- {webhook: github}",
        "- {webhook: generic, name: x}",
        "- {webhook: github, secret: \"\"}",
        "- {webhook: github, secret: []}",
        "- {webhook: alertmanager, token: [\"\", x]}",
        "- {webhook: generic, token_file: not-there}",
        "- {webhook: generic, token: '${VEDETTE_TEST_NOT_SET}'}",
    };

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        print_message("%s\n", lists[i]);
        assert_int_equal(configured_load(*state, lists[i]), RC_INVALID);
    }
}

static void wrong_members_are_told_with_what_is_allowed(void **state)
{
    static const struct {
        const char *list;
        const char *says;
    } cases[] = {
        { "webhook: github", "`watchers` must be a list, not a map" },
        { "- github", "a watcher is a map" },
        { "- {name: x}", "a watcher says what it watches" },
        { "- {webhook: gihub, secret: s}", "unknown sender `gihub`; did you mean `github`?" },
        { "- {webhook: [github], secret: s}", "`webhook` must name its sender" },
        { "- {webhook: github}", "a github webhook needs `secret_file`: without it" },
        { "- {webhook: generic}",
          "needs `token_file`, `basic_file`, `secret_file` or `stripe_secret_file`" },
        { "- {webhook: github, token: t}", "token" },
        { "- {webhook: generic, token: t, secret: s}", "two ways to prove the same" },
        { "- {webhook: github, secret: s, name: Hub}", "`name` must be lower-case letters" },
        { "- {webhook: github, secret: s, name: -x}", "`name` must be lower-case letters" },
        { "- {webhook: github, secret: s, name: a/b}", "`name` must be lower-case letters" },
        { "- {webhook: github, secret: s, name: "
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}",
          "`name` must be lower-case letters" },
        { "- {webhook: github, secret: s}\n- {webhook: github, secret: s}",
          "two watchers are called `github`" },
        { "- {webhook: github, secret: s, max_bdoy: 1MB}", "max_bdoy" },
        { "- {webhook: github, secret: s, map: {kind: alert}}", "map" },
        { "- {webhook: github, secret: s, max_body: 1000}", "max_body" },
        { "- {webhook: github, secret: s, severity: bad}", "`severity` must be low, medium" },
        { "- {webhook: github, secret: s, state: red}", "`state` must be failing, ok or info" },
        { "- {webhook: github, secret: s, kind: vedette.signal}",
          "`vedette.` is what Vedette says" },
        { "- {webhook: github, secret: s, type: vedette.result}",
          "`vedette.` is what Vedette says" },
        { "- {webhook: generic, token: t, map: [a]}", "`map` must be a map of fields and paths" },
        { "- {webhook: generic, token: t, map: {sevice: a}}", "did you mean `service`?" },
        { "- {webhook: generic, token: t, map: {watcher: a}}", "unknown field `watcher`" },
        { "- {webhook: generic, token: t, map: {service: [a]}}", "must be the path of a member" },
        { "- {webhook: generic, token: t, map: {service: 'a..b'}}", "`a..b` is no path" },
        { "- {webhook: generic, token: t, states: {faling: [x]}}", "faling" },
    };
    struct configured *configured = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer text;
        size_t offset;

        print_message("%s\n", cases[i].list);
        problems_free(configured->problems);
        assert_int_equal(problems_new(&configured->problems), RC_OK);
        assert_int_equal(configured_load(configured, cases[i].list), RC_INVALID);
        buffer_init(&text, 0);
        problems_format(configured->problems, &text);
        if (slice_find(buffer_slice(&text), slice_of(cases[i].says), &offset) != RC_OK)
            fail_msg("said: %.*s", SLICE_ARG(buffer_slice(&text)));
        buffer_free(&text);
    }
}

static void what_this_version_does_not_watch_is_a_warning(void **state)
{
    static const struct {
        const char *list;
        const char *says;
    } cases[] = {
        { "- {clock: {cron: x}, name: x}", "warning: this version has no clock watcher yet" },
        { "- {poll: https://x, name: x}", "warning: this version has no poll watcher yet" },
        { "- {inbox: imaps://x, name: x}", "warning: this version has no inbox watcher yet" },
    };
    struct configured *configured = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer text;
        size_t offset;

        print_message("%s\n", cases[i].list);
        problems_clear(configured->problems);
        assert_int_equal(configured_load(configured, cases[i].list), RC_OK);
        buffer_init(&text, 0);
        problems_format(configured->problems, &text);
        if (slice_find(buffer_slice(&text), slice_of(cases[i].says), &offset) != RC_OK)
            fail_msg("said: %.*s", SLICE_ARG(buffer_slice(&text)));
        buffer_free(&text);
    }
}

static void one_run_shows_the_problems_of_every_watcher(void **state)
{
    struct configured *configured = *state;

    assert_int_equal(configured_load(configured, "- {webhook: github}\n"
                                                 "- {webhook: generic, token: t}\n"
                                                 "- {webhook: gihub, token: t}\n"),
                     RC_INVALID);
    assert_int_equal(problems_count(configured->problems, PROBLEM_ERROR), 2);
}

static void a_rule_is_in_vain_when_no_watcher_can_yield_what_it_asks_for(void **state)
{
    static const struct {
        const char *kind_or_type;
        bool expected;
    } cases[] = {
        { "ci.run", true },
        { "ci.*", true },
        { "*", true },
        { "github.workflow_run", true },
        { "github.workflow_rum", false },
        { "github.*", true },
        { "git*", true },
        { "deploy", true },
        { "alert", false },
        { "alertmanager.alert", false },
        { "gitlab.*", false },
        { "generic.deploys", true },
        { "generic.*", true },
        { "generic", false },
        { "message", false },
        { "vedette.signal", true },
        { "vedette.singal", false },
    };
    struct configured *configured = *state;

    assert_int_equal(
        configured_load(configured,
                        "- {webhook: github, secret: s}\n"
                        "- {webhook: generic, name: deploys, token: t, kind: deploy}\n"),
        RC_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].kind_or_type);
        assert_int_equal(watchers_may_yield(configured->watchers, slice_of(cases[i].kind_or_type)),
                         cases[i].expected);
    }
}

static void what_came_by_a_watcher_that_is_gone_keeps_its_payload(void **state)
{
    struct configured *configured = *state;
    const struct journal_entry entry = { .door = DOOR_DATA,
                                         .watcher = SLICE("gone"),
                                         .received_ms = DAY_MS,
                                         .body = SLICE("{\"a\":\"b\"}") };
    struct event_list events;

    assert_int_equal(configured_load(configured, "[]"), RC_OK);
    assert_int_equal(watchers_events(configured->watchers, &entry, configured->arena, &events),
                     RC_OK);
    assert_int_equal(events.n_items, 1);
    assert_true(slice_is_absent(events.items[0].fields[FIELD_KIND]));
    assert_true(slice_eq(events.items[0].fields[FIELD_WATCHER], SLICE("gone")));
    assert_true(
        slice_eq(event_get(&events.items[0], SLICE("data.a"), configured->arena), SLICE("b")));
    event_list_free(&events);
}

static void a_body_that_is_no_json_after_all_is_told(void **state)
{
    struct configured *configured = *state;
    const struct journal_entry entry = { .watcher = SLICE("x"), .body = SLICE("{\"a\":") };
    struct event_list events;

    assert_int_equal(configured_load(configured, "[]"), RC_OK);
    assert_int_equal(watchers_events(configured->watchers, &entry, configured->arena, &events),
                     RC_INVALID);
    event_list_free(&events);
}

static void h14_a_door_for_recorded_deliveries_lets_no_request_in(void **state)
{
    struct configured *configured = *state;
    const struct header header = { SLICE("Authorization"), SLICE("Bearer ") };
    const struct webhook_request request = { .headers = &header,
                                             .n_headers = 1,
                                             .content_type = SLICE("application/json"),
                                             .body = SLICE("{}") };

    assert_int_equal(watchers_of_senders(configured->arena, &configured->watchers), RC_OK);
    for (size_t i = 0; sender_at(i); i++) {
        const struct webhook *hook = watchers_webhook_at(configured->watchers, i);
        struct webhook_answer answer;

        assert_true(slice_eq(webhook_name(hook), slice_of(sender_at(i)->name)));
        assert_int_equal(webhook_receive(hook, &request, configured->arena, &answer), RC_OK);
        assert_int_equal(answer.status, 401);
    }
}

static void every_sender_is_known_by_its_name_and_offers_what_it_must(void **state)
{
    size_t n_senders = 0;

    (void)state;
    for (; sender_at(n_senders); n_senders++) {
        const struct sender *sender = sender_at(n_senders);

        assert_string_equal(sender_names()[n_senders], sender->name);
        assert_ptr_equal(sender_find(slice_of(sender->name)), sender);
        assert_non_null(sender->delivery_headers);
        assert_non_null(sender->kept_headers);
        /* A door of its own, or a proof. */
        assert_true(sender->door || sender->schemes[0].name);
        assert_true(sender->max_body_bytes > 0);
        assert_non_null(sender->normalise);
    }
    assert_null(sender_names()[n_senders]);
}

static void a_channel_brings_a_watcher_that_no_webhook_request_reaches(void **state)
{
    struct configured *configured = *state;
    const struct webhook *hook;

    assert_int_equal(configured_load(configured, "- webhook: generic\n  token: t\n"), RC_OK);
    assert_int_equal(watchers_add_channel(configured->watchers, SLICE("chat"), "slack", NULL,
                                          configured->arena, configured->problems),
                     RC_OK);
    hook = watchers_find_webhook(configured->watchers, SLICE("chat"));
    assert_non_null(hook);
    assert_false(webhook_has_door(hook));
    assert_true(webhook_has_door(watchers_webhook_at(configured->watchers, 0)));
    assert_true(watchers_may_yield(configured->watchers, SLICE("message")));
    assert_true(watchers_may_yield(configured->watchers, SLICE("slack.app_mention")));
    assert_int_equal(problems_count(configured->problems, PROBLEM_ERROR), 0);
}

static void a_channels_watcher_takes_nobodys_name(void **state)
{
    struct configured *configured = *state;
    struct node *channel;

    assert_int_equal(configured_load(configured, "- webhook: generic\n  name: slack\n  token: t\n"),
                     RC_OK);
    assert_int_equal(document_parse(SLICE("vedette.yaml"), SLICE("slack: {}\n"), configured->arena,
                                    configured->problems, &channel),
                     RC_OK);
    assert_int_equal(watchers_add_channel(configured->watchers, SLICE("slack"), "slack", channel,
                                          configured->arena, configured->problems),
                     RC_INVALID);
    assert_int_equal(problems_count(configured->problems, PROBLEM_ERROR), 1);
}

static void slack_is_configured_as_a_channel_and_not_as_a_webhook(void **state)
{
    struct configured *configured = *state;
    struct buffer text;

    assert_int_equal(configured_load(configured, "- webhook: slack\n  secret: t\n"), RC_INVALID);
    buffer_init(&text, 0);
    problems_format(configured->problems, &text);
    buffer_add_byte(&text, '\0');
    assert_non_null(strstr(text.ptr, "`channels:`"));
    buffer_free(&text);
}

#define CONFIGURED_TEST(name)                                                                      \
    cmocka_unit_test_setup_teardown(name, configured_set_up, configured_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIGURED_TEST(a_channel_brings_a_watcher_that_no_webhook_request_reaches),
        CONFIGURED_TEST(a_channels_watcher_takes_nobodys_name),
        CONFIGURED_TEST(slack_is_configured_as_a_channel_and_not_as_a_webhook),
        CONFIGURED_TEST(a_list_of_webhooks_is_read_with_its_defaults),
        CONFIGURED_TEST(no_list_is_no_watchers),
        CONFIGURED_TEST(h14_a_door_that_anybody_could_use_is_refused),
        CONFIGURED_TEST(wrong_members_are_told_with_what_is_allowed),
        CONFIGURED_TEST(what_this_version_does_not_watch_is_a_warning),
        CONFIGURED_TEST(one_run_shows_the_problems_of_every_watcher),
        CONFIGURED_TEST(a_rule_is_in_vain_when_no_watcher_can_yield_what_it_asks_for),
        CONFIGURED_TEST(what_came_by_a_watcher_that_is_gone_keeps_its_payload),
        CONFIGURED_TEST(a_body_that_is_no_json_after_all_is_told),
        CONFIGURED_TEST(h14_a_door_for_recorded_deliveries_lets_no_request_in),
        CONFIGURED_TEST(every_sender_is_known_by_its_name_and_offers_what_it_must),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
