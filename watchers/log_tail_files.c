/* What is tailed: found by name, by inode and by place; open, closed, forgotten. */
#include "watchers/log_tail_private.h"

#include "watchers/trusted_open.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- keys -- */

#define NAME_KEY_BYTES (sizeof(size_t) + PATH_MAX)

static struct slice name_key(char *key, size_t watch, const char *path)
{
    size_t len = strnlen(path, PATH_MAX - 1);

    memcpy(key, &watch, sizeof watch);
    memcpy(key + sizeof watch, path, len);
    return (struct slice){ key, sizeof watch + len };
}

struct inode_key {
    uint64_t watch;
    int64_t device, inode;
};

static struct inode_key inode_key_of(const struct tailed *tailed)
{
    return (struct inode_key){ .watch = tailed->watch,
                               .device = tailed->file->device,
                               .inode = tailed->file->inode };
}

static struct slice inode_slice(const struct inode_key *key)
{
    return (struct slice){ (const char *)key, sizeof *key };
}

struct tailed *tail_find_inode(const struct log_tail *tail, size_t watch, int64_t device,
                               int64_t inode)
{
    const struct inode_key key = { .watch = watch, .device = device, .inode = inode };

    return map_get(tail->inodes, inode_slice(&key));
}

static void set_inode(struct log_tail *tail, struct tailed *tailed)
{
    const struct inode_key key = inode_key_of(tailed);

    map_put(tail->inodes, inode_slice(&key), tailed);
}

static void unset_inode(struct log_tail *tail, const struct tailed *tailed)
{
    const struct inode_key key = inode_key_of(tailed);

    if (map_get(tail->inodes, inode_slice(&key)) == tailed)
        map_remove(tail->inodes, inode_slice(&key));
}

void tail_see(struct tailed *tailed)
{
    struct place *place = tailed->place;

    tailed->file->seen_ms = tailed->looked_ms;
    if (place->live == tailed && place->seen_ms < tailed->looked_ms)
        place->seen_ms = tailed->looked_ms;
}

bool tail_is_inode(const struct tailed *tailed, const struct stat *facts)
{
    return tailed->file->inode == (int64_t)facts->st_ino &&
           tailed->file->device == (int64_t)facts->st_dev;
}

bool tail_is_there(const struct tailed *tailed)
{
    struct stat facts;

    return !stat(tailed->file->path, &facts) && tail_is_inode(tailed, &facts);
}

/* -- names -- */

struct tailed *tail_find_name(const struct log_tail *tail, size_t watch, const char *path)
{
    char key[NAME_KEY_BYTES];

    return map_get(tail->names, name_key(key, watch, path));
}

void tail_name(struct log_tail *tail, struct tailed *tailed, const char *path)
{
    char key[NAME_KEY_BYTES];
    struct tailed *other = tail_find_name(tail, tailed->watch, path);

    if (other && other != tailed)
        tail_unname(tail, other, path);
    if (strcmp(tailed->file->path, path) != 0) {
        tail_unname(tail, tailed, tailed->file->path);
        if (log_file_rename(tailed->file, path))
            return; /* it keeps its old name, and is found again by its inode */
        tail_set_dirty(tail, tailed);
    }
    map_put(tail->names, name_key(key, tailed->watch, path), tailed);
    tailed->is_named = true;
}

void tail_unname(struct log_tail *tail, struct tailed *tailed, const char *path)
{
    char key[NAME_KEY_BYTES];
    struct slice name = name_key(key, tailed->watch, path);

    if (map_get(tail->names, name) == tailed)
        map_remove(tail->names, name);
    if (!tailed->is_named || strcmp(tailed->file->path, path) != 0)
        return;
    tailed->is_named = false;
    tailed->unnamed_mono_ms = tail->now_mono_ms;
}

/* -- places -- */

struct place *tail_find_place(const struct log_tail *tail, size_t watch, const char *path)
{
    char key[NAME_KEY_BYTES];

    return map_get(tail->places, name_key(key, watch, path));
}

struct place *tail_find_stem(const struct log_tail *tail, size_t watch, const char *path)
{
    char key[NAME_KEY_BYTES];

    return map_get(tail->stems, name_key(key, watch, path));
}

static struct slice stem_key(char *key, const struct place *place)
{
    size_t directory_len = (size_t)(log_name_of(place->path) - place->path);
    struct slice whole = name_key(key, place->watch, place->path);

    whole.len =
        sizeof place->watch + directory_len + log_name_stem(place->path + directory_len).len;
    return whole;
}

enum rc tail_need_place(struct log_tail *tail, size_t watch, const char *path, struct place **place)
{
    char key[NAME_KEY_BYTES];
    struct place *made;

