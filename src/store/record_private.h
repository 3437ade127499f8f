/* record_private.h - what record.c (fields of a struct) and record_codecs.c (one field) share. */
#pragma once

#include "src/store/record.h"

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
extern const struct codec record_codecs[RECORD_TYPES];

void record_write_fields(const struct record_shape *shape, const void *object, struct buffer *out);
/* RC_CORRUPT, RC_NO_MEMORY. Texts borrow `rest`. */
enum rc record_read_fields(const struct record_shape *shape, struct slice rest,
                           const struct reading *reading, void *object) MUST_CHECK;
/* Takes a length and as many bytes off the front. */
bool record_read_counted(const struct reading *reading, struct slice *rest, struct slice *bytes);
