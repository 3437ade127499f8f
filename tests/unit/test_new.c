#include "fold_story.h"

#define WEEK (7 * DAY_MS)
#define NEW                                                                                        \
    "{id: a, on: log, key: [repo], when: {new: data.exception, learn: 7d, forget: 30d}, clear: "   \
    "{quiet: 1h}}"

/* A story has one signal, and so one value. */
static void seen_at(struct story *story, int64_t at_ms)
{
    event_at(story, at_ms, "'kind':'log','data':{'exception':'E'}");
}

static void a_value_first_seen_when_the_week_is_over_fires(void **state)
{
    struct story *story = story_of(NEW);

    (void)state;
    seen_at(story, WEEK);
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 1);
    assert_int_equal(story->signal.first_seen_ms, START_MS + WEEK);
    seen_at(story, WEEK + 1);
    assert_became(story, NOTHING);
    assert_int_equal(story->signal.count, 2);
    story_end(story);
}

static void a_value_seen_in_the_last_millisecond_of_learning_is_known(void **state)
{
    struct story *story = story_of(NEW);

    (void)state;
    seen_at(story, WEEK - 1);
    assert_became(story, NOTHING);
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    seen_at(story, WEEK);
    seen_at(story, 30 * DAY_MS);
    assert_told(story, "");
    story_end(story);
}

/* What was sent long ago and comes only now is no value of the time when it was sent. */
static void learning_is_on_the_engines_clock_since_the_rule_was_loaded(void **state)
{
    struct story *late = story_of(NEW);
    struct story *early = story_of(NEW);

    (void)state;
    late->now_ms = START_MS + WEEK;
    seen_at(late, 0);
    assert_became(late, SIGNAL_FIRING);
    early->now_ms = START_MS + WEEK - 1;
    seen_at(early, 2 * WEEK);
    assert_became(early, NOTHING);
    story_end(late);
    story_end(early);
}

static void a_rule_that_learns_says_until_when(void **state)
{
    struct story *story = story_of(NEW);
    struct fold_clock clock = story_clock(story, START_MS + WEEK - 1);
    int64_t from_ms;

    (void)state;
    assert_string_equal(fold_judges_from(story_rule(story), &clock, &from_ms), "learning");
    assert_int_equal(from_ms, START_MS + WEEK);
    clock.now_ms++;
    assert_null(fold_judges_from(story_rule(story), &clock, &from_ms));
    story_end(story);
}

static void without_learning_the_first_value_fires(void **state)
{
    struct story *story =
        story_of("{id: a, on: log, key: [repo], when: {new: data.exception, learn: 0s}}");

    (void)state;
    seen_at(story, 0);
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

static void a_value_stays_known_after_its_episode(void **state)
{
    struct story *story = story_of(NEW);

    (void)state;
    seen_at(story, WEEK);
    time_passes_to(story, WEEK + HOUR_MS);
    seen_at(story, WEEK + 2 * HOUR_MS);
    assert_became(story, NOTHING);
    assert_told(story, "firing@604800000 resolved@608400000 ");
    story_end(story);
}

static void a_known_value_is_new_again_30_days_after_its_last_sight(void **state)
{
    struct story *kept = story_of(NEW);
    struct story *lost = story_of(NEW);

    (void)state;
    seen_at(kept, 0);
    seen_at(kept, DAY_MS);
    seen_at(kept, 31 * DAY_MS - 1);
    assert_told(kept, "");
    seen_at(lost, 0);
    seen_at(lost, DAY_MS);
    time_passes_to(lost, 31 * DAY_MS);
    assert_true(slice_is_absent(lost->signal.rule)); /* nothing is left of it */
    seen_at(lost, 31 * DAY_MS);
    assert_told(lost, "firing@2678400000 ");
    story_end(kept);
    story_end(lost);
}

static void a_value_that_was_told_of_is_forgotten_too(void **state)
{
    struct story *story = story_of(NEW);

    (void)state;
    seen_at(story, WEEK);
    time_passes_to(story, WEEK + 30 * DAY_MS - 1);
    assert_int_equal(story->signal.state, SIGNAL_RESOLVED);
    assert_true(story->signal.condition_due_ms != 0);
    seen_at(story, WEEK + 30 * DAY_MS);
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.episode, 2);
    story_end(story);
}

