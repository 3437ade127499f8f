/* What holds a signal back: noted in the signal, found by who opens the gate, gone with its reason. */
#include "tests/unit/gates_story.h"

#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "actions: {act: {run: [/bin/true], effect: external, timeout: 10s}}\n"                         \
    "people: {jane: {user: jane}}\n"                                                               \
    "approvers: {from: [jane], need: 1}\n"
#define RULE(members)                                                                              \
    "rules: [{id: red, on: ci.run, where: {state: failing}, key: [repo], propose: {plan: [{do: "   \
    "act}], cooldown: 2h}" members "}]\n"

static int begin(void **state)
{
    *state = begin_with(CONFIG, RULE(""));
    return 0;
}

static int finish(void **state)
{
    end(*state);
    return 0;
}

static struct ulid silenced(struct story *story, int64_t at_ms, int64_t until_ms)
{
    struct silence_clause clause = { SLICE("rule"), SLICE("red") };
    struct silence silence = {
        .where = { &clause, 1 }, .reason = SLICE("moved"), .by = SLICE("jane"), .until_ms = until_ms
    };

    assert_int_equal(engine_add_silence(story->engine, &silence, at_ms), RC_OK);
    return silence.id;
}

static void unsilenced(struct story *story, struct ulid id, int64_t at_ms)
{
    assert_int_equal(
        engine_remove_silence(story->engine, id, SLICE("jane"), SLICE("socket"), at_ms), RC_OK);
    fold(story, at_ms);
}

/* --- noted --- */

static void a_cooldown_is_noted_with_the_decision_and_gone_when_it_ends(void **state)
{
    fails_at(*state, NOON_MS);
    assert_held(*state, HOLD_NONE);
    rejected(*state, NOON_MS + 1);
    assert_held(*state, HOLD_COOLDOWN);
    assert_int_equal(the_signal(*state).hold.since_ms, NOON_MS + 1);
    assert_int_equal(the_signal(*state).hold.until_ms, NOON_MS + 1 + 2 * HOUR_MS);
    fold(*state, NOON_MS + 2 * HOUR_MS); /* the last millisecond */
    assert_int_equal(n_proposals(*state), 1);
    assert_held(*state, HOLD_COOLDOWN);
    fold(*state, NOON_MS + 1 + 2 * HOUR_MS);
    assert_int_equal(n_proposals(*state), 2);
    assert_held(*state, HOLD_NONE);
}

static void a_silence_is_noted_with_who_and_why(void **state)
{
    struct ulid id = silenced(*state, NOON_MS, NOON_MS + HOUR_MS);
    struct hold hold;
    size_t offset;

    fails_at(*state, NOON_MS + 1);
    assert_held(*state, HOLD_SILENCE);
    hold = the_signal(*state).hold;
    assert_int_equal(hold.until_ms, NOON_MS + HOUR_MS);
    assert_int_equal(slice_find(hold.detail, SLICE("of jane (moved)"), &offset), RC_OK);
    unsilenced(*state, id, NOON_MS + 2);
    assert_int_equal(n_proposals(*state), 1);
    assert_held(*state, HOLD_NONE);
}

static void a_second_reason_takes_the_place_of_the_first(void **state)
{
    fails_at(*state, NOON_MS);
    rejected(*state, NOON_MS + 1);
    silenced(*state, NOON_MS + 2, NOON_MS + 3 * HOUR_MS);
    assert_held(*state, HOLD_COOLDOWN);
    fold(*state, NOON_MS + 1 + 2 * HOUR_MS);
    assert_held(*state, HOLD_SILENCE);
    assert_int_equal(the_signal(*state).hold.since_ms, NOON_MS + 1 + 2 * HOUR_MS);
    fold(*state, NOON_MS + 3 * HOUR_MS);
    assert_int_equal(n_proposals(*state), 2);
    assert_held(*state, HOLD_NONE);
}

static void more_matches_change_nothing_of_since(void **state)
{
    silenced(*state, NOON_MS, NOON_MS + HOUR_MS);
    fails_at(*state, NOON_MS + 1);
    fails_at(*state, NOON_MS + MINUTE_MS);
    assert_held(*state, HOLD_SILENCE);
    assert_int_equal(the_signal(*state).hold.since_ms, NOON_MS + 1);
}

