#include "fold_story.h"

static void fails_at(struct story *story, int64_t at_ms)
{
    event_at(story, at_ms, "'state':'failing'");
}

static void is_ok_at(struct story *story, int64_t at_ms)
{
    event_at(story, at_ms, "'state':'ok'");
}

#define FIRST "{id: a, on: ci.run, key: [repo]}"
#define TWICE "{id: a, on: ci.run, key: [repo], when: {count: 2, within: 1h}}"

/* -- firing -- */

static void an_event_may_count_as_often_as_it_says(void **state)
{
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo], when: {count: 10, within: 1h, weight: data.n}}");

    (void)state;
    event_at(story, 0, "'state':'failing','data':{'n':9}");
    assert_became(story, SIGNAL_PENDING);
    assert_int_equal(story->signal.count, 9);
    event_at(story, 1, "'state':'failing','data':{'n':-3}"); /* no number of events: itself */
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 10);
    event_at(story, 2, "'state':'failing','data':{'n':'5'}");
    event_at(story, 3, "'state':'failing'");
    assert_int_equal(story->signal.count, 16);
    story_end(story);
}

/* What is no number of events is one, and is told; how large a whole number is does not matter. */
static void what_is_no_weight_counts_as_one_and_is_told(void **state)
{
    static const struct {
        const char *n;
        int64_t count;
        const char *misread; /* NULL: nothing */
    } cases[] = {
        { "5", 5, NULL },
        { "'7'", 7, NULL },
        { "1000000000", 1000000000, NULL },
        { "1000000000000", 1000000000000, NULL },
        { "9223372036854775807", INT64_MAX, NULL },
        { "9223372036854775808", 1, "9223372036854775808" },
        { "0", 1, "0" },
        { "-5", 1, "-5" },
        { "1.5", 1, "1.5" },
        { "'many'", 1, "many" },
        { "null", 1, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct story *story = story_of(
            "{id: a, on: ci.run, key: [repo], when: {count: 100, within: 1h, weight: data.n}}");
        char fields[128];

        (void)snprintf(fields, sizeof(fields), "'state':'failing','data':{'n':%s}", cases[i].n);
        print_message("# %s\n", cases[i].n);
        event_at(story, 0, fields);
        assert_int_equal(story->signal.count, cases[i].count);
        assert_true(slice_is_absent(story->fold.misread) == !cases[i].misread);
        story_end(story);
    }
}

static void a_count_stops_at_the_most_that_can_be_counted(void **state)
{
#define MOST "'state':'failing','data':{'n':9223372036854775807}"
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo], when: {count: 10, within: 1h, weight: data.n}}");

    (void)state;
    event_at(story, 0, MOST);
    assert_became(story, SIGNAL_FIRING);
    event_at(story, 1, MOST);
    event_at(story, 1, "'state':'failing'");
    assert_true(story->signal.count == INT64_MAX);
    story_end(story);
    story =
        story_of("{id: a, on: ci.run, key: [repo], when: {count: 10, within: 1h, weight: data.n}, "
                 "clear: never}");
    event_at(story, 0, "'state':'failing'");
    event_at(story, 1, MOST);
    assert_became(story, SIGNAL_FIRING);
    assert_true(story->signal.count == INT64_MAX);
    story_end(story);
}

static void without_when_the_first_match_fires_and_the_rest_count_on(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    fails_at(story, 0);
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 1);
    assert_int_equal(story->signal.episode, 1);
    assert_int_equal(story->signal.fired_ms, START_MS);
    fails_at(story, MINUTE_MS);
    assert_became(story, NOTHING);
    assert_true(story->fold.counted);
    assert_int_equal(story->signal.count, 2);
    assert_int_equal(story->signal.first_seen_ms, START_MS);
    assert_int_equal(story->signal.last_seen_ms, START_MS + MINUTE_MS);
    assert_slice(story->signal.rule, "a");
    assert_slice(story->signal.key.items[0], "r");
    assert_int_equal(story->signal.fingerprint.len, 32);
    story_end(story);
}

static void the_second_failure_within_the_hour_fires_once(void **state)
{
    struct story *story = story_of(TWICE);

    (void)state;
    fails_at(story, 0);
    assert_became(story, SIGNAL_PENDING);
    assert_int_equal(story->signal.count, 1);
    fails_at(story, HOUR_MS - 1); /* the last millisecond of the window */
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 2);
    fails_at(story, HOUR_MS);
    assert_became(story, NOTHING);
    assert_int_equal(story->signal.count, 3);
    story_end(story);
}

