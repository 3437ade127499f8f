#include "watchers/line_format.h"

#include "src/base/utf8.h"
#include "watchers/line_parts.h"
#include "watchers/senders/payload.h"
#include "watchers/senders/words.h"

#include <string.h>

const char *const line_format_names[] = {
    [LINE_TEXT] = "text",     [LINE_JSON] = "json",     [LINE_LOGFMT] = "logfmt",
    [LINE_SYSLOG] = "syslog", [LINE_SYSLOG + 1] = NULL,
};

/* What a reader fills. */
struct reading {
    struct slice text; /* the line, in UTF-8 and without NULs */
    struct arena *arena;
    struct event *event;
    struct json *tree;
};

static void fill(struct event *event, enum event_field field, struct slice value)
{
    if (slice_is_absent(event->fields[field]) && value.len)
        event->fields[field] = event_field_cut(value);
}

/* -- levels -- */

/* clang-format off */
static const struct word levels[] = {
    { "fatal", "critical" }, { "critical", "critical" }, { "crit", "critical" }, { "alert", "critical" },
    { "emerg", "critical" }, { "emergency", "critical" }, { "panic", "critical" },
    { "error", "high" }, { "err", "high" }, { "eror", "high" }, { "severe", "high" },
    { "warn", "medium" }, { "warning", "medium" }, { "notice", "medium" },
    /* syslog's numbers, and those of Bunyan and Pino */
    { "0", "critical" }, { "1", "critical" }, { "2", "critical" }, { "3", "high" }, { "4", "medium" }, { "5", "medium" },
    { "60", "critical" }, { "50", "high" }, { "40", "medium" },
    { NULL, NULL },
};
/* clang-format on */

static struct slice severity_of(struct slice level)
{
    struct slice means = word_means(levels, slice_trim(level));

    return !level.len || !slice_is_absent(means) ? means : SLICE("low");
}

/* -- fields out of members -- */

static const struct {
    enum event_field field;
    const char *members; /* the first that is a scalar and not empty */
} fields[] = {
    { FIELD_HOST, "host|hostname" },
    { FIELD_SERVICE, "service|app|application" },
    { FIELD_ENVIRONMENT, "env|environment" },
    { FIELD_TITLE, "message|msg|event|error" },
};

static void fill_from_members(const struct json *data, struct event *event)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct slice value = payload_text(data, fields[i].members);

        fill(event, fields[i].field,
             fields[i].field == FIELD_TITLE ? payload_first_line(slice_trim(value)) : value);
    }
    fill(event, FIELD_SEVERITY, severity_of(payload_text(data, "level|lvl|severity|loglevel")));
}

/* -- data out of pairs -- */

static bool is_said_again(const struct line_pairs *pairs, size_t i)
{
    for (size_t later = i + 1; later < pairs->n_items; later++) {
        if (slice_eq(pairs->items[later].name, pairs->items[i].name) &&
            slice_eq(pairs->items[later].group, pairs->items[i].group))
            return true;
    }
    return false;
}

static bool is_group_begun(const struct line_pairs *pairs, size_t i)
{
    for (size_t before = 0; before < i; before++) {
        if (slice_eq(pairs->items[before].group, pairs->items[i].group))
            return true;
    }
    return false;
}

static void write_group(const struct line_pairs *pairs, struct slice group,
                        struct json_writer *writer)
{
    json_object_begin(writer);
    for (size_t i = 0; i < pairs->n_items; i++) {
        const struct line_pair *pair = &pairs->items[i];

        if (slice_is_absent(pair->name) || !slice_eq(pair->group, group) || is_said_again(pairs, i))
            continue;
        json_key_slice(writer, pair->name);
        if (slice_is_absent(pair->value))
            json_write_bool(writer, true);
        else
            json_write_text(writer, pair->value);
    }
    json_object_end(writer);
}

static void write_structured(const struct line_pairs *pairs, struct json_writer *writer)
{
    if (!pairs->n_items)
        return;
    json_key(writer, "structured");
    json_object_begin(writer);
    for (size_t i = 0; i < pairs->n_items; i++) {
        if (is_group_begun(pairs, i))
            continue;
        json_key_slice(writer, pairs->items[i].group);
        write_group(pairs, pairs->items[i].group, writer);
    }
    json_object_end(writer);
}

static void write_syslog(const struct line_syslog *syslog, struct json_writer *writer)
{
    json_object_begin(writer);
    json_member_text(writer, "program", syslog->program);
    json_member_text(writer, "pid", syslog->pid);
    if (syslog->message.len)
        json_member_text(writer, "message", syslog->message);
    json_member_text(writer, "facility", slice_of(syslog->facility));
    json_member_text(writer, "severity", slice_of(syslog->severity));
    json_member_text(writer, "msgid", syslog->msgid);
    write_structured(&syslog->structured, writer);
    json_object_end(writer);
}

