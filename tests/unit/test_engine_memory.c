/* What the engine does when there is no memory: every allocation of a whole story fails in turn, alone or with those after it, and each
 * time the call is refused with nothing changed, or everything it meant to do is done. The linker gives us the allocations of our
 * own code (tests/unit/meson.build); those of libraries are theirs. */
#include "src/engine/engine_private.h"

#include "src/base/digest.h"
#include "src/base/file.h"
#include "src/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define NOON_MS ((int64_t)1795262400000) /* 2026-11-21 12:00 UTC */
#define FOLDS_MAX 100

/* --- memory that runs out --- */

static bool is_armed;
static int64_t n_left;     /* allocations until one fails */
static int64_t n_refusals; /* how many fail then, one after the other */

static bool is_refused(void)
{
    if (!is_armed)
        return false;
    n_left--;
    return n_left <= 0 && n_left > -n_refusals;
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n_items, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n_items, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    return is_refused() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t n_items, size_t bytes)
{
    return is_refused() ? NULL : __real_calloc(n_items, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return is_refused() ? NULL : __real_realloc(old, bytes);
}

/* --- a story --- */

/* clang-format off */
#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "actions:\n"                                                                                   \
    "  act: {run: [/bin/echo, \"{{repo}}\"], params: {repo: '/[a-z/]+/'}, effect: external, timeout: 10s}\n" \
    "  look: {run: [/bin/true], effect: none, timeout: 10s}\n"                                     \
    "people: {jane: {user: jane}}\n"                                                               \
    "approvers: {from: [jane], need: 1}\n"
#define RULES                                                                                      \
    "rules:\n"                                                                                     \
    "  - {id: red, on: ci.run, where: {state: failing, branch: '/^main$/'}, key: [repo], title: '{{repo}} is red', " \
    "     diagnose: {evidence: [{changes: {within: 2h}}, {do: look}, {similar: 5}]}, "              \
    "     propose: {plan: [{do: act, with: {repo: '{{repo}}'}}]}, verify: {quiet: 30m}}\n"
#define RED "{\"kind\":\"ci.run\",\"repo\":\"a/b\",\"branch\":\"main\",\"state\":\"failing\",\"time\":\"2026-11-21T12:00:00Z\"}"
/* clang-format on */

struct story {
    char config_path[64];
    struct config *config;
    struct store *store;
    struct engine *engine;
    struct arena *arena;
    struct outbox_item effect; /* the last that was asked for; its numbers alone */
    size_t n_effects;
    struct ulid silence;
};

static void keep_effect(void *context, const struct outbox_item *item)
{
    struct story *story = context;

    story->n_effects++;
    story->effect = (struct outbox_item){ .id = item->id,
                                          .channel = item->channel,
                                          .object = item->object,
                                          .part = item->part,
                                          .revision = item->revision };
}

static struct ruleset *parse_rules(struct problems *problems)
{
    struct rule_file file = { .name = SLICE("rules.yaml"), .text = SLICE(RULES) };
    const struct rule_files files = { &file, 1 };
    struct ruleset *ruleset = NULL;

    if (ruleset_parse(&files, problems, &ruleset))
        fail_msg("%.*s", SLICE_ARG(problems_at(problems, 0)->text));
    return ruleset;
}

static void begin(struct story *story)
{
    struct config_options options = { .path = story->config_path };
    struct engine_options engine_options = { .listener = { .context = story,
                                                           .on_effect = keep_effect } };
    struct problems *problems;

    *story = (struct story){ 0 };
    snprintf(story->config_path, sizeof story->config_path, "/tmp/test_engine_memory_%ld.yaml",
             (long)getpid());
    assert_int_equal(file_write(story->config_path, SLICE(CONFIG), 0600), RC_OK);
    assert_int_equal(problems_new(&problems), RC_OK);
    if (config_load(&options, problems, &story->config))
        fail_msg("%.*s", SLICE_ARG(problems_at(problems, 0)->text));
    assert_int_equal(arena_new((size_t)64 << 20, &story->arena), RC_OK);
    assert_int_equal(store_open_memory(&story->store), RC_OK);
    engine_options.store = story->store;
    engine_options.config = story->config;
    engine_options.ruleset = parse_rules(problems);
    assert_int_equal(engine_new(&engine_options, &story->engine), RC_OK);
    problems_free(problems);
}

static void end(struct story *story)
{
    engine_free(story->engine);
    store_close(story->store);
    config_free(story->config);
    arena_free(story->arena);
    unlink(story->config_path);
}

static struct proposal only_proposal(struct story *story)
{
    struct proposal proposal = { 0 };
    struct store_txn *txn = NULL;
    struct ulid id = { 0 };

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(object_next(txn, TABLE_PROPOSALS, &proposal_shape, (struct ulid){ 0 },
                                 story->arena, &id, &proposal),
                     RC_OK);
    assert_int_equal(
        object_next(txn, TABLE_PROPOSALS, &proposal_shape, id, story->arena, &id, &proposal),
        RC_NOT_FOUND);
    assert_int_equal(proposal_get(txn, id, story->arena, &proposal), RC_OK);
    store_abort(&txn);
    return proposal;
}

/* --- its calls: each may be repeated when it found no memory --- */

static enum rc accept_red(struct story *story)
{
    struct journal_entry entry = { .door = DOOR_DATA,
                                   .watcher = SLICE("w"),
                                   .type = SLICE(ENGINE_RECORDED_EVENT),
                                   .received_ms = NOON_MS,
                                   .delivery_id = SLICE("d-1"),
                                   .body = SLICE(RED) };
    struct engine_accept_item item = { .entry = &entry, .dedup_ms = DAY_MS };
    enum rc rc = engine_accept(story->engine, &item, 1);

    if (!rc)
        assert_false(item.is_duplicate); /* what was refused left nothing behind */
    return rc;
}

static enum rc fold_at(struct story *story, int64_t at_ms)
{
    bool more = true;
    enum rc rc = RC_OK;

    for (int i = 0; i < FOLDS_MAX && more && !rc; i++)
        rc = engine_fold(story->engine, at_ms, 256, 1000, &more);
    if (!rc)
        assert_false(more);
    return rc;
}

static enum rc fold(struct story *story)
{
    return fold_at(story, NOON_MS);
}

static enum rc fold_when_quiet(struct story *story)
{
    return fold_at(story, NOON_MS + 31 * MINUTE_MS);
}

static enum rc decide(struct story *story, struct decision decision)
{
    struct proposal proposal = { 0 };
    struct engine_decision asked = { .real_ms = NOON_MS, .arena = story->arena };
    bool was_armed = is_armed;
    enum rc rc;

    is_armed = false;
    proposal = only_proposal(story);
    is_armed = was_armed;
    asked.proposal = proposal.short_id;
    asked.decision = decision;
    asked.decision.by = SLICE("jane");
    asked.decision.via = SLICE("socket");
    asked.decision.plan_digest = proposal.plan_digest;
    asked.decision.revision = proposal.revision;
    rc = engine_decide(story->engine, &asked, NOON_MS);
    if (!rc)
        assert_int_equal(asked.answer.outcome, DECISION_TAKEN);
    return rc;
}

static enum rc edit(struct story *story)
{
    return decide(story, (struct decision){ .verdict = VERDICT_EDIT,
                                            .params = SLICE("[{\"repo\":\"b/a\"}]") });
}

static enum rc approve(struct story *story)
{
    return decide(story, (struct decision){ .verdict = VERDICT_APPROVE });
}

static enum rc answer_effect(struct story *story)
{
    const struct effect_result result = { .item = story->effect.id,
                                          .channel = story->effect.channel,
                                          .object = story->effect.object,
                                          .part = story->effect.part,
                                          .revision = story->effect.revision,
                                          .state = EFFECT_DONE,
                                          .output = SLICE("it looked fine\n") };

    return engine_result(story->engine, &result, NOON_MS);
}

static enum rc expire(struct story *story)
{
    bool more;

    return engine_expire(story->engine, NOON_MS, &more);
}

/* Until it is removed nothing is asked for: had it been lost, there would be one effect more. */
static enum rc silence(struct story *story)
{
    struct silence_clause clause = { SLICE("repo"), SLICE("a/b") };
    struct silence silence = { .where = { &clause, 1 },
                               .reason = SLICE("why"),
                               .by = SLICE("jane"),
                               .via = SLICE("socket"),
                               .until_ms = NOON_MS + HOUR_MS };
    enum rc rc = engine_add_silence(story->engine, &silence, NOON_MS);

    story->silence = silence.id;
    return rc;
}

static enum rc unsilence(struct story *story)
{
    assert_int_equal(story->n_effects, 0);
    return engine_remove_silence(story->engine, story->silence, SLICE("jane"), SLICE("socket"),
                                 NOON_MS);
}

static enum rc (*const calls[])(struct story *story) = {
    silence, accept_red, fold,          unsilence,       fold,   answer_effect,
    edit,    approve,    answer_effect, fold_when_quiet, expire,
};

/* Tells the story while the `n`-th allocation fails; memory comes back once a call was refused. */
static bool tell(int64_t n)
{
    struct story story;
    struct proposal proposal;
    bool was_reached;

    begin(&story);
    n_left = n;
    is_armed = true;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        enum rc rc = calls[i](&story);

        if (rc) {
            assert_int_equal(rc, RC_NO_MEMORY);
            assert_true(n_left <= 0);
            is_armed = false;
            assert_int_equal(calls[i](&story), RC_OK);
        }
    }
    is_armed = false;
    was_reached = n_left <= 0;
    proposal = only_proposal(&story);
    assert_int_equal(proposal.state, PROPOSAL_VERIFIED);
    assert_int_equal(proposal.revision, 2); /* edited once */
    assert_int_equal(story.n_effects, 2);   /* the evidence and the step, each asked for once */
    end(&story);
    return was_reached;
}

static void tell_until_clean(void)
{
    int64_t n = 1;

    while (tell(n))
        n++;
    print_message("%lld allocations\n", (long long)n - 1);
    assert_true(n > 50); /* it was about something */
}

static void p04_one_failed_allocation_refuses_a_call_or_changes_nothing(void **state)
{
    (void)state;
    n_refusals = 1;
    tell_until_clean();
}

/* The second hits what is done about the first. */
static void p04_two_failed_allocations_set_nothing_aside(void **state)
{
    (void)state;
    n_refusals = 2;
    tell_until_clean();
}

static void p04_no_memory_at_all_refuses_calls_until_there_is_some_and_loses_nothing(void **state)
{
    (void)state;
    n_refusals = INT64_MAX;
    tell_until_clean();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p04_one_failed_allocation_refuses_a_call_or_changes_nothing),
        cmocka_unit_test(p04_two_failed_allocations_set_nothing_aside),
        cmocka_unit_test(p04_no_memory_at_all_refuses_calls_until_there_is_some_and_loses_nothing),
    };

    if (digest_init())
        return 1;
    log_configure(LOG_ERROR, LOG_TEXT); /* the same story hundreds of times */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
