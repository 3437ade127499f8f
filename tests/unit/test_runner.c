#include "actions/runner.h"

#include "src/base/http_client.h"
#include "src/base/process.h"
#include "src/base/process_child.h"
#include "src/base/process_tree.h"
#include "tests/unit/loopback.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#define MAX_RESULTS 32
#define PATIENCE_S 60

/* A result outlives its report as a copy. */
struct told {
    struct effect_result result;
    char output[64];
    char error[128];
    char sha256[SHA256_HEX_BYTES];
};

struct fixture {
    struct loopback server;
    struct runner *runner;
    struct named_secret secrets[2];
    pthread_mutex_t mutex;
    pthread_cond_t more;
    struct told told[MAX_RESULTS];
    size_t n_told;
    uint64_t n_items;
};

static void copy_text(char *copy, size_t max_bytes, struct slice text)
{
    size_t len = text.len < max_bytes - 1 ? text.len : max_bytes - 1;

    if (len)
        memcpy(copy, text.ptr, len);
    copy[len] = '\0';
}

static void on_result(void *context, const struct effect_result *result)
{
    struct fixture *fixture = context;
    struct told *told;

    pthread_mutex_lock(&fixture->mutex);
    assert_true(fixture->n_told < MAX_RESULTS);
    told = &fixture->told[fixture->n_told++];
    told->result = *result;
    copy_text(told->output, sizeof(told->output), result->output);
    copy_text(told->error, sizeof(told->error), result->error);
    copy_text(told->sha256, sizeof(told->sha256), result->sha256);
    pthread_cond_signal(&fixture->more);
    pthread_mutex_unlock(&fixture->mutex);
}

/* The n-th result, from 1, once it is there. */
static const struct told *wait_for(struct fixture *fixture, size_t n)
{
    struct timespec until = { .tv_sec = time(NULL) + PATIENCE_S };

    pthread_mutex_lock(&fixture->mutex);
    while (fixture->n_told < n) {
        if (pthread_cond_timedwait(&fixture->more, &fixture->mutex, &until))
            break;
    }
    pthread_mutex_unlock(&fixture->mutex);
    assert_true(fixture->n_told >= n);
    return &fixture->told[n - 1];
}

static enum rc make_runner(struct fixture *fixture, int64_t drain_ms)
{
    struct runner_options options = { .secrets = fixture->secrets,
                                      .n_secrets = 2,
                                      .report = on_result,
                                      .context = fixture,
                                      .drain_ms = drain_ms };

    return runner_new(&options, &fixture->runner);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    *state = fixture;
    fixture->secrets[0] = (struct named_secret){ SLICE("github"), SLICE("s3cret") };
    fixture->secrets[1] = (struct named_secret){ SLICE("broken"), SLICE("a\r\nX-Other: b") };
    pthread_mutex_init(&fixture->mutex, NULL);
    pthread_cond_init(&fixture->more, NULL);
    return loopback_start(&fixture->server, NULL) && !make_runner(fixture, 0) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    runner_free(fixture->runner);
    loopback_stop(&fixture->server);
    pthread_cond_destroy(&fixture->more);
    pthread_mutex_destroy(&fixture->mutex);
    free(fixture);
    return 0;
}

/* A runner that waits but a moment for its steps when it stops. */
static void hurry_up(struct fixture *fixture)
{
    runner_free(fixture->runner);
    assert_int_equal(make_runner(fixture, 1), RC_OK);
}

static struct ulid object_named(uint8_t name)
{
    return (struct ulid){ .bytes = { [0] = name } };
}

static enum rc submit_argv(struct fixture *fixture, enum outbox_channel channel,
                           struct slice_list argv, int64_t timeout_ms)
{
    struct outbox_item item = { .id = ++fixture->n_items,
                                .channel = channel,
                                .object = object_named(7),
                                .part = 2,
                                .revision = 3,
                                .action = SLICE("do-it"),
                                .argv = argv,
                                .timeout_ms = timeout_ms };

    return runner_submit(fixture->runner, &item);
}

