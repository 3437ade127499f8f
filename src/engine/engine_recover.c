#include "src/engine/engine_private.h"

#include "src/base/crash_point.h"
#include "src/base/log_mark.h"

/* How often a delivery that is folded alone may end the process before it is set aside. A kill from outside can
 * look like that once; twice at the same delivery hardly. */
#define SUSPECT_TRIES_MAX 2
/* As many as a batch may hold: the one that ended the process is among them. */
#define SUSPECTS 256

/* After a crash the line that ended the process, if one did, is among the first that are read again. */
#define CAREFUL_BATCHES 256

/* Whatever this step did, its answer is lost: say so and ask a human, never run it again. */
static enum rc lose(struct turn *turn, const struct outbox_item *item)
{
    const struct effect_result result = { .item = item->id,
                                          .channel = item->channel,
                                          .object = item->object,
                                          .part = item->part,
                                          .revision = item->revision,
                                          .state = EFFECT_UNKNOWN,
                                          .error = SLICE("vedette stopped while it ran"),
                                          .finished_ms = turn->now_ms };

    return turn_take_result(turn, &result);
}

/* The next item behind `after`. What a damaged one asked for nobody can say: it goes. */
static enum rc next_item(struct turn *turn, uint64_t after, struct outbox_item *item)
{
    enum rc rc = outbox_next(turn->txn, after, turn->arena, item);

    while (rc == RC_CORRUPT && item->id > after) {
        log_error("damaged row removed table=outbox id=%llu", (unsigned long long)item->id);
        rc = outbox_remove(turn->txn, item->id);
        if (!rc)
            rc = outbox_next(turn->txn, item->id, turn->arena, item);
    }
    return rc;
}

/* Hands out again what may be done twice, and settles what may not. */
static enum rc sort_outbox(struct turn *turn)
{
    struct outbox_item item = { 0 };
    uint64_t after = 0;
    enum rc rc;

