/* `unless` and `while`: signals that hold others back, in any order of arrival. */
#include "tests/unit/gates_story.h"

#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "actions:\n"                                                                                   \
    "  act: {run: [/bin/true], effect: external, timeout: 10s}\n"                                  \
    "  look: {run: [/bin/true], effect: none, timeout: 10s}\n"                                     \
    "people: {jane: {user: jane}}\n"                                                               \
    "approvers: {from: [jane], need: 1}\n"
/* clang-format off */
#define RULE(id, kind, more) \
    "  - {id: " id ", on: " kind ", where: {state: failing}, key: [host], propose: {plan: [{do: act}]}" more "}\n"
#define DB      RULE("db-down", "alert", "")
#define DB_SEEN RULE("db-down", "alert", ", mode: observe")
#define APP(more) RULE("app-slow", "ci.run", ", unless: [db-down], same: [service]" more)
#define WHILE   RULE("app-slow", "ci.run", ", while: [db-down], same: [service]")
/* clang-format on */

/* As the daemon starts: who names whom is noted. */
static struct story *begin_recovered(const char *rules)
{
    struct story *story = begin_with(CONFIG, rules);

    assert_int_equal(engine_recover(story->engine, NOON_MS - HOUR_MS), RC_OK);
    return story;
}

static int begin_unless(void **state)
{
    *state = begin_recovered("rules:\n" DB APP(""));
    return 0;
}

/* The same, the other way round. */
static int begin_reversed(void **state)
{
    *state = begin_recovered("rules:\n" APP("") DB);
    return 0;
}

static int begin_while(void **state)
{
    *state = begin_recovered("rules:\n" WHILE DB_SEEN);
    return 0;
}

static int begin_tasks(void **state)
{
    *state = begin_recovered("rules:\n" DB_SEEN APP(", diagnose: {evidence: [{do: look}]}"));
    return 0;
}

static int finish(void **state)
{
    end(*state);
    return 0;
}

/* --- what happens --- */

static void happens(struct story *story, int64_t at_ms, const char *kind, const char *host,
                    const char *service, const char *what)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(json, sizeof json,
             "{\"kind\":\"%s\",\"host\":\"%s\",%s%s%s\"state\":\"%s\",\"time\":\"%s\"}", kind, host,
             service ? "\"service\":\"" : "", service ? service : "", service ? "\"," : "", what,
             time_format(at_ms, time));
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json);
    fold(story, at_ms);
}

static void db_fails(struct story *story, int64_t at_ms)
{
    happens(story, at_ms, "alert", "db1", "shop", "failing");
}

static void db_is_ok(struct story *story, int64_t at_ms)
{
    happens(story, at_ms, "alert", "db1", "shop", "ok");
}

static void app_fails(struct story *story, int64_t at_ms)
{
    happens(story, at_ms, "ci.run", "app1", "shop", "failing");
}

/* --- what is there --- */

static bool is_of_app(void *context, struct ulid id, const void *object)
{
    const struct proposal *proposal = object;
    struct found *found = context;

    if (slice_eq(proposal->rule, SLICE("app-slow")))
        found->ids[found->n_ids++] = id;
    return true;
}

/* Proposals of the app, the newest first. */
static struct found of_app(struct story *story)
{
    struct store_txn *txn = NULL;
    struct found found = { 0 };
    struct proposal proposal;

    arena_reset(story->arena);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(object_each_newest(txn, TABLE_PROPOSALS, &proposal_shape, (struct ulid){ 0 },
                                        SIZE_MAX, story->arena, &proposal, is_of_app, &found),
                     RC_OK);
    store_abort(&txn);
    return found;
}

static enum proposal_state state_of_app(struct story *story)
{
    const struct found found = of_app(story);

    assert_true(found.n_ids > 0);
    return proposal_of(story, found.ids[0]).state;
}

static uint64_t n_rows(struct story *story, enum store_table table)
{
    struct store_txn *txn = NULL;
    uint64_t n = 0;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(store_count(txn, table, &n), RC_OK);
    store_abort(&txn);
    return n;
}

/* --- unless --- */

static void while_the_other_fires_it_asks_nothing(void **state)
{
    db_fails(*state, NOON_MS);
    app_fails(*state, NOON_MS + 1);
    app_fails(*state, NOON_MS + MINUTE_MS);
    assert_int_equal(of_app(*state).n_ids, 0);
    assert_int_equal(n_held(*state), 1);
    assert_int_equal((int)gauge(HOLD_INHIBITED), 1);
}

static void when_the_other_ends_what_still_fires_asks(void **state)
{
    db_fails(*state, NOON_MS);
    app_fails(*state, NOON_MS + 1);
    db_is_ok(*state, NOON_MS + MINUTE_MS);
    assert_int_equal(of_app(*state).n_ids, 1);
    assert_int_equal(proposal_of(*state, of_app(*state).ids[0]).created_ms, NOON_MS + MINUTE_MS);
    assert_int_equal(n_held(*state), 0);
    assert_int_equal(n_rows(*state, TABLE_INHIBIT_WALKS), 0);
}

