/* slack_ref.h - what a card's buttons say about themselves: the proposal, its revision and the plan that their human saw.
 *
 * It stands in the block_id of every block with elements (at most 255 characters), as an option's value holds only 75: "prp_…:3:9f86…:17" (proposal, revision, plan
 * digest in hex or "-", the message's `wanted`, so that an update has new ids), and after the last colon may follow what tells two blocks of a card apart ("17.2").
 * It also is the private_metadata of modals. It names; it grants nothing.
 *
 * action_ids: approve · reject (static_select; option values are the reason codes) · ack · details · more (overflow; option values snooze:1h snooze:4h snooze:1d mute edit)
 *             · take_back · undo · settle_ran · settle_not_ran · open (a link; to be acknowledged only)
 * callback_ids of modals: details · edit · mute; an input's block_id in them: "param:STEP:NAME" (steps from 1) · "for" · "reason"; its action_id: "value". */
#pragma once

#include "src/base/arena.h"

struct slack_ref {
    struct slice proposal; /* "prp_…" */
    int64_t revision;
    struct slice plan_digest; /* hex; absent: no plan */
    int64_t wanted;
};

enum rc slack_ref_format(const struct slack_ref *ref, size_t block, struct arena *arena,
                         struct slice *text) MUST_CHECK;
/* RC_INVALID when it is none of ours. Borrows `text`. */
enum rc slack_ref_parse(struct slice text, struct slack_ref *ref) MUST_CHECK;
