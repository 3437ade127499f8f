#include "src/base/process.h"

#include "src/base/buffer.h"
#include "src/base/process_child.h"
#include "src/base/process_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_WORDS 16
#define N_RUNS 2
#define MAX_RUNS 1000
#define NOBODY 65534
#define WITHOUT_MAIN_THREAD "without-main-thread" /* how this program is asked to be one */

/* One run of a command from its start to its result. */
struct run {
    struct slice words[MAX_WORDS];
    struct process_command command;
    struct process *process;
    int error_number;
};

/* A test has two of them: most need the first only. */
static int set_up(void **state)
{
    struct run *runs = calloc(N_RUNS, sizeof(*runs));

    for (size_t i = 0; runs && i < N_RUNS; i++) {
        runs[i].command.argv.items = runs[i].words;
        runs[i].command.timeout_ms = MINUTE_MS;
    }
    *state = runs;
    return runs ? 0 : -1;
}

static void command_is(struct run *run, const char *const *words)
{
    size_t n_words = 0;

    for (; words[n_words]; n_words++)
        run->words[n_words] = slice_of(words[n_words]);
    run->command.argv.n_items = n_words;
    process_free(run->process);
    run->process = NULL;
}
#define COMMAND(run, ...) command_is((run), (const char *const[]){ __VA_ARGS__, NULL })

static enum rc start(struct run *run)
{
    return process_start(&run->command, &run->process, &run->error_number);
}

/* Waits until something happens, at most until `now_mono_ms` would be `until_mono_ms`. */
static bool step(struct run *run)
{
    struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
    int64_t wait_ms = process_due_mono_ms(run->process) - clock_mono_ms();
    bool done;

    process_fds(run->process, &fds[0].fd, &fds[1].fd);
    poll(fds, 2, wait_ms < 0 ? 0 : wait_ms > MINUTE_MS ? (int)MINUTE_MS : (int)wait_ms);
    process_step(run->process, clock_mono_ms(), &done);
    return done;
}

static const struct process_result *finish(struct run *run)
{
    while (!step(run))
        continue;
    return process_result(run->process);
}

static const struct process_result *result_of(struct run *run)
{
    assert_int_equal(start(run), RC_OK);
    return finish(run);
}

static void assert_text(struct slice actual, const char *expected)
{
    if (!slice_eq(actual, slice_of(expected)))
        fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(actual), expected);
}

static bool has(struct slice text, const char *part)
{
    size_t offset;

    return slice_find(text, slice_of(part), &offset) == RC_OK;
}

struct children {
    pid_t parent;
    size_t n;
    pid_t last;
};

static void count_child(void *context, const struct process_stat *stat)
{
    struct children *children = context;

    if (stat->parent != children->parent)
        return;
    children->n++;
    children->last = stat->pid;
}

static struct children children_of(pid_t parent)
{
    struct children children = { .parent = parent };

    assert_int_equal(process_stat_each(count_child, &children), RC_OK);
    return children;
}

/* Children of ours, zombies too. */
static size_t n_children(void)
{
    return children_of(getpid()).n;
}

/* What a test that failed left behind is no child of the next one. */
static int tear_down(void **state)
{
    struct run *runs = *state;
    pid_t left;

    for (size_t i = 0; i < N_RUNS; i++)
        process_free(runs[i].process);
    free(runs);
    while ((left = children_of(getpid()).last) != 0) {
        kill(left, SIGKILL);
        if (waitpid(left, NULL, 0) != left)
            return -1;
    }
    return 0;
}

static void the_exit_code_and_the_output_come_back(void **state)
{
    const struct process_result *result;

    COMMAND(*state, "/bin/sh", "-c", "echo out; echo err >&2; exit 3");
    result = result_of(*state);
    assert_int_equal(result->end, PROCESS_EXITED);
    assert_int_equal(result->exit_code, 3);
    assert_text(result->output, "out\nerr\n");
    assert_int_equal(result->output_bytes, 8);
    assert_false(result->truncated);
    assert_true(result->finished_ms >= result->started_ms && result->started_ms > 0);
}

