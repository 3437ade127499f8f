#include "src/base/clock.h"
#include "src/base/event.h"

/* CloudEvents' ids are any text: an event of somebody else's keeps the id that it has here. */
static enum rc read_id(const struct json *value, struct arena *arena, struct event *event)
{
    enum rc rc = ulid_parse(json_string(value), "evt_", &event->id);

    (void)arena;
    return rc == RC_INVALID && json_type_of(value) == JSON_STRING ? RC_OK : rc;
}

static enum rc read_time(const struct json *value, struct arena *arena, struct event *event)
{
    (void)arena;
    return time_parse_any(json_text(value), &event->time_ms);
}

static enum rc read_received(const struct json *value, struct arena *arena, struct event *event)
{
    (void)arena;
    return time_parse_any(json_text(value), &event->received_ms);
}

static enum rc read_delivery(const struct json *value, struct arena *arena, struct event *event)
{
    return arena_copy(arena, json_text(value), &event->delivery_id);
}

static enum rc read_drift(const struct json *value, struct arena *arena, struct event *event)
{
    return arena_copy(arena, json_text(value), &event->drift);
}

static enum rc read_repeat(const struct json *value, struct arena *arena, struct event *event)
{
    (void)arena;
    event->is_repeat = json_type_of(value) == JSON_TRUE;
    return RC_OK;
}

static enum rc read_offset(const struct json *value, struct arena *arena, struct event *event)
{
    (void)arena;
    event->is_line = true;
    return json_int(value, &event->offset) ? RC_INVALID : RC_OK;
}

static enum rc read_truncated(const struct json *value, struct arena *arena, struct event *event)
{
    (void)arena;
    event->is_truncated = json_type_of(value) == JSON_TRUE;
    return RC_OK;
}

static enum rc read_partial(const struct json *value, struct arena *arena, struct event *event)
{
    (void)arena;
    event->is_partial = json_type_of(value) == JSON_TRUE;
    return RC_OK;
}

static enum rc read_data(const struct json *value, struct arena *arena, struct event *event)
{
    (void)arena;
    event->data = value;
    return RC_OK;
}

/* CloudEvents' own marks say nothing that we need. */
static enum rc pass_over(const struct json *value, struct arena *arena, struct event *event)
{
    (void)value;
    (void)arena;
    (void)event;
    return RC_OK;
}

static const struct member {
    const char *name;
    enum rc (*read)(const struct json *value, struct arena *arena, struct event *event);
} members[] = {
    { .name = "id", .read = read_id },
    { .name = "drift", .read = read_drift },
    { .name = "time", .read = read_time },
    { .name = "received", .read = read_received },
    { .name = "delivery_id", .read = read_delivery },
    { .name = "repeat", .read = read_repeat },
    { .name = "offset", .read = read_offset },
    { .name = "truncated", .read = read_truncated },
    { .name = "partial", .read = read_partial },
    { .name = "data", .read = read_data },
    { .name = "specversion", .read = pass_over },
    { .name = "datacontenttype", .read = pass_over },
    { .name = "dataschema", .read = pass_over },
    /* Of a delivery that was kept aside: why, when, and as what it was taken in again. */
    { .name = "reason", .read = pass_over },
    { .name = "at", .read = pass_over },
    { .name = "again", .read = pass_over },
};

static enum rc read_member(const struct json *value, struct arena *arena, struct event *event)
{
    struct slice name = json_name(value);
    int field;

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (slice_eq(name, slice_of(members[i].name)))
            return members[i].read(value, arena, event);
    if (slice_to_enum(name, event_field_names, &field))
        return RC_INVALID;
    if (json_type_of(value) == JSON_NULL)
        return RC_OK;
    if (slice_is_absent(json_text(value)))
        return RC_INVALID;
    return arena_copy(arena, json_text(value), &event->fields[field]);
}

bool event_is_member(struct slice name)
{
    int field;

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (slice_eq(name, slice_of(members[i].name)))
            return true;
    return !slice_to_enum(name, event_field_names, &field);
}

enum rc event_read_json(const struct json *json, struct arena *arena, struct event *event)
{
    enum rc rc = RC_OK;

    if (json_type_of(json) != JSON_OBJECT)
        return RC_INVALID;
    for (const struct json *value = json_first(json); value && !rc; value = json_next(value))
        rc = read_member(value, arena, event);
    return rc;
}
