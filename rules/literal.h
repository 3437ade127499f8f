/* literal.h - what stands in every text that a pattern matches.
 *
 * Read conservatively from the pattern's source: what is not understood counts as no literal, so that nothing is told which some match could lack. A set is a list of
 * alternatives, one of which stands in the text; of several sets each does. Matching literals need not mean a match: PCRE2 decides. Where a stretch of a pattern has no
 * characters in a row, but a length that is fixed (`[A-F]\d\d[g-k]`), the classes of its bytes stand in for them: a literal of classes. */
#pragma once

#include "rules/byte_set.h"
#include "src/base/arena.h"

#define LITERAL_MIN_BYTES 2 /* a single byte stands in nearly every text */
#define LITERAL_MAX_BYTES 48
#define LITERAL_SETS_MAX 4
/* Four bytes in a row of a literal of classes stand for so many texts at most, letters of both cases counted once. */
#define LITERAL_MAX_EXPANSIONS 8192
#define LITERAL_WINDOW_BYTES 4
#define LITERAL_ESCAPE_BYTES 5 /* that tell an escape: \u004 */

struct literal {
    struct slice
        bytes; /* LITERAL_MIN_BYTES to LITERAL_MAX_BYTES; lower case where any case is meant */
    bool is_caseless; /* of ASCII letters */
    const struct byte_set *
        classes; /* NULL: `bytes` as they are; else as many as `bytes.len` says, and `bytes.ptr` is NULL */
};

struct literal_set {
    struct literal *items;
    size_t n_items;
    unsigned worth; /* how little it is likely to stand in a text that does not match */
    bool
        or_escape; /* or the text has such an escape (literal_find_escape): what is meant may be written otherwise */
    bool or_exponent; /* or it has a number with an exponent (literal_find_exponent): likewise */
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
/* Classes in a row, as literal_sets_add. Nothing is added where no four of them are few enough. */
enum rc literal_sets_add_classes(struct literal_sets *sets, const struct byte_set *classes,
                                 size_t n_classes, struct arena *arena) MUST_CHECK;
/* For what is asked of a member of JSON, logfmt or syslog, and not of the text: leaves what stands in the text as well, whichever way the member is written there. */
void literal_sets_keep_verbatim(struct literal_sets *sets);
/* Both hold: adds those of `from`; past the limit the one of least worth is forgotten. */
void literal_sets_join(struct literal_sets *sets, const struct literal_sets *from);
/* One of the two holds. `sets` is grown where it lies. RC_NO_MEMORY. */
enum rc literal_sets_unite(struct literal_sets *sets, const struct literal_sets *other,
                           struct arena *arena) MUST_CHECK;
/* Does it stand at `place`, where there are bytes enough? */
bool literal_stands_at(const struct literal *literal, const char *place);
/* Does one of them stand in `text`? */
bool literal_set_is_in(const struct literal_set *set, struct slice text);
/* Total order: 0 for equal ones. */
int literal_compare(const struct literal *left, const struct literal *right);
/* For how many texts the four bytes from `offset` on stand, letters of both cases counted once. */
size_t literal_expansions(const struct literal *literal, size_t offset);
/* The bytes that may stand at a place of it. */
struct byte_set literal_class(const struct literal *literal, size_t place);
/* Where a character is written as an escape of JSON (\u0041) that might stand in its place in a literal of a member; NULL: nowhere in `text`. */
const char *literal_find_escape(struct slice text);
/* The exponent of a JSON number that has one and may be the value of a member (4.2e1), which is looked at as json_number_text has it; NULL: none in `text`. */
const char *literal_find_exponent(struct slice text);
/* `byte` as it is compared where any case is meant. */
static inline unsigned char literal_fold(unsigned char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : byte;
}
