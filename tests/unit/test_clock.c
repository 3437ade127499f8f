#include "src/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Atomic int64_t shift_s;           /* what somebody did to the machine's wall clock */
static _Thread_local int64_t own_shift_s; /* a clock that jumps differently for each who reads it */

static _Thread_local void (*on_read)(void); /* what another thread does just then, once */

/* Stands before the C library's: no test may set the real clock. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    void (*once)(void) = on_read;

    if (clock == CLOCK_REALTIME)
        now->tv_sec += atomic_load(&shift_s) + own_shift_s;
    on_read = NULL;
    if (once)
        once();
    return result;
}

static void the_wall_clock_stands_still_while_the_machines_goes_back(void **state)
{
    int64_t before_ms = clock_wall_ms();

    (void)state;
    atomic_store(&shift_s, -3600);
    assert_true(clock_wall_ms() >= before_ms);
    assert_true(clock_wall_ms() < before_ms + MINUTE_MS);
    assert_true(clock_real_ms() < before_ms - 59 * MINUTE_MS); /* signed times want the real one */
    atomic_store(&shift_s, 0);
    assert_true(clock_wall_ms() >= before_ms);
}

static int64_t other_ms;

static void other_thread_reads_a_later_time(void)
{
    atomic_store(&shift_s, 10);
    other_ms = clock_wall_ms();
}

static void who_was_overtaken_while_reading_does_not_turn_the_clock_back(void **state)
{
    (void)state;
    atomic_store(&shift_s, 1);
    on_read = other_thread_reads_a_later_time;
    assert_true(clock_wall_ms() >= other_ms);
    atomic_store(&shift_s, 0);
    assert_true(clock_wall_ms() >= other_ms);
}

static _Atomic int64_t newest_ms; /* that any thread has seen */
static _Atomic bool went_back;

static void *look_at_the_clock(void *step)
{
    for (int i = 0; i < 20000; i++) {
        int64_t seen_ms = atomic_load(&newest_ms);
        int64_t now_ms;

        own_shift_s =
            i + i * *(const int *)step % 50; /* forward on the whole, back and forth on the way */
        now_ms = clock_wall_ms();
        if (now_ms < seen_ms)
            atomic_store(&went_back, true);
        while (now_ms > seen_ms && !atomic_compare_exchange_weak(&newest_ms, &seen_ms, now_ms))
            ;
    }
    return NULL;
}

static void no_thread_sees_a_time_before_one_that_another_saw(void **state)
{
    static int steps[] = { 7, 11, 13, 17 };
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, look_at_the_clock, &steps[i]), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_false(atomic_load(&went_back));
}

static void monotonic_time_does_not_follow_the_wall_clock(void **state)
{
    int64_t before_ms = clock_mono_ms();

    (void)state;
    atomic_store(&shift_s, 3600);
    assert_true(clock_mono_ms() - before_ms < 30 * MINUTE_MS);
    atomic_store(&shift_s, 0);
}

static void a_time_is_written_in_utc_with_milliseconds(void **state)
{
    static const struct {
        int64_t time_ms;
        const char *text;
    } cases[] = {
        { .time_ms = 0, .text = "1970-01-01T00:00:00.000Z" },
        { .time_ms = -1, .text = "1969-12-31T23:59:59.999Z" },
        { .time_ms = 1795248080123, .text = "2026-11-21T08:01:20.123Z" },
        { .time_ms = 951782400000, .text = "2000-02-29T00:00:00.000Z" },
        { .time_ms = 4107542399999, .text = "2100-02-28T23:59:59.999Z" },
        { .time_ms = 4107542400000, .text = "2100-03-01T00:00:00.000Z" },
        { .time_ms = 253402300799999, .text = "9999-12-31T23:59:59.999Z" },
        { .time_ms = INT64_MAX, .text = "9999-12-31T23:59:59.999Z" },
        { .time_ms = INT64_MIN, .text = "0000-01-01T00:00:00.000Z" },
    };
    char text[TIME_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("# %s\n", cases[i].text);
        assert_string_equal(time_format(cases[i].time_ms, text), cases[i].text);
    }
}

