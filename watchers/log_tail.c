#include "watchers/log_tail_private.h"

#include "watchers/log_stream.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LINKS_BYTES                                                                                \
    ((size_t)64 << 20) /* names of links: without, their targets are looked at every 30 seconds */

/* -- life -- */

static void find_own_log(struct log_tail *tail)
{
    struct stat facts;

    for (int i = 0; i < 2; i++) {
        if (fstat(i + 1, &facts) || !S_ISREG(facts.st_mode))
            continue;
        tail->own_device[i] = (int64_t)facts.st_dev;
        tail->own_inode[i] = (int64_t)facts.st_ino;
    }
}

static enum rc open_input(struct log_tail *tail, struct log_stream *left)
{
    tail->input = left;
    return left ? RC_OK : log_stream_new(STDIN_FILENO, &tail->input);
}

static enum rc add_watches(struct log_tail *tail, const struct log_tail_options *options)
{
    const struct watchers *watchers = options->watchers;
    enum rc rc = RC_OK;

    while (watchers_log_at(watchers, tail->n_watches))
        tail->n_watches++;
    tail->watches = calloc(tail->n_watches + 1, sizeof *tail->watches);
    if (!tail->watches)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < tail->n_watches && !rc; i++) {
        struct tail_watch *of = &tail->watches[i];

        of->watch = watchers_log_at(watchers, i);
        of->is_first = true;
        rc = map_new(&of->troubles);
        rc = rc ? rc : map_new(&of->left_alone);
        if (of->watch->is_stdin)
            tail->input_watch = i;
        for (size_t j = 0; j < of->watch->paths.n_items && !rc; j++)
            rc = log_dirs_add(tail->dirs, i, of->watch->paths.items[j].ptr, of->watch->scan_ms);
        if (!rc && of->watch->is_stdin)
            rc = open_input(tail, options->input);
    }
    return rc;
}

static enum rc poll_for(struct log_tail *tail, int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data = { .fd = fd } };

    return epoll_ctl(tail->epoll_fd, EPOLL_CTL_ADD, fd, &event) && errno != EEXIST ? RC_IO : RC_OK;
}

static enum rc open_all(struct log_tail *tail)
{
    const struct log_dirs_listener listener = { .context = tail,
                                                .on_path = tail_on_path,
                                                .on_event = tail_on_event,
                                                .on_trouble = tail_on_trouble };
    enum rc rc = RC_OK;

    TAILQ_INIT(&tail->all);
    TAILQ_INIT(&tail->ready);
    TAILQ_INIT(&tail->open);
    TAILQ_INIT(&tail->dirty);
    TAILQ_INIT(&tail->graves);
    TAILQ_INIT(&tail->all_places);
    tail->dirs_fd = -1;
    tail->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    tail->buffer = malloc(OFFSET_TAIL_BYTES + TAIL_READ_BYTES);
    tail->lines = calloc(TAIL_BATCH_LINES, sizeof *tail->lines);
    if (tail->epoll_fd < 0)
        return RC_IO;
    if (!tail->buffer || !tail->lines)
        return RC_NO_MEMORY;
    rc = map_new(&tail->names);
    if (!rc)
        rc = map_new(&tail->inodes);
    if (!rc)
        rc = map_new(&tail->places);
    if (!rc)
        rc = map_new(&tail->stems);
    if (!rc)
        rc = map_new(&tail->links);
    if (!rc)
        rc = arena_new(LINKS_BYTES, &tail->link_arena);
    if (!rc)
        rc = log_listing_new(&tail->listing);
    if (!rc)
        rc = pattern_scratch_new(&tail->scratch);
    return rc ? rc : log_dirs_new(&listener, &tail->dirs);
}

enum rc log_tail_new(const struct log_tail_options *options, struct log_tail **tail)
{
    struct log_tail *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->sink = options->sink;
    made->now_ms = options->now_ms;
    made->now_mono_ms = clock_mono_ms();
    made->is_starting = true;
    pthread_mutex_init(&made->lock, NULL);
    find_own_log(made);
    rc = open_all(made);
    if (!rc)
        rc = add_watches(made, options);
    if (!rc)
        rc = tail_add_rows(made, options->rows, options->n_rows);
    if (rc) {
        if (made->input == options->input)
            made->input = NULL; /* still the caller's */
        log_tail_free(made);
    } else {
        *tail = made;
    }
    return rc;
}

