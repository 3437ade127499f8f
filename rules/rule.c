#include "rules/prefilters.h"

#include <malloc.h>
#include <stdlib.h>

/* So large that what it leaves behind is worth a walk through the heap. */
#define LARGE_SET_RULES 500

static int compare_id(const void *key, const void *element)
{
    const struct slice *id = key;
    const struct rule *const *rule = element;

    return slice_compare(*id, (*rule)->id);
}

const struct filter *rule_filter(const struct rule *rule, size_t i)
{
    bool has_own = !rule->has_only_parts;
    bool has_clear = rule->clear.kind == CLEAR_BY_EVENT;

    if (has_own && i-- == 0)
        return &rule->filter;
    if (has_clear && i-- == 0)
        return &rule->clear.filter;
    return i < rule->n_parts ? &rule->parts[i].filter : NULL;
}

bool rule_notes_clears(const struct rule *rule)
{
    return rule->condition->note || rule->notes_good;
}

const struct rule *ruleset_find(const struct ruleset *ruleset, struct slice id)
{
    const struct rule *const *found;

    if (!ruleset->n_rules)
        return NULL;
    found = bsearch(&id, ruleset->by_id, ruleset->n_rules, sizeof(*ruleset->by_id), compare_id);
    return found ? *found : NULL;
}

bool ruleset_may_have(const struct ruleset *ruleset, struct slice id)
{
    size_t offset;

    for (size_t i = 0; i < ruleset->unread.n_items; i++) {
        if (!slice_find(ruleset->unread.items[i], id, &offset))
            return true;
    }
    for (size_t i = 0; i < ruleset->n_rules; i++) {
        if (slice_is_absent(ruleset->rules[i].id))
            return true;
    }
    return false;
}

void ruleset_hold(struct ruleset *ruleset)
{
    ruleset->n_holders++;
}

static void free_all(struct ruleset *ruleset)
{
    for (struct owned_pattern *owned = ruleset->patterns; owned; owned = owned->next)
        pattern_free(owned->pattern);
    prefilters_free(ruleset->prefilters);
    arena_free(ruleset->nodes);
    arena_free(ruleset->arena);
    free(ruleset);
}

/* After a reload there is one set again, and the memory of two must not stay. */
static void give_back(void)
{
    patterns_give_back();
    malloc_trim(0);
}

void ruleset_free(struct ruleset *ruleset)
{
    bool is_large;

    if (!ruleset || ruleset->n_holders-- > 0)
        return;
    is_large = ruleset->n_rules >= LARGE_SET_RULES;
    free_all(ruleset);
    if (is_large)
        give_back();
}
