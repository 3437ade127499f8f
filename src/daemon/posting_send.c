#include "src/daemon/posting_private.h"

#include <stdlib.h>

#define SEND_ARENA_BYTES ((size_t)64 << 20)

/* --- life --- */

enum rc posting_new_send(struct posting *posting, struct destination *destination,
                         enum message_lane lane, struct send **send)
{
    struct send *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->posting = posting;
    made->destination = destination;
    made->lane = lane;
    made->config = service_hold_config(posting->service);
    made->call.channel =
        channels_find(made->config->channels, slice_of(destination->channel->name));
    rc = made->call.channel ? arena_new(SEND_ARENA_BYTES, &made->arena) : RC_NOT_FOUND;
    if (rc)
        posting_free_send(made);
    else
        *send = made;
    return rc;
}

void posting_free_send(struct send *send)
{
    struct lane *lane;

    if (!send)
        return;
    lane = &send->destination->lanes[send->lane];
    if (lane->send == send) {
        lane->send = NULL;
        send->posting->n_under_way--;
        send->posting->has_news = true; /* the lane's next */
    }
    http_transfer_free(send->transfer);
    service_release_config(send->posting->service, send->config);
    arena_free(send->arena);
    free(send);
}

/* --- the end: what came of it is told the engine --- */

static struct engine_message ref_of(const struct send *send)
{
    return (struct engine_message){ .proposal = send->message.proposal,
                                    .channel = send->message.channel,
                                    .part = send->call.part,
                                    .note = send->call.note ? send->call.note->number : 0 };
}

static struct engine_message_result engine_result_of(const struct send *send)
{
    const struct channel_result *result = &send->result;

    return (struct engine_message_result){ .ref = ref_of(send),
                                           .outcome = result->outcome,
                                           .handle = result->handle,
                                           .place = result->place,
                                           .shown = send->message.wanted,
                                           .shown_digest = send->proposal.plan_digest,
                                           .shown_revision = send->proposal.revision,
                                           .real_ms = clock_real_ms(),
                                           .error = result->error };
}

/* Takes `send`. A result is not lost while we run; after a stop in between, what was sent is found by its `sending`. */
static void report(struct send *send)
{
    const struct engine_message_result told = engine_result_of(send);
    enum rc rc = posting_turn_end(send->posting, &told);

    if (posting_report_later(send, rc))
        return;
    if (rc && rc != RC_BUSY) {
        log_error("result of a message not stored: %s channel=%s", rc_text(rc),
                  send->destination->channel->name);
        posting_take_refusal(send, rc); /* or it would be sent again at once, and for ever */
    }
    posting_free_send(send);
}

bool posting_report_later(struct send *send, enum rc rc)
{
    if (rc != RC_FULL && rc != RC_NO_MEMORY)
        return false;
    send->report_ms = clock_mono_ms() + POSTING_TRY_AGAIN_MS;
    return true;
}

static void settle(struct send *send, enum channel_outcome outcome, struct slice error)
{
    send->has_result = true;
    send->result = (struct channel_result){ .outcome = outcome, .error = error };
    report(send);
}

/* --- an answer --- */

static void remember_look(struct send *send)
{
    struct lane *lane = &send->destination->lanes[send->lane];
    const size_t n_places = sizeof lane->looked_for / sizeof *lane->looked_for;

    lane->looked_for[lane->n_looked_for++ % n_places] = send->message.queue_seq;
}

/* Whether a message was there is told only when it is known: what hindered the search says nothing of what it was for. */
static void end_search(struct send *send)
{
    enum channel_outcome outcome = send->result.outcome;

    if (outcome == CHANNEL_WAIT || outcome == CHANNEL_RETRY || outcome == CHANNEL_LOST ||
        outcome == CHANNEL_STOPPED || outcome == CHANNEL_CLOSED) {
        posting_free_send(send);
        return;
    }
    if (outcome != CHANNEL_FOUND && !send->is_proof) {
        remember_look(send);
        posting_free_send(send);
        return;
    }
    if (outcome != CHANNEL_FOUND)
        send->result.outcome = CHANNEL_NOT_FOUND;
    report(send);
}

static void take_answer(struct send *send, enum rc rc, const struct http_answer *answer)
{
    send->call.now_ms = clock_wall_ms();
    send->was_unheard = rc && !answer->may_have_arrived;
    send->call.channel->kind->read(&send->call, rc, answer, send->arena, &send->result);
    http_transfer_free(send->transfer);
    send->transfer = NULL;
    send->has_result = true;
    posting_take_outcome(send, &send->result);
    if (send->is_digest)
        posting_end_digest(send);
    else if (send->call.is_search)
        end_search(send);
    else
        report(send);
}

static void report_again(struct send *send)
{
    if (send->is_digest)
        posting_end_digest(send);
    else
        report(send);
}

