#include "src/base/clock.h"
#include "watchers/log_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena *arena;
static struct problems *problems;

static int set_up(void **state)
{
    (void)state;
    return arena_new(1 << 20, &arena) || problems_new(&problems);
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    problems_free(problems);
    return 0;
}

static void show_problems(void)
{
    for (size_t i = 0; problems_at(problems, i); i++)
        print_message("# %.*s\n", SLICE_ARG(problems_at(problems, i)->text));
}

static enum rc load(const char *yaml, struct log_watch *watch)
{
    const struct watcher_place place = { .base_dir = SLICE("/etc/vedette") };
    struct node *root = NULL;
    enum rc rc;

    assert_int_equal(document_parse(SLICE("x.yaml"), slice_of(yaml), arena, problems, &root),
                     RC_OK);
    rc = log_watch_load(root, &place, arena, problems, watch);
    show_problems();
    return rc;
}

static void a_path_is_enough(void **state)
{
    struct log_watch watch;

    (void)state;
    assert_int_equal(load("log: app.log", &watch), RC_OK);
    assert_true(slice_eq(watch.name, SLICE("log")));
    assert_int_equal(watch.paths.n_items, 1);
    assert_true(slice_eq(watch.paths.items[0], SLICE("/etc/vedette/app.log")));
    assert_false(watch.is_stdin || watch.from_beginning);
    assert_null(watch.multiline.first);
    assert_null(watch.multiline.continuation);
    assert_int_equal(watch.max_line_bytes, 65536);
    assert_int_equal(watch.last_line_ms, 10 * SECOND_MS);
    assert_int_equal(watch.scan_ms, 0);
    assert_int_equal(watch.format, LINE_TEXT);
    assert_true(slice_eq(log_watch_kind(&watch), SLICE("log")));
    assert_true(slice_eq(log_watch_type(&watch), SLICE("log.line")));
    log_watch_free(&watch);
}

static void every_member_is_read(void **state)
{
    struct log_watch watch;

    (void)state;
    assert_int_equal(load("log: [/a/*.log, b.log]\n"
                          "name: app\n"
                          "exclude: ['*.gz']\n"
                          "rotated: '*.log.*'\n"
                          "start: beginning\n"
                          "encoding: utf-8\n"
                          "format: json\n"
                          "time: received\n"
                          "multiline: {continuation: '/^\\s/', lines: 7, bytes: 1KB, wait: 2s}\n"
                          "max_line: 1KB\n"
                          "last_line: 1m\n"
                          "context: 3\n"
                          "scan: 2s\n"
                          "silent: 1h\n"
                          "lateness: 1m\n"
                          "kind: alert\n",
                          &watch),
                     RC_OK);
    assert_int_equal(watch.paths.n_items, 2);
    assert_int_equal(watch.exclude.n_items, 1);
    assert_int_equal(watch.rotated.n_items, 1);
    assert_true(watch.from_beginning);
    assert_int_equal(watch.format, LINE_JSON);
    assert_non_null(watch.multiline.continuation);
    assert_true(watch.multiline.max_lines == 7 && watch.multiline.max_bytes == 1024);
    assert_true(watch.multiline.wait_ms == 2000 && watch.max_line_bytes == 1024);
    assert_true(watch.last_line_ms == MINUTE_MS && watch.context == 3 && watch.scan_ms == 2000);
    assert_true(watch.silent_ms == HOUR_MS && watch.lateness_ms == MINUTE_MS);
    assert_true(slice_eq(log_watch_kind(&watch), SLICE("alert")));
    log_watch_free(&watch);
}

/* Else rules would be asked by another type than that of an event. */
static void a_constant_is_as_long_as_its_events_have_it(void **state)
{
    const struct log_line line = { .text = SLICE("x") };
    struct log_watch watch;
    struct slice yaml;
    struct event event;
    struct json *tree;

    (void)state;
    assert_int_equal(arena_format(arena, &yaml, "{log: a.log, type: a%01200d}", 7), RC_OK);
    assert_int_equal(load(yaml.ptr, &watch), RC_OK);
    assert_int_equal(log_line_event(&watch, (struct slice){ 0 }, &line, 1, arena, &event, &tree),
                     RC_OK);
    assert_int_equal(event.fields[FIELD_TYPE].len, 1024);
    assert_true(slice_eq(log_watch_type(&watch), event.fields[FIELD_TYPE]));
    json_free(tree);
    log_watch_free(&watch);
}

static void standard_input_is_a_dash_or_a_member_of_its_own(void **state)
{
    static const char *const yamls[] = { "log: '-'", "stdin: true" };
    struct log_watch watch;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(load(yamls[i], &watch), RC_OK);
        assert_true(watch.is_stdin && !watch.paths.n_items);
        log_watch_free(&watch);
    }
}

static void a_mistake_is_told_with_what_is_allowed(void **state)
{
    static const struct {
        const char *yaml, *problem;
    } cases[] = {
        { "name: app", "`log` needs a path" },
        { "log: []", "`log` needs a path" },
        { "log: ''", "empty path" },
        { "log: [/a, '-']", "standard input (`-`) is a watcher of its own" },
        { "log: /a\nstrat: end", "start" },
        { "log: /a\nstart: middle", "beginning" },
        { "log: /a\nencoding: latin1", "utf-8" },
        { "log: /a\nformat: xml", "logfmt" },
        { "log: /a\nname: A B", "name" },
        { "log: /a\nmax_line: 1MB", "max_line" },
        { "log: /a\nmax_line: 10B", "max_line" },
        { "log: /a\nlast_line: 1ms", "last_line" },
        { "log: /a\ncontext: 101", "context" },
        { "log: /a\nscan: 10", "scan" },
        { "log: /a\ntime: never", "time" },
        { "log: /a\nmultiline: {}", "multiline" },
        { "log: /a\nmultiline: {lines: 3}", "`first`" },
        { "log: /a\nmultiline: {first: '/a/', continuation: '/b/'}", "`first`" },
        { "log: /a\nmultiline: {first: 'a'}", "slashes" },
        { "log: /a\nmultiline: {first: '/(/'}", "parenthesis" },
        { "log: /a\nmultiline: {first: [a]}", "slashes" },
        { "log: /a\nmultiline: {first: '/a/', wait: 1h}", "wait" },
        { "log: /a\nkind: vedette.x", "vedette" },
    };
    struct log_watch watch;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice text;
        size_t offset;

        problems_clear(problems);
        assert_int_equal(load(cases[i].yaml, &watch), RC_INVALID);
        assert_true(problems_count(problems, PROBLEM_ERROR) >= 1);
        text = problems_at(problems, 0)->text;
        print_message("# %s\n#   -> %.*s\n", cases[i].yaml, SLICE_ARG(text));
        assert_int_equal(slice_find(text, slice_of(cases[i].problem), &offset), RC_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_enough),
        cmocka_unit_test(every_member_is_read),
        cmocka_unit_test(a_constant_is_as_long_as_its_events_have_it),
        cmocka_unit_test(standard_input_is_a_dash_or_a_member_of_its_own),
        cmocka_unit_test(a_mistake_is_told_with_what_is_allowed),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
