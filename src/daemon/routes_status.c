/* GET /api/v1/status: how it goes, what waits, what is held back and why. */
#include "src/daemon/budget_facts.h"
#include "src/daemon/catching_up.h"
#include "src/daemon/handlers.h"
#include "src/daemon/log_status.h"
#include "src/daemon/object_kinds.h"
#include "src/daemon/posting.h"
#include "src/daemon/slack_socket.h"

#include "rules/fold.h"
#include "rules/quarantine.h"
#include "src/base/metrics.h"
#include "src/store/held.h"
#include "src/store/meta.h"
#include "src/store/rule_states.h"
#include "watchers/webhook.h"

#define ROW_ARENA_BYTES ((size_t)64 << 20)
#define HELD_ROWS 1000 /* newest ones that are looked at */
#define HELD_ITEMS 100

struct status {
    struct request *request;
    struct store_txn *txn;
    struct json_writer writer;
    int64_t now_ms;
    struct silence_list silences; /* that are active */
    size_t n_held;
};

/* --- counts --- */

/* Rows of a gauge that has one for each state: {"open":1,…}, without those of none. */
static void write_counts(struct json_writer *writer, const char *member, enum metric metric,
                         const char *const *names, size_t n_names)
{
    json_key(writer, member);
    json_object_begin(writer);
    for (size_t i = 0; i < n_names; i++) {
        int64_t n = (int64_t)metric_value(metric, slice_of(names[i]), (struct slice){ 0 });

        if (n)
            json_member_int(writer, names[i], n);
    }
    json_object_end(writer);
}

static enum rc write_store(struct status *status)
{
    int64_t used_bytes = 0, max_bytes = 0;
    enum rc rc = store_usage(status->txn, &used_bytes, &max_bytes);

    json_key(&status->writer, "store");
    json_object_begin(&status->writer);
    json_member_int(&status->writer, "bytes", used_bytes);
    json_member_int(&status->writer, "max_bytes", max_bytes);
    json_object_end(&status->writer);
    return rc;
}

static enum rc write_depths(struct status *status)
{
    struct inlet_facts facts = inlet_facts(service_inlet(status->request->service));
    struct json_writer *writer = &status->writer;
    uint64_t sequence = 0, cursor = 0;
    enum rc rc = meta_get(status->txn, META_SEQUENCE, &sequence);

    if (!rc)
        rc = meta_get(status->txn, META_CURSOR, &cursor);
    json_key(writer, "depths");
    json_object_begin(writer);
    json_member_int(writer, "inlet", (int64_t)facts.n_waiting);
    json_member_int(
        writer, "fold_lag",
        (int64_t)metric_value(METRIC_FOLD_LAG, (struct slice){ 0 }, (struct slice){ 0 }));
    json_member_int(writer, "sequence", (int64_t)sequence);
    json_member_int(writer, "cursor", (int64_t)cursor);
    write_counts(writer, "outbox", METRIC_OUTBOX_DEPTH, outbox_channel_names, OUTBOX_N_CHANNELS);
    json_object_end(writer);
    return rc;
}

/* --- rules and watchers --- */

/* Those that could be asked and could not judge. */
static void write_faulty(void *context, struct slice rule, struct slice fault, double n_events)
{
    struct json_writer *writer = context;

    if (n_events < 1 || slice_eq(fault, slice_of(match_fault_names[MATCH_FAULT_QUARANTINED])))
        return;
    json_object_begin(writer);
    json_member_text(writer, "rule", rule);
    json_member_text(writer, "fault", fault);
    json_member_int(writer, "events", (int64_t)n_events);
    json_object_end(writer);
}

static void write_quarantined(const struct rule *rule, const struct quarantined *facts,
                              struct json_writer *writer)
{
    struct slice fault = slice_of(match_fault_names[MATCH_FAULT_QUARANTINED]);

    json_object_begin(writer);
    json_member_text(writer, "rule", rule->id);
    json_member_text(writer, "fault", fault);
    json_member_int(writer, "events", (int64_t)metric_value(METRIC_MATCH_FAULTS, rule->id, fault));
    json_member_text(writer, "file", rule->mark.file);
    json_member_int(writer, "line", rule->mark.line);
    quarantined_write(facts, writer);
    json_object_end(writer);
}

