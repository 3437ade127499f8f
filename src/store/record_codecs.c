#include "src/store/record_private.h"

#include "src/base/digest.h"
#include "src/store/length.h"
#include "src/store/store_key.h"

#include <string.h>

#define HEX_BYTES_MAX 32 /* of a digest */

/* --- lists --- */

static void write_counted(struct buffer *out, struct slice bytes)
{
    size_t start = length_begin(out);

    buffer_add(out, bytes);
    length_end(out, start);
}

static enum rc count_items(const struct reading *reading, struct slice rest, size_t *n_items)
{
    struct slice bytes;

    for (*n_items = 0; rest.len; ++*n_items) {
        if (!record_read_counted(reading, &rest, &bytes))
            return RC_CORRUPT;
    }
    return RC_OK;
}

/* Room for `n_items`, none where there are none. */
static enum rc make_items(struct arena *arena, size_t n_items, size_t item_bytes, void **items)
{
    *items = NULL;
    if (!n_items)
        return RC_OK;
    *items = arena ? arena_alloc(arena, n_items, item_bytes) : NULL;
    return *items ? RC_OK : RC_NO_MEMORY;
}

/* --- numbers --- */

static bool int_is_empty(const struct record_field *field, const void *at)
{
    int64_t value;

    (void)field;
    memcpy(&value, at, sizeof(value));
    return !value;
}

/* Without the zero bytes in front. */
static void write_u64(struct buffer *out, uint64_t value)
{
    char bytes[sizeof(value)];
    size_t n_bytes = 0;

    for (uint64_t rest = value; rest; rest >>= 8)
        n_bytes++;
    for (size_t i = 0; i < n_bytes; i++)
        bytes[i] = (char)(value >> (8 * (n_bytes - 1 - i)) & 0xff);
    buffer_add(out, (struct slice){ .ptr = bytes, .len = n_bytes });
}

/* Integers, times, and the bits of a real. */
static void int_write(const struct record_field *field, const void *at, struct buffer *out)
{
    uint64_t value;

    (void)field;
    memcpy(&value, at, sizeof(value));
    write_u64(out, value);
}

static enum rc read_u64(struct slice bytes, uint64_t *value)
{
    if (bytes.len > sizeof(*value))
        return RC_CORRUPT;
    *value = 0;
    for (size_t i = 0; i < bytes.len; i++)
        *value = *value << 8 | (uint8_t)bytes.ptr[i];
    return RC_OK;
}

static enum rc int_read(const struct record_field *field, struct slice bytes,
                        const struct reading *reading, void *at)
{
    uint64_t value;
    enum rc rc = read_u64(bytes, &value);

    (void)field;
    (void)reading;
    if (!rc)
        memcpy(at, &value, sizeof(value));
    return rc;
}

static bool bool_is_empty(const struct record_field *field, const void *at)
{
    (void)field;
    return !*(const bool *)at;
}

static void bool_write(const struct record_field *field, const void *at, struct buffer *out)
{
    (void)field;
    buffer_add_byte(out, *(const bool *)at ? 1 : 0);
}

static enum rc bool_read(const struct record_field *field, struct slice bytes,
                         const struct reading *reading, void *at)
{
    (void)field;
    (void)reading;
    if (bytes.len != 1)
        return RC_CORRUPT;
    *(bool *)at = bytes.ptr[0] != 0;
    return RC_OK;
}

