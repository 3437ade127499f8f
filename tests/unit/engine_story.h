/* engine_story.h - the engine over memory, driven call by call, as the daemon drives it. */
#pragma once

#include "src/base/digest.h"
#include "src/base/file.h"
#include "src/engine/engine_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOON_MS ((int64_t)1795262400000) /* 2026-11-21 12:00 UTC */
#define EFFECTS_MAX 32

struct story {
    char config_path[64];
    struct config *config;
    struct store *store;
    struct engine *engine;
    struct arena *arena;
    struct outbox_item effects[EFFECTS_MAX]; /* only their numbers */
    size_t n_effects, n_answered, n_cancelled;
    int n_events;
};

static inline void keep_effect(void *context, const struct outbox_item *item)
{
    struct story *story = context;

    assert_true(story->n_effects < EFFECTS_MAX);
    story->effects[story->n_effects++] = (struct outbox_item){ .id = item->id,
                                                               .channel = item->channel,
                                                               .object = item->object,
                                                               .part = item->part,
                                                               .revision = item->revision };
}

static inline void keep_cancel(void *context, struct ulid object)
{
    struct story *story = context;

    (void)object;
    story->n_cancelled++;
}

static inline struct ruleset *parse(const struct config *config, const char *rules)
{
    struct rule_file file = { .name = SLICE("rules.yaml"), .text = slice_of(rules) };
    struct rule_files files = { .files = &file, .n_files = 1 };
    struct problems *problems;
    struct ruleset *ruleset = NULL;
    enum rc rc;

    assert_int_equal(problems_new(&problems), RC_OK);
    config_tell_lateness(config, &files);
    rc = ruleset_parse(&files, problems, &ruleset);
    if (rc)
        fail_msg("%.*s", SLICE_ARG(problems_at(problems, 0)->text));
    problems_free(problems);
    return ruleset;
}

static inline void start_engine(struct story *story, const char *rules)
{
    const struct engine_options options = {
        .store = story->store,
        .config = story->config,
        .ruleset = parse(story->config, rules),
        .listener = { .context = story, .on_effect = keep_effect, .on_cancel = keep_cancel },
    };

    assert_int_equal(engine_new(&options, &story->engine), RC_OK);
}

/* What a story is about is seldom how much people are asked: a configuration without a budget has none here. */
static inline struct config *config_of(const struct story *story, const char *text)
{
    const struct config_options options = { .path = story->config_path };
    struct problems *problems;
    struct config *config = NULL;

    assert_int_equal(file_write(story->config_path, slice_of(text), 0600), RC_OK);
    assert_int_equal(problems_new(&problems), RC_OK);
    if (config_load(&options, problems, &config))
        fail_msg("%.*s", SLICE_ARG(problems_at(problems, 0)->text));
    problems_free(problems);
    config->budget.is_there &= config->budget.is_written;
    return config;
}

/* `config` is vedette.yaml. */
static inline struct story *begin_with(const char *config, const char *rules)
{
    struct story *story = calloc(1, sizeof *story);

    assert_non_null(story);
    snprintf(story->config_path, sizeof story->config_path, "/tmp/engine_story_%ld.yaml",
             (long)getpid());
    assert_int_equal(digest_init(), RC_OK);
    story->config = config_of(story, config);
    assert_int_equal(arena_new((size_t)64 << 20, &story->arena), RC_OK);
    assert_int_equal(store_open_memory(&story->store), RC_OK);
    start_engine(story, rules);
    return story;
}

static inline void end(struct story *story)
{
    engine_free(story->engine);
    store_close(story->store);
    config_free(story->config);
    arena_free(story->arena);
    unlink(story->config_path);
    free(story);
}

/* --- what happens --- */

/* Folds until nothing is left to do; a fold that never gets there fails. */
static inline void fold(struct story *story, int64_t now_ms)
{
    bool more = true;

    for (int i = 0; i < 100 && more; i++)
        assert_int_equal(engine_fold(story->engine, now_ms, 256, 1000, &more), RC_OK);
    assert_false(more);
}

static inline void accept(struct story *story, int64_t at_ms, const char *type, const char *body)
{
    struct journal_entry entry = { .door = DOOR_DATA,
                                   .watcher = SLICE("w"),
                                   .type = slice_of(type),
                                   .received_ms = at_ms,
                                   .body = slice_of(body) };
    struct engine_accept_item item = { .entry = &entry };

    assert_int_equal(engine_accept(story->engine, &item, 1), RC_OK);
}

