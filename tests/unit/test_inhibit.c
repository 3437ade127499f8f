/* Who holds back whom: rows by what two signals have in common. */
#include "src/store/inhibit.h"

#include "tests/unit/store_fixture.h"

static struct inhibit_link link_of(enum inhibit_side side, uint8_t digest)
{
    struct inhibit_link link = { .side = side };

    memset(link.digest.bytes, digest, sizeof link.digest.bytes);
    return link;
}

static void put(struct fixture *fixture, enum inhibit_side side, uint8_t digest, uint8_t signal)
{
    const struct inhibit_link link = link_of(side, digest);

    assert_int_equal(inhibit_put(fixture->txn, &link, ulid_number(signal)), RC_OK);
}

static void gone(struct fixture *fixture, enum inhibit_side side, uint8_t digest, uint8_t signal)
{
    const struct inhibit_link link = link_of(side, digest);

    assert_int_equal(inhibit_remove(fixture->txn, &link, ulid_number(signal)), RC_OK);
}

static bool fires(struct fixture *fixture, uint8_t digest)
{
    struct ulid signal;
    enum rc rc = inhibit_find_firing(fixture->txn, link_of(INHIBIT_FIRES, digest).digest, &signal);

    assert_true(!rc || rc == RC_NOT_FOUND);
    return !rc;
}

static void one_fires_while_any_signal_of_the_digest_does(void **state)
{
    struct fixture *fixture = *state;

    put(fixture, INHIBIT_UNLESS, 7, 1);
    put(fixture, INHIBIT_FIRES, 8, 1);
    assert_false(fires(fixture, 7));
    put(fixture, INHIBIT_FIRES, 7, 2);
    put(fixture, INHIBIT_FIRES, 7, 3);
    assert_true(fires(fixture, 7));
    gone(fixture, INHIBIT_FIRES, 7, 2);
    assert_true(fires(fixture, 7));
    gone(fixture, INHIBIT_FIRES, 7, 3);
    gone(fixture, INHIBIT_FIRES, 7, 3); /* is content */
    assert_false(fires(fixture, 7));
    assert_true(fires(fixture, 8));
}

static void watchers_of_both_sides_come_one_after_the_other(void **state)
{
    struct fixture *fixture = *state;
    const struct fingerprint digest = link_of(INHIBIT_FIRES, 7).digest;
    struct ulid at = { 0 };

    put(fixture, INHIBIT_WHILE, 7, 2);
    put(fixture, INHIBIT_UNLESS, 7, 1);
    put(fixture, INHIBIT_FIRES, 7, 9);
    put(fixture, INHIBIT_UNLESS, 8, 3);
    assert_int_equal(inhibit_next_watcher(fixture->txn, digest, &at), RC_OK);
    assert_int_equal(ulid_compare(at, ulid_number(1)), 0);
    assert_int_equal(inhibit_next_watcher(fixture->txn, digest, &at), RC_OK);
    assert_int_equal(ulid_compare(at, ulid_number(2)), 0);
    assert_int_equal(inhibit_next_watcher(fixture->txn, digest, &at), RC_NOT_FOUND);
}

static void links_are_read_as_they_were_written(void **state)
{
    const struct inhibit_link first = link_of(INHIBIT_WHILE, 1), second = link_of(INHIBIT_FIRES, 2);
    struct inhibit_link link;
    struct buffer bytes;
    struct slice rest;

    (void)state;
    buffer_init(&bytes, 0);
    inhibit_write_link(&first, &bytes);
    inhibit_write_link(&second, &bytes);
    rest = buffer_slice(&bytes);
    assert_int_equal(rest.len, 2 * INHIBIT_LINK_BYTES);
    assert_true(inhibit_read_link(&rest, &link));
    assert_memory_equal(&link, &first, sizeof link);
    assert_true(inhibit_read_link(&rest, &link));
    assert_memory_equal(&link, &second, sizeof link);
    assert_false(inhibit_read_link(&rest, &link));
    rest = (struct slice){ bytes.ptr, INHIBIT_LINK_BYTES - 1 };
    assert_false(inhibit_read_link(&rest, &link));
    buffer_free(&bytes);
}

static void a_walk_is_found_again_where_it_stood(void **state)
{
    struct fixture *fixture = *state;
    const struct fingerprint digest = link_of(INHIBIT_FIRES, 7).digest;
    struct ulid at;

    assert_int_equal(inhibit_walk_get(fixture->txn, digest, &at), RC_NOT_FOUND);
    assert_int_equal(inhibit_walk_put(fixture->txn, digest, ulid_number(4)), RC_OK);
    fixture_commit(fixture);
    assert_int_equal(inhibit_walk_get(fixture->txn, digest, &at), RC_OK);
    assert_int_equal(ulid_compare(at, ulid_number(4)), 0);
    assert_int_equal(inhibit_walk_end(fixture->txn, digest), RC_OK);
    assert_int_equal(inhibit_walk_get(fixture->txn, digest, &at), RC_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(one_fires_while_any_signal_of_the_digest_does),
        TWICE(watchers_of_both_sides_come_one_after_the_other),
        TWICE(links_are_read_as_they_were_written),
        TWICE(a_walk_is_found_again_where_it_stood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
