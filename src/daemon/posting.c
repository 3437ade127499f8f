#include "src/daemon/posting_private.h"

#include "src/daemon/slack_directory.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STOP_PATIENCE_MS (5 * SECOND_MS)
#define MOMENT_NS 100000000L

/* --- one round --- */

bool posting_is_resting(const struct posting *posting)
{
    return posting->end_ms != 0;
}

static void follow_config(struct posting *posting)
{
    if (!atomic_exchange(&posting->has_config, false))
        return;
    posting_lift_holds(posting);
    slack_directory_refresh(posting->directory);
    posting->has_news = true;
    posting->must_count = true;
    posting->must_show = true;
}

static int64_t step(struct posting *posting)
{
    int64_t due_ms = INT64_MAX;

    follow_config(posting);
    posting_collect(posting, &due_ms);
    posting_step_asides(posting, &due_ms);
    if (posting_is_resting(posting))
        return posting->end_ms < due_ms ? posting->end_ms : due_ms;
    slack_directory_step(posting->directory, &due_ms);
    posting_look(posting, &due_ms);
    posting_publish(posting, &due_ms); /* counts what the digests tell */
    posting_tell_health(posting, &due_ms);
    posting_tell_digests(posting, &due_ms);
    posting_tell_budget(posting, &due_ms);
    return posting->has_news ? 0 : due_ms;
}

static bool is_over(const struct posting *posting)
{
    bool is_idle = !posting->n_under_way && !posting->asides;

    return posting_is_resting(posting) && (is_idle || clock_mono_ms() >= posting->end_ms);
}

static void wait_until(struct posting *posting, int64_t due_ms)
{
    const struct timespec moment = { .tv_nsec = MOMENT_NS };
    int64_t wait_ms = due_ms - clock_mono_ms();

    /* Only where memory is out: whatever it was may go better in a moment. */
    if (http_multi_wait(posting->multi, NULL, 0, NULL, wait_ms > 0 ? wait_ms : 0))
        nanosleep(&moment, NULL);
}

static void *work(void *argument)
{
    struct posting *posting = argument;

    while (!is_over(posting)) {
        int64_t due_ms = step(posting);

        if (!is_over(posting))
            wait_until(posting, due_ms);
    }
    return NULL;
}

/* --- from other threads --- */

void posting_wake(struct posting *posting)
{
    posting->has_news = true;
    http_multi_wake(posting->multi);
}

void posting_hurry(struct posting *posting, struct ulid proposal)
{
    struct hurry hurry = { .proposal = proposal, .until_ms = clock_mono_ms() + POSTING_HURRY_MS };

    pthread_mutex_lock(&posting->lock);
    /* Who came first has seen most of it. */
    if (posting->n_hurries == POSTING_HURRIES)
        memmove(posting->hurries, posting->hurries + 1,
                --posting->n_hurries * sizeof *posting->hurries);
    posting->hurries[posting->n_hurries++] = hurry;
    pthread_mutex_unlock(&posting->lock);
    posting_wake(posting);
}

static void on_config(void *context)
{
    struct posting *posting = context;

    posting->has_config = true;
    http_multi_wake(posting->multi);
}

/* --- life --- */

static enum rc start_thread(struct posting *posting)
{
    posting->has_thread = !pthread_create(&posting->thread, NULL, work, posting);
    if (!posting->has_thread)
        return RC_NO_MEMORY;
    (void)pthread_setname_np(posting->thread, "posting");
    return RC_OK;
}

enum rc posting_start(struct service *service, struct posting **posting)
{
    struct posting *made = calloc(1, sizeof *made);
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    made->service = service;
    made->has_news = true; /* what the last run left */
    made->must_show = true;
    made->begun_ms = clock_mono_ms();
    pthread_mutex_init(&made->lock, NULL);
    rc = http_multi_new(&made->multi);
    if (!rc)
        rc = slack_directory_new(made, &made->directory);
    if (!rc)
        rc = start_thread(made);
    if (rc) {
        posting_free(made);
        return rc;
    }
    service_on_config(service, on_config, made);
    *posting = made;
    return RC_OK;
}

void posting_rest(struct posting *posting)
{
    int64_t not_resting = 0;

    if (!posting)
        return;
    service_on_config(posting->service, NULL, posting);
    if (atomic_compare_exchange_strong(&posting->end_ms, &not_resting,
                                       clock_mono_ms() + STOP_PATIENCE_MS))
        http_multi_wake(posting->multi);
}

void posting_stop(struct posting *posting)
{
    if (!posting || !posting->has_thread)
        return;
    posting_rest(posting);
    pthread_join(posting->thread, NULL);
    posting->has_thread = false;
    posting_end_asides(posting);
}

void posting_free(struct posting *posting)
{
    if (!posting)
        return;
    posting_stop(posting);
    posting_free_places(posting);
    slack_directory_free(posting->directory);
    http_multi_free(posting->multi);
    arena_free(posting->shown_arena);
    pthread_mutex_destroy(&posting->lock);
    free(posting);
}
