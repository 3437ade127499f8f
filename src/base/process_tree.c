#include "src/base/process_tree.h"

#include "src/base/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define STAT_BYTES 1024 /* a line has some 350 */
#define MAX_ANCESTORS 4096

/* Words of the line, from the one behind the name on. */
enum stat_word { WORD_STATE, WORD_PARENT, WORD_SESSION = 3, WORD_START = 19, N_WORDS };

enum rc process_stat_parse(struct slice text, struct process_stat *stat)
{
    struct slice rest = text;
    struct slice words[N_WORDS];
    int64_t pid, parent, session, start;

    if (slice_to_int(slice_cut(&rest, ' '), &pid))
        return RC_INVALID;
    /* The name is in parentheses and may hold any: the last one is the kernel's. */
    while (text.len && text.ptr[text.len - 1] != ')')
        text.len--;
    if (!text.len)
        return RC_INVALID;
    rest.len -= (size_t)(text.ptr + text.len - rest.ptr);
    rest.ptr = text.ptr + text.len;
    if (slice_cut(&rest, ' ').len)
        return RC_INVALID;
    for (size_t i = 0; i < N_WORDS; i++)
        words[i] = slice_cut(&rest, ' ');
    if (words[WORD_STATE].len != 1 || slice_to_int(words[WORD_PARENT], &parent) ||
        slice_to_int(words[WORD_SESSION], &session) || slice_to_int(words[WORD_START], &start))
        return RC_INVALID;
    *stat = (struct process_stat){ .pid = (pid_t)pid,
                                   .parent = (pid_t)parent,
                                   .session = (pid_t)session,
                                   .is_dead = words[WORD_STATE].ptr[0] == 'Z' ||
                                              words[WORD_STATE].ptr[0] == 'X',
                                   .start_ticks = (uint64_t)start };
    return RC_OK;
}

enum rc process_stat_read(pid_t pid, struct process_stat *stat)
{
    char path[32];
    char text[STAT_BYTES];
    ssize_t n_read;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return RC_NOT_FOUND;
    n_read = read(fd, text, sizeof(text));
    close(fd);
    if (n_read <= 0)
        return RC_NOT_FOUND;
    return process_stat_parse((struct slice){ .ptr = text, .len = (size_t)n_read }, stat);
}

enum rc process_stat_each(void (*visit)(void *context, const struct process_stat *stat),
                          void *context)
{
    DIR *directory = opendir("/proc");
    struct process_stat stat;
    struct dirent *entry;

    if (!directory)
        return RC_IO;
    while ((entry = readdir(directory)) != NULL) { // NOLINT(concurrency-mt-unsafe): our own DIR
        int64_t pid;

        if (slice_to_int(slice_of(entry->d_name), &pid) == RC_OK && pid > 0 &&
            process_stat_read((pid_t)pid, &stat) == RC_OK)
            visit(context, &stat);
    }
    closedir(directory);
    return RC_OK;
}

bool process_is_descendant(int64_t pid)
{
    pid_t self = getpid();
    struct process_stat stat;

    for (int i = 0; i < MAX_ANCESTORS && pid > 1; i++) {
        if (pid == self)
            return i > 0;
        if (pid > INT32_MAX || process_stat_read((pid_t)pid, &stat))
            return true;
        pid = stat.parent;
    }
    return pid > 1;
}
