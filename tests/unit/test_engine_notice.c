/* What is told of channels is an event for the rules that ask for it, once for each change. */
#include "tests/unit/engine_story.h"

#define CONFIG "state: /nowhere\nrules: [rules.yaml]\n"
#define RULES                                                                                      \
    "rules:\n  - {id: down, on: vedette.channel, where: {state: failing}, title: '{{title}}: "     \
    "{{text}}'}\n  - {id: watcher, on: vedette.watcher, where: {state: failing}}\n"

static void becomes(struct story *story, const char *channel, enum watcher_state state,
                    int64_t at_ms)
{
    const struct engine_notice notice = { .watcher = slice_of(channel),
                                          .state = state,
                                          .detail = SLICE("invalid_auth"),
                                          .since_ms = at_ms };

    assert_int_equal(engine_notify(story->engine, &notice, at_ms), RC_OK);
}

/* Whether a signal of the rule is open, and says this; NULL: whatever it says. */
static bool fires(struct story *story, const char *rule, const char *title)
{
    struct signal_glance glance = { 0 };
    struct store_txn *txn = NULL;
    struct signal signal;
    bool is_open = false;

    assert_int_equal(store_begin_read(story->store, &txn), RC_OK);
    while (signal_glance_next(txn, glance.id, &glance) == RC_OK) {
        if (!slice_eq(glance.rule, slice_of(rule)) || glance.state != SIGNAL_FIRING)
            continue;
        assert_int_equal(signal_get(txn, glance.id, story->arena, &signal), RC_OK);
        is_open |= !title || slice_eq(signal.title, slice_of(title));
    }
    store_abort(&txn);
    return is_open;
}

static void a_channel_that_cannot_post_is_an_event_and_its_end_another(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);

    (void)state;
    becomes(story, "slack", CHANNEL_FAILING, NOON_MS);
    assert_true(fires(story, "down", "channel slack cannot post: invalid_auth"));
    becomes(story, "mail", CHANNEL_BACK, NOON_MS + 1); /* another one */
    assert_true(fires(story, "down", NULL));
    becomes(story, "slack", CHANNEL_BACK, NOON_MS + 2);
    assert_false(fires(story, "down", NULL));
    end(story);
}

static void each_state_of_a_channel_is_told_once(void **state)
{
    struct story *story = begin_with(
        CONFIG, "rules: [{id: often, mode: observe, on: vedette.channel, where: {state: [failing, "
                "ok]}, when: {count: 2, within: 1h}}]\n");

    (void)state;
    becomes(story, "slack", CHANNEL_BACK, NOON_MS); /* it was never told that it fails */
    becomes(story, "slack", CHANNEL_FAILING, NOON_MS + 1);
    becomes(story, "slack", CHANNEL_FAILING, NOON_MS + 2);
    assert_false(fires(story, "often", NULL));
    becomes(story, "slack", CHANNEL_BACK, NOON_MS + 3);
    assert_true(fires(story, "often", NULL));
    end(story);
}

static void a_channel_is_no_watcher(void **state)
{
    struct story *story = begin_with(CONFIG, RULES);

    (void)state;
    becomes(story, "slack", CHANNEL_FAILING, NOON_MS);
    assert_false(fires(story, "watcher", NULL));
    becomes(story, "slack", WATCHER_SILENT, NOON_MS + 1); /* of the same name */
    assert_true(fires(story, "watcher", NULL));
    becomes(story, "slack", CHANNEL_BACK, NOON_MS + 2);
    assert_true(fires(story, "watcher", NULL));
    end(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_channel_that_cannot_post_is_an_event_and_its_end_another),
        cmocka_unit_test(each_state_of_a_channel_is_told_once),
        cmocka_unit_test(a_channel_is_no_watcher),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