static void a_failure_an_hour_later_finds_an_empty_window(void **state)
{
    struct story *story = story_of(TWICE);

    (void)state;
    fails_at(story, 0);
    fails_at(story, HOUR_MS);
    assert_int_equal(story->signal.state, SIGNAL_PENDING);
    assert_int_equal(story->signal.count, 1);
    assert_int_equal(story->signal.first_seen_ms, START_MS + HOUR_MS);
    story_end(story);
}

static void how_far_a_count_is_can_be_said(void **state)
{
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo], when: {count: 3, within: 10m}}");
    struct fold_clock clock = story_clock(story, START_MS + 10 * MINUTE_MS - 1);
    struct slice text;

    (void)state;
    fails_at(story, 0);
    fails_at(story, MINUTE_MS);
    assert_int_equal(fold_describe(story_rule(story), &clock, &story->signal, story->arena, &text),
                     RC_OK);
    assert_slice(text, "2 of 3 within 10m");
    clock.now_ms++;
    assert_int_equal(fold_describe(story_rule(story), &clock, &story->signal, story->arena, &text),
                     RC_OK);
    assert_slice(text, "1 of 3 within 10m");
    fails_at(story, 2 * MINUTE_MS);
    assert_int_equal(fold_describe(story_rule(story), &clock, &story->signal, story->arena, &text),
                     RC_OK);
    assert_true(slice_is_absent(text)); /* it fires */
    story_end(story);
}

static void how_late_the_last_of_a_count_came_can_be_said(void **state)
{
    static const struct {
        int64_t times[5];
        const char *text; /* NULL: it was not near */
    } cases[] = {
        { { 0, MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, 31 * MINUTE_MS },
          "3 came within 10m, the last of them 1ms too late" },
        { { 0, 20 * MINUTE_MS, 21 * MINUTE_MS, 30 * MINUTE_MS + 12000, 60 * MINUTE_MS },
          "3 came within 10m12s, the last of them 12s too late" },
        { { 0, 1, 10 * MINUTE_MS - 1, DAY_MS, DAY_MS }, NULL }, /* they were in time */
    };
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo], when: {count: 3, within: 10m}}");
    const struct rule *rule = story_rule(story);
    struct slice text;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_int_equal(rule->condition->near_miss(rule->condition_spec, cases[i].times, 5,
                                                    story->arena, &text),
                         RC_OK);
        if (cases[i].text)
            assert_slice(text, cases[i].text);
        else
            assert_true(slice_is_absent(text));
    }
    assert_int_equal(
        rule->condition->near_miss(rule->condition_spec, cases[0].times, 2, story->arena, &text),
        RC_OK);
    assert_true(slice_is_absent(text)); /* there were never enough */
    story_end(story);
}

/* After two failures of the same actor, a minute apart. */
static void how_far_each_condition_is_can_be_said(void **state)
{
    static const struct {
        const char *when, *text;
    } cases[] = {
        { "{distinct: actor, count: 3, within: 10m}", "1 of 3 values within 10m" },
        { "{fewer: 3, within: 1h}", "2 within 1h, 3 are enough" },
        { "{absent: 24h, grace: 1h}", "seen last 2026-01-01T00:01:00.000Z, missed from "
                                      "2026-01-02T01:01:00.000Z on" },
        { "{spike: 4x, within: 5m, against: 1h, at_least: 20}",
          "2 within 5m, 0 in the 1h before: 24x, fires from 4x on; too few matches" },
        { "{ratio: 30%, having: {where: {actor: bot}}, within: 5m, at_least: 5}",
          "2 within 5m, 2 of them: 100%, fires from 30% on; too few matches" },
    };
    char rule[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct story *story;
        struct fold_clock clock;
        struct slice text;

        (void)snprintf(rule, sizeof(rule), "{id: a, on: ci.run, key: [repo], when: %s}",
                       cases[i].when);
        story = story_of(rule);
        clock = story_clock(story, START_MS + MINUTE_MS);
        event_at(story, 0, "'state':'failing','actor':'bot'");
        event_at(story, MINUTE_MS, "'state':'failing','actor':'bot'");
        assert_int_equal(
            fold_describe(story_rule(story), &clock, &story->signal, story->arena, &text), RC_OK);
        assert_slice(text, cases[i].text);
        story_end(story);
    }
}

/* -- clearing -- */

