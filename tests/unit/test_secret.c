#include "src/base/buffer.h"
#include "src/base/file.h"
#include "src/base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char dir[64];
    struct arena *arena;
    struct problems *problems;
    struct slice_list secrets;
};

static void path_of(const struct fixture *fixture, const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", fixture->dir, name);
}

static void write_secret(const struct fixture *fixture, const char *name, struct slice text,
                         unsigned mode)
{
    char path[128];

    path_of(fixture, name, path);
    assert_int_equal(file_write(path, text, mode), RC_OK);
    assert_int_equal(chmod(path, mode), 0);
}

static int set_up(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){ .dir = "/tmp/test_secret.XXXXXX" };
    if (!mkdtemp(fixture.dir) || arena_new(1 << 20, &fixture.arena) != RC_OK ||
        problems_new(&fixture.problems) != RC_OK)
        return -1;
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = { "a.secret", "b.secret", "empty.secret", "cred" };
    struct fixture *fixture = *state;
    char path[128];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        path_of(fixture, names[i], path);
        (void)unlink(path);
    }
    (void)rmdir(fixture->dir);
    arena_free(fixture->arena);
    problems_free(fixture->problems);
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    (void)unsetenv("TEST_SECRET");
    return 0;
}

static enum rc read_from(struct fixture *fixture, const char *base_dir, bool resolve,
                         const char *text)
{
    struct node *map = NULL;

    assert_int_equal(
        document_parse(SLICE("v.yaml"), slice_of(text), fixture->arena, fixture->problems, &map),
        RC_OK);
    return secret_read(map, "secret", slice_of(base_dir), resolve, fixture->arena,
                       fixture->problems, &fixture->secrets);
}

static enum rc read_secret(struct fixture *fixture, const char *text)
{
    return read_from(fixture, fixture->dir, true, text);
}

static void assert_secret(const struct fixture *fixture, size_t i, struct slice expected)
{
    assert_true(i < fixture->secrets.n_items);
    assert_true(slice_eq(fixture->secrets.items[i], expected));
}

static void assert_problem(const struct fixture *fixture, const char *part)
{
    const struct problem *problem = problems_at(fixture->problems, 0);
    size_t offset;

    assert_non_null(problem);
    if (slice_find(problem->text, slice_of(part), &offset) != RC_OK)
        fail_msg("got: %.*s", SLICE_ARG(problem->text));
}

static void a_file_is_read_without_its_newline(void **state)
{
    struct fixture *fixture = *state;

    write_secret(fixture, "a.secret", SLICE("top\nsecret\n"), 0600);
    write_secret(fixture, "b.secret", SLICE("no newline "), 0600);
    assert_int_equal(read_secret(fixture, "secret_file: a.secret"), RC_OK);
    assert_secret(fixture, 0, SLICE("top\nsecret"));
    assert_int_equal(read_secret(fixture, "secret_file: [a.secret, b.secret]"), RC_OK);
    assert_int_equal(fixture->secrets.n_items, 2);
    assert_secret(fixture, 1, SLICE("no newline "));
    assert_null(problems_at(fixture->problems, 0));
}

static void a_file_that_others_can_read_is_a_warning(void **state)
{
    struct fixture *fixture = *state;

    write_secret(fixture, "a.secret", SLICE("x"), 0644);
    assert_int_equal(read_secret(fixture, "secret_file: a.secret"), RC_OK);
    assert_int_equal(problems_count(fixture->problems, PROBLEM_WARNING), 1);
    assert_int_equal(problems_count(fixture->problems, PROBLEM_ERROR), 0);
    assert_problem(fixture, "a.secret` can be read by everybody (mode 644)");
}

static void systemd_hands_over_what_is_not_there(void **state)
{
    struct fixture *fixture = *state;

    write_secret(fixture, "cred", SLICE("from systemd\n"), 0400);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", fixture->dir, 1), 0);
    assert_int_equal(read_from(fixture, "/nonexistent", true, "secret_file: cred"), RC_OK);
    assert_secret(fixture, 0, SLICE("from systemd"));
    assert_int_equal(read_from(fixture, "/nonexistent", true, "secret_file: other"), RC_INVALID);
    assert_problem(fixture, "/nonexistent/other` cannot be read");
}

