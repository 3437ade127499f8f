#include "src/store/dictionaries.h"

#include "src/store/journal.h"
#include "src/store/meta.h"
#include "src/store/store_key.h"
#include "tests/unit/store_fixture.h"

#define BODY_BYTES ((size_t)4000)
#define GITHUB SLICE("github")
#define NO_TYPE ((struct slice){ 0 })

/* A delivery of the family `seed`: names that do not repeat, the same in all of that family, and a number that is its own. */
static struct slice body_of(unsigned seed, unsigned number)
{
    static char bytes[BODY_BYTES + 64];
    size_t n_bytes = (size_t)snprintf(bytes, sizeof bytes, "{\"run\":%u,", number);
    uint32_t word = seed * 2654435761u + 1;

    while (n_bytes < BODY_BYTES) {
        word = word * 1664525u + 1013904223u;
        n_bytes +=
            (size_t)snprintf(bytes + n_bytes, sizeof bytes - n_bytes,
                             "\"url_%x\":\"https://api.example/%u\",", word, (word >> 16) % 1000);
    }
    return (struct slice){ bytes, n_bytes };
}

struct kept {
    bool is_packed;
    uint64_t dictionary;
    size_t n_bytes; /* as it is kept */
    bool has_made;
};

/* Packs the body of entry `seq` as the journal would, and unpacks it again. */
static struct kept keep_beside(struct fixture *fixture, struct dictionaries *dictionaries,
                               uint64_t n_journal_bytes, uint64_t seq, struct slice event_type,
                               struct slice text)
{
    struct dictionary_body body = { .seq = seq,
                                    .n_journal_bytes = n_journal_bytes,
                                    .watcher = GITHUB,
                                    .event_type = event_type,
                                    .text = text };
    struct slice dictionary = { 0 }, back;
    struct buffer packed;
    struct kept kept;

    buffer_init(&packed, 0);
    assert_int_equal(dictionaries_pack(dictionaries, fixture->txn, &body, &packed), RC_OK);
    kept = (struct kept){ .is_packed = body.is_packed,
                          .dictionary = body.dictionary,
                          .n_bytes = body.is_packed ? packed.len : text.len,
                          .has_made = body.n_bytes > 0 };
    if (body.dictionary)
        assert_int_equal(dictionary_text(fixture->txn, body.dictionary, &dictionary), RC_OK);
    if (body.is_packed) {
        assert_int_equal(unpack(buffer_slice(&packed), dictionary, fixture->arena, &back), RC_OK);
        assert_true(slice_eq(back, text));
    }
    arena_reset(fixture->arena);
    buffer_free(&packed);
    return kept;
}

/* Where the journal is so long that there is room for any number of dictionaries. */
static struct kept keep(struct fixture *fixture, struct dictionaries *dictionaries, uint64_t seq,
                        struct slice event_type, struct slice text)
{
    return keep_beside(fixture, dictionaries, (uint64_t)1 << 40, seq, event_type, text);
}

static uint64_t n_rows(struct fixture *fixture)
{
    uint64_t n;

    assert_int_equal(store_count(fixture->txn, TABLE_DICTIONARIES, &n), RC_OK);
    return n;
}

static struct dictionaries *open_dictionaries(struct fixture *fixture)
{
    struct dictionaries *dictionaries = dictionaries_new();

    assert_non_null(dictionaries);
    assert_int_equal(dictionaries_read(dictionaries, fixture->txn), RC_OK);
    return dictionaries;
}

/* Deliveries of a family from `seq` on, until a dictionary was made; the number of the first entry that has it. */
static uint64_t until_made(struct fixture *fixture, struct dictionaries *dictionaries, uint64_t seq,
                           struct slice event_type, unsigned seed)
{
    for (uint64_t last = seq + 1000; seq < last; seq++)
        if (keep(fixture, dictionaries, seq, event_type, body_of(seed, (unsigned)seq)).has_made)
            return seq + 1;
    fail_msg("none was made");
    return 0;
}

static void what_is_alike_takes_a_tenth_once_there_is_a_dictionary(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    struct kept first = keep(fixture, dictionaries, 1, NO_TYPE, body_of(1, 1)), later;
    uint64_t seq;

    assert_true(first.is_packed);
    assert_int_equal(first.dictionary, 0);
    assert_false(first.has_made);
    seq = until_made(fixture, dictionaries, 2, NO_TYPE, 1);
    assert_in_range(seq, 3, 10); /* after a handful */
    later = keep(fixture, dictionaries, seq, NO_TYPE, body_of(1, 77));
    assert_int_equal(later.dictionary, seq);
    assert_true(later.n_bytes < first.n_bytes / 10);
    assert_int_equal(n_rows(fixture), 1);
    dictionaries_free(dictionaries);
}

