#include "src/engine/rule_test_private.h"

#include "rules/coverage.h"

static enum rc keep_tree(struct test_run *run, struct json *tree)
{
    struct json **trees = arena_grow(run->arena, run->trees, run->n_trees, sizeof *trees);

    if (!trees) {
        json_free(tree);
        return RC_NO_MEMORY;
    }
    run->trees = trees;
    run->trees[run->n_trees++] = tree;
    return RC_OK;
}

static struct change_seen *add_change(struct test_run *run)
{
    struct change_seen *seen = arena_grow(run->arena, run->seen, run->n_seen, sizeof *seen);

    if (!seen)
        return NULL;
    run->seen = seen;
    run->seen[run->n_seen] = (struct change_seen){ .cause = run->current };
    return &run->seen[run->n_seen++];
}

static enum rc take_key(const struct json *key, struct arena *arena, struct slice_list *list)
{
    list->items = arena_alloc(arena, json_count(key) + 1, sizeof *list->items);
    if (!list->items)
        return RC_NO_MEMORY;
    for (const struct json *value = json_first(key); value; value = json_next(value))
        list->items[list->n_items++] = json_text(value);
    return RC_OK;
}

/* -- signals -- */

static struct rule_coverage *coverage_of(struct test_run *run, struct slice rule)
{
    for (size_t i = 0; i < run->suite->n_coverage; i++)
        if (slice_eq(run->suite->coverage[i].rule->id, rule))
            return &run->suite->coverage[i];
    return NULL;
}

static void cover_change(struct test_run *run, const struct change_seen *change)
{
    struct rule_coverage *coverage = coverage_of(run, change->rule);
    enum hold_reason held = change->signal ? change->signal->hold.reason : HOLD_NONE;

    if (!coverage)
        return;
    coverage->fired |= slice_eq(change->state, slice_of(signal_state_names[SIGNAL_FIRING]));
    coverage->ended |= slice_eq(change->state, slice_of(signal_state_names[SIGNAL_RESOLVED]));
    coverage->was_held |= held == HOLD_INHIBITED || held == HOLD_INACTIVE;
}

static enum rc take_signal(struct test_run *run, struct change_seen *change)
{
    const struct ruleset *ruleset = engine_ruleset(simulation_engine(run->simulation));
    const struct rule *rule = ruleset_find(ruleset, change->rule);
    enum rc rc = take_key(json_get_text(change->json, "key"), run->arena, &change->key);

    change->state = json_text(json_get_text(change->json, "transition"));
    if (rc || !rule)
        return rc;
    change->signal = arena_alloc(run->arena, 1, sizeof *change->signal);
    if (!change->signal)
        return RC_NO_MEMORY;
    rc = simulation_signal(run->simulation, rule, &change->key, run->arena, change->signal);
    if (rc == RC_NOT_FOUND) {
        change->signal = NULL;
        rc = RC_OK;
    }
    return rc;
}

/* -- proposals -- */

static bool is_told_first(const struct test_run *run, const struct change_seen *change)
{
    for (size_t i = 0; i + 1 < run->n_seen; i++)
        if (run->seen[i].is_proposal &&
            !ulid_compare(run->seen[i].proposal->id, change->proposal->id))
            return false;
    return true;
}

static enum rc take_question(struct test_run *run, struct change_seen *change)
{
    struct task task = { 0 };
    enum rc rc = simulation_task(run->simulation, change->proposal->task, run->arena, &task);

    change->question = task.question;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc take_proposal(struct test_run *run, struct change_seen *change)
{
    struct ulid id;
    enum rc rc = ulid_parse(json_text(json_get_text(change->json, "proposal")), "prp_", &id);

    change->state = json_text(json_get_text(change->json, "state"));
    change->proposal = arena_alloc(run->arena, 1, sizeof *change->proposal);
    if (!rc && !change->proposal)
        rc = RC_NO_MEMORY;
    if (!rc)
        rc = simulation_proposal(run->simulation, id, run->arena, change->proposal);
    if (rc)
        return rc;
    change->key = change->proposal->key;
    change->is_opening = is_told_first(run, change);
    return take_question(run, change);
}

/* -- both -- */

static enum rc take_change(struct test_run *run, const struct feed_item *item)
{
    bool is_proposal = slice_eq(item->name, SLICE("proposal"));
    struct change_seen *change;
    struct json_fault fault;
    struct json *json = NULL;
    int64_t time_ms = 0;
    enum rc rc;

    if (!is_proposal && !slice_eq(item->name, SLICE("signal")))
        return RC_OK;
    rc = json_parse(item->json, JSON_LIMITS_DEFAULT, &json, &fault);
    if (!rc)
        rc = keep_tree(run, json);
    if (rc)
        return rc;
    if (!rule_test_looks_at(run->suite, json_text(json_get_text(json, "rule"))))
        return RC_OK;
    if (run->n_seen == RULE_TEST_MAX_CHANGES)
        return RC_LIMIT;
    change = add_change(run);
    if (!change)
        return RC_NO_MEMORY;
    change->is_proposal = is_proposal;
    change->json = json;
    change->rule = json_text(json_get_text(json, "rule"));
    rc = time_parse(json_text(json_get_text(json, "time")), &time_ms);
    change->at_ms = time_ms - run->text.begin_ms;
    if (!rc)
        rc = is_proposal ? take_proposal(run, change) : take_signal(run, change);
    if (!rc && !is_proposal)
        cover_change(run, change);
    return rc;
}

enum rc rule_test_look(struct test_run *run)
{
    struct feed_item item;
    enum rc rc;

    while (!(rc = simulation_next_change(run->simulation, &run->feed_seq, run->arena, &item))) {
        rc = take_change(run, &item);
        if (rc)
            return rc;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* -- events -- */

static enum rc cover_event(struct test_run *run, const struct event *event)
{
    struct rule_test_suite *suite = run->suite;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < suite->n_coverage && !rc; i++) {
        arena_reset(suite->scratch);
        rc = coverage_add(suite->coverage[i].coverage, suite->matcher, event, suite->scratch);
    }
    return rc;
}

/* What our own doings make rules hear: watchers, and signals of other rules. */
static bool is_heard(const struct journal_entry *entry)
{
    return entry->door == DOOR_DATA || entry->door == DOOR_WATCHER || entry->door == DOOR_SIGNAL;
}

static enum rc hear_event(struct test_run *run, const struct event *event)
{
    struct event_heard *heard = arena_grow(run->arena, run->heard, run->n_heard, sizeof *heard);

    if (!heard)
        return RC_NO_MEMORY;
    run->heard = heard;
    run->heard[run->n_heard++] = (struct event_heard){ .cause = run->current, .event = *event };
    return cover_event(run, event);
}

static enum rc hear_entry(struct test_run *run, const struct journal_entry *entry)
{
    struct event_list events = { 0 };
    enum rc rc = engine_events(&run->suite->senders, entry, run->arena, &events);

    if (rc)
        return rc;
    for (size_t i = 0; i < events.n_trees; i++) {
        enum rc keep_rc = keep_tree(run, events.trees[i]);

        rc = rc ? rc : keep_rc;
    }
    for (size_t i = 0; i < events.n_items && !rc; i++)
        rc = hear_event(run, &events.items[i]);
    return rc;
}

enum rc rule_test_hear(struct test_run *run)
{
    struct journal_entry entry;
    enum rc rc;

    while (!(rc = simulation_entry(run->simulation, run->n_entries + 1, run->arena, &entry))) {
        run->n_entries++;
        if (is_heard(&entry))
            rc = hear_entry(run, &entry);
        if (rc)
            return rc;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}
