/* That a rule fired is an event for rules that ask for it. */
#include "tests/unit/engine_story.h"

#define CONFIG "state: /nowhere\nrules: [rules.yaml]\n"
#define SOURCE "  - {id: red, mode: observe, on: ci.run, where: {state: failing}, key: [repo]}\n"

static size_t n_firing(struct story *story, const char *rule)
{
    struct signal_glance glance = { 0 };
    struct store_txn *txn = NULL;
    size_t n = 0;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    while (signal_glance_next(txn, glance.id, &glance) == RC_OK)
        n += slice_eq(glance.rule, slice_of(rule)) && glance.state == SIGNAL_FIRING;
    store_abort(&txn);
    return n;
}

static void a_rule_hears_that_another_fired_and_that_it_resolved(void **state)
{
    struct story *story = begin_with(
        CONFIG, "rules:\n" SOURCE "  - {id: heard, on: vedette.signal, where: {rule: red, state: "
                "failing}, key: [repo], clear: {where: {state: ok}}}\n");

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(n_firing(story, "heard"), 1);
    assert_int_equal(n_proposals(story), 1);
    fails_at(story, NOON_MS + 1); /* it fires already: no transition, nothing to hear */
    is_ok_at(story, NOON_MS + 2);
    assert_int_equal(n_firing(story, "red"), 0);
    assert_int_equal(n_firing(story, "heard"), 0);
    end(story);
}

static void the_order_of_the_rules_does_not_matter(void **state)
{
    struct story *story = begin_with(
        CONFIG, "rules:\n  - {id: heard, on: vedette.signal, where: {rule: red, state: failing}, "
                "key: [rule, repo]}\n" SOURCE);

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(n_firing(story, "heard"), 1);
    end(story);
}

static void what_time_brings_is_heard_too(void **state)
{
    struct story *story = begin_with(
        CONFIG,
        "rules:\n"
        "  - {id: red, mode: observe, on: ci.run, where: {state: failing}, key: [repo], clear: "
        "{quiet: 1h}}\n"
        "  - {id: heard, on: vedette.signal, where: {rule: red, state: ok}, key: [repo]}\n");

    (void)state;
    fails_at(story, NOON_MS);
    fold(story, NOON_MS + HOUR_MS - 1);
    assert_int_equal(n_firing(story, "heard"), 0);
    fold(story, NOON_MS + HOUR_MS);
    assert_int_equal(n_firing(story, "heard"), 1);
    end(story);
}

static void rules_hear_of_rules_that_heard(void **state)
{
    struct story *story = begin_with(
        CONFIG, "rules:\n" SOURCE
                "  - {id: second, on: vedette.signal, where: {rule: red, state: failing}, key: "
                "[repo]}\n"
                "  - {id: third, on: vedette.signal, where: {rule: second, state: failing}, key: "
                "[data.rule]}\n");

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(n_firing(story, "third"), 1);
    end(story);
}

static void what_asks_is_told_from_what_only_observes(void **state)
{
    struct story *story = begin_with(
        CONFIG,
        "rules:\n" SOURCE "  - {id: asks, on: ci.run, where: {state: failing}, key: [repo]}\n"
        "  - {id: of-asking, mode: observe, on: vedette.signal, where: {state: failing, "
        "data.mode: propose, rule: {not: of-asking}}, key: [data.rule]}\n"
        "  - {id: of-observing, mode: observe, on: vedette.signal, where: {rule: [red, "
        "asks], data.mode: observe}, key: [data.rule]}\n");

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(n_firing(story, "of-asking"), 1);
    assert_int_equal(n_firing(story, "of-observing"), 1);
    end(story);
}

/* Each fires once in an episode, so that a circle comes to rest by itself. */
static void rules_that_hear_of_each_other_come_to_rest(void **state)
{
    struct story *story = begin_with(
        CONFIG,
        "rules:\n" SOURCE "  - {id: a, on: vedette.signal, where: {state: failing}, key: [repo]}\n"
        "  - {id: b, on: vedette.signal, where: {state: failing}, key: [repo]}\n");

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(n_firing(story, "a"), 1);
    assert_int_equal(n_firing(story, "b"), 1);
    end(story);
}

static void fails_in(struct story *story, const char *repo, int64_t at_ms)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(json, sizeof json,
             "{\"kind\":\"ci.run\",\"repo\":\"%s\",\"state\":\"failing\",\"time\":\"%s\"}", repo,
             time_format(at_ms, time));
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json);
}

