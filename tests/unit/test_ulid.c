#include "src/base/ulid.h"

#include "src/base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define NOW_MS 1795248080123

static int init(void **state)
{
    (void)state;
    return digest_init() ? -1 : 0;
}

static void ids_ascend_whatever_the_clock_does(void **state)
{
    static const int64_t clock_ms[] = { NOW_MS,        NOW_MS,     NOW_MS + 1, NOW_MS - 3600000,
                                        NOW_MS - 1000, NOW_MS + 1, NOW_MS + 2 };
    struct ulid_maker maker = { 0 };
    struct ulid before = { 0 }, ulid;
    char text_before[ULID_TEXT_BYTES] = "", text[ULID_TEXT_BYTES];

    (void)state;
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(ulid_make(&maker, clock_ms[i % 7], &ulid), RC_OK);
        assert_true(ulid_compare(before, ulid) < 0);
        assert_true(strcmp(text_before, ulid_format(ulid, text)) < 0); /* texts sort as ids do */
        before = ulid;
        memcpy(text_before, text, sizeof(text));
    }
}

static void an_id_tells_when_it_was_made(void **state)
{
    struct ulid_maker maker = { 0 };
    struct ulid ulid;

    (void)state;
    assert_int_equal(ulid_make(&maker, NOW_MS, &ulid), RC_OK);
    assert_true(ulid_time_ms(ulid) == NOW_MS);
    assert_int_equal(ulid_make(&maker, NOW_MS - 1, &ulid), RC_OK);
    assert_true(ulid_time_ms(ulid) == NOW_MS);
}

static void a_time_that_no_id_can_hold_is_held_at_its_edge(void **state)
{
    struct ulid_maker early = { 0 }, late = { 0 };
    struct ulid ulid;

    (void)state;
    assert_int_equal(ulid_make(&early, -5, &ulid), RC_OK);
    assert_true(ulid_time_ms(ulid) == 0);
    assert_int_equal(ulid_make(&late, INT64_MAX, &ulid), RC_OK);
    assert_true(ulid_time_ms(ulid) == ((int64_t)1 << 48) - 1);
}

static void two_makers_do_not_make_the_same_id(void **state)
{
    struct ulid_maker maker = { 0 }, other = { 0 };
    struct ulid ulid, ulid_of_other;

    (void)state;
    assert_int_equal(ulid_make(&maker, NOW_MS, &ulid), RC_OK);
    assert_int_equal(ulid_make(&other, NOW_MS, &ulid_of_other), RC_OK);
    assert_int_not_equal(ulid_compare(ulid, ulid_of_other), 0);
}

/* The low 20 bits. */
static bool has_room_for_parts(struct ulid ulid)
{
    return !ulid.bytes[ULID_BYTES - 1] && !ulid.bytes[ULID_BYTES - 2] &&
           !(ulid.bytes[ULID_BYTES - 3] & 0x0f);
}

static void every_id_has_room_for_its_parts(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        struct ulid_maker maker = { 0 };
        struct ulid ulid;

        assert_int_equal(ulid_make(&maker, NOW_MS + i, &ulid), RC_OK);
        assert_true(has_room_for_parts(ulid));
        assert_true(has_room_for_parts(
            ulid_from_seed(NOW_MS, (struct slice){ .ptr = (const char *)&i, .len = sizeof(i) })));
    }
}

static void the_parts_of_an_id_lie_before_the_next_id(void **state)
{
    struct ulid_maker maker = { 0 };
    struct ulid first, second, last_part;

    (void)state;
    assert_int_equal(ulid_make(&maker, NOW_MS, &first), RC_OK);
    assert_int_equal(ulid_make(&maker, NOW_MS, &second), RC_OK);
    last_part = ulid_plus(first, ((uint32_t)1 << 20) - 1);
    assert_int_equal(ulid_compare(ulid_plus(first, 0), first), 0);
    assert_true(ulid_compare(first, ulid_plus(first, 1)) < 0);
    assert_true(ulid_compare(last_part, second) < 0);
}

static void the_same_seed_gives_the_same_id(void **state)
{
    struct ulid ulid = ulid_from_seed(NOW_MS, SLICE("a"));

    (void)state;
    assert_int_equal(ulid_compare(ulid, ulid_from_seed(NOW_MS, SLICE("a"))), 0);
    assert_int_not_equal(ulid_compare(ulid, ulid_from_seed(NOW_MS, SLICE("b"))), 0);
    assert_int_not_equal(ulid_compare(ulid, ulid_from_seed(NOW_MS, SLICE("a\0"))), 0);
    assert_true(ulid_time_ms(ulid) == NOW_MS);
}

static void ids_of_seeds_ascend_as_those_of_chance_do(void **state)
{
    struct ulid_maker maker = { 0 }, again = { 0 };
    struct ulid last = { 0 };

    (void)state;
    for (int i = 0; i < 100; i++) {
        const struct slice seed = { .ptr = (const char *)&i, .len = sizeof(i) };
        struct ulid ulid = ulid_make_from_seed(&maker, NOW_MS + i / 10, seed);

        assert_true(ulid_compare(ulid, last) > 0);
        assert_int_equal(ulid_compare(ulid, ulid_make_from_seed(&again, NOW_MS + i / 10, seed)), 0);
        last = ulid;
    }
    assert_true(ulid_time_ms(last) == NOW_MS + 9);
}

