#include "src/daemon/posting_private.h"

#include "src/base/metrics.h"
#include "src/daemon/slack_directory.h"

#include <stdio.h>

#define COUNT_ARENA_BYTES ((size_t)16 << 20)
#define SHOWN_ARENA_BYTES ((size_t)1 << 20)
#define OWED_COUNTED 10000
#define COUNT_EVERY_MS SECOND_MS
#define COUNT_MESSAGE_MS 1 /* a long queue is counted less often */

/* --- counting --- */

static enum rc count_lane(struct store_txn *txn, const struct destination *destination,
                          enum message_lane lane, struct arena *arena, bool *is_empty)
{
    struct channel_state *channel = destination->channel;
    struct message message = { 0 };
    enum rc rc = RC_OK;

    while (channel->n_owed < OWED_COUNTED) {
        rc = message_next_queued(txn, &destination->id, lane, message.queue_seq, arena, &message);
        if (rc)
            break;
        *is_empty = false;
        channel->n_owed++;
        if (message.owed_ms &&
            (!channel->oldest_real_ms || message.owed_ms < channel->oldest_real_ms))
            channel->oldest_real_ms = message.owed_ms;
        arena_reset(arena);
    }
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc count_place(struct posting *posting, struct destination *place,
                           struct store_txn *txn, struct arena *arena)
{
    for (int lane = 0; lane < MESSAGE_N_LANES; lane++) {
        size_t n_before = place->channel->n_owed;
        bool is_empty = n_before < OWED_COUNTED;
        enum rc rc = count_lane(txn, place, (enum message_lane)lane, arena, &is_empty);

        if (rc)
            return rc;
        if (lane == MESSAGE_LANE_CARDS)
            place->n_cards = place->channel->n_owed - n_before;
        if (is_empty && !place->lanes[lane].send)
            posting_forget_failures(posting, place, (enum message_lane)lane);
    }
    return RC_OK;
}

static enum rc count_queues(struct posting *posting, struct store_txn *txn, struct arena *arena)
{
    enum rc rc = RC_OK;

    for (struct destination *place = posting->destinations; place && !rc; place = place->next)
        if (place->has_id)
            rc = count_place(posting, place, txn, arena);
    return rc;
}

static enum rc read_counters(struct posting *posting, struct store_txn *txn, struct arena *arena)
{
    for (struct channel_state *channel = posting->channels; channel; channel = channel->next) {
        struct channel_facts facts;
        enum rc rc = channel_facts_get(txn, slice_of(channel->name), arena, &facts);

        if (rc && rc != RC_NOT_FOUND && rc != RC_CORRUPT)
            return rc;
        channel->n_dead = rc ? 0 : facts.n_dead;
        channel->n_skipped = rc ? 0 : facts.n_skipped;
        arena_reset(arena);
    }
    return RC_OK;
}

/* As many as were ever configured since the start: what a reload took away shows as nothing. */
static void set_gauges(const struct posting *posting, const struct config *config)
{
    const struct slice none = { 0 };

    for (const struct channel_state *channel = posting->channels; channel;
         channel = channel->next) {
        struct slice name = slice_of(channel->name);
        bool is_there = channels_find(config->channels, name) != NULL;

        metric_set(METRIC_OUTBOX_DEPTH, name, none, is_there ? (double)channel->n_owed : 0);
        metric_set(METRIC_MESSAGES_DEAD, name, none, (double)channel->n_dead);
    }
}

static enum rc register_channels(struct posting *posting, const struct config *config)
{
    const struct channel *channel;

    for (size_t i = 0; (channel = channels_at(config->channels, i)) != NULL; i++)
        if (!posting_channel(posting, channel->name))
            return RC_NO_MEMORY;
    return RC_OK;
}

static void count_all(struct posting *posting, const struct config *config)
{
    struct store_txn *txn = NULL;
    struct arena *arena = NULL;
    size_t n_owed = 0;
    enum rc rc = arena_new(COUNT_ARENA_BYTES, &arena);

    for (struct channel_state *channel = posting->channels; channel; channel = channel->next) {
        channel->n_owed = 0;
        channel->oldest_real_ms = 0;
    }
    if (!rc)
        rc = store_begin_read(service_store(posting->service), &txn);
    if (!rc)
        rc = count_queues(posting, txn, arena);
    if (!rc)
        rc = read_counters(posting, txn, arena);
    store_abort(&txn);
    arena_free(arena);
    for (struct channel_state *channel = posting->channels; channel; channel = channel->next)
        n_owed += channel->n_owed;
    posting->count_ms = clock_mono_ms() + COUNT_EVERY_MS + (int64_t)n_owed * COUNT_MESSAGE_MS;
    posting->must_count = rc != RC_OK;
    set_gauges(posting, config);
}

/* --- showing --- */

static int64_t real_ms(int64_t mono_ms)
{
    return clock_wall_ms() + (mono_ms - clock_mono_ms());
}

static void show_hold(struct shown_channel *shown, const struct lane_hold *hold, int64_t now_ms)
{
    int64_t since_ms = hold->has_failed ? real_ms(hold->since_ms) : 0;

    if (since_ms && (!shown->failing_since_ms || since_ms < shown->failing_since_ms))
        shown->failing_since_ms = since_ms;
    if (hold->until_ms > now_ms &&
        (!shown->next_try_ms || real_ms(hold->until_ms) < shown->next_try_ms))
        shown->next_try_ms = real_ms(hold->until_ms);
}

static void show_holds(const struct posting *posting, const struct channel_state *state,
                       struct shown_channel *shown)
{
    int64_t now_ms = clock_mono_ms();

