#include "fold_story.h"

#define RULE "{id: a, on: ci.run, key: [repo], when: {fewer: 3, within: 1h}}"

static void minutes(struct story *story, const int64_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)event_at(story, at[i] * MINUTE_MS, "");
}

static void an_hour_with_fewer_than_three_matches_fires_at_its_last_millisecond(void **state)
{
    struct story *story = story_of(RULE);

    (void)state;
    minutes(story, (const int64_t[]){ 0, 10 }, 2);
    time_passes_to(story, HOUR_MS - 1);
    assert_told(story, "");
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    time_passes_to(story, HOUR_MS);
    assert_told(story, "firing@3600000 ");
    assert_int_equal(story->signal.count, 1); /* (0, 1h]: the one at 0 is exactly an hour old */
    assert_int_equal(story->signal.first_seen_ms, START_MS + 10 * MINUTE_MS);
    story_end(story);
}

static void with_enough_it_is_due_when_the_third_newest_leaves_the_window(void **state)
{
    struct story *story = story_of(RULE);

    (void)state;
    minutes(story, (const int64_t[]){ 0, 20, 40, 50 }, 4);
    time_passes_to(story, 80 * MINUTE_MS - 1); /* 20 leaves at 80 */
    assert_told(story, "");
    time_passes_to(story, 80 * MINUTE_MS);
    assert_told(story, "firing@4800000 ");
    assert_int_equal(story->signal.count, 2);
    story_end(story);
}

static void a_key_has_its_first_hour_before_it_is_judged(void **state)
{
    struct story *story = story_of(RULE);

    (void)state;
    minutes(story, (const int64_t[]){ 0, 1, 2 }, 3); /* the third newest is the first sight */
    time_passes_to(story, HOUR_MS - 1);
    assert_told(story, "");
    (void)event_at(story, HOUR_MS - 1, "");
    time_passes_to(story, HOUR_MS + MINUTE_MS - 1);
    assert_told(story, "");
    time_passes_to(story, HOUR_MS + MINUTE_MS);
    assert_told(story, "firing@3660000 ");
    story_end(story);
}

static void it_ends_with_the_match_that_makes_the_window_hold_enough_again(void **state)
{
    struct story *story = story_of(RULE);

    (void)state;
    (void)event_at(story, 0, "");
    time_passes_to(story, 2 * HOUR_MS);
    (void)event_at(story, 2 * HOUR_MS, "");
    (void)event_at(story, 2 * HOUR_MS + MINUTE_MS, "");
    assert_became(story, NOTHING);
    assert_int_equal(story->signal.count, 2); /* one goes on counting from where it fired */
    (void)event_at(story, 3 * HOUR_MS - 1, "");
    assert_became(story, SIGNAL_RESOLVED);
    assert_slice(story->signal.resolved_by, "condition");
    assert_int_equal(story->signal.count, 2); /* the one that ends is not counted */
    /* Judged anew from there: the third newest is that of 2h. */
    time_passes_to(story, 3 * HOUR_MS);
    assert_told(story, "firing@3600000 resolved@10799999 firing@10800000 ");
    assert_int_equal(story->signal.episode, 2);
    story_end(story);
}

static void a_match_exactly_an_hour_older_is_not_of_the_window_that_ends_it(void **state)
{
    struct story *story = story_of(RULE);

    (void)state;
    (void)event_at(story, 0, "");
    minutes(story, (const int64_t[]){ 120, 130, 180 }, 3);
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    (void)event_at(story, 180 * MINUTE_MS, "'text':'of the same millisecond'");
    assert_became(story, SIGNAL_RESOLVED);
    story_end(story);
}

