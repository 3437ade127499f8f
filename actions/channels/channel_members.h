/* channel_members.h - the members of one of `channels:`: those that all kinds have, and the kind's own, which it reads itself.
 *
 *   kind · rules · severity · fallback · standby */
#pragma once

#include "actions/channels/channel.h"
#include "src/base/shape.h"

/* What may stand in a channel of that kind: a map, whose `kind` is one of `kinds`. RC_NO_MEMORY. */
enum rc channel_members_shape(const struct channel_kind *kind, const struct shape *kinds,
                              struct arena *arena, struct shape *shape) MUST_CHECK;

/* Reads `map` into the channel, whose name and kind are set. Goes on after a problem. RC_INVALID after adding to the problems. */
enum rc channel_members_load(const struct node *map, const struct channel_place *where,
                             struct channel *channel) MUST_CHECK;