/* First those that judge nothing at all. */
static void write_degraded(struct status *status, const struct ruleset *ruleset)
{
    bool has_some = quarantine_n_rules(ruleset->quarantine) > 0;
    struct quarantined facts;

    json_key(&status->writer, "degraded");
    json_array_begin(&status->writer);
    for (size_t i = 0; i < ruleset->n_rules && has_some; i++)
        if (quarantine_has(ruleset->quarantine, &ruleset->rules[i], &facts))
            write_quarantined(&ruleset->rules[i], &facts, &status->writer);
    metric_each(METRIC_MATCH_FAULTS, write_faulty, &status->writer);
    json_array_end(&status->writer);
}

/* Until then it cannot fire, whatever comes. */
static enum rc write_learning_rule(struct status *status, const struct rule *rule)
{
    struct fold_clock clock = { .now_ms = status->now_ms };
    struct json_writer *writer = &status->writer;
    int64_t until_ms = 0;
    const char *why;
    enum rc rc =
        rule_state_since(status->txn, rule->id, rule->condition_version, &clock.rule_since_ms);

    why = rc ? NULL : fold_judges_from(rule, &clock, &until_ms);
    if (!why)
        return rc;
    json_object_begin(writer);
    json_member_text(writer, "rule", rule->id);
    json_member_text(writer, "why", slice_of(why));
    json_member_time(writer, "until", until_ms);
    json_object_end(writer);
    return RC_OK;
}

static enum rc write_learning(struct status *status, const struct ruleset *ruleset)
{
    enum rc rc = RC_OK;

    json_key(&status->writer, "learning");
    json_array_begin(&status->writer);
    for (size_t i = 0; i < ruleset->n_rules && !rc; i++)
        if (ruleset->rules[i].condition->learns)
            rc = write_learning_rule(status, &ruleset->rules[i]);
    json_array_end(&status->writer);
    return rc;
}

struct limit_writing {
    struct json_writer *writer;
    const char *limit;
};

static void write_limited(void *context, struct slice rule, struct slice none, double n_matches)
{
    const struct limit_writing *writing = context;

    (void)none;
    if (n_matches < 1)
        return;
    json_object_begin(writing->writer);
    json_member_text(writing->writer, "rule", rule);
    json_member_text(writing->writer, "limit", slice_of(writing->limit));
    json_member_int(writing->writer, "matches", (int64_t)n_matches);
    json_object_end(writing->writer);
}

/* Those that judge, and less exactly than they say. */
static void write_limits(struct status *status)
{
    struct limit_writing windows = { &status->writer, "window" };
    struct limit_writing keys = { &status->writer, "keys" };

    json_key(&status->writer, "limited");
    json_array_begin(&status->writer);
    metric_each(METRIC_WINDOWS_COARSE, write_limited, &windows);
    metric_each(METRIC_KEYS_OVERFLOW, write_limited, &keys);
    json_array_end(&status->writer);
}

static enum rc write_each_rule(struct status *status)
{
    struct ruleset *ruleset = inlet_hold_ruleset(service_inlet(status->request->service));
    enum rc rc;

    write_degraded(status, ruleset);
    rc = write_learning(status, ruleset);
    ruleset_free(ruleset);
    return rc;
}

static enum rc write_rules(struct status *status)
{
    struct rules_report report;
    enum rc rc = service_rules_report(status->request->service, status->request->arena, &report);

    if (rc)
        return rc;
    json_key(&status->writer, "rules");
    json_object_begin(&status->writer);
    json_member_int(&status->writer, "loaded", (int64_t)report.n_rules);
    json_member_text(&status->writer, "state",
                     report.state == RULES_AS_WRITTEN ? SLICE("as_written") : SLICE("last_good"));
    json_member_text(&status->writer, "problems", report.problems);
    json_member_time(&status->writer, "at", report.at_ms);
    rc = write_each_rule(status);
    write_limits(status);
    json_object_end(&status->writer);
    return rc;
}

static enum rc write_url(const struct status *status, const struct webhook *hook, struct slice *url)
{
    struct request *request = status->request;
    struct slice base = request->config->public_url;
    struct slice path;
    enum rc rc = webhook_path(hook, request->arena, &path);

    if (rc)
        return rc;
    if (base.len && base.ptr[base.len - 1] == '/')
        base.len--;
    if (base.len)
        return arena_format(request->arena, url, "%.*s%.*s", SLICE_ARG(base), SLICE_ARG(path));
    return arena_format(request->arena, url, "http://%.*s%.*s",
                        SLICE_ARG(service_public_address(request->service)), SLICE_ARG(path));
}

