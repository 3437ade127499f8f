#include "watchers/journal_tail.h"

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "watchers/journal_child.h"
#include "watchers/journal_own.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BATCH_LINES 512
#define ENTRY_BYTES ((size_t)4 << 20) /* to look at one */
/* What lines of one buffer say is no longer than they are. */
#define TEXTS_BYTES (2 * JOURNAL_LINE_BYTES + BATCH_LINES)
#define BATCHES_A_STEP 16
#define STORE_MS SECOND_MS /* cursors of journals in which nothing mattered */
#define RETRY_MIN_MS SECOND_MS
#define RETRY_MAX_MS MINUTE_MS
/* A child that runs so long is well, though it has nothing to say. */
#define STEADY_MS (10 * SECOND_MS)
#define CLOSED_MS (2 * SECOND_MS) /* from the end of its output to that of the child */

static const char gap_told[] =
    "the entry where reading left off is gone: journald has thrown it away, and what followed it";
static const char refused_told[] =
    "journald does not know the place where reading left off: it begins at the oldest entry";

/* One watcher and its child. */
struct followed {
    const struct journal_watch *watch;
    struct journal_child *child;     /* NULL: none runs */
    int output_fd, errors_fd, pidfd; /* of the child, where they are in the epoll set; -1: not */
    struct ulid id;                  /* of its row */
    struct sha256 filter;
    int64_t since_ms;                  /* without a cursor: entries from then on; 0: all */
    char cursor[JOURNAL_CURSOR_BYTES]; /* of the last entry that was taken; "": none */
    bool may_be_hidden;                /* the cursor is of other filters */
    bool expects_cursor;               /* its own entry is to come first */
    bool is_dirty;                     /* the row is not stored as it stands */
    bool has_more;                     /* there was more to read when its turn was over */
    bool is_out_of_memory;             /* an entry could not be looked at */
    int64_t retry_mono_ms, retry_ms;
    int64_t started_mono_ms;
    int64_t closed_mono_ms; /* its output has ended; 0: it has not */
    struct journal_facts facts;
};

struct journal_tail {
    struct journal_sink sink;
    struct followed *followed;
    size_t n_followed;
    size_t first; /* whose turn it is */
    int epoll_fd;
    struct arena *arena; /* of an entry */
    struct log_line *lines;
    struct slice *texts;
    char *bytes; /* TEXTS_BYTES */
    struct journal_own own;
    struct ulid_maker ids;
    int64_t now_ms, now_mono_ms; /* of the step */
    int64_t store_mono_ms;
    bool is_blocked;
    pthread_mutex_t lock; /* of the facts */
};

/* -- telling -- */

static void tell(struct journal_tail *tail, struct followed *of, const char *why)
{
    const char *now = why ? why : "";

    if (strcmp(of->facts.trouble, now) == 0)
        return;
    snprintf(of->facts.trouble, sizeof of->facts.trouble, "%s", now);
    tail->sink.tell(tail->sink.context, of->watch, why);
}

static void lose(struct journal_tail *tail, struct followed *of, const char *why)
{
    of->facts.n_gaps++;
    tail->sink.lose(tail->sink.context, of->watch, why);
}

/* -- rows -- */

/* Shorter than JOURNAL_CURSOR_BYTES: others are none (journal_line_cursor, is_row_of). */
static void set_cursor(struct followed *of, struct slice cursor)
{
    if (cursor.len)
        memcpy(of->cursor, cursor.ptr, cursor.len);
    of->cursor[cursor.len] = '\0';
    memcpy(of->facts.cursor, of->cursor, sizeof of->facts.cursor);
}

static struct file_offset row_of(const struct journal_tail *tail, const struct followed *of,
                                 struct slice cursor)
{
    struct file_offset row = { .id = of->id,
                               .watcher = of->watch->name,
                               .head = { (const char *)of->filter.bytes, SHA256_BYTES },
                               .seen_ms = tail->now_ms };

    if (cursor.len)
        row.cursor = cursor;
    else
        row.seen_ms = of->since_ms; /* where it begins, still */
    return row;
}

static enum rc store_rows(struct journal_tail *tail)
{
    enum rc rc = RC_OK;

    for (size_t i = 0; i < tail->n_followed && !rc; i++) {
        struct followed *of = &tail->followed[i];
        struct file_offset row = row_of(tail, of, slice_of(of->cursor));
        const struct log_rows rows = { .rows = &row, .n_rows = 1 };

        if (!of->is_dirty)
            continue;
        rc = tail->sink.store(tail->sink.context, &rows);
        if (!rc)
            of->is_dirty = false;
    }
    return rc;
}