/* --- cooldown --- */

/* A proposal ends so at noon, what fired (again) a minute after is asked about at once, or has to wait. */
static void assert_cools_down(struct story *story, bool expected)
{
    size_t n_before = n_proposals(story);

    fails_at(story, NOON_MS + MINUTE_MS);
    assert_int_equal(n_proposals(story), n_before + !expected);
    assert_int_equal(the_signal(story).hold.reason, expected ? HOLD_COOLDOWN : HOLD_NONE);
    fold(story, NOON_MS + 2 * HOUR_MS - 1);
    assert_int_equal(n_proposals(story), n_before + !expected);
    fold(story, NOON_MS + 2 * HOUR_MS);
    assert_int_equal(n_proposals(story), n_before + 1);
}

static void a_rejection_cools_down(void **state)
{
    fails_at(*state, NOON_MS - 1);
    rejected(*state, NOON_MS);
    assert_cools_down(*state, true);
}

static void an_expiry_cools_down(void **state)
{
    fails_at(*state, NOON_MS - 4 * HOUR_MS); /* with a plan it expires after four hours */
    fold(*state, NOON_MS);
    assert_int_equal(newest(*state).state, PROPOSAL_EXPIRED);
    assert_cools_down(*state, true);
}

static void a_withdrawal_cools_down(void **state)
{
    fails_at(*state, NOON_MS - 1);
    is_ok_at(*state, NOON_MS);
    assert_int_equal(newest(*state).state, PROPOSAL_WITHDRAWN);
    assert_cools_down(*state, true);
}

static void carried_out(struct story *story, const char *members, int64_t at_ms)
{
    char rules[512];

    snprintf(rules, sizeof rules,
             "rules: [{id: red, on: ci.run, where: {state: failing}, key: [repo], propose: {plan: "
             "[{do: act}], cooldown: 2h}, verify: %s}]\n",
             members);
    swap_rules(story, rules, at_ms - 3);
    fails_at(story, at_ms - 2);
    approved(story, at_ms - 1);
    (void)ends(story, EFFECT_DONE, at_ms);
}

static void what_is_done_without_a_verification_cools_down(void **state)
{
    carried_out(*state, "none", NOON_MS);
    assert_int_equal(newest(*state).state, PROPOSAL_DONE);
    assert_cools_down(*state, true);
}

static void what_is_verified_cools_down(void **state)
{
    carried_out(*state, "{quiet: 30m}", NOON_MS - 30 * MINUTE_MS);
    fold(*state, NOON_MS);
    assert_int_equal(newest(*state).state, PROPOSAL_VERIFIED);
    assert_cools_down(*state, true);
}

static void what_recurred_is_asked_about_at_once(void **state)
{
    carried_out(*state, "{quiet: 30m}", NOON_MS);
    assert_cools_down(*state, false);
    assert_int_equal(proposal_of(*state, newest(*state).earlier).state, PROPOSAL_RECURRED);
}

/* --- gone --- */

static void what_resolves_is_held_by_nothing(void **state)
{
    silenced(*state, NOON_MS, NOON_MS + HOUR_MS);
    fails_at(*state, NOON_MS + 1);
    is_ok_at(*state, NOON_MS + 2);
    assert_held(*state, HOLD_NONE);
}

static void what_somebody_resolves_by_hand_is_held_by_nothing(void **state)
{
    struct story *story = *state;

    silenced(story, NOON_MS, NOON_MS + HOUR_MS);
    fails_at(story, NOON_MS + 1);
    assert_int_equal(engine_resolve(story->engine, the_signal(story).id, SLICE("jane"),
                                    SLICE("socket"), NOON_MS + 2),
                     RC_OK);
    assert_held(story, HOLD_NONE);
}

static void what_has_no_rule_any_more_is_held_by_nothing(void **state)
{
    silenced(*state, NOON_MS, NOON_MS + HOUR_MS);
    fails_at(*state, NOON_MS + 1);
    swap_rules(*state, "rules: [{id: other, on: ci.run}]\n", NOON_MS + 2);
    assert_held(*state, HOLD_NONE);
}

