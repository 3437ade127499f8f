/* channels.h - the configured channels: where proposals are posted, and which of them get which.
 *
 *   channels:
 *     slack: {token_file: …, signing_secret_file: …, channel: C0123456789, routes: [{rules: [ci-*], channel: C1}, {groups: [oncall], channel: C2}]}
 *     mail: {kind: email, url: "smtps://mail.example.com", from: …, to: […], severity: high}
 */
#pragma once

#include "actions/channels/channel.h"
#include "src/base/shape.h"

struct channels;

/* What may stand in `channels:`. */
extern const struct shape shape_channels;

/* Reads the `channels:` map (NULL: none). Lives in `arena`. `base_dir` is where relative paths of secrets start; with `resolve_secrets` false no secret is read.
 * RC_INVALID after adding to `problems`. */
enum rc channels_load(const struct node *map, struct slice base_dir, bool resolve_secrets,
                      struct arena *arena, struct problems *problems,
                      struct channels **channels) MUST_CHECK;
/* NULL is none, to all of these. */
size_t channels_count(const struct channels *channels);
const struct channel *channels_at(const struct channels *channels,
                                  size_t i); /* NULL past the end */
const struct channel *channels_find(const struct channels *channels, struct slice name);
/* The Slack channel, whose doors are served; NULL when there is none (there is at most one). */
const struct channel *channels_slack(const struct channels *channels);

/* Does this proposal go there, and to which place (absent: the channel has but one)? `groups` of the approvers are looked at for routes. `*place` is set in either
 * case: whoever speaks for another channel says it there. That a channel stands by is the caller's to see. */
bool channel_wants(const struct channel *channel, const struct proposal *proposal,
                   struct slice *place);
