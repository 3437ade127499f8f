/* arena.h - memory that is freed in one stroke.
 *
 * The batch lifetime: everything a batch, a request or a rule set needs, with
 * a limit, so that one input cannot take the machine's memory. Not for two
 * threads at once.
 */
#pragma once

#include "src/base/slice.h"

#include <stdarg.h>

struct arena;

/* Gives an arena that hands out at most `limit_bytes`; free with arena_free. */
enum rc arena_new(size_t limit_bytes, struct arena **arena) MUST_CHECK;
/* The same in blocks of `block_bytes`, for what is small and of which there are many. */
enum rc arena_new_of_blocks(size_t limit_bytes, size_t block_bytes,
                            struct arena **arena) MUST_CHECK;
/* The same for what is large and lives long, as a rule set: its blocks are pages of their own, which go back to the system when
 * they are freed, whatever lies around them. */
enum rc arena_new_of_pages(size_t limit_bytes, struct arena **arena) MUST_CHECK;
/* Accepts NULL. */
void arena_free(struct arena *arena);
/* Forgets all that was handed out; keeps one block for the next batch. */
void arena_reset(struct arena *arena);
/* `n_items` zeroed items of `item_bytes`, aligned for any type; NULL when the limit or memory is reached. */
void *arena_alloc(struct arena *arena, size_t n_items, size_t item_bytes);
/* Room for one more behind `n_items`, which only arena_grow has made room for, one by one: gives where the items are now, or NULL as arena_alloc. Arrays double (their
 * capacity is a power of two), and what is outgrown stays in the arena to its end. */
void *arena_grow(struct arena *arena, void *items, size_t n_items, size_t item_bytes);
/* A copy of `source` with a NUL behind it that its length does not count. Absent stays absent; `copy->ptr` is
 * NULL for a present source only when memory is out (RC_NO_MEMORY). */
enum rc arena_copy(struct arena *arena, struct slice source, struct slice *copy) MUST_CHECK;
/* Formatted like printf, copied into the arena, NUL behind it. */
enum rc arena_format(struct arena *arena, struct slice *text, const char *format, ...) MUST_CHECK
    __attribute__((format(printf, 3, 4)));
enum rc arena_vformat(struct arena *arena, struct slice *text, const char *format,
                      va_list args) MUST_CHECK __attribute__((format(printf, 3, 0)));
size_t arena_used_bytes(const struct arena *arena);
