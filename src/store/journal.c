#include "src/store/journal.h"

#include "src/base/log.h"
#include "src/store/dictionaries.h"
#include "src/store/meta.h"
#include "src/store/packing.h"
#include "src/store/store_row.h"

static const char *const door_names[] = { "data",    "decision", "result", "reload",
                                          "watcher", "signal",   NULL };

/* An entry as it is kept: a long body is packed, and then not there. */
struct kept_entry {
    struct journal_entry entry;
    struct slice packed_body;
    uint64_t dictionary; /* which it is packed with; 0: none */
};

/* clang-format off */
#define AT(member) .offset = offsetof(struct header, member)
static const struct record_field header_fields[] = {
    { .tag = 1, .type = RECORD_TEXT, .name = "name", AT(name) },
    { .tag = 2, .type = RECORD_TEXT, .name = "value", AT(value) },
};
#undef AT
static const struct record_shape header_shape = RECORD_SHAPE(header, header_fields);

#define AT(member) .offset = offsetof(struct kept_entry, member)
#define ID_FIELD       { .tag = 1, .type = RECORD_ID,   .name = "id", .prefix = "evt_", AT(entry.id) }
#define DOOR_FIELD     { .tag = 2, .type = RECORD_ENUM, .name = "door", .names = door_names, AT(entry.door) }
#define RECEIVED_FIELD { .tag = 5, .type = RECORD_TIME, .name = "received", AT(entry.received_ms) }
static const struct record_field entry_fields[] = {
    ID_FIELD,
    DOOR_FIELD,
    { .tag = 3, .type = RECORD_TEXT,  .name = "watcher", AT(entry.watcher) },
    { .tag = 4, .type = RECORD_TEXT,  .name = "type", AT(entry.type) },
    RECEIVED_FIELD,
    { .tag = 6, .type = RECORD_INT,   .name = "after", AT(entry.after) },
    { .tag = 7, .type = RECORD_TEXT,  .name = "delivery_id", AT(entry.delivery_id) },
    { .tag = 8, .type = RECORD_BYTES, AT(entry.body) },
    { .tag = 9, .type = RECORD_LIST,  .name = "headers", .shape = &header_shape, AT(entry.headers) },
    { .tag = 10, .type = RECORD_BYTES, AT(packed_body) },
    { .tag = 11, .type = RECORD_INT,  .name = "dictionary", AT(dictionary) },
};
/* What is needed of an entry that is passed over or removed. */
static const struct record_field head_fields[] = { ID_FIELD, DOOR_FIELD, RECEIVED_FIELD };
#undef AT

#define AT(member) .offset = offsetof(struct dead_letter, member)
static const struct record_field dead_fields[] = {
    { .tag = 1, .type = RECORD_TIME, .name = "at", AT(at_ms) },
    { .tag = 2, .type = RECORD_TEXT, .name = "reason", AT(reason) },
    { .tag = 3, .type = RECORD_TEXT, .name = "again", AT(again) },
};
#undef AT
/* clang-format on */
const struct record_shape journal_entry_shape = RECORD_SHAPE(kept_entry, entry_fields);
static const struct record_shape head_shape = RECORD_SHAPE(kept_entry, head_fields);
static const struct record_shape dead_shape = RECORD_SHAPE(dead_letter, dead_fields);

/* --- appending --- */

static enum rc put_id(struct store_txn *txn, struct ulid id, uint64_t seq)
{
    const struct store_key key = key_of_ulid(id), value = key_of_u64(seq);

    if (ulid_is_absent(id))
        return RC_OK;
    return store_append(txn, TABLE_EVENT_IDS, key_slice(&key), key_slice(&value));
}

enum rc journal_appender_begin(struct store_txn *txn, struct dictionaries *dictionaries,
                               struct journal_appender *appender)
{
    enum rc rc;

    *appender = (struct journal_appender){ .txn = txn, .dictionaries = dictionaries };
    buffer_init(&appender->record, 0);
    buffer_init(&appender->packed, 0);
    rc = meta_get(txn, META_SEQUENCE, &appender->seq);
    if (!rc)
        rc = meta_get(txn, META_JOURNAL_BYTES, &appender->n_bytes);
    return rc || !dictionaries ? rc : dictionaries_read(dictionaries, txn);
}

static enum rc pack_body(struct journal_appender *appender, const struct journal_entry *entry,
                         struct dictionary_body *body)
{
    *body = (struct dictionary_body){ .seq = entry->seq,
                                      .n_journal_bytes = appender->n_bytes,
                                      .watcher = entry->watcher,
                                      .event_type = entry->event_type,
                                      .text = entry->body };
    if (appender->dictionaries)
        return dictionaries_pack(appender->dictionaries, appender->txn, body, &appender->packed);
    body->is_packed = pack(entry->body, NULL, &appender->packed);
    return RC_OK;
}

