/* What may stand against a decision. Reads, changes nothing. */
#include "actions/deciding.h"

/* What each verdict needs. */
struct verdict_needs {
    bool open;         /* an open proposal that has not expired */
    bool same_plan;    /* a digest, where one is given, that is still the plan's */
    bool is_offered;   /* false: not in this version */
    const char *doing; /* a digest has to be given: for the sentence that asks for it */
};

/* clang-format off */
static const struct verdict_needs needs[] = {
    [VERDICT_APPROVE]   = { .open = true, .same_plan = true, .is_offered = true, .doing = "approving" },
    [VERDICT_REJECT]    = { .open = true, .same_plan = true, .is_offered = true },
    [VERDICT_ACK]       = { .open = true, .is_offered = true },
    [VERDICT_SNOOZE]    = { .open = true, .is_offered = true },
    [VERDICT_EDIT]      = { .open = true, .same_plan = true, .is_offered = true, .doing = "editing" },
    [VERDICT_RESPOND]   = { .open = true },
    [VERDICT_TAKE_BACK] = { .same_plan = true, .is_offered = true },
    [VERDICT_UNDO]      = { .same_plan = true, .is_offered = true },
    [VERDICT_SETTLE]    = { .same_plan = true, .is_offered = true },
};
/* clang-format on */

/* -- 403 -- */

static const struct decision *find_approval_by(const struct proposal *proposal, struct slice by)
{
    const struct decision *decisions = proposal->decisions.items;

    for (size_t i = 0; i < proposal->decisions.n_items; i++)
        if (proposal_approval_counts(proposal, &decisions[i]) && slice_eq(decisions[i].by, by))
            return &decisions[i];
    return NULL;
}

enum rc decide_check_rights(struct deciding *deciding)
{
    const struct proposal *proposal = deciding->proposal;
    struct slice why_not = deciding->rights->why_not;
    const struct decision *approval;

    if (!deciding->rights->may_decide)
        return decide_say(deciding, DECISION_DENIED, "%.*s",
                          SLICE_ARG(why_not.len ? why_not : SLICE("you may not decide this one")));
    if (deciding->decision->verdict != VERDICT_TAKE_BACK || proposal->state != PROPOSAL_APPROVED ||
        find_approval_by(proposal, deciding->decision->by))
        return RC_OK;
    approval = decision_find(proposal, VERDICT_APPROVE);
    return decide_say(deciding, DECISION_DENIED, "only who approved it can take it back: %.*s",
                      SLICE_ARG(approval ? approval->by : SLICE("nobody known")));
}

/* -- 200, the same again -- */

/* An old click on another plan is not the same decision, whoever made it. */
static bool is_for_this_plan(const struct deciding *deciding)
{
    struct slice digest = deciding->decision->plan_digest;

    return !digest.len || slice_eq(digest, deciding->proposal->plan_digest);
}

/* It ended without ever being approved, whatever one of several approvers may have said. */
static bool was_never_approved(enum proposal_state state)
{
    return state == PROPOSAL_REJECTED || state == PROPOSAL_EXPIRED || state == PROPOSAL_WITHDRAWN ||
           state == PROPOSAL_SUPERSEDED;
}

/* While more approvals are needed, another person's is a new one; later any of them says the same. */
static const struct decision *find_same_approval(const struct deciding *deciding)
{
    const struct proposal *proposal = deciding->proposal;

    if (!is_for_this_plan(deciding) || was_never_approved(proposal->state))
        return NULL;
    if (proposal->state != PROPOSAL_OPEN)
        return decision_find(proposal, VERDICT_APPROVE);
    return deciding_is_expired(deciding) ? NULL
                                         : find_approval_by(proposal, deciding->decision->by);
}

/* A second click, not a longer snooze: same person, same time, still asleep. */
static const struct decision *find_same_snooze(const struct deciding *deciding)
{
    const struct decision *snooze = decision_find(deciding->proposal, VERDICT_SNOOZE);
    bool is_asleep = deciding->proposal->state == PROPOSAL_OPEN &&
                     deciding->proposal->snoozed_until_ms > deciding->now_ms;

    return snooze && is_asleep && slice_eq(snooze->by, deciding->decision->by) &&
                   snooze->for_ms == deciding->decision->for_ms
               ? snooze
               : NULL;
}

/* An edit changes the digest, so that whoever sends it once more, unsure whether it arrived, still names the plan that it was for. */
static const struct decision *find_same_edit(const struct deciding *deciding)
{
    const struct decision *edit = decision_find(deciding->proposal, VERDICT_EDIT);
    const struct decision *given = deciding->decision;
    bool is_open = deciding->proposal->state == PROPOSAL_OPEN && !deciding_is_expired(deciding);

    return edit && is_open && slice_eq(edit->by, given->by) &&
                   slice_eq(edit->plan_digest, given->plan_digest) &&
                   slice_eq(edit->params, given->params)
               ? edit
               : NULL;
}

