#include "src/engine/engine_private.h"

#include <stdlib.h>

/* That a rule fired follows from what it saw, and that it proposes as well: a record of it that is read again says nothing. And what was kept aside was never folded. */
static bool is_without_effect(const struct event *event)
{
    return slice_eq(event->fields[FIELD_KIND], SLICE("vedette.signal")) ||
           slice_eq(event->fields[FIELD_KIND], SLICE("vedette.proposal")) ||
           slice_eq(event->fields[FIELD_STATE], SLICE("dead"));
}

/* What Vedette said of itself is for those who ask for it by name, also where it is read again. */
static enum door door_of(const struct event *event)
{
    return slice_starts(event->fields[FIELD_KIND], SLICE("vedette.")) ? DOOR_WATCHER : DOOR_DATA;
}

/* An event as `vedette events --json` prints it: what a replay of events reads. */
static enum rc recorded_event(const struct journal_entry *entry, struct arena *arena,
                              struct event_list *events)
{
    struct json_fault fault;
    enum rc rc;

    events->items = arena_alloc(arena, 1, sizeof *events->items);
    events->trees = arena_alloc(arena, 1, sizeof *events->trees);
    if (!events->items || !events->trees)
        return RC_NO_MEMORY;
    rc = json_parse(entry->body, JSON_LIMITS_DEFAULT, &events->trees[0], &fault);
    if (rc)
        return rc;
    events->n_trees = 1;
    events->n_items = 1;
    /* What the record leaves out is as if it came in now. */
    events->items[0] = (struct event){ .id = entry->id,
                                       .seq = entry->seq,
                                       .door = entry->door,
                                       .time_ms = entry->received_ms,
                                       .received_ms = entry->received_ms };
    rc = event_read_json(events->trees[0], arena, &events->items[0]);
    if (rc || entry->door != DOOR_DATA)
        return rc;
    events->items[0].door = door_of(&events->items[0]);
    if (is_without_effect(&events->items[0]))
        events->n_items = 0;
    return rc;
}

/* Our own doings, so that lists and rules can see them: kind vedette.*, what happened as data. */
static enum rc own_event(const struct journal_entry *entry, struct arena *arena,
                         struct event_list *events)
{
    struct json_fault fault;
    struct event *event;
    enum rc rc;

    events->items = arena_alloc(arena, 1, sizeof *events->items);
    events->trees = arena_alloc(arena, 1, sizeof *events->trees);
    if (!events->items || !events->trees)
        return RC_NO_MEMORY;
    rc = json_parse(entry->body, JSON_LIMITS_DEFAULT, &events->trees[0], &fault);
    if (rc)
        return rc;
    events->n_trees = 1;
    events->n_items = 1;
    event = &events->items[0];
    *event = (struct event){ .id = entry->id,
                             .seq = entry->seq,
                             .door = entry->door,
                             .time_ms = entry->received_ms,
                             .received_ms = entry->received_ms,
                             .data = events->trees[0] };
    event->fields[FIELD_SOURCE] = SLICE("vedette");
    event->fields[FIELD_TYPE] = entry->type;
    event->fields[FIELD_KIND] = entry->type;
    event->fields[FIELD_STATE] = SLICE("info");
    return RC_OK;
}

#define CHANNEL_TYPES SLICE("vedette.channel.")

/* The watcher (or the channel, which is no watcher of an event) is what it is about, and its fields say how it is: rules can ask for one of them, and for its end. */
static enum rc watcher_event(const struct journal_entry *entry, struct arena *arena,
                             struct event_list *events)
{
    bool is_channel = slice_starts(entry->type, CHANNEL_TYPES);
    struct event *event;
    enum rc rc = own_event(entry, arena, events);

    if (rc)
        return rc;
    event = &events->items[0];
    event->fields[FIELD_KIND] = is_channel ? SLICE("vedette.channel") : SLICE("vedette.watcher");
    if (!is_channel)
        event->fields[FIELD_WATCHER] = entry->watcher;
    event->fields[FIELD_SUBJECT] = entry->watcher;
    event->fields[FIELD_STATE] = json_string(json_get_text(event->data, "state"));
    event->fields[FIELD_TEXT] = json_string(json_get_text(event->data, "detail"));
    return arena_format(arena, &event->fields[FIELD_TITLE], "%s %.*s %.*s",
                        is_channel ? "channel" : "watcher", SLICE_ARG(entry->watcher),
                        SLICE_ARG(json_string(json_get_text(event->data, "word"))));
}

static enum rc read_entry(const struct config *config, const struct journal_entry *entry,
                          struct arena *arena, struct event_list *events)
{
    enum rc rc;

    if (entry->door == DOOR_WATCHER)
        rc = watcher_event(entry, arena, events);
    else if (entry->door == DOOR_SIGNAL)
        rc = recorded_event(entry, arena, events);
    else if (entry->door != DOOR_DATA)
        rc = own_event(entry, arena, events);
    else if (slice_eq(entry->type, SLICE(ENGINE_RECORDED_EVENT)))
        rc = recorded_event(entry, arena, events);
    else
        return watchers_events(config->watchers, entry, arena, events);
    if (rc)
        event_list_free(events);
    return rc;
}

/* All of an entry are of one watcher. */
static void take_lateness(const struct config *config, struct event_list *events)
{
    int64_t lateness_ms;

    if (!events->n_items)
        return;
    lateness_ms = watchers_lateness_ms(config->watchers, events->items[0].fields[FIELD_WATCHER]);
    for (size_t i = 0; i < events->n_items; i++) {
        events->items[i].lateness_ms = lateness_ms;
        events->items[i].has_lateness = true;
    }
}

enum rc engine_events(const struct config *config, const struct journal_entry *entry,
                      struct arena *arena, struct event_list *events)
{
    enum rc rc;

    *events = (struct event_list){ 0 };
    rc = read_entry(config, entry, arena, events);
    if (!rc)
        take_lateness(config, events);
    return rc;
}
