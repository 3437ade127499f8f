/* Rotation and truncation: where the rest of a file lives on, and what was there between it and the one that has its name now. */
#include "watchers/log_tail_private.h"

#include "watchers/trusted_open.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_BETWEEN 64
/* The kernel's clock for files is a tick behind ours. */
#define CLOCK_SLACK_MS 20

/* One look at the files beside a path that have names of its rotations. */
struct search {
    struct log_tail *tail;
    size_t watch;
    struct tailed *old;
    const char *path;
    bool is_copied;        /* a copy of `old` is looked for: it was truncated */
    bool only_know;        /* whatever is there is known as read */
    struct tailed *copy;   /* found */
    struct tailed *between[MAX_BETWEEN]; /* never seen before, and younger than the last look at `old` */
    size_t n_between;
};

static bool split(const char *path, char *directory, const char **name)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;

    if (!slash || len >= PATH_MAX)
        return false;
    memcpy(directory, path, len);
    directory[len] = '\0';
    if (!len)
        memcpy(directory, "/", 2);
    *name = slash + 1;
    return true;
}

/* -- the live file of a rotated name -- */

static struct tailed *live_at(const struct log_tail *tail, size_t watch, const char *directory,
                              const char *base, const char *name)
{
    char path[PATH_MAX];

    if (!log_join(path, slice_of(directory), slice_of(base)) ||
        !log_name_is_rotation(tail->watches[watch].watch, base, name))
        return NULL;
    return tail_find_owner(tail, watch, path);
}

/* With names of the watcher's own making, any live file of the directory may be meant. */
static struct tailed *find_declared_base(const struct log_tail *tail, size_t watch,
                                         const char *directory, const char *name)
{
    struct tailed *tailed;

    TAILQ_FOREACH (tailed, &tail->all, all) {
        if (tailed->watch == watch && tailed->live_path &&
            live_at(tail, watch, directory, log_name_of(tailed->live_path), name) == tailed)
            return tailed;
    }
    return NULL;
}

struct tailed *tail_find_base(const struct log_tail *tail, size_t watch, const char *path)
{
    char directory[PATH_MAX], base[NAME_MAX + 1];
    const char *name, *ending;

    if (!split(path, directory, &name) || strlen(name) > NAME_MAX)
        return NULL;
    if (tail->watches[watch].watch->rotated.n_items)
        return find_declared_base(tail, watch, directory, name);
    ending = strrchr(name, '.');
    for (size_t len = strlen(name); len > 1; len--) {
        struct tailed *live;

        if (!strchr(".-_", name[len - 1]))
            continue;
        memcpy(base, name, len - 1);
        base[len - 1] = '\0';
        live = live_at(tail, watch, directory, base, name);
        if (!live && ending && ending > name + len) {
            memmove(base + len - 1, ending, strlen(ending) + 1);
            live = live_at(tail, watch, directory, base, name);
        }
        if (live)
            return live;
    }
    return NULL;
}

/* -- looking at the siblings -- */

static enum rc add_sibling(struct search *search, const char *path, int fd,
                           const struct stat *facts, struct tailed **tailed)
{
    struct log_tail *tail = search->tail;
    struct log_file *file;
    struct ulid id;
    int64_t n_skipped;
    enum rc rc = tail_make_id(tail, &id);

    if (!rc)
        rc = log_file_new(tail->watches[search->watch].watch, path, id, &file);
    if (rc) {
        close(fd);
        return rc;
    }
    log_file_take(file, fd, facts);
    log_file_begin_again(file, id, &n_skipped);
    file->is_rotated = true;
    file->seen_ms = tail->now_ms;
    rc = tail_add(tail, search->watch, file, tailed);
    if (rc)
        return rc;
    (*tailed)->mark = tail->mark;
    (*tailed)->mtime_ns = tail_mtime_ns(facts);
    tail_name(tail, *tailed, path);
    tail_set_dirty(tail, *tailed);
    return RC_OK;
}

