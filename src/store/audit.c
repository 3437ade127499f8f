#include "src/store/audit.h"

#include "src/store/meta.h"
#include "src/store/store_row.h"

/* clang-format off */
#define AT(member) .offset = offsetof(struct audit_entry, member)
static const struct record_field entry_fields[] = {
    { .tag = 1, .type = RECORD_INT,  .name = "number", AT(number) },
    { .tag = 2, .type = RECORD_TIME, .name = "at", AT(at_ms) },
    { .tag = 3, .type = RECORD_TEXT, .name = "what", AT(what) },
    { .tag = 4, .type = RECORD_TEXT, .name = "who", AT(who) },
    { .tag = 5, .type = RECORD_TEXT, .name = "via", AT(via) },
    { .tag = 6, .type = RECORD_TEXT, .name = "object", AT(object) },
    { .tag = 7, .type = RECORD_JSON, .name = "detail", AT(detail) },
    { .tag = 8, .type = RECORD_TEXT, .name = "hash", AT(hash) },
};
#undef AT
/* clang-format on */
#define N_FIELDS (sizeof(entry_fields) / sizeof(*entry_fields))
const struct record_shape audit_entry_shape = RECORD_SHAPE(audit_entry, entry_fields);
/* What the hash is made over: all but the last. */
static const struct record_shape hashed_shape = { .fields = entry_fields,
                                                  .n_fields = N_FIELDS - 1,
                                                  .bytes = sizeof(struct audit_entry) };

/* `text` holds SHA256_HEX_BYTES. */
static enum rc make_hash(struct slice before, const struct audit_entry *entry, char *text)
{
    struct json_writer writer;
    struct buffer hashed;
    struct sha256 digest;
    enum rc rc;

    buffer_init(&hashed, 0);
    buffer_add(&hashed, before);
    writer = json_writer_to(&hashed);
    record_write_json(&hashed_shape, entry, &writer);
    rc = buffer_rc(&hashed);
    if (!rc)
        rc = sha256_of(buffer_slice(&hashed), &digest);
    if (!rc)
        hex_format(digest.bytes, sizeof(digest.bytes), text);
    buffer_free(&hashed);
    return rc;
}

/* The hash of the entry `number`, borrowed as by store_get; absent for 0, before the first. */
static enum rc find_hash(struct store_txn *txn, int64_t number, struct slice *hash)
{
    const struct store_key key = key_of_u64((uint64_t)number);
    struct audit_entry entry;
    struct slice record;
    enum rc rc;

    *hash = (struct slice){ 0 };
    if (!number)
        return RC_OK;
    rc = store_get(txn, TABLE_AUDIT, key_slice(&key), &record);
    if (!rc)
        rc = record_borrow(&audit_entry_shape, record, NULL, &entry);
    if (rc)
        return rc;
    *hash = entry.hash;
    return RC_OK;
}

enum rc audit_append(struct store_txn *txn, struct audit_entry *entry)
{
    char hash[SHA256_HEX_BYTES];
    struct audit_entry stored;
    struct slice before;
    uint64_t last;
    size_t n_bytes;
    enum rc rc = meta_get(txn, META_AUDIT_NUMBER, &last);

    if (!rc)
        rc = find_hash(txn, (int64_t)last, &before);
    /* A damaged end must not keep people from deciding: the chain goes on without its hash, and audit_verify shows the break. */
    if (rc == RC_NOT_FOUND || rc == RC_CORRUPT)
        rc = RC_OK;
    if (rc)
        return rc;
    entry->number = (int64_t)last + 1;
    stored = *entry;
    rc = make_hash(before, entry, hash);
    if (rc)
        return rc;
    stored.hash = (struct slice){ .ptr = hash, .len = sizeof(hash) - 1 };
    rc = row_append(txn, TABLE_AUDIT, &audit_entry_shape, key_of_u64(last + 1), &stored, &n_bytes);
    return rc ? rc : meta_set(txn, META_AUDIT_NUMBER, last + 1);
}

enum rc audit_each_newest(struct store_txn *txn, int64_t before_number, size_t limit,
                          struct arena *arena,
                          bool (*visit)(void *context, const struct audit_entry *entry),
                          void *context)
{
    struct audit_entry entry;
    struct row_walk walk = { .txn = txn,
                             .table = TABLE_AUDIT,
                             .shape = &audit_entry_shape,
                             .arena = arena,
                             .object = &entry };

    if (before_number > 0)
        walk.key = key_of_u64((uint64_t)before_number);
    for (size_t i = 0; i < limit; i++) {
        enum rc rc = row_walk_back(&walk);

        if (rc)
            return rc == RC_NOT_FOUND ? RC_OK : rc;
        if (!visit(context, &entry))
            break;
    }
    return RC_OK;
}

/* Checks the entry `number` against the one before it. RC_CORRUPT also when it is missing. */
static enum rc check_entry(struct store_txn *txn, int64_t number, struct arena *arena)
{
    char expected[SHA256_HEX_BYTES];
    struct audit_entry entry;
    struct slice before;
    enum rc rc =
        row_get(txn, TABLE_AUDIT, &audit_entry_shape, key_of_u64((uint64_t)number), arena, &entry);

    if (!rc)
        rc = find_hash(txn, number - 1, &before);
    if (rc)
        return rc == RC_NOT_FOUND ? RC_CORRUPT : rc;
    rc = make_hash(before, &entry, expected);
    if (rc)
        return rc;
    return entry.number == number && slice_eq(entry.hash, slice_of(expected)) ? RC_OK : RC_CORRUPT;
}

/* The highest number that there is or should be. */
static enum rc find_last(struct store_txn *txn, int64_t *last)
{
    struct slice key, record;
    uint64_t noted, found = 0;
    enum rc rc = meta_get(txn, META_AUDIT_NUMBER, &noted);

    if (rc)
        return rc;
    rc = row_before(txn, TABLE_AUDIT, (struct store_key){ .len = 0 }, &key, &record);
    if (rc && rc != RC_NOT_FOUND)
        return rc;
    if (!rc && !key_read_u64(&key, &found))
        return RC_CORRUPT;
    *last = (int64_t)(found > noted ? found : noted);
    return RC_OK;
}

enum rc audit_verify(struct store_txn *txn, int64_t from, size_t limit, struct arena *arena,
                     int64_t *next, bool *done)
{
    int64_t last;
    enum rc rc = find_last(txn, &last);

    *next = from > 0 ? from : 1;
    *done = false;
    if (rc)
        return rc;
    for (size_t i = 0; i < limit && *next <= last; i++) {
        arena_reset(arena);
        rc = check_entry(txn, *next, arena);
        if (rc)
            return rc;
        ++*next;
    }
    *done = *next > last;
    return RC_OK;
}
