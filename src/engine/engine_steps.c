#include "src/engine/engine_private.h"

/* A check counts for the start that follows it, not for one much later. */
#define CHECK_FRESH_MS (30 * SECOND_MS)

static struct step *step_of(const struct proposal *proposal, size_t part)
{
    return (struct step *)proposal->plan.items + part;
}

/* The step that an item of the outbox is about; NULL when the plan has none such. */
static struct step *find_step(const struct proposal *proposal, int64_t part)
{
    if (part < 0 || (size_t)part >= proposal->plan.n_items)
        return NULL;
    return step_of(proposal, (size_t)part);
}

static enum rc audit_step(struct turn *turn, const char *what, const struct proposal *proposal,
                          const struct step *step)
{
    struct json_writer writer;
    struct buffer detail;
    struct slice name;
    enum rc rc;

    buffer_init(&detail, 0);
    writer = json_writer_to(&detail);
    json_object_begin(&writer);
    json_member_int(&writer, "revision", proposal->revision);
    json_member_text(&writer, "plan_digest", proposal->plan_digest);
    json_key(&writer, "step");
    record_write_json(&step_shape, step, &writer);
    json_object_end(&writer);
    rc = turn_name(turn, "prp_", proposal->id, &name);
    if (!rc)
        rc = turn_audit(turn, what, SLICE("vedette"), (struct slice){ 0 }, name, &detail);
    buffer_free(&detail);
    return rc;
}

/* --- the gate and the start --- */

static enum rc deciders_allowed(struct turn *turn, const struct proposal *proposal,
                                const struct signal *signal, bool *allowed)
{
    const struct decision *decisions = proposal->decisions.items;
    enum rc rc = RC_OK;

    *allowed = true;
    for (size_t i = 0; i < proposal->decisions.n_items && *allowed && !rc; i++) {
        struct decider_rights rights;

        if (decisions[i].verdict != VERDICT_APPROVE || decisions[i].is_void)
            continue;
        rc = proposals_rights(turn, decisions[i].by, proposal, signal, &rights);
        *allowed = !rc && rights.may_decide;
    }
    return rc;
}

static enum rc ask_gate(struct turn *turn, const struct signal *signal,
                        const struct proposal *proposal, size_t part, struct slice *why_not)
{
    const struct rule *rule = turn_rule(turn, proposal->rule);
    struct gate_facts facts = { .signal_is_firing = signal->state == SIGNAL_FIRING,
                                .rule_version_now = rule ? rule->version : (struct slice){ 0 },
                                .now_ms = turn->now_ms,
                                .real_ms =
                                    turn->engine->deterministic ? turn->now_ms : turn->real_ms,
                                .step = part };
    enum rc rc = deciders_allowed(turn, proposal, signal, &facts.deciders_still_allowed);

    return rc ? rc : proposal_gate(proposal, &facts, turn->arena, why_not);
}

/* Nothing ran yet: stale. Something did: failed, and the rest is not started. */
static enum rc refuse(struct turn *turn, struct signal *signal, struct proposal *proposal,
                      struct slice why)
{
    struct slice outcome;
    enum rc rc;

    if (proposal->state == PROPOSAL_APPROVED) {
        rc = arena_format(turn->arena, &outcome, "nothing ran: %.*s", SLICE_ARG(why));
        return rc ? rc : proposals_move(turn, signal, proposal, PROPOSAL_STALE, outcome);
    }
    rc = arena_format(turn->arena, &outcome, "the rest was not started: %.*s", SLICE_ARG(why));
    return rc ? rc : proposals_move(turn, signal, proposal, PROPOSAL_FAILED, outcome);
}

static struct outbox_item effect_of(const struct proposal *proposal, const struct step *step,
                                    enum outbox_channel channel, size_t part)
{
    return (struct outbox_item){ .channel = channel,
                                 .object = proposal->id,
                                 .part = (int64_t)part,
                                 .revision = proposal->revision,
                                 .action = step->action,
                                 .argv = step->argv,
                                 .request = step->request,
                                 .env = step->env,
                                 .user = step->user,
                                 .timeout_ms = step->timeout_ms };
}