static void families_have_dictionaries_of_their_own(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    uint64_t push = until_made(fixture, dictionaries, 1, SLICE("push"), 1),
             check = until_made(fixture, dictionaries, push, SLICE("check_run"), 2);

    assert_int_equal(keep(fixture, dictionaries, check, SLICE("push"), body_of(1, 5)).dictionary,
                     push);
    assert_int_equal(
        keep(fixture, dictionaries, check, SLICE("check_run"), body_of(2, 5)).dictionary, check);
    assert_int_equal(keep(fixture, dictionaries, check, SLICE("issue"), body_of(1, 5)).dictionary,
                     0);
    dictionaries_free(dictionaries);
}

static void short_bodies_and_noise_stay_as_they_are(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    char noise[4096];

    srand(1);
    for (uint64_t seq = 1; seq <= 20; seq++) {
        struct kept kept;

        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (char)rand();
        kept = keep(fixture, dictionaries, seq, NO_TYPE, (struct slice){ noise, sizeof noise });
        assert_false(kept.is_packed);
        assert_int_equal(kept.dictionary, 0);
    }
    assert_false(keep(fixture, dictionaries, 21, NO_TYPE, SLICE("{\"short\": true}")).is_packed);
    dictionaries_free(dictionaries);
}

/* A family whose deliveries turn into others: the dictionary follows, and holds both while there is room. */
static void a_dictionary_follows_what_comes(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    uint64_t first = until_made(fixture, dictionaries, 1, NO_TYPE, 1),
             next = until_made(fixture, dictionaries, first, NO_TYPE, 2);
    struct kept of_others = keep(fixture, dictionaries, next, NO_TYPE, body_of(2, 5)),
                of_first = keep(fixture, dictionaries, next, NO_TYPE, body_of(1, 5));

    assert_true(next > first + 100); /* 512 KB, packed, are many bodies */
    assert_int_equal(of_others.dictionary, next);
    assert_true(of_others.n_bytes < BODY_BYTES / 10);
    assert_true(of_first.n_bytes < BODY_BYTES / 10);
    dictionaries_free(dictionaries);
}

/* Where one of two hundred differs, it is the sample: a dictionary of what is packed well already would help nobody. */
static void the_sample_is_one_that_was_packed_badly(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    uint64_t seq = until_made(fixture, dictionaries, 1, NO_TYPE, 1);
    struct kept kept = { 0 };

    for (unsigned i = 0; !kept.has_made; i++, seq++) {
        kept = keep(fixture, dictionaries, seq, NO_TYPE, body_of(i % 200 ? 1 : 2, i));
        if (kept.has_made)
            assert_int_equal(i % 200, 0);
        assert_true(i < 100000);
    }
    assert_true(keep(fixture, dictionaries, seq, NO_TYPE, body_of(2, 7)).n_bytes < BODY_BYTES / 10);
    dictionaries_free(dictionaries);
}

static void what_a_failed_transaction_made_was_never_there(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    struct kept kept;
    uint64_t seq;

    fixture_commit(fixture);
    (void)until_made(fixture, dictionaries, 1, NO_TYPE, 1);
    store_abort(&fixture->txn);
    dictionaries_end(dictionaries, false);
    assert_int_equal(store_begin(fixture->store, &fixture->txn), RC_OK);
    assert_int_equal(n_rows(fixture), 0);
    assert_int_equal(dictionaries_read(dictionaries, fixture->txn), RC_OK);
    kept = keep(fixture, dictionaries, 1, NO_TYPE, body_of(1, 1));
    assert_int_equal(kept.dictionary, 0);
    seq = until_made(fixture, dictionaries, 2, NO_TYPE, 1);
    fixture_commit(fixture);
    dictionaries_end(dictionaries, true);
    dictionaries_end(dictionaries, false); /* as a turn ends after its commit */
    assert_int_equal(keep(fixture, dictionaries, seq, NO_TYPE, body_of(1, 1)).dictionary, seq);
    dictionaries_free(dictionaries);
}

static void a_restart_goes_on_with_the_newest_of_each_family(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    uint64_t push = until_made(fixture, dictionaries, 1, SLICE("push"), 1),
             check = until_made(fixture, dictionaries, push, SLICE("check_run"), 2),
             newer = until_made(fixture, dictionaries, check, SLICE("push"), 3);

    dictionaries_free(dictionaries);
    fixture_commit(fixture);
    dictionaries = open_dictionaries(fixture);
    assert_int_equal(keep(fixture, dictionaries, newer, SLICE("push"), body_of(3, 1)).dictionary,
                     newer);
    assert_int_equal(
        keep(fixture, dictionaries, newer, SLICE("check_run"), body_of(2, 1)).dictionary, check);
    assert_int_equal(n_rows(fixture), 3);
    dictionaries_free(dictionaries);
}

