/* What quiet after acting says, and what it does not. */
#include "tests/unit/engine_story.h"

#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "actions:\n"                                                                                   \
    "  act: {run: [/bin/true], effect: external, timeout: 10s}\n"                                  \
    "watchers: [{log: /nowhere/app.log, name: app}, {log: /nowhere/b.log, name: other}]\n"         \
    "people: {jane: {user: jane}}\n"                                                               \
    "approvers: {from: [jane], need: 1}\n"
#define ACT "propose: {plan: [{do: act}], cooldown: 0s}, verify: {quiet: 30m}"
#define MISSED "{id: beat, on: alert, key: [service], when: {absent: 1h}, " ACT "}"
#define MISSED_RULE "rules: [" MISSED "]\n"
#define GROUPED_RULE                                                                               \
    "rules: [{id: beat, on: alert, key: [service], when: {absent: 1h}, group: {by: [kind], wait: " \
    "1m}, " ACT "}]\n"
#define FAILS_RULE "rules: [{id: red, on: alert, key: [service], " ACT "}]\n"

#define FIRES_MS (NOON_MS + HOUR_MS)
#define DONE_MS (FIRES_MS + 2 * MINUTE_MS)
#define UNTIL_MS (DONE_MS + 30 * MINUTE_MS)

static void is_at(struct story *story, const char *service, const char *state, int64_t at_ms)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(json, sizeof json,
             "{\"kind\":\"alert\",\"watcher\":\"app\",\"service\":\"%s\",\"state\":\"%s\","
             "\"time\":\"%s\"}",
             service, state, time_format(at_ms, time));
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json);
    fold(story, at_ms);
}

static void seen(struct story *story, const char *service, int64_t at_ms)
{
    is_at(story, service, "info", at_ms);
}

static void becomes(struct story *story, const char *watcher, enum watcher_state state,
                    int64_t at_ms)
{
    const struct engine_notice notice = { .watcher = slice_of(watcher), .state = state };

    assert_int_equal(engine_notify(story->engine, &notice, at_ms), RC_OK);
    fold(story, at_ms);
}

/* What the newest proposal asks for was done at DONE_MS. */
static struct ulid acted(struct story *story)
{
    struct proposal proposal = newest(story);

    assert_int_equal(
        decides(story, proposal, (struct decision){ .verdict = VERDICT_APPROVE }, DONE_MS - 1),
        DECISION_TAKEN);
    ends(story, EFFECT_DONE, DONE_MS);
    assert_int_equal(proposal_of(story, proposal.id).state, PROPOSAL_VERIFYING);
    return proposal.id;
}

static void assert_outcome(struct story *story, struct ulid id, enum proposal_state state,
                           const char *outcome)
{
    struct proposal proposal = proposal_of(story, id);

    assert_int_equal(proposal.state, state);
    if (!slice_eq(proposal.outcome, slice_of(outcome)))
        fail_msg("%.*s", SLICE_ARG(proposal.outcome));
}

/* --- what ends by itself --- */

static void what_is_still_missed_at_the_end_recurred_and_asks_again(void **state)
{
    struct story *story = begin_with(CONFIG, MISSED_RULE);
    struct ulid first;

    (void)state;
    seen(story, "shop", NOON_MS);
    fold(story, FIRES_MS);
    first = acted(story);
    fold(story, UNTIL_MS - 1);
    assert_int_equal(proposal_of(story, first).state, PROPOSAL_VERIFYING);
    fold(story, UNTIL_MS);
    assert_outcome(story, first, PROPOSAL_RECURRED, "it still fires");
    assert_int_equal(the_signal(story).state, SIGNAL_FIRING);
    assert_int_equal(n_proposals(story), 2);
    assert_int_equal(newest(story).state, PROPOSAL_OPEN);
    assert_true(!ulid_compare(newest(story).earlier, first));
    end(story);
}

static void what_came_within_the_window_is_verified(void **state)
{
    struct story *story = begin_with(CONFIG, MISSED_RULE);
    struct ulid first;

    (void)state;
    seen(story, "shop", NOON_MS);
    fold(story, FIRES_MS);
    first = acted(story);
    seen(story, "shop", UNTIL_MS - 1);
    fold(story, UNTIL_MS);
    assert_outcome(story, first, PROPOSAL_VERIFIED, "it stayed quiet");
    assert_int_equal(the_signal(story).state, SIGNAL_RESOLVED);
    assert_int_equal(n_proposals(story), 1);
    end(story);
}

static void one_of_a_group_that_still_fires_is_enough(void **state)
{
    struct story *story = begin_with(CONFIG, GROUPED_RULE);
    struct ulid first;

    (void)state;
    seen(story, "shop", NOON_MS);
    seen(story, "till", NOON_MS);
    fold(story, FIRES_MS + MINUTE_MS);
    assert_int_equal(newest(story).signals.n_items, 2);
    first = acted(story);
    seen(story, "shop", UNTIL_MS - 1);
    fold(story, UNTIL_MS);
    assert_outcome(story, first, PROPOSAL_RECURRED, "it still fires");
    fold(story, UNTIL_MS + MINUTE_MS);
    assert_int_equal(n_proposals(story), 2);
    assert_int_equal(newest(story).signals.n_items, 1);
    end(story);
}

