/* packing.h - long texts in less room: LZ4 blocks (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md).
 *
 * A page that is not written is the cheapest: a delivery of 8 KB takes 1.5 KB. Packed bytes are the length of the text (length.h) and one block. */
#pragma once

#include "src/base/arena.h"
#include "src/base/buffer.h"

/* What is shorter is not worth it. */
#define PACK_LEAST_BYTES 512

/* Replaces what `packed` holds. False: it stays as it is, being short, or because it would not take an eighth less, or there is no memory. */
bool pack(struct slice text, struct buffer *packed);
/* Gives the text in `arena`. RC_CORRUPT, RC_NO_MEMORY. */
enum rc unpack(struct slice packed, struct arena *arena, struct slice *text) MUST_CHECK;
