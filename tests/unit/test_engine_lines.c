/* Lines of logs in the engine: screened where they are read, stored with how far they were read, folded in the same transaction. */
#include "src/engine/engine_private.h"
#include "src/engine/screen.h"

#include "src/base/digest.h"
#include "src/base/file.h"
#include "watchers/line_cut.h"
#include "watchers/log_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOON_MS ((int64_t)1795262400000) /* 2026-11-21 12:00 UTC */
#define LINES_MAX 64

/* clang-format off */
#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "watchers:\n"                                                                                  \
    "  - {log: /nowhere/app.log, name: app}\n"                                                     \
    "  - {log: /nowhere/web.log, name: web, format: json, kind: deploy}\n"
/* clang-format on */
#define RULES                                                                                      \
    "rules:\n"                                                                                     \
    "  - {id: oom, on: log, match: '/out of memory: (?<what>\\w+)/', key: [what], clear: {match: " \
    "'/all (?<what>\\w+) is well/'}}\n"                                                            \
    "  - {id: hosts, on: log, match: '/who knows/', key: [host]}\n"

struct story {
    char config_path[64];
    struct config *config;
    struct store *store;
    struct engine *engine;
    struct screen *screen;
    struct arena *arena;
    struct pattern_scratch *scratch;
};

static struct ruleset *parse(const char *rules)
{
    struct rule_file file = { .name = SLICE("rules.yaml"), .text = slice_of(rules) };
    const struct rule_files files = { &file, 1 };
    struct problems *problems;
    struct ruleset *ruleset = NULL;

    assert_int_equal(problems_new(&problems), RC_OK);
    if (ruleset_parse(&files, problems, &ruleset))
        fail_msg("%.*s", SLICE_ARG(problems_at(problems, 0)->text));
    problems_free(problems);
    return ruleset;
}

static int set_up(void **state)
{
    struct config_options options = { 0 };
    struct story *story = calloc(1, sizeof *story);
    struct engine_options engine_options = { 0 };
    struct problems *problems;

    assert_non_null(story);
    *state = story;
    snprintf(story->config_path, sizeof story->config_path, "/tmp/test_engine_lines_%ld.yaml",
             (long)getpid());
    assert_int_equal(file_write(story->config_path, SLICE(CONFIG), 0600), RC_OK);
    options.path = story->config_path;
    assert_int_equal(digest_init(), RC_OK);
    assert_int_equal(problems_new(&problems), RC_OK);
    if (config_load(&options, problems, &story->config))
        fail_msg("%.*s", SLICE_ARG(problems_at(problems, 0)->text));
    problems_free(problems);
    assert_int_equal(arena_new((size_t)64 << 20, &story->arena), RC_OK);
    assert_int_equal(pattern_scratch_new(&story->scratch), RC_OK);
    assert_int_equal(store_open_memory(&story->store), RC_OK);
    engine_options = (struct engine_options){ .store = story->store,
                                              .config = story->config,
                                              .ruleset = parse(RULES) };
    assert_int_equal(engine_new(&engine_options, &story->engine), RC_OK);
    assert_int_equal(screen_new(story->engine, 2, &story->screen), RC_OK);
    return 0;
}

static int tear_down(void **state)
{
    struct story *story = *state;

    screen_free(story->screen);
    engine_free(story->engine);
    store_close(story->store);
    config_free(story->config);
    pattern_scratch_free(story->scratch);
    arena_free(story->arena);
    unlink(story->config_path);
    free(story);
    return 0;
}

/* --- screening --- */

static struct screened screen(struct story *story, const char *watcher, const char *text)
{
    static struct log_line lines[LINES_MAX];
    struct line_cut cut = { .watch = watchers_find_log(story->config->watchers, slice_of(watcher)),
                            .scratch = story->scratch,
                            .bytes = slice_of(text),
                            .end = CUT_OVER,
                            .lines = lines,
                            .n_max = LINES_MAX };
    struct log_batch batch = { .path = SLICE("/nowhere/app.log") };
    struct screened screened;

