#include "rules/loader.h"

const struct shape shape_field = { .kind = SHAPE_TEXT, .words = event_field_names };
const struct shape shape_key = { .kind = SHAPE_ONE_OR_LIST, .name = "key", .item = &shape_field };

static void refuse_empty(struct rule_reading *reading, const struct node *key)
{
    node_problem(reading->loader->problems, key,
                 "an empty key would fold everything together: leave it out for `subject`");
}

static void read_fields(struct rule_reading *reading, const struct node *list,
                        const struct slice_list *captures, struct rule_key *key)
{
    size_t n_items = list->n_items;
    struct slice *names = loader_alloc(reading->loader, n_items, sizeof(*names));
    struct field_ref *fields = loader_alloc(reading->loader, n_items, sizeof(*fields));

    if (!n_items)
        refuse_empty(reading, list);
    for (size_t i = 0; names && fields && i < n_items; i++) {
        const struct node *name = list->items[i];

        if (name->type != NODE_SCALAR || name->is_null || !name->text.len) {
            node_problem(reading->loader->problems, name,
                         "a key is a list of field names, or one template");
            return;
        }
        names[i] = loader_keep(reading->loader, name->text);
        (void)check_field(reading->loader, name->mark, name->text, captures);
        if (field_ref_make(names[i], reading->loader->arena, &fields[i]))
            reading->loader->rc = RC_NO_MEMORY;
    }
    key->names = (struct slice_list){ .items = names, .n_items = names ? n_items : 0 };
    key->fields = fields;
}

/* `key: repo`: a field's name alone is that field, since as a template it would be one signal for everything. */
static void read_scalar(struct rule_reading *reading, struct node *scalar,
                        const struct slice_list *captures, struct rule_key *key)
{
    struct node *items[] = { scalar };
    struct node list = { .type = NODE_LIST, .mark = scalar->mark, .items = items, .n_items = 1 };

    if (!slice_trim(scalar->text).len)
        refuse_empty(reading, scalar);
    else if (event_is_field(scalar->text) || names_have(captures, scalar->text))
        read_fields(reading, &list, captures, key);
    else
        key->template = read_template(reading, scalar, captures, true);
}

/* As the last field, unless it is there already. */
static void join_key(struct rule_reading *reading, const struct node *node, struct rule_key *key)
{
    struct slice name = reading->joins_key;
    size_t n_items = key->names.n_items;
    struct slice *names = loader_alloc(reading->loader, n_items + 1, sizeof(*names));
    struct field_ref *fields = loader_alloc(reading->loader, n_items + 1, sizeof(*fields));

    if (key->template)
        node_problem(reading->loader->problems, node,
                     "`%.*s` joins the key, since every value of it is a signal of its own: write "
                     "the key as a list of fields, not as a template",
                     SLICE_ARG(name));
    if (key->template || !names || !fields || names_have(&key->names, name))
        return;
    for (size_t i = 0; i < n_items; i++) {
        names[i] = key->names.items[i];
        fields[i] = key->fields[i];
    }
    names[n_items] = name;
    if (field_ref_make(name, reading->loader->arena, &fields[n_items]))
        reading->loader->rc = RC_NO_MEMORY;
    key->names = (struct slice_list){ .items = names, .n_items = n_items + 1 };
    key->fields = fields;
}

void read_key(struct rule_reading *reading, struct node *node, const struct slice_list *captures,
              struct rule_key *key)
{
    switch (node->type) {
    case NODE_SCALAR:
        read_scalar(reading, node, captures, key);
        break;
    case NODE_LIST:
        read_fields(reading, node, captures, key);
        break;
    case NODE_MAP:
        node_problem(reading->loader->problems, node,
                     "a key is a list of field names, or one template, not a map");
        break;
    }
    if (!slice_is_absent(reading->joins_key))
        join_key(reading, node, key);
}

bool check_key_captures(struct rule_reading *reading, const struct node *node,
                        const struct rule_key *key, const struct slice_list *captures,
                        const char *whose)
{
    bool is_right = true;

    for (size_t i = 0; i < key->names.n_items; i++) {
        struct slice name = key->names.items[i];

        if (!event_is_field(name) && !names_have(captures, name) &&
            !names_have(&reading->loader->refused_names, name)) {
            is_right = false;
            node_problem(reading->loader->problems, node,
                         "%s cannot have `%.*s`, which the key names: capture it there as well",
                         whose, SLICE_ARG(name));
        }
    }
    return is_right;
}

/* -- patterns whose events have no key -- */

struct key_groups {
    struct slice_list anywhere; /* what the rule's patterns capture, and those of the filter */
    struct slice_list of_where; /* of the filter's clauses: together with each of its patterns */
};

static bool captures_name(const struct pattern *pattern, struct slice name)
{
    for (size_t i = 0; !slice_is_absent(pattern_group(pattern, i)); i++) {
        if (slice_eq(pattern_group(pattern, i), name))
            return true;
    }
    return false;
}

static void warn_lacks(struct rule_reading *reading, const struct node *scalar, struct slice name)
{
    bool is_field = event_is_field(name);

    mark_problem(reading->loader->problems, PROBLEM_WARNING, scalar->mark,
                 "this pattern has no group `%.*s`, which the key names and others capture: an "
                 "event that it finds has no key%s, and counts for nothing",
                 SLICE_ARG(name), is_field ? " unless its sender fills that field" : "");
}

static void check_pattern(struct rule_reading *reading, const struct node *scalar,
                          const struct pattern *pattern, const struct rule_key *key,
                          const struct key_groups *groups)
{
    for (size_t i = 0; i < key->names.n_items; i++) {
        struct slice name = key->names.items[i];

        if (names_have(&groups->anywhere, name) && !names_have(&groups->of_where, name) &&
            !captures_name(pattern, name))
            warn_lacks(reading, scalar, name);
    }
}

void check_key_patterns(struct rule_reading *reading, const struct node *match,
                        const struct filter *filter, const struct rule_key *key,
                        const struct slice_list *of_rule)
{
    const struct filter where_alone = { .where = filter->where };
    struct key_groups groups = { 0 };
    bool is_list = match && match->type == NODE_LIST;
    size_t n_nodes = is_list ? match->n_items : 1;

    /* Where one could not be read, which is which is not known. */
    if (!match || n_nodes != filter->n_match)
        return;
    add_names(reading->loader, &groups.anywhere, of_rule);
    collect_captures(reading->loader, filter, &groups.anywhere);
    collect_captures(reading->loader, &where_alone, &groups.of_where);
    for (size_t i = 0; i < n_nodes; i++)
        check_pattern(reading, is_list ? match->items[i] : match, filter->match[i], key, &groups);
}
