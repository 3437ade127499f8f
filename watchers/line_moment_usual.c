/* The forms in which lines usually say when, tried in the order of their table at each place where one may begin. */
#include "watchers/line_moment.h"

#include <string.h>

/* A shape is a first look, so that a form is tried only where it may stand: 9 is a digit, 0 a digit or a blank, A and a letters,
 * K a letter of klog, all else itself. The conversions that are no letters are told in line_conversion.h. */
struct usual {
    struct slice shape;
    struct slice form;
    bool leads; /* at the beginning or behind a bracket alone: elsewhere it may be any number */
    size_t skip_bytes; /* of the shape, before the form */
};

#define TEXT(literal)                                                                              \
    {                                                                                              \
        .ptr = (literal), .len = sizeof(literal) - 1                                               \
    }

/* clang-format off */
static const struct usual usual_forms[] = {
    /* RFC 3339 and what is near it */
    { .shape = TEXT("9999-99-99"), .form = TEXT("%Y-%m-%d%~%H:%M:%S%.%:") },
    /* syslog, asctime, date */
    { .shape = TEXT("Aaa 09 99:99:99 AA"), .form = TEXT("%b %d %H:%M:%S %Z %Y") },
    { .shape = TEXT("Aaa 09 99:99:99"), .form = TEXT("%b %d %H:%M:%S%.%,") },
    { .shape = TEXT("Aaa 9 99:99:99"), .form = TEXT("%b %d %H:%M:%S%.%,") },
    { .shape = TEXT("Aaa 09 9999 99:99:99"), .form = TEXT("%b %d %Y %H:%M:%S%.%:") },
    { .shape = TEXT("Aaa 9"), .form = TEXT("%b %d, %Y %I:%M:%S%. %p") },
    { .shape = TEXT("Aaa 9"), .form = TEXT("%b %d, %Y %H:%M:%S%.%:") },
    /* nginx, Go */
    { .shape = TEXT("9999/99/99 "), .form = TEXT("%Y/%m/%d %H:%M:%S%.%:") },
    /* common log format */
    { .shape = TEXT("99/Aaa/9999:"), .form = TEXT("%d/%b/%Y:%H:%M:%S%.%:") },
    { .shape = TEXT("99/Aaa/9999 "), .form = TEXT("%d/%b/%Y %H:%M:%S%.%:") },
    /* BIND, PHP */
    { .shape = TEXT("99-Aaa-9999 "), .form = TEXT("%d-%b-%Y %H:%M:%S%.%:") },
    /* Redis, RFC 2822 */
    { .shape = TEXT("99 Aaa 9999 "), .form = TEXT("%d %b %Y %H:%M:%S%.%:") },
    { .shape = TEXT("9 Aaa 9999 "), .form = TEXT("%d %b %Y %H:%M:%S%.%:") },
    /* ISO 8601 without signs, DB2 */
    { .shape = TEXT("99999999T999999"), .form = TEXT("%Y%m%dT%H%M%S%.%:") },
    { .shape = TEXT("99999999 99:99:99"), .form = TEXT("%Y%m%d %H:%M:%S%.%:") },
    { .shape = TEXT("9999-99-99-99.99.99"), .form = TEXT("%Y-%m-%d-%H.%M.%S%.") },
    /* since 1970 */
    { .shape = TEXT("9999999999"), .form = TEXT("%@"), .leads = true },
    /* klog and glog, logcat, MySQL before 5.7, Hadoop */
    { .shape = TEXT("K9999 99:99:99"), .form = TEXT("%m%d %H:%M:%S%."), .leads = true, .skip_bytes = 1 },
    { .shape = TEXT("99-99 99:99:99."), .form = TEXT("%m-%d %H:%M:%S%."), .leads = true },
    { .shape = TEXT("999999 09:99:99 "), .form = TEXT("%y%m%d %H:%M:%S"), .leads = true },
    { .shape = TEXT("999999 999999 "), .form = TEXT("%y%m%d %H%M%S"), .leads = true },
};
/* clang-format on */

static bool fits(char byte, char shape)
{
    switch (shape) {
    case '9':
        return byte >= '0' && byte <= '9';
    case '0':
        return (byte >= '0' && byte <= '9') || byte == ' ';
    case 'A':
        return byte >= 'A' && byte <= 'Z';
    case 'a':
        return byte >= 'a' && byte <= 'z';
    case 'K':
        return byte && strchr("IWEF", byte);
    default:
        return byte == shape;
    }
}

static bool has_shape(struct slice text, struct slice shape)
{
    if (text.len < shape.len)
        return false;
    for (size_t i = 0; i < shape.len; i++) {
        if (!fits(text.ptr[i], shape.ptr[i]))
            return false;
    }
    return true;
}

static enum rc take_at(struct slice *rest, bool leads, struct moment *moment)
{
    for (size_t i = 0; i < sizeof usual_forms / sizeof *usual_forms; i++) {
        const struct usual *usual = &usual_forms[i];
        struct slice at = *rest;

        if ((usual->leads && !leads) || !has_shape(at, usual->shape))
            continue;
        at.ptr += usual->skip_bytes;
        at.len -= usual->skip_bytes;
        if (moment_take(usual->form, &at, moment) != RC_OK)
            continue;
        *rest = at;
        return RC_OK;
    }
    return RC_NOT_FOUND;
}

enum rc moment_take_usual(struct slice *rest, struct moment *moment)
{
    return take_at(rest, true, moment);
}

struct slice moment_line_begin(struct slice line)
{
    size_t n_digits = 0;

    while (line.len && (*line.ptr == ' ' || *line.ptr == '\t')) {
        line.ptr++;
        line.len--;
    }
    if (!line.len || *line.ptr != '<')
        return line;
    while (n_digits < 3 && n_digits + 1 < line.len && fits(line.ptr[n_digits + 1], '9'))
        n_digits++;
    if (!n_digits || n_digits + 1 >= line.len || line.ptr[n_digits + 1] != '>')
        return line;
    return (struct slice){ line.ptr + n_digits + 2, line.len - n_digits - 2 };
}

static bool is_bracket(char byte)
{
    return byte == '[' || byte == '(';
}

/* A time stands behind one of these: in the middle of a word or of a number there is none. */
static bool may_precede(char byte)
{
    return byte && strchr(" \t[({<>\"',;|=:", byte);
}

enum rc moment_find_usual(struct slice line, struct moment *moment)
{
    struct slice begin = moment_line_begin(line);

    for (size_t i = 0; i < begin.len && i < MOMENT_NEAR_BYTES; i++) {
        struct slice at = { .ptr = begin.ptr + i, .len = begin.len - i };
        char before = i ? begin.ptr[i - 1] : ' ';
        bool may_begin = fits(*at.ptr, '9') || fits(*at.ptr, 'A');

        if (may_begin && may_precede(before) &&
            take_at(&at, i == 0 || is_bracket(before), moment) == RC_OK)
            return RC_OK;
    }
    return RC_NOT_FOUND;
}
