/* packing.h - long texts in less room: LZ4 blocks (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md).
 *
 * A page that is not written is the cheapest: a delivery of 8 KB takes 2 KB, and less than 1 KB beside a dictionary of its like. Packed bytes are
 * the length of the text (length.h) and one block. */
#pragma once

#include "src/base/arena.h"
#include "src/base/buffer.h"

/* What is shorter is not worth it. */
#define PACK_LEAST_BYTES 512
/* LZ4 looks back 64 KiB: so much of the beginning of a text finds its like, however long both are. */
#define PACK_DICTIONARY_MAX_BYTES 32768

/* A text that others are told apart from. */
struct pack_dictionary;
/* Of the beginning of `text`, and before it as much of the end of `before` as there is room for; both are copied. NULL: there is no memory.
 * Free with pack_dictionary_free, which accepts NULL. */
struct pack_dictionary *pack_dictionary_new(struct slice before, struct slice text) MUST_CHECK;
void pack_dictionary_free(struct pack_dictionary *dictionary);
/* Absent of NULL. */
struct slice pack_dictionary_text(const struct pack_dictionary *dictionary);

/* Replaces what `packed` holds. False: it stays as it is, being short, or because it would not take an eighth less, or there is no memory. Any number of
 * threads may use one dictionary; NULL: none. */
bool pack(struct slice text, const struct pack_dictionary *dictionary, struct buffer *packed);
/* Gives the text in `arena`. `dictionary`: the text of the one it was packed with; absent: none. RC_CORRUPT, RC_NO_MEMORY. */
enum rc unpack(struct slice packed, struct slice dictionary, struct arena *arena,
               struct slice *text) MUST_CHECK;
