/* The searcher with a file of its own and a configuration that watches it. */
#include "src/daemon/log_evidence.h"

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/file.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define RESULTS_MAX 8
#define PATIENCE_S 20

struct story {
    char directory[64];
    char config_path[96], log_path[96];
    struct store *store;
    struct service *service;
    struct log_evidence *searcher;
    struct arena *arena;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t grew;
    struct effect_result results[RESULTS_MAX];
    size_t n_results;
};

static void keep_result(void *context, const struct effect_result *result)
{
    struct story *story = context;
    struct effect_result *kept;

    pthread_mutex_lock(&story->mutex);
    assert_true(story->n_results < RESULTS_MAX);
    kept = &story->results[story->n_results++];
    *kept = *result;
    assert_int_equal(arena_copy(story->arena, result->output, &kept->output), RC_OK);
    assert_int_equal(arena_copy(story->arena, result->finding, &kept->finding), RC_OK);
    assert_int_equal(arena_copy(story->arena, result->sha256, &kept->sha256), RC_OK);
    assert_int_equal(arena_copy(story->arena, result->error, &kept->error), RC_OK);
    pthread_cond_signal(&story->grew);
    pthread_mutex_unlock(&story->mutex);
}

static size_t n_results(struct story *story)
{
    size_t n;

    pthread_mutex_lock(&story->mutex);
    n = story->n_results;
    pthread_mutex_unlock(&story->mutex);
    return n;
}

/* The i-th that comes back. */
static const struct effect_result *result(struct story *story, size_t i)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&story->mutex);
    while (story->n_results <= i)
        assert_int_equal(pthread_cond_timedwait(&story->grew, &story->mutex, &until), 0);
    pthread_mutex_unlock(&story->mutex);
    return &story->results[i];
}

static void start_service(struct story *story)
{
    const struct config_options options = { .path = story->config_path };
    struct problems *problems;
    struct config *config;
    char text[512];

    (void)snprintf(text, sizeof text,
                   "state: %s\nrules: [rules.yaml]\n"
                   "watchers: [{log: [%s], name: app, time: {zone: UTC}}]\n",
                   story->directory, story->log_path);
    assert_int_equal(file_write(story->config_path, slice_of(text), 0600), RC_OK);
    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_equal(config_load(&options, problems, &config), RC_OK);
    problems_free(problems);
    assert_int_equal(store_open_memory(&story->store), RC_OK);
    assert_int_equal(service_new(story->store, config, &options, &story->service), RC_OK);
}

static int begin(void **state)
{
    struct story *story = calloc(1, sizeof *story);
    struct log_evidence_options options = { .report = keep_result, .context = story };

    assert_non_null(story);
    *state = story;
    assert_int_equal(digest_init(), RC_OK);
    assert_int_equal(arena_new((size_t)4 << 20, &story->arena), RC_OK);
    pthread_mutex_init(&story->mutex, NULL);
    pthread_cond_init(&story->grew, NULL);
    strcpy(story->directory, "/tmp/vedette-searcher-XXXXXX");
    assert_non_null(mkdtemp(story->directory));
    (void)snprintf(story->config_path, sizeof story->config_path, "%s/vedette.yaml",
                   story->directory);
    (void)snprintf(story->log_path, sizeof story->log_path, "%s/app.log", story->directory);
    start_service(story);
    options.service = story->service;
    assert_int_equal(log_evidence_new(&options, &story->searcher), RC_OK);
    return 0;
}

static int end(void **state)
{
    struct story *story = *state;

    log_evidence_free(story->searcher);
    service_free(story->service);
    store_close(story->store);
    arena_free(story->arena);
    pthread_cond_destroy(&story->grew);
    pthread_mutex_destroy(&story->mutex);
    unlink(story->log_path);
    unlink(story->config_path);
    assert_int_equal(rmdir(story->directory), 0);
    free(story);
    return 0;
}

static void log_says_now(const struct story *story, const char *what)
{
    char line[128], time[TIME_TEXT_BYTES];

    (void)snprintf(line, sizeof line, "%s %s\n", time_format(clock_wall_ms(), time), what);
    assert_int_equal(file_write(story->log_path, slice_of(line), 0600), RC_OK);
}

/* A search that is wanted from now on for an hour, for the task `object`. */
static struct outbox_item wanted(uint8_t object)
{
    int64_t now_ms = clock_wall_ms();

    return (struct outbox_item){ .id = 7,
                                 .channel = OUTBOX_EVIDENCE,
                                 .object = { { object } },
                                 .part = 2,
                                 .timeout_ms = HOUR_MS,
                                 .not_before_ms = now_ms,
                                 .created_ms = now_ms,
                                 .log = { .watcher = SLICE("app"),
                                          .first_ms = now_ms,
                                          .last_ms = now_ms,
                                          .around_ms = MINUTE_MS,
                                          .match = SLICE("/ERROR/i"),
                                          .n_lines = 10 } };
}

