#include "watchers/trusted_open.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define OTHER 65534

static char directory[] = "/tmp/vedette-open-XXXXXX";

static const char *path_of(const char *name)
{
    static char paths[2][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 2];

    snprintf(path, PATH_MAX, "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, uid_t owner)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "x\n", 2), 2);
    close(fd);
    if (!geteuid())
        assert_int_equal(chown(path_of(name), owner, owner), 0);
}

static void write_link(const char *target, const char *name, uid_t owner)
{
    assert_int_equal(symlink(target, path_of(name)), 0);
    if (!geteuid())
        assert_int_equal(lchown(path_of(name), owner, owner), 0);
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *place)
{
    (void)stat;
    (void)kind;
    (void)place;
    return remove(path);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(directory + sizeof directory - 7, "XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* `reason` NULL: none is given. */
static void claim(const char *path, enum rc expected, const char *reason)
{
    struct stat facts;
    const char *why = NULL;
    int fd = -1;

    print_message("# %s\n", path);
    assert_int_equal(trusted_open(path, &fd, &facts, &why), expected);
    assert_int_equal(fd >= 0, expected == RC_OK);
    if (reason)
        assert_non_null(why && strstr(why, reason) ? why : NULL);
    else
        assert_null(why);
    if (expected)
        return;
    assert_true(S_ISREG(facts.st_mode));
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
}

static void a_file_is_opened_and_what_is_not_there_is_not_found(void **state)
{
    (void)state;
    write_file("a.log", 0);
    claim(path_of("a.log"), RC_OK, NULL);
    claim(path_of("b.log"), RC_NOT_FOUND, NULL);
    claim(path_of("a.log/b.log"), RC_NOT_FOUND, NULL);
}

static void t17_links_of_our_own_and_those_that_lead_to_the_same_users_file_are_followed(
    void **state)
{
    (void)state;
    write_file("a.log", OTHER);
    write_link("a.log", "ours", 0);
    write_link("a.log", "theirs", OTHER);
    write_link("ours", "chain", 0);
    assert_int_equal(mkdir(path_of("d"), 0755), 0);
    write_file("d/b.log", 0);
    write_link("d", "way", 0);
    write_link("../a.log", "d/up", 0);
    write_link(path_of("a.log"), "whole", 0);
    claim(path_of("ours"), RC_OK, NULL);
    claim(path_of("theirs"), RC_OK, NULL);
    claim(path_of("chain"), RC_OK, NULL);
    claim(path_of("way/b.log"), RC_OK, NULL);
    claim(path_of("d/up"), RC_OK, NULL);
    claim(path_of("whole"), RC_OK, NULL);
}

static void t17_a_link_that_leads_to_somebody_elses_file_is_not_followed(void **state)
{
    (void)state;
    if (geteuid())
        skip();
    write_file("secret", 0);
    assert_int_equal(mkdir(path_of("d"), 0755), 0);
    write_file("d/secret", 0);
    write_link("secret", "planted.log", OTHER);
    write_link("d", "planted", OTHER);
    write_link("planted.log", "ours", 0);
    claim(path_of("planted.log"), RC_DENIED, "symbolic link");
    claim(path_of("planted/secret"), RC_DENIED, "symbolic link");
    claim(path_of("ours"), RC_DENIED, "symbolic link");
}

static void links_that_lead_nowhere_or_in_a_circle_end(void **state)
{
    (void)state;
    write_link("nowhere", "broken", 0);
    write_link("b", "a", 0);
    write_link("a", "b", 0);
    claim(path_of("broken"), RC_NOT_FOUND, NULL);
    claim(path_of("a"), RC_IO, NULL);
}

/* Opening a pipe would wake whoever waits to write to it. */
static void t18_what_is_no_regular_file_is_not_opened(void **state)
{
    int writer;

    (void)state;
    assert_int_equal(mkfifo(path_of("pipe"), 0644), 0);
    assert_int_equal(mkdir(path_of("d"), 0755), 0);
    write_link("pipe", "link", 0);
    claim(path_of("pipe"), RC_DENIED, "no regular file");
    claim(path_of("link"), RC_DENIED, "no regular file");
    claim(path_of("d"), RC_DENIED, "no regular file");
    claim("/dev/null", RC_DENIED, "no regular file");
    claim("/", RC_DENIED, "no regular file");
    writer = open(path_of("pipe"), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(writer < 0); /* nobody reads */
}

static void t20_what_we_may_not_read_says_what_to_do(void **state)
{
    (void)state;
    if (geteuid())
        skip();
    assert_int_equal(chmod(directory, 0755), 0);
    write_file("a.log", 0);
    assert_int_equal(chmod(path_of("a.log"), 0600), 0);
    assert_int_equal(seteuid(OTHER), 0);
    claim(path_of("a.log"), RC_DENIED, "let the daemon's user read");
    assert_int_equal(seteuid(0), 0);
}

static void t21_without_descriptors_it_says_so(void **state)
{
    struct rlimit limit, none = { 0 };

    (void)state;
    write_file("a.log", 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none.rlim_max = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    claim(path_of("a.log"), RC_FULL, NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(a_file_is_opened_and_what_is_not_there_is_not_found),
        EACH(t17_links_of_our_own_and_those_that_lead_to_the_same_users_file_are_followed),
        EACH(t17_a_link_that_leads_to_somebody_elses_file_is_not_followed),
        EACH(links_that_lead_nowhere_or_in_a_circle_end),
        EACH(t18_what_is_no_regular_file_is_not_opened),
        EACH(t20_what_we_may_not_read_says_what_to_do),
        EACH(t21_without_descriptors_it_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
