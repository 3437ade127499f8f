#include "src/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_duration_carries_its_unit(void **state)
{
    static const struct {
        const char *text;
        int64_t duration_ms; /* -1: refused */
    } cases[] = {
        { .text = "90s", .duration_ms = 90 * SECOND_MS },
        { .text = "5m", .duration_ms = 5 * MINUTE_MS },
        { .text = "1h", .duration_ms = HOUR_MS },
        { .text = "7d", .duration_ms = 7 * DAY_MS },
        { .text = "250ms", .duration_ms = 250 },
        { .text = "1h30m", .duration_ms = 90 * MINUTE_MS },
        { .text = "1d2h3m4s5ms",
          .duration_ms = DAY_MS + 2 * HOUR_MS + 3 * MINUTE_MS + 4 * SECOND_MS + 5 },
        { .text = "0s", .duration_ms = 0 },
        { .text = "010s", .duration_ms = 10 * SECOND_MS },
        { .text = "3650d", .duration_ms = 3650 * DAY_MS },
        { .text = "3650d1ms", .duration_ms = -1 },
        { .text = "3651d", .duration_ms = -1 },
        { .text = "9223372036854775807d", .duration_ms = -1 },
        { .text = "9223372036854775808ms", .duration_ms = -1 },
        { .text = "99999999999999999999s", .duration_ms = -1 },
        { .text = "90", .duration_ms = -1 },
        { .text = "0", .duration_ms = -1 },
        { .text = "1h30", .duration_ms = -1 },
        { .text = "30m1h", .duration_ms = -1 },
        { .text = "1h1h", .duration_ms = -1 },
        { .text = "-5s", .duration_ms = -1 },
        { .text = "+5s", .duration_ms = -1 },
        { .text = "1.5h", .duration_ms = -1 },
        { .text = "5 m", .duration_ms = -1 },
        { .text = " 5m", .duration_ms = -1 },
        { .text = "5M", .duration_ms = -1 },
        { .text = "5min", .duration_ms = -1 },
        { .text = "2w", .duration_ms = -1 },
        { .text = "s", .duration_ms = -1 },
        { .text = "1x", .duration_ms = -1 },
        { .text = "", .duration_ms = -1 },
        { .text = NULL, .duration_ms = -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t duration_ms = -1;
        enum rc rc = duration_parse(slice_of(cases[i].text), &duration_ms);

        print_message("# %s\n", cases[i].text ? cases[i].text : "absent");
        assert_int_equal(rc, cases[i].duration_ms < 0 ? RC_INVALID : RC_OK);
        assert_true(duration_ms == cases[i].duration_ms);
    }
}

static void a_nul_does_not_end_a_quantity(void **state)
{
    int64_t value;

    (void)state;
    assert_int_equal(duration_parse(SLICE("5m\0"), &value), RC_INVALID);
    assert_int_equal(size_parse(SLICE("5MB\0"), &value), RC_INVALID);
}

static void a_duration_is_written_in_its_shortest_exact_form(void **state)
{
    static const struct {
        int64_t duration_ms;
        const char *text;
    } cases[] = {
        { .duration_ms = 0, .text = "0s" },
        { .duration_ms = 1, .text = "1ms" },
        { .duration_ms = 90 * SECOND_MS, .text = "1m30s" },
        { .duration_ms = DAY_MS, .text = "1d" },
        { .duration_ms = DAY_MS - 1, .text = "23h59m59s999ms" },
        { .duration_ms = -90 * SECOND_MS, .text = "-1m30s" },
        { .duration_ms = INT64_MAX, .text = "106751991167d7h12m55s807ms" },
        { .duration_ms = INT64_MIN, .text = "-106751991167d7h12m55s808ms" },
    };
    char text[TIME_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("# %s\n", cases[i].text);
        assert_string_equal(duration_format(cases[i].duration_ms, text), cases[i].text);
    }
}

static void what_is_written_is_read_as_the_same_duration(void **state)
{
    char text[TIME_TEXT_BYTES];

    (void)state;
    for (int64_t duration_ms = 1; duration_ms < 3650 * DAY_MS; duration_ms = duration_ms * 7 + 3) {
        int64_t read_ms = 0;

        duration_format(duration_ms, text);
        assert_int_equal(duration_parse(slice_of(text), &read_ms), RC_OK);
        assert_true(read_ms == duration_ms);
    }
}

static void people_read_one_unit(void **state)
{
    static const struct {
        int64_t duration_ms;
        const char *text;
    } cases[] = {
        { .duration_ms = -5 * SECOND_MS, .text = "0 s" },
        { .duration_ms = 3999, .text = "3 s" },
        { .duration_ms = MINUTE_MS - 1, .text = "59 s" },
        { .duration_ms = 5 * MINUTE_MS, .text = "5 min" },
        { .duration_ms = 2 * HOUR_MS, .text = "2 h" },
        { .duration_ms = 2 * DAY_MS - 1, .text = "47 h" },
        { .duration_ms = 4 * DAY_MS, .text = "4 days" },
        { .duration_ms = INT64_MAX, .text = "106751991167 days" },
    };
    char text[TIME_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("# %s\n", cases[i].text);
        assert_string_equal(duration_format_rough(cases[i].duration_ms, text), cases[i].text);
    }
}

static void a_size_carries_its_unit(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes; /* -1: refused */
    } cases[] = {
        { .text = "512B", .bytes = 512 },
        { .text = "64KB", .bytes = 64 * 1024 },
        { .text = "64KiB", .bytes = 64 * 1024 },
        { .text = "64kb", .bytes = 64 * 1024 },
        { .text = "5MB", .bytes = 5 * 1024 * 1024 },
        { .text = "2GB", .bytes = (int64_t)2 << 30 },
        { .text = "1TB", .bytes = (int64_t)1 << 40 },
        { .text = "0B", .bytes = 0 },
        { .text = "8388607TB", .bytes = (int64_t)8388607 << 40 },
        { .text = "8388608TB", .bytes = -1 },
        { .text = "9223372036854775807KB", .bytes = -1 },
        { .text = "9223372036854775808B", .bytes = -1 },
        { .text = "64", .bytes = -1 },
        { .text = "0", .bytes = -1 },
        { .text = "KB", .bytes = -1 },
        { .text = "64K", .bytes = -1 },
        { .text = "64 KB", .bytes = -1 },
        { .text = "-1KB", .bytes = -1 },
        { .text = "1.5GB", .bytes = -1 },
        { .text = "1iB", .bytes = -1 },
        { .text = "1KB1B", .bytes = -1 },
        { .text = "", .bytes = -1 },
        { .text = NULL, .bytes = -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t bytes = -1;
        enum rc rc = size_parse(slice_of(cases[i].text), &bytes);

        print_message("# %s\n", cases[i].text ? cases[i].text : "absent");
        assert_int_equal(rc, cases[i].bytes < 0 ? RC_INVALID : RC_OK);
        if (!rc)
            assert_true(bytes == cases[i].bytes);
    }
}

static void a_measured_duration_may_have_decimals_and_small_units(void **state)
{
    static const struct {
        const char *text;
        double duration_ms; /* -1: refused */
    } cases[] = {
        { .text = "90s", .duration_ms = 90000 },
        { .text = "1m30.5s", .duration_ms = 90500 },
        { .text = "1h0m0s", .duration_ms = 3600000 },
        { .text = "0.25ms", .duration_ms = 0.25 },
        { .text = "500us", .duration_ms = 0.5 },
        { .text = "500\xc2\xb5s", .duration_ms = 0.5 },
        { .text = "500\xce\xbcs", .duration_ms = 0.5 },
        { .text = "1000000ns", .duration_ms = 1 },
        { .text = "4000d", .duration_ms = 4000 * (double)DAY_MS },
        { .text = "90", .duration_ms = -1 },
        { .text = "1.5", .duration_ms = -1 },
        { .text = ".5s", .duration_ms = -1 },
        { .text = "5.s", .duration_ms = -1 },
        { .text = "1.5.5s", .duration_ms = -1 },
        { .text = "-5s", .duration_ms = -1 },
        { .text = "30s1m", .duration_ms = -1 },
        { .text = "1s1s", .duration_ms = -1 },
        { .text = "5 s", .duration_ms = -1 },
        { .text = "s", .duration_ms = -1 },
        { .text = "", .duration_ms = -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        double duration_ms = -1;

        if (duration_parse_real(slice_of(cases[i].text), &duration_ms))
            duration_ms = -1;
        if (duration_ms != cases[i].duration_ms)
            print_message("%s\n", cases[i].text);
        assert_true(duration_ms == cases[i].duration_ms);
    }
}

static void a_measured_size_may_have_decimals_and_a_blank(void **state)
{
    static const struct {
        const char *text;
        double bytes; /* -1: refused */
    } cases[] = {
        { "64KB", 65536 },
        { "1.5GB", 1610612736 },
        { "1.5 GB", 1610612736 },
        { "2 GiB", 2147483648.0 },
        { "0.5kb", 512 },
        { "0.1B", 0.1 },
        { "8388608TB", 9223372036854775808.0 },
        { "1.5", -1 },
        { "1.5  GB", -1 },
        { "1.5\tGB", -1 },
        { ".5GB", -1 },
        { "1.GB", -1 },
        { "1.5.5GB", -1 },
        { "-1.5GB", -1 },
        { "1.5 ", -1 },
        { "1.5GB ", -1 },
        { "GB", -1 },
        { "", -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        double bytes = -1;

        print_message("# %s\n", cases[i].text);
        if (size_parse_real(slice_of(cases[i].text), &bytes))
            bytes = -1;
        assert_true(bytes == cases[i].bytes);
    }
}

static void what_has_decimals_is_told_without_them(void **state)
{
    static const struct {
        bool (*has_decimals)(struct slice text, char *whole);
        const char *text;
        const char *whole; /* NULL: has none */
    } cases[] = {
        { duration_has_decimals, "1.5s", "1500ms" },
        { duration_has_decimals, "1.5h", "90m" },
        { duration_has_decimals, "0.5d", "12h" },
        { duration_has_decimals, "1m30.5s", "90500ms" },
        { duration_has_decimals, "1.1s", "1100ms" },
        { duration_has_decimals, "2.0h", "2h" },
        { duration_has_decimals, "0.5ms", "" },
        { duration_has_decimals, "9999.5d", "" },
        { duration_has_decimals, "90s", NULL },
        { duration_has_decimals, "1.5", NULL },
        { duration_has_decimals, "", NULL },
        { size_has_decimals, "1.5GB", "1536MB" },
        { size_has_decimals, "0.5 KiB", "512B" },
        { size_has_decimals, "1.3GB", "" },
        { size_has_decimals, "1GB", NULL },
        { size_has_decimals, "1.5s", NULL },
    };
    char whole[TIME_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        print_message("# %s\n", cases[i].text);
        assert_int_equal(cases[i].has_decimals(slice_of(cases[i].text), whole),
                         cases[i].whole != NULL);
        if (cases[i].whole)
            assert_string_equal(whole, cases[i].whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_duration_carries_its_unit),
        cmocka_unit_test(a_measured_duration_may_have_decimals_and_small_units),
        cmocka_unit_test(a_nul_does_not_end_a_quantity),
        cmocka_unit_test(a_duration_is_written_in_its_shortest_exact_form),
        cmocka_unit_test(what_is_written_is_read_as_the_same_duration),
        cmocka_unit_test(people_read_one_unit),
        cmocka_unit_test(a_size_carries_its_unit),
        cmocka_unit_test(a_measured_size_may_have_decimals_and_a_blank),
        cmocka_unit_test(what_has_decimals_is_told_without_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
