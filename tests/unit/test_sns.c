#include "watchers/senders/sns.h"

#include "tests/unit/sns_messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */
#define TOPIC "arn:aws:sns:eu-north-1:210987654321:alarms"
#define TOPIC_OF_CHINA "arn:aws-cn:sns:cn-north-1:210987654321:alarms"
#define TOPIC_OF_GOVERNMENT "arn:aws-us-gov:sns:us-gov-west-1:210987654321:alarms"
#define HOST "https://sns.eu-north-1.amazonaws.com"
#define PATH "/SimpleNotificationService-0a1b.pem"

static struct arena *arena;
static struct public_key *key;

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(arena_new((size_t)1 << 20, &arena), RC_OK);
    assert_int_equal(public_key_of_certificate(slice_of(sns_certificate), NOW_MS, &key), RC_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    public_key_free(key);
    arena_free(arena);
    return 0;
}

static struct json *parse(struct slice text)
{
    struct json_fault fault;
    struct json *message;

    assert_int_equal(json_parse(text, JSON_LIMITS_DEFAULT, &message, &fault), RC_OK);
    return message;
}

/* With `from` in it become `to`. */
static const char *changed(const char *text, const char *from, const char *to)
{
    struct slice whole;
    size_t at;

    assert_int_equal(slice_find(slice_of(text), slice_of(from), &at), RC_OK);
    assert_int_equal(
        arena_format(arena, &whole, "%.*s%s%s", (int)at, text, to, text + at + strlen(from)),
        RC_OK);
    return whole.ptr;
}

static enum rc check_with(const struct public_key *signer, const char *text)
{
    struct json *message = parse(slice_of(text));
    enum rc rc = sns_check(message, signer, arena);

    json_free(message);
    return rc;
}

static enum rc check(const char *text, const char *from, const char *to)
{
    return check_with(key, from ? changed(text, from, to) : text);
}

static void only_the_host_of_sns_in_the_region_of_the_topic_is_ever_asked(void **state)
{
    static const struct {
        const char *topic, *url;
        bool is_own, is_certificate;
    } cases[] = {
        { TOPIC, HOST PATH, true, true },
        { TOPIC_OF_CHINA, "https://sns.cn-north-1.amazonaws.com.cn" PATH, true, true },
        { TOPIC_OF_GOVERNMENT, "https://sns.us-gov-west-1.amazonaws.com" PATH, true, true },
        { TOPIC, HOST "/?Action=ConfirmSubscription", true, false },
        { TOPIC, HOST PATH "?x=.pem", true, false },
        { TOPIC, HOST PATH "#.pem", true, false },
        { TOPIC, HOST PATH "2", true, false },
        { TOPIC, HOST "/a" PATH, true, false },
        { TOPIC, HOST "/a.pem", true, false },
        { TOPIC, HOST "/SimpleNotificationService-.pem", true, false },
        { TOPIC, HOST "/SimpleNotificationService-0g.pem", true, false },
        { TOPIC, HOST "/SimpleNotificationService-0A.pem", true, false },
        { TOPIC, HOST "/SimpleNotificationService-0a/b.pem", true, false },
        { TOPIC, HOST "/SimpleNotificationService-0a.PEM", true, false },
        { TOPIC, HOST, false, false },
        /* buckets are hosts too */
        { TOPIC, "https://sns.s3-us-west-2.amazonaws.com" PATH, false, false },
        { TOPIC, "https://sns.s3.amazonaws.com" PATH, false, false },
        { TOPIC, "https://sns.eu-north-2.amazonaws.com" PATH, false, false },
        { TOPIC, "https://sns.eu-north-1.amazonaws.com.cn" PATH, false, false },
        { TOPIC_OF_CHINA, "https://sns.cn-north-1.amazonaws.com" PATH, false, false },
        { TOPIC, "http://sns.eu-north-1.amazonaws.com" PATH, false, false },
        { TOPIC, "HTTPS://sns.eu-north-1.amazonaws.com" PATH, false, false },
        { TOPIC, "https://sns..amazonaws.com" PATH, false, false },
        { TOPIC, "https://sns.amazonaws.com" PATH, false, false },
        { TOPIC, "https://sqs.eu-north-1.amazonaws.com" PATH, false, false },
        { TOPIC, "https://xsns.eu-north-1.amazonaws.com" PATH, false, false },
        { TOPIC, HOST ".example.com" PATH, false, false },
        { TOPIC, HOST "x" PATH, false, false },
        { TOPIC, HOST ":8443" PATH, false, false },
        { TOPIC, HOST "@example.com" PATH, false, false },
        { TOPIC, "https://jane@sns.eu-north-1.amazonaws.com" PATH, false, false },
        { TOPIC, HOST "?" PATH, false, false },
        { TOPIC, HOST "\\" PATH, false, false },
        { TOPIC, HOST "/\r\n" PATH, false, false },
        { TOPIC, "https://127.0.0.1" PATH, false, false },
        { TOPIC, "file:///etc/ssl" PATH, false, false },
        { TOPIC, "", false, false },
        { TOPIC, NULL, false, false },
        { "arn:aws:sns::210987654321:alarms", "https://sns..amazonaws.com" PATH, false, false },
        { NULL, HOST PATH, false, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct slice topic = slice_of(cases[i].topic), url = slice_of(cases[i].url);

        print_message("%s\n", cases[i].url ? cases[i].url : "(none)");
        assert_int_equal(sns_is_url_of(topic, url), cases[i].is_own);
        assert_int_equal(sns_is_certificate_url_of(topic, url), cases[i].is_certificate);
    }
}

static void a_topic_is_an_arn_whose_partition_and_region_are_known(void **state)
{
    static const struct {
        const char *arn;
        bool is_topic;
    } cases[] = {
        { TOPIC, true },
        { TOPIC_OF_CHINA, true },
        { TOPIC_OF_GOVERNMENT, true },
        { "arn:aws:sns:eu-north-1:210987654321:alarms.fifo", true },
        { "arn:aws:sns:eu-north-1:210987654321:", false },
        { "arn:aws:sns:eu-north-1::alarms", false },
        { "arn:aws:sns:eu-north-1", false },
        { "arn:aws:sns::210987654321:alarms", false },
        { "arn:aws:sns:eu.north:210987654321:alarms", false },
        { "arn:aws:sns:EU-north-1:210987654321:alarms", false },
        { "arn:aws:sns:eu-north-1:210987654321:alarms\n", false },
        { "arn:aws:sqs:eu-north-1:210987654321:alarms", false },
        { "arn:aws-iso:sns:us-iso-east-1:210987654321:alarms", false },
        { "alarms", false },
        { NULL, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].arn ? cases[i].arn : "(none)");
        assert_int_equal(sns_is_topic(slice_of(cases[i].arn)), cases[i].is_topic);
    }
}

