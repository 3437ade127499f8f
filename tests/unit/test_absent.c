#include "fold_story.h"

#define DAILY "{id: a, on: ci.run, key: [repo], when: {absent: 24h, grace: 2h}}"
#define EXPECTED                                                                                   \
    "{id: a, on: ci.run, key: [repo], when: {absent: 24h, grace: 2h, expect: [[r], users]}}"
#define NIGHTLY                                                                                    \
    "{id: a, on: ci.run, key: [repo], when: {absent: {cron: '0 2 * * mon-fri'}, grace: 2h}}"

static void a_key_that_goes_unseen_fires_at_the_end_of_its_grace(void **state)
{
    struct story *story = story_of(DAILY);

    (void)state;
    (void)event_at(story, 0, "'title':'backup ok'");
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    time_passes_to(story, 26 * HOUR_MS - 1);
    assert_told(story, "");
    time_passes_to(story, 26 * HOUR_MS);
    assert_told(story, "firing@93600000 ");
    assert_int_equal(story->signal.count, 0);
    assert_int_equal(story->signal.first_seen_ms, START_MS);
    assert_int_equal(story->signal.last_seen_ms, START_MS);
    assert_slice(story->signal.title, "a: r not seen since 2026-01-01T00:00:00.000Z");
    story_end(story);
}

static void each_sight_begins_the_time_anew(void **state)
{
    struct story *story = story_of(DAILY);

    (void)state;
    (void)event_at(story, 0, "");
    (void)event_at(story, 26 * HOUR_MS - 1, "");
    time_passes_to(story, 52 * HOUR_MS - 2);
    assert_told(story, "");
    time_passes_to(story, 52 * HOUR_MS - 1);
    assert_told(story, "firing@187199999 ");
    story_end(story);
}

static void the_next_sight_ends_it_and_is_not_counted(void **state)
{
    struct story *story = story_of(DAILY);

    (void)state;
    (void)event_at(story, 0, "");
    (void)event_at(story, 30 * HOUR_MS, "");
    assert_told(story, "firing@93600000 resolved@108000000 ");
    assert_slice(story->signal.resolved_by, "condition");
    assert_int_equal(story->signal.count, 0);
    time_passes_to(story, 56 * HOUR_MS);
    assert_told(story, "firing@93600000 resolved@108000000 firing@201600000 ");
    assert_int_equal(story->signal.episode, 2);
    story_end(story);
}

static void without_grace_it_is_due_at_once(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], when: {absent: 1s}}");

    (void)state;
    (void)event_at(story, 0, "");
    time_passes_to(story, 999);
    assert_told(story, "");
    time_passes_to(story, 1000);
    assert_told(story, "firing@1000 ");
    story_end(story);
}

static void a_state_that_fails_is_a_sight_like_any_other(void **state)
{
    struct story *story = story_of(DAILY);

    (void)state;
    (void)event_at(story, 0, "'state':'failing'");
    (void)event_at(story, 30 * HOUR_MS, "'state':'ok'");
    assert_told(story, "firing@93600000 resolved@108000000 ");
    story_end(story);
}

static void an_older_sight_moves_nothing(void **state)
{
    struct story *story = story_of(DAILY);

    (void)state;
    (void)event_at(story, HOUR_MS, "");
    story->now_ms = START_MS + HOUR_MS;
    (void)event_at(story, HOUR_MS - 4 * MINUTE_MS, ""); /* inside of lateness */
    assert_false(story->fold.is_late);
    assert_int_equal(story->signal.condition_due_ms, START_MS + 27 * HOUR_MS);
    (void)event_at(story, HOUR_MS - 6 * MINUTE_MS, "");
    assert_true(story->fold.is_late);
    assert_int_equal(story->signal.condition_due_ms, START_MS + 27 * HOUR_MS);
    story_end(story);
}

static void what_comes_late_is_missed_as_late(void **state)
{
    struct story *story = story_of(DAILY);

    (void)state;
    story->now_ms = START_MS + HOUR_MS;
    (void)event_at(story, 0, "");
    assert_int_equal(story->signal.condition_due_ms, START_MS + 27 * HOUR_MS);
    story_end(story);
}

/* -- schedules; 1 January 2026 is a Thursday -- */

