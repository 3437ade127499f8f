/* inhibit.h - who holds back whom: `unless` and `while`, so that neither side has to be looked for among thousands.
 *
 * What two signals must have in common is one digest: the id of the rule that is named, the fields of `same` with their values.
 *
 * inhibit:       u8 side (0 fires, 1 watches), 16 bytes of the digest, ULID of the signal -> nothing
 * inhibit_walks: 16 bytes of the digest -> ULID of the watcher that was looked at last
 *
 * A signal has its rows while it fires; its member `links` lists them. */
#pragma once

#include "src/store/signals.h"

enum inhibit_side {
    INHIBIT_FIRES,  /* it is one that others name */
    INHIBIT_UNLESS, /* it watches: held while one fires */
    INHIBIT_WHILE,  /* it watches: held unless one fires */
    INHIBIT_SIDES
};

struct inhibit_link {
    enum inhibit_side side;
    struct fingerprint digest;
};
#define INHIBIT_LINK_BYTES (1 + FINGERPRINT_BYTES) /* of `links`: u8 side, digest */

/* Takes the first link off `links`; false when there is none. */
bool inhibit_read_link(struct slice *links, struct inhibit_link *link);
void inhibit_write_link(const struct inhibit_link *link, struct buffer *links);

enum rc inhibit_put(struct store_txn *txn, const struct inhibit_link *link,
                    struct ulid signal) MUST_CHECK;
/* RC_OK also when it is not there. */
enum rc inhibit_remove(struct store_txn *txn, const struct inhibit_link *link,
                       struct ulid signal) MUST_CHECK;
/* Some signal of this digest that fires; RC_NOT_FOUND. */
enum rc inhibit_find_firing(struct store_txn *txn, struct fingerprint digest,
                            struct ulid *signal) MUST_CHECK;
/* The next one behind `*signal` (absent: the first) that watches it. RC_NOT_FOUND at the end. */
enum rc inhibit_next_watcher(struct store_txn *txn, struct fingerprint digest,
                             struct ulid *signal) MUST_CHECK;

/* A walk over the watchers that goes on in another turn. RC_NOT_FOUND: none is under way. */
enum rc inhibit_walk_get(struct store_txn *txn, struct fingerprint digest,
                         struct ulid *signal) MUST_CHECK;
enum rc inhibit_walk_put(struct store_txn *txn, struct fingerprint digest,
                         struct ulid signal) MUST_CHECK;
enum rc inhibit_walk_end(struct store_txn *txn, struct fingerprint digest) MUST_CHECK;
