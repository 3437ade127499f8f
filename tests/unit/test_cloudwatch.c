#include "tests/unit/configured.h"
#include "tests/unit/sns_messages.h"

#include "src/base/clock.h"
#include "watchers/certificates.h"
#include "watchers/webhook.h"

#define NOW_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */
#define CERTIFICATE_URL                                                                            \
    SLICE("https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0a1b.pem")
#define TOPIC "arn:aws:sns:eu-north-1:210987654321:alarms"

/* With what SNS says, and a certificate from elsewhere. */
#define MESSAGE_FROM(host)                                                                         \
    "{\"Type\":\"Notification\",\"MessageId\":\"1\",\"TopicArn\":\"" TOPIC                         \
    "\",\"Message\":\"m\",\"Timestamp\":\"then\",\"SignatureVersion\":\"2\",\"Signature\":"        \
    "\"AAAA\","                                                                                    \
    "\"SigningCertURL\":\"" host "/SimpleNotificationService-0a1b.pem\"}"

struct story {
    struct configured *configured;
    struct certificates *certificates;
    int64_t later_ms; /* than NOW_MS, when a request comes */
    struct webhook_answer answer;
    struct event_list events;
};

static int set_up(void **state)
{
    static struct story story;
    void *configured;

    story = (struct story){ 0 };
    (void)configured_set_up(&configured);
    story.configured = configured;
    assert_int_equal(certificates_new(&story.certificates), RC_OK);
    assert_int_equal(
        configured_load(story.configured, "- {webhook: cloudwatch, topics: [" TOPIC "]}"), RC_OK);
    *state = &story;
    return 0;
}

static int tear_down(void **state)
{
    struct story *story = *state;
    void *configured = story->configured;

    event_list_free(&story->events);
    certificates_free(story->certificates);
    return configured_tear_down(&configured);
}

static void fetch(struct story *story, const char *pem)
{
    assert_true(certificates_begin(story->certificates, CERTIFICATE_URL, NOW_MS));
    assert_int_equal(certificates_keep(story->certificates, CERTIFICATE_URL, slice_of(pem), NOW_MS),
                     RC_OK);
}

static int status_with(struct story *story, const char *header, const char *body)
{
    const struct header headers[] = { { slice_of(header), SLICE("true") } };
    const struct webhook_request request = { .headers = headers,
                                             .n_headers = header ? 1 : 0,
                                             .content_type = SLICE("text/plain; charset=UTF-8"),
                                             .body = slice_of(body),
                                             .received_ms = NOW_MS + story->later_ms,
                                             .real_ms = NOW_MS + story->later_ms,
                                             .certificates = story->certificates };

    assert_int_equal(
        webhook_receive(watchers_find_webhook(story->configured->watchers, SLICE("cloudwatch")),
                        &request, story->configured->arena, &story->answer),
        RC_OK);
    return story->answer.status;
}

static int status_of(struct story *story, const char *body)
{
    return status_with(story, NULL, body);
}

/* As one that was stored. */
static const struct event *read_event(struct story *story, const char *body)
{
    const struct journal_entry entry = { .door = DOOR_DATA,
                                         .watcher = SLICE("cloudwatch"),
                                         .received_ms = NOW_MS,
                                         .body = slice_of(body) };

    event_list_free(&story->events);
    assert_int_equal(watchers_events(story->configured->watchers, &entry, story->configured->arena,
                                     &story->events),
                     RC_OK);
    assert_int_equal(story->events.n_items, 1);
    return story->events.items;
}

static const struct event *read_message(struct story *story, const char *message)
{
    struct json_writer writer;
    struct buffer text;
    struct slice body;

    buffer_init(&text, 0);
    writer = json_writer_to(&text);
    json_object_begin(&writer);
    json_member_text(&writer, "Type", SLICE("Notification"));
    json_member_text(&writer, "TopicArn", SLICE(TOPIC));
    json_member_text(&writer, "Message", slice_of(message));
    json_member_text(&writer, "Timestamp", SLICE("2026-11-21T08:03:00.000Z"));
    json_object_end(&writer);
    assert_int_equal(arena_copy(story->configured->arena, buffer_slice(&text), &body), RC_OK);
    buffer_free(&text);
    return read_event(story, body.ptr);
}

static void assert_text(const struct event *event, enum event_field field, const char *expected)
{
    if (!slice_eq(event->fields[field], slice_of(expected)))
        fail_msg("%s is %.*s, not %s", event_field_names[field], SLICE_ARG(event->fields[field]),
                 expected ? expected : "absent");
}

