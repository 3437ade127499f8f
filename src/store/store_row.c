#include "src/store/store_row.h"

#include "src/base/digest.h"
#include "src/base/log.h"

enum rc row_append(struct store_txn *txn, enum store_table table, const struct record_shape *shape,
                   struct store_key key, const void *object, size_t *n_bytes)
{
    struct buffer record;
    enum rc rc;

    buffer_init(&record, 0);
    rc = record_encode(shape, object, &record);
    if (!rc)
        rc = store_append(txn, table, key_slice(&key), buffer_slice(&record));
    *n_bytes = key.len + record.len;
    buffer_free(&record);
    return rc;
}

enum rc row_put(struct store_txn *txn, enum store_table table, const struct record_shape *shape,
                struct store_key key, const void *object)
{
    struct buffer record;
    enum rc rc;

    buffer_init(&record, 0);
    rc = record_encode(shape, object, &record);
    if (!rc)
        rc = store_put(txn, table, key_slice(&key), buffer_slice(&record));
    buffer_free(&record);
    return rc;
}

enum rc row_get(struct store_txn *txn, enum store_table table, const struct record_shape *shape,
                struct store_key key, struct arena *arena, void *object)
{
    struct slice record;
    enum rc rc = store_get(txn, table, key_slice(&key), &record);

    return rc ? rc : record_decode(shape, record, arena, object);
}

enum rc row_forget(struct store_txn *txn, enum store_table table, struct store_key key)
{
    enum rc rc = store_delete(txn, table, key_slice(&key));

    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc find_row(struct store_txn *txn, enum store_table table, enum store_move move,
                        struct store_key key, struct slice *found_key, struct slice *value)
{
    struct store_cursor *cursor;
    enum rc rc = store_cursor_open(txn, table, &cursor);

    if (rc)
        return rc;
    *found_key = key_slice(&key);
    rc = store_cursor_move(cursor, move, found_key, value);
    store_cursor_close(cursor);
    return rc;
}

enum rc row_at_or_after(struct store_txn *txn, enum store_table table, struct store_key key,
                        struct slice *found_key, struct slice *value)
{
    return find_row(txn, table, STORE_AT_OR_AFTER, key, found_key, value);
}

enum rc row_before(struct store_txn *txn, enum store_table table, struct store_key key,
                   struct slice *found_key, struct slice *value)
{
    return find_row(txn, table, key.len ? STORE_BEFORE : STORE_LAST, key, found_key, value);
}

static void log_damage(enum store_table table, const struct store_key *key)
{
    char text[2 * STORE_KEY_PARTS_BYTES + 1];

    log_error("damaged row passed over table=%s key=%s", store_table_names[table],
              hex_format(key->bytes, key->len, text));
}

/* The row that sorts right behind a key is that key with a byte more. */
static enum rc row_behind(const struct row_walk *walk, struct slice *key, struct slice *record)
{
    struct store_key from = walk->key;

    if (from.len)
        key_add_byte(&from, 0);
    return find_row(walk->txn, walk->table, from.len ? STORE_AT_OR_AFTER : STORE_FIRST, from, key,
                    record);
}

static enum rc walk_one(struct row_walk *walk, bool is_back)
{
    for (;;) {
        struct slice key, record;
        enum rc rc = is_back ? row_before(walk->txn, walk->table, walk->key, &key, &record)
                             : row_behind(walk, &key, &record);

        if (!rc)
            rc = key_copy(key, &walk->key);
        if (rc)
            return rc;
        arena_reset(walk->arena);
        rc = record_decode(walk->shape, record, walk->arena, walk->object);
        if (rc != RC_CORRUPT)
            return rc;
        log_damage(walk->table, &walk->key);
    }
}

enum rc row_walk_back(struct row_walk *walk)
{
    return walk_one(walk, true);
}

enum rc row_walk_on(struct row_walk *walk)
{
    return walk_one(walk, false);
}
