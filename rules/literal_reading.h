/* literal_reading.h - a PCRE2 pattern while its literals are read: the place, the options in force, and its smallest pieces.
 *
 * literal.c reads groups, quantifiers and what stands in a row; literal_atom.c a character or an escape, literal_class.c a class. What is not understood loses the whole pattern. */
#pragma once

#include "rules/literal.h"

enum atom_kind {
    ATOM_UNKNOWN, /* not understood: nothing is told of the whole pattern */
    ATOM_NOTHING, /* takes no byte: what stands before and behind it is adjacent */
    ATOM_BYTES,   /* one character */
    ATOM_CLASS,   /* one byte of a class */
    ATOM_RUN,     /* a group that is places in a row, and nothing else */
    ATOM_ANY,     /* some bytes, or none */
    ATOM_GROUP,   /* what its sets say stands in the text */
};

/* Places in a row, each a byte, or a class of bytes. */
struct run {
    size_t n_places;
    uint64_t caseless;                                 /* a bit for each place: any case is meant */
    char bytes[LITERAL_MAX_BYTES];                     /* lower case where any case is meant */
    const struct byte_set *classes[LITERAL_MAX_BYTES]; /* NULL: the byte */
};

/* What a quantifier may stand behind. */
struct atom {
    enum atom_kind kind;
    bool is_caseless;
    char bytes[4];
    size_t n_bytes;
    const struct byte_set *class; /* ATOM_CLASS */
    const struct run *run;        /* ATOM_RUN */
    struct literal_sets sets;     /* ATOM_GROUP */
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

static inline bool byte_is_letter(char byte)
{
    unsigned char folded = literal_fold((unsigned char)byte);

    return folded >= 'a' && folded <= 'z';
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
/* The bytes that an escape like \d stands for; false for another letter, and with UTF-8 for what may be more than a byte. */
bool reading_escape_class(const struct reading *reading, char letter, const struct byte_set **set);
/* One byte, whichever; with UTF-8, perhaps more than one. */
void reading_set_any(const struct reading *reading, struct atom *atom);
/* A byte by its number, as the options in force mean it. */
void reading_set_byte(const struct reading *reading, unsigned value, struct atom *atom);
/* [abc] (literal_class.c) */
void reading_take_class(struct reading *reading, struct atom *atom);

/* How often an atom stands there at least; `is_exact`: and not more often. */
struct repeat {
    size_t n_times;
    bool is_exact;
};

/* What stands between two bars, while it is read: its sets, and the places in a row that it ends with up to now (literal_run.c). */
struct sequence {
    struct literal_sets sets;
    struct run run;
    bool is_broken; /* it is more than its run */
};

void sequence_add(struct reading *reading, struct sequence *sequence, const struct atom *atom,
                  struct repeat repeat);
/* What comes next is not known to be adjacent. */
void sequence_end(struct reading *reading, struct sequence *sequence);
