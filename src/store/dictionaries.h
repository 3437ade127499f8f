/* dictionaries.h - what deliveries that are alike have in common, kept once: their bodies are packed beside it (packing.h).
 *
 * Those of one watcher and event type are a family: the same members, the same people and addresses, other numbers. Its dictionary is a few of them,
 * one behind another; now and then one more is put behind those before, so that it follows what comes.
 *
 * dictionaries:    u64 sequence number of the first journal entry that may use it -> record of struct dictionary
 * dictionary_ends: u64 number of the first entry that cannot use it any more, u64 its key in dictionaries -> nothing
 *
 * It serves until its family has another one or has to give up its place, and DICTIONARY_SERVES numbers at most; it goes as soon as the journal begins behind that. A damaged one takes
 * the bodies of its entries along, which are set aside as those of damaged entries are, until somebody notices (dictionaries_doubt). What cannot be
 * read of the tables is no reason to accept nothing: without a dictionary a body is packed on its own.
 * Those in use are in memory as well, for one thread: the engine's. Whoever unpacks reads them from the store. */
#pragma once

#include "src/base/buffer.h"
#include "src/store/packing.h"
#include "src/store/store.h"

#define DICTIONARY_SERVES 100000
/* So many families have a place in memory, some 50 KB each. Another one takes that of one without a dictionary, the one that has not come for longest. */
#define DICTIONARY_FAMILIES 64
/* A family has its first one when three bodies or more have taken 8 KB, packed; another when they have taken 512 KB beside it, or twice that and ever more where it was no help. */
#define DICTIONARY_FIRST_BODIES 3
#define DICTIONARY_FIRST_BYTES 8192
#define DICTIONARY_NEXT_BYTES ((uint64_t)16 * PACK_DICTIONARY_MAX_BYTES)
/* None is made where all together would take more than a share of the journal, or than this if that is more. They are
 * a sixteenth of what they serve: it binds where there are many families for a short journal. */
#define DICTIONARY_ALL_BYTES ((uint64_t)262144)
#define DICTIONARY_SHARE 8
/* Of longer bodies nearly all is out of a dictionary's reach: they are packed on their own. */
#define DICTIONARY_BODY_MAX_BYTES 131072
/* Of a longer name the beginning counts. */
#define DICTIONARY_NAME_BYTES 128

struct dictionary {
    struct slice watcher, event_type; /* cut */
    struct slice text;
};

struct dictionaries;
/* Empty, to be read. NULL: there is no memory. Free with dictionaries_free, which accepts NULL. */
struct dictionaries *dictionaries_new(void) MUST_CHECK;
void dictionaries_free(struct dictionaries *dictionaries);
/* Reads those in use: at the start, after a transaction that lost one, and when they are in doubt; else it does nothing. Before dictionaries_pack. */
enum rc dictionaries_read(struct dictionaries *dictionaries, struct store_txn *txn) MUST_CHECK;

/* A body on its way into the journal. */
struct dictionary_body {
    uint64_t seq;             /* of its entry */
    uint64_t n_journal_bytes; /* that are kept already */
    struct slice watcher;
    struct slice event_type; /* absent: not known */
    struct slice text;
    /* Set by dictionaries_pack. */
    bool is_packed;      /* else it stays as it is */
    uint64_t dictionary; /* which it was packed with; 0: none */
    uint64_t n_bytes;    /* of a dictionary that was made of it */
};
/* Replaces what `packed` holds, and may make a dictionary for those that follow. */
enum rc dictionaries_pack(struct dictionaries *dictionaries, struct store_txn *txn,
                          struct dictionary_body *body, struct buffer *packed) MUST_CHECK;
/* The transaction has ended. What it made stands, or all is read again as the table has it. */
void dictionaries_end(struct dictionaries *dictionaries, bool is_committed);

/* A body could not be unpacked: what is in memory may be damaged in the store. It is read again before it is used. */
void dictionaries_doubt(struct dictionaries *dictionaries);

/* The text for dictionary_body.dictionary, borrowed as by store_get. RC_CORRUPT also when it is not there. */
enum rc dictionary_text(struct store_txn *txn, uint64_t id, struct slice *text) MUST_CHECK;
/* Removes those that no entry from `oldest_seq` on can need; `*n_bytes` of them all. */
enum rc dictionaries_expire(struct store_txn *txn, uint64_t oldest_seq,
                            uint64_t *n_bytes) MUST_CHECK;
