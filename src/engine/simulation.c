#include "src/engine/simulation.h"

#include "src/engine/engine_private.h"
#include "src/store/rule_states.h"

#include <stdlib.h>

#define FOLD_ALL SIZE_MAX
/* Deliveries that were folded are asked for no more, however many there were: the newest stay, as samples of what is told. */
#define KEPT_BYTES ((int64_t)64 << 20)
#define LOOK_BYTES ((size_t)64 << 20)
#define FORGET_EVERY 1024 /* deliveries */

struct waiting {
    struct outbox_item item; /* only its numbers: the texts go with the turn */
    struct waiting *next;
};

struct simulation {
    struct store *store;
    struct engine *engine;
    struct waiting *first, **last; /* evidence and checks to be answered at once */
    struct waiting *steps, **steps_last;
    int64_t now_ms;
    enum effect_state checks; /* what they come to */
    void (*on_change)(void *context);
    void *on_change_context;
    size_t n_received;
};

static void tell_change(void *context)
{
    struct simulation *simulation = context;

    if (simulation->on_change)
        simulation->on_change(simulation->on_change_context);
}

static void take_effect(void *context, const struct outbox_item *item)
{
    struct simulation *simulation = context;
    struct waiting *waiting = calloc(1, sizeof *waiting);
    bool is_step = item->channel == OUTBOX_STEP || item->channel == OUTBOX_UNDO;

    if (!waiting)
        return; /* its deadline will say that nothing came */
    waiting->item = (struct outbox_item){ .id = item->id,
                                          .channel = item->channel,
                                          .object = item->object,
                                          .part = item->part,
                                          .revision = item->revision };
    if (is_step) {
        *simulation->steps_last = waiting;
        simulation->steps_last = &waiting->next;
    } else {
        *simulation->last = waiting;
        simulation->last = &waiting->next;
    }
}

enum rc simulation_new(const struct config *config, struct ruleset *ruleset,
                       struct simulation **simulation)
{
    struct simulation *made = calloc(1, sizeof *made);
    struct engine_options options = { .config = config, .ruleset = ruleset, .deterministic = true };
    enum rc rc;

    if (!made) {
        ruleset_free(ruleset);
        return RC_NO_MEMORY;
    }
    made->last = &made->first;
    made->steps_last = &made->steps;
    made->checks = EFFECT_DONE;
    rc = store_open_memory(&made->store);
    options.store = made->store;
    options.listener = (struct engine_listener){ .context = made,
                                                 .on_effect = take_effect,
                                                 .on_change = tell_change };
    if (!rc)
        rc = engine_new(&options, &made->engine);
    if (rc) {
        ruleset_free(ruleset);
        simulation_free(made);
        return rc;
    }
    *simulation = made;
    return RC_OK;
}

static void free_waiting(struct waiting *waiting)
{
    while (waiting) {
        struct waiting *next = waiting->next;

        free(waiting);
        waiting = next;
    }
}

void simulation_free(struct simulation *simulation)
{
    if (!simulation)
        return;
    free_waiting(simulation->first);
    free_waiting(simulation->steps);
    engine_free(simulation->engine);
    store_close(simulation->store);
    free(simulation);
}

struct engine *simulation_engine(struct simulation *simulation)
{
    return simulation->engine;
}

static struct waiting *pop(struct waiting **first, struct waiting ***last)
{
    struct waiting *waiting = *first;

    if (!waiting)
        return NULL;
    *first = waiting->next;
    if (!*first)
        *last = first;
    return waiting;
}

static enum rc answer(struct simulation *simulation, struct waiting *waiting,
                      enum effect_state state)
{
    const struct effect_result result = { .item = waiting->item.id,
                                          .channel = waiting->item.channel,
                                          .object = waiting->item.object,
                                          .part = waiting->item.part,
                                          .revision = waiting->item.revision,
                                          .state = state,
                                          .error = state == EFFECT_DONE ? (struct slice){ 0 }
                                                                        : SLICE("as the test says"),
                                          .started_ms = simulation->now_ms,
                                          .finished_ms = simulation->now_ms };
    enum rc rc = engine_result(simulation->engine, &result, simulation->now_ms);

