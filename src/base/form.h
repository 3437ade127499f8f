/* form.h - application/x-www-form-urlencoded: one field of a body read, fields of a body written. */
#pragma once

#include "src/base/arena.h"
#include "src/base/buffer.h"

/* The decoded value of the field `name`. RC_NOT_FOUND when there is none; RC_INVALID when there are two, or an escape is cut short. */
enum rc form_field(struct slice body, struct slice name, struct arena *arena,
                   struct slice *value) MUST_CHECK;
/* Appends NAME=VALUE, with an & before it where something is there already. `name` is our own. */
void form_add_field(struct buffer *body, const char *name, struct slice value);
