#include "rules/prefilter_private.h"

#include <stdlib.h>
#include <string.h>

/* -- which set of a way the table looks for, and the order of the others -- */

/* A literal of any set, and how many sets it is in. */
struct shared {
    const struct literal *literal;
    uint32_t *n_sets;
};

static int compare_shared(const void *a, const void *b)
{
    return literal_compare(((const struct shared *)a)->literal,
                           ((const struct shared *)b)->literal);
}

static size_t count_items(const struct prefilter *made)
{
    size_t n_items = 0;

    for (size_t i = 0; i < made->n_ways; i++)
        for (size_t j = 0; j < made->ways[i].sets.n_items; j++)
            n_items += made->ways[i].sets.items[j].n_items;
    return n_items;
}

/* Into `n_sets`, in the order of the ways, their sets and their literals. */
static enum rc count_sharing(const struct prefilter *made, size_t n_items, uint32_t *n_sets)
{
    struct shared *all = calloc(n_items + 1, sizeof(*all));
    size_t n = 0;

    if (!all)
        return RC_NO_MEMORY;
    for (size_t i = 0; i < made->n_ways; i++)
        for (size_t j = 0; j < made->ways[i].sets.n_items; j++)
            for (size_t k = 0; k < made->ways[i].sets.items[j].n_items; k++, n++)
                all[n] = (struct shared){ &made->ways[i].sets.items[j].items[k], &n_sets[n] };
    if (n)
        qsort(all, n, sizeof(*all), compare_shared);
    for (size_t begin = 0, end; begin < n; begin = end) {
        for (end = begin; end < n && compare_shared(&all[begin], &all[end]) == 0; end++)
            ;
        for (size_t i = begin; i < end; i++)
            *all[i].n_sets = (uint32_t)(end - begin);
    }
    free(all);
    return RC_OK;
}

/* One that is short makes the pass over the bytes dense for all: worth so many hits for each byte. */
static double cost_of_shortness(const struct literal *literal)
{
    return literal->bytes.len < 7 ? 1e-3 : literal->bytes.len < 11 ? 1e-4 : 0;
}

/* How often its literals are likely to be met, and how many ways are asked each time; `n_sets` goes on behind them. */
static double cost_of_set(const struct gram_frequency *frequency, const struct literal_set *set,
                          const uint32_t **n_sets)
{
    double cost = 0;

    for (size_t i = 0; i < set->n_items; i++)
        cost += gram_frequency_of_literal(frequency, &set->items[i]) * *(*n_sets)++ +
                cost_of_shortness(&set->items[i]);
    return cost;
}

/* The cheapest first: it is looked for. The others are asked for in this order, so that most texts fall through with the second. */
static void sort_sets(const struct gram_frequency *frequency, struct literal_sets *sets,
                      const uint32_t **n_sets)
{
    double costs[LITERAL_SETS_MAX];

    for (size_t i = 0; i < sets->n_items; i++) {
        struct literal_set set = sets->items[i];
        double cost = cost_of_set(frequency, &set, n_sets);
        size_t place = i;

        for (; place && costs[place - 1] > cost; place--) {
            costs[place] = costs[place - 1];
            sets->items[place] = sets->items[place - 1];
        }
        costs[place] = cost;
        sets->items[place] = set;
    }
}

enum rc prefilter_choose_sets(struct prefilter *made, const struct gram_frequency *frequency)
{
    size_t n_items = count_items(made);
    uint32_t *n_sets = calloc(n_items + 1, sizeof(*n_sets));
    const uint32_t *next = n_sets;
    enum rc rc = n_sets ? count_sharing(made, n_items, n_sets) : RC_NO_MEMORY;

    for (size_t i = 0; !rc && i < made->n_ways; i++)
        sort_sets(frequency, &made->ways[i].sets, &next);
    free(n_sets);
    return rc;
}

/* -- what is kept -- */

static enum rc keep_literal(struct arena *arena, struct literal *literal)
{
    struct byte_set *classes;

    if (!literal->classes)
        return arena_copy(arena, literal->bytes, &literal->bytes);
    classes = arena_alloc(arena, literal->bytes.len, sizeof(*classes));
    if (!classes)
        return RC_NO_MEMORY;
    memcpy(classes, literal->classes, literal->bytes.len * sizeof(*classes));
    literal->classes = classes;
    return RC_OK;
}

static enum rc keep_set(struct arena *arena, struct literal_set *set)
{
    struct literal *items = arena_alloc(arena, set->n_items, sizeof(*items));
    enum rc rc = items ? RC_OK : RC_NO_MEMORY;

    for (size_t i = 0; !rc && i < set->n_items; i++) {
        items[i] = set->items[i];
        rc = keep_literal(arena, &items[i]);
    }
    set->items = items;
    return rc;
}

enum rc prefilter_keep_ways(struct prefilter *made)
{
    struct way *ways = arena_alloc(made->arena, made->n_ways + 1, sizeof(*ways));
    enum rc rc = ways ? RC_OK : RC_NO_MEMORY;

    if (!rc && made->n_ways)
        memcpy(ways, made->ways, made->n_ways * sizeof(*ways));
    made->ways = ways;
    for (size_t i = 0; !rc && i < made->n_ways; i++)
        for (size_t j = 0; !rc && j < ways[i].sets.n_items; j++)
            rc = keep_set(made->arena, &ways[i].sets.items[j]);
    return rc;
}
