/* The quantities of clock.h: durations and sizes, which always carry their unit. */
#include "src/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_DURATION_MS (3650 * DAY_MS) /* ten years, whichever they are */

/* Largest first: a duration names each unit at most once, in this order. */
static const struct duration_unit {
    const char *name;
    int64_t unit_ms;
} duration_units[] = {
    { .name = "d", .unit_ms = DAY_MS },    { .name = "h", .unit_ms = HOUR_MS },
    { .name = "m", .unit_ms = MINUTE_MS }, { .name = "s", .unit_ms = SECOND_MS },
    { .name = "ms", .unit_ms = 1 },
};

#define N_DURATION_UNITS (sizeof(duration_units) / sizeof(duration_units[0]))

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes the digits, or what is not digits, that `rest` starts with. */
static struct slice cut_run(struct slice *rest, bool of_digits)
{
    struct slice run = { .ptr = rest->ptr, .len = 0 };

    while (run.len < rest->len && is_digit(rest->ptr[run.len]) == of_digits)
        run.len++;
    if (run.len) {
        rest->ptr += run.len;
        rest->len -= run.len;
    }
    return run;
}

/* Index of the unit among those that may still follow; N_DURATION_UNITS when it is none of them. */
static size_t find_unit(struct slice name, size_t first)
{
    size_t i = first;

    while (i < N_DURATION_UNITS && !slice_eq(name, slice_of(duration_units[i].name)))
        i++;
    return i;
}

enum rc duration_parse(struct slice text, int64_t *duration_ms)
{
    size_t next_unit = 0;
    int64_t sum_ms = 0;

    if (!text.len)
        return RC_INVALID;
    while (text.len) {
        struct slice digits = cut_run(&text, true);
        size_t unit = find_unit(cut_run(&text, false), next_unit);
        int64_t value;

        if (unit == N_DURATION_UNITS || slice_to_int(digits, &value))
            return RC_INVALID;
        if (__builtin_mul_overflow(value, duration_units[unit].unit_ms, &value) ||
            __builtin_add_overflow(sum_ms, value, &sum_ms) || sum_ms > LONGEST_DURATION_MS)
            return RC_INVALID;
        next_unit = unit + 1;
    }
    *duration_ms = sum_ms;
    return RC_OK;
}

/* "1", "1.5"; digits on both sides of the point. */
static bool take_real(struct slice *rest, double *value)
{
    struct slice digits = cut_run(rest, true);
    double scale = 1;

    *value = 0;
    for (size_t i = 0; i < digits.len; i++)
        *value = *value * 10 + (digits.ptr[i] - '0');
    if (!digits.len || !rest->len || rest->ptr[0] != '.')
        return digits.len > 0;
    rest->ptr++;
    rest->len--;
    digits = cut_run(rest, true);
    for (size_t i = 0; i < digits.len; i++)
        *value += (digits.ptr[i] - '0') * (scale /= 10);
    return digits.len > 0;
}

enum rc duration_parse_real(struct slice text, double *duration_ms)
{
    /* Both signs that Unicode has for micro. */
    static const struct {
        const char *name;
        double unit_ms;
    } units[] = {
        { "d", (double)DAY_MS },
        { "h", (double)HOUR_MS },
        { "m", (double)MINUTE_MS },
        { "s", 1e3 },
        { "ms", 1 },
        { "us", 1e-3 },
        { "\xc2\xb5s", 1e-3 },
        { "\xce\xbcs", 1e-3 },
        { "ns", 1e-6 },
    };
    const size_t n_units = sizeof(units) / sizeof(units[0]);
    size_t next_unit = 0;

    *duration_ms = 0;
    do {
        double value;
        struct slice name;
        size_t unit = next_unit;

        if (!take_real(&text, &value))
            return RC_INVALID;
        name = cut_run(&text, false);
        while (unit < n_units && !slice_eq(name, slice_of(units[unit].name)))
            unit++;
        if (unit == n_units)
            return RC_INVALID;
        *duration_ms += value * units[unit].unit_ms;
        next_unit = unit + 1;
    } while (text.len);
    return RC_OK;
}

bool duration_has_decimals(struct slice text, char *whole)
{
    int64_t exact_ms;
    double real_ms, rest_ms;
    size_t i = 0;

    whole[0] = '\0';
    if (duration_parse_real(text, &real_ms) || !memchr(text.ptr, '.', text.len))
        return false;
    if (real_ms < 1 || real_ms > (double)LONGEST_DURATION_MS)
        return true;
    exact_ms = (int64_t)(real_ms + 0.5);
    rest_ms = real_ms - (double)exact_ms;
    if (rest_ms > real_ms * 1e-12 || -rest_ms > real_ms * 1e-12) /* more than a double's error */
        return true;
    while (exact_ms % duration_units[i].unit_ms)
        i++;
    (void)snprintf(whole, TIME_TEXT_BYTES, "%" PRId64 "%s", exact_ms / duration_units[i].unit_ms,
                   duration_units[i].name);
    return true;
}

