/* prefilter.h - which rules may want a text, told by one pass over its bytes.
 *
 * From every rule the literals are taken that any text it matches must hold. One pass over many texts at once finds where such a literal stands, through a table of 4-byte
 * grams; then the rule's other literals are asked for. What is told is a candidate: PCRE2 decides. It is sound: a text that a rule matches (or that clears its
 * signal) is always a candidate of that rule, or the rule is among those that have to be tried on every text. Immutable; shared by threads, each with a scratch of its own. Who has none of his own asks prefilters.h. */
#pragma once

#include "rules/rule.h"

struct prefilter;

/* The texts that it is for. */
struct prefilter_texts {
    struct slice kind,
        type; /* rules whose `on` (or whose clear's) asks for neither are never told */
    bool
        holds_data; /* the members of `data` are read from the text, be it JSON, logfmt or syslog */
    struct slice
        sample; /* some of them, so that what is rare is known; may be empty. Only speed depends on it. */
};

/* Borrows the set for the call. Gives one; free with prefilter_free. Rules whose literals would make the table too large are tried on every text. RC_NO_MEMORY. */
enum rc prefilter_new(const struct ruleset *ruleset, const struct prefilter_texts *texts,
                      struct prefilter **prefilter) MUST_CHECK;
/* One that is made at once: all rules that ask for the kind are tried on every text. RC_NO_MEMORY. */
enum rc prefilter_new_of_all(const struct ruleset *ruleset, const struct prefilter_texts *texts,
                             struct prefilter **prefilter) MUST_CHECK;
/* One more who frees it: the last one does. From any thread, while somebody else still holds it. Gives it back. */
struct prefilter *prefilter_hold(struct prefilter *prefilter);
/* Accepts NULL. */
void prefilter_free(struct prefilter *prefilter);
/* Indices of the rules without a literal, in order: each of them is a candidate of every text, and is not told by a scan. */
const uint32_t *prefilter_always(const struct prefilter *prefilter, size_t *n_rules);

/* How the texts of a rule are found. */
enum prefilter_means {
    PREFILTER_NEVER,   /* it asks for other events */
    PREFILTER_LITERAL, /* by characters in a row */
    PREFILTER_CLASSES, /* by a stretch of classes, in at least one of its patterns */
    PREFILTER_ALWAYS   /* by trying them all */
};
enum prefilter_means prefilter_means(const struct prefilter *prefilter, uint32_t rule);

struct candidate {
    uint32_t begin; /* of the text, in the bytes */
    uint32_t rule;  /* index in the set */
};

struct candidate_list {
    const struct candidate *items; /* sorted by text, then rule; none twice */
    size_t n_items;
};

/* The rules to be tried on one text: those of its candidates (in order, `n_candidates`) and those that are tried on every one, in ascending order. `rules` has room for all of the
 * set. Gives how many. */
size_t prefilter_merge(const struct prefilter *prefilter, const struct candidate *candidates,
                       size_t n_candidates, uint32_t *rules);

struct prefilter_scratch;
enum rc prefilter_scratch_new(struct prefilter_scratch **scratch) MUST_CHECK;
/* Accepts NULL. */
void prefilter_scratch_free(struct prefilter_scratch *scratch);

/* The candidates among `texts`, slices of `bytes` in ascending order that do not overlap (between them may stand what is no text). They live until the next scan with the scratch.
 * RC_LIMIT for 4 GiB and more. */
enum rc prefilter_scan(const struct prefilter *prefilter, struct slice bytes,
                       const struct slice *texts, size_t n_texts, struct prefilter_scratch *scratch,
                       struct candidate_list *candidates) MUST_CHECK;
/* The same where each line of `bytes` is a text: nobody has to cut them beforehand. LF ends a line; a CR before it is no part of the text. */
enum rc prefilter_scan_lines(const struct prefilter *prefilter, struct slice bytes,
                             struct prefilter_scratch *scratch,
                             struct candidate_list *candidates) MUST_CHECK;
