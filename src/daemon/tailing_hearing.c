/* What is heard of each watcher: gauges; and whether it is silent, broken or there again, as an event. */
#include "src/daemon/tailing_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUBLISH_MS SECOND_MS
#define RETRY_MS SECOND_MS
/* A journal does not say where its end is: so long nothing came, or so long was it read. */
#define JOURNAL_REST_MS (2 * SECOND_MS)
#define JOURNAL_CATCH_UP_MS (5 * MINUTE_MS)

/* How it is with one watcher now. */
struct report {
    int64_t silent_ms; /* 0: silence is nothing to tell */
    uint64_t n_lines;
    const char *trouble; /* "": nothing is wrong */
    bool is_at_end;      /* nothing is left to be read, as far as it knows */
};

/* --- the list --- */

static struct hearing *find(struct hearing *hearings, size_t n_hearings, struct slice name)
{
    for (size_t i = 0; i < n_hearings; i++)
        if (slice_eq(slice_of(hearings[i].name), name))
            return &hearings[i];
    return NULL;
}

static void free_hearings(struct hearing *hearings, size_t n_hearings)
{
    for (size_t i = 0; hearings && i < n_hearings; i++)
        free(hearings[i].name);
    free(hearings);
}

/* What rules were told of a watcher stays told when it is begun anew. */
static enum rc begin_one(struct tailing *tailing, struct slice name, struct hearing *hearing)
{
    struct hearing *before = find(tailing->hearings, tailing->n_hearings, name);
    char *copy = strndup(name.ptr, name.len);

    if (!copy)
        return RC_NO_MEMORY;
    if (before)
        *hearing = *before;
    else
        hearing->heard_mono_ms = clock_mono_ms();
    hearing->name = copy;
    hearing->n_lines = 0;
    return RC_OK;
}

enum rc tailing_begin_hearing(struct tailing *tailing, const struct watchers *watchers)
{
    size_t n_logs = 0, n_journals = 0;
    struct hearing *made;
    enum rc rc = RC_OK;

    while (watchers_log_at(watchers, n_logs))
        n_logs++;
    while (watchers_journal_at(watchers, n_journals))
        n_journals++;
    made = calloc(n_logs + n_journals + 1, sizeof *made);
    if (!made)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < n_logs && !rc; i++)
        rc = begin_one(tailing, watchers_log_at(watchers, i)->name, &made[i]);
    for (size_t i = 0; i < n_journals && !rc; i++)
        rc = begin_one(tailing, watchers_journal_at(watchers, i)->name, &made[n_logs + i]);
    if (rc) {
        free_hearings(made, n_logs + n_journals);
        return rc;
    }
    tailing_end_hearing(tailing);
    tailing->hearings = made;
    tailing->n_logs = n_logs;
    tailing->n_hearings = n_logs + n_journals;
    return RC_OK;
}

void tailing_end_hearing(struct tailing *tailing)
{
    free_hearings(tailing->hearings, tailing->n_hearings);
    tailing->hearings = NULL;
    tailing->n_logs = tailing->n_hearings = 0;
}

/* --- judging --- */

/* False: nothing can be said of it yet. */
static bool judge(struct hearing *hearing, const struct report *report, int64_t *due_mono_ms,
                  enum watcher_state *state)
{
    int64_t now_mono_ms = clock_mono_ms(), due_ms;

    if (report->n_lines != hearing->n_lines) {
        hearing->heard_mono_ms = now_mono_ms;
        hearing->n_lines = report->n_lines;
        hearing->has_heard = true;
    }
    due_ms = report->silent_ms ? hearing->heard_mono_ms + report->silent_ms : INT64_MAX;
    if (report->trouble[0]) {
        *state = WATCHER_BROKEN;
        return true;
    }
    if (due_ms <= now_mono_ms) {
        *state = WATCHER_SILENT;
        return true;
    }
    *due_mono_ms = due_ms < *due_mono_ms ? due_ms : *due_mono_ms;
    *state = WATCHER_BACK;
    return !report->silent_ms || hearing->has_heard;
}

static void hear(struct tailing *tailing, struct hearing *hearing, const struct report *report,
                 int64_t *due_mono_ms)
{
    enum watcher_state state;

    /* Those who wait for it are judged when what was read counts. */
    if (report->is_at_end && tailing_count_free(tailing) == TAILING_SLOTS)
        hearing->has_caught_up = true;
    if (!judge(hearing, report, due_mono_ms, &state) ||
        (hearing->is_judged && hearing->state == state))
        return;
    hearing->is_judged = true;
    hearing->state = state;
    hearing->since_ms = clock_wall_ms();
    snprintf(hearing->detail, sizeof hearing->detail, "%s", report->trouble);
    if (state != WATCHER_SILENT)
        return;
    hearing->since_ms -= clock_mono_ms() - hearing->heard_mono_ms;
    snprintf(hearing->detail, sizeof hearing->detail,
             "nothing came for as long as `silent` of the watcher says");
    log_warn("watcher is silent watcher=%s", hearing->name);
}

