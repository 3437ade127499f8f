#include "src/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void write_all(struct json_writer *writer)
{
    json_object_begin(writer);
    json_member_text(writer, "text", SLICE("x"));
    json_member_text(writer, "absent", (struct slice){ 0 });
    json_member_int(writer, "int", INT64_MIN);
    json_member_bool(writer, "bool", true);
    json_member_time(writer, "time", 1);
    json_member_time(writer, "never", 0);
    json_key(writer, "list");
    json_array_begin(writer);
    json_write_null(writer);
    json_write_text(writer, (struct slice){ 0 });
    json_write_raw(writer, SLICE("{\"a\":1}"));
    json_object_begin(writer);
    json_object_end(writer);
    json_array_begin(writer);
    json_array_end(writer);
    json_write_bool(writer, false);
    json_array_end(writer);
    json_key_slice(writer, SLICE("\"k\""));
    json_write_int(writer, 0);
    json_object_end(writer);
}

static void commas_are_set_by_the_writer(void **state)
{
    static const char expected[] =
        "{\"text\":\"x\",\"int\":-9223372036854775808,\"bool\":true,\"time\":"
        "\"1970-01-01T00:00:00.001Z\",\"list\":[null,null,{\"a\":1},{},[],false],\"\\\"k\\\"\":0}";
    struct json_writer writer;
    struct json_fault fault;
    struct buffer out;

    (void)state;
    buffer_init(&out, 0);
    writer = json_writer_to(&out);
    write_all(&writer);
    assert_int_equal(buffer_rc(&out), RC_OK);
    assert_true(slice_eq(buffer_slice(&out), SLICE(expected)));
    assert_int_equal(json_scan(buffer_slice(&out), JSON_LIMITS_DEFAULT, &fault), RC_OK);
    buffer_free(&out);
}

static void i03_text_is_escaped_so_that_it_acts_on_nothing(void **state)
{
    static const struct {
        struct slice text;
        const char *written;
    } cases[] = {
        { .text = { "plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 17 },
          .written = "\"plain \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"" },
        { .text = { "\"\\\b\f\n\r\t/", 8 }, .written = "\"\\\"\\\\\\b\\f\\n\\r\\t/\"" },
        { .text = { "\x1b]8;;x\x07\x7f", 8 }, .written = "\"\\u001b]8;;x\\u0007\\u007f\"" },
        { .text = { "a\0b", 3 }, .written = "\"a\\\\x00b\"" },
        { .text = { "\xc2\x9b", 2 }, .written = "\"\\u009b\"" },
        { .text = { "\xe2\x80\xae\xe2\x80\xa8\xe2\x81\xa6", 9 },
          .written = "\"\\u202e\\u2028\\u2066\"" },
        { .text = { "\xff\xc3", 2 }, .written = "\"\\\\xff\\\\xc3\"" },
        { .text = { "\xed\xa0\x80", 3 }, .written = "\"\\\\xed\\\\xa0\\\\x80\"" },
        { .text = { "", 0 }, .written = "\"\"" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_writer writer;
        struct buffer out;

        print_message("# %s\n", cases[i].written);
        buffer_init(&out, 0);
        writer = json_writer_to(&out);
        json_write_text(&writer, cases[i].text);
        assert_true(slice_eq(buffer_slice(&out), slice_of(cases[i].written)));
        buffer_free(&out);
    }
}

static void a_real_is_written_as_short_as_it_can_be_read_back(void **state)
{
    static const struct {
        double value;
        const char *written;
    } cases[] = {
        { .value = 0.1, .written = "0.1" },
        { .value = 5, .written = "5" },
        { .value = -2.5, .written = "-2.5" },
        { .value = 1.0 / 3.0, .written = "0.3333333333333333" },
        { .value = 0.1 + 0.2, .written = "0.30000000000000004" },
        { .value = 1e300, .written = "1e+300" },
        { .value = __builtin_inf(), .written = "null" },
        { .value = __builtin_nan(""), .written = "null" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_writer writer;
        struct buffer out;

        print_message("# %s\n", cases[i].written);
        buffer_init(&out, 0);
        writer = json_writer_to(&out);
        json_write_real(&writer, cases[i].value);
        assert_true(slice_eq(buffer_slice(&out), slice_of(cases[i].written)));
        buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_are_set_by_the_writer),
        cmocka_unit_test(i03_text_is_escaped_so_that_it_acts_on_nothing),
        cmocka_unit_test(a_real_is_written_as_short_as_it_can_be_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