static void store_now_and_then(struct journal_tail *tail)
{
    if (tail->is_blocked || tail->now_mono_ms < tail->store_mono_ms)
        return;
    tail->is_blocked = store_rows(tail) != RC_OK;
    tail->store_mono_ms = tail->now_mono_ms + STORE_MS;
}

/* What it asks for: all arguments but the place. */
static enum rc digest_filter(const struct journal_watch *watch, struct arena *arena,
                             struct sha256 *filter)
{
    const struct journal_place nowhere = { .since_ms = 0 };
    struct slice_list argv;
    enum rc rc = journal_command(watch, &nowhere, arena, &argv);

    return rc ? rc : sha256_of_parts(argv.items, argv.n_items, filter);
}

static bool is_row_of(const struct followed *of, const struct file_offset *row)
{
    return slice_eq(row->watcher, of->watch->name) && slice_is_absent(row->path) &&
           row->head.len == SHA256_BYTES && row->cursor.len < JOURNAL_CURSOR_BYTES;
}

static void use_row(struct followed *of, const struct file_offset *row)
{
    of->id = row->id;
    of->since_ms = row->cursor.len ? 0 : row->seen_ms;
    of->may_be_hidden =
        !slice_eq(row->head, (struct slice){ (const char *)of->filter.bytes, SHA256_BYTES });
    set_cursor(of, row->cursor);
}

/* -- its child -- */

static void hear(struct journal_tail *tail, int *heard_fd, int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data = { .fd = fd } };

    if (*heard_fd == fd)
        return;
    /* What was closed is out of the set by itself. */
    if (*heard_fd >= 0)
        (void)epoll_ctl(tail->epoll_fd, EPOLL_CTL_DEL, *heard_fd, NULL);
    *heard_fd = fd >= 0 && !epoll_ctl(tail->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? fd : -1;
}

/* Without room nobody listens: what is readable all the time would wake us all the time. */
static void hear_child(struct journal_tail *tail, struct followed *of)
{
    bool is_on = of->child && !tail->is_blocked;

    hear(tail, &of->output_fd, is_on ? journal_child_output_fd(of->child) : -1);
    hear(tail, &of->errors_fd, is_on ? journal_child_errors_fd(of->child) : -1);
    hear(tail, &of->pidfd, is_on ? journal_child_pidfd(of->child) : -1);
}

static void end_child(struct journal_tail *tail, struct followed *of)
{
    hear(tail, &of->output_fd, -1);
    hear(tail, &of->errors_fd, -1);
    hear(tail, &of->pidfd, -1);
    journal_child_free(of->child);
    of->child = NULL;
    of->facts.is_running = false;
    of->closed_mono_ms = 0;
}

static void retry_later(struct journal_tail *tail, struct followed *of)
{
    of->retry_mono_ms = tail->now_mono_ms + of->retry_ms;
    of->retry_ms = 2 * of->retry_ms < RETRY_MAX_MS ? 2 * of->retry_ms : RETRY_MAX_MS;
}

static void start_child(struct journal_tail *tail, struct followed *of)
{
    struct journal_place place = { .since_ms = of->since_ms };
    struct journal_end end;

    if (of->cursor[0])
        place.cursor = slice_of(of->cursor);
    place.is_inclusive = of->expects_cursor = of->cursor[0] && !of->may_be_hidden;
    of->facts.n_starts++;
    if (journal_child_start(of->watch, &place, &of->child, &end)) {
        tell(tail, of, end.why);
        retry_later(tail, of);
        return;
    }
    of->facts.is_running = true;
    of->started_mono_ms = tail->now_mono_ms;
}

/* A malformed cursor is refused each time; without one it can go on. */
static void forget_cursor(struct journal_tail *tail, struct followed *of)
{
    lose(tail, of, refused_told);
    set_cursor(of, SLICE(""));
    of->since_ms = 0;
    of->is_dirty = true;
    of->retry_mono_ms = tail->now_mono_ms;
}

static void on_end(struct journal_tail *tail, struct followed *of, const struct journal_end *end)
{
    end_child(tail, of);
    if (end->is_cursor_refused && of->cursor[0]) {
        forget_cursor(tail, of);
        return;
    }
    tell(tail, of, end->why);
    retry_later(tail, of);
}

static void on_well(struct journal_tail *tail, struct followed *of)
{
    of->retry_ms = RETRY_MIN_MS;
    tell(tail, of, journal_child_complaint(of->child));
}

