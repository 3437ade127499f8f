/* Silences in the engine: what they hold, what they leave alone, and who asks once they are over. */
#include "src/engine/engine_private.h"

#include "src/base/digest.h"
#include "src/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define NOON_MS ((int64_t)1795262400000) /* 2026-11-21 12:00 UTC */
#define END_MS (NOON_MS + HOUR_MS)

/* clang-format off */
#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "retention: {events: 1d}\n"                                                                    \
    "budget: none\n"                                                                              \
    "actions:\n"                                                                                   \
    "  act: {run: [/bin/true], effect: external, timeout: 10s}\n"                                  \
    "  look: {run: [/bin/true], effect: none, timeout: 10s}\n"                                     \
    "people: {jane: {user: jane}}\n"                                                               \
    "approvers: {from: [jane], need: 1}\n"
#define RULES                                                                                      \
    "rules:\n"                                                                                     \
    "  - {id: ci-red, on: ci.run, where: {state: failing}, key: [repo], propose: {plan: [{do: act}], cooldown: 0s}, verify: {quiet: 30m}}\n" \
    "  - {id: ci-looked-at, on: ci.look, where: {state: failing}, key: [repo], diagnose: {evidence: [{do: look}]}, propose: {plan: [{do: act}]}}\n" \
    "  - {id: ci-calm, on: ci.calm, where: {state: failing}, key: [repo], propose: {plan: [{do: act}], cooldown: 2h}}\n" \
    "  - {id: ci-seen, on: ci.seen, where: {state: failing}, key: [repo], mode: observe}\n"
/* clang-format on */

struct story {
    char config_path[64];
    struct config *config;
    struct store *store;
    struct engine *engine;
    struct arena *arena;
    struct outbox_item effect; /* the newest that was asked for; its numbers alone */
};

static void keep_effect(void *context, const struct outbox_item *item)
{
    ((struct story *)context)->effect = (struct outbox_item){ .id = item->id,
                                                              .channel = item->channel,
                                                              .object = item->object,
                                                              .part = item->part,
                                                              .revision = item->revision };
}

static void start_engine(struct story *story)
{
    struct rule_file file = { .name = SLICE("rules.yaml"), .text = SLICE(RULES) };
    const struct rule_files files = { &file, 1 };
    struct engine_options options = { .store = story->store,
                                      .config = story->config,
                                      .listener = { .context = story, .on_effect = keep_effect } };
    struct problems *problems;

    assert_int_equal(problems_new(&problems), RC_OK);
    if (ruleset_parse(&files, problems, &options.ruleset))
        fail_msg("%.*s", SLICE_ARG(problems_at(problems, 0)->text));
    problems_free(problems);
    assert_int_equal(engine_new(&options, &story->engine), RC_OK);
}

static int begin(void **state)
{
    struct config_options options = { 0 };
    struct story *story = calloc(1, sizeof *story);
    struct problems *problems;

    assert_non_null(story);
    *state = story;
    snprintf(story->config_path, sizeof story->config_path, "/tmp/test_engine_silences_%ld.yaml",
             (long)getpid());
    assert_int_equal(file_write(story->config_path, SLICE(CONFIG), 0600), RC_OK);
    options.path = story->config_path;
    assert_int_equal(digest_init(), RC_OK);
    assert_int_equal(problems_new(&problems), RC_OK);
    if (config_load(&options, problems, &story->config))
        fail_msg("%.*s", SLICE_ARG(problems_at(problems, 0)->text));
    problems_free(problems);
    assert_int_equal(arena_new((size_t)64 << 20, &story->arena), RC_OK);
    assert_int_equal(store_open_memory(&story->store), RC_OK);
    start_engine(story);
    return 0;
}

static int end(void **state)
{
    struct story *story = *state;

    engine_free(story->engine);
    store_close(story->store);
    config_free(story->config);
    arena_free(story->arena);
    unlink(story->config_path);
    free(story);
    return 0;
}

/* --- what happens --- */

static void time_is(struct story *story, int64_t now_ms)
{
    bool more = true;

    for (int i = 0; i < 100 && more; i++)
        assert_int_equal(engine_fold(story->engine, now_ms, 256, 1000, &more), RC_OK);
    assert_false(more);
}

static void accept(struct story *story, const char *kind, const char *repo, const char *run_state,
                   int64_t at_ms)
{
    char time[TIME_TEXT_BYTES], json[256];
    struct journal_entry entry = { .door = DOOR_DATA,
                                   .watcher = SLICE("w"),
                                   .type = SLICE(ENGINE_RECORDED_EVENT),
                                   .received_ms = at_ms };
    struct engine_accept_item item = { .entry = &entry };

    snprintf(json, sizeof json,
             "{\"kind\":\"%s\",\"repo\":\"%s\",\"service\":\"shop\",\"state\":\"%s\",\"time\":"
             "\"%s\"}",
             kind, repo, run_state, time_format(at_ms, time));
    entry.body = slice_of(json);
    assert_int_equal(engine_accept(story->engine, &item, 1), RC_OK);
}

