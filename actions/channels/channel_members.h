/* channel_members.h - the members of one of `channels:`: those that all kinds have, and the kind's own, which it reads itself.
 *
 *   kind · rules · severity · fallback · standby */
#pragma once

#include "actions/channels/channel.h"

/* Reads `map` into the channel, whose name and kind are set. Goes on after a problem. RC_INVALID after adding to the problems. */
enum rc channel_members_load(const struct node *map, const struct channel_place *where,
                             struct channel *channel) MUST_CHECK;
