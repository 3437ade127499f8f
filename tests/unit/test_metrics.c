#include "src/base/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const struct slice absent;

static int forget(void **state)
{
    (void)state;
    metrics_reset();
    return 0;
}

static bool is_written(const char *line)
{
    struct buffer out;
    size_t offset;
    bool found;

    buffer_init(&out, 0);
    metrics_write(&out);
    found = slice_find(buffer_slice(&out), slice_of(line), &offset) == RC_OK;
    buffer_free(&out);
    return found;
}

static void a_counter_adds_up_for_each_of_its_values(void **state)
{
    (void)state;
    metric_add(METRIC_EVENTS, SLICE("github"), SLICE("ci.run"), 1);
    metric_add(METRIC_EVENTS, SLICE("github"), SLICE("push"), 1);
    metric_add(METRIC_EVENTS, SLICE("github"), SLICE("ci.run"), 2);
    assert_true(is_written("# HELP vedette_events_total Events received\n"
                           "# TYPE vedette_events_total counter\n"
                           "vedette_events_total{watcher=\"github\",kind=\"ci.run\"} 3\n"
                           "vedette_events_total{watcher=\"github\",kind=\"push\"} 1\n"));
}

static void a_gauge_is_replaced_as_a_whole(void **state)
{
    const struct metric_sample before[] = { { SLICE("/a"), 1 }, { SLICE("/b"), 2 } };
    const struct metric_sample after[] = { { SLICE("/c"), 4 }, { SLICE("/b"), 3 } };

    (void)state;
    metric_replace(METRIC_LOG_FILE_LAG, SLICE("app"), before, 2);
    metric_replace(METRIC_LOG_FILE_LAG, SLICE("web"), before, 1);
    metric_replace(METRIC_LOG_FILE_LAG, SLICE("app"), after, 2);
    assert_true(is_written("# TYPE vedette_log_file_lag_bytes gauge\n"
                           "vedette_log_file_lag_bytes{watcher=\"web\",path=\"/a\"} 1\n"
                           "vedette_log_file_lag_bytes{watcher=\"app\",path=\"/c\"} 4\n"
                           "vedette_log_file_lag_bytes{watcher=\"app\",path=\"/b\"} 3\n"));
    metric_replace(METRIC_LOG_FILE_LAG, SLICE("app"), NULL, 0);
    metric_replace(METRIC_LOG_FILE_LAG, SLICE("web"), NULL, 0);
    assert_false(is_written("vedette_log_file_lag_bytes{"));
    metric_replace(METRIC_LOG_FILE_LAG, SLICE("app"), after, 1);
    assert_true(is_written("vedette_log_file_lag_bytes{watcher=\"app\",path=\"/c\"} 4\n"));
}

static void values_that_join_to_the_same_text_are_told_apart(void **state)
{
    (void)state;
    metric_add(METRIC_EVENTS, SLICE("ab"), SLICE("c"), 1);
    metric_add(METRIC_EVENTS, SLICE("a"), SLICE("bc"), 1);
    assert_true(is_written("{watcher=\"ab\",kind=\"c\"} 1\n"));
    assert_true(is_written("{watcher=\"a\",kind=\"bc\"} 1\n"));
}

static void a_gauge_says_what_it_was_last_set_to(void **state)
{
    (void)state;
    metric_set(METRIC_SIGNALS, SLICE("firing"), absent, 7);
    metric_set(METRIC_SIGNALS, SLICE("firing"), absent, 2.5);
    metric_set(METRIC_STORE_BYTES, absent, absent, 17179869184.0);
    assert_true(is_written("vedette_signals{state=\"firing\"} 2.5\n"));
    assert_true(is_written("vedette_store_bytes 17179869184\n"));
}

static void a_value_can_be_asked_for(void **state)
{
    (void)state;
    metric_add(METRIC_MATCHES, SLICE("r"), absent, 2);
    assert_true(metric_value(METRIC_MATCHES, SLICE("r"), absent) == 2);
    assert_true(metric_value(METRIC_MATCHES, SLICE("never"), absent) == 0);
    assert_false(is_written("{rule=\"never\"}"));
}

static void take_series(void *context, struct slice rule, struct slice fault, double value)
{
    struct buffer *out = context;

    buffer_format(out, "%.*s %.*s %g;", SLICE_ARG(rule), SLICE_ARG(fault), value);
}

