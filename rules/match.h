/* match.h - event -> matches: which rules it satisfies, under which key, with which captures.
 *
 * Pure: rules are read-only, each thread brings a matcher of its own. */
#pragma once

#include "rules/profile.h"
#include "rules/rule.h"

struct matcher;
enum rc matcher_new(struct matcher **matcher) MUST_CHECK;
void matcher_free(struct matcher *matcher);
/* From now on what rules cost is added to `profile` (kept; NULL: nobody asks, and nothing is measured). Of the set that it was made for. */
void matcher_set_profile(struct matcher *matcher, struct profile *profile);
/* What tells that an event took too long (quarantine.h); kept. Of tests: a matcher has the system's clocks. */
struct match_clock {
    int64_t (*tick_ns)(void);   /* asked before and after every event */
    int64_t (*thread_ns)(void); /* asked around every pattern where that was too long */
};
void matcher_set_clock(struct matcher *matcher, const struct match_clock *clock);

struct match {
    const struct rule *rule;
    bool clears; /* it ends the signal; it is never counted as a match too */
    unsigned
        parts; /* what the event passed, under this key: bits of condition.h; 0 where it clears */
    struct slice_list key;
    struct fingerprint fingerprint;
    struct capture *captures; /* named groups; values copied into the arena */
    size_t n_captures;
};

/* What an event of the rule under this key would be, without one: for keys that are known though nothing matched. Borrows `key`. */
enum rc match_of_key(const struct rule *rule, const struct slice_list *key, struct arena *arena,
                     struct match *match) MUST_CHECK;

enum match_fault_kind {
    MATCH_FAULT_PATTERN, /* a pattern ran into its limit: neither match nor no match */
    MATCH_FAULT_KEY, /* everything held, but a field of the key is absent: not folded under an empty key */
    MATCH_FAULT_GROUP,   /* likewise a field that its group is by */
    MATCH_FAULT_MISREAD, /* its condition asks an event for something that this one says otherwise, and goes by the usual one: told by whoever folds */
    MATCH_FAULT_QUARANTINED, /* its patterns took too long on this event or an earlier one: it was not asked (quarantine.h) */
    MATCH_FAULTS
};
extern const char *const match_fault_names
    [MATCH_FAULTS]; /* pattern, key, group, misread, quarantined: for metrics and people */
struct match_fault {
    const struct rule *rule;
    enum match_fault_kind kind;
    struct slice
        detail; /* the field that is absent; the pattern and PCRE2's reason, or how long it took */
};

struct match_list {
    struct match *items;
    size_t n_items;
    struct match_fault *faults;
    size_t n_faults;
};

/* All that the rules make of `event`, in the order of the set. A clear match is given only under a rendered key; whether a signal is there to be cleared is the
 * fold's business. A rule is never matched by events of doors other than DOOR_DATA unless it asks for a vedette.* kind. A rule whose patterns take too long is put in
 * quarantine. */
enum rc match_event(struct matcher *matcher, const struct ruleset *ruleset,
                    const struct event *event, struct arena *arena,
                    struct match_list *matches) MUST_CHECK;
/* As match_event, but only the `rules` (indices in the set, ascending) are tried: those that a prefilter told. */
enum rc match_event_by(struct matcher *matcher, const struct ruleset *ruleset,
                       const struct event *event, const uint32_t *rules, size_t n_rules,
                       struct arena *arena, struct match_list *matches) MUST_CHECK;

/* Of the `rules` (as above) those whose patterns match `text`, in place and in order; returns how many. The others can neither match an event of this text nor be cleared by
 * it, whatever its fields: asked before they are read. Rules in quarantine are kept: match_event_by tells of them. */
size_t match_choose(struct matcher *matcher, const struct ruleset *ruleset, struct slice text,
                    int64_t now_ms, uint32_t *rules, size_t n_rules);

/* One gate that a rule put before an event. */
struct gate {
    struct slice
        name; /* on | match | ignore | where.<field> | key | …, of a condition's FILTER behind its place: when.sequence[1].on */
    bool passed;
    struct slice wanted; /* as the rule writes it */
    struct slice saw;    /* the value, or absent */
};
#define GATES_FAR SIZE_MAX
/* How many gates the event missed of the filter that it came nearest to; 1: a near miss, 0: a match. GATES_FAR: it is of another kind, its text does not match, or it clears. */
size_t gates_missed(const struct gate *gates, size_t n_gates);
/* The first gate that it failed of that filter; NULL where it is GATES_FAR or 0. */
const struct gate *gates_first_missed(const struct gate *gates, size_t n_gates);
/* Does the event end the signal? Then that is its only gate. */
bool gates_clear(const struct gate *gates, size_t n_gates);
/* The gates of one rule for an event: for its own filter, then for each FILTER of its condition, up to and with the first that failed. */
enum rc match_explain(struct matcher *matcher, const struct rule *rule, const struct event *event,
                      struct arena *arena, struct gate **gates, size_t *n_gates,
                      bool *matched) MUST_CHECK;
