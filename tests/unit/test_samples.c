#include "tests/unit/configured.h"

#include "src/base/clock.h"
#include "watchers/samples.h"
#include "watchers/senders/sender.h"

#define NOW_MS INT64_C(1795248300123) /* 2026-11-21T08:05:00.123Z */

static const char doors[] =
    "- {webhook: github, secret: s}\n"
    "- {webhook: alertmanager, token: t}\n"
    "- webhook: generic\n"
    "  token: t\n"
    "  map: {kind: deploy, service: app.name, state: status, environment: env, title: message,\n"
    "        id: delivery, time: at}\n"
    "  states: {failing: [failed, error], ok: [succeeded]}\n"
    "- {webhook: azure-devops, basic: 'u:p'}\n"
    "- {webhook: bitbucket, secret: s}\n"
    "- {webhook: buildkite, secret: s}\n"
    "- {webhook: circleci, secret: s}\n"
    "- {webhook: cloudevents, token: t, map: {state: data.status}, states: {failing: [failed]}}\n"
    "- {webhook: datadog, token: t}\n"
    "- {webhook: gitea, secret: s}\n"
    "- {webhook: gitlab, token: t}\n"
    "- {webhook: grafana, secret: s}\n"
    "- {webhook: jenkins, basic: 'u:p'}\n"
    "- {webhook: jira, secret: s}\n"
    "- {webhook: linear, secret: s}\n"
    "- {webhook: newrelic, token: t}\n"
    "- {webhook: opsgenie, token: t}\n"
    "- {webhook: pagerduty, secret: s}\n"
    "- {webhook: sentry, secret: s}\n"
    "- {webhook: standard-webhooks, secret: whsec_c2VjcmV0IG9mIG91cnM=, map: {state: "
    "data.status},\n"
    "   states: {failing: [failed]}}\n"
    "- {webhook: uptimerobot, token: t}\n";

static int set_up(void **state)
{
    (void)configured_set_up(state);
    assert_int_equal(configured_load(*state, doors), RC_OK);
    return 0;
}

static struct slice render(struct configured *configured, const char *name)
{
    const struct sample *sample = sample_find(slice_of(name));
    struct slice body;

    assert_non_null(sample);
    assert_int_equal(sample_render(sample, NOW_MS, configured->arena, &body), RC_OK);
    return body;
}

static void read_sample(struct configured *configured, const char *name, struct event_list *events)
{
    const struct sample *sample = sample_find(slice_of(name));
    const char *event_header = sender_find(slice_of(sample->sender))->event_header;
    struct header header = { slice_of(event_header ? event_header : ""),
                             slice_of(sample->event_type) };
    const struct journal_entry entry = { .door = DOOR_DATA,
                                         .watcher = slice_of(sample->sender),
                                         .received_ms = NOW_MS,
                                         .body = render(configured, name),
                                         .headers = { &header, event_header ? 1 : 0 } };

    assert_int_equal(watchers_events(configured->watchers, &entry, configured->arena, events),
                     RC_OK);
    assert_int_equal(events->n_items, 1);
}

static void every_sample_is_an_event_of_now_that_says_what_its_title_says(void **state)
{
    static const struct {
        const char *name, *kind, *state;
    } expected[] = {
        { "ci-red", "ci.run", "failing" },
        { "ci-green", "ci.run", "ok" },
        { "alert-firing", "alert", "failing" },
        { "alert-resolved", "alert", "ok" },
        { "deploy", "deploy", "ok" },
        { "deploy-failed", "deploy", "failing" },
        { "azure-devops-build-failed", "ci.run", "failing" },
        { "bitbucket-build-failed", "ci.run", "failing" },
        { "buildkite-build-failed", "ci.run", "failing" },
        { "circleci-workflow-failed", "ci.run", "failing" },
        { "cloudevents-failed", NULL, "failing" },
        { "datadog-alert", "alert", "failing" },
        { "gitea-run-failed", "ci.run", "failing" },
        { "gitlab-pipeline-failed", "ci.run", "failing" },
        { "grafana-alert", "alert", "failing" },
        { "jenkins-build-failed", "ci.run", "failing" },
        { "jira-issue", "issue", "info" },
        { "linear-issue", "issue", "info" },
        { "newrelic-issue", "alert", "failing" },
        { "opsgenie-alert", "alert", "failing" },
        { "pagerduty-incident", "alert", "failing" },
        { "sentry-alert", "alert", "failing" },
        { "standard-webhook-failed", NULL, "failing" },
        { "uptimerobot-down", "alert", "failing" },
    };
    size_t n_samples = 0;

    while (sample_at(n_samples))
        n_samples++;
    assert_int_equal(n_samples, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < n_samples; i++) {
        struct event_list events;

        print_message("%s\n", expected[i].name);
        read_sample(*state, expected[i].name, &events);
        assert_string_equal(sample_at(i)->name, expected[i].name);
        assert_true(slice_eq(events.items[0].fields[FIELD_KIND], slice_of(expected[i].kind)));
        assert_true(slice_eq(events.items[0].fields[FIELD_STATE], slice_of(expected[i].state)));
        assert_true(slice_is_absent(events.items[0].drift));
        assert_int_equal(events.items[0].time_ms / SECOND_MS, NOW_MS / SECOND_MS);
        assert_false(events.items[0].is_repeat);
        event_list_free(&events);
    }
}

