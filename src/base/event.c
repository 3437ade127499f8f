#include "src/base/event.h"
#include "src/base/clock.h"

#define FIELD_MAX_BYTES 1024

const char *const event_field_names[] = {
#define EVENT_FIELD(name, text, help) [FIELD_##name] = text,
    EVENT_FIELDS(EVENT_FIELD)
#undef EVENT_FIELD
        [EVENT_N_FIELDS] = NULL,
};
const char *const event_field_help[] = {
#define EVENT_FIELD(name, text, help) [FIELD_##name] = help,
    EVENT_FIELDS(EVENT_FIELD)
#undef EVENT_FIELD
        [EVENT_N_FIELDS] = NULL,
};

const char *const event_kinds[] = {
    "ci.run",
    "alert",
    "deploy",
    "push",
    "change.request",
    "issue",
    "advisory",
    "message",
    "release",
    "log",
    "tick",
    "vedette.signal",
    "vedette.watcher",
    "vedette.channel",
    "vedette.proposal",
    NULL,
};

static const struct {
    const char *name;
    size_t offset;
} times[] = {
    { .name = "time", .offset = offsetof(struct event, time_ms) },
    { .name = "received", .offset = offsetof(struct event, received_ms) },
};

/* The time that `name` names; RC_NOT_FOUND when it names none. */
static enum rc find_time(struct slice name, size_t *offset)
{
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        if (slice_eq(name, slice_of(times[i].name))) {
            *offset = times[i].offset;
            return RC_OK;
        }
    }
    return RC_NOT_FOUND;
}

/* What follows "data" in data.a.b, data[0] and data["odd key"]; absent for any other name. */
static struct slice data_path(struct slice name)
{
    const size_t root = sizeof "data" - 1;

    if (slice_starts(name, SLICE("data.")))
        return (struct slice){ name.ptr + root + 1, name.len - root - 1 };
    if (slice_starts(name, SLICE("data[")))
        return (struct slice){ name.ptr + root, name.len - root };
    return (struct slice){ 0 };
}

static struct slice get_time(const struct event *event, size_t offset, struct arena *arena)
{
    const int64_t *time_ms = (const void *)((const char *)event + offset);
    char text[TIME_TEXT_BYTES];
    struct slice copy;

    if (arena_copy(arena, slice_of(time_format(*time_ms, text)), &copy) != RC_OK)
        return (struct slice){ 0 };
    return copy;
}

struct slice event_get(const struct event *event, struct slice name, struct arena *arena)
{
    struct slice path_text = data_path(name);
    struct json_fault fault;
    struct json_path *path;
    size_t offset;
    int field;

    if (slice_to_enum(name, event_field_names, &field) == RC_OK)
        return event->fields[field];
    if (find_time(name, &offset) == RC_OK)
        return get_time(event, offset, arena);
    if (slice_is_absent(path_text) || !event->data ||
        json_path_parse(path_text, arena, &path, &fault) != RC_OK)
        return (struct slice){ 0 };
    return json_text(json_path_get(path, event->data));
}

bool event_is_field(struct slice name)
{
    struct slice path_text = data_path(name);
    struct json_path *path;
    struct json_fault fault;
    struct arena *arena = NULL;
    size_t offset;
    int field;
    bool is_path;

    if (slice_to_enum(name, event_field_names, &field) == RC_OK ||
        find_time(name, &offset) == RC_OK)
        return true;
    if (slice_is_absent(path_text) || arena_new(2 * path_text.len * 16 + 4096, &arena) != RC_OK)
        return false;
    is_path = json_path_parse(path_text, arena, &path, &fault) == RC_OK;
    arena_free(arena);
    return is_path;
}

/* The order of the API: the CloudEvents attributes first, the long ones last. */
static const enum event_field leading[] = { FIELD_SOURCE, FIELD_TYPE, FIELD_KIND };

static void write_field(const struct event *event, enum event_field field,
                        struct json_writer *writer)
{
    json_member_text(writer, event_field_names[field], event->fields[field]);
}

static void write_line(const struct event *event, struct json_writer *writer)
{
    json_member_int(writer, "offset", event->offset);
    if (event->is_truncated)
        json_member_bool(writer, "truncated", true);
    if (event->is_partial)
        json_member_bool(writer, "partial", true);
}

void event_write_json(const struct event *event, struct json_writer *writer)
{
    char id[ULID_TEXT_BYTES + 4] = "evt_";

    json_object_begin(writer);
    if (!ulid_is_absent(event->id)) {
        (void)ulid_format(event->id, id + 4);
        json_member_text(writer, "id", slice_of(id));
    }
    for (size_t i = 0; i < sizeof leading / sizeof *leading; i++)
        write_field(event, leading[i], writer);
    json_member_time(writer, "time", event->time_ms);
    json_member_time(writer, "received", event->received_ms);
    for (int field = FIELD_KIND + 1; field < EVENT_N_FIELDS; field++)
        if (field != FIELD_TEXT)
            write_field(event, (enum event_field)field, writer);
    if (event->is_repeat)
        json_member_bool(writer, "repeat", true);
    if (event->drift.len)
        json_member_text(writer, "drift", event->drift);
    if (event->is_line)
        write_line(event, writer);
    if (event->data) {
        json_key(writer, "data");
        json_write_node(writer, event->data);
    }
    write_field(event, FIELD_TEXT, writer);
    json_member_text(writer, "delivery_id", event->delivery_id);
    json_object_end(writer);
}

void event_list_free(struct event_list *events)
{
    for (size_t i = 0; i < events->n_trees; i++)
        json_free(events->trees[i]);
    *events = (struct event_list){ 0 };
}

struct slice event_field_cut(struct slice text)
{
    size_t len = FIELD_MAX_BYTES;

    if (text.len <= FIELD_MAX_BYTES)
        return text;
    while (len > FIELD_MAX_BYTES - 4 && ((uint8_t)text.ptr[len] & 0xc0) == 0x80)
        len--;
    return (struct slice){ text.ptr, len };
}

bool event_field_may_be_cut(struct slice text)
{
    return text.len > FIELD_MAX_BYTES - 4 && text.len <= FIELD_MAX_BYTES;
}