    line_cut(&cut);
    batch.watch = cut.watch;
    batch.bytes = cut.bytes;
    batch.lines = lines;
    batch.n_lines = cut.n_lines;
    assert_int_equal(screen_batch(story->screen, &batch, NOON_MS, &screened), RC_OK);
    return screened;
}

static struct record_list screened(struct story *story, const char *watcher, const char *text)
{
    struct screened screened = screen(story, watcher, text);

    screened_count(&screened);
    return screened.wanted;
}

static void wanted_are(struct story *story, const char *text, const char *const *expected)
{
    struct record_list wanted = screened(story, "app", text);
    const struct log_line *lines = wanted.items;
    size_t n_expected = 0;

    while (expected[n_expected])
        n_expected++;
    assert_int_equal(wanted.n_items, n_expected);
    for (size_t i = 0; i < n_expected; i++)
        assert_true(slice_eq(lines[i].text, slice_of(expected[i])));
}

static void only_lines_that_match_or_clear_are_wanted(void **state)
{
    struct story *story = *state;

    wanted_are(story, "nothing\nout of memory: heap\nout of memory\nall heap is well\n",
               (const char *const[]){ "out of memory: heap", "all heap is well", NULL });
    wanted_are(story, "", (const char *const[]){ NULL });
}

static void a_line_that_lacks_a_field_of_the_key_is_counted_and_not_kept(void **state)
{
    struct story *story = *state;
    struct slice rule = SLICE("hosts"), fault = SLICE("key");
    double before = metric_value(METRIC_MATCH_FAULTS, rule, fault);

    wanted_are(story, "who knows\n", (const char *const[]){ NULL });
    assert_int_equal((int)(metric_value(METRIC_MATCH_FAULTS, rule, fault) - before), 1);
}

static void lines_that_are_not_wanted_are_counted_as_events(void **state)
{
    struct story *story = *state;
    struct slice app = SLICE("app"), kind = SLICE("log");
    double before = metric_value(METRIC_EVENTS, app, kind);

    screened(story, "app", "a\nb\nout of memory: heap\n");
    assert_int_equal((int)(metric_value(METRIC_EVENTS, app, kind) - before), 2);
}

static void what_is_not_taken_counts_when_it_comes_again(void **state)
{
    struct story *story = *state;
    struct slice app = SLICE("app"), kind = SLICE("log"), rule = SLICE("hosts"),
                 fault = SLICE("key");
    double n_events = metric_value(METRIC_EVENTS, app, kind);
    double n_faults = metric_value(METRIC_MATCH_FAULTS, rule, fault);

    for (int i = 0; i < 3; i++)
        screen(story, "app", "a\nwho knows\nwho knows\n");
    screened(story, "app", "a\nwho knows\nwho knows\n");
    assert_int_equal((int)(metric_value(METRIC_EVENTS, app, kind) - n_events), 3);
    assert_int_equal((int)(metric_value(METRIC_MATCH_FAULTS, rule, fault) - n_faults), 2);
}

static void the_time_that_a_wanted_line_says_is_found(void **state)
{
    struct story *story = *state;
    struct record_list wanted =
        screened(story, "app", "2026-11-21T11:59:00Z out of memory: heap\nout of memory: stack\n");
    const struct log_line *lines = wanted.items;

    assert_int_equal(wanted.n_items, 2);
    assert_int_equal(lines[0].time_ms, NOON_MS - MINUTE_MS);
    assert_int_equal(lines[1].time_ms, 0);
}

static void a_kind_that_no_rule_asks_for_wants_nothing(void **state)
{
    assert_int_equal(screened(*state, "web", "{\"a\": \"out of memory: heap\"}\n").n_items, 0);
}

