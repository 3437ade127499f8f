#include "rules/fold.h"

#include "src/base/clock.h"

#include <inttypes.h>

#define PREFIX "evt_"

/* A signal's own names, and what it kept of its events. */
struct values {
    struct capture *items;
    size_t n_items;
};

static struct slice get_value(void *context, struct slice name)
{
    const struct values *values = context;

    for (size_t i = 0; i < values->n_items; i++) {
        if (slice_eq(values->items[i].name, name))
            return values->items[i].value;
    }
    return (struct slice){ 0 };
}

/* -- the signal's own -- */

static enum rc time_value(int64_t time_ms, struct arena *arena, struct slice *value)
{
    char text[TIME_TEXT_BYTES];

    return arena_copy(arena, slice_of(time_format(time_ms, text)), value);
}

static enum rc first_seen(const struct signal *signal, struct arena *arena, struct slice *value)
{
    return time_value(signal->first_seen_ms, arena, value);
}

static enum rc last_seen(const struct signal *signal, struct arena *arena, struct slice *value)
{
    return time_value(signal->last_seen_ms, arena, value);
}

static enum rc count(const struct signal *signal, struct arena *arena, struct slice *value)
{
    return arena_format(arena, value, "%" PRId64, signal->count);
}

static enum rc rule(const struct signal *signal, struct arena *arena, struct slice *value)
{
    return arena_copy(arena, signal->rule, value);
}

static enum rc key(const struct signal *signal, struct arena *arena, struct slice *value)
{
    struct buffer text;
    enum rc rc;

    buffer_init(&text, 0);
    for (size_t i = 0; i < signal->key.n_items; i++) {
        if (i)
            buffer_add(&text, SLICE(", "));
        buffer_add(&text, signal->key.items[i]);
    }
    rc = buffer_rc(&text);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&text), value);
    buffer_free(&text);
    return rc;
}

static enum rc title(const struct signal *signal, struct arena *arena, struct slice *value)
{
    return arena_copy(arena, signal->title, value);
}

static enum rc severity(const struct signal *signal, struct arena *arena, struct slice *value)
{
    return arena_copy(arena, slice_of(severity_names[signal->severity]), value);
}

static enum rc last_good(const struct signal *signal, struct arena *arena, struct slice *value)
{
    return arena_copy(arena, signal->last_good, value);
}

static enum rc first_bad(const struct signal *signal, struct arena *arena, struct slice *value)
{
    return arena_copy(arena, signal->first_bad, value);
}

static const struct {
    const char *name;
    enum rc (*get)(const struct signal *signal, struct arena *arena, struct slice *value);
} own_values[] = {
    { .name = "first_seen", .get = first_seen },
    { .name = "last_seen", .get = last_seen },
    { .name = "count", .get = count },
    { .name = "rule", .get = rule },
    { .name = "signal.key", .get = key },
    { .name = "signal.title", .get = title },
    { .name = "signal.severity", .get = severity },
    { .name = "last_good", .get = last_good },
    { .name = "first_bad", .get = first_bad },
};
#define N_OWN_VALUES (sizeof(own_values) / sizeof(*own_values))

/* -- what it kept -- */

static enum rc add_member(struct values *values, const char *prefix, const struct json *member,
                          struct arena *arena)
{
    struct capture *value = &values->items[values->n_items];
    struct slice name = json_name(member);
    enum rc rc = arena_format(arena, &value->name, "%s%.*s", prefix, SLICE_ARG(name));

    if (!rc)
        rc = arena_copy(arena, json_text(member), &value->value);
    if (!rc)
        values->n_items++;
    return rc;
}

/* The members of both events: bare names first, so that the latest is found first. */
static enum rc add_members(struct values *values, const struct json *last, const struct json *first,
                           struct arena *arena)
{
    enum rc rc = RC_OK;

    for (const struct json *member = json_first(last); member && !rc; member = json_next(member))
        rc = add_member(values, "", member, arena);
    for (const struct json *member = json_first(first); member && !rc; member = json_next(member))
        rc = add_member(values, "first.", member, arena);
    return rc;
}

/* Of our own making, so it parses; an absent one is an empty object. */
static enum rc parse_kept(struct slice text, struct json **root)
{
    struct json_fault fault;

    return json_parse(slice_is_absent(text) ? SLICE("{}") : text, JSON_LIMITS_DEFAULT, root,
                      &fault);
}

static enum rc fill(const struct signal *signal, const struct json *last, const struct json *first,
                    struct arena *arena, struct values *values)
{
    size_t n_all = N_OWN_VALUES + json_count(last) + json_count(first);

    values->items = arena_alloc(arena, n_all, sizeof(*values->items));
    if (!values->items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < N_OWN_VALUES; i++) {
        struct capture *value = &values->items[values->n_items++];
        enum rc rc = own_values[i].get(signal, arena, &value->value);

        if (rc)
            return rc;
        value->name = slice_of(own_values[i].name);
    }
    return add_members(values, last, first, arena);
}

enum rc signal_values(const struct signal *signal, int64_t now_ms, struct arena *arena,
                      struct template_values *values)
{
    struct values *made = arena_alloc(arena, 1, sizeof(*made));
    struct json *last = NULL, *first = NULL;
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    rc = parse_kept(signal->last_event, &last);
    if (!rc)
        rc = parse_kept(signal->first_event, &first);
    if (!rc)
        rc = fill(signal, last, first, arena, made);
    json_free(last);
    json_free(first);
    *values = (struct template_values){ .get = get_value, .context = made, .now_ms = now_ms };
    return rc;
}

/* -- the line of a transition -- */

static void write_key(const struct signal *signal, struct json_writer *writer)
{
    json_key(writer, "key");
    json_array_begin(writer);
    for (size_t i = 0; i < signal->key.n_items; i++)
        json_write_text(writer, signal->key.items[i]);
    json_array_end(writer);
}

void transition_write_members(const struct signal *signal, const struct transition *transition,
                              struct ulid event, struct json_writer *writer)
{
    char id[sizeof(PREFIX) - 1 + ULID_TEXT_BYTES] = PREFIX;

    json_key(writer, "time");
    json_write_time(writer, transition->at_ms);
    json_member_text(writer, "rule", signal->rule);
    write_key(signal, writer);
    json_member_text(writer, "transition", slice_of(signal_state_names[transition->to]));
    json_member_int(writer, "count", signal->count);
    json_key(writer, "first_seen");
    json_write_time(writer, signal->first_seen_ms);
    json_key(writer, "last_seen");
    json_write_time(writer, signal->last_seen_ms);
    if (!ulid_is_absent(event)) {
        (void)ulid_format(event, id + sizeof(PREFIX) - 1);
        json_member_text(writer, "event", slice_of(id));
    }
    json_key(writer, "fields");
    json_write_raw(writer, slice_is_absent(signal->fields) ? SLICE("{}") : signal->fields);
}

void transition_write_json(const struct signal *signal, const struct transition *transition,
                           struct ulid event, struct json_writer *writer)
{
    json_object_begin(writer);
    transition_write_members(signal, transition, event, writer);
    json_object_end(writer);
}
