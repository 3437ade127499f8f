/* What a path means now: the file that had it, another one that is known, or one that was never seen. */
#include "watchers/log_tail_private.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- whose rotation a name is -- */

static bool is_live_path(const struct log_tail *tail, size_t watch, const char *path)
{
    return log_dirs_wants(tail->dirs, watch, path) &&
           !log_name_is_excluded(tail->watches[watch].watch, path);
}

/* The watcher's own names begin as the name of their live file does, at least up to its ending; the longest of those that are known is meant. */
static const struct place *find_declared_place(const struct log_tail *tail, size_t watch,
                                               const char *path)
{
    const char *name = log_name_of(path), *ending = strrchr(name, '.');
    char candidate[PATH_MAX];

    for (size_t len = strlen(path); path + len > name; len--) {
        const struct place *place;

        memcpy(candidate, path, len);
        candidate[len] = '\0';
        place = tail_find_place(tail, watch, candidate);
        if (!place)
            place = tail_find_stem(tail, watch, candidate);
        if (!place && ending && ending > path + len) {
            strcpy(candidate + len, ending);
            place = tail_find_place(tail, watch, candidate);
        }
        if (place &&
            log_name_is_rotation(tail->watches[watch].watch, log_name_of(place->path), name))
            return place;
    }
    return NULL;
}

/* The way from a name to that of its live file: everything from some separator on goes, but perhaps for the ending. What the watcher's own names are made of nobody knows: where one
 * could be that of a live file as well, the other must be there. */
static bool find_by_name(const struct log_tail *tail, size_t watch, const char *path, char *base)
{
    const struct log_watch *of = tail->watches[watch].watch;
    const char *name = log_name_of(path), *ending = strrchr(name, '.');
    size_t directory_len = (size_t)(name - path);
    bool is_certain = !of->rotated.n_items || !log_dirs_wants(tail->dirs, watch, path);

    for (size_t len = strlen(name); len-- > 1;) {
        const char *const ends[] = { "", ending && ending > name + len ? ending : NULL };

        for (size_t i = 0; strchr(".-_", name[len]) && i < 2 && ends[i]; i++) {
            memcpy(base, path, directory_len + len);
            strcpy(base + directory_len + len, ends[i]);
            if (log_name_is_rotation(of, base + directory_len, name) &&
                is_live_path(tail, watch, base) && (is_certain || !access(base, F_OK)))
                return true;
        }
    }
    return false;
}

bool tail_find_base(const struct log_tail *tail, size_t watch, const char *path, char *base)
{
    char candidate[PATH_MAX];
    const struct place *place = NULL;
    bool is_found = false;

    if (strlen(path) >= PATH_MAX)
        return false;
    if (log_name_is_declared(tail->watches[watch].watch, path))
        place = find_declared_place(tail, watch, path);
    if (place) {
        strcpy(base, place->path);
        return true;
    }
    /* app.log.1-20261129 is one of app.log.1, and that one of app.log. */
    while (find_by_name(tail, watch, path, candidate)) {
        path = strcpy(base, candidate);
        is_found = true;
    }
    return is_found;
}

/* -- files that are left alone -- */

/* Is it the file that our own log goes to? */
static bool is_own(const struct log_tail *tail, const struct stat *facts)
{
    for (size_t i = 0; i < 2; i++)
        if (tail->own_inode[i] && tail->own_inode[i] == (int64_t)facts->st_ino &&
            tail->own_device[i] == (int64_t)facts->st_dev)
            return true;
    return false;
}

static const char *why_not(const struct log_tail *tail, int fd, const struct stat *facts)
{
    if (log_file_is_compressed(fd))
        return "it is compressed";
    if (is_own(tail, facts))
        return "Vedette's own log goes there, and each line would make another";
    return NULL;
}

/* -- new ones -- */

static bool starts_at_end(const struct log_tail *tail, size_t watch)
{
    const struct tail_watch *of = &tail->watches[watch];

    return of->is_first && tail->is_starting && !of->watch->from_beginning;
}