static void write_catch_up(const struct status *status, struct slice name,
                           struct json_writer *writer)
{
    struct catching_up *catching_up = service_catching_up(status->request->service);
    struct catching_up_fact fact = { 0 };

    if (catching_up)
        fact = catching_up_fact_of(catching_up, name);
    json_key(writer, "catch_up");
    json_object_begin(writer);
    json_member_time(writer, "ran", fact.ran_ms);
    json_member_time(writer, "next", fact.next_ms);
    json_member_int(writer, "n_missed", fact.n_missed);
    json_member_int(writer, "n_asked", fact.n_asked);
    json_member_int(writer, "n_refused", fact.n_refused);
    if (fact.is_partial)
        json_member_bool(writer, "partial", true);
    if (fact.error[0])
        json_member_text(writer, "error", slice_of(fact.error));
    json_object_end(writer);
}

static enum rc write_watcher(struct status *status, const struct webhook *hook)
{
    struct slice name = webhook_name(hook);
    struct hook_fact fact = hook_facts_of(service_hook_facts(status->request->service), name);
    struct json_writer *writer = &status->writer;
    struct slice url;
    enum rc rc = write_url(status, hook, &url);

    if (rc)
        return rc;
    json_object_begin(writer);
    json_member_text(writer, "name", name);
    json_member_text(writer, "watcher", SLICE("webhook"));
    json_member_text(writer, "sender", webhook_sender(hook));
    json_member_text(writer, "url", url);
    json_member_time(writer, "accepted", fact.accepted_ms);
    json_member_time(writer, "refused", fact.refused_ms);
    json_member_time(writer, "handshake", fact.handshake_ms);
    if (fact.refused_ms)
        json_member_text(writer, "reason", slice_of(fact.reason));
    if (webhook_is_subscribed(hook))
        json_member_text(writer, "subscription", slice_of(hook_fact_subscription(&fact)));
    json_member_int(writer, "n_accepted", fact.n_accepted);
    json_member_int(writer, "n_duplicates", fact.n_duplicates);
    json_member_int(writer, "n_refused", fact.n_refused);
    if (webhook_catch_up(hook))
        write_catch_up(status, name, writer);
    json_object_end(writer);
    return RC_OK;
}

static enum rc write_watchers(struct status *status)
{
    const struct watchers *watchers = status->request->config->watchers;
    const struct webhook *hook;
    const struct log_watch *log;
    const struct journal_watch *journal;
    enum rc rc = RC_OK;

    json_key(&status->writer, "watchers");
    json_array_begin(&status->writer);
    for (size_t i = 0; (hook = watchers_webhook_at(watchers, i)) != NULL && !rc; i++)
        rc = write_watcher(status, hook);
    for (size_t i = 0; (log = watchers_log_at(watchers, i)) != NULL && !rc; i++)
        log_status_write(service_tailing(status->request->service), log, &status->writer);
    for (size_t i = 0; (journal = watchers_journal_at(watchers, i)) != NULL && !rc; i++)
        journal_status_write(service_tailing(status->request->service), journal, &status->writer);
    json_array_end(&status->writer);
    return rc;
}

/* --- channels --- */

/* Failing is what somebody should look at; held is a channel that asked us to wait. */
static const char *channel_state_of(const struct posting_facts *facts)
{
    if (facts->failing_since_ms)
        return "failing";
    return facts->next_try_ms ? "held" : "ok";
}

/* Of the Slack channel, where there is an app token. */
static void write_socket_mode(const struct status *status, const char *kind,
                              struct json_writer *writer)
{
    struct slack_socket *socket = service_slack_socket(status->request->service);
    struct slack_socket_facts facts = { 0 };

    if (socket && slice_eq(slice_of(kind), SLICE("slack")))
        facts = slack_socket_facts(socket);
    if (!facts.is_wanted)
        return;
    json_key(writer, "socket_mode");
    json_object_begin(writer);
    json_member_int(writer, "connections", (int64_t)facts.n_connections);
    json_member_time(writer, "connected", facts.connected_ms);
    json_member_int(writer, "envelopes", facts.n_envelopes);
    if (facts.error)
        json_member_text(writer, "error", slice_of(facts.error));
    json_object_end(writer);
}

