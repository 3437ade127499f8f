#include "rules/match.h"
#include "src/cli/client.h"
#include "src/cli/commands_all.h"
#include "src/cli/explain_summary.h"
#include "src/cli/input.h"
#include "src/cli/offline.h"
#include "src/cli/value.h"
#include "src/cli/views.h"
#include "src/engine/simulation.h"

#include <string.h>

#define EVENTS_BYTES ((size_t)256 << 20)
#define SIGNALS_SHOWN_MAX ((size_t)20)
#define SHOWN_MAX                                                                                  \
    10 /* events that people are shown one by one; of more, what they have in common */

struct explaining {
    const struct invocation *invocation;
    struct offline offline;
    struct inputs *inputs;
    struct matcher *matcher;
    struct arena *arena;
    struct explain_summary *summary;
    struct simulation *simulation; /* what the rules make of all of it */
    struct buffer shown;           /* the first SHOWN_MAX events, for people */
    uint64_t n_events;
};

static void write_gates(struct json_writer *writer, const struct gate *gates, size_t n_gates)
{
    json_key(writer, "gates");
    json_array_begin(writer);
    for (size_t i = 0; i < n_gates; i++) {
        json_object_begin(writer);
        json_member_text(writer, "name", gates[i].name);
        json_member_bool(writer, "passed", gates[i].passed);
        json_member_text(writer, "wanted", gates[i].wanted);
        json_member_text(writer, "saw", gates[i].saw);
        json_object_end(writer);
    }
    json_array_end(writer);
}

/* As the daemon explains an event of its own. */
static enum rc write_rule(struct explaining *explaining, const struct rule *rule,
                          const struct event *event, struct slice id, struct json_writer *writer)
{
    struct gate *gates = NULL;
    size_t n_gates = 0, n_missed;
    bool matched = false;
    enum rc rc = match_explain(explaining->matcher, rule, event, explaining->arena, &gates,
                               &n_gates, &matched);

    if (rc)
        return rc;
    n_missed = gates_missed(gates, n_gates);
    json_object_begin(writer);
    json_member_text(writer, "rule", rule->id);
    json_member_bool(writer, "matched", matched);
    if (gates_clear(gates, n_gates))
        json_member_bool(writer, "clears", true);
    if (!matched && n_missed != GATES_FAR)
        json_member_int(writer, "missed", (int64_t)n_missed);
    write_gates(writer, gates, n_gates);
    json_object_end(writer);
    return explain_summary_add(explaining->summary, rule, gates, n_gates, matched, id);
}

static enum rc write_event(struct explaining *explaining, const struct event *event,
                           struct buffer *json)
{
    const struct ruleset *ruleset = explaining->offline.ruleset;
    struct json_writer writer = json_writer_to(json);
    char id[ULID_TEXT_BYTES + 4];
    enum rc rc = RC_OK;

    memcpy(id, "evt_", 4);
    (void)ulid_format(event->id, id + 4);
    json_object_begin(&writer);
    json_member_text(&writer, "event", slice_of(id));
    json_member_text(&writer, "watcher", event->fields[FIELD_WATCHER]);
    json_member_text(&writer, "kind", event->fields[FIELD_KIND]);
    json_member_text(&writer, "state", event->fields[FIELD_STATE]);
    json_member_text(&writer, "title", event->fields[FIELD_TITLE]);
    json_member_time(&writer, "received", event->received_ms);
    json_key(&writer, "rules");
    json_array_begin(&writer);
    for (size_t i = 0; i < ruleset->n_rules && !rc; i++)
        rc = write_rule(explaining, &ruleset->rules[i], event, slice_of(id), &writer);
    json_array_end(&writer);
    json_object_end(&writer);
    return rc ? rc : buffer_rc(json);
}

static void render(const struct invocation *invocation, const struct json *explanation,
                   struct buffer *out)
{
    if (!invocation->options.json) {
        view_explanation(&invocation->screen, explanation, out);
        return;
    }
    value_add_line(explanation, out);
    buffer_add_text(out, "\n");
}

static enum rc show(const struct invocation *invocation, struct slice text, struct buffer *out)
{
    struct json_fault fault;
    struct json *json = NULL;
    enum rc rc = json_parse(text, ((struct json_limits){ .depth = 256, .n_nodes = 20000000 }),
                            &json, &fault);

    if (rc)
        return rc;
    render(invocation, json, out);
    json_free(json);
    return buffer_rc(out);
}

/* Programs are told of each event at once; people at the end, when it is known how many there are. */
static enum rc explain_event(struct explaining *explaining, const struct event *event,
                             struct buffer *json)
{
    bool as_json = explaining->invocation->options.json;
    enum rc rc;

