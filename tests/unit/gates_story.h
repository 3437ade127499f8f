/* gates_story.h - what holds signals back, seen from outside: by what each is held, and what was asked. */
#pragma once

#include "tests/unit/engine_story.h"

static inline uint64_t n_held(struct story *story)
{
    struct store_txn *txn = NULL;
    uint64_t n = 0;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(store_count(txn, TABLE_HELD, &n), RC_OK);
    store_abort(&txn);
    return n;
}

static inline double gauge(enum hold_reason reason)
{
    return metric_value(METRIC_SIGNALS_HELD, slice_of(hold_reason_names[reason]),
                        (struct slice){ 0 });
}

/* The only signal, its row among the held, and the gauges say the same. */
static inline void assert_held(struct story *story, enum hold_reason reason)
{
    assert_int_equal(the_signal(story).hold.reason, reason);
    assert_int_equal(n_held(story), reason != HOLD_NONE);
    for (int i = HOLD_NONE + 1; i < HOLD_REASONS; i++)
        assert_int_equal((int)gauge((enum hold_reason)i), i == (int)reason);
}

static inline void rejected(struct story *story, int64_t at_ms)
{
    const struct decision decision = { .verdict = VERDICT_REJECT, .reason = SLICE("known") };

    assert_int_equal(decides(story, newest(story), decision, at_ms), DECISION_TAKEN);
}

static inline void approved(struct story *story, int64_t at_ms)
{
    const struct decision decision = { .verdict = VERDICT_APPROVE };

    assert_int_equal(decides(story, newest(story), decision, at_ms), DECISION_TAKEN);
}
