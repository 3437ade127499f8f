#include "watchers/senders/signature.h"

#include "src/base/clock.h"
#include "src/base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* GitHub's own example, from its documentation. */
#define SECRET "It's a Secret to Everybody"
#define BODY "Hello, World!"
#define DIGEST "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

static const struct signature_scheme hub = {
    .name = "secret", .kind = SIGNATURE_HMAC, .header = "X-Hub-Signature-256", .prefix = "sha256="
};
static const struct signature_scheme bearer = {
    .name = "token", .kind = SIGNATURE_TOKEN, .header = "Authorization", .prefix = "Bearer "
};

static const struct signature_scheme basic = { .name = "basic",
                                               .kind = SIGNATURE_TOKEN,
                                               .key_form = KEY_BASIC,
                                               .header = "Authorization",
                                               .prefix = "Basic " };
static const struct signature_scheme listed = { .name = "secret",
                                                .kind = SIGNATURE_HMAC,
                                                .header = "Signed",
                                                .prefix = "v1=",
                                                .separator = ',',
                                                .over = "{time}.{body}",
                                                .time_mark = "t=",
                                                .tolerance_ms = 5 * MINUTE_MS };
static const struct signature_scheme standard = { .name = "secret",
                                                  .kind = SIGNATURE_HMAC,
                                                  .key_form = KEY_BASE64,
                                                  .header = "webhook-signature",
                                                  .prefix = "v1,",
                                                  .separator = ' ',
                                                  .is_base64 = true,
                                                  .over = "{id}.{time}.{body}",
                                                  .id_header = "webhook-id",
                                                  .time_header = "webhook-timestamp",
                                                  .tolerance_ms = 5 * MINUTE_MS };
static const struct signature_scheme ed25519 = { .name = "public_key",
                                                 .kind = SIGNATURE_ED25519,
                                                 .key_form = KEY_ED25519 };
static const struct signature_scheme rsa = { .name = "public_key",
                                             .kind = SIGNATURE_RSA_SHA1,
                                             .key_form = KEY_PEM };

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    return arena_new((size_t)1 << 20, &arena) || digest_init() ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

#define NOW 1700000000 /* seconds */
#define MAX_KEYS 2

/* What a door with these secrets says at NOW + `later_s`. */
static enum rc check_with(const struct signature_scheme *scheme, const char *const *secrets,
                          const struct header *headers, size_t n_headers, const char *body,
                          int64_t later_s)
{
    struct signature_key keys[MAX_KEYS];
    struct signature_keys list = { .items = keys };
    const struct signature_input input = { .headers = headers,
                                           .n_headers = n_headers,
                                           .body = slice_of(body),
                                           .now_ms = (NOW + later_s) * SECOND_MS + 999,
                                           .arena = arena };
    const char *problem;
    enum rc rc;

    for (; list.n_items < MAX_KEYS && secrets[list.n_items]; list.n_items++)
        assert_int_equal(signature_key(scheme, slice_of(secrets[list.n_items]), arena,
                                       &keys[list.n_items], &problem),
                         RC_OK);
    rc = signature_check(scheme, list, &input);
    signature_keys_free(list);
    return rc;
}

static enum rc check(const struct signature_scheme *scheme, const char *secret, const char *name,
                     const char *value, const char *body)
{
    const char *const secrets[] = { secret, NULL };
    const struct header header = { slice_of(name), slice_of(value) };

    return check_with(scheme, secrets, &header, name ? 1 : 0, body, 0);
}

