/* replay_profile.h - what `replay --profile` prints: the ten rules that took most time.
 *
 * Two matchers ask rules in a replay: where lines are read, to know which are wanted (first their text alone, then the event), and where events are folded. What a rule took in all is its cost, and the times that it was
 * asked are its tries; matches are those of the fold, as the summary counts them. */
#pragma once

#include "rules/profile.h"
#include "rules/rule.h"
#include "src/cli/command.h"

/* A table for people, after an empty line; with --json an object for each rule, a line each. `where_read` is added to `where_folded`. */
enum rc replay_profile_write(const struct invocation *invocation, const struct ruleset *ruleset,
                             const struct profile *where_read, struct profile *where_folded,
                             struct buffer *out) MUST_CHECK;
