/* Lines of logs: stored with how far they were read, and folded at once where nothing older waits. */
#include "src/engine/engine_private.h"

#include "src/base/crash_point.h"

static enum rc store_lines(struct turn *turn, const struct engine_lines *lines, size_t *n_entries)
{
    enum rc rc = RC_OK;

    if (lines->entry) {
        if (ulid_is_absent(lines->entry->id))
            rc = ulid_make(&turn->engine->ids, lines->entry->received_ms, &lines->entry->id);
        if (!rc)
            rc = journal_append(turn->txn, lines->entry);
        ++*n_entries;
    }
    for (size_t i = 0; i < lines->n_offsets && !rc; i++)
        rc = offset_put(turn->txn, &lines->offsets[i]);
    for (size_t i = 0; i < lines->n_forgotten && !rc; i++)
        rc = offset_remove(turn->txn, lines->forgotten[i]);
    return rc;
}

/* All of it, or nothing. `limits` NULL: nothing is folded. */
static enum rc take(struct engine *engine, const struct engine_lines *items, size_t n_items,
                    int64_t now_ms, struct fold_limits *limits, bool *more)
{
    size_t n_before = limits ? limits->n_left : 0;
    size_t n_entries = 0, n_folded;
    struct turn turn;
    enum rc rc = turn_begin(engine, now_ms, &turn);

    if (!rc)
        rc = engine_refuse_when_full(turn.txn);
    for (size_t i = 0; i < n_items && !rc; i++)
        rc = store_lines(&turn, &items[i], &n_entries);
    if (!rc && limits && n_entries)
        rc = turn_fold_deliveries(&turn, limits, more);
    crash_point(CRASH_LINES_BEFORE_COMMIT);
    if (!rc)
        rc = turn_commit(&turn);
    crash_point(CRASH_LINES_AFTER_COMMIT);
    turn_abort(&turn);
    if (rc)
        return rc;
    n_folded = limits ? n_before - limits->n_left : 0;
    if (n_entries && limits && !*more)
        engine_note_unfolded(engine, 0);
    else
        engine_note_unfolded(engine, engine->n_unfolded + (int64_t)n_entries - (int64_t)n_folded);
    *more = *more || (n_entries && !limits);
    return RC_OK;
}

enum rc engine_take_lines(struct engine *engine, const struct engine_lines *items, size_t n_items,
                          int64_t now_ms, int64_t budget_ms, bool *more)
{
    struct fold_limits limits = { .n_left = n_items + FOLD_TIMERS_A_TURN,
                                  .n_timers = FOLD_TIMERS_A_TURN,
                                  .end_mono_ms = clock_mono_ms() + budget_ms,
                                  .now_ms = now_ms };
    bool is_careful = engine->n_careful > 0 || engine->fold_singly;
    enum rc rc;

    *more = false;
    if (engine->n_careful)
        engine->n_careful -= n_items < engine->n_careful ? n_items : engine->n_careful;
    rc = take(engine, items, n_items, now_ms, is_careful ? NULL : &limits, more);
    if (!rc || is_careful || engine_is_about_the_store(rc))
        return rc;
    /* Some line or timer cannot be folded: what was read is kept all the same, and the fold finds out which it was. */
    *more = false;
    return take(engine, items, n_items, now_ms, NULL, more);
}
