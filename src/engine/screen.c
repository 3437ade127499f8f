#include "src/engine/screen.h"

#include "rules/prefilters.h"
#include "src/base/metrics.h"
#include "src/base/work_pool.h"
#include "src/engine/screen_part.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_ARENA_BYTES ((size_t)256 << 20)
/* A part is not worth waking a thread below this. */
#define PART_BYTES ((size_t)64 << 10)

struct screen {
    struct engine *engine;
    struct ruleset *ruleset;     /* held */
    struct prefilter *prefilter; /* held: of the last call */
    struct work_pool *pool;
    struct screen_worker **workers; /* as many as the pool has */
    struct arena *batch;            /* of one call */
};

/* -- life -- */

static enum rc make_workers(struct screen *screen, size_t n_workers)
{
    enum rc rc = work_pool_new(n_workers, &screen->pool);

    if (rc)
        return rc;
    n_workers = work_pool_n_workers(screen->pool);
    screen->workers = calloc(n_workers, sizeof(struct screen_worker *));
    if (!screen->workers)
        return RC_NO_MEMORY;
    for (size_t i = 0; !rc && i < n_workers; i++)
        rc = screen_worker_new(&screen->workers[i]);
    return rc;
}

enum rc screen_new(struct engine *engine, size_t n_workers, struct screen **screen)
{
    struct screen *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->engine = engine;
    rc = arena_new(BATCH_ARENA_BYTES, &made->batch);
    if (!rc)
        rc = make_workers(made, n_workers);
    if (rc)
        screen_free(made);
    else
        *screen = made;
    return rc;
}

void screen_free(struct screen *screen)
{
    if (!screen)
        return;
    prefilter_free(screen->prefilter);
    for (size_t i = 0; screen->workers && i < work_pool_n_workers(screen->pool); i++)
        screen_worker_free(screen->workers[i]);
    free(screen->workers);
    work_pool_free(screen->pool);
    ruleset_free(screen->ruleset);
    arena_free(screen->batch);
    free(screen);
}

void screen_set_profile(struct screen *screen, struct profile *profile)
{
    screen_worker_set_profile(screen->workers[0], profile);
}

/* -- the rules in force -- */

static void follow_rules(struct screen *screen)
{
    struct ruleset *now = engine_hold_ruleset(screen->engine);

    ruleset_free(screen->ruleset);
    screen->ruleset = now;
}

static enum rc find_prefilter(struct screen *screen, const struct prefilter_texts *texts,
                              struct screening *screening)
{
    enum rc rc;

    prefilter_free(screen->prefilter);
    screen->prefilter = NULL;
    follow_rules(screen);
    screening->ruleset = screen->ruleset;
    rc = prefilters_get(screen->ruleset, texts, &screen->prefilter);
    screening->prefilter = screen->prefilter;
    return rc;
}

/* -- parts -- */

struct job {
    struct screen *screen;
    const struct screening *screening;
    struct screen_part *parts;
    size_t n_parts;
};

static void run_part(void *context, size_t part, size_t worker)
{
    struct job *job = context;

    screen_part_run(job->screening, job->screen->workers[worker], &job->parts[part]);
}

/* Where the line ends that `place` stands in. */
static size_t line_end(struct slice bytes, size_t place)
{
    const char *lf = place < bytes.len ? memchr(bytes.ptr + place, '\n', bytes.len - place) : NULL;

    return lf ? (size_t)(lf - bytes.ptr) + 1 : bytes.len;
}

/* Of equal size, more or less: as many bytes, or as many texts. */
static void cut_parts(struct job *job)
{
    const struct screening *screening = job->screening;
    size_t n_items = screening->texts ? screening->n_lines : screening->bytes.len;
    size_t n_each = n_items / job->n_parts + 1;
    size_t n_parts = 0;

    for (size_t begin = 0; begin < n_items; n_parts++) {
        size_t end = n_items - begin < n_each ? n_items : begin + n_each;

        if (!screening->texts)
            end = line_end(screening->bytes, end - 1);
        job->parts[n_parts] = (struct screen_part){ .begin = begin, .end = end };
        begin = end;
    }
    job->n_parts = n_parts;
}

static enum rc join_wanted(const struct job *job, struct screened *screened)
{
    struct log_line *wanted;
    size_t n_wanted = 0;

    for (size_t i = 0; i < job->n_parts; i++)
        n_wanted += job->parts[i].n_wanted;
    wanted = arena_alloc(job->screen->batch, n_wanted + 1, sizeof *wanted);
    if (!wanted)
        return RC_NO_MEMORY;
    screened->wanted = (struct record_list){ wanted, n_wanted };
    for (size_t i = 0; i < job->n_parts; i++) {
        const struct screen_part *part = &job->parts[i];

        if (part->n_wanted)
            memcpy(wanted, part->wanted, part->n_wanted * sizeof *wanted);
        wanted += part->n_wanted;
    }
    return RC_OK;
}

static enum rc join_faults(const struct job *job, struct screened *screened)
{
    struct screened_fault *faults;
    size_t n_faults = 0;

    for (size_t i = 0; i < job->n_parts; i++)
        n_faults += job->parts[i].n_faults;
    faults = arena_alloc(job->screen->batch, n_faults + 1, sizeof *faults);
    if (!faults)
        return RC_NO_MEMORY;
    screened->faults = faults;
    screened->n_faults = n_faults;
    for (size_t i = 0; i < job->n_parts; i++) {
        const struct screen_part *part = &job->parts[i];

        if (part->n_faults)
            memcpy(faults, part->faults, part->n_faults * sizeof *faults);
        faults += part->n_faults;
    }
    return RC_OK;
}

