#include "src/store/store.h"

#include "src/store/meta.h"
#include "src/store/store_backend.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* What the memory's size is told to be: far above what any replay holds. */
#define MAX_BYTES ((int64_t)1 << 40)

/* A row never changes: a put sets another in its place. So one that was replaced or removed lives on in the undo log,
 * and what was read from it, until the transaction ends. */
struct row {
    size_t key_len;
    size_t value_len;
    char bytes[]; /* the key, then the value */
};

struct undo {
    struct undo *next; /* the change before this one */
    enum store_table table;
    struct row *taken; /* out of the table, or NULL */
    struct row *added; /* or NULL */
};

struct memory_store {
    struct store base;
    GTree *tables[STORE_N_TABLES];
    uint64_t n_changes; /* tells cursors that the trees are no longer what they were */
    int64_t used_bytes;
};

struct memory_txn {
    struct store_txn base;
    struct undo *undo; /* newest first */
};

struct memory_cursor {
    struct store_cursor base;
    struct memory_store *store;
    GTree *tree;
    GTreeNode *node; /* only as long as `n_changes` is that of the store */
    const struct row *row;
    uint64_t n_changes;
};

static struct memory_store *memory_of(struct store *store)
{
    return (struct memory_store *)store;
}

static struct slice key_of(const struct row *row)
{
    return (struct slice){ .ptr = row->bytes, .len = row->key_len };
}

static struct slice value_of(const struct row *row)
{
    return (struct slice){ .ptr = row->bytes + row->key_len, .len = row->value_len };
}

static gint compare_rows(gconstpointer a, gconstpointer b, gpointer unused)
{
    (void)unused;
    return slice_compare(key_of(a), key_of(b));
}

/* Room for a row that is only a key, to search with. */
union probe {
    struct row row;
    char bytes[sizeof(struct row) + STORE_KEY_BYTES];
};

static const struct row *probe_for(union probe *probe, struct slice key)
{
    probe->row.key_len = key.len;
    probe->row.value_len = 0;
    memcpy(probe->bytes + offsetof(struct row, bytes), key.ptr, key.len);
    return &probe->row;
}

static struct row *row_new(struct slice key, struct slice value)
{
    struct row *row = malloc(sizeof(*row) + key.len + value.len);

    if (!row)
        return NULL;
    row->key_len = key.len;
    row->value_len = value.len;
    memcpy(row->bytes, key.ptr, key.len);
    if (value.len)
        memcpy(row->bytes + key.len, value.ptr, value.len);
    return row;
}

static int64_t row_bytes(const struct row *row)
{
    return (int64_t)(sizeof(*row) + row->key_len + row->value_len);
}

/* --- changes --- */

static void add_row(struct memory_store *store, enum store_table table, struct row *row)
{
    g_tree_replace(store->tables[table], row, row);
    store->used_bytes += row_bytes(row);
    store->n_changes++;
}

static void take_row(struct memory_store *store, enum store_table table, struct row *row)
{
    g_tree_steal(store->tables[table], row);
    store->used_bytes -= row_bytes(row);
    store->n_changes++;
}

static struct row *find_row(struct store_txn *txn, enum store_table table, struct slice key)
{
    union probe probe;

    return g_tree_lookup(memory_of(txn->store)->tables[table], probe_for(&probe, key));
}

/* Takes `taken` out and puts `added` in (either may be NULL), and remembers how to undo it. */
static enum rc change(struct store_txn *txn, enum store_table table, struct row *taken,
                      struct row *added)
{
    struct memory_txn *memory_txn = (struct memory_txn *)txn;
    struct undo *undo = malloc(sizeof(*undo));

    if (!undo)
        return RC_NO_MEMORY;
    *undo =
        (struct undo){ .next = memory_txn->undo, .table = table, .taken = taken, .added = added };
    memory_txn->undo = undo;
    if (taken)
        take_row(memory_of(txn->store), table, taken);
    if (added)
        add_row(memory_of(txn->store), table, added);
    return RC_OK;
}

static enum rc memory_get(struct store_txn *txn, enum store_table table, struct slice key,
                          struct slice *value)
{
    const struct row *row = find_row(txn, table, key);

    if (!row)
        return RC_NOT_FOUND;
    *value = value_of(row);
    return RC_OK;
}

static enum rc memory_put(struct store_txn *txn, enum store_table table, struct slice key,
                          struct slice value, enum store_put_mode mode)
{
    struct row *old = find_row(txn, table, key);
    struct row *row;
    enum rc rc;

    if (old && mode == STORE_PUT_NEW)
        return RC_CONFLICT;
    row = row_new(key, value);
    if (!row)
        return RC_NO_MEMORY;
    rc = change(txn, table, old, row);
    if (rc)
        free(row);
    return rc;
}

static enum rc memory_delete(struct store_txn *txn, enum store_table table, struct slice key)
{
    struct row *row = find_row(txn, table, key);

    return row ? change(txn, table, row, NULL) : RC_NOT_FOUND;
}

static enum rc memory_count(struct store_txn *txn, enum store_table table, uint64_t *n_rows)
{
    *n_rows = (uint64_t)g_tree_nnodes(memory_of(txn->store)->tables[table]);
    return RC_OK;
}

/* --- transactions --- */

static enum rc memory_begin(struct store *store, bool is_write, struct store_txn **txn)
{
    struct memory_txn *made = calloc(1, sizeof(*made));

    (void)store;
    (void)is_write;
    if (!made)
        return RC_NO_MEMORY;
    *txn = &made->base;
    return RC_OK;
}

static enum rc memory_commit(struct store_txn *txn)
{
    struct undo *undo = ((struct memory_txn *)txn)->undo;