static void it_serves_so_many_entries_and_then_its_family_begins_anew(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    const uint64_t first = until_made(fixture, dictionaries, 1, NO_TYPE, 1),
                   last = first + DICTIONARY_SERVES - 1;
    struct kept kept = keep(fixture, dictionaries, last, NO_TYPE, body_of(1, 1));

    assert_int_equal(kept.dictionary, first);
    kept = keep(fixture, dictionaries, last + 1, NO_TYPE, body_of(1, 2));
    assert_int_equal(kept.dictionary, 0);
    assert_false(kept.has_made); /* of what comes once in so many none is made */
    assert_true(until_made(fixture, dictionaries, last + 2, NO_TYPE, 1) > last + 3);
    dictionaries_free(dictionaries);
    /* What no longer serves is not even read. */
    assert_int_equal(meta_set(fixture->txn, META_SEQUENCE, last + 4 * DICTIONARY_SERVES), RC_OK);
    dictionaries = open_dictionaries(fixture);
    kept = keep(fixture, dictionaries, last + 5, NO_TYPE, body_of(1, 5));
    assert_int_equal(kept.dictionary, 0);
    dictionaries_free(dictionaries);
}

static void expect_gone(struct fixture *fixture, uint64_t oldest_seq, uint64_t n_left)
{
    uint64_t n_before, n_after, n_bytes;

    assert_int_equal(meta_get(fixture->txn, META_DICTIONARY_BYTES, &n_before), RC_OK);
    assert_int_equal(dictionaries_expire(fixture->txn, oldest_seq, &n_bytes), RC_OK);
    assert_int_equal(meta_get(fixture->txn, META_DICTIONARY_BYTES, &n_after), RC_OK);
    assert_int_equal(n_before - n_after, n_bytes);
    assert_int_equal(n_rows(fixture), n_left);
}

static void it_goes_when_no_entry_can_need_it(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    const uint64_t other = until_made(fixture, dictionaries, 1, SLICE("other"), 3),
                   first = until_made(fixture, dictionaries, other, NO_TYPE, 1),
                   next = until_made(fixture, dictionaries, first, NO_TYPE, 2);
    uint64_t n_bytes;

    assert_int_equal(store_count(fixture->txn, TABLE_DICTIONARY_ENDS, &n_bytes), RC_OK);
    assert_int_equal(n_bytes, 3);
    expect_gone(fixture, next - 1, 3); /* the entry before the next one has the first */
    expect_gone(fixture, next, 2);
    assert_int_equal(keep(fixture, dictionaries, next, NO_TYPE, body_of(2, 1)).dictionary, next);
    expect_gone(fixture, other + DICTIONARY_SERVES - 1, 2);
    expect_gone(fixture, other + DICTIONARY_SERVES, 1);
    expect_gone(fixture, next + DICTIONARY_SERVES - 1, 1);
    expect_gone(fixture, next + DICTIONARY_SERVES, 0);
    assert_int_equal(meta_get(fixture->txn, META_DICTIONARY_BYTES, &n_bytes), RC_OK);
    assert_int_equal(n_bytes, 0);
    assert_int_equal(store_count(fixture->txn, TABLE_DICTIONARY_ENDS, &n_bytes), RC_OK);
    assert_int_equal(n_bytes, 0);
    dictionaries_free(dictionaries);
}

/* Also of one that was made before the start. */
static void one_that_is_followed_goes_although_there_was_a_restart(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    const uint64_t first = until_made(fixture, dictionaries, 1, NO_TYPE, 1);
    uint64_t next;

    dictionaries_free(dictionaries);
    dictionaries = open_dictionaries(fixture);
    next = until_made(fixture, dictionaries, first, NO_TYPE, 2);
    expect_gone(fixture, next - 1, 2);
    expect_gone(fixture, next, 1);
    dictionaries_free(dictionaries);
}

static void where_dictionaries_help_nobody_they_are_made_ever_more_seldom(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    static char noise[30000];

    srand(1);
    for (uint64_t seq = 1; seq <= 200; seq++) { /* six megabytes */
        for (size_t i = 0; i < sizeof noise; i++)
            noise[i] = (char)rand();
        assert_false(
            keep(fixture, dictionaries, seq, NO_TYPE, (struct slice){ noise, sizeof noise })
                .is_packed);
    }
    assert_int_equal(n_rows(fixture), 4); /* the first, at 0.5, at 1.5 and at 3.5 megabytes */
    dictionaries_free(dictionaries);
}

