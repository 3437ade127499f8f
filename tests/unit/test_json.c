#include "src/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <threads.h>

#include <cmocka.h>

static struct json *parse(const char *text)
{
    struct json_fault fault;
    struct json *root = NULL;

    assert_int_equal(json_parse(slice_of(text), JSON_LIMITS_DEFAULT, &root, &fault), RC_OK);
    return root;
}

static void assert_slice(struct slice got, const char *expected)
{
    assert_true(slice_eq(got, slice_of(expected)));
}

static void members_are_found_by_their_exact_name(void **state)
{
    struct json *root = parse("{\"Action\":1,\"action\":\"opened\",\"a\":{\"b\":true}}");

    (void)state;
    assert_slice(json_text(json_get_text(root, "action")), "opened");
    assert_slice(json_text(json_get_text(root, "Action")), "1");
    assert_null(json_get_text(root, "ACTION")); /* h10: cJSON's own lookup would find one */
    assert_null(json_get_text(root, "act"));
    assert_null(json_get(root, SLICE("action\0")));
    assert_slice(json_text(json_get_text(json_get_text(root, "a"), "b")), "true");
    assert_slice(json_text(json_get_text(json_get_text(root, "x"), "b")), NULL);
    assert_null(json_get_text(json_get_text(root, "action"), "b"));
    json_free(root);
}

static void every_type_is_told(void **state)
{
    static const enum json_type types[] = { JSON_NULL,   JSON_FALSE, JSON_TRUE,  JSON_NUMBER,
                                            JSON_STRING, JSON_ARRAY, JSON_OBJECT };
    struct json *root = parse("[null,false,true,1,\"s\",[2],{\"k\":3}]");
    const struct json *item = json_first(root);

    (void)state;
    assert_int_equal(json_count(root), 7);
    for (size_t i = 0; i < 7; i++, item = json_next(item)) {
        assert_int_equal(json_type_of(item), types[i]);
        assert_slice(json_name(item), NULL);
    }
    assert_null(item);
    json_free(root);
}

static void text_is_that_of_scalars_only(void **state)
{
    struct json *root = parse("{\"n\":null,\"s\":\"\",\"d\":-1.50,\"f\":false,\"a\":[],\"o\":{}}");

    (void)state;
    assert_slice(json_text(json_get_text(root, "n")), NULL);
    assert_slice(json_text(json_get_text(root, "s")), "");
    assert_slice(json_text(json_get_text(root, "d")), "-1.5");
    assert_slice(json_text(json_get_text(root, "f")), "false");
    assert_slice(json_text(json_get_text(root, "a")), NULL);
    assert_slice(json_text(json_get_text(root, "o")), NULL);
    assert_slice(json_text(NULL), NULL);
    assert_slice(json_string(json_get_text(root, "s")), "");
    assert_slice(json_string(json_get_text(root, "d")), NULL);
    assert_slice(json_string(NULL), NULL);
    json_free(root);
}

static void h13_a_number_keeps_the_text_it_came_as(void **state)
{
    static const char *const numbers[] = {
        "0",
        "-0",
        "1.10",
        "9007199254740991",
        "9007199254740993",
        "1e999",
        "-1E-999",
        "1.0e+2",
        "0.1",
        "9223372036854775807",
        "18446744073709551616",
        "1700000000123456789",
        "123456789012345678901234567890123456789012345678901234567890123",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct json *root = parse(numbers[i]);

        print_message("# %s\n", numbers[i]);
        assert_int_equal(json_type_of(root), JSON_NUMBER);
        assert_slice(json_number_written(root), numbers[i]);
        json_free(root);
    }
    assert_true(slice_is_absent(json_number_written(NULL)));
}

