/* The review budget: what is above it queues, nothing is dropped, and each place that becomes free is taken by the first of the queue. */
#include "tests/unit/engine_story.h"

#include "src/store/budget.h"

#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "actions:\n"                                                                                   \
    "  act: {run: [/bin/true], effect: external, timeout: 10s}\n"                                  \
    "  look: {run: [/bin/true], effect: none, timeout: 10s}\n"                                     \
    "people: {jane: {user: jane}}\n"                                                               \
    "approvers: {from: [jane], need: 1}\n"
#define BUDGET "budget: {open: 2, per_hour: 4, per_day: 6, critical: 1}\n"
#define RULE(members)                                                                              \
    "rules: [{id: red, on: ci.run, match: '/(?<severity>\\w+)/', where: {state: failing}, key: "   \
    "[repo], clear: {where: {state: ok}}, propose: {plan: [{do: act}], cooldown: 2h, expires: "    \
    "4h}" members "}]\n"

static int begin(void **state)
{
    *state = begin_with(CONFIG BUDGET, RULE(""));
    return 0;
}

static int finish(void **state)
{
    end(*state);
    return 0;
}

/* --- what happens --- */

static void is(struct story *story, const char *repo, const char *severity, const char *word,
               int64_t at_ms)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(json, sizeof json,
             "{\"kind\":\"ci.run\",\"repo\":\"%s\",\"state\":\"%s\",\"text\":\"%s\","
             "\"time\":\"%s\"}",
             repo, word, severity, time_format(at_ms, time));
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json);
    fold(story, at_ms);
}

static void fails(struct story *story, const char *repo, const char *severity, int64_t at_ms)
{
    is(story, repo, severity, "failing", at_ms);
}

static void is_well(struct story *story, const char *repo, int64_t at_ms)
{
    is(story, repo, "low", "ok", at_ms);
}

static void configured_anew(struct story *story, const char *config, int64_t at_ms)
{
    const struct rule_files files = { 0 };
    struct config *before = story->config;
    struct buffer summary;

    story->config = config_of(story, config);
    buffer_init(&summary, 4096);
    assert_int_equal(engine_reload(story->engine, story->config, parse(story->config, RULE("")),
                                   &files, at_ms, &summary),
                     RC_OK);
    buffer_free(&summary);
    config_free(before);
    fold(story, at_ms);
}

static void started_again(struct story *story, int64_t at_ms)
{
    engine_free(story->engine);
    start_engine(story, RULE(""));
    assert_int_equal(engine_recover(story->engine, at_ms), RC_OK);
    fold(story, at_ms);
}

/* --- what is there --- */

static int64_t n_open(struct story *story)
{
    return story->engine->counts.proposals[PROPOSAL_OPEN];
}

static int64_t n_queued(struct story *story)
{
    int64_t n = 0;

    for (size_t i = 0; i < SEVERITIES; i++)
        n += story->engine->counts.queued[i];
    assert_int_equal(n, story->engine->counts.held[HOLD_BUDGET]);
    return n;
}

static void assert_stands(struct story *story, int64_t open, int64_t queued)
{
    assert_int_equal(n_open(story), open);
    assert_int_equal(n_queued(story), queued);
}

struct search {
    const char *repo;
    struct ulid id;
    int64_t sum;
    bool is_there;
};

static bool look_at(void *context, struct ulid id, const void *object)
{
    const struct signal *signal = object;
    struct search *search = context;

    search->sum += signal->count;
    if (!search->repo || !slice_eq(signal->key.items[0], slice_of(search->repo)))
        return true;
    search->id = id;
    search->is_there = true;
    return false;
}

static struct search looked_for(struct story *story, const char *repo)
{
    struct search search = { .repo = repo };
    struct store_txn *txn = NULL;
    struct signal scratch;

    arena_reset(story->arena);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(object_each_newest(txn, TABLE_SIGNALS, &signal_shape, (struct ulid){ 0 },
                                        SIZE_MAX, story->arena, &scratch, look_at, &search),
                     RC_OK);
    store_abort(&txn);
    return search;
}

static struct signal signal_of(struct story *story, const char *repo)
{
    struct search search = looked_for(story, repo);
    struct store_txn *txn = NULL;
    struct signal signal = { 0 };

