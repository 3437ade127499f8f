#include "src/store/feed.h"

#include "src/store/meta.h"
#include "src/store/store_row.h"

/* clang-format off */
#define AT(member) .offset = offsetof(struct feed_item, member)
static const struct record_field item_fields[] = {
    { .tag = 1, .type = RECORD_TEXT, .name = "name", AT(name) },
    { .tag = 2, .type = RECORD_JSON, .name = "json", AT(json) },
};
#undef AT
/* clang-format on */
static const struct record_shape item_shape = RECORD_SHAPE(feed_item, item_fields);

/* The numbers have no gaps: what is pushed out is the one FEED_KEEP before. */
enum rc feed_push(struct store_txn *txn, struct feed_item *item)
{
    size_t n_bytes;
    enum rc rc = meta_next(txn, META_FEED_SEQUENCE, &item->seq);

    if (!rc)
        rc = row_append(txn, TABLE_FEED, &item_shape, key_of_u64(item->seq), item, &n_bytes);
    if (!rc && item->seq > FEED_KEEP)
        rc = row_forget(txn, TABLE_FEED, key_of_u64(item->seq - FEED_KEEP));
    return rc;
}

enum rc feed_next(struct store_txn *txn, uint64_t seq, struct arena *arena, struct feed_item *item)
{
    struct slice key, record;
    enum rc rc = row_at_or_after(txn, TABLE_FEED, key_of_u64(seq + 1), &key, &record);

    if (rc)
        return rc;
    rc = record_decode(&item_shape, record, arena, item);
    return key_read_u64(&key, &item->seq) ? rc : RC_CORRUPT;
}

enum rc feed_range(struct store_txn *txn, uint64_t *oldest, uint64_t *newest)
{
    struct slice key, record;
    enum rc rc = row_at_or_after(txn, TABLE_FEED, key_of_u64(0), &key, &record);

    *oldest = 0;
    *newest = 0;
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    if (!key_read_u64(&key, oldest))
        return RC_CORRUPT;
    rc = row_before(txn, TABLE_FEED, (struct store_key){ .len = 0 }, &key, &record);
    if (rc)
        return rc;
    return key_read_u64(&key, newest) ? RC_OK : RC_CORRUPT;
}
