#include "src/base/read_ahead.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#define N_BYTES ((size_t)3000017) /* several pieces, and a part of one */

static char *made; /* N_BYTES of lines */

static int set_up(void **state)
{
    (void)state;
    made = malloc(N_BYTES);
    for (size_t i = 0; made && i < N_BYTES; i++)
        made[i] = i % 101 == 100 ? '\n' : (char)('a' + i * 7 / 101 % 26);
    return made ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(made);
    return 0;
}

/* An open file that has no name any more. */
static int file_with(const void *bytes, size_t n_bytes)
{
    char path[] = "/tmp/test_read_ahead_XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    (void)unlink(path);
    assert_int_equal(write(fd, bytes, n_bytes), n_bytes);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* Takes `fd`. */
static struct read_ahead *reader_of(int fd, bool has_thread)
{
    struct gzip_file *file = NULL;
    struct read_ahead *read = NULL;

    assert_int_equal(gzip_file_new(fd, &file), RC_OK);
    assert_int_equal(read_ahead_new(file, has_thread, &read), RC_OK);
    return read;
}

/* Every piece begins with what the one before left, as long as there are more bytes. */
static void assert_reads_all(int fd, bool has_thread, size_t n_left)
{
    struct read_ahead *read = reader_of(fd, has_thread);
    size_t n_taken = 0, n_rest = 0;
    struct slice bytes;

    for (;;) {
        assert_int_equal(read_ahead_next(read, n_rest, &bytes), RC_OK);
        assert_true(bytes.len >= n_rest);
        assert_true(n_taken + bytes.len <= N_BYTES);
        assert_memory_equal(bytes.ptr, made + n_taken, bytes.len);
        if (bytes.len == n_rest)
            break;
        n_rest = bytes.len < n_left ? bytes.len : n_left;
        n_taken += bytes.len - n_rest;
    }
    assert_int_equal(n_taken + n_rest, N_BYTES);
    for (int i = 0; i < 3; i++) { /* the end stays the end, with what is left of the rest */
        assert_int_equal(read_ahead_next(read, n_rest / 2, &bytes), RC_OK);
        n_rest /= 2;
        assert_int_equal(bytes.len, n_rest);
        if (n_rest)
            assert_memory_equal(bytes.ptr, made + N_BYTES - n_rest, n_rest);
    }
    read_ahead_free(read);
}

static void the_rest_of_a_piece_stands_before_the_next(void **state)
{
    static const size_t rests[] = { 0, 1, 100, 4096, 300000, READ_AHEAD_REST_BYTES };

    (void)state;
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        assert_reads_all(file_with(made, N_BYTES), true, rests[i]);
        assert_reads_all(file_with(made, N_BYTES), false, rests[i]);
    }
}

static int gzipped(size_t n_kept)
{
    static unsigned char packed[4000000];
    z_stream stream = { 0 };

    assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (unsigned char *)made;
    stream.avail_in = (uInt)N_BYTES;
    stream.next_out = packed;
    stream.avail_out = sizeof packed;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&stream);
    return file_with(packed, n_kept && n_kept < stream.total_out ? n_kept : stream.total_out);
}

static void what_is_packed_is_unpacked(void **state)
{
    (void)state;
    assert_reads_all(gzipped(0), true, 1000);
    assert_reads_all(gzipped(0), false, 1000);
}

static void assert_fails(int fd, bool has_thread)
{
    struct read_ahead *read = reader_of(fd, has_thread);
    struct slice bytes;
    enum rc rc = RC_OK;

    for (int i = 0; !rc && i < 100; i++)
        rc = read_ahead_next(read, 0, &bytes);
    assert_true(rc == RC_CORRUPT || rc == RC_IO);
    for (int i = 0; i < 3; i++)
        assert_int_equal(read_ahead_next(read, 0, &bytes), rc);
    read_ahead_free(read);
}

static void what_went_wrong_is_said_again(void **state)
{
    (void)state;
    assert_fails(gzipped(5000), true);
    assert_fails(gzipped(5000), false);
}

static void more_than_may_be_left_is_refused(void **state)
{
    struct read_ahead *read = reader_of(file_with(made, N_BYTES), true);
    struct slice bytes;

    (void)state;
    assert_int_equal(read_ahead_next(read, 0, &bytes), RC_OK);
    assert_int_equal(read_ahead_next(read, READ_AHEAD_REST_BYTES + 1, &bytes), RC_LIMIT);
    read_ahead_free(read);
}

static void a_reader_may_go_before_the_end(void **state)
{
    (void)state;
    read_ahead_free(NULL);
    for (int i = 0; i < 20; i++) {
        struct read_ahead *read = reader_of(file_with(made, N_BYTES), true);
        struct slice bytes;

        for (int j = 0; j < i % 4; j++)
            assert_int_equal(read_ahead_next(read, j ? 10 : 0, &bytes), RC_OK);
        read_ahead_free(read);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rest_of_a_piece_stands_before_the_next),
        cmocka_unit_test(what_is_packed_is_unpacked),
        cmocka_unit_test(what_went_wrong_is_said_again),
        cmocka_unit_test(more_than_may_be_left_is_refused),
        cmocka_unit_test(a_reader_may_go_before_the_end),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
