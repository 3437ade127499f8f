/* tailed_logs.h - a directory of logs, somebody who writes and rotates them, and a tail whose lines are kept as a store would keep them.
 *
 * A line counts when what it came with is committed. A crash throws the tail and all that was not committed away; the next tail begins with the rows that were. Time stands still
 * but for world_pass: no test waits. */
#pragma once

#include "src/base/clock.h"
#include "watchers/log_lines.h"
#include "watchers/log_tail_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct world_line {
    char *text;
    size_t len;
    char path[160];
    bool is_partial, is_truncated;
};

struct world_row {
    struct ulid id;
    struct file_offset row;
    char path[PATH_MAX], live_path[PATH_MAX];
    char head[OFFSET_HEAD_BYTES], tail[OFFSET_TAIL_BYTES];
    char watcher[64];
};

/* What the sink was given, not committed yet. */
struct world_gift {
    struct world_gift *next;
    struct world_line *lines;
    size_t n_lines;
    bool is_loose; /* of lines: no row came with them, it comes later */
    struct ulid loose_id;
    struct world_row *rows;
    size_t n_rows;
    struct ulid *forgotten;
    size_t n_forgotten;
    int64_t n_lost;
    bool is_store;
};

struct world {
    char directory[64];
    struct arena *arena;
    struct problems *problems;
    struct watchers *watchers;
    struct log_tail *tail;
    struct log_stream *input; /* that the next tail goes on with */
    int64_t now_ms, mono_ms, due_mono_ms;
    struct world_row *rows;
    size_t n_rows;
    struct world_line *lines;
    size_t n_lines, n_lines_room;
    struct world_gift *gifts, **last_gift;
    bool is_busy;
    int n_until_busy;  /* takes that are taken before there is no room; -1: all */
    bool keeps_loose;  /* lines matter to nobody: their rows come later */
    bool commits_late; /* world_commit is called by the test */
    int64_t n_lost;
    unsigned n_loses, n_tells, n_overs, n_left_alone;
    char told[256], told_path[256];
    size_t n_steps;
    FILE *story; /* what happens; NULL: nobody wants to know */
};

/* -- the sink -- */

static inline void world_free_gift(struct world_gift *gift)
{
    for (size_t i = 0; i < gift->n_lines; i++)
        free(gift->lines[i].text);
    free(gift->lines);
    free(gift->rows);
    free(gift->forgotten);
    free(gift);
}

static inline struct world_gift *world_add_gift(struct world *world)
{
    struct world_gift *gift = calloc(1, sizeof *gift);

    assert_non_null(gift);
    *world->last_gift = gift;
    world->last_gift = &gift->next;
    return gift;
}

static inline void world_copy(char *to, size_t limit, struct slice from, struct slice *kept)
{
    assert_true(from.len < limit || (from.len == limit && limit != PATH_MAX));
    if (from.len)
        memcpy(to, from.ptr, from.len);
    if (from.len < limit)
        to[from.len] = '\0';
    if (!slice_is_absent(from))
        *kept = (struct slice){ to, from.len };
}

static inline void world_point(struct world_row *kept)
{
    if (kept->row.path.ptr)
        kept->row.path.ptr = kept->path;
    if (kept->row.live_path.ptr)
        kept->row.live_path.ptr = kept->live_path;
    kept->row.head.ptr = kept->head;
    kept->row.tail.ptr = kept->tail;
    kept->row.watcher.ptr = kept->watcher;
}

static inline void world_keep_row(const struct file_offset *row, struct world_row *kept)
{
    kept->row = *row;
    kept->id = row->id;
    assert_true(row->offset >= 0 && row->head.len <= OFFSET_HEAD_BYTES);
    world_copy(kept->path, PATH_MAX, row->path, &kept->row.path);
    world_copy(kept->live_path, PATH_MAX, row->live_path, &kept->row.live_path);
    world_copy(kept->head, OFFSET_HEAD_BYTES, row->head, &kept->row.head);
    world_copy(kept->tail, OFFSET_TAIL_BYTES, row->tail, &kept->row.tail);
    world_copy(kept->watcher, sizeof kept->watcher, row->watcher, &kept->row.watcher);
}

