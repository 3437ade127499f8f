/* explain_summary.h - many events in one view: of each rule, how many it matched, how many missed it by one clause, and by which. */
#pragma once

#include "rules/match.h"
#include "src/cli/screen.h"

struct explain_summary;

enum rc explain_summary_new(const struct ruleset *ruleset,
                            struct explain_summary **summary) MUST_CHECK;
/* Accepts NULL. */
void explain_summary_free(struct explain_summary *summary);
/* One event and what a rule of the set made of it; `event` is its id as text. Copies what it keeps. */
enum rc explain_summary_add(struct explain_summary *summary, const struct rule *rule,
                            const struct gate *gates, size_t n_gates, bool matched,
                            struct slice event) MUST_CHECK;
/* A table of the rules that were about any of the `n_events`; then, of each that was missed, by which clauses and what they saw. */
enum rc explain_summary_show(const struct explain_summary *summary, const struct screen *screen,
                             uint64_t n_events, struct buffer *out) MUST_CHECK;
