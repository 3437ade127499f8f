#include "src/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define LIMIT_BYTES ((size_t)1 << 20)

static int open_arena(void **state)
{
    struct arena *arena;

    if (arena_new(LIMIT_BYTES, &arena))
        return -1;
    *state = arena;
    return 0;
}

static int close_arena(void **state)
{
    arena_free(*state);
    return 0;
}

static void what_is_handed_out_is_zeroed_and_aligned(void **state)
{
    for (size_t n_bytes = 0; n_bytes < 200; n_bytes += 7) {
        char *bytes = arena_alloc(*state, n_bytes, 1);

        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < n_bytes; i++)
            assert_int_equal(bytes[i], 0);
        memset(bytes, 0xff, n_bytes);
    }
}

static void the_limit_holds_to_the_byte_and_comes_back_with_a_reset(void **state)
{
    assert_null(arena_alloc(*state, LIMIT_BYTES + 1, 1));
    assert_non_null(arena_alloc(*state, LIMIT_BYTES, 1));
    assert_int_equal(arena_used_bytes(*state), LIMIT_BYTES);
    assert_null(arena_alloc(*state, 1, 1));
    arena_reset(*state);
    assert_int_equal(arena_used_bytes(*state), 0);
    assert_non_null(arena_alloc(*state, LIMIT_BYTES, 1));
}

static void many_small_things_reach_the_limit_too(void **state)
{
    size_t n_given = 0;

    while (arena_alloc(*state, 1, 1000))
        n_given++;
    assert_in_range(n_given, LIMIT_BYTES / 1008 - 1, LIMIT_BYTES / 1000);
}

static void sizes_that_overflow_are_refused(void **state)
{
    assert_null(arena_alloc(*state, SIZE_MAX, 2));
    assert_null(arena_alloc(*state, SIZE_MAX / 8 + 1, 8));
    assert_null(arena_alloc(*state, SIZE_MAX, 1));
    assert_non_null(arena_alloc(*state, 0, SIZE_MAX));
}

static void after_a_reset_bytes_are_zero_again(void **state)
{
    char *bytes = arena_alloc(*state, 100, 1);

    assert_non_null(bytes);
    memset(bytes, 0xff, 100);
    arena_reset(*state);
    bytes = arena_alloc(*state, 100, 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(bytes[i], 0);
}

static void a_large_thing_does_not_disturb_the_small_ones(void **state)
{
    char *small = arena_alloc(*state, 10, 1);
    char *large = arena_alloc(*state, 200000, 1);
    char *next = arena_alloc(*state, 10, 1);

    assert_non_null(small);
    assert_non_null(large);
    assert_non_null(next);
    memset(small, 'a', 10);
    memset(large, 'b', 200000);
    memset(next, 'c', 10);
    assert_memory_equal(small, "aaaaaaaaaa", 10);
    assert_memory_equal(next, "cccccccccc", 10);
}

static void an_array_grows_and_keeps_what_it_holds(void **state)
{
    size_t *items = NULL;

    for (size_t i = 0; i < 1000; i++) {
        items = arena_grow(*state, items, i, sizeof *items);
        assert_non_null(items);
        items[i] = i;
    }
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    assert_in_range(arena_used_bytes(*state), 1024 * sizeof *items, 2048 * sizeof *items + 128);
    /* Fewer of them have room as before. */
    assert_ptr_equal(arena_grow(*state, items, 700, sizeof *items), items);
}

static void an_array_over_the_limit_is_refused(void **state)
{
    char *items = arena_grow(*state, NULL, 0, LIMIT_BYTES / 2);

    assert_non_null(items);
    assert_null(arena_grow(*state, items, 1, LIMIT_BYTES / 2));
}

static void a_copy_keeps_nuls_and_ends_in_one(void **state)
{
    struct slice copy;

    assert_int_equal(arena_copy(*state, SLICE("a\0b"), &copy), RC_OK);
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.ptr, "a\0b\0", 4);
    assert_int_equal(arena_copy(*state, SLICE(""), &copy), RC_OK);
    assert_false(slice_is_absent(copy));
    assert_int_equal(arena_copy(*state, (struct slice){ 0 }, &copy), RC_OK);
    assert_true(slice_is_absent(copy));
}

static void a_copy_over_the_limit_is_refused(void **state)
{
    struct slice copy;

    assert_non_null(arena_alloc(*state, LIMIT_BYTES, 1));
    assert_int_equal(arena_copy(*state, SLICE("a"), &copy), RC_NO_MEMORY);
    assert_int_equal(arena_format(*state, &copy, "%d", 1), RC_NO_MEMORY);
}

static void text_is_formatted_into_the_arena(void **state)
{
    struct slice text;

    assert_int_equal(arena_format(*state, &text, "%s=%d", "n", 42), RC_OK);
    assert_int_equal(text.len, 4);
    assert_string_equal(text.ptr, "n=42");
}

#define arena_test(test) cmocka_unit_test_setup_teardown(test, open_arena, close_arena)

static void blocks_of_pages_hand_out_the_same(void **state)
{
    struct arena *arena = NULL;
    char *large;

    (void)state;
    assert_int_equal(arena_new_of_pages((size_t)8 << 20, &arena), RC_OK);
    for (size_t n_bytes = 0; n_bytes < 3000; n_bytes += 7) {
        char *bytes = arena_alloc(arena, n_bytes + 1, 1);

        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % _Alignof(max_align_t), 0);
        assert_int_equal(bytes[n_bytes], 0);
        memset(bytes, 0xff, n_bytes + 1);
    }
    large = arena_alloc(arena, 3, 1 << 20);
    assert_non_null(large);
    memset(large, 0xff, (size_t)3 << 20);
    assert_null(arena_alloc(arena, 6, 1 << 20));
    arena_reset(arena);
    assert_int_equal(arena_used_bytes(arena), 0);
    large = arena_alloc(arena, 7, 1 << 20);
    assert_non_null(large);
    assert_int_equal(large[0], 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        arena_test(what_is_handed_out_is_zeroed_and_aligned),
        arena_test(the_limit_holds_to_the_byte_and_comes_back_with_a_reset),
        arena_test(many_small_things_reach_the_limit_too),
        arena_test(sizes_that_overflow_are_refused),
        arena_test(after_a_reset_bytes_are_zero_again),
        arena_test(a_large_thing_does_not_disturb_the_small_ones),
        arena_test(an_array_grows_and_keeps_what_it_holds),
        arena_test(an_array_over_the_limit_is_refused),
        arena_test(a_copy_keeps_nuls_and_ends_in_one),
        arena_test(a_copy_over_the_limit_is_refused),
        arena_test(text_is_formatted_into_the_arena),
        cmocka_unit_test(blocks_of_pages_hand_out_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
