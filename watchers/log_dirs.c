#include "watchers/log_dirs.h"

#include "src/base/clock.h"
#include "src/base/map.h"
#include "watchers/log_names.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define EVENTS_BYTES 65536
#define USUAL_SCAN_MS SECOND_MS
#define GLOB_FLAGS (FNM_PATHNAME | FNM_PERIOD)
#define EVENTS                                                                                     \
    (IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |                 \
     IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct dir {
    struct dir *next;
    char *path;
    size_t watch;   /* for messages */
    int wd;         /* -1: the kernel does not tell */
    uint64_t scan;  /* that asked for it last */
    uint64_t asked; /* that asked the kernel to tell */
    const char *trouble;
};

struct owned_pattern {
    struct owned_pattern *next;
    size_t watch;
    char *text;
    int64_t scan_ms;
};

struct log_dirs {
    struct log_dirs_listener listener;
    int fd;
    struct owned_pattern *patterns;
    struct dir *dirs;
    struct map *by_path;
    struct map *by_wd;
    uint64_t scan;
    int64_t scan_ms; /* the shortest that anybody asks for */
    char *events;    /* EVENTS_BYTES */
};

/* -- life -- */

enum rc log_dirs_new(const struct log_dirs_listener *listener, struct log_dirs **dirs)
{
    struct log_dirs *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->listener = *listener;
    made->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    made->events = aligned_alloc(_Alignof(struct inotify_event), EVENTS_BYTES);
    rc = made->events ? map_new(&made->by_path) : RC_NO_MEMORY;
    if (!rc)
        rc = map_new(&made->by_wd);
    if (rc)
        log_dirs_free(made);
    else
        *dirs = made;
    return rc;
}

static struct slice wd_key(const int *wd)
{
    return (struct slice){ (const char *)wd, sizeof *wd };
}

/* The watch goes with the last directory that has it: two names may lead to the same one. */
static void forget_wd(struct log_dirs *dirs, struct dir *dir)
{
    if (dir->wd >= 0 && map_get(dirs->by_wd, wd_key(&dir->wd)) == dir)
        map_remove(dirs->by_wd, wd_key(&dir->wd));
    dir->wd = -1;
}

static void drop_wd(struct log_dirs *dirs, struct dir *dir)
{
    int wd = dir->wd;

    forget_wd(dirs, dir);
    if (wd >= 0 && !map_get(dirs->by_wd, wd_key(&wd)))
        (void)inotify_rm_watch(dirs->fd, wd);
}

static void free_dir(struct dir *dir)
{
    free(dir->path);
    free(dir);
}

void log_dirs_free(struct log_dirs *dirs)
{
    if (!dirs)
        return;
    while (dirs->dirs) {
        struct dir *dir = dirs->dirs;

        dirs->dirs = dir->next;
        free_dir(dir);
    }
    while (dirs->patterns) {
        struct owned_pattern *pattern = dirs->patterns;

        dirs->patterns = pattern->next;
        free(pattern->text);
        free(pattern);
    }
    if (dirs->fd >= 0)
        close(dirs->fd);
    map_free(dirs->by_path);
    map_free(dirs->by_wd);
    free(dirs->events);
    free(dirs);
}

enum rc log_dirs_add(struct log_dirs *dirs, size_t watch, const char *pattern, int64_t scan_ms)
{
    struct owned_pattern *made = calloc(1, sizeof *made);

    if (!made)
        return RC_NO_MEMORY;
    *made = (struct owned_pattern){
        .next = dirs->patterns, .watch = watch, .text = strdup(pattern), .scan_ms = scan_ms
    };
    if (!made->text) {
        free(made);
        return RC_NO_MEMORY;
    }
    dirs->patterns = made;
    return RC_OK;
}

int log_dirs_fd(const struct log_dirs *dirs)
{
    return dirs->fd;
}

int64_t log_dirs_scan_ms(const struct log_dirs *dirs)
{
    return dirs->scan_ms;
}

bool log_dirs_wants(const struct log_dirs *dirs, size_t watch, const char *path)
{
    for (const struct owned_pattern *pattern = dirs->patterns; pattern; pattern = pattern->next)
        if (pattern->watch == watch && !fnmatch(pattern->text, path, GLOB_FLAGS))
            return true;
    return false;
}

/* -- one directory -- */

/* What others write to these file systems the kernel here does not see. */
static bool tells_nothing(const char *path)
{
    static const unsigned long magics[] = {
        NFS_SUPER_MAGIC,       SMB_SUPER_MAGIC, 0xff534d42 /* CIFS */,
        0xfe534d42 /* SMB2 */, V9FS_MAGIC,      FUSE_SUPER_MAGIC,
        CEPH_SUPER_MAGIC,      AFS_FS_MAGIC,    CODA_SUPER_MAGIC
    };
    struct statfs facts;

    if (statfs(path, &facts))
        return false;
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if ((unsigned long)facts.f_type == magics[i])
            return true;
    return false;
}

static const char *trouble_of(int number)
{
    switch (number) {
    case 0:
    case ENOENT:
    case ENOTDIR:
        return NULL;
    case EACCES:
        return "no permission to list the directory: let the daemon's user read and search it (a "
               "group such as adm, or an ACL)";
    case ENOSPC:
        return "the kernel takes no more inotify watches: raise fs.inotify.max_user_watches; until "
               "then it is scanned every second";
    case EMFILE:
    case ENFILE:
        return "no file descriptor or inotify instance is left: raise "
               "fs.inotify.max_user_instances "
               "or LimitNOFILE; until then it is scanned every second";
    default:
        return "it cannot be watched: until that is over it is scanned every second";
    }
}

static void tell_trouble(struct log_dirs *dirs, struct dir *dir, const char *why)
{
    if (dir->trouble == why)
        return;
    dir->trouble = why;
    dirs->listener.on_trouble(dirs->listener.context, dir->watch, dir->path, why);
}

/* Nobody tells: somebody looks. */
static void must_scan(struct log_dirs *dirs, int64_t scan_ms)
{
    dirs->scan_ms = scan_ms < dirs->scan_ms ? scan_ms : dirs->scan_ms;
}

static void watch_dir(struct log_dirs *dirs, struct dir *dir)
{
    int wd = -1, number = 0;

    if (tells_nothing(dir->path)) {
        drop_wd(dirs, dir);
        must_scan(dirs, USUAL_SCAN_MS);
        return;
    }
    if (dirs->fd < 0) {
        dirs->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        number = dirs->fd < 0 ? errno : 0;
    }
    if (dirs->fd >= 0) {
        wd = inotify_add_watch(dirs->fd, dir->path, EVENTS);
        number = wd < 0 ? errno : 0;
    }
    if (wd != dir->wd) {
        drop_wd(dirs, dir);
        dir->wd = wd;
    }
    if (wd >= 0)
        map_put(dirs->by_wd, wd_key(&dir->wd), dir);
    if (wd < 0 && number != ENOENT && number != ENOTDIR)
        must_scan(dirs, USUAL_SCAN_MS);
    tell_trouble(dirs, dir, trouble_of(number));
}

static struct dir *add_dir(struct log_dirs *dirs, size_t watch, const char *path)
{
    struct dir *dir = calloc(1, sizeof *dir);

    if (dir)
        dir->path = strdup(path);
    if (!dir || !dir->path) {
        free(dir);
        return NULL;
    }
    dir->wd = -1;
    dir->watch = watch;
    dir->next = dirs->dirs;
    dirs->dirs = dir;
    map_put(dirs->by_path, slice_of(path), dir);
    return dir;
}

static void need_dir(struct log_dirs *dirs, size_t watch, const char *path, int64_t scan_ms)
{
    struct dir *dir = map_get(dirs->by_path, slice_of(path));

    if (!dir)
        dir = add_dir(dirs, watch, path);
    if (scan_ms || !dir)
        must_scan(dirs, scan_ms ? scan_ms : USUAL_SCAN_MS);
    if (!dir)
        return;
    /* Whoever wants to be told is, whoever else looks. */
    if (!scan_ms && dir->asked != dirs->scan) {
        dir->asked = dirs->scan;
        watch_dir(dirs, dir);
    }
    dir->scan = dirs->scan;
}

void log_dirs_also(struct log_dirs *dirs, size_t watch, const char *directory)
{
    need_dir(dirs, watch, directory, 0);
}

/* -- scanning -- */

static bool is_glob(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (strchr("*?[\\", text[i]))
            return true;
    return false;
}

struct walk {
    struct log_dirs *dirs;
    const struct owned_pattern *pattern;
};

static void walk_from(const struct walk *walk, const char *directory, const char *rest);

static bool join(char *path, const char *directory, const char *name, size_t name_len)
{
    return log_join(path, slice_of(directory), (struct slice){ name, name_len });
}

static bool is_directory(const char *path)
{
    struct stat facts;

    return !stat(path, &facts) && S_ISDIR(facts.st_mode);
}

/* A name fits one part of the pattern: it is a file, or the way goes on below it. */
static void take_name(const struct walk *walk, const char *directory, const char *name,
                      size_t name_len, const char *rest)
{
    char path[PATH_MAX];
    struct stat facts;

    if (!join(path, directory, name, name_len))
        return;
    if (*rest) {
        if (is_directory(path))
            walk_from(walk, path, rest);
        return;
    }
    if (!lstat(path, &facts) && !S_ISDIR(facts.st_mode))
        walk->dirs->listener.on_path(walk->dirs->listener.context, walk->pattern->watch, path);
}

static void walk_names(const struct walk *walk, const char *directory, const char *part,
                       const char *rest)
{
    DIR *stream = opendir(directory);
    struct dirent *entry;

    if (!stream) {
        struct dir *dir = map_get(walk->dirs->by_path, slice_of(directory));

        if (dir)
            tell_trouble(walk->dirs, dir, trouble_of(errno));
        return;
    }
    while ((entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
            !fnmatch(part, entry->d_name, FNM_PERIOD))
            take_name(walk, directory, entry->d_name, strlen(entry->d_name), rest);
    }
    closedir(stream);
}

/* `rest`: the parts of the pattern below `directory`. Every directory in which the next part may appear is watched. */
static void walk_from(const struct walk *walk, const char *directory, const char *rest)
{
    size_t len;
    const char *below;
    char part[NAME_MAX + 1], path[PATH_MAX];

    rest += strspn(rest, "/");
    len = strcspn(rest, "/");
    below = rest + len + strspn(rest + len, "/");
    if (!len || len > NAME_MAX)
        return;
    memcpy(part, rest, len);
    part[len] = '\0';
    if (is_glob(part, len)) {
        need_dir(walk->dirs, walk->pattern->watch, directory, walk->pattern->scan_ms);
        walk_names(walk, directory, part, below);
        return;
    }
    /* Where the way is clear, only its end is watched; where it is not, the place at which it may go on. */
    if (!*below || !join(path, directory, part, len) || !is_directory(path))
        need_dir(walk->dirs, walk->pattern->watch, directory, walk->pattern->scan_ms);
    take_name(walk, directory, part, len, below);
}

static void drop_unwanted(struct log_dirs *dirs)
{
    struct dir **place = &dirs->dirs;

    while (*place) {
        struct dir *dir = *place;

        if (dir->scan == dirs->scan) {
            place = &dir->next;
            continue;
        }
        drop_wd(dirs, dir);
        map_remove(dirs->by_path, slice_of(dir->path));
        *place = dir->next;
        free_dir(dir);
    }
}

void log_dirs_scan(struct log_dirs *dirs)
{
    dirs->scan++;
    dirs->scan_ms = INT64_MAX;
    for (const struct owned_pattern *pattern = dirs->patterns; pattern; pattern = pattern->next) {
        const struct walk walk = { .dirs = dirs, .pattern = pattern };

        walk_from(&walk, "/", pattern->text);
    }
    drop_unwanted(dirs);
}

void log_dirs_each_name(const struct log_dirs *dirs,
                        void (*on_name)(void *context, const char *path), void *context)
{
    for (const struct dir *dir = dirs->dirs; dir; dir = dir->next) {
        DIR *stream = opendir(dir->path);
        struct dirent *entry;
        char path[PATH_MAX];

        while (stream && (entry = readdir(stream)) != NULL)
            if (join(path, dir->path, entry->d_name, strlen(entry->d_name)))
                on_name(context, path);
        if (stream)
            closedir(stream);
    }
}

/* -- events -- */

static void take_event(struct log_dirs *dirs, const struct inotify_event *event, bool *lost)
{
    const struct dir *dir;
    char path[PATH_MAX];

    dir = map_get(dirs->by_wd, wd_key(&event->wd));
    if (event->mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) {
        *lost |=
            dir || event->mask & IN_Q_OVERFLOW; /* of a watch that we gave up ourselves: nothing */
        return;
    }
    if (!dir || !event->len || !join(path, dir->path, event->name, strlen(event->name)))
        return;
    if (event->mask & IN_ISDIR) {
        *lost = true; /* a directory in which a pattern may go on */
        return;
    }
    dirs->listener.on_event(dirs->listener.context, path,
                            (event->mask & (IN_MODIFY | IN_ATTRIB)) == IN_MODIFY);
}

void log_dirs_read(struct log_dirs *dirs, bool *lost)
{
    ssize_t n_read = dirs->fd < 0 ? 0 : read(dirs->fd, dirs->events, EVENTS_BYTES);
    const char *place = dirs->events;

    while (n_read > 0 && place < dirs->events + n_read) {
        const struct inotify_event *event = (const void *)place;

        take_event(dirs, event, lost);
        place += sizeof *event + event->len;
    }
}
