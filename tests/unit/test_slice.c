#include "src/base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* SLICE is no constant; a static table needs one. */
#define BYTES(literal)                                                                             \
    {                                                                                              \
        .ptr = (literal), .len = sizeof(literal) - 1                                               \
    }

static const struct slice absent;

static void absent_is_not_empty(void **state)
{
    (void)state;
    assert_true(slice_is_absent(slice_of(NULL)));
    assert_false(slice_is_absent(slice_of("")));
    assert_true(slice_eq(absent, absent));
    assert_false(slice_eq(absent, SLICE("")));
    assert_false(slice_eq_nocase(absent, SLICE("")));
    assert_true(slice_compare(absent, SLICE("")) < 0);
}

static void a_nul_is_a_byte_like_others(void **state)
{
    size_t offset = 0;

    (void)state;
    assert_false(slice_eq(SLICE("a\0b"), SLICE("a\0c")));
    assert_false(slice_eq(SLICE("a"), SLICE("a\0")));
    assert_int_equal(slice_find(SLICE("a\0needle"), SLICE("needle"), &offset), RC_OK);
    assert_int_equal(offset, 2);
}

static void order_is_that_of_bytes(void **state)
{
    (void)state;
    assert_true(slice_compare(SLICE("a"), SLICE("b")) < 0);
    assert_true(slice_compare(SLICE("a"), SLICE("ab")) < 0);
    assert_true(slice_compare(SLICE("\xff"), SLICE("a")) > 0);
    assert_int_equal(slice_compare(SLICE("ab"), SLICE("ab")), 0);
}

static void only_ascii_letters_fold_their_case(void **state)
{
    (void)state;
    assert_true(slice_eq_nocase(SLICE("X-Hub-Signature"), SLICE("x-hub-signature")));
    assert_false(slice_eq_nocase(SLICE("[a]"), SLICE("{a}"))); /* 0x20 apart, as letters are */
    assert_false(slice_eq_nocase(SLICE("a"), SLICE("ab")));
}

static void starts_and_ends_compare_whole_ends(void **state)
{
    size_t offset;

    (void)state;
    assert_true(slice_starts(SLICE("evt_1"), SLICE("evt_")));
    assert_false(slice_starts(SLICE("evt"), SLICE("evt_")));
    assert_true(slice_ends(SLICE("ci.yaml"), SLICE(".yaml")));
    assert_false(slice_ends(SLICE("yaml"), SLICE(".yaml")));
    assert_true(slice_ends(absent, SLICE("")));
    assert_int_equal(slice_find(SLICE("abc"), SLICE("d"), &offset), RC_NOT_FOUND);
    assert_int_equal(slice_find(absent, SLICE("d"), &offset), RC_NOT_FOUND);
}

static void cutting_takes_one_piece_after_the_other(void **state)
{
    struct slice rest = SLICE("t=1,,v1=ab");

    (void)state;
    assert_true(slice_eq(slice_cut(&rest, ','), SLICE("t=1")));
    assert_true(slice_eq(slice_cut(&rest, ','), SLICE("")));
    assert_true(slice_eq(slice_cut(&rest, ','), SLICE("v1=ab")));
    assert_int_equal(rest.len, 0);
    assert_true(slice_eq(slice_cut(&rest, ','), SLICE("")));
    rest = absent;
    assert_true(slice_is_absent(slice_cut(&rest, ',')));
}

static void trimming_takes_blanks_off_both_ends_only(void **state)
{
    (void)state;
    assert_true(slice_eq(slice_trim(SLICE(" \t a b\r\n")), SLICE("a b")));
    assert_true(slice_eq(slice_trim(SLICE("\n \n")), SLICE("")));
    assert_true(slice_is_absent(slice_trim(absent)));
}

