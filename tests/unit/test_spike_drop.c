#include "fold_story.h"

/* Within 10 seconds against the minute before: a rate of 4x is 4 matches here for each 6 there. */
#define SPIKE                                                                                      \
    "{id: a, on: push, key: [repo], when: {spike: 4x, within: 10s, against: 1m, at_least: 4}}"
#define DROP                                                                                       \
    "{id: a, on: push, key: [repo], when: {drop: 4x, within: 10s, against: 1m, at_least: 6}}"

static size_t push_at(struct story *story, int64_t at_ms)
{
    return event_at(story, at_ms, "'kind':'push'");
}

static void pushes_at(struct story *story, int64_t at_ms, int n)
{
    for (int i = 0; i < n; i++)
        (void)push_at(story, at_ms);
}

/* Groups of `n` at 0 s, 10 s and so on: no window holds two of them. */
static void groups_of(struct story *story, int n, int n_groups)
{
    for (int i = 0; i < n_groups; i++)
        pushes_at(story, i * 10000, n);
    assert_told(story, "");
}

/* -- spike: when it comes true -- */

static void a_spike_is_4_times_the_rate_of_the_time_before(void **state)
{
    struct story *story = story_of(SPIKE);

    (void)state;
    groups_of(story, 3, 4);
    pushes_at(story, 65000, 7); /* of 12 before in a minute, 2 are usual in 10 seconds */
    assert_told(story, "");
    (void)push_at(story, 65001);
    assert_told(story, "firing@65001 ");
    assert_int_equal(story->signal.count, 8);
    assert_int_equal(story->signal.first_seen_ms, START_MS + 65000);
    story_end(story);
}

static void without_a_match_before_the_time_before_counts_as_having_one(void **state)
{
    struct story *story = story_of("{id: a, on: push, key: [repo], when: {spike: 30x, within: 10s, "
                                   "against: 1m, at_least: 4}}");

    (void)state;
    pushes_at(story, 0, 4); /* of one in a minute 5 are 30 times as many */
    assert_told(story, "");
    (void)push_at(story, 0);
    assert_told(story, "firing@0 ");
    story_end(story);
}

static void fewer_than_at_least_are_no_spike(void **state)
{
    struct story *story = story_of(SPIKE);

    (void)state;
    pushes_at(story, 0, 3);
    assert_told(story, "");
    (void)push_at(story, 9999);
    assert_told(story, "firing@9999 ");
    story_end(story);
}

static void a_match_exactly_within_old_is_of_the_time_before(void **state)
{
    struct story *story = story_of(SPIKE);

    (void)state;
    (void)push_at(story, 0);
    pushes_at(story, 10000, 3);
    assert_told(story, "");
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    (void)push_at(story, 10000);
    assert_told(story, "firing@10000 ");
    assert_int_equal(story->signal.count, 4);
    story_end(story);
}

#define SPIKE_OF_16                                                                                \
    "{id: a, on: push, key: [repo], when: {spike: 4x, within: 10s, against: 1m, at_least: 16}}"

static void a_match_exactly_both_spans_old_counts_nowhere(void **state)
{
    static const struct {
        int n_before; /* besides one at 0 */
        int64_t last_ms;
        const char *told;
    } cases[] = {
        { 23, 69999, "firing@69999 " }, /* 24 before want 16 now */
        { 24, 69999, "" },              /* 25 want 16 and two thirds */
        { 24, 70000, "firing@70000 " }, /* one has left: 24 */
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct story *story = story_of(SPIKE_OF_16);

        (void)push_at(story, 0);
        pushes_at(story, 1000, 8);
        pushes_at(story, 11000, 8);
        pushes_at(story, 21000, cases[i].n_before - 16);
        pushes_at(story, cases[i].last_ms - 1, 15);
        (void)push_at(story, cases[i].last_ms);
        assert_told(story, cases[i].told);
        story_end(story);
    }
}