/* A door of its own, or signed by its sender alone. */
static bool has_no_sample(const struct sender *sender)
{
    return sender->door || slice_eq(slice_of(sender->name), SLICE("travis")) ||
           slice_eq(slice_of(sender->name), SLICE("cloudwatch"));
}

static void every_sender_that_can_be_signed_for_has_a_sample(void **state)
{
    const struct sender *sender;

    (void)state;
    for (size_t i = 0; (sender = sender_at(i)) != NULL; i++) {
        bool is_there = false;

        for (size_t k = 0; sample_at(k); k++)
            is_there = is_there || strcmp(sample_at(k)->sender, sender->name) == 0;
        if (is_there == has_no_sample(sender))
            fail_msg("%s: %s", sender->name, is_there ? "a sample" : "no sample");
    }
}

static void red_and_green_are_about_the_same_condition(void **state)
{
    static const char *const pairs[][2] = {
        { "ci-red", "ci-green" },
        { "alert-firing", "alert-resolved" },
        { "deploy-failed", "deploy" },
    };
    static const enum event_field same[] = { FIELD_SUBJECT, FIELD_REPO,    FIELD_WORKFLOW,
                                             FIELD_BRANCH,  FIELD_SERVICE, FIELD_ENVIRONMENT };

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct event_list bad, good;

        read_sample(*state, pairs[i][0], &bad);
        read_sample(*state, pairs[i][1], &good);
        for (size_t field = 0; field < sizeof same / sizeof *same; field++)
            assert_true(
                slice_eq(bad.items[0].fields[same[field]], good.items[0].fields[same[field]]));
        event_list_free(&bad);
        event_list_free(&good);
    }
}

static void ids_are_new_at_each_use_and_the_same_within_one(void **state)
{
    struct configured *configured = *state;
    struct event_list first, second;
    size_t offset;

    read_sample(configured, "ci-red", &first);
    read_sample(configured, "ci-red", &second);
    assert_false(slice_eq(first.items[0].fields[FIELD_RUN], second.items[0].fields[FIELD_RUN]));
    assert_false(
        slice_eq(first.items[0].fields[FIELD_COMMIT], second.items[0].fields[FIELD_COMMIT]));
    assert_int_equal(first.items[0].fields[FIELD_COMMIT].len, 40);
    assert_int_equal(
        slice_find(first.items[0].fields[FIELD_URL], first.items[0].fields[FIELD_RUN], &offset),
        RC_OK);
    event_list_free(&first);
    event_list_free(&second);
}

static void no_mark_is_left_in_any_sample(void **state)
{
    size_t offset;

    for (size_t i = 0; sample_at(i); i++)
        assert_int_equal(slice_find(render(*state, sample_at(i)->name), SLICE("{{"), &offset),
                         RC_NOT_FOUND);
}

static void an_unknown_sample_is_not_found(void **state)
{
    (void)state;
    assert_null(sample_find(SLICE("ci-blue")));
    assert_null(sample_find((struct slice){ 0 }));
}

#define SAMPLE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, configured_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(every_sample_is_an_event_of_now_that_says_what_its_title_says),
        SAMPLE_TEST(every_sender_that_can_be_signed_for_has_a_sample),
        SAMPLE_TEST(red_and_green_are_about_the_same_condition),
        SAMPLE_TEST(ids_are_new_at_each_use_and_the_same_within_one),
        SAMPLE_TEST(no_mark_is_left_in_any_sample),
        SAMPLE_TEST(an_unknown_sample_is_not_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
