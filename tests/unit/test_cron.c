#include "src/base/clock.h"
#include "src/base/cron.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;

static int make_arena(void **state)
{
    (void)state;
    return arena_new(1 << 20, &arena) == RC_OK ? 0 : -1;
}

static int free_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct time_zone *zone_of(const char *name)
{
    const struct time_zone *zone = NULL;

    assert_int_equal(time_zone_find(slice_of(name), arena, &zone), RC_OK);
    return zone;
}

static int64_t at(const char *text)
{
    int64_t time_ms = -1;

    assert_int_equal(time_parse(slice_of(text), &time_ms), RC_OK);
    return time_ms;
}

static struct cron cron_of(const char *text)
{
    struct cron_fault fault = { 0 };
    struct cron cron;

    if (cron_parse(slice_of(text), &cron, &fault))
        print_message("%s: %s\n", text, fault.text);
    assert_int_equal(cron_parse(slice_of(text), &cron, &fault), RC_OK);
    return cron;
}

/* The slots of `text` after `after` are those that `expected` lists, with blanks between them. */
static void assert_slots(const char *text, const char *zone, const char *after,
                         const char *expected)
{
    struct cron cron = cron_of(text);
    struct slice rest = slice_of(expected);
    int64_t time_ms = at(after);

    while (rest.len) {
        struct slice word = slice_cut(&rest, ' ');
        char got[TIME_TEXT_BYTES];

        time_ms = cron_next(&cron, zone_of(zone), time_ms);
        (void)time_format(time_ms, got);
        if (!slice_starts(slice_of(got), word))
            print_message("%s in %s: %s, expected %.*s\n", text, zone, got, (int)word.len,
                          word.ptr);
        assert_true(slice_starts(slice_of(got), word));
    }
}

/* -- the fields -- */

