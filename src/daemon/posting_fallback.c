#include "src/daemon/posting_private.h"

#define SCAN_ARENA_BYTES ((size_t)64 << 20)

/* Cards of critical proposals that wait, a bounded number in one go. */
struct waiting_cards {
    struct ulid proposals[POSTING_SCAN];
    size_t n_proposals;
    uint64_t last; /* place in the queue up to which was looked */
    bool has_more;
};

static bool needs_fallback(struct store_txn *txn, const struct message *message,
                           struct arena *arena)
{
    struct proposal proposal;

    return slice_is_absent(message->taken_over_by) &&
           !proposal_get(txn, message->proposal, arena, &proposal) &&
           proposal.severity == SEVERITY_CRITICAL && !proposal_state_is_final(proposal.state);
}

static enum rc find_cards(struct posting *posting, const struct destination *destination,
                          struct waiting_cards *cards)
{
    struct store_txn *txn = NULL;
    struct arena *arena = NULL;
    enum rc rc = arena_new(SCAN_ARENA_BYTES, &arena);

    *cards = (struct waiting_cards){ .last = destination->spoken_for };
    if (!rc)
        rc = store_begin_read(service_store(posting->service), &txn);
    for (size_t i = 0; i < POSTING_SCAN && !rc; i++) {
        struct message message;

        rc = message_next_queued(txn, &destination->id, MESSAGE_LANE_URGENT, cards->last, arena,
                                 &message);
        if (rc)
            break;
        cards->last = message.queue_seq;
        if (needs_fallback(txn, &message, arena))
            cards->proposals[cards->n_proposals++] = message.proposal;
        arena_reset(arena);
    }
    store_abort(&txn);
    arena_free(arena);
    cards->has_more = !rc;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* A card without a fallback keeps waiting. */
static enum rc take_over(struct posting *posting, const struct destination *destination,
                         const struct waiting_cards *cards)
{
    struct slice channel = slice_of(destination->channel->name);
    enum rc rc = RC_OK;

    for (size_t i = 0; i < cards->n_proposals && !rc; i++) {
        rc = posting_turn_take_over(posting, cards->proposals[i], channel);
        if (rc == RC_NOT_FOUND || rc == RC_CONFLICT)
            rc = RC_OK;
    }
    return rc;
}

static void speak(struct posting *posting, struct destination *destination, int64_t *due_ms)
{
    struct waiting_cards cards;
    enum rc rc = find_cards(posting, destination, &cards);

    if (!rc)
        rc = take_over(posting, destination, &cards);
    if (!rc)
        destination->spoken_for = cards.last;
    destination->speak_ms = clock_mono_ms() + SECOND_MS;
    if (rc || cards.has_more)
        posting_due(due_ms, destination->speak_ms);
}

void posting_speak_for(struct posting *posting, struct destination *destination, int64_t *due_ms)
{
    const struct lane_holds holds = posting_holds(destination, MESSAGE_LANE_URGENT);
    int64_t since_ms = holds_since_ms(&holds);
    int64_t now_ms = clock_mono_ms();

    if (!since_ms)
        return;
    if (!holds_need_fallback(&holds, now_ms))
        posting_due(due_ms, since_ms + TAKE_OVER_MS);
    else if (now_ms < destination->speak_ms)
        posting_due(due_ms, destination->speak_ms);
    else
        speak(posting, destination, due_ms);
}
