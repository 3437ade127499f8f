/* Nobody is missed through a watcher that does not hear. */
#include "tests/unit/engine_story.h"

#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "watchers: [{log: /nowhere/app.log, name: app}, {log: /nowhere/b.log, name: other}]\n"
#define RULES                                                                                      \
    "rules:\n"                                                                                     \
    "  - {id: beat, on: alert, key: [service], when: {absent: 1h, grace: 10m}}\n"
#define OTHERS "rules: [{id: any, on: alert, key: [service]}]\n"

#define DUE_MS (NOON_MS + HOUR_MS + 10 * MINUTE_MS)

static void beats(struct story *story, const char *watcher, const char *service, int64_t at_ms)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(json, sizeof json,
             "{\"kind\":\"alert\",\"watcher\":\"%s\",\"service\":\"%s\",\"time\":\"%s\"}", watcher,
             service, time_format(at_ms, time));
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json);
    fold(story, at_ms);
}

static enum rc told(struct story *story, const char *watcher, enum watcher_state state,
                    int64_t at_ms)
{
    const struct engine_notice notice = { .watcher = slice_of(watcher), .state = state };

    return engine_notify(story->engine, &notice, at_ms);
}

static void becomes(struct story *story, const char *watcher, enum watcher_state state,
                    int64_t at_ms)
{
    assert_int_equal(told(story, watcher, state, at_ms), RC_OK);
    fold(story, at_ms);
}

/* The daemon was stopped, and is there again, with the same store. */
static void starts_at(struct story *story, const char *rules, int64_t at_ms)
{
    engine_free(story->engine);
    start_engine(story, rules);
    assert_int_equal(engine_recover(story->engine, at_ms), RC_OK);
    fold(story, at_ms);
}

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

static bool fires(struct story *story, const char *key)
{
    struct signal signal;

    return find_key(story, key, &signal) && signal.state == SIGNAL_FIRING;
}

static size_t n_signals(struct story *story)
{
    return n_of(story, TABLE_SIGNALS, &signal_shape, NULL);
}

static void a_key_is_missed_at_the_millisecond_while_its_watcher_hears(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);

    (void)state;
    beats(story, "app", "shop", NOON_MS);
    fold(story, DUE_MS - 1);
    assert_false(fires(story, "shop"));
    fold(story, DUE_MS);
    assert_true(fires(story, "shop"));
    end(story);
}

static void while_its_watcher_is_silent_one_signal_stands_for_all_keys(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);
    struct signal signal;

    (void)state;
    beats(story, "app", "shop", NOON_MS);
    beats(story, "app", "mail", NOON_MS);
    becomes(story, "app", WATCHER_SILENT, NOON_MS + HOUR_MS);
    assert_int_equal(n_signals(story), 2); /* nobody's time has come */
    fold(story, DUE_MS);
    assert_false(fires(story, "shop"));
    assert_false(fires(story, "mail"));
    assert_true(find_key(story, "watcher app", &signal));
    assert_int_equal(signal.state, SIGNAL_FIRING);
    assert_int_equal(signal.fired_ms, DUE_MS);
    assert_int_equal(signal.count, 2);
    assert_true(slice_eq(signal.rule, SLICE("beat")));
    assert_true(
        slice_eq(signal.title, SLICE("watcher app is silent: the absence of its keys cannot "
                                     "be judged")));
    assert_int_equal(n_signals(story), 3);
    assert_int_equal(n_proposals(story), 0); /* it asks nobody to act on the keys */
    end(story);
}

static void keys_of_other_watchers_are_missed_all_the_same(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);

    (void)state;
    beats(story, "app", "shop", NOON_MS);
    beats(story, "other", "mail", NOON_MS);
    becomes(story, "app", WATCHER_BROKEN, NOON_MS + HOUR_MS);
    fold(story, DUE_MS);
    assert_false(fires(story, "shop"));
    assert_true(fires(story, "mail"));
    end(story);
}