    assert_true(search.is_there);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(signal_get(txn, search.id, story->arena, &signal), RC_OK);
    store_abort(&txn);
    return signal;
}

static enum hold_reason held(struct story *story, const char *repo)
{
    return signal_of(story, repo).hold.reason;
}

static struct proposal proposal_about(struct story *story, const char *repo)
{
    return proposal_of(story, signal_of(story, repo).proposal);
}

static void decided(struct story *story, const char *repo, enum verdict verdict, int64_t at_ms)
{
    const struct decision decision = { .verdict = verdict,
                                       .reason = verdict == VERDICT_REJECT ? SLICE("known")
                                                                           : (struct slice){ 0 },
                                       .for_ms = verdict == VERDICT_SNOOZE ? HOUR_MS : 0 };

    assert_int_equal(decides(story, proposal_about(story, repo), decision, at_ms), DECISION_TAKEN);
    fold(story, at_ms);
}

static void rejected(struct story *story, const char *repo, int64_t at_ms)
{
    decided(story, repo, VERDICT_REJECT, at_ms);
}

static struct budget_row remembered(struct story *story)
{
    struct store_txn *txn = NULL;
    struct budget_row row;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(budget_get(txn, &row), RC_OK);
    store_abort(&txn);
    return row;
}

/* --- what waits for a decision --- */

static void as_many_wait_as_the_budget_says_and_the_next_one_queues(void **state)
{
    fails(*state, "a", "low", NOON_MS);
    assert_stands(*state, 1, 0);
    fails(*state, "b", "low", NOON_MS + 1);
    assert_stands(*state, 2, 0);
    fails(*state, "c", "low", NOON_MS + 2);
    assert_stands(*state, 2, 1);
    assert_int_equal(held(*state, "c"), HOLD_BUDGET);
    assert_true(slice_eq(signal_of(*state, "c").hold.detail, SLICE("2 of 2 open")));
}

static void what_queues_is_counted_on(void **state)
{
    fails(*state, "a", "low", NOON_MS);
    fails(*state, "b", "low", NOON_MS + 1);
    for (int i = 0; i < 7; i++)
        fails(*state, "c", "low", NOON_MS + 2 + i);
    assert_int_equal(signal_of(*state, "c").count, 7);
    rejected(*state, "a", NOON_MS + 10);
    assert_int_equal(proposal_about(*state, "c").count, 7);
}

static void a_place_that_is_free_is_taken_by_one(void **state)
{
    fails(*state, "a", "low", NOON_MS);
    fails(*state, "b", "low", NOON_MS + 1);
    fails(*state, "c", "low", NOON_MS + 2);
    fails(*state, "d", "low", NOON_MS + 3);
    rejected(*state, "a", NOON_MS + 4);
    assert_stands(*state, 2, 1);
    assert_int_equal(held(*state, "c"), HOLD_NONE);
    assert_int_equal(held(*state, "d"), HOLD_BUDGET);
}

static void the_most_severe_goes_first_then_who_came_first(void **state)
{
    fails(*state, "a", "low", NOON_MS);
    fails(*state, "b", "low", NOON_MS + 1);
    fails(*state, "low", "low", NOON_MS + 2);
    fails(*state, "high1", "high", NOON_MS + 3);
    fails(*state, "high2", "high", NOON_MS + 4);
    rejected(*state, "a", NOON_MS + 5);
    assert_int_equal(held(*state, "high1"), HOLD_NONE);
    rejected(*state, "b", NOON_MS + 6);
    assert_int_equal(held(*state, "high2"), HOLD_NONE);
    assert_int_equal(held(*state, "low"), HOLD_BUDGET);
}

/* The decision is taken, and before the queue has had its turn somebody else comes. */
static void nobody_takes_the_place_of_who_waits_already(void **state)
{
    const struct decision decision = { .verdict = VERDICT_REJECT, .reason = SLICE("known") };

    fails(*state, "a", "low", NOON_MS);
    fails(*state, "b", "low", NOON_MS + 1);
    fails(*state, "c", "medium", NOON_MS + 2);
    assert_int_equal(decides(*state, proposal_about(*state, "a"), decision, NOON_MS + 9),
                     DECISION_TAKEN);
    fails(*state, "d", "medium", NOON_MS + 8); /* received before it */
    fold(*state, NOON_MS + 9);
    assert_int_equal(held(*state, "c"), HOLD_NONE);
    assert_int_equal(held(*state, "d"), HOLD_BUDGET);
    assert_stands(*state, 2, 1);
}

