/* process.h - children: argument vectors, never a shell.
 *
 * A child is started by posix_spawn through a small program of our own (this binary as `vedette child-start`), which
 * sets limits and the user, waits for our go, and then becomes the command: standard input is /dev/null, every other
 * descriptor is closed, the environment is what is listed here and no more, it leads its own session and process
 * group, no signal is blocked or ignored, umask 077, cwd "/". Until the go it never runs, whatever happens to us.
 * Output goes to one pipe; its first and last parts are kept, the rest is drained, counted and hashed.
 *
 * End of a child = the leader's exit and 2 s to drain, not end of file: one that daemonises cannot hold us. At the
 * timeout the group gets SIGTERM, 10 s later SIGKILL; strays that were re-parented to us (we are a subreaper) are
 * killed and reported (process_strays.h says whose they are). A child goes on when we are killed: whoever reads the
 * store afterwards does not know what it did.
 */
#pragma once

#include "src/base/arena.h"
#include "src/base/clock.h"
#include "src/base/digest.h"

#define PROCESS_HEAD_BYTES 65536
#define PROCESS_TAIL_BYTES 65536
#define PROCESS_KILL_AFTER_MS (10 * SECOND_MS)
#define PROCESS_DRAIN_MS (2 * SECOND_MS)

struct process_command {
    struct slice_list argv; /* argv[0] is an absolute path */
    struct slice_list env;  /* "NAME=value", the whole environment */
    struct slice user;      /* absent: ours */
    int64_t timeout_ms;     /* 0: none, for readers that run as long as we do */
    int64_t kill_after_ms;  /* from SIGTERM to SIGKILL; 0: PROCESS_KILL_AFTER_MS */
};

enum process_end {
    PROCESS_EXITED,      /* exit_code */
    PROCESS_KILLED,      /* by signal_number, not by us */
    PROCESS_TIMED_OUT,   /* by us */
    PROCESS_NOT_STARTED, /* error_number says why; it provably never ran */
};

struct process_result {
    enum process_end end;
    int exit_code;
    int signal_number;
    int error_number;
    const char *not_started_at; /* static: what failed, "exec", "user", … */
    struct slice
        output; /* head, a line that says how much was left out, tail; borrowed until the process is freed */
    bool truncated;
    int64_t output_bytes; /* before truncation */
    struct sha256 output_digest;
    int64_t started_ms, finished_ms; /* wall clock */
    bool left_running;               /* TIMED_OUT, and it could not be killed */
    uint32_t n_strays;               /* descendants that outlived the leader and were killed */
};

/* A running child, driven by its owner's loop: poll process_fds, call process_step. */
struct process;

/* Makes this process a subreaper, ignores SIGPIPE and SIGXFSZ, and takes the exits of children for itself; once, before threads start. */
enum rc process_init(void) MUST_CHECK;
/* Starts it. On failure `*process` is NULL and `error_number` says why (nothing ran). What fails in the child (no such
 * file, no such user) is told by the result: PROCESS_NOT_STARTED. Copies what it needs. */
enum rc process_start(const struct process_command *command, struct process **process,
                      int *error_number) MUST_CHECK;
/* The descriptors to wait for readability on (-1: none any more). */
void process_fds(const struct process *process, int *pidfd, int *output_fd);
/* When process_step wants to be called although nothing is readable; INT64_MAX: never. Monotonic clock. */
int64_t process_due_mono_ms(const struct process *process);
/* Reads what is there, reaps, kills at the timeout. Sets `*done` when the result is complete. Never blocks. */
void process_step(struct process *process, int64_t now_mono_ms, bool *done);
/* Asks for the end now, as at the timeout (a withdrawn task, shutdown). */
void process_stop(struct process *process);
/* Borrowed; means something once done. */
const struct process_result *process_result(const struct process *process);
/* Kills what still runs; accepts NULL. */
void process_free(struct process *process);
/* Frees our side and lets the child go on (shutdown): its end is nobody's, and its output meets a closed pipe. */
void process_leave(struct process *process);
/* The body of `vedette child-start`: called by main first of all, does not return on success. */
int process_child_main(int argc, char **argv);
/* True when `pid` is this process's descendant (strays included), and when it cannot be told: a process that is gone is
 * trusted with nothing. 0, which the kernel gives for one outside of our namespace, is none. */
bool process_is_descendant(int64_t pid);
/* "NAME=value" in `arena` for each of `names` that our environment has. */
enum rc process_environment(struct slice_list names, struct arena *arena,
                            struct slice_list *env) MUST_CHECK;
