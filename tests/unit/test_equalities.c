#include "rule_fixture.h"
#include "rules/equalities.h"
#include "rules/match.h"

#include <stdlib.h>

static bool is_ruled_out(const struct ruleset *set, const char *id, const char *event)
{
    struct told told = told_of(event);
    struct said_fields said = { .event = &told.event };
    bool is = equalities_rule_out(set->equalities, ruleset_find(set, slice_of(id))->index, &said);

    told_free(&told);
    return is;
}

static void who_says_another_value_is_ruled_out(void **state)
{
    struct ruleset *set = rules_of("rules: [{id: a, on: push, where: {repo: acme/shop}}]\n");

    (void)state;
    assert_false(is_ruled_out(set, "a", "{'kind':'push','repo':'acme/shop'}"));
    assert_true(is_ruled_out(set, "a", "{'kind':'push','repo':'acme/shops'}"));
    assert_true(is_ruled_out(set, "a", "{'kind':'push','branch':'acme/shop'}"));
    ruleset_free(set);
}

static void a_list_rules_out_what_is_in_it_nowhere(void **state)
{
    struct ruleset *set = rules_of("rules: [{id: a, on: push, where: {repo: [x/a, x/b]}}]\n");

    (void)state;
    assert_false(is_ruled_out(set, "a", "{'kind':'push','repo':'x/a'}"));
    assert_false(is_ruled_out(set, "a", "{'kind':'push','repo':'x/b'}"));
    assert_true(is_ruled_out(set, "a", "{'kind':'push','repo':'x/c'}"));
    ruleset_free(set);
}

static void of_several_fields_the_one_whose_value_fewest_share_decides(void **state)
{
    struct ruleset *set = rules_of("rules:\n"
                                   "  - {id: a, on: push, where: {branch: main, repo: x/a}}\n"
                                   "  - {id: b, on: push, where: {branch: main, repo: x/b}}\n");

    (void)state;
    assert_true(is_ruled_out(set, "a", "{'kind':'push','repo':'x/b','branch':'main'}"));
    assert_false(is_ruled_out(set, "b", "{'kind':'push','repo':'x/b','branch':'main'}"));
    ruleset_free(set);
}

static void what_clears_is_not_ruled_out(void **state)
{
    struct ruleset *set = rules_of(
        "rules:\n"
        "  - {id: a, on: issue, where: {title: t}, clear: {where: {title: u}}}\n"
        "  - {id: b, on: issue, where: {title: t}, clear: {where: {data.over: true}}}\n"
        "  - {id: c, on: issue, where: {title: t}, clear: {where: {title: {exists: false}}}}\n");

    (void)state;
    assert_false(is_ruled_out(set, "a", "{'kind':'issue','title':'t'}"));
    assert_false(is_ruled_out(set, "a", "{'kind':'issue','title':'u'}"));
    assert_true(is_ruled_out(set, "a", "{'kind':'issue','title':'v'}"));
    assert_true(is_ruled_out(set, "b", "{'kind':'issue','title':'u'}")); /* it inherits the title */
    assert_false(is_ruled_out(set, "c", "{'kind':'issue','title':'v'}"));
    assert_false(is_ruled_out(set, "c", "{'kind':'issue'}"));
    ruleset_free(set);
}

static void every_filter_of_a_condition_counts(void **state)
{
    struct ruleset *set =
        rules_of("rules:\n"
                 "  - {id: a, on: deploy, where: {service: s}, key: [environment],\n"
                 "     when: {followed_by: {on: alert, where: {service: t}}, within: 5m}}\n"
                 "  - {id: b, on: deploy, where: {service: s}, key: [environment],\n"
                 "     when: {followed_by: {on: alert, where: {severity: high}}, within: 5m}}\n");

    (void)state;
    assert_false(is_ruled_out(set, "a", "{'kind':'deploy','service':'s'}"));
    assert_false(is_ruled_out(set, "a", "{'kind':'alert','service':'t'}"));
    assert_true(is_ruled_out(set, "a", "{'kind':'alert','service':'u'}"));
    assert_false(is_ruled_out(set, "b", "{'kind':'alert','service':'u'}"));
    ruleset_free(set);
}

