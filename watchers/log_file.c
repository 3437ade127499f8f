#include "watchers/log_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- life -- */

static enum rc new_file(const struct log_watch *watch, struct slice path, struct ulid id,
                        struct log_file **file)
{
    struct log_file *made = calloc(1, sizeof *made);

    if (!made)
        return RC_NO_MEMORY;
    made->watch = watch;
    made->id = id;
    made->fd = -1;
    made->path = path.len ? strndup(path.ptr, path.len) : strdup("");
    if (!made->path) {
        free(made);
        return RC_NO_MEMORY;
    }
    *file = made;
    return RC_OK;
}

enum rc log_file_new(const struct log_watch *watch, const char *path, struct ulid id,
                     struct log_file **file)
{
    return new_file(watch, slice_of(path), id, file);
}

static size_t copy_bytes(uint8_t *to, size_t limit, struct slice from)
{
    size_t len = from.len < limit ? from.len : limit;

    if (len)
        memcpy(to, from.ptr, len);
    return len;
}

enum rc log_file_of_row(const struct log_watch *watch, const struct file_offset *row,
                        struct log_file **file)
{
    enum rc rc = new_file(watch, row->path, row->id, file);

    if (rc)
        return rc;
    (*file)->device = row->device;
    (*file)->inode = row->inode;
    (*file)->n_head = copy_bytes((*file)->head, OFFSET_HEAD_BYTES, row->head);
    (*file)->n_tail = copy_bytes((*file)->tail, OFFSET_TAIL_BYTES, row->tail);
    (*file)->offset = row->offset;
    (*file)->size = row->size;
    (*file)->state = row->is_skipping     ? CUT_SKIPPING
                     : row->is_within_line ? CUT_WITHIN_LINE
                                           : CUT_AT_LINE;
    (*file)->is_rotated = row->is_rotated;
    (*file)->seen_ms = row->seen_ms;
    return RC_OK;
}

