#include "src/store/fresh_deliveries.h"

#include "src/base/buffer.h"
#include "src/base/log.h"
#include "src/store/delivery_set.h"
#include "src/store/store_key.h"
#include "src/store/store_row.h"

#include <stdlib.h>
#include <string.h>

#define ID_BYTES 40 /* in the log; here 56 */

/* The most, and what one more transaction takes, are still fewer than a power of two: room doubles there. */
const struct fresh_bounds fresh_bounds_usual = {
    .n_many = 32768, .n_most = 130000, .n_piece = 512, .n_rows = 1024
};

struct fresh_deliveries {
    const struct fresh_bounds *bounds;
    struct delivery_set young;
    size_t n_young;    /* committed */
    uint64_t last_row; /* of the log */

    struct delivery_set elder;
    const struct delivery **sorted; /* the elder ones; NULL: there are none */
    size_t n_merged;
    uint64_t elder_row; /* the last that holds any of them */

    /* What the transaction would make of them. */
    uint64_t new_last_row;
    size_t n_newly_merged;
    bool elder_are_gone;
};

/* --- the log --- */

static enum rc write_one(struct buffer *row, const struct delivery *delivery)
{
    struct store_key bytes = { .len = 0 };

    key_add(&bytes, delivery->digest.bytes, DELIVERY_DIGEST_BYTES);
    key_add_ulid(&bytes, delivery->event);
    key_add_time(&bytes, delivery->received_ms);
    buffer_add(row, key_slice(&bytes));
    return buffer_rc(row);
}

static enum rc read_one(struct fresh_deliveries *fresh, struct slice *row)
{
    struct delivery delivery;
    uint64_t time_ms;

    if (!key_read(row, delivery.digest.bytes, DELIVERY_DIGEST_BYTES) ||
        !key_read_ulid(row, &delivery.event) || !key_read_u64(row, &time_ms))
        return RC_CORRUPT;
    delivery.received_ms = (int64_t)time_ms;
    return delivery_set_add(&fresh->young, &delivery);
}

/* Without the ids of a damaged row their deliveries are taken again, should they be repeated; without a start none is. */
static enum rc read_row(struct fresh_deliveries *fresh, struct slice key, struct slice row)
{
    uint64_t number;
    enum rc rc = RC_OK;

    if (!key_read_u64(&key, &number) || key.len || row.len % ID_BYTES) {
        log_warn("ids of deliveries are damaged and passed over: repeated ones may count twice");
        return RC_OK;
    }
    fresh->last_row = number;
    while (row.len && !rc)
        rc = read_one(fresh, &row);
    return rc;
}

static enum rc read_log(struct fresh_deliveries *fresh, struct store_txn *txn)
{
    struct slice key = { 0 }, row;
    struct store_cursor *cursor;
    enum rc rc = store_cursor_open(txn, TABLE_DELIVERY_LOG, &cursor);

    if (rc)
        return rc;
    rc = store_cursor_move(cursor, STORE_FIRST, &key, &row);
    while (!rc) {
        rc = read_row(fresh, key, row);
        if (!rc)
            rc = store_cursor_move(cursor, STORE_NEXT, &key, &row);
    }
    store_cursor_close(cursor);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc fresh_deliveries_read(struct store_txn *txn, const struct fresh_bounds *bounds,
                              struct fresh_deliveries **fresh)
{
    struct fresh_deliveries *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->bounds = bounds;
    rc = read_log(made, txn);
    if (rc) {
        fresh_deliveries_free(made);
        return rc;
    }
    made->n_young = made->young.n_items;
    made->new_last_row = made->last_row;
    *fresh = made;
    return RC_OK;
}

static void forget_elder(struct fresh_deliveries *fresh)
{
    delivery_set_clear(&fresh->elder);
    free(fresh->sorted);
    fresh->sorted = NULL;
    fresh->n_merged = fresh->n_newly_merged = 0;
}

void fresh_deliveries_free(struct fresh_deliveries *fresh)
{
    if (!fresh)
        return;
    forget_elder(fresh);
    delivery_set_clear(&fresh->young);
    free(fresh);
}

/* --- finding and taking --- */

/* The latest receipt counts: the young ones first. */
static enum rc find(const struct fresh_deliveries *fresh, struct store_txn *txn,
                    struct delivery_days days, const struct delivery_digest *digest, int64_t now_ms,
                    int64_t window_ms, struct ulid *event)
{
    const struct delivery *found = delivery_set_find(&fresh->young, digest, now_ms, window_ms);

    if (!found)
        found = delivery_set_find(&fresh->elder, digest, now_ms, window_ms);
    if (!found)
        return delivery_find(txn, days, digest, now_ms, window_ms, event);
    *event = found->event;
    return RC_OK;
}

enum rc fresh_deliveries_find(const struct fresh_deliveries *fresh, struct store_txn *txn,
                              struct slice watcher, struct slice delivery_id, int64_t now_ms,
                              int64_t window_ms, struct ulid *event)
{
    struct delivery_digest digest;
    enum rc rc = delivery_digest_of(watcher, delivery_id, &digest);

    return rc ? rc : find(fresh, txn, DELIVERY_ALL_DAYS, &digest, now_ms, window_ms, event);
}

enum rc fresh_deliveries_begin(struct fresh_deliveries *fresh, struct store_txn *txn,
                               struct delivery_taking *taking)
{
    *taking = (struct delivery_taking){ .fresh = fresh, .txn = txn };
    return delivery_days_read(txn, &taking->days);
}

enum rc fresh_deliveries_take(struct delivery_taking *taking, struct slice watcher,
                              struct slice delivery_id, int64_t now_ms, int64_t window_ms,
                              struct ulid *event)
{
    struct delivery delivery = { .event = *event, .received_ms = now_ms };
    struct ulid first;
    enum rc rc = delivery_digest_of(watcher, delivery_id, &delivery.digest);

