#include "rules/loader.h"

#include "src/base/clock.h"

struct clear_nodes {
    int64_t quiet_ms;
    int64_t count;
    struct node *key;
    struct filter_nodes filter;
};

static const struct setting clear_settings[] = {
    FILTER_MEMBERS(struct clear_nodes),
    { .name = "count",
      .type = SETTING_INT,
      .offset = offsetof(struct clear_nodes, count),
      .min = 1,
      .max = 1000,
      .help = "how many such events it takes; default 1" },
    { .name = "quiet",
      .type = SETTING_DURATION,
      .offset = offsetof(struct clear_nodes, quiet_ms),
      .min = SECOND_MS,
      .max = 366 * DAY_MS,
      .help = "so long without a match, instead of an event" },
};
static const struct shape clear_map = {
    .name = "clear_filter",
    SHAPE_OF(clear_settings),
};

static const char *const clear_words[] = { "never", NULL };
static const struct shape clear_word = { .kind = SHAPE_WORD, .words = clear_words };
static const struct shape *const clear_either[] = { &clear_map, &clear_word, NULL };
const struct shape shape_clear = { .kind = SHAPE_EITHER, .name = "clear", .either = clear_either };

/* -- what clear.where takes over from the rule's where -- */

/* The fields that a where speaks of, at any depth. */
static void add_fields(struct loader *loader, const struct where *where, struct slice_list *fields)
{
    for (size_t i = 0; i < where->n_clauses; i++)
        loader_add_name(loader, fields, where->clauses[i].field.name);
    for (size_t i = 0; i < where->n_any; i++)
        add_fields(loader, &where->any[i], fields);
    for (size_t i = 0; i < where->n_none; i++)
        add_fields(loader, &where->none[i], fields);
}

static bool speaks_of_any(struct loader *loader, const struct where *where,
                          const struct slice_list *fields)
{
    struct slice_list own = { 0 };

    add_fields(loader, where, &own);
    for (size_t i = 0; i < own.n_items; i++) {
        if (names_have(fields, own.items[i]))
            return true;
    }
    return false;
}

static void inherit(struct loader *loader, struct where *to, const struct where *from,
                    const struct slice_list *named);

/* Each map of `any` without the clauses that are named: what is left of one may hold always, and then `any` does. */
static void inherit_any(struct loader *loader, struct where *to, const struct where *from,
                        const struct slice_list *named)
{
    struct where *maps = loader_alloc(loader, from->n_any, sizeof(*maps));

    for (size_t i = 0; maps && i < from->n_any; i++)
        inherit(loader, &maps[i], &from->any[i], named);
    to->any = maps;
    to->n_any = maps ? from->n_any : 0;
    to->any_wanted = from->any_wanted;
}

/* Half a map of `none` would refuse more than the rule does, so that one with a named clause is left out whole. */
static void inherit_none(struct loader *loader, struct where *to, const struct where *from,
                         const struct slice_list *named)
{
    struct where *maps = loader_alloc(loader, to->n_none + from->n_none, sizeof(*maps));
    size_t n_maps = 0;

    for (size_t i = 0; maps && i < to->n_none; i++)
        maps[n_maps++] = to->none[i];
    for (size_t i = 0; maps && i < from->n_none; i++) {
        if (!speaks_of_any(loader, &from->none[i], named))
            maps[n_maps++] = from->none[i];
    }
    to->none = maps;
    to->n_none = n_maps;
}

static void inherit_clauses(struct loader *loader, struct where *to, const struct where *from,
                            const struct slice_list *named)
{
    struct clause *clauses =
        loader_alloc(loader, to->n_clauses + from->n_clauses, sizeof(*clauses));
    size_t n_clauses = 0;

    for (size_t i = 0; clauses && i < to->n_clauses; i++)
        clauses[n_clauses++] = to->clauses[i];
    for (size_t i = 0; clauses && i < from->n_clauses; i++) {
        if (!names_have(named, from->clauses[i].field.name))
            clauses[n_clauses++] = from->clauses[i];
    }
    to->clauses = clauses;
    to->n_clauses = n_clauses;
}