static void the_digest_is_that_of_all_output(void **state)
{
    struct sha256 expected;
    const struct process_result *result;

    COMMAND(*state, "/bin/sh", "-c", "echo a; echo b");
    result = result_of(*state);
    assert_int_equal(sha256_of(SLICE("a\nb\n"), &expected), RC_OK);
    assert_memory_equal(&result->output_digest, &expected, sizeof(expected));
}

static void x03_who_ignores_sigterm_is_killed_after_the_grace(void **state)
{
    struct run *run = *state;
    const struct process_result *result;
    bool done;

    COMMAND(run, "/bin/sh", "-c", "trap '' TERM; echo ready; sleep 1000; sleep 1000");
    run->command.timeout_ms = HOUR_MS;
    run->command.kill_after_ms = 50;
    assert_int_equal(start(run), RC_OK);
    step(run); /* "ready" */
    process_step(run->process, clock_mono_ms() + 2 * HOUR_MS, &done);
    assert_false(done);
    process_step(run->process, clock_mono_ms() + 3 * HOUR_MS, &done);
    result = finish(run);
    assert_int_equal(result->end, PROCESS_TIMED_OUT);
    assert_int_equal(result->signal_number, SIGKILL);
    assert_text(result->output, "ready\n");
    assert_int_equal(n_children(), 0);
}

static void x03_the_timeout_ends_the_whole_group(void **state)
{
    struct run *run = *state;
    const struct process_result *result;

    COMMAND(run, "/bin/sh", "-c", "sleep 1000 | sleep 1000");
    run->command.timeout_ms = 1;
    result = result_of(run);
    /* So short that either may be true; never "exited". */
    assert_true(result->end == PROCESS_TIMED_OUT || result->end == PROCESS_NOT_STARTED);
    assert_int_equal(n_children(), 0);
}

static void x03_a_stop_ends_it_like_the_timeout(void **state)
{
    struct run *run = *state;

    COMMAND(run, "/bin/sh", "-c", "echo ready; exec sleep 1000");
    assert_int_equal(start(run), RC_OK);
    step(run);
    process_stop(run->process);
    assert_int_equal(finish(run)->end, PROCESS_TIMED_OUT);
    assert_int_equal(process_result(run->process)->signal_number, SIGTERM);
}

static void x04_a_daemon_is_found_and_killed_and_holds_nobody(void **state)
{
    int64_t began_ms = clock_mono_ms();
    const struct process_result *result;

    /* It keeps our pipe open: there will be no end of file. */
    COMMAND(*state, "/bin/sh", "-c", "(setsid sleep 1000 &); echo started");
    result = result_of(*state);
    assert_int_equal(result->end, PROCESS_EXITED);
    assert_int_equal(result->exit_code, 0);
    assert_int_equal(result->n_strays, 1);
    assert_text(result->output, "started\n");
    assert_true(clock_mono_ms() - began_ms < 5 * PROCESS_DRAIN_MS);
    assert_int_equal(n_children(), 0);
}

static void x04_a_daemon_that_closed_its_output_is_found_too(void **state)
{
    COMMAND(*state, "/bin/sh", "-c",
            "(setsid sh -c 'sleep 1000 & sleep 1000' >/dev/null 2>&1 &); exit 1");
    assert_int_equal(result_of(*state)->exit_code, 1);
    assert_in_range(process_result(((struct run *)*state)->process)->n_strays, 1, 3);
    assert_int_equal(n_children(), 0);
}

/* The substitution ends when the stray is in a session of its own and our child: before, nobody else's it could be. */
#define LEAVE_A_STRAY ": $(setsid sh -c 'sleep 1000 >/dev/null 2>&1 &')"

static void x04_a_stray_that_may_be_anothers_is_left_to_the_last(void **state)
{
    struct run *other = *state, *run = other + 1;

    COMMAND(other, "/bin/sh", "-c", "echo ready; exec sleep 1000");
    assert_int_equal(start(other), RC_OK);
    COMMAND(run, "/bin/sh", "-c", LEAVE_A_STRAY);
    assert_int_equal(result_of(run)->n_strays, 0);
    assert_int_equal(n_children(), 2);
    process_stop(other->process);
    assert_int_equal(finish(other)->n_strays, 1);
    assert_int_equal(n_children(), 0);
}

