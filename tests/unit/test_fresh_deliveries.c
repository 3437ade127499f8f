#include "src/store/fresh_deliveries.h"

#include "tests/unit/store_fixture.h"

#define WATCHER SLICE("github")
#define NOON (100 * DAY_MS + 12 * HOUR_MS)
#define WINDOW_MS (3 * DAY_MS)
#define MANY 400

static const struct fresh_bounds bounds = {
    .n_many = 300, .n_most = 500, .n_piece = 50, .n_rows = 10
};

/* --- what is there --- */

static uint64_t n_rows(struct fixture *fixture, enum store_table table)
{
    uint64_t n_rows;

    assert_int_equal(store_count(fixture->txn, table, &n_rows), RC_OK);
    return n_rows;
}

static struct fresh_deliveries *read_fresh(struct fixture *fixture)
{
    struct fresh_deliveries *fresh;

    assert_int_equal(fresh_deliveries_read(fixture->txn, &bounds, &fresh), RC_OK);
    return fresh;
}

/* The process ends where it is, and the next one begins. */
static void start_again(struct fixture *fixture, struct fresh_deliveries **fresh)
{
    fresh_deliveries_free(*fresh);
    store_abort(&fixture->txn);
    assert_int_equal(store_begin(fixture->store, &fixture->txn), RC_OK);
    *fresh = read_fresh(fixture);
}

static void end(struct fixture *fixture, struct fresh_deliveries *fresh)
{
    fixture_commit(fixture);
    fresh_deliveries_end(fresh, true);
}

static void give_up(struct fixture *fixture, struct fresh_deliveries *fresh)
{
    store_abort(&fixture->txn);
    assert_int_equal(store_begin(fixture->store, &fixture->txn), RC_OK);
    fresh_deliveries_end(fresh, false);
}

static struct slice name_of(unsigned number, char text[16])
{
    snprintf(text, 16, "d-%u", number);
    return slice_of(text);
}

/* --- taking --- */

static struct delivery_taking begin(struct fixture *fixture, struct fresh_deliveries *fresh)
{
    struct delivery_taking taking;

    assert_int_equal(fresh_deliveries_begin(fresh, fixture->txn, &taking), RC_OK);
    return taking;
}

static void takes(struct delivery_taking *taking, unsigned number, int64_t now_ms, uint8_t event,
                  uint8_t expected)
{
    struct ulid id = ulid_number(event);
    char text[16];
    enum rc rc =
        fresh_deliveries_take(taking, WATCHER, name_of(number, text), now_ms, WINDOW_MS, &id);

    assert_int_equal(rc, event == expected ? RC_OK : RC_CONFLICT);
    assert_int_equal(ulid_compare(id, ulid_number(expected)), 0);
}

static void take_in_one(struct fixture *fixture, struct fresh_deliveries *fresh, unsigned first,
                        unsigned n_deliveries, int64_t now_ms, uint8_t event)
{
    struct delivery_taking taking = begin(fixture, fresh);

    for (unsigned i = first; i < first + n_deliveries; i++)
        takes(&taking, i, now_ms, event, event);
    assert_int_equal(fresh_deliveries_store(&taking), RC_OK);
    end(fixture, fresh);
}

static void take_many(struct fixture *fixture, struct fresh_deliveries *fresh)
{
    for (unsigned first = 0; first < MANY; first += 4)
        take_in_one(fixture, fresh, first, 4, NOON, 1);
}

static void knows(struct fixture *fixture, const struct fresh_deliveries *fresh, unsigned number,
                  int64_t now_ms, uint8_t expected)
{
    struct ulid event;
    char text[16];
    enum rc rc = fresh_deliveries_find(fresh, fixture->txn, WATCHER, name_of(number, text), now_ms,
                                       WINDOW_MS, &event);

    assert_int_equal(rc, expected ? RC_OK : RC_NOT_FOUND);
    if (expected)
        assert_int_equal(ulid_compare(event, ulid_number(expected)), 0);
}

static void knows_all(struct fixture *fixture, const struct fresh_deliveries *fresh)
{
    for (unsigned i = 0; i < MANY; i++)
        knows(fixture, fresh, i, NOON, 1);
    knows(fixture, fresh, MANY, NOON, 0);
}

static void an_id_is_taken_once_in_its_window(void **state)
{
    struct fixture *fixture = *state;
    struct fresh_deliveries *fresh = read_fresh(fixture);
    struct delivery_taking taking = begin(fixture, fresh);

    takes(&taking, 1, NOON, 1, 1);
    takes(&taking, 1, NOON, 2, 1); /* in the same transaction, too */
    assert_int_equal(fresh_deliveries_store(&taking), RC_OK);
    end(fixture, fresh);
    taking = begin(fixture, fresh);
    takes(&taking, 1, NOON + WINDOW_MS - 1, 2, 1);
    takes(&taking, 1, NOON - 13 * HOUR_MS, 2, 1); /* the clock was set back */
    takes(&taking, 1, NOON + WINDOW_MS, 3, 3);
    takes(&taking, 1, NOON + WINDOW_MS, 4, 3);
    fresh_deliveries_free(fresh);
}

