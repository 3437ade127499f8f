/* log_tail_private.h - what the files of the tail share: what is tailed, by name, by inode and by place, and what waits to be read.
 *
 * A place is the path of a live log; the files that had it, one after the other, are its generations. They are read in their order: one that was rotated before its end is read to
 * the end before the next. */
#pragma once

#include "src/base/clock.h"
#include "src/base/map.h"
#include "watchers/log_dirs.h"
#include "watchers/log_file.h"
#include "watchers/log_listing.h"
#include "watchers/log_names.h"
#include "watchers/log_tail.h"

#include <pthread.h>
#include <sys/queue.h>

#define TAIL_READ_BYTES ((size_t)256 << 10)
#define TAIL_BATCH_LINES 1024
#define TAIL_MAX_OPEN 512
#define TAIL_RECONCILE_MS (30 * SECOND_MS) /* whatever the kernel tells */
#define TAIL_STORE_MS SECOND_MS            /* rows of files in which nothing mattered */
#define TAIL_LEAVING_MS SECOND_MS          /* looks at what is read under no name of ours */
#define TAIL_ROTATED_QUIET_MS (30 * SECOND_MS)
#define TAIL_GONE_QUIET_MS (3 * SECOND_MS)
#define TAIL_VANISHED_MS (5 * MINUTE_MS) /* paths that lead nowhere are looked at so long */
#define TAIL_FORGET_MS DAY_MS            /* rows of files that nobody has seen since */
#define TAIL_PIECES_A_STEP 16

struct place;

struct tailed {
    TAILQ_ENTRY(tailed) all;
    TAILQ_ENTRY(tailed) ready;      /* where is_ready */
    TAILQ_ENTRY(tailed) open;       /* where file->fd >= 0; the one read longest ago first */
    TAILQ_ENTRY(tailed) dirty;      /* where is_dirty */
    TAILQ_ENTRY(tailed) generation; /* of its place */
    size_t watch;
    struct log_file *file;
    struct place *place;
    bool is_ready;
    bool is_dirty;     /* its row is not stored as it stands */
    bool is_at_end;    /* nothing more to read when it was read last */
    bool is_named;     /* the name that it has in `names` leads to it */
    bool was_empty;    /* nothing of it is known yet: the same file would hold anything */
    bool is_finished;  /* rotated, read to its end, closed */
    bool is_forgotten; /* in no list any more; freed at the end of the step */
    enum cut_end end;  /* of the next read */
    int64_t n_known;   /* its size when it was read last */
    int64_t mtime_ns;  /* as of the last look; -1: it is read, whatever it is */
    int64_t looked_ms; /* when its name was seen to lead to it, wall clock */
    int64_t grown_mono_ms;
    int64_t unnamed_mono_ms;
    size_t n_left,
        n_last_line; /* bytes that were read and not consumed; of them, a line without its end */
    uint64_t mark;   /* of the search that saw it last */
};
TAILQ_HEAD(tailed_list, tailed);

struct place {
    TAILQ_ENTRY(place) all;
    size_t watch;
    char *path;
    struct tailed_list generations; /* the oldest first, the live one last */
    struct tailed *live;            /* NULL: nothing has the path now */
    uint64_t scan;                  /* that looked at it last */
    int64_t left_mono_ms;           /* when its path ceased to lead to a file */
    int64_t seen_ms; /* when what is known of it was seen to be all there is, wall clock */
};
TAILQ_HEAD(place_list, place);

struct tail_watch {
    const struct log_watch *watch;
    bool is_first;      /* it never ran before */
    struct ulid row_id; /* of its own row; absent: not made yet */
    int64_t scanned_ms; /* what was there by then is known, wall clock */
    int64_t stored_ms;  /* what its row says of that */
    struct log_facts facts;
    struct map *troubles;   /* path -> reason (static) */
    struct map *left_alone; /* likewise */
};

