#include "src/base/file.h"

#include "src/base/buffer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES 16384

static enum rc rc_of_errno(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return RC_NOT_FOUND;
    case ENOMEM:
        return RC_NO_MEMORY;
    case ENOSPC:
    case EDQUOT:
        return RC_FULL;
    default:
        return RC_IO;
    }
}

/* Closes what may be closed already, and keeps the errno of what went wrong before. */
static void close_quietly(int fd)
{
    int error = errno;

    if (fd >= 0)
        close(fd);
    errno = error;
}

static enum rc open_regular(const char *path, int *fd)
{
    struct stat stat;

    /* Not blocking, or a FIFO under a file's name would hold us until somebody writes. */
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return rc_of_errno();
    if (fstat(*fd, &stat))
        return RC_IO;
    if (!S_ISREG(stat.st_mode)) {
        errno = S_ISDIR(stat.st_mode) ? EISDIR : EINVAL;
        return RC_IO;
    }
    return RC_OK;
}

/* To the end, whatever size the file has told: it may grow, and those of /proc tell none. */
static enum rc read_all(int fd, struct buffer *bytes)
{
    char chunk[CHUNK_BYTES];
    ssize_t n_read;

    do {
        n_read = read(fd, chunk, sizeof(chunk));
        if (n_read < 0 && errno != EINTR)
            return RC_IO;
        if (n_read > 0)
            buffer_add(bytes, (struct slice){ .ptr = chunk, .len = (size_t)n_read });
    } while (n_read != 0 && !bytes->failed);
    return buffer_rc(bytes);
}

enum rc file_read(const char *path, size_t limit_bytes, struct arena *arena, struct slice *text)
{
    struct buffer bytes;
    int fd = -1;
    enum rc rc;

    buffer_init(&bytes, limit_bytes);
    rc = open_regular(path, &fd);
    if (!rc)
        rc = read_all(fd, &bytes);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&bytes), text);
    close_quietly(fd);
    buffer_free(&bytes);
    return rc;
}

static enum rc write_all(int fd, struct slice text)
{
    while (text.len) {
        ssize_t n_written = write(fd, text.ptr, text.len);

        if (n_written < 0 && errno == EINTR)
            continue;
        if (n_written < 0)
            return rc_of_errno();
        text.ptr += n_written;
        text.len -= (size_t)n_written;
    }
    return RC_OK;
}

/* The part of a path up to its last '/', or "." */
static struct slice directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return SLICE(".");
    return (struct slice){ .ptr = path, .len = slash == path ? 1 : (size_t)(slash - path) };
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* A rename lasts only when its directory is on the disk too. */
static enum rc sync_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum rc rc = RC_OK;

    if (fd < 0 || fsync(fd))
        rc = rc_of_errno();
    close_quietly(fd);
    return rc;
}

/* Fills the file that is open as `fd`, whose mode nothing but us has seen yet. */
static enum rc fill(int fd, struct slice text, unsigned mode)
{
    enum rc rc = write_all(fd, text);

    if (!rc && (fchmod(fd, (mode_t)mode) || fsync(fd)))
        rc = rc_of_errno();
    return rc;
}

enum rc file_write(const char *path, struct slice text, unsigned mode)
{
    struct slice directory = directory_of(path);
    char *folder = strndup(directory.ptr, directory.len);
    char *temporary = NULL;
    int fd = -1;
    enum rc rc;

    /* In the same directory, since only there a rename is one step; hidden, so that no watcher takes it. */
    if (!folder || asprintf(&temporary, "%s/.%s.XXXXXX", folder, name_of(path)) < 0) {
        free(folder);
        return RC_NO_MEMORY;
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        rc = rc_of_errno();
        goto out;
    }
    rc = fill(fd, text, mode);
    if (!rc && rename(temporary, path))
        rc = rc_of_errno();
    if (rc)
        unlink(temporary);
    else
        rc = sync_directory(folder);

out:
    close_quietly(fd);
    free(temporary);
    free(folder);
    return rc;
}