static void the_text_is_that_of_the_specification(void **state)
{
    static const uint8_t bytes[ULID_BYTES] = { 0x01, 0x56, 0x3e, 0x3a, 0xb5, 0xd3, 0xd6, 0x76,
                                               0x4c, 0x61, 0xef, 0xb9, 0x93, 0x02, 0xbd, 0x5b };
    struct ulid ulid;
    char text[ULID_TEXT_BYTES];

    (void)state;
    memcpy(ulid.bytes, bytes, sizeof(bytes));
    assert_string_equal(ulid_format(ulid, text), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    assert_true(ulid_time_ms(ulid) == 1469922850259);
    memset(ulid.bytes, 0xff, sizeof(bytes));
    assert_string_equal(ulid_format(ulid, text), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

static void an_id_is_read_with_its_prefix(void **state)
{
    static const struct {
        const char *text, *prefix;
        enum rc rc;
    } cases[] = {
        { .text = "01ARZ3NDEKTSV4RRFFQ69G5FAV", .prefix = "" },
        { .text = "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV", .prefix = "evt_" },
        { .text = "evt_01arz3ndektsv4rrffq69g5fav", .prefix = "evt_" },
        { .text = "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV", .prefix = "", .rc = RC_INVALID },
        { .text = "prop_01ARZ3NDEKTSV4RRFFQ69G5FAV", .prefix = "evt_", .rc = RC_INVALID },
        { .text = "EVT_01ARZ3NDEKTSV4RRFFQ69G5FAV", .prefix = "evt_", .rc = RC_INVALID },
        { .text = "01ARZ3NDEKTSV4RRFFQ69G5FAV", .prefix = "evt_", .rc = RC_INVALID },
        { .text = "81ARZ3NDEKTSV4RRFFQ69G5FAV", .prefix = "", .rc = RC_INVALID }, /* 129 bits */
        { .text = "01ARZ3NDEKTSV4RRFFQ69G5FA", .prefix = "", .rc = RC_INVALID },
        { .text = "01ARZ3NDEKTSV4RRFFQ69G5FAVV", .prefix = "", .rc = RC_INVALID },
        { .text = "01ARZ3NDEKTSV4RRFFQ69G5FAI", .prefix = "", .rc = RC_INVALID },
        { .text = "01ARZ3NDEKTSV4RRFFQ69G5FAL", .prefix = "", .rc = RC_INVALID },
        { .text = "01ARZ3NDEKTSV4RRFFQ69G5FAO", .prefix = "", .rc = RC_INVALID },
        { .text = "01ARZ3NDEKTSV4RRFFQ69G5FAU", .prefix = "", .rc = RC_INVALID },
        { .text = "01ARZ3NDEK-SV4RRFFQ69G5FAV", .prefix = "", .rc = RC_INVALID },
        { .text = " 1ARZ3NDEKTSV4RRFFQ69G5FAV", .prefix = "", .rc = RC_INVALID },
        { .text = "", .prefix = "", .rc = RC_INVALID },
        { .text = NULL, .prefix = "", .rc = RC_INVALID },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ulid ulid = { 0 };
        char text[ULID_TEXT_BYTES];

        print_message("# %s\n", cases[i].text ? cases[i].text : "absent");
        assert_int_equal(ulid_parse(slice_of(cases[i].text), cases[i].prefix, &ulid), cases[i].rc);
        assert_int_equal(ulid_is_absent(ulid), cases[i].rc != RC_OK);
        if (!cases[i].rc)
            assert_string_equal(ulid_format(ulid, text), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    }
    assert_int_equal(ulid_parse(SLICE("01ARZ3NDEKTSV4RRFFQ69G5FA\0"), "", &(struct ulid){ 0 }),
                     RC_INVALID);
}

static void what_is_written_is_read_as_the_same_id(void **state)
{
    struct ulid_maker maker = { 0 };
    struct ulid ulid, read;
    char text[ULID_TEXT_BYTES];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(ulid_make(&maker, NOW_MS + i, &ulid), RC_OK);
        ulid = ulid_plus(ulid, (uint32_t)i);
        assert_int_equal(ulid_parse(slice_of(ulid_format(ulid, text)), "", &read), RC_OK);
        assert_int_equal(ulid_compare(ulid, read), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_ascend_whatever_the_clock_does),
        cmocka_unit_test(an_id_tells_when_it_was_made),
        cmocka_unit_test(a_time_that_no_id_can_hold_is_held_at_its_edge),
        cmocka_unit_test(two_makers_do_not_make_the_same_id),
        cmocka_unit_test(every_id_has_room_for_its_parts),
        cmocka_unit_test(the_parts_of_an_id_lie_before_the_next_id),
        cmocka_unit_test(the_same_seed_gives_the_same_id),
        cmocka_unit_test(ids_of_seeds_ascend_as_those_of_chance_do),
        cmocka_unit_test(the_text_is_that_of_the_specification),
        cmocka_unit_test(an_id_is_read_with_its_prefix),
        cmocka_unit_test(what_is_written_is_read_as_the_same_id),
    };

    return cmocka_run_group_tests(tests, init, NULL);
}
