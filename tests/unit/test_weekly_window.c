/* Hours that come again every week, changes of the clocks included. */
#include "src/base/weekly_window.h"

#include "src/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;
static struct problems *problems;

static int begin(void **state)
{
    (void)state;
    if (arena_new(8 << 20, &arena) || problems_new(&problems))
        return -1;
    return 0;
}

static int end(void **state)
{
    (void)state;
    problems_free(problems);
    arena_free(arena);
    return 0;
}

struct nodes {
    struct weekly_window_nodes window;
};
static const struct setting settings[] = { WEEKLY_WINDOW_SETTINGS(struct nodes, window) };

static enum rc read(const char *yaml, struct weekly_window *window)
{
    struct nodes nodes = { 0 };
    struct node *root;
    enum rc rc = document_parse(SLICE("w.yaml"), slice_of(yaml), arena, problems, &root);

    if (!rc)
        rc = settings_read(settings, sizeof settings / sizeof *settings, root, arena, problems,
                           &nodes);
    return rc ? rc : weekly_window_read(&nodes.window, root, arena, problems, window);
}

static struct weekly_window window_of(const char *yaml)
{
    struct weekly_window window = { 0 };

    if (read(yaml, &window))
        fail_msg("%s: %.*s", yaml, SLICE_ARG(problems_at(problems, 0)->text));
    return window;
}

static int64_t at(const char *text)
{
    int64_t time_ms = -1;

    assert_int_equal(time_parse(slice_of(text), &time_ms), RC_OK);
    return time_ms;
}

static void assert_turns(const struct weekly_window *window, const char *from, const char *turn)
{
    char text[TIME_TEXT_BYTES];
    int64_t turns_ms = weekly_window_turns_ms(window, at(from));

    assert_string_equal(time_format(turns_ms, text),
                        time_format(at(turn), (char[TIME_TEXT_BYTES]){ 0 }));
    assert_int_not_equal(weekly_window_is_open(window, at(turn) - 1),
                         weekly_window_is_open(window, at(turn)));
    assert_int_equal(weekly_window_is_open(window, at(turn) - 1),
                     weekly_window_is_open(window, at(from)));
}

/* 2026-11-30 is a Monday. */
static void it_is_open_from_its_first_to_its_last_millisecond(void **state)
{
    const struct weekly_window window =
        window_of("{days: mon-fri, from: \"08:00\", to: \"18:00\"}");

    (void)state;
    assert_false(weekly_window_is_open(&window, at("2026-11-30T07:59:59.999Z")));
    assert_true(weekly_window_is_open(&window, at("2026-11-30T08:00:00Z")));
    assert_true(weekly_window_is_open(&window, at("2026-11-30T17:59:59.999Z")));
    assert_false(weekly_window_is_open(&window, at("2026-11-30T18:00:00Z")));
    assert_true(weekly_window_is_open(&window, at("2026-12-04T12:00:00Z")));
    assert_false(weekly_window_is_open(&window, at("2026-12-05T12:00:00Z")));
    assert_turns(&window, "2026-11-30T00:00:00Z", "2026-11-30T08:00:00Z");
    assert_turns(&window, "2026-11-30T08:00:00Z", "2026-11-30T18:00:00Z");
    assert_turns(&window, "2026-12-04T18:00:00Z", "2026-12-07T08:00:00Z");
}

