#include "src/engine/engine_private.h"

/* Whoever handles a timer compares its due time with the object's own, so one that is left over does no harm. */
static enum rc (*const handlers[TIMER_KINDS])(struct turn *turn, struct ulid object,
                                              int64_t due_ms) = {
    [TIMER_SIGNAL_QUIET] = signals_quiet,
    [TIMER_SIGNAL_COOLDOWN] = signals_cooldown,
    [TIMER_TASK_DEADLINE] = tasks_deadline,
    [TIMER_PROPOSAL_EXPIRY] = proposals_expire,
    [TIMER_PROPOSAL_HOLD] = steps_release,
    [TIMER_PROPOSAL_SNOOZE] = proposals_wake,
    [TIMER_PROPOSAL_VERIFY] = steps_verify_due,
    [TIMER_SILENCE_END] = silences_end,
    [TIMER_SIGNAL_WAKE] = signals_wake,
    [TIMER_SIGNAL_HELD] = gates_wake,
    [TIMER_GATE] = gates_walk,
    [TIMER_INHIBIT] = inhibit_walk,
    [TIMER_GROUP] = groups_due,
    [TIMER_BUDGET] = budget_take_turn,
    [TIMER_WATCHER] = absence_walk,
};

static enum rc next_due(struct turn *turn, int64_t until_ms, struct timer *timer, bool *is_due)
{
    enum rc rc = timer_first(turn->txn, timer);

    *is_due = !rc && timer->due_ms <= until_ms;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc timers_run(struct turn *turn, int64_t until_ms, size_t n_max, size_t *n_run)
{
    int64_t now_ms = turn->now_ms;
    struct timer timer;
    bool is_due = false;
    enum rc rc = RC_OK;

    turn->runs_timers = true;
    for (*n_run = 0; *n_run < n_max; ++*n_run) {
        rc = next_due(turn, until_ms, &timer, &is_due);
        if (rc || !is_due)
            break;
        rc = timer_remove(turn->txn, &timer);
        turn->now_ms = timer.due_ms;
        if (!rc)
            rc = handlers[timer.kind](turn, timer.object, timer.due_ms);
        if (!rc)
            rc = signals_settle(turn);
        if (rc)
            break;
    }
    turn->runs_timers = false;
    turn->now_ms = now_ms;
    return rc;
}
