#include "watchers/journal_line.h"

#include <string.h>

#define BINARY_MAX_BYTES 1024
#define US_A_MS 1000

/* -- members -- */

/* A field that an entry has several times is an array of its values: the first counts. */
static const struct json *first_of(const struct json *entry, const char *name)
{
    const struct json *member = json_get_text(entry, name);
    const struct json *first = json_first(member);

    if (json_type_of(member) == JSON_ARRAY && json_type_of(first) != JSON_NUMBER)
        return first;
    return member;
}

static struct slice text_of(const struct json *entry, const char *name)
{
    return json_text(first_of(entry, name));
}

static enum rc decode_bytes(const struct json *array, struct arena *arena, struct slice *bytes)
{
    char *out = arena_alloc(arena, json_count(array) + 1, 1);
    size_t n_out = 0;

    if (!out)
        return RC_NO_MEMORY;
    for (const struct json *item = json_first(array); item; item = json_next(item)) {
        int64_t byte;

        if (json_int(item, &byte) == RC_OK && byte >= 0 && byte <= UINT8_MAX)
            out[n_out++] = (char)(unsigned char)byte;
    }
    *bytes = (struct slice){ out, n_out };
    return RC_OK;
}

/* Not within a character. */
static struct slice cut_text(struct slice text, bool *is_cut)
{
    size_t len = (size_t)LOG_MAX_LINE_BYTES;

    *is_cut = text.len > len;
    if (!*is_cut)
        return text;
    for (int i = 0; i < 3 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80; i++)
        len--;
    return (struct slice){ text.ptr, len };
}

static enum rc read_message(const struct json *entry, struct arena *arena, struct slice *text,
                            bool *is_cut)
{
    const struct json *message = first_of(entry, "MESSAGE");
    struct slice whole = json_string(message);
    enum rc rc = RC_OK;

    if (json_type_of(message) == JSON_ARRAY)
        rc = decode_bytes(message, arena, &whole);
    if (slice_is_absent(whole))
        whole = SLICE("");
    *text = cut_text(whole, is_cut);
    return rc;
}

/* NULL in `*entry`: it is none. */
static enum rc parse(struct slice line, struct json **entry)
{
    struct json_fault fault;
    enum rc rc = json_parse(line, JSON_LIMITS_DEFAULT, entry, &fault);

    if (rc) {
        *entry = NULL;
        return rc == RC_INVALID || rc == RC_LIMIT ? RC_OK : rc;
    }
    if (json_type_of(*entry) != JSON_OBJECT) {
        json_free(*entry);
        *entry = NULL;
    }
    return RC_OK;
}

/* -- at a glance -- */

static enum rc glance_at(const struct json *entry, struct arena *arena,
                         struct journal_glance *glance)
{
    bool is_cut;
    struct slice text;
    enum rc rc = read_message(entry, arena, &text, &is_cut);

    if (!rc)
        rc = arena_copy(arena, text, &glance->text);
    if (!rc)
        rc = arena_copy(arena, text_of(entry, "_PID"), &glance->pid);
    if (!rc)
        rc = arena_copy(arena, text_of(entry, "_BOOT_ID"), &glance->boot);
    if (!rc)
        rc = arena_copy(arena, text_of(entry, "_SYSTEMD_INVOCATION_ID"), &glance->invocation);
    return rc;
}

enum rc journal_line_glance(struct slice line, struct arena *arena, struct journal_glance *glance)
{
    struct json *entry = NULL;
    enum rc rc = parse(line, &entry);
    bool is_cut;

    *glance = (struct journal_glance){ .text = cut_text(line, &is_cut) };
    if (!rc && entry)
        rc = glance_at(entry, arena, glance);
    json_free(entry);
    return rc;
}

enum rc journal_line_cursor(struct slice bytes, struct slice *cursor)
{
    /* In a text both quotes would stand behind backslashes: this is the member. */
    static const struct slice key = { .ptr = "\"__CURSOR\":\"", .len = 12 };
    struct slice rest;
    size_t offset;

    if (slice_find(bytes, key, &offset))
        return RC_NOT_FOUND;
    rest = (struct slice){ bytes.ptr + offset + key.len, bytes.len - offset - key.len };
    *cursor = slice_cut(&rest, '"');
    /* Without its closing quote it is not whole. */
    if (!cursor->len || cursor->len >= JOURNAL_CURSOR_BYTES ||
        cursor->ptr + cursor->len == bytes.ptr + bytes.len)
        return RC_NOT_FOUND;
    return RC_OK;
}

