#include "rules/match.h"

#include "rules/equalities.h"
#include "rules/evaluation.h"
#include "rules/prefilters.h"
#include "src/base/clock.h"

#include <stdlib.h>
#include <string.h>

/* A tick is at most so long: an event that took QUARANTINE_NS took at least the rest by the clock of ticks. */
#define TICK_MAX_NS ((int64_t)10 * 1000 * 1000)

const char *const match_fault_names[MATCH_FAULTS] = {
    [MATCH_FAULT_PATTERN] = "pattern",
    [MATCH_FAULT_KEY] = "key",
    [MATCH_FAULT_GROUP] = "group",
    [MATCH_FAULT_MISREAD] = "misread",
    [MATCH_FAULT_QUARANTINED] = "quarantined",
};

static const struct match_clock system_clock = { .tick_ns = clock_tick_ns,
                                                 .thread_ns = clock_thread_ns };

enum rc matcher_new(struct matcher **matcher)
{
    struct matcher *made = calloc(1, sizeof(*made));
    enum rc rc;

    if (!made)
        return RC_NO_MEMORY;
    rc = pattern_scratch_new(&made->scratch);
    if (!rc)
        rc = prefilter_scratch_new(&made->prefilter);
    if (rc) {
        matcher_free(made);
        return rc;
    }
    made->clock = &system_clock;
    *matcher = made;
    return RC_OK;
}

void matcher_free(struct matcher *matcher)
{
    if (!matcher)
        return;
    pattern_scratch_free(matcher->scratch);
    prefilter_scratch_free(matcher->prefilter);
    free(matcher->rules);
    free(matcher);
}

void matcher_set_profile(struct matcher *matcher, struct profile *profile)
{
    matcher->profile = profile;
}

void matcher_set_clock(struct matcher *matcher, const struct match_clock *clock)
{
    matcher->clock = clock;
}

static enum rc add_match(struct match_list *matches, const struct match *match, struct arena *arena)
{
    struct match *items = arena_grow(arena, matches->items, matches->n_items, sizeof(*items));

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
        arena_grow(arena, matches->faults, matches->n_faults, sizeof(*faults));

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

/* The event has passed another filter of the same rule under the same key: it is one match. */
static enum rc join_match(struct match *match, const struct match *other,
                          struct evaluation *evaluation)
{
    struct captures captures = { .items = match->captures,
                                 .n_items = match->n_captures,
                                 .n_room = match->n_captures };

    match->parts |= other->parts;
    for (size_t i = 0; i < other->n_captures; i++) {
        if (captures_add(&captures, other->captures[i].name, other->captures[i].value,
                         evaluation->arena))
            return RC_NO_MEMORY;
    }
    match->captures = captures.items;
    match->n_captures = captures.n_items;
    return RC_OK;
}

static enum rc add_match_of_part(struct match_list *matches, const struct match *match,
                                 size_t n_before, struct evaluation *evaluation)
{
    for (size_t i = n_before; i < matches->n_items; i++) {
        struct match *same = &matches->items[i];

        if (memcmp(&same->fingerprint, &match->fingerprint, sizeof(match->fingerprint)) == 0)
            return join_match(same, match, evaluation);
    }
    return add_match(matches, match, evaluation->arena);
}

/* Everything held: a match, unless its key or its group lacks a field. */
static enum rc match_under_key(const struct rule *rule, const struct rule_key *key, unsigned parts,
                               size_t n_before, struct evaluation *evaluation,
                               struct match_list *matches)
{
    struct match match = { .rule = rule,
                           .parts = parts,
                           .captures = evaluation->captures.items,
                           .n_captures = evaluation->captures.n_items };
    struct match_fault fault = { .rule = rule, .kind = MATCH_FAULT_KEY };

    if (key_render(rule, key, evaluation, &match, &fault.detail)) {
        if (group_has_fields(rule, parts, evaluation, &fault.detail))
            return add_match_of_part(matches, &match, n_before, evaluation);
        fault.kind = MATCH_FAULT_GROUP;
    }
    return evaluation->out_of_memory ? RC_NO_MEMORY : add_fault(matches, &fault, evaluation->arena);
}

static enum rc match_filter(const struct rule *rule, const struct filter *filter,
                            const struct rule_key *key, unsigned parts, size_t n_before,
                            struct evaluation *evaluation, struct match_list *matches)
{
    enum test_result result;

    evaluation->fault = (struct slice){ 0 };
    evaluation->captures = (struct captures){ 0 };
    result = filter_holds(filter, evaluation);
    if (evaluation->out_of_memory)
        return RC_NO_MEMORY;
    if (result == TEST_FAULTY)
        return note_pattern_fault(rule, evaluation, matches);
    return result == TEST_HELD ? match_under_key(rule, key, parts, n_before, evaluation, matches)
                               : RC_OK;
}

static enum rc match_rule(const struct rule *rule, struct evaluation *evaluation,
                          struct match_list *matches)
{
    struct match clear = { 0 };
    size_t n_before = matches->n_items;
    enum rc rc = RC_OK;

