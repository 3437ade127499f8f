#include "sample_proposal.h"

/* What somebody does, in the words of the tests. */
struct deed {
    enum verdict verdict;
    const char *by;
    const char *via;    /* NULL: token */
    const char *reason; /* of a reject */
    const char *settle;
    const char *params;
    const struct plan_edit *edit; /* what `params` would make of the plan */
    int64_t for_ms;
    int64_t after_ms; /* after noon; engine and real time */
    bool without_digest;
    const char *digest;  /* NULL: the plan's own */
    int64_t need;        /* 0: one */
    const char *why_not; /* not allowed */
};

static struct decision_answer does_deed(struct sample *sample, struct deed deed)
{
    struct decision decision = {
        .verdict = deed.verdict,
        .by = text_of(deed.by ? deed.by : "jane"),
        .via = text_of(deed.via ? deed.via : "token"),
        .reason = text_of(deed.reason),
        .settle = text_of(deed.settle),
        .params = text_of(deed.params),
        .for_ms = deed.for_ms,
        .plan_digest = deed.digest ? text_of(deed.digest) : sample->proposal.plan_digest,
    };
    struct decider_rights rights = { .may_decide = !deed.why_not,
                                     .why_not = text_of(deed.why_not),
                                     .need = deed.need ? deed.need : 1 };
    struct decision_answer answer = { .outcome = DECISION_NOT_FOUND };
    int64_t now_ms = NOON_MS + deed.after_ms;

    if (deed.without_digest)
        decision.plan_digest = (struct slice){ 0 };
    assert_int_equal(proposal_decide(&sample->proposal, &decision, &rights, deed.edit, now_ms,
                                     now_ms, sample->arena, &answer),
                     RC_OK);
    return answer;
}

#define does(sample, ...) does_deed(sample, (struct deed){ __VA_ARGS__ })
#define APPROVES .verdict = VERDICT_APPROVE
#define REJECTS .verdict = VERDICT_REJECT, .reason = "known"
#define TAKES_BACK .verdict = VERDICT_TAKE_BACK

#define expect(answer, wanted, sentence)                                                           \
    do {                                                                                           \
        struct decision_answer given = (answer);                                                   \
                                                                                                   \
        assert_slice(given.detail, sentence);                                                      \
        assert_int_equal(given.outcome, wanted);                                                   \
    } while (0)

static enum proposal_state state_of(const struct sample *sample)
{
    return sample->proposal.state;
}

/* -- approve and reject -- */

static void an_approval_by_token_starts_at_once(void **state)
{
    struct sample *sample = *state;
    const struct decision *decision;

    expect(does(sample, APPROVES, .after_ms = 5), DECISION_TAKEN, "approved; it starts now");
    assert_int_equal(state_of(sample), PROPOSAL_APPROVED);
    assert_int_equal(sample->proposal.hold_until_ms, NOON_MS + 5);
    assert_int_equal(sample->proposal.decisions.n_items, 1);
    decision = sample->proposal.decisions.items;
    assert_slice(decision->by, "jane");
    assert_int_equal(decision->at_ms, NOON_MS + 5);
    assert_int_equal(decision->revision, 1);
    assert_true(slice_eq(decision->plan_digest, sample->proposal.plan_digest));
}

static void an_approval_from_the_page_is_held(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, APPROVES, .via = "page"), DECISION_TAKEN,
           "approved; it starts in 10 s unless you take it back");
    assert_int_equal(sample->proposal.hold_until_ms, NOON_MS + 10 * SECOND_MS);
}

static void an_approval_in_slack_is_held_like_one_from_the_page(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, APPROVES, .via = "slack"), DECISION_TAKEN,
           "approved; it starts in 10 s unless you take it back");
    assert_int_equal(sample->proposal.hold_until_ms, NOON_MS + 10 * SECOND_MS);
    expect(does(sample, TAKES_BACK, .via = "slack", .after_ms = 10 * SECOND_MS - 1), DECISION_TAKEN,
           "taken back: it is open again, and nothing ran");
}

/* What is approved in one place and taken back in another is the same approval. */
static void an_approval_in_slack_is_taken_back_where_its_approver_is(void **state)
{
    struct sample *sample = *state;

    (void)does(sample, APPROVES, .via = "slack");
    expect(does(sample, APPROVES, .via = "slack", .by = "bob", .after_ms = 1), DECISION_SAME_AGAIN,
           "already approved by jane at 2026-11-21 12:00 UTC");
    expect(does(sample, TAKES_BACK, .via = "token", .after_ms = 2), DECISION_TAKEN,
           "taken back: it is open again, and nothing ran");
}