static enum rc make_one(const char *path, unsigned mode)
{
    struct stat stat_of;

    if (!mkdir(path, (mode_t)mode))
        return RC_OK;
    if (errno != EEXIST)
        return rc_of_errno();
    if (stat(path, &stat_of))
        return rc_of_errno();
    if (!S_ISDIR(stat_of.st_mode)) {
        errno = ENOTDIR;
        return RC_IO;
    }
    return RC_OK;
}

enum rc directory_make(const char *path, unsigned mode)
{
    char *parent = strdup(path);
    enum rc rc = RC_OK;

    if (!parent)
        return RC_NO_MEMORY;
    for (char *slash = strchr(*parent ? parent + 1 : parent, '/'); slash && !rc;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        rc = make_one(parent, mode);
        *slash = '/';
    }
    if (!rc)
        rc = make_one(path, mode);
    free(parent);
    return rc;
}

struct name {
    struct name *next;
    struct slice text;
};

static bool is_listed(struct slice name, const char *const *suffixes)
{
    if (slice_starts(name, SLICE(".")))
        return false;
    for (size_t i = 0; suffixes[i]; i++) {
        if (slice_ends(name, slice_of(suffixes[i])))
            return true;
    }
    return false;
}

static enum rc read_names(DIR *directory, const char *const *suffixes, struct arena *arena,
                          struct name **names, size_t *n_names)
{
    for (;;) {
        const struct dirent *entry;
        struct name *name;

        errno = 0;
        entry = readdir(directory);
        if (!entry)
            return errno ? RC_IO : RC_OK;
        if (!is_listed(slice_of(entry->d_name), suffixes))
            continue;
        name = arena_alloc(arena, 1, sizeof(*name));
        if (!name || arena_copy(arena, slice_of(entry->d_name), &name->text))
            return RC_NO_MEMORY;
        name->next = *names;
        *names = name;
        ++*n_names;
    }
}

static int compare_names(const void *a, const void *b)
{
    const struct slice *left = a, *right = b;

    return slice_compare(*left, *right);
}

enum rc directory_list(const char *path, const char *const *suffixes, struct arena *arena,
                       struct slice_list *names)
{
    struct name *found = NULL;
    size_t n_found = 0, n_items = 0;
    DIR *directory = opendir(path);
    enum rc rc;

    if (!directory)
        return rc_of_errno();
    rc = read_names(directory, suffixes, arena, &found, &n_found);
    closedir(directory);
    if (rc)
        return rc;
    names->items = arena_alloc(arena, n_found, sizeof(*names->items));
    if (!names->items)
        return RC_NO_MEMORY;
    for (const struct name *name = found; name; name = name->next)
        names->items[n_items++] = name->text;
    qsort(names->items, n_items, sizeof(*names->items), compare_names);
    names->n_items = n_items;
    return RC_OK;
}

enum rc path_join(struct slice base, struct slice path, struct arena *arena, struct slice *joined)
{
    struct buffer text;
    enum rc rc;

    if (!base.len || slice_starts(path, SLICE("/")))
        return arena_copy(arena, path, joined);
    buffer_init(&text, 0);
    buffer_add(&text, base);
    if (!slice_ends(base, SLICE("/")))
        buffer_add_byte(&text, '/');
    buffer_add(&text, path);
    rc = buffer_rc(&text);
    if (!rc)
        rc = arena_copy(arena, buffer_slice(&text), joined);
    buffer_free(&text);
    return rc;
}

enum rc path_absolute(struct slice path, struct arena *arena, struct slice *absolute)
{
    char here[PATH_MAX];

    if (path.len && path.ptr[0] == '/')
        return arena_copy(arena, path, absolute);
    if (!getcwd(here, sizeof here))
        return RC_IO;
    while (slice_starts(path, SLICE("./")))
        path = (struct slice){ path.ptr + 2, path.len - 2 };
    return arena_format(arena, absolute, "%s/%.*s", here, SLICE_ARG(path));
}
