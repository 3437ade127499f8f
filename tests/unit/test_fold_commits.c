#include "fold_story.h"

#define FIRST "{id: a, on: ci.run, key: [repo]}"
#define TWICE "{id: a, on: ci.run, key: [repo], when: {count: 2, within: 1h}}"
#define KEPT_MS (90 * DAY_MS)

static void run_at(struct story *story, int64_t at_ms, const char *state, const char *commit)
{
    char fields[128];

    (void)snprintf(fields, sizeof(fields), "'state':'%s','commit':'%s'", state, commit);
    event_at(story, at_ms, fields);
}

/* "" is none. */
static void assert_range(const struct story *story, const char *good, const char *bad)
{
    assert_slice(story->signal.last_good, *good ? good : NULL);
    assert_slice(story->signal.first_bad, *bad ? bad : NULL);
}

static bool is_there(const struct story *story)
{
    return !slice_is_absent(story->signal.rule);
}

/* -- the range -- */

static void it_broke_between_the_newest_good_commit_and_the_first_bad_one(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    run_at(story, 0, "ok", "c0");
    run_at(story, 1000, "ok", "c");
    run_at(story, 1000, "ok", "c1"); /* senders that tell seconds send two in one */
    run_at(story, 2000, "failing", "c2");
    assert_became(story, SIGNAL_FIRING);
    run_at(story, 3000, "failing", "c3");
    assert_range(story, "c1", "c2");
    story_end(story);
}

static void without_a_good_one_the_first_bad_one_stands_alone(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    run_at(story, 0, "failing", "c1");
    run_at(story, 1000, "failing", "c2");
    assert_range(story, "", "c1");
    story_end(story);
}

static void a_reopened_episode_has_a_first_bad_commit_of_its_own(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    run_at(story, 0, "failing", "c1");
    run_at(story, 1000, "ok", "c2");
    assert_became(story, SIGNAL_RESOLVED);
    assert_range(story, "c2", "c1");
    run_at(story, 2000, "ok", "c3");
    run_at(story, 3000, "failing", "c4");
    assert_became(story, SIGNAL_FIRING);
    assert_range(story, "c3", "c4");
    story_end(story);
}

static void a_pending_episode_begins_with_its_first_failure(void **state)
{
    struct story *story = story_of(TWICE);

    (void)state;
    run_at(story, 0, "ok", "c0");
    run_at(story, 1000, "failing", "c1");
    run_at(story, 2000, "failing", "c2");
    assert_became(story, SIGNAL_FIRING);
    assert_range(story, "c0", "c1");
    story_end(story);
}

static void a_failure_that_never_fired_is_none_of_the_next_episode(void **state)
{
    struct story *story = story_of(TWICE);

    (void)state;
    run_at(story, 0, "failing", "c1");
    run_at(story, 1000, "ok", "c2");
    run_at(story, 2000, "failing", "c3");
    run_at(story, 3000, "failing", "c4");
    assert_became(story, SIGNAL_FIRING);
    assert_range(story, "c2", "c3");
    story_end(story);
}

static void a_commit_may_be_good_and_bad(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    run_at(story, 0, "ok", "c1");
    run_at(story, 1000, "failing", "c1");
    assert_range(story, "c1", "c1");
    story_end(story);
}

static void what_ends_otherwise_says_nothing_of_a_good_commit(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    run_at(story, 0, "ok", "c0");
    run_at(story, 1000, "failing", "c1");
    assert_int_equal(fold_resolve(story_rule(story), SLICE("jane"), START_MS + 2000, story->arena,
                                  &story->signal, &story->fold),
                     RC_OK);
    assert_range(story, "c0", "c1");
    run_at(story, 3000, "failing", "c3");
    assert_range(story, "c0", "c3");
    story_end(story);
}

/* -- which events say it -- */

static void an_event_that_leaves_the_episode_open_is_not_good_enough(void **state)
{
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo], clear: {where: {state: ok}, count: 2}}");

    (void)state;
    run_at(story, 0, "ok", "c0");
    run_at(story, 1000, "failing", "c1");
    run_at(story, 2000, "ok", "c2");
    run_at(story, 3000, "failing", "c3");
    assert_range(story, "c0", "c1");
    run_at(story, 4000, "ok", "c4");
    run_at(story, 5000, "ok", "c5");
    assert_became(story, SIGNAL_RESOLVED);
    assert_range(story, "c5", "c1");
    story_end(story);
}

