#include "rules/accept.h"
#include "rules/lint_private.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_BYTES 1024
#define RULE_ARENA_BYTES ((size_t)16 << 20)

/* --- the kinds of warnings --- */

static const struct {
    const char *name; /* shown, and accepted by: never another one */
    void (*look)(struct lint *lint, const struct rule *rule);
} kinds[] = {
    { .name = "never-holds", .look = lint_contradictions },
    { .name = "other-kind", .look = lint_kinds },
    { .name = "other-kind", .look = lint_rule_of_others },
    { .name = "unknown-rule", .look = lint_unknown_rules },
    { .name = "forgets-first", .look = lint_forgets_first },
    { .name = "clears-all", .look = lint_clears_all },
    { .name = "ignored", .look = lint_ignored },
    { .name = "no-literal", .look = lint_no_literal },
    { .name = "unused-capture", .look = lint_unused_captures },
    { .name = "volatile-key", .look = lint_volatile_key },
    { .name = "broad", .look = lint_broad },
    { .name = "circle", .look = lint_circles },
};

/* --- what they share --- */

/* What clears has clauses of the rule's own where; what is wrong with them is told once. */
static bool is_told(const struct lint *lint, struct mark mark)
{
    const struct problem *problem;

    for (size_t i = 0; (problem = problems_at(lint->problems, i)); i++) {
        if (problem->name == lint->name && problem->line == mark.line &&
            problem->column == mark.column && slice_eq(problem->file, mark.file))
            return true;
    }
    return false;
}

void lint_warn(struct lint *lint, struct mark mark, const char *format, ...)
{
    char text[TEXT_BYTES];
    va_list args;

    if (accept_has(lint->with->files, mark, lint->name) || is_told(lint, mark))
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    problems_add_named(lint->problems, lint->name, PROBLEM_WARNING, mark.file, mark.line,
                       mark.column, "%s", text);
}

struct node *lint_member(const struct rule *rule, const char *name)
{
    return node_find(rule->node, name);
}

struct mark lint_mark_of(const struct node *list, size_t i)
{
    return list->type == NODE_LIST && i < list->n_items ? list->items[i]->mark : list->mark;
}

enum rc ruleset_lint(const struct ruleset *set, const struct lint_with *with,
                     struct problems *problems)
{
    struct lint lint = { .set = set, .with = with, .problems = problems };

    lint.rc = arena_new(RULE_ARENA_BYTES, &lint.arena);
    for (size_t i = 0; !lint.rc && i < set->n_rules; i++) {
        if (set->rules[i].is_broken)
            continue;
        for (size_t n = 0; n < sizeof(kinds) / sizeof(*kinds); n++) {
            lint.name = kinds[n].name;
            kinds[n].look(&lint, &set->rules[i]);
        }
        arena_reset(lint.arena);
    }
    arena_free(lint.arena);
    return lint.rc;
}