static enum rc run(struct screen *screen, const struct screening *screening,
                   struct screened *screened)
{
    struct job job = { .screen = screen, .screening = screening };
    size_t n_workers = work_pool_n_workers(screen->pool);
    enum rc rc = RC_OK;

    job.n_parts = n_workers == 1 ? 1 : screening->bytes.len / PART_BYTES + 1;
    job.parts = arena_alloc(screen->batch, job.n_parts + 1, sizeof *job.parts);
    if (!job.parts)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < n_workers; i++)
        screen_worker_reset(screen->workers[i]);
    cut_parts(&job);
    work_pool_run(screen->pool, job.n_parts, run_part, &job);
    for (size_t i = 0; !rc && i < job.n_parts; i++)
        rc = job.parts[i].rc;
    if (!rc)
        rc = join_wanted(&job, screened);
    if (!rc)
        rc = join_faults(&job, screened);
    screened->n_unwanted = screening->n_lines - screened->wanted.n_items;
    return rc;
}

void screened_count(const struct screened *screened)
{
    if (screened->n_unwanted)
        metric_add(METRIC_EVENTS, screened->watcher, screened->kind, (double)screened->n_unwanted);
    for (size_t i = 0; i < screened->n_faults; i++) {
        const struct screened_fault *fault = &screened->faults[i];

        metric_add(METRIC_MATCH_FAULTS, fault->rule->id, slice_of(match_fault_names[fault->kind]),
                   fault->n_events);
    }
}

/* -- lines of logs -- */

static enum rc read_line(const struct screening *screening, struct pattern_scratch *scratch,
                         struct arena *arena, struct log_line *line, struct event *event,
                         struct json **tree)
{
    const struct log_batch *batch = screening->batch;
    enum rc rc =
        log_line_event(batch->watch, batch->path, line, screening->now_ms, arena, event, tree);

    if (!rc)
        rc = line_time_find(batch->watch->time, line->text, event->data, screening->now_ms, scratch,
                            &line->time_ms);
    if (rc == RC_NOT_FOUND)
        line->time_ms = 0;
    else if (!rc)
        event->time_ms = line->time_ms;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc list_texts(struct screen *screen, const struct log_batch *batch,
                          struct screening *screening)
{
    struct slice *texts;

    if (!batch->lines)
        return RC_OK;
    texts = arena_alloc(screen->batch, batch->n_lines + 1, sizeof *texts);
    if (!texts)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < batch->n_lines; i++)
        texts[i] = batch->lines[i].text;
    screening->texts = texts;
    screening->lines = batch->lines;
    return RC_OK;
}

static struct prefilter_texts lines_of(const struct log_watch *watch, struct slice sample)
{
    return (struct prefilter_texts){ .kind = log_watch_kind(watch),
                                     .type = log_watch_type(watch),
                                     .holds_data = true,
                                     .sample = sample };
}

enum rc screen_learn(struct screen *screen, const struct log_watch *watch, struct slice sample)
{
    const struct prefilter_texts texts = lines_of(watch, sample);
    struct screening none;

    return find_prefilter(screen, &texts, &none);
}

enum rc screen_batch(struct screen *screen, const struct log_batch *batch, int64_t now_ms,
                     struct screened *screened)
{
    const struct prefilter_texts texts = lines_of(batch->watch, batch->bytes);
    struct screening screening = { .now_ms = now_ms,
                                   .bytes = batch->bytes,
                                   .offset = batch->offset,
                                   .n_lines = batch->n_lines,
                                   .read = read_line,
                                   .batch = batch };
    enum rc rc;

    *screened = (struct screened){ .watcher = batch->watch->name, .kind = texts.kind };
    arena_reset(screen->batch);
    rc = list_texts(screen, batch, &screening);
    if (!rc)
        rc = find_prefilter(screen, &texts, &screening);
    return rc ? rc : run(screen, &screening, screened);
}

/* -- entries of a journal -- */

static enum rc read_entry(const struct screening *screening, struct pattern_scratch *scratch,
                          struct arena *arena, struct log_line *line, struct event *event,
                          struct json **tree)
{
    const struct journal_batch *batch = screening->batch;

    (void)scratch;
    return journal_line_event(batch->watch, line, screening->now_ms, arena, event, tree);
}

/* Its texts are one member of many: the others are not in them. */
enum rc screen_entries(struct screen *screen, const struct journal_batch *batch, int64_t now_ms,
                       struct screened *screened)
{
    const struct prefilter_texts texts = { .kind = journal_watch_kind(batch->watch),
                                           .type = journal_watch_type(batch->watch),
                                           .sample = batch->bytes };
    struct screening screening = { .now_ms = now_ms,
                                   .bytes = batch->bytes,
                                   .texts = batch->texts,
                                   .lines = batch->lines,
                                   .n_lines = batch->n_lines,
                                   .read = read_entry,
                                   .batch = batch };
    enum rc rc;

    *screened = (struct screened){ .watcher = batch->watch->name, .kind = texts.kind };
    arena_reset(screen->batch);
    rc = find_prefilter(screen, &texts, &screening);
    return rc ? rc : run(screen, &screening, screened);
}
