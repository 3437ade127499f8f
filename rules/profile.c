#include "rules/profile.h"

#include <stdlib.h>

struct profile {
    size_t n_rules;
    struct rule_cost rules[];
};

/* -- patterns -- */

/* Its own place, else a free one, else that of the cheapest. */
static struct pattern_cost *find_place(struct pattern_costs *costs, const struct pattern *pattern)
{
    struct pattern_cost *cheapest = &costs->items[0];

    for (size_t i = 0; i < PATTERN_COSTS_MAX; i++) {
        struct pattern_cost *item = &costs->items[i];

        if (item->pattern == pattern || !item->pattern)
            return item;
        if (item->ns < cheapest->ns)
            cheapest = item;
    }
    return cheapest;
}

static void add_pattern(struct pattern_costs *costs, const struct pattern_cost *cost)
{
    struct pattern_cost *place = find_place(costs, cost->pattern);

    place->pattern = cost->pattern;
    place->ns += cost->ns;
}

void pattern_costs_add(struct pattern_costs *costs, const struct pattern *pattern, int64_t ns)
{
    add_pattern(costs, &(struct pattern_cost){ .pattern = pattern, .ns = ns });
    costs->total_ns += ns;
}

const struct pattern *pattern_costs_costliest(const struct pattern_costs *costs)
{
    const struct pattern_cost *costliest = &costs->items[0];

    for (size_t i = 1; i < PATTERN_COSTS_MAX; i++)
        if (costs->items[i].ns > costliest->ns)
            costliest = &costs->items[i];
    return costliest->pattern;
}

/* -- rules -- */

enum rc profile_new(size_t n_rules, struct profile **profile)
{
    struct profile *made = calloc(1, sizeof(*made) + n_rules * sizeof(*made->rules));

    if (!made)
        return RC_NO_MEMORY;
    made->n_rules = n_rules;
    *profile = made;
    return RC_OK;
}

void profile_free(struct profile *profile)
{
    free(profile);
}

struct rule_cost *profile_of(struct profile *profile, size_t rule)
{
    return &profile->rules[rule];
}

void rule_cost_add_try(struct rule_cost *cost, int64_t took_ns)
{
    cost->n_tried++;
    cost->ns += took_ns;
    if (took_ns > cost->max_ns)
        cost->max_ns = took_ns;
}

static void add_tries(struct rule_cost *into, const struct rule_cost *from)
{
    into->n_tried += from->n_tried;
    into->ns += from->ns;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
    into->patterns.total_ns += from->patterns.total_ns;
    for (size_t i = 0; i < PATTERN_COSTS_MAX && from->patterns.items[i].pattern; i++)
        add_pattern(&into->patterns, &from->patterns.items[i]);
}

void profile_add_tries(struct profile *into, const struct profile *from)
{
    for (size_t i = 0; i < into->n_rules; i++)
        add_tries(&into->rules[i], &from->rules[i]);
}

int64_t profile_total_ns(const struct profile *profile)
{
    int64_t total_ns = 0;

    for (size_t i = 0; i < profile->n_rules; i++)
        total_ns += profile->rules[i].ns;
    return total_ns;
}

/* Into its place among the `n` costliest so far, of which `n_max` are kept; of two that cost the same the first stands first. */
static size_t insert(const struct profile *profile, size_t rule, size_t *rules, size_t n,
                     size_t n_max)
{
    size_t i = n;

    while (i > 0 && profile->rules[rules[i - 1]].ns < profile->rules[rule].ns)
        i--;
    if (i == n_max)
        return n;
    if (n < n_max)
        n++;
    for (size_t j = n - 1; j > i; j--)
        rules[j] = rules[j - 1];
    rules[i] = rule;
    return n;
}

size_t profile_costliest(const struct profile *profile, size_t n_max, size_t *rules)
{
    size_t n = 0;

    for (size_t i = 0; i < profile->n_rules; i++)
        if (profile->rules[i].n_tried)
            n = insert(profile, i, rules, n, n_max);
    return n;
}
