#include "src/store/proposals.h"

#include "src/base/digest.h"
#include "src/store/store_row.h"

#include <string.h>

#define SHORT_LETTERS 5
#define SHORT_TRIES                                                                                \
    256 /* one byte counts them; with a fifth of all short ids taken, the fourth try fails once in 600 */

const char *const proposal_state_names[] = {
    "open",       "approved", "running", "verifying",   "verified",     "recurred", "inconclusive",
    "done",       "failed",   "unknown", "stale",       "rejected",     "expired",  "withdrawn",
    "superseded", "undoing",  "undone",  "undo_failed", "undo_unknown", NULL,
};
const char *const verdict_names[] = { "approve", "reject",    "ack",  "snooze", "edit",
                                      "respond", "take_back", "undo", "settle", NULL };
const char *const reason_names[] = { "wrong_cause", "wrong_action", "known",
                                     "too_late",    "not_worth_it", NULL };
const char *const step_state_names[] = { "planned", "checking", "running",     "done",
                                         "failed",  "unknown",  "not_started", NULL };
const char *const effect_names[] = { "none", "write", "external", NULL };
const char *const verify_kind_names[] = { "none", "ok", "quiet", "check", NULL };

/* clang-format off */
#define AT(member) .offset = offsetof(struct decision, member)
static const struct record_field decision_fields[] = {
    { .tag = 1,  .type = RECORD_ENUM, .name = "verdict", .names = verdict_names, AT(verdict) },
    { .tag = 2,  .type = RECORD_TEXT, .name = "by", AT(by) },
    { .tag = 3,  .type = RECORD_TEXT, .name = "via", AT(via) },
    { .tag = 4,  .type = RECORD_TIME, .name = "at", AT(at_ms) },
    { .tag = 5,  .type = RECORD_INT,  .name = "revision", AT(revision) },
    { .tag = 6,  .type = RECORD_TEXT, .name = "plan_digest", AT(plan_digest) },
    { .tag = 7,  .type = RECORD_TEXT, .name = "reason", AT(reason) },
    { .tag = 8,  .type = RECORD_TEXT, .name = "note", AT(note) },
    { .tag = 9,  .type = RECORD_INT,  .name = "for_ms", AT(for_ms) },
    { .tag = 10, .type = RECORD_TEXT, .name = "settle", AT(settle) },
    { .tag = 11, .type = RECORD_BOOL, .name = "void", AT(is_void) },
    { .tag = 12, .type = RECORD_JSON, .name = "params", AT(params) },
};
#undef AT
const struct record_shape decision_shape = RECORD_SHAPE(decision, decision_fields);

#define AT(member) .offset = offsetof(struct step, member)
static const struct record_field step_fields[] = {
    { .tag = 1,  .type = RECORD_TEXT,  .name = "action", AT(action) },
    { .tag = 2,  .type = RECORD_JSON,  .name = "params", AT(params) },
    { .tag = 3,  .type = RECORD_TEXTS, .name = "argv", AT(argv) },
    { .tag = 4,  .type = RECORD_JSON,  .name = "request", AT(request) },
    { .tag = 5,  .type = RECORD_TEXT,  .name = "why", AT(why) },
    { .tag = 6,  .type = RECORD_ENUM,  .name = "effect", .names = effect_names, AT(effect) },
    { .tag = 7,  .type = RECORD_TEXT,  .name = "undo", AT(undo) },
    { .tag = 8,  .type = RECORD_TEXTS, .name = "check", AT(check) },
    { .tag = 9,  .type = RECORD_TEXTS, .name = "env", AT(env) },
    { .tag = 10, .type = RECORD_TEXT,  .name = "user", AT(user) },
    { .tag = 11, .type = RECORD_INT,   .name = "timeout_ms", AT(timeout_ms) },
    { .tag = 12, .type = RECORD_ENUM,  .name = "state", .names = step_state_names, AT(state) },
    { .tag = 13, .type = RECORD_TEXT,  .name = "output", AT(output) },
    { .tag = 14, .type = RECORD_BOOL,  .name = "output_truncated", AT(output_truncated) },
    { .tag = 15, .type = RECORD_INT,   .name = "exit_code", .always = true,
      .only_with = offsetof(struct step, exited), AT(exit_code) },
    { .tag = 16, .type = RECORD_TEXT,  .name = "error", AT(error) },
    { .tag = 17, .type = RECORD_ENUM,  .names = step_state_names, AT(undo_state) },
    { .tag = 18, .type = RECORD_TIME,  AT(checked_ms) },
    { .tag = 19, .type = RECORD_TIME,  .name = "started", AT(started_ms) },
    { .tag = 20, .type = RECORD_TIME,  .name = "finished", AT(finished_ms) },
    { .tag = 21, .type = RECORD_INT,   AT(exited) },
    { .tag = 22, .type = RECORD_LIST,  .shape = &step_shape, AT(undo_step) },
};
#undef AT
const struct record_shape step_shape = RECORD_SHAPE(step, step_fields);

