#include "tests/unit/configured.h"

#include "src/base/clock.h"
#include "watchers/catch_up_config.h"
#include "watchers/webhook.h"

static const struct catch_up *load(struct configured *configured, const char *catch_up)
{
    struct slice list;

    assert_int_equal(arena_format(configured->arena, &list,
                                  "- {webhook: github, secret: s, catch_up: %s}", catch_up),
                     RC_OK);
    assert_int_equal(configured_load(configured, list.ptr), RC_OK);
    return webhook_catch_up(watchers_webhook_at(configured->watchers, 0));
}

static void of_a_repository_it_is_read_with_its_defaults(void **state)
{
    const struct catch_up *catch_up = load(*state, "{token: t, hook: 12, repo: acme/shop.web}");

    assert_true(slice_eq(catch_up->token, SLICE("t")));
    assert_true(slice_eq(catch_up->owner, SLICE("repos/acme/shop.web")));
    assert_true(slice_eq(catch_up->base_url, SLICE("https://api.github.com")));
    assert_int_equal(catch_up->hook, 12);
    assert_int_equal(catch_up->every_ms, 15 * MINUTE_MS);
}

static void of_an_organisation_at_an_enterprise_server_it_is_read_as_written(void **state)
{
    const struct catch_up *catch_up =
        load(*state, "{token: t, hook: 9007199254740993, org: acme, every: 1h, base_url: "
                     "'https://git.acme.example/api/v3/'}");

    assert_true(slice_eq(catch_up->owner, SLICE("orgs/acme")));
    assert_true(slice_eq(catch_up->base_url, SLICE("https://git.acme.example/api/v3")));
    assert_true(catch_up->hook == INT64_C(9007199254740993));
    assert_int_equal(catch_up->every_ms, HOUR_MS);
}

static void a_webhook_without_it_asks_nobody(void **state)
{
    assert_int_equal(configured_load(*state, "- {webhook: github, secret: s}"), RC_OK);
    assert_null(webhook_catch_up(watchers_webhook_at(((struct configured *)*state)->watchers, 0)));
}

#define GITHUB(catch_up) "- {webhook: github, secret: s, catch_up: " catch_up "}"

static void each_wrong_member_is_told_with_what_is_allowed(void **state)
{
    static const struct {
        const char *list;
        const char *says;
    } cases[] = {
        { GITHUB("yes"), "`catch_up` is a map, as {token_file: gh.token" },
        { GITHUB("[a]"), "`catch_up` is a map" },
        { GITHUB("{token: t, hook: 1}"), "either `repo: owner/name` or `org: name`" },
        { GITHUB("{token: t, hook: 1, repo: acme/shop, org: acme}"), "either `repo: owner/name`" },
        { GITHUB("{token: t, repo: acme/shop}"), "hook" },
        { GITHUB("{token: t, hook: 0, repo: acme/shop}"), "hook" },
        { GITHUB("{token: t, hook: mine, repo: acme/shop}"), "hook" },
        { GITHUB("{hook: 1, repo: acme/shop}"), "`catch_up` needs `token_file`" },
        { GITHUB("{token: [a, b], hook: 1, repo: acme/shop}"), "takes one token" },
        { GITHUB("{token: \"a\\nb\", hook: 1, repo: acme/shop}"), "a line break" },
        { GITHUB("{token: '', hook: 1, repo: acme/shop}"), "`token` needs a secret" },
        { GITHUB("{token_file: not-there, hook: 1, repo: acme/shop}"), "cannot be read" },
        { GITHUB("{token: t, hook: 1, repo: shop}"), "an owner and a name, as acme/shop" },
        { GITHUB("{token: t, hook: 1, repo: acme/shop/x}"), "an owner and a name" },
        { GITHUB("{token: t, hook: 1, repo: ../shop}"), "an owner and a name" },
        { GITHUB("{token: t, hook: 1, repo: acme/..}"), "an owner and a name" },
        { GITHUB("{token: t, hook: 1, repo: 'acme/shop?x'}"), "an owner and a name" },
        { GITHUB("{token: t, hook: 1, org: acme/shop}"), "`org` is the name of an organisation" },
        { GITHUB("{token: t, hook: 1, org: acme, every: 30s}"), "every" },
        { GITHUB("{token: t, hook: 1, org: acme, every: 2d}"), "every" },
        { GITHUB("{token: t, hook: 1, org: acme, base_url: 'http://git.acme.example'}"),
          "`base_url` is https" },
        { GITHUB("{token: t, hook: 1, org: acme, base_url: 'https://u:p@git.example'}"),
          "`base_url` begins with https://" },
        { GITHUB("{token: t, hook: 1, org: acme, evry: 1h}"), "evry" },
        { "- {webhook: generic, token: t, catch_up: {token: t, hook: 1, org: acme}}",
          "`catch_up` is for `webhook: github`" },
    };
    struct configured *configured = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer text;
        size_t offset;

        print_message("%s\n", cases[i].list);
        problems_clear(configured->problems);
        assert_int_equal(configured_load(configured, cases[i].list), RC_INVALID);
        buffer_init(&text, 0);
        problems_format(configured->problems, &text);
        if (slice_find(buffer_slice(&text), slice_of(cases[i].says), &offset) != RC_OK)
            fail_msg("said: %.*s", SLICE_ARG(buffer_slice(&text)));
        buffer_free(&text);
    }
}

#define CONFIGURED_TEST(name)                                                                      \
    cmocka_unit_test_setup_teardown(name, configured_set_up, configured_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIGURED_TEST(of_a_repository_it_is_read_with_its_defaults),
        CONFIGURED_TEST(of_an_organisation_at_an_enterprise_server_it_is_read_as_written),
        CONFIGURED_TEST(a_webhook_without_it_asks_nobody),
        CONFIGURED_TEST(each_wrong_member_is_told_with_what_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