static void h14_only_the_signature_of_these_bytes_under_this_secret_is_accepted(void **state)
{
    static const struct {
        const char *what;
        const char *secret, *name, *value, *body;
        enum rc expected;
    } cases[] = {
        { "as published", SECRET, "X-Hub-Signature-256", "sha256=" DIGEST, BODY, RC_OK },
        { "name in another case", SECRET, "x-hub-signature-256", "sha256=" DIGEST, BODY, RC_OK },
        { "no header", SECRET, NULL, NULL, BODY, RC_DENIED },
        { "another header", SECRET, "X-Hub-Signature", "sha256=" DIGEST, BODY, RC_DENIED },
        { "empty", SECRET, "X-Hub-Signature-256", "", BODY, RC_DENIED },
        { "prefix alone", SECRET, "X-Hub-Signature-256", "sha256=", BODY, RC_DENIED },
        { "no prefix", SECRET, "X-Hub-Signature-256", DIGEST, BODY, RC_DENIED },
        { "prefix in another case", SECRET, "X-Hub-Signature-256", "SHA256=" DIGEST, BODY,
          RC_DENIED },
        { "sha1", SECRET, "X-Hub-Signature-256", "sha1=" DIGEST, BODY, RC_DENIED },
        { "upper case", SECRET, "X-Hub-Signature-256",
          "sha256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17", BODY,
          RC_DENIED },
        { "too short", SECRET, "X-Hub-Signature-256", "sha256=757107ea", BODY, RC_DENIED },
        { "too long", SECRET, "X-Hub-Signature-256", "sha256=" DIGEST "00", BODY, RC_DENIED },
        { "a blank behind", SECRET, "X-Hub-Signature-256", "sha256=" DIGEST " ", BODY, RC_DENIED },
        { "another secret", "It's a secret to everybody", "X-Hub-Signature-256", "sha256=" DIGEST,
          BODY, RC_DENIED },
        { "a newline more", SECRET, "X-Hub-Signature-256", "sha256=" DIGEST, BODY "\n", RC_DENIED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].what);
        assert_int_equal(check(&hub, cases[i].secret, cases[i].name, cases[i].value, cases[i].body),
                         cases[i].expected);
    }
}

static void h14_a_token_is_the_whole_value_behind_its_scheme(void **state)
{
    static const struct {
        const char *what;
        const char *value;
        enum rc expected;
    } cases[] = {
        { "right", "Bearer mF_9.B5f-4.1JqM", RC_OK },
        { "scheme in another case", "bearer mF_9.B5f-4.1JqM", RC_OK },
        { "last character", "Bearer mF_9.B5f-4.1JqN", RC_DENIED },
        { "case", "Bearer mf_9.B5f-4.1JqM", RC_DENIED },
        { "shorter", "Bearer mF_9.B5f-4.1Jq", RC_DENIED },
        { "longer", "Bearer mF_9.B5f-4.1JqMx", RC_DENIED },
        { "no scheme", "mF_9.B5f-4.1JqM", RC_DENIED },
        { "another scheme", "Basic mF_9.B5f-4.1JqM", RC_DENIED },
        { "nothing behind", "Bearer ", RC_DENIED },
        { "empty", "", RC_DENIED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].what);
        assert_int_equal(check(&bearer, "mF_9.B5f-4.1JqM", "Authorization", cases[i].value, "{}"),
                         cases[i].expected);
    }
}

static void h14_a_signature_given_twice_is_refused_even_when_both_are_right(void **state)
{
    const char *const secrets[] = { SECRET, NULL };
    const struct header headers[] = {
        { SLICE("X-Hub-Signature-256"), SLICE("sha256=" DIGEST) },
        { SLICE("x-hub-signature-256"), SLICE("sha256=" DIGEST) },
    };

    (void)state;
    assert_int_equal(check_with(&hub, secrets, headers, 1, BODY, 0), RC_OK);
    assert_int_equal(check_with(&hub, secrets, headers, 2, BODY, 0), RC_DENIED);
}

static void old_and_new_secret_are_accepted_while_they_rotate(void **state)
{
    const char *const both[] = { "the new one", SECRET }, *const one[] = { "the new one", NULL };
    const struct header header = { SLICE("X-Hub-Signature-256"), SLICE("sha256=" DIGEST) };

    (void)state;
    assert_int_equal(check_with(&hub, both, &header, 1, BODY, 0), RC_OK);
    assert_int_equal(check_with(&hub, one, &header, 1, BODY, 0), RC_DENIED);
}

static void without_a_secret_nobody_is_accepted(void **state)
{
    const char *const none[] = { NULL };
    const struct header header = { SLICE("Authorization"), SLICE("Bearer ") };

    (void)state;
    assert_int_equal(check_with(&bearer, none, &header, 1, "{}", 0), RC_DENIED);
}

static void basic_is_user_and_password_in_base64(void **state)
{
    const char *problem;
    struct signature_key key;

    (void)state;
    assert_int_equal(check(&basic, "ci:pass", "Authorization", "Basic Y2k6cGFzcw==", ""), RC_OK);
    assert_int_equal(check(&basic, "ci:pasS", "Authorization", "Basic Y2k6cGFzcw==", ""),
                     RC_DENIED);
    assert_int_equal(check(&basic, "ci:pass", "Authorization", "Bearer Y2k6cGFzcw==", ""),
                     RC_DENIED);
    assert_int_equal(signature_key(&basic, SLICE("no colon"), arena, &key, &problem), RC_INVALID);
    assert_string_equal(problem, "must be `user:password`");
}

