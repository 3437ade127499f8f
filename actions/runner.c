#include "actions/runner.h"

#include "actions/runner_effect.h"
#include "src/base/crash_point.h"
#include "src/base/log.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#define FDS_PER_EFFECT 2
#define AFTER_FAILED_WAIT_MS 100

struct effect_list {
    struct runner_effect *first;
    struct runner_effect **end; /* where the next one is linked */
};

struct runner {
    pthread_mutex_t secrets_mutex; /* held while something starts: it puts them in */
    struct runner_secrets secrets;
    void (*report)(void *context, const struct effect_result *result);
    void *context;
    int64_t drain_ms;
    struct http_multi *multi;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex; /* guards what follows */
    struct effect_list waiting;
    struct effect_list
        running; /* changed by the thread only: it alone may read it without the lock */
    bool is_stopping;
};

static void list_add(struct effect_list *list, struct runner_effect *effect)
{
    effect->next = NULL;
    *list->end = effect;
    list->end = &effect->next;
}

static struct runner_effect *list_take(struct effect_list *list, struct runner_effect **link)
{
    struct runner_effect *effect = *link;

    *link = effect->next;
    if (!*link)
        list->end = link;
    return effect;
}

static bool has_room(const struct runner *runner, const struct runner_effect *effect)
{
    size_t n_running = 0, n_evidence = 0;

    for (const struct runner_effect *other = runner->running.first; other; other = other->next) {
        n_running++;
        n_evidence += other->item.channel == OUTBOX_EVIDENCE;
    }
    return n_running < RUNNER_MAX_RUNNING &&
           (effect->item.channel != OUTBOX_EVIDENCE || n_evidence < RUNNER_MAX_EVIDENCE);
}

/* Takes the first that may start, or NULL. What was withdrawn needs no room: it is only reported. */
static struct runner_effect *take_startable(struct runner *runner, bool only_acts)
{
    struct runner_effect *effect = NULL;

    pthread_mutex_lock(&runner->mutex);
    for (struct runner_effect **link = &runner->waiting.first; *link; link = &(*link)->next) {
        if (only_acts && !runner_effect_acts(*link))
            continue;
        if (!(*link)->is_withdrawn && !has_room(runner, *link))
            continue;
        effect = list_take(&runner->waiting, link);
        list_add(&runner->running, effect);
        break;
    }
    pthread_mutex_unlock(&runner->mutex);
    return effect;
}

static bool is_withdrawn(struct runner *runner, const struct runner_effect *effect)
{
    bool withdrawn;

    pthread_mutex_lock(&runner->mutex);
    withdrawn = effect->is_withdrawn;
    pthread_mutex_unlock(&runner->mutex);
    return withdrawn;
}

static bool is_stopping(struct runner *runner)
{
    bool stopping;

    pthread_mutex_lock(&runner->mutex);
    stopping = runner->is_stopping;
    pthread_mutex_unlock(&runner->mutex);
    return stopping;
}

static void start(struct runner *runner, struct runner_effect *effect)
{
    pthread_mutex_lock(&runner->secrets_mutex);
    runner_effect_start(effect, runner->multi, &runner->secrets);
    pthread_mutex_unlock(&runner->secrets_mutex);
}

static void start_waiting(struct runner *runner, bool only_acts)
{
    struct runner_effect *effect;

    while ((effect = take_startable(runner, only_acts)) != NULL) {
        if (is_withdrawn(runner, effect))
            runner_effect_refuse(effect, SLICE("withdrawn"));
        else
            start(runner, effect);
    }
}

static void report(struct runner *runner, const struct runner_effect *effect)
{
    if (runner_effect_acts(effect))
        crash_point(CRASH_STEP_BEFORE_RESULT);
    runner->report(runner->context, &effect->result);
}

/* Looks at all that runs, and reports what is over; true when there was some: others may have room now. */
static bool step_running(struct runner *runner)
{
    struct runner_effect **link = &runner->running.first;
    bool some_over = false;

    while (*link) {
        struct runner_effect *effect = *link;

        if (is_withdrawn(runner, effect))
            runner_effect_stop(effect);
        runner_effect_step(effect, clock_mono_ms());
        if (!effect->is_over) {
            link = &effect->next;
            continue;
        }
        pthread_mutex_lock(&runner->mutex);
        list_take(&runner->running, link);
        pthread_mutex_unlock(&runner->mutex);
        report(runner, effect);
        runner_effect_free(effect);
        some_over = true;
    }
    return some_over;
}

/* Until something happens to what runs, something is asked of us, or `until_mono_ms`. */
static void wait_for_something(struct runner *runner, int64_t until_mono_ms)
{
    static struct log_limit limit;
    int fds[RUNNER_MAX_RUNNING * FDS_PER_EFFECT];
    bool ready[RUNNER_MAX_RUNNING * FDS_PER_EFFECT];
    size_t n_fds = 0;
    int64_t now_mono_ms = clock_mono_ms();
    enum rc rc;

    for (const struct runner_effect *effect = runner->running.first; effect;
         effect = effect->next) {
        int64_t due_mono_ms = runner_effect_due_mono_ms(effect);
        int of_effect[FDS_PER_EFFECT];

        runner_effect_fds(effect, &of_effect[0], &of_effect[1]);
        for (size_t i = 0; i < FDS_PER_EFFECT; i++) {
            if (of_effect[i] >= 0)
                fds[n_fds++] = of_effect[i];
        }
        if (due_mono_ms < until_mono_ms)
            until_mono_ms = due_mono_ms;
    }
    rc = http_multi_wait(runner->multi, fds, n_fds, ready,
                         until_mono_ms == INT64_MAX ? INT64_MAX : until_mono_ms - now_mono_ms);
    if (rc) {
        log_limited(&limit, LOG_ERROR, "runner cannot wait: %s", rc_text(rc));
        poll(NULL, 0, AFTER_FAILED_WAIT_MS);
    }
}

