#include "watchers/log_tail_private.h"

#include "watchers/log_stream.h"
#include "watchers/trusted_open.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* -- names and inodes -- */

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

static struct slice inode_slice(const struct inode_key *key)
{
    return (struct slice){ (const char *)key, sizeof *key };
}

struct tailed *tail_find_name(const struct log_tail *tail, size_t watch, const char *path)
{
    char key[NAME_KEY_BYTES];

    return map_get(tail->names, name_key(key, watch, path));
}

struct tailed *tail_find_inode(const struct log_tail *tail, size_t watch, int64_t device,
                               int64_t inode)
{
    const struct inode_key key = { .watch = watch, .device = device, .inode = inode };

    return map_get(tail->inodes, inode_slice(&key));
}

static void set_inode(struct log_tail *tail, struct tailed *tailed)
{
    const struct inode_key key = { .watch = tailed->watch,
                                   .device = tailed->file->device,
                                   .inode = tailed->file->inode };

    map_put(tail->inodes, inode_slice(&key), tailed);
}

static void unset_inode(struct log_tail *tail, struct tailed *tailed)
{
    const struct inode_key key = { .watch = tailed->watch,
                                   .device = tailed->file->device,
                                   .inode = tailed->file->inode };

    if (map_get(tail->inodes, inode_slice(&key)) == tailed)
        map_remove(tail->inodes, inode_slice(&key));
}

void tail_name(struct log_tail *tail, struct tailed *tailed, const char *path)
{
    char key[NAME_KEY_BYTES];

    if (strcmp(tailed->file->path, path) != 0) {
        tail_unname(tail, tailed, tailed->file->path);
        if (log_file_rename(tailed->file, path))
            return; /* it keeps its old name, and is found again by its inode */
        tail_set_dirty(tail, tailed);
    }
    map_put(tail->names, name_key(key, tailed->watch, path), tailed);
    tailed->is_named = true;
}

struct tailed *tail_find_owner(const struct log_tail *tail, size_t watch, const char *path)
{
    char key[NAME_KEY_BYTES];

    return map_get(tail->owners, name_key(key, watch, path));
}

static void disown(struct log_tail *tail, struct tailed *tailed)
{
    char key[NAME_KEY_BYTES];

    if (tailed->live_path && tail_find_owner(tail, tailed->watch, tailed->live_path) == tailed)
        map_remove(tail->owners, name_key(key, tailed->watch, tailed->live_path));
    free(tailed->live_path);
    tailed->live_path = NULL;
}

void tail_own(struct log_tail *tail, struct tailed *tailed, const char *path)
{
    char key[NAME_KEY_BYTES];

    if (!tailed->live_path || strcmp(tailed->live_path, path) != 0) {
        disown(tail, tailed);
        tailed->live_path = strdup(path);
    }
    map_put(tail->owners, name_key(key, tailed->watch, path), tailed);
}

void tail_unname(struct log_tail *tail, struct tailed *tailed, const char *path)
{
    char key[NAME_KEY_BYTES];
    struct slice name = name_key(key, tailed->watch, path);

    if (map_get(tail->names, name) == tailed)
        map_remove(tail->names, name);
    if (!strcmp(tailed->file->path, path))
        tailed->is_named = false;
}

/* -- what is tailed -- */

void tail_set_ready(struct log_tail *tail, struct tailed *tailed)
{
    if (tailed->is_ready)
        return;
    tailed->is_ready = true;
    TAILQ_INSERT_TAIL(&tail->ready, tailed, ready);
}

static void unset_ready(struct log_tail *tail, struct tailed *tailed)
{
    if (!tailed->is_ready)
        return;
    tailed->is_ready = false;
    TAILQ_REMOVE(&tail->ready, tailed, ready);
}

void tail_set_dirty(struct log_tail *tail, struct tailed *tailed)
{
    tailed->is_dirty = true;
    tail->is_dirty = true;
}

enum rc tail_make_id(struct log_tail *tail, struct ulid *id)
{
    return ulid_make(&tail->ids, tail->now_ms, id);
}

enum rc tail_add(struct log_tail *tail, size_t watch, struct log_file *file, struct tailed **tailed)
{
    struct tailed *made = calloc(1, sizeof *made);

