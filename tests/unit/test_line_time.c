#include "src/base/clock.h"
#include "watchers/line_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REFERENCE "2026-11-29T12:00:00Z"

static struct arena *arena;
static struct problems *problems;
static struct pattern_scratch *scratch;

static int set_up(void **state)
{
    (void)state;
    if (setenv("TZ", "Europe/Berlin", 1))
        return -1;
    return arena_new(16 << 20, &arena) || problems_new(&problems) || pattern_scratch_new(&scratch);
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    problems_free(problems);
    pattern_scratch_free(scratch);
    return 0;
}

static int64_t at(const char *text)
{
    int64_t time_ms = -1;

    assert_int_equal(time_parse(slice_of(text), &time_ms), RC_OK);
    return time_ms;
}

static const struct node *yaml(const char *text)
{
    struct node *root = NULL;

    assert_int_equal(document_parse(SLICE("x.yaml"), slice_of(text), arena, problems, &root),
                     RC_OK);
    return node_find(root, "time");
}

static struct line_time *spec_of(const char *text)
{
    struct line_time *spec = NULL;

    assert_int_equal(line_time_read(text ? yaml(text) : NULL, arena, problems, &spec), RC_OK);
    return spec;
}

/* `expected` NULL: the line says no time. */
static void claim(const struct line_time *spec, struct slice line, struct slice json,
                  const char *reference, const char *expected)
{
    struct json *data = NULL;
    struct json_fault fault;
    int64_t time_ms = -1;
    char shown[TIME_TEXT_BYTES];
    enum rc rc;

    if (json.len)
        assert_int_equal(json_parse(json, JSON_LIMITS_DEFAULT, &data, &fault), RC_OK);
    rc = line_time_find(spec, line, data, at(reference), scratch, &time_ms);
    print_message("# %.*s -> %s\n", SLICE_ARG(line), rc ? "none" : time_format(time_ms, shown));
    assert_int_equal(rc, expected ? RC_OK : RC_NOT_FOUND);
    if (expected)
        assert_true(time_ms == at(expected));
    json_free(data);
}

struct usual_case {
    const char *line, *expected;
};

static void claim_all(const struct usual_case *cases, size_t n_cases)
{
    struct line_time *spec = spec_of(NULL);

    for (size_t i = 0; i < n_cases; i++)
        claim(spec, slice_of(cases[i].line), (struct slice){ 0 }, REFERENCE, cases[i].expected);
    line_time_free(spec);
}

