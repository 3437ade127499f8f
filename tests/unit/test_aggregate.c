#include "fold_story.h"

#define RULE(when) "{id: a, on: push, key: [repo], when: {" when "}}"

/* A push that took this. */
static void push_at(struct story *story, int64_t at_ms, const char *duration)
{
    char fields[128];

    (void)snprintf(fields, sizeof(fields), "'kind':'push','data':{'took':'%s'}", duration);
    assert_int_equal(event_at(story, at_ms, fields), 1);
}

/* One push each millisecond from `at_ms` on, as long as the numbers say. */
static void pushes_at(struct story *story, int64_t at_ms, const char *durations)
{
    char text[256];
    char *place = NULL;

    (void)snprintf(text, sizeof(text), "%s", durations);
    for (char *one = strtok_r(text, " ", &place); one; one = strtok_r(NULL, " ", &place))
        push_at(story, at_ms++, one);
}

/* -- when each comes true -- */

/* Of the values so far nothing is told; with one more it fires, and not with another. */
static const struct {
    const char *rule, *values, *not_yet, *makes_it_true;
} edges[] = {
    { RULE("sum: data.took, above: 10, within: 10s"), "1 2 3", "4", "4.000001" },
    { RULE("sum: data.took, above: 10, within: 10s"), "20e-1 8", "-1", "0.5" },
    { RULE("sum: data.took, above: 0.3, within: 10s"), "0.1", "0.2", "0.200001" },
    { RULE("avg: data.took, above: 10, within: 10s"), "9 10", "11", "12" },
    { RULE("avg: data.took, above: 5m, within: 10s"), "4m59s", "301s", "5m1s1ms" },
    { RULE("avg: data.took, below: 10, within: 10s"), "11 10", "9", "8" },
    { RULE("max: data.took, above: 10, within: 10s"), "1 10", "10", "10.000001" },
    { RULE("max: data.took, below: 10, within: 10s, at_least: 3"), "1 2", "10", "9.999999" },
    { RULE("min: data.took, above: 10, within: 10s, at_least: 3"), "11 12", "10", "10.000001" },
    { RULE("min: data.took, below: 10, within: 10s"), "10 11", "10", "9.999999" },
    { RULE("max: data.took, above: 64KB, within: 10s"), "64KB 65536", "65536", "65537" },
    /* nearest rank: of 20 the 19th, of 21 the 20th */
    { RULE("p95: data.took, above: 10, within: 10s, at_least: 20"),
      "1 2 3 4 5 6 7 8 9 10 1 2 3 4 5 6 7 8 11", "10", "11" },
    { RULE("p95: data.took, above: 10, within: 10s, at_least: 20"),
      "1 2 3 4 5 6 7 8 9 10 1 2 3 4 5 6 7 8", "11", "11 11" },
    { RULE("p95: data.took, below: 10, within: 10s, at_least: 20"),
      "1 2 3 4 5 6 7 8 9 9 1 2 3 4 5 6 7 8 10", "10", "9" },
    { RULE("p95: data.took, above: 10, within: 10s, at_least: 19"),
      "1 2 3 4 5 6 7 8 9 10 1 2 3 4 5 6 7 8", "10", "11" }, /* of 19 the last */
    { RULE("p95: data.took, above: 10, within: 10s"), "10", "9", "11" },
    /* at_least */
    { RULE("avg: data.took, above: 10, within: 10s, at_least: 4"), "20 20", "20", "20 20" },
};

static void an_aggregate_is_true_beyond_its_bound_and_not_at_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
        struct story *one = story_of(edges[i].rule);
        struct story *other = story_of(edges[i].rule);

        pushes_at(one, 0, edges[i].values);
        pushes_at(one, 1000, edges[i].not_yet);
        pushes_at(other, 0, edges[i].values);
        assert_string_equal(other->transitions, "");
        pushes_at(other, 1000, edges[i].makes_it_true);
        if (*one->transitions || strncmp(other->transitions, "firing@100", 10) != 0)
            print_message("case %zu: %s\n", i, edges[i].rule);
        assert_told(one, "");
        assert_int_equal(strncmp(other->transitions, "firing@100", 10), 0);
        story_end(one);
        story_end(other);
    }
}

