#include "src/daemon/crowd.h"

#include "src/base/clock.h"

static bool is_one(const struct crowd *crowd, int64_t n_unfolded, int64_t took_ms)
{
    return crowd->n_batches > 0 && crowd->n_deliveries >= CROWD_BATCH * crowd->n_batches &&
           crowd->n_deliveries * SECOND_MS >= CROWD_A_SECOND * took_ms &&
           n_unfolded < CROWD_MAX_LAG;
}

void crowd_count(struct crowd *crowd, size_t n_items, int64_t n_unfolded, int64_t now_mono_ms)
{
    int64_t took_ms = now_mono_ms - crowd->since_mono_ms;
    bool is_silent;

    crowd->n_deliveries += (int64_t)n_items;
    crowd->n_batches += n_items > 0;
    if (n_items)
        crowd->last_mono_ms = now_mono_ms;
    is_silent = crowd->is_there && now_mono_ms - crowd->last_mono_ms >= CROWD_SILENCE_MS;
    if (!is_silent && took_ms < (crowd->is_there ? CROWD_END_MS : CROWD_BEGIN_MS))
        return;
    crowd->is_there = !is_silent && is_one(crowd, n_unfolded, took_ms);
    crowd->since_mono_ms = now_mono_ms;
    crowd->n_deliveries = crowd->n_batches = 0;
}
