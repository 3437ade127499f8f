#include "rules/prefilter_private.h"

#include <stdlib.h>
#include <string.h>

#define TABLES_MAX_BYTES ((size_t)512 << 20)

struct making {
    struct prefilter *made;
    struct arena *reading; /* what is read of the rules, until what is kept of it is copied */
    struct gram_frequency *frequency;
};

/* -- literals that several ways use -- */

static int compare_uses(const void *a, const void *b)
{
    const struct use *left = a;
    const struct use *right = b;
    int order = literal_compare(left->literal, right->literal);

    if (order)
        return order;
    return left->way < right->way ? -1 : left->way > right->way;
}

static size_t list_uses(struct prefilter *made)
{
    size_t n_uses = 0;

    for (size_t i = 0; i < made->n_ways; i++) {
        const struct literal_set *first = &made->ways[i].sets.items[0];

        for (size_t j = 0; j < first->n_items; j++)
            made->uses[n_uses++] = (struct use){ .literal = &first->items[j], .way = (uint32_t)i };
        if (first->or_escape)
            made->escaped[made->n_escaped++] = (uint32_t)i;
        if (first->or_exponent)
            made->of_number[made->n_of_number++] = (uint32_t)i;
    }
    if (n_uses)
        qsort(made->uses, n_uses, sizeof(*made->uses), compare_uses);
    return n_uses;
}

static void list_literals(struct prefilter *made, size_t n_uses)
{
    for (size_t i = 0; i < n_uses; i++) {
        if (i && literal_compare(made->uses[i - 1].literal, made->uses[i].literal) == 0)
            continue;
        made->first_use[made->n_literals] = (uint32_t)i;
        made->literals[made->n_literals++] = *made->uses[i].literal;
    }
    made->first_use[made->n_literals] = (uint32_t)n_uses;
}

static enum rc index_literals(const struct making *making)
{
    struct prefilter *made = making->made;
    size_t n_uses = 0;

    for (size_t i = 0; i < made->n_ways; i++)
        n_uses += made->ways[i].sets.items[0].n_items;
    made->n_literals = made->n_escaped = made->n_of_number = 0;
    made->uses = arena_alloc(made->arena, n_uses + 1, sizeof(*made->uses));
    made->literals = arena_alloc(made->arena, n_uses + 1, sizeof(*made->literals));
    made->first_use = arena_alloc(made->arena, n_uses + 1, sizeof(*made->first_use));
    made->escaped = arena_alloc(made->arena, made->n_ways + 1, sizeof(*made->escaped));
    made->of_number = arena_alloc(made->arena, made->n_ways + 1, sizeof(*made->of_number));
    if (!made->uses || !made->literals || !made->first_use || !made->escaped || !made->of_number)
        return RC_NO_MEMORY;
    list_literals(made, list_uses(made));
    return gram_table_new(made->literals, made->n_literals, making->frequency, made->arena,
                          &made->table);
}

static enum rc index_what_fits(const struct making *making)
{
    enum rc rc = index_literals(making);

    for (size_t budget = GRAM_TABLE_MAX; rc == RC_LIMIT; budget /= 4) {
        rc = prefilter_lighten(making->made, budget);
        if (!rc)
            rc = index_literals(making);
    }
    return rc;
}

/* -- life -- */

static enum rc make(struct making *making, const struct ruleset *ruleset,
                    const struct prefilter_texts *texts)
{
    enum rc rc = arena_new(TABLES_MAX_BYTES, &making->made->arena);

    if (!rc)
        rc = arena_new(TABLES_MAX_BYTES, &making->reading);
    if (!rc)
        rc = gram_frequency_new(texts->sample, &making->frequency);
    if (!rc)
        rc = prefilter_read_rules(making->made, ruleset, texts, making->reading);
    if (!rc)
        rc = prefilter_choose_sets(making->made, making->frequency);
    if (!rc)
        rc = prefilter_keep_ways(making->made);
    return rc ? rc : index_what_fits(making);
}

enum rc prefilter_new(const struct ruleset *ruleset, const struct prefilter_texts *texts,
                      struct prefilter **prefilter)
{
    struct making making = { .made = calloc(1, sizeof(*making.made)) };
    enum rc rc = making.made ? make(&making, ruleset, texts) : RC_NO_MEMORY;

    gram_frequency_free(making.frequency);
    arena_free(making.reading);
    if (rc)
        prefilter_free(making.made);
    else
        *prefilter = making.made;
    return rc;
}

enum rc prefilter_new_of_all(const struct ruleset *ruleset, const struct prefilter_texts *texts,
                             struct prefilter **prefilter)
{
    struct prefilter *made = calloc(1, sizeof(*made));
    enum rc rc = made ? arena_new(TABLES_MAX_BYTES, &made->arena) : RC_NO_MEMORY;

    if (!rc)
        rc = prefilter_list_all(made, ruleset, texts);
    if (rc)
        prefilter_free(made);
    else
        *prefilter = made;
    return rc;
}

struct prefilter *prefilter_hold(struct prefilter *prefilter)
{
    prefilter->n_holders++;
    return prefilter;
}

void prefilter_free(struct prefilter *prefilter)
{
    if (!prefilter || prefilter->n_holders-- > 0)
        return;
    arena_free(prefilter->arena);
    free(prefilter);
}

const uint32_t *prefilter_always(const struct prefilter *prefilter, size_t *n_rules)
{
    *n_rules = prefilter->n_always;
    return prefilter->always;
}

enum prefilter_means prefilter_means(const struct prefilter *prefilter, uint32_t rule)
{
    return prefilter->means[rule];
}
