#include "src/store/changes.h"

#include "src/store/store_row.h"

/* clang-format off */
#define AT(member) .offset = offsetof(struct change, member)
static const struct record_field change_fields[] = {
    { .tag = 1,  .type = RECORD_ID,   .name = "event", .prefix = "evt_", AT(event) },
    { .tag = 2,  .type = RECORD_TIME, .name = "time", AT(time_ms) },
    { .tag = 3,  .type = RECORD_TEXT, .name = "kind", AT(kind) },
    { .tag = 4,  .type = RECORD_TEXT, .name = "state", AT(state) },
    { .tag = 5,  .type = RECORD_TEXT, .name = "title", AT(title) },
    { .tag = 6,  .type = RECORD_TEXT, .name = "repo", AT(repo) },
    { .tag = 7,  .type = RECORD_TEXT, .name = "service", AT(service) },
    { .tag = 8,  .type = RECORD_TEXT, .name = "environment", AT(environment) },
    { .tag = 9,  .type = RECORD_TEXT, .name = "branch", AT(branch) },
    { .tag = 10, .type = RECORD_TEXT, .name = "commit", AT(commit) },
    { .tag = 11, .type = RECORD_TEXT, .name = "actor", AT(actor) },
    { .tag = 12, .type = RECORD_TEXT, .name = "url", AT(url) },
};
#undef AT
/* clang-format on */
const struct record_shape change_shape = RECORD_SHAPE(change, change_fields);

static struct store_key key_of(int64_t time_ms, struct ulid event)
{
    struct store_key key = { .len = 0 };

    key_add_time(&key, time_ms);
    key_add_ulid(&key, event);
    return key;
}

enum rc change_put(struct store_txn *txn, const struct change *change)
{
    return row_put(txn, TABLE_CHANGES, &change_shape, key_of(change->time_ms, change->event),
                   change);
}

enum rc change_each(struct store_txn *txn, int64_t from_ms, int64_t to_ms, struct arena *arena,
                    bool (*visit)(void *context, const struct change *change), void *context)
{
    struct change change;
    struct row_walk walk = { .txn = txn,
                             .table = TABLE_CHANGES,
                             .shape = &change_shape,
                             .arena = arena,
                             .object = &change };

    if (to_ms < INT64_MAX)
        walk.key = key_of(to_ms + 1, (struct ulid){ 0 });
    for (;;) {
        enum rc rc = row_walk_back(&walk);

        if (rc)
            return rc == RC_NOT_FOUND ? RC_OK : rc;
        if (change.time_ms <= from_ms || !visit(context, &change))
            return RC_OK;
    }
}

enum rc change_expire(struct store_txn *txn, int64_t before_ms, size_t limit)
{
    for (size_t i = 0; i < limit; i++) {
        struct slice found, record, rest;
        struct store_key key;
        uint64_t time_ms;
        enum rc rc = row_at_or_after(txn, TABLE_CHANGES, key_of_u64(0), &found, &record);

        if (rc)
            return rc == RC_NOT_FOUND ? RC_OK : rc;
        rest = found;
        if (!key_read_u64(&rest, &time_ms))
            return RC_CORRUPT;
        if ((int64_t)time_ms >= before_ms)
            return RC_OK;
        rc = key_copy(found, &key);
        if (!rc)
            rc = row_forget(txn, TABLE_CHANGES, key);
        if (rc)
            return rc;
    }
    return RC_OK;
}
