/* diagnosis.h - the deterministic diagnosis: evidence put in order, no guess.
 *
 * What, since when, how often; what changed just before; what happened last time. Each fact cites evidence by id. Where the evidence names
 * no cause the status is `unresolved`, which is a valid result, and the gaps are listed. */
#pragma once

#include "src/store/proposals.h"

/* Everything goes into `arena`. `now_ms` is engine time. */
enum rc diagnosis_make(const struct task *task, const struct signal *signal, int64_t now_ms,
                       struct arena *arena, struct diagnosis *diagnosis) MUST_CHECK;