static void fails_at(struct story *story, int64_t at_ms)
{
    accept(story, "ci.run", "a/b", "failing", at_ms);
    time_is(story, at_ms);
}

static void is_ok_at(struct story *story, int64_t at_ms)
{
    accept(story, "ci.run", "a/b", "ok", at_ms);
    time_is(story, at_ms);
}

static struct silence silencing(struct silence_clause *clause, int64_t until_ms)
{
    return (struct silence){ .where = { clause, 1 },
                             .reason = SLICE("the database is moved"),
                             .by = SLICE("jane"),
                             .via = SLICE("socket"),
                             .until_ms = until_ms };
}

static struct ulid silenced(struct story *story, const char *field, const char *value,
                            int64_t at_ms, int64_t until_ms)
{
    struct silence_clause clause = { slice_of(field), slice_of(value) };
    struct silence silence = silencing(&clause, until_ms);

    assert_int_equal(engine_add_silence(story->engine, &silence, at_ms), RC_OK);
    return silence.id;
}

static void unsilenced(struct story *story, struct ulid id, int64_t at_ms)
{
    assert_int_equal(
        engine_remove_silence(story->engine, id, SLICE("jane"), SLICE("socket"), at_ms), RC_OK);
    time_is(story, at_ms);
}

static void effect_is_done_at(struct story *story, int64_t at_ms)
{
    const struct effect_result result = { .item = story->effect.id,
                                          .channel = story->effect.channel,
                                          .object = story->effect.object,
                                          .part = story->effect.part,
                                          .revision = story->effect.revision,
                                          .state = EFFECT_DONE };

    assert_int_equal(engine_result(story->engine, &result, at_ms), RC_OK);
}

/* --- what is there --- */

static uint64_t n_rows(struct story *story, enum store_table table)
{
    struct store_txn *txn = NULL;
    uint64_t n = 0;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(store_count(txn, table, &n), RC_OK);
    store_abort(&txn);
    return n;
}

static void assert_asked(struct story *story, uint64_t n_proposals)
{
    assert_int_equal(n_rows(story, TABLE_PROPOSALS), n_proposals);
}

static bool take_newest(void *context, struct ulid id, const void *object)
{
    (void)object;
    *(struct ulid *)context = id;
    return false;
}

static struct proposal newest(struct story *story)
{
    struct proposal proposal = { 0 };
    struct store_txn *txn = NULL;
    struct ulid id = { 0 };

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(object_each_newest(txn, TABLE_PROPOSALS, &proposal_shape, (struct ulid){ 0 },
                                        1, story->arena, &proposal, take_newest, &id),
                     RC_OK);
    assert_int_equal(proposal_get(txn, id, story->arena, &proposal), RC_OK);
    store_abort(&txn);
    return proposal;
}

static struct silence silence_of(struct story *story, struct ulid id)
{
    struct silence silence = { 0 };
    struct store_txn *txn = NULL;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(silence_get(txn, id, story->arena, &silence), RC_OK);
    store_abort(&txn);
    return silence;
}

static void decided_at(struct story *story, enum verdict verdict, int64_t at_ms)
{
    const struct proposal proposal = newest(story);
    struct engine_decision asked = { .proposal = proposal.short_id,
                                     .decision = { .verdict = verdict,
                                                   .by = SLICE("jane"),
                                                   .via = SLICE("socket"),
                                                   .plan_digest = proposal.plan_digest,
                                                   .reason = SLICE("known"),
                                                   .revision = proposal.revision },
                                     .real_ms = at_ms,
                                     .arena = story->arena };

    assert_int_equal(engine_decide(story->engine, &asked, at_ms), RC_OK);
    assert_int_equal(asked.answer.outcome, DECISION_TAKEN);
}

/* Fired at noon, approved and done: it is verified by half an hour of quiet from noon + 2 ms on. */
#define VERIFY_BEGINS_MS (NOON_MS + 2)
#define VERIFY_ENDS_MS (VERIFY_BEGINS_MS + 30 * MINUTE_MS)
static void is_verifying(struct story *story)
{
    fails_at(story, NOON_MS);
    decided_at(story, VERDICT_APPROVE, NOON_MS + 1);
    effect_is_done_at(story, VERIFY_BEGINS_MS);
    assert_int_equal(newest(story).state, PROPOSAL_VERIFYING);
}

