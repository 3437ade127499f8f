#include "src/store/signals.h"

#include "src/base/digest.h"
#include "src/store/store_row.h"

const char *const signal_state_names[] = { "pending", "firing", "resolved", "idle", NULL };
const char *const severity_names[] = { "low", "medium", "high", "critical", NULL };
const char *const attention_names[] = { "none", "task", "proposal", "verifying", NULL };

const char *const hold_reason_names[] = { "none",      "cooldown", "silence",  "maintenance",
                                          "inhibited", "inactive", "flapping", "group",
                                          "budget",    NULL };

/* clang-format off */
#define AT(member) .offset = offsetof(struct hold, member)
static const struct record_field hold_fields[] = {
    { .tag = 1, .type = RECORD_ENUM, .name = "reason", .names = hold_reason_names, AT(reason) },
    { .tag = 2, .type = RECORD_TEXT, .name = "detail", AT(detail) },
    { .tag = 3, .type = RECORD_TIME, .name = "since", AT(since_ms) },
    { .tag = 4, .type = RECORD_TIME, .name = "until", AT(until_ms) },
    { .tag = 5, .type = RECORD_TIME, AT(wake_ms) },
    { .tag = 6, .type = RECORD_ENUM, .names = severity_names, AT(severity) },
};
#undef AT
/* clang-format on */
static const struct record_shape hold_shape = RECORD_SHAPE(hold, hold_fields);

#define AT(member) .offset = offsetof(struct signal, member)

/* clang-format off */
static const struct record_field signal_fields[] = {
    { .tag = 1,  .type = RECORD_ID,    .name = "id", .prefix = "sig_", AT(id) },
    { .tag = 2,  .type = RECORD_TEXT,  .name = "rule", AT(rule) },
    { .tag = 3,  .type = RECORD_TEXT,  .name = "rule_version", AT(rule_version) },
    { .tag = 4,  .type = RECORD_TEXTS, .name = "key", .always = true, AT(key) },
    { .tag = 5,  .type = RECORD_HEX,   .name = "fingerprint", AT(fingerprint) },
    { .tag = 6,  .type = RECORD_ENUM,  .name = "state", .names = signal_state_names, AT(state) },
    { .tag = 7,  .type = RECORD_ENUM,  .name = "severity", .names = severity_names, AT(severity) },
    { .tag = 8,  .type = RECORD_TEXT,  .name = "title", AT(title) },
    { .tag = 9,  .type = RECORD_INT,   .name = "episode", AT(episode) },
    { .tag = 10, .type = RECORD_INT,   .name = "count", .always = true, AT(count) },
    { .tag = 11, .type = RECORD_TIME,  .name = "first_seen", AT(first_seen_ms) },
    { .tag = 12, .type = RECORD_TIME,  .name = "last_seen", AT(last_seen_ms) },
    { .tag = 13, .type = RECORD_TIME,  AT(newest_ms) },
    { .tag = 14, .type = RECORD_INT,   .name = "late", AT(n_late) },
    { .tag = 15, .type = RECORD_TIME,  .name = "fired", AT(fired_ms) },
    { .tag = 16, .type = RECORD_TIME,  .name = "resolved", AT(resolved_ms) },
    { .tag = 17, .type = RECORD_TEXT,  .name = "resolved_by", AT(resolved_by) },
    { .tag = 18, .type = RECORD_JSON,  .name = "fields", AT(fields) },
    { .tag = 19, .type = RECORD_JSON,  .name = "first", AT(first_event), .same_as = offsetof(struct signal, last_event) },
    { .tag = 20, .type = RECORD_JSON,  .name = "last", AT(last_event) },
    { .tag = 21, .type = RECORD_IDS,   .name = "samples", .prefix = "evt_", AT(samples) },
    { .tag = 22, .type = RECORD_BYTES, AT(window) },
    { .tag = 23, .type = RECORD_ID,    .name = "task", .prefix = "tsk_", AT(task) },
    { .tag = 24, .type = RECORD_ID,    .name = "proposal", .prefix = "prp_", AT(proposal) },
    { .tag = 25, .type = RECORD_ENUM,  .names = attention_names, AT(attention) },
    { .tag = 26, .type = RECORD_TIME,  AT(quiet_due_ms) },
    { .tag = 27, .type = RECORD_TIME,  .name = "cooldown_until", AT(cooldown_until_ms) },
    { .tag = 28, .type = RECORD_TIME,  AT(newest_seen_ms) },
    { .tag = 29, .type = RECORD_INT,   AT(n_clears) },
    { .tag = 30, .type = RECORD_TIME,  AT(condition_due_ms) },
    { .tag = 31, .type = RECORD_HEX,   AT(condition_version) },
    { .tag = 32, .type = RECORD_BOOL,  .name = "overflow", AT(is_overflow) },
    { .tag = 48, .type = RECORD_BOOL,  .name = "stands_for_watcher", AT(stands_for_watcher) },
    { .tag = 33, .type = RECORD_TIME,  AT(cleared_ms) },
    { .tag = 40, .type = RECORD_STRUCT, .name = "held", .shape = &hold_shape, AT(hold) },
    { .tag = 41, .type = RECORD_BYTES, AT(links) },
    { .tag = 42, .type = RECORD_TIME,  AT(fired_before_ms[0]) },
    { .tag = 43, .type = RECORD_TIME,  AT(fired_before_ms[1]) },
    { .tag = 44, .type = RECORD_TIME,  .name = "flapping_until", AT(flapping_until_ms) },
    { .tag = 45, .type = RECORD_TEXT,  .name = "last_good", AT(last_good) },
    { .tag = 46, .type = RECORD_TEXT,  .name = "first_bad", AT(first_bad) },
    { .tag = 47, .type = RECORD_TIME,  AT(last_good_ms) },
    { .tag = 49, .type = RECORD_TIME,  AT(first_bad_ms) },
    { .tag = 50, .type = RECORD_ID,    AT(group) },
};
#undef AT
/* clang-format on */
const struct record_shape signal_shape = RECORD_SHAPE(signal, signal_fields);

