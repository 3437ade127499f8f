#include "src/engine/engine_private.h"

#include "src/base/crash_point.h"
#include "watchers/log_lines.h"

/* Memory that is short comes back, and then nothing is set aside: so often what stands alone is tried again before it is held to need too much. */
#define STARVED_MAX 10

void engine_note_unfolded(struct engine *engine, int64_t n_unfolded)
{
    engine->n_unfolded = n_unfolded > 0 ? n_unfolded : 0;
    metric_set(METRIC_FOLD_LAG, (struct slice){ 0 }, (struct slice){ 0 },
               (double)engine->n_unfolded);
}

/* Lines of a log lie in one entry, all that were read together: where they stand is told, since all of them are set aside. */
static void tell_dead_lines(const struct journal_entry *entry, const struct log_lines *lines,
                            const char *reason)
{
    const struct log_line *first = lines->lines.items;

    log_warn("lines kept aside: %s watcher=%.*s path=\"%.*s\" offset=%lld lines=%zu seq=%llu",
             reason, SLICE_ARG(entry->watcher), SLICE_ARG(lines->path), (long long)first->offset,
             lines->lines.n_items, (unsigned long long)entry->seq);
}

static void tell_dead(const struct turn *turn, const struct journal_entry *entry,
                      const char *reason)
{
    struct log_lines lines = { 0 };
    bool is_lines = slice_eq(entry->type, SLICE(LOG_ENTRY_TYPE)) &&
                    !log_lines_decode(entry->body, turn->arena, &lines) && lines.lines.n_items;

    metric_add(METRIC_EVENTS_DEAD, entry->watcher, (struct slice){ 0 },
               is_lines ? (double)lines.lines.n_items : 1);
    if (is_lines)
        tell_dead_lines(entry, &lines, reason);
    else
        log_warn("delivery kept aside: %s watcher=%.*s seq=%llu", reason, SLICE_ARG(entry->watcher),
                 (unsigned long long)entry->seq);
}

enum rc turn_bury(struct turn *turn, const struct journal_entry *entry, const char *reason)
{
    const struct dead_letter letter = { .seq = entry->seq,
                                        .at_ms = turn->now_ms,
                                        .reason = slice_of(reason) };
    enum rc rc = dead_letter_put(turn->txn, &letter);

    tell_dead(turn, entry, reason);
    return rc ? rc : meta_set(turn->txn, META_CURSOR, entry->seq);
}

/* The first of them, where none can be used; NULL: one can. */
static const struct event *find_unusable(const struct event_list *events)
{
    for (size_t i = 0; i < events->n_items; i++) {
        if (!events->items[i].is_unusable)
            return NULL;
    }
    return events->n_items ? &events->items[0] : NULL;
}

static enum rc bury_unusable(struct turn *turn, const struct journal_entry *entry,
                             const struct event *event)
{
    struct slice reason;
    enum rc rc = arena_copy(turn->arena, event->drift, &reason);

    return rc ? rc : turn_bury(turn, entry, reason.ptr);
}

static enum rc fold_usable(struct turn *turn, const struct event_list *events)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < events->n_items && !rc; i++) {
        drift_tell(turn->engine, &events->items[i]);
        if (!events->items[i].is_unusable)
            rc = signals_fold_event(turn, &events->items[i]);
    }
    return rc;
}

static enum rc fold_entry(struct turn *turn, const struct journal_entry *entry)
{
    struct event_list events = { 0 };
    const struct event *unusable;
    enum rc rc;

    crash_point(CRASH_FOLD_EVENT);
    rc = engine_events(turn->engine->config, entry, turn->arena, &events);
    if (rc == RC_INVALID)
        return turn_bury(turn, entry, "it holds nothing that its watcher can read");
    unusable = rc ? NULL : find_unusable(&events);
    if (unusable)
        rc = bury_unusable(turn, entry, unusable);
    else if (!rc)
        rc = fold_usable(turn, &events);
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

enum rc turn_fold_deliveries(struct turn *turn, struct fold_limits *limits, bool *more)
{
    const size_t n_before = limits->n_left;
    struct journal_entry entry = { 0 };
    uint64_t cursor = 0;
    bool more_timers;
    enum rc rc = meta_get(turn->txn, META_CURSOR, &cursor);

    while (!rc) {
        rc = journal_next_delivery(turn->txn, cursor, turn->arena, &entry);
        if (rc == RC_NOT_FOUND)
            return run_timers(turn, limits, limits->now_ms, more);
        if (rc == RC_CORRUPT)
            dictionaries_doubt(turn->engine->dictionaries);
        if (rc)
            break;
        *more = true;
        if (!limits->n_left)
            return RC_OK;
        /* One is folded however late it is: reading a large one may take longer than all of a turn's time, and would again in the next. */
        if (limits->n_left < n_before && clock_mono_ms() >= limits->end_mono_ms)
            return RC_OK;
        rc = run_timers(turn, limits, entry.received_ms, &more_timers);
        if (rc || more_timers)
            return rc;
        rc = turn_advance_clock(turn, entry.received_ms);
        if (!rc)
            rc = keys_greet_rules(turn);
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
        rc = turn_fold_deliveries(&turn, limits, more);
    end_here(limits, n_before, CRASH_TIMERS_BEFORE_COMMIT, CRASH_FOLD_BEFORE_COMMIT);
    if (!rc)
        rc = turn_commit(&turn);
    end_here(limits, n_before, CRASH_TIMERS_AFTER_COMMIT, CRASH_FOLD_AFTER_COMMIT);
    turn_abort(&turn);
    if (!rc)
        engine_note_unfolded(engine,
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

enum rc engine_begin(struct engine *engine, int64_t now_ms)
{
    struct turn turn;
    enum rc rc = turn_begin(engine, now_ms, &turn);

    if (!rc)
        rc = turn_advance_clock(&turn, now_ms);
    if (!rc)
        rc = keys_greet_rules(&turn);
    if (!rc)
        rc = turn_commit(&turn);
    turn_abort(&turn);
    return rc;
}

bool engine_is_about_the_store(enum rc rc)
{
    return rc == RC_FULL || rc == RC_IO || rc == RC_BUSY;
}

enum rc engine_fold(struct engine *engine, int64_t now_ms, size_t n_max, int64_t budget_ms,
                    bool *more)
{
    struct fold_limits limits = { .n_left = engine->fold_singly ? 1 : n_max,
                                  .n_timers = engine->fold_singly ? 1 : FOLD_TIMERS_A_TURN,
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
    if (!rc || engine_is_about_the_store(rc))
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
