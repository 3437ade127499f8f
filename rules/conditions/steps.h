/* steps.h - FILTERs that must match one after the other, for the same key, the first and the last less than `within` apart: what sequence and followed_by share.
 *
 * Known is, for each number of events, when the latest run began that has so many of them. An event moves every run on by one at most, so that none completes itself.
 * A first event puts an end to all runs that it does not itself move on (`repeat: restart`), or begins one only where there is none (`keep`): then there is one run at
 * a time. What a step counts (`count: 3`) are so many places in a run, and the run begins with the latest of them: of four failures, the last three. */
#pragma once

#include "rules/condition.h"

#define STEPS_MAX 15
#define STEPS_EVENTS_MAX                                                                           \
    1000 /* of all steps together: a late match costs as many moves for each that is kept */

enum steps_repeat { REPEAT_RESTART, REPEAT_KEEP };
extern const char *const steps_repeat_names[];

struct step {
    unsigned part; /* its bit in condition_input.parts */
    int64_t count;
};

struct steps {
    struct step items[STEPS_MAX];
    size_t n_items;
    size_t n_events; /* of a whole run */
    int64_t within_ms;
    int64_t lateness_ms;
    int repeat; /* enum steps_repeat */
};

void steps_add(struct steps *steps, unsigned part, int64_t count);
/* The next step is a FILTER; adds what is wrong with it to the reading's problems. */
void steps_read_filter(struct rule_reading *reading, const struct node *filter,
                       struct steps *steps);
/* What the event was: a bit for each step. */
unsigned steps_of_parts(const struct steps *steps, unsigned parts);
/* Functions of a condition whose spec is a struct steps. */
enum rc steps_fold(const void *spec, const struct condition_input *input, struct slice state,
                   struct arena *arena, struct condition_result *result);
enum rc steps_wake(const void *spec, const struct condition_input *input, struct slice state,
                   struct arena *arena, struct condition_result *result);
enum rc steps_describe(const void *spec, const struct condition_input *input, struct slice state,
                       struct arena *arena, struct slice *text);
/* A time that is left, as people are told of it: the second that has begun is a whole one. */
int64_t steps_seconds_left(int64_t left_ms);
int64_t steps_within_ms(const void *spec);
