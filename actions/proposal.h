/* proposal.h - the life of a proposal: what may follow what, and what a decision makes of it.
 *
 * Pure: no clock, no store. The table in proposal.c is the promise that nothing acts unapproved. */
#pragma once

#include "actions/plan.h"
#include "src/base/clock.h"

#define SNOOZE_MIN_MS MINUTE_MS
#define SNOOZE_MAX_MS (7 * DAY_MS)

/* True when the table says so. */
bool proposal_may_become(enum proposal_state from, enum proposal_state to);
/* Moves it and notes when; RC_CONFLICT when the table forbids it. */
enum rc proposal_move(struct proposal *proposal, enum proposal_state to, int64_t now_ms) MUST_CHECK;

/* May this person decide? Groups, `not`, the stricter of rule and action: resolved by the caller (src/config) into this answer. */
struct decider_rights {
    bool may_decide;
    struct slice why_not; /* one sentence */
    int64_t need;         /* approvals needed */
};

enum decision_outcome {
    DECISION_TAKEN,      /* 200 */
    DECISION_SAME_AGAIN, /* 200: changes nothing */
    DECISION_DENIED,     /* 403 */
    DECISION_CONFLICT, /* 409: otherwise decided, expired, withdrawn, or not possible in this state */
    DECISION_NO_DIGEST, /* 428: approving or editing without plan_digest */
    DECISION_CHANGED,   /* 412: the plan has changed since */
    DECISION_INVALID,   /* 400 */
    DECISION_NOT_FOUND, /* 404: set by the caller */
};

struct decision_answer {
    enum decision_outcome outcome;
    struct slice detail; /* one sentence for the decider: "already approved by jane at …" */
};

/* Applies `decision` (borrowed; copied into `arena`) in the order in which CONTRACT.md lists the answers. `edit` is what an edit would make of the plan (NULL for the other verdicts): its
 * refusal is told to nobody who may not decide, or who saw another plan. On DECISION_TAKEN the proposal has changed: its decisions, state, marks. An approval
 * that was the last one needed makes it `approved` with hold_until_ms. Expiry is compared with `real_ms`, the real time of the decision. */
enum rc proposal_decide(struct proposal *proposal, const struct decision *decision,
                        const struct decider_rights *rights, const struct plan_edit *edit,
                        int64_t now_ms, int64_t real_ms, struct arena *arena,
                        struct decision_answer *answer) MUST_CHECK;

/* The plan was rendered anew, since `why` (half a sentence): what people had changed in it is void, and `edited` says so. */
enum rc proposal_drop_edits(struct proposal *proposal, struct slice why,
                            struct arena *arena) MUST_CHECK;

/* "approved by jane at 2026-11-21 08:01 UTC", with what it was settled as or why it was rejected. */
enum rc decision_describe(const struct decision *decision, struct arena *arena,
                          struct slice *text) MUST_CHECK;

/* A new revision: voids approvals, renews the digest and (with `new_expiry`) the expiry. */
enum rc proposal_revise(struct proposal *proposal, int64_t now_ms, bool new_expiry,
                        struct arena *arena) MUST_CHECK;

/* The same with an expiry of its own: a snooze past the old one. */
enum rc proposal_revise_until(struct proposal *proposal, int64_t now_ms, int64_t expires_ms,
                              struct arena *arena) MUST_CHECK;

/* True for an approval of this revision and exactly its plan that is not void. Nobody's counts twice: proposal_decide lets each person approve a revision once. */
bool proposal_approval_counts(const struct proposal *proposal, const struct decision *decision);
size_t proposal_count_approvals(const struct proposal *proposal);

/* Why the approval may not be spent now (digest recomputed, still firing, same rule version, not expired, check fresh (30 s), deciders still allowed), or absent when it may. */
struct gate_facts {
    bool signal_is_firing;
    struct slice rule_version_now; /* absent: the rule is gone */
    bool deciders_still_allowed;
    int64_t now_ms, real_ms;
    size_t step; /* which one is about to start */
};
enum rc proposal_gate(const struct proposal *proposal, const struct gate_facts *facts,
                      struct arena *arena, struct slice *why_not) MUST_CHECK;
