#include "src/base/clock.h"
#include "src/daemon/asked_guids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void one_is_remembered_for_an_hour(void **state)
{
    struct asked_guids asked = { 0 };

    (void)state;
    assert_int_equal(asked_guids_find(&asked, SLICE("a"), DAY_MS), 0);
    assert_int_equal(asked_guids_note(&asked, SLICE("a"), DAY_MS), RC_OK);
    assert_int_equal(asked_guids_find(&asked, SLICE("a"), DAY_MS + HOUR_MS - 1), DAY_MS);
    assert_int_equal(asked_guids_find(&asked, SLICE("a"), DAY_MS + HOUR_MS), 0);
    assert_int_equal(asked_guids_find(&asked, SLICE("ab"), DAY_MS), 0);
    asked_guids_free(&asked);
}

static void the_old_ones_go_when_new_ones_come(void **state)
{
    struct asked_guids asked = { 0 };
    char guid[32];

    (void)state;
    for (int64_t i = 0; i < 10000; i++) {
        snprintf(guid, sizeof guid, "guid-%d", (int)i);
        assert_int_equal(asked_guids_note(&asked, slice_of(guid), DAY_MS + i * SECOND_MS), RC_OK);
        assert_true(asked.n_items <= (size_t)(HOUR_MS / SECOND_MS));
    }
    assert_int_equal(asked.n_items, HOUR_MS / SECOND_MS);
    assert_int_equal(asked_guids_find(&asked, SLICE("guid-6399"), DAY_MS + 9999 * SECOND_MS), 0);
    assert_true(asked_guids_find(&asked, SLICE("guid-6400"), DAY_MS + 9999 * SECOND_MS) > 0);
    asked_guids_free(&asked);
}

static void one_that_never_left_is_taken_back(void **state)
{
    struct asked_guids asked = { 0 };

    (void)state;
    assert_int_equal(asked_guids_note(&asked, SLICE("a"), DAY_MS), RC_OK);
    assert_int_equal(asked_guids_note(&asked, SLICE("b"), DAY_MS + 1), RC_OK);
    asked_guids_take_back(&asked);
    assert_int_equal(asked_guids_find(&asked, SLICE("a"), DAY_MS + 2), DAY_MS);
    assert_int_equal(asked_guids_find(&asked, SLICE("b"), DAY_MS + 2), 0);
    asked_guids_free(&asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_remembered_for_an_hour),
        cmocka_unit_test(the_old_ones_go_when_new_ones_come),
        cmocka_unit_test(one_that_never_left_is_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
