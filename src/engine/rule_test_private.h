/* rule_test_private.h - a rule test between reading and running it. */
#pragma once

#include "src/base/clock.h"
#include "src/base/settings.h"
#include "src/engine/rule_test.h"

#include <string.h>

/* When every test begins: a Thursday at midnight, so that nothing depends on the day it runs. */
#define TEST_BEGIN_MS ((int64_t)1767225600000) /* 2026-01-01T00:00:00Z */

enum test_event_kind { TEST_FIELDS, TEST_HOOK, TEST_DECIDE, TEST_STEP };

struct test_event {
    enum test_event_kind kind;
    const struct node *node;
    int64_t at_ms; /* from the beginning of the test */
    /* TEST_HOOK */
    struct slice hook;
    struct node *headers;
    struct slice file;
    struct node *body;
    /* TEST_DECIDE */
    int verdict;
    struct slice by;
    struct slice reason;
    int64_t for_ms;
    /* TEST_STEP */
    int step; /* 0 ok, 1 failed, 2 unknown */
};

struct expected_proposal {
    struct slice title;
    struct slice_list plan;
    int64_t signals;  /* that it is about; -1: not said */
    int64_t revision; /* -1: not said */
    int state;        /* -1: not said */
    struct slice severity;
};

struct expectation {
    const struct node *node;
    int64_t at_ms; /* -1: not said */
    struct slice rule;
    struct node *key;
    int state;     /* enum signal_state; -1: not said */
    int64_t count; /* -1: not said */
    struct node *proposal;
    struct expected_proposal wanted; /* when `proposal` */
    int64_t n_proposals;             /* -1: not said */
};

struct rule_test_text {
    struct slice name;
    struct node *with;
    struct node *events_node, *expect_node;
    int64_t until_ms;
    struct test_event *events;
    size_t n_events;
    struct expectation *expectations;
    size_t n_expectations;
};

/* rule_test_read.c */
enum rc rule_test_read(const struct rule_test *test, struct arena *arena, struct problems *problems,
                       struct rule_test_text *text) MUST_CHECK;
/* The event object of a TEST_FIELDS event: `with` and its own members, its own first. */
enum rc rule_test_event_json(const struct rule_test_text *text, const struct test_event *event,
                             struct buffer *json) MUST_CHECK;

/* rule_test_expect.c: compares what happened; appends a line for each difference. */
enum rc rule_test_compare(const struct rule_test_text *text, struct simulation *simulation,
                          struct arena *arena, struct buffer *failure) MUST_CHECK;
