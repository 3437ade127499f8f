#include "watchers/line_moment.h"

#include "watchers/line_conversion.h"

#include <string.h>

/* Conversions that no configuration can write. */
#define ALSO_PRIVATE ".:,~@"

static const struct moment nothing_said = {
    .year = -1, .month = -1, .day = -1, .day_of_year = -1, .hour = -1, .half = -1
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip(struct slice *rest, size_t n_bytes)
{
    rest->ptr += n_bytes;
    rest->len -= n_bytes;
}

static bool take_byte(struct slice *rest, char byte)
{
    if (!rest->len || *rest->ptr != byte)
        return false;
    skip(rest, 1);
    return true;
}

/* What stands between the conversions. */
static bool take_literal(struct slice form, struct slice *rest)
{
    bool is_before_decimals =
        form.len >= 3 && form.ptr[1] == '%' && (form.ptr[2] == 'L' || form.ptr[2] == 'f');

    if (is_blank(*form.ptr)) {
        while (rest->len && is_blank(*rest->ptr))
            skip(rest, 1);
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
        conversion = form.len > 1 ? conversion_find(form.ptr[1]) : NULL;
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
    if (!take_parts(form, &at, moment) || (at.len && *at.ptr >= '0' && *at.ptr <= '9'))
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
        if (rest.len < 2 || !conversion_find(rest.ptr[1]) || strchr(ALSO_PRIVATE, rest.ptr[1]))
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
