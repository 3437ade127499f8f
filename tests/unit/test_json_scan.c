#include "src/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

struct scan_case {
    const char *name; /* NULL: the text itself */
    struct slice text;
    const char *fault; /* NULL: accepted */
    size_t offset;
};

static void print_case(const struct scan_case *scan)
{
    const char *name = slice_has_control(scan->text) ? "(with control characters)" : scan->text.ptr;

    print_message("# %s\n", scan->name ? scan->name : name);
}

static void check_cases(const struct scan_case *cases, size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++) {
        struct json_fault fault = { 0 };
        enum rc rc = json_scan(cases[i].text, JSON_LIMITS_DEFAULT, &fault);

        print_case(&cases[i]);
        if (!cases[i].fault) {
            assert_int_equal(rc, RC_OK);
            continue;
        }
        assert_int_not_equal(rc, RC_OK);
        assert_string_equal(fault.text, cases[i].fault);
        assert_int_equal(fault.offset, cases[i].offset);
    }
}

#define GOOD(literal)                                                                              \
    {                                                                                              \
        .text = { literal, sizeof(literal) - 1 }                                                   \
    }
#define BAD(literal, at, why)                                                                      \
    {                                                                                              \
        .text = { literal, sizeof(literal) - 1 }, .fault = (why), .offset = (at)                   \
    }
#define BAD_BYTES(what, literal, at, why)                                                          \
    {                                                                                              \
        .name = (what), .text = { literal, sizeof(literal) - 1 }, .fault = (why), .offset = (at)   \
    }

static void a_text_is_exactly_one_value(void **state)
{
    static const struct scan_case cases[] = {
        GOOD("{}"),
        GOOD("[]"),
        GOOD("null"),
        GOOD("true"),
        GOOD("false"),
        GOOD("0"),
        GOOD("-0"),
        GOOD("1.5e+10"),
        GOOD("1E-2"),
        GOOD("\"\""),
        GOOD(" \t\r\n{ \"a\" : [ 1 , { } , [ ] , \"x\" ] , \"b\" : null } \n"),
        GOOD("\"\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u00e9\""),
        GOOD("\"\\ud83d\\ude00\""),
        GOOD("\"gr\xc3\xbc\xc3\x9f, \xe2\x82\xac, \xf0\x9f\x98\x80\""),
        GOOD("\"longer than a machine word, without anything special in it\""),
        BAD("[1,]", 3, "a value was expected"),
        BAD("[,1]", 1, "a value was expected"),
        BAD("[1 2]", 3, "a comma or the end of the object or array was expected"),
        BAD("[1}", 2, "a comma or the end of the object or array was expected"),
        BAD("[", 1, "a value was expected"),
        BAD("{", 1, "a key in double quotes was expected"),
        BAD("{\"a\"}", 4, "a colon was expected after the key"),
        BAD("{\"a\":}", 5, "a value was expected"),
        BAD("{\"a\":1,}", 7, "a key in double quotes was expected"),
        BAD("{a:1}", 1, "a key in double quotes was expected"),
        BAD("{'a':1}", 1, "a key in double quotes was expected"),
        BAD("{1:2}", 1, "a key in double quotes was expected"),
        BAD("[1,2", 4, "a comma or the end of the object or array was expected"),
        BAD("// x\n1", 0, "a value was expected"),
        BAD("NaN", 0, "a value was expected"),
        BAD("Infinity", 0, "a value was expected"),
        BAD("True", 0, "a value was expected"),
        BAD("nul", 0, "a value was expected"),
        BAD("\"", 0, "the string is never closed"),
        BAD("\"abc", 0, "the string is never closed"),
        BAD("\"abc\\", 4, "the string is never closed"),
        BAD("\"a\\x\"", 2, "unknown escape"),
        BAD("\"\\u12g4\"", 1, "\\u needs four hexadecimal digits"),
        BAD("\"\\u12\"", 1, "\\u needs four hexadecimal digits"),
        BAD("\"a\nb\"", 2, "a control character in a string must be escaped"),
        BAD("\"a\x1f\"", 2, "a control character in a string must be escaped"),
        BAD("\f1", 0, "a value was expected"),
    };

    (void)state;
    check_cases(cases, N_OF(cases));
}