/* --- what is held --- */

static void a_silenced_signal_opens_neither_task_nor_proposal(void **state)
{
    silenced(*state, "rule", "ci-*", NOON_MS, END_MS);
    fails_at(*state, NOON_MS + 1);
    fails_at(*state, END_MS - 1);
    assert_asked(*state, 0);
    assert_int_equal(n_rows(*state, TABLE_TASKS), 0);
    assert_int_equal(n_rows(*state, TABLE_SIGNALS), 1); /* folded all the same */
}

static void what_the_silence_does_not_match_asks_as_ever(void **state)
{
    silenced(*state, "rule", "db-*", NOON_MS, END_MS);
    silenced(*state, "service", "web", NOON_MS, END_MS);
    silenced(*state, "signal.key[0]", "a/c", NOON_MS, END_MS);
    fails_at(*state, NOON_MS + 1);
    assert_asked(*state, 1);
}

static void a_silence_of_a_field_of_the_event_holds(void **state)
{
    silenced(*state, "service", "shop", NOON_MS, END_MS);
    fails_at(*state, NOON_MS + 1);
    assert_asked(*state, 0);
}

static void what_still_fires_asks_at_the_very_end(void **state)
{
    struct ulid id = silenced(*state, "rule", "ci-*", NOON_MS, END_MS);

    fails_at(*state, NOON_MS + 1);
    time_is(*state, END_MS - 1);
    assert_asked(*state, 0);
    assert_int_equal(silence_of(*state, id).state, SILENCE_ACTIVE);
    time_is(*state, END_MS);
    assert_asked(*state, 1);
    assert_int_equal(newest(*state).created_ms, END_MS);
    assert_int_equal(silence_of(*state, id).state, SILENCE_OVER);
    assert_int_equal(silence_of(*state, id).ended_ms, END_MS);
    assert_true(slice_eq(silence_of(*state, id).ended_by, SLICE("time")));
    time_is(*state, END_MS + HOUR_MS);
    assert_asked(*state, 1);
}

static void what_resolved_meanwhile_asks_for_nothing(void **state)
{
    silenced(*state, "rule", "ci-*", NOON_MS, END_MS);
    fails_at(*state, NOON_MS + 1);
    is_ok_at(*state, NOON_MS + 2);
    time_is(*state, END_MS);
    assert_asked(*state, 0);
}

static void what_first_fires_after_the_end_asks_at_once(void **state)
{
    silenced(*state, "rule", "ci-*", NOON_MS, END_MS);
    fails_at(*state, END_MS);
    assert_asked(*state, 1);
}

static bool is_of_the_silence(void *context, struct ulid id, const void *object)
{
    (void)id;
    *(bool *)context |= ((const struct proposal *)object)->created_ms == END_MS - 1;
    return true;
}

/* Somebody silences something else, and decides, when the silence is over: what came before that is folded after it. */
static void what_came_under_a_silence_is_held_by_it_however_late_it_is_folded(void **state)
{
    struct story *story = *state;
    struct proposal proposal = { 0 };
    struct store_txn *txn = NULL;
    bool asked_early = false;

    silenced(story, "signal.key[0]", "a/c", NOON_MS, END_MS);
    fails_at(story, NOON_MS + 1);
    accept(story, "ci.run", "a/c", "failing", END_MS - 1);
    silenced(story, "rule", "other", END_MS + 1, END_MS + HOUR_MS);
    decided_at(story, VERDICT_REJECT, END_MS + 1);
    time_is(story, END_MS + 1);
    assert_asked(story, 2);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(object_each_newest(txn, TABLE_PROPOSALS, &proposal_shape, (struct ulid){ 0 },
                                        SIZE_MAX, story->arena, &proposal, is_of_the_silence,
                                        &asked_early),
                     RC_OK);
    store_abort(&txn);
    assert_false(asked_early);
}

static void a_silence_that_is_removed_lets_ask_at_once(void **state)
{
    struct ulid id = silenced(*state, "rule", "ci-*", NOON_MS, END_MS);

    fails_at(*state, NOON_MS + 1);
    unsilenced(*state, id, NOON_MS + MINUTE_MS);
    assert_asked(*state, 1);
    assert_int_equal(silence_of(*state, id).ended_ms, NOON_MS + MINUTE_MS);
    assert_true(slice_eq(silence_of(*state, id).ended_by, SLICE("jane")));
    time_is(*state, END_MS);
    assert_asked(*state, 1);
}

