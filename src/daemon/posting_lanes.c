#include "src/daemon/posting_lanes.h"

#include "src/base/clock.h"

/* What an outcome means for those that wait behind. */
enum effect_on_lane {
    LANE_GOES_ON, /* the channel answered, whatever it said of this message */
    LANE_WAITS,
    LANE_BACKS_OFF,
    DESTINATION_BACKS_OFF,
    CHANNEL_BACKS_OFF,
};

static enum effect_on_lane effect_of(enum channel_outcome outcome)
{
    switch (outcome) {
    case CHANNEL_WAIT:
        return LANE_WAITS;
    case CHANNEL_RETRY:
    case CHANNEL_LOST:
        return LANE_BACKS_OFF;
    case CHANNEL_CLOSED:
        return DESTINATION_BACKS_OFF;
    case CHANNEL_STOPPED:
        return CHANNEL_BACKS_OFF;
    case CHANNEL_SENT:
    case CHANNEL_FOUND:
    case CHANNEL_NOT_FOUND:
    case CHANNEL_ANEW:
    case CHANNEL_PLAINER:
    case CHANNEL_UNTHREADED:
    case CHANNEL_DEAD:
        break;
    }
    return LANE_GOES_ON;
}

int64_t backoff_ms(unsigned n_failures, uint32_t random)
{
    int64_t most_ms = BACKOFF_FIRST_MS;

    for (unsigned i = 1; i < n_failures && most_ms < BACKOFF_MOST_MS; i++)
        most_ms *= 2;
    if (most_ms > BACKOFF_MOST_MS)
        most_ms = BACKOFF_MOST_MS;
    return most_ms - (int64_t)random % (most_ms / 2 + 1);
}

/* --- buckets --- */

int64_t bucket_ready_ms(const struct bucket *bucket, struct channel_rate rate)
{
    int64_t room_ms = rate.burst > 1 ? (rate.burst - 1) * rate.interval_ms : 0;

    return bucket->full_ms - room_ms;
}

void bucket_take(struct bucket *bucket, struct channel_rate rate, int64_t now_ms)
{
    int64_t most_ms = now_ms + rate.burst * rate.interval_ms + DEBT_MOST_MS;

    if (bucket->full_ms < now_ms)
        bucket->full_ms = now_ms;
    bucket->full_ms += rate.interval_ms;
    if (bucket->full_ms > most_ms)
        bucket->full_ms = most_ms;
}

/* --- holds --- */

static void hold_begin(struct lane_hold *hold, int64_t now_ms)
{
    if (!hold->since_ms)
        hold->since_ms = now_ms;
}

void hold_back_off(struct lane_hold *hold, uint32_t random, int64_t now_ms)
{
    hold_begin(hold, now_ms);
    hold->has_failed = true;
    hold->is_asked = false;
    hold->n_failures++;
    hold->until_ms = now_ms + backoff_ms(hold->n_failures, random);
}

/* What a person must repair is tried as slowly as anything is, from the first time on. */
static void hold_slowly(struct lane_hold *hold, uint32_t random, int64_t now_ms)
{
    hold_back_off(hold, random, now_ms);
    hold->until_ms = now_ms + BACKOFF_MOST_MS - (int64_t)random % (BACKOFF_MOST_MS / 10);
}

static void hold_as_asked(struct lane_hold *hold, int64_t wait_ms, int64_t now_ms)
{
    if (wait_ms <= 0)
        wait_ms = BACKOFF_FIRST_MS;
    hold_begin(hold, now_ms);
    hold->is_asked = true;
    hold->until_ms = now_ms + (wait_ms < WAIT_MOST_MS ? wait_ms : WAIT_MOST_MS);
}

void hold_lift(struct lane_hold *hold)
{
    if (hold->is_asked)
        return;
    hold->until_ms = 0;
    hold->n_failures = 0;
    hold->has_failed = false;
}

void hold_forget(struct lane_hold *hold)
{
    const struct lane_hold asked = { .until_ms = hold->until_ms, .is_asked = true };

    *hold = hold->is_asked ? asked : (struct lane_hold){ 0 };
}

static void end_all(const struct lane_holds *holds)
{
    *holds->lane = *holds->destination = *holds->channel = (struct lane_hold){ 0 };
}

void holds_take(const struct lane_holds *holds, enum channel_outcome outcome, int64_t wait_ms,
                uint32_t random, int64_t now_ms)
{
    switch (effect_of(outcome)) {
    case LANE_GOES_ON:
        end_all(holds);
        break;
    case LANE_WAITS:
        hold_as_asked(holds->lane, wait_ms, now_ms);
        break;
    case LANE_BACKS_OFF:
        hold_back_off(holds->lane, random, now_ms);
        break;
    case DESTINATION_BACKS_OFF:
        hold_slowly(holds->destination, random, now_ms);
        break;
    case CHANNEL_BACKS_OFF:
        hold_slowly(holds->channel, random, now_ms);
        break;
    }
}

int64_t lane_ready_ms(const struct lane_holds *holds, const struct bucket *bucket,
                      struct channel_rate rate, bool is_hurried)
{
    int64_t ready_ms = later_of(holds->lane->until_ms,
                                later_of(holds->destination->until_ms, holds->channel->until_ms));

    return is_hurried ? ready_ms : later_of(ready_ms, bucket_ready_ms(bucket, rate));
}

int64_t holds_since_ms(const struct lane_holds *holds)
{
    const struct lane_hold *const all[] = { holds->lane, holds->destination, holds->channel };
    int64_t since_ms = 0;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->since_ms && (!since_ms || all[i]->since_ms < since_ms))
            since_ms = all[i]->since_ms;
    return since_ms;
}

bool holds_need_fallback(const struct lane_holds *holds, int64_t now_ms)
{
    int64_t since_ms = holds_since_ms(holds);

    return since_ms && now_ms - since_ms >= TAKE_OVER_MS;
}

int64_t health_news_ms(enum channel_health told, int64_t failing_ms, int64_t begun_ms)
{
    if (told == (failing_ms ? HEALTH_FAILING : HEALTH_WELL))
        return INT64_MAX;
    if (failing_ms)
        return failing_ms + TAKE_OVER_MS;
    return told == HEALTH_UNTOLD ? begun_ms + TAKE_OVER_MS : 0;
}

/* --- one that holds up the others --- */

#define STUCK_TRIES 3

void stuck_take(struct stuck *stuck, uint64_t place, bool has_failed)
{
    if (!has_failed && place == stuck->place)
        *stuck = (struct stuck){ 0 };
    else if (has_failed && place != stuck->place)
        *stuck = (struct stuck){ .place = place, .n_failures = 1 };
    else if (has_failed)
        stuck->n_failures++;
}

bool stuck_lets_others_go(const struct stuck *stuck, uint64_t place)
{
    return place == stuck->place && stuck->n_failures && stuck->n_failures % STUCK_TRIES == 0;
}

/* --- what may have arrived --- */

/* A clock that was set back does not make anybody wait for hours. */
bool look_is_proof(int64_t sent_ms, int64_t now_ms)
{
    int64_t age_ms = now_ms - sent_ms;

    return age_ms >= LOOK_AGAIN_MS || age_ms < -LOOK_AGAIN_MS;
}

int64_t look_due_ms(int64_t sent_ms, bool was_looked_for, int64_t now_ms)
{
    if (!was_looked_for || look_is_proof(sent_ms, now_ms))
        return now_ms;
    return sent_ms + LOOK_AGAIN_MS;
}