static void when_the_watcher_is_back_each_key_has_its_full_time_again(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);
    int64_t back_ms = DUE_MS + 5 * HOUR_MS;
    struct signal signal;

    (void)state;
    beats(story, "app", "shop", NOON_MS);
    becomes(story, "app", WATCHER_BROKEN, NOON_MS + HOUR_MS);
    beats(story, "app", "late",
          NOON_MS + 5 * HOUR_MS + 30 * MINUTE_MS); /* not due before it is back */
    fold(story, back_ms - 1);
    assert_true(fires(story, "watcher app"));
    becomes(story, "app", WATCHER_BACK, back_ms);
    assert_true(find_key(story, "watcher app", &signal));
    assert_int_equal(signal.state, SIGNAL_RESOLVED);
    assert_int_equal(signal.resolved_ms, back_ms);
    fold(story, back_ms + HOUR_MS + 10 * MINUTE_MS - 1);
    assert_false(fires(story, "shop"));
    assert_false(fires(story, "late"));
    fold(story, back_ms + HOUR_MS + 10 * MINUTE_MS);
    assert_true(fires(story, "shop"));
    assert_true(fires(story, "late"));
    end(story);
}

static void the_silence_of_a_watcher_outlives_a_restart(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);

    (void)state;
    beats(story, "app", "shop", NOON_MS);
    becomes(story, "app", WATCHER_SILENT, NOON_MS + HOUR_MS);
    fold(story, DUE_MS);
    starts_at(story, RULES, DUE_MS + HOUR_MS);
    assert_int_equal(told(story, "app", WATCHER_CAUGHT_UP, DUE_MS + HOUR_MS + 1), RC_OK);
    fold(story, DUE_MS + 3 * HOUR_MS);
    assert_false(fires(story, "shop"));
    assert_true(fires(story, "watcher app"));
    becomes(story, "app", WATCHER_BACK, DUE_MS + 3 * HOUR_MS);
    assert_false(fires(story, "watcher app"));
    fold(story, DUE_MS + 4 * HOUR_MS + 10 * MINUTE_MS);
    assert_true(fires(story, "shop"));
    end(story);
}

static void a_second_silence_is_a_second_episode(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);
    struct signal signal;

    (void)state;
    beats(story, "app", "shop", NOON_MS);
    becomes(story, "app", WATCHER_SILENT, NOON_MS);
    fold(story, DUE_MS);
    becomes(story, "app", WATCHER_BACK, DUE_MS);
    becomes(story, "app", WATCHER_SILENT, DUE_MS + 1);
    fold(story, DUE_MS + 2 * HOUR_MS);
    assert_true(find_key(story, "watcher app", &signal));
    assert_int_equal(signal.state, SIGNAL_FIRING);
    assert_int_equal(signal.episode, 2);
    assert_int_equal(signal.count, 1);
    end(story);
}

static void after_a_start_a_log_is_read_to_its_end_before_anybody_is_missed(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);

    (void)state;
    beats(story, "app", "shop", NOON_MS);
    beats(story, "app", "mail", NOON_MS);
    starts_at(story, RULES, NOON_MS + DAY_MS);
    assert_false(fires(story, "shop"));
    assert_int_equal(n_signals(story), 2); /* it is not silent: no signal stands for it */
    beats(story, "app", "shop", NOON_MS + DAY_MS + 1000); /* what was written meanwhile */
    becomes(story, "app", WATCHER_CAUGHT_UP, NOON_MS + DAY_MS + 2000);
    assert_false(fires(story, "shop"));
    assert_true(fires(story, "mail"));
    fold(story, NOON_MS + DAY_MS + 999 + HOUR_MS + 10 * MINUTE_MS);
    assert_false(fires(story, "shop"));
    fold(story, NOON_MS + DAY_MS + 1000 + HOUR_MS + 10 * MINUTE_MS); /* its time is its own again */
    assert_true(fires(story, "shop"));
    end(story);
}

static void a_watcher_has_caught_up_only_when_what_it_read_is_folded(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);
    const char *json = "{\"kind\":\"alert\",\"watcher\":\"app\",\"service\":\"shop\"}";

    (void)state;
    beats(story, "app", "shop", NOON_MS);
    starts_at(story, RULES, NOON_MS + DAY_MS);
    accept(story, NOON_MS + DAY_MS + 1, ENGINE_RECORDED_EVENT, json);
    assert_int_equal(told(story, "app", WATCHER_CAUGHT_UP, NOON_MS + DAY_MS + 2), RC_BUSY);
    fold(story, NOON_MS + DAY_MS + 3);
    assert_int_equal(told(story, "app", WATCHER_CAUGHT_UP, NOON_MS + DAY_MS + 4), RC_OK);
    fold(story, NOON_MS + DAY_MS + 5);
    assert_false(fires(story, "shop"));
    end(story);
}

