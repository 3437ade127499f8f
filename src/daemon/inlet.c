#include "src/daemon/inlet.h"

#include "src/base/clock.h"
#include "src/base/metrics.h"
#include "src/daemon/crowd.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define DELIVERIES_WAITING 4096
#define DELIVERY_BYTES_WAITING ((int64_t)64 << 20)
/* One accepting commit takes at most this much, so that nobody waits long behind it. */
#define BATCH_DELIVERIES 256
#define BATCH_BYTES ((int64_t)8 << 20)
#define BATCH_CONTROLS 64
/* One commit takes at most so many batches of lines. While more than a few deliveries wait to be folded it is seldom their turn; but it comes. */
#define BATCH_LINES 64
#define LINES_MAX_LAG 64
#define LINES_TURN_MS SECOND_MS
/* Folding between two accepting commits: the next delivery waits at most this long for its turn. */
#define FOLD_DELIVERIES 256
#define FOLD_BUDGET_MS 10
/* Who sends one after the other would find each answer behind the folding of the last: what comes within so short a time is folded together. */
#define FOLD_EVERY_MS 5
/* In a crowd folding has its turn seldom, and for less. */
#define CROWD_FOLD_EVERY_MS 200
#define CROWD_FOLD_BUDGET_MS 5
/* After a full disk or store: how often it is tried again. */
#define RETRY_MS SECOND_MS
#define EXPIRE_EVERY_MS (30 * SECOND_MS)

struct lane {
    struct inlet_delivery *first, **last;
    size_t n_items;
    int64_t bytes;
};

struct inlet {
    struct engine *engine;
    size_t n_max;
    int64_t bytes_max;
    int64_t fold_every_ms;
    void (*on_fatal)(void *context, enum rc rc);
    void *context;

    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t work;
    struct lane data;
    struct inlet_control *control, **control_last;
    struct inlet_lines *lines, **lines_last;
    bool draining;
    bool has_ended; /* the thread looks at nothing any more */
    bool is_full;
    bool has_failed;

    int64_t expire_mono_ms; /* from here on the engine's thread alone */
    struct crowd crowd;
    int64_t folded_mono_ms;
    int64_t retry_mono_ms;
    int64_t lines_retry_mono_ms;
    int64_t lines_taken_mono_ms;
    int64_t merge_retry_mono_ms;
    bool has_backlog; /* folding has not come to the end yet */
    bool fold_more;
};

/* --- pushing --- */

static void lane_init(struct lane *lane)
{
    *lane = (struct lane){ .last = &lane->first };
}

enum rc inlet_push(struct inlet *inlet, struct inlet_delivery *delivery)
{
    int64_t bytes = (int64_t)delivery->item.entry->body.len;
    enum rc rc = RC_OK;

    delivery->next = NULL;
    pthread_mutex_lock(&inlet->lock);
    if (inlet->draining || inlet->has_failed)
        rc = RC_BUSY;
    else if (inlet->data.n_items >= inlet->n_max || inlet->data.bytes + bytes > inlet->bytes_max)
        rc = RC_FULL;
    if (!rc) {
        *inlet->data.last = delivery;
        inlet->data.last = &delivery->next;
        inlet->data.n_items++;
        inlet->data.bytes += bytes;
        pthread_cond_signal(&inlet->work);
    }
    pthread_mutex_unlock(&inlet->lock);
    return rc;
}

enum rc inlet_push_lines(struct inlet *inlet, struct inlet_lines *lines)
{
    enum rc rc = RC_OK;

    lines->next = NULL;
    pthread_mutex_lock(&inlet->lock);
    if (inlet->draining || inlet->has_failed) {
        rc = RC_BUSY;
    } else {
        *inlet->lines_last = lines;
        inlet->lines_last = &lines->next;
        pthread_cond_signal(&inlet->work);
    }
    pthread_mutex_unlock(&inlet->lock);
    return rc;
}

void inlet_push_control(struct inlet *inlet, struct inlet_control *control)
{
    bool is_late;

    control->next = NULL;
    pthread_mutex_lock(&inlet->lock);
    is_late = inlet->has_ended;
    if (!is_late) {
        *inlet->control_last = control;
        inlet->control_last = &control->next;
        pthread_cond_signal(&inlet->work);
    }
    pthread_mutex_unlock(&inlet->lock);
    if (is_late)
        control->done(control, RC_BUSY);
}

