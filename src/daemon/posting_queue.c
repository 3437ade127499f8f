#include "src/daemon/posting_private.h"

#include <string.h>

#define SCAN_ARENA_BYTES ((size_t)16 << 20)
#define SETTLED_AT_ONCE 50 /* of a lane, before the others have their turn */

/* One look into the queue. */
struct look {
    struct posting *posting;
    struct hurry hurries[POSTING_HURRIES];
    size_t n_hurries;
    int64_t due_ms;
};

/* --- who hurries --- */

static void take_hurries(struct look *look)
{
    struct posting *posting = look->posting;
    int64_t now_ms = clock_mono_ms();
    size_t n_kept = 0;

    pthread_mutex_lock(&posting->lock);
    for (size_t i = 0; i < posting->n_hurries; i++)
        if (posting->hurries[i].until_ms > now_ms)
            posting->hurries[n_kept++] = posting->hurries[i];
    posting->n_hurries = n_kept;
    memcpy(look->hurries, posting->hurries, n_kept * sizeof *look->hurries);
    pthread_mutex_unlock(&posting->lock);
    look->n_hurries = n_kept;
}

/* Is the message's edit owed, at this place? */
static bool owes_edit(const struct message *message, const struct destination *destination)
{
    return message_next(message) == MESSAGE_EDIT && message->queue_seq &&
           (message->place.len ? slice_eq(message->place, destination->place)
                               : slice_is_absent(destination->place));
}

static enum rc find_hurried(const struct look *look, struct store_txn *txn, struct send *send)
{
    struct slice channel = slice_of(send->destination->channel->name);

    for (size_t i = 0; i < look->n_hurries; i++) {
        enum rc rc =
            message_get(txn, look->hurries[i].proposal, channel, send->arena, &send->message);

        if (!rc && owes_edit(&send->message, send->destination))
            return RC_OK;
        if (rc && rc != RC_NOT_FOUND && rc != RC_CORRUPT)
            return rc;
    }
    return RC_NOT_FOUND;
}

/* --- the first that may leave --- */

static bool was_looked_for(const struct lane *lane, uint64_t seq)
{
    for (size_t i = 0; i < sizeof lane->looked_for / sizeof *lane->looked_for; i++)
        if (lane->looked_for[i] == seq)
            return true;
    return false;
}

/* A message that may have arrived and is not to be looked for yet: those behind it go first. */
static bool must_rest(struct look *look, const struct send *send)
{
    const struct lane *lane = &send->destination->lanes[send->lane];
    const struct message *message = &send->message;
    int64_t now_ms = clock_real_ms();
    int64_t wait_ms;

    if (message_next(message) != message->sending || !send->call.channel->kind->searches)
        return false;
    wait_ms =
        look_due_ms(message->sent_ms, was_looked_for(lane, message->queue_seq), now_ms) - now_ms;
    if (wait_ms > 0)
        posting_due(&look->due_ms, clock_mono_ms() + wait_ms);
    return wait_ms > 0;
}

static enum rc find_first(struct look *look, struct store_txn *txn, struct send *send,
                          bool passes_over_stuck)
{
    const struct stuck *stuck = &send->destination->lanes[send->lane].stuck;
    int64_t ready_ms = posting_ready_ms(send->destination, send->lane, send->call.channel, false);
    uint64_t after = 0;

    for (size_t i = 0; i < POSTING_SCAN; i++) {
        enum rc rc = message_next_queued(txn, &send->destination->id, send->lane, after,
                                         send->arena, &send->message);

        if (rc)
            return rc;
        after = send->message.queue_seq;
        if (ready_ms > clock_mono_ms()) {
            posting_due(&look->due_ms, ready_ms);
            return RC_NOT_FOUND;
        }
        if (passes_over_stuck && stuck_lets_others_go(stuck, after))
            continue;
        if (!must_rest(look, send))
            return RC_OK;
    }
    return RC_NOT_FOUND;
}

static enum rc find_message(struct look *look, struct store_txn *txn, struct send *send)
{
    bool may_hurry = send->lane == MESSAGE_LANE_EDITS && look->n_hurries &&
                     posting_ready_ms(send->destination, send->lane, send->call.channel, true) <=
                         clock_mono_ms();
    enum rc rc = may_hurry ? find_hurried(look, txn, send) : RC_NOT_FOUND;