#define AT(member) .offset = offsetof(struct approver_rule, member)
static const struct record_field approver_fields[] = {
    { .tag = 1, .type = RECORD_TEXTS, .name = "from", .always = true, AT(from) },
    { .tag = 2, .type = RECORD_INT,   .name = "need", .always = true, AT(need) },
    { .tag = 3, .type = RECORD_TEXTS, .name = "not", AT(not_from) },
};
#undef AT
static const struct record_shape approver_shape = RECORD_SHAPE(approver_rule, approver_fields);

#define AT(member) .offset = offsetof(struct track_record, member)
static const struct record_field track_record_fields[] = {
    { .tag = 1, .type = RECORD_INT, .name = "proposed", .always = true, AT(proposed) },
    { .tag = 2, .type = RECORD_INT, .name = "approved", .always = true, AT(approved) },
    { .tag = 3, .type = RECORD_INT, .name = "rejected", .always = true, AT(rejected) },
    { .tag = 4, .type = RECORD_INT, .name = "ignored", .always = true, AT(ignored) },
    { .tag = 5, .type = RECORD_INT, .name = "verified", .always = true, AT(verified) },
    { .tag = 6, .type = RECORD_INT, .name = "recurred", .always = true, AT(recurred) },
};
#undef AT
const struct record_shape track_record_shape = RECORD_SHAPE(track_record, track_record_fields);