/* Two lists of alternatives must both hold, and a map has room for one. */
static bool has_two_any(const struct where *to, const struct where *from)
{
    return to->n_any && from->n_any;
}

static void inherit(struct loader *loader, struct where *to, const struct where *from,
                    const struct slice_list *named)
{
    inherit_clauses(loader, to, from, named);
    if (from->n_any && !to->n_any)
        inherit_any(loader, to, from, named);
    if (from->n_none)
        inherit_none(loader, to, from, named);
}

static void inherit_where(struct rule_reading *reading, const struct node *clear)
{
    struct loader *loader = reading->loader;
    const struct where *from = reading->rule->filter.where;
    struct filter *filter = &reading->rule->clear.filter;
    struct slice_list named = { 0 };

    if (!from)
        return;
    if (!filter->where)
        filter->where = loader_alloc(loader, 1, sizeof(*filter->where));
    if (!filter->where)
        return;
    add_fields(loader, filter->where, &named);
    if (has_two_any(filter->where, from))
        node_problem(loader->problems, clear,
                     "`any` stands in the rule's where and in clear.where, and both would have to "
                     "hold: write it in one of them");
    inherit(loader, filter->where, from, &named);
}

/* -- clear -- */

static bool names_filter(const struct clear_nodes *nodes)
{
    return nodes->filter.on || nodes->filter.match || nodes->filter.where || nodes->filter.ignore ||
           nodes->key || nodes->count;
}

static void read_clear_filter(struct rule_reading *reading, const struct node *clear,
                              const struct clear_nodes *nodes)
{
    struct clear_part *part = &reading->rule->clear;
    struct filter *filter = &part->filter;

    part->kind = CLEAR_BY_EVENT;
    part->count = nodes->count ? nodes->count : 1;
    read_filter(reading->loader, &nodes->filter, filter, &reading->clear_captures);
    inherit_filter(&reading->rule->filter, &nodes->filter, filter);
    inherit_where(reading, clear);
    collect_captures(reading->loader, filter, &reading->clear_captures);
    if (!nodes->filter.match)
        add_names(reading->loader, &reading->clear_captures, &reading->loader->broken_groups);
    if (filter->where)
        check_where(reading->loader, filter->where, &reading->clear_captures);
    part->key = reading->rule->key;
    if (nodes->key)
        read_key(reading, nodes->key, &reading->clear_captures, &part->key);
    else if (!check_key_captures(reading, clear, &part->key, &reading->clear_captures,
                                 "an event that clears"))
        return;
    check_key_patterns(reading, nodes->filter.match, filter, &part->key, &reading->key_captures);
}

void read_clear(struct rule_reading *reading, const struct node *clear)
{
    struct clear_nodes nodes = { 0 };
    bool is_whole;

    if (clear->type == NODE_SCALAR && slice_eq(clear->text, SLICE("never"))) {
        reading->rule->clear.kind = CLEAR_NEVER;
        return;
    }
    if (clear->type != NODE_MAP || !clear->n_pairs) {
        node_problem(
            reading->loader->problems, clear,
            "`clear` is `never`, {quiet: 1h} or a map of on, match, where, ignore, key, count");
        return;
    }
    is_whole = loader_read_members(reading->loader, &clear_map, clear, &nodes);
    if (!nodes.quiet_ms && !is_whole && !names_filter(&nodes))
        return;
    if (!nodes.quiet_ms) {
        read_clear_filter(reading, clear, &nodes);
        return;
    }
    reading->rule->clear.kind = CLEAR_BY_QUIET;
    reading->rule->clear.quiet_ms = nodes.quiet_ms;
    if (names_filter(&nodes))
        node_problem(reading->loader->problems, clear,
                     "`clear` has either `quiet` or a filter, not both");
}
