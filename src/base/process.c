#include "src/base/process.h"

#include "src/base/process_output.h"
#include "src/base/process_spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

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

enum rc process_init(void)
{
    /* A parent that ignored SIGCHLD would have the kernel throw exit codes away. A file that may not grow is told by EFBIG. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR ||
        signal(SIGCHLD, SIG_DFL) == SIG_ERR || prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L))
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

static int start_leader(struct process *process, const struct process_command *command)
{
    struct process_spawned spawned;
    int error = process_spawn_leader(command, PROCESS_ONE_PIPE, &process->leader, &spawned);

    process->output_fd = spawned.output_fd;
    process->line_fd = spawned.line_fd;
    process->pidfd = spawned.pidfd;
    return error;
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
    struct process *made = NULL;
    int error = new_process(command, &made) ? ENOMEM : start_leader(made, command);

    *process = NULL;
    *error_number = error;
    if (error) {
        process_free(made);
        return rc_of_errno(error);
    }
    made->result.started_ms = clock_wall_ms();
    made->due_mono_ms = INT64_MAX;
    if (command->timeout_ms)
        made->due_mono_ms = clock_mono_ms() + command->timeout_ms;
    process_say_go(made->line_fd);
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
    if (process_read_report(process->line_fd, &report) == RC_OK) {
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

    if (process_leader_has_ended(&process->leader, &info))
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
    process_leader_reap(&process->leader);
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
        process_leader_reap(&process->leader);
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