static void rules_that_are_new_hold_for_the_next_batch(void **state)
{
    struct story *story = *state;
    const struct rule_files none = { 0 };
    struct buffer summary;

    buffer_init(&summary, 0);
    wanted_are(story, "nothing\n", (const char *const[]){ NULL });
    assert_int_equal(engine_reload(story->engine, story->config,
                                   parse("rules: [{id: n, on: log, match: '/nothing/'}]"), &none,
                                   NOON_MS, &summary),
                     RC_OK);
    wanted_are(story, "nothing\nout of memory: heap\n", (const char *const[]){ "nothing", NULL });
    buffer_free(&summary);
}

/* --- storing --- */

static struct journal_entry entry_of(struct story *story, struct buffer *body, const char *text)
{
    struct record_list wanted = screened(story, "app", text);
    const struct log_lines lines = { .path = SLICE("/nowhere/app.log"), .lines = wanted };

    buffer_init(body, 0);
    assert_int_equal(log_lines_encode(&lines, body), RC_OK);
    return (struct journal_entry){ .door = DOOR_DATA,
                                   .watcher = SLICE("app"),
                                   .type = SLICE(LOG_ENTRY_TYPE),
                                   .received_ms = NOON_MS,
                                   .body = buffer_slice(body) };
}

static struct file_offset offset_at(int64_t offset)
{
    return (struct file_offset){ .id = { { 1 } },
                                 .watcher = SLICE("app"),
                                 .path = SLICE("/nowhere/app.log"),
                                 .offset = offset };
}

static enum rc take(struct story *story, const char *text, int64_t offset, bool *more)
{
    struct buffer body;
    struct journal_entry entry = entry_of(story, &body, text);
    const struct file_offset row = offset_at(offset);
    const struct engine_lines lines = { .entry = &entry, .offsets = &row, .n_offsets = 1 };
    enum rc rc = engine_take_lines(story->engine, &lines, 1, NOON_MS, 1000, more);

    buffer_free(&body);
    return rc;
}

static bool keep_offset(void *context, const struct file_offset *offset)
{
    *(int64_t *)context = offset->offset;
    return true;
}

static int64_t stored_offset(struct story *story)
{
    struct store_txn *txn;
    int64_t offset = -1;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(offset_each(txn, story->arena, keep_offset, &offset), RC_OK);
    store_abort(&txn);
    return offset;
}

static int64_t n_firing(struct story *story)
{
    return story->engine->counts.signals[SIGNAL_FIRING];
}

static void fold(struct story *story)
{
    bool more = true;

    while (more)
        assert_int_equal(engine_fold(story->engine, NOON_MS, 256, 1000, &more), RC_OK);
}

static void lines_are_stored_with_their_offset_and_folded_in_one_transaction(void **state)
{
    struct story *story = *state;
    bool more = true;

    assert_int_equal(take(story, "out of memory: a\nout of memory: b\n", 34, &more), RC_OK);
    assert_false(more);
    assert_int_equal(n_firing(story), 2);
    assert_int_equal(stored_offset(story), 34);
    assert_int_equal(engine_n_unfolded(story->engine), 0);
    fold(story); /* they are not folded a second time */
    assert_int_equal(story->engine->totals.n_matches, 2);
}

static void a_commit_that_fails_changes_nothing_and_may_be_repeated(void **state)
{
    struct story *story = *state;
    bool more;

    store_fail_commits(story->store, 1, RC_FULL);
    assert_int_equal(take(story, "out of memory: a\n", 17, &more), RC_FULL);
    assert_int_equal(n_firing(story), 0);
    assert_int_equal(stored_offset(story), -1);
    assert_int_equal(take(story, "out of memory: a\n", 17, &more), RC_OK);
    assert_int_equal(n_firing(story), 1);
    assert_int_equal(stored_offset(story), 17);
}

static void after_a_crash_lines_are_stored_before_they_are_folded(void **state)
{
    struct story *story = *state;
    bool more = false;

    story->engine->n_careful = 1;
    assert_int_equal(take(story, "out of memory: a\n", 17, &more), RC_OK);
    assert_true(more);
    assert_int_equal(n_firing(story), 0);
    assert_int_equal(stored_offset(story), 17);
    assert_int_equal(engine_n_unfolded(story->engine), 1);
    fold(story);
    assert_int_equal(n_firing(story), 1);
    assert_int_equal(take(story, "out of memory: b\n", 34, &more), RC_OK); /* no longer careful */
    assert_int_equal(n_firing(story), 2);
}

