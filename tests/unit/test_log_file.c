#include "watchers/log_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES (OFFSET_TAIL_BYTES + 4096)

static const struct log_watch watch = { .name = { "app", 3 }, .max_line_bytes = 65536 };

/* A file that is being tailed, and a descriptor of the one who writes it. */
struct tailing {
    struct log_file *file;
    char path[64];
    int writer;
    char buffer[BUFFER_BYTES];
};

static int set_up(void **state)
{
    struct tailing *tailing = calloc(1, sizeof *tailing);
    struct stat facts;
    int fd;

    if (!tailing)
        return -1;
    *state = tailing;
    snprintf(tailing->path, sizeof tailing->path, "/tmp/vedette-file-XXXXXX");
    tailing->writer = mkstemp(tailing->path);
    fd = open(tailing->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &facts) ||
        log_file_new(&watch, tailing->path, (struct ulid){ .bytes = { 1 } }, &tailing->file))
        return -1;
    log_file_take(tailing->file, fd, &facts);
    return 0;
}

static int tear_down(void **state)
{
    struct tailing *tailing = *state;

    log_file_free(tailing->file);
    close(tailing->writer);
    unlink(tailing->path);
    free(tailing);
    return 0;
}

static void write_at(struct tailing *tailing, off_t offset, struct slice text)
{
    assert_int_equal(pwrite(tailing->writer, text.ptr, text.len, offset), (ssize_t)text.len);
}

/* What is read is `expected`, and taken. */
static void read_is(struct tailing *tailing, const char *expected)
{
    struct slice bytes = { 0 };

    assert_int_equal(log_file_read(tailing->file, tailing->buffer, BUFFER_BYTES, &bytes),
                     *expected ? LOG_READ_DATA : LOG_READ_NOTHING);
    assert_true(slice_eq(bytes, slice_of(expected)) || !*expected);
    log_file_advance(tailing->file, bytes, bytes.len);
}

static void has_changed(struct tailing *tailing, bool expected)
{
    struct slice bytes;

    assert_int_equal(log_file_has_changed(tailing->file), expected);
    assert_int_equal(log_file_read(tailing->file, tailing->buffer, BUFFER_BYTES, &bytes) ==
                         LOG_READ_CHANGED,
                     expected);
}

static void what_is_written_is_read_once(void **state)
{
    struct tailing *tailing = *state;

    read_is(tailing, "");
    write_at(tailing, 0, SLICE("one\n"));
    read_is(tailing, "one\n");
    read_is(tailing, "");
    write_at(tailing, 4, SLICE("two\n"));
    read_is(tailing, "two\n");
    assert_int_equal(tailing->file->offset, 8);
    assert_int_equal(log_file_lag_bytes(tailing->file), 0);
}

static void t06_a_file_that_was_truncated_or_written_anew_has_changed(void **state)
{
    struct tailing *tailing = *state;

    has_changed(tailing, false);
    write_at(tailing, 0, SLICE("one\ntwo\n"));
    read_is(tailing, "one\ntwo\n");
    has_changed(tailing, false);
    write_at(tailing, 0, SLICE("ONE\n"));
    has_changed(tailing, true);
    write_at(tailing, 0, SLICE("one\nTWO\n"));
    has_changed(tailing, true);
    write_at(tailing, 0, SLICE("one\ntwo\nthree\n"));
    has_changed(tailing, false);
    assert_int_equal(ftruncate(tailing->writer, 4), 0);
    has_changed(tailing, true);
    assert_int_equal(ftruncate(tailing->writer, 0), 0);
    log_file_begin_again(tailing->file);
    has_changed(tailing, false);
    write_at(tailing, 0, SLICE("new\n"));
    read_is(tailing, "new\n");
}

static void t10_its_first_bytes_are_learnt_as_it_grows(void **state)
{
    struct tailing *tailing = *state;
    char bytes[300];

    memset(bytes, 'x', sizeof bytes);
    for (size_t len = 1; len < sizeof bytes; len += 13) {
        write_at(tailing, 0, (struct slice){ bytes, len });
        log_file_learn_head(tailing->file);
        assert_int_equal(tailing->file->n_head, len < OFFSET_HEAD_BYTES ? len : OFFSET_HEAD_BYTES);
    }
    write_at(tailing, 0, SLICE("y"));
    has_changed(tailing, true);
}

