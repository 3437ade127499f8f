/* prefilter_private.h - the ways in which rules want texts: prefilter_read.c finds them, prefilter.c makes the tables, prefilter_scan.c asks. */
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
    struct gram_table *table;
};

/* Fills ways, always and means. What the literals of the ways live in is `reading`. RC_NO_MEMORY. */
enum rc prefilter_read_rules(struct prefilter *made, const struct ruleset *ruleset,
                             const struct prefilter_texts *texts, struct arena *reading) MUST_CHECK;