/* clang-format off */
static void the_usual_forms_of_time_are_understood(void **state)
{
    static const struct usual_case cases[] = {
        /* RFC 3339 and what is near it */
        { "2026-11-29T10:00:00Z up", "2026-11-29T10:00:00Z" },
        { "2026-11-29t10:00:00z up", "2026-11-29T10:00:00Z" },
        { "2026-11-29T10:00:00.123456789Z up", "2026-11-29T10:00:00.123Z" },
        { "2026-11-29T10:00:00,123+01:00 up", "2026-11-29T09:00:00.123Z" },
        { "2026-11-29 10:00:00.5 +0100 up", "2026-11-29T09:00:00.500Z" },
        { "2026-11-29 10:00:00+0530 up", "2026-11-29T04:30:00Z" },
        { "2026-11-29 10:00:00-08 up", "2026-11-29T18:00:00Z" },
        { "2026-11-29 10:00:00 UTC [7] LOG", "2026-11-29T10:00:00Z" },
        { "2026-11-29 10:00:00 GMT", "2026-11-29T10:00:00Z" },
        { "2026-11-29 10:00:00.123 CET [7] LOG", "2026-11-29T09:00:00.123Z" },
        { "2026-11-29 10:00:00", "2026-11-29T09:00:00Z" },
        { "2026-11-29 10:00:00 - INFO", "2026-11-29T09:00:00Z" },
        { "2026-11-29 10:00:00 -5 left", "2026-11-29T09:00:00Z" },
        { "2026-11-29 10:00:00 -05 left", "2026-11-29T09:00:00Z" },
        { "2026-11-29 10:00:00: (http_auth.c.875)", "2026-11-29T09:00:00Z" },
        { "2026-07-29 10:00:00,978 INFO [main]", "2026-07-29T08:00:00.978Z" },
        { "[2026-11-29 10:00:00] NOTICE[1638]", "2026-11-29T09:00:00Z" },
        { "INFO  2026-11-29T10:00:00Z up", "2026-11-29T10:00:00Z" },
        { "api.log.1.2026-11-28_13:53:08 2026-11-29 10:00:00.008 25746", "2026-11-29T09:00:00.008Z" },
        { "time=\"2026-11-29T10:00:00Z\" level=info", "2026-11-29T10:00:00Z" },
        { "2016-12-31T23:59:60Z a leap second", "2017-01-01T00:00:00Z" },
        { "  2026-11-29T10:00:00Z blanks in front", "2026-11-29T10:00:00Z" },
        { "20261129T100000Z up", "2026-11-29T10:00:00Z" },
        { "20261129 10:00:00 up", "2026-11-29T09:00:00Z" },
        { "- R02 2026-11-29-10.00.00.675872 RAS", "2026-11-29T09:00:00.675Z" },
        /* nginx, Go */
        { "2026/11/29 10:00:00 [error] 7#0: *1 open()", "2026-11-29T09:00:00Z" },
        { "2026/11/29 10:00:00.123456 main.go:1: x", "2026-11-29T09:00:00.123Z" },
        /* syslog */
        { "Nov 29 10:00:00 web1 sshd[7]: x", "2026-11-29T09:00:00Z" },
        { "Nov  9 10:00:00 web1 sshd[7]: x", "2026-11-09T09:00:00Z" },
        { "Nov 9 10:00:00 web1 sshd[7]: x", "2026-11-09T09:00:00Z" },
        { "<34>Nov 29 10:00:00 web1 su: x", "2026-11-29T09:00:00Z" },
        { "<34>Nov 29 10:00:00.123 web1 su: x", "2026-11-29T09:00:00.123Z" },
        { "<189>Nov 29 2026 10:00:00: %ASA-5", "2026-11-29T09:00:00Z" },
        { "<34>1 2026-11-29T10:00:00.003Z host su - ID47 - x", "2026-11-29T10:00:00.003Z" },
        { "1 2026-11-29T10:00:00.003+01:00 host su - - - x", "2026-11-29T09:00:00.003Z" },
        { "Jul  1 09:00:55 host kernel[0]: x", "2026-07-01T07:00:55Z" },
        { "Sep 29 10:00:00 2019.example.com x: y", "2026-09-29T08:00:00Z" },
        /* common log format */
        { "192.0.2.7 - - [29/Nov/2026:10:00:00 +0100] \"GET / HTTP/1.1\" 200 1", "2026-11-29T09:00:00Z" },
        { "2001:db8::1 - ann [29/Nov/2026:10:00:00 +0000] \"GET /\"", "2026-11-29T10:00:00Z" },
        { "192.0.2.7:58444 [29/Nov/2026:10:00:00.439] main app/app1", "2026-11-29T09:00:00.439Z" },
        /* Apache, asctime, date, BIND, Redis, mail, Java */
        { "[Sun Nov 29 10:00:00.123456 2026] [core:error] [pid 7]", "2026-11-29T09:00:00.123Z" },
        { "[Sun Dec 04 04:47:44 2005] [notice] x", "2005-12-04T03:47:44Z" },
        { "Fri Jan 19 12:20:33 2007 [pid 27202]", "2007-01-19T11:20:33Z" },
        { "Sun Nov 29 10:00:00 UTC 2026 done", "2026-11-29T10:00:00Z" },
        { "Sun Nov 29 10:00:00 CET 2026 done", "2026-11-29T09:00:00Z" },
        { "29-Nov-2026 10:00:00.123 queries: info", "2026-11-29T09:00:00.123Z" },
        { "[29-Nov-2026 10:00:00 UTC] PHP Warning", "2026-11-29T10:00:00Z" },
        { "7:M 29 Nov 2026 10:00:00.123 * Ready", "2026-11-29T09:00:00.123Z" },
        { "Date: Sun, 9 Nov 2026 10:00:00 +0000", "2026-11-09T10:00:00Z" },
        { "Nov 29, 2026 1:00:00 PM org.x.Main", "2026-11-29T12:00:00Z" },
        { "Nov 29, 2026 12:00:00 AM org.x.Main", "2026-11-28T23:00:00Z" },
        /* since 1970 */
        { "1795946400.123    200 192.0.2.7 TCP_MISS/200", "2026-11-29T10:00:00.123Z" },
        { "1795946400 up", "2026-11-29T10:00:00Z" },
        { "[1795946400] SERVICE ALERT: x", "2026-11-29T10:00:00Z" },
        { "1795946400123 up", "2026-11-29T10:00:00.123Z" },
        { "1795946400123456 up", "2026-11-29T10:00:00.123Z" },
        { "1795946400123456789 up", "2026-11-29T10:00:00.123Z" },
        { "type=SYSCALL msg=audit(1795946400.243:24287): arch", "2026-11-29T10:00:00.243Z" },
        /* klog, logcat, old MySQL */
        { "E1129 10:00:00.123456       7 x.go:1] failed", "2026-11-29T09:00:00.123Z" },
        { "03-17 16:13:38.811  1702  2395 D Window: x", "2026-03-17T15:13:38.811Z" },
        { "130324  8:47:40 [Warning] x", "2013-03-24T07:47:40Z" },
        { "081109 203615 148 INFO x", "2008-11-09T19:36:15Z" },
    };

    (void)state;
    claim_all(cases, sizeof cases / sizeof *cases);
}

