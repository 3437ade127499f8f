#include "src/store/audit.h"

#include "src/store/store_key.h"
#include "tests/unit/store_fixture.h"

#define N_ENTRIES 6

static void append(struct fixture *fixture, const char *what)
{
    struct audit_entry entry = {
        .at_ms = 1000,
        .what = slice_of(what),
        .who = SLICE("jane"),
        .via = SLICE("socket"),
        .object = SLICE("prp_1"),
        .detail = SLICE("{\"verdict\":\"approve\"}"),
    };

    assert_int_equal(audit_append(fixture->txn, &entry), RC_OK);
}

static void keep_trail(struct fixture *fixture)
{
    for (size_t i = 0; i < N_ENTRIES; i++)
        append(fixture, "decision");
    fixture_commit(fixture);
}

static void trail_is_sound(struct fixture *fixture)
{
    int64_t next;
    bool done;

    assert_int_equal(audit_verify(fixture->txn, 1, 100, fixture->arena, &next, &done), RC_OK);
    assert_true(done);
}

static void trail_breaks_at(struct fixture *fixture, int64_t number)
{
    int64_t next;
    bool done;

    assert_int_equal(audit_verify(fixture->txn, 1, 100, fixture->arena, &next, &done), RC_CORRUPT);
    assert_int_equal(next, number);
    assert_false(done);
}

static struct audit_entry read_entry(struct fixture *fixture, uint64_t number)
{
    const struct store_key key = key_of_u64(number);
    struct audit_entry entry;
    struct slice record;

    assert_int_equal(store_get(fixture->txn, TABLE_AUDIT, key_slice(&key), &record), RC_OK);
    assert_int_equal(record_decode(&audit_entry_shape, record, fixture->arena, &entry), RC_OK);
    return entry;
}

static void write_entry(struct fixture *fixture, uint64_t number, const struct audit_entry *entry)
{
    const struct store_key key = key_of_u64(number);
    struct buffer record;

    buffer_init(&record, 0);
    assert_int_equal(record_encode(&audit_entry_shape, entry, &record), RC_OK);
    assert_int_equal(store_put(fixture->txn, TABLE_AUDIT, key_slice(&key), buffer_slice(&record)),
                     RC_OK);
    buffer_free(&record);
}

static void remove_entry(struct fixture *fixture, uint64_t number)
{
    const struct store_key key = key_of_u64(number);

    assert_int_equal(store_delete(fixture->txn, TABLE_AUDIT, key_slice(&key)), RC_OK);
}

static void an_untouched_trail_is_sound_also_in_pieces(void **state)
{
    struct fixture *fixture = *state;
    int64_t next = 1;
    bool done = false;

    trail_is_sound(fixture); /* nothing happened yet */
    keep_trail(fixture);
    trail_is_sound(fixture);
    for (int64_t from = 1; from <= N_ENTRIES; from += 4) {
        assert_false(done);
        assert_int_equal(next, from);
        assert_int_equal(audit_verify(fixture->txn, from, 4, fixture->arena, &next, &done), RC_OK);
    }
    assert_true(done);
    assert_int_equal(next, N_ENTRIES + 1);
}

static void the_hash_can_be_made_again_with_other_tools(void **state)
{
    struct fixture *fixture = *state;
    struct audit_entry first, second;
    struct buffer text;
    struct sha256 digest;
    char hex[SHA256_HEX_BYTES];

    keep_trail(fixture);
    first = read_entry(fixture, 1);
    second = read_entry(fixture, 2);
    buffer_init(&text, 0);
    buffer_add_text(
        &text,
        "{\"number\":1,\"at\":\"1970-01-01T00:00:01.000Z\",\"what\":\"decision\",\"who\":\"jane\","
        "\"via\":\"socket\",\"object\":\"prp_1\",\"detail\":{\"verdict\":\"approve\"}}");
    assert_int_equal(sha256_of(buffer_slice(&text), &digest), RC_OK);
    assert_slice(first.hash, hex_format(digest.bytes, SHA256_BYTES, hex));
    buffer_clear(&text);
    buffer_add(&text, first.hash);
    buffer_add_text(
        &text,
        "{\"number\":2,\"at\":\"1970-01-01T00:00:01.000Z\",\"what\":\"decision\",\"who\":\"jane\","
        "\"via\":\"socket\",\"object\":\"prp_1\",\"detail\":{\"verdict\":\"approve\"}}");
    assert_int_equal(sha256_of(buffer_slice(&text), &digest), RC_OK);
    assert_slice(second.hash, hex_format(digest.bytes, SHA256_BYTES, hex));
    buffer_free(&text);
}

static void a15_an_edited_entry_shows(void **state)
{
    struct fixture *fixture = *state;
    struct audit_entry entry;

    keep_trail(fixture);
    entry = read_entry(fixture, 3);
    entry.who = SLICE("joe");
    write_entry(fixture, 3, &entry);
    trail_breaks_at(fixture, 3);
}

