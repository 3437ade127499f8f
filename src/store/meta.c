#include "src/store/meta.h"

#include "src/store/store_key.h"

static const char *const item_names[] = {
#define META_ITEM(name, text) text,
    META_ITEMS(META_ITEM)
#undef META_ITEM
};

enum rc meta_get(struct store_txn *txn, enum meta_item item, uint64_t *value)
{
    struct slice bytes;
    enum rc rc = store_get(txn, TABLE_META, slice_of(item_names[item]), &bytes);

    *value = 0;
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    return key_read_u64(&bytes, value) && !bytes.len ? RC_OK : RC_CORRUPT;
}

enum rc meta_set(struct store_txn *txn, enum meta_item item, uint64_t value)
{
    struct store_key bytes = { .len = 0 };

    key_add_u64(&bytes, value);
    return store_put(txn, TABLE_META, slice_of(item_names[item]), key_slice(&bytes));
}

enum rc meta_next(struct store_txn *txn, enum meta_item item, uint64_t *value)
{
    enum rc rc = meta_get(txn, item, value);

    if (rc)
        return rc;
    *value += 1;
    return meta_set(txn, item, *value);
}