static void a_spike_comes_true_at_a_match_and_not_because_the_time_before_is_forgotten(void **state)
{
    struct story *story = story_of("{id: a, on: push, key: [repo], when: {spike: 8x, within: 10s, "
                                   "against: 1m, at_least: 31}}");

    (void)state;
    pushes_at(story, 0, 30);
    pushes_at(story, 69000, 35);  /* 30 before want 40 */
    time_passes_to(story, 78999); /* these have left since 70 s */
    assert_told(story, "");
    (void)push_at(story, 78999);
    assert_told(story, "firing@78999 ");
    assert_int_equal(story->signal.count, 36);
    story_end(story);
}

static void a_factor_may_be_a_fraction_and_is_exact(void **state)
{
    struct story *story = story_of("{id: a, on: push, key: [repo], when: {spike: 1.1x, within: "
                                   "10s, against: 10s, at_least: 11}}");

    (void)state;
    pushes_at(story, 0, 10);
    pushes_at(story, 10000, 10);
    assert_told(story, "");
    (void)push_at(story, 10000); /* in binary fractions 1.1 times 10 is more than 11 */
    assert_told(story, "firing@10000 ");
    story_end(story);
}

/* -- spike: out of order -- */

static void a_match_that_comes_late_counts_where_it_belongs(void **state)
{
    struct story *story = story_of(SPIKE);

    (void)state;
    groups_of(story, 3, 2);
    story->now_ms = START_MS + 60000;
    pushes_at(story, 60000, 3);
    (void)push_at(story, 50001); /* inside of the window, though it comes last */
    assert_told(story, "firing@60000 ");
    assert_int_equal(story->signal.first_seen_ms, START_MS + 50001);
    story_end(story);

    story = story_of(SPIKE);
    groups_of(story, 3, 2);
    story->now_ms = START_MS + 60000;
    pushes_at(story, 60000, 3);
    (void)push_at(story, 50000); /* of the time before */
    assert_told(story, "");
    (void)push_at(story, 60000); /* 4 now: 7 before want 4 and two thirds */
    assert_told(story, "");
    (void)push_at(story, 60000);
    assert_told(story, "firing@60000 ");
    story_end(story);
}

static void the_order_of_arrival_changes_no_answer(void **state)
{
    static const int64_t orders[][6] = { { 9, 1, 2, 3, 4, 5 },
                                         { 9, 5, 4, 3, 2, 1 },
                                         { 9, 3, 1, 5, 2, 4 } };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct story *story = story_of("{id: a, on: push, key: [repo], when: {spike: 4x, within: "
                                       "10s, against: 1m, at_least: 6}}");

        story->now_ms = START_MS + 9000;
        for (size_t j = 0; j < 5; j++)
            (void)push_at(story, orders[i][j] * SECOND_MS);
        assert_told(story, "");
        (void)push_at(story, orders[i][5] * SECOND_MS);
        assert_told(story, "firing@9000 ");
        assert_int_equal(story->signal.first_seen_ms, START_MS + 1000);
        story_end(story);
    }
}

/* What is older than both spans, or than lateness allows, moves nothing. */
static void what_is_older_than_both_spans_is_late(void **state)
{
    struct story *story = story_of(SPIKE);

    (void)state;
    story->now_ms = START_MS + 100000;
    pushes_at(story, 100000, 3);
    (void)push_at(story, 30000);
    assert_int_equal(story->signal.n_late, 1);
    (void)push_at(story, 30001);
    assert_int_equal(story->signal.n_late, 1);
    story_end(story);
}

/* -- spike: its end -- */