static enum rc start_check(struct turn *turn, struct signal *signal, struct proposal *proposal,
                           size_t part)
{
    struct step *step = step_of(proposal, part);
    struct outbox_item item = effect_of(proposal, step, OUTBOX_CHECK, part);

    (void)signal;
    item.argv = step->check;
    item.request = (struct slice){ 0 };
    step->state = STEP_CHECKING;
    return turn_push_effect(turn, &item);
}

/* The gate, the spending of the approval and the record of the start are one transaction; only after its commit does anything run. */
static enum rc start_step(struct turn *turn, struct signal *signal, struct proposal *proposal,
                          size_t part)
{
    struct step *step = step_of(proposal, part);
    struct outbox_item item = effect_of(proposal, step, OUTBOX_STEP, part);
    struct slice why_not = { 0 };
    enum rc rc;

    rc = ask_gate(turn, signal, proposal, part, &why_not);
    if (rc)
        return rc;
    if (!slice_is_absent(why_not))
        return refuse(turn, signal, proposal, why_not);
    if (proposal->state == PROPOSAL_APPROVED)
        rc = proposals_move(turn, signal, proposal, PROPOSAL_RUNNING, (struct slice){ 0 });
    step->state = STEP_RUNNING;
    step->started_ms = turn->now_ms;
    if (!rc)
        rc = audit_step(turn, "step.started", proposal, step);
    if (!rc)
        rc = turn_push_effect(turn, &item);
    return rc ? rc : turn_feed_proposal(turn, proposal);
}

static enum rc finish(struct turn *turn, struct signal *signal, struct proposal *proposal)
{
    enum rc rc;

    if (proposal->verify == VERIFY_NONE)
        return proposals_move(turn, signal, proposal, PROPOSAL_DONE, SLICE("every step was done"));
    rc = proposals_move(turn, signal, proposal, PROPOSAL_VERIFYING, (struct slice){ 0 });
    return rc ? rc : steps_verify(turn, signal, proposal);
}

static enum rc is_paused(struct turn *turn, bool *paused)
{
    uint64_t value = 0;
    enum rc rc = meta_get(turn->txn, META_PAUSED, &value);

    *paused = value != 0 || turn->engine->rests;
    return rc;
}

/* While paused what is next stays planned; that the last one is over needs nobody to resume. */
static enum rc start_next(struct turn *turn, struct signal *signal, struct proposal *proposal,
                          size_t part)
{
    const struct step *step = step_of(proposal, part);
    bool paused = false;
    enum rc rc = is_paused(turn, &paused);

    if (rc || paused)
        return rc;
    if (step->check.n_items && turn->now_ms - step->checked_ms >= CHECK_FRESH_MS)
        return start_check(turn, signal, proposal, part);
    return start_step(turn, signal, proposal, part);
}

enum rc steps_advance(struct turn *turn, struct signal *signal, struct proposal *proposal)
{
    for (size_t i = 0; i < proposal->plan.n_items; i++) {
        const struct step *step = step_of(proposal, i);

        if (step->state == STEP_DONE)
            continue;
        return step->state == STEP_PLANNED ? start_next(turn, signal, proposal, i) : RC_OK;
    }
    return finish(turn, signal, proposal);
}

enum rc steps_release(struct turn *turn, struct ulid id, int64_t due_ms)
{
    struct proposal proposal = { 0 };
    struct signal signal = { 0 };
    enum rc rc = affair_load(turn, id, &proposal, &signal);

    if (rc == RC_NOT_FOUND ||
        (!rc && (proposal.state != PROPOSAL_APPROVED || proposal.hold_until_ms != due_ms)))
        return RC_OK;
    if (!rc)
        rc = steps_advance(turn, &signal, &proposal);
    return rc ? rc : affair_store(turn, &proposal, &signal);
}

/* What is damaged can be carried no further, and keeps nothing else from going on, nor us from starting. */
static bool is_out_of_reach(enum rc rc, struct ulid proposal)
{
    char text[ULID_TEXT_BYTES];

    if (rc == RC_CORRUPT)
        log_error("a damaged proposal, or its signal, is left as it is proposal=prp_%s",
                  ulid_format(proposal, text));
    return rc == RC_CORRUPT || rc == RC_NOT_FOUND;
}

