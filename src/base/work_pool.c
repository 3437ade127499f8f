#include "src/base/work_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

struct worker {
    struct work_pool *pool;
    size_t number;
    pthread_t thread;
};

struct work_pool {
    struct worker *workers; /* the first is the caller */
    size_t n_workers;
    size_t n_threads; /* that run */
    bool has_begun;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t begun, done;
    bool is_ending;
    size_t n_parts, next, n_done;
    void (*work)(void *context, size_t part, size_t worker);
    void *context;
};

enum rc work_pool_new(size_t n_workers, struct work_pool **pool)
{
    struct work_pool *made = calloc(1, sizeof(*made));

    if (!made)
        return RC_NO_MEMORY;
    made->n_workers = n_workers ? n_workers : 1;
    made->workers = calloc(made->n_workers, sizeof(*made->workers));
    if (!made->workers) {
        free(made);
        return RC_NO_MEMORY;
    }
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->begun, NULL);
    pthread_cond_init(&made->done, NULL);
    *pool = made;
    return RC_OK;
}

size_t work_pool_n_workers(const struct work_pool *pool)
{
    return pool->n_workers;
}

/* Parts as long as there are some; comes and goes with the lock held. */
static void do_parts(struct work_pool *pool, size_t worker)
{
    while (pool->next < pool->n_parts) {
        size_t part = pool->next++;

        pthread_mutex_unlock(&pool->lock);
        pool->work(pool->context, part, worker);
        pthread_mutex_lock(&pool->lock);
        if (++pool->n_done == pool->n_parts)
            pthread_cond_signal(&pool->done);
    }
}

static void *live(void *context)
{
    const struct worker *worker = context;
    struct work_pool *pool = worker->pool;

    pthread_mutex_lock(&pool->lock);
    while (!pool->is_ending) {
        if (pool->next < pool->n_parts)
            do_parts(pool, worker->number);
        else
            pthread_cond_wait(&pool->begun, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static void begin_threads(struct work_pool *pool)
{
    pool->has_begun = true;
    for (size_t i = 1; i < pool->n_workers; i++) {
        struct worker *worker = &pool->workers[pool->n_threads + 1];

        *worker = (struct worker){ .pool = pool, .number = pool->n_threads + 1 };
        if (pthread_create(&worker->thread, NULL, live, worker))
            return;
        pool->n_threads++;
    }
}

void work_pool_run(struct work_pool *pool, size_t n_parts,
                   void (*work)(void *context, size_t part, size_t worker), void *context)
{
    if (n_parts < 2 || pool->n_workers < 2) {
        for (size_t i = 0; i < n_parts; i++)
            work(context, i, 0);
        return;
    }
    if (!pool->has_begun)
        begin_threads(pool);
    pthread_mutex_lock(&pool->lock);
    pool->work = work;
    pool->context = context;
    pool->n_parts = n_parts;
    pool->next = pool->n_done = 0;
    pthread_cond_broadcast(&pool->begun);
    do_parts(pool, 0);
    while (pool->n_done < pool->n_parts)
        pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void work_pool_free(struct work_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->is_ending = true;
    pthread_cond_broadcast(&pool->begun);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 1; i <= pool->n_threads; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->begun);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

size_t work_pool_n_cpus(void)
{
    cpu_set_t cpus;
    int n_cpus = sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : CPU_COUNT(&cpus);

    return n_cpus > 0 ? (size_t)n_cpus : 1;
}