static void a_spike_ends_by_time_when_its_rate_is_below_half_the_factor(void **state)
{
    struct story *story = story_of(SPIKE);

    (void)state;
    groups_of(story, 3, 4);
    for (int i = 0; i < 8; i++)
        (void)push_at(story, 50000 + i * 100);
    assert_told(story, "firing@50700 ");
    time_passes_to(story, 60199); /* 6 now, 14 before want 4 and two thirds */
    assert_told(story, "firing@50700 ");
    time_passes_to(story, 60299); /* 5 now, 15 before want exactly 5: that is not below */
    assert_told(story, "firing@50700 ");
    time_passes_to(story, 60300); /* 4 now, 16 before */
    assert_told(story, "firing@50700 resolved@60300 ");
    assert_slice(story->signal.resolved_by, "time");
    story_end(story);
}

static void further_matches_count_on_and_put_off_the_end(void **state)
{
    struct story *story = story_of(SPIKE);
    int64_t due_ms;

    (void)state;
    pushes_at(story, 0, 4);
    assert_told(story, "firing@0 ");
    due_ms = story->signal.condition_due_ms;
    assert_int_equal(due_ms, START_MS + 10000);
    for (int i = 1; i <= 9; i++)
        (void)push_at(story, i * 1000);
    assert_int_equal(story->signal.condition_due_ms, due_ms); /* looked at again when it comes */
    assert_int_equal(story->signal.count, 13);
    time_passes_to(story, 10000);
    assert_told(story, "firing@0 ");
    /* At 17 s 2 are left, of 11 before that want 3 and two thirds; at 16 s 3 of 10, which want 3 and a third; at 15 s 4 of 9, which want 3. */
    assert_int_equal(story->signal.condition_due_ms, START_MS + 16000);
    time_passes_to(story, 15999);
    assert_told(story, "firing@0 ");
    time_passes_to(story, 16000);
    assert_told(story, "firing@0 resolved@16000 ");
    story_end(story);
}

static void what_was_counted_outlives_the_end_of_a_spike(void **state)
{
    struct story *story = story_of(SPIKE);

    (void)state;
    pushes_at(story, 0, 24);
    time_passes_to(story, 10000);
    assert_told(story, "firing@0 resolved@10000 ");
    pushes_at(story, 20000, 15); /* 24 before want 16 */
    assert_told(story, "firing@0 resolved@10000 ");
    (void)push_at(story, 20000);
    assert_told(story, "firing@0 resolved@10000 firing@20000 ");
    assert_int_equal(story->signal.count, 16);
    assert_int_equal(story->signal.episode, 2);
    story_end(story);
}

/* Event time that lags behind the engine's clock does so until the end, too. */
static void the_end_is_told_on_the_engines_clock(void **state)
{
    struct story *story = story_of(SPIKE);

    (void)state;
    story->now_ms = START_MS + 30000;
    pushes_at(story, 1000, 4);
    assert_told(story, "firing@30000 ");
    time_passes_to(story, 39999);
    assert_told(story, "firing@30000 ");
    time_passes_to(story, 40000);
    assert_told(story, "firing@30000 resolved@40000 ");
    story_end(story);
}

static void a_cleared_spike_begins_anew(void **state)
{
    struct story *story = story_of("{id: a, on: push, key: [repo], clear: {where: {branch: stop}}, "
                                   "when: {spike: 4x, within: 10s, against: 1m, at_least: 4}}");

    (void)state;
    pushes_at(story, 0, 24);
    assert_told(story, "firing@0 ");
    (void)event_at(story, 1000, "'kind':'push','branch':'stop'");
    assert_told(story, "firing@0 resolved@1000 ");
    assert_int_equal(story->signal.window.len, 0);
    assert_int_equal(story->signal.condition_due_ms, 0);
    pushes_at(story, 20000, 4);
    assert_told(story, "firing@0 resolved@1000 firing@20000 ");
    story_end(story);
}

static void what_fires_under_a_new_condition_has_a_window_to_show_that_it_does(void **state)
{
    struct story *story = story_of(SPIKE);
    struct fold_clock clock = story_clock(story, START_MS + 2000);

    (void)state;
    pushes_at(story, 0, 4);
    story->signal.condition_version = SLICE("another");
    assert_int_equal(
        fold_adopt(story_rule(story), &clock, story->arena, &story->signal, &story->fold), RC_OK);
    time_passes_to(story, 11999);
    assert_told(story, "firing@0 ");
    time_passes_to(story, 12000);
    assert_told(story, "firing@0 resolved@12000 ");
    story_end(story);
}

