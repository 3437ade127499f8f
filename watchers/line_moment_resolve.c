/* From the parts that a line says to the moment that they name. */
#include "src/base/clock.h"
#include "watchers/line_moment.h"

#define YEAR_10000_MS INT64_C(253402300800000)

static int64_t hour_of_day(const struct moment *moment)
{
    if (moment->half < 0)
        return moment->hour;
    return moment->hour % 12 + 12 * moment->half;
}

static enum rc day_in_year(const struct moment *moment, int64_t year, int64_t *day_ms)
{
    int64_t next_year_ms;
    enum rc rc;

    if (moment->day_of_year < 0)
        return time_of_date(year, moment->month, moment->day, day_ms);
    rc = time_of_date(year, 1, 1, day_ms);
    if (rc)
        return rc;
    next_year_ms = *day_ms + 365 * DAY_MS;
    *day_ms += (moment->day_of_year - 1) * DAY_MS;
    /* The 366th day is in this year, where it has one. */
    return *day_ms < next_year_ms || time_year(*day_ms) == year ? RC_OK : RC_INVALID;
}

static enum rc resolve_in_year(const struct moment *moment, const struct time_zone *zone,
                               int64_t year, int64_t *time_ms)
{
    int64_t wall_ms;

    if (day_in_year(moment, year, &wall_ms) != RC_OK)
        return RC_NOT_FOUND;
    wall_ms += hour_of_day(moment) * HOUR_MS + moment->minute * MINUTE_MS +
               moment->second * SECOND_MS + moment->ms;
    *time_ms = moment->has_offset ? wall_ms - moment->offset_ms : time_zone_to_utc(zone, wall_ms);
    return RC_OK;
}

/* The latest year that brings the time at most a day after the reference. Eight years back there is a leap day for certain. */
static enum rc resolve_without_year(const struct moment *moment, const struct time_zone *zone,
                                    int64_t reference_ms, int64_t *time_ms)
{
    int64_t this_year = time_year(reference_ms);

    for (int64_t year = this_year + 1; year >= this_year - 8; year--) {
        if (resolve_in_year(moment, zone, year, time_ms) == RC_OK &&
            *time_ms <= reference_ms + DAY_MS)
            return RC_OK;
    }
    return RC_NOT_FOUND;
}

enum rc moment_resolve(const struct moment *moment, const struct time_zone *zone,
                       int64_t reference_ms, int64_t *time_ms)
{
    int64_t found_ms;
    enum rc rc = RC_OK;

    if (moment->has_epoch)
        found_ms = moment->epoch_ms + moment->ms;
    else if (moment->year >= 0)
        rc = resolve_in_year(moment, zone, moment->year, &found_ms);
    else
        rc = resolve_without_year(moment, zone, reference_ms, &found_ms);
    if (rc || found_ms < 0 || found_ms >= YEAR_10000_MS)
        return RC_NOT_FOUND;
    *time_ms = found_ms;
    return RC_OK;
}