void log_file_close(struct log_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

void log_file_free(struct log_file *file)
{
    if (!file)
        return;
    log_file_close(file);
    log_file_keep_pending(file, (struct slice){ 0 });
    free(file->path);
    free(file);
}

enum rc log_file_rename(struct log_file *file, const char *path)
{
    char *copy = strdup(path);

    if (!copy)
        return RC_NO_MEMORY;
    free(file->path);
    file->path = copy;
    return RC_OK;
}

void log_file_take(struct log_file *file, int fd, const struct stat *facts)
{
    log_file_close(file);
    file->fd = fd;
    file->device = (int64_t)facts->st_dev;
    file->inode = (int64_t)facts->st_ino;
    file->size = (int64_t)facts->st_size;
}

struct file_offset log_file_row(const struct log_file *file)
{
    return (struct file_offset){ .id = file->id,
                                 .watcher = file->watch->name,
                                 .path = slice_of(file->path),
                                 .device = file->device,
                                 .inode = file->inode,
                                 .head = { (const char *)file->head, file->n_head },
                                 .tail = { (const char *)file->tail, file->n_tail },
                                 .offset = file->offset,
                                 .size = file->size,
                                 .is_within_line = file->state == CUT_WITHIN_LINE,
                                 .is_skipping = file->state == CUT_SKIPPING,
                                 .is_rotated = file->is_rotated,
                                 .seen_ms = file->seen_ms };
}

/* -- is it the same? -- */

static bool holds(int fd, int64_t offset, const uint8_t *wanted, size_t len)
{
    uint8_t found[OFFSET_HEAD_BYTES];

    return !len ||
           (pread(fd, found, len, (off_t)offset) == (ssize_t)len && !memcmp(found, wanted, len));
}

bool log_file_is_in(const struct log_file *file, int fd)
{
    return holds(fd, 0, file->head, file->n_head) &&
           holds(fd, file->offset - (int64_t)file->n_tail, file->tail, file->n_tail);
}

bool log_file_begins_as(const struct log_file *file, int fd)
{
    uint8_t found[OFFSET_HEAD_BYTES];
    ssize_t n_found = file->n_head ? pread(fd, found, file->n_head, 0) : 0;

    return n_found > 0 && !memcmp(found, file->head, (size_t)n_found);
}

/* -- reading -- */

/* The first bytes never change in a file that is only added to: as many as there are say who it is. */
void log_file_learn_head(struct log_file *file)
{
    uint8_t found[OFFSET_HEAD_BYTES];
    ssize_t n_found;

    if (file->fd < 0 || file->n_head == OFFSET_HEAD_BYTES)
        return;
    n_found = pread(file->fd, found, sizeof found, 0);
    if (n_found <= (ssize_t)file->n_head || memcmp(found, file->head, file->n_head) != 0)
        return;
    memcpy(file->head, found, (size_t)n_found);
    file->n_head = (size_t)n_found;
}

enum log_read log_file_read(struct log_file *file, char *buffer, size_t n_buffer,
                            struct slice *bytes)
{
    struct stat facts;
    ssize_t n_read;

    if (fstat(file->fd, &facts))
        return LOG_READ_FAILED;
    file->size = (int64_t)facts.st_size;
    if (file->size < file->offset || !holds(file->fd, 0, file->head, file->n_head))
        return LOG_READ_CHANGED;
    /* What stands before the offset comes with the same read: so what follows is what followed it. */
    n_read = pread(file->fd, buffer, n_buffer, (off_t)(file->offset - (int64_t)file->n_tail));
    if (n_read < 0)
        return LOG_READ_FAILED;
    if ((size_t)n_read < file->n_tail || memcmp(buffer, file->tail, file->n_tail) != 0)
        return LOG_READ_CHANGED;
    *bytes = (struct slice){ buffer + file->n_tail, (size_t)n_read - file->n_tail };
    if (file->offset + (int64_t)bytes->len > file->size)
        file->size = file->offset + (int64_t)bytes->len;
    if (file->size > (int64_t)file->n_head)
        log_file_learn_head(file);
    return bytes->len ? LOG_READ_DATA : LOG_READ_NOTHING;
}

void log_file_advance(struct log_file *file, struct slice bytes, size_t n_bytes)
{
    /* `bytes` stands behind the tail that was read with it. */
    size_t n_known = file->n_tail + n_bytes;
    size_t n_tail = n_known < OFFSET_TAIL_BYTES ? n_known : OFFSET_TAIL_BYTES;

    if (!n_bytes)
        return;
    memcpy(file->tail, bytes.ptr + n_bytes - n_tail, n_tail);
    file->n_tail = n_tail;
    file->offset += (int64_t)n_bytes;
}

static int64_t leading_nuls(int fd)
{
    char piece[4096];
    off_t start = lseek(fd, 0, SEEK_DATA);
    ssize_t n_read = start < 0 ? 0 : pread(fd, piece, sizeof piece, start);
    ssize_t n_nuls = 0;

    while (n_nuls < n_read && !piece[n_nuls])
        n_nuls++;
    /* Nothing but NULs so far: whatever is to follow has not been written yet. */
    return n_read > 0 && (start || n_nuls) ? (int64_t)start + n_nuls : 0;
}

void log_file_begin_again(struct log_file *file, struct ulid id, int64_t *n_skipped)
{
    struct stat facts;

    *n_skipped = leading_nuls(file->fd);
    file->id = id;
    file->n_head = file->n_tail = 0;
    file->offset = *n_skipped;
    file->state = CUT_AT_LINE;
    file->is_rotated = false;
    log_file_keep_pending(file, (struct slice){ 0 });
    if (!fstat(file->fd, &facts))
        file->size = (int64_t)facts.st_size;
}

enum rc log_file_skip_to_end(struct log_file *file)
{
    ssize_t n_read;
    char last;

    file->offset = file->size;
    file->n_tail = file->size < OFFSET_TAIL_BYTES ? (size_t)file->size : OFFSET_TAIL_BYTES;
    n_read = pread(file->fd, file->tail, file->n_tail, (off_t)(file->size - (int64_t)file->n_tail));
    if (n_read != (ssize_t)file->n_tail)
        return RC_IO;
    if (file->size > (int64_t)file->n_head)
        log_file_learn_head(file);
    /* Somebody is in the middle of a line: its rest is no line. */
    last = file->n_tail ? (char)file->tail[file->n_tail - 1] : '\n';
    file->state = last == '\n' ? CUT_AT_LINE : CUT_SKIPPING;
    return RC_OK;
}

void log_file_keep_pending(struct log_file *file, struct slice bytes)
{
    char *copy = bytes.len ? malloc(bytes.len) : NULL;

    free((void *)(uintptr_t)file->pending.ptr);
    if (copy)
        memcpy(copy, bytes.ptr, bytes.len);
    file->pending = (struct slice){ copy, copy ? bytes.len : 0 };
}

int64_t log_file_lag_bytes(const struct log_file *file)
{
    return file->size > file->offset ? file->size - file->offset : 0;
}