static void one_in_doubt_is_read_again(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    const uint64_t first = until_made(fixture, dictionaries, 1, NO_TYPE, 1);
    const struct store_key key = key_of_u64(first);

    dictionaries_doubt(dictionaries);
    assert_int_equal(dictionaries_read(dictionaries, fixture->txn), RC_OK);
    assert_int_equal(keep(fixture, dictionaries, first, NO_TYPE, body_of(1, 1)).dictionary, first);
    assert_int_equal(store_put(fixture->txn, TABLE_DICTIONARIES, key_slice(&key), SLICE("x")),
                     RC_OK);
    dictionaries_doubt(dictionaries);
    assert_int_equal(dictionaries_read(dictionaries, fixture->txn), RC_OK);
    assert_int_equal(keep(fixture, dictionaries, first, NO_TYPE, body_of(1, 1)).dictionary, 0);
    assert_true(until_made(fixture, dictionaries, first, NO_TYPE, 1) > first);
    dictionaries_free(dictionaries);
}

static void where_more_families_come_than_there_is_room_for_the_latest_have_it(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    uint64_t seq = 1;
    char name[16];

    for (unsigned family = 0; family <= DICTIONARY_FAMILIES; family++) {
        snprintf(name, sizeof name, "type-%u", family);
        seq = until_made(fixture, dictionaries, seq, slice_of(name), family);
        fixture_commit(fixture);
    }
    assert_true(keep(fixture, dictionaries, seq, SLICE("type-1"), body_of(1, 1)).dictionary != 0);
    assert_int_equal(keep(fixture, dictionaries, seq, SLICE("type-0"), body_of(0, 1)).dictionary,
                     0);
    dictionaries_free(dictionaries);
    /* A start reads no more than that either. */
    dictionaries = open_dictionaries(fixture);
    assert_int_equal(keep(fixture, dictionaries, seq, SLICE("type-0"), body_of(0, 1)).dictionary,
                     0);
    assert_int_equal(
        keep(fixture, dictionaries, seq, slice_of(name), body_of(DICTIONARY_FAMILIES, 1))
            .dictionary,
        seq);
    dictionaries_free(dictionaries);
}

/* The row before it is still there, and sound: it has ended all the same, and goes while entries of now are kept. */
static void s07_one_that_was_followed_never_serves_again(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    const uint64_t first = until_made(fixture, dictionaries, 1, NO_TYPE, 1),
                   next = until_made(fixture, dictionaries, first, NO_TYPE, 2);
    const struct store_key key = key_of_u64(next);

    assert_int_equal(store_put(fixture->txn, TABLE_DICTIONARIES, key_slice(&key), SLICE("x")),
                     RC_OK);
    assert_int_equal(meta_set(fixture->txn, META_SEQUENCE, next - 1), RC_OK);
    dictionaries_doubt(dictionaries);
    assert_int_equal(dictionaries_read(dictionaries, fixture->txn), RC_OK);
    assert_int_equal(keep(fixture, dictionaries, next, NO_TYPE, body_of(1, 1)).dictionary, 0);
    dictionaries_free(dictionaries);
}

static void after_one_that_could_not_be_stored_bodies_are_packed_without_for_a_while(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    uint64_t rest = 16;

    fixture_commit(fixture);
    for (unsigned i = 0; i < 4; i++, rest *= 2) {
        (void)until_made(fixture, dictionaries, 1, NO_TYPE, 1);
        store_abort(&fixture->txn);
        dictionaries_end(dictionaries, false);
        assert_int_equal(store_begin(fixture->store, &fixture->txn), RC_OK);
        assert_int_equal(dictionaries_read(dictionaries, fixture->txn), RC_OK);
        for (uint64_t seq = 1; seq <= rest; seq++) {
            struct kept kept = keep(fixture, dictionaries, seq, NO_TYPE, body_of(1, 1));

            assert_true(kept.is_packed);
            assert_false(kept.has_made);
        }
    }
    (void)until_made(fixture, dictionaries, 1, NO_TYPE, 1);
    dictionaries_end(dictionaries, true);
    dictionaries_free(dictionaries);
}

/* All places are taken by families that stopped long ago. */
static void those_that_come_now_get_the_places_of_those_whose_dictionaries_have_ended(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    uint64_t seq = 1;
    char name[16];
    bool has_made[2] = { false, false };

    for (unsigned family = 0; family < DICTIONARY_FAMILIES; family++) {
        snprintf(name, sizeof name, "old-%u", family);
        seq = until_made(fixture, dictionaries, seq, slice_of(name), family);
        fixture_commit(fixture);
    }
    seq += DICTIONARY_SERVES;
    for (unsigned i = 0; i < 40; i++, seq++)
        has_made[i % 2] |= keep(fixture, dictionaries, seq, i % 2 ? SLICE("b") : SLICE("a"),
                                body_of(100 + i % 2, i))
                               .has_made;
    assert_true(has_made[0] && has_made[1]);
    dictionaries_free(dictionaries);
}