void log_tail_free(struct log_tail *tail)
{
    if (!tail)
        return;
    if (tail->lines)
        tail_free_all(tail);
    for (size_t i = 0; tail->watches && i < tail->n_watches; i++) {
        map_free(tail->watches[i].troubles);
        map_free(tail->watches[i].left_alone);
    }
    if (tail->epoll_fd >= 0)
        close(tail->epoll_fd);
    log_stream_free(tail->input);
    log_dirs_free(tail->dirs);
    map_free(tail->names);
    map_free(tail->inodes);
    map_free(tail->places);
    map_free(tail->stems);
    map_free(tail->links);
    arena_free(tail->link_arena);
    log_listing_free(tail->listing);
    pattern_scratch_free(tail->scratch);
    pthread_mutex_destroy(&tail->lock);
    free(tail->watches);
    free(tail->buffer);
    free(tail->lines);
    free(tail->forgotten);
    free(tail);
}

int log_tail_fd(const struct log_tail *tail)
{
    return tail->epoll_fd;
}

void log_tail_wake(struct log_tail *tail)
{
    tail->is_blocked = false;
}

enum rc log_tail_flush(struct log_tail *tail, int64_t now_ms)
{
    enum rc rc = RC_OK;

    tail->now_ms = now_ms;
    while (tail->is_dirty && !rc)
        rc = tail_store_rows(tail);
    return rc;
}

/* -- scanning -- */

/* Paths that led somewhere and were not found any more. For a while, files may come and be rotated there between two looks. */
static void look_at_vanished(struct log_tail *tail)
{
    struct place *place;

    TAILQ_FOREACH(place, &tail->all_places, all)
    {
        if (place->scan == tail->scan)
            continue;
        if (place->live)
            tail_look_at(tail, place->watch, place->path);
        else if (place->seen_ms &&
                 (tail->is_starting || tail->now_mono_ms - place->left_mono_ms < TAIL_VANISHED_MS))
            (void)tail_find_again(tail, place);
    }
}

static void look_at_directories(struct log_tail *tail)
{
    map_clear(tail->links);
    arena_reset(tail->link_arena);
    tail->is_first_pass = tail->is_starting;
    if (tail->is_first_pass)
        log_dirs_scan(tail->dirs);
    tail->is_first_pass = false;
    log_dirs_scan(tail->dirs);
    if (log_dirs_fd(tail->dirs) != tail->dirs_fd && !poll_for(tail, log_dirs_fd(tail->dirs)))
        tail->dirs_fd = log_dirs_fd(tail->dirs);
}

static int64_t after(int64_t now_mono_ms, int64_t wait_ms)
{
    return wait_ms < INT64_MAX - now_mono_ms ? now_mono_ms + wait_ms : INT64_MAX;
}

static void scan(struct log_tail *tail)
{
    tail->scan++;
    look_at_directories(tail);
    look_at_vanished(tail);
    if (tail->is_starting)
        log_dirs_each_name(tail->dirs, tail_on_name, tail);
    tail->is_dirty |= tail->is_starting; /* that it ran is to be stored */
    tail->is_starting = false;
    for (size_t i = 0; i < tail->n_watches; i++)
        tail->watches[i].scanned_ms = tail->now_ms;
    tail->scan_mono_ms = after(tail->now_mono_ms, log_dirs_scan_ms(tail->dirs));
}

/* A closed file that no name leads to. Whether it was moved where we look shows until the next time; a directory that is not there may come back. */
static void look_for_closed(struct log_tail *tail, struct tailed *tailed)
{
    if (tail_is_there(tailed)) {
        if (tailed->file->is_rotated)
            tailed->file->seen_ms = tail->now_ms;
        if (!tailed->is_at_end)
            tail_set_ready(tail, tailed);
    } else if (tailed->is_named) {
        tail_unname(tail, tailed, tailed->file->path);
    } else if (tail->now_ms - tailed->file->seen_ms > TAIL_FORGET_MS) {
        tail_give_up(tail, tailed, "the file was not seen for a day");
    } else if (tailed->file->is_rotated &&
               tail->now_mono_ms - tailed->unnamed_mono_ms >= TAIL_RECONCILE_MS) {
        (void)tail_find_again(tail, tailed->place);
    }
}

static void reconcile(struct log_tail *tail)
{
    struct tailed *tailed, *next;

    scan(tail);
    for (tailed = TAILQ_FIRST(&tail->all); tailed; tailed = next) {
        next = TAILQ_NEXT(tailed, all);
        if (!tailed->is_forgotten && tailed->file->fd < 0)
            look_for_closed(tail, tailed);
    }
    tail_sweep_places(tail);
    tail->reconcile_mono_ms = tail->now_mono_ms + TAIL_RECONCILE_MS;
}

/* -- what waits for its time -- */