static void what_has_ended_meanwhile_asks_nothing(void **state)
{
    db_fails(*state, NOON_MS);
    app_fails(*state, NOON_MS + 1);
    happens(*state, NOON_MS + 2, "ci.run", "app1", "shop", "ok");
    db_is_ok(*state, NOON_MS + MINUTE_MS);
    assert_int_equal(of_app(*state).n_ids, 0);
    assert_int_equal(n_rows(*state, TABLE_INHIBIT), 0);
}

static void arriving_late_the_other_takes_an_undecided_proposal_back(void **state)
{
    struct proposal proposal;

    app_fails(*state, NOON_MS);
    assert_int_equal(state_of_app(*state), PROPOSAL_OPEN);
    db_fails(*state, NOON_MS + MINUTE_MS);
    proposal = proposal_of(*state, of_app(*state).ids[0]);
    assert_int_equal(proposal.state, PROPOSAL_WITHDRAWN);
    assert_true(
        slice_eq(proposal.outcome, SLICE("inhibited: db-down fires with the same service")));
    assert_int_equal((int)gauge(HOLD_INHIBITED), 1);
    db_is_ok(*state, NOON_MS + 2 * MINUTE_MS); /* at once: nobody decided, nothing cools down */
    assert_int_equal(of_app(*state).n_ids, 2);
    assert_int_equal(state_of_app(*state), PROPOSAL_OPEN);
}

static void arriving_late_the_other_takes_a_task_back(void **state)
{
    struct story *story = *state;

    app_fails(story, NOON_MS);
    assert_int_equal(story->n_effects, 1);
    db_fails(story, NOON_MS + 1);
    assert_int_equal(story->n_cancelled, 1);
    assert_int_equal((int)metric_value(METRIC_TASKS, SLICE("withdrawn"), (struct slice){ 0 }), 1);
    (void)ends(story, EFFECT_DONE, NOON_MS + 2); /* its evidence comes all the same */
    assert_int_equal(of_app(story).n_ids, 0);
    db_is_ok(story, NOON_MS + 3);
    assert_int_equal(story->n_effects, 2); /* looked at anew */
}

static void what_somebody_approved_is_not_taken_back(void **state)
{
    app_fails(*state, NOON_MS);
    approved(*state, NOON_MS + 1);
    db_fails(*state, NOON_MS + 2);
    assert_int_not_equal(state_of_app(*state), PROPOSAL_WITHDRAWN);
}

static void several_that_fire_hold_until_the_last_ends(void **state)
{
    db_fails(*state, NOON_MS);
    happens(*state, NOON_MS, "alert", "db2", "shop", "failing");
    app_fails(*state, NOON_MS + 1);
    db_is_ok(*state, NOON_MS + 2);
    assert_int_equal(of_app(*state).n_ids, 0);
    happens(*state, NOON_MS + 3, "alert", "db2", "shop", "ok");
    assert_int_equal(of_app(*state).n_ids, 1);
}

static void another_service_is_not_held(void **state)
{
    happens(*state, NOON_MS, "alert", "db1", "bank", "failing");
    app_fails(*state, NOON_MS + 1);
    assert_int_equal(of_app(*state).n_ids, 1);
}

static void an_absent_field_equals_none_not_even_an_absent_one(void **state)
{
    happens(*state, NOON_MS, "alert", "db1", NULL, "failing");
    happens(*state, NOON_MS + 1, "ci.run", "app1", NULL, "failing");
    assert_int_equal(of_app(*state).n_ids, 1);
}

static void a_pending_one_holds_nothing(void **state)
{
    struct story *story = *state;

    swap_rules(story, "rules:\n" RULE("db-down", "alert", ", when: {count: 2, within: 1h}") APP(""),
               NOON_MS);
    db_fails(story, NOON_MS + 1);
    app_fails(story, NOON_MS + 2);
    assert_int_equal(state_of_app(story), PROPOSAL_OPEN);
    db_fails(story, NOON_MS + 3);
    assert_int_equal(state_of_app(story), PROPOSAL_WITHDRAWN);
}

/* One event that both rules match. */
static void fires_both(struct story *story)
{
    swap_rules(story,
               "rules:\n" RULE("app-slow", "alert", ", unless: [db-down]")
                   RULE("db-down", "alert", ""),
               NOON_MS);
    happens(story, NOON_MS + 1, "alert", "h", "shop", "failing");
    assert_int_equal(of_app(story).n_ids, 0);
    assert_int_equal(n_proposals(story), 1);
    swap_rules(story,
               "rules:\n" RULE("db-down", "alert", "")
                   RULE("app-slow", "alert", ", unless: [db-down]"),
               NOON_MS + 2);
    happens(story, NOON_MS + 3, "alert", "h2", "shop", "failing");
    assert_int_equal(of_app(story).n_ids, 0);
}

