#include "rules/conditions/by_values.h"

enum rc by_values_new(size_t n_most, struct arena *arena, struct by_values *values)
{
    values->n_slots = 2;
    while (values->n_slots < 2 * n_most)
        values->n_slots *= 2;
    values->slots = arena_alloc(arena, values->n_slots, sizeof(*values->slots));
    return values->slots ? RC_OK : RC_NO_MEMORY;
}

/* Digests are as good as any hash of them. */
struct by_value *by_values_at(struct by_values *values, uint64_t by)
{
    size_t at = by & (values->n_slots - 1);

    while (values->slots[at].by && values->slots[at].by != by)
        at = (at + 1) & (values->n_slots - 1);
    values->slots[at].by = by;
    return &values->slots[at];
}
