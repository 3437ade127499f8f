/* outbox.h - effects we owe the outside world, kept until their result is known.
 *
 * Key: u64 id. Value: record of struct outbox_item.
 *
 * An item is written in the transaction of the transition that caused it: a
 * crash leaves both or neither. What only collects evidence or checks is done again after a crash, under
 * the same id; a step of a plan is never started a second time.
 */
#pragma once

#include "src/store/record.h"
#include "src/store/store.h"

enum outbox_channel {
    OUTBOX_EVIDENCE, /* for a task: an action with effect none, lines of a log; may be repeated */
    OUTBOX_CHECK,    /* a step's precondition; may be repeated */
    OUTBOX_STEP,     /* a step of an approved plan: at most once */
    OUTBOX_VERIFY,   /* verify: {check: ACTION}; may be repeated */
    OUTBOX_UNDO,     /* the undo of a step: at most once */
    OUTBOX_N_CHANNELS
};
extern const char *const outbox_channel_names[];

/* Lines to be looked for in the files of a log watcher. A sample is the raw text of one of the signal's own lines; one of LOG_SAMPLE_BYTES is its line's beginning. */
struct log_wanted {
    struct slice watcher;      /* absent: the item is no such search */
    int64_t first_ms;          /* event times: when the signal was first seen, */
    int64_t last_ms;           /* and last */
    int64_t around_ms;         /* before the one and after the other */
    struct slice match;        /* a pattern as rules write it; absent: none */
    struct slice_list samples; /* without `match`; none: all lines are meant */
    int64_t n_lines;           /* at most */
};
#define LOG_SAMPLE_BYTES 4096

struct outbox_item {
    uint64_t id; /* set by outbox_push; never used twice, restarts included */
    enum outbox_channel channel;
    struct ulid object;     /* the task or proposal it is for */
    int64_t part;           /* index of the evidence or step */
    int64_t revision;       /* of the proposal */
    struct slice action;    /* its name, for metrics and logs */
    struct slice_list argv; /* a command; or */
    struct slice request;   /* a request, as in struct step */
    struct slice_list env;  /* names of our environment that the child may see */
    struct slice user;
    int64_t timeout_ms; /* since the start; of a search in a log since `created_ms` */
    int64_t not_before_ms;
    int64_t tries;
    int64_t created_ms;
    struct log_wanted log;
};

extern const struct record_shape outbox_item_shape;

/* Only looks, and may be done again after a crash or a stop: evidence, checks, verifications. The others act. */
bool outbox_may_repeat(enum outbox_channel channel);

/* Adds `item` and sets its id. Borrows the slices: they are copied before it returns. */
enum rc outbox_push(struct store_txn *txn, struct outbox_item *item) MUST_CHECK;
enum rc outbox_get(struct store_txn *txn, uint64_t id, struct arena *arena,
                   struct outbox_item *item) MUST_CHECK;
enum rc outbox_remove(struct store_txn *txn, uint64_t id) MUST_CHECK;
/* The first item with an id above `after`; RC_NOT_FOUND at the end. */
enum rc outbox_next(struct store_txn *txn, uint64_t after, struct arena *arena,
                    struct outbox_item *item) MUST_CHECK;

/* What an effect came to: the body (a record) of the vedette.result event that takes the item out of the outbox. */
enum effect_state {
    EFFECT_DONE,        /* exit 0, or a 2xx answer */
    EFFECT_FAILED,      /* anything else that is known */
    EFFECT_TIMED_OUT,   /* ended by us at its timeout */
    EFFECT_NOT_STARTED, /* it provably never ran */
    EFFECT_UNKNOWN,     /* it may have run: a crash in between, or an answer that was lost */
};
extern const char *const effect_state_names[];

struct effect_result {
    uint64_t item; /* the outbox id */
    enum outbox_channel channel;
    struct ulid object;
    int64_t part;
    int64_t revision;
    enum effect_state state;
    int64_t exit_code; /* or the HTTP status */
    int64_t exited;    /* 1: there is such a code; 0: killed, timed out, never started */
    struct slice output;
    bool truncated;
    int64_t bytes;
    struct slice sha256;
    struct slice error;   /* absent when done */
    struct slice finding; /* of a search: the first line that it was about; absent: none */
    int64_t started_ms, finished_ms;
};
extern const struct record_shape effect_result_shape;