static void of_two_silences_the_last_to_end_lets_ask(void **state)
{
    silenced(*state, "rule", "ci-*", NOON_MS, END_MS);
    silenced(*state, "service", "shop", NOON_MS, END_MS + MINUTE_MS);
    fails_at(*state, NOON_MS + 1);
    time_is(*state, END_MS);
    assert_asked(*state, 0);
    time_is(*state, END_MS + MINUTE_MS);
    assert_asked(*state, 1);
}

static void one_that_is_removed_leaves_what_another_holds(void **state)
{
    struct ulid first = silenced(*state, "rule", "ci-*", NOON_MS, END_MS);
    struct ulid second = silenced(*state, "service", "shop", NOON_MS, END_MS);

    fails_at(*state, NOON_MS + 1);
    unsilenced(*state, first, NOON_MS + 2);
    assert_asked(*state, 0);
    unsilenced(*state, second, NOON_MS + 3);
    assert_asked(*state, 1);
}

static void a_rule_that_only_observes_asks_for_nothing_at_the_end_either(void **state)
{
    silenced(*state, "rule", "ci-*", NOON_MS, END_MS);
    accept(*state, "ci.seen", "a/b", "failing", NOON_MS + 1);
    time_is(*state, END_MS);
    assert_asked(*state, 0);
    assert_int_equal(n_rows(*state, TABLE_TASKS), 0);
}

static void what_cools_down_at_the_end_asks_when_it_is_cool(void **state)
{
    accept(*state, "ci.calm", "a/b", "failing", NOON_MS);
    time_is(*state, NOON_MS);
    decided_at(*state, VERDICT_REJECT, NOON_MS); /* cools down for two hours */
    silenced(*state, "rule", "ci-*", NOON_MS, END_MS);
    time_is(*state, END_MS);
    assert_asked(*state, 1);
    time_is(*state, NOON_MS + 2 * HOUR_MS);
    assert_asked(*state, 2);
}

static void what_is_cool_while_it_is_silenced_asks_at_the_end(void **state)
{
    accept(*state, "ci.calm", "a/b", "failing", NOON_MS);
    time_is(*state, NOON_MS);
    decided_at(*state, VERDICT_REJECT, NOON_MS);
    silenced(*state, "rule", "ci-*", NOON_MS, NOON_MS + 3 * HOUR_MS);
    time_is(*state, NOON_MS + 2 * HOUR_MS);
    assert_asked(*state, 1);
    time_is(*state, NOON_MS + 3 * HOUR_MS);
    assert_asked(*state, 2);
}

/* --- what is left alone --- */

static void a_proposal_that_is_there_stays_open_and_is_withdrawn_by_a_resolve(void **state)
{
    fails_at(*state, NOON_MS);
    silenced(*state, "rule", "ci-*", NOON_MS + 1, END_MS);
    fails_at(*state, NOON_MS + 2);
    assert_asked(*state, 1);
    assert_int_equal(newest(*state).state, PROPOSAL_OPEN);
    is_ok_at(*state, NOON_MS + 3);
    assert_int_equal(newest(*state).state, PROPOSAL_WITHDRAWN);
}

static void a_proposal_that_is_there_is_decided_and_carried_out(void **state)
{
    fails_at(*state, NOON_MS);
    silenced(*state, "rule", "ci-*", NOON_MS, END_MS);
    decided_at(*state, VERDICT_APPROVE, NOON_MS + 1);
    effect_is_done_at(*state, NOON_MS + 2);
    assert_int_equal(newest(*state).state, PROPOSAL_VERIFYING);
}

static void a_task_that_ends_while_it_is_silenced_proposes_nothing(void **state)
{
    struct story *story = *state;

    accept(story, "ci.look", "a/b", "failing", NOON_MS);
    time_is(story, NOON_MS);
    silenced(story, "rule", "ci-*", NOON_MS + 1, END_MS);
    effect_is_done_at(story, NOON_MS + 2);
    assert_asked(story, 0);
    time_is(story, END_MS);
    assert_int_equal(n_rows(story, TABLE_TASKS),
                     2); /* what was known an hour ago is looked at anew */
    effect_is_done_at(story, END_MS + 1);
    assert_asked(story, 1);
}

/* --- did it help --- */

static void quiet_under_a_silence_is_inconclusive(void **state)
{
    is_verifying(*state);
    silenced(*state, "rule", "ci-*", NOON_MS + MINUTE_MS, END_MS);
    time_is(*state, VERIFY_ENDS_MS);
    assert_int_equal(newest(*state).state, PROPOSAL_INCONCLUSIVE);
}

static void quiet_under_a_silence_that_was_over_before_the_end_is_inconclusive(void **state)
{
    struct ulid id;

    is_verifying(*state);
    id = silenced(*state, "rule", "ci-*", NOON_MS + MINUTE_MS, END_MS);
    unsilenced(*state, id, NOON_MS + 2 * MINUTE_MS);
    time_is(*state, VERIFY_ENDS_MS);
    assert_int_equal(newest(*state).state, PROPOSAL_INCONCLUSIVE);
}