    if (!made) {
        log_file_free(file);
        return RC_NO_MEMORY;
    }
    made->watch = watch;
    made->file = file;
    made->grown_mono_ms = tail->now_mono_ms;
    TAILQ_INSERT_TAIL(&tail->all, made, all);
    set_inode(tail, made);
    tail->watches[watch].facts.n_files++;
    if (file->fd >= 0) {
        TAILQ_INSERT_TAIL(&tail->open, made, open);
        tail->n_open++;
    }
    *tailed = made;
    return RC_OK;
}

void tail_close(struct log_tail *tail, struct tailed *tailed)
{
    if (tailed->file->fd < 0)
        return;
    TAILQ_REMOVE(&tail->open, tailed, open);
    tail->n_open--;
    log_file_close(tailed->file);
}

static void free_tailed(struct log_tail *tail, struct tailed *tailed)
{
    struct tailed *other;

    tail_close(tail, tailed);
    unset_ready(tail, tailed);
    unset_inode(tail, tailed);
    tail_unname(tail, tailed, tailed->file->path);
    disown(tail, tailed);
    TAILQ_REMOVE(&tail->all, tailed, all);
    TAILQ_FOREACH (other, &tail->all, all)
        if (other->before == tailed)
            other->before = tailed->before;
    tail->watches[tailed->watch].facts.n_files--;
    log_file_free(tailed->file);
    free(tailed);
}

void tail_forget(struct log_tail *tail, struct tailed *tailed)
{
    if (tail->n_forgotten == tail->n_forgotten_room) {
        size_t n_room = tail->n_forgotten_room ? 2 * tail->n_forgotten_room : 64;
        struct ulid *grown = realloc(tail->forgotten, n_room * sizeof *grown);

        if (!grown)
            return; /* once more when it is looked at again */
        tail->forgotten = grown;
        tail->n_forgotten_room = n_room;
    }
    tail->forgotten[tail->n_forgotten++] = tailed->file->id;
    tail->is_dirty = true;
    free_tailed(tail, tailed);
}

/* The one that was read longest ago makes room, if there is nothing in it that could be lost. */
static void close_idle(struct log_tail *tail)
{
    struct tailed *tailed, *next;

    for (tailed = TAILQ_FIRST(&tail->open); tailed && tail->n_open >= TAIL_MAX_OPEN;
         tailed = next) {
        next = TAILQ_NEXT(tailed, open);
        if (tailed->is_at_end && tailed->is_named && !tailed->n_left)
            tail_close(tail, tailed);
    }
}

void tail_take_descriptor(struct log_tail *tail, struct tailed *tailed, int fd,
                          const struct stat *facts)
{
    tail_close(tail, tailed);
    close_idle(tail);
    unset_inode(tail, tailed);
    log_file_take(tailed->file, fd, facts);
    set_inode(tail, tailed);
    TAILQ_INSERT_TAIL(&tail->open, tailed, open);
    tail->n_open++;
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
    rc = trusted_open(file->path, &fd, &facts, &why);
    if (rc == RC_DENIED || rc == RC_FULL)
        tail_tell(tail, tailed->watch, file->path,
                  why ? why : "no file descriptor is left: raise LimitNOFILE");
    if (rc)
        return rc;
    tail_tell(tail, tailed->watch, file->path, NULL);
    if ((int64_t)facts.st_dev != file->device || (int64_t)facts.st_ino != file->inode) {
        close(fd);
        return RC_NOT_FOUND;
    }
    tail_take_descriptor(tail, tailed, fd, &facts);
    return RC_OK;
}

int64_t tail_mtime_ns(const struct stat *facts)
{
    return (int64_t)facts->st_mtim.tv_sec * 1000000000 + facts->st_mtim.tv_nsec;
}

/* -- telling -- */

void tail_tell(struct log_tail *tail, size_t watch, const char *path, const char *why)
{
    struct tail_watch *of = &tail->watches[watch];
    struct slice key = slice_of(path);
    const char *before = map_get(of->troubles, key);

    if (before == why)
        return;
    if (why)
        map_put(of->troubles, key, (void *)(uintptr_t)why);
    else
        map_remove(of->troubles, key);
    of->facts.n_troubles = map_count(of->troubles);
    if (why)
        snprintf(of->facts.trouble, sizeof of->facts.trouble, "%s: %s", path, why);
    else if (!of->facts.n_troubles)
        of->facts.trouble[0] = '\0';
    tail->sink.tell(tail->sink.context, of->watch, path, why);
}