static void assert_no_drift(const struct event *event)
{
    if (!slice_is_absent(event->drift))
        fail_msg("drift: %.*s", SLICE_ARG(event->drift));
}

/* -- who sent it -- */

static void a_certificate_that_is_not_there_is_503_and_asked_for(void **state)
{
    struct story *story = *state;

    assert_int_equal(status_of(story, sns_alarm_v2), 503);
    assert_string_equal(story->answer.reason, "certificate");
    assert_true(slice_eq(story->answer.certificate, CERTIFICATE_URL));
    fetch(story, sns_certificate);
    assert_int_equal(status_of(story, sns_alarm_v2), 0);
    assert_int_equal(status_of(story, sns_alarm_v1), 0);
    assert_true(slice_eq(story->answer.entry.delivery_id, SLICE("7d1a-n")));
    assert_int_equal(story->answer.dedup_ms, 7 * DAY_MS);
}

static void the_first_alarm_of_another_day_is_taken_and_its_certificate_asked_for(void **state)
{
    struct story *story = *state;

    fetch(story, sns_certificate);
    story->later_ms = DAY_MS;
    assert_int_equal(status_of(story, sns_alarm_v2), 0);
    assert_true(slice_eq(story->answer.certificate, CERTIFICATE_URL));
    assert_true(certificates_begin(story->certificates, CERTIFICATE_URL, NOW_MS + DAY_MS));
    assert_int_equal(status_of(story, sns_alarm_v2), 0);
}

static void h14_a_certificate_that_is_not_valid_now_proves_nobody(void **state)
{
    struct story *story = *state;

    fetch(story, sns_expired_certificate);
    assert_int_equal(status_of(story, sns_alarm_v2), 503);
    assert_string_equal(story->answer.reason, "certificate");
    assert_true(slice_eq(story->answer.certificate, CERTIFICATE_URL));
    assert_true(certificates_begin(story->certificates, CERTIFICATE_URL, NOW_MS));
}

static void h14_what_is_not_signed_or_by_another_is_401(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"TopicArn\":\"" TOPIC "\"}",
        "{\"TopicArn\":\"" TOPIC "\",\"SigningCertURL\":\"https://sns.eu-north-1.amazonaws.com/"
        "SimpleNotificationService-0a1b.pem\"}",
        "{\"TopicArn\":\"" TOPIC "\",\"SigningCertURL\":\"https://sns.eu-north-1.amazonaws.com/"
        "SimpleNotificationService-0a1b.pem\",\"SignatureVersion\":\"2\",\"Signature\":\"AAAA\"}",
        "{\"TopicArn\":\"" TOPIC "\",\"SigningCertURL\":\"https://sns.example.com/x.pem\"}",
        MESSAGE_FROM("https://sns.example.com"),
        MESSAGE_FROM("https://sns.s3-us-west-2.amazonaws.com"),
        MESSAGE_FROM("https://sns.eu-north-2.amazonaws.com"),
        sns_split_another_way,
    };
    struct story *story = *state;

    fetch(story, sns_certificate);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        print_message("%s\n", bodies[i]);
        assert_int_equal(status_of(story, bodies[i]), 401);
        assert_true(slice_is_absent(story->answer.certificate));
        assert_true(slice_is_absent(story->answer.detail));
    }
}

static void h14_nothing_is_fetched_for_a_topic_that_is_not_ours(void **state)
{
    struct story *story = *state;

    assert_int_equal(
        configured_load(story->configured, "- {webhook: cloudwatch, topics: [" TOPIC "2]}"), RC_OK);
    assert_int_equal(status_of(story, sns_alarm_v2), 401);
    assert_string_equal(story->answer.reason, "topic");
    assert_true(slice_is_absent(story->answer.certificate));
}

static void h14_raw_message_delivery_is_refused_and_told(void **state)
{
    struct story *story = *state;
    size_t offset;

    fetch(story, sns_certificate);
    assert_int_equal(status_with(story, "x-amz-sns-rawdelivery", "{\"AlarmName\":\"a\"}"), 400);
    assert_int_equal(slice_find(story->answer.detail, SLICE("switch it off"), &offset), RC_OK);
}

static void a_certificate_that_is_configured_is_the_only_one(void **state)
{
    struct story *story = *state;
    struct buffer text;

    buffer_init(&text, 0);
    buffer_add_text(&text, "- webhook: cloudwatch\n  topics: [" TOPIC "]\n  certificate: |\n    ");
    for (const char *c = sns_certificate; *c; c++) {
        buffer_add_byte(&text, *c);
        if (*c == '\n')
            buffer_add_text(&text, "    ");
    }
    buffer_add_byte(&text, '\0');
    assert_int_equal(configured_load(story->configured, buffer_slice(&text).ptr), RC_OK);
    buffer_free(&text);
    assert_int_equal(status_of(story, sns_alarm_v2), 0);
    assert_int_equal(status_of(story, "{\"TopicArn\":\"" TOPIC "\"}"), 401);
}

