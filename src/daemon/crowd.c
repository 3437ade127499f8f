#include "src/daemon/crowd.h"

#include "src/base/clock.h"

void crowd_count(struct crowd *crowd, size_t n_items, int64_t n_unfolded, int64_t now_mono_ms)
{
    int64_t took_ms = now_mono_ms - crowd->since_mono_ms;

    crowd->n_deliveries += (int64_t)n_items;
    crowd->n_batches += n_items > 0;
    if (took_ms < (crowd->is_there ? CROWD_END_MS : CROWD_BEGIN_MS))
        return;
    crowd->is_there =
        crowd->n_batches > 0 && crowd->n_deliveries >= CROWD_BATCH * crowd->n_batches &&
        crowd->n_deliveries * SECOND_MS >= CROWD_A_SECOND * took_ms && n_unfolded < CROWD_MAX_LAG;
    crowd->since_mono_ms = now_mono_ms;
    crowd->n_deliveries = crowd->n_batches = 0;
}
