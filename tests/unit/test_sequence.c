#include "fold_story.h"

/* A login, a change of rights, a download: three steps of one person. */
#define THREE                                                                                      \
    "{id: a, on: message, key: [actor], when: {sequence: [{where: {state: failing}}, "             \
    "{where: {state: ok}}, {where: {title: get}}], within: 10m"
#define RESTART THREE "}}"
#define KEEP THREE ", repeat: keep}}"
#define GUESSED                                                                                    \
    "{id: a, on: message, key: [actor], when: {sequence: [{where: {state: failing}, count: 3}, "   \
    "{where: {state: ok}}], within: 10m}}"

static void happens_at(struct story *story, int64_t at_ms, const char *what)
{
    char fields[128];

    (void)snprintf(fields, sizeof(fields), "'kind':'message','actor':'jane',%s", what);
    event_at(story, at_ms, fields);
}

static void fails_at(struct story *story, int64_t at_ms)
{
    happens_at(story, at_ms, "'state':'failing'");
}

static void is_ok_at(struct story *story, int64_t at_ms)
{
    happens_at(story, at_ms, "'state':'ok'");
}

static void gets_at(struct story *story, int64_t at_ms)
{
    happens_at(story, at_ms, "'title':'get'");
}

/* 'f' fails, 'o' is ok, 'g' gets: a second apart. */
static struct story *story_like(const char *rule, const char *events)
{
    struct story *story = story_of(rule);

    for (int64_t i = 0; events[i]; i++) {
        if (events[i] == 'f')
            fails_at(story, i * SECOND_MS);
        else if (events[i] == 'o')
            is_ok_at(story, i * SECOND_MS);
        else if (events[i] == 'g')
            gets_at(story, i * SECOND_MS);
    }
    return story;
}

static void assert_fires(const char *rule, const char *events, bool fires)
{
    struct story *story = story_like(rule, events);

    if ((story->signal.state == SIGNAL_FIRING) != fires)
        print_message("%s\n", events);
    assert_int_equal(story->signal.state == SIGNAL_FIRING, fires);
    story_end(story);
}

/* -- order and time -- */

static void a_sequence_fires_with_its_last_step(void **state)
{
    struct story *story = story_of(RESTART);

    (void)state;
    fails_at(story, 0);
    assert_became(story, SIGNAL_PENDING);
    assert_int_equal(story->signal.count, 1);
    is_ok_at(story, MINUTE_MS);
    assert_became(story, NOTHING);
    assert_int_equal(story->signal.count, 2);
    gets_at(story, 10 * MINUTE_MS - 1); /* the last millisecond */
    assert_became(story, SIGNAL_FIRING);
    assert_int_equal(story->signal.count, 3);
    assert_int_equal(story->signal.first_seen_ms, START_MS);
    gets_at(story, 11 * MINUTE_MS);
    assert_became(story, NOTHING);
    assert_int_equal(story->signal.count, 4);
    story_end(story);
}

static void exactly_within_after_the_first_step_is_too_late(void **state)
{
    struct story *story = story_of(RESTART);

    (void)state;
    fails_at(story, 0);
    is_ok_at(story, MINUTE_MS);
    gets_at(story, 10 * MINUTE_MS);
    assert_int_equal(story->signal.state, SIGNAL_PENDING);
    story_end(story);
}

static void steps_in_another_order_are_no_sequence(void **state)
{
    (void)state;
    assert_fires(RESTART, "fog", true);
    assert_fires(RESTART, "fgo", false);
    assert_fires(RESTART, "ofg", false);
    assert_fires(RESTART, "gof", false);
    assert_fires(RESTART, "fgog", true); /* what is not awaited is passed over */
    assert_fires(RESTART, "foog", true);
}

