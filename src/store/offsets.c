#include "src/store/offsets.h"

#include "src/base/log.h"
#include "src/store/store_row.h"

/* clang-format off */
#define AT(member) .offset = offsetof(struct file_offset, member)
static const struct record_field offset_fields[] = {
    { .tag = 1,  .type = RECORD_ID,    .name = "id", .prefix = "", AT(id) },
    { .tag = 2,  .type = RECORD_TEXT,  .name = "watcher", AT(watcher) },
    { .tag = 3,  .type = RECORD_TEXT,  .name = "path", AT(path) },
    { .tag = 4,  .type = RECORD_INT,   .name = "device", AT(device) },
    { .tag = 5,  .type = RECORD_INT,   .name = "inode", AT(inode) },
    { .tag = 6,  .type = RECORD_BYTES, AT(head) },
    { .tag = 7,  .type = RECORD_BYTES, AT(tail) },
    { .tag = 8,  .type = RECORD_INT,   .name = "offset", AT(offset) },
    { .tag = 9,  .type = RECORD_INT,   .name = "size", AT(size) },
    { .tag = 10, .type = RECORD_BOOL,  .name = "within_line", AT(is_within_line) },
    { .tag = 11, .type = RECORD_BOOL,  .name = "rotated", AT(is_rotated) },
    { .tag = 12, .type = RECORD_TIME,  .name = "seen", AT(seen_ms) },
    { .tag = 13, .type = RECORD_TEXT,  .name = "cursor", AT(cursor) },
    { .tag = 14, .type = RECORD_BOOL,  .name = "skipping", AT(is_skipping) },
    { .tag = 15, .type = RECORD_TEXT,  .name = "live_path", AT(live_path) },
};
#undef AT
/* clang-format on */
const struct record_shape file_offset_shape = RECORD_SHAPE(file_offset, offset_fields);

enum rc offset_put(struct store_txn *txn, const struct file_offset *offset)
{
    return row_put(txn, TABLE_OFFSETS, &file_offset_shape, key_of_ulid(offset->id), offset);
}

enum rc offset_remove(struct store_txn *txn, struct ulid id)
{
    return row_forget(txn, TABLE_OFFSETS, key_of_ulid(id));
}

enum rc offset_each(struct store_txn *txn, struct arena *arena,
                    bool (*visit)(void *context, const struct file_offset *offset), void *context)
{
    struct store_key from = key_of_ulid((struct ulid){ 0 });
    struct slice key = key_slice(&from), record;
    struct store_cursor *cursor;
    enum rc rc = store_cursor_open(txn, TABLE_OFFSETS, &cursor);

    if (rc)
        return rc;
    rc = store_cursor_move(cursor, STORE_AT_OR_AFTER, &key, &record);
    while (!rc) {
        struct file_offset offset = { 0 };

        rc = record_decode(&file_offset_shape, record, arena, &offset);
        if (!rc) /* with a NUL behind them: they are opened */
            rc = arena_copy(arena, offset.path, &offset.path);
        if (!rc)
            rc = arena_copy(arena, offset.live_path, &offset.live_path);
        if (rc == RC_CORRUPT)
            log_error("damaged row passed over table=offsets");
        else if (rc || !visit(context, &offset))
            break;
        rc = store_cursor_move(cursor, STORE_NEXT, &key, &record);
    }
    store_cursor_close(cursor);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}