static inline void world_put_row(struct world *world, const struct world_row *row)
{
    size_t place = 0;

    while (place < world->n_rows && ulid_compare(world->rows[place].id, row->id) < 0)
        place++;
    if (place == world->n_rows || ulid_compare(world->rows[place].id, row->id) != 0) {
        world->rows = realloc(world->rows, (world->n_rows + 1) * sizeof *world->rows);
        assert_non_null(world->rows);
        memmove(&world->rows[place + 1], &world->rows[place],
                (world->n_rows - place) * sizeof *world->rows);
        world->n_rows++;
    }
    world->rows[place] = *row;
}

static inline void world_remove_row(struct world *world, struct ulid id)
{
    for (size_t i = 0; i < world->n_rows; i++) {
        if (ulid_compare(world->rows[i].id, id) != 0)
            continue;
        memmove(&world->rows[i], &world->rows[i + 1],
                (world->n_rows - i - 1) * sizeof *world->rows);
        world->n_rows--;
        return;
    }
}

static inline void world_count_lines(struct world *world, struct world_gift *gift)
{
    if (world->n_lines + gift->n_lines > world->n_lines_room) {
        world->n_lines_room = 2 * (world->n_lines + gift->n_lines);
        world->lines = realloc(world->lines, world->n_lines_room * sizeof *world->lines);
        assert_non_null(world->lines);
    }
    if (gift->n_lines)
        memcpy(&world->lines[world->n_lines], gift->lines, gift->n_lines * sizeof *gift->lines);
    world->n_lines += gift->n_lines;
    gift->n_lines = 0;
}

/* Is a row of this id stored, or removed, by a gift from here on? */
static inline bool world_is_covered(const struct world_gift *gift, struct ulid id)
{
    for (; gift; gift = gift->next) {
        for (size_t i = 0; i < gift->n_rows; i++)
            if (!ulid_compare(gift->rows[i].id, id))
                return true;
        for (size_t i = 0; i < gift->n_forgotten; i++)
            if (!ulid_compare(gift->forgotten[i], id))
                return true;
    }
    return false;
}

/* What is told as lost is told once more where the row that says so does not follow. */
static inline bool world_has_rows(const struct world_gift *gift)
{
    for (; gift; gift = gift->next)
        if (gift->is_store)
            return true;
    return false;
}

/* Lines whose row has not come yet stay where they are. */
static inline void world_commit(struct world *world)
{
    struct world_gift **place = &world->gifts;

    while (*place) {
        struct world_gift *gift = *place;

        for (size_t i = 0; i < gift->n_rows; i++) {
            world_point(&gift->rows[i]);
            world_put_row(world, &gift->rows[i]);
        }
        for (size_t i = 0; i < gift->n_forgotten; i++)
            world_remove_row(world, gift->forgotten[i]);
        if ((gift->is_loose && !world_is_covered(gift->next, gift->loose_id)) ||
            (gift->n_lost && !world_has_rows(gift->next))) {
            place = &gift->next;
            continue;
        }
        world_count_lines(world, gift);
        world->n_lost += gift->n_lost;
        *place = gift->next;
        world_free_gift(gift);
    }
    world->last_gift = place;
}

