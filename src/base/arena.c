#include "src/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK_BYTES ((size_t)32 * 1024)
#define PAGES_BYTES                                                                                \
    ((size_t)1024 * 1024) /* of a block of pages; those that nothing was put into take no memory */
#define ALIGNMENT _Alignof(max_align_t)

struct block {
    struct block *next;
    size_t n_used;
    size_t n_bytes;
    _Alignas(max_align_t) char bytes[];
};

struct arena {
    struct block *blocks; /* the first is the one that small things are cut from */
    size_t used_bytes;
    size_t limit_bytes;
    size_t block_bytes; /* of a usual one */
    bool is_of_pages;
};

enum rc arena_new(size_t limit_bytes, struct arena **arena)
{
    return arena_new_of_blocks(limit_bytes, BLOCK_BYTES, arena);
}

enum rc arena_new_of_blocks(size_t limit_bytes, size_t block_bytes, struct arena **arena)
{
    *arena = calloc(1, sizeof(**arena));
    if (!*arena)
        return RC_NO_MEMORY;
    (*arena)->limit_bytes = limit_bytes;
    (*arena)->block_bytes = block_bytes;
    return RC_OK;
}

enum rc arena_new_of_pages(size_t limit_bytes, struct arena **arena)
{
    enum rc rc = arena_new_of_blocks(limit_bytes, PAGES_BYTES - sizeof(struct block), arena);

    if (!rc)
        (*arena)->is_of_pages = true;
    return rc;
}

static struct block *take_block(const struct arena *arena, size_t n_bytes)
{
    struct block *block;

    if (!arena->is_of_pages)
        return malloc(sizeof(*block) + n_bytes);
    block = mmap(NULL, sizeof(*block) + n_bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return block == MAP_FAILED ? NULL : block;
}

static void free_block(const struct arena *arena, struct block *block)
{
    if (arena->is_of_pages)
        munmap(block, sizeof(*block) + block->n_bytes);
    else
        free(block);
}

static void free_blocks(const struct arena *arena, struct block *block)
{
    while (block) {
        struct block *next = block->next;

        free_block(arena, block);
        block = next;
    }
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    free_blocks(arena, arena->blocks);
    free(arena);
}

void arena_reset(struct arena *arena)
{
    struct block *kept = arena->blocks;

    arena->used_bytes = 0;
    if (!kept)
        return;
    free_blocks(arena, kept->next);
    kept->next = NULL;
    kept->n_used = 0;
    /* One large thing must not hold its memory for all batches to come. */
    if (kept->n_bytes > arena->block_bytes) {
        free_block(arena, kept);
        arena->blocks = NULL;
    }
}

/* A block with room for `n_bytes`: a large thing gets a block of its own behind the first, so that what is left of
 * the first is not lost. */
static struct block *add_block(struct arena *arena, size_t n_bytes)
{
    bool is_large = n_bytes > arena->block_bytes / 4;
    size_t block_bytes = is_large ? n_bytes : arena->block_bytes;
    struct block *block;

    if (block_bytes > SIZE_MAX - sizeof(*block))
        return NULL;
    block = take_block(arena, block_bytes);
    if (!block)
        return NULL;
    block->n_used = 0;
    block->n_bytes = block_bytes;
    if (is_large && arena->blocks) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

/* Rounded up, so that what follows is aligned; nothing asked for still gives an address of its own. */
static bool round_up(size_t n_bytes, size_t *rounded)
{
    if (__builtin_add_overflow(n_bytes ? n_bytes : 1, ALIGNMENT - 1, rounded))
        return false;
    *rounded -= *rounded % ALIGNMENT;
    return true;
}

void *arena_alloc(struct arena *arena, size_t n_items, size_t item_bytes)
{
    struct block *block = arena->blocks;
    size_t n_bytes;
    char *bytes;

    if (__builtin_mul_overflow(n_items, item_bytes, &n_bytes) || !round_up(n_bytes, &n_bytes))
        return NULL;
    if (n_bytes > arena->limit_bytes - arena->used_bytes)
        return NULL;
    if (!block || n_bytes > block->n_bytes - block->n_used)
        block = add_block(arena, n_bytes);
    if (!block)
        return NULL;
    bytes = block->bytes + block->n_used;
    block->n_used += n_bytes;
    arena->used_bytes += n_bytes;
    return memset(bytes, 0, n_bytes);
}

void *arena_grow(struct arena *arena, void *items, size_t n_items, size_t item_bytes)
{
    void *grown;

    if (n_items & (n_items - 1)) /* not a power of two: there is room */
        return items;
    grown = arena_alloc(arena, n_items ? 2 * n_items : 1, item_bytes);
    if (grown && n_items)
        memcpy(grown, items, n_items * item_bytes);
    return grown;
}

enum rc arena_copy(struct arena *arena, struct slice source, struct slice *copy)
{
    char *bytes;

    *copy = (struct slice){ 0 };
    if (slice_is_absent(source))
        return RC_OK;
    if (source.len == SIZE_MAX)
        return RC_NO_MEMORY;
    bytes = arena_alloc(arena, source.len + 1, 1);
    if (!bytes)
        return RC_NO_MEMORY;
    memcpy(bytes, source.ptr, source.len);
    *copy = (struct slice){ .ptr = bytes, .len = source.len };
    return RC_OK;
}

enum rc arena_vformat(struct arena *arena, struct slice *text, const char *format, va_list args)
{
    va_list again;
    char *bytes;
    int len;

    *text = (struct slice){ 0 };
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0)
        return RC_INVALID;
    bytes = arena_alloc(arena, (size_t)len + 1, 1);
    if (!bytes)
        return RC_NO_MEMORY;
    vsnprintf(bytes, (size_t)len + 1, format, args);
    *text = (struct slice){ .ptr = bytes, .len = (size_t)len };
    return RC_OK;
}

enum rc arena_format(struct arena *arena, struct slice *text, const char *format, ...)
{
    va_list args;
    enum rc rc;

    va_start(args, format);
    rc = arena_vformat(arena, text, format, args);
    va_end(args);
    return rc;
}

size_t arena_used_bytes(const struct arena *arena)
{
    return arena->used_bytes;
}
