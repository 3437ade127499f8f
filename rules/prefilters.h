/* prefilters.h - the prefilters of a rule set: one for each kind of texts that its rules tell from others.
 *
 * Kinds and types that the same rules ask for share one, whatever senders call their events. One is made when it is first asked for, and made anew once when enough texts were seen
 * to know what is rare in them; whoever asks meanwhile gets one that tries all rules that ask for the kind, as does everybody where it cannot be made. From any thread. */
#pragma once

#include "rules/prefilter.h"

struct prefilters;

/* RC_NO_MEMORY. Gives one; free with prefilters_free. */
enum rc prefilters_new(struct prefilters **prefilters) MUST_CHECK;
/* Accepts NULL. */
void prefilters_free(struct prefilters *prefilters);
/* That of a loaded set for texts of this kind. `texts->sample` is what is at hand, and is learnt from; only who brings one waits until one is made anew. The first who asks waits as well: up to
 * a fifth of a second with 10,000 rules. Gives one that is held until prefilter_free, and may outlive the set. RC_NO_MEMORY. */
enum rc prefilters_get(const struct ruleset *ruleset, const struct prefilter_texts *texts,
                       struct prefilter **prefilter) MUST_CHECK;
/* Makes for `after` what `before` has, with what is known of the texts: so that nobody waits for it once it is in force. What cannot be made is made when it is asked for. */
void prefilters_inherit(const struct ruleset *after, const struct ruleset *before);
