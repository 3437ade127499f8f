#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json_writer json_writer_to(struct buffer *out)
{
    return (struct json_writer){ .out = out };
}

static void begin_value(struct json_writer *writer)
{
    if (writer->needs_comma)
        buffer_add_byte(writer->out, ',');
    writer->needs_comma = true;
}

static void begin(struct json_writer *writer, char bracket)
{
    begin_value(writer);
    buffer_add_byte(writer->out, bracket);
    writer->needs_comma = false;
}

static void end(struct json_writer *writer, char bracket)
{
    buffer_add_byte(writer->out, bracket);
    writer->needs_comma = true;
}

void json_object_begin(struct json_writer *writer)
{
    begin(writer, '{');
}

void json_object_end(struct json_writer *writer)
{
    end(writer, '}');
}

void json_array_begin(struct json_writer *writer)
{
    begin(writer, '[');
}

void json_array_end(struct json_writer *writer)
{
    end(writer, ']');
}

/* --- text --- */

static bool is_plain(char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static void add_escape(struct buffer *out, uint32_t code_point)
{
    static const char meant[] = "\"\\\b\f\n\r\t";
    static const char written[] = "\"\\bfnrt";
    const char *found = code_point && code_point < 0x80 ? strchr(meant, (int)code_point) : NULL;

    if (!found) {
        buffer_format(out, "\\u%04" PRIx32, code_point);
        return;
    }
    buffer_add_byte(out, '\\');
    buffer_add_byte(out, written[found - meant]);
}

/* The character at the start of `rest`, which is not plain; returns its length. */
static size_t add_char(struct buffer *out, struct slice rest)
{
    uint32_t code_point;
    size_t len = utf8_char_len(rest.ptr, rest.len, &code_point);

    /* As people see it elsewhere: a replacement character would say nothing of what stood there, and an escaped NUL is what no reader here takes. */
    if (len == 0 || !code_point) {
        buffer_format(out, "\\\\x%02x", (unsigned)(uint8_t)rest.ptr[0]);
        return 1;
    }
    if (code_point == '"' || code_point == '\\' || utf8_acts_on_its_surroundings(code_point))
        add_escape(out, code_point);
    else
        buffer_add(out, (struct slice){ rest.ptr, len });
    return len;
}

static void add_quoted(struct buffer *out, struct slice text)
{
    size_t at = 0;

    buffer_add_byte(out, '"');
    while (at < text.len) {
        size_t start = at;

        while (at < text.len && is_plain(text.ptr[at]))
            at++;
        if (at > start)
            buffer_add(out, (struct slice){ text.ptr + start, at - start });
        if (at < text.len)
            at += add_char(out, (struct slice){ text.ptr + at, text.len - at });
    }
    buffer_add_byte(out, '"');
}

void json_key_slice(struct json_writer *writer, struct slice name)
{
    begin_value(writer);
    add_quoted(writer->out, name);
    buffer_add_byte(writer->out, ':');
    writer->needs_comma = false;
}

void json_key(struct json_writer *writer, const char *name)
{
    json_key_slice(writer, slice_of(name));
}

void json_write_text(struct json_writer *writer, struct slice text)
{
    begin_value(writer);
    if (slice_is_absent(text))
        buffer_add(writer->out, SLICE("null"));
    else
        add_quoted(writer->out, text);
}

/* --- other scalars --- */

void json_write_raw(struct json_writer *writer, struct slice json)
{
    begin_value(writer);
    buffer_add(writer->out, json);
}

void json_write_int(struct json_writer *writer, int64_t value)
{
    begin_value(writer);
    buffer_format(writer->out, "%" PRId64, value);
}

/* The shortest text that reads as the same number. */
void json_write_real(struct json_writer *writer, double value)
{
    char text[32];
    int len = 0;

    if (!isfinite(value)) {
        json_write_null(writer);
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        len = snprintf(text, sizeof text, "%.*g", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    json_write_raw(writer, (struct slice){ text, (size_t)len });
}

void json_write_bool(struct json_writer *writer, bool value)
{
    json_write_raw(writer, value ? SLICE("true") : SLICE("false"));
}

void json_write_null(struct json_writer *writer)
{
    json_write_raw(writer, SLICE("null"));
}

void json_write_time(struct json_writer *writer, int64_t time_ms)
{
    char text[TIME_TEXT_BYTES];

    json_write_text(writer, slice_of(time_format(time_ms, text)));
}

/* --- trees: as deep as the scan allows --- */

static void write_children(struct json_writer *writer, const struct json *node)
{
    for (const struct json *item = json_first(node); item; item = json_next(item)) {
        if (json_type_of(node) == JSON_OBJECT)
            json_key_slice(writer, json_name(item));
        json_write_node(writer, item);
    }
}

void json_write_node(struct json_writer *writer, const struct json *node)
{
    switch (json_type_of(node)) {
    case JSON_OBJECT:
        json_object_begin(writer);
        write_children(writer, node);
        json_object_end(writer);
        break;
    case JSON_ARRAY:
        json_array_begin(writer);
        write_children(writer, node);
        json_array_end(writer);
        break;
    case JSON_STRING:
        json_write_text(writer, json_text(node));
        break;
    case JSON_NUMBER:
        json_write_raw(writer, json_number_written(node));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        json_write_raw(writer, json_text(node));
        break;
    case JSON_NULL:
        json_write_null(writer);
        break;
    }
}

/* --- members --- */

void json_member_text(struct json_writer *writer, const char *name, struct slice text)
{
    if (slice_is_absent(text))
        return;
    json_key(writer, name);
    json_write_text(writer, text);
}

void json_member_int(struct json_writer *writer, const char *name, int64_t value)
{
    json_key(writer, name);
    json_write_int(writer, value);
}

void json_member_bool(struct json_writer *writer, const char *name, bool value)
{
    json_key(writer, name);
    json_write_bool(writer, value);
}

void json_member_time(struct json_writer *writer, const char *name, int64_t time_ms)
{
    if (time_ms == 0)
        return;
    json_key(writer, name);
    json_write_time(writer, time_ms);
}
