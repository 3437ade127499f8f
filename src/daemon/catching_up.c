#include "src/daemon/catching_up.h"

#include "src/base/clock.h"
#include "src/base/metrics.h"
#include "src/daemon/catching_up_run.h"
#include "watchers/webhook.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BETWEEN_LEAST_MS MINUTE_MS
#define BACKOFF_MOST_MS HOUR_MS

/* One webhook, also while a configuration does not have it. */
struct place {
    struct place *next;
    struct catching_up_fact fact; /* under the lock */
    struct asked_guids asked;
    int64_t due_mono_ms;
    int64_t held_mono_ms; /* GitHub asked us to wait so long, whatever is configured */
    unsigned n_failures;
    size_t name_bytes;
    char name[];
};

struct catching_up {
    struct service *service;
    pthread_t thread;
    bool has_thread;
    _Atomic bool give_up; /* the round under way: it is stopping, or configured otherwise */
    struct place *places; /* changed by the thread alone, under the lock */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool is_stopping;
    bool config_changed;
};

/* --- places --- */

static struct slice name_of(const struct place *place)
{
    return (struct slice){ place->name, place->name_bytes };
}

static struct place *find_place(const struct catching_up *catching_up, struct slice name)
{
    struct place *place = catching_up->places;

    while (place && !slice_eq(name_of(place), name))
        place = place->next;
    return place;
}

/* NULL when memory is out. */
static struct place *find_or_add_place(struct catching_up *catching_up, struct slice name)
{
    struct place *place = find_place(catching_up, name);

    if (place)
        return place;
    place = calloc(1, sizeof *place + name.len);
    if (!place)
        return NULL;
    place->name_bytes = name.len;
    memcpy(place->name, name.ptr, name.len);
    pthread_mutex_lock(&catching_up->lock);
    place->next = catching_up->places;
    catching_up->places = place;
    pthread_mutex_unlock(&catching_up->lock);
    return place;
}

struct catching_up_fact catching_up_fact_of(struct catching_up *catching_up, struct slice name)
{
    struct catching_up_fact fact = { 0 };
    const struct place *place;

    pthread_mutex_lock(&catching_up->lock);
    place = find_place(catching_up, name);
    if (place)
        fact = place->fact;
    pthread_mutex_unlock(&catching_up->lock);
    return fact;
}

/* --- waiting --- */

static bool is_disturbed(const struct catching_up *catching_up)
{
    return catching_up->is_stopping || catching_up->config_changed;
}

static struct timespec timespec_of(int64_t mono_ms)
{
    return (struct timespec){ .tv_sec = (time_t)(mono_ms / SECOND_MS),
                              .tv_nsec = (long)(mono_ms % SECOND_MS) * 1000000 };
}

/* INT64_MAX: until something happens. */
static void wait_until(struct catching_up *catching_up, int64_t due_mono_ms)
{
    const struct timespec until = timespec_of(due_mono_ms);

    pthread_mutex_lock(&catching_up->lock);
    while (!is_disturbed(catching_up) && clock_mono_ms() < due_mono_ms) {
        if (due_mono_ms == INT64_MAX)
            pthread_cond_wait(&catching_up->changed, &catching_up->lock);
        else
            pthread_cond_timedwait(&catching_up->changed, &catching_up->lock, &until);
    }
    pthread_mutex_unlock(&catching_up->lock);
}

static void pause_round(void *context, int64_t wait_ms)
{
    wait_until(context, clock_mono_ms() + wait_ms);
}

/* --- what came of a round --- */

static int64_t backoff_of(unsigned n_failures)
{
    int64_t wait_ms = BETWEEN_LEAST_MS;

    for (unsigned i = 1; i < n_failures && wait_ms < BACKOFF_MOST_MS; i++)
        wait_ms *= 2;
    return wait_ms < BACKOFF_MOST_MS ? wait_ms : BACKOFF_MOST_MS;
}

/* How long until the next one. */
static int64_t wait_after(const struct place *place, const struct catching_up_result *result,
                          const struct catch_up *catch_up)
{
    int64_t wait_ms = catch_up->every_ms;
    int64_t again_ms = result->again_ms ? result->again_ms - clock_wall_ms() : wait_ms;

    if (result->outcome == CATCH_UP_WAIT)
        return result->wait_ms;
    if (result->outcome != CATCH_UP_DONE)
        return backoff_of(place->n_failures);
    wait_ms = again_ms < wait_ms ? again_ms : wait_ms;
    return wait_ms > BETWEEN_LEAST_MS ? wait_ms : BETWEEN_LEAST_MS;
}

static void show(struct catching_up *catching_up, struct place *place,
                 const struct catching_up_result *result, int64_t wait_ms)
{
    int64_t now_ms = clock_wall_ms();

    pthread_mutex_lock(&catching_up->lock);
    place->fact = (struct catching_up_fact){ .ran_ms = now_ms,
                                             .next_ms = now_ms + wait_ms,
                                             .n_missed = (int64_t)result->n_missed,
                                             .n_asked = (int64_t)result->n_asked,
                                             .n_refused = (int64_t)result->n_refused,
                                             .is_partial = result->is_partial };
    memcpy(place->fact.error, result->error, sizeof place->fact.error);
    pthread_mutex_unlock(&catching_up->lock);
}

