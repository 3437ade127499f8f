#include "src/engine/engine_private.h"

#include "src/base/crash_point.h"

#include <stdlib.h>

/* One turn: a batch of 256 deliveries of the usual size needs a few MB; one of the largest allowed needs about 200. */
#define TURN_LIMIT_BYTES ((size_t)1 << 30)
/* Timers due at one moment (an outage's worth of expiries) are spread over several commits. */
#define TIMERS_A_TURN 500
/* Memory that is short comes back, and then nothing is set aside: so often what stands alone is tried again before it is held to need too much. */
#define STARVED_MAX 10
/* A disk that was full has room again from here on: a file system may keep the last blocks for itself. */
#define DISK_ROOM_BYTES ((int64_t)1 << 20)

/* --- what is there at the start --- */

static bool count_signal(void *context, struct ulid id, const void *object)
{
    const struct signal *signal = object;

    (void)id;
    ((struct counts *)context)->signals[signal->state]++;
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

    (void)id;
    ((struct counts *)context)->proposals[proposal->state]++;
    return true;
}

static enum rc count_all_objects(struct engine *engine)
{
    const struct ulid newest = { 0 };
    struct store_txn *txn = NULL;
    struct proposal proposal;
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
    made->due_ms = -1;
    rc = arena_new(TURN_LIMIT_BYTES, &made->arena);
    if (!rc)
        rc = matcher_new(&made->matcher);
    if (!rc)
        rc = count_all_objects(made);
    if (rc) {
        engine_free(made);
        return rc;
    }
    made->ruleset = options->ruleset;
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
    ruleset_free(engine->ruleset);
    arena_free(engine->arena);
    free(engine);
}

void engine_rest(struct engine *engine)
{
    engine->rests = true;
}

const struct ruleset *engine_ruleset(const struct engine *engine)
{
    return engine->ruleset;
}

/* --- accept --- */

static enum rc refuse_when_full(struct store_txn *txn)
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

bool engine_has_room(struct engine *engine)
{
    struct store_txn *txn = NULL;
    int64_t disk_bytes = 0;
    enum rc rc;

    rc = store_disk_room(engine->store, &disk_bytes);
    if (rc || disk_bytes < DISK_ROOM_BYTES)
        return false;
    rc = store_begin_read(engine->store, &txn);
    if (!rc)
        rc = refuse_when_full(txn);
    store_abort(&txn);
    return !rc;
}

static enum rc accept_one(struct turn *turn, struct engine_accept_item *item)
{
    struct journal_entry *entry = item->entry;
    bool has_id = item->dedup_ms > 0 && !slice_is_absent(entry->delivery_id);
    enum rc rc;

    item->is_duplicate = false;
    if (has_id) {
        struct ulid first;

        rc = delivery_find(turn->txn, entry->watcher, entry->delivery_id, entry->received_ms,
                           item->dedup_ms, &first);
        if (!rc) {
            item->is_duplicate = true;
            entry->id = first;
            return RC_OK;
        }
        if (rc != RC_NOT_FOUND)
            return rc;
    }
    if (ulid_is_absent(entry->id)) {
        rc = ulid_make(&turn->engine->ids, entry->received_ms, &entry->id);
        if (rc)
            return rc;
    }
    rc = journal_append(turn->txn, entry);
    if (!rc && has_id)
        rc = delivery_put(turn->txn, entry->watcher, entry->delivery_id, entry->received_ms,
                          entry->id);
    return rc;
}

static void note_unfolded(struct engine *engine, int64_t n_unfolded)
{
    engine->n_unfolded = n_unfolded > 0 ? n_unfolded : 0;
    metric_set(METRIC_FOLD_LAG, (struct slice){ 0 }, (struct slice){ 0 },
               (double)engine->n_unfolded);
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
        rc = refuse_when_full(turn.txn);
    for (size_t i = 0; i < n_items && !rc; i++)
        rc = accept_one(&turn, &items[i]);
    crash_point(CRASH_ACCEPT_BEFORE_COMMIT);
    if (!rc)
        rc = turn_commit(&turn);
    crash_point(CRASH_ACCEPT_AFTER_COMMIT);
    turn_abort(&turn);
    if (rc)
        forget_ids(items, n_items);
    else
        note_unfolded(engine, engine->n_unfolded + count_new(items, n_items));
    return rc;
}

/* --- fold --- */

