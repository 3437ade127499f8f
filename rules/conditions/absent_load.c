#include "rules/conditions/absent.h"

#include "rules/loader.h"
#include "src/base/clock.h"

#include <stdlib.h>

#define FORGET_MS (7 * DAY_MS) /* the default, where nothing is awaited less often */
#define EXPECTED_MAX 10000

struct absent_nodes {
    struct node *absent, *expect;
    int64_t grace_ms, forget_ms;
};

struct schedule_nodes {
    struct node *cron;
    struct node *tz;
};

static const struct setting schedule_settings[] = {
    { .name = "cron",
      .type = SETTING_NODE,
      .offset = offsetof(struct schedule_nodes, cron),
      .required = true,
      .shape = &shape_text,
      .help = "five fields, as \"0 2 * * mon-fri\"" },
    { .name = "tz",
      .type = SETTING_NODE,
      .offset = offsetof(struct schedule_nodes, tz),
      .shape = &shape_text,
      .help = "the zone of the schedule; default UTC" },
};
static const struct shape shape_schedule = {
    .name = "schedule",
    SHAPE_OF(schedule_settings),
};

static const struct shape *const absent_either[] = { &shape_schedule, &shape_text, NULL };
static const struct shape shape_absent = { .kind = SHAPE_EITHER, .either = absent_either };
static const struct shape values_of_key = { .kind = SHAPE_LIST, .item = &shape_texts };
static const struct shape *const expect_either[] = { &values_of_key, &shape_text, NULL };
static const struct shape shape_expect = { .kind = SHAPE_EITHER, .either = expect_either };

#define AT(x) .offset = offsetof(struct absent_nodes, x)
static const struct setting settings[] = {
    { .name = "absent",
      .type = SETTING_NODE,
      AT(absent),
      .required = true,
      .shape = &shape_absent,
      .help = "how long unseen, as 24h; or {cron: \"0 2 * * mon-fri\", tz: UTC}" },
    { .name = "grace",
      .type = SETTING_DURATION,
      AT(grace_ms),
      .min = 0,
      .max = 366 * DAY_MS,
      .help = "how much later it may come" },
    { .name = "expect",
      .type = SETTING_NODE,
      AT(expect),
      .shape = &shape_expect,
      .help = "keys that are missed also when they were never seen: [[orders], [users]]" },
    { .name = "forget",
      .type = SETTING_DURATION,
      AT(forget_ms),
      .min = SECOND_MS,
      .max = 3650 * DAY_MS,
      .help =
          "a key that was learnt is forgotten after so long; default 7d, or twice the time above" },
};
const struct shape absent_members = {
    SHAPE_OF(settings),
};

/* -- by a schedule -- */

static bool read_cron(struct loader *loader, const struct node *node, struct cron *cron)
{
    struct cron_fault fault;

    if (node->type != NODE_SCALAR || node->is_null) {
        node_problem(loader->problems, node,
                     "`cron` is a text of five fields, as \"0 2 * * mon-fri\", not %s",
                     node->is_null ? "nothing" : node_type_text(node));
        return false;
    }
    if (cron_parse(node->text, cron, &fault) == RC_OK)
        return true;
    mark_problem(loader->problems, PROBLEM_ERROR, mark_inside(node, fault.offset), "`cron`: %s",
                 fault.text);
    return false;
}

/* Without `tz` a rule means the same on every machine. */
static bool read_zone(struct loader *loader, const struct node *node, const struct time_zone **zone)
{
    struct slice name = SLICE("UTC");
    enum rc rc;

    if (node)
        name = node->type == NODE_SCALAR ? node->text : (struct slice){ 0 };
    rc = time_zone_find(name, loader->arena, zone);
    if (rc == RC_NOT_FOUND && node)
        node_problem(loader->problems, node,
                     "`tz` is the name of a zone that this machine knows, as Europe/Berlin or UTC, "
                     "or an offset, as +02:00");
    else if (rc)
        loader->rc = rc;
    return !rc;
}

static bool read_schedule(struct loader *loader, const struct node *map, struct absent_spec *spec)
{
    struct schedule_nodes nodes = { 0 };
    bool has_cron, has_zone; /* both are read, so that one run shows all problems */

    if (!loader_read_members(loader, &shape_schedule, map, &nodes) && !nodes.cron)
        return false;
    has_cron = read_cron(loader, nodes.cron, &spec->cron);
    has_zone = read_zone(loader, nodes.tz, &spec->zone);
    return has_cron && has_zone;
}

static bool read_length(struct loader *loader, const struct node *node, struct absent_spec *spec)
{
    bool is_text = node->type == NODE_SCALAR && !node->is_null;
    char whole[TIME_TEXT_BYTES];

    if (is_text && duration_parse(node->text, &spec->absent_ms) == RC_OK &&
        spec->absent_ms >= SECOND_MS && spec->absent_ms <= 366 * DAY_MS)
        return true;
    if (is_text && duration_has_decimals(node->text, whole) && whole[0]) {
        node_problem(loader->problems, node, "`absent` has no decimals: write %s, not `%.40s`",
                     whole, node->text.ptr);
        return false;
    }
    node_problem(loader->problems, node,
                 "`absent` is a duration from 1s to 366d with its unit, as 24h, or a map: "
                 "{cron: \"0 2 * * mon-fri\", tz: UTC}");
    return false;
}

