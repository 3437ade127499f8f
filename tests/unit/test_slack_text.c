#include "actions/channels/slack_text.h"

#include "sample_proposal.h"

#define BIDI "\xe2\x80\xae"       /* U+202E */
#define ZERO_WIDTH "\xe2\x80\x8b" /* U+200B */

static int open_arena(void **state)
{
    return arena_new(8 << 20, (struct arena **)state) ? -1 : 0;
}

static int close_arena(void **state)
{
    arena_free(*state);
    return 0;
}

struct text_case {
    const char *in;
    size_t max;
    const char *out;
};

static void i01_entities_are_escaped_once_and_nothing_else(void **state)
{
    static const struct text_case cases[] = {
        { "", 100, "" },
        { "plain *text* _as_ `it` is ~", 100, "plain *text* _as_ `it` is ~" },
        { "<!channel> & <@U123> <https://a|b>", 100,
          "&lt;!channel&gt; &amp; &lt;@U123&gt; &lt;https://a|b&gt;" },
        { "&lt;", 100, "&amp;lt;" },
        { "a\nb\tc", 100, "a\nb\tc" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct slice out;

        assert_int_equal(slack_escape(text_of(cases[i].in), cases[i].max, *state, &out), RC_OK);
        assert_slice(out, cases[i].out);
    }
}

static void o13_a_cut_keeps_characters_and_entities_whole_and_shows(void **state)
{
    static const struct text_case cases[] = {
        { "abcd", 4, "abcd" }, { "abcde", 4, "abc…" },
        { "äöüß", 4, "äöüß" }, { "äöüßx", 4, "äöü…" },
        { "😀😀😀", 3, "😀…" },    { "😀😀😀", 4, "😀…" },
        { "😀😀😀", 6, "😀😀😀" },   { "ab<", 6, "ab&lt;" },
        { "ab<c", 6, "ab…" }, /* &lt; is four characters: with the mark it has no room */
        { "<", 3, "…" },       { "x", 1, "x" },
        { "xy", 1, "…" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct slice out;

        print_message("# %s\n", cases[i].in);
        assert_int_equal(slack_escape(text_of(cases[i].in), cases[i].max, *state, &out), RC_OK);
        assert_slice(out, cases[i].out);
        assert_true(slack_count(out) <= cases[i].max);
    }
}

static void a14_what_hides_or_turns_is_shown(void **state)
{
    static const struct text_case cases[] = {
        { "a\x1b[31mb", 100, "a\\x1b[31mb" },
        { "evil" BIDI "txt", 100, "evil\\u202etxt" },
        { "ad" ZERO_WIDTH "min", 100, "ad\\u200bmin" },
        { "\xf3\xa0\x80\xa1", 100, "\\U000e0021" }, /* a tag */
        { "a\xff\xc0", 100, "a\\xff\\xc0" },
        { "cr\r\nlf", 100, "cr\nlf" },
        { "over\rwritten", 100, "over\\x0dwritten" },
        { "\xc2\x85", 100, "\\u0085" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct slice out;

        assert_int_equal(slack_clean(text_of(cases[i].in), cases[i].max, *state, &out), RC_OK);
        assert_slice(out, cases[i].out);
    }
}

static void a_nul_is_text_like_any_other(void **state)
{
    struct slice out;

    assert_int_equal(slack_clean((struct slice){ "a\0b", 3 }, 100, *state, &out), RC_OK);
    assert_slice(out, "a\\x00b");
}

static void i01_a_link_is_http_with_everything_else_percent_encoded(void **state)
{
    static const struct {
        const char *url, *label, *link;
    } cases[] = {
        { "https://ci.example.com/1", "run", "<https://ci.example.com/1|run>" },
        { "http://a/?x=1&y=2", "a & b", "<http://a/?x=1&amp;y=2|a &amp; b>" },
        { "https://a/|x>y<z w", "l", "<https://a/%7Cx%3Ey%3Cz%20w|l>" },
        { "https://a/\n\"", "<!here>", "<https://a/%0A%22|&lt;!here&gt;>" },
        { "https://\xd0\xb0pple.com/", "x", "<https://%D0%B0pple.com/|x>" },
        { "javascript:alert(1)", "x", NULL },
        { "https://", "x", NULL },
        { "https:///path", "x", NULL },
        { "HTTPS://a", "x", NULL },
        { "", "x", NULL },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct slice link;

        assert_int_equal(slack_link(text_of(cases[i].url), text_of(cases[i].label), *state, &link),
                         RC_OK);
        assert_slice(link, cases[i].link);
    }
}

static void an_address_beyond_the_limit_is_no_link(void **state)
{
    char url[SLACK_MAX_ADDRESS + 2];
    struct slice link;

    memset(url, 'a', sizeof(url));
    memcpy(url, "https://a/", 10);
    assert_int_equal(
        slack_link((struct slice){ url, SLACK_MAX_ADDRESS }, SLICE("x"), *state, &link), RC_OK);
    assert_false(slice_is_absent(link));
    assert_int_equal(
        slack_link((struct slice){ url, SLACK_MAX_ADDRESS + 1 }, SLICE("x"), *state, &link), RC_OK);
    assert_true(slice_is_absent(link));
}

#define TEXT_TEST(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEXT_TEST(i01_entities_are_escaped_once_and_nothing_else),
        TEXT_TEST(o13_a_cut_keeps_characters_and_entities_whole_and_shows),
        TEXT_TEST(a14_what_hides_or_turns_is_shown),
        TEXT_TEST(a_nul_is_text_like_any_other),
        TEXT_TEST(i01_a_link_is_http_with_everything_else_percent_encoded),
        TEXT_TEST(an_address_beyond_the_limit_is_no_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
