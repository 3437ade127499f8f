/* Bytes of a damaged store that happen to have the right sum: refused, or a struct that is stored as it was read.
 *
 * Input: a byte that picks the shape (and, by its high bit, the newer format), then the fields of a record. */
#include "src/base/digest.h"
#include "src/store/audit.h"
#include "src/store/changes.h"
#include "src/store/journal.h"
#include "src/store/outbox.h"
#include "src/store/proposals.h"
#include "src/store/signals.h"
#include "src/store/tasks.h"
#include "tests/fuzz/fuzz.h"

static const struct record_shape *const shapes[] = {
    &outbox_item_shape, &effect_result_shape, &change_shape,   &journal_entry_shape,
    &audit_entry_shape, &task_shape,          &evidence_shape, &diagnosis_shape,
    &proposal_shape,    &decision_shape,      &step_shape,     &signal_shape,
};

static void add_record(char format, struct slice fields, struct buffer *record)
{
    buffer_init(record, 0);
    buffer_add_byte(record, format);
    buffer_add_u32(record, crc32_of(fields));
    buffer_add(record, fields);
    CLAIM(buffer_rc(record) == RC_OK);
}

static void claim_stored_again(const struct record_shape *shape, const void *object,
                               struct arena *arena)
{
    struct buffer first, second, json;
    struct json_writer writer;
    void *again = arena_alloc(arena, 1, shape->bytes);

    buffer_init(&first, 0);
    buffer_init(&second, 0);
    buffer_init(&json, 0);
    CLAIM(again && !record_encode(shape, object, &first));
    CLAIM(!record_decode(shape, buffer_slice(&first), arena, again));
    CLAIM(!record_encode(shape, again, &second));
    CLAIM(slice_eq(buffer_slice(&first), buffer_slice(&second)));
    writer = json_writer_to(&json);
    record_write_json(shape, object, &writer);
    CLAIM(buffer_rc(&json) == RC_OK);
    buffer_free(&first);
    buffer_free(&second);
    buffer_free(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice fields = fuzz_input(data, size);
    unsigned pick = fuzz_cut_byte(&fields);
    const struct record_shape *shape = shapes[(pick & 0x7f) % (sizeof(shapes) / sizeof(*shapes))];
    struct arena *arena = fuzz_arena();
    void *object = arena_alloc(arena, 1, shape->bytes);
    struct buffer record;
    enum rc rc;

    add_record(pick & 0x80 ? 2 : 1, fields, &record);
    CLAIM(object != NULL);
    rc = record_decode(shape, buffer_slice(&record), arena, object);
    CLAIM(rc == RC_OK || rc == RC_CORRUPT || rc == RC_NO_MEMORY);
    if (rc == RC_OK)
        claim_stored_again(shape, object, arena);
    record.ptr[1] ^= 1; /* one bit of the sum */
    CLAIM(record_decode(shape, buffer_slice(&record), arena, object) == RC_CORRUPT);
    buffer_free(&record);
    arena_free(arena);
    return 0;
}
