/* tally.h - how many matches a key had at which time, and what they said: the memory of rates and aggregates.
 *
 * A span of event time of which `within` is the window that is judged and `against` the time before it. With W the newest event time of the key it holds what is in
 * (W - within - against, W], in the order of time; what those of one millisecond said is put together where the kind allows it. One more match at the end costs
 * a copy of the bytes and no look at the others; they are few: most entries take two to eight.
 *
 * Exact up to TALLY_ENTRIES_MAX entries. Beyond, those of one slice of time become one: `within` has 4096 slices, and `against` has as many. Of a slice one time is left,
 * the oldest or the newest, whichever makes less come true. Values that cannot be put together are thinned instead: one in two is kept, and stands for
 * both, in even steps over the whole span. Stored as
 *
 *     u64 known_ms   event time of the first match of the key; TALLY_NEVER: none
 *     u64 coarse_ms  W when entries were last put together; 0: never
 *     u64 next_ms    the key's own time before which no answer can change, where whoever judges knows one; TALLY_NEVER: none
 *     u64 judged_ms  the key's own time from which on that is so: what comes with a longer lag sets the key's time back, maybe to before it
 *     u64 base_ms    time that the first entry counts from
 *     u64 newest_ms  time of the last entry
 *     u64 seen_ms    engine's clock: when the last match came, where whoever judges notes it
 *     u32 entries · u32 bytes of the last one · u32 one in how many matches is kept · u32 passed over since
 *     each, oldest first, as base-128 numbers: time since the one before, matches, and where the kind has values, the value (zigzag)
 */
#pragma once

#include "src/base/arena.h"

#define TALLY_ENTRIES_MAX 10000
#define TALLY_NEVER INT64_MAX

/* What becomes of values that fall together. */
enum tally_values {
    TALLY_NO_VALUES,
    TALLY_ADDS, /* their sum */
    TALLY_KEEPS_GREATEST,
    TALLY_KEEPS_LEAST,
    TALLY_THINS, /* none falls together: all are needed in their order */
};

struct tally_kind {
    enum tally_values values;
    int64_t within_ms;
    int64_t against_ms; /* 0: nothing before the window matters */
    bool
        fades_late; /* what is put together leaves the window with the newest of it; else with the oldest. The time before has it the other way round */
};

struct tally_entry {
    int64_t time_ms;
    uint64_t n_matches;
    int64_t value;
};

struct tally {
    int64_t known_ms, coarse_ms, next_ms, judged_ms;
    int64_t base_ms, newest_ms, seen_ms;
    uint32_t n_entries, n_last_bytes;
    uint32_t stride, n_passed_over;
    struct slice entries;
};

/* Borrows `state`; what is no tally is an empty one. */
void tally_take(struct slice state, struct tally *tally);
/* Lets go what is older than the span before `newest_ms` (W), and adds one more (NULL: none). RC_NO_MEMORY. */
enum rc tally_update(const struct tally_kind *kind, int64_t newest_ms,
                     const struct tally_entry *added, struct arena *arena,
                     struct tally *tally) MUST_CHECK;
bool tally_is_coarse(const struct tally_kind *kind, const struct tally *tally);
/* Of a tally that was updated: nothing is copied. */
struct slice tally_store(const struct tally *tally);

/* A place between entries: `next` is the entry behind it, until there is none. */
struct tally_cursor {
    struct slice rest;
    bool has_values;
    bool has_next;
    struct tally_entry next;
};

struct tally_cursor tally_begin(const struct tally_kind *kind, const struct tally *tally);
void tally_pass(struct tally_cursor *cursor);
