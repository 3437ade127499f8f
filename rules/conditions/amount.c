#include "rules/conditions/amount.h"

#define DECIMALS 6
#define EXPONENT_MAX 400 /* beyond, as doubles have it */
#define DIGITS_MAX 64
#define FACTOR_MAX (1000000 * AMOUNT_ONE)

/* -- numbers -- */

/* What stands in a number, as its digits and where its point is. */
struct decimal {
    bool is_negative;
    char digits[DIGITS_MAX];
    size_t n_digits;
    int64_t n_whole; /* of the digits; negative: noughts stand between the point and them */
};

static bool is_digit(struct slice text)
{
    return text.len && text.ptr[0] >= '0' && text.ptr[0] <= '9';
}

static char take_char(struct slice *text)
{
    char taken = text->ptr[0];

    text->ptr++;
    text->len--;
    return taken;
}

static bool take_if(struct slice *text, const char *any_of)
{
    for (; text->len && *any_of; any_of++) {
        if (text->ptr[0] == *any_of) {
            (void)take_char(text);
            return true;
        }
    }
    return false;
}

/* False where there is none, or more than a number has. */
static bool take_digits(struct slice *text, struct decimal *decimal)
{
    size_t n_before = decimal->n_digits;

    while (is_digit(*text)) {
        if (decimal->n_digits == DIGITS_MAX)
            return false;
        decimal->digits[decimal->n_digits++] = take_char(text);
    }
    return decimal->n_digits > n_before;
}

static enum rc take_exponent(struct slice text, struct decimal *decimal)
{
    bool is_signed = text.len && text.ptr[0] == '-';
    int64_t exponent;

    if (!is_signed)
        (void)take_if(&text, "+");
    if ((!is_signed && !is_digit(text)) || slice_to_int(text, &exponent))
        return RC_INVALID;
    if (exponent > EXPONENT_MAX)
        exponent = EXPONENT_MAX;
    if (exponent < -EXPONENT_MAX)
        exponent = -EXPONENT_MAX;
    decimal->n_whole += exponent;
    return RC_OK;
}

static enum rc split(struct slice text, struct decimal *decimal)
{
    *decimal = (struct decimal){ .is_negative = take_if(&text, "-") };
    if (!decimal->is_negative)
        (void)take_if(&text, "+");
    if (!take_digits(&text, decimal))
        return RC_INVALID;
    decimal->n_whole = (int64_t)decimal->n_digits;
    if (take_if(&text, ".") && !take_digits(&text, decimal))
        return RC_INVALID;
    if (take_if(&text, "eE"))
        return take_exponent(text, decimal);
    return text.len ? RC_INVALID : RC_OK;
}

enum rc amount_parse_number(struct slice text, int64_t *amount)
{
    struct decimal decimal;
    int64_t value = 0;
    enum rc rc = split(text, &decimal);

    if (rc)
        return rc;
    for (int64_t i = 0; i < decimal.n_whole + DECIMALS; i++) {
        int64_t digit = i < (int64_t)decimal.n_digits ? decimal.digits[i] - '0' : 0;

        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            value = AMOUNT_MAX;
            break;
        }
    }
    *amount = decimal.is_negative ? -value : value;
    return RC_OK;
}

/* -- with a unit -- */

static int64_t whole(int64_t number)
{
    int64_t amount;

    if (!__builtin_mul_overflow(number, AMOUNT_ONE, &amount))
        return amount;
    return number < 0 ? -AMOUNT_MAX : AMOUNT_MAX;
}

/* No duration or size is less than nothing. */
static int64_t rounded(double number)
{
    double amount = number * (double)AMOUNT_ONE + 0.5;

    return amount >= (double)AMOUNT_MAX ? AMOUNT_MAX : (int64_t)amount;
}

/* A duration or a size. */
static enum rc parse_measure(enum bound_unit unit, struct slice text, int64_t *amount)
{
    struct quantity quantity;
    enum rc rc = bound_read(unit, text, &quantity);

    if (!rc)
        *amount = quantity.is_integer ? whole(quantity.integer) : rounded(quantity.real);
    return rc;
}

enum rc amount_parse(enum bound_unit unit, struct slice text, int64_t *amount)
{
    if (amount_parse_number(text, amount) == RC_OK)
        return unit == BOUND_DURATION ? RC_INVALID : RC_OK;
    return unit == BOUND_NUMBER ? RC_INVALID : parse_measure(unit, text, amount);
}

enum rc amount_parse_any(struct slice text, int64_t *amount)
{
    if (amount_parse_number(text, amount) == RC_OK ||
        parse_measure(BOUND_DURATION, text, amount) == RC_OK)
        return RC_OK;
    return parse_measure(BOUND_SIZE, text, amount);
}

/* -- of rules -- */

/* A number with `mark` behind it. */
static enum rc parse_marked(const struct node *node, char mark, int64_t *amount)
{
    struct slice text = node->type == NODE_SCALAR ? node->text : SLICE("");

    if (!text.len || text.ptr[text.len - 1] != mark || !is_digit(text))
        return RC_INVALID;
    text.len--;
    return amount_parse_number(text, amount);
}

bool amount_is_factor(const struct node *node)
{
    int64_t factor;

    return parse_marked(node, 'x', &factor) == RC_OK;
}

bool amount_read_factor(struct problems *problems, const char *member, const struct node *node,
                        int64_t more_than, int64_t *factor)
{
    if (parse_marked(node, 'x', factor) == RC_OK && *factor > more_than && *factor <= FACTOR_MAX)
        return true;
    node_problem(
        problems, node,
        "`%s` must be a factor with an x, as 4x or 2.5x, more than %dx and at most 1000000x",
        member, (int)(more_than / AMOUNT_ONE));
    return false;
}

bool amount_read_percent(struct problems *problems, const char *member, const struct node *node,
                         int64_t *percent)
{
    if (parse_marked(node, '%', percent) == RC_OK && *percent > 0 && *percent <= 100 * AMOUNT_ONE)
        return true;
    node_problem(problems, node,
                 "`%s` must be a share with a %%, as 5%% or 0.5%%, more than 0%% and at most 100%%",
                 member);
    return false;
}

bool amount_read_bound(struct problems *problems, const char *member, const struct node *node,
                       enum bound_unit *unit, int64_t *bound)
{
    static const enum bound_unit units[] = { BOUND_NUMBER, BOUND_DURATION, BOUND_SIZE };

    for (size_t i = 0; node->type == NODE_SCALAR && i < sizeof(units) / sizeof(*units); i++) {
        *unit = units[i];
        if (amount_parse(units[i], node->text, bound) == RC_OK)
            return true;
    }
    node_problem(problems, node,
                 "`%s` must be a number, a duration (90s), a size (64KB) or, with `against`, a "
                 "factor (2x)",
                 member);
    return false;
}
