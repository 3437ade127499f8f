#include "src/engine/budget_use.h"

#include "src/base/clock.h"

static const struct {
    const char *where;
    int64_t window_ms; /* 0: as it is now */
} limits[BUDGET_LIMITS] = {
    [BUDGET_OPEN] = { .where = "open" },
    [BUDGET_HOUR] = { .where = "in the last hour", .window_ms = HOUR_MS },
    [BUDGET_DAY] = { .where = "in the last day", .window_ms = DAY_MS },
};

static size_t count_since(const struct budget_row *row, int64_t from_ms)
{
    size_t n = 0;

    while (n < row->n_opened && row->opened_ms[row->n_opened - 1 - n] > from_ms)
        n++;
    return n;
}

/* So many must leave the window; those of tasks leave it at no time that is known. */
static int64_t next_of(const struct budget_row *row, size_t n_in, int64_t n_leave,
                       int64_t window_ms)
{
    if (n_leave <= 0 || (uint64_t)n_leave > n_in)
        return 0;
    return row->opened_ms[row->n_opened - n_in + (size_t)n_leave - 1] + window_ms;
}

struct budget_use budget_measure(const struct review_budget *budget, bool borrows,
                                 const struct budget_load *load, int64_t now_ms)
{
    const int64_t written[BUDGET_LIMITS] = { [BUDGET_OPEN] = budget->open,
                                             [BUDGET_HOUR] = budget->per_hour,
                                             [BUDGET_DAY] = budget->per_day };
    struct budget_use use = { .now_ms = now_ms };

    for (size_t i = 0; i < BUDGET_LIMITS; i++) {
        int64_t window_ms = limits[i].window_ms;
        size_t n_in = window_ms ? count_since(load->row, now_ms - window_ms) : 0;

        use.used[i] = load->n_tasks + (window_ms ? (int64_t)n_in : load->n_waiting);
        use.limit[i] = budget->is_there ? written[i] + (borrows ? budget->critical : 0) : INT64_MAX;
        if (window_ms && use.used[i] >= use.limit[i])
            use.next_ms[i] = next_of(load->row, n_in, use.used[i] - use.limit[i] + 1, window_ms);
    }
    return use;
}

static bool is_full(const struct budget_use *use, size_t i)
{
    return use->used[i] >= use->limit[i];
}

bool budget_is_full(const struct budget_use *use)
{
    for (size_t i = 0; i < BUDGET_LIMITS; i++)
        if (is_full(use, i))
            return true;
    return false;
}

int64_t budget_next_ms(const struct budget_use *use)
{
    int64_t next_ms = 0;

    for (size_t i = 0; i < BUDGET_LIMITS; i++) {
        if (!is_full(use, i))
            continue;
        if (!use->next_ms[i])
            return 0;
        if (use->next_ms[i] > next_ms)
            next_ms = use->next_ms[i];
    }
    return next_ms;
}

/* No window is longer than a day: the time of the day says which. */
static void add_time(int64_t time_ms, struct buffer *out)
{
    char text[TIME_TEXT_BYTES];

    time_format(time_ms, text);
    buffer_format(out, ", the next at %.8s UTC", text + sizeof "2026-11-21T" - 1);
}

void budget_describe(const struct budget_use *use, struct buffer *out)
{
    bool is_first = true;

    for (size_t i = 0; i < BUDGET_LIMITS; i++) {
        if (!is_full(use, i))
            continue;
        buffer_format(out, "%s%lld of %lld %s", is_first ? "" : "; ", (long long)use->used[i],
                      (long long)use->limit[i], limits[i].where);
        if (use->next_ms[i])
            add_time(use->next_ms[i], out);
        is_first = false;
    }
}
