/* prefilter_private.h - the ways in which rules want texts: prefilter_read.c finds them, prefilter_sets.c chooses by what, prefilter.c makes the tables (and
 * prefilter_lighten.c makes them fit), prefilter_scan.c asks. */
#pragma once

#include "rules/gram_table.h"
#include "rules/prefilter.h"

/* One of the ways in which a rule may want a text: a pattern of its match or of its clear's. */
struct way {
    uint32_t rule;
    struct literal_sets sets; /* all of them hold; the first is what the table looks for */
};

/* A literal of a way's first set. Equal ones are looked for once. */
struct use {
    const struct literal *literal;
    uint32_t way;
};

struct prefilter {
    _Atomic size_t n_holders; /* besides whoever made it */
    struct arena *arena;
    size_t n_rules;
    enum prefilter_means *means; /* of each rule */
    uint32_t *always;
    size_t n_always;
    struct way *ways; /* by rule */
    size_t n_ways;
    struct literal *literals; /* none twice */
    size_t n_literals;
    struct use *uses;    /* by literal */
    uint32_t *first_use; /* of each literal, and one more */
    uint32_t *escaped;   /* ways whose first set allows for an escape */
    size_t n_escaped;
    uint32_t *of_number; /* ways whose first set allows for an exponent */
    size_t n_of_number;
    struct gram_table *table;
};

/* Fills always and means: all rules that ask. RC_NO_MEMORY. */
enum rc prefilter_list_all(struct prefilter *made, const struct ruleset *ruleset,
                           const struct prefilter_texts *texts) MUST_CHECK;
/* Fills ways, always and means. What the literals of the ways live in is `reading`. RC_NO_MEMORY. */
enum rc prefilter_read_rules(struct prefilter *made, const struct ruleset *ruleset,
                             const struct prefilter_texts *texts, struct arena *reading) MUST_CHECK;
/* Puts the sets of each way in order: the first is looked for, the others are asked for then. RC_NO_MEMORY. */
enum rc prefilter_choose_sets(struct prefilter *made,
                              const struct gram_frequency *frequency) MUST_CHECK;
/* Copies the ways and their literals into the prefilter's arena. RC_NO_MEMORY. */
enum rc prefilter_keep_ways(struct prefilter *made) MUST_CHECK;
/* The rules whose literals are the heaviest are tried on every text from now on, so that the others keep theirs within `budget` grams. RC_NO_MEMORY. */
enum rc prefilter_lighten(struct prefilter *made, size_t budget) MUST_CHECK;
