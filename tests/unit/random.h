/* random.h - numbers that look random and come again from the same seed, and the settings of tests that live on them. */
#pragma once

#include <stdint.h>
#include <stdlib.h>

/* 0 to n - 1. */
static inline unsigned random_pick(uint64_t *state, unsigned n)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(*state >> 33) % n;
}

/* One element of a table. */
#define RANDOM_OF(state, table)                                                                    \
    (table)[random_pick((state), (unsigned)(sizeof(table) / sizeof(*(table))))]

/* VEDETTE_SEED, VEDETTE_ROUNDS: a number from the environment. */
static inline uint64_t random_setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}
