#include "watchers/log_names.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void the_usual_names_of_rotated_files_are_known(void **state)
{
    static const struct {
        const char *base, *name;
        bool is_rotation;
    } cases[] = {
        { "app.log", "app.log.1", true },
        { "app.log", "app.log.12", true },
        { "app.log", "app.log-20261129", true },
        { "app.log", "app.log-20261129-1764374400", true },
        { "app.log", "app.log.2026-11-29", true },
        { "app.log", "app.log.2026-11-29T10:00:00", true },
        { "app.log", "app.log.old", true },
        { "app.log", "app.log_bak", true },
        { "app.log", "app-20261129.log", true },
        { "app.log", "app.2026-11-29.log", true },
        { "syslog", "syslog.1", true },
        { "app.log", "app.log", false },
        { "app.log", "app.log.1.gz", false },
        { "app.log", "app.log.", false },
        { "app.log", "app.log.tmp", false },
        { "app.log", "app.log1", false },
        { "app.log", "app-2.log", false }, /* a lone number is somebody else's file */
        { "app.log", "app-20261129.txt", false },
        { "app.log", "web.log.1", false },
        { "app.log", "app", false },
        { "app", "app-20261129.log", false },
    };
    const struct log_watch watch = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("# %s of %s\n", cases[i].name, cases[i].base);
        assert_int_equal(log_name_is_rotation(&watch, cases[i].base, cases[i].name),
                         cases[i].is_rotation);
        if (cases[i].is_rotation)
            assert_true(slice_starts(slice_of(cases[i].name), log_name_stem(cases[i].base)));
    }
}

static void names_that_a_watcher_declares_are_those_and_no_others(void **state)
{
    struct slice globs[] = { SLICE("*.log.*"), SLICE("done-*") };
    const struct log_watch watch = { .rotated = { .items = globs, .n_items = 2 } };

    (void)state;
    assert_true(log_name_is_rotation(&watch, "app.log", "app.log.yesterday"));
    assert_true(log_name_is_rotation(&watch, "app.log", "done-7"));
    assert_false(log_name_is_rotation(&watch, "app.log", "app-20261129.log"));
    assert_false(log_name_is_rotation(&watch, "app.log", "app.log"));
    assert_false(log_name_is_rotation(&watch, "app.log.1", "app.log.1.2")); /* it is no live file */
    assert_true(log_name_is_declared(&watch, "/var/log/app.log.1"));
    assert_false(log_name_is_declared(&watch, "/var/log.d/app.log"));
    assert_true(slice_eq(log_name_stem("app.log"), SLICE("app")));
    assert_true(slice_eq(log_name_stem(".log"), SLICE(".log")));
}

static void the_number_of_a_rotated_file_says_how_old_it_is(void **state)
{
    (void)state;
    assert_true(log_name_compare_age("app.log.2", "app.log.1") < 0);
    assert_true(log_name_compare_age("app.log.9", "app.log.10") > 0);
    assert_int_equal(log_name_compare_age("app.log.1", "app.log.1"), 0);
    assert_int_equal(log_name_compare_age("app.log.1", "app.log.old"), 0);
    assert_int_equal(log_name_compare_age("app.log-20261129", "app.log-20261130"), 0);
}

static void excluded_are_names_and_where_the_glob_has_a_slash_paths(void **state)
{
    struct slice globs[] = { SLICE("*.gz"), SLICE("/var/log/*/debug.log") };
    const struct log_watch watch = { .exclude = { .items = globs, .n_items = 2 } };

    (void)state;
    assert_true(log_name_is_excluded(&watch, "/var/log/app.log.1.gz"));
    assert_true(log_name_is_excluded(&watch, "/var/log/app/debug.log"));
    assert_false(log_name_is_excluded(&watch, "/var/log/debug.log"));
    assert_false(log_name_is_excluded(&watch, "/var/log/a/b/debug.log"));
}

static void t23_compressed_files_are_known_by_their_first_bytes(void **state)
{
    (void)state;
    assert_true(log_is_compressed(SLICE("\x1f\x8b\x08")));
    assert_true(log_is_compressed(SLICE("BZh9")));
    assert_true(log_is_compressed(SLICE("\x28\xb5\x2f\xfd")));
    assert_true(log_is_compressed(SLICE("\xfd"
                                        "7zXZ")));
    assert_false(log_is_compressed(SLICE("BZ")));
    assert_false(log_is_compressed(SLICE("")));
    assert_false(log_is_compressed(SLICE("a line")));
}

static void paths_are_joined_where_there_is_room(void **state)
{
    static char name[PATH_MAX];
    char path[PATH_MAX];

    (void)state;
    assert_true(log_join(path, SLICE("/"), SLICE("a")));
    assert_string_equal(path, "/a");
    assert_true(log_join(path, SLICE("/a/"), SLICE("b")));
    assert_string_equal(path, "/a/b");
    assert_string_equal(log_name_of(path), "b");
    memset(name, 'x', sizeof name);
    assert_true(log_join(path, SLICE("/"), (struct slice){ name, PATH_MAX - 2 }));
    assert_false(log_join(path, SLICE("/"), (struct slice){ name, PATH_MAX - 1 }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_names_of_rotated_files_are_known),
        cmocka_unit_test(names_that_a_watcher_declares_are_those_and_no_others),
        cmocka_unit_test(the_number_of_a_rotated_file_says_how_old_it_is),
        cmocka_unit_test(excluded_are_names_and_where_the_glob_has_a_slash_paths),
        cmocka_unit_test(t23_compressed_files_are_known_by_their_first_bytes),
        cmocka_unit_test(paths_are_joined_where_there_is_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
