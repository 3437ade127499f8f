#include "src/store/record.h"

#include <string.h>

static void write_int(const struct record_field *field, const void *at, struct json_writer *writer)
{
    int64_t value;

    (void)field;
    memcpy(&value, at, sizeof(value));
    json_write_int(writer, value);
}

static void write_bool(const struct record_field *field, const void *at, struct json_writer *writer)
{
    (void)field;
    json_write_bool(writer, *(const bool *)at);
}

static void write_time(const struct record_field *field, const void *at, struct json_writer *writer)
{
    int64_t value;

    (void)field;
    memcpy(&value, at, sizeof(value));
    json_write_time(writer, value);
}

static void write_real(const struct record_field *field, const void *at, struct json_writer *writer)
{
    double value;

    (void)field;
    memcpy(&value, at, sizeof(value));
    json_write_real(writer, value);
}

static void write_enum(const struct record_field *field, const void *at, struct json_writer *writer)
{
    int value;

    memcpy(&value, at, sizeof(value));
    json_write_text(writer, slice_of(field->names[value]));
}

static void write_text(const struct record_field *field, const void *at, struct json_writer *writer)
{
    (void)field;
    json_write_text(writer, *(const struct slice *)at);
}

static void write_texts(const struct record_field *field, const void *at,
                        struct json_writer *writer)
{
    const struct slice_list *texts = at;

    (void)field;
    json_array_begin(writer);
    for (size_t i = 0; i < texts->n_items; i++)
        json_write_text(writer, texts->items[i]);
    json_array_end(writer);
}

static void write_json(const struct record_field *field, const void *at, struct json_writer *writer)
{
    const struct slice *json = at;

    (void)field;
    if (json->len)
        json_write_raw(writer, *json);
    else
        json_write_null(writer);
}

static void write_id(const struct record_field *field, const void *at, struct json_writer *writer)
{
    char text[16 + ULID_TEXT_BYTES];
    size_t prefix_len = strlen(field->prefix);

    memcpy(text, field->prefix, prefix_len);
    ulid_format(*(const struct ulid *)at, text + prefix_len);
    json_write_text(writer, slice_of(text));
}

static void write_ids(const struct record_field *field, const void *at, struct json_writer *writer)
{
    const struct ulid_list *ids = at;

    json_array_begin(writer);
    for (size_t i = 0; i < ids->n_items; i++)
        write_id(field, &ids->items[i], writer);
    json_array_end(writer);
}

static void write_struct(const struct record_field *field, const void *at,
                         struct json_writer *writer)
{
    record_write_json(field->shape, at, writer);
}

static void write_list(const struct record_field *field, const void *at, struct json_writer *writer)
{
    const struct record_list *list = at;

    json_array_begin(writer);
    for (size_t i = 0; i < list->n_items; i++)
        record_write_json(field->shape, (const char *)list->items + i * field->shape->bytes,
                          writer);
    json_array_end(writer);
}

/* Bytes have no row: they are never shown. */
static void (*const writers[RECORD_TYPES])(const struct record_field *field, const void *at,
                                           struct json_writer *writer) = {
    [RECORD_INT] = write_int,   [RECORD_BOOL] = write_bool,   [RECORD_TIME] = write_time,
    [RECORD_REAL] = write_real, [RECORD_HEX] = write_text,    [RECORD_ENUM] = write_enum,
    [RECORD_TEXT] = write_text, [RECORD_TEXTS] = write_texts, [RECORD_JSON] = write_json,
    [RECORD_ID] = write_id,     [RECORD_IDS] = write_ids,     [RECORD_STRUCT] = write_struct,
    [RECORD_LIST] = write_list,
};

static bool is_shown(const struct record_field *field, const void *object)
{
    if (!field->name || !writers[field->type])
        return false;
    if (field->only_with &&
        !*(const int64_t *)(const void *)((const char *)object + field->only_with))
        return false;
    return field->always || field->type == RECORD_ENUM || !record_field_is_empty(field, object);
}

void record_write_members(const struct record_shape *shape, const void *object,
                          struct json_writer *writer)
{
    for (size_t i = 0; i < shape->n_fields; i++) {
        const struct record_field *field = &shape->fields[i];

        if (!is_shown(field, object))
            continue;
        json_key(writer, field->name);
        writers[field->type](field, (const char *)object + field->offset, writer);
    }
}

void record_write_json(const struct record_shape *shape, const void *object,
                       struct json_writer *writer)
{
    json_object_begin(writer);
    record_write_members(shape, object, writer);
    json_object_end(writer);
}