static void a01_the_first_decision_wins_and_the_others_are_told_who_and_when(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, APPROVES), DECISION_TAKEN, "approved; it starts now");
    expect(does(sample, APPROVES, .after_ms = 1), DECISION_SAME_AGAIN,
           "already approved by jane at 2026-11-21 12:00 UTC");
    expect(does(sample, APPROVES, .by = "bob", .after_ms = 1), DECISION_SAME_AGAIN,
           "already approved by jane at 2026-11-21 12:00 UTC");
    expect(does(sample, REJECTS, .by = "bob", .after_ms = 1), DECISION_CONFLICT,
           "already approved by jane at 2026-11-21 12:00 UTC");
    assert_int_equal(sample->proposal.decisions.n_items, 1);
    assert_int_equal(state_of(sample), PROPOSAL_APPROVED);
}

static void a01_approving_what_was_rejected_conflicts(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, REJECTS), DECISION_TAKEN, "rejected: nothing is done");
    assert_int_equal(state_of(sample), PROPOSAL_REJECTED);
    assert_slice(sample->proposal.outcome, "rejected by jane (known)");
    expect(does(sample, REJECTS, .by = "bob"), DECISION_SAME_AGAIN,
           "already rejected by jane at 2026-11-21 12:00 UTC (known)");
    expect(does(sample, APPROVES, .by = "bob"), DECISION_CONFLICT,
           "already rejected by jane at 2026-11-21 12:00 UTC (known)");
    assert_int_equal(state_of(sample), PROPOSAL_REJECTED);
}

static void a08_a_click_on_a_copy_after_it_ran_changes_nothing(void **state)
{
    struct sample *sample = *state;

    (void)does(sample, APPROVES);
    sample->proposal.state = PROPOSAL_VERIFIED;
    expect(does(sample, APPROVES, .by = "bob", .after_ms = HOUR_MS), DECISION_SAME_AGAIN,
           "already approved by jane at 2026-11-21 12:00 UTC; now it is verified");
    assert_int_equal(state_of(sample), PROPOSAL_VERIFIED);
    assert_int_equal(sample->proposal.decisions.n_items, 1);
}

static void a02_an_approval_counts_until_the_expiry_and_not_at_it(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, APPROVES, .after_ms = 4 * HOUR_MS), DECISION_CONFLICT,
           "expired at 2026-11-21 16:00 UTC: nothing happens any more");
    assert_int_equal(state_of(sample), PROPOSAL_OPEN);
    assert_int_equal(sample->proposal.decisions.n_items, 0);
    expect(does(sample, APPROVES, .after_ms = 4 * HOUR_MS - 1), DECISION_TAKEN,
           "approved; it starts now");
}

static void a02_the_expiry_is_compared_with_the_real_time(void **state)
{
    struct sample *sample = *state;
    struct decision decision = { .verdict = VERDICT_APPROVE,
                                 .by = SLICE("jane"),
                                 .plan_digest = sample->proposal.plan_digest };
    struct decider_rights rights = { .may_decide = true, .need = 1 };
    struct decision_answer answer;

    assert_int_equal(proposal_decide(&sample->proposal, &decision, &rights, NULL, NOON_MS,
                                     EXPIRES_MS, sample->arena, &answer),
                     RC_OK);
    assert_int_equal(answer.outcome, DECISION_CONFLICT);
}

static void a02_what_expired_or_was_withdrawn_says_so(void **state)
{
    struct sample *sample = *state;

    sample->proposal.state = PROPOSAL_EXPIRED;
    expect(does(sample, APPROVES), DECISION_CONFLICT,
           "expired at 2026-11-21 16:00 UTC: nothing happens any more");
    sample->proposal.state = PROPOSAL_WITHDRAWN;
    sample->proposal.closed_ms = NOON_MS;
    sample->proposal.outcome = SLICE("the signal resolved");
    expect(does(sample, APPROVES), DECISION_CONFLICT,
           "withdrawn at 2026-11-21 12:00 UTC: the signal resolved");
}

static void a03_who_may_not_decide_is_told_before_anything_else(void **state)
{
    static const enum proposal_state states[] = { PROPOSAL_OPEN, PROPOSAL_APPROVED,
                                                  PROPOSAL_EXPIRED };

    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
        struct sample *sample = *state;

        sample->proposal.state = states[i];
        for (int verdict = VERDICT_APPROVE; verdict <= VERDICT_SETTLE; verdict++) {
            expect(does(sample, .verdict = (enum verdict)verdict, .by = "mallory",
                        .why_not = "mallory is not in oncall", .without_digest = true),
                   DECISION_DENIED, "mallory is not in oncall");
            assert_int_equal(sample->proposal.decisions.n_items, 0);
            assert_int_equal(state_of(sample), states[i]);
        }
    }
}

