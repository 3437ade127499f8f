/* pair.h - how followed_by and not_followed_by are written: the rule's own filter, then a FILTER. */
#pragma once

#include "rules/conditions/steps.h"

/* Their members; the first is named as the condition is. */
extern const struct shape pair_members;
/* Two steps, of the set; NULL when memory is out. Adds what is wrong to the reading's problems. `repeat`: what it is by default. */
struct steps *read_pair(struct rule_reading *reading, const struct node *when, const char *name,
                        enum steps_repeat repeat);