/* What is not whole is not waited for for ever. */
static int64_t give_up_waiting(struct log_tail *tail, struct tailed *tailed)
{
    const struct log_watch *watch = tail->watches[tailed->watch].watch;
    bool has_event = tailed->n_left > tailed->n_last_line;
    int64_t due =
        tailed->grown_mono_ms + (has_event ? watch->multiline.wait_ms : watch->last_line_ms);

    if (!tailed->n_left)
        return INT64_MAX;
    if (due > tail->now_mono_ms)
        return due;
    tailed->end = has_event ? CUT_EVENT_OVER : CUT_OVER;
    tail_set_ready(tail, tailed);
    return INT64_MAX;
}

/* What is rotated is closed after a while, what is gone soon; until then it is looked at, as nobody may tell of it. */
static int64_t let_go(struct log_tail *tail, struct tailed *tailed)
{
    int64_t due, next = tail->now_mono_ms + TAIL_LEAVING_MS;
    struct stat facts;

    if (fstat(tailed->file->fd, &facts) || (int64_t)facts.st_size != tailed->n_known) {
        tail_set_ready(tail, tailed);
        return INT64_MAX;
    }
    due = tailed->grown_mono_ms + (facts.st_nlink ? TAIL_ROTATED_QUIET_MS : TAIL_GONE_QUIET_MS);
    if (due > tail->now_mono_ms)
        return due < next ? due : next;
    if (tailed->n_left) {
        tailed->end = CUT_OVER;
        tail_set_ready(tail, tailed);
    } else if (facts.st_nlink && tailed->file->n_head) {
        tail_close(tail, tailed);
        tailed->is_finished = true;
    } else {
        tail_forget(tail, tailed); /* an empty one, too: any file would be taken for it */
    }
    return INT64_MAX;
}

static int64_t look_after(struct log_tail *tail, struct tailed *tailed)
{
    int64_t due = INT64_MAX;

    if (!tailed->is_at_end || tailed->is_ready)
        return due;
    due = give_up_waiting(tail, tailed);
    if (!tailed->is_ready && (tailed->file->is_rotated || !tailed->is_named))
        due = earlier_of(due, let_go(tail, tailed));
    return due;
}

static int64_t look_after_open(struct log_tail *tail)
{
    struct tailed *tailed, *next;
    int64_t due = INT64_MAX;

    for (tailed = TAILQ_FIRST(&tail->open); tailed; tailed = next) {
        next = TAILQ_NEXT(tailed, open);
        due = earlier_of(due, look_after(tail, tailed));
    }
    return due;
}

/* -- reading -- */

static void read_ready(struct log_tail *tail)
{
    for (size_t i = 0; i < TAIL_PIECES_A_STEP && !TAILQ_EMPTY(&tail->ready); i++) {
        struct tailed *tailed = TAILQ_FIRST(&tail->ready);

        while (tail->must_store)
            if (tail_store_rows(tail)) {
                tail->is_blocked = true;
                return;
            }
        tail_unset_ready(tail, tailed);
        if (!tail_read(tail, tailed)) {
            tail->is_blocked = true;
            return;
        }
    }
}

static struct log_stream_use input_use(const struct log_tail *tail)
{
    return (struct log_stream_use){ .watch = tail->watches[tail->input_watch].watch,
                                    .sink = &tail->sink,
                                    .scratch = tail->scratch,
                                    .lines = tail->lines,
                                    .n_lines = TAIL_BATCH_LINES };
}

static void count_input(struct log_tail *tail, const struct log_stream_result *result)
{
    struct log_facts *facts = &tail->watches[tail->input_watch].facts;

    facts->n_lines += result->n_lines;
    facts->n_bytes += result->n_bytes;
    facts->n_cut += result->n_cut;
    if (result->n_bytes)
        facts->last_ms = tail->now_ms;
}

static void read_input(struct log_tail *tail)
{
    const struct log_stream_use use = input_use(tail);
    struct log_stream_result result = { 0 };

    if (!tail->input)
        return;
    log_stream_read(tail->input, &use, tail->now_mono_ms, &result);
    tail->is_blocked |= result.is_blocked;
    count_input(tail, &result);
    if (!result.is_over)
        return;
    log_stream_free(tail->input);
    tail->input = NULL;
    tail_tell(tail, tail->input_watch, "standard input", "it has ended");
}

struct log_stream *log_tail_take_input(struct log_tail *tail)
{
    struct log_stream *input = tail->input;

    tail->input = NULL;
    return input;
}

enum rc log_tail_end_input(struct log_tail *tail, int64_t now_ms)
{
    const struct log_stream_use use = input_use(tail);
    struct log_stream_result result = { 0 };

    if (!tail->input)
        return RC_OK;
    pthread_mutex_lock(&tail->lock);
    tail->now_ms = now_ms;
    log_stream_end(tail->input, &use, &result);
    count_input(tail, &result);
    pthread_mutex_unlock(&tail->lock);
    return result.is_blocked ? RC_BUSY : RC_OK;
}

