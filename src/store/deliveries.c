#include "src/store/deliveries.h"

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/store/store_key.h"
#include "src/store/store_row.h"

#include <string.h>

static int64_t day_of(int64_t time_ms)
{
    return time_ms < 0 ? 0 : time_ms / DAY_MS;
}

static struct store_key key_in_day(int64_t day, const struct delivery_digest *digest)
{
    struct store_key key = { .len = 0 };

    key_add_u32(&key, (uint32_t)day);
    key_add(&key, digest->bytes, DELIVERY_DIGEST_BYTES);
    return key;
}

enum rc delivery_digest_of(struct slice watcher, struct slice delivery_id,
                           struct delivery_digest *digest)
{
    const struct slice parts[] = { watcher, delivery_id };
    struct sha256 whole;
    enum rc rc = sha256_of_parts(parts, 2, &whole);

    if (!rc)
        memcpy(digest->bytes, whole.bytes, DELIVERY_DIGEST_BYTES);
    return rc;
}

int delivery_compare(const struct delivery *a, const struct delivery *b)
{
    int64_t day_a = day_of(a->received_ms), day_b = day_of(b->received_ms);

    if (day_a != day_b)
        return day_a < day_b ? -1 : 1;
    return memcmp(a->digest.bytes, b->digest.bytes, DELIVERY_DIGEST_BYTES);
}

static int64_t after_ms(int64_t now_ms, int64_t window_ms)
{
    return now_ms - (window_ms < DELIVERY_KEEP_MS ? window_ms : DELIVERY_KEEP_MS);
}

/* Tomorrow: what came before a clock was set back was received all the same. */
static int64_t last_day(int64_t now_ms)
{
    return day_of(now_ms) + 1;
}

bool delivery_counts(const struct delivery *delivery, int64_t now_ms, int64_t window_ms)
{
    return delivery->received_ms > after_ms(now_ms, window_ms) &&
           day_of(delivery->received_ms) <= last_day(now_ms);
}

static enum rc read_row(struct slice value, struct delivery *delivery)
{
    uint64_t time_ms;

    if (!key_read_ulid(&value, &delivery->event) || !key_read_u64(&value, &time_ms) || value.len)
        return RC_CORRUPT;
    delivery->received_ms = (int64_t)time_ms;
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

/* --- ids --- */

enum rc delivery_find(struct store_txn *txn, struct delivery_days days,
                      const struct delivery_digest *digest, int64_t now_ms, int64_t window_ms,
                      struct ulid *event)
{
    int64_t day_after = day_of(after_ms(now_ms, window_ms));
    int64_t first = day_after > days.first ? day_after : days.first;
    int64_t last = last_day(now_ms) < days.last ? last_day(now_ms) : days.last;

    for (int64_t day = last; day >= first; day--) {
        const struct store_key key = key_in_day(day, digest);
        struct delivery found;
        struct slice value;
        enum rc rc = store_get(txn, TABLE_DELIVERIES, key_slice(&key), &value);

        if (rc == RC_NOT_FOUND)
            continue;
        if (!rc)
            rc = read_row(value, &found);
        if (rc)
            return rc;
        *event = found.event;
        return delivery_counts(&found, now_ms, window_ms) ? RC_OK : RC_NOT_FOUND;
    }
    return RC_NOT_FOUND;
}

enum rc delivery_put(struct store_txn *txn, const struct delivery *delivery)
{
    const struct store_key key = key_in_day(day_of(delivery->received_ms), &delivery->digest);
    struct store_key value = key_of_ulid(delivery->event);

    key_add_time(&value, delivery->received_ms);
    return store_put(txn, TABLE_DELIVERIES, key_slice(&key), key_slice(&value));
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