#define AT(member) .offset = offsetof(struct proposal, member)
static const struct record_field proposal_fields[] = {
    { .tag = 1,  .type = RECORD_ID,     .name = "id", .prefix = "prp_", AT(id) },
    { .tag = 2,  .type = RECORD_TEXT,   .name = "short", AT(short_id) },
    { .tag = 3,  .type = RECORD_INT,    .name = "revision", AT(revision) },
    { .tag = 4,  .type = RECORD_ENUM,   .name = "state", .names = proposal_state_names, AT(state) },
    { .tag = 5,  .type = RECORD_TEXT,   .name = "rule", AT(rule) },
    { .tag = 6,  .type = RECORD_TEXT,   .name = "rule_version", AT(rule_version) },
    { .tag = 7,  .type = RECORD_TEXTS,  .name = "key", .always = true, AT(key) },
    { .tag = 8,  .type = RECORD_ID,     .name = "signal", .prefix = "sig_", AT(signal) },
    { .tag = 9,  .type = RECORD_TEXT,   .name = "fingerprint", AT(fingerprint) },
    { .tag = 10, .type = RECORD_INT,    .name = "episode", AT(episode) },
    { .tag = 11, .type = RECORD_IDS,    .name = "signals", .prefix = "sig_", .always = true, AT(signals) },
    { .tag = 12, .type = RECORD_TEXT,   .name = "title", AT(title) },
    { .tag = 13, .type = RECORD_ENUM,   .name = "severity", .names = severity_names, AT(severity) },
    { .tag = 14, .type = RECORD_TIME,   .name = "created", AT(created_ms) },
    { .tag = 15, .type = RECORD_TIME,   .name = "updated", AT(updated_ms) },
    { .tag = 16, .type = RECORD_TIME,   .name = "expires", AT(expires_ms) },
    { .tag = 17, .type = RECORD_INT,    AT(expires_after_ms) },
    { .tag = 18, .type = RECORD_INT,    .name = "count", .always = true, AT(count) },
    { .tag = 19, .type = RECORD_TIME,   .name = "first_seen", AT(first_seen_ms) },
    { .tag = 20, .type = RECORD_TIME,   .name = "last_seen", AT(last_seen_ms) },
    { .tag = 21, .type = RECORD_ID,     .name = "task", .prefix = "tsk_", AT(task) },
    { .tag = 22, .type = RECORD_STRUCT, .name = "diagnosis", .shape = &diagnosis_shape, AT(diagnosis) },
    { .tag = 23, .type = RECORD_STRUCT, .name = "approvers", .always = true, .shape = &approver_shape, AT(approvers) },
    { .tag = 24, .type = RECORD_LIST,   .name = "plan", .always = true, .shape = &step_shape, AT(plan) },
    { .tag = 25, .type = RECORD_TEXT,   .name = "plan_digest", AT(plan_digest) },
    { .tag = 26, .type = RECORD_TEXT,   .name = "refused", AT(refused) },
    { .tag = 27, .type = RECORD_LIST,   .name = "decisions", .always = true, .shape = &decision_shape, AT(decisions) },
    { .tag = 28, .type = RECORD_TEXT,   .name = "acknowledged_by", AT(acknowledged_by) },
    { .tag = 29, .type = RECORD_TIME,   .name = "snoozed_until", AT(snoozed_until_ms) },
    { .tag = 30, .type = RECORD_TIME,   .name = "hold_until", AT(hold_until_ms) },
    { .tag = 31, .type = RECORD_INT,    AT(hold_ms_page) },
    { .tag = 32, .type = RECORD_INT,    AT(hold_ms_local) },
    { .tag = 33, .type = RECORD_ENUM,   .name = "verify", .names = verify_kind_names, AT(verify) },
    { .tag = 34, .type = RECORD_TEXTS,  .name = "verify_check", AT(verify_check) },
    { .tag = 35, .type = RECORD_INT,    .name = "verify_ms", AT(verify_ms) },
    { .tag = 36, .type = RECORD_TIME,   .name = "verify_until", AT(verify_until_ms) },
    { .tag = 37, .type = RECORD_INT,    AT(cooldown_ms) },
    { .tag = 38, .type = RECORD_INT,    AT(retries) },
    { .tag = 39, .type = RECORD_ID,     .name = "earlier", .prefix = "prp_", AT(earlier) },
    { .tag = 40, .type = RECORD_TEXT,   .name = "earlier_outcome", AT(earlier_outcome) },
    { .tag = 41, .type = RECORD_STRUCT, .name = "track_record", .always = true, .shape = &track_record_shape, AT(track_record) },
    { .tag = 42, .type = RECORD_TEXT,   .name = "outcome", AT(outcome) },
    { .tag = 43, .type = RECORD_TIME,   .name = "closed", AT(closed_ms) },
    { .tag = 44, .type = RECORD_STRUCT, .shape = &step_shape, AT(verify_step) },
    { .tag = 45, .type = RECORD_TEXT,   .name = "edited", AT(edited) },
    { .tag = 46, .type = RECORD_TEXT,   .name = "last_good", AT(last_good) },
    { .tag = 47, .type = RECORD_TEXT,   .name = "first_bad", AT(first_bad) },
    { .tag = 48, .type = RECORD_BOOL,   .name = "borrowed", AT(is_borrowed) },
    { .tag = 50, .type = RECORD_INT,    .name = "more_signals", AT(n_more) },
    { .tag = 51, .type = RECORD_ID,     AT(group) },
};
#undef AT
/* clang-format on */
const struct record_shape proposal_shape = RECORD_SHAPE(proposal, proposal_fields);

/* --- short ids --- */

/* Consonants only, without j and l, which look like i and 1: nobody reads one letter for another, and no word comes out. */
static const char letters[] = "bcdfghkmnpqrstvwxz";
#define N_LETTERS (sizeof(letters) - 1)

static bool is_short(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!memchr(letters, text.ptr[i], N_LETTERS))
            return false;
    }
    return text.len == SHORT_LETTERS;
}

/* The letters that `id` gives at the given try. */
static enum rc letters_of(struct ulid id, uint8_t attempt, char text[SHORT_LETTERS])
{
    const struct slice parts[] = {
        { .ptr = (const char *)id.bytes, .len = sizeof(id.bytes) },
        { .ptr = (const char *)&attempt, .len = sizeof(attempt) },
    };
    struct sha256 digest;
    enum rc rc = sha256_of_parts(parts, 2, &digest);
    uint64_t number = 0;

