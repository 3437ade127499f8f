/* equalities.h - which rules an event's fields rule out before any of their clauses is tried.
 *
 * Most rules ask something of a field by equality (repo: acme/shop), so that of a thousand rules for one kind of events only few can have to do with one event.
 * Of each rule one field is chosen: all of its filters ask for it, and fewer rules than of the others share its values. An event that says something else
 * there neither matches the rule nor clears it, whatever else it says. Values are compared by their hashes: equal ones leave it to the clauses. */
#pragma once

#include "rules/rule.h"
#include "src/base/event.h"

struct equalities;

/* Of the rules of `set`, in its arena. RC_NO_MEMORY. */
enum rc equalities_new(const struct ruleset *set, struct equalities **equalities) MUST_CHECK;

/* What one event says, hashed when it is first asked for; begin with the event alone. */
struct said_fields {
    const struct event *event;
    uint64_t hashes[EVENT_N_FIELDS];
    bool is_hashed[EVENT_N_FIELDS];
};

/* True: the rule at `index` of the set need not be tried. `equalities` may be NULL: none is ruled out. */
bool equalities_rule_out(const struct equalities *equalities, size_t index,
                         struct said_fields *said);
