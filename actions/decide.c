#include "actions/deciding.h"

/* The order in which CONTRACT.md lists the answers: 403, the same again, 409, 428 and 412, 400. */
static enum rc (*const phases[])(struct deciding *deciding) = {
    decide_check_rights, decide_check_same_again, decide_check_conflict,
    decide_check_digest, decide_check_content,    decide_take,
};

enum rc proposal_decide(struct proposal *proposal, const struct decision *decision,
                        const struct decider_rights *rights, const struct plan_edit *edit,
                        int64_t now_ms, int64_t real_ms, struct arena *arena,
                        struct decision_answer *answer)
{
    struct deciding deciding = {
        .proposal = proposal,
        .decision = decision,
        .rights = rights,
        .edit = edit,
        .now_ms = now_ms,
        .real_ms = real_ms,
        .arena = arena,
        .answer = answer,
    };
    enum rc rc = RC_OK;

    for (size_t i = 0; i < sizeof(phases) / sizeof(*phases) && !rc && !deciding.is_answered; i++)
        rc = phases[i](&deciding);
    return rc;
}

const struct decision *decision_find(const struct proposal *proposal, enum verdict verdict)
{
    const struct decision *decisions = proposal->decisions.items;

    for (size_t i = proposal->decisions.n_items; i > 0; i--) {
        const struct decision *decision = &decisions[i - 1];

        if (decision->verdict == verdict && !decision->is_void)
            return decision;
    }
    return NULL;
}

bool deciding_is_expired(const struct deciding *deciding)
{
    return deciding->real_ms >= deciding->proposal->expires_ms;
}
