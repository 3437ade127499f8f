/* Reading: a piece of a file, cut into events, handed on as far as there is room. */
#include "watchers/log_tail_private.h"

#include <string.h>

/* -- handing on -- */

static bool hand_on(struct log_tail *tail, struct tailed *tailed, struct line_cut *cut)
{
    struct log_facts *facts = &tail->watches[tailed->watch].facts;
    struct file_offset row = tail_row(tailed);
    struct log_batch batch = { .watch = tailed->file->watch,
                               .path = slice_of(tailed->place->path),
                               .bytes = cut->bytes,
                               .offset = cut->offset,
                               .lines = cut->lines,
                               .n_lines = cut->n_lines,
                               .n_bytes = cut->n_consumed,
                               .row = &row };
    bool stored = false;

    if (cut->n_lines && tail->sink.take(tail->sink.context, &batch, &stored))
        return false;
    facts->n_lines += cut->n_lines;
    facts->n_bytes += cut->n_consumed;
    facts->n_cut += cut->n_cut;
    facts->last_ms = tail->now_ms;
    if (stored)
        tail_unset_dirty(tail, tailed);
    else
        tail_set_dirty(tail, tailed);
    return true;
}

/* As it will be once these lines are taken: the row goes with them. */
struct position {
    uint8_t tail[OFFSET_TAIL_BYTES];
    size_t n_tail;
    int64_t offset;
    enum cut_state state;
};

static struct position position_of(const struct log_file *file)
{
    struct position position = { .n_tail = file->n_tail,
                                 .offset = file->offset,
                                 .state = file->state };

    memcpy(position.tail, file->tail, sizeof position.tail);
    return position;
}

static void go_back(struct log_file *file, const struct position *position)
{
    memcpy(file->tail, position->tail, sizeof position->tail);
    file->n_tail = position->n_tail;
    file->offset = position->offset;
    file->state = position->state;
}

/* Cuts and hands on all of `bytes` that is whole; sets how much is left. False: there was no room, and the rest comes again. */
static bool cut_and_hand_on(struct log_tail *tail, struct tailed *tailed, struct slice bytes)
{
    struct log_file *file = tailed->file;
    struct line_cut cut = { .watch = file->watch,
                            .scratch = tail->scratch,
                            .end = tailed->end,
                            .lines = tail->lines,
                            .n_max = TAIL_BATCH_LINES };

    do {
        const struct position before = position_of(file);

        cut.bytes = bytes;
        cut.offset = file->offset;
        cut.state = file->state;
        line_cut(&cut);
        file->state = cut.state;
        log_file_advance(file, bytes, cut.n_consumed);
        if (cut.n_consumed && !hand_on(tail, tailed, &cut)) {
            go_back(file, &before);
            return false;
        }
        bytes = (struct slice){ bytes.ptr + cut.n_consumed, bytes.len - cut.n_consumed };
    } while (cut.n_consumed && bytes.len);
    tailed->n_left = bytes.len;
    tailed->n_last_line = cut.n_last_line;
    log_file_keep_pending(file, bytes);
    return true;
}

bool tail_tell_pending(struct log_tail *tail, struct tailed *tailed)
{
    struct log_file *file = tailed->file;
    struct line_cut cut = { .watch = file->watch,
                            .scratch = tail->scratch,
                            .bytes = file->pending,
                            .offset = file->offset,
                            .state = file->state,
                            .end = CUT_OVER,
                            .lines = tail->lines,
                            .n_max = TAIL_BATCH_LINES };

    if (!file->pending.len)
        return true;
    line_cut(&cut);
    return !cut.n_lines || hand_on(tail, tailed, &cut);
}

/* -- reading -- */

/* The generations before it are read first, as long as there is something of them. */
static struct tailed *first_of(struct tailed *tailed)
{
    struct tailed *before;