    show_hold(shown, &state->hold, now_ms);
    for (const struct destination *place = posting->destinations; place; place = place->next) {
        if (place->channel != state)
            continue;
        show_hold(shown, &place->hold, now_ms);
        for (size_t i = 0; i < MESSAGE_N_LANES; i++)
            show_hold(shown, &place->lanes[i].hold, now_ms);
    }
}

/* Who may decide cannot be told: as loud as cards that cannot be posted. */
static void show_directory(const struct posting *posting, struct shown_channel *shown)
{
    int64_t since_ms = 0;
    const char *error = slack_directory_error(posting->directory, shown->name, &since_ms);

    if (!error)
        return;
    if (!shown->failing_since_ms || since_ms < shown->failing_since_ms)
        shown->failing_since_ms = since_ms;
    if (!shown->error[0])
        snprintf(shown->error, sizeof shown->error, "%s", error);
}

static enum rc show_channel(struct posting *posting, const struct channel *channel,
                            struct arena *arena, struct shown_channel *shown)
{
    const struct channel_state *state = posting_channel(posting, channel->name);

    if (!state)
        return RC_NO_MEMORY;
    *shown = (struct shown_channel){ .kind = channel->kind->name,
                                     .n_owed = state->n_owed,
                                     .oldest_ms = state->oldest_real_ms,
                                     .n_dead = state->n_dead,
                                     .n_skipped = state->n_skipped };
    show_holds(posting, state, shown);
    if (shown->failing_since_ms)
        snprintf(shown->error, sizeof shown->error, "%s", state->error);
    shown->name = channel->name;
    show_directory(posting, shown);
    return arena_copy(arena, channel->name, &shown->name);
}

static enum rc make_shown(struct posting *posting, const struct config *config, struct arena *arena,
                          struct shown_channel **shown, size_t *n_shown)
{
    size_t n_channels = channels_count(config->channels);
    struct shown_channel *made = arena_alloc(arena, n_channels + 1, sizeof *made);
    enum rc rc = made ? RC_OK : RC_NO_MEMORY;

    for (size_t i = 0; i < n_channels && !rc; i++)
        rc = show_channel(posting, channels_at(config->channels, i), arena, &made[i]);
    *shown = made;
    *n_shown = n_channels;
    return rc;
}

static void show_all(struct posting *posting, const struct config *config)
{
    struct shown_channel *shown = NULL;
    struct arena *arena = NULL;
    size_t n_shown = 0;
    enum rc rc = arena_new(SHOWN_ARENA_BYTES, &arena);

    if (!rc)
        rc = make_shown(posting, config, arena, &shown, &n_shown);
    posting->must_show = rc != RC_OK;
    if (!rc) {
        struct arena *before;

        pthread_mutex_lock(&posting->lock);
        before = posting->shown_arena;
        posting->shown_arena = arena;
        posting->shown = shown;
        posting->n_shown = n_shown;
        pthread_mutex_unlock(&posting->lock);
        arena = before;
    }
    arena_free(arena);
}

void posting_publish(struct posting *posting, int64_t *due_ms)
{
    bool counts = posting->must_count && clock_mono_ms() >= posting->count_ms;
    const struct config *config;

    if (counts || posting->must_show) {
        config = service_hold_config(posting->service);
        if (!register_channels(posting, config) && counts)
            count_all(posting, config);
        show_all(posting, config);
        service_release_config(posting->service, config);
    }
    if (posting->must_count)
        posting_due(due_ms, posting->count_ms);
    if (posting->must_show)
        posting_due(due_ms, clock_mono_ms() + POSTING_TRY_AGAIN_MS);
}

/* --- for others --- */

static enum rc copy_shown(const struct shown_channel *shown, struct arena *arena,
                          struct posting_facts *facts)
{
    enum rc rc = arena_copy(arena, shown->name, &facts->channel);

    facts->kind = shown->kind;
    facts->n_owed = shown->n_owed;
    facts->oldest_ms = shown->oldest_ms;
    facts->failing_since_ms = shown->failing_since_ms;
    facts->next_try_ms = shown->next_try_ms > clock_wall_ms() ? shown->next_try_ms : 0;
    facts->n_dead = shown->n_dead;
    facts->n_skipped = shown->n_skipped;
    if (!rc && shown->error[0])
        rc = arena_copy(arena, slice_of(shown->error), &facts->error);
    return rc;
}

enum rc posting_list_facts(struct posting *posting, struct arena *arena,
                           struct posting_facts **facts, size_t *n_facts)
{
    struct posting_facts *made;
    enum rc rc;

    pthread_mutex_lock(&posting->lock);
    made = arena_alloc(arena, posting->n_shown + 1, sizeof *made);
    rc = made ? RC_OK : RC_NO_MEMORY;
    for (size_t i = 0; i < posting->n_shown && !rc; i++)
        rc = copy_shown(&posting->shown[i], arena, &made[i]);
    *facts = made;
    *n_facts = posting->n_shown;
    pthread_mutex_unlock(&posting->lock);
    return rc;
}