static void days_are_names_ranges_and_lists(void **state)
{
    static const struct {
        const char *yaml;
        uint8_t days;
    } cases[] = {
        { "{days: mon}", 0x01 },           { "{days: mon-fri}", 0x1f },
        { "{days: 'sat,sun'}", 0x60 },     { "{days: fri-mon}", 0x71 },
        { "{days: sun-sun}", 0x40 },       { "{days: sun-sat}", 0x7f },
        { "{days: [mon, wed]}", 0x05 },    { "{days: [mon-tue, 'sat, sun']}", 0x63 },
        { "{days: 'mon , thu'}", 0x09 },   { "{from: '01:00'}", 0x7f },
        { "{days: ' tue - wed '}", 0x06 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("# %s\n", cases[i].yaml);
        assert_int_equal(window_of(cases[i].yaml).days, cases[i].days);
    }
}

static void what_crosses_midnight_belongs_to_the_day_it_begins_on(void **state)
{
    const struct weekly_window window = window_of("{days: fri, from: \"22:00\", to: \"06:00\"}");

    (void)state;
    assert_false(weekly_window_is_open(&window, at("2026-12-04T05:00:00Z"))); /* Thursday's night */
    assert_true(weekly_window_is_open(&window, at("2026-12-04T22:00:00Z")));
    assert_true(weekly_window_is_open(&window, at("2026-12-05T05:59:59.999Z")));
    assert_false(weekly_window_is_open(&window, at("2026-12-05T06:00:00Z")));
    assert_false(weekly_window_is_open(&window, at("2026-12-05T22:00:00Z")));
    assert_turns(&window, "2026-12-04T22:00:00Z", "2026-12-05T06:00:00Z");
    assert_turns(&window, "2026-12-05T06:00:00Z", "2026-12-11T22:00:00Z");
}

static void whole_days_end_at_midnight_of_their_zone(void **state)
{
    const struct weekly_window window = window_of("{days: 'sat,sun', tz: Europe/Berlin}");
    const struct weekly_window always = window_of("{days: mon-sun}");

    (void)state;
    assert_turns(&window, "2026-12-01T00:00:00Z", "2026-12-04T23:00:00Z");
    assert_turns(&window, "2026-12-05T00:00:00Z", "2026-12-06T23:00:00Z");
    assert_true(weekly_window_is_open(&always, at("2026-12-01T00:00:00Z")));
    assert_int_equal(weekly_window_turns_ms(&always, at("2026-12-01T00:00:00Z")), 0);
}

/* Berlin: on 2026-03-29 02:00 becomes 03:00, at 01:00 UTC. */
static void hours_that_the_clocks_skip_are_in_no_window(void **state)
{
    const struct weekly_window skipped =
        window_of("{from: \"02:00\", to: \"03:00\", tz: Europe/Berlin}");
    const struct weekly_window begins =
        window_of("{from: \"02:30\", to: \"04:00\", tz: Europe/Berlin}");
    const struct weekly_window ends =
        window_of("{from: \"01:00\", to: \"02:30\", tz: Europe/Berlin}");

    (void)state;
    assert_turns(&skipped, "2026-03-28T01:30:00Z", "2026-03-28T02:00:00Z");
    assert_turns(&skipped, "2026-03-28T02:00:00Z", "2026-03-30T00:00:00Z");
    assert_turns(&begins, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z");
    assert_turns(&begins, "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z");
    assert_turns(&ends, "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z");
    assert_turns(&ends, "2026-03-29T01:00:00Z", "2026-03-29T23:00:00Z");
}

/* Berlin: on 2026-10-25 03:00 becomes 02:00, at 01:00 UTC. */
static void hours_that_the_clocks_show_twice_are_in_it_twice(void **state)
{
    const struct weekly_window doubled =
        window_of("{from: \"02:00\", to: \"03:00\", tz: Europe/Berlin}");
    const struct weekly_window half =
        window_of("{from: \"02:15\", to: \"02:30\", tz: Europe/Berlin}");
    const struct weekly_window around =
        window_of("{from: \"01:00\", to: \"04:00\", tz: Europe/Berlin}");

    (void)state;
    assert_turns(&doubled, "2026-10-24T12:00:00Z", "2026-10-25T00:00:00Z");
    assert_turns(&doubled, "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z");
    assert_turns(&half, "2026-10-24T12:00:00Z", "2026-10-25T00:15:00Z");
    assert_turns(&half, "2026-10-25T00:15:00Z", "2026-10-25T00:30:00Z");
    assert_turns(&half, "2026-10-25T00:30:00Z", "2026-10-25T01:15:00Z");
    assert_turns(&half, "2026-10-25T01:15:00Z", "2026-10-25T01:30:00Z");
    assert_turns(&around, "2026-10-24T12:00:00Z", "2026-10-24T23:00:00Z");
    assert_turns(&around, "2026-10-24T23:00:00Z", "2026-10-25T03:00:00Z");
}

static void office_hours_follow_the_clocks(void **state)
{
    const struct weekly_window window =
        window_of("{days: mon-fri, from: \"08:00\", to: \"18:00\", tz: Europe/Berlin}");

    (void)state;
    assert_turns(&window, "2026-03-27T17:00:00Z", "2026-03-30T06:00:00Z");
    assert_turns(&window, "2026-03-26T17:00:00Z", "2026-03-27T07:00:00Z");
    assert_turns(&window, "2026-10-23T16:00:00Z", "2026-10-26T07:00:00Z");
}

/* Minute by minute, against what is asked at each of them. */
static void when_it_turns_is_when_it_is_first_seen_otherwise(void **state)
{
    static const char *const yamls[] = {
        "{days: sun, from: \"02:00\", to: \"02:59\", tz: Europe/Berlin}",
        "{days: 'sat,sun', from: \"23:30\", to: \"02:30\", tz: Europe/Berlin}",
        "{from: \"01:45\", to: \"02:15\", tz: Australia/Lord_Howe}",
        "{days: fri-mon, from: \"12:00\", to: \"00:00\", tz: America/New_York}",
    };
    static const char *const begins[] = { "2026-03-27T00:00:00Z", "2026-10-23T00:00:00Z",
                                          "2026-04-03T00:00:00Z", "2026-10-02T00:00:00Z" };

    (void)state;
    for (size_t i = 0; i < 16; i++) {
        const struct weekly_window window = window_of(yamls[i % 4]);
        int64_t from_ms = at(begins[i / 4]);
        int64_t turns_ms = weekly_window_turns_ms(&window, from_ms);

        for (int64_t now_ms = from_ms + MINUTE_MS; now_ms < from_ms + 4 * DAY_MS;
             now_ms += MINUTE_MS) {
            bool was_open = weekly_window_is_open(&window, now_ms - MINUTE_MS);

            if (weekly_window_is_open(&window, now_ms) == was_open)
                continue;
            assert_true(turns_ms == now_ms);
            turns_ms = weekly_window_turns_ms(&window, now_ms);
        }
    }
}

static void what_is_wrong_is_said_where_it_stands(void **state)
{
    static const struct {
        const char *yaml, *said;
        unsigned column;
    } cases[] = {
        { "{days: mon-fir}", "did you mean `fri`", 8 },
        { "{days: mo}", "`mo` is no day", 8 },
        { "{days: 'mon-'}", "is no day", 8 },
        { "{days: 'mon,,tue'}", "is no day", 8 },
        { "{days: {a: b}}", "not a map", 8 },
        { "{from: 8:00}", "\"08:00\", from 00:00 to 23:59", 8 },
        { "{from: '24:00'}", "from 00:00 to 23:59", 8 },
        { "{to: '24:01'}", "from 00:00 to 24:00", 6 },
        { "{to: '12:60'}", "a time of day", 6 },
        { "{to: '-1:00'}", "a time of day", 6 },
        { "{from: '08:00', to: '08:00'}", "the same time", 21 },
        { "{tz: Europe/Berln}", "knows no such time zone", 6 },
        { "{dayz: mon}", "did you mean `days`", 2 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct weekly_window window;
        const struct problem *problem;
        size_t offset;

        print_message("# %s\n", cases[i].yaml);
        problems_clear(problems);
        assert_int_equal(read(cases[i].yaml, &window), RC_INVALID);
        problem = problems_at(problems, 0);
        print_message("  %.*s\n", SLICE_ARG(problem->text));
        assert_int_equal(slice_find(problem->text, slice_of(cases[i].said), &offset), RC_OK);
        assert_int_equal(problem->column, cases[i].column);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_open_from_its_first_to_its_last_millisecond),
        cmocka_unit_test(days_are_names_ranges_and_lists),
        cmocka_unit_test(what_crosses_midnight_belongs_to_the_day_it_begins_on),
        cmocka_unit_test(whole_days_end_at_midnight_of_their_zone),
        cmocka_unit_test(hours_that_the_clocks_skip_are_in_no_window),
        cmocka_unit_test(hours_that_the_clocks_show_twice_are_in_it_twice),
        cmocka_unit_test(office_hours_follow_the_clocks),
        cmocka_unit_test(when_it_turns_is_when_it_is_first_seen_otherwise),
        cmocka_unit_test(what_is_wrong_is_said_where_it_stands),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