    free(waiting);
    return rc;
}

static enum rc answer_all(struct simulation *simulation)
{
    enum rc rc = RC_OK;

    while (simulation->first && !rc) {
        struct waiting *waiting = pop(&simulation->first, &simulation->last);

        rc = answer(simulation, waiting,
                    waiting->item.channel == OUTBOX_EVIDENCE ? EFFECT_DONE : simulation->checks);
    }
    return rc;
}

enum rc simulation_advance(struct simulation *simulation, int64_t now_ms)
{
    bool more = true;
    enum rc rc = RC_OK;

    /* Effects are answered at the time at which they were asked for, so one timer at a time. */
    while (!rc) {
        int64_t due_ms = engine_due_ms(simulation->engine);

        if (due_ms > now_ms)
            break;
        if (due_ms > simulation->now_ms)
            simulation->now_ms = due_ms;
        rc = engine_fold(simulation->engine, simulation->now_ms, FOLD_ALL, INT64_MAX / 2, &more);
        if (!rc)
            rc = answer_all(simulation);
    }
    if (now_ms > simulation->now_ms)
        simulation->now_ms = now_ms;
    return rc;
}

static enum rc forget_folded(struct simulation *simulation)
{
    struct store_txn *txn = NULL;
    size_t n_removed;
    enum rc rc = store_begin(simulation->store, &txn);

    /* All of it: a delivery brings as many entries of our own as rules fire for it. */
    if (!rc)
        rc = journal_expire(txn, 0, KEPT_BYTES, SIZE_MAX, &n_removed);
    if (!rc)
        rc = store_commit(&txn);
    store_abort(&txn);
    return rc;
}

enum rc simulation_receive(struct simulation *simulation, struct journal_entry *entry,
                           struct slice seed)
{
    return simulation_receive_once(simulation, entry, 0, seed);
}

enum rc simulation_receive_once(struct simulation *simulation, struct journal_entry *entry,
                                int64_t dedup_ms, struct slice seed)
{
    struct engine_accept_item item = { .entry = entry, .dedup_ms = dedup_ms };
    bool more = true;
    enum rc rc = simulation_advance(simulation, entry->received_ms);

    if (ulid_is_absent(entry->id))
        entry->id = ulid_from_seed(entry->received_ms, seed);
    if (!rc)
        rc = engine_accept(simulation->engine, &item, 1);
    while (!rc && more)
        rc = engine_fold(simulation->engine, simulation->now_ms, FOLD_ALL, INT64_MAX / 2, &more);
    if (!rc)
        rc = answer_all(simulation);
    if (!rc && ++simulation->n_received % FORGET_EVERY == 0)
        rc = forget_folded(simulation);
    return rc;
}

enum rc simulation_receive_event(struct simulation *simulation, struct slice json,
                                 int64_t received_ms, struct slice seed)
{
    struct journal_entry entry = { .door = DOOR_DATA,
                                   .type = SLICE(ENGINE_RECORDED_EVENT),
                                   .received_ms = received_ms,
                                   .body = json };

    return simulation_receive(simulation, &entry, seed);
}

/* --- decisions and steps --- */

struct newest {
    const struct simulation_aim *aim;
    bool is_undo;
    struct ulid id;
    bool is_there;
};

static bool is_aimed_at(const struct newest *newest, const struct proposal *proposal)
{
    const struct simulation_aim *aim = newest->aim;

    if (!slice_is_absent(aim->rule) && !slice_eq(aim->rule, proposal->rule))
        return false;
    if (aim->key && !slice_list_eq(aim->key, &proposal->key))
        return false;
    return newest->is_undo ? proposal_may_become(proposal->state, PROPOSAL_UNDOING)
                           : !proposal_state_is_final(proposal->state);
}

static bool take_aimed_at(void *context, struct ulid id, const void *object)
{
    struct newest *newest = context;

    if (!is_aimed_at(newest, object))
        return true;
    newest->id = id;
    newest->is_there = true;
    return false;
}

