/* backtest_show.h - how two sets of rules differ in what they made of the same events, for people and for programs. */
#pragma once

#include "src/cli/command.h"
#include "src/cli/findings.h"

struct backtest_result {
    struct finding_list loaded[FINDING_KINDS], these[FINDING_KINDS];
    struct difference_list differences[FINDING_KINDS];
    size_t n_given, n_kept; /* rule files: that were given, loaded ones beside them */
    int64_t since_ms;       /* INT64_MIN: all of the input */
    uint64_t n_events;
    bool is_of_daemon; /* its events can be asked for by their ids */
    struct arena *arena;
};

/* With --json: an object a line for each difference, for each day (UTC) and rule, and one of totals. For people: a table of days (local ones) and rules, the first differences, the
 * totals. With --quiet only the totals. */
enum rc backtest_show(const struct invocation *invocation, const struct backtest_result *result,
                      struct buffer *out) MUST_CHECK;