struct log_tail {
    struct log_sink sink;
    struct tail_watch *watches;
    size_t n_watches;
    struct log_dirs *dirs;
    struct log_listing *listing;
    int epoll_fd;
    int dirs_fd; /* in the epoll set; -1: none */
    struct map
        *names; /* watch and path -> struct tailed that has it now, wherever it was rotated to */
    struct map *inodes; /* watch, device, inode -> struct tailed */
    struct map
        *stems; /* watch and path without its ending -> the struct place that was made last */
    struct map *places; /* watch and path -> struct place */
    struct map
        *links; /* watch and path of a link's target -> path of the link; as of the last scan */
    struct arena *link_arena;
    struct tailed_list all, ready, open;
    struct tailed_list dirty;  /* in the order in which their rows are to be stored */
    struct tailed_list graves; /* by `all`: forgotten in this step */
    struct place_list all_places;
    size_t n_tailed, n_open;
    char *buffer; /* OFFSET_TAIL_BYTES + TAIL_READ_BYTES */
    struct log_line *lines;
    struct pattern_scratch *scratch;
    struct ulid_maker ids;
    struct ulid *forgotten; /* rows to be removed */
    size_t n_forgotten, n_forgotten_room;
    int64_t now_ms, now_mono_ms; /* of the step */
    int64_t scan_mono_ms, reconcile_mono_ms, store_mono_ms;
    bool is_starting;   /* the first scan: what is there was there before */
    bool is_first_pass; /* of it: what is certainly live */
    bool is_blocked;    /* the sink had no room */
    bool is_dirty;      /* something is to be stored */
    bool must_store;    /* before anything else is read: rows have changed their files */
    uint64_t mark, scan;
    int64_t own_device[2], own_inode[2]; /* what we write to ourselves */
    struct log_stream *input;            /* standard input; NULL: nobody asked for it */
    bool hears_input;                    /* it is in the epoll set */
    size_t input_watch;
    pthread_mutex_t lock; /* of the facts */
};

/* log_tail_files.c: what is tailed. */
struct tailed *tail_find_name(const struct log_tail *tail, size_t watch, const char *path);
struct tailed *tail_find_inode(const struct log_tail *tail, size_t watch, int64_t device,
                               int64_t inode);
struct place *tail_find_place(const struct log_tail *tail, size_t watch, const char *path);
struct place *tail_find_stem(const struct log_tail *tail, size_t watch, const char *path);
/* The place of a path, made where there is none. RC_NO_MEMORY. */
enum rc tail_need_place(struct log_tail *tail, size_t watch, const char *path,
                        struct place **place) MUST_CHECK;
void tail_name(struct log_tail *tail, struct tailed *tailed, const char *path);
void tail_unname(struct log_tail *tail, struct tailed *tailed, const char *path);
/* From now on a generation of this place, the youngest but for the live one. */
void tail_move(struct tailed *tailed, struct place *place);
/* From now on the live file of the place. */
void tail_set_live(struct tailed *tailed, struct place *place);
void tail_set_ready(struct log_tail *tail, struct tailed *tailed);
void tail_unset_ready(struct log_tail *tail, struct tailed *tailed);
void tail_set_dirty(struct log_tail *tail, struct tailed *tailed);
void tail_unset_dirty(struct log_tail *tail, struct tailed *tailed);
/* A file of `path` and its descriptor, which it takes also when it fails; a generation of `place`, the youngest but for the live one. To be read from its beginning. */
enum rc tail_add_opened(struct log_tail *tail, struct place *place, const char *path, int fd,
                        const struct stat *facts, struct tailed **tailed) MUST_CHECK;
/* The same for a stored row. */
enum rc tail_add_row(struct log_tail *tail, struct place *place, const struct file_offset *row,
                     struct tailed **tailed) MUST_CHECK;
