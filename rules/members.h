/* members.h - the members that stand in one place of a rule file: those that work, and those that this version does not have yet.
 *
 * The rule language has more than there is here. What is not there yet is refused as such, not as unknown: nobody should look
 * for a typing error that is none. */
#pragma once

#include "src/base/settings.h"

/* settings_read by the rows of `shape`, a map, after refusing what is not there yet. RC_INVALID after adding a problem. */
enum rc members_read(const struct shape *shape, const struct node *map, struct arena *arena,
                     struct problems *problems, void *target) MUST_CHECK;
