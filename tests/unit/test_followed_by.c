#include "fold_story.h"

#define RULE                                                                                       \
    "{id: a, on: push, key: [repo], title: '{{first.url}} {{url}}', when: {followed_by: "          \
    "{on: deploy, where: {state: failing}}, within: 5m"
#define RESTART RULE "}}"
#define KEEP RULE ", repeat: keep}}"

static void is_pushed_at(struct story *story, int64_t at_ms)
{
    event_at(story, at_ms, "'kind':'push','url':'p'");
}

static void fails_at(struct story *story, int64_t at_ms)
{
    event_at(story, at_ms, "'kind':'deploy','state':'failing','url':'d'");
}

static void it_fires_when_the_filter_matches_after_the_rule_in_time(void **state)
{
    struct story *story = story_of(RESTART);

    (void)state;
    is_pushed_at(story, 0);
    assert_became(story, SIGNAL_PENDING);
    assert_int_equal(story->signal.count, 1);
    fails_at(story, 5 * MINUTE_MS - 1);
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 2);
    assert_slice(story->signal.title, "p d");
    story_end(story);
}

static void exactly_within_later_is_too_late(void **state)
{
    struct story *story = story_of(RESTART);

    (void)state;
    is_pushed_at(story, 0);
    fails_at(story, 5 * MINUTE_MS);
    assert_told(story, "pending@0 ");
    story_end(story);
}

static void before_is_not_after(void **state)
{
    struct story *story = story_of(RESTART);

    (void)state;
    fails_at(story, 0);
    is_pushed_at(story, 1);
    assert_told(story, "pending@1 ");
    story_end(story);
}

static void a_filter_that_came_before_its_first_event_but_is_later_follows_it(void **state)
{
    struct story *story = story_of(RESTART);

    (void)state;
    fails_at(story, MINUTE_MS);
    assert_told(story, "");
    story->now_ms = START_MS + MINUTE_MS + 1;
    is_pushed_at(story, 0);
    assert_became(story, SIGNAL_FIRING);
    assert_slice(story->signal.title, "p d");
    assert_int_equal(story->signal.first_seen_ms, START_MS);
    story_end(story);
}

static void a_repeat_moves_the_begin_or_does_not(void **state)
{
    struct story *restart = story_of(RESTART);
    struct story *keep = story_of(KEEP);

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct story *story = i ? keep : restart;

        is_pushed_at(story, 0);
        is_pushed_at(story, 4 * MINUTE_MS);
        assert_int_equal(story->signal.first_seen_ms, START_MS + (i ? 0 : 4 * MINUTE_MS));
        fails_at(story, 6 * MINUTE_MS);
        assert_int_equal(story->signal.state, i ? SIGNAL_PENDING : SIGNAL_FIRING);
        story_end(story);
    }
}

static void an_event_that_is_both_completes_the_run_before_and_never_its_own(void **state)
{
    struct story *story = story_of("{id: a, on: push, key: [repo], title: '{{first.url}} {{url}}', "
                                   "when: {followed_by: {on: push}, within: 5m}}");

    (void)state;
    event_at(story, 0, "'kind':'push','url':'one'");
    assert_became(story, SIGNAL_PENDING);
    event_at(story, 1, "'kind':'push','url':'two'");
    assert_became(story, SIGNAL_FIRING);
    assert_slice(story->signal.title, "one two");
    story_end(story);
}

static void bare_fields_are_the_completing_events_also_where_a_newer_one_was_seen(void **state)
{
    struct story *story = story_of(KEEP);

    (void)state;
    is_pushed_at(story, 0);
    event_at(story, 4 * MINUTE_MS, "'kind':'push','url':'newer'");
    story->now_ms = START_MS + 4 * MINUTE_MS;
    fails_at(story, 3 * MINUTE_MS);
    assert_became(story, SIGNAL_FIRING);
    assert_slice(story->signal.title, "p d");
    story_end(story);
}

static void several_of_the_filter_may_be_asked_for(void **state)
{
    struct story *story =
        story_of("{id: a, on: push, key: [repo], when: {followed_by: {on: deploy, "
                 "where: {state: failing}, count: 2}, within: 5m}}");

    (void)state;
    is_pushed_at(story, 0);
    fails_at(story, 1);
    assert_int_equal(story->signal.count, 2);
    fails_at(story, 2);
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 3);
    story_end(story);
}

static void after_an_episode_a_run_begins_with_a_first_event(void **state)
{
    struct story *story = story_of(RESTART);

    (void)state;
    is_pushed_at(story, 0);
    fails_at(story, 1);
    time_passes_to(story, HOUR_MS + 1); /* quiet for an hour */
    fails_at(story, HOUR_MS + 2);
    is_pushed_at(story, HOUR_MS + 3);
    fails_at(story, HOUR_MS + 4);
    assert_told(story, "pending@0 firing@1 resolved@3600001 pending@3600003 firing@3600004 ");
    story_end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_fires_when_the_filter_matches_after_the_rule_in_time),
        cmocka_unit_test(exactly_within_later_is_too_late),
        cmocka_unit_test(before_is_not_after),
        cmocka_unit_test(a_filter_that_came_before_its_first_event_but_is_later_follows_it),
        cmocka_unit_test(a_repeat_moves_the_begin_or_does_not),
        cmocka_unit_test(an_event_that_is_both_completes_the_run_before_and_never_its_own),
        cmocka_unit_test(bare_fields_are_the_completing_events_also_where_a_newer_one_was_seen),
        cmocka_unit_test(several_of_the_filter_may_be_asked_for),
        cmocka_unit_test(after_an_episode_a_run_begins_with_a_first_event),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