static void members_are_signed_in_their_order_with_what_they_say(void **state)
{
    struct json *message =
        parse(SLICE("{\"Type\":\"Notification\",\"TopicArn\":\"arn:t\",\"Token\":\"no\","
                    "\"Timestamp\":\"then\",\"MessageId\":\"7\",\"Message\":\"a\\nb \\u00e9\"}"));
    struct slice text;

    (void)state;
    assert_int_equal(sns_signed_text(message, arena, &text), RC_OK);
    assert_true(slice_eq(text, SLICE("Message\na\nb \xc3\xa9\nMessageId\n7\nTimestamp\nthen\n"
                                     "TopicArn\narn:t\nType\nNotification\n")));
    json_free(message);
}

static void the_token_is_signed_in_confirmations(void **state)
{
    struct json *message = parse(
        SLICE("{\"Type\":\"SubscriptionConfirmation\",\"Token\":\"t\",\"SubscribeURL\":\"u\","
              "\"Message\":\"m\",\"MessageId\":\"7\",\"Timestamp\":\"then\",\"TopicArn\":\"a\"}"));
    struct slice text;

    (void)state;
    assert_int_equal(sns_signed_text(message, arena, &text), RC_OK);
    assert_true(slice_eq(text, SLICE("Message\nm\nMessageId\n7\nSubscribeURL\nu\nTimestamp\nthen\n"
                                     "Token\nt\nTopicArn\na\nType\nSubscriptionConfirmation\n")));
    json_free(message);
}

static void h14_both_versions_are_checked_and_each_by_its_own_digest(void **state)
{
    (void)state;
    assert_int_equal(check(sns_alarm_v1, NULL, NULL), RC_OK);
    assert_int_equal(check(sns_alarm_v2, NULL, NULL), RC_OK);
    assert_int_equal(check(sns_confirmation, NULL, NULL), RC_OK);
    assert_int_equal(check(sns_confirmation_v1, NULL, NULL), RC_OK);
    assert_int_equal(check(sns_unsubscribed, NULL, NULL), RC_OK);
    assert_int_equal(
        check(sns_alarm_v1, "\"SignatureVersion\":\"1\"", "\"SignatureVersion\":\"2\""), RC_DENIED);
    assert_int_equal(
        check(sns_alarm_v2, "\"SignatureVersion\":\"2\"", "\"SignatureVersion\":\"1\""), RC_DENIED);
    assert_int_equal(
        check(sns_alarm_v2, "\"SignatureVersion\":\"2\"", "\"SignatureVersion\":\"3\""), RC_DENIED);
    assert_int_equal(check(sns_alarm_v2, "\"SignatureVersion\":\"2\"", "\"SignatureVersion\":2"),
                     RC_DENIED);
    assert_int_equal(check(sns_alarm_v2, "\"SignatureVersion\":\"2\",", ""), RC_DENIED);
}

