#include "src/base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void bytes_are_kept_as_they_were_added(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 0);
    buffer_add(&buffer, SLICE("a\0b"));
    buffer_add_text(&buffer, "c");
    buffer_add_byte(&buffer, '\0');
    buffer_format(&buffer, "%d%%", 42);
    assert_int_equal(buffer_rc(&buffer), RC_OK);
    assert_true(slice_eq(buffer_slice(&buffer), SLICE("a\0bc\00042%")));
    buffer_free(&buffer);
}

static void an_empty_buffer_is_empty_text_and_not_absent(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 0);
    assert_true(slice_eq(buffer_slice(&buffer), SLICE("")));
    buffer_add(&buffer, (struct slice){ 0 });
    assert_int_equal(buffer_rc(&buffer), RC_OK);
    buffer_free(&buffer);
}

static void numbers_sort_as_their_bytes_do(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 0);
    buffer_add_u64(&buffer, 0x0102030405060708);
    buffer_add_u32(&buffer, 0xf0000001);
    assert_true(
        slice_eq(buffer_slice(&buffer), SLICE("\x01\x02\x03\x04\x05\x06\x07\x08\xf0\x00\x00\x01")));
    buffer_free(&buffer);
}

static void the_limit_holds_to_the_byte(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 8);
    buffer_format(&buffer, "%s", "12345678");
    assert_int_equal(buffer_rc(&buffer), RC_OK);
    buffer_add_byte(&buffer, '9');
    assert_int_equal(buffer_rc(&buffer), RC_LIMIT);
    assert_true(slice_eq(buffer_slice(&buffer), SLICE("12345678")));
    buffer_free(&buffer);
}

static void after_a_failure_nothing_more_is_taken(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 4);
    buffer_add(&buffer, SLICE("too long"));
    buffer_add(&buffer, SLICE("fits"));
    buffer_format(&buffer, "fits");
    assert_int_equal(buffer_rc(&buffer), RC_LIMIT);
    assert_int_equal(buffer_slice(&buffer).len, 0);
    buffer_clear(&buffer);
    buffer_add(&buffer, SLICE("fits"));
    assert_int_equal(buffer_rc(&buffer), RC_OK);
    buffer_free(&buffer);
}

static void a_buffer_grows_with_what_is_added(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 0);
    for (int i = 0; i < 100000; i++)
        buffer_add_byte(&buffer, (char)('a' + i % 26));
    assert_int_equal(buffer_rc(&buffer), RC_OK);
    assert_int_equal(buffer.len, 100000);
    assert_int_equal(buffer.ptr[99999], 'a' + 99999 % 26);
    buffer_free(&buffer);
    assert_int_equal(buffer_slice(&buffer).len, 0);
}

static void i03_text_for_terminals_holds_no_controls(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 0);
    buffer_add_shown(&buffer, SLICE("é\x1b[2J\xff"));
    assert_true(slice_eq(buffer_slice(&buffer), SLICE("é\\x1b[2J\\xff")));
    buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_kept_as_they_were_added),
        cmocka_unit_test(an_empty_buffer_is_empty_text_and_not_absent),
        cmocka_unit_test(numbers_sort_as_their_bytes_do),
        cmocka_unit_test(the_limit_holds_to_the_byte),
        cmocka_unit_test(after_a_failure_nothing_more_is_taken),
        cmocka_unit_test(a_buffer_grows_with_what_is_added),
        cmocka_unit_test(i03_text_for_terminals_holds_no_controls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