static void one_that_gives_up_its_place_has_ended(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    uint64_t first = 0, seq = 1;
    char name[16];

    for (unsigned family = 0; family < DICTIONARY_FAMILIES; family++) {
        snprintf(name, sizeof name, "%u", family);
        seq = until_made(fixture, dictionaries, seq, slice_of(name), family);
        if (!first)
            first = seq;
        fixture_commit(fixture);
    }
    assert_int_equal(meta_set(fixture->txn, META_SEQUENCE, seq - 1), RC_OK);
    fixture_commit(fixture);
    dictionaries_end(dictionaries, true);
    (void)keep(fixture, dictionaries, seq, SLICE("new"), body_of(100, 1));
    store_abort(&fixture->txn);
    dictionaries_end(dictionaries, false); /* it has not given it up after all */
    assert_int_equal(store_begin(fixture->store, &fixture->txn), RC_OK);
    assert_int_equal(dictionaries_read(dictionaries, fixture->txn), RC_OK);
    assert_int_equal(keep(fixture, dictionaries, seq, SLICE("0"), body_of(0, 1)).dictionary, first);
    (void)keep(fixture, dictionaries, seq, SLICE("new"), body_of(100, 1));
    expect_gone(fixture, seq - 1, DICTIONARY_FAMILIES);
    expect_gone(fixture, seq, DICTIONARY_FAMILIES - 1);
    dictionaries_free(dictionaries);
}

static void where_some_have_none_who_comes_once_pushes_out_nobody_who_has_one(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    const uint64_t first = until_made(fixture, dictionaries, 1, NO_TYPE, 1);
    uint64_t seq = first;
    char name[16];

    for (; seq < first + 2 * DICTIONARY_FAMILIES; seq++) {
        snprintf(name, sizeof name, "%u", (unsigned)seq);
        (void)keep(fixture, dictionaries, seq, slice_of(name), body_of(2, 1));
    }
    assert_int_equal(keep(fixture, dictionaries, seq, NO_TYPE, body_of(1, 1)).dictionary, first);
    dictionaries_free(dictionaries);
}

static void a_long_name_is_cut_and_known_again(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    char name[DICTIONARY_NAME_BYTES + 100];
    uint64_t seq;

    memset(name, 'x', sizeof name);
    seq = until_made(fixture, dictionaries, 1, (struct slice){ name, sizeof name }, 1);
    dictionaries_free(dictionaries);
    dictionaries = open_dictionaries(fixture);
    assert_int_equal(
        keep(fixture, dictionaries, seq, (struct slice){ name, sizeof name }, body_of(1, 1))
            .dictionary,
        seq);
    dictionaries_free(dictionaries);
}

static void s07_a_damaged_one_is_said_to_be_and_not_used(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    const uint64_t seq = until_made(fixture, dictionaries, 1, NO_TYPE, 1);
    const struct store_key key = key_of_u64(seq);
    struct slice text;

    assert_int_equal(store_put(fixture->txn, TABLE_DICTIONARIES, key_slice(&key), SLICE("x")),
                     RC_OK);
    assert_int_equal(dictionary_text(fixture->txn, seq, &text), RC_CORRUPT);
    assert_int_equal(dictionary_text(fixture->txn, seq + 1, &text), RC_CORRUPT); /* not there */
    dictionaries_free(dictionaries);
    dictionaries = open_dictionaries(fixture);
    assert_int_equal(keep(fixture, dictionaries, seq, NO_TYPE, body_of(1, 1)).dictionary, 0);
    dictionaries_free(dictionaries);
}

static void s07_a_row_that_no_program_of_ours_would_write_is_damaged(void **state)
{
    struct fixture *fixture = *state;
    const struct store_key key = key_of_u64(1);
    struct dictionaries *dictionaries;
    struct slice text;
    uint64_t seq, n_bytes;

    /* Format 2, the CRC-32 of nothing, no fields: no text. */
    assert_int_equal(
        store_put(fixture->txn, TABLE_DICTIONARIES, key_slice(&key), SLICE("\2\0\0\0\0")), RC_OK);
    assert_int_equal(dictionary_text(fixture->txn, 1, &text), RC_CORRUPT);
    /* Keys that are no numbers. */
    assert_int_equal(store_put(fixture->txn, TABLE_DICTIONARIES, SLICE("no num"), SLICE("")),
                     RC_OK);
    assert_int_equal(store_put(fixture->txn, TABLE_DICTIONARY_ENDS, SLICE("\1no num"), SLICE("")),
                     RC_OK);
    dictionaries = open_dictionaries(fixture);
    seq = until_made(fixture, dictionaries, 2, NO_TYPE, 1);
    assert_int_equal(keep(fixture, dictionaries, seq, NO_TYPE, body_of(1, 1)).dictionary, seq);
    dictionaries_free(dictionaries);
    assert_int_equal(dictionaries_expire(fixture->txn, UINT64_MAX / 2, &n_bytes), RC_OK);
    assert_in_range(n_bytes, BODY_BYTES, BODY_BYTES + 200);
}

