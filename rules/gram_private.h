/* gram_private.h - what a gram table is made of: gram_choice.c chooses, gram_table.c builds, gram_scan.c scans. */
#pragma once

#include "rules/gram_table.h"

#include <string.h>

#define STRIDE_MAX 8
/* 512 KiB: what text asks of it stays in the second cache of a core, and fewer probes of foreign text go on. */
#define GRAM_BITMAP_MAX_BITS ((size_t)1 << 22)
#define SHORT_BYTES 2 /* of the grams of literals that are shorter than a gram */

/* A literal that stands around a window: a stretch of stride + 3 bytes, whose grams are in the table. */
struct gram_member {
    uint32_t literal;
    uint16_t offset; /* of the window in it */
    uint16_t check_offset;
    uint32_t
        check; /* another gram of the literal, that tells it from those around the same window */
    uint32_t check_mask; /* 0: nothing is asked */
};

struct gram_entry {
    uint32_t folded;
    uint32_t window;
    uint16_t step; /* of the window's grams, the how manyeth */
};

/* Grams of one width, probed for at one stride. */
struct gram_layer {
    size_t width;
    size_t stride;
    unsigned bitmap_shift;
    unsigned bucket_shift;
    uint32_t *bitmap;
    uint32_t *buckets; /* where the entries of a bucket begin; one more than there are buckets */
    struct gram_entry *entries;
    size_t n_entries;
    struct gram_member *members;
    size_t n_members;
    uint32_t *first_member; /* of each window, and one more */
    size_t n_windows;
};

struct gram_table {
    const struct literal *literals;
    size_t n_literals;
    struct gram_layer wide;
    struct gram_layer narrow;
};

/* Which window of each literal. */
struct gram_choice {
    const struct literal *literals;
    size_t n_literals;
    const struct gram_frequency *frequency;
    uint32_t *holders; /* how many literals hold a gram, by its hash */
    size_t stride;     /* set: of the wide layer */
    uint16_t *offsets; /* set: of the window in each literal */
};

/* RC_NO_MEMORY. The offsets live in `arena`. */
enum rc gram_choose(struct gram_choice *choice, struct arena *arena) MUST_CHECK;
/* Another gram of the literal, as far from the window as may be found; a member without one has a mask of 0. */
void gram_choose_check(const struct gram_choice *choice, struct gram_member *member, size_t width,
                       size_t window_bytes);

static inline bool gram_is_short(const struct literal *literal)
{
    return literal->bytes.len < GRAM_BYTES;
}

static inline uint32_t gram_at(const char *place, size_t width)
{
    uint32_t gram = 0;

    memcpy(&gram, place, width);
    return gram | GRAM_FOLD;
}
