#include "actions/channels/slack_signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Slack's own example, from its documentation. */
#define SECRET "8f742231b10e8888abcd99yyyzzz85a5"
#define AT_S INT64_C(1531420618)
#define AT "1531420618"
#define MAC "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
#define BODY                                                                                       \
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id="         \
    "G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-"     \
    "collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%"             \
    "2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121."               \
    "803a0bc887a14d10d2c447fce8b6703c"

struct sent {
    const char *what;
    const char *secret, *timestamp, *signature, *body; /* NULL: as published; "": empty */
    int64_t late_s;
    enum rc expected;
};

static enum rc check(const struct sent *sent, struct slack_proof *proof)
{
    struct slice secrets[] = { slice_of(sent->secret ? sent->secret : SECRET) };
    const struct header headers[] = {
        { SLICE("x-slack-request-timestamp"), slice_of(sent->timestamp ? sent->timestamp : AT) },
        { SLICE("X-Slack-Signature"), slice_of(sent->signature ? sent->signature : "v0=" MAC) },
    };

    return slack_signature_check((struct slice_list){ secrets, 1 }, headers, 2,
                                 slice_of(sent->body ? sent->body : BODY),
                                 (AT_S + sent->late_s) * SECOND_MS, proof);
}

static void a05_h14_only_what_slack_signed_for_this_time_is_let_in(void **state)
{
    static const struct sent cases[] = {
        { "as published", .expected = RC_OK },
        { "300 s old", .late_s = 300, .expected = RC_OK },
        { "301 s old", .late_s = 301, .expected = RC_DENIED },
        { "300 s ahead", .late_s = -300, .expected = RC_OK },
        { "301 s ahead", .late_s = -301, .expected = RC_DENIED },
        { "another secret", .secret = "8f742231b10e8888abcd99yyyzzz85a6", .expected = RC_DENIED },
        { "an empty secret", .secret = "", .expected = RC_DENIED },
        { "another body", .body = BODY "0", .expected = RC_DENIED },
        { "a newline more", .body = BODY "\n", .expected = RC_DENIED },
        { "no body", .body = "", .expected = RC_DENIED },
        { "another time", .timestamp = "1531420619", .expected = RC_DENIED },
        { "the same time, written otherwise", .timestamp = "01531420618", .expected = RC_DENIED },
        { "a time with a sign", .timestamp = "+1531420618", .expected = RC_DENIED },
        { "a time with a blank", .timestamp = AT " ", .expected = RC_DENIED },
        { "a time with decimals", .timestamp = AT ".0", .expected = RC_DENIED },
        { "a time before 1970", .timestamp = "-1531420618", .expected = RC_DENIED },
        { "no time", .timestamp = "", .expected = RC_DENIED },
        { "a time beyond numbers", .timestamp = "99999999999999999999", .expected = RC_DENIED },
        { "an empty signature", .signature = "", .expected = RC_DENIED },
        { "its version alone", .signature = "v0=", .expected = RC_DENIED },
        { "no version", .signature = MAC, .expected = RC_DENIED },
        { "another version", .signature = "v1=" MAC, .expected = RC_DENIED },
        { "another scheme", .signature = "sha256=" MAC, .expected = RC_DENIED },
        { "version in upper case", .signature = "V0=" MAC, .expected = RC_DENIED },
        { "in upper case",
          .signature = "v0=A2114D57B48EAC39B9AD189DD8316235A7B4A8D21A10BD27519666489C69B503",
          .expected = RC_DENIED },
        { "two characters short",
          .signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b5",
          .expected = RC_DENIED },
        { "its first eight", .signature = "v0=a2114d57", .expected = RC_DENIED },
        { "longer", .signature = "v0=" MAC "00", .expected = RC_DENIED },
        { "two in one header", .signature = "v0=" MAC ",v0=" MAC, .expected = RC_DENIED },
        { "a blank behind", .signature = "v0=" MAC " ", .expected = RC_DENIED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slack_proof proof;

        print_message("%s\n", cases[i].what);
        assert_int_equal(check(&cases[i], &proof), cases[i].expected);
    }
}

static void h14_each_header_comes_exactly_once(void **state)
{
    const struct header time = { SLICE("X-Slack-Request-Timestamp"), SLICE(AT) };
    const struct header proof = { SLICE("X-Slack-Signature"), SLICE("v0=" MAC) };
    const struct {
        const char *what;
        struct header headers[3];
        size_t n_headers;
        enum rc expected;
    } cases[] = {
        { "both", { time, proof }, 2, RC_OK },
        { "both, the other way round", { proof, time }, 2, RC_OK },
        { "no signature", { time }, 1, RC_DENIED },
        { "no time", { proof }, 1, RC_DENIED },
        { "neither", { { { 0 }, { 0 } } }, 0, RC_DENIED },
        { "two signatures", { time, proof, proof }, 3, RC_DENIED },
        { "two times", { time, proof, time }, 3, RC_DENIED },
    };
    struct slice secrets[] = { SLICE(SECRET) };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slack_proof ignored;

        print_message("%s\n", cases[i].what);
        assert_int_equal(slack_signature_check((struct slice_list){ secrets, 1 }, cases[i].headers,
                                               cases[i].n_headers, SLICE(BODY), AT_S * SECOND_MS,
                                               &ignored),
                         cases[i].expected);
    }
}

static void the_old_and_the_new_secret_are_tried_while_they_are_rotated(void **state)
{
    struct slice secrets[] = { SLICE("the new one"), SLICE(SECRET) };
    const struct header headers[] = { { SLICE("X-Slack-Request-Timestamp"), SLICE(AT) },
                                      { SLICE("X-Slack-Signature"), SLICE("v0=" MAC) } };
    struct slack_proof proof;

    (void)state;
    assert_int_equal(slack_signature_check((struct slice_list){ secrets, 2 }, headers, 2,
                                           SLICE(BODY), AT_S * SECOND_MS, &proof),
                     RC_OK);
    assert_int_equal(slack_signature_check((struct slice_list){ secrets, 1 }, headers, 2,
                                           SLICE(BODY), AT_S * SECOND_MS, &proof),
                     RC_DENIED);
    assert_int_equal(slack_signature_check((struct slice_list){ 0 }, headers, 2, SLICE(BODY),
                                           AT_S * SECOND_MS, &proof),
                     RC_DENIED);
}

static void a_proof_is_remembered_until_the_window_refuses_it_by_itself(void **state)
{
    const struct sent last = { .late_s = 300 };
    struct slack_proof proof;

    (void)state;
    assert_int_equal(check(&last, &proof), RC_OK);
    assert_int_equal(proof.until_ms, (AT_S + 301) * SECOND_MS);
    /* The last millisecond in which it would be let in. */
    assert_true(proof.until_ms > (AT_S + 300) * SECOND_MS + SECOND_MS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a05_h14_only_what_slack_signed_for_this_time_is_let_in),
        cmocka_unit_test(h14_each_header_comes_exactly_once),
        cmocka_unit_test(the_old_and_the_new_secret_are_tried_while_they_are_rotated),
        cmocka_unit_test(a_proof_is_remembered_until_the_window_refuses_it_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