/* With a key that says whom a signal is about, each of them would be about the other's for ever. */
static void a_rule_never_hears_what_it_has_caused_itself(void **state)
{
    struct story *story =
        begin_with(CONFIG, "rules:\n" SOURCE "  - {id: a, mode: observe, on: vedette.signal}\n"
                           "  - {id: b, mode: observe, on: vedette.signal}\n");

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(n_firing(story, "a"), 2); /* red, and b of red */
    assert_int_equal(n_firing(story, "b"), 2);
    is_ok_at(story, NOON_MS + 1);
    assert_int_equal(n_firing(story, "red"), 0);
    assert_int_equal(n_firing(story, "a"), 2); /* the same that it was: its subject */
    end(story);
}

static size_t n_signals(struct story *story)
{
    struct signal_glance glance = { 0 };
    struct store_txn *txn = NULL;
    size_t n = 0;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    while (signal_glance_next(txn, glance.id, &glance) == RC_OK)
        n++;
    store_abort(&txn);
    return n;
}

/* Of ten rules that hear of everything there are 9,864,100 orders. */
static void of_many_rules_that_hear_of_everything_a_bounded_number_is_followed(void **state)
{
    struct buffer rules;
    struct story *story;

    (void)state;
    buffer_init(&rules, 0);
    buffer_add_text(&rules, "rules:\n" SOURCE);
    for (int i = 0; i < 10; i++)
        buffer_format(&rules, "  - {id: r%d, mode: observe, on: vedette.signal}\n", i);
    buffer_add_byte(&rules, 0);
    story = begin_with(CONFIG, buffer_slice(&rules).ptr);
    fails_at(story, NOON_MS);
    assert_in_range(n_signals(story), 100, 3000);
    fails_in(story, "another", NOON_MS + 1);
    fold(story, NOON_MS + 1);
    assert_int_equal(n_firing(story, "red"), 2);
    end(story);
    buffer_free(&rules);
}

static void comes_late(struct story *story, const char *state, int64_t time_ms, int64_t at_ms)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(json, sizeof json,
             "{\"kind\":\"ci.run\",\"repo\":\"a/b\",\"state\":\"%s\",\"time\":\"%s\"}", state,
             time_format(time_ms, time));
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json);
    fold(story, at_ms);
}

#define ASKS                                                                                       \
    "  - {id: red, on: ci.run, where: {state: failing}, key: [repo], title: 'red {{repo}}'}\n"

static void a_rule_hears_what_becomes_of_proposals(void **state)
{
    struct story *story = begin_with(
        CONFIG,
        "rules:\n" ASKS "  - {id: asked, mode: observe, on: vedette.proposal, where: {rule: red, "
        "state: info, data.state: open, severity: medium, title: red a/b}, key: [repo]}\n"
        "  - {id: undecided, mode: observe, on: vedette.proposal, where: {data.state: expired}, "
        "key: [rule]}\n"
        "  - {id: withdrawn, mode: observe, on: vedette.proposal, where: {data.state: withdrawn}, "
        "key: [subject]}\n");

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(n_firing(story, "asked"), 1);
    fold(story, NOON_MS + 24 * HOUR_MS - 1);
    assert_int_equal(n_firing(story, "undecided"), 0);
    fold(story, NOON_MS + 24 * HOUR_MS);
    assert_int_equal(n_firing(story, "undecided"), 1);
    assert_int_equal(n_firing(story, "withdrawn"), 0);
    end(story);
}

static void a_proposal_that_ends_with_its_signal_is_heard_of_in_the_same_moment(void **state)
{
    struct story *story = begin_with(
        CONFIG, "rules:\n" ASKS "  - {id: gone, mode: observe, on: vedette.proposal, where: "
                "{data.state: withdrawn}, key: [repo]}\n");

    (void)state;
    fails_at(story, NOON_MS);
    is_ok_at(story, NOON_MS + 1);
    assert_int_equal(n_firing(story, "gone"), 1);
    end(story);
}

/* Each would be about the proposal of the other. */
static void of_proposals_of_rules_that_hear_of_proposals_nothing_is_told(void **state)
{
    struct story *story = begin_with(CONFIG, "rules:\n" ASKS "  - {id: a, on: vedette.proposal}\n"
                                             "  - {id: b, on: 'vedette.*'}\n");

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(n_proposals(story), 3 + 1); /* b hears of the signal red, too */
    fold(story, NOON_MS + MINUTE_MS);
    assert_int_equal(n_proposals(story), 3 + 1);
    end(story);
}

