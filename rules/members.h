/* members.h - the members that stand in one place of a rule file: those that work, and those that this version does not have yet.
 *
 * The rule language has more than there is here. What is not there yet is refused as such, not as unknown: nobody should look
 * for a typing error that is none. */
#pragma once

#include "src/base/settings.h"

struct member_table {
    const struct setting *settings;
    size_t n_settings;
    const char *const *not_yet; /* NULL-ended; NULL: none */
};

/* settings_read, after refusing what is not there yet. RC_INVALID after adding a problem. */
enum rc members_read(const struct member_table *table, const struct node *map, struct arena *arena,
                     struct problems *problems, void *target) MUST_CHECK;
