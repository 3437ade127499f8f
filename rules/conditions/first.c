#include "rules/conditions/conditions.h"

/* No `when`: the first match fires, and there is nothing to remember. */

static void *parse_first(struct rule_reading *reading, const struct node *when)
{
    (void)reading;
    (void)when;
    return NULL;
}

static enum rc fold_first(const void *spec, const struct condition_input *input, struct slice state,
                          struct arena *arena, struct condition_result *result)
{
    (void)spec;
    (void)arena;
    *result = (struct condition_result){
        .state = state, .verdict = CONDITION_HOLDS, .count = 1, .first_ms = input->time_ms
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
    .match_is_trouble = true,
};