static void x04_a_stray_of_the_leaders_session_is_nobody_elses(void **state)
{
    struct run *other = *state, *run = other + 1;

    COMMAND(other, "/bin/sh", "-c", "echo ready; exec sleep 1000");
    assert_int_equal(start(other), RC_OK);
    COMMAND(run, "/bin/sh", "-c", "(sleep 1000 >/dev/null 2>&1 &)");
    assert_int_equal(result_of(run)->n_strays, 1);
    assert_int_equal(n_children(), 1);
}

/* Lets go of our output only when /proc takes the whole process for dead, and goes on. */
static void *outlive_main_thread(void *context)
{
    struct process_stat stat = { 0 };
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    while (!stat.is_dead && process_stat_read(getpid(), &stat) == RC_OK)
        sched_yield();
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    for (;;)
        pause();
    return context;
}

static int lose_main_thread(void)
{
    pthread_t thread;

    if (setsid() < 0 || pthread_create(&thread, NULL, outlive_main_thread, NULL))
        return 1;
    pthread_exit(NULL);
}

static void x04_a_stray_without_its_main_thread_is_killed_too(void **state)
{
    struct run *run = *state;
    char self[PATH_MAX] = "";

    assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    COMMAND(run, "/bin/sh", "-c", ": $(\"$0\" " WITHOUT_MAIN_THREAD " &)", self);
    assert_int_equal(result_of(run)->n_strays, 1);
    assert_int_equal(n_children(), 0);
}

/* A SIGKILL takes a moment, and a free does not wait for it. */
static void x04_what_a_free_leaves_is_reaped_by_the_next(void **state)
{
    struct run *freed = *state, *next = freed + 1;

    COMMAND(freed, "/bin/sh", "-c", LEAVE_A_STRAY "; echo ready; sleep 1000");
    assert_int_equal(start(freed), RC_OK);
    step(freed);
    process_free(freed->process);
    freed->process = NULL;
    for (int i = 0; n_children() && i < MAX_RUNS; i++) {
        COMMAND(next, "/bin/true");
        result_of(next);
    }
    assert_int_equal(n_children(), 0);
}

static void x05_a_gigabyte_without_a_newline_costs_no_memory(void **state)
{
    const int64_t n_bytes = 1000000000;
    struct rusage before, after;
    const struct process_result *result;

    getrusage(RUSAGE_SELF, &before);
    COMMAND(*state, "/bin/sh", "-c", "printf first; head -c 999999991 /dev/zero; printf last");
    result = result_of(*state);
    getrusage(RUSAGE_SELF, &after);
    assert_int_equal(result->exit_code, 0);
    assert_int_equal(result->output_bytes, n_bytes);
    assert_true(result->truncated);
    assert_true(slice_starts(result->output, SLICE("first")));
    assert_true(slice_ends(result->output, SLICE("last")));
    assert_true(has(result->output, "\n[999868928 bytes left out]\n"));
    assert_true(result->output.len < PROCESS_HEAD_BYTES + PROCESS_TAIL_BYTES + 64);
    assert_true(after.ru_maxrss - before.ru_maxrss < 16 * 1024);
}

static void x05_head_and_tail_meet_without_a_gap(void **state)
{
    static const struct output_case {
        const char *command;
        int64_t n_bytes;
        bool truncated;
    } cases[] = {
        { "head -c 65536 /dev/zero", 65536, false },
        { "head -c 65537 /dev/zero", 65537, false },
        { "head -c 131072 /dev/zero", 131072, false },
        { "head -c 131073 /dev/zero", 131073, true },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct process_result *result;

        print_message("# %s\n", cases[i].command);
        COMMAND(*state, "/bin/sh", "-c", cases[i].command);
        result = result_of(*state);
        assert_int_equal(result->output_bytes, cases[i].n_bytes);
        assert_int_equal(result->truncated, cases[i].truncated);
        if (!cases[i].truncated)
            assert_int_equal(result->output.len, cases[i].n_bytes);
    }
}