static void an_event_that_clears_resolves_what_fires(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    fails_at(story, 0);
    is_ok_at(story, MINUTE_MS);
    assert_became(story, SIGNAL_RESOLVED);
    assert_true(story->fold.counted);
    assert_slice(story->signal.resolved_by, "event");
    assert_int_equal(story->signal.resolved_ms, START_MS + MINUTE_MS);
    is_ok_at(story, 2 * MINUTE_MS); /* the same state again changes nothing */
    assert_became(story, NOTHING);
    assert_false(story->fold.counted);
    fails_at(story, 3 * MINUTE_MS);
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.episode, 2);
    assert_int_equal(story->signal.count, 1);
    assert_int_equal(story->signal.first_seen_ms, START_MS + 3 * MINUTE_MS);
    assert_int_equal(story->signal.samples.n_items, 1);
    story_end(story);
}

static void a_clear_sets_a_pending_count_back_in_silence(void **state)
{
    struct story *story = story_of(TWICE);

    (void)state;
    fails_at(story, 0);
    is_ok_at(story, 5 * MINUTE_MS);
    assert_became(story, NOTHING); /* it never fired, so nothing resolves */
    assert_int_equal(story->signal.count, 0);
    fails_at(story, 9 * MINUTE_MS);
    assert_became(story, SIGNAL_PENDING);
    fails_at(story, 10 * MINUTE_MS);
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 2);
    story_end(story);
}

static void a_clear_without_a_signal_leaves_nothing(void **state)
{
    struct story *story = story_of("{id: a, on: alert, key: [repo]}");

    (void)state;
    assert_int_equal(event_at(story, 0, "'kind':'alert','state':'ok'"), 1);
    assert_became(story, NOTHING);
    assert_false(story->fold.counted);
    assert_true(story->fold.forget);
    assert_true(slice_is_absent(story->signal.rule));
    story_end(story);
}

static void several_clears_in_a_row_may_be_asked_for(void **state)
{
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo], clear: {where: {state: ok}, count: 2}}");

    (void)state;
    fails_at(story, 0);
    is_ok_at(story, 1);
    assert_became(story, NOTHING);
    fails_at(story, 2); /* in between: the next ok is the first again */
    is_ok_at(story, 3);
    assert_became(story, NOTHING);
    is_ok_at(story, 4);
    assert_became(story, SIGNAL_RESOLVED);
    assert_int_equal(story->signal.count, 2);
    story_end(story);
}

static void what_clears_may_have_a_key_of_its_own(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], clear: {where: {state: ok}, "
                                   "key: [service]}}");

    (void)state;
    fails_at(story, 0);
    assert_int_equal(event_at(story, 1, "'state':'ok'"), 0); /* without the field */
    assert_int_equal(event_at(story, 2, "'state':'ok','repo':'other','service':'r'"), 1);
    assert_became(story, SIGNAL_RESOLVED);
    story_end(story);
}

/* -- late and out of order -- */

static void what_is_older_than_the_lateness_is_counted_as_late_only(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    fails_at(story, HOUR_MS);
    fails_at(story, HOUR_MS - 5 * MINUTE_MS); /* exactly the lateness: taken */
    assert_false(story->fold.is_late);
    assert_int_equal(story->signal.count, 2);
    assert_int_equal(story->signal.first_seen_ms, START_MS + HOUR_MS - 5 * MINUTE_MS);
    fails_at(story, HOUR_MS - 5 * MINUTE_MS - 1);
    assert_true(story->fold.is_late);
    assert_false(story->fold.counted);
    assert_int_equal(story->signal.count, 2);
    assert_int_equal(story->signal.n_late, 1);
    assert_int_equal(story->signal.newest_ms, START_MS + HOUR_MS);
    assert_int_equal(story->signal.last_seen_ms, START_MS + HOUR_MS);
    story_end(story);
}

static void a_late_match_inside_the_window_fires(void **state)
{
    struct story *story = story_of(TWICE);

    (void)state;
    fails_at(story, 10 * MINUTE_MS);
    fails_at(story, 5 * MINUTE_MS);
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.first_seen_ms, START_MS + 5 * MINUTE_MS);
    story_end(story);
}

static void what_is_older_than_a_short_window_is_late_although_the_lateness_is_longer(void **state)
{
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo], when: {count: 2, within: 1m}}");

    (void)state;
    fails_at(story, 2 * MINUTE_MS);
    fails_at(story, MINUTE_MS);
    assert_true(story->fold.is_late);
    assert_int_equal(story->signal.state, SIGNAL_PENDING);
    fails_at(story, MINUTE_MS + 1);
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

static void h22_a_clear_older_than_the_newest_match_ends_nothing(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    fails_at(story, 10 * MINUTE_MS);
    is_ok_at(story, 9 * MINUTE_MS);
    assert_became(story, NOTHING);
    assert_true(story->fold.is_late);
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    is_ok_at(story, 10 * MINUTE_MS);
    assert_became(story, SIGNAL_RESOLVED);
    story_end(story);
}