static void know(struct search *search, const char *path, int fd, const struct stat *facts)
{
    struct tailed *tailed;

    if (add_sibling(search, path, fd, facts, &tailed))
        return;
    if (log_file_skip_to_end(tailed->file))
        tailed->file->offset = 0;
    tailed->n_known = tailed->file->size;
    tailed->is_at_end = tailed->is_finished = true;
    tail_close(search->tail, tailed);
}

/* The copy goes on under the row of what it is a copy of, at the same place. */
static void take_copy(struct search *search, const char *path, int fd, const struct stat *facts)
{
    const struct log_file *old = search->old->file;
    struct tailed *copy;

    if (add_sibling(search, path, fd, facts, &copy))
        return;
    copy->file->id = old->id;
    memcpy(copy->file->head, old->head, sizeof old->head);
    memcpy(copy->file->tail, old->tail, sizeof old->tail);
    copy->file->n_head = old->n_head;
    copy->file->n_tail = old->n_tail;
    copy->file->offset = old->offset;
    copy->file->state = old->state;
    copy->n_known = old->offset;
    search->copy = copy;
}

/* A copy of the live file that is being made, or was made by somebody else: what is in it was or will be read there. */
static bool is_copy_of_live(const struct search *search, int fd)
{
    struct tailed *owner = tail_find_owner(search->tail, search->watch, search->path);
    struct tailed *lives[] = { search->old, owner };

    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++)
        if (lives[i] && lives[i]->file->n_head && log_file_begins_as(lives[i]->file, fd))
            return true;
    return false;
}

static bool was_written_since(const struct search *search, const struct stat *facts)
{
    return tail_mtime_ns(facts) / 1000000 + CLOCK_SLACK_MS >= search->old->file->seen_ms;
}

static void take_between(struct search *search, const char *path, int fd, const struct stat *facts)
{
    struct tailed *between;
    size_t place;

    if (search->n_between == MAX_BETWEEN || add_sibling(search, path, fd, facts, &between))
        return;
    for (place = search->n_between++;
         place && search->between[place - 1]->mtime_ns > between->mtime_ns; place--)
        search->between[place] = search->between[place - 1];
    search->between[place] = between;
    tail_set_ready(search->tail, between);
}

/* A file that is not known. It is closed, or belongs to somebody afterwards. */
static void take_unknown(struct search *search, const char *path, int fd, const struct stat *facts)
{
    char head[8];
    ssize_t n_head = pread(fd, head, sizeof head, 0);

    if (n_head > 0 && log_is_compressed((struct slice){ head, (size_t)n_head }))
        close(fd);
    else if (search->only_know)
        know(search, path, fd, facts);
    else if (search->is_copied && !search->copy && facts->st_size >= search->old->file->offset &&
             search->old->file->n_head && log_file_is_in(search->old->file, fd))
        take_copy(search, path, fd, facts);
    else if (was_written_since(search, facts) && !is_copy_of_live(search, fd))
        take_between(search, path, fd, facts);
    else
        close(fd);
}

static void take_known(struct search *search, struct tailed *known, const char *path)
{
    known->mark = search->tail->mark;
    known->file->seen_ms = search->tail->now_ms;
    tail_name(search->tail, known, path);
}

static void look_at_sibling(struct search *search, const char *path)
{
    struct log_tail *tail = search->tail;
    struct tailed *known;
    const char *why = NULL;
    struct stat facts;
    int fd;

    if (trusted_open(path, &fd, &facts, &why))
        return;
    known = tail_find_inode(tail, search->watch, (int64_t)facts.st_dev, (int64_t)facts.st_ino);
    if (known && (known->file->fd >= 0 || log_file_is_in(known->file, fd))) {
        close(fd);
        take_known(search, known, path);
        return;
    }
    if (known && known != search->old)
        tail_forget(tail, known); /* its inode has begun another file */
    take_unknown(search, path, fd, &facts);
}

static void look_at_siblings(struct search *search)
{
    const struct log_watch *watch = search->tail->watches[search->watch].watch;
    char directory[PATH_MAX], path[PATH_MAX];
    const char *name;
    struct dirent *entry;
    DIR *stream;

    search->tail->mark++;
    if (!split(search->path, directory, &name))
        return;
    stream = opendir(directory);
    while (stream && (entry = readdir(stream)) != NULL) {
        if (log_name_is_rotation(watch, name, entry->d_name) &&
            log_join(path, slice_of(directory), slice_of(entry->d_name)) &&
            !log_name_is_excluded(watch, path))
            look_at_sibling(search, path);
    }
    if (stream)
        closedir(stream);
}

