#include "rules/conditions/sliding.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A tally as a condition keeps it: bytes between two matches. */
struct kept {
    struct tally_kind kind;
    struct arena *arena;
    char *bytes;
    size_t n_bytes;
    int64_t newest_ms;
    struct tally tally; /* dies with the next */
};

static struct kept kept_of(struct tally_kind kind)
{
    struct kept kept = { .kind = kind, .newest_ms = INT64_MIN };

    assert_int_equal(arena_new((size_t)8 << 20, &kept.arena), RC_OK);
    return kept;
}

static void kept_free(struct kept *kept)
{
    arena_free(kept->arena);
    free(kept->bytes);
}

static void add(struct kept *kept, int64_t time_ms, int64_t value)
{
    const struct tally_entry entry = { .time_ms = time_ms, .n_matches = 1, .value = value };
    struct slice stored;

    kept->newest_ms = time_ms > kept->newest_ms ? time_ms : kept->newest_ms;
    arena_reset(kept->arena);
    tally_take((struct slice){ kept->bytes, kept->n_bytes }, &kept->tally);
    assert_int_equal(tally_update(&kept->kind, kept->newest_ms, &entry, kept->arena, &kept->tally),
                     RC_OK);
    stored = tally_store(&kept->tally);
    kept->bytes = realloc(kept->bytes, stored.len);
    assert_non_null(kept->bytes);
    memcpy(kept->bytes, stored.ptr, stored.len);
    kept->n_bytes = stored.len;
}

static struct sliding sums_at(const struct kept *kept, int64_t at_ms, int64_t bound)
{
    struct sliding sums;

    sliding_begin(&kept->kind, &kept->tally, at_ms, bound, &sums);
    return sums;
}

/* -- beside the whole history -- */

#define N_RANDOM 300

struct match {
    int64_t time_ms, value;
};

static void check_totals(const struct totals *totals, const struct match *matches, size_t n_matches,
                         int64_t after_ms, int64_t until_ms, int64_t bound)
{
    struct totals wanted = { 0 };

    for (size_t i = 0; i < n_matches; i++) {
        if (matches[i].time_ms <= after_ms || matches[i].time_ms > until_ms)
            continue;
        wanted.n_matches++;
        wanted.sum += matches[i].value;
        wanted.n_below += matches[i].value < bound;
        wanted.n_above += matches[i].value > bound;
    }
    assert_int_equal(totals->n_matches, wanted.n_matches);
    assert_true(totals->sum == wanted.sum);
    assert_int_equal(totals->n_below, wanted.n_below);
    assert_int_equal(totals->n_above, wanted.n_above);
}

static void check_all(const struct kept *kept, struct sliding *sums, const struct match *matches,
                      size_t n_matches)
{
    int64_t split_ms = sums->at_ms - kept->kind.within_ms;

    check_totals(&sums->window, matches, n_matches, split_ms, sums->at_ms, sums->bound);
    check_totals(&sums->before, matches, n_matches, split_ms - kept->kind.against_ms, split_ms,
                 sums->bound);
}

/* Whatever the order, the sums are those of all matches of the span, at each instant until all have left. */
static void sums_are_those_of_the_whole_history(void **state)
{
    uint64_t random = random_setting("VEDETTE_SEED", 7);

    (void)state;
    for (int round = 0; round < 20; round++) {
        struct kept kept =
            kept_of((struct tally_kind){ .values = TALLY_THINS,
                                         .within_ms = 1 + (int64_t)random_pick(&random, 60),
                                         .against_ms = (int64_t)random_pick(&random, 2) * 90 });
        struct match matches[N_RANDOM];
        int64_t now_ms = 1000;

        for (size_t i = 0; i < N_RANDOM; i++) {
            struct sliding sums;

            now_ms += (int64_t)random_pick(&random, 4);
            matches[i] = (struct match){ now_ms - (int64_t)random_pick(&random, 3) *
                                                      (int64_t)random_pick(&random, 30),
                                         (int64_t)random_pick(&random, 2000) - 1000 };
            add(&kept, matches[i].time_ms, matches[i].value);
            sums = sums_at(&kept, kept.newest_ms, 100);
            check_all(&kept, &sums, matches, i + 1);
            while (i % 50 == 0 && sliding_next_ms(&sums) != TALLY_NEVER) {
                int64_t before_ms = sums.at_ms;

                sliding_go_to(&sums, sliding_next_ms(&sums));
                assert_true(sums.at_ms > before_ms);
                check_all(&kept, &sums, matches, i + 1);
            }
        }
        kept_free(&kept);
    }
}

/* -- what falls together -- */

static void matches_of_one_millisecond_are_one_entry(void **state)
{
    static const struct {
        enum tally_values values;
        uint32_t n_entries;
        int64_t sum;
    } cases[] = { { TALLY_NO_VALUES, 2, 0 },
                  { TALLY_ADDS, 2, 3 },
                  { TALLY_KEEPS_GREATEST, 2, 7 + 1 },
                  { TALLY_KEEPS_LEAST, 2, -6 + 1 },
                  { TALLY_THINS, 4, 3 } };

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct kept kept =
            kept_of((struct tally_kind){ .values = cases[i].values, .within_ms = 100 });
        struct sliding sums;

        add(&kept, 7, 1);
        add(&kept, 7, -6);
        add(&kept, 9, 1);
        add(&kept, 7, 7); /* late */
        assert_int_equal(kept.tally.n_entries, cases[i].n_entries);
        sums = sums_at(&kept, 9, 0);
        assert_int_equal(sums.window.n_matches, 4);
        assert_true(sums.window.sum == cases[i].sum);
        kept_free(&kept);
    }
}

