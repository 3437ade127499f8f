#include "rules/prefilters.h"

#include <stdlib.h>

static int compare_id(const void *key, const void *element)
{
    const struct slice *id = key;
    const struct rule *const *rule = element;

    return slice_compare(*id, (*rule)->id);
}

const struct rule *ruleset_find(const struct ruleset *ruleset, struct slice id)
{
    const struct rule *const *found;

    if (!ruleset->n_rules)
        return NULL;
    found = bsearch(&id, ruleset->by_id, ruleset->n_rules, sizeof(*ruleset->by_id), compare_id);
    return found ? *found : NULL;
}

void ruleset_hold(struct ruleset *ruleset)
{
    ruleset->n_holders++;
}

void ruleset_free(struct ruleset *ruleset)
{
    if (!ruleset || ruleset->n_holders-- > 0)
        return;
    for (struct owned_pattern *owned = ruleset->patterns; owned; owned = owned->next)
        pattern_free(owned->pattern);
    prefilters_free(ruleset->prefilters);
    arena_free(ruleset->arena);
    free(ruleset);
}
