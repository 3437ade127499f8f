#include "rules/loader.h"

/* -- on -- */

static const struct shape shape_kind = { .kind = SHAPE_TEXT, .words = event_kinds };
const struct shape shape_on = { .kind = SHAPE_ONE_OR_LIST, .name = "on", .item = &shape_kind };

/* Any dotted word may be some sender's type, but what looks like a kind is meant to be one. */
static void warn_near_kind(struct loader *loader, const struct node *scalar)
{
    const char *meant = problem_did_you_mean(scalar->text, event_kinds);
    int kind;

    if (meant && slice_to_enum(scalar->text, event_kinds, &kind))
        mark_problem(loader->problems, PROBLEM_WARNING, scalar->mark,
                     "`%.80s` is not a kind of event; did you mean `%s`?", scalar->text.ptr, meant);
}

static void read_on(struct loader *loader, const struct node *on, struct slice_list *names)
{
    bool is_list = on->type == NODE_LIST;
    size_t n_names = is_list ? on->n_items : 1;

    if (!n_names)
        node_problem(loader->problems, on,
                     "`on` is empty: name a kind (ci.run), a type (github.workflow_run) or a glob");
    for (size_t i = 0; i < n_names; i++) {
        const struct node *name = is_list ? on->items[i] : on;

        if (name->type != NODE_SCALAR || !name->text.len || name->is_null) {
            node_problem(loader->problems, name,
                         "`on` names kinds (ci.run), types (github.workflow_run) or globs "
                         "(github.*)");
            continue;
        }
        warn_near_kind(loader, name);
        loader_add_name(loader, names, name->text);
    }
}

/* -- match, ignore -- */

static struct pattern **read_patterns(struct loader *loader, const struct node *node,
                                      struct slice_list *captures, size_t *n_patterns)
{
    bool is_list = node->type == NODE_LIST;
    size_t n_nodes = is_list ? node->n_items : 1;
    struct pattern **patterns = loader_alloc(loader, n_nodes, sizeof(*patterns));

    if (!n_nodes)
        node_problem(loader->problems, node,
                     "an empty list of patterns would never match: name one, or leave it out");
    *n_patterns = 0;
    for (size_t i = 0; patterns && i < n_nodes; i++) {
        const struct node *scalar = is_list ? node->items[i] : node;
        struct pattern *pattern = read_pattern(loader, scalar, captures);

        if (pattern)
            patterns[(*n_patterns)++] = pattern;
    }
    return patterns;
}

void read_filter(struct loader *loader, const struct filter_nodes *nodes, struct filter *filter,
                 struct slice_list *captures)
{
    if (nodes->on) {
        read_on(loader, nodes->on, &filter->on);
        filter->on_mark = nodes->on->mark;
    }
    if (nodes->match)
        filter->match = read_patterns(loader, nodes->match, captures, &filter->n_match);
    if (nodes->ignore)
        filter->ignore = read_patterns(loader, nodes->ignore, NULL, &filter->n_ignore);
    if (nodes->where)
        filter->where = read_where(loader, nodes->where, captures);
}

void inherit_filter(const struct filter *from, const struct filter_nodes *nodes,
                    struct filter *filter)
{
    if (!nodes->on) {
        filter->on = from->on;
        filter->on_mark = from->on_mark;
    }
    if (!nodes->match) {
        filter->match = from->match;
        filter->n_match = from->n_match;
    }
    if (!nodes->ignore) {
        filter->ignore = from->ignore;
        filter->n_ignore = from->n_ignore;
    }
}
