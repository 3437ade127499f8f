/* lint.h - what is valid in rules and most likely not meant, each with what to do about it.
 *
 * Every kind of warning has a name, which is shown behind its text in brackets: `# accept: NAME` at the end of its line, or in the line before it, says
 * that it is meant so. What cannot be told for certain is not told: a warning that is none costs more than one that is missing. */
#pragma once

#include "rules/load.h"

struct lint_with {
    const struct rule_files *files; /* the texts of the set: its comments */
    struct slice_list used;         /* captures that are asked for outside of the rules */
};

/* Of a set to show or to check; not of its rules that are broken. Adds warnings. RC_NO_MEMORY. */
enum rc ruleset_lint(const struct ruleset *set, const struct lint_with *with,
                     struct problems *problems) MUST_CHECK;