static struct tailed *begin(struct log_tail *tail, struct place *place, const char *path, int fd,
                            const struct stat *facts)
{
    struct tailed *tailed;

    if (tail_add_opened(tail, place, path, fd, facts, &tailed))
        return NULL; /* it is found again by the next scan */
    if (starts_at_end(tail, place->watch) && log_file_skip_to_end(tailed->file))
        tail_tell(tail, place->watch, path, "reading it failed: it is read from its beginning");
    tailed->n_known = tailed->file->offset;
    return tailed;
}

static void begin_live(struct log_tail *tail, const char *path, struct place *place, int fd,
                       const struct stat *facts)
{
    bool is_new = !place->seen_ms;
    struct tailed *tailed = begin(tail, place, path, fd, facts);

    if (!tailed)
        return;
    tail_set_live(tailed, place);
    if (is_new)
        tail_meet_siblings(tail, place);
    place->seen_ms = tail->now_ms;
}

/* What is known of the place is that of now. */
static void settle(struct log_tail *tail, struct place *place)
{
    tail_look_at(tail, place->watch, place->path);
    if (place->live && !tail_open(tail, place->live) && log_file_has_changed(place->live->file))
        (void)tail_find_again(tail, place);
}

/* Once more when what is known of the place is that of now: the copied file may have been truncated since, or have come into view. */
static bool is_copy(struct log_tail *tail, struct place *place, int fd, const struct stat *facts)
{
    if (tail_is_copy(tail, place, fd, facts))
        return true;
    settle(tail, place);
    return tail_is_copy(tail, place, fd, facts);
}

/* A file with the name of a rotated one. It may be the copy that is being made of the live one: where that is truncated then, the copy is looked for. Else it was live for a moment
 * between two looks, or is somebody's who asked for it. */
static void begin_rotated(struct log_tail *tail, const char *path, struct place *place, int fd,
                          const struct stat *facts)
{
    int64_t since_ms = tail_since_ms(tail, place);
    bool is_left_alone =
        !facts->st_size || is_copy(tail, place, fd, facts) ||
        tail_find_inode(tail, place->watch, (int64_t)facts->st_dev, (int64_t)facts->st_ino) ||
        (!log_dirs_wants(tail->dirs, place->watch, path) &&
         !tail_was_written_since(facts, since_ms));

    if (is_left_alone)
        close(fd);
    else
        (void)begin(tail, place, path, fd, facts);
}

/* A file that nobody knows under this inode. */
static void begin_new(struct log_tail *tail, size_t watch, const char *path)
{
    char base[PATH_MAX];
    bool is_rotated = tail_find_base(tail, watch, path, base);
    const char *trouble = NULL, *why = NULL;
    struct place *place;
    struct stat facts;
    int fd;
    enum rc rc = tail_open_path(tail, path, &fd, &facts, &trouble);

    if (!rc)
        why = why_not(tail, fd, &facts);
    if (log_dirs_wants(tail->dirs, watch, path)) {
        tail_tell(tail, watch, path, trouble);
        tail_leave_alone(tail, watch, path, why);
    }
    if (rc)
        return;
    if (why || tail_need_place(tail, watch, is_rotated ? base : path, &place))
        close(fd);
    else if (is_rotated)
        begin_rotated(tail, path, place, fd, &facts);
    else
        begin_live(tail, path, place, fd, &facts);
}

/* -- known ones -- */

/* A file of this inode is known. Is it still that one, or did it end and its inode begin another? */
static bool is_still(struct log_tail *tail, const struct tailed *known, const char *path)
{
    const char *why = NULL;
    struct stat facts;
    bool is_same;
    int fd;

    if (known->file->fd >= 0)
        return true; /* as long as it is open, nobody else gets its inode */
    if (tail_open_path(tail, path, &fd, &facts, &why))
        return true; /* said where it is opened to be read */
    is_same = tail_is_inode(known, &facts) && log_file_is_read_in(known->file, fd, facts.st_size);
    close(fd);
    return is_same;
}