static void nobody_but_sns_can_sign(void **state)
{
    struct story *story = *state;
    const struct webhook *hook =
        watchers_find_webhook(story->configured->watchers, SLICE("cloudwatch"));
    const struct slice body = slice_of(sns_alarm_v2);
    struct slice renewed;
    struct header *headers;
    size_t n_headers;

    assert_int_equal(webhook_renew(hook, body, NOW_MS, story->configured->arena, &renewed), RC_OK);
    assert_ptr_equal(renewed.ptr, body.ptr);
    assert_int_equal(webhook_sign(hook, (struct slice){ 0 }, SLICE("1"), body, NOW_MS,
                                  story->configured->arena, &headers, &n_headers),
                     RC_DENIED);
}

static void a_subscription_is_to_be_confirmed_where_sns_itself_says(void **state)
{
    struct story *story = *state;

    fetch(story, sns_certificate);
    assert_int_equal(status_of(story, sns_confirmation), 0);
    assert_true(slice_eq(
        story->answer.confirmation,
        SLICE("https://sns.eu-north-1.amazonaws.com/?Action=ConfirmSubscription&Token=t0k")));
    assert_int_equal(status_of(story, sns_confirmation_elsewhere), 401);
    assert_true(slice_is_absent(story->answer.confirmation));
    assert_int_equal(status_of(story, sns_unsubscribed), 0);
    assert_true(slice_is_absent(story->answer.confirmation));
    assert_int_equal(status_of(story, sns_alarm_v2), 0);
    assert_true(slice_is_absent(story->answer.confirmation));
}

static void topics_that_cannot_be_used_are_told(void **state)
{
    static const char *const lists[] = {
        "- {webhook: cloudwatch}",
        "- {webhook: cloudwatch, topics: []}",
        "- {webhook: cloudwatch, topics: " TOPIC "}",
        "- {webhook: cloudwatch, topics: [alarms]}",
        "- {webhook: cloudwatch, topics: ['arn:aws:sqs:eu-north-1:210987654321:alarms']}",
        "- {webhook: cloudwatch, topics: [[" TOPIC "]]}",
    };
    struct story *story = *state;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct buffer text;
        size_t offset;

        print_message("%s\n", lists[i]);
        problems_clear(story->configured->problems);
        assert_int_equal(configured_load(story->configured, lists[i]), RC_INVALID);
        buffer_init(&text, 0);
        problems_format(story->configured->problems, &text);
        assert_int_equal(slice_find(buffer_slice(&text), SLICE("`topics` must list"), &offset),
                         RC_OK);
        buffer_free(&text);
    }
    assert_int_equal(configured_load(story->configured, "- {webhook: cloudwatch, topics: [" TOPIC
                                                        "], certificate: x}"),
                     RC_INVALID);
}

/* -- what it says -- */

static void an_alarm_is_read_out_of_the_message(void **state)
{
    struct story *story = *state;
    const struct event *event = read_event(story, sns_alarm_v2);

    assert_text(event, FIELD_SOURCE, "cloudwatch");
    assert_text(event, FIELD_TYPE, "cloudwatch.alarm");
    assert_text(event, FIELD_KIND, "alert");
    assert_text(event, FIELD_STATE, "failing");
    assert_text(event, FIELD_TITLE, "queue-depth");
    assert_text(event, FIELD_TEXT, "Threshold Crossed: 3 datapoints were greater than 500.");
    assert_text(event, FIELD_SERVICE, "queue-depth");
    assert_text(event, FIELD_HOST, "i-0aa1");
    assert_text(event, FIELD_SUBJECT,
                "account=210987654321 region=\"EU (Stockholm)\" alarm=queue-depth");
    assert_int_equal(event->time_ms, NOW_MS - MINUTE_MS);
    assert_no_drift(event);
    assert_true(
        slice_eq(event_get(event, SLICE("data.Trigger.Namespace"), story->configured->arena),
                 SLICE("AWS/SQS")));
    assert_true(slice_eq(event_get(event, SLICE("data.sns.TopicArn"), story->configured->arena),
                         SLICE(TOPIC)));
}

