#include "watchers/senders/subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
    return arena_new((size_t)64 * 1024, (struct arena **)state) == RC_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static struct slice subject_of(struct arena *arena, const struct subject_part *parts, size_t n)
{
    struct slice subject;

    assert_int_equal(subject_format(parts, n, arena, &subject), RC_OK);
    return subject;
}

static void parts_stand_in_order_and_absent_ones_are_left_out(void **state)
{
    const struct subject_part parts[] = {
        { SLICE("repo"), SLICE("acme/shop") },
        { SLICE("workflow"), { 0 } },
        { SLICE("branch"), SLICE("main") },
    };

    assert_true(slice_eq(subject_of(*state, parts, 3), SLICE("repo=acme/shop branch=main")));
    assert_true(slice_is_absent(subject_of(*state, &parts[1], 1)));
}

static void no_name_can_pass_for_two_parts(void **state)
{
    const struct subject_part honest[] = { { SLICE("workflow"), SLICE("a") },
                                           { SLICE("branch"), SLICE("main") } };
    const struct subject_part forged[] = { { SLICE("workflow"), SLICE("a branch=main") } };
    const struct subject_part quoted[] = { { SLICE("workflow"), SLICE("a\" branch=\"main") } };

    assert_true(slice_eq(subject_of(*state, honest, 2), SLICE("workflow=a branch=main")));
    assert_true(slice_eq(subject_of(*state, forged, 1), SLICE("workflow=\"a branch=main\"")));
    assert_true(
        slice_eq(subject_of(*state, quoted, 1), SLICE("workflow=\"a\\\" branch=\\\"main\"")));
}

static void an_empty_value_and_two_quotes_differ(void **state)
{
    const struct subject_part empty = { SLICE("env"), SLICE("") };
    const struct subject_part quotes = { SLICE("env"), SLICE("\"\"") };

    assert_true(slice_eq(subject_of(*state, &empty, 1), SLICE("env=\"\"")));
    assert_true(slice_eq(subject_of(*state, &quotes, 1), SLICE("env=\"\\\"\\\"\"")));
}

static void a_long_subject_is_cut_but_stays_its_own(void **state)
{
    static char long_text[2000];
    const struct subject_part part = { SLICE("label"), { long_text, sizeof long_text } };
    struct slice first, second;

    memset(long_text, 'x', sizeof long_text);
    first = subject_of(*state, &part, 1);
    long_text[sizeof long_text - 1] = 'y';
    second = subject_of(*state, &part, 1);
    assert_true(first.len <= 1024);
    assert_false(slice_eq(first, second));
}

static void the_order_of_labels_says_nothing(void **state)
{
    struct subject_part parts[] = { { SLICE("b"), SLICE("1") }, { SLICE("a"), SLICE("2") } };

    subject_sort(parts, 2);
    assert_true(slice_eq(subject_of(*state, parts, 2), SLICE("a=2 b=1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_stand_in_order_and_absent_ones_are_left_out),
        cmocka_unit_test(no_name_can_pass_for_two_parts),
        cmocka_unit_test(an_empty_value_and_two_quotes_differ),
        cmocka_unit_test(a_long_subject_is_cut_but_stays_its_own),
        cmocka_unit_test(the_order_of_labels_says_nothing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