struct waiter {
    struct inlet_control *control;
    void (*done)(struct inlet_control *control, enum rc rc);
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_done;
    enum rc rc;
};

static void wake_waiter(struct inlet_control *control, enum rc rc)
{
    struct waiter *waiter = control->context;

    pthread_mutex_lock(&waiter->lock);
    waiter->rc = rc;
    waiter->is_done = true;
    pthread_cond_signal(&waiter->changed);
    pthread_mutex_unlock(&waiter->lock);
}

static enum rc run_for_waiter(struct inlet_control *control, struct engine *engine, int64_t now_ms)
{
    struct waiter *waiter = control->context;

    return waiter->control->run(waiter->control, engine, now_ms);
}

enum rc inlet_run_and_wait(struct inlet *inlet, struct inlet_control *control)
{
    struct waiter waiter = { .control = control,
                             .lock = PTHREAD_MUTEX_INITIALIZER,
                             .changed = PTHREAD_COND_INITIALIZER };
    struct inlet_control outer = { .run = run_for_waiter, .done = wake_waiter, .context = &waiter };

    inlet_push_control(inlet, &outer);
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.is_done)
        pthread_cond_wait(&waiter.changed, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    pthread_cond_destroy(&waiter.changed);
    pthread_mutex_destroy(&waiter.lock);
    return waiter.rc;
}

struct inlet_facts inlet_facts(struct inlet *inlet)
{
    struct inlet_facts facts;

    pthread_mutex_lock(&inlet->lock);
    facts = (struct inlet_facts){ .n_waiting = inlet->data.n_items,
                                  .data_is_refused = inlet->is_full || inlet->draining,
                                  .store_failed = inlet->has_failed };
    pthread_mutex_unlock(&inlet->lock);
    return facts;
}

struct ruleset *inlet_hold_ruleset(const struct inlet *inlet)
{
    return engine_hold_ruleset(inlet->engine);
}

/* --- the engine's thread --- */

static void note(struct inlet *inlet, enum rc rc)
{
    static struct log_limit limit, room_limit, other_limit;
    bool is_fatal =
        rc ==
        RC_IO; /* what the disk holds is not known: whoever goes on could promise what is not there */

    if (rc && rc != RC_FULL && !is_fatal)
        log_limited(&other_limit, LOG_ERROR, "a round of the engine failed: %s", rc_text(rc));
    if (rc == RC_FULL)
        log_limited(&limit, LOG_ERROR,
                    "the store or the disk is full: deliveries are refused until there is room; "
                    "free space or raise `store: {max}`");
    pthread_mutex_lock(&inlet->lock);
    if (inlet->is_full && !rc)
        log_limited(&room_limit, LOG_INFO, "there is room again: deliveries are taken");
    if (rc == RC_FULL && !inlet->is_full)
        inlet->expire_mono_ms = 0; /* what is old makes room at once */
    inlet->is_full = rc == RC_FULL;
    inlet->has_failed |= is_fatal;
    pthread_mutex_unlock(&inlet->lock);
    if (is_fatal) {
        log_error("the store failed: %s; stopping, what was answered is kept", rc_text(rc));
        inlet->on_fatal(inlet->context, rc);
    }
}

/* The place of the first control that may run now, or of the list's end. When draining, none waits any longer. */
static struct inlet_control **find_ready(struct inlet *inlet)
{
    int64_t now_mono_ms = clock_mono_ms();
    struct inlet_control **place = &inlet->control;

    while (*place && !inlet->draining && (*place)->not_before_mono_ms > now_mono_ms)
        place = &(*place)->next;
    return place;
}

static struct inlet_control *take_control(struct inlet *inlet)
{
    struct inlet_control **place, *taken;

    pthread_mutex_lock(&inlet->lock);
    place = find_ready(inlet);
    taken = *place;
    if (taken) {
        *place = taken->next;
        if (!*place)
            inlet->control_last = place;
    }
    pthread_mutex_unlock(&inlet->lock);
    return taken;
}

static int64_t first_control_mono_ms(const struct inlet *inlet)
{
    int64_t first = INT64_MAX;

    for (const struct inlet_control *control = inlet->control; control; control = control->next)
        if (control->not_before_mono_ms < first)
            first = control->not_before_mono_ms;
    return first;
}