static void h22_a_match_older_than_the_newest_clear_opens_nothing(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    fails_at(story, 0);
    is_ok_at(story, 2 * MINUTE_MS);
    fails_at(story, MINUTE_MS); /* well within the lateness */
    assert_became(story, NOTHING);
    assert_true(story->fold.is_late);
    is_ok_at(story, 4 * MINUTE_MS); /* green again: moves the newest */
    fails_at(story, 3 * MINUTE_MS);
    assert_true(story->fold.is_late);
    fails_at(story, 4 * MINUTE_MS);
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

static void h22_a_match_overtaken_by_the_clear_of_a_pending_signal_is_late(void **state)
{
    struct story *story = story_of(TWICE);

    (void)state;
    fails_at(story, 0);
    is_ok_at(story, 2 * MINUTE_MS);
    fails_at(story, MINUTE_MS);
    assert_true(story->fold.is_late);
    assert_int_equal(story->signal.count, 0);
    story_end(story);
}

static void h22_a_match_older_than_the_newest_clear_joins_no_episode_that_began_after_it(
    void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    fails_at(story, 0);
    is_ok_at(story, 2 * MINUTE_MS);
    fails_at(story, 3 * MINUTE_MS);
    assert_became(story, SIGNAL_FIRING);
    fails_at(story, 2 * MINUTE_MS - 1);
    assert_true(story->fold.is_late);
    assert_int_equal(story->signal.count, 1);
    fails_at(story, 2 * MINUTE_MS);
    assert_int_equal(story->signal.count, 2);
    story_end(story);
}

static void h22_a_clear_is_remembered_as_long_as_what_it_overtook_may_come(void **state)
{
    struct story *story = story_of(TWICE);

    (void)state;
    fails_at(story, 0);
    is_ok_at(story, HOUR_MS + 4 * MINUTE_MS);
    story->now_ms = START_MS + HOUR_MS + 9 * MINUTE_MS - 1;
    fails_at(story, HOUR_MS + 4 * MINUTE_MS - 1);
    assert_true(story->fold.is_late);
    time_passes_to(story, HOUR_MS + 9 * MINUTE_MS);
    assert_true(story->fold.forget);
    story_end(story);
}

static void what_comes_late_finds_what_it_stands_with_in_its_window(void **state)
{
    struct story *story = story_of(TWICE);

    (void)state;
    fails_at(story, 0);
    story->now_ms = START_MS + HOUR_MS + 5 * MINUTE_MS - 1; /* on its way for the whole lateness */
    fails_at(story, HOUR_MS - 1);
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 2);
    story_end(story);
}

static void a_repeat_counts_at_its_time_of_receipt(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    fails_at(story, 0);
    story->now_ms = START_MS + 4 * HOUR_MS;
    event_at(story, 0, "'state':'failing','repeat':true");
    assert_true(story->fold.counted);
    assert_int_equal(story->signal.last_seen_ms, START_MS + 4 * HOUR_MS);
    story_end(story);
}

/* -- quiet, and ends without an event -- */

#define QUIET "{id: a, on: ci.run, where: {state: failing}, key: [repo], clear: {quiet: 10m}}"

static void quiet_is_counted_from_the_last_match_on_the_engines_clock(void **state)
{
    struct story *story = story_of(QUIET);

    (void)state;
    fails_at(story, 0);
    assert_int_equal(story->signal.quiet_due_ms, START_MS + 10 * MINUTE_MS);
    fails_at(story, 4 * MINUTE_MS);
    time_passes_to(story, 10 * MINUTE_MS); /* the first timer: a match came since */
    assert_became(story, NOTHING);
    assert_int_equal(story->signal.quiet_due_ms, START_MS + 14 * MINUTE_MS);
    time_passes_to(story, 14 * MINUTE_MS);
    assert_became(story, SIGNAL_RESOLVED);
    assert_slice(story->signal.resolved_by, "quiet");
    assert_int_equal(story->signal.quiet_due_ms, 0);
    time_passes_to(story, 20 * MINUTE_MS);
    assert_became(story, NOTHING);
    story_end(story);
}

static void a_late_match_does_not_put_quiet_off(void **state)
{
    struct story *story = story_of(QUIET);

    (void)state;
    fails_at(story, HOUR_MS);
    story->now_ms = START_MS + HOUR_MS + MINUTE_MS;
    fails_at(story, 0);
    assert_true(story->fold.is_late);
    assert_int_equal(story->signal.quiet_due_ms, START_MS + HOUR_MS + 10 * MINUTE_MS);
    story_end(story);
}

