/* FILTERs of a condition: what passes only one of them is found, whichever way it comes. */
#include "rule_fixture.h"
#include "rules/match.h"
#include "rules/prefilter.h"

#define RULES                                                                                      \
    "rules:\n"                                                                                     \
    "  - {id: never, on: log, match: '/never/'}\n"                                                 \
    "  - id: steps\n"                                                                              \
    "    on: log\n"                                                                                \
    "    key: [user]\n"                                                                            \
    "    when:\n"                                                                                  \
    "      sequence:\n"                                                                            \
    "        - {match: '/failed for (?<user>\\w+)/', ignore: '/dry run/'}\n"                       \
    "        - {match: '/accepted for (?<user>\\w+)/'}\n"                                          \
    "      within: 10m\n"                                                                          \
    "  - id: pair\n"                                                                               \
    "    on: log\n"                                                                                \
    "    match: '/begin/'\n"                                                                       \
    "    key: [watcher]\n"                                                                         \
    "    when: {followed_by: {match: '/crash/'}, within: 1m}\n"

/* "rule/key:parts" of each match of a line of a log. */
static void assert_found(const char *text, const char *expected)
{
    char json[256];
    struct ruleset *set = rules_of(RULES);
    struct matcher *matcher = NULL;
    struct match_list matches;
    struct buffer got;
    struct told told;

    (void)snprintf(json, sizeof(json), "{'kind':'log','type':'log.line','watcher':'w','text':'%s'}",
                   text);
    told = told_of(json);
    assert_int_equal(matcher_new(&matcher), RC_OK);
    assert_int_equal(match_event(matcher, set, &told.event, told.arena, &matches), RC_OK);
    buffer_init(&got, 0);
    for (size_t i = 0; i < matches.n_items; i++)
        buffer_format(&got, "%s%.*s/%.*s:%x", i ? " " : "", SLICE_ARG(matches.items[i].rule->id),
                      SLICE_ARG(matches.items[i].key.items[0]), matches.items[i].parts);
    buffer_add_byte(&got, '\0');
    assert_string_equal(got.ptr, expected);
    buffer_free(&got);
    told_free(&told);
    matcher_free(matcher);
    ruleset_free(set);
}

static void what_passes_only_a_filter_is_a_match_with_its_bit_and_its_key(void **state)
{
    (void)state;
    assert_found("failed for jane", "steps/jane:2");
    assert_found("accepted for jane", "steps/jane:4");
    assert_found("begin", "pair/w:1");
    assert_found("crash", "pair/w:2");
    assert_found("begin crash", "pair/w:3");
    assert_found("failed for jane, dry run", "");
    assert_found("nothing", "");
}

static void one_event_may_be_steps_of_two_keys(void **state)
{
    (void)state;
    assert_found("failed for jane and accepted for john", "steps/jane:2 steps/john:4");
    assert_found("failed for jane and accepted for jane", "steps/jane:6");
}

/* The rules that are left of all, by their ids. */
static void assert_chosen(const char *text, const char *expected)
{
    struct ruleset *set = rules_of(RULES);
    uint32_t rules[] = { 0, 1, 2 };
    struct matcher *matcher = NULL;
    struct buffer got;
    size_t n_rules;

    assert_int_equal(matcher_new(&matcher), RC_OK);
    n_rules = match_choose(matcher, set, slice_of(text), 1234, rules, 3);
    buffer_init(&got, 0);
    for (size_t i = 0; i < n_rules; i++)
        buffer_format(&got, "%s%.*s", i ? " " : "", SLICE_ARG(set->rules[rules[i]].id));
    buffer_add_byte(&got, '\0');
    assert_string_equal(got.ptr, expected);
    buffer_free(&got);
    matcher_free(matcher);
    ruleset_free(set);
}

static void a_text_is_chosen_for_the_rules_whose_filters_want_it(void **state)
{
    (void)state;
    assert_chosen("failed for jane", "steps");
    assert_chosen("accepted for jane", "steps");
    assert_chosen("crash", "pair");
    assert_chosen("nothing", "");
}

/* A rule with steps has no filter of its own: by that one, every line would be tried. */
static void a_sequence_is_found_by_the_characters_of_its_steps(void **state)
{
    const struct slice lines = SLICE("failed for jane\nnothing\naccepted for jane\ncrash\n");
    static const uint32_t begins[] = { 0, 24, 42 };
    struct ruleset *set = rules_of(RULES);
    const struct prefilter_texts texts = { .kind = SLICE("log"), .type = SLICE("log.line") };
    struct prefilter_scratch *scratch = NULL;
    struct prefilter *prefilter = NULL;
    struct candidate_list candidates;

    (void)state;
    assert_int_equal(prefilter_new(set, &texts, &prefilter), RC_OK);
    assert_int_equal(prefilter_scratch_new(&scratch), RC_OK);
    assert_int_equal(prefilter_means(prefilter, 1), PREFILTER_LITERAL);
    assert_int_equal(prefilter_means(prefilter, 2), PREFILTER_LITERAL);
    assert_int_equal(prefilter_scan_lines(prefilter, lines, scratch, &candidates), RC_OK);
    assert_int_equal(candidates.n_items, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(candidates.items[i].begin, begins[i]);
        assert_int_equal(candidates.items[i].rule, i < 2 ? 1 : 2);
    }
    prefilter_scratch_free(scratch);
    prefilter_free(prefilter);
    ruleset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_passes_only_a_filter_is_a_match_with_its_bit_and_its_key),
        cmocka_unit_test(one_event_may_be_steps_of_two_keys),
        cmocka_unit_test(a_text_is_chosen_for_the_rules_whose_filters_want_it),
        cmocka_unit_test(a_sequence_is_found_by_the_characters_of_its_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