static enum rc encode(struct journal_appender *appender, const struct journal_entry *entry)
{
    struct kept_entry kept = { .entry = *entry };
    struct dictionary_body body;
    enum rc rc = pack_body(appender, entry, &body);

    if (rc)
        return rc;
    if (body.is_packed) {
        kept.entry.body = (struct slice){ 0 };
        kept.packed_body = buffer_slice(&appender->packed);
        kept.dictionary = body.dictionary;
    }
    appender->n_bytes += body.n_bytes;
    buffer_clear(&appender->record);
    return record_encode(&journal_entry_shape, &kept, &appender->record);
}

enum rc journal_appender_append(struct journal_appender *appender, struct journal_entry *entry)
{
    const struct store_key key = key_of_u64(appender->seq + 1);
    enum rc rc;

    entry->seq = ++appender->seq;
    rc = encode(appender, entry);
    if (!rc)
        rc = store_append(appender->txn, TABLE_JOURNAL, key_slice(&key),
                          buffer_slice(&appender->record));
    appender->n_bytes += key.len + appender->record.len;
    return rc ? rc : put_id(appender->txn, entry->id, entry->seq);
}

enum rc journal_appender_end(struct journal_appender *appender, enum rc rc)
{
    buffer_free(&appender->record);
    buffer_free(&appender->packed);
    if (!rc)
        rc = meta_set(appender->txn, META_SEQUENCE, appender->seq);
    return rc ? rc : meta_set(appender->txn, META_JOURNAL_BYTES, appender->n_bytes);
}

enum rc journal_append(struct store_txn *txn, struct journal_entry *entry)
{
    struct journal_appender appender;
    enum rc rc = journal_appender_begin(txn, NULL, &appender);

    return rc ? rc : journal_appender_end(&appender, journal_appender_append(&appender, entry));
}

/* --- reading --- */

static enum rc own(struct arena *arena, struct slice *text)
{
    return arena_copy(arena, *text, text);
}

static enum rc own_headers(struct arena *arena, const struct record_list *headers)
{
    struct header *items = headers->items;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < headers->n_items && !rc; i++) {
        rc = own(arena, &items[i].name);
        if (!rc)
            rc = own(arena, &items[i].value);
    }
    return rc;
}

static enum rc unpack_body(struct store_txn *txn, const struct kept_entry *kept,
                           struct arena *arena, struct slice *body)
{
    struct slice dictionary = { 0 };
    enum rc rc = kept->dictionary ? dictionary_text(txn, kept->dictionary, &dictionary) : RC_OK;

    return rc ? rc : unpack(kept->packed_body, dictionary, arena, body);
}

/* A body is copied or unpacked, never both: readers have room for one. */
static enum rc decode(struct store_txn *txn, struct slice record, struct arena *arena,
                      struct journal_entry *entry)
{
    struct kept_entry kept = { 0 };
    struct slice *const texts[] = { &entry->watcher, &entry->type, &entry->delivery_id };
    enum rc rc = record_borrow(&journal_entry_shape, record, arena, &kept);

    if (!rc)
        rc = slice_is_absent(kept.packed_body) ? own(arena, &kept.entry.body)
                                               : unpack_body(txn, &kept, arena, &kept.entry.body);
    *entry = rc ? (struct journal_entry){ 0 } : kept.entry; /* nothing that is borrowed */
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && !rc; i++)
        rc = own(arena, texts[i]);
    return rc ? rc : own_headers(arena, &entry->headers);
}

enum rc journal_get(struct store_txn *txn, uint64_t seq, struct arena *arena,
                    struct journal_entry *entry)
{
    const struct store_key key = key_of_u64(seq);
    struct slice record;
    enum rc rc = store_get(txn, TABLE_JOURNAL, key_slice(&key), &record);

    if (!rc)
        rc = decode(txn, record, arena, entry);
    entry->seq = seq;
    return rc;
}

/* How far `id` is behind `first`, when it can be one of its parts. */
static bool part_of(struct ulid id, struct ulid first, uint32_t *part)
{
    uint64_t distance = 0;

    for (size_t i = 0; i < ULID_BYTES; i++) {
        distance = distance * 256 + id.bytes[i] - first.bytes[i];
        if (distance > UINT32_MAX)
            return false;
    }
    *part = (uint32_t)distance;
    return ulid_compare(ulid_plus(first, *part), id) == 0;
}

