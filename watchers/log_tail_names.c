/* What a path means now: the file that had it, another one that is known, or one that was never seen. */
#include "watchers/log_tail_private.h"

#include "watchers/trusted_open.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_inode(const struct tailed *tailed, const struct stat *facts)
{
    return tailed->file->inode == (int64_t)facts->st_ino &&
           tailed->file->device == (int64_t)facts->st_dev;
}

/* -- files that are left alone -- */

static const char *why_not(const struct log_tail *tail, int fd, const struct stat *facts)
{
    char head[8];
    ssize_t n_head = pread(fd, head, sizeof head, 0);

    if (n_head > 0 && log_is_compressed((struct slice){ head, (size_t)n_head }))
        return "it is compressed: it is not read";
    if (tail_is_own(tail, facts))
        return "Vedette's own log goes there: it is not read, as each line would make another";
    return NULL;
}

/* -- new ones -- */

/* The other directory whose events tell of a file that a link leads to. */
static void watch_target(struct log_tail *tail, size_t watch, const char *path)
{
    char *target = realpath(path, NULL);
    char *slash = target ? strrchr(target, '/') : NULL;

    if (slash && slash != target && strcmp(target, path) != 0) {
        *slash = '\0';
        log_dirs_also(tail->dirs, watch, target);
    }
    free(target);
}

static bool starts_at_end(const struct log_tail *tail, size_t watch)
{
    const struct tail_watch *of = &tail->watches[watch];

    return of->is_first && tail->is_starting && !of->watch->from_beginning;
}

static enum rc begin(struct log_tail *tail, size_t watch, const char *path, int fd,
                     const struct stat *facts, struct tailed **tailed)
{
    struct log_file *file;
    struct ulid id;
    int64_t n_skipped;
    enum rc rc = tail_make_id(tail, &id);

    if (!rc)
        rc = log_file_new(tail->watches[watch].watch, path, id, &file);
    if (rc) {
        close(fd);
        return rc;
    }
    log_file_take(file, fd, facts);
    file->seen_ms = tail->now_ms;
    if (starts_at_end(tail, watch))
        rc = log_file_skip_to_end(file);
    else
        log_file_begin_again(file, id, &n_skipped);
    if (rc) {
        log_file_free(file);
        return rc;
    }
    rc = tail_add(tail, watch, file, tailed);
    if (rc)
        return rc;
    (*tailed)->n_known = file->offset;
    (*tailed)->mtime_ns = tail_mtime_ns(facts);
    tail_name(tail, *tailed, path);
    tail_set_dirty(tail, *tailed);
    tail_set_ready(tail, *tailed);
    return RC_OK;
}

/* What begins as the live file beside it may be the copy that is being made of it, and one that is empty may become one: where the live file is truncated then, the copy is looked for. */
static bool may_be_copy(struct tailed *base, int fd, const struct stat *facts)
{
    if (!base)
        return false;
    log_file_learn_head(base->file);
    return !facts->st_size || (base->file->n_head && log_file_begins_as(base->file, fd));
}

/* A file that nobody knows under this inode. `old`: whose path it has taken; NULL: nobody's. */
static void begin_new(struct log_tail *tail, size_t watch, const char *path, struct tailed *old)
{
    struct tailed *base = tail_find_base(tail, watch, path);
    struct tailed *now = NULL;
    const char *why = NULL;
    struct stat facts;
    int fd;
    enum rc rc = trusted_open(path, &fd, &facts, &why);

    if (!rc)
        why = why_not(tail, fd, &facts);
    if (rc == RC_FULL)
        why = "no file descriptor is left: raise LimitNOFILE";
    tail_tell(tail, watch, path, why);
    if (rc)
        return;
    if (why || may_be_copy(base, fd, &facts)) {
        close(fd);
        return;
    }
    if (begin(tail, watch, path, fd, &facts, &now))
        return; /* it is found again by the next scan */
    watch_target(tail, watch, path);
    if (base)
        now->file->is_rotated = true;
    else
        tail_own(tail, now, path);
    if (old)
        tail_follow_rotation(tail, old, path, now);
    else if (starts_at_end(tail, watch))
        tail_know_siblings(tail, now);
}

/* -- known ones -- */

/* A file of this inode is known. Is it still that one, or did it end and its inode begin another? */
static bool is_still(const struct tailed *known, const char *path)
{
    const char *why = NULL;
    struct stat facts;
    bool is_same;
    int fd;

    if (known->file->fd >= 0)
        return true; /* as long as it is open, nobody else gets its inode */
    if (trusted_open(path, &fd, &facts, &why))
        return true; /* said where it is opened to be read */
    is_same = is_inode(known, &facts) && facts.st_size >= known->file->offset &&
              log_file_is_in(known->file, fd);
    close(fd);
    return is_same;
}

