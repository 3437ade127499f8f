/* trial_units.h - the bytes that the repetitions of a pattern take: what a text that hurts it is made of.
 *
 * A guess, and quick: of `(foo|bar)*` it is "foo", of `[x-z]+` "x". What it does not understand gives a text that hurts less. */
#pragma once

#include "rules/trial.h"

#define TRIAL_UNITS 4

struct trial_units {
    char texts[TRIAL_UNITS][TRIAL_UNIT_BYTES + 1];
    size_t n_texts;
};

/* Of `/pattern/flags`; none twice. */
void trial_units_of(struct slice source, struct trial_units *units);
