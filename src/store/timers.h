/* timers.h - what is due when; survives a restart.
 *
 * Key: u64 due (ms, big-endian), u8 kind, ULID of the object. Value: nothing. A timer says no more than "look at this object": whoever
 * handles it compares the object's own due time, so one that is left over does no harm. */
#pragma once

#include "src/base/ulid.h"
#include "src/store/store.h"

enum timer_kind {
    TIMER_SIGNAL_QUIET,    /* a signal: clear: {quiet} */
    TIMER_SIGNAL_COOLDOWN, /* a signal: what still fires asks again */
    TIMER_TASK_DEADLINE,   /* a task */
    TIMER_PROPOSAL_EXPIRY, /* a proposal */
    TIMER_PROPOSAL_HOLD,   /* a proposal: the approval can no longer be taken back */
    TIMER_PROPOSAL_SNOOZE, /* a proposal: wakes */
    TIMER_PROPOSAL_VERIFY, /* a proposal: the verify window ends */
    TIMER_SILENCE_END,     /* a silence: what it held asks now */
    TIMER_SIGNAL_WAKE,     /* a signal: its condition asked to be woken */
    TIMER_SIGNAL_HELD,     /* a signal: what holds it back is looked at again */
    TIMER_GATE,    /* a reason (the first byte): those that it held ask, one after the other */
    TIMER_INHIBIT, /* a digest (inhibit.h): who watches it is looked at, one after the other */
    TIMER_GROUP,   /* a group: who waits is asked about */
    TIMER_BUDGET,  /* the queue in front of the review budget: its first one asks */
    TIMER_WATCHER, /* a watcher (watcher_states.h): who waited for it looks again, one after the other */
    TIMER_KINDS
};

struct timer {
    int64_t due_ms;
    enum timer_kind kind;
    struct ulid object;
};

enum rc timer_put(struct store_txn *txn, const struct timer *timer) MUST_CHECK;
/* RC_OK also when it is not there. */
enum rc timer_remove(struct store_txn *txn, const struct timer *timer) MUST_CHECK;
/* The one due first; RC_NOT_FOUND when there is none. */
enum rc timer_first(struct store_txn *txn, struct timer *timer) MUST_CHECK;