    *place = tail_find_place(tail, watch, path);
    if (*place)
        return RC_OK;
    made = calloc(1, sizeof *made);
    if (made)
        made->path = strdup(path);
    if (!made || !made->path) {
        free(made);
        return RC_NO_MEMORY;
    }
    made->watch = watch;
    TAILQ_INIT(&made->generations);
    TAILQ_INSERT_TAIL(&tail->all_places, made, all);
    map_put(tail->places, name_key(key, watch, path), made);
    map_put(tail->stems, stem_key(key, made), made);
    made->left_mono_ms = tail->now_mono_ms;
    *place = made;
    return RC_OK;
}

static void free_place(struct log_tail *tail, struct place *place)
{
    char key[NAME_KEY_BYTES];

    map_remove(tail->places, name_key(key, place->watch, place->path));
    if (map_get(tail->stems, stem_key(key, place)) == place)
        map_remove(tail->stems, stem_key(key, place));
    TAILQ_REMOVE(&tail->all_places, place, all);
    free(place->path);
    free(place);
}

static void leave_place(struct tailed *tailed)
{
    TAILQ_REMOVE(&tailed->place->generations, tailed, generation);
    if (tailed->place->live == tailed)
        tailed->place->live = NULL;
}

/* The youngest but for the live one. */
static void join_place(struct tailed *tailed, struct place *place)
{
    tailed->place = place;
    if (place->live)
        TAILQ_INSERT_BEFORE(place->live, tailed, generation);
    else
        TAILQ_INSERT_TAIL(&place->generations, tailed, generation);
}

void tail_move(struct tailed *tailed, struct place *place)
{
    leave_place(tailed);
    join_place(tailed, place);
}

void tail_set_live(struct tailed *tailed, struct place *place)
{
    place->live = NULL;
    tail_move(tailed, place);
    place->live = tailed;
    tailed->file->is_rotated = false;
}

void tail_move_before(struct log_tail *tail, struct tailed *tailed, struct tailed *next)
{
    TAILQ_REMOVE(&tailed->place->generations, tailed, generation);
    TAILQ_INSERT_BEFORE(next, tailed, generation);
    tail_unset_dirty(tail, next);
    tail_set_dirty(tail, tailed);
    tail_set_dirty(tail, next);
}

/* -- what waits -- */

void tail_set_ready(struct log_tail *tail, struct tailed *tailed)
{
    if (tailed->is_ready || tailed->is_forgotten)
        return;
    tailed->is_ready = true;
    TAILQ_INSERT_TAIL(&tail->ready, tailed, ready);
}

void tail_unset_ready(struct log_tail *tail, struct tailed *tailed)
{
    if (!tailed->is_ready)
        return;
    tailed->is_ready = false;
    TAILQ_REMOVE(&tail->ready, tailed, ready);
}

void tail_set_dirty(struct log_tail *tail, struct tailed *tailed)
{
    tail->is_dirty = true;
    if (tailed->is_dirty || tailed->is_forgotten)
        return;
    tailed->is_dirty = true;
    TAILQ_INSERT_TAIL(&tail->dirty, tailed, dirty);
}

void tail_unset_dirty(struct log_tail *tail, struct tailed *tailed)
{
    if (!tailed->is_dirty)
        return;
    tailed->is_dirty = false;
    TAILQ_REMOVE(&tail->dirty, tailed, dirty);
}

/* -- coming and going -- */

enum rc tail_make_id(struct log_tail *tail, struct ulid *id)
{
    return ulid_make(&tail->ids, tail->now_ms, id);
}

/* Room for the row of each file that may be forgotten: forgetting does not fail. */
static enum rc reserve(struct log_tail *tail)
{
    size_t n_needed = tail->n_forgotten + tail->n_tailed + 1;
    size_t n_room = 2 * n_needed + 64;
    struct ulid *grown;

    if (n_needed <= tail->n_forgotten_room)
        return RC_OK;
    grown = realloc(tail->forgotten, n_room * sizeof *grown);
    if (!grown)
        return RC_NO_MEMORY;
    tail->forgotten = grown;
    tail->n_forgotten_room = n_room;
    return RC_OK;
}

static enum rc add(struct log_tail *tail, struct place *place, struct log_file *file,
                   struct tailed **tailed)
{
    struct tailed *made = reserve(tail) ? NULL : calloc(1, sizeof *made);

