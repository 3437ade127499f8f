#include "src/daemon/api_objects.h"
#include "src/daemon/object_kinds.h"

#include "store_fixture.h"

static struct slice argv[] = { { "/usr/bin/gh", 11 }, { "a\"b", 3 } };
static struct slice approvers[] = { { "oncall", 6 } };

static struct signal sample_signal(void)
{
    return (struct signal){ .id = ulid_number(1),
                            .rule = SLICE("ci-main-red"),
                            .rule_version = SLICE("1234567890abcdef"),
                            .fingerprint = SLICE("00112233445566778899aabbccddeeff"),
                            .state = SIGNAL_FIRING,
                            .severity = SEVERITY_HIGH,
                            .title = SLICE("test is red"),
                            .episode = 2,
                            .count = 7,
                            .first_seen_ms = 1000,
                            .last_seen_ms = 61000 };
}

static struct proposal sample_proposal(struct step *step, struct decision *decision)
{
    *step = (struct step){ .action = SLICE("rerun"),
                           .params = SLICE("{\"run\":\"7\"}"),
                           .argv = { argv, 2 },
                           .effect = EFFECT_EXTERNAL };
    *decision = (struct decision){
        .verdict = VERDICT_ACK, .by = SLICE("jane"), .via = SLICE("token"), .at_ms = 5000
    };
    return (struct proposal){ .id = ulid_number(2),
                              .short_id = SLICE("bcdfg"),
                              .revision = 1,
                              .state = PROPOSAL_OPEN,
                              .rule = SLICE("ci-main-red"),
                              .rule_version = SLICE("1234567890abcdef"),
                              .signal = ulid_number(1),
                              .fingerprint = SLICE("00112233445566778899aabbccddeeff"),
                              .episode = 2,
                              .title = SLICE("test is red"),
                              .severity = SEVERITY_HIGH,
                              .created_ms = 2000,
                              .count = 2,
                              .first_seen_ms = 1000,
                              .last_seen_ms = 1000,
                              .approvers = { .from = { approvers, 1 }, .need = 1 },
                              .plan = { step, 1 },
                              .decisions = { decision, 1 } };
}

/* The proposal as the API shows it. */
static struct json *shown(struct fixture *fixture, const struct proposal *proposal)
{
    struct json_fault fault;
    struct json_writer writer;
    struct buffer json;
    struct json *tree = NULL;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    assert_int_equal(proposal_kind.write(fixture->txn, proposal, fixture->arena, &writer), RC_OK);
    assert_int_equal(json_parse(buffer_slice(&json), JSON_LIMITS_DEFAULT, &tree, &fault), RC_OK);
    buffer_free(&json);
    return tree;
}

static bool says(const struct json *tree, const char *name, const char *text)
{
    return slice_eq(json_text(json_get_text(tree, name)), slice_of(text));
}

static void a_proposal_is_shown_as_the_contract_says(void **state)
{
    struct fixture *fixture = *state;
    struct step step;
    struct decision decision;
    const struct proposal proposal = sample_proposal(&step, &decision);
    struct json *tree = shown(fixture, &proposal);
    const struct json *first_step = json_first(json_get_text(tree, "plan"));
    const struct json *first_decision = json_first(json_get_text(tree, "decisions"));

    assert_true(slice_starts(json_string(json_get_text(tree, "id")), SLICE("prp_")));
    assert_true(slice_starts(json_string(json_get_text(tree, "signal")), SLICE("sig_")));
    assert_true(says(tree, "short", "bcdfg"));
    assert_true(says(tree, "state", "open"));
    assert_true(says(tree, "severity", "high"));
    assert_true(says(tree, "created", "1970-01-01T00:00:02.000Z"));
    assert_null(json_get_text(tree, "outcome")); /* absent values are left out */
    assert_null(json_get_text(tree, "window"));
    assert_true(says(json_get_text(tree, "approvers"), "need", "1"));
    assert_true(says(first_step, "action", "rerun"));
    assert_true(says(first_step, "effect", "external"));
    assert_true(says(json_get_text(first_step, "params"), "run", "7"));
    assert_true(slice_eq(json_string(json_next(json_first(json_get_text(first_step, "argv")))),
                         SLICE("a\"b")));
    assert_true(says(first_decision, "verdict", "ack"));
    assert_true(says(first_decision, "at", "1970-01-01T00:00:05.000Z"));
    assert_non_null(json_get_text(tree, "track_record"));
    json_free(tree);
}

static void its_count_is_its_signals_while_that_goes_on(void **state)
{
    struct fixture *fixture = *state;
    struct signal signal = sample_signal();
    struct step step;
    struct decision decision;
    struct proposal proposal = sample_proposal(&step, &decision);
    struct json *tree;

    assert_int_equal(signal_put(fixture->txn, &signal), RC_OK);
    tree = shown(fixture, &proposal);
    assert_true(says(tree, "count", "7"));
    assert_true(says(tree, "last_seen", "1970-01-01T00:01:01.000Z"));
    json_free(tree);
    proposal.state = PROPOSAL_REJECTED; /* what people saw when it was decided */
    tree = shown(fixture, &proposal);
    assert_true(says(tree, "count", "2"));
    json_free(tree);
    proposal.state = PROPOSAL_OPEN;
    proposal.episode = 1; /* the signal is in another episode */
    tree = shown(fixture, &proposal);
    assert_true(says(tree, "count", "2"));
    json_free(tree);
}

static void what_a_list_is_narrowed_by_is_read_from_each_kind(void **state)
{
    const struct signal signal = sample_signal();
    const struct task task = { .state = TASK_FAILED, .rule = SLICE("r"), .created_ms = 5 };

    (void)state;
    assert_int_equal(object_state(&signal_kind, &signal), SIGNAL_FIRING);
    assert_slice(object_rule(&signal_kind, &signal), "ci-main-red");
    assert_int_equal(object_since_ms(&signal_kind, &signal), 61000);
    assert_int_equal(object_state(&task_kind, &task), TASK_FAILED);
    assert_slice(object_rule(&task_kind, &task), "r");
    assert_int_equal(object_since_ms(&task_kind, &task), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_proposal_is_shown_as_the_contract_says,
                                        fixture_open_memory, fixture_close),
        cmocka_unit_test_setup_teardown(its_count_is_its_signals_while_that_goes_on,
                                        fixture_open_memory, fixture_close),
        cmocka_unit_test(what_a_list_is_narrowed_by_is_read_from_each_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