#define REFUSED INT64_MIN

struct time_case {
    const char *text;
    int64_t time_ms;
};

static void check_times(enum rc (*parse)(struct slice text, int64_t *time_ms),
                        const struct time_case *cases, size_t n_cases)
{
    for (size_t i = 0; i < n_cases; i++) {
        int64_t time_ms = REFUSED;
        enum rc rc = parse(slice_of(cases[i].text), &time_ms);

        print_message("# %s\n", cases[i].text ? cases[i].text : "absent");
        assert_int_equal(rc, cases[i].time_ms == REFUSED ? RC_INVALID : RC_OK);
        if (!rc)
            assert_true(time_ms == cases[i].time_ms);
    }
}

static void a_time_is_read_as_rfc_3339_has_it(void **state)
{
    static const struct time_case cases[] = {
        { .text = "2026-11-21T08:01:20.123Z", .time_ms = 1795248080123 },
        { .text = "2026-11-21T08:01:20Z", .time_ms = 1795248080000 },
        { .text = "2026-11-21t08:01:20z", .time_ms = 1795248080000 },
        { .text = "2026-11-21 08:01:20Z", .time_ms = 1795248080000 },
        { .text = "2026-11-21T08:01:20.1Z", .time_ms = 1795248080100 },
        { .text = "2026-11-21T08:01:20.123999999Z", .time_ms = 1795248080123 },
        { .text = "2026-11-21T08:01:20.00000000000000000000000001Z", .time_ms = 1795248080000 },
        { .text = "2026-11-21T10:01:20+02:00", .time_ms = 1795248080000 },
        { .text = "2026-11-21T02:31:20-05:30", .time_ms = 1795248080000 },
        { .text = "2026-11-21T08:01:20+00:00", .time_ms = 1795248080000 },
        { .text = "2026-11-21T08:01:20-00:00", .time_ms = 1795248080000 },
        { .text = "2026-12-31T23:30:00-01:00", .time_ms = 1798763400000 },
        { .text = "1969-12-31T23:59:59.999Z", .time_ms = -1 },
        { .text = "0000-01-01T00:00:00Z", .time_ms = -62167219200000 },
        { .text = "2000-02-29T00:00:00Z", .time_ms = 951782400000 },
        { .text = "2024-02-29T00:00:00Z", .time_ms = 1709164800000 },
        { .text = "2016-12-31T23:59:60Z", .time_ms = 1483228800000 }, /* a leap second */
        { .text = "2023-02-29T00:00:00Z", .time_ms = REFUSED },
        { .text = "2100-02-29T00:00:00Z", .time_ms = REFUSED },
        { .text = "2026-04-31T00:00:00Z", .time_ms = REFUSED },
        { .text = "2026-13-01T00:00:00Z", .time_ms = REFUSED },
        { .text = "2026-00-01T00:00:00Z", .time_ms = REFUSED },
        { .text = "2026-01-00T00:00:00Z", .time_ms = REFUSED },
        { .text = "2026-11-21T24:00:00Z", .time_ms = REFUSED },
        { .text = "2026-11-21T08:60:00Z", .time_ms = REFUSED },
        { .text = "2026-11-21T08:01:61Z", .time_ms = REFUSED },
        { .text = "2026-11-21T08:01:20", .time_ms = REFUSED }, /* whose time? */
        { .text = "2026-11-21T08:01Z", .time_ms = REFUSED },
        { .text = "2026-11-21", .time_ms = REFUSED },
        { .text = "2026-11-21T08:01:20.Z", .time_ms = REFUSED },
        { .text = "2026-11-21T08:01:20,5Z", .time_ms = REFUSED },
        { .text = "2026-11-21T08:01:20+0200", .time_ms = REFUSED },
        { .text = "2026-11-21T08:01:20+24:00", .time_ms = REFUSED },
        { .text = "2026-11-21T08:01:20+02:60", .time_ms = REFUSED },
        { .text = "2026-11-21T08:01:20 UTC", .time_ms = REFUSED },
        { .text = "2026-11-21T08:01:20ZZ", .time_ms = REFUSED },
        { .text = " 2026-11-21T08:01:20Z", .time_ms = REFUSED },
        { .text = "26-11-21T08:01:20Z", .time_ms = REFUSED },
        { .text = "2026-1-21T08:01:20Z", .time_ms = REFUSED },
        { .text = "1795248080", .time_ms = REFUSED },
        { .text = "", .time_ms = REFUSED },
        { .text = NULL, .time_ms = REFUSED },
    };

    (void)state;
    check_times(time_parse, cases, sizeof(cases) / sizeof(cases[0]));
}

