/* store.h - one LMDB environment: tables, and the transaction that changes them together.
 *
 * LMDB stops in store.c. One write transaction at a time (the engine's); readers take
 * a snapshot and never wait. Full synchronisation: after store_commit the bytes
 * are on the disk. The map is made once at its maximum and never resized.
 * Flags that trade durability for speed, duplicate keys and nested transactions are not used.
 *
 * store_open_memory gives the same interface over memory, for rule tests and
 * replays: nothing is touched and nothing survives. It belongs to one thread,
 * and its readers take no snapshot: they see what is written at once.
 */
#pragma once

#include "src/base/arena.h"
#include "src/base/problem.h"

struct store;
struct store_txn;

/* name, what its keys and values are (the table's own header says it byte by byte) */
#define STORE_TABLES(X)                                                                            \
    X(META, "meta")                         /* meta.h */                                           \
    X(JOURNAL, "journal")                   /* journal.h */                                        \
    X(DICTIONARIES, "dictionaries")         /* dictionaries.h */                                   \
    X(DICTIONARY_ENDS, "dictionary_ends")   /* dictionaries.h */                                   \
    X(EVENT_IDS, "event_ids")               /* journal.h */                                        \
    X(DEAD, "dead")                         /* journal.h */                                        \
    X(DELIVERIES, "deliveries")             /* deliveries.h */                                     \
    X(DELIVERY_LOG, "delivery_log")         /* fresh_deliveries.h */                               \
    X(SIGNALS, "signals")                   /* signals.h */                                        \
    X(SIGNAL_KEYS, "signal_keys")           /* signals.h */                                        \
    X(TASKS, "tasks")                       /* tasks.h */                                          \
    X(PROPOSALS, "proposals")               /* proposals.h */                                      \
    X(PROPOSAL_SHORTS, "proposal_shorts")   /* proposals.h */                                      \
    X(SIGNAL_PROPOSALS, "signal_proposals") /* proposals.h */                                      \
    X(TRACK_RECORDS, "track_records")       /* track_records.h */                                  \
    X(OUTBOX, "outbox")                     /* outbox.h */                                         \
    X(TIMERS, "timers")                     /* timers.h */                                         \
    X(FEED, "feed")                         /* feed.h */                                           \
    X(CHANGES, "changes")                   /* changes.h */                                        \
    X(AUDIT, "audit")                       /* audit.h */                                          \
    X(RULESETS, "rulesets")                 /* rulesets.h */                                       \
    X(OFFSETS, "offsets")                   /* offsets.h */                                        \
    X(MESSAGES, "messages")                 /* messages.h */                                       \
    X(MESSAGE_QUEUE, "message_queue")       /* messages.h */                                       \
    X(CHANNEL_FACTS, "channel_facts")       /* messages.h */                                       \
    X(GROUP_MEMBERS, "group_members")       /* messages.h */                                       \
    X(GROUPS, "groups")                     /* groups.h */                                         \
    X(GROUP_WAITING, "group_waiting")       /* groups.h */                                         \
    X(SILENCES, "silences")                 /* silences.h */                                       \
    X(SILENCE_ENDS, "silence_ends")         /* silences.h */                                       \
    X(HELD, "held")                         /* held.h */                                           \
    X(HELD_WALKS, "held_walks")             /* held.h */                                           \
    X(BUDGET, "budget")                     /* budget.h */                                         \
    X(RULE_STATES, "rule_states")           /* rule_states.h */                                    \
    X(INHIBIT, "inhibit")                   /* inhibit.h */                                        \
    X(INHIBIT_WALKS, "inhibit_walks")       /* inhibit.h */                                        \
    X(WATCHER_STATES, "watcher_states")     /* watcher_states.h */                                 \
    X(WATCHER_WAITING, "watcher_waiting")   /* watcher_states.h */

enum store_table {
#define STORE_TABLE(name, text) TABLE_##name,
    STORE_TABLES(STORE_TABLE)
#undef STORE_TABLE
        STORE_N_TABLES
};
extern const char *const store_table_names[]; /* NULL-ended, in the order of the enum */

/* 1: records of format 1 (record.h). 2: no body is packed (packing.h). 3: all delivery ids lie in their days (fresh_deliveries.h). 4: no body is packed beside a dictionary (dictionaries.h). What is older is read, row by row, and counts as this one from the first opening on. */
#define STORE_SCHEMA_VERSION 5
#define STORE_KEY_BYTES 511
#define STORE_DATA_PERCENT                                                                         \
    90 /* above it data is refused; what is left is for decisions and results */
/* With less room on the disk nothing is stored but by store_use_last_room: file systems keep some hundred KiB for
 * themselves, and whether a commit still fits into what is left is luck. Above the second one, it has room again. */
#define STORE_LAST_ROOM_BYTES ((int64_t)1 << 20)
#define STORE_ROOM_AGAIN_BYTES (2 * STORE_LAST_ROOM_BYTES)

struct store_options {
    const char *directory; /* made with mode 0700 when absent */
    int64_t max_bytes;     /* size of the map */
};

