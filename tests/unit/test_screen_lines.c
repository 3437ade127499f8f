/* Batches of lines, looked at in parts: the same lines are wanted, in their order, however many threads look and whether lines are listed or not. */
#include "random.h"
#include "rules/match.h"
#include "rules/prefilters.h"
#include "src/base/buffer.h"
#include "src/base/digest.h"
#include "src/base/file.h"
#include "src/base/metrics.h"
#include "src/engine/engine_private.h"
#include "src/engine/screen.h"
#include "watchers/line_cut.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOON_MS ((int64_t)1795262400000) /* 2026-11-21 12:00 UTC */
#define LINES_MAX 20000
#define BATCH_BYTES ((size_t)600 << 10) /* ten parts, where there are threads */

/* clang-format off */
#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "watchers:\n"                                                                                  \
    "  - {log: /nowhere/app.log, name: app}\n"                                                     \
    "  - {log: /nowhere/web.log, name: web, format: json}\n"
/* clang-format on */
#define WITH_LITERALS                                                                              \
    "  - {id: oom, on: log, match: '/out of memory: (?<what>\\w+)/', key: [what], clear: {match: " \
    "'/all (?<what>\\w+) is well/'}}\n"                                                            \
    "  - {id: hosts, on: log, match: '/who knows/', key: [host]}\n"                                \
    "  - {id: level, on: log, where: {data.level: fatal}, key: [watcher]}\n"
#define WITHOUT                                                                                    \
    "  - {id: digits, on: log, match: '/7$/', key: [watcher]}\n"                                   \
    "  - {id: empty, on: log, match: '/^$/', key: [watcher]}\n"

struct story {
    char config_path[64];
    struct config *config;
    struct store *store;
    struct engine *engine;
    struct screen *alone, *together; /* one thread, four */
    struct pattern_scratch *scratch;
    struct buffer text;
    struct log_line *lines; /* LINES_MAX */
    size_t n_lines;
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
    snprintf(story->config_path, sizeof story->config_path, "/tmp/test_screen_lines_%ld.yaml",
             (long)getpid());
    assert_int_equal(file_write(story->config_path, SLICE(CONFIG), 0600), RC_OK);
    options.path = story->config_path;
    assert_int_equal(digest_init(), RC_OK);
    assert_int_equal(problems_new(&problems), RC_OK);
    if (config_load(&options, problems, &story->config))
        fail_msg("%.*s", SLICE_ARG(problems_at(problems, 0)->text));
    problems_free(problems);
    assert_int_equal(pattern_scratch_new(&story->scratch), RC_OK);
    assert_int_equal(store_open_memory(&story->store), RC_OK);
    engine_options = (struct engine_options){ .store = story->store,
                                              .config = story->config,
                                              .ruleset = parse("rules:\n" WITH_LITERALS) };
    assert_int_equal(engine_new(&engine_options, &story->engine), RC_OK);
    assert_int_equal(screen_new(story->engine, 1, &story->alone), RC_OK);
    assert_int_equal(screen_new(story->engine, 4, &story->together), RC_OK);
    buffer_init(&story->text, 0);
    story->lines = calloc(LINES_MAX, sizeof *story->lines);
    assert_non_null(story->lines);
    return 0;
}

static int tear_down(void **state)
{
    struct story *story = *state;

    screen_free(story->alone);
    screen_free(story->together);
    engine_free(story->engine);
    store_close(story->store);
    config_free(story->config);
    pattern_scratch_free(story->scratch);
    buffer_free(&story->text);
    free(story->lines);
    unlink(story->config_path);
    free(story);
    return 0;
}

static void reload(struct story *story, const char *rules)
{
    const struct rule_files none = { 0 };
    struct ruleset *before = engine_hold_ruleset(story->engine);
    struct ruleset *after = parse(rules);
    struct buffer summary;

    buffer_init(&summary, 0);
    prefilters_inherit(after, before);
    ruleset_free(before);
    assert_int_equal(engine_reload(story->engine, story->config, after, &none, NOON_MS, &summary),
                     RC_OK);
    buffer_free(&summary);
}