static void h13_integers_of_64_bits_are_read_exactly_or_refused(void **state)
{
    static const struct {
        struct slice text;
        enum rc rc;
        int64_t value;
    } cases[] = {
        { .text = BYTES("0"), .value = 0 },
        { .text = BYTES("-1"), .value = -1 },
        { .text = BYTES("007"), .value = 7 },
        { .text = BYTES("9007199254740993"), .value = 9007199254740993 }, /* 2^53 + 1 */
        { .text = BYTES("9223372036854775807"), .value = INT64_MAX },
        { .text = BYTES("-9223372036854775808"), .value = INT64_MIN },
        { .text = BYTES("9223372036854775808"), .rc = RC_INVALID },
        { .text = BYTES("-9223372036854775809"), .rc = RC_INVALID },
        { .text = BYTES("99999999999999999999"), .rc = RC_INVALID },
        { .text = BYTES(""), .rc = RC_INVALID },
        { .text = BYTES("-"), .rc = RC_INVALID },
        { .text = BYTES("+1"), .rc = RC_INVALID },
        { .text = BYTES(" 1"), .rc = RC_INVALID },
        { .text = BYTES("1 "), .rc = RC_INVALID },
        { .text = BYTES("1.0"), .rc = RC_INVALID },
        { .text = BYTES("1e3"), .rc = RC_INVALID },
        { .text = BYTES("1\0"), .rc = RC_INVALID },
        { .text = { .ptr = NULL, .len = 0 }, .rc = RC_INVALID },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = 42;

        print_message("# %s\n", cases[i].text.ptr ? cases[i].text.ptr : "absent");
        assert_int_equal(slice_to_int(cases[i].text, &value), cases[i].rc);
        assert_true(value == (cases[i].rc ? 42 : cases[i].value));
    }
}

static void only_well_formed_utf8_is_utf8(void **state)
{
    static const struct {
        const char *name;
        struct slice text;
        bool is_utf8;
    } cases[] = {
        { .name = "empty", .text = BYTES(""), .is_utf8 = true },
        { .name = "ascii with a NUL", .text = BYTES("a\0b"), .is_utf8 = true },
        { .name = "2, 3 and 4 bytes", .text = BYTES("é€😀"), .is_utf8 = true },
        { .name = "first of 2 bytes", .text = BYTES("\xc2\x80"), .is_utf8 = true },
        { .name = "last before the surrogates", .text = BYTES("\xed\x9f\xbf"), .is_utf8 = true },
        { .name = "U+10FFFF", .text = BYTES("\xf4\x8f\xbf\xbf"), .is_utf8 = true },
        { .name = "above U+10FFFF", .text = BYTES("\xf4\x90\x80\x80") },
        { .name = "surrogate", .text = BYTES("\xed\xa0\x80") },
        { .name = "overlong slash, 2 bytes", .text = BYTES("\xc0\xaf") },
        { .name = "overlong slash, 3 bytes", .text = BYTES("\xe0\x80\xaf") },
        { .name = "overlong, 4 bytes", .text = BYTES("\xf0\x8f\xbf\xbf") },
        { .name = "continuation alone", .text = BYTES("a\x80") },
        { .name = "cut after 1 of 2", .text = BYTES("\xc3") },
        { .name = "cut after 2 of 3", .text = BYTES("\xe2\x82") },
        { .name = "cut after 3 of 4", .text = BYTES("\xf0\x9f\x98") },
        { .name = "third byte wrong", .text = BYTES("\xe2\x82z") },
        { .name = "five-byte form", .text = BYTES("\xf8\x88\x80\x80\x80") },
        { .name = "latin-1", .text = BYTES("caf\xe9") },
        { .name = "0xff", .text = BYTES("\xff") },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("# %s\n", cases[i].name);
        assert_int_equal(slice_is_utf8(cases[i].text), cases[i].is_utf8);
    }
}

static void control_bytes_are_seen(void **state)
{
    (void)state;
    assert_true(slice_has_control(SLICE("a\0")));
    assert_true(slice_has_control(SLICE("a\x1f")));
    assert_true(slice_has_control(SLICE("\x7f")));
    assert_false(slice_has_control(SLICE(" ~é\xff")));
}