static void what_a_capture_may_fill_is_ruled_out_only_by_what_the_event_says(void **state)
{
    struct ruleset *set = rules_of(
        "rules:\n"
        "  - {id: a, on: log, match: '/^(?<service>\\w+):/', where: {service: s}}\n"
        "  - {id: b, on: log, where: {title: '/^(?<service>\\w+):/', service: s}}\n"
        "  - {id: c, on: log, where: {any: [{title: '/^(?<service>\\w+):/'}], service: s}}\n"
        "  - {id: d, on: log, where: {service: s}}\n");

    (void)state;
    for (const char *id = "a\0b\0c\0"; *id; id += 2) {
        assert_false(is_ruled_out(set, id, "{'kind':'log','text':'s: x'}"));
        assert_true(is_ruled_out(set, id, "{'kind':'log','text':'s: x','service':'other'}"));
    }
    assert_true(is_ruled_out(set, "d", "{'kind':'log','title':'t'}"));
    ruleset_free(set);
}

static void what_is_no_equality_rules_nothing_out(void **state)
{
    const char *const wheres[] = {
        "{repo: '/x/'}",        "{repo: {not: x/a}}",    "{repo: {exists: true}}",
        "{any: [{repo: x/a}]}", "{none: [{repo: x/a}]}", "{data.repo: x/a}",
        "{text: x/a}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wheres / sizeof *wheres; i++) {
        struct ruleset *set;
        char text[256];

        (void)snprintf(text, sizeof text, "rules: [{id: a, on: push, where: %s, clear: never}]\n",
                       wheres[i]);
        set = rules_of(text);
        assert_false(is_ruled_out(set, "a", "{'kind':'push','repo':'x/b','text':'t'}"));
        ruleset_free(set);
    }
}

/* -- with and without, at random -- */

#define N_ROUNDS 300
#define N_RULES 12
#define N_EVENTS 40

static size_t below(size_t n)
{
    return (size_t)rand() % n;
}

/* `any` and `none` may stand in one of a rule's own and its clear's. */
static void write_where(struct buffer *out, bool has_maps)
{
    static const char *const clauses[] = {
        "repo: x/a",
        "repo: [x/a, x/b]",
        "repo: '/x/'",
        "branch: main",
        "branch: {not: main}",
        "service: s",
        "service: [s, t]",
        "title: '/^(?<service>[st]):/'",
        "state: failing",
        "state: ok",
        "environment: {exists: false}",
        "any: [{repo: x/a}, {title: '/(?<repo>x.[ab])/'}]",
        "none: [{branch: main}]",
    };
    static const char *const apart[] = { "repo",  "branch",      "service", "title",
                                         "state", "environment", "any",     "none" };
    enum { FIRST_MAP = 6 };
    const char *separator = "";

    buffer_add_text(out, "{");
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
        const char *clause = clauses[below(sizeof clauses / sizeof *clauses)];

        if (strncmp(clause, apart[i], strlen(apart[i])) || (i >= FIRST_MAP && !has_maps))
            continue;
        buffer_format(out, "%s%s", separator, clause);
        separator = ", ";
    }
    buffer_format(out, "%stext: {exists: true}}", separator);
}

static struct ruleset *random_rules(void)
{
    struct ruleset *set;
    struct buffer text;