static enum rc find_newest(struct simulation *simulation, struct newest *newest,
                           struct arena *arena, struct proposal *proposal)
{
    struct store_txn *txn = NULL;
    struct arena *scratch = NULL;
    struct proposal walked;
    enum rc rc = arena_new((size_t)16 << 20, &scratch);

    if (!rc)
        rc = store_begin_read(simulation->store, &txn);
    if (!rc)
        rc = object_each_newest(txn, TABLE_PROPOSALS, &proposal_shape, (struct ulid){ 0 }, SIZE_MAX,
                                scratch, &walked, take_aimed_at, newest);
    if (!rc)
        rc = newest->is_there ? proposal_get(txn, newest->id, arena, proposal) : RC_NOT_FOUND;
    store_abort(&txn);
    arena_free(scratch);
    return rc;
}

enum rc simulation_decide(struct simulation *simulation, const struct decision *decision,
                          const struct simulation_aim *aim, int64_t now_ms, struct arena *arena,
                          struct decision_answer *answer_out)
{
    struct engine_decision asked = { .decision = *decision, .real_ms = now_ms, .arena = arena };
    struct newest newest = { .aim = aim, .is_undo = decision->verdict == VERDICT_UNDO };
    struct proposal proposal = { 0 };
    enum rc rc = simulation_advance(simulation, now_ms);

    if (!rc)
        rc = find_newest(simulation, &newest, arena, &proposal);
    if (rc)
        return rc;
    asked.proposal = proposal.short_id;
    asked.decision.plan_digest = proposal.plan_digest;
    asked.decision.revision = proposal.revision;
    rc = engine_decide(simulation->engine, &asked, simulation->now_ms);
    *answer_out = asked.answer;
    return rc ? rc : answer_all(simulation);
}

void simulation_set_checks(struct simulation *simulation, enum effect_state state)
{
    simulation->checks = state;
}

enum rc simulation_notify(struct simulation *simulation, const struct engine_notice *notice,
                          int64_t now_ms)
{
    enum rc rc = simulation_advance(simulation, now_ms);

    if (!rc)
        rc = engine_notify(simulation->engine, notice, simulation->now_ms);
    return rc ? rc : answer_all(simulation);
}

enum rc simulation_resolve(struct simulation *simulation, const struct rule *rule,
                           const struct slice_list *key, struct slice who, int64_t now_ms,
                           struct arena *arena)
{
    struct signal signal = { 0 };
    enum rc rc = simulation_advance(simulation, now_ms);

    if (!rc)
        rc = simulation_signal(simulation, rule, key, arena, &signal);
    if (!rc)
        rc = engine_resolve(simulation->engine, signal.id, who, SLICE("token"), simulation->now_ms);
    return rc ? rc : answer_all(simulation);
}

enum rc simulation_end_step(struct simulation *simulation, enum effect_state state, int64_t now_ms)
{
    struct waiting *waiting;
    enum rc rc = simulation_advance(simulation, now_ms);

    if (rc)
        return rc;
    waiting = pop(&simulation->steps, &simulation->steps_last);
    if (!waiting)
        return RC_NOT_FOUND;
    rc = answer(simulation, waiting, state);
    return rc ? rc : answer_all(simulation);
}

/* --- looking --- */

void simulation_listen(struct simulation *simulation, void (*on_change)(void *context),
                       void *context)
{
    simulation->on_change = on_change;
    simulation->on_change_context = context;
}

enum rc simulation_next_change(struct simulation *simulation, uint64_t *seq, struct arena *arena,
                               struct feed_item *item)
{
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(simulation->store, &txn);

    if (!rc)
        rc = feed_next(txn, *seq, arena, item);
    store_abort(&txn);
    if (!rc)
        *seq = item->seq;
    return rc;
}

enum rc simulation_entry(struct simulation *simulation, uint64_t seq, struct arena *arena,
                         struct journal_entry *entry)
{
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(simulation->store, &txn);