/* -- logs -- */

/* Few lines match; some of them nearly do, are empty, end in CR LF, or cannot be judged. */
static void write_log(struct story *story, uint64_t *random)
{
    static const char *const rare[] = {
        "out of memory: heap",
        "out of memory",
        "all heap is well",
        "who knows",
        "{\"level\":\"fatal\"}",
        "{\"level\":\"f\\u0061tal\"}",
        "{\"level\": \"error\"}",
        "it ended at 7",
        "",
        "\xef\xbb\xbfout of memory: bom",
        "OUT OF MEMORY: x",
        "out of memory: \xff",
    };
    static const char *const ends[] = { "\n", "\n", "\n", "\r\n", "\n\n" };

    story->text.len = 0;
    while (story->text.len < BATCH_BYTES) {
        buffer_format(&story->text, "2026-11-21T11:59:%02u an ordinary line of request %u ",
                      random_pick(random, 60), random_pick(random, 100000));
        if (random_pick(random, 20) == 0)
            buffer_add_text(&story->text, "\n");
        if (random_pick(random, 20) == 0)
            buffer_add_text(&story->text, RANDOM_OF(random, rare));
        buffer_add_text(&story->text, RANDOM_OF(random, ends));
    }
}

static struct log_batch list_lines(struct story *story, const char *watcher)
{
    struct line_cut cut = { .watch = watchers_find_log(story->config->watchers, slice_of(watcher)),
                            .scratch = story->scratch,
                            .bytes = buffer_slice(&story->text),
                            .lines = story->lines,
                            .n_max = LINES_MAX };

    line_cut(&cut);
    assert_int_equal(cut.n_consumed, story->text.len);
    story->n_lines = cut.n_lines;
    return (struct log_batch){ .watch = cut.watch,
                               .path = SLICE("/nowhere/app.log"),
                               .bytes = cut.bytes,
                               .lines = story->lines,
                               .n_lines = cut.n_lines };
}

/* -- what is wanted -- */

/* Every rule asked about every line. */
static void find_by_all(struct story *story, const struct log_batch *batch, struct buffer *offsets,
                        size_t *n_faults)
{
    struct ruleset *set = engine_hold_ruleset(story->engine);
    uint32_t *all = calloc(set->n_rules, sizeof *all);
    struct matcher *matcher = NULL;
    struct arena *arena = NULL;

    assert_non_null(all);
    assert_int_equal(matcher_new(&matcher), RC_OK);
    assert_int_equal(arena_new((size_t)64 << 20, &arena), RC_OK);
    for (uint32_t i = 0; i < set->n_rules; i++)
        all[i] = i;
    for (size_t i = 0; i < batch->n_lines; i++) {
        struct match_list matches;
        struct json *tree = NULL;
        struct event event;

        arena_reset(arena);
        assert_int_equal(log_line_event(batch->watch, batch->path, &batch->lines[i], NOON_MS, arena,
                                        &event, &tree),
                         RC_OK);
        assert_int_equal(match_event_by(matcher, set, &event, all, set->n_rules, arena, &matches),
                         RC_OK);
        if (matches.n_items)
            buffer_format(offsets, "%lld ", (long long)batch->lines[i].offset);
        else
            *n_faults += matches.n_faults;
        json_free(tree);
    }
    matcher_free(matcher);
    arena_free(arena);
    free(all);
    ruleset_free(set);
}

