#include "rules/loader.h"

/* --- active --- */

struct active_nodes {
    struct weekly_window_nodes window;
};
static const struct setting active_settings[] = { WEEKLY_WINDOW_SETTINGS(struct active_nodes,
                                                                         window) };
const struct shape shape_active = {
    .name = "hours",
    SHAPE_OF(active_settings),
};

void read_active(struct rule_reading *reading, const struct node *map)
{
    struct loader *loader = reading->loader;
    struct active_nodes nodes = { 0 };
    struct weekly_window *window;
    enum rc rc;

    if (map->type != NODE_MAP || !map->n_pairs) {
        node_problem(loader->problems, map,
                     "`active` is a map: {days: mon-fri, from: \"08:00\", to: \"18:00\", tz: "
                     "Europe/Berlin}");
        return;
    }
    (void)loader_read_members(loader, &shape_active, map, &nodes);
    window = loader_alloc(loader, 1, sizeof(*window));
    if (!window)
        return;
    rc = weekly_window_read(&nodes.window, map, loader->arena, loader->problems, window);
    if (rc && rc != RC_INVALID)
        loader->rc = rc;
    reading->rule->active = window;
}

/* --- unless, while, same --- */

/* One text or a list of them: how many. 0 after a problem. */
static size_t count_texts(struct loader *loader, const struct node *node, const char *what)
{
    size_t n_items = node->type == NODE_LIST ? node->n_items : 1;

    if (node->type == NODE_MAP || !n_items) {
        node_problem(loader->problems, node, "%s", what);
        return 0;
    }
    for (size_t i = 0; i < n_items; i++) {
        const struct node *item = node->type == NODE_LIST ? node->items[i] : node;

        if (item->type == NODE_SCALAR && !item->is_null)
            continue;
        node_problem(loader->problems, item, "%s", what);
        return 0;
    }
    return n_items;
}

static void read_names(struct loader *loader, const struct node *node, const char *what,
                       struct rule_name_list *names)
{
    size_t n_items = node ? count_texts(loader, node, what) : 0;

    names->items = n_items ? loader_alloc(loader, n_items, sizeof(*names->items)) : NULL;
    for (size_t i = 0; names->items && i < n_items; i++) {
        const struct node *item = node->type == NODE_LIST ? node->items[i] : node;

        names->items[names->n_items++] =
            (struct rule_name){ .id = loader_keep(loader, item->text), .mark = item->mark };
    }
}

static void read_same(struct rule_reading *reading, const struct node *node)
{
    struct loader *loader = reading->loader;
    size_t n_items = count_texts(loader, node, "`same` is a list of fields: [service]");

    for (size_t i = 0; i < n_items; i++) {
        const struct node *item = node->type == NODE_LIST ? node->items[i] : node;

        if (check_field(loader, item->mark, item->text, &reading->captures))
            loader_add_name(loader, &reading->rule->same, item->text);
    }
}

void read_relations(struct rule_reading *reading, const struct node *unless,
                    const struct node *while_firing, const struct node *same)
{
    struct loader *loader = reading->loader;

    read_names(loader, unless, "`unless` is a list of rules by their ids: [db-down]",
               &reading->rule->unless);
    read_names(loader, while_firing, "`while` is a list of rules by their ids: [deploy-running]",
               &reading->rule->while_firing);
    if (!same)
        return;
    read_same(reading, same);
    if (!unless && !while_firing)
        node_problem(loader->problems, same,
                     "`same` belongs to `unless` or `while`: it says what both signals have alike");
}
