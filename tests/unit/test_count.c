#include "rule_fixture.h"
#include "rules/condition.h"

#include <stdlib.h>

/* A condition and the memory of one key, as the fold keeps it. */
struct key {
    struct ruleset *set;
    struct arena *arena;
    struct slice memory; /* our copy, as the store's is between two matches */
    int64_t newest_ms;
    struct condition_result last;
};

static struct key key_of(const char *when)
{
    char text[128];
    struct key key = { 0 };

    (void)snprintf(text, sizeof(text), "rules: [{id: a, on: push, when: %s}]", when);
    key.set = rules_of(text);
    assert_int_equal(arena_new((size_t)8 << 20, &key.arena), RC_OK);
    return key;
}

static void key_free(struct key *key)
{
    free((void *)(uintptr_t)key->memory.ptr);
    arena_free(key->arena);
    ruleset_free(key->set);
}

static void remember(struct key *key, struct slice state)
{
    char *copy = malloc(state.len + 1);

    assert_non_null(copy);
    memcpy(copy, state.ptr, state.len);
    free((void *)(uintptr_t)key->memory.ptr);
    key->memory = (struct slice){ copy, state.len };
    arena_reset(key->arena);
}

/* One match at an event time; true when the condition holds then. */
static bool match_at(struct key *key, int64_t time_ms)
{
    const struct rule *rule = &key->set->rules[0];
    struct condition_input input = { .time_ms = time_ms };

    key->newest_ms = time_ms > key->newest_ms ? time_ms : key->newest_ms;
    input.newest_ms = key->newest_ms;
    key->last = (struct condition_result){ 0 };
    assert_int_equal(
        rule->condition->fold(rule->condition_spec, &input, key->memory, key->arena, &key->last),
        RC_OK);
    remember(key, key->last.state);
    return key->last.verdict == CONDITION_HOLDS;
}

static void five_within_ten_minutes_means_five(void **state)
{
    struct key key = key_of("{count: 5, within: 10m}");

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_false(match_at(&key, i * MINUTE_MS));
    assert_int_equal(key.last.count, 4);
    assert_true(match_at(&key, 4 * MINUTE_MS));
    assert_int_equal(key.last.count, 5);
    assert_int_equal(key.last.first_ms, 0);
    assert_true(match_at(&key, 5 * MINUTE_MS));
    key_free(&key);
}

static void exactly_within_older_is_out_and_a_millisecond_less_is_in(void **state)
{
    struct key in = key_of("{count: 2, within: 10m}");
    struct key out = key_of("{count: 2, within: 10m}");

    (void)state;
    assert_false(match_at(&in, 0));
    assert_true(match_at(&in, 10 * MINUTE_MS - 1));
    assert_false(match_at(&out, 0));
    assert_false(match_at(&out, 10 * MINUTE_MS));
    assert_int_equal(out.last.count, 1);
    assert_int_equal(out.last.first_ms, 10 * MINUTE_MS);
    key_free(&in);
    key_free(&out);
}

static void matches_of_one_millisecond_all_count(void **state)
{
    struct key key = key_of("{count: 3, within: 1m}");

    (void)state;
    assert_false(match_at(&key, 7));
    assert_false(match_at(&key, 7));
    assert_true(match_at(&key, 7));
    key_free(&key);
}

static void a_late_match_counts_inside_the_window_and_moves_nothing(void **state)
{
    struct key key = key_of("{count: 3, within: 10m}");

    (void)state;
    assert_false(match_at(&key, 20 * MINUTE_MS));
    assert_false(match_at(&key, 10 * MINUTE_MS)); /* exactly the window older: out */
    assert_int_equal(key.last.count, 1);
    assert_false(match_at(&key, 10 * MINUTE_MS + 1));
    assert_int_equal(key.last.count, 2);
    assert_int_equal(key.last.first_ms, 10 * MINUTE_MS + 1);
    assert_true(match_at(&key, 15 * MINUTE_MS));
    key_free(&key);
}

