#include "src/engine/engine_private.h"

bool ids_have(const struct ulid_list *ids, struct ulid id)
{
    for (size_t i = 0; i < ids->n_items; i++)
        if (!ulid_compare(ids->items[i], id))
            return true;
    return false;
}

/* The capacity is the next power of two; what is outgrown stays in the arena. */
enum rc ids_add(struct arena *arena, struct ulid_list *ids, struct ulid id)
{
    struct ulid *items = arena_grow(arena, ids->items, ids->n_items, sizeof *items);

    if (!items)
        return RC_NO_MEMORY;
    ids->items = items;
    items[ids->n_items++] = id;
    return RC_OK;
}

void ids_remove(struct ulid_list *ids, struct ulid id)
{
    size_t n_kept = 0;

    for (size_t i = 0; i < ids->n_items; i++)
        if (ulid_compare(ids->items[i], id))
            ids->items[n_kept++] = ids->items[i];
    ids->n_items = n_kept;
}

enum rc ids_lead(struct arena *arena, const struct ulid_list *ids, struct ulid first,
                 struct ulid_list *ordered)
{
    struct ulid_list made = { 0 };
    enum rc rc = ids_add(arena, &made, first);

    for (size_t i = 0; i < ids->n_items && !rc; i++)
        if (ulid_compare(ids->items[i], first))
            rc = ids_add(arena, &made, ids->items[i]);
    *ordered = made;
    return rc;
}

/* --- who leads --- */

/* Is `a` to lead rather than `b`? */
static bool goes_before(const struct signal_glance *a, const struct signal_glance *b)
{
    if (a->severity != b->severity)
        return a->severity > b->severity;
    if (a->fired_ms != b->fired_ms)
        return a->fired_ms < b->fired_ms;
    return ulid_compare(a->id, b->id) < 0;
}

enum rc groups_choose(struct turn *turn, const struct ulid_list *ids, struct ulid current,
                      struct ulid *leader)
{
    struct signal_glance best = { 0 };

    for (size_t i = 0; i < ids->n_items; i++) {
        struct signal_glance glance = { 0 };
        enum rc rc = signal_glance_get(turn->txn, ids->items[i], &glance);

        if (rc && rc != RC_NOT_FOUND && rc != RC_CORRUPT)
            return rc;
        if (rc || glance.state != SIGNAL_FIRING)
            continue;
        /* Who leads already gives way to what is more severe alone: people have read of it. */
        if (!ulid_compare(glance.id, current))
            glance.fired_ms = INT64_MIN;
        if (ulid_is_absent(best.id) || goes_before(&glance, &best))
            best = glance;
    }
    *leader = best.id;
    return ulid_is_absent(best.id) ? RC_NOT_FOUND : RC_OK;
}