/* Else each proposal of one would lead to another of the other, under a longer key. */
static void nor_of_those_of_rules_that_hear_of_signals(void **state)
{
    struct story *story =
        begin_with(CONFIG, "rules:\n" ASKS "  - {id: told, mode: observe, on: vedette.proposal}\n"
                           "  - {id: s1, on: vedette.signal, where: {rule: told}}\n"
                           "  - {id: s2, on: vedette.signal, where: {rule: told}}\n");

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(n_firing(story, "told"), 1);
    assert_int_equal(n_proposals(story), 3);
    end(story);
}

static void a_glob_of_all_that_watchers_see_hears_of_no_proposal(void **state)
{
    struct story *story =
        begin_with(CONFIG, "rules:\n  - {id: all, on: '*', where: {state: failing}, key: [repo]}\n"
                           "  - {id: told, mode: observe, on: vedette.proposal, key: [rule]}\n");

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(n_firing(story, "told"), 1);
    end(story);
}

static void what_becomes_of_proposals_of_a_rule_that_is_gone_is_heard_of(void **state)
{
    static const char *const told =
        "  - {id: told, mode: observe, on: vedette.proposal, where: {data.state: open}, key: "
        "[subject], clear: {where: {data.state: withdrawn}}}\n";
    struct story *story;
    char rules[512];

    (void)state;
    snprintf(rules, sizeof rules, "rules:\n" ASKS "%s", told);
    story = begin_with(CONFIG, rules);
    fails_at(story, NOON_MS);
    assert_int_equal(n_firing(story, "told"), 1);
    snprintf(rules, sizeof rules, "rules:\n%s", told);
    swap_rules(story, rules, NOON_MS + 1);
    assert_int_equal(n_firing(story, "told"), 0);
    end(story);
}

/* What was approved goes on at a start, and may have been held until the program was down. */
static void what_a_start_makes_of_proposals_is_heard_of(void **state)
{
    static const char *const config =
        CONFIG "actions: {act: {run: [/bin/true], effect: external, hold: 5s}}\n"
               "people: {jane: {user: jane}}\napprovers: {from: [jane], need: 1}\n";
    static const char *const rules =
        "rules:\n  - {id: red, on: ci.run, where: {state: failing}, key: [repo], propose: {plan: "
        "[{do: act}]}}\n  - {id: told, mode: observe, on: vedette.proposal, where: {data.state: "
        "running}, key: [rule]}\n";
    struct story *story = begin_with(config, rules);

    (void)state;
    fails_at(story, NOON_MS);
    assert_int_equal(decides(story, newest(story),
                             (struct decision){ .verdict = VERDICT_APPROVE, .via = SLICE("page") },
                             NOON_MS + 1),
                     DECISION_TAKEN);
    assert_int_equal(newest(story).state, PROPOSAL_APPROVED);
    engine_free(story->engine);
    start_engine(story, rules);
    assert_int_equal(engine_recover(story->engine, NOON_MS + 10 * SECOND_MS), RC_OK);
    assert_int_equal(newest(story).state, PROPOSAL_RUNNING);
    assert_int_equal(n_firing(story, "told"), 1);
    end(story);
}

/* A sender whose clock is behind: the proposal is of the time of what led to it, so that its end is not before it. */
static void a_proposal_has_the_time_of_the_event_that_led_to_it(void **state)
{
    struct story *story = begin_with(
        CONFIG, "rules:\n" ASKS "  - {id: told, mode: observe, on: vedette.proposal, where: "
                "{data.state: open}, key: [repo], clear: {on: vedette.signal, where: {rule: red, "
                "state: ok, data.state: {exists: false}}}}\n");

    (void)state;
    comes_late(story, "failing", NOON_MS - HOUR_MS, NOON_MS);
    assert_int_equal(n_firing(story, "told"), 1);
    comes_late(story, "ok", NOON_MS - HOUR_MS + 1, NOON_MS + 1);
    assert_int_equal(n_firing(story, "told"), 0);
    end(story);
}

static void an_event_from_outside_is_never_heard_as_a_signal(void **state)
{
    struct story *story =
        begin_with(CONFIG, "rules: [{id: heard, on: vedette.signal, key: [repo]}]\n");
    char json[] = "{\"kind\":\"vedette.signal\",\"type\":\"vedette.signal\",\"repo\":\"a/b\","
                  "\"state\":\"failing\"}";

    (void)state;
    accept(story, NOON_MS, ENGINE_RECORDED_EVENT, json);
    fold(story, NOON_MS);
    assert_int_equal(n_firing(story, "heard"), 0);
    end(story);
}

