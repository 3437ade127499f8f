/* rolling.h - conditions over a window that rolls on with time: what they share between a match and their answer.
 *
 * Each says what is true of the sums of its window (sliding.h); here it is found when. They become true at a match and, `by_time`, also by time alone; they end at a match or
 * by time, at the very millisecond: the instant is found by going through what leaves, and asked for as `due_ms`. What was counted goes on
 * beyond the condition's own end: rates have no beginning. Where something else ended the episode, the windows are empty. A key without a match for all of the span, and
 * lateness, is forgotten, unless it fires or time will make it true. */
#pragma once

#include "rules/condition.h"
#include "rules/conditions/sliding.h"

struct rolling {
    struct tally_kind kind;
    int64_t bound, over_bound; /* what values are counted against: for `holds`, for `is_over` */
    int64_t warm_ms;           /* it is not judged before its key has been known for so long */
    int64_t at_least;          /* matches, below which it cannot be true */
    bool at_least_before;      /* ... of the time before */
    bool by_time;
    /* One more match at the end, whose value is no less than nothing, can only put off what the sums as they stand lead to: the end, or `by_time` the beginning. */
    bool end_is_put_off, beginning_is_put_off;
    bool steps; /* its answers cannot be told in advance from sums: each instant is asked for */
    bool (*holds)(const struct rolling *rolling, const struct sliding *now);
    bool (*is_over)(const struct rolling *rolling, const struct sliding *now);
    /* What is compared, and from where on it holds, for people: ": 2.4x, fires from 4x". NULL: nothing is said. */
    enum rc (*tell)(const struct rolling *rolling, const struct sliding *now, struct arena *arena,
                    struct slice *text);
};

/* `entry`: what the match says; NULL: nothing that counts. */
enum rc rolling_fold(const struct rolling *rolling, const struct condition_input *input,
                     const struct tally_entry *entry, struct slice state, struct arena *arena,
                     struct condition_result *result) MUST_CHECK;
/* For `wake`, `expect`, `within_ms`, `describe` and `judges_from` of a condition whose spec begins with its struct rolling. */
enum rc rolling_wake(const void *spec, const struct condition_input *input, struct slice state,
                     struct arena *arena, struct condition_result *result) MUST_CHECK;
/* What fires under a condition that has just changed has a whole window to show that it still does. */
enum rc rolling_expect(const void *spec, const struct condition_input *input, struct arena *arena,
                       struct condition_result *result) MUST_CHECK;
int64_t rolling_span_ms(const void *spec);
/* "8 within 5m, 12 in the 1h before: 8x, fires from 4x; warming up". */
enum rc rolling_describe(const void *spec, const struct condition_input *input, struct slice state,
                         struct arena *arena, struct slice *text) MUST_CHECK;
const char *rolling_judges_from(const void *spec, const struct condition_input *input,
                                struct slice state, int64_t *from_ms);
