/* cron.h - times that come again: the five fields of crontab(5), in a time zone.
 *
 *     minute 0-59   hour 0-23   day of the month 1-31   month 1-12 or jan-dec   day of the week 0-7 or sun-sat (0 and 7: Sunday)
 *
 * A field is `*`, or a list of numbers, names and ranges; after `*` or a range stands a step, as in `*` with `/15` or `8-18/2`. Where both days are restricted (neither
 * field begins with `*`) one of them is enough, as crontab(5) has it; else both must hold.
 *
 * When the clocks change it goes as with cron: where minute or hour begins with `*`, the wall is followed as it is, so that an hour that comes twice has its
 * slots twice and one that is skipped has none. Any other time means once a day: one that is skipped is due at the moment at which the clocks jump over
 * it, one that is shown twice is due the first time only. */
#pragma once

#include "src/base/time_zone.h"

struct cron {
    uint64_t minutes; /* bit i: minute i */
    uint32_t hours;
    uint32_t days;     /* of the month: bits 1 to 31 */
    uint32_t months;   /* bits 1 to 12 */
    uint32_t weekdays; /* bit 0: Sunday */
    bool any_day;      /* the field begins with `*` */
    bool any_weekday;
    bool follows_wall; /* minute or hour begins with `*` */
};

struct cron_fault {
    size_t offset; /* in the text, of what is wrong */
    char text[160];
};

/* RC_INVALID: `fault` says why. A date that never comes (30 February) is one. */
enum rc cron_parse(struct slice text, struct cron *cron, struct cron_fault *fault) MUST_CHECK;
/* The first slot after a moment; INT64_MAX when there is none up to the year 9999. */
int64_t cron_next(const struct cron *cron, const struct time_zone *zone, int64_t after_ms);
/* The longest time that lies between one slot and the next. */
int64_t cron_longest_gap(const struct cron *cron, const struct time_zone *zone);
