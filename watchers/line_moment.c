#include "watchers/line_moment.h"

#include "src/base/clock.h"

#include <string.h>

#define MAX_YEAR 9999
#define YEAR_10000_MS INT64_C(253402300800000)
/* The forms that no configuration can write: they stand in the table of the usual ones. */
#define ALSO_PRIVATE ".:,~@"

static const struct moment nothing_said = {
    .year = -1, .month = -1, .day = -1, .day_of_year = -1, .hour = -1, .half = -1
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip(struct slice *rest, size_t n_bytes)
{
    rest->ptr += n_bytes;
    rest->len -= n_bytes;
}

static void skip_blanks(struct slice *rest)
{
    while (rest->len && is_blank(*rest->ptr))
        skip(rest, 1);
}

static bool take_byte(struct slice *rest, char byte)
{
    if (!rest->len || *rest->ptr != byte)
        return false;
    skip(rest, 1);
    return true;
}

static size_t count_digits(struct slice text)
{
    size_t n_digits = 0;

    while (n_digits < text.len && is_digit(text.ptr[n_digits]))
        n_digits++;
    return n_digits;
}

static size_t count_letters(struct slice text)
{
    size_t n_letters = 0;

    while (n_letters < text.len && is_letter(text.ptr[n_letters]))
        n_letters++;
    return n_letters;
}

/* As many digits as there are, up to 18. */
static int64_t take_digits(struct slice *rest, size_t n_digits)
{
    int64_t value = 0;

    for (size_t i = 0; i < n_digits; i++)
        value = value * 10 + (rest->ptr[i] - '0');
    skip(rest, n_digits);
    return value;
}

/* -- numbers -- */

struct conversion;
typedef bool take_part(const struct conversion *conversion, struct slice *rest,
                       struct moment *moment);

struct conversion {
    take_part *take;
    size_t offset; /* of the part, in the moment */
    size_t min_digits, max_digits;
    int64_t min, max;
    const char *stands_for; /* other conversions */
};

static int64_t *part_of(const struct conversion *conversion, struct moment *moment)
{
    return (int64_t *)(void *)((char *)moment + conversion->offset);
}

/* With blanks in front, as they fill "Nov  9". */
static bool take_number(const struct conversion *conversion, struct slice *rest,
                        struct moment *moment)
{
    size_t n_digits;
    int64_t value;

    skip_blanks(rest);
    n_digits = count_digits(*rest);
    if (n_digits < conversion->min_digits)
        return false;
    value =
        take_digits(rest, n_digits < conversion->max_digits ? n_digits : conversion->max_digits);
    *part_of(conversion, moment) = value;
    return value >= conversion->min && value <= conversion->max;
}

/* POSIX: 69 to 99 are 1969 to 1999. */
static bool take_short_year(const struct conversion *conversion, struct slice *rest,
                            struct moment *moment)
{
    if (!take_number(conversion, rest, moment))
        return false;
    moment->year += moment->year < 69 ? 2000 : 1900;
    return true;
}

/* Those past the third are dropped. */
static bool take_decimals(const struct conversion *conversion, struct slice *rest,
                          struct moment *moment)
{
    size_t n_digits;
    int64_t weight = 100;

    (void)conversion;
    n_digits = count_digits(*rest);
    moment->ms = 0;
    for (size_t i = 0; i < n_digits; i++, weight /= 10)
        moment->ms += weight * (rest->ptr[i] - '0');
    skip(rest, n_digits);
    return n_digits > 0;
}

static bool take_decimals_if_any(const struct conversion *conversion, struct slice *rest,
                                 struct moment *moment)
{
    if (rest->len < 2 || (*rest->ptr != '.' && *rest->ptr != ',') || !is_digit(rest->ptr[1]))
        return true;
    skip(rest, 1);
    return take_decimals(conversion, rest, moment);
}

/* -- names -- */

static const char *const months[] = { "january",  "february", "march",  "april",     "may",
                                      "june",     "july",     "august", "september", "october",
                                      "november", "december", NULL };
static const char *const weekdays[] = { "sunday",   "monday", "tuesday",  "wednesday",
                                        "thursday", "friday", "saturday", NULL };

/* A whole word: the name, or its first three letters. */
static bool take_name(struct slice *rest, const char *const *names, int64_t *index)
{
    struct slice word = { .ptr = rest->ptr, .len = count_letters(*rest) };

    if (word.len < 3)
        return false;
    for (int64_t i = 0; names[i]; i++) {
        struct slice name = slice_of(names[i]);

        if (word.len == 3)
            name.len = 3;
        if (!slice_eq_nocase(word, name))
            continue;
        *index = i;
        skip(rest, word.len);
        return true;
    }
    return false;
}

static bool take_month(const struct conversion *conversion, struct slice *rest,
                       struct moment *moment)
{
    (void)conversion;
    skip_blanks(rest);
    if (!take_name(rest, months, &moment->month))
        return false;
    moment->month++;
    return true;
}

/* Says nothing that the date does not say. */
static bool take_weekday(const struct conversion *conversion, struct slice *rest,
                         struct moment *moment)
{
    int64_t weekday;

    (void)conversion;
    (void)moment;
    skip_blanks(rest);
    return take_name(rest, weekdays, &weekday);
}

static bool take_half(const struct conversion *conversion, struct slice *rest,
                      struct moment *moment)
{
    struct slice word = { .ptr = rest->ptr, .len = rest->len < 2 ? rest->len : 2 };

    (void)conversion;
    if (!slice_eq_nocase(word, SLICE("am")) && !slice_eq_nocase(word, SLICE("pm")))
        return false;
    moment->half = *word.ptr == 'p' || *word.ptr == 'P';
    skip(rest, word.len);
    return true;
}

/* -- zones -- */

static bool take_utc(struct slice *rest, struct moment *moment)
{
    static const char *const words[] = { "utc", "gmt", "ut", "z", NULL };
    struct slice word = { .ptr = rest->ptr, .len = count_letters(*rest) };

    for (size_t i = 0; words[i]; i++) {
        if (!slice_eq_nocase(word, slice_of(words[i])))
            continue;
        skip(rest, word.len);
        moment->has_offset = true;
        moment->offset_ms = 0;
        return true;
    }
    return false;
}

/* +02, +0200, +02:00. */
static bool take_signed_offset(struct slice *rest, struct moment *moment)
{
    struct slice at = *rest;
    bool is_negative = take_byte(&at, '-');
    int64_t hours, minutes = 0;
    size_t n_digits;

    if (!is_negative && !take_byte(&at, '+'))
        return false;
    n_digits = count_digits(at);
    if (n_digits != 2 && n_digits != 4)
        return false;
    hours = take_digits(&at, 2);
    if (n_digits == 4)
        minutes = take_digits(&at, 2);
    else if (at.len >= 3 && *at.ptr == ':' &&
             count_digits((struct slice){ at.ptr + 1, at.len - 1 }) == 2) {
        skip(&at, 1);
        minutes = take_digits(&at, 2);
    }
    if (hours > 23 || minutes > 59)
        return false;
    moment->has_offset = true;
    moment->offset_ms = (hours * HOUR_MS + minutes * MINUTE_MS) * (is_negative ? -1 : 1);
    *rest = at;
    return true;
}

static bool take_offset(const struct conversion *conversion, struct slice *rest,
                        struct moment *moment)
{
    (void)conversion;
    skip_blanks(rest);
    return take_utc(rest, moment) || take_signed_offset(rest, moment);
}

/* Close behind the time, or one blank away: then " -5" or " -05 items" is no offset, but " +0100" is. */
static bool take_offset_if_any(const struct conversion *conversion, struct slice *rest,
                               struct moment *moment)
{
    struct slice at = *rest;

    (void)conversion;
    if (take_byte(&at, ' ')) {
        bool is_long = at.len >= 5 && (is_digit(at.ptr[3]) || at.ptr[3] == ':');

        if (take_utc(&at, moment) || (is_long && take_signed_offset(&at, moment)))
            *rest = at;
        return true;
    }
    if (take_utc(&at, moment) || take_signed_offset(&at, moment))
        *rest = at;
    return true;
}

static bool take_zone_word(const struct conversion *conversion, struct slice *rest,
                           struct moment *moment)
{
    size_t n_letters;

    (void)conversion;
    skip_blanks(rest);
    if (take_utc(rest, moment))
        return true;
    n_letters = count_letters(*rest);
    skip(rest, n_letters);
    return n_letters >= 2;
}

/* -- all at once -- */

static bool take_epoch(const struct conversion *conversion, struct slice *rest,
                       struct moment *moment)
{
    size_t n_digits = count_digits(*rest);

    (void)conversion;
    if (n_digits == 0 || n_digits > 12)
        return false;
    moment->has_epoch = true;
    moment->epoch_ms = take_digits(rest, n_digits) * SECOND_MS;
    return true;
}

/* The unit shows in the number of digits: each fits the years from 2001 on, and past 2100 it is no time but another number. */
static const struct {
    size_t n_digits;
    int64_t multiply_by, divide_by; /* to milliseconds */
} epoch_units[] = {
    { .n_digits = 10, .multiply_by = SECOND_MS, .divide_by = 1 },
    { .n_digits = 13, .multiply_by = 1, .divide_by = 1 },
    { .n_digits = 16, .multiply_by = 1, .divide_by = 1000 },
    { .n_digits = 19, .multiply_by = 1, .divide_by = 1000000 },
};
#define YEAR_2100_MS INT64_C(4102444800000)

static bool may_follow_epoch(struct slice rest)
{
    return !rest.len || (*rest.ptr && strchr(" \t\r\n])}>:,;|\"'", *rest.ptr));
}

static bool take_plausible_epoch(const struct conversion *conversion, struct slice *rest,
                                 struct moment *moment)
{
    size_t n_digits = count_digits(*rest);

    for (size_t i = 0; i < sizeof epoch_units / sizeof *epoch_units; i++) {
        int64_t number;

        if (n_digits != epoch_units[i].n_digits ||
            slice_to_int((struct slice){ rest->ptr, n_digits }, &number) != RC_OK)
            continue;
        moment->has_epoch = true;
        moment->epoch_ms = number / epoch_units[i].divide_by * epoch_units[i].multiply_by;
        skip(rest, n_digits);
        (void)take_decimals_if_any(conversion, rest, moment);
        if (epoch_units[i].multiply_by != SECOND_MS)
            moment->ms = 0; /* decimals of a smaller unit */
        return moment->epoch_ms < YEAR_2100_MS && may_follow_epoch(*rest);
    }
    return false;
}

/* " 2026" behind a time, as asctime(3) has it. */
static bool take_year_if_any(const struct conversion *conversion, struct slice *rest,
                             struct moment *moment)
{
    struct slice at = *rest;
    bool is_century;

    (void)conversion;
    if (!take_byte(&at, ' ') || count_digits(at) != 4)
        return true;
    is_century = slice_starts(at, SLICE("19")) || slice_starts(at, SLICE("20"));
    if (!is_century || (at.len > 4 && (is_letter(at.ptr[4]) || strchr(".-:_", at.ptr[4]))))
        return true;
    moment->year = take_digits(&at, 4);
    *rest = at;
    return true;
}

/* Between date and time, in the forms of RFC 3339. */
static bool take_t(const struct conversion *conversion, struct slice *rest, struct moment *moment)
{
    (void)conversion;
    (void)moment;
    return take_byte(rest, 'T') || take_byte(rest, ' ') || take_byte(rest, 't') ||
           take_byte(rest, '_');
}

static bool take_percent(const struct conversion *conversion, struct slice *rest,
                         struct moment *moment)
{
    (void)conversion;
    (void)moment;
    return take_byte(rest, '%');
}

static bool take_blanks(const struct conversion *conversion, struct slice *rest,
                        struct moment *moment)
{
    (void)conversion;
    (void)moment;
    skip_blanks(rest);
    return true;
}

/* -- the form -- */

#define AT(member) .offset = offsetof(struct moment, member)
#define NUMBER(member, least, most, first, last)                                                   \
    {                                                                                              \
        .take = take_number, AT(member), .min_digits = (least), .max_digits = (most),              \
        .min = (first), .max = (last)                                                              \
    }

/* clang-format off */
static const struct conversion conversions[128] = {
    ['Y'] = NUMBER(year, 4, 4, 0, MAX_YEAR),
    ['y'] = { .take = take_short_year, AT(year), .min_digits = 2, .max_digits = 2, .max = 99 },
    ['m'] = NUMBER(month, 1, 2, 1, 12),
    ['d'] = NUMBER(day, 1, 2, 1, 31),
    ['e'] = NUMBER(day, 1, 2, 1, 31),
    ['j'] = NUMBER(day_of_year, 1, 3, 1, 366),
    ['H'] = NUMBER(hour, 1, 2, 0, 23),
    ['k'] = NUMBER(hour, 1, 2, 0, 23),
    ['I'] = NUMBER(hour, 1, 2, 1, 12),
    ['l'] = NUMBER(hour, 1, 2, 1, 12),
    ['M'] = NUMBER(minute, 1, 2, 0, 59),
    ['S'] = NUMBER(second, 1, 2, 0, 60), /* a leap second counts as the first of the next minute */
    ['p'] = { .take = take_half },
    ['P'] = { .take = take_half },
    ['b'] = { .take = take_month, AT(month) },
    ['B'] = { .take = take_month, AT(month) },
    ['h'] = { .take = take_month, AT(month) },
    ['a'] = { .take = take_weekday },
    ['A'] = { .take = take_weekday },
    ['s'] = { .take = take_epoch, AT(epoch_ms) },
    ['L'] = { .take = take_decimals },
    ['f'] = { .take = take_decimals },
    ['z'] = { .take = take_offset },
    ['Z'] = { .take = take_zone_word },
    ['n'] = { .take = take_blanks },
    ['t'] = { .take = take_blanks },
    ['%'] = { .take = take_percent },
    ['T'] = { .stands_for = "%H:%M:%S" },
    ['R'] = { .stands_for = "%H:%M" },
    ['r'] = { .stands_for = "%I:%M:%S %p" },
    ['D'] = { .stands_for = "%m/%d/%y" },
    ['F'] = { .stands_for = "%Y-%m-%d" },
    ['.'] = { .take = take_decimals_if_any },
    [':'] = { .take = take_offset_if_any },
    [','] = { .take = take_year_if_any },
    ['~'] = { .take = take_t },
    ['@'] = { .take = take_plausible_epoch, AT(epoch_ms) },
};
/* clang-format on */

static const struct conversion *conversion_of(char letter)
{
    const struct conversion *conversion =
        letter > 0 ? &conversions[(unsigned char)letter] : &conversions[0];

    return conversion->take || conversion->stands_for ? conversion : NULL;
}

/* What stands between the conversions. */
static bool take_literal(struct slice form, struct slice *rest)
{
    bool is_before_decimals =
        form.len >= 3 && form.ptr[1] == '%' && (form.ptr[2] == 'L' || form.ptr[2] == 'f');

    if (is_blank(*form.ptr)) {
        skip_blanks(rest);
        return true;
    }
    if (take_byte(rest, *form.ptr))
        return true;
    return is_before_decimals && ((*form.ptr == '.' && take_byte(rest, ',')) ||
                                  (*form.ptr == ',' && take_byte(rest, '.')));
}

static bool take_parts(struct slice form, struct slice *rest, struct moment *moment)
{
    while (form.len) {
        const struct conversion *conversion;

        if (*form.ptr != '%') {
            if (!take_literal(form, rest))
                return false;
            skip(&form, 1);
            continue;
        }
        conversion = form.len > 1 ? conversion_of(form.ptr[1]) : NULL;
        if (!conversion)
            return false;
        /* One level deep: what a conversion stands for holds none that stand for others. */
        if (conversion->stands_for) {
            if (!take_parts(slice_of(conversion->stands_for), rest, moment))
                return false;
        } else if (!conversion->take(conversion, rest, moment)) {
            return false;
        }
        skip(&form, 2);
    }
    return true;
}

enum rc moment_take(struct slice form, struct slice *rest, struct moment *moment)
{
    struct slice at = *rest;

    *moment = nothing_said;
    if (!take_parts(form, &at, moment) || (at.len && is_digit(*at.ptr)))
        return RC_NOT_FOUND;
    *rest = at;
    return RC_OK;
}

/* -- is it a form? -- */

static const char what_is_valid[] =
    "a time's form has the conversions %Y %y %m %d %e %j %H %k %I %l %M %S %p %b %B %a %A %T %R %r "
    "%D %F %s %L %z %Z %n %t %%";

/* Which of the letters stand in the form, behind a percent sign. */
static bool says_one_of(struct slice form, const char *letters)
{
    for (; form.len > 1; skip(&form, *form.ptr == '%' ? 2 : 1)) {
        if (*form.ptr == '%' && strchr(letters, form.ptr[1]))
            return true;
    }
    return false;
}

enum rc moment_check_form(struct slice form, const char **why)
{
    struct slice rest = form;

    *why = what_is_valid;
    if (form.len > MOMENT_FORM_MAX_BYTES || slice_has_control(form))
        return RC_INVALID;
    for (; rest.len; skip(&rest, *rest.ptr == '%' ? 2 : 1)) {
        if (*rest.ptr != '%')
            continue;
        if (rest.len < 2 || !conversion_of(rest.ptr[1]) || strchr(ALSO_PRIVATE, rest.ptr[1]))
            return RC_INVALID;
    }
    if (says_one_of(form, "s"))
        return RC_OK;
    *why =
        "a time's form needs %s, or a day (%d with %m or %b, %j, %F or %D) and an hour (%H, %T or "
        "%I with %p)";
    if (says_one_of(form, "Irl") && !says_one_of(form, "pPr"))
        return RC_INVALID;
    if (!says_one_of(form, "HkTRIlr"))
        return RC_INVALID;
    return says_one_of(form, "jFD") || (says_one_of(form, "de") && says_one_of(form, "mbBh"))
               ? RC_OK
               : RC_INVALID;
}

/* -- the moment -- */

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