static struct slice fingerprint_key(const struct fingerprint *fingerprint)
{
    return (struct slice){ .ptr = (const char *)fingerprint->bytes,
                           .len = sizeof(fingerprint->bytes) };
}

/* A signal is written often and its key never changes: it is looked up, and written only when it is not there. */
static enum rc put_key(struct store_txn *txn, const struct signal *signal)
{
    const struct store_key id = key_of_ulid(signal->id);
    struct fingerprint fingerprint;
    struct slice stored;
    enum rc rc = hex_parse(signal->fingerprint, fingerprint.bytes, sizeof(fingerprint.bytes));

    if (!rc)
        rc = store_get(txn, TABLE_SIGNAL_KEYS, fingerprint_key(&fingerprint), &stored);
    if (!rc && slice_eq(stored, key_slice(&id)))
        return RC_OK;
    if (rc && rc != RC_NOT_FOUND)
        return rc;
    return store_put(txn, TABLE_SIGNAL_KEYS, fingerprint_key(&fingerprint), key_slice(&id));
}

enum rc signal_put(struct store_txn *txn, const struct signal *signal)
{
    enum rc rc = signal->was_found ? RC_OK : put_key(txn, signal);

    return rc ? rc : object_put(txn, TABLE_SIGNALS, &signal_shape, signal->id, signal);
}

enum rc signal_get(struct store_txn *txn, struct ulid id, struct arena *arena,
                   struct signal *signal)
{
    return object_get(txn, TABLE_SIGNALS, &signal_shape, id, arena, signal);
}

enum rc signal_find(struct store_txn *txn, struct fingerprint fingerprint, struct arena *arena,
                    struct signal *signal)
{
    struct slice stored;
    struct ulid id;
    enum rc rc = store_get(txn, TABLE_SIGNAL_KEYS, fingerprint_key(&fingerprint), &stored);

    signal->was_found = false;
    if (rc)
        return rc;
    if (!key_read_ulid(&stored, &id))
        return RC_CORRUPT;
    rc = signal_get(txn, id, arena, signal);
    signal->was_found = !rc;
    return rc;
}

enum rc signal_delete(struct store_txn *txn, const struct signal *signal)
{
    const struct store_key id = key_of_ulid(signal->id);
    struct fingerprint fingerprint;
    enum rc rc = hex_parse(signal->fingerprint, fingerprint.bytes, sizeof(fingerprint.bytes));

    if (!rc)
        rc = store_delete(txn, TABLE_SIGNAL_KEYS, fingerprint_key(&fingerprint));
    if (!rc)
        rc = store_delete(txn, TABLE_SIGNALS, key_slice(&id));
    return rc;
}

/* clang-format off */
#define AT(member) .offset = offsetof(struct signal_glance, member)
static const struct record_field glance_fields[] = {
    { .tag = 2,  .type = RECORD_TEXT, AT(rule) },
    { .tag = 3,  .type = RECORD_TEXT, AT(rule_version) },
    { .tag = 6,  .type = RECORD_ENUM, .names = signal_state_names, AT(state) },
    { .tag = 7,  .type = RECORD_ENUM, .names = severity_names, AT(severity) },
    { .tag = 15, .type = RECORD_TIME, AT(fired_ms) },
    { .tag = 25, .type = RECORD_ENUM, .names = attention_names, AT(attention) },
    { .tag = 30, .type = RECORD_TIME, AT(condition_due_ms) },
};
#undef AT
/* clang-format on */
static const struct record_shape glance_shape = RECORD_SHAPE(signal_glance, glance_fields);

static enum rc read_glance(struct ulid id, struct slice record, struct signal_glance *glance)
{
    enum rc rc = record_borrow(&glance_shape, record, NULL, glance);

    glance->id = id; /* the record is read over the whole struct */
    return rc;
}

enum rc signal_glance_get(struct store_txn *txn, struct ulid id, struct signal_glance *glance)
{
    const struct store_key key = key_of_ulid(id);
    struct slice record;
    enum rc rc = store_get(txn, TABLE_SIGNALS, key_slice(&key), &record);

    return rc ? rc : read_glance(id, record, glance);
}

enum rc signal_glance_next(struct store_txn *txn, struct ulid after, struct signal_glance *glance)
{
    struct slice key, record;
    struct ulid id;
    enum rc rc =
        row_at_or_after(txn, TABLE_SIGNALS, key_of_ulid(ulid_plus(after, 1)), &key, &record);

    if (rc)
        return rc;
    if (!key_read_ulid(&key, &id))
        return RC_CORRUPT;
    return read_glance(id, record, glance);
}

const char *fingerprint_format(struct fingerprint fingerprint, char *text)
{
    return hex_format(fingerprint.bytes, sizeof(fingerprint.bytes), text);
}
