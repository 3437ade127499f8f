/* GET /api/v1/explain/events/ID and /signals/ID: every gate that it passed, or the first that it did not.
 *
 * The rules in force are seen on the engine's thread alone, so that is where they are asked. */
#include "src/daemon/handlers.h"
#include "src/daemon/object_kinds.h"

#include "rules/match.h"
#include "rules/quarantine.h"
#include "src/store/meta.h"

#include <stdio.h>

#define RULE_ARENA_BYTES ((size_t)64 << 20)
#define EXPLAIN_MAX_BYTES ((size_t)16 << 20)
#define TEXT_BYTES 256

static void write_gate(struct json_writer *writer, struct slice name, bool passed,
                       struct slice wanted, struct slice saw)
{
    json_object_begin(writer);
    json_member_text(writer, "name", name);
    json_member_bool(writer, "passed", passed);
    json_member_text(writer, "wanted", wanted);
    json_member_text(writer, "saw", saw);
    json_object_end(writer);
}

/* --- an event, rule by rule --- */

struct event_work {
    struct engine_work work;
    struct journal_entry entry;
    struct event_list events;
    uint32_t part;
    struct slice only; /* ?rule= */
    struct buffer json;
    /* while it runs */
    struct json_writer writer;
    struct matcher *matcher;
    struct arena *scratch; /* of one rule */
    struct match_list matches;
    struct store_txn *txn;
};

static const struct match *find_match(const struct event_work *work, const struct rule *rule)
{
    for (size_t i = 0; i < work->matches.n_items; i++)
        if (work->matches.items[i].rule == rule)
            return &work->matches.items[i];
    return NULL;
}

/* What the match is about now. */
static enum rc write_signal(struct event_work *work, const struct match *match)
{
    struct json_writer *writer = &work->writer;
    struct signal signal = { 0 };
    enum rc rc = signal_find(work->txn, match->fingerprint, work->scratch, &signal);

    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    json_key(writer, "signal");
    json_object_begin(writer);
    api_member_id(writer, "id", "sig_", signal.id);
    json_member_text(writer, "state", slice_of(signal_state_names[signal.state]));
    json_member_int(writer, "count", signal.count);
    api_member_id(writer, "task", "tsk_", signal.task);
    api_member_id(writer, "proposal", "prp_", signal.proposal);
    json_object_end(writer);
    return RC_OK;
}

/* It is not asked, and so would not be here: what its patterns say of the event is of no consequence, and took too long before. */
static void explain_quarantined(struct event_work *work, const struct rule *rule,
                                const struct quarantined *facts)
{
    struct json_writer *writer = &work->writer;
    char wanted[TEXT_BYTES];

    snprintf(wanted, sizeof wanted,
             "patterns that take at most %lld ms on an event; it is not asked any more",
             (long long)(QUARANTINE_NS / 1000000));
    json_object_begin(writer);
    json_member_text(writer, "rule", rule->id);
    json_member_bool(writer, "matched", false);
    json_key(writer, "gates");
    json_array_begin(writer);
    write_gate(writer, SLICE("quarantine"), false, slice_of(wanted), facts->pattern);
    json_array_end(writer);
    json_object_end(writer);
}

static enum rc explain_rule(struct event_work *work, const struct rule *rule)
{
    const struct event *event = &work->events.items[work->part];
    const struct match *match = find_match(work, rule);
    struct json_writer *writer = &work->writer;
    struct gate *gates = NULL;
    size_t n_gates = 0, n_missed;
    bool matched = false;
    enum rc rc;

    arena_reset(work->scratch);
    rc = match_explain(work->matcher, rule, event, work->scratch, &gates, &n_gates, &matched);
    if (rc)
        return rc;
    n_missed = gates_missed(gates, n_gates);
    json_object_begin(writer);
    json_member_text(writer, "rule", rule->id);
    json_member_bool(writer, "matched", matched);
    if (match && match->clears)
        json_member_bool(writer, "clears", true);
    if (!matched && n_missed != GATES_FAR)
        json_member_int(writer, "missed", (int64_t)n_missed);
    json_key(writer, "gates");
    json_array_begin(writer);
    for (size_t i = 0; i < n_gates; i++)
        write_gate(writer, gates[i].name, gates[i].passed, gates[i].wanted, gates[i].saw);
    json_array_end(writer);
    if (match)
        rc = write_signal(work, match);
    json_object_end(writer);
    return rc;
}

