#include "watchers/log_file.h"

#include "watchers/log_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOLE_PIECES 64 /* of NULs that are looked through at once */

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
    (*file)->state = row->is_skipping      ? CUT_SKIPPING
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

/* A copy may have been made before all of its first bytes were there. */
static bool shares_head(const struct log_file *file, int fd, int64_t size)
{
    size_t n_shared = size < (int64_t)file->n_head ? (size_t)size : file->n_head;

    return n_shared && holds(fd, 0, file->head, n_shared);
}

bool log_file_is_read_in(const struct log_file *file, int fd, int64_t size)
{
    return size >= file->offset && shares_head(file, fd, size) &&
           holds(fd, file->offset - (int64_t)file->n_tail, file->tail, file->n_tail);
}

bool log_file_shares_head(const struct log_file *file, int fd)
{
    struct stat facts;

    return !fstat(fd, &facts) && shares_head(file, fd, (int64_t)facts.st_size);
}

bool log_file_has_changed(struct log_file *file)
{
    struct stat facts;

    if (fstat(file->fd, &facts) || (!file->n_head && !file->offset))
        return false;
    return (int64_t)facts.st_size < (int64_t)file->n_head ||
           !log_file_is_read_in(file, file->fd, (int64_t)facts.st_size);
}

static bool is_same_piece(int a, int b, off_t offset, size_t len)
{
    uint8_t in_a[OFFSET_HEAD_BYTES], in_b[OFFSET_HEAD_BYTES];

    return pread(a, in_a, len, offset) == (ssize_t)len &&
           pread(b, in_b, len, offset) == (ssize_t)len && !memcmp(in_a, in_b, len);
}

bool log_file_begins_with(int whole_fd, int fd)
{
    struct stat whole, part;
    size_t n_head;

    if (fstat(fd, &part) || fstat(whole_fd, &whole) || part.st_size > whole.st_size)
        return false;
    n_head = part.st_size < OFFSET_HEAD_BYTES ? (size_t)part.st_size : OFFSET_HEAD_BYTES;
    return is_same_piece(whole_fd, fd, 0, n_head) &&
           is_same_piece(whole_fd, fd, part.st_size - (off_t)n_head, n_head);
}

bool log_file_is_compressed(int fd)
{
    char head[8];
    ssize_t n_head = pread(fd, head, sizeof head, 0);

    return n_head > 0 && log_is_compressed((struct slice){ head, (size_t)n_head });
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

/* A hole, and the NULs of the block in which it ends. */
static void skip_hole(struct log_file *file)
{
    char piece[4096];
    off_t start = lseek(file->fd, (off_t)file->offset, SEEK_DATA);
    ssize_t n_read, n_nuls;
    int n_pieces = 0;

    if (start < 0)
        start = errno == ENXIO ? (off_t)file->size : (off_t)file->offset;
    do {
        n_read = pread(file->fd, piece, sizeof piece, start);
        for (n_nuls = 0; n_nuls < n_read && !piece[n_nuls]; n_nuls++)
            ;
        start += n_nuls;
    } while (n_nuls && n_nuls == n_read && ++n_pieces < HOLE_PIECES);
    file->offset = (int64_t)start;
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
    if (!file->n_tail && file->size > file->offset)
        skip_hole(file);
    /* What stands before the offset comes with the same read: so what follows is what followed it. */
    n_read = pread(file->fd, buffer, n_buffer, (off_t)(file->offset - (int64_t)file->n_tail));
    if (n_read < 0)
        return LOG_READ_FAILED;
    if ((size_t)n_read < file->n_tail || memcmp(buffer, file->tail, file->n_tail) != 0)
        return LOG_READ_CHANGED;
    *bytes = (struct slice){ buffer + file->n_tail, (size_t)n_read - file->n_tail };
    if (file->offset + (int64_t)bytes->len > file->size)
        file->size = file->offset + (int64_t)bytes->len;
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

void log_file_begin_again(struct log_file *file)
{
    struct stat facts;

    file->n_head = file->n_tail = 0;
    file->offset = 0;
    file->state = CUT_AT_LINE;
    log_file_keep_pending(file, (struct slice){ 0 });
    if (!fstat(file->fd, &facts))
        file->size = (int64_t)facts.st_size;
    log_file_learn_head(file);
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

void log_file_go_on_as(struct log_file *file, const struct log_file *old)
{
    file->id = old->id;
    memcpy(file->tail, old->tail, sizeof old->tail);
    file->n_tail = old->n_tail;
    file->offset = old->offset;
    file->state = old->state;
}

int64_t log_file_lag_bytes(const struct log_file *file)
{
    return file->size > file->offset ? file->size - file->offset : 0;
}
