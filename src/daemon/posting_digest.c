#include "src/daemon/posting_private.h"

/* The last skip is that long ago: the others that came and went are told in the same digest. */
#define CALM_MS (5 * SECOND_MS)

static enum rc write_skipped(struct send *send, void *context, struct slice *text)
{
    struct slice url = send->config->public_url;
    bool is_one = send->told.n_skipped == 1;

    (void)context;
    return arena_format(send->arena, text,
                        "%lld proposal%s came and went before %s could be posted here; the page "
                        "has %s%s%.*s",
                        (long long)send->told.n_skipped, is_one ? "" : "s", is_one ? "it" : "they",
                        is_one ? "it" : "them", url.len ? ": " : "", SLICE_ARG(url));
}

static enum rc write_flood(struct send *send, void *context, struct slice *text)
{
    struct slice url = send->config->public_url;

    (void)context;
    return arena_format(send->arena, text,
                        "%zu more proposals wait. They are posted here one a minute, so that they "
                        "can be read, critical ones at once; all of them are on the page%s%.*s",
                        send->destination->n_cards, url.len ? ": " : "", SLICE_ARG(url));
}

/* A note that belongs to no card. */
static enum rc fill_digest(struct send *send,
                           enum rc (*write)(struct send *send, void *context, struct slice *text),
                           void *context)
{
    struct message_note *note = arena_alloc(send->arena, 1, sizeof *note);
    enum rc rc = note ? arena_copy(send->arena, slice_of(send->destination->channel->name),
                                   &send->message.channel)
                      : RC_NO_MEMORY;

    if (!rc)
        rc = write(send, context, &note->text);
    if (rc)
        return rc;
    note->at_ms = clock_wall_ms();
    send->message.place = send->destination->place;
    send->message.is_unthreaded = true;
    send->call.message = &send->message;
    send->call.part = MESSAGE_NOTE;
    send->call.note = note;
    return RC_OK;
}

void posting_start_digest(struct posting *posting, struct destination *destination,
                          const struct channel_facts *told,
                          enum rc (*write)(struct send *send, void *context, struct slice *text),
                          void *context)
{
    struct send *send = NULL;
    enum rc rc = posting_new_send(posting, destination, MESSAGE_LANE_NOTES, &send);

    if (!rc) {
        send->is_digest = true;
        send->told = *told;
        rc = fill_digest(send, write, context);
    }
    if (rc)
        posting_free_send(send);
    else
        posting_send_digest(send);
}

int64_t posting_digest_ready_ms(struct posting *posting, struct destination *destination,
                                const struct channel *channel)
{
    if (!destination || destination->lanes[MESSAGE_LANE_NOTES].send ||
        posting->n_under_way >= POSTING_UNDER_WAY)
        return POSTING_NOT_NOW;
    return posting_ready_ms(destination, MESSAGE_LANE_NOTES, channel, false);
}

static void tell_skipped(struct posting *posting, const struct channel_state *state,
                         const struct channel *channel, int64_t *due_ms)
{
    const struct channel_facts told = { .n_skipped = state->n_skipped };
    struct destination *destination = posting_destination(posting, channel->name, channel->place);
    int64_t ready_ms = posting_digest_ready_ms(posting, destination, channel);

    if (ready_ms == POSTING_NOT_NOW)
        return;
    if (ready_ms < state->skipped_ms + CALM_MS)
        ready_ms = state->skipped_ms + CALM_MS;
    if (ready_ms > clock_mono_ms())
        posting_due(due_ms, ready_ms);
    else
        posting_start_digest(posting, destination, &told, write_skipped, NULL);
}

static bool is_told(const struct destination *destination)
{
    return destination->flood_told_ms &&
           clock_mono_ms() - destination->flood_told_ms < FLOOD_TOLD_MS;
}

static void tell_flood(struct posting *posting, struct destination *destination,
                       const struct channel *channel, int64_t *due_ms)
{
    const struct channel_facts told = { 0 };
    int64_t ready_ms = posting_digest_ready_ms(posting, destination, channel);

    if (ready_ms == POSTING_NOT_NOW)
        return;
    if (ready_ms > clock_mono_ms())
        posting_due(due_ms, ready_ms);
    else
        posting_start_digest(posting, destination, &told, write_flood, NULL);
}

static void tell_floods(struct posting *posting, int64_t *due_ms)
{
    for (struct destination *place = posting->destinations; place; place = place->next) {
        const struct config *config;
        const struct channel *channel;

        if (!posting_is_flooded(place) || is_told(place))
            continue;
        config = service_hold_config(posting->service);
        channel = channels_find(config->channels, slice_of(place->channel->name));
        if (channel)
            tell_flood(posting, place, channel, due_ms);
        service_release_config(posting->service, config);
    }
}

void posting_tell_digests(struct posting *posting, int64_t *due_ms)
{
    const struct config *config = NULL;

    for (struct channel_state *state = posting->channels; state; state = state->next) {
        const struct channel *channel;

        if (!state->n_skipped)
            continue;
        if (!config)
            config = service_hold_config(posting->service);
        channel = channels_find(config->channels, slice_of(state->name));
        if (channel)
            tell_skipped(posting, state, channel, due_ms);
    }
    if (config)
        service_release_config(posting->service, config);
    tell_floods(posting, due_ms);
}

/* What was told is taken off; what was skipped meanwhile is told in the next one. */
static enum rc forget_told(struct send *send)
{
    struct channel_facts told = send->told;

    told.channel = send->message.channel;
    return posting_turn_note_channel(send->posting, &told);
}

/* False: it could not be noted, and is kept to be noted later; else the next one would tell the same again. */
static bool note_told(struct send *send)
{
    enum rc rc;

    if (!send->told.n_skipped && !send->told.budget_told_ms) {
        send->destination->flood_told_ms = clock_mono_ms();
        return true;
    }
    rc = forget_told(send);
    if (posting_report_later(send, rc))
        return false;
    if (rc)
        log_warn("digest told, and not noted: %s channel=%s", rc_text(rc),
                 send->destination->channel->name);
    if (send->told.n_skipped)
        send->destination->channel->n_skipped = 0;
    send->posting->must_count = true;
    return true;
}

/* Told, or never to be told (the channel takes no such message): said once. Otherwise it is tried again when the lane is free. */
void posting_end_digest(struct send *send)
{
    enum channel_outcome outcome = send->result.outcome;

    bool is_said = outcome == CHANNEL_SENT || outcome == CHANNEL_DEAD ||
                   outcome == CHANNEL_PLAINER || outcome == CHANNEL_ANEW ||
                   outcome == CHANNEL_UNTHREADED;

    if (!is_said || note_told(send))
        posting_free_send(send);
}
