#include "rules/match.h"

#include "rules/evaluation.h"

#include <stdlib.h>
#include <string.h>

const char *const match_fault_names[MATCH_FAULTS] = {
    [MATCH_FAULT_PATTERN] = "pattern",
    [MATCH_FAULT_KEY] = "key",
};

enum rc matcher_new(struct matcher **matcher)
{
    struct matcher *made = calloc(1, sizeof(*made));
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    rc = pattern_scratch_new(&made->scratch);
    if (rc) {
        matcher_free(made);
        return rc;
    }
    *matcher = made;
    return RC_OK;
}

void matcher_free(struct matcher *matcher)
{
    if (!matcher)
        return;
    pattern_scratch_free(matcher->scratch);
    free(matcher);
}

/* Room for one more; arrays double, and what is outgrown stays in the arena to its end. */
static void *room_for_one(struct arena *arena, void *items, size_t n_items, size_t item_bytes)
{
    void *grown;

    if (n_items & (n_items - 1)) /* not a power of two: there is room */
        return items;
    grown = arena_alloc(arena, n_items ? 2 * n_items : 1, item_bytes);
    if (grown && n_items)
        memcpy(grown, items, n_items * item_bytes);
    return grown;
}

static enum rc add_match(struct match_list *matches, const struct match *match, struct arena *arena)
{
    struct match *items = room_for_one(arena, matches->items, matches->n_items, sizeof(*items));

    if (!items)
        return RC_NO_MEMORY;
    matches->items = items;
    items[matches->n_items++] = *match;
    return RC_OK;
}

static enum rc add_fault(struct match_list *matches, const struct match_fault *fault,
                         struct arena *arena)
{
    struct match_fault *faults =
        room_for_one(arena, matches->faults, matches->n_faults, sizeof(*faults));

    if (!faults)
        return RC_NO_MEMORY;
    matches->faults = faults;
    faults[matches->n_faults++] = *fault;
    return RC_OK;
}

static enum rc note_pattern_fault(const struct rule *rule, const struct evaluation *evaluation,
                                  struct match_list *matches)
{
    struct match_fault fault = { .rule = rule,
                                 .kind = MATCH_FAULT_PATTERN,
                                 .detail = evaluation->fault };

    return add_fault(matches, &fault, evaluation->arena);
}

/* Everything held: a match, unless its key lacks a field. */
static enum rc match_under_key(const struct rule *rule, struct evaluation *evaluation,
                               struct match_list *matches)
{
    struct match match = { .rule = rule,
                           .captures = evaluation->captures.items,
                           .n_captures = evaluation->captures.n_items };
    struct match_fault fault = { .rule = rule, .kind = MATCH_FAULT_KEY };

    if (key_render(rule, evaluation, &match, &fault.detail))
        return add_match(matches, &match, evaluation->arena);
    return evaluation->out_of_memory ? RC_NO_MEMORY : add_fault(matches, &fault, evaluation->arena);
}

static enum rc match_rule(const struct rule *rule, struct evaluation *evaluation,
                          struct match_list *matches)
{
    struct match clear = { 0 };
    enum test_result result;

    evaluation->fault = (struct slice){ 0 };
    if (rule_is_cleared(rule, evaluation, &clear))
        return add_match(matches, &clear, evaluation->arena);
    if (!slice_is_absent(evaluation->fault)) /* perhaps it clears: so it may not count as a match */
        return note_pattern_fault(rule, evaluation, matches);
    evaluation->captures = (struct captures){ 0 };
    result = filter_holds(&rule->filter, evaluation);
    if (evaluation->out_of_memory)
        return RC_NO_MEMORY;
    if (result == TEST_FAULTY)
        return note_pattern_fault(rule, evaluation, matches);
    return result == TEST_HELD ? match_under_key(rule, evaluation, matches) : RC_OK;
}

static enum rc try_rule(const struct rule *rule, struct evaluation *evaluation,
                        struct match_list *matches)
{
    enum rc rc;

    if (!rule_may_see(rule, evaluation->event))
        return RC_OK;
    rc = match_rule(rule, evaluation, matches);
    return !rc && evaluation->out_of_memory ? RC_NO_MEMORY : rc;
}

enum rc match_event(struct matcher *matcher, const struct ruleset *ruleset,
                    const struct event *event, struct arena *arena, struct match_list *matches)
{
    struct evaluation evaluation = { .event = event, .scratch = matcher->scratch, .arena = arena };
    enum rc rc = RC_OK;

    *matches = (struct match_list){ 0 };
    for (size_t i = 0; !rc && i < ruleset->n_rules; i++)
        rc = try_rule(&ruleset->rules[i], &evaluation, matches);
    return rc;
}

enum rc match_event_by(struct matcher *matcher, const struct ruleset *ruleset,
                       const struct event *event, const uint32_t *rules, size_t n_rules,
                       struct arena *arena, struct match_list *matches)
{
    struct evaluation evaluation = { .event = event, .scratch = matcher->scratch, .arena = arena };
    enum rc rc = RC_OK;

    *matches = (struct match_list){ 0 };
    for (size_t i = 0; !rc && i < n_rules; i++)
        rc = try_rule(&ruleset->rules[rules[i]], &evaluation, matches);
    return rc;
}