static void what_is_no_time_is_not_taken_for_one(void **state)
{
    static const struct usual_case cases[] = {
        { "", NULL },
        { "hello", NULL },
        { "10:00:00 hello", NULL },
        { "2026-11-29 hello", NULL },
        { "2026-13-29T10:00:00Z", NULL },
        { "2026-02-29T10:00:00Z no leap year", NULL },
        { "2026-11-31T10:00:00Z", NULL },
        { "2026-11-29T24:00:00Z", NULL },
        { "2026-11-29T10:60:00Z", NULL },
        { "2026-11-29T10:00:61Z", NULL },
        { "2026-11-29T10:00", NULL },
        { "2026-11-29T10:00:001", NULL },
        { "x2026-11-29T10:00:00Z", NULL },
        { "12026-11-29T10:00:00Z", NULL },
        { "0000-00-00 00:00:00", NULL },
        { "1969-12-31T23:59:59Z", NULL },
        { "Nov 31 10:00:00 x", NULL },
        { "Nob 29 10:00:00 x", NULL },
        { "29/Nob/2026:10:00:00 +0100", NULL },
        { "999999999 nine digits", NULL },
        { "0999999999 1970 something", "2001-09-09T01:46:39Z" },
        { "4102444800 is 2100", NULL },
        { "4102444799 is not yet", "2099-12-31T23:59:59Z" },
        { "4102444800000 is 2100", NULL },
        { "9999999999999999999 overflows", NULL },
        { "12345678901 eleven digits", NULL },
        { "order 1795946400 was paid", NULL },
        { "1795946400x", NULL },
        { "1795946400-7", NULL },
        { "<999999>x", NULL },
        { "<", NULL },
        { "<1", NULL },
    };

    (void)state;
    claim_all(cases, sizeof cases / sizeof *cases);
}
/* clang-format on */

static void a_time_is_looked_for_near_the_beginning_alone(void **state)
{
    static const char time[] = "2026-11-29T10:00:00Z";
    struct line_time *spec = spec_of(NULL);
    char line[200];

    (void)state;
    for (size_t blanks = 120; blanks <= 140; blanks++) {
        memset(line, ' ', sizeof line);
        line[0] = 'x';
        memcpy(line + blanks, time, sizeof time - 1);
        claim(spec, (struct slice){ line, sizeof line }, (struct slice){ 0 }, REFERENCE,
              blanks < 128 ? time : NULL);
    }
}

