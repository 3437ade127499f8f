/* slack_answers.h - what one person is told beside the answer of their request: a sentence that nobody else sees, or a modal.
 *
 * All of it leaves through the poster, in memory: a click is told what became of it within half an hour or never, as its response_url lives no longer. What was answered without being
 * taken falls back to the next way; what may have arrived does not, so that nobody is told twice. */
#pragma once

#include "src/daemon/slack_door.h"

/* Tells the one who sent the request: through its response_url where we may answer there, else in the conversation. */
void slack_tell(struct slack_request *slack, struct slice sentence);
/* The same in another conversation and, where it is not absent, in a thread of it. */
void slack_tell_at(struct slack_request *slack, struct slice channel, struct slice thread_ts,
                   struct slice sentence);
/* Opens a view (JSON) with the request's trigger, which lasts 3 s; `otherwise` is told when it was too late. */
void slack_show_view(struct slack_request *slack, struct slice view, struct slice otherwise);
/* "{"response_type":"ephemeral","text":…}" for the answer of a command. */
enum rc slack_write_ephemeral(struct slice text, struct arena *arena,
                              struct buffer *json) MUST_CHECK;
/* The card of this proposal has changed because somebody looks at it. */
void slack_hurry(struct slack_request *slack, struct ulid proposal);
