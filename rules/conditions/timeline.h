/* timeline.h - a machine that is shown the matches of a key in the order of their event times, whatever order they come in.
 *
 * Exact as far as lateness goes: what is older than W - lateness (W: the newest event time of the key) nothing can come before any more, and what the
 * machine made of it is settled. What is younger is kept, and when a match comes that is older than one of these, the machine is shown them again from
 * there. A match that comes in order costs one step. Beyond WINDOW_ENTRIES_MAX, the oldest are settled early.
 *
 * Stored as big-endian u64: the kept matches in their order (of equal times: as they came), each time in ms << 16 | what it was; then the machine's
 * registers as settled, and as they are now. */
#pragma once

#include "rules/condition.h"

struct timeline_machine {
    /* Moves the registers, which are 0 at first; `what` is never 0. */
    void (*step)(const void *spec, int64_t *registers, int64_t time_ms, unsigned what);
    const void *spec;
    size_t n_registers;
    unsigned
        idle_twice; /* of `what`: bits that, alone, change nothing a second time in the same millisecond */
};

struct timeline {
    const struct timeline_machine *machine; /* kept */
    int64_t *settled;                       /* registers */
    int64_t *now;
    uint64_t *entries; /* as stored */
    size_t n_entries;
};

/* What `state` tells; what is no timeline is an empty one. RC_NO_MEMORY. */
enum rc timeline_take(const struct timeline_machine *machine, struct slice state,
                      struct arena *arena, struct timeline *timeline) MUST_CHECK;
/* One more match, at most once after timeline_take. */
void timeline_add(struct timeline *timeline, int64_t time_ms, unsigned what);
/* Settles what is `oldest_ms` old or older, and what is too much: then true. */
bool timeline_settle(struct timeline *timeline, int64_t oldest_ms);
/* Nothing is on its way: sets `verdict`, and `due_ms` where the timeline has to be kept, since something may still come that belongs before the key's newest event. */
bool timeline_rest(const struct timeline *timeline, const struct condition_input *input,
                   struct condition_result *result);
/* Gives what is to be stored; `timeline` is used up. */
struct slice timeline_store(struct timeline *timeline);