static void what_is_found_comes_back_with_its_hash_and_its_first_line(void **state)
{
    struct story *story = *state;
    struct outbox_item item = wanted(1);
    const struct effect_result *found;

    log_says_now(story, "error: full");
    assert_int_equal(log_evidence_submit(story->searcher, &item), RC_OK);
    found = result(story, 0);
    assert_int_equal(found->state, EFFECT_DONE);
    assert_int_equal(found->item, 7);
    assert_int_equal(found->part, 2);
    assert_int_equal(ulid_compare(found->object, item.object), 0);
    assert_true(slice_starts(found->output, SLICE("1 line of app around ")));
    assert_true(slice_ends(found->finding, SLICE("Z error: full")));
    assert_int_equal(found->bytes, found->output.len);
    assert_int_equal(found->sha256.len, 64);
    assert_false(found->truncated);
}

static void nothing_is_read_before_its_time(void **state)
{
    struct story *story = *state;
    struct outbox_item item = wanted(1);

    item.not_before_ms += 200;
    log_says_now(story, "error");
    assert_int_equal(log_evidence_submit(story->searcher, &item), RC_OK);
    assert_int_equal(result(story, 0)->state, EFFECT_DONE);
    assert_true(result(story, 0)->started_ms >= item.not_before_ms);
}

static void what_is_due_does_not_wait_for_what_is_not(void **state)
{
    struct story *story = *state;
    struct outbox_item later = wanted(1), now = wanted(2);

    later.not_before_ms += HOUR_MS;
    log_says_now(story, "error");
    assert_int_equal(log_evidence_submit(story->searcher, &later), RC_OK);
    assert_int_equal(log_evidence_submit(story->searcher, &now), RC_OK);
    assert_int_equal(ulid_compare(result(story, 0)->object, now.object), 0);
}

static void beyond_the_deadline_of_its_task_nothing_is_read(void **state)
{
    struct story *story = *state;
    struct outbox_item item = wanted(1);

    item.created_ms -= 2 * HOUR_MS;
    log_says_now(story, "error");
    assert_int_equal(log_evidence_submit(story->searcher, &item), RC_OK);
    assert_int_equal(result(story, 0)->state, EFFECT_TIMED_OUT);
    assert_true(result(story, 0)->error.len > 0);
}

static void what_cannot_be_read_comes_back_with_its_reason(void **state)
{
    struct story *story = *state;
    struct outbox_item item = wanted(1);

    assert_int_equal(log_evidence_submit(story->searcher, &item), RC_OK);
    assert_int_equal(result(story, 0)->state, EFFECT_FAILED);
    assert_true(slice_ends(result(story, 0)->error, SLICE("app.log: there is no such file")));
    item.log.watcher = SLICE("gone"); /* the configuration was changed meanwhile */
    assert_int_equal(log_evidence_submit(story->searcher, &item), RC_OK);
    assert_int_equal(result(story, 1)->state, EFFECT_FAILED);
    assert_true(
        slice_eq(result(story, 1)->error, SLICE("no log watcher of that name is configured")));
}

static void a_pattern_that_is_none_comes_back_with_its_own_reason(void **state)
{
    struct story *story = *state;
    struct outbox_item item = wanted(1);

    log_says_now(story, "error");
    item.log.match = SLICE("/(/");
    assert_int_equal(log_evidence_submit(story->searcher, &item), RC_OK);
    assert_int_equal(result(story, 0)->state, EFFECT_FAILED);
    assert_true(slice_eq(result(story, 0)->error, SLICE("its pattern cannot be compiled")));
}

static void what_is_withdrawn_comes_back_at_once_and_nothing_else_does(void **state)
{
    struct story *story = *state;
    struct outbox_item items[] = { wanted(1), wanted(2) };

    for (size_t i = 0; i < 2; i++) {
        items[i].not_before_ms += HOUR_MS;
        assert_int_equal(log_evidence_submit(story->searcher, &items[i]), RC_OK);
    }
    log_evidence_cancel(story->searcher, items[1].object);
    assert_int_equal(result(story, 0)->state, EFFECT_NOT_STARTED);
    assert_int_equal(ulid_compare(result(story, 0)->object, items[1].object), 0);
    log_evidence_stop(story->searcher);
    assert_int_equal(n_results(story), 1);
}

static void the_queue_is_bounded_and_a_stop_leaves_it_to_the_outbox(void **state)
{
    struct story *story = *state;
    struct outbox_item item = wanted(1);

    item.not_before_ms += HOUR_MS;
    for (size_t i = 0; i < LOG_EVIDENCE_MAX_WAITING; i++)
        assert_int_equal(log_evidence_submit(story->searcher, &item), RC_OK);
    assert_int_equal(log_evidence_submit(story->searcher, &item), RC_LIMIT);
    log_evidence_stop(story->searcher);
    log_evidence_stop(story->searcher);
    assert_int_equal(log_evidence_submit(story->searcher, &item), RC_BUSY);
    assert_int_equal(n_results(story), 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(what_is_found_comes_back_with_its_hash_and_its_first_line),
        STORY(nothing_is_read_before_its_time),
        STORY(what_is_due_does_not_wait_for_what_is_not),
        STORY(beyond_the_deadline_of_its_task_nothing_is_read),
        STORY(what_cannot_be_read_comes_back_with_its_reason),
        STORY(a_pattern_that_is_none_comes_back_with_its_own_reason),
        STORY(what_is_withdrawn_comes_back_at_once_and_nothing_else_does),
        STORY(the_queue_is_bounded_and_a_stop_leaves_it_to_the_outbox),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