#define NOT_ITS_DIGEST                                                                             \
    "this is not the digest of the plan, which has not changed: look at it, and send its "         \
    "plan_digest"

static void a04_an_approval_binds_the_plan_that_was_seen(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, APPROVES, .without_digest = true), DECISION_NO_DIGEST,
           "approving needs plan_digest: the digest of the plan that you saw");
    expect(does(sample, APPROVES, .digest = "0123"), DECISION_CHANGED, NOT_ITS_DIGEST);
    expect(does(sample, REJECTS, .digest = "0123"), DECISION_CHANGED, NOT_ITS_DIGEST);
    assert_int_equal(state_of(sample), PROPOSAL_OPEN);
    expect(does(sample, REJECTS, .without_digest = true), DECISION_TAKEN,
           "rejected: nothing is done");
}

static void a04_an_old_click_is_no_repetition_of_a_new_approval(void **state)
{
    struct sample *sample = *state;
    struct slice old = sample->proposal.plan_digest;

    assert_int_equal(proposal_revise(&sample->proposal, NOON_MS, false, sample->arena), RC_OK);
    (void)does(sample, APPROVES);
    assert_int_equal(state_of(sample), PROPOSAL_APPROVED);
    expect(does(sample, APPROVES, .by = "bob", .digest = old.ptr), DECISION_CONFLICT,
           "already approved by jane at 2026-11-21 12:00 UTC");
}

static void approving_without_a_plan_says_why_there_is_none(void **state)
{
    struct sample *sample = *state;

    sample->proposal.plan.n_items = 0;
    sample->proposal.plan_digest = (struct slice){ 0 };
    /* What nobody can have seen is asked for first, as of any other: no digest fits. */
    expect(does(sample, APPROVES, .without_digest = true), DECISION_NO_DIGEST,
           "there is no plan to approve; acknowledge or reject it");
    expect(does(sample, APPROVES, .digest = "0123"), DECISION_CHANGED,
           "there is no plan to approve; acknowledge or reject it");
    sample->proposal.refused = SLICE("parameter `run` of rerun is not given");
    expect(does(sample, APPROVES), DECISION_NO_DIGEST,
           "there is no plan to approve: parameter `run` of rerun is not given");
    expect(does(sample, REJECTS), DECISION_TAKEN, "rejected: nothing is done");
}

static void a_reject_needs_a_reason_of_the_list(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, .verdict = VERDICT_REJECT), DECISION_INVALID,
           "rejecting needs a reason: wrong_cause, wrong_action, known, too_late or not_worth_it");
    expect(does(sample, .verdict = VERDICT_REJECT, .reason = "dunno"), DECISION_INVALID,
           "rejecting needs a reason: wrong_cause, wrong_action, known, too_late or not_worth_it");
    assert_int_equal(state_of(sample), PROPOSAL_OPEN);
}

/* -- two people -- */

static void with_a_quorum_the_first_approval_leaves_it_open(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, APPROVES, .need = 2), DECISION_TAKEN,
           "1 of 2 approvals: it stays open until all are given");
    assert_int_equal(state_of(sample), PROPOSAL_OPEN);
    expect(does(sample, APPROVES, .need = 2), DECISION_SAME_AGAIN,
           "already approved by jane at 2026-11-21 12:00 UTC: 1 of 2 approvals");
    assert_int_equal(state_of(sample), PROPOSAL_OPEN);
    expect(does(sample, APPROVES, .need = 2, .by = "bob"), DECISION_TAKEN,
           "approved; it starts now");
    assert_int_equal(state_of(sample), PROPOSAL_APPROVED);
    assert_int_equal(sample->proposal.decisions.n_items, 2);
}

static void a_new_revision_asks_both_again(void **state)
{
    struct sample *sample = *state;

    (void)does(sample, APPROVES, .need = 2);
    assert_int_equal(proposal_revise(&sample->proposal, NOON_MS, false, sample->arena), RC_OK);
    expect(does(sample, APPROVES, .need = 2, .by = "bob"), DECISION_TAKEN,
           "1 of 2 approvals: it stays open until all are given");
    expect(does(sample, APPROVES, .need = 2), DECISION_TAKEN, "approved; it starts now");
}

static void one_of_two_can_still_reject(void **state)
{
    struct sample *sample = *state;

    (void)does(sample, APPROVES, .need = 2);
    expect(does(sample, REJECTS, .need = 2, .by = "bob"), DECISION_TAKEN,
           "rejected: nothing is done");
}

