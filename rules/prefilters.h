/* prefilters.h - the prefilters of a rule set: one for each kind of texts that its rules are asked about.
 *
 * Made when first asked for, and made anew once when enough texts were seen to know what is rare in them. From any thread. */
#pragma once

#include "rules/prefilter.h"

struct prefilters;

enum rc prefilters_new(struct prefilters **prefilters) MUST_CHECK;
/* Accepts NULL. */
void prefilters_free(struct prefilters *prefilters);
/* That of a loaded set for texts of this kind; `texts->sample` is what is at hand, and is learnt from. Gives one that is held until prefilter_free. RC_LIMIT, for texts without a sample:
 * there are too many kinds of them already. */
enum rc prefilters_get(const struct ruleset *ruleset, const struct prefilter_texts *texts,
                       struct prefilter **prefilter) MUST_CHECK;
/* Makes for `after` what `before` has, with what is known of the texts: so that nobody waits for it once it is in force. What cannot be made is made when it is asked for. */
void prefilters_inherit(const struct ruleset *after, const struct ruleset *before);
