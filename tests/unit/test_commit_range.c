#include "src/base/commit_range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GOOD "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"
#define BAD "E4F5A6B708192a3b4c5d6e7f8091a2b3c4d5e6f7"

static void people_are_told_between_which_commits_it_broke(void **state)
{
    static const struct {
        const char *good, *bad, *text;
    } cases[] = {
        { GOOD, BAD, "broke between a1b2c3d and E4F5A6B" },
        { NULL, BAD, "first bad E4F5A6B" },
        { "", BAD, "first bad E4F5A6B" },
        { GOOD, GOOD, "bad at a1b2c3d, which was good before" },
        { GOOD, NULL, "" },
        { GOOD, "", "" },
        { NULL, NULL, "" },
        /* what is no hash is a name that somebody chose */
        { "1.4.0-rc1", "r12345678", "broke between 1.4.0-rc1 and r12345678" },
        { NULL, "e4f5a6b", "first bad e4f5a6b" },
        { NULL, "g1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
          "first bad g1b2c3d4e5f60718293a4b5c6d7e8f9001122334" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer text;

        buffer_init(&text, 0);
        buffer_add_commit_range(&text, slice_of(cases[i].good), slice_of(cases[i].bad));
        buffer_add_byte(&text, '\0');
        assert_string_equal(text.ptr, cases[i].text);
        buffer_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_are_told_between_which_commits_it_broke),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
