/* schema.h - a shape as a JSON Schema (draft-07), for editors: completion, hover, and what is wrong while it is typed.
 *
 * Made for yaml-language-server, which adds `errorMessage` and `patternErrorMessage`; every validator takes it. It is as wide as the readers: a text may look
 * like a number or a flag, a whole number may stand in quotes, `null` is the same as left out. Scalars are meant as YAML 1.2 has them. */
#pragma once

#include "src/base/buffer.h"
#include "src/base/shape.h"

struct schema_text {
    const char *title;
    const struct shape *root;
    const struct shape *const
        *elsewhere; /* the named shapes that the root leaves to others, NULL-ended; NULL: none */
};

/* Appends the schema. RC_NO_MEMORY. */
enum rc schema_write(const struct schema_text *text, struct buffer *out) MUST_CHECK;
