/* store_row.h - a row as the struct it holds: a key, a record, a table.
 *
 * What the files of the tables share; nobody else includes it. */
#pragma once

#include "src/store/record.h"
#include "src/store/store.h"
#include "src/store/store_key.h"

/* Writes the record of `object` under `key`, over what is there. */
enum rc row_put(struct store_txn *txn, enum store_table table, const struct record_shape *shape,
                struct store_key key, const void *object) MUST_CHECK;
/* Likewise where keys count up. Sets the row's size, key and value together. */
enum rc row_append(struct store_txn *txn, enum store_table table, const struct record_shape *shape,
                   struct store_key key, const void *object, size_t *n_bytes) MUST_CHECK;
/* RC_NOT_FOUND, RC_CORRUPT. What is read lives in `arena`. */
enum rc row_get(struct store_txn *txn, enum store_table table, const struct record_shape *shape,
                struct store_key key, struct arena *arena, void *object) MUST_CHECK;
/* Removes it, and is content where there is none. */
enum rc row_forget(struct store_txn *txn, enum store_table table, struct store_key key) MUST_CHECK;
/* The key and value of the first row at `key` or behind it; borrowed as by store_get. RC_NOT_FOUND at the end. */
enum rc row_at_or_after(struct store_txn *txn, enum store_table table, struct store_key key,
                        struct slice *found_key, struct slice *value) MUST_CHECK;
/* The last row before `key`; an empty key: the last of all. */
enum rc row_before(struct store_txn *txn, enum store_table table, struct store_key key,
                   struct slice *found_key, struct slice *value) MUST_CHECK;

/* Goes through a table, one way. What stands at `key` is passed over, an empty key begins at the end. */
struct row_walk {
    struct store_txn *txn;
    enum store_table table;
    const struct record_shape *shape;
    struct arena *arena;  /* reset before each row */
    void *object;         /* where each row is read to */
    struct store_key key; /* of the row read last */
};
/* The row before; RC_NOT_FOUND at the end. One that is damaged is passed over and logged. Rows may be written and removed in between. */
enum rc row_walk_back(struct row_walk *walk) MUST_CHECK;
/* Likewise the row behind; an empty key begins at the first. */
enum rc row_walk_on(struct row_walk *walk) MUST_CHECK;
