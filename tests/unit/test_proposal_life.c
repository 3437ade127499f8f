#include "sample_proposal.h"

#define O PROPOSAL_OPEN
#define A PROPOSAL_APPROVED
#define RU PROPOSAL_RUNNING
#define VG PROPOSAL_VERIFYING
#define V PROPOSAL_VERIFIED
#define RC PROPOSAL_RECURRED
#define I PROPOSAL_INCONCLUSIVE
#define D PROPOSAL_DONE
#define F PROPOSAL_FAILED
#define U PROPOSAL_UNKNOWN
#define S PROPOSAL_STALE
#define UG PROPOSAL_UNDOING

/* The picture of the design, written a second time and by hand: all that is not here is forbidden. */
static const struct arrow {
    enum proposal_state from, to;
} arrows[] = {
    { O, A },
    { O, PROPOSAL_REJECTED },
    { O, PROPOSAL_EXPIRED },
    { A, RU },
    { O, PROPOSAL_WITHDRAWN },
    { O, PROPOSAL_SUPERSEDED },
    { A, S },
    { A, O },
    { RU, VG },
    { RU, D },
    { RU, F },
    { RU, U },
    { U, VG },
    { U, F },
    { U, D },
    { VG, V },
    { VG, RC },
    { VG, I },
    { D, UG },
    { F, UG },
    { V, UG },
    { I, UG },
    { RC, UG },
    { UG, PROPOSAL_UNDONE },
    { UG, PROPOSAL_UNDO_FAILED },
    { UG, PROPOSAL_UNDO_UNKNOWN },
};

static bool is_drawn(enum proposal_state from, enum proposal_state to)
{
    for (size_t i = 0; i < sizeof(arrows) / sizeof(*arrows); i++)
        if (arrows[i].from == from && arrows[i].to == to)
            return true;
    return false;
}

static void every_arrow_of_the_picture_and_no_other_is_allowed(void **state)
{
    (void)state;
    for (int from = 0; from < PROPOSAL_STATES; from++)
        for (int to = 0; to < PROPOSAL_STATES; to++) {
            bool drawn = is_drawn((enum proposal_state)from, (enum proposal_state)to);

            if (proposal_may_become((enum proposal_state)from, (enum proposal_state)to) != drawn)
                fail_msg("%s -> %s", proposal_state_names[from], proposal_state_names[to]);
        }
}

static void nothing_runs_that_was_not_approved(void **state)
{
    (void)state;
    for (int from = 0; from < PROPOSAL_STATES; from++) {
        assert_int_equal(proposal_may_become((enum proposal_state)from, PROPOSAL_RUNNING),
                         from == PROPOSAL_APPROVED);
        assert_int_equal(proposal_may_become((enum proposal_state)from, PROPOSAL_APPROVED),
                         from == PROPOSAL_OPEN);
    }
}

static void a_state_that_was_never_written_leads_nowhere(void **state)
{
    (void)state;
    assert_false(proposal_may_become((enum proposal_state)77, PROPOSAL_RUNNING));
    assert_false(proposal_may_become(PROPOSAL_APPROVED, (enum proposal_state)77));
}

static void a_move_that_the_table_forbids_changes_nothing(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(proposal_move(&sample->proposal, PROPOSAL_RUNNING, NOON_MS + 5), RC_CONFLICT);
    assert_int_equal(sample->proposal.state, PROPOSAL_OPEN);
    assert_int_equal(sample->proposal.updated_ms, NOON_MS);
}

static void a_move_notes_when_and_an_end_when_it_ended(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(proposal_move(&sample->proposal, PROPOSAL_APPROVED, NOON_MS + 5), RC_OK);
    assert_int_equal(sample->proposal.updated_ms, NOON_MS + 5);
    assert_int_equal(sample->proposal.closed_ms, 0);
    assert_int_equal(proposal_move(&sample->proposal, PROPOSAL_STALE, NOON_MS + 6), RC_OK);
    assert_int_equal(sample->proposal.closed_ms, NOON_MS + 6);
}

static void a_revision_voids_approvals_and_renews_the_digest(void **state)
{
    struct sample *sample = *state;
    struct decision decision = { .verdict = VERDICT_APPROVE,
                                 .by = SLICE("jane"),
                                 .revision = 1,
                                 .plan_digest = sample->proposal.plan_digest };
    struct slice before = sample->proposal.plan_digest;

    sample->proposal.decisions = (struct record_list){ .items = &decision, .n_items = 1 };
    assert_int_equal(proposal_count_approvals(&sample->proposal), 1);
    assert_int_equal(proposal_revise(&sample->proposal, NOON_MS + HOUR_MS, false, sample->arena),
                     RC_OK);
    assert_int_equal(sample->proposal.revision, 2);
    assert_true(decision.is_void);
    assert_int_equal(proposal_count_approvals(&sample->proposal), 0);
    assert_false(slice_eq(before, sample->proposal.plan_digest));
    assert_int_equal(sample->proposal.expires_ms, EXPIRES_MS);
    assert_int_equal(proposal_revise(&sample->proposal, NOON_MS + HOUR_MS, true, sample->arena),
                     RC_OK);
    assert_int_equal(sample->proposal.expires_ms, NOON_MS + 5 * HOUR_MS);
}

static void a_proposal_without_a_plan_has_no_digest(void **state)
{
    struct sample *sample = *state;

    sample->proposal.plan.n_items = 0;
    assert_int_equal(proposal_revise(&sample->proposal, NOON_MS, false, sample->arena), RC_OK);
    assert_true(slice_is_absent(sample->proposal.plan_digest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_arrow_of_the_picture_and_no_other_is_allowed),
        cmocka_unit_test(nothing_runs_that_was_not_approved),
        cmocka_unit_test(a_state_that_was_never_written_leads_nowhere),
        SAMPLE_TEST(a_move_that_the_table_forbids_changes_nothing),
        SAMPLE_TEST(a_move_notes_when_and_an_end_when_it_ended),
        SAMPLE_TEST(a_revision_voids_approvals_and_renews_the_digest),
        SAMPLE_TEST(a_proposal_without_a_plan_has_no_digest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
