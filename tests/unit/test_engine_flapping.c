/* A signal that fires again and again: told of once, asked about when it has held still. */
#include "tests/unit/gates_story.h"

#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "actions: {act: {run: [/bin/true], effect: external, timeout: 10s}}\n"                         \
    "people: {jane: {user: jane}}\n"                                                               \
    "approvers: {from: [jane], need: 1}\n"                                                         \
    "channels: {mail: {kind: email, url: 'smtp://127.0.0.1:25', from: a@b.example, to: "           \
    "[c@d.example]}}\n"
#define RULES                                                                                      \
    "rules: [{id: red, on: ci.run, where: {state: failing}, key: [repo], propose: {plan: [{do: "   \
    "act}], cooldown: 0s}}]\n"

static int begin(void **state)
{
    *state = begin_with(CONFIG, RULES);
    return 0;
}

static int finish(void **state)
{
    end(*state);
    return 0;
}

/* Fires, and is well again a minute after. */
static void blinks(struct story *story, int64_t at_ms)
{
    fails_at(story, at_ms);
    is_ok_at(story, at_ms + MINUTE_MS);
}

static size_t n_told(struct story *story)
{
    struct store_txn *txn = NULL;
    struct feed_item item = { 0 };
    size_t n = 0;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    while (!feed_next(txn, item.seq, story->arena, &item))
        n += slice_eq(item.name, SLICE("flapping"));
    store_abort(&txn);
    return n;
}

#define THIRD_MS (NOON_MS + 20 * MINUTE_MS)
static void flaps(struct story *story)
{
    blinks(story, NOON_MS);
    blinks(story, NOON_MS + 10 * MINUTE_MS);
    assert_int_equal(n_proposals(story), 2);
    fails_at(story, THIRD_MS);
}

static void r14_the_third_firing_within_an_hour_asks_nothing_and_is_told_once(void **state)
{
    flaps(*state);
    assert_int_equal(n_proposals(*state), 2);
    assert_held(*state, HOLD_FLAPPING);
    assert_int_equal(the_signal(*state).hold.until_ms, THIRD_MS + 30 * MINUTE_MS);
    assert_int_equal(n_told(*state), 1);
    is_ok_at(*state, THIRD_MS + MINUTE_MS);
    assert_held(*state, HOLD_NONE);
    blinks(*state, THIRD_MS + 2 * MINUTE_MS);
    blinks(*state, THIRD_MS + 4 * MINUTE_MS);
    assert_int_equal(n_proposals(*state), 2);
    assert_int_equal(n_told(*state), 1);
}

static void r14_what_fires_on_without_a_resolve_asks_once_it_held_still(void **state)
{
    flaps(*state);
    fails_at(*state, THIRD_MS + 29 * MINUTE_MS); /* counts on: no change */
    fold(*state, THIRD_MS + 30 * MINUTE_MS - 1);
    assert_int_equal(n_proposals(*state), 2);
    fold(*state, THIRD_MS + 30 * MINUTE_MS);
    assert_int_equal(n_proposals(*state), 3);
    assert_held(*state, HOLD_NONE);
    fold(*state, THIRD_MS + 2 * HOUR_MS);
    assert_int_equal(n_proposals(*state), 3);
}

static void r14_each_change_begins_the_stillness_anew(void **state)
{
    flaps(*state);
    is_ok_at(*state, THIRD_MS + 20 * MINUTE_MS);
    fails_at(*state, THIRD_MS + 49 * MINUTE_MS);
    assert_held(*state, HOLD_FLAPPING);
    assert_int_equal(the_signal(*state).hold.until_ms, THIRD_MS + 79 * MINUTE_MS);
}

static void r14_what_stayed_resolved_long_enough_asks_at_once(void **state)
{
    flaps(*state);
    is_ok_at(*state, THIRD_MS + MINUTE_MS);
    fails_at(*state, THIRD_MS + 31 * MINUTE_MS);
    assert_int_equal(n_proposals(*state), 3);
    assert_held(*state, HOLD_NONE);
    is_ok_at(*state, THIRD_MS + 32 * MINUTE_MS);
    fails_at(*state, THIRD_MS + 33 * MINUTE_MS); /* the second of its new count */
    assert_int_equal(n_proposals(*state), 4);
}

static void r14_a_millisecond_less_of_stillness_is_too_little(void **state)
{
    flaps(*state);
    is_ok_at(*state, THIRD_MS + MINUTE_MS);
    fails_at(*state, THIRD_MS + 31 * MINUTE_MS - 1);
    assert_held(*state, HOLD_FLAPPING);
}

