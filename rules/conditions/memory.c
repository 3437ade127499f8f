#include "rules/conditions/memory.h"

uint64_t memory_take_u64(struct slice *bytes)
{
    uint64_t value = 0;

    if (bytes->len < 8)
        return 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | (uint8_t)bytes->ptr[i];
    *bytes = (struct slice){ bytes->ptr + 8, bytes->len - 8 };
    return value;
}

enum rc memory_keep(struct buffer *bytes, struct arena *arena, struct slice *state)
{
    enum rc rc = buffer_rc(bytes);

    if (!rc)
        rc = arena_copy(arena, buffer_slice(bytes), state);
    buffer_free(bytes);
    return rc;
}
