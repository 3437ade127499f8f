#include "src/engine/engine_private.h"

#include "src/base/crash_point.h"
#include "src/base/map.h"

#include <stdlib.h>

/* One turn: a batch of 256 deliveries of the usual size needs a few MB; one of the largest allowed needs about 200. */
#define TURN_LIMIT_BYTES ((size_t)1 << 30)

/* --- what is there at the start --- */

static bool count_signal(void *context, struct ulid id, const void *object)
{
    const struct signal *signal = object;
    struct counts *counts = context;

    (void)id;
    counts->signals[signal->state]++;
    if (signal->hold.reason)
        counts->held[signal->hold.reason]++;
    if (signal->hold.reason == HOLD_BUDGET)
        counts->queued[signal->hold.severity]++;
    return true;
}

static bool count_task(void *context, struct ulid id, const void *object)
{
    const struct task *task = object;

    (void)id;
    ((struct counts *)context)->tasks[task->state]++;
    return true;
}

static bool count_proposal(void *context, struct ulid id, const void *object)
{
    const struct proposal *proposal = object;
    struct counts *counts = context;

    (void)id;
    counts->proposals[proposal->state]++;
    counts->waiting += budget_counts(proposal);
    return true;
}

static bool count_silence(void *context, struct ulid id, const void *object)
{
    const struct silence *silence = object;

    (void)id;
    ((struct counts *)context)->silences[silence->state]++;
    return true;
}

static enum rc count_all_objects(struct engine *engine)
{
    const struct ulid newest = { 0 };
    struct store_txn *txn = NULL;
    struct proposal proposal;
    struct silence silence;
    struct signal signal;
    struct task task;
    enum rc rc = store_begin_read(engine->store, &txn);

    if (!rc)
        rc = object_each_newest(txn, TABLE_SIGNALS, &signal_shape, newest, SIZE_MAX, engine->arena,
                                &signal, count_signal, &engine->counts);
    if (!rc)
        rc = object_each_newest(txn, TABLE_TASKS, &task_shape, newest, SIZE_MAX, engine->arena,
                                &task, count_task, &engine->counts);
    if (!rc)
        rc = object_each_newest(txn, TABLE_PROPOSALS, &proposal_shape, newest, SIZE_MAX,
                                engine->arena, &proposal, count_proposal, &engine->counts);
    if (!rc)
        rc = object_each_newest(txn, TABLE_SILENCES, &silence_shape, newest, SIZE_MAX,
                                engine->arena, &silence, count_silence, &engine->counts);
    store_abort(&txn);
    return rc;
}

/* What of the store is in memory as well, for those who accept. */
static enum rc read_what_accepting_needs(struct engine *engine)
{
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(engine->store, &txn);

    engine->dictionaries = dictionaries_new();
    if (!rc && !engine->dictionaries)
        rc = RC_NO_MEMORY;
    if (!rc)
        rc = dictionaries_read(engine->dictionaries, txn);
    if (!rc)
        rc = fresh_deliveries_read(txn, &fresh_bounds_usual, &engine->fresh_deliveries);
    store_abort(&txn);
    return rc;
}

enum rc engine_new(const struct engine_options *options, struct engine **engine)
{
    struct engine *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->store = options->store;
    made->config = options->config;
    made->listener = options->listener;
    made->deterministic = options->deterministic;
    made->expire_part = 1;
    made->due_ms = -1;
    pthread_mutex_init(&made->ruleset_lock, NULL);
    rc = arena_new(TURN_LIMIT_BYTES, &made->arena);
    if (!rc)
        rc = matcher_new(&made->matcher);
    if (!rc)
        rc = count_all_objects(made);
    if (!rc)
        rc = read_what_accepting_needs(made);
    if (rc) {
        engine_free(made);
        return rc;
    }
    made->ruleset = made->ruleset_in_force = options->ruleset;
    rc = keys_open(made);
    if (rc) {
        made->ruleset = made->ruleset_in_force = NULL; /* the caller's, as it was */
        engine_free(made);
        return rc;
    }
    made->files = options->files;
    metric_set(METRIC_RULES_LOADED, (struct slice){ 0 }, (struct slice){ 0 },
               (double)made->ruleset->n_rules);
    *engine = made;
    return RC_OK;
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    matcher_free(engine->matcher);
    keys_free(engine->keys);
    fresh_deliveries_free(engine->fresh_deliveries);
    dictionaries_free(engine->dictionaries);
    map_free(engine->drift_shapes);
    ruleset_free(engine->ruleset);
    arena_free(engine->silences.arena);
    arena_free(engine->arena);
    pthread_mutex_destroy(&engine->ruleset_lock);
    free(engine);
}

