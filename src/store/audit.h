/* audit.h - the append-only trail of what people decided and what was done, each row chained to the one before it.
 *
 * Key: u64 number from 1, without gaps. Value: record of struct audit_entry. `hash` is SHA-256 over the hash before it (its 64 hex characters;
 * none before the first) and the entry's canonical JSON (members in the order of the table, without `hash`), one directly after the other, so
 * that a changed, missing or moved row shows. META_AUDIT_NUMBER holds the last number, so that rows missing at the end show too.
 * Nothing removes a row. */
#pragma once

#include "src/base/digest.h"
#include "src/store/record.h"
#include "src/store/store.h"

struct audit_entry {
    int64_t number; /* set by audit_append */
    int64_t at_ms;
    struct slice
        what; /* decision | refused | step.started | step.finished | proposal.<state> | reload | pause … */
    struct slice who; /* a person, or "vedette" */
    struct slice via;
    struct slice object; /* prp_… and the like */
    struct slice detail; /* JSON object */
    struct slice hash;   /* 64 hex characters; made by audit_append, set where an entry is read */
};
extern const struct record_shape audit_entry_shape;

enum rc audit_append(struct store_txn *txn, struct audit_entry *entry) MUST_CHECK;
/* Newest first from before `number` (0: from the end), until `visit` returns false. The arena is reset between visits; a damaged row is
 * passed over and logged: audit_verify names it. */
enum rc audit_each_newest(struct store_txn *txn, int64_t before_number, size_t limit,
                          struct arena *arena,
                          bool (*visit)(void *context, const struct audit_entry *entry),
                          void *context) MUST_CHECK;
/* Checks at most `limit` entries from `from` on against the hash chain (`from` 1 starts it; the one before `from` is taken as checked).
 * RC_OK and `*next` past what was checked; RC_CORRUPT and `*next` the first bad number. Sets `*done` when the end was reached. The arena
 * is reset between entries. */
enum rc audit_verify(struct store_txn *txn, int64_t from, size_t limit, struct arena *arena,
                     int64_t *next, bool *done) MUST_CHECK;
