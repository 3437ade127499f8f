/* A modal that was sent: other parameters for a plan, or a silence. An empty answer closes it; a fault is shown at an input of it. */
#include "src/daemon/slack_answers.h"
#include "src/daemon/slack_silence.h"

#include "actions/channels/slack_ref.h"
#include "src/base/clock.h"
#include "src/base/json.h"

#define PARAM SLICE("param:")
#define MUTE_BLOCK SLICE("for") /* of that modal, where its faults are shown */
#define ERROR_BYTES ((size_t)64 << 10)

/* --- what was wrong --- */

static void answer_fault(struct slack_request *slack, struct slice block_id, struct slice sentence)
{
    struct json_writer writer;
    struct buffer json;

    buffer_init(&json, ERROR_BYTES);
    writer = json_writer_to(&json);
    json_object_begin(&writer);
    json_member_text(&writer, "response_action", SLICE("errors"));
    json_key(&writer, "errors");
    json_object_begin(&writer);
    json_key_slice(&writer, block_id);
    json_write_text(&writer, sentence);
    json_object_end(&writer);
    json_object_end(&writer);
    slack_answer_json(slack, &json);
}

/* A modal names no conversation: who sent it is told where the card is. */
static void tell_at_card(struct slack_request *slack, struct ulid proposal, struct slice sentence)
{
    struct store_txn *txn = NULL;
    struct message message;
    enum rc rc = store_begin_read(service_store(slack->service), &txn);

    if (!rc)
        rc = message_get(txn, proposal, slack->channel->name, slack->arena, &message);
    if (!rc && message.handle_place.len)
        slack_tell_at(slack, message.handle_place, (struct slice){ 0 }, sentence);
    store_abort(&txn);
}

/* --- edit --- */

struct edit_work {
    struct slack_decision deciding;
    const struct slack_submission *modal;
};

/* "param:STEP:NAME"; RC_NOT_FOUND: another input. */
static enum rc read_param(struct slice block_id, int64_t *step, struct slice *name)
{
    struct slice rest = block_id;

    if (!slice_starts(rest, PARAM))
        return RC_NOT_FOUND;
    rest = (struct slice){ rest.ptr + PARAM.len, rest.len - PARAM.len };
    if (slice_to_int(slice_cut(&rest, ':'), step) || *step < 1 || !rest.len)
        return RC_NOT_FOUND;
    *name = rest;
    return RC_OK;
}

/* The input that a sentence speaks of, by the name of its parameter; else the first. */
static struct slice find_faulty(const struct slack_submission *modal, struct slice sentence)
{
    struct slice faulty = modal->n_inputs ? modal->inputs[0].block_id : (struct slice){ 0 };
    struct slice name;
    int64_t step;
    size_t ignored;

    for (size_t i = modal->n_inputs; i-- > 0;)
        if (!read_param(modal->inputs[i].block_id, &step, &name) &&
            !slice_find(sentence, name, &ignored))
            faulty = modal->inputs[i].block_id;
    return faulty;
}

static void write_step(const struct slack_submission *modal, int64_t step,
                       struct json_writer *writer)
{
    struct slice name;
    int64_t of_step;

    json_object_begin(writer);
    for (size_t i = 0; i < modal->n_inputs; i++) {
        if (read_param(modal->inputs[i].block_id, &of_step, &name) || of_step != step)
            continue;
        json_key_slice(writer, name);
        json_write_text(writer, modal->inputs[i].value.len ? modal->inputs[i].value : SLICE(""));
    }
    json_object_end(writer);
}

/* An object for each step that there is now; what was shown is compared by its digest. */
static enum rc write_params(const struct slack_submission *modal, size_t n_steps,
                            struct arena *arena, struct slice *params)
{
    struct json_writer writer;
    struct buffer json;
    enum rc rc;

    buffer_init(&json, (size_t)2 * SLACK_BODY_MAX_BYTES);
    writer = json_writer_to(&json);
    json_array_begin(&writer);
    for (size_t i = 0; i < n_steps; i++)
        write_step(modal, (int64_t)i + 1, &writer);
    json_array_end(&writer);
    rc = buffer_rc(&json);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&json), params);
    buffer_free(&json);
    return rc;
}

static void answer_edit(struct slack_decision *deciding, struct slice sentence)
{
    const struct slack_submission *modal = ((struct edit_work *)deciding)->modal;
    struct slack_request *slack = deciding->work.slack;
    struct slice faulty = find_faulty(modal, sentence);

    if (deciding->decision.answer.outcome == DECISION_TAKEN) {
        slack_acknowledge(slack);
    } else if (faulty.len) {
        answer_fault(slack, faulty, sentence);
    } else {
        tell_at_card(slack, deciding->decision.proposal_id, sentence);
        slack_acknowledge(slack);
    }
}

static void take_edit(struct slack_request *slack, const struct slack_submission *modal,
                      const struct slack_ref *shown, const struct proposal *proposal)
{
    struct edit_work *edit = arena_alloc(slack->arena, 1, sizeof *edit);
    struct engine_decision *decision;
    enum rc rc;

    if (!edit) {
        slack_fail(slack, RC_NO_MEMORY);
        return;
    }
    edit->modal = modal;
    edit->deciding.answer = answer_edit;
    decision = &edit->deciding.decision;
    decision->proposal = shown->proposal;
    decision->decision.verdict = VERDICT_EDIT;
    decision->decision.plan_digest = shown->plan_digest;
    rc = write_params(modal, proposal->plan.n_items, slack->arena, &decision->decision.params);
    if (!rc)
        rc = arena_format(slack->arena, &decision->once, "%.*s %.*s", SLICE_ARG(modal->view_id),
                          SLICE_ARG(slack->origin.user));
    if (rc)
        slack_fail(slack, rc);
    else
        slack_decide(slack, &edit->deciding);
}