enum rc turn_bury(struct turn *turn, const struct journal_entry *entry, const char *reason)
{
    const struct dead_letter letter = { .seq = entry->seq,
                                        .at_ms = turn->now_ms,
                                        .reason = slice_of(reason) };
    enum rc rc = dead_letter_put(turn->txn, &letter);

    metric_add(METRIC_EVENTS_DEAD, entry->watcher, (struct slice){ 0 }, 1);
    log_warn("delivery kept aside: %s watcher=%.*s seq=%llu", reason, SLICE_ARG(entry->watcher),
             (unsigned long long)entry->seq);
    return rc ? rc : meta_set(turn->txn, META_CURSOR, entry->seq);
}

static enum rc fold_entry(struct turn *turn, const struct journal_entry *entry)
{
    struct event_list events = { 0 };
    enum rc rc;

    crash_point(CRASH_FOLD_EVENT);
    rc = engine_events(turn->engine->config, entry, turn->arena, &events);
    if (rc == RC_INVALID)
        return turn_bury(turn, entry, "it holds nothing that its watcher can read");
    for (size_t i = 0; i < events.n_items && !rc; i++)
        rc = signals_fold_event(turn, &events.items[i]);
    event_list_free(&events);
    return rc ? rc : meta_set(turn->txn, META_CURSOR, entry->seq);
}

/* What people and effects of ours do has a time of its own, never before that of the deliveries; it does not move theirs, so that a
 * replay of the deliveries alone goes by the same clock. */
enum rc turn_read_clock(struct turn *turn, int64_t now_ms)
{
    uint64_t stored = 0;
    enum rc rc = meta_get(turn->txn, META_ENGINE_CLOCK, &stored);

    turn->now_ms = !rc && (int64_t)stored > now_ms ? (int64_t)stored : now_ms;
    return rc;
}

/* The engine's clock: where the last turn stood or the time of receipt, whichever is later. */
enum rc turn_advance_clock(struct turn *turn, int64_t to_ms)
{
    uint64_t stored = 0;
    enum rc rc = meta_get(turn->txn, META_ENGINE_CLOCK, &stored);

    if (rc)
        return rc;
    turn->now_ms = (int64_t)stored > to_ms ? (int64_t)stored : to_ms;
    return (int64_t)stored == turn->now_ms
               ? RC_OK
               : meta_set(turn->txn, META_ENGINE_CLOCK, (uint64_t)turn->now_ms);
}

struct fold_limits {
    size_t n_left;
    size_t n_timers; /* that one turn runs */
    int64_t end_mono_ms;
    int64_t now_ms;
    bool ran_timers; /* set */
    bool at_timer;   /* set: a timer runs, or failed */
};

static enum rc run_timers(struct turn *turn, struct fold_limits *limits, int64_t until_ms,
                          bool *more)
{
    size_t n_run = 0;
    enum rc rc = timers_run(turn, until_ms, limits->n_timers, &n_run);

    limits->at_timer = rc != RC_OK;
    limits->ran_timers |= n_run > 0;
    *more = !rc && n_run == limits->n_timers;
    return rc;
}

/* Deliveries in order, before each the timers that were due by its receipt. */
static enum rc fold_deliveries(struct turn *turn, struct fold_limits *limits, bool *more)
{
    struct journal_entry entry = { 0 };
    uint64_t cursor = 0;
    bool more_timers;
    enum rc rc = meta_get(turn->txn, META_CURSOR, &cursor);

    while (!rc) {
        rc = journal_next_delivery(turn->txn, cursor, turn->arena, &entry);
        if (rc == RC_NOT_FOUND)
            return run_timers(turn, limits, limits->now_ms, more);
        if (rc)
            break;
        *more = true;
        if (!limits->n_left || clock_mono_ms() >= limits->end_mono_ms)
            return RC_OK;
        rc = run_timers(turn, limits, entry.received_ms, &more_timers);
        if (rc || more_timers)
            return rc;
        rc = turn_advance_clock(turn, entry.received_ms);
        if (!rc)
            rc = fold_entry(turn, &entry);
        cursor = entry.seq;
        limits->n_left--;
    }
    return rc;
}

/* A turn that found nothing to do is none. */
static void end_here(const struct fold_limits *limits, size_t n_before, enum crash_place timers,
                     enum crash_place fold)
{
    if (limits->ran_timers)
        crash_point(timers);
    else if (limits->n_left < n_before)
        crash_point(fold);
}