static void values_exactly_within_old_are_out(void **state)
{
    struct story *story = story_of(RULE("sum: data.took, above: 10, within: 10s"));

    (void)state;
    push_at(story, 0, "10");
    push_at(story, 10000, "1");
    assert_told(story, "");
    story_end(story);

    story = story_of(RULE("sum: data.took, above: 10, within: 10s"));
    push_at(story, 0, "10");
    push_at(story, 9999, "1");
    assert_told(story, "firing@9999 ");
    assert_int_equal(story->signal.count, 2);
    assert_int_equal(story->signal.first_seen_ms, START_MS);
    story_end(story);
}

static void what_comes_late_counts_where_it_belongs(void **state)
{
    struct story *story = story_of(RULE("max: data.took, above: 10, within: 10s"));

    (void)state;
    story->now_ms = START_MS + 20000;
    push_at(story, 20000, "1");
    push_at(story, 10000, "11");
    assert_told(story, "");
    push_at(story, 10001, "11");
    assert_told(story, "firing@20000 ");
    story_end(story);
}

/* -- what does not count -- */

static void a_value_that_is_absent_or_no_quantity_does_not_count(void **state)
{
    struct story *story = story_of(RULE("avg: data.took, above: 10, within: 10s, at_least: 2"));

    (void)state;
    (void)event_at(story, 0, "'kind':'push'");
    assert_int_equal(story->signal.window.len, 0);
    push_at(story, 1, "20");
    push_at(story, 2, "fast");
    push_at(story, 3, "90s");
    (void)event_at(story, 4, "'kind':'push'");
    assert_told(story, "");
    push_at(story, 5, "1");
    assert_told(story, "firing@5 ");
    assert_int_equal(story->signal.count, 2);
    (void)event_at(story, 6, "'kind':'push'");
    assert_int_equal(story->signal.count, 2);
    push_at(story, 7, "20");
    assert_int_equal(story->signal.count, 3);
    story_end(story);
}

/* Nobody says anything when what leaves makes the average more. */
static void it_comes_true_at_a_value_only(void **state)
{
    struct story *story = story_of(RULE("avg: data.took, above: 10, within: 10s"));

    (void)state;
    push_at(story, 0, "1");
    push_at(story, 5000, "12");
    time_passes_to(story, 12000);
    assert_told(story, "");
    (void)event_at(story, 12000, "'kind':'push'");
    assert_told(story, "");
    push_at(story, 12001, "12");
    assert_told(story, "firing@12001 ");
    story_end(story);
}

/* -- its end -- */

static void it_ends_below_the_bound_and_not_at_it(void **state)
{
    struct story *story = story_of(RULE("avg: data.took, above: 10, within: 10s"));

    (void)state;
    push_at(story, 0, "12");
    push_at(story, 1000, "8");
    assert_told(story, "firing@0 ");
    push_at(story, 2000, "9.999999");
    assert_told(story, "firing@0 resolved@2000 ");
    assert_slice(story->signal.resolved_by, "condition");
    story_end(story);
}

static void clear_below_is_a_bound_of_its_own(void **state)
{
    struct story *story = story_of(RULE("avg: data.took, above: 10, clear_below: 5, within: 10s"));

    (void)state;
    push_at(story, 0, "11");
    push_at(story, 1000, "0"); /* 5.5 */
    push_at(story, 2000, "4"); /* 5 */
    assert_told(story, "firing@0 ");
    push_at(story, 3000, "4.999999");
    assert_told(story, "firing@0 resolved@3000 ");
    story_end(story);
}

static void clear_above_ends_what_is_below(void **state)
{
    struct story *story = story_of(RULE("max: data.took, below: 10, clear_above: 20, within: 10s"));

    (void)state;
    push_at(story, 0, "9");
    push_at(story, 1000, "20");
    assert_told(story, "firing@0 ");
    push_at(story, 2000, "20.5");
    assert_told(story, "firing@0 resolved@2000 ");
    story_end(story);
}

