/* lint_private.h - what the kinds of warnings share: a row in lint.c each, a function in a file of its subject. */
#pragma once

#include "rules/lint.h"
#include "rules/where.h"

struct lint {
    const struct ruleset *set;
    const struct lint_with *with;
    struct problems *problems;
    struct arena *arena; /* of the rule being looked at */
    const char *name;    /* of the warning being looked for */
    enum rc rc;
};

/* A warning at `mark`, unless a comment there accepts it. */
void lint_warn(struct lint *lint, struct mark mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The member of the rule as it is in force; NULL: it has none. */
struct node *lint_member(const struct rule *rule, const char *name);
/* Where the i-th of a list stands, or the scalar that is alone. */
struct mark lint_mark_of(const struct node *list, size_t i);

/* lint_where.c */
void lint_contradictions(struct lint *lint, const struct rule *rule);
void lint_kinds(struct lint *lint, const struct rule *rule);
/* lint_chain.c */
void lint_circles(struct lint *lint, const struct rule *rule);
/* lint_signals.c */
void lint_rule_of_others(struct lint *lint, const struct rule *rule);
void lint_unknown_rules(struct lint *lint, const struct rule *rule);
/* lint_when.c */
void lint_forgets_first(struct lint *lint, const struct rule *rule);
/* lint_clear.c */
void lint_clears_all(struct lint *lint, const struct rule *rule);
/* lint_patterns.c */
void lint_ignored(struct lint *lint, const struct rule *rule);
void lint_no_literal(struct lint *lint, const struct rule *rule);
/* lint_captures.c */
void lint_unused_captures(struct lint *lint, const struct rule *rule);
/* lint_key.c */
void lint_volatile_key(struct lint *lint, const struct rule *rule);
void lint_broad(struct lint *lint, const struct rule *rule);
