/* screen_part.h - a part of a batch, looked at by one thread. */
#pragma once

#include "rules/match.h"
#include "rules/prefilter.h"
#include "src/engine/screen.h"

/* What a call works with: lines of one watcher. Read by several threads. */
struct screening {
    const struct ruleset *ruleset;
    const struct prefilter *prefilter;
    int64_t now_ms;
    struct slice bytes;
    int64_t offset; /* of the bytes in their file */
    /* In which the texts lie, in order; NULL: each line of the bytes is one. */
    const struct slice *texts;
    const struct log_line *lines; /* as many */
    size_t n_lines;
    /* The event of a line, and its time where it says one. */
    enum rc (*read)(const struct screening *screening, struct pattern_scratch *scratch,
                    struct arena *arena, struct log_line *line, struct event *event,
                    struct json **tree);
    const void *batch; /* of `read` */
};

/* What one thread needs. */
struct screen_worker;
enum rc screen_worker_new(struct screen_worker **worker) MUST_CHECK;
/* Accepts NULL. */
void screen_worker_free(struct screen_worker *worker);
/* What rules cost it is added to `profile` (kept). */
void screen_worker_set_profile(struct screen_worker *worker, struct profile *profile);
/* Forgets what came of the parts before. */
void screen_worker_reset(struct screen_worker *worker);

struct screen_part {
    size_t begin, end; /* of `texts`, or of the bytes: where lines begin */
    enum rc rc;
    struct log_line *wanted; /* these live until the worker is reset */
    size_t n_wanted;
    struct screened_fault *faults;
    size_t n_faults;
};

/* Fills all but begin and end. */
void screen_part_run(const struct screening *screening, struct screen_worker *worker,
                     struct screen_part *part);
