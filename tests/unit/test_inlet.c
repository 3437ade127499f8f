/* The lane of lines: what is behind lines that were dropped is dropped, too. */
#include "src/daemon/inlet.h"

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/file.h"
#include "watchers/log_lines.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "watchers:\n"                                                                                  \
    "  - {log: /nowhere/app.log, name: app}\n"
#define RULES "rules:\n  - {id: numbered, on: log, match: '/n=/', key: [watcher]}\n"
#define STORE_BYTES ((int64_t)4 << 20)
#define N_PUSHED 3

struct pushed {
    struct inlet_lines lines;
    struct journal_entry entry;
    struct buffer body;
    enum rc result;
    bool is_done;
};

struct story {
    char directory[64], config_path[96];
    struct config *config;
    struct store *store;
    struct engine *engine;
    struct inlet *inlet;
    struct pushed pushed[N_PUSHED];
    size_t n_pushed;
};

static void must_not_fail(void *context, enum rc rc)
{
    (void)context;
    fail_msg("the store failed: %s", rc_text(rc));
}

static struct ruleset *parse(struct problems *problems)
{
    struct rule_file file = { .name = SLICE("rules.yaml"), .text = SLICE(RULES) };
    const struct rule_files files = { &file, 1 };
    struct ruleset *ruleset = NULL;

    assert_int_equal(ruleset_parse(&files, problems, &ruleset), RC_OK);
    return ruleset;
}

static int set_up_with(void **state, int64_t rest_ms)
{
    struct story *story = calloc(1, sizeof *story);
    struct config_options options = { 0 };
    struct store_options store_options = { .max_bytes = STORE_BYTES };
    struct engine_options engine_options = { 0 };
    struct inlet_options inlet_options = { .on_fatal = must_not_fail, .fold_every_ms = rest_ms };
    struct problems *problems;

    assert_non_null(story);
    *state = story;
    snprintf(story->directory, sizeof story->directory, "/tmp/test_inlet_XXXXXX");
    assert_non_null(mkdtemp(story->directory));
    snprintf(story->config_path, sizeof story->config_path, "%s/vedette.yaml", story->directory);
    assert_int_equal(file_write(story->config_path, SLICE(CONFIG), 0600), RC_OK);
    assert_int_equal(digest_init(), RC_OK);
    assert_int_equal(problems_new(&problems), RC_OK);
    options.path = story->config_path;
    assert_int_equal(config_load(&options, problems, &story->config), RC_OK);
    store_options.directory = story->directory;
    assert_int_equal(store_open(&store_options, problems, &story->store), RC_OK);
    engine_options = (struct engine_options){ .store = story->store,
                                              .config = story->config,
                                              .ruleset = parse(problems) };
    assert_int_equal(engine_new(&engine_options, &story->engine), RC_OK);
    assert_int_equal(engine_recover(story->engine, clock_wall_ms()), RC_OK);
    inlet_options.engine = story->engine;
    assert_int_equal(inlet_new(&inlet_options, &story->inlet), RC_OK);
    problems_free(problems);
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, 0);
}

static int set_up_with_long_rests(void **state)
{
    return set_up_with(state, HOUR_MS);
}

static int tear_down(void **state)
{
    struct story *story = *state;
    char command[128];

    inlet_free(story->inlet);
    engine_free(story->engine);
    store_close(story->store);
    config_free(story->config);
    for (size_t i = 0; i < story->n_pushed; i++)
        buffer_free(&story->pushed[i].body);
    snprintf(command, sizeof command, "rm -r %s", story->directory);
    assert_int_equal(system(command), 0);
    free(story);
    return 0;
}

static void done(struct inlet_lines *lines, enum rc rc)
{
    struct pushed *pushed = lines->context;

    pushed->result = rc;
    pushed->is_done = true;
}

/* One line of `n_bytes` that some rule wants. */
static void push(struct story *story, size_t n_bytes)
{
    struct pushed *pushed = &story->pushed[story->n_pushed++];
    char *text = malloc(n_bytes);
    struct log_line line = { .text = { text, n_bytes } };
    const struct log_lines lines = { .path = SLICE("/nowhere/app.log"), .lines = { &line, 1 } };

    assert_non_null(text);
    for (size_t i = 0; i < n_bytes; i++) /* nothing that could be packed */
        text[i] = (char)('!' + rand() % 90);
    memcpy(text, "n=1 ", 4);
    buffer_init(&pushed->body, 0);
    assert_int_equal(log_lines_encode(&lines, &pushed->body), RC_OK);
    free(text);
    pushed->entry = (struct journal_entry){ .door = DOOR_DATA,
                                            .watcher = SLICE("app"),
                                            .type = SLICE(LOG_ENTRY_TYPE),
                                            .received_ms = clock_wall_ms(),
                                            .body = buffer_slice(&pushed->body) };
    pushed->lines = (struct inlet_lines){ .item = { .entry = &pushed->entry },
                                          .done = done,
                                          .context = pushed };
    assert_int_equal(inlet_push_lines(story->inlet, &pushed->lines), RC_OK);
}

