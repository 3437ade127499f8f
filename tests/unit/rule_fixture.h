/* rule_fixture.h - rules from text, events from JSON, signals in memory: what the tests of rules/ share. */
#pragma once

#include "rules/fold.h"
#include "rules/load.h"
#include "src/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* -- loading -- */

static inline enum rc parse_files(struct rule_file *files, size_t n_files, struct ruleset **set,
                                  struct buffer *said)
{
    struct rule_files all = { .files = files, .n_files = n_files };
    struct problems *problems = NULL;
    enum rc rc;

    assert_int_equal(problems_new(&problems), RC_OK);
    rc = ruleset_parse(&all, problems, set);
    buffer_init(said, 0);
    problems_format(problems, said);
    buffer_add_byte(said, '\0');
    problems_free(problems);
    return rc;
}

static inline enum rc parse_rules(const char *text, struct ruleset **set, struct buffer *said)
{
    struct rule_file file = { .name = SLICE("t.yaml"), .text = slice_of(text) };

    return parse_files(&file, 1, set, said);
}

/* A set that must load; free with ruleset_free. */
static inline struct ruleset *rules_of(const char *text)
{
    struct ruleset *set = NULL;
    struct buffer said;
    enum rc rc = parse_rules(text, &set, &said);

    if (rc)
        print_message("%s", said.ptr);
    assert_int_equal(rc, RC_OK);
    buffer_free(&said);
    return set;
}

/* The same with what was written. */
static inline struct ruleset *rules_to_show(const char *text)
{
    struct rule_file file = { .name = SLICE("t.yaml"), .text = slice_of(text) };
    struct rule_files files = { .files = &file, .n_files = 1 };
    struct problems *problems = NULL;
    struct ruleset *set = NULL;

    assert_int_equal(problems_new(&problems), RC_OK);
    assert_int_equal(ruleset_parse_to_show(&files, problems, &set), RC_OK);
    problems_free(problems);
    return set;
}

/* -- events -- */

struct told {
    struct event event;
    struct json *root;
    struct arena *arena;
};

/* An event of a watcher; free with told_free. `json` in single quotes: {'kind':'alert'}. */
static inline struct told told_of(const char *json)
{
    struct told told = { 0 };
    struct json_fault fault;
    struct slice copy;
    char *text;

    assert_int_equal(arena_new((size_t)8 << 20, &told.arena), RC_OK);
    assert_int_equal(arena_copy(told.arena, slice_of(json), &copy), RC_OK);
    text = arena_alloc(told.arena, copy.len + 1, 1);
    assert_non_null(text);
    for (size_t i = 0; i < copy.len; i++)
        text[i] = copy.ptr[i] == '\'' ? '"' : copy.ptr[i];
    assert_int_equal(json_parse(slice_of(text), JSON_LIMITS_DEFAULT, &told.root, &fault), RC_OK);
    assert_int_equal(event_read_json(told.root, told.arena, &told.event), RC_OK);
    return told;
}

static inline void told_free(struct told *told)
{
    json_free(told->root);
    arena_free(told->arena);
}

static inline void assert_slice(struct slice got, const char *expected)
{
    if (!slice_eq(got, slice_of(expected)))
        print_message("got `%.*s`, expected `%s`\n", (int)got.len, got.ptr ? got.ptr : "(absent)",
                      expected ? expected : "(absent)");
    assert_true(slice_eq(got, slice_of(expected)));
}
