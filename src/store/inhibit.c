#include "src/store/inhibit.h"

#include "src/store/store_row.h"

#include <string.h>

bool inhibit_read_link(struct slice *links, struct inhibit_link *link)
{
    uint8_t side;

    if (!key_read_byte(links, &side) ||
        !key_read(links, link->digest.bytes, sizeof link->digest.bytes) || side >= INHIBIT_SIDES)
        return false;
    link->side = (enum inhibit_side)side;
    return true;
}

void inhibit_write_link(const struct inhibit_link *link, struct buffer *links)
{
    buffer_add_byte(links, (char)link->side);
    buffer_add(links,
               (struct slice){ (const char *)link->digest.bytes, sizeof link->digest.bytes });
}

/* --- rows --- */

static struct store_key key_of(bool watches, struct fingerprint digest, struct ulid signal)
{
    struct store_key key = { .len = 0 };

    key_add_byte(&key, watches);
    key_add(&key, digest.bytes, sizeof digest.bytes);
    key_add_ulid(&key, signal);
    return key;
}

static struct store_key key_of_link(const struct inhibit_link *link, struct ulid signal)
{
    return key_of(link->side != INHIBIT_FIRES, link->digest, signal);
}

enum rc inhibit_put(struct store_txn *txn, const struct inhibit_link *link, struct ulid signal)
{
    const struct store_key key = key_of_link(link, signal);

    return store_put(txn, TABLE_INHIBIT, key_slice(&key), SLICE(""));
}

enum rc inhibit_remove(struct store_txn *txn, const struct inhibit_link *link, struct ulid signal)
{
    return row_forget(txn, TABLE_INHIBIT, key_of_link(link, signal));
}

static enum rc next(struct store_txn *txn, bool watches, struct fingerprint digest,
                    struct ulid *signal)
{
    const struct store_key from = key_of(watches, digest, ulid_plus(*signal, 1));
    struct fingerprint found;
    struct slice key, value;
    struct ulid id;
    uint8_t side;
    enum rc rc = row_at_or_after(txn, TABLE_INHIBIT, from, &key, &value);

    if (rc)
        return rc;
    if (!key_read_byte(&key, &side) || !key_read(&key, found.bytes, sizeof found.bytes) ||
        !key_read_ulid(&key, &id))
        return RC_CORRUPT;
    if (side != watches || memcmp(found.bytes, digest.bytes, sizeof found.bytes))
        return RC_NOT_FOUND;
    *signal = id;
    return RC_OK;
}

enum rc inhibit_find_firing(struct store_txn *txn, struct fingerprint digest, struct ulid *signal)
{
    *signal = (struct ulid){ 0 };
    return next(txn, false, digest, signal);
}

enum rc inhibit_next_watcher(struct store_txn *txn, struct fingerprint digest, struct ulid *signal)
{
    return next(txn, true, digest, signal);
}

/* --- walks --- */

static struct store_key key_of_walk(struct fingerprint digest)
{
    struct store_key key = { .len = 0 };

    key_add(&key, digest.bytes, sizeof digest.bytes);
    return key;
}

enum rc inhibit_walk_get(struct store_txn *txn, struct fingerprint digest, struct ulid *signal)
{
    const struct store_key key = key_of_walk(digest);
    struct slice value;
    enum rc rc = store_get(txn, TABLE_INHIBIT_WALKS, key_slice(&key), &value);

    if (rc)
        return rc;
    return key_read_ulid(&value, signal) ? RC_OK : RC_CORRUPT;
}

enum rc inhibit_walk_put(struct store_txn *txn, struct fingerprint digest, struct ulid signal)
{
    const struct store_key key = key_of_walk(digest);
    const struct store_key value = key_of_ulid(signal);

    return store_put(txn, TABLE_INHIBIT_WALKS, key_slice(&key), key_slice(&value));
}

enum rc inhibit_walk_end(struct store_txn *txn, struct fingerprint digest)
{
    return row_forget(txn, TABLE_INHIBIT_WALKS, key_of_walk(digest));
}