static void quiet_beside_a_silence_of_something_else_is_verified(void **state)
{
    is_verifying(*state);
    silenced(*state, "rule", "db-*", NOON_MS + MINUTE_MS, END_MS);
    time_is(*state, VERIFY_ENDS_MS);
    assert_int_equal(newest(*state).state, PROPOSAL_VERIFIED);
}

static void a_silence_that_ended_as_the_window_began_says_nothing_of_it(void **state)
{
    struct ulid id;

    fails_at(*state, NOON_MS);
    id = silenced(*state, "rule", "ci-*", NOON_MS, END_MS);
    decided_at(*state, VERDICT_APPROVE, NOON_MS + 1);
    unsilenced(*state, id, VERIFY_BEGINS_MS);
    effect_is_done_at(*state, VERIFY_BEGINS_MS);
    time_is(*state, VERIFY_ENDS_MS);
    assert_int_equal(newest(*state).state, PROPOSAL_VERIFIED);
}

static void a_silence_that_ended_within_the_window_does(void **state)
{
    struct ulid id;

    fails_at(*state, NOON_MS);
    id = silenced(*state, "rule", "ci-*", NOON_MS, END_MS);
    decided_at(*state, VERDICT_APPROVE, NOON_MS + 1);
    effect_is_done_at(*state, VERIFY_BEGINS_MS);
    unsilenced(*state, id, VERIFY_BEGINS_MS + 1);
    time_is(*state, VERIFY_ENDS_MS);
    assert_int_equal(newest(*state).state, PROPOSAL_INCONCLUSIVE);
}

static void a_silence_made_as_the_window_ends_says_nothing_of_it(void **state)
{
    is_verifying(*state);
    silenced(*state, "rule", "ci-*", VERIFY_ENDS_MS, VERIFY_ENDS_MS + HOUR_MS);
    time_is(*state, VERIFY_ENDS_MS);
    assert_int_equal(newest(*state).state, PROPOSAL_VERIFIED);
}

static void what_recurs_under_a_silence_recurred_and_asks_at_its_end(void **state)
{
    is_verifying(*state);
    silenced(*state, "rule", "ci-*", NOON_MS + MINUTE_MS, END_MS);
    fails_at(*state, NOON_MS + 2 * MINUTE_MS);
    assert_int_equal(newest(*state).state, PROPOSAL_RECURRED);
    assert_asked(*state, 1);
    time_is(*state, END_MS);
    assert_asked(*state, 2);
}

/* --- many --- */

#define N_MANY 1200

static void what_a_silence_held_asks_in_several_commits(void **state)
{
    struct story *story = *state;
    bool more = true;
    uint64_t n_before = 0;

    silenced(story, "rule", "ci-*", NOON_MS, END_MS);
    for (int i = 0; i < N_MANY; i++) {
        char repo[16];

        snprintf(repo, sizeof repo, "a/%d", i);
        accept(story, "ci.run", repo, "failing", NOON_MS + 1);
    }
    time_is(story, NOON_MS + 1);
    assert_int_equal(n_rows(story, TABLE_SIGNALS), N_MANY);
    assert_asked(story, 0);
    while (more) {
        uint64_t n_now;

        assert_int_equal(engine_fold(story->engine, END_MS, 256, 1000, &more), RC_OK);
        n_now = n_rows(story, TABLE_PROPOSALS);
        assert_true(n_now - n_before <= FOLD_TIMERS_A_TURN);
        n_before = n_now;
    }
    assert_asked(story, N_MANY);
}

static void a_walk_that_a_stop_interrupted_goes_on(void **state)
{
    struct story *story = *state;
    bool more = true;

    silenced(story, "rule", "ci-*", NOON_MS, END_MS);
    for (int i = 0; i < N_MANY; i++) {
        char repo[16];

        snprintf(repo, sizeof repo, "a/%d", i);
        accept(story, "ci.run", repo, "failing", NOON_MS + 1);
    }
    time_is(story, NOON_MS + 1);
    assert_int_equal(engine_fold(story->engine, END_MS, 256, 1000, &more), RC_OK);
    assert_true(more);
    engine_free(story->engine);
    start_engine(story);
    assert_int_equal(engine_recover(story->engine, END_MS + HOUR_MS), RC_OK);
    time_is(story, END_MS + HOUR_MS);
    assert_asked(story, N_MANY);
}