/* Opens or makes the store and takes its lock (a lock of our own on DIRECTORY/lock that holds our pid: a second daemon is refused and told the
 * first one's pid, RC_BUSY). A store of a newer schema is RC_INVALID, a directory that is read-only or lies on a network file system RC_IO,
 * a damaged file RC_CORRUPT. Adds what is wrong to `problems`. Its descriptors are closed on exec. */
enum rc store_open(const struct store_options *options, struct problems *problems,
                   struct store **store) MUST_CHECK;
enum rc store_open_memory(struct store **store) MUST_CHECK;
/* Accepts NULL. No transaction may be open. */
void store_close(struct store *store);

/* The write transaction; waits for the one before it. Only the engine's thread (and tests) call this. */
enum rc store_begin(struct store *store, struct store_txn **txn) MUST_CHECK;
/* A snapshot for reading, from any thread; end it with store_abort, and soon. RC_BUSY when all reader slots are taken. */
enum rc store_begin_read(struct store *store, struct store_txn **txn) MUST_CHECK;
/* Has its commit go as far as the disk goes: for what makes room, and for what a start and a stop must note. NULL does nothing. */
void store_use_last_room(struct store_txn *txn);
/* Makes all of it durable, or none: RC_FULL (disk or map, or the disk has less than
 * STORE_LAST_ROOM_BYTES; the next may succeed), RC_IO (whoever sees it must stop: what the disk holds is
 * not known; from then on the store begins nothing). After a change that failed with RC_FULL the whole transaction fails with it.
 * `*txn` is NULL afterwards either way. */
enum rc store_commit(struct store_txn **txn) MUST_CHECK;
/* Drops the changes; accepts NULL and a committed one. */
void store_abort(struct store_txn **txn);
struct store *store_of(struct store_txn *txn);

/* Keys are 1 to STORE_KEY_BYTES long, made by us: digests and counters, never text from outside; anything else is RC_LIMIT.
 * Values that are read are borrowed until the transaction ends or writes again, and are not aligned. */
enum rc store_get(struct store_txn *txn, enum store_table table, struct slice key,
                  struct slice *value) MUST_CHECK;
enum rc store_put(struct store_txn *txn, enum store_table table, struct slice key,
                  struct slice value) MUST_CHECK;
/* RC_CONFLICT when the key is there. */
enum rc store_put_new(struct store_txn *txn, enum store_table table, struct slice key,
                      struct slice value) MUST_CHECK;
/* As store_put, and cheaper where the key sorts behind all others, as numbers that count up do. */
enum rc store_append(struct store_txn *txn, enum store_table table, struct slice key,
                     struct slice value) MUST_CHECK;
/* RC_NOT_FOUND when it is not there. */
enum rc store_delete(struct store_txn *txn, enum store_table table, struct slice key) MUST_CHECK;
/* Rows in a table. */
enum rc store_count(struct store_txn *txn, enum store_table table, uint64_t *n_rows) MUST_CHECK;

/* Walks one table in key order. Close before the transaction ends. Where rows are removed on the way, the next move is one that names
 * its place (STORE_FIRST, STORE_AT_OR_AFTER, …). */
struct store_cursor;
enum store_move {
    STORE_FIRST,
    STORE_LAST,
    STORE_NEXT,
    STORE_PREVIOUS,
    STORE_AT_OR_AFTER, /* the first row whose key is >= the given one */
    STORE_BEFORE,      /* the last row whose key is < the given one */
};
enum rc store_cursor_open(struct store_txn *txn, enum store_table table,
                          struct store_cursor **cursor) MUST_CHECK;
void store_cursor_close(struct store_cursor *cursor);
/* `*key` is read for STORE_AT_OR_AFTER and STORE_BEFORE and set by all. RC_NOT_FOUND past either end. */
enum rc store_cursor_move(struct store_cursor *cursor, enum store_move move, struct slice *key,
                          struct slice *value) MUST_CHECK;

/* Pages in use (freed ones not counted) and the map's size, in bytes, as of the last commit. Cheap enough for every batch: the freed
 * pages are counted anew every 16 commits, so that what is freed or used again in between shows a little later. */
enum rc store_usage(struct store_txn *txn, int64_t *used_bytes, int64_t *max_bytes) MUST_CHECK;
/* Frees the slots of readers that died, and has the next store_usage or store_disk_room count what was freed. Now and then, and when the store seems full. */
void store_check_readers(struct store *store);
/* Makes the file longer ahead of the next commits, which are cheaper for it (preallocation.h), where the disk has room
 * for that. For the thread of store_begin alone, whose writes it must not meet; within a transaction, and after one that
 * failed until the next has ended, it does nothing. */
void store_preallocate(struct store *store);
/* What commits may still take: of the disk and, where that has less than STORE_ROOM_AGAIN_BYTES, of pages of the store that
 * are free, too; INT64_MAX in memory and where the file system does not tell. Any thread. */
enum rc store_disk_room(struct store *store, int64_t *bytes) MUST_CHECK;

/* Fault seam for tests: the next `n` commits fail with `rc`. */
void store_fail_commits(struct store *store, unsigned n, enum rc rc);
