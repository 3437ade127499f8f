#include "src/store/record.h"

#include "src/store/store_key.h"

#include <string.h>

#include "src/base/digest.h"

#define FORMAT 1
#define HEAD_BYTES 5 /* of the record: format and CRC; of a field: tag and length */

/* What a type is as bytes. `at` is where the member lies. */
struct codec {
    bool (*is_empty)(const struct record_field *field, const void *at);
    void (*write)(const struct record_field *field, const void *at, struct buffer *out);
    enum rc (*read)(const struct record_field *field, struct slice bytes, struct arena *arena,
                    void *at);
};
static const struct codec codecs[RECORD_TYPES];

static const void *member_of(const struct record_field *field, const void *object)
{
    return (const char *)object + field->offset;
}

bool record_field_is_empty(const struct record_field *field, const void *object)
{
    return codecs[field->type].is_empty(field, member_of(field, object));
}

/* --- lengths: not known before what they count is written --- */

static void set_u32(char *at, size_t value)
{
    for (size_t i = 0; i < 4; i++)
        at[i] = (char)(value >> (8 * (3 - i)) & 0xff);
}

/* What has more than 32 bits of length is refused as a whole, by the store. */
static void end_length(struct buffer *out, size_t start)
{
    if (!out->failed)
        set_u32(out->ptr + start - 4, out->len - start);
}

static void write_fields(const struct record_shape *shape, const void *object, struct buffer *out)
{
    for (size_t i = 0; i < shape->n_fields; i++) {
        const struct record_field *field = &shape->fields[i];
        const void *at = member_of(field, object);
        char head[HEAD_BYTES] = { (char)field->tag };
        size_t start;

        if (codecs[field->type].is_empty(field, at))
            continue;
        buffer_add(out, (struct slice){ .ptr = head, .len = sizeof(head) });
        start = out->len;
        codecs[field->type].write(field, at, out);
        end_length(out, start);
    }
}

/* --- reading --- */

/* Fields mostly come in the order of the table: the search begins behind the last one. */
static const struct record_field *find_field(const struct record_shape *shape, uint8_t tag,
                                             size_t *next)
{
    for (size_t i = 0; i < shape->n_fields; i++) {
        const struct record_field *field = &shape->fields[*next];

        *next = *next + 1 < shape->n_fields ? *next + 1 : 0;
        if (field->tag == tag)
            return field;
    }
    return NULL;
}

/* Takes a u32 length and as many bytes off the front. */
static bool read_counted(struct slice *rest, struct slice *bytes)
{
    uint32_t len;

    if (!key_read_u32(rest, &len) || len > rest->len)
        return false;
    *bytes = (struct slice){ .ptr = rest->ptr, .len = len };
    rest->ptr += len;
    rest->len -= len;
    return true;
}

static enum rc read_fields(const struct record_shape *shape, struct slice rest, struct arena *arena,
                           void *object)
{
    size_t next = 0;

    memset(object, 0, shape->bytes);
    while (rest.len) {
        const struct record_field *field;
        struct slice bytes;
        uint8_t tag;
        enum rc rc;

        if (!key_read_byte(&rest, &tag) || !read_counted(&rest, &bytes))
            return RC_CORRUPT;
        field = find_field(shape, tag, &next);
        if (!field)
            continue;
        rc = codecs[field->type].read(field, bytes, arena, (char *)object + field->offset);
        if (rc)
            return rc;
    }
    return RC_OK;
}

static enum rc count_items(struct slice rest, size_t *n_items)
{
    struct slice bytes;