    buffer_clear(json);
    rc = write_event(explaining, event, json);
    explaining->n_events++;
    if (!rc && (as_json || explaining->n_events <= SHOWN_MAX))
        rc = show(explaining->invocation, buffer_slice(json), &explaining->shown);
    return !rc && as_json ? screen_write(&explaining->shown) : rc;
}

static enum rc fold_entry(struct explaining *explaining, const struct input_entry *entry)
{
    struct journal_entry copy = entry->entry;

    return simulation_receive_once(explaining->simulation, &copy, entry->dedup_ms,
                                   (struct slice){ 0 });
}

static enum rc explain_entry(struct explaining *explaining, const struct input_entry *entry)
{
    struct event_list events = { 0 };
    struct buffer json;
    enum rc rc;

    arena_reset(explaining->arena);
    buffer_init(&json, 0);
    rc = engine_events(explaining->offline.config, &entry->entry, explaining->arena, &events);
    for (size_t i = 0; i < events.n_items && !rc; i++)
        rc = explain_event(explaining, &events.items[i], &json);
    event_list_free(&events);
    buffer_free(&json);
    return rc ? rc : fold_entry(explaining, entry);
}

/* --- the signals that came of it --- */

struct signals_told {
    struct buffer *out;
    struct json_writer writer;
    bool as_json;
    size_t n_told, n_more;
};

static void write_signal(struct signals_told *told, const struct signal *signal,
                         const struct signal_description *description)
{
    json_object_begin(&told->writer);
    json_member_text(&told->writer, "rule", signal->rule);
    json_key(&told->writer, "key");
    json_array_begin(&told->writer);
    for (size_t i = 0; i < signal->key.n_items; i++)
        json_write_text(&told->writer, signal->key.items[i]);
    json_array_end(&told->writer);
    json_member_text(&told->writer, "state", slice_of(signal_state_names[signal->state]));
    json_member_int(&told->writer, "count", signal->count);
    json_member_text(&told->writer, "progress", description->progress);
    json_member_text(&told->writer, "near_miss", description->near_miss);
    json_object_end(&told->writer);
}

/* "  brute  192.0.2.7: pending, count 4: 4 of 5 within 10m; 5 came within 10m12s, the last of them 12s too late" */
static void show_signal(struct signals_told *told, const struct signal *signal,
                        const struct signal_description *description)
{
    struct buffer *out = told->out;

    buffer_add_text(out, "  ");
    show_text(out, signal->rule);
    for (size_t i = 0; i < signal->key.n_items; i++) {
        buffer_add_text(out, i ? " · " : "  ");
        show_text(out, signal->key.items[i]);
    }
    buffer_format(out, ": %s, count %lld", signal_state_names[signal->state],
                  (long long)signal->count);
    if ((signal->state == SIGNAL_PENDING || signal->state == SIGNAL_IDLE) &&
        description->progress.len)
        buffer_format(out, ": %.*s", SLICE_ARG(description->progress));
    if (description->near_miss.len)
        buffer_format(out, "; %.*s", SLICE_ARG(description->near_miss));
    buffer_add_text(out, "\n");
}

static bool tell_signal(void *context, const struct signal *signal,
                        const struct signal_description *description)
{
    struct signals_told *told = context;

    if (told->as_json)
        write_signal(told, signal, description);
    else if (told->n_told == SIGNALS_SHOWN_MAX)
        told->n_more++;
    else
        show_signal(told, signal, description);
    told->n_told += told->n_told < SIGNALS_SHOWN_MAX;
    return true;
}

/* What a match leads to is the condition's affair: how far each is when the input ends. */
static enum rc tell_signals(struct explaining *explaining)
{
    struct signals_told told = { .out = &explaining->shown,
                                 .writer = json_writer_to(&explaining->shown),
                                 .as_json = explaining->invocation->options.json };
    size_t n_before = explaining->shown.len;
    enum rc rc;

    if (told.as_json) {
        json_object_begin(&told.writer);
        json_key(&told.writer, "signals");
        json_array_begin(&told.writer);
    } else {
        buffer_add_text(told.out, "signals when it ends\n");
    }
    rc = simulation_each_signal(explaining->simulation, tell_signal, &told);
    if (told.as_json) {
        json_array_end(&told.writer);
        json_object_end(&told.writer);
        buffer_add_text(told.out, "\n");
    }
    if (told.n_more)
        buffer_format(told.out, "  and %zu more\n", told.n_more);
    if (!told.n_told)
        explaining->shown.len = n_before;
    return rc;
}