static void all_together_take_no_more_than_their_share_of_the_journal(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    struct kept kept;
    uint64_t n_bytes;
    char name[16];

    for (unsigned round = 0; round < 2; round++) {
        const uint64_t n_journal_bytes = round * 3 * DICTIONARY_SHARE * DICTIONARY_ALL_BYTES;
        const uint64_t n_most = round ? n_journal_bytes / DICTIONARY_SHARE : DICTIONARY_ALL_BYTES;

        /* Each family makes one, where there is room. */
        for (unsigned i = 0; i < 3000; i++) {
            snprintf(name, sizeof name, "%u-%u", round, i / 10);
            (void)keep_beside(fixture, dictionaries, n_journal_bytes, round * 3000 + i,
                              slice_of(name), body_of(i / 10, i));
        }
        assert_int_equal(meta_get(fixture->txn, META_DICTIONARY_BYTES, &n_bytes), RC_OK);
        assert_in_range(n_bytes, n_most - 5000, n_most + 100);
    }
    /* Packing goes on without, and with one as soon as there is room again. */
    kept = keep_beside(fixture, dictionaries, 0, 6000, slice_of(name), body_of(1, 1));
    assert_true(kept.is_packed);
    assert_int_equal(dictionaries_expire(fixture->txn, UINT64_MAX / 2, &n_bytes), RC_OK);
    for (uint64_t seq = 6001; !kept.has_made; seq++) {
        assert_true(seq < 6020);
        kept = keep_beside(fixture, dictionaries, 0, seq, slice_of(name), body_of(1, 1));
    }
    dictionaries_free(dictionaries);
}

/* In turns, each would push out the next that comes. */
static void of_families_that_hardly_ever_come_none_is_made(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    char name[16];

    for (uint64_t seq = 1; seq <= 4 * (DICTIONARY_FAMILIES + 1); seq++) {
        unsigned family = (unsigned)(seq % (DICTIONARY_FAMILIES + 1));

        snprintf(name, sizeof name, "%u", family);
        assert_true(keep(fixture, dictionaries, seq, slice_of(name), body_of(family, 1)).is_packed);
    }
    assert_int_equal(n_rows(fixture), 0);
    dictionaries_free(dictionaries);
}

/* Noise that is the same in all of them, and a number. */
static struct slice long_body_of(unsigned number, size_t n_bytes)
{
    static char bytes[2 * DICTIONARY_BODY_MAX_BYTES];

    srand(7);
    for (size_t i = 0; i < n_bytes; i++)
        bytes[i] = i < n_bytes / 2 ? (char)rand() : 'x';
    memcpy(bytes, &number, sizeof number);
    return (struct slice){ bytes, n_bytes };
}

static void of_a_long_body_the_beginning_is_told_apart(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    const size_t n_bytes = DICTIONARY_BODY_MAX_BYTES;
    struct kept first = keep(fixture, dictionaries, 1, NO_TYPE, long_body_of(1, n_bytes)), later;

    assert_false(first.has_made); /* of what comes once or twice none is kept */
    assert_false(keep(fixture, dictionaries, 2, NO_TYPE, long_body_of(2, n_bytes)).has_made);
    assert_true(keep(fixture, dictionaries, 3, NO_TYPE, long_body_of(3, n_bytes)).has_made);
    later = keep(fixture, dictionaries, 4, NO_TYPE, long_body_of(4, n_bytes));
    assert_int_equal(later.dictionary, 4);
    assert_true(later.n_bytes + PACK_DICTIONARY_MAX_BYTES < first.n_bytes + 1000);
    later = keep(fixture, dictionaries, 5, NO_TYPE, long_body_of(5, n_bytes + 1));
    assert_true(later.is_packed);
    assert_int_equal(later.dictionary, 0);
    dictionaries_free(dictionaries);
}

/* --- in the journal --- */

static void append_of(struct fixture *fixture, struct dictionaries *dictionaries,
                      const char *watcher, const char *event_type, unsigned n_entries)
{
    struct journal_appender appender;
    enum rc rc = journal_appender_begin(fixture->txn, dictionaries, &appender);

    for (unsigned i = 1; i <= n_entries && !rc; i++) {
        struct journal_entry entry = { .id = ulid_number((uint8_t)i),
                                       .door = DOOR_DATA,
                                       .watcher = slice_of(watcher),
                                       .received_ms = i,
                                       .event_type = slice_of(event_type),
                                       .body = body_of(1, i) };

        rc = journal_appender_append(&appender, &entry);
    }
    assert_int_equal(journal_appender_end(&appender, rc), RC_OK);
}

