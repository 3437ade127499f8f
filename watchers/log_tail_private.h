/* log_tail_private.h - what the files of the tail share: what is tailed, by name and by inode, and what waits to be read. */
#pragma once

#include "src/base/clock.h"
#include "src/base/map.h"
#include "watchers/log_dirs.h"
#include "watchers/log_file.h"
#include "watchers/log_names.h"
#include "watchers/log_tail.h"

#include <pthread.h>
#include <sys/queue.h>

#define TAIL_READ_BYTES ((size_t)256 << 10)
#define TAIL_BATCH_LINES 1024
#define TAIL_MAX_OPEN 512
#define TAIL_SCAN_MS SECOND_MS             /* where the kernel tells nothing */
#define TAIL_RECONCILE_MS (30 * SECOND_MS) /* whatever it tells */
#define TAIL_STORE_MS SECOND_MS            /* rows of files in which nothing mattered */
#define TAIL_ROTATED_QUIET_MS (30 * SECOND_MS)
#define TAIL_GONE_QUIET_MS (3 * SECOND_MS)
#define TAIL_FORGET_MS DAY_MS /* rows of files that nobody has seen since */
#define TAIL_PIECES_A_STEP 16

struct tailed {
    TAILQ_ENTRY(tailed) all;
    TAILQ_ENTRY(tailed) ready; /* where is_ready */
    TAILQ_ENTRY(tailed) open;  /* where file->fd >= 0; the one read longest ago first */
    size_t watch;
    struct log_file *file;
    struct tailed *before; /* is read to its end first */
    char *live_path;       /* the path that a pattern asks for and that it has, or had last; NULL: none */
    bool is_ready;
    bool is_dirty;    /* its row is not stored as it stands */
    bool is_at_end;   /* nothing more to read when it was read last */
    bool is_named;    /* some name leads to it */
    bool is_finished; /* rotated, read to its end, closed */
    enum cut_end end; /* of the next read */
    int64_t n_known;  /* its size when it was read last */
    int64_t mtime_ns;
    int64_t grown_mono_ms;
    size_t n_left, n_last_line; /* bytes that were read and not consumed; of them, a line without its end */
    uint64_t mark;              /* of the search for siblings that saw it last */
    uint64_t scan;              /* of the scan that saw it last */
};
TAILQ_HEAD(tailed_list, tailed);

struct tail_watch {
    const struct log_watch *watch;
    bool is_first; /* it never ran before */
    struct log_facts facts;
    struct map *troubles; /* path -> reason (static) */
};

struct log_tail {
    struct log_sink sink;
    struct tail_watch *watches;
    size_t n_watches;
    struct log_dirs *dirs;
    int epoll_fd;
    int dirs_fd; /* in the epoll set; -1: none */
    struct map *names;  /* watch and path -> struct tailed that has it now, wherever it was rotated to */
    struct map *owners; /* watch and path -> struct tailed that had it last as a live file */
    struct map *inodes; /* watch, device, inode -> struct tailed */
    struct tailed_list all, ready, open;
    size_t n_open;
    char *buffer; /* OFFSET_TAIL_BYTES + TAIL_READ_BYTES */
    struct log_line *lines;
    struct pattern_scratch *scratch;
    struct ulid_maker ids;
    struct ulid *forgotten; /* rows to be removed */
    size_t n_forgotten, n_forgotten_room;
    int64_t now_ms, now_mono_ms; /* of the step */
    int64_t scan_mono_ms, reconcile_mono_ms, store_mono_ms;
    bool is_starting; /* the first scan: what is there was there before */
    bool is_blocked;  /* the sink had no room */
    bool is_dirty;
    uint64_t mark, scan;
    int64_t own_device[2], own_inode[2]; /* what we write to ourselves */
    struct log_stream *input; /* standard input; NULL: nobody asked for it */
    size_t input_watch;
    pthread_mutex_t lock; /* of the facts */
};

/* log_tail.c */
struct tailed *tail_find_name(const struct log_tail *tail, size_t watch, const char *path);
struct tailed *tail_find_inode(const struct log_tail *tail, size_t watch, int64_t device,
                               int64_t inode);
struct tailed *tail_find_owner(const struct log_tail *tail, size_t watch, const char *path);
/* The live file of a path from now on. */
void tail_own(struct log_tail *tail, struct tailed *tailed, const char *path);
void tail_name(struct log_tail *tail, struct tailed *tailed, const char *path);
void tail_unname(struct log_tail *tail, struct tailed *tailed, const char *path);
void tail_set_ready(struct log_tail *tail, struct tailed *tailed);
void tail_set_dirty(struct log_tail *tail, struct tailed *tailed);
/* Puts `file` under its inode; takes it, also when it fails. */
enum rc tail_add(struct log_tail *tail, size_t watch, struct log_file *file,
                 struct tailed **tailed) MUST_CHECK;
/* Its row goes with it. */
void tail_forget(struct log_tail *tail, struct tailed *tailed);
enum rc tail_make_id(struct log_tail *tail, struct ulid *id) MUST_CHECK;
/* Opens what is closed, by its path, where that still leads to it. RC_NOT_FOUND: it does not. */
enum rc tail_open(struct log_tail *tail, struct tailed *tailed) MUST_CHECK;
void tail_take_descriptor(struct log_tail *tail, struct tailed *tailed, int fd,
                          const struct stat *facts);
void tail_close(struct log_tail *tail, struct tailed *tailed);
/* `why` NULL: it is over. */
void tail_tell(struct log_tail *tail, size_t watch, const char *path, const char *why);
void tail_lose(struct log_tail *tail, size_t watch, const char *path, int64_t n_bytes,
               const char *why);
int64_t tail_mtime_ns(const struct stat *facts);
/* Is it the file that our own log goes to? */
bool tail_is_own(const struct log_tail *tail, const struct stat *facts);

/* log_tail_names.c: what a path means now. */
void tail_look_at(struct log_tail *tail, size_t watch, const char *path);
void tail_on_path(void *context, size_t watch, const char *path);
void tail_on_event(void *context, const char *path, bool is_written);
void tail_on_trouble(void *context, size_t watch, const char *path, const char *why);

/* log_tail_rotation.c */
/* The path of `old` leads to another file (`now`), or to none (NULL): finds where `old` lives on, and what was there between the two. `now` waits for them. */
void tail_follow_rotation(struct log_tail *tail, struct tailed *old, const char *path,
                          struct tailed *now);
/* What was read of it is not there any more: finds the copy that was made of it, and begins again. */
void tail_follow_truncation(struct log_tail *tail, struct tailed *tailed);
/* Rotated files that are there at the first start are known from then on, as read. */
void tail_know_siblings(struct log_tail *tail, struct tailed *tailed);
/* The file whose path, or last path, `path` is a rotation of; NULL: none. */
struct tailed *tail_find_base(const struct log_tail *tail, size_t watch, const char *path);

/* log_tail_read.c */
/* Reads one piece of it (or of what comes before it). False: the sink had no room. */
bool tail_read(struct log_tail *tail, struct tailed *tailed);
/* Hands on what is pending of a file whose content is gone. */
bool tail_tell_pending(struct log_tail *tail, struct tailed *tailed);