static void of_one_event_that_fires_both_the_order_of_rules_changes_nothing(void **state)
{
    fires_both(*state);
}

/* --- reload --- */

static void a_reload_that_names_the_other_takes_back_what_is_undecided(void **state)
{
    struct story *story = *state;

    swap_rules(story, "rules:\n" DB RULE("app-slow", "ci.run", ""), NOON_MS);
    db_fails(story, NOON_MS + 1);
    app_fails(story, NOON_MS + 2);
    assert_int_equal(state_of_app(story), PROPOSAL_OPEN);
    swap_rules(story, "rules:\n" DB APP(""), NOON_MS + 3);
    fold(story, NOON_MS + 3);
    assert_int_equal(state_of_app(story), PROPOSAL_WITHDRAWN);
    swap_rules(story, "rules:\n" DB RULE("app-slow", "ci.run", ""), NOON_MS + 4);
    fold(story, NOON_MS + 4);
    assert_int_equal(state_of_app(story), PROPOSAL_OPEN);
    assert_int_equal(n_rows(story, TABLE_INHIBIT), 0);
}

static void a_rule_that_goes_while_it_fires_holds_nothing_any_more(void **state)
{
    struct story *story = *state;

    db_fails(story, NOON_MS);
    app_fails(story, NOON_MS + 1);
    swap_rules(story, "rules:\n" RULE("app-slow", "ci.run", ""), NOON_MS + 2);
    fold(story, NOON_MS + 2);
    assert_int_equal(of_app(story).n_ids, 1);
    assert_int_equal(n_rows(story, TABLE_INHIBIT), 0);
}

/* --- while --- */

static void it_asks_only_while_the_other_fires(void **state)
{
    app_fails(*state, NOON_MS);
    assert_int_equal(of_app(*state).n_ids, 0);
    assert_int_equal((int)gauge(HOLD_INHIBITED), 1);
    db_fails(*state, NOON_MS + 1);
    assert_int_equal(of_app(*state).n_ids, 1);
    assert_int_equal(n_held(*state), 0);
    db_is_ok(*state, NOON_MS + 2);
    assert_int_equal(state_of_app(*state), PROPOSAL_WITHDRAWN);
    assert_int_equal((int)gauge(HOLD_INHIBITED), 1);
}

static void without_the_field_it_waits_for_ever(void **state)
{
    happens(*state, NOON_MS, "ci.run", "app1", NULL, "failing");
    happens(*state, NOON_MS + 1, "alert", "db1", NULL, "failing");
    assert_int_equal(of_app(*state).n_ids, 0);
}

/* --- many --- */

#define MANY 700 /* more than the timers of one turn */

static void a_thousand_held_ones_ask_over_several_turns_and_each_once(void **state)
{
    struct story *story = *state;
    char host[16];

    db_fails(story, NOON_MS);
    for (int i = 0; i < MANY; i++) {
        snprintf(host, sizeof host, "app%d", i);
        happens(story, NOON_MS + 1, "ci.run", host, "shop", "failing");
    }
    assert_int_equal(n_held(story), MANY);
    db_is_ok(story, NOON_MS + 2);
    assert_int_equal(n_held(story), 0);
    assert_int_equal(n_rows(story, TABLE_PROPOSALS), MANY + 1);
    assert_int_equal(n_rows(story, TABLE_INHIBIT_WALKS), 0);
}

/* --- what stands for others --- */

#define CAPPED CONFIG "limits: {keys_per_rule: 1}\n"

/* Nobody knows whether what has no room is about the same. */
static void what_counts_keys_without_room_holds_nobody_back(void **state)
{
    struct story *story = begin_with(CAPPED, "rules:\n" DB_SEEN APP(""));

    (void)state;
    assert_int_equal(engine_recover(story->engine, NOON_MS - HOUR_MS), RC_OK);
    happens(story, NOON_MS, "alert", "db0", "mail", "failing");
    happens(story, NOON_MS + 1, "alert", "db1", "shop", "failing"); /* one too many */
    app_fails(story, NOON_MS + 2);
    assert_int_equal(of_app(story).n_ids, 1);
    assert_int_equal(state_of_app(story), PROPOSAL_OPEN);
    end(story);
}

#define WATCHED CONFIG "watchers: [{log: /nowhere/app.log, name: app}]\n"
#define BEAT "  - {id: db-down, on: deploy, key: [host], when: {absent: 1h}, mode: observe}\n"

