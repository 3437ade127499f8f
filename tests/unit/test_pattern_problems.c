/* What is said of patterns that are wrong or pointless, and where it points: at the byte, whichever way YAML has the pattern written. */
#include "rule_fixture.h"

/* What is said of a file of rules, whole. */
static void assert_said(const char *text, enum rc expected_rc, const char *expected)
{
    struct ruleset *set = NULL;
    struct buffer said;
    enum rc rc = parse_rules(text, &set, &said);

    if (strcmp(said.ptr, expected) != 0)
        print_message("%s\n", text);
    assert_string_equal(said.ptr, expected);
    assert_int_equal(rc, expected_rc);
    buffer_free(&said);
    ruleset_free(set);
}

#define RULE "rules:\n  - id: a\n    on: log\n"

static void r01_a_bad_pattern_is_told_with_pcre2s_reason_at_the_offending_byte(void **state)
{
    static const struct {
        const char *text;
        const char *said;
    } cases[] = {
        /* in single quotes */
        { RULE "    match: '/a)b/'\n",
          "t.yaml:4:15: error: bad pattern: unmatched closing parenthesis\n" },
        { RULE "    match: '/a(b/'\n",
          "t.yaml:4:17: error: bad pattern: missing closing parenthesis\n" },
        { RULE "    match: '/[z-a]/'\n",
          "t.yaml:4:17: error: bad pattern: range out of order in character class\n" },
        { RULE "    match: '/it''s a)/'\n",
          "t.yaml:4:21: error: bad pattern: unmatched closing parenthesis\n" },
        { RULE "    match: '/''''''*+*/'\n",
          "t.yaml:4:22: error: bad pattern: quantifier does not follow a repeatable item\n" },
        { RULE "    match: '/\xc3\xa4\xc3\xb6)/u'\n",
          "t.yaml:4:18: error: bad pattern: unmatched closing parenthesis\n" },
        { RULE "    match: '/a\\Cb/'\n",
          "t.yaml:4:15: error: bad pattern: using \\C is disabled by the application\n" },
        { RULE "    match: '/a(?C1)b/'\n",
          "t.yaml:4:15: error: bad pattern: callouts are not allowed\n" },
        { RULE "    match: '/(*UTF8)ab/'\n",
          "t.yaml:4:14: error: bad pattern: a pattern may not start with (*\n" },
        { RULE "    match: '/abc/g'\n",
          "t.yaml:4:18: error: bad pattern: unknown flag; known: i (any case), x (blanks are "
          "layout), s (. is also a line end), u (UTF-8)\n" },
        /* over several lines */
        { RULE "    match: '/one\n      it''s)/x'\n",
          "t.yaml:5:12: error: bad pattern: unmatched closing parenthesis\n" },
        { RULE "    match: >-\n      /one \\d\n      two)/x\n",
          "t.yaml:6:10: error: bad pattern: unmatched closing parenthesis\n" },
        { RULE "    match: |-\n      /a)/\n",
          "t.yaml:5:9: error: bad pattern: unmatched closing parenthesis\n" },
        { RULE "    match: |-\n      /a\n      b/x\n",
          "t.yaml:5:9: error: bad pattern: a line end in the pattern: `>-` makes blanks of those "
          "that a long pattern has (with the flag x)\n" },
        /* in double quotes, where a backslash is written twice */
        { RULE "    match: \"/\\\\d\\\"a)/\"\n",
          "t.yaml:4:20: error: bad pattern: unmatched closing parenthesis\n" },
        /* in lists */
        { RULE "    match: ['/fine/', '/a)/']\n",
          "t.yaml:4:26: error: bad pattern: unmatched closing parenthesis\n" },
        { RULE "    match:\n      - '/fine/'\n      - '/it''s)/'\n",
          "t.yaml:6:16: error: bad pattern: unmatched closing parenthesis\n" },
        { RULE "    ignore: '/a)/'\n",
          "t.yaml:4:16: error: bad pattern: unmatched closing parenthesis\n" },
        /* in clauses */
        { RULE "    where: {branch: '/a)/'}\n",
          "t.yaml:4:24: error: bad pattern: unmatched closing parenthesis\n" },
        { RULE "    where: {branch: ['/ok/', {not: '/it''s)/'}]}\n",
          "t.yaml:4:43: error: bad pattern: unmatched closing parenthesis\n" },
        { RULE "    where: {any: [{branch: main}, {data.x: '/a)/'}]}\n",
          "t.yaml:4:47: error: bad pattern: unmatched closing parenthesis\n" },
        { RULE "    where:\n      none:\n        - title: '/a)/'\n",
          "t.yaml:6:21: error: bad pattern: unmatched closing parenthesis\n" },
        { RULE "    clear: {match: '/a)/'}\n",
          "t.yaml:4:23: error: bad pattern: unmatched closing parenthesis\n" },
        /* a shared piece is told once, where it stands, however often it is used */
        { "patterns:\n  oops: '/it''s)/'\n" RULE "    match: $oops\n    ignore: [$oops]\n",
          "t.yaml:2:16: error: bad pattern: unmatched closing parenthesis\n" },
        /* all of them at once, in the order in which they are read */
        { RULE "    match: ['/a)/', '/(/']\n",
          "t.yaml:4:16: error: bad pattern: unmatched closing parenthesis\n"
          "t.yaml:4:24: error: bad pattern: missing closing parenthesis\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_said(cases[i].text, RC_INVALID, cases[i].said);
}

static void a_pattern_that_says_nothing_is_a_warning(void **state)
{
#define EVERY "warning: this pattern matches every text: `{exists: true}` says the same\n"
#define EMPTY "warning: this pattern matches only the empty text\n"
    static const struct {
        const char *text;
        const char *said;
    } cases[] = {
        { RULE "    match: '/.*/'\n", "t.yaml:4:12: " EVERY },
        { RULE "    match: '/a?/'\n", "t.yaml:4:12: " EVERY },
        { RULE "    match: '/a|/'\n", "t.yaml:4:12: " EVERY },
        { RULE "    match: '/^/'\n", "t.yaml:4:12: " EVERY },
        { RULE "    match: '/$/'\n", "t.yaml:4:12: " EVERY },
        { RULE "    where: {branch: ['/main/', '/x*/']}\n", "t.yaml:4:32: " EVERY },
        { RULE "    ignore: '/(?:)/'\n", "t.yaml:4:13: " EVERY },
        { RULE "    match: '/^$/'\n", "t.yaml:4:12: " EMPTY },
        { RULE "    match: '/\\A\\z/'\n", "t.yaml:4:12: " EMPTY },
        { RULE "    match: '/(^$)/'\n", "t.yaml:4:12: " EMPTY },
        { RULE "    match: '/^(?:)$/'\n", "t.yaml:4:12: " EMPTY },
        { RULE "    match: '/./'\n", "t.yaml:4:12: " EVERY },
        { RULE "    match: '/.+/s'\n", "t.yaml:4:12: " EVERY },
        { RULE "    match: '/a/'\n", "" },
        { RULE "    match: '/\\S/'\n", "" },
        { RULE "    match: '/^\\s*$/'\n", "" },
        { RULE "    match: '/^[^=]*$/'\n", "" },
        { RULE "    match: '/^.{0,80}$/'\n", "" },
        { RULE "    match: '/^(?!release)/'\n", "" },
        { RULE "    match: '/^(?:|a b c)$/'\n", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_said(cases[i].text, RC_OK, cases[i].said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r01_a_bad_pattern_is_told_with_pcre2s_reason_at_the_offending_byte),
        cmocka_unit_test(a_pattern_that_says_nothing_is_a_warning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
