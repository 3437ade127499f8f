/* feed.h - every change of a signal, task or proposal, in order, for the stream and `vedette tail`.
 *
 * Key: u64 feed sequence. Value: record of struct feed_item. The newest FEED_KEEP are kept. Written in the transaction of the change, so
 * a reader that resumes after a number misses nothing and sees nothing twice. */
#pragma once

#include "src/store/record.h"
#include "src/store/store.h"

#define FEED_KEEP 100000

struct feed_item {
    uint64_t seq;      /* set by feed_push */
    struct slice name; /* signal | task | proposal | event | silence */
    struct slice json; /* what happened */
};

enum rc feed_push(struct store_txn *txn, struct feed_item *item) MUST_CHECK;
/* The first item after `seq`; RC_NOT_FOUND at the end. */
enum rc feed_next(struct store_txn *txn, uint64_t seq, struct arena *arena,
                  struct feed_item *item) MUST_CHECK;
/* The numbers of the oldest and newest that are kept; both 0 when there is none. */
enum rc feed_range(struct store_txn *txn, uint64_t *oldest, uint64_t *newest) MUST_CHECK;