/* -- drop -- */

/* One push every second from 0 on: a minute has 60, and 10 seconds 10. */
static void pushes_until(struct story *story, int64_t from_ms, int64_t until_ms, int64_t every_ms)
{
    for (int64_t at_ms = from_ms; at_ms < until_ms; at_ms += every_ms)
        (void)push_at(story, at_ms);
}

static void a_drop_comes_true_by_time_alone(void **state)
{
    struct story *story = story_of(DROP);

    (void)state;
    pushes_until(story, 0, 100000, 1000);
    assert_told(story, "");
    /* At 107 s 2 are left, of 60 that were before: that is a fifth; at 106 s 3 are. */
    time_passes_to(story, 106999);
    assert_told(story, "");
    time_passes_to(story, 107000);
    assert_told(story, "firing@107000 ");
    assert_int_equal(story->signal.count, 2);
    assert_int_equal(story->signal.first_seen_ms, START_MS + 98000);
    story_end(story);
}

static void exactly_a_quarter_is_a_drop(void **state)
{
    struct story *story = story_of(DROP);

    (void)state;
    pushes_at(story, 0, 1);
    pushes_at(story, 30000, 24); /* a quarter of 24 a minute is one in 10 s */
    (void)push_at(story, 65000);
    time_passes_to(story, 69999);
    assert_told(story, ""); /* warming up */
    time_passes_to(story, 70000);
    assert_told(story, "firing@70000 ");
    assert_int_equal(story->signal.count, 1);
    story_end(story);

    story = story_of(DROP);
    pushes_at(story, 0, 1);
    pushes_at(story, 30000, 23);
    (void)push_at(story, 65000);
    time_passes_to(story, 74999);
    assert_told(story, "");
    time_passes_to(story, 75000); /* that one has left */
    assert_told(story, "firing@75000 ");
    assert_int_equal(story->signal.count, 0);
    story_end(story);
}

static void a_rule_cannot_judge_before_a_key_can_have_been_known_for_both_spans(void **state)
{
    struct story *drop = story_of(DROP);
    struct story *spike = story_of(SPIKE);
    struct story *count = story_of("{id: a, on: push, key: [repo]}");
    struct fold_clock clock = story_clock(drop, START_MS + 69999);
    int64_t from_ms;

    (void)state;
    assert_string_equal(fold_judges_from(story_rule(drop), &clock, &from_ms), "warming up");
    assert_int_equal(from_ms, START_MS + 70000);
    assert_null(fold_judges_from(story_rule(spike), &clock, &from_ms));
    assert_null(fold_judges_from(story_rule(count), &clock, &from_ms));
    clock.now_ms++;
    assert_null(fold_judges_from(story_rule(drop), &clock, &from_ms));
    story_end(drop);
    story_end(spike);
    story_end(count);
}

static void a_key_is_not_judged_before_it_has_been_known_for_both_spans(void **state)
{
    struct story *story = story_of(DROP);
    struct condition_input input = { .now_ms = START_MS + 50000,
                                     .newest_ms = START_MS + 9000,
                                     .key_now_ms = START_MS + 50000 };
    const struct condition *condition = story_rule(story)->condition;
    int64_t from_ms;

    (void)state;
    pushes_until(story, 0, 10000, 1000);
    time_passes_to(story, 69999);
    assert_told(story, "");
    assert_string_equal(condition->judges_from(story_rule(story)->condition_spec, &input,
                                               story->signal.window, &from_ms),
                        "warming up");
    assert_int_equal(from_ms, START_MS + 70000);
    time_passes_to(story, 70000);
    assert_told(story, "firing@70000 ");
    input.now_ms = input.key_now_ms = START_MS + 70000;
    assert_null(condition->judges_from(story_rule(story)->condition_spec, &input,
                                       story->signal.window, &from_ms));
    assert_int_equal(from_ms, 0);
    story_end(story);
}

