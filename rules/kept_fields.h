/* kept_fields.h - what a signal keeps of its events, as far as its rule tells: what a silence or maintenance may ask for in `where`. */
#pragma once

#include "rules/rule.h"

bool rule_keeps_field(const struct rule *rule, struct slice field);
/* May a signal of one of these rules have such a field? */
bool ruleset_keeps_field(const struct ruleset *ruleset, struct slice field);