static void a_second_first_event_begins_the_run_anew_unless_it_is_to_be_kept(void **state)
{
    (void)state;
    assert_fires(RESTART, "fofg", false);
    assert_fires(RESTART, "fofog", true);
    assert_fires(KEEP, "fofg", true);
    assert_fires(KEEP, "fofog", true);
}

static void another_key_has_a_run_of_its_own(void **state)
{
    struct story *story = story_of("{id: a, on: message, key: [actor], when: {sequence: "
                                   "[{where: {title: a}}, {where: {title: b}}], within: 1m}}");
    struct fingerprint mine, other;

    (void)state;
    event_at(story, 0, "'kind':'message','actor':'jane','title':'a'");
    memcpy(&mine, story->signal.fingerprint.ptr, sizeof(mine));
    story->signal = (struct signal){ 0 }; /* the store would give john's, and there is none */
    event_at(story, 1, "'kind':'message','actor':'john','title':'b'");
    assert_became(story, NOTHING);
    memcpy(&other, story->signal.fingerprint.ptr, sizeof(other));
    assert_memory_not_equal(&mine, &other, sizeof(mine));
    story_end(story);
}

static void a_step_may_have_the_key_from_other_fields(void **state)
{
    struct story *story =
        story_of("{id: a, on: message, key: [actor], when: {sequence: [{where: {title: a}}, "
                 "{where: {title: b}, key: [data.user.name]}], within: 1m}}");

    (void)state;
    event_at(story, 0, "'kind':'message','actor':'jane','title':'a'");
    event_at(story, 1, "'kind':'message','title':'b','data':{'user':{'name':'jane'}}");
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

static void one_event_is_one_step_of_a_run(void **state)
{
    struct story *story = story_of("{id: a, on: message, key: [actor], when: {sequence: "
                                   "[{where: {state: failing}}, {match: '/./', on: message}, "
                                   "{where: {state: failing}}], within: 1m}}");

    (void)state;
    happens_at(story, 0, "'state':'failing','text':'x'");
    assert_int_equal(story->signal.count, 1);
    happens_at(story, 1, "'state':'failing','text':'x'"); /* the second step, and a first one */
    assert_int_equal(story->signal.count, 2);
    happens_at(story, 2, "'state':'failing','text':'x'");
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

static void steps_of_one_millisecond_count_as_they_came(void **state)
{
    struct story *story = story_of(RESTART);
    struct story *reversed = story_of(RESTART);

    (void)state;
    fails_at(story, 5);
    is_ok_at(story, 5);
    gets_at(story, 5);
    assert_became(story, SIGNAL_FIRING);
    gets_at(reversed, 5);
    is_ok_at(reversed, 5);
    fails_at(reversed, 5);
    assert_became(reversed, SIGNAL_PENDING);
    story_end(story);
    story_end(reversed);
}

/* -- counted steps -- */

static void a_step_may_ask_for_several_events(void **state)
{
    (void)state;
    assert_fires(GUESSED, "ffo", false);
    assert_fires(GUESSED, "fffo", true);
    assert_fires(GUESSED, "ffffo", true); /* the last three */
    assert_fires(GUESSED, "fofofo", true);
    assert_fires(GUESSED, "foof", false);
}

static void of_more_first_events_than_are_asked_for_the_last_ones_are_the_run(void **state)
{
    struct story *story = story_of(GUESSED);

    (void)state;
    fails_at(story, 0);
    fails_at(story, 9 * MINUTE_MS);
    fails_at(story, 10 * MINUTE_MS);
    fails_at(story, 11 * MINUTE_MS);
    assert_int_equal(story->signal.count, 3);
    assert_int_equal(story->signal.first_seen_ms, START_MS + 9 * MINUTE_MS);
    is_ok_at(story, 19 * MINUTE_MS - 1);
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

/* -- repeats and forgetting -- */

static void a_run_that_has_left_the_window_is_over_either_way(void **state)
{
    struct story *story = story_of(KEEP);

    (void)state;
    fails_at(story, 0);
    is_ok_at(story, MINUTE_MS);
    fails_at(story, 10 * MINUTE_MS); /* a new run */
    assert_int_equal(story->signal.count, 1);
    assert_int_equal(story->signal.first_seen_ms, START_MS + 10 * MINUTE_MS);
    is_ok_at(story, 11 * MINUTE_MS);
    gets_at(story, 20 * MINUTE_MS - 1);
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

static void a_run_that_nothing_can_complete_any_more_is_forgotten(void **state)
{
    struct story *story = story_of(RESTART);

    (void)state;
    fails_at(story, 0);
    time_passes_to(story, 15 * MINUTE_MS - 1); /* within, and the lateness of what may still come */
    assert_int_equal(story->signal.state, SIGNAL_PENDING);
    time_passes_to(story, 15 * MINUTE_MS);
    assert_true(slice_is_absent(story->signal.rule));
    assert_told(story, "pending@0 ");
    story_end(story);
}

static void what_is_no_step_of_a_run_is_remembered_for_the_lateness(void **state)
{
    struct story *story = story_of(RESTART);

    (void)state;
    is_ok_at(story, 0);
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    time_passes_to(story, 5 * MINUTE_MS - 1);
    assert_false(slice_is_absent(story->signal.rule));
    time_passes_to(story, 5 * MINUTE_MS);
    assert_true(slice_is_absent(story->signal.rule));
    assert_told(story, "");
    story_end(story);
}

static void without_lateness_it_is_not_remembered_at_all(void **state)
{
    struct story *story = story_of("{id: a, on: message, key: [actor], lateness: 0s, when: "
                                   "{sequence: [{where: {state: failing}}, {where: {state: ok}}], "
                                   "within: 10m}}");

    (void)state;
    is_ok_at(story, 0);
    assert_true(story->fold.forget);
    fails_at(story, 1);
    is_ok_at(story, 2);
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

static void what_clears_sets_a_run_back(void **state)
{
    struct story *story =
        story_of("{id: a, on: message, key: [actor], clear: {where: {title: no}}, "
                 "when: {sequence: [{where: {state: failing}}, "
                 "{where: {state: ok}}], within: 10m}}");

    (void)state;
    fails_at(story, 0);
    happens_at(story, 1, "'title':'no'");
    is_ok_at(story, 2);
    assert_told(story, "pending@0 ");
    story_end(story);
}

/* -- late ones -- */

static void what_comes_late_counts_where_it_belongs(void **state)
{
    static const struct {
        int64_t at[3];
        bool fires;
    } orders[] = {
        { { 0, 1, 2 }, true }, { { 0, 2, 1 }, true }, { { 1, 0, 2 }, true },
        { { 1, 2, 0 }, true }, { { 2, 0, 1 }, true }, { { 2, 1, 0 }, true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
        struct story *story = story_of(RESTART);

        for (size_t j = 0; j < 3; j++) {
            int64_t nth = orders[i].at[j];

            story->now_ms = START_MS + HOUR_MS + (int64_t)j * SECOND_MS;
            (nth == 0 ? fails_at : nth == 1 ? is_ok_at : gets_at)(story, nth * MINUTE_MS);
        }
        assert_int_equal(story->signal.state == SIGNAL_FIRING, orders[i].fires);
        assert_int_equal(story->signal.first_seen_ms, START_MS);
        story_end(story);
    }
}

/* Late, and its run lies wholly in the past. */
static void a_late_step_completes_a_run_that_time_has_left_behind(void **state)
{
    struct story *story = story_of("{id: a, on: message, key: [actor], when: {sequence: "
                                   "[{where: {state: failing}}, {where: {state: ok}}], "
                                   "within: 1m}, title: '{{first.title}}'}");

    (void)state;
    happens_at(story, 0, "'state':'failing','title':'first'");
    is_ok_at(story, 4 * MINUTE_MS);
    assert_int_equal(story->signal.state, SIGNAL_PENDING);
    story->now_ms = START_MS + 4 * MINUTE_MS + 1;
    is_ok_at(story, 59 * SECOND_MS);
    assert_became(story, SIGNAL_FIRING);
    assert_slice(story->signal.title, "first");
    story_end(story);
}

static void what_is_older_than_the_lateness_moves_no_run(void **state)
{
    struct story *story = story_of(RESTART);

    (void)state;
    is_ok_at(story, 6 * MINUTE_MS);
    story->now_ms = START_MS + 6 * MINUTE_MS;
    fails_at(story, MINUTE_MS - 1);
    assert_true(story->fold.is_late);
    assert_int_equal(story->signal.state, SIGNAL_IDLE);
    fails_at(story, MINUTE_MS);
    assert_became(story, SIGNAL_PENDING);
    assert_int_equal(story->signal.count, 2);
    story_end(story);
}

/* By exactly the lateness, and before a step that is a millisecond younger. */
static void as_late_as_can_be_it_still_counts_where_it_belongs(void **state)
{
    struct story *story = story_of(RESTART);

    (void)state;
    is_ok_at(story, MINUTE_MS + 1);
    gets_at(story, 6 * MINUTE_MS);
    story->now_ms = START_MS + 6 * MINUTE_MS;
    fails_at(story, MINUTE_MS);
    assert_became(story, SIGNAL_FIRING);
    story_end(story);
}

static void a_late_first_event_stands_between_the_steps(void **state)
{
    struct story *story = story_of(RESTART);

    (void)state;
    fails_at(story, 0);
    is_ok_at(story, 2 * MINUTE_MS);
    assert_int_equal(story->signal.count, 2);
    story->now_ms = START_MS + 2 * MINUTE_MS;
    fails_at(story, MINUTE_MS); /* before the second step: that is the run's now */
    assert_int_equal(story->signal.count, 2);
    assert_int_equal(story->signal.first_seen_ms, START_MS + MINUTE_MS);
    fails_at(story, 2 * MINUTE_MS + 1);
    assert_int_equal(story->signal.count, 1);
    story_end(story);
}

/* 'f' fails, 'o' is ok, 'g' gets: a second apart, and told in this order. */
static struct story *story_in_order(const char *rule, const char *kinds, const int64_t *order)
{
    struct story *story = story_of(rule);

    story->now_ms = START_MS + HOUR_MS;
    for (size_t i = 0; kinds[i]; i++) {
        char kind = kinds[order[i]];

        (kind == 'f' ? fails_at : kind == 'o' ? is_ok_at : gets_at)(story, order[i] * SECOND_MS);
    }
    return story;
}

static void shuffle(int64_t *order, size_t n_items, unsigned *seed)
{
    for (size_t i = n_items - 1; i > 0; i--) {
        size_t other = ((*seed = *seed * 1103515245 + 12345) >> 16) % (i + 1);
        int64_t kept = order[i];

        order[i] = order[other];
        order[other] = kept;
    }
}

static void every_order_of_arrival_comes_to_the_same(void **state)
{
#define NEVER                                                                                      \
    "{id: a, on: message, key: [actor], clear: never, when: {sequence: [{where: {state: "          \
    "failing}%s}, "                                                                                \
    "{where: {state: ok}}, {where: {title: get}}, {where: {title: never}}], within: 10s%s}}"
    static const char *const variants[][2] = { { "", "" },
                                               { "", ", repeat: keep" },
                                               { ", count: 2", "" },
                                               { ", count: 2", ", repeat: keep" } };
    static const char kinds[] = "ffofoogffogf";
    unsigned seed = 7;

    (void)state;
    for (size_t i = 0; i < 4 * 50; i++) {
        int64_t order[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
        struct story *expected, *found;
        char rule[512];

        (void)snprintf(rule, sizeof(rule), NEVER, variants[i % 4][0], variants[i % 4][1]);
        expected = story_in_order(rule, kinds, order);
        shuffle(order, 12, &seed);
        found = story_in_order(rule, kinds, order);
        assert_int_equal(found->signal.count, expected->signal.count);
        assert_int_equal(found->signal.first_seen_ms, expected->signal.first_seen_ms);
        story_end(expected);
        story_end(found);
    }
}

static void the_same_again_in_a_millisecond_takes_no_room(void **state)
{
    struct story *story = story_of(RESTART);
    struct story *counted = story_of(GUESSED);

    (void)state;
    for (int i = 0; i < 3; i++) {
        fails_at(story, 5);
        fails_at(counted, 5);
    }
    assert_int_equal(story->signal.window.len, 8 * (1 + 2 * 3));
    assert_int_equal(counted->signal.window.len, 8 * (3 + 2 * 4));
    assert_int_equal(counted->signal.count, 3);
    story_end(story);
    story_end(counted);
}

/* -- what the templates see -- */

static void bare_fields_are_the_completing_events_and_first_the_first_ones(void **state)
{
    struct story *story =
        story_of("{id: a, on: message, key: [actor], title: '{{first.url}} {{url}}', when: "
                 "{sequence: [{where: {state: failing}}, {where: {state: ok}}], within: 10m}}");

    (void)state;
    happens_at(story, 0, "'state':'failing','url':'a'");
    happens_at(story, 1, "'state':'failing','url':'b'"); /* the run begins anew */
    happens_at(story, 2, "'state':'ok','url':'c'");
    assert_slice(story->signal.title, "b c");
    story_end(story);
}

static void how_far_a_run_is_can_be_said(void **state)
{
    struct story *story = story_of(RESTART);
    struct story *counted = story_of(GUESSED);
    struct fold_clock clock = story_clock(story, START_MS + 9 * MINUTE_MS + 20 * SECOND_MS);
    struct slice text;

    (void)state;
    fails_at(story, 0);
    is_ok_at(story, MINUTE_MS);
    assert_int_equal(fold_describe(story_rule(story), &clock, &story->signal, story->arena, &text),
                     RC_OK);
    assert_slice(text, "2 of 3 steps, 40s left");
    clock.now_ms = START_MS + 10 * MINUTE_MS;
    assert_int_equal(fold_describe(story_rule(story), &clock, &story->signal, story->arena, &text),
                     RC_OK);
    assert_slice(text, "2 of 3 steps, goes on only with what comes late");
    fails_at(counted, 0);
    fails_at(counted, 1);
    clock.now_ms = START_MS + MINUTE_MS;
    assert_int_equal(
        fold_describe(story_rule(counted), &clock, &counted->signal, counted->arena, &text), RC_OK);
    assert_slice(text, "0 of 2 steps (2 of 4 events), 9m left");
    story_end(story);
    story_end(counted);
}

/* -- memory -- */

static void foreign_memory_is_no_run(void **state)
{
    static const char *const memories[] = { "x", "xxxxxxxx", "\x01xxxxxxxxxxxxxx\x80" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct story *story = story_of(RESTART);

        fails_at(story, 0);
        story->signal.window = slice_of(memories[i]);
        is_ok_at(story, 1);
        assert_int_equal(story->signal.state, SIGNAL_IDLE);
        story_end(story);
    }
}

/* One signal, as the store would hand it back: 10,050 events are more memory than a story has. */
static void a_fast_stream_keeps_10000_events_and_goes_on(void **state)
{
    const struct condition_input begin = { .parts = PART_OF(0), .lateness_ms = 5 * MINUTE_MS };
    struct story *story = story_of(RESTART);
    const struct rule *rule = story_rule(story);
    struct condition_input input = begin;
    struct condition_result result = { 0 };
    char *memory = malloc(8 * (10001 + 2 * 3));

    (void)state;
    assert_non_null(memory);
    for (int64_t i = 1; i <= 10001; i++) {
        struct slice window = { memory, result.state.len };

        input.time_ms = input.newest_ms = input.key_now_ms = START_MS + i;
        arena_reset(story->arena);
        result = (struct condition_result){ 0 };
        assert_int_equal(
            rule->condition->fold(rule->condition_spec, &input, window, story->arena, &result),
            RC_OK);
        assert_int_equal(result.is_coarse, i > 10000);
        memcpy(memory, result.state.ptr, result.state.len);
    }
    assert_int_equal(result.state.len, 8 * (10000 + 2 * 3));
    assert_int_equal(result.verdict, CONDITION_WAITS);
    assert_int_equal(result.first_ms, START_MS + 10001);
    free(memory);
    story_end(story);
}

static void h22_a_clear_is_remembered_for_the_lateness_although_the_steps_are_forgotten(
    void **state)
{
    struct story *story =
        story_of("{id: a, on: message, key: [actor], clear: {where: {title: no}}, "
                 "when: {sequence: [{where: {state: failing}}, "
                 "{where: {state: ok}}], within: 10m}}");

    (void)state;
    is_ok_at(story, 0); /* no step of a run: remembered for 5 minutes */
    happens_at(story, 4 * MINUTE_MS, "'title':'no'");
    story->now_ms = START_MS + 9 * MINUTE_MS - 1;
    fails_at(story, 4 * MINUTE_MS - 1);
    assert_true(story->fold.is_late);
    time_passes_to(story, 9 * MINUTE_MS);
    assert_true(slice_is_absent(story->signal.rule));
    assert_told(story, "");
    story_end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sequence_fires_with_its_last_step),
        cmocka_unit_test(exactly_within_after_the_first_step_is_too_late),
        cmocka_unit_test(steps_in_another_order_are_no_sequence),
        cmocka_unit_test(a_second_first_event_begins_the_run_anew_unless_it_is_to_be_kept),
        cmocka_unit_test(another_key_has_a_run_of_its_own),
        cmocka_unit_test(a_step_may_have_the_key_from_other_fields),
        cmocka_unit_test(one_event_is_one_step_of_a_run),
        cmocka_unit_test(steps_of_one_millisecond_count_as_they_came),
        cmocka_unit_test(a_step_may_ask_for_several_events),
        cmocka_unit_test(of_more_first_events_than_are_asked_for_the_last_ones_are_the_run),
        cmocka_unit_test(a_run_that_has_left_the_window_is_over_either_way),
        cmocka_unit_test(a_run_that_nothing_can_complete_any_more_is_forgotten),
        cmocka_unit_test(what_is_no_step_of_a_run_is_remembered_for_the_lateness),
        cmocka_unit_test(without_lateness_it_is_not_remembered_at_all),
        cmocka_unit_test(what_clears_sets_a_run_back),
        cmocka_unit_test(what_comes_late_counts_where_it_belongs),
        cmocka_unit_test(a_late_step_completes_a_run_that_time_has_left_behind),
        cmocka_unit_test(what_is_older_than_the_lateness_moves_no_run),
        cmocka_unit_test(as_late_as_can_be_it_still_counts_where_it_belongs),
        cmocka_unit_test(a_late_first_event_stands_between_the_steps),
        cmocka_unit_test(every_order_of_arrival_comes_to_the_same),
        cmocka_unit_test(the_same_again_in_a_millisecond_takes_no_room),
        cmocka_unit_test(bare_fields_are_the_completing_events_and_first_the_first_ones),
        cmocka_unit_test(how_far_a_run_is_can_be_said),
        cmocka_unit_test(foreign_memory_is_no_run),
        cmocka_unit_test(a_fast_stream_keeps_10000_events_and_goes_on),
        cmocka_unit_test(
            h22_a_clear_is_remembered_for_the_lateness_although_the_steps_are_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