void engine_rest(struct engine *engine)
{
    engine->rests = true;
}

struct ruleset *engine_hold_ruleset(struct engine *engine)
{
    struct ruleset *held;

    pthread_mutex_lock(&engine->ruleset_lock);
    held = engine->ruleset_in_force;
    ruleset_hold(held);
    pthread_mutex_unlock(&engine->ruleset_lock);
    return held;
}

void engine_put_in_force(struct engine *engine, struct ruleset *ruleset)
{
    pthread_mutex_lock(&engine->ruleset_lock);
    engine->ruleset_in_force = ruleset;
    pthread_mutex_unlock(&engine->ruleset_lock);
}

void engine_set_profile(struct engine *engine, struct profile *profile)
{
    matcher_set_profile(engine->matcher, profile);
}

const struct ruleset *engine_ruleset(const struct engine *engine)
{
    return engine->ruleset;
}

/* --- accept --- */

enum rc engine_refuse_when_full(struct store_txn *txn)
{
    int64_t used_bytes, max_bytes;
    enum rc rc = store_usage(txn, &used_bytes, &max_bytes);

    if (rc)
        return rc;
    metric_set(METRIC_STORE_BYTES, (struct slice){ 0 }, (struct slice){ 0 }, (double)used_bytes);
    metric_set(METRIC_STORE_LIMIT_BYTES, (struct slice){ 0 }, (struct slice){ 0 },
               (double)max_bytes);
    return used_bytes / STORE_DATA_PERCENT >= max_bytes / 100 ? RC_FULL : RC_OK;
}

void engine_preallocate(struct engine *engine)
{
    store_preallocate(engine->store);
}

bool engine_has_room(struct engine *engine)
{
    struct store_txn *txn = NULL;
    int64_t disk_bytes = 0;
    enum rc rc;

    rc = store_disk_room(engine->store, &disk_bytes);
    if (rc || disk_bytes < STORE_ROOM_AGAIN_BYTES)
        return false;
    rc = store_begin_read(engine->store, &txn);
    if (!rc)
        rc = engine_refuse_when_full(txn);
    store_abort(&txn);
    return !rc;
}

static enum rc accept_one(struct turn *turn, struct delivery_taking *taking,
                          struct journal_appender *appender, struct engine_accept_item *item)
{
    struct journal_entry *entry = item->entry;
    enum rc rc = RC_OK;

    item->is_duplicate = false;
    if (ulid_is_absent(entry->id))
        rc = ulid_make(&turn->engine->ids, entry->received_ms, &entry->id);
    if (!rc && item->dedup_ms > 0 && !slice_is_absent(entry->delivery_id))
        rc = fresh_deliveries_take(taking, entry->watcher, entry->delivery_id, entry->received_ms,
                                   item->dedup_ms, &entry->id);
    if (rc == RC_CONFLICT) {
        item->is_duplicate = true;
        return RC_OK;
    }
    return rc ? rc : journal_appender_append(appender, entry);
}

static enum rc accept_all(struct turn *turn, struct engine_accept_item *items, size_t n_items)
{
    struct delivery_taking taking;
    struct journal_appender appender;
    enum rc rc = fresh_deliveries_begin(turn->engine->fresh_deliveries, turn->txn, &taking);

    if (!rc)
        rc = journal_appender_begin(turn->txn, turn->engine->dictionaries, &appender);
    if (rc)
        return rc;
    for (size_t i = 0; i < n_items && !rc; i++)
        rc = accept_one(turn, &taking, &appender, &items[i]);
    if (!rc)
        rc = fresh_deliveries_store(&taking);
    return journal_appender_end(&appender, rc);
}

