/* posting_private.h - what the files of the poster share: where each destination stands, and what is under way.
 *
 * All of it belongs to the poster's thread, but for what is atomic or stands behind the lock. Times are monotonic unless they are called real. */
#pragma once

#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/daemon/posting.h"
#include "src/daemon/posting_lanes.h"

#include <pthread.h>
#include <stdatomic.h>

#define POSTING_UNDER_WAY 64 /* requests at a time over all destinations, and as many asides */
#define POSTING_TIMEOUT_MS (15 * SECOND_MS)
#define POSTING_TRY_AGAIN_MS SECOND_MS /* what the store or memory refused */
#define POSTING_SCAN 100               /* messages of a lane that are looked at in one go */
#define POSTING_ERROR_BYTES 512

/* A channel, for as long as we run: also one that a reload took away. */
struct channel_state {
    struct channel_state *next;
    char *name;
    struct bucket edits;
    struct lane_hold hold;
    char error[POSTING_ERROR_BYTES]; /* of the last failure; "": well */
    bool is_failing;                 /* it was said in the log */
    enum channel_health told;        /* to the engine */
    int64_t skipped_ms;              /* when a card was skipped last */
    size_t n_owed;                   /* this and what follows: as counted last */
    int64_t oldest_real_ms;
    int64_t n_dead, n_skipped;
};

struct lane {
    struct bucket bucket;
    struct lane_hold hold;
    struct stuck stuck;
    struct send *send; /* what is under way; NULL: idle */
    uint64_t looked_for
        [8]; /* places in the queue whose messages were looked for too early to tell that they never arrived */
    size_t n_looked_for;
};

/* A place of a channel. */
struct destination {
    struct destination *next;
    struct channel_state *channel;
    struct slice place; /* absent: the channel has but one */
    struct message_destination id;
    bool has_id; /* something was in its queue since the start */
    struct lane lanes[MESSAGE_N_LANES];
    struct lane_hold hold;
    struct bucket attention; /* what people are shown of new proposals (FLOOD_RATE) */
    size_t n_cards;          /* that wait, as counted last */
    int64_t flood_told_ms;   /* when it was said that many wait; 0: never */
    uint64_t spoken_for; /* the fallback was asked about the cards up to this place in the queue */
    int64_t speak_ms;    /* and is not asked again before that */
};

/* One message on its way out, or what came of it on its way back. */
struct send {
    struct posting *posting;
    struct destination *destination;
    enum message_lane lane;
    struct arena *arena;
    const struct config *config; /* held */
    struct message message;
    struct proposal proposal;
    struct card card;
    struct channel_call call;
    bool has_proposal;
    bool is_proof; /* a search that finds nothing proves that nothing arrived */
    bool is_digest;
    struct channel_facts
        told; /* of the digest: what is kept once it was told; nothing: it says that many wait */
    struct http_transfer *transfer;
    bool was_unheard; /* nobody was there to take it: that says nothing of this message */
    bool has_result;
    struct channel_result result;
    int64_t report_ms; /* not before that the result, which could not be stored, is told again */
};

/* Somebody looks at this proposal's card. */
struct hurry {
    struct ulid proposal;
    int64_t until_ms;
};
#define POSTING_HURRIES 64
#define POSTING_HURRY_MS (10 * SECOND_MS)

/* What others are shown of a channel; real times. */
struct shown_channel {
    struct slice name;
    const char *kind;
    size_t n_owed;
    int64_t oldest_ms, failing_since_ms, next_try_ms, n_dead, n_skipped;
    char error[POSTING_ERROR_BYTES];
};

struct slack_directory;
struct aside;

struct posting {
    struct service *service;
    struct http_multi *multi;
    pthread_t thread;
    bool has_thread;
    _Atomic bool has_news;   /* something is owed, or a lane is free again */
    _Atomic bool has_config; /* another configuration is in force */
    _Atomic int64_t
        end_ms; /* resting: what is under way is waited for until then; 0: not resting */

    pthread_mutex_t lock; /* of what follows */
    struct hurry hurries[POSTING_HURRIES];
    size_t n_hurries;
    struct aside *new_asides; /* newest first */
    size_t n_asides;          /* all that there are */
    bool is_closed;           /* takes no aside any more */
    struct arena *shown_arena;
    struct shown_channel *shown;
    size_t n_shown;

    struct channel_state *channels; /* from here on: the thread's alone */
    struct destination *destinations;
    size_t n_under_way;
    struct aside *asides;
    size_t n_asides_under_way;
    struct slack_directory *directory;
    int64_t look_ms; /* when to look into the queue although there is no news */
    bool must_count;
    int64_t count_ms; /* not before that it is counted again */
    bool must_show;
    int64_t begun_ms;
};

static inline void posting_due(int64_t *due_ms, int64_t at_ms)
{
    if (at_ms < *due_ms)
        *due_ms = at_ms;
}
bool posting_is_resting(const struct posting *posting);
/* For jitter. */
uint32_t posting_random(void);

/* --- posting_places.c: where each channel and destination stands --- */

/* "what: why" into the POSTING_ERROR_BYTES of `place`, cut where it does not fit; `what` may be empty. */
void posting_keep_error(char *place, struct slice what, struct slice why);

