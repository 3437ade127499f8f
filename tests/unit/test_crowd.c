/* When senders are a crowd. */
#include "src/daemon/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* `n_batches` of `n_items` in `took_ms`: the last at its end, the others at its begin. */
static void send(struct crowd *crowd, size_t n_batches, size_t n_items, int64_t took_ms,
                 int64_t n_unfolded)
{
    int64_t since_ms = crowd->since_mono_ms;

    for (size_t i = 1; i < n_batches; i++)
        crowd_count(crowd, n_items, n_unfolded, since_ms);
    crowd_count(crowd, n_items, n_unfolded, since_ms + took_ms);
}

static struct crowd one_that_is_there(void)
{
    struct crowd crowd = { 0 };

    send(&crowd, 100, CROWD_BATCH, CROWD_BEGIN_MS, 0);
    assert_true(crowd.is_there);
    return crowd;
}

static void nobody_is_no_crowd(void **state)
{
    struct crowd crowd = { 0 };

    (void)state;
    crowd_count(&crowd, 0, 0, 1000);
    assert_false(crowd.is_there);
}

static void many_a_second_and_many_a_commit_are_a_crowd(void **state)
{
    static const struct {
        size_t n_batches, n_items;
        bool is_one;
    } cases[] = {
        { 13, CROWD_BATCH, true },       /* 156 in 50 ms */
        { 12, CROWD_BATCH, false },      /* 144: fewer than 3,000 a second */
        { 100, CROWD_BATCH - 1, false }, /* many, but few a commit */
        { 1, 150, true },
        { 1, 149, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct crowd crowd = { 0 };

        send(&crowd, cases[i].n_batches, cases[i].n_items, CROWD_BEGIN_MS, 0);
        assert_true(crowd.is_there == cases[i].is_one);
    }
}

static void it_is_looked_at_for_a_while_before_it_is_one_and_longer_before_it_is_none(void **state)
{
    struct crowd crowd = { 0 };

    (void)state;
    send(&crowd, 100, CROWD_BATCH, CROWD_BEGIN_MS - 1, 0);
    assert_false(crowd.is_there);
    crowd_count(&crowd, CROWD_BATCH, 0, CROWD_BEGIN_MS);
    assert_true(crowd.is_there);
    for (int64_t ms = 10; ms < CROWD_END_MS; ms += 10) {
        crowd_count(&crowd, 1, 0, CROWD_BEGIN_MS + ms);
        assert_true(crowd.is_there);
    }
    crowd_count(&crowd, 1, 0, CROWD_BEGIN_MS + CROWD_END_MS);
    assert_false(crowd.is_there);
}

static void it_is_over_at_once_when_nobody_comes_any_more(void **state)
{
    struct crowd crowd = one_that_is_there();

    (void)state;
    crowd_count(&crowd, 1, 0, CROWD_BEGIN_MS + 7);
    crowd_count(&crowd, 0, 0, CROWD_BEGIN_MS + 7 + CROWD_SILENCE_MS - 1);
    assert_true(crowd.is_there);
    crowd_count(&crowd, 0, 0, CROWD_BEGIN_MS + 7 + CROWD_SILENCE_MS);
    assert_false(crowd.is_there);
}

static void a_crowd_that_folding_cannot_follow_is_treated_as_none(void **state)
{
    struct crowd crowd = one_that_is_there();

    (void)state;
    send(&crowd, 100, CROWD_BATCH, CROWD_END_MS, CROWD_MAX_LAG - 1);
    assert_true(crowd.is_there);
    send(&crowd, 100, CROWD_BATCH, CROWD_END_MS, CROWD_MAX_LAG);
    assert_false(crowd.is_there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_no_crowd),
        cmocka_unit_test(many_a_second_and_many_a_commit_are_a_crowd),
        cmocka_unit_test(it_is_looked_at_for_a_while_before_it_is_one_and_longer_before_it_is_none),
        cmocka_unit_test(it_is_over_at_once_when_nobody_comes_any_more),
        cmocka_unit_test(a_crowd_that_folding_cannot_follow_is_treated_as_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