void log_tail_lose_input(struct log_tail *tail)
{
    if (!tail->input)
        return;
    pthread_mutex_lock(&tail->lock);
    tail_lose(tail, tail->input_watch, "standard input", (int64_t)log_stream_n_waiting(tail->input),
              "there was no room for them before it was let go");
    pthread_mutex_unlock(&tail->lock);
}

static void add_fact(struct log_facts *facts, const struct tailed *tailed)
{
    int64_t lag_bytes = log_file_lag_bytes(tailed->file);
    size_t place = facts->n_facts < LOG_FACTS_FILES ? facts->n_facts : LOG_FACTS_FILES;
    struct log_file_fact *fact;

    while (place && lag_bytes > facts->files[place - 1].size - facts->files[place - 1].offset)
        place--;
    if (place == LOG_FACTS_FILES)
        return;
    if (facts->n_facts < LOG_FACTS_FILES)
        facts->n_facts++;
    memmove(&facts->files[place + 1], &facts->files[place],
            (facts->n_facts - place - 1) * sizeof *facts->files);
    fact = &facts->files[place];
    *fact = (struct log_file_fact){ .offset = tailed->file->offset,
                                    .size = tailed->file->size,
                                    .is_rotated = tailed->file->is_rotated,
                                    .is_open = tailed->file->fd >= 0 };
    snprintf(fact->path, sizeof fact->path, "%s", tailed->file->path);
}

void log_tail_facts(struct log_tail *tail, size_t watch, struct log_facts *facts)
{
    struct tailed *tailed;

    pthread_mutex_lock(&tail->lock);
    *facts = tail->watches[watch].facts;
    facts->n_facts = 0;
    facts->lag_bytes = 0;
    facts->n_open = 0;
    TAILQ_FOREACH(tailed, &tail->all, all)
    {
        if (tailed->watch != watch)
            continue;
        facts->lag_bytes += log_file_lag_bytes(tailed->file);
        facts->n_open += tailed->file->fd >= 0;
        add_fact(facts, tailed);
    }
    pthread_mutex_unlock(&tail->lock);
}

static void read_all(struct log_tail *tail)
{
    if (tail->is_blocked)
        return;
    read_input(tail);
    if (!tail->is_blocked)
        read_ready(tail);
}

static void store_when_due(struct log_tail *tail)
{
    if (!tail->is_dirty || tail->is_blocked || tail->now_mono_ms < tail->store_mono_ms)
        return;
    tail->is_blocked = tail_store_rows(tail) != RC_OK;
    tail->store_mono_ms = tail->is_dirty ? tail->now_mono_ms : tail->now_mono_ms + TAIL_STORE_MS;
}

/* What waits in a pipe while there is no room would wake whoever polls us again and again. */
static void hear_input(struct log_tail *tail)
{
    struct epoll_event event = { .events = EPOLLIN };
    bool is_wanted = tail->input && !tail->is_blocked;

    if (is_wanted == tail->hears_input)
        return;
    /* A file is always readable, and cannot be polled. */
    (void)epoll_ctl(tail->epoll_fd, is_wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, STDIN_FILENO,
                    &event);
    tail->hears_input = is_wanted;
}

static int64_t do_step(struct log_tail *tail)
{
    bool lost = false;
    int64_t due;

    log_dirs_read(tail->dirs, &lost);
    if (tail->is_starting || tail->now_mono_ms >= tail->reconcile_mono_ms)
        reconcile(tail);
    else if (lost || tail->now_mono_ms >= tail->scan_mono_ms)
        scan(tail);
    read_all(tail);
    due = look_after_open(tail);
    store_when_due(tail);
    due = earlier_of(due, earlier_of(tail->scan_mono_ms, tail->reconcile_mono_ms));
    if (tail->is_blocked)
        return earlier_of(due, tail->now_mono_ms + LOG_TAIL_BLOCKED_MS);
    if (tail->is_dirty)
        due = earlier_of(due, tail->store_mono_ms);
    if (tail->input)
        due = earlier_of(due, log_stream_due_mono_ms(tail->input));
    return TAILQ_EMPTY(&tail->ready) ? due : tail->now_mono_ms;
}

void log_tail_step(struct log_tail *tail, int64_t now_ms, int64_t now_mono_ms, int64_t *due_mono_ms)
{
    pthread_mutex_lock(&tail->lock);
    tail->now_ms = now_ms;
    tail->now_mono_ms = now_mono_ms;
    *due_mono_ms = do_step(tail);
    hear_input(tail);
    tail_bury(tail);
    pthread_mutex_unlock(&tail->lock);
}
