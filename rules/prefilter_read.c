#include "rules/evaluation.h"
#include "rules/prefilter_private.h"

#include <string.h>

struct building {
    struct prefilter *made;
    const struct prefilter_texts *texts;
    struct arena *reading;
    size_t n_room;
    bool is_always;   /* some way of the rule at hand has no literal */
    bool has_classes; /* some way of it has nothing else */
};

/* -- the literals of a filter -- */

static enum rc read_test(const struct test *test, struct arena *arena, struct literal_sets *sets);

static enum rc read_equals(const struct test *test, struct arena *arena, struct literal_sets *sets)
{
    struct literal_sets of_number;
    enum rc rc = literal_read_text(test->text, arena, sets);

    if (rc || slice_is_absent(test->number))
        return rc;
    rc = literal_read_text(test->number, arena, &of_number);
    return rc ? rc : literal_sets_unite(sets, &of_number, arena);
}

static enum rc read_any(const struct test *test, struct arena *arena, struct literal_sets *sets)
{
    for (size_t i = 0; i < test->n_parts; i++) {
        struct literal_sets part;
        enum rc rc = read_test(&test->parts[i], arena, &part);

        if (!rc && i)
            rc = literal_sets_unite(sets, &part, arena);
        else
            *sets = part;
        if (rc)
            return rc;
    }
    return RC_OK;
}

static enum rc read_all(const struct test *test, struct arena *arena, struct literal_sets *sets)
{
    for (size_t i = 0; i < test->n_parts; i++) {
        struct literal_sets part;
        enum rc rc = read_test(&test->parts[i], arena, &part);

        if (rc)
            return rc;
        literal_sets_join(sets, &part);
    }
    return RC_OK;
}

static enum rc read_test(const struct test *test, struct arena *arena, struct literal_sets *sets)
{
    *sets = (struct literal_sets){ 0 };
    switch (test->kind) {
    case TEST_EQUALS:
        return read_equals(test, arena, sets);
    case TEST_MATCHES:
        return literal_read_pattern(pattern_source(test->pattern), arena, sets);
    case TEST_ANY:
        return read_any(test, arena, sets);
    case TEST_ALL:
        return read_all(test, arena, sets);
    case TEST_EXISTS:
    case TEST_COMPARES:
    case TEST_BEFORE:
    case TEST_AFTER:
    case TEST_CIDR:
    case TEST_FILE:
    case TEST_SOME:
    case TEST_NOT:
        return RC_OK; /* what these ask for stands in the text in many ways */
    }
    return RC_OK;
}

/* Does what the member says stand in the line? Syslog's facility and severity are words for a number, and a bracket (data.["severity"]) may name them as well. */
static bool is_written_in_line(const struct field_ref *field)
{
    return field->place == FIELD_OF_DATA && slice_starts(field->name, SLICE("data.")) &&
           !slice_starts(field->name, SLICE("data.[")) &&
           !slice_starts(field->name, SLICE("data.facility")) &&
           !slice_starts(field->name, SLICE("data.severity"));
}

static enum rc read_clause(const struct building *building, const struct clause *clause,
                           struct literal_sets *sets)
{
    bool is_of_text = clause->field.place == FIELD_OF_EVENT && clause->field.field == FIELD_TEXT;
    bool is_of_data = building->texts->holds_data && is_written_in_line(&clause->field);
    enum rc rc;

    *sets = (struct literal_sets){ 0 };
    if (!is_of_text && !is_of_data)
        return RC_OK;
    rc = read_test(&clause->test, building->reading, sets);
    if (is_of_data)
        literal_sets_keep_verbatim(sets);
    return rc;
}

/* What stands under any and none is left to the rule. */
static enum rc read_where(const struct building *building, const struct where *where,
                          struct literal_sets *sets)
{
    *sets = (struct literal_sets){ 0 };
    for (size_t i = 0; where && i < where->n_clauses; i++) {
        struct literal_sets clause;
        enum rc rc = read_clause(building, &where->clauses[i], &clause);

        if (rc)
            return rc;
        literal_sets_join(sets, &clause);
    }
    return RC_OK;
}

/* -- the ways of a rule -- */

static bool same_set(const struct literal_set *a, const struct literal_set *b)
{
    if (a->n_items != b->n_items || a->or_escape != b->or_escape ||
        a->or_exponent != b->or_exponent)
        return false;
    for (size_t i = 0; i < a->n_items; i++) {
        if (literal_compare(&a->items[i], &b->items[i]) != 0)
            return false;
    }
    return true;
}

static bool same_sets(const struct literal_sets *a, const struct literal_sets *b)
{
    if (a->n_items != b->n_items)
        return false;
    for (size_t i = 0; i < a->n_items; i++) {
        if (!same_set(&a->items[i], &b->items[i]))
            return false;
    }
    return true;
}