static void collect(struct send *send, int64_t *due_ms)
{
    struct http_answer answer;
    enum rc rc;

    if (send->transfer && http_transfer_done(send->transfer, &rc, &answer))
        take_answer(send, rc, &answer);
    else if (send->has_result && clock_mono_ms() >= send->report_ms)
        report_again(send);
    else if (send->has_result)
        posting_due(due_ms, send->report_ms);
}

void posting_collect(struct posting *posting, int64_t *due_ms)
{
    for (struct destination *place = posting->destinations; place; place = place->next)
        for (size_t i = 0; i < MESSAGE_N_LANES; i++)
            if (place->lanes[i].send)
                collect(place->lanes[i].send, due_ms);
}

/* --- the beginning --- */

static void transfer(struct send *send, struct http_request *request)
{
    const char *why = NULL;
    enum rc rc;

    if (!request->timeout_ms)
        request->timeout_ms = POSTING_TIMEOUT_MS;
    posting_take_token(send->destination, send->lane, send->call.channel);
    rc = http_transfer_start(send->posting->multi, request, &send->transfer, &why);
    if (rc)
        take_answer(send, rc, &(struct http_answer){ .error = why });
}

/* Nothing of it has left: what cannot be rendered is given up, what only lacks room is tried again. */
static void refuse(struct send *send, enum rc rc)
{
    if (rc == RC_NOT_FOUND) {
        settle(send, send->call.is_search ? CHANNEL_NOT_FOUND : CHANNEL_SENT, (struct slice){ 0 });
    } else if (rc == RC_INVALID || rc == RC_LIMIT) {
        settle(send, CHANNEL_DEAD, SLICE("it cannot be put into a request of this channel"));
    } else {
        posting_take_refusal(send, rc);
        posting_free_send(send);
    }
}

/* False: it does not leave; `send` is taken. */
static bool begin(struct send *send)
{
    const struct engine_message ref = ref_of(send);
    enum rc rc;

    if (send->is_digest || send->call.is_search || send->call.part == MESSAGE_EDIT)
        return true;
    rc = posting_turn_begin(send->posting, &ref);
    if (!rc)
        return true;
    if (rc != RC_CONFLICT && rc != RC_NOT_FOUND && rc != RC_BUSY)
        posting_take_refusal(send, rc);
    posting_free_send(send);
    return false;
}

static void occupy_lane(struct send *send)
{
    send->destination->lanes[send->lane].send = send;
    send->posting->n_under_way++;
}

static void start_call(struct send *send)
{
    struct http_request request = { 0 };
    enum rc rc;

    send->call.now_ms = clock_wall_ms();
    rc = send->call.channel->kind->request(&send->call, send->arena, &request);
    if (rc)
        refuse(send, rc);
    else if (begin(send))
        transfer(send, &request);
}

void posting_send_digest(struct send *send)
{
    occupy_lane(send);
    start_call(send);
}

/* The one that is being sent, else the oldest. */
static const struct message_note *note_of(const struct message *message)
{
    const struct message_note *notes = message->notes.items;

    for (size_t i = 0; i < message->notes.n_items; i++)
        if (message->sending != MESSAGE_NOTE || notes[i].number == message->sending_note)
            return &notes[i];
    return message->notes.n_items ? notes : NULL;
}

/* It is over, and nobody did anything about it: a card would only take people's time. What was carried out is told. */
static bool is_past(const struct proposal *proposal)
{
    return proposal->state == PROPOSAL_WITHDRAWN || proposal->state == PROPOSAL_EXPIRED ||
           proposal->state == PROPOSAL_SUPERSEDED || proposal->state == PROPOSAL_REJECTED ||
           proposal->state == PROPOSAL_STALE;
}

static void skip(struct send *send)
{
    enum rc rc = posting_turn_skip(send->posting, send->message.proposal, send->message.channel);

    send->destination->channel->skipped_ms = clock_mono_ms();
    if (rc && rc != RC_BUSY)
        posting_take_refusal(send, rc);
    posting_free_send(send);
}

void posting_send_message(struct send *send)
{
    struct message *message = &send->message;
    struct channel_call *call = &send->call;

    occupy_lane(send);
    call->message = message;
    call->part = message_next(message);
    call->is_search = message->sending == call->part && call->channel->kind->searches;
    call->card = send->has_proposal ? &send->card : NULL;
    call->note = call->part == MESSAGE_NOTE ? note_of(message) : NULL;
    send->is_proof = look_is_proof(message->sent_ms, clock_real_ms());
    if (!send->has_proposal)
        settle(send, CHANNEL_DEAD, SLICE("its proposal is gone"));
    else if (call->part == MESSAGE_NOTE && !call->note)
        settle(send, CHANNEL_DEAD, SLICE("its note is gone"));
    else if (call->part == MESSAGE_CARD && !message->sending && is_past(&send->proposal))
        skip(send);
    else if (call->part == MESSAGE_CARD && !call->is_search && is_past(&send->proposal))
        settle(send, CHANNEL_DEAD, SLICE("its answer was lost, and its proposal is over"));
    else
        start_call(send);
}
