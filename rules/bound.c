#include "rules/bound.h"

#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/store/signals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX_BYTES JSON_NUMBER_TEXT_BYTES

static struct quantity of_integer(int64_t value)
{
    return (struct quantity){ .real = (double)value, .integer = value, .is_integer = true };
}

static enum rc parse_number(struct slice text, struct quantity *quantity)
{
    char digits[NUMBER_MAX_BYTES + 1];
    int64_t integer;
    char *end;

    if (slice_to_int(text, &integer) == RC_OK) {
        *quantity = of_integer(integer);
        return RC_OK;
    }
    if (text.len == 0 || text.len > NUMBER_MAX_BYTES)
        return RC_INVALID;
    /* strtod also takes "inf", "0x1p3" and blanks, which are no numbers here. */
    for (size_t i = 0; i < text.len; i++) {
        if (!text.ptr[i] || !strchr("0123456789+-.eE", text.ptr[i]))
            return RC_INVALID;
    }
    memcpy(digits, text.ptr, text.len);
    digits[text.len] = '\0';
    *quantity = (struct quantity){ .real = strtod(digits, &end) };
    return *end || !isfinite(quantity->real) ? RC_INVALID : RC_OK;
}

static enum rc parse_duration(struct slice text, struct quantity *quantity)
{
    int64_t duration_ms;
    enum rc rc = duration_parse(text, &duration_ms);

    if (!rc)
        *quantity = of_integer(duration_ms);
    return rc;
}

static enum rc parse_size(struct slice text, struct quantity *quantity)
{
    int64_t bytes;
    enum rc rc = size_parse(text, &bytes);

    if (!rc)
        *quantity = of_integer(bytes);
    return rc;
}

static enum rc parse_severity(struct slice text, struct quantity *quantity)
{
    int severity;
    enum rc rc = slice_to_enum(text, severity_names, &severity);

    if (!rc)
        *quantity = of_integer(severity);
    return rc ? RC_INVALID : RC_OK;
}

static enum rc read_duration(struct slice text, struct quantity *quantity)
{
    double duration_ms;
    enum rc rc;

    if (parse_duration(text, quantity) == RC_OK)
        return RC_OK;
    rc = duration_parse_real(text, &duration_ms);
    if (!rc)
        *quantity = (struct quantity){ .real = duration_ms };
    return rc;
}

static enum rc read_size(struct slice text, struct quantity *quantity)
{
    double bytes;

    if (parse_size(text, quantity) == RC_OK || parse_number(text, quantity) == RC_OK)
        return RC_OK;
    if (size_parse_real(text, &bytes))
        return RC_INVALID;
    *quantity = (struct quantity){ .real = bytes };
    return RC_OK;
}

static const struct {
    enum rc (*parse)(struct slice text, struct quantity *quantity);
    enum rc (*read)(struct slice text, struct quantity *quantity);
    const char *fault;
} units[] = {
    [BOUND_NUMBER] = { .parse = parse_number, .read = parse_number, .fault = "no number" },
    [BOUND_DURATION] = { .parse = parse_duration,
                         .read = read_duration,
                         .fault = "no duration with its unit" },
    [BOUND_SIZE] = { .parse = parse_size, .read = read_size, .fault = "no size" },
    [BOUND_SEVERITY] = { .parse = parse_severity, .read = parse_severity, .fault = "no severity" },
};

enum rc bound_parse(enum bound_unit unit, struct slice text, struct quantity *quantity)
{
    return units[unit].parse(text, quantity);
}

enum rc bound_read(enum bound_unit unit, struct slice text, struct quantity *quantity)
{
    return units[unit].read(text, quantity);
}

const char *bound_fault(enum bound_unit unit)
{
    return units[unit].fault;
}

int quantity_compare(const struct quantity *a, const struct quantity *b)
{
    if (a->is_integer && b->is_integer)
        return (a->integer > b->integer) - (a->integer < b->integer);
    return (a->real > b->real) - (a->real < b->real);
}
