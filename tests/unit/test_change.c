#include "fold_story.h"

#define ANY                                                                                        \
    "{id: a, on: deploy, key: [repo], where: {state: {exists: true}}, when: {change: data.v}}"
#define EDGE "{id: a, on: ci.run, key: [repo], when: {change: state, from: ok, to: failing}}"

static void version_at(struct story *story, int64_t at_ms, const char *version)
{
    char fields[96];

    (void)snprintf(fields, sizeof(fields), "'kind':'deploy','state':'ok','data':{'v':'%s'}",
                   version);
    event_at(story, at_ms, fields);
}

static void is_at(struct story *story, int64_t at_ms, const char *run_state)
{
    char fields[64];

    (void)snprintf(fields, sizeof(fields), "'state':'%s'", run_state);
    event_at(story, at_ms, fields);
}

static void a_first_sight_is_a_change_and_the_same_again_is_none(void **state)
{
    struct story *story = story_of(ANY);

    (void)state;
    version_at(story, 0, "1");
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 1);
    version_at(story, MINUTE_MS, "1");
    assert_int_equal(story->signal.count, 2); /* one more match of what fires */
    time_passes_to(story, 2 * HOUR_MS);
    version_at(story, 3 * HOUR_MS, "1");
    assert_told(story, "firing@0 resolved@3660000 ");
    story_end(story);
}

static void the_last_value_outlives_the_episode_and_its_quiet(void **state)
{
    struct story *story = story_of(ANY);

    (void)state;
    version_at(story, 0, "1");
    version_at(story, 1, "2"); /* while it fires: seen, and one episode */
    time_passes_to(story, 30 * DAY_MS);
    version_at(story, 30 * DAY_MS, "2");
    assert_became(story, NOTHING);
    version_at(story, 30 * DAY_MS + 1, "1");
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.episode, 2);
    assert_int_equal(story->signal.count, 1);
    assert_int_equal(story->signal.first_seen_ms, START_MS + 30 * DAY_MS + 1);
    story_end(story);
}

static void from_asks_for_the_value_before_and_a_first_sight_has_none(void **state)
{
    struct story *story = story_of(EDGE);

    (void)state;
    is_at(story, 0, "failing");
    assert_became(story, NOTHING);
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    is_at(story, 1, "failing");
    is_at(story, 2, "ok"); /* a change, not the one asked for */
    assert_told(story, "");
    is_at(story, 3, "failing");
    assert_told(story, "firing@3 ");
    story_end(story);
}

static void to_asks_for_the_value_after_and_a_first_sight_may_be_it(void **state)
{
    struct story *first = story_of(
        "{id: a, on: deploy, key: [repo], where: {state: ok}, when: {change: data.v, to: [2, 3]}}");
    struct story *other = story_of(
        "{id: a, on: deploy, key: [repo], where: {state: ok}, when: {change: data.v, to: [2, 3]}}");

    (void)state;
    version_at(first, 0, "3");
    assert_became(first, SIGNAL_FIRING);
    version_at(other, 0, "1");
    assert_became(other, NOTHING);
    version_at(other, 1, "4");
    assert_became(other, NOTHING);
    version_at(other, 2, "2");
    assert_became(other, SIGNAL_FIRING);
    story_end(first);
    story_end(other);
}

static void from_may_be_a_list_and_equal_values_are_never_a_change(void **state)
{
    struct story *story = story_of("{id: a, on: deploy, key: [repo], where: {state: ok}, when: "
                                   "{change: data.v, from: [1, 2], to: [1, 2]}}");

    (void)state;
    version_at(story, 0, "1");
    version_at(story, 1, "1");
    version_at(story, 2, "9");
    version_at(story, 3, "2");
    assert_told(story, "");
    version_at(story, 4, "1");
    assert_told(story, "firing@4 ");
    story_end(story);
}

static void number_at(struct story *story, int64_t at_ms, const char *number)
{
    char fields[96];

    (void)snprintf(fields, sizeof(fields), "'kind':'deploy','state':'ok','data':{'v':%s}", number);
    event_at(story, at_ms, fields);
}

static void a_number_that_is_written_otherwise_is_no_change(void **state)
{
    struct story *any = story_of(ANY);
    struct story *edge = story_of(
        "{id: a, on: deploy, key: [repo], where: {state: ok}, when: {change: data.v, from: "
        "[2.0, 1.50], to: [1e1]}}");

    (void)state;
    number_at(any, 0, "42");
    time_passes_to(any, 2 * HOUR_MS);
    number_at(any, 3 * HOUR_MS, "42.0");
    number_at(any, 3 * HOUR_MS + 1, "4.2e1");
    assert_told(any, "firing@0 resolved@3600000 ");
    number_at(any, 3 * HOUR_MS + 2, "42.5");
    assert_became(any, SIGNAL_FIRING);
    number_at(edge, 0, "1.6");
    number_at(edge, 1, "10");
    assert_told(edge, "");
    number_at(edge, 2, "1.50");
    number_at(edge, 3, "10.0");
    assert_told(edge, "firing@3 ");
    story_end(any);
    story_end(edge);
}

