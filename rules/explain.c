#include "rules/evaluation.h"

static bool explain_key(const struct rule *rule, struct evaluation *evaluation)
{
    struct match match = { 0 };
    struct slice absent;
    bool passed = key_render(rule, &rule->key, evaluation, &match, &absent);
    struct slice wanted = rule->key.template ? template_source(rule->key.template)
                                             : evaluation_join(evaluation, &rule->key.names, ", ");

    if (passed)
        evaluation_note(evaluation, SLICE("key"), true, wanted,
                        evaluation_join(evaluation, &match.key, ", "));
    else
        evaluation_note(evaluation, SLICE("key"), false, absent, (struct slice){ 0 });
    return passed;
}

/* It is looked for first: an event that clears is never a match. */
static bool explain_clear(const struct rule *rule, struct evaluation *evaluation)
{
    struct gate_list *gates = evaluation->gates;
    struct match match = { 0 };
    bool clears;

    evaluation->gates = NULL;
    clears = rule_is_cleared(rule, evaluation, &match);
    evaluation->gates = gates;
    evaluation->captures = (struct captures){ 0 };
    if (clears)
        evaluation_note(evaluation, SLICE("clear"), false,
                        SLICE("an event that does not end the signal"),
                        SLICE("it clears the signal of its key"));
    return clears;
}

enum rc match_explain(struct matcher *matcher, const struct rule *rule, const struct event *event,
                      struct arena *arena, struct gate **gates, size_t *n_gates, bool *matched)
{
    struct gate_list list = { 0 };
    struct evaluation evaluation = {
        .event = event, .scratch = matcher->scratch, .arena = arena, .gates = &list
    };

    *matched = !explain_clear(rule, &evaluation) &&
               filter_holds(&rule->filter, &evaluation) == TEST_HELD &&
               explain_key(rule, &evaluation);
    if (evaluation.out_of_memory)
        return RC_NO_MEMORY;
    *gates = list.items;
    *n_gates = list.n_items;
    return RC_OK;
}
