#include "src/store/packing.h"

#include "src/store/length.h"

#include <limits.h>
#include <lz4.h>
#include <stdlib.h>
#include <string.h>

/* A byte of a block stands for at most so many of its text. */
#define RATIO_MAX 255

struct pack_dictionary {
    LZ4_stream_t
        stream; /* with the text in it: each packing begins with a copy (lz4.h, LZ4_attach_dictionary) */
    size_t n_bytes;
    char bytes[];
};

static struct slice tail_of(struct slice text, size_t n_bytes)
{
    return text.len <= n_bytes ? text : (struct slice){ text.ptr + text.len - n_bytes, n_bytes };
}

struct pack_dictionary *pack_dictionary_new(struct slice before, struct slice text)
{
    const struct slice last = { text.ptr, text.len < PACK_DICTIONARY_MAX_BYTES
                                              ? text.len
                                              : PACK_DICTIONARY_MAX_BYTES };
    const struct slice first = tail_of(before, PACK_DICTIONARY_MAX_BYTES - last.len);
    struct pack_dictionary *made = malloc(sizeof *made + first.len + last.len);

    if (!made)
        return NULL;
    if (first.len)
        memcpy(made->bytes, first.ptr, first.len);
    if (last.len)
        memcpy(made->bytes + first.len, last.ptr, last.len);
    made->n_bytes = first.len + last.len;
    LZ4_initStream(&made->stream, sizeof made->stream);
    (void)LZ4_loadDict(&made->stream, made->bytes, (int)made->n_bytes);
    return made;
}

void pack_dictionary_free(struct pack_dictionary *dictionary)
{
    free(dictionary);
}

struct slice pack_dictionary_text(const struct pack_dictionary *dictionary)
{
    return dictionary ? (struct slice){ dictionary->bytes, dictionary->n_bytes }
                      : (struct slice){ 0 };
}

/* 0: it does not fit into `n_most`. */
static int pack_block(struct slice text, const struct pack_dictionary *dictionary, char *block,
                      size_t n_most)
{
    LZ4_stream_t stream;

    if (!dictionary)
        return LZ4_compress_default(text.ptr, block, (int)text.len, (int)n_most);
    stream = dictionary->stream;
    return LZ4_compress_fast_continue(&stream, text.ptr, block, (int)text.len, (int)n_most, 1);
}

bool pack(struct slice text, const struct pack_dictionary *dictionary, struct buffer *packed)
{
    const size_t worth = text.len - text.len / 8;
    int n_packed;

    buffer_clear(packed);
    if (text.len < PACK_LEAST_BYTES || text.len > LZ4_MAX_INPUT_SIZE)
        return false;
    length_add(packed, text.len);
    if (buffer_reserve(packed, worth))
        return false;
    n_packed = pack_block(text, dictionary, packed->ptr + packed->len, worth);
    if (n_packed <= 0)
        return false;
    packed->len += (size_t)n_packed;
    return true;
}

enum rc unpack(struct slice packed, struct slice dictionary, struct arena *arena,
               struct slice *text)
{
    uint32_t n_bytes;
    char *bytes;

    if (!length_read(&packed, &n_bytes) || packed.len > INT_MAX ||
        n_bytes / RATIO_MAX > packed.len || n_bytes > INT_MAX ||
        dictionary.len > PACK_DICTIONARY_MAX_BYTES)
        return RC_CORRUPT;
    bytes = arena_alloc(arena, (size_t)n_bytes + 1, 1);
    if (!bytes)
        return RC_NO_MEMORY;
    if (LZ4_decompress_safe_usingDict(packed.ptr, bytes, (int)packed.len, (int)n_bytes,
                                      dictionary.ptr, (int)dictionary.len) != (int)n_bytes)
        return RC_CORRUPT;
    *text = (struct slice){ bytes, n_bytes };
    return RC_OK;
}
