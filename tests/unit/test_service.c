#include "src/daemon/service.h"

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/file.h"
#include "src/base/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RULE "rules: [{id: any-alert, on: alert}]\n"
#define TWO_RULES "rules: [{id: any-alert, on: alert}, {id: any-deploy, on: deploy}]\n"
#define BROKEN "rules: [{id: any-alert, on: alert, whn: {count: 2}}]\n"

/* A service with an engine behind it, as the daemon has. */
struct fixture {
    char directory[64];
    char config_path[96], rules_path[96];
    struct store *store;
    struct service *service;
    struct engine *engine;
    struct inlet *inlet;
    struct arena *arena;
};

static void write_file(const char *path, const char *text)
{
    assert_int_equal(file_write(path, slice_of(text), 0600), RC_OK);
}

static void write_config(const struct fixture *fixture, const char *more)
{
    char text[512];

    snprintf(text, sizeof text, "state: %s\nrules: [rules.yaml]\n%s", fixture->directory, more);
    write_file(fixture->config_path, text);
}

static void start(struct fixture *fixture)
{
    const struct config_options options = { .path = fixture->config_path, .resolve_secrets = true };
    struct engine_options engine_options = { .deterministic = true };
    struct inlet_options inlet_options = { 0 };
    struct config *config;
    struct rule_files files = { 0 };
    struct problems *problems;

    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_equal(config_load(&options, problems, &config), RC_OK);
    assert_int_equal(
        config_load_rules(config, problems, &files, fixture->arena, &engine_options.ruleset),
        RC_OK);
    problems_free(problems);
    assert_int_equal(store_open_memory(&fixture->store), RC_OK);
    engine_options.store = fixture->store;
    engine_options.config = config;
    assert_int_equal(engine_new(&engine_options, &fixture->engine), RC_OK);
    assert_int_equal(service_new(fixture->store, config, &options, &fixture->service), RC_OK);
    inlet_options.engine = fixture->engine;
    assert_int_equal(inlet_new(&inlet_options, &fixture->inlet), RC_OK);
    assert_int_equal(inlet_start(fixture->inlet), RC_OK);
    service_set_inlet(fixture->service, fixture->inlet);
    service_report_rules(fixture->service, RULES_AS_WRITTEN, (struct slice){ 0 }, 1, 1);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    *state = fixture;
    assert_int_equal(digest_init(), RC_OK);
    assert_int_equal(arena_new((size_t)64 << 20, &fixture->arena), RC_OK);
    snprintf(fixture->directory, sizeof fixture->directory, "/tmp/vedette-service-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->config_path, sizeof fixture->config_path, "%s/vedette.yaml",
             fixture->directory);
    snprintf(fixture->rules_path, sizeof fixture->rules_path, "%s/rules.yaml", fixture->directory);
    write_config(fixture, "");
    write_file(fixture->rules_path, RULE);
    start(fixture);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    service_stop(fixture->service);
    service_end_work(fixture->service);
    inlet_drain(fixture->inlet);
    inlet_free(fixture->inlet);
    engine_free(fixture->engine);
    service_free(fixture->service);
    store_close(fixture->store);
    arena_free(fixture->arena);
    unlink(fixture->config_path);
    unlink(fixture->rules_path);
    rmdir(fixture->directory);
    metrics_reset();
    free(fixture);
    return 0;
}

static enum rc reload(struct fixture *fixture, struct buffer *out)
{
    buffer_init(out, 0);
    return service_reload(fixture->service, out);
}

static bool holds(const struct buffer *buffer, const char *text)
{
    size_t offset;

    return !slice_find(buffer_slice(buffer), slice_of(text), &offset);
}

static struct rules_report report(struct fixture *fixture)
{
    struct rules_report found;

    assert_int_equal(service_rules_report(fixture->service, fixture->arena, &found), RC_OK);
    return found;
}

static double reload_succeeded(void)
{
    return metric_value(METRIC_RULES_RELOAD_OK, (struct slice){ 0 }, (struct slice){ 0 });
}

static void a_reload_takes_what_is_written_now(void **state)
{
    struct fixture *fixture = *state;
    struct buffer out;

    write_file(fixture->rules_path, TWO_RULES);
    assert_int_equal(reload(fixture, &out), RC_OK);
    assert_true(holds(&out, "2 rules: 1 added"));
    assert_int_equal(report(fixture).n_rules, 2);
    assert_int_equal(report(fixture).state, RULES_AS_WRITTEN);
    buffer_free(&out);
}

static void r08_a_broken_file_changes_nothing_and_is_seen(void **state)
{
    struct fixture *fixture = *state;
    const struct config *before = service_hold_config(fixture->service);
    const struct config *after;
    struct buffer out;

    service_release_config(fixture->service, before);
    write_file(fixture->rules_path, BROKEN);
    assert_int_equal(reload(fixture, &out), RC_INVALID);
    assert_true(holds(&out, "rules.yaml:1:"));
    assert_true(holds(&out, "whn"));
    assert_false(holds(&out, "warning:")); /* what must be repaired, and nothing else */
    assert_int_equal(report(fixture).n_rules, 1);
    assert_int_equal(report(fixture).state, RULES_LAST_GOOD);
    assert_true(slice_eq(report(fixture).problems, buffer_slice(&out)));
    assert_true(reload_succeeded() == 0);
    after = service_hold_config(fixture->service);
    assert_ptr_equal(after, before);
    service_release_config(fixture->service, after);
    buffer_free(&out);
    write_file(fixture->rules_path, RULE);
    assert_int_equal(reload(fixture, &out), RC_OK);
    assert_int_equal(report(fixture).state, RULES_AS_WRITTEN);
    assert_true(reload_succeeded() == 1);
    buffer_free(&out);
}