static void half_an_approval_expires_with_its_proposal(void **state)
{
    struct sample *sample = *state;

    (void)does(sample, APPROVES, .need = 2);
    expect(does(sample, APPROVES, .need = 2, .after_ms = 4 * HOUR_MS), DECISION_CONFLICT,
           "expired at 2026-11-21 16:00 UTC: nothing happens any more");
}

/* -- take back -- */

static void an_approval_can_be_taken_back_while_it_is_held(void **state)
{
    struct sample *sample = *state;
    struct slice approved = sample->proposal.plan_digest;

    (void)does(sample, APPROVES, .via = "page");
    expect(does(sample, TAKES_BACK, .after_ms = 10 * SECOND_MS - 1), DECISION_TAKEN,
           "taken back: it is open again, and nothing ran");
    assert_int_equal(state_of(sample), PROPOSAL_OPEN);
    assert_int_equal(sample->proposal.revision, 2);
    assert_int_equal(sample->proposal.hold_until_ms, 0);
    assert_int_equal(proposal_count_approvals(&sample->proposal), 0);
    expect(does(sample, TAKES_BACK, .after_ms = 11 * SECOND_MS), DECISION_SAME_AGAIN,
           "already taken back by jane at 2026-11-21 12:00 UTC");
    /* A replayed click brings nothing back. */
    expect(does(sample, APPROVES, .digest = approved.ptr), DECISION_CHANGED,
           "the plan has changed since you saw it: look at revision 2");
    expect(does(sample, APPROVES), DECISION_TAKEN, "approved; it starts now");
}

static void a_hold_that_is_over_cannot_be_taken_back(void **state)
{
    struct sample *sample = *state;

    (void)does(sample, APPROVES, .via = "page");
    expect(does(sample, TAKES_BACK, .after_ms = 10 * SECOND_MS), DECISION_CONFLICT,
           "the time to take it back ended at 2026-11-21 12:00 UTC");
    sample->proposal.state = PROPOSAL_RUNNING;
    expect(does(sample, TAKES_BACK), DECISION_CONFLICT,
           "already approved by jane at 2026-11-21 12:00 UTC; now it is running");
}

static void only_an_approver_takes_back(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, TAKES_BACK), DECISION_CONFLICT,
           "it is not approved: there is nothing to take back");
    (void)does(sample, APPROVES, .via = "page");
    expect(does(sample, TAKES_BACK, .by = "bob"), DECISION_DENIED,
           "only who approved it can take it back: jane");
    assert_int_equal(state_of(sample), PROPOSAL_APPROVED);
}

/* -- marks -- */

static void an_acknowledgement_is_a_mark_and_the_first_stays(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, .verdict = VERDICT_ACK), DECISION_TAKEN,
           "acknowledged: it stays open, and you are on it");
    assert_slice(sample->proposal.acknowledged_by, "jane");
    expect(does(sample, .verdict = VERDICT_ACK, .by = "bob"), DECISION_SAME_AGAIN,
           "already acknowledged by jane at 2026-11-21 12:00 UTC");
    assert_slice(sample->proposal.acknowledged_by, "jane");
    expect(does(sample, APPROVES, .by = "bob"), DECISION_TAKEN, "approved; it starts now");
}

#define SNOOZES .verdict = VERDICT_SNOOZE

static void a_snooze_within_the_expiry_changes_no_revision(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, SNOOZES, .for_ms = HOUR_MS), DECISION_TAKEN,
           "snoozed until 2026-11-21 13:00 UTC");
    assert_int_equal(sample->proposal.snoozed_until_ms, NOON_MS + HOUR_MS);
    assert_int_equal(sample->proposal.revision, 1);
    expect(does(sample, SNOOZES, .for_ms = HOUR_MS, .after_ms = 5), DECISION_SAME_AGAIN,
           "already snoozed by jane at 2026-11-21 12:00 UTC");
    expect(does(sample, SNOOZES, .for_ms = 2 * HOUR_MS, .after_ms = 5), DECISION_TAKEN,
           "snoozed until 2026-11-21 14:00 UTC");
}

static void a_snooze_past_the_expiry_makes_a_revision_that_outlives_it(void **state)
{
    struct sample *sample = *state;

    (void)does(sample, APPROVES, .need = 2);
    expect(does(sample, SNOOZES, .for_ms = 4 * HOUR_MS), DECISION_TAKEN,
           "snoozed until 2026-11-21 16:00 UTC");
    assert_int_equal(sample->proposal.revision, 2);
    assert_int_equal(sample->proposal.expires_ms, NOON_MS + 8 * HOUR_MS);
    assert_int_equal(proposal_count_approvals(&sample->proposal), 0);
}