static void append_alike(struct fixture *fixture, struct dictionaries *dictionaries,
                         unsigned n_entries)
{
    append_of(fixture, dictionaries, "github", "push", n_entries);
}

static void entries_of_each_watcher_and_event_type_are_a_family(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);

    for (unsigned i = 0; i < 4; i++)
        append_of(fixture, dictionaries, i / 2 ? "github" : "gitea", i % 2 ? "push" : "issues", 20);
    assert_int_equal(n_rows(fixture), 4);
    dictionaries_free(dictionaries);
}

/* What all of them may take is a share of what is in the journal already. */
static void a_long_journal_has_room_for_more_dictionaries(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    uint64_t n_few;
    char name[16];

    for (unsigned round = 0; round < 2; round++) {
        n_few = n_rows(fixture);
        for (unsigned i = 0; i < 100; i++) {
            snprintf(name, sizeof name, "%u-%u", round, i);
            append_of(fixture, dictionaries, "github", name, 10);
        }
        if (!round)
            assert_int_equal(meta_set(fixture->txn, META_JOURNAL_BYTES, 1 << 30), RC_OK);
    }
    assert_in_range(n_few, 60, 65);
    assert_int_equal(n_rows(fixture), n_few + 100);
    dictionaries_free(dictionaries);
}

static void assert_body(const struct journal_entry *entry, unsigned number)
{
    assert_true(slice_eq(entry->body, body_of(1, number)));
}

static bool is_next_body(void *context, const struct journal_entry *entry)
{
    unsigned *number = context;

    if (!slice_is_absent(entry->body))
        assert_body(entry, ++*number);
    return true;
}

/* All that is known besides is there. */
static bool count_missing(void *context, const struct journal_entry *entry)
{
    unsigned *n_missing = context;

    *n_missing += slice_is_absent(entry->body);
    assert_slice(entry->watcher, "github");
    assert_int_equal(entry->received_ms, entry->seq);
    return true;
}

static uint64_t journal_bytes(struct fixture *fixture)
{
    uint64_t n_bytes;

    assert_int_equal(meta_get(fixture->txn, META_JOURNAL_BYTES, &n_bytes), RC_OK);
    return n_bytes;
}

static void every_reader_of_the_journal_sees_the_whole_body(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    struct journal_entry entry;
    unsigned number = 0;
    uint32_t part;

    append_alike(fixture, dictionaries, 40);
    dictionaries_free(dictionaries);
    fixture_commit(fixture);
    assert_true(journal_bytes(fixture) < 40 * BODY_BYTES / 4);
    assert_int_equal(journal_get(fixture->txn, 40, fixture->arena, &entry), RC_OK);
    assert_body(&entry, 40);
    assert_int_equal(journal_next_delivery(fixture->txn, 30, fixture->arena, &entry), RC_OK);
    assert_body(&entry, 31);
    assert_int_equal(journal_find(fixture->txn, ulid_number(20), fixture->arena, &entry, &part),
                     RC_OK);
    assert_body(&entry, 20);
    assert_int_equal(
        journal_each_oldest(fixture->txn, 0, 99, fixture->arena, is_next_body, &number), RC_OK);
    assert_int_equal(number, 40);
}

static void s07_an_entry_whose_dictionary_is_damaged_is_damaged_and_others_are_not(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    struct journal_entry entry;
    struct store_cursor *cursor;
    struct slice key = { 0 }, row;
    struct store_key kept = { .len = 0 };
    unsigned n_sound = 0, n_missing = 0;

    append_alike(fixture, dictionaries, 40);
    dictionaries_free(dictionaries);
    assert_int_equal(store_cursor_open(fixture->txn, TABLE_DICTIONARIES, &cursor), RC_OK);
    assert_int_equal(store_cursor_move(cursor, STORE_FIRST, &key, &row), RC_OK);
    key_add(&kept, (const uint8_t *)key.ptr, key.len);
    store_cursor_close(cursor);
    assert_int_equal(store_put(fixture->txn, TABLE_DICTIONARIES, key_slice(&kept), SLICE("x")),
                     RC_OK);
    assert_int_equal(journal_get(fixture->txn, 1, fixture->arena, &entry), RC_OK);
    assert_body(&entry, 1);
    assert_int_equal(journal_next_delivery(fixture->txn, 39, fixture->arena, &entry), RC_CORRUPT);
    assert_int_equal(entry.seq, 40);
    assert_true(slice_is_absent(entry.watcher)); /* nothing of it is borrowed */
    assert_int_equal(
        journal_each_oldest(fixture->txn, 0, 99, fixture->arena, is_next_body, &n_sound), RC_OK);
    assert_in_range(n_sound, 3, 10); /* those before it */
    assert_int_equal(
        journal_each_newest(fixture->txn, 0, 99, fixture->arena, count_missing, &n_missing), RC_OK);
    assert_int_equal(n_missing, 40 - n_sound);
}

