/* declared.h - the actions of a small configuration, for tests of what uses them. */
#pragma once

#include "actions/action.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct declared {
    struct arena *arena;
    struct problems *problems;
    struct actions *actions;
};

static const char sample_actions[] =
    "rerun-failed-jobs:\n"
    "  run: [/usr/bin/gh, run, rerun, \"{{run}}\", --failed, \"--repo={{repo}}\"]\n"
    "  params: {run: '/[0-9]+/', repo: '/[A-Za-z0-9][\\w.-]*\\/[A-Za-z0-9][\\w.-]*/'}\n"
    "  effect: external\n"
    "  undo: cancel-run\n"
    "  check: [/usr/bin/gh, auth, status]\n"
    "  env: [HOME, GH_TOKEN]\n"
    "  user: deploy\n"
    "cancel-run:\n"
    "  run: [/usr/bin/gh, run, cancel, \"{{run}}\"]\n"
    "  params: {run: '/[0-9]+/'}\n"
    "  effect: external\n"
    "say:\n"
    "  run: [/bin/echo, \"{{words}}\"]\n"
    "  params: {words: text}\n"
    "  effect: none\n"
    "open-issue:\n"
    "  request:\n"
    "    method: POST\n"
    "    url: \"https://api.example.com:8443/repos/{{repo}}/issues/{{kind}}?q={{title}}&n=1\"\n"
    "    headers: {Authorization: \"Bearer {{secret.github}}\", X-By: vedette}\n"
    "    json: {title: \"{{title}}\", n: 3, ok: true, labels: [\"on {{kind}}\", ci]}\n"
    "  params:\n"
    "    repo: {match: '/[\\w.\\/-]+/', path: true}\n"
    "    kind: '/.*/s'\n"
    "    title: text\n"
    "  effect: external\n";

static inline enum rc declared_load(struct declared *declared, const char *yaml)
{
    static const struct named_secret secrets[] = {
        { .name = { "github", 6 }, .value = { "hush", 4 } },
    };
    struct node *map = NULL;

    assert_int_equal(document_parse(SLICE("vedette.yaml"), slice_of(yaml), declared->arena,
                                    declared->problems, &map),
                     RC_OK);
    return actions_load(map, secrets, 1, declared->arena, declared->problems, &declared->actions);
}

static inline int declared_open(void **state)
{
    static struct declared declared;

    declared = (struct declared){ 0 };
    if (arena_new(32 << 20, &declared.arena) || problems_new(&declared.problems))
        return -1;
    *state = &declared;
    return 0;
}

static inline int declared_open_sample(void **state)
{
    if (declared_open(state))
        return -1;
    return declared_load(*state, sample_actions) ? -1 : 0;
}

static inline int declared_close(void **state)
{
    struct declared *declared = *state;

    actions_free(declared->actions);
    problems_free(declared->problems);
    arena_free(declared->arena);
    return 0;
}

/* What a parameter is given: a template, as a rule file writes it. */
struct given {
    const char *name;
    const char *text;
    size_t len; /* 0: up to the NUL */
};

static inline struct slice given_text(const struct given *given)
{
    return (struct slice){ .ptr = given->text,
                           .len = given->len ? given->len : strlen(given->text) };
}

static inline struct action_use declared_use(struct declared *declared, const char *action,
                                             const struct given *given, size_t n_given)
{
    struct action_use use = { .action = slice_of(action), .n_params = n_given };

    use.params = arena_alloc(declared->arena, n_given + 1, sizeof(*use.params));
    assert_non_null(use.params);
    for (size_t i = 0; i < n_given; i++) {
        struct json_fault fault;

        use.params[i].name = slice_of(given[i].name);
        assert_int_equal(
            template_parse(given_text(&given[i]), declared->arena, &use.params[i].template, &fault),
            RC_OK);
    }
    return use;
}

/* The event's fields: any name of `given`. */
struct event_values {
    const struct given *given;
    size_t n_given;
};

static inline struct slice event_value(void *context, struct slice name)
{
    const struct event_values *values = context;

    for (size_t i = 0; i < values->n_given; i++)
        if (slice_eq(name, slice_of(values->given[i].name)))
            return given_text(&values->given[i]);
    return (struct slice){ 0 };
}

#define assert_slice(slice, text) assert_slice_at(slice, text, __FILE__, __LINE__)
static inline void assert_slice_at(struct slice slice, const char *text, const char *file, int line)
{
    if (slice_eq(slice, slice_of(text)))
        return;
    print_error("got:      %.*s\nexpected: %s\n", SLICE_ARG(slice), text ? text : "(absent)");
    _fail(file, line);
}

static inline void assert_contains(struct slice slice, const char *text)
{
    size_t offset;

    if (slice_find(slice, slice_of(text), &offset) == RC_OK)
        return;
    print_error("got:     %.*s\nwithout: %s\n", SLICE_ARG(slice), text);
    fail();
}
