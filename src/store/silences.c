#include "src/store/silences.h"

#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/store/kept_values.h"
#include "src/store/store_row.h"

const char *const silence_state_names[] = { "active", "over", NULL };

/* clang-format off */
#define AT(member) .offset = offsetof(struct silence_clause, member)
static const struct record_field clause_fields[] = {
    { .tag = 1, .type = RECORD_TEXT, .name = "field", AT(field) },
    { .tag = 2, .type = RECORD_TEXT, .name = "value", AT(value) },
};
#undef AT
static const struct record_shape clause_shape = RECORD_SHAPE(silence_clause, clause_fields);

#define AT(member) .offset = offsetof(struct silence, member)
static const struct record_field silence_fields[] = {
    { .tag = 1,  .type = RECORD_ID,   .name = "id", .prefix = "sil_", AT(id) },
    { .tag = 2,  .type = RECORD_ENUM, .name = "state", .names = silence_state_names, AT(state) },
    { .tag = 3,  .type = RECORD_LIST, .shape = &clause_shape, AT(where) },
    { .tag = 4,  .type = RECORD_TEXT, .name = "reason", AT(reason) },
    { .tag = 5,  .type = RECORD_TEXT, .name = "by", AT(by) },
    { .tag = 6,  .type = RECORD_TEXT, .name = "via", AT(via) },
    { .tag = 7,  .type = RECORD_TIME, .name = "created", AT(created_ms) },
    { .tag = 8,  .type = RECORD_TIME, .name = "until", AT(until_ms) },
    { .tag = 9,  .type = RECORD_TIME, .name = "ended", AT(ended_ms) },
    { .tag = 10, .type = RECORD_TEXT, .name = "ended_by", AT(ended_by) },
    { .tag = 11, .type = RECORD_ID,   .prefix = "sig_", AT(asked_up_to) },
};
#undef AT
/* clang-format on */
const struct record_shape silence_shape = RECORD_SHAPE(silence, silence_fields);

/* --- what one may be --- */

static const char *clause_fault(const struct silence_clause *clause)
{
    if (!clause->field.len || clause->field.len > SILENCE_MAX_FIELD_BYTES ||
        slice_has_control(clause->field))
        return "a member of `where` is the name of a field, of at most 256 bytes";
    if (!clause->value.len || clause->value.len > SILENCE_MAX_VALUE_BYTES ||
        slice_has_control(clause->value))
        return "a value of `where` is a text that is not empty, of at most 1024 bytes";
    return NULL;
}

/* A severity that there is not holds nothing. */
static bool has_severity(const struct silence_clause *clause)
{
    int ignored;

    return !slice_eq(clause->field, SLICE("severity")) ||
           !slice_to_enum(clause->value, severity_names, &ignored);
}

static const char *severity_fault(const struct silence *silence)
{
    const struct silence_clause *clauses = silence->where.items;

    for (size_t i = 0; i < silence->where.n_items; i++)
        if (!has_severity(&clauses[i]))
            return "`severity` is low, medium, high or critical";
    return NULL;
}

const char *silence_where_fault(const struct silence *silence)
{
    const struct silence_clause *clauses = silence->where.items;
    const char *fault = NULL;

    if (!silence->where.n_items || silence->where.n_items > SILENCE_MAX_CLAUSES)
        return "`where` names 1 to 16 fields: {\"rule\": \"ci-*\", \"service\": \"shop\"}";
    for (size_t i = 0; i < silence->where.n_items && !fault; i++)
        fault = clause_fault(&clauses[i]);
    return fault;
}

const char *silence_fault(const struct silence *silence, int64_t now_ms)
{
    const char *fault = silence_where_fault(silence);

    if (!fault)
        fault = severity_fault(silence);
    if (fault)
        return fault;
    if (!slice_trim(silence->reason).len || silence->reason.len > SILENCE_MAX_REASON_BYTES)
        return "`reason` says why, in 1 to 1000 bytes";
    if (silence->until_ms < now_ms + SILENCE_MIN_MS || silence->until_ms > now_ms + SILENCE_MAX_MS)
        return "a silence lasts from 1 minute to 30 days";
    return NULL;
}

