#include "src/daemon/posting_lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define NOW (1000 * MINUTE)
#define LEAST UINT32_C(0) /* of the jitter: nothing is taken away */

static const struct channel_rate one_a_second = { .burst = 1, .interval_ms = SECOND };
static const struct channel_rate three_then_one = { .burst = 3, .interval_ms = SECOND };
static const struct channel_rate no_limit = { 0 };

/* A lane with all that stands in its way. */
struct fixture {
    struct lane_hold lane, destination, channel;
    struct bucket bucket;
    struct lane_holds holds;
};

static int set_up(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){ 0 };
    fixture.holds = (struct lane_holds){ &fixture.lane, &fixture.destination, &fixture.channel };
    *state = &fixture;
    return 0;
}

static void comes(struct fixture *fixture, enum channel_outcome outcome, int64_t wait_ms,
                  int64_t now_ms)
{
    holds_take(&fixture->holds, outcome, wait_ms, LEAST, now_ms);
}

static int64_t ready(const struct fixture *fixture, struct channel_rate rate)
{
    return lane_ready_ms(&fixture->holds, &fixture->bucket, rate, false);
}

static int64_t ready_hurried(const struct fixture *fixture, struct channel_rate rate)
{
    return lane_ready_ms(&fixture->holds, &fixture->bucket, rate, true);
}

/* --- buckets --- */

static void one_a_second_lets_one_through_then_waits_a_second(void **state)
{
    struct fixture *fixture = *state;

    assert_true(ready(fixture, one_a_second) <= NOW);
    bucket_take(&fixture->bucket, one_a_second, NOW);
    assert_int_equal(ready(fixture, one_a_second), NOW + SECOND);
}

static void a_burst_goes_at_once_and_refills_one_by_one(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 3; i++) {
        assert_true(ready(fixture, three_then_one) <= NOW);
        bucket_take(&fixture->bucket, three_then_one, NOW);
    }
    assert_int_equal(ready(fixture, three_then_one), NOW + SECOND);
    bucket_take(&fixture->bucket, three_then_one, NOW + SECOND);
    assert_int_equal(ready(fixture, three_then_one), NOW + 2 * SECOND);
}

static void a_long_rest_gives_no_more_than_the_burst(void **state)
{
    struct fixture *fixture = *state;

    bucket_take(&fixture->bucket, three_then_one, NOW);
    for (int i = 0; i < 3; i++)
        bucket_take(&fixture->bucket, three_then_one, NOW + 60 * MINUTE);
    assert_int_equal(ready(fixture, three_then_one), NOW + 60 * MINUTE + SECOND);
}

static void without_a_rate_there_is_no_limit(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 1000; i++) {
        assert_true(ready(fixture, no_limit) <= NOW);
        bucket_take(&fixture->bucket, no_limit, NOW);
    }
}

static void who_hurries_goes_past_the_bucket_and_owes_it(void **state)
{
    struct fixture *fixture = *state;

    bucket_take(&fixture->bucket, one_a_second, NOW);
    assert_true(ready_hurried(fixture, one_a_second) <= NOW);
    bucket_take(&fixture->bucket, one_a_second, NOW);
    assert_int_equal(ready(fixture, one_a_second), NOW + 2 * SECOND);
}

static void a_thousand_who_hurry_make_nobody_wait_for_hours(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < 1000; i++)
        bucket_take(&fixture->bucket, one_a_second, NOW);
    assert_int_equal(ready(fixture, one_a_second), NOW + SECOND + MINUTE);
}

static void o02_who_hurries_does_not_go_past_a_retry_after(void **state)
{
    struct fixture *fixture = *state;

    comes(fixture, CHANNEL_WAIT, 30 * SECOND, NOW);
    assert_int_equal(ready_hurried(fixture, one_a_second), NOW + 30 * SECOND);
}

/* --- backoff --- */

static void o01_backoff_doubles_from_one_second_to_five_minutes(void **state)
{
    static const int64_t seconds[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300 };

    (void)state;
    for (unsigned i = 0; i < sizeof seconds / sizeof *seconds; i++)
        assert_int_equal(backoff_ms(i + 1, LEAST), seconds[i] * SECOND);
    assert_int_equal(backoff_ms(1000000, LEAST), 5 * MINUTE);
}

static void jitter_takes_away_half_at_most(void **state)
{
    int64_t least_ms = INT64_MAX, most_ms = 0;

    (void)state;
    for (uint32_t random = 0; random < 20000; random += 7) {
        int64_t wait_ms = backoff_ms(4, random);

        least_ms = wait_ms < least_ms ? wait_ms : least_ms;
        most_ms = wait_ms > most_ms ? wait_ms : most_ms;
    }
    assert_in_range(least_ms, 4 * SECOND, 4 * SECOND + 10);
    assert_in_range(most_ms, 8 * SECOND - 10, 8 * SECOND);
}

