/* What people do by hand without a proposal: a signal is ended, everything is paused, and goes on.
 *
 * Each is journalled with the time at which it was done, so that a replay of the events does it again. */
#include "src/engine/engine_private.h"

#include "src/base/digest.h"

#define RESOLVE_TYPE "vedette.resolve"
#define PAUSE_TYPE "vedette.pause"
#define RESUME_TYPE "vedette.resume"

/* By whom, and through what; of a signal whatever replays tell it by as well, since there it may have another id. */
static enum rc journal(struct turn *turn, const char *type, const struct signal *signal,
                       struct slice who, struct slice via)
{
    struct json_writer writer;
    struct buffer body;
    struct slice name;
    enum rc rc = RC_OK;

    buffer_init(&body, 0);
    writer = json_writer_to(&body);
    json_object_begin(&writer);
    if (signal) {
        rc = turn_name(turn, "sig_", signal->id, &name);
        json_member_text(&writer, "signal", name);
        json_member_text(&writer, "rule", signal->rule);
        json_member_text(&writer, "fingerprint", signal->fingerprint);
    }
    json_member_text(&writer, "by", who);
    json_member_text(&writer, "via", via);
    json_object_end(&writer);
    if (!rc)
        rc = buffer_rc(&body);
    if (!rc)
        rc = turn_journal(turn, DOOR_DECISION, slice_of(type), buffer_slice(&body));
    buffer_free(&body);
    return rc;
}

/* --- pause and resume --- */

static enum rc set_paused(struct turn *turn, bool paused, bool *changed)
{
    uint64_t before = 0;
    enum rc rc = meta_get(turn->txn, META_PAUSED, &before);

    *changed = !rc && (before != 0) != paused;
    if (rc || !*changed)
        return rc;
    rc = meta_set(turn->txn, META_PAUSED, paused);
    if (!rc && !paused)
        rc = steps_advance_all(turn);
    metric_set(METRIC_PAUSED, (struct slice){ 0 }, (struct slice){ 0 }, paused);
    return rc;
}

static enum rc pause_by_hand(struct turn *turn, bool paused, struct slice who, struct slice via)
{
    bool changed = false;
    enum rc rc = set_paused(turn, paused, &changed);

    if (rc || !changed)
        return rc;
    rc = turn_audit(turn, paused ? "pause" : "resume", who, via, (struct slice){ 0 }, NULL);
    return rc ? rc : journal(turn, paused ? PAUSE_TYPE : RESUME_TYPE, NULL, who, via);
}

enum rc engine_set_paused(struct engine *engine, bool paused, struct slice who, struct slice via,
                          int64_t now_ms)
{
    struct turn turn;
    enum rc rc = turn_begin_control(engine, now_ms, &turn);

    if (!rc)
        rc = pause_by_hand(&turn, paused, who, via);
    return turn_finish_control(&turn, rc);
}

/* --- a signal is ended --- */

static bool is_open(const struct signal *signal)
{
    return signal->state == SIGNAL_FIRING || signal->state == SIGNAL_PENDING;
}

/* What never fired is not announced, but whoever ended it finds it ended; retention takes it. */
static void close_pending(struct turn *turn, struct signal *signal, struct slice who)
{
    turn->counts.signals[SIGNAL_IDLE]--;
    turn->counts.signals[SIGNAL_RESOLVED]++;
    signal->state = SIGNAL_RESOLVED;
    signal->resolved_ms = turn->now_ms;
    signal->resolved_by = who;
}

static enum rc resolve(struct turn *turn, struct signal *signal, struct slice who)
{
    enum rc rc = signals_resolve(turn, signal, who);

    if (signal->state == SIGNAL_IDLE)
        close_pending(turn, signal, who);
    return rc ? rc : signal_put(turn->txn, signal);
}

static enum rc resolve_by_hand(struct turn *turn, struct ulid id, struct slice who,
                               struct slice via)
{
    struct signal signal = { 0 };
    struct slice name;
    enum rc rc = signal_get(turn->txn, id, turn->arena, &signal);

    if (rc)
        return rc;
    if (!is_open(&signal))
        return RC_CONFLICT;
    rc = journal(turn, RESOLVE_TYPE, &signal, who, via);
    if (!rc)
        rc = turn_name(turn, "sig_", id, &name);
    if (!rc)
        rc = turn_audit(turn, "resolve", who, via, name, NULL);
    return rc ? rc : resolve(turn, &signal, who);
}

enum rc engine_resolve(struct engine *engine, struct ulid signal, struct slice who,
                       struct slice via, int64_t now_ms)
{
    struct turn turn;
    enum rc rc = turn_begin_control(engine, now_ms, &turn);

    if (!rc)
        rc = resolve_by_hand(&turn, signal, who, via);
    return turn_finish_control(&turn, rc);
}

/* --- read again --- */

/* The rules of a replay may be others: what does not fire there is not ended. */
static enum rc resolve_again(struct turn *turn, const struct json *data)
{
    struct slice who = json_string(json_get_text(data, "by"));
    struct fingerprint fingerprint;
    struct signal signal = { 0 };
    enum rc rc = hex_parse(json_string(json_get_text(data, "fingerprint")), fingerprint.bytes,
                           sizeof fingerprint.bytes);

    if (!rc)
        rc = signal_find(turn->txn, fingerprint, turn->arena, &signal);
    if (rc || !is_open(&signal))
        return rc == RC_NOT_FOUND || rc == RC_INVALID ? RC_OK : rc;
    return resolve(turn, &signal, who);
}

enum rc hand_take_event(struct turn *turn, const struct event *event, bool *is_taken)
{
    struct slice type = event->fields[FIELD_TYPE];
    bool resolves = slice_eq(type, SLICE(RESOLVE_TYPE));
    bool pauses = slice_eq(type, SLICE(PAUSE_TYPE));
    bool changed;

    *is_taken = resolves || pauses || slice_eq(type, SLICE(RESUME_TYPE));
    if (!*is_taken)
        return RC_OK;
    return resolves ? resolve_again(turn, event->data) : set_paused(turn, pauses, &changed);
}