enum rc journal_find(struct store_txn *txn, struct ulid id, struct arena *arena,
                     struct journal_entry *entry, uint32_t *part)
{
    struct slice key, value;
    struct ulid first;
    uint64_t seq;
    /* The last entry whose id is not above `id`. */
    enum rc rc = row_before(txn, TABLE_EVENT_IDS, key_of_ulid(ulid_plus(id, 1)), &key, &value);

    if (rc)
        return rc;
    if (!key_read_ulid(&key, &first) || !key_read_u64(&value, &seq))
        return RC_CORRUPT;
    if (!part_of(id, first, part))
        return RC_NOT_FOUND;
    return journal_get(txn, seq, arena, entry);
}

enum rc journal_next_delivery(struct store_txn *txn, uint64_t seq, struct arena *arena,
                              struct journal_entry *entry)
{
    struct store_cursor *cursor;
    const struct store_key from = key_of_u64(seq + 1);
    struct slice key = key_slice(&from), record;
    enum rc rc = store_cursor_open(txn, TABLE_JOURNAL, &cursor);

    if (rc)
        return rc;
    rc = store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, &record);
    while (!rc) {
        /* Whole at once: most are deliveries, and the sum over a long body costs more than copying it. */
        rc = decode(txn, record, arena, entry);
        if (rc || entry->door == DOOR_DATA)
            break;
        rc = store_cursor_move(cursor, STORE_NEXT, &key, &record);
    }
    if (rc != RC_NOT_FOUND && !key_read_u64(&key, &entry->seq))
        rc = RC_CORRUPT;
    store_cursor_close(cursor);
    return rc;
}

static enum rc unpack_entry(struct store_txn *txn, struct kept_entry *kept, struct arena *arena,
                            struct journal_entry *entry)
{
    enum rc rc = RC_OK;

    if (!slice_is_absent(kept->packed_body))
        rc = unpack_body(txn, kept, arena, &kept->entry.body);
    *entry = kept->entry;
    return rc;
}

static enum rc each_entry(struct store_txn *txn, enum rc (*step)(struct row_walk *walk),
                          uint64_t from_seq, size_t limit, struct arena *arena,
                          bool (*visit)(void *context, const struct journal_entry *entry),
                          void *context)
{
    static struct log_limit told;
    struct journal_entry entry;
    struct kept_entry kept;
    struct row_walk walk = { .txn = txn,
                             .table = TABLE_JOURNAL,
                             .shape = &journal_entry_shape,
                             .arena = arena,
                             .object = &kept };

    if (from_seq)
        walk.key = key_of_u64(from_seq);
    for (size_t i = 0; i < limit; i++) {
        enum rc rc = step(&walk);
        struct slice key = key_slice(&walk.key);

        if (rc)
            return rc == RC_NOT_FOUND ? RC_OK : rc;
        rc = unpack_entry(txn, &kept, arena, &entry);
        if (!key_read_u64(&key, &entry.seq))
            return RC_CORRUPT;
        if (rc && rc != RC_CORRUPT)
            return rc;
        if (rc)
            log_limited(&told, LOG_ERROR, "damaged body table=journal seq=%llu",
                        (unsigned long long)entry.seq);
        if (!visit(context, &entry))
            break;
    }
    return RC_OK;
}

enum rc journal_each_newest(struct store_txn *txn, uint64_t before_seq, size_t limit,
                            struct arena *arena,
                            bool (*visit)(void *context, const struct journal_entry *entry),
                            void *context)
{
    return each_entry(txn, row_walk_back, before_seq, limit, arena, visit, context);
}

enum rc journal_each_oldest(struct store_txn *txn, uint64_t after_seq, size_t limit,
                            struct arena *arena,
                            bool (*visit)(void *context, const struct journal_entry *entry),
                            void *context)
{
    return each_entry(txn, row_walk_on, after_seq, limit, arena, visit, context);
}

/* --- forgetting --- */

struct expiry {
    int64_t older_than_ms;
    int64_t max_bytes; /* of entries */
    uint64_t cursor;   /* deliveries above it are not folded */
    int64_t bytes;     /* of all entries that are kept */
};

/* What a delivery is and when it came stands in its record; without a sound one only its place in the order counts. */
static bool is_due(const struct expiry *expiry, const struct journal_entry *head, bool is_damaged)
{
    bool is_folded = head->seq <= expiry->cursor || (!is_damaged && head->door != DOOR_DATA);

    if (!is_folded)
        return false;
    return is_damaged || head->received_ms < expiry->older_than_ms ||
           expiry->bytes > expiry->max_bytes;
}

static enum rc forget_entry(struct store_txn *txn, const struct journal_entry *head)
{
    enum rc rc = row_forget(txn, TABLE_JOURNAL, key_of_u64(head->seq));

