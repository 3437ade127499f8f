#include "src/store/proposals.h"

#include "src/store/store_key.h"
#include "src/store/track_records.h"
#include "tests/unit/store_fixture.h"

#define FINGERPRINT "000102030405060708090a0b0c0d0e0f"
#define NEXT_FINGERPRINT "000102030405060708090a0b0c0d0e10"

static struct proposal make(struct fixture *fixture, uint8_t number, const char *fingerprint)
{
    struct proposal proposal = { .id = ulid_number(number),
                                 .revision = 1,
                                 .fingerprint = slice_of(fingerprint) };

    assert_int_equal(
        proposal_make_short(fixture->txn, proposal.id, fixture->arena, &proposal.short_id), RC_OK);
    return proposal;
}

static void put(struct fixture *fixture, const struct proposal *proposal)
{
    assert_int_equal(proposal_put(fixture->txn, proposal), RC_OK);
}

static void a_proposal_comes_back_with_its_plan_and_its_decisions(void **state)
{
    struct fixture *fixture = *state;
    struct slice argv[] = { SLICE("/usr/bin/gh"), SLICE("run") };
    struct step steps[] = { { .action = SLICE("rerun"),
                              .argv = { .items = argv, .n_items = 2 },
                              .state = STEP_UNKNOWN },
                            { .action = SLICE("tell"), .effect = EFFECT_EXTERNAL } };
    struct decision decisions[] = {
        { .verdict = VERDICT_SETTLE, .by = SLICE("jane"), .is_void = true }
    };
    struct proposal proposal = make(fixture, 1, FINGERPRINT);
    const struct decision *found_decisions;
    const struct step *found_steps;
    struct proposal found;

    proposal.state = PROPOSAL_UNKNOWN;
    proposal.plan = (struct record_list){ .items = steps, .n_items = 2 };
    proposal.decisions = (struct record_list){ .items = decisions, .n_items = 1 };
    proposal.track_record.recurred = 4;
    put(fixture, &proposal);
    fixture_commit(fixture);
    assert_int_equal(proposal_get(fixture->txn, proposal.id, fixture->arena, &found), RC_OK);
    assert_int_equal(found.state, PROPOSAL_UNKNOWN);
    assert_int_equal(found.track_record.recurred, 4);
    found_steps = found.plan.items;
    assert_int_equal(found.plan.n_items, 2);
    assert_true(found_steps[0].state == STEP_UNKNOWN && found_steps[1].effect == EFFECT_EXTERNAL);
    assert_slice(found_steps[0].argv.items[1], "run");
    found_decisions = found.decisions.items;
    assert_true(found_decisions[0].verdict == VERDICT_SETTLE && found_decisions[0].is_void);
    assert_slice(found_decisions[0].by, "jane");
}

static void a_proposal_is_found_by_its_id_or_its_short_id(void **state)
{
    struct fixture *fixture = *state;
    struct proposal proposal = make(fixture, 1, FINGERPRINT);
    const struct slice unknown[] = { SLICE(""),       SLICE("BCDFG"),
                                     SLICE("bcdfgh"), SLICE("bcdf"),
                                     SLICE("b\0dfg"), SLICE("prp_"),
                                     SLICE("tsk_01"), { 0 } };
    struct proposal found;
    char id[4 + ULID_TEXT_BYTES] = "prp_";

    put(fixture, &proposal);
    ulid_format(proposal.id, id + 4);
    assert_int_equal(proposal_find(fixture->txn, slice_of(id), fixture->arena, &found), RC_OK);
    assert_int_equal(ulid_compare(found.id, proposal.id), 0);
    assert_int_equal(proposal_find(fixture->txn, proposal.short_id, fixture->arena, &found), RC_OK);
    assert_int_equal(ulid_compare(found.id, proposal.id), 0);
    ulid_format(ulid_number(2), id + 4);
    assert_int_equal(proposal_find(fixture->txn, slice_of(id), fixture->arena, &found),
                     RC_NOT_FOUND);
    for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
        assert_int_equal(proposal_find(fixture->txn, unknown[i], fixture->arena, &found),
                         RC_NOT_FOUND);
}

static void short_ids_are_five_letters_that_nobody_misreads(void **state)
{
    struct fixture *fixture = *state;

    for (uint8_t number = 1; number < 200; number++) {
        struct proposal proposal = make(fixture, number, FINGERPRINT);

        assert_int_equal(proposal.short_id.len, 5);
        for (size_t i = 0; i < 5; i++)
            assert_non_null(strchr("bcdfghkmnpqrstvwxz", proposal.short_id.ptr[i]));
        put(fixture, &proposal); /* all of them differ, or this would conflict */
    }
}

static void the_same_id_gives_the_same_letters_unless_they_are_taken(void **state)
{
    struct fixture *fixture = *state;
    const struct store_key other = key_of_ulid(ulid_number(9));
    struct proposal proposal = make(fixture, 1, FINGERPRINT);
    struct slice again;

    put(fixture, &proposal);
    assert_int_equal(proposal_make_short(fixture->txn, proposal.id, fixture->arena, &again), RC_OK);
    assert_true(slice_eq(again, proposal.short_id));
    assert_int_equal(
        store_put(fixture->txn, TABLE_PROPOSAL_SHORTS, proposal.short_id, key_slice(&other)),
        RC_OK);
    assert_int_equal(proposal_make_short(fixture->txn, proposal.id, fixture->arena, &again), RC_OK);
    assert_false(slice_eq(again, proposal.short_id));
    assert_int_equal(proposal_put(fixture->txn, &proposal), RC_CONFLICT);
    proposal.short_id = SLICE("hello");
    assert_int_equal(proposal_put(fixture->txn, &proposal), RC_INVALID);
}