    if (!made) {
        log_file_free(file);
        return RC_NO_MEMORY;
    }
    made->watch = place->watch;
    made->file = file;
    made->mtime_ns = -1;
    made->n_known = file->offset;
    made->grown_mono_ms = tail->now_mono_ms;
    TAILQ_INSERT_TAIL(&tail->all, made, all);
    join_place(made, place);
    set_inode(tail, made);
    tail_name(tail, made, file->path);
    tail->n_tailed++;
    tail->watches[place->watch].facts.n_files++;
    *tailed = made;
    return RC_OK;
}

/* One that can be opened again by its name makes room: with nothing to read, or else any; the one that was read longest ago. */
static bool close_one(struct log_tail *tail)
{
    struct tailed *tailed, *chosen = NULL;

    TAILQ_FOREACH(tailed, &tail->open, open)
    {
        bool is_idle = tailed->is_at_end && !tailed->n_left && !tailed->is_ready;

        if (!tailed->is_named || (chosen && !is_idle))
            continue;
        chosen = tailed;
        if (is_idle)
            break;
    }
    if (chosen)
        tail_close(tail, chosen);
    return chosen != NULL;
}

static void take_descriptor(struct log_tail *tail, struct tailed *tailed, int fd,
                            const struct stat *facts)
{
    while (tail->n_open >= TAIL_MAX_OPEN && close_one(tail))
        ;
    log_file_take(tailed->file, fd, facts);
    TAILQ_INSERT_TAIL(&tail->open, tailed, open);
    tail->n_open++;
}

enum rc tail_add_opened(struct log_tail *tail, struct place *place, const char *path, int fd,
                        const struct stat *facts, struct tailed **tailed)
{
    struct log_file *file;
    struct ulid id;
    enum rc rc = tail_make_id(tail, &id);

    if (!rc)
        rc = log_file_new(tail->watches[place->watch].watch, path, id, &file);
    if (rc) {
        close(fd);
        return rc;
    }
    file->device = (int64_t)facts->st_dev;
    file->inode = (int64_t)facts->st_ino;
    file->is_rotated = true;
    file->seen_ms = tail->now_ms;
    rc = add(tail, place, file, tailed);
    if (rc) {
        close(fd);
        return rc;
    }
    take_descriptor(tail, *tailed, fd, facts);
    (*tailed)->looked_ms = tail->now_ms;
    (*tailed)->mtime_ns = tail_mtime_ns(facts);
    log_file_learn_head(file);
    (*tailed)->was_empty = !facts->st_size || !file->n_head; /* as it was looked at */
    tail_set_dirty(tail, *tailed);
    tail_set_ready(tail, *tailed);
    return RC_OK;
}

enum rc tail_add_row(struct log_tail *tail, struct place *place, const struct file_offset *row,
                     struct tailed **tailed)
{
    struct log_file *file;
    enum rc rc = log_file_of_row(tail->watches[place->watch].watch, row, &file);

    if (!rc)
        rc = add(tail, place, file, tailed);
    if (!rc)
        (*tailed)->n_known = file->size;
    return rc;
}

struct file_offset tail_row(const struct tailed *tailed)
{
    struct file_offset row = log_file_row(tailed->file);

    row.live_path = slice_of(tailed->place->path);
    return row;
}

void tail_forget(struct log_tail *tail, struct tailed *tailed)
{
    if (tailed->is_forgotten)
        return;
    tail->forgotten[tail->n_forgotten++] = tailed->file->id;
    tail->is_dirty = true;
    tail_close(tail, tailed);
    tail_unset_ready(tail, tailed);
    tail_unset_dirty(tail, tailed);
    unset_inode(tail, tailed);
    tail_unname(tail, tailed, tailed->file->path);
    if (tailed->place->live == tailed)
        tailed->place->left_mono_ms = tail->now_mono_ms;
    leave_place(tailed);
    TAILQ_REMOVE(&tail->all, tailed, all);
    tailed->is_forgotten = true;
    tailed->is_at_end = true;
    TAILQ_INSERT_TAIL(&tail->graves, tailed, ready);
    tail->n_tailed--;
    tail->watches[tailed->watch].facts.n_files--;
}

void tail_give_up(struct log_tail *tail, struct tailed *tailed, const char *why)
{
    int64_t n_unread = log_file_lag_bytes(tailed->file);

    if (tailed->is_forgotten)
        return;
    if (tailed->file->pending.len && tail_tell_pending(tail, tailed))
        n_unread -= (int64_t)tailed->file->pending.len;
    tail_lose(tail, tailed->watch, tailed->file->path, n_unread, why);
    tail_forget(tail, tailed);
}

void tail_bury(struct log_tail *tail)
{
    struct tailed *tailed;

    while ((tailed = TAILQ_FIRST(&tail->graves)) != NULL) {
        TAILQ_REMOVE(&tail->graves, tailed, ready);
        log_file_free(tailed->file);
        free(tailed);
    }
}

