/* objects.h - records kept by ULID: what signals, tasks and proposals have in common.
 *
 * Key: the 16 bytes of the ULID, so that a table's order is the order of making. */
#pragma once

#include "src/store/record.h"
#include "src/store/store.h"

/* Writes (or overwrites) the record of `object` under `id`. */
enum rc object_put(struct store_txn *txn, enum store_table table, const struct record_shape *shape,
                   struct ulid id, const void *object) MUST_CHECK;
/* RC_NOT_FOUND, RC_CORRUPT. What is read lives in `arena`. */
enum rc object_get(struct store_txn *txn, enum store_table table, const struct record_shape *shape,
                   struct ulid id, struct arena *arena, void *object) MUST_CHECK;
/* Calls `visit` with each object older than `before` (absent: all), newest first, until it returns false or `limit` were visited.
 * `object` is a scratch struct of the shape; the arena is reset between visits, so `visit` keeps nothing it does not copy. A record that is
 * corrupt is passed over and logged. */
enum rc object_each_newest(struct store_txn *txn, enum store_table table,
                           const struct record_shape *shape, struct ulid before, size_t limit,
                           struct arena *arena, void *object,
                           bool (*visit)(void *context, struct ulid id, const void *object),
                           void *context) MUST_CHECK;
/* The first object with an id above `after`, whose id is set. RC_NOT_FOUND at the end; RC_CORRUPT sets the id as well, so that a walk can go on. */
enum rc object_next(struct store_txn *txn, enum store_table table, const struct record_shape *shape,
                    struct ulid after, struct arena *arena, struct ulid *id,
                    void *object) MUST_CHECK;
/* RC_NOT_FOUND when it is not there. */
enum rc object_delete(struct store_txn *txn, enum store_table table, struct ulid id) MUST_CHECK;
