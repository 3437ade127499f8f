#include "src/engine/engine_private.h"

/* A call removes and looks at a bounded number of rows, so that no commit is held long; calls come every half minute. */
#define EXPIRE_ROWS 500
#define OBJECTS_VISITED 200
/* Where all is full the pages of such a commit may be more than there are: the next call takes half as many rows, and so on;
 * after one that went well twice as many. */
#define SMALLEST_PART 64
/* Above it the oldest events go, however young: data is refused at STORE_DATA_PERCENT, and that is to stay the exception. */
#define STORE_KEPT_PERCENT 70

/* What is closed and older than the events are kept goes; what is open, and the audit trail, never. */

/* When an event of it came: what it says of its own time may be long ago, in a log that is read late. */
static int64_t last_heard_ms(const struct signal *signal)
{
    return signal->newest_seen_ms ? signal->newest_seen_ms : signal->newest_ms;
}

static bool signal_is_past(const struct signal *signal, int64_t before_ms)
{
    bool is_at_rest = signal->state == SIGNAL_RESOLVED || signal->state == SIGNAL_IDLE;

    return is_at_rest && signal->attention == ATTENTION_NONE && !signal->cooldown_until_ms &&
           !signal->condition_due_ms && !signal->quiet_due_ms && signal->resolved_ms < before_ms &&
           last_heard_ms(signal) < before_ms;
}

/* While one of its proposals is kept, it is: an undo needs both. */
static enum rc has_proposals(struct turn *turn, const struct signal *signal, bool *has)
{
    struct ulid_list ids = { 0 };
    enum rc rc = proposal_list_of_signal(turn->txn, signal->fingerprint, 1, turn->arena, &ids);

    *has = ids.n_items != 0;
    return rc;
}

static enum rc expire_signal(struct turn *turn, const void *object, int64_t before_ms)
{
    const struct signal *signal = object;
    bool is_kept = !signal_is_past(signal, before_ms);
    enum rc rc = is_kept ? RC_OK : has_proposals(turn, signal, &is_kept);

    if (rc || is_kept)
        return rc;
    turn->counts.signals[signal->state]--;
    return keys_delete(turn, signal);
}

/* What is proposed may be rendered again, from what its task saw. */
static enum rc is_in_use(struct turn *turn, const struct task *task, bool *in_use)
{
    struct signal signal = { 0 };
    enum rc rc = RC_NOT_FOUND;

    if (task->signals.n_items)
        rc = signal_get(turn->txn, task->signals.items[0], turn->arena, &signal);
    *in_use = !rc && signal.attention != ATTENTION_NONE && !ulid_compare(signal.task, task->id);
    return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
}

static enum rc expire_task(struct turn *turn, const void *object, int64_t before_ms)
{
    const struct task *task = object;
    bool in_use = false;
    enum rc rc;

    if (task->state == TASK_QUEUED || task->state == TASK_RUNNING || task->finished_ms >= before_ms)
        return RC_OK;
    rc = is_in_use(turn, task, &in_use);
    if (rc || in_use)
        return rc;
    turn->counts.tasks[task->state]--;
    return object_delete(turn->txn, TABLE_TASKS, task->id);
}

/* Its places among the proposals of those that did not lead; that of the one that did goes with it. */
static enum rc remove_others(struct turn *turn, const struct proposal *proposal)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < proposal->signals.n_items && !rc; i++) {
        struct signal signal = { 0 };

        if (!ulid_compare(proposal->signals.items[i], proposal->signal))
            continue;
        rc = signal_get(turn->txn, proposal->signals.items[i], turn->arena, &signal);
        if (!rc)
            rc = proposal_remove_signal(turn->txn, proposal->id, signal.fingerprint);
        else if (rc == RC_NOT_FOUND || rc == RC_CORRUPT)
            rc = RC_OK;
    }
    return rc;
}

static enum rc expire_proposal(struct turn *turn, const void *object, int64_t before_ms)
{
    const struct proposal *proposal = object;
    enum rc rc;

    if (!proposal_state_is_final(proposal->state) || proposal->closed_ms >= before_ms)
        return RC_OK;
    turn->counts.proposals[proposal->state]--;
    rc = messages_expire(turn, proposal->id);
    if (!rc)
        rc = remove_others(turn, proposal);
    return rc ? rc : proposal_delete(turn->txn, proposal);
}