/* NULL: out of memory; so with the next. */
struct channel_state *posting_channel(struct posting *posting, struct slice name);
struct destination *posting_destination(struct posting *posting, struct slice channel,
                                        struct slice place);
struct lane_holds posting_holds(struct destination *destination, enum message_lane lane);
/* From when on the lane may send; `channel` is its channel as configured now. */
int64_t posting_ready_ms(struct destination *destination, enum message_lane lane,
                         const struct channel *channel, bool is_hurried);
void posting_take_token(struct destination *destination, enum message_lane lane,
                        const struct channel *channel);
/* So many cards were posted there lately that the next ones wait for people's sake. */
bool posting_is_flooded(const struct destination *destination);
/* Takes in what came of a request: holds, what is said of it, metrics. */
void posting_take_outcome(struct send *send, const struct channel_result *result);
/* The same for what never left, for a reason of ours. */
void posting_take_refusal(struct send *send, enum rc rc);
/* Nothing waits in a lane any more. */
void posting_forget_failures(struct posting *posting, struct destination *destination,
                             enum message_lane lane);
/* A reload: what failed may be tried at once. */
void posting_lift_holds(struct posting *posting);
void posting_free_places(struct posting *posting);

/* --- posting_queue.c --- */

/* Starts what may leave, and what others must say instead; sets when there is more to do. */
void posting_look(struct posting *posting, int64_t *due_ms);

/* --- posting_card.c --- */

/* Reads the proposal of a send's message and what belongs to it: the card. RC_NOT_FOUND: the proposal is gone. */
enum rc posting_read_card(struct store_txn *txn, struct send *send) MUST_CHECK;

/* --- posting_send.c: one message, begun, rendered, sent, ended --- */

/* For a lane that is idle. RC_NOT_FOUND: its channel is not configured any more; what is owed to it is kept, it may come back. */
enum rc posting_new_send(struct posting *posting, struct destination *destination,
                         enum message_lane lane, struct send **send) MUST_CHECK;
/* Forgets it where it stands; its lane is free. Accepts NULL. */
void posting_free_send(struct send *send);
/* Takes `send` with its message: on its way, or settled. */
void posting_send_message(struct send *send);
/* Takes a send whose call is complete: a digest. */
void posting_send_digest(struct send *send);
/* After a turn that failed with `rc`: will what came of the send be told again in a moment? Else it never is. */
bool posting_report_later(struct send *send, enum rc rc);
/* What came back since. */
void posting_collect(struct posting *posting, int64_t *due_ms);

/* --- posting_fallback.c --- */

void posting_speak_for(struct posting *posting, struct destination *destination, int64_t *due_ms);

/* --- posting_digest.c --- */

/* Tells channels that answer again how many proposals came and went meanwhile. */
void posting_tell_digests(struct posting *posting, int64_t *due_ms);
/* Takes a digest that was answered. */
void posting_end_digest(struct send *send);
/* Starts one in a lane that is free, a note that belongs to no card. `write` puts its words into the arena of `send`, whose `told` is set. */
void posting_start_digest(struct posting *posting, struct destination *destination,
                          const struct channel_facts *told,
                          enum rc (*write)(struct send *send, void *context, struct slice *text),
                          void *context);
#define POSTING_NOT_NOW INT64_MAX /* the lane that is in the way makes news when it ends */
/* When a digest may leave there. */
int64_t posting_digest_ready_ms(struct posting *posting, struct destination *destination,
                                const struct channel *channel);

/* --- posting_budget.c --- */

/* Tells channels what waits for the review budget, where it is time. */
void posting_tell_budget(struct posting *posting, int64_t *due_ms);

/* --- posting_asides.c --- */

void posting_step_asides(struct posting *posting, int64_t *due_ms);
/* What its Retry-After asks for, at most a day; 0: nothing. */
int64_t posting_retry_after_ms(const struct http_answer *answer);
/* Ends all of them, and takes no more. */
void posting_end_asides(struct posting *posting);

/* --- posting_facts.c --- */

/* Counts what is owed and shows how everything stands, where something has changed. */
void posting_publish(struct posting *posting, int64_t *due_ms);

/* --- posting_health.c --- */

/* Tells the engine of channels that have failed for as long as their fallback waits before it speaks (TAKE_OVER_MS), and of those that post again: events for rules. */
void posting_tell_health(struct posting *posting, int64_t *due_ms);

/* --- posting_turns.c: what the engine is asked, and waited for --- */

enum rc posting_turn_begin(struct posting *posting, const struct engine_message *ref) MUST_CHECK;
enum rc posting_turn_end(struct posting *posting,
                         const struct engine_message_result *result) MUST_CHECK;
enum rc posting_turn_skip(struct posting *posting, struct ulid proposal,
                          struct slice channel) MUST_CHECK;
enum rc posting_turn_take_over(struct posting *posting, struct ulid proposal,
                               struct slice channel) MUST_CHECK;
enum rc posting_turn_note_channel(struct posting *posting,
                                  const struct channel_facts *facts) MUST_CHECK;
enum rc posting_turn_notify(struct posting *posting, const struct engine_notice *notice) MUST_CHECK;
enum rc posting_turn_note_group(struct posting *posting,
                                const struct group_members *members) MUST_CHECK;
