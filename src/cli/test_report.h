/* test_report.h - how the result of one rule test is told: to people, and as JSON. */
#pragma once

#include "src/cli/command.h"
#include "src/engine/rule_test.h"

/* All that is to be said of a failed test, without its name: places, what was expected and what came. */
void test_report_text(const struct rule_test_report *report, struct buffer *out);
/* The same behind its place and name; nothing of a test that passed. */
void test_report_for_people(const struct screen *screen, const struct rule_test_report *report,
                            struct buffer *out);
/* One line: {"file","line","column","name","passed","seconds","failure","failures":[…]}. */
void test_report_as_json(const struct rule_test_report *report, int64_t took_us,
                         struct buffer *out);
