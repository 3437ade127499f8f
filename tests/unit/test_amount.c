#include "rules/conditions/amount.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NONE INT64_MIN /* refused */

static void assert_amount(enum rc rc, int64_t amount, const char *text, int64_t wanted)
{
    bool is_right = wanted == NONE ? rc == RC_INVALID : rc == RC_OK && amount == wanted;

    if (!is_right)
        print_message("`%s` gave %lld (%s)\n", text, (long long)amount, rc_text(rc));
    assert_true(is_right);
}

static void a_number_is_exact_to_a_millionth(void **state)
{
    static const struct {
        const char *text;
        int64_t amount;
    } cases[] = {
        { "0", 0 },
        { "1", 1000000 },
        { "-1", -1000000 },
        { "+1", 1000000 },
        { "0.1", 100000 },
        { "0.000001", 1 },
        { "0.0000019", 1 },
        { "-0.5", -500000 },
        { "00.50", 500000 },
        { "1e3", 1000000000 },
        { "1.5E-4", 150 },
        { "25e-7", 2 },
        { "1e-400", 0 },
        { "1e-99999999999", 0 },
        { "1e99999999999999999999", NONE },
        { "12e+1", 120000000 },
        { "9223372036854.775807", INT64_MAX },
        { "9223372036854.775808", AMOUNT_MAX },
        { "1e400", AMOUNT_MAX },
        { "-1e400", -AMOUNT_MAX },
        { "0e400", 0 },
        { "", NONE },
        { "-", NONE },
        { ".5", NONE },
        { "1.", NONE },
        { "1e", NONE },
        { "1e+", NONE },
        { "1e+-3", NONE },
        { "1x", NONE },
        { "0x10", NONE },
        { "inf", NONE },
        { "1 ", NONE },
        { " 1", NONE },
        { "1.2.3", NONE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t amount = 0;
        enum rc rc = amount_parse_number(slice_of(cases[i].text), &amount);

        assert_amount(rc, amount, cases[i].text, cases[i].amount);
    }
}

static void a_value_is_read_as_what_its_bound_is(void **state)
{
    static const struct {
        enum bound_unit unit;
        const char *text;
        int64_t amount;
    } cases[] = {
        { BOUND_NUMBER, "93", 93 * AMOUNT_ONE },
        { BOUND_NUMBER, "93s", NONE },
        { BOUND_DURATION, "93s", 93000 * AMOUNT_ONE },
        { BOUND_DURATION, "1m33s", 93000 * AMOUNT_ONE },
        { BOUND_DURATION, "1.5s", 1500 * AMOUNT_ONE },
        { BOUND_DURATION, "0.1s", 100 * AMOUNT_ONE },
        { BOUND_DURATION, "250us", 250000 },
        { BOUND_DURATION, "93", NONE },
        { BOUND_DURATION, "1KB", NONE },
        { BOUND_SIZE, "1KB", 1024 * AMOUNT_ONE },
        { BOUND_SIZE, "1024", 1024 * AMOUNT_ONE },
        { BOUND_SIZE, "1024TB", AMOUNT_MAX },
        { BOUND_SIZE, "90s", NONE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t amount = 0;
        enum rc rc = amount_parse(cases[i].unit, slice_of(cases[i].text), &amount);

        assert_amount(rc, amount, cases[i].text, cases[i].amount);
    }
}

static void without_a_bound_a_value_is_what_it_looks_like(void **state)
{
    static const struct {
        const char *text;
        int64_t amount;
    } cases[] = {
        { "93", 93 * AMOUNT_ONE },
        { "93s", 93000 * AMOUNT_ONE },
        { "2KB", 2048 * AMOUNT_ONE },
        { "fast", NONE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t amount = 0;
        enum rc rc = amount_parse_any(slice_of(cases[i].text), &amount);

        assert_amount(rc, amount, cases[i].text, cases[i].amount);
    }
}

/* -- of rules -- */

typedef bool reader(struct problems *problems, const char *member, const struct node *node,
                    int64_t *amount);

static void assert_reads(reader *reads, const char *text, int64_t wanted, const char *said)
{
    const struct node node = { .type = NODE_SCALAR, .text = slice_of(text) };
    struct problems *problems = NULL;
    struct buffer all;
    int64_t amount = 0;
    bool is_read;

    assert_int_equal(problems_new(&problems), RC_OK);
    is_read = reads(problems, "spike", &node, &amount);
    assert_amount(is_read ? RC_OK : RC_INVALID, amount, text, wanted);
    buffer_init(&all, 0);
    problems_format(problems, &all);
    buffer_add_byte(&all, '\0');
    assert_int_equal(strstr(all.ptr, said) != NULL, wanted == NONE);
    buffer_free(&all);
    problems_free(problems);
}

static bool read_factor(struct problems *problems, const char *member, const struct node *node,
                        int64_t *factor)
{
    return amount_read_factor(problems, member, node, AMOUNT_ONE, factor);
}

static void a_factor_has_an_x_and_is_more_than_1(void **state)
{
    static const char said[] =
        "`spike` must be a factor with an x, as 4x or 2.5x, more than 1x and at most 1000000x";

    (void)state;
    assert_reads(read_factor, "4x", 4 * AMOUNT_ONE, said);
    assert_reads(read_factor, "2.5x", 2500000, said);
    assert_reads(read_factor, "1.000001x", 1000001, said);
    assert_reads(read_factor, "1000000x", 1000000 * AMOUNT_ONE, said);
    assert_reads(read_factor, "1000001x", NONE, said);
    assert_reads(read_factor, "1x", NONE, said);
    assert_reads(read_factor, "-4x", NONE, said);
    assert_reads(read_factor, "4", NONE, said);
    assert_reads(read_factor, "x", NONE, said);
    assert_reads(read_factor, "", NONE, said);
    assert_reads(read_factor, "4X", NONE, said);
}

static void a_share_has_a_percent_sign_and_is_at_most_all(void **state)
{
    static const char said[] =
        "`spike` must be a share with a %, as 5% or 0.5%, more than 0% and at most 100%";

    (void)state;
    assert_reads(amount_read_percent, "5%", 5 * AMOUNT_ONE, said);
    assert_reads(amount_read_percent, "0.5%", 500000, said);
    assert_reads(amount_read_percent, "0.000001%", 1, said);
    assert_reads(amount_read_percent, "100%", 100 * AMOUNT_ONE, said);
    assert_reads(amount_read_percent, "100.000001%", NONE, said);
    assert_reads(amount_read_percent, "0%", NONE, said);
    assert_reads(amount_read_percent, "-5%", NONE, said);
    assert_reads(amount_read_percent, "5", NONE, said);
    assert_reads(amount_read_percent, "0.05", NONE, said);
    assert_reads(amount_read_percent, "%", NONE, said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_exact_to_a_millionth),
        cmocka_unit_test(a_value_is_read_as_what_its_bound_is),
        cmocka_unit_test(without_a_bound_a_value_is_what_it_looks_like),
        cmocka_unit_test(a_factor_has_an_x_and_is_more_than_1),
        cmocka_unit_test(a_share_has_a_percent_sign_and_is_at_most_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