/* Somebody who knows how hashes are made rewrites an entry, and its hash with it. */
static void forge(struct fixture *fixture, uint64_t number, const char *json)
{
    struct audit_entry entry = read_entry(fixture, number);
    struct buffer text;
    struct sha256 digest;
    char hex[SHA256_HEX_BYTES];

    buffer_init(&text, 0);
    buffer_add(&text, read_entry(fixture, number - 1).hash);
    buffer_add_text(&text, json);
    assert_int_equal(sha256_of(buffer_slice(&text), &digest), RC_OK);
    entry.who = SLICE("joe");
    entry.hash = slice_of(hex_format(digest.bytes, SHA256_BYTES, hex));
    write_entry(fixture, number, &entry);
    buffer_free(&text);
}

static void a15_an_entry_edited_with_its_hash_shows_at_the_next(void **state)
{
    struct fixture *fixture = *state;

    keep_trail(fixture);
    forge(fixture, 3,
          "{\"number\":3,\"at\":\"1970-01-01T00:00:01.000Z\",\"what\":\"decision\",\"who\":\"joe\","
          "\"via\":\"socket\",\"object\":\"prp_1\",\"detail\":{\"verdict\":\"approve\"}}");
    trail_breaks_at(fixture, 4);
}

static void a15_a_missing_entry_shows(void **state)
{
    struct fixture *fixture = *state;

    keep_trail(fixture);
    remove_entry(fixture, 3);
    trail_breaks_at(fixture, 3);
}

static void a15_a_missing_beginning_and_a_missing_end_show(void **state)
{
    struct fixture *fixture = *state;

    keep_trail(fixture);
    remove_entry(fixture, N_ENTRIES);
    trail_breaks_at(fixture, N_ENTRIES);
    remove_entry(fixture, 1);
    trail_breaks_at(fixture, 1);
}

static void a15_entries_in_another_order_show(void **state)
{
    struct fixture *fixture = *state;
    struct audit_entry second, third;

    keep_trail(fixture);
    second = read_entry(fixture, 2);
    third = read_entry(fixture, 3);
    write_entry(fixture, 2, &third);
    write_entry(fixture, 3, &second);
    trail_breaks_at(fixture, 2);
}

static void a15_an_entry_added_behind_the_end_shows(void **state)
{
    struct fixture *fixture = *state;
    struct audit_entry entry;

    keep_trail(fixture);
    entry = read_entry(fixture, N_ENTRIES);
    entry.number = N_ENTRIES + 1;
    write_entry(fixture, N_ENTRIES + 1, &entry);
    trail_breaks_at(fixture, N_ENTRIES + 1);
}

static void decisions_go_on_after_a_damaged_end_and_the_damage_stays_visible(void **state)
{
    struct fixture *fixture = *state;

    keep_trail(fixture);
    remove_entry(fixture, N_ENTRIES);
    append(fixture, "decision");
    assert_int_equal(read_entry(fixture, N_ENTRIES + 1).number, N_ENTRIES + 1);
    trail_breaks_at(fixture, N_ENTRIES);
}

struct visits {
    int64_t numbers[8];
    size_t n_visits;
};

static bool visit(void *context, const struct audit_entry *entry)
{
    struct visits *visits = context;

    assert_slice(entry->who, "jane");
    assert_int_equal(entry->hash.len, 64);
    visits->numbers[visits->n_visits++] = entry->number;
    return true;
}

static void entries_are_listed_newest_first(void **state)
{
    struct fixture *fixture = *state;
    struct visits visits = { .n_visits = 0 };

    keep_trail(fixture);
    assert_int_equal(audit_each_newest(fixture->txn, 0, 2, fixture->arena, visit, &visits), RC_OK);
    assert_int_equal(visits.n_visits, 2);
    assert_true(visits.numbers[0] == 6 && visits.numbers[1] == 5);
    assert_int_equal(audit_each_newest(fixture->txn, 3, 8, fixture->arena, visit, &visits), RC_OK);
    assert_int_equal(visits.n_visits, 4);
    assert_true(visits.numbers[2] == 2 && visits.numbers[3] == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(an_untouched_trail_is_sound_also_in_pieces),
        TWICE(the_hash_can_be_made_again_with_other_tools),
        TWICE(a15_an_edited_entry_shows),
        TWICE(a15_an_entry_edited_with_its_hash_shows_at_the_next),
        TWICE(a15_a_missing_entry_shows),
        TWICE(a15_a_missing_beginning_and_a_missing_end_show),
        TWICE(a15_entries_in_another_order_show),
        TWICE(a15_an_entry_added_behind_the_end_shows),
        TWICE(decisions_go_on_after_a_damaged_end_and_the_damage_stays_visible),
        TWICE(entries_are_listed_newest_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
