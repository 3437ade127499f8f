#include "src/store/packing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LONG_BYTES ((size_t)3 << 20)
#define NOTHING ((struct slice){ 0 })

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

        assert_true(pack(text, NULL, &fixture->packed));
        assert_true(fixture->packed.len < text.len / 2);
        assert_int_equal(unpack(buffer_slice(&fixture->packed), NOTHING, fixture->arena, &back),
                         RC_OK);
        assert_true(slice_eq(back, text));
    }
}

static void what_is_short_or_would_not_shrink_stays_as_it_is(void **state)
{
    struct fixture *fixture = *state;

    assert_false(pack((struct slice){ 0 }, NULL, &fixture->packed));
    assert_false(pack(SLICE(""), NULL, &fixture->packed));
    assert_false(pack(text_of(fixture, PACK_LEAST_BYTES - 1), NULL, &fixture->packed));
    assert_false(pack(noise_of(fixture, 8000), NULL, &fixture->packed));
}

/* Whatever is cut off or changed is said to be damaged, or gives as many bytes as it says: never more memory than it could stand for. */
static void damaged_bytes_are_refused(void **state)
{
    struct fixture *fixture = *state;
    const char huge[] = "\xff\xff\xff\xff\x7fxxxxxxxx", endless[] = "\xff\xff\xff\xff\xff\xff";
    struct slice packed, back;

    assert_true(pack(text_of(fixture, 8000), NULL, &fixture->packed));
    packed = buffer_slice(&fixture->packed);
    for (size_t n = 0; n < packed.len; n++)
        assert_int_equal(unpack((struct slice){ packed.ptr, n }, NOTHING, fixture->arena, &back),
                         RC_CORRUPT);
    for (size_t i = 0; i < packed.len; i++) {
        fixture->packed.ptr[i] ^= 0x55;
        (void)!unpack(packed, NOTHING, fixture->arena, &back);
        fixture->packed.ptr[i] ^= 0x55;
        arena_reset(fixture->arena);
    }
    assert_int_equal(unpack(SLICE(huge), NOTHING, fixture->arena, &back), RC_CORRUPT);
    assert_int_equal(unpack(SLICE(endless), NOTHING, fixture->arena, &back), RC_CORRUPT);
    assert_int_equal(arena_used_bytes(fixture->arena), 0);
}

static void beside_its_like_a_text_takes_next_to_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct pack_dictionary *dictionary;
    struct slice text, back;
    char *changed;

    /* Noise: nothing of it repeats but what the dictionary has. */
    dictionary = pack_dictionary_new(NOTHING, noise_of(fixture, 8000));
    assert_non_null(dictionary);
    changed = fixture->bytes + 4000;
    memcpy(changed, "other", 5);
    text = (struct slice){ fixture->bytes, 8000 };
    assert_true(pack(text, dictionary, &fixture->packed));
    assert_in_range(fixture->packed.len, 1, 150);
    assert_int_equal(unpack(buffer_slice(&fixture->packed), pack_dictionary_text(dictionary),
                            fixture->arena, &back),
                     RC_OK);
    assert_true(slice_eq(back, text));
    pack_dictionary_free(dictionary);
}

static void a_dictionary_is_the_beginning_of_a_text_behind_the_end_of_what_was_before(void **state)
{
    struct fixture *fixture = *state;
    const struct slice noise = noise_of(fixture, 100000), before = { noise.ptr, 50000 },
                       text = { noise.ptr + 50000, 8000 }, endless = { noise.ptr, 90000 };
    struct pack_dictionary *dictionary = pack_dictionary_new(before, text);

    assert_non_null(dictionary);
    assert_true(slice_eq(pack_dictionary_text(dictionary),
                         (struct slice){ noise.ptr + 58000 - PACK_DICTIONARY_MAX_BYTES,
                                         PACK_DICTIONARY_MAX_BYTES }));
    pack_dictionary_free(dictionary);
    dictionary = pack_dictionary_new(before, endless);
    assert_non_null(dictionary);
    assert_true(slice_eq(pack_dictionary_text(dictionary),
                         (struct slice){ noise.ptr, PACK_DICTIONARY_MAX_BYTES }));
    pack_dictionary_free(dictionary);
    pack_dictionary_free(NULL);
    assert_true(slice_is_absent(pack_dictionary_text(NULL)));
}

/* A long text does not reach the dictionary from its end: that costs room, nothing else. */
static void texts_of_any_length_come_back_from_beside_a_dictionary(void **state)
{
    struct fixture *fixture = *state;
    const size_t lengths[] = { PACK_LEAST_BYTES, 8000, 65535, 65536, 100000, LONG_BYTES };
    struct pack_dictionary *dictionary = pack_dictionary_new(NOTHING, noise_of(fixture, 40000));

    assert_non_null(dictionary);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct slice text = text_of(fixture, lengths[i]), back;

        assert_true(pack(text, dictionary, &fixture->packed));
        assert_int_equal(unpack(buffer_slice(&fixture->packed), pack_dictionary_text(dictionary),
                                fixture->arena, &back),
                         RC_OK);
        assert_true(slice_eq(back, text));
    }
    pack_dictionary_free(dictionary);
}

static void with_another_dictionary_nothing_is_read_that_is_not_there(void **state)
{
    struct fixture *fixture = *state;
    struct pack_dictionary *dictionary = pack_dictionary_new(NOTHING, noise_of(fixture, 8000));
    static char too_long[PACK_DICTIONARY_MAX_BYTES + 1];
    struct slice packed, back;

    assert_non_null(dictionary);
    assert_true(pack(noise_of(fixture, 8000), dictionary, &fixture->packed));
    packed = buffer_slice(&fixture->packed);
    assert_int_equal(unpack(packed, NOTHING, fixture->arena, &back), RC_CORRUPT);
    assert_int_equal(unpack(packed, SLICE("another"), fixture->arena, &back), RC_CORRUPT);
    assert_int_equal(
        unpack(packed, (struct slice){ too_long, sizeof too_long }, fixture->arena, &back),
        RC_CORRUPT);
    for (size_t i = 0; i < packed.len; i++) {
        fixture->packed.ptr[i] ^= 0x55;
        (void)!unpack(packed, pack_dictionary_text(dictionary), fixture->arena, &back);
        fixture->packed.ptr[i] ^= 0x55;
        arena_reset(fixture->arena);
    }
    pack_dictionary_free(dictionary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_packed_comes_back_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_short_or_would_not_shrink_stays_as_it_is, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(damaged_bytes_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(beside_its_like_a_text_takes_next_to_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_dictionary_is_the_beginning_of_a_text_behind_the_end_of_what_was_before, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(texts_of_any_length_come_back_from_beside_a_dictionary,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(with_another_dictionary_nothing_is_read_that_is_not_there,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