static void what_expires_or_is_withdrawn_makes_a_place(void **state)
{
    fails(*state, "a", "low", NOON_MS);
    fails(*state, "b", "low", NOON_MS + MINUTE_MS);
    fails(*state, "c", "low", NOON_MS + 2 * MINUTE_MS);
    fails(*state, "d", "low", NOON_MS + 3 * MINUTE_MS);
    is_well(*state, "b", NOON_MS + HOUR_MS);
    assert_int_equal(held(*state, "c"), HOLD_NONE);
    fold(*state, NOON_MS + 4 * HOUR_MS - 1);
    assert_int_equal(held(*state, "d"), HOLD_BUDGET);
    fold(*state, NOON_MS + 4 * HOUR_MS);
    assert_int_equal(held(*state, "d"), HOLD_NONE);
    assert_stands(*state, 2, 0);
}

static void what_is_approved_no_longer_waits(void **state)
{
    fails(*state, "a", "low", NOON_MS);
    fails(*state, "b", "low", NOON_MS + 1);
    fails(*state, "c", "low", NOON_MS + 2);
    decided(*state, "a", VERDICT_APPROVE, NOON_MS + 3);
    assert_stands(*state, 2, 0);
}

static void what_is_snoozed_does_not_wait_and_wakes_without_a_place(void **state)
{
    fails(*state, "a", "low", NOON_MS);
    fails(*state, "b", "low", NOON_MS + 1);
    fails(*state, "c", "low", NOON_MS + 2);
    fails(*state, "d", "low", NOON_MS + 2);
    decided(*state, "a", VERDICT_SNOOZE, NOON_MS + 3);
    assert_stands(*state, 3, 1);
    fold(*state, NOON_MS + 3 + HOUR_MS);
    assert_stands(*state, 3, 1);
    rejected(*state, "b", NOON_MS + 4 + HOUR_MS);
    assert_stands(*state, 2, 1); /* the one that woke has its place */
}

static void a_task_that_runs_has_its_place(void **state)
{
    struct story *story = *state;

    swap_rules(story, RULE(", diagnose: {evidence: [{do: look}]}"), NOON_MS);
    fails(story, "a", "low", NOON_MS);
    fails(story, "b", "low", NOON_MS + 1);
    fails(story, "c", "low", NOON_MS + 2);
    assert_stands(story, 0, 1);
    ends(story, EFFECT_DONE, NOON_MS + 3);
    fold(story, NOON_MS + 3);
    assert_stands(story, 1, 1);
    is_well(story, "b", NOON_MS + 4); /* its task is withdrawn */
    assert_stands(story, 1, 0);
    assert_int_equal(story->engine->counts.tasks[TASK_RUNNING], 1);
}

/* --- the hour and the day --- */

static void the_hour_is_full_at_its_limit_and_frees_its_first_place_exactly_an_hour_later(
    void **state)
{
    static const char *const repos[] = { "a", "b", "c", "d" };

    for (int i = 0; i < 4; i++) {
        fails(*state, repos[i], "low", NOON_MS + i * MINUTE_MS);
        rejected(*state, repos[i], NOON_MS + i * MINUTE_MS + 1);
    }
    fails(*state, "e", "low", NOON_MS + 5 * MINUTE_MS);
    assert_stands(*state, 0, 1);
    assert_int_equal(signal_of(*state, "e").hold.until_ms, NOON_MS + HOUR_MS);
    assert_true(slice_eq(signal_of(*state, "e").hold.detail,
                         SLICE("4 of 4 in the last hour, the next at 13:00:00 UTC")));
    assert_int_equal(engine_due_ms(((struct story *)*state)->engine), NOON_MS + HOUR_MS);
    fold(*state, NOON_MS + HOUR_MS - 1);
    assert_stands(*state, 0, 1);
    fold(*state, NOON_MS + HOUR_MS);
    assert_stands(*state, 1, 0);
}

