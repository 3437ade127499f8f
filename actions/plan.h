/* plan.h - the ordered steps of a proposal and the digest that a human approves. */
#pragma once

#include "actions/action.h"

/* Renders all uses; `steps` is a list of struct step in `arena`. RC_INVALID and `refused` when one cannot be: then there is no plan at all. Names outside `allow` are refused. */
enum rc plan_render(const struct actions *actions, const struct action_use *uses, size_t n_uses,
                    struct slice_list allow, const struct template_values *values,
                    struct arena *arena, struct record_list *steps,
                    struct slice *refused) MUST_CHECK;
/* What an edit makes of a plan. */
struct plan_edit {
    struct record_list plan; /* struct step */
    struct slice
        changes; /* "`run` of step 1 from "7" to "8"", cut where it gets long; absent: nothing would change */
    struct slice refused; /* why it cannot be; absent: it can */
};
#define PLAN_EDIT_MAX_BYTES ((size_t)16 << 10)
/* Renders all steps of `plan` once more, with the actions as they are declared now. `params` is a JSON list with an object for each step: the texts of the parameters
 * that change. RC_INVALID and `refused` when it is none (or longer than PLAN_EDIT_MAX_BYTES) and when a step cannot be rendered: the sentence names step, parameter and pattern. */
enum rc plan_edit(const struct actions *actions, const struct record_list *plan,
                  struct slice params, struct arena *arena, struct plan_edit *edit) MUST_CHECK;
/* SHA-256 (hex, in `arena`) over the canonical JSON of: proposal id, revision, every step's action, argv or request (secrets by name), environment names, user, check, undo, timeout,
 * effect; the rule and its version; the expiry. Recomputed just before the first step starts. */
enum rc plan_digest(const struct proposal *proposal, struct arena *arena,
                    struct slice *digest) MUST_CHECK;
/* Have two plans the same steps (whatever their digests)? For "the same plan again". */
bool plan_same_steps(const struct record_list *a, const struct record_list *b);
