/* How far a signal is, for people: what its condition says of itself, and how near its matches came to what they did not bring about. */
#include "src/engine/engine_private.h"

#include "src/store/rule_states.h"

#include <stdlib.h>

static int compare_times(const void *a, const void *b)
{
    const int64_t *one = a, *other = b;

    return (*one > *other) - (*one < *other);
}

/* Event time of a sample; RC_NOT_FOUND where its delivery is kept no more. */
static enum rc sample_time(const struct engine *engine, struct store_txn *txn, struct ulid id,
                           struct arena *arena, int64_t *time_ms)
{
    struct event_list events = { 0 };
    struct journal_entry entry;
    uint32_t part;
    enum rc rc = journal_find(txn, id, arena, &entry, &part);

    if (!rc)
        rc = engine_events(engine->config, &entry, arena, &events);
    if (!rc && part < events.n_items)
        *time_ms = events.items[part].time_ms;
    else if (!rc || rc == RC_INVALID)
        rc = RC_NOT_FOUND;
    event_list_free(&events);
    return rc;
}

static enum rc find_near_miss(const struct engine *engine, struct store_txn *txn,
                              const struct rule *rule, const struct signal *signal,
                              struct arena *arena, struct slice *near_miss)
{
    const struct ulid_list *samples = &signal->samples;
    int64_t *times = arena_alloc(arena, samples->n_items + 1, sizeof *times);
    size_t n_times = 0;
    enum rc rc = times ? RC_OK : RC_NO_MEMORY;

    for (size_t i = 0; i < samples->n_items && !rc; i++) {
        rc = sample_time(engine, txn, samples->items[i], arena, &times[n_times]);
        n_times += !rc;
        if (rc == RC_NOT_FOUND)
            rc = RC_OK;
    }
    if (rc)
        return rc;
    qsort(times, n_times, sizeof *times, compare_times);
    return rule->condition->near_miss(rule->condition_spec, times, n_times, arena, near_miss);
}

enum rc engine_describe_signal(const struct engine *engine, struct store_txn *txn,
                               const struct signal *signal, int64_t now_ms, struct arena *arena,
                               struct signal_description *description)
{
    const struct rule *rule = ruleset_find(engine->ruleset, signal->rule);
    struct fold_clock clock = { .now_ms = now_ms };
    enum rc rc;

    *description = (struct signal_description){ 0 };
    if (!rule)
        return RC_OK;
    rc = rule_state_since(txn, rule->id, rule->condition_version, &clock.rule_since_ms);
    if (!rc)
        rc = fold_describe(rule, &clock, signal, arena, &description->progress);
    if (rc || signal->state != SIGNAL_PENDING || !rule->condition->near_miss)
        return rc;
    return find_near_miss(engine, txn, rule, signal, arena, &description->near_miss);
}
