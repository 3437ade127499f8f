/* work_pool.h - threads that share the parts of a job.
 *
 * Whoever has a job does its parts together with the threads of the pool, each taking the next that nobody has begun, and goes on when all are done. The threads begin
 * with the first job that is run and sleep between jobs. One job at a time. */
#pragma once

#include "src/base/rc.h"

#include <stddef.h>

struct work_pool;

/* `n_workers`: whoever has the job, and so many less one threads; 1 makes no thread at all. Gives one; free with work_pool_free. RC_NO_MEMORY. */
enum rc work_pool_new(size_t n_workers, struct work_pool **pool) MUST_CHECK;
/* Ends its threads. Accepts NULL. */
void work_pool_free(struct work_pool *pool);
size_t work_pool_n_workers(const struct work_pool *pool);
/* Calls `work` for each part from 0 on, in any order and several at once; `worker` tells those apart that are at work at one time (0: the caller, below n_workers). Where no
 * thread can be had, the caller does all. */
void work_pool_run(struct work_pool *pool, size_t n_parts,
                   void (*work)(void *context, size_t part, size_t worker), void *context);
/* CPUs that this process may use. */
size_t work_pool_n_cpus(void);
