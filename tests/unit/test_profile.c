#include "rule_fixture.h"
#include "rules/match.h"

/* -- what patterns cost -- */

/* Patterns are only told apart here. */
static const struct pattern *pattern_at(size_t i)
{
    static char places[8];

    return (const struct pattern *)(const void *)&places[i];
}

static void the_costliest_pattern_is_found_among_many(void **state)
{
    struct pattern_costs costs = { 0 };

    (void)state;
    assert_null(pattern_costs_costliest(&costs));
    for (size_t i = 0; i < 8; i++) /* the last takes the place of a cheap one */
        pattern_costs_add(&costs, pattern_at(i), i == 7 ? 1000 : 10 + (int64_t)i);
    assert_ptr_equal(pattern_costs_costliest(&costs), pattern_at(7));
    for (size_t n = 0; n < 100; n++)
        pattern_costs_add(&costs, pattern_at(2), 100);
    assert_ptr_equal(pattern_costs_costliest(&costs), pattern_at(2));
    assert_int_equal(costs.total_ns, 10 + 11 + 12 + 13 + 14 + 15 + 16 + 1000 + 100 * 100);
}

/* -- what rules cost -- */

static void assert_costliest(const struct profile *profile, size_t n_max, const char *expected)
{
    size_t rules[8];
    size_t n = profile_costliest(profile, n_max, rules);
    struct buffer got;

    buffer_init(&got, 0);
    for (size_t i = 0; i < n; i++)
        buffer_format(&got, "%zu ", rules[i]);
    buffer_add_byte(&got, '\0');
    assert_string_equal(got.ptr, expected);
    buffer_free(&got);
}

static struct profile *profile_of_costs(const int64_t *ns, size_t n_rules)
{
    struct profile *profile = NULL;

    assert_int_equal(profile_new(n_rules, &profile), RC_OK);
    for (size_t i = 0; i < n_rules; i++)
        *profile_of(profile, i) = (struct rule_cost){
            .n_tried = ns[i] >= 0, .n_matched = 1, .ns = ns[i] >= 0 ? ns[i] : 0, .max_ns = ns[i]
        };
    return profile;
}

static void the_costliest_rules_stand_first_and_those_never_tried_nowhere(void **state)
{
    const int64_t ns[] = { 5, -1, 9, 0, 9, 7, 1 };
    struct profile *profile = profile_of_costs(ns, 7);
    struct profile *empty = profile_of_costs(ns, 0);

    (void)state;
    assert_costliest(profile, 3, "2 4 5 ");
    assert_costliest(profile, 5, "2 4 5 0 6 ");
    assert_costliest(profile, 8, "2 4 5 0 6 3 ");
    assert_costliest(profile, 0, "");
    assert_costliest(empty, 3, "");
    assert_int_equal(profile_total_ns(profile), 31);
    profile_free(profile);
    profile_free(empty);
}

static void tries_of_two_matchers_are_added_and_matches_counted_once(void **state)
{
    const int64_t left[] = { 5, 7 }, right[] = { 6, -1 };
    struct profile *into = profile_of_costs(left, 2);
    struct profile *from = profile_of_costs(right, 2);

    (void)state;
    pattern_costs_add(&profile_of(into, 0)->patterns, pattern_at(0), 4);
    pattern_costs_add(&profile_of(from, 0)->patterns, pattern_at(1), 3);
    pattern_costs_add(&profile_of(from, 0)->patterns, pattern_at(0), 1);
    profile_add_tries(into, from);
    assert_int_equal(profile_of(into, 0)->n_tried, 2);
    assert_int_equal(profile_of(into, 0)->n_matched, 1);
    assert_int_equal(profile_of(into, 0)->ns, 11);
    assert_int_equal(profile_of(into, 0)->max_ns, 6);
    assert_int_equal(profile_of(into, 0)->patterns.total_ns, 8);
    assert_int_equal(profile_of(into, 0)->patterns.items[0].ns, 5);
    assert_int_equal(profile_of(into, 0)->patterns.items[1].ns, 3);
    assert_int_equal(profile_of(into, 1)->ns, 7);
    profile_free(into);
    profile_free(from);
}

/* -- of a matcher -- */

static size_t judge(struct matcher *matcher, const struct ruleset *set, const char *event)
{
    struct told told = told_of(event);
    struct match_list matches;
    size_t n_items;

    assert_int_equal(match_event(matcher, set, &told.event, told.arena, &matches), RC_OK);
    n_items = matches.n_items;
    told_free(&told);
    return n_items;
}

static void a_matcher_notes_what_its_rules_were_asked_and_found(void **state)
{
    struct ruleset *set = rules_of(
        "rules: [{id: a, on: log, match: '/x/', key: '{{kind}}', clear: {match: '/stop/'}}, "
        "{id: b, on: log, where: {level: '/run/'}, key: '{{kind}}'}, {id: c, on: push}, "
        "{id: d, on: log, where: {level: run}}]");
    const char *const events[] = { "{'kind':'log','text':'x'}", "{'kind':'log','text':'y'}",
                                   "{'kind':'log','text':'stop'}" };
    const size_t n_found[] = { 1, 0, 1 };
    struct matcher *matcher = NULL;
    struct profile *profile = NULL;
    const struct rule_cost *a, *b, *c, *d;

    (void)state;
    assert_int_equal(matcher_new(&matcher), RC_OK);
    assert_int_equal(profile_new(set->n_rules, &profile), RC_OK);
    matcher_set_profile(matcher, profile);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(judge(matcher, set, events[i]), n_found[i]);
    matcher_set_profile(matcher, NULL);
    assert_int_equal(judge(matcher, set, events[0]), 1); /* nobody asks any more */

    a = profile_of(profile, 0);
    b = profile_of(profile, 1);
    c = profile_of(profile, 2);
    d = profile_of(profile, 3);
    assert_int_equal(a->n_tried, 3);
    assert_int_equal(a->n_matched, 1); /* what clears is no match */
    assert_true(a->ns >= a->max_ns && a->max_ns > 0);
    assert_true(a->ns >= a->patterns.total_ns && a->patterns.total_ns > 0);
    assert_non_null(pattern_costs_costliest(&a->patterns));
    assert_int_equal(b->n_tried, 3);
    assert_int_equal(b->n_matched, 0);
    assert_null(pattern_costs_costliest(&b->patterns));
    assert_int_equal(c->n_tried, 0); /* of another kind */
    assert_int_equal(d->n_tried, 0); /* ruled out by what the events do not say */
    matcher_free(matcher);
    profile_free(profile);
    ruleset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_costliest_pattern_is_found_among_many),
        cmocka_unit_test(the_costliest_rules_stand_first_and_those_never_tried_nowhere),
        cmocka_unit_test(tries_of_two_matchers_are_added_and_matches_counted_once),
        cmocka_unit_test(a_matcher_notes_what_its_rules_were_asked_and_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
