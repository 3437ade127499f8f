/* test_coverage.h - which rules and which of their clauses no test exercised. */
#pragma once

#include "src/cli/command.h"
#include "src/engine/rule_test.h"

struct test_coverage {
    size_t n_rules, n_fired;
    size_t n_parts, n_exercised; /* patterns, clauses, branches, ends of signals, … */
};

/* What is missing of the rules of one file, a line each (for people: file:line:column), and adds them up in `all`. Nothing where all is exercised. */
void test_coverage_add(const struct rule_test_suite *suite, bool as_json, struct test_coverage *all,
                       struct buffer *out);
/* The line of the sum. */
void test_coverage_sum(const struct test_coverage *all, bool as_json, struct buffer *out);
bool test_coverage_is_whole(const struct test_coverage *all);