static void what_was_only_ever_pending_is_forgotten_when_nothing_may_join_it_any_more(void **state)
{
    struct story *story = story_of(TWICE);

    (void)state;
    fails_at(story, 0);
    time_passes_to(story, HOUR_MS + 5 * MINUTE_MS - 1);
    assert_false(story->fold.forget);
    time_passes_to(story, HOUR_MS + 5 * MINUTE_MS); /* the window and the lateness */
    assert_became(story, NOTHING);
    assert_true(story->fold.forget);
    story_end(story);
}

static void what_fired_once_keeps_its_row_when_a_later_window_empties(void **state)
{
    struct story *story = story_of(TWICE);

    (void)state;
    fails_at(story, 0);
    fails_at(story, MINUTE_MS);
    assert_int_equal(story->signal.quiet_due_ms, 0); /* an event ends it, and nothing else */
    is_ok_at(story, 2 * MINUTE_MS);
    fails_at(story, 3 * MINUTE_MS);
    assert_became(story, SIGNAL_PENDING);
    time_passes_to(story, 8 * MINUTE_MS + HOUR_MS);
    assert_became(story, NOTHING);
    assert_false(story->fold.forget);
    assert_int_equal(story->signal.state, SIGNAL_RESOLVED);
    story_end(story);
}

static void resolve(struct story *story, const char *by, int64_t at_ms)
{
    assert_int_equal(fold_resolve(story_rule(story), slice_of(by), START_MS + at_ms, story->arena,
                                  &story->signal, &story->fold),
                     RC_OK);
}

static void a_person_or_a_verification_resolves_what_fires(void **state)
{
    struct story *story = story_of(FIRST);

    (void)state;
    fails_at(story, 0);
    resolve(story, "verification", 5);
    assert_became(story, SIGNAL_RESOLVED);
    assert_slice(story->signal.resolved_by, "verification");
    resolve(story, "jane", 6);
    assert_became(story, NOTHING);
    assert_slice(story->signal.resolved_by, "verification");
    story_end(story);
}

static void a_removed_rule_forgets_what_was_pending(void **state)
{
    struct story *story = story_of(TWICE);

    (void)state;
    fails_at(story, 0);
    assert_int_equal(fold_resolve(NULL, SLICE("rule removed"), START_MS + 5, story->arena,
                                  &story->signal, &story->fold),
                     RC_OK);
    assert_became(story, NOTHING);
    assert_true(story->fold.forget);
    story_end(story);
}

static void adopt(struct story *story, const struct rule *rule)
{
    struct fold_clock clock = story_clock(story, START_MS);

    assert_int_equal(fold_adopt(rule, &clock, story->arena, &story->signal, &story->fold), RC_OK);
}

static void a_changed_rule_counts_anew_but_what_fires_goes_on(void **state)
{
    struct story *pending = story_of(TWICE);
    struct story *firing = story_of(FIRST);
    struct ruleset *changed =
        rules_of("rules:\n  - {id: a, on: ci.run, key: [repo], severity: high, "
                 "clear: {quiet: 10m}, when: {count: 2, within: 2h}}\n");

    (void)state;
    fails_at(pending, 0);
    adopt(pending, &changed->rules[0]);
    assert_int_equal(pending->signal.count, 0);
    assert_true(slice_eq(pending->signal.rule_version, changed->rules[0].version));
    fails_at(pending, MINUTE_MS);
    assert_became(pending, SIGNAL_PENDING);

    fails_at(firing, 0);
    adopt(firing, &changed->rules[0]);
    assert_int_equal(firing->signal.state, SIGNAL_FIRING);
    assert_int_equal(firing->signal.count, 1);
    assert_int_equal(firing->signal.quiet_due_ms, START_MS + 10 * MINUTE_MS);
    ruleset_free(changed);
    story_end(pending);
    story_end(firing);
}

/* -- what a signal keeps -- */

static void the_title_moves_while_pending_and_freezes_when_it_fires(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], when: {count: 2, within: 1h}, "
                                   "title: '{{actor | default: nobody}} x{{count}}'}");

    (void)state;
    event_at(story, 0, "'state':'failing','actor':'jane'");
    assert_slice(story->signal.title, "jane x1");
    event_at(story, 1, "'state':'failing','actor':'tim'");
    assert_slice(story->signal.title, "tim x2");
    event_at(story, 2, "'state':'failing','actor':'ann'");
    assert_slice(story->signal.title, "tim x2");
    story_end(story);
}

