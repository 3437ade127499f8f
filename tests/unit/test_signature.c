#include "watchers/senders/signature.h"

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

static enum rc check(const struct signature_scheme *scheme, const char *secret, const char *name,
                     const char *value, const char *body)
{
    struct slice secrets[] = { slice_of(secret) };
    struct header header = { slice_of(name), slice_of(value) };

    return signature_check(scheme, (struct slice_list){ secrets, 1 }, &header, name ? 1 : 0,
                           slice_of(body));
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
    struct slice secrets[] = { SLICE(SECRET) };
    const struct header headers[] = {
        { SLICE("X-Hub-Signature-256"), SLICE("sha256=" DIGEST) },
        { SLICE("x-hub-signature-256"), SLICE("sha256=" DIGEST) },
    };
    const struct slice_list list = { secrets, 1 };

    (void)state;
    assert_int_equal(signature_check(&hub, list, headers, 1, SLICE(BODY)), RC_OK);
    assert_int_equal(signature_check(&hub, list, headers, 2, SLICE(BODY)), RC_DENIED);
}

static void old_and_new_secret_are_accepted_while_they_rotate(void **state)
{
    struct slice secrets[] = { SLICE("the new one"), SLICE(SECRET) };
    const struct header header = { SLICE("X-Hub-Signature-256"), SLICE("sha256=" DIGEST) };

    (void)state;
    assert_int_equal(
        signature_check(&hub, (struct slice_list){ secrets, 2 }, &header, 1, SLICE(BODY)), RC_OK);
    assert_int_equal(
        signature_check(&hub, (struct slice_list){ secrets, 1 }, &header, 1, SLICE(BODY)),
        RC_DENIED);
}

static void without_a_secret_nobody_is_accepted(void **state)
{
    const struct header header = { SLICE("Authorization"), SLICE("Bearer ") };

    (void)state;
    assert_int_equal(signature_check(&bearer, (struct slice_list){ 0 }, &header, 1, SLICE("{}")),
                     RC_DENIED);
}

static void what_is_made_is_accepted(void **state)
{
    static const struct signature_scheme *const schemes[] = { &hub, &bearer };
    struct slice secrets[] = { SLICE(SECRET) };
    struct arena *arena;
    struct header header;

    (void)state;
    assert_int_equal(arena_new(4096, &arena), RC_OK);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        assert_int_equal(signature_make(schemes[i], secrets[0], SLICE(BODY), arena, &header),
                         RC_OK);
        assert_int_equal(
            signature_check(schemes[i], (struct slice_list){ secrets, 1 }, &header, 1, SLICE(BODY)),
            RC_OK);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h14_only_the_signature_of_these_bytes_under_this_secret_is_accepted),
        cmocka_unit_test(h14_a_token_is_the_whole_value_behind_its_scheme),
        cmocka_unit_test(h14_a_signature_given_twice_is_refused_even_when_both_are_right),
        cmocka_unit_test(old_and_new_secret_are_accepted_while_they_rotate),
        cmocka_unit_test(without_a_secret_nobody_is_accepted),
        cmocka_unit_test(what_is_made_is_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
