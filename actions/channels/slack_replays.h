/* slack_replays.h - requests of Slack's that were let in, for as long as their timestamp would let them in again.
 *
 * Only what was signed gets in, and Slack sends at most 30,000 requests an hour for an app, so the places do for the ten minutes that the longest one needs one. Where
 * all are taken, nobody gets in rather than somebody twice. It is memory: after a restart the decisions themselves are still known by what they were made of
 * (engine_decision.once). Safe from any thread. */
#pragma once

#include "actions/channels/slack_signature.h"

struct slack_replays;

/* `n_places` 0: 16384, in 640 KB. */
enum rc slack_replays_new(size_t n_places, struct slack_replays **replays) MUST_CHECK;
/* Accepts NULL. */
void slack_replays_free(struct slack_replays *replays);
/* RC_OK the first time; RC_DENIED when it was there already; RC_FULL. `real_ms`: clock_real_ms. */
enum rc slack_replays_admit(struct slack_replays *replays, const struct slack_proof *proof,
                            int64_t real_ms) MUST_CHECK;
/* It could not be worked on (503): the same request may come again. */
void slack_replays_forget(struct slack_replays *replays, const struct slack_proof *proof);
