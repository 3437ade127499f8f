#include "src/engine/engine_private.h"

/* A rule that hears of a signal may fire, and another may hear of that one. Rules that go round in a circle end here. */
#define CHAIN_MAX_LINKS 100

struct chain_link {
    struct signal signal; /* as it was then */
    struct transition transition;
    struct ulid cause;
    int64_t time_ms; /* event time */
    struct chain_link *next;
};

enum rc chain_add(struct turn *turn, const struct signal *signal,
                  const struct transition *transition)
{
    struct chain_link *link;
    struct chain_link **last = &turn->chain;

    if (!turn->engine->ruleset->n_own_kind_rules || transition->to == SIGNAL_PENDING)
        return RC_OK;
    link = arena_alloc(turn->arena, 1, sizeof *link);
    if (!link)
        return RC_NO_MEMORY;
    *link = (struct chain_link){ .signal = *signal,
                                 .transition = *transition,
                                 .cause = turn->cause,
                                 .time_ms = turn->cause_time_ms ? turn->cause_time_ms
                                                                : transition->at_ms };
    while (*last)
        last = &(*last)->next;
    *last = link;
    return RC_OK;
}

/* --- the event that it is --- */

static enum rc write_body(struct turn *turn, const struct chain_link *link, struct slice *body)
{
    const struct signal *signal = &link->signal;
    struct json_writer writer;
    struct buffer json;
    enum rc rc;

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    transition_write_json(signal, &link->transition, link->cause, &writer);
    rc = buffer_rc(&json);
    if (!rc)
        rc = arena_copy(turn->arena, buffer_slice(&json), body);
    buffer_free(&json);
    return rc;
}

static enum rc join_key(struct turn *turn, const struct signal *signal, struct slice *subject)
{
    struct buffer text;
    enum rc rc;

    buffer_init(&text, 0);
    buffer_add(&text, signal->rule);
    for (size_t i = 0; i < signal->key.n_items; i++) {
        buffer_add_text(&text, i ? ", " : ": ");
        buffer_add(&text, signal->key.items[i]);
    }
    rc = buffer_rc(&text);
    if (!rc)
        rc = arena_copy(turn->arena, buffer_slice(&text), subject);
    buffer_free(&text);
    return rc;
}

/* What the signal's latest event said: service, repo, branch, … */
static void take_fields(const struct json *last, struct event *event)
{
    for (int field = 0; last && field < EVENT_N_FIELDS; field++)
        event->fields[field] = json_string(json_get_text(last, event_field_names[field]));
}

static enum rc fill_event(struct turn *turn, const struct chain_link *link, const struct json *last,
                          const struct json *body, struct event *event)
{
    const struct signal *signal = &link->signal;

    *event = (struct event){
        .door = DOOR_SIGNAL, .time_ms = link->time_ms, .received_ms = turn->now_ms, .data = body
    };
    take_fields(last, event);
    event->fields[FIELD_SOURCE] = SLICE("vedette");
    event->fields[FIELD_TYPE] = SLICE("vedette.signal");
    event->fields[FIELD_KIND] = SLICE("vedette.signal");
    event->fields[FIELD_RULE] = signal->rule;
    event->fields[FIELD_TITLE] = signal->title;
    event->fields[FIELD_TEXT] = signal->title;
    event->fields[FIELD_SEVERITY] = slice_of(severity_names[signal->severity]);
    event->fields[FIELD_STATE] =
        link->transition.to == SIGNAL_FIRING ? SLICE("failing") : SLICE("ok");
    return join_key(turn, signal, &event->fields[FIELD_SUBJECT]);
}

/* In the journal with the others, so that it can be listed and explained. */
static enum rc journal(struct turn *turn, const struct event *event)
{
    struct journal_entry entry = { .door = event->door,
                                   .id = event->id,
                                   .type = event->fields[FIELD_TYPE],
                                   .received_ms = event->received_ms };
    struct json_writer writer;
    struct buffer json;
    enum rc rc = meta_get(turn->txn, META_CURSOR, &entry.after);

    buffer_init(&json, 0);
    writer = json_writer_to(&json);
    event_write_json(event, &writer);
    if (!rc)
        rc = buffer_rc(&json);
    entry.body = buffer_slice(&json);
    if (!rc)
        rc = journal_append(turn->txn, &entry);
    buffer_free(&json);
    return rc;
}

static enum rc fold_event(struct turn *turn, const struct chain_link *link, const struct json *last,
                          const struct json *data)
{
    struct event event;
    enum rc rc = fill_event(turn, link, last, data, &event);

    if (!rc)
        rc = turn_make_id(turn, &event.id);
    if (!rc)
        rc = journal(turn, &event);
    return rc ? rc : signals_fold_alone(turn, &event);
}

static enum rc fold_link(struct turn *turn, const struct chain_link *link)
{
    struct json *last = NULL, *data = NULL;
    struct json_fault fault;
    struct slice body;
    enum rc rc = write_body(turn, link, &body);

    if (!rc)
        rc = json_parse(body, JSON_LIMITS_DEFAULT, &data, &fault);
    if (!rc && link->signal.last_event.len)
        rc = json_parse(link->signal.last_event, JSON_LIMITS_DEFAULT, &last, &fault);
    if (!rc)
        rc = fold_event(turn, link, last, data);
    json_free(data);
    json_free(last);
    return rc;
}

enum rc chain_run(struct turn *turn)
{
    enum rc rc = RC_OK;

    for (size_t n = 0; turn->chain && !rc; n++) {
        struct chain_link *link = turn->chain;

        turn->chain = link->next;
        if (n == CHAIN_MAX_LINKS) {
            log_error("rules hear of each other in a circle: the rest of it is dropped rule=%.*s",
                      SLICE_ARG(link->signal.rule));
            turn->chain = NULL;
            break;
        }
        rc = fold_link(turn, link);
    }
    return rc;
}
