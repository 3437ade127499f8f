#include "rules/loader.h"

static void read_fields(struct rule_reading *reading, const struct node *list,
                        const struct slice_list *captures, struct rule_key *key)
{
    size_t n_items = list->n_items;
    struct slice *names = loader_alloc(reading->loader, n_items, sizeof(*names));
    struct field_ref *fields = loader_alloc(reading->loader, n_items, sizeof(*fields));

    if (!n_items)
        node_problem(reading->loader->problems, list,
                     "an empty key would fold everything together: leave it out for `subject`");
    for (size_t i = 0; names && fields && i < n_items; i++) {
        const struct node *name = list->items[i];

        if (name->type != NODE_SCALAR || name->is_null) {
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

    if (event_is_field(scalar->text) || names_have(captures, scalar->text))
        read_fields(reading, &list, captures, key);
    else
        key->template = read_template(reading, scalar, captures, true);
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
}

void check_key_captures(struct rule_reading *reading, const struct node *node,
                        const struct rule_key *key, const struct slice_list *captures,
                        const char *whose)
{
    for (size_t i = 0; i < key->names.n_items; i++) {
        if (!event_is_field(key->names.items[i]) && !names_have(captures, key->names.items[i]))
            node_problem(reading->loader->problems, node,
                         "%s cannot have `%.*s`, which the key names: capture it there as well",
                         whose, SLICE_ARG(key->names.items[i]));
    }
}