/* One more name of a file whose own still leads to it: a hard link, or a symbolic one beside it. */
static bool is_alias(const struct tailed *known)
{
    return known->is_named && tail_is_there(known);
}

void tail_look_closer(struct log_tail *tail, struct tailed *tailed, const struct stat *facts)
{
    bool has_changed =
        (int64_t)facts->st_size != tailed->n_known || tail_mtime_ns(facts) != tailed->mtime_ns;

    tailed->looked_ms = tail->now_ms;
    if (has_changed) {
        tailed->mtime_ns = tail_mtime_ns(facts);
        tail_set_ready(tail, tailed);
    } else if (tailed->is_at_end && !tailed->is_ready) {
        tail_see(tailed);
    }
}

/* A known file has a name that it did not have. */
static void take_known(struct log_tail *tail, struct tailed *known, const char *path,
                       const struct stat *facts)
{
    char base[PATH_MAX];
    struct place *own = known->place;
    bool is_rotated =
        !is_live_path(tail, known->watch, path) || tail_find_base(tail, known->watch, path, base);
    struct place *place;

    /* Where it was live there is another now, or none. */
    if (own->live == known && strcmp(own->path, path) != 0)
        tail_look_at(tail, known->watch, own->path);
    if (known->is_forgotten)
        return;
    tail_name(tail, known, path);
    if (!is_rotated && !tail_need_place(tail, known->watch, path, &place) && place->live != known) {
        tail_set_live(known, place);
        place->seen_ms = tail->now_ms;
        tail_set_dirty(tail, known);
    }
    tail_look_closer(tail, known, facts);
}

/* The known file of this inode; where it is another one by now, the known one is looked for elsewhere. */
static struct tailed *find_known(struct log_tail *tail, size_t watch, const char *path,
                                 const struct stat *facts)
{
    int64_t device = (int64_t)facts->st_dev, inode = (int64_t)facts->st_ino;
    struct tailed *known = tail_find_inode(tail, watch, device, inode);

    if (!known || is_still(tail, known, path))
        return known;
    (void)tail_find_again(tail, known->place);
    known = tail_find_inode(tail, watch, device, inode);
    if (!known || is_still(tail, known, path))
        return known;
    tail_give_up(tail, known, "the file was removed before it was read to its end");
    return NULL;
}

static void change_hands(struct log_tail *tail, size_t watch, const char *path,
                         const struct stat *facts)
{
    struct place *place = tail_find_place(tail, watch, path);
    struct tailed *known;

    /* Where the one that was live lives on is found before anything is said of others. */
    if (place && (!place->live || !tail_is_inode(place->live, facts)))
        tail_follow_rotation(tail, place);
    known = find_known(tail, watch, path, facts);
    if (known && is_alias(known))
        tail_look_closer(tail, known, facts);
    else if (known)
        take_known(tail, known, path, facts);
    else
        begin_new(tail, watch, path);
}

/* The path leads nowhere. What it led to may live on under another name, or be open still. */
static void look_at_nothing(struct log_tail *tail, size_t watch, const char *path)
{
    struct place *place = tail_find_place(tail, watch, path);
    struct tailed *named = tail_find_name(tail, watch, path);

    tail_leave_alone(tail, watch, path, NULL);
    if (named)
        tail_unname(tail, named, path);
    if (place && place->live)
        tail_follow_rotation(tail, place);
}

void tail_look_at(struct log_tail *tail, size_t watch, const char *path)
{
    struct place *place = tail_find_place(tail, watch, path);
    struct tailed *named;
    struct stat facts;

    if (log_name_is_excluded(tail->watches[watch].watch, path))
        return;
    if (place)
        place->scan = tail->scan;
    if (stat(path, &facts)) {
        int number = errno;

        tail_tell(tail, watch, path,
                  number == EACCES ? "no permission to look at it: let the daemon's user search "
                                     "its directory"
                                   : NULL);
        if (number == ENOENT || number == ENOTDIR)
            look_at_nothing(tail, watch, path);
        return;
    }
    named = tail_find_name(tail, watch, path);
    /* The same file: whether it holds what was read of it shows where it is read. */
    if (named && tail_is_inode(named, &facts) && (!place || place->live == named)) {
        tail_look_closer(tail, named, &facts);
        return;
    }
    if (named)
        tail_unname(tail, named, path);
    change_hands(tail, watch, path, &facts);
}