static void a_line_that_is_cut_or_holds_nuls_is_no_danger(void **state)
{
    static const char line[] = "<34>1 2026-11-29T10:00:00.003+01:00 Nov 29 10:00:00 CET 2026 "
                               "1795946400.5 29/Nov/2026:10:00:00";
    struct line_time *spec = spec_of(NULL);
    int64_t time_ms;

    (void)state;
    for (size_t from = 0; from < sizeof line; from++) {
        for (size_t end = from; end < sizeof line; end++) {
            size_t len = end - from;
            char *copy = malloc(len ? len : 1); /* so that a read past its end is seen */
            enum rc rc;

            assert_non_null(copy);
            memcpy(copy, line + from, len);
            rc = line_time_find(spec, (struct slice){ copy, len }, NULL, at(REFERENCE), scratch,
                                &time_ms);
            assert_true(rc == RC_OK || rc == RC_NOT_FOUND);
            free(copy);
        }
    }
    claim(spec, SLICE("\0\0 2026-11-29T10:00:00Z"), (struct slice){ 0 }, REFERENCE,
          "2026-11-29T10:00:00Z");
    claim(spec, SLICE("2026-11-29T10:\0000:00Z"), (struct slice){ 0 }, REFERENCE, NULL);
    claim(spec, (struct slice){ 0 }, (struct slice){ 0 }, REFERENCE, NULL);
}

/* clang-format off */
static void a_year_that_is_not_there_is_that_of_the_latest_time_until_tomorrow(void **state)
{
    static const struct {
        const char *line, *reference, *expected;
    } cases[] = {
        { "Dec 31 23:59:59 x", "2027-01-01T00:00:10Z", "2026-12-31T23:59:59Z" },
        { "Jan  1 00:00:00 x", "2027-01-01T00:00:10Z", "2027-01-01T00:00:00Z" },
        { "Jan  1 00:00:05 x", "2026-12-31T23:59:58Z", "2027-01-01T00:00:05Z" },
        { "Dec 31 23:59:59 x", "2026-12-31T23:59:58Z", "2026-12-31T23:59:59Z" },
        { "Nov 30 12:00:00 x", "2026-11-29T12:00:00Z", "2026-11-30T12:00:00Z" }, /* a day ahead */
        { "Nov 30 12:00:01 x", "2026-11-29T12:00:00Z", "2025-11-30T12:00:01Z" },
        { "Feb 29 10:00:00 x", "2028-02-29T10:00:01Z", "2028-02-29T10:00:00Z" },
        { "Feb 29 10:00:00 x", "2027-03-01T00:00:00Z", "2024-02-29T10:00:00Z" },
        { "Feb 29 10:00:00 x", "2028-02-28T09:59:59Z", "2024-02-29T10:00:00Z" },
        { "Feb 29 10:00:00 x", "2103-06-01T00:00:00Z", "2096-02-29T10:00:00Z" }, /* 2100 is none */
        { "Jun  1 00:00:00 x", "1970-01-01T00:00:00Z", NULL }, /* not before 1970 */
    };
    struct line_time *spec = spec_of("time: {zone: UTC}");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        claim(spec, slice_of(cases[i].line), (struct slice){ 0 }, cases[i].reference, cases[i].expected);
}