static void r14_three_firings_in_an_hour_are_flapping_in_more_than_that_not(void **state)
{
    blinks(*state, NOON_MS);
    blinks(*state, NOON_MS + 30 * MINUTE_MS);
    fails_at(*state, NOON_MS + HOUR_MS);
    assert_int_equal(n_proposals(*state), 3);
    is_ok_at(*state, NOON_MS + HOUR_MS + 1);
    fails_at(*state, NOON_MS + 90 * MINUTE_MS - 1);
    assert_int_equal(n_proposals(*state), 3);
    assert_held(*state, HOLD_FLAPPING);
}

static void r14_the_same_state_again_is_no_flapping(void **state)
{
    for (int i = 0; i < 10; i++)
        fails_at(*state, NOON_MS + i * MINUTE_MS);
    assert_int_equal(n_proposals(*state), 1);
    assert_int_equal(n_told(*state), 0);
}

static void r14_a_rule_that_is_edited_fires_nothing_again(void **state)
{
    struct story *story = *state;

    fails_at(story, NOON_MS);
    for (int i = 1; i < 5; i++) {
        char rules[512];

        snprintf(
            rules, sizeof rules,
            "rules: [{id: red, on: ci.run, where: {state: failing}, key: [repo], title: 't%d', "
            "propose: {plan: [{do: act}], cooldown: 0s}}]\n",
            i);
        swap_rules(story, rules, NOON_MS + i);
        fold(story, NOON_MS + i);
    }
    assert_int_equal(n_proposals(story), 1);
    assert_int_equal(the_signal(story).episode, 1);
    assert_int_equal(n_told(story), 0);
}

/* Whatever of it is written anew: what goes on failing is asked about once, and another edit asks nothing either. */
static void r14_no_part_of_a_rule_that_is_edited_fires_what_is_open_again(void **state)
{
    static const char *const edits[] = {
        "where: {state: failing}, title: other",
        "where: {state: failing}, severity: critical",
        "where: {state: failing, level: {not: job}}",
        "where: {state: failing}, ignore: '/flaky/'",
        "where: {state: failing}, when: {count: 1, within: 5m}",
        "where: {state: failing}, when: {count: 1, within: 1h}",
        "where: {state: failing}, clear: {where: {state: ok}}",
    };
    struct story *story = *state;
    int64_t now_ms = NOON_MS;

    fails_at(story, now_ms);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        char rules[512];

        print_message("# %s\n", edits[i]);
        snprintf(rules, sizeof rules,
                 "rules: [{id: red, on: ci.run, %s, key: [repo], propose: {plan: [{do: act}], "
                 "cooldown: 0s}}]\n",
                 edits[i]);
        now_ms += MINUTE_MS;
        swap_rules(story, rules, now_ms);
        fails_at(story, now_ms + 1);
        assert_int_equal(n_proposals(story), 1);
        assert_int_equal(the_signal(story).episode, 1);
        assert_int_equal(the_signal(story).state, SIGNAL_FIRING);
    }
    assert_int_equal(n_told(story), 0);
}

static void r14_the_newest_proposal_has_the_note(void **state)
{
    struct message message = { 0 };
    struct store_txn *txn = NULL;
    struct story *story = *state;
    size_t offset;
    bool is_noted = false;

    flaps(story);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(
        message_get(txn, the_signal(story).proposal, SLICE("mail"), story->arena, &message), RC_OK);
    store_abort(&txn);
    for (size_t i = 0; i < message.notes.n_items; i++)
        is_noted =
            is_noted || !slice_find(((const struct message_note *)message.notes.items)[i].text,
                                    SLICE("flapping: fired 3 times within 1 h"), &offset);
    assert_true(is_noted);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, finish)
    const struct CMUnitTest tests[] = {
        STORY(r14_the_third_firing_within_an_hour_asks_nothing_and_is_told_once),
        STORY(r14_what_fires_on_without_a_resolve_asks_once_it_held_still),
        STORY(r14_each_change_begins_the_stillness_anew),
        STORY(r14_what_stayed_resolved_long_enough_asks_at_once),
        STORY(r14_a_millisecond_less_of_stillness_is_too_little),
        STORY(r14_three_firings_in_an_hour_are_flapping_in_more_than_that_not),
        STORY(r14_the_same_state_again_is_no_flapping),
        STORY(r14_a_rule_that_is_edited_fires_nothing_again),
        STORY(r14_no_part_of_a_rule_that_is_edited_fires_what_is_open_again),
        STORY(r14_the_newest_proposal_has_the_note),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
