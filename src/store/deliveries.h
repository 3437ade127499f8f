/* deliveries.h - delivery ids already seen, so that a redelivery has no second effect.
 *
 * Key: u32 day (big-endian, days since 1970), 16 bytes of SHA-256 over watcher and id. Value: ULID of the event, u64 time of receipt.
 * Ids lie in day buckets, so that forgetting is deleting from the front. */
#pragma once

#include "src/base/ulid.h"
#include "src/store/store.h"

#define DELIVERY_KEEP_MS (7 * DAY_MS)

/* The days that have ids, so that none is asked that has none. Read once for all deliveries of a transaction. */
struct delivery_days {
    int64_t first, last; /* first > last: none has */
};
enum rc delivery_days_read(struct store_txn *txn, struct delivery_days *days) MUST_CHECK;
/* Keeps the id for `event`, or RC_CONFLICT and the first event's id where delivery_find finds it. */
enum rc delivery_take(struct store_txn *txn, struct delivery_days *days, struct slice watcher,
                      struct slice delivery_id, int64_t now_ms, int64_t window_ms,
                      struct ulid *event) MUST_CHECK;
/* RC_OK and the first event's id when `delivery_id` of `watcher` was received less than `window_ms` (at most DELIVERY_KEEP_MS) before
 * `now_ms`; else RC_NOT_FOUND. */
enum rc delivery_find(struct store_txn *txn, struct slice watcher, struct slice delivery_id,
                      int64_t now_ms, int64_t window_ms, struct ulid *event) MUST_CHECK;
enum rc delivery_put(struct store_txn *txn, struct slice watcher, struct slice delivery_id,
                     int64_t now_ms, struct ulid event) MUST_CHECK;
/* Forgets at most `limit` ids older than DELIVERY_KEEP_MS (whole days). */
enum rc delivery_expire(struct store_txn *txn, int64_t now_ms, size_t limit) MUST_CHECK;