static void what_a_transaction_took_is_one_row_and_none_where_it_took_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct fresh_deliveries *fresh = read_fresh(fixture);
    struct delivery_taking taking;

    take_in_one(fixture, fresh, 0, 250, NOON, 1);
    assert_int_equal(n_rows(fixture, TABLE_DELIVERY_LOG), 1);
    assert_int_equal(n_rows(fixture, TABLE_DELIVERIES), 0);
    taking = begin(fixture, fresh);
    takes(&taking, 7, NOON, 2, 1);
    assert_int_equal(fresh_deliveries_store(&taking), RC_OK);
    end(fixture, fresh);
    assert_int_equal(n_rows(fixture, TABLE_DELIVERY_LOG), 1);
    fresh_deliveries_free(fresh);
}

static void an_id_of_a_transaction_that_failed_was_never_taken(void **state)
{
    struct fixture *fixture = *state;
    struct fresh_deliveries *fresh = read_fresh(fixture);
    struct delivery_taking taking;

    take_in_one(fixture, fresh, 1, 1, NOON, 1);
    taking = begin(fixture, fresh);
    takes(&taking, 2, NOON, 2, 2);
    assert_int_equal(fresh_deliveries_store(&taking), RC_OK);
    give_up(fixture, fresh);
    knows(fixture, fresh, 1, NOON, 1);
    knows(fixture, fresh, 2, NOON, 0);
    take_in_one(fixture, fresh, 2, 1, NOON, 3);
    start_again(fixture, &fresh);
    knows(fixture, fresh, 1, NOON, 1);
    knows(fixture, fresh, 2, NOON, 3);
    fresh_deliveries_free(fresh);
}

static void a_start_finds_what_was_taken_before(void **state)
{
    struct fixture *fixture = *state;
    struct fresh_deliveries *fresh = read_fresh(fixture);

    take_in_one(fixture, fresh, 0, 3, NOON, 1);
    take_in_one(fixture, fresh, 3, 1, NOON + 1, 2);
    start_again(fixture, &fresh);
    knows(fixture, fresh, 2, NOON, 1);
    knows(fixture, fresh, 3, NOON + 1, 2);
    take_in_one(fixture, fresh, 4, 1, NOON + 2, 3); /* behind the rows that are there */
    start_again(fixture, &fresh);
    knows(fixture, fresh, 0, NOON, 1);
    knows(fixture, fresh, 4, NOON + 2, 3);
    assert_int_equal(n_rows(fixture, TABLE_DELIVERY_LOG), 3);
    fresh_deliveries_free(fresh);
}

/* --- merging --- */

static void merge_piece(struct fixture *fixture, struct fresh_deliveries *fresh)
{
    assert_true(fresh_deliveries_are_many(fresh, false));
    assert_int_equal(fresh_deliveries_merge(fresh, fixture->txn), RC_OK);
    end(fixture, fresh);
}

static void few_stay_where_they_are(void **state)
{
    struct fixture *fixture = *state;
    struct fresh_deliveries *fresh = read_fresh(fixture);

    take_in_one(fixture, fresh, 0, (unsigned)bounds.n_many - 1, NOON, 1);
    assert_false(fresh_deliveries_are_many(fresh, false));
    fresh_deliveries_free(fresh);
}

static void where_others_wait_more_are_gathered_before_any_moves(void **state)
{
    struct fixture *fixture = *state;
    struct fresh_deliveries *fresh = read_fresh(fixture);

    take_in_one(fixture, fresh, 0, (unsigned)bounds.n_most - 1, NOON, 1);
    assert_true(fresh_deliveries_are_many(fresh, false));
    assert_false(fresh_deliveries_are_many(fresh, true));
    take_in_one(fixture, fresh, (unsigned)bounds.n_most - 1, 1, NOON, 1);
    assert_true(fresh_deliveries_are_many(fresh, true));
    fresh_deliveries_free(fresh);
}

static void a_merge_that_has_begun_waits_for_others_too(void **state)
{
    struct fixture *fixture = *state;
    struct fresh_deliveries *fresh = read_fresh(fixture);

    take_many(fixture, fresh);
    merge_piece(fixture, fresh);
    assert_false(fresh_deliveries_are_many(fresh, true));
    take_in_one(fixture, fresh, MANY + 1, (unsigned)bounds.n_most, NOON, 2);
    knows_all(fixture, fresh);
    assert_true(fresh_deliveries_are_many(fresh, true)); /* memory has an end */
    while (fresh_deliveries_are_many(fresh, true))
        merge_piece(fixture, fresh);
    knows_all(fixture, fresh);
    knows(fixture, fresh, MANY + 1, NOON, 2);
    fresh_deliveries_free(fresh);
}