static void what_stands_for_a_watcher_holds_nobody_back(void **state)
{
    const struct engine_notice silent = { .watcher = SLICE("app"), .state = WATCHER_SILENT };
    struct story *story =
        begin_with(WATCHED, "rules:\n" BEAT RULE("app-slow", "ci.run", ", unless: [db-down]"));

    (void)state;
    assert_int_equal(engine_recover(story->engine, NOON_MS - HOUR_MS), RC_OK);
    accept(story, NOON_MS, ENGINE_RECORDED_EVENT,
           "{\"kind\":\"deploy\",\"watcher\":\"app\",\"host\":\"db1\",\"time\":"
           "\"2026-11-21T12:00:00Z\"}");
    fold(story, NOON_MS);
    assert_int_equal(engine_notify(story->engine, &silent, NOON_MS + 1), RC_OK);
    fold(story, NOON_MS + HOUR_MS); /* the stand-in fires */
    app_fails(story, NOON_MS + HOUR_MS + 1);
    assert_int_equal(state_of_app(story), PROPOSAL_OPEN);
    end(story);
}

/* --- at one moment --- */

#define N_BEATS 600 /* more than a turn looks at */
#define BEATS(id, kind, more)                                                                      \
    "  - {id: " id ", on: " kind ", key: [host], when: {absent: 1h}" more "}\n"

/* All are missed at the same millisecond, the one that holds the others back last: whatever the turns, nobody is asked about them. */
static void who_fires_at_one_moment_is_seen_by_all_of_it_however_many_turns_it_takes(void **state)
{
    struct story *story =
        begin_with(CONFIG, "rules:\n" BEATS("app-slow", "ci.run",
                                            ", propose: {plan: [{do: act}]}, unless: [db-down]")
                               BEATS("db-down", "alert", ", mode: observe"));
    char host[16];
    bool more = false;

    (void)state;
    assert_int_equal(engine_recover(story->engine, NOON_MS - HOUR_MS), RC_OK);
    for (int i = 0; i < N_BEATS; i++) {
        snprintf(host, sizeof host, "h%d", i);
        happens(story, NOON_MS, "ci.run", host, NULL, "ok");
    }
    happens(story, NOON_MS, "alert", "db1", NULL, "ok");
    assert_int_equal(engine_fold(story->engine, NOON_MS + HOUR_MS, 256, 1000, &more), RC_OK);
    assert_true(more);
    assert_int_equal(n_rows(story, TABLE_TASKS), 0);
    for (int i = 0; i < 10 && more; i++)
        assert_int_equal(engine_fold(story->engine, NOON_MS + HOUR_MS, 256, 1000, &more), RC_OK);
    assert_false(more);
    assert_int_equal(n_rows(story, TABLE_TASKS), 0);
    assert_int_equal((int)gauge(HOLD_INHIBITED), N_BEATS);
    end(story);
}

int main(void)
{
#define UNLESS(test)                                                                               \
    cmocka_unit_test_setup_teardown(test, begin_unless, finish),                                   \
    {                                                                                              \
        .name = #test " (reversed)", .test_func = (test), .setup_func = begin_reversed,            \
        .teardown_func = finish                                                                    \
    }
    const struct CMUnitTest tests[] = {
        UNLESS(while_the_other_fires_it_asks_nothing),
        UNLESS(when_the_other_ends_what_still_fires_asks),
        UNLESS(what_has_ended_meanwhile_asks_nothing),
        UNLESS(arriving_late_the_other_takes_an_undecided_proposal_back),
        UNLESS(what_somebody_approved_is_not_taken_back),
        UNLESS(several_that_fire_hold_until_the_last_ends),
        UNLESS(another_service_is_not_held),
        UNLESS(an_absent_field_equals_none_not_even_an_absent_one),
        UNLESS(a_pending_one_holds_nothing),
        UNLESS(of_one_event_that_fires_both_the_order_of_rules_changes_nothing),
        UNLESS(a_reload_that_names_the_other_takes_back_what_is_undecided),
        UNLESS(a_rule_that_goes_while_it_fires_holds_nothing_any_more),
        cmocka_unit_test_setup_teardown(arriving_late_the_other_takes_a_task_back, begin_tasks,
                                        finish),
        cmocka_unit_test_setup_teardown(it_asks_only_while_the_other_fires, begin_while, finish),
        cmocka_unit_test_setup_teardown(without_the_field_it_waits_for_ever, begin_while, finish),
        cmocka_unit_test_setup_teardown(a_thousand_held_ones_ask_over_several_turns_and_each_once,
                                        begin_unless, finish),
        cmocka_unit_test(what_counts_keys_without_room_holds_nobody_back),
        cmocka_unit_test(what_stands_for_a_watcher_holds_nobody_back),
        cmocka_unit_test(who_fires_at_one_moment_is_seen_by_all_of_it_however_many_turns_it_takes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
