#include "fold_story.h"

#include "rules/conditions/sightings.h"

#include <stdlib.h>

#define THREE                                                                                      \
    "{id: a, on: ci.run, key: [repo], when: {flaps: state, count: 3, within: 1h}, clear: never}"
#define FLAKY                                                                                      \
    "{id: a, on: ci.run, key: [repo], when: {flaps: state, count: 2, within: 7d, by: commit}}"
#define CLEARED                                                                                    \
    "{id: a, on: ci.run, key: [repo], where: {state: failing}, when: {flaps: data.v, count: 2, "   \
    "within: 1h}}"

static void is_at(struct story *story, int64_t at_ms, const char *run_state)
{
    char fields[64];

    (void)snprintf(fields, sizeof(fields), "'state':'%s'", run_state);
    event_at(story, at_ms, fields);
}

static void commit_is_at(struct story *story, int64_t at_ms, const char *commit,
                         const char *run_state)
{
    char fields[96];

    (void)snprintf(fields, sizeof(fields), "'state':'%s','commit':'%s'", run_state, commit);
    event_at(story, at_ms, fields);
}

static void fails_with_at(struct story *story, int64_t at_ms, const char *value)
{
    char fields[96];

    (void)snprintf(fields, sizeof(fields), "'state':'failing','data':{'v':'%s'}", value);
    event_at(story, at_ms, fields);
}

/* -- counting -- */

static void the_third_change_within_the_hour_fires(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    is_at(story, 0, "ok");
    is_at(story, 1, "ok");
    assert_told(story, ""); /* no change is on its way */
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    is_at(story, 2, "failing");
    assert_became(story, SIGNAL_PENDING);
    assert_int_equal(story->signal.count, 3); /* matches, not changes */
    assert_int_equal(story->signal.first_seen_ms, START_MS);
    is_at(story, 3, "ok");
    assert_became(story, NOTHING);
    is_at(story, 4, "ok");
    assert_became(story, NOTHING);
    is_at(story, 5, "failing");
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 6);
    is_at(story, 6, "failing");
    assert_int_equal(story->signal.count, 7);
    story_end(story);
}

static void how_many_changes_there_were_can_be_said(void **state)
{
    struct story *story = story_of(THREE);
    struct fold_clock clock = story_clock(story, START_MS + HOUR_MS);
    struct slice text;

    (void)state;
    is_at(story, 0, "ok");
    assert_int_equal(fold_describe(story_rule(story), &clock, &story->signal, story->arena, &text),
                     RC_OK);
    assert_true(slice_is_absent(text)); /* of what holds still there is nothing to say */
    is_at(story, 1, "failing");
    is_at(story, 2, "ok");
    assert_int_equal(fold_describe(story_rule(story), &clock, &story->signal, story->arena, &text),
                     RC_OK);
    assert_slice(text, "2 of 3 changes within 1h");
    clock.now_ms += 1; /* the first of them is an hour old */
    assert_int_equal(fold_describe(story_rule(story), &clock, &story->signal, story->arena, &text),
                     RC_OK);
    assert_slice(text, "1 of 3 changes within 1h");
    story_end(story);
}

static void a_change_counts_to_the_last_millisecond_of_the_window(void **state)
{
    struct story *in = story_of(THREE);
    struct story *out = story_of(THREE);

    (void)state;
    is_at(in, 0, "ok");
    is_at(in, 1, "failing");
    is_at(in, 2, "ok");
    is_at(in, HOUR_MS, "failing"); /* the change at 1 is a millisecond less than an hour old */
    assert_became(in, SIGNAL_FIRING);
    is_at(out, 0, "ok");
    is_at(out, 1, "failing");
    is_at(out, 2, "ok");
    is_at(out, HOUR_MS + 1, "failing");
    assert_became(out, NOTHING);
    assert_int_equal(out->signal.count, 2);
    story_end(in);
    story_end(out);
}

