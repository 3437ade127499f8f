#include "src/store/groups.h"

#include "src/base/digest.h"
#include "src/store/store_row.h"

#include <string.h>

/* clang-format off */
#define AT(member) .offset = offsetof(struct signal_group, member)
static const struct record_field group_fields[] = {
    { .tag = 1, .type = RECORD_ID,   .name = "id", .prefix = "grp_", AT(id) },
    { .tag = 2, .type = RECORD_TEXT, .name = "name", AT(name) },
    { .tag = 3, .type = RECORD_INT,  .name = "wait_ms", AT(wait_ms) },
    { .tag = 4, .type = RECORD_TIME, .name = "asked", AT(asked_ms) },
    { .tag = 5, .type = RECORD_TIME, .name = "due", AT(due_ms) },
    { .tag = 6, .type = RECORD_INT,  .name = "waiting", AT(n_waiting) },
    { .tag = 7, .type = RECORD_ID,   .name = "task", .prefix = "tsk_", AT(task) },
    { .tag = 8, .type = RECORD_ID,   .name = "proposal", .prefix = "prp_", AT(proposal) },
    { .tag = 9, .type = RECORD_ID,   .name = "leader", .prefix = "sig_", AT(leader) },
};
#undef AT
/* clang-format on */
static const struct record_shape group_shape = RECORD_SHAPE(signal_group, group_fields);

enum rc group_id(struct slice name, bool is_shared, const struct group_field *fields,
                 size_t n_fields, struct arena *arena, struct ulid *id)
{
    struct slice *parts = arena_alloc(arena, 2 + 2 * n_fields, sizeof(*parts));
    struct sha256 digest;
    enum rc rc;

    if (!parts)
        return RC_NO_MEMORY;
    parts[0] = is_shared ? SLICE("name") : SLICE("rule");
    parts[1] = name;
    for (size_t i = 0; i < n_fields; i++) {
        parts[2 + 2 * i] = fields[i].name;
        parts[3 + 2 * i] = fields[i].value;
    }
    rc = sha256_of_parts(parts, 2 + 2 * n_fields, &digest);
    if (!rc)
        memcpy(id->bytes, digest.bytes, sizeof(id->bytes));
    return rc;
}

enum rc group_put(struct store_txn *txn, const struct signal_group *group)
{
    return row_put(txn, TABLE_GROUPS, &group_shape, key_of_ulid(group->id), group);
}

enum rc group_get(struct store_txn *txn, struct ulid id, struct arena *arena,
                  struct signal_group *group)
{
    return row_get(txn, TABLE_GROUPS, &group_shape, key_of_ulid(id), arena, group);
}

enum rc group_delete(struct store_txn *txn, struct ulid id)
{
    return row_forget(txn, TABLE_GROUPS, key_of_ulid(id));
}

/* --- who waits --- */

struct group_place group_place_of(const struct signal *signal)
{
    return (struct group_place){ .fired_ms = signal->fired_ms, .signal = signal->id };
}

static struct store_key key_of_place(struct ulid id, struct group_place place)
{
    struct store_key key = key_of_ulid(id);

    key_add_time(&key, place.fired_ms);
    key_add_ulid(&key, place.signal);
    return key;
}

enum rc group_add_waiting(struct store_txn *txn, struct ulid id, struct group_place place)
{
    const struct store_key key = key_of_place(id, place);

    return store_put(txn, TABLE_GROUP_WAITING, key_slice(&key), SLICE(""));
}

enum rc group_remove_waiting(struct store_txn *txn, struct ulid id, struct group_place place)
{
    const struct store_key key = key_of_place(id, place);

    return store_delete(txn, TABLE_GROUP_WAITING, key_slice(&key));
}

/* No signal has the absent id, so that the zero place is before all. */
static struct store_key key_behind(struct ulid id, struct group_place place)
{
    if (!ulid_is_absent(place.signal))
        place.signal = ulid_plus(place.signal, 1);
    return key_of_place(id, place);
}

enum rc group_next_waiting(struct store_txn *txn, struct ulid id, struct group_place *place)
{
    const struct store_key group = key_of_ulid(id);
    struct slice key, value;
    uint64_t fired_ms;
    struct ulid ignored;
    enum rc rc = row_at_or_after(txn, TABLE_GROUP_WAITING, key_behind(id, *place), &key, &value);

    if (rc)
        return rc;
    if (!slice_starts(key, key_slice(&group)))
        return RC_NOT_FOUND;
    if (!key_read_ulid(&key, &ignored) || !key_read_u64(&key, &fired_ms) ||
        !key_read_ulid(&key, &place->signal))
        return RC_CORRUPT;
    place->fired_ms = (int64_t)fired_ms;
    return RC_OK;
}
