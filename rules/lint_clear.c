#include "rules/lint_private.h"

/* An event that clears is looked for first and is never a match: where all that matches clears, nothing does. */

static bool are_alike(const struct slice_list *a, const struct slice_list *b)
{
    bool same = a->n_items == b->n_items;

    for (size_t i = 0; same && i < a->n_items; i++)
        same = slice_eq(a->items[i], b->items[i]);
    return same;
}

/* All of them, so that what passes the rule's passes these. Patterns that are written alike are one. */
static bool has_all(struct pattern *const *patterns, size_t n_patterns, struct pattern *const *of,
                    size_t n_of)
{
    for (size_t i = 0; i < n_of; i++) {
        bool is_there = false;

        for (size_t j = 0; !is_there && j < n_patterns; j++)
            is_there = patterns[j] == of[i];
        if (!is_there)
            return false;
    }
    return true;
}

static bool asks_for(const struct where *where, const struct clause *clause)
{
    for (size_t i = 0; where && i < where->n_clauses; i++) {
        if (slice_eq(where->clauses[i].field.name, clause->field.name) &&
            slice_eq(where->clauses[i].wanted, clause->wanted))
            return true;
    }
    return false;
}

/* Does what holds for `narrow` hold for `wide`? */
static bool where_covers(const struct where *wide, const struct where *narrow)
{
    if (wide && (wide->n_any || wide->n_none))
        return false;
    for (size_t i = 0; wide && i < wide->n_clauses; i++) {
        if (!asks_for(narrow, &wide->clauses[i]))
            return false;
    }
    return true;
}

static bool covers(const struct filter *wide, const struct filter *narrow)
{
    if (!are_alike(&wide->on, &narrow->on) || !where_covers(wide->where, narrow->where))
        return false;
    if (wide->n_match &&
        (!narrow->n_match || !has_all(wide->match, wide->n_match, narrow->match, narrow->n_match)))
        return false;
    return has_all(narrow->ignore, narrow->n_ignore, wide->ignore, wide->n_ignore);
}

void lint_clears_all(struct lint *lint, const struct rule *rule)
{
    const struct clear_part *clear = &rule->clear;
    const struct node *node = lint_member(rule, "clear");

    if (clear->kind != CLEAR_BY_EVENT || clear->count > 1 || rule->has_only_parts || !node ||
        rule->condition->judges_silence) /* it may fire for what never came */
        return;
    if (are_alike(&clear->key.names, &rule->key.names) && covers(&clear->filter, &rule->filter))
        lint_warn(lint, node->mark,
                  "every event that matches clears as well, and what clears is no match: this rule "
                  "never fires; name in `clear` what only the good ones have");
}