/* What may be repeated is still in the outbox: nobody is told. What acts is told to have never run. */
static void drop_waiting(struct runner *runner)
{
    struct runner_effect *effect;

    pthread_mutex_lock(&runner->mutex);
    effect = runner->waiting.first;
    runner->waiting.first = NULL;
    runner->waiting.end = &runner->waiting.first;
    pthread_mutex_unlock(&runner->mutex);
    while (effect) {
        struct runner_effect *next = effect->next;

        if (runner_effect_acts(effect)) {
            runner_effect_refuse(effect, SLICE("the daemon is stopping"));
            report(runner, effect);
        }
        runner_effect_free(effect);
        effect = next;
    }
}

static void drop_repeatable(struct runner *runner)
{
    struct runner_effect **link = &runner->running.first;

    pthread_mutex_lock(&runner->mutex);
    while (*link) {
        if (runner_effect_acts(*link))
            link = &(*link)->next;
        else
            runner_effect_free(list_take(&runner->running, link));
    }
    pthread_mutex_unlock(&runner->mutex);
}

/* Nothing is submitted any more. A step that came the moment before was approved and recorded: it starts, where there
 * is room, as it would have a moment later. */
static void drain(struct runner *runner)
{
    int64_t until_mono_ms = clock_mono_ms() + runner->drain_ms;

    start_waiting(runner, true);
    drop_waiting(runner);
    drop_repeatable(runner);
    step_running(runner);
    while (runner->running.first && clock_mono_ms() < until_mono_ms) {
        wait_for_something(runner, until_mono_ms);
        step_running(runner);
    }
    for (struct runner_effect *effect = runner->running.first; effect; effect = effect->next)
        runner_effect_leave(effect, SLICE("still running when the daemon stopped"));
    step_running(runner);
}

static void *run(void *context)
{
    struct runner *runner = context;

    while (!is_stopping(runner)) {
        start_waiting(runner, false);
        if (!step_running(runner))
            wait_for_something(runner, INT64_MAX);
    }
    drain(runner);
    return NULL;
}

enum rc runner_new(const struct runner_options *options, struct runner **runner)
{
    struct runner *made = calloc(1, sizeof(*made));
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->secrets =
        (struct runner_secrets){ .items = options->secrets, .n_items = options->n_secrets };
    made->report = options->report;
    made->context = options->context;
    made->drain_ms = options->drain_ms ? options->drain_ms : RUNNER_DRAIN_MS;
    made->waiting.end = &made->waiting.first;
    made->running.end = &made->running.first;
    pthread_mutex_init(&made->mutex, NULL);
    pthread_mutex_init(&made->secrets_mutex, NULL);
    rc = http_multi_new(&made->multi);
    if (rc)
        goto fail;
    if (pthread_create(&made->thread, NULL, run, made)) {
        rc = RC_NO_MEMORY;
        goto fail;
    }
    made->has_thread = true;
    *runner = made;
    return RC_OK;

fail:
    runner_free(made);
    return rc;
}

void runner_use_secrets(struct runner *runner, const struct named_secret *secrets, size_t n_secrets)
{
    pthread_mutex_lock(&runner->secrets_mutex);
    runner->secrets = (struct runner_secrets){ .items = secrets, .n_items = n_secrets };
    pthread_mutex_unlock(&runner->secrets_mutex);
}

enum rc runner_submit(struct runner *runner, const struct outbox_item *item)
{
    struct runner_effect *effect;
    enum rc rc = runner_effect_new(item, &effect);

    if (rc)
        return rc;
    pthread_mutex_lock(&runner->mutex);
    if (runner->is_stopping)
        rc = RC_BUSY;
    else
        list_add(&runner->waiting, effect);
    pthread_mutex_unlock(&runner->mutex);
    if (rc)
        runner_effect_free(effect);
    else
        http_multi_wake(runner->multi);
    return rc;
}

static void withdraw(struct effect_list *list, struct ulid object)
{
    for (struct runner_effect *effect = list->first; effect; effect = effect->next) {
        if (effect->item.channel == OUTBOX_EVIDENCE &&
            ulid_compare(effect->item.object, object) == 0)
            effect->is_withdrawn = true;
    }
}

void runner_cancel(struct runner *runner, struct ulid object)
{
    pthread_mutex_lock(&runner->mutex);
    withdraw(&runner->waiting, object);
    withdraw(&runner->running, object);
    pthread_mutex_unlock(&runner->mutex);
    http_multi_wake(runner->multi);
}

void runner_stop(struct runner *runner)
{
    if (!runner->has_thread)
        return;
    pthread_mutex_lock(&runner->mutex);
    runner->is_stopping = true;
    pthread_mutex_unlock(&runner->mutex);
    http_multi_wake(runner->multi);
    pthread_join(runner->thread, NULL);
    runner->has_thread = false;
}

void runner_free(struct runner *runner)
{
    if (!runner)
        return;
    runner_stop(runner);
    http_multi_free(runner->multi);
    pthread_mutex_destroy(&runner->mutex);
    pthread_mutex_destroy(&runner->secrets_mutex);
    free(runner);
}
