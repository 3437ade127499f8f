/* The rows that are stored: taken over at the start, handed on when something has changed. */
#include "watchers/log_tail_private.h"

#define ROWS_AT_ONCE 256
#define WATCHES_AT_ONCE                                                                            \
    256 /* more have no row of their own: what is written while the daemon is down is then looked for longer back */

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

/* No scan finds what it is called now: unless it is read to its end, that is done at once. */
static void take_rotated(struct log_tail *tail, struct tailed *tailed)
{
    struct stat facts;

    /* Any file would be taken for an empty one. */
    if (!tailed->file->n_head) {
        tail_forget(tail, tailed);
        return;
    }
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
    const char *path = slice_is_absent(row->live_path) ? row->path.ptr : row->live_path.ptr;
    enum rc rc = tail_need_place(tail, watch, path, &place);

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
    tailed->was_empty = !row->head.len;
    if (row->is_rotated)
        take_rotated(tail, tailed);
    return RC_OK;
}

/* That of the watcher itself: it ran before, and what was there at that time is known. */
static void add_watch_row(struct tail_watch *of, const struct file_offset *row)
{
    of->row_id = row->id;
    of->scanned_ms = of->stored_ms = row->seen_ms;
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
        if (slice_is_absent(rows[i].path))
            add_watch_row(&tail->watches[watch], &rows[i]);
        else if (rows[i].is_rotated == is_rotated)
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

static size_t put_dirty(struct log_tail *tail, struct file_offset *rows)
{
    struct tailed *tailed;
    size_t n_rows = 0;

    TAILQ_FOREACH(tailed, &tail->dirty, dirty)
    {
        if (n_rows == ROWS_AT_ONCE)
            break;
        log_file_learn_head(tailed->file); /* what is not read yet may not be found again without */
        rows[n_rows++] = tail_row(tailed);
    }
    return n_rows;
}

/* That a watcher has run is a row as well, and up to when all that was there is in rows. */
static size_t put_watches(struct log_tail *tail, struct file_offset *rows, size_t n_room)
{
    size_t n_rows = 0;

    for (size_t i = 0; i < tail->n_watches && n_rows < n_room; i++) {
        struct tail_watch *of = &tail->watches[i];

        if (of->watch->is_stdin || of->stored_ms == of->scanned_ms ||
            (ulid_is_absent(of->row_id) && tail_make_id(tail, &of->row_id)))
            continue;
        rows[n_rows++] = (struct file_offset){ .id = of->row_id,
                                               .watcher = of->watch->name,
                                               .seen_ms = of->scanned_ms };
    }
    return n_rows;
}

static void watches_are_stored(struct log_tail *tail)
{
    for (size_t i = 0; i < tail->n_watches; i++) {
        tail->watches[i].stored_ms = tail->watches[i].scanned_ms;
        tail->watches[i].is_first = false;
    }
}

enum rc tail_store_rows(struct log_tail *tail)
{
    struct file_offset rows[ROWS_AT_ONCE + WATCHES_AT_ONCE] = { 0 };
    size_t n_dirty = put_dirty(tail, rows);
    bool is_all = n_dirty < ROWS_AT_ONCE;
    size_t n_rows = n_dirty + (is_all ? put_watches(tail, &rows[n_dirty], WATCHES_AT_ONCE) : 0);
    const struct log_rows stored = { .rows = rows,
                                     .n_rows = n_rows,
                                     .forgotten = tail->forgotten,
                                     .n_forgotten = tail->n_forgotten };

    if ((n_rows || stored.n_forgotten) && tail->sink.store(tail->sink.context, &stored))
        return RC_BUSY;
    tail->n_forgotten = 0;
    for (size_t i = 0; i < n_dirty; i++)
        tail_unset_dirty(tail, TAILQ_FIRST(&tail->dirty));
    if (is_all)
        watches_are_stored(tail);
    tail->is_dirty = !is_all;
    tail->must_store &= tail->is_dirty;
    return RC_OK;
}
