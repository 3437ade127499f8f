/* `active` of a rule and `maintenance` of vedette.yaml: hours in which a signal asks, and hours in which it does not. */
#include "tests/unit/gates_story.h"

/* NOON_MS is a Saturday. */
#define MONDAY_8_MS (NOON_MS + 44 * HOUR_MS)
#define HEAD                                                                                       \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "actions: {act: {run: [/bin/true], effect: external, timeout: 10s}}\n"                         \
    "people: {jane: {user: jane}}\n"                                                               \
    "approvers: {from: [jane], need: 1}\n"
#define RULE(members)                                                                              \
    "rules: [{id: red, on: ci.run, where: {state: failing}, key: [repo], propose: {plan: [{do: "   \
    "act}], cooldown: 0s}" members "}]\n"
#define OFFICE ", active: {days: mon-fri, from: \"08:00\", to: \"18:00\"}"
#define SATURDAYS "{where: {rule: red}, days: sat, from: \"11:00\", to: \"13:00\", reason: backup}"

static int begin_office(void **state)
{
    *state = begin_with(HEAD, RULE(OFFICE));
    return 0;
}

static int begin_maintenance(void **state)
{
    *state = begin_with(HEAD "maintenance: [" SATURDAYS "]\n", RULE(", verify: {quiet: 30m}"));
    return 0;
}

static int begin_two(void **state)
{
    *state = begin_with(
        HEAD "maintenance:\n"
             "  - " SATURDAYS "\n"
             "  - {where: {repo: a/b}, days: sat, from: \"12:30\", to: \"14:00\", reason: move}\n"
             "  - {where: {repo: other}, days: sat, reason: other}\n",
        RULE(""));
    return 0;
}

static int finish(void **state)
{
    end(*state);
    return 0;
}

/* --- active --- */

static void outside_of_its_hours_a_signal_folds_and_asks_nothing(void **state)
{
    fails_at(*state, NOON_MS);
    fails_at(*state, NOON_MS + HOUR_MS);
    assert_int_equal(the_signal(*state).count, 2);
    assert_int_equal(n_of(*state, TABLE_TASKS, &task_shape, NULL), 0);
    assert_held(*state, HOLD_INACTIVE);
    assert_int_equal(the_signal(*state).hold.until_ms, MONDAY_8_MS);
    assert_true(slice_eq(the_signal(*state).hold.detail,
                         SLICE("its rule is active mon-fri 08:00-18:00 UTC")));
}

static void what_still_fires_when_it_opens_asks_at_that_moment(void **state)
{
    fails_at(*state, NOON_MS);
    fold(*state, MONDAY_8_MS - 1);
    assert_int_equal(n_proposals(*state), 0);
    fold(*state, MONDAY_8_MS + MINUTE_MS);
    assert_int_equal(n_proposals(*state), 1);
    assert_int_equal(newest(*state).created_ms, MONDAY_8_MS);
    assert_held(*state, HOLD_NONE);
}

static void what_has_resolved_by_then_asks_nothing(void **state)
{
    fails_at(*state, NOON_MS);
    is_ok_at(*state, NOON_MS + HOUR_MS);
    fold(*state, MONDAY_8_MS);
    assert_int_equal(n_proposals(*state), 0);
    assert_held(*state, HOLD_NONE);
}

static void within_its_hours_it_asks_at_once_up_to_the_last_millisecond(void **state)
{
    fails_at(*state, MONDAY_8_MS + 10 * HOUR_MS - 1);
    assert_int_equal(n_proposals(*state), 1);
}

static void from_its_end_on_it_does_not(void **state)
{
    fails_at(*state, MONDAY_8_MS + 10 * HOUR_MS);
    assert_held(*state, HOLD_INACTIVE);
    assert_int_equal(the_signal(*state).hold.until_ms, MONDAY_8_MS + DAY_MS);
}

static void an_open_proposal_stays_when_the_hours_end(void **state)
{
    fails_at(*state, MONDAY_8_MS + 9 * HOUR_MS);
    fold(*state, MONDAY_8_MS + 11 * HOUR_MS);
    assert_int_equal(newest(*state).state, PROPOSAL_OPEN);
}

static void hours_that_a_reload_changes_count_from_then_on(void **state)
{
    fails_at(*state, NOON_MS);
    swap_rules(*state, RULE(", active: {days: mon-fri, from: \"07:00\"}"), NOON_MS + 1);
    fold(*state, NOON_MS + 1);
    assert_held(*state, HOLD_INACTIVE);
    assert_int_equal(the_signal(*state).hold.until_ms, MONDAY_8_MS - HOUR_MS);
    swap_rules(*state, RULE(""), NOON_MS + 2);
    fold(*state, NOON_MS + 2);
    assert_int_equal(n_proposals(*state), 1);
    assert_held(*state, HOLD_NONE);
}

