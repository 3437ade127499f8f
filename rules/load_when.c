#include "rules/loader.h"

#include <string.h>

struct part_nodes {
    struct filter_nodes filter;
    struct node *key;
    int64_t count;
};

#define AT(x) .offset = offsetof(struct part_nodes, x)
static const struct setting part_settings[] = {
    FILTER_MEMBERS(struct part_nodes),
    { .name = "count",
      .type = SETTING_INT,
      AT(count),
      .min = 1,
      .max = 10000,
      .help = "how many such events it takes; default 1" },
};
const struct shape shape_filter = {
    .name = "filter",
    SHAPE_OF(part_settings),
};

/* -- FILTERs -- */

static bool add_part(struct rule_reading *reading)
{
    struct rule *rule = reading->rule;

    if (!rule->parts)
        rule->parts = loader_alloc(reading->loader, RULE_PARTS_MAX, sizeof(*rule->parts));
    if (!rule->parts)
        return false;
    rule->n_parts++;
    return true;
}

bool read_part(struct rule_reading *reading, const struct node *node, size_t *index)
{
    struct rule *rule = reading->rule;
    struct part_nodes nodes = { .count = 1 };
    struct part_reading *more = &reading->parts[rule->n_parts];
    struct rule_part *part;

    if (node->type != NODE_MAP || !node->n_pairs) {
        node_problem(reading->loader->problems, node,
                     "a filter is a map of on, match, where, ignore, key, count, not %s",
                     node->type == NODE_MAP ? "an empty one" : node_type_text(node));
        return false;
    }
    (void)loader_read_members(reading->loader, &shape_filter, node, &nodes);
    if (!add_part(reading))
        return false;
    *index = rule->n_parts - 1;
    part = &rule->parts[*index];
    part->count = nodes.count;
    more->node = node;
    more->key = nodes.key;
    more->match = nodes.filter.match;
    read_filter(reading->loader, &nodes.filter, &part->filter, &more->captures);
    inherit_filter(&rule->filter, &nodes.filter, &part->filter);
    collect_captures(reading->loader, &part->filter, &more->captures);
    if (!nodes.filter.match)
        add_names(reading->loader, &more->captures, &reading->loader->broken_groups);
    if (part->filter.where)
        check_where(reading->loader, part->filter.where, &more->captures);
    return true;
}

/* The key of the rule is known now. */
static void finish_part(struct rule_reading *reading, struct rule_part *part,
                        const struct part_reading *more)
{
    bool has_key = true;

    part->key = reading->rule->key;
    if (more->key)
        read_key(reading, more->key, &more->captures, &part->key);
    else
        has_key = check_key_captures(reading, more->node, &part->key, &more->captures,
                                     "an event of this filter");
    if (part->key.names.n_items != reading->rule->key.names.n_items)
        node_problem(
            reading->loader->problems, more->node,
            "the key of a filter must name as many fields as the rule's, in the same order: "
            "%zu, not %zu",
            reading->rule->key.names.n_items, part->key.names.n_items);
    if (has_key)
        check_key_patterns(reading, more->match, &part->filter, &part->key, &reading->key_captures);
    add_names(reading->loader, &reading->captures, &more->captures);
}

void finish_parts(struct rule_reading *reading)
{
    for (size_t i = 0; i < reading->rule->n_parts; i++)
        finish_part(reading, &reading->rule->parts[i], &reading->parts[i]);
}

/* -- fields -- */

bool read_condition_field(struct rule_reading *reading, const struct node *scalar,
                          struct field_ref *field)
{
    struct loader *loader = reading->loader;

    if (scalar->type != NODE_SCALAR || scalar->is_null || !scalar->text.len) {
        node_problem(loader->problems, scalar, "the name of a field is expected here, not %s",
                     scalar->type == NODE_SCALAR ? "nothing" : node_type_text(scalar));
        return false;
    }
    if (!check_field(loader, scalar->mark, scalar->text, &reading->captures))
        return false;
    if (field_ref_make(loader_keep(loader, scalar->text), loader->arena, field))
        loader->rc = RC_NO_MEMORY;
    return !loader->rc;
}

/* -- when -- */

bool read_condition_members(struct rule_reading *reading, const struct shape *members,
                            const char *name, const struct node *when, void *target)
{
    struct setting *settings =
        loader_alloc(reading->loader, members->n_settings, sizeof(*settings));
    struct shape named = *members;

    if (!settings)
        return false;
    memcpy(settings, members->settings, members->n_settings * sizeof(*settings));
    settings[0].name = name;
    named.settings = settings;
    return loader_read_members(reading->loader, &named, when, target);
}

static void keep_name(struct loader *loader, struct slice member, size_t index, bool is_of_list,
                      struct slice *name)
{
    enum rc rc = is_of_list
                     ? arena_format(loader->arena, name, "when.%.*s[%zu]", SLICE_ARG(member), index)
                     : arena_format(loader->arena, name, "when.%.*s", SLICE_ARG(member));

    if (rc)
        loader->rc = rc;
}

/* By where its node stands. */
static void name_part(struct loader *loader, const struct node *when, const struct node *filter,
                      struct slice *name)
{
    for (size_t i = 0; i < when->n_pairs; i++) {
        const struct node *value = when->pairs[i].value;

        if (value == filter)
            keep_name(loader, when->pairs[i].key, 0, false, name);
        for (size_t j = 0; value->type == NODE_LIST && j < value->n_items; j++) {
            if (value->items[j] == filter)
                keep_name(loader, when->pairs[i].key, j, true, name);
        }
    }
}

void read_when(struct rule_reading *reading, const struct node *when)
{
    struct rule *rule = reading->rule;

    rule->condition = condition_find(when, reading->loader->problems);
    if (rule->condition) {
        rule->has_only_parts = rule->condition->has_only_parts;
        rule->condition_spec = rule->condition->parse(reading, when);
    }
    for (size_t i = 0; i < rule->n_parts; i++)
        name_part(reading->loader, when, reading->parts[i].node, &rule->parts[i].name);
    /* Of a sequence, what steps capture is all that the key can be made of. */
    for (size_t i = 0; rule->has_only_parts && i < rule->n_parts; i++)
        add_names(reading->loader, &reading->key_captures, &reading->parts[i].captures);
}