static void a_snooze_has_an_edge_on_both_sides(void **state)
{
    static const struct {
        int64_t for_ms;
        bool is_fine;
    } cases[] = { { 0, false },         { MINUTE_MS - 1, false },  { MINUTE_MS, true },
                  { 7 * DAY_MS, true }, { 7 * DAY_MS + 1, false }, { -HOUR_MS, false } };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct decision_answer answer = does(*state, SNOOZES, .for_ms = cases[i].for_ms);

        print_message("# %lld\n", (long long)cases[i].for_ms);
        assert_int_equal(answer.outcome, cases[i].is_fine ? DECISION_TAKEN : DECISION_INVALID);
        sample_make(*state);
    }
}

/* -- edit -- */

/* The sample's plan with another argument in its first step. */
static const struct plan_edit *edit_of(const struct sample *sample)
{
    static struct slice argv[] = { { "/bin/first", 10 }, { "z", 1 } };
    static struct step steps[2];
    static struct plan_edit edit;

    steps[0] = sample->steps[0];
    steps[0].argv = (struct slice_list){ .items = argv, .n_items = 2 };
    steps[1] = sample->steps[1];
    edit = (struct plan_edit){ .plan = { .items = steps, .n_items = 2 },
                               .changes = SLICE("`what` of step 1 from \"x\" to \"z\"") };
    return &edit;
}

#define EDITS_INTO(what) .verdict = VERDICT_EDIT, .params = "[{\"what\":\"z\"},{}]", .edit = (what)
#define EDITS EDITS_INTO(edit_of(sample))

static void an_edit_makes_a_new_revision_and_says_what_changed(void **state)
{
    struct sample *sample = *state;
    struct slice before = sample->proposal.plan_digest;
    const struct step *steps;
    const struct decision *decision;
    char told[200];
    struct decision_answer answer = does(sample, EDITS, .after_ms = 5);

    snprintf(told, sizeof(told), "edited: revision 2, plan %.12s, waits for approval",
             sample->proposal.plan_digest.ptr);
    expect(answer, DECISION_TAKEN, told);
    assert_int_equal(state_of(sample), PROPOSAL_OPEN);
    assert_int_equal(sample->proposal.revision, 2);
    assert_int_equal(sample->proposal.expires_ms, EXPIRES_MS);
    assert_false(slice_eq(sample->proposal.plan_digest, before));
    assert_slice(sample->proposal.edited, "jane changed `what` of step 1 from \"x\" to \"z\"");
    steps = sample->proposal.plan.items;
    assert_slice(steps[0].argv.items[1], "z");
    decision = sample->proposal.decisions.items;
    assert_slice(decision->params, "[{\"what\":\"z\"},{}]");
    assert_int_equal(decision->revision, 1);
    assert_true(slice_eq(decision->plan_digest, before));
}

static void a04_after_an_edit_the_old_digest_approves_nothing(void **state)
{
    struct sample *sample = *state;
    struct slice before = sample->proposal.plan_digest;

    (void)does(sample, EDITS);
    expect(does(sample, APPROVES, .digest = before.ptr), DECISION_CHANGED,
           "the plan has changed since you saw it: look at revision 2");
    assert_int_equal(state_of(sample), PROPOSAL_OPEN);
    expect(does(sample, APPROVES), DECISION_TAKEN, "approved; it starts now");
}

static void a04_an_edit_voids_the_first_of_two_approvals_and_is_none_itself(void **state)
{
    struct sample *sample = *state;
    struct decision_answer answer;
    size_t offset;

    (void)does(sample, APPROVES, .need = 2, .by = "bob");
    answer = does(sample, EDITS, .need = 2);
    assert_int_equal(answer.outcome, DECISION_TAKEN);
    assert_int_equal(
        slice_find(answer.detail, SLICE("; what was approved before is void"), &offset), RC_OK);
    assert_true(((const struct decision *)sample->proposal.decisions.items)->is_void);
    assert_int_equal(proposal_count_approvals(&sample->proposal), 0);
    expect(does(sample, APPROVES, .need = 2), DECISION_TAKEN,
           "1 of 2 approvals: it stays open until all are given");
    expect(does(sample, APPROVES, .need = 2, .by = "bob"), DECISION_TAKEN,
           "approved; it starts now");
}

static void a04_an_edit_binds_the_plan_that_was_seen(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, EDITS, .without_digest = true), DECISION_NO_DIGEST,
           "editing needs plan_digest: the digest of the plan that you saw");
    expect(does(sample, EDITS, .digest = "0123"), DECISION_CHANGED, NOT_ITS_DIGEST);
    assert_int_equal(sample->proposal.revision, 1);
    assert_int_equal(sample->proposal.decisions.n_items, 0);
}

