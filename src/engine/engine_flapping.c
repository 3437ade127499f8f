#include "src/engine/engine_private.h"

/* The third firing within an hour is flapping: two are a repair that did not hold, which people want to hear of. */
#define FLAPPING_FIRINGS 3
#define FLAPPING_WITHIN_MS HOUR_MS
/* Held still for so long, firing or resolved, it flaps no more. */
#define FLAPPING_CALM_MS (30 * MINUTE_MS)

static bool is_flapping(const struct signal *signal, int64_t at_ms)
{
    return at_ms < signal->flapping_until_ms;
}

static bool fires_too_often(const struct signal *signal, int64_t at_ms)
{
    int64_t oldest_ms = signal->fired_before_ms[0];

    return oldest_ms && at_ms - oldest_ms < FLAPPING_WITHIN_MS;
}

/* What held still begins to count anew. */
static void forget_calm(struct signal *signal, int64_t at_ms)
{
    if (!signal->flapping_until_ms || is_flapping(signal, at_ms))
        return;
    signal->flapping_until_ms = 0;
    memset(signal->fired_before_ms, 0, sizeof signal->fired_before_ms);
}

static void note(struct signal *signal, int64_t at_ms)
{
    signal->fired_before_ms[0] = signal->fired_before_ms[1];
    signal->fired_before_ms[1] = at_ms;
}

static enum rc tell(struct turn *turn, const struct signal *signal)
{
    char within[TIME_TEXT_BYTES], calm[TIME_TEXT_BYTES];
    enum rc rc = turn_feed_flapping(turn, signal);

    log_info("signal flapping rule=%.*s firings=%d within=%s", SLICE_ARG(signal->rule),
             FLAPPING_FIRINGS, duration_format(FLAPPING_WITHIN_MS, within));
    if (rc || ulid_is_absent(signal->proposal))
        return rc;
    return messages_note(turn, signal->proposal, false,
                         "flapping: fired %d times within %s; it asks again once it has held still "
                         "for %s",
                         FLAPPING_FIRINGS, duration_format_rough(FLAPPING_WITHIN_MS, within),
                         duration_format_rough(FLAPPING_CALM_MS, calm));
}

enum rc flapping_note_firing(struct turn *turn, struct signal *signal, int64_t at_ms)
{
    bool was_flapping = is_flapping(signal, at_ms);
    bool flaps;

    forget_calm(signal, at_ms);
    flaps = was_flapping || fires_too_often(signal, at_ms);
    note(signal, at_ms);
    if (flaps)
        signal->flapping_until_ms = at_ms + FLAPPING_CALM_MS;
    return flaps && !was_flapping ? tell(turn, signal) : RC_OK;
}

void flapping_note_resolved(struct signal *signal, int64_t at_ms)
{
    if (is_flapping(signal, at_ms))
        signal->flapping_until_ms = at_ms + FLAPPING_CALM_MS;
}

enum rc flapping_judge(struct turn *turn, const struct rule *rule, const struct signal *signal,
                       struct hold *hold)
{
    char text[TIME_TEXT_BYTES];

    (void)rule;
    if (!is_flapping(signal, turn->now_ms))
        return RC_OK;
    hold->reason = HOLD_FLAPPING;
    hold->until_ms = signal->flapping_until_ms;
    return arena_format(turn->arena, &hold->detail, "fired %d times within %s", FLAPPING_FIRINGS,
                        duration_format_rough(FLAPPING_WITHIN_MS, text));
}
