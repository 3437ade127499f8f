/* rule_test.h - the `tests:` of rule files, run in virtual time through the engine (RULES.md says how they are written). */
#pragma once

#include "src/engine/simulation.h"

struct rule_test_report {
    struct slice file;
    uint32_t line;
    struct slice name;
    bool passed;
    struct slice failure; /* lines: what was expected, what came instead; absent when it passed */
};

/* Runs one test over a rule set of its own, made from `files`. What is wrong with the test itself (an unknown member) goes to `problems` and fails it. */
enum rc rule_test_run(const struct config *config, const struct rule_files *files,
                      const struct rule_test *test, struct arena *arena, struct problems *problems,
                      struct rule_test_report *report) MUST_CHECK;
