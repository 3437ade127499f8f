/* journal.h - what came in, raw, in order, before anybody looked at it.
 *
 * journal:   u64 sequence number -> record of struct journal_entry; a long body is packed (packing.h, dictionaries.h)
 * event_ids: ULID of the entry -> u64 sequence number
 * dead:      u64 sequence number -> record of struct dead_letter: entries that could not be folded, kept as long as the journal keeps them
 *
 * The commit that appends a delivery is its 2xx. Folding follows, and META_CURSOR moves in the transaction that holds its effects.
 * Decisions, results and reloads are folded in the transaction that appends them; `after` says up to where the deliveries
 * were folded then, so that a replay folds everything in the order of the live run.
 */
#pragma once

#include "src/base/event.h"
#include "src/store/record.h"
#include "src/store/store.h"

struct header {
    struct slice name; /* as the watcher's table spells it */
    struct slice value;
};

struct journal_entry {
    uint64_t seq;   /* set by journal_append */
    struct ulid id; /* of its first event; the i-th is ulid_plus(id, i) */
    enum door door;
    struct slice watcher; /* DOOR_DATA: the watcher's name */
    struct slice
        type; /* DOOR_DECISION: vedette.decision, vedette.silence, vedette.resolve, vedette.pause, vedette.resume; DOOR_RESULT: vedette.result; DOOR_RELOAD: vedette.reload, vedette.start */
    int64_t received_ms;
    uint64_t after;             /* not DOOR_DATA: META_CURSOR when it was folded */
    struct slice delivery_id;   /* as the sender gave it */
    struct slice body;          /* raw bytes, or JSON of ours */
    struct record_list headers; /* struct header; only those on the sender's list */
    struct slice
        event_type; /* as a header says it, absent where none does: what is alike is packed beside its like (dictionaries.h). Not kept: looked at by whoever appends, and to be copied by whoever keeps the entry until then */
};

extern const struct record_shape journal_entry_shape; /* of an entry as it is kept */

struct dictionaries;

/* Appends many: what they have in common is read and written once. */
struct journal_appender {
    struct store_txn *txn;
    struct dictionaries *dictionaries; /* NULL: each body is packed on its own */
    uint64_t seq;                      /* of the last one */
    uint64_t n_bytes;                  /* of all that is kept */
    struct buffer record, packed;      /* used again for each */
};
enum rc journal_appender_begin(struct store_txn *txn, struct dictionaries *dictionaries,
                               struct journal_appender *appender) MUST_CHECK;
enum rc journal_appender_append(struct journal_appender *appender,
                                struct journal_entry *entry) MUST_CHECK;
/* Frees it; `rc` is how it went, and what comes back if that is an error. */
enum rc journal_appender_end(struct journal_appender *appender, enum rc rc) MUST_CHECK;

enum rc journal_append(struct store_txn *txn, struct journal_entry *entry) MUST_CHECK;
enum rc journal_get(struct store_txn *txn, uint64_t seq, struct arena *arena,
                    struct journal_entry *entry) MUST_CHECK;
/* The entry that holds the event `id` (any of its parts); `part` is which. How many parts an entry has is not known here. */
enum rc journal_find(struct store_txn *txn, struct ulid id, struct arena *arena,
                     struct journal_entry *entry, uint32_t *part) MUST_CHECK;
/* The first DOOR_DATA entry after `seq`. RC_NOT_FOUND at the end; RC_CORRUPT with `entry->seq` set when a row on the way is damaged. */
enum rc journal_next_delivery(struct store_txn *txn, uint64_t seq, struct arena *arena,
                              struct journal_entry *entry) MUST_CHECK;
/* Newest first from before `seq` (0: from the end), as object_each_newest does. Where only the body is damaged, it is absent. */
enum rc journal_each_newest(struct store_txn *txn, uint64_t before_seq, size_t limit,
                            struct arena *arena,
                            bool (*visit)(void *context, const struct journal_entry *entry),
                            void *context) MUST_CHECK;
/* Likewise oldest first, from behind `after_seq` (0: from the first that is kept). */
enum rc journal_each_oldest(struct store_txn *txn, uint64_t after_seq, size_t limit,
                            struct arena *arena,
                            bool (*visit)(void *context, const struct journal_entry *entry),
                            void *context) MUST_CHECK;
/* Removes at most `limit` of the oldest entries, in order, while the oldest is folded and either received before `older_than_ms` or all of
 * them together are beyond `max_bytes`; sets how many. A damaged row that is folded goes with the oldest, as do dictionaries that nothing needs any more. */
enum rc journal_expire(struct store_txn *txn, int64_t older_than_ms, int64_t max_bytes,
                       size_t limit, size_t *n_removed) MUST_CHECK;

struct dead_letter {
    uint64_t seq;
    int64_t at_ms;
    struct slice reason;
    struct slice
        again; /* "evt_…": the delivery as which it was taken in again, which stands for it from then on; absent: it waits */
};
enum rc dead_letter_put(struct store_txn *txn, const struct dead_letter *letter) MUST_CHECK;
enum rc dead_letter_get(struct store_txn *txn, uint64_t seq, struct arena *arena,
                        struct dead_letter *letter) MUST_CHECK;