    if (!rc)
        rc = journal_get(txn, seq, arena, entry);
    store_abort(&txn);
    return rc;
}

struct signal_visit {
    struct simulation *simulation;
    struct store_txn *txn;
    struct arena *arena; /* of one signal */
    bool (*visit)(void *context, const struct signal *signal,
                  const struct signal_description *description);
    void *context;
    enum rc rc;
};

static bool describe_one(void *context, struct ulid id, const void *object)
{
    struct signal_visit *visit = context;
    const struct signal *signal = object;
    struct signal_description description;

    (void)id;
    arena_reset(visit->arena);
    visit->rc = engine_describe_signal(visit->simulation->engine, visit->txn, signal,
                                       visit->simulation->now_ms, visit->arena, &description);
    if (!visit->rc && signal->state == SIGNAL_IDLE && !description.progress.len)
        return true;
    return !visit->rc && visit->visit(visit->context, signal, &description);
}

enum rc simulation_each_signal(struct simulation *simulation,
                               bool (*visit)(void *context, const struct signal *signal,
                                             const struct signal_description *description),
                               void *context)
{
    struct signal_visit walk = { .simulation = simulation, .visit = visit, .context = context };
    struct arena *row = NULL;
    struct signal signal;
    enum rc rc = arena_new(LOOK_BYTES, &walk.arena);

    if (!rc)
        rc = arena_new(LOOK_BYTES, &row);
    if (!rc)
        rc = store_begin_read(simulation->store, &walk.txn);
    if (!rc)
        rc = object_each_newest(walk.txn, TABLE_SIGNALS, &signal_shape, (struct ulid){ 0 },
                                SIZE_MAX, row, &signal, describe_one, &walk);
    store_abort(&walk.txn);
    arena_free(walk.arena);
    arena_free(row);
    return rc ? rc : walk.rc;
}

enum rc simulation_proposal(struct simulation *simulation, struct ulid id, struct arena *arena,
                            struct proposal *proposal)
{
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(simulation->store, &txn);

    if (!rc)
        rc = proposal_get(txn, id, arena, proposal);
    store_abort(&txn);
    return rc;
}

enum rc simulation_task(struct simulation *simulation, struct ulid id, struct arena *arena,
                        struct task *task)
{
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(simulation->store, &txn);

    if (!rc)
        rc = task_get(txn, id, arena, task);
    store_abort(&txn);
    return rc;
}

enum rc simulation_signal(struct simulation *simulation, const struct rule *rule,
                          const struct slice_list *key, struct arena *arena, struct signal *signal)
{
    struct store_txn *txn = NULL;
    struct match match = { 0 };
    enum rc rc = match_of_key(rule, key, arena, &match);

    if (!rc)
        rc = store_begin_read(simulation->store, &txn);
    if (!rc)
        rc = signal_find(txn, match.fingerprint, arena, signal);
    store_abort(&txn);
    return rc;
}

enum rc simulation_progress(struct simulation *simulation, const struct rule *rule,
                            const struct signal *signal, struct arena *arena, struct slice *text)
{
    struct fold_clock clock = { .now_ms = simulation->now_ms };
    struct store_txn *txn = NULL;
    enum rc rc = store_begin_read(simulation->store, &txn);

    if (!rc)
        rc = rule_state_since(txn, rule->id, rule->condition_version, &clock.rule_since_ms);
    store_abort(&txn);
    return rc ? rc : fold_describe(rule, &clock, signal, arena, text);
}

struct simulation_totals simulation_totals(const struct simulation *simulation)
{
    const struct engine *engine = simulation->engine;
    struct simulation_totals totals = { .n_events = engine->totals.n_events,
                                        .n_matches = engine->totals.n_matches };

    for (size_t i = 0; i <= SIGNAL_RESOLVED; i++)
        totals.n_signals += (uint64_t)engine->counts.signals[i];
    for (size_t i = 0; i < PROPOSAL_STATES; i++)
        totals.n_proposals += (uint64_t)engine->counts.proposals[i];
    return totals;
}
