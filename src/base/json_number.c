/* The one text of a JSON number (json.h): worked out digit by digit, since a double would make one number of two. */
#include "src/base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* An exponent of more digits is of no number that anybody sends: it stays as it is written. */
#define EXPONENT_MAX_DIGITS 9
/* What json_scan takes. */
#define NUMBER_MAX_BYTES 63

/* digits × 10^exponent; neither the first digit nor the last is 0. */
struct decimal {
    bool is_negative;
    char digits[NUMBER_MAX_BYTES];
    int64_t n_digits;
    int64_t exponent;
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Adds those that `rest` begins with, and takes them off; gives how many. */
static int64_t take_digits(struct slice *rest, struct decimal *number)
{
    int64_t n_taken = 0;

    for (; rest->len && is_digit(rest->ptr[0]); rest->ptr++, rest->len--, n_taken++) {
        if (number->n_digits || rest->ptr[0] != '0')
            number->digits[number->n_digits++] = rest->ptr[0];
    }
    return n_taken;
}

static bool take_byte(struct slice *rest, const char *either)
{
    if (!rest->len || !strchr(either, rest->ptr[0]))
        return false;
    rest->ptr++;
    rest->len--;
    return true;
}

/* False: too many digits. */
static bool take_exponent(struct slice rest, int64_t *exponent)
{
    bool is_negative = rest.len && rest.ptr[0] == '-';

    *exponent = 0;
    (void)take_byte(&rest, "+-");
    while (rest.len > 1 && rest.ptr[0] == '0')
        (void)take_byte(&rest, "0");
    if (rest.len > EXPONENT_MAX_DIGITS)
        return false;
    for (size_t i = 0; i < rest.len; i++)
        *exponent = *exponent * 10 + (rest.ptr[i] - '0');
    if (is_negative)
        *exponent = -*exponent;
    return true;
}

static bool read_decimal(struct slice written, struct decimal *number)
{
    *number = (struct decimal){ .is_negative = take_byte(&written, "-") };
    (void)take_digits(&written, number);
    if (take_byte(&written, "."))
        number->exponent = -take_digits(&written, number);
    if (take_byte(&written, "eE")) {
        int64_t exponent;

        if (!take_exponent(written, &exponent))
            return false;
        number->exponent += exponent;
    }
    for (; number->n_digits && number->digits[number->n_digits - 1] == '0'; number->n_digits--)
        number->exponent++;
    return true;
}

/* Bytes being written, where there is room for all of them. */
struct writing {
    char *text;
    size_t len;
};

static void put(struct writing *out, char byte)
{
    out->text[out->len++] = byte;
}

/* 1200, 1.2, 0.0012; false where that takes more bytes than a number may have. */
static bool write_plain(const struct decimal *number, struct writing *out)
{
    int64_t n_whole = number->n_digits + number->exponent; /* digits before the point */
    int64_t n_zeros = n_whole < 1 ? 1 - n_whole : 0;       /* in front of the digits */
    int64_t n_bytes = number->is_negative + n_zeros + number->n_digits +
                      (number->exponent < 0 ? 1 : number->exponent);

    if (n_bytes > NUMBER_MAX_BYTES)
        return false;
    if (number->is_negative)
        put(out, '-');
    for (int64_t i = 0; i < n_zeros; i++) {
        put(out, '0');
        if (i == 0)
            put(out, '.');
    }
    for (int64_t i = 0; i < number->n_digits; i++) {
        if (i && i == n_whole)
            put(out, '.');
        put(out, number->digits[i]);
    }
    for (int64_t i = 0; i < number->exponent; i++)
        put(out, '0');
    return true;
}

/* 1.2e300 */
static void write_with_exponent(const struct decimal *number, struct writing *out)
{
    if (number->is_negative)
        put(out, '-');
    put(out, number->digits[0]);
    if (number->n_digits > 1)
        put(out, '.');
    for (int64_t i = 1; i < number->n_digits; i++)
        put(out, number->digits[i]);
    out->len += (size_t)snprintf(out->text + out->len, JSON_NUMBER_TEXT_BYTES - out->len,
                                 "e%" PRId64, number->exponent + number->n_digits - 1);
}

/* An integer: it is its own text. */
static bool is_integer(struct slice written)
{
    for (size_t i = 0; i < written.len; i++) {
        if (!is_digit(written.ptr[i]) && (i || written.ptr[i] != '-'))
            return false;
    }
    return !slice_eq(written, SLICE("-0"));
}

struct slice json_number_text(struct slice written, char *text)
{
    struct writing out = { .text = text };
    struct decimal number;

    if (is_integer(written) || written.len > NUMBER_MAX_BYTES || !read_decimal(written, &number))
        return written;
    if (!number.n_digits)
        return SLICE("0");
    if (!write_plain(&number, &out))
        write_with_exponent(&number, &out);
    return (struct slice){ text, out.len };
}