static void x05_the_tail_is_the_end_in_its_order(void **state)
{
    const struct process_result *result;
    struct buffer all;
    struct slice tail;

    buffer_init(&all, 0);
    for (int i = 100000; i <= 150000; i++)
        buffer_format(&all, "%d\n", i);
    COMMAND(*state, "/usr/bin/seq", "100000", "150000");
    result = result_of(*state);
    tail = (struct slice){ all.ptr + all.len - PROCESS_TAIL_BYTES, PROCESS_TAIL_BYTES };
    assert_true(slice_starts(result->output, (struct slice){ all.ptr, PROCESS_HEAD_BYTES }));
    assert_true(slice_ends(result->output, tail));
    buffer_free(&all);
}

static void x06_a_unix_signal_is_not_an_exit_code(void **state)
{
    COMMAND(*state, "/bin/sh", "-c", "kill -9 $$");
    assert_int_equal(result_of(*state)->end, PROCESS_KILLED);
    assert_int_equal(process_result(((struct run *)*state)->process)->signal_number, SIGKILL);
    COMMAND(*state, "/bin/sh", "-c", "exit 137");
    assert_int_equal(result_of(*state)->end, PROCESS_EXITED);
    assert_int_equal(process_result(((struct run *)*state)->process)->exit_code, 137);
}

static void x06_three_hundred_runs_leave_no_zombie(void **state)
{
    for (int i = 0; i < 300; i++) {
        COMMAND(*state, i % 2 ? "/bin/true" : "/bin/false");
        assert_int_equal(result_of(*state)->exit_code, i % 2 ? 0 : 1);
    }
    assert_int_equal(n_children(), 0);
}

