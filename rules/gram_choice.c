#include "rules/gram_private.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define HOLDER_BITS 18
#define LITERALS_ASKED 512
/* In units of one probe. */
#define COST_OF_HIT 8.0
#define COST_OF_COMPARISON 1.0

/* -- which literals share a gram -- */

static uint32_t *holders_of(const struct gram_choice *choice, uint32_t gram)
{
    return &choice->holders[gram_hash(gram) >> (32 - HOLDER_BITS)];
}

static void count_holders(const struct gram_choice *choice)
{
    for (size_t i = 0; i < choice->n_literals; i++) {
        const struct literal *literal = &choice->literals[i];
        size_t width = gram_is_short(literal) ? SHORT_BYTES : GRAM_BYTES;

        for (size_t j = 0; !literal->classes && j + width <= literal->bytes.len; j++)
            ++*holders_of(choice, gram_at(literal->bytes.ptr + j, width));
    }
}

/* -- what a window costs -- */

/* A hit is looked up, and perhaps all are compared that share it. */
static double cost_of_gram(const struct gram_choice *choice, const struct literal *literal,
                           size_t offset)
{
    double n_holders = 1;

    if (!literal->classes)
        n_holders = *holders_of(choice, gram_at(literal->bytes.ptr + offset, GRAM_BYTES));
    return gram_frequency_of_window(choice->frequency, literal, offset) *
           (COST_OF_HIT + COST_OF_COMPARISON * n_holders);
}

struct window_choice {
    size_t offset;
    double cost; /* for each byte of text */
    size_t n_grams;
};

/* False: no window of the literal is small enough. */
static bool choose_window(const struct gram_choice *choice, const struct literal *literal,
                          size_t stride, struct window_choice *best)
{
    double costs[LITERAL_MAX_BYTES];
    size_t expansions[LITERAL_MAX_BYTES];
    size_t n_offsets = literal->bytes.len - GRAM_BYTES + 1;

    *best = (struct window_choice){ .cost = DBL_MAX };
    for (size_t i = 0; i < n_offsets; i++) {
        expansions[i] = literal_expansions(literal, i);
        /* A share of what is too much is too much. */
        costs[i] =
            expansions[i] > LITERAL_MAX_EXPANSIONS ? HUGE_VAL : cost_of_gram(choice, literal, i);
    }
    for (size_t i = 0; i + stride <= n_offsets; i++) {
        struct window_choice window = { .offset = i };

        for (size_t j = i; j < i + stride; j++) {
            window.cost += costs[j] / (double)stride;
            window.n_grams += expansions[j];
        }
        if (window.cost < best->cost)
            *best = window;
    }
    return best->cost < DBL_MAX;
}

/* -- the stride -- */

/* The longest that each literal has room for. */
static size_t widest_stride(const struct gram_choice *choice)
{
    size_t stride = STRIDE_MAX;

    for (size_t i = 0; i < choice->n_literals; i++) {
        const struct literal *literal = &choice->literals[i];

        while (!gram_is_short(literal) && literal->bytes.len < GRAM_BYTES + stride - 1)
            stride /= 2;
    }
    return stride;
}

/* Probes, hits of grams that are in the table, and hits of others: as the table grows, so does the share of its bitmap that is set. Some literals speak for all. */
static double cost_of_stride(const struct gram_choice *choice, size_t stride)
{
    size_t step = choice->n_literals / LITERALS_ASKED + 1;
    double cost = 0, n_grams = 0;

    for (size_t i = 0; i < choice->n_literals; i += step) {
        struct window_choice window;

        if (gram_is_short(&choice->literals[i]))
            continue;
        if (!choose_window(choice, &choice->literals[i], stride, &window))
            return DBL_MAX;
        cost += window.cost * (double)step;
        n_grams += (double)(window.n_grams * step);
    }
    cost += n_grams / (double)GRAM_BITMAP_MAX_BITS * COST_OF_HIT / (double)stride;
    return cost + 1.0 / (double)stride;
}

static void choose_stride(struct gram_choice *choice)
{
    double best = DBL_MAX;

    choice->stride = 1;
    for (size_t stride = widest_stride(choice); stride; stride /= 2) {
        double cost = cost_of_stride(choice, stride);

        if (cost < best) {
            best = cost;
            choice->stride = stride;
        }
    }
}

/* -- the choice -- */

static bool choose_windows(const struct gram_choice *choice)
{
    for (size_t i = 0; i < choice->n_literals; i++) {
        struct window_choice window = { 0 };

        if (!gram_is_short(&choice->literals[i]) &&
            !choose_window(choice, &choice->literals[i], choice->stride, &window))
            return false;
        choice->offsets[i] = (uint16_t)window.offset;
    }
    return true;
}

enum rc gram_choose(struct gram_choice *choice, struct arena *arena)
{
    choice->offsets = arena_alloc(arena, choice->n_literals + 1, sizeof(*choice->offsets));
    choice->holders = calloc((size_t)1 << HOLDER_BITS, sizeof(*choice->holders));
    if (!choice->offsets || !choice->holders)
        return RC_NO_MEMORY;
    count_holders(choice);
    choose_stride(choice);
    /* One of classes that was not asked may have room for less. At a stride of 1 each has a window. */
    while (!choose_windows(choice))
        choice->stride /= 2;
    return RC_OK;
}

void gram_choose_check(const struct gram_choice *choice, struct gram_member *member, size_t width,
                       size_t window_bytes)
{
    const struct literal *literal = &choice->literals[member->literal];
    uint32_t least = UINT32_MAX;

    for (size_t i = 0; !literal->classes && i + width <= literal->bytes.len; i++) {
        uint32_t gram = gram_at(literal->bytes.ptr + i, width);
        bool overlaps = i + width > member->offset && i < member->offset + window_bytes;

        if (overlaps || *holders_of(choice, gram) >= least)
            continue;
        least = *holders_of(choice, gram);
        member->check_offset = (uint16_t)i;
        member->check = gram;
        member->check_mask = UINT32_MAX;
    }
}
