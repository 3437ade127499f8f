#include "fold_story.h"

/* A backup begins; it should end. */
#define RULE                                                                                       \
    "{id: a, on: message, where: {title: begin}, key: [repo], when: {not_followed_by: "            \
    "{where: {title: end}}, within: 5m"
#define KEEP RULE "}}"
#define RESTART RULE ", repeat: restart}}"

static void begins_at(struct story *story, int64_t at_ms)
{
    event_at(story, at_ms, "'kind':'message','title':'begin'");
}

static void ends_at(struct story *story, int64_t at_ms)
{
    event_at(story, at_ms, "'kind':'message','title':'end'");
}

static void it_comes_true_by_time_alone(void **state)
{
    struct story *story = story_of(KEEP);

    (void)state;
    begins_at(story, 0);
    assert_became(story, SIGNAL_PENDING);
    time_passes_to(story, 5 * MINUTE_MS - 1);
    assert_int_equal(story->signal.state, SIGNAL_PENDING);
    time_passes_to(story, 5 * MINUTE_MS);
    assert_told(story, "pending@0 firing@300000 ");
    assert_int_equal(story->signal.count, 1);
    assert_int_equal(story->signal.first_seen_ms, START_MS);
    story_end(story);
}

static void what_follows_in_the_last_millisecond_is_in_time(void **state)
{
    struct story *story = story_of(KEEP);

    (void)state;
    begins_at(story, 0);
    ends_at(story, 5 * MINUTE_MS - 1);
    time_passes_to(story, HOUR_MS);
    assert_told(story, "pending@0 ");
    assert_true(slice_is_absent(story->signal.rule)); /* and nothing is left of it */
    story_end(story);
}

static void what_follows_exactly_within_later_is_too_late_and_ends_it(void **state)
{
    struct story *story = story_of(KEEP);

    (void)state;
    begins_at(story, 0);
    ends_at(story, 5 * MINUTE_MS);
    assert_told(story, "pending@0 firing@300000 resolved@300000 ");
    assert_slice(story->signal.resolved_by, "condition");
    assert_int_equal(story->signal.count, 1); /* what ends it is not counted */
    story_end(story);
}

static void a_later_filter_ends_it_and_what_came_before_the_first_event_does_not(void **state)
{
    struct story *story = story_of(KEEP);

    (void)state;
    begins_at(story, MINUTE_MS);
    time_passes_to(story, 6 * MINUTE_MS);
    story->now_ms = START_MS + 6 * MINUTE_MS + 1;
    ends_at(story, MINUTE_MS - 1);
    assert_became(story, NOTHING);
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 1);
    begins_at(story, 6 * MINUTE_MS + 1);
    assert_int_equal(story->signal.count, 2);
    ends_at(story, 2 * MINUTE_MS); /* it came late: there was no trouble, as is known now */
    assert_became(story, SIGNAL_RESOLVED);
    story_end(story);
}

static void repeats_do_not_put_it_off_unless_they_are_to(void **state)
{
    struct story *keep = story_of(KEEP);
    struct story *restart = story_of(RESTART);

    (void)state;
    for (int64_t i = 0; i < 3; i++) {
        begins_at(keep, i * 2 * MINUTE_MS);
        begins_at(restart, i * 2 * MINUTE_MS);
    }
    time_passes_to(keep, 9 * MINUTE_MS);
    time_passes_to(restart, 9 * MINUTE_MS);
    assert_told(keep, "pending@0 firing@300000 ");
    assert_told(restart, "pending@0 firing@540000 ");
    story_end(keep);
    story_end(restart);
}

static void a_filter_that_came_before_its_first_event_but_is_later_follows_it(void **state)
{
    struct story *story = story_of(KEEP);

    (void)state;
    ends_at(story, MINUTE_MS);
    assert_int_equal(story->signal.state, SIGNAL_IDLE); /* nobody is shown it */
    story->now_ms = START_MS + MINUTE_MS + 1;
    begins_at(story, 0);
    time_passes_to(story, HOUR_MS);
    assert_told(story, "");
    assert_true(slice_is_absent(story->signal.rule));
    story_end(story);
}