/* HMAC-SHA256 of `1700000000.{}` under `secret`. */
#define LISTED "b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163"

static void h14_of_a_list_one_right_proof_of_our_version_is_enough(void **state)
{
    static const struct {
        const char *value;
        enum rc expected;
    } cases[] = {
        { "t=1700000000,v1=" LISTED, RC_OK },
        { "v1=" LISTED ",t=1700000000", RC_OK },
        { "t=1700000000,v1=00,v0=11,v1=" LISTED, RC_OK },
        { "t=1700000000,v0=" LISTED, RC_DENIED },
        { "t=1700000000," LISTED, RC_DENIED },
        { "v1=" LISTED, RC_DENIED },
        { "t=1700000000,t=1700000000,v1=" LISTED, RC_DENIED },
        { "t=1700000001,v1=" LISTED, RC_DENIED },
        { "t=01700000000,v1=" LISTED, RC_DENIED },
        { "t=,v1=" LISTED, RC_DENIED },
        { "t=1700000000,v1=", RC_DENIED },
        { "t=1700000000,v1=0,v1=1,v1=2,v1=3,v1=4,v1=5,v1=6,v1=7,v1=" LISTED, RC_DENIED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].value);
        assert_int_equal(check(&listed, "secret", "Signed", cases[i].value, "{}"),
                         cases[i].expected);
    }
}

static void h15_what_was_signed_long_ago_or_ahead_of_us_is_told_from_what_is_forged(void **state)
{
    const char *const secrets[] = { "secret", NULL };
    const struct header header = { SLICE("Signed"), SLICE("t=1700000000,v1=" LISTED) };

    (void)state;
    assert_int_equal(check_with(&listed, secrets, &header, 1, "{}", 300), RC_OK);
    assert_int_equal(check_with(&listed, secrets, &header, 1, "{}", 301), RC_TIMEOUT);
    assert_int_equal(check_with(&listed, secrets, &header, 1, "{}", -300), RC_OK);
    assert_int_equal(check_with(&listed, secrets, &header, 1, "{}", -301), RC_TIMEOUT);
    assert_int_equal(check_with(&listed, secrets, &header, 1, "[]", 301), RC_DENIED);
}

static void a_time_is_digits_without_a_zero_before_them(void **state)
{
    static const struct {
        const char *time;
        int64_t now_s;
        bool is_near;
    } cases[] = {
        { "0", 0, true },     { "0", 300, true }, { "0", 301, false }, { "1", 0, true },
        { "00", 0, false },   { "01", 0, false }, { "", 0, false },    { "-1", 0, false },
        { "1e1", 10, false }, { "10", 10, true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].time);
        assert_int_equal(signature_time_is_near(&listed, slice_of(cases[i].time), SECOND_MS,
                                                cases[i].now_s * SECOND_MS),
                         cases[i].is_near);
    }
}

static void a_standard_webhook_is_signed_with_its_id_and_time(void **state)
{
    static const char *const secrets[] = { "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", NULL };
    struct header headers[] = {
        { SLICE("webhook-signature"),
          SLICE("v2,x v1,x5lVgj0b/JJJaUYaa1+6I5J/EECcryrPlFN4VrkmI94=") },
        { SLICE("webhook-id"), SLICE("msg_1") },
        { SLICE("webhook-timestamp"), SLICE("1700000000") },
    };

    (void)state;
    assert_int_equal(check_with(&standard, secrets, headers, 3, "{}", 0), RC_OK);
    assert_int_equal(check_with(&standard, secrets, headers, 2, "{}", 0), RC_DENIED);
    headers[1].value = SLICE("msg_2");
    assert_int_equal(check_with(&standard, secrets, headers, 3, "{}", 0), RC_DENIED);
}

