#include "src/store/journal.h"

#include "src/store/meta.h"
#include "src/store/store_key.h"
#include "tests/unit/store_fixture.h"

#include <stdlib.h>

static uint64_t append(struct fixture *fixture, enum door door, uint8_t number, int64_t received_ms)
{
    struct header headers[] = { { .name = SLICE("X-GitHub-Event"), .value = SLICE("push") },
                                { .name = SLICE("X-Other") } };
    struct journal_entry entry = {
        .id = ulid_number(number),
        .door = door,
        .watcher = SLICE("github"),
        .received_ms = received_ms,
        .delivery_id = SLICE("d-1"),
        .body = SLICE("{\"a\": 1}\0\xff"),
        .headers = { .items = headers, .n_items = 2 },
    };

    assert_int_equal(journal_append(fixture->txn, &entry), RC_OK);
    return entry.seq;
}

static uint64_t kept_rows(struct fixture *fixture)
{
    uint64_t n_rows;

    assert_int_equal(store_count(fixture->txn, TABLE_JOURNAL, &n_rows), RC_OK);
    return n_rows;
}

static void what_came_in_is_kept_to_the_byte(void **state)
{
    struct fixture *fixture = *state;
    const struct header *headers;
    struct journal_entry entry;
    uint64_t seq = append(fixture, DOOR_DATA, 1, 5000);

    fixture_commit(fixture);
    assert_int_equal(journal_get(fixture->txn, seq, fixture->arena, &entry), RC_OK);
    assert_int_equal(entry.seq, seq);
    assert_int_equal(entry.received_ms, 5000);
    assert_int_equal(entry.door, DOOR_DATA);
    assert_int_equal(ulid_compare(entry.id, ulid_number(1)), 0);
    assert_slice(entry.watcher, "github");
    assert_slice(entry.delivery_id, "d-1");
    assert_true(slice_eq(entry.body, SLICE("{\"a\": 1}\0\xff")));
    assert_int_equal(entry.headers.n_items, 2);
    headers = entry.headers.items;
    assert_slice(headers[0].name, "X-GitHub-Event");
    assert_slice(headers[0].value, "push");
    assert_true(slice_is_absent(headers[1].value));
    assert_int_equal(journal_get(fixture->txn, seq + 1, fixture->arena, &entry), RC_NOT_FOUND);
}

#define LONG_BYTES ((size_t)4 << 20)

/* Half of it is noise: packed, it is more than half as long, and both together would not fit. */
static char *long_body(void)
{
    char *body = malloc(LONG_BYTES);

    assert_non_null(body);
    srand(1);
    for (size_t i = 0; i < LONG_BYTES; i++)
        body[i] = i < LONG_BYTES * 3 / 4 ? (char)rand() : 'y';
    return body;
}

static void a_reader_of_a_long_body_has_room_for_one(void **state)
{
    struct fixture *fixture = *state;
    char *body = long_body();
    struct journal_entry entry = { .id = ulid_number(1),
                                   .watcher = SLICE("github"),
                                   .body = { body, LONG_BYTES } };
    struct arena *arena;
    uint64_t seq;

    assert_int_equal(journal_append(fixture->txn, &entry), RC_OK);
    seq = entry.seq;
    assert_int_equal(arena_new(LONG_BYTES + 4096, &arena), RC_OK);
    assert_int_equal(journal_get(fixture->txn, seq, arena, &entry), RC_OK);
    assert_true(slice_eq(entry.body, ((struct slice){ body, LONG_BYTES })));
    arena_reset(arena);
    assert_int_equal(journal_next_delivery(fixture->txn, 0, arena, &entry), RC_OK);
    assert_true(slice_eq(entry.body, ((struct slice){ body, LONG_BYTES })));
    arena_free(arena);
    free(body);
}

static void numbers_ascend_and_are_never_used_again(void **state)
{
    struct fixture *fixture = *state;
    size_t n_removed;

    assert_int_equal(append(fixture, DOOR_DATA, 1, 1), 1);
    assert_int_equal(append(fixture, DOOR_DATA, 2, 1), 2);
    assert_int_equal(meta_set(fixture->txn, META_CURSOR, 2), RC_OK);
    assert_int_equal(journal_expire(fixture->txn, 100, INT64_MAX, 10, &n_removed), RC_OK);
    assert_int_equal(n_removed, 2);
    assert_int_equal(append(fixture, DOOR_DATA, 3, 1), 3);
}

