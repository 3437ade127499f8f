#include "src/daemon/log_evidence.h"

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "watchers/log_search.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* An item's texts: a pattern and ten samples. */
#define ITEM_ARENA_BYTES ((size_t)1 << 20)
/* A text, and the names of files. */
#define SEARCH_ARENA_BYTES ((size_t)16 << 20)
/* The clock that items go by may be set meanwhile: nobody sleeps longer than this without looking at it. */
#define LOOK_AGAIN_MS SECOND_MS

struct search_job {
    struct search_job *next;
    struct log_evidence *searcher;
    struct arena *arena;
    struct outbox_item item; /* its numbers, and `log` */
    int64_t started_ms;
    bool is_withdrawn; /* guarded by the mutex */
};

struct log_evidence {
    struct log_evidence_options options;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    struct search_job *waiting; /* in their order */
    size_t n_waiting;
    struct search_job *running;
    bool is_stopping;
};

static void free_job(struct search_job *job)
{
    if (!job)
        return;
    arena_free(job->arena);
    free(job);
}

/* -- an item of our own -- */

static enum rc copy_samples(struct search_job *job, const struct slice_list *samples)
{
    struct slice_list *copy = &job->item.log.samples;
    enum rc rc = RC_OK;

    *copy = (struct slice_list){ 0 };
    copy->items = arena_alloc(job->arena, samples->n_items + 1, sizeof *copy->items);
    if (!copy->items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < samples->n_items && !rc; i++)
        rc = arena_copy(job->arena, samples->items[i], &copy->items[copy->n_items++]);
    return rc;
}

static enum rc fill_job(struct search_job *job, const struct outbox_item *item)
{
    enum rc rc = arena_new(ITEM_ARENA_BYTES, &job->arena);

    job->item = (struct outbox_item){ .id = item->id,
                                      .channel = item->channel,
                                      .object = item->object,
                                      .part = item->part,
                                      .revision = item->revision,
                                      .timeout_ms = item->timeout_ms,
                                      .not_before_ms = item->not_before_ms,
                                      .created_ms = item->created_ms,
                                      .log = item->log };
    if (!rc)
        rc = arena_copy(job->arena, item->log.watcher, &job->item.log.watcher);
    if (!rc)
        rc = arena_copy(job->arena, item->log.match, &job->item.log.match);
    return rc ? rc : copy_samples(job, &item->log.samples);
}

static enum rc new_job(struct log_evidence *searcher, const struct outbox_item *item,
                       struct search_job **job)
{
    struct search_job *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->searcher = searcher;
    rc = fill_job(made, item);
    if (rc)
        free_job(made);
    else
        *job = made;
    return rc;
}

/* -- what it came to -- */

static struct effect_result result_of(const struct search_job *job, enum effect_state state,
                                      struct slice error)
{
    return (struct effect_result){ .item = job->item.id,
                                   .channel = job->item.channel,
                                   .object = job->item.object,
                                   .part = job->item.part,
                                   .revision = job->item.revision,
                                   .state = state,
                                   .error = error,
                                   .started_ms = job->started_ms,
                                   .finished_ms = clock_wall_ms() };
}

static void report(const struct search_job *job, const struct effect_result *result)
{
    job->searcher->options.report(job->searcher->options.context, result);
}

static void report_failed(const struct search_job *job, enum effect_state state, struct slice error)
{
    const struct effect_result result = result_of(job, state, error);

    report(job, &result);
}

static void report_found(const struct search_job *job, const struct log_found *found)
{
    struct effect_result result = result_of(job, EFFECT_DONE, (struct slice){ 0 });
    char hex[SHA256_HEX_BYTES];
    struct sha256 sha256;

    result.output = found->text;
    result.finding = found->finding;
    result.truncated = found->is_truncated;
    result.bytes = (int64_t)found->text.len;
    if (!sha256_of(found->text, &sha256))
        result.sha256 = slice_of(hex_format(sha256.bytes, SHA256_BYTES, hex));
    report(job, &result);
}

/* -- one search -- */

static int64_t deadline_ms(const struct search_job *job)
{
    return job->item.created_ms + job->item.timeout_ms;
}

/* Why nobody waits for it any more. Both in one look: they may change at any moment. */
struct unwanted {
    bool is_withdrawn, is_stopping;
};