static inline void run_is(struct story *story, int64_t at_ms, const char *state)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(json, sizeof json,
             "{\"kind\":\"ci.run\",\"repo\":\"a/b\",\"state\":\"%s\",\"time\":\"%s\"}", state,
             time_format(at_ms, time));
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json);
    fold(story, at_ms);
}

static inline void fails_at(struct story *story, int64_t at_ms)
{
    run_is(story, at_ms, "failing");
}

static inline void is_ok_at(struct story *story, int64_t at_ms)
{
    run_is(story, at_ms, "ok");
}

/* The oldest effect that nobody has answered ends so. */
static inline enum outbox_channel ends(struct story *story, enum effect_state state, int64_t at_ms)
{
    const struct outbox_item *item = &story->effects[story->n_answered++];
    const struct effect_result result = { .item = item->id,
                                          .channel = item->channel,
                                          .object = item->object,
                                          .part = item->part,
                                          .revision = item->revision,
                                          .state = state };

    assert_true(story->n_answered <= story->n_effects);
    assert_int_equal(engine_result(story->engine, &result, at_ms), RC_OK);
    return item->channel;
}

static inline void swap_rules(struct story *story, const char *rules, int64_t at_ms)
{
    const struct rule_files files = { 0 };
    struct buffer summary;

    buffer_init(&summary, 4096);
    assert_int_equal(engine_reload(story->engine, story->config, parse(story->config, rules),
                                   &files, at_ms, &summary),
                     RC_OK);
    buffer_free(&summary);
}

static inline void retention_at(struct story *story, int64_t at_ms)
{
    bool more = true;

    assert_int_equal(engine_expire(story->engine, at_ms, &more), RC_OK);
    assert_false(more);
}

/* --- what is there --- */

struct found {
    struct ulid ids[16];
    size_t n_ids;
};

static inline bool collect(void *context, struct ulid id, const void *object)
{
    struct found *found = context;

    (void)object;
    assert_true(found->n_ids < 16);
    found->ids[found->n_ids++] = id;
    return true;
}

static inline size_t n_of(struct story *story, enum store_table table,
                          const struct record_shape *shape, struct ulid *newest)
{
    union {
        struct proposal proposal;
        struct signal signal;
        struct task task;
    } object = { 0 };
    struct store_txn *txn = NULL;
    struct found found = { 0 };

    arena_reset(story->arena);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(object_each_newest(txn, table, shape, (struct ulid){ 0 }, SIZE_MAX,
                                        story->arena, &object, collect, &found),
                     RC_OK);
    store_abort(&txn);
    if (newest && found.n_ids)
        *newest = found.ids[0];
    return found.n_ids;
}

static inline size_t n_proposals(struct story *story)
{
    return n_of(story, TABLE_PROPOSALS, &proposal_shape, NULL);
}

static inline struct proposal proposal_of(struct story *story, struct ulid id)
{
    struct proposal proposal = { 0 };
    struct store_txn *txn = NULL;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(proposal_get(txn, id, story->arena, &proposal), RC_OK);
    store_abort(&txn);
    return proposal;
}

static inline struct proposal newest(struct story *story)
{
    struct ulid id = { 0 };

    assert_true(n_of(story, TABLE_PROPOSALS, &proposal_shape, &id) > 0);
    return proposal_of(story, id);
}

static inline struct signal the_signal(struct story *story)
{
    struct signal signal = { 0 };
    struct store_txn *txn = NULL;
    struct ulid id = { 0 };

    assert_int_equal(n_of(story, TABLE_SIGNALS, &signal_shape, &id), 1);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(signal_get(txn, id, story->arena, &signal), RC_OK);
    store_abort(&txn);
    return signal;
}

static inline enum decision_outcome decides(struct story *story, struct proposal proposal,
                                            struct decision decision, int64_t at_ms)
{
    struct engine_decision asked = {
        .proposal = proposal.short_id, .decision = decision, .real_ms = at_ms, .arena = story->arena
    };

    if (slice_is_absent(asked.decision.by))
        asked.decision.by = SLICE("jane");
    if (slice_is_absent(asked.decision.via))
        asked.decision.via = SLICE("socket");
    asked.decision.plan_digest = proposal.plan_digest;
    asked.decision.revision = proposal.revision;
    assert_int_equal(engine_decide(story->engine, &asked, at_ms), RC_OK);
    return asked.answer.outcome;
}
