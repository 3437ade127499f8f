/* configured.h - for tests of watchers: a `watchers:` list as it stands in vedette.yaml. */
#pragma once

#include "src/base/document.h"
#include "watchers/watchers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct configured {
    struct arena *arena;
    struct problems *problems;
    struct watchers *watchers;
};

static inline int configured_set_up(void **state)
{
    static struct configured configured;

    configured = (struct configured){ 0 };
    assert_int_equal(arena_new((size_t)64 * 1024 * 1024, &configured.arena), RC_OK);
    assert_int_equal(problems_new(&configured.problems), RC_OK);
    *state = &configured;
    return 0;
}

static inline int configured_tear_down(void **state)
{
    struct configured *configured = *state;

    watchers_free(configured->watchers);
    problems_free(configured->problems);
    arena_free(configured->arena);
    return 0;
}

/* `list` is YAML. */
static inline enum rc configured_load(struct configured *configured, const char *list)
{
    struct node *root;

    assert_int_equal(document_parse(SLICE("vedette.yaml"), slice_of(list), configured->arena,
                                    configured->problems, &root),
                     RC_OK);
    return watchers_load(root, SLICE("/nowhere"), true, configured->arena, configured->problems,
                         &configured->watchers);
}