static void submit_script(struct fixture *fixture, enum outbox_channel channel, const char *script)
{
    struct slice words[] = { SLICE("/bin/sh"), SLICE("-c"), slice_of(script) };

    assert_int_equal(submit_argv(fixture, channel,
                                 (struct slice_list){ .items = words, .n_items = 3 }, MINUTE_MS),
                     RC_OK);
}

static void submit_request(struct fixture *fixture, enum outbox_channel channel, int port,
                           const char *path, const char *rest, int64_t timeout_ms)
{
    char json[512];
    struct outbox_item item = { .id = ++fixture->n_items,
                                .channel = channel,
                                .object = object_named(7),
                                .timeout_ms = timeout_ms };

    snprintf(json, sizeof(json), "{\"method\":\"POST\",\"url\":\"http://127.0.0.1:%d%s\"%s}", port,
             path, rest);
    item.request = slice_of(json);
    assert_int_equal(runner_submit(fixture->runner, &item), RC_OK);
}

struct children {
    size_t n;
    bool kill;
};

static void visit_child(void *context, const struct process_stat *stat)
{
    struct children *children = context;
    siginfo_t info;

    if (stat->parent != getpid())
        return;
    children->n++;
    if (!children->kill)
        return;
    kill(-stat->pid, SIGKILL);
    waitid(P_PID, (id_t)stat->pid, &info, WEXITED);
}

static size_t count_children(bool kill_them)
{
    struct children children = { .kill = kill_them };

    assert_int_equal(process_stat_each(visit_child, &children), RC_OK);
    return children.n;
}

static void a_commands_end_is_told_in_words(void **state)
{
    static const struct command_case {
        const char *script;
        enum effect_state state;
        bool exited;
        int64_t exit_code;
        const char *output;
        const char *error;
    } cases[] = {
        { "echo done", EFFECT_DONE, true, 0, "done\n", "" },
        { "echo no >&2; exit 3", EFFECT_FAILED, true, 3, "no\n", "exit code 3" },
        { "kill -9 $$", EFFECT_FAILED, false, 0, "", "killed by signal 9 (Killed)" },
        { "kill -15 $$", EFFECT_FAILED, false, 0, "", "killed by signal 15 (Terminated)" },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct told *told;

        print_message("# %s\n", cases[i].script);
        submit_script(fixture, OUTBOX_STEP, cases[i].script);
        told = wait_for(fixture, i + 1);
        assert_int_equal(told->result.state, cases[i].state);
        assert_int_equal(told->result.exited, cases[i].exited);
        assert_int_equal(told->result.exit_code, cases[i].exit_code);
        assert_string_equal(told->output, cases[i].output);
        assert_string_equal(told->error, cases[i].error);
        assert_int_equal(slice_is_absent(told->result.error), cases[i].state == EFFECT_DONE);
        assert_int_equal(told->result.item, i + 1);
        assert_int_equal(told->result.channel, OUTBOX_STEP);
        assert_int_equal(ulid_compare(told->result.object, object_named(7)), 0);
        assert_int_equal(told->result.part, 2);
        assert_int_equal(told->result.revision, 3);
        assert_true(told->result.started_ms > 0);
        assert_true(told->result.finished_ms >= told->result.started_ms);
    }
}

static void output_is_kept_as_bytes_with_their_digest(void **state)
{
    const struct told *told;
    struct sha256 digest;
    char hex[SHA256_HEX_BYTES];

    submit_script(*state, OUTBOX_EVIDENCE, "printf 'a\\0\\377b'");
    told = wait_for(*state, 1);
    assert_int_equal(told->result.bytes, 4);
    assert_int_equal(told->result.output.len, 4);
    assert_memory_equal(told->output, "a\0\377b", 4);
    assert_int_equal(sha256_of(SLICE("a\0\377b"), &digest), RC_OK);
    assert_string_equal(told->sha256, hex_format(digest.bytes, SHA256_BYTES, hex));
}

