/* counters.h - counters begin at 0 where rules and configuration say what they will count.
 *
 * Else the first of something, after a start, is a series that was not there before: rate() and increase() miss it, and an alert on the first refused delivery never fires. */
#pragma once

#include "src/config/config.h"

/* After a start or a reload: what has counted goes on as it stands. */
void counters_begin(const struct config *config, const struct ruleset *ruleset);