static void a_match_without_the_value_is_passed_over(void **state)
{
    struct story *story = story_of(ANY);

    (void)state;
    event_at(story, 0, "'kind':'deploy','state':'ok'");
    assert_became(story, NOTHING);
    assert_true(story->fold.forget);
    version_at(story, 1, "1");
    event_at(story, 2, "'kind':'deploy','state':'ok'");
    event_at(story, 3, "'kind':'deploy','state':'ok','data':{'v':null}");
    assert_int_equal(story->signal.count, 1);
    time_passes_to(story, 2 * HOUR_MS);
    event_at(story, 2 * HOUR_MS, "'kind':'deploy','state':'ok'");
    version_at(story, 2 * HOUR_MS + 1, "1");
    assert_told(story, "firing@1 resolved@3600003 ");
    story_end(story);
}

static void info_says_nothing_about_state(void **state)
{
    struct story *story = story_of(EDGE);

    (void)state;
    is_at(story, 0, "ok");
    is_at(story, 1, "info");
    is_at(story, 2, "failing");
    assert_told(story, "firing@2 ");
    is_at(story, 3, "info");
    assert_int_equal(story->signal.count, 1);
    story_end(story);
}

static void info_is_a_value_of_any_other_field(void **state)
{
    struct story *story = story_of(ANY);

    (void)state;
    version_at(story, 0, "info");
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

/* Event time says which value is the last one. */
static void what_is_older_than_the_newest_value_changes_nothing(void **state)
{
    struct story *story = story_of(EDGE);

    (void)state;
    is_at(story, MINUTE_MS, "failing");
    is_at(story, MINUTE_MS - 1, "ok");
    assert_became(story, NOTHING);
    is_at(story, MINUTE_MS + 1, "failing"); /* not from ok */
    assert_became(story, NOTHING);
    is_at(story, MINUTE_MS + 1, "ok"); /* of two of one time the later one to come is the newer */
    is_at(story, MINUTE_MS + 1, "failing");
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

static void the_value_of_an_event_that_clears_is_seen(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], where: {state: failing}, "
                                   "when: {change: state, from: ok}, clear: {where: {state: ok}}}");

    (void)state;
    is_at(story, 0, "failing");
    is_at(story, 1, "ok");
    is_at(story, 2, "failing");
    is_at(story, 3, "ok");
    is_at(story, 4, "ok");
    is_at(story, 5, "failing");
    assert_told(story, "firing@2 resolved@3 firing@5 ");
    story_end(story);
}

static void the_first_event_of_a_key_may_be_one_that_clears(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], where: {state: failing}, "
                                   "when: {change: state, from: ok}, clear: {where: {state: ok}}}");

    (void)state;
    is_at(story, 0, "ok");
    assert_became(story, NOTHING);
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    is_at(story, DAY_MS, "failing");
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

/* The second one moves the key's own time on to where the clear would be too old to be known, at the very moment at which the third is received. */
static void what_a_match_without_the_value_makes_late_stays_late(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], lateness: 1h, "
                                   "when: {change: data.v}, clear: {where: {state: ok}}}");
    const char *failing = "'state':'failing','data':{'v':'1'}";

    (void)state;
    story->now_ms = START_MS + HOUR_MS;
    event_at(story, 0, "'state':'ok'");
    story->now_ms = START_MS + HOUR_MS + 30 * MINUTE_MS;
    event_at(story, HOUR_MS, "'state':'failing'");
    event_at(story, -1, failing);
    assert_told(story, "");
    story->now_ms += HOUR_MS; /* from its receipt on */
    event_at(story, -1, failing);
    assert_told(story, "firing@9000000 ");
    story_end(story);
}

static void foreign_memory_is_no_last_value(void **state)
{
    struct story *story = story_of(ANY);

    (void)state;
    version_at(story, 0, "1");
    time_passes_to(story, 2 * HOUR_MS);
    story->signal.window = SLICE("short");
    version_at(story, 2 * HOUR_MS, "1");
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_sight_is_a_change_and_the_same_again_is_none),
        cmocka_unit_test(the_last_value_outlives_the_episode_and_its_quiet),
        cmocka_unit_test(from_asks_for_the_value_before_and_a_first_sight_has_none),
        cmocka_unit_test(to_asks_for_the_value_after_and_a_first_sight_may_be_it),
        cmocka_unit_test(from_may_be_a_list_and_equal_values_are_never_a_change),
        cmocka_unit_test(a_number_that_is_written_otherwise_is_no_change),
        cmocka_unit_test(a_match_without_the_value_is_passed_over),
        cmocka_unit_test(info_says_nothing_about_state),
        cmocka_unit_test(info_is_a_value_of_any_other_field),
        cmocka_unit_test(what_is_older_than_the_newest_value_changes_nothing),
        cmocka_unit_test(the_value_of_an_event_that_clears_is_seen),
        cmocka_unit_test(the_first_event_of_a_key_may_be_one_that_clears),
        cmocka_unit_test(what_a_match_without_the_value_makes_late_stays_late),
        cmocka_unit_test(foreign_memory_is_no_last_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
