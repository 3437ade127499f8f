/* test_filter.h - which tests `--filter` names. */
#pragma once

#include "rules/rule.h"

struct test_filter;

/* `text`: /pattern/flags as rules write it, or text that is looked for whatever its case. Gives a filter; free with test_filter_free. RC_INVALID fills `fault`. */
enum rc test_filter_new(const char *text, struct arena *arena, struct test_filter **filter,
                        struct json_fault *fault) MUST_CHECK;
/* Accepts NULL. */
void test_filter_free(struct test_filter *filter);
/* Is it found in the test's name, in the name of its file, or in the id of a rule that the test names? */
bool test_filter_takes(const struct test_filter *filter, const struct rule_test *test);