static void the_journal_counts_dictionaries_and_lets_them_go_behind_their_entries(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    size_t n_removed;

    append_alike(fixture, dictionaries, 40);
    dictionaries_free(dictionaries);
    assert_int_equal(meta_set(fixture->txn, META_CURSOR, 40), RC_OK);
    assert_int_equal(journal_expire(fixture->txn, 40, INT64_MAX, 100, &n_removed), RC_OK);
    assert_int_equal(n_removed, 39);
    assert_int_equal(n_rows(fixture), 1); /* the fortieth needs it */
    assert_true(journal_bytes(fixture) > BODY_BYTES);
    assert_int_equal(meta_set(fixture->txn, META_SEQUENCE, 2 * DICTIONARY_SERVES), RC_OK);
    assert_int_equal(journal_expire(fixture->txn, 100, INT64_MAX, 100, &n_removed), RC_OK);
    assert_int_equal(n_removed, 1);
    assert_int_equal(n_rows(fixture), 0);
    assert_int_equal(journal_bytes(fixture), 0);
}

static void dictionaries_that_cannot_go_yet_empty_no_journal_that_is_to_be_short(void **state)
{
    struct fixture *fixture = *state;
    struct dictionaries *dictionaries = open_dictionaries(fixture);
    uint64_t n_entry_bytes, n_dictionary_bytes;
    size_t n_removed;

    append_alike(fixture, dictionaries, 40);
    dictionaries_free(dictionaries);
    assert_int_equal(meta_set(fixture->txn, META_CURSOR, 40), RC_OK);
    assert_int_equal(meta_get(fixture->txn, META_DICTIONARY_BYTES, &n_dictionary_bytes), RC_OK);
    n_entry_bytes = journal_bytes(fixture) - n_dictionary_bytes;
    assert_true(n_dictionary_bytes > 2000);
    assert_int_equal(journal_expire(fixture->txn, 0, 2000, 100, &n_removed), RC_OK);
    assert_in_range(n_removed, 1, 39);
    assert_in_range(journal_bytes(fixture) - n_dictionary_bytes, 1000,
                    2000 - 2000 / DICTIONARY_SHARE);
    assert_true(n_entry_bytes > 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TWICE(what_is_alike_takes_a_tenth_once_there_is_a_dictionary),
        TWICE(families_have_dictionaries_of_their_own),
        TWICE(short_bodies_and_noise_stay_as_they_are),
        TWICE(a_dictionary_follows_what_comes),
        TWICE(the_sample_is_one_that_was_packed_badly),
        TWICE(what_a_failed_transaction_made_was_never_there),
        TWICE(a_restart_goes_on_with_the_newest_of_each_family),
        TWICE(it_serves_so_many_entries_and_then_its_family_begins_anew),
        TWICE(one_that_is_followed_goes_although_there_was_a_restart),
        TWICE(where_dictionaries_help_nobody_they_are_made_ever_more_seldom),
        TWICE(one_in_doubt_is_read_again),
        TWICE(it_goes_when_no_entry_can_need_it),
        TWICE(where_more_families_come_than_there_is_room_for_the_latest_have_it),
        TWICE(s07_one_that_was_followed_never_serves_again),
        TWICE(after_one_that_could_not_be_stored_bodies_are_packed_without_for_a_while),
        TWICE(those_that_come_now_get_the_places_of_those_whose_dictionaries_have_ended),
        TWICE(one_that_gives_up_its_place_has_ended),
        TWICE(where_some_have_none_who_comes_once_pushes_out_nobody_who_has_one),
        TWICE(a_long_name_is_cut_and_known_again),
        TWICE(s07_a_damaged_one_is_said_to_be_and_not_used),
        TWICE(s07_a_row_that_no_program_of_ours_would_write_is_damaged),
        TWICE(all_together_take_no_more_than_their_share_of_the_journal),
        TWICE(of_families_that_hardly_ever_come_none_is_made),
        TWICE(of_a_long_body_the_beginning_is_told_apart),
        TWICE(every_reader_of_the_journal_sees_the_whole_body),
        TWICE(s07_an_entry_whose_dictionary_is_damaged_is_damaged_and_others_are_not),
        TWICE(entries_of_each_watcher_and_event_type_are_a_family),
        TWICE(a_long_journal_has_room_for_more_dictionaries),
        TWICE(dictionaries_that_cannot_go_yet_empty_no_journal_that_is_to_be_short),
        TWICE(the_journal_counts_dictionaries_and_lets_them_go_behind_their_entries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
