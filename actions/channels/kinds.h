/* kinds.h - the kinds of channels where nobody decides: a message that links to the page. Each is a file of its name, with what the service promises at its head. */
#pragma once

#include "actions/channels/channel.h"

extern const struct channel_kind channel_mattermost;
extern const struct channel_kind channel_discord;
extern const struct channel_kind channel_teams;
extern const struct channel_kind channel_telegram;
extern const struct channel_kind channel_email;
