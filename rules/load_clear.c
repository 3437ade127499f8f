#include "rules/loader.h"

#include "src/base/clock.h"

struct clear_nodes {
    int64_t quiet_ms;
    struct filter_nodes filter;
};

static const struct setting clear_settings[] = {
    { .name = "on", .type = SETTING_NODE, .offset = offsetof(struct clear_nodes, filter.on) },
    { .name = "match", .type = SETTING_NODE, .offset = offsetof(struct clear_nodes, filter.match) },
    { .name = "where", .type = SETTING_NODE, .offset = offsetof(struct clear_nodes, filter.where) },
    { .name = "ignore",
      .type = SETTING_NODE,
      .offset = offsetof(struct clear_nodes, filter.ignore) },
    { .name = "quiet",
      .type = SETTING_DURATION,
      .offset = offsetof(struct clear_nodes, quiet_ms),
      .min = SECOND_MS,
      .max = 366 * DAY_MS },
};
static const char *const clear_not_yet[] = { "key", "count", NULL };
static const struct member_table clear_members = {
    .settings = clear_settings,
    .n_settings = sizeof(clear_settings) / sizeof(*clear_settings),
    .not_yet = clear_not_yet,
};

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

/* What it does not name it has from the rule. */
static void inherit_filter(struct rule_reading *reading, const struct clear_nodes *nodes)
{
    const struct filter *from = &reading->rule->filter;
    struct filter *filter = &reading->rule->clear.filter;

    if (!nodes->filter.on)
        filter->on = from->on;
    if (!nodes->filter.match) {
        filter->match = from->match;
        filter->n_match = from->n_match;
        /* Its groups, too; where the rule has none, what its where captures comes with the clauses. */
    }
    if (!nodes->filter.ignore) {
        filter->ignore = from->ignore;
        filter->n_ignore = from->n_ignore;
    }
}

static void add_pattern_groups(struct rule_reading *reading, const struct pattern *pattern)
{
    for (size_t i = 0; !slice_is_absent(pattern_group(pattern, i)); i++)
        loader_add_name(reading->loader, &reading->clear_captures, pattern_group(pattern, i));
}

static void add_test_groups(struct rule_reading *reading, const struct test *test)
{
    if (test->kind == TEST_MATCHES && test->pattern)
        add_pattern_groups(reading, test->pattern);
    if (test->kind == TEST_NOT)
        return;
    for (size_t i = 0; i < test->n_parts && test->parts; i++)
        add_test_groups(reading, &test->parts[i]);
}

static void add_where_groups(struct rule_reading *reading, const struct where *where)
{
    for (size_t i = 0; i < where->n_clauses; i++)
        add_test_groups(reading, &where->clauses[i].test);
    for (size_t i = 0; i < where->n_any; i++)
        add_where_groups(reading, &where->any[i]);
}

/* All that an event that clears can have captured, inherited patterns included. */
static void collect_captures(struct rule_reading *reading)
{
    const struct filter *filter = &reading->rule->clear.filter;

    for (size_t i = 0; i < filter->n_match; i++)
        add_pattern_groups(reading, filter->match[i]);
    if (filter->where)
        add_where_groups(reading, filter->where);
}

/* It must render the same key: without a capture of the key it could never clear anything, in silence. */
static void check_key(struct rule_reading *reading, const struct node *clear)
{
    const struct rule *rule = reading->rule;

    for (size_t i = 0; i < rule->key.n_items; i++) {
        if (!event_is_field(rule->key.items[i]) &&
            !names_have(&reading->clear_captures, rule->key.items[i]))
            node_problem(reading->loader->problems, clear,
                         "an event that clears cannot have `%.*s`, which the key names: capture it "
                         "in clear.match as well",
                         SLICE_ARG(rule->key.items[i]));
    }
}

static bool names_filter(const struct clear_nodes *nodes)
{
    return nodes->filter.on || nodes->filter.match || nodes->filter.where || nodes->filter.ignore;
}

static void read_clear_filter(struct rule_reading *reading, const struct node *clear,
                              const struct clear_nodes *nodes)
{
    struct filter *filter = &reading->rule->clear.filter;

    reading->rule->clear.kind = CLEAR_BY_EVENT;
    read_filter(reading->loader, &nodes->filter, filter, &reading->clear_captures);
    inherit_filter(reading, nodes);
    inherit_where(reading, clear);
    collect_captures(reading);
    if (filter->where)
        check_where(reading->loader, filter->where, &reading->clear_captures);
    check_key(reading, clear);
}

void read_clear(struct rule_reading *reading, const struct node *clear)
{
    struct clear_nodes nodes = { 0 };

    if (clear->type == NODE_SCALAR && slice_eq(clear->text, SLICE("never"))) {
        reading->rule->clear.kind = CLEAR_NEVER;
        return;
    }
    if (clear->type != NODE_MAP || !clear->n_pairs) {
        node_problem(reading->loader->problems, clear,
                     "`clear` is `never`, {quiet: 1h} or a map of on, match, where, ignore");
        return;
    }
    if (!loader_read_members(reading->loader, &clear_members, clear, &nodes))
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