static void only_what_is_open_can_be_edited(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, EDITS, .after_ms = 4 * HOUR_MS), DECISION_CONFLICT,
           "expired at 2026-11-21 16:00 UTC: nothing happens any more");
    (void)does(sample, APPROVES, .via = "page");
    expect(does(sample, EDITS, .by = "bob"), DECISION_CONFLICT,
           "already approved by jane at 2026-11-21 12:00 UTC");
    assert_int_equal(sample->proposal.revision, 1);
}

/* What was sent twice, unsure whether it had arrived, names the plan of before both times. */
static void the_same_edit_again_changes_nothing(void **state)
{
    struct sample *sample = *state;
    struct slice before = sample->proposal.plan_digest;

    (void)does(sample, EDITS);
    expect(does(sample, EDITS, .digest = before.ptr, .after_ms = 5), DECISION_SAME_AGAIN,
           "already edited by jane at 2026-11-21 12:00 UTC");
    expect(does(sample, EDITS, .digest = before.ptr, .by = "bob"), DECISION_CHANGED,
           "the plan has changed since you saw it: look at revision 2");
    expect(does(sample, .verdict = VERDICT_EDIT, .params = "[{\"what\":\"w\"},{}]",
                .edit = edit_of(sample), .digest = before.ptr),
           DECISION_CHANGED, "the plan has changed since you saw it: look at revision 2");
    assert_int_equal(sample->proposal.revision, 2);
    assert_int_equal(sample->proposal.decisions.n_items, 1);
}

static void an_edit_that_cannot_be_or_changes_nothing_is_refused(void **state)
{
    struct sample *sample = *state;
    const struct plan_edit refused = { .refused = SLICE("step 1: no") };
    const struct plan_edit same = { .plan = sample->proposal.plan };

    expect(does(sample, .verdict = VERDICT_EDIT), DECISION_INVALID,
           "an edit needs `params`: an object for each step, with the parameters that change");
    expect(does(sample, EDITS_INTO(&refused)), DECISION_INVALID, "step 1: no");
    expect(does(sample, EDITS_INTO(&same)), DECISION_INVALID,
           "nothing would change: every parameter has this value already");
    sample->proposal.plan.n_items = 0;
    expect(does(sample, EDITS), DECISION_INVALID, "there is no plan to edit");
    sample->proposal.refused = SLICE("parameter `run` of rerun is not given");
    expect(does(sample, EDITS), DECISION_INVALID,
           "there is no plan to edit: parameter `run` of rerun is not given");
    assert_int_equal(sample->proposal.revision, 1);
    assert_int_equal(sample->proposal.decisions.n_items, 0);
}

static void a04_an_approval_that_means_to_change_something_approves_nothing(void **state)
{
    expect(does(*state, APPROVES, .params = "[{\"what\":\"z\"},{}]"), DECISION_INVALID,
           "`params` go with the verdict edit alone");
    assert_int_equal(state_of(*state), PROPOSAL_OPEN);
}

static void a_plan_that_is_made_anew_says_whose_edit_is_void(void **state)
{
    struct sample *sample = *state;
    const struct decision *decisions;

    assert_int_equal(
        proposal_drop_edits(&sample->proposal, SLICE("the rule has changed"), sample->arena),
        RC_OK);
    assert_true(slice_is_absent(sample->proposal.edited));
    (void)does(sample, EDITS);
    assert_int_equal(
        proposal_drop_edits(&sample->proposal, SLICE("the rule has changed"), sample->arena),
        RC_OK);
    assert_slice(sample->proposal.edited, "the rule has changed, and the plan is made from it "
                                          "anew: what jane changed in it before is void");
    decisions = sample->proposal.decisions.items;
    assert_true(decisions[0].is_void);
}

static void a_snooze_past_the_expiry_keeps_what_was_edited(void **state)
{
    struct sample *sample = *state;
    const struct step *steps;

    (void)does(sample, EDITS);
    (void)does(sample, SNOOZES, .for_ms = 4 * HOUR_MS);
    assert_int_equal(sample->proposal.revision, 3);
    steps = sample->proposal.plan.items;
    assert_slice(steps[0].argv.items[1], "z");
    assert_slice(sample->proposal.edited, "jane changed `what` of step 1 from \"x\" to \"z\"");
}

static void answers_are_not_in_this_version(void **state)
{
    expect(does(*state, .verdict = VERDICT_RESPOND), DECISION_INVALID,
           "respond is not in this version");
}

