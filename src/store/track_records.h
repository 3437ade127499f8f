/* track_records.h - what became of a rule's proposals, by rule and version.
 *
 * Key: 16 bytes of SHA-256 over rule id and version. Value: record of struct track_record. */
#pragma once

#include "src/store/proposals.h"

extern const struct record_shape track_record_shape;
/* All zero when there is none. */
enum rc track_record_get(struct store_txn *txn, struct slice rule, struct slice version,
                         struct track_record *record) MUST_CHECK;
enum rc track_record_put(struct store_txn *txn, struct slice rule, struct slice version,
                         const struct track_record *record) MUST_CHECK;
