#include "watchers/log_search.h"

#include "watchers/log_names.h"
#include "watchers/log_search_private.h"
#include "watchers/trusted_open.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOTES_MAX 10
#define NOTE_BYTES 512
#define HEAD_BYTES 8
/* Of one line as JSON. */
#define LINE_ARENA_BYTES ((size_t)8 << 20)
/* Clocks of hosts that share files differ, and a line may say a later time than its file. */
#define MTIME_SLACK_MS MINUTE_MS

bool search_is_over(const struct searching *searching)
{
    const struct log_search *search = searching->search;

    return search->is_over && search->is_over(search->context);
}

void search_note(struct searching *searching, const char *format, ...)
{
    struct search_notes *notes = &searching->notes;
    char note[NOTE_BYTES];
    va_list arguments;

    notes->n_notes++;
    if (notes->n_notes > NOTES_MAX)
        return;
    va_start(arguments, format);
    (void)vsnprintf(note, sizeof note, format, arguments);
    va_end(arguments);
    buffer_format(&notes->text, "\n(%s)", note);
}

static void end_notes(struct search_notes *notes)
{
    if (notes->n_notes > NOTES_MAX)
        buffer_format(&notes->text, "\n(%zu more of the like.)", notes->n_notes - NOTES_MAX);
}

/* -- one file -- */

static bool is_too_old(const struct searching *searching, const struct search_file *file)
{
    return file->mtime_ns / 1000000 < searching->from_ms - MTIME_SLACK_MS;
}

/* Two names, or two patterns, may lead to one file. */
static bool was_read(const struct searching *searching, const struct stat *facts)
{
    for (size_t i = 0; i < searching->n_files; i++) {
        const struct search_file *file = &searching->files[i];

        if (file->is_read && file->device == facts->st_dev && file->inode == facts->st_ino)
            return true;
    }
    return false;
}

static bool is_compressed(int fd)
{
    char head[HEAD_BYTES];
    ssize_t n = pread(fd, head, sizeof head, 0);

    return n > 0 && log_is_compressed((struct slice){ head, (size_t)n });
}

static enum rc read_opened(struct searching *searching, struct search_file *file, int fd,
                           const struct stat *facts, int64_t max_bytes)
{
    enum rc rc;

    if (was_read(searching, facts))
        return RC_OK;
    file->is_read = true;
    file->mtime_ns = search_mtime_ns(facts);
    file->device = facts->st_dev;
    file->inode = facts->st_ino;
    searching->n_searched++;
    if (is_compressed(fd)) {
        search_note(searching, "%s is compressed: it was not searched.", file->path);
        return RC_OK;
    }
    rc = search_read_stretch(searching, file, fd, facts->st_size, max_bytes);
    return rc ? rc : search_take_lines(searching, file);
}

static const char *why_of(enum rc rc, const char *why)
{
    if (why)
        return why;
    return rc == RC_NOT_FOUND ? "there is no such file" : rc_text(rc);
}

/* One file that cannot be read is no reason not to look at the others. */
static enum rc refuse_file(struct searching *searching, const struct search_file *file, enum rc rc,
                           const char *why)
{
    search_note(searching, "%s: %s.", file->path, why_of(rc, why));
    if (searching->trouble_rc)
        return RC_OK;
    searching->trouble_rc = rc == RC_NOT_FOUND ? RC_NOT_FOUND : RC_DENIED;
    return arena_format(searching->arena, &searching->trouble, "%s: %s", file->path,
                        why_of(rc, why));
}

static bool is_about_us(enum rc rc)
{
    return rc == RC_NO_MEMORY || rc == RC_TIMEOUT;
}

static enum rc search_file(struct searching *searching, struct search_file *file, int64_t max_bytes)
{
    const char *why = NULL;
    struct stat facts;
    int fd = -1;
    enum rc rc = trusted_open(file->path, &fd, &facts, &why);

    if (!rc)
        rc = read_opened(searching, file, fd, &facts, max_bytes);
    if (fd >= 0)
        close(fd);
    return rc && !is_about_us(rc) ? refuse_file(searching, file, rc, why) : rc;
}

/* -- all of them -- */

/* What one file does not need is there for the next ones. */
static enum rc search_files(struct searching *searching)
{
    int64_t n_left = LOG_SEARCH_BYTES;
    size_t n_newer = 0;
    enum rc rc = RC_OK;

    while (n_newer < searching->n_files && !is_too_old(searching, &searching->files[n_newer]))
        n_newer++;
    searching->n_searched += searching->n_files - n_newer;
    if (!n_newer && searching->n_files)
        search_note(searching, "No file was written since then; the newest is %s.",
                    searching->files[0].path);
    for (size_t i = 0; i < n_newer && !rc; i++) {
        struct search_file *file = &searching->files[i];

        if (search_is_over(searching))
            return RC_TIMEOUT;
        rc = search_file(searching, file, n_left / (int64_t)(n_newer - i));
        n_left -= (int64_t)file->n_bytes;
    }
    return rc;
}

/* The files of one path together, in the order in which they were written. */
static int in_reading_order(const void *a, const void *b)
{
    const struct search_file *one = a, *other = b;
    int order = strcmp(one->base, other->base);

    if (order)
        return order;
    if (one->mtime_ns != other->mtime_ns)
        return one->mtime_ns < other->mtime_ns ? -1 : 1;
    return -strcmp(one->path, other->path);
}

static enum rc say_that_none_was_read(const struct searching *searching, struct log_found *found)
{
    const struct slice_list *paths = &searching->search->watch->paths;

    if (searching->trouble_rc) {
        found->why = searching->trouble;
        return searching->trouble_rc;
    }
    if (arena_format(searching->arena, &found->why, "no file is there: %.*s",
                     SLICE_ARG(paths->items[0])))
        return RC_NO_MEMORY;
    return RC_NOT_FOUND;
}

static enum rc search_all(struct searching *searching, struct log_found *found)
{
    enum rc rc = search_list_files(searching);

    if (!rc)
        rc = search_files(searching);
    if (rc)
        return rc;
    if (!searching->n_searched)
        return say_that_none_was_read(searching, found);
    end_notes(&searching->notes);
    qsort(searching->files, searching->n_files, sizeof *searching->files, in_reading_order);
    rc = search_choose(searching);
    return rc ? rc : search_write(searching, found);
}

static void free_searching(struct searching *searching)
{
    for (size_t i = 0; i < searching->n_files; i++)
        free(searching->files[i].bytes);
    free(searching->lines);
    buffer_free(&searching->notes.text);
    arena_free(searching->line_arena);
    pattern_scratch_free(searching->scratch);
}

/* What has no files to be read again. A kind of watcher whose lines lie elsewhere is searched from here. */
static const char *why_not_files(const struct log_watch *watch)
{
    return watch->is_stdin ? "standard input cannot be searched: what was read is gone" : NULL;
}

enum rc log_search(const struct log_search *search, struct arena *arena, struct log_found *found)
{
    struct searching searching = { .search = search,
                                   .arena = arena,
                                   .from_ms = search->first_ms - search->around_ms,
                                   .to_ms = search->last_ms + search->around_ms };
    const char *why = why_not_files(search->watch);
    enum rc rc;

    *found = (struct log_found){ .why = slice_of(why) };
    if (why)
        return RC_DENIED;
    buffer_init(&searching.notes.text, 0);
    rc = pattern_scratch_new(&searching.scratch);
    if (!rc)
        rc = arena_new(LINE_ARENA_BYTES, &searching.line_arena);
    if (!rc)
        rc = search_all(&searching, found);
    free_searching(&searching);
    return rc;
}