static void a_base64_secret_may_lack_its_padding_and_end_in_bits_of_no_byte(void **state)
{
    static const struct {
        const char *secret, *bytes;
    } cases[] = {
        { "whsec_c2VjcmU=", "secre" }, { "whsec_c2VjcmU", "secre" }, { "whsec_c2VjcmX", "secre" },
        { "c2Vjcg==", "secr" },        { "c2Vjcg", "secr" },         { "c2Vjcv", "secr" },
        { "c2VjcmV0", "secret" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct signature_key key;
        const char *problem;

        print_message("%s\n", cases[i].secret);
        assert_int_equal(signature_key(&standard, slice_of(cases[i].secret), arena, &key, &problem),
                         RC_OK);
        assert_true(slice_eq(key.bytes, slice_of(cases[i].bytes)));
    }
}

static void a_secret_that_is_none_of_its_kind_is_told(void **state)
{
    static const struct {
        const struct signature_scheme *scheme;
        const char *secret, *problem;
    } cases[] = {
        { &standard, "whsec_not base64", "is not base64, as `whsec_…` is" },
        { &standard, "whsec_", "is not base64, as `whsec_…` is" },
        { &standard, "whsec_c2Vjc", "is not base64, as `whsec_…` is" },
        { &standard, "whsec_c2Vjcg=c", "is not base64, as `whsec_…` is" },
        { &ed25519, "whpk_AAAA", "is no Ed25519 key: 32 bytes as base64, as `whpk_…`" },
        { &rsa, "AAAA", "is no public key in PEM (-----BEGIN PUBLIC KEY-----)" },
        { &bearer, "two\nlines", "holds a control character, which no header can carry" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct signature_key key;
        const char *problem;

        assert_int_equal(
            signature_key(cases[i].scheme, slice_of(cases[i].secret), arena, &key, &problem),
            RC_INVALID);
        assert_string_equal(problem, cases[i].problem);
    }
}

static void a_key_in_base64_holds_no_nul(void **state)
{
    static const char secret[] = "whsec_AAAA\0AAAAAAA";
    const struct slice whole = { secret, sizeof secret - 1 };
    struct signature_key key;
    const char *problem;

    (void)state;
    assert_int_equal(signature_key(&standard, whole, arena, &key, &problem), RC_INVALID);
    assert_string_equal(problem, "is not base64, as `whsec_…` is");
}

static void what_over_names_is_known(void **state)
{
    struct signature_uses uses;
    struct signature_scheme scheme = { .over = "{id}.{time}.{body}" };

    (void)state;
    assert_int_equal(signature_uses(&scheme, &uses), RC_OK);
    assert_true(uses.id && uses.time && uses.body);
    scheme.over = NULL;
    assert_int_equal(signature_uses(&scheme, &uses), RC_OK);
    assert_true(!uses.id && !uses.time && uses.body);
    scheme.over = "{bdy}";
    assert_int_equal(signature_uses(&scheme, &uses), RC_INVALID);
    scheme.over = "{body";
    assert_int_equal(signature_uses(&scheme, &uses), RC_INVALID);
}

static void what_is_made_is_accepted(void **state)
{
    static const struct {
        const struct signature_scheme *scheme;
        const char *secret;
    } cases[] = {
        { &hub, SECRET },
        { &bearer, SECRET },
        { &basic, "ci:pass" },
        { &listed, "secret" },
        { &standard, "whsec_c2VjcmV0" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const secrets[] = { cases[i].secret, NULL };
        struct header headers[SIGNATURE_MAX_HEADERS];
        struct signature_key key;
        const char *problem;
        size_t n_headers;

        assert_int_equal(
            signature_key(cases[i].scheme, slice_of(cases[i].secret), arena, &key, &problem),
            RC_OK);
        assert_int_equal(signature_make(cases[i].scheme, &key, SLICE("m1"), SLICE(BODY),
                                        NOW * SECOND_MS, arena, headers, &n_headers),
                         RC_OK);
        assert_int_equal(check_with(cases[i].scheme, secrets, headers, n_headers, BODY, 0), RC_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h14_only_the_signature_of_these_bytes_under_this_secret_is_accepted),
        cmocka_unit_test(h14_a_token_is_the_whole_value_behind_its_scheme),
        cmocka_unit_test(h14_a_signature_given_twice_is_refused_even_when_both_are_right),
        cmocka_unit_test(old_and_new_secret_are_accepted_while_they_rotate),
        cmocka_unit_test(without_a_secret_nobody_is_accepted),
        cmocka_unit_test(basic_is_user_and_password_in_base64),
        cmocka_unit_test(h14_of_a_list_one_right_proof_of_our_version_is_enough),
        cmocka_unit_test(h15_what_was_signed_long_ago_or_ahead_of_us_is_told_from_what_is_forged),
        cmocka_unit_test(a_time_is_digits_without_a_zero_before_them),
        cmocka_unit_test(a_standard_webhook_is_signed_with_its_id_and_time),
        cmocka_unit_test(a_base64_secret_may_lack_its_padding_and_end_in_bits_of_no_byte),
        cmocka_unit_test(a_secret_that_is_none_of_its_kind_is_told),
        cmocka_unit_test(a_key_in_base64_holds_no_nul),
        cmocka_unit_test(what_over_names_is_known),
        cmocka_unit_test(what_is_made_is_accepted),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
