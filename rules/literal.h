/* literal.h - what stands in every text that a pattern matches.
 *
 * Read conservatively from the pattern's source: what is not understood counts as no literal, so that nothing is told which some match could lack. A set is a list of
 * alternatives, one of which stands in the text; of several sets each does. Matching literals need not mean a match: PCRE2 decides. */
#pragma once

#include "src/base/arena.h"

#define LITERAL_MIN_BYTES 2 /* a single byte stands in nearly every text */
#define LITERAL_MAX_BYTES 48
#define LITERAL_SETS_MAX 4

struct literal {
    struct slice
        bytes; /* LITERAL_MIN_BYTES to LITERAL_MAX_BYTES; lower case where any case is meant */
    bool is_caseless; /* of ASCII letters */
};

struct literal_set {
    struct literal *items;
    size_t n_items;
    unsigned worth; /* how little it is likely to stand in a text that does not match */
};

/* All of them hold; the one of most worth first. */
struct literal_sets {
    struct literal_set items[LITERAL_SETS_MAX];
    size_t n_items;
};

/* Of a pattern that pattern_parse took, written `/pattern/flags`. What is told lives in `arena`. RC_NO_MEMORY. */
enum rc literal_read_pattern(struct slice source, struct arena *arena,
                             struct literal_sets *sets) MUST_CHECK;
/* Of a text that has to be there whole. RC_NO_MEMORY. */
enum rc literal_read_text(struct slice text, struct arena *arena,
                          struct literal_sets *sets) MUST_CHECK;

/* Adds what stands in every text, cut to LITERAL_MAX_BYTES; what is too short is left out. RC_NO_MEMORY. */
enum rc literal_sets_add(struct literal_sets *sets, struct slice bytes, bool is_caseless,
                         struct arena *arena) MUST_CHECK;
/* Both hold: adds those of `from`; past the limit the one of least worth is forgotten. */
void literal_sets_join(struct literal_sets *sets, const struct literal_sets *from);
/* One of the two holds. `sets` is grown where it lies. RC_NO_MEMORY. */
enum rc literal_sets_unite(struct literal_sets *sets, const struct literal_sets *other,
                           struct arena *arena) MUST_CHECK;
/* Does it stand at `place`, where there are bytes enough? */
bool literal_stands_at(const struct literal *literal, const char *place);
/* Does one of them stand in `text`? */
bool literal_set_is_in(const struct literal_set *set, struct slice text);
/* `byte` as it is compared where any case is meant. */
static inline unsigned char literal_fold(unsigned char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : byte;
}