void tail_sweep_places(struct log_tail *tail)
{
    struct place *place, *next;

    for (place = TAILQ_FIRST(&tail->all_places); place; place = next) {
        next = TAILQ_NEXT(place, all);
        if (TAILQ_EMPTY(&place->generations) &&
            tail->now_mono_ms - place->left_mono_ms >= TAIL_VANISHED_MS)
            free_place(tail, place);
    }
}

void tail_free_all(struct log_tail *tail)
{
    struct tailed *tailed;
    struct place *place;

    while ((tailed = TAILQ_FIRST(&tail->all)) != NULL) {
        TAILQ_REMOVE(&tail->all, tailed, all);
        log_file_free(tailed->file);
        free(tailed);
    }
    tail_bury(tail);
    while ((place = TAILQ_FIRST(&tail->all_places)) != NULL)
        free_place(tail, place);
}

/* -- open and closed -- */

void tail_close(struct log_tail *tail, struct tailed *tailed)
{
    if (tailed->file->fd < 0)
        return;
    TAILQ_REMOVE(&tail->open, tailed, open);
    tail->n_open--;
    log_file_close(tailed->file);
}

enum rc tail_open_path(struct log_tail *tail, const char *path, int *fd, struct stat *facts,
                       const char **why)
{
    enum rc rc = trusted_open(path, fd, facts, why);

    while (rc == RC_FULL && close_one(tail))
        rc = trusted_open(path, fd, facts, why);
    if (rc == RC_FULL)
        *why = "no file descriptor is left: raise LimitNOFILE";
    if (rc == RC_IO)
        *why = "opening it failed: it is tried again every 30 seconds";
    return rc;
}

enum rc tail_open(struct log_tail *tail, struct tailed *tailed)
{
    struct log_file *file = tailed->file;
    const char *why = NULL;
    struct stat facts;
    enum rc rc;
    int fd;

    if (file->fd >= 0)
        return RC_OK;
    rc = tail_open_path(tail, file->path, &fd, &facts, &why);
    tail_tell(tail, tailed->watch, file->path, why);
    if (rc)
        return rc;
    if (!tail_is_inode(tailed, &facts)) {
        close(fd);
        return RC_NOT_FOUND;
    }
    take_descriptor(tail, tailed, fd, &facts);
    return RC_OK;
}

int64_t tail_mtime_ns(const struct stat *facts)
{
    return (int64_t)facts->st_mtim.tv_sec * 1000000000 + facts->st_mtim.tv_nsec;
}

/* -- telling -- */

/* One of those that are there now. */
static void show_trouble(struct tail_watch *of)
{
    struct slice path = { 0 };
    const char *why = map_any(of->troubles, &path);
    char place[sizeof of->facts.trouble / 2];
    size_t len = path.len < sizeof place ? path.len : sizeof place - 1;

    of->facts.n_troubles = map_count(of->troubles);
    of->facts.trouble[0] = '\0';
    if (!why)
        return;
    memcpy(place, path.ptr, len);
    place[len] = '\0';
    snprintf(of->facts.trouble, sizeof of->facts.trouble, "%s: %s", place, why);
}

/* Is it another reason than the one that was kept? */
static bool keep_reason(struct map *reasons, const char *path, const char *why)
{
    struct slice key = slice_of(path);

    if (map_get(reasons, key) == why)
        return false;
    if (why)
        map_put(reasons, key, (void *)(uintptr_t)why);
    else
        map_remove(reasons, key);
    return true;
}

void tail_tell(struct log_tail *tail, size_t watch, const char *path, const char *why)
{
    struct tail_watch *of = &tail->watches[watch];

    if (!keep_reason(of->troubles, path, why))
        return;
    show_trouble(of);
    tail->sink.tell(tail->sink.context, of->watch, path, why);
}

void tail_leave_alone(struct log_tail *tail, size_t watch, const char *path, const char *why)
{
    struct tail_watch *of = &tail->watches[watch];

    if (!keep_reason(of->left_alone, path, why))
        return;
    of->facts.n_left_alone = map_count(of->left_alone);
    if (why)
        tail->sink.leave(tail->sink.context, of->watch, path, why);
}

void tail_lose(struct log_tail *tail, size_t watch, const char *path, int64_t n_bytes,
               const char *why)
{
    if (n_bytes <= 0)
        return;
    tail->watches[watch].facts.lost_bytes += n_bytes;
    tail->sink.lose(tail->sink.context, tail->watches[watch].watch, path, n_bytes, why);
}