enum rc steps_advance_all(struct turn *turn)
{
    struct ulid_list ids = { 0 };
    enum rc rc = proposals_list_unfinished(turn, &ids);

    for (size_t i = 0; i < ids.n_items && !rc; i++) {
        struct proposal proposal = { 0 };
        struct signal signal = { 0 };

        rc = affair_load(turn, ids.items[i], &proposal, &signal);
        if (is_out_of_reach(rc, ids.items[i])) {
            rc = RC_OK;
            continue;
        }
        if (rc || (proposal.state == PROPOSAL_APPROVED && proposal.hold_until_ms > turn->now_ms))
            continue;
        rc = proposal.state == PROPOSAL_UNDOING ? steps_undo_next(turn, &signal, &proposal)
                                                : steps_advance(turn, &signal, &proposal);
        if (!rc)
            rc = affair_store(turn, &proposal, &signal);
    }
    return rc;
}

/* --- results --- */

static enum rc fail_step(struct turn *turn, struct signal *signal, struct proposal *proposal,
                         const struct step *step, int64_t part)
{
    struct slice outcome;
    enum rc rc;

    rc = arena_format(turn->arena, &outcome, "step %lld (%.*s) failed: %.*s", (long long)part + 1,
                      SLICE_ARG(step->action), SLICE_ARG(step->error));
    return rc ? rc : proposals_move(turn, signal, proposal, PROPOSAL_FAILED, outcome);
}

static enum rc lose_step(struct turn *turn, struct signal *signal, struct proposal *proposal,
                         const struct step *step, int64_t part)
{
    struct slice outcome;
    enum rc rc;

    rc = arena_format(
        turn->arena, &outcome,
        "nobody knows whether step %lld (%.*s) ran: look, then settle it as ran or not ran",
        (long long)part + 1, SLICE_ARG(step->action));
    return rc ? rc : proposals_move(turn, signal, proposal, PROPOSAL_UNKNOWN, outcome);
}

static void take_output(const struct effect_result *result, struct step *step)
{
    static const enum step_state states[] = { [EFFECT_DONE] = STEP_DONE,
                                              [EFFECT_FAILED] = STEP_FAILED,
                                              [EFFECT_TIMED_OUT] = STEP_FAILED,
                                              [EFFECT_NOT_STARTED] = STEP_NOT_STARTED,
                                              [EFFECT_UNKNOWN] = STEP_UNKNOWN };

    step->state = states[result->state];
    step->output = result->output;
    step->output_truncated = result->truncated;
    step->exit_code = result->exit_code;
    step->exited = result->exited;
    step->error = result->error;
    step->finished_ms = result->finished_ms;
}

static enum rc on_step(struct turn *turn, struct signal *signal, struct proposal *proposal,
                       const struct outbox_item *item, const struct effect_result *result)
{
    struct step *step = find_step(proposal, item->part);
    enum rc rc;

    if (!step || step->state != STEP_RUNNING || item->revision != proposal->revision)
        return RC_OK;
    take_output(result, step);
    rc = audit_step(turn, "step.finished", proposal, step);
    if (!rc)
        rc = messages_tell_step(turn, proposal, (size_t)item->part);
    if (rc)
        return rc;
    if (step->state == STEP_DONE)
        return steps_advance(turn, signal, proposal);
    if (step->state == STEP_UNKNOWN)
        return lose_step(turn, signal, proposal, step, item->part);
    return fail_step(turn, signal, proposal, step, item->part);
}

static enum rc on_check(struct turn *turn, struct signal *signal, struct proposal *proposal,
                        const struct outbox_item *item, const struct effect_result *result)
{
    struct step *step = find_step(proposal, item->part);
    struct slice why;
    enum rc rc;

    if (!step || step->state != STEP_CHECKING || item->revision != proposal->revision)
        return RC_OK;
    step->state = STEP_PLANNED;
    /* It expired or resolved while the check ran: nothing waits for the answer any more. */
    if (proposal->state != PROPOSAL_APPROVED && proposal->state != PROPOSAL_RUNNING)
        return RC_OK;
    if (result->state == EFFECT_DONE) {
        step->checked_ms = turn->now_ms;
        return steps_advance(turn, signal, proposal);
    }
    rc = arena_format(turn->arena, &why, "the check of step %lld (%.*s) did not pass: %.*s",
                      (long long)item->part + 1, SLICE_ARG(step->action), SLICE_ARG(result->error));
    return rc ? rc : refuse(turn, signal, proposal, why);
}

