#include "src/base/metrics_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Fields of /proc/self/stat, counted as proc(5) does; those before the third hold the program's name. */
enum stat_field {
    STAT_UTIME = 14,
    STAT_STIME = 15,
    STAT_THREADS = 20,
    STAT_START = 22,
    STAT_VSIZE = 23,
    STAT_RSS = 24
};
#define FIRST_FIELD 3
#define N_FIELDS 25

static void write_value(struct buffer *out, const char *name, const char *type, const char *help,
                        double value)
{
    buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, type, name,
                  value);
}

/* Reads a file of the kernel into `text` and ends it with a NUL; these never hold one. */
static bool read_text(const char *path, char *text, size_t n_bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len;

    if (fd < 0)
        return false;
    len = read(fd, text, n_bytes - 1);
    close(fd);
    if (len <= 0)
        return false;
    text[len] = '\0';
    return true;
}

static bool read_stat(double *fields)
{
    char text[1024];
    char *at;

    if (!read_text("/proc/self/stat", text, sizeof(text)))
        return false;
    at = strrchr(text, ')'); /* the name before it may hold anything */
    if (!at)
        return false;
    at += 2;
    for (size_t i = FIRST_FIELD; i < N_FIELDS; i++) {
        char *end;

        /* The state is a letter. */
        fields[i] = i == FIRST_FIELD ? 0 : strtod(at, &end);
        at = strchr(at, ' ');
        if (!at)
            return false;
        at++;
    }
    return true;
}

/* Seconds since 1970 at which the machine started: what start times count from. */
static bool read_boot_time(double *seconds)
{
    char text[65536]; /* the line stands behind one for each processor and one for all interrupts */
    const char *line;

    if (!read_text("/proc/stat", text, sizeof(text)))
        return false;
    line = strstr(text, "\nbtime ");
    if (!line)
        return false;
    *seconds = strtod(line + strlen("\nbtime "), NULL);
    return true;
}

static void write_stat(struct buffer *out)
{
    double ticks = (double)sysconf(_SC_CLK_TCK);
    double fields[N_FIELDS];
    double boot_seconds;

    if (!read_stat(fields))
        return;
    write_value(out, "process_cpu_seconds_total", "counter",
                "Total user and system CPU time spent in seconds",
                (fields[STAT_UTIME] + fields[STAT_STIME]) / ticks);
    write_value(out, "process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes",
                fields[STAT_VSIZE]);
    write_value(out, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes",
                fields[STAT_RSS] * (double)sysconf(_SC_PAGESIZE));
    write_value(out, "process_threads", "gauge", "Threads of the process", fields[STAT_THREADS]);
    if (read_boot_time(&boot_seconds))
        write_value(out, "process_start_time_seconds", "gauge",
                    "Start time of the process since 1970 in seconds",
                    boot_seconds + fields[STAT_START] / ticks);
}

static void write_open_fds(struct buffer *out)
{
    DIR *directory = opendir("/proc/self/fd");
    size_t n_fds = 0;

    if (!directory)
        return;
    for (const struct dirent *entry; (entry = readdir(directory));)
        n_fds += entry->d_name[0] != '.';
    closedir(directory);
    /* One of them was the directory. */
    write_value(out, "process_open_fds", "gauge", "Open file descriptors", (double)n_fds - 1);
}

void metrics_process_write(struct buffer *out)
{
    struct rlimit limit;

    write_stat(out);
    write_open_fds(out);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        write_value(out, "process_max_fds", "gauge", "Open file descriptors allowed",
                    (double)limit.rlim_cur);
}