/* One timer is a hundred signals: those that ask for nothing cost no commit more than others. */
static void signals_that_ask_for_nothing_are_passed_over_a_hundred_at_a_time(void **state)
{
    struct story *story = *state;
    struct timer timer = { 0 };
    struct turn turn;
    size_t n_run;

    silenced(story, "rule", "ci-*", NOON_MS, END_MS);
    for (int i = 0; i < 101; i++) {
        char repo[16];

        snprintf(repo, sizeof repo, "a/%d", i);
        accept(story, "ci.seen", repo, "failing", NOON_MS + 1);
    }
    time_is(story, NOON_MS + 1);
    assert_int_equal(turn_begin(story->engine, END_MS, &turn), RC_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(timer_first(turn.txn, &timer), RC_OK);
        assert_true(timer.kind == TIMER_SILENCE_END && timer.due_ms == END_MS);
        assert_int_equal(timers_run(&turn, END_MS, 1, &n_run), RC_OK);
        assert_int_equal(n_run, 1);
    }
    if (!timer_first(turn.txn, &timer))
        assert_true(timer.kind != TIMER_SILENCE_END);
    turn_abort(&turn);
}

/* --- what stays --- */

static void a_silence_holds_after_a_restart_and_ends_in_time(void **state)
{
    struct story *story = *state;

    silenced(story, "rule", "ci-*", NOON_MS, END_MS);
    engine_free(story->engine);
    start_engine(story);
    assert_int_equal(engine_recover(story->engine, NOON_MS + 1), RC_OK);
    fails_at(story, NOON_MS + 2);
    assert_asked(story, 0);
    time_is(story, END_MS);
    assert_asked(story, 1);
}

static void one_that_ended_during_a_stop_lets_ask_after_the_start(void **state)
{
    struct story *story = *state;
    struct ulid id = silenced(story, "rule", "ci-*", NOON_MS, END_MS);

    fails_at(story, NOON_MS + 1);
    engine_free(story->engine);
    start_engine(story);
    assert_int_equal(engine_recover(story->engine, END_MS + HOUR_MS), RC_OK);
    time_is(story, END_MS + HOUR_MS);
    assert_asked(story, 1);
    assert_int_equal(silence_of(story, id).ended_ms, END_MS);
}

static void one_that_could_not_be_stored_holds_nothing(void **state)
{
    struct story *story = *state;
    struct silence_clause clause = { SLICE("rule"), SLICE("ci-*") };
    struct silence silence = silencing(&clause, END_MS);

    silenced(story, "rule", "db-*", NOON_MS, END_MS); /* so that they are known */
    store_fail_commits(story->store, 1, RC_FULL);
    assert_int_equal(engine_add_silence(story->engine, &silence, NOON_MS), RC_FULL);
    fails_at(story, NOON_MS + 1);
    assert_asked(story, 1);
}

static void one_that_could_not_be_removed_still_holds(void **state)
{
    struct story *story = *state;
    struct ulid id = silenced(story, "rule", "ci-*", NOON_MS, END_MS);

    store_fail_commits(story->store, 1, RC_FULL);
    assert_int_equal(
        engine_remove_silence(story->engine, id, SLICE("jane"), SLICE("socket"), NOON_MS + 1),
        RC_FULL);
    fails_at(story, NOON_MS + 2);
    assert_asked(story, 0);
    assert_int_equal(silence_of(story, id).state, SILENCE_ACTIVE);
}

static void an_end_that_could_not_be_stored_comes_with_the_next_try(void **state)
{
    struct story *story = *state;
    bool more;

    silenced(story, "rule", "ci-*", NOON_MS, END_MS);
    fails_at(story, NOON_MS + 1);
    store_fail_commits(story->store, 1, RC_FULL);
    assert_int_equal(engine_fold(story->engine, END_MS, 256, 1000, &more), RC_FULL);
    assert_asked(story, 0);
    time_is(story, END_MS);
    assert_asked(story, 1);
}

static void retention_takes_what_is_over_and_never_what_is_active(void **state)
{
    struct story *story = *state;
    bool more;

    silenced(story, "rule", "ci-*", NOON_MS, END_MS);
    silenced(story, "rule", "db-*", NOON_MS, NOON_MS + 29 * DAY_MS);
    time_is(story, END_MS + DAY_MS);
    assert_int_equal(engine_expire(story->engine, END_MS + DAY_MS, &more), RC_OK);
    assert_int_equal(n_rows(story, TABLE_SILENCES), 2);
    assert_int_equal(engine_expire(story->engine, END_MS + DAY_MS + 1, &more), RC_OK);
    assert_int_equal(n_rows(story, TABLE_SILENCES), 1);
    assert_int_equal(n_rows(story, TABLE_SILENCE_ENDS), 1);
}

/* --- what is told --- */