static void x03_a_command_that_hangs_times_out(void **state)
{
    struct slice words[] = { SLICE("/bin/sleep"), SLICE("1000") };
    const struct told *told;

    assert_int_equal(submit_argv(*state, OUTBOX_STEP,
                                 (struct slice_list){ .items = words, .n_items = 2 }, SECOND_MS),
                     RC_OK);
    told = wait_for(*state, 1);
    assert_int_equal(told->result.state, EFFECT_TIMED_OUT);
    assert_string_equal(told->error, "timed out after 1s");
}

static void x08_what_never_ran_is_not_started(void **state)
{
    struct slice absent = SLICE("/nonexistent/program"), relative = SLICE("sh");
    struct fixture *fixture = *state;

    assert_int_equal(submit_argv(fixture, OUTBOX_STEP,
                                 (struct slice_list){ .items = &absent, .n_items = 1 }, MINUTE_MS),
                     RC_OK);
    assert_int_equal(wait_for(fixture, 1)->result.state, EFFECT_NOT_STARTED);
    assert_string_equal(fixture->told[0].error, "not started: No such file or directory");
    assert_int_equal(submit_argv(fixture, OUTBOX_STEP,
                                 (struct slice_list){ .items = &relative, .n_items = 1 },
                                 MINUTE_MS),
                     RC_OK);
    assert_string_equal(wait_for(fixture, 2)->error, "not started: Invalid argument");
    assert_int_equal(
        submit_argv(fixture, OUTBOX_STEP, (struct slice_list){ .items = &absent, .n_items = 1 }, 0),
        RC_OK);
    assert_string_equal(wait_for(fixture, 3)->error, "not started: it has no timeout");
}

static void a_requests_answer_decides(void **state)
{
    static const struct request_case {
        const char *path;
        enum effect_state state;
        int64_t status;
        const char *output;
        const char *error;
    } cases[] = {
        { "/ok", EFFECT_DONE, 200, "{\"ok\":true}", "" },
        { "/created", EFFECT_DONE, 201, "", "" },
        { "/html", EFFECT_DONE, 200, "<h1>Hi</h1>\r\n", "" },
        { "/cut", EFFECT_DONE, 200, "only this", "" },
        { "/missing", EFFECT_FAILED, 404, "nope", "answered with status 404" },
        { "/redirect", EFFECT_FAILED, 302, "", "answered with status 302" },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct told *told;

        print_message("# %s\n", cases[i].path);
        submit_request(fixture, OUTBOX_STEP, fixture->server.port, cases[i].path, "", MINUTE_MS);
        told = wait_for(fixture, i + 1);
        assert_int_equal(told->result.state, cases[i].state);
        assert_int_equal(told->result.exit_code, cases[i].status);
        assert_string_equal(told->output, cases[i].output);
        assert_string_equal(told->error, cases[i].error);
    }
    assert_int_equal(fixture->server.n_requests, sizeof(cases) / sizeof(cases[0]));
}

static void o07_an_endless_answer_is_cut_and_done(void **state)
{
    struct fixture *fixture = *state;
    const struct told *told;

    submit_request(fixture, OUTBOX_STEP, fixture->server.port, "/endless", "", MINUTE_MS);
    told = wait_for(fixture, 1);
    assert_int_equal(told->result.state, EFFECT_DONE);
    assert_true(told->result.truncated);
    assert_int_equal(told->result.output.len, HTTP_ANSWER_LIMIT_BYTES);
}

static void a_lost_answer_leaves_a_step_unknown(void **state)
{
    static const struct lost_case {
        const char *path;
        enum outbox_channel channel;
        enum effect_state state;
    } cases[] = {
        { "/lost", OUTBOX_STEP, EFFECT_UNKNOWN },     { "/lost", OUTBOX_UNDO, EFFECT_UNKNOWN },
        { "/lost", OUTBOX_EVIDENCE, EFFECT_FAILED },  { "/hang", OUTBOX_STEP, EFFECT_UNKNOWN },
        { "/hang", OUTBOX_CHECK, EFFECT_TIMED_OUT },  { "/half-head", OUTBOX_STEP, EFFECT_UNKNOWN },
        { "/hang", OUTBOX_VERIFY, EFFECT_TIMED_OUT }, { "/not-http", OUTBOX_UNDO, EFFECT_UNKNOWN },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool hangs = strcmp(cases[i].path, "/hang") == 0;

        print_message("# %s %d\n", cases[i].path, (int)cases[i].channel);
        submit_request(fixture, cases[i].channel, fixture->server.port, cases[i].path, "",
                       hangs ? SECOND_MS : MINUTE_MS);
        assert_int_equal(wait_for(fixture, i + 1)->result.state, cases[i].state);
        /* Sent once: asking again is for people. */
        assert_int_equal(fixture->server.n_requests, i + 1);
    }
}

