#include "src/engine/engine_private.h"

/* --- the gates --- */

static enum rc judge_cooldown(struct turn *turn, const struct rule *rule,
                              const struct signal *signal, struct hold *hold)
{
    (void)rule;
    if (turn->now_ms >= signal->cooldown_until_ms)
        return RC_OK;
    hold->reason = HOLD_COOLDOWN;
    hold->until_ms = signal->cooldown_until_ms;
    return RC_OK;
}

static enum rc judge_silence(struct turn *turn, const struct rule *rule,
                             const struct signal *signal, struct hold *hold)
{
    const struct silence *silence;
    char id[ULID_TEXT_BYTES];
    enum rc rc = silences_find(turn, signal, &silence);

    (void)rule;
    if (rc || !silence)
        return rc;
    hold->reason = HOLD_SILENCE;
    hold->until_ms = silence_end_ms(silence);
    return arena_format(turn->arena, &hold->detail, "sil_%s of %.*s (%.*s)",
                        ulid_format(silence->id, id), SLICE_ARG(silence->by),
                        SLICE_ARG(silence->reason));
}

static enum rc judge_maintenance(struct turn *turn, const struct rule *rule,
                                 const struct signal *signal, struct hold *hold)
{
    const struct maintenance *found;
    enum rc rc = maintenance_find(turn, signal, &found, &hold->until_ms);

    (void)rule;
    if (rc || !found)
        return rc;
    hold->reason = HOLD_MAINTENANCE;
    return arena_format(turn->arena, &hold->detail, "%.*s: %.*s", SLICE_ARG(found->silence.reason),
                        SLICE_ARG(found->window.text));
}

static enum rc judge_active(struct turn *turn, const struct rule *rule, const struct signal *signal,
                            struct hold *hold)
{
    (void)signal;
    if (!rule->active || weekly_window_is_open(rule->active, turn->now_ms))
        return RC_OK;
    hold->reason = HOLD_INACTIVE;
    hold->until_ms = weekly_window_turns_ms(rule->active, turn->now_ms);
    return arena_format(turn->arena, &hold->detail, "its rule is active %.*s",
                        SLICE_ARG(rule->active->text));
}

struct hold_gate {
    enum hold_reason reason;
    /* Fills `hold` where it holds the signal back now, and leaves it alone where it does not. */
    enum rc (*judge)(struct turn *turn, const struct rule *rule, const struct signal *signal,
                     struct hold *hold);
    bool
        wakes; /* the signal's own timer looks again at `until_ms`: nothing else tells that the gate opens */
};

/* In the order in which they are asked: what a person said first, what costs a look at others later, what is scarce last. */
static const struct hold_gate gates[] = {
    { .reason = HOLD_COOLDOWN, .judge = judge_cooldown },
    { .reason = HOLD_SILENCE, .judge = judge_silence },
    { .reason = HOLD_MAINTENANCE, .judge = judge_maintenance, .wakes = true },
    { .reason = HOLD_INHIBITED, .judge = inhibit_judge },
    { .reason = HOLD_INACTIVE, .judge = judge_active, .wakes = true },
    { .reason = HOLD_FLAPPING, .judge = flapping_judge, .wakes = true },
    { .reason = HOLD_GROUP, .judge = groups_judge },
    { .reason = HOLD_BUDGET, .judge = budget_judge },
};
#define N_GATES (sizeof gates / sizeof *gates)

/* --- noted in the signal --- */

static bool is_same(const struct hold *a, const struct hold *b)
{
    return a->reason == b->reason && a->severity == b->severity && a->until_ms == b->until_ms &&
           a->wake_ms == b->wake_ms && slice_eq(a->detail, b->detail);
}

static enum rc note(struct turn *turn, struct signal *signal, struct hold hold)
{
    const struct hold before = signal->hold;
    enum rc rc = RC_OK;

    if (hold.reason)
        hold.since_ms = hold.reason == before.reason ? before.since_ms : turn->now_ms;
    if (is_same(&before, &hold))
        return RC_OK;
    rc = turn_move_timer(turn, TIMER_SIGNAL_HELD, signal->id, before.wake_ms, hold.wake_ms);
    if (!rc)
        rc = budget_note_queue(turn, signal, &before, &hold);
    if (!rc && before.reason)
        rc = held_remove(turn->txn, signal->id, &before);
    if (!rc && hold.reason)
        rc = held_put(turn->txn, signal->id, &hold);
    if (before.reason)
        turn->counts.held[before.reason]--;
    if (hold.reason)
        turn->counts.held[hold.reason]++;
    signal->hold = hold;
    return rc;
}

static enum rc find_hold(struct turn *turn, const struct rule *rule, const struct signal *signal,
                         struct hold *hold)
{
    for (size_t i = 0; i < N_GATES; i++) {
        enum rc rc = gates[i].judge(turn, rule, signal, hold);

        if (rc)
            return rc;
        if (!hold->reason)
            continue;
        hold->severity = signal->severity;
        hold->wake_ms = gates[i].wakes ? hold->until_ms : 0;
        break;
    }
    return RC_OK;
}

enum rc gates_hold(struct turn *turn, const struct rule *rule, struct signal *signal, bool *held)
{
    struct hold hold = { 0 };
    enum rc rc = find_hold(turn, rule, signal, &hold);