static void the_day_is_full_at_its_limit(void **state)
{
    static const char *const repos[] = { "a", "b", "c", "d", "e", "f" };

    for (int i = 0; i < 6; i++) {
        fails(*state, repos[i], "low", NOON_MS + i * HOUR_MS);
        rejected(*state, repos[i], NOON_MS + i * HOUR_MS + 1);
        is_well(*state, repos[i], NOON_MS + i * HOUR_MS + 2);
    }
    fails(*state, "g", "low", NOON_MS + 10 * HOUR_MS);
    assert_stands(*state, 0, 1);
    fold(*state, NOON_MS + DAY_MS - 1);
    assert_stands(*state, 0, 1);
    fold(*state, NOON_MS + DAY_MS);
    assert_stands(*state, 1, 0);
}

/* A delivery that comes late is folded as of its receipt; where time had made a place before it, the queue had its turn then. */
static void time_that_passed_unseen_is_judged_as_if_it_had_been_seen(void **state)
{
    struct story *story = *state;

    fails(story, "a", "low", NOON_MS);
    fails(story, "b", "low", NOON_MS + 1);
    fails(story, "c", "low", NOON_MS + 2);
    fails(story, "d", "high", NOON_MS + 4 * HOUR_MS + 1); /* both have expired by then */
    assert_stands(story, 2, 0);
    assert_int_equal(proposal_about(story, "c").created_ms, NOON_MS + 4 * HOUR_MS);
}

/* --- critical --- */

static void critical_ones_borrow_and_say_so(void **state)
{
    fails(*state, "a", "critical", NOON_MS);
    fails(*state, "b", "low", NOON_MS + 1);
    fails(*state, "c", "critical", NOON_MS + 2);
    assert_stands(*state, 3, 0);
    assert_false(proposal_about(*state, "a").is_borrowed);
    assert_false(proposal_about(*state, "b").is_borrowed);
    assert_true(proposal_about(*state, "c").is_borrowed);
    fails(*state, "d", "critical", NOON_MS + 3);
    assert_stands(*state, 3, 1);
    assert_true(slice_eq(signal_of(*state, "d").hold.detail, SLICE("3 of 3 open")));
}

static void what_was_borrowed_is_paid_back_before_others_ask(void **state)
{
    fails(*state, "a", "low", NOON_MS);
    fails(*state, "b", "low", NOON_MS + 1);
    fails(*state, "low", "low", NOON_MS + 2);
    fails(*state, "c", "critical", NOON_MS + 3);
    rejected(*state, "a", NOON_MS + 4);
    assert_stands(*state, 2, 1);
    assert_int_equal(held(*state, "low"), HOLD_BUDGET);
    rejected(*state, "b", NOON_MS + 5);
    assert_stands(*state, 2, 0);
}

static void a_critical_one_passes_those_that_wait(void **state)
{
    fails(*state, "a", "low", NOON_MS);
    fails(*state, "b", "low", NOON_MS + 1);
    fails(*state, "high", "high", NOON_MS + 2);
    fails(*state, "c", "critical", NOON_MS + 3);
    assert_int_equal(held(*state, "high"), HOLD_BUDGET);
    assert_int_equal(held(*state, "c"), HOLD_NONE);
}

/* --- leaving the queue --- */

static void what_resolves_leaves_the_queue_and_is_told_of(void **state)
{
    fails(*state, "a", "low", NOON_MS);
    fails(*state, "b", "low", NOON_MS + 1);
    fails(*state, "c", "low", NOON_MS + 2);
    fails(*state, "d", "low", NOON_MS + 3);
    assert_int_equal(remembered(*state).since_ms, NOON_MS + 2);
    is_well(*state, "c", NOON_MS + 4);
    assert_stands(*state, 2, 1);
    assert_int_equal(remembered(*state).n_gone, 1);
    rejected(*state, "a", NOON_MS + 5);
    assert_int_equal(held(*state, "d"), HOLD_NONE);
    assert_int_equal(remembered(*state).n_gone, 1); /* that one had its turn */
}