/* `tailed` is the generation before `next`, and its row is stored no later. */
void tail_move_before(struct log_tail *tail, struct tailed *tailed, struct tailed *next);
/* Borrows it. */
struct file_offset tail_row(const struct tailed *tailed);
/* Its row goes with it; the memory stays until the end of the step. */
void tail_forget(struct log_tail *tail, struct tailed *tailed);
/* The same, when what was not read of it is lost. */
void tail_give_up(struct log_tail *tail, struct tailed *tailed, const char *why);
/* Frees what was forgotten. */
void tail_bury(struct log_tail *tail);
/* Frees places of which nothing is known any more. */
void tail_sweep_places(struct log_tail *tail);
void tail_free_all(struct log_tail *tail);
enum rc tail_make_id(struct log_tail *tail, struct ulid *id) MUST_CHECK;
/* trusted_open; where no descriptor is left, one of ours makes room. */
enum rc tail_open_path(struct log_tail *tail, const char *path, int *fd, struct stat *facts,
                       const char **why) MUST_CHECK;
/* Opens what is closed, by its path, where that still leads to it. RC_NOT_FOUND: it does not. */
enum rc tail_open(struct log_tail *tail, struct tailed *tailed) MUST_CHECK;
void tail_close(struct log_tail *tail, struct tailed *tailed);
/* `why` NULL: it is over. */
void tail_tell(struct log_tail *tail, size_t watch, const char *path, const char *why);
/* `why` NULL: it is gone, or is read. */
void tail_leave_alone(struct log_tail *tail, size_t watch, const char *path, const char *why);
void tail_lose(struct log_tail *tail, size_t watch, const char *path, int64_t n_bytes,
               const char *why);
int64_t tail_mtime_ns(const struct stat *facts);
/* What was read of it is there, as of the last look at its name. */
void tail_see(struct tailed *tailed);
/* Does its path lead to it? */
bool tail_is_there(const struct tailed *tailed);
bool tail_is_inode(const struct tailed *tailed, const struct stat *facts);

/* log_tail_names.c: what a path means now. */
void tail_look_at(struct log_tail *tail, size_t watch, const char *path);
/* Its name was seen to lead to it: is there something to read? */
void tail_look_closer(struct log_tail *tail, struct tailed *tailed, const struct stat *facts);
/* The live path whose rotation `path` is; false: of none. `base` holds PATH_MAX bytes. */
bool tail_find_base(const struct log_tail *tail, size_t watch, const char *path, char *base);
void tail_on_path(void *context, size_t watch, const char *path);
/* Whatever else there is in a directory at the start: rotated files of which nothing else tells. */
void tail_on_name(void *context, const char *path);
void tail_on_event(void *context, const char *path, bool is_written);
void tail_on_trouble(void *context, size_t watch, const char *path, const char *why);

/* log_tail_rotation.c: where generations live on. */
/* Generations have other names by now, or are gone, or truncated: finds them, or the copies that were made of them, and those that were live between two looks. False: the sink
 * had no room for what was pending of one that is gone. */
bool tail_find_again(struct log_tail *tail, struct place *place);
/* The path leads to none of its files now: finds where the live one lives on. */
void tail_follow_rotation(struct log_tail *tail, struct place *place);
/* The files beside a path that is met for the first time: those that were there before are known from then on, as read. */
void tail_meet_siblings(struct log_tail *tail, struct place *place);
/* Is what `fd` holds that of a generation, or the beginning of it? */
bool tail_is_copy(struct log_tail *tail, struct place *place, int fd, const struct stat *facts);
/* What was written since then is not known yet. */
int64_t tail_since_ms(const struct log_tail *tail, const struct place *place);
bool tail_was_written_since(const struct stat *facts, int64_t since_ms);

/* log_tail_read.c */
/* Reads one piece of it (or of what comes before it). False: the sink had no room. */
bool tail_read(struct log_tail *tail, struct tailed *tailed);
/* Hands on what is pending of a file whose content is gone. */
bool tail_tell_pending(struct log_tail *tail, struct tailed *tailed);

/* log_tail_rows.c */
/* Takes over what was stored. */
enum rc tail_add_rows(struct log_tail *tail, const struct file_offset *rows,
                      size_t n_rows) MUST_CHECK;
/* Hands on some of the rows that are not stored as they stand. */
enum rc tail_store_rows(struct log_tail *tail) MUST_CHECK;