static void a_glob_knows_only_the_star(void **state)
{
    static const struct {
        struct slice text, glob;
        bool matches;
    } cases[] = {
        { .text = BYTES("github.push"), .glob = BYTES("github.*"), .matches = true },
        { .text = BYTES("github."), .glob = BYTES("github.*"), .matches = true },
        { .text = BYTES("github"), .glob = BYTES("github.*") },
        { .text = BYTES("ci.run"), .glob = BYTES("ci.run"), .matches = true },
        { .text = BYTES("ci.runs"), .glob = BYTES("ci.run") },
        { .text = BYTES("ci.run"), .glob = BYTES("ci?run") },
        { .text = BYTES("abcabd"), .glob = BYTES("*ab*d"), .matches = true },
        { .text = BYTES("abcabc"), .glob = BYTES("*ab*d") },
        { .text = BYTES("aXbYa"), .glob = BYTES("a*a"), .matches = true },
        { .text = BYTES(""), .glob = BYTES("**"), .matches = true },
        { .text = BYTES(""), .glob = BYTES(""), .matches = true },
        { .text = BYTES("a"), .glob = BYTES("") },
        { .text = BYTES("*"), .glob = BYTES("*"), .matches = true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("# %s against %s\n", cases[i].text.ptr, cases[i].glob.ptr);
        assert_int_equal(slice_matches_glob(cases[i].text, cases[i].glob), cases[i].matches);
    }
}

static void a_hostile_glob_costs_no_more_than_the_product_of_the_lengths(void **state)
{
    static char text[20000], glob[200];

    (void)state;
    memset(text, 'a', sizeof(text));
    for (size_t i = 0; i < sizeof(glob); i++)
        glob[i] = i % 2 ? 'a' : '*';
    glob[sizeof(glob) - 1] = 'b';
    assert_false(slice_matches_glob((struct slice){ .ptr = text, .len = sizeof(text) },
                                    (struct slice){ .ptr = glob, .len = sizeof(glob) }));
}

static void a_name_gives_its_place_in_the_table(void **state)
{
    static const char *const names[] = { "low", "medium", "high", NULL };
    int value = -1;

    (void)state;
    assert_int_equal(slice_to_enum(SLICE("high"), names, &value), RC_OK);
    assert_int_equal(value, 2);
    assert_int_equal(slice_to_enum(SLICE("High"), names, &value), RC_NOT_FOUND);
    assert_int_equal(slice_to_enum(SLICE("low\0"), names, &value), RC_NOT_FOUND);
    assert_int_equal(slice_to_enum(absent, names, &value), RC_NOT_FOUND);
}

static void i03_what_a_terminal_would_obey_is_shown_instead(void **state)
{
    static const struct {
        struct slice text, shown;
    } cases[] = {
        { .text = BYTES("a"), .shown = BYTES("a") },
        { .text = BYTES("😀"), .shown = BYTES("😀") },
        { .text = BYTES("\x1b]52"), .shown = BYTES("\\x1b") },
        { .text = BYTES("\n"), .shown = BYTES("\\x0a") },
        { .text = BYTES("\0"), .shown = BYTES("\\x00") },
        { .text = BYTES("\xc2\x9b"
                        "31m"),
          .shown = BYTES("\\xc2\\x9b") }, /* C1: the one-character CSI */
        { .text = BYTES("\x9b"
                        "31m"),
          .shown = BYTES("\\x9b") }, /* the same in latin-1 */
        { .text = BYTES("\xe2\x80\xae"
                        "gpj.exe"),
          .shown = BYTES("\\xe2\\x80\\xae") }, /* right-to-left override */
        { .text = BYTES("\xe2\x81\xa6"), .shown = BYTES("\\xe2\\x81\\xa6") }, /* isolate */
        { .text = BYTES("\xd8\x9c"), .shown = BYTES("\\xd8\\x9c") }, /* arabic letter mark */
    };
    char escaped[SHOWN_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice rest = cases[i].text;

        print_message("# %s\n", cases[i].shown.ptr);
        assert_true(slice_eq(slice_cut_shown(&rest, escaped), cases[i].shown));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_is_not_empty),
        cmocka_unit_test(a_nul_is_a_byte_like_others),
        cmocka_unit_test(order_is_that_of_bytes),
        cmocka_unit_test(only_ascii_letters_fold_their_case),
        cmocka_unit_test(starts_and_ends_compare_whole_ends),
        cmocka_unit_test(cutting_takes_one_piece_after_the_other),
        cmocka_unit_test(trimming_takes_blanks_off_both_ends_only),
        cmocka_unit_test(h13_integers_of_64_bits_are_read_exactly_or_refused),
        cmocka_unit_test(only_well_formed_utf8_is_utf8),
        cmocka_unit_test(control_bytes_are_seen),
        cmocka_unit_test(a_glob_knows_only_the_star),
        cmocka_unit_test(a_hostile_glob_costs_no_more_than_the_product_of_the_lengths),
        cmocka_unit_test(a_name_gives_its_place_in_the_table),
        cmocka_unit_test(i03_what_a_terminal_would_obey_is_shown_instead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
