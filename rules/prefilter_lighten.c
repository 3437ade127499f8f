#include "rules/prefilter_private.h"

#include <stdlib.h>

/* Grams that a literal has at most, and one of classes at least: for it a dense pass is made. */
static size_t grams_of(const struct literal *literal)
{
    size_t least = SIZE_MAX;

    if (!literal->classes)
        return 8;
    for (size_t i = 0; i + LITERAL_WINDOW_BYTES <= literal->bytes.len; i++) {
        size_t n_grams = literal_expansions(literal, i);

        least = n_grams < least ? n_grams : least;
    }
    return least;
}

struct weighed {
    uint32_t rule;
    size_t n_grams;
};

static int compare_weights(const void *a, const void *b)
{
    const struct weighed *left = a, *right = b;

    if (left->n_grams != right->n_grams)
        return left->n_grams < right->n_grams ? -1 : 1;
    return left->rule < right->rule ? -1 : left->rule > right->rule;
}

static void weigh(const struct prefilter *made, struct weighed *ways)
{
    for (size_t i = 0; i < made->n_ways; i++) {
        const struct literal_set *first = &made->ways[i].sets.items[0];

        ways[i] = (struct weighed){ .rule = made->ways[i].rule };
        for (size_t j = 0; j < first->n_items; j++)
            ways[i].n_grams += grams_of(&first->items[j]);
    }
    qsort(ways, made->n_ways, sizeof(*ways), compare_weights);
}

enum rc prefilter_lighten(struct prefilter *made, size_t budget)
{
    struct weighed *ways = calloc(made->n_ways + 1, sizeof(*ways));
    size_t n_grams = 0, n_kept = 0;

    if (!ways)
        return RC_NO_MEMORY;
    weigh(made, ways);
    for (size_t i = 0; i < made->n_ways; i++) {
        n_grams += ways[i].n_grams;
        if (n_grams > budget)
            made->means[ways[i].rule] = PREFILTER_ALWAYS;
    }
    free(ways);
    for (size_t i = 0; i < made->n_ways; i++) {
        if (made->means[made->ways[i].rule] != PREFILTER_ALWAYS)
            made->ways[n_kept++] = made->ways[i];
    }
    made->n_ways = n_kept;
    made->n_always = 0;
    for (uint32_t i = 0; i < made->n_rules; i++) {
        if (made->means[i] == PREFILTER_ALWAYS)
            made->always[made->n_always++] = i;
    }
    return RC_OK;
}
