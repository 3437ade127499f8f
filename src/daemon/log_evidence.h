/* log_evidence.h - searches logs for the evidence of tasks, on a thread of its own.
 *
 * An item is handed over after the commit that wrote it, and each comes back once, as a result; only at a stop what was not answered is dropped without one: it is still in the
 * outbox, and handed over again after the next start. One is searched for after the other, none before its `not_before_ms` (what is written just after a failure belongs to it) and
 * none beyond `created_ms` + `timeout_ms`, the task's deadline. What is searched is what the configuration in force at that time watches under the item's name. */
#pragma once

#include "src/daemon/service.h"
#include "src/store/outbox.h"

#define LOG_EVIDENCE_MAX_WAITING 64

struct log_evidence;

struct log_evidence_options {
    struct service *service; /* kept */
    /* Called on the thread; the result is borrowed. */
    void (*report)(void *context, const struct effect_result *result);
    void *context;
};

/* Starts the thread. */
enum rc log_evidence_new(const struct log_evidence_options *options,
                         struct log_evidence **searcher) MUST_CHECK;
/* From any thread. Copies the item. RC_BUSY when stopping, RC_LIMIT when LOG_EVIDENCE_MAX_WAITING wait already. */
enum rc log_evidence_submit(struct log_evidence *searcher,
                            const struct outbox_item *item) MUST_CHECK;
/* From any thread: the evidence for `object` is no longer wanted. What waits is reported as not started, what is being read as failed, unless it is quicker. */
void log_evidence_cancel(struct log_evidence *searcher, struct ulid object);
/* Takes nothing more and returns when the thread has ended; again: nothing happens. Accepts NULL. */
void log_evidence_stop(struct log_evidence *searcher);
/* Stops first; accepts NULL. */
void log_evidence_free(struct log_evidence *searcher);