    *held = hold.reason != HOLD_NONE;
    return rc ? rc : note(turn, signal, hold);
}

enum rc gates_release(struct turn *turn, struct signal *signal)
{
    return signal->hold.reason ? note(turn, signal, (struct hold){ 0 }) : RC_OK;
}

/* Does it fire, and nobody looks at it? */
static bool is_waiting(const struct rule *rule, const struct signal *signal)
{
    return rule && rule->mode == RULE_PROPOSE && signal->state == SIGNAL_FIRING &&
           signal->attention == ATTENTION_NONE && !signal->is_overflow &&
           !signal->stands_for_watcher;
}

enum rc gates_note(struct turn *turn, struct signal *signal)
{
    const struct rule *rule = turn_rule(turn, signal->rule);
    bool held;

    return is_waiting(rule, signal) ? gates_hold(turn, rule, signal, &held)
                                    : gates_release(turn, signal);
}

/* --- asked again --- */

enum rc gates_follow_config(struct turn *turn)
{
    return gates_open(turn, HOLD_MAINTENANCE);
}

enum rc gates_look_again(struct turn *turn, struct signal *signal)
{
    struct hold hold = signal->hold;

    if (!is_waiting(turn_rule(turn, signal->rule), signal))
        return gates_release(turn, signal);
    hold.wake_ms = hold.reason ? turn->now_ms : 0;
    return note(turn, signal, hold);
}

enum rc gates_ask_soon(struct turn *turn, struct signal *signal, enum hold_reason reason)
{
    return note(
        turn, signal,
        (struct hold){ .reason = reason, .severity = signal->severity, .wake_ms = turn->now_ms });
}

enum rc gates_ask_after_timers(struct turn *turn, struct signal *signal)
{
    struct hold hold = signal->hold;

    hold.wake_ms = turn->now_ms;
    return note(turn, signal, hold);
}

enum rc gates_wake(struct turn *turn, struct ulid id, int64_t due_ms)
{
    struct signal signal = { 0 };
    const struct rule *rule;
    enum rc rc = signal_get(turn->txn, id, turn->arena, &signal);

    if (rc == RC_NOT_FOUND || (!rc && signal.hold.wake_ms != due_ms))
        return RC_OK;
    if (rc)
        return rc;
    signal.hold.wake_ms = 0; /* that timer is gone */
    rule = turn_rule(turn, signal.rule);
    rc = rule ? signals_ask(turn, rule, &signal) : gates_release(turn, &signal);
    return rc ? rc : signal_put(turn->txn, &signal);
}

static struct ulid object_of(enum hold_reason reason)
{
    struct ulid object = { 0 };

    object.bytes[0] = (uint8_t)reason;
    return object;
}

/* One that is under way already begins anew: what it has passed may be free by now. */
enum rc gates_open(struct turn *turn, enum hold_reason reason)
{
    const struct held_place place = { .reason = reason, .severity = SEVERITY_CRITICAL };
    struct held_place first = place;
    enum rc rc = held_next(turn->txn, &first);

    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    rc = held_walk_put(turn->txn, &place);
    return rc ? rc : turn_move_timer(turn, TIMER_GATE, object_of(reason), 0, turn->now_ms);
}

static enum rc ask_held(struct turn *turn, struct ulid id)
{
    struct signal signal = { 0 };
    const struct rule *rule;
    enum rc rc = signal_get(turn->txn, id, turn->arena, &signal);

    if (rc)
        return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
    rule = turn_rule(turn, signal.rule);
    rc = rule ? signals_ask(turn, rule, &signal) : RC_OK;
    return rc ? rc : signal_put(turn->txn, &signal);
}

/* How many timers a turn runs is bounded (FOLD_TIMERS_A_TURN): each asks for one. */
enum rc gates_walk(struct turn *turn, struct ulid object, int64_t due_ms)
{
    const enum hold_reason reason = (enum hold_reason)object.bytes[0];
    struct held_place place;
    enum rc rc = held_walk_get(turn->txn, reason, &place);

    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    rc = held_next(turn->txn, &place);
    if (rc == RC_NOT_FOUND)
        return held_walk_end(turn->txn, reason);
    if (!rc)
        rc = held_walk_put(turn->txn, &place);
    if (!rc)
        rc = ask_held(turn, place.signal);
    return rc ? rc : turn_move_timer(turn, TIMER_GATE, object, 0, due_ms);
}

/* --- explained --- */

enum rc engine_judge_gates(struct engine *engine, struct store_txn *txn,
                           const struct signal *signal, int64_t now_ms, struct arena *arena,
                           struct gate_verdict *verdicts, size_t *n_verdicts)
{
    struct turn look = {
        .engine = engine, .txn = txn, .arena = arena, .now_ms = now_ms, .real_ms = now_ms
    };
    const struct rule *rule = turn_rule(&look, signal->rule);
    enum rc rc = RC_OK;

    *n_verdicts = 0;
    for (size_t i = 0; i < N_GATES && rule && !rc; i++) {
        verdicts[i] = (struct gate_verdict){ .gate = gates[i].reason };
        rc = gates[i].judge(&look, rule, signal, &verdicts[i].hold);
        ++*n_verdicts;
    }
    return rc;
}