/* -- entries -- */

/* What was gathered, of a part of the lines that are there. */
struct gathered {
    size_t n_lines, n_own, n_cut;
    size_t n_all;   /* of any kind */
    size_t n_new;   /* entries but the one of the cursor */
    size_t n_bytes; /* to consume */
    size_t n_text_bytes;
    struct slice cursor; /* of the last entry */
    bool is_out_of_memory;
};

/* The first entry tells whether the one where we left off is still there. */
static void check_place(struct journal_tail *tail, struct followed *of, struct slice cursor)
{
    if (!of->expects_cursor || slice_is_absent(cursor))
        return;
    of->expects_cursor = false;
    if (!journal_cursor_eq(cursor, slice_of(of->cursor)))
        lose(tail, of, gap_told);
}

static bool was_taken(const struct followed *of, struct slice cursor)
{
    return of->cursor[0] && !slice_is_absent(cursor) &&
           journal_cursor_eq(cursor, slice_of(of->cursor));
}

/* RC_LIMIT: the batch is full. */
static enum rc add_text(struct journal_tail *tail, struct slice text, struct gathered *gathered)
{
    char *place = tail->bytes + gathered->n_text_bytes;

    if (text.len >= TEXTS_BYTES - gathered->n_text_bytes)
        return RC_LIMIT;
    if (text.len)
        memcpy(place, text.ptr, text.len);
    place[text.len] = '\n';
    tail->texts[gathered->n_lines] = (struct slice){ place, text.len };
    gathered->n_text_bytes += text.len + 1;
    return RC_OK;
}

static enum rc gather_entry(struct journal_tail *tail, const struct journal_piece *piece,
                            struct gathered *gathered)
{
    struct journal_glance glance;
    enum rc rc;

    arena_reset(tail->arena);
    rc = journal_line_glance(piece->line, tail->arena, &glance);
    if (!rc && journal_own_wrote(&tail->own, &glance)) {
        gathered->n_own++;
        return RC_OK;
    }
    if (!rc)
        rc = add_text(tail, glance.text, gathered);
    if (rc)
        return rc;
    gathered->n_cut += piece->is_truncated;
    tail->lines[gathered->n_lines++] =
        (struct log_line){ .text = piece->line, .is_truncated = piece->is_truncated };
    return RC_OK;
}

/* Lines that are no objects are remarks of journalctl, and no entries. */
static bool is_entry(const struct journal_piece *piece)
{
    return slice_starts(piece->line, SLICE("{"));
}

static void gather(struct journal_tail *tail, struct followed *of, struct gathered *gathered)
{
    struct journal_stream *stream = journal_child_lines(of->child);
    struct journal_piece piece;
    size_t at = 0;
    bool is_new;

    *gathered = (struct gathered){ .n_lines = 0 };
    while (gathered->n_lines < BATCH_LINES && journal_stream_next(stream, &at, &piece)) {
        check_place(tail, of, piece.cursor);
        is_new = is_entry(&piece) && !was_taken(of, piece.cursor);
        if (is_new && gather_entry(tail, &piece, gathered)) {
            gathered->is_out_of_memory = true;
            return;
        }
        gathered->n_new += is_new;
        if (!slice_is_absent(piece.cursor))
            gathered->cursor = piece.cursor;
        gathered->n_all++;
        gathered->n_bytes = at;
    }
}

/* False: there is no room. */
static bool hand_on(struct journal_tail *tail, const struct followed *of,
                    const struct gathered *gathered, bool *stored)
{
    struct slice cursor = gathered->cursor.len ? gathered->cursor : slice_of(of->cursor);
    const struct file_offset row = row_of(tail, of, cursor);
    const struct journal_batch batch = { .watch = of->watch,
                                         .lines = tail->lines,
                                         .texts = tail->texts,
                                         .bytes = { tail->bytes, gathered->n_text_bytes },
                                         .n_lines = gathered->n_lines,
                                         .n_bytes = gathered->n_bytes,
                                         .row = &row };

    return !gathered->n_lines || !tail->sink.take(tail->sink.context, &batch, stored);
}

