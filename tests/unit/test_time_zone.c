#include "src/base/clock.h"
#include "src/base/time_zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

static void the_wall_of_a_zone_is_read_as_utc(void **state)
{
    static const struct {
        const char *zone, *wall, *utc;
    } cases[] = {
        { "UTC", "2026-11-29T10:00:00Z", "2026-11-29T10:00:00Z" },
        { "Europe/Berlin", "2026-11-29T10:00:00Z", "2026-11-29T09:00:00Z" },
        { "Europe/Berlin", "2026-07-01T00:30:00Z", "2026-06-30T22:30:00Z" },
        { "America/New_York", "2026-07-01T10:00:00Z", "2026-07-01T14:00:00Z" },
        { "EST5EDT", "2026-12-01T10:00:00Z", "2026-12-01T15:00:00Z" },
        { "Asia/Kathmandu", "2026-01-01T00:00:00Z", "2025-12-31T18:15:00Z" },
        { "Australia/Lord_Howe", "2026-01-01T00:00:00Z", "2025-12-31T13:00:00Z" },
        { "Pacific/Kiritimati", "2026-01-01T00:00:00Z", "2025-12-31T10:00:00Z" },
        { "Etc/GMT+5", "2026-01-01T00:00:00Z", "2026-01-01T05:00:00Z" },
        { "+02:00", "2026-01-01T00:00:00Z", "2025-12-31T22:00:00Z" },
        { "-03:30", "2026-01-01T00:00:00Z", "2026-01-01T03:30:00Z" },
        { "Europe/Berlin", "1970-01-01T01:00:00Z", "1970-01-01T00:00:00Z" },
        { "Europe/Berlin", "2026-11-29T10:00:00.123Z", "2026-11-29T09:00:00.123Z" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("# %s in %s\n", cases[i].wall, cases[i].zone);
        assert_true(time_zone_to_utc(zone_of(cases[i].zone), at(cases[i].wall)) ==
                    at(cases[i].utc));
    }
}

/* Berlin: 2026-03-29 02:00 becomes 03:00. */
static void a_time_that_the_clocks_skip_is_read_as_if_they_had_not_gone_yet(void **state)
{
    const struct time_zone *berlin = zone_of("Europe/Berlin");

    (void)state;
    assert_true(time_zone_to_utc(berlin, at("2026-03-29T01:59:59.999Z")) ==
                at("2026-03-29T00:59:59.999Z"));
    assert_true(time_zone_to_utc(berlin, at("2026-03-29T02:00:00Z")) == at("2026-03-29T01:00:00Z"));
    assert_true(time_zone_to_utc(berlin, at("2026-03-29T02:30:00Z")) ==
                at("2026-03-29T01:30:00Z")); /* when the wall shows 03:30 */
    assert_true(time_zone_to_utc(berlin, at("2026-03-29T03:00:00Z")) == at("2026-03-29T01:00:00Z"));
    assert_true(time_zone_to_utc(berlin, at("2026-03-29T03:30:00Z")) == at("2026-03-29T01:30:00Z"));
}

/* Berlin: 2026-10-25 03:00 becomes 02:00. */
static void a_time_that_the_clocks_show_twice_is_the_first_of_the_two(void **state)
{
    const struct time_zone *berlin = zone_of("Europe/Berlin");

    (void)state;
    assert_true(time_zone_to_utc(berlin, at("2026-10-25T01:59:59.999Z")) ==
                at("2026-10-24T23:59:59.999Z"));
    assert_true(time_zone_to_utc(berlin, at("2026-10-25T02:00:00Z")) == at("2026-10-25T00:00:00Z"));
    assert_true(time_zone_to_utc(berlin, at("2026-10-25T02:59:59.999Z")) ==
                at("2026-10-25T00:59:59.999Z"));
    assert_true(time_zone_to_utc(berlin, at("2026-10-25T03:00:00Z")) == at("2026-10-25T02:00:00Z"));
}

static void a_misspelt_zone_is_an_error_and_never_utc(void **state)
{
    static const char *const names[] = {
        "Europe/Berln", "europe/berlin",  "Berlin1", "CEST",
        "12",           "+99:00",         "+",       "Europe",
        "../UTC",       "/etc/localtime", "UTC ",    " UTC",
        "zone.tab",     "right/UTC",      "UTC\n",   ":UTC",
        "Mars/One",     "CET-1CEST",      "",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct time_zone *zone = NULL;

        print_message("# %s\n", names[i]);
        assert_int_equal(time_zone_find(slice_of(names[i]), arena, &zone), RC_NOT_FOUND);
    }
}

static void a_nul_or_a_long_text_is_no_zone(void **state)
{
    const struct time_zone *zone = NULL;
    char name[4096];

    (void)state;
    memset(name, 'a', sizeof name);
    assert_int_equal(time_zone_find((struct slice){ name, sizeof name }, arena, &zone),
                     RC_NOT_FOUND);
    assert_int_equal(time_zone_find(SLICE("UTC\0x"), arena, &zone), RC_NOT_FOUND);
    assert_int_equal(time_zone_find((struct slice){ 0 }, arena, &zone), RC_NOT_FOUND);
}

static void the_local_zone_is_that_of_this_machine(void **state)
{
    const struct time_zone *zone = NULL;

    (void)state;
    assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
    assert_int_equal(time_zone_local(arena, &zone), RC_OK);
    assert_true(time_zone_to_utc(zone, at("2026-11-29T10:00:00Z")) == at("2026-11-29T01:00:00Z"));
}

static void a_zone_that_finds_no_room_is_refused(void **state)
{
    const struct time_zone *zone = NULL;
    struct arena *small = NULL;

    (void)state;
    assert_int_equal(arena_new(64, &small), RC_OK);
    assert_int_equal(time_zone_find(SLICE("Europe/Berlin"), small, &zone), RC_NO_MEMORY);
    arena_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wall_of_a_zone_is_read_as_utc),
        cmocka_unit_test(a_time_that_the_clocks_skip_is_read_as_if_they_had_not_gone_yet),
        cmocka_unit_test(a_time_that_the_clocks_show_twice_is_the_first_of_the_two),
        cmocka_unit_test(a_misspelt_zone_is_an_error_and_never_utc),
        cmocka_unit_test(a_nul_or_a_long_text_is_no_zone),
        cmocka_unit_test(the_local_zone_is_that_of_this_machine),
        cmocka_unit_test(a_zone_that_finds_no_room_is_refused),
    };

    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