static void failures_in_a_row_wait_longer_and_an_answer_ends_it(void **state)
{
    struct fixture *fixture = *state;

    comes(fixture, CHANNEL_RETRY, 0, NOW);
    assert_int_equal(ready(fixture, no_limit), NOW + SECOND);
    comes(fixture, CHANNEL_LOST, 0, NOW + SECOND);
    assert_int_equal(ready(fixture, no_limit), NOW + 3 * SECOND);
    assert_int_equal(holds_since_ms(&fixture->holds), NOW);
    comes(fixture, CHANNEL_SENT, 0, NOW + 3 * SECOND);
    assert_true(ready(fixture, no_limit) <= NOW + 3 * SECOND);
    assert_int_equal(holds_since_ms(&fixture->holds), 0);
    comes(fixture, CHANNEL_RETRY, 0, NOW + 4 * SECOND);
    assert_int_equal(ready(fixture, no_limit), NOW + 5 * SECOND);
}

static void o02_a_retry_after_holds_to_the_second(void **state)
{
    struct fixture *fixture = *state;

    comes(fixture, CHANNEL_WAIT, 37 * SECOND, NOW);
    assert_int_equal(ready(fixture, no_limit), NOW + 37 * SECOND);
    assert_false(fixture->lane.has_failed);
}

static void o02_a_retry_after_holds_one_lane_alone(void **state)
{
    struct fixture *fixture = *state;
    struct lane_hold other_lane = { 0 };
    const struct lane_holds other = { &other_lane, &fixture->destination, &fixture->channel };

    comes(fixture, CHANNEL_WAIT, 37 * SECOND, NOW);
    assert_true(lane_ready_ms(&other, &fixture->bucket, no_limit, false) <= NOW);
}

static void o12_nobody_is_told_to_wait_longer_than_a_day(void **state)
{
    struct fixture *fixture = *state;

    comes(fixture, CHANNEL_WAIT, INT64_MAX, NOW);
    assert_int_equal(ready(fixture, no_limit), NOW + 24 * 60 * MINUTE);
}

static void a_wait_without_a_time_is_a_second(void **state)
{
    struct fixture *fixture = *state;

    comes(fixture, CHANNEL_WAIT, 0, NOW);
    assert_int_equal(ready(fixture, no_limit), NOW + SECOND);
}

/* --- refused --- */

static void o04_a_refused_token_stops_the_whole_channel_and_is_tried_slowly(void **state)
{
    struct fixture *fixture = *state;
    struct lane_hold lane = { 0 }, destination = { 0 };
    const struct lane_holds elsewhere = { &lane, &destination, &fixture->channel };

    comes(fixture, CHANNEL_STOPPED, 0, NOW);
    assert_int_equal(lane_ready_ms(&elsewhere, &fixture->bucket, no_limit, false),
                     NOW + 5 * MINUTE);
}

static void o04_a_place_that_is_gone_stops_that_place_alone(void **state)
{
    struct fixture *fixture = *state;
    struct lane_hold lane = { 0 }, destination = { 0 };
    const struct lane_holds same_place = { &lane, &fixture->destination, &fixture->channel };
    const struct lane_holds elsewhere = { &lane, &destination, &fixture->channel };

    comes(fixture, CHANNEL_CLOSED, 0, NOW);
    assert_int_equal(lane_ready_ms(&same_place, &fixture->bucket, no_limit, false),
                     NOW + 5 * MINUTE);
    assert_true(lane_ready_ms(&elsewhere, &fixture->bucket, no_limit, false) <= NOW);
}

static void o04_a_reload_lifts_what_was_refused_but_not_what_was_asked_for(void **state)
{
    struct fixture *fixture = *state;

    comes(fixture, CHANNEL_STOPPED, 0, NOW);
    hold_lift(&fixture->channel);
    assert_true(ready(fixture, no_limit) <= NOW);
    comes(fixture, CHANNEL_WAIT, 30 * SECOND, NOW);
    hold_lift(&fixture->lane);
    assert_int_equal(ready(fixture, no_limit), NOW + 30 * SECOND);
}

static void o04_one_dead_message_holds_up_nobody(void **state)
{
    struct fixture *fixture = *state;

    comes(fixture, CHANNEL_DEAD, 0, NOW);
    assert_true(ready(fixture, no_limit) <= NOW);
    assert_int_equal(holds_since_ms(&fixture->holds), 0);
}

