#include "src/base/crash_point.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void every_place_has_a_name_of_its_own(void **state)
{
    int n_names = 0;

    (void)state;
    for (; crash_point_names[n_names]; n_names++) {
        for (int i = 0; i < n_names; i++)
            assert_string_not_equal(crash_point_names[i], crash_point_names[n_names]);
    }
    assert_int_equal(n_names, CRASH_PLACES);
    assert_string_equal(crash_point_names[CRASH_FOLD_EVENT], "fold.event");
}

#ifdef VEDETTE_CRASH_POINTS

struct end {
    int status;    /* as waitpid gives it */
    char n_passes; /* of fold.event that came to an end */
};

/* A process of its own, since the choice is read once: passes accept.before-commit once and fold.event four times. */
static struct end run_with(const char *choice)
{
    struct end end = { 0 };
    int ends[2];
    pid_t child;
    char pass;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_int_not_equal(child, -1);
    if (!child) {
        if (choice)
            setenv("VEDETTE_CRASH_AT", choice, 1);
        crash_point(CRASH_ACCEPT_BEFORE_COMMIT);
        setenv("VEDETTE_CRASH_AT", "fold.event:1", 1); /* too late to be read */
        for (int i = 0; i < 4; i++) {
            crash_point(CRASH_FOLD_EVENT);
            if (write(ends[1], "x", 1) != 1)
                _exit(2);
        }
        _exit(0);
    }
    close(ends[1]);
    while (read(ends[0], &pass, 1) == 1)
        end.n_passes++;
    close(ends[0]);
    assert_int_equal(waitpid(child, &end.status, 0), child);
    return end;
}

static void assert_killed_after(const char *choice, int n_passes)
{
    struct end end = run_with(choice);

    assert_true(WIFSIGNALED(end.status));
    assert_int_equal(WTERMSIG(end.status), SIGKILL);
    assert_int_equal(end.n_passes, n_passes);
}

static void assert_unharmed(const char *choice)
{
    struct end end = run_with(choice);

    assert_true(WIFEXITED(end.status));
    assert_int_equal(WEXITSTATUS(end.status), 0);
    assert_int_equal(end.n_passes, 4);
}

static void the_process_is_killed_at_the_chosen_pass(void **state)
{
    (void)state;
    assert_killed_after("fold.event:1", 0);
    assert_killed_after("fold.event:3", 2);
    assert_killed_after("accept.before-commit:1", 0);
}

static void nothing_happens_at_a_place_not_reached_or_not_chosen(void **state)
{
    (void)state;
    assert_unharmed(NULL);
    assert_unharmed("fold.event:5");
    assert_unharmed("fold.after-commit:1");
}

static void a_choice_that_means_nothing_ends_the_process_at_once(void **state)
{
    static const char *const choices[] = { "",
                                           "fold.event",
                                           "fold.event:",
                                           "fold.evnt:1",
                                           "fold.event:0",
                                           "fold.event:-1",
                                           "fold.event:1x" };

    (void)state;
    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        struct end end = run_with(choices[i]);

        print_message("# %s\n", choices[i]);
        assert_true(WIFSIGNALED(end.status));
        assert_int_equal(WTERMSIG(end.status), SIGABRT);
    }
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_place_has_a_name_of_its_own),
#ifdef VEDETTE_CRASH_POINTS
        cmocka_unit_test(the_process_is_killed_at_the_chosen_pass),
        cmocka_unit_test(nothing_happens_at_a_place_not_reached_or_not_chosen),
        cmocka_unit_test(a_choice_that_means_nothing_ends_the_process_at_once),
#endif
    };

    unsetenv("VEDETTE_CRASH_AT");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