    if (!rc && !ulid_is_absent(head->id))
        rc = row_forget(txn, TABLE_EVENT_IDS, key_of_ulid(head->id));
    if (!rc)
        rc = row_forget(txn, TABLE_DEAD, key_of_u64(head->seq));
    return rc;
}

/* RC_NOT_FOUND when the oldest entry stays. */
static enum rc expire_oldest(struct store_txn *txn, struct expiry *expiry)
{
    struct kept_entry kept;
    struct journal_entry head;
    struct slice key, record;
    bool is_damaged;
    int64_t n_bytes;
    enum rc rc = row_at_or_after(txn, TABLE_JOURNAL, key_of_u64(0), &key, &record);

    if (rc)
        return rc;
    n_bytes = (int64_t)(key.len + record.len);
    is_damaged = record_borrow(&head_shape, record, NULL, &kept) != RC_OK;
    head = kept.entry;
    if (!key_read_u64(&key, &head.seq))
        return RC_CORRUPT;
    if (is_damaged)
        head.id = (struct ulid){ 0 };
    if (!is_due(expiry, &head, is_damaged))
        return RC_NOT_FOUND;
    if (is_damaged)
        log_error("damaged row removed table=journal seq=%llu", (unsigned long long)head.seq);
    expiry->bytes -= n_bytes;
    return forget_entry(txn, &head);
}

/* Those that only what is gone was packed with; `*n_bytes` of what is left. */
static enum rc expire_dictionaries(struct store_txn *txn, uint64_t *n_bytes)
{
    struct slice key, record;
    uint64_t oldest_seq, n_gone;
    enum rc rc = row_at_or_after(txn, TABLE_JOURNAL, key_of_u64(0), &key, &record);

    if (rc == RC_NOT_FOUND)
        rc = meta_get(txn, META_SEQUENCE, &oldest_seq);
    else if (!rc && !key_read_u64(&key, &oldest_seq))
        rc = RC_CORRUPT;
    if (!rc)
        rc = dictionaries_expire(txn, oldest_seq, &n_gone);
    return rc ? rc : meta_get(txn, META_DICTIONARY_BYTES, n_bytes);
}

static enum rc begin_expiry(struct store_txn *txn, struct expiry *expiry)
{
    const int64_t share = expiry->max_bytes / DICTIONARY_SHARE;
    uint64_t n_bytes, n_dictionary_bytes;
    enum rc rc = meta_get(txn, META_CURSOR, &expiry->cursor);

    if (!rc)
        rc = meta_get(txn, META_JOURNAL_BYTES, &n_bytes);
    if (!rc)
        rc = meta_get(txn, META_DICTIONARY_BYTES, &n_dictionary_bytes);
    if (rc)
        return rc;
    expiry->bytes = (int64_t)(n_bytes - n_dictionary_bytes);
    /* They go behind their entries alone. Where the limit has just been lowered they may be most of it, and entries are not to go for that. */
    expiry->max_bytes -= (int64_t)n_dictionary_bytes < share ? (int64_t)n_dictionary_bytes : share;
    return RC_OK;
}

enum rc journal_expire(struct store_txn *txn, int64_t older_than_ms, int64_t max_bytes,
                       size_t limit, size_t *n_removed)
{
    struct expiry expiry = { .older_than_ms = older_than_ms, .max_bytes = max_bytes };
    uint64_t n_dictionary_bytes;
    enum rc rc = begin_expiry(txn, &expiry);

    *n_removed = 0;
    while (!rc && *n_removed < limit) {
        rc = expire_oldest(txn, &expiry);
        if (!rc)
            ++*n_removed;
    }
    if (rc && rc != RC_NOT_FOUND)
        return rc;
    if (!*n_removed)
        return RC_OK;
    rc = expire_dictionaries(txn, &n_dictionary_bytes);
    if (rc)
        return rc;
    if (expiry.bytes < 0)
        expiry.bytes = 0;
    return meta_set(txn, META_JOURNAL_BYTES, (uint64_t)expiry.bytes + n_dictionary_bytes);
}

/* --- dead letters --- */

enum rc dead_letter_put(struct store_txn *txn, const struct dead_letter *letter)
{
    return row_put(txn, TABLE_DEAD, &dead_shape, key_of_u64(letter->seq), letter);
}

enum rc dead_letter_get(struct store_txn *txn, uint64_t seq, struct arena *arena,
                        struct dead_letter *letter)
{
    enum rc rc = row_get(txn, TABLE_DEAD, &dead_shape, key_of_u64(seq), arena, letter);

    letter->seq = seq;
    return rc;
}
