/* backtest_side.h - one set of rules over recorded events: what it signals and asks. */
#pragma once

#include "src/cli/findings.h"
#include "src/cli/input.h"
#include "src/engine/simulation.h"

struct backtest_side;

struct backtest_side_options {
    const struct config *config; /* kept */
    struct ruleset *ruleset;     /* taken */
    int64_t since_ms;            /* what begins before is not told */
    struct buffer *transitions; /* gets a line for each, as replay prints them; NULL: nobody asks */
};

enum rc backtest_side_new(const struct backtest_side_options *options,
                          struct backtest_side **side) MUST_CHECK;
/* Accepts NULL. */
void backtest_side_free(struct backtest_side *side);
struct engine *backtest_side_engine(struct backtest_side *side);
enum rc backtest_side_receive(struct backtest_side *side,
                              const struct input_entry *entry) MUST_CHECK;
/* Lets time pass. */
enum rc backtest_side_advance(struct backtest_side *side, int64_t now_ms) MUST_CHECK;
/* All that came of it, joined; live as long as the side. Once, at the end. */
enum rc backtest_side_end(struct backtest_side *side,
                          struct finding_list found[FINDING_KINDS]) MUST_CHECK;
struct simulation_totals backtest_side_totals(const struct backtest_side *side);
