#include "src/daemon/effects.h"

#include "src/base/clock.h"
#include "src/base/metrics.h"
#include "src/daemon/log_evidence.h"
#include "src/daemon/posting.h"

#include <stdlib.h>

/* P01: a stop is over within 10 s, the drain of the inlet included. */
#define DRAIN_MS (6 * SECOND_MS)
#define RETRY_MS SECOND_MS
#define RESULT_ARENA_BYTES ((size_t)4 << 20)

struct effects {
    struct service *service;
    const struct config *config; /* held: the runner uses its secrets */
    struct runner *runner;
    struct log_evidence *searcher;
};

/* A result on its way to the engine; it has memory of its own, as its runner forgets it at once. */
struct report {
    struct inlet_control control;
    struct effects *effects;
    struct arena *arena;
    struct effect_result result;
};

static void free_report(struct report *report)
{
    arena_free(report->arena);
    free(report);
}

static enum rc run_report(struct inlet_control *control, struct engine *engine, int64_t now_ms)
{
    struct report *report = control->context;

    return engine_result(engine, &report->result, now_ms);
}

/* A result that could not be stored is not lost while we run; after that its item in the outbox speaks for it. */
static void report_done(struct inlet_control *control, enum rc rc)
{
    struct report *report = control->context;
    struct service *service = report->effects->service;

    if ((rc == RC_FULL || rc == RC_NO_MEMORY) && !service_is_stopping(service)) {
        control->not_before_mono_ms = clock_mono_ms() + RETRY_MS;
        inlet_push_control(service_inlet(service), control);
        return;
    }
    if (rc)
        log_error("result not stored: %s outbox=%llu", rc_text(rc),
                  (unsigned long long)report->result.item);
    free_report(report);
}

static enum rc copy_texts(struct report *report)
{
    struct effect_result *result = &report->result;
    struct slice *const texts[] = { &result->output, &result->sha256, &result->error,
                                    &result->finding };
    enum rc rc = arena_new(RESULT_ARENA_BYTES, &report->arena);

    for (size_t i = 0; i < sizeof texts / sizeof *texts && !rc; i++)
        rc = arena_copy(report->arena, *texts[i], texts[i]);
    return rc;
}

static void take_result(void *context, const struct effect_result *result)
{
    struct effects *effects = context;
    struct report *report = calloc(1, sizeof *report);

    if (report) {
        report->effects = effects;
        report->result = *result;
        report->control =
            (struct inlet_control){ .run = run_report, .done = report_done, .context = report };
    }
    if (!report || copy_texts(report)) {
        log_error("result lost: out of memory outbox=%llu; a step is settled by hand after the "
                  "next start",
                  (unsigned long long)result->item);
        if (report)
            free_report(report);
        return;
    }
    inlet_push_control(service_inlet(effects->service), &report->control);
}

/* What is started from here on has the secrets of the configuration that it was checked against. */
static void follow_config(struct effects *effects)
{
    const struct config *config = service_hold_config(effects->service);
    const struct config *before = effects->config;

    if (config != before) {
        runner_use_secrets(effects->runner, config->secrets, config->n_secrets);
        effects->config = config;
        config = before;
    }
    service_release_config(effects->service, config);
}

/* Searches in logs are our own work; everything else is the runner's. */
static enum rc submit(struct effects *effects, const struct outbox_item *item)
{
    if (item->log.watcher.len)
        return log_evidence_submit(effects->searcher, item);
    return runner_submit(effects->runner, item);
}

static void on_effect(void *context, const struct outbox_item *item)
{
    struct effects *effects = context;
    struct effect_result result = { .item = item->id,
                                    .channel = item->channel,
                                    .object = item->object,
                                    .part = item->part,
                                    .revision = item->revision,
                                    .state = EFFECT_NOT_STARTED,
                                    .error = SLICE("not started: vedette is stopping") };
    enum rc rc;

    follow_config(effects);
    rc = submit(effects, item);
    /* What only looks stays in the outbox at a stop, and is handed out again after the next start. */
    if (!rc || (rc == RC_BUSY && outbox_may_repeat(item->channel)))
        return;
    if (rc == RC_NO_MEMORY)
        result.error = SLICE("not started: out of memory");
    else if (rc == RC_LIMIT)
        result.error = SLICE("not started: too many searches in logs wait already");
    take_result(effects, &result);
}

static void on_cancel(void *context, struct ulid object)
{
    struct effects *effects = context;

    runner_cancel(effects->runner, object);
    log_evidence_cancel(effects->searcher, object);
}

static void on_change(void *context)
{
    struct effects *effects = context;

    service_changed(effects->service);
}

/* What is owed before the poster runs, it finds when it starts. */
static void on_message(void *context)
{
    struct effects *effects = context;
    struct posting *posting = service_posting(effects->service);

    if (posting)
        posting_wake(posting);
}

static void on_proposal(void *context, int64_t received_ms)
{
    (void)context;
    metric_observe(METRIC_PROPOSAL_SECONDS, (double)(clock_wall_ms() - received_ms) / 1000.0);
}

static enum rc start_searcher(struct effects *effects)
{
    const struct log_evidence_options options = { .service = effects->service,
                                                  .report = take_result,
                                                  .context = effects };

    return log_evidence_new(&options, &effects->searcher);
}

enum rc effects_start(struct service *service, struct effects **effects)
{
    struct effects *made = calloc(1, sizeof *made);
    struct runner_options options = { .report = take_result,
                                      .context = made,
                                      .drain_ms = DRAIN_MS };
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->service = service;
    made->config = service_hold_config(service);
    options.secrets = made->config->secrets;
    options.n_secrets = made->config->n_secrets;
    rc = runner_new(&options, &made->runner);
    if (!rc)
        rc = start_searcher(made);
    if (rc) {
        effects_free(made);
        return rc;
    }
    *effects = made;
    return RC_OK;
}

struct engine_listener effects_listener(struct effects *effects)
{
    return (struct engine_listener){ .context = effects,
                                     .on_effect = on_effect,
                                     .on_cancel = on_cancel,
                                     .on_change = on_change,
                                     .on_message = on_message,
                                     .on_proposal = on_proposal };
}

void effects_stop(struct effects *effects)
{
    if (!effects)
        return;
    log_evidence_stop(effects->searcher);
    runner_stop(effects->runner);
}

void effects_free(struct effects *effects)
{
    if (!effects)
        return;
    log_evidence_free(effects->searcher);
    runner_free(effects->runner);
    service_release_config(effects->service, effects->config);
    free(effects);
}
