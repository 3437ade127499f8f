/* fuzz.h - what the fuzz targets share: the entry point, a claim that must hold, pieces of an input.
 *
 * To add a target: a file of this folder, a row in meson.build, seeds of our own in corpus/NAME/. */
#pragma once

#include "src/base/arena.h"
#include "src/base/buffer.h"
#include "src/base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An input that breaks the claim is kept as a finding, whatever the build type. */
#define CLAIM(claim)                                                                               \
    ((claim) ? (void)0                                                                             \
             : (fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim), abort()))

#define FUZZ_ARENA_BYTES ((size_t)64 << 20)

static inline struct slice fuzz_input(const uint8_t *data, size_t size)
{
    return (struct slice){ .ptr = size ? (const char *)data : "", .len = size };
}

/* The byte that picks what an input is for; 0 for an empty one. */
static inline unsigned fuzz_cut_byte(struct slice *rest)
{
    unsigned byte = rest->len ? (unsigned char)*rest->ptr : 0;

    if (rest->len)
        *rest = (struct slice){ .ptr = rest->ptr + 1, .len = rest->len - 1 };
    return byte;
}

static inline struct arena *fuzz_arena(void)
{
    struct arena *arena = NULL;

    CLAIM(arena_new(FUZZ_ARENA_BYTES, &arena) == RC_OK);
    return arena;
}

/* Whatever of ours is written as JSON is JSON. */
static inline void fuzz_claim_json(struct slice text)
{
    struct json_limits generous = { .depth = 256, .n_nodes = UINT32_MAX };
    struct json_fault fault = { 0 };

    CLAIM(json_scan(text, generous, &fault) == RC_OK);
}