#define AT_MS(day, hour) ((day)*DAY_MS + (hour)*HOUR_MS)

static void a_schedule_is_missed_at_its_first_slot_after_the_last_sight(void **state)
{
    struct story *story = story_of(NIGHTLY);

    (void)state;
    (void)event_at(story, AT_MS(0, 2) + 30 * MINUTE_MS, ""); /* Thursday's run */
    assert_int_equal(story->signal.condition_due_ms, START_MS + AT_MS(1, 4));
    (void)event_at(story, AT_MS(1, 3), ""); /* Friday's: the next slot is on Monday */
    assert_int_equal(story->signal.condition_due_ms, START_MS + AT_MS(4, 4));
    time_passes_to(story, AT_MS(4, 4) - 1);
    assert_told(story, "");
    time_passes_to(story, AT_MS(4, 4));
    assert_told(story, "firing@360000000 ");
    story_end(story);
}

static void a_sight_at_the_slot_itself_is_that_slot(void **state)
{
    struct story *story = story_of(NIGHTLY);

    (void)state;
    (void)event_at(story, AT_MS(0, 2), "");
    assert_int_equal(story->signal.condition_due_ms, START_MS + AT_MS(1, 4));
    story_end(story);
}

static void a_slot_is_where_the_wall_says_however_late_the_event_came(void **state)
{
    struct story *story = story_of(NIGHTLY);

    (void)state;
    story->now_ms = START_MS + AT_MS(1, 1);
    (void)event_at(story, AT_MS(0, 2) + 1, ""); /* came 23 hours late */
    assert_int_equal(story->signal.condition_due_ms, START_MS + AT_MS(1, 4));
    story->now_ms = START_MS + AT_MS(5, 9);
    (void)event_at(story, AT_MS(1, 3), ""); /* Friday's, on Tuesday: Monday's is missing */
    assert_told(story, "firing@100800000 resolved@464400000 ");
    assert_int_equal(story->signal.condition_due_ms, story->now_ms);
    story_end(story);
}

static void a_schedule_goes_by_its_zone(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], when: {absent: {cron: '0 2 * "
                                   "* *', tz: Europe/Berlin}}}");

    (void)state;
    (void)event_at(story, 0, "");
    assert_int_equal(story->signal.condition_due_ms, START_MS + HOUR_MS);
    story_end(story);
}

/* -- what is known -- */

static void an_expected_key_is_missed_although_it_was_never_seen(void **state)
{
    struct story *story = story_of(EXPECTED);

    (void)state;
    expected_at(story, HOUR_MS, "r");
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    time_passes_to(story, 27 * HOUR_MS - 1);
    assert_told(story, "");
    time_passes_to(story, 27 * HOUR_MS);
    assert_told(story, "firing@97200000 ");
    assert_int_equal(story->signal.first_seen_ms, START_MS + HOUR_MS);
    assert_slice(story->signal.title, "a: r not seen since 2026-01-01T01:00:00.000Z");
    assert_slice(story->signal.fields, "{\"repo\":\"r\"}");
    (void)event_at(story, 28 * HOUR_MS, "");
    assert_became(story, SIGNAL_RESOLVED);
    story_end(story);
}

static void an_expected_key_is_missed_at_the_first_slot_after_the_load(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], when: {absent: {cron: '0 2 * "
                                   "* *'}, expect: [[r]], grace: 1h}}");

    (void)state;
    expected_at(story, 3 * HOUR_MS, "r");
    assert_int_equal(story->signal.condition_due_ms, START_MS + 27 * HOUR_MS);
    story_end(story);
}