static int64_t count_new(const struct engine_accept_item *items, size_t n_items)
{
    int64_t n_new = 0;

    for (size_t i = 0; i < n_items; i++)
        n_new += !items[i].is_duplicate;
    return n_new;
}

/* Ids that were given for a commit that failed were never seen by anybody. */
static void forget_ids(struct engine_accept_item *items, size_t n_items)
{
    for (size_t i = 0; i < n_items; i++)
        items[i].entry->seq = 0;
}

enum rc engine_accept(struct engine *engine, struct engine_accept_item *items, size_t n_items)
{
    struct turn turn;
    enum rc rc;

    if (!n_items)
        return RC_OK;
    rc = turn_begin(engine, items[0].entry->received_ms, &turn);
    if (!rc)
        rc = engine_refuse_when_full(turn.txn);
    if (!rc)
        rc = accept_all(&turn, items, n_items);
    crash_point(CRASH_ACCEPT_BEFORE_COMMIT);
    if (!rc)
        rc = turn_commit(&turn);
    crash_point(CRASH_ACCEPT_AFTER_COMMIT);
    turn_abort(&turn);
    if (rc)
        forget_ids(items, n_items);
    else
        engine_note_unfolded(engine, engine->n_unfolded + count_new(items, n_items));
    return rc;
}

bool engine_has_many_fresh_deliveries(const struct engine *engine, bool can_wait)
{
    return fresh_deliveries_are_many(engine->fresh_deliveries, can_wait);
}

enum rc engine_merge_deliveries(struct engine *engine, int64_t now_ms)
{
    struct turn turn;
    enum rc rc = turn_begin(engine, now_ms, &turn);

    if (!rc)
        rc = engine_refuse_when_full(turn.txn);
    if (!rc)
        rc = fresh_deliveries_merge(engine->fresh_deliveries, turn.txn);
    if (!rc)
        rc = turn_commit(&turn);
    turn_abort(&turn);
    return rc;
}

/* --- control --- */

enum rc engine_decide(struct engine *engine, struct engine_decision *decision, int64_t now_ms)
{
    struct turn turn;
    enum rc rc = turn_begin_control(engine, now_ms, &turn);

    if (!rc)
        rc = proposals_decide(&turn, decision);
    return turn_finish_control(&turn, rc);
}

static enum rc journal_result(struct turn *turn, const struct effect_result *result)
{
    struct json_writer writer;
    struct buffer body;
    enum rc rc;

    buffer_init(&body, 0);
    writer = json_writer_to(&body);
    record_write_json(&effect_result_shape, result, &writer);
    rc = buffer_rc(&body);
    if (!rc)
        rc = turn_journal(turn, DOOR_RESULT, SLICE("vedette.result"), buffer_slice(&body));
    buffer_free(&body);
    return rc;
}

enum rc turn_take_result(struct turn *turn, const struct effect_result *result)
{
    struct outbox_item item = { 0 };
    enum rc rc = outbox_get(turn->txn, result->item, turn->arena, &item);

    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc; /* it was taken before */
    turn->counts.outbox[item.channel]--;
    if (result->state != EFFECT_DONE)
        metric_add(METRIC_OUTBOX_FAILURES, slice_of(outbox_channel_names[item.channel]),
                   (struct slice){ 0 }, 1);
    if (item.channel == OUTBOX_STEP || item.channel == OUTBOX_UNDO)
        metric_add(METRIC_STEPS, item.action, slice_of(effect_state_names[result->state]), 1);
    rc = outbox_remove(turn->txn, item.id);
    if (!rc)
        rc = journal_result(turn, result);
    if (rc)
        return rc;
    if (item.channel == OUTBOX_EVIDENCE)
        return tasks_take_evidence(turn, &item, result);
    return steps_take_result(turn, &item, result);
}

enum rc engine_result(struct engine *engine, const struct effect_result *result, int64_t now_ms)
{
    struct turn turn;
    enum rc rc = turn_begin_control(engine, now_ms, &turn);

    if (!rc)
        rc = turn_take_result(&turn, result);
    return turn_finish_control(&turn, rc);
}
