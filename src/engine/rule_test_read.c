#include "src/engine/rule_test_private.h"

#include "src/base/buffer.h"
#include "watchers/watcher_config.h"

/* clang-format off */
static const struct shape shape_events = { .kind = SHAPE_LIST, .item = &shape_test_event };
static const struct shape shape_expect = { .kind = SHAPE_LIST, .item = &shape_expectation };

#define AT(member) .offset = offsetof(struct rule_test_text, member)
static const struct setting test_members[] = {
    { .name = "name", .type = SETTING_TEXT, AT(name), .required = true, .help = "a sentence that says what the rules do" },
    { .name = "with", .type = SETTING_NODE, AT(with), .shape = &shape_test_fields, .help = "fields that all its events have" },
    { .name = "events", .type = SETTING_NODE, AT(events_node), .required = true, .shape = &shape_events, .help = "what happens, oldest first" },
    { .name = "expect", .type = SETTING_NODE, AT(expect_node), .required = true, .shape = &shape_expect, .help = "every firing and resolved of the rules named here, in order, and no other" },
    { .name = "begin", .type = SETTING_TEXT, AT(begin), .help = "when it begins: 2026-03-29T00:30:00Z" },
    { .name = "until", .type = SETTING_DURATION, AT(until_ms), .help = "how long time goes on, since the test began" },
};
#undef AT
/* clang-format on */
const struct shape shape_rule_test = { .name = "test", SHAPE_OF(test_members) };

bool rule_test_knows_rule(const struct rule_test_reading *reading, struct slice name,
                          const struct node *at)
{
    const struct ruleset *ruleset = reading->ruleset;
    const char **names;
    const char *meant = NULL;

    if (slice_is_absent(name) || ruleset_find(ruleset, name) || ruleset_may_have(ruleset, name))
        return true;
    names = arena_alloc(reading->arena, ruleset->n_rules + 1, sizeof *names);
    for (size_t i = 0; names && i < ruleset->n_rules; i++) {
        struct slice id;

        names[i] = arena_format(reading->arena, &id, "%.*s", SLICE_ARG(ruleset->rules[i].id))
                       ? ""
                       : id.ptr;
    }
    if (names)
        meant = problem_did_you_mean(name, names);
    node_problem(reading->problems, at, "there is no rule `%.*s`%s%s%s", SLICE_ARG(name),
                 meant ? "; did you mean `" : "", meant ? meant : "", meant ? "`?" : "");
    return false;
}

enum rc rule_test_texts(const struct node *node, struct arena *arena, struct slice_list *texts)
{
    size_t n_items = node->type == NODE_LIST ? node->n_items : 1;

    texts->items = arena_alloc(arena, n_items + 1, sizeof *texts->items);
    if (!texts->items)
        return RC_NO_MEMORY;
    texts->n_items = n_items;
    for (size_t i = 0; i < n_items; i++)
        texts->items[i] = node->type == NODE_LIST ? node->items[i]->text : node->text;
    return RC_OK;
}

const struct node *rule_test_without_zero(const struct node *map, struct arena *arena)
{
    struct node *copy = arena_alloc(arena, 1, sizeof *copy);
    size_t n = 0;

    if (!copy)
        return NULL;
    *copy = *map;
    copy->pairs = arena_alloc(arena, map->n_pairs + 1, sizeof *copy->pairs);
    if (!copy->pairs)
        return NULL;
    for (size_t i = 0; i < map->n_pairs; i++)
        if (!slice_eq(map->pairs[i].key, SLICE("at")) ||
            !slice_eq(map->pairs[i].value->text, SLICE("0")))
            copy->pairs[n++] = map->pairs[i];
    copy->n_pairs = n;
    return copy;
}

/* -- the test -- */

static bool is_list(const struct rule_test_reading *reading, const struct node *node,
                    const char *what)
{
    if (node->type == NODE_LIST)
        return true;
    node_problem(reading->problems, node, "`%s` is a list, not %s", what, node_type_text(node));
    return false;
}