static void what_was_only_observed_asks_when_its_rule_proposes(void **state)
{
    swap_rules(*state, RULE(", mode: observe"), NOON_MS);
    fails_at(*state, NOON_MS + 1);
    assert_int_equal(n_proposals(*state), 0);
    swap_rules(*state, RULE(""), NOON_MS + 2);
    fold(*state, NOON_MS + 3);
    assert_int_equal(n_proposals(*state), 1);
}

static void what_is_only_observed_is_held_by_nothing(void **state)
{
    silenced(*state, NOON_MS, NOON_MS + HOUR_MS);
    fails_at(*state, NOON_MS + 1);
    swap_rules(*state, RULE(", mode: observe"), NOON_MS + 2);
    assert_held(*state, HOLD_NONE);
    fails_at(*state, NOON_MS + 3);
    assert_held(*state, HOLD_NONE);
}

static void a_changed_rule_has_what_it_held_looked_at_again(void **state)
{
    silenced(*state, NOON_MS, NOON_MS + HOUR_MS);
    fails_at(*state, NOON_MS + 1);
    swap_rules(*state, RULE(", severity: critical"), NOON_MS + 2);
    fold(*state, NOON_MS + 2);
    assert_held(*state, HOLD_SILENCE);
    assert_int_equal(the_signal(*state).hold.severity, SEVERITY_CRITICAL);
    assert_int_equal(the_signal(*state).hold.since_ms, NOON_MS + 1);
}

/* --- opened --- */

/* As if the silence had never been: nobody but the walk asks. */
static void opened_without_its_own_walk(struct story *story, struct ulid id, int64_t at_ms)
{
    struct silence silence = { 0 };
    struct turn turn;

    assert_int_equal(turn_begin_control(story->engine, at_ms, &turn), RC_OK);
    assert_int_equal(silence_get(turn.txn, id, turn.arena, &silence), RC_OK);
    assert_int_equal(silence_delete(turn.txn, &silence), RC_OK);
    story->engine->silences.is_known = false;
    assert_int_equal(gates_open(&turn, HOLD_SILENCE), RC_OK);
    assert_int_equal(turn_finish_control(&turn, RC_OK), RC_OK);
    fold(story, at_ms);
}

static void fails_with(struct story *story, int64_t at_ms, const char *repo, const char *severity)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(json, sizeof json,
             "{\"kind\":\"ci.run\",\"repo\":\"%s\",\"state\":\"failing\",\"text\":\"%s\","
             "\"time\":\"%s\"}",
             repo, severity, time_format(at_ms, time));
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json);
    fold(story, at_ms);
}

static void who_opens_a_gate_asks_for_the_most_severe_first(void **state)
{
    struct story *story = *state;
    struct ulid id;

    swap_rules(story, RULE(", match: '/(?<severity>\\w+)/'"), NOON_MS);
    id = silenced(story, NOON_MS, NOON_MS + HOUR_MS);
    fails_with(story, NOON_MS + 1, "a/low", "low");
    fails_with(story, NOON_MS + 2, "a/critical", "critical");
    fails_with(story, NOON_MS + 3, "a/high", "high");
    assert_int_equal(n_held(story), 3);
    opened_without_its_own_walk(story, id, NOON_MS + 4);
    assert_int_equal(n_proposals(story), 3);
    assert_int_equal(n_held(story), 0);
    assert_int_equal(newest(story).severity, SEVERITY_LOW); /* so it was asked last */
}

static void what_is_still_held_is_passed_over_and_stays(void **state)
{
    struct story *story = *state;
    struct ulid first = silenced(story, NOON_MS, NOON_MS + HOUR_MS);

    silenced(story, NOON_MS, NOON_MS + 2 * HOUR_MS);
    fails_with(story, NOON_MS + 1, "a/b", "x");
    opened_without_its_own_walk(story, first, NOON_MS + 2);
    assert_int_equal(n_proposals(story), 0);
    assert_held(story, HOLD_SILENCE);
}

/* --- explained --- */