static void note(struct journal_tail *tail, struct followed *of, const struct gathered *gathered,
                 bool stored)
{
    if (gathered->cursor.len && !slice_eq(gathered->cursor, slice_of(of->cursor))) {
        set_cursor(of, gathered->cursor);
        of->may_be_hidden = false;
        of->is_dirty = true;
    }
    if (stored)
        of->is_dirty = false;
    of->facts.n_lines += gathered->n_lines;
    of->facts.n_own += gathered->n_own;
    of->facts.n_cut += gathered->n_cut;
    of->facts.n_bytes += gathered->n_lines ? gathered->n_bytes : 0;
    if (gathered->n_lines)
        of->facts.last_ms = tail->now_ms;
}

/* One batch. False: there is none, or no room for it. */
static bool read_batch(struct journal_tail *tail, struct followed *of)
{
    bool stored = false;
    struct gathered gathered;

    gather(tail, of, &gathered);
    of->is_out_of_memory = gathered.is_out_of_memory && !gathered.n_all;
    if (!gathered.n_all)
        return false;
    if (!hand_on(tail, of, &gathered, &stored)) {
        tail->is_blocked = true;
        return false;
    }
    note(tail, of, &gathered, stored);
    journal_stream_consume(journal_child_lines(of->child), gathered.n_bytes);
    /* A child that ends each time it has found its place is not well. */
    if (gathered.n_new)
        on_well(tail, of);
    return true;
}

/* All that is there, or as much as one may have before the others. */
static void read_entries(struct journal_tail *tail, struct followed *of)
{
    struct journal_stream *stream = journal_child_lines(of->child);

    of->has_more = true;
    for (int i = 0; i < BATCHES_A_STEP; i++) {
        bool was_read = journal_stream_fill(stream);

        if (!read_batch(tail, of) && (tail->is_blocked || !was_read)) {
            of->has_more = false;
            return;
        }
    }
}

/* -- a step -- */

static bool is_closed_for_long(const struct journal_tail *tail, const struct followed *of)
{
    return of->closed_mono_ms && tail->now_mono_ms >= of->closed_mono_ms + CLOSED_MS;
}

static void watch_end(struct journal_tail *tail, struct followed *of, bool has_ended,
                      struct journal_end *end)
{
    if (journal_stream_has_ended(journal_child_lines(of->child)) && !of->closed_mono_ms)
        of->closed_mono_ms = tail->now_mono_ms;
    /* Nothing is lost: the next child begins where this one was left. */
    if (of->is_out_of_memory)
        snprintf(end->why, sizeof end->why, "out of memory");
    if (!has_ended && is_closed_for_long(tail, of)) {
        snprintf(end->why, sizeof end->why, "journalctl closed its output and does not end");
        has_ended = true;
    }
    if (has_ended || of->is_out_of_memory)
        on_end(tail, of, end);
}

static void follow_child(struct journal_tail *tail, struct followed *of)
{
    struct journal_end end;
    /* Asked before its last lines are read: what it wrote is there by then. */
    bool has_ended = journal_child_has_ended(of->child, &end);
    const char *complaint = journal_child_complaint(of->child);

    if (complaint)
        tell(tail, of, complaint);
    read_entries(tail, of);
    if (tail->is_blocked || of->has_more)
        return;
    watch_end(tail, of, has_ended, &end);
    if (of->child && tail->now_mono_ms >= of->started_mono_ms + STEADY_MS)
        on_well(tail, of);
}

static void follow(struct journal_tail *tail, struct followed *of)
{
    if (!of->child && tail->now_mono_ms >= of->retry_mono_ms)
        start_child(tail, of);
    if (of->child)
        follow_child(tail, of);
}

static int64_t due_of(const struct journal_tail *tail, const struct followed *of)
{
    int64_t due = of->is_dirty ? tail->store_mono_ms : INT64_MAX;

    if (!of->child)
        return earlier_of(due, of->retry_mono_ms);
    if (of->has_more)
        return tail->now_mono_ms;
    if (of->closed_mono_ms)
        due = earlier_of(due, of->closed_mono_ms + CLOSED_MS);
    if (of->facts.trouble[0] && tail->now_mono_ms < of->started_mono_ms + STEADY_MS)
        due = earlier_of(due, of->started_mono_ms + STEADY_MS);
    return due;
}

static void do_step(struct journal_tail *tail, int64_t *due_mono_ms)
{
    /* Who was first is last the next time: one that floods leaves the others room. */
    for (size_t i = 0; i < tail->n_followed && !tail->is_blocked; i++)
        follow(tail, &tail->followed[(tail->first + i) % tail->n_followed]);
    tail->first++;
    store_now_and_then(tail);
    *due_mono_ms = tail->is_blocked ? tail->now_mono_ms + LOG_TAIL_BLOCKED_MS : INT64_MAX;
    for (size_t i = 0; i < tail->n_followed; i++) {
        hear_child(tail, &tail->followed[i]);
        if (!tail->is_blocked)
            *due_mono_ms = earlier_of(*due_mono_ms, due_of(tail, &tail->followed[i]));
    }
}

