#include "src/cli/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#define assert_slice(slice, text) assert_true(slice_eq(slice, SLICE(text)))

#define ARENA_BYTES ((size_t)1 << 20)

struct story {
    struct arena *arena;
    struct finding_list before, after;
    struct difference_list found;
    struct slice key;
};

static int begin(void **state)
{
    struct story *story = calloc(1, sizeof *story);

    if (!story || arena_new(ARENA_BYTES, &story->arena))
        return -1;
    story->key = SLICE("shop");
    *state = story;
    return 0;
}

static int end(void **state)
{
    struct story *story = *state;

    arena_free(story->arena);
    free(story);
    return 0;
}

/* A signal of rule `r` that fired at `at_ms` and ended at `until_ms` (0: not yet). */
static void fires(struct story *story, struct finding_list *list, int64_t at_ms, int64_t until_ms,
                  int64_t count)
{
    struct finding told = { .rule = SLICE("r"),
                            .key = { &story->key, 1 },
                            .begins = true,
                            .at_ms = at_ms,
                            .count = count,
                            .state = SLICE("firing") };

    assert_int_equal(findings_add(list, story->arena, &told), RC_OK);
    if (!until_ms)
        return;
    told.begins = false;
    told.at_ms = told.until_ms = until_ms;
    told.state = SLICE("resolved");
    assert_int_equal(findings_add(list, story->arena, &told), RC_OK);
}

static void compare(struct story *story)
{
    findings_join(&story->before, 0);
    findings_join(&story->after, 0);
    assert_int_equal(findings_compare(&story->before, &story->after, story->arena, &story->found),
                     RC_OK);
}

static void assert_found(const struct story *story, size_t i, enum difference_kind kind,
                         int64_t at_ms)
{
    assert_true(i < story->found.n_items);
    assert_int_equal(story->found.items[i].kind, kind);
    assert_int_equal(difference_finding(&story->found.items[i])->at_ms, at_ms);
}

static void a_signal_is_one_finding_from_its_beginning_to_its_end(void **state)
{
    struct story *story = *state;

    fires(story, &story->before, 10, 20, 3);
    fires(story, &story->before, 20, 0, 1); /* the next episode begins when the last one ends */
    findings_join(&story->before, 0);
    assert_int_equal(story->before.n_items, 2);
    assert_int_equal(story->before.items[0].until_ms, 20);
    assert_slice(story->before.items[0].state, "resolved");
    assert_int_equal(story->before.items[1].at_ms, 20);
    assert_int_equal(story->before.items[1].until_ms, 0);
}

static void what_began_before_the_time_that_is_asked_about_is_left_out(void **state)
{
    struct story *story = *state;

    fires(story, &story->before, 9, 30, 1);
    fires(story, &story->before, 40, 50, 1);
    findings_join(&story->before, 10);
    assert_int_equal(story->before.n_items, 1);
    assert_int_equal(story->before.items[0].at_ms, 40);
}

static void an_end_without_a_beginning_is_none(void **state)
{
    struct story *story = *state;
    const struct finding told = { .rule = SLICE("r"), .key = { &story->key, 1 }, .until_ms = 5 };

    assert_int_equal(findings_add(&story->before, story->arena, &told), RC_OK);
    findings_join(&story->before, 0);
    assert_int_equal(story->before.n_items, 0);
}

static void a_proposal_is_known_by_its_id_whoever_leads(void **state)
{
    struct story *story = *state;
    struct slice other = SLICE("users");
    struct finding told = { .kind = FINDING_PROPOSAL,
                            .rule = SLICE("r"),
                            .key = { &story->key, 1 },
                            .id = { .bytes = { 1 } },
                            .at_ms = 10,
                            .state = SLICE("open") };

    assert_int_equal(findings_add(&story->before, story->arena, &told), RC_OK);
    told.key.items = &other;
    told.state = SLICE("withdrawn");
    told.until_ms = 30;
    assert_int_equal(findings_add(&story->before, story->arena, &told), RC_OK);
    findings_join(&story->before, 0);
    assert_int_equal(story->before.n_items, 1);
    assert_slice(story->before.items[0].key.items[0], "shop");
    assert_slice(story->before.items[0].state, "withdrawn");
    assert_int_equal(story->before.items[0].until_ms, 30);
}

static void the_same_is_no_difference(void **state)
{
    struct story *story = *state;

    fires(story, &story->before, 10, 20, 3);
    fires(story, &story->after, 10, 20, 3);
    compare(story);
    assert_int_equal(story->found.n_items, 0);
}