static void a_request_that_never_left_is_not_started(void **state)
{
    static const struct unsent_case {
        const char *path;
        const char *rest;
    } cases[] = {
        { "/ok", ",\"headers\":{\"A\":\"{{secret.absent}}\"}" },
        { "/ok", ",\"headers\":{\"A\":\"{{secret.broken}}\"}" }, /* i06 */
        { "/ok", ",\"headers\":{\"A\":\"{{github}}\"}" },
        { "/ok", ",\"headers\":{\"A\":7}" },
        { "/ok", ",\"headers\":{\"A b\":\"c\"}" },
        { "/ok", ",\"headers\":" },
        { " /ok", "" },
    };
    struct fixture *fixture = *state;
    size_t n_cases = sizeof(cases) / sizeof(cases[0]);

    for (size_t i = 0; i < n_cases; i++) {
        print_message("# %s\n", cases[i].rest);
        submit_request(fixture, OUTBOX_STEP, fixture->server.port, cases[i].path, cases[i].rest,
                       MINUTE_MS);
        assert_int_equal(wait_for(fixture, i + 1)->result.state, EFFECT_NOT_STARTED);
    }
    submit_request(fixture, OUTBOX_STEP, 1, "/", "", MINUTE_MS);
    assert_string_equal(wait_for(fixture, n_cases + 1)->error, "not started: could not connect");
    assert_int_equal(fixture->server.n_requests, 0);
}

static void a_secret_is_put_in_at_the_last_moment(void **state)
{
    struct fixture *fixture = *state;

    submit_request(fixture, OUTBOX_STEP, fixture->server.port, "/ok",
                   ",\"headers\":{\"Authorization\":\"Bearer {{secret.github}}\"}"
                   ",\"json\":{\"text\":\"{{secret.github}} \\\"q\\\"\",\"n\":10000000000000001}",
                   MINUTE_MS);
    assert_int_equal(wait_for(fixture, 1)->result.state, EFFECT_DONE);
    assert_true(loopback_was_sent(&fixture->server, "\r\nAuthorization: Bearer s3cret\r\n"));
    assert_true(loopback_was_sent(&fixture->server, "\r\nContent-Type: application/json\r\n"));
    assert_true(loopback_was_sent(
        &fixture->server,
        "\r\n\r\n{\"text\":\"{{secret.github}} \\\"q\\\"\",\"n\":10000000000000001}"));
}

static void after_a_reload_the_new_secret_is_sent(void **state)
{
    struct fixture *fixture = *state;
    const struct named_secret changed[] = { { SLICE("github"), SLICE("n3w") } };

    runner_use_secrets(fixture->runner, changed, 1);
    submit_request(fixture, OUTBOX_STEP, fixture->server.port, "/ok",
                   ",\"headers\":{\"Authorization\":\"Bearer {{secret.github}}\"}", MINUTE_MS);
    assert_int_equal(wait_for(fixture, 1)->result.state, EFFECT_DONE);
    assert_true(loopback_was_sent(&fixture->server, "\r\nAuthorization: Bearer n3w\r\n"));
}

/* Each tells how many there were beside it, itself too. The first ones wait until there are as many as there may be, and
 * leave one too many a moment to show itself. */