static void late_ones_count_where_they_belong_whatever_order_they_come_in(void **state)
{
    static const int64_t orders[][3] = { { 0, 2, 4 }, { 4, 2, 0 }, { 2, 4, 0 }, { 4, 0, 2 } };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct story *story = story_of(RULE);

        story->now_ms = START_MS + 4 * MINUTE_MS;
        minutes(story, orders[i], 3);
        story->now_ms = 0;
        assert_int_equal(story->signal.condition_due_ms, START_MS + HOUR_MS);
        (void)event_at(story, 6 * MINUTE_MS, "");
        assert_int_equal(story->signal.condition_due_ms, START_MS + HOUR_MS + 2 * MINUTE_MS);
        story_end(story);
    }
}

static void what_lateness_does_not_allow_moves_nothing(void **state)
{
    struct story *story = story_of(RULE);

    (void)state;
    (void)event_at(story, 20 * MINUTE_MS, "");
    story->now_ms = START_MS + 20 * MINUTE_MS;
    (void)event_at(story, 15 * MINUTE_MS - 1, "");
    assert_true(story->fold.is_late);
    assert_int_equal(story->signal.condition_due_ms, START_MS + 80 * MINUTE_MS);
    (void)event_at(story, 15 * MINUTE_MS, "");
    assert_false(story->fold.is_late);
    assert_int_equal(story->signal.condition_due_ms, START_MS + 75 * MINUTE_MS);
    story_end(story);
}

/* The keys' own time is behind the engine's by what its newest match came late. */
static void a_log_that_comes_late_is_judged_as_late(void **state)
{
    struct story *story = story_of(RULE);

    (void)state;
    story->now_ms = START_MS + 10 * MINUTE_MS;
    (void)event_at(story, 0, "");
    assert_int_equal(story->signal.condition_due_ms, START_MS + 70 * MINUTE_MS);
    story_end(story);
}

static void many_matches_are_remembered_as_the_newest_ones(void **state)
{
    struct story *story = story_of(RULE);

    (void)state;
    for (int64_t i = 0; i < 200; i++)
        (void)event_at(story, i, "");
    assert_int_equal(story->signal.window.len, 8 + 4 + 3 * 16);
    assert_int_equal(story->signal.condition_due_ms, START_MS + 197 + HOUR_MS);
    story_end(story);
}

static void only_its_own_end_ends_it(void **state)
{
    struct story *story = story_of(RULE);

    (void)state;
    (void)event_at(story, 0, "'state':'failing'");
    time_passes_to(story, 100 * DAY_MS);
    (void)event_at(story, 100 * DAY_MS, "'state':'ok'"); /* a match like any other */
    assert_told(story, "firing@3600000 ");
    assert_int_equal(story->signal.count, 1);
    story_end(story);
}

static void ended_by_hand_it_waits_for_the_next_match(void **state)
{
    struct story *story = story_of(RULE);

    (void)state;
    (void)event_at(story, 0, "");
    time_passes_to(story, HOUR_MS);
    assert_int_equal(fold_resolve(story_rule(story), SLICE("jane"), START_MS + HOUR_MS,
                                  story->arena, &story->signal, &story->fold),
                     RC_OK);
    time_passes_to(story, DAY_MS);
    assert_told(story, "firing@3600000 ");
    (void)event_at(story, DAY_MS, "");
    time_passes_to(story, 2 * DAY_MS);
    assert_told(story, "firing@3600000 firing@86400000 ");
    story_end(story);
}

static void under_a_new_condition_a_known_key_has_its_full_time(void **state)
{
    struct story *story = story_of(RULE);
    struct story *next = story_of("{id: a, on: ci.run, key: [repo], when: {fewer: 9, within: 2h}}");
    struct fold_clock clock = story_clock(story, START_MS + 50 * MINUTE_MS);

    (void)state;
    (void)event_at(story, 0, "");
    assert_int_equal(
        fold_adopt(story_rule(next), &clock, story->arena, &story->signal, &story->fold), RC_OK);
    assert_int_equal(story->signal.condition_due_ms, START_MS + 170 * MINUTE_MS);
    story_end(next);
    story_end(story);
}

