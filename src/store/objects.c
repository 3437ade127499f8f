#include "src/store/objects.h"

#include "src/store/store_row.h"

enum rc object_put(struct store_txn *txn, enum store_table table, const struct record_shape *shape,
                   struct ulid id, const void *object)
{
    return row_put(txn, table, shape, key_of_ulid(id), object);
}

enum rc object_get(struct store_txn *txn, enum store_table table, const struct record_shape *shape,
                   struct ulid id, struct arena *arena, void *object)
{
    return row_get(txn, table, shape, key_of_ulid(id), arena, object);
}

enum rc object_each_newest(struct store_txn *txn, enum store_table table,
                           const struct record_shape *shape, struct ulid before, size_t limit,
                           struct arena *arena, void *object,
                           bool (*visit)(void *context, struct ulid id, const void *object),
                           void *context)
{
    struct row_walk walk = {
        .txn = txn, .table = table, .shape = shape, .arena = arena, .object = object
    };

    if (!ulid_is_absent(before))
        walk.key = key_of_ulid(before);
    for (size_t i = 0; i < limit; i++) {
        enum rc rc = row_walk_back(&walk);
        struct slice key = key_slice(&walk.key);
        struct ulid id;

        if (rc)
            return rc == RC_NOT_FOUND ? RC_OK : rc;
        if (!key_read_ulid(&key, &id))
            return RC_CORRUPT;
        if (!visit(context, id, object))
            break;
    }
    return RC_OK;
}

enum rc object_next(struct store_txn *txn, enum store_table table, const struct record_shape *shape,
                    struct ulid after, struct arena *arena, struct ulid *id, void *object)
{
    /* Ids are dense enough in nothing: the next possible one is the place to look from. */
    const struct store_key from = key_of_ulid(ulid_plus(after, 1));
    struct store_cursor *cursor = NULL;
    struct slice key = key_slice(&from);
    struct slice value;
    enum rc rc = store_cursor_open(txn, table, &cursor);

    if (!rc)
        rc = store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, &value);
    if (!rc && !key_read_ulid(&key, id))
        rc = RC_CORRUPT;
    if (!rc)
        rc = record_decode(shape, value, arena, object);
    store_cursor_close(cursor);
    return rc;
}

enum rc object_delete(struct store_txn *txn, enum store_table table, struct ulid id)
{
    const struct store_key key = key_of_ulid(id);

    return store_delete(txn, table, key_slice(&key));
}
