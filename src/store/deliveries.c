#include "src/store/deliveries.h"

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/store/store_key.h"
#include "src/store/store_row.h"

#define DIGEST_BYTES 16

static int64_t day_of(int64_t time_ms)
{
    return time_ms < 0 ? 0 : time_ms / DAY_MS;
}

static struct store_key key_in_day(int64_t day, const struct sha256 *digest)
{
    struct store_key key = { .len = 0 };

    key_add_u32(&key, (uint32_t)day);
    key_add(&key, digest->bytes, DIGEST_BYTES);
    return key;
}

static enum rc digest_of(struct slice watcher, struct slice delivery_id, struct sha256 *digest)
{
    const struct slice parts[] = { watcher, delivery_id };

    return sha256_of_parts(parts, 2, digest);
}

static enum rc read_row(struct slice value, struct ulid *event, int64_t *received_ms)
{
    uint64_t time_ms;

    if (!key_read_ulid(&value, event) || !key_read_u64(&value, &time_ms) || value.len)
        return RC_CORRUPT;
    *received_ms = (int64_t)time_ms;
    return RC_OK;
}

/* --- days --- */

static enum rc day_of_row(enum rc rc, struct slice key, int64_t *day)
{
    uint32_t stored;

    if (rc)
        return rc;
    if (!key_read_u32(&key, &stored))
        return RC_CORRUPT;
    *day = stored;
    return RC_OK;
}

enum rc delivery_days_read(struct store_txn *txn, struct delivery_days *days)
{
    const struct store_key none = { .len = 0 };
    struct slice key = { 0 }, value;
    enum rc rc = row_at_or_after(txn, TABLE_DELIVERIES, key_of_u64(0), &key, &value);

    *days = (struct delivery_days){ .first = 1, .last = 0 };
    rc = day_of_row(rc, key, &days->first);
    if (!rc)
        rc = row_before(txn, TABLE_DELIVERIES, none, &key, &value);
    rc = day_of_row(rc, key, &days->last);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static void add_day(struct delivery_days *days, int64_t day)
{
    if (days->first > days->last)
        *days = (struct delivery_days){ .first = day, .last = day };
    else if (day < days->first)
        days->first = day;
    else if (day > days->last)
        days->last = day;
}

/* --- ids --- */

/* From tomorrow on: what came before a clock was set back was received all the same. */
static enum rc find_in_days(struct store_txn *txn, struct delivery_days days,
                            const struct sha256 *digest, int64_t now_ms, int64_t window_ms,
                            struct ulid *event)
{
    int64_t after_ms = now_ms - (window_ms < DELIVERY_KEEP_MS ? window_ms : DELIVERY_KEEP_MS);
    int64_t first = day_of(after_ms) > days.first ? day_of(after_ms) : days.first;
    int64_t last = day_of(now_ms) + 1 < days.last ? day_of(now_ms) + 1 : days.last;

    for (int64_t day = last; day >= first; day--) {
        const struct store_key key = key_in_day(day, digest);
        struct slice value;
        int64_t received_ms;
        enum rc rc = store_get(txn, TABLE_DELIVERIES, key_slice(&key), &value);

        if (rc == RC_NOT_FOUND)
            continue;
        if (!rc)
            rc = read_row(value, event, &received_ms);
        if (rc)
            return rc;
        return received_ms > after_ms ? RC_OK : RC_NOT_FOUND;
    }
    return RC_NOT_FOUND;
}

static enum rc put_in_day(struct store_txn *txn, const struct sha256 *digest, int64_t now_ms,
                          struct ulid event)
{
    const struct store_key key = key_in_day(day_of(now_ms), digest);
    struct store_key value = key_of_ulid(event);

    key_add_time(&value, now_ms);
    return store_put(txn, TABLE_DELIVERIES, key_slice(&key), key_slice(&value));
}

enum rc delivery_find(struct store_txn *txn, struct slice watcher, struct slice delivery_id,
                      int64_t now_ms, int64_t window_ms, struct ulid *event)
{
    const struct delivery_days all = { .first = 0, .last = INT64_MAX };
    struct sha256 digest;
    enum rc rc = digest_of(watcher, delivery_id, &digest);

    return rc ? rc : find_in_days(txn, all, &digest, now_ms, window_ms, event);
}

enum rc delivery_put(struct store_txn *txn, struct slice watcher, struct slice delivery_id,
                     int64_t now_ms, struct ulid event)
{
    struct sha256 digest;
    enum rc rc = digest_of(watcher, delivery_id, &digest);

    return rc ? rc : put_in_day(txn, &digest, now_ms, event);
}

enum rc delivery_take(struct store_txn *txn, struct delivery_days *days, struct slice watcher,
                      struct slice delivery_id, int64_t now_ms, int64_t window_ms,
                      struct ulid *event)
{
    struct sha256 digest;
    struct ulid first;
    enum rc rc = digest_of(watcher, delivery_id, &digest);

    if (!rc)
        rc = find_in_days(txn, *days, &digest, now_ms, window_ms, &first);
    if (!rc) {
        *event = first;
        return RC_CONFLICT;
    }
    if (rc != RC_NOT_FOUND)
        return rc;
    rc = put_in_day(txn, &digest, now_ms, *event);
    if (!rc)
        add_day(days, day_of(now_ms));
    return rc;
}

enum rc delivery_expire(struct store_txn *txn, int64_t now_ms, size_t limit)
{
    int64_t first_kept_day = day_of(now_ms - DELIVERY_KEEP_MS);
    const struct store_key front = key_of_u64(0);

    for (size_t i = 0; i < limit; i++) {
        struct slice found, value, rest;
        struct store_key key;
        uint32_t day;
        enum rc rc = row_at_or_after(txn, TABLE_DELIVERIES, front, &found, &value);

        if (rc)
            return rc == RC_NOT_FOUND ? RC_OK : rc;
        rest = found;
        if (!key_read_u32(&rest, &day))
            return RC_CORRUPT;
        if (day >= first_kept_day)
            return RC_OK;
        rc = key_copy(found, &key);
        if (!rc)
            rc = row_forget(txn, TABLE_DELIVERIES, key);
        if (rc)
            return rc;
    }
    return RC_OK;
}
