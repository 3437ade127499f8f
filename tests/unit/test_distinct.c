#include "fold_story.h"

#include "rules/conditions/window.h"

#define THREE                                                                                      \
    "{id: a, on: log, key: [repo], when: {distinct: data.ip, count: 3, within: 5m}, clear: "       \
    "{where: {state: ok}}}"

static void seen_at(struct story *story, int64_t at_ms, const char *ip)
{
    char fields[64];

    (void)snprintf(fields, sizeof(fields), "'kind':'log','data':{'ip':'%s'}", ip);
    event_at(story, at_ms, fields);
}

static void the_third_different_value_fires_and_repeats_do_not(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    seen_at(story, 0, "a");
    assert_became(story, SIGNAL_PENDING);
    for (int i = 1; i <= 4; i++)
        seen_at(story, i, i % 2 ? "b" : "a");
    assert_became(story, NOTHING);
    assert_int_equal(story->signal.count, 5); /* matches, not values */
    seen_at(story, 5, "c");
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 6);
    assert_int_equal(story->signal.first_seen_ms, START_MS);
    seen_at(story, 6, "c");
    assert_int_equal(story->signal.count, 7);
    story_end(story);
}

static void ways_to_write_a_number_are_one_value(void **state)
{
    static const char *const numbers[] = { "1", "1.0", "10e-1", "2" };
    struct story *story = story_of(THREE);
    char fields[64];

    (void)state;
    for (int i = 0; i < 4; i++) {
        (void)snprintf(fields, sizeof(fields), "'kind':'log','data':{'ip':%s}", numbers[i]);
        event_at(story, i, fields);
    }
    assert_told(story, "pending@0 ");
    seen_at(story, 4, "1.0"); /* text is as it is written */
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

static void one_value_is_enough_where_one_is_asked_for(void **state)
{
    struct story *story =
        story_of("{id: a, on: log, key: [repo], when: {distinct: data.ip, count: 1, within: 5m}}");

    (void)state;
    seen_at(story, 0, "a");
    assert_became(story, SIGNAL_FIRING);
    assert_told(story, "firing@0 ");
    story_end(story);
}

static void a_value_counts_to_the_last_millisecond_of_the_window(void **state)
{
    struct story *in = story_of(THREE);
    struct story *out = story_of(THREE);

    (void)state;
    seen_at(in, 0, "a");
    seen_at(in, 1, "b");
    seen_at(in, 5 * MINUTE_MS - 1, "c");
    assert_became(in, SIGNAL_FIRING);
    seen_at(out, 0, "a");
    seen_at(out, 1, "b");
    seen_at(out, 5 * MINUTE_MS, "c"); /* exactly the window older: a is out */
    assert_became(out, NOTHING);
    assert_int_equal(out->signal.count, 2);
    assert_int_equal(out->signal.first_seen_ms, START_MS + 1);
    story_end(in);
    story_end(out);
}

static void a_value_seen_again_stays_from_its_last_sight_on(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    seen_at(story, 0, "a");
    seen_at(story, 1, "b");
    seen_at(story, 2 * MINUTE_MS, "a");
    seen_at(story, MINUTE_MS, "a"); /* an older sight that comes late takes nothing back */
    seen_at(story, 5 * MINUTE_MS, "c");
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 5 - 1); /* the first a has left */
    assert_int_equal(story->signal.first_seen_ms, START_MS + 1);
    story_end(story);
}

static void values_that_come_late_count_where_they_belong(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    seen_at(story, 10 * MINUTE_MS, "c");
    seen_at(story, 5 * MINUTE_MS, "a"); /* exactly the window older */
    assert_true(story->fold.is_late);
    seen_at(story, 5 * MINUTE_MS + 1, "b");
    assert_became(story, NOTHING);
    assert_int_equal(story->signal.first_seen_ms, START_MS + 5 * MINUTE_MS + 1);
    seen_at(story, 10 * MINUTE_MS, "d"); /* of the same time as the newest */
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 3);
    story_end(story);
}

static void a_match_without_the_value_does_not_count(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    event_at(story, 0, "'kind':'log'");
    assert_became(story, NOTHING);
    assert_true(story->fold.forget);
    seen_at(story, 1, "a");
    event_at(story, 2, "'kind':'log','data':{'ip':null}");
    event_at(story, 3, "'kind':'log'");
    assert_int_equal(story->signal.count, 1);
    seen_at(story, 4, ""); /* empty is a value */
    seen_at(story, 5, "c");
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 3);
    event_at(story, 6, "'kind':'log'");
    assert_int_equal(story->signal.count, 3);
    story_end(story);
}