/* The rule, its values a second apart, and when it ends by time. */
static void it_ends_at_the_millisecond_at_which_values_leave(void **state)
{
    static const struct {
        const char *rule;
        const char *values[5];
        const char *told;
    } cases[] = {
        { RULE("avg: data.took, above: 10, within: 10s"),
          { "30", "9", "10" },
          "firing@0 resolved@10000 " },
        { RULE("avg: data.took, above: 10, within: 10s"),
          { "30", "10", "10" },
          "firing@0 resolved@12000 " },
        { RULE("sum: data.took, above: 10, within: 10s"),
          { "11", "5", "5" },
          "firing@0 resolved@11000 " },
        { RULE("max: data.took, above: 10, within: 10s"),
          { "11", "12", "5" },
          "firing@0 resolved@11000 " },
        { RULE("min: data.took, above: 10, within: 10s"),
          { "11", "12" },
          "firing@0 resolved@11000 " },
        { RULE("min: data.took, below: 10, within: 10s"),
          { "9", "9", "11" },
          "firing@0 resolved@11000 " },
        { RULE("max: data.took, below: 10, within: 10s"),
          { "9", "8" },
          "firing@0 resolved@11000 " },
        { RULE("p95: data.took, above: 10, within: 10s"),
          { "11", "9", "9" },
          "firing@0 resolved@10000 " },
        { RULE("avg: data.took, below: 10, within: 10s"),
          { "1", "11", "9" },
          "firing@0 resolved@12000 " },
        { RULE("sum: data.took, above: 10, within: 10s"),
          { "11", "-5", "9" },
          "firing@0 resolved@1000 firing@2000 resolved@10000 " },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct story *story = story_of(cases[i].rule);

        for (int j = 0; cases[i].values[j]; j++)
            push_at(story, j * 1000, cases[i].values[j]);
        time_passes_to(story, HOUR_MS / 2);
        if (strcmp(story->transitions, cases[i].told) != 0)
            print_message("case %zu: %s\n", i, cases[i].rule);
        assert_told(story, cases[i].told);
        story_end(story);
    }
}

/* -- sum below -- */

#define TOO_LITTLE RULE("sum: data.took, below: 10, within: 10s")

static void too_small_a_sum_comes_true_by_time_once_its_key_is_known(void **state)
{
    struct story *story = story_of(TOO_LITTLE);

    (void)state;
    push_at(story, 0, "3");
    push_at(story, 1000, "7");
    time_passes_to(story, 9999);
    assert_told(story, "");
    time_passes_to(story, 10000);
    assert_told(story, "firing@10000 ");
    assert_int_equal(story->signal.count, 1);
    time_passes_to(story, DAY_MS); /* no value at all is a sum of 0 */
    assert_told(story, "firing@10000 ");
    push_at(story, DAY_MS, "10");
    assert_told(story, "firing@10000 "); /* the bound itself is neither */
    push_at(story, DAY_MS, "0.5");
    assert_told(story, "firing@10000 resolved@86400000 ");
    time_passes_to(story, DAY_MS + 10000);
    assert_told(story, "firing@10000 resolved@86400000 firing@86410000 ");
    story_end(story);
}

static void a_sum_of_the_bound_is_not_too_small(void **state)
{
    struct story *story = story_of(TOO_LITTLE);

    (void)state;
    for (int i = 0; i <= 30; i++)
        push_at(story, i * 999, "1"); /* 10 or 11 of them in each window */
    assert_told(story, "");
    time_passes_to(story, 30978);
    assert_told(story, "");
    time_passes_to(story, 30979); /* the 22nd has left */
    assert_told(story, "firing@30979 ");
    story_end(story);
}

