/* rule.h - one rule in memory, and the set of them. Read-only once loaded, but for the quarantine; shared by all threads.
 *
 * A rule is known by its id, never by its place. Its version is a hash of its meaning: the same text, however it is laid out or whatever
 * its neighbours are, gives the same version. */
#pragma once

#include "rules/condition.h"
#include "src/base/pattern.h"
#include "src/base/playbook.h"
#include "src/base/weekly_window.h"
#include "src/store/signals.h"

struct where; /* where.h */
struct trial_finding;
struct field_ref;  /* field_ref.h */
struct quarantine; /* quarantine.h */

/* Another rule, as a rule names it. */
struct rule_name {
    struct slice id;
    struct mark mark;
};
struct rule_name_list {
    struct rule_name *items;
    size_t n_items;
};

enum rule_mode { RULE_PROPOSE, RULE_OBSERVE };

/* A map of on, match, where, ignore, wherever one stands. */
struct filter {
    struct slice_list on; /* kinds, types, globs */
    struct mark on_mark;
    struct pattern **match;
    size_t n_match;
    struct pattern **ignore;
    size_t n_ignore;
    struct where *where; /* NULL: none */
};

/* What tells one signal of a rule from another. */
struct rule_key {
    struct slice_list names;   /* of fields; or */
    struct field_ref *fields;  /* the same, looked up */
    struct template *template; /* one template; NULL: `names` are used */
};

/* A FILTER of the condition, as one step of a sequence: what it does not name it has from the rule. */
struct rule_part {
    struct slice name; /* where it stands: when.sequence[1] */
    struct filter filter;
    struct rule_key key;
    int64_t count; /* so many of them; 1 where it is not said */
};
#define RULE_PARTS_MAX 16 /* no condition takes more: conditions/steps.h */

enum clear_kind {
    CLEAR_BY_EVENT, /* an event that `clear.filter` names */
    CLEAR_BY_QUIET, /* so long without a match, on the engine's clock */
    CLEAR_NEVER,    /* only its condition, a verification or a person */
};

struct clear_part {
    enum clear_kind kind;
    struct filter
        filter; /* BY_EVENT; it has inherited the clauses of the rule's where that it does not name */
    struct rule_key key;
    int64_t count;    /* so many of them without a match in between */
    int64_t quiet_ms; /* BY_QUIET */
};

/* Signals that fire together share one task and one proposal. */
struct group_part {
    bool is_there;
    struct mark mark;
    struct slice name;           /* shared with other rules; absent: those of this rule alone */
    struct slice_list by;        /* field names: equal values join */
    struct field_ref *by_fields; /* the same, looked up */
    int64_t wait_ms;             /* from the first that fires; default 30s */
};

struct rule {
    struct slice id;
    struct mark mark;
    struct slice version; /* 16 hex characters */
    enum rule_mode mode;
    struct filter filter;
    struct rule_key key;
    const struct condition *condition;
    void *condition_spec;    /* what condition->parse made */
    struct rule_part *parts; /* FILTERs of the condition, in the order in which it knows them */
    size_t n_parts;          /* at most RULE_PARTS_MAX */
    bool has_only_parts;     /* what its own filter passes is no match: a sequence has its steps */
    bool
        parts_qualify; /* its FILTERs say more of what its own filter passes, and pass nothing by themselves */
    struct slice
        condition_version; /* of what is folded (on, match, where, ignore, key, when, lateness): signals keep their memory while it stays */
    struct clear_part clear;
    bool
        notes_good; /* its signals know the last good commit and the first bad one: it is `on` ci.run, and an event ends it */
    enum severity severity;
    struct template *title;
    struct template *usual_title; /* where that says nothing */
    int64_t
        lateness_ms; /* its own, or the longest of the watchers that can yield what it is `on`; at least 5m then */
    bool lateness_is_of_watchers; /* it has none of its own */
    struct weekly_window *active; /* when it may propose; NULL: always */
    struct rule_name_list unless,
        while_firing;       /* rules that hold it back while they fire, while none of them does */
    struct slice_list same; /* fields that both have alike */
    struct slice_list *named_with; /* of those who name this rule: each `same` once */
    size_t n_named_with;
    struct group_part group;
    struct playbook playbook;
    struct slice_list
        data_paths; /* of the payload, that its templates and its group name: kept with the signal */
    struct node *
        node; /* the rule with every default and no $name: what its version is a hash of; NULL in a set to run */
    size_t index;   /* in the set; for counters kept elsewhere */
    bool is_broken; /* of a set to check: it has an error */
};

/* `tests:` of a file, unread: src/engine runs them. Of a set to show. */
struct rule_test {
    struct slice file;
    struct node *node;
};

struct owned_pattern {
    struct owned_pattern *next;
    struct pattern *pattern;          /* of all that are written alike */
    const struct trial_finding *slow; /* trial.h; NULL: it is not known to be */
};

struct prefilters; /* rules/prefilters.h */
struct equalities; /* rules/equalities.h */

struct ruleset {
    _Atomic size_t n_holders; /* besides whoever made it */
    struct rule *rules;       /* in order of file name, then place */
    size_t n_rules;
    struct rule_test *tests; /* NULL in a set to run */
    size_t n_tests;
    struct slice_list
        unread; /* of a set to check: texts of files that are no documents; what rules they have is not known */
    uint32_t *
        own_kind_rules; /* indices of those that ask for a kind of Vedette's own (vedette.signal, …) */
    size_t n_own_kind_rules;
    struct slice version;      /* hash over all rule ids and versions, 16 hex characters */
    const struct rule **by_id; /* sorted by id */
    uint64_t
        relations; /* hash over who names whom in `unless` and `while`, and with which `same`; 0: nobody */
    struct quarantine
        *quarantine; /* of its rules; NULL in a set that was not loaded: none is put aside */
    struct owned_pattern *patterns; /* freed with the set */
    struct prefilters *prefilters;  /* of a loaded set; one that is made by hand has none */
    struct equalities *equalities;  /* likewise */
    struct arena *nodes;            /* of rules and tests; NULL in a set to run */
    struct arena *arena;            /* owns everything else here */
};

/* All filters by which an event can reach the rule: its own, what clears, those of its condition. NULL behind the last. */
const struct filter *rule_filter(const struct rule *rule, size_t i);
/* Is something remembered of an event that clears, also where there is nothing to be cleared? */
bool rule_notes_clears(const struct rule *rule);
/* By id; NULL when there is none. */
const struct rule *ruleset_find(const struct ruleset *ruleset, struct slice id);
/* May it be that what could not be read of a set to check has such a rule? Then who names it makes no mistake. */
bool ruleset_may_have(const struct ruleset *ruleset, struct slice id);
/* One more who frees it: the last one does. From any thread, while somebody else still holds it. */
void ruleset_hold(struct ruleset *ruleset);
/* Accepts NULL. */
void ruleset_free(struct ruleset *ruleset);