static void h09_what_cjson_takes_and_json_is_not_is_refused(void **state)
{
    static const struct scan_case cases[] = {
        BAD("", 0, "empty"),
        BAD(" \n", 2, "empty"),
        BAD("{} x", 3, "trailing characters after the value"),
        BAD("{}{}", 2, "trailing characters after the value"),
        BAD("{}\n{}", 3, "trailing characters after the value"),
        BAD("1 2", 2, "trailing characters after the value"),
        BAD("\xef\xbb\xbf{}", 0, "a byte order mark is not allowed"),
        BAD("01", 0, "a number may not start with 0"),
        BAD("-01", 1, "a number may not start with 0"),
        BAD("1.", 2, "a digit was expected after the point"),
        BAD(".5", 0, "a value was expected"),
        BAD("+1", 0, "a value was expected"),
        BAD("-", 1, "a digit was expected"),
        BAD("1e", 2, "a digit was expected in the exponent"),
        BAD("1e+", 3, "a digit was expected in the exponent"),
        BAD("0x10", 1, "trailing characters after the value"),
        BAD("nullx", 4, "trailing characters after the value"),
        BAD("[nullx]", 5, "a comma or the end of the object or array was expected"),
    };

    (void)state;
    check_cases(cases, N_OF(cases));
}

static void an_absent_text_is_empty(void **state)
{
    struct json_fault fault;

    (void)state;
    assert_int_equal(json_scan((struct slice){ 0 }, JSON_LIMITS_DEFAULT, &fault), RC_INVALID);
    assert_string_equal(fault.text, "empty");
}

static void h10_a_key_stands_once_in_an_object(void **state)
{
    static const char twice[] = "a key stands twice in one object";
    static const struct scan_case cases[] = {
        GOOD("{\"action\":1,\"Action\":2}"), /* differing in case is different */
        GOOD("{\"a\":{\"a\":{\"a\":1}}}"),
        GOOD("[{\"a\":1},{\"a\":2}]"),
        GOOD("{\"a\":{\"b\":1},\"c\":{\"b\":2},\"b\":3}"),
        GOOD("{\"\":1,\" \":2}"),
        GOOD("{\"a\":\"a\",\"b\":\"a\"}"),
        GOOD("{\"\\ud83d\\ude00\":1,\"\\ud83d\\ude01\":2}"),
        BAD("{\"a\":1,\"a\":2}", 7, twice),
        BAD("{\"a\":{\"x\":1},\"b\":2,\"a\":3}", 19, twice),
        BAD("[[{\"z\":[{\"k\":1,\"l\":2,\"k\":3}]}]]", 21, twice),
        BAD("{\"\":1,\"\":2}", 6, twice),
        BAD("{\"a\":1,\"\\u0061\":2}", 7, twice),
        BAD("{\"\\u0061\":1,\"a\":2}", 12, twice),
        BAD("{\"a\\/b\":1,\"a/b\":2}", 10, twice),
        BAD("{\"\\n\":1,\"\\u000A\":2}", 8, twice),
        BAD("{\"\\u00e9\":1,\"\xc3\xa9\":2}", 12, twice),
        BAD("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", 18, twice),
        BAD("{\"\\u20ac\":1,\"\xe2\x82\xac\":2}", 12, twice),
    };

    (void)state;
    check_cases(cases, N_OF(cases));
}

/* {"k0":0,"k1":0,…} with `last` as one more key. */
static struct slice object_of_keys(unsigned n_keys, const char *last, struct buffer *out)
{
    buffer_init(out, 0);
    buffer_add_byte(out, '{');
    for (unsigned i = 0; i < n_keys; i++)
        buffer_format(out, "\"k%u\":0,", i);
    buffer_format(out, "\"%s\":0}", last);
    return buffer_slice(out);
}

static void h10_a_double_is_found_in_an_object_of_any_size(void **state)
{
    static const unsigned sizes[] = { 10, 191, 192, 193, 5000, 90000 };

    (void)state;
    for (size_t i = 0; i < N_OF(sizes); i++) {
        struct json_fault fault;
        struct buffer text;
        char first[16] = "k0";

        print_message("# %u keys\n", sizes[i]);
        assert_int_equal(
            json_scan(object_of_keys(sizes[i], "other", &text), JSON_LIMITS_DEFAULT, &fault),
            RC_OK);
        buffer_free(&text);
        assert_int_equal(
            json_scan(object_of_keys(sizes[i], first, &text), JSON_LIMITS_DEFAULT, &fault),
            RC_INVALID);
        assert_int_equal(fault.offset, text.len - sizeof("\"k0\":0}") + 1);
        buffer_free(&text);
    }
}

#define LENGTHS 41 /* through all that is read at once, and beyond */