static void every_series_of_a_metric_can_be_asked_for_in_the_order_of_first_sight(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 0);
    metric_add(METRIC_MATCH_FAULTS, SLICE("b"), SLICE("key"), 1);
    metric_add(METRIC_MATCHES, SLICE("other"), absent, 1);
    metric_add(METRIC_MATCH_FAULTS, SLICE("a"), SLICE("pattern"), 2);
    metric_add(METRIC_MATCH_FAULTS, SLICE("b"), SLICE("key"), 1);
    metric_each(METRIC_MATCH_FAULTS, take_series, &out);
    assert_string_equal(out.ptr, "b key 2;a pattern 2;");
    buffer_free(&out);
}

static void what_has_no_labels_is_there_from_the_start(void **state)
{
    (void)state;
    assert_true(is_written("vedette_inlet_depth 0\n"));
    assert_true(is_written("vedette_commit_seconds_count 0\n"));
}

/* A query finds out of nothing whether a name exists; a series of nobody there is none. */
static void every_metric_is_written_with_its_type_before_anything_is_counted(void **state)
{
    (void)state;
    assert_true(is_written("# TYPE vedette_events_total counter\n"
                           "# HELP vedette_events_rejected_total Deliveries refused, by reason\n"
                           "# TYPE vedette_events_rejected_total counter\n"));
    assert_false(is_written("vedette_events_total{"));
    assert_false(is_written("vedette_events_total 0"));
}

static void a_counter_that_began_is_there_at_0_and_goes_on_as_it_stands(void **state)
{
    (void)state;
    metric_begin(METRIC_MATCHES, SLICE("r"), absent);
    assert_true(is_written("vedette_matches_total{rule=\"r\"} 0\n"));
    metric_add(METRIC_MATCHES, SLICE("r"), absent, 2);
    metric_begin(METRIC_MATCHES, SLICE("r"), absent);
    assert_true(is_written("vedette_matches_total{rule=\"r\"} 2\n"));
}

static void what_only_began_leaves_room_for_what_is_counted(void **state)
{
    char rule[32];

    (void)state;
    for (int i = 0; i < METRICS_SERIES_LIMIT; i++) {
        (void)snprintf(rule, sizeof rule, "r%d", i);
        metric_begin(METRIC_MATCHES, slice_of(rule), absent);
    }
    assert_false(is_written("{rule=\"other\"}"));
    metric_add(METRIC_MATCHES, slice_of(rule), absent, 1);
    (void)snprintf(rule, sizeof rule, "{rule=\"r%d\"} 1\n", METRICS_SERIES_LIMIT - 1);
    assert_true(is_written(rule));
}

static void a_histogram_counts_up_to_and_with_each_bound(void **state)
{
    (void)state;
    metric_observe(METRIC_COMMIT_SECONDS, 0.001); /* on the bound */
    metric_observe(METRIC_COMMIT_SECONDS, 0.002);
    metric_observe(METRIC_COMMIT_SECONDS, 61); /* beyond all */
    assert_true(is_written("vedette_commit_seconds_bucket{le=\"0.0005\"} 0\n"
                           "vedette_commit_seconds_bucket{le=\"0.001\"} 1\n"
                           "vedette_commit_seconds_bucket{le=\"0.0025\"} 2\n"));
    assert_true(is_written("vedette_commit_seconds_bucket{le=\"60\"} 2\n"
                           "vedette_commit_seconds_bucket{le=\"+Inf\"} 3\n"
                           "vedette_commit_seconds_sum 61.003\n"
                           "vedette_commit_seconds_count 3\n"));
}

