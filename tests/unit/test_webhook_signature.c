#include "tests/unit/configured.h"

#include "src/base/clock.h"
#include "watchers/webhook.h"

#define NOW_MS INT64_C(1795248300000)
#define MAX_HEADERS 8

static enum rc load_sender(struct configured *configured, const char *sender, const char *members)
{
    struct slice yaml;

    assert_int_equal(
        arena_format(configured->arena, &yaml, "- webhook: %s\n  name: door\n%s", sender, members),
        RC_OK);
    problems_clear(configured->problems);
    watchers_free(configured->watchers);
    configured->watchers = NULL;
    return configured_load(configured, yaml.ptr);
}

static enum rc load_generic(struct configured *configured, const char *members)
{
    return load_sender(configured, "generic", members);
}

static int status_of(struct configured *configured, const struct header *headers, size_t n_headers,
                     struct slice body, int64_t now_ms)
{
    const struct webhook_request request = { .headers = headers,
                                             .n_headers = n_headers,
                                             .content_type = SLICE("application/json"),
                                             .body = body,
                                             .received_ms = now_ms,
                                             .real_ms = now_ms };
    struct webhook_answer answer;

    assert_int_equal(webhook_receive(watchers_find_webhook(configured->watchers, SLICE("door")),
                                     &request, configured->arena, &answer),
                     RC_OK);
    return answer.status;
}

/* Literal headers, as "Name: value". */
static int status_with(struct configured *configured, const char *const *lines)
{
    struct header headers[MAX_HEADERS];
    size_t n_headers = 0;

    for (; *lines; lines++) {
        struct slice value = slice_of(*lines);

        headers[n_headers].name = slice_cut(&value, ':');
        headers[n_headers++].value = slice_trim(value);
    }
    return status_of(configured, headers, n_headers, SLICE("{\"a\": 1}"), NOW_MS);
}

static void every_wrong_way_to_say_how_requests_are_signed_is_told_where_it_stands(void **state)
{
    static const struct {
        const char *members;
        const char *says;
    } cases[] = {
        { "  secret: s\n  token: t\n",
          "1:3: error: `token` and `secret` are two ways to prove the same" },
        { "  token: t\n  basic: 'u:p'\n", "`token` and `basic` are two ways to prove the same" },
        { "  secret: s\n  token_header: X-Token\n",
          "4:17: error: `token_header` names the header of a `token`, and there is none here" },
        { "  basic: 'u:p'\n  token_header: X-Token\n", "`token_header` names the header of a" },
        { "  token: t\n  token_header: 'X Token'\n",
          "4:17: error: `token_header` must be the name of a header" },
        { "  token: t\n  token_header: ''\n", "`token_header` must be the name of a header" },
        { "  token: t\n  token_header: [a]\n", "`token_header` must be the name of a header" },
        { "  token: t\n  signature: {header: X}\n",
          "`signature` says how a `secret` is used, and there is none here" },
        { "  stripe_secret: s\n  signature: {header: X}\n", "`signature` says how a `secret`" },
        { "  secret: s\n  signature: X-Signature\n", "4:14:" },
        { "  secret: s\n  signature: {headr: X}\n", "unknown" },
        { "  secret: s\n  signature: {header: 'X:'}\n",
          "4:23: error: `header` must be the name of a header" },
        { "  secret: s\n  signature: {header: ''}\n", "`header` must be the name of a header" },
        { "  secret: s\n  signature: {over: '{time}{body}', time_header: 'a b'}\n",
          "`time_header` must be the name of a header" },
        { "  secret: s\n  signature: {over: '{id}{body}', id_header: \"\\n\"}\n",
          "`id_header` must be the name of a header" },
        { "  secret: s\n  signature: {over: '{nonce}{body}'}\n",
          "4:14: error: `over` must have {body} in it, and may have {time} and {id}, not "
          "`{nonce}{body}`" },
        { "  secret: s\n  signature: {over: '{time}', time_header: T}\n",
          "`over` must have {body} in it" },
        { "  secret: s\n  signature: {over: ''}\n", "`over` must have {body} in it" },
        { "  secret: s\n  signature: {over: '{body'}\n", "`over` must have {body} in it" },
        { "  secret: s\n  signature: {over: '{time}.{body}'}\n",
          "`over` has {time} in it: name its header as `time_header`" },
        { "  secret: s\n  signature: {time_header: T}\n",
          "`over` must have {time} in it where there is a `time_header`" },
        { "  secret: s\n  signature: {over: '{id}.{body}'}\n",
          "{id} in `over` and `id_header` belong together" },
        { "  secret: s\n  signature: {id_header: I}\n",
          "{id} in `over` and `id_header` belong together" },
        { "  secret: s\n  signature: {encoding: octal}\n",
          "4:25: error: `encoding` must be one of" },
        { "  secret: s\n  signature: {key: hex}\n", "4:20: error: `key` must be one of" },
        { "  secret: s\n  signature: {tolerance: 999ms}\n", "tolerance" },
        { "  secret: s\n  signature: {tolerance: 25h}\n", "tolerance" },
        { "  secret: 's!'\n  signature: {key: base64}\n",
          "`secret` of door is not base64, as `whsec_" },
        { "  basic: nobody\n", "`basic` of door must be `user:password`" },
    };
    struct configured *configured = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer text;
        size_t offset;

        print_message("%s\n", cases[i].members);
        assert_int_equal(load_generic(configured, cases[i].members), RC_INVALID);
        buffer_init(&text, 0);
        problems_format(configured->problems, &text);
        if (slice_find(buffer_slice(&text), slice_of(cases[i].says), &offset) != RC_OK)
            fail_msg("said: %.*s", SLICE_ARG(buffer_slice(&text)));
        assert_int_equal(slice_find(buffer_slice(&text), SLICE("vedette.yaml:"), &offset), RC_OK);
        buffer_free(&text);
    }
}