    evaluation->fault = (struct slice){ 0 };
    if (rule_is_cleared(rule, evaluation, &clear))
        return add_match(matches, &clear, evaluation->arena);
    if (!slice_is_absent(evaluation->fault)) /* perhaps it clears: so it may not count as a match */
        return note_pattern_fault(rule, evaluation, matches);
    if (!rule->has_only_parts)
        rc = match_filter(rule, &rule->filter, &rule->key, PART_OWN, n_before, evaluation, matches);
    if (rule->parts_qualify && matches->n_items == n_before)
        return rc;
    for (size_t i = 0; !rc && i < rule->n_parts; i++)
        rc = match_filter(rule, &rule->parts[i].filter, &rule->parts[i].key, PART_OF(i), n_before,
                          evaluation, matches);
    return rc;
}

/* -- rules in quarantine -- */

bool match_took_long(const struct matcher *matcher, const struct ruleset *ruleset,
                     int64_t started_ns)
{
    return matcher->clock->tick_ns() - started_ns >= QUARANTINE_NS - TICK_MAX_NS &&
           ruleset->quarantine;
}

bool match_put_aside(const struct ruleset *ruleset, const struct rule *rule,
                     const struct pattern_costs *costs, int64_t at_ms, struct quarantined *facts)
{
    if (costs->total_ns <= QUARANTINE_NS)
        return false;
    *facts = (struct quarantined){ .took_ns = costs->total_ns,
                                   .at_ms = at_ms,
                                   .pattern = pattern_source(pattern_costs_costliest(costs)) };
    quarantine_put(ruleset->quarantine, rule, facts);
    return true;
}

bool match_is_put_aside(const struct ruleset *ruleset, const struct rule *rule,
                        struct quarantined *facts)
{
    return quarantine_n_rules(ruleset->quarantine) &&
           quarantine_has(ruleset->quarantine, rule, facts);
}

static enum rc note_quarantined(const struct rule *rule, const struct quarantined *facts,
                                struct evaluation *evaluation, struct match_list *matches)
{
    struct match_fault fault = { .rule = rule, .kind = MATCH_FAULT_QUARANTINED };

    if (arena_format(evaluation->arena, &fault.detail, "%.*s: took %lld ms",
                     SLICE_ARG(facts->pattern), (long long)(facts->took_ns / 1000000)))
        return RC_NO_MEMORY;
    return add_fault(matches, &fault, evaluation->arena);
}

/* -- all rules that are asked -- */

/* What one event is put to: the rules of a set, or of those the ones that a prefilter told. */
struct asking {
    struct matcher *matcher;
    const struct ruleset *ruleset;
    const uint32_t *rules; /* indices */
    size_t n_rules;
    /* How a rule is tried. */
    enum rc (*try)(const struct asking *asking, const struct rule *rule,
                   struct evaluation *evaluation, struct match_list *matches);
};

static enum rc try_plainly(const struct asking *asking, const struct rule *rule,
                           struct evaluation *evaluation, struct match_list *matches)
{
    (void)asking;
    return match_rule(rule, evaluation, matches);
}

static enum rc try_for_profile(const struct asking *asking, const struct rule *rule,
                               struct evaluation *evaluation, struct match_list *matches)
{
    struct rule_cost *cost = profile_of(asking->matcher->profile, rule->index);
    size_t n_items = matches->n_items;
    int64_t took_ns = -clock_mono_ns();
    enum rc rc;

    evaluation->costs = &cost->patterns;
    evaluation->costs_ns = clock_mono_ns;
    rc = match_rule(rule, evaluation, matches);
    took_ns += clock_mono_ns();
    evaluation->costs = NULL;
    rule_cost_add_try(cost, took_ns);
    cost->n_matched += matches->n_items > n_items && !matches->items[n_items].clears;
    return rc;
}

/* Whoever takes too long has judged nothing, this event included. */
static enum rc try_for_quarantine(const struct asking *asking, const struct rule *rule,
                                  struct evaluation *evaluation, struct match_list *matches)
{
    const struct match_list before = *matches;
    struct pattern_costs costs = { 0 };
    struct quarantined facts;
    enum rc rc;

    evaluation->costs = &costs;
    evaluation->costs_ns = asking->matcher->clock->thread_ns;
    rc = match_rule(rule, evaluation, matches);
    evaluation->costs = NULL;
    if (rc ||
        !match_put_aside(asking->ruleset, rule, &costs, evaluation->event->received_ms, &facts))
        return rc;
    matches->n_items = before.n_items;
    matches->n_faults = before.n_faults;
    return note_quarantined(rule, &facts, evaluation, matches);
}

static enum rc try_rule(const struct asking *asking, const struct rule *rule,
                        struct evaluation *evaluation, struct match_list *matches)
{
    struct quarantined facts;
    enum rc rc;