static void assert_wants(struct screen *screen, const struct log_batch *batch,
                         const struct buffer *offsets, size_t n_faults)
{
    const struct log_line *wanted;
    struct screened screened;
    struct buffer got;
    size_t n = 0;

    buffer_init(&got, 0);
    assert_int_equal(screen_batch(screen, batch, NOON_MS, &screened), RC_OK);
    wanted = screened.wanted.items;
    for (size_t i = 0; i < screened.wanted.n_items; i++) {
        const struct log_line *line = &wanted[i];

        buffer_format(&got, "%lld ", (long long)line->offset);
        assert_true(
            slice_eq(line->text, line_at(batch->bytes, batch->offset, (size_t)line->offset).text));
    }
    assert_true(slice_eq(buffer_slice(&got), buffer_slice(offsets)));
    assert_int_equal(screened.n_unwanted, batch->n_lines - screened.wanted.n_items);
    for (size_t i = 0; i < screened.n_faults; i++)
        n += screened.faults[i].n_events;
    assert_int_equal(n, n_faults);
    buffer_free(&got);
}

/* Listed and not, by one and by four. */
static void assert_all_want_the_same(struct story *story, const char *watcher)
{
    struct log_batch batch = list_lines(story, watcher);
    struct buffer offsets;
    size_t n_faults = 0;

    buffer_init(&offsets, 0);
    find_by_all(story, &batch, &offsets, &n_faults);
    assert_true(offsets.len > 0);
    assert_true(n_faults > 0);
    assert_wants(story->alone, &batch, &offsets, n_faults);
    assert_wants(story->together, &batch, &offsets, n_faults);
    batch.lines = NULL;
    assert_wants(story->alone, &batch, &offsets, n_faults);
    assert_wants(story->together, &batch, &offsets, n_faults);
    buffer_free(&offsets);
}

static void the_same_lines_are_wanted_however_many_look(void **state)
{
    struct story *story = *state;
    uint64_t random = random_setting("VEDETTE_SEED", 20260104);

    for (int i = 0; i < 4; i++) {
        reload(story, i % 2 ? "rules:\n" WITH_LITERALS WITHOUT : "rules:\n" WITH_LITERALS);
        write_log(story, &random);
        assert_all_want_the_same(story, i < 2 ? "app" : "web");
    }
}

static void a_batch_may_be_small_or_empty(void **state)
{
    static const char *const texts[] = { "out of memory: a\n", "\n\nout of memory: a\nwho knows\n",
                                         "\r\n", "nothing\n" };
    struct story *story = *state;

    reload(story, "rules:\n" WITH_LITERALS WITHOUT);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct log_batch batch;
        struct buffer offsets;
        size_t n_faults = 0;

        buffer_init(&offsets, 0);
        story->text.len = 0;
        buffer_add_text(&story->text, texts[i]);
        batch = list_lines(story, "app");
        find_by_all(story, &batch, &offsets, &n_faults);
        assert_wants(story->together, &batch, &offsets, n_faults);
        batch.lines = NULL;
        assert_wants(story->together, &batch, &offsets, n_faults);
        buffer_free(&offsets);
    }
}

/* -- rules that none of the literals tell -- */

/* As many rules as one likes, and the work for a line stays that of those that its words name. */
static void r13_of_ten_thousand_rules_few_are_asked_about_a_line(void **state)
{
    const struct prefilter_texts texts = { .kind = { "log", 3 }, .type = { "log.line", 8 } };
    struct candidate_list candidates;
    struct prefilter_scratch *scratch = NULL;
    struct prefilter *prefilter = NULL;
    struct ruleset *set;
    struct buffer rules, log;
    size_t n_always, n_lines = 0;

    (void)state;
    buffer_init(&rules, 0);
    buffer_init(&log, 0);
    buffer_add_text(&rules, "rules:\n");
    for (int i = 0; i < 10000; i++)
        buffer_format(&rules,
                      "  - {id: r%d, on: log, match: '/unit %d failed with code (\\d+)/'}\n", i,
                      10007 * i % 99991);
    for (int i = 0; i < 20000; i++, n_lines++)
        buffer_format(&log, "host%d unit %d %s with code %d\n", i % 7, i * 31 % 99991,
                      i % 10 ? "ended" : "failed", i % 256);
    buffer_add_byte(&rules, '\0');
    set = parse(rules.ptr);
    assert_int_equal(prefilter_new(set, &texts, &prefilter), RC_OK);
    assert_int_equal(prefilter_scratch_new(&scratch), RC_OK);
    (void)prefilter_always(prefilter, &n_always);
    assert_int_equal(n_always, 0);
    assert_int_equal(prefilter_scan_lines(prefilter, buffer_slice(&log), scratch, &candidates),
                     RC_OK);
    print_message("rules asked: %zu for %zu lines\n", candidates.n_items, n_lines);
    assert_true(candidates.n_items > 0);
    assert_true(candidates.n_items < n_lines); /* of 200,000,000 */
    prefilter_scratch_free(scratch);
    prefilter_free(prefilter);
    ruleset_free(set);
    buffer_free(&rules);
    buffer_free(&log);
}