static void a_decision_is_refused_with_a_note_that_nobody_would_read(void **state)
{
    static char note[5000];
    struct sample *sample = *state;
    struct decision decision = { .verdict = VERDICT_ACK,
                                 .by = SLICE("jane"),
                                 .note = { .ptr = note, .len = sizeof(note) } };
    struct decider_rights rights = { .may_decide = true, .need = 1 };
    struct decision_answer answer;

    assert_int_equal(proposal_decide(&sample->proposal, &decision, &rights, NULL, NOON_MS, NOON_MS,
                                     sample->arena, &answer),
                     RC_OK);
    expect(answer, DECISION_INVALID, "a note is at most 4096 bytes long");
}

/* -- after acting -- */

static void what_was_done_can_be_undone_where_every_step_says_how(void **state)
{
    struct sample *sample = *state;

    (void)does(sample, APPROVES);
    sample->proposal.state = PROPOSAL_FAILED;
    sample->steps[0].state = STEP_DONE;
    sample->steps[1].state = STEP_FAILED;
    sample->steps[1].undo = (struct slice){ 0 }; /* was not done: needs none */
    expect(does(sample, .verdict = VERDICT_UNDO, .after_ms = HOUR_MS), DECISION_TAKEN,
           "undoing the steps that were done, last one first");
    assert_int_equal(state_of(sample), PROPOSAL_UNDOING);
    expect(does(sample, .verdict = VERDICT_UNDO, .by = "bob"), DECISION_SAME_AGAIN,
           "already told to be undone by jane at 2026-11-21 13:00 UTC; now it is undoing");
}

static void nothing_is_undone_that_cannot_be(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, .verdict = VERDICT_UNDO), DECISION_CONFLICT,
           "it is open: there is nothing to undo");
    sample->proposal.state = PROPOSAL_FAILED;
    expect(does(sample, .verdict = VERDICT_UNDO), DECISION_CONFLICT,
           "no step was done: there is nothing to undo");
    sample->proposal.state = PROPOSAL_DONE;
    sample->steps[0].state = STEP_DONE;
    sample->steps[1].state = STEP_DONE;
    sample->steps[1].undo = (struct slice){ 0 };
    expect(does(sample, .verdict = VERDICT_UNDO), DECISION_CONFLICT,
           "step 2, second, was done and declares no undo");
    assert_int_equal(state_of(sample), PROPOSAL_DONE);
}

static const struct {
    const char *name;
    const char *settle;
    enum step_state first, second;
    enum verify_kind verify;
    enum proposal_state becomes;
    enum step_state first_after, second_after;
} settlings[] = {
    { "the last step ran", "ran", STEP_DONE, STEP_UNKNOWN, VERIFY_QUIET, PROPOSAL_VERIFYING,
      STEP_DONE, STEP_DONE },
    { "the last step ran, and nothing verifies", "ran", STEP_DONE, STEP_UNKNOWN, VERIFY_NONE,
      PROPOSAL_DONE, STEP_DONE, STEP_DONE },
    { "an earlier step ran", "ran", STEP_UNKNOWN, STEP_PLANNED, VERIFY_QUIET, PROPOSAL_FAILED,
      STEP_DONE, STEP_NOT_STARTED },
    { "the last step did not run", "not_ran", STEP_DONE, STEP_UNKNOWN, VERIFY_QUIET,
      PROPOSAL_FAILED, STEP_DONE, STEP_NOT_STARTED },
    { "an earlier step did not run", "not_ran", STEP_UNKNOWN, STEP_PLANNED, VERIFY_QUIET,
      PROPOSAL_FAILED, STEP_NOT_STARTED, STEP_NOT_STARTED },
};

static void a_human_settles_what_nobody_knows(void **state)
{
    struct sample *sample = *state;

    for (size_t i = 0; i < sizeof(settlings) / sizeof(*settlings); i++) {
        print_message("# %s\n", settlings[i].name);
        sample_make(sample);
        (void)does(sample, APPROVES);
        sample->proposal.state = PROPOSAL_UNKNOWN;
        sample->proposal.verify = settlings[i].verify;
        sample->steps[0].state = settlings[i].first;
        sample->steps[1].state = settlings[i].second;
        assert_int_equal(
            does(sample, .verdict = VERDICT_SETTLE, .settle = settlings[i].settle).outcome,
            DECISION_TAKEN);
        assert_int_equal(state_of(sample), settlings[i].becomes);
        assert_int_equal(sample->steps[0].state, settlings[i].first_after);
        assert_int_equal(sample->steps[1].state, settlings[i].second_after);
    }
}