static void what_takes_effect_at_the_next_start_is_said(void **state)
{
    struct fixture *fixture = *state;
    struct buffer out;

    write_config(fixture, "listen: 127.0.0.1:1\nstore: {max: 1GB}\n");
    assert_int_equal(reload(fixture, &out), RC_OK);
    assert_true(holds(&out, "warning: `listen` has changed"));
    assert_true(holds(&out, "warning: `store` has changed"));
    assert_false(holds(&out, "`control` has changed"));
    buffer_free(&out);
    assert_int_equal(reload(fixture, &out), RC_OK); /* and said until then */
    assert_true(holds(&out, "warning: `listen` has changed"));
    buffer_free(&out);
}

static void a_configuration_lives_as_long_as_somebody_holds_it(void **state)
{
    struct fixture *fixture = *state;
    const struct config *held = service_hold_config(fixture->service);
    const struct config *now;
    struct buffer out;

    assert_int_equal(reload(fixture, &out), RC_OK);
    now = service_hold_config(fixture->service);
    assert_ptr_not_equal(now, held);
    assert_true(
        slice_eq(held->path, slice_of(fixture->config_path))); /* the sanitizer would tell */
    service_release_config(fixture->service, held);
    service_release_config(fixture->service, now);
    buffer_free(&out);
}

static void *reload_in_thread(void *argument)
{
    struct buffer out;

    assert_int_equal(reload(argument, &out), RC_OK);
    buffer_free(&out);
    return NULL;
}

static void r09_many_reloads_at_once_all_come_to_an_end(void **state)
{
    pthread_t threads[8];

    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reload_in_thread, *state), 0);
    for (size_t i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    assert_true(reload_succeeded() == 1);
}

static void count_wake(void *context)
{
    int *n_wakes = context;

    (*n_wakes)++;
}

static void everybody_who_listens_is_told_of_another_configuration(void **state)
{
    struct fixture *fixture = *state;
    int n_tailing = 0, n_posting = 0;
    struct buffer out;

    service_on_config(fixture->service, count_wake, &n_tailing);
    service_on_config(fixture->service, count_wake, &n_posting);
    assert_int_equal(reload(fixture, &out), RC_OK);
    buffer_free(&out);
    assert_int_equal(n_tailing, 1);
    assert_int_equal(n_posting, 1);
    service_on_config(fixture->service, NULL, &n_tailing);
    service_on_config(fixture->service, NULL, &n_tailing); /* and nobody else goes with it */
    assert_int_equal(reload(fixture, &out), RC_OK);
    buffer_free(&out);
    assert_int_equal(n_tailing, 1);
    assert_int_equal(n_posting, 2);
    service_on_config(fixture->service, NULL, &n_posting);
}

static void who_asks_while_it_stops_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct buffer out;

    service_stop(fixture->service);
    assert_int_equal(reload(fixture, &out), RC_BUSY);
    buffer_free(&out);
}

static void a_hook_lets_in_as_many_as_its_rate_and_more_with_time(void **state)
{
    struct fixture *fixture = *state;
    struct hook_facts *facts = service_hook_facts(fixture->service);
    const struct slice hook = SLICE("deploys"), other = SLICE("github");

    for (int i = 0; i < 3; i++)
        assert_true(hook_facts_let_in(facts, hook, 3, MINUTE_MS, 1000));
    assert_false(hook_facts_let_in(facts, hook, 3, MINUTE_MS, 1000));
    assert_true(hook_facts_let_in(facts, other, 3, MINUTE_MS, 1000)); /* each has its own */
    assert_false(hook_facts_let_in(facts, hook, 3, MINUTE_MS, 1000 + 19999));
    assert_true(hook_facts_let_in(facts, hook, 3, MINUTE_MS, 1000 + 20000));
    assert_false(hook_facts_let_in(facts, hook, 3, MINUTE_MS, 1000 + 20000));
    /* However long nobody came, no more than three at once. */
    for (int i = 0; i < 3; i++)
        assert_true(hook_facts_let_in(facts, hook, 3, MINUTE_MS, HOUR_MS));
    assert_false(hook_facts_let_in(facts, hook, 3, MINUTE_MS, HOUR_MS));
    assert_true(hook_facts_let_in(facts, hook, 0, 0, HOUR_MS)); /* no rate: any number */
}

static void what_came_through_a_door_is_remembered(void **state)
{
    struct fixture *fixture = *state;
    struct hook_facts *facts = service_hook_facts(fixture->service);

    hook_facts_accepted(facts, SLICE("github"), false, 10);
    hook_facts_accepted(facts, SLICE("github"), true, 20);
    hook_facts_refused(facts, SLICE("github"), "signature", 30);
    assert_int_equal(hook_facts_of(facts, SLICE("github")).accepted_ms, 20);
    assert_int_equal(hook_facts_of(facts, SLICE("github")).n_accepted, 2);
    assert_int_equal(hook_facts_of(facts, SLICE("github")).n_duplicates, 1);
    assert_string_equal(hook_facts_of(facts, SLICE("github")).reason, "signature");
    assert_int_equal(hook_facts_of(facts, SLICE("other")).n_accepted, 0);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_reload_takes_what_is_written_now),
        STORY(r08_a_broken_file_changes_nothing_and_is_seen),
        STORY(what_takes_effect_at_the_next_start_is_said),
        STORY(a_configuration_lives_as_long_as_somebody_holds_it),
        STORY(r09_many_reloads_at_once_all_come_to_an_end),
        STORY(everybody_who_listens_is_told_of_another_configuration),
        STORY(who_asks_while_it_stops_is_told),
        STORY(a_hook_lets_in_as_many_as_its_rate_and_more_with_time),
        STORY(what_came_through_a_door_is_remembered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