    TAILQ_FOREACH(before, &tailed->place->generations, generation)
    {
        if (before == tailed)
            break;
        if (!before->is_finished && (before->is_ready || !before->is_at_end))
            return before;
    }
    return tailed;
}

static bool take_data(struct log_tail *tail, struct tailed *tailed, struct slice bytes)
{
    struct log_file *file = tailed->file;

    tailed->is_at_end =
        bytes.len < TAIL_READ_BYTES && file->offset + (int64_t)bytes.len >= file->size;
    tailed->is_finished = false;
    if (file->size > tailed->n_known)
        tailed->grown_mono_ms = tail->now_mono_ms;
    tailed->n_known = file->size;
    tail_see(tailed);
    if (!cut_and_hand_on(tail, tailed, bytes)) {
        tailed->is_at_end = false;
        return false;
    }
    tailed->end = CUT_GOES_ON;
    return true;
}

static void take_nothing(struct tailed *tailed)
{
    tailed->is_at_end = true;
    tailed->n_known = tailed->file->size;
    tailed->n_left = tailed->n_last_line = 0;
    tailed->end = CUT_GOES_ON;
    tail_see(tailed);
}

/* Opened anew where it was closed. What its path leads to by now is looked at where that is another file; what cannot be opened is tried again by each scan. */
static bool is_open(struct log_tail *tail, struct tailed *tailed)
{
    enum rc rc = tail_open(tail, tailed);

    if (!rc)
        return true;
    tailed->is_at_end = true;
    tailed->mtime_ns = -1;
    if (rc != RC_NOT_FOUND)
        return false;
    tail_unname(tail, tailed, tailed->file->path);
    if (tailed->place->live == tailed)
        tail_look_at(tail, tailed->watch, tailed->place->path);
    else
        (void)tail_find_again(tail, tailed->place);
    return false;
}

/* What was empty until now may be the beginning of a compressed one: it is looked at as one that is new. */
static void leave(struct log_tail *tail, struct tailed *tailed)
{
    tail_forget(tail, tailed);
    tail_look_at(tail, tailed->watch, tailed->file->path);
}

/* What was empty until now may have been written, copied and truncated since it was looked at: what is in the copy comes before. */
static void look_before(struct log_tail *tail, const struct tailed *tailed)
{
    if (tailed->place->live == tailed)
        (void)tail_find_again(tail, tailed->place);
}

static bool read_piece(struct log_tail *tail, struct tailed *tailed)
{
    struct slice bytes = { 0 };

    if (!is_open(tail, tailed))
        return true;
    TAILQ_REMOVE(&tail->open, tailed, open);
    TAILQ_INSERT_TAIL(&tail->open, tailed, open);
    switch (
        log_file_read(tailed->file, tail->buffer, tailed->file->n_tail + TAIL_READ_BYTES, &bytes)) {
    case LOG_READ_DATA:
        if (!tailed->was_empty)
            return take_data(tail, tailed, bytes);
        if (log_file_is_compressed(tailed->file->fd)) {
            leave(tail, tailed);
            return true;
        }
        look_before(tail, tailed);
        tailed->was_empty = false;
        tail_set_ready(tail, tailed);
        return true;
    case LOG_READ_NOTHING:
        if (tailed->was_empty)
            look_before(tail, tailed);
        take_nothing(tailed);
        return true;
    case LOG_READ_CHANGED:
        return tail_find_again(tail, tailed->place);
    case LOG_READ_FAILED:
        break;
    }
    tail_tell(tail, tailed->watch, tailed->file->path,
              "reading it failed: it is tried again every 30 seconds");
    tailed->is_at_end = true;
    tailed->mtime_ns = -1;
    return true;
}

bool tail_read(struct log_tail *tail, struct tailed *tailed)
{
    struct tailed *first = first_of(tailed);
    bool has_room = read_piece(tail, first);

    /* Whoever waited for `first` looks again. */
    if (first != tailed || !has_room || !tailed->is_at_end)
        tail_set_ready(tail, tailed);
    return has_room;
}
