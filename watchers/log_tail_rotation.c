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
    int fd; /* -1: it belongs to somebody by now */
    struct stat facts;
};

/* One look at the files beside a path that have names of its rotations. */
struct search {
    struct log_tail *tail;
    struct place *place;
    int64_t since_ms;         /* what was written before that is not news */
    struct tailed *truncated; /* a copy of it is looked for */
    bool is_meeting;          /* they are met for the first time */
    bool has_looked;
    struct sibling unknown[MAX_UNKNOWN];
    size_t n_unknown;
};

bool tail_was_written_since(const struct stat *facts, int64_t since_ms)
{
    return tail_mtime_ns(facts) / 1000000 + CLOCK_SLACK_MS >= since_ms;
}

/* -- copies -- */

/* A copy of the live file may still grow, and the live file too; the others are what they are. */
bool tail_is_copy(struct log_tail *tail, struct place *place, int fd, const struct stat *facts)
{
    struct tailed *tailed;

    TAILQ_FOREACH(tailed, &place->generations, generation)
    {
        const struct log_file *file = tailed->file;

        if (file->device == (int64_t)facts->st_dev && file->inode == (int64_t)facts->st_ino)
            continue;
        if ((file->fd >= 0 || tailed == place->live) && !tail_open(tail, tailed)) {
            if (log_file_begins_with(file->fd, fd))
                return true;
        } else if (file->n_head && file->size == (int64_t)facts->st_size &&
                   log_file_is_read_in(file, fd, file->size)) {
            return true;
        }
    }
    return false;
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

/* Met for the first time, those that a pattern asks for are begun by its scan; the others were there before, or are news. */
static void meet(struct search *search, struct sibling *sibling)
{
    const struct log_tail *tail = search->tail;
    size_t watch = search->place->watch;

    if (log_dirs_wants(tail->dirs, watch, sibling->path))
        return;
    if (tail->watches[watch].is_first || !tail_was_written_since(&sibling->facts, search->since_ms))
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

static void take_known(struct search *search, struct tailed *known, const char *path,
                       const struct stat *facts)
{
    known->mark = search->tail->mark;
    if (known->place != search->place && known->place->live == known)
        return; /* somebody else's live file */
    tail_name(search->tail, known, path);
    tail_look_closer(search->tail, known, facts);
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
    if (known && (known->file->fd >= 0 ||
                  log_file_is_read_in(known->file, sibling.fd, sibling.facts.st_size))) {
        close(sibling.fd);
        take_known(search, known, path, &sibling.facts);
        return;
    }
    if (known && known != search->truncated)
        tail_give_up(tail, known, "the file was removed before it was read to its end");
    sibling.path = strdup(path);
    if (sibling.path)
        take_unknown(search, &sibling);
    else
        close(sibling.fd);
}

static void look_at_siblings(struct search *search)
{
    struct log_tail *tail = search->tail;
    const struct log_watch *watch = tail->watches[search->place->watch].watch;
    const char *base = log_name_of(search->place->path);
    char directory[PATH_MAX], path[PATH_MAX];
    size_t directory_len = (size_t)(base - search->place->path), n_names;
    char *const *names;

    tail->mark++;
    memcpy(directory, search->place->path, directory_len);
    directory[directory_len] = '\0';
    if (log_listing_find(tail->listing, directory, log_name_stem(watch, base), &names, &n_names))
        return;
    search->has_looked = true;
    for (size_t i = 0; i < n_names; i++) {
        if (log_name_is_rotation(watch, base, names[i]) &&
            log_join(path, slice_of(directory), slice_of(names[i])) &&
            !log_name_is_excluded(watch, path))
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
static struct sibling *find_copy(struct search *search)
{
    const struct log_file *file = search->truncated ? search->truncated->file : NULL;
    struct sibling *copy = NULL;

    for (size_t i = 0; file && file->n_head && i < search->n_unknown; i++) {
        struct sibling *sibling = &search->unknown[i];

        if (log_file_is_read_in(file, sibling->fd, sibling->facts.st_size) &&
            (!copy || log_file_begins_with(sibling->fd, copy->fd)))
            copy = sibling;
    }
    return copy;
}

/* The copy goes on under the row of what it is a copy of, at the same place. */
static struct tailed *take_copy(struct search *search, struct sibling *sibling, struct ulid id)
{
    struct log_file *old = search->truncated->file;
    struct tailed *copy = add_sibling(search, sibling);

    if (!copy)
        return NULL;
    copy->file->id = old->id;
    memcpy(copy->file->head, old->head, sizeof old->head);
    memcpy(copy->file->tail, old->tail, sizeof old->tail);
    copy->file->n_head = old->n_head;
    copy->file->n_tail = old->n_tail;
    copy->file->offset = copy->n_known = old->offset;
    copy->file->state = old->state;
    old->id = id;
    tail_move_before(search->tail, copy, search->truncated);
    return copy;
}

/* The others: copies of what is known, old ones, and those that were live between two looks. */
static void take_rest(struct search *search)
{
    for (size_t i = 0; i < search->n_unknown; i++) {
        struct sibling *sibling = &search->unknown[i];

        if (sibling->fd >= 0 && sibling->facts.st_size &&
            tail_was_written_since(&sibling->facts, search->since_ms) &&
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

/* Generations that are closed and were not found in the look at all siblings: logrotate has removed or compressed them. */
static void give_up_removed(const struct search *search)
{
    struct tailed *tailed, *next;

    if (!search->has_looked)
        return;
    for (tailed = TAILQ_FIRST(&search->place->generations); tailed; tailed = next) {
        next = TAILQ_NEXT(tailed, generation);
        if (tailed != search->place->live && tailed->file->fd < 0 &&
            tailed->mark != search->tail->mark)
            tail_give_up(search->tail, tailed,
                         "the file was rotated and removed (or compressed) before it was read to "
                         "its end");
    }
}

/* -- the occasions -- */

static struct search search_of(struct log_tail *tail, struct place *place)
{
    return (struct search){ .tail = tail, .place = place, .since_ms = place->seen_ms };
}

void tail_find_again(struct log_tail *tail, struct place *place)
{
    struct search search = search_of(tail, place);

    look_at_siblings(&search);
    sort_unknown(&search);
    take_rest(&search);
    give_up_removed(&search);
    place->seen_ms = tail->now_ms;
    tail->must_store = true;
}

void tail_follow_rotation(struct log_tail *tail, struct place *place)
{
    struct tailed *old = place->live;

    place->live = NULL;
    if (old) {
        old->file->is_rotated = true;
        tail_set_dirty(tail, old);
        tail_set_ready(tail, old);
    }
    tail_find_again(tail, place);
}

void tail_meet_siblings(struct log_tail *tail, struct place *place)
{
    struct search search = search_of(tail, place);

    search.is_meeting = true;
    search.since_ms = tail->watches[place->watch].scanned_ms;
    look_at_siblings(&search);
    sort_unknown(&search);
    take_rest(&search);
}

/* -- truncation -- */

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
    tail_set_dirty(tail, tailed);
    tail_set_ready(tail, tailed);
    tail->must_store = true;
}

bool tail_follow_truncation(struct log_tail *tail, struct tailed *tailed)
{
    struct place *place = tailed->place;
    struct search search = search_of(tail, place);
    struct sibling *copy;
    struct ulid id;
    bool is_copied = false, has_room = true;

    if (tail_make_id(tail, &id))
        return true; /* no randomness: once more at the next look */
    search.truncated = tailed;
    if (place->live == tailed)
        look_at_siblings(&search);
    sort_unknown(&search);
    copy = find_copy(&search);
    if (copy)
        is_copied = take_copy(&search, copy, id) != NULL;
    if (!is_copied)
        has_room = leave_what_is_gone(tail, tailed);
    if (has_room)
        begin_again(tail, tailed);
    else
        tail_set_ready(tail, tailed); /* it is gone through once more */
    take_rest(&search);
    if (place->live == tailed)
        give_up_removed(&search);
    place->seen_ms = tail->now_ms;
    return has_room;
}
