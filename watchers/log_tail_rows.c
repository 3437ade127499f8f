/* The rows that are stored: taken over at the start, handed on when something has changed. */
#include "watchers/log_tail_private.h"

#include <limits.h>

#define ROWS_AT_ONCE 256

/* -- taking over -- */

static bool find_watch(const struct log_tail *tail, struct slice name, size_t *watch)
{
    for (size_t i = 0; i < tail->n_watches; i++) {
        if (slice_eq(tail->watches[i].watch->name, name) && !tail->watches[i].watch->is_stdin) {
            *watch = i;
            return true;
        }
    }
    return false;
}

/* A rotated file belongs to the place whose path its name is a rotation of. */
static enum rc place_of_row(struct log_tail *tail, size_t watch, const struct file_offset *row,
                            struct place **place)
{
    char base[PATH_MAX];

    if (row->is_rotated && tail_find_base(tail, watch, row->path.ptr, base))
        return tail_need_place(tail, watch, base, place);
    return tail_need_place(tail, watch, row->path.ptr, place);
}

/* No scan finds what it is called now: unless it is read to its end, that is done at once. */
static void take_rotated(struct log_tail *tail, struct tailed *tailed)
{
    struct stat facts;

    tailed->is_finished = !stat(tailed->file->path, &facts) && tail_is_inode(tailed, &facts) &&
                          (int64_t)facts.st_size == tailed->file->offset;
    tailed->is_at_end = tailed->is_finished;
    if (!tailed->is_finished)
        tail_set_ready(tail, tailed);
}

/* A second live one of a path: the first was rotated, and that was not stored. */
static void demote(struct log_tail *tail, struct tailed *tailed)
{
    if (!tailed)
        return;
    tailed->file->is_rotated = true;
    tail_set_dirty(tail, tailed);
    tail_set_ready(tail, tailed);
}

static enum rc add_row(struct log_tail *tail, size_t watch, const struct file_offset *row)
{
    struct place *place;
    struct tailed *tailed;
    enum rc rc = place_of_row(tail, watch, row, &place);

    if (!rc)
        rc = tail_add_row(tail, place, row, &tailed);
    if (rc)
        return rc;
    if (!row->is_rotated) {
        demote(tail, place->live);
        tail_set_live(tailed, place);
        place->seen_ms = row->seen_ms;
    } else if (!place->live && place->seen_ms < row->seen_ms) {
        place->seen_ms = row->seen_ms;
    }
    if (tail->watches[watch].scanned_ms < row->seen_ms)
        tail->watches[watch].scanned_ms = row->seen_ms;
    tailed->was_empty = !row->head.len;
    if (row->is_rotated)
        take_rotated(tail, tailed);
    return RC_OK;
}

/* Ids ascend: the rows of one place come in the order of its generations. */
static enum rc add_rows_that(struct log_tail *tail, const struct file_offset *rows, size_t n_rows,
                             bool is_rotated)
{
    enum rc rc = RC_OK;
    size_t watch;

    for (size_t i = 0; i < n_rows && !rc; i++) {
        if (!find_watch(tail, rows[i].watcher, &watch))
            continue; /* of a watcher that is not there now, and may be again */
        tail->watches[watch].is_first = false;
        if (ulid_compare(rows[i].id, tail->ids.last) > 0)
            tail->ids.last = rows[i].id; /* new ones come after it, whatever the clock says */
        if (!slice_is_absent(rows[i].path) && rows[i].is_rotated == is_rotated)
            rc = add_row(tail, watch, &rows[i]);
    }
    return rc;
}

enum rc tail_add_rows(struct log_tail *tail, const struct file_offset *rows, size_t n_rows)
{
    enum rc rc = add_rows_that(tail, rows, n_rows, false);

    return rc ? rc : add_rows_that(tail, rows, n_rows, true);
}

/* -- handing on -- */

/* That a watcher has run is a row as well: what appears in its paths from now on is new. */
static size_t add_first_rows(struct log_tail *tail, struct file_offset *rows)
{
    size_t n_rows = 0;

    for (size_t i = 0; i < tail->n_watches && n_rows < ROWS_AT_ONCE; i++) {
        struct tail_watch *of = &tail->watches[i];

        if (!of->is_first || of->watch->is_stdin || tail_make_id(tail, &rows[n_rows].id))
            continue;
        rows[n_rows].watcher = of->watch->name;
        rows[n_rows].seen_ms = tail->now_ms;
        n_rows++;
    }
    return n_rows;
}

static void forget_first(struct log_tail *tail)
{
    for (size_t i = 0; i < tail->n_watches; i++)
        tail->watches[i].is_first = false;
}

enum rc tail_store_rows(struct log_tail *tail)
{
    struct file_offset rows[ROWS_AT_ONCE] = { 0 };
    struct tailed *batch[ROWS_AT_ONCE];
    size_t n_first = tail->is_starting ? 0 : add_first_rows(tail, rows);
    size_t n_rows = n_first;
    struct log_rows stored = { .rows = rows };
    struct tailed *tailed;

    TAILQ_FOREACH(tailed, &tail->all, all)
    {
        if (n_rows == ROWS_AT_ONCE)
            break;
        if (!tailed->is_dirty)
            continue;
        batch[n_rows] = tailed;
        rows[n_rows++] = log_file_row(tailed->file);
    }
    stored.n_rows = n_rows;
    stored.forgotten = tail->forgotten;
    stored.n_forgotten = tail->n_forgotten;
    if ((n_rows || stored.n_forgotten) && tail->sink.store(tail->sink.context, &stored))
        return RC_BUSY;
    tail->n_forgotten = 0;
    for (size_t i = n_first; i < n_rows; i++)
        batch[i]->is_dirty = false;
    if (n_first)
        forget_first(tail);
    tail->is_dirty = n_rows == ROWS_AT_ONCE;
    tail->must_store &= tail->is_dirty;
    return RC_OK;
}