static void look_closer(struct log_tail *tail, struct tailed *tailed, const struct stat *facts)
{
    bool has_changed = (int64_t)facts->st_size != tailed->n_known ||
                       tail_mtime_ns(facts) != tailed->mtime_ns;

    tailed->file->seen_ms = tail->now_ms;
    tailed->scan = tail->scan;
    if (!has_changed)
        return;
    tailed->mtime_ns = tail_mtime_ns(facts);
    tail_set_ready(tail, tailed);
}

static void take_known(struct log_tail *tail, struct tailed *known, const char *path,
                       const struct stat *facts, struct tailed *old)
{
    bool is_rotation = !log_dirs_wants(tail->dirs, known->watch, path) ||
                       tail_find_base(tail, known->watch, path);

    tail_name(tail, known, path);
    if (known->file->is_rotated != is_rotation)
        tail_set_dirty(tail, known);
    known->file->is_rotated = is_rotation;
    if (!is_rotation)
        tail_own(tail, known, path);
    look_closer(tail, known, facts);
    if (old && old != known)
        tail_follow_rotation(tail, old, path, known);
}

static void change_hands(struct log_tail *tail, size_t watch, const char *path,
                         const struct stat *facts, struct tailed *old)
{
    struct tailed *known = tail_find_inode(tail, watch, (int64_t)facts->st_dev,
                                           (int64_t)facts->st_ino);

    if (known && !is_still(known, path)) {
        if (known == old)
            old = NULL;
        tail_lose(tail, watch, known->file->path, known->file->size - known->file->offset,
                  "the file was removed before it was read to its end");
        tail_forget(tail, known);
        known = NULL;
    }
    if (known)
        take_known(tail, known, path, facts, old);
    else if (log_dirs_wants(tail->dirs, watch, path)) /* or else it only has a rotated one's name */
        begin_new(tail, watch, path, old);
}

/* The path leads nowhere. What it led to may live on under another name, or be open still. */
static void vanish(struct log_tail *tail, struct tailed *owner, const char *path)
{
    tail_unname(tail, owner, path);
    if (owner->file->is_rotated)
        return;
    owner->file->is_rotated = true;
    tail_set_dirty(tail, owner);
    tail_follow_rotation(tail, owner, path, NULL);
}

static void look_at_nothing(struct log_tail *tail, size_t watch, const char *path)
{
    struct tailed *owner = tail_find_owner(tail, watch, path);
    struct tailed *named = tail_find_name(tail, watch, path);
    bool is_gone = errno == ENOENT || errno == ENOTDIR;

    tail_tell(tail, watch, path,
              errno == EACCES
                  ? "no permission to look at it: let the daemon's user search its directory"
                  : NULL);
    if (!is_gone)
        return;
    if (named && named != owner)
        tail_unname(tail, named, path);
    if (owner)
        vanish(tail, owner, path);
}

void tail_look_at(struct log_tail *tail, size_t watch, const char *path)
{
    struct tailed *owner = tail_find_owner(tail, watch, path);
    struct tailed *named = tail_find_name(tail, watch, path);
    struct stat facts;

    if (log_name_is_excluded(tail->watches[watch].watch, path))
        return;
    if (stat(path, &facts)) {
        look_at_nothing(tail, watch, path);
        return;
    }
    /* The same file: whether it holds what was read of it shows where it is read. */
    if (named && is_inode(named, &facts)) {
        look_closer(tail, named, &facts);
        return;
    }
    if (named)
        tail_unname(tail, named, path);
    change_hands(tail, watch, path, &facts, owner);
}

/* -- what the directories tell -- */

void tail_on_path(void *context, size_t watch, const char *path)
{
    tail_look_at(context, watch, path);
}

void tail_on_event(void *context, const char *path, bool is_written)
{
    struct log_tail *tail = context;

    for (size_t watch = 0; watch < tail->n_watches; watch++) {
        struct tailed *named = tail_find_name(tail, watch, path);

        if (named && is_written)
            tail_set_ready(tail, named);
        else if (named || log_dirs_wants(tail->dirs, watch, path) ||
                 tail_find_base(tail, watch, path))
            tail_look_at(tail, watch, path);
    }
}

void tail_on_trouble(void *context, size_t watch, const char *path, const char *why)
{
    tail_tell(context, watch, path, why);
}