static void run_controls(struct inlet *inlet)
{
    for (size_t i = 0; i < BATCH_CONTROLS; i++) {
        struct inlet_control *control = take_control(inlet);
        enum rc rc;

        if (!control)
            return;
        rc = control->run(control, inlet->engine, clock_wall_ms());
        if (rc == RC_IO || rc == RC_FULL)
            note(inlet, rc);
        control->done(control, rc);
    }
}

static size_t take_batch(struct inlet *inlet, struct inlet_delivery **batch)
{
    size_t n_items = 0;
    int64_t bytes = 0;

    pthread_mutex_lock(&inlet->lock);
    while (inlet->data.first && n_items < BATCH_DELIVERIES && bytes < BATCH_BYTES) {
        struct inlet_delivery *delivery = inlet->data.first;

        inlet->data.first = delivery->next;
        inlet->data.n_items--;
        inlet->data.bytes -= (int64_t)delivery->item.entry->body.len;
        bytes += (int64_t)delivery->item.entry->body.len;
        batch[n_items++] = delivery;
    }
    if (!inlet->data.first)
        lane_init(&inlet->data);
    metric_set(METRIC_INLET_DEPTH, (struct slice){ 0 }, (struct slice){ 0 },
               (double)inlet->data.n_items);
    pthread_mutex_unlock(&inlet->lock);
    return n_items;
}

static void accept_these(struct inlet *inlet, struct inlet_delivery **batch, size_t n_items)
{
    struct engine_accept_item items[BATCH_DELIVERIES];
    enum rc rc;

    for (size_t i = 0; i < n_items; i++)
        items[i] = batch[i]->item;
    rc = engine_accept(inlet->engine, items, n_items);
    note(inlet, rc);
    if (!rc)
        inlet->fold_more = true;
    for (size_t i = 0; i < n_items; i++) {
        batch[i]->item.is_duplicate = items[i].is_duplicate;
        batch[i]->done(batch[i], rc);
    }
}

static void accept_batch(struct inlet *inlet)
{
    struct inlet_delivery *batch[BATCH_DELIVERIES];
    size_t n_items = take_batch(inlet, batch);

    if (n_items)
        accept_these(inlet, batch, n_items);
    crowd_count(&inlet->crowd, n_items, engine_n_unfolded(inlet->engine), clock_mono_ms());
}

/* --- lines --- */

/* Under the lock. At a stop none is held back any longer. */
static int64_t lines_due_mono_ms(const struct inlet *inlet)
{
    int64_t turn_mono_ms = inlet->lines_taken_mono_ms + LINES_TURN_MS;

    if (!inlet->lines)
        return INT64_MAX;
    if (inlet->draining)
        return 0;
    if (engine_n_unfolded(inlet->engine) < LINES_MAX_LAG)
        return inlet->lines_retry_mono_ms;
    return later_of(inlet->lines_retry_mono_ms, turn_mono_ms);
}

static bool may_take_lines(const struct inlet *inlet)
{
    return lines_due_mono_ms(inlet) <= clock_mono_ms();
}

/* The first ones; they stay in the lane until they are stored, so that none overtakes another. */
static size_t look_at_lines(struct inlet *inlet, struct inlet_lines **batch, bool *draining)
{
    size_t n_items = 0;
    int64_t bytes = 0;

    pthread_mutex_lock(&inlet->lock);
    *draining = inlet->draining;
    for (struct inlet_lines *lines = may_take_lines(inlet) ? inlet->lines : NULL;
         lines && n_items < BATCH_LINES && bytes < BATCH_BYTES; lines = lines->next) {
        bytes += lines->item.entry ? (int64_t)lines->item.entry->body.len : 0;
        batch[n_items++] = lines;
    }
    pthread_mutex_unlock(&inlet->lock);
    return n_items;
}

static void end_lines(struct inlet *inlet, struct inlet_lines **batch, size_t n_items)
{
    pthread_mutex_lock(&inlet->lock);
    for (size_t i = 0; i < n_items; i++)
        inlet->lines = inlet->lines->next;
    if (!inlet->lines)
        inlet->lines_last = &inlet->lines;
    pthread_mutex_unlock(&inlet->lock);
    for (size_t i = 0; i < n_items; i++)
        batch[i]->done(batch[i], RC_OK);
}

/* All of them: those behind would say that the first were read. What cannot be stored is read again after the stop. */
static void drop_lines(struct inlet *inlet)
{
    struct inlet_lines *lines, *next;

    pthread_mutex_lock(&inlet->lock);
    lines = inlet->lines;
    inlet->lines = NULL;
    inlet->lines_last = &inlet->lines;
    pthread_mutex_unlock(&inlet->lock);
    for (; lines; lines = next) {
        next = lines->next;
        lines->done(lines, RC_BUSY);
    }
}