static void at_a_stop_lines_that_wait_are_stored(void **state)
{
    struct story *story = *state;

    push(story, 100);
    push(story, 200);
    assert_int_equal(inlet_start(story->inlet), RC_OK);
    inlet_drain(story->inlet);
    for (size_t i = 0; i < story->n_pushed; i++) {
        assert_true(story->pushed[i].is_done);
        assert_int_equal(story->pushed[i].result, RC_OK);
    }
}

/* The first two are more than one commit takes, and more than there is room for; the third would fit. */
static void at_a_stop_lines_behind_some_that_cannot_be_stored_are_not_stored_either(void **state)
{
    struct story *story = *state;

    push(story, (size_t)9 << 20);
    push(story, (size_t)9 << 20);
    push(story, 100);
    assert_int_equal(inlet_start(story->inlet), RC_OK);
    inlet_drain(story->inlet);
    for (size_t i = 0; i < story->n_pushed; i++) {
        assert_true(story->pushed[i].is_done);
        assert_int_equal(story->pushed[i].result, RC_BUSY);
    }
}

static void once_it_stops_no_lines_are_taken(void **state)
{
    struct story *story = *state;
    struct inlet_lines lines = { .done = done, .context = &story->pushed[0] };

    assert_int_equal(inlet_start(story->inlet), RC_OK);
    inlet_drain(story->inlet);
    assert_int_equal(inlet_push_lines(story->inlet, &lines), RC_BUSY);
    assert_false(story->pushed[0].is_done);
}

/* --- deliveries --- */

struct pushed_delivery {
    struct inlet_delivery delivery;
    struct journal_entry entry;
    struct engine *engine;
    int64_t n_unfolded; /* when it was stored */
    sem_t is_stored;
};

static void stored(struct inlet_delivery *delivery, enum rc rc)
{
    struct pushed_delivery *pushed = delivery->context;

    assert_int_equal(rc, RC_OK);
    pushed->n_unfolded = engine_n_unfolded(pushed->engine);
    sem_post(&pushed->is_stored);
}

/* Pushes one and waits until it is stored; gives how many were not folded then. */
static int64_t deliver(struct story *story)
{
    struct pushed_delivery pushed = { .engine = story->engine };

    pushed.entry = (struct journal_entry){ .door = DOOR_DATA,
                                           .watcher = SLICE("app"),
                                           .type = SLICE(ENGINE_RECORDED_EVENT),
                                           .received_ms = clock_wall_ms(),
                                           .body = SLICE("{\"kind\":\"log\"}") };
    pushed.delivery = (struct inlet_delivery){ .item = { .entry = &pushed.entry },
                                               .done = stored,
                                               .context = &pushed };
    assert_int_equal(sem_init(&pushed.is_stored, 0, 0), 0);
    assert_int_equal(inlet_push(story->inlet, &pushed.delivery), RC_OK);
    while (sem_wait(&pushed.is_stored))
        ;
    sem_destroy(&pushed.is_stored);
    return pushed.n_unfolded;
}

/* The first may come before the engine has looked for what the last run left, and is folded with it. */
static void who_sends_one_after_the_other_does_not_wait_for_the_folding_of_each(void **state)
{
    struct story *story = *state;

    assert_int_equal(inlet_start(story->inlet), RC_OK);
    deliver(story);
    deliver(story);
    assert_true(deliver(story) >= 2);
}

static void what_came_meanwhile_is_folded_together_after_the_rest(void **state)
{
    struct story *story = *state;
    int64_t end_ms = clock_mono_ms() + 30 * SECOND_MS;

    assert_int_equal(inlet_start(story->inlet), RC_OK);
    while (deliver(story) > 1) /* all but itself are folded */
        assert_true(clock_mono_ms() < end_ms);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(at_a_stop_lines_that_wait_are_stored),
        EACH(at_a_stop_lines_behind_some_that_cannot_be_stored_are_not_stored_either),
        EACH(once_it_stops_no_lines_are_taken),
        cmocka_unit_test_setup_teardown(
            who_sends_one_after_the_other_does_not_wait_for_the_folding_of_each,
            set_up_with_long_rests, tear_down),
        EACH(what_came_meanwhile_is_folded_together_after_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
