#include "actions/channels/literal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ZWSP "\xe2\x80\x8b"
#define NBSP "\xc2\xa0"

static const struct literal_rules markdown = { .escaped = "\\*_", .broken = "@" };

static struct slice make(struct arena *arena, const struct literal_rules *rules, struct slice text,
                         size_t max_units)
{
    struct slice literal = { 0 };

    assert_int_equal(literal_make(rules, text, max_units, arena, &literal), RC_OK);
    return literal;
}

static int set_up(void **state)
{
    return arena_new(1 << 20, (struct arena **)state) ? -1 : 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static void i01_what_would_act_is_made_inert(void **state)
{
    const struct literal_case {
        struct slice text, plain, marked;
    } cases[] = {
        { SLICE("as it is"), SLICE("as it is"), SLICE("as it is") },
        { SLICE(""), SLICE(""), SLICE("") },
        { SLICE("*a_b*"), SLICE("*a_b*"), SLICE("\\*a\\_b\\*") },
        { SLICE("@here"), SLICE("@here"), SLICE("@" ZWSP "here") },
        { SLICE("one\ntwo\tthree"), SLICE("one\ntwo\tthree"), SLICE("one\ntwo\tthree") },
        { SLICE("one\r\ntwo"), SLICE("one\ntwo"), SLICE("one\ntwo") },
        { SLICE("one\rtwo"), SLICE("one\\x0dtwo"), SLICE("one\\x0dtwo") },
        { SLICE("\x1b[31m"), SLICE("\\x1b[31m"), SLICE("\\x1b[31m") },
        { SLICE("a\0b"), SLICE("a\\x00b"), SLICE("a\\x00b") },
        { SLICE("\xff"), SLICE("\\xff"), SLICE("\\xff") },
        /* RIGHT-TO-LEFT OVERRIDE */
        { SLICE("\xe2\x80\xae"), SLICE("\\xe2\\x80\\xae"), SLICE("\\xe2\\x80\\xae") },
        /* Four blanks begin code, in which an escape would be shown. */
        { SLICE("    *x"), SLICE("    *x"), SLICE(NBSP NBSP NBSP NBSP "\\*x") },
        { SLICE("a  b\n\t*"), SLICE("a  b\n\t*"), SLICE("a  b\n" NBSP NBSP "\\*") },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("# case %zu\n", i);
        assert_true(slice_eq(make(*state, &literal_plain, cases[i].text, 1000), cases[i].plain));
        assert_true(slice_eq(make(*state, &markdown, cases[i].text, 1000), cases[i].marked));
    }
}

static void o13_what_is_too_long_is_cut_where_it_can_be_seen(void **state)
{
    const struct cut_case {
        struct slice text;
        size_t max_units;
        struct slice cut;
    } cases[] = {
        { SLICE("12345"), 5, SLICE("12345") },
        { SLICE("123456"), 5, SLICE("1234…") },
        { SLICE("123456"), 1, SLICE("…") },
        { SLICE("123456"), 0, SLICE("") },
        { SLICE(""), 0, SLICE("") },
        /* No escape is cut in two. */
        { SLICE("1234*"), 5, SLICE("1234…") },
        { SLICE("123**"), 5, SLICE("123…") },
        { SLICE("12\\\\\\"), 6, SLICE("12\\\\…") },
        /* A character beyond U+FFFF counts as two. */
        { SLICE("\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5"), 4, SLICE("\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5") },
        { SLICE("\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5"), 3, SLICE("\xf0\x9f\x94\xa5…") },
        { SLICE("äöü"), 3, SLICE("äöü") },
        { SLICE("äöü"), 2, SLICE("ä…") },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice cut = make(*state, &markdown, cases[i].text, cases[i].max_units);

        print_message("# case %zu: %.*s\n", i, SLICE_ARG(cut));
        assert_true(slice_eq(cut, cases[i].cut));
        assert_true(literal_units(cut) <= cases[i].max_units);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(i01_what_would_act_is_made_inert, set_up, tear_down),
        cmocka_unit_test_setup_teardown(o13_what_is_too_long_is_cut_where_it_can_be_seen, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