static void many_that_are_appended_together_are_numbered_and_counted_as_one_by_one(void **state)
{
    struct fixture *fixture = *state;
    struct journal_entry entry = { .body = SLICE("{}") };
    struct journal_appender appender;
    uint64_t one, three;

    assert_int_equal(journal_append(fixture->txn, &entry), RC_OK);
    assert_int_equal(meta_get(fixture->txn, META_JOURNAL_BYTES, &one), RC_OK);
    assert_int_equal(journal_appender_begin(fixture->txn, NULL, &appender), RC_OK);
    for (uint64_t seq = 2; seq <= 3; seq++) {
        assert_int_equal(journal_appender_append(&appender, &entry), RC_OK);
        assert_int_equal(entry.seq, seq);
    }
    assert_int_equal(journal_appender_end(&appender, RC_OK), RC_OK);
    assert_int_equal(meta_get(fixture->txn, META_JOURNAL_BYTES, &three), RC_OK);
    assert_int_equal(three, 3 * one);
    assert_int_equal(journal_append(fixture->txn, &entry), RC_OK);
    assert_int_equal(entry.seq, 4);
    assert_int_equal(kept_rows(fixture), 4);
}

static void an_event_is_found_by_the_id_of_any_of_its_parts(void **state)
{
    struct fixture *fixture = *state;
    struct ulid id = { .bytes = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0x10, 0, 0 } };
    struct ulid older = id;
    struct journal_entry entry = { .id = id, .watcher = SLICE("later") };
    struct journal_entry found;
    uint32_t part;

    older.bytes[0] = 0;
    assert_int_equal(journal_append(fixture->txn, &entry), RC_OK);
    entry = (struct journal_entry){ .id = older,
                                    .watcher = SLICE("earlier") }; /* a clock that stepped back */
    assert_int_equal(journal_append(fixture->txn, &entry), RC_OK);

    assert_int_equal(journal_find(fixture->txn, id, fixture->arena, &found, &part), RC_OK);
    assert_slice(found.watcher, "later");
    assert_int_equal(part, 0);
    assert_int_equal(journal_find(fixture->txn, ulid_plus(id, 300), fixture->arena, &found, &part),
                     RC_OK);
    assert_slice(found.watcher, "later");
    assert_int_equal(part, 300);
    assert_int_equal(journal_find(fixture->txn, ulid_plus(older, 2), fixture->arena, &found, &part),
                     RC_OK);
    assert_slice(found.watcher, "earlier");
    assert_int_equal(part, 2);

    older.bytes[0] = 0;
    older.bytes[1] = 0;
    assert_int_equal(journal_find(fixture->txn, older, fixture->arena, &found, &part),
                     RC_NOT_FOUND);
    id.bytes[5] = 7; /* between the two, and far from the one below */
    id.bytes[0] = 0;
    assert_int_equal(journal_find(fixture->txn, id, fixture->arena, &found, &part), RC_NOT_FOUND);
}

static void the_next_delivery_passes_over_decisions_results_and_reloads(void **state)
{
    struct fixture *fixture = *state;
    struct journal_entry entry;

    assert_int_equal(journal_next_delivery(fixture->txn, 0, fixture->arena, &entry), RC_NOT_FOUND);
    append(fixture, DOOR_DECISION, 1, 1);
    append(fixture, DOOR_DATA, 2, 1);
    append(fixture, DOOR_RESULT, 3, 1);
    append(fixture, DOOR_RELOAD, 4, 1);
    append(fixture, DOOR_DATA, 5, 1);
    append(fixture, DOOR_RESULT, 6, 1);
    assert_int_equal(journal_next_delivery(fixture->txn, 0, fixture->arena, &entry), RC_OK);
    assert_int_equal(entry.seq, 2);
    assert_int_equal(journal_next_delivery(fixture->txn, 1, fixture->arena, &entry), RC_OK);
    assert_int_equal(entry.seq, 2);
    assert_int_equal(journal_next_delivery(fixture->txn, 2, fixture->arena, &entry), RC_OK);
    assert_int_equal(entry.seq, 5);
    assert_slice(entry.watcher, "github");
    assert_int_equal(journal_next_delivery(fixture->txn, 5, fixture->arena, &entry), RC_NOT_FOUND);
}

static void damage(struct fixture *fixture, uint64_t seq)
{
    const struct store_key key = key_of_u64(seq);

    assert_int_equal(store_put(fixture->txn, TABLE_JOURNAL, key_slice(&key), SLICE("\1damaged")),
                     RC_OK);
}

static void s07_a_damaged_delivery_is_named_and_not_passed_over_in_silence(void **state)
{
    struct fixture *fixture = *state;
    struct journal_entry entry;

    append(fixture, DOOR_DECISION, 1, 1);
    damage(fixture, append(fixture, DOOR_DATA, 2, 1));
    append(fixture, DOOR_DATA, 3, 1);
    assert_int_equal(journal_next_delivery(fixture->txn, 0, fixture->arena, &entry), RC_CORRUPT);
    assert_int_equal(entry.seq, 2);
    assert_int_equal(journal_next_delivery(fixture->txn, entry.seq, fixture->arena, &entry), RC_OK);
    assert_int_equal(entry.seq, 3);
}