static void lines_that_are_set_aside_are_counted_each(void **state)
{
    struct story *story = *state;
    struct slice app = SLICE("app"), none = { 0 };
    struct journal_entry entry;
    double before = metric_value(METRIC_EVENTS_DEAD, app, none);
    struct turn turn;
    bool more;

    story->engine->n_careful = 1;
    assert_int_equal(take(story, "out of memory: a\nout of memory: b\n", 34, &more), RC_OK);
    assert_int_equal(turn_begin(story->engine, NOON_MS, &turn), RC_OK);
    assert_int_equal(journal_next_delivery(turn.txn, 0, turn.arena, &entry), RC_OK);
    assert_int_equal(turn_bury(&turn, &entry, "a test wants it"), RC_OK);
    assert_int_equal(turn_commit(&turn), RC_OK);
    turn_abort(&turn);
    assert_int_equal((int)(metric_value(METRIC_EVENTS_DEAD, app, none) - before), 2);
}

static void an_offset_alone_is_stored_and_forgotten(void **state)
{
    struct story *story = *state;
    const struct file_offset row = offset_at(100);
    struct engine_lines lines = { .offsets = &row, .n_offsets = 1 };
    bool more = true;

    assert_int_equal(engine_take_lines(story->engine, &lines, 1, NOON_MS, 1000, &more), RC_OK);
    assert_false(more);
    assert_int_equal(stored_offset(story), 100);
    lines = (struct engine_lines){ .forgotten = &row.id, .n_forgotten = 1 };
    assert_int_equal(engine_take_lines(story->engine, &lines, 1, NOON_MS, 1000, &more), RC_OK);
    assert_int_equal(stored_offset(story), -1);
}

/* --- what is told of watchers --- */

static void what_is_told_of_a_watcher_is_an_event_that_rules_can_ask_for(void **state)
{
    struct story *story = *state;
    struct engine_notice notice = { .watcher = SLICE("app"),
                                    .state = WATCHER_SILENT,
                                    .detail = SLICE("no line came") };
    const struct rule_files none = { 0 };
    struct buffer summary;

    buffer_init(&summary, 0);
    assert_int_equal(
        engine_reload(story->engine, story->config,
                      parse("rules: [{id: w, on: vedette.watcher, where: {state: failing}}]"),
                      &none, NOON_MS, &summary),
        RC_OK);
    buffer_free(&summary);
    assert_int_equal(engine_notify(story->engine, &notice, NOON_MS), RC_OK);
    assert_int_equal(n_firing(story), 1);
    notice.state = WATCHER_BACK;
    assert_int_equal(engine_notify(story->engine, &notice, NOON_MS + 1), RC_OK);
    assert_int_equal(n_firing(story), 0);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        STORY(only_lines_that_match_or_clear_are_wanted),
        STORY(a_line_that_lacks_a_field_of_the_key_is_counted_and_not_kept),
        STORY(lines_that_are_not_wanted_are_counted_as_events),
        STORY(what_is_not_taken_counts_when_it_comes_again),
        STORY(the_time_that_a_wanted_line_says_is_found),
        STORY(a_kind_that_no_rule_asks_for_wants_nothing),
        STORY(rules_that_are_new_hold_for_the_next_batch),
        STORY(lines_are_stored_with_their_offset_and_folded_in_one_transaction),
        STORY(a_commit_that_fails_changes_nothing_and_may_be_repeated),
        STORY(after_a_crash_lines_are_stored_before_they_are_folded),
        STORY(lines_that_are_set_aside_are_counted_each),
        STORY(an_offset_alone_is_stored_and_forgotten),
        STORY(what_is_told_of_a_watcher_is_an_event_that_rules_can_ask_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
