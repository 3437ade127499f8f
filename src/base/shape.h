/* shape.h - what may stand in a place of our YAML files, as far as the place alone can tell.
 *
 * The tables by which a file is read (settings.h) name the shapes of what their readers look into themselves: one row says a member's name, what may stand
 * there and what it means, and editors are told what is read (schema.h). Where a reader asks for more than a shape can say, the shape is wider: it never
 * refuses what would be read. */
#pragma once

#include "src/base/arena.h"

struct setting;
struct shape;

enum shape_kind {
    SHAPE_ANY,         /* whatever it likes */
    SHAPE_TEXT,        /* a scalar, read as it is written */
    SHAPE_WORD,        /* one of `words`, and no other text */
    SHAPE_LIST,        /* of `item` */
    SHAPE_ONE_OR_LIST, /* an `item`, or a list of them */
    SHAPE_MAP, /* of the members that `settings` names; any other is an `item`, where there is one */
    SHAPE_EITHER,    /* one of `either` */
    SHAPE_CHOICE,    /* a map, of the first of `choices` that fits it */
    SHAPE_ELSEWHERE, /* what a floor above calls `name`: whoever writes the schema brings it */
};

/* A map is of this shape when it has `member`, and that is one of `values`. */
struct shape_choice {
    const char *member;        /* NULL ends the choices, with the shape of what none fits */
    const char *const *values; /* NULL-ended; NULL: whatever it is */
    const struct shape *shape; /* at the end NULL: one of them must fit */
};

struct shape {
    enum shape_kind kind;
    const char *
        name; /* unique; what refers to itself needs one, what is used often is written once by it */
    const char *const
        *words;          /* WORD; of a TEXT: those that mean something, among others. NULL-ended */
    const char *pattern; /* TEXT: what a string must match (ECMA 262); NULL: nothing */
    const char *wanted;  /* said of a string that does not; of a CHOICE: of a map that fits none */
    const struct shape *item;
    const struct setting *settings;
    size_t n_settings;
    const char *const
        *not_yet; /* MAP: members of the language that this version does not have; NULL-ended */
    const char *const *
        given_elsewhere; /* MAP: required members that another place of the file may bring; NULL-ended */
    const struct shape *const *either; /* NULL-ended */
    const struct shape_choice *choices;
    /* Fills in what is put together only when it is asked for, in `arena`. NULL: it is all here. */
    enum rc (*make)(struct arena *arena, struct shape *shape);
};

extern const struct shape shape_text;     /* any scalar */
extern const struct shape shape_texts;    /* one, or a list */
extern const struct shape shape_pattern;  /* '/…/flags', or the $name of one */
extern const struct shape shape_patterns; /* one, or a list */
extern const struct shape shape_flag;     /* true or false, quoted or not */
