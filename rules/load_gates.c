#include "rules/loader.h"

/* --- active --- */

struct active_nodes {
    struct weekly_window_nodes window;
};
static const struct setting active_settings[] = { WEEKLY_WINDOW_SETTINGS(struct active_nodes,
                                                                         window) };
static const struct member_table active_members = {
    .settings = active_settings,
    .n_settings = sizeof(active_settings) / sizeof(*active_settings),
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
    if (!loader_read_members(loader, &active_members, map, &nodes))
        return;
    window = loader_alloc(loader, 1, sizeof(*window));
    if (!window)
        return;
    rc = weekly_window_read(&nodes.window, map, loader->arena, loader->problems, window);
    if (rc && rc != RC_INVALID)
        loader->rc = rc;
    reading->rule->active = window;
}