static void a_batch_of_events_gives_the_same_as_one_after_the_other(void **state)
{
    static const char *const rules =
        "rules:\n" SOURCE
        "  - {id: often, on: vedette.signal, where: {rule: red, state: failing}, key: [repo], "
        "when: {count: 2, within: 1h}, clear: {where: {rule: nobody}}}\n";
    struct story *story = begin_with(CONFIG, rules);

    (void)state;
    for (int i = 0; i < 4; i++) {
        char json[256], time[TIME_TEXT_BYTES];

        snprintf(json, sizeof json,
                 "{\"kind\":\"ci.run\",\"repo\":\"a/b\",\"state\":\"%s\",\"time\":\"%s\"}",
                 i % 2 ? "ok" : "failing", time_format(NOON_MS + i, time));
        accept(story, NOON_MS + i, ENGINE_RECORDED_EVENT, json);
    }
    fold(story, NOON_MS + 10);
    assert_int_equal(n_firing(story, "often"), 1);
    end(story);
}

#define MIRROR                                                                                     \
    "  - {id: heard, mode: observe, on: vedette.signal, where: {rule: red, state: failing}, key: " \
    "[repo], clear: {where: {state: ok}}}\n"

static void many_that_end_at_once_are_all_heard_of(void **state)
{
    struct story *story = begin_with(CONFIG, "rules:\n" SOURCE MIRROR);

    (void)state;
    for (int i = 0; i < 150; i++) {
        char repo[16];

        snprintf(repo, sizeof repo, "r%d", i);
        fails_in(story, repo, NOON_MS + i);
    }
    fold(story, NOON_MS + 200);
    assert_int_equal(n_firing(story, "heard"), 150);
    swap_rules(story, "rules:\n" MIRROR, NOON_MS + 300); /* what they were is gone */
    assert_int_equal(n_firing(story, "red"), 0);
    assert_int_equal(n_firing(story, "heard"), 0);
    end(story);
}

static void what_ends_at_a_start_is_heard_of(void **state)
{
    struct story *story = begin_with(CONFIG, "rules:\n" SOURCE MIRROR);

    (void)state;
    fails_in(story, "a", NOON_MS);
    fails_in(story, "b", NOON_MS + 1);
    fold(story, NOON_MS + 2);
    engine_free(story->engine);
    start_engine(story, "rules:\n" MIRROR);
    assert_int_equal(engine_recover(story->engine, NOON_MS + 3), RC_OK);
    assert_int_equal(n_firing(story, "heard"), 0);
    end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_hears_that_another_fired_and_that_it_resolved),
        cmocka_unit_test(the_order_of_the_rules_does_not_matter),
        cmocka_unit_test(what_time_brings_is_heard_too),
        cmocka_unit_test(rules_hear_of_rules_that_heard),
        cmocka_unit_test(what_asks_is_told_from_what_only_observes),
        cmocka_unit_test(rules_that_hear_of_each_other_come_to_rest),
        cmocka_unit_test(a_rule_never_hears_what_it_has_caused_itself),
        cmocka_unit_test(of_many_rules_that_hear_of_everything_a_bounded_number_is_followed),
        cmocka_unit_test(a_rule_hears_what_becomes_of_proposals),
        cmocka_unit_test(a_proposal_that_ends_with_its_signal_is_heard_of_in_the_same_moment),
        cmocka_unit_test(of_proposals_of_rules_that_hear_of_proposals_nothing_is_told),
        cmocka_unit_test(nor_of_those_of_rules_that_hear_of_signals),
        cmocka_unit_test(a_glob_of_all_that_watchers_see_hears_of_no_proposal),
        cmocka_unit_test(what_becomes_of_proposals_of_a_rule_that_is_gone_is_heard_of),
        cmocka_unit_test(what_a_start_makes_of_proposals_is_heard_of),
        cmocka_unit_test(a_proposal_has_the_time_of_the_event_that_led_to_it),
        cmocka_unit_test(an_event_from_outside_is_never_heard_as_a_signal),
        cmocka_unit_test(many_that_end_at_once_are_all_heard_of),
        cmocka_unit_test(what_ends_at_a_start_is_heard_of),
        cmocka_unit_test(a_batch_of_events_gives_the_same_as_one_after_the_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
