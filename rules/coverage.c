#include "rules/coverage.h"

#include "rules/where_private.h"

#include <stdarg.h>

/* A way through all parts of a rule, always in the same order: first to list them, then to judge each. */
struct walk {
    struct coverage *coverage;
    struct arena *arena;           /* of the items, while they are listed */
    struct evaluation *evaluation; /* NULL: they are listed */
    bool is_asked_for;             /* the event is one that the filter at hand asks for */
    size_t at;                     /* the next item */
    enum rc rc;
};

static void list(struct walk *walk, struct mark mark, bool has_two_sides, struct slice name)
{
    struct coverage *coverage = walk->coverage;
    struct covered *items =
        arena_grow(walk->arena, coverage->items, coverage->n_items, sizeof *items);

    if (!items) {
        walk->rc = RC_NO_MEMORY;
        return;
    }
    coverage->items = items;
    items[coverage->n_items++] = (struct covered){ .name = name,
                                                   .mark = mark.line ? mark : coverage->rule->mark,
                                                   .has_two_sides = has_two_sides };
}

/* What came of the item at hand; TEST_FAULTY says nothing. */
static void judge(struct walk *walk, enum test_result result)
{
    struct covered *item = &walk->coverage->items[walk->at++];

    if (!walk->is_asked_for)
        return;
    item->held |= result == TEST_HELD;
    item->failed |= result == TEST_FAILED;
}

static void list_named(struct walk *walk, struct mark mark, bool has_two_sides, const char *format,
                       ...) __attribute__((format(printf, 4, 5)));

static void list_named(struct walk *walk, struct mark mark, bool has_two_sides, const char *format,
                       ...)
{
    struct slice name;
    va_list args;

    if (walk->rc)
        return;
    va_start(args, format);
    walk->rc = arena_vformat(walk->arena, &name, format, args);
    va_end(args);
    if (!walk->rc)
        list(walk, mark, has_two_sides, name);
}

/* -- patterns -- */

static struct mark mark_of(const struct node *map, const char *member, size_t i)
{
    const struct node *node = node_find(map, member);

    if (node && node->type == NODE_LIST && i < node->n_items)
        node = node->items[i];
    return node ? node->mark : (struct mark){ 0 };
}

static enum test_result search(struct walk *walk, const struct pattern *pattern)
{
    struct slice text = walk->evaluation->event->fields[FIELD_TEXT];

    return slice_is_absent(text) ? TEST_FAILED
                                 : evaluation_search(walk->evaluation, pattern, text, false);
}

/* The only pattern is a clause of its own; of several each is a way to match. */
static void walk_patterns(struct walk *walk, const char *member, struct pattern *const *patterns,
                          size_t n_patterns, bool has_two_sides, const struct node *map)
{
    for (size_t i = 0; i < n_patterns; i++) {
        if (walk->evaluation)
            judge(walk, search(walk, patterns[i]));
        else if (n_patterns == 1)
            list_named(walk, mark_of(map, member, 0), has_two_sides, "%s", member);
        else
            list_named(walk, mark_of(map, member, i), false, "%s[%zu]", member, i);
    }
}

/* -- clauses -- */

static enum test_result test_value(struct walk *walk, const struct clause *clause,
                                   const struct test *test)
{
    struct evaluation *evaluation = walk->evaluation;
    struct field_values values;
    struct trying trying = { .field = &clause->field, .values = &values, .evaluation = evaluation };

    if (!walk->is_asked_for)
        return TEST_FAULTY;
    if (field_ref_get_all(&clause->field, evaluation->event, &evaluation->captures,
                          evaluation->arena, &values)) {
        evaluation->out_of_memory = true;
        return TEST_FAULTY;
    }
    return test_holds(test, &trying);
}

static void list_alternative(struct walk *walk, const struct clause *clause, size_t i)
{
    const struct test *part = &clause->test.parts[i];

    if (part->kind == TEST_EQUALS)
        list_named(walk, clause->mark, false, "where.%.*s: %.*s", SLICE_ARG(clause->field.name),
                   SLICE_ARG(part->text));
    else
        list_named(walk, clause->mark, false, "where.%.*s[%zu]", SLICE_ARG(clause->field.name), i);
}

/* What the rule does not say itself (`state: failing`) is no clause that a test has to show. */
static bool is_default(const struct walk *walk, const struct clause *clause)
{
    const struct mark rule = walk->coverage->rule->mark;

    return clause->mark.line == rule.line && clause->mark.column == rule.column;
}

