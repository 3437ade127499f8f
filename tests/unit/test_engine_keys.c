/* How many keys a rule may have, and what becomes of one too many. */
#include "tests/unit/engine_story.h"

#define CONFIG(limits)                                                                             \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "limits: {" limits "}\n"
#define RULES                                                                                      \
    "rules:\n"                                                                                     \
    "  - {id: red, on: ci.run, where: {state: failing}, key: [repo]}\n"                            \
    "  - {id: often, on: ci.run, where: {state: failing}, key: [branch], when: {count: 9, "        \
    "within: 1h}}\n"

static void tells(struct story *story, const char *repo, const char *members, int64_t at_ms)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(json, sizeof json, "{\"kind\":\"ci.run\",\"repo\":\"%s\",%s,\"time\":\"%s\"}", repo,
             members, time_format(at_ms, time));
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json);
    fold(story, at_ms);
}

static void fails(struct story *story, const char *repo, int64_t at_ms)
{
    tells(story, repo, "\"state\":\"failing\",\"commit\":\"bad\"", at_ms);
}

/* Of no commit. */
static void is_ok(struct story *story, const char *repo, int64_t at_ms)
{
    tells(story, repo, "\"state\":\"ok\"", at_ms);
}

static void is_good(struct story *story, const char *repo, int64_t at_ms)
{
    tells(story, repo, "\"state\":\"ok\",\"commit\":\"good\"", at_ms);
}

/* The signal of the key `[value]`. */
static bool find_key(struct story *story, const char *value, struct signal *signal)
{
    struct signal_glance glance = { 0 };
    struct store_txn *txn = NULL;
    bool found = false;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    while (!found && signal_glance_next(txn, glance.id, &glance) == RC_OK) {
        assert_int_equal(signal_get(txn, glance.id, story->arena, signal), RC_OK);
        found = slice_eq(signal->key.items[0], slice_of(value));
    }
    store_abort(&txn);
    return found;
}

static size_t n_signals(struct story *story)
{
    return n_of(story, TABLE_SIGNALS, &signal_shape, NULL);
}

static void p09_keys_beyond_the_cap_are_counted_together_and_ask_nobody(void **state)
{
    struct story *story = begin_with(CONFIG("keys_per_rule: 3"), RULES);
    struct signal signal;

    (void)state;
    for (int i = 0; i < 10; i++) {
        const char *const repos[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };

        fails(story, repos[i], NOON_MS + i);
    }
    assert_int_equal(n_signals(story), 4);
    assert_true(find_key(story, "c", &signal));
    assert_false(find_key(story, "d", &signal));
    assert_true(find_key(story, "(overflow)", &signal));
    assert_true(signal.is_overflow);
    assert_int_equal(signal.state, SIGNAL_FIRING);
    assert_int_equal(signal.count, 7);
    assert_true(slice_starts(signal.title, SLICE("red has more keys than it may have")));
    assert_int_equal(n_proposals(story), 3);
    assert_int_equal((int)metric_value(METRIC_KEYS_OVERFLOW, SLICE("red"), (struct slice){ 0 }), 7);
    end(story);
}

static void p09_keys_that_are_there_keep_working(void **state)
{
    struct story *story = begin_with(CONFIG("keys_per_rule: 1"), RULES);
    struct signal signal;

    (void)state;
    fails(story, "a", NOON_MS);
    fails(story, "b", NOON_MS + 1);
    fails(story, "a", NOON_MS + 2);
    assert_true(find_key(story, "a", &signal));
    assert_int_equal(signal.count, 2);
    is_ok(story, "a", NOON_MS + 3);
    assert_true(find_key(story, "a", &signal));
    assert_int_equal(signal.state, SIGNAL_RESOLVED);
    end(story);
}

static void p09_what_clears_an_unknown_key_does_not_clear_what_stands_for_all(void **state)
{
    struct story *story = begin_with(CONFIG("keys_per_rule: 1"), RULES);
    struct signal signal;

    (void)state;
    fails(story, "a", NOON_MS);
    fails(story, "b", NOON_MS + 1);
    is_ok(story, "b", NOON_MS + 2);
    assert_true(find_key(story, "(overflow)", &signal));
    assert_int_equal(signal.state, SIGNAL_FIRING);
    end(story);
}

static void good_commits_alone_take_half_of_the_room(void **state)
{
    static const char *const limits[] = { CONFIG("keys_per_rule: 4"), CONFIG("keys: 4") };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct story *story = begin_with(limits[i], RULES);
        struct signal signal;

        is_good(story, "a", NOON_MS);
        is_good(story, "b", NOON_MS + 1);
        is_good(story, "c", NOON_MS + 2);
        assert_true(find_key(story, "b", &signal));
        assert_true(slice_eq(signal.last_good, SLICE("good")));
        assert_int_equal(signal.state, SIGNAL_IDLE);
        assert_false(find_key(story, "c", &signal));
        fails(story, "c", NOON_MS + 3);
        fails(story, "d", NOON_MS + 4);
        assert_true(find_key(story, "d", &signal));
        assert_false(find_key(story, "(overflow)", &signal));
        is_good(story, "a", NOON_MS + 5); /* what is there keeps working */
        assert_true(find_key(story, "a", &signal));
        assert_int_equal(signal.newest_ms, NOON_MS + 5);
        end(story);
    }
}

