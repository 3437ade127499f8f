/* The sentences for the decider: who, when, what now. */
#include "actions/deciding.h"

#include <stdarg.h>
#include <stdio.h>

#define SENTENCE_MAX_BYTES 500

static const char *const participles[] = {
    [VERDICT_APPROVE] = "approved",     [VERDICT_REJECT] = "rejected",
    [VERDICT_ACK] = "acknowledged",     [VERDICT_SNOOZE] = "snoozed",
    [VERDICT_EDIT] = "edited",          [VERDICT_RESPOND] = "answered",
    [VERDICT_TAKE_BACK] = "taken back", [VERDICT_UNDO] = "told to be undone",
    [VERDICT_SETTLE] = "settled",
};

enum rc decide_say(struct deciding *deciding, enum decision_outcome outcome, const char *format,
                   ...)
{
    char text[2 * SENTENCE_MAX_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    deciding->is_answered = true;
    deciding->answer->outcome = outcome;
    return arena_copy(deciding->arena, text_cut(slice_of(text), SENTENCE_MAX_BYTES, NULL),
                      &deciding->answer->detail);
}

enum rc decision_describe(const struct decision *decision, struct arena *arena, struct slice *text)
{
    struct slice more = decision->reason.len ? decision->reason : decision->settle;
    char when[WHEN_BYTES];

    return arena_format(arena, text, "%s by %.*s at %s%s%.*s%s", participles[decision->verdict],
                        SLICE_ARG(decision->by), when_format(decision->at_ms, when),
                        more.len ? " (" : "", SLICE_ARG(more), more.len ? ")" : "");
}

enum rc decide_say_same_again(struct deciding *deciding, const struct decision *earlier)
{
    const struct proposal *proposal = deciding->proposal;
    struct slice described;
    enum rc rc = decision_describe(earlier, deciding->arena, &described);

    if (rc)
        return rc;
    if (earlier->verdict == VERDICT_APPROVE && proposal->state == PROPOSAL_OPEN)
        return decide_say(deciding, DECISION_SAME_AGAIN, "already %.*s: %zu of %lld approvals",
                          SLICE_ARG(described), proposal_count_approvals(proposal),
                          (long long)deciding->rights->need);
    if (proposal->state == PROPOSAL_OPEN || proposal->state == PROPOSAL_APPROVED ||
        proposal->state == PROPOSAL_REJECTED)
        return decide_say(deciding, DECISION_SAME_AGAIN, "already %.*s", SLICE_ARG(described));
    return decide_say(deciding, DECISION_SAME_AGAIN, "already %.*s; now it is %s",
                      SLICE_ARG(described), proposal_state_names[proposal->state]);
}

/* The decision that a state came from; NULL for states that nobody decided. */
static const struct decision *find_cause(const struct proposal *proposal)
{
    const struct decision *undo = decision_find(proposal, VERDICT_UNDO);

    if (proposal->state == PROPOSAL_REJECTED)
        return decision_find(proposal, VERDICT_REJECT);
    return undo ? undo : decision_find(proposal, VERDICT_APPROVE);
}

enum rc decide_say_not_open(struct deciding *deciding)
{
    const struct proposal *proposal = deciding->proposal;
    const char *state = proposal_state_names[proposal->state];
    const struct decision *cause = NULL;
    struct slice described;
    char when[WHEN_BYTES];
    enum rc rc;

    if (proposal->state == PROPOSAL_OPEN || proposal->state == PROPOSAL_EXPIRED)
        return decide_say(deciding, DECISION_CONFLICT, "expired at %s: nothing happens any more",
                          when_format(proposal->expires_ms, when));
    if (proposal->state != PROPOSAL_WITHDRAWN && proposal->state != PROPOSAL_SUPERSEDED)
        cause = find_cause(proposal);
    if (!cause)
        return decide_say(deciding, DECISION_CONFLICT, "%s at %s%s%.*s", state,
                          when_format(proposal->closed_ms, when), proposal->outcome.len ? ": " : "",
                          SLICE_ARG(proposal->outcome));
    rc = decision_describe(cause, deciding->arena, &described);
    if (rc)
        return rc;
    if (proposal->state == PROPOSAL_APPROVED || proposal->state == PROPOSAL_REJECTED)
        return decide_say(deciding, DECISION_CONFLICT, "already %.*s", SLICE_ARG(described));
    return decide_say(deciding, DECISION_CONFLICT, "already %.*s; now it is %s",
                      SLICE_ARG(described), state);
}