static const struct decision *find_same_take_back(const struct deciding *deciding)
{
    const struct record_list *decisions = &deciding->proposal->decisions;
    const struct decision *items = decisions->items;
    const struct decision *last = decisions->n_items ? &items[decisions->n_items - 1] : NULL;

    return last && deciding->proposal->state == PROPOSAL_OPEN &&
                   last->verdict == VERDICT_TAKE_BACK && slice_eq(last->by, deciding->decision->by)
               ? last
               : NULL;
}

static const struct decision *find_same_settling(const struct deciding *deciding)
{
    const struct decision *settling = decision_find(deciding->proposal, VERDICT_SETTLE);

    return settling && deciding->proposal->state != PROPOSAL_UNKNOWN &&
                   slice_eq(settling->settle, deciding->decision->settle)
               ? settling
               : NULL;
}

static const struct decision *find_same(const struct deciding *deciding)
{
    const struct proposal *proposal = deciding->proposal;

    switch (deciding->decision->verdict) {
    case VERDICT_APPROVE:
        return find_same_approval(deciding);
    case VERDICT_REJECT:
        return proposal->state == PROPOSAL_REJECTED ? decision_find(proposal, VERDICT_REJECT)
                                                    : NULL;
    case VERDICT_ACK:
        return decision_find(proposal, VERDICT_ACK);
    case VERDICT_SNOOZE:
        return find_same_snooze(deciding);
    case VERDICT_TAKE_BACK:
        return find_same_take_back(deciding);
    case VERDICT_UNDO:
        return decision_find(proposal, VERDICT_UNDO);
    case VERDICT_SETTLE:
        return find_same_settling(deciding);
    case VERDICT_EDIT:
        return find_same_edit(deciding);
    case VERDICT_RESPOND:
        return NULL;
    }
    return NULL;
}

enum rc decide_check_same_again(struct deciding *deciding)
{
    const struct decision *earlier = find_same(deciding);

    return earlier ? decide_say_same_again(deciding, earlier) : RC_OK;
}

/* -- 409 -- */

static enum rc check_take_back(struct deciding *deciding)
{
    const struct proposal *proposal = deciding->proposal;
    char when[WHEN_BYTES];

    if (proposal->state == PROPOSAL_OPEN)
        return decide_say(deciding, DECISION_CONFLICT,
                          "it is not approved: there is nothing to take back");
    if (proposal->state != PROPOSAL_APPROVED)
        return decide_say_not_open(deciding);
    if (deciding->now_ms < proposal->hold_until_ms)
        return RC_OK;
    return decide_say(deciding, DECISION_CONFLICT, "the time to take it back ended at %s",
                      when_format(proposal->hold_until_ms, when));
}

static enum rc check_undo(struct deciding *deciding)
{
    const struct proposal *proposal = deciding->proposal;
    const struct step *steps = proposal->plan.items;
    size_t n_done = 0;

    if (!proposal_may_become(proposal->state, PROPOSAL_UNDOING))
        return decide_say(deciding, DECISION_CONFLICT, "it is %s: there is nothing to undo",
                          proposal_state_names[proposal->state]);
    for (size_t i = 0; i < proposal->plan.n_items; i++) {
        if (steps[i].state != STEP_DONE)
            continue;
        if (!steps[i].undo.len)
            return decide_say(deciding, DECISION_CONFLICT,
                              "step %zu, %.*s, was done and declares no undo", i + 1,
                              SLICE_ARG(steps[i].action));
        n_done++;
    }
    return n_done ? RC_OK
                  : decide_say(deciding, DECISION_CONFLICT,
                               "no step was done: there is nothing to undo");
}

static enum rc check_settle(struct deciding *deciding)
{
    const struct decision *settling = decision_find(deciding->proposal, VERDICT_SETTLE);
    char when[WHEN_BYTES];

    if (deciding->proposal->state == PROPOSAL_UNKNOWN)
        return RC_OK;
    if (!settling)
        return decide_say(deciding, DECISION_CONFLICT, "it is %s: there is nothing to settle",
                          proposal_state_names[deciding->proposal->state]);
    return decide_say(deciding, DECISION_CONFLICT, "already settled as %.*s by %.*s at %s",
                      SLICE_ARG(settling->settle), SLICE_ARG(settling->by),
                      when_format(settling->at_ms, when));
}

enum rc decide_check_conflict(struct deciding *deciding)
{
    enum verdict verdict = deciding->decision->verdict;

    if (verdict == VERDICT_TAKE_BACK)
        return check_take_back(deciding);
    if (verdict == VERDICT_UNDO)
        return check_undo(deciding);
    if (verdict == VERDICT_SETTLE)
        return check_settle(deciding);
    if (needs[verdict].open &&
        (deciding->proposal->state != PROPOSAL_OPEN || deciding_is_expired(deciding)))
        return decide_say_not_open(deciding);
    return RC_OK;
}

/* -- 428 and 412 -- */

/* Nothing has a digest then; the sentence says what stands in the way, whatever the answer is. */
static enum rc say_no_plan(struct deciding *deciding, enum decision_outcome outcome)
{
    const struct proposal *proposal = deciding->proposal;
    bool edits = deciding->decision->verdict == VERDICT_EDIT;

