/* line_list.h - the lines of a file that a rule names with {file: NAME}.
 *
 * Blanks around a line and a CR before its end are no part of it; empty lines and those that begin with # are passed over, as a
 * byte order mark is. Sorted: a hundred thousand of them take 17 comparisons. */
#pragma once

#include "src/base/arena.h"

struct line_list {
    struct slice *lines; /* sorted, none twice; they borrow from the text */
    size_t n_lines;
};

/* Keeps `text`; the list lives in `arena`. RC_NO_MEMORY. */
enum rc line_list_make(struct slice text, struct arena *arena, struct line_list *list) MUST_CHECK;
bool line_list_has(const struct line_list *list, struct slice value);
