#include "src/store/outbox.h"

#include "src/store/meta.h"
#include "src/store/store_row.h"

const char *const outbox_channel_names[] = { "evidence", "check", "step", "verify", "undo", NULL };
const char *const effect_state_names[] = { "done",        "failed",  "timed_out",
                                           "not_started", "unknown", NULL };

/* clang-format off */
#define AT(member) .offset = offsetof(struct log_wanted, member)
static const struct record_field log_fields[] = {
    { .tag = 1, .type = RECORD_TEXT,  .name = "watcher", AT(watcher) },
    { .tag = 2, .type = RECORD_TIME,  .name = "first", AT(first_ms) },
    { .tag = 3, .type = RECORD_TIME,  .name = "last", AT(last_ms) },
    { .tag = 4, .type = RECORD_INT,   .name = "around_ms", AT(around_ms) },
    { .tag = 5, .type = RECORD_TEXT,  .name = "match", AT(match) },
    { .tag = 6, .type = RECORD_TEXTS, AT(samples) },
    { .tag = 7, .type = RECORD_INT,   .name = "lines", AT(n_lines) },
};
#undef AT
static const struct record_shape log_shape = RECORD_SHAPE(log_wanted, log_fields);

#define AT(member) .offset = offsetof(struct outbox_item, member)
static const struct record_field item_fields[] = {
    { .tag = 1,  .type = RECORD_ENUM,  .name = "channel", .names = outbox_channel_names, AT(channel) },
    { .tag = 2,  .type = RECORD_ID,    .name = "object", .prefix = "", AT(object) },
    { .tag = 3,  .type = RECORD_INT,   .name = "part", AT(part) },
    { .tag = 4,  .type = RECORD_INT,   .name = "revision", AT(revision) },
    { .tag = 5,  .type = RECORD_TEXT,  .name = "action", AT(action) },
    { .tag = 6,  .type = RECORD_TEXTS, .name = "argv", AT(argv) },
    { .tag = 7,  .type = RECORD_JSON,  .name = "request", AT(request) },
    { .tag = 8,  .type = RECORD_TEXTS, .name = "env", AT(env) },
    { .tag = 9,  .type = RECORD_TEXT,  .name = "user", AT(user) },
    { .tag = 10, .type = RECORD_INT,   .name = "timeout_ms", AT(timeout_ms) },
    { .tag = 11, .type = RECORD_TIME,  .name = "not_before", AT(not_before_ms) },
    { .tag = 12, .type = RECORD_INT,   .name = "tries", AT(tries) },
    { .tag = 13, .type = RECORD_TIME,  .name = "created", AT(created_ms) },
    { .tag = 14, .type = RECORD_STRUCT, .name = "log", .shape = &log_shape, AT(log) },
};
#undef AT

#define AT(member) .offset = offsetof(struct effect_result, member)
static const struct record_field result_fields[] = {
    { .tag = 1,  .type = RECORD_INT,  .name = "item", AT(item) },
    { .tag = 2,  .type = RECORD_ENUM, .name = "channel", .names = outbox_channel_names, AT(channel) },
    { .tag = 3,  .type = RECORD_ID,   .name = "object", .prefix = "", AT(object) },
    { .tag = 4,  .type = RECORD_INT,  .name = "part", AT(part) },
    { .tag = 5,  .type = RECORD_INT,  .name = "revision", AT(revision) },
    { .tag = 6,  .type = RECORD_ENUM, .name = "state", .names = effect_state_names, AT(state) },
    { .tag = 7,  .type = RECORD_INT,  .name = "exit_code", AT(exit_code) },
    { .tag = 8,  .type = RECORD_TEXT, .name = "output", AT(output) },
    { .tag = 9,  .type = RECORD_BOOL, .name = "truncated", AT(truncated) },
    { .tag = 10, .type = RECORD_INT,  .name = "bytes", AT(bytes) },
    { .tag = 11, .type = RECORD_TEXT, .name = "sha256", AT(sha256) },
    { .tag = 12, .type = RECORD_TEXT, .name = "error", AT(error) },
    { .tag = 13, .type = RECORD_TIME, .name = "started", AT(started_ms) },
    { .tag = 14, .type = RECORD_TIME, .name = "finished", AT(finished_ms) },
    { .tag = 15, .type = RECORD_INT,  .name = "exited", AT(exited) },
    { .tag = 16, .type = RECORD_TEXT, .name = "finding", AT(finding) },
};
#undef AT
/* clang-format on */
const struct record_shape outbox_item_shape = RECORD_SHAPE(outbox_item, item_fields);
const struct record_shape effect_result_shape = RECORD_SHAPE(effect_result, result_fields);

bool outbox_may_repeat(enum outbox_channel channel)
{
    return channel == OUTBOX_EVIDENCE || channel == OUTBOX_CHECK || channel == OUTBOX_VERIFY;
}

enum rc outbox_push(struct store_txn *txn, struct outbox_item *item)
{
    size_t n_bytes;
    enum rc rc = meta_next(txn, META_OUTBOX_SEQUENCE, &item->id);

    return rc ? rc
              : row_append(txn, TABLE_OUTBOX, &outbox_item_shape, key_of_u64(item->id), item,
                           &n_bytes);
}

enum rc outbox_get(struct store_txn *txn, uint64_t id, struct arena *arena,
                   struct outbox_item *item)
{
    enum rc rc = row_get(txn, TABLE_OUTBOX, &outbox_item_shape, key_of_u64(id), arena, item);

    item->id = id;
    return rc;
}

enum rc outbox_remove(struct store_txn *txn, uint64_t id)
{
    const struct store_key key = key_of_u64(id);

    return store_delete(txn, TABLE_OUTBOX, key_slice(&key));
}

enum rc outbox_next(struct store_txn *txn, uint64_t after, struct arena *arena,
                    struct outbox_item *item)
{
    struct slice key, record;
    enum rc rc = row_at_or_after(txn, TABLE_OUTBOX, key_of_u64(after + 1), &key, &record);

    if (rc)
        return rc;
    rc = record_decode(&outbox_item_shape, record, arena, item);
    return key_read_u64(&key, &item->id) ? rc : RC_CORRUPT;
}
