/* process_spawn.h - starts the program that becomes a command once it is told to go, and hears what became of it. */
#pragma once

#include "src/base/process.h"
#include "src/base/process_child.h"
#include "src/base/process_strays.h"

#include <signal.h>
#include <sys/types.h>

enum process_pipes {
    PROCESS_ONE_PIPE,  /* standard output and standard error, as they come */
    PROCESS_TWO_PIPES, /* each its own */
};

struct process_spawned {
    pid_t pid;
    int output_fd; /* what it writes; reading never blocks */
    int errors_fd; /* its standard error; -1: one pipe */
    int line_fd;   /* our end of its line: process_child.h */
    int pidfd;     /* readable at its end; -1: the system has none, and errno told so */
};

/* Spawns it as a leader: under the lock of leaders, so that no sweep takes the new child for a stray. An errno, or 0. Where `spawned->pid` is set the leader is to be removed
 * and reaped, also after a failure; descriptors that are not -1 are open. */
int process_spawn_leader(const struct process_command *command, enum process_pipes pipes,
                         struct process_leader *leader, struct process_spawned *spawned) MUST_CHECK;
/* Tells the child to go. When it has ended already, its report says why. */
void process_say_go(int line_fd);
/* The child's last report, which never blocks: did the command ever run (CHILD_EXEC without an error)? RC_NOT_FOUND: it said nothing. */
enum rc process_read_report(int line_fd, struct child_report *report) MUST_CHECK;
/* Looks at the end of a leader, which stays a zombie: its pid names its group and session until we are done with them. */
bool process_leader_has_ended(const struct process_leader *leader, siginfo_t *info);
/* Reaps it; it is no leader any more. Waits where it has not ended. */
void process_leader_reap(struct process_leader *leader);
