/* What people do by hand is in the journal, and a replay of it knows. */
#include "tests/unit/engine_story.h"

#define CONFIG                                                                                     \
    "state: /nowhere\n"                                                                            \
    "rules: [rules.yaml]\n"                                                                        \
    "actions: {act: {run: [/bin/true], effect: external, timeout: 10s}}\n"                         \
    "people: {jane: {user: jane}}\n"                                                               \
    "approvers: {from: [jane], need: 1}\n"
#define RED                                                                                        \
    "  - {id: red, on: ci.run, where: {state: failing}, key: [repo], propose: {plan: [{do: "       \
    "act}]}}\n"
#define RULES "rules:\n" RED
#define CURIOUS RULES "  - {id: all, on: 'vedette.*', key: [type]}\n"

static void resolved_at(struct story *story, int64_t at_ms)
{
    assert_int_equal(
        engine_resolve(story->engine, the_signal(story).id, SLICE("jane"), SLICE("socket"), at_ms),
        RC_OK);
}

static void paused_at(struct story *story, bool paused, int64_t at_ms)
{
    assert_int_equal(
        engine_set_paused(story->engine, paused, SLICE("jane"), SLICE("socket"), at_ms), RC_OK);
}

static bool is_paused(struct story *story)
{
    struct store_txn *txn = NULL;
    uint64_t paused = 0;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(meta_get(txn, META_PAUSED, &paused), RC_OK);
    store_abort(&txn);
    return paused;
}

/* The entry behind `*seq`, as `vedette events --json` prints its event; false: there is none. */
static bool next_event(struct story *story, uint64_t *seq, struct journal_entry *entry,
                       struct buffer *json)
{
    struct event_list events = { 0 };
    struct store_txn *txn = NULL;
    struct json_writer writer;
    enum rc rc;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    rc = journal_get(txn, *seq + 1, story->arena, entry);
    store_abort(&txn);
    if (rc == RC_NOT_FOUND)
        return false;
    assert_int_equal(rc, RC_OK);
    ++*seq;
    assert_int_equal(engine_events(story->config, entry, story->arena, &events), RC_OK);
    assert_int_equal(events.n_items, 1);
    buffer_clear(json);
    writer = json_writer_to(json);
    event_write_json(&events.items[0], &writer);
    buffer_add_byte(json, '\0');
    assert_int_equal(buffer_rc(json), RC_OK);
    event_list_free(&events);
    return true;
}

/* Another engine is told all of it. */
static struct story *replay_of(struct story *story, const char *rules)
{
    struct story *replay = begin_with(CONFIG, rules);
    struct journal_entry entry;
    struct buffer json;
    uint64_t seq = 0;

    buffer_init(&json, 0);
    while (next_event(story, &seq, &entry, &json)) {
        accept(replay, entry.received_ms, ENGINE_RECORDED_EVENT, buffer_slice(&json).ptr);
        fold(replay, entry.received_ms);
    }
    buffer_free(&json);
    return replay;
}

/* The newest entry of the journal says this. */
static void assert_journalled(struct story *story, uint64_t seq, const char *type, const char *body)
{
    struct journal_entry entry;
    struct store_txn *txn = NULL;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    assert_int_equal(journal_get(txn, seq, story->arena, &entry), RC_OK);
    store_abort(&txn);
    assert_int_equal(entry.door, DOOR_DECISION);
    assert_true(slice_eq(entry.type, slice_of(type)));
    if (body)
        assert_true(slice_eq(entry.body, slice_of(body)));
}

static void what_is_ended_by_hand_is_ended_in_a_replay_at_the_same_time(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);
    struct story *replay;
    struct signal signal;

    (void)state;
    fails_at(story, NOON_MS);
    resolved_at(story, NOON_MS + MINUTE_MS);
    assert_journalled(story, 2, "vedette.resolve", NULL);
    fails_at(story, NOON_MS + HOUR_MS);
    replay = replay_of(story, RULES);
    signal = the_signal(replay);
    assert_int_equal(signal.state, SIGNAL_FIRING);
    assert_int_equal(signal.episode, 2);
    assert_int_equal(signal.count, 1);
    assert_int_equal(signal.resolved_ms, NOON_MS + MINUTE_MS);
    end(replay);
    end(story);
}

static void a_pending_signal_that_is_ended_by_hand_is_ended_in_a_replay(void **state)
{
    const char *rules = "rules: [{id: red, on: ci.run, where: {state: failing}, key: [repo], "
                        "when: {count: 2, within: 1h}}]\n";
    struct story *story = begin_with(CONFIG, rules);
    struct story *replay;

    (void)state;
    fails_at(story, NOON_MS);
    resolved_at(story, NOON_MS + 1);
    replay = replay_of(story, rules);
    assert_int_equal(the_signal(replay).state, SIGNAL_RESOLVED);
    assert_true(slice_eq(the_signal(replay).resolved_by, SLICE("jane")));
    end(replay);
    end(story);
}

static void a_replay_under_other_rules_has_nothing_to_end(void **state)
{
    const char *others = "rules: [{id: other, on: ci.run, key: [repo]}]\n";
    struct story *story = begin_with(CONFIG, RULES);
    struct story *replay;

    (void)state;
    fails_at(story, NOON_MS);
    resolved_at(story, NOON_MS + 1);
    replay = replay_of(story, others);
    assert_int_equal(the_signal(replay).state, SIGNAL_FIRING);
    end(replay);
    end(story);
}

static void a_pause_and_its_end_are_journalled_once_each(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);
    struct story *replay;
    struct journal_entry entry;
    struct buffer json;
    uint64_t seq = 1;

    (void)state;
    paused_at(story, true, NOON_MS);
    paused_at(story, true, NOON_MS + 1);
    assert_journalled(story, 1, "vedette.pause", "{\"by\":\"jane\",\"via\":\"socket\"}");
    buffer_init(&json, 0);
    assert_false(next_event(story, &seq, &entry, &json));
    buffer_free(&json);
    replay = replay_of(story, RULES);
    assert_true(is_paused(replay));
    end(replay);
    paused_at(story, false, NOON_MS + 2);
    assert_journalled(story, 2, "vedette.resume", "{\"by\":\"jane\",\"via\":\"socket\"}");
    replay = replay_of(story, RULES);
    assert_false(is_paused(replay));
    end(replay);
    end(story);
}

/* Live they are not either. */
static void rules_are_not_asked_about_what_a_replay_does_again(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);
    struct story *replay;

    (void)state;
    paused_at(story, true, NOON_MS);
    paused_at(story, false, NOON_MS + 1);
    replay = replay_of(story, CURIOUS);
    assert_int_equal(n_of(replay, TABLE_SIGNALS, &signal_shape, NULL), 0);
    end(replay);
    end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_ended_by_hand_is_ended_in_a_replay_at_the_same_time),
        cmocka_unit_test(a_pending_signal_that_is_ended_by_hand_is_ended_in_a_replay),
        cmocka_unit_test(a_replay_under_other_rules_has_nothing_to_end),
        cmocka_unit_test(a_pause_and_its_end_are_journalled_once_each),
        cmocka_unit_test(rules_are_not_asked_about_what_a_replay_does_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
