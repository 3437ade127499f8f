/* profile.h - what each rule of a set cost the matchers that were given one.
 *
 * A matcher without a profile measures nothing. With one it notes around every try of a rule how long it took (CLOCK_MONOTONIC: a preempted thread shows in the
 * longest try), and around every search of a pattern. Measuring costs about a tenth of a microsecond a try, which is in the numbers.
 * Not for two threads at once: each matcher has its own, and they are added up at the end. */
#pragma once

#include "src/base/pattern.h"

/* What a rule's patterns took. Of more than these the cheapest gives way and leaves its time to the one that takes its place: the costliest is among them all the same. */
#define PATTERN_COSTS_MAX 4
struct pattern_costs {
    int64_t total_ns;
    struct pattern_cost {
        const struct pattern *pattern; /* NULL: free */
        int64_t ns;
    } items[PATTERN_COSTS_MAX];
};
void pattern_costs_add(struct pattern_costs *costs, const struct pattern *pattern, int64_t ns);
/* NULL: no pattern was searched for. */
const struct pattern *pattern_costs_costliest(const struct pattern_costs *costs);

struct rule_cost {
    uint64_t n_tried;   /* events it was asked about */
    uint64_t n_matched; /* of them; what clears is no match */
    int64_t ns;         /* of all tries, with all that a try asks: patterns, fields, its key */
    int64_t max_ns;     /* of one */
    struct pattern_costs patterns;
};

void rule_cost_add_try(struct rule_cost *cost, int64_t took_ns);

struct profile;
/* For a set of `n_rules`. Gives one; free with profile_free. */
enum rc profile_new(size_t n_rules, struct profile **profile) MUST_CHECK;
/* Accepts NULL. */
void profile_free(struct profile *profile);
/* What is known of a rule, by its index in the set; to be added to. */
struct rule_cost *profile_of(struct profile *profile, size_t rule);
/* Adds what the tries of `from` took, for the same set. Not its matches: where events are matched twice, one of the two profiles counts them. */
void profile_add_tries(struct profile *into, const struct profile *from);
int64_t profile_total_ns(const struct profile *profile);
/* The indices of the rules that took longest, costliest first, into `rules`; returns how many (at most `n_max`; a rule that was never tried is none). */
size_t profile_costliest(const struct profile *profile, size_t n_max, size_t *rules);
