/* How far a signal is, for people: what its condition says of itself, and how near its matches came to what they did not bring about. */
#include "src/engine/engine_private.h"

#include "src/store/rule_states.h"

#include <stdlib.h>

/* An entry may hold all that was read of a file at once. */
#define ENTRY_BYTES ((size_t)64 << 20)

static int compare_times(const void *a, const void *b)
{
    const int64_t *one = a, *other = b;

    return (*one > *other) - (*one < *other);
}

/* Adds the event time of a sample. What has expired, or is damaged, is one sample less. */
static enum rc add_time(const struct engine *engine, struct store_txn *txn, struct ulid id,
                        struct arena *scratch, int64_t *times, size_t *n_times)
{
    struct event_list events = { 0 };
    struct journal_entry entry;
    uint32_t part;
    enum rc rc = journal_find(txn, id, scratch, &entry, &part);

    if (!rc)
        rc = engine_events(engine->config, &entry, scratch, &events);
    if (!rc && part < events.n_items)
        times[(*n_times)++] = events.items[part].time_ms;
    event_list_free(&events);
    return rc == RC_NOT_FOUND || rc == RC_CORRUPT || rc == RC_INVALID ? RC_OK : rc;
}

static enum rc find_near_miss(const struct engine *engine, struct store_txn *txn,
                              const struct rule *rule, const struct signal *signal,
                              struct arena *arena, struct slice *near_miss)
{
    const struct ulid_list *samples = &signal->samples;
    int64_t *times = arena_alloc(arena, samples->n_items + 1, sizeof *times);
    size_t n_times = 0;
    struct arena *scratch = NULL;
    enum rc rc = times ? arena_new(ENTRY_BYTES, &scratch) : RC_NO_MEMORY;

    for (size_t i = 0; i < samples->n_items && !rc; i++) {
        rc = add_time(engine, txn, samples->items[i], scratch, times, &n_times);
        arena_reset(scratch);
    }
    arena_free(scratch);
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
