/* evidence.h - collectors that need nothing but the store: what changed just before, what became of it last time.
 *
 * Each fills one struct evidence but its id: a short text that a tired engineer can read, and its hash. The text of changes and of similar proposals is a line that
 * says how many there are, then a line for each, newest first; diagnosis.c reads it so. What could not be collected is EVIDENCE_FAILED with the reason, never an empty text. */
#pragma once

#include "src/base/playbook.h"
#include "src/store/changes.h"
#include "src/store/outbox.h"
#include "src/store/proposals.h"

/* Pushes, deploys, releases of the signal's repo or service in the `within_ms` before it was first seen (at most 20 lines, newest first). */
enum rc evidence_changes(struct store_txn *txn, const struct signal *signal, int64_t within_ms,
                         int64_t now_ms, struct arena *arena, struct evidence *evidence) MUST_CHECK;
/* The last `limit` (at most 20) decided or expired proposals of this signal and what became of each. */
enum rc evidence_similar(struct store_txn *txn, const struct signal *signal, int64_t limit,
                         int64_t now_ms, struct arena *arena, struct evidence *evidence) MUST_CHECK;
/* What an action with effect none returned, or a search in a log; EVIDENCE_FAILED, with what it printed, when it did not succeed. */
enum rc evidence_from_result(const struct outbox_item *item, const struct effect_result *result,
                             struct arena *arena, struct evidence *evidence) MUST_CHECK;