static void a_filter_without_a_first_event_is_remembered_for_the_lateness(void **state)
{
    struct story *story = story_of(KEEP);

    (void)state;
    ends_at(story, 0);
    time_passes_to(story, 5 * MINUTE_MS - 1);
    assert_false(slice_is_absent(story->signal.rule));
    time_passes_to(story, 5 * MINUTE_MS);
    assert_true(slice_is_absent(story->signal.rule));
    story_end(story);
}

/* A repeat that was passed over begins a wait of its own, once it is known that the one before was followed. */
static void a_filter_that_comes_late_leaves_the_repeat_behind_it_waiting(void **state)
{
    struct story *story = story_of(KEEP);

    (void)state;
    begins_at(story, 0);
    begins_at(story, 2 * MINUTE_MS);
    story->now_ms = START_MS + 2 * MINUTE_MS + 1;
    ends_at(story, MINUTE_MS);
    assert_int_equal(story->signal.state, SIGNAL_PENDING);
    assert_int_equal(story->signal.first_seen_ms, START_MS + 2 * MINUTE_MS);
    time_passes_to(story, HOUR_MS / 2);
    assert_told(story, "pending@0 firing@420000 ");
    story_end(story);
}

static void what_is_both_ends_one_wait_and_begins_the_next(void **state)
{
    struct story *story =
        story_of("{id: a, on: message, key: [repo], title: '{{first.url}}', when: "
                 "{not_followed_by: {on: message}, within: 5m}}");

    (void)state;
    event_at(story, 0, "'kind':'message','url':'one'");
    event_at(story, 4 * MINUTE_MS, "'kind':'message','url':'two'");
    time_passes_to(story, 9 * MINUTE_MS);
    assert_told(story, "pending@0 firing@540000 ");
    assert_slice(story->signal.title, "two");
    event_at(story, 10 * MINUTE_MS, "'kind':'message','url':'three'");
    time_passes_to(story, 15 * MINUTE_MS);
    assert_told(story, "pending@0 firing@540000 resolved@600000 pending@600000 firing@900000 ");
    assert_slice(story->signal.title, "three");
    story_end(story);
}

/* After an outage all comes at once: what was over before its end came is told, and that it ended. */
static void what_came_true_while_nobody_looked_is_told(void **state)
{
    struct story *story = story_of(KEEP);

    (void)state;
    story->now_ms = START_MS + HOUR_MS;
    begins_at(story, 0);
    ends_at(story, 30 * MINUTE_MS);
    time_passes_to(story, HOUR_MS);
    assert_told(story, "pending@3600000 firing@3600000 resolved@3600000 ");
    ends_at(story, 31 * MINUTE_MS);
    time_passes_to(story, 2 * HOUR_MS);
    assert_told(story, "pending@3600000 firing@3600000 resolved@3600000 "); /* once */
    story_end(story);
}

static void several_of_the_filter_may_be_asked_for(void **state)
{
    struct story *story =
        story_of("{id: a, on: message, where: {title: begin}, key: [repo], when: {not_followed_by: "
                 "{where: {title: end}, count: 2}, within: 5m}}");

    (void)state;
    begins_at(story, 0);
    ends_at(story, 1);
    assert_int_equal(story->signal.state, SIGNAL_PENDING);
    ends_at(story, 2);
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    begins_at(story, 3);
    ends_at(story, 4);
    time_passes_to(story, 3 + 5 * MINUTE_MS);
    assert_told(story, "pending@0 pending@3 firing@300003 ");
    story_end(story);
}

static void waiting_is_of_the_time_of_the_key(void **state)
{
    struct story *story = story_of(KEEP);

    (void)state;
    story->now_ms = START_MS + 2 * MINUTE_MS; /* its events come two minutes late */
    begins_at(story, 0);
    time_passes_to(story, 7 * MINUTE_MS - 1);
    assert_int_equal(story->signal.state, SIGNAL_PENDING);
    time_passes_to(story, 7 * MINUTE_MS);
    assert_told(story, "pending@120000 firing@420000 ");
    story_end(story);
}

