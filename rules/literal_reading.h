/* literal_reading.h - a PCRE2 pattern while its literals are read: the place, the options in force, and its smallest pieces.
 *
 * literal.c reads groups, quantifiers and what stands in a row; literal_atom.c a character, an escape, a class. What is not understood loses the whole pattern. */
#pragma once

#include "rules/literal.h"

enum atom_kind {
    ATOM_UNKNOWN, /* not understood: nothing is told of the whole pattern */
    ATOM_NOTHING, /* takes no byte: what stands before and behind it is adjacent */
    ATOM_BYTES,   /* one character */
    ATOM_ANY,     /* some bytes, or none */
    ATOM_GROUP,   /* what its sets say stands in the text */
};

/* What a quantifier may stand behind. */
struct atom {
    enum atom_kind kind;
    bool is_caseless;
    char bytes[4];
    size_t n_bytes;
    struct literal_sets sets;
};

/* Those that change what stands in a text; a group gives them back as it found them. */
struct options {
    bool is_caseless;
    bool is_extended;
};

struct reading {
    struct slice rest;
    struct options options;
    bool is_utf;
    bool is_quoted; /* within \Q … \E */
    bool is_lost;   /* something was not understood */
    unsigned depth;
    struct arena *arena;
    enum rc rc;
};

static inline bool byte_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static inline bool byte_is_ascii(char byte)
{
    return (unsigned char)byte < 0x80;
}

void reading_lose(struct reading *reading);
/* '\0' at the end: it stands in no pattern. */
char reading_peek_at(const struct reading *reading, size_t i);
char reading_peek(const struct reading *reading);
/* Loses a pattern that is too short, as the others do that take something. */
void reading_skip(struct reading *reading, size_t n_bytes);
void reading_skip_past(struct reading *reading, char end);
/* False, and nothing taken, where `text` does not come next. */
bool reading_take_text(struct reading *reading, struct slice text);
char reading_take(struct reading *reading);
/* The digits that come next; capped, so that a long one is still larger than any that is asked for. */
unsigned reading_take_number(struct reading *reading, unsigned base, size_t n_digits_max);

/* A character that stands for itself. */
void reading_take_character(struct reading *reading, struct atom *atom);
/* What begins with a backslash. */
void reading_take_escape(struct reading *reading, struct atom *atom);
/* [abc] */
void reading_take_class(struct reading *reading, struct atom *atom);