    return decide_say(deciding, outcome, "there is no plan to %s%s%.*s", edits ? "edit" : "approve",
                      proposal->refused.len ? ": "
                      : edits               ? ""
                                            : "; acknowledge or reject it",
                      SLICE_ARG(proposal->refused));
}

/* At its first revision a plan cannot have changed. */
static enum rc say_other_digest(struct deciding *deciding)
{
    const struct proposal *proposal = deciding->proposal;

    if (proposal->revision > 1)
        return decide_say(deciding, DECISION_CHANGED,
                          "the plan has changed since you saw it: look at revision %lld",
                          (long long)proposal->revision);
    return decide_say(deciding, DECISION_CHANGED,
                      "this is not the digest of the plan, which has not changed: look at it, and "
                      "send its plan_digest");
}

enum rc decide_check_digest(struct deciding *deciding)
{
    const struct proposal *proposal = deciding->proposal;
    enum verdict verdict = deciding->decision->verdict;
    bool is_missing = needs[verdict].doing && !deciding->decision->plan_digest.len;
    /* Without a plan a digest says nothing: who rejects may send any. */
    bool is_other = needs[verdict].same_plan && !is_for_this_plan(deciding) &&
                    (needs[verdict].doing || proposal->plan.n_items);

    if (needs[verdict].doing && !proposal->plan.n_items && (is_missing || is_other))
        return say_no_plan(deciding, is_missing ? DECISION_NO_DIGEST : DECISION_CHANGED);
    if (is_missing)
        return decide_say(deciding, DECISION_NO_DIGEST,
                          "%s needs plan_digest: the digest of the plan that you saw",
                          needs[verdict].doing);
    return is_other ? say_other_digest(deciding) : RC_OK;
}

/* -- 400 -- */

static enum rc check_plan(struct deciding *deciding)
{
    return deciding->proposal->plan.n_items ? RC_OK : say_no_plan(deciding, DECISION_INVALID);
}

static enum rc check_reason(struct deciding *deciding)
{
    int reason;

    if (!slice_to_enum(deciding->decision->reason, reason_names, &reason))
        return RC_OK;
    return decide_say(deciding, DECISION_INVALID, "rejecting needs a reason: %s, %s, %s, %s or %s",
                      reason_names[0], reason_names[1], reason_names[2], reason_names[3],
                      reason_names[4]);
}

static enum rc check_snooze(struct deciding *deciding)
{
    int64_t for_ms = deciding->decision->for_ms;

    if (for_ms >= SNOOZE_MIN_MS && for_ms <= SNOOZE_MAX_MS)
        return RC_OK;
    return decide_say(deciding, DECISION_INVALID, "a snooze needs `for`, from 1m to 7d");
}

static enum rc check_edit(struct deciding *deciding)
{
    const struct plan_edit *edit = deciding->edit;

    if (!deciding->proposal->plan.n_items)
        return say_no_plan(deciding, DECISION_INVALID);
    if (!deciding->decision->params.len || !edit)
        return decide_say(deciding, DECISION_INVALID,
                          "an edit needs `params`: an object for each step, with the parameters "
                          "that change");
    if (edit->refused.len)
        return decide_say(deciding, DECISION_INVALID, "%.*s", SLICE_ARG(edit->refused));
    if (!edit->changes.len)
        return decide_say(deciding, DECISION_INVALID,
                          "nothing would change: every parameter has this value already");
    return RC_OK;
}

static enum rc check_settling(struct deciding *deciding)
{
    if (slice_eq(deciding->decision->settle, SLICE("ran")) ||
        slice_eq(deciding->decision->settle, SLICE("not_ran")))
        return RC_OK;
    return decide_say(deciding, DECISION_INVALID,
                      "settle says whether the step `ran` or `not_ran`");
}

enum rc decide_check_content(struct deciding *deciding)
{
    static enum rc (*const checks[])(struct deciding * deciding) = {
        [VERDICT_APPROVE] = check_plan,    [VERDICT_REJECT] = check_reason,
        [VERDICT_SNOOZE] = check_snooze,   [VERDICT_EDIT] = check_edit,
        [VERDICT_SETTLE] = check_settling,
    };
    enum verdict verdict = deciding->decision->verdict;

    if (!needs[verdict].is_offered)
        return decide_say(deciding, DECISION_INVALID, "%s is not in this version",
                          verdict_names[verdict]);
    /* Whoever approves and means to change something at the same time would get the plan as it was. */
    if (deciding->decision->params.len && verdict != VERDICT_EDIT)
        return decide_say(deciding, DECISION_INVALID, "`params` go with the verdict edit alone");
    if (deciding->decision->note.len > NOTE_MAX_BYTES)
        return decide_say(deciding, DECISION_INVALID, "a note is at most %d bytes long",
                          NOTE_MAX_BYTES);
    if (deciding->proposal->decisions.n_items >= MAX_DECISIONS)
        return decide_say(deciding, DECISION_INVALID, "%d decisions on one proposal are enough",
                          MAX_DECISIONS);
    return checks[verdict] ? checks[verdict](deciding) : RC_OK;
}