static void h10_keys_of_any_length_that_differ_anywhere_are_different(void **state)
{
    (void)state;
    for (int len = 1; len < LENGTHS; len++) {
        struct json_fault fault;
        struct buffer text;
        char key[LENGTHS] = "";

        buffer_init(&text, 0);
        buffer_add_byte(&text, '{');
        for (int at = 0; at < len; at++) {
            memset(key, 'a', (size_t)len);
            key[at] = 'b';
            buffer_format(&text, "\"%s\":%d,", key, at);
        }
        memset(key, 'a', (size_t)len);
        buffer_format(&text, "\"%s\":0", key);
        buffer_add_byte(&text, '}');
        assert_int_equal(json_scan(buffer_slice(&text), JSON_LIMITS_DEFAULT, &fault), RC_OK);
        text.len--;
        buffer_format(&text, ",\"%s\":0}", key);
        assert_int_equal(json_scan(buffer_slice(&text), JSON_LIMITS_DEFAULT, &fault), RC_INVALID);
        assert_int_equal(fault.offset, text.len - sizeof("\"\":0}") + 1 - (size_t)len);
        buffer_free(&text);
    }
}

/* Copied, so that what is read beyond it is seen. */
static void is_refused_at(const char *text, size_t len, size_t offset)
{
    char *exact = malloc(len);
    struct json_fault fault = { 0 };

    assert_non_null(exact);
    memcpy(exact, text, len);
    assert_int_equal(json_scan((struct slice){ exact, len }, JSON_LIMITS_DEFAULT, &fault),
                     RC_INVALID);
    assert_int_equal(fault.offset, offset);
    free(exact);
}

static void what_a_string_may_not_hold_is_found_wherever_it_stands(void **state)
{
    static const char bad[] = { '\x01', '\x1f', '\0', '\xff', '\x80', '\n' };

    (void)state;
    for (size_t len = 1; len < LENGTHS; len++)
        for (size_t at = 0; at < len; at++)
            for (size_t i = 0; i < sizeof bad; i++) {
                char text[LENGTHS + 2];

                memset(text, '~', sizeof text);
                text[0] = text[len + 1] = '"';
                text[1 + at] = bad[i];
                is_refused_at(text, len + 2, 1 + at);
            }
}

static struct slice repeat(const char *unit, size_t n, const char *last, struct buffer *out)
{
    buffer_init(out, 0);
    for (size_t i = 0; i < n; i++)
        buffer_add_text(out, unit);
    buffer_add_text(out, last);
    return buffer_slice(out);
}

static void h11_depth_is_limited(void **state)
{
    struct json_fault fault;
    struct buffer text;

    (void)state;
    (void)repeat("[", 64, "", &text);
    for (int i = 0; i < 64; i++)
        buffer_add_byte(&text, ']');
    assert_int_equal(json_scan(buffer_slice(&text), JSON_LIMITS_DEFAULT, &fault), RC_OK);
    buffer_free(&text);

    assert_int_equal(json_scan(repeat("[", 65, "", &text), JSON_LIMITS_DEFAULT, &fault), RC_LIMIT);
    assert_string_equal(fault.text, "nested too deeply");
    assert_int_equal(fault.offset, 64);
    buffer_free(&text);

    assert_int_equal(json_scan(repeat("{\"a\":", 100000, "", &text), JSON_LIMITS_DEFAULT, &fault),
                     RC_LIMIT);
    buffer_free(&text);

    /* Not even when a caller asks for more than the scan has room for. */
    assert_int_equal(json_scan(repeat("[", 100000, "", &text),
                               (struct json_limits){ .depth = UINT32_MAX, .n_nodes = UINT32_MAX },
                               &fault),
                     RC_LIMIT);
    buffer_free(&text);
}

static void h11_values_and_keys_are_counted(void **state)
{
    struct json_fault fault;
    struct buffer text;

    (void)state;
    buffer_init(&text, 0);
    buffer_add_byte(&text, '[');
    for (int i = 0; i < 349524; i++)
        buffer_add_text(&text, "[],");
    buffer_add_text(&text, "[]]");
    assert_int_equal(json_scan(buffer_slice(&text), JSON_LIMITS_DEFAULT, &fault), RC_LIMIT);
    assert_string_equal(fault.text, "too many values");
    buffer_free(&text);

    assert_int_equal(json_scan(SLICE("{\"a\":[1]}"), (struct json_limits){ 9, 4 }, &fault), RC_OK);
    assert_int_equal(json_scan(SLICE("{\"a\":[1]}"), (struct json_limits){ 9, 3 }, &fault),
                     RC_LIMIT);
}