/* --- maintenance --- */

static void maintenance_holds_what_it_names_until_its_end(void **state)
{
    fails_at(*state, NOON_MS);
    assert_held(*state, HOLD_MAINTENANCE);
    assert_int_equal(the_signal(*state).hold.until_ms, NOON_MS + HOUR_MS);
    assert_true(slice_eq(the_signal(*state).hold.detail, SLICE("backup: sat 11:00-13:00 UTC")));
    fold(*state, NOON_MS + HOUR_MS - 1);
    assert_int_equal(n_proposals(*state), 0);
    fold(*state, NOON_MS + HOUR_MS);
    assert_int_equal(n_proposals(*state), 1);
    assert_held(*state, HOLD_NONE);
}

static void what_overlaps_holds_to_the_end_of_the_last(void **state)
{
    fails_at(*state, NOON_MS);
    fold(*state, NOON_MS + HOUR_MS);
    assert_held(*state, HOLD_MAINTENANCE);
    assert_int_equal(the_signal(*state).hold.until_ms, NOON_MS + 2 * HOUR_MS);
    assert_int_equal(the_signal(*state).hold.since_ms, NOON_MS);
    fold(*state, NOON_MS + 2 * HOUR_MS);
    assert_int_equal(n_proposals(*state), 1);
}

static void a_proposal_that_is_there_stays_and_its_resolve_is_told(void **state)
{
    struct proposal proposal;

    fails_at(*state, NOON_MS - HOUR_MS - 1);
    is_ok_at(*state, NOON_MS);
    proposal = newest(*state);
    assert_int_equal(n_proposals(*state), 1);
    assert_int_equal(proposal.state, PROPOSAL_WITHDRAWN);
    assert_int_equal(the_signal(*state).state, SIGNAL_RESOLVED);
}

static void quiet_proves_nothing_while_there_was_maintenance(void **state)
{
    int64_t done_ms = NOON_MS - HOUR_MS - 10 * MINUTE_MS;

    fails_at(*state, done_ms - 2);
    approved(*state, done_ms - 1);
    (void)ends(*state, EFFECT_DONE, done_ms);
    fold(*state, done_ms + 30 * MINUTE_MS);
    assert_int_equal(newest(*state).state, PROPOSAL_INCONCLUSIVE);
}

static void quiet_that_ends_as_the_maintenance_begins_is_verified(void **state)
{
    int64_t done_ms = NOON_MS - HOUR_MS - 30 * MINUTE_MS;

    fails_at(*state, done_ms - 2);
    approved(*state, done_ms - 1);
    (void)ends(*state, EFFECT_DONE, done_ms);
    fold(*state, done_ms + 30 * MINUTE_MS);
    assert_int_equal(newest(*state).state, PROPOSAL_VERIFIED);
}

/* As a reload does with a vedette.yaml that has no maintenance any more. */
static void what_the_configuration_mutes_no_more_asks_at_the_reload(void **state)
{
    struct story *story = *state;

    fails_at(story, NOON_MS);
    assert_held(story, HOLD_MAINTENANCE);
    story->config->n_maintenance = 0;
    swap_rules(story, RULE(", verify: {quiet: 30m}"), NOON_MS + 1);
    fold(story, NOON_MS + 1);
    assert_int_equal(n_proposals(story), 1);
    assert_held(story, HOLD_NONE);
}

int main(void)
{
#define OFFICE_STORY(name) cmocka_unit_test_setup_teardown(name, begin_office, finish)
#define MAINTENANCE_STORY(name) cmocka_unit_test_setup_teardown(name, begin_maintenance, finish)
    const struct CMUnitTest tests[] = {
        OFFICE_STORY(outside_of_its_hours_a_signal_folds_and_asks_nothing),
        OFFICE_STORY(what_still_fires_when_it_opens_asks_at_that_moment),
        OFFICE_STORY(what_has_resolved_by_then_asks_nothing),
        OFFICE_STORY(within_its_hours_it_asks_at_once_up_to_the_last_millisecond),
        OFFICE_STORY(from_its_end_on_it_does_not),
        OFFICE_STORY(an_open_proposal_stays_when_the_hours_end),
        OFFICE_STORY(hours_that_a_reload_changes_count_from_then_on),
        MAINTENANCE_STORY(maintenance_holds_what_it_names_until_its_end),
        cmocka_unit_test_setup_teardown(what_overlaps_holds_to_the_end_of_the_last, begin_two,
                                        finish),
        MAINTENANCE_STORY(a_proposal_that_is_there_stays_and_its_resolve_is_told),
        MAINTENANCE_STORY(quiet_proves_nothing_while_there_was_maintenance),
        MAINTENANCE_STORY(quiet_that_ends_as_the_maintenance_begins_is_verified),
        MAINTENANCE_STORY(what_the_configuration_mutes_no_more_asks_at_the_reload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