/* --- telling --- */

static void add_loss(struct loss *loss, const struct loss *more)
{
    int64_t n_bytes = loss->n_bytes + more->n_bytes;
    uint64_t n_times = loss->n_times + more->n_times;

    *loss = *more;
    loss->n_bytes = n_bytes;
    loss->n_times = n_times;
}

void tailing_hear_loss(struct tailing *tailing, struct slice watcher, const char *path,
                       int64_t n_bytes, const char *why)
{
    struct hearing *hearing = find(tailing->hearings, tailing->n_hearings, watcher);
    struct loss loss = { .n_bytes = n_bytes, .n_times = 1 };

    if (!hearing)
        return;
    snprintf(loss.path, sizeof loss.path, "%s", path ? path : "");
    snprintf(loss.why, sizeof loss.why, "%s", why);
    add_loss(&hearing->loss, &loss);
}

static enum rc tell_loss(struct tailing *tailing, struct hearing *hearing)
{
    struct loss *loss = &hearing->loss;
    struct engine_notice notice = { .watcher = slice_of(hearing->name),
                                    .state = WATCHER_LOST,
                                    .path = slice_of(loss->path[0] ? loss->path : NULL),
                                    .n_bytes = loss->n_bytes };
    char detail[sizeof loss->why + 64];
    enum rc rc;

    if (loss->n_times > 1)
        snprintf(detail, sizeof detail, "%s (the last of %llu)", loss->why,
                 (unsigned long long)loss->n_times);
    else
        snprintf(detail, sizeof detail, "%s", loss->why);
    notice.detail = slice_of(detail);
    rc = notice_post_send(tailing->post, &notice);
    if (rc)
        return rc;
    tailing->posted_loss = *loss;
    *loss = (struct loss){ 0 };
    return RC_OK;
}

static enum rc tell_state(struct tailing *tailing, const struct hearing *hearing)
{
    const struct engine_notice notice = {
        .watcher = slice_of(hearing->name),
        .state = hearing->state,
        .detail = slice_of(hearing->detail[0] ? hearing->detail : NULL),
        .since_ms = hearing->state == WATCHER_SILENT ? hearing->since_ms : 0
    };

    return notice_post_send(tailing->post, &notice);
}

static enum rc tell_caught_up(struct tailing *tailing, const struct hearing *hearing)
{
    const struct engine_notice notice = { .watcher = slice_of(hearing->name),
                                          .state = WATCHER_CAUGHT_UP };

    return notice_post_send(tailing->post, &notice);
}

/* What could not be told is told later: then as it is by then. */
static void take_result(struct tailing *tailing)
{
    static struct log_limit limit;
    const struct engine_notice *notice;
    struct hearing *hearing;
    enum rc result;

    if (notice_post_result(tailing->post, &notice, &result))
        return;
    hearing = find(tailing->hearings, tailing->n_hearings, notice->watcher);
    if (result) {
        log_limited(&limit, LOG_WARN, "not told to the rules yet: %s watcher=%.*s", rc_text(result),
                    SLICE_ARG(notice->watcher));
        tailing->tell_mono_ms = clock_mono_ms() + RETRY_MS;
        if (hearing && notice->state == WATCHER_LOST)
            add_loss(&hearing->loss, &tailing->posted_loss);
    } else if (hearing && notice->state == WATCHER_CAUGHT_UP) {
        hearing->is_caught_up_told = true;
    } else if (hearing && notice->state != WATCHER_LOST) {
        hearing->is_told = true;
        hearing->told = notice->state;
    }
}

/* How it is comes first: who is missed through a watcher that is silent is not judged when it has caught up. */
static bool has_news(const struct hearing *hearing)
{
    return hearing->is_judged && (!hearing->is_told || hearing->told != hearing->state);
}

static bool has_to_tell(const struct hearing *hearing)
{
    return has_news(hearing) || hearing->loss.n_times ||
           (hearing->has_caught_up && !hearing->is_caught_up_told);
}

static enum rc tell(struct tailing *tailing, struct hearing *hearing)
{
    if (has_news(hearing))
        return tell_state(tailing, hearing);
    return hearing->loss.n_times ? tell_loss(tailing, hearing) : tell_caught_up(tailing, hearing);
}

/* One at a time; the next when that is stored. */
static void tell_next(struct tailing *tailing, int64_t *due_mono_ms)
{
    enum rc rc = RC_NOT_FOUND;

    take_result(tailing);
    for (size_t i = 0; i < tailing->n_hearings && rc == RC_NOT_FOUND; i++) {
        struct hearing *hearing = &tailing->hearings[i];

        if (!has_to_tell(hearing))
            continue;
        if (tailing->tell_mono_ms > clock_mono_ms()) {
            if (tailing->tell_mono_ms < *due_mono_ms)
                *due_mono_ms = tailing->tell_mono_ms;
            return;
        }
        rc = tell(tailing, hearing);
    }
}