void journal_tail_step(struct journal_tail *tail, int64_t now_ms, int64_t now_mono_ms,
                       int64_t *due_mono_ms)
{
    pthread_mutex_lock(&tail->lock);
    tail->now_ms = now_ms;
    tail->now_mono_ms = now_mono_ms;
    do_step(tail, due_mono_ms);
    pthread_mutex_unlock(&tail->lock);
}

void journal_tail_wake(struct journal_tail *tail)
{
    pthread_mutex_lock(&tail->lock);
    tail->is_blocked = false;
    pthread_mutex_unlock(&tail->lock);
}

enum rc journal_tail_flush(struct journal_tail *tail, int64_t now_ms)
{
    enum rc rc;

    pthread_mutex_lock(&tail->lock);
    tail->now_ms = now_ms;
    rc = store_rows(tail);
    pthread_mutex_unlock(&tail->lock);
    return rc;
}

int journal_tail_fd(const struct journal_tail *tail)
{
    return tail->epoll_fd;
}

void journal_tail_facts(struct journal_tail *tail, size_t watch, struct journal_facts *facts)
{
    pthread_mutex_lock(&tail->lock);
    *facts = tail->followed[watch].facts;
    pthread_mutex_unlock(&tail->lock);
}

/* -- life -- */

static enum rc add_followed(struct journal_tail *tail, const struct journal_watch *watch,
                            const struct journal_tail_options *options)
{
    struct followed *of = &tail->followed[tail->n_followed++];
    enum rc rc;

    *of = (struct followed){ .watch = watch,
                             .output_fd = -1,
                             .errors_fd = -1,
                             .pidfd = -1,
                             .retry_ms = RETRY_MIN_MS,
                             .retry_mono_ms = INT64_MIN };
    rc = digest_filter(watch, tail->arena, &of->filter);
    for (size_t i = 0; i < options->n_rows && !rc; i++) {
        if (is_row_of(of, &options->rows[i]))
            use_row(of, &options->rows[i]);
    }
    if (rc || !ulid_is_absent(of->id))
        return rc;
    /* It never ran before. From where it begins is kept: it is then the same after a restart. */
    of->since_ms = watch->from_beginning ? 0 : options->now_ms;
    of->is_dirty = true;
    return ulid_make(&tail->ids, options->now_ms, &of->id);
}

static enum rc open_all(struct journal_tail *tail, size_t n_watches)
{
    tail->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (tail->epoll_fd < 0)
        return RC_IO;
    tail->followed = calloc(n_watches + 1, sizeof *tail->followed);
    tail->lines = calloc(BATCH_LINES, sizeof *tail->lines);
    tail->texts = calloc(BATCH_LINES, sizeof *tail->texts);
    tail->bytes = malloc(TEXTS_BYTES);
    if (!tail->followed || !tail->lines || !tail->texts || !tail->bytes)
        return RC_NO_MEMORY;
    return arena_new(ENTRY_BYTES, &tail->arena);
}

enum rc journal_tail_new(const struct journal_tail_options *options, struct journal_tail **tail)
{
    struct journal_tail *made = calloc(1, sizeof *made);
    size_t n_watches = 0;
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    while (watchers_journal_at(options->watchers, n_watches))
        n_watches++;
    made->sink = options->sink;
    made->now_ms = options->now_ms;
    made->store_mono_ms = INT64_MIN;
    made->own = journal_own_find();
    pthread_mutex_init(&made->lock, NULL);
    rc = open_all(made, n_watches);
    for (size_t i = 0; i < n_watches && !rc; i++)
        rc = add_followed(made, watchers_journal_at(options->watchers, i), options);
    if (rc)
        journal_tail_free(made);
    else
        *tail = made;
    return rc;
}

void journal_tail_free(struct journal_tail *tail)
{
    if (!tail)
        return;
    for (size_t i = 0; i < tail->n_followed; i++)
        end_child(tail, &tail->followed[i]);
    if (tail->epoll_fd >= 0)
        close(tail->epoll_fd);
    pthread_mutex_destroy(&tail->lock);
    arena_free(tail->arena);
    free(tail->followed);
    free(tail->lines);
    free(tail->texts);
    free(tail->bytes);
    free(tail);
}