/* The same matches in another order count the same, as long as the newest stays the newest. */
static void the_order_of_arrival_changes_no_count(void **state)
{
    static const int64_t orders[][4] = { { 9, 1, 2, 3 }, { 9, 3, 2, 1 }, { 9, 2, 1, 3 } };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct key key = key_of("{count: 4, within: 10s}");

        for (size_t j = 0; j < 3; j++)
            assert_false(match_at(&key, orders[i][j] * SECOND_MS));
        assert_true(match_at(&key, orders[i][3] * SECOND_MS));
        assert_int_equal(key.last.first_ms, SECOND_MS);
        key_free(&key);
    }
}

/* `n_times` matches, a millisecond apart from 0 on, as window.h describes it. */
static void seen_before(struct key *key, int64_t n_times)
{
    struct buffer memory;

    buffer_init(&memory, 0);
    buffer_add_u32(&memory, (uint32_t)n_times);
    for (int64_t i = 0; i < n_times; i++) {
        buffer_add_u64(&memory, (uint64_t)i);
        buffer_add_u64(&memory, 1);
    }
    remember(key, buffer_slice(&memory));
    key->newest_ms = n_times - 1;
    buffer_free(&memory);
}

static void a_window_is_exact_up_to_10000_times(void **state)
{
    struct key key = key_of("{count: 10000, within: 1h}");

    (void)state;
    seen_before(&key, 9998);
    assert_false(match_at(&key, 9998));
    assert_int_equal(key.last.count, 9999);
    assert_true(match_at(&key, 9999));
    key_free(&key);
}

/* Beyond, it may count too few and never too many. */
static void a_larger_window_is_coarser_and_bounded(void **state)
{
    struct key key = key_of("{count: 1000000, within: 1h}");

    (void)state;
    seen_before(&key, 9999);
    assert_false(match_at(&key, 9999));
    assert_int_equal(key.memory.len, 4 + 16 * 10000);
    assert_false(match_at(&key, 10000));
    assert_int_equal(key.last.count, 10001);
    assert_true(key.memory.len < 4 + 16 * 10000);
    /* 0 and 1 stand together under 0: when it leaves, one leaves too early. */
    assert_false(match_at(&key, HOUR_MS));
    assert_int_equal(key.last.count, 10001 - 2 + 1);
    key_free(&key);
}

static void foreign_memory_is_an_empty_window(void **state)
{
    static const char *const memories[] = { "\x02xxxxxxxxxxxx", "xxxxshort", "x" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct key key = key_of("{count: 2, within: 1m}");

        remember(&key, slice_of(memories[i]));
        assert_false(match_at(&key, 5));
        assert_int_equal(key.last.count, 1);
        key_free(&key);
    }
}

static void without_when_the_first_match_is_enough(void **state)
{
    struct ruleset *set = rules_of("rules: [{id: a, on: push}]");
    const struct rule *rule = &set->rules[0];
    struct condition_input input = { .time_ms = 5, .newest_ms = 5 };
    struct condition_result result = { 0 };

    (void)state;
    assert_int_equal(rule->condition->fold(rule->condition_spec, &input, (struct slice){ 0 },
                                           set->arena, &result),
                     RC_OK);
    assert_int_equal(result.verdict, CONDITION_HOLDS);
    assert_int_equal(result.count, 1);
    assert_int_equal(result.first_ms, 5);
    assert_int_equal(rule->condition->within_ms(rule->condition_spec), 0);
    ruleset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_within_ten_minutes_means_five),
        cmocka_unit_test(exactly_within_older_is_out_and_a_millisecond_less_is_in),
        cmocka_unit_test(matches_of_one_millisecond_all_count),
        cmocka_unit_test(a_late_match_counts_inside_the_window_and_moves_nothing),
        cmocka_unit_test(the_order_of_arrival_changes_no_count),
        cmocka_unit_test(a_window_is_exact_up_to_10000_times),
        cmocka_unit_test(a_larger_window_is_coarser_and_bounded),
        cmocka_unit_test(foreign_memory_is_an_empty_window),
        cmocka_unit_test(without_when_the_first_match_is_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