static void the_environment_is_asked_by_name(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(setenv("TEST_SECRET", "from outside", 1), 0);
    assert_int_equal(read_secret(fixture, "secret: ${TEST_SECRET}"), RC_OK);
    assert_secret(fixture, 0, SLICE("from outside"));
    assert_null(problems_at(fixture->problems, 0));
}

static void a_literal_is_taken_with_a_warning_that_does_not_show_it(void **state)
{
    struct fixture *fixture = *state;
    size_t offset;

    assert_int_equal(read_secret(fixture, "secret: hunter2"), RC_OK);
    assert_secret(fixture, 0, SLICE("hunter2"));
    assert_int_equal(problems_count(fixture->problems, PROBLEM_WARNING), 1);
    assert_problem(fixture, "better `secret_file: PATH` or `secret: ${NAME}`");
    assert_int_equal(slice_find(problems_at(fixture->problems, 0)->text, SLICE("hunter2"), &offset),
                     RC_NOT_FOUND);
}

static void a_secret_that_cannot_be_had_is_an_error(void **state)
{
    static const struct {
        const char *text, *problem;
    } cases[] = {
        { "secret_file: empty.secret", "the secret `secret` is empty" },
        { "secret_file: nowhere.secret", "nowhere.secret` cannot be read" },
        { "secret_file: .", "cannot be read" },
        { "secret_file: []", "`secret_file` needs the path of a file" },
        { "secret_file: {a: b}", "`secret_file` needs the path of a file" },
        { "secret_file:", "`secret_file` needs the path of a file" },
        { "secret_file: [null]", "`secret_file` needs the path of a file" },
        { "secret:", "`secret` needs a secret" },
        { "secret: ''", "`secret` needs a secret" },
        { "secret: ${TEST_SECRET}", "the environment has no variable `TEST_SECRET`" },
        { "secret: ${}", "`${…}` needs the name" },
        { "secret: ${A B}", "`${…}` needs the name" },
        { "secret: ${1A}", "`${…}` needs the name" },
        { "{secret: x, secret_file: y}", "give `secret` or `secret_file`, not both" },
    };
    struct fixture *fixture = *state;
    struct problems *kept = fixture->problems;

    write_secret(fixture, "empty.secret", SLICE("\n"), 0600);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("# %s\n", cases[i].text);
        assert_int_equal(problems_new(&fixture->problems), RC_OK);
        assert_int_equal(read_secret(fixture, cases[i].text), RC_INVALID);
        assert_problem(fixture, cases[i].problem);
        problems_free(fixture->problems);
    }
    fixture->problems = kept;
}

static void neither_member_is_no_problem(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(read_secret(fixture, "other: x"), RC_NOT_FOUND);
    assert_null(problems_at(fixture->problems, 0));
}

static void a_check_reads_nothing(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(read_from(fixture, "/nonexistent", false, "secret_file: [x, y]"), RC_OK);
    assert_int_equal(fixture->secrets.n_items, 2);
    assert_secret(fixture, 1, SLICE("(not read)"));
    assert_int_equal(read_from(fixture, "/nonexistent", false, "secret: ${TEST_SECRET}"), RC_OK);
    assert_secret(fixture, 0, SLICE("(not read)"));
    assert_null(problems_at(fixture->problems, 0));
    assert_int_equal(read_from(fixture, "/nonexistent", false, "secret: hunter2"), RC_OK);
    assert_secret(fixture, 0, SLICE("(not read)"));
    assert_int_equal(read_from(fixture, "/nonexistent", false, "secret: ${}"), RC_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_read_without_its_newline, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_others_can_read_is_a_warning, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(systemd_hands_over_what_is_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_environment_is_asked_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_literal_is_taken_with_a_warning_that_does_not_show_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_secret_that_cannot_be_had_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(neither_member_is_no_problem, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_check_reads_nothing, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
