#include "src/store/store_key.h"
#include "tests/unit/engine_story.h"

#define RULES                                                                                      \
    "rules:\n  - {id: red, on: ci.run, key: [repo], when: {count: 3, within: 10m}, mode: "         \
    "observe}\n"
#define PADDING_BYTES ((size_t)200 << 10)
#define LOOK_BYTES ((size_t)64 << 10) /* of what is told: far less than one sample takes */

/* A run of 200 KB that failed. */
static void fails_at_length(struct story *story, int64_t at_ms)
{
    char time[TIME_TEXT_BYTES];
    struct buffer json;

    buffer_init(&json, 0);
    buffer_format(&json,
                  "{\"kind\":\"ci.run\",\"repo\":\"a/b\",\"state\":\"failing\",\"time\":\"%s\","
                  "\"data\":{\"log\":\"",
                  time_format(at_ms, time));
    for (size_t i = 0; i < PADDING_BYTES; i++)
        buffer_add_byte(&json, 'x');
    buffer_add_text(&json, "\"}}");
    buffer_add_byte(&json, '\0');
    assert_int_equal(buffer_rc(&json), RC_OK);
    accept(story, at_ms, ENGINE_RECORDED_EVENT, json.ptr);
    fold(story, at_ms);
    buffer_free(&json);
}

/* Three, of which the last came too late. */
static struct story *begin_three(void)
{
    struct story *story = begin_with("state: /nowhere\nrules: [rules.yaml]\n", RULES);

    fails_at_length(story, NOON_MS);
    fails_at_length(story, NOON_MS + 5 * MINUTE_MS);
    fails_at_length(story, NOON_MS + 10 * MINUTE_MS + 12 * SECOND_MS);
    return story;
}

static void assert_near_miss(struct story *story, const char *expected)
{
    struct signal_description description;
    struct store_txn *txn = NULL;
    struct arena *arena = NULL;
    struct signal signal;
    struct ulid id = { 0 };

    assert_int_equal(arena_new(LOOK_BYTES, &arena), RC_OK);
    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(object_next(txn, TABLE_SIGNALS, &signal_shape, id, arena, &id, &signal),
                     RC_OK);
    assert_int_equal(engine_describe_signal(story->engine, txn, &signal, NOON_MS + 11 * MINUTE_MS,
                                            arena, &description),
                     RC_OK);
    assert_true(slice_eq(description.near_miss, slice_of(expected)));
    store_abort(&txn);
    arena_free(arena);
}

static void samples_of_any_length_say_how_near_they_came(void **state)
{
    struct story *story = begin_three();

    (void)state;
    assert_near_miss(story, "3 came within 10m12s, the last of them 12s too late");
    end(story);
}

static void a_damaged_sample_is_one_less_and_the_signal_is_explained(void **state)
{
    struct story *story = begin_three();
    const struct store_key second = key_of_u64(2);
    struct store_txn *txn = NULL;

    (void)state;
    assert_int_equal(store_begin(story->store, &txn), RC_OK);
    assert_int_equal(store_put(txn, TABLE_JOURNAL, key_slice(&second), SLICE("damaged")), RC_OK);
    assert_int_equal(store_commit(&txn), RC_OK);
    assert_near_miss(story, NULL);
    end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_of_any_length_say_how_near_they_came),
        cmocka_unit_test(a_damaged_sample_is_one_less_and_the_signal_is_explained),
    };

    return cmocka_run_group_tests_name("engine_describe", tests, NULL, NULL);
}
