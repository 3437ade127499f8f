#include "src/base/clock.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define DAYS_TO_1970 719468 /* from 0000-03-01 */
#define DAYS_IN_400_YEARS 146097
#define MAX_YEAR 9999

#define SECOND_NS ((int64_t)1000000000)
#define MS_NS ((int64_t)1000000)

static int64_t read_clock_ns(clockid_t clock)
{
    struct timespec now = { 0 };

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static int64_t read_clock_ms(clockid_t clock)
{
    return read_clock_ns(clock) / MS_NS;
}

int64_t clock_real_ms(void)
{
    return read_clock_ms(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
    return read_clock_ms(CLOCK_MONOTONIC);
}

int64_t clock_mono_us(void)
{
    return read_clock_ns(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_mono_ns(void)
{
    return read_clock_ns(CLOCK_MONOTONIC);
}

int64_t clock_tick_ns(void)
{
    return read_clock_ns(CLOCK_MONOTONIC_COARSE);
}

int64_t clock_thread_ns(void)
{
    return read_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_wall_ms(void)
{
    static _Atomic int64_t highest_ms;
    int64_t seen_ms = atomic_load(&highest_ms);
    int64_t now_ms = clock_real_ms();

    while (now_ms > seen_ms) {
        if (atomic_compare_exchange_weak(&highest_ms, &seen_ms, now_ms))
            return now_ms;
    }
    return seen_ms;
}

struct date {
    int64_t year, month, day; /* month and day from 1 */
};

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* Both count years from March, so that the leap day is a year's last; 153 days are five months from March on. */
static int64_t days_of_date(struct date date)
{
    int64_t year = date.month > 2 ? date.year : date.year - 1;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * DAYS_IN_400_YEARS + day_of_era - DAYS_TO_1970;
}

static struct date date_of_days(int64_t days)
{
    int64_t since = days + DAYS_TO_1970;
    int64_t era = (since >= 0 ? since : since - (DAYS_IN_400_YEARS - 1)) / DAYS_IN_400_YEARS;
    int64_t day_of_era = since - era * DAYS_IN_400_YEARS;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    int64_t year = year_of_era + era * 400;

    return (struct date){ .year = month < 10 ? year : year + 1,
                          .month = month < 10 ? month + 3 : month - 9,
                          .day = day_of_year - (153 * month + 2) / 5 + 1 };
}

enum rc time_of_date(int64_t year, int64_t month, int64_t day, int64_t *time_ms)
{
    if (year < 0 || year > MAX_YEAR || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month))
        return RC_INVALID;
    *time_ms = days_of_date((struct date){ .year = year, .month = month, .day = day }) * DAY_MS;
    return RC_OK;
}

int64_t time_year(int64_t time_ms)
{
    return date_of_days(time_ms / DAY_MS - (time_ms % DAY_MS < 0 ? 1 : 0)).year;
}

static void put_digits(char *at, size_t n_digits, int64_t value)
{
    for (size_t i = n_digits; i > 0; i--) {
        at[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}

const char *time_format(int64_t time_ms, char *text)
{
    const int64_t first_ms =
        days_of_date((struct date){ .year = 0, .month = 1, .day = 1 }) * DAY_MS;
    const int64_t end_ms =
        days_of_date((struct date){ .year = MAX_YEAR + 1, .month = 1, .day = 1 }) * DAY_MS;
    struct date date;
    int64_t days, rest_ms;

    /* Four digits are all that the form has for a year. */
    if (time_ms < first_ms)
        time_ms = first_ms;
    if (time_ms >= end_ms)
        time_ms = end_ms - 1;
    days = time_ms / DAY_MS - (time_ms % DAY_MS < 0 ? 1 : 0);
    rest_ms = time_ms - days * DAY_MS;
    date = date_of_days(days);
    memcpy(text, "0000-00-00T00:00:00.000Z", sizeof("0000-00-00T00:00:00.000Z"));
    put_digits(text, 4, date.year);
    put_digits(text + 5, 2, date.month);
    put_digits(text + 8, 2, date.day);
    put_digits(text + 11, 2, rest_ms / HOUR_MS);
    put_digits(text + 14, 2, rest_ms / MINUTE_MS % 60);
    put_digits(text + 17, 2, rest_ms / SECOND_MS % 60);
    put_digits(text + 20, 3, rest_ms % SECOND_MS);
    return text;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take_byte(struct slice *rest, const char *allowed)
{
    if (!rest->len || !rest->ptr[0] || !strchr(allowed, rest->ptr[0]))
        return false;
    rest->ptr++;
    rest->len--;
    return true;
}

/* Exactly `n_digits`, for a number from `min` to `max`. */
static bool take_number(struct slice *rest, size_t n_digits, int64_t min, int64_t max,
                        int64_t *value)
{
    *value = 0;
    if (rest->len < n_digits)
        return false;
    for (size_t i = 0; i < n_digits; i++) {
        if (!is_digit(rest->ptr[i]))
            return false;
        *value = *value * 10 + (rest->ptr[i] - '0');
    }
    rest->ptr += n_digits;
    rest->len -= n_digits;
    return *value >= min && *value <= max;
}

static bool take_date(struct slice *rest, int64_t *days)
{
    struct date date;

    if (!take_number(rest, 4, 0, MAX_YEAR, &date.year) || !take_byte(rest, "-") ||
        !take_number(rest, 2, 1, 12, &date.month) || !take_byte(rest, "-") ||
        !take_number(rest, 2, 1, 31, &date.day))
        return false;
    *days = days_of_date(date);
    return date.day <= days_in_month(date.year, date.month);
}

/* Decimals behind a point, as many as there are; those past the third are dropped. */
static bool take_decimals(struct slice *rest, int64_t *ms)
{
    int64_t weight = 100;

    *ms = 0;
    if (!take_byte(rest, "."))
        return true;
    if (!rest->len || !is_digit(rest->ptr[0]))
        return false;
    while (rest->len && is_digit(rest->ptr[0])) {
        *ms += weight * (rest->ptr[0] - '0');
        weight /= 10;
        rest->ptr++;
        rest->len--;
    }
    return true;
}

static bool take_time_of_day(struct slice *rest, int64_t *time_ms)
{
    int64_t hour, minute, second, ms;

    /* A leap second is 60, and counts as the first of the next minute. */
    if (!take_number(rest, 2, 0, 23, &hour) || !take_byte(rest, ":") ||
        !take_number(rest, 2, 0, 59, &minute) || !take_byte(rest, ":") ||
        !take_number(rest, 2, 0, 60, &second) || !take_decimals(rest, &ms))
        return false;
    *time_ms = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + ms;
    return true;
}

static bool take_zone(struct slice *rest, bool is_lax, int64_t *offset_ms)
{
    int64_t sign, hour, minute;

    *offset_ms = 0;
    if (take_byte(rest, "Zz"))
        return true;
    if (is_lax && slice_eq(*rest, SLICE(" UTC"))) {
        rest->len = 0;
        return true;
    }
    if (is_lax)
        take_byte(rest, " "); /* "2026-11-21 08:01:20 +0100" */
    sign = rest->len && rest->ptr[0] == '-' ? -1 : 1;
    if (!take_byte(rest, "+-") || !take_number(rest, 2, 0, 23, &hour))
        return false;
    if (!take_byte(rest, ":") && !is_lax)
        return false;
    if (!take_number(rest, 2, 0, 59, &minute))
        return false;
    *offset_ms = sign * (hour * HOUR_MS + minute * MINUTE_MS);
    return true;
}

static enum rc parse_date_and_time(struct slice text, bool is_lax, int64_t *time_ms)
{
    int64_t days, of_day_ms, offset_ms;

    if (!take_date(&text, &days) || !take_byte(&text, "Tt ") ||
        !take_time_of_day(&text, &of_day_ms) || !take_zone(&text, is_lax, &offset_ms) || text.len)
        return RC_INVALID;
    *time_ms = days * DAY_MS + of_day_ms - offset_ms;
    return RC_OK;
}

enum rc time_parse(struct slice text, int64_t *time_ms)
{
    return parse_date_and_time(text, false, time_ms);
}

/* A time since 1970 tells its unit by its digits: each length but that of seconds fits 2001 to 2286 only. */
static const struct epoch_unit {
    size_t min_digits, max_digits;
    int64_t multiply_by, divide_by; /* to milliseconds */
} epoch_units[] = {
    { .min_digits = 1, .max_digits = 12, .multiply_by = SECOND_MS, .divide_by = 1 },
    { .min_digits = 13, .max_digits = 13, .multiply_by = 1, .divide_by = 1 },
    { .min_digits = 16, .max_digits = 16, .multiply_by = 1, .divide_by = 1000 },
    { .min_digits = 19, .max_digits = 19, .multiply_by = 1, .divide_by = 1000000 },
};

static enum rc parse_epoch(struct slice text, int64_t *time_ms)
{
    const struct epoch_unit *unit = NULL;
    struct slice digits = text;
    int64_t number, decimals_ms;

    for (digits.len = 0; digits.len < text.len && is_digit(text.ptr[digits.len]);)
        digits.len++;
    text.ptr += digits.len;
    text.len -= digits.len;
    for (size_t i = 0; i < sizeof(epoch_units) / sizeof(epoch_units[0]) && !unit; i++) {
        if (digits.len >= epoch_units[i].min_digits && digits.len <= epoch_units[i].max_digits)
            unit = &epoch_units[i];
    }
    if (!unit || slice_to_int(digits, &number) || !take_decimals(&text, &decimals_ms) || text.len)
        return RC_INVALID;
    *time_ms = number * unit->multiply_by / unit->divide_by;
    if (unit->multiply_by == SECOND_MS)
        *time_ms += decimals_ms;
    return RC_OK;
}

enum rc time_parse_any(struct slice text, int64_t *time_ms)
{
    if (slice_is_absent(text))
        return RC_INVALID;
    return parse_epoch(text, time_ms) == RC_OK ? RC_OK : parse_date_and_time(text, true, time_ms);
}
