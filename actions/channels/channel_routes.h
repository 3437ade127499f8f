/* channel_routes.h - `routes:` of a channel that has several conversations: the first that fits says where a proposal goes.
 *
 *   routes: [{rules: [ci-*], channel: C1}, {groups: [oncall], channel: C2}]
 *
 * A route is for rules (ids and globs), for approvers (groups and people), or for both at once. */
#pragma once

#include "actions/channels/channel.h"
#include "src/base/shape.h"

/* Lists of them, by what a conversation is called. */
extern const struct shape routes_to_channels, routes_to_chats;

/* Reads `list` (NULL: none), of that shape, into the channel. `check` adds a problem for one that can be none. RC_INVALID after
 * adding to the problems. */
enum rc channel_routes_load(const struct node *list, const struct shape *shape,
                            enum rc (*check)(const struct node *place, struct problems *problems),
                            const struct channel_place *where, struct channel *channel) MUST_CHECK;