static void a_drop_needs_at_least_so_many_before(void **state)
{
    struct story *story = story_of(DROP);

    (void)state;
    pushes_until(story, 0, 70000,
                 10001); /* 7 of them: the first has left when the last is of the time before */
    pushes_at(story, 65000, 0);
    time_passes_to(story, 70005);
    time_passes_to(story, 200000);
    /* At 70.006 s the 7th leaves the window: 0 now, 6 before. */
    assert_told(story, "firing@70006 ");
    story_end(story);

    story = story_of(DROP);
    pushes_until(story, 0, 60000,
                 10001); /* 6: never 6 of them before once the key has been known for long enough */
    time_passes_to(story, 200000);
    assert_told(story, "");
    story_end(story);
}

static void a_drop_ends_with_the_match_that_makes_it_more_than_half(void **state)
{
    struct story *story = story_of(DROP);

    (void)state;
    pushes_until(story, 0, 100000, 1000);
    time_passes_to(story, 115000);
    assert_told(story, "firing@107000 ");
    /* At 115 s 54 are of the time before: half of it are 4 and a half. */
    pushes_at(story, 115000, 4);
    assert_told(story, "firing@107000 ");
    assert_int_equal(story->signal.count, 6);
    (void)push_at(story, 115000);
    assert_told(story, "firing@107000 resolved@115000 ");
    assert_slice(story->signal.resolved_by, "condition");
    story_end(story);
}

static void exactly_half_does_not_end_a_drop(void **state)
{
    struct story *story = story_of(DROP);

    (void)state;
    pushes_at(story, 0, 12);
    pushes_at(story, 20000, 12);
    time_passes_to(story, 70000);
    assert_told(story, "firing@70000 ");
    (void)push_at(story, 71000); /* half of 12 a minute */
    assert_told(story, "firing@70000 ");
    (void)push_at(story, 71000);
    assert_told(story, "firing@70000 resolved@71000 ");
    story_end(story);
}

/* Time makes the time before smaller, until what is left now is more than half of it. */
static void a_drop_ends_by_time_where_less_has_become_usual(void **state)
{
    struct story *story = story_of(DROP);

    (void)state;
    pushes_at(story, 0, 24);
    pushes_at(story, 30000, 1);
    time_passes_to(story, 69000);
    (void)push_at(story, 69000);
    assert_told(story, "");
    time_passes_to(story, 69999);
    assert_told(story, "");
    time_passes_to(story, 80000);
    assert_told(story, ""); /* the 24 left when it was known for long enough */
    story_end(story);

    story = story_of(DROP);
    pushes_at(story, 0, 1);
    pushes_at(story, 20000, 24);
    (void)push_at(story, 85000);
    assert_told(story, "firing@70000 ");
    time_passes_to(story, 89999);
    assert_told(story, "firing@70000 ");
    time_passes_to(story, 90000); /* the 24 have left */
    assert_told(story, "firing@70000 resolved@90000 ");
    assert_slice(story->signal.resolved_by, "time");
    story_end(story);
}

/* What took longer on its way sets the key's own time back, to before the end: there it is a drop still. */
static void a_match_with_a_longer_lag_is_judged_at_its_own_time(void **state)
{
    struct story *story = story_of(
        "{id: a, on: push, key: [repo], when: {drop: 3x, within: 1m, against: 1m, at_least: 1}}");

    (void)state;
    (void)push_at(story, 0);
    pushes_at(story, 70000, 6);
    (void)push_at(story, 135000);
    time_passes_to(story, 190000);
    assert_told(story, "firing@130000 resolved@190000 ");
    story->now_ms = START_MS + 192000;
    (void)push_at(story, 136000); /* 2 in its minute, 6 in that before */
    assert_told(story, "firing@130000 resolved@190000 firing@192000 ");
    story_end(story);
}

