/* log_tail.h - follows the files of all log watchers, through rotation, truncation and restarts, and hands on their lines.
 *
 * Promises, for files of a local file system:
 *   - a line is handed on once. How far a file is read is stored by whoever takes the lines, together with what came of them; what is handed on and not stored is read again.
 *   - lines of one file come in their order, and a rotated file is read to its end before the one that has its name now.
 *   - renamed files are followed (by the open descriptor, and after a restart by device, inode and content); a copy that was made before the original was truncated is read on from
 *     where the original was left; files that were created and rotated between two looks are read whole.
 *   - what cannot be read any more is told: how many bytes are known to be lost.
 * Not promised: lines that were written and truncated away between two reads and are in no copy (nobody but the kernel has seen them), and a file that was truncated and written anew
 * with the very bytes that stood there before.
 *
 * Driven by its owner: wait for log_tail_fd to be readable or for the due time, then call log_tail_step. For one thread, but for log_tail_facts.
 */
#pragma once

#include "src/store/offsets.h"
#include "watchers/log_lines.h"
#include "watchers/watchers.h"

struct log_tail;
struct log_stream; /* log_stream.h */

/* Lines of one file in a row. */
struct log_batch {
    const struct log_watch *watch;
    struct slice path;  /* absent: standard input */
    struct slice bytes; /* in which the texts of the lines lie, in order */
    int64_t offset;     /* of the first byte in its file */
    struct log_line *
        lines; /* without their times. NULL: each line of the bytes is one, whole and not too long (line_at of line_cut.h) */
    size_t n_lines;
    size_t n_bytes;                /* that they took in the file */
    const struct file_offset *row; /* how far it is read with them; NULL: it cannot be read again */
};

struct log_rows {
    const struct file_offset *rows;
    size_t n_rows;
    const struct ulid *forgotten; /* rows of files that are gone */
    size_t n_forgotten;
};

/* Whoever has no room says when there is some; where it was memory that was short, nobody may. So long after a refusal it wants to be called again all the same. */
#define LOG_TAIL_BLOCKED_MS SECOND_MS

struct log_sink {
    void *context;
    /* RC_OK: it cares for the lines; `*stored`: and will store the row with what came of them. RC_BUSY: there is no room now, the same lines come again after log_tail_wake. */
    enum rc (*take)(void *context, const struct log_batch *batch, bool *stored);
    /* Rows by themselves, after whatever was taken before. RC_BUSY: as above. */
    enum rc (*store)(void *context, const struct log_rows *rows);
    /* Something cannot be read (what, and what to do), or (`why` NULL) can be read again. `path`: a file or directory; NULL: the watcher. Told once for each change. */
    void (*tell)(void *context, const struct log_watch *watch, const char *path, const char *why);
    /* A file is not read, and that is right: what it is. Told once for each. */
    void (*leave)(void *context, const struct log_watch *watch, const char *path, const char *why);
    /* Bytes that were there and were never read. */
    void (*lose)(void *context, const struct log_watch *watch, const char *path, int64_t n_bytes,
                 const char *why);
};

struct log_tail_options {
    const struct watchers *watchers; /* kept */
    const struct file_offset *rows;  /* as stored; borrowed */
    size_t n_rows;
    struct log_sink sink;
    int64_t now_ms;
    struct log_stream *
        input; /* standard input as another tail has left it: taken on RC_OK by a tail that reads it. NULL: from here on */
};
enum rc log_tail_new(const struct log_tail_options *options, struct log_tail **tail) MUST_CHECK;
/* Accepts NULL. */
void log_tail_free(struct log_tail *tail);
/* An epoll descriptor. */
int log_tail_fd(const struct log_tail *tail);
/* Does what there is to do, a bounded part of it: `*due_mono_ms` is when it wants to be called again though nothing is readable (now_mono_ms: at once). */
void log_tail_step(struct log_tail *tail, int64_t now_ms, int64_t now_mono_ms,
                   int64_t *due_mono_ms);
/* There is room again. */
void log_tail_wake(struct log_tail *tail);
/* Hands on every row that is not stored yet. RC_BUSY: call again when there is room. */
enum rc log_tail_flush(struct log_tail *tail, int64_t now_ms) MUST_CHECK;

/* Bytes of a pipe cannot be read again. Before a tail that reads standard input is freed it is left to the next one, or ended. */
/* What waits of it goes on in the next tail. Gives it, to be freed with log_stream_free; NULL: nobody reads it here, or it has ended. */
struct log_stream *log_tail_take_input(struct log_tail *tail);
/* Nobody reads on: hands on what waits of it, as at its end. RC_BUSY: call again when there is room. */
enum rc log_tail_end_input(struct log_tail *tail, int64_t now_ms) MUST_CHECK;
/* The same without room: what waits is told as lost. */
void log_tail_lose_input(struct log_tail *tail);

#define LOG_FACTS_FILES 20
struct log_file_fact {
    char path[512];
    int64_t offset, size;
    bool is_rotated, is_open;
};
struct log_facts {
    size_t n_files, n_open;
    int64_t lag_bytes;
    uint64_t n_lines, n_bytes;
    uint64_t n_cut; /* lines that were too long */
    int64_t lost_bytes;
    int64_t last_ms;   /* when something was read last; 0: never */
    char trouble[512]; /* what is wrong now, and where; "" when nothing is */
    size_t n_troubles;
    size_t n_left_alone;                         /* files that are not read, and rightly */
    struct log_file_fact files[LOG_FACTS_FILES]; /* those with most to read */
    size_t n_facts;
};
/* Of the `watch`-th log watcher, as of the last step. From any thread. */
void log_tail_facts(struct log_tail *tail, size_t watch, struct log_facts *facts);