    if (!rc)
        rc = find(taking->fresh, taking->txn, taking->days, &delivery.digest, now_ms, window_ms,
                  &first);
    if (!rc) {
        *event = first;
        return RC_CONFLICT;
    }
    return rc == RC_NOT_FOUND ? delivery_set_add(&taking->fresh->young, &delivery) : rc;
}

enum rc fresh_deliveries_store(struct delivery_taking *taking)
{
    struct fresh_deliveries *fresh = taking->fresh;
    const struct store_key key = key_of_u64(fresh->new_last_row + 1);
    struct buffer row;
    enum rc rc = RC_OK;

    if (fresh->young.n_items == fresh->n_young)
        return RC_OK;
    buffer_init(&row, 0);
    for (size_t i = fresh->n_young; i < fresh->young.n_items && !rc; i++)
        rc = write_one(&row, &fresh->young.items[i]);
    if (!rc)
        rc = store_append(taking->txn, TABLE_DELIVERY_LOG, key_slice(&key), buffer_slice(&row));
    buffer_free(&row);
    fresh->new_last_row++;
    return rc;
}

/* --- merging --- */

static enum rc become_elder(struct fresh_deliveries *fresh)
{
    const struct delivery **sorted = delivery_set_sort(&fresh->young);

    if (!sorted)
        return RC_NO_MEMORY;
    fresh->elder = fresh->young;
    fresh->sorted = sorted;
    fresh->elder_row = fresh->last_row;
    fresh->young = (struct delivery_set){ 0 };
    fresh->n_young = 0;
    return RC_OK;
}

static enum rc put_piece(struct fresh_deliveries *fresh, struct store_txn *txn)
{
    size_t n_end = fresh->n_merged + fresh->bounds->n_piece;
    enum rc rc = RC_OK;

    if (n_end > fresh->elder.n_items)
        n_end = fresh->elder.n_items;
    for (size_t i = fresh->n_merged; i < n_end && !rc; i++)
        rc = delivery_put(txn, fresh->sorted[i]);
    fresh->n_newly_merged = n_end;
    return rc;
}

/* All of them are in their days. */
static enum rc clear_rows(struct fresh_deliveries *fresh, struct store_txn *txn)
{
    const struct store_key front = key_of_u64(0);

    for (size_t i = 0; i < fresh->bounds->n_rows; i++) {
        struct slice found, value, rest;
        struct store_key key;
        uint64_t row;
        enum rc rc = row_at_or_after(txn, TABLE_DELIVERY_LOG, front, &found, &value);

        rest = found;
        if (rc == RC_NOT_FOUND || (!rc && key_read_u64(&rest, &row) && row > fresh->elder_row)) {
            fresh->elder_are_gone = true;
            return RC_OK;
        }
        if (!rc)
            rc = key_copy(found, &key);
        if (!rc)
            rc = row_forget(txn, TABLE_DELIVERY_LOG, key);
        if (rc)
            return rc;
    }
    return RC_OK;
}

bool fresh_deliveries_are_many(const struct fresh_deliveries *fresh, bool can_wait)
{
    if (can_wait)
        return fresh->n_young >= fresh->bounds->n_most;
    return fresh->sorted || fresh->n_young >= fresh->bounds->n_many;
}

enum rc fresh_deliveries_merge(struct fresh_deliveries *fresh, struct store_txn *txn)
{
    enum rc rc = fresh->sorted ? RC_OK : become_elder(fresh);

    if (rc)
        return rc;
    return fresh->n_merged < fresh->elder.n_items ? put_piece(fresh, txn) : clear_rows(fresh, txn);
}

void fresh_deliveries_end(struct fresh_deliveries *fresh, bool is_committed)
{
    if (is_committed) {
        fresh->n_young = fresh->young.n_items;
        fresh->last_row = fresh->new_last_row;
        fresh->n_merged = fresh->n_newly_merged;
        if (fresh->elder_are_gone)
            forget_elder(fresh);
    }
    delivery_set_cut(&fresh->young, fresh->n_young);
    fresh->new_last_row = fresh->last_row;
    fresh->n_newly_merged = fresh->n_merged;
    fresh->elder_are_gone = false;
}