static void a_match_without_the_value_lets_the_window_pass(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    seen_at(story, 0, "a");
    story->now_ms = START_MS + 1; /* the engine has not come so far */
    event_at(story, 5 * MINUTE_MS, "'kind':'log'");
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    assert_int_equal(story->signal.count, 0);
    story_end(story);
}

static void what_clears_empties_the_window(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    seen_at(story, 0, "a");
    seen_at(story, 1, "b");
    event_at(story, 2, "'kind':'log','state':'ok'");
    seen_at(story, 3, "c");
    assert_became(story, SIGNAL_PENDING);
    assert_int_equal(story->signal.count, 1);
    seen_at(story, 4, "a");
    seen_at(story, 5, "b");
    assert_became(story, SIGNAL_FIRING);
    event_at(story, 6, "'kind':'log','state':'ok'");
    assert_became(story, SIGNAL_RESOLVED);
    seen_at(story, 7, "d");
    assert_became(story, SIGNAL_PENDING);
    story_end(story);
}

static void what_fires_ends_when_it_is_quiet_for_the_window_at_least_an_hour(void **state)
{
    struct story *story =
        story_of("{id: a, on: log, key: [repo], when: {distinct: data.ip, count: 2, within: 5m}}");

    (void)state;
    seen_at(story, 0, "a");
    seen_at(story, 1, "b");
    time_passes_to(story, HOUR_MS);
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    time_passes_to(story, HOUR_MS + 1);
    assert_told(story, "pending@0 firing@1 resolved@3600001 ");
    story_end(story);
}

/* Many matches of few values: no value is lost, however coarse the matches become. */
static void values_are_exact_however_many_matches_there_are(void **state)
{
    struct ruleset *set =
        rules_of("rules: [{id: a, on: log, when: {distinct: host, count: 3, within: 1h}}]");
    const struct rule *rule = &set->rules[0];
    struct buffer memory;
    struct told told = told_of("{'kind':'log','host':'c'}");
    struct condition_input input = { .newest_ms = 10005, .time_ms = 10005, .event = &told.event };
    struct condition_result result = { 0 };

    (void)state;
    buffer_init(&memory, 0);
    buffer_add_u32(&memory, 2); /* two values, the first seen only in the beginning */
    for (uint64_t i = 0; i < 2; i++) {
        buffer_add_u64(&memory, i * 9999);
        buffer_add_u64(&memory, i);
    }
    buffer_add_u32(&memory, WINDOW_ENTRIES_MAX);
    for (uint64_t i = 0; i < WINDOW_ENTRIES_MAX; i++) {
        buffer_add_u64(&memory, i);
        buffer_add_u64(&memory, 1);
    }
    assert_int_equal(rule->condition->fold(rule->condition_spec, &input, buffer_slice(&memory),
                                           told.arena, &result),
                     RC_OK);
    assert_int_equal(result.verdict, CONDITION_HOLDS);
    assert_int_equal(result.count, WINDOW_ENTRIES_MAX + 1);
    assert_true(result.is_coarse);
    assert_true(result.state.len < memory.len);
    buffer_free(&memory);
    told_free(&told);
    ruleset_free(set);
}

static void foreign_memory_is_an_empty_window(void **state)
{
    struct story *story = story_of(THREE);

    (void)state;
    seen_at(story, 0, "a");
    story->signal.window = SLICE("\x02short");
    seen_at(story, 1, "b");
    assert_int_equal(story->signal.count, 1);
    story_end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_third_different_value_fires_and_repeats_do_not),
        cmocka_unit_test(ways_to_write_a_number_are_one_value),
        cmocka_unit_test(one_value_is_enough_where_one_is_asked_for),
        cmocka_unit_test(a_value_counts_to_the_last_millisecond_of_the_window),
        cmocka_unit_test(a_value_seen_again_stays_from_its_last_sight_on),
        cmocka_unit_test(values_that_come_late_count_where_they_belong),
        cmocka_unit_test(a_match_without_the_value_does_not_count),
        cmocka_unit_test(a_match_without_the_value_lets_the_window_pass),
        cmocka_unit_test(what_clears_empties_the_window),
        cmocka_unit_test(what_fires_ends_when_it_is_quiet_for_the_window_at_least_an_hour),
        cmocka_unit_test(values_are_exact_however_many_matches_there_are),
        cmocka_unit_test(foreign_memory_is_an_empty_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
