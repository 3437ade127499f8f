/* rule_test_private.h - a rule test between reading it, running it and comparing what came.
 *
 * rule_test_suite.c    which rules the tests of a file run over
 * rule_test_read.c     a test, as it is written
 * rule_test_events.c   its events, as they are written
 * rule_test_expect.c   its expectations, as they are written
 * rule_test_check.c    those of a whole set, for who only wants to know what is wrong
 * rule_test_play.c     its events, one after the other, through the simulation
 * rule_test_receive.c  those of watchers: fields, deliveries, lines
 * rule_test_seen.c     what changed, right after it did
 * rule_test_fit.c      does a change fit an expectation, member by member
 * rule_test_show.c     values as rule files write them
 * rule_test_compare.c  all changes beside all expectations
 * rule_test_tell.c     what came, and why something did not */
#pragma once

#include "rules/match.h"
#include "src/base/clock.h"
#include "src/base/settings.h"
#include "src/engine/rule_test.h"

#include <string.h>

/* When a test begins that does not say: a Thursday at midnight, so that nothing depends on the day it runs. */
#define TEST_BEGIN_MS ((int64_t)1767225600000) /* 2026-01-01T00:00:00Z */

#define RULE_TEST_MAX_CHANGES 10000 /* of signals and proposals, in one test */

#define COUNT(table) (sizeof(table) / sizeof *(table))

enum test_event_kind {
    TEST_FIELDS,
    TEST_HOOK,
    TEST_LOG,
    TEST_DECIDE,
    TEST_STEP,
    TEST_CHECK,
    TEST_NOTICE,
    TEST_RESOLVE
};

struct test_event {
    enum test_event_kind kind;
    const struct node *node;
    int64_t at_ms; /* from the beginning of the test */
    /* TEST_HOOK, TEST_LOG */
    struct slice source; /* name of the watcher, or of the sender */
    struct node *headers;
    struct slice file;
    struct node *body;
    struct slice line;
    struct slice fixture; /* what stands in `file`; absent: none is named */
    /* TEST_DECIDE; TEST_RESOLVE has `by`, `rule` and `key` */
    int verdict;
    struct slice by, via;
    struct slice reason, note;
    int64_t for_ms;
    struct slice rule;
    struct node *key;
    int64_t step_number; /* of an edit, from 1 */
    struct node *with;   /* of an edit: its parameters */
    struct slice settle;
    /* TEST_STEP, TEST_CHECK */
    int outcome; /* 0 ok, 1 failed, 2 unknown */
    /* TEST_NOTICE */
    int notice; /* enum watcher_state */
    struct slice watcher;
};

struct expected_proposal {
    struct slice title;
    struct node *plan;
    int64_t signals; /* that it is about; -1: not said, as below */
    int64_t revision;
    int state;
    int severity;
    struct slice question, outcome, refused;
    struct node *key;
    int64_t expires_ms;
};

struct expectation {
    const struct node *node;
    int64_t at_ms; /* -1: not said, as below */
    struct slice rule;
    struct node *key;
    int state; /* enum signal_state */
    int64_t count;
    struct slice title;
    int severity;
    struct node *fields;
    struct node *proposal;
    struct expected_proposal wanted; /* when `proposal` */
    int64_t n_proposals;
    int64_t n_signals;
};

struct rule_test_text {
    struct slice name;
    struct node *with;
    struct node *events_node, *expect_node;
    struct slice begin;
    int64_t begin_ms; /* wall clock */
    int64_t until_ms;
    struct test_event *events;
    size_t n_events;
    struct expectation *expectations;
    size_t n_expectations;
};

/* What a test is read beside. */
struct rule_test_reading {
    const struct rule_test *test;
    const struct ruleset *ruleset;   /* all rules: names are looked up in it */
    const struct watchers *watchers; /* NULL: what is configured is not known */
    struct arena *arena;
    struct problems *problems;
};

/* One change of a signal or a proposal, and how it stood right after. */
struct change_seen {
    bool is_proposal;
    int64_t at_ms;                  /* from the beginning of the test */
    const struct test_event *cause; /* NULL: time passed */
    struct slice rule;
    struct slice state;
    const struct json *json; /* as the feed tells it */
    struct slice_list key;
    struct signal *signal;               /* of a signal; NULL: it is gone */
    struct proposal *proposal;           /* of a proposal */
    struct slice question;               /* of the proposal's task */
    bool is_opening;                     /* the first one told of a proposal */
    const struct expectation *taken;     /* by this one; NULL: by none */
    const struct expectation *asked_for; /* whose place was looked for last */
};

/* An event as the rules saw it. */
struct event_heard {
    const struct test_event *cause; /* NULL: time passed */
    struct event event;
};

/* A test that runs. */
struct test_run {
    struct rule_test_suite *suite;
    const struct rule_test *test;
    struct rule_test_text text;
    struct simulation *simulation;
    struct arena *arena;
    struct problems *problems;
    const struct test_event *current; /* NULL: time passes */
    uint64_t n_received;
    uint64_t feed_seq;
    uint64_t n_entries; /* of the journal, that were heard */
    enum rc seen_rc;    /* of noting what changed */
    struct change_seen *seen;
    size_t n_seen;
    struct event_heard *heard;
    size_t n_heard;
    struct json **trees; /* freed at the end */
    size_t n_trees;
    struct rule_test_failure *failures;
    size_t n_failures;
};