static void silence_is_what_too_small_a_sum_is_about(void **state)
{
    struct story *little =
        story_of("{id: a, on: ci.run, when: {sum: data.took, below: 10, within: 3h}}");
    struct story *much =
        story_of("{id: a, on: push, when: {sum: data.took, above: 10, within: 3h}}");
    struct condition_input input = { .now_ms = START_MS + 5,
                                     .newest_ms = START_MS,
                                     .key_now_ms = START_MS };
    int64_t from_ms;

    (void)state;
    assert_int_equal(story_rule(little)->clear.kind, CLEAR_NEVER);
    assert_int_equal(story_rule(much)->clear.kind, CLEAR_BY_QUIET);
    assert_int_equal(story_rule(much)->clear.quiet_ms, 3 * HOUR_MS);
    (void)event_at(little, 0, "'data':{'took':'3'},'subject':'s'");
    assert_string_equal(
        story_rule(little)->condition->judges_from(story_rule(little)->condition_spec, &input,
                                                   little->signal.window, &from_ms),
        "warming up");
    assert_int_equal(from_ms, START_MS + 3 * HOUR_MS + 5);
    story_end(little);
    story_end(much);
}

/* -- against the time before -- */

/* Known for long enough at 70 s; the time before is then 0 to 60 s. */
static void an_average_twice_that_of_the_time_before(void **state)
{
    struct story *story = story_of(RULE("avg: data.took, above: 2x, within: 10s, against: 1m"));

    (void)state;
    push_at(story, 0, "90s");
    push_at(story, 20000, "1s");
    push_at(story, 30000, "3s");
    push_at(story, 69999, "50s");
    assert_told(story, ""); /* warming up */
    push_at(story, 79000, "4s");
    assert_told(story, "firing@79000 "); /* 27 s, where 2 were usual */
    time_passes_to(story, 79998);
    assert_told(story, "firing@79000 ");
    time_passes_to(story,
                   79999); /* the 50 have left: 4 s are twice 2, but now 18 and a third are usual */
    assert_told(story, "firing@79000 resolved@79999 ");
    story_end(story);
}

static void exactly_twice_is_not_above_it(void **state)
{
    static const struct {
        const char *rule;
        const char *last;
        const char *told;
    } cases[] = {
        { RULE("avg: data.took, above: 2x, within: 10s, against: 1m"), "12", "" },
        { RULE("avg: data.took, above: 2x, within: 10s, against: 1m"), "12.000001",
          "firing@75000 " },
        { RULE("avg: data.took, below: 0.5x, within: 10s, against: 1m"), "3", "" },
        { RULE("avg: data.took, below: 0.5x, within: 10s, against: 1m"), "2.999999",
          "firing@75000 " },
        { RULE("max: data.took, above: 1.5x, within: 10s, against: 1m"), "15", "" },
        { RULE("max: data.took, above: 1.5x, within: 10s, against: 1m"), "15.000001",
          "firing@75000 " },
        { RULE("min: data.took, below: 0.5x, within: 10s, against: 1m"), "1", "" },
        { RULE("min: data.took, below: 0.5x, within: 10s, against: 1m"), "0.999999",
          "firing@75000 " },
        { RULE("p95: data.took, above: 2x, within: 10s, against: 1m"), "20", "" },
        { RULE("p95: data.took, above: 2x, within: 10s, against: 1m"), "20.000001",
          "firing@75000 " },
        /* 18 in a minute are 3 in 10 s */
        { RULE("sum: data.took, above: 2x, within: 10s, against: 1m"), "6", "" },
        { RULE("sum: data.took, above: 2x, within: 10s, against: 1m"), "6.000001",
          "firing@75000 " },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct story *story = story_of(cases[i].rule);

        push_at(story, 1000, "1"); /* has left by then */
        push_at(story, 20000, "2");
        push_at(story, 21000, "6");
        push_at(story, 22000, "10");
        push_at(story, 75000, cases[i].last);
        if (strcmp(story->transitions, cases[i].told) != 0)
            print_message("case %zu: %s\n", i, cases[i].rule);
        assert_told(story, cases[i].told);
        story_end(story);
    }
}

static void without_a_value_before_nothing_is_judged(void **state)
{
    struct story *story = story_of(RULE("max: data.took, above: 2x, within: 10s, against: 1m"));

    (void)state;
    push_at(story, 0, "1");
    push_at(story, 70000, "100"); /* the only one before has just left */
    assert_told(story, "");
    push_at(story, 80000, "201"); /* now there is one */
    assert_told(story, "firing@80000 ");
    story_end(story);
}

