/* sample_card.h - cards as engineers get them, in every state, and with whatever text a test wants in them. */
#pragma once

#include "actions/channels/card.h"
#include "sample_proposal.h"

#include <stdlib.h>

#define CARD_MAX_STEPS 32
#define CARD_MAX_EVIDENCE 40

/* Where the texts of a card come from: NULL gives `usual`. */
struct card_texts {
    struct slice (*make)(void *context, struct arena *arena);
    void *context;
};

struct card_sample {
    struct arena *arena;
    struct proposal proposal;
    struct signal signal;
    struct task task;
    struct card card;
    struct step steps[CARD_MAX_STEPS], undos[CARD_MAX_STEPS];
    struct decision decisions[4];
    struct fact facts[4];
    struct hypothesis hypotheses[2];
    struct evidence evidence[CARD_MAX_EVIDENCE];
    struct slice key[2];
};

static inline struct slice card_word(const struct card_sample *sample,
                                     const struct card_texts *texts, const char *usual)
{
    return texts && texts->make ? texts->make(texts->context, sample->arena) : text_of(usual);
}

static inline struct slice_list card_words_of(const struct card_sample *sample,
                                              const struct card_texts *texts, size_t n_items,
                                              const char *const *usual)
{
    struct slice_list list = { .items =
                                   arena_alloc(sample->arena, n_items + 1, sizeof(struct slice)),
                               .n_items = n_items };

    assert_non_null(list.items);
    for (size_t i = 0; i < n_items; i++)
        list.items[i] = card_word(sample, texts, usual[i]);
    return list;
}

static inline void card_make_step(struct card_sample *sample, const struct card_texts *texts,
                                  size_t i)
{
    static const char *const argv[] = { "/usr/bin/systemctl", "restart", "api.service" };
    static const char *const undo[] = { "/usr/bin/systemctl", "start", "api-old.service" };
    static const char *const check[] = { "/usr/bin/systemctl", "is-active", "api.service" };

    sample->undos[i] = (struct step){ .action = card_word(sample, texts, "start-old"),
                                      .argv = card_words_of(sample, texts, 3, undo) };
    sample->steps[i] = (struct step){
        .action = card_word(sample, texts, "restart-api"),
        .params = SLICE("{\"unit\":\"api.service\"}"),
        .argv = card_words_of(sample, texts, 3, argv),
        .why = card_word(sample, texts, "it holds the connections that the pool lost"),
        .effect = EFFECT_WRITE,
        .undo = card_word(sample, texts, "start-old"),
        .undo_step = { .items = &sample->undos[i], .n_items = 1 },
        .check = card_words_of(sample, texts, i == 0 ? 3 : 0, check),
        .user = card_word(sample, texts, "deploy"),
        .timeout_ms = MINUTE_MS,
    };
}

static inline void card_make_evidence(struct card_sample *sample, const struct card_texts *texts,
                                      size_t i)
{
    sample->evidence[i] = (struct evidence){
        .id = card_word(sample, texts, i ? "e2" : "e1"),
        .kind = SLICE("log"),
        .source = card_word(sample, texts, "api.log"),
        .state = EVIDENCE_HELD,
        .captured_ms = NOON_MS,
        .text = card_word(sample, texts, "12:00:01 pool: no free connection\n12:00:02 HTTP 503"),
        .bytes = 51,
    };
}

static inline void card_make_diagnosis(struct card_sample *sample, const struct card_texts *texts)
{
    struct diagnosis *diagnosis = &sample->proposal.diagnosis;
    static const char *const cited[] = { "e1" };
    static const char *const gaps[] = { "whether the database itself was slow" };

    sample->facts[0] =
        (struct fact){ .text = card_word(sample, texts,
                                         "The pool has had no free connection since 11:58."),
                       .evidence = card_words_of(sample, texts, 1, cited) };
    sample->facts[1] =
        (struct fact){ .text = card_word(sample, texts, "Deploy 214 of 11:55 halved its size."),
                       .evidence = card_words_of(sample, texts, 1, cited) };
    sample->facts[2] =
        (struct fact){ .text = card_word(sample, texts, "It is the third time this week.") };
    sample->hypotheses[0] =
        (struct hypothesis){ .text = card_word(sample, texts, "The new pool size is too small."),
                             .supports = card_words_of(sample, texts, 1, cited),
                             .result = SLICE("supported") };
    *diagnosis = (struct diagnosis){
        .status = DIAGNOSIS_LIKELY_CAUSE,
        .title = card_word(sample, texts, "api answers 503"),
        .summary = card_word(sample, texts, "The pool is empty, and requests wait for it in vain."),
        .facts = { .items = sample->facts, .n_items = 3 },
        .hypotheses = { .items = sample->hypotheses, .n_items = 1 },
        .conclusion = { .text =
                            card_word(sample, texts,
                                      "The pool of deploy 214 is too small for the load of noon."),
                        .boundary = card_word(sample, texts, "The database was not looked at."),
                        .confidence = 0.8 },
        .proof_gaps = card_words_of(sample, texts, 1, gaps),
        .next_evidence = card_word(sample, texts, "the slow-query log"),
        .by = SLICE("agent"),
    };
}