static bool note_what(void *context, const struct audit_entry *entry)
{
    struct buffer *text = context;

    buffer_add(text, entry->what);
    buffer_add_text(text, " ");
    buffer_add(text, entry->who);
    buffer_add_text(text, ", ");
    return true;
}

static void what_was_done_stands_in_the_trail(void **state)
{
    struct story *story = *state;
    struct store_txn *txn = NULL;
    struct buffer text;

    unsilenced(story, silenced(story, "rule", "ci-*", NOON_MS, END_MS), NOON_MS + 1);
    silenced(story, "rule", "db-*", NOON_MS + 2, END_MS);
    time_is(story, END_MS);
    buffer_init(&text, 0);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(audit_each_newest(txn, 0, 10, story->arena, note_what, &text), RC_OK);
    store_abort(&txn);
    assert_true(slice_eq(buffer_slice(&text), SLICE("silence.ended vedette, silence jane, "
                                                    "silence.removed jane, silence jane, ")));
    buffer_free(&text);
}

static bool note_type(void *context, const struct journal_entry *entry)
{
    size_t offset, *n_found = context;

    assert_int_equal(entry->door, DOOR_DECISION);
    assert_true(slice_eq(entry->type, SLICE("vedette.silence")));
    assert_int_equal(slice_find(entry->body, SLICE("\"where\":{\"rule\":\"ci-*\"}"), &offset),
                     RC_OK);
    ++*n_found;
    return true;
}

static void the_journal_knows_what_people_did(void **state)
{
    struct story *story = *state;
    struct store_txn *txn = NULL;
    size_t n_found = 0;

    unsilenced(story, silenced(story, "rule", "ci-*", NOON_MS, END_MS), NOON_MS + 1);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(journal_each_newest(txn, 0, 10, story->arena, note_type, &n_found), RC_OK);
    store_abort(&txn);
    assert_int_equal(n_found, 2);
}

static void the_metric_counts_them_by_state(void **state)
{
    struct story *story = *state;
    struct ulid id = silenced(story, "rule", "ci-*", NOON_MS, END_MS);

    silenced(story, "rule", "db-*", NOON_MS, END_MS);
    unsilenced(story, id, NOON_MS + 1);
    engine_free(story->engine);
    start_engine(story); /* counts what is there */
    fails_at(story, NOON_MS + 2);
    assert_true(metric_value(METRIC_SILENCES, SLICE("active"), (struct slice){ 0 }) == 1);
    assert_true(metric_value(METRIC_SILENCES, SLICE("over"), (struct slice){ 0 }) == 1);
}

/* --- what is refused --- */

static void one_that_is_over_is_not_ended_again(void **state)
{
    struct story *story = *state;
    struct ulid removed = silenced(story, "rule", "ci-*", NOON_MS, END_MS);
    struct ulid ended = silenced(story, "rule", "ci-*", NOON_MS, END_MS);

    unsilenced(story, removed, NOON_MS + 1);
    assert_int_equal(
        engine_remove_silence(story->engine, removed, SLICE("joe"), SLICE("socket"), NOON_MS + 2),
        RC_CONFLICT);
    assert_true(slice_eq(silence_of(story, removed).ended_by, SLICE("jane")));
    assert_int_equal(
        engine_remove_silence(story->engine, ended, SLICE("joe"), SLICE("socket"), END_MS),
        RC_CONFLICT);
    assert_int_equal(engine_remove_silence(story->engine, ulid_plus(ended, 1), SLICE("joe"),
                                           SLICE("socket"), NOON_MS),
                     RC_NOT_FOUND);
}

static void a_field_that_no_signal_can_have_is_refused(void **state)
{
    static const struct {
        const char *field;
        bool is_known;
        const char *value; /* NULL: any */
    } cases[] = {
        { "rule", true },    { "severity", true, "high" }, { "repo", true },    { "service", true },
        { "sevice", false }, { "signal.key[0]", true },    { "data.x", false },
    };
    struct story *story = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct silence_clause clause = { slice_of(cases[i].field),
                                         slice_of(cases[i].value ? cases[i].value : "x") };
        struct silence silence = silencing(&clause, END_MS);

        print_message("%s\n", cases[i].field);
        assert_int_equal(engine_add_silence(story->engine, &silence, NOON_MS),
                         cases[i].is_known ? RC_OK : RC_INVALID);
        assert_int_equal(slice_is_absent(engine_unknown_field(story->engine, &silence)),
                         cases[i].is_known);
    }
}

