/* bound.h - what a field is compared with: a number, a duration, a size, a severity.
 *
 * Integers compare exactly up to 64 bits, durations as milliseconds and sizes as bytes with them; what has decimals or is larger compares as a double. */
#pragma once

#include "src/base/slice.h"

/* What a bound is, and so what the field is read as. */
enum bound_unit { BOUND_NUMBER, BOUND_DURATION, BOUND_SIZE, BOUND_SEVERITY };

struct quantity {
    double real;
    int64_t integer; /* the same, exactly; when is_integer */
    bool is_integer;
};

/* As a rule writes it: durations and sizes with their unit. RC_INVALID: it is none of that unit. */
enum rc bound_parse(enum bound_unit unit, struct slice text, struct quantity *quantity) MUST_CHECK;
/* As a payload says it: durations also with decimals and below a millisecond ("1m30.5s", "250us"), sizes too ("1.5 GB"), and as plain bytes. */
enum rc bound_read(enum bound_unit unit, struct slice text, struct quantity *quantity) MUST_CHECK;
/* What a text is not that bound_read refused, for people: "no number". */
const char *bound_fault(enum bound_unit unit);
/* <0, 0, >0. */
int quantity_compare(const struct quantity *a, const struct quantity *b);
