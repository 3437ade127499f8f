/* prefilter.h - which rules may want a text, told by one pass over its bytes.
 *
 * From every rule the literals are taken that any text it matches must hold. One pass over many texts at once finds where such a literal stands, through a table of 4-byte
 * grams; a second literal of the rule is asked for where it has one. What is told is a candidate: PCRE2 decides. It is sound: a text that a rule matches (or that clears its
 * signal) is always a candidate of that rule, or the rule is among those that have to be tried on every text. Immutable; shared by threads. */
#pragma once

#include "rules/rule.h"

struct prefilter;

struct candidate {
    uint32_t text; /* index among the texts */
    uint32_t rule; /* index in the set */
};

struct candidate_list {
    struct candidate *items; /* sorted by text, then rule; none twice */
    size_t n_items;
};

/* For events of one kind and type (a log line): rules whose `on` (or whose clear's) asks for neither are never told. Borrows the set. Gives one; free with prefilter_free. */
enum rc prefilter_new(const struct ruleset *ruleset, struct slice kind, struct slice type,
                      struct prefilter **prefilter) MUST_CHECK;
/* Accepts NULL. */
void prefilter_free(struct prefilter *prefilter);
/* Indices of the rules without a literal, in order: each of them is a candidate of every text, and is not told by prefilter_scan. */
const uint32_t *prefilter_always(const struct prefilter *prefilter, size_t *n_rules);
/* The candidates among `texts`, slices of `bytes` in ascending order that do not overlap (between them may stand what is no text). Lives in `arena`. */
enum rc prefilter_scan(const struct prefilter *prefilter, struct slice bytes,
                       const struct slice *texts, size_t n_texts, struct arena *arena,
                       struct candidate_list *candidates) MUST_CHECK;