static void h12_a_nul_is_refused_however_it_is_written(void **state)
{
    static const struct scan_case cases[] = {
        BAD("\"a\\u0000b\"", 2, "\\u0000 is not allowed"),
        BAD("{\"a\\u0000b\":1}", 3, "\\u0000 is not allowed"),
        BAD_BYTES("raw, in a string", "\"a\0b\"", 2, "NUL is not allowed"),
        BAD_BYTES("raw, behind the value", "1\0", 1, "trailing characters after the value"),
        BAD_BYTES("raw, alone", "\0", 0, "a value was expected"),
    };

    (void)state;
    check_cases(cases, N_OF(cases));
}

static void text_is_utf8_without_halves_of_surrogates(void **state)
{
    static const struct scan_case cases[] = {
        BAD("\"\\ud83d\"", 1, "half of a surrogate pair"),
        BAD("\"\\ud83d\\u0041\"", 1, "half of a surrogate pair"),
        BAD("\"\\ud83dx\"", 1, "half of a surrogate pair"),
        BAD("\"\\ude00\"", 1, "half of a surrogate pair"),
        BAD_BYTES("latin 1", "\"\xe9\"", 1, "not UTF-8"),
        BAD_BYTES("overlong slash", "\"\xc0\xaf\"", 1, "not UTF-8"),
        BAD_BYTES("surrogate in UTF-8", "\"ab\xed\xa0\x80\"", 3, "not UTF-8"),
        BAD_BYTES("beyond U+10FFFF", "\"\xf4\x90\x80\x80\"", 1, "not UTF-8"),
        BAD_BYTES("cut short", "\"\xe2\x82\"", 1, "not UTF-8"),
        BAD_BYTES("in the middle of a word", "\"12345\x80 789012345\"", 6, "not UTF-8"),
    };

    (void)state;
    check_cases(cases, N_OF(cases));
}

static void h13_numbers_of_any_size_pass_up_to_63_characters(void **state)
{
    static const char digits[] = "1234567890123456789012345678901234567890123456789012345678901234";
    struct json_fault fault;

    (void)state;
    assert_int_equal(json_scan((struct slice){ digits, 63 }, JSON_LIMITS_DEFAULT, &fault), RC_OK);
    assert_int_equal(json_scan((struct slice){ digits, 64 }, JSON_LIMITS_DEFAULT, &fault),
                     RC_LIMIT);
    assert_int_equal(
        json_scan(SLICE("[1e999, -1e-999, 9223372036854775808]"), JSON_LIMITS_DEFAULT, &fault),
        RC_OK);
}

/* Every start of a good text is refused, wherever the sender's connection broke, and read no further than it goes. */
static void a_text_that_is_cut_anywhere_is_refused(void **state)
{
    static const char text[] =
        "{\"a\":[1,-2.5e3,true,false,null],\"b\\u00e9\\n\":\"x\xc3\xa9\\ud83d\\ude00\",\"c\":{}}";

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        char *exact = malloc(len ? len : 1);
        struct json_fault fault;

        assert_non_null(exact);
        memcpy(exact, text, len);
        assert_int_equal(json_scan((struct slice){ exact, len }, JSON_LIMITS_DEFAULT, &fault),
                         RC_INVALID);
        assert_true(fault.offset <= len);
        free(exact);
    }
    assert_int_equal(json_scan(SLICE(text), JSON_LIMITS_DEFAULT, &(struct json_fault){ 0 }), RC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_exactly_one_value),
        cmocka_unit_test(h09_what_cjson_takes_and_json_is_not_is_refused),
        cmocka_unit_test(an_absent_text_is_empty),
        cmocka_unit_test(h10_a_key_stands_once_in_an_object),
        cmocka_unit_test(h10_a_double_is_found_in_an_object_of_any_size),
        cmocka_unit_test(h10_keys_of_any_length_that_differ_anywhere_are_different),
        cmocka_unit_test(what_a_string_may_not_hold_is_found_wherever_it_stands),
        cmocka_unit_test(h11_depth_is_limited),
        cmocka_unit_test(h11_values_and_keys_are_counted),
        cmocka_unit_test(h12_a_nul_is_refused_however_it_is_written),
        cmocka_unit_test(text_is_utf8_without_halves_of_surrogates),
        cmocka_unit_test(h13_numbers_of_any_size_pass_up_to_63_characters),
        cmocka_unit_test(a_text_that_is_cut_anywhere_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