static void what_is_silenced_while_it_queues_keeps_nobody_from_their_turn(void **state)
{
    struct silence_clause clause = { SLICE("repo"), SLICE("c") };
    struct silence silence = { .where = { &clause, 1 },
                               .reason = SLICE("moved"),
                               .by = SLICE("jane"),
                               .until_ms = NOON_MS + DAY_MS };
    struct story *story = *state;

    fails(story, "a", "low", NOON_MS);
    fails(story, "b", "low", NOON_MS + 1);
    fails(story, "c", "high", NOON_MS + 2);
    fails(story, "d", "low", NOON_MS + 3);
    assert_int_equal(engine_add_silence(story->engine, &silence, NOON_MS + 4), RC_OK);
    rejected(story, "a", NOON_MS + 5);
    assert_int_equal(held(story, "c"), HOLD_SILENCE);
    assert_int_equal(held(story, "d"), HOLD_NONE);
    assert_stands(story, 2, 0);
    assert_int_equal(remembered(story).n_gone, 0);
}

static void a_row_without_its_signal_keeps_nobody_from_their_turn(void **state)
{
    const struct hold hold = { .reason = HOLD_BUDGET, .severity = SEVERITY_CRITICAL };
    struct story *story = *state;
    struct store_txn *txn = NULL;

    fails(story, "a", "low", NOON_MS);
    fails(story, "b", "low", NOON_MS + 1);
    fails(story, "c", "low", NOON_MS + 2);
    assert_int_equal(store_begin(story->store, &txn), RC_OK);
    assert_int_equal(held_put(txn, (struct ulid){ { 7 } }, &hold), RC_OK);
    assert_int_equal(store_commit(&txn), RC_OK);
    story->engine->counts.held[HOLD_BUDGET]++;
    story->engine->counts.queued[SEVERITY_CRITICAL]++;
    rejected(story, "a", NOON_MS + 3);
    assert_int_equal(held(story, "c"), HOLD_NONE);
    assert_stands(story, 2, 0);
}

static void a_rule_that_goes_takes_what_queues_with_it(void **state)
{
    fails(*state, "a", "low", NOON_MS);
    fails(*state, "b", "low", NOON_MS + 1);
    fails(*state, "c", "low", NOON_MS + 2);
    swap_rules(*state, "rules: [{id: other, on: ci.run, key: [repo]}]\n", NOON_MS + 3);
    fold(*state, NOON_MS + 3);
    assert_stands(*state, 0, 0);
}

/* --- what needs no place --- */

static void what_recurs_goes_on_without_a_place(void **state)
{
    struct story *story = *state;

    swap_rules(story, RULE(", verify: {ok: 1h}"), NOON_MS);
    fails(story, "a", "low", NOON_MS);
    decided(story, "a", VERDICT_APPROVE, NOON_MS + 1);
    assert_int_equal(ends(story, EFFECT_DONE, NOON_MS + 2), OUTBOX_STEP);
    fails(story, "b", "low", NOON_MS + 3);
    fails(story, "c", "low", NOON_MS + 4);
    fails(story, "d", "low", NOON_MS + 5);
    assert_stands(story, 2, 1);
    fails(story, "a", "low", NOON_MS + MINUTE_MS);
    assert_stands(story, 3, 1);
    assert_int_equal(remembered(story).n_opened, 3); /* nor is it one more of the hour */
}

/* --- groups --- */

static void fails_in(struct story *story, const char *repo, const char *service, int64_t at_ms)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(json, sizeof json,
             "{\"kind\":\"ci.run\",\"repo\":\"%s\",\"service\":\"%s\",\"state\":\"failing\","
             "\"text\":\"low\",\"time\":\"%s\"}",
             repo, service, time_format(at_ms, time));
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json);
    fold(story, at_ms);
}

static void a_group_has_one_place_and_queues_as_one(void **state)
{
    struct story *story = *state;

    swap_rules(story, RULE(", group: {by: [service], wait: 30s}"), NOON_MS);
    fails_in(story, "a", "shop", NOON_MS);
    fails_in(story, "b", "shop", NOON_MS + 1);
    fails_in(story, "c", "mail", NOON_MS + 2);
    fails_in(story, "d", "web", NOON_MS + 3);
    fails_in(story, "e", "web", NOON_MS + 4);
    fold(story, NOON_MS + MINUTE_MS);
    assert_stands(story, 2, 1); /* shop and mail; of web the one that leads */
    rejected(story, "c", NOON_MS + 2 * MINUTE_MS);
    assert_stands(story, 2, 0);
    assert_int_equal(proposal_about(story, "d").signals.n_items, 2);
    assert_int_equal(remembered(story).n_opened, 3);
}

