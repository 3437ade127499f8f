#include "src/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 256

void buffer_init(struct buffer *buffer, size_t limit)
{
    *buffer = (struct buffer){ .limit = limit };
}

void buffer_free(struct buffer *buffer)
{
    size_t limit = buffer->limit;

    free(buffer->ptr);
    buffer_init(buffer, limit);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->len = 0;
    buffer->failed = false;
    buffer->out_of_memory = false;
}

static bool fail(struct buffer *buffer, bool out_of_memory)
{
    buffer->failed = true;
    buffer->out_of_memory = out_of_memory;
    return false;
}

static bool grow(struct buffer *buffer, size_t needed)
{
    size_t cap = buffer->cap ? buffer->cap : FIRST_CAP;
    char *ptr;

    while (cap < needed)
        cap = cap > SIZE_MAX / 2 ? needed : 2 * cap;
    ptr = realloc(buffer->ptr, cap);
    if (!ptr)
        return fail(buffer, true);
    buffer->ptr = ptr;
    buffer->cap = cap;
    return true;
}

/* Room for `len` more bytes, of which `n_spare` do not count against the limit. */
static bool reserve(struct buffer *buffer, size_t len, size_t n_spare)
{
    size_t total, needed;

    if (buffer->failed)
        return false;
    if (__builtin_add_overflow(buffer->len, len, &total) ||
        __builtin_add_overflow(total, n_spare, &needed))
        return fail(buffer, true);
    if (buffer->limit && total > buffer->limit)
        return fail(buffer, false);
    return needed <= buffer->cap || grow(buffer, needed);
}

enum rc buffer_reserve(struct buffer *buffer, size_t n_bytes)
{
    (void)reserve(buffer, n_bytes, 0);
    return buffer_rc(buffer);
}

void buffer_drop(struct buffer *buffer, size_t n_bytes)
{
    memmove(buffer->ptr, buffer->ptr + n_bytes, buffer->len - n_bytes);
    buffer->len -= n_bytes;
}

void buffer_add(struct buffer *buffer, struct slice bytes)
{
    if (!bytes.len || !reserve(buffer, bytes.len, 0))
        return;
    memcpy(buffer->ptr + buffer->len, bytes.ptr, bytes.len);
    buffer->len += bytes.len;
}

void buffer_add_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, slice_of(text));
}

void buffer_add_byte(struct buffer *buffer, char byte)
{
    buffer_add(buffer, (struct slice){ .ptr = &byte, .len = 1 });
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        fail(buffer, true);
        return;
    }
    if (!reserve(buffer, (size_t)len, 1)) /* printf ends with a NUL */
        return;
    va_start(args, format);
    vsnprintf(buffer->ptr + buffer->len, (size_t)len + 1, format, args);
    va_end(args);
    buffer->len += (size_t)len;
}

void buffer_add_shown(struct buffer *buffer, struct slice text)
{
    char escaped[SHOWN_BYTES];

    while (text.len && !buffer->failed)
        buffer_add(buffer, slice_cut_shown(&text, escaped));
}

static void add_big_endian(struct buffer *buffer, uint64_t value, size_t n_bytes)
{
    char bytes[sizeof(value)];

    for (size_t i = 0; i < n_bytes; i++)
        bytes[i] = (char)(value >> (8 * (n_bytes - 1 - i)) & 0xff);
    buffer_add(buffer, (struct slice){ .ptr = bytes, .len = n_bytes });
}

void buffer_add_u64(struct buffer *buffer, uint64_t value)
{
    add_big_endian(buffer, value, 8);
}

void buffer_add_u32(struct buffer *buffer, uint32_t value)
{
    add_big_endian(buffer, value, 4);
}

struct slice buffer_slice(const struct buffer *buffer)
{
    return (struct slice){ .ptr = buffer->ptr ? buffer->ptr : "", .len = buffer->len };
}

enum rc buffer_rc(const struct buffer *buffer)
{
    if (!buffer->failed)
        return RC_OK;
    return buffer->out_of_memory ? RC_NO_MEMORY : RC_LIMIT;
}