static void h14_no_signed_member_may_be_another(void **state)
{
    static const struct {
        const char *text, *from, *to;
    } cases[] = {
        { sns_alarm_v2, "queue-depth", "queue-Depth" },
        { sns_alarm_v2, "7d1a-n", "7d1a-m" },
        { sns_alarm_v2, "\"Subject\":\"ALARM", "\"Subject\":\"OK" },
        { sns_alarm_v2, "\"Subject\"", "\"subject\"" },
        { sns_alarm_v2, "08:04:30", "08:04:31" },
        { sns_alarm_v2, "alarms\"", "others\"" },
        { sns_alarm_v2, "\"Type\":\"Notification\"", "\"Type\":\"UnsubscribeConfirmation\"" },
        { sns_alarm_v2, "\"MessageId\":\"7d1a-n\"", "\"MessageId\":7" },
        { sns_alarm_v2, "\"Signature\":\"", "\"Signature\":\"A" },
        { sns_alarm_v2, "\"Signature\":\"", "\"Signature\":\"\",\"Then\":\"" },
        { sns_alarm_v2, "\"Signature\":", "\"Signed\":" },
        { sns_confirmation, "\"Token\":\"t0k\"", "\"Token\":\"t1k\"" },
        { sns_confirmation, "?Action", "?Auction" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s -> %s\n", cases[i].from, cases[i].to);
        assert_int_equal(check(cases[i].text, cases[i].from, cases[i].to), RC_DENIED);
    }
    /* these are not signed */
    assert_int_equal(check(sns_alarm_v2, "\"SigningCertURL\"", "\"CertURL\""), RC_OK);
}

/* SNS signs whatever anybody publishes to a topic of his own, and a message may be made of lines that read as members. */
static void h14_what_sns_signed_for_another_topic_cannot_be_read_as_ours(void **state)
{
    struct public_key *other = NULL;

    (void)state;
    assert_int_equal(public_key_of_certificate(slice_of(sns_other_certificate), NOW_MS, &other),
                     RC_OK);
    assert_int_equal(check_with(other, sns_of_another_topic), RC_OK);
    assert_int_equal(check_with(other, sns_split_another_way), RC_DENIED);
    public_key_free(other);
}

/* The signed text stays the same, but its MessageId is gone: it would be another delivery. */
static void h14_a_member_cannot_move_into_the_message(void **state)
{
    const char *without = changed(sns_alarm_v2, "\"MessageId\":\"7d1a-n\",", "");

    (void)state;
    assert_int_equal(check_with(key, changed(without, "}]}}\"", "}]}}\\nMessageId\\n7d1a-n\"")),
                     RC_DENIED);
}

static void h14_a_type_is_one_of_three_and_only_the_message_has_lines(void **state)
{
    static const struct {
        const char *text, *from, *to;
        bool is_message;
    } cases[] = {
        { sns_alarm_v2, "7d1a-n", "7d1a-m", true },
        { sns_alarm_v2, "Threshold", "\\n", true },
        { sns_alarm_v2, "\"Type\":\"Notification\"", "\"Type\":\"notification\"", false },
        { sns_alarm_v2, "\"Type\":\"Notification\"", "\"Type\":\"Notification \"", false },
        { sns_alarm_v2, "\"Type\":\"Notification\"", "\"Type\":\"Notification\\n\"", false },
        { sns_alarm_v2, "\"Type\":\"Notification\"", "\"Type\":\"\"", false },
        { sns_alarm_v2, "\"Type\":\"Notification\",", "", false },
        { sns_alarm_v2, "7d1a-n", "7d1a\\nn", false },
        { sns_alarm_v2, "7d1a-n", "7d1a\\u0001n", false },
        { sns_alarm_v2, "ALARM: ", "ALARM:\\n", false },
        { sns_alarm_v2, "ALARM: ", "ALARM:\\t", false },
        { sns_alarm_v2, "\"Subject\":", "\"Said\":", true },
        { sns_alarm_v2, "08:04:30", "\\u007f", false },
        { sns_alarm_v2, ":alarms", ":\\ralarms", false },
        { sns_alarm_v2, "\"TopicArn\":", "\"Topic\":", false },
        { sns_alarm_v2, "\"Message\":", "\"Said\":", false },
        { sns_alarm_v2, "\"Timestamp\":", "\"Said\":", false },
        { sns_confirmation, "?Action", "\\n?Action", false },
        { sns_confirmation, "\"t0k\"", "\"\\nt0k\"", false },
        { sns_confirmation, "\"Token\":", "\"Said\":", false },
        { sns_unsubscribed, "\"Token\":", "\"Said\":", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json *message = parse(slice_of(changed(cases[i].text, cases[i].from, cases[i].to)));

        print_message("%s -> %s\n", cases[i].from, cases[i].to);
        assert_int_equal(sns_is_message(message), cases[i].is_message);
        json_free(message);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(only_the_host_of_sns_in_the_region_of_the_topic_is_ever_asked),
        TEST(a_topic_is_an_arn_whose_partition_and_region_are_known),
        TEST(members_are_signed_in_their_order_with_what_they_say),
        TEST(the_token_is_signed_in_confirmations),
        TEST(h14_both_versions_are_checked_and_each_by_its_own_digest),
        TEST(h14_no_signed_member_may_be_another),
        TEST(h14_what_sns_signed_for_another_topic_cannot_be_read_as_ours),
        TEST(h14_a_member_cannot_move_into_the_message),
        TEST(h14_a_type_is_one_of_three_and_only_the_message_has_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