static enum rc write_received(struct event_work *work)
{
    const struct journal_entry *entry = &work->entry;
    struct json_writer *writer = &work->writer;
    struct dead_letter letter = { 0 };
    uint64_t cursor = 0;
    enum rc rc = meta_get(work->txn, META_CURSOR, &cursor);

    if (rc)
        return rc;
    api_member_id(writer, "event", "evt_", ulid_plus(entry->id, work->part));
    json_member_text(writer, "watcher", entry->watcher);
    json_member_time(writer, "received", entry->received_ms);
    json_member_text(writer, "delivery_id", entry->delivery_id);
    json_member_bool(writer, "folded", entry->seq <= cursor);
    rc = dead_letter_get(work->txn, entry->seq, work->work.request->arena, &letter);
    if (!rc)
        json_member_text(writer, "dead", letter.reason);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc explain_rules(struct event_work *work, const struct ruleset *ruleset)
{
    const struct event *event = &work->events.items[work->part];
    struct quarantined facts;
    enum rc rc;

    rc = match_event(work->matcher, ruleset, event, work->work.request->arena, &work->matches);
    json_key(&work->writer, "rules");
    json_array_begin(&work->writer);
    for (size_t i = 0; i < ruleset->n_rules && !rc; i++) {
        const struct rule *rule = &ruleset->rules[i];

        if (work->only.len && !slice_eq(work->only, rule->id))
            continue;
        if (quarantine_has(ruleset->quarantine, rule, &facts))
            explain_quarantined(work, rule, &facts);
        else
            rc = explain_rule(work, rule);
    }
    json_array_end(&work->writer);
    return rc;
}

static enum rc run_event(struct engine_work *engine_work, struct engine *engine, int64_t now_ms)
{
    struct event_work *work = (struct event_work *)engine_work;
    enum rc rc = store_begin_read(service_store(engine_work->request->service), &work->txn);

    (void)now_ms;
    work->writer = json_writer_to(&work->json);
    json_object_begin(&work->writer);
    if (!rc)
        rc = matcher_new(&work->matcher);
    if (!rc)
        rc = arena_new(RULE_ARENA_BYTES, &work->scratch);
    if (!rc)
        rc = write_received(work);
    if (!rc)
        rc = explain_rules(work, engine_ruleset(engine));
    json_object_end(&work->writer);
    matcher_free(work->matcher);
    arena_free(work->scratch);
    store_abort(&work->txn);
    return rc;
}

static void answer_event(struct engine_work *engine_work, enum rc rc)
{
    struct event_work *work = (struct event_work *)engine_work;
    struct buffer json = work->json;

    event_list_free(&work->events);
    if (!rc) {
        request_answer_json(engine_work->request, 200, &json);
        return;
    }
    buffer_free(&json);
    request_fail(engine_work->request, rc);
}

static enum rc load_event(struct request *request, struct event_work *work)
{
    struct store_txn *txn = NULL;
    struct ulid id;
    enum rc rc;

    if (ulid_parse(request->part, "evt_", &id))
        return RC_NOT_FOUND;
    rc = store_begin_read(service_store(request->service), &txn);
    if (!rc)
        rc = journal_find(txn, id, request->arena, &work->entry, &work->part);
    store_abort(&txn);
    if (!rc)
        rc = engine_events(request->config, &work->entry, request->arena, &work->events);
    if (!rc && work->part >= work->events.n_items) {
        event_list_free(&work->events);
        rc = RC_NOT_FOUND;
    }
    return rc;
}

void explain_event(struct request *request)
{
    struct event_work *work = arena_alloc(request->arena, 1, sizeof *work);
    enum rc rc;

    if (!work) {
        request_fail(request, RC_NO_MEMORY);
        return;
    }
    *work = (struct event_work){ .work = { .run = run_event, .answer = answer_event },
                                 .only = http_query(request->exchange, "rule") };
    rc = load_event(request, work);
    if (rc) {
        request_fail(request, rc);
        return;
    }
    buffer_init(&work->json, EXPLAIN_MAX_BYTES);
    request_run(request, &work->work);
}

/* --- a signal, gate by gate --- */

struct signal_work {
    struct engine_work work;
    struct ulid id;
    struct buffer json;
    /* while it runs */
    struct json_writer writer;
    struct store_txn *txn;
    struct signal signal;
    struct signal_description description;
    int64_t now_ms;
};

static void write_rule_gate(struct signal_work *work, const struct rule *rule)
{
    struct json_writer *writer = &work->writer;

    if (!rule)
        write_gate(writer, SLICE("rule"), false, SLICE("in force"), SLICE("removed"));
    else
        write_gate(writer, SLICE("mode"), rule->mode == RULE_PROPOSE, SLICE("propose"),
                   rule->mode == RULE_PROPOSE ? SLICE("propose") : SLICE("observe"));
}

static enum rc write_own_gates(struct signal_work *work)
{
    const struct signal *signal = &work->signal;
    char text[TEXT_BYTES];
    struct slice stands;
    enum rc rc = arena_format(work->work.request->arena, &stands, "%s, count %lld%s%.*s",
                              signal_state_names[signal->state], (long long)signal->count,
                              work->description.progress.len ? ": " : "",
                              SLICE_ARG(work->description.progress));

