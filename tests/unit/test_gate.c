#include "sample_proposal.h"

/* An approved proposal, a minute later, with nothing against it. */
struct gate {
    struct sample *sample;
    struct proposal *proposal;
    struct decision approval;
    struct gate_facts facts;
};

static struct gate approve(void **state)
{
    struct gate gate = { .sample = *state };

    sample_make(gate.sample);
    gate.proposal = &gate.sample->proposal;
    gate.proposal->state = PROPOSAL_APPROVED;
    gate.proposal->hold_until_ms = NOON_MS + 10 * SECOND_MS;
    gate.approval = (struct decision){ .verdict = VERDICT_APPROVE,
                                       .by = SLICE("jane"),
                                       .revision = 1,
                                       .plan_digest = gate.proposal->plan_digest };
    gate.facts = (struct gate_facts){ .signal_is_firing = true,
                                      .rule_version_now = SLICE("v1"),
                                      .deciders_still_allowed = true,
                                      .now_ms = NOON_MS + MINUTE_MS,
                                      .real_ms = NOON_MS + MINUTE_MS };
    return gate;
}

static void expect_gate_at(struct gate *gate, const char *why_not, const char *file, int line)
{
    struct slice sentence;

    gate->proposal->decisions = (struct record_list){ .items = &gate->approval, .n_items = 1 };
    assert_int_equal(proposal_gate(gate->proposal, &gate->facts, gate->sample->arena, &sentence),
                     RC_OK);
    assert_slice_at(sentence, why_not, file, line);
}
#define expect_gate(gate, why_not) expect_gate_at(gate, why_not, __FILE__, __LINE__)

static void an_approved_plan_with_its_premise_starts(void **state)
{
    struct gate gate = approve(state);

    expect_gate(&gate, NULL);
}

static void a_premise_that_is_gone_lets_nothing_start(void **state)
{
    struct gate gate = approve(state);

    gate.facts.signal_is_firing = false;
    expect_gate(&gate, "the signal no longer fires");
    gate = approve(state);
    gate.facts.rule_version_now = (struct slice){ 0 };
    expect_gate(&gate, "its rule was removed");
    gate = approve(state);
    gate.facts.rule_version_now = SLICE("v2");
    expect_gate(&gate, "its rule has changed since it was proposed");
    gate = approve(state);
    gate.facts.deciders_still_allowed = false;
    expect_gate(&gate, "who approved it may no longer decide");
}

static void a09_an_approval_that_is_too_old_after_a_restart_starts_nothing(void **state)
{
    struct gate gate = approve(state);

    gate.facts.real_ms = EXPIRES_MS - 1;
    expect_gate(&gate, NULL);
    gate.facts.real_ms = EXPIRES_MS;
    expect_gate(&gate, "it expired before it started");
}

static void nothing_starts_while_it_is_held(void **state)
{
    struct gate gate = approve(state);

    gate.facts.now_ms = NOON_MS + 10 * SECOND_MS - 1;
    expect_gate(&gate, "the approval is still held");
    gate.facts.now_ms = NOON_MS + 10 * SECOND_MS;
    expect_gate(&gate, NULL);
}

static void a04_a_plan_that_changed_after_the_approval_starts_nothing(void **state)
{
    static struct slice other[] = { { "/bin/first", 10 }, { "z", 1 } };
    struct gate gate = approve(state);

    gate.sample->steps[1].argv.items = other;
    expect_gate(&gate, "the plan is not the one that was approved");
}

static void a_void_or_old_approval_starts_nothing(void **state)
{
    struct gate gate = approve(state);

    gate.approval.is_void = true;
    expect_gate(&gate, "no approval of this revision stands");
    gate = approve(state);
    gate.approval.revision = 0;
    expect_gate(&gate, "no approval of this revision stands");
    gate = approve(state);
    gate.approval.plan_digest = SLICE("0123");
    expect_gate(&gate, "no approval of this revision stands");
    gate = approve(state);
    gate.approval.verdict = VERDICT_ACK;
    expect_gate(&gate, "no approval of this revision stands");
}

static void a08_an_approval_is_spent_by_starting(void **state)
{
    struct gate gate = approve(state);

    gate.proposal->state = PROPOSAL_RUNNING;
    expect_gate(&gate, "it is not approved");
    gate = approve(state);
    gate.sample->steps[0].started_ms = NOON_MS;
    expect_gate(&gate, "the step was started before");
    gate = approve(state);
    gate.sample->steps[0].state = STEP_UNKNOWN;
    expect_gate(&gate, "the step was started before");
}

static void no_other_state_starts_anything(void **state)
{
    for (int from = 0; from < PROPOSAL_STATES; from++) {
        struct gate gate = approve(state);

        gate.proposal->state = (enum proposal_state)from;
        expect_gate(&gate, from == PROPOSAL_APPROVED ? NULL : "it is not approved");
    }
}

static void a_check_counts_for_half_a_minute(void **state)
{
    static struct slice check[] = { { "/bin/true", 9 } };
    struct gate gate = approve(state);
    struct step *step = &gate.sample->steps[0];

    step->check = (struct slice_list){ .items = check, .n_items = 1 };
    assert_int_equal(plan_digest(gate.proposal, gate.sample->arena, &gate.proposal->plan_digest),
                     RC_OK);
    gate.approval.plan_digest = gate.proposal->plan_digest;
    step->state = STEP_CHECKING;
    expect_gate(&gate, "its check has not passed");
    step->checked_ms = gate.facts.now_ms - 30 * SECOND_MS;
    expect_gate(&gate, "its check passed too long ago");
    step->checked_ms = gate.facts.now_ms - 30 * SECOND_MS + 1;
    expect_gate(&gate, NULL);
}

static void a_further_step_passes_the_same_gate(void **state)
{
    struct gate gate = approve(state);

    gate.proposal->state = PROPOSAL_RUNNING;
    gate.facts.step = 1;
    gate.sample->steps[0].state = STEP_RUNNING;
    expect_gate(&gate, "a step before it is not done");
    gate.sample->steps[0].state = STEP_DONE;
    expect_gate(&gate, NULL);
    gate.facts.signal_is_firing = false;
    expect_gate(&gate, "the signal no longer fires");
    gate.facts.step = 2;
    expect_gate(&gate, "there is no such step");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SAMPLE_TEST(an_approved_plan_with_its_premise_starts),
        SAMPLE_TEST(a_premise_that_is_gone_lets_nothing_start),
        SAMPLE_TEST(a09_an_approval_that_is_too_old_after_a_restart_starts_nothing),
        SAMPLE_TEST(nothing_starts_while_it_is_held),
        SAMPLE_TEST(a04_a_plan_that_changed_after_the_approval_starts_nothing),
        SAMPLE_TEST(a_void_or_old_approval_starts_nothing),
        SAMPLE_TEST(a08_an_approval_is_spent_by_starting),
        SAMPLE_TEST(no_other_state_starts_anything),
        SAMPLE_TEST(a_check_counts_for_half_a_minute),
        SAMPLE_TEST(a_further_step_passes_the_same_gate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