/* --- other limits --- */

static void raised_limits_let_in_as_many_as_there_are_places(void **state)
{
    static const char *const repos[] = { "a", "b", "c", "d", "e" };

    for (int i = 0; i < 5; i++)
        fails(*state, repos[i], "low", NOON_MS + i);
    assert_stands(*state, 2, 3);
    configured_anew(*state, CONFIG "budget: {open: 4, per_hour: 9, per_day: 9}\n", NOON_MS + 9);
    assert_stands(*state, 4, 1);
}

static void lowered_limits_close_nothing_and_let_nobody_in(void **state)
{
    fails(*state, "a", "low", NOON_MS);
    fails(*state, "b", "low", NOON_MS + 1);
    configured_anew(*state, CONFIG "budget: {open: 1}\n", NOON_MS + 2);
    fails(*state, "c", "low", NOON_MS + 3);
    assert_stands(*state, 2, 1);
    rejected(*state, "a", NOON_MS + 4);
    assert_stands(*state, 1, 1);
    rejected(*state, "b", NOON_MS + 5);
    assert_stands(*state, 1, 0);
}

static void what_was_opened_without_a_budget_counts_when_there_is_one(void **state)
{
    static const char *const repos[] = { "a", "b", "c", "d" };

    configured_anew(*state, CONFIG "budget: none\n", NOON_MS);
    for (int i = 0; i < 4; i++) {
        fails(*state, repos[i], "low", NOON_MS + i);
        rejected(*state, repos[i], NOON_MS + i);
    }
    configured_anew(*state, CONFIG BUDGET, NOON_MS + 10);
    fails(*state, "e", "low", NOON_MS + 11);
    assert_stands(*state, 0, 1);
}

static void without_a_budget_the_whole_queue_asks(void **state)
{
    static const char *const repos[] = { "a", "b", "c", "d", "e" };

    for (int i = 0; i < 5; i++)
        fails(*state, repos[i], "low", NOON_MS + i);
    configured_anew(*state, CONFIG "budget: none\n", NOON_MS + 9);
    assert_stands(*state, 5, 0);
}

/* --- restarts --- */

static void a_restart_changes_nothing(void **state)
{
    fails(*state, "a", "low", NOON_MS);
    fails(*state, "b", "low", NOON_MS + 1);
    fails(*state, "c", "low", NOON_MS + 2);
    fails(*state, "d", "high", NOON_MS + 3);
    decided(*state, "b", VERDICT_SNOOZE, NOON_MS + 4); /* the high one has its place */
    started_again(*state, NOON_MS + 5);
    assert_stands(*state, 3, 1);
    rejected(*state, "a", NOON_MS + 6);
    assert_stands(*state, 3, 0);
    fails(*state, "e", "low", NOON_MS + 7);
    rejected(*state, "c", NOON_MS + 8);
    assert_stands(*state, 2, 1); /* four in the hour: as before the restart */
    started_again(*state, NOON_MS + HOUR_MS);
    assert_stands(*state, 3, 0);
}

/* --- explained --- */

static void the_gate_is_explained_with_its_numbers(void **state)
{
    struct story *story = *state;
    struct gate_verdict verdicts[HOLD_REASONS];
    struct store_txn *txn = NULL;
    struct signal signal;
    size_t n_verdicts = 0;

    fails(story, "x", "low", NOON_MS - 3 * MINUTE_MS);
    rejected(story, "x", NOON_MS - 2 * MINUTE_MS);
    fails(story, "y", "low", NOON_MS - 2 * MINUTE_MS);
    rejected(story, "y", NOON_MS - MINUTE_MS);
    fails(story, "a", "low", NOON_MS);
    fails(story, "b", "low", NOON_MS + 1);
    fails(story, "c", "low", NOON_MS + 2);
    signal = signal_of(story, "c");
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(engine_judge_gates(story->engine, txn, &signal, NOON_MS + 3, story->arena,
                                        verdicts, &n_verdicts),
                     RC_OK);
    store_abort(&txn);
    assert_int_equal(verdicts[n_verdicts - 1].gate, HOLD_BUDGET); /* the last that is asked */
    assert_true(slice_eq(verdicts[n_verdicts - 1].hold.detail,
                         SLICE("2 of 2 open; 4 of 4 in the last hour, the next at 12:57:00 UTC")));
    assert_int_equal(verdicts[n_verdicts - 1].hold.until_ms, 0);
}