static void every_gate_says_what_it_would_do(void **state)
{
    struct story *story = *state;
    struct gate_verdict verdicts[HOLD_REASONS];
    struct store_txn *txn = NULL;
    struct signal signal;
    size_t n_verdicts = 0;

    fails_at(story, NOON_MS);
    rejected(story, NOON_MS + 1);
    silenced(story, NOON_MS + 2, NOON_MS + HOUR_MS);
    signal = the_signal(story);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(engine_judge_gates(story->engine, txn, &signal, NOON_MS + 3, story->arena,
                                        verdicts, &n_verdicts),
                     RC_OK);
    store_abort(&txn);
    assert_true(n_verdicts >= 2);
    for (size_t i = 0; i < n_verdicts; i++) {
        bool holds = verdicts[i].gate == HOLD_COOLDOWN || verdicts[i].gate == HOLD_SILENCE;

        assert_int_equal(verdicts[i].hold.reason, holds ? verdicts[i].gate : HOLD_NONE);
    }
}

/* No match will come that would make it ask. */
static void without_a_cooldown_what_is_still_missed_asks_again_at_once(void **state)
{
    struct story *story = begin_with(
        CONFIG, "rules: [{id: beat, on: alert, key: [service], when: {absent: 1h}, propose: "
                "{plan: [{do: act}], cooldown: 0s, expires: 4h}}]\n");
    const int64_t due_ms = NOON_MS + HOUR_MS;

    (void)state;
    accept(story, NOON_MS, ENGINE_RECORDED_EVENT,
           "{\"kind\":\"alert\",\"service\":\"shop\",\"time\":\"2026-11-21T12:00:00Z\"}");
    fold(story, due_ms);
    assert_int_equal(n_proposals(story), 1);
    fold(story, due_ms + 4 * HOUR_MS); /* it expires */
    assert_int_equal(n_proposals(story), 2);
    rejected(story, due_ms + 5 * HOUR_MS);
    fold(story, due_ms + 5 * HOUR_MS);
    assert_int_equal(n_proposals(story), 3);
    assert_int_equal(the_signal(story).cooldown_until_ms, 0);
    end(story);
}

static void without_a_cooldown_what_matches_asks_again_with_its_next_match(void **state)
{
    struct story *story = begin_with(
        CONFIG, "rules: [{id: red, on: ci.run, where: {state: failing}, key: [repo], propose: "
                "{plan: [{do: act}], cooldown: 0s}}]\n");

    (void)state;
    fails_at(story, NOON_MS);
    rejected(story, NOON_MS + 1);
    fold(story, NOON_MS + HOUR_MS);
    assert_int_equal(n_proposals(story), 1);
    fails_at(story, NOON_MS + 2 * HOUR_MS);
    assert_int_equal(n_proposals(story), 2);
    end(story);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, finish)
    const struct CMUnitTest tests[] = {
        STORY(a_cooldown_is_noted_with_the_decision_and_gone_when_it_ends),
        STORY(a_silence_is_noted_with_who_and_why),
        STORY(a_second_reason_takes_the_place_of_the_first),
        STORY(more_matches_change_nothing_of_since),
        STORY(a_rejection_cools_down),
        STORY(an_expiry_cools_down),
        STORY(a_withdrawal_cools_down),
        STORY(what_is_done_without_a_verification_cools_down),
        STORY(what_is_verified_cools_down),
        STORY(what_recurred_is_asked_about_at_once),
        STORY(what_resolves_is_held_by_nothing),
        STORY(what_somebody_resolves_by_hand_is_held_by_nothing),
        STORY(what_has_no_rule_any_more_is_held_by_nothing),
        STORY(what_was_only_observed_asks_when_its_rule_proposes),
        STORY(what_is_only_observed_is_held_by_nothing),
        STORY(a_changed_rule_has_what_it_held_looked_at_again),
        STORY(who_opens_a_gate_asks_for_the_most_severe_first),
        STORY(what_is_still_held_is_passed_over_and_stays),
        STORY(every_gate_says_what_it_would_do),
        cmocka_unit_test(without_a_cooldown_what_is_still_missed_asks_again_at_once),
        cmocka_unit_test(without_a_cooldown_what_matches_asks_again_with_its_next_match),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