static void slots_are_those_that_the_fields_name(void **state)
{
    static const struct {
        const char *text, *after, *expected;
    } cases[] = {
        { "* * * * *", "2026-11-29T10:00:00Z", "2026-11-29T10:01 2026-11-29T10:02" },
        { "* * * * *", "2026-11-29T10:00:59.999Z", "2026-11-29T10:01:00.000" },
        { "*/15 * * * *", "2026-11-29T10:31:00Z", "2026-11-29T10:45 2026-11-29T11:00" },
        { "0 2 * * *", "2026-11-29T01:59:59.999Z", "2026-11-29T02:00 2026-11-30T02:00" },
        { "0 2 * * *", "2026-11-29T02:00:00Z", "2026-11-30T02:00" },
        { "0 2 * * mon-fri", "2026-11-27T02:00:00Z", "2026-11-30T02:00 2026-12-01T02:00" },
        { "0 0 * * 0", "2026-11-28T00:00:00Z", "2026-11-29T00:00 2026-12-06T00:00" },
        { "0 0 * * 7", "2026-11-28T00:00:00Z", "2026-11-29T00:00" },
        { "0 0 * * SAT-Sun", "2026-11-27T00:00:00Z",
          "2026-11-28T00:00 2026-11-29T00:00 2026-12-05T00:00" },
        { "5,35 8-18/5 * * *", "2026-11-29T08:05:00Z",
          "2026-11-29T08:35 2026-11-29T13:05 2026-11-29T13:35 2026-11-29T18:05" },
        { "0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00 2026-05-31T00:00" },
        { "0 0 29 feb *", "2026-01-01T00:00:00Z", "2028-02-29T00:00 2032-02-29T00:00" },
        { "0 0 1 jan-mar,dec *", "2026-03-01T00:00:00Z", "2026-12-01T00:00 2027-01-01T00:00" },
        { "59 23 31 12 *", "2026-12-31T23:59:00Z", "2027-12-31T23:59" },
        { "  0\t2 * *   *  ", "2026-11-29T01:00:00Z", "2026-11-29T02:00" },
        { "0 0 * * *", "1969-12-30T12:00:00Z", "1969-12-31T00:00 1970-01-01T00:00" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_slots(cases[i].text, "UTC", cases[i].after, cases[i].expected);
}

static void of_two_restricted_days_one_is_enough(void **state)
{
    (void)state;
    /* 13 November 2026 is a Friday. */
    assert_slots("0 0 13 * fri", "UTC", "2026-11-01T00:00:00Z",
                 "2026-11-06T00:00 2026-11-13T00:00 2026-11-20T00:00 2026-11-27T00:00 "
                 "2026-12-04T00:00 2026-12-11T00:00 2026-12-13T00:00");
    /* A field that begins with a star leaves the decision to the other one: then both must hold. */
    assert_slots("0 0 */13 * fri", "UTC", "2026-11-01T00:00:00Z",
                 "2026-11-27T00:00 2027-01-01T00:00");
    assert_slots("0 0 30 2 mon", "UTC", "2026-01-01T00:00:00Z", "2026-02-02T00:00");
}

static void what_is_no_schedule_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text;
        size_t offset;
        const char *said;
    } cases[] = {
        { "", 0,
          "a schedule has five fields (minute, hour, day of the month, month, day of the week), "
          "not 0" },
        { "0 2 * *", 0, "not 4" },
        { "0 2 * * * *", 0, "not 6" },
        { "@daily", 0, "not 1" },
        { "60 2 * * *", 0, "`60` is no minute: 0 to 59" },
        { "-1 2 * * *", 0, "`` is no minute: 0 to 59" },
        { "0 24 * * *", 2, "`24` is no hour: 0 to 23" },
        { "0 0 0 * *", 4, "`0` is no day of the month: 1 to 31" },
        { "0 0 * 13 *", 6, "`13` is no month: 1 to 12 or jan to dec" },
        { "0 0 * * 8", 8, "`8` is no day of the week: 0 to 7 or sun to sat" },
        { "0 0 * * mon-fry", 12, "`fry` is no day of the week" },
        { "0 0 * * fri-mon", 8, "a range goes from the lower to the higher value" },
        { "0 0 * jan,feb, *", 6, "nothing stands after the last comma" },
        { "0,,5 0 * * *", 0, "`0,,5` is no minute" },
        { "5/15 * * * *", 0, "`5/15` is no minute: a step stands after `*` or a range" },
        { "*/0 * * * *", 0, "a step is a number from 1 on" },
        { "*/60 * * * *", 0, "a step is a number from 1 on, smaller than the field" },
        { "*/ * * * *", 0, "a step is a number" },
        { "0 0 30 feb *", 4,
          "`30` is no day of the month: none of its months ever has such a day" },
        { "0 0 31 4,6,9,nov *", 4, "none of its months ever has such a day" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cron_fault fault = { .offset = 99 };
        struct cron cron;

        assert_int_equal(cron_parse(slice_of(cases[i].text), &cron, &fault), RC_INVALID);
        if (!strstr(fault.text, cases[i].said) || fault.offset != cases[i].offset)
            print_message("%s: %s at %zu\n", cases[i].text, fault.text, fault.offset);
        assert_non_null(strstr(fault.text, cases[i].said));
        assert_int_equal(fault.offset, cases[i].offset);
    }
}

/* -- zones -- */

static void a_schedule_goes_by_the_wall_of_its_zone(void **state)
{
    (void)state;
    assert_slots("0 2 * * *", "Europe/Berlin", "2026-07-01T12:00:00Z",
                 "2026-07-02T00:00 2026-07-03T00:00");
    assert_slots("0 2 * * *", "America/New_York", "2026-12-01T12:00:00Z", "2026-12-02T07:00");
    assert_slots("0 2 * * mon", "Asia/Kathmandu", "2026-11-29T00:00:00Z", "2026-11-29T20:15");
}

/* Berlin, 29 March 2026: from 02:00 to 03:00, at 01:00 UTC. */
static void a_time_that_the_clocks_skip_is_due_when_they_jump(void **state)
{
    (void)state;
    assert_slots("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00:00Z",
                 "2026-03-28T01:30 2026-03-29T01:00:00.000 2026-03-30T00:30");
    assert_slots("0,30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
                 "2026-03-29T01:00 2026-03-30T00:00");
    assert_slots("0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
                 "2026-03-29T01:00 2026-03-30T01:00");
    /* Where the wall is followed, what it does not show does not come. */
    assert_slots("30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z",
                 "2026-03-29T00:30 2026-03-29T01:30");
    assert_slots("*/30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
                 "2026-03-30T00:00 2026-03-30T00:30");
}

/* Berlin, 25 October 2026: from 03:00 back to 02:00, at 01:00 UTC. */
static void a_time_that_the_clocks_show_twice_is_due_the_first_time(void **state)
{
    (void)state;
    assert_slots("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
                 "2026-10-25T00:30 2026-10-26T01:30");
    assert_slots("30 2 * * *", "Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-26T01:30");
    assert_slots("0 3 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
                 "2026-10-25T02:00 2026-10-26T02:00");
    assert_slots("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z",
                 "2026-10-25T00:00 2026-10-25T01:00 2026-10-25T02:00");
    assert_slots("*/30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
                 "2026-10-25T00:00 2026-10-25T00:30 2026-10-25T01:00 2026-10-25T01:30 "
                 "2026-10-26T01:00");
}

static void the_millisecond_before_a_change_of_the_clocks_is_no_gap(void **state)
{
    struct cron cron = cron_of("0 * * * *");

    (void)state;
    assert_int_equal(cron_next(&cron, zone_of("Europe/Berlin"), at("2026-03-29T01:00:00Z") - 1),
                     at("2026-03-29T01:00:00Z"));
    assert_int_equal(cron_next(&cron, zone_of("Europe/Berlin"), at("2026-10-25T01:00:00Z") - 1),
                     at("2026-10-25T01:00:00Z"));
}

static void the_longest_gap_is_what_lies_between_two_slots(void **state)
{
    static const struct {
        const char *text, *zone;
        int64_t gap_ms;
    } cases[] = {
        { "* * * * *", "UTC", MINUTE_MS },
        { "*/15 * * * *", "UTC", 15 * MINUTE_MS },
        { "0 2 * * *", "UTC", DAY_MS },
        { "0 2 * * *", "Europe/Berlin", DAY_MS + HOUR_MS },
        { "0 2 * * mon-fri", "UTC", 3 * DAY_MS },
        { "0 0,23 * * *", "UTC", 23 * HOUR_MS },
        { "0 2 * * sun", "UTC", 7 * DAY_MS },
        { "0 2,14 * * sun", "UTC", 6 * DAY_MS + 12 * HOUR_MS },
        { "0 2 1 * *", "UTC", 31 * DAY_MS },
        { "0 2 29 feb *", "UTC", 1461 * DAY_MS },
        { "* * * jan *", "UTC", 335 * DAY_MS + MINUTE_MS },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cron cron = cron_of(cases[i].text);
        int64_t gap_ms = cron_longest_gap(&cron, zone_of(cases[i].zone));

        if (gap_ms != cases[i].gap_ms)
            print_message("%s in %s: %lld\n", cases[i].text, cases[i].zone, (long long)gap_ms);
        assert_int_equal(gap_ms, cases[i].gap_ms);
    }
}

/* -- what systemd says -- */

/* As cron and as systemd write them. None at an hour that clocks skip: systemd leaves such a slot out, and cron does not. */
static const char *const forms[][2] = {
    { "0 4 * * *", "*-*-* 04:00:00" },
    { "*/15 * * * *", "*-*-* *:00/15:00" },
    { "0 4 * * mon-fri", "Mon..Fri *-*-* 04:00:00" },
    { "30 6 1,15 * *", "*-*-01,15 06:30:00" },
    { "0 0 31 * *", "*-*-31 00:00:00" },
    { "0 12 29 2 *", "*-02-29 12:00:00" },
    { "10-50/20 8-18/5 * * sat,sun", "Sat,Sun *-*-* 08..18/5:10..50/20:00" },
    { "0 9 * jan-mar tue", "Tue *-01..03-* 09:00:00" },
};
static const char *const moments[] = {
    "2026-01-01 00:00:00", "2026-02-28 23:59:59", "2026-03-29 00:30:00",
    "2026-10-25 00:30:00", "2027-12-31 18:10:00", "2028-02-29 12:00:00",
};
static const char *const zones[] = { "UTC", "Europe/Berlin", "America/New_York" };

/* The slot after a moment, as "(in UTC): Mon 2026-11-30 02:00:00 UTC" or "Next elapse: …" say. */
static bool systemd_says(const char *form, const char *zone, const char *moment, char *slot)
{
    char command[256], line[256];
    bool found = false;
    FILE *out;

    (void)snprintf(command, sizeof command,
                   "TZ=UTC systemd-analyze calendar --base-time='%s UTC' '%s %s' 2>/dev/null",
                   moment, form, zone);
    out = popen(command, "r"); /* NOLINT(cert-env33-c): texts of ours */
    assert_non_null(out);
    while (fgets(line, sizeof line, out)) {
        const char *next = strstr(line, "Next elapse: ");

        if (!next)
            continue;
        found = sscanf(next, "Next elapse: %*s %10s %8s UTC", slot, slot + 11) == 2;
        slot[10] = 'T';
    }
    (void)pclose(out);
    return found;
}

static void slots_are_those_of_systemd(void **state)
{
    char slot[32];

    (void)state;
    if (!systemd_says("*-*-* 02:00:00", "UTC", "2026-01-01 00:00:00", slot)) {
        print_message("systemd-analyze is not here, or says nothing: not compared\n");
        skip();
    }
    for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
        for (size_t moment = 0; moment < sizeof moments / sizeof *moments; moment++) {
            for (size_t zone = 0; zone < sizeof zones / sizeof *zones; zone++) {
                char after[32];

                (void)snprintf(after, sizeof after, "%sZ", moments[moment]);
                assert_true(systemd_says(forms[form][1], zones[zone], moments[moment], slot));
                assert_slots(forms[form][0], zones[zone], after, slot);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_those_that_the_fields_name),
        cmocka_unit_test(of_two_restricted_days_one_is_enough),
        cmocka_unit_test(what_is_no_schedule_is_refused_with_its_place),
        cmocka_unit_test(a_schedule_goes_by_the_wall_of_its_zone),
        cmocka_unit_test(a_time_that_the_clocks_skip_is_due_when_they_jump),
        cmocka_unit_test(a_time_that_the_clocks_show_twice_is_due_the_first_time),
        cmocka_unit_test(the_millisecond_before_a_change_of_the_clocks_is_no_gap),
        cmocka_unit_test(the_longest_gap_is_what_lies_between_two_slots),
        cmocka_unit_test(slots_are_those_of_systemd),
    };

    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
