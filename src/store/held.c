#include "src/store/held.h"

#include "src/store/store_row.h"

static struct store_key key_of(const struct held_place *place)
{
    struct store_key key = { .len = 0 };

    key_add_byte(&key, (uint8_t)place->reason);
    key_add_byte(&key, (uint8_t)(SEVERITY_CRITICAL - place->severity));
    key_add_time(&key, place->since_ms);
    key_add_ulid(&key, place->signal);
    return key;
}

static enum rc read_key(struct slice key, struct held_place *place)
{
    uint8_t reason, rank;
    uint64_t since_ms;

    if (!key_read_byte(&key, &reason) || !key_read_byte(&key, &rank) ||
        !key_read_u64(&key, &since_ms) || !key_read_ulid(&key, &place->signal) || key.len)
        return RC_CORRUPT;
    if (reason >= HOLD_REASONS || rank > SEVERITY_CRITICAL)
        return RC_CORRUPT;
    place->reason = (enum hold_reason)reason;
    place->severity = (enum severity)(SEVERITY_CRITICAL - rank);
    place->since_ms = (int64_t)since_ms;
    return RC_OK;
}

static struct held_place place_of(struct ulid signal, const struct hold *hold)
{
    return (struct held_place){ .reason = hold->reason,
                                .severity = hold->severity,
                                .since_ms = hold->since_ms,
                                .signal = signal };
}

enum rc held_put(struct store_txn *txn, struct ulid signal, const struct hold *hold)
{
    const struct held_place place = place_of(signal, hold);
    const struct store_key key = key_of(&place);

    return store_put(txn, TABLE_HELD, key_slice(&key), SLICE(""));
}

enum rc held_remove(struct store_txn *txn, struct ulid signal, const struct hold *hold)
{
    const struct held_place place = place_of(signal, hold);

    return row_forget(txn, TABLE_HELD, key_of(&place));
}

/* The first place of a reason sorts before all of its rows: no signal has the absent id. */
static struct store_key key_behind(const struct held_place *place)
{
    struct held_place next = *place;

    if (ulid_is_absent(place->signal))
        next = (struct held_place){ .reason = place->reason, .severity = SEVERITY_CRITICAL };
    else
        next.signal = ulid_plus(place->signal, 1);
    return key_of(&next);
}

enum rc held_next(struct store_txn *txn, struct held_place *place)
{
    struct held_place found;
    struct slice key, value;
    enum rc rc = row_at_or_after(txn, TABLE_HELD, key_behind(place), &key, &value);

    if (!rc)
        rc = read_key(key, &found);
    if (rc)
        return rc;
    if (found.reason != place->reason)
        return RC_NOT_FOUND;
    *place = found;
    return RC_OK;
}

static struct store_key key_of_walk(enum hold_reason reason)
{
    struct store_key key = { .len = 0 };

    key_add_byte(&key, (uint8_t)reason);
    return key;
}

enum rc held_walk_get(struct store_txn *txn, enum hold_reason reason, struct held_place *place)
{
    const struct store_key key = key_of_walk(reason);
    struct slice value;
    enum rc rc = store_get(txn, TABLE_HELD_WALKS, key_slice(&key), &value);

    return rc ? rc : read_key(value, place);
}

enum rc held_walk_put(struct store_txn *txn, const struct held_place *place)
{
    const struct store_key key = key_of_walk(place->reason);
    const struct store_key value = key_of(place);

    return store_put(txn, TABLE_HELD_WALKS, key_slice(&key), key_slice(&value));
}

enum rc held_walk_end(struct store_txn *txn, enum hold_reason reason)
{
    return row_forget(txn, TABLE_HELD_WALKS, key_of_walk(reason));
}
