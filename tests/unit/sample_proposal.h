/* sample_proposal.h - an open proposal with a plan of two steps, for tests of its life. */
#pragma once

#include "actions/proposal.h"
#include "src/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOON_MS ((int64_t)1795262400000) /* 2026-11-21 12:00 UTC */
#define EXPIRES_MS (NOON_MS + 4 * HOUR_MS)

struct sample {
    struct arena *arena;
    struct proposal proposal;
    struct step steps[2];
};

static inline struct slice text_of(const char *text)
{
    return text ? (struct slice){ .ptr = text, .len = strlen(text) } : (struct slice){ 0 };
}

static inline void sample_make(struct sample *sample)
{
    static struct slice argv[2][2] = { { { "/bin/first", 10 }, { "x", 1 } },
                                       { { "/bin/second", 11 }, { "y", 1 } } };
    static const char *const names[] = { "first", "second" };

    for (size_t i = 0; i < 2; i++)
        sample->steps[i] = (struct step){
            .action = text_of(names[i]),
            .argv = { .items = argv[i], .n_items = 2 },
            .effect = EFFECT_WRITE,
            .undo = SLICE("undo-it"),
            .timeout_ms = MINUTE_MS,
        };
    sample->proposal = (struct proposal){
        .id = { { 1 } },
        .short_id = SLICE("kmwrt"),
        .revision = 1,
        .state = PROPOSAL_OPEN,
        .rule = SLICE("ci-main-red"),
        .rule_version = SLICE("v1"),
        .created_ms = NOON_MS,
        .updated_ms = NOON_MS,
        .expires_ms = EXPIRES_MS,
        .expires_after_ms = 4 * HOUR_MS,
        .plan = { .items = sample->steps, .n_items = 2 },
        .hold_ms_page = 10 * SECOND_MS,
        .verify = VERIFY_QUIET,
        .verify_ms = HOUR_MS,
    };
    assert_int_equal(plan_digest(&sample->proposal, sample->arena, &sample->proposal.plan_digest),
                     RC_OK);
}

static inline int sample_open(void **state)
{
    static struct sample sample;

    if (arena_new(8 << 20, &sample.arena))
        return -1;
    sample_make(&sample);
    *state = &sample;
    return 0;
}

static inline int sample_close(void **state)
{
    struct sample *sample = *state;

    arena_free(sample->arena);
    return 0;
}

#define SAMPLE_TEST(test) cmocka_unit_test_setup_teardown(test, sample_open, sample_close)

#define assert_slice(slice, text) assert_slice_at(slice, text, __FILE__, __LINE__)
static inline void assert_slice_at(struct slice slice, const char *text, const char *file, int line)
{
    if (slice_eq(slice, text_of(text)))
        return;
    print_error("got:      %.*s\nexpected: %s\n", SLICE_ARG(slice), text ? text : "(absent)");
    _fail(file, line);
}
