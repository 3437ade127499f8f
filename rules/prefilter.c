#include "rules/prefilter.h"

#include "rules/evaluation.h"
#include "rules/gram_table.h"

#include <stdlib.h>
#include <string.h>

#define TABLES_MAX_BYTES ((size_t)512 << 20)

/* One of the ways in which a rule may want a text: a pattern of its match or of its clear's. */
struct way {
    uint32_t rule;
    struct literal_set first;  /* what the table looks for */
    struct literal_set second; /* what must stand in the text as well; empty: nothing is known */
};

/* A literal of a way's first set. Equal ones are looked for once. */
struct use {
    const struct literal *literal;
    uint32_t way;
};

struct prefilter {
    struct arena *arena;
    uint32_t *always;
    size_t n_always;
    struct way *ways; /* by rule */
    size_t n_ways;
    struct literal *literals; /* none twice */
    size_t n_literals;
    struct use *uses;    /* by literal */
    uint32_t *first_use; /* of each literal, and one more */
    struct gram_table *table;
};

/* -- the literals of a filter -- */

static enum rc read_test(const struct test *test, struct arena *arena, struct literal_sets *sets);

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
        return literal_read_text(test->text, arena, sets);
    case TEST_MATCHES:
        return literal_read_pattern(pattern_source(test->pattern), arena, sets);
    case TEST_ANY:
        return read_any(test, arena, sets);
    case TEST_ALL:
        return read_all(test, arena, sets);
    case TEST_EXISTS:
    case TEST_COMPARES:
    case TEST_NOT:
        return RC_OK;
    }
    return RC_OK;
}

/* Its clauses on the text; what stands under any and none is left to the rule. */
static enum rc read_where(const struct where *where, struct arena *arena, struct literal_sets *sets)
{
    *sets = (struct literal_sets){ 0 };
    for (size_t i = 0; where && i < where->n_clauses; i++) {
        const struct field_ref *field = &where->clauses[i].field;
        struct literal_sets clause;
        enum rc rc;

        if (field->place != FIELD_OF_EVENT || field->field != FIELD_TEXT)
            continue;
        rc = read_test(&where->clauses[i].test, arena, &clause);
        if (rc)
            return rc;
        literal_sets_join(sets, &clause);
    }
    return RC_OK;
}

/* -- the ways of a rule -- */

struct building {
    struct prefilter *made;
    struct slice kind;
    struct slice type;
    size_t n_room;
    bool is_always; /* some way of the rule at hand has no literal */
};

static bool same_set(const struct literal_set *a, const struct literal_set *b)
{
    if (a->n_items != b->n_items)
        return false;
    for (size_t i = 0; i < a->n_items; i++) {
        if (a->items[i].is_caseless != b->items[i].is_caseless ||
            !slice_eq(a->items[i].bytes, b->items[i].bytes))
            return false;
    }
    return true;
}

/* A clear that takes over the match of its rule asks for the same. The ways of a rule are the last ones. */
static bool is_there(const struct prefilter *made, const struct way *way)
{
    for (size_t i = made->n_ways; i-- > 0 && made->ways[i].rule == way->rule;) {
        if (same_set(&made->ways[i].first, &way->first) &&
            same_set(&made->ways[i].second, &way->second))
            return true;
    }
    return false;
}

static enum rc add_way(struct building *building, size_t rule, const struct literal_sets *sets)
{
    struct prefilter *made = building->made;
    struct way way = { .rule = (uint32_t)rule };

    if (!sets->n_items) {
        building->is_always = true;
        return RC_OK;
    }
    way.first = sets->items[0];
    if (sets->n_items > 1)
        way.second = sets->items[1];
    if (is_there(made, &way))
        return RC_OK;
    if (made->n_ways == building->n_room) {
        size_t n_room = building->n_room ? 2 * building->n_room : 64;
        struct way *grown = arena_alloc(made->arena, n_room, sizeof(*grown));

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
    enum rc rc = literal_read_pattern(pattern_source(pattern), building->made->arena, &sets);

    if (rc)
        return rc;
    literal_sets_join(&sets, of_where);
    return add_way(building, rule, &sets);
}

static enum rc add_filter(struct building *building, size_t rule, const struct filter *filter,
                          const struct slice_list *on)
{
    struct literal_sets of_where;
    enum rc rc;

    if (!on_asks_for(on, DOOR_DATA, building->kind, building->type))
        return RC_OK;
    rc = read_where(filter->where, building->made->arena, &of_where);
    if (!rc && !filter->n_match)
        rc = add_way(building, rule, &of_where);
    for (size_t i = 0; !rc && i < filter->n_match; i++)
        rc = add_pattern(building, rule, filter->match[i], &of_where);
    return rc;
}

static enum rc add_rule(struct building *building, const struct ruleset *ruleset, size_t i)
{
    const struct rule *rule = &ruleset->rules[i];
    const struct filter *clear = &rule->clear.filter;
    size_t n_ways = building->made->n_ways;
    enum rc rc;