    if (rc == RC_NOT_FOUND)
        rc = find_first(look, txn, send, true);
    return rc == RC_NOT_FOUND ? find_first(look, txn, send, false) : rc;
}

/* The message and what it shows, in one snapshot. */
static enum rc read_next(struct look *look, struct send *send)
{
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(service_store(look->posting->service), &txn);

    if (!rc)
        rc = find_message(look, txn, send);
    if (!rc)
        rc = posting_read_card(txn, send);
    store_abort(&txn);
    return rc;
}

static void look_again_soon(struct look *look, enum rc rc)
{
    static struct log_limit limit;

    log_limited(&limit, LOG_WARN, "cannot look at what is owed to channels: %s", rc_text(rc));
    posting_due(&look->due_ms, clock_mono_ms() + POSTING_TRY_AGAIN_MS);
}

/* False: nothing of this lane can be started now. */
static bool start_next(struct look *look, struct destination *destination, enum message_lane lane)
{
    struct send *send = NULL;
    enum rc rc = posting_new_send(look->posting, destination, lane, &send);

    if (!rc)
        rc = read_next(look, send);
    if (!rc) {
        posting_send_message(send);
        return true;
    }
    posting_free_send(send);
    if (rc != RC_NOT_FOUND)
        look_again_soon(look, rc);
    return false;
}

static void serve_lane(struct look *look, struct destination *destination, enum message_lane lane)
{
    const struct lane *state = &destination->lanes[lane];
    size_t n_settled = 0;

    /* Each that ends makes room, and news. */
    while (!state->send && look->posting->n_under_way < POSTING_UNDER_WAY) {
        if (n_settled++ == SETTLED_AT_ONCE) {
            look->posting->has_news = true;
            return;
        }
        if (!start_next(look, destination, lane))
            return;
    }
}

static void serve(struct look *look, struct destination *destination)
{
    static const enum message_lane order[MESSAGE_N_LANES] = {
        MESSAGE_LANE_URGENT, MESSAGE_LANE_EDITS, MESSAGE_LANE_CARDS, MESSAGE_LANE_NOTES
    };

    for (size_t i = 0; i < MESSAGE_N_LANES; i++)
        serve_lane(look, destination, order[i]);
    posting_speak_for(look->posting, destination, &look->due_ms);
}

/* --- all destinations --- */

static enum rc find_destination(struct posting *posting, const struct message_destination *after,
                                struct arena *arena, struct destination **destination)
{
    struct message_destination id;
    struct store_txn *txn = NULL;
    struct message first;
    enum rc rc = store_begin_read(service_store(posting->service), &txn);

    if (!rc)
        rc = message_next_destination(txn, after, arena, &id, &first);
    if (!rc) {
        *destination = posting_destination(posting, first.channel, first.place);
        rc = *destination ? RC_OK : RC_NO_MEMORY;
    }
    store_abort(&txn);
    if (!rc) {
        (*destination)->id = id;
        (*destination)->has_id = true;
    }
    return rc;
}

static void look_at_all(struct look *look)
{
    struct destination *destination = NULL;
    struct arena *arena = NULL;
    enum rc rc = arena_new(SCAN_ARENA_BYTES, &arena);

    while (!rc) {
        rc = find_destination(look->posting, destination ? &destination->id : NULL, arena,
                              &destination);
        arena_reset(arena);
        if (!rc)
            serve(look, destination);
    }
    if (rc != RC_NOT_FOUND)
        look_again_soon(look, rc);
    arena_free(arena);
}

void posting_look(struct posting *posting, int64_t *due_ms)
{
    struct look look = { .posting = posting, .due_ms = INT64_MAX };

    if (atomic_exchange(&posting->has_news, false) || clock_mono_ms() >= posting->look_ms) {
        take_hurries(&look);
        look_at_all(&look);
        posting->look_ms = look.due_ms;
        posting->must_count = true;
    }
    posting_due(due_ms, posting->look_ms);
}
