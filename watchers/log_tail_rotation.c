/* Rotation and truncation: where the rest of a file lives on, and what was there between it and the one that has its path now. */
#include "watchers/log_tail_private.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_UNKNOWN 128
/* The kernel's clock for files is a tick behind ours. */
#define CLOCK_SLACK_MS 20

/* A file that is not known yet, beside a live one. */
struct sibling {
    char *path;
    int fd;       /* -1: it belongs to somebody by now */
    bool is_news; /* its inode was another file's: whatever its times say, it was written since */
    struct stat facts;
};

/* One look at the files beside a path that have names of its rotations. */
struct search {
    struct log_tail *tail;
    struct place *place;
    int64_t since_ms; /* what was written before that is not news */
    bool is_meeting;  /* they are met for the first time */
    bool has_looked;
    struct sibling unknown[MAX_UNKNOWN];
    size_t n_unknown;
};

bool tail_was_written_since(const struct stat *facts, int64_t since_ms)
{
    return tail_mtime_ns(facts) / 1000000 + CLOCK_SLACK_MS >= since_ms;
}

int64_t tail_since_ms(const struct log_tail *tail, const struct place *place)
{
    return place->seen_ms ? place->seen_ms : tail->watches[place->watch].scanned_ms;
}

/* -- copies -- */

/* The file that has the path by now may not be known yet, and somebody copies it already. */
static bool is_copy_of_unknown(struct log_tail *tail, const struct place *place, int fd)
{
    const char *why;
    struct stat facts;
    bool is_copy;
    int live_fd;

    if (stat(place->path, &facts) || (place->live && tail_is_inode(place->live, &facts)) ||
        tail_open_path(tail, place->path, &live_fd, &facts, &why))
        return false;
    is_copy = log_file_begins_with(live_fd, fd);
    close(live_fd);
    return is_copy;
}

/* A copy of the live file may still grow, and the live file too; the others are what they are. */
bool tail_is_copy(struct log_tail *tail, struct place *place, int fd, const struct stat *facts)
{
    struct tailed *tailed;

    TAILQ_FOREACH(tailed, &place->generations, generation)
    {
        struct log_file *file = tailed->file;

        if (file->device == (int64_t)facts->st_dev && file->inode == (int64_t)facts->st_ino)
            continue;
        if ((file->fd >= 0 || tailed == place->live) && !tail_open(tail, tailed)) {
            if (log_file_begins_with(file->fd, fd)) {
                log_file_learn_head(file); /* where it is truncated then, that shows */
                return true;
            }
        } else if (file->n_head && file->size == (int64_t)facts->st_size &&
                   log_file_is_read_in(file, fd, file->size)) {
            return true;
        }
    }
    return is_copy_of_unknown(tail, place, fd);
}

/* -- the siblings -- */

static void close_sibling(struct sibling *sibling)
{
    if (sibling->fd >= 0)
        close(sibling->fd);
    sibling->fd = -1;
    free(sibling->path);
    sibling->path = NULL;
}

/* It is looked at when all of them are known. */
static void keep(struct search *search, struct sibling *sibling)
{
    if (search->n_unknown == MAX_UNKNOWN) {
        tail_lose(search->tail, search->place->watch, sibling->path, sibling->facts.st_size,
                  "too many files were rotated between two looks");
        return;
    }
    search->unknown[search->n_unknown++] = *sibling;
    *sibling = (struct sibling){ .fd = -1 };
}

static struct tailed *add_sibling(struct search *search, struct sibling *sibling)
{
    int fd = sibling->fd;
    struct tailed *tailed = NULL;

    sibling->fd = -1;
    if (tail_add_opened(search->tail, search->place, sibling->path, fd, &sibling->facts, &tailed))
        return NULL;
    tailed->mark = search->tail->mark;
    return tailed;
}