    buffer_init(&text, 0);
    buffer_add_text(&text, "rules:\n");
    for (int i = 0; i < N_RULES; i++) {
        buffer_format(&text, "  - {id: r%d, on: ci.run, key: [kind], where: ", i);
        write_where(&text, true);
        if (below(2)) {
            buffer_add_text(&text, ", clear: {where: ");
            write_where(&text, false);
            buffer_add_text(&text, "}");
        }
        if (!below(3)) {
            buffer_add_text(&text, ", when: {followed_by: {where: ");
            write_where(&text, false);
            buffer_add_text(&text, "}, within: 5m}");
        }
        buffer_add_text(&text, "}\n");
    }
    buffer_add_byte(&text, '\0');
    set = rules_of(text.ptr);
    buffer_free(&text);
    return set;
}

static struct told random_event(void)
{
    static const char *const says[] = { "'repo':'x/a'",   "'repo':'x/c'",      "'branch':'main'",
                                        "'service':'s'",  "'service':'u'",     "'title':'s: x/a'",
                                        "'state':'ok'",   "'state':'failing'", "'title':'t: x/b'",
                                        "'branch':'dev'", "'environment':'e'" };
    static const char *const apart[] = { "'repo'",  "'branch'", "'service'",
                                         "'title'", "'state'",  "'environment'" };
    char json[512] = "{'kind':'ci.run','text':'x'";

    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++) {
        const char *say = says[below(sizeof says / sizeof *says)];

        if (strncmp(say, apart[i], strlen(apart[i])) == 0) {
            strcat(json, ",");
            strcat(json, say);
        }
    }
    strcat(json, "}");
    return told_of(json);
}

static void assert_same_matches(const struct match_list *with, const struct match_list *without)
{
    assert_int_equal(with->n_items, without->n_items);
    for (size_t i = 0; i < with->n_items; i++) {
        assert_ptr_equal(with->items[i].rule, without->items[i].rule);
        assert_int_equal(with->items[i].parts, without->items[i].parts);
        assert_int_equal(with->items[i].clears, without->items[i].clears);
        assert_int_equal(with->items[i].n_captures, without->items[i].n_captures);
    }
}

/* Gives how many rules were ruled out, so that nobody compares nothing with nothing. */
static size_t compare(struct matcher *matcher, struct ruleset *set)
{
    struct equalities *equalities = set->equalities;
    struct told told = random_event();
    struct said_fields said = { .event = &told.event };
    struct match_list with, without;
    size_t n_out = 0;

    for (size_t i = 0; i < set->n_rules; i++)
        n_out += equalities_rule_out(equalities, i, &said);
    assert_int_equal(match_event(matcher, set, &told.event, told.arena, &with), RC_OK);
    set->equalities = NULL;
    assert_int_equal(match_event(matcher, set, &told.event, told.arena, &without), RC_OK);
    set->equalities = equalities;
    assert_same_matches(&with, &without);
    told_free(&told);
    return n_out;
}

static void what_is_ruled_out_would_not_have_matched(void **state)
{
    struct matcher *matcher;
    size_t n_out = 0;

    (void)state;
    srand(20261130);
    assert_int_equal(matcher_new(&matcher), RC_OK);
    for (int round = 0; round < N_ROUNDS; round++) {
        struct ruleset *set = random_rules();

        for (int i = 0; i < N_EVENTS; i++)
            n_out += compare(matcher, set);
        ruleset_free(set);
    }
    assert_true(n_out > (size_t)N_ROUNDS * N_EVENTS);
    matcher_free(matcher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_says_another_value_is_ruled_out),
        cmocka_unit_test(a_list_rules_out_what_is_in_it_nowhere),
        cmocka_unit_test(of_several_fields_the_one_whose_value_fewest_share_decides),
        cmocka_unit_test(what_clears_is_not_ruled_out),
        cmocka_unit_test(every_filter_of_a_condition_counts),
        cmocka_unit_test(what_a_capture_may_fill_is_ruled_out_only_by_what_the_event_says),
        cmocka_unit_test(what_is_no_equality_rules_nothing_out),
        cmocka_unit_test(what_is_ruled_out_would_not_have_matched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
