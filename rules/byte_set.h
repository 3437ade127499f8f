/* byte_set.h - a set of bytes: what one place of a pattern may match. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct byte_set {
    uint64_t words[4];
};

static inline bool byte_set_has(const struct byte_set *set, unsigned char byte)
{
    return set->words[byte / 64] >> (byte % 64) & 1;
}

static inline void byte_set_add(struct byte_set *set, unsigned char byte)
{
    set->words[byte / 64] |= (uint64_t)1 << (byte % 64);
}

/* Both ends belong to it. */
static inline void byte_set_add_range(struct byte_set *set, unsigned first, unsigned last)
{
    for (unsigned byte = first; byte <= last; byte++)
        byte_set_add(set, (unsigned char)byte);
}

static inline void byte_set_unite(struct byte_set *set, const struct byte_set *other)
{
    for (int i = 0; i < 4; i++)
        set->words[i] |= other->words[i];
}

static inline void byte_set_invert(struct byte_set *set)
{
    for (int i = 0; i < 4; i++)
        set->words[i] = ~set->words[i];
}

static inline unsigned byte_set_count(const struct byte_set *set)
{
    unsigned n = 0;

    for (int i = 0; i < 4; i++)
        n += (unsigned)__builtin_popcountll(set->words[i]);
    return n;
}

static inline bool byte_set_is_ascii(const struct byte_set *set)
{
    return !set->words[2] && !set->words[3];
}

/* The lowest; of an empty set 0. */
static inline unsigned char byte_set_first(const struct byte_set *set)
{
    for (unsigned i = 0; i < 4; i++)
        if (set->words[i])
            return (unsigned char)(64 * i + (unsigned)__builtin_ctzll(set->words[i]));
    return 0;
}

/* Both cases of every ASCII letter that is in it. */
static inline void byte_set_add_other_cases(struct byte_set *set)
{
    const uint64_t letters = 0x07fffffe; /* of A … Z, and of a … z 32 bits above */
    uint64_t either = (set->words[1] | set->words[1] >> 32) & letters;

    set->words[1] |= either | either << 32;
}

/* Each byte with the bit set that tells small letters from capitals: as grams are compared. */
static inline struct byte_set byte_set_folded(const struct byte_set *set)
{
    struct byte_set folded = { 0 };

    for (int i = 0; i < 4; i++) /* bit 5 of the byte: the upper half of a word */
        folded.words[i] = (set->words[i] | set->words[i] << 32) & UINT64_C(0xffffffff00000000);
    return folded;
}
