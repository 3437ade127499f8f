#include "rules/loader.h"

#include "rules/field_nature.h"
#include "src/base/clock.h"
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

struct value_nodes {
    struct node *eq, *not, *exists, *gt, *ge, *lt, *le, *before, *after, *cidr, *file, *some;
};

/* clang-format off */
#define VALUE(x) .name = #x, .type = SETTING_NODE, .offset = offsetof(struct value_nodes, x)
static const struct setting value_settings[] = {
    { VALUE(eq),     .shape = &shape_text,    .help = "is that text, also where it looks like a pattern" },
    { VALUE(not ),   .shape = &shape_value,   .help = "is not that; an absent field is not" },
    { VALUE(exists), .shape = &shape_flag,    .help = "true: it is there; false: it is absent" },
    { VALUE(gt),     .shape = &shape_text,    .help = "is more than that: a number, a duration (5m), a size (64KB)" },
    { VALUE(ge),     .shape = &shape_text,    .help = "is that or more" },
    { VALUE(lt),     .shape = &shape_text,    .help = "is less than that" },
    { VALUE(le),     .shape = &shape_text,    .help = "is that or less" },
    { VALUE(before), .shape = &shape_text,    .help = "is a time less than that ahead of the event, as 14d" },
    { VALUE(after),  .shape = &shape_text,    .help = "is a time less than that behind the event, as 1h" },
    { VALUE(cidr),   .shape = &shape_texts,   .help = "is an address in one of these networks: [10.0.0.0/8]" },
    { VALUE(file),   .shape = &shape_text,    .help = "is a line of this file, which stands beside the rule file" },
    { VALUE(some),   .shape = &shape_element, .help = "is a list with one element for which all of these hold: {name: api, status: down}" },
};
/* clang-format on */
static const struct shape shape_operators = {
    .name = "comparisons",
    SHAPE_OF(value_settings),
};

static const struct shape shape_values = { .kind = SHAPE_LIST, .item = &shape_value };
static const struct shape *const value_either[] = { &shape_text, &shape_values, &shape_operators,
                                                    NULL };
const struct shape shape_value = { .kind = SHAPE_EITHER, .name = "value", .either = value_either };

const char *const *closed_words(const char *field)
{
    for (size_t i = 0; i < sizeof(closed_fields) / sizeof(*closed_fields); i++) {
        if (!strcmp(closed_fields[i].field, field))
            return closed_fields[i].words;
    }
    return NULL;
}

/* One clause being read. */
struct value_reading {
    struct loader *loader;
    const struct field_ref *field;
    struct slice_list *captures; /* NULL: under a `not` or a `none`, where nothing is captured */
    bool is_of_element;          /* the field is one of an element of a list */
};

static struct value_reading without_captures(const struct value_reading *reading)
{
    struct value_reading inner = *reading;

    inner.captures = NULL;
    return inner;
}

static void refuse(struct loader *loader, const struct node *node, const char *wanted)
{
    if (node->type != NODE_SCALAR || node->is_null)
        node_problem(loader->problems, node, "%s, not %s", wanted,
                     node->is_null ? "nothing" : node_type_text(node));
    else
        node_problem(loader->problems, node, "%s, not `%.80s`", wanted, node->text.ptr);
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
                 SLICE_ARG(reading->field->name), scalar->text.ptr, SLICE_ARG(buffer_slice(&list)));
    buffer_free(&list);
}

/* A member of a payload may well be named as one of our fields is. */
static bool is_field(const struct value_reading *reading, const char *name)
{
    return !reading->is_of_element && slice_eq(reading->field->name, slice_of(name));
}

static void check_word(const struct value_reading *reading, const struct node *scalar)
{
    for (size_t i = 0; i < sizeof(closed_fields) / sizeof(*closed_fields); i++) {
        int word;

        if (is_field(reading, closed_fields[i].field) &&
            slice_to_enum(scalar->text, closed_fields[i].words, &word) != RC_OK)
            refuse_word(reading, scalar, closed_fields[i].words);
    }
}

/* What equals it of the JSON numbers, where that is another text than the rule's. */
static struct slice number_of(const struct value_reading *reading, const struct node *scalar)
{
    char room[JSON_NUMBER_TEXT_BYTES];
    struct slice number = node_number_text(scalar, room);

    if (reading->field->place != FIELD_OF_DATA || slice_is_absent(number) ||
        slice_eq(number, scalar->text))
        return (struct slice){ 0 };
    return loader_keep(reading->loader, number);
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
    *test = (struct test){ .kind = TEST_EQUALS,
                           .text = loader_keep(reading->loader, scalar->text),
                           .number = number_of(reading, scalar) };
}

static void read_matches(const struct value_reading *reading, const struct node *scalar,
                         struct test *test)
{
    test->kind = TEST_MATCHES;
    test->pattern = read_pattern(reading->loader, scalar, reading->captures);
}

/* -- comparisons -- */

