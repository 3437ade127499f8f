#include "src/store/packing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LONG_BYTES ((size_t)3 << 20)

struct fixture {
    struct arena *arena;
    struct buffer packed;
    char *bytes;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    assert_int_equal(arena_new((size_t)64 << 20, &fixture->arena), RC_OK);
    buffer_init(&fixture->packed, 0);
    fixture->bytes = malloc(LONG_BYTES);
    assert_non_null(fixture->bytes);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    arena_free(fixture->arena);
    buffer_free(&fixture->packed);
    free(fixture->bytes);
    free(fixture);
    return 0;
}

/* As JSON is: few words, again and again. */
static struct slice text_of(const struct fixture *fixture, size_t n_bytes)
{
    static const char words[] = "\"name\":\"value\",\"url\":\"https://example.com/\",";

    for (size_t i = 0; i < n_bytes; i++)
        fixture->bytes[i] = i % 97 ? words[i % (sizeof words - 1)] : (char)('a' + i % 23);
    return (struct slice){ fixture->bytes, n_bytes };
}

static struct slice noise_of(const struct fixture *fixture, size_t n_bytes)
{
    srand(1);
    for (size_t i = 0; i < n_bytes; i++)
        fixture->bytes[i] = (char)rand();
    return (struct slice){ fixture->bytes, n_bytes };
}

static void what_was_packed_comes_back_whole(void **state)
{
    struct fixture *fixture = *state;
    const size_t lengths[] = { PACK_LEAST_BYTES, 8000, 16383, 16384, LONG_BYTES };

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct slice text = text_of(fixture, lengths[i]), back;

        assert_true(pack(text, &fixture->packed));
        assert_true(fixture->packed.len < text.len / 2);
        assert_int_equal(unpack(buffer_slice(&fixture->packed), fixture->arena, &back), RC_OK);
        assert_true(slice_eq(back, text));
    }
}

static void what_is_short_or_would_not_shrink_stays_as_it_is(void **state)
{
    struct fixture *fixture = *state;

    assert_false(pack((struct slice){ 0 }, &fixture->packed));
    assert_false(pack(SLICE(""), &fixture->packed));
    assert_false(pack(text_of(fixture, PACK_LEAST_BYTES - 1), &fixture->packed));
    assert_false(pack(noise_of(fixture, 8000), &fixture->packed));
}

/* Whatever is cut off or changed is said to be damaged, or gives as many bytes as it says: never more memory than it could stand for. */
static void damaged_bytes_are_refused(void **state)
{
    struct fixture *fixture = *state;
    const char huge[] = "\xff\xff\xff\xff\x7fxxxxxxxx", endless[] = "\xff\xff\xff\xff\xff\xff";
    struct slice packed, back;

    assert_true(pack(text_of(fixture, 8000), &fixture->packed));
    packed = buffer_slice(&fixture->packed);
    for (size_t n = 0; n < packed.len; n++)
        assert_int_equal(unpack((struct slice){ packed.ptr, n }, fixture->arena, &back),
                         RC_CORRUPT);
    for (size_t i = 0; i < packed.len; i++) {
        fixture->packed.ptr[i] ^= 0x55;
        (void)!unpack(packed, fixture->arena, &back);
        fixture->packed.ptr[i] ^= 0x55;
        arena_reset(fixture->arena);
    }
    assert_int_equal(unpack(SLICE(huge), fixture->arena, &back), RC_CORRUPT);
    assert_int_equal(unpack(SLICE(endless), fixture->arena, &back), RC_CORRUPT);
    assert_int_equal(arena_used_bytes(fixture->arena), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_packed_comes_back_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_short_or_would_not_shrink_stays_as_it_is, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(damaged_bytes_are_refused, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