/* It was there before: what is in it is not read. */
static void know(struct search *search, struct sibling *sibling)
{
    struct tailed *tailed = add_sibling(search, sibling);

    if (!tailed)
        return;
    if (log_file_skip_to_end(tailed->file))
        tailed->file->offset = 0;
    tailed->n_known = tailed->file->size;
    tailed->is_at_end = tailed->is_finished = true;
    tail_unset_ready(search->tail, tailed);
    tail_close(search->tail, tailed);
}

static bool is_news(const struct search *search, const struct sibling *sibling)
{
    return sibling->is_news || tail_was_written_since(&sibling->facts, search->since_ms);
}

/* Met for the first time, those that a pattern asks for are begun by its scan; the others were there before, or are news. */
static void meet(struct search *search, struct sibling *sibling)
{
    const struct log_tail *tail = search->tail;
    size_t watch = search->place->watch;

    if (log_dirs_wants(tail->dirs, watch, sibling->path))
        return;
    if (tail->watches[watch].is_first || !is_news(search, sibling))
        know(search, sibling);
    else
        keep(search, sibling);
}

static void take_unknown(struct search *search, struct sibling *sibling)
{
    if (log_file_is_compressed(sibling->fd))
        ;
    else if (search->is_meeting)
        meet(search, sibling);
    else
        keep(search, sibling);
    close_sibling(sibling);
}

/* Nothing is known to have its path now. */
static void leave_path(struct log_tail *tail, struct tailed *tailed)
{
    tailed->place->live = NULL;
    tailed->place->left_mono_ms = tail->now_mono_ms;
    tailed->file->is_rotated = true;
    tail_set_dirty(tail, tailed);
    tail_set_ready(tail, tailed);
}

static void take_known(struct search *search, struct tailed *known, const char *path,
                       const struct stat *facts)
{
    bool is_live = known->place->live == known;

    known->mark = search->tail->mark;
    /* Somebody else's, or a second name of the live one. */
    if (is_live && (known->place != search->place || tail_is_there(known)))
        return;
    if (is_live)
        leave_path(search->tail, known);
    if (known->place != search->place)
        tail_move(known, search->place);
    tail_name(search->tail, known, path);
    tail_look_closer(search->tail, known, facts);
}

/* An inode alone is nothing: what was read of the file must be there. What is open keeps its inode, but somebody may have copied another file over it. */
static bool is_still(const struct tailed *known, const struct sibling *sibling)
{
    const struct log_file *file = known->file;

    return log_file_is_read_in(file, sibling->fd, (int64_t)sibling->facts.st_size) ||
           (file->fd >= 0 && !file->n_head);
}

static void look_at_sibling(struct search *search, const char *path)
{
    struct log_tail *tail = search->tail;
    size_t watch = search->place->watch;
    struct sibling sibling = { 0 };
    struct tailed *known;
    const char *why = NULL;

    if (tail_open_path(tail, path, &sibling.fd, &sibling.facts, &why))
        return;
    known =
        tail_find_inode(tail, watch, (int64_t)sibling.facts.st_dev, (int64_t)sibling.facts.st_ino);
    if (known && is_still(known, &sibling)) {
        close(sibling.fd);
        take_known(search, known, path, &sibling.facts);
        return;
    }
    sibling.is_news = known != NULL;
    sibling.path = strdup(path);
    if (sibling.path)
        take_unknown(search, &sibling);
    else
        close(sibling.fd);
}

static bool is_sibling_name(const struct search *search, const char *path)
{
    const struct place *place = search->place;
    const struct log_watch *watch = search->tail->watches[place->watch].watch;
    char base[PATH_MAX];

    if (!log_name_is_rotation(watch, log_name_of(place->path), log_name_of(path)) ||
        log_name_is_excluded(watch, path))
        return false;
    /* The watcher's own names may be those of any live file beside it. */
    return !log_name_is_declared(watch, path) ||
           (tail_find_base(search->tail, place->watch, path, base) && !strcmp(base, place->path));
}

