#include "rule_fixture.h"
#include "rules/match.h"
#include "rules/quarantine.h"

#include <pthread.h>

#define MS ((int64_t)1000 * 1000)
#define SEARCHES_MAX 8

/* -- a clock of ours: what an event took by the ticks, and what each search took of the thread's time -- */

static struct {
    int64_t event_ns;
    int64_t search_ns[SEARCHES_MAX];
    size_t n_ticks, n_searches; /* asked for */
} clock_of_test;

static int64_t tick_ns(void)
{
    return clock_of_test.n_ticks++ % 2 ? clock_of_test.event_ns : 0;
}

/* Asked before and after each search. */
static int64_t thread_ns(void)
{
    size_t i = clock_of_test.n_searches++;

    assert_true(i / 2 < SEARCHES_MAX);
    return i % 2 ? clock_of_test.search_ns[i / 2] : 0;
}

static const struct match_clock clock_of_ours = { .tick_ns = tick_ns, .thread_ns = thread_ns };

/* -- a set, and what it makes of events -- */

struct judging {
    struct ruleset *set;
    struct matcher *matcher;
};

static struct judging judging_of(const char *rules)
{
    struct judging judging = { .set = rules_of(rules) };

    assert_int_equal(matcher_new(&judging.matcher), RC_OK);
    matcher_set_clock(judging.matcher, &clock_of_ours);
    return judging;
}

static void judging_free(struct judging *judging)
{
    matcher_free(judging->matcher);
    ruleset_free(judging->set);
}

/* "a !b ?c (why)": rules that matched, cleared, or could not judge the event, which took `event_ns` with the searches `search_ns` (ended by -1). */
static void assert_judged(struct judging *judging, const char *event, int64_t event_ns,
                          const int64_t *search_ns, const char *expected)
{
    struct told told = told_of(event);
    struct match_list matches;
    struct buffer got;

    memset(&clock_of_test, 0, sizeof clock_of_test);
    clock_of_test.event_ns = event_ns;
    for (size_t i = 0; search_ns[i] >= 0; i++)
        clock_of_test.search_ns[i] = search_ns[i];
    told.event.received_ms = 1234;
    assert_int_equal(match_event(judging->matcher, judging->set, &told.event, told.arena, &matches),
                     RC_OK);
    buffer_init(&got, 0);
    for (size_t i = 0; i < matches.n_items; i++)
        buffer_format(&got, "%s%s%.*s", got.len ? " " : "", matches.items[i].clears ? "!" : "",
                      SLICE_ARG(matches.items[i].rule->id));
    for (size_t i = 0; i < matches.n_faults; i++)
        buffer_format(
            &got, "%s?%.*s (%s: %.*s)", got.len ? " " : "", SLICE_ARG(matches.faults[i].rule->id),
            match_fault_names[matches.faults[i].kind], SLICE_ARG(matches.faults[i].detail));
    buffer_add_byte(&got, '\0');
    assert_string_equal(got.ptr, expected);
    buffer_free(&got);
    told_free(&told);
}
#define TOOK(...) ((const int64_t[]){ __VA_ARGS__, -1 })
#define QUICK TOOK(0)

#define LINE "{'kind':'log','watcher':'w','subject':'w','text':'xyz'}"
#define THREE                                                                                      \
    "rules: [{id: a, on: log, match: '/x/'}, {id: slow, on: log, match: '/(y+)+/'}, "              \
    "{id: b, on: log, match: '/z/'}]"

/* -- who gets in -- */

static void r02_a_rule_that_takes_too_long_on_one_event_judges_nothing_from_then_on(void **state)
{
    struct judging judging = judging_of(THREE);
    const struct rule *slow = ruleset_find(judging.set, SLICE("slow"));
    struct quarantined facts;

    (void)state;
    assert_false(quarantine_has(judging.set->quarantine, slow, NULL));
    assert_judged(&judging, LINE, 902 * MS, TOOK(1 * MS, 900 * MS, 1 * MS),
                  "a b ?slow (quarantined: /(y+)+/: took 900 ms)");
    assert_judged(&judging, LINE, 0, QUICK, "a b ?slow (quarantined: /(y+)+/: took 900 ms)");
    assert_int_equal(quarantine_n_rules(judging.set->quarantine), 1);
    assert_true(quarantine_has(judging.set->quarantine, slow, &facts));
    assert_int_equal(facts.took_ns, 900 * MS);
    assert_int_equal(facts.at_ms, 1234);
    assert_slice(facts.pattern, "/(y+)+/");
    judging_free(&judging);

    judging = judging_of(THREE); /* loaded anew */
    assert_judged(&judging, LINE, 0, QUICK, "a slow b");
    judging_free(&judging);
}

