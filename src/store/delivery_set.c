#include "src/store/delivery_set.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_AT_FIRST 64

/* Digests are as good as random: their first bytes will do. Room is a power of two. */
static uint32_t *head_of(const struct delivery_set *set, const struct delivery_digest *digest)
{
    uint32_t hash;

    memcpy(&hash, digest->bytes, sizeof hash);
    return &set->heads[hash & (set->n_room - 1)];
}

static void link_item(struct delivery_set *set, size_t at)
{
    uint32_t *head = head_of(set, &set->items[at].digest);

    set->nexts[at] = *head;
    *head = (uint32_t)at + 1;
}

static enum rc grow(struct delivery_set *set)
{
    size_t n_room = set->n_room ? 2 * set->n_room : ROOM_AT_FIRST;
    struct delivery *items = reallocarray(set->items, n_room, sizeof *items);
    uint32_t *nexts = items ? reallocarray(set->nexts, n_room, sizeof *nexts) : NULL;
    uint32_t *heads = nexts ? calloc(n_room, sizeof *heads) : NULL;

    if (items)
        set->items = items;
    if (nexts)
        set->nexts = nexts;
    if (!heads)
        return RC_NO_MEMORY;
    free(set->heads);
    set->heads = heads;
    set->n_room = n_room;
    for (size_t i = 0; i < set->n_items; i++)
        link_item(set, i);
    return RC_OK;
}

enum rc delivery_set_add(struct delivery_set *set, const struct delivery *delivery)
{
    if (set->n_items == set->n_room) {
        enum rc rc = grow(set);

        if (rc)
            return rc;
    }
    set->items[set->n_items] = *delivery;
    link_item(set, set->n_items++);
    return RC_OK;
}

const struct delivery *delivery_set_find(const struct delivery_set *set,
                                         const struct delivery_digest *digest, int64_t now_ms,
                                         int64_t window_ms)
{
    for (uint32_t at = set->n_items ? *head_of(set, digest) : 0; at; at = set->nexts[at - 1]) {
        const struct delivery *item = &set->items[at - 1];

        if (!memcmp(&item->digest, digest, sizeof *digest) &&
            delivery_counts(item, now_ms, window_ms))
            return item;
    }
    return NULL;
}

void delivery_set_cut(struct delivery_set *set, size_t n_items)
{
    /* The last one is the first of its head. */
    while (set->n_items > n_items) {
        set->n_items--;
        *head_of(set, &set->items[set->n_items].digest) = set->nexts[set->n_items];
    }
}

static int compare_items(const void *a, const void *b)
{
    const struct delivery *const *first = a, *const *second = b;
    int order = delivery_compare(*first, *second);

    if (order)
        return order;
    return *first < *second ? -1 : *first > *second;
}

const struct delivery **delivery_set_sort(const struct delivery_set *set)
{
    const struct delivery **sorted = calloc(set->n_items + 1, sizeof *sorted);

    for (size_t i = 0; i < set->n_items && sorted; i++)
        sorted[i] = &set->items[i];
    if (sorted)
        qsort(sorted, set->n_items, sizeof *sorted, compare_items);
    return sorted;
}

void delivery_set_clear(struct delivery_set *set)
{
    free(set->items);
    free(set->nexts);
    free(set->heads);
    *set = (struct delivery_set){ 0 };
}