const char *duration_format(int64_t duration_ms, char *text)
{
    uint64_t rest_ms = duration_ms < 0 ? 0 - (uint64_t)duration_ms : (uint64_t)duration_ms;
    size_t len = 0;

    if (!duration_ms) {
        snprintf(text, TIME_TEXT_BYTES, "0s");
        return text;
    }
    if (duration_ms < 0)
        text[len++] = '-';
    for (size_t i = 0; i < N_DURATION_UNITS; i++) {
        uint64_t unit_ms = (uint64_t)duration_units[i].unit_ms;

        if (rest_ms >= unit_ms)
            len += (size_t)snprintf(text + len, TIME_TEXT_BYTES - len, "%" PRIu64 "%s",
                                    rest_ms / unit_ms, duration_units[i].name);
        rest_ms %= unit_ms;
    }
    return text;
}

const char *duration_format_rough(int64_t duration_ms, char *text)
{
    static const struct rough_unit {
        int64_t below_ms, unit_ms;
        const char *name;
    } units[] = {
        { .below_ms = MINUTE_MS, .unit_ms = SECOND_MS, .name = "s" },
        { .below_ms = HOUR_MS, .unit_ms = MINUTE_MS, .name = "min" },
        { .below_ms = 2 * DAY_MS, .unit_ms = HOUR_MS, .name = "h" },
        { .below_ms = INT64_MAX, .unit_ms = DAY_MS, .name = "days" },
    };
    size_t i = 0;

    if (duration_ms < 0)
        duration_ms = 0; /* clocks of two machines never agree */
    while (duration_ms >= units[i].below_ms && units[i].below_ms != INT64_MAX)
        i++;
    snprintf(text, TIME_TEXT_BYTES, "%" PRId64 " %s", duration_ms / units[i].unit_ms,
             units[i].name);
    return text;
}

static const struct size_unit {
    const char *name, *binary_name;
    int shift;
} size_units[] = {
    { .name = "B", .binary_name = "B", .shift = 0 },
    { .name = "KB", .binary_name = "KiB", .shift = 10 },
    { .name = "MB", .binary_name = "MiB", .shift = 20 },
    { .name = "GB", .binary_name = "GiB", .shift = 30 },
    { .name = "TB", .binary_name = "TiB", .shift = 40 },
};

#define N_SIZE_UNITS (sizeof(size_units) / sizeof(size_units[0]))

/* NULL: it is none. */
static const struct size_unit *find_size_unit(struct slice name)
{
    for (size_t i = 0; i < N_SIZE_UNITS; i++) {
        if (slice_eq_nocase(name, slice_of(size_units[i].name)) ||
            slice_eq_nocase(name, slice_of(size_units[i].binary_name)))
            return &size_units[i];
    }
    return NULL;
}

enum rc size_parse(struct slice text, int64_t *bytes)
{
    const struct size_unit *unit;
    int64_t value;

    if (slice_to_int(cut_run(&text, true), &value))
        return RC_INVALID;
    unit = find_size_unit(text);
    if (!unit || __builtin_mul_overflow(value, (int64_t)1 << unit->shift, bytes))
        return RC_INVALID;
    return RC_OK;
}

enum rc size_parse_real(struct slice text, double *bytes)
{
    const struct size_unit *unit;
    double value;

    if (!take_real(&text, &value))
        return RC_INVALID;
    if (slice_starts(text, SLICE(" "))) {
        text.ptr++;
        text.len--;
    }
    unit = find_size_unit(text);
    if (!unit)
        return RC_INVALID;
    *bytes = value * (double)((int64_t)1 << unit->shift);
    return RC_OK;
}

bool size_has_decimals(struct slice text, char *whole)
{
    size_t i = N_SIZE_UNITS;
    int64_t exact;
    double real;

    whole[0] = '\0';
    if (size_parse_real(text, &real) || !memchr(text.ptr, '.', text.len))
        return false;
    if (real < 1 || real >= (double)((int64_t)1 << 53))
        return true;
    exact = (int64_t)real;
    if ((double)exact != real)
        return true;
    while (exact % ((int64_t)1 << size_units[--i].shift))
        ;
    (void)snprintf(whole, TIME_TEXT_BYTES, "%" PRId64 "%s", exact >> size_units[i].shift,
                   size_units[i].name);
    return true;
}