static void the_keys_that_a_rule_expects_are_listed(void **state)
{
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo, branch], when: {absent: 1h, expect: [[b, x], [a, "
                 "'y z'], [a, b]]}}");
    const struct rule *rule = story_rule(story);
    const struct slice_list *keys;
    size_t n_keys = 0;

    (void)state;
    keys = rule->condition->expected(rule->condition_spec, &n_keys);
    assert_int_equal(n_keys, 3); /* by their values */
    assert_int_equal(keys[0].n_items, 2);
    assert_slice(keys[0].items[0], "a");
    assert_slice(keys[0].items[1], "b");
    assert_slice(keys[1].items[1], "y z");
    assert_slice(keys[2].items[0], "b");
    story_end(story);
}

static void the_keys_that_a_rule_expects_may_stand_in_a_list(void **state)
{
    static const char *const rules[] = {
        "lists: {topics: [users, orders]}\n"
        "rules: [{id: a, on: alert, key: [service], when: {absent: 1h, expect: $topics}}]\n",
        "lists: {topics: [orders]}\n"
        "rules: [{id: a, on: alert, key: [service], when: {absent: 1h, expect: [$topics, "
        "[users]]}}]\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct ruleset *set = rules_of(rules[i]);
        const struct rule *rule = &set->rules[0];
        const struct slice_list *keys;
        size_t n_keys = 0;

        keys = rule->condition->expected(rule->condition_spec, &n_keys);
        assert_int_equal(n_keys, 2);
        assert_true(slice_eq(keys[0].items[0], SLICE("orders")));
        assert_true(slice_eq(keys[1].items[0], SLICE("users")));
        ruleset_free(set);
    }
}

/* What the engine makes of an expected key is the row that its first event finds. */
static void a_known_key_is_the_same_signal_as_that_of_its_events(void **state)
{
    struct story *story = story_of(EXPECTED);
    struct slice expected;

    (void)state;
    expected_at(story, 0, "r");
    expected = story->signal.fingerprint;
    story->signal = (struct signal){ 0 };
    (void)event_at(story, 0, "");
    assert_true(slice_eq(expected, story->signal.fingerprint));
    story_end(story);
}

static void a_learnt_key_is_forgotten_when_it_stays_away(void **state)
{
    struct story *story = story_of(DAILY);

    (void)state;
    (void)event_at(story, 0, "");
    time_passes_to(story, 7 * DAY_MS - 1);
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    time_passes_to(story, 7 * DAY_MS);
    assert_told(story, "firing@93600000 resolved@604800000 ");
    assert_slice(story->signal.resolved_by, "forgotten");
    assert_int_equal(story->signal.condition_due_ms, 0);
    assert_int_equal(story->signal.window.len, 0);
    story_end(story);
}

static void an_expected_key_is_never_forgotten(void **state)
{
    struct story *story = story_of(EXPECTED);

    (void)state;
    (void)event_at(story, 0, "");
    time_passes_to(story, 400 * DAY_MS);
    assert_told(story, "firing@93600000 ");
    assert_int_equal(story->signal.condition_due_ms, 0);
    story_end(story);
}

static void others_are_forgotten_beside_expected_ones(void **state)
{
    struct story *story = story_of(EXPECTED);

    (void)state;
    (void)event_at(story, 0, "'repo':'other'");
    time_passes_to(story, 400 * DAY_MS);
    assert_told(story, "firing@93600000 resolved@604800000 ");
    story_end(story);
}

static void end_by_hand(struct story *story, int64_t at_ms)
{
    assert_int_equal(fold_resolve(story_rule(story), SLICE("jane"), START_MS + at_ms, story->arena,
                                  &story->signal, &story->fold),
                     RC_OK);
    note_transitions(story);
}

static void ended_by_hand_it_is_not_told_again_before_the_next_sight(void **state)
{
    struct story *story = story_of(DAILY);

    (void)state;
    (void)event_at(story, 0, "");
    time_passes_to(story, 26 * HOUR_MS);
    end_by_hand(story, 26 * HOUR_MS);
    time_passes_to(story, 6 * DAY_MS);
    assert_told(story, "firing@93600000 resolved@93600000 ");
    (void)event_at(story, 6 * DAY_MS, "");
    time_passes_to(story, 8 * DAY_MS);
    assert_told(story, "firing@93600000 resolved@93600000 firing@612000000 ");
    story_end(story);
}

static void ended_by_hand_it_is_forgotten_all_the_same(void **state)
{
    struct story *story = story_of(DAILY);

    (void)state;
    (void)event_at(story, 0, "");
    time_passes_to(story, 26 * HOUR_MS);
    end_by_hand(story, 26 * HOUR_MS);
    time_passes_to(story, 7 * DAY_MS);
    assert_int_equal(story->signal.window.len, 0);
    assert_int_equal(story->signal.condition_due_ms, 0);
    story_end(story);
}

static void a_clear_that_the_rule_names_ends_it_and_is_no_sight(void **state)
{
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo], where: {state: ok}, when: {absent: 24h}, clear: "
                 "{where: {state: info}}}");

    (void)state;
    (void)event_at(story, 0, "'state':'ok'");
    (void)event_at(story, 30 * HOUR_MS, "'state':'info'");
    assert_told(story, "firing@86400000 resolved@108000000 ");
    time_passes_to(story, 6 * DAY_MS);
    assert_told(story, "firing@86400000 resolved@108000000 ");
    story_end(story);
}

