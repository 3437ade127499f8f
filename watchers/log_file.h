/* log_file.h - one file of a log, from its beginning to its end: known again by its content, read from where it was left.
 *
 * A file is device, inode, its first bytes and those just before the place up to which it was read. An inode alone is nothing: it is used again, and copytruncate keeps it. What was
 * not consumed is read again: the file is the buffer. */
#pragma once

#include "src/store/offsets.h"
#include "watchers/line_cut.h"

#include <sys/stat.h>

struct log_file {
    const struct log_watch *watch;
    struct ulid id; /* of its row */
    char *path;     /* its name now, or the last it had */
    int fd;         /* -1: closed */
    int64_t device, inode;
    uint8_t head[OFFSET_HEAD_BYTES];
    size_t n_head;
    uint8_t tail[OFFSET_TAIL_BYTES];
    size_t n_tail;
    int64_t offset;
    int64_t size;         /* as of the last look */
    enum cut_state state; /* at the offset */
    bool is_rotated;      /* its name belongs to another file, or will */
    int64_t seen_ms;      /* when its name led to it and it held what was read of it, wall clock */
    struct slice
        pending; /* what is there behind the offset and not whole: kept for the case that it is truncated away; heap */
};

/* Gives a file for `path` that is not opened. RC_NO_MEMORY. */
enum rc log_file_new(const struct log_watch *watch, const char *path, struct ulid id,
                     struct log_file **file) MUST_CHECK;
/* As a stored row says. */
enum rc log_file_of_row(const struct log_watch *watch, const struct file_offset *row,
                        struct log_file **file) MUST_CHECK;
/* Closes; accepts NULL. */
void log_file_free(struct log_file *file);
enum rc log_file_rename(struct log_file *file, const char *path) MUST_CHECK;
void log_file_close(struct log_file *file);
/* Takes a descriptor that was just opened. */
void log_file_take(struct log_file *file, int fd, const struct stat *facts);
/* Borrows the file: the row that says how far it is read. */
struct file_offset log_file_row(const struct log_file *file);

/* Takes in what there is of its first bytes by now. */
void log_file_learn_head(struct log_file *file);
/* Does `fd`, which is `size` bytes long, hold what was read of `file`: its first bytes and those before its offset? Nothing is in nothing. */
bool log_file_is_read_in(const struct log_file *file, int fd, int64_t size);
/* Does `fd` begin as `file` does, as far as both go? Nothing begins as nothing. */
bool log_file_shares_head(const struct log_file *file, int fd);
/* Is what was read not there any more in the file that is open? */
bool log_file_has_changed(struct log_file *file);
/* Is what `fd` holds the beginning of what `whole_fd` holds, as far as their sizes, the first bytes and the last ones say? */
bool log_file_begins_with(int whole_fd, int fd);
bool log_file_is_compressed(int fd);

enum log_read {
    LOG_READ_DATA,
    LOG_READ_NOTHING, /* it ends here, for now */
    LOG_READ_CHANGED, /* what was read is not there any more: truncated, or written anew */
    LOG_READ_FAILED,  /* errno */
};
/* Reads what stands behind the offset into `buffer` (at least OFFSET_TAIL_BYTES and some more) and looks, in the same read, whether it still follows what was read before. `*bytes`
 * lies in the buffer. Passes over a hole and NULs at the beginning: a writer that did not notice that its file was truncated leaves them. */
enum log_read log_file_read(struct log_file *file, char *buffer, size_t n_buffer,
                            struct slice *bytes) MUST_CHECK;
/* The first `n_bytes` of what was read last are done with. */
void log_file_advance(struct log_file *file, struct slice bytes, size_t n_bytes);
/* From the beginning: what was read is gone. */
void log_file_begin_again(struct log_file *file);
/* Up to its end, as if it had been read. */
enum rc log_file_skip_to_end(struct log_file *file) MUST_CHECK;
/* Keeps a copy of what could not be consumed yet; nothing: forgets it. */
void log_file_keep_pending(struct log_file *file, struct slice bytes);
/* `file`, a copy of `old`, is read as far as that one; its first bytes are its own. */
void log_file_go_on_as(struct log_file *file, const struct log_file *old);
int64_t log_file_lag_bytes(const struct log_file *file);
