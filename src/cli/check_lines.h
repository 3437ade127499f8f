/* check_lines.h - how lines of logs and journals find their rules, and what rules cost that are tried on every line. */
#pragma once

#include "rules/rule.h"
#include "src/base/buffer.h"
#include "watchers/watchers.h"

/* Of the lines that `watchers` read, and those of a log that says nothing else. A rule is told once, by what costs most. For people: how many rules are found by what, and a line for each that no literal finds; for programs: an object for each rule that asks for lines. The cost is measured here and
 * now, for half a second in all: beyond that none is told. RC_NO_MEMORY. */
enum rc check_write_lines(const struct ruleset *ruleset, const struct watchers *watchers,
                          bool as_json, struct buffer *out) MUST_CHECK;
