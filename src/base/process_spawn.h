/* process_spawn.h - starts the program that becomes a command once it is told to go. */
#pragma once

#include "src/base/process.h"

#include <sys/types.h>

struct process_spawned {
    pid_t pid;
    int output_fd; /* what it writes; reading never blocks */
    int line_fd;   /* our end of its line: process_child.h */
};

/* An errno, or 0. On failure there is no child and nothing is open. */
int process_spawn(const struct process_command *command,
                  struct process_spawned *spawned) MUST_CHECK;