    for (size_t i = 0; i < sizeof(number); i++)
        number = number << 8 | digest.bytes[i];
    for (size_t i = 0; i < SHORT_LETTERS; i++) {
        text[i] = letters[number % N_LETTERS];
        number /= N_LETTERS;
    }
    return rc;
}

/* RC_OK when it is nobody's or already that of `id`; RC_CONFLICT. */
static enum rc check_free(struct store_txn *txn, struct slice short_id, struct ulid id)
{
    const struct store_key owner = key_of_ulid(id);
    struct slice stored;
    enum rc rc = store_get(txn, TABLE_PROPOSAL_SHORTS, short_id, &stored);

    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    return slice_eq(stored, key_slice(&owner)) ? RC_OK : RC_CONFLICT;
}

enum rc proposal_make_short(struct store_txn *txn, struct ulid id, struct arena *arena,
                            struct slice *short_id)
{
    enum rc rc = RC_CONFLICT;

    for (unsigned attempt = 0; attempt < SHORT_TRIES && rc == RC_CONFLICT; attempt++) {
        char text[SHORT_LETTERS];

        rc = letters_of(id, (uint8_t)attempt, text);
        if (!rc)
            rc = check_free(txn, (struct slice){ .ptr = text, .len = sizeof(text) }, id);
        if (!rc)
            return arena_copy(arena, (struct slice){ .ptr = text, .len = sizeof(text) }, short_id);
    }
    return rc;
}

static enum rc put_short(struct store_txn *txn, const struct proposal *proposal)
{
    const struct store_key id = key_of_ulid(proposal->id);
    struct slice stored;
    enum rc rc;

    if (!is_short(proposal->short_id))
        return RC_INVALID;
    rc = store_get(txn, TABLE_PROPOSAL_SHORTS, proposal->short_id, &stored);
    if (rc == RC_NOT_FOUND)
        return store_put(txn, TABLE_PROPOSAL_SHORTS, proposal->short_id, key_slice(&id));
    if (rc)
        return rc;
    return slice_eq(stored, key_slice(&id)) ? RC_OK : RC_CONFLICT;
}

/* --- the proposals of a signal --- */

static enum rc key_of_fingerprint(struct slice fingerprint_hex, struct store_key *key)
{
    struct fingerprint fingerprint;
    enum rc rc = hex_parse(fingerprint_hex, fingerprint.bytes, sizeof(fingerprint.bytes));

    if (rc)
        return rc;
    *key = (struct store_key){ .len = 0 };
    key_add(key, fingerprint.bytes, sizeof(fingerprint.bytes));
    return RC_OK;
}

static enum rc place_of(struct ulid id, struct slice fingerprint_hex, struct store_key *key)
{
    enum rc rc = key_of_fingerprint(fingerprint_hex, key);

    if (!rc)
        key_add_ulid(key, id);
    return rc;
}

enum rc proposal_add_signal(struct store_txn *txn, struct ulid id, struct slice fingerprint_hex)
{
    struct store_key key;
    struct slice stored;
    enum rc rc = place_of(id, fingerprint_hex, &key);

    if (rc)
        return rc;
    rc = store_get(txn, TABLE_SIGNAL_PROPOSALS, key_slice(&key), &stored);
    return rc == RC_NOT_FOUND ? store_put(txn, TABLE_SIGNAL_PROPOSALS, key_slice(&key), SLICE(""))
                              : rc;
}

enum rc proposal_remove_signal(struct store_txn *txn, struct ulid id, struct slice fingerprint_hex)
{
    struct store_key key;
    enum rc rc = place_of(id, fingerprint_hex, &key);

    return rc ? rc : row_forget(txn, TABLE_SIGNAL_PROPOSALS, key);
}

/* The id at the end of a row's key. */
static enum rc add_id(struct ulid_list *ids, size_t limit, struct slice key, struct arena *arena)
{
    if (!ids->items)
        ids->items = arena_alloc(arena, limit, sizeof(*ids->items));
    if (!ids->items)
        return RC_NO_MEMORY;
    key.ptr += FINGERPRINT_BYTES;
    key.len -= FINGERPRINT_BYTES;
    return key_read_ulid(&key, &ids->items[ids->n_items++]) ? RC_OK : RC_CORRUPT;
}