static void a_lane_that_owes_nothing_is_no_trouble(void **state)
{
    struct fixture *fixture = *state;

    comes(fixture, CHANNEL_RETRY, 0, NOW);
    hold_forget(&fixture->lane);
    assert_int_equal(holds_since_ms(&fixture->holds), 0);
    assert_true(ready(fixture, no_limit) <= NOW);
    comes(fixture, CHANNEL_WAIT, 30 * SECOND, NOW);
    hold_forget(&fixture->lane);
    assert_int_equal(holds_since_ms(&fixture->holds), 0);
    assert_int_equal(ready(fixture, no_limit), NOW + 30 * SECOND);
}

/* --- one that holds up the others --- */

static void every_third_failure_of_the_same_message_lets_those_behind_it_go(void **state)
{
    struct stuck stuck = { 0 };

    (void)state;
    assert_false(stuck_lets_others_go(&stuck, 7));
    for (int i = 1; i <= 6; i++) {
        stuck_take(&stuck, 7, true);
        assert_int_equal(stuck_lets_others_go(&stuck, 7), i % 3 == 0);
    }
    stuck_take(&stuck, 8, false);
    assert_true(stuck_lets_others_go(&stuck, 7)); /* while the others are taken, it waits */
    assert_false(stuck_lets_others_go(&stuck, 9));
}

static void when_another_one_fails_as_well_the_oldest_is_first_again(void **state)
{
    struct stuck stuck = { 0 };

    (void)state;
    for (int i = 0; i < 3; i++)
        stuck_take(&stuck, 7, true);
    stuck_take(&stuck, 8, true);
    assert_false(stuck_lets_others_go(&stuck, 7));
    assert_false(stuck_lets_others_go(&stuck, 8));
}

static void a_message_that_was_taken_at_last_is_stuck_no_more(void **state)
{
    struct stuck stuck = { 0 };

    (void)state;
    for (int i = 0; i < 3; i++)
        stuck_take(&stuck, 7, true);
    stuck_take(&stuck, 7, false);
    assert_false(stuck_lets_others_go(&stuck, 7));
}

/* --- another one speaks --- */

static void after_two_minutes_without_an_answer_the_fallback_speaks(void **state)
{
    struct fixture *fixture = *state;

    assert_false(holds_need_fallback(&fixture->holds, NOW));
    for (int64_t t = 0; t < 2 * MINUTE; t += 10 * SECOND)
        comes(fixture, CHANNEL_RETRY, 0, NOW + t);
    assert_false(holds_need_fallback(&fixture->holds, NOW + 2 * MINUTE - 1));
    assert_true(holds_need_fallback(&fixture->holds, NOW + 2 * MINUTE));
    comes(fixture, CHANNEL_SENT, 0, NOW + 2 * MINUTE);
    assert_false(holds_need_fallback(&fixture->holds, NOW + 5 * MINUTE));
}

static void the_fallback_speaks_as_well_for_a_place_whose_channel_is_stopped(void **state)
{
    struct fixture *fixture = *state;
    struct lane_hold lane = { 0 }, destination = { 0 };
    const struct lane_holds elsewhere = { &lane, &destination, &fixture->channel };

    comes(fixture, CHANNEL_STOPPED, 0, NOW);
    assert_true(holds_need_fallback(&elsewhere, NOW + 2 * MINUTE));
}

static void the_fallback_speaks_while_a_long_retry_after_holds(void **state)
{
    struct fixture *fixture = *state;

    comes(fixture, CHANNEL_WAIT, 60 * MINUTE, NOW);
    assert_true(holds_need_fallback(&fixture->holds, NOW + 2 * MINUTE));
}

static void a_reload_does_not_make_a_critical_proposal_wait_anew(void **state)
{
    struct fixture *fixture = *state;

    comes(fixture, CHANNEL_RETRY, 0, NOW);
    hold_lift(&fixture->lane);
    assert_true(holds_need_fallback(&fixture->holds, NOW + 2 * MINUTE));
}

/* --- what may have arrived --- */

static void o03_what_may_have_arrived_is_looked_for_at_once(void **state)
{
    (void)state;
    assert_true(look_due_ms(NOW, false, NOW + 1) <= NOW + 1);
}

static void o03_only_a_search_after_thirty_seconds_proves_that_it_is_not_there(void **state)
{
    (void)state;
    assert_int_equal(look_due_ms(NOW, true, NOW + 2 * SECOND), NOW + 30 * SECOND);
    assert_false(look_is_proof(NOW, NOW + 30 * SECOND - 1));
    assert_true(look_is_proof(NOW, NOW + 30 * SECOND));
    assert_true(look_due_ms(NOW, true, NOW + 30 * SECOND) <= NOW + 30 * SECOND);
}

