/* How late an event may be says its rule, or else its watcher. */
#include "tests/unit/engine_story.h"

#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "watchers:\n"                                                                                  \
    "- {webhook: generic, name: patient, token: t, lateness: 20m}\n"                               \
    "- {webhook: generic, name: prompt, token: t, lateness: 15s}\n"                                \
    "- {webhook: generic, name: usual, token: t}\n"
#define RULES(more)                                                                                \
    "rules: [{id: r, mode: observe, on: alert, where: {state: failing}, key: [host], when: "       \
    "{count: 2, within: 1h}" more "}]\n"

static void comes(struct story *story, const char *watcher, const char *host, int64_t at_ms)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(json, sizeof json,
             "{\"kind\":\"alert\",\"watcher\":\"%s\",\"host\":\"%s\",\"state\":\"failing\","
             "\"time\":\"%s\"}",
             watcher, host, time_format(at_ms, time));
    accept(story, NOON_MS, ENGINE_RECORDED_EVENT, json);
    fold(story, NOON_MS);
}

/* Of an event now and one that is so much older. */
static bool both_count(const char *rules, const char *watcher, int64_t older_ms)
{
    struct story *story = begin_with(CONFIG, rules);
    struct signal_glance glance = { 0 };
    struct store_txn *txn = NULL;
    bool is_firing;

    comes(story, watcher, "h", NOON_MS);
    comes(story, watcher, "h", NOON_MS - older_ms);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(signal_glance_next(txn, glance.id, &glance), RC_OK);
    is_firing = glance.state == SIGNAL_FIRING;
    store_abort(&txn);
    end(story);
    return is_firing;
}

static const struct {
    const char *watcher;
    int64_t lateness_ms;
} watchers[] = {
    { "patient", 20 * MINUTE_MS },
    { "prompt", 15 * SECOND_MS },
    { "usual", 5 * MINUTE_MS },
    { "gone", 5 * MINUTE_MS },
};

static void of_a_rule_that_does_not_say_the_watcher_says_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof watchers / sizeof *watchers; i++) {
        assert_true(both_count(RULES(""), watchers[i].watcher, watchers[i].lateness_ms));
        assert_false(both_count(RULES(""), watchers[i].watcher, watchers[i].lateness_ms + 1));
    }
}

static void what_a_rule_says_goes_for_all_watchers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof watchers / sizeof *watchers; i++) {
        const char *watcher = watchers[i].watcher;

        assert_true(both_count(RULES(", lateness: 1m"), watcher, MINUTE_MS));
        assert_false(both_count(RULES(", lateness: 1m"), watcher, MINUTE_MS + 1));
        assert_true(both_count(RULES(", lateness: 30m"), watcher, 30 * MINUTE_MS));
    }
}

static void each_event_of_a_key_is_as_late_as_its_own_watcher_allows(void **state)
{
    struct story *story = begin_with(CONFIG, RULES(""));
    struct signal_glance glance = { 0 };
    struct store_txn *txn = NULL;
    struct signal signal;

    (void)state;
    comes(story, "usual", "h", NOON_MS);
    comes(story, "prompt", "h", NOON_MS - MINUTE_MS);
    comes(story, "patient", "h", NOON_MS - 10 * MINUTE_MS);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(signal_glance_next(txn, glance.id, &glance), RC_OK);
    assert_int_equal(signal_get(txn, glance.id, story->arena, &signal), RC_OK);
    assert_int_equal(signal.n_late, 1);
    assert_int_equal(signal.state, SIGNAL_FIRING);
    store_abort(&txn);
    end(story);
}

/* What nobody yields who is that patient is remembered no longer for it. */
static void a_rule_remembers_for_as_long_as_the_watchers_of_what_it_is_on_may_take(void **state)
{
    static const struct {
        const char *on;
        int64_t lateness_ms;
    } cases[] = { { "on: alert", 20 * MINUTE_MS }, /* generic ones may yield any kind */
                  { "on: github.push", 5 * MINUTE_MS },
                  { "on: log, match: '/x/'", HOUR_MS },
                  { "on: alert, lateness: 3m", 3 * MINUTE_MS } };
    struct story *story =
        begin_with(CONFIG "- {log: [/nowhere/x.log], name: slow, lateness: 1h}\n", RULES(""));

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char rules[128];
        struct ruleset *ruleset;

        snprintf(rules, sizeof rules, "rules: [{id: r, %s, key: [host]}]", cases[i].on);
        ruleset = parse(story->config, rules);
        assert_int_equal(ruleset->rules[0].lateness_ms, cases[i].lateness_ms);
        ruleset_free(ruleset);
    }
    end(story);
}

/* What was decided or counted under a rule is not undone because another watcher may be later. */
static void a_rule_stays_the_same_whatever_watchers_say(void **state)
{
    struct story *story = begin_with(CONFIG, RULES(""));
    struct ruleset *with = parse(story->config, RULES(""));
    struct ruleset *without = parse(NULL, RULES(""));

    (void)state;
    assert_int_not_equal(with->rules[0].lateness_ms, without->rules[0].lateness_ms);
    assert_true(slice_eq(with->rules[0].version, without->rules[0].version));
    assert_true(slice_eq(with->rules[0].condition_version, without->rules[0].condition_version));
    ruleset_free(with);
    ruleset_free(without);
    end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_rule_that_does_not_say_the_watcher_says_it),
        cmocka_unit_test(what_a_rule_says_goes_for_all_watchers),
        cmocka_unit_test(each_event_of_a_key_is_as_late_as_its_own_watcher_allows),
        cmocka_unit_test(a_rule_remembers_for_as_long_as_the_watchers_of_what_it_is_on_may_take),
        cmocka_unit_test(a_rule_stays_the_same_whatever_watchers_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
