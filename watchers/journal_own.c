#include "watchers/journal_own.h"

#include "src/base/log_mark.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

/* As journald writes it: without the hyphens. */
static void read_boot_id(char *boot, size_t n_bytes)
{
    FILE *file = fopen(BOOT_ID_PATH, "re");
    size_t len = 0;
    int byte;

    while (file && (byte = fgetc(file)) != EOF && byte != '\n' && len + 1 < n_bytes) {
        if (byte != '-')
            boot[len++] = (char)byte;
    }
    boot[len] = '\0';
    if (file)
        fclose(file);
}

struct journal_own journal_own_find(void)
{
    const char *invocation = getenv("INVOCATION_ID");
    const char *started = getenv("SYSTEMD_EXEC_PID");
    struct journal_own own = { 0 };

    snprintf(own.pid, sizeof own.pid, "%d", (int)getpid());
    read_boot_id(own.boot, sizeof own.boot);
    if (invocation && slice_eq(slice_of(started), slice_of(own.pid)))
        snprintf(own.invocation, sizeof own.invocation, "%s", invocation);
    return own;
}

bool journal_own_wrote(const struct journal_own *own, const struct journal_glance *glance)
{
    if (log_is_own(glance->text))
        return true;
    if (own->invocation[0] && slice_eq(glance->invocation, slice_of(own->invocation)))
        return true;
    return own->boot[0] && slice_eq(glance->pid, slice_of(own->pid)) &&
           slice_eq(glance->boot, slice_of(own->boot));
}
