/* sliding.h - the window of a tally and the time before it, added up, and how they change while time goes on without a match.
 *
 * At a time T the window is what is in (T - within, T], and what stands before it is in (T - within - against, T - within]. Sums change at the instants at which an
 * entry leaves one of the two, and at no other: going through these instants finds the very millisecond at which an answer changes. */
#pragma once

#include "rules/conditions/tally.h"

__extension__ typedef __int128 wide; /* sums and products that no stored number can overflow */

struct totals {
    uint64_t n_matches;
    wide sum;
    uint64_t n_below, n_above; /* the bound: matches whose value is less, is more */
};

struct sliding {
    int64_t at_ms;
    struct totals window, before;
    int64_t first_ms; /* time of the oldest entry of the window; `at_ms` where there is none */
    int64_t bound;
    const struct tally_kind *kind;
    struct tally_cursor first_of_window, first_before;
};

/* At `at_ms`, which is no earlier than the newest entry. */
void sliding_begin(const struct tally_kind *kind, const struct tally *tally, int64_t at_ms,
                   int64_t bound, struct sliding *sliding);
/* The next instant that changes a sum; TALLY_NEVER when all have left. */
int64_t sliding_next_ms(const struct sliding *sliding);
/* Goes on to a later time. */
void sliding_go_to(struct sliding *sliding, int64_t at_ms);