/* -- reloads -- */

static void under_a_new_condition_the_last_sight_counts(void **state)
{
    struct story *story = story_of(DAILY);
    struct story *next = story_of("{id: a, on: ci.run, key: [repo], when: {absent: 30h}}");
    struct fold_clock clock = story_clock(story, START_MS + 20 * HOUR_MS);

    (void)state;
    (void)event_at(story, 0, "");
    assert_int_equal(
        fold_adopt(story_rule(next), &clock, story->arena, &story->signal, &story->fold), RC_OK);
    assert_int_equal(story->signal.condition_due_ms, START_MS + 30 * HOUR_MS);
    story_end(next);
    story_end(story);
}

static void what_is_missing_goes_on_under_a_new_condition(void **state)
{
    struct story *story = story_of(DAILY);
    struct story *next = story_of("{id: a, on: ci.run, key: [repo], when: {absent: 1h}}");
    struct fold_clock clock = story_clock(story, START_MS + 2 * DAY_MS);

    (void)state;
    (void)event_at(story, 0, "");
    time_passes_to(story, 2 * DAY_MS);
    assert_int_equal(
        fold_adopt(story_rule(next), &clock, story->arena, &story->signal, &story->fold), RC_OK);
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    assert_int_equal(story->signal.condition_due_ms, START_MS + 7 * DAY_MS); /* forgotten then */
    story_end(next);
    story_end(story);
}

/* -- who hears for it -- */

static void after_its_watcher_was_silent_a_key_has_its_full_time_again(void **state)
{
    struct story *story = story_of(DAILY);

    (void)state;
    (void)event_at(story, 0, "");
    story->watched_since_ms = START_MS + 25 * HOUR_MS;
    time_passes_to(story, 51 * HOUR_MS - 1);
    assert_told(story, "");
    time_passes_to(story, 51 * HOUR_MS);
    assert_told(story, "firing@183600000 ");
    story_end(story);
}

static void after_its_watcher_was_silent_a_schedule_is_asked_for_its_next_slot(void **state)
{
    struct story *story = story_of(NIGHTLY);

    (void)state;
    (void)event_at(story, AT_MS(0, 3), "");
    story->watched_since_ms = START_MS + AT_MS(1, 3); /* Friday, after the slot */
    time_passes_to(story, AT_MS(4, 4) - 1);
    assert_told(story, "");
    time_passes_to(story, AT_MS(4, 4));
    assert_told(story, "firing@360000000 ");
    story_end(story);
}

static void after_a_start_a_key_has_its_grace_and_at_least_five_minutes(void **state)
{
    static const struct {
        const char *rule;
        int64_t due_ms;
    } cases[] = {
        { DAILY, 32 * HOUR_MS },
        { "{id: a, on: ci.run, key: [repo], when: {absent: 24h, grace: 1m}}",
          30 * HOUR_MS + 5 * MINUTE_MS },
        { "{id: a, on: ci.run, key: [repo], when: {absent: {cron: '0 2 * * *'}}}",
          30 * HOUR_MS + 5 * MINUTE_MS },
        { "{id: a, on: ci.run, key: [repo], when: {absent: 40h}}", 40 * HOUR_MS },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct story *story = story_of(cases[i].rule);

        (void)event_at(story, 0, "");
        story->started_ms = START_MS + 30 * HOUR_MS;
        time_passes_to(story, cases[i].due_ms - 1);
        assert_told(story, "");
        time_passes_to(story, cases[i].due_ms);
        assert_int_equal(story->signal.state, SIGNAL_FIRING);
        assert_int_equal(story->signal.fired_ms, START_MS + cases[i].due_ms);
        story_end(story);
    }
}