    for (*n_items = 0; rest.len; ++*n_items) {
        if (!read_counted(&rest, &bytes))
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

/* Integers, times, and the bits of a real. */
static void int_write(const struct record_field *field, const void *at, struct buffer *out)
{
    uint64_t value;

    (void)field;
    memcpy(&value, at, sizeof(value));
    buffer_add_u64(out, value);
}

static enum rc read_u64(struct slice bytes, uint64_t *value)
{
    return key_read_u64(&bytes, value) && !bytes.len ? RC_OK : RC_CORRUPT;
}

static enum rc int_read(const struct record_field *field, struct slice bytes, struct arena *arena,
                        void *at)
{
    uint64_t value;
    enum rc rc = read_u64(bytes, &value);

    (void)field;
    (void)arena;
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

static enum rc bool_read(const struct record_field *field, struct slice bytes, struct arena *arena,
                         void *at)
{
    (void)field;
    (void)arena;
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
    buffer_add_u64(out, (uint64_t)enum_value(at));
}

static enum rc enum_read(const struct record_field *field, struct slice bytes, struct arena *arena,
                         void *at)
{
    uint64_t stored;
    int value;
    enum rc rc = read_u64(bytes, &stored);

    (void)arena;
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

static enum rc text_read(const struct record_field *field, struct slice bytes, struct arena *arena,
                         void *at)
{
    (void)field;
    (void)arena;
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
    for (size_t i = 0; i < texts->n_items; i++) {
        buffer_add_u32(out, (uint32_t)texts->items[i].len);
        buffer_add(out, texts->items[i]);
    }
}

static enum rc texts_read(const struct record_field *field, struct slice bytes, struct arena *arena,
                          void *at)
{
    struct slice_list *texts = at;
    void *items;
    enum rc rc = count_items(bytes, &texts->n_items);

    (void)field;
    if (!rc)
        rc = make_items(arena, texts->n_items, sizeof(*texts->items), &items);
    if (rc)
        return rc;
    texts->items = items;
    for (size_t i = 0; i < texts->n_items; i++) {
        if (!read_counted(&bytes, &texts->items[i]))
            return RC_CORRUPT;
    }
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

static enum rc id_read(const struct record_field *field, struct slice bytes, struct arena *arena,
                       void *at)
{
    (void)field;
    (void)arena;
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

static enum rc ids_read(const struct record_field *field, struct slice bytes, struct arena *arena,
                        void *at)
{
    struct ulid_list *ids = at;
    void *items;
    enum rc rc;

    (void)field;
    if (bytes.len % ULID_BYTES)
        return RC_CORRUPT;
    ids->n_items = bytes.len / ULID_BYTES;
    rc = make_items(arena, ids->n_items, sizeof(*ids->items), &items);
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
    write_fields(field->shape, at, out);
}

static enum rc struct_read(const struct record_field *field, struct slice bytes,
                           struct arena *arena, void *at)
{
    return read_fields(field->shape, bytes, arena, at);
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
        size_t start;

        buffer_add_u32(out, 0);
        start = out->len;
        write_fields(field->shape, (const char *)list->items + i * field->shape->bytes, out);
        end_length(out, start);
    }
}

static enum rc list_read(const struct record_field *field, struct slice bytes, struct arena *arena,
                         void *at)
{
    struct record_list *list = at;
    enum rc rc = count_items(bytes, &list->n_items);

    if (!rc)
        rc = make_items(arena, list->n_items, field->shape->bytes, &list->items);
    for (size_t i = 0; i < list->n_items && !rc; i++) {
        struct slice item;

        if (!read_counted(&bytes, &item))
            return RC_CORRUPT;
        rc = read_fields(field->shape, item, arena, (char *)list->items + i * field->shape->bytes);
    }
    return rc;
}

/* clang-format off */
static const struct codec codecs[RECORD_TYPES] = {
    [RECORD_INT]    = { .is_empty = int_is_empty,    .write = int_write,    .read = int_read },
    [RECORD_BOOL]   = { .is_empty = bool_is_empty,   .write = bool_write,   .read = bool_read },
    [RECORD_TIME]   = { .is_empty = int_is_empty,    .write = int_write,    .read = int_read },
    [RECORD_REAL]   = { .is_empty = int_is_empty,    .write = int_write,    .read = int_read },
    [RECORD_ENUM]   = { .is_empty = enum_is_empty,   .write = enum_write,   .read = enum_read },
    [RECORD_TEXT]   = { .is_empty = text_is_empty,   .write = text_write,   .read = text_read },
    [RECORD_TEXTS]  = { .is_empty = texts_is_empty,  .write = texts_write,  .read = texts_read },
    [RECORD_JSON]   = { .is_empty = text_is_empty,   .write = text_write,   .read = text_read },
    [RECORD_ID]     = { .is_empty = id_is_empty,     .write = id_write,     .read = id_read },
    [RECORD_IDS]    = { .is_empty = ids_is_empty,    .write = ids_write,    .read = ids_read },
    [RECORD_BYTES]  = { .is_empty = text_is_empty,   .write = text_write,   .read = text_read },
    [RECORD_STRUCT] = { .is_empty = struct_is_empty, .write = struct_write, .read = struct_read },
    [RECORD_LIST]   = { .is_empty = list_is_empty,   .write = list_write,   .read = list_read },
};
/* clang-format on */

/* --- the record --- */

enum rc record_encode(const struct record_shape *shape, const void *object, struct buffer *out)
{
    const char head[HEAD_BYTES] = { FORMAT };
    size_t start;

    buffer_add(out, (struct slice){ .ptr = head, .len = sizeof(head) });
    start = out->len;
    write_fields(shape, object, out);
    if (!out->failed)
        set_u32(out->ptr + start - 4,
                crc32_of((struct slice){ .ptr = out->ptr + start, .len = out->len - start }));
    return buffer_rc(out);
}

/* Takes format and CRC off the front of what they vouch for. */
static enum rc open_record(struct slice *record)
{
    uint8_t format;
    uint32_t crc;

    if (!key_read_byte(record, &format) || !key_read_u32(record, &crc))
        return RC_CORRUPT;
    return format == FORMAT && crc == crc32_of(*record) ? RC_OK : RC_CORRUPT;
}

enum rc record_borrow(const struct record_shape *shape, struct slice record, struct arena *arena,
                      void *object)
{
    enum rc rc = open_record(&record);

    return rc ? rc : read_fields(shape, record, arena, object);
}

enum rc record_decode(const struct record_shape *shape, struct slice record, struct arena *arena,
                      void *object)
{
    struct slice copy;
    enum rc rc = open_record(&record);

    if (!rc)
        rc = arena_copy(arena, record, &copy); /* in one piece: the texts are slices of it */
    return rc ? rc : read_fields(shape, copy, arena, object);
}
