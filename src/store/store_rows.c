#include "src/store/store.h"

#include "src/store/store_backend.h"

#include <assert.h>

const char *const store_table_names[] = {
#define STORE_TABLE(name, text) text,
    STORE_TABLES(STORE_TABLE)
#undef STORE_TABLE
        NULL,
};

void store_close(struct store *store)
{
    if (store)
        store->backend->close(store);
}

static enum rc begin(struct store *store, bool is_write, struct store_txn **txn)
{
    enum rc rc;

    *txn = NULL;
    if (store->is_broken)
        return RC_IO;
    rc = store->backend->begin(store, is_write, txn);
    if (rc)
        return rc;
    (*txn)->store = store;
    (*txn)->is_write = is_write;
    (*txn)->is_changed = false;
    (*txn)->uses_last_room = false;
    (*txn)->failed = RC_OK;
    if (is_write)
        store->may_be_written = true;
    return RC_OK;
}

enum rc store_begin(struct store *store, struct store_txn **txn)
{
    return begin(store, true, txn);
}

enum rc store_begin_read(struct store *store, struct store_txn **txn)
{
    return begin(store, false, txn);
}

void store_abort(struct store_txn **txn)
{
    if (!*txn)
        return;
    if ((*txn)->is_write)
        (*txn)->store->may_be_written = false;
    (*txn)->store->backend->abort(*txn);
    *txn = NULL;
}

/* RC_FULL where the disk has no more than its last room. Where that cannot be told the commit is tried. */
static enum rc look_for_disk_room(struct store_txn *txn)
{
    int64_t bytes;

    if (!txn->is_changed || txn->uses_last_room || store_disk_room(txn->store, &bytes))
        return RC_OK;
    return bytes < STORE_LAST_ROOM_BYTES ? RC_FULL : RC_OK;
}

/* What keeps this transaction from being committed; RC_OK when nothing does. */
static enum rc refusal(struct store_txn *txn)
{
    struct store *store = txn->store;
    enum rc rc = txn->failed ? txn->failed : look_for_disk_room(txn);

    if (rc)
        return rc;
    if (!store->n_failing)
        return RC_OK;
    store->n_failing--;
    return (enum rc)store->failing_rc;
}

enum rc store_commit(struct store_txn **txn)
{
    struct store *store = (*txn)->store;
    enum rc rc = refusal(*txn);

    assert((*txn)->is_write);
    if (rc) {
        store_abort(txn);
        return rc;
    }
    rc = store->backend->commit(*txn);
    *txn = NULL;
    /* After a commit that failed the disk may hold what the library says is not there, up to the next one that begins. */
    store->may_be_written = rc != RC_OK;
    if (!rc || rc == RC_FULL)
        return rc;
    /* After a failed write or sync the next ones may "succeed" without having written what failed. */
    store->is_broken = true;
    return RC_IO;
}

void store_use_last_room(struct store_txn *txn)
{
    if (txn)
        txn->uses_last_room = true;
}

struct store *store_of(struct store_txn *txn)
{
    return txn->store;
}

static bool is_key(struct slice key)
{
    return key.len >= 1 && key.len <= STORE_KEY_BYTES;
}

/* A refused change may have been made in part: such a transaction must not be committed. */
static enum rc changed(struct store_txn *txn, enum rc rc)
{
    if (rc && rc != RC_CONFLICT && rc != RC_NOT_FOUND && !txn->failed)
        txn->failed = rc;
    txn->is_changed |= !rc;
    return rc;
}

static enum rc put(struct store_txn *txn, enum store_table table, struct slice key,
                   struct slice value, enum store_put_mode mode)
{
    assert(txn->is_write);
    if (!is_key(key) || value.len > UINT32_MAX)
        return RC_LIMIT;
    return changed(txn, txn->store->backend->put(txn, table, key, value, mode));
}

enum rc store_get(struct store_txn *txn, enum store_table table, struct slice key,
                  struct slice *value)
{
    return is_key(key) ? txn->store->backend->get(txn, table, key, value) : RC_LIMIT;
}

enum rc store_put(struct store_txn *txn, enum store_table table, struct slice key,
                  struct slice value)
{
    return put(txn, table, key, value, STORE_PUT_OVER);
}

enum rc store_put_new(struct store_txn *txn, enum store_table table, struct slice key,
                      struct slice value)
{
    return put(txn, table, key, value, STORE_PUT_NEW);
}

enum rc store_append(struct store_txn *txn, enum store_table table, struct slice key,
                     struct slice value)
{
    return put(txn, table, key, value, STORE_PUT_LAST);
}

enum rc store_delete(struct store_txn *txn, enum store_table table, struct slice key)
{
    assert(txn->is_write);
    return is_key(key) ? changed(txn, txn->store->backend->delete (txn, table, key)) : RC_LIMIT;
}

enum rc store_count(struct store_txn *txn, enum store_table table, uint64_t *n_rows)
{
    return txn->store->backend->count(txn, table, n_rows);
}

enum rc store_cursor_open(struct store_txn *txn, enum store_table table,
                          struct store_cursor **cursor)
{
    enum rc rc;

    *cursor = NULL;
    rc = txn->store->backend->cursor_open(txn, table, cursor);
    if (!rc)
        (*cursor)->backend = txn->store->backend;
    return rc;
}

void store_cursor_close(struct store_cursor *cursor)
{
    if (cursor)
        cursor->backend->cursor_close(cursor);
}

enum rc store_cursor_move(struct store_cursor *cursor, enum store_move move, struct slice *key,
                          struct slice *value)
{
    if ((move == STORE_AT_OR_AFTER || move == STORE_BEFORE) && !is_key(*key))
        return RC_LIMIT;
    return cursor->backend->cursor_move(cursor, move, key, value);
}

enum rc store_usage(struct store_txn *txn, int64_t *used_bytes, int64_t *max_bytes)
{
    return txn->store->backend->usage(txn->store, used_bytes, max_bytes);
}

void store_check_readers(struct store *store)
{
    store->backend->check_readers(store);
}

void store_preallocate(struct store *store)
{
    if (store->backend->preallocate && !store->may_be_written && !store->is_broken)
        store->backend->preallocate(store);
}

enum rc store_disk_room(struct store *store, int64_t *bytes)
{
    return store->backend->disk_room(store, bytes);
}

void store_fail_commits(struct store *store, unsigned n, enum rc rc)
{
    store->failing_rc = (int)rc;
    store->n_failing = n;
}