static void what_only_quiet_ends_is_verified_while_it_fires(void **state)
{
    struct story *story = begin_with(CONFIG, FAILS_RULE);
    struct ulid first;

    (void)state;
    is_at(story, "shop", "failing", FIRES_MS);
    first = acted(story);
    fold(story, UNTIL_MS);
    assert_outcome(story, first, PROPOSAL_VERIFIED, "it stayed quiet");
    assert_int_equal(the_signal(story).state, SIGNAL_RESOLVED);
    end(story);
}

/* --- whether anybody would have heard --- */

static struct story *acted_on_shop(struct ulid *id)
{
    struct story *story = begin_with(CONFIG, FAILS_RULE);

    is_at(story, "shop", "failing", FIRES_MS);
    *id = acted(story);
    return story;
}

static void assert_deaf(struct story *story, struct ulid id)
{
    fold(story, UNTIL_MS);
    assert_outcome(story, id, PROPOSAL_INCONCLUSIVE,
                   "its watcher did not hear meanwhile: nobody can tell whether it helped");
    assert_int_equal(the_signal(story).state, SIGNAL_FIRING);
    end(story);
}

static void quiet_while_the_watcher_is_away_is_inconclusive(void **state)
{
    struct ulid id;
    struct story *story = acted_on_shop(&id);

    (void)state;
    becomes(story, "app", WATCHER_BROKEN, UNTIL_MS - 1);
    assert_deaf(story, id);
}

static void quiet_while_the_watcher_was_away_for_a_time_is_inconclusive(void **state)
{
    struct ulid id;
    struct story *story = acted_on_shop(&id);

    (void)state;
    becomes(story, "app", WATCHER_BROKEN, DONE_MS + 1);
    becomes(story, "app", WATCHER_BACK, DONE_MS + 2);
    assert_deaf(story, id);
}

static void a_watcher_that_is_back_before_the_window_heard_all_of_it(void **state)
{
    struct story *story = begin_with(CONFIG, FAILS_RULE);
    struct ulid id;

    (void)state;
    is_at(story, "shop", "failing", FIRES_MS);
    becomes(story, "app", WATCHER_BROKEN, FIRES_MS + 1);
    becomes(story, "app", WATCHER_BACK, DONE_MS - 1);
    id = acted(story);
    becomes(story, "other", WATCHER_BROKEN, DONE_MS + 1);
    fold(story, UNTIL_MS);
    assert_outcome(story, id, PROPOSAL_VERIFIED, "it stayed quiet");
    end(story);
}

static void what_nobody_could_hear_of_has_not_recurred(void **state)
{
    struct story *story = begin_with(CONFIG, MISSED_RULE);
    struct ulid id;

    (void)state;
    seen(story, "shop", NOON_MS);
    fold(story, FIRES_MS);
    id = acted(story);
    becomes(story, "app", WATCHER_SILENT, DONE_MS + 1);
    assert_deaf(story, id);
}

/* That those who fire on are told from those who were only quiet hangs on this. */
static void each_condition_says_whether_it_ends_by_itself(void **state)
{
    static const struct {
        const char *when;
        bool ends_itself;
    } rows[] = {
        { "absent: 1h", true },
        { "fewer: 5, within: 1h", true },
        { "flaps: host, count: 3, within: 1h", true },
        { "spike: 4x, within: 5m, against: 1h, at_least: 20", true },
        { "drop: 4x, within: 5m, against: 1h, at_least: 20", true },
        { "ratio: 5%, having: {match: '/x/'}, within: 5m, at_least: 1", true },
        { "sum: duration, above: 5m, within: 1h", true },
        { "p95: duration, above: 5m, within: 1h", true },
        { "not_followed_by: {match: '/b/'}, within: 1m", true },
        { "followed_by: {match: '/b/'}, within: 1m", false },
        { "count: 3, within: 1h", false },
        { "distinct: host, count: 3, within: 1h", false },
        { "change: commit", false },
        { "new: commit", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char rules[256];
        struct ruleset *ruleset;

        snprintf(rules, sizeof rules, "rules: [{id: r, on: log, key: [service], when: {%s}}]\n",
                 rows[i].when);
        ruleset = parse(NULL, rules);
        assert_int_equal(ruleset->rules[0].condition->ends_itself, rows[i].ends_itself);
        ruleset_free(ruleset);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_still_missed_at_the_end_recurred_and_asks_again),
        cmocka_unit_test(what_came_within_the_window_is_verified),
        cmocka_unit_test(one_of_a_group_that_still_fires_is_enough),
        cmocka_unit_test(what_only_quiet_ends_is_verified_while_it_fires),
        cmocka_unit_test(quiet_while_the_watcher_is_away_is_inconclusive),
        cmocka_unit_test(quiet_while_the_watcher_was_away_for_a_time_is_inconclusive),
        cmocka_unit_test(a_watcher_that_is_back_before_the_window_heard_all_of_it),
        cmocka_unit_test(what_nobody_could_hear_of_has_not_recurred),
        cmocka_unit_test(each_condition_says_whether_it_ends_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