int64_t silence_end_ms(const struct silence *silence)
{
    return silence->ended_ms ? silence->ended_ms : silence->until_ms;
}

void silence_write_where(const struct silence *silence, struct json_writer *writer)
{
    const struct silence_clause *clauses = silence->where.items;

    json_key(writer, "where");
    json_object_begin(writer);
    for (size_t i = 0; i < silence->where.n_items; i++) {
        json_key_slice(writer, clauses[i].field);
        json_write_text(writer, clauses[i].value);
    }
    json_object_end(writer);
}

void silence_write_json(const struct silence *silence, struct json_writer *writer)
{
    json_object_begin(writer);
    record_write_members(&silence_shape, silence, writer);
    silence_write_where(silence, writer);
    json_object_end(writer);
}

/* --- rows --- */

static struct store_key key_of_end(int64_t end_ms, struct ulid id)
{
    struct store_key key = { .len = 0 };

    key_add_time(&key, end_ms);
    key_add_ulid(&key, id);
    return key;
}

/* Of what is stored under this id, its place among the ends. */
static enum rc forget_end(struct store_txn *txn, struct ulid id)
{
    static const struct record_field end_fields[] = {
        { .tag = 8, .type = RECORD_TIME, .offset = offsetof(struct silence, until_ms) },
        { .tag = 9, .type = RECORD_TIME, .offset = offsetof(struct silence, ended_ms) },
    };
    static const struct record_shape end_shape = RECORD_SHAPE(silence, end_fields);
    const struct store_key key = key_of_ulid(id);
    struct silence stored = { 0 };
    struct slice record;
    enum rc rc = store_get(txn, TABLE_SILENCES, key_slice(&key), &record);

    if (!rc)
        rc = record_borrow(&end_shape, record, NULL, &stored);
    if (!rc)
        rc = row_forget(txn, TABLE_SILENCE_ENDS, key_of_end(silence_end_ms(&stored), id));
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc silence_put(struct store_txn *txn, const struct silence *silence)
{
    const struct store_key end = key_of_end(silence_end_ms(silence), silence->id);
    enum rc rc = forget_end(txn, silence->id);

    if (!rc)
        rc = store_put(txn, TABLE_SILENCE_ENDS, key_slice(&end), SLICE(""));
    return rc ? rc : object_put(txn, TABLE_SILENCES, &silence_shape, silence->id, silence);
}

enum rc silence_get(struct store_txn *txn, struct ulid id, struct arena *arena,
                    struct silence *silence)
{
    return object_get(txn, TABLE_SILENCES, &silence_shape, id, arena, silence);
}

enum rc silence_delete(struct store_txn *txn, const struct silence *silence)
{
    enum rc rc = forget_end(txn, silence->id);

    return rc ? rc : object_delete(txn, TABLE_SILENCES, silence->id);
}

/* --- by their end --- */

static enum rc next_end(struct store_txn *txn, struct silence_place *place)
{
    const struct store_key from = key_of_end(place->end_ms, ulid_plus(place->id, 1));
    struct slice key, value;
    uint64_t end_ms;
    enum rc rc = row_at_or_after(txn, TABLE_SILENCE_ENDS, from, &key, &value);

    if (rc)
        return rc;
    if (!key_read_u64(&key, &end_ms) || !key_read_ulid(&key, &place->id))
        return RC_CORRUPT;
    place->end_ms = (int64_t)end_ms;
    return RC_OK;
}

enum rc silence_next(struct store_txn *txn, struct silence_place *place, struct arena *arena,
                     struct silence *silence)
{
    char text[ULID_TEXT_BYTES];

