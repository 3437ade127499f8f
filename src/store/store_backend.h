/* store_backend.h - what stands behind store.h: LMDB, or memory.
 *
 * For the files of the store alone. A backend embeds these structs as the first member of its own; what holds for every backend (lengths
 * of keys, the fault seam, a transaction that failed) is in store_rows.c. */
#pragma once

#include "src/store/store.h"

enum store_put_mode {
    STORE_PUT_OVER, /* replaces what is there */
    STORE_PUT_NEW,  /* RC_CONFLICT when something is there */
    STORE_PUT_LAST, /* likely the last key of the table */
};

struct store_backend {
    void (*close)(struct store *store);
    enum rc (*begin)(struct store *store, bool is_write, struct store_txn **txn);
    enum rc (*commit)(struct store_txn *txn); /* takes the transaction */
    void (*abort)(struct store_txn *txn);     /* likewise */
    enum rc (*get)(struct store_txn *txn, enum store_table table, struct slice key,
                   struct slice *value);
    enum rc (*put)(struct store_txn *txn, enum store_table table, struct slice key,
                   struct slice value, enum store_put_mode mode);
    enum rc (*delete)(struct store_txn *txn, enum store_table table, struct slice key);
    enum rc (*count)(struct store_txn *txn, enum store_table table, uint64_t *n_rows);
    enum rc (*cursor_open)(struct store_txn *txn, enum store_table table,
                           struct store_cursor **cursor);
    void (*cursor_close)(struct store_cursor *cursor);
    enum rc (*cursor_move)(struct store_cursor *cursor, enum store_move move, struct slice *key,
                           struct slice *value);
    enum rc (*usage)(struct store *store, int64_t *used_bytes, int64_t *max_bytes);
    void (*check_readers)(struct store *store);
    enum rc (*disk_room)(struct store *store, int64_t *bytes);
    void (*preallocate)(struct store *store); /* NULL: nothing is gained by it */
};

struct store {
    const struct store_backend *backend;
    /* Behind the pages in use: a write transaction is open, or has failed; the writer's. */
    bool may_be_written;
    _Atomic unsigned n_failing; /* commits that are still to fail, for tests */
    _Atomic int failing_rc;     /* enum rc */
    _Atomic bool is_broken;     /* a commit failed with RC_IO: what the disk holds is not known */
};

struct store_txn {
    struct store *store;
    bool is_write;
    bool is_changed;
    bool uses_last_room;
    enum rc failed; /* the first change that was refused for want of room or by the disk */
};

struct store_cursor {
    const struct store_backend *backend;
};