static void silence_that_goes_on_keeps_a_drop_until_the_next_match(void **state)
{
    struct story *story = story_of(DROP);

    (void)state;
    pushes_until(story, 0, 100000, 1000);
    time_passes_to(story, DAY_MS);
    assert_told(story, "firing@107000 ");
    assert_int_equal(story->signal.condition_due_ms, 0);
    (void)push_at(story, DAY_MS);
    assert_told(story, "firing@107000 resolved@86400000 ");
    story_end(story);
}

static void a_drop_is_cleared_by_nothing_but_its_own_end(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], when: {drop: 4x, within: 5m, "
                                   "against: 1h, at_least: 20}}");

    (void)state;
    assert_int_equal(story_rule(story)->clear.kind, CLEAR_NEVER);
    assert_null(story_rule(story)->filter.where); /* that nothing fails any more is no trouble */
    story_end(story);
}

static void foreign_memory_is_no_match_at_all(void **state)
{
    static const char noise[80] =
        "0123456789abcdefghijklmnopqrstuvwxyz\xff\xff\xff\xff\x01\x01\x01\x01";
    static const struct slice memories[] = {
        { noise, 1 }, { noise, 63 }, { noise, 64 }, { noise, 72 }, { noise, 80 }
    };

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct story *story = story_of(SPIKE);

        pushes_at(story, 0, 1);
        story->signal.window = memories[i];
        (void)push_at(story, 1);
        assert_told(story, "");
        story_end(story);
    }
}

/* Both spans and the lateness after its last match. */
static void a_key_without_a_match_is_forgotten_when_none_can_matter(void **state)
{
    struct story *story = story_of("{id: a, on: push, key: [repo], lateness: 1s, "
                                   "when: {spike: 4x, within: 10s, against: 1m, at_least: 4}}");

    (void)state;
    pushes_at(story, 0, 3);
    (void)push_at(story, 5000);
    assert_told(story, "firing@5000 ");
    time_passes_to(story, 75999);
    assert_told(story, "firing@5000 resolved@15000 ");
    assert_true(story->signal.window.len > 0);
    time_passes_to(story, 76000);
    assert_int_equal(story->signal.window.len, 0);
    assert_int_equal(story->signal.condition_due_ms, 0);
    assert_int_equal(story->signal.state, SIGNAL_RESOLVED); /* what it was is still shown */
    story_end(story);

    story = story_of(SPIKE);
    (void)push_at(story, 0);
    time_passes_to(story, 370000 - 1);
    assert_false(slice_is_absent(story->signal.rule));
    time_passes_to(story, 370000);
    assert_true(slice_is_absent(story->signal.rule)); /* it never fired: the row goes */
    story_end(story);
}

static void how_far_it_is_can_be_told(void **state)
{
    static const struct {
        int64_t at_ms;
        const char *said;
    } cases[] = {
        { 9000, "10 within 10s, 0 in the 1m before: 60x, fires at 0.25x or less; warming up" },
        { 15000, "4 within 10s, 6 in the 1m before: 4x, fires at 0.25x or less; warming up" },
        { 71000, "0 within 10s, 8 in the 1m before: 0x, fires at 0.25x or less" },
        { 74000, "0 within 10s, 5 in the 1m before: 0x, fires at 0.25x or less; too few matches" },
    };
    struct story *story = story_of(DROP);
    const struct rule *rule = story_rule(story);

    (void)state;
    pushes_until(story, 0, 10000, 1000);
    for (size_t i = 0; i < 4; i++) {
        struct condition_input input = { .now_ms = START_MS + cases[i].at_ms,
                                         .newest_ms = START_MS + 9000,
                                         .key_now_ms = START_MS + cases[i].at_ms };
        struct slice text;

        assert_int_equal(rule->condition->describe(rule->condition_spec, &input,
                                                   story->signal.window, story->arena, &text),
                         RC_OK);
        assert_slice(text, cases[i].said);
    }
    story_end(story);
}