static void the_value_before_the_window_says_whether_the_first_in_it_is_a_change(void **state)
{
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo], when: {flaps: state, count: 1, within: 1h}}");

    (void)state;
    is_at(story, 0, "ok");
    is_at(story, DAY_MS, "ok");
    assert_told(story, "");
    is_at(story, 2 * DAY_MS, "failing");
    assert_told(story, "firing@172800000 ");
    assert_int_equal(story->signal.count, 1);
    story_end(story);
}

static void info_and_matches_without_the_value_are_passed_over(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    is_at(story, 0, "ok");
    is_at(story, 1, "info");
    event_at(story, 2, "");
    is_at(story, 3, "ok");
    assert_told(story, "");
    is_at(story, 4, "failing");
    is_at(story, 5, "info");
    assert_int_equal(story->signal.count, 3);
    is_at(story, 6, "ok");
    is_at(story, 7, "failing");
    assert_told(story, "pending@4 firing@7 ");
    is_at(story, 8, "info");
    assert_int_equal(story->signal.count, 5);
    story_end(story);
}

/* -- by -- */

static void with_by_only_changes_of_one_commit_count(void **state)
{
    struct story *story = story_of(FLAKY);

    (void)state;
    commit_is_at(story, 0, "a", "failing");
    commit_is_at(story, 1, "b", "ok"); /* mended by a commit: no flap */
    commit_is_at(story, 2, "c", "failing");
    assert_told(story, "");
    commit_is_at(story, 3, "c", "ok"); /* the same commit run again */
    assert_became(story, SIGNAL_PENDING);
    commit_is_at(story, DAY_MS, "d", "failing");
    assert_became(story, NOTHING);
    commit_is_at(story, DAY_MS + 1, "d", "ok");
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

static void commits_that_run_in_between_hide_no_change_of_one(void **state)
{
    struct story *story = story_of(FLAKY);

    (void)state;
    commit_is_at(story, 0, "a", "failing");
    commit_is_at(story, 1, "b", "failing");
    assert_told(story, "");
    commit_is_at(story, 2, "a", "ok");
    assert_became(story, SIGNAL_PENDING);
    commit_is_at(story, 3, "c", "failing"); /* the first of c: no change */
    commit_is_at(story, 4, "a", "ok");
    assert_became(story, NOTHING);
    commit_is_at(story, 5, "b", "ok");
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 6);
    story_end(story);
}

static void with_by_a_value_is_compared_with_one_less_than_the_window_before_it(void **state)
{
    static const struct {
        int64_t after_ms;
        bool is_change;
    } cases[] = { { 7 * DAY_MS - 1, true }, { 7 * DAY_MS, false } };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct story *story = story_of(FLAKY);

        commit_is_at(story, 0, "a", "failing");
        commit_is_at(story, 6 * DAY_MS, "b", "failing");
        commit_is_at(story, cases[i].after_ms, "a", "ok");
        assert_int_equal(story->signal.state, cases[i].is_change ? SIGNAL_PENDING : SIGNAL_IDLE);
        story_end(story);
    }
}

/* What it was compared with has left the window by then. */
static void with_by_a_change_counts_to_the_last_millisecond_of_the_window(void **state)
{
    static const struct {
        int64_t second_ms;
        bool fires;
    } cases[] = { { 12 * DAY_MS - 1, true }, { 12 * DAY_MS, false } };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct story *story = story_of(FLAKY);

        commit_is_at(story, 0, "a", "failing");
        commit_is_at(story, 5 * DAY_MS, "a", "ok");
        commit_is_at(story, 10 * DAY_MS, "b", "ok");
        commit_is_at(story, cases[i].second_ms, "b", "failing");
        assert_int_equal(story->signal.state, cases[i].fires ? SIGNAL_FIRING : SIGNAL_PENDING);
        story_end(story);
    }
}

/* Each commit fails and is run again later, with 149 others in between. */
static void many_commits_are_compared_each_with_itself(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], clear: never, "
                                   "when: {flaps: state, count: 150, within: 7d, by: commit}}");
    char commit[16];

    (void)state;
    for (int64_t i = 0; i < 300; i++) {
        assert_int_not_equal(story->signal.state, SIGNAL_FIRING);
        (void)snprintf(commit, sizeof(commit), "c%lld", (long long)(i % 150));
        commit_is_at(story, i, commit, i < 150 ? "failing" : "ok");
    }
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 300);
    story_end(story);
}

