/* settings.h - reads the members of a YAML map into a struct by a table.
 *
 * The table is the only place that knows a member's name, type and limits; the
 * same rows tell editors of it (schema.h). Unknown, misspelt and empty members and values of
 * the wrong type are problems that name the place and what is allowed. A misspelt
 * member is read as the one that was most likely meant, so that one run shows what is wrong in it, too. */
#pragma once

#include "src/base/document.h"
#include "src/base/shape.h"

enum setting_type {
    SETTING_TEXT,     /* struct slice */
    SETTING_BOOL,     /* bool: plain true or false */
    SETTING_INT,      /* int64_t */
    SETTING_DURATION, /* int64_t, milliseconds: "90s" */
    SETTING_SIZE,     /* int64_t, bytes: "64KB" */
    SETTING_ENUM,     /* int: index in `names` */
    SETTING_TEXTS,    /* struct slice_list: a list of texts, or one text */
    SETTING_NODE,     /* struct node *: read by the caller */
};

struct setting {
    const char *name;
    enum setting_type type;
    size_t offset; /* in the struct that is filled */
    bool required;
    int64_t min, max;         /* INT, DURATION, SIZE; both 0: no limits but the type's */
    const char *const *names; /* ENUM: NULL-ended */
    const char *help;         /* one line, for the reference */
    const struct shape
        *shape; /* NODE: what its reader takes; TEXT, TEXTS: what the texts are; NULL: any */
    const char *
        usual; /* what it says where it is left out, as it would be written, where that is always the same */
};

/* The shape of a map that is read by `table`. */
#define SHAPE_OF(table)                                                                            \
    .kind = SHAPE_MAP, .settings = (table), .n_settings = sizeof(table) / sizeof(*(table))

/* Fills `target` with the members of `map`; what is absent is left as it was, so set defaults before. Goes on after a
 * problem, so that one run shows all. RC_INVALID when it added an error. Values live in `arena`; nodes are the tree's. */
enum rc settings_read(const struct setting *settings, size_t n_settings, const struct node *map,
                      struct arena *arena, struct problems *problems, void *target) MUST_CHECK;
/* `value` as an INT, DURATION or SIZE is written. */
void setting_format(enum setting_type type, int64_t value, struct buffer *out);
