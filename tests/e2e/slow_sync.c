/* slow_sync - for LD_PRELOAD: a disk whose every fdatasync takes $SLOW_SYNC_MS, and none ends while the file $SLOW_SYNC_HOLD is there. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void pause_ms(long ms)
{
    const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    (void)nanosleep(&pause, NULL);
}

int fdatasync(int fd)
{
    static int (*real)(int);
    const char *ms = getenv("SLOW_SYNC_MS"), *hold = getenv("SLOW_SYNC_HOLD");

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    pause_ms(ms ? strtol(ms, NULL, 10) : 0);
    while (hold && access(hold, F_OK) == 0)
        pause_ms(5);
    return real(fd);
}
