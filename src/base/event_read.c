#include "src/base/clock.h"
#include "src/base/event.h"
#include "src/base/problem.h"

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

/* Nobody would look into it: an event without what it says is worse than none. */
static enum rc refuse_base64(const struct json *value, struct arena *arena, struct event *event)
{
    (void)value;
    (void)arena;
    (void)event;
    return RC_INVALID;
}

#define TIME_WANTED "a time with its zone is expected, as 2026-01-31T08:00:00Z"

static const struct member {
    const char *name;
    enum rc (*read)(const struct json *value, struct arena *arena, struct event *event);
    const char *wanted; /* where it is not that; NULL: a text */
} members[] = {
    { .name = "id", .read = read_id },
    { .name = "drift", .read = read_drift },
    { .name = "time", .read = read_time, .wanted = TIME_WANTED },
    { .name = "received", .read = read_received, .wanted = TIME_WANTED },
    { .name = "delivery_id", .read = read_delivery },
    { .name = "repeat", .read = read_repeat },
    { .name = "offset", .read = read_offset, .wanted = "a whole number is expected" },
    { .name = "truncated", .read = read_truncated },
    { .name = "partial", .read = read_partial },
    { .name = "data", .read = read_data },
    { .name = "data_base64",
      .read = refuse_base64,
      .wanted = "what it holds is expected in `data`, as JSON" },
    { .name = "specversion", .read = pass_over },
    { .name = "datacontenttype", .read = pass_over },
    { .name = "dataschema", .read = pass_over },
    /* Of a delivery that was kept aside: why, when, and as what it was taken in again. */
    { .name = "reason", .read = pass_over },
    { .name = "at", .read = pass_over },
    { .name = "again", .read = pass_over },
};

static const struct member *find_member(struct slice name)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (slice_eq(name, slice_of(members[i].name)))
            return &members[i];
    return NULL;
}

/* CloudEvents may have attributes of their own beside those that the specification names: lower-case letters and digits, and a plain value. Without `specversion` it is a misspelt field. */
static bool is_extension(const struct json *event, const struct json *value)
{
    struct slice name = json_name(value);

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
            return false;
    }
    return name.len && json_get_text(event, "specversion") &&
           (!slice_is_absent(json_text(value)) || json_type_of(value) == JSON_NULL);
}

static enum rc read_member(const struct json *json, const struct json *value, struct arena *arena,
                           struct event *event)
{
    struct slice name = json_name(value);
    const struct member *member = find_member(name);
    int field;

    if (member)
        return member->read(value, arena, event);
    if (slice_to_enum(name, event_field_names, &field))
        return is_extension(json, value) ? RC_OK : RC_INVALID;
    if (json_type_of(value) == JSON_NULL)
        return RC_OK;
    if (slice_is_absent(json_text(value)))
        return RC_INVALID;
    return arena_copy(arena, json_text(value), &event->fields[field]);
}

bool event_is_member(struct slice name)
{
    int field;

    return find_member(name) || !slice_to_enum(name, event_field_names, &field);
}

enum rc event_read_json(const struct json *json, struct arena *arena, struct event *event)
{
    enum rc rc = RC_OK;

    if (json_type_of(json) != JSON_OBJECT)
        return RC_INVALID;
    for (const struct json *value = json_first(json); value && !rc; value = json_next(value))
        rc = read_member(json, value, arena, event);
    return rc;
}

/* -- what is wrong with one -- */

static const char *type_text(const struct json *value)
{
    switch (json_type_of(value)) {
    case JSON_OBJECT:
        return "a map";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_NUMBER:
        return "a number";
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    case JSON_NULL:
        return "null";
    }
    return "that";
}

#define N_MEMBERS (sizeof members / sizeof *members)

static void tell_unknown(struct slice name, struct buffer *out)
{
    const char *names[EVENT_N_FIELDS + N_MEMBERS + 1];
    const char *meant;
    size_t n_names = 0;

    for (size_t i = 0; i < EVENT_N_FIELDS; i++)
        names[n_names++] = event_field_names[i];
    for (size_t i = 0; i < N_MEMBERS; i++)
        names[n_names++] = members[i].name;
    names[n_names] = NULL;
    meant = problem_did_you_mean(name, names);
    buffer_add(out, SLICE("unknown member `"));
    buffer_add(out, name);
    if (meant)
        buffer_format(out, "`; did you mean `%s`?", meant);
    else
        buffer_add(out, SLICE("`: its members are fields of an event, and what else a sender says "
                              "stands below `data`"));
}

/* A time but for its zone is the usual one. */
static bool lacks_zone(struct slice text, struct arena *arena)
{
    struct slice zoned;
    int64_t time_ms;

    return !arena_format(arena, &zoned, "%.*sZ", SLICE_ARG(text)) &&
           time_parse_any(zoned, &time_ms) == RC_OK;
}

static void tell_wrong(const struct json *value, struct arena *arena, struct buffer *out)
{
    const struct member *member = find_member(json_name(value));
    const char *wanted = member && member->wanted ? member->wanted : "a text is expected";
    struct slice text = json_text(value);
    bool is_time = member && member->wanted && slice_eq(slice_of(wanted), SLICE(TIME_WANTED));

    buffer_add_byte(out, '`');
    buffer_add(out, json_name(value));
    if (is_time && !slice_is_absent(text) && lacks_zone(text, arena))
        buffer_add(out, SLICE("` has no zone: "));
    else
        buffer_add(out, SLICE("`: "));
    buffer_add_text(out, wanted);
    if (slice_is_absent(text)) {
        buffer_format(out, ", not %s", type_text(value));
    } else {
        buffer_add(out, SLICE(", not `"));
        buffer_add(out, text);
        buffer_add_byte(out, '`');
    }
}

void event_tell_fault(const struct json *json, struct arena *arena, struct buffer *out)
{
    if (json_type_of(json) != JSON_OBJECT) {
        buffer_format(out, "an event is a map of its fields, not %s", type_text(json));
        return;
    }
    for (const struct json *value = json_first(json); value; value = json_next(value)) {
        struct event event = { 0 };

        if (read_member(json, value, arena, &event) != RC_INVALID)
            continue;
        if (event_is_member(json_name(value)))
            tell_wrong(value, arena, out);
        else
            tell_unknown(json_name(value), out);
        return;
    }
}
