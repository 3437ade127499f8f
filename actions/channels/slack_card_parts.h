/* slack_card_parts.h - the two parts of a Slack card that must agree: the plan that is shown, and the buttons that act on it; for slack_*.c alone. */
#pragma once

#include "actions/channels/slack_blocks.h"

#define SLACK_PLAN_CHARACTERS 4000 /* of all that is said of a plan */

/* The texts of one step. */
struct slack_step {
    struct slice name, effect, exact, check, state, output;
};

/* A plan as it would be shown, measured before anything is written: it is shown whole, or not at all. */
struct slack_plan {
    bool fits;
    struct slack_step *steps;
    size_t n_steps;
    struct slice verification, verify_check;
    struct slice undo; /* what Undo would run; absent: it is not offered, or does not fit */
};

enum rc slack_plan_measure(const struct card *card, size_t max_characters, struct arena *arena,
                           struct slack_plan *plan) MUST_CHECK;
void slack_put_plan(struct slack_blocks *blocks, const struct card *card,
                    const struct slack_plan *plan);
/* The block of buttons, where there is something to be done. What is not shown whole has no button. */
void slack_put_buttons(struct slack_blocks *blocks, const struct card *card,
                       const struct slack_plan *plan, int64_t wanted);
