/* What a person can do with a proposal now. Who may is another question: the engine answers it. */
#include "actions/channels/card.h"
#include "actions/proposal.h"

const char *const card_reasons[] = { "wrong cause", "right cause, wrong action", "known, in hand",
                                     "too late",    "not worth doing it",        NULL };

enum card_phase card_phase(const struct card *card)
{
    /* clang-format off */
    static const enum card_phase phases[PROPOSAL_STATES] = {
        [PROPOSAL_OPEN]         = CARD_OFFERED, [PROPOSAL_APPROVED]    = CARD_OFFERED,
        [PROPOSAL_RUNNING]      = CARD_ACTED,   [PROPOSAL_UNKNOWN]     = CARD_ACTED,
        [PROPOSAL_VERIFYING]    = CARD_ACTED,   [PROPOSAL_VERIFIED]    = CARD_ACTED,
        [PROPOSAL_RECURRED]     = CARD_ACTED,   [PROPOSAL_INCONCLUSIVE] = CARD_ACTED,
        [PROPOSAL_DONE]         = CARD_ACTED,   [PROPOSAL_FAILED]      = CARD_ACTED,
        [PROPOSAL_UNDOING]      = CARD_ACTED,   [PROPOSAL_UNDONE]      = CARD_ACTED,
        [PROPOSAL_UNDO_FAILED]  = CARD_ACTED,   [PROPOSAL_UNDO_UNKNOWN] = CARD_ACTED,
        [PROPOSAL_STALE]        = CARD_DROPPED, [PROPOSAL_REJECTED]    = CARD_DROPPED,
        [PROPOSAL_EXPIRED]      = CARD_DROPPED, [PROPOSAL_WITHDRAWN]   = CARD_DROPPED,
        [PROPOSAL_SUPERSEDED]   = CARD_DROPPED,
    };
    /* clang-format on */

    return card->proposal->plan.n_items ? phases[card->proposal->state] : CARD_NO_PLAN;
}

bool card_has_effects(const struct card *card)
{
    const struct step *steps = card->proposal->plan.items;

    for (size_t i = 0; i < card->proposal->plan.n_items; i++)
        if (steps[i].effect != EFFECT_NONE)
            return true;
    return false;
}

bool card_is_irrevocable(const struct card *card)
{
    const struct step *steps = card->proposal->plan.items;

    for (size_t i = 0; i < card->proposal->plan.n_items; i++)
        if (steps[i].effect != EFFECT_NONE && !steps[i].undo.len)
            return true;
    return false;
}

/* "{}" and "" have none. */
static bool has_parameters(const struct card *card)
{
    const struct step *steps = card->proposal->plan.items;
    size_t offset;

    for (size_t i = 0; i < card->proposal->plan.n_items; i++)
        if (!slice_find(steps[i].params, SLICE(":"), &offset))
            return true;
    return false;
}

/* Where every step that was done declares an undo. */
static bool can_be_undone(const struct card *card)
{
    const struct step *steps = card->proposal->plan.items;
    size_t n_done = 0;

    if (!proposal_may_become(card->proposal->state, PROPOSAL_UNDOING))
        return false;
    for (size_t i = 0; i < card->proposal->plan.n_items; i++) {
        if (steps[i].state != STEP_DONE)
            continue;
        if (!steps[i].undo.len || !steps[i].undo_step.n_items)
            return false;
        n_done++;
    }
    return n_done > 0;
}

static unsigned offers_of_open(const struct card *card)
{
    unsigned offers = CARD_REJECT | CARD_SNOOZE | CARD_MUTE | CARD_DETAILS;

    if (card->proposal->plan.n_items)
        offers |= CARD_APPROVE;
    if (has_parameters(card))
        offers |= CARD_EDIT;
    if (!card->proposal->acknowledged_by.len)
        offers |= CARD_ACK;
    return offers;
}

unsigned card_offers(const struct card *card)
{
    unsigned offers = CARD_DETAILS;

    if (card->proposal->state == PROPOSAL_OPEN)
        return offers_of_open(card);
    if (card_phase(card) == CARD_DROPPED || card_phase(card) == CARD_NO_PLAN)
        return 0;
    if (card->proposal->state == PROPOSAL_APPROVED && card->proposal->hold_until_ms > card->now_ms)
        offers |= CARD_TAKE_BACK;
    if (card->proposal->state == PROPOSAL_UNKNOWN)
        offers |= CARD_SETTLE;
    if (can_be_undone(card))
        offers |= CARD_UNDO;
    return offers;
}
