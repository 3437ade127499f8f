#include "rules/conditions/conditions.h"

/* No `when`: the first match fires, and there is nothing to remember. */

static enum rc parse_first(const struct node *when, struct arena *arena, struct problems *problems,
                           void **spec)
{
    (void)when;
    (void)arena;
    (void)problems;
    *spec = NULL;
    return RC_OK;
}

static enum rc fold_first(const void *spec, struct slice state, const struct condition_match *match,
                          struct arena *arena, struct condition_result *result)
{
    (void)spec;
    (void)arena;
    *result = (struct condition_result){
        .state = state, .holds = true, .count = 1, .first_ms = match->time_ms
    };
    return RC_OK;
}

static int64_t within_of_first(const void *spec)
{
    (void)spec;
    return 0;
}

const struct condition condition_first = {
    .parse = parse_first,
    .fold = fold_first,
    .within_ms = within_of_first,
};
