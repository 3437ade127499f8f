#include "src/store/packing.h"

#include "src/store/length.h"

#include <limits.h>
#include <lz4.h>

/* A byte of a block stands for at most so many of its text. */
#define RATIO_MAX 255

bool pack(struct slice text, struct buffer *packed)
{
    const size_t worth = text.len - text.len / 8;
    int n_packed;

    buffer_clear(packed);
    if (text.len < PACK_LEAST_BYTES || text.len > LZ4_MAX_INPUT_SIZE)
        return false;
    length_add(packed, text.len);
    if (buffer_reserve(packed, worth))
        return false;
    n_packed = LZ4_compress_default(text.ptr, packed->ptr + packed->len, (int)text.len, (int)worth);
    if (n_packed <= 0) /* it does not fit */
        return false;
    packed->len += (size_t)n_packed;
    return true;
}

enum rc unpack(struct slice packed, struct arena *arena, struct slice *text)
{
    uint32_t n_bytes;
    char *bytes;

    if (!length_read(&packed, &n_bytes) || packed.len > INT_MAX ||
        n_bytes / RATIO_MAX > packed.len || n_bytes > INT_MAX)
        return RC_CORRUPT;
    bytes = arena_alloc(arena, (size_t)n_bytes + 1, 1);
    if (!bytes)
        return RC_NO_MEMORY;
    if (LZ4_decompress_safe(packed.ptr, bytes, (int)packed.len, (int)n_bytes) != (int)n_bytes)
        return RC_CORRUPT;
    *text = (struct slice){ bytes, n_bytes };
    return RC_OK;
}
