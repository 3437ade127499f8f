#include "src/store/watcher_states.h"

#include "src/base/digest.h"
#include "src/base/log.h"
#include "src/store/store_row.h"

#include <string.h>

#define AT(member) .offset = offsetof(struct known_watcher, member)
static const struct record_field watcher_state_fields[] = {
    { .tag = 1, .type = RECORD_TEXT, AT(name) },
    { .tag = 2, .type = RECORD_TEXT, AT(away) },
    { .tag = 3, .type = RECORD_TIME, AT(heard_since_ms) },
    { .tag = 4, .type = RECORD_BOOL, AT(catches_up) },
    { .tag = 5, .type = RECORD_BOOL, AT(reads_on) },
};
static const struct record_shape watcher_state_shape =
    RECORD_SHAPE(known_watcher, watcher_state_fields);

enum rc watcher_object(struct slice watcher, struct ulid *object)
{
    struct sha256 digest;
    enum rc rc = sha256_of_parts(&watcher, 1, &digest);

    if (!rc)
        memcpy(object->bytes, digest.bytes, sizeof object->bytes);
    return rc;
}

static enum rc key_of(struct slice name, struct store_key *key)
{
    struct ulid object;
    enum rc rc = watcher_object(name, &object);

    if (!rc)
        *key = key_of_ulid(object);
    return rc;
}

enum rc watcher_state_get(struct store_txn *txn, struct slice name, struct arena *arena,
                          struct known_watcher *state)
{
    struct ulid object;
    enum rc rc = watcher_object(name, &object);

    return rc ? rc : watcher_state_of(txn, object, arena, state);
}

enum rc watcher_state_of(struct store_txn *txn, struct ulid watcher, struct arena *arena,
                         struct known_watcher *state)
{
    *state = (struct known_watcher){ 0 };
    return row_get(txn, TABLE_WATCHER_STATES, &watcher_state_shape, key_of_ulid(watcher), arena,
                   state);
}

enum rc watcher_state_put(struct store_txn *txn, const struct known_watcher *state)
{
    struct store_key key;
    enum rc rc = key_of(state->name, &key);

    return rc ? rc : row_put(txn, TABLE_WATCHER_STATES, &watcher_state_shape, key, state);
}

enum rc watcher_state_remove(struct store_txn *txn, struct slice name)
{
    struct store_key key;
    enum rc rc = key_of(name, &key);

    return rc ? rc : row_forget(txn, TABLE_WATCHER_STATES, key);
}

/* There are as many as there were ever watchers: few, so that counting them first costs nothing. */
static enum rc read_all(struct store_txn *txn, struct arena *arena, struct known_watcher *states,
                        size_t n_room, size_t *n_states)
{
    struct row_walk walk = { .txn = txn,
                             .table = TABLE_WATCHER_STATES,
                             .shape = &watcher_state_shape };
    struct known_watcher state;
    struct arena *scratch = NULL;
    enum rc rc = arena_new((size_t)1 << 20, &scratch);

    walk.arena = scratch;
    walk.object = &state;
    *n_states = 0;
    while (!rc && !(rc = row_walk_back(&walk))) {
        if (*n_states < n_room) {
            states[*n_states] = state;
            rc = arena_copy(arena, state.name, &states[*n_states].name);
            if (!rc)
                rc = arena_copy(arena, state.away, &states[*n_states].away);
        }
        ++*n_states;
    }
    arena_free(scratch);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc watcher_states_list(struct store_txn *txn, struct arena *arena, struct record_list *states)
{
    size_t n_states = 0;
    struct known_watcher *items;
    enum rc rc = read_all(txn, arena, NULL, 0, &n_states);

    if (rc)
        return rc;
    items = arena_alloc(arena, n_states + 1, sizeof *items);
    if (!items)
        return RC_NO_MEMORY;
    *states = (struct record_list){ items, n_states };
    return read_all(txn, arena, items, n_states, &n_states);
}

enum rc watcher_waiting_put(struct store_txn *txn, struct slice watcher, struct ulid signal)
{
    struct store_key key;
    enum rc rc = key_of(watcher, &key);

    if (rc)
        return rc;
    key_add_ulid(&key, signal);
    return store_put(txn, TABLE_WATCHER_WAITING, key_slice(&key), SLICE(""));
}

enum rc watcher_waiting_take(struct store_txn *txn, struct ulid watcher, struct ulid *signal)
{
    struct store_key found_key;
    struct ulid found;
    struct slice key, value;
    enum rc rc = row_at_or_after(txn, TABLE_WATCHER_WAITING, key_of_ulid(watcher), &key, &value);

    if (!rc)
        rc = key_copy(key, &found_key);
    if (rc)
        return rc;
    if (!key_read_ulid(&key, &found) || ulid_compare(found, watcher) ||
        !key_read_ulid(&key, signal))
        return RC_NOT_FOUND;
    return row_forget(txn, TABLE_WATCHER_WAITING, found_key);
}