/* -- what the directories tell -- */

/* Where a link leads nowhere yet, the name at which something may come. */
static bool find_future_target(const char *path, char *target)
{
    char link[PATH_MAX], way[PATH_MAX], directory[PATH_MAX];
    ssize_t len = readlink(path, link, sizeof link - 1);
    struct slice from = { path, (size_t)(log_name_of(path) - path) };
    const char *name;

    if (len <= 0 ||
        !log_join(way, *link == '/' ? SLICE("") : from, (struct slice){ link, (size_t)len }))
        return false;
    name = strrchr(way, '/') + 1;
    snprintf(link, sizeof link, "%.*s", (int)(name - way), way);
    return realpath(link, directory) && log_join(target, slice_of(directory), slice_of(name));
}

/* What is written to the target of a link is told under the target's name: its directory is watched too, and its name known. */
static void follow_link(struct log_tail *tail, size_t watch, const char *path)
{
    char target[PATH_MAX];
    struct slice name, copy;
    struct stat facts;
    char *slash;

    if (lstat(path, &facts) || !S_ISLNK(facts.st_mode) ||
        (!realpath(path, target) && !find_future_target(path, target)) ||
        arena_copy(tail->link_arena, slice_of(path), &copy))
        return;
    name = slice_of(target);
    map_put(tail->links, name, (void *)(uintptr_t)copy.ptr);
    slash = strrchr(target, '/');
    if (slash == target)
        slash++;
    *slash = '\0';
    log_dirs_also(tail->dirs, watch, target);
}

void tail_on_path(void *context, size_t watch, const char *path)
{
    struct log_tail *tail = context;
    char base[PATH_MAX];

    /* Where the watcher names its rotated files itself, one cannot be told before its live file is known. */
    if (tail->is_first_pass && (log_name_is_declared(tail->watches[watch].watch, path) ||
                                tail_find_base(tail, watch, path, base)))
        return;
    tail_look_at(tail, watch, path);
    if (!tail->is_first_pass)
        follow_link(tail, watch, path);
}

void tail_on_name(void *context, const char *path)
{
    struct log_tail *tail = context;
    char base[PATH_MAX];

    for (size_t watch = 0; watch < tail->n_watches; watch++) {
        if (!tail->watches[watch].is_first && !tail_find_name(tail, watch, path) &&
            tail_find_base(tail, watch, path, base))
            tail_look_at(tail, watch, path);
    }
}

static void on_event_of(struct log_tail *tail, size_t watch, const char *path, bool is_written)
{
    struct tailed *named = tail_find_name(tail, watch, path);
    char base[PATH_MAX];
    bool is_wanted;

    if (named && is_written) {
        tail_set_ready(tail, named);
        return;
    }
    is_wanted = log_dirs_wants(tail->dirs, watch, path);
    if (named || is_wanted || tail_find_base(tail, watch, path, base))
        tail_look_at(tail, watch, path);
    if (is_wanted && !is_written)
        follow_link(tail, watch, path);
}

void tail_on_event(void *context, const char *path, bool is_written)
{
    struct log_tail *tail = context;
    const char *link = map_get(tail->links, slice_of(path));

    for (size_t watch = 0; watch < tail->n_watches; watch++) {
        on_event_of(tail, watch, path, is_written);
        if (link)
            on_event_of(tail, watch, link, is_written);
    }
}

void tail_on_trouble(void *context, size_t watch, const char *path, const char *why)
{
    tail_tell(context, watch, path, why);
}