/* -- one reader for each format: RC_INVALID or RC_LIMIT for a line that is not of it -- */

static enum rc parse(struct slice text, struct reading *reading)
{
    struct json_fault fault;

    return json_parse(text, JSON_LIMITS_DEFAULT, &reading->tree, &fault);
}

static enum rc parse_written(struct buffer *written, struct reading *reading)
{
    enum rc rc = buffer_rc(written);

    if (!rc)
        rc = parse(buffer_slice(written), reading);
    buffer_free(written);
    return rc;
}

static enum rc read_text(struct reading *reading)
{
    (void)reading;
    return RC_OK;
}

static enum rc read_json(struct reading *reading)
{
    enum rc rc = parse(reading->text, reading);

    if (rc)
        return rc;
    if (json_type_of(reading->tree) != JSON_OBJECT)
        return RC_INVALID;
    fill_from_members(reading->tree, reading->event);
    return RC_OK;
}

static enum rc read_logfmt(struct reading *reading)
{
    struct line_pairs pairs;
    struct json_writer writer;
    struct buffer written;
    enum rc rc = line_logfmt_read(reading->text, reading->arena, &pairs);

    if (rc)
        return rc;
    buffer_init(&written, 0);
    writer = json_writer_to(&written);
    write_group(&pairs, (struct slice){ 0 }, &writer);
    rc = parse_written(&written, reading);
    if (!rc)
        fill_from_members(reading->tree, reading->event);
    return rc;
}

static enum rc read_syslog(struct reading *reading)
{
    struct line_syslog syslog;
    struct json_writer writer;
    struct buffer written;
    enum rc rc = line_syslog_read(reading->text, reading->arena, &syslog);

    if (rc)
        return rc;
    buffer_init(&written, 0);
    writer = json_writer_to(&written);
    write_syslog(&syslog, &writer);
    rc = parse_written(&written, reading);
    if (rc)
        return rc;
    fill(reading->event, FIELD_HOST, syslog.host);
    fill(reading->event, FIELD_TITLE, payload_first_line(slice_trim(syslog.message)));
    fill(reading->event, FIELD_SEVERITY, severity_of(slice_of(syslog.severity)));
    return RC_OK;
}

static enum rc (*const readers[])(struct reading *reading) = {
    [LINE_TEXT] = read_text,
    [LINE_JSON] = read_json,
    [LINE_LOGFMT] = read_logfmt,
    [LINE_SYSLOG] = read_syslog,
};

/* -- the line -- */

/* What is parsed holds UTF-8 and no NUL: what is neither becomes U+FFFD, byte by byte, in a copy. */
static enum rc make_clean(struct slice raw, struct arena *arena, struct slice *clean)
{
    static const struct slice replacement = { .ptr = "\xef\xbf\xbd", .len = 3 };
    char *copy;
    size_t len = 0;

    *clean = raw;
    if (!raw.len || (slice_is_utf8(raw) && !memchr(raw.ptr, '\0', raw.len)))
        return RC_OK;
    copy = arena_alloc(arena, raw.len, replacement.len);
    if (!copy)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < raw.len;) {
        size_t char_len = raw.ptr[i] ? utf8_char_len(raw.ptr + i, raw.len - i, NULL) : 0;

        memcpy(copy + len, char_len ? raw.ptr + i : replacement.ptr,
               char_len ? char_len : replacement.len);
        len += char_len ? char_len : replacement.len;
        i += char_len ? char_len : 1;
    }
    *clean = (struct slice){ .ptr = copy, .len = len };
    return RC_OK;
}

enum rc line_format_read(enum line_format format, struct arena *arena, struct event *event,
                         struct json **tree, bool *is_of_format)
{
    struct reading reading = { .arena = arena, .event = event };
    enum rc rc = make_clean(event->fields[FIELD_TEXT], arena, &reading.text);

    *tree = NULL;
    if (rc)
        return rc;
    rc = readers[format](&reading);
    if (rc) {
        json_free(reading.tree);
        reading.tree = NULL;
    }
    if (rc && rc != RC_INVALID && rc != RC_LIMIT)
        return rc;
    *is_of_format = rc == RC_OK;
    *tree = reading.tree;
    event->data = reading.tree;
    fill(event, FIELD_TITLE, payload_first_line(slice_trim(event->fields[FIELD_TEXT])));
    return RC_OK;
}