/* A key that is forgotten before it is missed would be missed by nobody: what is asked for once a week is known for two. */
static void take_forget(struct loader *loader, const struct node *forget, struct absent_spec *spec)
{
    int64_t needed_ms =
        spec->absent_ms ? spec->absent_ms : cron_longest_gap(&spec->cron, spec->zone);
    int64_t twice_ms = 2 * (needed_ms + spec->grace_ms);
    char forget_text[TIME_TEXT_BYTES], needed_text[TIME_TEXT_BYTES], grace_text[TIME_TEXT_BYTES];

    if (!forget)
        spec->forget_ms = twice_ms > FORGET_MS ? twice_ms : FORGET_MS;
    if (spec->forget_ms > needed_ms + spec->grace_ms)
        return;
    node_problem(loader->problems, forget,
                 "a key would be forgotten (`forget: %s`) before it is missed: it must be longer "
                 "than %s (%s) and `grace` (%s) together",
                 duration_format(spec->forget_ms, forget_text),
                 spec->absent_ms ? "`absent`" : "the longest time between two slots of `cron`",
                 duration_format(needed_ms, needed_text),
                 duration_format(spec->grace_ms, grace_text));
}

/* -- expected keys -- */

static bool read_value(struct loader *loader, const struct node *node, struct slice *value)
{
    if (node->type != NODE_SCALAR || node->is_null || !node->text.len) {
        node_problem(loader->problems, node, "a value of a key is a text, not %s",
                     node->type == NODE_SCALAR ? "nothing" : node_type_text(node));
        return false;
    }
    *value = loader_keep(loader, event_field_cut(node->text));
    return true;
}

static bool read_key_values(struct loader *loader, struct node *item, struct slice_list *key)
{
    struct node *alone[] = { item };
    bool is_list = item->type == NODE_LIST;
    size_t n_values = is_list ? item->n_items : 1;

    key->items = loader_alloc(loader, n_values + 1, sizeof(*key->items));
    for (size_t i = 0; key->items && i < n_values; i++) {
        if (!read_value(loader, is_list ? item->items[i] : alone[i], &key->items[i]))
            return false;
    }
    key->n_items = key->items ? n_values : 0;
    return key->items != NULL;
}

static int compare_keys(const void *a, const void *b)
{
    const struct slice_list *one = a;
    const struct slice_list *other = b;

    for (size_t i = 0; i < one->n_items && i < other->n_items; i++) {
        int order = slice_compare(one->items[i], other->items[i]);

        if (order)
            return order;
    }
    return (one->n_items > other->n_items) - (one->n_items < other->n_items);
}

static void read_expected(struct loader *loader, const struct node *list, struct absent_spec *spec)
{
    if (list->type != NODE_LIST || !list->n_items || list->n_items > EXPECTED_MAX) {
        node_problem(loader->problems, list,
                     "`expect` is a list of 1 to %d keys, each a list of the values of its "
                     "fields, as [[orders], [users]]",
                     EXPECTED_MAX);
        return;
    }
    spec->expected = loader_alloc(loader, list->n_items, sizeof(*spec->expected));
    for (size_t i = 0; spec->expected && i < list->n_items; i++) {
        if (read_key_values(loader, list->items[i], &spec->expected[spec->n_expected]))
            spec->n_expected++;
    }
    if (spec->n_expected)
        qsort(spec->expected, spec->n_expected, sizeof(*spec->expected), compare_keys);
}

bool absent_is_expected(const struct absent_spec *spec, const struct slice_list *key)
{
    return key && spec->n_expected &&
           bsearch(key, spec->expected, spec->n_expected, sizeof(*spec->expected), compare_keys);
}

void absent_check_key(struct rule_reading *reading, const struct node *when)
{
    const struct node *list = node_find(when, "expect");
    const struct rule_key *key = &reading->rule->key;
    size_t n_wanted = key->template ? 1 : key->names.n_items;

    for (size_t i = 0; list && list->type == NODE_LIST && i < list->n_items; i++) {
        const struct node *item = list->items[i];
        size_t n_values = item->type == NODE_LIST ? item->n_items : 1;

        if (n_wanted && n_values != n_wanted)
            node_problem(reading->loader->problems, item,
                         "the key of this rule has %zu value%s, and this one %zu", n_wanted,
                         n_wanted == 1 ? "" : "s", n_values);
    }
}

void *absent_parse(struct rule_reading *reading, const struct node *when)
{
    struct loader *loader = reading->loader;
    struct absent_spec *spec = loader_alloc(loader, 1, sizeof(*spec));
    struct absent_nodes nodes = { 0 };
    bool is_whole, is_read;

    if (!spec)
        return NULL;
    is_whole = loader_read_members(loader, &absent_members, when, &nodes);
    spec->grace_ms = nodes.grace_ms;
    spec->forget_ms = nodes.forget_ms;
    is_read = nodes.absent && nodes.absent->type == NODE_MAP
                  ? read_schedule(loader, nodes.absent, spec)
                  : read_length(loader, nodes.absent, spec);
    if (is_read && is_whole)
        take_forget(loader, node_find(when, "forget"), spec);
    if (nodes.expect)
        read_expected(loader, nodes.expect, spec);
    return spec;
}