/* --- the storm --- */

#define STORM_KEYS 200
#define STORM_EVENTS 10000
#define STORM_MS (10 * MINUTE_MS)

/* What is open and may be decided: the newest. */
static struct proposal an_open_one(struct story *story)
{
    struct proposal proposal = newest(story);

    assert_int_equal(proposal.state, PROPOSAL_OPEN);
    return proposal;
}

/* Every minute somebody rejects one, as long as the hour has places. */
static void a_person_decides(struct story *story, int64_t at_ms)
{
    const struct decision decision = { .verdict = VERDICT_REJECT, .reason = SLICE("known") };

    assert_int_equal(decides(story, an_open_one(story), decision, at_ms), DECISION_TAKEN);
    fold(story, at_ms);
}

static void p08_a_storm_of_200_keys_asks_no_more_than_the_budget_and_counts_every_match(
    void **state)
{
    struct story *story = *state;
    char repo[8];

    configured_anew(story, CONFIG "budget: {}\n", NOON_MS); /* 5 open, 6 an hour, 20 a day */
    for (int64_t i = 0; i < STORM_EVENTS; i++) {
        int64_t at_ms = NOON_MS + i * STORM_MS / STORM_EVENTS;

        snprintf(repo, sizeof repo, "r%d", (int)(i * 7 % STORM_KEYS));
        fails(story, repo, "high", at_ms);
        if (i == STORM_EVENTS / 4)
            a_person_decides(story, at_ms);
        if (i == STORM_EVENTS / 2)
            started_again(story, at_ms);
        assert_true(n_open(story) <= 5);
        assert_int_equal(remembered(story).n_opened, i < 4 ? i + 1 : i < STORM_EVENTS / 4 ? 5 : 6);
    }
    assert_stands(story, 5, STORM_KEYS - 6); /* the one that was rejected cools down */
    assert_int_equal(looked_for(story, NULL).sum, STORM_EVENTS);
    assert_int_equal(n_proposals(story), 6);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, finish)
    const struct CMUnitTest tests[] = {
        STORY(as_many_wait_as_the_budget_says_and_the_next_one_queues),
        STORY(what_queues_is_counted_on),
        STORY(a_place_that_is_free_is_taken_by_one),
        STORY(the_most_severe_goes_first_then_who_came_first),
        STORY(nobody_takes_the_place_of_who_waits_already),
        STORY(what_expires_or_is_withdrawn_makes_a_place),
        STORY(what_is_approved_no_longer_waits),
        STORY(what_is_snoozed_does_not_wait_and_wakes_without_a_place),
        STORY(a_task_that_runs_has_its_place),
        STORY(the_hour_is_full_at_its_limit_and_frees_its_first_place_exactly_an_hour_later),
        STORY(the_day_is_full_at_its_limit),
        STORY(time_that_passed_unseen_is_judged_as_if_it_had_been_seen),
        STORY(critical_ones_borrow_and_say_so),
        STORY(what_was_borrowed_is_paid_back_before_others_ask),
        STORY(a_critical_one_passes_those_that_wait),
        STORY(what_resolves_leaves_the_queue_and_is_told_of),
        STORY(what_is_silenced_while_it_queues_keeps_nobody_from_their_turn),
        STORY(a_row_without_its_signal_keeps_nobody_from_their_turn),
        STORY(a_rule_that_goes_takes_what_queues_with_it),
        STORY(what_recurs_goes_on_without_a_place),
        STORY(a_group_has_one_place_and_queues_as_one),
        STORY(raised_limits_let_in_as_many_as_there_are_places),
        STORY(lowered_limits_close_nothing_and_let_nobody_in),
        STORY(what_was_opened_without_a_budget_counts_when_there_is_one),
        STORY(without_a_budget_the_whole_queue_asks),
        STORY(a_restart_changes_nothing),
        STORY(the_gate_is_explained_with_its_numbers),
        STORY(p08_a_storm_of_200_keys_asks_no_more_than_the_budget_and_counts_every_match),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