static inline enum rc world_take(void *context, const struct log_batch *batch, bool *stored)
{
    struct world *world = context;
    struct world_gift *gift;

    if (world->is_busy || !world->n_until_busy)
        return RC_BUSY;
    world->n_until_busy -= world->n_until_busy > 0;
    assert_true(batch->n_lines > 0);
    gift = world_add_gift(world);
    gift->lines = calloc(batch->n_lines, sizeof *gift->lines);
    assert_non_null(gift->lines);
    gift->n_lines = batch->n_lines;
    for (size_t i = 0; i < batch->n_lines; i++) {
        const struct log_line *line = &batch->lines[i];

        assert_true(line->text.ptr >= batch->bytes.ptr &&
                    line->text.ptr + line->text.len <= batch->bytes.ptr + batch->bytes.len);
        gift->lines[i] = (struct world_line){ .text = calloc(1, line->text.len + 1),
                                              .len = line->text.len,
                                              .is_partial = line->is_partial,
                                              .is_truncated = line->is_truncated };
        assert_non_null(gift->lines[i].text);
        memcpy(gift->lines[i].text, line->text.ptr, line->text.len);
        assert_true(batch->path.len < sizeof gift->lines[i].path);
        if (batch->path.len)
            memcpy(gift->lines[i].path, batch->path.ptr, batch->path.len);
    }
    if (world->story)
        fprintf(world->story, "  took %zu of %s: %.16s… to %.16s…\n", gift->n_lines,
                gift->lines[0].path, gift->lines[0].text, gift->lines[gift->n_lines - 1].text);
    *stored = !world->keeps_loose && batch->row;
    gift->is_loose = world->keeps_loose && batch->row;
    if (gift->is_loose)
        gift->loose_id = batch->row->id;
    if (*stored) {
        gift->rows = calloc(1, sizeof *gift->rows);
        assert_non_null(gift->rows);
        gift->n_rows = 1;
        world_keep_row(batch->row, gift->rows);
    }
    if (!world->commits_late)
        world_commit(world);
    return RC_OK;
}

static inline enum rc world_store(void *context, const struct log_rows *rows)
{
    struct world *world = context;
    struct world_gift *gift;

    if (world->is_busy)
        return RC_BUSY;
    gift = world_add_gift(world);
    gift->rows = calloc(rows->n_rows + 1, sizeof *gift->rows);
    gift->forgotten = calloc(rows->n_forgotten + 1, sizeof *gift->forgotten);
    assert_non_null(gift->rows);
    assert_non_null(gift->forgotten);
    for (size_t i = 0; i < rows->n_rows; i++)
        world_keep_row(&rows->rows[i], &gift->rows[i]);
    gift->is_store = true;
    gift->n_rows = rows->n_rows;
    gift->n_forgotten = rows->n_forgotten;
    if (rows->n_forgotten)
        memcpy(gift->forgotten, rows->forgotten, rows->n_forgotten * sizeof *rows->forgotten);
    if (!world->commits_late)
        world_commit(world);
    return RC_OK;
}

static inline void world_tell(void *context, const struct log_watch *watch, const char *path,
                              const char *why)
{
    struct world *world = context;

    (void)watch;
    if (!why) {
        world->n_overs++;
        return;
    }
    world->n_tells++;
    snprintf(world->told, sizeof world->told, "%s", why);
    snprintf(world->told_path, sizeof world->told_path, "%s", path ? path : "");
}

static inline void world_leave(void *context, const struct log_watch *watch, const char *path,
                               const char *why)
{
    struct world *world = context;

    (void)watch;
    world->n_left_alone++;
    snprintf(world->told, sizeof world->told, "%s", why);
    snprintf(world->told_path, sizeof world->told_path, "%s", path);
}

static inline void world_lose(void *context, const struct log_watch *watch, const char *path,
                              int64_t n_bytes, const char *why)
{
    struct world *world = context;

    (void)watch;
    assert_true(n_bytes > 0 && why);
    if (world->story)
        fprintf(world->story, "  lost %d of %s: %s\n", (int)n_bytes, path, why);
    world_add_gift(world)->n_lost = n_bytes;
    world->n_loses++;
    if (!world->commits_late)
        world_commit(world);
}

/* -- life -- */

static inline struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof *world);

    if (!world)
        abort();
    snprintf(world->directory, sizeof world->directory, "%s/vedette-tail-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(world->directory) || arena_new((size_t)16 << 20, &world->arena) ||
        problems_new(&world->problems))
        abort();
    world->last_gift = &world->gifts;
    world->n_until_busy = -1;
    world->now_ms = clock_real_ms();
    world->mono_ms = clock_mono_ms();
    return world;
}