static void look_at_siblings(struct search *search)
{
    struct log_tail *tail = search->tail;
    const char *base = log_name_of(search->place->path);
    char directory[PATH_MAX], path[PATH_MAX];
    size_t directory_len = (size_t)(base - search->place->path), n_names;
    char *const *names;

    tail->mark++;
    memcpy(directory, search->place->path, directory_len);
    directory[directory_len] = '\0';
    if (log_listing_find(tail->listing, directory, log_name_stem(base), &names, &n_names))
        return;
    search->has_looked = true;
    for (size_t i = 0; i < n_names; i++) {
        if (log_join(path, slice_of(directory), slice_of(names[i])) &&
            is_sibling_name(search, path))
            look_at_sibling(search, path);
    }
}

/* -- what they are -- */

static int compare_age(const void *a, const void *b)
{
    const struct sibling *one = a, *other = b;
    int order = log_name_compare_age(log_name_of(one->path), log_name_of(other->path));
    int64_t one_ns = tail_mtime_ns(&one->facts), other_ns = tail_mtime_ns(&other->facts);

    if (order)
        return order;
    if (one_ns != other_ns)
        return one_ns < other_ns ? -1 : 1;
    return strcmp(one->path, other->path);
}

/* Among those that hold what was read, the first that is no beginning of another. */
static struct sibling *find_copy(struct search *search, const struct log_file *file)
{
    struct sibling *copy = NULL;

    for (size_t i = 0; i < search->n_unknown; i++) {
        struct sibling *sibling = &search->unknown[i];

        if (sibling->fd >= 0 &&
            log_file_is_read_in(file, sibling->fd, (int64_t)sibling->facts.st_size) &&
            (!copy || log_file_begins_with(sibling->fd, copy->fd)))
            copy = sibling;
    }
    return copy;
}

/* The copy goes on under the row of what it is a copy of, at the same place. */
static bool take_copy(struct search *search, struct tailed *tailed)
{
    struct log_file *old = tailed->file;
    struct sibling *sibling = find_copy(search, old);
    struct tailed *copy = sibling ? add_sibling(search, sibling) : NULL;
    struct ulid id;

    if (!copy)
        return false;
    id = copy->file->id;
    log_file_go_on_as(copy->file, old);
    old->id = id;
    copy->n_known = copy->file->offset;
    tail_move_before(search->tail, copy, tailed);
    return true;
}

/* It was read further than the copy goes: all that is in that was read. */
static void know_short_copy(struct search *search, const struct log_file *old)
{
    struct sibling *copy = NULL;

    for (size_t i = 0; i < search->n_unknown; i++) {
        struct sibling *sibling = &search->unknown[i];

        if (sibling->fd >= 0 && sibling->facts.st_size <= old->offset &&
            log_file_shares_head(old, sibling->fd) &&
            (!copy || sibling->facts.st_size > copy->facts.st_size))
            copy = sibling;
    }
    if (copy)
        know(search, copy);
}

/* Somebody has it, and had no room yet for what is pending of what was in it. */
static bool is_open(const struct search *search, const struct sibling *sibling)
{
    const struct tailed *tailed =
        tail_find_inode(search->tail, search->place->watch, (int64_t)sibling->facts.st_dev,
                        (int64_t)sibling->facts.st_ino);

    return tailed && tailed->file->fd >= 0;
}

/* The others: copies of what is known, old ones, and those that were live between two looks. */
static void take_rest(struct search *search)
{
    for (size_t i = 0; i < search->n_unknown; i++) {
        struct sibling *sibling = &search->unknown[i];

        if (sibling->fd >= 0 && sibling->facts.st_size && is_news(search, sibling) &&
            !is_open(search, sibling) &&
            !tail_is_copy(search->tail, search->place, sibling->fd, &sibling->facts))
            (void)add_sibling(search, sibling);
        close_sibling(sibling);
    }
}

static void sort_unknown(struct search *search)
{
    if (search->n_unknown)
        qsort(search->unknown, search->n_unknown, sizeof *search->unknown, compare_age);
}

/* -- what became of the generations -- */

