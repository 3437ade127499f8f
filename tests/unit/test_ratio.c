#include "fold_story.h"

/* Half of at least 4 pushes in 10 seconds are to branch b. */
#define HALF                                                                                       \
    "{id: a, on: push, key: [repo], "                                                              \
    "when: {ratio: 50%, having: {where: {branch: b}}, within: 10s, at_least: 4}}"

#define OTHER "'kind':'push'"
#define HAVING "'kind':'push','branch':'b'"

static void events_at(struct story *story, int64_t at_ms, int n, const char *fields)
{
    for (int i = 0; i < n; i++)
        assert_int_equal(event_at(story, at_ms, fields), 1);
}

static void a_share_of_the_matches_makes_it_true(void **state)
{
    struct story *story = story_of(HALF);

    (void)state;
    events_at(story, 0, 3, OTHER);
    events_at(story, 1000, 2, HAVING);
    assert_told(story, "");
    events_at(story, 2000, 1, HAVING); /* 3 of 6: exactly half */
    assert_told(story, "firing@2000 ");
    assert_int_equal(story->signal.count, 6);
    assert_int_equal(story->signal.first_seen_ms, START_MS);
    story_end(story);
}

static void of_fewer_than_at_least_no_share_is_told(void **state)
{
    struct story *story = story_of(HALF);

    (void)state;
    events_at(story, 0, 3, HAVING);
    assert_told(story, "");
    events_at(story, 1, 1, OTHER); /* 3 of 4: any match may be the one */
    assert_told(story, "firing@1 ");
    story_end(story);
}

static void a_match_exactly_within_old_is_out(void **state)
{
    struct story *story = story_of(HALF);

    (void)state;
    events_at(story, 0, 1, HAVING);
    events_at(story, 9999, 2, HAVING);
    events_at(story, 10000, 1, HAVING);
    assert_told(story, "");
    events_at(story, 10000, 1, OTHER);
    assert_told(story, "firing@10000 ");
    story_end(story);
}

/* What leaves may make the share more; nobody is told before a match comes. */
static void it_comes_true_at_a_match_only(void **state)
{
    struct story *story = story_of(HALF);

    (void)state;
    events_at(story, 0, 6, OTHER);
    events_at(story, 5000, 4, HAVING);
    assert_told(story, "");
    time_passes_to(story, 12000);
    assert_told(story, "");
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    events_at(story, 12000, 1, OTHER);
    assert_told(story, "firing@12000 ");
    assert_int_equal(story->signal.count, 5);
    story_end(story);
}

static void it_ends_with_the_match_that_makes_it_less_than_half_of_it(void **state)
{
    struct story *story = story_of(HALF);

    (void)state;
    events_at(story, 0, 2, HAVING);
    events_at(story, 0, 2, OTHER);
    assert_told(story, "firing@0 ");
    events_at(story, 1000, 4, OTHER); /* 2 of 8: exactly a quarter */
    assert_told(story, "firing@0 ");
    assert_int_equal(story->signal.count, 8);
    events_at(story, 1001, 1, OTHER);
    assert_told(story, "firing@0 resolved@1001 ");
    assert_slice(story->signal.resolved_by, "condition");
    story_end(story);
}

static void it_ends_at_the_millisecond_at_which_matches_leave(void **state)
{
    struct story *story = story_of(HALF);

    (void)state;
    events_at(story, 0, 3, HAVING);
    events_at(story, 1000, 1, HAVING);
    events_at(story, 2000, 4, OTHER); /* 4 of 8 */
    assert_told(story, "firing@1000 ");
    time_passes_to(story, 10000); /* 1 of 5 is less than a quarter */
    assert_told(story, "firing@1000 resolved@10000 ");
    story_end(story);

    story = story_of(HALF);
    events_at(story, 0, 3, HAVING);
    events_at(story, 1000, 1, HAVING);
    events_at(story, 2000, 3, OTHER);
    time_passes_to(story, 10999); /* 1 of 4 is not */
    assert_told(story, "firing@1000 ");
    time_passes_to(story, 11000);
    assert_told(story, "firing@1000 resolved@11000 ");
    story_end(story);
}