static void after_a_start_a_webhook_has_its_grace_before_anybody_is_missed(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);
    int64_t start_ms = NOON_MS + DAY_MS;

    (void)state;
    beats(story, "hook", "shop", NOON_MS);
    beats(story, "hook", "mail", NOON_MS);
    starts_at(story, RULES, start_ms);
    beats(story, "hook", "shop", start_ms + 9 * MINUTE_MS); /* tried again */
    fold(story, start_ms + 10 * MINUTE_MS - 1);
    assert_false(fires(story, "mail"));
    fold(story, start_ms + 10 * MINUTE_MS);
    assert_true(fires(story, "mail"));
    assert_false(fires(story, "shop"));
    end(story);
}

/* Who was never seen may come through any of the logs, or a webhook. */
static void an_expected_key_waits_for_all_that_catch_up(void **state)
{
    const char *rules = "rules: [{id: beat, on: alert, key: [service], when: {absent: 1h, expect: "
                        "[[shop]]}}]\n";
    struct story *story = begin_with(CONFIG, rules);
    int64_t start_ms = NOON_MS + DAY_MS;

    (void)state;
    fold(story, NOON_MS);
    starts_at(story, rules, NOON_MS);
    becomes(story, "app", WATCHER_CAUGHT_UP, NOON_MS);
    becomes(story, "other", WATCHER_CAUGHT_UP, NOON_MS);
    starts_at(story, rules, start_ms);
    becomes(story, "app", WATCHER_CAUGHT_UP, start_ms + 1);
    fold(story, start_ms + HOUR_MS);
    assert_false(fires(story, "shop"));
    becomes(story, "other", WATCHER_CAUGHT_UP, start_ms + HOUR_MS);
    assert_true(fires(story, "shop"));
    end(story);
}

static void an_expected_key_is_missed_soon_after_a_first_start(void **state)
{
    const char *rules = "rules: [{id: beat, on: alert, key: [service], when: {absent: 2s, expect: "
                        "[[shop]]}}]\n";
    struct story *story = begin_with("state: /nowhere\nrules: [rules.yaml]\n", rules);

    (void)state;
    starts_at(story, rules, NOON_MS);
    fold(story, NOON_MS + 1999);
    assert_false(fires(story, "shop"));
    fold(story, NOON_MS + 2000);
    assert_true(fires(story, "shop"));
    end(story);
}

static void a_reload_adds_keys_and_leaves_those_that_are_known(void **state)
{
    const char *one = "rules: [{id: beat, on: alert, key: [service], when: {absent: 1h, expect: "
                      "[[shop]]}}]\n";
    const char *two = "rules: [{id: beat, on: alert, key: [service], when: {absent: 1h, expect: "
                      "[[shop], [mail]]}}]\n";
    struct story *story = begin_with("state: /nowhere\nrules: [rules.yaml]\n", one);
    int64_t reload_ms = NOON_MS + 30 * MINUTE_MS;

    (void)state;
    starts_at(story, one, NOON_MS);
    beats(story, "hook", "shop", NOON_MS + 10 * MINUTE_MS);
    assert_int_equal(n_signals(story), 1);
    swap_rules(story, two, reload_ms);
    assert_int_equal(n_signals(story), 2);
    starts_at(story, two, reload_ms + 1);
    assert_int_equal(n_signals(story), 2);
    fold(story, NOON_MS + HOUR_MS + 10 * MINUTE_MS - 1);
    assert_false(fires(story, "shop"));
    fold(story, NOON_MS + HOUR_MS + 10 * MINUTE_MS);
    assert_true(fires(story, "shop"));
    fold(story, reload_ms + HOUR_MS - 1);
    assert_false(fires(story, "mail"));
    fold(story, reload_ms + HOUR_MS);
    assert_true(fires(story, "mail"));
    end(story);
}

static void who_was_seen_since_the_start_is_missed_in_its_time(void **state)
{
    struct story *story =
        begin_with(CONFIG, "rules: [{id: beat, on: alert, key: [service], when: {absent: 2s}}]\n");

    (void)state;
    starts_at(story, "rules: [{id: beat, on: alert, key: [service], when: {absent: 2s}}]\n",
              NOON_MS);
    beats(story, "hook", "shop", NOON_MS + 1000);
    fold(story, NOON_MS + 2999);
    assert_false(fires(story, "shop"));
    fold(story, NOON_MS + 3000);
    assert_true(fires(story, "shop"));
    end(story);
}

