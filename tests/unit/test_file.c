#include "src/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static struct arena *arena;

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/vedette-file-XXXXXX");
    return arena_new((size_t)4 << 20, &arena) || !mkdtemp(folder) ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *place)
{
    (void)stat;
    (void)kind;
    (void)place;
    return remove(path);
}

static int remove_folder(void **state)
{
    (void)state;
    arena_free(arena);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The path of `name` in the folder of this test. */
static const char *in_folder(const char *name)
{
    struct slice path;

    assert_int_equal(arena_format(arena, &path, "%s/%s", folder, name), RC_OK);
    return path.ptr;
}

static void assert_holds(const char *path, struct slice wanted)
{
    struct slice text;

    assert_int_equal(file_read(path, 1024, arena, &text), RC_OK);
    assert_true(slice_eq(text, wanted));
}

static mode_t mode_of(const char *path)
{
    struct stat stat_of;

    assert_int_equal(stat(path, &stat_of), 0);
    return stat_of.st_mode & 07777;
}

static int count_entries(void)
{
    DIR *directory = opendir(folder);
    int n_entries = -2; /* "." and ".." */

    assert_non_null(directory);
    while (readdir(directory))
        n_entries++;
    closedir(directory);
    return n_entries;
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    assert_int_equal(file_write(in_folder("a"), SLICE("one\0two\n"), 0600), RC_OK);
    assert_holds(in_folder("a"), SLICE("one\0two\n"));
    assert_int_equal(file_write(in_folder("empty"), (struct slice){ 0 }, 0600), RC_OK);
    assert_holds(in_folder("empty"), SLICE(""));
}

static void a_file_gets_its_mode_whatever_the_umask(void **state)
{
    mode_t mask = umask(077);

    (void)state;
    assert_int_equal(file_write(in_folder("shared"), SLICE("x"), 0644), RC_OK);
    umask(0);
    assert_int_equal(file_write(in_folder("secret"), SLICE("x"), 0600), RC_OK);
    umask(mask);
    assert_int_equal(mode_of(in_folder("shared")), 0644);
    assert_int_equal(mode_of(in_folder("secret")), 0600);
}

static void an_older_file_is_replaced_in_one_step(void **state)
{
    char bytes[8] = "";
    int old;

    (void)state;
    assert_int_equal(file_write(in_folder("a"), SLICE("old"), 0644), RC_OK);
    old = open(in_folder("a"), O_RDONLY);
    assert_int_equal(file_write(in_folder("a"), SLICE("new"), 0600), RC_OK);
    assert_int_equal(read(old, bytes, sizeof(bytes)), 3); /* who reads the old one reads it whole */
    assert_memory_equal(bytes, "old", 3);
    close(old);
    assert_holds(in_folder("a"), SLICE("new"));
    assert_int_equal(mode_of(in_folder("a")), 0600);
    assert_int_equal(count_entries(), 1);
}

static void a_failed_write_leaves_nothing_behind(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in_folder("taken"), 0700), 0);
    assert_int_equal(file_write(in_folder("taken"), SLICE("x"), 0600), RC_IO);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(count_entries(), 1);
    assert_int_equal(file_write(in_folder("no/such/folder"), SLICE("x"), 0600), RC_NOT_FOUND);
}

static void reading_stops_at_the_limit(void **state)
{
    struct slice text;

    (void)state;
    assert_int_equal(file_write(in_folder("a"), SLICE("12345678"), 0600), RC_OK);
    assert_int_equal(file_read(in_folder("a"), 8, arena, &text), RC_OK);
    assert_int_equal(text.len, 8);
    assert_int_equal(file_read(in_folder("a"), 7, arena, &text), RC_LIMIT);
}

static void only_regular_files_are_read(void **state)
{
    struct slice text;

    (void)state;
    assert_int_equal(file_read(in_folder("none"), 10, arena, &text), RC_NOT_FOUND);
    assert_int_equal(file_read(folder, 10, arena, &text), RC_IO);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(mkfifo(in_folder("fifo"), 0600),
                     0); /* would block whoever waits for a writer */
    assert_int_equal(file_read(in_folder("fifo"), 10, arena, &text), RC_IO);
}