static void make_file(char *path, const char *text, int *fd)
{
    *fd = mkostemp(path, O_CLOEXEC);
    assert_true(*fd >= 0);
    assert_int_equal(write(*fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(*fd, 0700), 0);
}

static void assert_not_started(struct run *run, const char *path, int error_number)
{
    const struct process_result *result;

    print_message("# %s: %s\n", path, strerror(error_number));
    COMMAND(run, path);
    result = result_of(run);
    assert_int_equal(result->end, PROCESS_NOT_STARTED);
    assert_string_equal(result->not_started_at, "exec");
    assert_int_equal(result->error_number, error_number);
    assert_int_equal(result->output.len, 0);
}

static void x08_what_cannot_be_executed_never_started(void **state)
{
    char path[] = "/tmp/vedette-process-XXXXXX";
    int fd;

    assert_not_started(*state, "/nonexistent/program", ENOENT);
    assert_not_started(*state, "/etc/passwd", EACCES);
    assert_not_started(*state, "/tmp", EACCES);
    make_file(path, "echo no shell is asked\n", &fd);
    assert_not_started(*state, path, ETXTBSY);
    close(fd);
    assert_not_started(*state, path, ENOEXEC);
    unlink(path);
}

static void x08_what_cannot_be_spawned_is_refused_with_its_errno(void **state)
{
    struct run *run = *state;
    char *huge = calloc(1, 200001);

    memset(huge, 'x', 200000);
    COMMAND(run, "/bin/echo", huge);
    assert_int_equal(start(run), RC_IO);
    assert_int_equal(run->error_number, E2BIG);
    assert_null(run->process);
    free(huge);
    COMMAND(run, "sh"); /* nobody looks along $PATH */
    assert_int_equal(start(run), RC_INVALID);
    COMMAND(run, "/bin/echo", "a");
    run->words[1].len = 2; /* with its NUL */
    assert_int_equal(start(run), RC_INVALID);
    run->command.argv.n_items = 0;
    assert_int_equal(start(run), RC_INVALID);
    assert_int_equal(n_children(), 0);
}

/* In a process of its own, because the limit cannot be taken back. */
static int start_without_processes(struct run *run)
{
    struct rlimit none = { 0 };

    if (setresuid(NOBODY, NOBODY, NOBODY) || setrlimit(RLIMIT_NPROC, &none))
        return 1;
    COMMAND(run, "/bin/true");
    return start(run) == RC_IO && run->error_number == EAGAIN && !run->process ? 0 : 2;
}

static void x08_too_many_processes_is_refused(void **state)
{
    int status;
    pid_t pid;

    if (geteuid() != 0)
        skip();
    pid = fork();
    if (pid == 0)
        _exit(start_without_processes(*state));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void x08_an_unknown_user_never_started(void **state)
{
    struct run *run = *state;
    const struct process_result *result;

    COMMAND(run, "/bin/true");
    run->command.user = SLICE("no-such-user-here");
    result = result_of(run);
    assert_int_equal(result->end, PROCESS_NOT_STARTED);
    assert_string_equal(result->not_started_at, "user");
}

static void x09_a_child_runs_as_the_user_it_names(void **state)
{
    struct run *run = *state;

    if (geteuid() != 0)
        skip();
    run->command.user = SLICE("nobody");
    COMMAND(run, "/usr/bin/id", "-u");
    assert_text(result_of(run)->output, "65534\n");
    COMMAND(run, "/usr/bin/id", "-G"); /* none of our groups */
    assert_text(result_of(run)->output, "65534\n");
}

static void x09_the_environment_is_what_is_listed(void **state)
{
    struct run *run = *state;
    struct slice env[] = { SLICE("A=1"), SLICE("B=two words\nand lines") };

    COMMAND(run, "/usr/bin/env", "-0");
    assert_int_equal(result_of(run)->output.len, 0);
    run->command.env = (struct slice_list){ .items = env, .n_items = 2 };
    COMMAND(run, "/usr/bin/env", "-0");
    assert_true(slice_eq(result_of(run)->output, SLICE("A=1\0B=two words\nand lines\0")));
}

static void x09_names_choose_from_our_environment(void **state)
{
    struct slice names[] = { SLICE("VEDETTE_A"), SLICE("VEDETTE_ABSENT"), SLICE("VEDETTE_B"),
                             SLICE(""), SLICE("VEDETTE_") };
    struct slice_list env;
    struct arena *arena;

    (void)state;
    setenv("VEDETTE_A", "1=2", 1);
    setenv("VEDETTE_B", "", 1);
    assert_int_equal(arena_new(4096, &arena), RC_OK);
    assert_int_equal(
        process_environment((struct slice_list){ .items = names, .n_items = 5 }, arena, &env),
        RC_OK);
    assert_int_equal(env.n_items, 2);
    assert_text(env.items[0], "VEDETTE_A=1=2");
    assert_text(env.items[1], "VEDETTE_B=");
    arena_free(arena);
}

static void x09_nothing_of_ours_is_inherited(void **state)
{
    struct slice status, limits;
    sigset_t some;

    /* Whatever we are like: the child is not. */
    umask(0);
    sigemptyset(&some);
    sigaddset(&some, SIGUSR1);
    sigprocmask(SIG_BLOCK, &some, NULL);
    signal(SIGUSR2, SIG_IGN);
    COMMAND(*state, "/bin/cat", "/proc/self/status");
    status = result_of(*state)->output;
    assert_true(has(status, "\nUmask:\t0077\n"));
    assert_true(has(status, "\nSigBlk:\t0000000000000000\n"));
    assert_true(has(status, "\nSigIgn:\t0000000000000000\n"));
    COMMAND(*state, "/bin/cat", "/proc/self/limits");
    limits = result_of(*state)->output;
    assert_true(has(limits, "Max core file size        0                    0 "));
    assert_true(has(limits, "Max open files            1024 "));
    COMMAND(*state, "/bin/readlink", "/proc/self/cwd", "/proc/self/fd/0");
    assert_text(result_of(*state)->output, "/\n/dev/null\n");
    sigprocmask(SIG_UNBLOCK, &some, NULL);
}

static void x09_it_leads_its_own_session(void **state)
{
    struct process_stat stat;

    COMMAND(*state, "/bin/cat", "/proc/self/stat");
    assert_int_equal(process_stat_parse(result_of(*state)->output, &stat), RC_OK);
    assert_int_equal(stat.session, stat.pid);
    assert_int_equal(stat.parent, getpid());
}

static void s09_no_descriptor_of_ours_reaches_the_child(void **state)
{
    int careless = open("/dev/null", O_RDWR); /* as LMDB opens its data file */

    assert_true(careless > 2);
    assert_int_equal(fcntl(careless, F_DUPFD, 200), 200);
    COMMAND(*state, "/bin/ls", "/proc/self/fd");
    assert_text(result_of(*state)->output, "0\n1\n2\n3\n"); /* 3: what ls reads */
    close(careless);
    close(200);
}

static void s09_our_low_descriptors_do_not_matter(void **state)
{
    int saved = dup(STDIN_FILENO);

    close(
        STDIN_FILENO); /* the next descriptors that are opened are 0 and some that the child uses */
    COMMAND(*state, "/bin/ls", "/proc/self/fd");
    assert_text(result_of(*state)->output, "0\n1\n2\n3\n");
    dup2(saved, STDIN_FILENO);
    close(saved);
}

static void x10_arguments_arrive_as_they_are(void **state)
{
    COMMAND(*state, "/usr/bin/printf", "[%s]", "two words", "\"q\" 'q'", "$(id) `id` ${HOME}",
            "line\nline", "*", "", "-n", "a;b|c>d&", "\\x41", "\xff");
    assert_text(result_of(*state)->output,
                "[two words][\"q\" 'q'][$(id) `id` ${HOME}][line\nline][*][][-n][a;b|c>d&][\\x41]"
                "[\xff]");
}

/* Starts the program as process.c would, and is gone before it says go. */
static int run_without_go(const char *path)
{
    int line[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) || dup2(line[1], CHILD_LINE) < 0)
        return 1;
    close(line[0] == CHILD_LINE ? -1 : line[0]);
    execl("/proc/self/exe", "vedette", CHILD_COMMAND, "", "/usr/bin/touch", path, NULL);
    return 1;
}

static void x02_without_a_go_it_never_runs(void **state)
{
    char path[] = "/tmp/vedette-process-XXXXXX";
    int fd, status;
    pid_t pid;

    (void)state;
    make_file(path, "", &fd);
    close(fd);
    unlink(path);
    pid = fork();
    if (pid == 0)
        _exit(run_without_go(path));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 127);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_child_that_is_left_goes_on(void **state)
{
    struct run *run = *state;
    struct process_stat stat;
    siginfo_t info;
    pid_t pid;

    COMMAND(run, "/bin/sh", "-c", "echo ready; exec sleep 1000");
    assert_int_equal(start(run), RC_OK);
    step(run);
    process_leave(run->process);
    run->process = NULL;
    pid = children_of(getpid()).last;
    assert_int_equal(process_stat_read(pid, &stat), RC_OK);
    assert_false(stat.is_dead);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED), 0);
}