static void tell(const struct place *place, const struct catching_up_result *result,
                 int64_t wait_ms)
{
    char wait[TIME_TEXT_BYTES];

    if (result->error[0])
        log_warn("not all that was missed is asked for: %s watcher=%.*s missed=%zu asked=%zu "
                 "refused=%zu next=\"%s\"",
                 result->error, SLICE_ARG(name_of(place)), result->n_missed, result->n_asked,
                 result->n_refused, duration_format_rough(wait_ms, wait));
    else if (result->n_missed)
        log_info("deliveries were missed: GitHub is asked for them watcher=%.*s missed=%zu "
                 "asked=%zu",
                 SLICE_ARG(name_of(place)), result->n_missed, result->n_asked);
}

static void take_result(struct catching_up *catching_up, struct place *place,
                        const struct catching_up_result *result, const struct catch_up *catch_up)
{
    static const char *const words[] = {
        [CATCH_UP_DONE] = "ok", [CATCH_UP_WAIT] = "limited", [CATCH_UP_FAILED] = "failed"
    };
    int64_t wait_ms;

    place->n_failures = result->outcome == CATCH_UP_FAILED ? place->n_failures + 1 : 0;
    wait_ms = wait_after(place, result, catch_up);
    place->due_mono_ms = clock_mono_ms() + wait_ms;
    if (result->outcome == CATCH_UP_WAIT)
        place->held_mono_ms = place->due_mono_ms;
    metric_add(METRIC_CATCH_UP_RUNS, name_of(place), slice_of(words[result->outcome]), 1);
    show(catching_up, place, result, wait_ms);
    tell(place, result, wait_ms);
}

/* --- the thread --- */

static int64_t due_of(const struct place *place)
{
    return later_of(place->due_mono_ms, place->held_mono_ms);
}

static void run_if_due(struct catching_up *catching_up, struct place *place,
                       const struct catch_up *catch_up)
{
    const struct catching_up_run run = { .service = catching_up->service,
                                         .watcher = name_of(place),
                                         .catch_up = catch_up,
                                         .asked = &place->asked,
                                         .give_up = &catching_up->give_up,
                                         .pause = pause_round,
                                         .context = catching_up };
    struct catching_up_result result;

    if (clock_mono_ms() >= due_of(place) && catching_up_run(&run, &result))
        take_result(catching_up, place, &result, catch_up);
}

/* Returns when there is more to do. */
static int64_t run_all(struct catching_up *catching_up)
{
    const struct config *config = service_hold_config(catching_up->service);
    int64_t due_mono_ms = INT64_MAX;
    const struct webhook *hook;

    for (size_t i = 0; (hook = watchers_webhook_at(config->watchers, i)) != NULL; i++) {
        const struct catch_up *catch_up = webhook_catch_up(hook);
        struct place *place;

        if (!catch_up || catching_up->give_up)
            continue;
        place = find_or_add_place(catching_up, webhook_name(hook));
        if (place)
            run_if_due(catching_up, place, catch_up);
        if (!place || due_of(place) < due_mono_ms)
            due_mono_ms = place ? due_of(place) : clock_mono_ms() + BETWEEN_LEAST_MS;
    }
    service_release_config(catching_up->service, config);
    return due_mono_ms;
}

/* False: it is over. */
static bool follow_config(struct catching_up *catching_up)
{
    bool goes_on;

    pthread_mutex_lock(&catching_up->lock);
    goes_on = !catching_up->is_stopping;
    if (catching_up->config_changed) {
        catching_up->config_changed = false;
        catching_up->give_up = !goes_on;
        for (struct place *place = catching_up->places; place; place = place->next)
            place->due_mono_ms = place->n_failures = 0;
    }
    pthread_mutex_unlock(&catching_up->lock);
    return goes_on;
}

static void *work(void *argument)
{
    struct catching_up *catching_up = argument;

    while (follow_config(catching_up))
        wait_until(catching_up, run_all(catching_up));
    return NULL;
}

/* --- life --- */

static void disturb(struct catching_up *catching_up, bool *what)
{
    pthread_mutex_lock(&catching_up->lock);
    *what = true;
    catching_up->give_up = true;
    pthread_cond_signal(&catching_up->changed);
    pthread_mutex_unlock(&catching_up->lock);
}

static void on_config(void *context)
{
    struct catching_up *catching_up = context;

    disturb(catching_up, &catching_up->config_changed);
}

static void init_locks(struct catching_up *catching_up)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&catching_up->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&catching_up->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

enum rc catching_up_start(struct service *service, struct catching_up **catching_up)
{
    struct catching_up *made = calloc(1, sizeof *made);

    if (!made)
        return RC_NO_MEMORY;
    made->service = service;
    init_locks(made);
    made->has_thread = !pthread_create(&made->thread, NULL, work, made);
    if (!made->has_thread) {
        catching_up_free(made);
        return RC_NO_MEMORY;
    }
    (void)pthread_setname_np(made->thread, "catching-up");
    service_on_config(service, on_config, made);
    *catching_up = made;
    return RC_OK;
}

void catching_up_stop(struct catching_up *catching_up)
{
    if (!catching_up || !catching_up->has_thread)
        return;
    service_on_config(catching_up->service, NULL, catching_up);
    disturb(catching_up, &catching_up->is_stopping);
    pthread_join(catching_up->thread, NULL);
    catching_up->has_thread = false;
}

void catching_up_free(struct catching_up *catching_up)
{
    if (!catching_up)
        return;
    catching_up_stop(catching_up);
    while (catching_up->places) {
        struct place *place = catching_up->places;

        catching_up->places = place->next;
        asked_guids_free(&place->asked);
        free(place);
    }
    pthread_cond_destroy(&catching_up->changed);
    pthread_mutex_destroy(&catching_up->lock);
    free(catching_up);
}
