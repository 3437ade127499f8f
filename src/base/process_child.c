#include "src/base/process_child.h"

#include "src/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_DESCRIPTORS                                                                            \
    1024 /* what programs that use select() can bear; they may raise it themselves */
#define SYSTEM_RTMIN 32
#define KERNEL_SIGNAL_SET_BYTES 8L
#define EXIT_NOT_STARTED 127

static void report(enum child_stage stage, int error_number)
{
    struct child_report line = { .stage = (int32_t)stage, .error_number = error_number };

    /* Nobody there to read it: SIGPIPE ends us, which is right. */
    if (write(CHILD_LINE, &line, sizeof(line)) != sizeof(line))
        _exit(EXIT_NOT_STARTED);
}

static int set_limits(void)
{
    struct rlimit core = { 0 };
    struct rlimit files;

    if (setrlimit(RLIMIT_CORE, &core) || getrlimit(RLIMIT_NOFILE, &files))
        return -1;
    if (files.rlim_cur > MAX_DESCRIPTORS)
        files.rlim_cur = MAX_DESCRIPTORS;
    umask(077);
    return setrlimit(RLIMIT_NOFILE, &files);
}

static int become_user(const char *name)
{
    struct passwd *user;

    if (!name[0])
        return 0;
    errno = 0;
    user = getpwnam(name);
    if (!user) {
        errno = errno ? errno : ENOENT;
        return -1;
    }
    if (user->pw_uid == getuid() && user->pw_uid == geteuid())
        return 0; /* already, and initgroups would ask for privileges we need not have */
    if (initgroups(name, user->pw_gid) || setresgid(user->pw_gid, user->pw_gid, user->pw_gid))
        return -1;
    return setresuid(user->pw_uid, user->pw_uid, user->pw_uid);
}

/* posix_spawn resets what a program may set; the C library leaves the two signals that it uses itself ignored, and its
 * sigaction refuses them: past it, a zeroed action of the kernel is SIG_DFL. */
static void reset_library_signals(void)
{
    static const unsigned long standard_action[8];

    for (int number = SYSTEM_RTMIN; number < SIGRTMIN; number++)
        syscall(SYS_rt_sigaction, number, standard_action, NULL, KERNEL_SIGNAL_SET_BYTES);
}

static bool wait_for_go(void)
{
    char go;
    ssize_t n_read;

    do {
        n_read = read(CHILD_LINE, &go, 1);
    } while (n_read < 0 && errno == EINTR);
    return n_read == 1;
}

static bool prepare(const char *user)
{
    enum child_stage stage = CHILD_LIMITS;

    if (set_limits())
        goto fail;
    stage = CHILD_DIRECTORY;
    if (chdir("/"))
        goto fail;
    stage = CHILD_USER;
    if (become_user(user))
        goto fail;
    closefrom(CHILD_LINE + 1); /* the user database may have left some open */
    stage = CHILD_DESCRIPTORS;
    if (fcntl(CHILD_LINE, F_SETFD, FD_CLOEXEC))
        goto fail;
    return true;

fail:
    report(stage, errno);
    return false;
}

int process_child_main(int argc, char **argv)
{
    reset_library_signals();
    if (argc < 4 || !prepare(argv[2]) || !wait_for_go())
        return EXIT_NOT_STARTED;
    report(CHILD_EXEC, 0);
    execve(argv[3], argv + 3, environ);
    report(CHILD_EXEC, errno);
    return EXIT_NOT_STARTED;
}
