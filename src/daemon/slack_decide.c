/* A click on a card that decides, and what came of it. */
#include "src/daemon/slack_answers.h"

#include "actions/channels/slack_ref.h"
#include "src/daemon/card_read.h"

#define SNOOZE SLICE("snooze:")

/* --- what it came to --- */

static enum rc run_decision(struct slack_work *work, struct engine *engine, int64_t now_ms)
{
    struct slack_decision *deciding = (struct slack_decision *)work;

    return engine_decide(engine, &deciding->decision, now_ms);
}

/* Where it shows how it goes on, when it does not on the very message that they looked at; absent: it does. (One that was posted a moment ago may have been seen before its id was stored.) A
 * second copy, which a lost answer may have left, decides all the same and stays as it is; so does the card of a channel that has another name by now. */
static struct slice shown_elsewhere(const struct slack_decision *deciding)
{
    const struct slack_request *slack = deciding->work.slack;
    struct store_txn *txn = NULL;
    struct message message;
    enum rc rc = store_begin_read(service_store(slack->service), &txn);

    if (!rc)
        rc = message_get(txn, deciding->decision.proposal_id, slack->channel->name, slack->arena,
                         &message);
    store_abort(&txn);
    if (rc)
        return SLICE("this card is not kept up to date any more: the page shows how it goes on");
    if (slice_is_absent(message.handle) || (slice_eq(message.handle, deciding->card_ts) &&
                                            slice_eq(message.handle_place, slack->origin.channel)))
        return (struct slice){ 0 };
    return SLICE("another copy of this card shows how it goes on");
}

/* Where the plan is that is asked for now. */
static enum rc say_changed(const struct slack_decision *deciding, struct slice *sentence)
{
    const struct slack_request *slack = deciding->work.slack;
    struct slice url;
    enum rc rc = card_page_url(slack->config, deciding->decision.proposal_id, slack->arena, &url);

    if (rc)
        return rc;
    return arena_format(slack->arena, sentence, "%.*s; here is the new one: %.*s",
                        SLICE_ARG(*sentence),
                        SLICE_ARG(url.len ? url : SLICE("its card shows it now")));
}

static enum rc say(const struct slack_decision *deciding, struct slice *sentence)
{
    const struct slack_request *slack = deciding->work.slack;

    *sentence = deciding->decision.answer.detail;
    if (slack->is_stranger)
        *sentence = slack->turned;
    else if (deciding->decision.answer.outcome == DECISION_CHANGED)
        return say_changed(deciding, sentence);
    else if (deciding->decision.answer.outcome == DECISION_NOT_FOUND)
        *sentence = SLICE("this proposal is not kept any more");
    return RC_OK;
}

static void end_decision(struct slack_work *work, enum rc rc)
{
    struct slack_decision *deciding = (struct slack_decision *)work;
    struct slice sentence;

    if (!rc)
        rc = say(deciding, &sentence);
    if (rc) {
        slack_fail(work->slack, rc);
        return;
    }
    if (!ulid_is_absent(deciding->decision.proposal_id))
        slack_hurry(work->slack, deciding->decision.proposal_id);
    deciding->answer(deciding, sentence);
}

void slack_decide(struct slack_request *slack, struct slack_decision *deciding)
{
    deciding->work.run = run_decision;
    deciding->work.done = end_decision;
    deciding->decision.decision.by = slack->who;
    deciding->decision.decision.via = SLICE("slack");
    deciding->decision.real_ms = clock_real_ms();
    deciding->decision.arena = slack->arena;
    slack_run(slack, &deciding->work);
}

/* A copy stays as it is, whatever was decided on it. */
static struct slice say_where(const struct slack_request *slack, struct slice sentence,
                              struct slice elsewhere)
{
    struct slice said;

    return arena_format(slack->arena, &said, "%.*s; %.*s", SLICE_ARG(sentence),
                        SLICE_ARG(elsewhere))
               ? sentence
               : said;
}

void slack_answer_decision(struct slack_decision *deciding, struct slice sentence)
{
    struct slack_request *slack = deciding->work.slack;
    struct slice elsewhere = shown_elsewhere(deciding);

    if (deciding->decision.answer.outcome != DECISION_TAKEN)
        slack_tell(slack, sentence);
    else if (elsewhere.len)
        slack_tell(slack, say_where(slack, sentence, elsewhere));
    slack_acknowledge(slack);
}

/* --- what was clicked --- */

static enum rc read_snooze(const struct slack_click *click, struct decision *decision)
{
    struct slice text = click->value;