static void h13_equal_numbers_have_one_text(void **state)
{
    static const struct {
        const char *written, *text;
    } cases[] = {
        { "42", "42" },
        { "42.0", "42" },
        { "4.2e1", "42" },
        { "4.2E+01", "42" },
        { "420e-1", "42" },
        { "1e3", "1000" },
        { "0", "0" },
        { "-0", "0" },
        { "-0.0", "0" },
        { "0e7", "0" },
        { "0.50", "0.5" },
        { "-0.50", "-0.5" },
        { "5e-1", "0.5" },
        { "1.10e1", "11" },
        { "12.340", "12.34" },
        { "1234e-2", "12.34" },
        { "0.00120", "0.0012" },
        { "12e-4", "0.0012" },
        /* no double stands in between */
        { "9007199254740993", "9007199254740993" },
        { "9007199254740993.0", "9007199254740993" },
        { "9007199254740992", "9007199254740992" },
        { "0.30000000000000004", "0.30000000000000004" },
        { "1e16", "10000000000000000" },
        { "123456789012345678901234567890123456789012345678901234567890123",
          "123456789012345678901234567890123456789012345678901234567890123" },
        /* 63 bytes, and no more */
        { "1e62", "100000000000000000000000000000000000000000000000000000000000000" },
        { "10e61", "100000000000000000000000000000000000000000000000000000000000000" },
        { "1e63", "1e63" },
        { "10e62", "1e63" },
        { "-1e62", "-1e62" },
        { "1e-61", "0.0000000000000000000000000000000000000000000000000000000000001" },
        { "1e-62", "1e-62" },
        { "12.50e300", "1.25e301" },
        { "-1E-999", "-1e-999" },
        { "1e0000000000999", "1e999" },
        { "1e9999999999", "1e9999999999" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json *root = parse(cases[i].written);
        char text[JSON_NUMBER_TEXT_BYTES];

        print_message("# %s\n", cases[i].written);
        assert_slice(json_text(root), cases[i].text);
        assert_slice(json_number_written(root), cases[i].written);
        json_free(root);
        root = parse(cases[i].text); /* the text is a number, and its own text */
        assert_slice(json_text(root), cases[i].text);
        assert_slice(json_number_text(slice_of(cases[i].text), text), cases[i].text);
        json_free(root);
    }
}

static void h13_numbers_stay_in_their_places(void **state)
{
    struct json *root =
        parse("{\"1\":\"2\\\"3\",\"e\":[4e0,\"-5\",{\"x6\":-6}],\"t\":true,\"z\":77}");
    const struct json *list = json_get_text(root, "e");

    (void)state;
    assert_slice(json_text(json_get_text(root, "1")), "2\"3");
    assert_slice(json_text(json_first(list)), "4");
    assert_slice(json_number_written(json_first(list)), "4e0");
    assert_slice(json_text(json_next(json_first(list))), "-5");
    assert_slice(json_text(json_first(json_next(json_next(json_first(list))))), "-6");
    assert_slice(json_text(json_get_text(root, "z")), "77");
    json_free(root);
}

static void h13_integers_are_exact_or_none(void **state)
{
    static const struct {
        const char *text;
        enum rc rc;
        int64_t value;
    } cases[] = {
        { .text = "0", .value = 0 },
        { .text = "-1", .value = -1 },
        { .text = "9007199254740993", .value = INT64_C(9007199254740993) },
        { .text = "9223372036854775807", .value = INT64_MAX },
        { .text = "-9223372036854775808", .value = INT64_MIN },
        { .text = "9223372036854775808", .rc = RC_NOT_FOUND },
        { .text = "1.0", .rc = RC_NOT_FOUND },
        { .text = "1e3", .rc = RC_NOT_FOUND },
        { .text = "\"1\"", .rc = RC_NOT_FOUND },
        { .text = "true", .rc = RC_NOT_FOUND },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json *root = parse(cases[i].text);
        int64_t value = 0;

        print_message("# %s\n", cases[i].text);
        assert_int_equal(json_int(root, &value), cases[i].rc);
        assert_true(value == cases[i].value);
        json_free(root);
    }
    assert_int_equal(json_int(NULL, &(int64_t){ 0 }), RC_NOT_FOUND);
}

static void a_number_can_be_compared(void **state)
{
    struct json *root = parse("[2.5,\"2.5\"]");
    double value = 0;

    (void)state;
    assert_int_equal(json_number(json_first(root), &value), RC_OK);
    assert_true(value > 2.49 && value < 2.51);
    assert_int_equal(json_number(json_next(json_first(root)), &value), RC_NOT_FOUND);
    assert_int_equal(json_number(NULL, &value), RC_NOT_FOUND);
    json_free(root);
}

static void h12_what_the_scan_refuses_makes_no_tree(void **state)
{
    struct json_fault fault;
    struct json *root = NULL;

    (void)state;
    assert_int_equal(
        json_parse(SLICE("{\"id\":\"a\\u0000b\"}"), JSON_LIMITS_DEFAULT, &root, &fault),
        RC_INVALID);
    assert_int_equal(fault.offset, 8);
    assert_null(root);
    json_free(root);
}

static void a_tree_is_written_as_it_came(void **state)
{
    static const char text[] = "{\"id\":9007199254740993,\"r\":1.10,\"e\":1e999,\"l\":[true,false,"
                               "null,{},[]],\"s\":\"q\\\"\\\\ \xc3\xa9\",\"\":-0}";
    struct json *root = parse(text);
    struct json_writer writer;
    struct buffer out;

    (void)state;
    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    json_write_node(&writer, root);
    assert_int_equal(buffer_rc(&out), RC_OK);
    assert_slice(buffer_slice(&out), text);
    buffer_free(&out);
    json_free(root);
}

static void what_was_scanned_is_read_again_as_it_was(void **state)
{
    const struct slice text = SLICE("{\"a\":[1.50,\"x\",{\"b\":null}],\"c\":12345678901234567890}");
    struct json_fault fault;
    struct json *root = NULL;
    struct buffer out;
    struct json_writer writer;

    (void)state;
    assert_int_equal(json_parse_again(text, JSON_LIMITS_DEFAULT, &root, &fault), RC_OK);
    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    json_write_node(&writer, root);
    assert_true(slice_eq(buffer_slice(&out), text));
    buffer_free(&out);
    json_free(root);
}

/* What no scan has seen, and no tree can be made of, is told as a scan tells it. */
static void h12_what_was_never_scanned_is_refused_with_its_place(void **state)
{
    struct json_fault fault = { 0 };
    struct json *root = NULL;

    (void)state;
    assert_int_equal(json_parse_again(SLICE("{\"a\":[1,}"), JSON_LIMITS_DEFAULT, &root, &fault),
                     RC_INVALID);
    assert_int_equal(fault.offset, 8);
    assert_null(root);
}

/* Each thread's trees lie in memory of their own. */
static int parse_many(void *context)
{
    const char *text = context;

    for (int i = 0; i < 500; i++) {
        struct json *root = parse(text), *other = parse("[0]");

        if (json_count(root) != 3 || json_count(other) != 1)
            return 1;
        json_free(root);
        json_free(other);
    }
    return 0;
}

static void trees_are_parsed_in_several_threads_at_once(void **state)
{
    static char first[] = "{\"a\":1,\"b\":[2,3],\"c\":\"d\"}", second[] = "[1,[2],{}]";
    thrd_t one, two;
    int result_of_one, result_of_two;

    (void)state;
    assert_int_equal(thrd_create(&one, parse_many, first), thrd_success);
    assert_int_equal(thrd_create(&two, parse_many, second), thrd_success);
    assert_int_equal(thrd_join(one, &result_of_one), thrd_success);
    assert_int_equal(thrd_join(two, &result_of_two), thrd_success);
    assert_int_equal(result_of_one + result_of_two, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_by_their_exact_name),
        cmocka_unit_test(every_type_is_told),
        cmocka_unit_test(text_is_that_of_scalars_only),
        cmocka_unit_test(h13_a_number_keeps_the_text_it_came_as),
        cmocka_unit_test(h13_equal_numbers_have_one_text),
        cmocka_unit_test(h13_numbers_stay_in_their_places),
        cmocka_unit_test(h13_integers_are_exact_or_none),
        cmocka_unit_test(a_number_can_be_compared),
        cmocka_unit_test(h12_what_the_scan_refuses_makes_no_tree),
        cmocka_unit_test(a_tree_is_written_as_it_came),
        cmocka_unit_test(what_was_scanned_is_read_again_as_it_was),
        cmocka_unit_test(h12_what_was_never_scanned_is_refused_with_its_place),
        cmocka_unit_test(trees_are_parsed_in_several_threads_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
