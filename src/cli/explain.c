#include "rules/match.h"
#include "src/cli/client.h"
#include "src/cli/commands_all.h"
#include "src/cli/explain_summary.h"
#include "src/cli/input.h"
#include "src/cli/offline.h"
#include "src/cli/value.h"
#include "src/cli/views.h"
#include "src/engine/engine.h"

#include <string.h>

#define EVENTS_BYTES ((size_t)256 << 20)
#define SHOWN_MAX                                                                                  \
    10 /* events that people are shown one by one; of more, what they have in common */

struct explaining {
    const struct invocation *invocation;
    struct offline offline;
    struct inputs *inputs;
    struct matcher *matcher;
    struct arena *arena;
    struct explain_summary *summary;
    struct buffer shown; /* the first SHOWN_MAX events, for people */
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
    return rc;
}

static enum rc tell_people(struct explaining *explaining)
{
    const struct invocation *invocation = explaining->invocation;
    enum rc rc = RC_OK;

    if (invocation->options.json)
        return RC_OK;
    if (explaining->n_events > SHOWN_MAX) {
        buffer_clear(&explaining->shown);
        rc = explain_summary_show(explaining->summary, &invocation->screen, explaining->n_events,
                                  &explaining->shown);
    }
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
    if (!rc)
        rc = inputs_open(&explaining->invocation->options, explaining->offline.config, NULL,
                         explaining->offline.problems, &explaining->inputs);
    while (!rc && !(rc = inputs_next(explaining->inputs, &entry)))
        rc = explain_entry(explaining, &entry);
    if (rc == RC_NOT_FOUND)
        rc = RC_OK;
    if (rc && rc != RC_INVALID)
        return rc;
    told = tell_people(explaining); /* what came before a broken line was explained */
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
        return usage_error(invocation->command, "an ID to explain begins with evt_ or sig_");
    return explain_id(invocation);
}
