#include "rules/evaluation.h"
#include "src/base/clock.h"

#include <stdlib.h>

/* A pattern that cannot judge leaves it to those who count that. */
static bool filter_wants_text(struct evaluation *evaluation, const struct filter *filter,
                              struct slice text)
{
    for (size_t i = 0; i < filter->n_match; i++) {
        if (evaluation_try(evaluation, filter->match[i], text) != PATTERN_NO_MATCH)
            return true;
    }
    return !filter->n_match;
}

static bool rule_wants_text(const struct rule *rule, struct evaluation *evaluation,
                            struct slice text)
{
    const struct filter *filter;

    for (size_t i = 0; (filter = rule_filter(rule, i)); i++) {
        if (filter_wants_text(evaluation, filter, text))
            return true;
    }
    return false;
}

/* What one text is put to; as struct asking. */
struct choosing {
    const struct matcher *matcher;
    const struct ruleset *ruleset;
    struct slice text;
    int64_t now_ms;
    bool (*wants)(const struct choosing *choosing, const struct rule *rule,
                  struct evaluation *evaluation);
};

static bool wants_plainly(const struct choosing *choosing, const struct rule *rule,
                          struct evaluation *evaluation)
{
    return rule_wants_text(rule, evaluation, choosing->text);
}

static bool wants_for_profile(const struct choosing *choosing, const struct rule *rule,
                              struct evaluation *evaluation)
{
    struct rule_cost *cost = profile_of(choosing->matcher->profile, rule->index);
    int64_t started_ns = clock_mono_ns();
    bool wants;

    evaluation->costs = &cost->patterns;
    evaluation->costs_ns = clock_mono_ns;
    wants = rule_wants_text(rule, evaluation, choosing->text);
    rule_cost_add_try(cost, clock_mono_ns() - started_ns);
    return wants;
}

static bool wants_for_quarantine(const struct choosing *choosing, const struct rule *rule,
                                 struct evaluation *evaluation)
{
    struct pattern_costs costs = { 0 };
    struct quarantined facts;
    bool wants;

    evaluation->costs = &costs;
    evaluation->costs_ns = choosing->matcher->clock->thread_ns;
    wants = rule_wants_text(rule, evaluation, choosing->text);
    evaluation->costs = NULL;
    return match_put_aside(choosing->ruleset, rule, &costs, choosing->now_ms, &facts) || wants;
}

/* The first of `rules` are those that are chosen, in order; the others stand behind them. Who is put aside is left to those who count that. */
static size_t choose(const struct choosing *choosing, uint32_t *rules, size_t n_rules)
{
    struct evaluation evaluation = { .scratch = choosing->matcher->scratch };
    size_t n_kept = 0;

    for (size_t i = 0; i < n_rules; i++) {
        const struct rule *rule = &choosing->ruleset->rules[rules[i]];
        uint32_t index = rules[i];

        if (!match_is_put_aside(choosing->ruleset, rule, NULL) &&
            !choosing->wants(choosing, rule, &evaluation))
            continue;
        rules[i] = rules[n_kept];
        rules[n_kept++] = index;
    }
    return n_kept;
}

static int compare_indices(const void *a, const void *b)
{
    const uint32_t *left = a, *right = b;

    return *left < *right ? -1 : *left > *right;
}

size_t match_choose(struct matcher *matcher, const struct ruleset *ruleset, struct slice text,
                    int64_t now_ms, uint32_t *rules, size_t n_rules)
{
    struct choosing choosing = { .matcher = matcher,
                                 .ruleset = ruleset,
                                 .text = text,
                                 .now_ms = now_ms,
                                 .wants = matcher->profile ? wants_for_profile : wants_plainly };
    int64_t started_ns = matcher->clock->tick_ns();
    size_t n_kept = choose(&choosing, rules, n_rules);

    if (!match_took_long(matcher, ruleset, started_ns))
        return n_kept;
    qsort(rules, n_rules, sizeof(*rules), compare_indices);
    choosing.wants = wants_for_quarantine;
    return choose(&choosing, rules, n_rules);
}
