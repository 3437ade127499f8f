/* store_fixture.h - a store for one test, on disk or in memory, with a transaction begun.
 *
 * Every story about a table is told twice: LMDB and the memory must not differ. */
#pragma once

#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/ulid.h"
#include "src/store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIXTURE_MAP_BYTES ((int64_t)64 << 20)

struct fixture {
    char directory[64];
    struct store *store;
    struct store_txn *txn;
    struct arena *arena;
};

#define TWICE(test)                                                                                \
    { .name = #test " (disk)",                                                                     \
      .test_func = (test),                                                                         \
      .setup_func = fixture_open_disk,                                                             \
      .teardown_func = fixture_close },                                                            \
    {                                                                                              \
        .name = #test " (memory)", .test_func = (test), .setup_func = fixture_open_memory,         \
        .teardown_func = fixture_close                                                             \
    }

static inline int fixture_remove_one(const char *path, const struct stat *stat, int kind,
                                     struct FTW *place)
{
    (void)stat;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline struct fixture *fixture_new(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    *state = fixture;
    if (!fixture)
        abort();
    snprintf(fixture->directory, sizeof(fixture->directory), "/tmp/vedette-store-XXXXXX");
    if (!mkdtemp(fixture->directory) || digest_init() ||
        arena_new((size_t)64 << 20, &fixture->arena))
        abort();
    return fixture;
}

static inline enum rc fixture_open_store(struct fixture *fixture, int64_t max_bytes)
{
    const struct store_options options = { .directory = fixture->directory,
                                           .max_bytes = max_bytes };
    struct problems *problems;
    enum rc rc;

    if (problems_new(&problems))
        abort();
    rc = store_open(&options, problems, &fixture->store);
    problems_free(problems);
    return rc;
}

static inline int fixture_open_disk(void **state)
{
    struct fixture *fixture = fixture_new(state);

    if (fixture_open_store(fixture, FIXTURE_MAP_BYTES))
        return -1;
    return store_begin(fixture->store, &fixture->txn) ? -1 : 0;
}

static inline int fixture_open_memory(void **state)
{
    struct fixture *fixture = fixture_new(state);

    if (store_open_memory(&fixture->store))
        return -1;
    return store_begin(fixture->store, &fixture->txn) ? -1 : 0;
}

static inline int fixture_close(void **state)
{
    struct fixture *fixture = *state;

    store_abort(&fixture->txn);
    store_close(fixture->store);
    arena_free(fixture->arena);
    nftw(fixture->directory, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(fixture);
    return 0;
}

/* What was done so far becomes durable, and the next transaction begins. */
static inline void fixture_commit(struct fixture *fixture)
{
    assert_int_equal(store_commit(&fixture->txn), RC_OK);
    assert_int_equal(store_begin(fixture->store, &fixture->txn), RC_OK);
}

static inline struct ulid ulid_number(uint8_t number)
{
    return ulid_from_seed(number * SECOND_MS,
                          (struct slice){ .ptr = (const char *)&number, .len = 1 });
}

#define assert_slice(slice, text) assert_true(slice_eq((slice), slice_of(text)))