/* --- mute --- */

struct mute_work {
    struct slack_silencing silencing;
    struct ulid proposal;
};

static void answer_mute(struct slack_silencing *silencing, struct slice sentence)
{
    struct slack_request *slack = silencing->work.slack;

    if (!slice_is_absent(silencing->fault)) {
        answer_fault(slack, MUTE_BLOCK, sentence);
        return;
    }
    tell_at_card(slack, ((struct mute_work *)silencing)->proposal, sentence);
    slack_acknowledge(slack);
}

/* Its rule, and what its key tells it from others by. */
static enum rc name_signal(const struct proposal *proposal, struct arena *arena,
                           struct silence *silence)
{
    size_t n = proposal->key.n_items + 1;
    struct silence_clause *clauses = arena_alloc(arena, n, sizeof *clauses);
    enum rc rc = clauses ? RC_OK : RC_NO_MEMORY;

    if (rc)
        return rc;
    clauses[0] = (struct silence_clause){ SLICE("rule"), proposal->rule };
    for (size_t i = 1; i < n && !rc; i++) {
        clauses[i].value = proposal->key.items[i - 1];
        rc = arena_format(arena, &clauses[i].field, "signal.key[%zu]", i - 1);
    }
    silence->where = (struct record_list){ .items = clauses, .n_items = n };
    return rc;
}

static const struct slack_input *find_input(const struct slack_submission *modal, const char *name)
{
    for (size_t i = 0; i < modal->n_inputs; i++)
        if (slice_eq(modal->inputs[i].block_id, slice_of(name)))
            return &modal->inputs[i];
    return NULL;
}

static void take_mute(struct slack_request *slack, const struct slack_submission *modal,
                      const struct slack_ref *shown, const struct proposal *proposal)
{
    const struct slack_input *wait = find_input(modal, "for");
    const struct slack_input *reason = find_input(modal, "reason");
    struct mute_work *mute = arena_alloc(slack->arena, 1, sizeof *mute);
    struct slack_silencing *silencing = &mute->silencing;

    (void)shown;
    if (!mute || name_signal(proposal, slack->arena, &silencing->silence)) {
        slack_fail(slack, RC_NO_MEMORY);
        return;
    }
    mute->proposal = proposal->id;
    silencing->answer = answer_mute;
    silencing->silence.reason =
        reason && reason->value.len ? reason->value : SLICE("muted in Slack");
    if (wait && wait->value.len && !duration_parse(wait->value, &silencing->for_ms))
        slack_add_silence(slack, silencing);
    else
        answer_fault(slack, MUTE_BLOCK, SLICE("for how long: 30m, 2h, 1d"));
}

/* --- --- */

static const struct form {
    const char *callback_id;
    bool is_mute;
    void (*take)(struct slack_request *slack, const struct slack_submission *modal,
                 const struct slack_ref *shown, const struct proposal *proposal);
} forms[] = {
    { .callback_id = "edit", .take = take_edit },
    { .callback_id = "mute", .is_mute = true, .take = take_mute },
};

static const struct form *find_form(const struct slack_submission *modal)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (slice_eq(modal->callback_id, slice_of(forms[i].callback_id)))
            return &forms[i];
    return NULL;
}

static enum rc read_proposal(const struct slack_request *slack,
                             const struct slack_submission *modal, struct slack_ref *shown,
                             struct proposal *proposal)
{
    struct store_txn *txn = NULL;
    enum rc rc = slack_ref_parse(modal->private_metadata, shown);

    if (rc)
        return RC_NOT_FOUND;
    rc = store_begin_read(service_store(slack->service), &txn);
    if (!rc)
        rc = proposal_find(txn, shown->proposal, slack->arena, proposal);
    store_abort(&txn);
    return rc == RC_INVALID ? RC_NOT_FOUND : rc;
}

static void say_fault(struct slack_request *slack, const struct slack_submission *modal,
                      const struct form *form, struct slice sentence)
{
    struct slice block_id = form->is_mute ? MUTE_BLOCK : find_faulty(modal, sentence);

    if (block_id.len)
        answer_fault(slack, block_id, sentence);
    else
        slack_acknowledge(slack);
}

void slack_take_modal(struct slack_request *slack, const struct slack_submission *modal)
{
    const struct form *form = find_form(modal);
    struct proposal *proposal = arena_alloc(slack->arena, 1, sizeof *proposal);
    struct slack_submission *kept = arena_alloc(slack->arena, 1, sizeof *kept);
    struct slack_ref shown;
    enum rc rc;

    if (!form) {
        slack_acknowledge(slack);
        return;
    }
    if (slack->turned.len && !slack->is_stranger) {
        say_fault(slack, modal, form, slack->turned);
        return;
    }
    rc = proposal && kept ? read_proposal(slack, modal, &shown, proposal) : RC_NO_MEMORY;
    if (rc == RC_NOT_FOUND) {
        say_fault(slack, modal, form, SLICE("this proposal is not kept any more"));
    } else if (rc) {
        slack_fail(slack, rc);
    } else {
        *kept = *modal; /* it outlives this call */
        form->take(slack, kept, &shown, proposal);
    }
}
