/* posting_lanes.h - when the next request of a lane may leave: buckets, holds, backoff. Pure; the time is a parameter.
 *
 * Times are monotonic milliseconds unless they are called real. */
#pragma once

#include "actions/channels/channel.h"

/* New proposals that people are shown in one place: a hundred at once, then one a minute; what is beyond waits, and is told in one message. Those that are critical never wait for it. */
#define FLOOD_RATE ((struct channel_rate){ .burst = 100, .interval_ms = MINUTE_MS })
#define FLOOD_TOLD_MS HOUR_MS /* said again after that */
#define BACKOFF_FIRST_MS ((int64_t)1000)
#define BACKOFF_MOST_MS ((int64_t)300000)
#define WAIT_MOST_MS ((int64_t)86400000) /* longer than a day nobody is taken at his word */
#define LOOK_AGAIN_MS ((int64_t)30000)
#define DEBT_MOST_MS ((int64_t)60000)
#define TAKE_OVER_MS ((int64_t)120000)

/* How long to wait after `n_failures` in a row (from 1): 1 s doubling to 5 min, of which `random` takes away up to half, so that many that failed together do not come back together. */
int64_t backoff_ms(unsigned n_failures, uint32_t random);

/* A token bucket by the time at which it is full again; 0: it is. */
struct bucket {
    int64_t full_ms;
};
/* From when on there is a token; in the past: there is one. */
int64_t bucket_ready_ms(const struct bucket *bucket, struct channel_rate rate);
/* Also without one: who hurries owes it, and all together never more than a minute's worth: limits are counted by the minute, and those who did not hurry are not to wait for hours. */
void bucket_take(struct bucket *bucket, struct channel_rate rate, int64_t now_ms);

/* A time before which nothing leaves, and what it is for. */
struct lane_hold {
    int64_t until_ms;
    int64_t since_ms; /* since when nothing was taken; 0: all is well */
    unsigned n_failures;
    bool is_asked;   /* the other side named the time (Retry-After): not shortened by anybody */
    bool has_failed; /* else it was only too fast */
};

/* What stands in the way of a lane: its own hold, its destination's, its channel's. */
struct lane_holds {
    struct lane_hold *lane, *destination, *channel;
};

/* Takes in what came of a request. */
void holds_take(const struct lane_holds *holds, enum channel_outcome outcome, int64_t wait_ms,
                uint32_t random, int64_t now_ms);
/* A try that never left, for a reason of ours (memory, a full store): again with backoff. */
void hold_back_off(struct lane_hold *hold, uint32_t random, int64_t now_ms);
/* The configuration was read again: what failed may be tried at once, and may be repaired. */
void hold_lift(struct lane_hold *hold);
/* Nothing waits any more: what failed is no trouble now. What was asked for holds. */
void hold_forget(struct lane_hold *hold);
/* From when on the lane may be used; `rate` and `bucket` are not looked at when somebody hurries. */
int64_t lane_ready_ms(const struct lane_holds *holds, const struct bucket *bucket,
                      struct channel_rate rate, bool is_hurried);
/* Since when nothing was taken, of all three; 0: all is well. */
int64_t holds_since_ms(const struct lane_holds *holds);
/* Nothing was taken for 2 minutes: its fallback speaks for what is critical. */
bool holds_need_fallback(const struct lane_holds *holds, int64_t now_ms);

/* What rules were told of a channel last, since the start of the program. */
enum channel_health { HEALTH_UNTOLD, HEALTH_WELL, HEALTH_FAILING };
/* From when on it is news how a channel is, which fails since `failing_ms` (0: it is well): what fails as long as a fallback waits, and what is well again at once. Of what was under way
 * when the last run ended nothing is known: one that never failed counts as well once it had the time to, from `begun_ms`. INT64_MAX: it is no news. */
int64_t health_news_ms(enum channel_health told, int64_t failing_ms, int64_t begun_ms);

/* The message of a lane that failed last, by its place in the queue, and how often it did in a row. The channel may be away, or this message alone may be what it cannot take: every third
 * time those behind it go first, so that one edit that fails for ever does not hold up all others. */
struct stuck {
    uint64_t place;
    unsigned n_failures;
};
void stuck_take(struct stuck *stuck, uint64_t place, bool has_failed);
bool stuck_lets_others_go(const struct stuck *stuck, uint64_t place);

/* When a message whose `sending` is set is to be looked for; real times. The first time at once: it is there already, as a rule. Only a search 30 s after it left proves that it is not there. */
int64_t look_due_ms(int64_t sent_ms, bool was_looked_for, int64_t now_ms);
/* Does it prove that it never arrived, when a search that begins now finds nothing? */
bool look_is_proof(int64_t sent_ms, int64_t now_ms);