/* What nobody fills leaves nothing to show: the usual title stands in. */
static void a_title_that_says_nothing_is_the_usual_one(void **state)
{
    static const struct {
        const char *rule, *fields, *title;
    } cases[] = {
        { "title: '{{host}}'", "'title':'disk full'", "disk full" },
        { "title: '{{host}}'", "'host':'db1'", "db1" },
        { "title: '{{host}}'", "'branch':'b'", "a" },
        { "title: ' {{host}} '", "'title':'disk full'", "disk full" },
        { "title: '{{host}} is down'", "'title':'disk full'", " is down" },
        { "title: '{{host}}'", "'title':' '", "a" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char rule[256], fields[256];
        struct story *story;

        (void)snprintf(rule, sizeof(rule), "{id: a, on: ci.run, key: [repo], %s}", cases[i].rule);
        (void)snprintf(fields, sizeof(fields), "'state':'failing',%s", cases[i].fields);
        print_message("# %s %s\n", cases[i].rule, cases[i].fields);
        story = story_of(rule);
        event_at(story, 0, fields);
        assert_slice(story->signal.title, cases[i].title);
        story_end(story);
    }
}

static void fields_are_those_of_the_latest_match(void **state)
{
    struct story *story =
        story_of("{id: a, on: ci.run, where: {title: '/(?<n>\\d+)/'}, key: [repo]}");

    (void)state;
    event_at(story, 10, "'state':'failing','title':'no 1','branch':'b'");
    assert_slice(story->signal.fields, "{\"repo\":\"r\",\"n\":\"1\"}");
    event_at(story, 20, "'state':'failing','title':'no 2'");
    assert_slice(story->signal.fields, "{\"repo\":\"r\",\"n\":\"2\"}");
    event_at(story, 15, "'state':'failing','title':'no 3'"); /* counted, but not the latest */
    assert_slice(story->signal.fields, "{\"repo\":\"r\",\"n\":\"2\"}");
    assert_int_equal(story->signal.count, 3);
    story_end(story);
}

static void a_capture_hides_no_field_that_the_watcher_filled(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, where: {title: '/(?<branch>\\w+)!/'}, "
                                   "key: [repo, branch]}");

    (void)state;
    event_at(story, 10, "'state':'failing','title':'other!','branch':'main'");
    assert_slice(story->signal.fields, "{\"repo\":\"r\",\"branch\":\"main\"}");
    event_at(story, 20, "'state':'failing','title':'main!'");
    assert_slice(story->signal.fields, "{\"repo\":\"r\",\"branch\":\"main\"}");
    assert_int_equal(story->signal.count, 2);
    story_end(story);
}

static void a_key_that_is_a_template_gives_the_fields_it_names(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: '{{repo}}/{{branch}}/{{repo}}'}");

    (void)state;
    event_at(story, 0, "'state':'failing','branch':'b'");
    assert_slice(story->signal.fields, "{\"repo\":\"r\",\"branch\":\"b\"}");
    assert_slice(story->signal.key.items[0], "r/b/r");
    story_end(story);
}

static void a_severity_may_be_captured(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], severity: low, "
                                   "where: {title: '/^(?<severity>\\w+):/'}}");

    (void)state;
    event_at(story, 0, "'state':'failing','title':'critical: x'");
    assert_int_equal(story->signal.severity, SEVERITY_CRITICAL);
    story_end(story);
    story = story_of("{id: a, on: ci.run, key: [repo], severity: low, "
                     "where: {title: '/^(?<severity>\\w+):/'}}");
    event_at(story, 0, "'state':'failing','title':'page: x'");
    assert_int_equal(story->signal.severity, SEVERITY_LOW);
    story_end(story);
}

static void samples_are_the_first_and_the_newest(void **state)
{
    struct story *story = story_of(FIRST);
    struct ulid first;

    (void)state;
    for (int64_t i = 0; i < 30; i++) {
        fails_at(story, i * SECOND_MS);
        if (i == 0)
            first = story->signal.samples.items[0];
        assert_int_equal(story->signal.samples.n_items, i < 10 ? i + 1 : 10);
    }
    assert_int_equal(ulid_compare(story->signal.samples.items[0], first), 0);
    for (size_t i = 1; i < 10; i++)
        assert_int_equal(ulid_time_ms(story->signal.samples.items[i]),
                         START_MS + (20 + (int64_t)i) * SECOND_MS);
    story_end(story);
}

static void assert_value(const struct template_values *values, const char *name,
                         const char *expected)
{
    struct slice value = values->get(values->context, slice_of(name));

    if (!slice_eq(value, slice_of(expected)))
        print_message("%s\n", name);
    assert_slice(value, expected);
}

