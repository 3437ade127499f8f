/* line_conversion.h - what stands behind the percent signs of a form: one row for each, in line_conversion.c.
 *
 * Those that are no letter and no percent sign are for the table of usual forms (line_moment_usual.c); no configuration can write
 * them: %. decimals if any, %: an offset if any, %, a year if any, %~ a T or a blank, %@ a plausible time since 1970. */
#pragma once

#include "watchers/line_moment.h"

struct conversion {
    /* Takes the part off `rest`; false: it is not there, and what was taken or filled means nothing. */
    bool (*take)(const struct conversion *conversion, struct slice *rest, struct moment *moment);
    size_t offset; /* of the part, in the moment */
    size_t min_digits, max_digits;
    int64_t min, max;
    const char *stands_for; /* other conversions, that stand for themselves */
};

/* NULL: there is no such conversion. */
const struct conversion *conversion_find(char letter);
