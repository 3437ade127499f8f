#include "src/store/packing.h"

#include <limits.h>
#include <lz4.h>

#define LENGTH_MAX_BYTES 5
/* A byte of a block stands for at most so many of its text. */
#define RATIO_MAX 255

static void add_length(struct buffer *out, size_t n_bytes)
{
    for (; n_bytes > 0x7f; n_bytes >>= 7)
        buffer_add_byte(out, (char)(0x80 | (n_bytes & 0x7f)));
    buffer_add_byte(out, (char)n_bytes);
}

static enum rc cut_length(struct slice *packed, size_t *n_bytes)
{
    *n_bytes = 0;
    for (unsigned shift = 0; packed->len && shift < 7 * LENGTH_MAX_BYTES; shift += 7) {
        unsigned char byte = (unsigned char)*packed->ptr;

        *packed = (struct slice){ packed->ptr + 1, packed->len - 1 };
        *n_bytes |= (size_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return RC_OK;
    }
    return RC_CORRUPT;
}

bool pack(struct slice text, struct buffer *packed)
{
    const size_t worth = text.len - text.len / 8;
    int n_packed;

    buffer_clear(packed);
    if (text.len < PACK_LEAST_BYTES || text.len > LZ4_MAX_INPUT_SIZE)
        return false;
    add_length(packed, text.len);
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
    size_t n_bytes;
    char *bytes;
    enum rc rc = cut_length(&packed, &n_bytes);

    if (rc)
        return rc;
    if (packed.len > INT_MAX || n_bytes / RATIO_MAX > packed.len || n_bytes > INT_MAX)
        return RC_CORRUPT;
    bytes = arena_alloc(arena, n_bytes + 1, 1);
    if (!bytes)
        return RC_NO_MEMORY;
    if (LZ4_decompress_safe(packed.ptr, bytes, (int)packed.len, (int)n_bytes) != (int)n_bytes)
        return RC_CORRUPT;
    *text = (struct slice){ bytes, n_bytes };
    return RC_OK;
}
