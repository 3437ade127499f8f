/* deliveries.h - delivery ids already seen, so that a redelivery has no second effect.
 *
 * Key: u32 day (big-endian, days since 1970), 16 bytes of SHA-256 over watcher and id. Value: ULID of the event, u64 time of receipt.
 * Ids lie in day buckets, so that forgetting is deleting from the front; within a day by their digests, so that each touches a page of its
 * own. Those of webhooks, which come in crowds, are gathered before they get here (fresh_deliveries.h). */
#pragma once

#include "src/base/ulid.h"
#include "src/store/store.h"

#define DELIVERY_KEEP_MS (7 * DAY_MS)
#define DELIVERY_DIGEST_BYTES 16

struct delivery_digest {
    uint8_t bytes[DELIVERY_DIGEST_BYTES];
};
enum rc delivery_digest_of(struct slice watcher, struct slice delivery_id,
                           struct delivery_digest *digest) MUST_CHECK;

/* When one was received, and the event that it became. */
struct delivery {
    struct delivery_digest digest;
    struct ulid event;
    int64_t received_ms;
};
/* The order of the table: by days, within a day by digests. Negative, 0, positive. */
int delivery_compare(const struct delivery *a, const struct delivery *b);
/* Whether it came less than `window_ms` (at most DELIVERY_KEEP_MS) before `now_ms`. What came before a clock was set back by up to a day
 * was received all the same. */
bool delivery_counts(const struct delivery *delivery, int64_t now_ms, int64_t window_ms);

/* The days that have ids, so that none is asked that has none. Read once for all deliveries of a transaction. */
struct delivery_days {
    int64_t first, last; /* first > last: none has */
};
enum rc delivery_days_read(struct store_txn *txn, struct delivery_days *days) MUST_CHECK;
#define DELIVERY_ALL_DAYS ((struct delivery_days){ .first = 0, .last = INT64_MAX })

/* RC_OK and the first event's id when it was received less than `window_ms` (at most DELIVERY_KEEP_MS) before `now_ms`; else RC_NOT_FOUND. */
enum rc delivery_find(struct store_txn *txn, struct delivery_days days,
                      const struct delivery_digest *digest, int64_t now_ms, int64_t window_ms,
                      struct ulid *event) MUST_CHECK;
enum rc delivery_put(struct store_txn *txn, const struct delivery *delivery) MUST_CHECK;
/* Forgets at most `limit` ids older than DELIVERY_KEEP_MS (whole days). */
enum rc delivery_expire(struct store_txn *txn, int64_t now_ms, size_t limit) MUST_CHECK;
