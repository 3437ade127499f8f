#include "src/daemon/posting_private.h"

#include "src/base/digest.h"
#include "src/base/metrics.h"

#include <stdlib.h>
#include <string.h>

/* A secret it is not: the clock will do. */
uint32_t posting_random(void)
{
    uint32_t number = 0;

    return random_bytes((uint8_t *)&number, sizeof number) ? (uint32_t)clock_mono_ms() : number;
}

/* --- registers: as many as were ever configured --- */

static struct channel_state *new_channel(struct posting *posting, struct slice name)
{
    struct channel_state *made = calloc(1, sizeof *made);

    if (made)
        made->name = strndup(name.ptr, name.len);
    if (!made || !made->name) {
        free(made);
        return NULL;
    }
    made->next = posting->channels;
    posting->channels = made;
    return made;
}

struct channel_state *posting_channel(struct posting *posting, struct slice name)
{
    struct channel_state *channel = posting->channels;

    while (channel && !slice_eq(slice_of(channel->name), name))
        channel = channel->next;
    return channel ? channel : new_channel(posting, name);
}

static struct destination *new_destination(struct posting *posting, struct channel_state *channel,
                                           struct slice place)
{
    struct destination *made = calloc(1, sizeof *made + place.len);

    if (!made)
        return NULL;
    if (place.len) {
        memcpy(made + 1, place.ptr, place.len);
        made->place = (struct slice){ .ptr = (const char *)(made + 1), .len = place.len };
    }
    made->channel = channel;
    made->next = posting->destinations;
    posting->destinations = made;
    return made;
}

struct destination *posting_destination(struct posting *posting, struct slice name,
                                        struct slice place)
{
    struct channel_state *channel = posting_channel(posting, name);
    struct destination *destination = posting->destinations;

    if (!channel)
        return NULL;
    if (!place.len)
        place = (struct slice){ 0 };
    while (destination && !(destination->channel == channel && slice_eq(destination->place, place)))
        destination = destination->next;
    return destination ? destination : new_destination(posting, channel, place);
}

static void free_sends(struct destination *destination)
{
    for (size_t i = 0; i < MESSAGE_N_LANES; i++)
        posting_free_send(destination->lanes[i].send);
}

void posting_free_places(struct posting *posting)
{
    while (posting->destinations) {
        struct destination *destination = posting->destinations;

        posting->destinations = destination->next;
        free_sends(destination);
        free(destination);
    }
    while (posting->channels) {
        struct channel_state *channel = posting->channels;

        posting->channels = channel->next;
        free(channel->name);
        free(channel);
    }
}

/* --- when --- */

struct lane_holds posting_holds(struct destination *destination, enum message_lane lane)
{
    return (struct lane_holds){ .lane = &destination->lanes[lane].hold,
                                .destination = &destination->hold,
                                .channel = &destination->channel->hold };
}

static struct channel_rate rate_of(const struct channel_kind *kind, enum message_lane lane)
{
    const struct channel_rate rates[MESSAGE_N_LANES] = { [MESSAGE_LANE_CARDS] = kind->cards,
                                                         [MESSAGE_LANE_URGENT] = kind->cards,
                                                         [MESSAGE_LANE_EDITS] = kind->edits_rate,
                                                         [MESSAGE_LANE_NOTES] = kind->notes };

    return rates[lane];
}

/* Edits share the bucket of their channel, cards that of their place. */
static struct bucket *bucket_of(struct destination *destination, enum message_lane lane)
{
    if (lane == MESSAGE_LANE_EDITS)
        return &destination->channel->edits;
    return &destination->lanes[lane == MESSAGE_LANE_URGENT ? MESSAGE_LANE_CARDS : lane].bucket;
}

int64_t posting_ready_ms(struct destination *destination, enum message_lane lane,
                         const struct channel *channel, bool is_hurried)
{
    const struct lane_holds holds = posting_holds(destination, lane);
    int64_t ready_ms = lane_ready_ms(&holds, bucket_of(destination, lane),
                                     rate_of(channel->kind, lane), is_hurried);
    int64_t shown_ms = bucket_ready_ms(&destination->attention, FLOOD_RATE);

    return lane == MESSAGE_LANE_CARDS && shown_ms > ready_ms ? shown_ms : ready_ms;
}

void posting_take_token(struct destination *destination, enum message_lane lane,
                        const struct channel *channel)
{
    int64_t now_ms = clock_mono_ms();

    bucket_take(bucket_of(destination, lane), rate_of(channel->kind, lane), now_ms);
    if (lane == MESSAGE_LANE_CARDS)
        bucket_take(&destination->attention, FLOOD_RATE, now_ms);
}