static void a_severity_that_there_is_not_is_refused_and_a_rule_that_is_not_loaded_is_told(
    void **state)
{
    static const struct {
        const char *field, *value;
        bool is_taken, is_loaded;
    } cases[] = {
        { "severity", "critical", true, true }, { "severity", "urgent", false, true },
        { "severity", "High", false, true },    { "rule", "*", true, true },
        { "rule", "nope", true, false },        { "rule", "nope-*", true, false },
    };
    struct story *story = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct silence_clause clause = { slice_of(cases[i].field), slice_of(cases[i].value) };
        struct silence silence = silencing(&clause, END_MS);

        print_message("%s=%s\n", cases[i].field, cases[i].value);
        assert_int_equal(engine_add_silence(story->engine, &silence, NOON_MS),
                         cases[i].is_taken ? RC_OK : RC_INVALID);
        assert_int_equal(slice_is_absent(engine_unknown_rule(story->engine, &silence)),
                         cases[i].is_loaded);
    }
}

static void there_are_so_many_active_ones_and_no_more(void **state)
{
    struct story *story = *state;
    struct silence_clause clause = { SLICE("rule"), SLICE("ci-*") };
    struct silence silence = silencing(&clause, END_MS);
    struct ulid first = { 0 };

    for (int i = 0; i < SILENCE_MAX_ACTIVE; i++) {
        struct ulid id = silenced(story, "rule", "ci-*", NOON_MS, END_MS);

        first = i ? first : id;
    }
    assert_int_equal(engine_add_silence(story->engine, &silence, NOON_MS), RC_LIMIT);
    unsilenced(story, first, NOON_MS + 1);
    assert_int_equal(engine_add_silence(story->engine, &silence, NOON_MS + 2), RC_OK);
}

#define TOLD(test)                                                                                 \
    {                                                                                              \
        .name = #test, .test_func = (test), .setup_func = begin, .teardown_func = end              \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOLD(a_silenced_signal_opens_neither_task_nor_proposal),
        TOLD(what_the_silence_does_not_match_asks_as_ever),
        TOLD(a_silence_of_a_field_of_the_event_holds),
        TOLD(what_still_fires_asks_at_the_very_end),
        TOLD(what_resolved_meanwhile_asks_for_nothing),
        TOLD(what_first_fires_after_the_end_asks_at_once),
        TOLD(what_came_under_a_silence_is_held_by_it_however_late_it_is_folded),
        TOLD(a_silence_that_is_removed_lets_ask_at_once),
        TOLD(of_two_silences_the_last_to_end_lets_ask),
        TOLD(one_that_is_removed_leaves_what_another_holds),
        TOLD(a_rule_that_only_observes_asks_for_nothing_at_the_end_either),
        TOLD(what_cools_down_at_the_end_asks_when_it_is_cool),
        TOLD(what_is_cool_while_it_is_silenced_asks_at_the_end),
        TOLD(a_proposal_that_is_there_stays_open_and_is_withdrawn_by_a_resolve),
        TOLD(a_proposal_that_is_there_is_decided_and_carried_out),
        TOLD(a_task_that_ends_while_it_is_silenced_proposes_nothing),
        TOLD(quiet_under_a_silence_is_inconclusive),
        TOLD(quiet_under_a_silence_that_was_over_before_the_end_is_inconclusive),
        TOLD(quiet_beside_a_silence_of_something_else_is_verified),
        TOLD(a_silence_that_ended_as_the_window_began_says_nothing_of_it),
        TOLD(a_silence_that_ended_within_the_window_does),
        TOLD(a_silence_made_as_the_window_ends_says_nothing_of_it),
        TOLD(what_recurs_under_a_silence_recurred_and_asks_at_its_end),
        TOLD(what_a_silence_held_asks_in_several_commits),
        TOLD(a_walk_that_a_stop_interrupted_goes_on),
        TOLD(signals_that_ask_for_nothing_are_passed_over_a_hundred_at_a_time),
        TOLD(a_silence_holds_after_a_restart_and_ends_in_time),
        TOLD(one_that_ended_during_a_stop_lets_ask_after_the_start),
        TOLD(one_that_could_not_be_stored_holds_nothing),
        TOLD(one_that_could_not_be_removed_still_holds),
        TOLD(an_end_that_could_not_be_stored_comes_with_the_next_try),
        TOLD(retention_takes_what_is_over_and_never_what_is_active),
        TOLD(what_was_done_stands_in_the_trail),
        TOLD(the_journal_knows_what_people_did),
        TOLD(the_metric_counts_them_by_state),
        TOLD(one_that_is_over_is_not_ended_again),
        TOLD(a_field_that_no_signal_can_have_is_refused),
        TOLD(a_severity_that_there_is_not_is_refused_and_a_rule_that_is_not_loaded_is_told),
        TOLD(there_are_so_many_active_ones_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
