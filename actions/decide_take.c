/* What a decision that passed all checks makes of the proposal. */
#include "actions/deciding.h"

#include <string.h>

/* Appends the decision, as its own copy. */
static enum rc record(struct deciding *deciding)
{
    struct proposal *proposal = deciding->proposal;
    const struct decision *given = deciding->decision;
    size_t n_decisions = proposal->decisions.n_items;
    struct decision *decisions = arena_alloc(deciding->arena, n_decisions + 1, sizeof(*decisions));
    struct decision *copy;
    enum rc rc;

    if (!decisions)
        return RC_NO_MEMORY;
    if (n_decisions)
        memcpy(decisions, proposal->decisions.items, n_decisions * sizeof(*decisions));
    copy = &decisions[n_decisions];
    *copy = *given;
    copy->at_ms = deciding->real_ms;
    copy->revision = proposal->revision;
    copy->is_void = false;
    rc = arena_copy(deciding->arena, given->by, &copy->by);
    if (!rc)
        rc = arena_copy(deciding->arena, given->via, &copy->via);
    if (!rc)
        rc = arena_copy(deciding->arena, given->plan_digest, &copy->plan_digest);
    if (!rc)
        rc = arena_copy(deciding->arena, given->reason, &copy->reason);
    if (!rc)
        rc = arena_copy(deciding->arena, given->note, &copy->note);
    if (!rc)
        rc = arena_copy(deciding->arena, given->settle, &copy->settle);
    if (!rc)
        rc = arena_copy(deciding->arena, given->params, &copy->params);
    if (rc)
        return rc;
    proposal->decisions = (struct record_list){ .items = decisions, .n_items = n_decisions + 1 };
    proposal->updated_ms = deciding->now_ms;
    return RC_OK;
}

/* A token and the socket act at once by default; whoever comes another way sees a page or a card, and gets its hold. */
static int64_t hold_ms(const struct deciding *deciding)
{
    struct slice via = deciding->decision->via;

    if (slice_eq(via, SLICE("socket")) || slice_eq(via, SLICE("token")))
        return deciding->proposal->hold_ms_local;
    return deciding->proposal->hold_ms_page;
}

static enum rc take_approve(struct deciding *deciding)
{
    struct proposal *proposal = deciding->proposal;
    size_t n_approvals = proposal_count_approvals(proposal);
    size_t n_needed = deciding->rights->need > 1 ? (size_t)deciding->rights->need : 1;
    char text[TIME_TEXT_BYTES];
    int64_t held_ms;
    enum rc rc;

    if (n_approvals < n_needed)
        return decide_say(deciding, DECISION_TAKEN,
                          "%zu of %zu approvals: it stays open until all are given", n_approvals,
                          n_needed);
    rc = proposal_move(proposal, PROPOSAL_APPROVED, deciding->now_ms);
    if (rc)
        return rc;
    held_ms = hold_ms(deciding);
    proposal->hold_until_ms = deciding->now_ms + held_ms;
    if (held_ms > 0)
        return decide_say(deciding, DECISION_TAKEN,
                          "approved; it starts in %s unless you take it back",
                          duration_format_rough(held_ms, text));
    return decide_say(deciding, DECISION_TAKEN, "approved; it starts now");
}

static enum rc take_reject(struct deciding *deciding)
{
    struct proposal *proposal = deciding->proposal;
    const struct decision *rejection = decision_find(proposal, VERDICT_REJECT);
    enum rc rc = proposal_move(proposal, PROPOSAL_REJECTED, deciding->now_ms);

    if (!rc)
        rc = arena_format(deciding->arena, &proposal->outcome, "rejected by %.*s (%.*s)",
                          SLICE_ARG(rejection->by), SLICE_ARG(rejection->reason));
    if (rc)
        return rc;
    return decide_say(deciding, DECISION_TAKEN, "rejected: nothing is done");
}

static enum rc take_ack(struct deciding *deciding)
{
    struct proposal *proposal = deciding->proposal;

    proposal->acknowledged_by = decision_find(proposal, VERDICT_ACK)->by;
    return decide_say(deciding, DECISION_TAKEN, "acknowledged: it stays open, and you are on it");
}

/* Who asked to be reminded must find something that can still be decided. */
static enum rc take_snooze(struct deciding *deciding)
{
    struct proposal *proposal = deciding->proposal;
    int64_t wakes_ms = deciding->now_ms + deciding->decision->for_ms;
    char when[WHEN_BYTES];
    enum rc rc = RC_OK;

