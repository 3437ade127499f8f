/* watcher_notice.h - what is to be said of a watcher itself, on its way to the engine: one at a time, from a thread that must not wait. Whoever sends keeps what is to be said, and so
 * what comes last is said last, and a full disk makes nobody pile up anything. */
#pragma once

#include "src/daemon/inlet.h"

struct notice_post;

/* `wake` is called on the engine's thread when the one under way is stored, or cannot be. */
enum rc notice_post_new(struct inlet *inlet, void (*wake)(void *context), void *context,
                        struct notice_post **post) MUST_CHECK;
/* Only when nothing is under way, or the inlet has ended. Accepts NULL. */
void notice_post_free(struct notice_post *post);
/* Copies the notice. RC_BUSY: there is one under way, or its result was not asked for; RC_NO_MEMORY. */
enum rc notice_post_send(struct notice_post *post, const struct engine_notice *notice) MUST_CHECK;
/* What came of the last one: RC_NOT_FOUND while it is under way, or when there was none. `*notice` is valid until the next is sent. */
enum rc notice_post_result(struct notice_post *post, const struct engine_notice **notice,
                           enum rc *result) MUST_CHECK;
