#include "src/store/length.h"

#include "src/store/store_key.h"

#include <string.h>

size_t length_begin(struct buffer *out)
{
    buffer_add_byte(out, 0);
    return out->len;
}

void length_end(struct buffer *out, size_t start)
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

void length_add(struct buffer *out, size_t length)
{
    for (; length > 0x7f; length >>= 7)
        buffer_add_byte(out, (char)(0x80 | (length & 0x7f)));
    buffer_add_byte(out, (char)length);
}

bool length_read(struct slice *rest, uint32_t *length)
{
    uint8_t byte = 0x80;

    *length = 0;
    for (unsigned shift = 0; byte & 0x80; shift += 7) {
        if (shift > 28 || !key_read_byte(rest, &byte))
            return false;
        *length |= (uint32_t)(byte & 0x7f) << shift;
    }
    return true;
}
