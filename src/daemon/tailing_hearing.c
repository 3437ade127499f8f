/* What is heard of each watcher: gauges, and silence as an event. */
#include "src/daemon/tailing_private.h"

#include "src/daemon/watcher_notice.h"

#include <stdlib.h>

#define PUBLISH_MS SECOND_MS

/* How it is with one watcher now. */
struct report {
    struct slice name;
    int64_t silent_ms; /* 0: silence is nothing to tell */
    uint64_t n_lines;
    bool has_trouble;
};

enum rc tailing_begin_hearing(struct tailing *tailing, const struct watchers *watchers)
{
    size_t n_journals = 0;

    tailing->n_logs = 0;
    while (watchers_log_at(watchers, tailing->n_logs))
        tailing->n_logs++;
    while (watchers_journal_at(watchers, n_journals))
        n_journals++;
    free(tailing->hearings);
    tailing->hearings = calloc(tailing->n_logs + n_journals + 1, sizeof *tailing->hearings);
    for (size_t i = 0; tailing->hearings && i < tailing->n_logs + n_journals; i++)
        tailing->hearings[i].heard_mono_ms = clock_mono_ms();
    return tailing->hearings ? RC_OK : RC_NO_MEMORY;
}

static void tell(struct tailing *tailing, struct slice watcher, enum watcher_state state,
                 int64_t since_ms)
{
    struct engine_notice notice = { .watcher = watcher, .state = state, .since_ms = since_ms };

    if (state == WATCHER_SILENT) {
        notice.detail = SLICE("nothing came for as long as `silent` of the watcher says");
        log_warn("watcher is silent watcher=%.*s", SLICE_ARG(watcher));
    }
    watcher_notice_send(service_inlet(tailing->service), &notice);
}

/* Whether it was silent or broken before the start nobody here knows: that it is there is told once. */
static void hear(struct tailing *tailing, struct hearing *hearing, const struct report *report,
                 int64_t *due_mono_ms)
{
    int64_t now_mono_ms = clock_mono_ms(), due;
    bool is_heard = report->n_lines != hearing->n_lines;

    if (is_heard) {
        hearing->heard_mono_ms = now_mono_ms;
        hearing->n_lines = report->n_lines;
    }
    if ((is_heard || !report->silent_ms) && !report->has_trouble &&
        (hearing->is_silent || !hearing->is_known)) {
        tell(tailing, report->name, WATCHER_BACK, 0);
        hearing->is_silent = false;
        hearing->is_known = true;
    }
    if (!report->silent_ms || hearing->is_silent)
        return;
    due = hearing->heard_mono_ms + report->silent_ms;
    if (due > now_mono_ms) {
        *due_mono_ms = due < *due_mono_ms ? due : *due_mono_ms;
        return;
    }
    hearing->is_silent = true;
    tell(tailing, report->name, WATCHER_SILENT,
         clock_wall_ms() - (now_mono_ms - hearing->heard_mono_ms));
}

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

static void publish_logs(struct tailing *tailing, int64_t *due_mono_ms)
{
    const struct log_watch *watch;
    struct log_facts facts;

    for (size_t i = 0; tailing->logs && i < tailing->n_logs; i++) {
        struct report report;

        watch = watchers_log_at(tailing->config->watchers, i);
        log_tail_facts(tailing->logs, i, &facts);
        set_gauges(watch, &facts);
        report = (struct report){ .name = watch->name,
                                  .silent_ms = watch->silent_ms,
                                  .n_lines = facts.n_lines,
                                  .has_trouble = facts.n_troubles > 0 };
        hear(tailing, &tailing->hearings[i], &report, due_mono_ms);
    }
}

static void publish_journals(struct tailing *tailing, int64_t *due_mono_ms)
{
    const struct journal_watch *watch;
    struct journal_facts facts;

    for (size_t i = 0;
         tailing->journals && (watch = watchers_journal_at(tailing->config->watchers, i)) != NULL;
         i++) {
        struct report report;

        journal_tail_facts(tailing->journals, i, &facts);
        report = (struct report){ .name = watch->name,
                                  .silent_ms = watch->silent_ms,
                                  .n_lines = facts.n_lines,
                                  .has_trouble = facts.trouble[0] != '\0' };
        hear(tailing, &tailing->hearings[tailing->n_logs + i], &report, due_mono_ms);
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
    if (!is_idle && tailing->publish_mono_ms < *due_mono_ms)
        *due_mono_ms = tailing->publish_mono_ms;
}
