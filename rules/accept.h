/* accept.h - `# accept: NAME, NAME` in a rule file: a warning of that name, told of this line or the next, is meant so. */
#pragma once

#include "rules/load.h"

/* Is the warning `name` at `mark` accepted in the text of its file? */
bool accept_has(const struct rule_files *files, struct mark mark, const char *name);