static void absent_by_never_equals(void **state)
{
    struct story *story = story_of(FLAKY);

    (void)state;
    is_at(story, 0, "failing");
    is_at(story, 1, "ok");
    commit_is_at(story, 2, "a", "failing");
    is_at(story, 3, "ok");
    assert_told(story, "");
    story_end(story);
}

/* -- event time decides -- */

/* All orders in which four events may come end alike. */
static void the_order_of_arrival_changes_nothing(void **state)
{
    static const char *const states[] = { "ok", "failing", "ok", "failing" };

    (void)state;
    for (int order = 0; order < 256; order++) {
        int places[4] = { order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3 };
        struct story *story;
        int seen = 0;

        for (int i = 0; i < 4; i++)
            seen |= 1 << places[i];
        if (seen != 15)
            continue;
        story = story_of(THREE);
        story->now_ms = START_MS + MINUTE_MS;
        for (int i = 0; i < 4; i++)
            is_at(story, places[i] * 1000, states[places[i]]);
        assert_int_equal(story->signal.state, SIGNAL_FIRING);
        assert_int_equal(story->signal.count, 4);
        assert_int_equal(story->signal.first_seen_ms, START_MS);
        story_end(story);
    }
}

static void one_that_comes_late_may_move_a_change(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    is_at(story, 0, "ok");
    is_at(story, 2000, "failing");
    assert_int_equal(story->signal.condition_due_ms, START_MS + 2000 + HOUR_MS + 5 * MINUTE_MS);
    story->now_ms = START_MS + 2000;
    is_at(story, 1000, "failing"); /* it failed then already */
    assert_int_equal(story->signal.condition_due_ms, START_MS + 1000 + HOUR_MS + 5 * MINUTE_MS);
    assert_told(story, "pending@2000 ");
    story_end(story);
}

static void two_of_one_time_stand_as_they_came(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    is_at(story, 0, "ok");
    is_at(story, 0, "failing");
    is_at(story, 0, "ok");
    is_at(story, 0, "failing");
    assert_told(story, "pending@0 firing@0 ");
    story_end(story);
}

/* -- the end -- */

static void what_holds_still_for_the_window_ends_at_the_millisecond(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    is_at(story, 0, "ok");
    is_at(story, 1, "failing");
    is_at(story, 2, "ok");
    is_at(story, 3, "failing");
    is_at(story, 30 * MINUTE_MS, "failing"); /* no change */
    time_passes_to(story, HOUR_MS + 2);
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    time_passes_to(story, HOUR_MS + 3);
    assert_told(story, "pending@1 firing@3 resolved@3600003 ");
    assert_slice(story->signal.resolved_by, "time");
    story_end(story);
}

static void each_change_puts_the_end_off(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    for (int i = 0; i < 4; i++)
        is_at(story, i, i % 2 ? "failing" : "ok");
    is_at(story, HOUR_MS, "ok");
    time_passes_to(story, 2 * HOUR_MS - 1);
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    time_passes_to(story, 2 * HOUR_MS);
    assert_int_equal(story->signal.state, SIGNAL_RESOLVED);
    story_end(story);
}

/* A sender whose clock is behind, or whose deliveries are slow, is judged by its own time. */
static void the_end_comes_as_much_later_as_its_events_do(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    for (int i = 0; i < 4; i++) {
        story->now_ms = START_MS + i + MINUTE_MS;
        is_at(story, i, i % 2 ? "failing" : "ok");
    }
    time_passes_to(story, HOUR_MS + 3 + MINUTE_MS - 1);
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    time_passes_to(story, HOUR_MS + 3 + MINUTE_MS);
    assert_told(story, "pending@60001 firing@60003 resolved@3660003 ");
    story_end(story);
}