static void state_at(struct story *story, int64_t at_ms, const char *run_state)
{
    char fields[64];

    (void)snprintf(fields, sizeof(fields), "'kind':'push','state':'%s'", run_state);
    (void)event_at(story, at_ms, fields);
}

static void h22_what_a_clear_has_overtaken_is_late_although_the_rate_was_forgotten(void **state)
{
    struct story *story =
        story_of("{id: a, on: push, key: [repo], lateness: 2s, where: {state: failing}, "
                 "when: {spike: 2x, within: 1s, against: 1s, at_least: 1}}");

    (void)state;
    state_at(story, 0, "failing"); /* forgotten at 4 s, if it were alone */
    state_at(story, 2971, "ok");
    state_at(story, 4176, "failing");
    state_at(story, 4187, "failing");
    assert_told(story, "firing@4187 ");
    story->now_ms = START_MS + 4187;
    state_at(story, 2970, "failing");
    assert_true(story->fold.is_late);
    assert_int_equal(story->signal.count, 2);
    story_end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spike_is_4_times_the_rate_of_the_time_before),
        cmocka_unit_test(without_a_match_before_the_time_before_counts_as_having_one),
        cmocka_unit_test(fewer_than_at_least_are_no_spike),
        cmocka_unit_test(a_match_exactly_within_old_is_of_the_time_before),
        cmocka_unit_test(a_match_exactly_both_spans_old_counts_nowhere),
        cmocka_unit_test(
            a_spike_comes_true_at_a_match_and_not_because_the_time_before_is_forgotten),
        cmocka_unit_test(a_factor_may_be_a_fraction_and_is_exact),
        cmocka_unit_test(a_match_that_comes_late_counts_where_it_belongs),
        cmocka_unit_test(the_order_of_arrival_changes_no_answer),
        cmocka_unit_test(what_is_older_than_both_spans_is_late),
        cmocka_unit_test(a_spike_ends_by_time_when_its_rate_is_below_half_the_factor),
        cmocka_unit_test(further_matches_count_on_and_put_off_the_end),
        cmocka_unit_test(what_was_counted_outlives_the_end_of_a_spike),
        cmocka_unit_test(the_end_is_told_on_the_engines_clock),
        cmocka_unit_test(a_cleared_spike_begins_anew),
        cmocka_unit_test(what_fires_under_a_new_condition_has_a_window_to_show_that_it_does),
        cmocka_unit_test(a_drop_comes_true_by_time_alone),
        cmocka_unit_test(exactly_a_quarter_is_a_drop),
        cmocka_unit_test(a_rule_cannot_judge_before_a_key_can_have_been_known_for_both_spans),
        cmocka_unit_test(a_key_is_not_judged_before_it_has_been_known_for_both_spans),
        cmocka_unit_test(a_drop_needs_at_least_so_many_before),
        cmocka_unit_test(a_drop_ends_with_the_match_that_makes_it_more_than_half),
        cmocka_unit_test(exactly_half_does_not_end_a_drop),
        cmocka_unit_test(a_drop_ends_by_time_where_less_has_become_usual),
        cmocka_unit_test(a_match_with_a_longer_lag_is_judged_at_its_own_time),
        cmocka_unit_test(silence_that_goes_on_keeps_a_drop_until_the_next_match),
        cmocka_unit_test(a_drop_is_cleared_by_nothing_but_its_own_end),
        cmocka_unit_test(a_key_without_a_match_is_forgotten_when_none_can_matter),
        cmocka_unit_test(how_far_it_is_can_be_told),
        cmocka_unit_test(foreign_memory_is_no_match_at_all),
        cmocka_unit_test(h22_what_a_clear_has_overtaken_is_late_although_the_rate_was_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