static void walk_clause(struct walk *walk, const struct clause *clause)
{
    if (is_default(walk, clause))
        return;
    if (walk->evaluation)
        judge(walk, test_value(walk, clause, &clause->test));
    else
        list_named(walk, clause->mark, true, "where.%.*s", SLICE_ARG(clause->field.name));
    for (size_t i = 0; clause->test.kind == TEST_ANY && i < clause->test.n_parts; i++) {
        if (walk->evaluation)
            judge(walk, test_value(walk, clause, &clause->test.parts[i]));
        else
            list_alternative(walk, clause, i);
    }
}

static void walk_maps(struct walk *walk, const char *name, const struct where *maps, size_t n_maps)
{
    for (size_t i = 0; i < n_maps; i++) {
        if (walk->evaluation)
            judge(walk, walk->is_asked_for
                            ? where_map_holds(&maps[i], walk->evaluation, false, false)
                            : TEST_FAULTY);
        else
            list_named(walk, maps[i].n_clauses ? maps[i].clauses[0].mark : (struct mark){ 0 },
                       false, "where.%s[%zu]", name, i);
    }
}

static void walk_where(struct walk *walk, const struct where *where)
{
    for (size_t i = 0; i < where->n_clauses; i++)
        walk_clause(walk, &where->clauses[i]);
    walk_maps(walk, "any", where->any, where->n_any);
    walk_maps(walk, "none", where->none, where->n_none);
}

/* -- filters -- */

static void begin_filter(struct walk *walk, const struct filter *filter)
{
    struct evaluation *evaluation = walk->evaluation;
    const struct event *event;

    if (!evaluation)
        return;
    event = evaluation->event;
    evaluation->captures = (struct captures){ 0 };
    walk->is_asked_for =
        on_asks_for(&filter->on, event->door, event->fields[FIELD_KIND], event->fields[FIELD_TYPE]);
    if (walk->is_asked_for)
        (void)filter_holds(filter, evaluation); /* its captures are fields of the clauses */
}

static void walk_filter(struct walk *walk, const struct filter *filter, const struct node *map)
{
    begin_filter(walk, filter);
    walk_patterns(walk, "match", filter->match, filter->n_match, true, map);
    walk_patterns(walk, "ignore", filter->ignore, filter->n_ignore, false, map);
    if (filter->where)
        walk_where(walk, filter->where);
}

/* What a FILTER inherits is told where it stands; here it says whether it was ever passed. */
static void walk_part(struct walk *walk, const struct rule_part *part)
{
    const struct node *when = node_find(walk->coverage->rule->node, "when");

    begin_filter(walk, &part->filter);
    if (!walk->evaluation)
        list_named(walk, when ? when->mark : (struct mark){ 0 }, false, "%.*s",
                   SLICE_ARG(part->name));
    else
        judge(walk,
              walk->is_asked_for ? filter_holds(&part->filter, walk->evaluation) : TEST_FAULTY);
}

static void walk_clear(struct walk *walk)
{
    const struct rule *rule = walk->coverage->rule;
    struct match match = { 0 };

    if (rule->clear.kind != CLEAR_BY_EVENT)
        return;
    begin_filter(walk, &rule->clear.filter);
    if (!walk->evaluation)
        list_named(walk, mark_of(rule->node, "clear", 0), false, "clear");
    else
        judge(walk, rule_is_cleared(rule, walk->evaluation, &match) ? TEST_HELD : TEST_FAILED);
}

static void walk_rule(struct walk *walk)
{
    const struct rule *rule = walk->coverage->rule;

    if (!rule->has_only_parts)
        walk_filter(walk, &rule->filter, rule->node);
    for (size_t i = 0; i < rule->n_parts; i++)
        walk_part(walk, &rule->parts[i]);
    walk_clear(walk);
}

enum rc coverage_new(const struct rule *rule, struct arena *arena, struct coverage **coverage)
{
    struct walk walk = { .arena = arena };

    *coverage = arena_alloc(arena, 1, sizeof **coverage);
    if (!*coverage)
        return RC_NO_MEMORY;
    (*coverage)->rule = rule;
    walk.coverage = *coverage;
    walk_rule(&walk);
    return walk.rc;
}

enum rc coverage_add(struct coverage *coverage, struct matcher *matcher, const struct event *event,
                     struct arena *scratch)
{
    struct evaluation evaluation = { .event = event,
                                     .scratch = matcher->scratch,
                                     .arena = scratch };
    struct walk walk = { .coverage = coverage, .evaluation = &evaluation };

    walk_rule(&walk);
    return evaluation.out_of_memory ? RC_NO_MEMORY : RC_OK;
}
