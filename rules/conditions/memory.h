/* memory.h - the byte strings in which conditions remember: numbers off the front, and a buffer that becomes one. */
#pragma once

#include "src/base/arena.h"
#include "src/base/buffer.h"

/* A big-endian number of 8 bytes, taken off the front; 0 where there are not so many. */
uint64_t memory_take_u64(struct slice *bytes);
/* What the buffer holds, in the arena; the buffer is freed. RC_NO_MEMORY. */
enum rc memory_keep(struct buffer *bytes, struct arena *arena, struct slice *state) MUST_CHECK;
