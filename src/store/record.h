/* record.h - a struct as bytes and as JSON, by one table.
 *
 * A stored record is
 *
 *     u8 format (2)   u32 CRC-32 of what follows (big-endian)   fields
 *     field: u8 tag   length   bytes
 *
 * A length has 7 bits a byte, the low ones first, and the high bit set where another byte follows. Integers, times and enumerations are
 * big-endian without the zero bytes in front, a real is the bits of its IEEE 754 form likewise, a bool is one byte, an id its 16 bytes, ids one
 * after the other; hex is a 0 and its bytes. A struct is its fields; a list is the texts, or the fields of its structs, one after the other, each
 * with a length before it. A text that is the same as another member (`same_as`) has no bytes. A tag is never reused; a tag that is not in the
 * table is passed over, a field that is zero or absent is not written, so members can be added. A record whose CRC is wrong is RC_CORRUPT and
 * nobody acts on it; so is one with an enumeration's value that has no name here.
 *
 * Format 1 is read as well: its lengths are u32 (big-endian), its numbers 8 bytes. A row gets format 2 when it is next written.
 *
 * The same table writes the object of the API: a member for each field that has a name and a value.
 */
#pragma once

#include "src/base/arena.h"
#include "src/base/json.h"
#include "src/base/ulid.h"

enum record_type {
    RECORD_INT,  /* int64_t; JSON number; left out of JSON when 0 unless `always` */
    RECORD_BOOL, /* bool; JSON true, left out when false unless `always` */
    RECORD_TIME, /* int64_t ms; RFC 3339; left out when 0 */
    RECORD_REAL, /* double */
    RECORD_ENUM, /* int (an enum of ours); `names` (NULL-ended) gives its JSON text; always in JSON */
    RECORD_TEXT,  /* struct slice */
    RECORD_TEXTS, /* struct slice_list; JSON list */
    RECORD_JSON,  /* struct slice that is JSON */
    RECORD_HEX, /* struct slice: a digest in lower-case hex, or a text that does not begin with a NUL */
    RECORD_ID,     /* struct ulid; `prefix` and 26 characters */
    RECORD_IDS,    /* struct ulid_list; JSON list of such texts */
    RECORD_BYTES,  /* struct slice; never in JSON */
    RECORD_STRUCT, /* a struct in place; `shape`; left out of JSON when every member is */
    RECORD_LIST, /* struct record_list of `shape`; JSON list, left out when empty unless `always` */
    RECORD_TYPES
};

struct ulid_list {
    struct ulid *items;
    size_t n_items;
};

struct record_list {
    void *items; /* an array of the shape's struct */
    size_t n_items;
};

struct record_shape;
struct record_field {
    uint8_t tag; /* 1 to 255 */
    enum record_type type;
    const char *name; /* JSON member; NULL: stored, never shown */
    size_t offset;
    bool always; /* in JSON also when zero or empty */
    size_t
        only_with; /* in JSON only when the int64_t at this offset is set, a time as a rule; 0: no such condition */
    size_t
        same_as; /* RECORD_JSON: of another such member, which it often equals: it is not stored twice then; 0: none */
    const char *const *names;
    const char *prefix;
    const struct record_shape *shape;
};

struct record_shape {
    const struct record_field *fields;
    size_t n_fields;
    size_t bytes; /* sizeof the struct */
};
/* The shape of `struct name`, from the array of its fields. */
#define RECORD_SHAPE(name, table)                                                                  \
    {                                                                                              \
        .fields = (table), .n_fields = sizeof(table) / sizeof(*(table)),                           \
        .bytes = sizeof(struct name)                                                               \
    }

/* Appends the record of `object` to `out`. */
enum rc record_encode(const struct record_shape *shape, const void *object,
                      struct buffer *out) MUST_CHECK;
/* Fills `object` from a record; copies everything into `arena`. RC_CORRUPT, RC_NO_MEMORY. */
enum rc record_decode(const struct record_shape *shape, struct slice record, struct arena *arena,
                      void *object) MUST_CHECK;
/* As record_decode, but texts borrow `record`, and `arena` (for lists) may be NULL where the shape has none: to look at a
 * row in passing, with a shape that names only what is wanted. */
enum rc record_borrow(const struct record_shape *shape, struct slice record, struct arena *arena,
                      void *object) MUST_CHECK;
/* Zero or absent; a struct when all of its members are. */
bool record_field_is_empty(const struct record_field *field, const void *object);
/* Writes the members of `object` into an object that is already begun, so that callers can add members of their own. */
void record_write_members(const struct record_shape *shape, const void *object,
                          struct json_writer *writer);
/* A whole object. */
void record_write_json(const struct record_shape *shape, const void *object,
                       struct json_writer *writer);
