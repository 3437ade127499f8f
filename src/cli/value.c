#include "src/cli/value.h"

#define PATH_BYTES 4096

void value_show(const struct json *value, struct buffer *out)
{
    struct slice text = json_text(value);

    if (!slice_is_absent(text))
        show_text(out, text);
    else if (value)
        value_add_line(value, out);
}

void value_add_line(const struct json *value, struct buffer *out)
{
    struct json_writer writer = json_writer_to(out);

    json_write_node(&writer, value);
}

void value_show_list(const struct json *list, const char *separator, struct buffer *out)
{
    for (const struct json *item = json_first(list); item; item = json_next(item)) {
        if (item != json_first(list))
            buffer_add_text(out, separator);
        value_show(item, out);
    }
}

void value_show_pairs(const struct json *object, struct buffer *out)
{
    for (const struct json *item = json_first(object); item; item = json_next(item)) {
        if (item != json_first(object))
            buffer_add_text(out, ", ");
        show_text(out, json_name(item));
        buffer_add_text(out, "=");
        value_show(item, out);
    }
}

struct slice value_text(const struct json *object, const char *name)
{
    return json_text(json_get_text(object, name));
}

bool value_is_true(const struct json *object, const char *name)
{
    return slice_eq(value_text(object, name), SLICE("true"));
}

int64_t value_int(const struct json *object, const char *name)
{
    int64_t value = 0;

    return json_int(json_get_text(object, name), &value) ? 0 : value;
}

bool value_time(const struct json *object, const char *name, int64_t *time_ms)
{
    struct slice text = value_text(object, name);

    return text.len && !time_parse(text, time_ms);
}

/* --- paths --- */

static bool is_plain_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

        if (!is_letter && !(i && ((c >= '0' && c <= '9') || c == '-')))
            return false;
    }
    return name.len > 0;
}

static void add_name(struct buffer *path, struct slice name)
{
    if (is_plain_name(name)) {
        if (path->len)
            buffer_add_byte(path, '.');
        buffer_add(path, name);
        return;
    }
    buffer_add_text(path, "[\"");
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"' || name.ptr[i] == '\\')
            buffer_add_byte(path, '\\');
        buffer_add_byte(path, name.ptr[i]);
    }
    buffer_add_text(path, "\"]");
}

static void show_paths(const struct json *value, struct buffer *path, struct buffer *out)
{
    bool is_object = json_type_of(value) == JSON_OBJECT;
    size_t len = path->len;
    size_t i = 0;

    if (!is_object && json_type_of(value) != JSON_ARRAY) {
        show_text(out, buffer_slice(path));
        buffer_add_text(out, ": ");
        value_show(value, out);
        buffer_add_text(out, "\n");
        return;
    }
    for (const struct json *part = json_first(value); part && !path->failed;
         part = json_next(part)) {
        if (is_object)
            add_name(path, json_name(part));
        else
            buffer_format(path, "[%zu]", i++);
        show_paths(part, path, out);
        path->len = len;
    }
}

void value_show_paths(const struct json *value, struct buffer *out)
{
    struct buffer path;

    buffer_init(&path, PATH_BYTES);
    if (value)
        show_paths(value, &path, out);
    buffer_free(&path);
}
