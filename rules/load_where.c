#include "rules/loader.h"

#include "src/store/signals.h"

#include <string.h>

/* Fields whose words are ours: any other word would never hold, in silence. */
static const char *const state_words[] = { "failing", "ok", "info", NULL };
static const struct {
    const char *field;
    const char *const *words;
} closed_fields[] = {
    { .field = "state", .words = state_words },
    { .field = "severity", .words = severity_names },
};

static const char *const values_not_yet[] = { "before", "after", "cidr", "file", "some", NULL };

struct value_nodes {
    struct node *eq, *not, *exists, *gt, *ge, *lt, *le;
};

#define VALUE(x)                                                                                   \
    {                                                                                              \
        .name = #x, .type = SETTING_NODE, .offset = offsetof(struct value_nodes, x)                \
    }
static const struct setting value_settings[] = {
    VALUE(eq), VALUE(not ), VALUE(exists), VALUE(gt), VALUE(ge), VALUE(lt), VALUE(le),
};
static const struct member_table value_members = {
    .settings = value_settings,
    .n_settings = sizeof(value_settings) / sizeof(*value_settings),
    .not_yet = values_not_yet,
};

/* One clause being read. */
struct value_reading {
    struct loader *loader;
    struct slice field;
    struct slice_list *captures; /* NULL: under a `not` or a `none`, where nothing is captured */
};

static struct value_reading without_captures(const struct value_reading *reading)
{
    struct value_reading inner = *reading;

    inner.captures = NULL;
    return inner;
}

/* -- equals, matches -- */

static void refuse_word(const struct value_reading *reading, const struct node *scalar,
                        const char *const *words)
{
    struct buffer list;

    buffer_init(&list, 0);
    for (size_t i = 0; words[i]; i++)
        buffer_format(&list, " %s", words[i]);
    node_problem(reading->loader->problems, scalar,
                 "`%.*s` is never `%.80s`, but one of%.*s; the sender's own words stay under data.",
                 SLICE_ARG(reading->field), scalar->text.ptr, SLICE_ARG(buffer_slice(&list)));
    buffer_free(&list);
}

static void check_word(const struct value_reading *reading, const struct node *scalar)
{
    for (size_t i = 0; i < sizeof(closed_fields) / sizeof(*closed_fields); i++) {
        int word;

        if (slice_eq(reading->field, slice_of(closed_fields[i].field)) &&
            slice_to_enum(scalar->text, closed_fields[i].words, &word) != RC_OK)
            refuse_word(reading, scalar, closed_fields[i].words);
    }
}

static void read_equals(const struct value_reading *reading, const struct node *scalar,
                        struct test *test)
{
    if (scalar->is_null) {
        node_problem(reading->loader->problems, scalar,
                     "a value is missing here; for an absent field write {exists: false}");
        return;
    }
    check_word(reading, scalar);
    *test =
        (struct test){ .kind = TEST_EQUALS, .text = loader_keep(reading->loader, scalar->text) };
}

static void read_matches(const struct value_reading *reading, const struct node *scalar,
                         struct test *test)
{
    test->kind = TEST_MATCHES;
    test->pattern = read_pattern(reading->loader, scalar);
    if (test->pattern && reading->captures)
        add_captures(reading->loader, scalar, test->pattern, reading->captures);
}

/* -- comparisons -- */

static bool find_unit(const struct value_reading *reading, struct slice text, enum bound_unit *unit)
{
    static const enum bound_unit units[] = { BOUND_NUMBER, BOUND_DURATION, BOUND_SIZE };
    double value;

    if (slice_eq(reading->field, SLICE("severity"))) {
        *unit = BOUND_SEVERITY;
        return bound_parse(BOUND_SEVERITY, text, &value) == RC_OK;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        *unit = units[i];
        if (bound_parse(units[i], text, &value) == RC_OK)
            return true;
    }
    return false;
}

static void read_bound(const struct value_reading *reading, const struct node *node,
                       enum comparison comparison, struct test *test)
{
    *test = (struct test){ .kind = TEST_COMPARES, .comparison = comparison };
    if (node->type != NODE_SCALAR || !find_unit(reading, node->text, &test->unit) ||
        bound_parse(test->unit, node->text, &test->bound))
        node_problem(reading->loader->problems, node,
                     "a bound is a number, a duration (90s), a size (64KB) or, for severity, one "
                     "of low medium high critical");
}

static void read_exists(const struct value_reading *reading, const struct node *node,
                        struct test *test)
{
    bool is_true = node->type == NODE_SCALAR && slice_eq(node->text, SLICE("true"));

    *test = (struct test){ .kind = TEST_EXISTS, .exists = is_true };
    if (!is_true && (node->type != NODE_SCALAR || !slice_eq(node->text, SLICE("false"))))
        node_problem(reading->loader->problems, node, "`exists` must be true or false");
}

/* -- values -- */

static void read_value(const struct value_reading *reading, const struct node *value,
                       struct test *test);

static void read_not(const struct value_reading *reading, const struct node *value,
                     struct test *test)
{
    struct value_reading inner = without_captures(reading);

    *test = (struct test){ .kind = TEST_NOT, .n_parts = 1 };
    test->parts = loader_alloc(reading->loader, 1, sizeof(*test->parts));
    if (test->parts)
        read_value(&inner, value, &test->parts[0]);
}

static void read_eq(const struct value_reading *reading, const struct node *value,
                    struct test *test)
{
    if (value->type == NODE_SCALAR)
        read_equals(reading, value, test);
    else
        node_problem(reading->loader->problems, value, "`eq` must be text, not %s",
                     node_type_text(value));
}