    proposal->snoozed_until_ms = wakes_ms;
    if (wakes_ms >= proposal->expires_ms)
        rc = proposal_revise_until(proposal, deciding->now_ms,
                                   wakes_ms + proposal->expires_after_ms, deciding->arena);
    if (rc)
        return rc;
    return decide_say(deciding, DECISION_TAKEN, "snoozed until %s", when_format(wakes_ms, when));
}

/* The new revision voids what others approved; the editor's own approval is another decision. */
static enum rc take_edit(struct deciding *deciding)
{
    struct proposal *proposal = deciding->proposal;
    size_t n_approvals = proposal_count_approvals(proposal);
    enum rc rc;

    proposal->plan = deciding->edit->plan;
    rc = arena_format(deciding->arena, &proposal->edited, "%.*s changed %.*s",
                      SLICE_ARG(deciding->decision->by), SLICE_ARG(deciding->edit->changes));
    if (!rc)
        rc = proposal_revise(proposal, deciding->now_ms, false, deciding->arena);
    if (rc)
        return rc;
    return decide_say(deciding, DECISION_TAKEN,
                      "edited: revision %lld, plan %.12s, waits for approval%s",
                      (long long)proposal->revision, proposal->plan_digest.ptr,
                      n_approvals ? "; what was approved before is void" : "");
}

/* The new revision voids the approval, so that no late or replayed click can bring it back. */
static enum rc take_take_back(struct deciding *deciding)
{
    struct proposal *proposal = deciding->proposal;
    enum rc rc = proposal_move(proposal, PROPOSAL_OPEN, deciding->now_ms);

    if (!rc)
        rc = proposal_revise(proposal, deciding->now_ms, false, deciding->arena);
    if (rc)
        return rc;
    proposal->hold_until_ms = 0;
    return decide_say(deciding, DECISION_TAKEN, "taken back: it is open again, and nothing ran");
}

static enum rc take_undo(struct deciding *deciding)
{
    enum rc rc = proposal_move(deciding->proposal, PROPOSAL_UNDOING, deciding->now_ms);

    if (rc)
        return rc;
    return decide_say(deciding, DECISION_TAKEN, "undoing the steps that were done, last one first");
}

/* The steps behind it were never started, and never will be. */
static size_t settle_steps(struct proposal *proposal, bool ran)
{
    struct step *steps = proposal->plan.items;
    size_t n_left = 0;

    for (size_t i = 0; i < proposal->plan.n_items; i++) {
        if (steps[i].state == STEP_UNKNOWN)
            steps[i].state = ran ? STEP_DONE : STEP_NOT_STARTED;
        else if (steps[i].state == STEP_PLANNED || steps[i].state == STEP_CHECKING) {
            steps[i].state = STEP_NOT_STARTED;
            n_left++;
        }
    }
    return n_left;
}

static enum rc take_settle(struct deciding *deciding)
{
    struct proposal *proposal = deciding->proposal;
    const struct decision *settling = decision_find(proposal, VERDICT_SETTLE);
    bool ran = slice_eq(settling->settle, SLICE("ran"));
    size_t n_left = settle_steps(proposal, ran);
    enum proposal_state next = PROPOSAL_FAILED;
    enum rc rc;

    if (ran && !n_left)
        next = proposal->verify == VERIFY_NONE ? PROPOSAL_DONE : PROPOSAL_VERIFYING;
    rc = proposal_move(proposal, next, deciding->now_ms);
    if (!rc && next == PROPOSAL_FAILED)
        rc = arena_format(deciding->arena, &proposal->outcome, "%s, as settled by %.*s",
                          ran ? "a step ran and the rest was not started" : "the step did not run",
                          SLICE_ARG(settling->by));
    if (rc)
        return rc;
    return decide_say(deciding, DECISION_TAKEN, "settled as %.*s: it is %s now",
                      SLICE_ARG(settling->settle), proposal_state_names[next]);
}

enum rc decide_take(struct deciding *deciding)
{
    static enum rc (*const takes[])(struct deciding * deciding) = {
        [VERDICT_APPROVE] = take_approve, [VERDICT_REJECT] = take_reject,
        [VERDICT_ACK] = take_ack,         [VERDICT_SNOOZE] = take_snooze,
        [VERDICT_EDIT] = take_edit,       [VERDICT_TAKE_BACK] = take_take_back,
        [VERDICT_UNDO] = take_undo,       [VERDICT_SETTLE] = take_settle,
    };
    enum rc rc = record(deciding);

    return rc ? rc : takes[deciding->decision->verdict](deciding);
}
