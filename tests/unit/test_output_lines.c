#include "actions/output_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *output;
    const char *told; /* lines joined by " | " */
} cases[] = {
    { "", "" },
    { "\n \n\t\n", "" },
    { "one", "one" },
    { "one\ntwo\nthree\nfour\n", "two | three | four" },
    { "one\nERROR: two\nthree\n", "ERROR: two" },
    { "error 1\nerror 2\nok\nerror 3\nerror 4\nbye\n", "error 2 | error 3 | error 4" },
    { "  padded  \r\n", "padded" },
    { "\x1b[1;31mpermission denied\x1b[0m", "permission denied" },
    { "bell \a", "bell \\x07" },
    { "cut \x1b[31", "cut " },
    { "bad \xff", "bad \\xff" },
};

static void the_lines_that_speak_of_failure_come_first(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct slice lines[OUTPUT_MAX_LINES];
        size_t n_lines = output_lines(slice_of(cases[i].output), lines);

        buffer_clear(&out);
        for (size_t line = 0; line < n_lines; line++) {
            if (line)
                buffer_add_text(&out, " | ");
            output_add_line(&out, lines[line]);
        }
        buffer_add_byte(&out, '\0');
        assert_string_equal(out.ptr, cases[i].told);
    }
    buffer_free(&out);
}

static void a_long_line_is_cut_and_says_so(void **state)
{
    char line[1000];
    struct buffer out;

    (void)state;
    memset(line, 'x', sizeof(line));
    buffer_init(&out, 0);
    output_add_line(&out, (struct slice){ .ptr = line, .len = sizeof(line) });
    assert_int_equal(out.len, 203);
    assert_true(slice_ends(buffer_slice(&out), SLICE("x…")));
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lines_that_speak_of_failure_come_first),
        cmocka_unit_test(a_long_line_is_cut_and_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