    while (undo) {
        struct undo *next = undo->next;

        free(undo->taken);
        free(undo);
        undo = next;
    }
    free(txn);
    return RC_OK;
}

static void memory_abort(struct store_txn *txn)
{
    struct memory_store *store = memory_of(txn->store);
    struct undo *undo = ((struct memory_txn *)txn)->undo;

    while (undo) {
        struct undo *next = undo->next;

        if (undo->added)
            take_row(store, undo->table, undo->added);
        if (undo->taken)
            add_row(store, undo->table, undo->taken);
        free(undo->added);
        free(undo);
        undo = next;
    }
    free(txn);
}

/* --- cursors --- */

static enum rc memory_cursor_open(struct store_txn *txn, enum store_table table,
                                  struct store_cursor **cursor)
{
    struct memory_cursor *made = calloc(1, sizeof(*made));

    if (!made)
        return RC_NO_MEMORY;
    made->store = memory_of(txn->store);
    made->tree = made->store->tables[table];
    *cursor = &made->base;
    return RC_OK;
}

static void memory_cursor_close(struct store_cursor *cursor)
{
    free(cursor);
}

/* The last node whose key is below that of `row`. */
static GTreeNode *node_before(GTree *tree, const struct row *row)
{
    GTreeNode *node = g_tree_lower_bound(tree, row);

    return node ? g_tree_node_previous(node) : g_tree_node_last(tree);
}

/* The neighbour of where the cursor stands, which may be a row that has been removed since. */
static GTreeNode *neighbour(const struct memory_cursor *cursor, bool is_forward)
{
    bool is_same = cursor->node && cursor->n_changes == cursor->store->n_changes;

    if (!cursor->row)
        return is_forward ? g_tree_node_first(cursor->tree) : g_tree_node_last(cursor->tree);
    if (is_forward)
        return is_same ? g_tree_node_next(cursor->node)
                       : g_tree_upper_bound(cursor->tree, cursor->row);
    return is_same ? g_tree_node_previous(cursor->node) : node_before(cursor->tree, cursor->row);
}

static GTreeNode *node_at(const struct memory_cursor *cursor, enum store_move move,
                          struct slice key)
{
    union probe probe;

    switch (move) {
    case STORE_FIRST:
        return g_tree_node_first(cursor->tree);
    case STORE_LAST:
        return g_tree_node_last(cursor->tree);
    case STORE_NEXT:
        return neighbour(cursor, true);
    case STORE_PREVIOUS:
        return neighbour(cursor, false);
    case STORE_AT_OR_AFTER:
        return g_tree_lower_bound(cursor->tree, probe_for(&probe, key));
    case STORE_BEFORE:
        return node_before(cursor->tree, probe_for(&probe, key));
    }
    return NULL;
}

static enum rc memory_cursor_move(struct store_cursor *base, enum store_move move,
                                  struct slice *key, struct slice *value)
{
    struct memory_cursor *cursor = (struct memory_cursor *)base;
    GTreeNode *node = node_at(cursor, move, *key);

    if (!node)
        return RC_NOT_FOUND;
    cursor->node = node;
    cursor->row = g_tree_node_value(node);
    cursor->n_changes = cursor->store->n_changes;
    *key = key_of(cursor->row);
    *value = value_of(cursor->row);
    return RC_OK;
}

/* --- the store --- */

static enum rc memory_usage(struct store *store, int64_t *used_bytes, int64_t *max_bytes)
{
    *used_bytes = memory_of(store)->used_bytes;
    *max_bytes = MAX_BYTES;
    return RC_OK;
}

static enum rc memory_disk_room(struct store *store, int64_t *bytes)
{
    (void)store;
    *bytes = INT64_MAX;
    return RC_OK;
}

/* Its readers live and die with us. */
static void memory_check_readers(struct store *store)
{
    (void)store;
}

static gboolean free_row(gpointer key, gpointer row, gpointer unused)
{
    (void)key;
    (void)unused;
    free(row);
    return FALSE;
}

static void memory_close(struct store *base)
{
    struct memory_store *store = memory_of(base);

    for (size_t i = 0; i < STORE_N_TABLES; i++) {
        g_tree_foreach(store->tables[i], free_row, NULL);
        g_tree_unref(store->tables[i]);
    }
    free(store);
}

static const struct store_backend memory_backend = {
    .close = memory_close,
    .begin = memory_begin,
    .commit = memory_commit,
    .abort = memory_abort,
    .get = memory_get,
    .put = memory_put,
    .delete = memory_delete,
    .count = memory_count,
    .cursor_open = memory_cursor_open,
    .cursor_close = memory_cursor_close,
    .cursor_move = memory_cursor_move,
    .usage = memory_usage,
    .check_readers = memory_check_readers,
    .disk_room = memory_disk_room,
};

static enum rc set_schema(struct store *store)
{
    struct store_txn *txn = NULL;
    enum rc rc = store_begin(store, &txn);

    if (!rc)
        rc = meta_set(txn, META_SCHEMA, STORE_SCHEMA_VERSION);
    if (!rc)
        rc = store_commit(&txn);
    store_abort(&txn);
    return rc;
}

enum rc store_open_memory(struct store **store)
{
    struct memory_store *made = calloc(1, sizeof(*made));
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->base.backend = &memory_backend;
    for (size_t i = 0; i < STORE_N_TABLES; i++)
        made->tables[i] = g_tree_new_full(compare_rows, NULL, NULL, NULL);
    rc = set_schema(&made->base);
    if (rc) {
        store_close(&made->base);
        return rc;
    }
    *store = &made->base;
    return RC_OK;
}