static void values_of_any_size_are_kept(void **state)
{
    static const int64_t values[] = { 0, 1, -1, 63, 64, -64, -65, INT64_MAX, INT64_MIN };
    struct kept kept = kept_of((struct tally_kind){ .values = TALLY_THINS, .within_ms = 100 });
    struct tally_cursor cursor;

    (void)state;
    for (size_t i = 0; i < 9; i++)
        add(&kept, (int64_t)i, values[i]);
    cursor = tally_begin(&kept.kind, &kept.tally);
    for (size_t i = 0; i < 9; i++, tally_pass(&cursor)) {
        assert_true(cursor.has_next);
        assert_int_equal(cursor.next.time_ms, i);
        assert_true(cursor.next.value == values[i]);
    }
    assert_false(cursor.has_next);
    kept_free(&kept);
}

/* -- many -- */

static void a_tally_is_exact_up_to_10000_entries(void **state)
{
    struct kept kept = kept_of((struct tally_kind){ .within_ms = 20000, .against_ms = 60000 });

    (void)state;
    for (int64_t i = 1; i <= TALLY_ENTRIES_MAX; i++)
        add(&kept, i, 0);
    assert_int_equal(kept.tally.n_entries, TALLY_ENTRIES_MAX);
    assert_false(tally_is_coarse(&kept.kind, &kept.tally));
    add(&kept, 50000, 0); /* what is of the time before */
    assert_int_equal(sums_at(&kept, 50000, 0).before.n_matches, TALLY_ENTRIES_MAX);
    assert_true(tally_is_coarse(&kept.kind, &kept.tally));
    kept_free(&kept);
}

/* A match every 2 ms: 10000 in the window, 30000 before. */
static void check_coarse(bool fades_late)
{
    struct kept kept = kept_of(
        (struct tally_kind){ .within_ms = 20000, .against_ms = 60000, .fades_late = fades_late });
    size_t most_bytes = 0;

    for (int64_t i = 1; i <= 60000; i++) {
        struct sliding sums;

        add(&kept, i * 2, 0);
        most_bytes = kept.n_bytes > most_bytes ? kept.n_bytes : most_bytes;
        assert_true(kept.tally.n_entries <= TALLY_ENTRIES_MAX);
        if (i < 50000 || i % 100)
            continue;
        /* A slice of 20 s is 5 ms, one of a minute 15 ms: at most so many matches are where they err. */
        sums = sums_at(&kept, i * 2, 0);
        assert_in_range(sums.window.n_matches, fades_late ? 10000 : 9997,
                        fades_late ? 10003 : 10000);
        assert_in_range(sums.before.n_matches, fades_late ? 29989 : 30000,
                        fades_late ? 30000 : 30011);
    }
    assert_true(most_bytes < 25000);
    kept_free(&kept);
}

static void beyond_it_the_window_errs_to_one_side_and_the_time_before_to_the_other(void **state)
{
    (void)state;
    check_coarse(false);
    check_coarse(true);
}

static void a_tally_is_exact_again_when_what_was_put_together_has_left(void **state)
{
    struct kept kept = kept_of((struct tally_kind){ .within_ms = 20000 });

    (void)state;
    for (int64_t i = 1; i <= TALLY_ENTRIES_MAX + 1; i++)
        add(&kept, i, 0);
    add(&kept, 30000, 0);
    assert_true(tally_is_coarse(&kept.kind, &kept.tally));
    add(&kept, 30001, 0);
    assert_false(tally_is_coarse(&kept.kind, &kept.tally));
    kept_free(&kept);
}

/* Values 0 to 99 in turn: of those that are kept, as many are above any bound. */
static void values_that_are_thinned_are_a_fair_part_of_all(void **state)
{
    struct kept kept = kept_of((struct tally_kind){ .values = TALLY_THINS, .within_ms = 100000 });
    uint64_t random = random_setting("VEDETTE_SEED", 7);
    struct sliding sums;

    (void)state;
    for (int64_t i = 1; i <= 50000; i++)
        add(&kept, i, (int64_t)random_pick(&random, 100));
    assert_true(kept.tally.n_entries <= TALLY_ENTRIES_MAX);
    sums = sums_at(&kept, 50000, 89);
    assert_in_range(sums.window.n_matches, 49990, 50000);
    assert_in_range(sums.window.n_above, 4500, 5500);
    kept_free(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_the_whole_history),
        cmocka_unit_test(matches_of_one_millisecond_are_one_entry),
        cmocka_unit_test(values_of_any_size_are_kept),
        cmocka_unit_test(a_tally_is_exact_up_to_10000_entries),
        cmocka_unit_test(beyond_it_the_window_errs_to_one_side_and_the_time_before_to_the_other),
        cmocka_unit_test(a_tally_is_exact_again_when_what_was_put_together_has_left),
        cmocka_unit_test(values_that_are_thinned_are_a_fair_part_of_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