/* Remakes the digest: what is approved is what is shown. */
static inline void card_sign(struct card_sample *sample)
{
    sample->proposal.plan_digest = (struct slice){ 0 };
    if (sample->proposal.plan.n_items)
        assert_int_equal(
            plan_digest(&sample->proposal, sample->arena, &sample->proposal.plan_digest), RC_OK);
    for (size_t i = 0; i < sample->proposal.decisions.n_items; i++) {
        sample->decisions[i].plan_digest = sample->proposal.plan_digest;
        sample->decisions[i].revision = sample->proposal.revision;
    }
}

/* An open proposal with `n_steps` steps; "api answers 503", seen four times in 18 minutes. */
static inline void card_make(struct card_sample *sample, size_t n_steps,
                             const struct card_texts *texts)
{
    static const char *const key[] = { "shop", "api" };

    assert_true(n_steps <= CARD_MAX_STEPS);
    for (size_t i = 0; i < n_steps; i++)
        card_make_step(sample, texts, i);
    for (size_t i = 0; i < 2; i++)
        card_make_evidence(sample, texts, i);
    sample->proposal = (struct proposal){
        .id = { { 1 } },
        .short_id = SLICE("kmwrt"),
        .revision = 3,
        .rule = card_word(sample, texts, "api-503"),
        .rule_version = SLICE("v1"),
        .key = card_words_of(sample, texts, 2, key),
        .episode = 1,
        .title = card_word(sample, texts, "api answers 503"),
        .severity = SEVERITY_HIGH,
        .created_ms = NOON_MS,
        .updated_ms = NOON_MS,
        .expires_ms = EXPIRES_MS,
        .expires_after_ms = 4 * HOUR_MS,
        .count = 4,
        .first_seen_ms = NOON_MS - 18 * MINUTE_MS,
        .last_seen_ms = NOON_MS,
        .approvers = { .need = 1 },
        .plan = { .items = sample->steps, .n_items = n_steps },
        .verify = VERIFY_QUIET,
        .verify_ms = HOUR_MS,
        .track_record = { .proposed = 12,
                          .approved = 9,
                          .rejected = 2,
                          .ignored = 1,
                          .verified = 8,
                          .recurred = 1 },
    };
    card_make_diagnosis(sample, texts);
    sample->signal = (struct signal){
        .rule = sample->proposal.rule,
        .state = SIGNAL_FIRING,
        .episode = 1,
        .count = 4,
        .first_seen_ms = NOON_MS - 18 * MINUTE_MS,
        .last_seen_ms = NOON_MS,
        .last_event = SLICE("{\"url\":\"https://ci.example.com/run/7?a=1&b=2\"}"),
    };
    sample->task = (struct task){
        .question = card_word(sample, texts, "Why does api answer 503?"),
        .evidence = { .items = sample->evidence, .n_items = 2 },
    };
    sample->card = (struct card){
        .proposal = &sample->proposal,
        .signal = &sample->signal,
        .task = &sample->task,
        .page_url = SLICE("https://vedette.example.com/#/p/kmwrt"),
        .deciders = card_word(sample, texts, "jane, john (oncall)"),
        .now_ms = NOON_MS + 2 * MINUTE_MS,
    };
    card_sign(sample);
}

static inline void card_decide(struct card_sample *sample, const struct card_texts *texts,
                               enum verdict verdict, const char *by)
{
    size_t i = sample->proposal.decisions.n_items;

