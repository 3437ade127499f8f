/* coverage.h - what events exercise of a rule: each pattern, clause and branch by itself, seen to hold and seen to fail.
 *
 * For tests of rules. It evaluates once more, beside the matcher, which knows nothing of it. Only events that the filter asks for (`on`) say something of its clauses. Of a list of
 * patterns or values each has to be seen once; of a clause, that it keeps something out, too. */
#pragma once

#include "rules/match.h"

struct covered {
    struct slice name;  /* match[1], where.branch, where.any[0], when.sequence[1], clear */
    struct mark mark;   /* where it stands; of a default: the rule */
    bool has_two_sides; /* it should be seen failing, too */
    bool held, failed;
};

struct coverage {
    const struct rule *rule;
    struct covered *items; /* in the order of the rule */
    size_t n_items;
};

/* Of a rule of a set to show. Gives one in `arena`. */
enum rc coverage_new(const struct rule *rule, struct arena *arena,
                     struct coverage **coverage) MUST_CHECK;
/* One more event. `scratch` is used during the call. */
enum rc coverage_add(struct coverage *coverage, struct matcher *matcher, const struct event *event,
                     struct arena *scratch) MUST_CHECK;