static void assert_first(struct story *story, const char *commit)
{
    struct template_values values;

    assert_int_equal(signal_values(&story->signal, START_MS, story->arena, &values), RC_OK);
    assert_value(&values, "first.commit", commit);
}

#define COUNT_THREE "{id: a, on: ci.run, key: [repo], lateness: 1h, when: {count: 3, within: 10m}}"

static void the_first_event_is_one_of_those_that_count(void **state)
{
    struct story *story = story_of(COUNT_THREE);

    (void)state;
    event_at(story, 0, "'state':'failing','commit':'c1'");
    event_at(story, 9 * MINUTE_MS, "'state':'failing','commit':'c2'");
    assert_first(story, "c1");
    event_at(story, 10 * MINUTE_MS, "'state':'failing','commit':'c3'"); /* the first is out */
    assert_first(story, "c2");
    event_at(story, 11 * MINUTE_MS, "'state':'failing','commit':'c4'");
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    assert_int_equal(story->signal.first_seen_ms, START_MS + 9 * MINUTE_MS);
    assert_first(story, "c2");
    event_at(story, 50 * MINUTE_MS, "'state':'failing','commit':'c5'"); /* counts on */
    assert_first(story, "c2");
    story_end(story);
}

static void where_all_before_it_are_out_an_event_is_the_first(void **state)
{
    struct story *story = story_of(COUNT_THREE);

    (void)state;
    event_at(story, 0, "'state':'failing','commit':'c1'");
    event_at(story, 1, "'state':'failing','commit':'c2'");
    event_at(story, 10 * MINUTE_MS + 1, "'state':'failing','commit':'c3'");
    assert_first(story, "c3");
    story_end(story);
}

static void what_comes_late_and_was_earlier_is_the_first(void **state)
{
    struct story *story = story_of(COUNT_THREE);

    (void)state;
    event_at(story, 5 * MINUTE_MS, "'state':'failing','commit':'c2'");
    event_at(story, 4 * MINUTE_MS, "'state':'failing','commit':'c1'");
    assert_first(story, "c1");
    event_at(story, 4 * MINUTE_MS + 1, "'state':'failing','commit':'c3'");
    assert_first(story, "c1");
    story_end(story);
}

static void of_different_values_the_first_event_is_one_that_counts(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], when: {distinct: branch, "
                                   "count: 3, within: 10m}}");

    (void)state;
    event_at(story, 0, "'state':'failing','commit':'c1','branch':'a'");
    event_at(story, 9 * MINUTE_MS, "'state':'failing','commit':'c2','branch':'b'");
    event_at(story, 10 * MINUTE_MS, "'state':'failing','commit':'c3','branch':'c'");
    event_at(story, 11 * MINUTE_MS, "'state':'failing','commit':'c4','branch':'d'");
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    assert_first(story, "c2");
    story_end(story);
}

static void templates_see_the_latest_the_first_and_the_signal(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], severity: high, "
                                   "title: 'T {{data.n}}'}");
    struct template_values values;

    (void)state;
    event_at(story, 0, "'state':'failing','commit':'c1','data':{'n':1,'m':2}");
    event_at(story, 1000, "'state':'failing','commit':'c2','data':{'n':7}");
    assert_int_equal(signal_values(&story->signal, START_MS, story->arena, &values), RC_OK);
    assert_value(&values, "commit", "c2");
    assert_value(&values, "first.commit", "c1");
    assert_value(&values, "data.n", "7");
    assert_value(&values, "first.data.n", "1");
    assert_value(&values, "first.data.m", NULL); /* no template names it, so it is not kept */
    assert_value(&values, "branch", NULL);
    assert_value(&values, "time", "2026-01-01T00:00:01.000Z");
    assert_value(&values, "first_seen", "2026-01-01T00:00:00.000Z");
    assert_value(&values, "last_seen", "2026-01-01T00:00:01.000Z");
    assert_value(&values, "count", "2");
    assert_value(&values, "rule", "a");
    assert_value(&values, "signal.key", "r");
    assert_value(&values, "signal.title", "T 1");
    assert_value(&values, "signal.severity", "high");
    story_end(story);
}

