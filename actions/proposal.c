#include "actions/proposal.h"

/* What may follow what. RUNNING is reached from APPROVED and from nowhere else, and APPROVED only from OPEN: this table is the promise that
 * nothing acts unapproved. UNDOING starts only by a decision as well: decide.c. */
/* clang-format off */
static const bool may_become[PROPOSAL_STATES][PROPOSAL_STATES] = {
    [PROPOSAL_OPEN]         = { [PROPOSAL_APPROVED] = true, [PROPOSAL_REJECTED] = true, [PROPOSAL_EXPIRED] = true,
                                [PROPOSAL_WITHDRAWN] = true, [PROPOSAL_SUPERSEDED] = true },
    [PROPOSAL_APPROVED]     = { [PROPOSAL_RUNNING] = true, [PROPOSAL_STALE] = true, [PROPOSAL_OPEN] = true /* taken back */ },
    [PROPOSAL_RUNNING]      = { [PROPOSAL_VERIFYING] = true, [PROPOSAL_DONE] = true, [PROPOSAL_FAILED] = true, [PROPOSAL_UNKNOWN] = true },
    [PROPOSAL_UNKNOWN]      = { [PROPOSAL_VERIFYING] = true, [PROPOSAL_FAILED] = true, [PROPOSAL_DONE] = true /* ran, and nothing verifies it */ },
    [PROPOSAL_VERIFYING]    = { [PROPOSAL_VERIFIED] = true, [PROPOSAL_RECURRED] = true, [PROPOSAL_INCONCLUSIVE] = true },
    [PROPOSAL_DONE]         = { [PROPOSAL_UNDOING] = true },
    [PROPOSAL_FAILED]       = { [PROPOSAL_UNDOING] = true },
    [PROPOSAL_VERIFIED]     = { [PROPOSAL_UNDOING] = true },
    [PROPOSAL_RECURRED]     = { [PROPOSAL_UNDOING] = true },
    [PROPOSAL_INCONCLUSIVE] = { [PROPOSAL_UNDOING] = true },
    [PROPOSAL_UNDOING]      = { [PROPOSAL_UNDONE] = true, [PROPOSAL_UNDO_FAILED] = true, [PROPOSAL_UNDO_UNKNOWN] = true },
};
/* clang-format on */

bool proposal_may_become(enum proposal_state from, enum proposal_state to)
{
    return from < PROPOSAL_STATES && to < PROPOSAL_STATES && may_become[from][to];
}

enum rc proposal_move(struct proposal *proposal, enum proposal_state to, int64_t now_ms)
{
    if (!proposal_may_become(proposal->state, to))
        return RC_CONFLICT;
    proposal->state = to;
    proposal->updated_ms = now_ms;
    proposal->closed_ms = proposal_state_is_final(to) ? now_ms : 0;
    return RC_OK;
}

static void void_approvals(struct proposal *proposal)
{
    struct decision *decisions = proposal->decisions.items;

    for (size_t i = 0; i < proposal->decisions.n_items; i++)
        if (decisions[i].verdict == VERDICT_APPROVE)
            decisions[i].is_void = true;
}

enum rc proposal_drop_edits(struct proposal *proposal, struct slice why, struct arena *arena)
{
    struct decision *decisions = proposal->decisions.items;
    struct slice editor = { 0 };

    for (size_t i = 0; i < proposal->decisions.n_items; i++) {
        if (decisions[i].verdict != VERDICT_EDIT || decisions[i].is_void)
            continue;
        decisions[i].is_void = true;
        editor = decisions[i].by;
    }
    if (slice_is_absent(editor))
        return RC_OK;
    return arena_format(arena, &proposal->edited,
                        "%.*s, and the plan is made from it anew: what %.*s changed in it "
                        "before is void",
                        SLICE_ARG(why), SLICE_ARG(editor));
}

enum rc proposal_revise_until(struct proposal *proposal, int64_t now_ms, int64_t expires_ms,
                              struct arena *arena)
{
    void_approvals(proposal);
    proposal->revision++;
    proposal->updated_ms = now_ms;
    proposal->expires_ms = expires_ms;
    proposal->plan_digest = (struct slice){ 0 };
    /* Without a plan there is nothing to approve, and so nothing to sign. */
    return proposal->plan.n_items ? plan_digest(proposal, arena, &proposal->plan_digest) : RC_OK;
}

enum rc proposal_revise(struct proposal *proposal, int64_t now_ms, bool new_expiry,
                        struct arena *arena)
{
    int64_t expires_ms = new_expiry ? now_ms + proposal->expires_after_ms : proposal->expires_ms;

    return proposal_revise_until(proposal, now_ms, expires_ms, arena);
}

size_t proposal_count_approvals(const struct proposal *proposal)
{
    const struct decision *decisions = proposal->decisions.items;
    size_t n_approvals = 0;

    for (size_t i = 0; i < proposal->decisions.n_items; i++)
        if (proposal_approval_counts(proposal, &decisions[i]))
            n_approvals++;
    return n_approvals;
}

/* For this revision, for exactly this plan, and not void. */
bool proposal_approval_counts(const struct proposal *proposal, const struct decision *decision)
{
    return decision->verdict == VERDICT_APPROVE && !decision->is_void &&
           decision->revision == proposal->revision &&
           slice_eq(decision->plan_digest, proposal->plan_digest);
}
