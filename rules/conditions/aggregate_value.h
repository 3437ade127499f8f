/* aggregate_value.h - sum avg max min p95 of the values in a window, compared exactly with a bound, or with those of the time before it.
 *
 * p95 is the nearest rank: the least of the values that 95 % of all do not exceed. Against a bound no aggregate needs its values in order: how many are below and
 * above it is enough (sliding.h). */
#pragma once

#include "rules/conditions/sliding.h"

enum aggregate { AGGREGATE_SUM, AGGREGATE_AVG, AGGREGATE_MAX, AGGREGATE_MIN, AGGREGATE_P95 };
#define AGGREGATES 5
extern const char *const aggregate_names[]; /* NULL-ended, in the order of the enum */

/* Is the aggregate of the window strictly above, or below, the bound that the sums were made with? Of no values only the sum is anything: 0. */
bool aggregate_passes(enum aggregate aggregate, const struct sliding *now, bool is_above);
/* The same, with `factor` (AMOUNT_ONE: 1x) times the aggregate of the time before. Sums are compared per time. False where one of the two has no values (but a window without any has the sum 0), and where the time before has an aggregate less than 0. */
bool aggregate_passes_before(enum aggregate aggregate, const struct sliding *now, bool is_above,
                             int64_t factor);