static void a_nul_does_not_end_a_time(void **state)
{
    int64_t time_ms;

    (void)state;
    assert_int_equal(time_parse(SLICE("2026-11-21T08:01:20Z\0"), &time_ms), RC_INVALID);
    assert_int_equal(time_parse(SLICE("2026-11-21\00008:01:20Z"), &time_ms), RC_INVALID);
}

static void h13_times_of_senders_are_read_exactly(void **state)
{
    static const struct time_case cases[] = {
        { .text = "2026-11-21T10:01:20+02:00", .time_ms = 1795248080000 },
        { .text = "2026-11-21 08:01:20 UTC", .time_ms = 1795248080000 },
        { .text = "2026-11-21 10:01:20 +0200", .time_ms = 1795248080000 },
        { .text = "1795248080", .time_ms = 1795248080000 },
        { .text = "1795248080.123456", .time_ms = 1795248080123 },
        { .text = "0", .time_ms = 0 },
        { .text = "1795248080123", .time_ms = 1795248080123 },
        { .text = "1795248080123.9", .time_ms = 1795248080123 },
        { .text = "1795248080123456", .time_ms = 1795248080123 },
        { .text = "1795248080123456789", .time_ms = 1795248080123 },
        { .text = "9999999999999999999", .time_ms = REFUSED },
        { .text = "17952480801234", .time_ms = REFUSED },
        { .text = "17952480801234567890", .time_ms = REFUSED },
        { .text = "1e999", .time_ms = REFUSED },
        { .text = "1.795248e9", .time_ms = REFUSED },
        { .text = "-1", .time_ms = REFUSED },
        { .text = "1795248080.", .time_ms = REFUSED },
        { .text = ".5", .time_ms = REFUSED },
        { .text = "yesterday", .time_ms = REFUSED },
        { .text = "", .time_ms = REFUSED },
        { .text = NULL, .time_ms = REFUSED },
    };

    (void)state;
    check_times(time_parse_any, cases, sizeof(cases) / sizeof(cases[0]));
}

static void what_is_written_is_read_as_the_same_time(void **state)
{
    const int64_t step_ms = 97 * DAY_MS + 7 * HOUR_MS + 12345;
    char text[TIME_TEXT_BYTES];

    (void)state;
    for (int64_t time_ms = -62167219200000; time_ms < 253402300800000; time_ms += step_ms) {
        int64_t read_ms = 0;

        time_format(time_ms, text);
        assert_int_equal(time_parse(slice_of(text), &read_ms), RC_OK);
        assert_true(read_ms == time_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wall_clock_stands_still_while_the_machines_goes_back),
        cmocka_unit_test(who_was_overtaken_while_reading_does_not_turn_the_clock_back),
        cmocka_unit_test(no_thread_sees_a_time_before_one_that_another_saw),
        cmocka_unit_test(monotonic_time_does_not_follow_the_wall_clock),
        cmocka_unit_test(a_time_is_written_in_utc_with_milliseconds),
        cmocka_unit_test(a_time_is_read_as_rfc_3339_has_it),
        cmocka_unit_test(a_nul_does_not_end_a_time),
        cmocka_unit_test(h13_times_of_senders_are_read_exactly),
        cmocka_unit_test(what_is_written_is_read_as_the_same_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