static enum rc read_events(const struct rule_test_reading *reading, struct rule_test_text *text)
{
    const struct node *list = text->events_node;
    int64_t last_ms = 0;
    enum rc worst = RC_OK;

    if (!is_list(reading, list, "events"))
        return RC_INVALID;
    text->events = arena_alloc(reading->arena, list->n_items + 1, sizeof *text->events);
    if (!text->events)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < list->n_items; i++) {
        struct test_event *event = &text->events[text->n_events++];
        enum rc rc = rule_test_read_event(reading, list->items[i], last_ms, event);

        if (!rc && event->at_ms < last_ms) {
            node_problem(reading->problems, list->items[i],
                         "events stand in the order of their time");
            rc = RC_INVALID;
        }
        worst = watcher_worse(worst, rc);
        last_ms = event->at_ms;
    }
    return worst;
}

static enum rc check_times(const struct rule_test_reading *reading, struct rule_test_text *text)
{
    const struct node *map = reading->test->node;
    enum rc rc = RC_OK;

    text->begin_ms = TEST_BEGIN_MS;
    if (!slice_is_absent(text->begin) && time_parse_any(text->begin, &text->begin_ms)) {
        node_problem(reading->problems, node_find(map, "begin"),
                     "`begin` is a time as 2026-03-29T00:30:00Z, not `%.*s`",
                     SLICE_ARG(text->begin));
        rc = RC_INVALID;
    }
    if (text->until_ms && text->n_events &&
        text->until_ms < text->events[text->n_events - 1].at_ms) {
        node_problem(reading->problems, node_find(map, "until"),
                     "`until` lies before the last event");
        rc = RC_INVALID;
    }
    return rc;
}

enum rc rule_test_read(const struct rule_test_reading *reading, struct rule_test_text *text)
{
    const struct node *map = reading->test->node;
    enum rc rc;

    *text = (struct rule_test_text){ 0 };
    if (map->type != NODE_MAP) {
        node_problem(reading->problems, map, "a test is a map: {name, with, events, expect}");
        return RC_INVALID;
    }
    rc = settings_read(test_members, COUNT(test_members), map, reading->arena, reading->problems,
                       text);
    if (text->with)
        rc = watcher_worse(rc, rule_test_check_with(reading, text->with));
    if (text->events_node)
        rc = watcher_worse(rc, read_events(reading, text));
    if (text->expect_node && is_list(reading, text->expect_node, "expect"))
        rc = watcher_worse(rc, rule_test_read_expectations(reading, text));
    else if (!rc)
        rc = RC_INVALID;
    return watcher_worse(rc, check_times(reading, text));
}

/* -- the event object -- */

/* The time since the beginning of the test, where it is written so. */
static void write_time(const struct rule_test_text *text, const struct node *value,
                       struct json_writer *writer)
{
    int64_t ms = 0;

    if (duration_parse(value->text, &ms))
        node_write_json(value, writer);
    else
        json_write_time(writer, text->begin_ms + ms);
}

static void write_members(const struct rule_test_text *text, const struct node *map,
                          const struct node *hidden_by, struct json_writer *writer)
{
    for (size_t i = 0; map && i < map->n_pairs; i++) {
        struct slice name = map->pairs[i].key;

        if (slice_eq(name, SLICE("at")) || (hidden_by && node_find_slice(hidden_by, name)))
            continue;
        json_key_slice(writer, name);
        if (slice_eq(name, SLICE("time")))
            write_time(text, map->pairs[i].value, writer);
        else
            node_write_json(map->pairs[i].value, writer);
    }
}

enum rc rule_test_event_json(const struct rule_test_text *text, const struct test_event *event,
                             struct buffer *json)
{
    struct json_writer writer = json_writer_to(json);

    json_object_begin(&writer);
    write_members(text, event->node, NULL, &writer);
    write_members(text, text->with, event->node, &writer);
    json_object_end(&writer);
    return buffer_rc(json);
}