void tail_lose(struct log_tail *tail, size_t watch, const char *path, int64_t n_bytes,
               const char *why)
{
    if (n_bytes <= 0)
        return;
    tail->watches[watch].facts.lost_bytes += n_bytes;
    tail->sink.lose(tail->sink.context, tail->watches[watch].watch, path, n_bytes, why);
}

bool tail_is_own(const struct log_tail *tail, const struct stat *facts)
{
    for (size_t i = 0; i < 2; i++)
        if (tail->own_inode[i] && tail->own_inode[i] == (int64_t)facts->st_ino &&
            tail->own_device[i] == (int64_t)facts->st_dev)
            return true;
    return false;
}

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

static enum rc add_watches(struct log_tail *tail, const struct watchers *watchers)
{
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
        if (of->watch->is_stdin)
            tail->input_watch = i;
        for (size_t j = 0; j < of->watch->paths.n_items && !rc; j++)
            rc = log_dirs_add(tail->dirs, i, of->watch->paths.items[j].ptr, of->watch->scan_ms > 0);
        if (!rc && of->watch->is_stdin)
            rc = log_stream_new(STDIN_FILENO, &tail->input);
    }
    return rc;
}

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

/* A row without a path says that the watcher ran before: what it finds now is new. */
static enum rc add_rows(struct log_tail *tail, const struct log_tail_options *options)
{
    for (size_t i = 0; i < options->n_rows; i++) {
        const struct file_offset *row = &options->rows[i];
        struct log_file *file;
        struct tailed *tailed;
        size_t watch;
        enum rc rc;

        if (!find_watch(tail, row->watcher, &watch))
            continue; /* of a watcher that is not there now, and may be again */
        tail->watches[watch].is_first = false;
        if (slice_is_absent(row->path))
            continue;
        rc = log_file_of_row(tail->watches[watch].watch, row, &file);
        if (!rc)
            rc = tail_add(tail, watch, file, &tailed);
        if (rc)
            return rc;
        tail_name(tail, tailed, file->path);
        if (!file->is_rotated)
            tail_own(tail, tailed, file->path);
        tailed->is_finished = file->is_rotated;
        tailed->n_known = file->size;
        tailed->mtime_ns = -1; /* whatever it is now, it is looked at */
    }
    return RC_OK;
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
        rc = map_new(&tail->owners);
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
        rc = add_watches(made, options->watchers);
    if (!rc)
        rc = add_rows(made, options);
    if (!rc && made->input)
        /* A file as standard input is always readable, and epoll will not have it: it is read at every step. */
        (void)!poll_for(made, STDIN_FILENO);
    if (rc)
        log_tail_free(made);
    else
        *tail = made;
    return rc;
}