static void every_state_of_an_alarm_has_its_meaning_and_one_subject(void **state)
{
    static const struct {
        const char *word, *means;
    } cases[] = {
        { "ALARM", "failing" },
        { "OK", "ok" },
        { "INSUFFICIENT_DATA", "info" },
        { "NEW", "info" },
    };
    struct story *story = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct event *event;
        struct slice message;

        assert_int_equal(arena_format(story->configured->arena, &message,
                                      "{\"AlarmName\":\"a\",\"NewStateValue\":\"%s\","
                                      "\"AWSAccountId\":\"2\",\"Region\":\"r\",\"sns\":7,"
                                      "\"AlarmRule\":\"ALARM(b)\"}",
                                      cases[i].word),
                         RC_OK);
        event = read_message(story, message.ptr);
        assert_text(event, FIELD_STATE, cases[i].means);
        assert_text(event, FIELD_SUBJECT, "account=2 region=r alarm=a");
        assert_int_equal(event->time_ms, NOW_MS - 2 * MINUTE_MS);
        if (i < 3)
            assert_no_drift(event);
        else
            assert_true(slice_eq(event->drift, SLICE("unknown state `NEW`")));
    }
}

static void an_alarm_that_eventbridge_sends_is_an_alarm_too(void **state)
{
    const struct event *event = read_message(
        *state, "{\"version\":\"0\",\"detail-type\":\"CloudWatch Alarm State Change\","
                "\"source\":\"aws.cloudwatch\",\"account\":\"2\",\"region\":\"eu-north-1\","
                "\"detail\":{\"alarmName\":\"a\",\"state\":{\"value\":\"OK\",\"reason\":\"calm\","
                "\"timestamp\":\"2026-11-21T08:01:00.000+0000\"}}}");

    assert_text(event, FIELD_TYPE, "cloudwatch.alarm");
    assert_text(event, FIELD_STATE, "ok");
    assert_text(event, FIELD_TITLE, "a");
    assert_text(event, FIELD_TEXT, "calm");
    assert_text(event, FIELD_SUBJECT, "account=2 region=eu-north-1 alarm=a");
    assert_int_equal(event->time_ms, NOW_MS - 4 * MINUTE_MS);
    assert_no_drift(event);
}

static void any_other_message_is_an_event_with_what_is_there(void **state)
{
    static const char *const messages[] = {
        "Disk of the build host\nis nearly full",
        "{\"job\":7}",
        "{\"AlarmName\":\"a\"}",
        "[1]",
        "null",
    };
    struct story *story = *state;

    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        const struct event *event = read_message(story, messages[i]);

        print_message("%s\n", messages[i]);
        assert_text(event, FIELD_TYPE, "cloudwatch.Notification");
        assert_text(event, FIELD_KIND, NULL);
        assert_text(event, FIELD_STATE, "info");
        assert_text(event, FIELD_TEXT, messages[i]);
        assert_no_drift(event);
    }
    assert_text(read_message(story, messages[0]), FIELD_TITLE, "Disk of the build host");
}

static void confirmations_are_told_as_events_that_open_nothing(void **state)
{
    static const struct {
        const char *body, *type;
    } cases[] = {
        { sns_confirmation, "cloudwatch.SubscriptionConfirmation" },
        { sns_unsubscribed, "cloudwatch.UnsubscribeConfirmation" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct event *event = read_event(*state, cases[i].body);

        assert_text(event, FIELD_TYPE, cases[i].type);
        assert_text(event, FIELD_KIND, NULL);
        assert_text(event, FIELD_STATE, "info");
        assert_text(event, FIELD_TITLE, "Shall these come to you?");
        assert_text(event, FIELD_URL,
                    "https://sns.eu-north-1.amazonaws.com/?Action=ConfirmSubscription&Token=t0k");
        assert_no_drift(event);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_certificate_that_is_not_there_is_503_and_asked_for),
        TEST(the_first_alarm_of_another_day_is_taken_and_its_certificate_asked_for),
        TEST(h14_a_certificate_that_is_not_valid_now_proves_nobody),
        TEST(h14_what_is_not_signed_or_by_another_is_401),
        TEST(h14_nothing_is_fetched_for_a_topic_that_is_not_ours),
        TEST(h14_raw_message_delivery_is_refused_and_told),
        TEST(a_certificate_that_is_configured_is_the_only_one),
        TEST(nobody_but_sns_can_sign),
        TEST(a_subscription_is_to_be_confirmed_where_sns_itself_says),
        TEST(topics_that_cannot_be_used_are_told),
        TEST(an_alarm_is_read_out_of_the_message),
        TEST(every_state_of_an_alarm_has_its_meaning_and_one_subject),
        TEST(an_alarm_that_eventbridge_sends_is_an_alarm_too),
        TEST(any_other_message_is_an_event_with_what_is_there),
        TEST(confirmations_are_told_as_events_that_open_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
