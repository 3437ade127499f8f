/* "yes abcde" and "no abcde wrong_cause …" in the thread of a card: a decision for the plan that the card shows. Text anywhere else is never one. */
#include "src/daemon/slack_answers.h"

#include "actions/channels/slack_reply.h"
#include "src/base/clock.h"

#define PROPOSALS_LOOKED_AT 1000
#define ROW_ARENA_BYTES ((size_t)8 << 20)

static bool is_its_thread(const struct slack_request *slack, const struct message *message)
{
    return message->handle.len && slice_eq(message->handle, slack->origin.thread_ts) &&
           slice_eq(message->handle_place, slack->origin.channel);
}

/* RC_NOT_FOUND: it has no card in this channel. */
static enum rc read_card(const struct slack_request *slack, struct store_txn *txn,
                         struct ulid proposal, struct message *message)
{
    return message_get(txn, proposal, slack->channel->name, slack->arena, message);
}

/* --- whose thread it is, where the short id is another's --- */

struct search {
    const struct slack_request *slack;
    struct store_txn *txn;
    struct arena *arena; /* of a row */
    struct slice found;  /* its short id, in the request's arena */
    enum rc rc;
};

static bool visit_proposal(void *context, struct ulid id, const void *object)
{
    const struct proposal *proposal = object;
    struct search *search = context;
    struct message message;
    enum rc rc =
        message_get(search->txn, id, search->slack->channel->name, search->arena, &message);

    arena_reset(search->arena);
    if (rc || !is_its_thread(search->slack, &message))
        return true;
    search->rc = arena_copy(search->slack->arena, proposal->short_id, &search->found);
    return false;
}

static enum rc find_thread(const struct slack_request *slack, struct store_txn *txn,
                           struct slice *short_id)
{
    const struct ulid newest = { 0 };
    struct search search = { .slack = slack, .txn = txn };
    struct proposal scratch = { 0 };
    struct arena *row = NULL;
    enum rc rc = arena_new(ROW_ARENA_BYTES, &search.arena);

    if (!rc)
        rc = arena_new(ROW_ARENA_BYTES, &row);
    if (!rc)
        rc = object_each_newest(txn, TABLE_PROPOSALS, &proposal_shape, newest, PROPOSALS_LOOKED_AT,
                                row, &scratch, visit_proposal, &search);
    arena_free(row);
    arena_free(search.arena);
    *short_id = search.found;
    if (!rc)
        rc = search.rc;
    return rc || search.found.len ? rc : RC_NOT_FOUND;
}

/* --- what was meant --- */

struct meant {
    struct slack_reply reply;
    struct slice proposal;
    struct slice shown_digest;
    struct slice right_id; /* it was the id of another one: this one's */
    bool is_outdated;      /* whoever wrote it read another card than the one of now */
    bool is_elsewhere; /* there is such a proposal, and this is no thread of a card (any more) */
};

/* Slack may bring late what was written before the card was changed (its tries go on for minutes). Its stamp tells the second, and nobody reads and writes faster
 * than that. A clock of ours that was set back tells nothing. */
static bool is_outdated(const struct slack_delivery *delivery, const struct message *message,
                        const struct proposal *proposal)
{
    int64_t written_ms;

    if (slice_is_absent(message->shown_digest) && proposal->plan_digest.len)
        return true;
    return !time_parse_any(delivery->ts, &written_ms) && written_ms < message->shown_ms &&
           message->shown_ms <= clock_real_ms();
}

/* RC_NOT_FOUND: this is no thread of a card. */
static enum rc find_meant(const struct slack_request *slack, struct store_txn *txn,
                          const struct slack_delivery *delivery, struct meant *meant)
{
    struct proposal proposal = { 0 };
    struct message message = { 0 };
    bool is_known;
    enum rc rc = proposal_find(txn, meant->reply.short_id, slack->arena, &proposal);

    if (!rc)
        rc = read_card(slack, txn, proposal.id, &message);
    if (!rc && is_its_thread(slack, &message)) {
        meant->proposal = meant->reply.short_id;
        meant->shown_digest = message.shown_digest;
        meant->is_outdated = is_outdated(delivery, &message, &proposal);
        return RC_OK;
    }
    if (rc && rc != RC_NOT_FOUND && rc != RC_INVALID)
        return rc;
    is_known = !rc;
    rc = find_thread(slack, txn, &meant->right_id);
    if (rc != RC_NOT_FOUND || !is_known)
        return rc;
    meant->is_elsewhere = true;
    return RC_OK;
}