/* -- data -- */

static bool is_binary_and_long(const struct json *member)
{
    size_t n_numbers = 0;

    if (json_type_of(member) != JSON_ARRAY)
        return false;
    for (const struct json *item = json_first(member); item; item = json_next(item)) {
        if (is_binary_and_long(item))
            return true;
        n_numbers += json_type_of(item) == JSON_NUMBER;
    }
    return n_numbers > BINARY_MAX_BYTES;
}

static enum rc read_data(const struct json *entry, struct json **tree)
{
    struct json_writer writer;
    struct buffer written;
    enum rc rc;

    buffer_init(&written, 0);
    writer = json_writer_to(&written);
    json_object_begin(&writer);
    for (const struct json *item = json_first(entry); item; item = json_next(item)) {
        if (slice_starts(json_name(item), SLICE("__")) || is_binary_and_long(item))
            continue;
        json_key_slice(&writer, json_name(item));
        json_write_node(&writer, item);
    }
    json_object_end(&writer);
    rc = buffer_rc(&written);
    if (!rc)
        rc = parse(buffer_slice(&written), tree);
    buffer_free(&written);
    return rc;
}

/* -- the event -- */

static int64_t time_of(const struct json *entry)
{
    static const char *const names[] = { "_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP" };
    int64_t time_us;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (slice_to_int(text_of(entry, names[i]), &time_us) == RC_OK && time_us >= US_A_MS)
            return time_us / US_A_MS;
    }
    return 0;
}

/* Of which unit it is: what journalctl --unit shows for it. Only who may say so is believed. */
static struct slice service_of(const struct json *entry)
{
    static const struct {
        const char *unit, *who, *is;
    } rows[] = {
        { "UNIT", "_PID", "1" },
        { "COREDUMP_UNIT", "_UID", "0" },
        { "OBJECT_SYSTEMD_UNIT", "_UID", "0" },
        { "_SYSTEMD_UNIT", NULL, NULL },
        { "SYSLOG_IDENTIFIER", NULL, NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice unit = text_of(entry, rows[i].unit);

        if (!unit.len ||
            (rows[i].who && !slice_eq(text_of(entry, rows[i].who), slice_of(rows[i].is))))
            continue;
        if (slice_ends(unit, SLICE(".service")))
            unit.len -= sizeof ".service" - 1;
        return unit;
    }
    return (struct slice){ 0 };
}

static struct slice severity_of(const struct json *entry)
{
    static const char *const severities[] = { "critical", "critical", "critical", "high",
                                              "medium",   "medium",   "low",      "low" };
    int64_t priority;

    if (slice_to_int(text_of(entry, "PRIORITY"), &priority) || priority < 0 || priority > 7)
        return (struct slice){ 0 };
    return slice_of(severities[priority]);
}

/* Cut before the tree is freed, which they lie in. */
static enum rc keep(struct arena *arena, struct event *event, enum event_field field,
                    struct slice value)
{
    return value.len ? arena_copy(arena, event_field_cut(value), &event->fields[field]) : RC_OK;
}

static enum rc fill_from_entry(const struct json *entry, struct arena *arena, struct event *event,
                               struct json **tree)
{
    int64_t time_ms = time_of(entry);
    struct slice text;
    bool is_cut;
    enum rc rc = read_message(entry, arena, &text, &is_cut);

    if (time_ms)
        event->time_ms = time_ms;
    event->is_truncated |= is_cut;
    if (!rc)
        rc = arena_copy(arena, text, &event->fields[FIELD_TEXT]);
    if (!rc)
        rc = keep(arena, event, FIELD_HOST, text_of(entry, "_HOSTNAME"));
    if (!rc)
        rc = keep(arena, event, FIELD_SERVICE, service_of(entry));
    event->fields[FIELD_SEVERITY] = severity_of(entry);
    return rc ? rc : read_data(entry, tree);
}

static void apply_constants(const struct journal_watch *watch, struct event *event)
{
    for (size_t i = 0; i < EVENT_N_FIELDS; i++) {
        if (!slice_is_absent(watch->constants[i]))
            event->fields[i] = event_field_cut(watch->constants[i]);
    }
}

static enum rc fill_title(struct arena *arena, struct event *event)
{
    struct json *none = NULL;
    bool is_of_format;