static void r02_a_preempted_thread_puts_nobody_in_quarantine(void **state)
{
    struct judging judging = judging_of(THREE);

    (void)state;
    assert_judged(&judging, LINE, 3600 * 1000 * MS, TOOK(0, 1, 0), "a slow b");
    assert_int_equal(clock_of_test.n_searches, 6);
    assert_int_equal(quarantine_n_rules(judging.set->quarantine), 0);
    judging_free(&judging);
}

static void r02_cpu_time_is_asked_for_only_where_an_event_took_long(void **state)
{
    struct judging judging = judging_of(THREE);

    (void)state;
    assert_judged(&judging, LINE, 39 * MS, TOOK(0, 900 * MS, 0), "a slow b");
    assert_int_equal(clock_of_test.n_searches, 0);
    assert_judged(&judging, LINE, 40 * MS, TOOK(0, 0, 0),
                  "a slow b"); /* the last tick may be 10 ms ago */
    assert_int_equal(clock_of_test.n_searches, 6);
    judging_free(&judging);
}

static void r02_fifty_milliseconds_are_allowed_to_each_rule(void **state)
{
    struct judging judging = judging_of(THREE);

    (void)state;
    assert_judged(&judging, LINE, 150 * MS, TOOK(50 * MS, 50 * MS, 50 * MS), "a slow b");
    assert_judged(&judging, LINE, 150 * MS, TOOK(50 * MS, 50 * MS + 1, 50 * MS),
                  "a b ?slow (quarantined: /(y+)+/: took 50 ms)");
    judging_free(&judging);
}

static void r02_the_patterns_of_a_rule_count_together_and_the_costliest_is_named(void **state)
{
    struct judging judging =
        judging_of("rules: [{id: a, on: log, match: '/x/', ignore: '/q/', where: {text: '/z$/'}}, "
                   "{id: b, on: log, match: '/y/', clear: {match: '/stop/'}}]");

    (void)state;
    assert_judged(&judging, LINE, 90 * MS, TOOK(10 * MS, 25 * MS, 15 * MS, 20 * MS, 20 * MS),
                  "a b");
    assert_judged(&judging, LINE, 90 * MS, TOOK(10 * MS, 25 * MS, 16 * MS, 30 * MS, 20 * MS),
                  "b ?a (quarantined: /q/: took 51 ms)");
    assert_judged(&judging, LINE, 90 * MS, TOOK(31 * MS, 20 * MS),
                  "?a (quarantined: /q/: took 51 ms) ?b (quarantined: /stop/: took 51 ms)");
    judging_free(&judging);
}

static void r02_what_it_would_have_found_does_not_count(void **state)
{
    struct judging judging = judging_of("rules: [{id: a, on: log, match: '/x/', key: [repo]}, "
                                        "{id: b, on: log, clear: {match: '/y/'}}, "
                                        "{id: c, on: log, match: '/z/'}]");

    (void)state;
    /* Neither its fault, nor its clear, nor its match. */
    assert_judged(&judging, LINE, 200 * MS, TOOK(60 * MS, 60 * MS, 60 * MS),
                  "?a (quarantined: /x/: took 60 ms) ?b (quarantined: /y/: took 60 ms) "
                  "?c (quarantined: /z/: took 60 ms)");
    judging_free(&judging);
}

static void r02_events_that_the_rule_would_not_have_been_asked_about_are_no_fault_of_it(
    void **state)
{
    struct judging judging = judging_of(THREE);
    const uint32_t told_rules[] = { 0, 2 };
    struct told told = told_of(LINE);
    struct match_list matches;

    (void)state;
    assert_judged(&judging, LINE, 900 * MS, TOOK(0, 900 * MS, 0),
                  "a b ?slow (quarantined: /(y+)+/: took 900 ms)");
    assert_judged(&judging, "{'kind':'push'}", 0, QUICK, "");
    assert_int_equal(match_event_by(judging.matcher, judging.set, &told.event, told_rules, 2,
                                    told.arena, &matches),
                     RC_OK);
    assert_int_equal(matches.n_items, 2);
    assert_int_equal(matches.n_faults, 0); /* a prefilter saw that it cannot match */
    told_free(&told);
    judging_free(&judging);
}