static struct unwanted ask_unwanted(const struct search_job *job)
{
    struct log_evidence *searcher = job->searcher;
    struct unwanted unwanted;

    pthread_mutex_lock(&searcher->mutex);
    unwanted = (struct unwanted){ .is_withdrawn = job->is_withdrawn,
                                  .is_stopping = searcher->is_stopping };
    pthread_mutex_unlock(&searcher->mutex);
    return unwanted;
}

static bool is_over(void *context)
{
    const struct search_job *job = context;
    struct unwanted unwanted = ask_unwanted(job);

    return unwanted.is_withdrawn || unwanted.is_stopping || clock_wall_ms() >= deadline_ms(job);
}

static void report_over(const struct search_job *job)
{
    struct unwanted unwanted = ask_unwanted(job);

    if (unwanted.is_stopping)
        return; /* it stays in the outbox */
    if (unwanted.is_withdrawn)
        report_failed(job, EFFECT_FAILED, SLICE("withdrawn"));
    else
        report_failed(job, EFFECT_TIMED_OUT, SLICE("not found by the task's deadline"));
}

static enum rc search_in(struct search_job *job, const struct log_watch *watch,
                         const struct pattern *match, struct arena *arena, struct log_found *found)
{
    const struct log_wanted *wanted = &job->item.log;
    const struct log_search search = { .watch = watch,
                                       .first_ms = wanted->first_ms,
                                       .last_ms = wanted->last_ms,
                                       .around_ms = wanted->around_ms,
                                       .match = match,
                                       .samples = wanted->samples,
                                       .sample_bytes = LOG_SAMPLE_BYTES,
                                       .n_lines = (size_t)wanted->n_lines,
                                       .is_over = is_over,
                                       .context = job };

    return log_search(&search, arena, found);
}

/* It was compiled before, with the rule; the item holds it as it was written. */
static enum rc search_with_pattern(struct search_job *job, const struct log_watch *watch,
                                   struct arena *arena, struct log_found *found)
{
    struct pattern *match = NULL;
    struct json_fault fault;
    enum rc rc = RC_OK;

    if (job->item.log.match.len)
        rc = pattern_parse(job->item.log.match, arena, &match, &fault);
    if (rc == RC_INVALID)
        found->why = SLICE("its pattern cannot be compiled");
    if (!rc)
        rc = search_in(job, watch, match, arena, found);
    pattern_free(match);
    return rc;
}

static enum rc search_configured(struct search_job *job, struct arena *arena,
                                 struct log_found *found)
{
    struct service *service = job->searcher->options.service;
    const struct config *config = service_hold_config(service);
    const struct log_watch *watch = watchers_find_log(config->watchers, job->item.log.watcher);
    enum rc rc = RC_DENIED;

    if (watch)
        rc = search_with_pattern(job, watch, arena, found);
    else
        found->why = SLICE("no log watcher of that name is configured");
    service_release_config(service, config);
    return rc;
}

static void search(struct search_job *job)
{
    struct log_found found = { 0 };
    struct arena *arena = NULL;
    enum rc rc = arena_new(SEARCH_ARENA_BYTES, &arena);

    job->started_ms = clock_wall_ms();
    if (!rc)
        rc = is_over(job) ? RC_TIMEOUT : search_configured(job, arena, &found);
    if (!rc)
        report_found(job, &found);
    else if (rc == RC_TIMEOUT)
        report_over(job);
    else
        report_failed(job, EFFECT_FAILED, found.why.len ? found.why : slice_of(rc_text(rc)));
    arena_free(arena);
}

/* -- the thread -- */

/* The first that is due, or withdrawn, taken off the list. Else NULL, and how long nothing is. */
static struct search_job *take_due(struct log_evidence *searcher, int64_t *wait_ms)
{
    int64_t now_ms = clock_wall_ms();

    *wait_ms = LOOK_AGAIN_MS;
    for (struct search_job **link = &searcher->waiting; *link; link = &(*link)->next) {
        struct search_job *job = *link;
        int64_t left_ms = job->item.not_before_ms - now_ms;

        if (job->is_withdrawn || left_ms <= 0) {
            *link = job->next;
            searcher->n_waiting--;
            return job;
        }
        *wait_ms = left_ms < *wait_ms ? left_ms : *wait_ms;
    }
    return NULL;
}

