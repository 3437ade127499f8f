/* schema_private.h - a schema while it is written: schema.c the whole and its definitions, schema_shape.c what may stand in a place, schema_setting.c one member. */
#pragma once

#include "src/base/json.h"
#include "src/base/schema.h"
#include "src/base/settings.h"

struct schema_definition {
    const struct shape *shape;
    struct schema_definition *next;
};

struct schema_writing {
    struct json_writer json;
    struct arena *arena;
    const struct shape *const *elsewhere;
    struct schema_definition *first, **last; /* in the order in which they were named first */
    enum rc rc;
};

/* What takes null alone; numbers and flags; these and null. None names a type that editors would propose. */
#define SCHEMA_NULL "left_out"
#define SCHEMA_NO_TEXT "number_or_flag"
#define SCHEMA_NO_TEXT_OR_NULL "number_or_flag_or_left_out"

/* -- schema.c -- */

/* "$ref" to the definition of that name; the same with its braces. */
void schema_write_ref(struct schema_writing *writing, const char *name);
void schema_write_ref_object(struct schema_writing *writing, const char *name);
/* The shape will be defined. */
void schema_need(struct schema_writing *writing, const struct shape *shape);
void schema_write_texts(struct schema_writing *writing, const char *member,
                        const char *const *texts);
void schema_write_type(struct schema_writing *writing, const char *type);
/* Where `may_be_null`: everything between the two, or null. */
void schema_begin_or_null(struct schema_writing *writing, bool may_be_null);
void schema_end_or_null(struct schema_writing *writing, bool may_be_null);

/* -- schema_shape.c: members of the object that is open -- */

void schema_write_shape(struct schema_writing *writing, const struct shape *shape,
                        bool may_be_null);
/* The same where a reference to it would be one to itself. */
void schema_write_inline(struct schema_writing *writing, const struct shape *shape,
                         bool may_be_null);
void schema_write_words(struct schema_writing *writing, const char *const *words);
void schema_write_pattern(struct schema_writing *writing, const char *pattern, const char *wanted);

/* -- schema_setting.c -- */

/* The member, with its name. */
void schema_write_setting(struct schema_writing *writing, const struct setting *setting,
                          bool may_be_null);