static void the_last_value_outlives_the_episode_and_its_changes_do_not(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    for (int i = 0; i < 4; i++)
        is_at(story, i, i % 2 ? "failing" : "ok");
    time_passes_to(story, 2 * HOUR_MS);
    is_at(story, DAY_MS, "failing");
    assert_became(story, NOTHING);
    is_at(story, DAY_MS + 1, "ok");
    assert_became(story, SIGNAL_PENDING);
    assert_int_equal(story->signal.count, 2);
    is_at(story, DAY_MS + 2, "failing");
    is_at(story, DAY_MS + 3, "ok");
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.episode, 2);
    story_end(story);
}

static void a_pending_one_that_holds_still_is_over_in_silence(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    is_at(story, 0, "ok");
    is_at(story, 1, "failing");
    is_at(story, MINUTE_MS, "failing");
    time_passes_to(story, HOUR_MS + 5 * MINUTE_MS); /* the window, and what may still come late */
    assert_int_equal(story->signal.state, SIGNAL_PENDING);
    time_passes_to(story, HOUR_MS + 5 * MINUTE_MS + 1);
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    assert_told(story, "pending@1 ");
    is_at(story, HOUR_MS + 5 * MINUTE_MS + 2, "ok"); /* its value was not forgotten */
    assert_became(story, SIGNAL_PENDING);
    story_end(story);
}

static void quiet_ends_it_too_and_the_last_value_is_kept(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], when: {flaps: state, count: "
                                   "1, within: 2h}, clear: {quiet: 1m}}");

    (void)state;
    is_at(story, 0, "ok");
    is_at(story, 1, "failing");
    time_passes_to(story, HOUR_MS);
    assert_told(story, "firing@1 resolved@60001 ");
    is_at(story, HOUR_MS, "failing"); /* what the episode counted is gone */
    assert_became(story, NOTHING);
    is_at(story, HOUR_MS + 1, "ok");
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

/* -- events that clear -- */

static void an_event_that_clears_sets_the_count_back_and_its_value_is_seen(void **state)
{
    struct story *story = story_of(CLEARED);

    (void)state;
    fails_with_at(story, 0, "1");
    fails_with_at(story, 1, "2");
    assert_became(story, SIGNAL_PENDING);
    event_at(story, 2, "'state':'ok','data':{'v':'3'}");
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    fails_with_at(story, 3, "3"); /* as the last one that was seen */
    assert_became(story, NOTHING);
    fails_with_at(story, 4, "2");
    assert_became(story, SIGNAL_PENDING);
    fails_with_at(story, 5, "3");
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 3);
    story_end(story);
}

/* -- memory -- */

static void a_full_memory_loses_repeats_before_it_loses_changes(void **state)
{
    struct arena *arena;
    struct sightings sightings;
    struct sighting added = { .time_ms = SIGHTINGS_MAX, .value = 2, .by = 1, .n_matches = 1 };

    (void)state;
    assert_int_equal(arena_new((size_t)8 << 20, &arena), RC_OK);
    assert_int_equal(sightings_take((struct slice){ 0 }, arena, &sightings), RC_OK);
    sightings.items = arena_alloc(arena, SIGHTINGS_MAX + 1, sizeof(*sightings.items));
    for (int64_t i = 0; i < SIGHTINGS_MAX; i++)
        sightings.items[i] = (struct sighting){
            .time_ms = i, .value = i < 2 ? (uint64_t)i : 1, .by = 1, .n_matches = 1
        };
    sightings.n_items = SIGHTINGS_MAX;
    assert_false(sightings_coarsen(&sightings));
    sightings_add(&sightings, &added);
    assert_true(sightings_coarsen(&sightings));
    assert_true(sightings.n_items < SIGHTINGS_MAX);
    assert_int_equal(sightings.items[0].value, 0);
    assert_int_equal(sightings.items[1].time_ms, 1); /* when it changed */
    assert_int_equal(sightings.items[1].n_matches, 2);
    assert_int_equal(sightings.items[sightings.n_items - 1].value, 2);
    arena_free(arena);
}