    if (!rule_may_see(rule, evaluation->event))
        return RC_OK;
    if (match_is_put_aside(asking->ruleset, rule, &facts))
        return note_quarantined(rule, &facts, evaluation, matches);
    rc = asking->try(asking, rule, evaluation, matches);
    return !rc && evaluation->out_of_memory ? RC_NO_MEMORY : rc;
}

static enum rc try_rules(const struct asking *asking, const struct event *event,
                         struct arena *arena, struct match_list *matches)
{
    struct evaluation evaluation = { .event = event,
                                     .scratch = asking->matcher->scratch,
                                     .arena = arena };
    const struct ruleset *set = asking->ruleset;
    struct said_fields said = { .event = event };
    enum rc rc = RC_OK;

    *matches = (struct match_list){ 0 };
    for (size_t i = 0; !rc && i < asking->n_rules; i++) {
        size_t index = asking->rules[i];

        if (!equalities_rule_out(set->equalities, index, &said))
            rc = try_rule(asking, &set->rules[index], &evaluation, matches);
    }
    return rc;
}

/* A look at CPU time around every event would cost more than most events do. So whoever seems to have taken too long, perhaps because the thread was preempted, is
 * tried once more, and then it is seen which rule it was, if any. */
static enum rc ask(struct asking *asking, const struct event *event, struct arena *arena,
                   struct match_list *matches)
{
    int64_t started_ns = asking->matcher->clock->tick_ns();
    enum rc rc;

    asking->try = asking->matcher->profile ? try_for_profile : try_plainly;
    rc = try_rules(asking, event, arena, matches);
    if (rc || !match_took_long(asking->matcher, asking->ruleset, started_ns))
        return rc;
    asking->try = try_for_quarantine;
    return try_rules(asking, event, arena, matches);
}

enum rc match_event_by(struct matcher *matcher, const struct ruleset *ruleset,
                       const struct event *event, const uint32_t *rules, size_t n_rules,
                       struct arena *arena, struct match_list *matches)
{
    struct asking asking = {
        .matcher = matcher, .ruleset = ruleset, .rules = rules, .n_rules = n_rules
    };

    return ask(&asking, event, arena, matches);
}

/* -- which rules to try -- */

static enum rc make_room_for_rules(struct matcher *matcher, size_t n_rules)
{
    uint32_t *grown;

    if (n_rules <= matcher->n_rules)
        return RC_OK;
    grown = reallocarray(matcher->rules, n_rules, sizeof(*grown));
    if (!grown)
        return RC_NO_MEMORY;
    matcher->rules = grown;
    matcher->n_rules = n_rules;
    return RC_OK;
}

/* What Vedette says of itself is for those who ask for it by name. */
static size_t list_own_kind(struct matcher *matcher, const struct ruleset *ruleset)
{
    for (size_t i = 0; i < ruleset->n_own_kind_rules; i++)
        matcher->rules[i] = ruleset->own_kind_rules[i];
    return ruleset->n_own_kind_rules;
}

/* A set that was made by hand has no prefilters. */
static size_t list_all(struct matcher *matcher, const struct ruleset *ruleset)
{
    for (uint32_t i = 0; i < ruleset->n_rules; i++)
        matcher->rules[i] = i;
    return ruleset->n_rules;
}

static enum rc list_candidates(struct matcher *matcher, const struct ruleset *ruleset,
                               const struct event *event, size_t *n_rules)
{
    const struct prefilter_texts texts = { .kind = event->fields[FIELD_KIND],
                                           .type = event->fields[FIELD_TYPE],
                                           .holds_data = event->data_is_of_text };
    const struct slice text = event->fields[FIELD_TEXT];
    struct candidate_list candidates;
    struct prefilter *prefilter = NULL;
    enum rc rc = prefilters_get(ruleset, &texts, &prefilter);

    if (rc)
        return rc;
    rc = prefilter_scan(prefilter, text, &text, 1, matcher->prefilter, &candidates);
    if (!rc)
        *n_rules = prefilter_merge(prefilter, candidates.items, candidates.n_items, matcher->rules);
    prefilter_free(prefilter);
    return rc;
}

enum rc match_event(struct matcher *matcher, const struct ruleset *ruleset,
                    const struct event *event, struct arena *arena, struct match_list *matches)
{
    size_t n_rules = 0;
    enum rc rc = make_room_for_rules(matcher, ruleset->n_rules);

    *matches = (struct match_list){ 0 };
    if (rc)
        return rc;
    if (!ruleset->prefilters)
        n_rules = list_all(matcher, ruleset);
    else if (event->door == DOOR_DATA)
        rc = list_candidates(matcher, ruleset, event, &n_rules);
    else
        n_rules = list_own_kind(matcher, ruleset);
    return rc ? rc
              : match_event_by(matcher, ruleset, event, matcher->rules, n_rules, arena, matches);
}
