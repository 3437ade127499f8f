/* meta.h - single values of the store: counters, cursors, the schema's version.
 *
 * Key: the name as text. Value: u64 big-endian, or bytes where the row says so. */
#pragma once

#include "src/base/digest.h"
#include "src/store/store.h"

#define META_ITEMS(X)                                                                              \
    X(SCHEMA, "schema")     /* STORE_SCHEMA_VERSION */                                             \
    X(SEQUENCE, "sequence") /* last sequence number of the journal */                              \
    X(CURSOR, "cursor")     /* the last one that was folded */                                     \
    X(FEED_SEQUENCE, "feed_sequence")                                                              \
    X(OUTBOX_SEQUENCE, "outbox_sequence")                                                          \
    X(MESSAGE_SEQUENCE, "message_sequence") /* of the queue of messages */                         \
    X(AUDIT_NUMBER, "audit_number")         /* of the newest entry of the audit trail */           \
    X(JOURNAL_BYTES, "journal_bytes")       /* bytes of the rows kept, for retention */            \
    X(DICTIONARY_BYTES, "dictionary_bytes") /* of these, those of dictionaries.h */                \
    X(ENGINE_CLOCK, "engine_clock")         /* the latest time the engine acted at, ms */          \
    X(FOLD_ATTEMPT, "fold_attempt")         /* the cursor at the last start */                     \
    X(FOLD_TRIES,                                                                                  \
      "fold_tries") /* starts in a row that found it there, none after an orderly stop */          \
    X(FOLD_SUSPECT, "fold_suspect")   /* delivery that is being folded alone after a crash */      \
    X(SUSPECT_TRIES, "suspect_tries") /* how often that one was begun and not ended */             \
    X(CLEAN_STOP, "clean_stop")       /* 1 after an orderly stop */                                \
    X(MARK_KEY_1, "mark_key_1")       /* of log_mark.h: two halves of a random key */              \
    X(MARK_KEY_2, "mark_key_2")                                                                    \
    X(STARTED, "started")     /* engine's clock at the last start, ms */                           \
    X(PAUSED, "paused")       /* 1: nothing acts */                                                \
    X(RELATIONS, "relations") /* of the rules that `inhibit` stands for: ruleset.relations */      \
    X(RULESET_VERSION, "ruleset_version") /* first 8 bytes of the running rule set's hash */

enum meta_item {
#define META_ITEM(name, text) META_##name,
    META_ITEMS(META_ITEM)
#undef META_ITEM
        META_N_ITEMS
};

/* 0 when it was never set. */
enum rc meta_get(struct store_txn *txn, enum meta_item item, uint64_t *value) MUST_CHECK;
enum rc meta_set(struct store_txn *txn, enum meta_item item, uint64_t value) MUST_CHECK;
/* One more than before, stored. */
enum rc meta_next(struct store_txn *txn, enum meta_item item, uint64_t *value) MUST_CHECK;