static void the_proposals_of_a_signal_are_listed_newest_first(void **state)
{
    struct fixture *fixture = *state;
    struct ulid_list ids;

    assert_int_equal(
        proposal_list_of_signal(fixture->txn, SLICE(FINGERPRINT), 8, fixture->arena, &ids), RC_OK);
    assert_int_equal(ids.n_items, 0);
    for (uint8_t number = 1; number <= 3; number++) {
        struct proposal proposal = make(fixture, number, FINGERPRINT);

        put(fixture, &proposal);
        put(fixture, &proposal); /* a change of it is no further proposal */
        proposal = make(fixture, (uint8_t)(100 + number), NEXT_FINGERPRINT);
        put(fixture, &proposal);
    }
    assert_int_equal(
        proposal_list_of_signal(fixture->txn, SLICE(FINGERPRINT), 8, fixture->arena, &ids), RC_OK);
    assert_int_equal(ids.n_items, 3);
    for (uint8_t i = 0; i < 3; i++)
        assert_int_equal(ulid_compare(ids.items[i], ulid_number((uint8_t)(3 - i))), 0);
    assert_int_equal(
        proposal_list_of_signal(fixture->txn, SLICE(FINGERPRINT), 2, fixture->arena, &ids), RC_OK);
    assert_int_equal(ids.n_items, 2);
    assert_int_equal(proposal_list_of_signal(fixture->txn, SLICE("none"), 2, fixture->arena, &ids),
                     RC_INVALID);
}

static void a_proposal_that_waits_acts_or_is_unknown_is_not_final(void **state)
{
    static const enum proposal_state going_on[] = { PROPOSAL_OPEN,    PROPOSAL_APPROVED,
                                                    PROPOSAL_RUNNING, PROPOSAL_VERIFYING,
                                                    PROPOSAL_UNKNOWN, PROPOSAL_UNDOING };
    size_t n_final = 0;

    (void)state;
    for (enum proposal_state at = PROPOSAL_OPEN; at < PROPOSAL_STATES; at++) {
        if (proposal_state_is_final(at))
            n_final++;
    }
    assert_int_equal(n_final, PROPOSAL_STATES - sizeof(going_on) / sizeof(*going_on));
    for (size_t i = 0; i < sizeof(going_on) / sizeof(*going_on); i++)
        assert_false(proposal_state_is_final(going_on[i]));
}

static void names_are_as_many_as_their_values(void **state)
{
    (void)state;
    assert_string_equal(proposal_state_names[PROPOSAL_UNDO_UNKNOWN], "undo_unknown");
    assert_null(proposal_state_names[PROPOSAL_STATES]);
    assert_string_equal(proposal_state_names[PROPOSAL_SUPERSEDED], "superseded");
    assert_string_equal(verdict_names[VERDICT_SETTLE], "settle");
    assert_null(verdict_names[VERDICT_SETTLE + 1]);
    assert_string_equal(step_state_names[STEP_NOT_STARTED], "not_started");
    assert_string_equal(effect_names[EFFECT_EXTERNAL], "external");
    assert_string_equal(verify_kind_names[VERIFY_CHECK], "check");
    assert_string_equal(diagnosis_status_names[DIAGNOSIS_CONFIRMED_CAUSE], "confirmed_cause");
    assert_string_equal(task_state_names[TASK_WITHDRAWN], "withdrawn");
}

static void a_track_record_belongs_to_a_rule_and_its_version(void **state)
{
    const struct track_record record = { .proposed = 5, .approved = 3, .recurred = 1 };
    struct fixture *fixture = *state;
    struct track_record found;

    assert_int_equal(track_record_put(fixture->txn, SLICE("rule"), SLICE("v1"), &record), RC_OK);
    fixture_commit(fixture);
    assert_int_equal(track_record_get(fixture->txn, SLICE("rule"), SLICE("v1"), &found), RC_OK);
    assert_memory_equal(&found, &record, sizeof(found));
    assert_int_equal(track_record_get(fixture->txn, SLICE("rule"), SLICE("v2"), &found), RC_OK);
    assert_int_equal(found.proposed, 0);
    assert_int_equal(track_record_get(fixture->txn, SLICE("rulev"), SLICE("1"), &found), RC_OK);
    assert_int_equal(found.proposed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(a_proposal_comes_back_with_its_plan_and_its_decisions),
        TWICE(a_proposal_is_found_by_its_id_or_its_short_id),
        TWICE(short_ids_are_five_letters_that_nobody_misreads),
        TWICE(the_same_id_gives_the_same_letters_unless_they_are_taken),
        TWICE(the_proposals_of_a_signal_are_listed_newest_first),
        cmocka_unit_test(a_proposal_that_waits_acts_or_is_unknown_is_not_final),
        cmocka_unit_test(names_are_as_many_as_their_values),
        TWICE(a_track_record_belongs_to_a_rule_and_its_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
