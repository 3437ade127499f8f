/* time_zone.h - what a clock on the wall shows, as UTC.
 *
 * GLib stops here. A zone is read once, as a table of the moments at which its offset changes, and never changes
 * afterwards: any thread may use it, and a change of the machine's zone counts at the next reload. The table reaches from 1970 to
 * 2100; before and after it the offset at its end holds.
 *
 * A time that the clocks skip (02:30 when they go from 02:00 to 03:00) counts as if they had not gone yet: it is the moment at
 * which the wall shows 03:30. A time that they show twice is the first of the two. */
#pragma once

#include "src/base/arena.h"

struct time_zone;

/* The zone of an IANA name (Europe/Berlin, UTC, EST5EDT) or a fixed offset (+02:00), in `arena`. RC_NOT_FOUND: no such zone on
 * this machine; a misspelt name is never UTC, nor a rule made up from it. */
enum rc time_zone_find(struct slice name, struct arena *arena,
                       const struct time_zone **zone) MUST_CHECK;
/* This machine's: that of TZ or of /etc/localtime; where neither says one, UTC. */
enum rc time_zone_local(struct arena *arena, const struct time_zone **zone) MUST_CHECK;
/* `wall_ms` is what the wall shows, counted as if it were UTC (time_of_date and the time of day). */
int64_t time_zone_to_utc(const struct time_zone *zone, int64_t wall_ms);
/* The other way: what the wall shows at a moment. */
int64_t time_zone_to_wall(const struct time_zone *zone, int64_t utc_ms);
/* The first moment after `utc_ms` at which the clocks change; INT64_MAX: they do not any more. */
int64_t time_zone_next_change_ms(const struct time_zone *zone, int64_t utc_ms);
