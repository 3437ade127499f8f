/* posting.h - the one who posts: what is owed to channels leaves, in order, within their limits, and what came of it goes back through the inlet.
 *
 * One thread. Its queue is the store (src/store/messages.h): it holds nothing but where each destination stands, so a channel that is away for a week costs disk
 * only, and a restart goes on where it was.
 *
 * - A destination (a place of a channel) has three lanes: cards, edits, notes. Each has one request under way at most, a token bucket (channel.h), and a time before
 *   which nothing leaves: Retry-After to the second, or backoff from 1 s doubling to 5 min with jitter. One that is slow or broken holds up no other.
 * - Before a card or a note leaves, engine_begin_message has committed that it does; an edit may be repeated. A lost answer, or a `sending` found at the start: look
 *   for it by its metadata first (channel_kind.searches), and only when a search 30 s after the loss finds nothing, send again.
 * - The newest state is rendered right before it leaves.
 * - A card whose proposal is over before it could be posted is skipped and counted; a digest says how many came and went.
 * - New proposals beyond a hundred at once and one a minute in one place wait, critical ones excepted: a flood is told in one message.
 * - A channel that could not take the card of a critical proposal for 2 minutes is spoken for by its fallback.
 */
#pragma once

#include "src/daemon/service.h"

struct posting;

enum rc posting_start(struct service *service, struct posting **posting) MUST_CHECK;
/* Nothing more leaves; what is under way has 5 s from now. Does not wait, so that others can end meanwhile. Accepts NULL. */
void posting_rest(struct posting *posting);
/* Waits for what is under way, up to 5 s since posting_rest (which it calls where nobody did); the rest stays owed. The inlet still works. Accepts NULL. */
void posting_stop(struct posting *posting);
void posting_free(struct posting *posting); /* accepts NULL */

/* From any thread: something is owed. */
void posting_wake(struct posting *posting);
/* From any thread: somebody has just decided this and looks at its card: its edit goes before all others, past our own bucket (never past a Retry-After). */
void posting_hurry(struct posting *posting, struct ulid proposal);

/* A request beside the queue: an answer to one person's click, a modal, a question about the channel. At once, in memory, and lost with the process. */
struct posting_aside {
    struct http_request request; /* copied, and everything it points to */
    int64_t
        give_up_ms; /* tried again until then (real time), with backoff and Retry-After; 0: one try */
    /* On the poster's thread; NULL: nobody asks. `answer` lives during the call. */
    void (*done)(void *context, enum rc rc, const struct http_answer *answer);
    void *context;
};
/* RC_LIMIT when 1000 wait already, RC_BUSY when we are stopping: then `done` is not called. */
enum rc posting_aside(struct posting *posting, const struct posting_aside *aside) MUST_CHECK;

/* How a channel is, for status, metrics and doctor. */
struct posting_facts {
    struct slice channel; /* in `arena` */
    const char *kind;
    size_t n_owed;            /* messages in its queue; counting stops at 10000 */
    int64_t oldest_ms;        /* since when the one that waits longest is owed; 0: none */
    int64_t failing_since_ms; /* real time; 0: well */
    int64_t next_try_ms;      /* real time; 0: not held */
    int64_t n_dead, n_skipped;
    struct slice error; /* of the last failure, with what to do; absent: well */
};
enum rc posting_list_facts(struct posting *posting, struct arena *arena,
                           struct posting_facts **facts, size_t *n_facts) MUST_CHECK;
