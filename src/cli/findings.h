/* findings.h - what rules made of events: the signals that fired and the proposals that people were asked; and how two sets of rules differ in that.
 *
 * Pure. Two findings are the same thing when rule and key are equal and they began at the same time; else when they overlap: then one began
 * earlier or later than the other, which is a change like any other. Each has one counterpart at most. */
#pragma once

#include "src/base/arena.h"
#include "src/base/ulid.h"

enum finding_kind { FINDING_SIGNAL, FINDING_PROPOSAL };
#define FINDING_KINDS (FINDING_PROPOSAL + 1)

/* All that is told of one; absent or 0 where nothing is. */
struct finding {
    enum finding_kind kind;
    struct slice rule;
    struct slice_list key;
    struct ulid id;    /* of a proposal */
    bool begins;       /* of a signal: it fired; else this is how it went on */
    int64_t at_ms;     /* it fired, people were asked */
    int64_t until_ms;  /* it was resolved, or closed; 0: not by the end */
    int64_t count;     /* of a signal: its matches */
    int64_t n_signals; /* of a proposal: those that share it */
    struct slice severity, title, plan, state;
    struct slice event; /* that caused it */
    size_t order;       /* set by findings_add: as it was told */
};
struct finding_list {
    struct finding *items;
    size_t n_items;
};

/* Adds what is told, in the order of events; `list`, of one kind, grows in `arena`, and what `told` points at must live as long. */
enum rc findings_add(struct finding_list *list, struct arena *arena,
                     const struct finding *told) MUST_CHECK;
/* What was told of each becomes one finding: sorted by rule, key and beginning. Those that began before `since_ms` are left out. */
void findings_join(struct finding_list *list, int64_t since_ms);

enum difference_kind { DIFFERENCE_ADDED, DIFFERENCE_GONE, DIFFERENCE_CHANGED };
#define DIFFERENCES (DIFFERENCE_CHANGED + 1)
extern const char *const difference_names[]; /* added, gone, changed */

struct difference {
    enum difference_kind kind;
    const struct finding *before, *after; /* NULL: there is none */
};
struct difference_list {
    struct difference *items;
    size_t n_items;
};
/* Of two lists that were joined, which must live as long as the differences: in the order of their times. */
enum rc findings_compare(const struct finding_list *before, const struct finding_list *after,
                         struct arena *arena, struct difference_list *differences) MUST_CHECK;
/* The one that tells where it stands: `after`, else `before`. */
const struct finding *difference_finding(const struct difference *difference);

/* How many there are: of one rule, of one day, of all. */
struct tally {
    struct slice name;
    size_t n_before[FINDING_KINDS], n_after[FINDING_KINDS];
    size_t n_differences[FINDING_KINDS][DIFFERENCES];
};
struct tally_list {
    struct tally *items;
    size_t n_items;
};
struct tally_request {
    const struct finding_list *before, *after; /* FINDING_KINDS of them each */
    const struct difference_list *differences; /* likewise */
    /* In `arena`, or borrowed for as long as it lives; absent: memory is out. */
    struct slice (*name_of)(void *context, const struct finding *finding, struct arena *arena);
    void *context;
};
/* One for each name, sorted by it. */
enum rc findings_tally(const struct tally_request *request, struct arena *arena,
                       struct tally_list *tallies) MUST_CHECK;
