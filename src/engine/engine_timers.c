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
    [TIMER_GROUP] = groups_due,
};

enum rc timers_run(struct turn *turn, int64_t until_ms, size_t n_max, size_t *n_run)
{
    int64_t now_ms = turn->now_ms;
    struct timer timer;
    enum rc rc = RC_OK;

    *n_run = 0;
    while (*n_run < n_max) {
        rc = timer_first(turn->txn, &timer);
        if (rc == RC_NOT_FOUND || (!rc && timer.due_ms > until_ms)) {
            rc = RC_OK;
            break;
        }
        if (!rc)
            rc = timer_remove(turn->txn, &timer);
        turn->now_ms = timer.due_ms;
        if (!rc)
            rc = handlers[timer.kind](turn, timer.object, timer.due_ms);
        if (!rc)
            rc = chain_run(turn);
        if (rc)
            break;
        ++*n_run;
    }
    turn->now_ms = now_ms;
    return rc;
}