static enum rc on_verify(struct turn *turn, struct signal *signal, struct proposal *proposal,
                         const struct outbox_item *item, const struct effect_result *result)
{
    enum rc rc;

    (void)item;
    if (proposal->state != PROPOSAL_VERIFYING)
        return RC_OK;
    if (result->state != EFFECT_DONE)
        return proposals_move(turn, signal, proposal, PROPOSAL_INCONCLUSIVE,
                              SLICE("the verifying check did not pass"));
    rc = proposals_move(turn, signal, proposal, PROPOSAL_VERIFIED,
                        SLICE("the verifying check passed"));
    return rc ? rc : groups_verified(turn, proposal, signal);
}

static enum rc on_undo(struct turn *turn, struct signal *signal, struct proposal *proposal,
                       const struct outbox_item *item, const struct effect_result *result)
{
    struct step *step = find_step(proposal, item->part);

    if (!step || proposal->state != PROPOSAL_UNDOING || step->undo_state != STEP_RUNNING)
        return RC_OK;
    if (result->state == EFFECT_DONE) {
        step->undo_state = STEP_DONE;
        return steps_undo_next(turn, signal, proposal);
    }
    if (result->state == EFFECT_UNKNOWN) {
        step->undo_state = STEP_UNKNOWN;
        return proposals_move(turn, signal, proposal, PROPOSAL_UNDO_UNKNOWN,
                              SLICE("nobody knows whether the undo ran: look for yourself"));
    }
    step->undo_state = STEP_FAILED;
    return proposals_move(turn, signal, proposal, PROPOSAL_UNDO_FAILED, SLICE("the undo failed"));
}

static enum rc lose_unanswered(struct turn *turn, struct signal *signal, struct proposal *proposal)
{
    for (size_t i = 0; i < proposal->plan.n_items; i++) {
        struct step *step = step_of(proposal, i);

        if (proposal->state == PROPOSAL_RUNNING && step->state == STEP_RUNNING) {
            step->state = STEP_UNKNOWN;
            return lose_step(turn, signal, proposal, step, (int64_t)i);
        }
        if (proposal->state == PROPOSAL_UNDOING && step->undo_state == STEP_RUNNING) {
            step->undo_state = STEP_UNKNOWN;
            return proposals_move(turn, signal, proposal, PROPOSAL_UNDO_UNKNOWN,
                                  SLICE("nobody knows whether the undo ran: look for yourself"));
        }
    }
    return RC_OK;
}

enum rc steps_lose_unanswered(struct turn *turn)
{
    struct ulid_list ids = { 0 };
    enum rc rc = proposals_list_unfinished(turn, &ids);

    for (size_t i = 0; i < ids.n_items && !rc; i++) {
        struct proposal proposal = { 0 };
        struct signal signal = { 0 };

        rc = affair_load(turn, ids.items[i], &proposal, &signal);
        if (is_out_of_reach(rc, ids.items[i])) {
            rc = RC_OK;
            continue;
        }
        if (!rc)
            rc = lose_unanswered(turn, &signal, &proposal);
        if (!rc)
            rc = affair_store(turn, &proposal, &signal);
    }
    return rc;
}

enum rc steps_take_result(struct turn *turn, const struct outbox_item *item,
                          const struct effect_result *result)
{
    static enum rc (*const takers[OUTBOX_N_CHANNELS])(
        struct turn * turn, struct signal * signal, struct proposal * proposal,
        const struct outbox_item *item, const struct effect_result *result) = {
        [OUTBOX_CHECK] = on_check,
        [OUTBOX_STEP] = on_step,
        [OUTBOX_VERIFY] = on_verify,
        [OUTBOX_UNDO] = on_undo,
    };
    struct proposal proposal = { 0 };
    struct signal signal = { 0 };
    enum rc rc = affair_load(turn, item->object, &proposal, &signal);

    if (is_out_of_reach(rc, item->object))
        return RC_OK;
    if (rc)
        return rc;
    if (!takers[item->channel])
        return RC_CORRUPT;
    rc = takers[item->channel](turn, &signal, &proposal, item, result);
    if (rc)
        return rc;
    proposal.updated_ms = turn->now_ms;
    return affair_store(turn, &proposal, &signal);
}