static void r13_a_rule_without_a_literal_is_asked_about_every_line_and_found(void **state)
{
    struct story *story = *state;
    struct log_batch batch;
    struct screened screened;

    reload(story, "rules: [{id: any, on: log, match: '/.*/', key: [watcher]}]");
    buffer_add_text(&story->text, "\na\n\n\xff\nb 7\n");
    batch = list_lines(story, "app");
    assert_int_equal(screen_batch(story->together, &batch, NOON_MS, &screened), RC_OK);
    assert_int_equal(screened.wanted.n_items, 5);
    reload(story, "rules: [{id: digit, on: log, match: '/\\d/', key: [watcher]}]");
    batch.lines = NULL;
    assert_int_equal(screen_batch(story->together, &batch, NOON_MS, &screened), RC_OK);
    assert_int_equal(screened.wanted.n_items, 1);
}

/* -- while rules change -- */

struct reader {
    struct story *story;
    struct log_batch batch;
    size_t n_least, n_most; /* lines that either set wants */
    atomic_bool has_to_end;
    atomic_size_t n_batches, n_wrong;
};

static void *read_on(void *context)
{
    struct reader *reader = context;

    while (!reader->has_to_end) {
        struct screened screened;
        enum rc rc = screen_batch(reader->story->together, &reader->batch, NOON_MS, &screened);

        if (rc || (screened.wanted.n_items != reader->n_least &&
                   screened.wanted.n_items != reader->n_most))
            reader->n_wrong++;
        reader->n_batches++;
    }
    return NULL;
}

/* A batch is looked at by one set from its first line to its last, whichever it is. */
static void rules_change_while_four_threads_look(void **state)
{
    static const char *const sets[] = { "rules:\n" WITH_LITERALS,
                                        "rules:\n" WITH_LITERALS WITHOUT };
    struct story *story = *state;
    struct reader reader = { .story = story };
    uint64_t random = 20260105;
    struct screened screened;
    size_t n_reloads = 0;
    pthread_t thread;

    write_log(story, &random);
    reader.batch = list_lines(story, "app");
    reader.batch.lines = NULL;
    assert_int_equal(screen_batch(story->together, &reader.batch, NOON_MS, &screened), RC_OK);
    reader.n_least = screened.wanted.n_items;
    reload(story, sets[1]);
    assert_int_equal(screen_batch(story->together, &reader.batch, NOON_MS, &screened), RC_OK);
    reader.n_most = screened.wanted.n_items;
    assert_true(reader.n_most > reader.n_least);
    assert_int_equal(pthread_create(&thread, NULL, read_on, &reader), 0);
    while (n_reloads < 40 || reader.n_batches < 40)
        reload(story, sets[n_reloads++ % 2]);
    reader.has_to_end = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
    print_message("%zu batches, %zu reloads\n", (size_t)reader.n_batches, n_reloads);
    assert_int_equal(reader.n_wrong, 0);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        STORY(the_same_lines_are_wanted_however_many_look),
        STORY(a_batch_may_be_small_or_empty),
        STORY(r13_of_ten_thousand_rules_few_are_asked_about_a_line),
        STORY(r13_a_rule_without_a_literal_is_asked_about_every_line_and_found),
        STORY(rules_change_while_four_threads_look),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