struct rule_test_suite {
    const struct config *config;
    struct config senders; /* the same, with a webhook for each sender and without a budget */
    const struct ruleset *all;
    struct ruleset *ruleset; /* those of the tests */
    struct slice file;
    struct map *names; /* of rules that count: of the file, or named by its tests */
    struct arena *arena;
    struct matcher *matcher;
    struct arena *scratch;
    struct rule_coverage *coverage;
    size_t n_coverage;
};

/* -- rule_test_suite.c -- */

/* Is what this rule does looked at? */
bool rule_test_looks_at(const struct rule_test_suite *suite, struct slice rule);

/* -- what may stand there: the time since the beginning, one event, the fields that all have, one expectation -- */

extern const struct shape shape_moment, shape_test_event, shape_test_fields, shape_expectation;

/* -- rule_test_read.c, rule_test_events.c, rule_test_expect.c: go on after a mistake, so that one run shows all. RC_INVALID after adding to the problems. -- */

enum rc rule_test_read(const struct rule_test_reading *reading,
                       struct rule_test_text *text) MUST_CHECK;
/* One event, which comes with the one before (`last_ms`) unless it says when. */
enum rc rule_test_read_event(const struct rule_test_reading *reading, const struct node *node,
                             int64_t last_ms, struct test_event *event) MUST_CHECK;
/* The fields that all events have; NULL: none. */
enum rc rule_test_check_with(const struct rule_test_reading *reading,
                             const struct node *with) MUST_CHECK;
enum rc rule_test_read_expectations(const struct rule_test_reading *reading,
                                    struct rule_test_text *text) MUST_CHECK;
/* `at: 0` needs no unit: nothing is nothing in any. The members but for such an `at`; NULL: no memory. */
const struct node *rule_test_without_zero(const struct node *map, struct arena *arena);
/* Is there such a rule? Else adds a problem at `at`. `name` absent: nobody asks. */
bool rule_test_knows_rule(const struct rule_test_reading *reading, struct slice name,
                          const struct node *at);
/* The texts of a list, or one text. Lives in `arena`. */
enum rc rule_test_texts(const struct node *node, struct arena *arena,
                        struct slice_list *texts) MUST_CHECK;
/* The event object of a TEST_FIELDS event: `with` and its own members, its own first. */
enum rc rule_test_event_json(const struct rule_test_text *text, const struct test_event *event,
                             struct buffer *json) MUST_CHECK;

/* -- rule_test_play.c -- */

enum rc rule_test_play(struct test_run *run) MUST_CHECK;
/* When the event comes, on the wall clock. */
int64_t rule_test_now(const struct test_run *run, const struct test_event *event);

/* -- rule_test_receive.c: RC_INVALID after adding to the problems -- */

enum rc rule_test_receive_fields(struct test_run *run, const struct test_event *event) MUST_CHECK;
/* What its door refuses, and what no rule can go by, fails the test. */
enum rc rule_test_receive_hook(struct test_run *run, const struct test_event *event) MUST_CHECK;
enum rc rule_test_receive_log(struct test_run *run, const struct test_event *event) MUST_CHECK;

/* -- rule_test_seen.c -- */

/* What changed since it was called last. */
enum rc rule_test_look(struct test_run *run) MUST_CHECK;
/* Keeps the events that came in since it was called last, as the rules saw them. */
enum rc rule_test_hear(struct test_run *run) MUST_CHECK;

/* -- rule_test_fit.c -- */

/* Is the expectation one about a signal that changes (and not about a proposal, nor a number)? */
bool rule_test_is_about_signal(const struct expectation *wanted);
/* Does `got` fit in all members that `wanted` names? */
bool rule_test_fits(const struct expectation *wanted, const struct change_seen *got);
/* How near it comes; 0: not at all. */
unsigned rule_test_nearness(const struct expectation *wanted, const struct change_seen *got);
/* `got` as an expectation would be written, with the members that `wanted` (NULL: nobody) names beside the usual ones. */
void rule_test_show_change(const struct expectation *wanted, const struct change_seen *got,
                           struct buffer *out);
/* "count: 3 expected, 2 came; …" */
void rule_test_show_differences(const struct expectation *wanted, const struct change_seen *got,
                                struct buffer *out);

/* -- rule_test_show.c: in one line, as a rule file would have it -- */

void rule_test_show_value(struct slice text, struct buffer *out); /* absent: "nothing" */
void rule_test_show_list(const struct slice_list *list, struct buffer *out);
void rule_test_show_span(int64_t ms, struct buffer *out);
void rule_test_show_node(const struct node *node, struct buffer *out);

/* -- rule_test_compare.c: adds a failure for each difference -- */

enum rc rule_test_compare(struct test_run *run) MUST_CHECK;

/* -- rule_test_tell.c -- */

/* Copies the failure's texts; beyond 200 nothing is added. */
enum rc rule_test_fail(struct test_run *run, const struct rule_test_failure *failure) MUST_CHECK;
enum rc rule_test_fail_at(struct test_run *run, const struct node *node, const char *format,
                          ...) MUST_CHECK __attribute__((format(printf, 3, 4)));
/* Lines about what came, and for each rule that an unmet expectation names, why it did not do more. */
enum rc rule_test_tell(struct test_run *run, struct slice *text) MUST_CHECK;
