/* buffer.h - bytes that grow up to a limit.
 *
 * Writers add freely and ask once at the end: after the first failure a buffer
 * takes nothing more and `failed` stays true until buffer_clear. */
#pragma once

#include "src/base/slice.h"

struct buffer {
    char *ptr;
    size_t len;
    size_t cap;
    size_t limit; /* bytes; 0: no limit but memory */
    bool failed;
    bool out_of_memory; /* why it failed, where it was not the limit */
};

void buffer_init(struct buffer *buffer, size_t limit);
/* Frees the bytes; the buffer may be used again. */
void buffer_free(struct buffer *buffer);
/* Forgets the bytes and the failure; keeps the memory. */
void buffer_clear(struct buffer *buffer);
/* Takes the first `n_bytes` away. */
void buffer_drop(struct buffer *buffer, size_t n_bytes);
void buffer_add(struct buffer *buffer, struct slice bytes);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_add_byte(struct buffer *buffer, char byte);
void buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* With control characters, those that turn the direction of text, and bytes that are not UTF-8 as "\\x1b": for terminals and lines. */
void buffer_add_shown(struct buffer *buffer, struct slice text);
/* Room for `n_bytes` behind those that are there, to be written by the caller. As buffer_rc. */
enum rc buffer_reserve(struct buffer *buffer, size_t n_bytes) MUST_CHECK;
/* Big-endian, so that stored keys sort as numbers do. */
void buffer_add_u64(struct buffer *buffer, uint64_t value);
void buffer_add_u32(struct buffer *buffer, uint32_t value);
/* Borrows the buffer's bytes until it changes; empty, never absent. */
struct slice buffer_slice(const struct buffer *buffer);
/* RC_OK, RC_LIMIT or RC_NO_MEMORY. */
enum rc buffer_rc(const struct buffer *buffer) MUST_CHECK;