static void what_clears_without_being_ok_is_no_good_commit(void **state)
{
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo], clear: {where: {state: [ok, info]}}}");

    (void)state;
    run_at(story, 0, "ok", "c0");
    run_at(story, 1000, "failing", "c1");
    run_at(story, 2000, "info", "c2");
    assert_became(story, SIGNAL_RESOLVED);
    assert_range(story, "c0", "c1");
    story_end(story);
}

static void what_matches_without_failing_is_no_bad_commit(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], where: {state: [failing, "
                                   "info]}, clear: {where: {state: ok}}}");

    (void)state;
    run_at(story, 0, "failing", "c0");
    run_at(story, 1000, "ok", "c1");
    run_at(story, 2000, "info", "c2");
    assert_became(story, SIGNAL_FIRING);
    assert_range(story, "c1", "");
    run_at(story, 3000, "failing", "c3");
    assert_range(story, "c1", "c3");
    story_end(story);
}

static void where_the_first_failure_names_no_commit_no_later_one_stands_for_it(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    run_at(story, 0, "ok", "c0");
    event_at(story, 500, "'state':'ok'");
    assert_range(story, "c0", "");
    event_at(story, 1000, "'state':'failing'");
    run_at(story, 2000, "failing", "c2");
    assert_range(story, "c0", "");
    story_end(story);
}

static void a_capture_may_say_the_commit(void **state)
{
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo], match: '/at (?<commit>\\w+)/', "
                 "clear: {match: '/at (?<commit>\\w+)/', where: {state: ok}}}");

    (void)state;
    event_at(story, 0, "'state':'ok','text':'at c0'");
    event_at(story, 1000, "'state':'failing','text':'at c1'");
    assert_range(story, "c0", "c1");
    story_end(story);
}

static void another_branch_has_a_range_of_its_own(void **state)
{
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo, branch, workflow], where: {branch: main}}");

    (void)state;
    event_at(story, 0, "'state':'ok','branch':'main','workflow':'t','commit':'c0'");
    assert_int_equal(
        event_at(story, 1000, "'state':'ok','branch':'x','workflow':'t','commit':'c1'"), 0);
    assert_int_equal(
        event_at(story, 2000, "'state':'failing','branch':'x','workflow':'t','commit':'c2'"), 0);
    event_at(story, 3000, "'state':'failing','branch':'main','workflow':'t','commit':'c3'");
    assert_range(story, "c0", "c3");
    story_end(story);
}

static void other_rules_note_no_commits(void **state)
{
    static const char *const rules[] = {
        "{id: a, on: alert, key: [repo]}",
        "{id: a, on: 'ci.*', key: [repo], where: {state: failing}, clear: {where: {state: ok}}}",
        "{id: a, on: ci.run, key: [repo], clear: {quiet: 1h}}",
        "{id: a, on: ci.run, key: [repo], clear: never}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct story *story = story_of(rules[i]);

        assert_false(story_rule(story)->notes_good);
        event_at(story, 0, "'state':'ok','commit':'c0','kind':'alert'");
        event_at(story, 0, "'state':'ok','commit':'c0'");
        assert_false(is_there(story));
        event_at(story, 1000, "'state':'failing','commit':'c1','kind':'alert'");
        event_at(story, 1000, "'state':'failing','commit':'c1'");
        assert_int_equal(story->signal.state, SIGNAL_FIRING);
        assert_range(story, "", "");
        story_end(story);
    }
}

/* -- in event time, whatever the order of arrival -- */

static void a_good_run_that_comes_late_is_good_where_its_time_belongs(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    story->now_ms = START_MS + MINUTE_MS;
    run_at(story, 0, "ok", "c0");
    run_at(story, 10000, "failing", "c2");
    run_at(story, 9999, "ok", "c1");
    assert_true(story->fold.is_late);
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    assert_range(story, "c1", "c2");
    run_at(story, 5000, "ok", "older");
    assert_range(story, "c1", "c2");
    story_end(story);
}

static void a_good_run_between_two_failures_that_comes_late_moves_nothing(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    story->now_ms = START_MS + MINUTE_MS;
    run_at(story, 0, "ok", "c0");
    run_at(story, 10000, "failing", "c1");
    run_at(story, 20000, "failing", "c3");
    run_at(story, 10000, "ok", "same");
    run_at(story, 15000, "ok", "c2");
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    assert_range(story, "c0", "c1");
    story_end(story);
}