/* Rotated files of this path that are closed and were not seen in the look at all its siblings: logrotate has removed them. */
static void forget_removed(const struct search *search)
{
    const char *base = log_name_of(search->path);
    size_t directory_len = (size_t)(base - search->path);
    struct tailed *tailed, *next;

    for (tailed = TAILQ_FIRST(&search->tail->all); tailed; tailed = next) {
        next = TAILQ_NEXT(tailed, all);
        if (tailed->watch == search->watch && tailed->file->is_rotated && tailed->file->fd < 0 &&
            tailed->mark != search->tail->mark && tailed != search->old &&
            !strncmp(tailed->file->path, search->path, directory_len) &&
            log_name_is_rotation(tailed->file->watch, base, log_name_of(tailed->file->path)))
            tail_forget(search->tail, tailed);
    }
}

/* -- what follows what -- */

/* The ones in between, each after the one before it; returns the last of all. */
static struct tailed *chain(struct search *search, struct tailed *first)
{
    struct tailed *last = first;

    for (size_t i = 0; i < search->n_between; i++) {
        search->between[i]->before = last;
        last = search->between[i];
    }
    return last;
}

void tail_follow_rotation(struct log_tail *tail, struct tailed *old, const char *path,
                          struct tailed *now)
{
    struct search search = { .tail = tail, .watch = old->watch, .old = old, .path = path };
    struct tailed *last;

    look_at_siblings(&search);
    forget_removed(&search);
    old->file->is_rotated = true;
    tail_set_dirty(tail, old);
    if (!tail_open(tail, old)) {
        tail_set_ready(tail, old);
        last = chain(&search, old);
    } else {
        tail_lose(tail, old->watch, path, old->file->size - old->file->offset,
                  "the file was rotated and removed (or compressed) before it was read to its end");
        last = chain(&search, NULL);
        tail_forget(tail, old);
    }
    if (!now)
        return;
    now->before = last;
    tail_set_ready(tail, now);
}

void tail_know_siblings(struct log_tail *tail, struct tailed *tailed)
{
    struct search search = { .tail = tail,
                             .watch = tailed->watch,
                             .old = tailed,
                             .path = tailed->file->path,
                             .only_know = true };

    look_at_siblings(&search);
}

/* -- truncation -- */

/* The row stays that of the path, unless the copy goes on under it. */
static bool leave_what_is_gone(struct log_tail *tail, struct tailed *tailed)
{
    int64_t n_unread = tailed->n_known - tailed->file->offset - (int64_t)tailed->file->pending.len;

    if (!tail_tell_pending(tail, tailed))
        return false;
    tail_lose(tail, tailed->watch, tailed->file->path, n_unread,
              "the file was truncated before it was read to its end, and there is no copy");
    return true;
}

void tail_follow_truncation(struct log_tail *tail, struct tailed *tailed)
{
    struct search search = { .tail = tail,
                             .watch = tailed->watch,
                             .old = tailed,
                             .path = tailed->file->path,
                             .is_copied = true };
    struct ulid id;
    int64_t n_skipped = 0;

    if (tail_make_id(tail, &id))
        return; /* no randomness: once more at the next look */
    look_at_siblings(&search);
    if (search.copy) {
        search.copy->before = tailed->before;
        tail_set_ready(tail, search.copy);
    } else if (!leave_what_is_gone(tail, tailed)) {
        tail_set_ready(tail, tailed); /* no room: all of this once more */
        return;
    }
    forget_removed(&search);
    tailed->before = chain(&search, search.copy ? search.copy : tailed->before);
    log_file_begin_again(tailed->file, search.copy ? id : tailed->file->id, &n_skipped);
    tailed->n_known = tailed->file->offset;
    tailed->n_left = tailed->n_last_line = 0;
    tailed->is_at_end = false;
    tail_set_dirty(tail, tailed);
    tail_set_ready(tail, tailed);
}