static void take_lines(struct inlet *inlet)
{
    struct inlet_lines *batch[BATCH_LINES];
    struct engine_lines items[BATCH_LINES];
    bool more = false, draining;
    size_t n_items = look_at_lines(inlet, batch, &draining);
    enum rc rc;

    if (!n_items)
        return;
    if (inlet->has_failed) {
        drop_lines(inlet);
        return;
    }
    for (size_t i = 0; i < n_items; i++)
        items[i] = batch[i]->item;
    rc = engine_take_lines(inlet->engine, items, n_items, clock_wall_ms(), FOLD_BUDGET_MS, &more);
    note(inlet, rc);
    inlet->fold_more |= more;
    inlet->lines_taken_mono_ms = clock_mono_ms();
    inlet->lines_retry_mono_ms = rc ? inlet->lines_taken_mono_ms + RETRY_MS : 0;
    if (!rc)
        end_lines(inlet, batch, n_items);
    else if (draining)
        drop_lines(inlet);
}

static int64_t fold_rest_ms(const struct inlet *inlet)
{
    if (inlet->crowd.is_there)
        return CROWD_FOLD_EVERY_MS;
    return inlet->has_backlog ? 0 : inlet->fold_every_ms;
}

static int64_t fold_not_before_mono_ms(const struct inlet *inlet)
{
    return later_of(inlet->folded_mono_ms + fold_rest_ms(inlet), inlet->retry_mono_ms);
}

static void fold(struct inlet *inlet)
{
    int64_t now_ms = clock_wall_ms();
    int64_t budget_ms = inlet->crowd.is_there ? CROWD_FOLD_BUDGET_MS : FOLD_BUDGET_MS;
    bool more = false;
    enum rc rc;

    inlet->fold_more |=
        engine_n_unfolded(inlet->engine) > 0; /* a delivery may come by control, too */
    if (!inlet->fold_more && engine_due_ms(inlet->engine) > now_ms)
        return;
    if (fold_not_before_mono_ms(inlet) > clock_mono_ms())
        return;
    rc = engine_fold(inlet->engine, now_ms, FOLD_DELIVERIES, budget_ms, &more);
    inlet->folded_mono_ms = clock_mono_ms();
    inlet->fold_more = more || rc;
    inlet->has_backlog = more;
    inlet->retry_mono_ms = rc ? clock_mono_ms() + RETRY_MS : 0;
    if (rc)
        note(inlet, rc);
}

/* One piece for each turn of the loop: more than a turn takes deliveries. In a crowd it waits as long as memory allows. */
static void merge_deliveries(struct inlet *inlet)
{
    enum rc rc;

    if (!engine_has_many_fresh_deliveries(inlet->engine, inlet->crowd.is_there) ||
        clock_mono_ms() < inlet->merge_retry_mono_ms)
        return;
    rc = engine_merge_deliveries(inlet->engine, clock_wall_ms());
    if (!rc)
        return;
    inlet->merge_retry_mono_ms = clock_mono_ms() + RETRY_MS;
    note(inlet, rc);
}

/* Nobody may be sending: who balances load sends nothing to one that is not ready. */
static void look_for_room(struct inlet *inlet)
{
    if (inlet->is_full && engine_has_room(inlet->engine))
        note(inlet, RC_OK);
}

static void expire(struct inlet *inlet)
{
    int64_t now_mono_ms = clock_mono_ms();
    bool more = false;
    enum rc rc;

    if (now_mono_ms < inlet->expire_mono_ms)
        return;
    rc = engine_expire(inlet->engine, clock_wall_ms(), &more);
    look_for_room(inlet);
    inlet->expire_mono_ms =
        more ? now_mono_ms : now_mono_ms + (inlet->is_full ? RETRY_MS : EXPIRE_EVERY_MS);
    if (rc && rc != RC_FULL)
        note(inlet, rc);
}

/* Not in a crowd, whose commits are made of many pages each and gain nothing by it. */
static void preallocate(struct inlet *inlet)
{
    if (!inlet->crowd.is_there)
        engine_preallocate(inlet->engine);
}

