/* check_lines.h - how lines of logs find their rules, and what rules cost that are tried on every line. */
#pragma once

#include "rules/rule.h"
#include "src/base/buffer.h"

/* For people: how many rules are found by what, and a line for each that no literal finds; for programs: an object for each rule that asks for lines. The cost is measured here and
 * now. RC_NO_MEMORY. */
enum rc check_write_lines(const struct ruleset *ruleset, bool as_json,
                          struct buffer *out) MUST_CHECK;