    if (!slice_starts(text, SNOOZE))
        return RC_INVALID;
    text = (struct slice){ text.ptr + SNOOZE.len, text.len - SNOOZE.len };
    return duration_parse(text, &decision->for_ms);
}

static enum rc read_reason(const struct slack_click *click, struct decision *decision)
{
    decision->reason = click->value;
    return RC_OK;
}

static enum rc settle_ran(const struct slack_click *click, struct decision *decision)
{
    (void)click;
    decision->settle = SLICE("ran");
    return RC_OK;
}

static enum rc settle_not_ran(const struct slack_click *click, struct decision *decision)
{
    (void)click;
    decision->settle = SLICE("not_ran");
    return RC_OK;
}

/* What the elements of a card do (slack_ref.h). */
static const struct element {
    const char *id;
    const char *value; /* of the option; NULL: any */
    const char *view;  /* opens it; NULL: decides */
    enum verdict verdict;
    enum rc (*read)(const struct slack_click *click, struct decision *decision);
} elements[] = {
    { .id = "approve", .verdict = VERDICT_APPROVE },
    { .id = "reject", .verdict = VERDICT_REJECT, .read = read_reason },
    { .id = "ack", .verdict = VERDICT_ACK },
    { .id = "take_back", .verdict = VERDICT_TAKE_BACK },
    { .id = "undo", .verdict = VERDICT_UNDO },
    { .id = "settle_ran", .verdict = VERDICT_SETTLE, .read = settle_ran },
    { .id = "settle_not_ran", .verdict = VERDICT_SETTLE, .read = settle_not_ran },
    { .id = "details", .view = "details" },
    { .id = "more", .value = "mute", .view = "mute" },
    { .id = "more", .value = "edit", .view = "edit" },
    { .id = "more", .verdict = VERDICT_SNOOZE, .read = read_snooze },
};

static const struct element *find_element(const struct slack_click *click)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (slice_eq(click->action_id, slice_of(elements[i].id)) &&
            (!elements[i].value || slice_eq(click->value, slice_of(elements[i].value))))
            return &elements[i];
    return NULL;
}

/* What tells this click from every other, and from nothing else (a repeated request has the same). Without its time it cannot be told from the next one: then
 * the decision alone says whether anything is left to do. */
static enum rc name_click(const struct slack_request *slack, const struct slack_click *click,
                          struct slice *once)
{
    if (!click->action_ts.len)
        return RC_OK;
    return arena_format(slack->arena, once, "%.*s %.*s %.*s %.*s %.*s %.*s",
                        SLICE_ARG(slack->origin.channel), SLICE_ARG(click->message_ts),
                        SLICE_ARG(click->block_id), SLICE_ARG(click->action_id),
                        SLICE_ARG(click->action_ts), SLICE_ARG(slack->origin.user));
}

static void turn_away(struct slack_request *slack, struct slice sentence)
{
    slack_tell(slack, sentence);
    slack_acknowledge(slack);
}

static void decide_click(struct slack_request *slack, const struct slack_click *click,
                         const struct element *element)
{
    struct slack_decision *deciding = arena_alloc(slack->arena, 1, sizeof *deciding);
    struct slack_ref ref;
    enum rc rc;

    if (slack_ref_parse(click->block_id, &ref)) {
        turn_away(slack, SLICE("this button belongs to no proposal"));
        return;
    }
    if (!deciding) {
        slack_fail(slack, RC_NO_MEMORY);
        return;
    }
    *deciding =
        (struct slack_decision){ .card_ts = click->message_ts, .answer = slack_answer_decision };
    deciding->decision.proposal = ref.proposal;
    deciding->decision.decision.verdict = element->verdict;
    deciding->decision.decision.plan_digest = ref.plan_digest;
    if (element->read && element->read(click, &deciding->decision.decision)) {
        turn_away(slack, SLICE("this button is of another version of vedette"));
        return;
    }
    rc = name_click(slack, click, &deciding->decision.once);
    if (rc)
        slack_fail(slack, rc);
    else
        slack_decide(slack, deciding);
}

void slack_take_click(struct slack_request *slack, const struct slack_click *click)
{
    const struct element *element = find_element(click);

    /* A link says that it was followed; in a modal nothing decides. */
    if (slice_eq(click->action_id, SLICE("open")) || !click->message_ts.len)
        slack_acknowledge(slack);
    else if (!element)
        turn_away(slack, SLICE("this button is of another version of vedette"));
    else if (slack->turned.len && (element->view || !slack->is_stranger))
        turn_away(slack, slack->turned);
    else if (element->view)
        slack_open_view(slack, element->view, click);
    else
        decide_click(slack, click, element);
}
