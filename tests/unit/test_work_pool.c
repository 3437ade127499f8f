#include "src/base/work_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PARTS_MAX 1000
#define WORKERS_MAX 64

/* What was done of a job. */
struct job {
    atomic_uint n_done[PARTS_MAX];
    size_t results[PARTS_MAX];
    atomic_bool is_at_work[WORKERS_MAX];
    atomic_size_t n_clashes; /* one worker was at two parts at one time */
    size_t n_workers;
};

static void do_part(void *context, size_t part, size_t worker)
{
    struct job *job = context;

    if (worker >= job->n_workers || atomic_exchange(&job->is_at_work[worker], true))
        job->n_clashes++;
    job->results[part] = part * part;
    job->n_done[part]++;
    job->is_at_work[worker % WORKERS_MAX] = false;
}

/* Each part once, its result where it belongs, and nobody twice at a time. */
static void assert_does(struct work_pool *pool, size_t n_parts)
{
    static struct job job;

    for (size_t i = 0; i < PARTS_MAX; i++) {
        job.n_done[i] = 0;
        job.results[i] = 0;
    }
    job.n_workers = work_pool_n_workers(pool);
    job.n_clashes = 0;
    work_pool_run(pool, n_parts, do_part, &job);
    assert_int_equal(job.n_clashes, 0);
    for (size_t i = 0; i < PARTS_MAX; i++) {
        assert_int_equal(job.n_done[i], i < n_parts);
        assert_int_equal(job.results[i], i < n_parts ? i * i : 0);
    }
}

static struct work_pool *pool_of(size_t n_workers)
{
    struct work_pool *pool = NULL;

    assert_int_equal(work_pool_new(n_workers, &pool), RC_OK);
    return pool;
}

static void every_part_is_done_once(void **state)
{
    static const size_t n_workers[] = { 0, 1, 2, 4, 16 };
    static const size_t n_parts[] = { 0, 1, 2, 3, 4, 5, 100, PARTS_MAX };

    (void)state;
    for (size_t i = 0; i < sizeof n_workers / sizeof *n_workers; i++) {
        for (size_t j = 0; j < sizeof n_parts / sizeof *n_parts; j++) {
            struct work_pool *pool = pool_of(n_workers[i]);

            assert_does(pool, n_parts[j]);
            work_pool_free(pool);
        }
    }
}

static void a_pool_does_one_job_after_the_other(void **state)
{
    struct work_pool *pool = pool_of(4);

    (void)state;
    for (size_t i = 0; i < 2000; i++)
        assert_does(pool, i % 9);
    work_pool_free(pool);
}

static void a_pool_ends_whether_it_had_work_or_not(void **state)
{
    struct work_pool *pool;

    (void)state;
    work_pool_free(NULL);
    work_pool_free(pool_of(4));
    for (int i = 0; i < 100; i++) {
        pool = pool_of(3);
        assert_does(pool, 2);
        work_pool_free(pool);
    }
}

/* Where the caller is alone, it is the caller who does it. */
static void do_alone(void *context, size_t part, size_t worker)
{
    size_t *next = context;

    assert_int_equal(worker, 0);
    assert_int_equal(part, (*next)++);
}

static void one_worker_does_the_parts_in_their_order(void **state)
{
    struct work_pool *pool = pool_of(1);
    size_t next = 0;

    (void)state;
    assert_int_equal(work_pool_n_workers(pool), 1);
    work_pool_run(pool, 10, do_alone, &next);
    assert_int_equal(next, 10);
    assert_true(work_pool_n_cpus() >= 1);
    work_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_is_done_once),
        cmocka_unit_test(a_pool_does_one_job_after_the_other),
        cmocka_unit_test(a_pool_ends_whether_it_had_work_or_not),
        cmocka_unit_test(one_worker_does_the_parts_in_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
