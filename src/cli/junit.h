/* junit.h - results of tests as JUnit XML, as GitLab, Jenkins and the actions of GitHub read it.
 *
 *   <testsuites name="vedette" tests="3" failures="1" time="0.012">
 *     <testsuite name="rules.d/ci.yaml" tests="3" failures="1" errors="0" skipped="0" time="0.012">
 *       <testcase classname="rules.d/ci.yaml" name="…" file="rules.d/ci.yaml" line="12" time="0.004">
 *         <failure message="…" type="failure">…</failure>
 *
 * GitLab shows `classname` as the suite and the text of `failure`, never its message; so that text is whole. Any text makes valid XML 1.0: what may not stand in it (control characters, bytes
 * that are not UTF-8, U+FFFE) is written as "\x1b". */
#pragma once

#include "src/base/buffer.h"

struct junit {
    struct buffer done, suite; /* suites that are whole; testcases of the one that is not */
    struct slice name;         /* of the one that is not; absent: none */
    size_t n_tests, n_failures, n_all_tests, n_all_failures;
    int64_t us, all_us;
};

void junit_init(struct junit *junit);
void junit_free(struct junit *junit);
/* The next suite begins; `name` is kept. */
void junit_begin_suite(struct junit *junit, struct slice name);

struct junit_case {
    struct slice file, name;
    uint32_t line;
    int64_t took_us;
    bool passed;
    struct slice message; /* of a failure: one line */
    struct slice text;    /* all of it */
};
void junit_add_case(struct junit *junit, const struct junit_case *result);
/* The whole document. RC_NO_MEMORY. */
enum rc junit_write(struct junit *junit, struct buffer *out) MUST_CHECK;