static void no_match_at_all_ends_it(void **state)
{
    struct story *story = story_of(HALF);

    (void)state;
    events_at(story, 0, 4, HAVING);
    assert_told(story, "firing@0 ");
    events_at(story, 3000, 1, HAVING);
    time_passes_to(story, 12999);
    assert_told(story, "firing@0 ");
    time_passes_to(story, 13000);
    assert_told(story, "firing@0 resolved@13000 ");
    assert_slice(story->signal.resolved_by, "time");
    story_end(story);
}

static void what_comes_late_is_of_the_share_where_it_belongs(void **state)
{
    struct story *story = story_of(HALF);

    (void)state;
    story->now_ms = START_MS + 20000;
    events_at(story, 20000, 2, OTHER);
    events_at(story, 10000, 9, HAVING); /* exactly within old */
    events_at(story, 20000, 1, OTHER);
    assert_told(story, "");
    events_at(story, 10001, 2, HAVING);
    assert_told(story, "");
    events_at(story, 15000, 1, HAVING);
    assert_told(story, "firing@20000 ");
    assert_int_equal(story->signal.count, 6);
    assert_int_equal(story->signal.first_seen_ms, START_MS + 10001);
    story_end(story);
}

/* The filter asks something of the rule's own matches: it makes none. */
static void what_satisfies_only_the_filter_is_no_match(void **state)
{
    struct story *story =
        story_of("{id: a, on: push, where: {actor: jane}, key: [repo], "
                 "when: {ratio: 50%, having: {where: {branch: b}}, within: 10s, at_least: 2}}");

    (void)state;
    assert_int_equal(event_at(story, 0, HAVING), 0);
    assert_int_equal(event_at(story, 1, "'kind':'push','branch':'b','actor':'joe'"), 0);
    assert_int_equal(event_at(story, 2, "'kind':'push','branch':'b','actor':'jane'"), 1);
    assert_told(story, "");
    assert_int_equal(event_at(story, 3, "'kind':'push','actor':'jane'"), 1);
    assert_told(story, "firing@3 ");
    story_end(story);
}

static void the_share_of_what_fails_looks_at_all_runs(void **state)
{
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo], "
                 "when: {ratio: 25%, having: {where: {state: failing}}, within: 1h, at_least: 4}}");

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(event_at(story, i * 1000, "'state':'ok'"), 1);
    assert_told(story, "");
    assert_int_equal(event_at(story, 3000, "'state':'failing'"), 1);
    assert_told(story, "firing@3000 ");
    story_end(story);
}

static void too_few_matches_are_said_to_be(void **state)
{
    struct story *story = story_of(HALF);
    const struct condition *condition = story_rule(story)->condition;
    struct condition_input input = { .now_ms = START_MS,
                                     .newest_ms = START_MS,
                                     .key_now_ms = START_MS };
    int64_t from_ms = 1;

    (void)state;
    events_at(story, 0, 3, OTHER);
    assert_string_equal(condition->judges_from(story_rule(story)->condition_spec, &input,
                                               story->signal.window, &from_ms),
                        "too few matches");
    assert_int_equal(from_ms, 0);
    events_at(story, 0, 1, OTHER);
    assert_null(condition->judges_from(story_rule(story)->condition_spec, &input,
                                       story->signal.window, &from_ms));
    story_end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_share_of_the_matches_makes_it_true),
        cmocka_unit_test(of_fewer_than_at_least_no_share_is_told),
        cmocka_unit_test(a_match_exactly_within_old_is_out),
        cmocka_unit_test(it_comes_true_at_a_match_only),
        cmocka_unit_test(it_ends_with_the_match_that_makes_it_less_than_half_of_it),
        cmocka_unit_test(it_ends_at_the_millisecond_at_which_matches_leave),
        cmocka_unit_test(no_match_at_all_ends_it),
        cmocka_unit_test(what_comes_late_is_of_the_share_where_it_belongs),
        cmocka_unit_test(what_satisfies_only_the_filter_is_no_match),
        cmocka_unit_test(the_share_of_what_fails_looks_at_all_runs),
        cmocka_unit_test(too_few_matches_are_said_to_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
