/* Reading: a piece of a file, cut into events, handed on as far as there is room. */
#include "watchers/log_tail_private.h"

#include <errno.h>
#include <string.h>

/* -- handing on -- */

static bool hand_on(struct log_tail *tail, struct tailed *tailed, struct line_cut *cut)
{
    struct log_facts *facts = &tail->watches[tailed->watch].facts;
    struct file_offset row = log_file_row(tailed->file);
    struct log_batch batch = { .watch = tailed->file->watch,
                               .path = slice_of(tailed->file->path),
                               .bytes = cut->bytes,
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
        tailed->is_dirty = false;
    else
        tail_set_dirty(tail, tailed);
    return true;
}

/* As it will be once these lines are taken: the row goes with them. */
struct place {
    uint8_t tail[OFFSET_TAIL_BYTES];
    size_t n_tail;
    int64_t offset;
    enum cut_state state;
};

static struct place place_of(const struct log_file *file)
{
    struct place place = { .n_tail = file->n_tail, .offset = file->offset, .state = file->state };

    memcpy(place.tail, file->tail, sizeof place.tail);
    return place;
}

static void go_back(struct log_file *file, const struct place *place)
{
    memcpy(file->tail, place->tail, sizeof place->tail);
    file->n_tail = place->n_tail;
    file->offset = place->offset;
    file->state = place->state;
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
        const struct place before = place_of(file);

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

/* What comes before is read first, as long as there is something of it. */
static struct tailed *first_of(struct tailed *tailed)
{
    while (tailed->before && tailed->before->is_at_end && !tailed->before->is_ready)
        tailed->before = tailed->before->before;
    return tailed->before ? first_of(tailed->before) : tailed;
}

static bool take_data(struct log_tail *tail, struct tailed *tailed, struct slice bytes)
{
    struct log_file *file = tailed->file;

    tailed->is_at_end = bytes.len < TAIL_READ_BYTES && file->offset + (int64_t)bytes.len >= file->size;
    if (file->size > tailed->n_known)
        tailed->grown_mono_ms = tail->now_mono_ms;
    tailed->n_known = file->size;
    file->seen_ms = tail->now_ms;
    if (!cut_and_hand_on(tail, tailed, bytes)) {
        tailed->is_at_end = false;
        return false;
    }
    tailed->end = CUT_GOES_ON;
    return true;
}

/* Opened anew where it was closed; what its path leads to by now is looked at where that is another file. */
static bool is_open(struct log_tail *tail, struct tailed *tailed)
{
    enum rc rc = tail_open(tail, tailed);

    if (!rc)
        return true;
    tailed->is_at_end = true;
    if (rc == RC_NOT_FOUND && tailed->live_path)
        tail_look_at(tail, tailed->watch, tailed->live_path);
    return false;
}

static bool read_piece(struct log_tail *tail, struct tailed *tailed)
{
    struct slice bytes = { 0 };

    if (!is_open(tail, tailed))
        return true;
    TAILQ_REMOVE(&tail->open, tailed, open);
    TAILQ_INSERT_TAIL(&tail->open, tailed, open);
    switch (log_file_read(tailed->file, tail->buffer, tailed->file->n_tail + TAIL_READ_BYTES,
                          &bytes)) {
    case LOG_READ_DATA:
        return take_data(tail, tailed, bytes);
    case LOG_READ_NOTHING:
        tailed->is_at_end = true;
        tailed->n_known = tailed->file->size;
        tailed->file->seen_ms = tail->now_ms;
        tailed->n_left = tailed->n_last_line = 0;
        tailed->end = CUT_GOES_ON;
        return true;
    case LOG_READ_CHANGED:
        tail_follow_truncation(tail, tailed);
        return true;
    case LOG_READ_FAILED:
        break;
    }
    tail_tell(tail, tailed->watch, tailed->file->path,
              "reading it failed: it is tried again every 30 seconds");
    tail_close(tail, tailed);
    tailed->is_at_end = true;
    return true;
}

bool tail_read(struct log_tail *tail, struct tailed *tailed)
{
    struct tailed *first = first_of(tailed);
    bool has_room = read_piece(tail, first);

    /* `first` may be gone by now; whoever waited for it looks again. */
    if (first != tailed || !has_room || !tailed->is_at_end)
        tail_set_ready(tail, tailed);
    return has_room;
}
