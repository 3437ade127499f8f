#include "src/base/process.h"

#include "src/base/process_child.h"
#include "src/base/process_output.h"
#include "src/base/process_strays.h"
#include "src/base/process_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_BYTES (4 * 1024 * 1024) /* the kernel refuses less than this (E2BIG) */
#define ABOVE_CHILD_DESCRIPTORS 10
#define READ_BYTES 65536
#define READS_PER_STEP 16
#define SWEEP_EVERY_MS 10

enum phase {
    PHASE_RUNNING, /* the leader lives */
    PHASE_DRAINING, /* it has ended (and stays a zombie, so that nobody gets its pid); output may still come */
    PHASE_SWEEPING, /* what it left behind is killed */
    PHASE_DONE
};

enum push { PUSH_NONE, PUSH_TERM, PUSH_KILL }; /* how far we went in ending it */

struct process {
    enum phase phase;
    enum push push;
    struct process_leader leader;
    int pidfd;
    int output_fd;
    int line_fd;
    int64_t due_mono_ms;
    int64_t sweep_until_mono_ms;
    int64_t kill_after_ms;
    struct process_output output;
    struct process_result result;
};

/* The child's side of a start: all of it is gone again once the child runs. */
struct launch {
    struct arena *arena;
    char **argv;
    char **env;
    int output_fd;
    int line_fd;
};

enum rc process_init(void)
{
    /* A parent that ignored SIGCHLD would have the kernel throw exit codes away. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGCHLD, SIG_DFL) == SIG_ERR ||
        prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L))
        return RC_IO;
    return RC_OK;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static enum rc rc_of_errno(int error_number)
{
    switch (error_number) {
    case 0:
        return RC_OK;
    case ENOMEM:
        return RC_NO_MEMORY;
    case EINVAL:
        return RC_INVALID;
    default:
        return RC_IO;
    }
}

/* Each function of a start returns an errno, 0 for success: the caller shows it. */

static int copy_texts(struct launch *launch, struct slice_list texts, char **copies)
{
    for (size_t i = 0; i < texts.n_items; i++) {
        struct slice copy;

        if (slice_is_absent(texts.items[i]) ||
            (texts.items[i].len && memchr(texts.items[i].ptr, 0, texts.items[i].len)))
            return EINVAL;
        if (arena_copy(launch->arena, texts.items[i], &copy))
            return E2BIG;
        copies[i] = (char *)(uintptr_t)copy.ptr; /* execve asks for char *, and leaves it alone */
    }
    return 0;
}

static int prepare_arguments(struct launch *launch, const struct process_command *command)
{
    struct slice user = slice_is_absent(command->user) ? SLICE("") : command->user;
    struct slice first[] = { SLICE("vedette"), SLICE(CHILD_COMMAND), user };
    size_t n_first = sizeof(first) / sizeof(first[0]);
    int error;

    if (!command->argv.n_items || !slice_starts(command->argv.items[0], SLICE("/")))
        return EINVAL;
    if (arena_new(ARGUMENTS_BYTES, &launch->arena))
        return ENOMEM;
    launch->argv =
        arena_alloc(launch->arena, n_first + command->argv.n_items + 1, sizeof(*launch->argv));
    launch->env = arena_alloc(launch->arena, command->env.n_items + 1, sizeof(*launch->env));
    if (!launch->argv || !launch->env)
        return E2BIG;
    error =
        copy_texts(launch, (struct slice_list){ .items = first, .n_items = n_first }, launch->argv);
    if (!error)
        error = copy_texts(launch, command->argv, launch->argv + n_first);
    if (!error)
        error = copy_texts(launch, command->env, launch->env);
    return error;
}

/* Moves the child's end of a pair out of the way of the numbers that the child gives it. */
static int move_up(int *fd)
{
    int moved = fcntl(*fd, F_DUPFD_CLOEXEC, ABOVE_CHILD_DESCRIPTORS);

    if (moved < 0)
        return errno;
    close(*fd);
    *fd = moved;
    return 0;
}

static int open_channels(struct process *process, struct launch *launch)
{
    int output[2], line[2];
    int error;

    if (pipe2(output, O_CLOEXEC))
        return errno;
    process->output_fd = output[0];
    launch->output_fd = output[1];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line))
        return errno;
    process->line_fd = line[0];
    launch->line_fd = line[1];
    if (fcntl(process->output_fd, F_SETFL, O_NONBLOCK))
        return errno;
    error = move_up(&launch->output_fd);
    return error ? error : move_up(&launch->line_fd);
}

