#include "src/base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    return arena_new((size_t)1 << 20, &arena) || digest_init() ? -1 : 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *hex_of(const struct sha256 *digest)
{
    static char text[SHA256_HEX_BYTES];

    return hex_format(digest->bytes, SHA256_BYTES, text);
}

static void sha256_gives_the_published_hashes(void **state)
{
    struct sha256 digest;

    (void)state;
    assert_int_equal(sha256_of(SLICE("abc"), &digest), RC_OK);
    assert_string_equal(hex_of(&digest),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(sha256_of((struct slice){ 0 }, &digest), RC_OK);
    assert_string_equal(hex_of(&digest),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void bytes_hash_alike_in_one_piece_or_many(void **state)
{
    struct sha256_stream *stream;
    struct sha256 digest;

    (void)state;
    assert_int_equal(sha256_stream_new(&stream), RC_OK);
    sha256_stream_add(stream, SLICE("a"));
    sha256_stream_add(stream, SLICE(""));
    sha256_stream_add(stream, SLICE("bc"));
    assert_int_equal(sha256_stream_end(stream, &digest), RC_OK);
    sha256_stream_free(stream);
    assert_string_equal(hex_of(&digest),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_stream_free(NULL);
}

static void parts_do_not_run_into_each_other(void **state)
{
    const struct slice ab_c[] = { SLICE("ab"), SLICE("c") };
    const struct slice a_bc[] = { SLICE("a"), SLICE("bc") };
    const struct slice abc_empty[] = { SLICE("abc"), SLICE("") };
    struct sha256 digests[3], again;

    (void)state;
    assert_int_equal(sha256_of_parts(ab_c, 2, &digests[0]), RC_OK);
    assert_int_equal(sha256_of_parts(a_bc, 2, &digests[1]), RC_OK);
    assert_int_equal(sha256_of_parts(abc_empty, 2, &digests[2]), RC_OK);
    assert_int_equal(sha256_of_parts(ab_c, 2, &again), RC_OK);
    assert_memory_equal(&digests[0], &again, sizeof(again));
    assert_memory_not_equal(&digests[0], &digests[1], sizeof(again));
    assert_memory_not_equal(&digests[0], &digests[2], sizeof(again));
}

/* A key or data of one byte repeated is given as that byte and its count. */
struct hmac_case {
    const char *name;
    char key_byte;
    size_t key_len;
    const char *key;
    char data_byte;
    size_t data_len;
    const char *data;
    const char *mac;
};

static struct slice text_or_repeated(const char *text, char byte, size_t len, char *room)
{
    if (text)
        return slice_of(text);
    memset(room, byte, len);
    return (struct slice){ .ptr = room, .len = len };
}

static void hmac_gives_the_codes_of_rfc_4231(void **state)
{
    static const struct hmac_case cases[] = {
        { .name = "case 1",
          .key_byte = 0x0b,
          .key_len = 20,
          .data = "Hi There",
          .mac = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
        { .name = "case 2: a key shorter than the code",
          .key = "Jefe",
          .data = "what do ya want for nothing?",
          .mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        { .name = "case 3",
          .key_byte = '\xaa',
          .key_len = 20,
          .data_byte = '\xdd',
          .data_len = 50,
          .mac = "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
        { .name = "case 4",
          .key = "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14"
                 "\x15\x16\x17\x18\x19",
          .data_byte = '\xcd',
          .data_len = 50,
          .mac = "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
        { .name = "case 6: a key longer than a block",
          .key_byte = '\xaa',
          .key_len = 131,
          .data = "Test Using Larger Than Block-Size Key - Hash Key First",
          .mac = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
        { .name = "case 7: key and data longer than a block",
          .key_byte = '\xaa',
          .key_len = 131,
          .data = "This is a test using a larger than block-size key and a larger than block-size "
                  "data. The key needs to be hashed before being used by the HMAC algorithm.",
          .mac = "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
        { .name = "nothing under no key",
          .mac = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
    };
    char key_room[131], data_room[50];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct hmac_case *c = &cases[i];
        struct sha256 mac;

        print_message("# %s\n", c->name);
        assert_int_equal(
            hmac_sha256(text_or_repeated(c->key, c->key_byte, c->key_len, key_room),
                        text_or_repeated(c->data, c->data_byte, c->data_len, data_room), &mac),
            RC_OK);
        assert_string_equal(hex_of(&mac), c->mac);
    }
}

static void secrets_are_equal_only_where_every_byte_is(void **state)
{
    (void)state;
    assert_true(digest_eq(SLICE("s3cr\0et"), SLICE("s3cr\0et")));
    assert_false(digest_eq(SLICE("s3cr\0et"), SLICE("s3cr\0eT")));
    assert_false(digest_eq(SLICE("X3cret"), SLICE("s3cret")));
    assert_false(digest_eq(SLICE("s3cret"), SLICE("s3cre")));
}

static void nothing_equals_a_missing_secret(void **state)
{
    (void)state;
    assert_false(digest_eq(SLICE(""), SLICE("")));
    assert_false(digest_eq((struct slice){ 0 }, (struct slice){ 0 }));
    assert_false(digest_eq((struct slice){ 0 }, SLICE("")));
    assert_false(digest_eq((struct slice){ 0 }, SLICE("a")));
}

static void hex_is_read_only_as_it_is_written(void **state)
{
    static const char *const refused[] = { "", "00ff1", "00ff1000", "00FF10", "00fg10", " 0ff10" };
    const uint8_t bytes[] = { 0x00, 0xff, 0x10 };
    uint8_t read[3];
    char text[7];

    (void)state;
    assert_string_equal(hex_format(bytes, 3, text), "00ff10");
    assert_int_equal(hex_parse(slice_of(text), read, 3), RC_OK);
    assert_memory_equal(read, bytes, 3);
    assert_int_equal(hex_parse(SLICE("00ff1\0"), read, 3), RC_INVALID);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        print_message("# refused: %s\n", refused[i]);
        assert_int_equal(hex_parse(slice_of(refused[i]), read, 3), RC_INVALID);
    }
}

static void base64_writes_and_reads_the_codes_of_rfc_4648(void **state)
{
    static const struct {
        const char *bytes, *text;
    } cases[] = {
        { .bytes = "", .text = "" },
        { .bytes = "f", .text = "Zg==" },
        { .bytes = "fo", .text = "Zm8=" },
        { .bytes = "foo", .text = "Zm9v" },
        { .bytes = "foob", .text = "Zm9vYg==" },
        { .bytes = "fooba", .text = "Zm9vYmE=" },
        { .bytes = "foobar", .text = "Zm9vYmFy" },
        { .bytes = "\xfb\xff\xfe", .text = "+//+" },
    };
    struct slice written, read;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("# %s\n", cases[i].text);
        assert_int_equal(base64_encode(slice_of(cases[i].bytes), arena, &written), RC_OK);
        assert_true(slice_eq(written, slice_of(cases[i].text)));
        assert_int_equal(base64_decode(written, arena, &read), RC_OK);
        assert_true(slice_eq(read, slice_of(cases[i].bytes)));
    }
    assert_int_equal(base64_decode(SLICE("AGEA"), arena, &read), RC_OK);
    assert_true(slice_eq(read, SLICE("\0a\0")));
}

static void base64_in_a_second_spelling_is_refused(void **state)
{
    static const char *const refused[] = {
        "Zg",   "Zg=",  "Zg===", "Zh==",     "Zm9=",
        "====", "=AAA", "Z===",  "Zg==Zg==", "Zm9v\n",
        "Zm 9", "-_-_", "Zm9v=", "A=A=",     "\xc3\xa9\xc3\xa9"
    };
    struct slice read;

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        print_message("# refused: case %zu\n", i);
        assert_int_equal(base64_decode(slice_of(refused[i]), arena, &read), RC_INVALID);
    }
    assert_int_equal(base64_decode(SLICE("Zm9\0"), arena, &read), RC_INVALID);
    assert_int_equal(base64_decode((struct slice){ 0 }, arena, &read), RC_INVALID);
}

static void random_bytes_differ(void **state)
{
    uint8_t a[32] = { 0 }, b[32] = { 0 };

    (void)state;
    assert_int_equal(random_bytes(a, sizeof(a)), RC_OK);
    assert_int_equal(random_bytes(b, sizeof(b)), RC_OK);
    assert_memory_not_equal(a, b, sizeof(a));
}

static void crc32_gives_the_check_value_and_sees_one_bit(void **state)
{
    (void)state;
    assert_true(crc32_of(SLICE("123456789")) == 0xcbf43926);
    assert_true(crc32_of((struct slice){ 0 }) == 0);
    assert_true(crc32_of(SLICE("123456788")) != 0xcbf43926);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_hashes),
        cmocka_unit_test(bytes_hash_alike_in_one_piece_or_many),
        cmocka_unit_test(parts_do_not_run_into_each_other),
        cmocka_unit_test(hmac_gives_the_codes_of_rfc_4231),
        cmocka_unit_test(secrets_are_equal_only_where_every_byte_is),
        cmocka_unit_test(nothing_equals_a_missing_secret),
        cmocka_unit_test(hex_is_read_only_as_it_is_written),
        cmocka_unit_test(base64_writes_and_reads_the_codes_of_rfc_4648),
        cmocka_unit_test(base64_in_a_second_spelling_is_refused),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(crc32_gives_the_check_value_and_sees_one_bit),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
