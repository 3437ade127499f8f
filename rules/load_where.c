#include "rules/loader.h"

/* -- maps -- */

/* As the rule writes it, in one line: what explain shows. */
static struct slice text_of(struct loader *loader, const struct node *node)
{
    struct slice text = SLICE("");
    struct json_writer writer;
    struct buffer json;

    if (node->type == NODE_SCALAR)
        return loader_keep(loader, node->text);
    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    node_write_json(node, &writer);
    if (buffer_rc(&json))
        loader->rc = RC_NO_MEMORY;
    else
        text = loader_keep(loader, buffer_slice(&json));
    buffer_free(&json);
    return text;
}

static void read_maps(const struct map_reading *reading, const struct node_pair *pair,
                      struct where **maps, size_t *n_maps, struct slice *wanted)
{
    struct loader *loader = reading->loader;
    const struct node *list = pair->value;

    if (list->type != NODE_LIST || !list->n_items) {
        node_problem(loader->problems, list,
                     "`%.*s` is a list of maps of clauses: [{field: value}]", SLICE_ARG(pair->key));
        return;
    }
    *wanted = text_of(loader, list);
    *maps = loader_alloc(loader, list->n_items, sizeof(**maps));
    for (size_t i = 0; *maps && i < list->n_items; i++)
        read_where_map(reading, list->items[i], &(*maps)[i]);
    *n_maps = *maps ? list->n_items : 0;
}

static void make_field(const struct map_reading *reading, const struct node_pair *pair,
                       struct field_ref *field)
{
    struct loader *loader = reading->loader;
    struct slice name = loader_keep(loader, pair->key);
    struct json_fault fault = { 0 };
    enum rc rc;

    if (!reading->is_of_element)
        rc = field_ref_make(name, loader->arena, field);
    else
        rc = field_ref_make_below(name, loader->arena, field, &fault);
    if (rc == RC_INVALID)
        mark_problem(loader->problems, PROBLEM_ERROR, pair->key_mark,
                     "`%.*s` is no path inside an element: %s", SLICE_ARG(pair->key), fault.text);
    else if (rc)
        loader->rc = rc;
}

static void read_clause(const struct map_reading *reading, const struct node_pair *pair,
                        struct clause *clause)
{
    clause->mark = pair->key_mark;
    clause->wanted = text_of(reading->loader, pair->value);
    make_field(reading, pair, &clause->field);
    read_where_value(reading, &clause->field, pair->value, &clause->test);
}

void read_where_map(const struct map_reading *reading, const struct node *map, struct where *where)
{
    struct loader *loader = reading->loader;
    struct map_reading uncaptured = *reading;

    uncaptured.captures = NULL;
    if (map->type != NODE_MAP || !map->n_pairs) {
        node_problem(loader->problems, map, "a map of clauses is expected here: {field: value}");
        return;
    }
    where->clauses = loader_alloc(loader, map->n_pairs, sizeof(*where->clauses));
    for (size_t i = 0; where->clauses && i < map->n_pairs; i++) {
        const struct node_pair *pair = &map->pairs[i];

        if (slice_eq(pair->key, SLICE("any")))
            read_maps(reading, pair, &where->any, &where->n_any, &where->any_wanted);
        else if (slice_eq(pair->key, SLICE("none")))
            read_maps(&uncaptured, pair, &where->none, &where->n_none, &where->none_wanted);
        else
            read_clause(reading, pair, &where->clauses[where->n_clauses++]);
    }
    where->n_early = where->n_clauses; /* until it is known what may be captured */
}

struct where *read_where(struct loader *loader, const struct node *map, struct slice_list *captures)
{
    const struct map_reading reading = { .loader = loader, .captures = captures };
    struct where *where = loader_alloc(loader, 1, sizeof(*where));

    if (where)
        read_where_map(&reading, map, where);
    return where;
}

/* -- once all captures are known -- */

/* Clauses on what another one may capture come last; else the file's order would change the meaning. */
static void put_captures_last(struct loader *loader, struct where *where,
                              const struct slice_list *captures)
{
    struct clause *sorted = loader_alloc(loader, where->n_clauses, sizeof(*sorted));
    size_t n_sorted = 0;

    if (!sorted)
        return;
    for (size_t i = 0; i < where->n_clauses; i++) {
        if (!names_have(captures, where->clauses[i].field.name))
            sorted[n_sorted++] = where->clauses[i];
    }
    where->n_early = n_sorted;
    for (size_t i = 0; i < where->n_clauses; i++) {
        if (names_have(captures, where->clauses[i].field.name))
            sorted[n_sorted++] = where->clauses[i];
    }
    where->clauses = sorted;
}

/* That a list is asked of it, which none but data has, has been told. */
static bool asks_for_list(const struct test *test)
{
    for (size_t i = 0; test->kind == TEST_ALL && test->parts && i < test->n_parts; i++) {
        if (test->parts[i].kind == TEST_SOME)
            return true;
    }
    return false;
}

void check_where(struct loader *loader, struct where *where, const struct slice_list *captures)
{
    for (size_t i = 0; i < where->n_clauses; i++) {
        struct clause *clause = &where->clauses[i];

        if (!clause->is_refused && !field_ref_is_of_event(&clause->field) &&
            (clause->field.place == FIELD_OF_DATA || !asks_for_list(&clause->test)))
            clause->is_refused = !check_field(loader, clause->mark, clause->field.name, captures);
    }
    put_captures_last(loader, where, captures);
    for (size_t i = 0; i < where->n_any; i++)
        check_where(loader, &where->any[i], captures);
    for (size_t i = 0; i < where->n_none; i++)
        check_where(loader, &where->none[i], captures);
}