static void a_clock_that_was_set_back_keeps_nobody_waiting(void **state)
{
    (void)state;
    assert_false(look_is_proof(NOW, NOW - SECOND));
    assert_true(look_is_proof(NOW, NOW - 60 * MINUTE));
    assert_true(look_due_ms(NOW, true, NOW - 60 * MINUTE) <= NOW - 60 * MINUTE);
}

static void rules_hear_of_a_channel_when_its_fallback_speaks_and_when_it_is_well_again(void **state)
{
    static const struct {
        enum channel_health told;
        int64_t failing_ms, news_ms;
    } cases[] = {
        { HEALTH_UNTOLD, 0, 5000 + TAKE_OVER_MS },
        { HEALTH_UNTOLD, 7000, 7000 + TAKE_OVER_MS },
        { HEALTH_WELL, 0, INT64_MAX },
        { HEALTH_WELL, 7000, 7000 + TAKE_OVER_MS },
        { HEALTH_FAILING, 7000, INT64_MAX },
        { HEALTH_FAILING, 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(health_news_ms(cases[i].told, cases[i].failing_ms, 5000),
                         cases[i].news_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_a_second_lets_one_through_then_waits_a_second, set_up),
        cmocka_unit_test_setup(a_burst_goes_at_once_and_refills_one_by_one, set_up),
        cmocka_unit_test_setup(a_long_rest_gives_no_more_than_the_burst, set_up),
        cmocka_unit_test_setup(without_a_rate_there_is_no_limit, set_up),
        cmocka_unit_test_setup(who_hurries_goes_past_the_bucket_and_owes_it, set_up),
        cmocka_unit_test_setup(a_thousand_who_hurry_make_nobody_wait_for_hours, set_up),
        cmocka_unit_test_setup(o02_who_hurries_does_not_go_past_a_retry_after, set_up),
        cmocka_unit_test_setup(o01_backoff_doubles_from_one_second_to_five_minutes, set_up),
        cmocka_unit_test_setup(jitter_takes_away_half_at_most, set_up),
        cmocka_unit_test_setup(failures_in_a_row_wait_longer_and_an_answer_ends_it, set_up),
        cmocka_unit_test_setup(o02_a_retry_after_holds_to_the_second, set_up),
        cmocka_unit_test_setup(o02_a_retry_after_holds_one_lane_alone, set_up),
        cmocka_unit_test_setup(o12_nobody_is_told_to_wait_longer_than_a_day, set_up),
        cmocka_unit_test_setup(a_wait_without_a_time_is_a_second, set_up),
        cmocka_unit_test_setup(o04_a_refused_token_stops_the_whole_channel_and_is_tried_slowly,
                               set_up),
        cmocka_unit_test_setup(o04_a_place_that_is_gone_stops_that_place_alone, set_up),
        cmocka_unit_test_setup(o04_a_reload_lifts_what_was_refused_but_not_what_was_asked_for,
                               set_up),
        cmocka_unit_test_setup(o04_one_dead_message_holds_up_nobody, set_up),
        cmocka_unit_test_setup(a_lane_that_owes_nothing_is_no_trouble, set_up),
        cmocka_unit_test(every_third_failure_of_the_same_message_lets_those_behind_it_go),
        cmocka_unit_test(when_another_one_fails_as_well_the_oldest_is_first_again),
        cmocka_unit_test(a_message_that_was_taken_at_last_is_stuck_no_more),
        cmocka_unit_test_setup(after_two_minutes_without_an_answer_the_fallback_speaks, set_up),
        cmocka_unit_test_setup(the_fallback_speaks_as_well_for_a_place_whose_channel_is_stopped,
                               set_up),
        cmocka_unit_test_setup(the_fallback_speaks_while_a_long_retry_after_holds, set_up),
        cmocka_unit_test_setup(a_reload_does_not_make_a_critical_proposal_wait_anew, set_up),
        cmocka_unit_test_setup(o03_what_may_have_arrived_is_looked_for_at_once, set_up),
        cmocka_unit_test_setup(o03_only_a_search_after_thirty_seconds_proves_that_it_is_not_there,
                               set_up),
        cmocka_unit_test(
            rules_hear_of_a_channel_when_its_fallback_speaks_and_when_it_is_well_again),
        cmocka_unit_test_setup(a_clock_that_was_set_back_keeps_nobody_waiting, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