/* Monotonic time at which there is something to do although nobody pushes. */
static int64_t wake_mono_ms(struct inlet *inlet)
{
    int64_t now_mono_ms = clock_mono_ms();
    int64_t due_ms = engine_due_ms(inlet->engine);
    int64_t wake = inlet->expire_mono_ms;

    if (engine_has_many_fresh_deliveries(inlet->engine, inlet->crowd.is_there))
        wake = earlier_of(wake, inlet->merge_retry_mono_ms);
    if (inlet->crowd.is_there) /* it may be over then */
        wake = earlier_of(wake, inlet->crowd.last_mono_ms + CROWD_SILENCE_MS);
    if (inlet->fold_more)
        return earlier_of(wake, fold_not_before_mono_ms(inlet));
    if (due_ms != INT64_MAX) {
        int64_t due_mono_ms = now_mono_ms + (due_ms - clock_wall_ms());

        if (due_mono_ms < fold_not_before_mono_ms(inlet))
            due_mono_ms = fold_not_before_mono_ms(inlet);
        if (due_mono_ms < wake)
            wake = due_mono_ms;
    }
    return wake;
}

/* False when it is time to end: draining, and nothing waits any more. */
static bool wait_for_work(struct inlet *inlet)
{
    int64_t timers_mono_ms = wake_mono_ms(inlet);
    bool goes_on;

    pthread_mutex_lock(&inlet->lock);
    while (!inlet->data.first && !*find_ready(inlet) && !inlet->draining &&
           !may_take_lines(inlet)) {
        int64_t control_mono_ms = first_control_mono_ms(inlet);
        int64_t wake =
            earlier_of(timers_mono_ms, earlier_of(control_mono_ms, lines_due_mono_ms(inlet)));
        struct timespec until = { .tv_sec = wake / SECOND_MS,
                                  .tv_nsec = wake % SECOND_MS * 1000000 };

        if (wake <= clock_mono_ms() || pthread_cond_timedwait(&inlet->work, &inlet->lock, &until))
            break;
    }
    goes_on = !inlet->draining || inlet->data.first || inlet->control || inlet->lines;
    inlet->has_ended = !goes_on;
    pthread_mutex_unlock(&inlet->lock);
    return goes_on;
}

static void *work(void *argument)
{
    struct inlet *inlet = argument;

    while (wait_for_work(inlet)) {
        run_controls(inlet);
        accept_batch(inlet);
        run_controls(inlet);
        take_lines(inlet);
        fold(inlet);
        merge_deliveries(inlet);
        expire(inlet);
        preallocate(inlet);
    }
    return NULL;
}

/* --- life --- */

enum rc inlet_new(const struct inlet_options *options, struct inlet **inlet)
{
    struct inlet *made = calloc(1, sizeof *made);
    pthread_condattr_t attributes;

    if (!made)
        return RC_NO_MEMORY;
    made->engine = options->engine;
    made->n_max = options->n_deliveries ? options->n_deliveries : DELIVERIES_WAITING;
    made->bytes_max = options->delivery_bytes ? options->delivery_bytes : DELIVERY_BYTES_WAITING;
    made->fold_every_ms = options->fold_every_ms ? options->fold_every_ms : FOLD_EVERY_MS;
    made->on_fatal = options->on_fatal;
    made->context = options->context;
    made->fold_more = true; /* what the last run left */
    made->expire_mono_ms = clock_mono_ms() + EXPIRE_EVERY_MS;
    lane_init(&made->data);
    made->control_last = &made->control;
    made->lines_last = &made->lines;
    pthread_mutex_init(&made->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&made->work, &attributes);
    pthread_condattr_destroy(&attributes);
    *inlet = made;
    return RC_OK;
}

enum rc inlet_start(struct inlet *inlet)
{
    inlet->has_thread = !pthread_create(&inlet->thread, NULL, work, inlet);
    return inlet->has_thread ? RC_OK : RC_NO_MEMORY;
}

void inlet_drain(struct inlet *inlet)
{
    if (!inlet || !inlet->has_thread)
        return;
    pthread_mutex_lock(&inlet->lock);
    inlet->draining = true;
    pthread_cond_signal(&inlet->work);
    pthread_mutex_unlock(&inlet->lock);
    pthread_join(inlet->thread, NULL);
    inlet->has_thread = false;
}

void inlet_free(struct inlet *inlet)
{
    if (!inlet)
        return;
    inlet_drain(inlet);
    pthread_cond_destroy(&inlet->work);
    pthread_mutex_destroy(&inlet->lock);
    free(inlet);
}