static enum rc tell_end(struct explaining *explaining)
{
    const struct invocation *invocation = explaining->invocation;
    enum rc rc = RC_OK;

    if (!invocation->options.json && explaining->n_events > SHOWN_MAX) {
        buffer_clear(&explaining->shown);
        rc = explain_summary_show(explaining->summary, &invocation->screen, explaining->n_events,
                                  &explaining->shown);
    }
    if (!rc)
        rc = tell_signals(explaining);
    return rc ? rc : screen_write(&explaining->shown);
}

static enum rc explain_inputs(struct explaining *explaining)
{
    struct input_entry entry;
    enum rc rc = arena_new(EVENTS_BYTES, &explaining->arena), told;

    if (!rc)
        rc = matcher_new(&explaining->matcher);
    if (!rc)
        rc = explain_summary_new(explaining->offline.ruleset, &explaining->summary);
    if (!rc) {
        ruleset_hold(explaining->offline.ruleset); /* the simulation takes its own */
        rc = simulation_new(explaining->offline.config, explaining->offline.ruleset,
                            &explaining->simulation);
    }
    if (!rc)
        rc = inputs_open(&explaining->invocation->options, explaining->offline.config, NULL,
                         explaining->offline.problems, &explaining->inputs);
    while (!rc && !(rc = inputs_next(explaining->inputs, &entry)))
        rc = explain_entry(explaining, &entry);
    if (rc == RC_NOT_FOUND)
        rc = RC_OK;
    if (rc && rc != RC_INVALID)
        return rc;
    told = tell_end(explaining); /* what came before a broken line was explained */
    return rc ? rc : told;
}

static enum exit_code explain_offline(const struct invocation *invocation)
{
    struct explaining explaining = { .invocation = invocation };
    const char *paths[OPTIONS_MAX_TEXTS];
    size_t n_paths = 0;
    enum exit_code code = inputs_check_call(invocation);
    enum rc rc;

    if (!code)
        code = offline_take_paths(invocation, paths, &n_paths);
    if (code)
        return code;
    buffer_init(&explaining.shown, 0);
    code = offline_need(invocation, OFFLINE_RULES_AS_WRITTEN, paths, n_paths, &explaining.offline);
    if (code)
        goto out;
    problems_clear(explaining.offline.problems);
    rc = explain_inputs(&explaining);
    offline_tell(&explaining.offline);
    if (rc && rc != RC_INVALID)
        complain(invocation->command, "%s", rc_text(rc));
    code = rc ? EXIT_REFUSED : EXIT_DONE;
out:
    inputs_close(explaining.inputs);
    simulation_free(explaining.simulation);
    matcher_free(explaining.matcher);
    explain_summary_free(explaining.summary);
    buffer_free(&explaining.shown);
    arena_free(explaining.arena);
    offline_close(&explaining.offline);
    return code;
}

/* Of the running daemon: what it did with an event, or why a signal stands where it stands. */
static enum exit_code explain_id(const struct invocation *invocation)
{
    struct slice id = slice_of(invocation->operands[0]);
    struct client *client = NULL;
    struct json *json = NULL;
    struct buffer text;
    enum exit_code code;

    buffer_init(&text, 0);
    buffer_add_text(&text, slice_starts(id, SLICE("sig_")) ? "/api/v1/explain/signals/"
                                                           : "/api/v1/explain/events/");
    url_add_encoded(&text, id);
    code = client_new(invocation, &client);
    if (!code)
        code = client_get(client, buffer_slice(&text), &json);
    if (!code) {
        buffer_clear(&text);
        render(invocation, json, &text);
        code = screen_write(&text) ? EXIT_REFUSED : EXIT_DONE;
    }
    json_free(json);
    client_free(client);
    buffer_free(&text);
    return code;
}

enum exit_code explain_command(const struct invocation *invocation)
{
    const struct options *options = &invocation->options;
    bool is_offline = options->n_inputs || options->n_rules;

    if (is_offline)
        return explain_offline(invocation);
    if (invocation->n_operands != 1)
        return usage_error(invocation->command,
                           "give one ID (evt_… or sig_…), or --rules and an input");
    if (!slice_starts(slice_of(invocation->operands[0]), SLICE("sig_")) &&
        !slice_starts(slice_of(invocation->operands[0]), SLICE("evt_")))
        return usage_error(
            invocation->command,
            "an ID to explain begins with evt_ or sig_: `vedette events` and `vedette "
            "signals` list them");
    return explain_id(invocation);
}