static void write_channel(const struct status *status, const struct posting_facts *facts,
                          struct json_writer *writer)
{
    json_object_begin(writer);
    json_member_text(writer, "name", facts->channel);
    json_member_text(writer, "kind", slice_of(facts->kind));
    json_member_text(writer, "state", slice_of(channel_state_of(facts)));
    json_member_int(writer, "owed", (int64_t)facts->n_owed);
    json_member_time(writer, "oldest", facts->oldest_ms);
    json_member_time(writer, "failing_since", facts->failing_since_ms);
    json_member_time(writer, "next_try", facts->next_try_ms);
    json_member_int(writer, "dead", facts->n_dead);
    json_member_int(writer, "skipped", facts->n_skipped);
    json_member_text(writer, "error", facts->error);
    write_socket_mode(status, facts->kind, writer);
    json_object_end(writer);
}

static enum rc write_channels(struct status *status)
{
    struct posting *posting = service_posting(status->request->service);
    struct posting_facts *facts = NULL;
    size_t n_facts = 0;
    enum rc rc = RC_OK;

    if (posting)
        rc = posting_list_facts(posting, status->request->arena, &facts, &n_facts);
    json_key(&status->writer, "channels");
    json_array_begin(&status->writer);
    for (size_t i = 0; i < n_facts && !rc; i++)
        write_channel(status, &facts[i], &status->writer);
    json_array_end(&status->writer);
    return rc;
}

/* --- maintenance --- */

/* What is muted on a schedule now. */
static enum rc write_maintenance(struct status *status)
{
    const struct config *config = status->request->config;
    struct json_writer *writer = &status->writer;

    json_key(writer, "maintenance");
    json_array_begin(writer);
    for (size_t i = 0; i < config->n_maintenance; i++) {
        const struct maintenance *one = &config->maintenance[i];

        if (!weekly_window_is_open(&one->window, status->now_ms))
            continue;
        json_object_begin(writer);
        silence_write_where(&one->silence, writer);
        json_member_text(writer, "reason", one->silence.reason);
        json_member_text(writer, "window", one->window.text);
        json_member_time(writer, "until", weekly_window_turns_ms(&one->window, status->now_ms));
        json_object_end(writer);
    }
    json_array_end(writer);
    return RC_OK;
}

/* --- held back --- */

/* Of one reason, so that no other is pushed out of the list. */
#define HELD_SIGNALS 20

struct held {
    const char *member, *prefix;
    struct ulid id;
    struct slice rule, title, detail;
    const char *why;
    const char *severity; /* NULL: not told */
    int64_t until_ms;
    const struct silence *silence; /* that holds it; NULL: none does */
};

static bool add_held(struct status *status, const struct held *held)
{
    struct json_writer *writer = &status->writer;

    json_object_begin(writer);
    api_member_id(writer, held->member, held->prefix, held->id);
    json_member_text(writer, "rule", held->rule);
    json_member_text(writer, "title", held->title);
    json_member_text(writer, "why", slice_of(held->why));
    if (held->severity)
        json_member_text(writer, "severity", slice_of(held->severity));
    json_member_text(writer, "detail", held->detail);
    json_member_time(writer, "until", held->until_ms);
    if (held->silence) {
        api_member_id(writer, "silence", "sil_", held->silence->id);
        json_member_text(writer, "reason", held->silence->reason);
    }
    json_object_end(writer);
    return ++status->n_held < HELD_ITEMS;
}

static enum rc write_held_signal(struct status *status, struct ulid id, struct arena *arena)
{
    struct signal signal = { 0 };
    struct held held = { .member = "signal", .prefix = "sig_", .id = id };
    enum rc rc = signal_get(status->txn, id, arena, &signal);

    if (rc)
        return rc == RC_NOT_FOUND || rc == RC_CORRUPT ? RC_OK : rc;
    held.rule = signal.rule;
    held.title = signal.title;
    held.why =
        signal.hold.reason == HOLD_SILENCE ? "silenced" : hold_reason_names[signal.hold.reason];
    held.severity = severity_names[signal.severity];
    held.detail = signal.hold.detail;
    held.until_ms = signal.hold.until_ms;
    /* Without the memory to tell which, the reason stands alone. */
    if (signal.hold.reason == HOLD_SILENCE &&
        silence_list_find(&status->silences, &signal, status->now_ms, &held.silence))
        held.silence = NULL;
    (void)add_held(status, &held);
    return RC_OK;
}

static enum rc write_held_signals(struct status *status, struct arena *arena)
{
    enum rc rc = RC_OK;

