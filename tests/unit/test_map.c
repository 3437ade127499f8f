#include "src/base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static int set_up(void **state)
{
    struct map *map = NULL;
    enum rc rc = map_new(&map);

    *state = map;
    return rc ? -1 : 0;
}

static int tear_down(void **state)
{
    map_free(*state);
    return 0;
}

static void what_was_put_in_is_found_under_its_name(void **state)
{
    struct map *map = *state;
    int one = 1, two = 2;

    assert_null(map_get(map, SLICE("a")));
    map_put(map, SLICE("a"), &one);
    map_put(map, SLICE("b"), &two);
    assert_ptr_equal(map_get(map, SLICE("a")), &one);
    assert_ptr_equal(map_get(map, SLICE("b")), &two);
    assert_int_equal(map_count(map), 2);
}

static void a_second_value_takes_the_place_of_the_first(void **state)
{
    struct map *map = *state;
    int one = 1, two = 2;

    map_put(map, SLICE("a"), &one);
    map_put(map, SLICE("a"), &two);
    assert_ptr_equal(map_get(map, SLICE("a")), &two);
    assert_int_equal(map_count(map), 1);
}

static void what_is_removed_is_gone_and_removing_it_again_does_no_harm(void **state)
{
    struct map *map = *state;
    int one = 1;

    map_put(map, SLICE("a"), &one);
    map_remove(map, SLICE("a"));
    map_remove(map, SLICE("a"));
    assert_null(map_get(map, SLICE("a")));
    assert_int_equal(map_count(map), 0);
}

static void a_key_is_its_bytes_and_is_copied(void **state)
{
    struct map *map = *state;
    char key[] = { 'a', '\0', 'b' };
    int one = 1;

    map_put(map, (struct slice){ key, sizeof key }, &one);
    key[2] = 'c';
    assert_null(map_get(map, (struct slice){ key, sizeof key }));
    assert_null(map_get(map, (struct slice){ key, 1 }));
    assert_ptr_equal(map_get(map, SLICE("a\0b")), &one);
}

static void any_of_its_values_is_given_with_its_key(void **state)
{
    struct map *map = *state;
    struct slice key;
    int one = 1;

    assert_null(map_any(map, &key));
    map_put(map, SLICE("a"), &one);
    assert_ptr_equal(map_any(map, &key), &one);
    assert_true(slice_eq(key, SLICE("a")));
}

static void ten_thousand_names_are_kept_apart(void **state)
{
    static int values[10000];
    struct map *map = *state;
    char key[16];

    for (int i = 0; i < 10000; i++) {
        snprintf(key, sizeof key, "%d", i);
        map_put(map, slice_of(key), &values[i]);
    }
    for (int i = 0; i < 10000; i++) {
        snprintf(key, sizeof key, "%d", i);
        assert_ptr_equal(map_get(map, slice_of(key)), &values[i]);
    }
    map_clear(map);
    assert_int_equal(map_count(map), 0);
    assert_null(map_get(map, SLICE("1")));
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(what_was_put_in_is_found_under_its_name),
        EACH(a_second_value_takes_the_place_of_the_first),
        EACH(what_is_removed_is_gone_and_removing_it_again_does_no_harm),
        EACH(a_key_is_its_bytes_and_is_copied),
        EACH(any_of_its_values_is_given_with_its_key),
        EACH(ten_thousand_names_are_kept_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
