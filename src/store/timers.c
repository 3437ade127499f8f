#include "src/store/timers.h"

#include "src/store/store_row.h"

static struct store_key key_of(const struct timer *timer)
{
    struct store_key key = { .len = 0 };

    key_add_time(&key, timer->due_ms);
    key_add_byte(&key, (uint8_t)timer->kind);
    key_add_ulid(&key, timer->object);
    return key;
}

enum rc timer_put(struct store_txn *txn, const struct timer *timer)
{
    const struct store_key key = key_of(timer);

    return store_put(txn, TABLE_TIMERS, key_slice(&key), SLICE(""));
}

enum rc timer_remove(struct store_txn *txn, const struct timer *timer)
{
    return row_forget(txn, TABLE_TIMERS, key_of(timer));
}

enum rc timer_first(struct store_txn *txn, struct timer *timer)
{
    struct slice key, value;
    uint64_t due_ms;
    uint8_t kind;
    enum rc rc = row_at_or_after(txn, TABLE_TIMERS, key_of_u64(0), &key, &value);

    if (rc)
        return rc;
    if (!key_read_u64(&key, &due_ms) || !key_read_byte(&key, &kind) ||
        !key_read_ulid(&key, &timer->object))
        return RC_CORRUPT;
    if (kind >= TIMER_KINDS)
        return RC_CORRUPT;
    timer->due_ms = (int64_t)due_ms;
    timer->kind = (enum timer_kind)kind;
    return RC_OK;
}