static void a_line_of_proc_is_read_whatever_the_name(void **state)
{
    static const struct stat_case {
        const char *text;
        enum rc rc;
    } cases[] = {
        { "7 (sh) S 5 7 6 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 99 1 1", RC_OK },
        { "7 (a) S 1 (b) R) S 5 7 6 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 99 1 1", RC_OK },
        { "7 () S 5 7 6 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 99 1 1", RC_OK },
        { "7 (a\nb) S 5 7 6 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 99\n", RC_INVALID },
        { "7 (sh) S 5 7 6", RC_INVALID },
        { "7 sh S 5 7 6 0", RC_INVALID },
        { "x (sh) S 5 7 6 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 99 1", RC_INVALID },
        { "7 (sh)", RC_INVALID },
        { ")", RC_INVALID },
        { "", RC_INVALID },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct process_stat stat = { 0 };

        print_message("# case %zu\n", i);
        assert_int_equal(process_stat_parse(slice_of(cases[i].text), &stat), cases[i].rc);
        if (cases[i].rc)
            continue;
        assert_int_equal(stat.pid, 7);
        assert_int_equal(stat.parent, 5);
        assert_int_equal(stat.session, 6);
        assert_int_equal(stat.start_ticks, 99);
        assert_false(stat.is_dead);
    }
}