static void it_is_settled_once(void **state)
{
    struct sample *sample = *state;

    expect(does(sample, .verdict = VERDICT_SETTLE, .settle = "ran"), DECISION_CONFLICT,
           "it is open: there is nothing to settle");
    sample->proposal.state = PROPOSAL_UNKNOWN;
    sample->steps[0].state = STEP_UNKNOWN;
    expect(does(sample, .verdict = VERDICT_SETTLE), DECISION_INVALID,
           "settle says whether the step `ran` or `not_ran`");
    expect(does(sample, .verdict = VERDICT_SETTLE, .settle = "not_ran"), DECISION_TAKEN,
           "settled as not_ran: it is failed now");
    assert_slice(sample->proposal.outcome, "the step did not run, as settled by jane");
    expect(does(sample, .verdict = VERDICT_SETTLE, .settle = "not_ran", .by = "bob"),
           DECISION_SAME_AGAIN,
           "already settled by jane at 2026-11-21 12:00 UTC (not_ran); now it is failed");
    expect(does(sample, .verdict = VERDICT_SETTLE, .settle = "ran", .by = "bob"), DECISION_CONFLICT,
           "already settled as not_ran by jane at 2026-11-21 12:00 UTC");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(an_approval_by_token_starts_at_once),
        SAMPLE_TEST(an_approval_from_the_page_is_held),
        SAMPLE_TEST(an_approval_in_slack_is_held_like_one_from_the_page),
        SAMPLE_TEST(an_approval_in_slack_is_taken_back_where_its_approver_is),
        SAMPLE_TEST(a01_the_first_decision_wins_and_the_others_are_told_who_and_when),
        SAMPLE_TEST(a01_approving_what_was_rejected_conflicts),
        SAMPLE_TEST(a08_a_click_on_a_copy_after_it_ran_changes_nothing),
        SAMPLE_TEST(a02_an_approval_counts_until_the_expiry_and_not_at_it),
        SAMPLE_TEST(a02_the_expiry_is_compared_with_the_real_time),
        SAMPLE_TEST(a02_what_expired_or_was_withdrawn_says_so),
        SAMPLE_TEST(a03_who_may_not_decide_is_told_before_anything_else),
        SAMPLE_TEST(a04_an_approval_binds_the_plan_that_was_seen),
        SAMPLE_TEST(a04_an_old_click_is_no_repetition_of_a_new_approval),
        SAMPLE_TEST(approving_without_a_plan_says_why_there_is_none),
        SAMPLE_TEST(a_reject_needs_a_reason_of_the_list),
        SAMPLE_TEST(with_a_quorum_the_first_approval_leaves_it_open),
        SAMPLE_TEST(a_new_revision_asks_both_again),
        SAMPLE_TEST(one_of_two_can_still_reject),
        SAMPLE_TEST(half_an_approval_expires_with_its_proposal),
        SAMPLE_TEST(an_approval_can_be_taken_back_while_it_is_held),
        SAMPLE_TEST(a_hold_that_is_over_cannot_be_taken_back),
        SAMPLE_TEST(only_an_approver_takes_back),
        SAMPLE_TEST(an_acknowledgement_is_a_mark_and_the_first_stays),
        SAMPLE_TEST(a_snooze_within_the_expiry_changes_no_revision),
        SAMPLE_TEST(a_snooze_past_the_expiry_makes_a_revision_that_outlives_it),
        SAMPLE_TEST(a_snooze_has_an_edge_on_both_sides),
        SAMPLE_TEST(an_edit_makes_a_new_revision_and_says_what_changed),
        SAMPLE_TEST(a04_after_an_edit_the_old_digest_approves_nothing),
        SAMPLE_TEST(a04_an_edit_voids_the_first_of_two_approvals_and_is_none_itself),
        SAMPLE_TEST(a04_an_edit_binds_the_plan_that_was_seen),
        SAMPLE_TEST(only_what_is_open_can_be_edited),
        SAMPLE_TEST(the_same_edit_again_changes_nothing),
        SAMPLE_TEST(an_edit_that_cannot_be_or_changes_nothing_is_refused),
        SAMPLE_TEST(a04_an_approval_that_means_to_change_something_approves_nothing),
        SAMPLE_TEST(a_plan_that_is_made_anew_says_whose_edit_is_void),
        SAMPLE_TEST(a_snooze_past_the_expiry_keeps_what_was_edited),
        SAMPLE_TEST(answers_are_not_in_this_version),
        SAMPLE_TEST(a_decision_is_refused_with_a_note_that_nobody_would_read),
        SAMPLE_TEST(what_was_done_can_be_undone_where_every_step_says_how),
        SAMPLE_TEST(nothing_is_undone_that_cannot_be),
        SAMPLE_TEST(a_human_settles_what_nobody_knows),
        SAMPLE_TEST(it_is_settled_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