static void r02_a_text_that_takes_too_long_is_left_to_those_who_count(void **state)
{
    struct judging judging = judging_of(THREE);
    uint32_t rules[] = { 0, 1, 2 };

    (void)state;
    memset(&clock_of_test, 0, sizeof clock_of_test);
    clock_of_test.event_ns = 900 * MS;
    clock_of_test.search_ns[1] = 900 * MS;
    /* Only b matches; slow could not be asked. */
    assert_int_equal(match_choose(judging.matcher, judging.set, SLICE("z"), 5678, rules, 3), 2);
    assert_int_equal(rules[0], 1);
    assert_int_equal(rules[1], 2);
    assert_judged(&judging, LINE, 0, QUICK, "a b ?slow (quarantined: /(y+)+/: took 900 ms)");

    rules[0] = 0;
    rules[1] = 1;
    rules[2] = 2;
    memset(&clock_of_test, 0, sizeof clock_of_test);
    assert_int_equal(match_choose(judging.matcher, judging.set, SLICE("none"), 5678, rules, 3), 1);
    assert_int_equal(rules[0], 1);
    judging_free(&judging);
}

static void r02_whoever_finds_out_first_is_told_of(void **state)
{
    struct ruleset *set = rules_of(THREE);
    const struct rule *rule = &set->rules[1];
    struct quarantined facts = { .took_ns = 60 * MS, .at_ms = 1, .pattern = SLICE("/a/") };

    (void)state;
    quarantine_put(set->quarantine, rule, &facts);
    facts.took_ns = 70 * MS;
    quarantine_put(set->quarantine, rule, &facts);
    assert_int_equal(quarantine_n_rules(set->quarantine), 1);
    assert_true(quarantine_has(set->quarantine, rule, &facts));
    assert_int_equal(facts.took_ns, 60 * MS);
    assert_false(quarantine_has(set->quarantine, &set->rules[0], &facts));
    ruleset_free(set);
}

/* -- several threads, as screens and the engine are -- */

#define N_THREADS 4

static void *put_all(void *argument)
{
    struct ruleset *set = argument;

    for (size_t i = 0; i < set->n_rules; i++) {
        struct quarantined facts = { .took_ns = 60 * MS, .pattern = SLICE("/a/") };

        if (!quarantine_has(set->quarantine, &set->rules[i], NULL))
            quarantine_put(set->quarantine, &set->rules[i], &facts);
        if (quarantine_has(set->quarantine, &set->rules[i], &facts))
            assert_int_equal(facts.took_ns, 60 * MS);
    }
    return NULL;
}

static void r02_many_threads_put_a_rule_in_once(void **state)
{
    struct ruleset *set = rules_of(THREE);
    pthread_t threads[N_THREADS];

    (void)state;
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, put_all, set), 0);
    for (size_t i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(quarantine_n_rules(set->quarantine), 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(quarantine_has(set->quarantine, &set->rules[i], NULL));
    ruleset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r02_a_rule_that_takes_too_long_on_one_event_judges_nothing_from_then_on),
        cmocka_unit_test(r02_a_preempted_thread_puts_nobody_in_quarantine),
        cmocka_unit_test(r02_cpu_time_is_asked_for_only_where_an_event_took_long),
        cmocka_unit_test(r02_fifty_milliseconds_are_allowed_to_each_rule),
        cmocka_unit_test(r02_the_patterns_of_a_rule_count_together_and_the_costliest_is_named),
        cmocka_unit_test(r02_what_it_would_have_found_does_not_count),
        cmocka_unit_test(
            r02_events_that_the_rule_would_not_have_been_asked_about_are_no_fault_of_it),
        cmocka_unit_test(r02_a_text_that_takes_too_long_is_left_to_those_who_count),
        cmocka_unit_test(r02_whoever_finds_out_first_is_told_of),
        cmocka_unit_test(r02_many_threads_put_a_rule_in_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
