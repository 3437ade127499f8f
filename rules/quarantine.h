/* quarantine.h - rules that judge nothing any more, because their patterns took too long on one event.
 *
 * PCRE2's limits count steps from one start in a text, and a text has 65,536 of them: `(a+)+$` on `aaaaaaaaaaaaaaa!` repeated stays below the limit at each and takes a second in all.
 * A rule whose patterns take more than QUARANTINE_NS of the thread's CPU time on one event (waiting and being preempted do not count) is in quarantine until the rules are
 * loaded anew. The event that showed it and every later one that the rule would have been asked about is a fault of it (MATCH_FAULT_QUARANTINED), so nothing is passed over in
 * silence; so are lines that were read before it and are not folded yet. Other rules and other events go on.
 * Who is to blame is found out by trying the event's rules once more, with a look at the clock around each pattern: what takes long takes twice as long once. Where many rules
 * together take long nobody is to blame, and each such event is tried twice.
 * This is the one thing in a set that changes and that depends on the machine: a replay on a faster one may judge what a live run did not. It concerns rules alone that
 * `vedette check` warns of; for all others a replay of the journal equals the live run.
 * Atomic: any thread may ask and put. */
#pragma once

#include "rules/rule.h"
#include "src/base/json.h"

#define QUARANTINE_NS ((int64_t)50 * 1000 * 1000)

struct quarantined {
    int64_t took_ns;      /* of CPU time, its patterns on the event that showed it */
    int64_t at_ms;        /* when that event was received */
    struct slice pattern; /* that took most of it; lives as long as the set */
};

/* For a set of `n_rules`, in its arena; NULL: out of memory. */
struct quarantine *quarantine_new(size_t n_rules, struct arena *arena);
/* How many are in it. Accepts NULL. */
size_t quarantine_n_rules(const struct quarantine *quarantine);
/* Is the rule in quarantine? Then fills `facts` unless it is NULL. */
bool quarantine_has(const struct quarantine *quarantine, const struct rule *rule,
                    struct quarantined *facts);
/* Puts it in, and says so in the log; the first one who does counts. */
void quarantine_put(struct quarantine *quarantine, const struct rule *rule,
                    const struct quarantined *facts);
/* The members of an object that say so: took_ms, limit_ms, at, pattern, and the remedy for people. */
void quarantined_write(const struct quarantined *facts, struct json_writer *writer);
