#include "src/store/preallocation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE ((size_t)4096)
#define N_MAX 100000
#define LEAST (PREALLOCATION_LEAST_BYTES / (int64_t)PAGE)
#define MOST (PREALLOCATION_MOST_BYTES / (int64_t)PAGE)

static struct rlimit file_limit; /* as it was */

struct file {
    int fd;
    struct preallocation pages;
};

static int set_up(void **state)
{
    struct file *file = calloc(1, sizeof *file);
    char path[] = "/tmp/vedette-pages-XXXXXX";

    assert_non_null(file);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &file_limit), 0);
    file->fd = mkstemp(path);
    assert_true(file->fd >= 0);
    assert_int_equal(unlink(path), 0);
    *state = file;
    return 0;
}

static int tear_down(void **state)
{
    struct file *file = *state;

    close(file->fd);
    free(file);
    return setrlimit(RLIMIT_FSIZE, &file_limit);
}

/* As a commit does it: pages from `first` on, of which each byte is `byte`. */
static void commit(struct file *file, int64_t first, int64_t n_pages, char byte)
{
    char page[PAGE];

    memset(page, byte, PAGE);
    for (int64_t i = first; i < first + n_pages; i++)
        assert_int_equal(pwrite(file->fd, page, PAGE, i * (int64_t)PAGE), PAGE);
}

static void begin(struct file *file, int64_t n_max)
{
    assert_int_equal(preallocation_begin(&file->pages, file->fd, PAGE, n_max), RC_OK);
}

static int64_t n_pages_of(struct file *file)
{
    struct stat stat;

    assert_int_equal(fstat(file->fd, &stat), 0);
    return stat.st_size / (int64_t)PAGE;
}

static void all_are(struct file *file, int64_t first, int64_t n_pages, char byte)
{
    char page[PAGE], expected[PAGE];

    memset(expected, byte, PAGE);
    for (int64_t i = first; i < first + n_pages; i++) {
        assert_int_equal(pread(file->fd, page, PAGE, i * (int64_t)PAGE), PAGE);
        assert_memory_equal(page, expected, PAGE);
    }
}

static void pages_are_added_behind_those_in_use_which_stay_as_they_are(void **state)
{
    struct file *file = *state;

    commit(file, 0, 10, 'a');
    begin(file, N_MAX);
    preallocation_extend(&file->pages, 10);
    assert_int_equal(n_pages_of(file), 10 + LEAST);
    all_are(file, 0, 10, 'a');
    all_are(file, 10, LEAST, 0);
}

static void what_commits_took_is_made_up_for_in_pieces_of_16(void **state)
{
    struct file *file = *state;

    begin(file, N_MAX);
    preallocation_extend(&file->pages, 10);
    preallocation_extend(&file->pages, 10);
    assert_int_equal(n_pages_of(file), 10 + LEAST);
    preallocation_extend(&file->pages, 11);
    assert_int_equal(n_pages_of(file), 10 + LEAST + 16);
    for (int64_t n_used = 12; n_used <= 26; n_used++)
        preallocation_extend(&file->pages, n_used);
    assert_int_equal(n_pages_of(file), 10 + LEAST + 16);
    preallocation_extend(&file->pages, 27);
    assert_int_equal(n_pages_of(file), 10 + LEAST + 32);
}

static void who_grows_fast_finds_twice_as_much_up_to_a_bound(void **state)
{
    struct file *file = *state;

    begin(file, N_MAX);
    preallocation_extend(&file->pages, 10);
    preallocation_extend(&file->pages, 110);
    assert_int_equal(n_pages_of(file), 110 + 200);
    preallocation_extend(&file->pages, 5110);
    assert_int_equal(n_pages_of(file), 5110 + MOST);
}

static void what_a_commit_wrote_far_ahead_of_us_is_left_alone(void **state)
{
    struct file *file = *state;

    begin(file, N_MAX);
    preallocation_extend(&file->pages, 10);
    commit(file, 10, 490, 'b');
    preallocation_extend(&file->pages, 500);
    all_are(file, 10, 490, 'b');
    all_are(file, 500, 980, 0);
    assert_int_equal(n_pages_of(file), 500 + 980);
}

static void what_an_earlier_run_left_is_used(void **state)
{
    struct file *file = *state;

    commit(file, 0, 10 + LEAST, 'c');
    begin(file, N_MAX);
    preallocation_extend(&file->pages, 10);
    all_are(file, 0, 10 + LEAST, 'c');
    assert_int_equal(n_pages_of(file), 10 + LEAST);
}

static void a_page_that_an_earlier_run_wrote_in_part_is_written_whole(void **state)
{
    struct file *file = *state;

    commit(file, 0, 10, 'd');
    assert_int_equal(pwrite(file->fd, "half", 4, 10 * (int64_t)PAGE), 4);
    begin(file, N_MAX);
    preallocation_extend(&file->pages, 10);
    all_are(file, 0, 10, 'd');
    all_are(file, 10, LEAST, 0);
}

static void nothing_is_written_behind_the_end_of_the_map(void **state)
{
    struct file *file = *state;

    begin(file, 20);
    preallocation_extend(&file->pages, 10);
    assert_int_equal(n_pages_of(file), 20);
    preallocation_extend(&file->pages, 20);
    assert_int_equal(n_pages_of(file), 20);
}

static void s03_what_cannot_be_written_is_written_once_it_can_be(void **state)
{
    struct file *file = *state;
    const struct rlimit few = { .rlim_cur = 12 * PAGE + 100, .rlim_max = file_limit.rlim_max };

    signal(SIGXFSZ, SIG_IGN);
    begin(file, N_MAX);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
    preallocation_extend(&file->pages, 10);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &file_limit), 0);
    assert_int_equal(n_pages_of(file), 12);
    preallocation_extend(&file->pages, 10);
    assert_int_equal(n_pages_of(file), 10 + LEAST);
    all_are(file, 10, LEAST, 0);
}

static void a_file_that_is_none_and_pages_that_are_too_large_are_errors(void **state)
{
    struct file *file = *state;
    struct preallocation pages;

    assert_int_equal(preallocation_begin(&pages, -1, PAGE, N_MAX), RC_IO);
    assert_int_equal(preallocation_begin(&pages, file->fd, 32 * 1024, N_MAX), RC_OK);
    assert_int_equal(preallocation_begin(&pages, file->fd, 64 * 1024, N_MAX), RC_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        STORY(pages_are_added_behind_those_in_use_which_stay_as_they_are),
        STORY(what_commits_took_is_made_up_for_in_pieces_of_16),
        STORY(who_grows_fast_finds_twice_as_much_up_to_a_bound),
        STORY(what_a_commit_wrote_far_ahead_of_us_is_left_alone),
        STORY(what_an_earlier_run_left_is_used),
        STORY(a_page_that_an_earlier_run_wrote_in_part_is_written_whole),
        STORY(nothing_is_written_behind_the_end_of_the_map),
        STORY(s03_what_cannot_be_written_is_written_once_it_can_be),
        STORY(a_file_that_is_none_and_pages_that_are_too_large_are_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
