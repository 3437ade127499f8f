#include "src/store/record_private.h"

#include "src/base/digest.h"
#include "src/store/length.h"
#include "src/store/store_key.h"

#include <string.h>

#define FORMAT 2
#define FORMAT_WIDE 1 /* read, no longer written */
#define HEAD_BYTES 5  /* format and CRC */

static const void *member_of(const struct record_field *field, const void *object)
{
    return (const char *)object + field->offset;
}

bool record_field_is_empty(const struct record_field *field, const void *object)
{
    return record_codecs[field->type].is_empty(field, member_of(field, object));
}

/* --- writing --- */

static void set_u32(char *at, size_t value)
{
    for (size_t i = 0; i < 4; i++)
        at[i] = (char)(value >> (8 * (3 - i)) & 0xff);
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

void record_write_fields(const struct record_shape *shape, const void *object, struct buffer *out)
{
    for (size_t i = 0; i < shape->n_fields; i++) {
        const struct record_field *field = &shape->fields[i];
        const void *at = member_of(field, object);
        size_t start;

        if (record_codecs[field->type].is_empty(field, at))
            continue;
        buffer_add_byte(out, (char)field->tag);
        start = length_begin(out);
        if (!is_same(field, object))
            record_codecs[field->type].write(field, at, out);
        length_end(out, start);
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

bool record_read_counted(const struct reading *reading, struct slice *rest, struct slice *bytes)
{
    uint32_t len;

    if (!(reading->is_wide ? key_read_u32(rest, &len) : length_read(rest, &len)) || len > rest->len)
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

        if (field->same_as && !record_field_is_empty(field, object) && !((struct slice *)at)->len)
            memcpy(at, (char *)object + field->same_as, sizeof(struct slice));
    }
}

enum rc record_read_fields(const struct record_shape *shape, struct slice rest,
                           const struct reading *reading, void *object)
{
    size_t next = 0;

    memset(object, 0, shape->bytes);
    while (rest.len) {
        const struct record_field *field;
        struct slice bytes;
        uint8_t tag;
        enum rc rc;

        if (!key_read_byte(&rest, &tag) || !record_read_counted(reading, &rest, &bytes))
            return RC_CORRUPT;
        field = find_field(shape, tag, &next);
        if (!field)
            continue;
        rc = record_codecs[field->type].read(field, bytes, reading, (char *)object + field->offset);
        if (rc)
            return rc;
    }
    repeat_same(shape, object);
    return RC_OK;
}

/* --- the record --- */

enum rc record_encode(const struct record_shape *shape, const void *object, struct buffer *out)
{
    const char head[HEAD_BYTES] = { FORMAT };
    size_t start;

    buffer_add(out, (struct slice){ .ptr = head, .len = sizeof(head) });
    start = out->len;
    record_write_fields(shape, object, out);
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

    return rc ? rc : record_read_fields(shape, record, &reading, object);
}

enum rc record_decode(const struct record_shape *shape, struct slice record, struct arena *arena,
                      void *object)
{
    struct reading reading = { .arena = arena };
    struct slice copy;
    enum rc rc = open_record(&record, &reading);

    if (!rc)
        rc = arena_copy(arena, record, &copy); /* in one piece: the texts are slices of it */
    return rc ? rc : record_read_fields(shape, copy, &reading, object);
}
