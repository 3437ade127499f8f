/* held.h - the signals that are held back, by what holds them: who opens a gate finds here whom it held.
 *
 * held:       u8 reason, u8 severity (the highest first), u64 since (ms, big-endian), ULID of the signal -> nothing
 * held_walks: u8 reason -> the key in `held` up to which those of the reason were asked again
 *
 * A row stands for the member `hold` of a signal, and comes and goes with it: src/engine/engine_gates.c keeps the two together. */
#pragma once

#include "src/store/signals.h"

enum rc held_put(struct store_txn *txn, struct ulid signal, const struct hold *hold) MUST_CHECK;
/* RC_OK also when it is not there. */
enum rc held_remove(struct store_txn *txn, struct ulid signal, const struct hold *hold) MUST_CHECK;

/* Where a walk stands: behind this row. Of `reason` alone: before the first of the reason. */
struct held_place {
    enum hold_reason reason;
    enum severity severity;
    int64_t since_ms;
    struct ulid signal; /* absent: before the first */
};
/* The next one of the place's reason, the most severe first, of these the one that was held first; `place` moves there. Rows may come and go in between.
 * RC_NOT_FOUND at the end. */
enum rc held_next(struct store_txn *txn, struct held_place *place) MUST_CHECK;

/* A walk that goes on in another turn, one for each reason. RC_NOT_FOUND: none is under way. */
enum rc held_walk_get(struct store_txn *txn, enum hold_reason reason,
                      struct held_place *place) MUST_CHECK;
enum rc held_walk_put(struct store_txn *txn, const struct held_place *place) MUST_CHECK;
enum rc held_walk_end(struct store_txn *txn, enum hold_reason reason) MUST_CHECK;