    for (int reason = HOLD_NONE + 1; reason < HOLD_REASONS && !rc; reason++) {
        struct held_place place = { .reason = (enum hold_reason)reason };

        for (size_t n = 0; n < HELD_SIGNALS && !(rc = held_next(status->txn, &place)); n++) {
            arena_reset(arena);
            rc = write_held_signal(status, place.signal, arena);
            if (rc)
                return rc;
        }
        rc = rc == RC_NOT_FOUND ? RC_OK : rc;
    }
    return rc;
}

static bool visit_proposal(void *context, struct ulid id, const void *object)
{
    const struct proposal *proposal = object;
    struct status *status = context;
    const struct held held = { .member = "proposal",
                               .prefix = "prp_",
                               .id = id,
                               .rule = proposal->rule,
                               .title = proposal->title,
                               .why = "snoozed",
                               .until_ms = proposal->snoozed_until_ms };

    if (proposal->state != PROPOSAL_OPEN || proposal->snoozed_until_ms <= status->now_ms)
        return true;
    return add_held(status, &held);
}

static enum rc write_budget(struct status *status)
{
    const struct review_budget *budget = &status->request->config->budget;
    struct budget_facts facts;
    enum rc rc = budget_facts_read(status->txn, budget, status->now_ms, &facts);

    if (!rc)
        budget_facts_write(&facts, budget, &status->writer);
    return rc;
}

static enum rc write_held(struct status *status)
{
    const struct ulid newest = { 0 };
    union any_object object = { 0 };
    struct arena *arena = NULL, *silences = NULL;
    enum rc rc = arena_new(ROW_ARENA_BYTES, &arena);

    if (!rc)
        rc = arena_new(ROW_ARENA_BYTES, &silences);
    if (!rc)
        rc = silence_list_active(status->txn, status->now_ms, silences, &status->silences);
    json_key(&status->writer, "held_back");
    json_array_begin(&status->writer);
    if (!rc)
        rc = write_held_signals(status, arena);
    if (!rc && status->n_held < HELD_ITEMS)
        rc = object_each_newest(status->txn, TABLE_PROPOSALS, &proposal_shape, newest, HELD_ROWS,
                                arena, &object, visit_proposal, status);
    json_array_end(&status->writer);
    arena_free(silences);
    arena_free(arena);
    return rc;
}

/* --- */

static enum rc write_head(struct status *status)
{
    struct inlet_facts facts = inlet_facts(service_inlet(status->request->service));
    struct json_writer *writer = &status->writer;
    uint64_t paused = 0;
    enum rc rc = meta_get(status->txn, META_PAUSED, &paused);

    json_member_text(writer, "version", SLICE(VEDETTE_VERSION));
    json_member_time(writer, "started", service_started_ms(status->request->service));
    json_member_time(writer, "now", status->now_ms);
    json_member_bool(writer, "paused", paused != 0);
    json_member_bool(writer, "refusing_deliveries", facts.data_is_refused);
    json_member_bool(writer, "store_failed", facts.store_failed);
    json_member_text(writer, "config", status->request->config->path);
    return rc;
}

static enum rc write_all(struct status *status)
{
    struct json_writer *writer = &status->writer;
    enum rc (*const parts[])(struct status *) = { write_head,        write_store,    write_rules,
                                                  write_depths,      write_watchers, write_channels,
                                                  write_maintenance, write_budget,   write_held };
    enum rc rc = RC_OK;

    json_object_begin(writer);
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !rc; i++)
        rc = parts[i](status);
    write_counts(writer, "signals", METRIC_SIGNALS, signal_state_names, SIGNAL_STATES);
    write_counts(writer, "signals_held", METRIC_SIGNALS_HELD, hold_reason_names, HOLD_REASONS);
    write_counts(writer, "tasks", METRIC_TASKS, task_state_names, TASK_WITHDRAWN + 1);
    write_counts(writer, "proposals", METRIC_PROPOSALS, proposal_state_names, PROPOSAL_STATES);
    write_counts(writer, "silences", METRIC_SILENCES, silence_state_names, SILENCE_OVER + 1);
    json_object_end(writer);
    return rc;
}

void get_status(struct request *request)
{
    struct status status = { .request = request, .now_ms = clock_wall_ms() };
    struct buffer json;
    enum rc rc;

    buffer_init(&json, 0);
    status.writer = json_writer_to(&json);
    rc = store_begin_read(service_store(request->service), &status.txn);
    if (!rc)
        rc = write_all(&status);
    store_abort(&status.txn);
    if (!rc) {
        request_answer_json(request, 200, &json);
        return;
    }
    buffer_free(&json);
    request_fail(request, rc);
}