static void a_file_that_tells_no_size_is_read_to_its_end(void **state)
{
    struct slice text;

    (void)state;
    assert_int_equal(file_read("/proc/self/status", 1 << 16, arena, &text), RC_OK);
    assert_true(text.len > 100);
}

static void a_directory_is_made_with_its_parents(void **state)
{
    (void)state;
    assert_int_equal(directory_make(in_folder("a/b//c/"), 0700), RC_OK);
    assert_int_equal(mode_of(in_folder("a/b/c")), 0700);
    assert_int_equal(directory_make(in_folder("a/b"), 0755), RC_OK);
    assert_int_equal(mode_of(in_folder("a/b")), 0700); /* left as it was */
    assert_int_equal(directory_make("", 0700), RC_NOT_FOUND);
}

static void a_file_in_the_way_of_a_directory_is_no_directory(void **state)
{
    (void)state;
    assert_int_equal(file_write(in_folder("a"), SLICE(""), 0600), RC_OK);
    assert_int_equal(directory_make(in_folder("a"), 0700), RC_IO);
    assert_int_equal(errno, ENOTDIR);
    assert_int_not_equal(directory_make(in_folder("a/b"), 0700), RC_OK);
}

static void names_are_listed_in_byte_order(void **state)
{
    static const char *const files[] = { "b.yaml", "a.yml",   "B.yaml",      "ä.yaml",  "c.json",
                                         ".a.yml", "a.yaml~", ".b.yaml.tmp", "10.yaml", "9.yaml" };
    static const char *const suffixes[] = { ".yaml", ".yml", NULL };
    static const char *const wanted[] = {
        "10.yaml", "9.yaml", "B.yaml", "a.yml", "b.yaml", "ä.yaml"
    };
    struct slice_list names;

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_int_equal(file_write(in_folder(files[i]), SLICE(""), 0600), RC_OK);
    assert_int_equal(directory_list(folder, suffixes, arena, &names), RC_OK);
    assert_int_equal(names.n_items, sizeof(wanted) / sizeof(wanted[0]));
    for (size_t i = 0; i < names.n_items; i++)
        assert_true(slice_eq(names.items[i], slice_of(wanted[i])));
}

static void a_list_may_be_empty_but_not_missing(void **state)
{
    static const char *const suffixes[] = { ".yaml", NULL };
    struct slice_list names;

    (void)state;
    assert_int_equal(directory_list(folder, suffixes, arena, &names), RC_OK);
    assert_int_equal(names.n_items, 0);
    assert_int_equal(directory_list(in_folder("none"), suffixes, arena, &names), RC_NOT_FOUND);
}

static void paths_are_joined(void **state)
{
    static const struct {
        const char *base, *path, *joined;
    } cases[] = {
        { .base = "/etc/vedette", .path = "rules.d", .joined = "/etc/vedette/rules.d" },
        { .base = "/etc/vedette/", .path = "rules.d", .joined = "/etc/vedette/rules.d" },
        { .base = "/", .path = "a", .joined = "/a" },
        { .base = "/etc", .path = "/run/token", .joined = "/run/token" },
        { .base = "", .path = "a", .joined = "a" },
        { .base = NULL, .path = "a", .joined = "a" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice joined;

        print_message("# %s\n", cases[i].joined);
        assert_int_equal(
            path_join(slice_of(cases[i].base), slice_of(cases[i].path), arena, &joined), RC_OK);
        assert_string_equal(joined.ptr, cases[i].joined);
    }
}

#define file_test(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        file_test(what_is_written_is_read_back),
        file_test(a_file_gets_its_mode_whatever_the_umask),
        file_test(an_older_file_is_replaced_in_one_step),
        file_test(a_failed_write_leaves_nothing_behind),
        file_test(reading_stops_at_the_limit),
        file_test(only_regular_files_are_read),
        file_test(a_file_that_tells_no_size_is_read_to_its_end),
        file_test(a_directory_is_made_with_its_parents),
        file_test(a_file_in_the_way_of_a_directory_is_no_directory),
        file_test(names_are_listed_in_byte_order),
        file_test(a_list_may_be_empty_but_not_missing),
        file_test(paths_are_joined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