static int64_t most_at_once(struct fixture *fixture, enum outbox_channel channel, size_t n_items,
                            size_t n_expected)
{
    char directory[] = "/tmp/vedette-runner-XXXXXX";
    char script[256];
    int64_t most = 0;

    assert_non_null(mkdtemp(directory));
    snprintf(script, sizeof(script),
             "cd %s; : >here.$$; : >began.$$; until set -- began.*; [ $# -ge %zu ]; do sleep 0.01; "
             "done; sleep 0.1; set -- here.*; echo $#; rm here.$$",
             directory, n_expected);
    for (size_t i = 0; i < n_items; i++)
        submit_script(fixture, channel, script);
    wait_for(fixture, n_items);
    for (size_t i = 0; i < n_items; i++) {
        int64_t n = 0;

        assert_int_equal(slice_to_int(slice_trim(slice_of(fixture->told[i].output)), &n), RC_OK);
        most = n > most ? n : most;
    }
    snprintf(script, sizeof(script), "rm %s/began.*", directory);
    submit_script(fixture, channel, script);
    wait_for(fixture, n_items + 1);
    assert_int_equal(rmdir(directory), 0);
    return most;
}

static void at_most_four_collect_evidence_at_once(void **state)
{
    assert_int_equal(most_at_once(*state, OUTBOX_EVIDENCE, 12, 4), 4);
}

static void at_most_sixteen_run_at_once(void **state)
{
    assert_int_equal(most_at_once(*state, OUTBOX_CHECK, 24, 16), 16);
}

static void a_step_is_never_kept_waiting_by_evidence(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < 10; i++)
        submit_script(fixture, OUTBOX_EVIDENCE, "sleep 1000");
    submit_script(fixture, OUTBOX_STEP, "true");
    assert_int_equal(wait_for(fixture, 1)->result.channel, OUTBOX_STEP);
}

static void what_waits_starts_when_another_ends(void **state)
{
    for (size_t i = 0; i < RUNNER_MAX_EVIDENCE - 1; i++)
        submit_script(*state, OUTBOX_EVIDENCE, "sleep 1000");
    submit_script(*state, OUTBOX_EVIDENCE, "sleep 0.3; echo first");
    submit_script(*state, OUTBOX_EVIDENCE, "echo second");
    assert_string_equal(wait_for(*state, 1)->output, "first\n");
    assert_string_equal(wait_for(*state, 2)->output, "second\n");
}

static void withdrawn_evidence_ends_and_is_told(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < 8; i++)
        submit_script(fixture, OUTBOX_EVIDENCE, "sleep 1000");
    submit_request(fixture, OUTBOX_EVIDENCE, fixture->server.port, "/hang", "", MINUTE_MS);
    submit_script(fixture, OUTBOX_STEP,
                  "sleep 0.2; echo done");           /* of the same object, but acting */
    runner_cancel(fixture->runner, object_named(8)); /* nobody's */
    runner_cancel(fixture->runner, object_named(7));
    wait_for(fixture, 10);
    for (size_t i = 0; i < 10; i++) {
        const struct effect_result *result = &fixture->told[i].result;

        if (result->channel == OUTBOX_STEP)
            assert_int_equal(result->state, EFFECT_DONE);
        else
            assert_true(result->state == EFFECT_FAILED || result->state == EFFECT_NOT_STARTED);
    }
    assert_int_equal(count_children(false), 0);
}

static void a_stop_waits_for_a_step(void **state)
{
    struct fixture *fixture = *state;

    submit_script(fixture, OUTBOX_CHECK, "echo ready");
    submit_script(fixture, OUTBOX_STEP, "sleep 0.3; echo done");
    wait_for(fixture, 1);
    runner_stop(fixture->runner);
    assert_int_equal(fixture->n_told, 2);
    assert_string_equal(fixture->told[1].output, "done\n");
}

static void steps_that_came_right_before_the_stop_run(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < RUNNER_MAX_RUNNING; i++)
        submit_script(fixture, OUTBOX_STEP, "true");
    runner_stop(fixture->runner);
    assert_int_equal(fixture->n_told, RUNNER_MAX_RUNNING);
    for (size_t i = 0; i < fixture->n_told; i++)
        assert_int_equal(fixture->told[i].result.state, EFFECT_DONE);
}