static void a_value_stays_known_when_its_signal_is_cleared(void **state)
{
    struct story *story = story_of("{id: a, on: log, key: [repo], when: {new: data.exception, "
                                   "learn: 7d, forget: 30d}, clear: {where: {state: ok}}}");

    (void)state;
    seen_at(story, WEEK);
    (void)event_at(story, WEEK + DAY_MS, "'kind':'log','state':'ok','data':{'exception':'E'}");
    assert_became(story, SIGNAL_RESOLVED);
    time_passes_to(story, WEEK + 30 * DAY_MS - 1); /* the clear was no sight */
    seen_at(story, WEEK + 30 * DAY_MS - 1);
    assert_became(story, NOTHING);
    time_passes_to(story, WEEK + 60 * DAY_MS);
    seen_at(story, WEEK + 60 * DAY_MS);
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

static void a_clear_puts_off_no_forgetting(void **state)
{
    struct story *story = story_of("{id: a, on: log, key: [repo], when: {new: data.exception, "
                                   "learn: 7d, forget: 30d}, clear: {where: {state: ok}}}");

    (void)state;
    seen_at(story, WEEK);
    (void)event_at(story, WEEK + DAY_MS, "'kind':'log','state':'ok','data':{'exception':'E'}");
    time_passes_to(story, WEEK + 30 * DAY_MS);
    seen_at(story, WEEK + 30 * DAY_MS);
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

static void to_be_forgotten_ends_what_fires(void **state)
{
    struct story *story = story_of("{id: a, on: log, key: [repo], when: {new: data.exception, "
                                   "learn: 7d, forget: 30d}, clear: never}");

    (void)state;
    seen_at(story, WEEK);
    seen_at(story, WEEK + DAY_MS);
    time_passes_to(story, WEEK + 31 * DAY_MS - 1);
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    time_passes_to(story, WEEK + 31 * DAY_MS);
    assert_int_equal(story->signal.state, SIGNAL_RESOLVED);
    assert_slice(story->signal.resolved_by, "forgotten");
    seen_at(story, WEEK + 32 * DAY_MS);
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

/* -- the key -- */

static void the_value_is_the_last_of_the_key(void **state)
{
    struct story *story = story_of(NEW);

    (void)state;
    seen_at(story, WEEK);
    assert_int_equal(story->signal.key.n_items, 2);
    assert_slice(story->signal.key.items[0], "r");
    assert_slice(story->signal.key.items[1], "E");
    story_end(story);
}

static void a_match_without_the_value_has_no_key_and_is_none(void **state)
{
    struct story *story = story_of(NEW);

    (void)state;
    assert_int_equal(event_at(story, WEEK, "'kind':'log'"), 0);
    story_end(story);
}

static void assert_key(const struct rule_key *key, const char *first, const char *second)
{
    assert_int_equal(key->names.n_items, 2);
    assert_slice(key->names.items[0], first);
    assert_slice(key->names.items[1], second);
    assert_slice(key->fields[1].name, second);
}

static void the_value_joins_every_key_of_the_rule_once(void **state)
{
    struct ruleset *set = rules_of(
        "rules:\n"
        "  - {id: default, on: log, when: {new: host}, clear: {where: {state: ok}}}\n"
        "  - {id: named, on: log, key: [host, service], when: {new: host}}\n"
        "  - {id: scalar, on: log, key: service, when: {new: host}, clear: {key: [repo]}}\n");

    (void)state;
    assert_key(&set->rules[0].key, "subject", "host");
    assert_key(&set->rules[0].clear.key, "subject", "host");
    assert_key(&set->rules[1].key, "host", "service");
    assert_key(&set->rules[2].key, "service", "host");
    assert_key(&set->rules[2].clear.key, "repo", "host");
    ruleset_free(set);
}

static void what_is_left_out_is_a_week_a_month_and_10000_values(void **state)
{
    struct ruleset *plain = rules_of("rules: [{id: a, on: log, when: {new: host}}]");
    struct ruleset *full = rules_of("rules: [{id: a, on: log, when: {new: host, learn: 7d, forget: "
                                    "30d, limit: 10000}}]");
    const struct rule *rule = &plain->rules[0];

    (void)state;
    assert_true(slice_eq(rule->version, full->rules[0].version));
    assert_int_equal(rule->condition->limit(rule->condition_spec), 10000);
    assert_true(rule->condition->learns);
    ruleset_free(plain);
    ruleset_free(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_first_seen_when_the_week_is_over_fires),
        cmocka_unit_test(a_value_seen_in_the_last_millisecond_of_learning_is_known),
        cmocka_unit_test(learning_is_on_the_engines_clock_since_the_rule_was_loaded),
        cmocka_unit_test(a_rule_that_learns_says_until_when),
        cmocka_unit_test(without_learning_the_first_value_fires),
        cmocka_unit_test(a_value_stays_known_after_its_episode),
        cmocka_unit_test(a_known_value_is_new_again_30_days_after_its_last_sight),
        cmocka_unit_test(a_value_that_was_told_of_is_forgotten_too),
        cmocka_unit_test(a_value_stays_known_when_its_signal_is_cleared),
        cmocka_unit_test(a_clear_puts_off_no_forgetting),
        cmocka_unit_test(to_be_forgotten_ends_what_fires),
        cmocka_unit_test(the_value_is_the_last_of_the_key),
        cmocka_unit_test(a_match_without_the_value_has_no_key_and_is_none),
        cmocka_unit_test(the_value_joins_every_key_of_the_rule_once),
        cmocka_unit_test(what_is_left_out_is_a_week_a_month_and_10000_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