static enum rc fold_turn(struct engine *engine, struct fold_limits *limits, bool *more)
{
    size_t n_before = limits->n_left;
    struct turn turn;
    enum rc rc = turn_begin(engine, limits->now_ms, &turn);

    if (!rc)
        rc = fold_deliveries(&turn, limits, more);
    end_here(limits, n_before, CRASH_TIMERS_BEFORE_COMMIT, CRASH_FOLD_BEFORE_COMMIT);
    if (!rc)
        rc = turn_commit(&turn);
    end_here(limits, n_before, CRASH_TIMERS_AFTER_COMMIT, CRASH_FOLD_AFTER_COMMIT);
    turn_abort(&turn);
    if (!rc)
        note_unfolded(engine,
                      *more ? engine->n_unfolded - (int64_t)(n_before - limits->n_left) : 0);
    return rc;
}

/* The delivery at the cursor cannot be folded, whatever is tried: it is kept aside and the others go on. */
static enum rc bury_next(struct engine *engine, int64_t now_ms, const char *reason)
{
    struct journal_entry entry = { 0 };
    uint64_t cursor = 0;
    struct turn turn;
    enum rc rc = turn_begin(engine, now_ms, &turn);

    if (!rc)
        rc = meta_get(turn.txn, META_CURSOR, &cursor);
    if (!rc)
        rc = journal_next_delivery(turn.txn, cursor, turn.arena, &entry);
    if (rc == RC_CORRUPT && entry.seq)
        rc =
            RC_OK; /* a damaged row has nothing but its number, and that is enough to go on behind it */
    if (!rc)
        rc = turn_bury(&turn, &entry, reason);
    if (!rc)
        rc = turn_commit(&turn);
    turn_abort(&turn);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* What the first timer is about cannot be read, whatever is tried: the others go on. */
static enum rc drop_timer(struct engine *engine, int64_t now_ms, const char *reason)
{
    struct timer timer;
    struct turn turn;
    enum rc rc = turn_begin(engine, now_ms, &turn);

    if (!rc)
        rc = timer_first(turn.txn, &timer);
    if (!rc) {
        log_error("timer dropped: %s kind=%d due=%lld", reason, (int)timer.kind,
                  (long long)timer.due_ms);
        rc = timer_remove(turn.txn, &timer);
    }
    if (!rc)
        rc = turn_commit(&turn);
    turn_abort(&turn);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static bool is_about_the_store(enum rc rc)
{
    return rc == RC_FULL || rc == RC_IO || rc == RC_BUSY;
}

enum rc engine_fold(struct engine *engine, int64_t now_ms, size_t n_max, int64_t budget_ms,
                    bool *more)
{
    struct fold_limits limits = { .n_left = engine->fold_singly ? 1 : n_max,
                                  .n_timers = engine->fold_singly ? 1 : TIMERS_A_TURN,
                                  .end_mono_ms = clock_mono_ms() + budget_ms,
                                  .now_ms = now_ms };
    bool was_single = engine->fold_singly;
    enum rc rc;

    *more = false;
    if (was_single)
        limits.end_mono_ms = INT64_MAX;
    rc = fold_turn(engine, &limits, more);
    if (was_single && rc == RC_NO_MEMORY && engine->n_starved++ < STARVED_MAX)
        return rc;
    engine->n_starved = 0;
    engine->fold_singly = false;
    if (!rc || is_about_the_store(rc))
        return rc;
    /* Nothing of the batch was kept. One delivery or timer at a time shows which it was; that one is set aside. */
    *more = true;
    if (!was_single) {
        engine->fold_singly = true;
        return RC_OK;
    }
    if (limits.at_timer)
        return drop_timer(engine, now_ms, rc_text(rc));
    return bury_next(engine, now_ms, rc_text(rc));
}

int64_t engine_n_unfolded(const struct engine *engine)
{
    return engine->n_unfolded;
}

int64_t engine_due_ms(struct engine *engine)
{
    struct store_txn *txn = NULL;
    struct timer timer;
    enum rc rc;

    if (engine->due_ms >= 0)
        return engine->due_ms;
    rc = store_begin_read(engine->store, &txn);
    if (!rc)
        rc = timer_first(txn, &timer);
    store_abort(&txn);
    if (!rc || rc == RC_NOT_FOUND)
        engine->due_ms = rc ? INT64_MAX : timer.due_ms;
    return rc ? INT64_MAX : timer.due_ms;
}

/* --- control --- */

static enum rc finish_control(struct turn *turn, enum rc rc)
{
    crash_point(CRASH_CONTROL_BEFORE_COMMIT);
    if (!rc)
        rc = turn_commit(turn);
    crash_point(CRASH_CONTROL_AFTER_COMMIT);
    turn_abort(turn);
    return rc;
}

static enum rc begin_control(struct engine *engine, int64_t now_ms, struct turn *turn)
{
    enum rc rc = turn_begin(engine, now_ms, turn);

