/* delivery_set.h - deliveries in memory, in the order in which they came, found by the digest of their id.
 *
 * What was added last can be taken back, as far as delivery_set_cut is told. For one thread. */
#pragma once

#include "src/store/deliveries.h"

struct delivery_set {
    struct delivery *items;
    size_t n_items, n_room;
    uint32_t *nexts; /* the one before among those of the same head, from 1; 0: none */
    uint32_t *heads; /* the last of them; as many as there is room for */
};

/* RC_NO_MEMORY: nothing was added. */
enum rc delivery_set_add(struct delivery_set *set, const struct delivery *delivery) MUST_CHECK;
/* The last that has this digest and counts (delivery_counts); NULL where there is none. Borrowed until the set changes. */
const struct delivery *delivery_set_find(const struct delivery_set *set,
                                         const struct delivery_digest *digest, int64_t now_ms,
                                         int64_t window_ms);
/* Takes the last ones back, so that `n_items` stay. */
void delivery_set_cut(struct delivery_set *set, size_t n_items);
/* Gives its items in the order of delivery_compare, those that are equal in the order in which they came; free with free(). They are borrowed from the set. NULL
 * where there is no memory. */
const struct delivery **delivery_set_sort(const struct delivery_set *set);
/* Frees what it holds: an empty set again. */
void delivery_set_clear(struct delivery_set *set);
