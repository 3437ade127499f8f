#include "watchers/log_lines.h"

/* clang-format off */
#define AT(member) .offset = offsetof(struct log_line, member)
static const struct record_field line_fields[] = {
    { .tag = 1, .type = RECORD_INT,   .name = "offset", AT(offset) },
    { .tag = 2, .type = RECORD_TIME,  .name = "time", AT(time_ms) },
    { .tag = 3, .type = RECORD_BOOL,  .name = "truncated", AT(is_truncated) },
    { .tag = 4, .type = RECORD_BOOL,  .name = "partial", AT(is_partial) },
    { .tag = 5, .type = RECORD_BYTES, AT(text) },
};
#undef AT
static const struct record_shape line_shape = RECORD_SHAPE(log_line, line_fields);

#define AT(member) .offset = offsetof(struct log_lines, member)
static const struct record_field lines_fields[] = {
    { .tag = 1, .type = RECORD_TEXT, .name = "path", AT(path) },
    { .tag = 2, .type = RECORD_LIST, .name = "lines", .shape = &line_shape, AT(lines) },
};
#undef AT
/* clang-format on */
static const struct record_shape lines_shape = RECORD_SHAPE(log_lines, lines_fields);

enum rc log_lines_encode(const struct log_lines *lines, struct buffer *body)
{
    return record_encode(&lines_shape, lines, body);
}

enum rc log_lines_decode(struct slice body, struct arena *arena, struct log_lines *lines)
{
    return record_decode(&lines_shape, body, arena, lines);
}

/* -- one line as an event -- */

/* RFC 8089: the path's own slashes are enough of it. */
static enum rc name_source(struct slice path, struct arena *arena, struct slice *source)
{
    if (slice_is_absent(path))
        return RC_OK;
    return arena_format(arena, source, "file://%.*s", SLICE_ARG(path));
}

static void apply_constants(const struct log_watch *watch, struct event *event)
{
    for (size_t i = 0; i < EVENT_N_FIELDS; i++) {
        if (!slice_is_absent(watch->constants[i]))
            event->fields[i] = watch->constants[i];
        /* The text is what patterns look at: it has a limit of its own, that of a line. */
        if (i != FIELD_TEXT)
            event->fields[i] = event_field_cut(event->fields[i]);
    }
}

enum rc log_line_event(const struct log_watch *watch, struct slice path,
                       const struct log_line *line, int64_t received_ms, struct arena *arena,
                       struct event *event, struct json **tree)
{
    bool is_of_format = true;
    enum rc rc;

    *tree = NULL;
    *event = (struct event){ .door = DOOR_DATA,
                             .time_ms = line->time_ms ? line->time_ms : received_ms,
                             .received_ms = received_ms,
                             .data_is_of_text = true,
                             .is_line = true,
                             .offset = line->offset,
                             .is_truncated = line->is_truncated,
                             .is_partial = line->is_partial };
    event->fields[FIELD_TYPE] = SLICE(LOG_TYPE);
    event->fields[FIELD_KIND] = SLICE(LOG_KIND);
    event->fields[FIELD_WATCHER] = watch->name;
    event->fields[FIELD_SUBJECT] = watch->name;
    event->fields[FIELD_TEXT] = slice_is_absent(line->text) ? SLICE("") : line->text;
    rc = name_source(path, arena, &event->fields[FIELD_SOURCE]);
    if (!rc)
        rc = line_format_read(watch->format, arena, event, tree, &is_of_format);
    if (rc)
        return rc;
    apply_constants(watch, event);
    return RC_OK;
}
