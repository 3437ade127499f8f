#include "src/engine/rule_test_private.h"

static const char *const step_names[] = { "ok", "failed", "unknown", NULL };

#define AT(member) .offset = offsetof(struct rule_test_text, member)
static const struct setting test_members[] = {
    { .name = "name", .type = SETTING_TEXT, AT(name), .required = true },
    { .name = "with", .type = SETTING_NODE, AT(with) },
    { .name = "events", .type = SETTING_NODE, AT(events_node), .required = true },
    { .name = "expect", .type = SETTING_NODE, AT(expect_node), .required = true },
    { .name = "until", .type = SETTING_DURATION, AT(until_ms) },
};
#undef AT

#define AT(member) .offset = offsetof(struct test_event, member)
static const struct setting hook_members[] = {
    { .name = "at", .type = SETTING_DURATION, AT(at_ms) },
    { .name = "hook", .type = SETTING_TEXT, AT(hook), .required = true },
    { .name = "headers", .type = SETTING_NODE, AT(headers) },
    { .name = "file", .type = SETTING_TEXT, AT(file) },
    { .name = "body", .type = SETTING_NODE, AT(body) },
};
static const struct setting decide_members[] = {
    { .name = "at", .type = SETTING_DURATION, AT(at_ms) },
    { .name = "decide",
      .type = SETTING_ENUM,
      AT(verdict),
      .required = true,
      .names = verdict_names },
    { .name = "by", .type = SETTING_TEXT, AT(by), .required = true },
    { .name = "reason", .type = SETTING_TEXT, AT(reason) },
    { .name = "for", .type = SETTING_DURATION, AT(for_ms) },
};
static const struct setting step_members[] = {
    { .name = "at", .type = SETTING_DURATION, AT(at_ms) },
    { .name = "step", .type = SETTING_ENUM, AT(step), .required = true, .names = step_names },
};
#undef AT

#define AT(member) .offset = offsetof(struct expectation, member)
static const struct setting expect_members[] = {
    { .name = "at", .type = SETTING_DURATION, AT(at_ms) },
    { .name = "rule", .type = SETTING_TEXT, AT(rule) },
    { .name = "key", .type = SETTING_NODE, AT(key) },
    { .name = "state", .type = SETTING_ENUM, AT(state), .names = signal_state_names },
    { .name = "count", .type = SETTING_INT, AT(count), .min = 0, .max = INT64_MAX },
    { .name = "proposal", .type = SETTING_NODE, AT(proposal) },
    { .name = "proposals", .type = SETTING_INT, AT(n_proposals), .min = 0, .max = 1000000 },
};
#undef AT

#define AT(member) .offset = offsetof(struct expected_proposal, member)
static const struct setting proposal_members[] = {
    { .name = "title", .type = SETTING_TEXT, AT(title) },
    { .name = "plan", .type = SETTING_TEXTS, AT(plan) },
    { .name = "signals", .type = SETTING_INT, AT(signals), .min = 1, .max = 1000000 },
    { .name = "revision", .type = SETTING_INT, AT(revision), .min = 1, .max = 1000000 },
    { .name = "state", .type = SETTING_ENUM, AT(state), .names = proposal_state_names },
    { .name = "severity", .type = SETTING_TEXT, AT(severity) },
};
#undef AT

#define COUNT(table) (sizeof(table) / sizeof *(table))

static bool is_list(const struct node *node, const char *what, struct problems *problems)
{
    if (node->type == NODE_LIST)
        return true;
    node_problem(problems, node, "`%s` is a list, not %s", what, node_type_text(node));
    return false;
}

/* `at` alone is read here; the other members are the fields of the event. */
static enum rc read_at(const struct node *map, struct problems *problems, int64_t *at_ms)
{
    const struct node *at = node_find(map, "at");

    if (!at || slice_eq(at->text, SLICE("0")) || !duration_parse(at->text, at_ms))
        return RC_OK;
    node_problem(problems, at, "`at` is the time since the test began, as `20m`");
    return RC_INVALID;
}

/* `at: 0` needs no unit: nothing is nothing in any. */
static struct node *without_zero(const struct node *map, struct arena *arena)
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

static enum rc read_event(const struct node *node, struct arena *arena, struct problems *problems,
                          struct test_event *event)
{
    static const struct {
        const char *member;
        enum test_event_kind kind;
        const struct setting *settings;
        size_t n_settings;
    } kinds[] = {
        { "hook", TEST_HOOK, hook_members, COUNT(hook_members) },
        { "decide", TEST_DECIDE, decide_members, COUNT(decide_members) },
        { "step", TEST_STEP, step_members, COUNT(step_members) },
    };
    const struct node *map;