struct visits {
    uint64_t seqs[8];
    size_t n_visits;
    size_t n_wanted;
};

static bool visit(void *context, const struct journal_entry *entry)
{
    struct visits *visits = context;

    visits->seqs[visits->n_visits++] = entry->seq;
    return visits->n_visits < visits->n_wanted;
}

static void entries_are_listed_newest_first_from_where_one_left_off(void **state)
{
    struct fixture *fixture = *state;
    struct visits visits = { .n_wanted = 8 };

    for (uint8_t number = 1; number <= 5; number++)
        append(fixture, DOOR_DATA, number, 1);
    damage(fixture, 4); /* costs only itself */
    assert_int_equal(journal_each_newest(fixture->txn, 0, 2, fixture->arena, visit, &visits),
                     RC_OK);
    assert_int_equal(visits.n_visits, 2);
    assert_true(visits.seqs[0] == 5 && visits.seqs[1] == 3);
    assert_int_equal(journal_each_newest(fixture->txn, 3, 8, fixture->arena, visit, &visits),
                     RC_OK);
    assert_int_equal(visits.n_visits, 4);
    assert_true(visits.seqs[2] == 2 && visits.seqs[3] == 1);
    visits = (struct visits){ .n_wanted = 1 };
    assert_int_equal(journal_each_newest(fixture->txn, 0, 8, fixture->arena, visit, &visits),
                     RC_OK);
    assert_int_equal(visits.n_visits, 1);
}

static void or_oldest_first(void **state)
{
    struct fixture *fixture = *state;
    struct visits visits = { .n_wanted = 8 };

    for (uint8_t number = 1; number <= 5; number++)
        append(fixture, DOOR_DATA, number, 1);
    damage(fixture, 2); /* costs only itself */
    assert_int_equal(journal_each_oldest(fixture->txn, 0, 2, fixture->arena, visit, &visits),
                     RC_OK);
    assert_int_equal(visits.n_visits, 2);
    assert_true(visits.seqs[0] == 1 && visits.seqs[1] == 3);
    assert_int_equal(journal_each_oldest(fixture->txn, 3, 8, fixture->arena, visit, &visits),
                     RC_OK);
    assert_int_equal(visits.n_visits, 4);
    assert_true(visits.seqs[2] == 4 && visits.seqs[3] == 5);
    assert_int_equal(journal_each_oldest(fixture->txn, 5, 8, fixture->arena, visit, &visits),
                     RC_OK);
    assert_int_equal(visits.n_visits, 4);
    visits = (struct visits){ .n_wanted = 1 };
    assert_int_equal(journal_each_oldest(fixture->txn, 0, 8, fixture->arena, visit, &visits),
                     RC_OK);
    assert_int_equal(visits.n_visits, 1);
}

static void what_is_too_old_goes_oldest_first_with_its_id_and_a_bound(void **state)
{
    struct fixture *fixture = *state;
    struct journal_entry entry;
    size_t n_removed;
    uint32_t part;

    for (uint8_t number = 1; number <= 5; number++)
        append(fixture, DOOR_DATA, number, number * 100);
    assert_int_equal(
        dead_letter_put(fixture->txn,
                        &(struct dead_letter){ .seq = 1, .at_ms = 1, .reason = SLICE("r") }),
        RC_OK);
    assert_int_equal(meta_set(fixture->txn, META_CURSOR, 5), RC_OK);
    assert_int_equal(journal_expire(fixture->txn, 400, INT64_MAX, 2, &n_removed), RC_OK);
    assert_int_equal(n_removed, 2);
    assert_int_equal(journal_expire(fixture->txn, 400, INT64_MAX, 10, &n_removed), RC_OK);
    assert_int_equal(n_removed, 1); /* the one of 400 is not older than 400 */
    assert_int_equal(kept_rows(fixture), 2);
    assert_int_equal(journal_find(fixture->txn, ulid_number(3), fixture->arena, &entry, &part),
                     RC_NOT_FOUND);
    assert_int_equal(journal_find(fixture->txn, ulid_number(4), fixture->arena, &entry, &part),
                     RC_OK);
    assert_int_equal(dead_letter_get(fixture->txn, 1, fixture->arena, &(struct dead_letter){ 0 }),
                     RC_NOT_FOUND);
}

