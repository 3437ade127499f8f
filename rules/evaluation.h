/* evaluation.h - one rule against one event, gate by gate: what match.c does for all rules and explain.c shows for one.
 *
 * A gate is passed, failed, or cannot tell (TEST_FAULTY: `fault` says why). */
#pragma once

#include "rules/match.h"
#include "rules/quarantine.h"
#include "rules/where.h"

/* Gates in the order in which they were tried, kept for explain. */
struct gate_list {
    struct gate *items;
    size_t n_items;
    size_t n_room;
};

struct evaluation {
    const struct event *event;
    struct pattern_scratch *scratch;
    struct arena *arena;
    struct captures captures;
    struct slice fault;          /* of TEST_FAULTY: the pattern and PCRE2's reason */
    struct gate_list *gates;     /* NULL: nobody asks */
    struct pattern_costs *costs; /* what searches take is added here; NULL: nobody asks */
    int64_t (*costs_ns)(void);   /* the clock of `costs` */
    bool out_of_memory;          /* what was found since means nothing */
};

/* Does the event pass `filter`? Adds its captures. */
enum test_result filter_holds(const struct filter *filter, struct evaluation *evaluation);
/* The rendered `key` of an event of `rule`; false when a field of it is absent or empty, and `absent` names it. The fingerprint is taken of the
 * whole values, also where the key shows them cut. */
bool key_render(const struct rule *rule, const struct rule_key *key, struct evaluation *evaluation,
                struct match *match, struct slice *absent);
/* False when a field that the rule's group is by is absent or empty, and `absent` names it. `part`: the bit of the filter that the event passed; only what the rule
 * itself is about (of a sequence: its first step) has to tell of its group. */
bool group_has_fields(const struct rule *rule, unsigned part, struct evaluation *evaluation,
                      struct slice *absent);
/* Searches, and adds what it took to `costs`. */
enum pattern_result evaluation_try(struct evaluation *evaluation, const struct pattern *pattern,
                                   struct slice subject);
/* Searches; notes a fault; with `is_capturing` adds the named groups of a match. */
enum test_result evaluation_search(struct evaluation *evaluation, const struct pattern *pattern,
                                   struct slice subject, bool is_capturing);
/* Notes a gate where somebody asks. Borrows what it is given until the evaluation's arena ends. */
void evaluation_note(struct evaluation *evaluation, struct slice name, bool passed,
                     struct slice wanted, struct slice saw);
bool evaluation_is_noted(const struct evaluation *evaluation);
/* Texts in a row, for gates. */
struct slice evaluation_join(struct evaluation *evaluation, const struct slice_list *parts,
                             const char *separator);
/* Does one of the names of `on` ask for events of this kind or type? */
bool on_asks_for(const struct slice_list *on, enum door door, struct slice kind, struct slice type);
/* A rule that an event of this door may match at all. */
bool rule_may_see(const struct rule *rule, const struct event *event);
/* Does the event clear the rule's signal? Fills `match` when it does. */
bool rule_is_cleared(const struct rule *rule, struct evaluation *evaluation, struct match *match);

/* What a matcher holds for its thread. */
struct matcher {
    struct pattern_scratch *scratch;
    struct prefilter_scratch *prefilter;
    uint32_t *rules; /* to be tried on an event; room for all of a set */
    size_t n_rules;
    struct profile *profile; /* NULL: nobody asks */
    const struct match_clock *clock;
};
/* An event, or a text, that took so long by the clock of ticks since `started_ns` may have a rule whose patterns took too long. */
bool match_took_long(const struct matcher *matcher, const struct ruleset *ruleset,
                     int64_t started_ns);
/* Did its patterns take too long? Then it is put in quarantine, and `facts` are filled. */
bool match_put_aside(const struct ruleset *ruleset, const struct rule *rule,
                     const struct pattern_costs *costs, int64_t at_ms, struct quarantined *facts);
/* Is it in quarantine? Then fills `facts` unless it is NULL. */
bool match_is_put_aside(const struct ruleset *ruleset, const struct rule *rule,
                        struct quarantined *facts);