static void label_values_are_escaped(void **state)
{
    static const struct {
        const char *value;
        const char *written;
    } cases[] = {
        { "plain", "{rule=\"plain\"}" },         { "", "{rule=\"\"}" },
        { "a\"b", "{rule=\"a\\\"b\"}" },         { "a\\b", "{rule=\"a\\\\b\"}" },
        { "a\nb", "{rule=\"a\\nb\"}" },          { "\xc3\xa9", "{rule=\"\xc3\xa9\"}" },
        { "a\xff", "{rule=\"a\xef\xbf\xbd\"}" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        metric_add(METRIC_MATCHES, slice_of(cases[i].value), absent, 1);
        assert_true(is_written(cases[i].written));
    }
}

static void numbers_that_are_none_are_written_as_prometheus_reads_them(void **state)
{
    (void)state;
    metric_set(METRIC_SIGNALS, SLICE("a"), absent, (double)INFINITY);
    metric_set(METRIC_SIGNALS, SLICE("b"), absent, (double)-INFINITY);
    metric_set(METRIC_SIGNALS, SLICE("c"), absent, (double)NAN);
    assert_true(is_written("{state=\"a\"} +Inf\n"));
    assert_true(is_written("{state=\"b\"} -Inf\n"));
    assert_true(is_written("{state=\"c\"} NaN\n"));
}

static void beyond_the_limit_values_are_counted_under_other(void **state)
{
    char name[32];

    (void)state;
    for (int i = 0; i < METRICS_SERIES_LIMIT + 5; i++) {
        snprintf(name, sizeof(name), "rule-%d", i);
        metric_add(METRIC_MATCHES, slice_of(name), absent, 1);
    }
    metric_add(METRIC_STEPS, SLICE("rerun"), SLICE("done"), 1);
    metric_add(METRIC_MATCHES, SLICE("rule-0"), absent, 1); /* known before: counts on */
    assert_true(is_written("vedette_matches_total{rule=\"rule-0\"} 2\n"));
    assert_true(is_written("vedette_matches_total{rule=\"other\"} 5\n"));
    assert_true(is_written("vedette_steps_total{action=\"other\",result=\"other\"} 1\n"));
    assert_false(is_written("{rule=\"rule-20000\"}"));
}

static void the_process_is_described_too(void **state)
{
    static const char *const names[] = {
        "process_cpu_seconds_total",
        "process_virtual_memory_bytes",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_open_fds",
        "process_max_fds",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char line[128];

        snprintf(line, sizeof(line), "\n%s ", names[i]);
        assert_true(is_written(line));
    }
}

static void counters_and_only_they_end_in_total(void **state)
{
    static const struct {
        const char *name;
        const char *type;
        const char *help;
    } rows[] = {
#define ROW(id, name, type, labels, help) { name, type, help },
        METRICS(ROW)
#undef ROW
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool is_counter = strcmp(rows[i].type, "counter") == 0;

        print_message("%s\n", rows[i].name);
        assert_true(slice_starts(slice_of(rows[i].name), SLICE("vedette_")));
        assert_int_equal(slice_ends(slice_of(rows[i].name), SLICE("_total")), is_counter);
        assert_true(*rows[i].help);
    }
}

static void *count_thousand(void *ignored)
{
    for (int i = 0; i < 1000; i++) {
        metric_add(METRIC_MATCHES, SLICE("busy"), absent, 1);
        metric_observe(METRIC_COMMIT_SECONDS, 0.001);
    }
    return ignored;
}

static void p11_threads_count_together(void **state)
{
    pthread_t threads[4];

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_thousand, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_true(is_written("vedette_matches_total{rule=\"busy\"} 4000\n"));
    assert_true(is_written("vedette_commit_seconds_count 4000\n"));
}

static void a_series_may_lack_its_first_label(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        metric_add(METRIC_EVENTS, (struct slice){ 0 }, SLICE("alert"), 1);
    assert_int_equal((int)metric_value(METRIC_EVENTS, (struct slice){ 0 }, SLICE("alert")), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_counter_adds_up_for_each_of_its_values, forget),
        cmocka_unit_test_teardown(values_that_join_to_the_same_text_are_told_apart, forget),
        cmocka_unit_test_teardown(a_gauge_says_what_it_was_last_set_to, forget),
        cmocka_unit_test_teardown(a_gauge_is_replaced_as_a_whole, forget),
        cmocka_unit_test_teardown(a_value_can_be_asked_for, forget),
        cmocka_unit_test_teardown(
            every_series_of_a_metric_can_be_asked_for_in_the_order_of_first_sight, forget),
        cmocka_unit_test_teardown(what_has_no_labels_is_there_from_the_start, forget),
        cmocka_unit_test_teardown(every_metric_is_written_with_its_type_before_anything_is_counted,
                                  forget),
        cmocka_unit_test_teardown(a_counter_that_began_is_there_at_0_and_goes_on_as_it_stands,
                                  forget),
        cmocka_unit_test_teardown(what_only_began_leaves_room_for_what_is_counted, forget),
        cmocka_unit_test_teardown(a_histogram_counts_up_to_and_with_each_bound, forget),
        cmocka_unit_test_teardown(label_values_are_escaped, forget),
        cmocka_unit_test_teardown(numbers_that_are_none_are_written_as_prometheus_reads_them,
                                  forget),
        cmocka_unit_test_teardown(beyond_the_limit_values_are_counted_under_other, forget),
        cmocka_unit_test_teardown(the_process_is_described_too, forget),
        cmocka_unit_test(counters_and_only_they_end_in_total),
        cmocka_unit_test_teardown(p11_threads_count_together, forget),
        cmocka_unit_test(a_series_may_lack_its_first_label),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