static void a_failure_that_comes_late_is_the_first_where_its_time_says_so(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    story->now_ms = START_MS + MINUTE_MS;
    run_at(story, 0, "ok", "c0");
    run_at(story, 10000, "failing", "c2");
    run_at(story, 9999, "failing", "c1");
    assert_range(story, "c0", "c1");
    run_at(story, 9999, "failing", "same");
    assert_range(story, "c0", "c1");
    story_end(story);
}

static void a_failure_older_than_the_lateness_moves_nothing(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], lateness: 5s}");

    (void)state;
    story->now_ms = START_MS + MINUTE_MS;
    run_at(story, 10000, "failing", "c2");
    run_at(story, 4999, "failing", "c0");
    assert_true(story->fold.is_late);
    assert_range(story, "", "c2");
    run_at(story, 5000, "failing", "c1");
    assert_range(story, "", "c1");
    story_end(story);
}

static void a_failure_that_a_good_run_has_overtaken_opens_nothing(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    story->now_ms = START_MS + MINUTE_MS;
    run_at(story, 10000, "ok", "c2");
    run_at(story, 9999, "failing", "c1");
    assert_true(story->fold.is_late);
    assert_told(story, "");
    assert_range(story, "c2", "");
    story_end(story);
}

static void an_episode_that_begins_before_a_late_good_run_has_no_bad_commit_of_another(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    story->now_ms = START_MS + MINUTE_MS;
    run_at(story, 20000, "failing", "c3");
    assert_int_equal(fold_resolve(story_rule(story), SLICE("jane"), START_MS + MINUTE_MS,
                                  story->arena, &story->signal, &story->fold),
                     RC_OK);
    run_at(story, 15000, "ok", "c2");
    assert_range(story, "c2", "c3");
    run_at(story, 12000, "failing", "c1");
    assert_became(story, SIGNAL_FIRING);
    assert_range(story, "c2", "");
    run_at(story, 21000, "failing", "c4");
    assert_range(story, "c2", "c4");
    story_end(story);
}

/* -- how long it is remembered -- */

static void a_good_commit_is_remembered_for_90_days_and_then_forgotten(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    run_at(story, 0, "ok", "c0");
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    assert_became(story, NOTHING);
    run_at(story, HOUR_MS, "ok", "c1");
    time_passes_to(story, HOUR_MS + KEPT_MS - 1);
    assert_true(is_there(story));
    assert_range(story, "c1", "");
    time_passes_to(story, HOUR_MS + KEPT_MS);
    assert_false(is_there(story));
    assert_told(story, "");
    story_end(story);
}

static void a_failure_that_never_fired_does_not_shorten_it(void **state)
{
    struct story *story = story_of(TWICE);

    (void)state;
    run_at(story, 0, "ok", "c0");
    run_at(story, HOUR_MS, "failing", "c1");
    time_passes_to(story, DAY_MS);
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    assert_range(story, "c0", "c1");
    time_passes_to(story, HOUR_MS + KEPT_MS - 1);
    assert_true(is_there(story));
    time_passes_to(story, HOUR_MS + KEPT_MS);
    assert_false(is_there(story));
    story_end(story);
}

static void nor_does_a_condition_that_forgets_its_key(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], when: {drop: 4x, within: 5m, "
                                   "against: 1h, at_least: 9}, where: {state: failing}, clear: "
                                   "{where: {state: ok}}}");

    (void)state;
    run_at(story, 0, "ok", "c0");
    run_at(story, MINUTE_MS, "failing", "c1"); /* known to `drop` for 70 minutes */
    assert_true(story->signal.window.len);
    time_passes_to(story, DAY_MS);
    assert_false(story->signal.window.len);
    assert_range(story, "c0", "c1");
    time_passes_to(story, MINUTE_MS + KEPT_MS - 1);
    assert_true(is_there(story));
    time_passes_to(story, MINUTE_MS + KEPT_MS);
    assert_false(is_there(story));
    story_end(story);
}

static void an_ok_event_without_a_commit_is_remembered_as_long_as_what_it_overtook(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], lateness: 5m}");

    (void)state;
    event_at(story, 0, "'state':'ok'");
    time_passes_to(story, 5 * MINUTE_MS - 1);
    assert_true(is_there(story));
    time_passes_to(story, 5 * MINUTE_MS);
    assert_false(is_there(story));
    story_end(story);
}

static void a_removed_rule_leaves_nothing(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    run_at(story, 0, "ok", "c0");
    assert_int_equal(fold_resolve(NULL, SLICE("rule removed"), START_MS + 1, story->arena,
                                  &story->signal, &story->fold),
                     RC_OK);
    assert_true(story->fold.forget);
    story_end(story);
}