bool posting_is_flooded(const struct destination *destination)
{
    return destination->n_cards &&
           bucket_ready_ms(&destination->attention, FLOOD_RATE) > clock_mono_ms();
}

/* --- what came of it --- */

static bool is_failure(enum channel_outcome outcome)
{
    return outcome == CHANNEL_RETRY || outcome == CHANNEL_LOST || outcome == CHANNEL_STOPPED ||
           outcome == CHANNEL_CLOSED;
}

static size_t add_text(char *place, size_t len, struct slice text)
{
    size_t room = POSTING_ERROR_BYTES - 1 - len;
    size_t n_bytes = text.len < room ? text.len : room;

    if (n_bytes)
        memcpy(place + len, text.ptr, n_bytes);
    return len + n_bytes;
}

void posting_keep_error(char *place, struct slice what, struct slice why)
{
    size_t len = add_text(place, 0, what);

    len = add_text(place, len, what.len ? SLICE(": ") : SLICE(""));
    place[add_text(place, len, why)] = '\0';
}

/* Once for a time of failures, however many there are. */
static void say_failure(const struct destination *destination, enum channel_outcome outcome)
{
    struct channel_state *channel = destination->channel;
    bool needs_somebody = outcome == CHANNEL_STOPPED || outcome == CHANNEL_CLOSED;

    if (channel->is_failing)
        return;
    channel->is_failing = true;
    log_write(needs_somebody ? LOG_ERROR : LOG_WARN,
              "channel fails, what is owed to it is kept: %s channel=%s place=%.*s", channel->error,
              channel->name, SLICE_ARG(destination->place));
}

static bool is_well(const struct posting *posting, const struct channel_state *channel)
{
    bool has_failed = channel->hold.has_failed;

    for (const struct destination *place = posting->destinations; place && !has_failed;
         place = place->next) {
        if (place->channel != channel)
            continue;
        has_failed = place->hold.has_failed;
        for (size_t i = 0; i < MESSAGE_N_LANES; i++)
            has_failed = has_failed || place->lanes[i].hold.has_failed;
    }
    return !has_failed;
}

static void say_recovery(const struct posting *posting, struct channel_state *channel)
{
    if (!channel->is_failing || !is_well(posting, channel))
        return;
    channel->is_failing = false;
    channel->error[0] = '\0';
    log_info("channel answers again channel=%s", channel->name);
}

void posting_take_outcome(struct send *send, const struct channel_result *result)
{
    struct destination *destination = send->destination;
    struct channel_state *channel = destination->channel;
    const struct lane_holds holds = posting_holds(destination, send->lane);

    holds_take(&holds, result->outcome, result->wait_ms, posting_random(), clock_mono_ms());
    /* Where nobody was there, those behind it would have fared no better: they stay behind it. */
    if (!send->was_unheard || result->outcome != CHANNEL_RETRY)
        stuck_take(&destination->lanes[send->lane].stuck, send->message.queue_seq,
                   is_failure(result->outcome));
    send->posting->must_show = true;
    if (is_failure(result->outcome) || result->outcome == CHANNEL_DEAD)
        metric_add(METRIC_OUTBOX_FAILURES, slice_of(channel->name), (struct slice){ 0 }, 1);
    if (is_failure(result->outcome)) {
        posting_keep_error(channel->error, SLICE(""), result->error);
        say_failure(destination, result->outcome);
    } else if (result->outcome != CHANNEL_WAIT) {
        destination->spoken_for = 0;
        say_recovery(send->posting, channel);
    }
}

void posting_forget_failures(struct posting *posting, struct destination *destination,
                             enum message_lane lane)
{
    struct channel_state *channel = destination->channel;

    hold_forget(&destination->lanes[lane].hold);
    if (!channel->is_failing || !is_well(posting, channel))
        return;
    channel->is_failing = false;
    channel->error[0] = '\0';
    posting->must_show = true;
}

void posting_take_refusal(struct send *send, enum rc rc)
{
    struct channel_state *channel = send->destination->channel;

    hold_back_off(posting_holds(send->destination, send->lane).lane, posting_random(),
                  clock_mono_ms());
    send->posting->must_show = true;
    posting_keep_error(channel->error, SLICE("not sent"), slice_of(rc_text(rc)));
    say_failure(send->destination, CHANNEL_RETRY);
}

void posting_lift_holds(struct posting *posting)
{
    for (struct channel_state *channel = posting->channels; channel; channel = channel->next)
        hold_lift(&channel->hold);
    for (struct destination *place = posting->destinations; place; place = place->next) {
        hold_lift(&place->hold);
        place->spoken_for = 0;
        for (size_t i = 0; i < MESSAGE_N_LANES; i++)
            hold_lift(&place->lanes[i].hold);
    }
}