/* A clear that takes over the match of its rule asks for the same. The ways of a rule are the last ones. */
static bool is_there(const struct prefilter *made, const struct way *way)
{
    for (size_t i = made->n_ways; i-- > 0 && made->ways[i].rule == way->rule;) {
        if (same_sets(&made->ways[i].sets, &way->sets))
            return true;
    }
    return false;
}

static bool are_all_of_classes(const struct literal_sets *sets)
{
    for (size_t i = 0; i < sets->n_items; i++) {
        if (!sets->items[i].items[0].classes)
            return false;
    }
    return true;
}

static enum rc add_way(struct building *building, size_t rule, const struct literal_sets *sets)
{
    struct prefilter *made = building->made;
    const struct way way = { .rule = (uint32_t)rule, .sets = *sets };

    if (!sets->n_items) {
        building->is_always = true;
        return RC_OK;
    }
    building->has_classes |= are_all_of_classes(sets);
    if (is_there(made, &way))
        return RC_OK;
    if (made->n_ways == building->n_room) {
        size_t n_room = building->n_room ? 2 * building->n_room : 64;
        struct way *grown = arena_alloc(building->reading, n_room, sizeof(*grown));

        if (!grown)
            return RC_NO_MEMORY;
        if (made->n_ways)
            memcpy(grown, made->ways, made->n_ways * sizeof(*grown));
        made->ways = grown;
        building->n_room = n_room;
    }
    made->ways[made->n_ways++] = way;
    return RC_OK;
}

static enum rc add_pattern(struct building *building, size_t rule, const struct pattern *pattern,
                           const struct literal_sets *of_where)
{
    struct literal_sets sets;
    enum rc rc = literal_read_pattern(pattern_source(pattern), building->reading, &sets);

    if (rc)
        return rc;
    literal_sets_join(&sets, of_where);
    return add_way(building, rule, &sets);
}

static enum rc add_filter(struct building *building, size_t rule, const struct filter *filter)
{
    const struct prefilter_texts *texts = building->texts;
    struct literal_sets of_where;
    enum rc rc;

    if (!on_asks_for(&filter->on, DOOR_DATA, texts->kind, texts->type))
        return RC_OK;
    rc = read_where(building, filter->where, &of_where);
    if (!rc && !filter->n_match)
        rc = add_way(building, rule, &of_where);
    for (size_t i = 0; !rc && i < filter->n_match; i++)
        rc = add_pattern(building, rule, filter->match[i], &of_where);
    return rc;
}

static enum rc add_rule(struct building *building, const struct ruleset *ruleset, size_t i)
{
    struct prefilter *made = building->made;
    const struct filter *filter;
    size_t n_ways = made->n_ways;
    enum rc rc = RC_OK;

    building->is_always = building->has_classes = false;
    for (size_t n = 0; !rc && (filter = rule_filter(&ruleset->rules[i], n)); n++)
        rc = add_filter(building, i, filter);
    if (building->is_always) {
        made->n_ways = n_ways;
        made->always[made->n_always++] = (uint32_t)i;
        made->means[i] = PREFILTER_ALWAYS;
    } else if (made->n_ways > n_ways) {
        made->means[i] = building->has_classes ? PREFILTER_CLASSES : PREFILTER_LITERAL;
    }
    return rc;
}

static enum rc make_room(struct prefilter *made, const struct ruleset *ruleset)
{
    made->n_rules = ruleset->n_rules;
    made->always = arena_alloc(made->arena, ruleset->n_rules + 1, sizeof(*made->always));
    made->means = arena_alloc(made->arena, ruleset->n_rules + 1, sizeof(*made->means));
    return made->always && made->means ? RC_OK : RC_NO_MEMORY;
}

static bool asks_for(const struct rule *rule, const struct prefilter_texts *texts)
{
    const struct filter *filter;

    for (size_t i = 0; (filter = rule_filter(rule, i)); i++) {
        if (on_asks_for(&filter->on, DOOR_DATA, texts->kind, texts->type))
            return true;
    }
    return false;
}

enum rc prefilter_list_all(struct prefilter *made, const struct ruleset *ruleset,
                           const struct prefilter_texts *texts)
{
    enum rc rc = make_room(made, ruleset);

    for (uint32_t i = 0; !rc && i < ruleset->n_rules; i++) {
        if (!asks_for(&ruleset->rules[i], texts))
            continue;
        made->means[i] = PREFILTER_ALWAYS;
        made->always[made->n_always++] = i;
    }
    return rc;
}

enum rc prefilter_read_rules(struct prefilter *made, const struct ruleset *ruleset,
                             const struct prefilter_texts *texts, struct arena *reading)
{
    struct building building = { .made = made, .texts = texts, .reading = reading };
    enum rc rc = make_room(made, ruleset);

    for (size_t i = 0; !rc && i < ruleset->n_rules; i++)
        rc = add_rule(&building, ruleset, i);
    return rc;
}