    building->is_always = false;
    rc = add_filter(building, i, &rule->filter, &rule->filter.on);
    if (!rc && rule->clear.kind == CLEAR_BY_EVENT)
        rc = add_filter(building, i, clear, clear->on.n_items ? &clear->on : &rule->filter.on);
    if (rc || !building->is_always)
        return rc;
    building->made->n_ways = n_ways;
    building->made->always[building->made->n_always++] = (uint32_t)i;
    return RC_OK;
}

/* -- literals that several ways use -- */

static int compare_literals(const struct literal *left, const struct literal *right)
{
    int order = slice_compare(left->bytes, right->bytes);

    return order ? order : (int)left->is_caseless - (int)right->is_caseless;
}

static int compare_uses(const void *a, const void *b)
{
    const struct use *left = a;
    const struct use *right = b;
    int order = compare_literals(left->literal, right->literal);

    if (order)
        return order;
    return left->way < right->way ? -1 : left->way > right->way;
}

static size_t list_uses(struct prefilter *made)
{
    size_t n_uses = 0;

    for (size_t i = 0; i < made->n_ways; i++) {
        for (size_t j = 0; j < made->ways[i].first.n_items; j++)
            made->uses[n_uses++] =
                (struct use){ .literal = &made->ways[i].first.items[j], .way = (uint32_t)i };
    }
    qsort(made->uses, n_uses, sizeof(*made->uses), compare_uses);
    return n_uses;
}

static void list_literals(struct prefilter *made, size_t n_uses)
{
    for (size_t i = 0; i < n_uses; i++) {
        if (i && compare_literals(made->uses[i - 1].literal, made->uses[i].literal) == 0)
            continue;
        made->first_use[made->n_literals] = (uint32_t)i;
        made->literals[made->n_literals++] = *made->uses[i].literal;
    }
    made->first_use[made->n_literals] = (uint32_t)n_uses;
}

static enum rc index_literals(struct prefilter *made)
{
    size_t n_uses = 0;

    for (size_t i = 0; i < made->n_ways; i++)
        n_uses += made->ways[i].first.n_items;
    made->uses = arena_alloc(made->arena, n_uses + 1, sizeof(*made->uses));
    made->literals = arena_alloc(made->arena, n_uses + 1, sizeof(*made->literals));
    made->first_use = arena_alloc(made->arena, n_uses + 1, sizeof(*made->first_use));
    if (!made->uses || !made->literals || !made->first_use)
        return RC_NO_MEMORY;
    list_literals(made, list_uses(made));
    return gram_table_new(made->literals, made->n_literals, made->arena, &made->table);
}

/* -- life -- */

enum rc prefilter_new(const struct ruleset *ruleset, struct slice kind, struct slice type,
                      struct prefilter **prefilter)
{
    struct prefilter *made = calloc(1, sizeof(*made));
    struct building building = { .made = made, .kind = kind, .type = type };
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    rc = arena_new(TABLES_MAX_BYTES, &made->arena);
    if (rc)
        goto fail;
    rc = RC_NO_MEMORY;
    made->always = arena_alloc(made->arena, ruleset->n_rules + 1, sizeof(*made->always));
    if (!made->always)
        goto fail;
    rc = RC_OK;
    for (size_t i = 0; !rc && i < ruleset->n_rules; i++)
        rc = add_rule(&building, ruleset, i);
    if (!rc)
        rc = index_literals(made);
    if (rc)
        goto fail;
    *prefilter = made;
    return RC_OK;

fail:
    prefilter_free(made);
    return rc;
}

void prefilter_free(struct prefilter *prefilter)
{
    if (!prefilter)
        return;
    arena_free(prefilter->arena);
    free(prefilter);
}

const uint32_t *prefilter_always(const struct prefilter *prefilter, size_t *n_rules)
{
    *n_rules = prefilter->n_always;
    return prefilter->always;
}

/* -- the scan -- */

struct scan {
    const struct prefilter *prefilter;
    const struct slice *texts;
    size_t n_texts;
    size_t cursor;   /* the text of the last place; the next is near */
    uint32_t *tried; /* of each way, the text (from 1) that it was tried on last */
    struct arena *arena;
    struct candidate_list found;
    size_t n_room;
};

static bool is_behind(const struct slice *text, const char *place)
{
    return !text->len || text->ptr + text->len <= place;
}

static bool is_before(const struct slice *text, const char *place)
{
    return text->len && text->ptr <= place;
}

/* Places come in order, but for a few bytes back and for a pass that starts anew. False where the literal does not lie in one text whole. */
static bool find_text(struct scan *scan, const char *place, size_t len)
{
    const struct slice *text;

    while (scan->cursor && !is_before(&scan->texts[scan->cursor], place))
        scan->cursor--;
    while (scan->cursor + 1 < scan->n_texts && is_behind(&scan->texts[scan->cursor], place))
        scan->cursor++;
    text = &scan->texts[scan->cursor];
    return is_before(text, place) && !is_behind(text, place) &&
           len <= (size_t)(text->ptr + text->len - place);
}

static enum rc add_candidate(struct scan *scan, uint32_t rule)
{
    struct candidate_list *found = &scan->found;