/* A stop of a week makes no key forgotten before it is missed. */
static void a_long_stop_lets_nobody_be_forgotten_in_silence(void **state)
{
    struct story *story = story_of(DAILY);

    (void)state;
    (void)event_at(story, 0, "");
    story->started_ms = START_MS + 10 * DAY_MS;
    time_passes_to(story, 11 * DAY_MS);
    assert_told(story, "firing@871200000 ");
    assert_int_equal(story->signal.condition_due_ms, START_MS + 17 * DAY_MS);
    story_end(story);
}

static void foreign_memory_is_none(void **state)
{
    static const char *const memories[] = { "x", "1234567", "12345678901234567xx" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct story *story = story_of(DAILY);

        (void)event_at(story, 0, "");
        story->signal.window = slice_of(memories[i]);
        (void)event_at(story, MINUTE_MS, "");
        assert_int_equal(story->signal.window.len, 17);
        story_end(story);
    }
}

static void what_is_due_once_a_week_is_known_for_two(void **state)
{
    struct story *story = story_of("{id: a, on: ci.run, key: [repo], when: {absent: 7d}}");

    (void)state;
    event_at(story, 0, "'state':'ok'");
    time_passes_to(story, 7 * DAY_MS);
    assert_became(story, SIGNAL_FIRING);
    time_passes_to(story, 14 * DAY_MS - 1);
    assert_int_equal(story->signal.state, SIGNAL_FIRING);
    time_passes_to(story, 14 * DAY_MS);
    assert_told(story, "firing@604800000 resolved@1209600000 ");
    story_end(story);
}

static void a_late_sight_ends_no_absence_and_counts_for_nothing(void **state)
{
    struct story *story = story_of(DAILY);

    (void)state;
    (void)event_at(story, 0, "");
    story->now_ms = START_MS + 27 * HOUR_MS;
    (void)event_at(story, -1, "");
    assert_became(story, NOTHING);
    assert_int_equal(story->signal.count, 0);
    assert_int_equal(story->signal.first_seen_ms, START_MS);
    (void)event_at(story, 0,
                   ""); /* another one of the last sight's millisecond is none that is older */
    assert_told(story, "firing@93600000 resolved@97200000 ");
    story_end(story);
}

static void a_forgotten_key_is_new_whatever_the_time_of_its_next_sight(void **state)
{
    struct story *story =
        story_of("{id: a, on: ci.run, key: [repo], when: {absent: 7s, forget: 21s}}");

    (void)state;
    (void)event_at(story, MINUTE_MS, "");
    time_passes_to(story, MINUTE_MS + 21000);
    assert_told(story, "firing@67000 resolved@81000 ");
    story->now_ms = START_MS + 3 * MINUTE_MS;
    (void)event_at(story, 0, ""); /* older than the one before, and long on its way */
    assert_false(story->fold.is_late);
    time_passes_to(story, 3 * MINUTE_MS + 6999);
    assert_told(story, "firing@67000 resolved@81000 ");
    time_passes_to(story, 3 * MINUTE_MS + 7000);
    assert_told(story, "firing@67000 resolved@81000 firing@187000 ");
    story_end(story);
}