static void descendants_are_known_and_others_are_not(void **state)
{
    struct run *run = *state;
    pid_t child, grandchild;

    assert_false(process_is_descendant(getpid()));
    assert_false(process_is_descendant(getppid()));
    assert_false(process_is_descendant(1));
    assert_false(process_is_descendant(0));        /* of another namespace */
    assert_true(process_is_descendant(INT64_MAX)); /* cannot be told: trusted with nothing */
    COMMAND(run, "/bin/sh", "-c", "sleep 1000 & echo ready; wait");
    assert_int_equal(start(run), RC_OK);
    step(run);
    child = children_of(getpid()).last;
    grandchild = children_of(child).last;
    assert_true(child > 0 && grandchild > 0);
    assert_true(process_is_descendant(child));
    assert_true(process_is_descendant(grandchild));
    process_stop(run->process);
    finish(run);
    assert_true(process_is_descendant(grandchild)); /* gone */
}

#define PROCESS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        PROCESS_TEST(the_exit_code_and_the_output_come_back),
        PROCESS_TEST(the_digest_is_that_of_all_output),
        PROCESS_TEST(x02_without_a_go_it_never_runs),
        PROCESS_TEST(x03_who_ignores_sigterm_is_killed_after_the_grace),
        PROCESS_TEST(x03_the_timeout_ends_the_whole_group),
        PROCESS_TEST(x03_a_stop_ends_it_like_the_timeout),
        PROCESS_TEST(x04_a_daemon_is_found_and_killed_and_holds_nobody),
        PROCESS_TEST(x04_a_daemon_that_closed_its_output_is_found_too),
        PROCESS_TEST(x04_a_stray_that_may_be_anothers_is_left_to_the_last),
        PROCESS_TEST(x04_a_stray_of_the_leaders_session_is_nobody_elses),
        PROCESS_TEST(x04_a_stray_without_its_main_thread_is_killed_too),
        PROCESS_TEST(x04_what_a_free_leaves_is_reaped_by_the_next),
        PROCESS_TEST(x05_a_gigabyte_without_a_newline_costs_no_memory),
        PROCESS_TEST(x05_head_and_tail_meet_without_a_gap),
        PROCESS_TEST(x05_the_tail_is_the_end_in_its_order),
        PROCESS_TEST(x06_a_unix_signal_is_not_an_exit_code),
        PROCESS_TEST(x06_three_hundred_runs_leave_no_zombie),
        PROCESS_TEST(x08_what_cannot_be_executed_never_started),
        PROCESS_TEST(x08_what_cannot_be_spawned_is_refused_with_its_errno),
        PROCESS_TEST(x08_too_many_processes_is_refused),
        PROCESS_TEST(x08_an_unknown_user_never_started),
        PROCESS_TEST(x09_a_child_runs_as_the_user_it_names),
        PROCESS_TEST(x09_the_environment_is_what_is_listed),
        PROCESS_TEST(x09_names_choose_from_our_environment),
        PROCESS_TEST(x09_nothing_of_ours_is_inherited),
        PROCESS_TEST(x09_it_leads_its_own_session),
        PROCESS_TEST(s09_no_descriptor_of_ours_reaches_the_child),
        PROCESS_TEST(s09_our_low_descriptors_do_not_matter),
        PROCESS_TEST(x10_arguments_arrive_as_they_are),
        PROCESS_TEST(a_child_that_is_left_goes_on),
        PROCESS_TEST(a_line_of_proc_is_read_whatever_the_name),
        PROCESS_TEST(descendants_are_known_and_others_are_not),
    };

    /* Children start through this very program, as through vedette. */
    if (argc > 1 && strcmp(argv[1], CHILD_COMMAND) == 0)
        return process_child_main(argc, argv);
    if (argc > 1 && strcmp(argv[1], WITHOUT_MAIN_THREAD) == 0)
        return lose_main_thread();
    if (digest_init() || process_init())
        return 1;
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