static void a_factor_of_what_is_less_than_nothing_is_no_bound(void **state)
{
    struct story *story = story_of(RULE("min: data.took, below: 0.5x, within: 10s, against: 1m"));

    (void)state;
    push_at(story, 0, "1");
    push_at(story, 30000, "-4");
    push_at(story, 75000, "-3");
    assert_told(story, "");
    story_end(story);
}

/* Of extremes and ranks each instant is asked for. */
static void an_extreme_ends_when_the_time_before_has_caught_up(void **state)
{
    struct story *story =
        story_of(RULE("max: data.took, above: 2x, clear_below: 1.5x, within: 10s, against: 1m"));

    (void)state;
    push_at(story, 0, "1");
    push_at(story, 50000, "10");
    push_at(story, 75000, "21");
    push_at(story, 76000, "16");
    assert_told(story, "firing@75000 ");
    time_passes_to(story, 84999);
    assert_told(story, "firing@75000 ");
    time_passes_to(story, 85000); /* 16 now, 21 before */
    assert_told(story, "firing@75000 resolved@85000 ");
    story_end(story);
}

/* p95 beside what sorting says, for values of either sign. */
static void the_rank_of_a_value_is_what_sorting_says(void **state)
{
    struct story *story = story_of(RULE("p95: data.took, above: 1x, within: 10s, against: 1m"));

    (void)state;
    push_at(story, 0, "1");
    pushes_at(story, 30000, "-5 -4 -3 -2 -1 0 1 2 3 4 5 6 7 8 9 10 11 12 300 400");
    push_at(story, 75000, "300"); /* the 19th of 20 */
    assert_told(story, "");
    pushes_at(story, 86000, "300.000001");
    assert_told(story, "firing@86000 ");
    story_end(story);
}

static void a_sum_that_falls_to_half_comes_true_by_time(void **state)
{
    struct story *story = story_of(RULE("sum: data.took, below: 0.5x, within: 10s, against: 1m"));

    (void)state;
    for (int64_t at_ms = 0; at_ms < 100000; at_ms += 1000)
        push_at(story, at_ms, "1");
    assert_told(story, "");
    time_passes_to(story, 104999); /* 5 of 60 a minute: exactly half */
    assert_told(story, "");
    time_passes_to(story, 105000);
    assert_told(story, "firing@105000 ");
    story_end(story);
}

static void a_clear_moves_the_time_of_the_key_on_and_what_waits_is_asked_again(void **state)
{
    struct story *story =
        story_of("{id: a, on: push, key: [repo], clear: {where: {state: ok}}, lateness: 5s, "
                 "when: {sum: data.took, below: 1s, within: 10s}}");

    (void)state;
    story->now_ms = START_MS + 4000;
    push_at(story, 0, "5s");
    assert_int_equal(story->signal.condition_due_ms, START_MS + 14000);
    story->now_ms = START_MS + 9500;
    (void)event_at(story, 9000, "'kind':'push','state':'ok'"); /* half a second on its way */
    time_passes_to(story, 10499);
    assert_told(story, "");
    time_passes_to(story, 10500);
    assert_told(story, "firing@10500 ");
    story_end(story);
}

static void h22_a_match_without_a_value_makes_no_clear_forgotten(void **state)
{
    struct story *story =
        story_of("{id: a, on: push, key: [repo], clear: {where: {state: ok}}, lateness: 5s, "
                 "when: {max: data.took, above: 1s, within: 10s}}");

    (void)state;
    push_at(story, 0, "1s");
    time_passes_to(story, 14000);
    (void)event_at(story, 14000, "'kind':'push','state':'ok'");
    (void)event_at(story, 16000, "'kind':'push'"); /* when the value of 0 s is forgotten */
    story->now_ms = START_MS + 19000 - 1;
    push_at(story, 13999, "5s");
    assert_true(story->fold.is_late);
    time_passes_to(story, 21000 - 1);
    assert_false(slice_is_absent(story->signal.rule));
    time_passes_to(story, 21000); /* nothing can come any more that is late by the second */
    assert_true(slice_is_absent(story->signal.rule));
    story_end(story);
}