static void a_memory_full_of_changes_loses_the_oldest(void **state)
{
    struct arena *arena;
    struct sightings sightings;

    (void)state;
    assert_int_equal(arena_new((size_t)8 << 20, &arena), RC_OK);
    sightings.items = arena_alloc(arena, SIGHTINGS_MAX + 1, sizeof(*sightings.items));
    sightings.n_items = SIGHTINGS_MAX + 1;
    for (int64_t i = 0; i <= SIGHTINGS_MAX; i++)
        sightings.items[i] =
            (struct sighting){ .time_ms = i, .value = (uint64_t)i % 2, .by = 1, .n_matches = 1 };
    assert_true(sightings_coarsen(&sightings));
    assert_int_equal(sightings.n_items, SIGHTINGS_MAX);
    assert_int_equal(sightings.items[0].time_ms, 1);
    assert_int_equal(sightings.items[0].n_matches, 0);
    arena_free(arena);
}

static void foreign_memory_is_an_empty_one(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    is_at(story, 0, "ok");
    story->signal.window = SLICE("thirty-three bytes are one too many");
    is_at(story, 1, "failing");
    assert_told(story, "");
    story_end(story);
}

static void a_change_may_come_as_late_as_lateness_allows(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    is_at(story, 0, "ok");
    is_at(story, 1, "failing");
    is_at(story, 2, "ok");
    story->now_ms = START_MS + HOUR_MS + 5 * MINUTE_MS;
    is_at(story, HOUR_MS, "failing"); /* with the first change it is the third of an hour */
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 3);
    story_end(story);
}

static void a_clear_sets_what_has_not_changed_yet_back_too(void **state)
{
    struct story *story = story_of(CLEARED);

    (void)state;
    fails_with_at(story, 0, "1");
    event_at(story, 1, "'state':'ok','data':{'v':'1'}");
    fails_with_at(story, 2, "2");
    assert_int_equal(story->signal.count, 1);
    fails_with_at(story, 3, "1");
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 2);
    assert_int_equal(story->signal.first_seen_ms, START_MS + 2);
    story_end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_third_change_within_the_hour_fires),
        cmocka_unit_test(how_many_changes_there_were_can_be_said),
        cmocka_unit_test(a_change_counts_to_the_last_millisecond_of_the_window),
        cmocka_unit_test(the_value_before_the_window_says_whether_the_first_in_it_is_a_change),
        cmocka_unit_test(info_and_matches_without_the_value_are_passed_over),
        cmocka_unit_test(with_by_only_changes_of_one_commit_count),
        cmocka_unit_test(commits_that_run_in_between_hide_no_change_of_one),
        cmocka_unit_test(with_by_a_value_is_compared_with_one_less_than_the_window_before_it),
        cmocka_unit_test(with_by_a_change_counts_to_the_last_millisecond_of_the_window),
        cmocka_unit_test(many_commits_are_compared_each_with_itself),
        cmocka_unit_test(absent_by_never_equals),
        cmocka_unit_test(the_order_of_arrival_changes_nothing),
        cmocka_unit_test(one_that_comes_late_may_move_a_change),
        cmocka_unit_test(two_of_one_time_stand_as_they_came),
        cmocka_unit_test(what_holds_still_for_the_window_ends_at_the_millisecond),
        cmocka_unit_test(each_change_puts_the_end_off),
        cmocka_unit_test(the_end_comes_as_much_later_as_its_events_do),
        cmocka_unit_test(the_last_value_outlives_the_episode_and_its_changes_do_not),
        cmocka_unit_test(a_pending_one_that_holds_still_is_over_in_silence),
        cmocka_unit_test(quiet_ends_it_too_and_the_last_value_is_kept),
        cmocka_unit_test(an_event_that_clears_sets_the_count_back_and_its_value_is_seen),
        cmocka_unit_test(a_full_memory_loses_repeats_before_it_loses_changes),
        cmocka_unit_test(a_memory_full_of_changes_loses_the_oldest),
        cmocka_unit_test(foreign_memory_is_an_empty_one),
        cmocka_unit_test(a_change_may_come_as_late_as_lateness_allows),
        cmocka_unit_test(a_clear_sets_what_has_not_changed_yet_back_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
