/* process_tree.h - who descends from whom, as /proc tells. */
#pragma once

#include "src/base/slice.h"

#include <sys/types.h>

struct process_stat {
    pid_t pid;
    pid_t parent;
    pid_t session;
    bool is_dead;         /* a zombie */
    uint64_t start_ticks; /* since boot; with the pid it names one process only */
};

/* One /proc/PID/stat. The program's name in it may hold blanks, parentheses and newlines. RC_INVALID. */
enum rc process_stat_parse(struct slice text, struct process_stat *stat) MUST_CHECK;
/* RC_NOT_FOUND when it is gone. */
enum rc process_stat_read(pid_t pid, struct process_stat *stat) MUST_CHECK;
/* Every process there is now. */
enum rc process_stat_each(void (*visit)(void *context, const struct process_stat *stat),
                          void *context) MUST_CHECK;
