#include "src/base/json_escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void escapes_stand_for_what_they_mean_and_all_else_for_itself(void **state)
{
    const struct {
        struct slice text, meant;
    } cases[] = {
        { SLICE(""), SLICE("") },
        { SLICE("a b"), SLICE("a b") },
        { SLICE("\\\"\\\\\\/\\b\\f\\n\\r\\t"), SLICE("\"\\/\b\f\n\r\t") },
        { SLICE("\\\\n"), SLICE("\\n") },
        { SLICE("\\u0041\\u00e9\\u20AC"), SLICE("A\xc3\xa9\xe2\x82\xac") },
        { SLICE("\\u0000x"), SLICE("\0x") },
        { SLICE("\\ud83d\\ude00"), SLICE("\xf0\x9f\x98\x80") },
        /* none */
        { SLICE("\\"), SLICE("\\") },
        { SLICE("a\\x"), SLICE("a\\x") },
        { SLICE("\\u12"), SLICE("\\u12") },
        { SLICE("\\u12g4"), SLICE("\\u12g4") },
        { SLICE("\\ud83d"), SLICE("\\ud83d") },
        { SLICE("\\ud83dx\\n"), SLICE("\\ud83dx\n") },
        { SLICE("\\ud83d\\u0041"), SLICE("\\ud83dA") },
        { SLICE("\\ude00"), SLICE("\\ude00") },
    };
    char out[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = json_unescape(cases[i].text, out);

        print_message("%.*s\n", SLICE_ARG(cases[i].text));
        assert_int_equal(len, cases[i].meant.len);
        assert_memory_equal(out, cases[i].meant.ptr, len);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_stand_for_what_they_mean_and_all_else_for_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