static void a_watcher_that_is_not_configured_any_more_keeps_nobody_waiting(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);

    (void)state;
    beats(story, "gone", "shop", NOON_MS);
    becomes(story, "gone", WATCHER_SILENT, NOON_MS);
    fold(story, DUE_MS);
    assert_true(fires(story, "watcher gone"));
    swap_rules(story, RULES, DUE_MS + 1);
    fold(story, DUE_MS + 1);
    assert_false(fires(story, "watcher gone"));
    assert_true(fires(story, "shop"));
    end(story);
}

/* How many are due at `due_ms` or later. */
static size_t n_due_from(struct story *story, int64_t due_ms)
{
    struct signal_glance glance = { 0 };
    struct store_txn *txn = NULL;
    struct signal signal;
    size_t n_due = 0;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    while (signal_glance_next(txn, glance.id, &glance) == RC_OK) {
        arena_reset(story->arena);
        assert_int_equal(signal_get(txn, glance.id, story->arena, &signal), RC_OK);
        n_due += signal.condition_due_ms >= due_ms;
    }
    store_abort(&txn);
    return n_due;
}

#define N_MANY 700 /* more than one turn looks at */

static void many_keys_wait(struct story *story)
{
    char service[16];

    for (int i = 0; i < N_MANY; i++) {
        snprintf(service, sizeof service, "s%d", i);
        beats(story, "app", service, NOON_MS);
    }
    becomes(story, "app", WATCHER_SILENT, NOON_MS + 1);
    fold(story, DUE_MS);
    assert_true(fires(story, "watcher app"));
}

static void keys_without_number_that_waited_for_a_watcher_are_looked_at_over_several_turns(
    void **state)
{
    struct story *story = begin_with(CONFIG, RULES);
    const int64_t back_ms = DUE_MS + HOUR_MS;
    bool more = false;
    size_t n_done;

    (void)state;
    many_keys_wait(story);
    assert_int_equal(told(story, "app", WATCHER_BACK, back_ms), RC_OK);
    assert_int_equal(n_due_from(story, back_ms), 0); /* not in the turn that hears of it */
    assert_int_equal(engine_fold(story->engine, back_ms, 256, 1000, &more), RC_OK);
    assert_true(more);
    n_done = n_due_from(story, back_ms);
    assert_true(n_done > 0 && n_done < N_MANY);
    starts_at(story, RULES, back_ms + 1); /* killed in the middle */
    becomes(story, "app", WATCHER_CAUGHT_UP, back_ms + 2);
    assert_int_equal(n_due_from(story, back_ms + HOUR_MS), N_MANY);
    fold(story, back_ms + HOUR_MS + 10 * MINUTE_MS - 1);
    assert_false(fires(story, "s0"));
    fold(story, back_ms + HOUR_MS + 10 * MINUTE_MS);
    assert_true(fires(story, "s0"));
    end(story);
}

static void who_was_not_looked_at_before_the_next_silence_waits_for_its_end(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);
    const int64_t back_ms = DUE_MS + HOUR_MS;
    bool more = false;

    (void)state;
    many_keys_wait(story);
    assert_int_equal(told(story, "app", WATCHER_BACK, back_ms), RC_OK);
    assert_int_equal(engine_fold(story->engine, back_ms, 256, 1000, &more), RC_OK);
    becomes(story, "app", WATCHER_SILENT, back_ms + 1);
    assert_true(n_due_from(story, back_ms) < N_MANY);
    becomes(story, "app", WATCHER_BACK, back_ms + HOUR_MS);
    assert_int_equal(n_due_from(story, back_ms + HOUR_MS), N_MANY);
    end(story);
}

static void the_rule_may_change_while_a_signal_stands_for_its_watcher(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);
    struct signal signal;

    (void)state;
    beats(story, "app", "shop", NOON_MS);
    becomes(story, "app", WATCHER_SILENT, NOON_MS);
    fold(story, DUE_MS);
    swap_rules(story,
               "rules: [{id: beat, on: alert, key: [service], title: t, when: {absent: 2h}}]\n",
               DUE_MS + 1);
    fold(story, DUE_MS + 2);
    assert_true(find_key(story, "watcher app", &signal));
    assert_int_equal(signal.state, SIGNAL_FIRING);
    assert_true(slice_starts(signal.title, SLICE("watcher app is silent")));
    assert_int_equal(n_proposals(story), 0);
    swap_rules(story, "rules: [{id: beat, on: alert, key: [service]}]\n", DUE_MS + 3);
    assert_false(fires(story, "watcher app"));
    end(story);
}

