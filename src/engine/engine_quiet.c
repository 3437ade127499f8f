#include "src/engine/engine_private.h"

#define SCRATCH_LIMIT_BYTES ((size_t)16 << 20)

/* What may be found of a window in which nothing came, and what that makes of the proposal: of several, the first. */
enum finding { UNHEARD, FIRES_ON, MAINTAINED, SILENCED, FINDINGS };
static const struct {
    enum proposal_state state;
    const char *text;
} verdicts[FINDINGS] = {
    [UNHEARD] = { PROPOSAL_INCONCLUSIVE, "its watcher did not hear meanwhile: nobody can tell "
                                         "whether it helped" },
    [FIRES_ON] = { PROPOSAL_RECURRED, "it still fires" },
    [MAINTAINED] = { PROPOSAL_INCONCLUSIVE, "it stayed quiet, but there was maintenance meanwhile: "
                                            "nobody can tell whether it helped" },
    [SILENCED] = { PROPOSAL_INCONCLUSIVE, "it stayed quiet, but it was silenced meanwhile: nobody "
                                          "can tell whether it helped" },
};

struct findings {
    int64_t from_ms, until_ms;
    bool found[FINDINGS];
};

/* No match was to be expected of it: that it is over would have been told by its condition. */
static enum rc goes_on_firing(struct turn *turn, const struct signal *signal, bool *is_so)
{
    const struct rule *rule;
    enum rc rc = keys_rule_of(turn, signal, &rule);

    *is_so = !rc && rule && signal->state == SIGNAL_FIRING && rule->condition->ends_itself;
    return rc;
}

static enum rc look_for(struct turn *turn, const struct signal *signal,
                        const struct findings *findings, enum finding finding, bool *is_so)
{
    switch (finding) {
    case UNHEARD:
        return absence_was_deaf(turn, signal, findings->from_ms, is_so);
    case FIRES_ON:
        return goes_on_firing(turn, signal, is_so);
    case MAINTAINED:
        return maintenance_overlap(turn, signal, findings->from_ms, findings->until_ms, is_so);
    case SILENCED:
        return silences_overlap(turn, signal, findings->from_ms, findings->until_ms, is_so);
    case FINDINGS:
        break;
    }
    return RC_OK;
}

/* What one signal of the proposal has shown already needs no other. */
static enum rc look_at(struct turn *turn, const struct signal *signal, struct findings *findings)
{
    enum rc rc = RC_OK;

    for (int i = 0; i < FINDINGS && !rc; i++) {
        if (!findings->found[i])
            rc = look_for(turn, signal, findings, (enum finding)i, &findings->found[i]);
    }
    return rc;
}

/* There may be GROUP_MAX_SIGNALS of them: each is loaded once, and its memory given back before the next. */
static enum rc look_at_others(struct turn *turn, const struct proposal *proposal,
                              struct ulid in_hand, struct findings *findings)
{
    struct arena *of_turn = turn->arena;
    struct arena *of_signal = NULL;
    enum rc rc = arena_new(SCRATCH_LIMIT_BYTES, &of_signal);

    for (size_t i = 0; i < proposal->signals.n_items && !rc; i++) {
        struct signal signal = { 0 };

        if (!ulid_compare(proposal->signals.items[i], in_hand))
            continue;
        arena_reset(of_signal);
        turn->arena = of_signal;
        rc = signal_get(turn->txn, proposal->signals.items[i], of_signal, &signal);
        if (!rc)
            rc = look_at(turn, &signal, findings);
        else if (rc == RC_NOT_FOUND || rc == RC_CORRUPT)
            rc = RC_OK;
        turn->arena = of_turn;
    }
    arena_free(of_signal);
    return rc;
}

/* That it was quiet says nothing of a time in which nobody was to hear of it. */
enum rc quiet_end(struct turn *turn, struct signal *signal, struct proposal *proposal)
{
    struct findings findings = { .from_ms = proposal->verify_until_ms - proposal->verify_ms,
                                 .until_ms = proposal->verify_until_ms };
    enum rc rc = look_at(turn, signal, &findings);

    if (!rc)
        rc = look_at_others(turn, proposal, signal->id, &findings);
    for (size_t i = 0; i < FINDINGS && !rc; i++) {
        if (findings.found[i])
            return proposals_move(turn, signal, proposal, verdicts[i].state,
                                  slice_of(verdicts[i].text));
    }
    if (!rc)
        rc = proposals_move(turn, signal, proposal, PROPOSAL_VERIFIED, SLICE("it stayed quiet"));
    return rc ? rc : groups_verified(turn, proposal, signal);
}
