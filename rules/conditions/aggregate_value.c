#include "rules/conditions/aggregate_value.h"

#include "rules/conditions/amount.h"

const char *const aggregate_names[] = {
    [AGGREGATE_SUM] = "sum", [AGGREGATE_AVG] = "avg", [AGGREGATE_MAX] = "max",
    [AGGREGATE_MIN] = "min", [AGGREGATE_P95] = "p95", [AGGREGATES] = NULL,
};

/* -- comparing -- */

static bool is_beyond(wide left, wide right, bool is_above)
{
    return is_above ? left > right : left < right;
}

/* What cannot be counted any more is as much as can be. */
static wide times(wide a, wide b)
{
    const wide most = (((wide)1 << 126) - 1) * 2 + 1;
    wide product;

    if (!__builtin_mul_overflow(a, b, &product))
        return product;
    return (a < 0) == (b < 0) ? most : -most;
}

static uint64_t rank_of_p95(uint64_t n_matches)
{
    return n_matches - n_matches / 20; /* 95 % of them, rounded up */
}

bool aggregate_passes(enum aggregate aggregate, const struct sliding *now, bool is_above)
{
    const struct totals *window = &now->window;
    uint64_t n_all = window->n_matches;

    if (aggregate == AGGREGATE_SUM)
        return is_beyond(window->sum, now->bound, is_above);
    if (!n_all)
        return false;
    switch (aggregate) {
    case AGGREGATE_MAX:
        return is_above ? window->n_above > 0 : window->n_below == n_all;
    case AGGREGATE_MIN:
        return is_above ? window->n_above == n_all : window->n_below > 0;
    case AGGREGATE_P95:
        return is_above ? n_all - window->n_above < rank_of_p95(n_all)
                        : window->n_below >= rank_of_p95(n_all);
    case AGGREGATE_AVG:
    case AGGREGATE_SUM:
        break;
    }
    return is_beyond(window->sum, times(now->bound, (wide)n_all), is_above);
}

/* -- values in their order -- */

/* Entries from a place on, up to a time. */
struct stretch {
    struct tally_cursor from;
    int64_t until_ms;
};

static bool has_more(const struct tally_cursor *cursor, const struct stretch *stretch)
{
    return cursor->has_next && cursor->next.time_ms <= stretch->until_ms;
}

static int64_t find_extreme(const struct stretch *stretch, bool is_greatest)
{
    struct tally_cursor cursor = stretch->from;
    int64_t extreme = cursor.next.value;

    for (; has_more(&cursor, stretch); tally_pass(&cursor)) {
        if (is_greatest ? cursor.next.value > extreme : cursor.next.value < extreme)
            extreme = cursor.next.value;
    }
    return extreme;
}

#define BYTE_VALUES 256
#define SIGN_BIT ((uint64_t)1 << 63)

/* Matches by the next byte of their values, of those that begin like `found`; `shift`: bits behind that byte. */
static void count_bytes(const struct stretch *stretch, uint64_t found, unsigned shift,
                        uint64_t n_matches[BYTE_VALUES])
{
    struct tally_cursor cursor = stretch->from;

    for (unsigned i = 0; i < BYTE_VALUES; i++)
        n_matches[i] = 0;
    for (; has_more(&cursor, stretch); tally_pass(&cursor)) {
        uint64_t value = (uint64_t)cursor.next.value ^ SIGN_BIT; /* in the order of numbers */

        if (shift == 56 || (value ^ found) >> (shift + 8) == 0)
            n_matches[value >> shift & 0xff] += cursor.next.n_matches;
    }
}

/* The value of a rank (from 1), byte by byte: no memory for them all, and eight passes at most. */
static int64_t find_rank(const struct stretch *stretch, uint64_t rank)
{
    uint64_t n_matches[BYTE_VALUES];
    uint64_t found = 0;

    for (unsigned shift = 64; shift > 0;) {
        unsigned byte = 0;

        shift -= 8;
        count_bytes(stretch, found, shift, n_matches);
        while (byte < BYTE_VALUES - 1 && n_matches[byte] < rank)
            rank -= n_matches[byte++];
        found |= (uint64_t)byte << shift;
    }
    return (int64_t)(found ^ SIGN_BIT);
}

static int64_t value_of(enum aggregate aggregate, const struct stretch *stretch,
                        const struct totals *totals)
{
    if (aggregate == AGGREGATE_P95)
        return find_rank(stretch, rank_of_p95(totals->n_matches));
    return find_extreme(stretch, aggregate == AGGREGATE_MAX);
}

/* -- against the time before -- */

/* A factor of what is less than nothing is no bound. */
static bool is_beyond_times(wide left, wide right, int64_t factor, bool is_above)
{
    return right >= 0 && is_beyond(times(left, AMOUNT_ONE), times(right, factor), is_above);
}

bool aggregate_passes_before(enum aggregate aggregate, const struct sliding *now, bool is_above,
                             int64_t factor)
{
    const struct tally_kind *kind = now->kind;
    const struct totals *window = &now->window, *before = &now->before;
    const struct stretch now_on = { now->first_of_window, INT64_MAX };
    const struct stretch until_then = { now->first_before, now->at_ms - kind->within_ms };

    if (!before->n_matches || (!window->n_matches && aggregate != AGGREGATE_SUM))
        return false;
    if (aggregate == AGGREGATE_SUM)
        return is_beyond_times(times(window->sum, kind->against_ms),
                               times(before->sum, kind->within_ms), factor, is_above);
    if (aggregate == AGGREGATE_AVG)
        return is_beyond_times(times(window->sum, (wide)before->n_matches),
                               times(before->sum, (wide)window->n_matches), factor, is_above);
    return is_beyond_times(value_of(aggregate, &now_on, window),
                           value_of(aggregate, &until_then, before), factor, is_above);
}