/* It is known for its clear alone by then; what says no value is no part of what comes true after it. */
static void what_was_forgotten_is_not_what_was_seen_last(void **state)
{
    struct story *story =
        story_of("{id: a, on: push, key: [repo], lateness: 20s, clear: {where: {state: ok}}, "
                 "when: {avg: data.n, below: 3, within: 10s}}");

    (void)state;
    (void)event_at(story, 0, "'kind':'push','data':{'n':5}");
    (void)event_at(story, 20000, "'kind':'push','state':'ok'");
    (void)event_at(story, 35000, "'kind':'push'");
    story->now_ms = START_MS + 36000;
    (void)event_at(story, 34900, "'kind':'push','data':{'n':1}");
    assert_told(story, "firing@36000 ");
    assert_int_equal(story->signal.last_seen_ms, START_MS + 34900);
    story_end(story);
}

/* The window of the late ones is long over; a clear that was as long on its way as they were sets the key's own time back into it. */
static void a_clear_that_sets_the_time_back_begins_nothing(void **state)
{
    struct story *story = story_of("{id: a, on: push, key: [repo], where: {state: failing}, "
                                   "when: {sum: data.took, below: 10, within: 5s, at_least: 2}}");

    (void)state;
    story->now_ms = START_MS + 6000;
    (void)event_at(story, 0, "'kind':'push','state':'failing','data':{'took':'5'}");
    story->now_ms = START_MS + 50000;
    (void)event_at(story, 5001, "'kind':'push','state':'failing','data':{'took':'-1'}");
    story->now_ms = START_MS + 179000;
    (void)event_at(story, 5000, "'kind':'push','state':'failing','data':{'took':'2.5'}");
    story->now_ms = START_MS + 255000;
    (void)event_at(story, 5104, "'kind':'push','state':'ok'");
    time_passes_to(story, DAY_MS);
    assert_told(story, "");
    story_end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clear_that_sets_the_time_back_begins_nothing),
        cmocka_unit_test(an_aggregate_is_true_beyond_its_bound_and_not_at_it),
        cmocka_unit_test(values_exactly_within_old_are_out),
        cmocka_unit_test(what_comes_late_counts_where_it_belongs),
        cmocka_unit_test(a_value_that_is_absent_or_no_quantity_does_not_count),
        cmocka_unit_test(it_comes_true_at_a_value_only),
        cmocka_unit_test(it_ends_below_the_bound_and_not_at_it),
        cmocka_unit_test(clear_below_is_a_bound_of_its_own),
        cmocka_unit_test(clear_above_ends_what_is_below),
        cmocka_unit_test(it_ends_at_the_millisecond_at_which_values_leave),
        cmocka_unit_test(too_small_a_sum_comes_true_by_time_once_its_key_is_known),
        cmocka_unit_test(a_sum_of_the_bound_is_not_too_small),
        cmocka_unit_test(silence_is_what_too_small_a_sum_is_about),
        cmocka_unit_test(an_average_twice_that_of_the_time_before),
        cmocka_unit_test(exactly_twice_is_not_above_it),
        cmocka_unit_test(without_a_value_before_nothing_is_judged),
        cmocka_unit_test(a_factor_of_what_is_less_than_nothing_is_no_bound),
        cmocka_unit_test(an_extreme_ends_when_the_time_before_has_caught_up),
        cmocka_unit_test(the_rank_of_a_value_is_what_sorting_says),
        cmocka_unit_test(a_sum_that_falls_to_half_comes_true_by_time),
        cmocka_unit_test(a_clear_moves_the_time_of_the_key_on_and_what_waits_is_asked_again),
        cmocka_unit_test(h22_a_match_without_a_value_makes_no_clear_forgotten),
        cmocka_unit_test(what_was_forgotten_is_not_what_was_seen_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