static int enum_value(const void *at)
{
    int value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static bool enum_is_empty(const struct record_field *field, const void *at)
{
    (void)field;
    return !enum_value(at);
}

static void enum_write(const struct record_field *field, const void *at, struct buffer *out)
{
    (void)field;
    write_u64(out, (uint64_t)enum_value(at));
}

static enum rc enum_read(const struct record_field *field, struct slice bytes,
                         const struct reading *reading, void *at)
{
    uint64_t stored;
    int value;
    enum rc rc = read_u64(bytes, &stored);

    (void)reading;
    if (rc)
        return rc;
    for (value = 0; field->names[value] && (uint64_t)value != stored;)
        value++;
    if (!field->names[value])
        return RC_CORRUPT;
    memcpy(at, &value, sizeof(value));
    return RC_OK;
}

/* --- texts --- */

static bool text_is_empty(const struct record_field *field, const void *at)
{
    (void)field;
    return slice_is_absent(*(const struct slice *)at);
}

static void text_write(const struct record_field *field, const void *at, struct buffer *out)
{
    (void)field;
    buffer_add(out, *(const struct slice *)at);
}

static enum rc text_read(const struct record_field *field, struct slice bytes,
                         const struct reading *reading, void *at)
{
    (void)field;
    (void)reading;
    *(struct slice *)at = bytes;
    return RC_OK;
}

static bool texts_is_empty(const struct record_field *field, const void *at)
{
    (void)field;
    return !((const struct slice_list *)at)->n_items;
}

static void texts_write(const struct record_field *field, const void *at, struct buffer *out)
{
    const struct slice_list *texts = at;

    (void)field;
    for (size_t i = 0; i < texts->n_items; i++)
        write_counted(out, texts->items[i]);
}

static enum rc texts_read(const struct record_field *field, struct slice bytes,
                          const struct reading *reading, void *at)
{
    struct slice_list *texts = at;
    void *items;
    enum rc rc = count_items(reading, bytes, &texts->n_items);

    (void)field;
    if (!rc)
        rc = make_items(reading->arena, texts->n_items, sizeof(*texts->items), &items);
    if (rc)
        return rc;
    texts->items = items;
    for (size_t i = 0; i < texts->n_items; i++) {
        if (!record_read_counted(reading, &bytes, &texts->items[i]))
            return RC_CORRUPT;
    }
    return RC_OK;
}

/* --- hex: its bytes behind a 0; what is no lower-case hex, or was written before there was this type, is itself --- */

static void hex_write(const struct record_field *field, const void *at, struct buffer *out)
{
    struct slice text = *(const struct slice *)at;
    uint8_t bytes[1 + HEX_BYTES_MAX] = { 0 };
    size_t n_bytes = text.len / 2;

    (void)field;
    if (text.len % 2 || n_bytes > HEX_BYTES_MAX || hex_parse(text, bytes + 1, n_bytes))
        buffer_add(out, text);
    else
        buffer_add(out, (struct slice){ .ptr = (const char *)bytes, .len = 1 + n_bytes });
}

static enum rc hex_read(const struct record_field *field, struct slice bytes,
                        const struct reading *reading, void *at)
{
    struct slice *text = at;
    char *made;

    (void)field;
    *text = bytes;
    if (!bytes.len || bytes.ptr[0])
        return RC_OK;
    made = reading->arena ? arena_alloc(reading->arena, 2 * bytes.len, 1) : NULL;
    if (!made)
        return RC_NO_MEMORY;
    hex_format((const uint8_t *)bytes.ptr + 1, bytes.len - 1, made);
    *text = (struct slice){ .ptr = made, .len = 2 * (bytes.len - 1) };
    return RC_OK;
}

/* --- ids --- */

static bool id_is_empty(const struct record_field *field, const void *at)
{
    (void)field;
    return ulid_is_absent(*(const struct ulid *)at);
}

static void add_id(struct buffer *out, const struct ulid *id)
{
    buffer_add(out, (struct slice){ .ptr = (const char *)id->bytes, .len = sizeof(id->bytes) });
}

static void id_write(const struct record_field *field, const void *at, struct buffer *out)
{
    (void)field;
    add_id(out, at);
}

static enum rc id_read(const struct record_field *field, struct slice bytes,
                       const struct reading *reading, void *at)
{
    (void)field;
    (void)reading;
    return key_read_ulid(&bytes, at) && !bytes.len ? RC_OK : RC_CORRUPT;
}

static bool ids_is_empty(const struct record_field *field, const void *at)
{
    (void)field;
    return !((const struct ulid_list *)at)->n_items;
}

static void ids_write(const struct record_field *field, const void *at, struct buffer *out)
{
    const struct ulid_list *ids = at;

    (void)field;
    for (size_t i = 0; i < ids->n_items; i++)
        add_id(out, &ids->items[i]);
}

static enum rc ids_read(const struct record_field *field, struct slice bytes,
                        const struct reading *reading, void *at)
{
    struct ulid_list *ids = at;
    void *items;
    enum rc rc;

    (void)field;
    if (bytes.len % ULID_BYTES)
        return RC_CORRUPT;
    ids->n_items = bytes.len / ULID_BYTES;
    rc = make_items(reading->arena, ids->n_items, sizeof(*ids->items), &items);
    if (rc)
        return rc;
    ids->items = items;
    for (size_t i = 0; i < ids->n_items; i++) {
        if (!key_read_ulid(&bytes, &ids->items[i]))
            return RC_CORRUPT;
    }
    return RC_OK;
}

/* --- structs --- */

static bool struct_is_empty(const struct record_field *field, const void *at)
{
    for (size_t i = 0; i < field->shape->n_fields; i++) {
        if (!record_field_is_empty(&field->shape->fields[i], at))
            return false;
    }
    return true;
}

static void struct_write(const struct record_field *field, const void *at, struct buffer *out)
{
    record_write_fields(field->shape, at, out);
}

static enum rc struct_read(const struct record_field *field, struct slice bytes,
                           const struct reading *reading, void *at)
{
    return record_read_fields(field->shape, bytes, reading, at);
}

static bool list_is_empty(const struct record_field *field, const void *at)
{
    (void)field;
    return !((const struct record_list *)at)->n_items;
}

static void list_write(const struct record_field *field, const void *at, struct buffer *out)
{
    const struct record_list *list = at;

    for (size_t i = 0; i < list->n_items; i++) {
        size_t start = length_begin(out);

        record_write_fields(field->shape, (const char *)list->items + i * field->shape->bytes, out);
        length_end(out, start);
    }
}

static enum rc list_read(const struct record_field *field, struct slice bytes,
                         const struct reading *reading, void *at)
{
    struct record_list *list = at;
    enum rc rc = count_items(reading, bytes, &list->n_items);

    if (!rc)
        rc = make_items(reading->arena, list->n_items, field->shape->bytes, &list->items);
    for (size_t i = 0; i < list->n_items && !rc; i++) {
        struct slice item;

        if (!record_read_counted(reading, &bytes, &item))
            return RC_CORRUPT;
        rc = record_read_fields(field->shape, item, reading,
                                (char *)list->items + i * field->shape->bytes);
    }
    return rc;
}

/* clang-format off */
const struct codec record_codecs[RECORD_TYPES] = {
    [RECORD_INT]    = { .is_empty = int_is_empty,    .write = int_write,    .read = int_read },
    [RECORD_BOOL]   = { .is_empty = bool_is_empty,   .write = bool_write,   .read = bool_read },
    [RECORD_TIME]   = { .is_empty = int_is_empty,    .write = int_write,    .read = int_read },
    [RECORD_REAL]   = { .is_empty = int_is_empty,    .write = int_write,    .read = int_read },
    [RECORD_ENUM]   = { .is_empty = enum_is_empty,   .write = enum_write,   .read = enum_read },
    [RECORD_TEXT]   = { .is_empty = text_is_empty,   .write = text_write,   .read = text_read },
    [RECORD_TEXTS]  = { .is_empty = texts_is_empty,  .write = texts_write,  .read = texts_read },
    [RECORD_JSON]   = { .is_empty = text_is_empty,   .write = text_write,   .read = text_read },
    [RECORD_HEX]    = { .is_empty = text_is_empty,   .write = hex_write,    .read = hex_read },
    [RECORD_ID]     = { .is_empty = id_is_empty,     .write = id_write,     .read = id_read },
    [RECORD_IDS]    = { .is_empty = ids_is_empty,    .write = ids_write,    .read = ids_read },
    [RECORD_BYTES]  = { .is_empty = text_is_empty,   .write = text_write,   .read = text_read },
    [RECORD_STRUCT] = { .is_empty = struct_is_empty, .write = struct_write, .read = struct_read },
    [RECORD_LIST]   = { .is_empty = list_is_empty,   .write = list_write,   .read = list_read },
};
/* clang-format on */
