/* Deliveries that come again: what was taken counts once, and what could not be taken was never there. */
#include "tests/unit/engine_story.h"

#define RULES "rules: [{id: r, on: ci.run, where: {state: failing}, key: [repo]}]"
#define BATCH 256
#define MANY ((size_t)40000) /* more than are gathered before they go to their days */

static struct story *begin(void)
{
    return begin_with("", RULES);
}

struct taken {
    enum rc rc;
    bool is_duplicate;
    struct ulid event;
};

static void take_batch(struct story *story, size_t first, size_t n_items, struct taken *taken)
{
    struct journal_entry entries[BATCH];
    struct engine_accept_item items[BATCH];
    char names[BATCH][24];

    assert_true(n_items <= BATCH);
    for (size_t i = 0; i < n_items; i++) {
        snprintf(names[i], sizeof names[i], "d-%zu", first + i);
        entries[i] = (struct journal_entry){ .door = DOOR_DATA,
                                             .watcher = SLICE("w"),
                                             .type = SLICE("t"),
                                             .received_ms = NOON_MS,
                                             .delivery_id = slice_of(names[i]),
                                             .body = SLICE("{}") };
        items[i] = (struct engine_accept_item){ .entry = &entries[i], .dedup_ms = DAY_MS };
    }
    taken->rc = engine_accept(story->engine, items, n_items);
    taken->is_duplicate = items[0].is_duplicate;
    taken->event = entries[0].id;
}

static struct taken take(struct story *story, size_t number)
{
    struct taken taken;

    take_batch(story, number, 1, &taken);
    return taken;
}

static void take_many(struct story *story)
{
    struct taken taken;

    for (size_t first = 0; first < MANY; first += BATCH) {
        take_batch(story, first, MANY - first < BATCH ? MANY - first : BATCH, &taken);
        assert_int_equal(taken.rc, RC_OK);
        assert_false(taken.is_duplicate);
    }
}

static void start_again(struct story *story)
{
    engine_free(story->engine);
    start_engine(story, RULES);
}

static void a_delivery_that_comes_again_is_the_first_one(void **state)
{
    struct story *story = begin();
    struct taken first = take(story, 1), second = take(story, 1);

    (void)state;
    assert_int_equal(second.rc, RC_OK);
    assert_true(second.is_duplicate);
    assert_int_equal(ulid_compare(first.event, second.event), 0);
    start_again(story);
    second = take(story, 1);
    assert_true(second.is_duplicate);
    assert_int_equal(ulid_compare(first.event, second.event), 0);
    end(story);
}

static void what_could_not_be_stored_is_no_duplicate_when_it_comes_again(void **state)
{
    struct story *story = begin();

    (void)state;
    store_fail_commits(story->store, 1, RC_FULL);
    assert_int_equal(take(story, 1).rc, RC_FULL);
    assert_false(take(story, 1).is_duplicate);
    assert_true(take(story, 1).is_duplicate);
    end(story);
}

static uint64_t count_journal(struct story *story)
{
    struct store_txn *txn;
    uint64_t n_rows;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(store_count(txn, TABLE_JOURNAL, &n_rows), RC_OK);
    store_abort(&txn);
    return n_rows;
}

static uint64_t expire(struct story *story, enum rc expected, bool *more)
{
    uint64_t n_before = count_journal(story);

    assert_int_equal(engine_expire(story->engine, NOON_MS + 400 * DAY_MS, more), expected);
    return n_before - count_journal(story);
}

static void s03_retention_that_finds_no_room_takes_half_as_much_and_not_at_once(void **state)
{
    struct story *story = begin();
    struct taken taken;
    uint64_t n_whole;
    bool more;

    (void)state;
    for (size_t i = 0; i < 10; i++)
        take_batch(story, i * BATCH, BATCH, &taken);
    fold(story, NOON_MS);
    n_whole = expire(story, RC_OK, &more);
    assert_true(more);
    for (unsigned n_refused = 1; n_refused <= 2; n_refused++) {
        store_fail_commits(story->store, 1, RC_FULL);
        assert_int_equal(expire(story, RC_FULL, &more), 0);
        assert_false(more);
    }
    for (uint64_t part = 4; part > 0; part /= 2) {
        assert_int_equal(expire(story, RC_OK, &more), n_whole / part);
        assert_true(more);
    }
    end(story);
}

static void each_of_many_is_known_while_they_go_to_their_days_and_after(void **state)
{
    struct story *story = begin();
    unsigned n_pieces = 0;

    (void)state;
    take_many(story);
    assert_true(engine_has_many_fresh_deliveries(story->engine, false));
    for (; engine_has_many_fresh_deliveries(story->engine, false); n_pieces++) {
        if (n_pieces % 3 == 1) {
            store_fail_commits(story->store, 1, RC_FULL);
            assert_int_equal(engine_merge_deliveries(story->engine, NOON_MS), RC_FULL);
        } else {
            assert_int_equal(engine_merge_deliveries(story->engine, NOON_MS), RC_OK);
        }
        if (n_pieces == 7)
            start_again(story);
        for (size_t i = n_pieces; i < MANY; i += 997)
            assert_true(take(story, i).is_duplicate);
        assert_true(n_pieces < 400);
    }
    start_again(story);
    for (size_t i = 0; i < MANY; i += 101)
        assert_true(take(story, i).is_duplicate);
    assert_false(take(story, MANY).is_duplicate);
    end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delivery_that_comes_again_is_the_first_one),
        cmocka_unit_test(what_could_not_be_stored_is_no_duplicate_when_it_comes_again),
        cmocka_unit_test(s03_retention_that_finds_no_room_takes_half_as_much_and_not_at_once),
        cmocka_unit_test(each_of_many_is_known_while_they_go_to_their_days_and_after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