static enum rc read_meant(const struct slack_request *slack, const struct slack_delivery *delivery,
                          struct meant *meant)
{
    struct store_txn *txn = NULL;
    enum rc rc;

    if (!slack->origin.thread_ts.len)
        return RC_NOT_FOUND;
    rc = slack_reply_parse(delivery->text, slack->arena, &meant->reply);
    if (rc)
        return rc;
    rc = store_begin_read(service_store(slack->service), &txn);
    if (!rc)
        rc = find_meant(slack, txn, delivery, meant);
    store_abort(&txn);
    return rc;
}

/* --- and what becomes of it --- */

static void tell_in_thread(struct slack_request *slack, struct slice sentence)
{
    slack_tell_at(slack, slack->origin.channel, slack->origin.thread_ts, sentence);
}

static void answer_reply(struct slack_decision *deciding, struct slice sentence)
{
    tell_in_thread(deciding->work.slack, sentence);
    slack_acknowledge(deciding->work.slack);
}

static enum rc say_right_id(struct slack_request *slack, const struct meant *meant,
                            struct slice *sentence)
{
    return arena_format(slack->arena, sentence, "this thread is about %.*s: `%s %.*s` decides it",
                        SLICE_ARG(meant->right_id), meant->reply.is_yes ? "yes" : "no",
                        SLICE_ARG(meant->right_id));
}

static void decide(struct slack_request *slack, const struct slack_delivery *delivery,
                   const struct meant *meant)
{
    struct slack_decision *deciding = arena_alloc(slack->arena, 1, sizeof *deciding);
    struct engine_decision *decision;
    enum rc rc;

    if (!deciding) {
        slack_fail(slack, RC_NO_MEMORY);
        return;
    }
    deciding->answer = answer_reply;
    decision = &deciding->decision;
    decision->proposal = meant->proposal;
    decision->decision.verdict = meant->reply.is_yes ? VERDICT_APPROVE : VERDICT_REJECT;
    decision->decision.plan_digest = meant->shown_digest;
    decision->decision.reason = meant->reply.reason;
    decision->decision.note = meant->reply.note;
    /* The message, not the delivery: a mention in a thread may be told as two events. */
    rc = arena_format(slack->arena, &decision->once, "%.*s %.*s said %.*s",
                      SLICE_ARG(slack->origin.channel), SLICE_ARG(delivery->ts),
                      SLICE_ARG(slack->origin.user));
    if (rc)
        slack_fail(slack, rc);
    else
        slack_decide(slack, deciding);
}

enum rc slack_take_reply(struct slack_request *slack, const struct slack_delivery *delivery)
{
    struct meant meant = { 0 };
    struct slice sentence = { 0 };
    enum rc rc = read_meant(slack, delivery, &meant);

    /* Talk like any other, and whoever meant it as a decision is told that it is none. */
    if (!rc && meant.is_elsewhere) {
        tell_in_thread(slack, SLICE("this is not the thread of its card, or not any more: please "
                                    "decide on the card itself, or in its thread"));
        return RC_NOT_FOUND;
    }
    if (!rc && slack->turned.len && !slack->is_stranger)
        sentence = slack->turned;
    else if (!rc && meant.right_id.len)
        rc = say_right_id(slack, &meant, &sentence);
    else if (!rc && meant.is_outdated && !slack->is_stranger)
        sentence = SLICE("the card has changed since this was written: please look at it, and "
                         "decide again");
    if (rc == RC_NOT_FOUND)
        return rc;
    if (rc) {
        slack_fail(slack, rc);
    } else if (sentence.len) {
        tell_in_thread(slack, sentence);
        slack_acknowledge(slack);
    } else {
        decide(slack, delivery, &meant);
    }
    return RC_OK;
}