static const struct {
    size_t offset;
    enum comparison comparison;
} bounds[] = {
    { .offset = offsetof(struct value_nodes, gt), .comparison = COMPARE_GT },
    { .offset = offsetof(struct value_nodes, ge), .comparison = COMPARE_GE },
    { .offset = offsetof(struct value_nodes, lt), .comparison = COMPARE_LT },
    { .offset = offsetof(struct value_nodes, le), .comparison = COMPARE_LE },
};

/* Several members together: all of them hold. */
static void read_operators(const struct value_reading *reading, const struct node *map,
                           struct test *test)
{
    struct value_nodes nodes = { 0 };
    struct test *parts = loader_alloc(reading->loader, map->n_pairs, sizeof(*parts));
    size_t n_parts = 0;

    if (!loader_read_members(reading->loader, &value_members, map, &nodes) || !parts)
        return;
    if (nodes.eq)
        read_eq(reading, nodes.eq, &parts[n_parts++]);
    if (nodes.not )
        read_not(reading, nodes.not, &parts[n_parts++]);
    if (nodes.exists)
        read_exists(reading, nodes.exists, &parts[n_parts++]);
    for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
        struct node *const *bound = (const void *)((const char *)&nodes + bounds[i].offset);

        if (*bound)
            read_bound(reading, *bound, bounds[i].comparison, &parts[n_parts++]);
    }
    *test = (struct test){ .kind = TEST_ALL, .parts = parts, .n_parts = n_parts };
    if (!n_parts)
        node_problem(reading->loader->problems, map,
                     "an empty map says nothing; write {eq: …}, {not: …}, {exists: …} or {ge: …}");
}

static void read_alternatives(const struct value_reading *reading, const struct node *list,
                              struct test *test)
{
    *test = (struct test){ .kind = TEST_ANY, .n_parts = list->n_items };
    test->parts = loader_alloc(reading->loader, list->n_items, sizeof(*test->parts));
    if (!list->n_items)
        node_problem(reading->loader->problems, list, "an empty list would never hold");
    for (size_t i = 0; test->parts && i < list->n_items; i++)
        read_value(reading, list->items[i], &test->parts[i]);
}

static void read_value(const struct value_reading *reading, const struct node *value,
                       struct test *test)
{
    switch (value->type) {
    case NODE_SCALAR:
        if (node_is_pattern(value))
            read_matches(reading, value, test);
        else
            read_equals(reading, value, test);
        break;
    case NODE_LIST:
        read_alternatives(reading, value, test);
        break;
    case NODE_MAP:
        read_operators(reading, value, test);
        break;
    }
}

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

static void read_map(struct loader *loader, const struct node *map, struct slice_list *captures,
                     struct where *where);

static void read_maps(struct loader *loader, const struct node_pair *pair,
                      struct slice_list *captures, struct where **maps, size_t *n_maps,
                      struct slice *wanted)
{
    const struct node *list = pair->value;

    if (list->type != NODE_LIST || !list->n_items) {
        node_problem(loader->problems, list,
                     "`%.*s` is a list of maps of clauses: [{field: value}]", SLICE_ARG(pair->key));
        return;
    }
    *wanted = text_of(loader, list);
    *maps = loader_alloc(loader, list->n_items, sizeof(**maps));
    for (size_t i = 0; *maps && i < list->n_items; i++)
        read_map(loader, list->items[i], captures, &(*maps)[i]);
    *n_maps = *maps ? list->n_items : 0;
}

static void read_clause(struct loader *loader, const struct node_pair *pair,
                        struct slice_list *captures, struct clause *clause)
{
    struct value_reading reading = { .loader = loader, .field = pair->key, .captures = captures };

    clause->mark = pair->key_mark;
    clause->wanted = text_of(loader, pair->value);
    if (field_ref_make(loader_keep(loader, pair->key), loader->arena, &clause->field))
        loader->rc = RC_NO_MEMORY;
    read_value(&reading, pair->value, &clause->test);
}

static void read_map(struct loader *loader, const struct node *map, struct slice_list *captures,
                     struct where *where)
{
    if (map->type != NODE_MAP || !map->n_pairs) {
        node_problem(loader->problems, map, "a map of clauses is expected here: {field: value}");
        return;
    }
    where->clauses = loader_alloc(loader, map->n_pairs, sizeof(*where->clauses));
    for (size_t i = 0; where->clauses && i < map->n_pairs; i++) {
        const struct node_pair *pair = &map->pairs[i];

        if (slice_eq(pair->key, SLICE("any")))
            read_maps(loader, pair, captures, &where->any, &where->n_any, &where->any_wanted);
        else if (slice_eq(pair->key, SLICE("none")))
            read_maps(loader, pair, NULL, &where->none, &where->n_none, &where->none_wanted);
        else
            read_clause(loader, pair, captures, &where->clauses[where->n_clauses++]);
    }
}

struct where *read_where(struct loader *loader, const struct node *map, struct slice_list *captures)
{
    struct where *where = loader_alloc(loader, 1, sizeof(*where));

    if (where)
        read_map(loader, map, captures, where);
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

void check_where(struct loader *loader, struct where *where, const struct slice_list *captures)
{
    for (size_t i = 0; i < where->n_clauses; i++) {
        const struct clause *clause = &where->clauses[i];

        if (!field_ref_is_of_event(&clause->field))
            (void)check_field(loader, clause->mark, clause->field.name, captures);
    }
    put_captures_last(loader, where, captures);
    for (size_t i = 0; i < where->n_any; i++)
        check_where(loader, &where->any[i], captures);
    for (size_t i = 0; i < where->n_none; i++)
        check_where(loader, &where->none[i], captures);
}