    assert_true(i < sizeof(sample->decisions) / sizeof(*sample->decisions));
    sample->decisions[i] = (struct decision){ .verdict = verdict,
                                              .by = card_word(sample, texts, by),
                                              .via = SLICE("slack"),
                                              .at_ms = NOON_MS + MINUTE_MS,
                                              .revision = sample->proposal.revision,
                                              .plan_digest = sample->proposal.plan_digest };
    sample->proposal.decisions =
        (struct record_list){ .items = sample->decisions, .n_items = i + 1 };
}

/* As it is found in `state`: who decided, what the steps came to. */
static inline void card_move(struct card_sample *sample, const struct card_texts *texts,
                             enum proposal_state state)
{
    static const enum step_state steps[PROPOSAL_STATES] = {
        [PROPOSAL_RUNNING] = STEP_RUNNING,   [PROPOSAL_UNKNOWN] = STEP_UNKNOWN,
        [PROPOSAL_FAILED] = STEP_FAILED,     [PROPOSAL_VERIFYING] = STEP_DONE,
        [PROPOSAL_VERIFIED] = STEP_DONE,     [PROPOSAL_RECURRED] = STEP_DONE,
        [PROPOSAL_INCONCLUSIVE] = STEP_DONE, [PROPOSAL_DONE] = STEP_DONE,
        [PROPOSAL_UNDOING] = STEP_DONE,      [PROPOSAL_UNDONE] = STEP_DONE,
        [PROPOSAL_UNDO_FAILED] = STEP_DONE,  [PROPOSAL_UNDO_UNKNOWN] = STEP_DONE,
    };
    bool is_unapproved = state == PROPOSAL_OPEN || state == PROPOSAL_REJECTED ||
                         state == PROPOSAL_EXPIRED || state == PROPOSAL_WITHDRAWN ||
                         state == PROPOSAL_SUPERSEDED;

    sample->proposal.state = state;
    if (!is_unapproved)
        card_decide(sample, texts, VERDICT_APPROVE, "jane");
    if (state == PROPOSAL_REJECTED) {
        card_decide(sample, texts, VERDICT_REJECT, "john");
        sample->decisions[0].reason = SLICE("wrong_action");
        sample->decisions[0].note = card_word(sample, texts, "the pool is somebody else's");
    }
    if (state >= PROPOSAL_UNDOING)
        card_decide(sample, texts, VERDICT_UNDO, "john");
    for (size_t i = 0; i < sample->proposal.plan.n_items; i++) {
        sample->steps[i].state = steps[state];
        sample->steps[i].started_ms = NOON_MS + MINUTE_MS;
        sample->steps[i].finished_ms = NOON_MS + MINUTE_MS + 3 * SECOND_MS;
        sample->steps[i].output = card_word(sample, texts, "Job for api.service failed");
    }
    if (state == PROPOSAL_APPROVED)
        sample->proposal.hold_until_ms = sample->card.now_ms + 8 * SECOND_MS;
    if (proposal_state_is_final(state)) {
        sample->proposal.closed_ms = NOON_MS + 2 * MINUTE_MS;
        sample->proposal.outcome = card_word(sample, texts, "what became of it.");
    }
}

static inline int card_open(void **state)
{
    struct card_sample *sample = calloc(1, sizeof(*sample));

    if (!sample || arena_new((size_t)256 << 20, &sample->arena))
        return -1;
    card_make(sample, 2, NULL);
    *state = sample;
    return 0;
}

static inline int card_close(void **state)
{
    struct card_sample *sample = *state;

    arena_free(sample->arena);
    free(sample);
    return 0;
}

#define CARD_TEST(test) cmocka_unit_test_setup_teardown(test, card_open, card_close)

#define assert_holds(text, part) assert_holds_at(text, part, true, __FILE__, __LINE__)
#define assert_lacks(text, part) assert_holds_at(text, part, false, __FILE__, __LINE__)
static inline void assert_holds_at(struct slice text, const char *part, bool holds,
                                   const char *file, int line)
{
    size_t offset;

    if ((slice_find(text, text_of(part), &offset) == RC_OK) == holds)
        return;
    print_error("%s \"%s\":\n%.*s\n", holds ? "lacks" : "holds", part, SLICE_ARG(text));
    _fail(file, line);
}