static void how_long_it_waits_can_be_said(void **state)
{
    struct story *story = story_of(KEEP);
    struct fold_clock clock = story_clock(story, START_MS + 4 * MINUTE_MS + 1);
    struct slice text;

    (void)state;
    begins_at(story, 0);
    assert_int_equal(fold_describe(story_rule(story), &clock, &story->signal, story->arena, &text),
                     RC_OK);
    assert_slice(text, "not followed yet, 1m left");
    time_passes_to(story, 5 * MINUTE_MS);
    assert_int_equal(fold_describe(story_rule(story), &clock, &story->signal, story->arena, &text),
                     RC_OK);
    assert_slice(text, "was not followed within 5m");
    story_end(story);
}

static void h22_what_the_clear_of_a_waiting_one_has_overtaken_waits_for_nothing(void **state)
{
    struct story *story =
        story_of("{id: a, on: message, where: {title: begin}, key: [repo], clear: {where: {title: "
                 "no}}, when: {not_followed_by: {where: {title: end}}, within: 5m}}");

    (void)state;
    begins_at(story, 0);
    event_at(story, 2 * MINUTE_MS, "'kind':'message','title':'no'");
    story->now_ms = START_MS + 7 * MINUTE_MS - 1;
    begins_at(story, 2 * MINUTE_MS - 1);
    assert_true(story->fold.is_late);
    time_passes_to(story, HOUR_MS);
    assert_told(story, "pending@0 ");
    assert_true(slice_is_absent(story->signal.rule));
    story_end(story);
}

/* Its follower came and was forgotten since: that it was not followed is not to be told of what is so late. */
static void what_is_older_than_a_forgotten_follower_is_late(void **state)
{
    struct story *story = story_of(KEEP);

    (void)state;
    begins_at(story, MINUTE_MS);
    ends_at(story, 6 * MINUTE_MS);
    assert_told(story, "pending@60000 firing@360000 resolved@360000 ");
    time_passes_to(story, 11 * MINUTE_MS);
    story->now_ms = START_MS + 11 * MINUTE_MS;
    begins_at(story, 5 * MINUTE_MS);
    assert_true(story->fold.is_late);
    time_passes_to(story, HOUR_MS);
    assert_told(story, "pending@60000 firing@360000 resolved@360000 ");
    story_end(story);
}

static void what_comes_in_time_is_followed_by_what_is_remembered(void **state)
{
    struct story *story = story_of(KEEP);

    (void)state;
    begins_at(story, MINUTE_MS);
    ends_at(story, 6 * MINUTE_MS);
    time_passes_to(story, 11 * MINUTE_MS - 1);
    story->now_ms = START_MS + 11 * MINUTE_MS - 1;
    begins_at(story, 5 * MINUTE_MS);
    assert_false(story->fold.is_late);
    time_passes_to(story, HOUR_MS);
    assert_told(story, "pending@60000 firing@360000 resolved@360000 ");
    story_end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_true_by_time_alone),
        cmocka_unit_test(what_follows_in_the_last_millisecond_is_in_time),
        cmocka_unit_test(what_follows_exactly_within_later_is_too_late_and_ends_it),
        cmocka_unit_test(a_later_filter_ends_it_and_what_came_before_the_first_event_does_not),
        cmocka_unit_test(repeats_do_not_put_it_off_unless_they_are_to),
        cmocka_unit_test(a_filter_that_came_before_its_first_event_but_is_later_follows_it),
        cmocka_unit_test(a_filter_without_a_first_event_is_remembered_for_the_lateness),
        cmocka_unit_test(a_filter_that_comes_late_leaves_the_repeat_behind_it_waiting),
        cmocka_unit_test(what_is_both_ends_one_wait_and_begins_the_next),
        cmocka_unit_test(what_came_true_while_nobody_looked_is_told),
        cmocka_unit_test(several_of_the_filter_may_be_asked_for),
        cmocka_unit_test(waiting_is_of_the_time_of_the_key),
        cmocka_unit_test(how_long_it_waits_can_be_said),
        cmocka_unit_test(what_is_older_than_a_forgotten_follower_is_late),
        cmocka_unit_test(what_comes_in_time_is_followed_by_what_is_remembered),
        cmocka_unit_test(h22_what_the_clear_of_a_waiting_one_has_overtaken_waits_for_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
