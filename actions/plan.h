/* plan.h - the ordered steps of a proposal and the digest that a human approves. */
#pragma once

#include "actions/action.h"

/* Renders all uses; `steps` is a list of struct step in `arena`. RC_INVALID and `refused` when one cannot be: then there is no plan at all. Names outside `allow` are refused. */
enum rc plan_render(const struct actions *actions, const struct action_use *uses, size_t n_uses,
                    struct slice_list allow, const struct template_values *values,
                    struct arena *arena, struct record_list *steps,
                    struct slice *refused) MUST_CHECK;
/* SHA-256 (hex, in `arena`) over the canonical JSON of: proposal id, revision, every step's action, argv or request (secrets by name), environment names, user, check, undo, timeout,
 * effect; the rule and its version; the expiry. Recomputed just before the first step starts. */
enum rc plan_digest(const struct proposal *proposal, struct arena *arena,
                    struct slice *digest) MUST_CHECK;
/* Have two plans the same steps (whatever their digests)? For "the same plan again". */
bool plan_same_steps(const struct record_list *a, const struct record_list *b);