static void of_a_senders_own_signature_the_tolerance_alone_may_be_said(void **state)
{
    static const struct {
        const char *sender, *members, *says; /* NULL: nothing, it is right */
    } cases[] = {
        { "linear", "  secret: s\n  signature: {tolerance: 8h}\n", NULL },
        { "standard-webhooks", "  secret: c2VjcmV0\n  signature: {tolerance: 8h}\n", NULL },
        { "linear", "  secret: s\n  signature: {header: X}\n", "unknown" },
        { "linear", "  secret: s\n  signature: {}\n", "tolerance" },
        { "linear", "  secret: s\n  signature: {tolerance: 25h}\n", "tolerance" },
        { "gitlab", "  token: t\n  signature: {tolerance: 8h}\n",
          "4:14: error: `signature` says how far a signed time may be from now, and `token` signs "
          "none" },
        { "github", "  secret: s\n  signature: {tolerance: 8h}\n", "unknown" },
    };
    struct configured *configured = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer text;
        size_t offset;

        print_message("%s\n%s", cases[i].sender, cases[i].members);
        assert_int_equal(load_sender(configured, cases[i].sender, cases[i].members),
                         cases[i].says ? RC_INVALID : RC_OK);
        buffer_init(&text, 0);
        problems_format(configured->problems, &text);
        if (cases[i].says &&
            slice_find(buffer_slice(&text), slice_of(cases[i].says), &offset) != RC_OK)
            fail_msg("said: %.*s", SLICE_ARG(buffer_slice(&text)));
        buffer_free(&text);
    }
}

/* What `vedette send` writes is what the door takes, and a byte less is not. */
static void whatever_signature_says_is_asked_for(void **state)
{
    static const struct {
        const char *members;
        const char *header, *value; /* what it must look like; NULL: any */
    } cases[] = {
        { "  secret: s\n  signature: {header: X-Sig}\n", "X-Sig", "sha256=" },
        { "  secret: s\n  signature: {header: X-Sig, prefix: ''}\n", "X-Sig", NULL },
        { "  secret: s\n  signature: {prefix: 'v0=', over: 'v0:{time}:{body}', time_header: T}\n",
          "X-Hub-Signature-256", "v0=" },
        { "  secret: s\n  signature: {encoding: base64, over: '{id}{body}', id_header: I}\n",
          "X-Hub-Signature-256", "sha256=" },
        { "  secret: whsec_czEyMw\n"
          "  signature: {key: base64, over: '{id}.{time}.{body}', id_header: I, time_header: T}\n",
          "I", "d-1" },
        { "  stripe_secret: whsec_x\n", "Stripe-Signature", "t=1795248300,v1=" },
        { "  token: t\n  token_header: X-Token\n", "X-Token", "t" },
        { "  basic: 'u:p'\n", "Authorization", "Basic dTpw" },
    };
    const struct slice body = SLICE("{\"a\": 1}");
    struct configured *configured = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct header *headers;
        size_t n_headers, at = 0;

        print_message("%s\n", cases[i].members);
        assert_int_equal(load_generic(configured, cases[i].members), RC_OK);
        assert_int_equal(webhook_sign(watchers_find_webhook(configured->watchers, SLICE("door")),
                                      (struct slice){ 0 }, SLICE("d-1"), body, NOW_MS,
                                      configured->arena, &headers, &n_headers),
                         RC_OK);
        while (!slice_eq(headers[at].name, slice_of(cases[i].header)))
            assert_true(++at < n_headers);
        if (cases[i].value)
            assert_true(slice_starts(headers[at].value, slice_of(cases[i].value)));
        assert_int_equal(status_of(configured, headers, n_headers, body, NOW_MS), 0);
        headers[0].value.len--;
        assert_int_equal(status_of(configured, headers, n_headers, body, NOW_MS), 401);
    }
}