static void a_step_that_outlasts_the_stop_is_unknown_and_goes_on(void **state)
{
    struct fixture *fixture = *state;
    size_t n_not_started = 0;

    hurry_up(fixture);
    for (size_t i = 0; i < RUNNER_MAX_RUNNING + 1; i++)
        submit_script(fixture, i % 2 ? OUTBOX_STEP : OUTBOX_UNDO, "exec sleep 1000");
    submit_script(fixture, OUTBOX_EVIDENCE,
                  "true"); /* nobody is told: it is done after the start */
    while (count_children(false) < RUNNER_MAX_RUNNING)
        continue;
    runner_stop(fixture->runner);
    assert_int_equal(fixture->n_told, RUNNER_MAX_RUNNING + 1);
    for (size_t i = 0; i < fixture->n_told; i++) {
        if (fixture->told[i].result.state == EFFECT_NOT_STARTED)
            n_not_started++;
        else
            assert_int_equal(fixture->told[i].result.state, EFFECT_UNKNOWN);
    }
    assert_int_equal(n_not_started, 1);
    assert_int_equal(count_children(true), RUNNER_MAX_RUNNING);
}

static void a_request_under_way_at_the_stop_is_unknown(void **state)
{
    struct fixture *fixture = *state;

    hurry_up(fixture);
    submit_request(fixture, OUTBOX_STEP, fixture->server.port, "/hang", "", MINUTE_MS);
    while (!fixture->server.n_requests)
        continue;
    runner_stop(fixture->runner);
    assert_int_equal(fixture->n_told, 1);
    assert_int_equal(fixture->told[0].result.state, EFFECT_UNKNOWN);
}

static void what_may_be_repeated_is_dropped_at_the_stop(void **state)
{
    static const enum outbox_channel channels[] = { OUTBOX_EVIDENCE, OUTBOX_CHECK, OUTBOX_VERIFY };
    struct fixture *fixture = *state;
    struct slice program = SLICE("/bin/true");

    for (size_t i = 0; i < 3; i++)
        submit_script(fixture, channels[i], "sleep 1000");
    runner_stop(fixture->runner);
    assert_int_equal(fixture->n_told, 0);
    assert_int_equal(submit_argv(fixture, OUTBOX_STEP,
                                 (struct slice_list){ .items = &program, .n_items = 1 }, MINUTE_MS),
                     RC_BUSY);
    runner_cancel(fixture->runner, object_named(7));
    count_children(true);
}

#define RUNNER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RUNNER_TEST(a_commands_end_is_told_in_words),
        RUNNER_TEST(output_is_kept_as_bytes_with_their_digest),
        RUNNER_TEST(x03_a_command_that_hangs_times_out),
        RUNNER_TEST(x08_what_never_ran_is_not_started),
        RUNNER_TEST(a_requests_answer_decides),
        RUNNER_TEST(o07_an_endless_answer_is_cut_and_done),
        RUNNER_TEST(a_lost_answer_leaves_a_step_unknown),
        RUNNER_TEST(a_request_that_never_left_is_not_started),
        RUNNER_TEST(a_secret_is_put_in_at_the_last_moment),
        RUNNER_TEST(after_a_reload_the_new_secret_is_sent),
        RUNNER_TEST(at_most_four_collect_evidence_at_once),
        RUNNER_TEST(at_most_sixteen_run_at_once),
        RUNNER_TEST(a_step_is_never_kept_waiting_by_evidence),
        RUNNER_TEST(what_waits_starts_when_another_ends),
        RUNNER_TEST(withdrawn_evidence_ends_and_is_told),
        RUNNER_TEST(a_stop_waits_for_a_step),
        RUNNER_TEST(steps_that_came_right_before_the_stop_run),
        RUNNER_TEST(a_step_that_outlasts_the_stop_is_unknown_and_goes_on),
        RUNNER_TEST(a_request_under_way_at_the_stop_is_unknown),
        RUNNER_TEST(what_may_be_repeated_is_dropped_at_the_stop),
    };

    if (argc > 1 && strcmp(argv[1], CHILD_COMMAND) == 0)
        return process_child_main(argc, argv);
    if (digest_init() || process_init() || http_client_init())
        return 1;
    return cmocka_run_group_tests_name("runner", tests, NULL, NULL);
}
