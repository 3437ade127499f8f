#include "rules/conditions/sliding.h"

#include "src/base/clock.h"

static void count(struct totals *totals, const struct tally_entry *entry, int64_t bound)
{
    totals->n_matches += entry->n_matches;
    totals->sum += entry->value;
    totals->n_below += entry->value < bound ? entry->n_matches : 0;
    totals->n_above += entry->value > bound ? entry->n_matches : 0;
}

static void discount(struct totals *totals, const struct tally_entry *entry, int64_t bound)
{
    totals->n_matches -= entry->n_matches;
    totals->sum -= entry->value;
    totals->n_below -= entry->value < bound ? entry->n_matches : 0;
    totals->n_above -= entry->value > bound ? entry->n_matches : 0;
}

static void note_first(struct sliding *sliding)
{
    const struct tally_cursor *first = &sliding->first_of_window;

    sliding->first_ms = first->has_next ? first->next.time_ms : sliding->at_ms;
}

void sliding_begin(const struct tally_kind *kind, const struct tally *tally, int64_t at_ms,
                   int64_t bound, struct sliding *sliding)
{
    int64_t split_ms = at_ms - kind->within_ms; /* itself already out of the window */
    struct tally_cursor cursor = tally_begin(kind, tally);

    *sliding = (struct sliding){ .at_ms = at_ms, .bound = bound, .kind = kind };
    while (cursor.has_next && cursor.next.time_ms <= split_ms - kind->against_ms)
        tally_pass(&cursor);
    sliding->first_before = cursor;
    for (; cursor.has_next && cursor.next.time_ms <= split_ms; tally_pass(&cursor))
        count(&sliding->before, &cursor.next, bound);
    sliding->first_of_window = cursor;
    for (; cursor.has_next; tally_pass(&cursor))
        count(&sliding->window, &cursor.next, bound);
    note_first(sliding);
}

int64_t sliding_next_ms(const struct sliding *sliding)
{
    const struct tally_kind *kind = sliding->kind;
    int64_t next_ms = TALLY_NEVER;

    if (sliding->first_of_window.has_next)
        next_ms = sliding->first_of_window.next.time_ms + kind->within_ms;
    if (kind->against_ms && sliding->first_before.has_next) {
        int64_t leaves_ms = sliding->first_before.next.time_ms + kind->within_ms + kind->against_ms;

        next_ms = earlier_of(next_ms, leaves_ms);
    }
    return next_ms;
}

void sliding_go_to(struct sliding *sliding, int64_t at_ms)
{
    const struct tally_kind *kind = sliding->kind;
    struct tally_cursor *window = &sliding->first_of_window;
    struct tally_cursor *before = &sliding->first_before;
    int64_t split_ms = at_ms - kind->within_ms;

    sliding->at_ms = at_ms;
    for (; window->has_next && window->next.time_ms <= split_ms; tally_pass(window)) {
        discount(&sliding->window, &window->next, sliding->bound);
        count(&sliding->before, &window->next, sliding->bound);
    }
    for (; before->has_next && before->next.time_ms <= split_ms - kind->against_ms;
         tally_pass(before))
        discount(&sliding->before, &before->next, sliding->bound);
    note_first(sliding);
}
