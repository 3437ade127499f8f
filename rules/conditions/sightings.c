#include "rules/conditions/sightings.h"

#include "rules/conditions/memory.h"

#include <string.h>

#define SIGHTING_BYTES 32

enum rc sightings_take(struct slice state, struct arena *arena, struct sightings *sightings)
{
    size_t n_items = state.len % SIGHTING_BYTES ? 0 : state.len / SIGHTING_BYTES;

    sightings->n_items = n_items;
    sightings->items = arena_alloc(arena, n_items + 1, sizeof(*sightings->items));
    if (!sightings->items)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < n_items; i++) {
        struct sighting *item = &sightings->items[i];

        item->time_ms = (int64_t)memory_take_u64(&state);
        item->value = memory_take_u64(&state);
        item->by = memory_take_u64(&state);
        item->n_matches = memory_take_u64(&state);
    }
    return RC_OK;
}

enum rc sightings_store(const struct sightings *sightings, struct arena *arena, struct slice *state)
{
    struct buffer bytes;

    *state = (struct slice){ 0 };
    if (!sightings->n_items)
        return RC_OK;
    buffer_init(&bytes, 0);
    for (size_t i = 0; i < sightings->n_items; i++) {
        const struct sighting *item = &sightings->items[i];

        buffer_add_u64(&bytes, (uint64_t)item->time_ms);
        buffer_add_u64(&bytes, item->value);
        buffer_add_u64(&bytes, item->by);
        buffer_add_u64(&bytes, item->n_matches);
    }
    return memory_keep(&bytes, arena, state);
}

/* What is first then is what was before the others. */
static void drop_first(struct sightings *sightings, size_t n)
{
    if (!n)
        return;
    sightings->n_items -= n;
    memmove(sightings->items, sightings->items + n, sightings->n_items * sizeof(*sightings->items));
}

void sightings_drop(struct sightings *sightings, int64_t oldest_ms)
{
    size_t n_old = 0;

    while (n_old < sightings->n_items && sightings->items[n_old].time_ms <= oldest_ms)
        n_old++;
    if (!n_old)
        return;
    drop_first(sightings, n_old - 1);
    sightings->items[0].n_matches = 0;
}

void sightings_rest(struct sightings *sightings)
{
    if (sightings->n_items)
        sightings_drop(sightings, sightings->items[sightings->n_items - 1].time_ms);
}

void sightings_add(struct sightings *sightings, const struct sighting *added)
{
    size_t at = sightings->n_items;

    while (at > 0 && sightings->items[at - 1].time_ms > added->time_ms)
        at--;
    if (at == 0 && sightings->n_items && !sightings->items[0].n_matches)
        return;
    memmove(&sightings->items[at + 1], &sightings->items[at],
            (sightings->n_items - at) * sizeof(*sightings->items));
    sightings->items[at] = *added;
    sightings->n_items++;
}

/* Not where the first one is no match: the change to the value of the second counts at the second. */
static bool say_the_same(const struct sighting *first, const struct sighting *second)
{
    return first->value == second->value && first->by == second->by &&
           (first->n_matches || !second->n_matches);
}

bool sightings_coarsen(struct sightings *sightings)
{
    size_t n_kept = 0;

    if (sightings->n_items <= SIGHTINGS_MAX)
        return false;
    for (size_t i = 0; i < sightings->n_items; i++) {
        struct sighting item = sightings->items[i];

        if (i + 1 < sightings->n_items && say_the_same(&item, &sightings->items[i + 1]))
            item.n_matches += sightings->items[++i].n_matches;
        sightings->items[n_kept++] = item;
    }
    sightings->n_items = n_kept;
    if (n_kept > SIGHTINGS_MAX) {
        drop_first(sightings, n_kept - SIGHTINGS_MAX);
        sightings->items[0].n_matches = 0;
    }
    return true;
}