static void adopt(struct story *story, const char *rule)
{
    struct story *changed = story_of(rule);
    struct fold_clock clock = story_clock(story, START_MS + MINUTE_MS);

    assert_int_equal(
        fold_adopt(story_rule(changed), &clock, story->arena, &story->signal, &story->fold), RC_OK);
    story_end(changed);
}

static void a_rule_of_another_meaning_begins_without_them(void **state)
{
    static const char *const others[] = {
        "{id: a, on: ci.run, key: [repo], where: {workflow: lint}}",
        "{id: a, on: ci.run, key: [repo], clear: {quiet: 1h}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct story *story = story_of(FIRST);

        run_at(story, 0, "ok", "c0");
        adopt(story, others[i]);
        assert_range(story, "", "");
        story_end(story);
    }
}

static void what_was_bad_before_a_rule_noted_it_stays_unknown(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], clear: {quiet: 1d}}");
    struct story *noting = story_of(FIRST);
    struct signal firing;

    (void)state;
    run_at(story, 0, "failing", "c0");
    adopt(story, FIRST);
    firing = story->signal;
    noting->signal = firing;
    run_at(noting, 2 * MINUTE_MS, "failing", "c1");
    assert_int_equal(noting->signal.count, 2);
    assert_range(noting, "", "");
    story_end(noting);
    story_end(story);
}

/* -- in words -- */

static void a_title_may_name_them(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], title: '{{last_good | "
                                   "default: unknown}}..{{first_bad}}'}");

    (void)state;
    run_at(story, 0, "failing", "c1");
    assert_slice(story->signal.title, "unknown..c1");
    run_at(story, 1000, "ok", "c2");
    run_at(story, 2000, "failing", "c3");
    assert_slice(story->signal.title, "c2..c3");
    run_at(story, 3000, "failing", "c4");
    assert_slice(story->signal.title, "c2..c3");
    story_end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_broke_between_the_newest_good_commit_and_the_first_bad_one),
        cmocka_unit_test(without_a_good_one_the_first_bad_one_stands_alone),
        cmocka_unit_test(a_reopened_episode_has_a_first_bad_commit_of_its_own),
        cmocka_unit_test(a_pending_episode_begins_with_its_first_failure),
        cmocka_unit_test(a_failure_that_never_fired_is_none_of_the_next_episode),
        cmocka_unit_test(a_commit_may_be_good_and_bad),
        cmocka_unit_test(what_ends_otherwise_says_nothing_of_a_good_commit),
        cmocka_unit_test(an_event_that_leaves_the_episode_open_is_not_good_enough),
        cmocka_unit_test(what_clears_without_being_ok_is_no_good_commit),
        cmocka_unit_test(what_matches_without_failing_is_no_bad_commit),
        cmocka_unit_test(where_the_first_failure_names_no_commit_no_later_one_stands_for_it),
        cmocka_unit_test(a_capture_may_say_the_commit),
        cmocka_unit_test(another_branch_has_a_range_of_its_own),
        cmocka_unit_test(other_rules_note_no_commits),
        cmocka_unit_test(a_good_run_that_comes_late_is_good_where_its_time_belongs),
        cmocka_unit_test(a_good_run_between_two_failures_that_comes_late_moves_nothing),
        cmocka_unit_test(a_failure_that_comes_late_is_the_first_where_its_time_says_so),
        cmocka_unit_test(a_failure_older_than_the_lateness_moves_nothing),
        cmocka_unit_test(a_failure_that_a_good_run_has_overtaken_opens_nothing),
        cmocka_unit_test(
            an_episode_that_begins_before_a_late_good_run_has_no_bad_commit_of_another),
        cmocka_unit_test(a_good_commit_is_remembered_for_90_days_and_then_forgotten),
        cmocka_unit_test(a_failure_that_never_fired_does_not_shorten_it),
        cmocka_unit_test(nor_does_a_condition_that_forgets_its_key),
        cmocka_unit_test(an_ok_event_without_a_commit_is_remembered_as_long_as_what_it_overtook),
        cmocka_unit_test(a_removed_rule_leaves_nothing),
        cmocka_unit_test(a_rule_of_another_meaning_begins_without_them),
        cmocka_unit_test(what_was_bad_before_a_rule_noted_it_stays_unknown),
        cmocka_unit_test(a_title_may_name_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
