/* process_strays.h - what a command leaves behind when its leader has ended.
 *
 * A stray is a process of the leader's session, or one that became our child because its parent ended (we are a
 * subreaper, and start children in no other way than process.h). Nothing tells which command such an orphan came from:
 * it is taken for this one's when it began after the leader and no other command that still runs began before it. Else
 * it is left to the last of those commands. Readers without a timeout are trusted to leave none. */
#pragma once

#include "src/base/slice.h"

#include <sys/types.h>

struct process_leader {
    pid_t pid;
    uint64_t start_ticks;
    bool is_reader; /* runs as long as we do */
    struct process_leader *next;
};

/* Around the start of a child and process_leader_add: an unknown child is a stray. */
void process_leaders_lock(void);
void process_leaders_unlock(void);
/* Keeps `leader` until process_leader_remove. Under the lock. */
void process_leader_add(struct process_leader *leader);
/* After it was reaped. */
void process_leader_remove(struct process_leader *leader);
/* Kills this leader's strays and reaps those that have died, adding them to `n_killed`. Returns how many it met: call
 * again until there is none. */
size_t process_strays_kill(const struct process_leader *leader, uint32_t *n_killed);
