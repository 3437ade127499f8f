#include "actions/channels/slack_replays.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795248300000)

static struct slack_proof proof_of(uint8_t what, int64_t until_ms)
{
    return (struct slack_proof){ .mac = { .bytes = { what } }, .until_ms = until_ms };
}

static void a05_h15_the_same_request_is_let_in_once(void **state)
{
    const struct slack_proof one = proof_of(1, NOW_MS + SECOND_MS);
    const struct slack_proof other = proof_of(2, NOW_MS + SECOND_MS);
    struct slack_replays *replays;

    (void)state;
    assert_int_equal(slack_replays_new(0, &replays), RC_OK);
    assert_int_equal(slack_replays_admit(replays, &one, NOW_MS), RC_OK);
    assert_int_equal(slack_replays_admit(replays, &other, NOW_MS), RC_OK);
    assert_int_equal(slack_replays_admit(replays, &one, NOW_MS), RC_DENIED);
    assert_int_equal(slack_replays_admit(replays, &one, NOW_MS + SECOND_MS - 1), RC_DENIED);
    slack_replays_free(replays);
}

static void what_could_not_be_worked_on_may_come_again(void **state)
{
    const struct slack_proof one = proof_of(1, NOW_MS + SECOND_MS);
    struct slack_replays *replays;

    (void)state;
    assert_int_equal(slack_replays_new(0, &replays), RC_OK);
    assert_int_equal(slack_replays_admit(replays, &one, NOW_MS), RC_OK);
    slack_replays_forget(replays, &one);
    assert_int_equal(slack_replays_admit(replays, &one, NOW_MS), RC_OK);
    slack_replays_free(replays);
}

static void where_all_places_are_taken_nobody_is_let_in_until_one_is_over(void **state)
{
    const struct slack_proof first = proof_of(1, NOW_MS + 1), second = proof_of(2, NOW_MS + 9);
    const struct slack_proof third = proof_of(3, NOW_MS + 9);
    struct slack_replays *replays;

    (void)state;
    assert_int_equal(slack_replays_new(2, &replays), RC_OK);
    assert_int_equal(slack_replays_admit(replays, &first, NOW_MS), RC_OK);
    assert_int_equal(slack_replays_admit(replays, &second, NOW_MS), RC_OK);
    assert_int_equal(slack_replays_admit(replays, &third, NOW_MS), RC_FULL);
    assert_int_equal(slack_replays_admit(replays, &third, NOW_MS + 1), RC_OK);
    assert_int_equal(slack_replays_admit(replays, &second, NOW_MS + 1), RC_DENIED);
    slack_replays_free(replays);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a05_h15_the_same_request_is_let_in_once),
        cmocka_unit_test(what_could_not_be_worked_on_may_come_again),
        cmocka_unit_test(where_all_places_are_taken_nobody_is_let_in_until_one_is_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