static void what_is_not_folded_stays_however_old_and_large(void **state)
{
    struct fixture *fixture = *state;
    size_t n_removed;

    append(fixture, DOOR_DATA, 1, 1);
    append(fixture, DOOR_DATA, 2, 1);
    append(fixture, DOOR_DECISION, 3,
           1); /* folded as it was appended, but behind one that is not */
    assert_int_equal(meta_set(fixture->txn, META_CURSOR, 1), RC_OK);
    assert_int_equal(journal_expire(fixture->txn, INT64_MAX, 0, 10, &n_removed), RC_OK);
    assert_int_equal(n_removed, 1);
    assert_int_equal(kept_rows(fixture), 2);
    assert_int_equal(meta_set(fixture->txn, META_CURSOR, 2), RC_OK);
    assert_int_equal(journal_expire(fixture->txn, INT64_MAX, 0, 10, &n_removed), RC_OK);
    assert_int_equal(n_removed, 2);
}

static void beyond_the_bytes_the_oldest_go_however_young(void **state)
{
    struct fixture *fixture = *state;
    uint64_t one_bytes, all_bytes;
    size_t n_removed;

    append(fixture, DOOR_DATA, 1, 1000);
    assert_int_equal(meta_get(fixture->txn, META_JOURNAL_BYTES, &one_bytes), RC_OK);
    for (uint8_t number = 2; number <= 4; number++)
        append(fixture, DOOR_DATA, number, 1000);
    assert_int_equal(meta_set(fixture->txn, META_CURSOR, 4), RC_OK);
    assert_int_equal(journal_expire(fixture->txn, 0, 4 * (int64_t)one_bytes, 10, &n_removed),
                     RC_OK);
    assert_int_equal(n_removed, 0);
    assert_int_equal(journal_expire(fixture->txn, 0, 4 * (int64_t)one_bytes - 1, 10, &n_removed),
                     RC_OK);
    assert_int_equal(n_removed, 1);
    assert_int_equal(journal_expire(fixture->txn, 0, 2 * (int64_t)one_bytes, 10, &n_removed),
                     RC_OK);
    assert_int_equal(n_removed, 1);
    assert_int_equal(meta_get(fixture->txn, META_JOURNAL_BYTES, &all_bytes), RC_OK);
    assert_int_equal(all_bytes, 2 * one_bytes);
}

static void s07_a_damaged_row_does_not_hold_up_what_comes_after_it(void **state)
{
    struct fixture *fixture = *state;
    size_t n_removed;

    damage(fixture, append(fixture, DOOR_DATA, 1, 1));
    append(fixture, DOOR_DATA, 2, 1);
    assert_int_equal(journal_expire(fixture->txn, 100, INT64_MAX, 10, &n_removed), RC_OK);
    assert_int_equal(n_removed, 0);
    assert_int_equal(meta_set(fixture->txn, META_CURSOR, 2), RC_OK);
    assert_int_equal(journal_expire(fixture->txn, 100, INT64_MAX, 10, &n_removed), RC_OK);
    assert_int_equal(n_removed, 2);
}

static void a_dead_letter_says_when_and_why(void **state)
{
    struct fixture *fixture = *state;
    const struct dead_letter letter = { .seq = 9,
                                        .at_ms = 77,
                                        .reason = SLICE("it ended the process twice") };
    struct dead_letter found;

    assert_int_equal(dead_letter_put(fixture->txn, &letter), RC_OK);
    assert_int_equal(dead_letter_get(fixture->txn, 9, fixture->arena, &found), RC_OK);
    assert_true(found.seq == 9 && found.at_ms == 77 && slice_eq(found.reason, letter.reason));
    assert_int_equal(dead_letter_get(fixture->txn, 8, fixture->arena, &found), RC_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(what_came_in_is_kept_to_the_byte),
        TWICE(a_reader_of_a_long_body_has_room_for_one),
        TWICE(numbers_ascend_and_are_never_used_again),
        TWICE(many_that_are_appended_together_are_numbered_and_counted_as_one_by_one),
        TWICE(an_event_is_found_by_the_id_of_any_of_its_parts),
        TWICE(the_next_delivery_passes_over_decisions_results_and_reloads),
        TWICE(s07_a_damaged_delivery_is_named_and_not_passed_over_in_silence),
        TWICE(entries_are_listed_newest_first_from_where_one_left_off),
        TWICE(or_oldest_first),
        TWICE(what_is_too_old_goes_oldest_first_with_its_id_and_a_bound),
        TWICE(what_is_not_folded_stays_however_old_and_large),
        TWICE(beyond_the_bytes_the_oldest_go_however_young),
        TWICE(s07_a_damaged_row_does_not_hold_up_what_comes_after_it),
        TWICE(a_dead_letter_says_when_and_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
