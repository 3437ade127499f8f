#include "rules/snapshot.h"

#include "rules/field_ref.h"
#include "src/base/clock.h"

static void write_member(struct json_writer *writer, struct slice name, struct slice value)
{
    if (slice_is_absent(value))
        return;
    json_key_slice(writer, name);
    json_write_text(writer, event_field_cut(value));
}

static void write_time(struct json_writer *writer, const char *name, int64_t time_ms)
{
    json_key(writer, name);
    json_write_time(writer, time_ms);
}

/* A capture under the name of a field that the watcher filled is passed over: the field is what rules saw. */
static bool is_passed_over(const struct capture *capture, const struct event *event)
{
    int field;

    return slice_to_enum(capture->name, event_field_names, &field) == RC_OK &&
           !slice_is_absent(event->fields[field]);
}

static void write_captures(struct json_writer *writer, const struct match *match,
                           const struct event *event)
{
    for (size_t i = 0; i < match->n_captures; i++) {
        if (!is_passed_over(&match->captures[i], event))
            write_member(writer, match->captures[i].name, match->captures[i].value);
    }
}

static bool is_captured(const struct match *match, const struct event *event, struct slice name)
{
    for (size_t i = 0; i < match->n_captures; i++) {
        if (slice_eq(match->captures[i].name, name))
            return !is_passed_over(&match->captures[i], event);
    }
    return false;
}

static void write_event(struct json_writer *writer, const struct match *match,
                        const struct event *event, struct arena *arena)
{
    const struct slice_list *paths = &match->rule->data_paths;

    for (int field = 0; field < EVENT_N_FIELDS; field++)
        write_member(writer, slice_of(event_field_names[field]), event->fields[field]);
    write_time(writer, "time", event->time_ms);
    write_time(writer, "received", event->received_ms);
    write_captures(writer, match, event);
    for (size_t i = 0; i < paths->n_items; i++)
        write_member(writer, paths->items[i], event_get(event, paths->items[i], arena));
}

/* Of a key that is a template: the fields that it names. */
static void write_key_of_template(struct json_writer *writer, const struct match *match,
                                  const struct event *event, struct arena *arena)
{
    const struct template *template = match->rule->key.template;

    for (size_t i = 0; !slice_is_absent(template_name(template, i)); i++) {
        struct slice name = template_name(template, i);
        bool is_double = is_captured(match, event, name);

        for (size_t j = 0; j < i; j++)
            is_double = is_double || slice_eq(name, template_name(template, j));
        if (!is_double)
            write_member(writer, name, event_get(event, name, arena));
    }
}

static void write_fields(struct json_writer *writer, const struct match *match,
                         const struct event *event, struct arena *arena)
{
    const struct slice_list *names = &match->rule->key.names;

    if (match->rule->key.template)
        write_key_of_template(writer, match, event, arena);
    for (size_t i = 0; i < names->n_items; i++) {
        if (!is_captured(match, event, names->items[i]))
            write_member(writer, names->items[i], match->key.items[i]);
    }
    write_captures(writer, match, event);
}

static enum rc keep(struct buffer *bytes, struct arena *arena, struct slice *json)
{
    enum rc rc = buffer_rc(bytes);

    if (!rc)
        rc = arena_copy(arena, buffer_slice(bytes), json);
    buffer_free(bytes);
    return rc;
}

static enum rc write_object(void (*write)(struct json_writer *writer, const struct match *match,
                                          const struct event *event, struct arena *arena),
                            const struct match *match, const struct event *event,
                            struct arena *arena, struct slice *json)
{
    struct json_writer writer;
    struct buffer bytes;

    buffer_init(&bytes, 0);
    writer = json_writer_to(&bytes);
    json_object_begin(&writer);
    write(&writer, match, event, arena);
    json_object_end(&writer);
    return keep(&bytes, arena, json);
}

enum rc snapshot_event(const struct match *match, const struct event *event, struct arena *arena,
                       struct slice *json)
{
    return write_object(write_event, match, event, arena, json);
}

enum rc snapshot_fields(const struct match *match, const struct event *event, struct arena *arena,
                        struct slice *json)
{
    return write_object(write_fields, match, event, arena, json);
}

static void write_key_alone(struct json_writer *writer, const struct match *match,
                            const struct event *event, struct arena *arena)
{
    const struct slice_list *names = &match->rule->key.names;

    (void)event;
    (void)arena;
    for (size_t i = 0; i < names->n_items && i < match->key.n_items; i++)
        write_member(writer, names->items[i], match->key.items[i]);
}

enum rc snapshot_key(const struct match *match, struct arena *arena, struct slice *json)
{
    return write_object(write_key_alone, match, NULL, arena, json);
}

static enum rc render_title(const struct template *template, const struct template_values *values,
                            struct arena *arena, struct slice *title)
{
    struct buffer text;
    enum rc rc;

    buffer_init(&text, 0);
    template_render(template, values, &text, NULL);
    rc = buffer_rc(&text);
    if (!rc)
        rc = arena_copy(arena, event_field_cut(buffer_slice(&text)), title);
    buffer_free(&text);
    return rc;
}

static bool is_blank(struct slice title)
{
    return !slice_trim(title).len;
}

/* What the event says may be nothing at all. People need a name for what they decide about: the usual title then, and the rule's id at last. */
enum rc snapshot_title(const struct rule *rule, struct signal *signal, int64_t now_ms,
                       struct arena *arena)
{
    struct template_values values;
    enum rc rc = signal_values(signal, now_ms, arena, &values);

    if (!rc)
        rc = render_title(rule->title, &values, arena, &signal->title);
    if (!rc && is_blank(signal->title) && rule->usual_title)
        rc = render_title(rule->usual_title, &values, arena, &signal->title);
    if (!rc && is_blank(signal->title))
        rc = arena_copy(arena, rule->id, &signal->title);
    return rc;
}