static void h15_the_time_of_a_signature_may_be_as_far_off_as_tolerance_says(void **state)
{
    static const struct {
        const char *members;
        int64_t tolerance_ms;
    } cases[] = {
        { "  secret: s\n  signature: {over: '{time}.{body}', time_header: T, tolerance: 10s}\n",
          10 * SECOND_MS },
        { "  secret: s\n  signature: {over: '{time}.{body}', time_header: T}\n", 5 * MINUTE_MS },
        { "  stripe_secret: s\n", 5 * MINUTE_MS },
    };
    struct configured *configured = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct header *headers;
        size_t n_headers;
        int64_t tolerance_ms = cases[i].tolerance_ms;

        assert_int_equal(load_generic(configured, cases[i].members), RC_OK);
        assert_int_equal(webhook_sign(watchers_find_webhook(configured->watchers, SLICE("door")),
                                      (struct slice){ 0 }, (struct slice){ 0 }, SLICE("{}"), NOW_MS,
                                      configured->arena, &headers, &n_headers),
                         RC_OK);
        for (int side = -1; side <= 1; side += 2) {
            int64_t edge_ms = NOW_MS + side * tolerance_ms;

            assert_int_equal(status_of(configured, headers, n_headers, SLICE("{}"), edge_ms), 0);
            assert_int_equal(
                status_of(configured, headers, n_headers, SLICE("{}"), edge_ms + side * SECOND_MS),
                401);
        }
    }
}

static void h14_a_secret_is_one_key_to_stripe_and_another_to_standard_webhooks(void **state)
{
    /* Over "1795248300.{"a": 1}": HMAC-SHA256 under the text, and under what its base64 says. */
    static const char *const with_text[] = {
        "Stripe-Signature: "
        "t=1795248300,v0=00,v1=3da5e4a4bb48ae2607ebb34f4326d13dd27a2c8b022283143ec525662f1486a0",
        NULL
    };
    static const char *const with_bytes[] = {
        "Stripe-Signature: "
        "t=1795248300,v1=8a17e3ee1583cf0716af14abe29d8f2363e99694c990e51c3da2772613d07aed",
        NULL
    };
    struct configured *configured = *state;

    assert_int_equal(load_generic(configured, "  stripe_secret: whsec_c2VjcmV0IG9mIG91cnM=\n"),
                     RC_OK);
    assert_int_equal(status_with(configured, with_text), 0);
    assert_int_equal(status_with(configured, with_bytes), 401);
}

static void h14_a_token_counts_in_the_header_that_was_named_and_in_no_other(void **state)
{
    static const char *const named[] = { "x-token: secret-one", NULL };
    static const char *const bearer[] = { "Authorization: Bearer secret-one", NULL };
    static const char *const prefixed[] = { "X-Token: Bearer secret-one", NULL };
    struct configured *configured = *state;

    assert_int_equal(load_generic(configured, "  token: secret-one\n  token_header: X-Token\n"),
                     RC_OK);
    assert_int_equal(status_with(configured, named), 0);
    assert_int_equal(status_with(configured, bearer), 401);
    assert_int_equal(status_with(configured, prefixed), 401);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, configured_set_up, configured_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_wrong_way_to_say_how_requests_are_signed_is_told_where_it_stands),
        TEST(of_a_senders_own_signature_the_tolerance_alone_may_be_said),
        TEST(whatever_signature_says_is_asked_for),
        TEST(h15_the_time_of_a_signature_may_be_as_far_off_as_tolerance_says),
        TEST(h14_a_secret_is_one_key_to_stripe_and_another_to_standard_webhooks),
        TEST(h14_a_token_counts_in_the_header_that_was_named_and_in_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