/* What a bound on these fields must be, since they are never anything else. */
static const struct {
    const char *field;
    enum bound_unit unit;
    const char *wanted;
} bound_fields[] = {
    { .field = "severity",
      .unit = BOUND_SEVERITY,
      .wanted = "a bound on `severity` is one of low medium high critical" },
    { .field = "duration",
      .unit = BOUND_DURATION,
      .wanted = "a bound on `duration` is a duration with its unit (90s 5m 1h 7d), of ten years at "
                "most" },
};

static const char *const bound_wanted =
    "a bound is a number, a duration with its unit (90s 5m 1h 7d), of ten years at most, or a size "
    "(64KB 1GB)";

static const char *parse_bound(const struct value_reading *reading, struct slice text,
                               struct test *test)
{
    static const enum bound_unit units[] = { BOUND_NUMBER, BOUND_DURATION, BOUND_SIZE };

    for (size_t i = 0; i < sizeof(bound_fields) / sizeof(*bound_fields); i++) {
        test->unit = bound_fields[i].unit;
        if (is_field(reading, bound_fields[i].field))
            return bound_parse(test->unit, text, &test->bound) ? bound_fields[i].wanted : NULL;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        test->unit = units[i];
        if (bound_parse(units[i], text, &test->bound) == RC_OK)
            return NULL;
    }
    return bound_wanted;
}

/* Of severities there are more and less; of what is no quantity there is neither. */
static bool has_no_order(const struct field_ref *field)
{
    return field_is_never_quantity(field) && !slice_eq(field->name, SLICE("severity"));
}

/* False where it is no duration and no size with decimals. */
static bool refuse_decimals(struct loader *loader, const struct node *node, const char *what)
{
    char whole[TIME_TEXT_BYTES];

    if (node->type != NODE_SCALAR ||
        (!duration_has_decimals(node->text, whole) && !size_has_decimals(node->text, whole)))
        return false;
    if (whole[0])
        node_problem(loader->problems, node, "%s has no decimals: write %s, not `%.80s`", what,
                     whole, node->text.ptr);
    else
        node_problem(loader->problems, node, "%s has no decimals, not `%.80s`", what,
                     node->text.ptr);
    return true;
}

static void read_bound(const struct value_reading *reading, const struct node *node,
                       enum comparison comparison, struct test *test)
{
    struct loader *loader = reading->loader;
    const char *wanted = bound_wanted;

    *test = (struct test){ .kind = TEST_COMPARES, .comparison = comparison };
    if (node->type == NODE_SCALAR && reading->field->place == FIELD_OF_TIME) {
        wanted = "a time is compared with {before: 14d} or {after: 1h}";
    } else if (node->type == NODE_SCALAR && has_no_order(reading->field)) {
        node_problem(loader->problems, node,
                     "`%.*s` is never a number, a duration or a size: to compare it would never "
                     "hold",
                     SLICE_ARG(reading->field->name));
        return;
    } else if (node->type == NODE_SCALAR) {
        wanted = parse_bound(reading, node->text, test);
    }
    if (wanted && (reading->field->place == FIELD_OF_TIME ||
                   !refuse_decimals(loader, node, "a bound that is a duration or a size")))
        refuse(loader, node, wanted);
}

/* -- times -- */

static void read_span(const struct value_reading *reading, const struct node *node,
                      enum test_kind kind, struct test *test)
{
    const char *wanted = kind == TEST_BEFORE
                             ? "`before` is a duration with its unit (90s 5m 1h 7d), of ten years "
                               "at most"
                             : "`after` is a duration with its unit (90s 5m 1h 7d), of ten years "
                               "at most";

    *test = (struct test){ .kind = kind };
    if ((node->type != NODE_SCALAR || duration_parse(node->text, &test->span_ms)) &&
        !refuse_decimals(reading->loader, node, kind == TEST_BEFORE ? "`before`" : "`after`"))
        refuse(reading->loader, node, wanted);
    else if (field_is_never_time(reading->field))
        node_problem(reading->loader->problems, node,
                     "`%.*s` is never a time: to look before or after it would never hold",
                     SLICE_ARG(reading->field->name));
}

/* -- networks -- */

static void read_network(const struct value_reading *reading, const struct node *node,
                         struct network *network)
{
    char meant[NETWORK_TEXT_BYTES];
    bool is_exact;

    if (node->type != NODE_SCALAR || network_parse(node->text, network, &is_exact))
        refuse(reading->loader, node,
               "a network (10.0.0.0/8, 2001:db8::/32) or an address, without leading zeros, is "
               "expected here");
    else if (!is_exact)
        node_problem(reading->loader->problems, node,
                     "`%.80s` says more than its prefix holds: the network is %s, and an address "
                     "stands without a prefix",
                     node->text.ptr, network_format(network, meant));
}