static int plan_descriptors(posix_spawn_file_actions_t *actions, const struct launch *launch)
{
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (!error)
        error = posix_spawn_file_actions_adddup2(actions, launch->output_fd, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(actions, launch->output_fd, STDERR_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(actions, launch->line_fd, CHILD_LINE);
    /* The store's descriptors among them: marked to close on exec or not. */
    if (!error)
        error = posix_spawn_file_actions_addclosefrom_np(actions, CHILD_LINE + 1);
    return error;
}

static int plan_attributes(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    int error;

    sigfillset(&all);
    sigemptyset(&none);
    /* A session of its own: whoever asks for a password finds no terminal to wait at. */
    error = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
                                                     POSIX_SPAWN_SETSIGMASK);
    if (!error)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    if (!error)
        error = posix_spawnattr_setsigmask(attributes, &none);
    return error;
}

static int spawn(const struct launch *launch, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error;

    error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error)
        goto out_actions;
    error = plan_descriptors(&actions, launch);
    if (!error)
        error = plan_attributes(&attributes);
    if (!error)
        error =
            posix_spawn(pid, "/proc/self/exe", &actions, &attributes, launch->argv, launch->env);
    posix_spawnattr_destroy(&attributes);
out_actions:
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Starts the program that becomes the command; it waits for our go. */
static int start_leader(struct process *process, const struct launch *launch)
{
    struct process_stat stat = { 0 };
    int error;

    process_leaders_lock();
    error = spawn(launch, &process->leader.pid);
    if (!error) {
        if (process_stat_read(process->leader.pid, &stat) == RC_OK)
            process->leader.start_ticks = stat.start_ticks;
        process_leader_add(&process->leader);
    }
    process_leaders_unlock();
    if (error)
        return error;
    process->pidfd = pidfd_open(process->leader.pid, 0);
    return process->pidfd < 0 ? errno : 0;
}

static void say_go(struct process *process)
{
    /* When it has ended already, its report tells why. */
    send(process->line_fd, "", 1, MSG_NOSIGNAL);
}

static enum rc new_process(const struct process_command *command, struct process **process)
{
    struct process *made = calloc(1, sizeof(*made));

    if (!made)
        return RC_NO_MEMORY;
    made->pidfd = made->output_fd = made->line_fd = -1;
    made->leader.is_reader = command->timeout_ms == 0;
    made->kill_after_ms = command->kill_after_ms ? command->kill_after_ms : PROCESS_KILL_AFTER_MS;
    *process = made;
    return process_output_init(&made->output);
}

enum rc process_start(const struct process_command *command, struct process **process,
                      int *error_number)
{
    struct launch launch = { .output_fd = -1, .line_fd = -1 };
    struct process *made = NULL;
    int error = new_process(command, &made) ? ENOMEM : 0;

    *process = NULL;
    if (!error)
        error = prepare_arguments(&launch, command);
    if (!error)
        error = open_channels(made, &launch);
    if (!error)
        error = start_leader(made, &launch);
    close_fd(&launch.output_fd);
    close_fd(&launch.line_fd);
    arena_free(launch.arena);
    *error_number = error;
    if (error) {
        process_free(made);
        return rc_of_errno(error);
    }
    made->result.started_ms = clock_wall_ms();
    made->due_mono_ms = INT64_MAX;
    if (command->timeout_ms)
        made->due_mono_ms = clock_mono_ms() + command->timeout_ms;
    say_go(made);
    *process = made;
    return RC_OK;
}

void process_fds(const struct process *process, int *pidfd, int *output_fd)
{
    *pidfd = process->phase == PHASE_RUNNING ? process->pidfd : -1;
    *output_fd = process->output_fd;
}

int64_t process_due_mono_ms(const struct process *process)
{
    return process->phase == PHASE_DONE ? INT64_MAX : process->due_mono_ms;
}

/* At most so much at once: a child that floods must not keep its owner from the others. */
static void read_output(struct process *process)
{
    char bytes[READ_BYTES];

    for (int i = 0; i < READS_PER_STEP && process->output_fd >= 0; i++) {
        ssize_t n_read = read(process->output_fd, bytes, sizeof(bytes));

        if (n_read > 0)
            process_output_add(&process->output,
                               (struct slice){ .ptr = bytes, .len = (size_t)n_read });
        else if (n_read < 0 && errno == EAGAIN)
            return;
        else if (n_read == 0 || errno != EINTR)
            close_fd(&process->output_fd);
    }
}

/* The leader is looked at, not reaped: its pid names its group and session until we are done with them. */
static bool leader_has_ended(const struct process *process, siginfo_t *info)
{
    info->si_pid = 0;
    return waitid(P_PID, (id_t)process->leader.pid, info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info->si_pid != 0;
}

/* The child's reports say whether the command ever ran. */
static void read_reports(struct process *process)
{
    static const char *const stage_names[] = {
        [CHILD_LIMITS] = "limits",           [CHILD_DIRECTORY] = "directory", [CHILD_USER] = "user",
        [CHILD_DESCRIPTORS] = "descriptors", [CHILD_EXEC] = "exec",
    };
    struct process_result *result = &process->result;
    struct child_report report;

    result->end = PROCESS_NOT_STARTED;
    result->not_started_at = "start";
    result->error_number = process->push == PUSH_NONE ? ECANCELED : ETIMEDOUT;
    while (recv(process->line_fd, &report, sizeof(report), MSG_DONTWAIT) == sizeof(report)) {
        bool is_running = report.stage == CHILD_EXEC && !report.error_number;

        result->end = is_running ? PROCESS_EXITED : PROCESS_NOT_STARTED;
        result->error_number = report.error_number;
        result->not_started_at = is_running ? NULL : stage_names[report.stage];
    }
    close_fd(&process->line_fd);
}

static void on_leader_end(struct process *process, const siginfo_t *info, int64_t now_mono_ms)
{
    struct process_result *result = &process->result;

    process->phase = PHASE_DRAINING;
    process->due_mono_ms = now_mono_ms + PROCESS_DRAIN_MS;
    read_reports(process);
    if (result->end == PROCESS_NOT_STARTED)
        return;
    if (info->si_code == CLD_EXITED)
        result->exit_code = info->si_status;
    else
        result->signal_number = info->si_status;
    if (process->push != PUSH_NONE)
        result->end = PROCESS_TIMED_OUT;
    else if (info->si_code != CLD_EXITED)
        result->end = PROCESS_KILLED;
}

/* While the leader is not reaped, its pid is its group's, and nobody else's. */
static void push_harder(struct process *process, int64_t now_mono_ms)
{
    bool is_first = process->push == PUSH_NONE;

    kill(-process->leader.pid, is_first ? SIGTERM : SIGKILL);
    process->push = is_first ? PUSH_TERM : PUSH_KILL;
    process->due_mono_ms = now_mono_ms + (is_first ? process->kill_after_ms : PROCESS_DRAIN_MS);
}

static void reap_leader(struct process *process)
{
    siginfo_t info;

    waitid(P_PID, (id_t)process->leader.pid, &info, WEXITED);
    process_leader_remove(&process->leader);
}

static void finish(struct process *process)
{
    read_output(process); /* what strays wrote before they were killed */
    close_fd(&process->output_fd);
    process_output_end(&process->output, &process->result);
    process->result.finished_ms = clock_wall_ms();
    process->phase = PHASE_DONE;
}

/* It survived SIGKILL: another user's (sudo), or it waits for a dead disk. Our slot is worth more than its end. */
static void give_up(struct process *process)
{
    read_reports(process);
    if (process->result.end != PROCESS_NOT_STARTED)
        process->result.end = PROCESS_TIMED_OUT;
    process->result.left_running = true;
    process_leader_remove(&process->leader);
    finish(process);
}

static void watch_leader(struct process *process, int64_t now_mono_ms)
{
    siginfo_t info;

    if (leader_has_ended(process, &info))
        on_leader_end(process, &info, now_mono_ms);
    else if (now_mono_ms >= process->due_mono_ms && process->push == PUSH_KILL)
        give_up(process);
    else if (now_mono_ms >= process->due_mono_ms)
        push_harder(process, now_mono_ms);
}

/* A process dies a moment after its SIGKILL, and its children come to us: look until none is left. One that cannot die
 * (it waits for a dead disk) is not waited for. */
static void sweep(struct process *process, int64_t now_mono_ms)
{
    if (process_strays_kill(&process->leader, &process->result.n_strays) &&
        now_mono_ms < process->sweep_until_mono_ms) {
        process->due_mono_ms = now_mono_ms + SWEEP_EVERY_MS;
        return;
    }
    reap_leader(process);
    finish(process);
}

void process_step(struct process *process, int64_t now_mono_ms, bool *done)
{
    if (process->phase != PHASE_DONE)
        read_output(process);
    if (process->phase == PHASE_RUNNING)
        watch_leader(process, now_mono_ms);
    /* Whoever was told to end has had its time. */
    if (process->phase == PHASE_DRAINING && (process->output_fd < 0 || process->push != PUSH_NONE ||
                                             now_mono_ms >= process->due_mono_ms)) {
        process->phase = PHASE_SWEEPING;
        process->due_mono_ms = now_mono_ms;
        process->sweep_until_mono_ms = now_mono_ms + PROCESS_DRAIN_MS;
    }
    if (process->phase == PHASE_SWEEPING && now_mono_ms >= process->due_mono_ms)
        sweep(process, now_mono_ms);
    *done = process->phase == PHASE_DONE;
}

void process_stop(struct process *process)
{
    if (process->phase == PHASE_RUNNING && process->push == PUSH_NONE)
        process->due_mono_ms = 0;
}

const struct process_result *process_result(const struct process *process)
{
    return &process->result;
}

void process_leave(struct process *process)
{
    if (!process)
        return;
    if (process->leader.pid && process->phase != PHASE_DONE)
        process_leader_remove(&process->leader);
    close_fd(&process->pidfd);
    close_fd(&process->output_fd);
    close_fd(&process->line_fd);
    process_output_free(&process->output);
    free(process);
}

void process_free(struct process *process)
{
    uint32_t n_killed = 0;

    if (process && process->leader.pid && process->phase != PHASE_DONE) {
        kill(-process->leader.pid, SIGKILL);
        process_strays_kill(&process->leader, &n_killed);
        reap_leader(process);
    }
    process_leave(process);
}

enum rc process_environment(struct slice_list names, struct arena *arena, struct slice_list *env)
{
    *env =
        (struct slice_list){ .items = arena_alloc(arena, names.n_items + 1, sizeof(*env->items)) };
    if (!env->items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < names.n_items; i++) {
        struct slice name = names.items[i];

        for (char **line = environ; name.len && *line; line++) {
            struct slice rest = slice_of(*line);

            if (!slice_eq(slice_cut(&rest, '='), name))
                continue;
            if (arena_copy(arena, slice_of(*line), &env->items[env->n_items]))
                return RC_NO_MEMORY;
            env->n_items++;
            break;
        }
    }
    return RC_OK;
}
