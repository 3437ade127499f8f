/* The gate before every step: is the approval still one for exactly this, and does its premise still hold? */
#include "actions/proposal.h"

#include "actions/wording.h"

#define CHECK_FRESH_MS (30 * SECOND_MS)

struct passing {
    const struct proposal *proposal;
    const struct gate_facts *facts;
    const struct step *step;
    struct arena *arena;
};

/* Each gives the sentence that says why not, or NULL. */

static const char *why_not_state(const struct passing *passing)
{
    enum proposal_state wanted = passing->facts->step ? PROPOSAL_RUNNING : PROPOSAL_APPROVED;

    return passing->proposal->state == wanted ? NULL : "it is not approved";
}

/* One approval starts each step once. */
static const char *why_not_order(const struct passing *passing)
{
    const struct step *steps = passing->proposal->plan.items;

    if (passing->step->started_ms ||
        (passing->step->state != STEP_PLANNED && passing->step->state != STEP_CHECKING))
        return "the step was started before";
    for (size_t i = 0; i < passing->facts->step; i++)
        if (steps[i].state != STEP_DONE)
            return "a step before it is not done";
    return NULL;
}

static const char *why_not_hold(const struct passing *passing)
{
    return passing->facts->step || passing->facts->now_ms >= passing->proposal->hold_until_ms
               ? NULL
               : "the approval is still held";
}

static const char *why_not_rule(const struct passing *passing)
{
    struct slice version_now = passing->facts->rule_version_now;

    if (slice_is_absent(version_now))
        return "its rule was removed";
    return slice_eq(version_now, passing->proposal->rule_version)
               ? NULL
               : "its rule has changed since it was proposed";
}

static const char *why_not_firing(const struct passing *passing)
{
    return passing->facts->signal_is_firing ? NULL : "the signal no longer fires";
}

static const char *why_not_expiry(const struct passing *passing)
{
    return passing->facts->real_ms < passing->proposal->expires_ms ? NULL
                                                                   : "it expired before it started";
}

static const char *why_not_deciders(const struct passing *passing)
{
    if (!passing->facts->deciders_still_allowed)
        return "who approved it may no longer decide";
    return proposal_count_approvals(passing->proposal) ? NULL
                                                       : "no approval of this revision stands";
}

static const char *why_not_check(const struct passing *passing)
{
    int64_t checked_ms = passing->step->checked_ms;

    if (!passing->step->check.n_items)
        return NULL;
    if (!checked_ms)
        return "its check has not passed";
    return passing->facts->now_ms - checked_ms < CHECK_FRESH_MS ? NULL
                                                                : "its check passed too long ago";
}

static const char *(*const gates[])(const struct passing *passing) = {
    why_not_state,  why_not_order,  why_not_hold,     why_not_rule,
    why_not_firing, why_not_expiry, why_not_deciders, why_not_check,
};

/* The digest that people approved is recomputed from what is about to run. */
static enum rc check_digest(const struct passing *passing, struct slice *why_not)
{
    struct slice digest;
    enum rc rc = plan_digest(passing->proposal, passing->arena, &digest);

    if (!rc && !slice_eq(digest, passing->proposal->plan_digest))
        *why_not = SLICE("the plan is not the one that was approved");
    return rc;
}

enum rc proposal_gate(const struct proposal *proposal, const struct gate_facts *facts,
                      struct arena *arena, struct slice *why_not)
{
    const struct step *steps = proposal->plan.items;
    struct passing passing = { .proposal = proposal, .facts = facts, .arena = arena };

    *why_not = (struct slice){ 0 };
    if (facts->step >= proposal->plan.n_items) {
        *why_not = SLICE("there is no such step");
        return RC_OK;
    }
    passing.step = &steps[facts->step];
    for (size_t i = 0; i < sizeof(gates) / sizeof(*gates); i++) {
        const char *sentence = gates[i](&passing);

        if (sentence) {
            *why_not = slice_of(sentence);
            return RC_OK;
        }
    }
    return check_digest(&passing, why_not);
}