static void after_its_watcher_was_silent_it_has_its_full_time_again(void **state)
{
    struct story *story = story_of(RULE);

    (void)state;
    (void)event_at(story, 0, "");
    story->watched_since_ms = START_MS + 59 * MINUTE_MS;
    time_passes_to(story, 119 * MINUTE_MS - 1);
    assert_told(story, "");
    time_passes_to(story, 119 * MINUTE_MS);
    assert_told(story, "firing@7140000 ");
    story_end(story);
}

static void after_a_start_senders_have_five_minutes(void **state)
{
    struct story *story = story_of(RULE);

    (void)state;
    (void)event_at(story, 0, "");
    story->started_ms = START_MS + 58 * MINUTE_MS;
    time_passes_to(story, 63 * MINUTE_MS - 1);
    assert_told(story, "");
    time_passes_to(story, 63 * MINUTE_MS);
    assert_told(story, "firing@3780000 ");
    story_end(story);
}

static void foreign_memory_is_none(void **state)
{
    static const char *const memories[] = { "x", "12345678", "12345678\x02xxxxxxxxxxxx" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct story *story = story_of(RULE);

        (void)event_at(story, 0, "");
        story->signal.window = slice_of(memories[i]);
        (void)event_at(story, MINUTE_MS, "");
        assert_int_equal(story->signal.window.len, 8 + 4 + 16);
        story_end(story);
    }
}

static void its_title_says_what_it_is_about(void **state)
{
    struct story *story = story_of(RULE);

    (void)state;
    (void)event_at(story, 0, "'title':'all is well'");
    time_passes_to(story, HOUR_MS);
    assert_slice(story->signal.title, "a: too few of r");
    story_end(story);
}

/* The key's own time is set back by what a newer match was longer on its way. */
static void a_match_that_took_longer_finds_those_that_had_left_the_window_already(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], lateness: 10s, "
                                   "when: {fewer: 2, within: 5s}}");

    (void)state;
    story->now_ms = START_MS + 1246;
    (void)event_at(story, 0, "");
    story->now_ms = START_MS + 6263;
    (void)event_at(story, 2, ""); /* (-5s, 2 ms] holds both */
    time_passes_to(story, 11260);
    assert_told(story, "firing@6246 resolved@6263 ");
    time_passes_to(story, 11261);
    assert_told(story, "firing@6246 resolved@6263 firing@11261 ");
    assert_int_equal(story->signal.count, 1);
    story_end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_hour_with_fewer_than_three_matches_fires_at_its_last_millisecond),
        cmocka_unit_test(with_enough_it_is_due_when_the_third_newest_leaves_the_window),
        cmocka_unit_test(a_key_has_its_first_hour_before_it_is_judged),
        cmocka_unit_test(it_ends_with_the_match_that_makes_the_window_hold_enough_again),
        cmocka_unit_test(a_match_exactly_an_hour_older_is_not_of_the_window_that_ends_it),
        cmocka_unit_test(late_ones_count_where_they_belong_whatever_order_they_come_in),
        cmocka_unit_test(what_lateness_does_not_allow_moves_nothing),
        cmocka_unit_test(a_log_that_comes_late_is_judged_as_late),
        cmocka_unit_test(many_matches_are_remembered_as_the_newest_ones),
        cmocka_unit_test(only_its_own_end_ends_it),
        cmocka_unit_test(ended_by_hand_it_waits_for_the_next_match),
        cmocka_unit_test(under_a_new_condition_a_known_key_has_its_full_time),
        cmocka_unit_test(after_its_watcher_was_silent_it_has_its_full_time_again),
        cmocka_unit_test(after_a_start_senders_have_five_minutes),
        cmocka_unit_test(foreign_memory_is_none),
        cmocka_unit_test(its_title_says_what_it_is_about),
        cmocka_unit_test(a_match_that_took_longer_finds_those_that_had_left_the_window_already),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
