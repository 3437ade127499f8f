#include "src/base/mention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_text_is_read_without_whom_it_speaks_to(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        { "<@U1> hello", "hello" },
        { "  <@U1|vedette>hello \n", "hello" },
        { "<@U1>", "" },
        { "hello <@U1>", "hello <@U1>" },
        { "<@U1 hello", "<@U1 hello" },
        { "<@", "<@" },
        { "<!here> hello", "<!here> hello" },
        { "<@U1> <@U2> hello", "<@U2> hello" },
        { "", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].text);
        assert_true(slice_eq(mention_cut(slice_of(cases[i].text)), slice_of(cases[i].expected)));
    }
}

static void somebody_is_named_by_the_whole_id_alone(void **state)
{
    static const struct {
        const char *text, *user;
        bool expected;
    } cases[] = {
        { "<@U1> hello", "U1", true },   { "hello <@U2> and <@U1|vedette>", "U1", true },
        { "<@U12> hello", "U1", false }, { "<@U1> hello", "U12", false },
        { "<@U1 hello", "U1", false },   { "<@<@U1> hello", "U1", false },
        { "U1", "U1", false },           { "<@> hello", "", false },
        { "<@> hello", NULL, false },    { "", "U1", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].text);
        assert_int_equal(mention_names(slice_of(cases[i].text), slice_of(cases[i].user)),
                         cases[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_read_without_whom_it_speaks_to),
        cmocka_unit_test(somebody_is_named_by_the_whole_id_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