/* --- gauges --- */

static void set_file_lags(const struct log_watch *watch, const struct log_facts *facts)
{
    struct metric_sample samples[LOG_FACTS_FILES];
    size_t n_samples = 0;

    for (size_t i = 0; i < facts->n_facts; i++) {
        const struct log_file_fact *file = &facts->files[i];

        if (file->size > file->offset)
            samples[n_samples++] =
                (struct metric_sample){ .label_2 = slice_of(file->path),
                                        .value = (double)(file->size - file->offset) };
    }
    metric_replace(METRIC_LOG_FILE_LAG, watch->name, samples, n_samples);
}

static void set_gauges(const struct log_watch *watch, const struct log_facts *facts)
{
    const struct slice none = { 0 };

    set_file_lags(watch, facts);
    metric_set(METRIC_LOG_LAG, watch->name, none, (double)facts->lag_bytes);
    metric_set(METRIC_LOG_FILES, watch->name, none, (double)facts->n_files);
    metric_set(METRIC_LOG_CUT, watch->name, none, (double)facts->n_cut);
}

void tailing_forget_gauges(const struct watchers *watchers)
{
    static const enum metric gauges[] = { METRIC_LOG_LAG, METRIC_LOG_FILE_LAG, METRIC_LOG_FILES };
    const struct log_watch *watch;

    for (size_t i = 0; (watch = watchers_log_at(watchers, i)) != NULL; i++) {
        for (size_t j = 0; j < sizeof gauges / sizeof *gauges; j++)
            metric_replace(gauges[j], watch->name, NULL, 0);
    }
}

/* --- now and then --- */

static void publish_logs(struct tailing *tailing, int64_t *due_mono_ms)
{
    const struct log_watch *watch;
    struct log_facts facts;

    for (size_t i = 0; tailing->logs && i < tailing->n_logs; i++) {
        struct report report;

        watch = watchers_log_at(tailing->config->watchers, i);
        log_tail_facts(tailing->logs, i, &facts);
        set_gauges(watch, &facts);
        report = (struct report){ .silent_ms = watch->silent_ms,
                                  .n_lines = facts.n_lines,
                                  .trouble = facts.n_troubles ? facts.trouble : "",
                                  .is_at_end = !facts.lag_bytes && !tailing->n_read };
        hear(tailing, &tailing->hearings[i], &report, due_mono_ms);
    }
}

static bool journal_is_at_end(struct hearing *hearing, const struct journal_facts *facts,
                              int64_t *due_mono_ms)
{
    int64_t now_mono_ms = clock_mono_ms(), rest_ms;

    if (hearing->has_caught_up || !facts->is_running)
        return hearing->has_caught_up;
    if (!hearing->running_mono_ms)
        hearing->running_mono_ms = hearing->came_mono_ms = now_mono_ms;
    if (facts->n_lines != hearing->n_came)
        hearing->came_mono_ms = now_mono_ms;
    hearing->n_came = facts->n_lines;
    rest_ms = hearing->came_mono_ms + JOURNAL_REST_MS;
    *due_mono_ms = rest_ms < *due_mono_ms ? rest_ms : *due_mono_ms;
    return now_mono_ms >= rest_ms || now_mono_ms - hearing->running_mono_ms >= JOURNAL_CATCH_UP_MS;
}

static void publish_journals(struct tailing *tailing, int64_t *due_mono_ms)
{
    const struct journal_watch *watch;
    struct journal_facts facts;

    for (size_t i = 0;
         tailing->journals && (watch = watchers_journal_at(tailing->config->watchers, i)) != NULL;
         i++) {
        struct hearing *hearing = &tailing->hearings[tailing->n_logs + i];
        struct report report;

        journal_tail_facts(tailing->journals, i, &facts);
        report = (struct report){ .silent_ms = watch->silent_ms,
                                  .n_lines = facts.n_lines,
                                  .trouble = facts.trouble,
                                  .is_at_end = journal_is_at_end(hearing, &facts, due_mono_ms) };
        hear(tailing, hearing, &report, due_mono_ms);
    }
}

void tailing_publish(struct tailing *tailing, bool is_idle, int64_t *due_mono_ms)
{
    int64_t now_mono_ms = clock_mono_ms();

    if (!is_idle && now_mono_ms < tailing->publish_mono_ms) {
        if (tailing->publish_mono_ms < *due_mono_ms)
            *due_mono_ms = tailing->publish_mono_ms;
        return;
    }
    tailing->publish_mono_ms = now_mono_ms + PUBLISH_MS;
    publish_logs(tailing, due_mono_ms);
    publish_journals(tailing, due_mono_ms);
    tell_next(tailing, due_mono_ms);
    if (!is_idle && tailing->publish_mono_ms < *due_mono_ms)
        *due_mono_ms = tailing->publish_mono_ms;
}