static void what_has_no_offset_is_in_the_zone(void **state)
{
    static const struct {
        const char *spec, *line, *expected;
    } cases[] = {
        { "time: {zone: America/New_York}", "2026-11-29 10:00:00 x", "2026-11-29T15:00:00Z" },
        { "time: {zone: America/New_York}", "2026-11-29 10:00:00Z x", "2026-11-29T10:00:00Z" },
        { "time: {zone: local}", "2026-11-29 10:00:00 x", "2026-11-29T09:00:00Z" },
        { "time: {zone: \"+02:00\"}", "2026-11-29 10:00:00 x", "2026-11-29T08:00:00Z" },
        { "time: auto", "2026-03-29 01:59:59 x", "2026-03-29T00:59:59Z" },
        { "time: auto", "2026-03-29 02:30:00 skipped", "2026-03-29T01:30:00Z" },
        { "time: auto", "2026-03-29 03:00:00 x", "2026-03-29T01:00:00Z" },
        { "time: auto", "2026-10-25 02:30:00 twice", "2026-10-25T00:30:00Z" },
        { "time: auto", "2026-10-25 03:00:00 x", "2026-10-25T02:00:00Z" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct line_time *spec = spec_of(cases[i].spec);

        claim(spec, slice_of(cases[i].line), (struct slice){ 0 }, REFERENCE, cases[i].expected);
        line_time_free(spec);
    }
}

static void a_format_of_ones_own_is_read_as_strptime_does(void **state)
{
    static const struct {
        const char *spec, *line, *expected;
    } cases[] = {
        { "time: {format: '%d.%m.%Y %H:%M:%S', zone: Europe/Berlin}", "29.11.2026 10:00:00 x", "2026-11-29T09:00:00Z" },
        { "time: {format: '%d.%m.%Y %T', zone: UTC}", "[29.11.2026 10:00:00] x", "2026-11-29T10:00:00Z" },
        { "time: {format: '%d.%m.%Y %T', zone: UTC}", "web1 (29.11.2026 10:00:00) x", "2026-11-29T10:00:00Z" },
        { "time: {format: '%d.%m.%Y %T', zone: UTC}", "web1 29.11.2026 10:00:00 x", NULL },
        { "time: {format: '%d.%m.%Y %T', zone: UTC}", "29.11.2026   10:00:00 x", "2026-11-29T10:00:00Z" },
        { "time: {format: '%d.%m.%Y %T', zone: UTC}", "31.11.2026 10:00:00 x", NULL },
        { "time: {format: '%d.%m.%Y %H:%M', zone: UTC}", "29.11.2026 10:07 x", "2026-11-29T10:07:00Z" },
        { "time: {format: '%d.%m.%y %T', zone: UTC}", "29.11.26 10:00:00", "2026-11-29T10:00:00Z" },
        { "time: {format: '%d.%m.%y %T', zone: UTC}", "29.11.70 10:00:00", "1970-11-29T10:00:00Z" },
        { "time: {format: '%d.%m.%y %T', zone: UTC}", "29.11.69 10:00:00", NULL },
        { "time: {format: '%H:%M:%S %d.%m.%y', zone: UTC}", "10:00:00 29.11.2026", NULL }, /* a number that goes on */
        { "time: {format: '%H:%M:%S,%L %d.%m.%Y', zone: UTC}", "10:00:00,25 29.11.2026", "2026-11-29T10:00:00.250Z" },
        { "time: {format: '%H:%M:%S,%L %d.%m.%Y', zone: UTC}", "10:00:00.25 29.11.2026", "2026-11-29T10:00:00.250Z" },
        { "time: {format: '%H:%M:%S.%L %d.%m.%Y', zone: UTC}", "10:00:00,123456 29.11.2026", "2026-11-29T10:00:00.123Z" },
        { "time: {format: '%H:%M:%S.%L %d.%m.%Y', zone: UTC}", "10:00:00 29.11.2026", NULL },
        { "time: {format: '%d/%b/%Y:%T %z'}", "9/nov/2026:10:00:00 +01:00", "2026-11-09T09:00:00Z" },
        { "time: {format: '%d/%b/%Y:%T %z'}", "9/nov/2026:10:00:00 -0330", "2026-11-09T13:30:00Z" },
        { "time: {format: '%d/%b/%Y:%T %z'}", "9/nov/2026:10:00:00 Z", "2026-11-09T10:00:00Z" },
        { "time: {format: '%d/%b/%Y:%T %z'}", "9/nov/2026:10:00:00 CET", NULL },
        { "time: {format: '%A, %d %B %Y %I:%M %p', zone: UTC}", "Sunday, 29 November 2026 12:07 am", "2026-11-29T00:07:00Z" },
        { "time: {format: '%a %e %b %Y %I:%M %p', zone: UTC}", "Sun 29 Nov 2026 11:07 PM", "2026-11-29T23:07:00Z" },
        { "time: {format: '%a %e %b %Y %T', zone: UTC}", "Son 29 Nov 2026 11:07:00", NULL },
        { "time: {format: '%F %T %Z', zone: America/New_York}", "2026-11-29 10:00:00 CEST", "2026-11-29T15:00:00Z" },
        { "time: {format: '%F %T %Z', zone: America/New_York}", "2026-11-29 10:00:00 UTC", "2026-11-29T10:00:00Z" },
        { "time: {format: '%Y %j %H', zone: UTC}", "2028 366 10", "2028-12-31T10:00:00Z" },
        { "time: {format: '%Y %j %H', zone: UTC}", "2026 366 10", NULL },
        { "time: {format: '%Y %j %H', zone: UTC}", "2026 060 10", "2026-03-01T10:00:00Z" },
        { "time: {format: '%D %R', zone: UTC}", "11/29/26 10:07", "2026-11-29T10:07:00Z" },
        { "time: {format: '100%% %F %T', zone: UTC}", "100% 2026-11-29 10:00:00", "2026-11-29T10:00:00Z" },
        { "time: {format: '%s', zone: Asia/Tokyo}", "1795946400 x", "2026-11-29T10:00:00Z" },
        { "time: {format: '%s.%L', zone: Asia/Tokyo}", "1795946400.07 x", "2026-11-29T10:00:00.070Z" },
        { "time: {format: '%s'}", "7 x", "1970-01-01T00:00:07Z" },
        { "time: {format: '%s'}", "253402300799 x", "9999-12-31T23:59:59Z" },
        { "time: {format: '%s'}", "253402300800 x", NULL },
        { "time: {format: '%s'}", "1795946400000 x", NULL },
        { "time: {format: '%b %d %T', zone: UTC}", "<13>Nov 29 10:00:00 x", "2026-11-29T10:00:00Z" },
        { "time: {format: '%b %d %T', zone: UTC}", "", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct line_time *spec = spec_of(cases[i].spec);

        print_message("# %s\n", cases[i].spec);
        claim(spec, slice_of(cases[i].line), (struct slice){ 0 }, REFERENCE, cases[i].expected);
        line_time_free(spec);
    }
}

static void a_pattern_says_where_the_time_stands(void **state)
{
    struct line_time *form = spec_of("time: {format: '%b %d %T', match: '/^<\\d+>(?<time>\\w+ +\\d+ [\\d:]+)/', zone: UTC}");
    struct line_time *usual = spec_of("time: {match: '/(?<level>\\w+) at (?<time>\\S+)/'}");

    (void)state;
    claim(form, SLICE("<34>Nov 29 10:00:00 web1"), (struct slice){ 0 }, REFERENCE, "2026-11-29T10:00:00Z");
    claim(form, SLICE("Nov 29 10:00:00 web1"), (struct slice){ 0 }, REFERENCE, NULL);
    claim(usual, SLICE("2020-01-01T00:00:00Z WARN at 2026-11-29T10:00:00Z"), (struct slice){ 0 }, REFERENCE, "2026-11-29T10:00:00Z");
    claim(usual, SLICE("2020-01-01T00:00:00Z WARN at once"), (struct slice){ 0 }, REFERENCE, NULL);
    line_time_free(form);
    line_time_free(usual);
}

static void a_member_of_the_data_says_when(void **state)
{
    static const struct {
        const char *spec, *json, *expected;
    } cases[] = {
        { "time: auto", "{\"time\":\"2026-11-29T10:00:00.5Z\"}", "2026-11-29T10:00:00.500Z" },
        { "time: auto", "{\"timestamp\":\"2026-11-29 10:00:00\"}", "2026-11-29T09:00:00Z" },
        { "time: auto", "{\"@timestamp\":\"2026-11-29T10:00:00+0100\"}", "2026-11-29T09:00:00Z" },
        { "time: auto", "{\"ts\":1795946400.123}", "2026-11-29T10:00:00.123Z" },
        { "time: auto", "{\"ts\":1795946400123}", "2026-11-29T10:00:00.123Z" },
        { "time: auto", "{\"t\":{\"$date\":\"2026-11-29T10:00:00.000+00:00\"}}", "2026-11-29T10:00:00Z" },
        { "time: auto", "{\"date\":\"29/Nov/2026:10:00:00 +0000\"}", "2026-11-29T10:00:00Z" },
        { "time: auto", "{\"datetime\":\"2026-11-29 10:00:00 UTC\"}", "2026-11-29T10:00:00Z" },
        { "time: auto", "{\"eventTime\":\"2026-11-29T10:00:00Z\"}", "2026-11-29T10:00:00Z" },
        { "time: auto", "{\"__REALTIME_TIMESTAMP\":\"1795946400123456\"}", "2026-11-29T10:00:00.123Z" },
        { "time: auto", "{\"time\":\"10:00\",\"ts\":1795946400}", "2026-11-29T10:00:00Z" },
        { "time: auto", "{\"t\":17,\"time\":null,\"date\":[1],\"ts\":true}", NULL },
        { "time: auto", "{\"ts\":-1795946400}", NULL },
        { "time: auto", "{\"msg\":\"2026-11-29T10:00:00Z\"}", NULL }, /* any time, not the line's */
        { "time: {field: ctx.ts, format: '%s'}", "{\"ctx\":{\"ts\":7.25}}", "1970-01-01T00:00:07Z" },
        { "time: {field: ctx.ts, format: '%s'}", "{\"ts\":7}", NULL },
        { "time: {field: ctx.ts}", "{\"ctx\":{\"ts\":\"2026-11-29T10:00:00Z\"}}", "2026-11-29T10:00:00Z" },
        { "time: {field: ctx.ts}", "{\"time\":\"2026-11-29T10:00:00Z\"}", NULL },
        { "time: {field: 'a[1]'}", "{\"a\":[7,1795946400]}", "2026-11-29T10:00:00Z" },
        { "time: {format: '%d.%m.%Y %T', zone: UTC}", "{\"date\":\"29.11.2026 10:00:00\"}", "2026-11-29T10:00:00Z" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct line_time *spec = spec_of(cases[i].spec);
        struct slice json = slice_of(cases[i].json);

        claim(spec, json, json, REFERENCE, cases[i].expected);
        line_time_free(spec);
    }
}
/* clang-format on */

static void data_that_says_no_time_leaves_it_to_the_text(void **state)
{
    struct line_time *spec = spec_of(NULL);

    (void)state;
    claim(spec, SLICE("2026-11-29T10:00:00Z level=info"), SLICE("{\"level\":\"info\"}"), REFERENCE,
          "2026-11-29T10:00:00Z");
}

static void the_time_of_receipt_is_taken_where_it_is_asked_for(void **state)
{
    struct line_time *spec = spec_of("time: received");

    (void)state;
    claim(spec, SLICE("2020-01-01T00:00:00Z"), (struct slice){ 0 }, REFERENCE, REFERENCE);
}

/* clang-format off */
static void what_names_no_time_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *spec, *says;
    } cases[] = {
        { "time: recieved", "did you mean `received`?" },
        { "time: '%d.%m.%Y'", "must be auto, received or a map" },
        { "time: [auto]", "a map of members is expected" },
        { "time: {fromat: '%s'}", "did you mean `format`?" },
        { "time: {format: '%d.%m.%Y %H:%M:%Q'}", "names no time" },
        { "time: {format: '%d.%m.%Y %H:%M:%'}", "names no time" },
        { "time: {format: '%Ed.%m.%Y %H'}", "names no time" },
        { "time: {format: '%d.%m.%Y %X'}", "names no time" },
        { "time: {format: '%F%~%T'}", "names no time" },
        { "time: {format: '%@'}", "names no time" },
        { "time: {format: '%H:%M:%S'}", "or a day" },
        { "time: {format: '%d.%m.%Y'}", "and an hour" },
        { "time: {format: '%d %Y %T'}", "or a day" },
        { "time: {format: '%F %I:%M'}", "%I with %p" },
        { "time: {format: 'no conversion'}", "or a day" },
        { "time: {zone: Europe/Berln}", "unknown time zone `Europe/Berln`" },
        { "time: {zone: CEST}", "unknown time zone `CEST`" },
        { "time: {match: '^x'}", "between slashes" },
        { "time: {match: '/(?<time>/'}", "is wrong at its byte" },
        { "time: {match: '/^(\\d+)/'}", "needs a group" },
        { "time: {match: '/^(?<tyme>\\d+)/'}", "needs a group" },
        { "time: {match: '/^(?<time>\\d+)/', field: ts}", "keep one" },
        { "time: {field: 'a[', format: '%s'}", "is no path" },
        { "time: {format: [1]}", "format" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct line_time *spec = NULL;
        size_t offset;

        problems_clear(problems);
        print_message("# %s\n", cases[i].spec);
        assert_int_equal(line_time_read(yaml(cases[i].spec), arena, problems, &spec), RC_INVALID);
        assert_int_equal(problems_count(problems, PROBLEM_ERROR), 1);
        assert_true(problems_at(problems, 0)->line == 1 && problems_at(problems, 0)->column > 1);
        print_message("#   %.*s\n", SLICE_ARG(problems_at(problems, 0)->text));
        assert_int_equal(slice_find(problems_at(problems, 0)->text, slice_of(cases[i].says), &offset), RC_OK);
    }
    problems_clear(problems);
}
/* clang-format on */

static void one_reading_shows_every_mistake(void **state)
{
    struct line_time *spec = NULL;

    (void)state;
    problems_clear(problems);
    assert_int_equal(line_time_read(yaml("time: {format: '%Q', zone: Nowhere, match: x}"), arena,
                                    problems, &spec),
                     RC_INVALID);
    assert_int_equal(problems_count(problems, PROBLEM_ERROR), 3);
    problems_clear(problems);
}

static void an_option_is_auto_or_a_format(void **state)
{
    struct line_time *spec = NULL;
    const char *why;

    (void)state;
    assert_int_equal(line_time_of_option(SLICE("auto"), arena, &spec, &why), RC_OK);
    claim(spec, SLICE("Nov 29 10:00:00 x"), (struct slice){ 0 }, REFERENCE, "2026-11-29T09:00:00Z");
    assert_int_equal(line_time_of_option(SLICE("%d/%b/%Y:%H:%M:%S %z"), arena, &spec, &why), RC_OK);
    claim(spec, SLICE("192.0.2.7 - - [29/Nov/2026:10:00:00 +0000] x"), (struct slice){ 0 },
          REFERENCE, "2026-11-29T10:00:00Z");
    assert_int_equal(line_time_of_option(SLICE("%d.%m"), arena, &spec, &why), RC_INVALID);
    assert_int_equal(line_time_of_option(SLICE("atuo"), arena, &spec, &why), RC_INVALID);
    assert_int_equal(line_time_of_option(SLICE("%s\0"), arena, &spec, &why), RC_INVALID);
    assert_int_equal(line_time_of_option(SLICE(""), arena, &spec, &why), RC_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_forms_of_time_are_understood),
        cmocka_unit_test(what_is_no_time_is_not_taken_for_one),
        cmocka_unit_test(a_time_is_looked_for_near_the_beginning_alone),
        cmocka_unit_test(a_line_that_is_cut_or_holds_nuls_is_no_danger),
        cmocka_unit_test(a_year_that_is_not_there_is_that_of_the_latest_time_until_tomorrow),
        cmocka_unit_test(what_has_no_offset_is_in_the_zone),
        cmocka_unit_test(a_format_of_ones_own_is_read_as_strptime_does),
        cmocka_unit_test(a_pattern_says_where_the_time_stands),
        cmocka_unit_test(a_member_of_the_data_says_when),
        cmocka_unit_test(data_that_says_no_time_leaves_it_to_the_text),
        cmocka_unit_test(the_time_of_receipt_is_taken_where_it_is_asked_for),
        cmocka_unit_test(what_names_no_time_is_refused_with_its_place),
        cmocka_unit_test(one_reading_shows_every_mistake),
        cmocka_unit_test(an_option_is_auto_or_a_format),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
