/* log_search_private.h - what the files of a search share.
 *
 *   log_search.c          one search: its files one after the other
 *   log_search_files.c    which files there are
 *   log_search_stretch.c  the bytes of one file that are of that time
 *   log_search_lines.c    their lines, with times; those that are looked for
 *   log_search_choose.c   which of them are shown
 *   log_search_text.c     the text */
#pragma once

#include "src/base/buffer.h"
#include "src/base/clock.h"
#include "watchers/line_cut.h"
#include "watchers/log_search.h"

#include <sys/stat.h>

struct search_file {
    const char *path;
    const char *base; /* the watched path: itself, or what it was before it was rotated */
    int64_t mtime_ns;
    dev_t device; /* of what was opened */
    ino_t inode;
    bool is_read;
    char *bytes; /* heap */
    size_t n_bytes;
    int64_t offset; /* of the first of them */
    size_t first_line, n_lines;
};

struct search_line {
    struct slice text; /* lies in the file's bytes */
    int64_t time_ms;
    size_t n_rows;  /* lines of text in it */
    bool is_cut;    /* the file has more of it */
    bool is_picked; /* is looked for */
    bool is_chosen; /* or stands around one that is */
    bool is_kept;   /* and is shown */
};

struct search_notes {
    struct buffer text;
    size_t n_notes;
};

struct searching {
    const struct log_search *search;
    struct arena *arena;
    struct pattern_scratch *scratch;
    struct arena *line_arena; /* of one line */
    int64_t from_ms, to_ms;
    struct search_file *files;
    size_t n_files;
    struct search_line *lines; /* heap */
    size_t n_lines, n_room;
    size_t n_looked_at; /* lines, of all files */
    struct search_notes notes;
    size_t n_searched;    /* files, those that are too old or compressed included */
    struct slice trouble; /* the first file that could not be read, and why */
    enum rc trouble_rc;
};

/* Finds its files, the newest first. */
enum rc search_list_files(struct searching *searching) MUST_CHECK;
int64_t search_mtime_ns(const struct stat *facts);
/* Reads at most `max_bytes` of what is of that time into `file`. */
enum rc search_read_stretch(struct searching *searching, struct search_file *file, int fd,
                            int64_t size, int64_t max_bytes) MUST_CHECK;
/* Cuts what was read into lines, keeps those of that time and marks those that are looked for. */
enum rc search_take_lines(struct searching *searching, struct search_file *file) MUST_CHECK;
/* The time that a line says; RC_NOT_FOUND. */
enum rc search_time_of(struct searching *searching, const struct log_line *line,
                       int64_t *time_ms) MUST_CHECK;
/* Its lines have the time at which they were read, which is over. */
bool search_has_no_times(struct searching *searching);
/* Some lines are looked for, not all of them. */
bool search_is_picky(const struct log_search *search);
/* Marks what is shown. */
enum rc search_choose(struct searching *searching) MUST_CHECK;
enum rc search_write(struct searching *searching, struct log_found *found) MUST_CHECK;

bool search_is_over(const struct searching *searching);
/* One more sentence about what could not be looked at; only the first few are kept. */
void search_note(struct searching *searching, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