static void read_cidr(const struct value_reading *reading, struct node *node, struct test *test)
{
    bool is_list = node->type == NODE_LIST;
    size_t n_items = is_list ? node->n_items : 1;

    *test = (struct test){ .kind = TEST_CIDR, .n_networks = n_items };
    test->networks = loader_alloc(reading->loader, n_items, sizeof(*test->networks));
    if (!n_items)
        node_problem(reading->loader->problems, node, "an empty list of networks would never hold");
    for (size_t i = 0; test->networks && i < n_items; i++)
        read_network(reading, is_list ? node->items[i] : node, &test->networks[i]);
}

/* -- lines of files -- */

static void read_line_file(const struct value_reading *reading, const struct node *node,
                           struct test *test)
{
    static const struct line_list none = { 0 };

    *test = (struct test){ .kind = TEST_FILE, .lines = read_list_file(reading->loader, node) };
    if (!test->lines)
        test->lines = &none;
}

/* -- elements -- */

static void read_some(const struct value_reading *reading, const struct node *map,
                      struct test *test)
{
    const struct map_reading inner = { .loader = reading->loader,
                                       .captures = reading->captures,
                                       .is_of_element = true };
    struct problems *problems = reading->loader->problems;

    *test = (struct test){ .kind = TEST_SOME };
    test->element = loader_alloc(reading->loader, 1, sizeof(*test->element));
    if (!test->element)
        return;
    if (map->type != NODE_MAP || !map->n_pairs)
        node_problem(problems, map,
                     "`some` is a map of clauses on one element: {name: api, status: down}; where "
                     "the elements are text, write [*] behind the path");
    else
        read_where_map(&inner, map, test->element);
    if (reading->field->place != FIELD_OF_DATA)
        node_problem(problems, map, "`%.*s` is never a list: `some` asks for one below data.",
                     SLICE_ARG(reading->field->name));
}

static void read_exists(const struct value_reading *reading, const struct node *node,
                        struct test *test)
{
    bool is_true = node->type == NODE_SCALAR && slice_eq(node->text, SLICE("true"));

    *test = (struct test){ .kind = TEST_EXISTS, .exists = is_true };
    if (!is_true && (node->type != NODE_SCALAR || !slice_eq(node->text, SLICE("false"))))
        refuse(reading->loader, node, "`exists` must be true or false");
}

/* -- values -- */

static void read_any_value(const struct value_reading *reading, const struct node *value,
                           struct test *test);

static void read_not(const struct value_reading *reading, const struct node *value,
                     struct test *test)
{
    struct value_reading inner = without_captures(reading);

    *test = (struct test){ .kind = TEST_NOT, .n_parts = 1 };
    test->parts = loader_alloc(reading->loader, 1, sizeof(*test->parts));
    if (test->parts)
        read_any_value(&inner, value, &test->parts[0]);
}

static void read_eq(const struct value_reading *reading, const struct node *value,
                    struct test *test)
{
    if (value->type == NODE_SCALAR)
        read_equals(reading, value, test);
    else
        refuse(reading->loader, value, "`eq` must be text");
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
    bool is_whole = loader_read_members(reading->loader, &shape_operators, map, &nodes);
    size_t n_parts = 0;

    if (!parts)
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
    if (nodes.before)
        read_span(reading, nodes.before, TEST_BEFORE, &parts[n_parts++]);
    if (nodes.after)
        read_span(reading, nodes.after, TEST_AFTER, &parts[n_parts++]);
    if (nodes.cidr)
        read_cidr(reading, nodes.cidr, &parts[n_parts++]);
    if (nodes.file)
        read_line_file(reading, nodes.file, &parts[n_parts++]);
    if (nodes.some)
        read_some(reading, nodes.some, &parts[n_parts++]);
    *test = (struct test){ .kind = TEST_ALL, .parts = parts, .n_parts = n_parts };
    if (!n_parts && is_whole)
        node_problem(
            reading->loader->problems, map,
            "an empty map says nothing; valid here: eq not exists gt ge lt le before after "
            "cidr file some");
}

static void read_alternatives(const struct value_reading *reading, const struct node *list,
                              struct test *test)
{
    *test = (struct test){ .kind = TEST_ANY, .n_parts = list->n_items };
    test->parts = loader_alloc(reading->loader, list->n_items, sizeof(*test->parts));
    if (!list->n_items)
        node_problem(reading->loader->problems, list,
                     "an empty list would never hold: name its values, or leave the clause out");
    for (size_t i = 0; test->parts && i < list->n_items; i++)
        read_any_value(reading, list->items[i], &test->parts[i]);
}

static void read_any_value(const struct value_reading *reading, const struct node *value,
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

void read_where_value(const struct map_reading *reading, const struct field_ref *field,
                      const struct node *value, struct test *test)
{
    const struct value_reading of_value = { .loader = reading->loader,
                                            .field = field,
                                            .captures = reading->captures,
                                            .is_of_element = reading->is_of_element };

    read_any_value(&of_value, value, test);
}
