#include "src/store/track_records.h"

#include "src/base/digest.h"
#include "src/store/store_row.h"

#define KEY_BYTES 16

static enum rc key_of(struct slice rule, struct slice version, struct store_key *key)
{
    const struct slice parts[] = { rule, version };
    struct sha256 digest;
    enum rc rc = sha256_of_parts(parts, 2, &digest);

    if (rc)
        return rc;
    *key = (struct store_key){ .len = 0 };
    key_add(key, digest.bytes, KEY_BYTES);
    return RC_OK;
}

enum rc track_record_get(struct store_txn *txn, struct slice rule, struct slice version,
                         struct track_record *record)
{
    struct store_key key;
    struct slice stored;
    enum rc rc = key_of(rule, version, &key);

    *record = (struct track_record){ 0 };
    if (rc)
        return rc;
    rc = store_get(txn, TABLE_TRACK_RECORDS, key_slice(&key), &stored);
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    return record_borrow(&track_record_shape, stored, NULL, record);
}

enum rc track_record_put(struct store_txn *txn, struct slice rule, struct slice version,
                         const struct track_record *record)
{
    struct store_key key;
    enum rc rc = key_of(rule, version, &key);

    return rc ? rc : row_put(txn, TABLE_TRACK_RECORDS, &track_record_shape, key, record);
}