static void another_count_at_the_same_time_is_a_change(void **state)
{
    struct story *story = *state;

    fires(story, &story->before, 10, 20, 3);
    fires(story, &story->after, 10, 20, 4);
    compare(story);
    assert_int_equal(story->found.n_items, 1);
    assert_found(story, 0, DIFFERENCE_CHANGED, 10);
    assert_int_equal(story->found.items[0].before->count, 3);
    assert_int_equal(story->found.items[0].after->count, 4);
}

static void what_fires_earlier_and_lasts_is_changed_and_what_ended_before_is_another(void **state)
{
    struct story *story = *state;

    fires(story, &story->before, 100, 200, 3);
    fires(story, &story->after, 10, 100, 3); /* was over when the other began */
    fires(story, &story->after, 100 - 1 + 100, 0, 3);
    compare(story);
    assert_int_equal(story->found.n_items, 2);
    assert_found(story, 0, DIFFERENCE_ADDED, 10);
    assert_found(story, 1, DIFFERENCE_CHANGED, 199);
}

static void each_has_one_counterpart_and_the_one_of_the_same_time_comes_first(void **state)
{
    struct story *story = *state;

    fires(story, &story->before, 10, 100, 1);
    fires(story, &story->after, 5, 8, 1);
    fires(story, &story->after, 9, 10, 1);
    fires(story, &story->after, 10, 50, 1);
    fires(story, &story->after, 60, 100, 1);
    compare(story);
    assert_int_equal(story->found.n_items, 4);
    assert_found(story, 0, DIFFERENCE_ADDED, 5);
    assert_found(story, 1, DIFFERENCE_ADDED, 9);
    assert_found(story, 2, DIFFERENCE_CHANGED, 10);
    assert_found(story, 3, DIFFERENCE_ADDED, 60);
}

static void another_key_is_something_else(void **state)
{
    struct story *story = *state;

    fires(story, &story->before, 10, 20, 1);
    story->key = SLICE("users");
    findings_join(&story->before, 0);
    story->before.items[0].key = (struct slice_list){ &(struct slice){ "shop", 4 }, 1 };
    fires(story, &story->after, 10, 20, 1);
    findings_join(&story->after, 0);
    assert_int_equal(findings_compare(&story->before, &story->after, story->arena, &story->found),
                     RC_OK);
    assert_int_equal(story->found.n_items, 2);
    assert_int_equal(story->found.items[0].kind, DIFFERENCE_GONE);
    assert_int_equal(story->found.items[1].kind, DIFFERENCE_ADDED);
}

static struct slice name_by_rule(void *context, const struct finding *finding, struct arena *arena)
{
    (void)context;
    (void)arena;
    return finding->rule;
}

static void each_rule_is_counted_on_both_sides(void **state)
{
    struct story *story = *state;
    struct finding_list before[FINDING_KINDS] = { 0 }, after[FINDING_KINDS] = { 0 };
    struct difference_list differences[FINDING_KINDS] = { 0 };
    const struct tally_request request = {
        .before = before, .after = after, .differences = differences, .name_of = name_by_rule
    };
    struct tally_list tallies;

    fires(story, &story->before, 10, 20, 3);
    fires(story, &story->after, 10, 20, 4);
    fires(story, &story->after, 30, 0, 4);
    compare(story);
    before[FINDING_SIGNAL] = story->before;
    after[FINDING_SIGNAL] = story->after;
    differences[FINDING_SIGNAL] = story->found;
    assert_int_equal(findings_tally(&request, story->arena, &tallies), RC_OK);
    assert_int_equal(tallies.n_items, 1);
    assert_slice(tallies.items[0].name, "r");
    assert_int_equal(tallies.items[0].n_before[FINDING_SIGNAL], 1);
    assert_int_equal(tallies.items[0].n_after[FINDING_SIGNAL], 2);
    assert_int_equal(tallies.items[0].n_differences[FINDING_SIGNAL][DIFFERENCE_ADDED], 1);
    assert_int_equal(tallies.items[0].n_differences[FINDING_SIGNAL][DIFFERENCE_GONE], 0);
    assert_int_equal(tallies.items[0].n_differences[FINDING_SIGNAL][DIFFERENCE_CHANGED], 1);
    assert_int_equal(tallies.items[0].n_after[FINDING_PROPOSAL], 0);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_signal_is_one_finding_from_its_beginning_to_its_end),
        STORY(what_began_before_the_time_that_is_asked_about_is_left_out),
        STORY(an_end_without_a_beginning_is_none),
        STORY(a_proposal_is_known_by_its_id_whoever_leads),
        STORY(the_same_is_no_difference),
        STORY(another_count_at_the_same_time_is_a_change),
        STORY(what_fires_earlier_and_lasts_is_changed_and_what_ended_before_is_another),
        STORY(each_has_one_counterpart_and_the_one_of_the_same_time_comes_first),
        STORY(another_key_is_something_else),
        STORY(each_rule_is_counted_on_both_sides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