/* --- did it help? --- */

/* The source was quicker than the step's result: every step starts while the signal fires, so this came since. */
static bool is_well_again(const struct signal *signal)
{
    return signal->state == SIGNAL_RESOLVED && slice_eq(signal->resolved_by, SLICE("event"));
}

enum rc steps_verify(struct turn *turn, struct signal *signal, struct proposal *proposal)
{
    struct outbox_item item = effect_of(proposal, &proposal->verify_step, OUTBOX_VERIFY, 0);
    int64_t before_ms = proposal->verify_until_ms;
    bool others_are_well = false;
    enum rc rc = groups_are_well(turn, proposal, signal->id, &others_are_well);

    if (rc)
        return rc;
    if (proposal->verify == VERIFY_OK && is_well_again(signal) && others_are_well)
        return proposals_move(turn, signal, proposal, PROPOSAL_VERIFIED,
                              SLICE("the source says that it is well again"));
    /* A check has a timeout of its own, and its result always comes: no window may end before it. */
    if (proposal->verify == VERIFY_CHECK)
        return turn_push_effect(turn, &item);
    proposal->verify_until_ms = turn->now_ms + proposal->verify_ms;
    return turn_move_timer(turn, TIMER_PROPOSAL_VERIFY, proposal->id, before_ms,
                           proposal->verify_until_ms);
}

/* There is no match that would make it ask. */
static enum rc ask_again(struct turn *turn, struct signal *signal)
{
    const struct rule *rule = turn_rule(turn, signal->rule);
    enum rc rc = rule ? signals_ask(turn, rule, signal) : RC_OK;

    return rc ? rc : signal_put(turn->txn, signal);
}

enum rc steps_verify_due(struct turn *turn, struct ulid id, int64_t due_ms)
{
    struct proposal proposal = { 0 };
    struct signal signal = { 0 };
    enum rc rc = affair_load(turn, id, &proposal, &signal);

    if (rc == RC_NOT_FOUND ||
        (!rc && (proposal.state != PROPOSAL_VERIFYING || proposal.verify_until_ms != due_ms)))
        return RC_OK;
    if (rc)
        return rc;
    if (proposal.verify == VERIFY_QUIET)
        rc = quiet_end(turn, &signal, &proposal);
    else
        rc = proposals_move(turn, &signal, &proposal, PROPOSAL_INCONCLUSIVE,
                            SLICE("nothing told within the window whether it helped"));
    if (!rc)
        rc = affair_store(turn, &proposal, &signal);
    return rc || proposal.state != PROPOSAL_RECURRED ? rc : ask_again(turn, &signal);
}

/* --- undo, last step first --- */

static enum rc start_undo(struct turn *turn, struct signal *signal, struct proposal *proposal,
                          size_t part)
{
    struct step *step = step_of(proposal, part);
    const struct step *undo = step->undo_step.items;
    struct outbox_item item;
    bool paused = false;
    enum rc rc = is_paused(turn, &paused);

    if (rc || paused)
        return rc;
    if (!step->undo_step.n_items)
        return proposals_move(turn, signal, proposal, PROPOSAL_UNDO_FAILED,
                              SLICE("a step that was done has no undo"));
    step->undo_state = STEP_RUNNING;
    item = effect_of(proposal, undo, OUTBOX_UNDO, part);
    rc = audit_step(turn, "undo.started", proposal, undo);
    return rc ? rc : turn_push_effect(turn, &item);
}

enum rc steps_undo_next(struct turn *turn, struct signal *signal, struct proposal *proposal)
{
    for (size_t i = proposal->plan.n_items; i > 0; i--) {
        struct step *step = step_of(proposal, i - 1);

        if (step->undo_state == STEP_RUNNING)
            return RC_OK;
        if (step->state == STEP_DONE && step->undo_state == STEP_PLANNED)
            return start_undo(turn, signal, proposal, i - 1);
    }
    return proposals_move(turn, signal, proposal, PROPOSAL_UNDONE,
                          SLICE("every step that was done is undone"));
}
