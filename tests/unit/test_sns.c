#include "watchers/senders/sns.h"

#include "tests/unit/sns_messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795248300000) /* 2026-11-21T08:05:00Z */

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
static enum rc check(const char *text, const char *from, const char *to)
{
    struct slice changed = slice_of(text);
    struct json *message;
    size_t at;
    enum rc rc;

    if (from) {
        assert_int_equal(slice_find(changed, slice_of(from), &at), RC_OK);
        assert_int_equal(
            arena_format(arena, &changed, "%.*s%s%s", (int)at, text, to, text + at + strlen(from)),
            RC_OK);
    }
    message = parse(changed);
    rc = sns_check(message, key, arena);
    json_free(message);
    return rc;
}

static void only_hosts_of_sns_by_https_are_ever_asked(void **state)
{
    static const struct {
        const char *url;
        bool is_own, is_certificate;
    } cases[] = {
        { "https://sns.eu-north-1.amazonaws.com/a.pem", true, true },
        { "https://sns.cn-north-1.amazonaws.com.cn/a.pem", true, true },
        { "https://sns.abc.amazonaws.com/a.pem", true, true },
        { "https://sns.eu-north-1.amazonaws.com/?Action=ConfirmSubscription", true, false },
        { "https://sns.eu-north-1.amazonaws.com/a.pem?x=.pem", true, false },
        { "https://sns.eu-north-1.amazonaws.com/a#.pem", true, false },
        { "https://sns.eu-north-1.amazonaws.com/a.pem2", true, false },
        { "https://sns.eu-north-1.amazonaws.com/a.PEM", true, false },
        { "https://sns.eu-north-1.amazonaws.com", true, false },
        { "http://sns.eu-north-1.amazonaws.com/a.pem", false, false },
        { "HTTPS://sns.eu-north-1.amazonaws.com/a.pem", false, false },
        { "https://sns.ab.amazonaws.com/a.pem", false, false },
        { "https://sns..amazonaws.com/a.pem", false, false },
        { "https://sns.amazonaws.com/a.pem", false, false },
        { "https://sns.eu.north.amazonaws.com/a.pem", false, false },
        { "https://sns.eu_north.amazonaws.com/a.pem", false, false },
        { "https://sqs.eu-north-1.amazonaws.com/a.pem", false, false },
        { "https://xsns.eu-north-1.amazonaws.com/a.pem", false, false },
        { "https://sns.eu-north-1.amazonaws.com.example.com/a.pem", false, false },
        { "https://sns.eu-north-1.amazonaws.com.cn.example.com/a.pem", false, false },
        { "https://sns.eu-north-1.amazonaws.comx/a.pem", false, false },
        { "https://sns.eu-north-1.amazonaws.com:8443/a.pem", false, false },
        { "https://sns.eu-north-1.amazonaws.com@example.com/a.pem", false, false },
        { "https://jane@sns.eu-north-1.amazonaws.com/a.pem", false, false },
        { "https://sns.eu-north-1.amazonaws.com?/a.pem", false, false },
        { "https://sns.eu-north-1.amazonaws.com\\/a.pem", false, false },
        { "https://sns.eu-north-1.amazonaws.com/\r\na.pem", false, false },
        { "https://127.0.0.1/a.pem", false, false },
        { "file:///etc/ssl/a.pem", false, false },
        { "", false, false },
        { NULL, false, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].url ? cases[i].url : "(none)");
        assert_int_equal(sns_is_own_url(slice_of(cases[i].url)), cases[i].is_own);
        assert_int_equal(sns_is_certificate_url(slice_of(cases[i].url)), cases[i].is_certificate);
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
        SLICE("{\"Type\":\"SubscriptionConfirmation\",\"Token\":\"t\",\"SubscribeURL\":\"u\"}"));
    struct slice text;

    (void)state;
    assert_int_equal(sns_signed_text(message, arena, &text), RC_OK);
    assert_true(
        slice_eq(text, SLICE("SubscribeURL\nu\nToken\nt\nType\nSubscriptionConfirmation\n")));
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(only_hosts_of_sns_by_https_are_ever_asked),
        TEST(members_are_signed_in_their_order_with_what_they_say),
        TEST(the_token_is_signed_in_confirmations),
        TEST(h14_both_versions_are_checked_and_each_by_its_own_digest),
        TEST(h14_no_signed_member_may_be_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
