#include "rules/loader.h"

/* -- on -- */

static const struct shape shape_kind = { .kind = SHAPE_TEXT, .words = event_kinds };
const struct shape shape_on = { .kind = SHAPE_ONE_OR_LIST, .name = "on", .item = &shape_kind };

#define ON_WANTED "`on` names kinds (ci.run), types (github.workflow_run) or globs (github.*)"

const char *near_kind(struct slice on)
{
    size_t offset;
    int kind;

    if (slice_to_enum(on, event_kinds, &kind) == RC_OK || !slice_find(on, SLICE("*"), &offset))
        return NULL;
    return problem_did_you_mean(on, event_kinds);
}

/* Any dotted word may be some sender's type, but what looks like a kind is meant to be one. */
static void warn_near_kind(struct loader *loader, const struct node *scalar)
{
    const char *meant = near_kind(scalar->text);

    if (meant)
        mark_problem(loader->problems, PROBLEM_WARNING, scalar->mark,
                     "`%.80s` is not a kind of event; did you mean `%s`?", scalar->text.ptr, meant);
}

static bool is_letter(unsigned char c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80;
}

/* What kinds and types are made of: words, and no blank in them. */
static bool may_be_name(struct slice text)
{
    bool has_letter = false;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c <= ' ' || c == 0x7f)
            return false;
        has_letter = has_letter || c == '*' || is_letter(c);
    }
    return has_letter;
}

static bool check_on(struct loader *loader, const struct node *name)
{
    if (name->type != NODE_SCALAR || !name->text.len || name->is_null)
        node_problem(loader->problems, name, ON_WANTED);
    else if (name->text.ptr[0] == '/')
        node_problem(loader->problems, name,
                     ON_WANTED ", not patterns; the text is searched by `match`");
    else if (!may_be_name(name->text))
        node_problem(loader->problems, name, ON_WANTED ", not `%.80s`", name->text.ptr);
    else
        return true;
    return false;
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

        if (!check_on(loader, name))
            continue;
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
