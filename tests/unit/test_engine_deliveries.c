/* Deliveries that come again: what was taken counts once, and what could not be taken was never there. */
#include "src/store/meta.h"
#include "src/store/store_key.h"
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

#define ALIKE_BYTES 3000

/* Long ones, all much the same: they are packed beside one another. */
static struct slice body_alike(unsigned number, char *bytes)
{
    size_t n_bytes = (size_t)snprintf(bytes, ALIKE_BYTES, "{\"number\":%u", number);

    for (unsigned i = 1; n_bytes < ALIKE_BYTES - 60; i++)
        n_bytes += (size_t)snprintf(bytes + n_bytes, ALIKE_BYTES - n_bytes, ",\"member_%u\":\"%x\"",
                                    i, i * 2654435761u);
    bytes[n_bytes++] = '}';
    return (struct slice){ bytes, n_bytes };
}

static enum rc take_alike(struct story *story, unsigned number)
{
    char bytes[ALIKE_BYTES];
    struct journal_entry entry = { .door = DOOR_DATA,
                                   .watcher = SLICE("w"),
                                   .event_type = SLICE("push"),
                                   .type = SLICE("t"),
                                   .received_ms = NOON_MS,
                                   .body = body_alike(number, bytes) };
    struct engine_accept_item item = { .entry = &entry };

    return engine_accept(story->engine, &item, 1);
}

static void assert_all_are_whole(struct story *story, unsigned n_taken)
{
    struct journal_entry entry;
    struct store_txn *txn;
    char bytes[ALIKE_BYTES];
    uint64_t n_bytes;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    for (unsigned number = 1; number <= n_taken; number++) {
        assert_int_equal(journal_get(txn, number, story->arena, &entry), RC_OK);
        assert_true(slice_eq(entry.body, body_alike(number, bytes)));
        arena_reset(story->arena);
    }
    assert_int_equal(meta_get(txn, META_JOURNAL_BYTES, &n_bytes), RC_OK);
    assert_true(n_bytes < (uint64_t)n_taken * ALIKE_BYTES / 2);
    store_abort(&txn);
}

/* Whichever commits fail: one that makes a dictionary is among them. */
static void s03_what_is_packed_after_a_commit_that_failed_is_whole(void **state)
{
    (void)state;
    for (unsigned offset = 0; offset < 3; offset++) {
        struct story *story = begin();
        unsigned number = 0;

        while (number < 200) {
            number++;
            for (unsigned n_failing = (number + offset) % 3; n_failing > 0; n_failing--) {
                store_fail_commits(story->store, 1, RC_FULL);
                assert_int_equal(take_alike(story, number), RC_FULL);
            }
            assert_int_equal(take_alike(story, number), RC_OK);
            if (number % 70 == 0)
                start_again(story);
        }
        assert_all_are_whole(story, number);
        end(story);
    }
}

static enum rc read_body(struct story *story, uint64_t seq, struct slice *body)
{
    struct journal_entry entry = { 0 };
    struct store_txn *txn;
    enum rc rc;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    rc = journal_get(txn, seq, story->arena, &entry);
    *body = entry.body;
    store_abort(&txn);
    return rc;
}

static void damage_dictionaries(struct story *story)
{
    struct store_cursor *cursor;
    struct store_key kept;
    struct slice key = { 0 }, row;
    struct store_txn *txn;

    assert_int_equal(store_begin(story->store, &txn), RC_OK);
    assert_int_equal(store_cursor_open(txn, TABLE_DICTIONARIES, &cursor), RC_OK);
    assert_int_equal(store_cursor_move(cursor, STORE_FIRST, &key, &row), RC_OK);
    assert_int_equal(key_copy(key, &kept), RC_OK);
    store_cursor_close(cursor);
    assert_int_equal(store_put(txn, TABLE_DICTIONARIES, key_slice(&kept), SLICE("damaged")), RC_OK);
    assert_int_equal(store_commit(&txn), RC_OK);
}

/* Without a restart: what is in memory is sound, and whoever packs does not see it. */
static void s07_a_damaged_dictionary_is_noticed_when_the_first_body_cannot_be_read(void **state)
{
    struct story *story = begin();
    char bytes[ALIKE_BYTES];
    struct slice body;

    (void)state;
    for (unsigned number = 1; number <= 20; number++)
        assert_int_equal(take_alike(story, number), RC_OK);
    fold(story, NOON_MS);
    damage_dictionaries(story);
    assert_int_equal(take_alike(story, 21), RC_OK);
    assert_int_equal(read_body(story, 21, &body), RC_CORRUPT);
    fold(story, NOON_MS);
    for (unsigned number = 22; number <= 60; number++) {
        assert_int_equal(take_alike(story, number), RC_OK);
        assert_int_equal(read_body(story, number, &body), RC_OK);
        assert_true(slice_eq(body, body_alike(number, bytes)));
    }
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
        cmocka_unit_test(s07_a_damaged_dictionary_is_noticed_when_the_first_body_cannot_be_read),
        cmocka_unit_test(s03_what_is_packed_after_a_commit_that_failed_is_whole),
        cmocka_unit_test(s03_retention_that_finds_no_room_takes_half_as_much_and_not_at_once),
        cmocka_unit_test(each_of_many_is_known_while_they_go_to_their_days_and_after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
