#include "rules/field_ref.h"

#include <string.h>

const char *const captures_may_fill[] = {
    "subject", "service",     "host",     "repo", "branch", "commit",
    "actor",   "environment", "severity", "test", NULL,
};

/* What follows "data" in a path; absent for other names. */
static struct slice path_below_data(struct slice name)
{
    const size_t root = sizeof("data") - 1;

    if (slice_starts(name, SLICE("data.")))
        return (struct slice){ name.ptr + root + 1, name.len - root - 1 };
    if (slice_starts(name, SLICE("data[")))
        return (struct slice){ name.ptr + root, name.len - root };
    return (struct slice){ 0 };
}

static enum rc parse_path(struct slice text, struct arena *arena, struct field_ref *ref)
{
    struct json_path *path = NULL;
    struct json_fault fault;
    enum rc rc = json_path_parse(text, arena, &path, &fault);

    if (rc == RC_INVALID) /* no event can have it, so it is refused as an unknown name is */
        return RC_OK;
    ref->place = rc ? FIELD_OF_CAPTURE : FIELD_OF_DATA;
    ref->path = path;
    return rc;
}

enum rc field_ref_make(struct slice name, struct arena *arena, struct field_ref *ref)
{
    struct slice path = path_below_data(name);
    int field, fillable;

    *ref = (struct field_ref){ .name = name, .place = FIELD_OF_CAPTURE };
    if (!slice_is_absent(path))
        return parse_path(path, arena, ref);
    if (slice_to_enum(name, event_field_names, &field) == RC_OK) {
        ref->place = FIELD_OF_EVENT;
        ref->field = (enum event_field)field;
        ref->may_be_filled = slice_to_enum(name, captures_may_fill, &fillable) == RC_OK;
    } else if (event_is_field(name)) {
        ref->place = FIELD_OF_TIME;
    }
    return RC_OK;
}

enum rc field_ref_make_below(struct slice name, struct arena *arena, struct field_ref *ref,
                             struct json_fault *fault)
{
    struct json_path *path = NULL;
    enum rc rc = json_path_parse(name, arena, &path, fault);

    *ref = (struct field_ref){ .name = name, .place = FIELD_OF_DATA, .path = path };
    return rc;
}

bool field_ref_is_of_event(const struct field_ref *ref)
{
    return ref->place != FIELD_OF_CAPTURE;
}

struct slice field_ref_get(const struct field_ref *ref, const struct event *event,
                           const struct captures *captures, struct arena *arena)
{
    switch (ref->place) {
    case FIELD_OF_EVENT:
        if (slice_is_absent(event->fields[ref->field]) && ref->may_be_filled)
            return captures_get(captures, ref->name);
        return event->fields[ref->field];
    case FIELD_OF_TIME:
        return event_get(event, ref->name, arena);
    case FIELD_OF_DATA:
        return event->data ? json_text(json_path_get(ref->path, event->data)) : (struct slice){ 0 };
    case FIELD_OF_CAPTURE:
        return captures_get(captures, ref->name);
    }
    return (struct slice){ 0 };
}

/* Nodes that a path leads to, put into an array that grows by doubling. */
struct gathering {
    struct field_values *values;
    struct arena *arena;
    size_t n_room;
    enum rc rc;
};

static bool gather(void *context, const struct json *node)
{
    struct gathering *gathering = context;
    struct field_values *values = gathering->values;
    struct slice text = json_text(node);

    if (json_type_of(node) == JSON_NULL)
        return true;
    values->exists = true;
    if (slice_is_absent(text))
        return true;
    if (values->n_texts == gathering->n_room) {
        struct slice *grown = arena_alloc(gathering->arena, gathering->n_room * 2, sizeof(*grown));

        if (!grown) {
            gathering->rc = RC_NO_MEMORY;
            return false;
        }
        memcpy(grown, values->texts, values->n_texts * sizeof(*grown));
        values->texts = grown;
        gathering->n_room *= 2;
    }
    values->texts[values->n_texts++] = text;
    return true;
}

enum rc field_ref_get_all(const struct field_ref *ref, const struct event *event,
                          const struct captures *captures, struct arena *arena,
                          struct field_values *values)
{
    struct gathering gathering = { .values = values, .arena = arena, .n_room = 1 };

    *values = (struct field_values){ .texts = &values->first };
    if (ref->place == FIELD_OF_DATA) {
        if (event->data)
            json_path_each(ref->path, event->data, gather, &gathering);
        return gathering.rc;
    }
    values->first = field_ref_get(ref, event, captures, arena);
    values->exists = !slice_is_absent(values->first);
    values->n_texts = values->exists ? 1 : 0;
    return RC_OK;
}

struct slice captures_get(const struct captures *captures, struct slice name)
{
    for (size_t i = 0; i < captures->n_items; i++) {
        if (slice_eq(captures->items[i].name, name))
            return captures->items[i].value;
    }
    return (struct slice){ 0 };
}

static enum rc make_room(struct captures *captures, struct arena *arena)
{
    size_t n_room = captures->n_room ? 2 * captures->n_room : 8;
    struct capture *items = arena_alloc(arena, n_room, sizeof(*items));

    if (!items)
        return RC_NO_MEMORY;
    if (captures->n_items)
        memcpy(items, captures->items, captures->n_items * sizeof(*items));
    captures->items = items;
    captures->n_room = n_room;
    return RC_OK;
}

enum rc captures_add(struct captures *captures, struct slice name, struct slice value,
                     struct arena *arena)
{
    struct capture *added;

    if (slice_is_absent(value) || !slice_is_absent(captures_get(captures, name)))
        return RC_OK;
    if (captures->n_items == captures->n_room && make_room(captures, arena))
        return RC_NO_MEMORY;
    added = &captures->items[captures->n_items];
    added->name = name;
    if (arena_copy(arena, value, &added->value))
        return RC_NO_MEMORY;
    captures->n_items++;
    return RC_OK;
}