enum rc proposal_list_of_signal(struct store_txn *txn, struct slice fingerprint_hex, size_t limit,
                                struct arena *arena, struct ulid_list *ids)
{
    struct ulid past_all;
    struct store_key first, at;
    enum rc rc = key_of_fingerprint(fingerprint_hex, &first);

    *ids = (struct ulid_list){ 0 };
    if (rc)
        return rc;
    memset(past_all.bytes, 0xff, sizeof(past_all.bytes));
    at = first;
    key_add_ulid(&at, past_all);
    while (ids->n_items < limit && !rc) {
        struct slice key, value;

        rc = row_before(txn, TABLE_SIGNAL_PROPOSALS, at, &key, &value);
        if (rc || !slice_starts(key, key_slice(&first)))
            break;
        rc = add_id(ids, limit, key, arena);
        if (!rc)
            rc = key_copy(key, &at);
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* --- one proposal --- */

enum rc proposal_put(struct store_txn *txn, const struct proposal *proposal)
{
    enum rc rc = put_short(txn, proposal);

    if (!rc)
        rc = proposal_add_signal(txn, proposal->id, proposal->fingerprint);
    return rc ? rc : object_put(txn, TABLE_PROPOSALS, &proposal_shape, proposal->id, proposal);
}

enum rc proposal_get(struct store_txn *txn, struct ulid id, struct arena *arena,
                     struct proposal *proposal)
{
    return object_get(txn, TABLE_PROPOSALS, &proposal_shape, id, arena, proposal);
}

enum rc proposal_state_get(struct store_txn *txn, struct ulid id, enum proposal_state *state)
{
    static const struct record_field fields[] = {
        { .tag = 4,
          .type = RECORD_ENUM,
          .names = proposal_state_names,
          .offset = offsetof(struct proposal, state) },
    };
    static const struct record_shape shape = RECORD_SHAPE(proposal, fields);
    const struct store_key key = key_of_ulid(id);
    struct proposal proposal = { 0 };
    struct slice record;
    enum rc rc = store_get(txn, TABLE_PROPOSALS, key_slice(&key), &record);

    if (!rc)
        rc = record_borrow(&shape, record, NULL, &proposal);
    *state = proposal.state;
    return rc;
}

enum rc proposal_find(struct store_txn *txn, struct slice name, struct arena *arena,
                      struct proposal *proposal)
{
    struct slice stored;
    struct ulid id;
    enum rc rc;

    if (!ulid_parse(name, "prp_", &id))
        return proposal_get(txn, id, arena, proposal);
    if (!is_short(name))
        return RC_NOT_FOUND;
    rc = store_get(txn, TABLE_PROPOSAL_SHORTS, name, &stored);
    if (rc)
        return rc;
    if (!key_read_ulid(&stored, &id))
        return RC_CORRUPT;
    return proposal_get(txn, id, arena, proposal);
}

bool proposal_state_is_final(enum proposal_state state)
{
    static const bool is_final[PROPOSAL_STATES] = {
        [PROPOSAL_VERIFIED] = true,     [PROPOSAL_RECURRED] = true, [PROPOSAL_INCONCLUSIVE] = true,
        [PROPOSAL_DONE] = true,         [PROPOSAL_FAILED] = true,   [PROPOSAL_STALE] = true,
        [PROPOSAL_REJECTED] = true,     [PROPOSAL_EXPIRED] = true,  [PROPOSAL_WITHDRAWN] = true,
        [PROPOSAL_SUPERSEDED] = true,   [PROPOSAL_UNDONE] = true,   [PROPOSAL_UNDO_FAILED] = true,
        [PROPOSAL_UNDO_UNKNOWN] = true,
    };

    return is_final[state];
}

enum rc proposal_delete(struct store_txn *txn, const struct proposal *proposal)
{
    enum rc rc = proposal_remove_signal(txn, proposal->id, proposal->fingerprint);

    if (!rc)
        rc = store_delete(txn, TABLE_PROPOSAL_SHORTS, proposal->short_id);
    if (!rc || rc == RC_NOT_FOUND)
        rc = object_delete(txn, TABLE_PROPOSALS, proposal->id);
    return rc;
}
