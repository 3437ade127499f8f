/* amount.h - quantities that conditions compare, exact to a millionth: no binary fraction makes 0.1 + 0.2 more than 0.3.
 *
 * What has more decimals is cut there; what is beyond AMOUNT_MAX counts as that. */
#pragma once

#include "rules/where.h"

#define AMOUNT_ONE                                                                                 \
    ((int64_t)1000000) /* one: a number, a millisecond, a byte, a time (1x), a percent */
#define AMOUNT_MAX INT64_MAX

/* A decimal number as JSON has it. RC_INVALID. */
enum rc amount_parse_number(struct slice text, int64_t *amount) MUST_CHECK;
/* A field's value, read as what its bound is: numbers, durations (milliseconds, with their unit), sizes (bytes; a bare number counts bytes). RC_INVALID: it is none of these. */
enum rc amount_parse(enum bound_unit unit, struct slice text, int64_t *amount) MUST_CHECK;
/* The same where nothing says what it is: a number, a duration or a size. */
enum rc amount_parse_any(struct slice text, int64_t *amount) MUST_CHECK;

/* -- of rules: what is wrong is a problem, and false -- */

/* A factor, as 4x or 2.5x, of more than `more_than`. */
bool amount_is_factor(const struct node *node);
bool amount_read_factor(struct problems *problems, const char *member, const struct node *node,
                        int64_t more_than, int64_t *factor);
/* A share, as 5% or 0.5%: more than nothing, at most all. */
bool amount_read_percent(struct problems *problems, const char *member, const struct node *node,
                         int64_t *percent);
/* A bound: a number, a duration or a size, and which. */
bool amount_read_bound(struct problems *problems, const char *member, const struct node *node,
                       enum bound_unit *unit, int64_t *bound);
