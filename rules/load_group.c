#include "rules/field_ref.h"
#include "rules/loader.h"
#include "src/base/clock.h"
#include "src/base/map.h"

struct group_nodes {
    struct node *by, *name;
    int64_t wait_ms;
};
#define AT(x) .offset = offsetof(struct group_nodes, x)
static const struct setting group_settings[] = {
    { .name = "by",
      .type = SETTING_NODE,
      AT(by),
      .shape = &shape_texts,
      .help =
          "the fields that signals of one proposal have alike; default: all signals of the rule" },
    { .name = "wait",
      .type = SETTING_DURATION,
      AT(wait_ms),
      .min = 0,
      .max = HOUR_MS,
      .usual = "30s",
      .help = "how long others are waited for" },
    { .name = "name",
      .type = SETTING_NODE,
      AT(name),
      .shape = &shape_text,
      .help = "rules that have it share their proposals" },
};
#undef AT
const struct shape shape_group = {
    .name = "group",
    SHAPE_OF(group_settings),
};

/* Where the field is one of the payload, the signal has to keep it. */
static void read_field(struct rule_reading *reading, const struct node *name, struct slice *kept,
                       struct field_ref *field)
{
    struct loader *loader = reading->loader;

    if (name->type != NODE_SCALAR || name->is_null) {
        node_problem(loader->problems, name, "`by` is a list of field names");
        return;
    }
    *kept = loader_keep(loader, name->text);
    if (!check_field(loader, name->mark, name->text, &reading->captures))
        return;
    if (field_ref_make(*kept, loader->arena, field))
        loader->rc = RC_NO_MEMORY;
    if (field->place == FIELD_OF_DATA)
        loader_add_name(loader, &reading->rule->data_paths, *kept);
}

static void read_fields(struct rule_reading *reading, struct node *const *items, size_t n_items)
{
    struct group_part *group = &reading->rule->group;
    struct slice *names = loader_alloc(reading->loader, n_items + 1, sizeof(*names));

    group->by_fields = loader_alloc(reading->loader, n_items + 1, sizeof(*group->by_fields));
    for (size_t i = 0; names && group->by_fields && i < n_items; i++)
        read_field(reading, items[i], &names[i], &group->by_fields[i]);
    group->by = (struct slice_list){ .items = names, .n_items = names ? n_items : 0 };
}

static void read_by(struct rule_reading *reading, struct node *by)
{
    if (by->type == NODE_MAP)
        node_problem(reading->loader->problems, by, "`by` is a list of field names, not a map");
    else if (by->type == NODE_LIST)
        read_fields(reading, by->items, by->n_items);
    else
        read_fields(reading, &by, 1);
}

static void read_name(struct rule_reading *reading, const struct node *name)
{
    struct loader *loader = reading->loader;

    if (name->type == NODE_SCALAR && loader_is_id(name->text))
        reading->rule->group.name = loader_keep(loader, name->text);
    else
        node_problem(loader->problems, name,
                     "the name of a group is letters, digits, - _ and ., begins with a letter or a "
                     "digit and has at most 100 of them");
}

void read_group(struct rule_reading *reading, const struct node *map)
{
    struct group_part *group = &reading->rule->group;
    struct group_nodes nodes = { 0 };

    if (map->type != NODE_MAP || !map->n_pairs) {
        node_problem(reading->loader->problems, map,
                     "`group` is a map of by, wait, name: {by: [service], wait: 30s}");
        return;
    }
    (void)loader_read_members(reading->loader, &shape_group, map, &nodes);
    group->is_there = true;
    group->mark = map->mark;
    group->wait_ms = nodes.wait_ms;
    if (nodes.by)
        read_by(reading, nodes.by);
    if (nodes.name)
        read_name(reading, nodes.name);
}

/* -- rules of one name -- */

static bool has_same_fields(const struct group_part *a, const struct group_part *b)
{
    bool same = a->by.n_items == b->by.n_items;

    for (size_t i = 0; same && i < a->by.n_items; i++)
        same = slice_eq(a->by.items[i], b->by.items[i]);
    return same;
}

static void add_fields(const struct slice_list *fields, struct buffer *out)
{
    for (size_t i = 0; i < fields->n_items; i++) {
        buffer_add_text(out, i ? ", " : "");
        buffer_add_shown(out, fields->items[i]);
    }
}

static void refuse_fields(struct loader *loader, const struct group_part *first,
                          const struct group_part *second)
{
    struct buffer here, there;

    buffer_init(&here, 0);
    buffer_init(&there, 0);
    add_fields(&second->by, &here);
    add_fields(&first->by, &there);
    mark_problem(loader->problems, PROBLEM_ERROR, second->mark,
                 "the group `%.*s` is by [%.*s] here and by [%.*s] at %.*s:%u:%u: rules that share "
                 "a group name the same fields in the same order",
                 SLICE_ARG(second->name), SLICE_ARG(buffer_slice(&here)),
                 SLICE_ARG(buffer_slice(&there)), SLICE_ARG(first->mark.file), first->mark.line,
                 first->mark.column);
    buffer_free(&here);
    buffer_free(&there);
}

void check_groups(struct loader *loader)
{
    const struct ruleset *set = loader->ruleset;
    struct map *firsts = NULL;
    enum rc rc = map_new(&firsts);

    for (size_t i = 0; !rc && i < set->n_rules; i++) {
        struct group_part *group = &set->rules[i].group;
        const struct group_part *first;

        if (slice_is_absent(group->name))
            continue;
        first = map_get(firsts, group->name);
        if (!first)
            map_put(firsts, group->name, group);
        else if (!has_same_fields(first, group))
            refuse_fields(loader, first, group);
    }
    map_free(firsts);
    if (rc)
        loader->rc = rc;
}