    return line_format_read(LINE_TEXT, arena, event, &none, &is_of_format);
}

enum rc journal_line_event(const struct journal_watch *watch, const struct log_line *line,
                           int64_t received_ms, struct arena *arena, struct event *event,
                           struct json **tree)
{
    struct slice raw = slice_is_absent(line->text) ? SLICE("") : line->text;
    struct json *entry = NULL;
    enum rc rc = parse(raw, &entry);
    bool is_cut = false;

    *tree = NULL;
    *event = (struct event){ .door = DOOR_DATA,
                             .time_ms = received_ms,
                             .received_ms = received_ms,
                             .is_line = true,
                             .is_truncated = line->is_truncated };
    event->fields[FIELD_TYPE] = SLICE(JOURNAL_TYPE);
    event->fields[FIELD_KIND] = SLICE(JOURNAL_KIND);
    event->fields[FIELD_WATCHER] = watch->name;
    event->fields[FIELD_SUBJECT] = watch->name;
    if (entry)
        rc = fill_from_entry(entry, arena, event, tree);
    else
        event->fields[FIELD_TEXT] = cut_text(raw, &is_cut);
    event->is_truncated |= is_cut;
    json_free(entry);
    if (!rc)
        rc = fill_title(arena, event);
    event->data = *tree;
    apply_constants(watch, event);
    return rc;
}

/* -- lines that are too long -- */

/* `*at` moves behind the string; false: it has no end. `*safe`: where it may be cut. */
static bool skip_string(struct slice bytes, size_t *at, size_t *safe)
{
    size_t i = *at + 1;

    while (i < bytes.len) {
        unsigned char byte = (unsigned char)bytes.ptr[i];

        if ((byte & 0xc0) != 0x80)
            *safe = i;
        if (byte == '"') {
            *at = i + 1;
            return true;
        }
        if (byte == '\\')
            i += i + 1 < bytes.len && bytes.ptr[i + 1] == 'u' ? 6 : 2;
        else
            i++;
    }
    return false;
}

/* Likewise of an array of scalars and arrays. `*safe`: behind its last whole element. */
static bool skip_array(struct slice bytes, size_t *at, size_t *safe)
{
    size_t in_string, depth = 0, i = *at;

    while (i < bytes.len) {
        char byte = bytes.ptr[i];

        if (byte == '"') {
            if (!skip_string(bytes, &i, &in_string))
                return false;
            continue;
        }
        depth += byte == '[';
        depth -= byte == ']';
        i++;
        if (!depth) {
            *at = i;
            return true;
        }
        if (byte == ',' && depth == 1)
            *safe = i - 1;
    }
    return false;
}

static bool skip_value(struct slice bytes, size_t *at, size_t *safe)
{
    if (*at >= bytes.len)
        return false;
    if (bytes.ptr[*at] == '"')
        return skip_string(bytes, at, safe);
    if (bytes.ptr[*at] == '[')
        return skip_array(bytes, at, safe);
    while (*at < bytes.len && bytes.ptr[*at] != ',' && bytes.ptr[*at] != '}')
        ++*at;
    return *at < bytes.len;
}

/* What there is of the value at `begin` is a beginning worth keeping. */
static void add_part(struct slice bytes, struct slice name, size_t begin, size_t safe,
                     struct buffer *mended)
{
    if (!slice_eq(name, SLICE("\"MESSAGE\"")) || safe <= begin)
        return;
    buffer_clear(mended);
    buffer_add(mended, (struct slice){ bytes.ptr, safe });
    buffer_add_byte(mended, bytes.ptr[begin] == '"' ? '"' : ']');
}

void journal_line_mend(struct slice beginning, struct buffer *mended)
{
    size_t at = 1, whole = 1, safe = 0;

    buffer_clear(mended);
    while (at < beginning.len && beginning.ptr[at] == '"') {
        size_t name_at = at, value_at;

        if (!skip_string(beginning, &at, &safe))
            break;
        value_at = at + 1; /* journalctl puts no blanks */
        safe = 0;
        at = value_at;
        if (!skip_value(beginning, &at, &safe)) {
            add_part(beginning, (struct slice){ beginning.ptr + name_at, value_at - 1 - name_at },
                     value_at, safe, mended);
            break;
        }
        whole = at++;
    }
    if (!mended->len)
        buffer_add(mended, (struct slice){ beginning.ptr, whole });
    buffer_add_byte(mended, '}');
}