static bool is_gone(const struct search *search, struct tailed *tailed)
{
    enum rc rc = tailed == search->place->live ? tail_open(search->tail, tailed) : RC_NOT_FOUND;

    if (rc && rc != RC_NOT_FOUND)
        return false; /* it is tried again where it is read */
    if (tailed->file->fd >= 0)
        return log_file_has_changed(tailed->file);
    /* One that was moved to a name that we do not look for is there as long as that leads to it. */
    return search->has_looked && tailed->mark != search->tail->mark &&
           (is_sibling_name(search, tailed->file->path) || !tail_is_there(tailed));
}

/* False: there was no room for what is pending. */
static bool leave_what_is_gone(struct log_tail *tail, struct tailed *tailed)
{
    int64_t n_unread = tailed->n_known - tailed->file->offset - (int64_t)tailed->file->pending.len;

    if (!tail_tell_pending(tail, tailed))
        return false;
    tail_lose(tail, tailed->watch, tailed->file->path, n_unread,
              "the file was truncated before it was read to its end, and there is no copy");
    return true;
}

static void begin_again(struct log_tail *tail, struct tailed *tailed)
{
    log_file_begin_again(tailed->file);
    tailed->n_known = 0;
    tailed->n_left = tailed->n_last_line = 0;
    tailed->is_at_end = false;
    tailed->end = CUT_GOES_ON;
    tailed->was_empty = !tailed->file->n_head;
    tail_set_dirty(tail, tailed);
    tail_set_ready(tail, tailed);
}

/* Is what is there now in its place looked at as one of the siblings? */
static bool is_unknown(const struct search *search, const struct tailed *tailed)
{
    for (size_t i = 0; i < search->n_unknown; i++)
        if (tail_is_inode(tailed, &search->unknown[i].facts))
            return true;
    return false;
}

/* What was read of it is not there any more: in a copy it goes on, and what is there now begins. */
static bool follow_gone(struct search *search, struct tailed *tailed)
{
    struct log_tail *tail = search->tail;
    bool is_closed = tailed->file->fd < 0;

    if (!take_copy(search, tailed)) {
        if (is_closed)
            tail_give_up(tail, tailed,
                         "the file was rotated and removed (or compressed) before it was read to "
                         "its end");
        else if (!leave_what_is_gone(tail, tailed))
            return false;
        know_short_copy(search, tailed->file);
    }
    if (is_closed || is_unknown(search, tailed))
        tail_forget(tail, tailed);
    else
        begin_again(tail, tailed);
    return true;
}

static bool follow_all_gone(struct search *search)
{
    struct tailed *tailed, *next;
    bool has_room = true;

    for (tailed = TAILQ_FIRST(&search->place->generations); tailed; tailed = next) {
        next = TAILQ_NEXT(tailed, generation);
        if (!is_gone(search, tailed) || follow_gone(search, tailed))
            continue;
        tail_set_ready(search->tail, tailed); /* it is gone through once more */
        has_room = false;
    }
    return has_room;
}

/* -- the occasions -- */

static struct search search_of(struct log_tail *tail, struct place *place)
{
    return (struct search){ .tail = tail, .place = place, .since_ms = tail_since_ms(tail, place) };
}

bool tail_find_again(struct log_tail *tail, struct place *place)
{
    struct search search = search_of(tail, place);
    bool has_room;

    look_at_siblings(&search);
    sort_unknown(&search);
    has_room = follow_all_gone(&search);
    take_rest(&search);
    if (has_room)
        place->seen_ms = tail->now_ms;
    tail->must_store = true;
    tail->is_blocked |= !has_room;
    return has_room;
}

void tail_follow_rotation(struct log_tail *tail, struct place *place)
{
    if (place->live)
        leave_path(tail, place->live);
    (void)tail_find_again(tail, place);
}

void tail_meet_siblings(struct log_tail *tail, struct place *place)
{
    struct search search = search_of(tail, place);

    search.is_meeting = true;
    look_at_siblings(&search);
    sort_unknown(&search);
    take_rest(&search);
}