    for (;;) {
        enum rc rc = next_end(txn, place);

        if (rc)
            return rc;
        rc = silence_get(txn, place->id, arena, silence);
        if (rc != RC_CORRUPT && rc != RC_NOT_FOUND)
            return rc;
        log_error("damaged silence passed over id=sil_%s", ulid_format(place->id, text));
    }
}

enum rc silence_list_active(struct store_txn *txn, int64_t now_ms, struct arena *arena,
                            struct silence_list *list)
{
    struct silence_place place = { .end_ms = now_ms + 1 };
    struct silence silence = { 0 };
    enum rc rc = RC_OK;

    *list = (struct silence_list){ 0 };
    list->items = arena_alloc(arena, SILENCE_MAX_ACTIVE, sizeof *list->items);
    if (!list->items)
        return RC_NO_MEMORY;
    while (list->n_items < SILENCE_MAX_ACTIVE && !(rc = silence_next(txn, &place, arena, &silence)))
        list->items[list->n_items++] = silence;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* --- what they hold --- */

/* "signal.key[1]": the second value of the key. */
static bool is_key_value(struct slice field, size_t *i)
{
    const struct slice before = SLICE("signal.key[");
    struct slice number;
    int64_t value;

    if (!slice_starts(field, before) || !slice_ends(field, SLICE("]")))
        return false;
    number = (struct slice){ field.ptr + before.len, field.len - before.len - 1 };
    if (slice_to_int(number, &value) || value < 0)
        return false;
    *i = (size_t)value;
    return true;
}

static bool key_value_is(const struct signal *signal, size_t i, struct slice value)
{
    return i < signal->key.n_items && slice_eq(signal->key.items[i], value);
}

static enum rc event_has(struct kept_values *kept, const struct silence_clause *clause, bool *holds)
{
    struct slice value;
    enum rc rc = kept_value(kept, clause->field, &value);

    *holds = !rc && slice_eq(value, clause->value);
    return rc;
}

static enum rc clause_holds(struct kept_values *kept, const struct silence_clause *clause,
                            bool *holds)
{
    const struct signal *signal = kept->signal;
    size_t i;

    if (slice_eq(clause->field, SLICE("rule")))
        *holds = slice_matches_glob(signal->rule, clause->value);
    else if (slice_eq(clause->field, SLICE("severity")))
        *holds = slice_eq(slice_of(severity_names[signal->severity]), clause->value);
    else if (is_key_value(clause->field, &i))
        *holds = key_value_is(signal, i, clause->value);
    else
        return event_has(kept, clause, holds);
    return RC_OK;
}

static enum rc all_hold(struct kept_values *kept, const struct silence *silence, bool *hold)
{
    const struct silence_clause *clauses = silence->where.items;
    enum rc rc = RC_OK;

    *hold = silence->where.n_items > 0;
    for (size_t i = 0; i < silence->where.n_items && *hold && !rc; i++)
        rc = clause_holds(kept, &clauses[i], hold);
    return rc;
}

enum rc silence_matches(const struct silence *silence, const struct signal *signal, bool *matches)
{
    struct kept_values kept = { .signal = signal };
    enum rc rc = all_hold(&kept, silence, matches);

    kept_values_free(&kept);
    return rc;
}

enum rc silence_list_find(const struct silence_list *list, const struct signal *signal,
                          int64_t now_ms, const struct silence **found)
{
    struct kept_values kept = { .signal = signal };
    enum rc rc = RC_OK;

    *found = NULL;
    for (size_t i = 0; i < list->n_items && !rc; i++) {
        const struct silence *silence = &list->items[i];
        bool holds = false;

        if (silence_end_ms(silence) <= now_ms)
            continue;
        rc = all_hold(&kept, silence, &holds);
        if (holds && (!*found || silence_end_ms(silence) > silence_end_ms(*found)))
            *found = silence;
    }
    kept_values_free(&kept);
    return rc;
}