static void wait_for(struct log_evidence *searcher, int64_t wait_ms)
{
    struct timespec until;

    if (!searcher->waiting) {
        pthread_cond_wait(&searcher->changed, &searcher->mutex);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(wait_ms / 1000);
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(&searcher->changed, &searcher->mutex, &until);
}

/* NULL: it is over. */
static struct search_job *next_job(struct log_evidence *searcher, bool *is_withdrawn)
{
    struct search_job *job = NULL;
    int64_t wait_ms;

    pthread_mutex_lock(&searcher->mutex);
    while (!searcher->is_stopping && !(job = take_due(searcher, &wait_ms)))
        wait_for(searcher, wait_ms);
    searcher->running = job;
    *is_withdrawn = job && job->is_withdrawn;
    pthread_mutex_unlock(&searcher->mutex);
    return job;
}

static void end_job(struct log_evidence *searcher, struct search_job *job)
{
    pthread_mutex_lock(&searcher->mutex);
    searcher->running = NULL;
    pthread_mutex_unlock(&searcher->mutex);
    free_job(job);
}

static void *run(void *context)
{
    struct log_evidence *searcher = context;
    struct search_job *job;
    bool is_withdrawn;

    while ((job = next_job(searcher, &is_withdrawn)) != NULL) {
        if (is_withdrawn)
            report_failed(job, EFFECT_NOT_STARTED, SLICE("withdrawn"));
        else
            search(job);
        end_job(searcher, job);
    }
    return NULL;
}

/* -- from outside -- */

static void init_lock(struct log_evidence *searcher)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&searcher->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&searcher->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

enum rc log_evidence_new(const struct log_evidence_options *options, struct log_evidence **searcher)
{
    struct log_evidence *made = calloc(1, sizeof *made);

    if (!made)
        return RC_NO_MEMORY;
    made->options = *options;
    init_lock(made);
    made->has_thread = !pthread_create(&made->thread, NULL, run, made);
    if (!made->has_thread) {
        log_evidence_free(made);
        return RC_NO_MEMORY;
    }
    *searcher = made;
    return RC_OK;
}

static enum rc add_waiting(struct log_evidence *searcher, struct search_job *job)
{
    struct search_job **link = &searcher->waiting;

    if (searcher->is_stopping)
        return RC_BUSY;
    if (searcher->n_waiting == LOG_EVIDENCE_MAX_WAITING)
        return RC_LIMIT;
    while (*link)
        link = &(*link)->next;
    *link = job;
    searcher->n_waiting++;
    pthread_cond_signal(&searcher->changed);
    return RC_OK;
}

enum rc log_evidence_submit(struct log_evidence *searcher, const struct outbox_item *item)
{
    struct search_job *job = NULL;
    enum rc rc = new_job(searcher, item, &job);

    if (rc)
        return rc;
    pthread_mutex_lock(&searcher->mutex);
    rc = add_waiting(searcher, job);
    pthread_mutex_unlock(&searcher->mutex);
    if (rc)
        free_job(job);
    return rc;
}

static void withdraw(struct search_job *job, struct ulid object)
{
    if (!ulid_compare(job->item.object, object))
        job->is_withdrawn = true;
}

void log_evidence_cancel(struct log_evidence *searcher, struct ulid object)
{
    pthread_mutex_lock(&searcher->mutex);
    for (struct search_job *job = searcher->waiting; job; job = job->next)
        withdraw(job, object);
    if (searcher->running)
        withdraw(searcher->running, object);
    pthread_cond_signal(&searcher->changed);
    pthread_mutex_unlock(&searcher->mutex);
}

void log_evidence_stop(struct log_evidence *searcher)
{
    if (!searcher || !searcher->has_thread)
        return;
    pthread_mutex_lock(&searcher->mutex);
    searcher->is_stopping = true;
    pthread_cond_signal(&searcher->changed);
    pthread_mutex_unlock(&searcher->mutex);
    pthread_join(searcher->thread, NULL);
    searcher->has_thread = false;
}

void log_evidence_free(struct log_evidence *searcher)
{
    if (!searcher)
        return;
    log_evidence_stop(searcher);
    while (searcher->waiting) {
        struct search_job *job = searcher->waiting;

        searcher->waiting = job->next;
        free_job(job);
    }
    pthread_cond_destroy(&searcher->changed);
    pthread_mutex_destroy(&searcher->mutex);
    free(searcher);
}
