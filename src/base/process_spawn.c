#include "src/base/process_spawn.h"

#include "src/base/process_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_BYTES (4 * 1024 * 1024) /* the kernel refuses less than this (E2BIG) */
#define ABOVE_CHILD_DESCRIPTORS 10

/* The child's side of a start: all of it is gone again once the child runs. */
struct launch {
    struct arena *arena;
    char **argv;
    char **env;
    int output_fd;
    int errors_fd; /* -1: they go to the output */
    int line_fd;
};

/* Each of these returns an errno, 0 for success: it is shown to people. */
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

/* What the child writes at `theirs` is read at `ours`, without waiting. */
static int open_pipe(int *ours, int *theirs)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return errno;
    *ours = ends[0];
    *theirs = ends[1];
    return fcntl(*ours, F_SETFL, O_NONBLOCK) ? errno : move_up(theirs);
}

static int open_channels(struct launch *launch, enum process_pipes pipes,
                         struct process_spawned *ours)
{
    int line[2];
    int error = open_pipe(&ours->output_fd, &launch->output_fd);

    if (!error && pipes == PROCESS_TWO_PIPES)
        error = open_pipe(&ours->errors_fd, &launch->errors_fd);
    if (error)
        return error;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line))
        return errno;
    ours->line_fd = line[0];
    launch->line_fd = line[1];
    return move_up(&launch->line_fd);
}

static int plan_descriptors(posix_spawn_file_actions_t *actions, const struct launch *launch)
{
    int errors_fd = launch->errors_fd >= 0 ? launch->errors_fd : launch->output_fd;
    int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (!error)
        error = posix_spawn_file_actions_adddup2(actions, launch->output_fd, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(actions, errors_fd, STDERR_FILENO);
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

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

static int spawn_command(const struct process_command *command, enum process_pipes pipes,
                         struct process_spawned *ours)
{
    struct launch launch = { .output_fd = -1, .errors_fd = -1, .line_fd = -1 };
    int error = prepare_arguments(&launch, command);

    if (!error)
        error = open_channels(&launch, pipes, ours);
    if (!error)
        error = spawn(&launch, &ours->pid);
    close_fd(launch.output_fd);
    close_fd(launch.errors_fd);
    close_fd(launch.line_fd);
    arena_free(launch.arena);
    if (!error)
        return 0;
    close_fd(ours->output_fd);
    close_fd(ours->errors_fd);
    close_fd(ours->line_fd);
    *ours =
        (struct process_spawned){ .output_fd = -1, .errors_fd = -1, .line_fd = -1, .pidfd = -1 };
    return error;
}

int process_spawn_leader(const struct process_command *command, enum process_pipes pipes,
                         struct process_leader *leader, struct process_spawned *spawned)
{
    struct process_stat stat;
    int error;

    *spawned =
        (struct process_spawned){ .output_fd = -1, .errors_fd = -1, .line_fd = -1, .pidfd = -1 };
    process_leaders_lock();
    error = spawn_command(command, pipes, spawned);
    if (error)
        goto out;
    leader->pid = spawned->pid;
    if (process_stat_read(spawned->pid, &stat) == RC_OK)
        leader->start_ticks = stat.start_ticks;
    process_leader_add(leader);
    spawned->pidfd = pidfd_open(spawned->pid, 0);
    if (spawned->pidfd < 0)
        error = errno;

out:
    process_leaders_unlock();
    return error;
}

void process_say_go(int line_fd)
{
    send(line_fd, "", 1, MSG_NOSIGNAL);
}

enum rc process_read_report(int line_fd, struct child_report *report)
{
    struct child_report next;
    enum rc rc = RC_NOT_FOUND;

    while (recv(line_fd, &next, sizeof next, MSG_DONTWAIT) == sizeof next) {
        *report = next;
        rc = RC_OK;
    }
    return rc;
}

bool process_leader_has_ended(const struct process_leader *leader, siginfo_t *info)
{
    info->si_pid = 0;
    return waitid(P_PID, (id_t)leader->pid, info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info->si_pid != 0;
}

void process_leader_reap(struct process_leader *leader)
{
    siginfo_t info;

    waitid(P_PID, (id_t)leader->pid, &info, WEXITED);
    process_leader_remove(leader);
}
