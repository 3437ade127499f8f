/* offsets.h - how far each log file (or the systemd journal) is read, and how the file is known again.
 *
 * Key: ULID of the row. Value: record of struct file_offset.
 *
 * A row is written in the transaction that stores what was read up to it, so that a line is counted once whatever happens in between. A file is not
 * known by its name or inode alone: inodes are used again and names move on. `head` are its first bytes, `tail` those just before the offset; what
 * has both is the file that was read.
 */
#pragma once

#include "src/store/record.h"
#include "src/store/store.h"

#define OFFSET_HEAD_BYTES 256
#define OFFSET_TAIL_BYTES 64

struct file_offset {
    struct ulid id;
    struct slice watcher;
    struct slice
        path; /* where it was seen last; absent for a journal, and for the row that says up to when a watcher has looked */
    struct slice live_path; /* the path that it has, or had, as a live file */
    int64_t device, inode;
    struct slice head; /* at most OFFSET_HEAD_BYTES */
    struct slice tail; /* at most OFFSET_TAIL_BYTES */
    int64_t offset; /* bytes read, up to the end of a whole line (or of one that was given up on) */
    int64_t size;   /* as it was seen last: what is behind `offset` is known to be unread */
    bool is_within_line; /* the offset stands in a line whose beginning was told already */
    bool is_skipping;    /* or in one that was too long, whose rest is passed over */
    bool is_rotated;     /* its name belongs to another file by now */
    int64_t seen_ms; /* when its path led to it last and it held what was read of it, wall clock */
    struct slice cursor; /* of a journal: journald's own */
};
extern const struct record_shape file_offset_shape;

enum rc offset_put(struct store_txn *txn, const struct file_offset *offset) MUST_CHECK;
/* Content where there is none. */
enum rc offset_remove(struct store_txn *txn, struct ulid id) MUST_CHECK;
/* All of them, in order of their ids; the arena keeps them, and `path` and `live_path` have a NUL behind them. A damaged row is passed over and logged. */
enum rc offset_each(struct store_txn *txn, struct arena *arena,
                    bool (*visit)(void *context, const struct file_offset *offset),
                    void *context) MUST_CHECK;