static void a_good_commit_outlives_the_events_by_its_90_days(void **state)
{
    struct story *story = begin_with(CONFIG(""), RULES);
    struct signal signal;

    (void)state;
    is_good(story, "a", NOON_MS);
    retention_at(story, NOON_MS + 89 * DAY_MS);
    assert_true(find_key(story, "a", &signal));
    fold(story, NOON_MS + 90 * DAY_MS - 1);
    assert_int_equal(n_signals(story), 1);
    fold(story, NOON_MS + 90 * DAY_MS);
    assert_int_equal(n_signals(story), 0);
    assert_int_equal(story->engine->counts.signals[SIGNAL_IDLE], 0);
    end(story);
}

static void what_stands_for_all_has_no_commits(void **state)
{
    struct story *story = begin_with(CONFIG("keys_per_rule: 1"), RULES);
    struct signal signal;

    (void)state;
    fails(story, "a", NOON_MS);
    fails(story, "b", NOON_MS + 1);
    assert_true(find_key(story, "a", &signal));
    assert_true(slice_eq(signal.first_bad, SLICE("bad")));
    assert_true(find_key(story, "(overflow)", &signal));
    assert_true(slice_is_absent(signal.first_bad));
    end(story);
}

static void what_stands_for_all_ends_when_no_more_come(void **state)
{
    struct story *story = begin_with(CONFIG("keys_per_rule: 1"), RULES);
    struct signal signal;

    (void)state;
    fails(story, "a", NOON_MS);
    fails(story, "b", NOON_MS + 1);
    fold(story, NOON_MS + HOUR_MS);
    assert_true(find_key(story, "(overflow)", &signal));
    assert_int_equal(signal.state, SIGNAL_FIRING);
    fold(story, NOON_MS + 1 + HOUR_MS);
    assert_true(find_key(story, "(overflow)", &signal));
    assert_int_equal(signal.state, SIGNAL_RESOLVED);
    assert_int_equal(n_proposals(story), 1);
    end(story);
}

static void a_key_that_goes_makes_room(void **state)
{
    struct story *story = begin_with(CONFIG("keys_per_rule: 1"), RULES);
    struct signal signal;

    (void)state;
    fails(story, "a", NOON_MS);
    is_ok(story, "a", NOON_MS + 1);
    fold(story, NOON_MS + 2 * HOUR_MS);          /* its cooldown */
    retention_at(story, NOON_MS + 400 * DAY_MS); /* its proposal */
    retention_at(story, NOON_MS + 400 * DAY_MS);
    assert_int_equal(n_signals(story), 0);
    fails(story, "b", NOON_MS + 400 * DAY_MS);
    assert_true(find_key(story, "b", &signal));
    end(story);
}

static void a_cap_holds_for_all_rules_together_too(void **state)
{
    struct story *story = begin_with(CONFIG("keys: 2"), RULES);
    struct signal signal;

    (void)state;
    fails(story, "a", NOON_MS);
    fails(story, "b", NOON_MS + 1);
    fails(story, "c", NOON_MS + 2);
    assert_true(find_key(story, "(overflow)", &signal));
    assert_int_equal(signal.count, 1);
    end(story);
}

static void a_reload_and_a_start_know_how_many_there_are(void **state)
{
    struct story *story = begin_with(CONFIG("keys_per_rule: 2"), RULES);
    struct signal signal;

    (void)state;
    fails(story, "a", NOON_MS);
    fails(story, "b", NOON_MS + 1);
    swap_rules(story,
               "rules:\n"
               "  - {id: another, on: push}\n"
               "  - {id: red, on: ci.run, where: {state: failing}, key: [repo]}\n",
               NOON_MS + 2);
    fails(story, "c", NOON_MS + 3);
    assert_false(find_key(story, "c", &signal));
    engine_free(story->engine);
    start_engine(story, RULES);
    fails(story, "d", NOON_MS + 4);
    assert_false(find_key(story, "d", &signal));
    assert_true(find_key(story, "(overflow)", &signal));
    assert_int_equal(signal.count, 2);
    end(story);
}

/* Of a log that is read late: what was remembered a moment ago is not old. */
static void what_is_remembered_ages_from_when_it_came(void **state)
{
    struct story *story =
        begin_with(CONFIG("keys: 9"),
                   "rules: [{id: v, on: push, key: [repo], when: {change: branch, from: x}}]\n");
    char time[TIME_TEXT_BYTES], json[256];

    (void)state;
    snprintf(json, sizeof json,
             "{\"kind\":\"push\",\"repo\":\"a\",\"branch\":\"x\",\"time\":\"%s\"}",
             time_format(NOON_MS - 400 * DAY_MS, time));
    accept(story, NOON_MS, ENGINE_RECORDED_EVENT, json);
    fold(story, NOON_MS);
    retention_at(story, NOON_MS + MINUTE_MS);
    assert_int_equal(n_signals(story), 1);
    retention_at(story, NOON_MS + 400 * DAY_MS);
    assert_int_equal(n_signals(story), 0);
    end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p09_keys_beyond_the_cap_are_counted_together_and_ask_nobody),
        cmocka_unit_test(p09_keys_that_are_there_keep_working),
        cmocka_unit_test(p09_what_clears_an_unknown_key_does_not_clear_what_stands_for_all),
        cmocka_unit_test(good_commits_alone_take_half_of_the_room),
        cmocka_unit_test(a_good_commit_outlives_the_events_by_its_90_days),
        cmocka_unit_test(what_stands_for_all_has_no_commits),
        cmocka_unit_test(what_stands_for_all_ends_when_no_more_come),
        cmocka_unit_test(a_key_that_goes_makes_room),
        cmocka_unit_test(what_is_remembered_ages_from_when_it_came),
        cmocka_unit_test(a_cap_holds_for_all_rules_together_too),
        cmocka_unit_test(a_reload_and_a_start_know_how_many_there_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
