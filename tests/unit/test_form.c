#include "src/base/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void one_field_is_found_and_decoded(void **state)
{
    static const struct {
        const char *body;
        enum rc expected;
        const char *value;
    } cases[] = {
        { "payload=%7B%22a%22%3A+1%7D", RC_OK, "{\"a\": 1}" },
        { "x=1&payload=%c3%A4&y=2", RC_OK, "\xc3\xa4" },
        { "payload=", RC_OK, "" },
        { "payload", RC_OK, "" },
        { "payload=a=b", RC_OK, "a=b" },
        { "", RC_NOT_FOUND, NULL },
        { "payloads=1&Payload=1", RC_NOT_FOUND, NULL },
        { "payload=1&payload=2", RC_INVALID, NULL },
        { "payload=%", RC_INVALID, NULL },
        { "payload=%4", RC_INVALID, NULL },
        { "payload=%4&x=1", RC_INVALID, NULL },
        { "payload=%zz", RC_INVALID, NULL },
    };
    struct arena *arena;

    (void)state;
    assert_int_equal(arena_new(4096, &arena), RC_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice value;

        print_message("%s\n", cases[i].body);
        assert_int_equal(form_field(slice_of(cases[i].body), SLICE("payload"), arena, &value),
                         cases[i].expected);
        if (cases[i].expected == RC_OK)
            assert_true(slice_eq(value, slice_of(cases[i].value)));
    }
    arena_free(arena);
}

static void a_nul_in_a_field_does_not_end_it(void **state)
{
    struct arena *arena;
    struct slice value;

    (void)state;
    assert_int_equal(arena_new(4096, &arena), RC_OK);
    assert_int_equal(form_field(SLICE("p=a%00b"), SLICE("p"), arena, &value), RC_OK);
    assert_int_equal(value.len, 3);
    arena_free(arena);
}

static void what_is_written_is_read_again(void **state)
{
    static const char nasty[] = "a=b&c d+e%20\r\n\"\xc3\xa9<!channel>";
    struct arena *arena;
    struct buffer body;
    struct slice value;

    (void)state;
    buffer_init(&body, 0);
    assert_int_equal(arena_new(4096, &arena), RC_OK);
    form_add_field(&body, "text", slice_of(nasty));
    form_add_field(&body, "user_id", SLICE("U1"));
    assert_int_equal(form_field(buffer_slice(&body), SLICE("text"), arena, &value), RC_OK);
    assert_true(slice_eq(value, slice_of(nasty)));
    assert_int_equal(form_field(buffer_slice(&body), SLICE("user_id"), arena, &value), RC_OK);
    assert_true(slice_eq(value, SLICE("U1")));
    arena_free(arena);
    buffer_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_field_is_found_and_decoded),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(a_nul_in_a_field_does_not_end_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
