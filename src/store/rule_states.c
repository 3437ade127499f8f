#include "src/store/rule_states.h"

#include "src/base/digest.h"
#include "src/store/store_row.h"

#define KEY_BYTES 16

#define AT(member) .offset = offsetof(struct rule_state, member)
static const struct record_field rule_state_fields[] = {
    { .tag = 1, .type = RECORD_TEXT, AT(condition_version) },
    { .tag = 2, .type = RECORD_TIME, AT(since_ms) },
    { .tag = 3, .type = RECORD_TEXT, AT(rule) },
};
static const struct record_shape rule_state_shape = RECORD_SHAPE(rule_state, rule_state_fields);

static enum rc key_of(struct slice rule, struct store_key *key)
{
    struct sha256 digest;
    enum rc rc = sha256_of_parts(&rule, 1, &digest);

    if (rc)
        return rc;
    *key = (struct store_key){ .len = 0 };
    key_add(key, digest.bytes, KEY_BYTES);
    return RC_OK;
}

enum rc rule_state_get(struct store_txn *txn, struct slice rule, struct rule_state *state)
{
    struct store_key key;
    struct slice stored;
    enum rc rc = key_of(rule, &key);

    *state = (struct rule_state){ 0 };
    if (!rc)
        rc = store_get(txn, TABLE_RULE_STATES, key_slice(&key), &stored);
    return rc ? rc : record_borrow(&rule_state_shape, stored, NULL, state);
}

enum rc rule_state_since(struct store_txn *txn, struct slice rule, struct slice condition_version,
                         int64_t *since_ms)
{
    struct rule_state state;
    enum rc rc = rule_state_get(txn, rule, &state);

    *since_ms = !rc && slice_eq(state.condition_version, condition_version) ? state.since_ms : 0;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* The first row at or behind `at` whose rule is gone; its key. RC_NOT_FOUND: there is none. */
static enum rc find_gone(struct store_txn *txn, bool (*is_there)(void *context, struct slice rule),
                         void *context, struct store_key *at)
{
    struct store_cursor *cursor;
    struct slice key = key_slice(at), record;
    struct rule_state state = { 0 };
    enum rc rc = store_cursor_open(txn, TABLE_RULE_STATES, &cursor);

    if (rc)
        return rc;
    rc = store_cursor_move(cursor, at->len ? STORE_AT_OR_AFTER : STORE_FIRST, &key, &record);
    while (!rc) {
        rc = record_borrow(&rule_state_shape, record, NULL, &state);
        if (rc || !is_there(context, state.rule))
            break;
        rc = store_cursor_move(cursor, STORE_NEXT, &key, &record);
    }
    if (!rc) {
        *at = (struct store_key){ .len = 0 };
        key_add(at, (const uint8_t *)key.ptr, key.len);
    }
    store_cursor_close(cursor);
    return rc;
}

enum rc rule_states_keep(struct store_txn *txn, bool (*is_there)(void *context, struct slice rule),
                         void *context)
{
    struct store_key at = { .len = 0 };
    enum rc rc;

    while (!(rc = find_gone(txn, is_there, context, &at))) {
        rc = store_delete(txn, TABLE_RULE_STATES, key_slice(&at));
        if (rc)
            return rc;
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc rule_state_put(struct store_txn *txn, const struct rule_state *state)
{
    struct store_key key;
    enum rc rc = key_of(state->rule, &key);

    return rc ? rc : row_put(txn, TABLE_RULE_STATES, &rule_state_shape, key, state);
}
