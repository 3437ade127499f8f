#include "src/base/process_strays.h"

#include "src/base/process_tree.h"

#include <pthread.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Every command of this process, whichever thread runs it: orphans come to the process, not to a thread. */
static pthread_mutex_t leaders_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct process_leader *leaders;

void process_leaders_lock(void)
{
    pthread_mutex_lock(&leaders_mutex);
}

void process_leaders_unlock(void)
{
    pthread_mutex_unlock(&leaders_mutex);
}

void process_leader_add(struct process_leader *leader)
{
    leader->next = leaders;
    leaders = leader;
}

void process_leader_remove(struct process_leader *leader)
{
    process_leaders_lock();
    for (struct process_leader **link = &leaders; *link; link = &(*link)->next) {
        if (*link == leader) {
            *link = leader->next;
            break;
        }
    }
    process_leaders_unlock();
}

static bool is_leader(pid_t pid)
{
    for (const struct process_leader *leader = leaders; leader; leader = leader->next) {
        if (leader->pid == pid)
            return true;
    }
    return false;
}

static bool is_stray_of(const struct process_leader *leader, const struct process_stat *stat)
{
    if (is_leader(stat->pid))
        return false;
    if (stat->session == leader->pid)
        return true;
    if (stat->parent != getpid() || stat->start_ticks < leader->start_ticks ||
        is_leader(stat->session))
        return false;
    for (const struct process_leader *other = leaders; other; other = other->next) {
        if (other != leader && !other->is_reader && other->start_ticks <= stat->start_ticks)
            return false;
    }
    return true;
}

/* A pid that is free again may be anybody's by now: signal through a descriptor, after looking once more. */
static void kill_exactly(const struct process_stat *stat)
{
    struct process_stat again;
    int fd = pidfd_open(stat->pid, 0);

    if (fd < 0)
        return;
    if (process_stat_read(stat->pid, &again) == RC_OK && again.start_ticks == stat->start_ticks)
        pidfd_send_signal(fd, SIGKILL, NULL, 0);
    close(fd);
}

struct sweep {
    const struct process_leader *leader;
    size_t n_met;
    uint32_t n_killed;
};

/* Whoever left it, nobody else will reap it. False: the main thread is dead and others are not, so the process lives. */
static bool reap(struct sweep *sweep, const struct process_stat *stat)
{
    bool is_ours = is_stray_of(sweep->leader, stat);
    siginfo_t info = { 0 };

    if (stat->parent != getpid() || is_leader(stat->pid) ||
        waitid(P_PID, (id_t)stat->pid, &info, WEXITED | WNOHANG) || !info.si_pid)
        return false;
    if (is_ours && info.si_code == CLD_KILLED && info.si_status == SIGKILL)
        sweep->n_killed++;
    return true;
}

/* One that has died counts as met, too: its children may have become ours with pids that this look had passed. */
static void visit_process(void *context, const struct process_stat *stat)
{
    struct sweep *sweep = context;

    if (stat->is_dead && reap(sweep, stat)) {
        sweep->n_met++;
    } else if (is_stray_of(sweep->leader, stat)) {
        kill_exactly(stat);
        sweep->n_met++;
    }
}

size_t process_strays_kill(const struct process_leader *leader, uint32_t *n_killed)
{
    struct sweep sweep = { .leader = leader };
    enum rc rc;

    process_leaders_lock();
    rc = process_stat_each(visit_process, &sweep);
    process_leaders_unlock();
    *n_killed += sweep.n_killed;
    /* Without /proc nothing can be found, and nobody is helped by waiting. */
    return rc ? 0 : sweep.n_met;
}