static enum rc expire_silence(struct turn *turn, const void *object, int64_t before_ms)
{
    const struct silence *silence = object;

    if (silence->state != SILENCE_OVER || silence->ended_ms >= before_ms)
        return RC_OK;
    turn->counts.silences[SILENCE_OVER]--;
    return silence_delete(turn->txn, silence);
}

union any_object {
    struct signal signal;
    struct task task;
    struct proposal proposal;
    struct silence silence;
};

static const struct {
    enum store_table table;
    const struct record_shape *shape;
    enum rc (*expire)(struct turn *turn, const void *object, int64_t before_ms);
} walks[] = {
    { TABLE_SIGNALS, &signal_shape, expire_signal },
    { TABLE_TASKS, &task_shape, expire_task },
    { TABLE_PROPOSALS, &proposal_shape, expire_proposal },
    { TABLE_SILENCES, &silence_shape, expire_silence },
};

/* Goes on where the last call stopped, and from the beginning once it was through. */
static enum rc walk(struct turn *turn, size_t i, int64_t before_ms)
{
    struct ulid *up_to = &turn->engine->expired_up_to[i];
    enum rc rc = RC_OK;

    for (size_t n = 0; n < OBJECTS_VISITED / turn->engine->expire_part && !rc; n++) {
        union any_object object = { 0 };

        rc = object_next(turn->txn, walks[i].table, walks[i].shape, *up_to, turn->arena, up_to,
                         &object);
        if (rc == RC_NOT_FOUND) {
            *up_to = (struct ulid){ 0 };
            return RC_OK;
        }
        if (rc == RC_CORRUPT) {
            rc = RC_OK;
            continue;
        }
        if (!rc)
            rc = walks[i].expire(turn, &object, before_ms);
    }
    return rc;
}

/* As many bytes of events as are configured, and no more than the store has room for. */
static enum rc events_kept(struct turn *turn, int64_t *bytes)
{
    int64_t used_bytes, max_bytes, excess_bytes;
    uint64_t journal_bytes;
    enum rc rc = store_usage(turn->txn, &used_bytes, &max_bytes);

    if (!rc)
        rc = meta_get(turn->txn, META_JOURNAL_BYTES, &journal_bytes);
    if (rc)
        return rc;
    *bytes = turn->engine->config->retention_bytes;
    excess_bytes = used_bytes - max_bytes / 100 * STORE_KEPT_PERCENT;
    if (excess_bytes > 0 && (int64_t)journal_bytes - excess_bytes < *bytes)
        *bytes = (int64_t)journal_bytes > excess_bytes ? (int64_t)journal_bytes - excess_bytes : 0;
    return RC_OK;
}

static enum rc expire(struct turn *turn, bool *more)
{
    const size_t n_rows = EXPIRE_ROWS / turn->engine->expire_part;
    int64_t before_ms = turn->now_ms - turn->engine->config->retention_events_ms;
    int64_t kept_bytes = 0;
    size_t n_removed = 0;
    enum rc rc = events_kept(turn, &kept_bytes);

    if (!rc)
        rc = journal_expire(turn->txn, before_ms, kept_bytes, n_rows, &n_removed);
    *more = !rc && n_removed == n_rows;
    if (!rc)
        rc = delivery_expire(turn->txn, turn->now_ms, n_rows);
    if (!rc)
        rc = change_expire(turn->txn, before_ms, n_rows);
    for (size_t i = 0; i < sizeof walks / sizeof *walks && !rc; i++)
        rc = walk(turn, i, before_ms);
    return rc;
}

enum rc engine_expire(struct engine *engine, int64_t now_ms, bool *more)
{
    struct turn turn;
    enum rc rc = turn_begin_in_last_room(engine, now_ms, &turn);

    *more = false;
    store_check_readers(engine->store);
    if (!rc)
        rc = expire(&turn, more);
    if (!rc)
        rc = turn_commit(&turn);
    turn_abort(&turn);
    if (rc) /* not again at once */
        *more = false;
    if (!rc && engine->expire_part > 1)
        engine->expire_part /= 2;
    else if (rc == RC_FULL && engine->expire_part < SMALLEST_PART)
        engine->expire_part *= 2;
    return rc;
}