    event->node = node;
    if (node->type != NODE_MAP) {
        node_problem(problems, node, "an event is a map: {at: 5m, state: failing}");
        return RC_INVALID;
    }
    map = without_zero(node, arena);
    if (!map)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (!node_find(map, kinds[i].member))
            continue;
        event->kind = kinds[i].kind;
        return settings_read(kinds[i].settings, kinds[i].n_settings, map, arena, problems, event);
    }
    event->kind = TEST_FIELDS;
    return read_at(node, problems, &event->at_ms);
}

static enum rc read_events(struct rule_test_text *text, struct arena *arena,
                           struct problems *problems)
{
    const struct node *list = text->events_node;
    int64_t last_ms = 0;

    if (!is_list(list, "events", problems))
        return RC_INVALID;
    text->events = arena_alloc(arena, list->n_items + 1, sizeof *text->events);
    if (!text->events)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < list->n_items; i++) {
        struct test_event *event = &text->events[text->n_events++];
        enum rc rc = read_event(list->items[i], arena, problems, event);

        if (rc)
            return rc;
        if (event->at_ms < last_ms) {
            node_problem(problems, list->items[i], "events stand in the order of their time");
            return RC_INVALID;
        }
        last_ms = event->at_ms;
    }
    return RC_OK;
}

static enum rc read_expectation(const struct node *node, struct arena *arena,
                                struct problems *problems, struct expectation *expectation)
{
    const struct node *map;
    enum rc rc;

    *expectation = (struct expectation){
        .node = node, .at_ms = -1, .state = -1, .count = -1, .n_proposals = -1
    };
    expectation->wanted.state = -1;
    expectation->wanted.signals = -1;
    expectation->wanted.revision = -1;
    if (node->type != NODE_MAP) {
        node_problem(problems, node, "an expectation is a map: {at: 20m, rule: ID, state: firing}");
        return RC_INVALID;
    }
    map = without_zero(node, arena);
    if (!map)
        return RC_NO_MEMORY;
    if (map->n_pairs != node->n_pairs)
        expectation->at_ms = 0;
    rc = settings_read(expect_members, COUNT(expect_members), map, arena, problems, expectation);
    if (rc || !expectation->proposal)
        return rc;
    return settings_read(proposal_members, COUNT(proposal_members), expectation->proposal, arena,
                         problems, &expectation->wanted);
}

static enum rc read_expectations(struct rule_test_text *text, struct arena *arena,
                                 struct problems *problems)
{
    const struct node *list = text->expect_node;
    enum rc rc = RC_OK;

    if (!is_list(list, "expect", problems))
        return RC_INVALID;
    text->expectations = arena_alloc(arena, list->n_items + 1, sizeof *text->expectations);
    if (!text->expectations)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < list->n_items && !rc; i++)
        rc = read_expectation(list->items[i], arena, problems,
                              &text->expectations[text->n_expectations++]);
    return rc;
}

enum rc rule_test_read(const struct rule_test *test, struct arena *arena, struct problems *problems,
                       struct rule_test_text *text)
{
    enum rc rc;

    *text = (struct rule_test_text){ 0 };
    if (test->node->type != NODE_MAP) {
        node_problem(problems, test->node, "a test is a map: {name, with, events, expect}");
        return RC_INVALID;
    }
    rc = settings_read(test_members, COUNT(test_members), test->node, arena, problems, text);
    if (!rc)
        rc = read_events(text, arena, problems);
    return rc ? rc : read_expectations(text, arena, problems);
}

static void write_members(const struct node *map, const struct node *hidden_by,
                          struct json_writer *writer)
{
    for (size_t i = 0; map && map->type == NODE_MAP && i < map->n_pairs; i++) {
        struct slice name = map->pairs[i].key;

        if (slice_eq(name, SLICE("at")) || (hidden_by && node_find_slice(hidden_by, name)))
            continue;
        json_key_slice(writer, name);
        node_write_json(map->pairs[i].value, writer);
    }
}

enum rc rule_test_event_json(const struct rule_test_text *text, const struct test_event *event,
                             struct buffer *json)
{
    struct json_writer writer = json_writer_to(json);

    json_object_begin(&writer);
    write_members(event->node, NULL, &writer);
    write_members(text->with, event->node, &writer);
    json_object_end(&writer);
    return buffer_rc(json);
}
