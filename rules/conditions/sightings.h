/* sightings.h - which values a key was seen with, in the order of event time, whatever the order in which they came: the memory of flaps.
 *
 * Exact up to SIGHTINGS_MAX. Beyond, neighbours that say the same are put together under the older one's time: no change is lost while that is
 * enough, else the oldest go. Stored as
 *
 *     u64 each, oldest first: time in ms, value, by, matches (all big-endian)
 */
#pragma once

#include "src/base/arena.h"

#define SIGHTINGS_MAX 10000

#define SIGHTING_BY_NOTHING 0 /* there is no such field: it equals no other, nor itself */

struct sighting {
    int64_t time_ms;
    uint64_t value; /* a digest */
    uint64_t by;    /* likewise */
    uint64_t
        n_matches; /* that it stands for; 0: it only says what the value was: of an event that cleared, or of what has left the window */
};

struct sightings {
    struct sighting *items; /* in the arena that they were read into, with room for one more */
    size_t n_items;
};

/* What is no memory of sightings is an empty one. RC_NO_MEMORY. */
enum rc sightings_take(struct slice state, struct arena *arena,
                       struct sightings *sightings) MUST_CHECK;
enum rc sightings_store(const struct sightings *sightings, struct arena *arena,
                        struct slice *state) MUST_CHECK;

/* Lets go what is `oldest_ms` old or older, but for the newest of it, which says what the value was when the window began. */
void sightings_drop(struct sightings *sightings, int64_t oldest_ms);
/* Only the newest value is left. */
void sightings_rest(struct sightings *sightings);
/* One more, where its time belongs: behind those of the same time, and never before what has left the window. At most once after sightings_take. */
void sightings_add(struct sightings *sightings, const struct sighting *added);
/* True where there were more than SIGHTINGS_MAX. */
bool sightings_coarsen(struct sightings *sightings);