static void starts_are_journalled_only_where_somebody_is_missed(void **state)
{
    struct story *story = begin_with(CONFIG, OTHERS);
    struct journal_entry entry;
    struct store_txn *txn = NULL;

    (void)state;
    starts_at(story, OTHERS, NOON_MS);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(journal_get(txn, 1, story->arena, &entry), RC_NOT_FOUND);
    store_abort(&txn);
    starts_at(story, RULES, NOON_MS + 1);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(journal_get(txn, 1, story->arena, &entry), RC_OK);
    assert_true(slice_eq(entry.type, SLICE("vedette.start")));
    assert_true(slice_eq(entry.body, SLICE("{\"watchers\":[\"app\",\"other\"]}")));
    store_abort(&txn);
    end(story);
}

/* What `vedette events` gives of it, told to another engine, is the same again. */
static void a_replay_of_the_journal_judges_as_the_live_run_did(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);
    struct signal signal;
    char time[TIME_TEXT_BYTES], json[512];

    (void)state;
    beats(story, "app", "shop", NOON_MS);
    snprintf(json, sizeof json,
             "{\"type\":\"vedette.watcher.silent\",\"kind\":\"vedette.watcher\",\"watcher\":"
             "\"app\",\"state\":\"failing\",\"data\":{\"word\":\"is silent\"},\"time\":\"%s\"}",
             time_format(NOON_MS + 1, time));
    accept(story, NOON_MS + 1, ENGINE_RECORDED_EVENT, json);
    fold(story, DUE_MS);
    assert_true(fires(story, "watcher app"));
    snprintf(json, sizeof json,
             "{\"type\":\"vedette.start\",\"kind\":\"vedette.start\",\"data\":{\"watchers\":"
             "[\"app\"]}}");
    accept(story, DUE_MS + 1, ENGINE_RECORDED_EVENT, json);
    snprintf(json, sizeof json,
             "{\"type\":\"vedette.watcher.back\",\"kind\":\"vedette.watcher\",\"watcher\":\"app\","
             "\"state\":\"ok\"}");
    accept(story, DUE_MS + 2, ENGINE_RECORDED_EVENT, json);
    fold(story, DUE_MS + 2 * HOUR_MS);
    assert_false(fires(story, "watcher app"));
    assert_false(fires(story, "shop")); /* it still catches up */
    snprintf(json, sizeof json,
             "{\"type\":\"vedette.watcher.caught_up\",\"kind\":\"vedette.watcher\",\"watcher\":"
             "\"app\",\"state\":\"info\"}");
    accept(story, DUE_MS + 2 * HOUR_MS + 1, ENGINE_RECORDED_EVENT, json);
    fold(story, DUE_MS + 2 * HOUR_MS + 1);
    assert_true(find_key(story, "shop", &signal));
    assert_int_equal(signal.state, SIGNAL_FIRING);
    end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_missed_at_the_millisecond_while_its_watcher_hears),
        cmocka_unit_test(while_its_watcher_is_silent_one_signal_stands_for_all_keys),
        cmocka_unit_test(keys_of_other_watchers_are_missed_all_the_same),
        cmocka_unit_test(when_the_watcher_is_back_each_key_has_its_full_time_again),
        cmocka_unit_test(the_silence_of_a_watcher_outlives_a_restart),
        cmocka_unit_test(a_second_silence_is_a_second_episode),
        cmocka_unit_test(after_a_start_a_log_is_read_to_its_end_before_anybody_is_missed),
        cmocka_unit_test(a_watcher_has_caught_up_only_when_what_it_read_is_folded),
        cmocka_unit_test(after_a_start_a_webhook_has_its_grace_before_anybody_is_missed),
        cmocka_unit_test(an_expected_key_waits_for_all_that_catch_up),
        cmocka_unit_test(an_expected_key_is_missed_soon_after_a_first_start),
        cmocka_unit_test(a_reload_adds_keys_and_leaves_those_that_are_known),
        cmocka_unit_test(who_was_seen_since_the_start_is_missed_in_its_time),
        cmocka_unit_test(a_watcher_that_is_not_configured_any_more_keeps_nobody_waiting),
        cmocka_unit_test(
            keys_without_number_that_waited_for_a_watcher_are_looked_at_over_several_turns),
        cmocka_unit_test(who_was_not_looked_at_before_the_next_silence_waits_for_its_end),
        cmocka_unit_test(the_rule_may_change_while_a_signal_stands_for_its_watcher),
        cmocka_unit_test(starts_are_journalled_only_where_somebody_is_missed),
        cmocka_unit_test(a_replay_of_the_journal_judges_as_the_live_run_did),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