    if (rc)
        return rc;
    /* What is resolved has fired. */
    write_gate(&work->writer, SLICE("window"),
               signal->state == SIGNAL_FIRING || signal->state == SIGNAL_RESOLVED, SLICE("firing"),
               stands);
    if (signal->n_late) {
        snprintf(text, sizeof text, "%lld came late and moved nothing", (long long)signal->n_late);
        write_gate(&work->writer, SLICE("lateness"), false, (struct slice){ 0 }, slice_of(text));
    }
    return RC_OK;
}

/* By whom or what, and until when; absent where the gate lets it pass. */
static enum rc hold_text(const struct hold *hold, struct arena *arena, struct slice *text)
{
    char until[TIME_TEXT_BYTES];

    *text = (struct slice){ 0 };
    if (!hold->reason)
        return RC_OK;
    if (!hold->until_ms)
        return arena_format(arena, text, "%.*s", SLICE_ARG(hold->detail));
    return arena_format(arena, text, "%.*s%suntil %s", SLICE_ARG(hold->detail),
                        hold->detail.len ? ", " : "", time_format(hold->until_ms, until));
}

/* What may hold it back, each as it judges now. */
static enum rc write_holding_gates(struct signal_work *work, struct engine *engine)
{
    struct gate_verdict verdicts[HOLD_REASONS];
    struct arena *arena = work->work.request->arena;
    size_t n_verdicts = 0;
    enum rc rc = engine_judge_gates(engine, work->txn, &work->signal, work->now_ms, arena, verdicts,
                                    &n_verdicts);

    for (size_t i = 0; i < n_verdicts && !rc; i++) {
        struct slice text;

        rc = hold_text(&verdicts[i].hold, arena, &text);
        if (!rc)
            write_gate(&work->writer, slice_of(hold_reason_names[verdicts[i].gate]),
                       !verdicts[i].hold.reason, (struct slice){ 0 }, text);
    }
    return rc;
}

static enum rc write_task_gate(struct signal_work *work)
{
    struct task task = { 0 };
    struct slice text;
    enum rc rc;

    if (ulid_is_absent(work->signal.task))
        return RC_OK;
    rc = task_get(work->txn, work->signal.task, work->work.request->arena, &task);
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    rc = arena_format(work->work.request->arena, &text, "%s%s%.*s", task_state_names[task.state],
                      task.reason.len ? ": " : "", SLICE_ARG(task.reason));
    if (!rc)
        write_gate(&work->writer, SLICE("task"), task.state == TASK_DONE, SLICE("done"), text);
    return rc;
}

static enum rc write_decision_gates(struct signal_work *work, const struct proposal *proposal)
{
    const struct decision *decisions = proposal->decisions.items;
    const struct step *steps = proposal->plan.items;
    struct arena *arena = work->work.request->arena;
    struct slice text;
    enum rc rc = RC_OK;

    for (size_t i = 0; i < proposal->decisions.n_items && !rc; i++) {
        bool approves = decisions[i].verdict == VERDICT_APPROVE && !decisions[i].is_void;

        rc = arena_format(arena, &text, "%s by %.*s%s", verdict_names[decisions[i].verdict],
                          SLICE_ARG(decisions[i].by), decisions[i].is_void ? " (void)" : "");
        if (!rc)
            write_gate(&work->writer, SLICE("decision"), approves, SLICE("approve"), text);
    }
    for (size_t i = 0; i < proposal->plan.n_items && !rc; i++) {
        rc = arena_format(arena, &text, "%.*s: %s", SLICE_ARG(steps[i].action),
                          step_state_names[steps[i].state]);
        if (!rc)
            write_gate(&work->writer, SLICE("step"), steps[i].state == STEP_DONE, SLICE("done"),
                       text);
    }
    return rc;
}

/* It holds back what is approved, and nothing before that. */
static enum rc write_pause_gate(struct signal_work *work, const struct proposal *proposal)
{
    uint64_t paused = 0;
    enum rc rc = meta_get(work->txn, META_PAUSED, &paused);