static void t13_a_hole_and_nuls_at_its_beginning_are_passed_over(void **state)
{
    struct tailing *tailing = *state;

    write_at(tailing, 100003, SLICE("one\n"));
    read_is(tailing, "one\n");
    assert_int_equal(tailing->file->offset, 100007);
    write_at(tailing, 100007, SLICE("\0two\n"));
    assert_int_equal(
        log_file_read(tailing->file, tailing->buffer, BUFFER_BYTES, &(struct slice){ 0 }),
        LOG_READ_DATA);
    assert_int_equal(tailing->file->offset, 100007);
}

static void a_file_of_nothing_but_a_hole_has_nothing_to_read(void **state)
{
    struct tailing *tailing = *state;

    assert_int_equal(ftruncate(tailing->writer, 1 << 20), 0);
    read_is(tailing, "");
    write_at(tailing, 1 << 20, SLICE("one\n"));
    read_is(tailing, "one\n");
}

static void t24_at_the_end_only_what_comes_is_read_and_half_a_line_is_passed_over(void **state)
{
    struct tailing *tailing = *state;
    struct stat facts;

    write_at(tailing, 0, SLICE("one\nhal"));
    assert_int_equal(fstat(tailing->writer, &facts), 0);
    tailing->file->size = facts.st_size;
    assert_int_equal(log_file_skip_to_end(tailing->file), RC_OK);
    assert_int_equal(tailing->file->state, CUT_SKIPPING);
    read_is(tailing, "");
    write_at(tailing, 7, SLICE("f\ntwo\n"));
    read_is(tailing, "f\ntwo\n");
}

static void a_row_makes_the_same_file_again(void **state)
{
    struct tailing *tailing = *state;
    struct log_file *again = NULL;
    struct file_offset row;

    write_at(tailing, 0, SLICE("one\ntwo\n"));
    read_is(tailing, "one\ntwo\n");
    tailing->file->state = CUT_WITHIN_LINE;
    tailing->file->is_rotated = true;
    row = log_file_row(tailing->file);
    assert_int_equal(log_file_of_row(&watch, &row, &again), RC_OK);
    assert_true(again->offset == 8 && again->state == CUT_WITHIN_LINE && again->is_rotated);
    assert_true(again->inode == tailing->file->inode && again->fd < 0);
    assert_true(log_file_is_read_in(again, tailing->writer, 8));
    assert_false(log_file_is_read_in(again, tailing->writer, 7));
    log_file_free(again);
}

static void t05_a_copy_begins_with_what_was_copied_and_goes_on_from_there(void **state)
{
    struct tailing *tailing = *state;
    char path[] = "/tmp/vedette-copy-XXXXXX";
    int copy = mkstemp(path);

    assert_true(copy >= 0);
    write_at(tailing, 0, SLICE("one\ntwo\n"));
    read_is(tailing, "one\ntwo\n");
    assert_true(log_file_begins_with(tailing->writer, copy)); /* nothing was copied yet */
    assert_int_equal(pwrite(copy, "one\n", 4, 0), 4);
    assert_true(log_file_begins_with(tailing->writer, copy));
    assert_false(log_file_is_read_in(tailing->file, copy, 4));
    assert_int_equal(pwrite(copy, "one\ntwo\nthree\n", 14, 0), 14);
    assert_false(log_file_begins_with(tailing->writer, copy)); /* it is longer */
    assert_true(log_file_is_read_in(tailing->file, copy, 14));
    assert_int_equal(pwrite(copy, "ONE", 3, 0), 3);
    assert_false(log_file_is_read_in(tailing->file, copy, 14));
    close(copy);
    unlink(path);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(what_is_written_is_read_once),
        EACH(t06_a_file_that_was_truncated_or_written_anew_has_changed),
        EACH(t10_its_first_bytes_are_learnt_as_it_grows),
        EACH(t13_a_hole_and_nuls_at_its_beginning_are_passed_over),
        EACH(a_file_of_nothing_but_a_hole_has_nothing_to_read),
        EACH(t24_at_the_end_only_what_comes_is_read_and_half_a_line_is_passed_over),
        EACH(a_row_makes_the_same_file_again),
        EACH(t05_a_copy_begins_with_what_was_copied_and_goes_on_from_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
