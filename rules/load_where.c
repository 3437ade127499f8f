#include "rules/loader.h"

/* -- what may stand there -- */

static const struct shape shape_maps = { .kind = SHAPE_LIST, .item = &shape_where };
static const struct shape shape_element_maps = { .kind = SHAPE_LIST, .item = &shape_element };

#define MAPS(of)                                                                                   \
    { .name = "any",                                                                               \
      .type = SETTING_NODE,                                                                        \
      .shape = (of),                                                                               \
      .help = "one of these maps of clauses holds" },                                              \
    {                                                                                              \
        .name = "none", .type = SETTING_NODE, .shape = (of),                                       \
        .help = "none of these maps of clauses holds"                                              \
    }
static const struct setting where_settings[] = { MAPS(&shape_maps) };
static const struct setting element_settings[] = { MAPS(&shape_element_maps) };
#define N_MAPS (sizeof(where_settings) / sizeof(*where_settings))

/* A field whose words are ours: they are proposed. */
static enum rc make_value_shape(const char *const *words, struct arena *arena,
                                const struct shape **shape)
{
    struct shape *text = arena_alloc(arena, 2, sizeof(*text));
    const struct shape **either = arena_alloc(arena, 3, sizeof(*either));

    if (!text || !either)
        return RC_NO_MEMORY;
    text[0] = (struct shape){ .kind = SHAPE_WORD, .words = words };
    either[0] = &text[0];
    either[1] = &shape_value;
    text[1] = (struct shape){ .kind = SHAPE_EITHER, .either = either };
    *shape = &text[1];
    return RC_OK;
}

static enum rc make_field_row(const char *name, const char *help, struct arena *arena,
                              struct setting *row)
{
    const char *const *words = closed_words(name);

    *row =
        (struct setting){ .name = name, .type = SETTING_NODE, .help = help, .shape = &shape_value };
    return words ? make_value_shape(words, arena, &row->shape) : RC_OK;
}

static const struct {
    const char *name, *help;
} times[] = {
    { "time", "when it happened, by its sender" },
    { "received", "when it was received" },
};
#define N_TIMES (sizeof(times) / sizeof(*times))

/* Beside any, none: the fields of every event are proposed; paths of the payload and captures may stand there as well. */
static enum rc make_where(struct arena *arena, struct shape *shape)
{
    struct setting *rows = arena_alloc(arena, N_MAPS + EVENT_N_FIELDS + N_TIMES, sizeof(*rows));
    size_t n_rows = 0;
    enum rc rc = rows ? RC_OK : RC_NO_MEMORY;

    for (size_t i = 0; !rc && i < EVENT_N_FIELDS; i++)
        rc = make_field_row(event_field_names[i], event_field_help[i], arena, &rows[n_rows++]);
    for (size_t i = 0; !rc && i < N_TIMES; i++)
        rc = make_field_row(times[i].name, times[i].help, arena, &rows[n_rows++]);
    for (size_t i = 0; !rc && i < N_MAPS; i++)
        rows[n_rows++] = where_settings[i];
    shape->settings = rows;
    shape->n_settings = n_rows;
    return rc;
}

const struct shape shape_where = {
    .kind = SHAPE_MAP, .name = "where", .item = &shape_value, .make = make_where
};
const struct shape shape_element = { .kind = SHAPE_MAP,
                                     .name = "element",
                                     .item = &shape_value,
                                     .settings = element_settings,
                                     .n_settings = N_MAPS };

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
