/* budget.h - what the review budget must remember: when proposals were opened, and how the queue in front of it went.
 *
 * Key: u8 0. Value: u64 due, u64 since, u64 gone before, u64 gone, then a u64 for each proposal that was opened, the oldest first (big-endian, times in ms). One row.
 *
 * The times are kept whatever the limits are, so that limits which a reload changes are judged by what has been. */
#pragma once

#include "src/store/store.h"

#define BUDGET_MAX_LIMIT 1000 /* of each limit */
#define BUDGET_MAX_BORROWED 100
#define BUDGET_MAX_TIMES (BUDGET_MAX_LIMIT + BUDGET_MAX_BORROWED) /* no limit asks for more */

struct budget_row {
    int64_t due_ms;        /* the armed timer that looks for a free place; 0: none */
    int64_t since_ms;      /* when the queue was empty last and somebody came; 0: never */
    int64_t n_gone_before; /* `n_gone` at that time */
    int64_t n_gone; /* signals that were over before their turn came, since the store was made */
    size_t n_opened;
    int64_t opened_ms[BUDGET_MAX_TIMES]; /* of the last day; the oldest first */
};

/* An empty one where there is none. RC_CORRUPT: an empty one as well. */
enum rc budget_get(struct store_txn *txn, struct budget_row *row) MUST_CHECK;
enum rc budget_put(struct store_txn *txn, const struct budget_row *row) MUST_CHECK;
/* One more was opened; what is a day old by then is forgotten, and the oldest where there are too many. */
void budget_add(struct budget_row *row, int64_t now_ms);