static void many_move_to_their_days_a_piece_at_a_time_and_are_known_all_the_while(void **state)
{
    struct fixture *fixture = *state;
    struct fresh_deliveries *fresh = read_fresh(fixture);
    uint64_t before = 0;
    unsigned late = MANY + 1;

    take_many(fixture, fresh);
    while (fresh_deliveries_are_many(fresh, false)) {
        uint64_t now;

        merge_piece(fixture, fresh);
        now = n_rows(fixture, TABLE_DELIVERIES);
        assert_true(now - before <= bounds.n_piece);
        before = now;
        knows_all(fixture, fresh);
        take_in_one(fixture, fresh, late, 1, NOON, 2); /* others come meanwhile */
        knows(fixture, fresh, late++, NOON, 2);
    }
    assert_int_equal(n_rows(fixture, TABLE_DELIVERIES), MANY);
    assert_int_equal(n_rows(fixture, TABLE_DELIVERY_LOG), late - MANY - 1);
    start_again(fixture, &fresh);
    knows_all(fixture, fresh);
    for (unsigned i = MANY + 1; i < late; i++)
        knows(fixture, fresh, i, NOON, 2);
    fresh_deliveries_free(fresh);
}

static void a_merge_that_fails_is_made_again(void **state)
{
    struct fixture *fixture = *state;
    struct fresh_deliveries *fresh = read_fresh(fixture);

    take_many(fixture, fresh);
    while (fresh_deliveries_are_many(fresh, false)) {
        assert_int_equal(fresh_deliveries_merge(fresh, fixture->txn), RC_OK);
        give_up(fixture, fresh);
        knows_all(fixture, fresh);
        merge_piece(fixture, fresh);
    }
    assert_int_equal(n_rows(fixture, TABLE_DELIVERIES), MANY);
    assert_int_equal(n_rows(fixture, TABLE_DELIVERY_LOG), 0);
    fresh_deliveries_free(fresh);
}

static void wherever_a_merge_is_cut_off_no_id_is_lost(void **state)
{
    struct fixture *fixture = *state;
    struct fresh_deliveries *fresh = read_fresh(fixture);

    take_many(fixture, fresh);
    for (unsigned n_pieces = 0; fresh_deliveries_are_many(fresh, false); n_pieces++) {
        for (unsigned i = 0; i < n_pieces && fresh_deliveries_are_many(fresh, false); i++)
            merge_piece(fixture, fresh);
        start_again(fixture, &fresh);
        knows_all(fixture, fresh);
    }
    assert_int_equal(n_rows(fixture, TABLE_DELIVERIES), MANY);
    fresh_deliveries_free(fresh);
}

static void the_latest_receipt_stands_after_a_merge(void **state)
{
    struct fixture *fixture = *state;
    struct fresh_deliveries *fresh = read_fresh(fixture);
    struct delivery_taking taking;
    struct ulid id = ulid_number(9);
    char text[16];

    take_many(fixture, fresh);
    /* The same id again, within the day, under a window that is over. */
    taking = begin(fixture, fresh);
    assert_int_equal(
        fresh_deliveries_take(&taking, WATCHER, name_of(5, text), NOON + HOUR_MS, MINUTE_MS, &id),
        RC_OK);
    assert_int_equal(fresh_deliveries_store(&taking), RC_OK);
    end(fixture, fresh);
    knows(fixture, fresh, 5, NOON + HOUR_MS, 9);
    while (fresh_deliveries_are_many(fresh, false))
        merge_piece(fixture, fresh);
    knows(fixture, fresh, 5, NOON + HOUR_MS, 9);
    fresh_deliveries_free(fresh);
}

static void a_damaged_row_costs_its_own_ids_only(void **state)
{
    struct fixture *fixture = *state;
    struct fresh_deliveries *fresh = read_fresh(fixture);
    const char key[8] = { 0, 0, 0, 0, 0, 0, 0, 2 };

    for (unsigned i = 0; i < 3; i++)
        take_in_one(fixture, fresh, i, 1, NOON, 1);
    assert_int_equal(store_put(fixture->txn, TABLE_DELIVERY_LOG, (struct slice){ key, sizeof key },
                               SLICE("fifty-six bytes, which is one and sixteen bytes too many")),
                     RC_OK);
    assert_int_equal(store_put(fixture->txn, TABLE_DELIVERY_LOG, SLICE("no num"), SLICE("")),
                     RC_OK);
    fixture_commit(fixture);
    start_again(fixture, &fresh);
    knows(fixture, fresh, 0, NOON, 1);
    knows(fixture, fresh, 1, NOON, 0);
    knows(fixture, fresh, 2, NOON, 1);
    fresh_deliveries_free(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(an_id_is_taken_once_in_its_window),
        TWICE(what_a_transaction_took_is_one_row_and_none_where_it_took_nothing),
        TWICE(an_id_of_a_transaction_that_failed_was_never_taken),
        TWICE(a_start_finds_what_was_taken_before),
        TWICE(few_stay_where_they_are),
        TWICE(where_others_wait_more_are_gathered_before_any_moves),
        TWICE(a_merge_that_has_begun_waits_for_others_too),
        TWICE(many_move_to_their_days_a_piece_at_a_time_and_are_known_all_the_while),
        TWICE(a_merge_that_fails_is_made_again),
        TWICE(wherever_a_merge_is_cut_off_no_id_is_lost),
        TWICE(the_latest_receipt_stands_after_a_merge),
        TWICE(a_damaged_row_costs_its_own_ids_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
