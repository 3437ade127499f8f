/* fresh_deliveries.h - the ids of the latest deliveries, on their way into the days of deliveries.h.
 *
 * There an id lies by its digest, and each that is put on its own costs a page of its own. So the latest are kept in memory, and in a log in the
 * store: what a transaction took is one row at its end. When there are many they become the elder ones and are put into their days in the order of
 * digests, so that many share a page; a bounded number at a time. Then their rows leave the log.
 * What the log holds is read at the start, and what was put into its day and stands in the log as well is put there again: whatever happens in between, no id is lost.
 *
 * Log: key u64 that counts up; value: of each delivery 16 bytes of digest, the event's ULID, u64 time of receipt.
 * Where few come, they stay in the log and in memory however old they are: what is older than DELIVERY_KEEP_MS counts nowhere.
 * For one thread: the engine's, or a reader's with a snapshot of its own. */
#pragma once

#include "src/store/deliveries.h"

struct fresh_deliveries;

struct fresh_bounds {
    size_t n_many;  /* enough to be merged */
    size_t n_most;  /* enough to be merged even where others wait for it */
    size_t n_piece; /* that are merged at a time */
    size_t n_rows;  /* that leave the log at a time */
};
/* A few megabytes of memory, in a crowd ten, in one that lasts twenty: those that are merged, and as many that came meanwhile. A few milliseconds for whoever waits
 * behind a piece. */
extern const struct fresh_bounds fresh_bounds_usual;

/* Reads the log. Damaged rows are told and passed over. Keeps `bounds`. Free with fresh_deliveries_free, which accepts NULL. */
enum rc fresh_deliveries_read(struct store_txn *txn, const struct fresh_bounds *bounds,
                              struct fresh_deliveries **fresh) MUST_CHECK;
void fresh_deliveries_free(struct fresh_deliveries *fresh);

/* RC_OK and the first event's id when `delivery_id` of `watcher` was received less than `window_ms` (at most DELIVERY_KEEP_MS) before
 * `now_ms`, wherever it is by now; else RC_NOT_FOUND. */
enum rc fresh_deliveries_find(const struct fresh_deliveries *fresh, struct store_txn *txn,
                              struct slice watcher, struct slice delivery_id, int64_t now_ms,
                              int64_t window_ms, struct ulid *event) MUST_CHECK;

/* Takes any number of deliveries in one transaction: begin, take each, store. */
struct delivery_taking {
    struct fresh_deliveries *fresh;
    struct store_txn *txn;
    struct delivery_days days;
};
enum rc fresh_deliveries_begin(struct fresh_deliveries *fresh, struct store_txn *txn,
                               struct delivery_taking *taking) MUST_CHECK;
/* Keeps the id for `*event`; or RC_CONFLICT, and `*event` is the first one's, where fresh_deliveries_find finds it. */
enum rc fresh_deliveries_take(struct delivery_taking *taking, struct slice watcher,
                              struct slice delivery_id, int64_t now_ms, int64_t window_ms,
                              struct ulid *event) MUST_CHECK;
enum rc fresh_deliveries_store(struct delivery_taking *taking) MUST_CHECK;

/* Whether some should be put into their days. With `can_wait`, since others would wait for it: only where they are the most that memory is meant for; a merge that has
 * begun waits as well. */
bool fresh_deliveries_are_many(const struct fresh_deliveries *fresh, bool can_wait);
/* Puts a piece of them there, in a transaction that takes none, or what is in its day leaves the log. */
enum rc fresh_deliveries_merge(struct fresh_deliveries *fresh, struct store_txn *txn) MUST_CHECK;

/* The transaction has ended: what it took and merged stands, or is as if it had never been. */
void fresh_deliveries_end(struct fresh_deliveries *fresh, bool is_committed);