    while (!(rc = next_item(turn, after, &item))) {
        struct effect_link *link;

        after = item.id;
        turn->counts.outbox[item.channel]++;
        if (!outbox_may_repeat(item.channel)) {
            rc = lose(turn, &item);
            if (rc)
                return rc;
            continue;
        }
        link = arena_alloc(turn->arena, 1, sizeof *link);
        if (!link)
            return RC_NO_MEMORY;
        *link = (struct effect_link){ .item = item, .next = turn->effects };
        turn->effects = link;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* The next delivery to be folded. A damaged one is one as well: folding sets it aside, and it must not keep us from starting. */
static enum rc find_next(struct turn *turn, uint64_t cursor, struct journal_entry *entry)
{
    enum rc rc;

    *entry = (struct journal_entry){ 0 };
    rc = journal_next_delivery(turn->txn, cursor, turn->arena, entry);
    return rc == RC_CORRUPT && entry->seq ? RC_OK : rc;
}

/* Sets how many starts in a row found the cursor where it is now, with deliveries behind it. */
static enum rc count_tries(struct turn *turn, uint64_t *n_tries)
{
    uint64_t cursor, attempt, was_clean, tries;
    struct journal_entry entry;
    bool is_folded = false;
    enum rc rc;

    rc = meta_get(turn->txn, META_CURSOR, &cursor);
    if (!rc)
        rc = find_next(turn, cursor, &entry);
    if (rc == RC_NOT_FOUND) {
        is_folded = true;
        rc = RC_OK;
    }
    if (!rc)
        rc = meta_get(turn->txn, META_FOLD_ATTEMPT, &attempt);
    if (!rc)
        rc = meta_get(turn->txn, META_CLEAN_STOP, &was_clean);
    if (!rc)
        rc = meta_get(turn->txn, META_FOLD_TRIES, &tries);
    if (rc)
        return rc;
    turn->engine->n_careful = was_clean ? 0 : CAREFUL_BATCHES;
    *n_tries = is_folded || was_clean || cursor != attempt ? 0 : tries + 1;
    rc = meta_set(turn->txn, META_FOLD_ATTEMPT, cursor);
    if (!rc)
        rc = meta_set(turn->txn, META_FOLD_TRIES, *n_tries);
    return rc ? rc : meta_set(turn->txn, META_CLEAN_STOP, 0);
}

/* The key of the marks in our own log: made once for a store. */
static enum rc load_mark_key(struct turn *turn)
{
    uint64_t halves[2] = { 0 };
    enum rc rc = meta_get(turn->txn, META_MARK_KEY_1, &halves[0]);

    if (!rc)
        rc = meta_get(turn->txn, META_MARK_KEY_2, &halves[1]);
    if (!rc && !halves[0] && !halves[1]) {
        rc = random_bytes((uint8_t *)halves, sizeof halves);
        if (!rc)
            rc = meta_set(turn->txn, META_MARK_KEY_1, halves[0]);
        if (!rc)
            rc = meta_set(turn->txn, META_MARK_KEY_2, halves[1]);
    }
    if (!rc)
        log_mark_use((const uint8_t *)halves, watchers_read_lines(turn->engine->config->watchers));
    return rc;
}

static enum rc restore(struct turn *turn, uint64_t *n_tries)
{
    struct engine *engine = turn->engine;
    size_t n_changed;
    uint64_t paused = 0;
    enum rc rc;

    rc = count_tries(turn, n_tries);
    if (!rc)
        rc = turn_read_clock(turn, turn->now_ms);
    if (!rc)
        rc = sort_outbox(turn);
    if (!rc)
        rc = steps_lose_unanswered(turn);
    if (!rc)
        rc = keys_greet_rules(turn);
    if (!rc)
        rc = turn_adopt_rules(turn, true, &n_changed);
    if (!rc)
        rc = gates_follow_config(turn);
    if (!rc)
        rc = absence_begin(turn);
    if (!rc)
        rc = signals_settle(turn);
    if (!rc && engine->files)
        rc = turn_save_rules(turn, engine->files);
    if (!rc)
        rc = steps_advance_all(turn);
    if (!rc)
        rc = meta_get(turn->txn, META_PAUSED, &paused);
    if (!rc)
        rc = load_mark_key(turn);
    metric_set(METRIC_PAUSED, (struct slice){ 0 }, (struct slice){ 0 }, paused != 0);
    engine->files = NULL;
    return rc;
}

/* --- after a crash in the fold --- */

/* Notes which delivery is about to be folded alone; sets it aside when that ended the process before. RC_NOT_FOUND: none is left. */
static enum rc suspect_next(struct engine *engine, int64_t now_ms, bool *buried)
{
    struct journal_entry entry = { 0 };
    uint64_t cursor = 0, suspect = 0, tries = 0;
    struct turn turn;
    enum rc rc = turn_begin(engine, now_ms, &turn);

    if (!rc)
        rc = meta_get(turn.txn, META_CURSOR, &cursor);
    if (!rc)
        rc = find_next(&turn, cursor, &entry);
    if (!rc)
        rc = meta_get(turn.txn, META_FOLD_SUSPECT, &suspect);
    if (!rc && suspect == entry.seq)
        rc = meta_get(turn.txn, META_SUSPECT_TRIES, &tries);
    *buried = tries >= SUSPECT_TRIES_MAX;
    if (!rc && *buried)
        rc = turn_bury(&turn, &entry, "folding it ended the process twice");
    if (!rc)
        rc = meta_set(turn.txn, META_FOLD_SUSPECT, entry.seq);
    if (!rc)
        rc = meta_set(turn.txn, META_SUSPECT_TRIES, tries + 1);
    if (!rc)
        rc = turn_commit(&turn);
    turn_abort(&turn);
    return rc;
}

static enum rc read_cursor(struct engine *engine, uint64_t *cursor)
{
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(engine->store, &txn);

    if (!rc)
        rc = meta_get(txn, META_CURSOR, cursor);
    store_abort(&txn);
    return rc;
}

/* Until the cursor is past it: the timers that are due before it, and a look at what it fails with, take turns of their own. */
static enum rc fold_suspect(struct engine *engine, int64_t now_ms)
{
    uint64_t before = 0, after = 0;
    bool more = true;
    enum rc rc = read_cursor(engine, &before);

    after = before;
    while (!rc && more && after == before) {
        rc = engine_fold(engine, now_ms, 1, INT64_MAX / 2, &more);
        if (!rc)
            rc = read_cursor(engine, &after);
    }
    return rc;
}

static enum rc fold_suspects(struct engine *engine, int64_t now_ms)
{
    bool buried;
    enum rc rc = RC_OK;

    log_warn("the last start ended while events were folded: folding them one at a time");
    for (size_t i = 0; i < SUSPECTS && !rc; i++) {
        rc = suspect_next(engine, now_ms, &buried);
        if (!rc && !buried)
            rc = fold_suspect(engine, now_ms);
    }
    /* On a full disk they are folded later as all others are; a crash would bring them here again. */
    return rc == RC_NOT_FOUND || rc == RC_FULL ? RC_OK : rc;
}

/* On a full disk, too: what was approved before goes on, and its results wait until they can be stored. */
enum rc engine_recover(struct engine *engine, int64_t now_ms)
{
    uint64_t n_tries = 0;
    struct turn turn;
    enum rc rc = turn_begin_in_last_room(engine, now_ms, &turn);

    if (!rc)
        rc = restore(&turn, &n_tries);
    /* What is approved goes on, and the budget's limits may be others by now. */
    if (!rc)
        rc = signals_settle(&turn);
    crash_point(CRASH_RECOVER_BEFORE_COMMIT);
    if (!rc)
        rc = turn_commit(&turn);
    turn_abort(&turn);
    if (rc || !n_tries)
        return rc;
    return fold_suspects(engine, now_ms);
}

enum rc engine_stop(struct engine *engine)
{
    struct turn turn;
    enum rc rc = turn_begin_in_last_room(engine, 0, &turn);

    if (!rc)
        rc = meta_set(turn.txn, META_CLEAN_STOP, 1);
    if (!rc)
        rc = turn_commit(&turn);
    turn_abort(&turn);
    return rc;
}