    if (!rc && paused && !proposal_state_is_final(proposal->state))
        write_gate(&work->writer, SLICE("pause"), false, (struct slice){ 0 },
                   SLICE("nothing acts until `vedette resume`"));
    return rc;
}

static enum rc write_proposal_gates(struct signal_work *work)
{
    struct proposal proposal = { 0 };
    struct slice text;
    enum rc rc;

    if (ulid_is_absent(work->signal.proposal))
        return RC_OK;
    rc = proposal_get(work->txn, work->signal.proposal, work->work.request->arena, &proposal);
    if (rc)
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    rc = arena_format(work->work.request->arena, &text, "%.*s %s%s%.*s",
                      SLICE_ARG(proposal.short_id), proposal_state_names[proposal.state],
                      proposal.outcome.len ? ": " : "", SLICE_ARG(proposal.outcome));
    if (rc)
        return rc;
    write_gate(&work->writer, SLICE("proposal"), true, (struct slice){ 0 }, text);
    rc = write_pause_gate(work, &proposal);
    if (!rc)
        rc = write_decision_gates(work, &proposal);
    if (!rc && proposal.verify_until_ms)
        write_gate(&work->writer, SLICE("verification"), proposal.state == PROPOSAL_VERIFIED,
                   SLICE("verified"), slice_of(proposal_state_names[proposal.state]));
    return rc;
}

static enum rc write_chain(struct signal_work *work, struct engine *engine)
{
    const struct rule *rule = ruleset_find(engine_ruleset(engine), work->signal.rule);
    struct json_writer *writer = &work->writer;
    enum rc rc = engine_describe_signal(engine, work->txn, &work->signal, work->now_ms,
                                        work->work.request->arena, &work->description);

    if (rc)
        return rc;
    json_object_begin(writer);
    api_member_id(writer, "signal", "sig_", work->id);
    json_member_text(writer, "rule", work->signal.rule);
    json_key(writer, "key");
    json_array_begin(writer);
    for (size_t i = 0; i < work->signal.key.n_items; i++)
        json_write_text(writer, work->signal.key.items[i]);
    json_array_end(writer);
    json_member_text(writer, "title", work->signal.title);
    json_member_text(writer, "progress", work->description.progress);
    json_member_text(writer, "near_miss", work->description.near_miss);
    json_key(writer, "events");
    json_array_begin(writer);
    for (size_t i = 0; i < work->signal.samples.n_items; i++) {
        char id[ULID_TEXT_BYTES + 4] = "evt_";

        (void)ulid_format(work->signal.samples.items[i], id + 4);
        json_write_text(writer, slice_of(id));
    }
    json_array_end(writer);
    json_key(writer, "gates");
    json_array_begin(writer);
    write_rule_gate(work, rule);
    rc = write_own_gates(work);
    if (!rc)
        rc = write_holding_gates(work, engine);
    if (!rc)
        rc = write_task_gate(work);
    if (!rc)
        rc = write_proposal_gates(work);
    json_array_end(writer);
    json_object_end(writer);
    return rc;
}

static enum rc run_signal(struct engine_work *engine_work, struct engine *engine, int64_t now_ms)
{
    struct signal_work *work = (struct signal_work *)engine_work;
    enum rc rc = store_begin_read(service_store(engine_work->request->service), &work->txn);

    work->now_ms = now_ms;
    work->writer = json_writer_to(&work->json);
    if (!rc)
        rc = signal_get(work->txn, work->id, engine_work->request->arena, &work->signal);
    if (!rc)
        rc = write_chain(work, engine);
    store_abort(&work->txn);
    return rc;
}

static void answer_signal(struct engine_work *engine_work, enum rc rc)
{
    struct signal_work *work = (struct signal_work *)engine_work;
    struct buffer json = work->json;

    if (!rc) {
        request_answer_json(engine_work->request, 200, &json);
        return;
    }
    buffer_free(&json);
    request_fail(engine_work->request, rc);
}

void explain_signal(struct request *request)
{
    struct signal_work *work = arena_alloc(request->arena, 1, sizeof *work);

    if (!work) {
        request_fail(request, RC_NO_MEMORY);
        return;
    }
    *work = (struct signal_work){ .work = { .run = run_signal, .answer = answer_signal } };
    if (ulid_parse(request->part, "sig_", &work->id)) {
        request_fail(request, RC_NOT_FOUND);
        return;
    }
    buffer_init(&work->json, EXPLAIN_MAX_BYTES);
    request_run(request, &work->work);
}