static void a_transition_is_a_line_of_json(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo, branch]}");
    struct json_writer writer;
    struct buffer line;

    (void)state;
    event_at(story, 1500, "'state':'failing','branch':'b\\n'");
    buffer_init(&line, 0);
    writer = json_writer_to(&line);
    transition_write_json(&story->signal, &story->fold.transitions[0], ulid_from_seed(0, SLICE("")),
                          &writer);
    buffer_add_byte(&line, '\n');
    writer = json_writer_to(&line);
    transition_write_json(&story->signal, &story->fold.transitions[0], (struct ulid){ 0 }, &writer);
    buffer_add_byte(&line, '\0');
    assert_non_null(strstr(line.ptr, "\"event\":\"evt_0000000000"));
    assert_non_null(strstr(line.ptr,
                           "\n{\"time\":\"2026-01-01T00:00:01.500Z\",\"rule\":\"a\","
                           "\"key\":[\"r\",\"b\\n\"],\"transition\":\"firing\",\"count\":1,"
                           "\"first_seen\":\"2026-01-01T00:00:01.500Z\","
                           "\"last_seen\":\"2026-01-01T00:00:01.500Z\","
                           "\"fields\":{\"repo\":\"r\",\"branch\":\"b\\n\"}}"));
    buffer_free(&line);
    story_end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_may_count_as_often_as_it_says),
        cmocka_unit_test(what_is_no_weight_counts_as_one_and_is_told),
        cmocka_unit_test(a_count_stops_at_the_most_that_can_be_counted),
        cmocka_unit_test(without_when_the_first_match_fires_and_the_rest_count_on),
        cmocka_unit_test(the_second_failure_within_the_hour_fires_once),
        cmocka_unit_test(a_failure_an_hour_later_finds_an_empty_window),
        cmocka_unit_test(how_far_a_count_is_can_be_said),
        cmocka_unit_test(how_late_the_last_of_a_count_came_can_be_said),
        cmocka_unit_test(how_far_each_condition_is_can_be_said),
        cmocka_unit_test(an_event_that_clears_resolves_what_fires),
        cmocka_unit_test(a_clear_sets_a_pending_count_back_in_silence),
        cmocka_unit_test(a_clear_without_a_signal_leaves_nothing),
        cmocka_unit_test(several_clears_in_a_row_may_be_asked_for),
        cmocka_unit_test(what_clears_may_have_a_key_of_its_own),
        cmocka_unit_test(what_is_older_than_the_lateness_is_counted_as_late_only),
        cmocka_unit_test(a_late_match_inside_the_window_fires),
        cmocka_unit_test(what_is_older_than_a_short_window_is_late_although_the_lateness_is_longer),
        cmocka_unit_test(h22_a_clear_older_than_the_newest_match_ends_nothing),
        cmocka_unit_test(h22_a_match_older_than_the_newest_clear_opens_nothing),
        cmocka_unit_test(h22_a_match_overtaken_by_the_clear_of_a_pending_signal_is_late),
        cmocka_unit_test(
            h22_a_match_older_than_the_newest_clear_joins_no_episode_that_began_after_it),
        cmocka_unit_test(h22_a_clear_is_remembered_as_long_as_what_it_overtook_may_come),
        cmocka_unit_test(what_comes_late_finds_what_it_stands_with_in_its_window),
        cmocka_unit_test(a_repeat_counts_at_its_time_of_receipt),
        cmocka_unit_test(quiet_is_counted_from_the_last_match_on_the_engines_clock),
        cmocka_unit_test(a_late_match_does_not_put_quiet_off),
        cmocka_unit_test(what_was_only_ever_pending_is_forgotten_when_nothing_may_join_it_any_more),
        cmocka_unit_test(what_fired_once_keeps_its_row_when_a_later_window_empties),
        cmocka_unit_test(a_person_or_a_verification_resolves_what_fires),
        cmocka_unit_test(a_removed_rule_forgets_what_was_pending),
        cmocka_unit_test(a_changed_rule_counts_anew_but_what_fires_goes_on),
        cmocka_unit_test(the_title_moves_while_pending_and_freezes_when_it_fires),
        cmocka_unit_test(a_title_that_says_nothing_is_the_usual_one),
        cmocka_unit_test(fields_are_those_of_the_latest_match),
        cmocka_unit_test(a_capture_hides_no_field_that_the_watcher_filled),
        cmocka_unit_test(a_key_that_is_a_template_gives_the_fields_it_names),
        cmocka_unit_test(a_severity_may_be_captured),
        cmocka_unit_test(samples_are_the_first_and_the_newest),
        cmocka_unit_test(the_first_event_is_one_of_those_that_count),
        cmocka_unit_test(where_all_before_it_are_out_an_event_is_the_first),
        cmocka_unit_test(what_comes_late_and_was_earlier_is_the_first),
        cmocka_unit_test(of_different_values_the_first_event_is_one_that_counts),
        cmocka_unit_test(templates_see_the_latest_the_first_and_the_signal),
        cmocka_unit_test(a_transition_is_a_line_of_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