/* `yaml`: the list of watchers; each @ in it is the directory. */
static inline void world_watch(struct world *world, const char *yaml)
{
    struct node *root = NULL;
    struct buffer text;

    buffer_init(&text, 0);
    buffer_add_text(&text, "watchers:\n");
    for (; *yaml; yaml++) {
        if (*yaml == '@')
            buffer_add_text(&text, world->directory);
        else
            buffer_add_byte(&text, *yaml);
    }
    assert_int_equal(
        document_parse(SLICE("x.yaml"), buffer_slice(&text), world->arena, world->problems, &root),
        RC_OK);
    assert_int_equal(watchers_load(node_find(root, "watchers"), SLICE("/"), false, world->arena,
                                   world->problems, &world->watchers),
                     RC_OK);
    buffer_free(&text);
}

static inline void world_start(struct world *world)
{
    struct file_offset *rows = calloc(world->n_rows + 1, sizeof *rows);
    struct log_tail_options options = { .watchers = world->watchers,
                                        .rows = rows,
                                        .n_rows = world->n_rows,
                                        .sink = { .context = world,
                                                  .take = world_take,
                                                  .store = world_store,
                                                  .tell = world_tell,
                                                  .leave = world_leave,
                                                  .lose = world_lose },
                                        .now_ms = world->now_ms,
                                        .input = world->input };

    assert_non_null(rows);
    for (size_t i = 0; i < world->n_rows; i++) {
        world_point(&world->rows[i]);
        rows[i] = world->rows[i].row;
        if (world->story)
            fprintf(world->story, "  row %s%s: %d of %d, %d bytes of head, seen at %d\n",
                    rows[i].path.ptr ? rows[i].path.ptr : "(watcher)",
                    rows[i].is_rotated ? " (rotated)" : "", (int)rows[i].offset, (int)rows[i].size,
                    (int)rows[i].head.len, (int)(rows[i].seen_ms % 10000000));
    }
    assert_int_equal(log_tail_new(&options, &world->tail), RC_OK);
    free(rows);
}

/* kill -9 at any moment. */
static inline void world_crash(struct world *world)
{
    log_tail_free(world->tail);
    world->tail = NULL;
    while (world->gifts) {
        struct world_gift *gift = world->gifts;

        world->gifts = gift->next;
        world_free_gift(gift);
    }
    world->last_gift = &world->gifts;
}

static inline int world_remove_one(const char *path, const struct stat *stat, int kind,
                                   struct FTW *place)
{
    (void)stat;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void world_free(struct world *world)
{
    if (!world)
        return;
    world_crash(world);
    for (size_t i = 0; i < world->n_lines; i++)
        free(world->lines[i].text);
    free(world->lines);
    free(world->rows);
    watchers_free(world->watchers);
    arena_free(world->arena);
    problems_free(world->problems);
    nftw(world->directory, world_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(world);
}

/* -- time -- */

#define WORLD_MAX_STEPS 20000

static inline bool world_has_events(const struct world *world)
{
    struct pollfd wait = { .fd = log_tail_fd(world->tail), .events = POLLIN };

    return poll(&wait, 1, 0) > 0;
}

/* Steps until nothing is to be done now. */
static inline void world_step(struct world *world)
{
    size_t n_steps = 0;

    do {
        assert_true(n_steps++ < WORLD_MAX_STEPS);
        log_tail_step(world->tail, world->now_ms, world->mono_ms, &world->due_mono_ms);
        world->n_steps++;
    } while (world->due_mono_ms <= world->mono_ms || world_has_events(world));
}

/* As its owner drives it: whenever something is readable or due. */
static inline void world_pass(struct world *world, int64_t wait_ms)
{
    int64_t end_mono_ms = world->mono_ms + wait_ms;

    world_step(world);
    while (world->mono_ms < end_mono_ms) {
        int64_t next = world->due_mono_ms < end_mono_ms ? world->due_mono_ms : end_mono_ms;

        world->now_ms += next - world->mono_ms;
        world->mono_ms = next;
        world_step(world);
    }
}

/* Time without anybody looking. */
static inline void world_sleep(struct world *world, int64_t wait_ms)
{
    world->now_ms += wait_ms;
    world->mono_ms += wait_ms;
}

/* -- files -- */

static inline const char *world_path(const struct world *world, const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, PATH_MAX, "%s/%s", world->directory, name);
    return path;
}

/* Files are written in the world's time. */
static inline void world_touch(const struct world *world, int fd)
{
    const struct timespec now = { .tv_sec = world->now_ms / 1000,
                                  .tv_nsec = world->now_ms % 1000 * 1000000 };
    const struct timespec times[] = { now, now };

    assert_int_equal(futimens(fd, times), 0);
}

static inline void world_write(const struct world *world, const char *name, int flags,
                               struct slice text)
{
    int fd = open(world_path(world, name), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), (ssize_t)text.len);
    world_touch(world, fd);
    close(fd);
}

