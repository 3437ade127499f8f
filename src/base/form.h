/* form.h - one field of an application/x-www-form-urlencoded body. */
#pragma once

#include "src/base/arena.h"

/* The decoded value of the field `name`. RC_NOT_FOUND when there is none; RC_INVALID when there are two, or an escape is cut short. */
enum rc form_field(struct slice body, struct slice name, struct arena *arena,
                   struct slice *value) MUST_CHECK;