static void a_key_that_is_forgotten_after_its_absence_was_ended_is_new_likewise(void **state)
{
    static const struct {
        const char *rule;
        bool by_hand;
    } cases[] = {
        { "{id: a, on: ci.run, key: [repo], when: {absent: 7s, forget: 21s}}", true },
        { "{id: a, on: ci.run, key: [repo], when: {absent: 7s, forget: 21s}, lateness: 1s, clear: "
          "{where: {state: ok}}}",
          false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct story *story = story_of(cases[i].rule);

        (void)event_at(story, MINUTE_MS, "");
        time_passes_to(story, MINUTE_MS + 7000);
        if (cases[i].by_hand)
            end_by_hand(story, MINUTE_MS + 7000);
        else
            (void)event_at(story, MINUTE_MS + 7000, "'state':'ok'");
        assert_told(story, "firing@67000 resolved@67000 ");
        time_passes_to(story, 2 * MINUTE_MS);
        assert_int_equal(story->signal.window.len, 0);
        story->now_ms = START_MS + 3 * MINUTE_MS;
        (void)event_at(story, 0, ""); /* older than the one before, and long on its way */
        assert_false(story->fold.is_late);
        time_passes_to(story, 3 * MINUTE_MS + 6999);
        assert_told(story, "firing@67000 resolved@67000 ");
        time_passes_to(story, 3 * MINUTE_MS + 7000);
        assert_told(story, "firing@67000 resolved@67000 firing@187000 ");
        story_end(story);
    }
}

static void a_clear_says_nothing_of_a_forgotten_key(void **state)
{
    struct story *story = story_of("{id: a, on: push, key: [repo], when: {absent: 7s, forget: "
                                   "21s}, clear: {where: {title: off}}}");

    (void)state;
    (void)event_at(story, 0, "'kind':'push'");
    time_passes_to(story, 21000);
    assert_told(story, "firing@7000 resolved@21000 ");
    (void)event_at(story, 30000, "'kind':'push','title':'off'");
    story->now_ms = START_MS + MINUTE_MS;
    (void)event_at(story, 29999, "'kind':'push'");
    assert_false(story->fold.is_late);
    story_end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_due_once_a_week_is_known_for_two),
        cmocka_unit_test(a_key_that_goes_unseen_fires_at_the_end_of_its_grace),
        cmocka_unit_test(each_sight_begins_the_time_anew),
        cmocka_unit_test(the_next_sight_ends_it_and_is_not_counted),
        cmocka_unit_test(without_grace_it_is_due_at_once),
        cmocka_unit_test(a_state_that_fails_is_a_sight_like_any_other),
        cmocka_unit_test(an_older_sight_moves_nothing),
        cmocka_unit_test(what_comes_late_is_missed_as_late),
        cmocka_unit_test(a_schedule_is_missed_at_its_first_slot_after_the_last_sight),
        cmocka_unit_test(a_sight_at_the_slot_itself_is_that_slot),
        cmocka_unit_test(a_slot_is_where_the_wall_says_however_late_the_event_came),
        cmocka_unit_test(a_schedule_goes_by_its_zone),
        cmocka_unit_test(an_expected_key_is_missed_although_it_was_never_seen),
        cmocka_unit_test(an_expected_key_is_missed_at_the_first_slot_after_the_load),
        cmocka_unit_test(the_keys_that_a_rule_expects_are_listed),
        cmocka_unit_test(the_keys_that_a_rule_expects_may_stand_in_a_list),
        cmocka_unit_test(a_known_key_is_the_same_signal_as_that_of_its_events),
        cmocka_unit_test(a_learnt_key_is_forgotten_when_it_stays_away),
        cmocka_unit_test(an_expected_key_is_never_forgotten),
        cmocka_unit_test(others_are_forgotten_beside_expected_ones),
        cmocka_unit_test(ended_by_hand_it_is_not_told_again_before_the_next_sight),
        cmocka_unit_test(ended_by_hand_it_is_forgotten_all_the_same),
        cmocka_unit_test(a_clear_that_the_rule_names_ends_it_and_is_no_sight),
        cmocka_unit_test(under_a_new_condition_the_last_sight_counts),
        cmocka_unit_test(what_is_missing_goes_on_under_a_new_condition),
        cmocka_unit_test(after_its_watcher_was_silent_a_key_has_its_full_time_again),
        cmocka_unit_test(after_its_watcher_was_silent_a_schedule_is_asked_for_its_next_slot),
        cmocka_unit_test(after_a_start_a_key_has_its_grace_and_at_least_five_minutes),
        cmocka_unit_test(a_long_stop_lets_nobody_be_forgotten_in_silence),
        cmocka_unit_test(foreign_memory_is_none),
        cmocka_unit_test(a_late_sight_ends_no_absence_and_counts_for_nothing),
        cmocka_unit_test(a_forgotten_key_is_new_whatever_the_time_of_its_next_sight),
        cmocka_unit_test(a_key_that_is_forgotten_after_its_absence_was_ended_is_new_likewise),
        cmocka_unit_test(a_clear_says_nothing_of_a_forgotten_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
