#include "src/store/record.h"

#include "src/store/store_key.h"

#include <string.h>

#include "src/base/digest.h"

#define FORMAT 2
#define FORMAT_WIDE 1 /* read, no longer written */
#define HEAD_BYTES 5  /* format and CRC */

#define HEX_BYTES_MAX 32 /* of a digest */

/* Of one record. */
struct reading {
    struct arena *arena; /* may be NULL where nothing has to be made */
    bool is_wide;        /* lengths are u32 */
};

/* What a type is as bytes. `at` is where the member lies. */
struct codec {
    bool (*is_empty)(const struct record_field *field, const void *at);
    void (*write)(const struct record_field *field, const void *at, struct buffer *out);
    enum rc (*read)(const struct record_field *field, struct slice bytes,
                    const struct reading *reading, void *at);
};
static const struct codec codecs[RECORD_TYPES];
static bool text_is_empty(const struct record_field *field, const void *at);

static const void *member_of(const struct record_field *field, const void *object)
{
    return (const char *)object + field->offset;
}

bool record_field_is_empty(const struct record_field *field, const void *object)
{
    return codecs[field->type].is_empty(field, member_of(field, object));
}

/* --- lengths: base 128, the low bits first; not known before what they count is written --- */

static void set_u32(char *at, size_t value)
{
    for (size_t i = 0; i < 4; i++)
        at[i] = (char)(value >> (8 * (3 - i)) & 0xff);
}

/* Keeps a byte for a length; what it counts begins behind it. */
static size_t begin_length(struct buffer *out)
{
    buffer_add_byte(out, 0);
    return out->len;
}

/* What has more than 32 bits of length is refused as a whole, by the store. */
static void end_length(struct buffer *out, size_t start)
{
    size_t len = out->len - start, n_more = 0;

    for (size_t rest = len >> 7; rest; rest >>= 7) {
        buffer_add_byte(out, 0);
        n_more++;
    }
    if (out->failed)
        return;
    memmove(out->ptr + start + n_more, out->ptr + start, len);
    for (size_t i = 0; i <= n_more; i++, len >>= 7)
        out->ptr[start - 1 + i] = (char)((len & 0x7f) | (i < n_more ? 0x80 : 0));
}

static void write_counted(struct buffer *out, struct slice bytes)
{
    size_t start = begin_length(out);

    buffer_add(out, bytes);
    end_length(out, start);
}

/* Is it written as "the same as that other member"? */
static bool is_same(const struct record_field *field, const void *object)
{
    struct slice bytes, other;

    if (!field->same_as)
        return false;
    memcpy(&bytes, (const char *)object + field->offset, sizeof(bytes));
    memcpy(&other, (const char *)object + field->same_as, sizeof(other));
    return slice_eq(bytes, other);
}

static void write_fields(const struct record_shape *shape, const void *object, struct buffer *out)
{
    for (size_t i = 0; i < shape->n_fields; i++) {
        const struct record_field *field = &shape->fields[i];
        const void *at = member_of(field, object);
        size_t start;

        if (codecs[field->type].is_empty(field, at))
            continue;
        buffer_add_byte(out, (char)field->tag);
        start = begin_length(out);
        if (!is_same(field, object))
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

static bool read_length(struct slice *rest, uint32_t *len)
{
    uint8_t byte = 0x80;

    *len = 0;
    for (unsigned shift = 0; byte & 0x80; shift += 7) {
        if (shift > 28 || !key_read_byte(rest, &byte))
            return false;
        *len |= (uint32_t)(byte & 0x7f) << shift;
    }
    return true;
}

/* Takes a length and as many bytes off the front. */
static bool read_counted(const struct reading *reading, struct slice *rest, struct slice *bytes)
{
    uint32_t len;

    if (!(reading->is_wide ? key_read_u32(rest, &len) : read_length(rest, &len)) || len > rest->len)
        return false;
    *bytes = (struct slice){ .ptr = rest->ptr, .len = len };
    rest->ptr += len;
    rest->len -= len;
    return true;
}

/* What was written as "the same" gets its bytes. */
static void repeat_same(const struct record_shape *shape, void *object)
{
    for (size_t i = 0; i < shape->n_fields; i++) {
        const struct record_field *field = &shape->fields[i];
        void *at = (char *)object + field->offset;

        if (field->same_as && !text_is_empty(field, at) && !((struct slice *)at)->len)
            memcpy(at, (char *)object + field->same_as, sizeof(struct slice));
    }
}

static enum rc read_fields(const struct record_shape *shape, struct slice rest,
                           const struct reading *reading, void *object)
{
    size_t next = 0;

    memset(object, 0, shape->bytes);
    while (rest.len) {
        const struct record_field *field;
        struct slice bytes;
        uint8_t tag;
        enum rc rc;

        if (!key_read_byte(&rest, &tag) || !read_counted(reading, &rest, &bytes))
            return RC_CORRUPT;
        field = find_field(shape, tag, &next);
        if (!field)
            continue;
        rc = codecs[field->type].read(field, bytes, reading, (char *)object + field->offset);
        if (rc)
            return rc;
    }
    repeat_same(shape, object);
    return RC_OK;
}

static enum rc count_items(const struct reading *reading, struct slice rest, size_t *n_items)
{
    struct slice bytes;

    for (*n_items = 0; rest.len; ++*n_items) {
        if (!read_counted(reading, &rest, &bytes))
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
        if (!read_counted(reading, &bytes, &texts->items[i]))
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
    write_fields(field->shape, at, out);
}

static enum rc struct_read(const struct record_field *field, struct slice bytes,
                           const struct reading *reading, void *at)
{
    return read_fields(field->shape, bytes, reading, at);
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
        size_t start = begin_length(out);

        write_fields(field->shape, (const char *)list->items + i * field->shape->bytes, out);
        end_length(out, start);
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

        if (!read_counted(reading, &bytes, &item))
            return RC_CORRUPT;
        rc =
            read_fields(field->shape, item, reading, (char *)list->items + i * field->shape->bytes);
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
    [RECORD_HEX]    = { .is_empty = text_is_empty,   .write = hex_write,    .read = hex_read },
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
static enum rc open_record(struct slice *record, struct reading *reading)
{
    uint8_t format;
    uint32_t crc;

    if (!key_read_byte(record, &format) || !key_read_u32(record, &crc))
        return RC_CORRUPT;
    reading->is_wide = format == FORMAT_WIDE;
    return (format == FORMAT || reading->is_wide) && crc == crc32_of(*record) ? RC_OK : RC_CORRUPT;
}

enum rc record_borrow(const struct record_shape *shape, struct slice record, struct arena *arena,
                      void *object)
{
    struct reading reading = { .arena = arena };
    enum rc rc = open_record(&record, &reading);

    return rc ? rc : read_fields(shape, record, &reading, object);
}

enum rc record_decode(const struct record_shape *shape, struct slice record, struct arena *arena,
                      void *object)
{
    struct reading reading = { .arena = arena };
    struct slice copy;
    enum rc rc = open_record(&record, &reading);

    if (!rc)
        rc = arena_copy(arena, record, &copy); /* in one piece: the texts are slices of it */
    return rc ? rc : read_fields(shape, copy, &reading, object);
}
