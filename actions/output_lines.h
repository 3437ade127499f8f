/* output_lines.h - the few lines of a command's output that say most.
 *
 * The last ones that speak of a failure; where none does, the last ones that are not blank. */
#pragma once

#include "src/base/buffer.h"

#define OUTPUT_MAX_LINES 3

/* Fills `lines` in the order of the text and gives how many there are. They borrow `text`. */
size_t output_lines(struct slice text, struct slice lines[OUTPUT_MAX_LINES]);
/* One line for people: without colours, cut at 200 bytes, other control characters escaped. */
void output_add_line(struct buffer *out, struct slice line);
