#include "watchers/line_conversion.h"

#include "src/base/clock.h"

#include <string.h>

#define MAX_YEAR 9999

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

/* -- all of them -- */

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

const struct conversion *conversion_find(char letter)
{
    const struct conversion *conversion =
        letter > 0 ? &conversions[(unsigned char)letter] : &conversions[0];

    return conversion->take || conversion->stands_for ? conversion : NULL;
}