static inline void world_append(const struct world *world, const char *name, const char *text)
{
    world_write(world, name, O_APPEND, slice_of(text));
}

static inline void world_replace(const struct world *world, const char *name, const char *text)
{
    world_write(world, name, O_TRUNC, slice_of(text));
}

static inline void world_rename(const struct world *world, const char *from, const char *to)
{
    assert_int_equal(rename(world_path(world, from), world_path(world, to)), 0);
}

static inline void world_unlink(const struct world *world, const char *name)
{
    assert_int_equal(unlink(world_path(world, name)), 0);
}

static inline void world_copy_file(const struct world *world, const char *from, const char *to)
{
    static char bytes[1 << 20];
    int fd = open(world_path(world, from), O_RDONLY | O_CLOEXEC);
    ssize_t n_read;

    assert_true(fd >= 0);
    world_replace(world, to, "");
    while ((n_read = read(fd, bytes, sizeof bytes)) > 0)
        world_write(world, to, O_APPEND, (struct slice){ bytes, (size_t)n_read });
    close(fd);
}

/* As logrotate does: the copy first. */
static inline void world_copytruncate(const struct world *world, const char *name, const char *to)
{
    world_copy_file(world, name, to);
    world_replace(world, name, "");
}

/* -- claims -- */

static inline bool world_has(const struct world *world, size_t i, const char *text)
{
    return i < world->n_lines && world->lines[i].len == strlen(text) &&
           !memcmp(world->lines[i].text, text, world->lines[i].len);
}

/* These and no others have come since the last claim, in this order; ended by NULL. */
static inline void world_claim_lines(struct world *world, const char *const *texts,
                                     const char *file, int line)
{
    size_t n_texts = 0;

    while (texts[n_texts])
        n_texts++;
    for (size_t i = 0; i < n_texts || i < world->n_lines; i++) {
        if (i < n_texts && world_has(world, i, texts[i]))
            continue;
        print_error("%s:%d: line %zu is \"%s\", not \"%s\"\n", file, line, i,
                    i < world->n_lines ? world->lines[i].text : "(none)",
                    i < n_texts ? texts[i] : "(none)");
        for (size_t j = 0; j < world->n_lines; j++)
            print_error("  %zu: %s (%s)\n", j, world->lines[j].text, world->lines[j].path);
        fail();
    }
    for (size_t i = 0; i < world->n_lines; i++)
        free(world->lines[i].text);
    world->n_lines = 0;
}
#define CLAIM_LINES(world, ...)                                                                    \
    world_claim_lines((world), (const char *const[]){ __VA_ARGS__, NULL }, __FILE__, __LINE__)
#define CLAIM_NO_LINES(world)                                                                      \
    world_claim_lines((world), (const char *const[]){ NULL }, __FILE__, __LINE__)

static inline size_t world_n_open(void)
{
    DIR *stream = opendir("/proc/self/fd");
    size_t n_open = 0;

    assert_non_null(stream);
    while (readdir(stream))
        n_open++;
    closedir(stream);
    return n_open;
}