void log_tail_free(struct log_tail *tail)
{
    if (!tail)
        return;
    while (tail->all.tqh_last && !TAILQ_EMPTY(&tail->all))
        free_tailed(tail, TAILQ_FIRST(&tail->all));
    for (size_t i = 0; tail->watches && i < tail->n_watches; i++)
        map_free(tail->watches[i].troubles);
    if (tail->epoll_fd >= 0)
        close(tail->epoll_fd);
    log_stream_free(tail->input);
    log_dirs_free(tail->dirs);
    map_free(tail->names);
    map_free(tail->inodes);
    map_free(tail->owners);
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

/* -- rows -- */

#define ROWS_AT_ONCE 256

static enum rc store_some(struct log_tail *tail, struct file_offset *rows, size_t n_rows)
{
    const struct log_rows stored = { .rows = rows,
                                     .n_rows = n_rows,
                                     .forgotten = tail->forgotten,
                                     .n_forgotten = tail->n_forgotten };
    enum rc rc = tail->sink.store(tail->sink.context, &stored);

    if (!rc)
        tail->n_forgotten = 0;
    return rc;
}

/* That a watcher has run is a row as well: what appears in its paths from now on is new. */
static size_t add_first_rows(struct log_tail *tail, struct file_offset *rows)
{
    size_t n_rows = 0;

    for (size_t i = 0; i < tail->n_watches && n_rows < ROWS_AT_ONCE; i++) {
        struct tail_watch *of = &tail->watches[i];

        if (!of->is_first || of->watch->is_stdin ||
            ulid_make(&tail->ids, tail->now_ms, &rows[n_rows].id))
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

static enum rc store_rows(struct log_tail *tail)
{
    struct file_offset rows[ROWS_AT_ONCE] = { 0 };
    struct tailed *batch[ROWS_AT_ONCE];
    size_t n_first = tail->is_starting ? 0 : add_first_rows(tail, rows);
    size_t n_rows = n_first;
    struct tailed *tailed;
    enum rc rc = RC_OK;

    TAILQ_FOREACH (tailed, &tail->all, all) {
        if (!tailed->is_dirty)
            continue;
        batch[n_rows] = tailed;
        rows[n_rows++] = log_file_row(tailed->file);
        if (n_rows == ROWS_AT_ONCE)
            break;
    }
    if (n_rows || tail->n_forgotten)
        rc = store_some(tail, rows, n_rows);
    if (rc)
        return rc;
    for (size_t i = n_first; i < n_rows; i++)
        batch[i]->is_dirty = false;
    if (n_first)
        forget_first(tail);
    tail->is_dirty = n_rows == ROWS_AT_ONCE;
    return RC_OK;
}

enum rc log_tail_flush(struct log_tail *tail, int64_t now_ms)
{
    enum rc rc = RC_OK;

    tail->now_ms = now_ms;
    while (tail->is_dirty && !rc)
        rc = store_rows(tail);
    return rc;
}

/* -- a step -- */

/* Paths that led somewhere and were not found any more. */
static void look_at_vanished(struct log_tail *tail)
{
    struct tailed *tailed, *next;

    for (tailed = TAILQ_FIRST(&tail->all); tailed; tailed = next) {
        next = TAILQ_NEXT(tailed, all);
        if (tailed->scan != tail->scan && !tailed->file->is_rotated && tailed->live_path)
            tail_look_at(tail, tailed->watch, tailed->live_path);
    }
}

static void scan(struct log_tail *tail)
{
    tail->scan++;
    log_dirs_scan(tail->dirs);
    look_at_vanished(tail);
    if (log_dirs_fd(tail->dirs) != tail->dirs_fd && !poll_for(tail, log_dirs_fd(tail->dirs)))
        tail->dirs_fd = log_dirs_fd(tail->dirs);
    if (tail->is_starting)
        tail->is_dirty = true; /* that it ran is to be stored */
    tail->is_starting = false;
    tail->scan_mono_ms =
        log_dirs_must_scan(tail->dirs) ? tail->now_mono_ms + TAIL_SCAN_MS : INT64_MAX;
}

/* What is rotated is closed after a while, what is gone soon; what is not whole is not waited for for ever. */
static void look_after(struct log_tail *tail, struct tailed *tailed, int64_t *due_mono_ms)
{
    const struct log_watch *watch = tail->watches[tailed->watch].watch;
    int64_t due = INT64_MAX;
    struct stat facts;

    if (tailed->file->fd < 0 || !tailed->is_at_end || tailed->is_ready)
        return;
    if (tailed->n_left > tailed->n_last_line)
        due = tailed->grown_mono_ms + watch->multiline.wait_ms;
    else if (tailed->n_last_line)
        due = tailed->grown_mono_ms + watch->last_line_ms;
    if (due <= tail->now_mono_ms) {
        tailed->end = tailed->n_left > tailed->n_last_line ? CUT_EVENT_OVER : CUT_OVER;
        tail_set_ready(tail, tailed);
        return;
    }
    if (tailed->file->is_rotated || !tailed->is_named) {
        bool is_gone = !fstat(tailed->file->fd, &facts) && !facts.st_nlink;
        int64_t close_due =
            tailed->grown_mono_ms + (is_gone ? TAIL_GONE_QUIET_MS : TAIL_ROTATED_QUIET_MS);

        if (close_due <= tail->now_mono_ms && tailed->n_left) {
            tailed->end = CUT_OVER;
            tail_set_ready(tail, tailed);
        } else if (close_due <= tail->now_mono_ms && is_gone) {
            tail_forget(tail, tailed);
            return;
        } else if (close_due <= tail->now_mono_ms) {
            tail_close(tail, tailed);
            tailed->is_finished = true;
            tail_set_dirty(tail, tailed);
            return;
        }
        due = due < close_due ? due : close_due;
    }
    *due_mono_ms = *due_mono_ms < due ? *due_mono_ms : due;
}

static void look_after_all(struct log_tail *tail, int64_t *due_mono_ms)
{
    struct tailed *tailed, *next;

    for (tailed = TAILQ_FIRST(&tail->open); tailed; tailed = next) {
        next = TAILQ_NEXT(tailed, open);
        look_after(tail, tailed, due_mono_ms);
    }
}

/* Rows of closed files whose names lead elsewhere by now, and which nobody has found under another. */
static void forget_old(struct log_tail *tail)
{
    struct tailed *tailed, *next;
    struct stat facts;

    for (tailed = TAILQ_FIRST(&tail->all); tailed; tailed = next) {
        next = TAILQ_NEXT(tailed, all);
        if (tailed->file->fd >= 0)
            continue;
        if (!stat(tailed->file->path, &facts) &&
            (int64_t)facts.st_ino == tailed->file->inode &&
            (int64_t)facts.st_dev == tailed->file->device)
            tailed->file->seen_ms = tail->now_ms;
        else if (tail->now_ms - tailed->file->seen_ms > TAIL_FORGET_MS)
            tail_forget(tail, tailed);
    }
}

static void reconcile(struct log_tail *tail)
{
    tail->reconcile_mono_ms = tail->now_mono_ms + TAIL_RECONCILE_MS;
    scan(tail);
    forget_old(tail);
}

static void read_ready(struct log_tail *tail)
{
    for (size_t i = 0; i < TAIL_PIECES_A_STEP && !TAILQ_EMPTY(&tail->ready); i++) {
        struct tailed *tailed = TAILQ_FIRST(&tail->ready);

        unset_ready(tail, tailed);
        if (!tail_read(tail, tailed)) {
            tail->is_blocked = true;
            return;
        }
    }
}

static void read_input(struct log_tail *tail)
{
    struct tail_watch *of = &tail->watches[tail->input_watch];
    const struct log_stream_use use = { .watch = of->watch,
                                        .sink = &tail->sink,
                                        .scratch = tail->scratch,
                                        .lines = tail->lines,
                                        .n_lines = TAIL_BATCH_LINES };
    struct log_stream_result result = { 0 };

    if (!tail->input)
        return;
    log_stream_read(tail->input, &use, tail->now_mono_ms, &result);
    tail->is_blocked |= result.is_blocked;
    of->facts.n_lines += result.n_lines;
    of->facts.n_bytes += result.n_bytes;
    of->facts.n_cut += result.n_cut;
    if (result.n_bytes)
        of->facts.last_ms = tail->now_ms;
    if (!result.is_over)
        return;
    (void)epoll_ctl(tail->epoll_fd, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
    log_stream_free(tail->input);
    tail->input = NULL;
    tail_tell(tail, tail->input_watch, "standard input", "it has ended");
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
    TAILQ_FOREACH (tailed, &tail->all, all) {
        if (tailed->watch != watch)
            continue;
        facts->lag_bytes += log_file_lag_bytes(tailed->file);
        facts->n_open += tailed->file->fd >= 0;
        add_fact(facts, tailed);
    }
    pthread_mutex_unlock(&tail->lock);
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void do_step(struct log_tail *tail, int64_t *due_mono_ms)
{
    bool lost = false;
    int64_t due = INT64_MAX;

    log_dirs_read(tail->dirs, &lost);
    if (lost || tail->is_starting || tail->now_mono_ms >= tail->scan_mono_ms)
        scan(tail);
    if (tail->now_mono_ms >= tail->reconcile_mono_ms)
        reconcile(tail);
    if (!tail->is_blocked) {
        read_input(tail);
        read_ready(tail);
    }
    look_after_all(tail, &due);
    if (tail->is_dirty && tail->now_mono_ms >= tail->store_mono_ms && !tail->is_blocked) {
        tail->is_blocked |= store_rows(tail) != RC_OK;
        tail->store_mono_ms = tail->now_mono_ms + TAIL_STORE_MS;
    }
    due = earliest(due, earliest(tail->scan_mono_ms, tail->reconcile_mono_ms));
    if (tail->is_dirty)
        due = earliest(due, tail->store_mono_ms);
    if (tail->input)
        due = earliest(due, log_stream_due_mono_ms(tail->input));
    if (!TAILQ_EMPTY(&tail->ready))
        due = tail->now_mono_ms;
    /* Whoever has no room calls us when there is some. */
    *due_mono_ms = tail->is_blocked ? tail->reconcile_mono_ms : due;
}

void log_tail_step(struct log_tail *tail, int64_t now_ms, int64_t now_mono_ms, int64_t *due_mono_ms)
{
    pthread_mutex_lock(&tail->lock);
    tail->now_ms = now_ms;
    tail->now_mono_ms = now_mono_ms;
    do_step(tail, due_mono_ms);
    pthread_mutex_unlock(&tail->lock);
}
