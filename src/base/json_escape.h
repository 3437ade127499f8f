/* json_escape.h - what the escapes within a JSON string stand for. */
#pragma once

#include "src/base/slice.h"

/* The four digits of a \u escape that stands at `at`; -1 when it is not one. */
int32_t json_read_unit(const char *at, const char *end);
/* Writes what `text` stands for to `out`, which has room for `text.len` bytes (an escape is never shorter than what it means); returns how many it took. What is no escape stays as
 * it is. */
size_t json_unescape(struct slice text, char *out);