    return rc ? rc : turn_read_clock(turn, now_ms);
}

enum rc engine_decide(struct engine *engine, struct engine_decision *decision, int64_t now_ms)
{
    struct turn turn;
    enum rc rc = begin_control(engine, now_ms, &turn);

    if (!rc)
        rc = proposals_decide(&turn, decision);
    return finish_control(&turn, rc);
}

static enum rc journal_result(struct turn *turn, const struct effect_result *result)
{
    struct journal_entry entry = { .door = DOOR_RESULT,
                                   .type = SLICE("vedette.result"),
                                   .received_ms = turn->now_ms };
    struct json_writer writer;
    struct buffer body;
    enum rc rc;

    buffer_init(&body, 0);
    writer = json_writer_to(&body);
    record_write_json(&effect_result_shape, result, &writer);
    rc = buffer_rc(&body);
    entry.body = buffer_slice(&body);
    if (!rc)
        rc = turn_make_id(turn, &entry.id);
    if (!rc)
        rc = meta_get(turn->txn, META_CURSOR, &entry.after);
    if (!rc)
        rc = journal_append(turn->txn, &entry);
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
    enum rc rc = begin_control(engine, now_ms, &turn);

    if (!rc)
        rc = turn_take_result(&turn, result);
    return finish_control(&turn, rc);
}

static enum rc set_paused(struct turn *turn, bool paused, struct slice who, struct slice via)
{
    uint64_t before = 0;
    enum rc rc = meta_get(turn->txn, META_PAUSED, &before);

    if (rc || (before != 0) == paused)
        return rc;
    rc = meta_set(turn->txn, META_PAUSED, paused);
    if (!rc)
        rc = turn_audit(turn, paused ? "pause" : "resume", who, via, (struct slice){ 0 }, NULL);
    if (!rc && !paused)
        rc = steps_advance_all(turn);
    metric_set(METRIC_PAUSED, (struct slice){ 0 }, (struct slice){ 0 }, paused);
    return rc;
}

enum rc engine_set_paused(struct engine *engine, bool paused, struct slice who, struct slice via,
                          int64_t now_ms)
{
    struct turn turn;
    enum rc rc = begin_control(engine, now_ms, &turn);

    if (!rc)
        rc = set_paused(&turn, paused, who, via);
    return finish_control(&turn, rc);
}

/* What never fired is not announced, but whoever ended it finds it ended; retention takes it. */
static void close_pending(struct turn *turn, struct signal *signal, struct slice who)
{
    turn->counts.signals[SIGNAL_PENDING]--;
    turn->counts.signals[SIGNAL_RESOLVED]++;
    signal->state = SIGNAL_RESOLVED;
    signal->resolved_ms = turn->now_ms;
    signal->resolved_by = who;
}

static enum rc resolve_by_hand(struct turn *turn, struct ulid id, struct slice who,
                               struct slice via)
{
    struct signal signal = { 0 };
    struct slice name;
    enum rc rc = signal_get(turn->txn, id, turn->arena, &signal);

    if (rc)
        return rc;
    if (signal.state == SIGNAL_RESOLVED)
        return RC_CONFLICT;
    rc = signals_resolve(turn, &signal, who);
    if (signal.state == SIGNAL_PENDING)
        close_pending(turn, &signal, who);
    if (!rc)
        rc = turn_name(turn, "sig_", id, &name);
    if (!rc)
        rc = turn_audit(turn, "resolve", who, via, name, NULL);
    return rc ? rc : signal_put(turn->txn, &signal);
}

enum rc engine_resolve(struct engine *engine, struct ulid signal, struct slice who,
                       struct slice via, int64_t now_ms)
{
    struct turn turn;
    enum rc rc = begin_control(engine, now_ms, &turn);

    if (!rc)
        rc = resolve_by_hand(&turn, signal, who, via);
    return finish_control(&turn, rc);
}