    if (found->n_items == scan->n_room) {
        size_t n_room = scan->n_room ? 2 * scan->n_room : 64;
        struct candidate *grown = arena_alloc(scan->arena, n_room, sizeof(*grown));

        if (!grown)
            return RC_NO_MEMORY;
        if (found->n_items)
            memcpy(grown, found->items, found->n_items * sizeof(*grown));
        found->items = grown;
        scan->n_room = n_room;
    }
    found->items[found->n_items++] =
        (struct candidate){ .text = (uint32_t)scan->cursor, .rule = rule };
    return RC_OK;
}

static enum rc try_way(struct scan *scan, uint32_t i)
{
    const struct way *way = &scan->prefilter->ways[i];

    if (scan->tried[i] == scan->cursor + 1)
        return RC_OK;
    scan->tried[i] = (uint32_t)scan->cursor + 1;
    if (way->second.n_items && !literal_set_is_in(&way->second, scan->texts[scan->cursor]))
        return RC_OK;
    return add_candidate(scan, way->rule);
}

static enum rc on_found(void *context, uint32_t literal, const char *place)
{
    struct scan *scan = context;
    const struct prefilter *prefilter = scan->prefilter;
    enum rc rc = RC_OK;

    if (!find_text(scan, place, prefilter->literals[literal].bytes.len))
        return RC_OK;
    for (uint32_t i = prefilter->first_use[literal]; !rc && i < prefilter->first_use[literal + 1];
         i++)
        rc = try_way(scan, prefilter->uses[i].way);
    return rc;
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;

    if (left->text != right->text)
        return left->text < right->text ? -1 : 1;
    return left->rule < right->rule ? -1 : left->rule > right->rule;
}

static void put_in_order(struct candidate_list *candidates)
{
    size_t n_kept = 0;

    if (candidates->n_items)
        qsort(candidates->items, candidates->n_items, sizeof(*candidates->items),
              compare_candidates);
    for (size_t i = 0; i < candidates->n_items; i++) {
        if (n_kept &&
            compare_candidates(&candidates->items[n_kept - 1], &candidates->items[i]) == 0)
            continue;
        candidates->items[n_kept++] = candidates->items[i];
    }
    candidates->n_items = n_kept;
}

enum rc prefilter_scan(const struct prefilter *prefilter, struct slice bytes,
                       const struct slice *texts, size_t n_texts, struct arena *arena,
                       struct candidate_list *candidates)
{
    struct scan scan = {
        .prefilter = prefilter, .texts = texts, .n_texts = n_texts, .arena = arena
    };
    enum rc rc;

    *candidates = (struct candidate_list){ 0 };
    if (n_texts >= UINT32_MAX)
        return RC_LIMIT;
    if (!n_texts || !prefilter->n_ways)
        return RC_OK;
    scan.tried = arena_alloc(arena, prefilter->n_ways, sizeof(*scan.tried));
    if (!scan.tried)
        return RC_NO_MEMORY;
    rc = gram_table_scan(prefilter->table, bytes, on_found, &scan);
    if (rc)
        return rc;
    put_in_order(&scan.found);
    *candidates = scan.found;
    return RC_OK;
}
