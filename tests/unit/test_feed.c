#include "src/store/feed.h"

#include "src/store/meta.h"
#include "tests/unit/store_fixture.h"

static void push(struct fixture *fixture, const char *json)
{
    struct feed_item item = { .name = SLICE("signal"), .json = slice_of(json) };

    assert_int_equal(feed_push(fixture->txn, &item), RC_OK);
}

static void range_is(struct fixture *fixture, uint64_t expected_oldest, uint64_t expected_newest)
{
    uint64_t oldest, newest;

    assert_int_equal(feed_range(fixture->txn, &oldest, &newest), RC_OK);
    assert_int_equal(oldest, expected_oldest);
    assert_int_equal(newest, expected_newest);
}

static void a_reader_that_resumes_misses_nothing_and_sees_nothing_twice(void **state)
{
    struct fixture *fixture = *state;
    struct feed_item item;

    range_is(fixture, 0, 0);
    assert_int_equal(feed_next(fixture->txn, 0, fixture->arena, &item), RC_NOT_FOUND);
    push(fixture, "{\"n\":1}");
    push(fixture, "{\"n\":2}");
    range_is(fixture, 1, 2);
    assert_int_equal(feed_next(fixture->txn, 0, fixture->arena, &item), RC_OK);
    assert_int_equal(item.seq, 1);
    assert_slice(item.name, "signal");
    assert_slice(item.json, "{\"n\":1}");
    assert_int_equal(feed_next(fixture->txn, item.seq, fixture->arena, &item), RC_OK);
    assert_int_equal(item.seq, 2);
    assert_int_equal(feed_next(fixture->txn, item.seq, fixture->arena, &item), RC_NOT_FOUND);
    push(fixture, "{}");
    assert_int_equal(feed_next(fixture->txn, 2, fixture->arena, &item), RC_OK);
    assert_int_equal(item.seq, 3);
}

static void the_newest_push_the_oldest_out(void **state)
{
    struct fixture *fixture = *state;
    struct feed_item item;
    uint64_t n_rows;

    for (size_t i = 0; i < FEED_KEEP; i++)
        push(fixture, "{}");
    range_is(fixture, 1, FEED_KEEP);
    push(fixture, "{}");
    push(fixture, "{}");
    range_is(fixture, 3, FEED_KEEP + 2);
    assert_int_equal(store_count(fixture->txn, TABLE_FEED, &n_rows), RC_OK);
    assert_int_equal(n_rows, FEED_KEEP);
    assert_int_equal(feed_next(fixture->txn, 1, fixture->arena, &item), RC_OK);
    assert_int_equal(item.seq,
                     3); /* who stayed away for too long goes on with the oldest there is */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(a_reader_that_resumes_misses_nothing_and_sees_nothing_twice),
        TWICE(the_newest_push_the_oldest_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
