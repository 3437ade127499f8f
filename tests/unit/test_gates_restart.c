/* What holds a signal back is on the disk: a restart changes nothing that people see. */
#include "tests/unit/gates_story.h"

#include <ftw.h>

#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "actions: {act: {run: [/bin/true], effect: external, timeout: 10s}}\n"                         \
    "people: {jane: {user: jane}}\n"                                                               \
    "approvers: {from: [jane], need: 1}\n"                                                         \
    "maintenance: [{where: {repo: muted}, days: sat, from: \"12:00\", to: \"13:00\", reason: "     \
    "move}]\n"
/* clang-format off */
#define RULES                                                                                      \
    "rules:\n"                                                                                     \
    "  - {id: plain, on: ci.run, where: {state: failing}, key: [repo], propose: {plan: [{do: act}], cooldown: 0s}}\n" \
    "  - {id: office, on: deploy, where: {state: failing}, key: [repo], propose: {plan: [{do: act}]}, active: {from: \"14:00\"}}\n" \
    "  - {id: db-down, on: issue, where: {state: failing}, clear: {where: {state: ok}}, key: [repo], mode: observe}\n" \
    "  - {id: slow, on: alert, where: {state: failing}, key: [repo], propose: {plan: [{do: act}]}, unless: [db-down], same: [service]}\n"
/* clang-format on */

static char directory[64];

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *place)
{
    (void)stat;
    (void)kind;
    (void)place;
    return remove(path);
}

static void open_store(struct story *story)
{
    const struct store_options options = { .directory = directory, .max_bytes = (int64_t)64 << 20 };
    struct problems *problems;

    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_equal(store_open(&options, problems, &story->store), RC_OK);
    problems_free(problems);
    start_engine(story, RULES);
}

static void restart(struct story *story, int64_t at_ms)
{
    engine_free(story->engine);
    store_close(story->store);
    metrics_reset();
    open_store(story);
    assert_int_equal(engine_recover(story->engine, at_ms), RC_OK);
    fold(story, at_ms);
}

static int begin(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);

    engine_free(story->engine);
    store_close(story->store);
    snprintf(directory, sizeof directory, "/tmp/vedette-gates-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    open_store(story);
    assert_int_equal(engine_recover(story->engine, NOON_MS - 1), RC_OK);
    *state = story;
    return 0;
}

static int finish(void **state)
{
    end(*state);
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void happens(struct story *story, int64_t at_ms, const char *kind, const char *repo,
                    const char *what)
{
    char time[TIME_TEXT_BYTES], json[256];

    snprintf(
        json, sizeof json,
        "{\"kind\":\"%s\",\"repo\":\"%s\",\"service\":\"shop\",\"state\":\"%s\",\"time\":\"%s\"}",
        kind, repo, what, time_format(at_ms, time));
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json);
    fold(story, at_ms);
}

static void hours_are_waited_for_over_a_restart(void **state)
{
    struct story *story = *state;
    struct hold before;

    happens(story, NOON_MS, "deploy", "a/b", "failing");
    before = the_signal(story).hold;
    restart(story, NOON_MS + MINUTE_MS);
    assert_held(story, HOLD_INACTIVE);
    assert_int_equal(the_signal(story).hold.since_ms, before.since_ms);
    fold(story, NOON_MS + 2 * HOUR_MS - 1);
    assert_int_equal(n_proposals(story), 0);
    restart(story, NOON_MS + 3 * HOUR_MS); /* it was down when they began */
    assert_int_equal(n_proposals(story), 1);
    assert_held(story, HOLD_NONE);
}

static void maintenance_is_waited_for_over_a_restart(void **state)
{
    struct story *story = *state;

    happens(story, NOON_MS, "ci.run", "muted", "failing");
    restart(story, NOON_MS + MINUTE_MS);
    assert_held(story, HOLD_MAINTENANCE);
    fold(story, NOON_MS + HOUR_MS);
    assert_int_equal(n_proposals(story), 1);
}

static void maintenance_that_a_restart_finds_gone_holds_nothing(void **state)
{
    struct story *story = *state;

    happens(story, NOON_MS, "ci.run", "muted", "failing");
    story->config->n_maintenance = 0;
    restart(story, NOON_MS + MINUTE_MS);
    assert_int_equal(n_proposals(story), 1);
    assert_held(story, HOLD_NONE);
}

static void who_inhibits_does_so_over_a_restart(void **state)
{
    struct story *story = *state;

    happens(story, NOON_MS, "issue", "db", "failing");
    happens(story, NOON_MS + 1, "alert", "app", "failing");
    assert_int_equal((int)gauge(HOLD_INHIBITED), 1);
    restart(story, NOON_MS + MINUTE_MS);
    assert_int_equal((int)gauge(HOLD_INHIBITED), 1);
    happens(story, NOON_MS + 2 * MINUTE_MS, "alert", "other", "failing");
    assert_int_equal((int)gauge(HOLD_INHIBITED), 2);
    restart(story, NOON_MS + 3 * MINUTE_MS);
    happens(story, NOON_MS + 4 * MINUTE_MS, "issue", "db", "ok");
    assert_int_equal(n_proposals(story), 2);
    assert_int_equal(n_held(story), 0);
}

static void r14_what_flaps_flaps_on_after_a_restart(void **state)
{
    struct story *story = *state;

    for (int i = 0; i < 3; i++) {
        happens(story, NOON_MS + 2 * i * MINUTE_MS, "ci.run", "a/b", "failing");
        restart(story, NOON_MS + 2 * i * MINUTE_MS + 1);
        happens(story, NOON_MS + (2 * i + 1) * MINUTE_MS, "ci.run", "a/b", "ok");
    }
    happens(story, NOON_MS + 10 * MINUTE_MS, "ci.run", "a/b", "failing");
    restart(story, NOON_MS + 11 * MINUTE_MS);
    assert_int_equal(n_proposals(story), 2);
    assert_held(story, HOLD_FLAPPING);
    fold(story, NOON_MS + 40 * MINUTE_MS - 1);
    assert_int_equal(n_proposals(story), 2);
    restart(story, NOON_MS + 40 * MINUTE_MS);
    assert_int_equal(n_proposals(story), 3);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, finish)
    const struct CMUnitTest tests[] = {
        STORY(hours_are_waited_for_over_a_restart),
        STORY(maintenance_is_waited_for_over_a_restart),
        STORY(maintenance_that_a_restart_finds_gone_holds_nothing),
        STORY(who_inhibits_does_so_over_a_restart),
        STORY(r14_what_flaps_flaps_on_after_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
