/* runner.h - carries out what the outbox owes: commands and requests, on a thread of its own.
 *
 * It decides nothing. An item is handed over after the commit that wrote it, and each comes back once, as a result,
 * also when it could not be started; only what may be repeated (evidence, checks, verifications) is dropped without a
 * result when the runner stops: it is still in the outbox, and handed over again after the next start.
 *
 *   command   exit 0: done. Another exit code, a unix signal: failed. The timeout: timed out.
 *   request   2xx: done. Another status: failed. No answer after it may have been sent: unknown for a step or an undo,
 *             else timed out or failed.
 *   either    It provably never ran: not started.
 *
 * At most RUNNER_MAX_RUNNING at once, of which RUNNER_MAX_EVIDENCE collect evidence: steps are never kept waiting by
 * it. What waits is started in its order. An item's `not_before_ms` is its owner's to keep.
 */
#pragma once

#include "actions/action.h"
#include "src/store/outbox.h"

#define RUNNER_MAX_RUNNING 16
#define RUNNER_MAX_EVIDENCE 4
#define RUNNER_DRAIN_MS (10 * SECOND_MS)

struct runner;

struct runner_options {
    const struct named_secret *secrets; /* kept until runner_use_secrets or runner_free */
    size_t n_secrets;
    /* Called on the runner's thread; the result is borrowed. */
    void (*report)(void *context, const struct effect_result *result);
    void *context;
    int64_t drain_ms; /* how long a stop waits for steps; 0: RUNNER_DRAIN_MS */
};

/* Starts the thread. process_init and http_client_init came before. */
enum rc runner_new(const struct runner_options *options, struct runner **runner) MUST_CHECK;
/* From any thread: what starts from now on has these secrets, kept until the next such call or runner_free; the ones before are not used any
 * more when it returns. */
void runner_use_secrets(struct runner *runner, const struct named_secret *secrets,
                        size_t n_secrets);
/* From any thread. Copies the item. RC_BUSY when stopping. */
enum rc runner_submit(struct runner *runner, const struct outbox_item *item) MUST_CHECK;
/* From any thread: the evidence for `object` is no longer wanted. What waits is reported as not started, what runs is
 * ended and reported as failed ("withdrawn"), unless it is quicker. */
void runner_cancel(struct runner *runner, struct ulid object);
/* Takes nothing more, ends what may be repeated, starts the steps that waited (one without room is reported as not
 * started), waits for those that run, up to the limit, and leaves them then: reported as unknown. Returns when the
 * thread has ended; again: nothing happens. */
void runner_stop(struct runner *runner);
/* Stops first; accepts NULL. */
void runner_free(struct runner *runner);
